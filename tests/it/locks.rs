//! Case locks: one holder at a time, tokens that only grow, and no write with an old one.

use crate::{
    client::{Answer, Client, unused},
    eventually::within,
    firm::{COMMANDS, Firm, command_body},
};
use serde_json::{Value, json};
use std::{thread, time::Duration};

fn take(api: &Client, path: &str, who: &str, ttl_seconds: u32) -> Answer {
    let body = json!({ "holder": { "id": who, "name": format!("{who} Smith") }, "ttl_seconds": ttl_seconds });
    api.call("PUT", &format!("{path}/lock")).json(&body).send()
}

fn token(lock: &Answer) -> String {
    lock.body["token"].as_u64().unwrap_or_else(|| panic!("no token: {}", lock.text)).to_string()
}

fn note(api: &Client, path: &str, version: u64, token: Option<&str>) -> Answer {
    let call = api.call("POST", &format!("{path}/note")).idempotency_key(&unused()).if_match(version);
    let call = token.into_iter().fold(call, |call, token| call.header("redress-lock", token));
    call.json(&json!({ "text": "Called the branch." })).send()
}

#[test]
fn whoever_takes_it_is_shown_and_others_are_kept_out() {
    let firm = Firm::new();
    let path = firm.logged();
    assert_eq!(firm.api.get(&path).expect(200).body["lock"], Value::Null);
    let lock = take(&firm.api, &path, "anna", 60).expect(200);
    let shown = firm.api.get(&path).expect(200);
    assert_eq!(shown.body["lock"]["holder"], json!({ "id": "anna", "name": "anna Smith" }));
    assert_eq!(shown.body["lock"]["expires_at"], lock.body["expires_at"]);
    assert_eq!(shown.body["lock"]["token"], Value::Null, "the token is the holder's");
    assert_eq!(shown.version(), 1, "a lock is no new version");

    let refused = take(&firm.api, &path, "ben", 60).problem(423, "locked");
    assert_eq!(refused.body["lock"]["holder"]["name"], "anna Smith");
    let refused = note(&firm.api, &path, 1, None).problem(423, "locked");
    assert!(refused.text_of("detail").starts_with("anna Smith works on it"), "{}", refused.text);
    note(&firm.api, &path, 1, Some("7")).problem(423, "locked");
    let noted = note(&firm.api, &path, 1, Some(&token(&lock))).expect(200);
    assert_eq!(noted.body["lock"]["holder"]["id"], "anna");
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
}

#[test]
fn every_command_asks_for_the_lock() {
    let firm = Firm::new();
    let path = firm.logged();
    let other = firm.log(json!({}));
    take(&firm.api, &path, "anna", 60).expect(200);
    for command in COMMANDS {
        firm.give(&path, command, command_body(command, other.id())).problem(423, "locked");
    }
    assert_eq!(firm.api.get(&path).expect(200).version(), 1);
}

#[test]
fn it_is_renewed_released_and_taken_again() {
    let firm = Firm::new();
    let path = firm.logged();
    let first = take(&firm.api, &path, "anna", 60).expect(200);
    let again = take(&firm.api, &path, "anna", 300).expect(200);
    assert_eq!((&again.body["token"], &again.body["since"]), (&first.body["token"], &first.body["since"]));
    assert!(again.text_of("expires_at") > first.text_of("expires_at"));

    let lock = format!("{path}/lock");
    let body = json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 600 });
    let renewed = firm.api.call("PUT", &lock).header("redress-lock", &token(&first)).json(&body).send().expect(200);
    assert!(renewed.text_of("expires_at") > again.text_of("expires_at"));

    let release = |token: &str| firm.api.call("DELETE", &lock).header("redress-lock", token).send();
    release("12").problem(423, "locked");
    release(&token(&first)).expect(204);
    release(&token(&first)).expect(204);
    assert_eq!(firm.api.get(&path).expect(200).body["lock"], Value::Null);
    note(&firm.api, &path, 1, Some(&token(&first))).problem(409, "lock_lost");
    note(&firm.api, &path, 1, None).expect(200);
    let renew = firm.api.call("PUT", &lock).header("redress-lock", &token(&first)).json(&body).send();
    renew.problem(409, "lock_lost");

    let second = take(&firm.api, &path, "ben", 60).expect(200);
    assert!(second.body["token"].as_u64() > first.body["token"].as_u64());
    release(&token(&first)).problem(423, "locked");
    note(&firm.api, &path, 2, Some(&token(&first))).problem(423, "locked");
}

#[test]
fn it_ends_by_itself() {
    let firm = Firm::new();
    let path = firm.logged();
    let lock = take(&firm.api, &path, "anna", 5).expect(200);
    within(Duration::from_secs(15), "it has ended", || {
        firm.api.get(&path).expect(200).body["lock"].is_null().then_some(())
    });
    note(&firm.api, &path, 1, Some(&token(&lock))).problem(409, "lock_lost");
    let next = take(&firm.api, &path, "ben", 60).expect(200);
    assert!(next.body["token"].as_u64() > lock.body["token"].as_u64());
}

#[test]
fn only_a_lead_takes_it_over() {
    let firm = Firm::new();
    let path = firm.logged();
    let anna = take(&firm.api, &path, "anna", 60).expect(200);
    let holder = format!("{path}/lock/holder");
    let body = json!({ "holder": { "id": "lead", "name": "Team Lead" } });
    firm.api.call("PUT", &holder).json(&body).send().problem(403, "forbidden");
    let lead = firm.key(&["complaints:lead", "complaints:write"]);
    let taken = lead.call("PUT", &holder).json(&body).send().expect(200);
    assert!(taken.body["token"].as_u64() > anna.body["token"].as_u64());
    note(&firm.api, &path, 1, Some(&token(&anna))).problem(423, "locked");
    note(&firm.api, &path, 1, Some(&token(&taken))).expect(200);
}

#[test]
fn what_is_no_lock_is_refused() {
    let firm = Firm::new();
    let path = firm.logged();
    let lock = format!("{path}/lock");
    for (body, pointer) in [
        (json!({}), "/holder"),
        (json!({ "holder": { "id": "anna" } }), "/holder/name"),
        (json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 4 }), "/ttl_seconds"),
        (json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 901 }), "/ttl_seconds"),
        (json!({ "holder": { "id": "anna", "name": "Anna" }, "token": 1 }), "/token"),
    ] {
        let refused = firm.api.call("PUT", &lock).json(&body).send().problem(422, "invalid");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    firm.api.call("DELETE", &lock).send().problem(400, "invalid_header");
    firm.api.call("DELETE", &lock).header("redress-lock", "x").send().problem(400, "invalid_header");
    let nowhere = "/v1/complaints/018bcfe5-6800-7303-8303-030303030300";
    take(&firm.api, nowhere, "anna", 60).problem(404, "not_found");
    take(&Firm::new().api, &path, "anna", 60).problem(404, "not_found");
}

/// The write is checked in its own transaction, not only before it: many writers with an old token and one take-over.
#[test]
fn no_write_with_an_old_token_comes_after_a_take_over() {
    let firm = Firm::new();
    let path = firm.logged();
    let lead = firm.key(&["complaints:lead", "complaints:write", "complaints:read"]);
    for _ in 0..5 {
        let anna = token(&take(&lead, &path, "anna", 60).expect(200));
        let before = lead.get(&path).expect(200).version();
        let taken = thread::scope(|scope| {
            for _ in 0..4 {
                let (api, anna, path) = (firm.inner().apart(), &anna, &path);
                scope.spawn(move || {
                    let mut version = before;
                    for _ in 0..6 {
                        let answer = note(&api, path, version, Some(anna));
                        match answer.status {
                            200 => version = answer.version(),
                            412 => version = api.get(path).expect(200).version(),
                            status => assert_eq!(status, 423, "{}", answer.text),
                        }
                    }
                });
            }
            let body = json!({ "holder": { "id": "lead", "name": "Team Lead" } });
            let taken = lead.call("PUT", &format!("{path}/lock/holder")).json(&body).send().expect(200);
            // From here on only the lead writes: each of its writes is the next version.
            let mut version = lead.get(&path).expect(200).version();
            for _ in 0..5 {
                let noted = note(&lead, &path, version, Some(&token(&taken))).expect(200);
                assert_eq!(noted.version(), version + 1);
                version = noted.version();
            }
            taken
        });
        let release = lead.call("DELETE", &format!("{path}/lock")).header("redress-lock", &token(&taken));
        release.send().expect(204);
    }
}
