//! API keys as tokens: `rdr_live_` or `rdr_test_` and a compact JWS (RFC 7515) with `EdDSA` (RFC 8037).
//!
//! Everything needed to admit a request is in the token, so admission takes no I/O. The algorithm is fixed by
//! this module, never taken from the token's header (RFC 8725 §3.1).
//!
//! `jsonwebtoken` signs and verifies; what tokens say is read here, because its own reader brings the whole model of JSON Web
//! Keys into the Worker, and a second reader of JSON with it.

use super::{eddsa, request_key::SigningKey};
use crate::{
    access::Scope,
    chain::Digest,
    ids::{KeyId, TenantId},
    json,
    tenant::{
        CellName,
        api_key::{ApiKey, Mode},
        ip_range::IpRange,
    },
    time::Timestamp,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, crypto};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fmt};

/// The longest token that is looked at.
const MAX_TOKEN: usize = 2_048;
const AUDIENCE: &str = "redress";
/// The audience of what cells say to each other, so that no key's token passes for a cell's, nor the reverse.
const CELL_AUDIENCE: &str = "redress-cell";
/// What a cell's own token starts with.
pub const CELL_PREFIX: &str = "rdr_cell_";
/// How long a cell's own token is valid, in seconds.
const CELL_TOKEN_SECONDS: i64 = 60;

/// The public keys of every cell, newest first: `{"eu": ["<32 bytes in base64url>"], …}`. Public, so no secret.
pub type CellKeys = BTreeMap<CellName, Vec<String>>;

/// Issues this cell's tokens and checks those of every cell.
///
/// A cell vouches only for itself: a token that names another cell than the one whose key signed it is refused.
pub struct KeyRing {
    cell: CellName,
    kid: String,
    signing: EncodingKey,
    verifying: BTreeMap<String, (CellName, DecodingKey)>,
}

/// The public half of an Ed25519 seed, in unpadded base64url: what other cells are told.
///
/// # Errors
/// [`InvalidSeed`].
pub fn public_key(seed: &str) -> Result<String, InvalidSeed> {
    Ok(URL_SAFE_NO_PAD.encode(public_of(&bytes_of(seed)?)))
}

fn bytes_of(text: &str) -> Result<[u8; 32], InvalidSeed> {
    URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(InvalidSeed)
}

fn public_of(seed: &[u8; 32]) -> [u8; 32] {
    ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

fn kid_of(public: &[u8; 32]) -> String {
    Digest::of(public).to_string().chars().take(16).collect()
}

/// A seed or a public key is not 32 bytes in unpadded base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("keys must be 32 bytes in unpadded base64url")]
pub struct InvalidSeed;

/// A token that was checked: what it says is true until `expires_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedKey {
    /// The key.
    pub key: KeyId,
    /// The tenant it acts for.
    pub tenant: TenantId,
    /// The cell that issued the key: the tenant's home then.
    pub cell: CellName,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it begins to work.
    pub valid_from: Timestamp,
    /// The addresses it may be used from; none stands for any.
    pub ip_ranges: Vec<IpRange>,
    /// How its writes are signed, if they must be.
    pub signing: Option<SigningKey>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// The token is malformed, forged, or not valid now. Callers are not told which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API key is not valid")]
pub struct InvalidToken;

/// The header of a token as this module writes it. One with more in it, such as `crit`, asks for what is not done here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: Eddsa,
    kid: String,
    #[serde(rename = "typ")]
    _kind: Jwt,
}

/// The only algorithm there is.
#[derive(Deserialize)]
enum Eddsa {
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// The only kind of token there is.
#[derive(Deserialize)]
enum Jwt {
    #[serde(rename = "JWT")]
    Jwt,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    jti: KeyId,
    sub: TenantId,
    cell: CellName,
    mode: Mode,
    scope: Vec<Scope>,
    iat: i64,
    /// Not before (RFC 7519 §4.1.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ips: Vec<IpRange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sig: Option<SigningKey>,
}

/// Another cell, speaking for one tenant: its token was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCell {
    /// The cell.
    pub cell: CellName,
    /// The tenant.
    pub tenant: TenantId,
}

#[derive(Serialize, Deserialize)]
struct CellClaims {
    aud: String,
    iss: CellName,
    sub: TenantId,
    iat: i64,
    exp: i64,
}

impl KeyRing {
    /// The ring of a cell: its own Ed25519 seed (RFC 8032 §5.1.5) and the public keys of every cell, with its own older ones.
    ///
    /// # Errors
    /// [`InvalidSeed`].
    pub fn new(cell: CellName, seed: &str, cells: &CellKeys) -> Result<Self, InvalidSeed> {
        let seed = bytes_of(seed)?;
        let own = public_of(&seed);
        let mut verifying = BTreeMap::new();
        for (cell, keys) in cells {
            for key in keys {
                let key = bytes_of(key)?;
                verifying.insert(kid_of(&key), (cell.clone(), DecodingKey::from_ed_der(&key)));
            }
        }
        let kid = kid_of(&own);
        verifying.insert(kid.clone(), (cell.clone(), DecodingKey::from_ed_der(&own)));
        eddsa::install();
        Ok(Self { cell, kid, signing: EncodingKey::from_ed_der(&seed), verifying })
    }

    /// The token of a key. `EdDSA` is deterministic, so the same key always has the same token.
    ///
    /// # Errors
    /// [`InvalidToken`] if it cannot be signed.
    pub fn issue(&self, key: &ApiKey) -> Result<String, InvalidToken> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            jti: key.id,
            sub: key.tenant,
            cell: self.cell.clone(),
            mode: key.mode,
            scope: key.scopes.to_vec(),
            iat: key.created_at.unix_seconds(),
            nbf: key.valid_from.map(Timestamp::unix_seconds),
            exp: key.expires_at.unix_seconds(),
            ips: key.ip_ranges.to_vec(),
            sig: key.signing.clone(),
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
        let (cell, claims): (_, Claims) = self.opened(jws)?;
        let expires_at = Timestamp::from_unix_millis(claims.exp.saturating_mul(1000));
        let valid_from = Timestamp::from_unix_millis(claims.nbf.unwrap_or(claims.iat).saturating_mul(1000));
        let begun = claims.iat <= now.unix_seconds() && valid_from <= now;
        if claims.aud != AUDIENCE || claims.mode != mode || claims.cell != *cell || !begun || expires_at <= now {
            return Err(InvalidToken);
        }
        let Claims { jti: key, sub: tenant, cell, scope: scopes, ips: ip_ranges, sig: signing, .. } = claims;
        Ok(VerifiedKey { key, tenant, cell, scopes, valid_from, expires_at, ip_ranges, signing })
    }

    /// The cell that it issues for.
    #[must_use]
    pub const fn cell(&self) -> &CellName {
        &self.cell
    }

    /// A compact JWS (RFC 7515 §3.1) of other claims. They must have an `aud` of their own, by which nothing passes for a key.
    ///
    /// # Errors
    /// [`InvalidToken`] if it cannot be signed.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, InvalidToken> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(|_| InvalidToken)
    }

    /// The token by which this cell speaks to another for a tenant, for a minute.
    ///
    /// # Errors
    /// [`InvalidToken`] if it cannot be signed.
    pub fn issue_for_cell(&self, tenant: TenantId, now: Timestamp) -> Result<String, InvalidToken> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let iat = now.unix_seconds();
        let aud = CELL_AUDIENCE.to_owned();
        let claims = CellClaims { aud, iss: self.cell.clone(), sub: tenant, iat, exp: iat + CELL_TOKEN_SECONDS };
        let jws = jsonwebtoken::encode(&header, &claims, &self.signing).map_err(|_| InvalidToken)?;
        Ok(format!("{CELL_PREFIX}{jws}"))
    }

    /// Checks the token of another cell at `now`. Clocks may differ by as long as it is valid.
    ///
    /// # Errors
    /// [`InvalidToken`].
    pub fn verify_cell(&self, token: &str, now: Timestamp) -> Result<VerifiedCell, InvalidToken> {
        let jws = token.strip_prefix(CELL_PREFIX).filter(|_| token.len() <= MAX_TOKEN).ok_or(InvalidToken)?;
        let (cell, claims): (_, CellClaims) = self.opened(jws)?;
        let CellClaims { aud, iss, sub, iat, exp } = claims;
        let seconds = now.unix_seconds();
        let begun = iat.saturating_sub(CELL_TOKEN_SECONDS) <= seconds;
        let current = begun && exp > seconds && exp.saturating_sub(iat) <= CELL_TOKEN_SECONDS;
        if aud != CELL_AUDIENCE || iss != *cell || iss == self.cell || !current {
            return Err(InvalidToken);
        }
        Ok(VerifiedCell { cell: iss, tenant: sub })
    }
}

impl KeyRing {
    /// What a token says, and the cell whose key has signed it.
    pub(crate) fn opened<T: DeserializeOwned>(&self, jws: &str) -> Result<(&CellName, T), InvalidToken> {
        let (message, signature) = jws.rsplit_once('.').ok_or(InvalidToken)?;
        let (head, claims) = message.split_once('.').ok_or(InvalidToken)?;
        let Head { alg: Eddsa::EdDsa, kid, .. } = part(head)?;
        let (cell, key) = self.verifying.get(&kid).ok_or(InvalidToken)?;
        match crypto::verify(signature, message.as_bytes(), key, Algorithm::EdDSA) {
            Ok(true) => Ok((cell, part(claims)?)),
            _ => Err(InvalidToken),
        }
    }
}

/// A part of a token: JSON in base64url.
fn part<T: DeserializeOwned>(part: &str) -> Result<T, InvalidToken> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| InvalidToken)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| InvalidToken)?;
    json::from_str(text).map_err(|_| InvalidToken)
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

    fn seed(fill: u8) -> String {
        URL_SAFE_NO_PAD.encode([fill; 32])
    }

    fn named(cell: &str) -> CellName {
        CellName::try_from(cell.to_owned()).unwrap()
    }

    fn ring(fill: u8) -> KeyRing {
        KeyRing::new(cell(), &seed(fill), &CellKeys::new()).unwrap()
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
        named("eu")
    }

    #[test]
    fn a_token_says_what_the_key_may_do() {
        let token = ring(1).issue(&key()).unwrap();
        assert!(token.starts_with("rdr_test_"));
        assert_eq!(token, ring(1).issue(&key()).unwrap());
        let verified = ring(1).verify(&token, now()).unwrap();
        assert_eq!((verified.key, verified.tenant, verified.cell), (key().id, key().tenant, cell()));
        assert_eq!(verified.scopes, [Scope::ComplaintsRead]);
    }

    #[test]
    fn a_token_that_is_not_whole_and_current_is_refused() {
        let token = ring(1).issue(&key()).unwrap();
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
    fn every_cell_knows_the_others_tokens_and_vouches_for_itself_alone() {
        let cells = CellKeys::from([(named("eu"), vec![public_key(&seed(1)).unwrap()])]);
        let us = KeyRing::new(named("us"), &seed(2), &cells).unwrap();
        let from_eu = ring(1).issue(&key()).unwrap();
        assert_eq!(us.verify(&from_eu, now()).map(|key| key.cell), Ok(cell()));
        assert_eq!(ring(1).verify(&us.issue(&key()).unwrap(), now()), Err(InvalidToken), "eu does not know us");
        // Cell us signs a token that says it is from eu.
        let forger = KeyRing { cell: named("eu"), ..KeyRing::new(named("us"), &seed(2), &CellKeys::new()).unwrap() };
        let known = CellKeys::from([(named("us"), vec![public_key(&seed(2)).unwrap()])]);
        let eu = KeyRing::new(cell(), &seed(1), &known).unwrap();
        assert_eq!(eu.verify(&forger.issue(&key()).unwrap(), now()), Err(InvalidToken));
    }

    #[test]
    fn a_cell_speaks_for_itself_about_one_tenant_for_a_minute() {
        let cells = |named_cell: &str| CellKeys::from([(named(named_cell), vec![public_key(&seed(1)).unwrap()])]);
        let us = KeyRing::new(named("us"), &seed(2), &cells("eu")).unwrap();
        let tenant = key().tenant;
        let token = ring(1).issue_for_cell(tenant, now()).unwrap();
        assert!(token.starts_with(CELL_PREFIX));
        assert_eq!(us.verify_cell(&token, now()), Ok(VerifiedCell { cell: cell(), tenant }));
        assert!(us.verify_cell(&token, now().plus_millis(59_000)).is_ok());
        for millis in [60_000, -61_000] {
            assert_eq!(us.verify_cell(&token, now().plus_millis(millis)), Err(InvalidToken), "{millis}");
        }
        assert_eq!(ring(1).verify_cell(&token, now()), Err(InvalidToken), "a cell does not speak to itself");
        assert_eq!(ring(3).verify_cell(&token, now()), Err(InvalidToken), "nobody knows the key");
        let mistaken = KeyRing::new(named("us"), &seed(2), &cells("apac")).unwrap();
        assert_eq!(mistaken.verify_cell(&token, now()), Err(InvalidToken), "another cell's key has signed it");
        // Neither passes for the other.
        assert_eq!(us.verify(&token.replace(CELL_PREFIX, "rdr_live_"), now()), Err(InvalidToken));
        let api_key = ring(1).issue(&key()).unwrap().replace("rdr_test_", CELL_PREFIX);
        assert_eq!(us.verify_cell(&api_key, now()), Err(InvalidToken));
        for at in CELL_PREFIX.len()..token.len() - 1 {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(us.verify_cell(&altered, now()), Err(InvalidToken), "symbol {at}");
        }
    }

    #[test]
    fn a_cell_changes_its_seed_with_overlap() {
        let before = ring(1).issue(&key()).unwrap();
        let older = CellKeys::from([(cell(), vec![public_key(&seed(1)).unwrap()])]);
        let after = KeyRing::new(cell(), &seed(3), &older).unwrap();
        assert!(after.verify(&before, now()).is_ok());
        assert!(after.verify(&after.issue(&key()).unwrap(), now()).is_ok());
        assert_eq!(ring(3).verify(&before, now()), Err(InvalidToken), "once the old key is dropped");
        assert!(KeyRing::new(cell(), "short", &CellKeys::new()).is_err());
    }

    #[test]
    fn a_key_works_from_its_first_moment_and_from_its_addresses() {
        let new: NewKey = serde_json::from_value(json!({
            "name": "later", "scopes": [], "valid_from": "2026-11-21T00:00:00Z", "ip_ranges": ["203.0.113.0/24"]
        }))
        .unwrap();
        let later = ApiKey::issue(KeyId::new(now(), &[1; 10]), TenantId::new(now(), &[2; 10]), new, now()).unwrap();
        let token = ring(1).issue(&later).unwrap();
        let first: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        assert_eq!(ring(1).verify(&token, first.plus_millis(-1)), Err(InvalidToken));
        let verified = ring(1).verify(&token, first).unwrap();
        assert_eq!((verified.valid_from, verified.ip_ranges.len()), (first, 1));
    }

    #[test]
    fn the_largest_token_is_not_too_large() {
        let range = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128";
        let scopes = ["complaints:read", "complaints:write", "complaints:lead", "usage:read"];
        let new: NewKey = serde_json::from_value(json!({
            "name": "x".repeat(100), "scopes": scopes, "valid_from": "2026-11-21T00:00:00Z", "ip_ranges": vec![range; 20],
            "signing": { "alg": "ed25519", "public_key": public_key(&seed(9)).unwrap() }
        }))
        .unwrap();
        let largest = ApiKey::issue(KeyId::new(now(), &[1; 10]), TenantId::new(now(), &[2; 10]), new, now()).unwrap();
        let token =
            KeyRing::new(named("abcdefghijklmnop"), &seed(1), &CellKeys::new()).unwrap().issue(&largest).unwrap();
        assert!(token.len() <= MAX_TOKEN, "{}", token.len());
    }

    #[test]
    fn the_token_does_not_choose_the_algorithm() {
        let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = encode(json!({
            "aud": AUDIENCE, "jti": key().id, "sub": key().tenant, "cell": "eu", "mode": "test",
            "scope": ["complaints:read"], "iat": now().unix_seconds(), "exp": now().unix_seconds() + 60
        }));
        let kid = kid_of(&public_of(&[1; 32]));
        for alg in ["none", "HS256"] {
            let header = json!({ "alg": alg, "kid": kid, "typ": "JWT" });
            let unsigned = format!("rdr_test_{}.{claims}.", encode(header.clone()));
            assert_eq!(ring(1).verify(&unsigned, now()), Err(InvalidToken));
        }
        // HS256 with the public key as the secret: the classic confusion.
        let public = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes();
        let message = format!("{}.{claims}", encode(json!({ "alg": "HS256", "kid": kid, "typ": "JWT" })));
        let mut mac = Hmac::<Sha256>::new_from_slice(&public).unwrap();
        mac.update(message.as_bytes());
        let confused = format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        assert_eq!(ring(1).verify(&format!("rdr_test_{confused}"), now()), Err(InvalidToken));
    }

    #[test]
    fn a_header_that_asks_for_more_is_refused_though_it_is_signed() {
        let ring = ring(1);
        let token = ring.issue(&key()).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        let signed = |header: serde_json::Value| {
            let message = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
            let signature = crypto::sign(message.as_bytes(), &ring.signing, Algorithm::EdDSA).unwrap();
            format!("rdr_test_{message}.{signature}")
        };
        let plain = json!({ "alg": "EdDSA", "kid": ring.kid, "typ": "JWT" });
        assert!(ring.verify(&signed(plain.clone()), now()).is_ok());
        for (name, value) in
            [("crit", json!(["exp"])), ("b64", json!(false)), ("jwk", json!({})), ("typ", json!("JOSE"))]
        {
            let mut header = plain.clone();
            header[name] = value;
            assert_eq!(ring.verify(&signed(header), now()), Err(InvalidToken), "{name}");
        }
    }
}
