//! From the outbox by the queue to what is to be told to whom: once for each event, and soon.

use crate::{
    eventually::equals,
    firm::{COMMANDS, Firm, command_body},
};
use serde_json::{Value, json};
use shared::{complaint::event::EventKind, notify::audiences};
use std::time::Duration;

/// The queue gathers messages for a second.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Who is to hear of what, as the deliveries of a complaint say.
pub(crate) fn recorded(deliveries: &[Value]) -> Vec<(u64, String, String)> {
    let text = |row: &Value, member: &str| row[member].as_str().expect("a delivery is complete").to_owned();
    let row = |row: &Value| (row["seq"].as_u64().expect("a number"), text(row, "event"), text(row, "audience"));
    deliveries.iter().map(row).collect()
}

/// Who is to hear of what, as the events of a complaint say.
pub(crate) fn expected(events: &[Value]) -> Vec<(u64, String, String)> {
    let mut expected = Vec::new();
    for event in events {
        let kind: EventKind = serde_json::from_value(event["type"].clone()).expect("a kind of event");
        for audience in audiences(kind) {
            let name = event["type"].as_str().expect("a name").to_owned();
            expected.push((event["seq"].as_u64().expect("a number"), name, audience.as_str().to_owned()));
        }
    }
    expected
}

#[test]
fn every_event_is_told_once_to_each_who_is_to_hear_of_it() {
    let firm = Firm::new();
    let path = firm.logged();
    let other = firm.log(json!({})).id().to_owned();
    for command in COMMANDS.into_iter().filter(|command| !["unlink", "close"].contains(command)) {
        let state = firm.api.get(&path).expect(200).body["legal_moves"].clone();
        let answer = firm.give(&path, command, command_body(command, &other));
        assert!(answer.status == 200 || answer.status == 409, "{command} with {state}: {}", answer.text);
    }
    let events = firm.api.get(&format!("{path}/events?limit=500")).expect(200);
    assert!(events.data().len() > 8);
    let told = || recorded(firm.api.get(&format!("{path}/deliveries?limit=500")).expect(200).data());
    equals(SOON, expected(events.data()), told);
}

#[test]
fn a_repeated_request_tells_nobody_twice() {
    let firm = Firm::new();
    let path = firm.logged();
    let key = crate::client::unused();
    for _ in 0..5 {
        firm.api
            .call("POST", &format!("{path}/acknowledge"))
            .idempotency_key(&key)
            .if_match(1)
            .json(&json!({}))
            .send()
            .expect(200);
    }
    let all = ["received", "acknowledged"].iter().zip(1..);
    let expected: Vec<_> = all
        .flat_map(|(event, seq)| ["complainant", "tenant"].map(|who| (seq, (*event).to_owned(), who.to_owned())))
        .collect();
    equals(SOON, expected, || recorded(firm.api.get(&format!("{path}/deliveries")).expect(200).data()));
}

#[test]
fn deliveries_are_listed_in_parts() {
    let firm = Firm::new();
    let path = firm.logged();
    for _ in 0..3 {
        firm.give(&path, "note", json!({ "text": "x" })).expect(200);
    }
    equals(SOON, 5, || firm.api.get(&format!("{path}/deliveries")).expect(200).data().len());
    let page = |query: &str| {
        let page = firm.api.get(&format!("{path}/deliveries?{query}")).expect(200);
        let seqs: Vec<u64> = recorded(page.data()).into_iter().map(|(seq, _, _)| seq).collect();
        (seqs, page.body["next_after"].as_u64())
    };
    // A part is so many events, whoever is told of them.
    assert_eq!(page("limit=2"), (vec![1, 1, 2], Some(2)));
    assert_eq!(page("limit=2&after=2"), (vec![3, 4], Some(4)));
    assert_eq!(page("limit=2&after=4"), (vec![], None));
    assert_eq!(page("limit=5"), (vec![1, 1, 2, 3, 4], None));
}
