//! Intake while its database is away, slow or full: accepted all the same, and logged once when it is back. Each test has a stack of its
//! own, whose bindings fail when they are told to.

use crate::{
    client::{Answer, Client, unused},
    delivery::{expected, recorded},
    eventually::within,
    firm::{Firm, complaint},
    own_stack::{operator, ticking},
};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use xtask::stack::{Options, Stack};

/// A tick logs what waits, and the queue tells of it.
const IN_THE_END: Duration = Duration::from_secs(60);

const GONE: &str = "D1_ERROR: Network connection lost.";

fn faulty() -> (Stack, PathBuf) {
    let options = Options::temporary().faulty();
    let state = options.state.clone();
    (Stack::start(options).expect("a stack starts"), state)
}

/// What the bindings do from now on.
fn faults(stack: &Stack, faults: &Value) {
    let call = Client::new(stack.inner_url(), None).call("POST", "/__faults").json(faults).try_send();
    assert_eq!(call.expect("the stack answers").status, 200);
}

/// Both databases alike.
fn databases(stack: &Stack, fault: &Value) {
    faults(stack, &json!({ "DB_0": fault, "DB_1": fault }));
}

fn log(api: &Client, key: &str, members: Value) -> Answer {
    api.call("POST", "/v1/complaints").idempotency_key(key).json(&complaint(members)).send()
}

#[test]
fn a_complaint_is_accepted_while_its_database_is_away_and_logged_once() {
    let (mut stack, _) = faulty();
    // On one database, so that the feed has the order in which they were logged.
    let firm = Firm::on(&operator(&stack), json!({ "shards": [0] }));
    let api = firm.api.at(stack.inner_url());
    log(&api, &unused(), json!({})).expect(201);

    databases(&stack, &json!({ "fail": GONE }));
    let key = unused();
    let accepted = log(&api, &key, json!({ "tags": ["first"] })).expect(202);
    assert_eq!(accepted.header("location"), Some(&*format!("/v1/complaints/{}", accepted.id())));
    assert!(accepted.text_of("reference").starts_with("NWB-"), "{}", accepted.text);
    let again = log(&api, &key, json!({ "tags": ["first"] })).expect(202);
    assert_eq!((again.body.clone(), again.header("idempotency-replayed")), (accepted.body.clone(), Some("true")));
    log(&api, &key, json!({ "tags": ["another"] })).problem(422, "idempotency_key_reused");
    log(&api, &unused(), json!({ "product": "no_such_product" })).problem(422, "invalid");
    let ready = Client::new(stack.inner_url(), None).call("GET", "/readyz").try_send();
    let ready = ready.expect("an answer");
    assert_eq!(ready.status, 503);
    let names: Vec<_> = ready.body["dependencies"].as_array().expect("a list").iter().collect();
    let state = |name: &str| names.iter().find(|one| one["name"] == name).map(|one| one["status"].clone());
    assert_eq!(
        [state("d1:DB_0"), state("r2:ATTACHMENTS"), state("queue:NOTIFY")].map(Option::unwrap_or_default),
        ["failing", "ok", "ok"]
    );
    // In the order they came.
    let others: Vec<Answer> =
        (0..8).map(|n| log(&api, &unused(), json!({ "tags": [format!("n{n}")] })).expect(202)).collect();
    // What was accepted outlives the runtime.
    stack.kill();
    stack.restart().expect("the stack starts again on what reached the disk");
    let api = firm.api.at(stack.inner_url());
    databases(&stack, &json!({ "fail": GONE }));
    let _fails = stack.tick();
    databases(&stack, &json!({}));

    let path = format!("/v1/complaints/{}", accepted.id());
    let logged = ticking(IN_THE_END, &stack, "it is logged", || {
        let found = api.call("GET", &path).try_send().ok()?;
        (found.status == 200).then_some(found)
    });
    assert_eq!(logged.body["reference"], accepted.body["reference"]);
    assert_eq!(
        (&logged.body["logged_at"], &logged.body["received_at"]),
        (&accepted.body["accepted_at"], &accepted.body["accepted_at"])
    );
    let repeated = log(&api, &key, json!({ "tags": ["first"] })).expect(201);
    assert_eq!((repeated.id(), repeated.header("idempotency-replayed")), (accepted.id(), Some("true")));
    let events = api.get(&format!("{path}/events")).expect(200);
    assert_eq!(events.data().len(), 1);
    ticking(IN_THE_END, &stack, "it is told", || {
        let told = recorded(api.get(&format!("{path}/deliveries")).expect(200).data());
        (told == expected(events.data())).then_some(())
    });
    let ids = ticking(IN_THE_END, &stack, "all are logged", || {
        let feed = api.get("/v1/changes?limit=200").expect(200);
        let received = feed.data().iter().filter(|change| change["event"]["type"] == "received");
        let ids: Vec<Value> = received.map(|change| change["complaint"].clone()).collect();
        (ids.len() >= 10).then_some(ids)
    });
    let accepted: Vec<Value> = [&accepted].into_iter().chain(&others).map(|answer| answer.body["id"].clone()).collect();
    assert_eq!(ids[1..], accepted);
}

#[test]
fn nobody_waits_for_a_database_that_is_slow_and_what_it_has_taken_is_not_logged_twice() {
    let (stack, _) = faulty();
    let firm = Firm::on(&operator(&stack), json!({ "shards": [0] }));
    let api = firm.api.at(stack.inner_url());
    // It takes what it is asked and nobody hears of it.
    databases(&stack, &json!({ "lose": GONE }));
    let lost = log(&api, &unused(), json!({})).expect(202);
    // It has no room left.
    databases(&stack, &json!({ "fail": "D1_ERROR: database or disk is full: SQLITE_FULL" }));
    let full = log(&api, &unused(), json!({})).expect(202);
    // It answers after ten seconds.
    databases(&stack, &json!({ "delay": 10_000 }));
    let begun = Instant::now();
    let mut slow = vec![log(&api, &unused(), json!({})).expect(202)];
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    // After some that were slow it is not asked any more.
    slow.extend((0..5).map(|_| log(&api, &unused(), json!({})).expect(202)));
    let begun = Instant::now();
    slow.push(log(&api, &unused(), json!({})).expect(202));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // Nothing takes it any more.
    faults(&stack, &json!({ "DB_0": { "fail": GONE }, "DB_1": { "fail": GONE }, "ATTACHMENTS": { "fail": "gone" } }));
    log(&api, &unused(), json!({})).problem(503, "unavailable");

    databases(&stack, &json!({}));
    let all: Vec<&str> = [&lost, &full].into_iter().chain(&slow).map(Answer::id).collect();
    for id in &all {
        ticking(IN_THE_END, &stack, "it is logged", || {
            let found = api.call("GET", &format!("/v1/complaints/{id}")).try_send().ok()?;
            (found.status == 200).then_some(())
        });
    }
    let counted = within(IN_THE_END, "counts", || {
        let counts = api.call("GET", "/v1/complaints/counts").try_send().ok()?;
        (counts.status == 200).then(|| counts.body["total"].clone())
    });
    assert_eq!(counted, json!(all.len()), "each is there once");
}

/// The answer to a first request may be lost, or its sender may have forgotten it.
#[test]
fn what_is_promised_for_a_complaint_that_was_logged_before_leads_to_it() {
    let (stack, _) = faulty();
    let operator = operator(&stack);
    let (firm, other) = (Firm::on(&operator, json!({})), Firm::on(&operator, json!({})));
    let api = firm.api.at(stack.inner_url());
    let key = unused();
    let logged = log(&api, &key, json!({})).expect(201);
    databases(&stack, &json!({ "fail": GONE }));
    let promised = log(&api, &key, json!({})).expect(202);
    assert_ne!(promised.id(), logged.id());
    databases(&stack, &json!({}));

    let path = format!("/v1/complaints/{}", promised.id());
    let there = format!("/v1/complaints/{}", logged.id());
    let redirect = ticking(IN_THE_END, &stack, "the promise is kept", || {
        let found = api.call("GET", &path).try_send().ok()?;
        (found.status == 308).then_some(found)
    });
    assert_eq!(redirect.header("location"), Some(&*there));
    let events = api.get(&format!("{path}/events?limit=7")).expect(308);
    assert_eq!(events.header("location"), Some(&*format!("{there}/events?limit=7")));
    let noted = api.post_on(1, &format!("{path}/note"), &json!({ "text": "Called back" })).expect(308);
    assert_eq!(noted.header("location"), Some(&*format!("{there}/note")));
    let found = api.get(&format!("/v1/complaints?reference={}", promised.text_of("reference"))).expect(200);
    assert_eq!(found.data().iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&logged.body["id"]]);
    other.api.at(stack.inner_url()).get(&path).problem(404, "not_found");
    let counts = api.get("/v1/complaints/counts").expect(200);
    assert_eq!(counts.body["total"], json!(1));
}

#[test]
fn what_the_firm_does_not_take_any_more_is_an_operators_to_see() {
    let (stack, _) = faulty();
    let operator = operator(&stack);
    let firm = Firm::on(&operator, json!({}));
    let api = firm.api.at(stack.inner_url());
    databases(&stack, &json!({ "fail": GONE }));
    let accepted = log(&api, &unused(), json!({})).expect(202);
    databases(&stack, &json!({}));
    let patch = |fields: Value| {
        within(IN_THE_END, "the breaker closes", || {
            let version =
                operator.call("GET", &firm.path("")).try_send().ok().filter(|read| read.status == 200)?.version();
            let call =
                operator.call("PATCH", &firm.path("")).if_match(version).json(&json!({ "custom_fields": fields }));
            (call.try_send().ok()?.status == 200).then_some(())
        });
    };
    patch(json!([{ "name": "branch", "label": "Branch", "type": "text", "required": true }]));
    let letter = ticking(IN_THE_END, &stack, "it is given up", || {
        let letters = operator.get("/v1/dead-letters").expect(200);
        letters.data().first().cloned()
    });
    assert!(
        letter["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("spool/1 ") && message.contains(accepted.id()))
    );
    patch(json!([]));
    let replay = format!("/v1/dead-letters/{}/replay", letter["id"].as_str().expect("an id"));
    operator.post(&replay, &json!({})).expect(200);
    let path = format!("/v1/complaints/{}", accepted.id());
    let logged = within(IN_THE_END, "it is logged", || Some(api.get(&path)).filter(|found| found.status == 200));
    assert_eq!(logged.body["reference"], accepted.body["reference"]);
}
