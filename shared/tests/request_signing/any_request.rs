//! A signed request verifies; any change to what is signed makes it fail; no header text makes the reading panic.

use crate::request::{Head, NOW, Signed, Signer, digest_of, key_id, serve, sign};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::{collection::vec, prelude::*, sample::Index};
use shared::sign::{content_digest::ContentDigest, http_message::MessageSignature, refusal::Refusal};

#[derive(Clone, Debug)]
struct Request {
    head: Head,
    body: Vec<u8>,
    components: String,
    created: i64,
    life: i64,
    nonce: String,
    signer: Signer,
}

impl Request {
    fn params(&self) -> String {
        let Self { created, life, nonce, .. } = self;
        format!(r#";created={created};expires={};nonce="{nonce}";keyid="{}""#, created + life, key_id())
    }

    fn input(&self) -> String {
        format!("sig1={}{}", self.components, self.params())
    }

    fn sign(&self) -> Signed {
        sign(&self.head, &self.components, &self.params(), self.signer)
    }
}

prop_compose! {
    fn request()(
        method in prop_oneof![Just("POST"), Just("PUT"), Just("PATCH"), Just("DELETE"), Just("GET")],
        path in "(/[a-z0-9%._~-]{1,9}){1,4}",
        query in proptest::option::of("[a-z0-9=&%+._-]{0,20}"),
        host in "[a-z]{1,8}\\.example(:[0-9]{2,4})?",
        note in "[ -~]{0,30}",
        key in "[!#-\\[\\]-~]{1,40}",
        body in vec(any::<u8>(), 0..60),
        order in Just(vec!["@method", "@target-uri", "content-digest", "idempotency-key", "x-note", "@path"]).prop_shuffle(),
        (created, life) in (0_i64..=60).prop_flat_map(|ahead| (Just(NOW + ahead), 1_i64..=300)),
        nonce in "[!#-\\[\\]-~]{16,128}",
        signer in prop_oneof![Just(Signer::Ed25519), Just(Signer::Hmac)],
    ) -> Request {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let head = Head { method: method.to_owned(), target_uri: format!("https://{host}{path}{query}"), fields: Vec::new() }
            .with("Content-Digest", digest_of(&body))
            .with("Idempotency-Key", key)
            .with("X-Note", note);
        let components = format!("({})", order.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" "));
        Request { head, body, components, created, life, nonce, signer }
    }
}

/// Another character in one place.
fn altered(text: &str, at: Index) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len());
    bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_verifies_and_what_is_changed_does_not(request in request(), at in any::<Index>(), bit in 0_u32..8) {
        let Request { head, body, signer, .. } = &request;
        let signed = request.sign();
        let served = |head: &Head, body: &[u8], signed: &Signed| serve(head, body, signed, *signer).map(|_| ());
        prop_assert_eq!(served(head, body, &signed), Ok(()));

        let method = Head { method: altered(&head.method, at), ..head.clone() };
        let uri = Head { target_uri: altered(&head.target_uri, at), ..head.clone() };
        let note = head.clone().with("X-Note", format!("{}!", head.fields[2].1));
        let key = head.clone().with("Idempotency-Key", altered(&head.fields[1].1, at));
        let two_notes = Head { fields: [head.fields.clone(), vec![("x-note".to_owned(), String::new())]].concat(), ..head.clone() };
        for changed in [method, note, key, two_notes] {
            prop_assert_eq!(served(&changed, body, &signed), Err(Refusal::Mismatch));
        }
        // One that is no absolute URI any more has no path to cover.
        let refused = served(&uri, body, &signed);
        prop_assert!(matches!(refused, Err(Refusal::Mismatch | Refusal::Absent(_))), "{refused:?}");
        let other_body = [body.as_slice(), b" "].concat();
        prop_assert_eq!(served(head, &other_body, &signed), Err(Refusal::Digest));
        let other_digest = head.clone().with("Content-Digest", digest_of(&other_body));
        prop_assert_eq!(served(&other_digest, &other_body, &signed), Err(Refusal::Mismatch));

        // Within the rules, so that only the signature can tell.
        let shorter = if request.life == 1 { 2 } else { request.life - 1 };
        let others = [
            Request { created: request.created + 1 - 2 * i64::from(request.created == NOW + 60), ..request.clone() },
            Request { life: shorter, ..request.clone() },
            Request { nonce: altered(&request.nonce, at), ..request.clone() },
        ];
        for other in others {
            let other = Signed { input: other.input(), ..signed.clone() };
            prop_assert!(served(head, body, &other) == Err(Refusal::Mismatch) || served(head, body, &other) == Err(Refusal::Expired));
        }
        let id = key_id().to_string();
        let other_key = Signed { input: signed.input.replace(&id, &altered(&id, at)), ..signed.clone() };
        if other_key.input != signed.input {
            prop_assert_eq!(served(head, body, &other_key), Err(Refusal::KeyId));
        }

        let text = signed.signature.strip_prefix("sig1=:").and_then(|rest| rest.strip_suffix(':')).unwrap();
        let mut bytes = STANDARD.decode(text).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        let flipped = Signed { signature: format!("sig1=:{}:", STANDARD.encode(&bytes)), ..signed.clone() };
        prop_assert_eq!(served(head, body, &flipped), Err(Refusal::Mismatch));
        let short = Signed { signature: format!("sig1=:{}:", STANDARD.encode(&bytes[1..])), ..signed };
        prop_assert_eq!(served(head, body, &short), Err(Refusal::Mismatch));
    }

    #[test]
    fn any_change_to_the_input_is_refused(request in request(), at in any::<Index>(), to in 0x20_u8..0x7f) {
        let signed = request.sign();
        let mut input = signed.input.clone().into_bytes();
        let at = at.index(input.len());
        prop_assume!(input[at] != to);
        input[at] = to;
        let changed = Signed { input: String::from_utf8(input).unwrap(), ..signed };
        // The label is not signed (RFC 9421 §4), but `Signature` has no other.
        prop_assert!(serve(&request.head, &request.body, &changed, request.signer).is_err(), "{}", changed.input);
    }

    #[test]
    fn reading_never_panics(
        input in prop_oneof![".{0,80}", "[a-c=();:\"@, 0-9.?*-]{0,80}", r#"(s[12]=\("@?[a-z-]{0,9}"(;name="[a-z%]{0,5}")?\)(;[a-z]{1,7}=(-?[0-9]{1,15}|"[a-z]{0,5}"))?(, )?){0,4}"#],
        signature in prop_oneof![".{0,80}", "(s[12]=:[A-Za-z0-9+/=]{0,8}:(, )?){0,4}"],
        digest in prop_oneof![".{0,80}", "(sha-(256|512)=:[A-Za-z0-9+/=]{0,8}:(, )?){0,3}"],
        uri in prop_oneof![".{0,40}", "[a-z:/?#&=%+@\\[\\].0-9]{0,40}"],
        note in ".{0,10}",
    ) {
        let head = Head { method: String::new(), target_uri: uri, fields: vec![("a".to_owned(), note)] };
        if let Ok(signature) = MessageSignature::parse(&input, &signature, "a") {
            let base = signature.base(|component| component.value_in(&head)).unwrap_or_default();
            prop_assert!(base.is_ascii(), "{}", base);
        }
        if let Ok(digest) = ContentDigest::parse(&digest) {
            prop_assert!(!digest.is_of(b"not this one"));
        }
        let component = |name: &str| MessageSignature::parse(&format!("s=({name})"), "s=:AA==:", "").unwrap();
        for name in [r#""@path""#, r#""@query""#, r#""@authority""#, r#""@scheme""#, r#""@request-target""#, r#""@query-param";name="a""#] {
            if let Ok(base) = component(name).base(|component| component.value_in(&head)) {
                prop_assert!(base.is_ascii() && base.lines().count() == 2, "{}", base);
            }
        }
    }
}
