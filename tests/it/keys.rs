//! API keys: what is no key, where and when a key works, what takes its place, and how soon one that is ended opens
//! nothing.

use crate::{
    client::{Answer, Client, unused},
    eventually::within,
    firm::{Firm, complaint},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use shared::{
    sign::{
        api_key::{CellKeys, KeyRing},
        request_key::HmacKey,
    },
    tenant::{CellName, api_key::ApiKey},
    time::Timestamp,
};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use xtask::{
    secrets,
    stack::{Options, Stack},
};

/// An ended key and a suspended tenant are refused everywhere within this time.
pub(crate) const IN_FORCE: Duration = Duration::from_secs(2);

impl Firm {
    /// Issues a key that may read and write, with these members besides.
    pub(crate) fn issue(&self, members: Value) -> Answer {
        let mut body = json!({ "name": "test", "mode": "test", "scopes": ["complaints:read", "complaints:write"] });
        let Value::Object(members) = members else { panic!("members are an object") };
        body.as_object_mut().expect("the body is an object").extend(members);
        self.operator.post(&self.path("/keys"), &body).expect(201)
    }

    /// A client with the key that was issued.
    pub(crate) fn client(&self, issued: &Answer) -> Client {
        self.api.with_key(issued.text_of("token"))
    }

    /// A path below the tenant's.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/tenants/{}{rest}", self.id)
    }

    /// Suspends, resumes or deletes the tenant.
    pub(crate) fn change(&self, how: &str) -> Answer {
        let version = self.operator.get(&self.path("")).expect(200).version();
        self.operator.post_on(version, &self.path(&format!("/{how}")), &json!({})).expect(200)
    }

    fn rotate(&self, key: &str, body: Value) -> Answer {
        self.operator.post(&self.path(&format!("/keys/{key}/rotate")), &body)
    }

    fn revoke(&self, key: &str) -> Answer {
        self.operator.post(&self.path(&format!("/keys/{key}/revoke")), &json!({})).expect(200)
    }

    /// A key as lists show it.
    fn listed(&self, key: &str) -> Value {
        let keys = self.operator.get(&self.path("/keys")).expect(200);
        keys.data().iter().find(|listed| listed["id"] == key).expect("the key is listed").clone()
    }
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_millis();
    Timestamp::from_unix_millis(since as i64)
}

/// All that a caller is told: the answer's status, its headers' names and its body, but for its own id.
fn told(answer: &Answer) -> (u16, Vec<String>, Value) {
    let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    let mut body = answer.body.clone();
    body.as_object_mut().expect("a problem").remove("request_id");
    (answer.status, names, body)
}

/// What a caller with this token is told. Each asks from an address of its own: guesses are limited.
fn refused(firm: &Firm, token: &str) -> (u16, Vec<String>, Value) {
    let answer = firm.api.apart().with_key(token).get("/v1/complaints").problem(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    told(&answer)
}

/// A token taken apart: prefix, header, claims, signature.
struct Token {
    prefix: &'static str,
    header: Value,
    claims: Value,
    signature: Vec<u8>,
}

impl Token {
    fn of(issued: &Answer) -> Self {
        let jws = issued.text_of("token").strip_prefix("rdr_test_").expect("a test key");
        let parts: Vec<Vec<u8>> = jws.split('.').map(|part| BASE64URL.decode(part).expect("base64url")).collect();
        let json = |part: &[u8]| serde_json::from_slice(part).expect("JSON");
        Self { prefix: "rdr_test_", header: json(&parts[0]), claims: json(&parts[1]), signature: parts[2].clone() }
    }

    /// The token with another header and other claims, signed by `sign`.
    fn forged(&self, header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let part = |value: &Value| BASE64URL.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = BASE64URL.encode(sign(message.as_bytes()));
        format!("{}{message}.{signature}", self.prefix)
    }

    /// Its header with these members besides, or instead.
    fn header(&self, members: Value) -> Value {
        let mut header = self.header.clone();
        let Value::Object(members) = members else { panic!("members are an object") };
        header.as_object_mut().expect("a header").extend(members);
        header
    }
}

fn hs256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..secret.len()].copy_from_slice(secret);
    HmacKey::new(&block).sign(message).to_vec()
}

/// The public key of a cell: no secret, so an attacker has it.
fn public_key(cell: &str) -> String {
    let keys = secrets::load_or_create().and_then(|secrets| secrets.cell_keys()).expect("the secrets of local stacks");
    let keys: CellKeys = serde_json::from_str(&keys).expect("the public keys are JSON");
    keys[&named(cell)][0].clone()
}

/// The secret that a cell signs tokens with: what whoever breaks into it has.
pub(crate) fn seed_of(stack: &Stack) -> String {
    let secrets = std::fs::read_to_string(stack.state().join(".dev.vars")).expect("the secrets of the cell");
    let seed = secrets.lines().find_map(|line| line.strip_prefix("API_KEY_SEED="));
    seed.expect("its seed").trim_matches('"').to_owned()
}

pub(crate) fn named(cell: &str) -> CellName {
    CellName::try_from(cell.to_owned()).expect("a cell's name")
}

/// The record of a key that was issued.
pub(crate) fn record(issued: &Answer) -> ApiKey {
    serde_json::from_value(issued.body.clone()).expect("an issued key has the members of a key")
}

#[test]
fn what_is_not_signed_by_the_cell_is_refused_and_all_of_it_alike() {
    let firm = Firm::new();
    let issued = firm.issue(json!({}));
    let genuine = Token::of(&issued);
    firm.client(&issued).get("/v1/complaints").expect(200);
    let expected = refused(&firm, "rdr_test_x.y.z");

    let mine = SigningKey::from_bytes(&[9; 32]);
    let by_me = |message: &[u8]| mine.sign(message).to_bytes().to_vec();
    let my_jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": BASE64URL.encode(mine.verifying_key().to_bytes()) });
    let my_ring = |cell: &str| {
        let ring = KeyRing::new(named(cell), &BASE64URL.encode([9; 32]), &CellKeys::new()).expect("a seed");
        ring.issue(&record(&issued)).expect("a token")
    };
    let mut forged: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, token: String| forged.push((what.to_owned(), token));

    // No algorithm at all (RFC 8725 §2.1), spelled as filters have missed it.
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = genuine.header(json!({ "alg": alg }));
        add("alg none, unsigned", genuine.forged(&header, &genuine.claims, |_| Vec::new()));
        add("alg none, signed", genuine.forged(&header, &genuine.claims, |_| genuine.signature.clone()));
    }
    // HS256 with everything that is public as the secret.
    let public = public_key("local");
    let raw = BASE64URL.decode(&public).expect("32 bytes");
    let spki = [[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0].as_slice(), &raw].concat();
    let kid = genuine.header["kid"].as_str().expect("a kid").to_owned();
    for alg in ["HS256", "hs256"] {
        let header = genuine.header(json!({ "alg": alg }));
        let secrets = [raw.as_slice(), public.as_bytes(), spki.as_slice(), kid.as_bytes(), b"", &genuine.signature];
        for secret in secrets {
            let token = genuine.forged(&header, &genuine.claims, |message| hs256(secret, message));
            add("HS256 with a public value", token);
        }
    }
    for alg in ["RS256", "ES256", "EdDSA ", "ed25519", "HS512"] {
        let header = genuine.header(json!({ "alg": alg }));
        add("another algorithm", genuine.forged(&header, &genuine.claims, |_| genuine.signature.clone()));
    }
    // A key of one's own, named in every way there is.
    for members in [
        json!({}),
        json!({ "jwk": my_jwk }),
        json!({ "jku": "https://attacker.example/keys.json" }),
        json!({ "x5u": "https://attacker.example/cert.pem" }),
        json!({ "kid": BASE64URL.encode(mine.verifying_key().to_bytes()) }),
        json!({ "kid": "" }),
        json!({ "kid": "../../dev/null" }),
        json!({ "kid": "0000000000000000" }),
        json!({ "kid": null }),
        json!({ "crit": ["exp"] }),
    ] {
        add("a key of one's own", genuine.forged(&genuine.header(members), &genuine.claims, by_me));
    }
    add("an unknown kid", my_ring("local"));
    add("an unknown kid of another cell", my_ring("eu"));
    // Claims that were not signed.
    for (name, value) in [
        ("sub", json!("018bcfe5-6800-7303-8303-030303030301")),
        ("scope", json!(["complaints:read", "complaints:write", "complaints:lead", "usage:read"])),
        ("cell", json!("eu")),
        ("exp", json!(4_102_444_800_i64)),
        ("nbf", json!(0)),
        ("iat", json!(0)),
        ("mode", json!("live")),
        ("aud", json!("other")),
        ("ips", json!([])),
        ("jti", json!("018bcfe5-6800-7303-8303-030303030301")),
    ] {
        let mut claims = genuine.claims.clone();
        claims[name] = value;
        let token = genuine.forged(&genuine.header, &claims, |_| genuine.signature.clone());
        add(&format!("another {name}"), token);
    }
    // Any symbol that is another, and what is too long or too short.
    let token = issued.text_of("token");
    for at in (0..token.len() - 1).step_by(token.len() / 24) {
        let mut altered = token.to_owned().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        add(&format!("symbol {at}"), String::from_utf8(altered).expect("ASCII"));
    }
    add("the other mode", token.replacen("rdr_test_", "rdr_live_", 1));
    add("twice", format!("{token}.{token}"));
    add("one part more", format!("{token}.e30"));
    add("one part less", token.rsplit_once('.').expect("three parts").0.to_owned());
    for length in [2_049, 4_096, 8_000] {
        add("too long", format!("{token}{}", "A".repeat(length - token.len())));
        add("too long, all of it", format!("rdr_test_{}", "A".repeat(length)));
    }

    for (what, token) in &forged {
        assert_eq!(refused(&firm, token), expected, "{what}: {token}");
    }
    firm.client(&issued).get("/v1/complaints").expect(200);
}

#[test]
fn a_key_of_a_tenant_that_is_gone_is_as_any_that_is_none() {
    let firm = Firm::new();
    let issued = firm.issue(json!({}));
    let api = firm.client(&issued);
    api.get("/v1/complaints").expect(200);
    let expected = refused(&firm, "rdr_test_x.y.z");

    firm.change("suspend");
    within(IN_FORCE, "it is suspended", || (api.get("/v1/complaints").status == 403).then_some(()));
    let suspended = api.get("/v1/complaints").problem(403, "tenant_suspended");
    let elsewhere = firm.api.get("/v1/complaints/018bcfe5-6800-7303-8303-030303030301");
    assert_eq!(told(&suspended), told(&elsewhere), "whatever is asked for");
    api.post("/v1/complaints", &complaint(json!({}))).problem(403, "tenant_suspended");

    firm.change("resume");
    within(IN_FORCE, "it is resumed", || (api.get("/v1/complaints").status == 200).then_some(()));
    firm.change("delete");
    within(IN_FORCE, "it is deleted", || (api.get("/v1/complaints").status == 401).then_some(()));
    assert_eq!(refused(&firm, issued.text_of("token")), expected);
    let version = firm.operator.get(&firm.path("")).expect(200).version();
    firm.operator.post_on(version, &firm.path("/resume"), &json!({})).problem(409, "tenant_deleted");
    firm.rotate(issued.id(), json!({})).problem(409, "tenant_deleted");
    let body = json!({ "name": "late", "scopes": [] });
    firm.operator.post(&firm.path("/keys"), &body).problem(409, "tenant_deleted");
}

#[test]
fn a_key_works_from_its_first_moment_to_its_last() {
    let firm = Firm::new();
    let at = |seconds: i64| Timestamp::from_unix_millis((now().unix_seconds() + seconds) * 1_000).to_string();
    let issued = firm.issue(json!({ "valid_from": at(3), "expires_at": at(5) }));
    let api = firm.client(&issued);
    let expected = refused(&firm, "rdr_test_x.y.z");
    assert_eq!(refused(&firm, issued.text_of("token")), expected, "not yet");
    within(Duration::from_secs(4), "it begins", || (api.get("/v1/complaints").status == 200).then_some(()));
    assert!(now() >= record(&issued).valid_from.expect("a first moment"));
    within(Duration::from_secs(4), "it expires", || (api.get("/v1/complaints").status == 401).then_some(()));
    assert!(now() >= record(&issued).expires_at);
    assert_eq!(refused(&firm, issued.text_of("token")), expected, "no longer");
    let body = json!({ "name": "never", "scopes": [], "valid_from": at(60), "expires_at": at(30) });
    firm.operator.post(&firm.path("/keys"), &body).problem(422, "invalid");
}

#[test]
fn a_key_opens_doors_from_its_addresses_alone() {
    let firm = Firm::new();
    let path = firm.logged();
    let ranges = json!(["203.0.113.0/24", "198.51.100.7", "2001:db8::/32"]);
    let api = firm.client(&firm.issue(json!({ "ip_ranges": ranges })));
    let from = |address: &str| api.call("GET", &path).header("cf-connecting-ip", address).send();
    for inside in ["203.0.113.1", "203.0.113.255", "198.51.100.7", "::ffff:203.0.113.9", "2001:db8::1"] {
        assert_eq!(from(inside).status, 200, "{inside}");
    }
    for outside in
        ["203.0.114.1", "198.51.100.8", "2001:db9::1", "::ffff:198.51.100.8", "unknown", "203.0.113.1, 1.1.1.1"]
    {
        let refused = from(outside).problem(403, "forbidden");
        assert_eq!(refused.text_of("detail"), "The key may not be used from this address", "{outside}");
    }
    let call = api.call("POST", "/v1/complaints").header("cf-connecting-ip", "203.0.114.1");
    call.idempotency_key(&unused()).json(&complaint(json!({}))).send().problem(403, "forbidden");
    // A header that is not Cloudflare's own changes nothing.
    let call = api.call("GET", &path).header("cf-connecting-ip", "203.0.114.1");
    call.header("x-forwarded-for", "203.0.113.1").header("x-real-ip", "203.0.113.1").send().problem(403, "forbidden");
    for wrong in ["203.0.113.0/33", "example.com", ""] {
        let body = json!({ "name": "x", "scopes": [], "ip_ranges": ["203.0.113.0/24", wrong] });
        let refused = firm.operator.post(&firm.path("/keys"), &body).problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/ip_ranges/1"], "{wrong}");
    }
}

/// A genuine key that opens nothing is limited by address, as a guess is: no tenant's limit counts what it asks.
#[test]
fn a_key_that_opens_nothing_may_not_ask_without_end() {
    let (firm, gone) = (Firm::new(), Firm::new());
    let revoked = firm.issue(json!({}));
    firm.revoke(revoked.id());
    let elsewhere = firm.issue(json!({ "ip_ranges": ["203.0.113.7"] }));
    gone.change("suspend");
    for (what, api, path) in [
        ("revoked, of a tenant", firm.client(&revoked), "/v1/complaints"),
        ("revoked, of operators", firm.client(&revoked), "/v1/tenants"),
        ("a tenant's, of operators", firm.api.clone(), "/v1/tenants"),
        ("from a wrong address", firm.client(&elsewhere), "/v1/complaints"),
        ("suspended", gone.api, "/v1/complaints"),
    ] {
        let api = api.apart();
        assert!((0..400).any(|_| api.get(path).status == 429), "{what}");
        // Whose key works is not held up where another has asked too often.
        let key = firm.issue(json!({}));
        let neighbour = api.with_key(key.text_of("token"));
        neighbour.get("/v1/complaints").expect(200);
    }
}

#[test]
fn a_key_is_replaced_by_one_like_it_and_both_work_for_a_while() {
    let firm = Firm::new();
    let ranges = json!(["10.0.0.0/8"]);
    let first = firm.issue(json!({ "name": "CRM", "scopes": ["complaints:read"], "ip_ranges": ranges }));
    let before = firm.listed(first.id());
    assert_eq!((&before["replaced_by"], &before["last_used_on"]), (&Value::Null, &Value::Null));

    let (key, body) = (unused(), json!({ "overlap_hours": 2 }));
    let path = firm.path(&format!("/keys/{}/rotate", first.id()));
    let rotate = || firm.operator.call("POST", &path).idempotency_key(&key).json(&body).send().expect(201);
    let second = rotate();
    for member in ["name", "scopes", "mode", "ip_ranges", "tenant", "signing"] {
        assert_eq!(second.body[member], first.body[member], "{member}");
    }
    assert_ne!(second.id(), first.id());
    assert_eq!(second.header("location"), Some(firm.path("/keys").as_str()));
    let again = rotate();
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &second.body), "token and all");

    for key in [&first, &second] {
        firm.client(key).get("/v1/complaints").expect(200);
        firm.client(key).post("/v1/complaints", &complaint(json!({}))).problem(403, "forbidden");
    }
    let (old, new) = (firm.listed(first.id()), firm.listed(second.id()));
    assert_eq!((&old["replaced_by"], &new["replaced_by"]), (&json!(second.id()), &Value::Null));
    let ends: Timestamp = old["expires_at"].as_str().expect("a time").parse().expect("a time");
    let in_two_hours = now().plus_millis(2 * 3_600_000);
    assert!(ends <= in_two_hours && ends > in_two_hours.plus_millis(-60_000), "{ends}");
    assert_eq!(old["revoked_at"], Value::Null);

    firm.rotate(first.id(), json!({})).problem(409, "key_ended");
    firm.rotate(second.id(), json!({ "overlap_hours": 721 })).problem(422, "invalid");
    firm.rotate("018bcfe5-6800-7303-8303-030303030301", json!({})).problem(404, "not_found");
    let other = Firm::new();
    other.rotate(second.id(), json!({})).problem(404, "not_found");
    firm.revoke(second.id());
    firm.rotate(second.id(), json!({})).problem(409, "key_ended");
    // The overlap never makes a key live longer.
    let short = firm.issue(json!({ "expires_at": now().plus_millis(60_000).to_string() }));
    firm.rotate(short.id(), json!({ "overlap_hours": 24 })).expect(201);
    assert_eq!(firm.listed(short.id())["expires_at"], short.body["expires_at"]);
}

#[test]
fn a_key_without_overlap_ends_when_it_is_replaced() {
    let firm = Firm::new();
    let first = firm.issue(json!({}));
    let old = firm.client(&first);
    old.get("/v1/complaints").expect(200);
    let second = firm.rotate(first.id(), json!({ "overlap_hours": 0 })).expect(201);
    firm.client(&second).get("/v1/complaints").expect(200);
    within(IN_FORCE, "the old key is refused", || (old.get("/v1/complaints").status == 401).then_some(()));
    assert_eq!(refused(&firm, first.text_of("token")), refused(&firm, "rdr_test_x.y.z"));
    let listed = firm.listed(first.id());
    assert_eq!(listed["replaced_by"], json!(second.id()));
    firm.rotate(first.id(), json!({})).problem(409, "key_ended");
    firm.client(&second).get("/v1/complaints").expect(200);
}

/// Many operators rotate one key at one moment: one new key comes of it.
#[test]
fn a_key_is_replaced_once() {
    let firm = Firm::new();
    let first = firm.issue(json!({}));
    let answers: Vec<Answer> = thread::scope(|scope| {
        let rotate = || firm.rotate(first.id(), json!({ "overlap_hours": 1 }));
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(rotate)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    });
    let (new, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(new.len(), 1);
    for answer in refused {
        answer.problem(409, "key_ended");
    }
    assert_eq!(
        firm.operator.get(&firm.path("/keys")).expect(200).data().len(),
        3,
        "the firm's first, this and the new"
    );
    assert_eq!(firm.listed(first.id())["replaced_by"], json!(new[0].id()));
}

#[test]
fn a_list_says_when_a_key_was_last_used() {
    let firm = Firm::new();
    let issued = firm.issue(json!({}));
    assert_eq!(firm.listed(issued.id())["last_used_on"], Value::Null);
    let day = || json!(now().to_string()[..10]);
    let before = day();
    firm.client(&issued).get("/v1/complaints").expect(200);
    let listed = within(Duration::from_secs(10), "it is noted", || {
        Some(firm.listed(issued.id())["last_used_on"].clone()).filter(|day| !day.is_null())
    });
    assert!(listed == before || listed == day(), "{listed}");
    let unused = firm.issue(json!({}));
    assert_eq!(firm.listed(unused.id())["last_used_on"], Value::Null);
}

/// A request under load: with which key, in which isolate, when it was sent, and what it was told.
struct Shot {
    key: usize,
    isolate: usize,
    read: bool,
    sent: Instant,
    status: u16,
}

/// Reads and creates with every key in every isolate, two connections each, for as long as `work` goes on.
fn under_load<T>(keys: &[Client], isolates: &[&str], work: impl FnOnce() -> T) -> (Vec<Shot>, T) {
    let (shots, over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let done = thread::scope(|scope| {
        for (key, api) in keys.iter().enumerate() {
            for (isolate, url) in isolates.iter().enumerate() {
                for _ in 0..2 {
                    let (api, shots, over) = (api.apart().at(url), &shots, &over);
                    scope.spawn(move || {
                        let mut read = false;
                        while !over.load(Ordering::Relaxed) {
                            read = !read;
                            let sent = Instant::now();
                            let answer = match read {
                                true => api.get("/v1/complaints?limit=1"),
                                false => api.post("/v1/complaints", &complaint(json!({}))),
                            };
                            let shot = Shot { key, isolate, read, sent, status: answer.status };
                            shots.lock().unwrap().push(shot);
                        }
                    });
                }
            }
        }
        let done = work();
        over.store(true, Ordering::Relaxed);
        done
    });
    (shots.into_inner().unwrap(), done)
}

#[test]
fn what_is_revoked_or_suspended_is_refused_everywhere_within_two_seconds() {
    let options = Options::temporary().second_isolate_of("local");
    let stack = Stack::start(options).expect("a stack starts");
    let operator = crate::own_stack::operator(&stack);
    let windows = json!([{ "policy": "burst", "limit": 20_000 }, { "policy": "minute", "limit": 1_000_000 }]);
    let firm = Firm::on(&operator, json!({})).limited(&json!({ "windows": windows, "quotas": [] }));
    let (lost, kept) = (firm.issue(json!({ "name": "lost" })), firm.issue(json!({ "name": "kept" })));
    let keys = [firm.client(&lost), firm.client(&kept)];
    let isolates = [stack.inner_url(), stack.second_isolate().expect("a second isolate")];

    // When the operator asked, and when the answer was there.
    let timed = |ask: &dyn Fn() -> Answer| {
        thread::sleep(IN_FORCE + Duration::from_secs(1));
        let asked = Instant::now();
        ask();
        (asked, Instant::now())
    };
    let (shots, [revoked, suspended, resumed, end]) = under_load(&keys, &isolates, || {
        let [revoke, suspend, resume] =
            [&|| firm.revoke(lost.id()) as _, &|| firm.change("suspend"), &|| firm.change("resume")]
                as [&dyn Fn() -> Answer; 3];
        [timed(revoke), timed(suspend), timed(resume), timed(&|| operator.get("/healthz"))]
    });

    let done = |shot: &&Shot| (200..300).contains(&shot.status);
    for isolate in 0..2 {
        let sent = |key: usize, from: Instant, to: Instant| {
            let of_key = move |shot: &&Shot| shot.key == key && shot.isolate == isolate;
            shots.iter().filter(of_key).filter(move |shot| shot.sent > from && shot.sent < to)
        };
        let begin = revoked.0 - IN_FORCE * 2;
        // The last that was sent after the operator's answer and done all the same.
        let late = |key: usize, from: Instant, to: Instant| {
            sent(key, from, to).filter(done).map(|shot| shot.sent - from).max().unwrap_or_default()
        };
        let revoking = late(0, revoked.1, end.1);
        let suspending = late(1, suspended.1, resumed.0);
        let resuming = sent(1, resumed.1, end.1).find(done).expect("served after resumption").sent - resumed.1;
        println!(
            "isolate {isolate}: {} requests; the last done was sent {revoking:?} after revocation, {suspending:?} after \
             suspension; the first {resuming:?} after resumption",
            sent(0, begin, end.1).count() + sent(1, begin, end.1).count(),
        );
        for read in [true, false] {
            let served = sent(0, begin, revoked.0).filter(|shot| shot.read == read).filter(done).count();
            assert!(served > 10, "only {served} were served before");
        }
        assert!(
            sent(0, begin, revoked.0 - IN_FORCE / 8).all(|shot| shot.status < 300),
            "the key works until it is revoked"
        );
        assert!(revoking <= IN_FORCE && suspending <= IN_FORCE && resuming <= IN_FORCE);
        // Its later requests are refused as guesses are: by and by for asking too often.
        let refused: Vec<_> = sent(0, revoked.1 + IN_FORCE, end.1).map(|shot| shot.status).collect();
        assert!(refused.iter().all(|status| matches!(status, 401 | 429)) && refused.len() > 10, "{refused:?}");
        let others: Vec<_> = sent(1, begin, suspended.0 - IN_FORCE / 8).map(|shot| shot.status).collect();
        assert!(others.iter().all(|status| *status < 300) && others.len() > 10, "the other key goes on: {others:?}");
        let held: Vec<_> = sent(1, suspended.1 + IN_FORCE, resumed.0 - IN_FORCE / 8).map(|shot| shot.status).collect();
        assert!(held.iter().all(|status| matches!(status, 403 | 429)) && held.len() > 2, "suspended: {held:?}");
        let again: Vec<_> = sent(1, resumed.1 + IN_FORCE, end.1).map(|shot| shot.status).collect();
        assert!(again.iter().all(|status| *status < 300) && again.len() > 2, "resumed: {again:?}");
    }
}
