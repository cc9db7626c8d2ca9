//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): one key, one effect, one answer.
//!
//! The record of a key is written in the same batch as its effect, so there is no moment in which one exists
//! without the other: a second request with the key either finds the record or fails on its primary key and then
//! finds it. A key in flight therefore never has to be answered with 409.

use crate::chain::Digest;
use sha2::{Digest as _, Sha256};

/// A caller's key: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The header is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 255 visible ASCII characters, in double quotes or bare")]
pub struct InvalidKey;

impl IdempotencyKey {
    /// The key, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for IdempotencyKey {
    type Err = InvalidKey;

    /// The draft has a structured-field string, in quotes; many clients send it bare. Both name the same key.
    fn from_str(header: &str) -> Result<Self, InvalidKey> {
        let key = match header.trim() {
            quoted if quoted.starts_with('"') => {
                quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(InvalidKey)?
            }
            bare => bare,
        };
        let plain = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
        let ok = (1..=255).contains(&key.len()) && key.bytes().all(plain);
        if ok { Ok(Self(key.to_owned())) } else { Err(InvalidKey) }
    }
}

/// What a repeated request must agree in: method, path and body, byte for byte.
#[must_use]
pub fn fingerprint(method: &str, path: &str, body: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(method);
    hash.update(b"\n");
    hash.update(path);
    hash.update(b"\n");
    hash.update(body);
    Digest::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_and_bare_are_the_same_key() {
        let quoted: IdempotencyKey = "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"".parse().unwrap();
        assert_eq!("8e03978e-40d5-43e8-bc93-6894a57f9324".parse(), Ok(quoted));
        for wrong in ["", "\"\"", "\"a", "a b", "é", &"a".repeat(256), "a\"b", "a\\b"] {
            assert_eq!(wrong.parse::<IdempotencyKey>(), Err(InvalidKey), "{wrong}");
        }
    }

    #[test]
    fn any_difference_makes_another_fingerprint() {
        let first = fingerprint("POST", "/v1/complaints", b"{}");
        assert_eq!(first, fingerprint("POST", "/v1/complaints", b"{}"));
        assert_ne!(first, fingerprint("POST", "/v1/complaints", b"{ }"));
        assert_ne!(first, fingerprint("POST", "/v1/complaint", b"s{}"));
    }
}
