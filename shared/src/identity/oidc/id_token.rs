//! ID tokens (`OpenID` Connect Core 1.0 §2, §3.1.3.7): who has signed in at the provider.
//!
//! The signature is checked elsewhere, by Web Crypto: so [`Unverified`] shows what that needs and none of the claims, and
//! [`Unverified::verified`] gives them to whoever says that it was good.

use super::{SKEW_SECONDS, jwk::Algorithm};
use crate::{identity::key::same, json, text::Line, time::Timestamp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The longest token that is looked at, in bytes: those that name hundreds of groups are long.
const MAX_TOKEN: usize = 32 * 1024;

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is no JWS in compact form with JSON in it (RFC 7515 §3.1), or asks for an extension (`crit`).
    #[error("the ID token cannot be read")]
    Malformed,
    /// It is not signed by an algorithm that is taken.
    #[error("the ID token must be signed with RS256, PS256, ES256 or EdDSA")]
    Algorithm,
    /// No key of the provider has signed it.
    #[error("the ID token is not signed by the provider")]
    Signature,
    /// Another provider has issued it.
    #[error("the ID token is of another issuer")]
    Issuer,
    /// It is for another client, or for several.
    #[error("the ID token is for another client")]
    Audience,
    /// It has ended, or is of the future.
    #[error("the ID token is not valid now")]
    Time,
    /// It belongs to another attempt.
    #[error("the ID token belongs to another sign-in")]
    Nonce,
    /// It does not say that the person has just now proved who they are, which was asked for.
    #[error("the provider has not asked for a new sign-in")]
    NotFresh,
    /// It names nobody.
    #[error("the ID token names nobody")]
    Subject,
}

/// A token whose signature nobody has checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Unverified {
    algorithm: Algorithm,
    kid: Option<String>,
    signing_input: String,
    signature: Vec<u8>,
    claims: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

impl Unverified {
    /// Reads a token. Of its header `alg` and `kid` are looked at: what else could name a key (`jwk`, `jku`, `x5u`) is not.
    ///
    /// # Errors
    /// [`Invalid::Malformed`], [`Invalid::Algorithm`].
    pub fn read(token: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> =
            Some(token).filter(|token| token.len() <= MAX_TOKEN).unwrap_or_default().split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { return Err(Invalid::Malformed) };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Invalid::Malformed);
        let text = |part: &str| String::from_utf8(decoded(part)?).map_err(|_| Invalid::Malformed);
        let Header { alg, kid, crit } = json::from_str(&text(header)?).map_err(|_| Invalid::Malformed)?;
        if crit.is_some() {
            return Err(Invalid::Malformed);
        }
        Ok(Self {
            algorithm: Algorithm::named(&alg).ok_or(Invalid::Algorithm)?,
            kid,
            signing_input: format!("{header}.{claims}"),
            signature: decoded(signature)?,
            claims: text(claims)?,
        })
    }

    /// By what it says that it is signed.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key that it names.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What is signed (RFC 7515 §5.2).
    #[must_use]
    pub const fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The claims. `good`: whether the signature is one of the key that [`super::jwk::Jwks::choose`] has chosen for this token.
    ///
    /// # Errors
    /// [`Invalid::Signature`], [`Invalid::Malformed`].
    pub fn verified(self, good: bool) -> Result<IdToken, Invalid> {
        if !good {
            return Err(Invalid::Signature);
        }
        let registered = json::from_str(&self.claims).map_err(|_| Invalid::Malformed)?;
        let all = json::from_str(&self.claims).map_err(|_| Invalid::Malformed)?;
        Ok(IdToken { registered, all })
    }
}

/// A claim that is one text or several (RFC 7519 §4.1.3).
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// `NumericDate` (RFC 7519 §2): seconds, perhaps with a fraction, which is left out.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(from = "f64")]
struct Seconds(i64);

impl From<f64> for Seconds {
    fn from(seconds: f64) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "the cast is clamped to the range of the type")]
        Self(seconds as i64)
    }
}

#[derive(Clone, Debug, Deserialize)]
struct Registered {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: Seconds,
    iat: Seconds,
    #[serde(default)]
    nbf: Option<Seconds>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    auth_time: Option<Seconds>,
    #[serde(default)]
    acr: Option<String>,
    #[serde(default)]
    amr: Option<OneOrMany>,
}

/// A token that the provider has signed; whether for us, and now, is still to be checked.
#[derive(Clone, Debug)]
pub struct IdToken {
    registered: Registered,
    all: Map<String, Value>,
}

/// What a token must be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// The provider, to the byte.
    pub issuer: &'w str,
    /// What it calls this service.
    pub client_id: &'w str,
    /// What was sent as `nonce`.
    pub nonce: &'w str,
    /// When the attempt began, if the person had to prove anew who they are.
    pub anew_since: Option<Timestamp>,
}

/// Whom the provider has signed in.
#[derive(Clone, PartialEq)]
pub struct Authenticated {
    /// `sub`.
    pub subject: Line<255>,
    /// When they proved who they are, if the provider says that.
    pub authenticated_at: Option<Timestamp>,
    /// By which class of means (`acr`), as the provider calls it: passed on, not judged.
    pub acr: Option<String>,
    /// By which means (`amr`, RFC 8176), likewise.
    pub amr: Vec<String>,
    /// All claims.
    pub claims: Map<String, Value>,
}

impl std::fmt::Debug for Authenticated {
    /// Not the claims: they are personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authenticated({:?})", self.subject)
    }
}

impl IdToken {
    /// Checks that the token is what was asked for (`OpenID` Connect Core 1.0 §3.1.3.7), at `now`.
    ///
    /// # Errors
    /// [`Invalid`], the first rule that it breaks.
    pub fn check(self, wanted: Wanted<'_>, now: Timestamp) -> Result<Authenticated, Invalid> {
        let Registered { iss, sub, aud, exp, iat, nbf, nonce, azp, auth_time, acr, amr } = self.registered;
        if iss != wanted.issuer {
            return Err(Invalid::Issuer);
        }
        // No other audience is trusted (3), and an authorised party that is named must be this client (4, 5).
        let is_ours = |client: &String| client == wanted.client_id;
        if aud.as_slice().is_empty() || !aud.as_slice().iter().all(is_ours) || !azp.as_ref().is_none_or(is_ours) {
            return Err(Invalid::Audience);
        }
        let seconds = now.unix_seconds();
        let (late, early) = (seconds.saturating_sub(SKEW_SECONDS), seconds.saturating_add(SKEW_SECONDS));
        if exp.0 <= late || iat.0 > early || nbf.is_some_and(|nbf| nbf.0 > early) {
            return Err(Invalid::Time);
        }
        if !nonce.is_some_and(|nonce| same(&nonce, wanted.nonce)) {
            return Err(Invalid::Nonce);
        }
        let auth_time = auth_time.map(|at| at.0).filter(|at| *at <= early);
        if let Some(since) = wanted.anew_since {
            let since = since.unix_seconds().saturating_sub(SKEW_SECONDS);
            if auth_time.is_none_or(|at| at < since) {
                return Err(Invalid::NotFresh);
            }
        }
        Ok(Authenticated {
            subject: Line::try_from(sub).map_err(|_| Invalid::Subject)?,
            authenticated_at: auth_time.map(|at| Timestamp::from_unix_millis(at.saturating_mul(1_000)).min(now)),
            acr,
            amr: amr.map_or_else(Vec::new, |amr| amr.as_slice().to_vec()),
            claims: self.all,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{
        oidc::jwk::{Choice, Jwk, Jwks},
        person::tests::now,
    };
    use base64::engine::general_purpose::STANDARD;
    use ring::{
        rand::SystemRandom,
        signature::{self as by, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair},
    };
    use serde_json::json;

    /// A key of 2048 bits, made for these tests alone by `openssl genpkey -algorithm RSA`.
    const RSA: &str = include_str!("rsa_for_tests.txt");

    /// Signs, and says with which key that is checked.
    fn signed(alg: &str, mut header: Value, claims: &str) -> (String, Value) {
        header["alg"] = alg.into();
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let random = SystemRandom::new();
        let (signature, key) = match alg {
            "ES256" => {
                let of = &by::ECDSA_P256_SHA256_FIXED_SIGNING;
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(of, &random).unwrap();
                let pair = EcdsaKeyPair::from_pkcs8(of, pkcs8.as_ref(), &random).unwrap();
                let point = pair.public_key().as_ref();
                let key = json!({ "kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]) });
                (pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(), key)
            }
            "EdDSA" => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
                let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref()) });
                (pair.sign(message.as_bytes()).as_ref().to_vec(), key)
            }
            _ => {
                let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(RSA.trim()).unwrap()).unwrap();
                let padding: &dyn by::RsaEncoding =
                    if alg == "PS256" { &by::RSA_PSS_SHA256 } else { &by::RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, message.as_bytes(), &mut signature).unwrap();
                let components = by::RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                (signature, json!({ "kty": "RSA", "n": text(&components.n), "e": text(&components.e) }))
            }
        };
        let mut key = key;
        key["kid"] = "k1".into();
        (format!("{message}.{}", text(&signature)), key)
    }

    /// What Web Crypto does in the Worker.
    fn is_good(key: &Jwk, token: &Unverified) -> bool {
        let number = |name: &str| key.number(name).unwrap();
        let (input, signature) = (token.signing_input(), token.signature());
        let rsa = |parameters| {
            by::RsaPublicKeyComponents { n: number("n"), e: number("e") }.verify(parameters, input, signature)
        };
        match token.algorithm() {
            Algorithm::Rs256 => rsa(&by::RSA_PKCS1_2048_8192_SHA256).is_ok(),
            Algorithm::Ps256 => rsa(&by::RSA_PSS_2048_8192_SHA256).is_ok(),
            Algorithm::Es256 => {
                let point = [vec![4], number("x"), number("y")].concat();
                by::UnparsedPublicKey::new(&by::ECDSA_P256_SHA256_FIXED, point).verify(input, signature).is_ok()
            }
            Algorithm::EdDsa => by::UnparsedPublicKey::new(&by::ED25519, number("x")).verify(input, signature).is_ok(),
        }
    }

    fn claims(members: Value) -> Value {
        let seconds = now().unix_seconds();
        let mut claims = json!({
            "iss": "https://id.example.com", "sub": "u-1", "aud": "redress", "exp": seconds + 300, "iat": seconds,
            "nonce": "n", "auth_time": seconds - 5, "amr": ["pwd", "otp"], "acr": "2", "email": "ada@example.com"
        });
        claims.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        claims
    }

    const WANTED: Wanted<'static> =
        Wanted { issuer: "https://id.example.com", client_id: "redress", nonce: "n", anew_since: None };

    fn opened(token: &str, key: &Value) -> Result<IdToken, Invalid> {
        let keys = Jwks::read(&json!({ "keys": [key] }).to_string(), now()).unwrap();
        let token = Unverified::read(token)?;
        let good = match keys.choose(token.algorithm(), token.kid(), now()) {
            Choice::Key(key) => is_good(key, &token),
            _ => false,
        };
        token.verified(good)
    }

    fn check(members: Value, wanted: Wanted<'_>) -> Result<Authenticated, Invalid> {
        let (token, key) = signed("EdDSA", json!({ "kid": "k1" }), &claims(members).to_string());
        opened(&token, &key)?.check(wanted, now())
    }

    #[test]
    fn a_token_of_every_algorithm_says_who_has_signed_in() {
        for alg in Algorithm::NAMES {
            let header = json!({ "kid": "k1", "typ": "JWT", "x5t": "x" });
            let (token, key) = signed(alg, header, &claims(json!({})).to_string());
            let who = opened(&token, &key).unwrap().check(WANTED, now()).unwrap();
            assert_eq!((who.subject.as_str(), who.acr.as_deref(), who.amr.len()), ("u-1", Some("2"), 2), "{alg}");
            assert_eq!(who.authenticated_at, Some(now().plus_millis(-5_000)));
            assert_eq!(who.claims["email"], "ada@example.com");
            let (other, _) = signed(alg, json!({ "kid": "k1" }), &claims(json!({ "sub": "u-2" })).to_string());
            let forged = format!("{}.{}", other.rsplit_once('.').unwrap().0, token.rsplit_once('.').unwrap().1);
            assert_eq!(opened(&forged, &key).unwrap_err(), Invalid::Signature, "{alg}");
            let unknown = signed(alg, json!({ "kid": "k2" }), "{}").0;
            assert_eq!(opened(&unknown, &key).unwrap_err(), Invalid::Signature, "{alg}");
        }
    }

    #[test]
    fn a_token_does_not_choose_how_it_is_checked() {
        let text = |header: Value| {
            format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode("{}"))
        };
        for (token, why) in [
            (text(json!({ "alg": "none" })), Invalid::Algorithm),
            (text(json!({ "alg": "HS256", "kid": "k1" })), Invalid::Algorithm),
            (text(json!({ "alg": "rs256" })), Invalid::Algorithm),
            (text(json!({ "alg": "RS256", "crit": ["b64"] })), Invalid::Malformed),
            (text(json!({ "kid": "k1" })), Invalid::Malformed),
            (text(json!({ "alg": "RS256" })).replace(".AAAA", ""), Invalid::Malformed),
            (text(json!({ "alg": "RS256" })) + ".x.y", Invalid::Malformed),
            (text(json!({ "alg": "RS256" })).replace("AAAA", "A=="), Invalid::Malformed),
            ("x".repeat(MAX_TOKEN + 1), Invalid::Malformed),
            (String::new(), Invalid::Malformed),
        ] {
            assert_eq!(Unverified::read(&token).err(), Some(why), "{token}");
        }
        // An RSA key does not check what says that it is of another sort.
        let (rsa, key) = signed("RS256", json!({ "kid": "k1" }), &claims(json!({})).to_string());
        let named = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","kid":"k1"}"#);
        let renamed = format!("{named}.{}", rsa.split_once('.').unwrap().1);
        assert_eq!(opened(&renamed, &key).unwrap_err(), Invalid::Signature);
    }

    #[test]
    fn a_token_is_for_us_now_and_of_this_attempt() {
        let seconds = now().unix_seconds();
        for (members, why) in [
            (json!({ "iss": "https://id.example.com/" }), Invalid::Issuer),
            (json!({ "aud": "other" }), Invalid::Audience),
            (json!({ "aud": ["redress", "other"] }), Invalid::Audience),
            (json!({ "aud": [] }), Invalid::Audience),
            (json!({ "azp": "other" }), Invalid::Audience),
            (json!({ "exp": seconds - 60 }), Invalid::Time),
            (json!({ "iat": seconds + 61 }), Invalid::Time),
            (json!({ "nbf": seconds + 61 }), Invalid::Time),
            (json!({ "nonce": "m" }), Invalid::Nonce),
            (json!({ "nonce": null }), Invalid::Nonce),
            (json!({ "sub": "" }), Invalid::Subject),
            (json!({ "sub": "x".repeat(256) }), Invalid::Subject),
            (json!({ "exp": "soon" }), Invalid::Malformed),
            (json!({ "aud": null }), Invalid::Malformed),
        ] {
            assert_eq!(check(members.clone(), WANTED).err(), Some(why), "{members}");
        }
        for fine in [
            json!({ "aud": ["redress"], "azp": "redress" }),
            json!({ "exp": seconds - 59 }),
            json!({ "iat": seconds + 60, "exp": f64::from(i32::MAX) + 0.5 }),
            json!({ "amr": "pwd" }),
        ] {
            assert!(check(fine.clone(), WANTED).is_ok(), "{fine}");
        }
        let twice = claims(json!({})).to_string().replace("\"sub\"", "\"sub\":\"u-0\",\"sub\"");
        let (token, key) = signed("EdDSA", json!({ "kid": "k1" }), &twice);
        assert_eq!(opened(&token, &key).err(), Some(Invalid::Malformed), "a claim that is there twice");
    }

    #[test]
    fn who_steps_up_has_just_signed_in() {
        let seconds = now().unix_seconds();
        let wanted = Wanted { anew_since: Some(now()), ..WANTED };
        for (auth_time, fine) in [
            (json!(seconds), true),
            (json!(seconds - 60), true),
            (json!(seconds - 61), false),
            (json!(seconds + 61), false),
            (json!(null), false),
        ] {
            let outcome = check(json!({ "auth_time": auth_time }), wanted);
            assert_eq!(outcome.err(), (!fine).then_some(Invalid::NotFresh), "{auth_time}");
        }
        let unsaid = check(json!({ "auth_time": null }), WANTED).unwrap();
        assert_eq!(unsaid.authenticated_at, None);
    }
}
