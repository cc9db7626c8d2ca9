//! A provider's keys (RFC 7517), and which of them has signed a token.
//!
//! Keys change while tokens are on their way. A token that names a key we do not have sends us to fetch them anew, but once a minute at
//! most, so that forged tokens do not make us knock at a provider's door; and what was fetched is believed for an hour, so that a key
//! that was taken back is not.

use super::MAX_DOCUMENT;
use crate::{json, time::Timestamp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json as object};

/// The shortest time between two fetches, in milliseconds: a minute.
pub const REFETCH_MILLIS: i64 = 60_000;
/// For how long keys are believed, in milliseconds: an hour.
pub const LIFE_MILLIS: i64 = 60 * 60_000;
/// The most keys of a set that are looked at.
const MAX_KEYS: usize = 100;

/// How an ID token may be signed (RFC 7518 §3.1, RFC 8037 §3.1). HMAC is none of these, so a public key is never taken for a secret, and
/// `none` is none (RFC 8725 §2.1, §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with PKCS #1 v1.5 and SHA-256: what every provider must have (`OpenID` Connect Core 1.0 §15.1).
    Rs256,
    /// RSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256; the signature is r and s, 32 bytes each.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// What is to be known of an algorithm: its name, its keys, and what Web Crypto is told to import one and to verify.
struct Row {
    algorithm: Algorithm,
    name: &'static str,
    kty: &'static str,
    crv: Option<&'static str>,
    import: &'static str,
    verify: &'static str,
}

const TABLE: [Row; 4] = [
    Row {
        algorithm: Algorithm::Rs256,
        name: "RS256",
        kty: "RSA",
        crv: None,
        import: r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
        verify: r#"{"name":"RSASSA-PKCS1-v1_5"}"#,
    },
    Row {
        algorithm: Algorithm::Ps256,
        name: "PS256",
        kty: "RSA",
        crv: None,
        import: r#"{"name":"RSA-PSS","hash":"SHA-256"}"#,
        verify: r#"{"name":"RSA-PSS","saltLength":32}"#,
    },
    Row {
        algorithm: Algorithm::Es256,
        name: "ES256",
        kty: "EC",
        crv: Some("P-256"),
        import: r#"{"name":"ECDSA","namedCurve":"P-256"}"#,
        verify: r#"{"name":"ECDSA","hash":"SHA-256"}"#,
    },
    Row {
        algorithm: Algorithm::EdDsa,
        name: "EdDSA",
        kty: "OKP",
        crv: Some("Ed25519"),
        import: r#"{"name":"Ed25519"}"#,
        verify: r#"{"name":"Ed25519"}"#,
    },
];

impl Algorithm {
    /// The names on the wire.
    pub const NAMES: [&'static str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

    /// The algorithm of a name, if it is one of these. Case matters (RFC 7515 §4.1.1).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.algorithm)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.algorithm == self)
    }

    /// What Web Crypto's `importKey("jwk", …)` is told, as JSON.
    #[must_use]
    pub fn import_parameters(self) -> &'static str {
        self.row().map_or("{}", |row| row.import)
    }

    /// What Web Crypto's `verify` is told, as JSON.
    #[must_use]
    pub fn verify_parameters(self) -> &'static str {
        self.row().map_or("{}", |row| row.verify)
    }
}

/// A public key for signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

impl Jwk {
    /// A key of a set, if it is a public one for signatures by one of the algorithms. Others are ignored, as they must be (RFC 7517 §5).
    fn read(key: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
        let is_private = ["d", "k"].iter().any(|name| key.contains_key(*name));
        let is_for_signing = key.get("use").is_none_or(|purpose| purpose == "sig");
        let verifies =
            key.get("key_ops").is_none_or(|ops| ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify")));
        let jwk = Self {
            kty: text("kty")?,
            kid: text("kid"),
            alg: text("alg"),
            crv: text("crv"),
            n: text("n"),
            e: text("e"),
            x: text("x"),
            y: text("y"),
        };
        (!is_private && is_for_signing && verifies && jwk.is_strong()).then_some(jwk)
    }

    /// RSA from 2048 bits (RFC 7518 §3.3) to 8192, beyond which checking a signature takes too long; curves as they are.
    fn is_strong(&self) -> bool {
        let bytes = |member: &Option<String>| member.as_deref().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let length = |member: &Option<String>| {
            bytes(member).map_or(0, |bytes| bytes.iter().skip_while(|byte| **byte == 0).count())
        };
        let is_coordinate = |member: &Option<String>| bytes(member).is_some_and(|bytes| bytes.len() == 32);
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => (256..=1_024).contains(&length(&self.n)) && (1..=8).contains(&length(&self.e)),
            ("EC", Some("P-256")) => is_coordinate(&self.x) && is_coordinate(&self.y),
            ("OKP", Some("Ed25519")) => is_coordinate(&self.x),
            _ => false,
        }
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.row().is_some_and(|row| {
            self.kty == row.kty
                && row.crv.is_none_or(|crv| self.crv.as_deref() == Some(crv))
                && self.alg.as_deref().is_none_or(|alg| alg == row.name)
        })
    }

    /// The key for Web Crypto's `importKey("jwk", …)`: its numbers alone, for an `alg` that Web Crypto spells otherwise would be refused.
    #[must_use]
    pub fn to_import(&self) -> Value {
        let members = [
            ("kty", Some(&self.kty)),
            ("crv", self.crv.as_ref()),
            ("n", self.n.as_ref()),
            ("e", self.e.as_ref()),
            ("x", self.x.as_ref()),
            ("y", self.y.as_ref()),
        ];
        let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), object!(value?))));
        Value::Object(there.collect())
    }

    /// A number of the key (`n`, `e`, `x` or `y`), in bytes.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<Vec<u8>> {
        let member = match name {
            "n" => &self.n,
            "e" => &self.e,
            "x" => &self.x,
            "y" => &self.y,
            _ => return None,
        };
        URL_SAFE_NO_PAD.decode(member.as_deref()?).ok()
    }
}

/// A provider's keys, as they were at a moment. Can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    keys: Vec<Jwk>,
    fetched_at: Timestamp,
}

/// Which key has signed a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice<'k> {
    /// This one, if the signature is good.
    Key(&'k Jwk),
    /// Fetch the keys anew, then choose again.
    Refetch,
    /// None: refuse the token.
    Unknown,
}

/// The document is no set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider's keys cannot be read")]
pub struct NoKeys;

#[derive(Deserialize)]
struct Set {
    keys: Vec<Map<String, Value>>,
}

impl Jwks {
    /// Reads a set that was fetched now.
    ///
    /// # Errors
    /// [`NoKeys`].
    pub fn read(document: &str, now: Timestamp) -> Result<Self, NoKeys> {
        if document.len() > MAX_DOCUMENT {
            return Err(NoKeys);
        }
        let Set { keys } = json::from_str(document).map_err(|_| NoKeys)?;
        let keys = keys.iter().take(MAX_KEYS).filter_map(Jwk::read).collect();
        Ok(Self { keys, fetched_at: now })
    }

    /// The key that a token's header names. One that names none is taken if there is but one key that fits (`OpenID` Connect Core 1.0
    /// §10.1 wants a `kid` where there are several).
    #[must_use]
    pub fn choose(&self, algorithm: Algorithm, kid: Option<&str>, now: Timestamp) -> Choice<'_> {
        let age = now.unix_millis().saturating_sub(self.fetched_at.unix_millis());
        if age >= LIFE_MILLIS {
            return Choice::Refetch;
        }
        let mut fitting = self.keys.iter().filter(|key| key.fits(algorithm)).filter(|key| match kid {
            Some(kid) => key.kid.as_deref() == Some(kid),
            None => true,
        });
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Choice::Key(key),
            (None, _) if age >= REFETCH_MILLIS => Choice::Refetch,
            _ => Choice::Unknown,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::identity::person::tests::now;

    fn rsa(kid: &str, bytes: usize) -> Value {
        object!({ "kty": "RSA", "kid": kid, "use": "sig", "n": URL_SAFE_NO_PAD.encode(vec![0xC1; bytes]), "e": "AQAB", "x5c": ["…"] })
    }

    fn ec(kid: &str) -> Value {
        let coordinate = URL_SAFE_NO_PAD.encode([7; 32]);
        object!({ "kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "x": coordinate, "y": coordinate })
    }

    fn set(keys: &[Value]) -> Jwks {
        Jwks::read(&object!({ "keys": keys }).to_string(), now()).unwrap()
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[test]
    fn the_key_that_is_named_is_taken_if_it_fits() {
        let keys = set(&[rsa("a", 256), ec("b"), rsa("c", 512)]);
        let kid = |algorithm, kid| match keys.choose(algorithm, kid, now()) {
            Choice::Key(key) => key.kid.clone(),
            _ => None,
        };
        assert_eq!(kid(Algorithm::Rs256, Some("a")).as_deref(), Some("a"));
        assert_eq!(kid(Algorithm::Ps256, Some("c")).as_deref(), Some("c"));
        assert_eq!(kid(Algorithm::Es256, Some("a")), None, "a key of another sort");
        assert_eq!(kid(Algorithm::Es256, None).as_deref(), Some("b"), "the only one");
        assert_eq!(kid(Algorithm::Rs256, None), None, "which of the two");
    }

    #[test]
    fn an_unknown_key_is_fetched_once_a_minute_at_most() {
        let keys = set(&[rsa("a", 256)]);
        let choose = |kid, millis| keys.choose(Algorithm::Rs256, Some(kid), now().plus_millis(millis));
        assert_eq!(choose("b", REFETCH_MILLIS - 1), Choice::Unknown);
        assert_eq!(choose("b", REFETCH_MILLIS), Choice::Refetch);
        assert!(matches!(choose("a", LIFE_MILLIS - 1), Choice::Key(_)));
        assert_eq!(choose("a", LIFE_MILLIS), Choice::Refetch);
        let kept = serde_json::to_string(&keys).unwrap();
        assert_eq!(serde_json::from_str::<Jwks>(&kept).unwrap(), keys);
    }

    #[test]
    fn what_is_no_public_key_for_signatures_is_ignored() {
        let secret = object!({ "kty": "oct", "kid": "s", "k": "AAAA" });
        for key in [
            secret,
            rsa("a", 255),
            rsa("a", 1_025),
            with(rsa("a", 256), "d", object!("AA")),
            with(rsa("a", 256), "use", object!("enc")),
            with(rsa("a", 256), "key_ops", object!(["encrypt"])),
            with(rsa("a", 256), "e", object!("")),
            with(ec("a"), "x", object!("AAAA")),
            with(ec("a"), "crv", object!("secp256k1")),
            object!({ "kty": "new", "kid": "a" }),
            object!({}),
        ] {
            assert!(set(std::slice::from_ref(&key)).keys.is_empty(), "{key}");
        }
        for text in ["", "[]", "{}", r#"{"keys":[1]}"#] {
            assert_eq!(Jwks::read(text, now()), Err(NoKeys));
        }
    }

    #[test]
    fn webcrypto_is_told_what_it_needs() {
        for (name, import) in Algorithm::NAMES.iter().zip(["RSASSA-PKCS1-v1_5", "RSA-PSS", "ECDSA", "Ed25519"]) {
            let algorithm = Algorithm::named(name).unwrap();
            for parameters in [algorithm.import_parameters(), algorithm.verify_parameters()] {
                assert_eq!(serde_json::from_str::<Value>(parameters).unwrap()["name"], import);
            }
        }
        for none in ["none", "HS256", "rs256", "RS384", ""] {
            assert_eq!(Algorithm::named(none), None);
        }
        let keys = set(&[rsa("a", 256)]);
        let imported = keys.keys[0].to_import();
        assert_eq!(imported.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), ["e", "kty", "n"]);
    }
}
