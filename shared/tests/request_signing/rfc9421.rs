//! RFC 9421 Appendix B: every base is that of the RFC, and every signature of the RFC verifies over ours.

use crate::request::Head;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ed25519_dalek::{Signer as _, SigningKey as PrivateKey};
use ring::signature as ring;
use serde::Deserialize;
use shared::sign::{
    http_message::MessageSignature,
    refusal::Refusal,
    request_key::{HmacKey, PublicKey, Verifier},
};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Appendix {
    keys: BTreeMap<String, serde_json::Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    section: String,
    alg: String,
    message: Message,
    signature_input: String,
    signature: String,
    base: Vec<String>,
    verifies: bool,
}

#[derive(Deserialize)]
struct Message {
    /// There for the one response.
    status: Option<String>,
    #[serde(flatten)]
    head: Head,
}

fn appendix() -> Appendix {
    serde_json::from_str(include_str!("rfc9421.json")).unwrap()
}

impl Appendix {
    fn key(&self, alg: &str, member: &str) -> Vec<u8> {
        let text = self.keys[alg][member].as_str().unwrap();
        URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD.decode(text)).unwrap()
    }

    /// Checks with code of others what the Worker cannot check, and with ours what it can.
    fn verifies(&self, alg: &str, base: &[u8], signature: &[u8]) -> bool {
        let key = |member| self.key(alg, member);
        match alg {
            "rsa-pss-sha512" => ring::RsaPublicKeyComponents { n: key("n"), e: key("e") }
                .verify(&ring::RSA_PSS_2048_8192_SHA512, base, signature)
                .is_ok(),
            "ecdsa-p256-sha256" => {
                let point = [vec![4], key("x"), key("y")].concat();
                ring::UnparsedPublicKey::new(&ring::ECDSA_P256_SHA256_FIXED, point).verify(base, signature).is_ok()
            }
            "ed25519" => {
                let public = PublicKey::from_bytes(&key("x").try_into().unwrap()).unwrap();
                Verifier::Ed25519(public).verify(base, signature)
            }
            "hmac-sha256" => Verifier::HmacSha256(self.hmac_key()).verify(base, signature),
            other => panic!("{other}"),
        }
    }

    fn hmac_key(&self) -> HmacKey {
        HmacKey::new(&<[u8; 64]>::try_from(self.key("hmac-sha256", "k")).unwrap())
    }
}

impl Case {
    fn signature(&self) -> MessageSignature {
        MessageSignature::parse(&self.signature_input, &self.signature, "").unwrap()
    }

    fn base(&self) -> Result<String, Refusal> {
        self.signature().base(|component| match (component.name(), &self.message.status) {
            ("@status", Some(status)) => Ok(status.clone()),
            _ => component.value_in(&self.message.head),
        })
    }
}

#[test]
fn every_base_is_that_of_the_rfc() {
    let cases = appendix().cases;
    assert_eq!(cases.len(), 13);
    for case in cases {
        assert_eq!(case.base().unwrap(), case.base.join("\n"), "{}", case.section);
    }
}

#[test]
fn every_signature_of_the_rfc_verifies_over_our_base() {
    let appendix = appendix();
    for case in &appendix.cases {
        let (base, signature) = (case.base().unwrap(), case.signature());
        let verifies = |base: &str, bytes: &[u8]| appendix.verifies(&case.alg, base.as_bytes(), bytes);
        assert_eq!(verifies(&base, signature.bytes()), case.verifies, "{}", case.section);
        assert!(!verifies(&format!("{base} "), signature.bytes()), "{}", case.section);
        let mut altered = signature.bytes().to_vec();
        altered[7] ^= 1;
        assert!(!verifies(&base, &altered), "{}", case.section);
        assert!(!verifies(&base, &altered[1..]), "{}", case.section);
    }
}

#[test]
fn deterministic_signatures_are_made_byte_for_byte() {
    let appendix = appendix();
    let seed: [u8; 32] = appendix.key("ed25519", "d").try_into().unwrap();
    let mut made = 0;
    for case in appendix.cases.iter().filter(|case| case.verifies) {
        let base = case.base().unwrap();
        let ours = match case.alg.as_str() {
            "ed25519" => PrivateKey::from_bytes(&seed).sign(base.as_bytes()).to_bytes().to_vec(),
            "hmac-sha256" => appendix.hmac_key().sign(base.as_bytes()).to_vec(),
            _ => continue,
        };
        made += 1;
        assert_eq!(ours, case.signature().bytes(), "{}", case.section);
    }
    assert_eq!(made, 6);
}

#[test]
fn a_response_component_is_not_one_of_a_request() {
    let case = appendix().cases.into_iter().find(|case| case.section == "B.2.4").unwrap();
    let refused = case.signature().base(|component| component.value_in(&case.message.head));
    assert_eq!(refused, Err(Refusal::Component("\"@status\"".to_owned())));
}

/// The examples of §2.1 and §2.2: a component of a request, and its line.
#[test]
fn derived_components_and_fields_are_those_of_the_rfc() {
    let head = |method: &str, uri: &str, fields: &[(&str, &str)]| Head {
        method: method.to_owned(),
        target_uri: uri.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let line = |head: &Head, component: &str| {
        let input = format!("a=({component})");
        let base = MessageSignature::parse(&input, "a=:AA==:", "").unwrap().base(|component| component.value_in(head));
        base.map(|base| base.lines().next().unwrap().to_owned())
    };
    let uri = "https://www.example.com/path?param=value&foo=bar&baz=batman";
    let coded = "https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=";
    for (uri, component, expected) in [
        (uri, r#""@method""#, r#""@method": GET"#),
        (uri, r#""@target-uri""#, r#""@target-uri": https://www.example.com/path?param=value&foo=bar&baz=batman"#),
        ("HTTPS://WWW.Example.com:443/", r#""@authority""#, r#""@authority": www.example.com"#),
        ("http://example.com:80", r#""@authority""#, r#""@authority": example.com"#),
        ("https://example.com:80/", r#""@authority""#, r#""@authority": example.com:80"#),
        ("https://[::1]:8443/", r#""@authority""#, r#""@authority": [::1]:8443"#),
        ("HTTP://a/", r#""@scheme""#, r#""@scheme": http"#),
        (uri, r#""@request-target""#, r#""@request-target": /path?param=value&foo=bar&baz=batman"#),
        ("https://a/b#c?d", r#""@request-target""#, r#""@request-target": /b"#),
        (uri, r#""@path""#, r#""@path": /path"#),
        ("https://a", r#""@path""#, r#""@path": /"#),
        ("https://a?b", r#""@path""#, r#""@path": /"#),
        ("https://a/%2e%2E/b", r#""@path""#, r#""@path": /%2e%2E/b"#),
        (uri, r#""@query""#, r#""@query": ?param=value&foo=bar&baz=batman"#),
        ("https://a/path?queryString", r#""@query""#, r#""@query": ?queryString"#),
        ("https://a/path", r#""@query""#, r#""@query": ?"#),
        (uri, r#""@query-param";name="baz""#, r#""@query-param";name="baz": batman"#),
        (
            coded,
            r#""@query-param";name="var""#,
            r#""@query-param";name="var": this%20is%20a%20big%0Amultiline%20value"#,
        ),
        (coded, r#""@query-param";name="bar""#, r#""@query-param";name="bar": with%20plus%20whitespace"#),
        (
            coded,
            r#""@query-param";name="fa%C3%A7ade%22%3A%20""#,
            r#""@query-param";name="fa%C3%A7ade%22%3A%20": something"#,
        ),
        (coded, r#""@query-param";name="qux""#, r#""@query-param";name="qux": "#),
    ] {
        assert_eq!(line(&head("GET", uri, &[]), component).as_deref(), Ok(expected), "{uri}");
    }
    let fields = [("Cache-Control", " max-age=60 "), ("X-Empty", ""), ("Cache-Control", "\t  must-revalidate")];
    let head = head("GET", uri, &fields);
    assert_eq!(line(&head, r#""cache-control""#).as_deref(), Ok(r#""cache-control": max-age=60, must-revalidate"#));
    assert_eq!(line(&head, r#""x-empty""#).as_deref(), Ok(r#""x-empty": "#));
    let absent = |component: &str| Err(Refusal::Absent(component.to_owned()));
    assert_eq!(line(&head, r#""x-absent""#), absent(r#""x-absent""#));
    assert_eq!(line(&head, r#""@query-param";name="quux""#), absent(r#""@query-param";name="quux""#));
    let twice = Head { target_uri: "https://a/?b=1&b=2".to_owned(), ..head.clone() };
    assert_eq!(line(&twice, r#""@query-param";name="b""#), absent(r#""@query-param";name="b""#));
    let relative = Head { target_uri: "/b".to_owned(), ..head };
    assert_eq!(line(&relative, r#""@path""#), absent(r#""@path""#));
}
