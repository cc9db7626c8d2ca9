//! Links by which whoever is told of a complaint's progress says that they do not want to be: signed, for whoever has one, without an
//! account. They hold ids and nothing else, are good for as long as the complaint is there, and stay good when its firm moves.

use crate::{
    ids::{ComplaintId, TenantId},
    sign::request_key::RequestSecrets,
    time::Timestamp,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// Sets what these links are signed with apart from whatever else follows from the master secret.
const PURPOSE: &[u8] = b"redress opt-out links v1 ";
/// Bytes of the tag: half of SHA-256, as HMAC may be cut (RFC 2104 §5).
const TAG: usize = 16;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The firm.
    pub tenant: TenantId,
    /// The complaint.
    pub complaint: ComplaintId,
}

/// The text is no link that was made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoLink;

/// Whether the people of a complaint want to hear of its progress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptOut {
    /// True: they do not. What the law requires is sent in any case.
    pub opted_out: bool,
    /// Since when it is as it is; absent if nobody has said anything.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// What staff may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetOptOut {
    /// Whether the people of the complaint have said that they do not want to hear of its progress.
    pub opted_out: bool,
}

impl Link {
    /// The token that stands in the URL.
    #[must_use]
    pub fn seal(self, secrets: &RequestSecrets) -> String {
        let said = format!("{} {}", self.tenant, self.complaint);
        let tag = secrets.derived(&[PURPOSE, said.as_bytes()]);
        let bytes: Vec<u8> = tag.iter().take(TAG).copied().chain(said.into_bytes()).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The link that a token is.
    ///
    /// # Errors
    /// [`NoLink`] if it was not made by [`Link::seal`] with these secrets.
    pub fn open(token: &str, secrets: &RequestSecrets) -> Result<Self, NoLink> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| NoLink)?;
        let (given, said) = bytes.split_at_checked(TAG).ok_or(NoLink)?;
        let tag = secrets.derived(&[PURPOSE, said]);
        let (tag, _) = tag.split_at_checked(TAG).ok_or(NoLink)?;
        if !bool::from(tag.ct_eq(given)) {
            return Err(NoLink);
        }
        let (tenant, complaint) = std::str::from_utf8(said).ok().and_then(|said| said.split_once(' ')).ok_or(NoLink)?;
        Ok(Self { tenant: tenant.parse().map_err(|_| NoLink)?, complaint: complaint.parse().map_err(|_| NoLink)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_what_was_sealed() {
        let [secrets, others] =
            [1, 2].map(|byte| RequestSecrets::from_base64url(&URL_SAFE_NO_PAD.encode([byte; 32])).unwrap());
        let at = Timestamp::from_unix_millis(1_700_000_000_000);
        let link = Link { tenant: TenantId::new(at, &[2; 10]), complaint: ComplaintId::in_slot(at, &[3; 10], 0) };
        let token = link.seal(&secrets);
        assert_eq!(Link::open(&token, &secrets), Ok(link));
        assert_eq!(Link::open(&token, &others), Err(NoLink));
        for at in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(Link::open(&altered, &secrets).is_err_and(|_| true) || altered == token, "{at}");
        }
        for other in ["", "AAAA", "?"] {
            assert_eq!(Link::open(other, &secrets), Err(NoLink));
        }
    }
}
