//! What regulators' returns are made of, over HTTP: said at intake, put right, paid, decided elsewhere, taken back.

use crate::{
    clocks::{DAY, at, clocks, now},
    delivery::{SOON, expected, recorded},
    eventually::{equals, within},
    firm::{Firm, command_body},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Cron and the queue take their time.
const IN_THE_END: Duration = Duration::from_secs(90);

fn is_sound(firm: &Firm, path: &str) {
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
    let events = firm.api.get(&format!("{path}/events?limit=500")).expect(200);
    let told = || recorded(firm.api.get(&format!("{path}/deliveries?limit=500")).expect(200).data());
    equals(SOON, expected(events.data()), told);
}

#[test]
fn who_received_it_when_it_was_made_and_who_complains_for_whom() {
    let firm = Firm::new();
    let members = json!({
        "received_at": "2026-05-04T10:00:00.000Z", "entity": "122702", "made_on": "2026-05-01", "eligible": true,
        "representative": { "name": "Featherstonehaugh Claims", "kind": "claims_management_company", "reference": "CL-77" }
    });
    let logged = firm.log(members.clone());
    let path = format!("/v1/complaints/{}", logged.id());
    for q in ["featherstonehaugh", "%22CL-77%22"] {
        assert_eq!(firm.api.get(&format!("/v1/complaints?q={q}")).expect(200).data().len(), 1, "{q}");
    }
    let set = json!({ "entity": "124659", "made_on": null, "representative": { "name": "Una", "kind": "family" } });
    let put_right = firm.give(&path, "correct", json!({ "reason": "Misread.", "set": set })).expect(200);
    assert_eq!(
        (&put_right.body["entity"], put_right.body.get("made_on"), &put_right.body["representative"]),
        (&json!("124659"), None, &json!({ "name": "Una", "kind": "family" }))
    );
    let found = json!({ "eligible": false, "vulnerability_failure": true });
    let found = firm.give(&path, "classify", found).expect(200);
    assert_eq!((&found.body["eligible"], &found.body["vulnerability_failure"]), (&json!(false), &json!(true)));
    let then = firm.api.get(&format!("{path}?at={}", logged.text_of("logged_at"))).expect(200);
    for (member, value) in members.as_object().expect("an object") {
        assert_eq!(&then.body[member], value, "as it was: {member}");
    }
    // Of whom nothing is known nothing is said.
    let plain = firm.log(json!({}));
    for member in
        ["entity", "made_on", "eligible", "representative", "vulnerability_failure", "payments", "adr_outcome"]
    {
        assert_eq!(plain.body.get(member), None, "{member}");
    }
    is_sound(&firm, &path);
}

#[test]
fn redress_is_paid_after_an_answer_and_an_award_after_a_scheme_has_decided() {
    let firm = Firm::new();
    let received = now().plus_millis(-10 * DAY);
    let path = format!("/v1/complaints/{}", firm.log(json!({ "received_at": received.to_string() })).id());
    let day = |days: i64| received.plus_millis(days * DAY).to_string();
    let pay = |minor: i64, days: i64| json!({ "minor": minor, "currency": "GBP", "paid_at": day(days) });
    let refused = firm.give(&path, "pay-redress", pay(1, 1)).problem(409, "illegal_move");
    assert!(refused.text_of("detail").contains("has not ended"), "{}", refused.text);
    assert!(refused.body["legal"].as_array().expect("moves").contains(&json!("acknowledge")));
    for command in ["acknowledge", "investigate", "propose-response", "resolve"] {
        firm.give(&path, command, command_body(command, "")).expect(200);
    }
    firm.give(&path, "pay-redress", pay(1_000, 2)).expect(200);
    firm.give(&path, "close", json!({})).expect(200);
    let second = json!({ "minor": 250, "currency": "GBP", "paid_at": day(3), "kind": "goodwill", "reference": "PAY-2", "note": "By cheque." });
    let paid = firm.give(&path, "pay-redress", second.clone()).expect(200);
    assert_eq!((&paid.body["state"], &paid.body["payments"]), (&json!("closed"), &json!([pay(1_000, 2), second])));
    assert_eq!(firm.api.get("/v1/complaints?q=%22PAY-2%22").expect(200).data().len(), 1);

    firm.give(&path, "refer", command_body("refer", "")).expect(200);
    let scheme = json!({
        "scheme": "Financial Ombudsman Service", "outcome": "upheld", "decided_at": day(8), "reference": "FOS-9",
        "redress": [{ "kind": "compensation", "minor": 500, "currency": "GBP" }]
    });
    let decided = firm.give(&path, "record-adr-outcome", scheme.clone()).expect(200);
    assert_eq!((&decided.body["state"], &decided.body["adr_outcome"]), (&json!("referred"), &scheme));
    firm.give(&path, "pay-redress", pay(500, 9)).expect(200);
    let right = json!([pay(1_000, 2), pay(500, 9)]);
    let put_right =
        firm.give(&path, "correct", json!({ "reason": "It bounced.", "set": { "payments": right } })).expect(200);
    assert_eq!(put_right.body["payments"], right);

    let (early, late) = (day(-1), now().plus_millis(DAY).to_string());
    for (command, body, pointers) in [
        ("pay-redress", json!({ "minor": 1, "currency": "GBP" }), vec!["/paid_at"]),
        ("pay-redress", json!({ "minor": 1, "currency": "GBP", "paid_at": early }), vec!["/paid_at"]),
        ("pay-redress", json!({ "minor": 1, "currency": "GBP", "paid_at": late }), vec!["/paid_at"]),
        ("pay-redress", json!({ "minor": 0, "currency": "GBP", "paid_at": day(1) }), vec!["/minor"]),
        ("pay-redress", json!({ "minor": 1, "currency": "GBP", "paid_at": day(1), "kind": "apology" }), vec!["/kind"]),
        ("record-adr-outcome", json!({ "scheme": "FOS", "outcome": "won", "decided_at": day(1) }), vec!["/outcome"]),
        (
            "record-adr-outcome",
            json!({ "scheme": "FOS", "outcome": "upheld", "decided_at": late }),
            vec!["/decided_at"],
        ),
        ("record-adr-outcome", json!({ "outcome": "upheld", "decided_at": day(1) }), vec!["/scheme"]),
        ("milestone", json!({ "milestone": "deadlock", "to": "Halcyon Cards Ltd" }), vec!["/to"]),
        ("retract-milestone", json!({ "milestone": "deadlock", "reason": "x" }), vec!["/milestone"]),
        ("correct", json!({ "reason": "x", "set": { "made_on": "2999-01-01" } }), vec!["/set/made_on"]),
        (
            "correct",
            json!({ "reason": "x", "set": { "payments": [{ "minor": 1, "currency": "GBP", "paid_at": late }] } }),
            vec!["/set/payments/0/paid_at"],
        ),
    ] {
        let refused = firm.give(&path, command, body.clone()).problem(422, "invalid");
        assert_eq!(refused.pointers(), pointers, "{command} {body}");
    }
    is_sound(&firm, &path);
}

#[test]
fn a_milestone_that_was_another_complaints_is_taken_back_and_its_clock_runs_on() {
    let firm = Firm::new();
    let received = now().plus_millis(-5 * DAY);
    let members = json!({ "received_at": received.to_string(), "tags": ["payment_service"] });
    let path = format!("/v1/complaints/{}", firm.log(members).id());
    let day = |days: i64| received.plus_millis(days * DAY).to_string();
    let listed = || firm.api.get("/v1/complaints").expect(200).data()[0]["due"].clone();
    let (first, due) = (clocks(&firm, &path, "")["payment_response"].clone(), listed());
    assert_eq!(due["at"], first["due"]);
    firm.give(&path, "milestone", json!({ "milestone": "holding_response", "occurred_at": day(2) })).expect(200);
    assert_eq!(clocks(&firm, &path, "")["payment_response"]["state"], "met");
    assert_ne!(listed(), due);
    let met_at = firm.api.get(&path).expect(200).text_of("updated_at").to_owned();

    let wrong = json!({ "milestone": "holding_response", "occurred_at": day(3), "reason": "x" });
    assert_eq!(firm.give(&path, "retract-milestone", wrong).problem(422, "invalid").pointers(), ["/occurred_at"]);
    let back = json!({ "milestone": "holding_response", "reason": "It was another customer's." });
    let taken_back = firm.give(&path, "retract-milestone", back).expect(200);
    assert_eq!(taken_back.body.get("milestones"), None);
    assert_eq!(clocks(&firm, &path, "")["payment_response"], first);
    assert_eq!(listed(), due, "it is due again");
    assert_eq!(
        clocks(&firm, &path, &format!("?at={met_at}"))["payment_response"]["state"],
        "met",
        "as it was held then"
    );

    // To whom it was forwarded, the wrong one first.
    for (to, days) in [("Halcyon Cards Ltd", 3), ("Aurelia Cards plc", 4)] {
        let forwarded = json!({ "milestone": "forwarded", "to": to, "occurred_at": day(days) });
        let held = firm.give(&path, "milestone", forwarded).expect(200);
        assert_eq!(held.body["milestones"], json!([{ "milestone": "forwarded", "to": to, "at": day(days) }]));
    }
    let back = json!({ "milestone": "forwarded", "reason": "The letter came back." });
    let held = firm.give(&path, "retract-milestone", back).expect(200);
    let left = json!([{ "milestone": "forwarded", "to": "Halcyon Cards Ltd", "at": day(3) }]);
    assert_eq!((&held.body["milestones"], held.body.get("earlier_milestones")), (&left, None));
    is_sound(&firm, &path);
}

#[test]
fn a_duty_that_turns_out_not_to_have_been_done_is_missed_once() {
    let firm = Firm::with(json!({ "plan": "sandbox" }));
    let lead = firm.key(&["complaints:read", "complaints:write", "complaints:lead"]);
    let path = format!("/v1/complaints/{}", firm.log(json!({ "tags": ["payment_service"] })).id());
    firm.give(&path, "acknowledge", json!({})).expect(200);
    let due = at(&clocks(&firm, &path, "")["payment_response"]["due"]);
    firm.give(&path, "milestone", json!({ "milestone": "holding_response" })).expect(200);
    let set_clock = |millis: i64| {
        let body = json!({ "now": due.plus_millis(millis).to_string() });
        lead.call("PUT", "/v1/test-clock").json(&body).send().expect(200);
    };
    let missed = || -> Vec<Value> {
        let events = firm.api.get(&format!("{path}/events?limit=500")).expect(200);
        let of =
            |event: &&Value| event["type"] == "deadline_missed" && event["data"]["clock"]["rule"] == "payment_response";
        events.data().iter().filter(of).map(|event| event["data"]["came_at"].clone()).collect()
    };
    set_clock(60_000);
    within(IN_THE_END, "the tenant's time is in force", || {
        let clock = lead.get("/v1/test-clock").expect(200);
        (at(&clock.body["now"]) > due).then_some(())
    });
    assert_eq!(missed(), [Value::Null; 0]);
    // A tick may come between reading and writing.
    within(IN_THE_END, "it is taken back", || {
        let back = json!({ "milestone": "holding_response", "reason": "It was another customer's." });
        let answer = firm.give(&path, "retract-milestone", back);
        assert!(answer.status == 200 || answer.status == 412, "{}", answer.text);
        (answer.status == 200).then_some(())
    });
    assert_eq!(clocks(&firm, &path, "")["payment_response"]["state"], "breached");
    // What the next tick comes to; the clock that is set asks for one at once.
    set_clock(10 * 60_000);
    within(IN_THE_END, "it is missed", || (!missed().is_empty()).then_some(()));
    set_clock(20 * 60_000);
    within(IN_THE_END, "the tenant's time is in force", || {
        let clock = lead.get("/v1/test-clock").expect(200);
        (at(&clock.body["now"]) > due.plus_millis(19 * 60_000)).then_some(())
    });
    assert_eq!(missed(), [json!(due.to_string())]);
    is_sound(&firm, &path);
}
