//! What a signature of a request must be like here: the application's own requirements that RFC 9421 §1.4 asks for.

use super::{
    content_digest::ContentDigest,
    http_message::{MessageSignature, RequestHead},
    refusal::Refusal,
    request_key::Verifier,
};
use crate::{ids::KeyId, time::Timestamp};
use std::ops::RangeInclusive;

/// Covered by every signature.
const ALWAYS: [&str; 2] = ["@method", "@target-uri"];
/// Methods whose body is covered, even an empty one.
const WITH_BODY: [&str; 3] = ["POST", "PUT", "PATCH"];
const CONTENT_DIGEST: &str = "content-digest";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The limits a signature must keep.
#[derive(Clone, Debug)]
pub struct Profile {
    /// How far `created` may be ahead of this clock, in seconds. How far it may be behind follows from `expires`.
    pub max_skew: i64,
    /// How long after `created` `expires` may be, in seconds. Nonces are kept as long.
    pub max_life: i64,
    /// How many characters `nonce` may have.
    pub nonce: RangeInclusive<usize>,
}

/// The limits for all tenants. The texts of [`Refusal`] and `docs/request-signing.md` name them.
pub const PROFILE: Profile = Profile { max_skew: 60, max_life: 300, nonce: 16..=128 };

/// A signature that was checked. The caller must still refuse a nonce that was seen before, and a body that
/// [`Verified::check_body`] refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// May be used once by this key until `expires_at`.
    pub nonce: String,
    /// From then on the signature is refused anyway.
    pub expires_at: Timestamp,
    digest: Option<ContentDigest>,
}

impl Verified {
    /// Whether a body that is not held as a whole has to be hashed by SHA-512, too.
    #[must_use]
    pub fn wants_sha512(&self) -> bool {
        self.digest.as_ref().is_some_and(ContentDigest::has_sha512)
    }

    /// The same as [`Self::check_body`], of the hashes of a body that is not empty.
    ///
    /// # Errors
    /// [`Refusal::Digest`] or [`Refusal::NotCovered`].
    pub fn check_hashes(&self, sha256: &[u8], sha512: Option<&[u8]>) -> Result<(), Refusal> {
        match &self.digest {
            Some(digest) if digest.are(sha256, sha512) => Ok(()),
            Some(_) => Err(Refusal::Digest),
            None => Err(Refusal::NotCovered(CONTENT_DIGEST)),
        }
    }

    /// Checks the body against the signed digest. A body without one is refused, whatever the method.
    ///
    /// # Errors
    /// [`Refusal::Digest`] or [`Refusal::NotCovered`].
    pub fn check_body(&self, body: &[u8]) -> Result<(), Refusal> {
        match &self.digest {
            Some(digest) if digest.is_of(body) => Ok(()),
            Some(_) => Err(Refusal::Digest),
            None if body.is_empty() => Ok(()),
            None => Err(Refusal::NotCovered(CONTENT_DIGEST)),
        }
    }
}

impl Profile {
    /// Checks the signature of a request by the API key `id` at `now`. Rules come first, the signature last, so that
    /// most bad requests cost no elliptic curve.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(
        &self,
        head: &impl RequestHead,
        signature: &MessageSignature,
        id: KeyId,
        verifier: &Verifier,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        if signature.string("keyid") != Some(id.to_string().as_str()) {
            return Err(Refusal::KeyId);
        }
        if signature.has("alg") && signature.string("alg") != Some(verifier.algorithm()) {
            return Err(Refusal::Algorithm);
        }
        let expires_at = self.check_time(signature, now)?;
        let nonce =
            signature.string("nonce").filter(|nonce| self.nonce.contains(&nonce.len())).ok_or(Refusal::Nonce)?;
        check_coverage(head, signature)?;
        let base = signature.base(|component| component.value_in(head))?;
        if !verifier.verify(base.as_bytes(), signature.bytes()) {
            return Err(Refusal::Mismatch);
        }
        let digest = signature
            .covers(CONTENT_DIGEST)
            .then(|| ContentDigest::parse(&head.field_lines(CONTENT_DIGEST).join(", ")));
        Ok(Verified { nonce: nonce.to_owned(), expires_at, digest: digest.transpose()? })
    }

    fn check_time(&self, signature: &MessageSignature, now: Timestamp) -> Result<Timestamp, Refusal> {
        let created = signature.integer("created").ok_or(Refusal::Created)?;
        let expires = signature.integer("expires").ok_or(Refusal::Expires)?;
        if created > now.unix_seconds().saturating_add(self.max_skew) {
            return Err(Refusal::CreatedInFuture);
        }
        if !(1..=self.max_life).contains(&expires.saturating_sub(created)) {
            return Err(Refusal::Expires);
        }
        let expires_at = Timestamp::from_unix_millis(expires.saturating_mul(1_000));
        if now >= expires_at { Err(Refusal::Expired) } else { Ok(expires_at) }
    }
}

fn check_coverage(head: &impl RequestHead, signature: &MessageSignature) -> Result<(), Refusal> {
    let idempotent = head.method() == "POST" || !head.field_lines(IDEMPOTENCY_KEY).is_empty();
    let sometimes = [(CONTENT_DIGEST, WITH_BODY.contains(&head.method())), (IDEMPOTENCY_KEY, idempotent)];
    let required = ALWAYS.map(|name| (name, true)).into_iter().chain(sometimes);
    let missing = required.filter(|(name, must)| *must && !signature.covers(name)).map(|(name, _)| name).next();
    missing.map_or(Ok(()), |name| Err(Refusal::NotCovered(name)))
}
