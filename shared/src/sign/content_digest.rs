//! `Content-Digest` (RFC 9530 §2): what ties a body to a signature over the head.

use super::refusal::Refusal;
use sfv::{Dictionary, ListEntry, Parser};
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;

/// The longest header that is looked at, in bytes.
const MAX_HEADER: usize = 1_024;

/// The digests of a body that a request declares. Algorithms other than these two are passed over (RFC 9530 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentDigest {
    sha256: Vec<u8>,
    sha512: Option<Vec<u8>>,
}

impl ContentDigest {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Refusal::Malformed`], [`Refusal::TooLarge`] or [`Refusal::NoSha256`].
    pub fn parse(header: &str) -> Result<Self, Refusal> {
        const MALFORMED: Refusal = Refusal::Malformed("Content-Digest");
        if header.len() > MAX_HEADER {
            return Err(Refusal::TooLarge);
        }
        let members: Dictionary = Parser::new(header).parse().map_err(|_| MALFORMED)?;
        let digest = |algorithm: &str| match members.get(algorithm) {
            None => Ok(None),
            Some(ListEntry::Item(item)) => {
                item.bare_item.as_byte_sequence().map(|bytes| Some(bytes.to_vec())).ok_or(MALFORMED)
            }
            Some(ListEntry::InnerList(_)) => Err(MALFORMED),
        };
        Ok(Self { sha256: digest("sha-256")?.ok_or(Refusal::NoSha256)?, sha512: digest("sha-512")? })
    }

    /// Whether SHA-512 is declared besides SHA-256.
    #[must_use]
    pub const fn has_sha512(&self) -> bool {
        self.sha512.is_some()
    }

    /// Whether every digest is one of these, which were computed of a body, in constant time for digests of the right length.
    #[must_use]
    pub fn are(&self, sha256: &[u8], sha512: Option<&[u8]>) -> bool {
        let same = self.sha512.as_deref().map(|declared| declared.ct_eq(sha512.unwrap_or_default()));
        let sha256 = self.sha256.as_slice().ct_eq(sha256);
        (same.unwrap_or(sha256) & sha256).into()
    }

    /// Whether every digest is that of `body`, in constant time for digests of the right length.
    #[must_use]
    pub fn is_of(&self, body: &[u8]) -> bool {
        let sha256 = Sha256::digest(body).ct_eq(self.sha256.as_slice());
        let sha512 = self.sha512.as_ref().map(|digest| Sha512::digest(body).ct_eq(digest.as_slice()));
        (sha512.unwrap_or(sha256) & sha256).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9530 Appendix D.
    const BODY: &[u8] = br#"{"hello": "world"}"#;
    const SHA256: &str = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    const SHA512: &str =
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

    #[test]
    fn the_digests_of_the_rfc_are_those_of_its_body() {
        for header in
            [SHA256.to_owned(), format!("{SHA512}, {SHA256}"), format!("md5=:Sd/dVLAcvNLSq16eXua5uQ==:,{SHA256}")]
        {
            let digest = ContentDigest::parse(&header).unwrap();
            assert!(digest.is_of(BODY), "{header}");
            assert!(!digest.is_of(b"{\"hello\": \"world\"}\n"), "{header}");
            assert!(!digest.is_of(b""), "{header}");
        }
    }

    #[test]
    fn every_known_digest_must_match() {
        let other =
            "sha-512=:z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==:";
        assert!(!ContentDigest::parse(&format!("{SHA256}, {other}")).unwrap().is_of(BODY));
        let other = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
        assert!(!ContentDigest::parse(&format!("{other}, {SHA512}")).unwrap().is_of(BODY));
        assert!(!ContentDigest::parse("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBA==:").unwrap().is_of(BODY));
    }

    #[test]
    fn a_header_without_a_readable_sha_256_is_refused() {
        assert_eq!(ContentDigest::parse(SHA512), Err(Refusal::NoSha256));
        assert_eq!(ContentDigest::parse(""), Err(Refusal::NoSha256));
        assert_eq!(ContentDigest::parse(&format!("{SHA256}{}", " ".repeat(MAX_HEADER))), Err(Refusal::TooLarge));
        for header in
            ["sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=", "sha-256=(1)", "sha-256", "sha-256=:?:", "é"]
        {
            assert_eq!(ContentDigest::parse(header), Err(Refusal::Malformed("Content-Digest")), "{header}");
        }
    }
}
