//! Sockets that are told of changes: in order, each once, also across a crash; who may have one, who is dropped, and what many that
//! are idle cost.

use crate::{
    changes,
    client::{Answer, Client, unused},
    eventually::within,
    firm::{Firm, complaint, key_for},
    import::{NDJSON, import, rows},
    own_stack::{operator, own_stack},
};
use serde_json::{Value, json};
use shared::{
    http::{change_query::Place, cursor::CursorKey},
    live::{CATCH_UP_MILLIS, MAX_UNACKNOWLEDGED, ticket::Ticket},
    time::Timestamp,
};
use std::{
    io::{BufRead as _, BufReader},
    net::TcpStream,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tungstenite::{
    Error, HandshakeError, Message, WebSocket,
    client::{IntoClientRequest, client},
    http::HeaderValue,
};
use xtask::checkout;

/// A change is told within this time.
const TOLD: Duration = Duration::from_secs(10);
/// Whoever may not listen any more is closed within this time (decision 7: a lease's life and one more second).
const REVOKED: Duration = Duration::from_secs(2);
/// Nothing comes for so long when nothing is to come.
const QUIET: Duration = Duration::from_millis(700);

/// A socket, and what it was told.
pub(crate) struct Listener {
    socket: WebSocket<TcpStream>,
    /// The last place it was told.
    pub(crate) next: String,
    /// How many changes it was told of.
    count: u64,
    /// What it was told of and nobody has looked at.
    pub(crate) seen: Vec<Value>,
    /// Whether it acknowledges.
    pub(crate) polite: bool,
}

/// What a socket says next.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Change(Value),
    Closed(u16, String),
    Nothing,
}

impl Listener {
    /// Opens a socket with the client's key, or with the protocols of a ticket.
    pub(crate) fn open(api: &Client, query: &str, protocols: &[&str]) -> Result<Self, (u16, String)> {
        let url = api.base_url().replacen("http", "ws", 1);
        let address = url.trim_start_matches("ws://").to_owned();
        let mut request = format!("{url}/v1/live?{query}").into_client_request().expect("a URL");
        let headers = request.headers_mut();
        let mut header =
            |name, value: String| _ = headers.insert(name, HeaderValue::from_str(&value).expect("a header"));
        header("cf-connecting-ip", api.address().to_owned());
        if protocols.is_empty() {
            let key = api.key().expect("a key");
            header("authorization", format!("Bearer {key}"));
        } else {
            header("sec-websocket-protocol", protocols.join(", "));
        }
        let stream = TcpStream::connect(address).expect("the stack accepts connections");
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (socket, answer) = client(request, stream).map_err(|error| match error {
            HandshakeError::Failure(Error::Http(answer)) => {
                let text = answer.body().as_ref().map(|body| String::from_utf8_lossy(body).into_owned());
                (answer.status().as_u16(), text.unwrap_or_default())
            }
            other => panic!("no handshake: {other}"),
        })?;
        assert!(answer.headers().contains_key("x-request-id"));
        if !protocols.is_empty() {
            assert_eq!(answer.headers()["sec-websocket-protocol"], "redress.live");
        }
        let mut listener = Self { socket, next: String::new(), count: 0, seen: Vec::new(), polite: true };
        let first = listener.message(TOLD).expect("it is told where it begins");
        listener.next = first["next"].as_str().expect("a place").to_owned();
        Ok(listener)
    }

    pub(crate) fn with_key(api: &Client, query: &str) -> Self {
        Self::open(api, query, &[]).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    fn message(&mut self, limit: Duration) -> Result<Value, Said> {
        self.socket.get_ref().set_read_timeout(Some(limit)).unwrap();
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    return Ok(serde_json::from_str(&text).unwrap_or(Value::String(text.to_string())));
                }
                Ok(Message::Close(Some(frame))) => {
                    // The other side waits for the answer to it.
                    self.socket.flush().ok();
                    return Err(Said::Closed(frame.code.into(), frame.reason.to_string()));
                }
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => return Err(Said::Nothing),
                Err(error) => return Err(Said::Closed(1006, error.to_string())),
            }
        }
    }

    /// What comes next within this time.
    pub(crate) fn hear(&mut self, limit: Duration) -> Said {
        loop {
            let message = match self.message(limit) {
                Ok(message) => message,
                Err(said) => return said,
            };
            if let Some(next) = message["next"].as_str() {
                self.next = next.to_owned();
            }
            if message["number"].is_null() {
                continue;
            }
            self.count += 1;
            if self.polite && self.count.is_multiple_of(10) {
                self.say(&json!({ "ack": self.count }).to_string());
            }
            return Said::Change(message);
        }
    }

    /// Hears of so many changes.
    pub(crate) fn hear_of(&mut self, count: usize) {
        while self.seen.len() < count {
            match self.hear(TOLD) {
                Said::Change(change) => self.seen.push(change),
                other => panic!("after {} of {count}: {other:?}", self.seen.len()),
            }
        }
    }

    /// Hears until it is closed.
    pub(crate) fn hear_out(&mut self, limit: Duration) -> (u16, String) {
        loop {
            match self.hear(limit) {
                Said::Change(change) => self.seen.push(change),
                Said::Closed(code, reason) => return (code, reason),
                Said::Nothing => panic!("it is not closed"),
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text.to_owned())).expect("it is open");
    }

    fn numbers(&self) -> Vec<u64> {
        self.seen.iter().map(|change| change["number"].as_u64().expect("a number")).collect()
    }
}

fn ticket(api: &Client, body: Value) -> Vec<String> {
    let handed = api.post("/v1/live-tickets", &body).expect(200);
    handed.body["protocols"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn by_ticket(api: &Client, query: &str, protocols: &[String]) -> Result<Listener, (u16, String)> {
    let protocols: Vec<&str> = protocols.iter().map(String::as_str).collect();
    Listener::open(api, query, &protocols)
}

/// As `GET /v1/changes` shows it.
fn as_in_feed(seen: &[Value]) -> Vec<Value> {
    let without_place = |change: &Value| {
        let mut change = change.clone();
        change.as_object_mut().unwrap().remove("next").expect("a place");
        change
    };
    seen.iter().map(without_place).collect()
}

#[test]
fn every_listener_hears_of_every_change_once_and_in_the_order_of_the_feed() {
    const WRITERS: usize = 4;
    let firm = Firm::new();
    // One through wrangler's proxy, the others past it.
    let mut listeners: Vec<Listener> =
        [&firm.api, &firm.inner(), &firm.inner()].into_iter().map(|api| Listener::with_key(api, "")).collect();
    thread::scope(|threads| {
        for writer in 0..WRITERS {
            let api = firm.inner().apart();
            threads.spawn(move || {
                for nth in 0..5 {
                    let slot = u8::from((writer + nth) % 2 == 0);
                    let call = api.call("POST", "/v1/complaints").idempotency_key(&key_for(slot, 2));
                    let made = call.json(&complaint(json!({}))).send().expect(201);
                    let path = format!("/v1/complaints/{}/acknowledge", made.id());
                    api.post_on(made.version(), &path, &json!({})).expect(200);
                }
            });
        }
        for listener in &mut listeners {
            threads.spawn(move || listener.hear_of(WRITERS * 5 * 2));
        }
    });
    let feed = changes::all(&firm.api);
    assert_eq!(feed.len(), WRITERS * 5 * 2);
    for listener in &mut listeners {
        assert_eq!(as_in_feed(&listener.seen), feed);
        assert_eq!(listener.hear(QUIET), Said::Nothing);
    }
    // Who begins in the middle hears of the rest; a place is one of the feed too.
    let mut late = Listener::with_key(&firm.api, &format!("since={}", listeners[0].seen[11]["next"].as_str().unwrap()));
    late.hear_of(feed.len() - 12);
    assert_eq!(as_in_feed(&late.seen), feed[12..]);
    let rest = firm.api.get(&format!("/v1/changes?since={}", listeners[0].seen[11]["next"].as_str().unwrap()));
    assert_eq!(rest.expect(200).data(), &feed[12..]);
}

#[test]
fn a_crash_leaves_no_gap_and_repeats_nothing() {
    let (mut stack, state) = own_stack();
    let operator_key = stack.operator_key().to_owned();
    let firm = Firm::on(&operator(&stack), json!({}));
    let mut before = Listener::with_key(&firm.api, "");
    let log =
        |api: &Client, n: usize| (0..n).for_each(|_| _ = api.post("/v1/complaints", &complaint(json!({}))).expect(201));
    log(&firm.api, 6);
    before.hear_of(4);
    stack.kill();
    stack.restart().expect("it starts again");
    let api = Client::new(stack.base_url(), firm.api.key());
    log(&api, 3);
    let mut after = Listener::with_key(&api, &format!("since={}", before.next));
    log(&api, 2);
    after.hear_of(7);
    assert_eq!([before.numbers(), after.numbers()].concat(), (1..=11).collect::<Vec<_>>());
    assert_eq!(after.hear(QUIET), Said::Nothing);

    // A ticket that has expired; and one that nobody has made.
    let secrets = std::fs::read_to_string(state.join(".dev.vars")).expect("the secrets of the cell");
    let key = secrets.lines().find_map(|line| line.strip_prefix("CURSOR_KEY=")).expect("a key").trim_matches('"');
    let key = CursorKey::from_base64url(key).expect("a key");
    let protocols = ticket(&api, json!({}));
    let (cell, sealed) = Ticket::offered(&protocols[1]).expect("a ticket");
    let genuine = Ticket::open(sealed, &key).expect("a ticket");
    let expired = Ticket { expires_at: Timestamp::from_unix_millis(1_700_000_000_000), ..genuine };
    let forged = CursorKey::from_base64url(&"A".repeat(43)).unwrap();
    for wrong in [expired.seal(&cell, &key), genuine.seal(&cell, &forged)] {
        assert_eq!(by_ticket(&api, "", &wrong.protocols).err().map(|(status, _)| status), Some(401));
    }
    by_ticket(&api, "", &genuine.seal(&cell, &key).protocols).expect("that is one");

    // Switched off, they say so, and come back.
    let operator = Client::new(stack.base_url(), Some(&operator_key));
    let set = |parts: Value| operator.call("PUT", "/v1/flags").json(&json!({ "parts": parts })).send().expect(200);
    set(json!({ "live": { "off_for": [firm.id] } }));
    let closed = within(Duration::from_secs(30), "it is closed", || {
        log(&api, 1);
        match after.hear(Duration::from_millis(500)) {
            Said::Closed(code, _) => Some(code),
            _ => None,
        }
    });
    assert_eq!(closed, 1013);
    within(Duration::from_secs(20), "none is opened", || {
        Listener::open(&api, "", &[]).err().filter(|(status, _)| *status == 503)
    });
    set(json!({}));
    within(Duration::from_secs(20), "it is on again", || Listener::open(&api, "", &[]).ok());
}

#[test]
fn a_narrow_socket_sees_its_complaint_and_another_tenant_nothing() {
    let (firm, other) = (Firm::new(), Firm::new());
    let logged = firm.log(json!({}));
    let path = format!("/v1/complaints/{}", logged.id());
    let query = format!("complaint={}", logged.id());
    let mut narrow = Listener::with_key(&firm.api, &query);
    // As for a page of the consumer's: no more than that something happened.
    let protocols = ticket(&firm.api, json!({ "complaint": logged.id(), "events": false }));
    let mut discreet = by_ticket(&firm.api, "", &protocols).expect("it opens");
    let mut foreign = Listener::with_key(&other.api, "");
    for _ in 0..3 {
        firm.logged();
    }
    firm.give(&path, "acknowledge", json!({})).expect(200);
    firm.logged();
    firm.give(&path, "note", json!({ "text": "Not for the consumer." })).expect(200);
    for listener in [&mut narrow, &mut discreet] {
        listener.hear_of(2);
        assert!(listener.seen.iter().all(|change| change["complaint"] == logged.id()));
        assert_eq!(listener.hear(QUIET), Said::Nothing);
    }
    let kinds: Vec<_> = narrow.seen.iter().map(|change| change["event"]["type"].clone()).collect();
    assert_eq!(kinds, ["acknowledged", "noted"].map(Value::from), "{:?}", narrow.seen);
    assert!(discreet.seen.iter().all(|change| change.get("event").is_none()), "{:?}", discreet.seen);
    assert_eq!(discreet.numbers(), narrow.numbers());
    assert_eq!(foreign.hear(QUIET), Said::Nothing);
    other.logged();
    foreign.hear_of(1);

    // Nobody can tell another tenant's complaint from none, nor widen a ticket.
    let refused = |api: &Client, query: &str| Listener::open(api, query, &[]).err().expect("it does not open");
    let theirs = refused(&other.api, &query);
    let none = refused(&other.api, "complaint=018bcfe5-6800-7303-8303-030303030300");
    assert_eq!((theirs.0, none.0), (404, 404));
    assert_eq!(other.api.post("/v1/live-tickets", &json!({ "complaint": logged.id() })).pointers(), ["/complaint"]);
    let wider = ticket(&firm.api, json!({ "complaint": logged.id() }));
    let query = format!("complaint={}", firm.log(json!({})).id());
    assert_eq!(by_ticket(&firm.api, &query, &wider).err().map(|(status, _)| status), Some(404));
}

#[test]
fn a_handshake_is_a_request_like_any_other() {
    let firm = Firm::small();
    // Its `Upgrade` header is of the connection, and goes no further than the local runtime.
    firm.api.get("/v1/live").problem(426, "upgrade_required");
    Client::anonymous().get("/v1/live").problem(401, "unauthenticated");
    firm.key(&["complaints:write"]).get("/v1/live").problem(403, "forbidden");
    let status = |query: &str| Listener::open(&firm.api, query, &[]).err().map(|(status, _)| status);
    let beyond = Place(1_000).seal(firm.id.parse().unwrap());
    for query in ["colour=red", "since=abc", "complaint=1", &format!("since={beyond}")] {
        assert_eq!(status(query), Some(400), "{query}");
    }
    assert_eq!(status(""), None);

    let protocols = ticket(&firm.api, json!({}));
    by_ticket(&firm.api, "", &protocols).expect("once");
    assert_eq!(by_ticket(&firm.api, "", &protocols).err().map(|(status, _)| status), Some(401), "and not twice");
    for wrong in ["redress.ticket.local.AAAA", "redress.ticket.nowhere.AAAA", "redress.ticket."] {
        let protocols = ["redress.live".to_owned(), wrong.to_owned()];
        assert_eq!(by_ticket(&firm.api, "", &protocols).err().map(|(status, _)| status), Some(401), "{wrong}");
    }
    // A ticket opens nothing else.
    let call = Client::anonymous();
    call.call("GET", "/v1/changes")
        .header("sec-websocket-protocol", &protocols.join(", "))
        .send()
        .problem(401, "unauthenticated");
    firm.api.post("/v1/live-tickets", &json!({ "colour": "red" })).problem(422, "invalid");
}

#[test]
fn a_client_may_ping_and_acknowledge_and_nothing_else() {
    let firm = Firm::small();
    let mut listener = Listener::with_key(&firm.inner(), "");
    listener.say("ping");
    assert_eq!(listener.message(TOLD), Ok(json!("pong")));
    firm.logged();
    listener.hear_of(1);
    listener.say(r#"{"ack":1}"#);
    assert_eq!(listener.hear(QUIET), Said::Nothing);
    for wrong in [r#"{"ack":2}"#, "hello", r#"{"ack":1,"colour":"red"}"#, &"x".repeat(1_000)] {
        let mut listener = Listener::with_key(&firm.inner(), "");
        listener.say(wrong);
        assert_eq!(
            listener.hear(TOLD),
            Said::Closed(1008, "send nothing but ping and acknowledgements".to_owned()),
            "{wrong}"
        );
    }
}

#[test]
fn who_may_not_listen_any_more_is_closed_at_once() {
    let firm = Firm::new();
    let path = format!("/v1/tenants/{}", firm.id);
    let issue = || {
        let body = json!({ "name": "live", "mode": "test", "scopes": ["complaints:read"] });
        let issued = firm.operator.post(&format!("{path}/keys"), &body).expect(201);
        (issued.id().to_owned(), firm.inner().with_key(issued.text_of("token")))
    };
    let ((mine, api), (_, other)) = (issue(), issue());
    let mut by_key = Listener::with_key(&api, "");
    let mut of_ticket = by_ticket(&api, "", &ticket(&api, json!({}))).expect("it opens");
    let unused_ticket = ticket(&api, json!({}));
    let mut stays = Listener::with_key(&other, "");
    let begun = Instant::now();
    firm.operator.post(&format!("{path}/keys/{mine}/revoke"), &json!({})).expect(200);
    for listener in [&mut by_key, &mut of_ticket] {
        assert_eq!(listener.hear(REVOKED), Said::Closed(4401, "the key is not valid any more".to_owned()));
    }
    assert!(begun.elapsed() < REVOKED, "{:?}", begun.elapsed());
    println!("closed {} ms after the key was revoked", begun.elapsed().as_millis());
    assert_eq!(Listener::open(&api, "", &[]).err().map(|(status, _)| status), Some(401));
    assert_eq!(by_ticket(&api, "", &unused_ticket).err().map(|(status, _)| status), Some(401));
    firm.logged();
    stays.hear_of(1);

    let version = firm.operator.get(&path).expect(200).version();
    let begun = Instant::now();
    let suspended = firm.operator.post_on(version, &format!("{path}/suspend"), &json!({})).expect(200);
    assert_eq!(stays.hear(REVOKED), Said::Closed(4403, "the tenant is suspended".to_owned()));
    assert!(begun.elapsed() < REVOKED, "{:?}", begun.elapsed());
    assert_eq!(Listener::open(&other, "", &[]).err().map(|(status, _)| status), Some(403));
    firm.operator.post_on(suspended.version(), &format!("{path}/resume"), &json!({})).expect(200);
    within(TOLD, "it opens again", || Listener::open(&other, "", &[]).ok());
}

fn imported(firm: &Firm, count: usize) -> Answer {
    let body = rows(count).join("\n");
    let (_, summary) = import(&firm.inner(), &unused(), "", NDJSON, &body);
    assert_eq!(summary["created"], count, "{summary}");
    firm.api.get("/v1/changes?since=latest").expect(200)
}

#[test]
fn who_does_not_acknowledge_is_dropped_and_catches_up() {
    let firm = Firm::small();
    let mut slow = Listener::with_key(&firm.inner(), "");
    let mut polite = Listener::with_key(&firm.inner(), "");
    slow.polite = false;
    firm.logged();
    slow.hear_of(1);
    let count = usize::try_from(MAX_UNACKNOWLEDGED).unwrap() + 200;
    thread::scope(|threads| {
        let all = threads.spawn(|| polite.hear_of(count + 1));
        imported(&firm, count);
        all.join().expect("who acknowledges hears of all");
    });
    // Nothing beyond the bound is sent, and it is waited for only so long.
    let patience = Duration::from_millis(CATCH_UP_MILLIS.try_into().unwrap()) + TOLD;
    let (code, reason) = slow.hear_out(patience);
    assert_eq!((code, reason.as_str()), (4408, "catch up from the last `next` that you have"));
    assert_eq!(slow.seen.len() as u64, MAX_UNACKNOWLEDGED);

    // It goes on from what it has; whoever catches up is waited for as long as it acknowledges.
    let mut again = Listener::with_key(&firm.inner(), &format!("since={}", slow.next));
    again.hear_of(count + 1 - slow.seen.len());
    assert_eq!([slow.numbers(), again.numbers()].concat(), polite.numbers());
    let beginning = Place(0).seal(firm.id.parse().unwrap());
    let mut from_the_first = Listener::with_key(&firm.inner(), &format!("since={beginning}"));
    from_the_first.hear_of(count + 1);
    assert_eq!(from_the_first.numbers(), polite.numbers());
}

/// The client that the documentation shows.
#[test]
fn the_client_of_the_documentation_follows() {
    const SCRIPT: &str = "
        import { follow } from './docs/clients/follow_live.mjs';
        const { BASE, KEY, SINCE } = process.env;
        const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
        let nth = 0;
        const ticket = async () => {
            nth += 1;
            const asked = { method: 'POST', headers: { ...headers, 'idempotency-key': `ticket-${nth}` }, body: '{}' };
            const answer = await fetch(`${BASE}/v1/live-tickets`, asked);
            return answer.json();
        };
        const base = BASE.replace('http', 'ws');
        follow(base, ticket, ({ number }) => console.log(number), (code) => { console.log(code); process.exit(0); }, SINCE);";
    let firm = Firm::new();
    let path = format!("/v1/tenants/{}", firm.id);
    let body = json!({ "name": "live", "mode": "test", "scopes": ["complaints:read"] });
    let issued = firm.operator.post(&format!("{path}/keys"), &body).expect(201);
    let beginning = Place(0).seal(firm.id.parse().unwrap());
    firm.logged();
    let mut node = Command::new(checkout::root().join("node_modules/.bin/node"));
    node.args(["--input-type=module", "-e", SCRIPT]).current_dir(checkout::root()).stdout(Stdio::piped());
    node.env("BASE", firm.inner().base_url()).env("KEY", issued.text_of("token")).env("SINCE", beginning);
    let mut node = node.spawn().expect("node runs");
    let mut lines = BufReader::new(node.stdout.take().expect("its output")).lines();
    let mut line = || lines.next().and_then(Result::ok);
    assert_eq!(line().as_deref(), Some("1"));
    (0..150).for_each(|_| _ = firm.inner().post("/v1/complaints", &complaint(json!({}))).expect(201));
    for number in 2..=151 {
        assert_eq!(line(), Some(number.to_string()));
    }
    // The local runtime leaves the connection open behind the close frame, and Node waits for its end.
    node.kill().expect("it runs");
    node.wait().expect("it ends");
}

/// How many there are in [`idle_sockets_cost_no_processor_time`], unless `SOCKETS` says otherwise.
const IDLE: usize = 200;
/// For how long the processor time is measured.
const MEASURED: Duration = Duration::from_secs(20);

/// Idle sockets sleep: the runtime takes no more processor time with them than without.
#[test]
fn idle_sockets_cost_no_processor_time() {
    let sockets = std::env::var("SOCKETS").ok().and_then(|text| text.parse().ok()).unwrap_or(IDLE);
    let (stack, _) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let api = firm.api.at(stack.inner_url());
    firm.logged();
    let measured = || {
        let (before, begun) = (stack.processor_time(), Instant::now());
        thread::sleep(MEASURED);
        (stack.processor_time() - before).as_secs_f64() / begun.elapsed().as_secs_f64()
    };
    thread::sleep(Duration::from_secs(12));
    let (without, memory_without) = (measured(), stack.memory());
    let begun = Instant::now();
    let mut listeners = Vec::with_capacity(sockets);
    while listeners.len() < sockets {
        match Listener::open(&api, "", &[]) {
            Ok(listener) => listeners.push(listener),
            // The tenant's limit of requests.
            Err((429, _)) => thread::sleep(Duration::from_millis(200)),
            Err(refused) => panic!("{refused:?}"),
        }
    }
    let opened = begun.elapsed();
    // An object that nothing happens to is put to sleep after ten seconds; metrics are handed in meanwhile.
    thread::sleep(Duration::from_secs(15));
    let (with, memory_with) = (measured(), stack.memory());
    // They are all there still.
    let begun = Instant::now();
    firm.logged();
    listeners.iter_mut().for_each(|listener| listener.hear_of(1));
    let told = begun.elapsed();
    println!(
        "{sockets} idle sockets: {:.2} % of a processor, {:.2} % without; {} MiB more memory; opened in {:.1} s; all told of a change {:.2} s after it was sent",
        with * 100.0,
        without * 100.0,
        memory_with.saturating_sub(memory_without) >> 20,
        opened.as_secs_f64(),
        told.as_secs_f64()
    );
    assert!(with < without + 0.02, "{with} with, {without} without");
}
