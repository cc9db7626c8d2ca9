//! API keys as tokens: `rdr_live_` or `rdr_test_` and a compact JWS (RFC 7515) with `EdDSA` (RFC 8037).
//!
//! Everything needed to admit a request is in the token, so admission takes no I/O. The algorithm is fixed by
//! this module, never taken from the token's header (RFC 8725 §3.1).

use super::eddsa;
use crate::{
    access::Scope,
    chain::Digest,
    ids::{KeyId, TenantId},
    tenant::{
        CellName,
        api_key::{ApiKey, Mode},
    },
    time::Timestamp,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest token that is looked at.
const MAX_TOKEN: usize = 2_048;
const AUDIENCE: &str = "redress";

/// Issues and checks tokens.
pub struct KeyRing {
    kid: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

/// The seed is not 32 bytes in unpadded base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API key seed must be 32 bytes in unpadded base64url")]
pub struct InvalidSeed;

/// A token that was checked: what it says is true until `expires_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedKey {
    /// The key.
    pub key: KeyId,
    /// The tenant it acts for.
    pub tenant: TenantId,
    /// The tenant's home cell when the key was issued.
    pub cell: CellName,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// The token is malformed, forged, or not valid now. Callers are not told which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API key is not valid")]
pub struct InvalidToken;

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    jti: KeyId,
    sub: TenantId,
    cell: CellName,
    mode: Mode,
    scope: Vec<Scope>,
    iat: i64,
    exp: i64,
}

impl KeyRing {
    /// The ring of an Ed25519 seed (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`InvalidSeed`].
    pub fn from_seed(seed: &str) -> Result<Self, InvalidSeed> {
        let seed = URL_SAFE_NO_PAD.decode(seed).map_err(|_| InvalidSeed)?;
        let seed: [u8; 32] = seed.try_into().map_err(|_| InvalidSeed)?;
        let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        let kid: String = Digest::of(&public).to_string().chars().take(16).collect();
        eddsa::install();
        Ok(Self { kid, signing: EncodingKey::from_ed_der(&seed), verifying: DecodingKey::from_ed_der(&public) })
    }

    /// The token of a key. `EdDSA` is deterministic, so the same key always has the same token.
    ///
    /// # Errors
    /// [`InvalidToken`] if it cannot be signed.
    pub fn issue(&self, key: &ApiKey, cell: &CellName) -> Result<String, InvalidToken> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            jti: key.id,
            sub: key.tenant,
            cell: cell.clone(),
            mode: key.mode,
            scope: key.scopes.to_vec(),
            iat: key.created_at.unix_seconds(),
            exp: key.expires_at.unix_seconds(),
        };
        let jws = jsonwebtoken::encode(&header, &claims, &self.signing).map_err(|_| InvalidToken)?;
        Ok(format!("{}{jws}", key.mode.prefix()))
    }

    /// Checks a token at `now`.
    ///
    /// # Errors
    /// [`InvalidToken`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedKey, InvalidToken> {
        if token.len() > MAX_TOKEN {
            return Err(InvalidToken);
        }
        let with_prefix = |mode: Mode| token.strip_prefix(mode.prefix()).map(|jws| (mode, jws));
        let (mode, jws) = with_prefix(Mode::Live).or_else(|| with_prefix(Mode::Test)).ok_or(InvalidToken)?;
        let header = jsonwebtoken::decode_header(jws).map_err(|_| InvalidToken)?;
        if header.kid.as_deref() != Some(&self.kid) {
            return Err(InvalidToken);
        }
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AUDIENCE]);
        // Time is an argument here, and the library would ask the clock.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(jws, &self.verifying, &rules).map_err(|_| InvalidToken)?.claims;
        let expires_at = Timestamp::from_unix_millis(claims.exp.saturating_mul(1000));
        let begun = claims.iat <= now.unix_seconds();
        if claims.mode != mode || !begun || expires_at <= now {
            return Err(InvalidToken);
        }
        let Claims { jti: key, sub: tenant, cell, scope: scopes, .. } = claims;
        Ok(VerifiedKey { key, tenant, cell, scopes, expires_at })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::api_key::NewKey;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use serde_json::json;
    use sha2::Sha256;

    fn ring(fill: u8) -> KeyRing {
        KeyRing::from_seed(&URL_SAFE_NO_PAD.encode([fill; 32])).unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn key() -> ApiKey {
        let new: NewKey =
            serde_json::from_value(json!({ "name": "crm", "scopes": ["complaints:read"], "mode": "test" })).unwrap();
        ApiKey::issue(KeyId::new(now(), &[1; 10]), TenantId::new(now(), &[2; 10]), new, now()).unwrap()
    }

    fn cell() -> CellName {
        CellName::try_from("eu".to_owned()).unwrap()
    }

    #[test]
    fn a_token_says_what_the_key_may_do() {
        let token = ring(1).issue(&key(), &cell()).unwrap();
        assert!(token.starts_with("rdr_test_"));
        assert_eq!(token, ring(1).issue(&key(), &cell()).unwrap());
        let verified = ring(1).verify(&token, now()).unwrap();
        assert_eq!((verified.key, verified.tenant, verified.cell), (key().id, key().tenant, cell()));
        assert_eq!(verified.scopes, [Scope::ComplaintsRead]);
    }

    #[test]
    fn a_token_that_is_not_whole_and_current_is_refused() {
        let token = ring(1).issue(&key(), &cell()).unwrap();
        let late = now().plus_millis(367 * 86_400_000);
        let early = now().plus_millis(-2_000);
        assert_eq!(ring(1).verify(&token, late), Err(InvalidToken));
        assert_eq!(ring(1).verify(&token, early), Err(InvalidToken));
        assert_eq!(ring(2).verify(&token, now()), Err(InvalidToken));
        assert_eq!(ring(1).verify(&token.replace("rdr_test_", "rdr_live_"), now()), Err(InvalidToken));
        assert_eq!(ring(1).verify(&format!("{token}{}", "A".repeat(MAX_TOKEN)), now()), Err(InvalidToken));
        // The last symbol of an Ed25519 signature in base64 has unused bits, so it alone may not decide.
        for at in "rdr_test_".len()..token.len() - 1 {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(ring(1).verify(&altered, now()), Err(InvalidToken), "symbol {at}");
        }
    }

    #[test]
    fn the_token_does_not_choose_the_algorithm() {
        let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = encode(json!({
            "aud": AUDIENCE, "jti": key().id, "sub": key().tenant, "cell": "eu", "mode": "test",
            "scope": ["complaints:read"], "iat": now().unix_seconds(), "exp": now().unix_seconds() + 60
        }));
        let kid = ring(1).kid;
        for header in [json!({ "alg": "none", "kid": kid }), json!({ "alg": "HS256", "kid": kid })] {
            let unsigned = format!("rdr_test_{}.{claims}.", encode(header.clone()));
            assert_eq!(ring(1).verify(&unsigned, now()), Err(InvalidToken));
        }
        // HS256 with the public key as the secret: the classic confusion.
        let public = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes();
        let message = format!("{}.{claims}", encode(json!({ "alg": "HS256", "kid": kid })));
        let mut mac = Hmac::<Sha256>::new_from_slice(&public).unwrap();
        mac.update(message.as_bytes());
        let confused = format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        assert_eq!(ring(1).verify(&format!("rdr_test_{confused}"), now()), Err(InvalidToken));
    }
}
