//! `Idempotency-Key`: one key, one effect, one answer, however often and however close together it is sent.

use crate::{
    client::{Answer, Client, unused},
    firm::{Firm, complaint},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Barrier};

fn send(api: &Client, path: &str, key: &str, body: &Value) -> Answer {
    api.call("POST", path).idempotency_key(key).json(body).send()
}

fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

/// Headers that a repeated answer has in common with the first.
fn same_headers(answer: &Answer) -> [Option<&str>; 3] {
    ["etag", "location", "content-type"].map(|name| answer.header(name))
}

#[test]
fn every_post_needs_a_key() {
    let firm = Firm::new();
    let path = firm.logged();
    let paths = [
        (&firm.api, "/v1/complaints".to_owned()),
        (&firm.api, format!("{path}/note")),
        (&firm.operator, "/v1/tenants".to_owned()),
        (&firm.operator, format!("/v1/tenants/{}/keys", firm.id)),
        (&firm.operator, format!("/v1/tenants/{}/suspend", firm.id)),
    ];
    for (api, path) in paths {
        let call = || api.call("POST", &path).if_match(1).json(&json!({}));
        call().send().problem(400, "idempotency_key_missing");
        for wrong in ["\"unfinished", "with space", "back\\slash", &"x".repeat(256)] {
            let refused = call().header("idempotency-key", wrong).send().problem(400, "invalid_header");
            assert_eq!(refused.pointers(), ["Idempotency-Key"], "{wrong}");
        }
    }
}

#[test]
fn a_repeated_intake_gets_the_first_answer_again() {
    let firm = Firm::new();
    let (key, body) = (unused(), complaint(json!({ "external_reference": "CRM-1" })));
    let first = send(&firm.api, "/v1/complaints", &key, &body).expect(201);
    assert!(!is_replay(&first));
    // Whatever happens to it meanwhile.
    let path = format!("/v1/complaints/{}", first.id());
    firm.give(&path, "acknowledge", json!({})).expect(200);
    firm.give(&path, "correct", json!({ "reason": "x", "set": { "description": "Else." } })).expect(200);
    for again in [key.clone(), format!("\"{key}\"")] {
        let repeated = send(&firm.api, "/v1/complaints", &again, &body).expect(201);
        assert!(is_replay(&repeated));
        assert_eq!((repeated.body.clone(), same_headers(&repeated)), (first.body.clone(), same_headers(&first)));
    }
    assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 1);
}

#[test]
fn a_repeated_command_gets_the_first_answer_again() {
    let firm = Firm::new();
    let path = firm.logged();
    let (key, body) = (unused(), json!({ "assignee": "agent-7" }));
    firm.give(&path, "acknowledge", json!({})).expect(200);
    let assign = |body: &Value| {
        firm.api.call("POST", &format!("{path}/assign")).idempotency_key(&key).if_match(2).json(body).send()
    };
    let first = assign(&body).expect(200);
    assert_eq!(first.version(), 4);
    firm.give(&path, "withdraw", json!({ "reason": "Settled." })).expect(200);
    let repeated = assign(&body).expect(200);
    assert!(is_replay(&repeated) && !is_replay(&first));
    assert_eq!((repeated.body, repeated.headers["etag"].clone()), (first.body, first.headers["etag"].clone()));
    assign(&json!({ "assignee": "agent-8" })).problem(422, "idempotency_key_reused");
    assert_eq!(firm.api.get(&path).expect(200).version(), 5);
}

#[test]
fn a_key_is_for_one_request() {
    let firm = Firm::new();
    let (key, body) = (unused(), complaint(json!({})));
    let first = send(&firm.api, "/v1/complaints", &key, &body).expect(201);
    let path = format!("/v1/complaints/{}", first.id());
    let other = firm.logged();
    send(&firm.api, "/v1/complaints", &key, &complaint(json!({ "channel": "phone" })))
        .problem(422, "idempotency_key_reused");
    // Used on something else, it is another request, wherever that lies.
    let command = |path: &str, command: &str| {
        firm.api.call("POST", &format!("{path}/{command}")).idempotency_key(&key).if_match(1).json(&json!({})).send()
    };
    for path in [&path, &other] {
        assert!(!is_replay(&command(path, "acknowledge").expect(200)));
        assert!(is_replay(&command(path, "acknowledge").expect(200)));
        command(path, "investigate").problem(422, "idempotency_key_reused");
        assert_eq!(firm.api.get(path).expect(200).version(), 2);
    }
    assert!(is_replay(&send(&firm.api, "/v1/complaints", &key, &body).expect(201)));
}

/// What was refused was not done, so the same key may try again.
#[test]
fn a_refusal_does_not_use_the_key_up() {
    let firm = Firm::new();
    let path = firm.logged();
    let key = unused();
    let send = |command: &str, version: u64| {
        firm.api
            .call("POST", &format!("{path}/{command}"))
            .idempotency_key(&key)
            .if_match(version)
            .json(&json!({}))
            .send()
    };
    send("investigate", 1).problem(409, "illegal_move");
    send("acknowledge", 7).problem(412, "precondition_failed");
    send("acknowledge", 1).expect(200);
    assert!(is_replay(&send("acknowledge", 1).expect(200)));
}

#[test]
fn thirty_two_duplicates_at_once_create_one_complaint() {
    let firm = Firm::new();
    let api = firm.inner();
    for round in 0..3 {
        let (key, body) = (unused(), complaint(json!({ "external_reference": format!("CRM-{round}") })));
        let answers = at_once(32, &api, |api| send(api, "/v1/complaints", &key, &body).expect(201));
        let bodies: BTreeSet<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
        assert_eq!(bodies.len(), 1, "one answer for all");
        assert_eq!(answers.iter().filter(|answer| !is_replay(answer)).count(), 1, "one of them is the first");
        assert!(answers.iter().all(|answer| answer.version() == 1 && answer.header("location").is_some()));
    }
    assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 3);
}

#[test]
fn sixteen_duplicates_of_a_command_are_done_once() {
    let firm = Firm::new();
    let path = firm.logged();
    let key = unused();
    let answers = at_once(16, &firm.inner(), |api| {
        let call = api.call("POST", &format!("{path}/note")).idempotency_key(&key).if_match(1);
        call.json(&json!({ "text": "Once." })).send().expect(200)
    });
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    assert_eq!(answers.iter().filter(|answer| !is_replay(answer)).count(), 1);
    assert_eq!(firm.api.get(&path).expect(200).version(), 2);
}

#[test]
fn operators_may_repeat_themselves_too() {
    let operator = Client::operator();
    let (slug, key) = (unused(), unused());
    let body = json!({
        "slug": slug, "display_name": "Halcyon", "sector": "telecom", "jurisdiction": "us", "reference_prefix": "HTC"
    });
    let first = send(&operator, "/v1/tenants", &key, &body).expect(201);
    let path = format!("/v1/tenants/{}", first.id());
    let repeated = send(&operator, "/v1/tenants", &key, &body).expect(201);
    assert!(is_replay(&repeated) && !is_replay(&first));
    assert_eq!((&repeated.body, same_headers(&repeated)), (&first.body, same_headers(&first)));
    send(&operator, "/v1/tenants", &key, &json!({ "slug": unused() })).problem(422, "invalid");
    let mut other = body;
    other["display_name"] = json!("Other");
    send(&operator, "/v1/tenants", &key, &other).problem(422, "idempotency_key_reused");

    let key = unused();
    let new = json!({ "name": "ci", "scopes": ["complaints:read"] });
    let issued = send(&operator, &format!("{path}/keys"), &key, &new).expect(201);
    let again = send(&operator, &format!("{path}/keys"), &key, &new).expect(201);
    assert!(is_replay(&again));
    assert_eq!(again.body, issued.body, "with the same secret: whoever lost the answer needs it");
    assert_eq!(operator.get(&format!("{path}/keys")).expect(200).data().len(), 1);

    let key = unused();
    let suspend =
        || operator.call("POST", &format!("{path}/suspend")).idempotency_key(&key).if_match(1).json(&json!({})).send();
    let suspended = suspend().expect(200);
    let again = suspend().expect(200);
    assert!(is_replay(&again));
    assert_eq!((&again.body, same_headers(&again)), (&suspended.body, same_headers(&suspended)));
}

#[test]
fn duplicates_of_an_operator_at_once_create_one_tenant() {
    let operator = Client::operator();
    let (slug, key) = (unused(), unused());
    let body = json!({
        "slug": slug, "display_name": "Aurelia", "sector": "airline", "jurisdiction": "eu", "reference_prefix": "AUA"
    });
    let created = at_once(8, &operator, |api| send(api, "/v1/tenants", &key, &body).expect(201));
    assert_eq!(created.iter().map(|answer| answer.id()).collect::<BTreeSet<_>>().len(), 1);
    let path = format!("/v1/tenants/{}/suspend", created[0].id());
    let key = unused();
    let suspended = at_once(8, &operator, |api| {
        api.call("POST", &path).idempotency_key(&key).if_match(1).json(&json!({})).send().expect(200)
    });
    assert!(suspended.iter().all(|answer| answer.body["version"] == 2));
}

/// The same call from `count` threads at the same moment.
fn at_once(count: usize, api: &Client, call: impl Fn(&Client) -> Answer + Sync) -> Vec<Answer> {
    let barrier = Barrier::new(count);
    std::thread::scope(|threads| {
        let running: Vec<_> = (0..count)
            .map(|_| {
                let (api, barrier, call) = (api.apart(), &barrier, &call);
                threads.spawn(move || {
                    barrier.wait();
                    call(&api)
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("the call is answered")).collect()
    })
}
