//! The key by which a cell knows again what it has handed to consumers' browsers and mailboxes, and from which the keys of drafts follow.

use crate::{http::cursor::CursorKey, ids::TenantId, sign::request_key::HmacKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;
use subtle::ConstantTimeEq as _;

/// Bytes of a tag: all of HMAC-SHA256.
const TAG: usize = 32;
/// Random bytes of a token against forged requests. They make each one another (BREACH).
const NONCE: usize = 16;

/// What a tag is for. Tags for different purposes are never the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Where a draft is kept.
    DraftPlace,
    /// The key a draft is sealed with.
    DraftKey,
    /// Where it is kept which draft an address has.
    Address,
    /// The key that this, and mails on their way out, are sealed with.
    Keeping,
    /// Tokens against forged requests.
    Forgery,
    /// The cookie of what was just sent.
    Received,
    /// The cookie of whoever has shown that a complaint is theirs.
    Session,
    /// The link that shows it.
    Link,
    /// Which code was mailed.
    Handle,
    /// A code, as it is stored.
    Code,
}

impl Purpose {
    /// Its name, without a line break.
    const fn name(self) -> &'static str {
        match self {
            Self::DraftPlace => "draft place",
            Self::DraftKey => "draft key",
            Self::Address => "address",
            Self::Keeping => "keeping",
            Self::Forgery => "forgery",
            Self::Received => "received",
            Self::Session => "session",
            Self::Link => "link",
            Self::Handle => "handle",
            Self::Code => "code",
        }
    }
}

/// A key for HMAC-SHA256 (RFC 2104). It is of this cell alone: where a firm moves to another, drafts and sessions end. `Debug` does not
/// show it.
#[derive(Clone)]
pub struct PortalKey(HmacKey);

impl PortalKey {
    /// The key that follows from the cell's secret.
    #[must_use]
    pub fn of(secret: &CursorKey) -> Self {
        Self(HmacKey::new(&secret.portal_key()))
    }

    /// The tag of what is said to a firm's consumers for a purpose.
    #[must_use]
    pub fn tag(&self, tenant: TenantId, purpose: Purpose, said: &str) -> [u8; TAG] {
        self.0.sign(format!("{}\n{tenant}\n{said}", purpose.name()).as_bytes())
    }

    /// The same as a name: unpadded base64url.
    #[must_use]
    pub fn name(&self, tenant: TenantId, purpose: Purpose, said: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.tag(tenant, purpose, said))
    }

    /// What is said, with its tag, in unpadded base64url. It can be read by whoever has it, and made here alone.
    #[must_use]
    pub fn seal(&self, tenant: TenantId, purpose: Purpose, said: &str) -> String {
        let mut bytes = self.tag(tenant, purpose, said).to_vec();
        bytes.extend_from_slice(said.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What was said, if it was sealed by this cell, for this firm and this purpose.
    #[must_use]
    pub fn open(&self, tenant: TenantId, purpose: Purpose, sealed: &str) -> Option<String> {
        // Nothing longer was made here.
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok().filter(|bytes| bytes.len() <= 1_024)?;
        let (tag, said) = bytes.split_at_checked(TAG)?;
        let said = std::str::from_utf8(said).ok()?;
        bool::from(self.tag(tenant, purpose, said).ct_eq(tag)).then(|| said.to_owned())
    }

    /// The token against forged requests for a page that a browser gets. `nonce`: random.
    #[must_use]
    pub fn token(&self, tenant: TenantId, visitor: &str, nonce: &[u8; NONCE]) -> String {
        let nonce = URL_SAFE_NO_PAD.encode(nonce);
        let tag = self.name(tenant, Purpose::Forgery, &format!("{visitor} {nonce}"));
        format!("{nonce}.{tag}")
    }

    /// Whether a token is of this browser.
    #[must_use]
    pub fn is_token(&self, tenant: TenantId, visitor: &str, token: &str) -> bool {
        let Some((nonce, tag)) = token.split_once('.').filter(|(nonce, _)| nonce.len() <= 2 * NONCE) else {
            return false;
        };
        let wanted = self.name(tenant, Purpose::Forgery, &format!("{visitor} {nonce}"));
        wanted.as_bytes().ct_eq(tag.as_bytes()).into()
    }
}

impl fmt::Debug for PortalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PortalKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn key(fill: u8) -> PortalKey {
        PortalKey::of(&CursorKey::from_base64url(&URL_SAFE_NO_PAD.encode([fill; 32])).unwrap())
    }

    fn tenant(fill: u8) -> TenantId {
        TenantId::new(Timestamp::MIN, &[fill; 10])
    }

    #[test]
    fn what_is_sealed_opens_for_its_firm_and_its_purpose() {
        let sealed = key(1).seal(tenant(1), Purpose::Session, "said");
        assert_eq!(key(1).open(tenant(1), Purpose::Session, &sealed).as_deref(), Some("said"));
        assert_eq!(key(2).open(tenant(1), Purpose::Session, &sealed), None);
        assert_eq!(key(1).open(tenant(2), Purpose::Session, &sealed), None);
        assert_eq!(key(1).open(tenant(1), Purpose::Link, &sealed), None);
        for wrong in ["", "A", "…", &sealed[1..]] {
            assert_eq!(key(1).open(tenant(1), Purpose::Session, wrong), None);
        }
    }

    #[test]
    fn a_token_is_of_one_browser() {
        let token = key(1).token(tenant(1), "me", &[7; 16]);
        assert!(key(1).is_token(tenant(1), "me", &token));
        assert!(!key(1).is_token(tenant(1), "you", &token));
        assert!(!key(1).is_token(tenant(2), "me", &token));
        assert!(!key(2).is_token(tenant(1), "me", &token));
        for wrong in ["", ".", "a.b", &token[1..]] {
            assert!(!key(1).is_token(tenant(1), "me", wrong));
        }
    }
}
