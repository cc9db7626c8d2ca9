//! Every rule of the profile has a request that breaks it and no other.

use crate::request::{BODY, COVERED, Head, NOW, Signed, Signer, digest_of, get, key_id, params, post, serve, sign};
use shared::sign::{
    http_message::{MAX_COMPONENTS, MAX_HEADER, MAX_SIGNATURES, MessageSignature},
    refusal::Refusal,
    request_profile::PROFILE,
};

const SIGNERS: [Signer; 2] = [Signer::Ed25519, Signer::Hmac];
const GET_COVERED: &str = r#"("@method" "@target-uri")"#;

/// Signs correctly whatever is asked for, and has it served.
fn outcome(head: &Head, body: &[u8], components: &str, params: &str) -> Result<(), Refusal> {
    let [one, other] = SIGNERS.map(|signer| serve(head, body, &sign(head, components, params, signer), signer));
    assert_eq!(one, other, "the rules do not depend on the algorithm");
    one.map(|_| ())
}

fn with_params(params: &str) -> Result<(), Refusal> {
    outcome(&post(), BODY, COVERED, params)
}

fn with_components(components: &str) -> Result<(), Refusal> {
    outcome(&post(), BODY, components, &params())
}

fn headers(input: &str, signature: &str) -> Result<(), Refusal> {
    MessageSignature::parse(input, signature, &key_id().to_string()).map(|_| ())
}

#[test]
fn a_request_that_keeps_every_rule_is_served() {
    for signer in SIGNERS {
        let verified = serve(&post(), BODY, &sign(&post(), COVERED, &params(), signer), signer).unwrap();
        assert_eq!(verified.nonce, "0123456789abcdef");
        assert_eq!(verified.expires_at.unix_millis(), (NOW + 300) * 1_000);
    }
    assert_eq!(outcome(&get(), b"", GET_COVERED, &params()), Ok(()));
    // More than is asked for, in another order, and a parameter nobody knows.
    let more = r#"("content-type" "idempotency-key" "@authority" "content-digest" "@target-uri" "@method")"#;
    assert_eq!(outcome(&post(), BODY, more, &format!(r#"{};tag="crm";x=?1"#, params())), Ok(()));
}

#[test]
fn unsigned() {
    for (input, signature) in [("", ""), ("", "sig1=:AA==:"), ("sig1=()", "")] {
        assert_eq!(headers(input, signature), Err(Refusal::Unsigned));
    }
}

#[test]
fn too_large() {
    let (input, signature) = (format!("sig1={COVERED}{}", params()), "sig1=:AA==:");
    assert_eq!(headers(&input, signature), Ok(()));
    let padded = |header: &str, length: usize| format!("{header}{}", " ".repeat(length - header.len()));
    assert_eq!(headers(&padded(&input, MAX_HEADER), &padded(signature, MAX_HEADER)), Ok(()));
    assert_eq!(headers(&padded(&input, MAX_HEADER + 1), signature), Err(Refusal::TooLarge));
    assert_eq!(headers(&input, &padded(signature, MAX_HEADER + 1)), Err(Refusal::TooLarge));
    let others = |count: usize, value: &str| (0..count).map(|at| format!(", s{at}={value}")).collect::<String>();
    let full = MAX_SIGNATURES - 1;
    assert_eq!(
        headers(&(input.clone() + &others(full, "()")), &(signature.to_owned() + &others(full, ":AA==:"))),
        Ok(())
    );
    assert_eq!(headers(&(input.clone() + &others(full + 1, "()")), signature), Err(Refusal::TooLarge));
    assert_eq!(headers(&input, &(signature.to_owned() + &others(full + 1, ":AA==:"))), Err(Refusal::TooLarge));
    let covering = |count: usize| format!("s=({})", (0..count).map(|at| format!("\"x-{at}\" ")).collect::<String>());
    assert_eq!(headers(&covering(MAX_COMPONENTS), "s=:AA==:"), Ok(()));
    assert_eq!(headers(&covering(MAX_COMPONENTS + 1), "s=:AA==:"), Err(Refusal::TooLarge));
    let text = Refusal::TooLarge.to_string();
    for limit in [MAX_HEADER, MAX_SIGNATURES, MAX_COMPONENTS] {
        assert!(text.contains(&limit.to_string()), "{text}");
    }
}

#[test]
fn malformed() {
    for input in ["sig1", "sig1=1", "sig1=(\"@method\"", "sig1=(), sig2=x", "SIG=()", "sig1=();=", "é"] {
        assert_eq!(headers(input, "sig1=:AA==:"), Err(Refusal::Malformed("Signature-Input")), "{input}");
    }
    for signature in ["sig1=AA==", "sig1", "sig1=\"AA==\"", "sig1=()", "sig1=:*:", "=:AA==:"] {
        assert_eq!(headers("sig1=()", signature), Err(Refusal::Malformed("Signature")), "{signature}");
    }
    let head = post().with("Content-Digest", "sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=");
    assert_eq!(outcome(&head, BODY, COVERED, &params()), Err(Refusal::Malformed("Content-Digest")));
}

/// Of several signatures the caller's is taken, wherever it stands.
#[test]
fn ambiguous() {
    for signer in SIGNERS {
        let ours = sign(&post(), COVERED, &params(), signer);
        let proxy = r#"proxy=("@authority");created=1;keyid="someone-else""#;
        for (first, second) in [(ours.input.as_str(), proxy), (proxy, ours.input.as_str())] {
            let signed =
                Signed { input: format!("{first}, {second}"), signature: format!("proxy=:AA==:, {}", ours.signature) };
            assert_eq!(serve(&post(), BODY, &signed, signer).map(|_| ()), Ok(()));
        }
        let twice = Signed {
            input: format!("{}, {}", ours.input, ours.input.replace("sig1", "sig2")),
            signature: format!("{}, {}", ours.signature, ours.signature.replace("sig1", "sig2")),
        };
        assert_eq!(serve(&post(), BODY, &twice, signer), Err(Refusal::Ambiguous));
        let none_ours = Signed { input: format!("{proxy}, {}", proxy.replace("proxy", "sig1")), ..ours };
        assert_eq!(serve(&post(), BODY, &none_ours, signer), Err(Refusal::KeyId));
    }
}

#[test]
fn no_such_label() {
    assert_eq!(headers("sig1=()", "sig2=:AA==:"), Err(Refusal::NoSuchLabel));
}

#[test]
fn component() {
    for component in [
        r#""content-digest";sf"#,
        r#""content-digest";bs"#,
        r#""content-digest";key="sha-256""#,
        r#""content-digest";tr"#,
        r#""@method";req"#,
        r#""@query-param""#,
        r#""@query-param";name"#,
        r#""@query-param";name="a";req"#,
        r#""@method";name="a""#,
        r#""@signature-params""#,
        r#""@status""#,
        r#""@unheard-of""#,
        r#""Content-Type""#,
        r#""content type""#,
        r#""""#,
        r#""@""#,
        "token",
        "1",
    ] {
        let covered = COVERED.replace(')', &format!(" {component})"));
        assert_eq!(with_components(&covered), Err(Refusal::Component(component.to_owned())));
    }
}

#[test]
fn duplicate() {
    let twice = COVERED.replace(')', r#" "@method")"#);
    assert_eq!(with_components(&twice), Err(Refusal::Duplicate(r#""@method""#.to_owned())));
    let param = r#""@query-param";name="dry_run""#;
    assert_eq!(with_components(&COVERED.replace(')', &format!(" {param})"))), Ok(()));
    let twice = COVERED.replace(')', &format!(" {param} {param})"));
    assert_eq!(with_components(&twice), Err(Refusal::Duplicate(param.to_owned())));
}

#[test]
fn absent() {
    for name in ["Content-Digest", "Idempotency-Key"] {
        let identifier = format!("\"{}\"", name.to_ascii_lowercase());
        assert_eq!(outcome(&post().without(name), BODY, COVERED, &params()), Err(Refusal::Absent(identifier)));
    }
}

#[test]
fn not_ascii() {
    for value in ["é", "a\nb", "a\r\n\"@method\": GET", "\0", "\u{7f}"] {
        let head = post().with("X-Note", value);
        let covered = COVERED.replace(')', r#" "x-note")"#);
        assert_eq!(
            outcome(&head, BODY, &covered, &params()),
            Err(Refusal::NotAscii("\"x-note\"".to_owned())),
            "{value:?}"
        );
    }
    let head = Head { target_uri: "https://eu.redress.example/é".to_owned(), ..post() };
    assert_eq!(outcome(&head, BODY, COVERED, &params()), Err(Refusal::NotAscii("\"@target-uri\"".to_owned())));
}

#[test]
fn not_covered() {
    for name in ["@method", "@target-uri", "content-digest", "idempotency-key"] {
        let rest = COVERED.replace(&format!("\"{name}\""), "").replace("  ", " ");
        assert_eq!(with_components(&rest), Err(Refusal::NotCovered(name)));
    }
    let keyless = post().without("Idempotency-Key");
    let covered = GET_COVERED.replace(')', r#" "content-digest")"#);
    assert_eq!(outcome(&keyless, BODY, &covered, &params()), Err(Refusal::NotCovered("idempotency-key")));
    // A bodiless write needs the digest too, and whoever sends a key must sign it.
    for method in ["PUT", "PATCH"] {
        let head = Head { method: method.to_owned(), ..get() };
        assert_eq!(outcome(&head, b"", GET_COVERED, &params()), Err(Refusal::NotCovered("content-digest")));
        let covered = GET_COVERED.replace(')', r#" "content-digest")"#);
        assert_eq!(outcome(&head.with("Content-Digest", digest_of(b"")), b"", &covered, &params()), Ok(()));
    }
    let keyed = Head { method: "DELETE".to_owned(), ..get() }.with("Idempotency-Key", "k");
    assert_eq!(outcome(&keyed, b"", GET_COVERED, &params()), Err(Refusal::NotCovered("idempotency-key")));
    // A body that the method does not lead to expect.
    assert_eq!(outcome(&get(), BODY, GET_COVERED, &params()), Err(Refusal::NotCovered("content-digest")));
    let unsigned_digest = get().with("Content-Digest", digest_of(BODY));
    assert_eq!(outcome(&unsigned_digest, BODY, GET_COVERED, &params()), Err(Refusal::NotCovered("content-digest")));
}

#[test]
fn key_of_another() {
    let id = key_id().to_string();
    for params in [
        params().replace(&id, &id.to_uppercase()),
        params().replace(&format!("\"{id}\""), "abc"),
        params().replace(";keyid=", ";key="),
    ] {
        assert_eq!(with_params(&params), Err(Refusal::KeyId), "{params}");
    }
}

#[test]
fn algorithm() {
    for (signer, own, other) in [(Signer::Ed25519, "ed25519", "hmac-sha256"), (Signer::Hmac, "hmac-sha256", "ed25519")]
    {
        let with_alg = |alg: &str| {
            let signed = sign(&post(), COVERED, &format!("{};alg={alg}", params()), signer);
            serve(&post(), BODY, &signed, signer).map(|_| ())
        };
        assert_eq!(with_alg(&format!("\"{own}\"")), Ok(()));
        for alg in [format!("\"{other}\""), own.to_owned(), "\"none\"".to_owned(), "\"\"".to_owned()] {
            assert_eq!(with_alg(&alg), Err(Refusal::Algorithm), "{alg}");
        }
    }
}

fn times(created: i64, expires: i64) -> Result<(), Refusal> {
    let params = params().replace(&format!("created={NOW}"), &format!("created={created}"));
    with_params(&params.replace(&format!("expires={}", NOW + 300), &format!("expires={expires}")))
}

#[test]
fn created() {
    let created = format!(";created={NOW}");
    for instead in ["", ";created", ";created=\"1\"", ";created=1.5"] {
        assert_eq!(with_params(&params().replace(&created, instead)), Err(Refusal::Created), "{instead}");
    }
}

#[test]
fn created_in_future() {
    assert_eq!(times(NOW + 60, NOW + 61), Ok(()));
    assert_eq!(times(NOW + 61, NOW + 62), Err(Refusal::CreatedInFuture));
    assert_eq!(times(999_999_999_999_999, 999_999_999_999_999), Err(Refusal::CreatedInFuture));
    assert!(Refusal::CreatedInFuture.to_string().contains(&PROFILE.max_skew.to_string()));
}

#[test]
fn expires() {
    let expires = format!(";expires={}", NOW + 300);
    for instead in ["", ";expires", ";expires=\"1\"", ";expires=1795176100.5"] {
        assert_eq!(with_params(&params().replace(&expires, instead)), Err(Refusal::Expires), "{instead}");
    }
    for (created, expires) in
        [(NOW, NOW), (NOW, NOW - 1), (NOW, NOW + 301), (-999_999_999_999_999, 999_999_999_999_999)]
    {
        assert_eq!(times(created, expires), Err(Refusal::Expires), "{created} {expires}");
    }
    assert!(Refusal::Expires.to_string().contains(&PROFILE.max_life.to_string()));
}

#[test]
fn expired() {
    assert_eq!(times(NOW - 299, NOW + 1), Ok(()));
    assert_eq!(times(NOW - 300, NOW), Err(Refusal::Expired));
    assert_eq!(times(-10, -1), Err(Refusal::Expired));
}

#[test]
fn nonce() {
    let with_nonce = |nonce: &str| with_params(&params().replace(";nonce=\"0123456789abcdef\"", nonce));
    for length in [16, 128] {
        assert_eq!(with_nonce(&format!(";nonce=\"{}\"", "n".repeat(length))), Ok(()));
    }
    for nonce in [format!(";nonce=\"{}\"", "n".repeat(15)), format!(";nonce=\"{}\"", "n".repeat(129)), String::new()] {
        assert_eq!(with_nonce(&nonce), Err(Refusal::Nonce), "{nonce}");
    }
    assert_eq!(with_nonce(";nonce=token-of-sufficient-length"), Err(Refusal::Nonce));
    for limit in [PROFILE.nonce.start(), PROFILE.nonce.end()] {
        assert!(Refusal::Nonce.to_string().contains(&limit.to_string()));
    }
}

#[test]
fn mismatch() {
    for (signer, other) in [(Signer::Ed25519, Signer::Hmac), (Signer::Hmac, Signer::Ed25519)] {
        let signed = sign(&post(), COVERED, &params(), other);
        assert_eq!(serve(&post(), BODY, &signed, signer), Err(Refusal::Mismatch));
        let empty = Signed { signature: "sig1=::".to_owned(), ..signed };
        assert_eq!(serve(&post(), BODY, &empty, signer), Err(Refusal::Mismatch));
    }
}

#[test]
fn no_sha_256() {
    let head = post().with("Content-Digest", "sha-512=:AA==:");
    assert_eq!(outcome(&head, BODY, COVERED, &params()), Err(Refusal::NoSha256));
}

#[test]
fn digest() {
    assert_eq!(outcome(&post(), b"{}", COVERED, &params()), Err(Refusal::Digest));
    assert_eq!(outcome(&post(), b"", COVERED, &params()), Err(Refusal::Digest));
}
