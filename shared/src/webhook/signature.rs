//! Signatures of messages (Standard Webhooks, "Webhook signatures"): `v1`, HMAC-SHA256 with a shared secret, and `v1a`, Ed25519 with a key
//! pair of the endpoint, so that a receiver chooses.
//!
//! No key is stored. Each is derived from the master secret of request signing, the endpoint and the number of the rotation; the master
//! is the same in all cells, so signatures stay valid when a tenant moves.

use crate::{
    ids::EndpointId,
    sign::request_key::{HmacKey, RequestSecrets},
    time::Timestamp,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;

/// Sets these keys apart from whatever else is derived from the same master.
const SECRET_PURPOSE: &str = "redress webhook secret v1";
const KEY_PAIR_PURPOSE: &str = "redress webhook key pair v1";

/// What an endpoint's messages are signed with between two rotations. `Debug` does not show it.
pub struct Keys {
    secret: [u8; 32],
    pair: SigningKey,
}

impl Keys {
    /// Those of an endpoint after so many rotations; the first are number 1.
    #[must_use]
    pub fn of(secrets: &RequestSecrets, endpoint: EndpointId, generation: u32) -> Self {
        let of = format!(" {endpoint} {generation}");
        let derived = |purpose: &str| secrets.derived(&[purpose.as_bytes(), of.as_bytes()]);
        Self { secret: derived(SECRET_PURPOSE), pair: SigningKey::from_bytes(&derived(KEY_PAIR_PURPOSE)) }
    }

    /// The shared secret as the firm gets it: `whsec_` and base64.
    #[must_use]
    pub fn secret(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.secret))
    }

    /// The public half of the key pair: `whpk_` and base64.
    #[must_use]
    pub fn public(&self) -> String {
        format!("whpk_{}", STANDARD.encode(self.pair.verifying_key().to_bytes()))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// The header `webhook-signature`: a signature of each kind by each of these keys. `id` is `webhook-id` and `timestamp` is
/// `webhook-timestamp`, in seconds since 1970.
#[must_use]
pub fn header(keys: &[Keys], id: &str, timestamp: i64, body: &str) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    let secret = |keys: &Keys| v1(&HmacKey::new(&keys.secret), signed.as_bytes());
    let pair = |keys: &Keys| format!("v1a,{}", STANDARD.encode(keys.pair.sign(signed.as_bytes()).to_bytes()));
    let all: Vec<String> = keys.iter().map(secret).chain(keys.iter().map(pair)).collect();
    all.join(" ")
}

/// How far the clocks of two ends may be apart, in seconds: what is older may be a repetition.
const TOLERANCE: i64 = 300;

/// Whether a message to us is signed with `secret`, and not long ago: its `webhook-id`, `webhook-timestamp` and `webhook-signature`, of
/// which one of the signatures `v1` must be right. Compared in constant time.
#[must_use]
pub fn is_signed(secret: &str, [id, timestamp, signatures]: [&str; 3], body: &str, now: Timestamp) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret));
    let Some(key) = key.ok().filter(|key| !key.is_empty()).and_then(|key| Hmac::<Sha256>::new_from_slice(&key).ok())
    else {
        return false;
    };
    let recent = timestamp.parse::<i64>().is_ok_and(|at| now.unix_seconds().abs_diff(at) <= TOLERANCE.unsigned_abs());
    let signed = format!("{id}.{timestamp}.{body}");
    let is_right = |signature: &str| {
        let Some(Ok(tag)) = signature.strip_prefix("v1,").map(|text| STANDARD.decode(text)) else { return false };
        key.clone().chain_update(signed.as_bytes()).verify_slice(&tag).is_ok()
    };
    recent && signatures.split(' ').any(is_right)
}

fn v1(key: &HmacKey, signed: &[u8]) -> String {
    format!("v1,{}", STANDARD.encode(key.sign(signed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signature, VerifyingKey};

    fn secrets() -> RequestSecrets {
        RequestSecrets::from_base64url("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
    }

    fn id(of: u8) -> EndpointId {
        EndpointId::new(Timestamp::MIN, &[of; 10])
    }

    /// The specification's own, as its libraries test it.
    #[test]
    fn the_specifications_vector_comes_out() {
        let secret: [u8; 24] = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap().try_into().unwrap();
        let sign = |signed: &str| v1(&HmacKey::new(&secret), signed.as_bytes());
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#), expected);
        for other in [
            r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265331.{"test": 2432232314}"#,
            r#"msg_p5jXN8AQM9LWM0D4loKWxJel.1614265330.{"test": 2432232314}"#,
            r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test":2432232314}"#,
        ] {
            assert_ne!(sign(other), expected, "{other}");
        }
    }

    #[test]
    fn what_comes_in_is_signed_with_the_secret_and_not_long_ago() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let head = ["msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", signature];
        let body = r#"{"test": 2432232314}"#;
        let at = |seconds: i64| Timestamp::from_unix_millis((1_614_265_330 + seconds) * 1_000);
        for seconds in [-300, 0, 300] {
            assert!(is_signed(secret, head, body, at(seconds)), "{seconds}");
        }
        let others = format!("v1,AAAA v2,x {signature} v1a,y");
        assert!(is_signed(secret, [head[0], head[1], &others], body, at(0)));
        assert!(!is_signed(secret, head, body, at(301)) && !is_signed(secret, head, body, at(-301)));
        assert!(!is_signed(secret, head, "{}", at(0)));
        assert!(!is_signed(secret, ["msg_2", head[1], head[2]], body, at(0)));
        for secret in ["", "whsec_", "whsec_?", "whsec_AAAA"] {
            assert!(!is_signed(secret, head, body, at(0)), "{secret}");
        }
        for signatures in ["", "v1,", "v1a,g0hM9SsE", "v1"] {
            assert!(!is_signed(secret, [head[0], head[1], signatures], body, at(0)), "{signatures}");
        }
    }

    #[test]
    fn a_message_is_signed_by_all_keys_in_both_ways() {
        let keys = [Keys::of(&secrets(), id(1), 2), Keys::of(&secrets(), id(1), 1)];
        let header = header(&keys, "msg_1", 1_614_265_330, "{}");
        let signatures: Vec<&str> = header.split(' ').collect();
        assert_eq!(signatures.len(), 4);
        let signed = b"msg_1.1614265330.{}";
        for (keys, (first, second)) in keys.iter().zip(signatures[..2].iter().zip(&signatures[2..])) {
            let secret = STANDARD.decode(keys.secret().strip_prefix("whsec_").unwrap()).unwrap();
            let secret: [u8; 32] = secret.try_into().unwrap();
            assert_eq!(*first, v1(&HmacKey::new(&secret), signed));
            let public = STANDARD.decode(keys.public().strip_prefix("whpk_").unwrap()).unwrap();
            let public = VerifyingKey::from_bytes(&public.try_into().unwrap()).unwrap();
            let signature = STANDARD.decode(second.strip_prefix("v1a,").unwrap()).unwrap();
            let signature = Signature::from_slice(&signature).unwrap();
            assert!(public.verify_strict(signed, &signature).is_ok());
            assert!(public.verify_strict(b"msg_1.1614265330.{ }", &signature).is_err());
        }
    }

    #[test]
    fn keys_differ_by_endpoint_and_rotation_and_are_the_same_again() {
        let of = |endpoint, generation| {
            let keys = Keys::of(&secrets(), id(endpoint), generation);
            [keys.secret(), keys.public()]
        };
        assert_eq!(of(1, 1), of(1, 1));
        let mut all: Vec<String> = [of(1, 1), of(1, 2), of(2, 1)].concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6);
        assert_eq!(format!("{:?}", Keys::of(&secrets(), id(1), 1)), "Keys");
    }
}
