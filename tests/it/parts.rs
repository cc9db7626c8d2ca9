//! A message that holds several matters: split into complaints with clocks and answers of their own, and back.

use crate::{
    budgets::cost,
    client::{Answer, Client},
    clocks::{DAY, clocks, now},
    delivery::{SOON, expected, recorded},
    eventually::{equals, within},
    firm::{Firm, command_body},
};
use serde_json::{Value, json};

fn path(id: &str) -> String {
    format!("/v1/complaints/{id}")
}

fn three() -> Value {
    json!({
        "reason": "Three matters in one letter.",
        "parts": [
            { "description": "And where is my data?", "tags": ["data_protection"] },
            { "description": "The card payment was never made.", "tags": ["payment_service"], "severity": "high" }
        ],
        "remains": { "tags": ["fees"] }
    })
}

/// The parts that a complaint says it has.
fn parts(answer: &Answer) -> Vec<String> {
    let parts = answer.body["parts"].as_array().cloned().unwrap_or_default();
    parts.iter().map(|part| part.as_str().expect("an id").to_owned()).collect()
}

fn is_sound(api: &Client, path: &str) {
    assert_eq!(api.get(&format!("{path}/verify")).expect(200).body["valid"], true, "{path}");
    let events = api.get(&format!("{path}/events?limit=500")).expect(200);
    let told = || recorded(api.get(&format!("{path}/deliveries?limit=500")).expect(200).data());
    equals(SOON, expected(events.data()), told);
}

#[test]
fn each_matter_has_clocks_and_an_answer_of_its_own() {
    let firm = Firm::new();
    let received = now().plus_millis(-3 * DAY);
    let logged = firm.log(json!({ "received_at": received.to_string(), "tags": ["fees", "data_protection"] }));
    let whole = path(logged.id());
    let key = crate::client::unused();
    let split = || {
        let call = firm.api.call("POST", &format!("{whole}/split")).idempotency_key(&key).if_match(1);
        call.json(&three()).send().expect(200)
    };
    let answer = split();
    assert_eq!((answer.version(), parts(&answer).len(), &answer.body["tags"]), (3, 2, &json!(["fees"])));
    assert_eq!(cost(&answer).d1, 2, "load and commit, parts and all");
    let again = split();
    assert_eq!((again.header("idempotency-replayed"), parts(&again)), (Some("true"), parts(&answer)));
    assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 3, "once");

    let [data, payment] = parts(&answer).try_into().expect("two parts");
    let (data, payment) = (path(&data), path(&payment));
    for part in [&data, &payment] {
        let part = firm.api.get(part).expect(200);
        assert_eq!(part.body["links"], json!([{ "relation": "part_of", "complaint": logged.id() }]));
        assert_eq!(
            (&part.body["received_at"], &part.body["complainant"]),
            (&logged.body["received_at"], &logged.body["complainant"])
        );
        assert_ne!(part.body["reference"], logged.body["reference"]);
        assert!(part.body["legal_moves"].as_array().expect("moves").contains(&json!("rejoin")));
    }
    let [of_data, of_payment, of_whole] = [&data, &payment, &whole].map(|path| clocks(&firm, path, ""));
    assert!(of_data.contains_key("acknowledgement_statute") && !of_whole.contains_key("acknowledgement_statute"));
    assert!(of_payment.contains_key("payment_response") && !of_whole.contains_key("payment_response"));
    assert!(of_whole.contains_key("final_response"));
    assert_eq!(firm.api.get("/v1/complaints?q=data").expect(200).data().len(), 1);
    let found = firm.api.get(&format!("/v1/complaints?linked_to={}", logged.id())).expect(200);
    assert_eq!(found.data().len(), 2);

    // Each is answered by itself.
    let answer = json!({ "kind": "summary_resolution", "outcome": "upheld", "summary": "Paid now." });
    firm.give(&payment, "resolve", answer).expect(200);
    assert_eq!(clocks(&firm, &payment, "")["payment_response"]["state"], "met");
    assert_eq!(clocks(&firm, &whole, "")["final_response"]["state"], "running");

    // One was no matter of its own: its clocks are the whole's again, from the first receipt.
    let back = firm.give(&data, "rejoin", command_body("rejoin", "")).expect(200);
    assert_eq!(back.body["state"], "closed");
    let now_whole = firm.api.get(&whole).expect(200);
    assert_eq!((parts(&now_whole).len(), &now_whole.body["tags"]), (1, &json!(["fees", "data_protection"])));
    assert_eq!(clocks(&firm, &data, "")["acknowledgement_statute"]["state"], "void");
    let again = clocks(&firm, &whole, "");
    assert_eq!(again["acknowledgement_statute"]["due"], of_data["acknowledgement_statute"]["due"]);
    assert_eq!(firm.api.get("/v1/complaints/counts").expect(200).body["total"], 3);
    for one in [&whole, &data, &payment] {
        is_sound(&firm.api, one);
    }
}

#[test]
fn what_cannot_be_split_or_taken_back_says_why_and_changes_nothing() {
    let (firm, stranger) = (Firm::new(), Firm::new());
    let whole = firm.logged();
    let part = json!({ "description": "x" });
    for (body, pointers) in [
        (json!({ "reason": "x", "parts": [] }), vec!["/parts"]),
        (json!({ "reason": "x", "parts": vec![&part; 11] }), vec!["/parts"]),
        (json!({ "parts": [part] }), vec!["/reason"]),
        (
            json!({ "reason": "x", "parts": [part, { "description": "y", "product": "nonsense" }] }),
            vec!["/parts/1/product"],
        ),
        (json!({ "reason": "x", "parts": [part], "remains": {} }), vec![""]),
    ] {
        let refused = firm.give(&whole, "split", body.clone()).problem(422, "invalid");
        assert_eq!(refused.pointers(), pointers, "{body}");
    }
    assert_eq!(firm.give(&whole, "rejoin", json!({ "reason": "x" })).problem(422, "invalid").pointers(), [""]);
    assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 1);
    stranger.api.post_on(1, &format!("{whole}/split"), &three()).problem(404, "not_found");
    let split = firm.give(&whole, "split", three()).expect(200);
    firm.api.post_on(1, &format!("{whole}/split"), &three()).problem(412, "precondition_failed");
    let first = path(&parts(&split)[0]);
    assert_eq!(firm.give(&first, "split", three()).problem(422, "invalid").pointers(), [""]);
    firm.give(&whole, "withdraw", json!({ "reason": "Settled." })).expect(200);
    firm.give(&first, "rejoin", json!({ "reason": "x" })).problem(409, "illegal_move");
    firm.give(&whole, "split", three()).problem(409, "illegal_move");
}

#[test]
fn parts_count_as_complaints_of_the_plan() {
    let firm = Firm::with(json!({ "limits": {
        "windows": [{ "policy": "burst", "limit": 1_000 }],
        "quotas": [{ "quota": "complaints_a_month", "limit": 3, "over": "refuse" }]
    } }));
    let whole = firm.logged();
    // What the last request had taken along and did not log is given back soon.
    within(SOON, "two more are allowed", || {
        let split = firm.give(&whole, "split", three());
        assert!(split.status == 200 || split.status == 429, "{}", split.text);
        (split.status == 200).then_some(())
    });
    let more = json!({ "parts": [{ "description": "And one more." }], "reason": "x" });
    firm.give(&whole, "split", more).problem(429, "quota_exceeded");
    assert_eq!(parts(&firm.api.get(&whole).expect(200)).len(), 2);
}
