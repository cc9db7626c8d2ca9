//! Every command, in every state, on every version: what is done, what is refused, and who wins.

use crate::{
    client::{Answer, Client, STACK, unused},
    firm::{COMMANDS, Firm, command_body},
};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
};

/// By command, one column a state: the state it leads to, `.` where it is refused, `=` where it changes nothing of it.
const TABLE: &str = include_str!("../../shared/tests/complaint/moves.txt");

/// The states in the order of the columns, with a course to each and the moves that are legal there.
const STATES: [(&str, &[&str], &[&str]); 10] = [
    ("received", &[], &["acknowledge", "resolve:summary_resolution", "withdraw", "refer"]),
    ("acknowledged", &["acknowledge"], &["investigate", "resolve:summary_resolution", "withdraw", "refer"]),
    (
        "investigating",
        &["acknowledge", "investigate"],
        &["request-information", "propose-response", "resolve:summary_resolution", "withdraw", "refer"],
    ),
    (
        "awaiting_information",
        &["acknowledge", "investigate", "request-information"],
        &["investigate", "propose-response", "resolve:summary_resolution", "withdraw", "refer"],
    ),
    (
        "response_proposed",
        &["acknowledge", "investigate", "propose-response"],
        &["investigate", "resolve", "resolve:summary_resolution", "withdraw", "refer"],
    ),
    ("resolved", &["resolve:summary_resolution"], &["close", "reopen", "refer"]),
    ("closed", &["resolve:summary_resolution", "close"], &["reopen", "refer"]),
    ("reopened", &["withdraw", "reopen"], &["investigate", "resolve:summary_resolution", "withdraw", "refer"]),
    ("withdrawn", &["withdraw"], &["close", "reopen"]),
    ("referred", &["refer"], &["close", "reopen"]),
];

/// `name` is a command, or one with a variant after a colon.
fn give(api: &Client, path: &str, version: u64, name: &str, other: &str) -> Answer {
    let (command, variant) = name.split_once(':').unwrap_or((name, ""));
    let mut body = command_body(command, other);
    match variant {
        "summary_resolution" => body["kind"] = json!(variant),
        "in" | "out" => body["direction"] = json!(variant),
        _ => {}
    }
    api.post_on(version, &format!("{path}/{command}"), &body)
}

#[test]
fn every_command_in_every_state_is_done_or_refused_with_what_is_legal() {
    let firm = Firm::new();
    let api = firm.key(&["complaints:read", "complaints:write", "complaints:lead"]).at(&STACK.inner_url);
    let other = firm.log(json!({})).id().to_owned();
    let mut rows = TABLE.trim().lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    let columns = rows.next().unwrap();
    let called = |name: &str| STATES[columns.iter().position(|column| *column == name).unwrap()].0;
    let rows: Vec<Vec<&str>> = rows.collect();
    let named = rows.iter().map(|row| row[0].split(':').next().unwrap());
    let given: BTreeSet<&str> = named.chain(["unlink", "retract-milestone"]).collect();
    assert_eq!(given, COMMANDS.into_iter().chain(["move-clocks"]).collect());

    for (column, (state, course, legal)) in STATES.iter().enumerate() {
        let start = || {
            let path = firm.logged();
            for (version, name) in (1..).zip(course.iter()) {
                give(&api, &path, version, name, &other).expect(200);
            }
            (path, course.len() as u64 + 1)
        };
        let (mut path, mut version) = start();
        for row in &rows {
            let name = row[0];
            let answer = give(&api, &path, version, name, &other);
            let to = match row[column + 1] {
                "." => {
                    let refused = answer.problem(409, "illegal_move");
                    assert_eq!(refused.body["legal"], json!(legal), "{name} when {state}");
                    assert_eq!(api.get(&path).expect(200).version(), version, "a refused {name} changes nothing");
                    continue;
                }
                "=" => state,
                other => called(other),
            };
            let done = answer.expect(200);
            assert_eq!(done.body["state"], to, "{name} when {state}");
            assert!(done.version() > version, "{name} when {state}");
            assert_eq!(done.body["version"], done.version());
            // Only what changes nothing leaves the complaint where the next row needs it.
            (path, version) = if to == *state && name != "link" { (path, done.version()) } else { start() };
        }
    }
}

#[test]
fn what_a_command_records_is_what_it_was_told() {
    let firm = Firm::new();
    let path = firm.logged();
    let other = firm.log(json!({})).id().to_owned();
    let redress = json!([{ "kind": "refund", "minor": 2500, "currency": "GBP" }, { "kind": "apology", "description": "By letter." }]);
    let steps = [
        ("acknowledge", json!({}), "acknowledged", json!({})),
        (
            "assign",
            json!({ "assignee": "agent-7", "team": "cards" }),
            "assigned",
            json!({ "assignee": "agent-7", "team": "cards" }),
        ),
        (
            "classify",
            json!({ "product": "credit_card", "issue": "fees_or_interest", "severity": "high", "vulnerability": ["health"], "tags": ["fees"], "root_cause": "fee_engine" }),
            "classified",
            json!({ "taxonomy": { "id": "cfpb-consumer-complaints", "version": "2023-08-24" }, "product": "credit_card", "issue": "fees_or_interest", "severity": "high", "vulnerability": ["health"], "tags": ["fees"], "root_cause": "fee_engine" }),
        ),
        ("note", json!({ "text": "Line one.\nLine two." }), "noted", json!({ "text": "Line one.\nLine two." })),
        (
            "request-information",
            json!({ "question": "Which one?", "due": "2026-12-01T00:00:00Z" }),
            "information_requested",
            json!({ "question": "Which one?", "due": "2026-12-01T00:00:00.000Z" }),
        ),
        (
            "contact",
            json!({ "direction": "in", "channel": "phone", "summary": "October's.", "occurred_at": "2026-05-01T00:00:00Z" }),
            "contact_recorded",
            json!({ "direction": "in", "channel": "phone", "summary": "October's.", "occurred_at": "2026-05-01T00:00:00.000Z" }),
        ),
        (
            "propose-response",
            json!({ "outcome": "upheld", "summary": "Ours.", "redress": redress }),
            "response_proposed",
            json!({ "outcome": "upheld", "summary": "Ours.", "redress": redress }),
        ),
        (
            "resolve",
            json!({ "outcome": "partly_upheld", "summary": "Half ours." }),
            "resolved",
            json!({ "kind": "final_response", "response": { "outcome": "partly_upheld", "summary": "Half ours.", "redress": [] } }),
        ),
        ("close", json!({ "reason": "Paid." }), "closed", json!({ "reason": "Paid." })),
        ("reopen", json!({ "reason": "Not paid." }), "reopened", json!({ "reason": "Not paid." })),
        (
            "link",
            json!({ "relation": "duplicate_of", "complaint": other }),
            "linked",
            json!({ "relation": "duplicate_of", "complaint": other }),
        ),
        (
            "unlink",
            json!({ "relation": "duplicate_of", "complaint": other, "reason": "No." }),
            "unlinked",
            json!({ "link": { "relation": "duplicate_of", "complaint": other }, "reason": "No." }),
        ),
        (
            "correct",
            json!({ "reason": "Misheard.", "set": { "description": "Three fees." } }),
            "corrected",
            json!({ "reason": "Misheard.", "changes": { "description": { "was": "A fee was charged twice.", "now": "Three fees." } } }),
        ),
        ("withdraw", json!({ "reason": "Settled." }), "withdrawn", json!({ "reason": "Settled." })),
        ("reopen", json!({ "reason": "By mistake." }), "reopened", json!({ "reason": "By mistake." })),
        ("investigate", json!({}), "investigation_started", json!({})),
        (
            "refer",
            json!({ "scheme": "FOS", "scheme_reference": "FOS-9", "reason": "Deadlock." }),
            "referred",
            json!({ "scheme": "FOS", "scheme_reference": "FOS-9", "reason": "Deadlock." }),
        ),
    ];
    let mut expected = vec![];
    for (command, body, kind, data) in steps {
        firm.give(&path, command, body).expect(200);
        expected.push((kind.to_owned(), data));
        if kind == "assigned" || kind == "contact_recorded" {
            expected.push(("investigation_started".to_owned(), json!({})));
        }
    }
    let events = firm.api.get(&format!("{path}/events?after=1")).expect(200);
    let recorded: Vec<_> =
        events.data().iter().map(|event| (event["type"].as_str().unwrap().to_owned(), event["data"].clone())).collect();
    assert_eq!(recorded, expected);
    let actors: BTreeSet<_> = events.data().iter().map(|event| event["actor"]["id"].as_str().unwrap()).collect();
    assert_eq!(actors.len(), 1, "every event names the key that did it");
    let now = firm.api.get(&path).expect(200).body;
    assert_eq!(
        (&now["description"], &now["root_cause"], &now["contacts"], &now["notes"]),
        (&json!("Three fees."), &json!("fee_engine"), &json!(1), &json!(1))
    );
    assert_eq!((&now["referral"]["scheme_reference"], &now["reopened"]), (&json!("FOS-9"), &json!(2)));
}

#[test]
fn a_body_that_a_command_does_not_take_is_refused_by_place() {
    let firm = Firm::new();
    let path = firm.logged();
    let unknown = "018bcfe5-6800-7303-8303-030303030300";
    let own = path.rsplit('/').next().unwrap();
    for (command, body, pointers) in [
        ("acknowledge", json!({ "by": "me" }), vec!["/by"]),
        ("assign", json!({}), vec!["/assignee"]),
        ("assign", json!({ "assignee": "x".repeat(101) }), vec!["/assignee"]),
        ("classify", json!({}), vec![""]),
        ("classify", json!({ "product": "pigeons" }), vec!["/product"]),
        ("note", json!({ "text": " " }), vec!["/text"]),
        (
            "contact",
            json!({ "direction": "in", "channel": "phone", "summary": "x", "occurred_at": "2999-01-01T00:00:00Z" }),
            vec!["/occurred_at"],
        ),
        ("resolve", json!({ "kind": "final", "outcome": "won", "summary": "x" }), vec!["/kind", "/outcome"]),
        (
            "resolve",
            json!({ "kind": "summary_resolution", "outcome": "upheld", "summary": "x", "redress": [{ "kind": "refund", "minor": 1 }] }),
            vec!["/redress/0/currency"],
        ),
        ("withdraw", json!({}), vec!["/reason"]),
        ("link", json!({ "relation": "part_of", "complaint": unknown }), vec!["/complaint"]),
        ("link", json!({ "relation": "part_of", "complaint": own }), vec!["/complaint"]),
        ("unlink", json!({ "relation": "part_of", "complaint": unknown, "reason": "x" }), vec!["/complaint"]),
        ("correct", json!({ "reason": "x", "set": {} }), vec!["/set"]),
        ("correct", json!({ "reason": "x", "set": { "state": "closed" } }), vec!["/set/state"]),
        (
            "correct",
            json!({ "reason": "x", "set": { "received_at": "2999-01-01T00:00:00Z" } }),
            vec!["/set/received_at"],
        ),
    ] {
        let refused = firm.give(&path, command, body.clone()).problem(422, "invalid");
        assert_eq!(refused.pointers(), pointers, "{command} {body}");
    }
    assert_eq!(firm.api.get(&path).expect(200).version(), 1, "nothing of it was done");
}

#[test]
fn a_tie_goes_one_way_and_both_keep_their_identity() {
    let firm = Firm::new();
    let (first, second) = (firm.log(json!({})), firm.log(json!({})));
    let path = |logged: &Answer| format!("/v1/complaints/{}", logged.id());
    let to = |other: &Answer| json!({ "relation": "duplicate_of", "complaint": other.id() });
    firm.give(&path(&first), "link", to(&second)).expect(200);
    assert_eq!(firm.give(&path(&second), "link", to(&first)).problem(422, "invalid").pointers(), ["/complaint"]);
    assert_eq!(firm.give(&path(&first), "link", to(&second)).problem(422, "invalid").pointers(), ["/complaint"]);
    assert_eq!(firm.api.get(&path(&second)).expect(200).text, second.text, "the other one is as it was");
    let mut undo = to(&second);
    undo["reason"] = json!("Another matter.");
    let undone = firm.give(&path(&first), "unlink", undo).expect(200);
    assert_eq!(undone.body["links"], json!([]));
    firm.give(&path(&second), "link", to(&first)).expect(200);
}

#[test]
fn a_command_says_which_version_it_saw() {
    let firm = Firm::new();
    let path = firm.logged();
    let send = |if_match: Option<&str>| {
        let call =
            firm.api.call("POST", &format!("{path}/note")).idempotency_key(&unused()).json(&json!({ "text": "x" }));
        match if_match {
            Some(value) => call.header("if-match", value).send(),
            None => call.send(),
        }
    };
    send(None).problem(428, "precondition_required");
    for wrong in ["*", "v1", "\"1\"", "W/\"v1\"", "\"v1", "x"] {
        assert_eq!(send(Some(wrong)).problem(400, "invalid_header").pointers(), ["If-Match"], "{wrong}");
    }
    for stale in ["\"v0\"", "\"v2\"", "\"v7\", \"v8\""] {
        send(Some(stale)).problem(412, "precondition_failed");
    }
    assert_eq!(send(Some("\"v1\"")).expect(200).version(), 2);
    send(Some("\"v1\"")).problem(412, "precondition_failed");
    assert_eq!(send(Some("\"v7\", \"v2\"")).expect(200).version(), 3);
}

/// Sixty-four writers at the same moment: for each version exactly one is first, the others are told.
#[test]
fn one_of_sixty_four_writers_wins_each_version() {
    const WRITERS: usize = 64;
    const VERSIONS: u64 = 5;
    let firm = Firm::new();
    let path = firm.logged();
    let api = firm.inner();
    let barrier = Barrier::new(WRITERS);
    let won: Vec<AtomicUsize> = (0..VERSIONS).map(|_| AtomicUsize::new(0)).collect();
    std::thread::scope(|threads| {
        for writer in 0..WRITERS {
            let (api, path, barrier, won) = (api.apart(), &path, &barrier, &won);
            threads.spawn(move || {
                for version in 1..=VERSIONS {
                    barrier.wait();
                    let body = json!({ "text": format!("writer {writer}, version {version}") });
                    let answer = api.post_on(version, &format!("{path}/note"), &body);
                    if answer.status == 200 {
                        assert_eq!(answer.version(), version + 1);
                        won[version as usize - 1].fetch_add(1, Ordering::SeqCst);
                    } else {
                        answer.problem(412, "precondition_failed");
                    }
                }
            });
        }
    });
    let won: Vec<usize> = won.into_iter().map(AtomicUsize::into_inner).collect();
    assert_eq!(won, vec![1; VERSIONS as usize]);
    let verdict = firm.api.get(&format!("{path}/verify")).expect(200).body;
    assert_eq!((&verdict["valid"], &verdict["events"]), (&json!(true), &json!(VERSIONS + 1)));
}

/// Writers that read again and go on all get through, each once, whatever the order.
#[test]
fn every_writer_that_tries_again_gets_through_once() {
    const WRITERS: u64 = 12;
    let firm = Firm::new();
    let path = firm.logged();
    let api = firm.inner();
    std::thread::scope(|threads| {
        for writer in 0..WRITERS {
            let (api, path) = (api.apart(), &path);
            threads.spawn(move || {
                let body = json!({ "text": format!("writer {writer}") });
                let done = (0..500).any(|_| {
                    let version = api.get(path).expect(200).version();
                    let answer = api.post_on(version, &format!("{path}/note"), &body);
                    answer.status == 200 || answer.problem(412, "precondition_failed").status == 0
                });
                assert!(done, "writer {writer} never got through");
            });
        }
    });
    let events = firm.api.get(&format!("{path}/events?after=1")).expect(200);
    let notes: BTreeSet<String> = events.data().iter().map(|event| event["data"]["text"].to_string()).collect();
    assert_eq!((events.data().len() as u64, notes.len() as u64), (WRITERS, WRITERS));
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
    assert_eq!(firm.api.get(&path).expect(200).body["notes"], json!(WRITERS));
}

/// Each command of two events is one change of the complaint: both or none, never one.
#[test]
fn two_events_of_one_command_come_together() {
    let firm = Firm::new();
    let path = firm.logged();
    firm.give(&path, "acknowledge", json!({})).expect(200);
    let assigned = firm.give(&path, "assign", json!({ "assignee": "agent-7" })).expect(200);
    assert_eq!((assigned.version(), &assigned.body["state"]), (4, &json!("investigating")));
    let between = firm.api.get(&format!("{path}/events?after=2")).expect(200);
    let moments: BTreeSet<&str> = between.data().iter().map(|event| event["at"].as_str().unwrap()).collect();
    assert_eq!((between.data().len(), moments.len()), (2, 1));
}
