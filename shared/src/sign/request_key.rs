//! The keys that tenants' systems sign requests with. A public key is registered; a shared secret is derived from the
//! API key's id and never stored.

use crate::ids::KeyId;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;

/// What a shared secret starts with, so that secret scanners find it.
const SECRET_PREFIX: &str = "rdr_sign_";
/// Sets these secrets apart from whatever else is derived from the same master.
const PURPOSE: &[u8] = b"redress request signing v1";

/// How the requests of an API key are signed. Once registered it binds: a message does not choose its algorithm
/// (RFC 9421 §7.3.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "alg", deny_unknown_fields)]
pub enum SigningKey {
    /// Ed25519 (RFC 9421 §3.3.6). The private key never leaves the tenant.
    #[serde(rename = "ed25519")]
    Ed25519 {
        /// The tenant's public key.
        public_key: PublicKey,
    },
    /// HMAC with SHA-256 (RFC 9421 §3.3.3), with a secret derived by [`RequestSecrets::secret_of`].
    #[serde(rename = "hmac-sha256")]
    HmacSha256 {},
}

impl SigningKey {
    /// What checks the signatures of the API key `id`.
    #[must_use]
    pub fn verifier(&self, id: KeyId, secrets: &RequestSecrets) -> Verifier {
        match self {
            Self::Ed25519 { public_key } => Verifier::Ed25519(*public_key),
            Self::HmacSha256 {} => Verifier::HmacSha256(secrets.secret_of(id).key()),
        }
    }
}

/// An Ed25519 public key: 32 bytes in unpadded base64url, a point on the curve and not of small order.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(VerifyingKey);

/// The text is not a usable Ed25519 public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an Ed25519 public key: 32 bytes in unpadded base64url, not of small order")]
pub struct InvalidPublicKey;

impl PublicKey {
    /// A key from its 32 bytes (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`InvalidPublicKey`]. A key of small order would accept one signature for many messages.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidPublicKey> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| InvalidPublicKey)?;
        if key.is_weak() { Err(InvalidPublicKey) } else { Ok(Self(key)) }
    }
}

impl TryFrom<String> for PublicKey {
    type Error = InvalidPublicKey;

    fn try_from(text: String) -> Result<Self, InvalidPublicKey> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidPublicKey)?;
        Self::from_bytes(&bytes.try_into().map_err(|_| InvalidPublicKey)?)
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        URL_SAFE_NO_PAD.encode(key.0.as_bytes())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", String::from(*self))
    }
}

impl JsonSchema for PublicKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PublicKey".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]{43}$",
            "description": "An Ed25519 public key: 32 bytes in unpadded base64url"
        })
    }
}

/// A secret shared with one tenant's system. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestSecret([u8; 32]);

impl RequestSecret {
    /// The secret as the tenant gets it: `rdr_sign_` and unpadded base64url.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// The key that it is for HMAC.
    #[must_use]
    pub fn key(&self) -> HmacKey {
        HmacKey::new(&self.0)
    }
}

impl fmt::Debug for RequestSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestSecret")
    }
}

/// A key for HMAC-SHA256, filled up with zeros to a block of the hash (RFC 2104 §2). `Debug` does not show it.
#[derive(Clone)]
pub struct HmacKey([u8; 64]);

impl HmacKey {
    /// A key of at most 64 bytes; more does not compile.
    #[must_use]
    pub fn new<const N: usize>(bytes: &[u8; N]) -> Self {
        const { assert!(N <= 64) };
        let mut block = [0; 64];
        block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Self(block)
    }

    /// The HMAC of a signature base: what a client computes.
    #[must_use]
    pub fn sign(&self, base: &[u8]) -> [u8; 32] {
        self.mac(&[base]).finalize().into_bytes().into()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.0.into());
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey")
    }
}

/// Derives the secret of any API key from one master secret. `Debug` does not show it.
#[derive(Clone)]
pub struct RequestSecrets(HmacKey);

/// The master secret is not 32 bytes in unpadded base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the master secret for request signing must be 32 bytes in unpadded base64url")]
pub struct InvalidMaster;

impl RequestSecrets {
    /// Reads the master secret.
    ///
    /// # Errors
    /// [`InvalidMaster`].
    pub fn from_base64url(master: &str) -> Result<Self, InvalidMaster> {
        let bytes = URL_SAFE_NO_PAD.decode(master).map_err(|_| InvalidMaster)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| InvalidMaster)?;
        Ok(Self(HmacKey::new(&bytes)))
    }

    /// The secret of an API key: the same for as long as the master is.
    #[must_use]
    pub fn secret_of(&self, id: KeyId) -> RequestSecret {
        RequestSecret(self.derived(&[PURPOSE, id.to_string().as_bytes()]))
    }

    /// What follows from the master for a purpose, and for what is named after it.
    pub(crate) fn derived(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.0.mac(parts).finalize().into_bytes().into()
    }
}

impl fmt::Debug for RequestSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestSecrets")
    }
}

/// Checks signatures with one algorithm and one key.
#[derive(Clone, Debug)]
pub enum Verifier {
    /// Ed25519.
    Ed25519(PublicKey),
    /// HMAC with SHA-256.
    HmacSha256(HmacKey),
}

impl Verifier {
    /// The name of the algorithm in the registry (RFC 9421 §6.2.2).
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "ed25519",
            Self::HmacSha256(_) => "hmac-sha256",
        }
    }

    /// Whether `signature` is one of this key over `base`. Ed25519 is strict: no small-order points, no malleable
    /// signatures (RFC 8032 §5.1.7). HMACs are compared in constant time.
    #[must_use]
    pub fn verify(&self, base: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(PublicKey(key)) => {
                Signature::from_slice(signature).is_ok_and(|signature| key.verify_strict(base, &signature).is_ok())
            }
            Self::HmacSha256(key) => key.mac(&[base]).verify_slice(signature).is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use serde_json::json;

    fn key(value: serde_json::Value) -> Result<SigningKey, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    fn public_key(bytes: [u8; 32]) -> serde_json::Value {
        json!({ "alg": "ed25519", "public_key": URL_SAFE_NO_PAD.encode(bytes) })
    }

    #[test]
    fn a_key_has_one_spelling() {
        let good = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
        for value in [public_key(good), json!({ "alg": "hmac-sha256" })] {
            assert_eq!(serde_json::to_value(key(value.clone()).unwrap()).unwrap(), value);
        }
        for value in [
            json!({ "alg": "ed25519" }),
            json!({ "alg": "ed25519", "public_key": "AA" }),
            json!({ "alg": "ed25519", "public_key": format!("{}=", URL_SAFE_NO_PAD.encode(good)) }),
            json!({ "alg": "hmac-sha256", "public_key": URL_SAFE_NO_PAD.encode(good) }),
            json!({ "alg": "rsa-pss-sha512" }),
            json!({}),
        ] {
            assert!(key(value.clone()).is_err(), "{value}");
        }
    }

    /// The eight points of small order, by their y coordinates (two of them are shared by two points, which differ in
    /// the sign bit).
    #[test]
    fn a_public_key_of_small_order_is_refused() {
        let hex = |text: &str| <[u8; 32]>::try_from(decode_hex(text)).unwrap();
        let one = hex("0100000000000000000000000000000000000000000000000000000000000000");
        let minus_one = hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
        let zero = [0; 32];
        let eighth = hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
        let other_eighth = hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
        for mut point in [one, minus_one, zero, eighth, other_eighth] {
            for sign in [0, 0x80] {
                point[31] = (point[31] & 0x7f) | sign;
                assert_eq!(PublicKey::from_bytes(&point), Err(InvalidPublicKey), "{point:02x?}");
            }
        }
        // Not on the curve at all.
        let mut off = [0; 32];
        off[0] = 2;
        assert_eq!(PublicKey::from_bytes(&off), Err(InvalidPublicKey));
    }

    /// R is the neutral point and S is k·a: correct by the equation of RFC 8032 §5.1.7, but a signer never makes it.
    #[test]
    fn a_signature_with_a_point_of_small_order_is_refused() {
        let public = ed25519_dalek::SigningKey::from_bytes(&[9; 32]).verifying_key();
        let r = "0100000000000000000000000000000000000000000000000000000000000000";
        let s = "eb0165dac5ac5e5824b607c0999ca175853ec6c4787ea31691797befec7c6e09";
        let signature = decode_hex(&format!("{r}{s}"));
        let lenient = ed25519_dalek::Verifier::verify(&public, b"base", &Signature::from_slice(&signature).unwrap());
        assert!(lenient.is_ok(), "the vector has that form");
        assert!(!Verifier::Ed25519(PublicKey(public)).verify(b"base", &signature));
    }

    fn decode_hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// RFC 4231 §4.2, §4.3 and §4.5: keys of 20, 4 and 25 bytes.
    #[test]
    fn hmac_is_that_of_the_rfc() {
        let expect = |mac: [u8; 32], text: &str| assert_eq!(mac.as_slice(), decode_hex(text));
        expect(
            HmacKey::new(&[0x0b; 20]).sign(b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        expect(
            HmacKey::new(b"Jefe").sign(b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        let counted: [u8; 25] = std::array::from_fn(|at| u8::try_from(at).unwrap() + 1);
        expect(
            HmacKey::new(&counted).sign(&[0xcd; 50]),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        );
    }

    #[test]
    fn every_api_key_has_its_own_secret_under_every_master() {
        let master = |fill: u8| RequestSecrets::from_base64url(&URL_SAFE_NO_PAD.encode([fill; 32])).unwrap();
        let id = |fill: u8| KeyId::new(Timestamp::from_unix_millis(1_700_000_000_000), &[fill; 10]);
        let secret = master(1).secret_of(id(1)).text();
        assert_eq!(secret, master(1).secret_of(id(1)).text());
        assert_ne!(secret, master(1).secret_of(id(2)).text());
        assert_ne!(secret, master(2).secret_of(id(1)).text());
        assert_eq!(
            secret.strip_prefix(SECRET_PREFIX).map(|rest| URL_SAFE_NO_PAD.decode(rest).unwrap().len()),
            Some(32)
        );
        // Customers hold these: the derivation may never change. Computed with Python's hmac.
        assert_eq!(id(1).to_string(), "018bcfe5-6800-7101-8101-010101010101");
        assert_eq!(secret, "rdr_sign_7qXvUSuOIyoHO6REt3148y85-FyIeig2VOKTIN5EM3M");
        for bad in ["", "AAAA", &URL_SAFE_NO_PAD.encode([0; 33]), &"=".repeat(43)] {
            assert_eq!(RequestSecrets::from_base64url(bad).unwrap_err(), InvalidMaster, "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let master = RequestSecrets::from_base64url(&URL_SAFE_NO_PAD.encode([65; 32])).unwrap();
        let secret = master.secret_of(KeyId::new(Timestamp::MIN, &[1; 10]));
        let shown = format!("{master:?} {secret:?} {:?} {:?}", secret.key(), Verifier::HmacSha256(secret.key()));
        assert_eq!(shown, "RequestSecrets RequestSecret HmacKey HmacSha256(HmacKey)");
    }
}
