//! A request as the signature sees it, the two kinds of signers, and a request that keeps every rule.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey as PrivateKey};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use shared::{
    ids::KeyId,
    sign::{
        http_message::{MessageSignature, RequestHead},
        refusal::Refusal,
        request_key::{HmacKey, PublicKey, Verifier},
        request_profile::{PROFILE, Verified},
    },
    time::Timestamp,
};
use std::borrow::Cow;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Head {
    #[serde(default)]
    pub(crate) method: String,
    #[serde(default)]
    pub(crate) target_uri: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl RequestHead for Head {
    fn method(&self) -> &str {
        &self.method
    }

    fn target_uri(&self) -> &str {
        &self.target_uri
    }

    fn field_lines(&self, name: &str) -> Vec<Cow<'_, str>> {
        let named = self.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        named.map(|(_, value)| Cow::Borrowed(value.as_str())).collect()
    }
}

impl Head {
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| !field.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn with(self, name: &str, value: impl Into<String>) -> Self {
        let mut head = self.without(name);
        head.fields.push((name.to_owned(), value.into()));
        head
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Signer {
    Ed25519,
    Hmac,
}

impl Signer {
    const SEED: [u8; 32] = [9; 32];

    pub(crate) fn sign(self, base: &str) -> Vec<u8> {
        match self {
            Self::Ed25519 => PrivateKey::from_bytes(&Self::SEED).sign(base.as_bytes()).to_bytes().to_vec(),
            Self::Hmac => HmacKey::new(&Self::SEED).sign(base.as_bytes()).to_vec(),
        }
    }

    pub(crate) fn verifier(self) -> Verifier {
        let public = PrivateKey::from_bytes(&Self::SEED).verifying_key().to_bytes();
        match self {
            Self::Ed25519 => Verifier::Ed25519(PublicKey::from_bytes(&public).unwrap()),
            Self::Hmac => Verifier::HmacSha256(HmacKey::new(&Self::SEED)),
        }
    }
}

pub(crate) const NOW: i64 = 1_795_176_000;
pub(crate) const BODY: &[u8] = br#"{"summary":"Charged twice"}"#;
pub(crate) const COVERED: &str = r#"("@method" "@target-uri" "content-digest" "idempotency-key")"#;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_millis(NOW * 1_000)
}

pub(crate) fn key_id() -> KeyId {
    KeyId::new(Timestamp::from_unix_millis(1_700_000_000_000), &[3; 10])
}

pub(crate) fn digest_of(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

pub(crate) fn post() -> Head {
    Head {
        method: "POST".to_owned(),
        target_uri: "https://eu.redress.example/v1/complaints?dry_run=false".to_owned(),
        fields: vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("Content-Digest".to_owned(), digest_of(BODY)),
            ("Idempotency-Key".to_owned(), "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"".to_owned()),
        ],
    }
}

pub(crate) fn get() -> Head {
    Head { method: "GET".to_owned(), fields: Vec::new(), ..post() }
}

/// Parameters that keep every rule.
pub(crate) fn params() -> String {
    format!(r#";created={NOW};expires={};nonce="0123456789abcdef";keyid="{}""#, NOW + 300, key_id())
}

/// The texts of the two headers.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) input: String,
    pub(crate) signature: String,
}

/// Signs as a client does, with whatever covered components and parameters: also such as break a rule.
pub(crate) fn sign(head: &Head, components: &str, params: &str, signer: Signer) -> Signed {
    let input = format!("sig1={components}{params}");
    let signed =
        |bytes: &[u8]| Signed { input: input.clone(), signature: format!("sig1=:{}:", STANDARD.encode(bytes)) };
    let unsigned = signed(&[]);
    let base = MessageSignature::parse(&unsigned.input, &unsigned.signature, "")
        .and_then(|signature| signature.base(|component| component.value_in(head)));
    // What cannot be read cannot be signed: the test is then about the reading.
    base.map_or(unsigned, |base| signed(&signer.sign(&base)))
}

/// Everything the server does with a signed request.
pub(crate) fn serve(head: &Head, body: &[u8], signed: &Signed, signer: Signer) -> Result<Verified, Refusal> {
    let signature = MessageSignature::parse(&signed.input, &signed.signature, &key_id().to_string())?;
    let verified = PROFILE.check(head, &signature, key_id(), &signer.verifier(), now())?;
    verified.check_body(body).map(|()| verified)
}
