//! `docs/request-signing.md` says what the code does: its example is computed anew, its errors are the code's.

use crate::request::Head;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ed25519_dalek::{Signer as _, SigningKey as PrivateKey};
use shared::{
    ids::KeyId,
    sign::{
        http_message::MessageSignature,
        refusal::Refusal,
        request_key::{HmacKey, RequestSecrets, SigningKey, Verifier},
        request_profile::PROFILE,
    },
    time::Timestamp,
};

const PAGE: &str = include_str!("../../../docs/request-signing.md");

/// The fenced blocks of a language, in the page's order.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.split(&fence).skip(1).map(|rest| rest.split_once("\n```").unwrap().0).collect()
}

/// What stands between the first `before` and the next backtick.
fn quoted(before: &str) -> &'static str {
    PAGE.split_once(before).unwrap().1.split_once('`').unwrap().0
}

#[test]
fn the_example_is_right() {
    let [http, ed25519_line] = blocks("http").try_into().unwrap();
    let [base] = blocks("text").try_into().unwrap();
    let (head, body) = http.split_once("\n\n").unwrap();
    let (request_line, fields) = head.split_once('\n').unwrap();
    let fields: Vec<_> = fields.lines().map(|line| line.split_once(": ").unwrap()).collect();
    let field = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).unwrap().1;
    let [method, path, _] = request_line.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let head = Head {
        method: method.to_owned(),
        target_uri: format!("https://{}{path}", field("Host")),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };

    let id: KeyId = quoted("With the key `").parse().unwrap();
    let secret: [u8; 32] = URL_SAFE_NO_PAD.decode(quoted("the secret `rdr_sign_")).unwrap().try_into().unwrap();
    let seed: [u8; 32] = URL_SAFE_NO_PAD.decode(quoted("With the seed `")).unwrap().try_into().unwrap();
    let ed25519: SigningKey = serde_json::from_str(quoted("registered as\n`")).unwrap();
    let unused = RequestSecrets::from_base64url(&URL_SAFE_NO_PAD.encode([0; 32])).unwrap();

    let made = [
        HmacKey::new(&secret).sign(base.as_bytes()).to_vec(),
        PrivateKey::from_bytes(&seed).sign(base.as_bytes()).to_bytes().to_vec(),
    ];
    let verifiers = [Verifier::HmacSha256(HmacKey::new(&secret)), ed25519.verifier(id, &unused)];
    let shown = [field("Signature"), ed25519_line.strip_prefix("Signature: ").unwrap()];
    for ((shown, made), verifier) in shown.into_iter().zip(made).zip(verifiers) {
        assert_eq!(shown, format!("sig1=:{}:", STANDARD.encode(made)));
        let signature = MessageSignature::parse(field("Signature-Input"), shown, &id.to_string()).unwrap();
        assert_eq!(signature.base(|component| component.value_in(&head)).as_deref(), Ok(base));
        let now = Timestamp::from_unix_millis(signature.integer("created").unwrap() * 1_000);
        let verified = PROFILE.check(&head, &signature, id, &verifier, now).unwrap();
        assert_eq!(verified.check_body(body.as_bytes()), Ok(()));
    }
}

/// Every refusal has its line, with an ellipsis for what it names, and there are no others.
#[test]
fn the_page_lists_every_refusal() {
    const NAMED: &str = "…";
    let every = [
        Refusal::Unsigned,
        Refusal::TooLarge,
        Refusal::Malformed(NAMED),
        Refusal::Ambiguous,
        Refusal::NoSuchLabel,
        Refusal::Component(NAMED.to_owned()),
        Refusal::Duplicate(NAMED.to_owned()),
        Refusal::Absent(NAMED.to_owned()),
        Refusal::NotAscii(NAMED.to_owned()),
        Refusal::NotCovered(NAMED),
        Refusal::KeyId,
        Refusal::Algorithm,
        Refusal::Created,
        Refusal::CreatedInFuture,
        Refusal::Expires,
        Refusal::Expired,
        Refusal::Nonce,
        Refusal::Mismatch,
        Refusal::NoSha256,
        Refusal::Digest,
    ];
    let (_, table) = PAGE.split_once("| `detail` | What to do |\n|---|---|\n").unwrap();
    let listed: Vec<_> = table.lines().map(|line| line.split(" | ").next().unwrap().trim_start_matches("| ")).collect();
    assert_eq!(listed, every.each_ref().map(ToString::to_string));
    let mut rules = every.each_ref().map(Refusal::rule);
    rules.sort_unstable();
    assert!(rules.windows(2).all(|pair| pair[0] != pair[1]), "{rules:?}");
    // A new kind does not compile here: it belongs in the list above and on the page.
    for refusal in every {
        match refusal {
            Refusal::Unsigned | Refusal::TooLarge | Refusal::Malformed(_) | Refusal::Ambiguous => {}
            Refusal::NoSuchLabel | Refusal::Component(_) | Refusal::Duplicate(_) | Refusal::Absent(_) => {}
            Refusal::NotAscii(_) | Refusal::NotCovered(_) | Refusal::KeyId | Refusal::Algorithm => {}
            Refusal::Created | Refusal::CreatedInFuture | Refusal::Expires | Refusal::Expired => {}
            Refusal::Nonce | Refusal::Mismatch | Refusal::NoSha256 | Refusal::Digest => {}
        }
    }
}

/// The texts, the page and the code have the same numbers.
#[test]
fn the_page_names_the_limits() {
    let (skew, life, nonce) = (PROFILE.max_skew, PROFILE.max_life, PROFILE.nonce);
    for words in [
        format!("up to {skew} seconds ahead"),
        format!("1 to {life} seconds after `created`"),
        format!("{} to {} characters, never used before", nonce.start(), nonce.end()),
    ] {
        assert!(PAGE.contains(&words), "{words}");
    }
}
