//! Links to files: short-lived, signed, for whoever has one. They hold ids and nothing else.

use super::FileName;
use crate::{
    chain::Digest,
    http::cursor::CursorKey,
    ids::{AttachmentId, ComplaintId, TenantId},
    time::Timestamp,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// How long a link is good, in milliseconds: 15 minutes.
pub const LIFE_MILLIS: i64 = 15 * 60 * 1_000;

/// What a link gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The firm.
    pub tenant: TenantId,
    /// The complaint.
    pub complaint: ComplaintId,
    /// The attachment.
    pub attachment: AttachmentId,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Until when.
    pub expires_at: Timestamp,
}

/// The text is no link that was made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoLink;

/// A link as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handed {
    /// Where the file is; whoever has it needs nothing else.
    pub url: String,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Link {
    /// The token that stands in the URL.
    #[must_use]
    pub fn seal(&self, key: &CursorKey) -> String {
        let said = self.said();
        let tag = key.file_tag(said.as_bytes());
        let mut bytes = tag.to_vec();
        bytes.extend_from_slice(said.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The link that a token is. It may have expired.
    ///
    /// # Errors
    /// [`NoLink`] if it was not made by [`Link::seal`] with this key.
    pub fn open(token: &str, key: &CursorKey) -> Result<Self, NoLink> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| NoLink)?;
        let (tag, said) = bytes.split_at_checked(Digest::ZERO.as_bytes().len()).ok_or(NoLink)?;
        if !key.is_file_tag(said, tag) {
            return Err(NoLink);
        }
        let mut parts = std::str::from_utf8(said).map_err(|_| NoLink)?.split(' ');
        let mut next = || parts.next().ok_or(NoLink);
        Ok(Self {
            tenant: next()?.parse().map_err(|_| NoLink)?,
            complaint: next()?.parse().map_err(|_| NoLink)?,
            attachment: next()?.parse().map_err(|_| NoLink)?,
            sha256: Digest::try_from(next()?.to_owned()).map_err(|_| NoLink)?,
            expires_at: Timestamp::from_unix_millis(next()?.parse().map_err(|_| NoLink)?),
        })
    }

    fn said(&self) -> String {
        let Self { tenant, complaint, attachment, sha256, expires_at } = self;
        format!("{tenant} {complaint} {attachment} {sha256} {}", expires_at.unix_millis())
    }
}

/// `Content-Disposition` that has a file saved, and not shown, under its name (RFC 6266; RFC 8187 for what is not ASCII). What a system
/// could take for a path, or a header for its end, is left out.
#[must_use]
pub fn disposition(name: &FileName) -> String {
    let forbidden = |c: char| c.is_control() || matches!(c, '"' | '\\' | '/' | ':' | '<' | '>' | '|' | '?' | '*');
    // Marks that turn the direction of writing could hide an extension.
    let turns = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let safe: String = name.as_str().chars().filter(|c| !forbidden(*c) && !turns(*c)).collect();
    let safe = safe.trim_matches(['.', ' ']);
    let safe = if safe.is_empty() { "file" } else { safe };
    // attr-char of RFC 8187 §3.2.1.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
    let mut header = "attachment; filename*=UTF-8''".to_owned();
    for byte in safe.bytes() {
        if plain(byte) {
            header.push(char::from(byte));
        } else {
            // A text takes all that is written to it.
            _ = write!(header, "%{byte:02X}");
        }
    }
    header
}

/// `Repr-Digest` of a file (RFC 9530 §3), by which whoever has it can tell that it came whole.
#[must_use]
pub fn repr_digest(sha256: Digest) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_what_was_sealed() {
        let [key, other] = [1, 2].map(|byte| CursorKey::from_base64url(&URL_SAFE_NO_PAD.encode([byte; 32])).unwrap());
        let at = Timestamp::from_unix_millis(1_700_000_000_000);
        let link = Link {
            tenant: TenantId::new(at, &[1; 10]),
            complaint: ComplaintId::in_slot(at, &[2; 10], 3),
            attachment: AttachmentId::new(at, &[3; 10]),
            sha256: Digest::of(b"x"),
            expires_at: at.plus_millis(LIFE_MILLIS),
        };
        let token = link.seal(&key);
        assert_eq!(Link::open(&token, &key), Ok(link));
        assert_eq!(Link::open(&token, &other), Err(NoLink));
        for at in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(Link::open(&String::from_utf8(altered).unwrap(), &key), Err(NoLink));
        }
        for wrong in ["", "A", "…"] {
            assert_eq!(Link::open(wrong, &key), Err(NoLink));
        }
    }

    #[test]
    fn a_name_is_only_a_name() {
        let header = |name: &str| disposition(&FileName::try_from(name.to_owned()).unwrap());
        let begins = "attachment; filename*=UTF-8''";
        for (name, safe) in [
            ("letter.pdf", "letter.pdf"),
            ("Zoë’s bill.pdf", "Zo%C3%AB%E2%80%99s%20bill.pdf"),
            ("../../etc/passwd", "etcpasswd"),
            ("a\"b\\c'd.txt", "abc%27d.txt"),
            ("photo\u{202E}gpj.exe", "photogpj.exe"),
            ("...", "file"),
        ] {
            assert_eq!(header(name), format!("{begins}{safe}"), "{name}");
        }
    }
}
