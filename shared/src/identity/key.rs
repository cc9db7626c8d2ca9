//! The key by which this cell knows again what it has handed to a browser: sign-in attempts, refresh tokens, tokens against forged requests.

use crate::{http::cursor::CursorKey, sign::request_key::HmacKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;
use subtle::ConstantTimeEq as _;

/// 256 random bits. The caller draws them.
pub type Random = [u8; 32];

/// Bytes of a tag: all of HMAC-SHA256.
pub(super) const TAG: usize = 32;

/// A key for HMAC-SHA256 (RFC 2104). It is of this cell alone: a firm that moves signs in anew. `Debug` does not show it.
#[derive(Clone)]
pub struct IdentityKey(HmacKey);

impl IdentityKey {
    /// The key that follows from the cell's secret.
    #[must_use]
    pub fn of(secret: &CursorKey) -> Self {
        Self(HmacKey::new(&secret.identity_key()))
    }

    /// The tag of what is said for a purpose. A purpose has no line break, so that nothing said for one passes for another.
    pub(super) fn tag(&self, purpose: &str, said: &[u8]) -> [u8; TAG] {
        let mut base = Vec::with_capacity(purpose.len() + 1 + said.len());
        base.extend_from_slice(purpose.as_bytes());
        base.push(b'\n');
        base.extend_from_slice(said);
        self.0.sign(&base)
    }

    /// Whether that is the tag, in constant time.
    pub(super) fn is_tag(&self, purpose: &str, said: &[u8], tag: &[u8]) -> bool {
        self.tag(purpose, said).ct_eq(tag).into()
    }

    /// What is said, with its tag, in unpadded base64url. It can be read by whoever has it, and made here alone.
    pub(super) fn seal(&self, purpose: &str, said: &str) -> String {
        let mut bytes = self.tag(purpose, said.as_bytes()).to_vec();
        bytes.extend_from_slice(said.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What was said, if it was sealed for this purpose with this key.
    pub(super) fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (tag, said) = bytes.split_at_checked(TAG)?;
        if !self.is_tag(purpose, said, tag) {
            return None;
        }
        String::from_utf8(said.to_vec()).ok()
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(…)")
    }
}

/// Whether two texts are the same, in constant time for texts of one length.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A key for tests.
    pub(in crate::identity) fn key(fill: u8) -> IdentityKey {
        IdentityKey::of(&CursorKey::from_base64url(&URL_SAFE_NO_PAD.encode([fill; 32])).unwrap())
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_whole() {
        let sealed = key(1).seal("a", "said");
        assert_eq!(key(1).open("a", &sealed).as_deref(), Some("said"));
        assert_eq!(key(2).open("a", &sealed), None);
        assert_eq!(key(1).open("b", &sealed), None);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            // Unused bits of the last symbol are refused by the decoder.
            assert!(altered == sealed || key(1).open("a", &altered).is_none(), "{at}");
        }
        for wrong in ["", "A", "…"] {
            assert_eq!(key(1).open("a", wrong), None);
        }
    }
}
