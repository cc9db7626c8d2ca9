//! What a firm's own systems are told of: by whom, when, how often, and how they know it.

use crate::{
    client::{Answer, Client, unused},
    eventually::{equals, within},
    firm::{Firm, complaint},
    own_stack::{operator, ticking},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use shared::sign::request_key::HmacKey;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use xtask::{
    checkout,
    stack::{Options, Stack},
};

/// The queues gather for a second each, and several tests run at a time.
const SOON: Duration = Duration::from_secs(90);
const IN_THE_END: Duration = Duration::from_secs(120);

/// A request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// A firm's system: it keeps what it is told, and answers as it was told to, in the end with 204.
#[derive(Clone)]
pub(crate) struct Receiver {
    url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
}

impl Receiver {
    pub(crate) fn new(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let receiver =
            Self { url, taken: Arc::default(), answers: Arc::new(Mutex::new(answers.iter().copied().collect())) };
        let serves = receiver.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serves = serves.clone();
                thread::spawn(move || serves.answer(stream));
            }
        });
        receiver
    }

    fn answer(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        self.taken.lock().unwrap().push(Taken { path, headers, body: String::from_utf8(body).ok()? });
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or("204 No Content");
        if answer == "nothing" {
            thread::sleep(Duration::from_secs(30));
        }
        write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    fn answers(&self, answers: &[&'static str]) {
        *self.answers.lock().unwrap() = answers.iter().copied().collect();
    }

    /// The first so many requests.
    fn first(&self, n: usize) -> Vec<Taken> {
        within(SOON, "it is told", || Some(self.taken()).filter(|taken| taken.len() >= n))
    }
}

impl Taken {
    pub(crate) fn header(&self, name: &str) -> &str {
        &self.headers[name]
    }

    fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a message is JSON")
    }

    /// Which of the signatures, by their place, are by this secret or public key.
    pub(crate) fn signed_by(&self, key: &str) -> Vec<usize> {
        let signed = format!("{}.{}.{}", self.id(), self.headers["webhook-timestamp"], self.body);
        let (kind, key) = key.split_once('_').expect("a key says what it is");
        let key: [u8; 32] = STANDARD.decode(key).expect("base64").try_into().expect("32 bytes");
        let fits = |signature: &str| match (kind, signature.split_once(',').expect("a signature has a version")) {
            ("whsec", ("v1", signature)) => STANDARD.encode(HmacKey::new(&key).sign(signed.as_bytes())) == signature,
            ("whpk", ("v1a", signature)) => {
                let signature = Signature::from_slice(&STANDARD.decode(signature).expect("base64")).expect("64 bytes");
                VerifyingKey::from_bytes(&key).expect("a key").verify_strict(signed.as_bytes(), &signature).is_ok()
            }
            _ => false,
        };
        let signatures = self.headers["webhook-signature"].split(' ');
        signatures.enumerate().filter(|(_, signature)| fits(signature)).map(|(place, _)| place).collect()
    }
}

/// A firm with a key that may lead.
struct Led {
    firm: Firm,
    lead: Client,
}

impl Led {
    fn new() -> Self {
        let firm = Firm::new();
        Self { lead: firm.key(&["complaints:read", "complaints:lead"]), firm }
    }

    /// An endpoint that is told of what is logged, and nothing else.
    fn endpoint(&self, receiver: &Receiver) -> Answer {
        self.firm.endpoint(json!({ "url": receiver.url, "events": ["received"] }))
    }

    fn log(&self, endpoint: &Answer) -> Vec<Value> {
        self.lead.get(&format!("{}/deliveries", path(endpoint))).expect(200).data().to_vec()
    }

    fn read(&self, endpoint: &Answer) -> Answer {
        self.lead.get(&path(endpoint)).expect(200)
    }

    fn states(&self, endpoint: &Answer) -> Vec<String> {
        self.log(endpoint).iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
    }
}

fn path(endpoint: &Answer) -> String {
    format!("/v1/webhook-endpoints/{}", endpoint.id())
}

#[test]
fn an_event_is_told_with_ids_alone_and_signed_in_both_ways() {
    let (led, receiver) = (Led::new(), Receiver::new(&[]));
    let endpoint = led.firm.endpoint(json!({ "url": receiver.url, "description": "The warehouse" }));
    assert_eq!(endpoint.header("location"), Some(path(&endpoint).as_str()));
    let logged = led.firm.log(json!({}));
    let taken = receiver.first(1).remove(0);
    let message = taken.json();
    assert_eq!(message["type"], "complaint.received");
    assert_eq!(message["data"], json!({ "complaint": logged.id(), "seq": 1 }));
    let received = logged.body["received_at"].as_str().unwrap();
    assert!(message["timestamp"].as_str().unwrap()[..16] >= received[..16]);
    assert_eq!(message.as_object().unwrap().len(), 3);
    assert!(!taken.id().contains('.') && !taken.body.contains("Ada"));
    assert_eq!(taken.headers["content-type"], "application/json");
    assert_eq!(taken.signed_by(endpoint.text_of("secret")), [0]);
    assert_eq!(taken.signed_by(endpoint.text_of("public_key")), [1]);
    let other = format!("whsec_{}", STANDARD.encode([7; 32]));
    assert_eq!(taken.signed_by(&other), [0; 0]);

    // The log says so, and the secret is not shown again.
    equals(SOON, vec!["delivered".to_owned()], || led.states(&endpoint));
    let row = led.log(&endpoint).remove(0);
    assert_eq!((&row["id"], &row["event"], &row["seq"]), (&json!(taken.id()), &json!("received"), &json!(1)));
    assert_eq!((&row["complaint"], &row["next_attempt_at"]), (&json!(logged.id()), &Value::Null));
    assert_eq!((row["attempts"].as_array().unwrap().len(), &row["attempts"][0]["status"]), (1, &json!(204)));
    let read = led.read(&endpoint);
    assert_eq!((&read.body["secret"], &read.body["public_key"]), (&Value::Null, &endpoint.body["public_key"]));
    assert_eq!(read.body["health"]["consecutive_failures"], 0);
    assert!(read.body["health"]["last_success_at"].is_string());
    assert_eq!(receiver.taken().len(), 1);
}

/// The documentation's own, and the specification's reference library, take what is sent and refuse what was altered.
#[test]
fn others_verify_what_is_sent() {
    let (led, receiver) = (Led::new(), Receiver::new(&[]));
    let endpoint = led.endpoint(&receiver);
    led.firm.logged();
    let taken = receiver.first(1).remove(0);
    let clients = checkout::root().join("docs/clients");
    let node = checkout::root().join("node_modules/.bin/node");
    let library = "const { Webhook } = require('standardwebhooks'), of = process.env;
        try { new Webhook(of.WEBHOOK_KEY).verify(of.WEBHOOK_BODY, JSON.parse(of.WEBHOOK_HEADERS)); console.log(true); }
        catch { console.log(false); }";
    let says = |program: &Path, arguments: &[&OsStr], key: &str, body: &str| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(checkout::root()).env("WEBHOOK_KEY", endpoint.text_of(key));
        command.env("WEBHOOK_HEADERS", json!(taken.headers).to_string()).env("WEBHOOK_BODY", body);
        let output = command.output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        assert!(!said.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        said == "true"
    };
    let (script, python) = (clients.join("verify_webhook.mjs"), clients.join("verify_webhook.py"));
    let verifiers: [(&Path, Vec<&OsStr>, &str); 4] = [
        (&node, vec!["-e".as_ref(), library.as_ref()], "secret"),
        (&node, vec![script.as_ref()], "secret"),
        (&node, vec![script.as_ref()], "public_key"),
        (Path::new("python3"), vec![python.as_ref()], "secret"),
    ];
    for (program, arguments, key) in verifiers {
        assert!(says(program, &arguments, key, &taken.body), "{arguments:?} {key}");
        assert!(!says(program, &arguments, key, &taken.body.replace("\"seq\":1", "\"seq\":2")), "{arguments:?} {key}");
    }
}

#[test]
fn what_fails_is_tried_again_with_the_same_id_until_it_is_taken() {
    let (led, receiver) = (Led::new(), Receiver::new(&["500 No", "503 No\r\nretry-after: 1", "200 OK"]));
    let endpoint = led.endpoint(&receiver);
    led.firm.logged();
    let ids: BTreeSet<String> = receiver.first(3).iter().map(|taken| taken.id().to_owned()).collect();
    assert_eq!(ids.len(), 1);
    equals(SOON, vec!["delivered".to_owned()], || led.states(&endpoint));
    let attempts = led.log(&endpoint).remove(0)["attempts"].clone();
    let told: Vec<_> = attempts.as_array().unwrap().iter().map(|one| (&one["status"], &one["reason"])).collect();
    let (failed, nothing) = (json!("status"), Value::Null);
    assert_eq!(told, [(&json!(500), &failed), (&json!(503), &failed), (&json!(200), &nothing)]);
}

#[test]
fn who_is_gone_is_told_nothing_more_until_the_firm_says_so() {
    let (led, receiver) = (Led::new(), Receiver::new(&["410 Gone"]));
    let endpoint = led.endpoint(&receiver);
    led.firm.logged();
    let read =
        within(SOON, "it is disabled", || Some(led.read(&endpoint)).filter(|read| read.body["state"] == "disabled"));
    assert_eq!((&read.body["disabled"], read.version()), (&json!("gone"), 2));
    equals(SOON, vec!["failed".to_owned()], || led.states(&endpoint));
    led.firm.logged();
    equals(SOON, vec!["expired".to_owned(), "failed".to_owned()], || led.states(&endpoint));
    assert_eq!(receiver.taken().len(), 1);

    let enable = json!({ "state": "enabled" });
    led.lead.call("PATCH", &path(&endpoint)).if_match(1).json(&enable).send().problem(412, "precondition_failed");
    let enabled = led.lead.call("PATCH", &path(&endpoint)).if_match(2).json(&enable).send().expect(200);
    assert_eq!((&enabled.body["state"], &enabled.body["disabled"]), (&json!("enabled"), &Value::Null));
    let replay = || {
        let call = led.lead.call("POST", &format!("{}/replay", path(&endpoint)));
        call.idempotency_key("again").json(&json!({ "failed": true })).send().expect(202)
    };
    assert_eq!(replay().body, json!({ "queued": 2, "rest_from": null }));
    equals(SOON, vec!["delivered".to_owned(); 2], || led.states(&endpoint));
    // Asked for again, it is answered as it was and sends nothing.
    let repeated = replay();
    assert_eq!((repeated.header("idempotency-replayed"), &repeated.body["queued"]), (Some("true"), &json!(2)));
    assert_eq!(receiver.taken().len(), 3);
}

#[test]
fn a_time_is_replayed_with_the_ids_it_had() {
    let (led, receiver) = (Led::new(), Receiver::new(&[]));
    let endpoint = led.endpoint(&receiver);
    led.firm.logged();
    led.firm.logged();
    equals(SOON, vec!["delivered".to_owned(); 2], || led.states(&endpoint));
    let log = led.log(&endpoint);
    let newest = log[0]["at"].as_str().unwrap();
    let replay = |body: Value| led.lead.post(&format!("{}/replay", path(&endpoint)), &body);
    let range = json!({ "from": newest, "to": "2999-01-01T00:00:00Z" });
    assert_eq!(replay(range).expect(202).body["queued"], 1);
    let again = receiver.first(3);
    let ids: Vec<_> = again.iter().map(Taken::id).collect();
    assert_eq!(ids.iter().filter(|id| **id == log[0]["id"].as_str().unwrap()).count(), 2, "{ids:?}");
    equals(SOON, 2, || led.log(&endpoint)[0]["attempts"].as_array().unwrap().len());
    assert_eq!(replay(json!({ "failed": true })).expect(202).body["queued"], 0);
    assert_eq!(replay(json!({})).problem(422, "invalid").pointers(), ["/from"]);
    assert_eq!(replay(json!({ "from": newest })).problem(422, "invalid").pointers(), ["/to"]);
    // The log in parts.
    let page = |query: &str| led.lead.get(&format!("{}/deliveries?{query}", path(&endpoint))).expect(200);
    let first = page("limit=1");
    let second = page(&format!("limit=1&after={}", first.text_of("next")));
    assert_eq!([&first.data()[0]["id"], &second.data()[0]["id"]], [&log[0]["id"], &log[1]["id"]]);
    assert_eq!(second.body["next"], Value::Null);
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::new(&[]);
    let answer: &'static str = Box::leak(format!("302 Found\r\nlocation: {}", elsewhere.url).into_boxed_str());
    let (led, receiver) = (Led::new(), Receiver::new(&[answer, "204 No Content"]));
    let endpoint = led.endpoint(&receiver);
    led.firm.logged();
    receiver.first(2);
    equals(SOON, vec!["delivered".to_owned()], || led.states(&endpoint));
    let attempt = &led.log(&endpoint)[0]["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["reason"]), (&json!(302), &json!("redirect")));
    assert!(elsewhere.taken().is_empty());
}

#[test]
fn an_endpoint_hears_of_what_it_asked_for() {
    let led = Led::new();
    let (all, some) = (Receiver::new(&[]), Receiver::new(&[]));
    led.firm.endpoint(json!({ "url": all.url }));
    led.firm.endpoint(json!({ "url": some.url, "events": ["acknowledged", "closed"] }));
    let path = led.firm.logged();
    led.firm.give(&path, "acknowledge", json!({})).expect(200);
    let types = |receiver: &Receiver, n| -> BTreeSet<String> {
        receiver.first(n).iter().map(|taken| taken.json()["type"].as_str().unwrap().to_owned()).collect()
    };
    let both = ["complaint.acknowledged", "complaint.received"].map(str::to_owned);
    assert_eq!(types(&all, 2), both.into());
    assert_eq!(types(&some, 1), ["complaint.acknowledged".to_owned()].into());
    let refused = json!({ "url": some.url, "events": ["sneezed"] });
    assert_eq!(led.lead.post("/v1/webhook-endpoints", &refused).problem(422, "invalid").pointers(), ["/events/0"]);
}

#[test]
fn a_rotation_signs_with_both_for_a_while() {
    let (led, receiver) = (Led::new(), Receiver::new(&[]));
    let endpoint = led.endpoint(&receiver);
    let rotate = |version: u64, key: &str, hours: u32| {
        let call = led.lead.call("POST", &format!("{}/rotate-secret", path(&endpoint)));
        call.idempotency_key(key).if_match(version).json(&json!({ "overlap_hours": hours })).send()
    };
    assert_eq!(rotate(1, &unused(), 169).problem(422, "invalid").pointers(), ["/overlap_hours"]);
    rotate(9, &unused(), 24).problem(412, "precondition_failed");
    let rotated = rotate(1, "first", 24).expect(200);
    assert_eq!((rotated.version(), &rotated.body["secret_number"]), (2, &json!(2)));
    assert_ne!(rotated.body["secret"], endpoint.body["secret"]);
    assert_eq!(rotated.body["previous_public_key"], endpoint.body["public_key"]);
    let repeated = rotate(1, "first", 24).expect(200);
    assert_eq!((repeated.header("idempotency-replayed"), &repeated.body), (Some("true"), &rotated.body));
    rotate(2, "first", 23).problem(422, "idempotency_key_reused");

    led.firm.logged();
    let taken = receiver.first(1).remove(0);
    let by = |taken: &Taken, of: &Answer| ["secret", "public_key"].map(|key| taken.signed_by(of.text_of(key)));
    assert_eq!((by(&taken, &rotated), by(&taken, &endpoint)), ([vec![0], vec![2]], [vec![1], vec![3]]));
    let last = rotate(2, &unused(), 0).expect(200);
    led.firm.logged();
    let taken = receiver.first(2).remove(1);
    assert_eq!((by(&taken, &last), by(&taken, &rotated)), ([vec![0], vec![1]], [vec![], vec![]]));
}

#[test]
fn a_test_is_sent_once_for_each_time_it_is_asked_for() {
    let (led, receiver) = (Led::new(), Receiver::new(&[]));
    let endpoint = led.endpoint(&receiver);
    let ask = |key: &str| {
        let call = led.lead.call("POST", &format!("{}/test", path(&endpoint)));
        call.idempotency_key(key).json(&json!({})).send().expect(202)
    };
    let (first, again) = (ask("one"), ask("one"));
    assert_eq!(first.body, again.body);
    let second = ask("two");
    let ids: BTreeSet<String> = receiver.first(2).iter().map(|taken| taken.id().to_owned()).collect();
    assert_eq!(ids, [first.id().to_owned(), second.id().to_owned()].into());
    let taken = receiver.taken().remove(0);
    assert_eq!(taken.json()["type"], "webhook.test");
    assert_eq!(taken.json()["data"], json!({ "endpoint": endpoint.id() }));
    assert_eq!(taken.signed_by(endpoint.text_of("secret")), [0]);
    equals(SOON, vec!["delivered".to_owned(); 2], || led.states(&endpoint));
    let row = led.log(&endpoint).remove(0);
    assert_eq!((&row["event"], &row["complaint"], &row["seq"]), (&json!("test"), &Value::Null, &Value::Null));
    assert_eq!(receiver.taken().len(), 2);
}

#[test]
fn nothing_is_sent_to_where_only_the_service_may_go() {
    let led = Led::new();
    let endpoint = led.firm.endpoint(json!({}));
    for url in [
        "http://hooks.example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost:8443/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://intranet/",
        "https://me:secret@hooks.example.com/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com/#x",
        "ftp://hooks.example.com/",
    ] {
        let refused = led.lead.post("/v1/webhook-endpoints", &json!({ "url": url })).problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/url"], "{url}");
        assert_eq!(refused.body["errors"][0]["code"], "not_allowed", "{url}");
        let call = led.lead.call("PATCH", &path(&endpoint)).if_match(1).json(&json!({ "url": url }));
        call.send().problem(422, "invalid");
    }
    let long = json!({ "url": format!("https://hooks.example.com/{}", "a".repeat(2_000)) });
    led.lead.post("/v1/webhook-endpoints", &long).problem(422, "invalid");
    assert_eq!(led.lead.post("/v1/webhook-endpoints", &json!({})).problem(422, "invalid").pointers(), ["/url"]);
}

#[test]
fn a_tenant_has_twenty_endpoints_at_most_and_each_request_makes_one() {
    let led = Led::new();
    let create = |key: &str, url: &str| {
        let call = led.lead.call("POST", "/v1/webhook-endpoints").idempotency_key(key);
        call.json(&json!({ "url": url })).send()
    };
    let first = create("one", "https://hooks.example.com/1").expect(201);
    let again = create("one", "https://hooks.example.com/1").expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    create("one", "https://hooks.example.com/2").problem(422, "idempotency_key_reused");
    for _ in 1..20 {
        create(&unused(), "https://hooks.example.com/1").expect(201);
    }
    create(&unused(), "https://hooks.example.com/1").problem(422, "invalid");
    create("one", "https://hooks.example.com/1").expect(201);
    assert_eq!(led.lead.get("/v1/webhook-endpoints").expect(200).data().len(), 20);
    led.lead.call("DELETE", &path(&first)).if_match(1).send().expect(204);
    led.lead.get(&path(&first)).problem(404, "not_found");
    create(&unused(), "https://hooks.example.com/1").expect(201);
}

#[test]
fn who_does_not_answer_holds_up_nobody_else() {
    let led = Led::new();
    let (silent, other) = (Receiver::new(&["nothing"; 2]), Receiver::new(&[]));
    led.endpoint(&silent);
    let endpoint = led.endpoint(&other);
    for _ in 0..3 {
        led.firm.logged();
    }
    other.first(3);
    equals(SOON, vec!["delivered".to_owned(); 3], || led.states(&endpoint));
}

/// What was answered 2xx is told, whatever dies between.
#[test]
fn what_was_to_be_sent_is_sent_although_the_runtime_died() {
    let options = Options::temporary().var("WEBHOOKS_TO_LOOPBACK", "1").var("WEBHOOKS_HURRY", "1000");
    let mut stack = Stack::start(options).expect("a stack starts");
    let firm = Firm::on(&operator(&stack), json!({}));
    let receiver = Receiver::new(&[]);
    let endpoint = firm.endpoint(json!({ "url": receiver.url, "events": ["received"] }));
    let mut logged = BTreeSet::new();
    for round in 0..3 {
        receiver.answers(&["500 No"; 2]);
        let api = firm.api.at(stack.base_url());
        for _ in 0..4 {
            logged.insert(api.post("/v1/complaints", &complaint(json!({}))).expect(201).id().to_owned());
        }
        // At once, while the queue works, and after some was sent.
        thread::sleep(Duration::from_millis(700 * round));
        stack.kill();
        stack.restart().expect("the stack starts again on what reached the disk");
    }
    let told = || -> BTreeSet<String> {
        let complaint = |taken: &Taken| taken.json()["data"]["complaint"].as_str().unwrap().to_owned();
        receiver.taken().iter().map(complaint).collect()
    };
    let lead = firm.api.at(stack.base_url());
    let log = || {
        let log = lead.get(&format!("{}/deliveries", path(&endpoint)));
        let rows: Vec<_> = log.expect(200).data().iter().map(|row| row["state"] == "delivered").collect();
        (rows.len(), rows.iter().all(|delivered| *delivered))
    };
    ticking(IN_THE_END, &stack, "all is told", || (told() == logged && log() == (logged.len(), true)).then_some(()));
    let ids: BTreeSet<String> = receiver.taken().iter().map(|taken| taken.id().to_owned()).collect();
    assert_eq!(ids.len(), logged.len(), "each is one message, however often it was sent");
    assert!(receiver.taken().iter().all(|taken| taken.path == "/hook"));
}
