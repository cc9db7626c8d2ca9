//! Signed requests: what is signed is done, and nothing else is; a signature serves once, in whichever isolate.

use crate::{
    bulk,
    client::{Answer, Client, STACK, unused},
    eventually::within,
    firm::{Firm, complaint},
    import::{NDJSON, lines, rows},
    isolation::{NOWHERE, ask, operations},
    keys::{IN_FORCE, now},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use shared::{chain::Digest, sign::request_key::HmacKey};
use std::process::Command;
use xtask::{
    checkout,
    stack::{Options, Stack},
};

/// What a tenant's system signs with.
enum Secret {
    Ed25519(SigningKey),
    Hmac(HmacKey),
}

impl Secret {
    fn sign(&self, base: &str) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(base.as_bytes()).to_bytes().to_vec(),
            Self::Hmac(key) => key.sign(base.as_bytes()).to_vec(),
        }
    }
}

/// A key that signs, and the system that holds it.
pub(crate) struct Signer {
    id: String,
    api: Client,
    base_url: String,
    secret: Secret,
}

/// The seed of the tests' Ed25519 key.
const SEED: [u8; 32] = [7; 32];

impl Signer {
    pub(crate) fn ed25519(firm: &Firm, base_url: &str) -> Self {
        let key = SigningKey::from_bytes(&SEED);
        let public = BASE64URL.encode(key.verifying_key().to_bytes());
        let issued = firm.issue(json!({ "signing": { "alg": "ed25519", "public_key": public } }));
        assert_eq!(issued.body["signing_secret"], Value::Null, "only the tenant has the private key");
        Self::holding(firm, &issued, Secret::Ed25519(key), base_url)
    }

    pub(crate) fn hmac(firm: &Firm, base_url: &str) -> Self {
        let issued = firm.issue(json!({ "signing": { "alg": "hmac-sha256" } }));
        let secret = Secret::Hmac(hmac_key(issued.text_of("signing_secret")));
        Self::holding(firm, &issued, secret, base_url)
    }

    fn holding(firm: &Firm, issued: &Answer, secret: Secret, base_url: &str) -> Self {
        let (id, base_url) = (issued.id().to_owned(), base_url.to_owned());
        Self { id, api: firm.client(issued).at(&base_url), base_url, secret }
    }

    /// A new complaint, to be signed.
    pub(crate) fn intake(&self) -> Draft {
        self.draft("POST", "/v1/complaints", Some(&complaint(json!({}))))
    }

    fn draft(&self, method: &str, path: &str, body: Option<&Value>) -> Draft {
        let created = now().unix_seconds();
        let mut draft = Draft {
            method: method.to_owned(),
            url: format!("{}{path}", self.base_url),
            path: path.to_owned(),
            headers: Vec::new(),
            body: body.map(|body| body.to_string().into_bytes()),
            uncovered: Vec::new(),
            created: Some(created),
            expires: Some(created + 300),
            nonce: Some(format!("{}-nonce-nonce", unused())),
            keyid: self.id.clone(),
            more: String::new(),
        };
        if method == "POST" {
            draft.set("idempotency-key", &format!("\"{}\"", unused()));
        }
        if let Some(body) = &draft.body {
            let digest = digest_of(body);
            draft.set("content-digest", &digest);
        }
        draft
    }

    pub(crate) fn send(&self, draft: &Draft) -> Answer {
        self.sign(draft).send(&self.api)
    }

    fn sign(&self, draft: &Draft) -> Sent {
        draft.signed_with(&self.secret)
    }
}

fn hmac_key(text: &str) -> HmacKey {
    let secret = text.strip_prefix("rdr_sign_").expect("a signing secret");
    let bytes: [u8; 32] = BASE64URL.decode(secret).expect("base64url").try_into().expect("32 bytes");
    HmacKey::new(&bytes)
}

fn digest_of(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(Digest::of(body).as_bytes()))
}

/// A request before it is signed: what a client may get wrong.
#[derive(Clone)]
pub(crate) struct Draft {
    method: String,
    url: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    /// Components that are left out of the signature.
    uncovered: Vec<&'static str>,
    created: Option<i64>,
    expires: Option<i64>,
    nonce: Option<String>,
    keyid: String,
    /// Further parameters.
    more: String,
}

impl Draft {
    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(held, _)| held != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        changed.nonce = Some(format!("{}-nonce-nonce", unused()));
        change(&mut changed);
        changed
    }

    fn header(&self, name: &str, value: &str) -> Self {
        self.with(|draft| draft.set(name, value))
    }

    fn signed_with(&self, secret: &Secret) -> Sent {
        let derived = [("@method", self.method.as_str()), ("@target-uri", self.url.as_str())];
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let values: Vec<_> =
            derived.into_iter().chain(headers).filter(|(name, _)| !self.uncovered.contains(name)).collect();
        let covered: Vec<String> = values.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let number = |name: &str, value: Option<i64>| value.map(|value| format!(";{name}={value}")).unwrap_or_default();
        let nonce = self.nonce.iter().map(|nonce| format!(";nonce=\"{nonce}\"")).collect::<String>();
        let params = format!(
            "({}){}{}{nonce};keyid=\"{}\"{}",
            covered.join(" "),
            number("created", self.created),
            number("expires", self.expires),
            self.keyid,
            self.more
        );
        let lines: Vec<String> = values.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        let base = format!("{}\n\"@signature-params\": {params}", lines.join("\n"));
        let mut headers = self.headers.clone();
        headers.push(("signature-input".to_owned(), format!("sig1={params}")));
        headers.push(("signature".to_owned(), format!("sig1=:{}:", BASE64.encode(secret.sign(&base)))));
        Sent { method: self.method.clone(), path: self.path.clone(), headers, body: self.body.clone() }
    }
}

/// A request as it is sent: what somebody on the way may change.
#[derive(Clone)]
struct Sent {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Sent {
    fn altered(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(held, _)| held != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn replace_in_input(&mut self, from: &str, to: &str) {
        let (_, input) = self.headers.iter_mut().find(|(name, _)| name == "signature-input").expect("it is signed");
        *input = input.replace(from, to);
    }

    fn send(&self, api: &Client) -> Answer {
        let call = api.call(&self.method, &self.path);
        let call = self.headers.iter().fold(call, |call, (name, value)| call.header(name, value));
        let content_type = self.headers.iter().find(|(name, _)| name == "content-type");
        let content_type = content_type.map_or("application/json", |(_, value)| value);
        match &self.body {
            Some(body) => call.bytes(content_type, body.clone()).send(),
            None => call.send(),
        }
    }
}

/// That it was refused, by this rule.
#[track_caller]
fn refused(answer: &Answer, rule: &str) {
    assert_eq!(
        (answer.status, answer.body["code"].as_str()),
        (401, Some("signature_refused")),
        "{rule}: {}",
        answer.text
    );
    assert_eq!(answer.text_of("detail"), rule);
}

const UNSIGNED: &str = "the request must be signed: send Signature-Input and Signature";
const MISMATCH: &str = "the signature does not match the request";
const REPLAYED: &str = "the nonce was used before: sign anew with another";

/// Two firms' signers, one of each kind.
fn signers() -> [(Firm, Signer); 2] {
    let (first, second) = (Firm::new(), Firm::new());
    let (ed25519, hmac) = (Signer::ed25519(&first, &STACK.base_url), Signer::hmac(&second, &STACK.base_url));
    [(first, ed25519), (second, hmac)]
}

#[test]
fn a_signed_import_is_the_one_that_was_signed() {
    let rows = rows(3).join("\n");
    for (firm, signer) in signers() {
        let upload = |body: &str| {
            let mut draft = signer.draft("POST", "/v1/complaints:import", None);
            draft.set("content-digest", &digest_of(body.as_bytes()));
            draft.set("content-type", NDJSON);
            draft.body = Some(body.as_bytes().to_vec());
            draft
        };
        let forged = signer.sign(&upload(&rows)).altered(|sent| sent.body = Some(format!("{rows}\n{{}}").into_bytes()));
        refused(&forged.send(&signer.api), "Content-Digest does not match the body");
        let listed = || firm.api.get("/v1/complaints").expect(200).data().len();
        assert_eq!(listed(), 0, "nothing was written before the whole body was checked");
        let (done, summary) = lines(&signer.send(&upload(&rows)).expect(200));
        assert_eq!((done.len(), &summary["created"], listed()), (3, &json!(3), 3));
    }
}

#[test]
fn what_is_signed_is_done() {
    for (firm, signer) in signers() {
        let logged = signer.send(&signer.intake()).expect(201);
        let path = format!("/v1/complaints/{}", logged.id());
        assert_eq!(signer.api.get(&path).expect(200).text, logged.text, "reads need no signature");
        signer.api.get("/v1/complaints?limit=5").expect(200);

        let command = signer.draft("POST", &format!("{path}/acknowledge"), Some(&json!({})));
        let acknowledged = signer.send(&command.header("if-match", "\"v1\"")).expect(200);
        assert_eq!(acknowledged.version(), 2);
        let taking = json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 60 });
        let lock = signer.send(&signer.draft("PUT", &format!("{path}/lock"), Some(&taking))).expect(200);
        let release = signer.draft("DELETE", &format!("{path}/lock"), None);
        signer.send(&release.header("redress-lock", &lock.body["token"].to_string())).expect(204);

        // A retry is signed anew, and does nothing twice.
        let intake = signer.intake();
        let first = signer.send(&intake).expect(201);
        let again = signer.send(&intake.with(|_| {})).expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
        // More may be covered than must be, and the algorithm named.
        let alg = match signer.secret {
            Secret::Ed25519(_) => "ed25519",
            Secret::Hmac(_) => "hmac-sha256",
        };
        let more = signer.intake().header("content-type", "application/json");
        signer.send(&more.with(|draft| draft.more = format!(";alg=\"{alg}\";tag=\"x\""))).expect(201);
        // The other key of the firm does not sign, and need not.
        firm.log(json!({}));
        assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 4);
    }
}

#[test]
fn every_write_must_be_signed_and_no_read() {
    for (firm, signer) in signers() {
        let lead = firm.issue(json!({
            "scopes": ["complaints:read", "complaints:write", "complaints:lead", "usage:read", "staff:manage", "scim",
                "access-log:read", "tenant:manage"],
            "signing": { "alg": "hmac-sha256" }
        }));
        let api = firm.client(&lead);
        let logged = firm.log(json!({}));
        let other = firm.log(json!({}));
        let view = firm.view("");
        let endpoint = firm.endpoint(json!({}));
        let job = bulk::finished(&firm.api);
        let mut writes = 0;
        for (method, template, operation) in operations() {
            if operation["security"][0].get("tenant").is_none() {
                continue;
            }
            let id = match template {
                _ if template.starts_with("/v1/views") => view.id(),
                _ if template.starts_with("/v1/bulk") => &job,
                _ if template.starts_with("/v1/webhook-endpoints") => endpoint.id(),
                _ => logged.id(),
            };
            let path = template
                .replace("{id}", id)
                .replace("{letter}", NOWHERE)
                .replace("{attachment}", NOWHERE)
                .replace("{upload}", NOWHERE);
            let path = path.replace("{kind}/{language}/{brand}", "update/en-GB/firm").replace("{key}", NOWHERE);
            let unsigned = ask(&api, &method, template, &path, other.id());
            if method == "GET" {
                // There is no such letter, template, attachment, upload, mail, person nor team, and the tenant has no test clock.
                let named =
                    ["{letter}", "{brand}", "{attachment}", "{upload}"].iter().any(|part| template.contains(part));
                // Whoever does not ask for a socket gets none.
                let elsewhere = ["/v1/test-clock", "/v1/live"].contains(&template);
                let none = ["/v1/inbound-mails/{id}", "/v1/people/{id}", "/v1/teams/{id}", "/scim/v2/"];
                let is_there = !named && !elsewhere && !none.iter().any(|begin| template.starts_with(begin));
                assert!(unsigned.status == 200 || !is_there, "{template}: {}", unsigned.text);
                continue;
            }
            refused(&unsigned, UNSIGNED);
            assert_eq!(unsigned.header("www-authenticate"), Some("Bearer"), "{method} {template}");
            writes += 1;
            // Signed, but with another's key.
            let body = (method != "DELETE").then(|| json!({}));
            let draft = signer.draft(&method, &path, body.as_ref()).with(|draft| draft.keyid = lead.id().to_owned());
            refused(&signer.sign(&draft).send(&api), MISMATCH);
        }
        assert!(writes >= 20, "only {writes} writes of tenants are described");
        assert_eq!(firm.api.get(logged.path()).expect(200).text, logged.text, "nothing was done");
        assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 2);
    }
}

/// A file is signed by its hash, and nothing of one that is another stays.
#[test]
fn a_signed_file_is_the_one_that_was_signed() {
    for (firm, signer) in signers() {
        let logged = firm.log(json!({}));
        let path = format!("{}/attachments?name=note.txt", logged.path());
        let sent = signer.sign(&signer.draft("POST", &path, Some(&json!({ "note": "true" }))));
        let other = sent.altered(|sent| sent.body = Some(br#"{"note":"fals"}"#.to_vec()));
        assert_eq!(other.send(&signer.api).problem(401, "signature_refused").status, 401);
        assert_eq!(firm.api.get(logged.path()).expect(200).version(), 1);
        let added = signer.send(&signer.draft("POST", &path, Some(&json!({ "note": "true" })))).expect(200);
        assert_eq!(added.body["attachments"][0]["media_type"], "text/plain");
    }
}

impl Answer {
    /// The path of the complaint that was logged.
    fn path(&self) -> &str {
        self.header("location").expect("a location")
    }
}

#[test]
fn what_was_changed_on_the_way_is_refused() {
    for (firm, signer) in signers() {
        let logged = signer.send(&signer.intake()).expect(201);
        let command = || signer.draft("POST", &format!("{}/close", logged.path()), Some(&json!({})));
        let other = complaint(json!({ "description": "Another text." })).to_string().into_bytes();
        let digest = "Content-Digest does not match the body";
        let intake = || signer.sign(&signer.intake());
        let on_v1 = || signer.sign(&command().header("if-match", "\"v1\""));
        let changed = [
            ("the body", intake().altered(|sent| sent.body = Some(other.clone())), digest),
            (
                "a space in the body",
                intake().altered(|sent| sent.body.iter_mut().for_each(|body| body.push(b' '))),
                digest,
            ),
            (
                "body and digest",
                intake().altered(|sent| {
                    sent.set("content-digest", &digest_of(&other));
                    sent.body = Some(other.clone());
                }),
                MISMATCH,
            ),
            ("the digest", intake().altered(|sent| sent.set("content-digest", &digest_of(b"other"))), MISMATCH),
            (
                "the method",
                on_v1().altered(|sent| sent.method = "PUT".to_owned()).altered(|sent| {
                    sent.path = format!("{}/lock", logged.path());
                }),
                MISMATCH,
            ),
            ("the path", on_v1().altered(|sent| sent.path = format!("{}/acknowledge", logged.path())), MISMATCH),
            ("the query", intake().altered(|sent| sent.path.push_str("?x=1")), MISMATCH),
            ("the idempotency key", intake().altered(|sent| sent.set("idempotency-key", &unused())), MISMATCH),
            ("a header that is covered", on_v1().altered(|sent| sent.set("if-match", "*")), MISMATCH),
            ("the host", intake().altered(|sent| sent.set("host", "redress.example")), MISMATCH),
            ("the parameters", intake().altered(|sent| sent.replace_in_input("nonce=\"", "nonce=\"x")), MISMATCH),
            (
                "a component less",
                intake().altered(|sent| sent.replace_in_input(" \"content-digest\"", "")),
                "the signature must cover content-digest",
            ),
            ("no signature", intake().altered(|sent| sent.headers.retain(|(name, _)| name != "signature")), UNSIGNED),
            ("no input", intake().altered(|sent| sent.headers.retain(|(name, _)| name != "signature-input")), UNSIGNED),
            (
                "the digest is gone",
                intake().altered(|sent| sent.headers.retain(|(name, _)| name != "content-digest")),
                "the request does not have the covered component \"content-digest\" exactly once",
            ),
        ];
        for (what, sent, rule) in changed {
            println!("{what}");
            refused(&sent.send(&signer.api), rule);
        }
        assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 1, "nothing was done");
        assert_eq!(firm.api.get(logged.path()).expect(200).version(), 1);
        signer.send(&command().header("if-match", "\"v1\"")).problem(409, "illegal_move");
    }
}

#[test]
fn a_signature_that_keeps_not_to_the_rules_is_refused() {
    for (firm, signer) in signers() {
        let intake = || signer.intake();
        let at = |created: i64, expires: i64| {
            let now = now().unix_seconds();
            intake().with(|draft| (draft.created, draft.expires) = (Some(now + created), Some(now + expires)))
        };
        let expires = "expires must be there, in seconds since 1970, and 1 to 300 after created";
        let nonce = "nonce must be there and have 16 to 128 characters";
        let alg = "alg must be left out, or be the algorithm the key was registered with";
        let wrong = [
            ("expired", at(-301, -1), "the signature has expired"),
            ("good for too long", at(0, 302), expires),
            ("good for no time", at(0, 0), expires),
            ("good for less than no time", at(0, -10), expires),
            ("made in the future", at(120, 200), "created must not be more than 60 seconds in the future"),
            ("never made", intake().with(|draft| draft.created = None), "created must be there, in seconds since 1970"),
            ("never expires", intake().with(|draft| draft.expires = None), expires),
            ("no nonce", intake().with(|draft| draft.nonce = None), nonce),
            ("a short nonce", intake().with(|draft| draft.nonce = Some("x".repeat(15))), nonce),
            ("a long nonce", intake().with(|draft| draft.nonce = Some("x".repeat(129))), nonce),
            (
                "another's keyid",
                intake().with(|draft| draft.keyid = unused()),
                "keyid must be the id of the API key that the request is sent with",
            ),
            ("another algorithm", intake().with(|draft| draft.more = ";alg=\"rsa-pss-sha512\"".to_owned()), alg),
            (
                "the method is not covered",
                intake().with(|draft| draft.uncovered.push("@method")),
                "the signature must cover @method",
            ),
            (
                "the URL is not covered",
                intake().with(|draft| draft.uncovered.push("@target-uri")),
                "the signature must cover @target-uri",
            ),
            (
                "the body is not covered",
                intake().with(|draft| draft.uncovered.push("content-digest")),
                "the signature must cover content-digest",
            ),
            (
                "the idempotency key is not covered",
                intake().with(|draft| draft.uncovered.push("idempotency-key")),
                "the signature must cover idempotency-key",
            ),
        ];
        for (what, draft, rule) in wrong {
            println!("{what}");
            refused(&signer.send(&draft), rule);
        }
        // The algorithm of the other kind of key, with which the text of this one's key would be a secret.
        let kinds = [("hmac-sha256", HmacKey::new(SigningKey::from_bytes(&SEED).verifying_key().as_bytes()))];
        for (alg_of_other, key) in kinds {
            if matches!(signer.secret, Secret::Ed25519(_)) {
                let draft = intake().with(|draft| draft.more = format!(";alg=\"{alg_of_other}\""));
                refused(&draft.signed_with(&Secret::Hmac(key.clone())).send(&signer.api), alg);
                refused(&intake().signed_with(&Secret::Hmac(key)).send(&signer.api), MISMATCH);
            }
        }
        assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 0, "nothing was done");
        signer.send(&at(30, 60)).expect(201);
        signer.send(&intake().with(|draft| draft.nonce = Some("y".repeat(16)))).expect(201);
        signer.send(&intake().with(|draft| draft.nonce = Some("z".repeat(128)))).expect(201);
    }
}

/// Not by another isolate either, and not after the runtime died.
#[test]
fn a_nonce_serves_once() {
    let mut stack = Stack::start(Options::temporary().second_isolate_of("local")).expect("a stack starts");
    let firm = Firm::on(&crate::own_stack::operator(&stack), json!({}));
    let (first, second) = (stack.inner_url().to_owned(), stack.second_isolate().expect("a second isolate").to_owned());
    let host = first.strip_prefix("http://").expect("a URL").to_owned();
    // The very same bytes, in another isolate too: what they were signed for is in `Host`.
    let resent = |sent: &Sent, url: &str, signer: &Signer| {
        sent.altered(|sent| sent.headers.push(("host".to_owned(), host.clone()))).send(&signer.api.at(url))
    };
    let signers = [Signer::ed25519(&firm, &first), Signer::hmac(&firm, &first)];
    let (mut done, mut logged) = (Vec::new(), 0);
    for signer in &signers {
        for (here, there) in [(&first, &second), (&second, &first)] {
            let draft = signer.intake();
            let sent = signer.sign(&draft);
            resent(&sent, here, signer).expect(201);
            logged += 1;
            for url in [here, there, here] {
                refused(&resent(&sent, url, signer), REPLAYED);
            }
            let mut same_nonce = signer.intake();
            same_nonce.nonce.clone_from(&draft.nonce);
            refused(&resent(&signer.sign(&same_nonce), there, signer), REPLAYED);
            // A nonce is each key's own.
            let other = Signer::hmac(&firm, &first);
            let mut of_other = other.intake();
            of_other.nonce = draft.nonce;
            resent(&other.sign(&of_other), there, &other).expect(201);
            logged += 1;
            done.push((signer, sent));
        }
        // At the same moment, in both: one is done.
        let sent = signer.sign(&signer.intake());
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let (sent, resent) = (&sent, &resent);
            let urls = (0..8).map(|n| [&first, &second][n % 2]);
            let threads: Vec<_> = urls.map(|url| scope.spawn(move || resent(sent, url, signer).status)).collect();
            threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
        });
        logged += 1;
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 7, "{statuses:?}");
        done.push((signer, sent));
    }

    stack.kill();
    stack.restart().expect("the stack starts again on what reached the disk");
    for url in [stack.inner_url(), stack.second_isolate().expect("a second isolate")] {
        for (signer, sent) in &done {
            refused(&resent(sent, url, signer), REPLAYED);
        }
    }
    let api = firm.api.at(stack.inner_url());
    assert_eq!(api.get("/v1/complaints").expect(200).data().len(), logged);
}

#[test]
fn a_tenant_can_want_every_write_signed() {
    let firm = Firm::new();
    let path = firm.logged();
    let signer = Signer::ed25519(&firm, &STACK.base_url);
    let want = |signed_writes: bool| {
        let version = firm.operator.get(&firm.path("")).expect(200).version();
        let patch = firm
            .operator
            .call("PATCH", &firm.path(""))
            .if_match(version)
            .json(&json!({ "signed_writes": signed_writes }));
        assert_eq!(patch.send().expect(200).body["signed_writes"], signed_writes);
    };
    want(true);
    let write = || firm.api.post("/v1/complaints", &complaint(json!({})));
    let answer = within(IN_FORCE, "it is refused", || Some(write()).filter(|answer| answer.status != 201));
    refused(&answer, "the tenant wants every write signed: use a key that was issued with `signing`");
    firm.give(&path, "acknowledge", json!({})).problem(401, "signature_refused");
    firm.api
        .call("PUT", &format!("{path}/lock"))
        .json(&json!({ "holder": { "id": "a", "name": "A" } }))
        .send()
        .problem(401, "signature_refused");
    assert_eq!(firm.api.get(&path).expect(200).version(), 1);
    signer.send(&signer.intake()).expect(201);
    refused(&signer.api.post("/v1/complaints", &complaint(json!({}))), UNSIGNED);
    want(false);
    within(IN_FORCE, "it is done", || (write().status == 201).then_some(()));
}

#[test]
fn a_key_that_signs_is_rotated() {
    let firm = Firm::new();
    let signer = Signer::hmac(&firm, &STACK.base_url);
    let rotate =
        |key: &str, body: Value| firm.operator.post(&firm.path(&format!("/keys/{key}/rotate")), &body).expect(201);
    let second = rotate(&signer.id, json!({ "overlap_hours": 1 }));
    assert_eq!(second.body["signing"], json!({ "alg": "hmac-sha256" }));
    let successor =
        Signer::holding(&firm, &second, Secret::Hmac(hmac_key(second.text_of("signing_secret"))), &STACK.base_url);
    for signer in [&signer, &successor] {
        signer.send(&signer.intake()).expect(201);
    }
    let draft = successor.intake();
    refused(&draft.signed_with(&signer.secret).send(&successor.api), MISMATCH);
    // From a shared secret to a key of the tenant's own.
    let public = BASE64URL.encode(SigningKey::from_bytes(&SEED).verifying_key().to_bytes());
    let third = rotate(&successor.id, json!({ "signing": { "alg": "ed25519", "public_key": public } }));
    assert_eq!(third.body["signing_secret"], Value::Null);
    let third = Signer::holding(&firm, &third, Secret::Ed25519(SigningKey::from_bytes(&SEED)), &STACK.base_url);
    third.send(&third.intake()).expect(201);
    let listed = firm.operator.get(&firm.path("/keys")).expect(200);
    assert!(!listed.text.contains("rdr_"), "no list shows a secret");
}

/// Whether a program is on this machine and does this.
fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// The programs that integrators are shown, as they are.
#[test]
fn the_clients_of_the_documentation_log_complaints() {
    let firm = Firm::new();
    let [ed25519, hmac] = ["ed25519", "hmac-sha256"].map(|alg| {
        let public = BASE64URL.encode(SigningKey::from_bytes(&SEED).verifying_key().to_bytes());
        let signing =
            if alg == "ed25519" { json!({ "alg": alg, "public_key": public }) } else { json!({ "alg": alg }) };
        firm.issue(json!({ "signing": signing }))
    });
    let seed = BASE64URL.encode(SEED);
    let node = checkout::root().join("node_modules/.bin/node");
    let node = node.to_str().expect("a path in UTF-8");
    let programs = [
        (
            "python3",
            "signed_request.py",
            runs("python3", &["-c", "import cryptography"]),
            runs("python3", &["--version"]),
        ),
        (node, "signed_request.mjs", runs(node, &["--version"]), runs(node, &["--version"])),
        ("java", "SignedRequest.java", runs("java", &["-version"]), runs("java", &["-version"])),
    ];
    let mut logged = 0;
    for (program, file, signs_ed25519, signs_hmac) in programs {
        let keys = [(&ed25519, seed.as_str(), signs_ed25519), (&hmac, hmac.text_of("signing_secret"), signs_hmac)];
        for (issued, secret, can) in keys {
            if !can {
                println!("{file} is not tried: {program} is missing, or what it needs");
                continue;
            }
            let output = Command::new(program)
                .arg(checkout::root().join("docs/clients").join(file))
                .env("REDRESS_URL", &STACK.base_url)
                .env("REDRESS_KEY", issued.text_of("token"))
                .env("REDRESS_KEY_ID", issued.id())
                .env("REDRESS_SIGNING_KEY", secret)
                .output()
                .expect("the program runs");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.starts_with("201\n"), "{file}: {said} {}", String::from_utf8_lossy(&output.stderr));
            logged += 1;
        }
    }
    println!("{logged} of 6 logged a complaint");
    assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), logged);
}
