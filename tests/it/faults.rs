//! What is left when the runtime dies at the worst moment. Each test has a stack of its own, to kill.

use crate::{
    client::{Answer, Client, unused},
    delivery::{SOON, expected, recorded},
    eventually::{equals, within},
    firm::{Firm, complaint},
    own_stack::{count, database, operator, own_stack, ticking},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use xtask::stack::{Options, Stack};

/// Rows that were not sent are taken for lost after 15 seconds; the queue retries for some more.
const IN_THE_END: Duration = Duration::from_secs(60);

#[test]
fn what_was_answered_is_told_although_the_runtime_died_before_sending_it() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let mut paths: Vec<String> = Vec::new();
    // Sending follows the answer by milliseconds, so try until something was answered and not sent.
    let left = (0..10).any(|_| {
        let api = firm.api.at(stack.base_url());
        for _ in 0..6 {
            let logged = api.post("/v1/complaints", &complaint(json!({}))).expect(201);
            paths.push(format!("/v1/complaints/{}", logged.id()));
        }
        stack.kill();
        let left = count(&state, "outbox");
        stack.restart().expect("the stack starts again on what reached the disk");
        left > 0
    });
    assert!(left, "the runtime never died between commit and send");

    let api = firm.api.at(stack.base_url());
    for path in &paths {
        let events = api.get(&format!("{path}/events")).expect(200);
        assert_eq!(events.data().len(), 1, "what was answered is there");
        let told = || recorded(api.get(&format!("{path}/deliveries")).expect(200).data());
        ticking(IN_THE_END, &stack, "everybody is told", || (told() == expected(events.data())).then_some(()));
    }
    stack.tick().expect("cron runs");
    stack.stop();
    assert_eq!((count(&state, "outbox"), count(&state, "dead_letters")), (0, 0), "nothing is left to send");
    assert_eq!(count(&state, "deliveries"), 2 * paths.len(), "each of two audiences is told once");
}

/// An intake and a first note on it, each with its own key, as a client sends and repeats them.
struct Errand {
    intake_key: String,
    note_key: String,
    body: Value,
    intake: Mutex<Option<Answer>>,
    note: Mutex<Option<Answer>>,
}

impl Errand {
    fn new() -> Self {
        let body = complaint(json!({ "external_reference": unused() }));
        Self { intake_key: unused(), note_key: unused(), body, intake: Mutex::new(None), note: Mutex::new(None) }
    }

    /// Sends both, and checks the answers against those that came before. `false` if the stack does not answer.
    fn run(&self, api: &Client) -> bool {
        let intake = api.call("POST", "/v1/complaints").idempotency_key(&self.intake_key).json(&self.body).try_send();
        let Some(intake) = kept(intake, 201, &self.intake) else { return false };
        let path = format!("/v1/complaints/{}/note", intake.id());
        let note =
            api.call("POST", &path).idempotency_key(&self.note_key).if_match(1).json(&json!({ "text": "Noted." }));
        kept(note.try_send(), 200, &self.note).is_some()
    }

    fn answers(&self) -> usize {
        [&self.intake, &self.note].iter().filter(|answer| answer.lock().unwrap().is_some()).count()
    }
}

/// The answer, if one came whole: the first one is kept, a later one must be the same.
fn kept(answer: Result<Answer, ureq::Error>, status: u16, first: &Mutex<Option<Answer>>) -> Option<Answer> {
    // A dying proxy may answer for the runtime; such an answer carries no request id.
    let answer = answer.ok().filter(|answer| answer.header("x-request-id").is_some())?;
    let answer = if answer.status == 503 { return None } else { answer.expect(status) };
    let mut first = first.lock().unwrap();
    if let Some(first) = first.as_ref() {
        assert_eq!(answer.text, first.text, "a repeated request gets the answer that it got before");
    }
    Some(first.get_or_insert(answer).clone())
}

#[test]
fn a_request_whose_answer_was_lost_can_be_repeated() {
    const AT_ONCE: usize = 16;
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let mut errands: Vec<Errand> = Vec::new();
    // A request dies between commit and answer by chance, so try until one did.
    let lost = (0..8).any(|round| {
        let begun = errands.len();
        errands.extend((0..400).map(|_| Errand::new()));
        let (next, dead, api) = (AtomicUsize::new(begun), AtomicBool::new(false), firm.api.at(stack.base_url()));
        std::thread::scope(|threads| {
            for _ in 0..AT_ONCE {
                let (next, dead, errands, api) = (&next, &dead, &errands, api.apart());
                threads.spawn(move || {
                    while let Some(errand) = errands.get(next.fetch_add(1, Ordering::SeqCst)) {
                        if dead.load(Ordering::SeqCst) || !errand.run(&api) {
                            break;
                        }
                    }
                });
            }
            let enough = begun + 40 + 10 * round;
            within(IN_THE_END, "some requests are under way", || (next.load(Ordering::SeqCst) > enough).then_some(()));
            stack.kill();
            dead.store(true, Ordering::SeqCst);
        });
        let answered: usize = errands.iter().map(Errand::answers).sum();
        let committed = count(&state, "idempotency");
        errands.truncate(next.load(Ordering::SeqCst).min(errands.len()));
        stack.restart().expect("the stack starts again on what reached the disk");
        assert!(committed >= answered, "what was answered is there: {committed} of {answered}");
        committed > answered
    });
    assert!(lost, "the runtime never died between commit and answer");

    let api = firm.api.at(stack.base_url());
    let next = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            let (next, errands, api) = (&next, &errands, api.apart());
            threads.spawn(move || {
                while let Some(errand) = errands.get(next.fetch_add(1, Ordering::SeqCst)) {
                    assert!(errand.run(&api), "the stack answers now");
                }
            });
        }
    });
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    let mut query = "limit=200".to_owned();
    loop {
        let page = api.get(&format!("/v1/complaints?{query}")).expect(200);
        for row in page.data() {
            *found.entry(row["external_reference"].to_string()).or_default() += 1;
            assert_eq!(row["version"], 2, "noted once");
        }
        match page.body["next"].as_str() {
            Some(cursor) => query = format!("limit=200&cursor={cursor}"),
            None => break,
        }
    }
    let sent: BTreeMap<String, u64> =
        errands.iter().map(|errand| (errand.body["external_reference"].to_string(), 1)).collect();
    assert_eq!(found, sent, "one complaint for each key, whatever happened to its answer");
    for errand in errands.iter().step_by(10) {
        let path = format!("/v1/complaints/{}", errand.intake.lock().unwrap().as_ref().unwrap().id());
        assert_eq!(api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
    }
}

#[test]
fn what_cannot_be_told_ends_among_the_dead_letters_and_holds_up_nobody() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({ "shards": [0] }));
    stack.stop();
    let tenant = &firm.id;
    let id = |number: u8| format!("018bcfe5-6800-7101-8101-0101010101{number:02x}");
    let message = |number: u8, v: u8, shard: u8| json!({ "v": v, "id": id(number), "tenant": tenant, "complaint": id(9), "shard": shard, "events": [{ "seq": 1, "kind": "received" }] });
    let poison = ["no message at all".to_owned(), message(2, 99, 0).to_string(), message(3, 1, 7).to_string()];
    {
        let database = database(&state);
        for (number, message) in (1..).zip(&poison) {
            database
                .execute(
                    "INSERT INTO outbox (id, tenant_id, message) VALUES (?1, ?2, ?3)",
                    (id(number), tenant, message),
                )
                .unwrap();
        }
    }
    stack.restart().expect("the stack starts again");
    stack.tick().expect("cron runs");

    let (api, operator) = (firm.api.at(stack.base_url()), operator(&stack));
    let path = format!("/v1/complaints/{}", api.post("/v1/complaints", &complaint(json!({}))).expect(201).id());
    let told = |path: &str| api.get(&format!("{path}/deliveries")).expect(200).data().len();
    equals(SOON, 2, || told(&path));

    let letters = || {
        let letters = operator.get("/v1/dead-letters").expect(200);
        let mut messages: Vec<String> =
            letters.data().iter().map(|letter| letter["message"].as_str().unwrap().to_owned()).collect();
        messages.sort();
        messages
    };
    let mut all = poison.to_vec();
    all.sort();
    within(IN_THE_END, "all of it is given up", || (letters().len() >= all.len()).then_some(()));
    assert_eq!(letters(), all, "each once");
    stack.stop();
    assert_eq!(count(&state, "outbox"), 0, "what was given up is not sent again every minute");
}

/// The change is done once D1 has it; here the runtime died before the directory had it too.
#[test]
fn a_change_that_did_not_reach_the_directory_is_published_by_cron() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let listed = |stack: &Stack| firm.api.at(stack.base_url()).get("/v1/complaints");
    listed(&stack).expect(200);
    stack.stop();
    let suspend = "UPDATE tenants SET version = 2, unpublished = 1, directory_seq = directory_seq + 1,
        doc = json_set(doc, '$.status', 'suspended', '$.version', 2) WHERE id = ?1";
    assert_eq!(database(&state).execute(suspend, [&firm.id]).unwrap(), 1);
    stack.restart().expect("the stack starts again");
    listed(&stack).expect(200);
    ticking(IN_THE_END, &stack, "the tenant is suspended", || (listed(&stack).status == 403).then_some(()));
    stack.stop();
    assert_eq!(count(&state, "tenants WHERE unpublished = 1"), 0);
}

/// Without the switch for tests, answers do not say what they cost; and no log says what only the tenant may read.
#[test]
fn a_stack_as_in_production_keeps_things_to_itself() {
    let stack = Stack::start(Options::temporary()).expect("a stack starts");
    let operator = operator(&stack);
    let firm = Firm::on(&operator, json!({}));
    let body = complaint(json!({
        "complainant": { "name": "Wilhelmina Quill", "contacts": [{ "kind": "email", "value": "quill@example.com" }] },
        "description": "They lost my ocarina.", "external_reference": "CRM-SECRET-7"
    }));
    let logged = firm.api.post("/v1/complaints", &body).expect(201);
    let path = format!("/v1/complaints/{}", logged.id());
    assert_eq!(logged.header("redress-cost"), None);
    firm.give(&path, "note", json!({ "text": "Wilhelmina Quill called." })).expect(200);
    let refused = firm.api.post("/v1/complaints", &body).problem(409, "already_taken");
    firm.api.post("/v1/complaints", &json!({ "complainant": "Wilhelmina Quill" })).problem(422, "invalid");
    equals(SOON, 3, || firm.api.get(&format!("{path}/deliveries")).expect(200).data().len());
    let key =
        operator.post(&format!("/v1/tenants/{}/keys", firm.id), &json!({ "name": "x", "scopes": [] })).expect(201);

    let log = within(SOON, "requests are logged", || {
        let log = std::fs::read_to_string(stack.log()).expect("the log can be read");
        log.contains(key.header("x-request-id").expect("an id")).then_some(log)
    });
    let secrets = ["Quill", "quill@", "ocarina", "CRM-SECRET", stack.operator_key(), key.text_of("token")];
    for secret in secrets {
        assert!(!log.contains(secret), "the log says {secret}");
    }
    let requests: Vec<Value> =
        log.lines().filter_map(|line| serde_json::from_str(line.get(line.find('{')?..)?).ok()).collect();
    let line_of = |answer: &Answer| {
        let line = requests.iter().find(|line| line["request_id"].as_str() == answer.header("x-request-id"));
        line.expect("each request is one line of JSON")
    };
    let intake = line_of(&logged);
    assert_eq!((&intake["route"], &intake["status"]), (&json!("/v1/complaints"), &json!(201)));
    assert!(intake["duration_ms"].is_u64() && intake["trace_id"].is_string() && intake["key"].is_string());
    assert_eq!(intake["tenant"], json!(firm.id), "a line says whose request it was");
    assert_eq!(line_of(&refused)["code"], "already_taken", "and what it was told");
}

#[test]
fn a_dead_letter_is_sent_again_once_its_cause_is_gone() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({ "shards": [0] }));
    stack.stop();
    database(&state).execute_batch("ALTER TABLE deliveries RENAME TO deliveries_away").unwrap();
    stack.restart().expect("the stack starts again");
    let logged = firm.api.at(stack.base_url()).post("/v1/complaints", &complaint(json!({}))).expect(201);
    let client = operator(&stack);
    let letter =
        within(IN_THE_END, "it is given up", || client.get("/v1/dead-letters").expect(200).data().first().cloned());
    assert!(letter["message"].as_str().unwrap().contains(logged.id()));
    assert_eq!(letter["replayed_at"], Value::Null);
    stack.stop();
    database(&state).execute_batch("ALTER TABLE deliveries_away RENAME TO deliveries").unwrap();
    stack.restart().expect("the stack starts again");

    let (client, api) = (operator(&stack), firm.api.at(stack.base_url()));
    let path = format!("/v1/dead-letters/{}/replay", letter["id"].as_str().unwrap());
    let key = unused();
    let replay = || client.call("POST", &path).idempotency_key(&key).json(&json!({})).send().expect(200);
    let replayed = replay();
    assert!(replayed.body["replayed_at"].is_string());
    let complaint = format!("/v1/complaints/{}", logged.id());
    let events = api.get(&format!("{complaint}/events")).expect(200);
    equals(SOON, expected(events.data()), || recorded(api.get(&format!("{complaint}/deliveries")).expect(200).data()));
    let again = replay();
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &replayed.body));
    client.post("/v1/dead-letters/018bcfe5-6800-7303-8303-030303030300/replay", &json!({})).problem(404, "not_found");
    assert_eq!(client.get("/v1/dead-letters").expect(200).data()[0], replayed.body);
}
