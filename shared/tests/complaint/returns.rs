//! What regulators' returns are made of, from intake to the outcome at a scheme, and milestones that are taken back.

use crate::case::{Case, LINKABLE, START, command, complaint_id, complaint_reference, new, rules};
use serde_json::{Value, json};
use shared::{
    clock::{
        Clock, ClockState,
        due::Ahead,
        passing::passed,
        settings::ClockSettings,
        timeline::{Milestone, Timeline},
    },
    complaint::{
        MAX_EARLIER, MAX_PAYMENTS,
        command::Split,
        decide::{self, Refusal},
        event::{Event, EventBody},
    },
    http::problem::Rule,
    taxonomy::Sector,
    time::Timestamp,
};

const DAY: i64 = 86_400_000;

fn give(case: &mut Case, name: &str, body: Value) -> Vec<Event> {
    case.give(command(name, body), LINKABLE).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"))
}

/// Where the refusal points, and which rule it names.
fn refused(case: &mut Case, name: &str, body: Value) -> Vec<(String, Rule)> {
    match case.give(command(name, body), LINKABLE) {
        Err(refusal) => places(refusal),
        Ok(events) => panic!("{name}: {events:?}"),
    }
}

fn places(refusal: Refusal) -> Vec<(String, Rule)> {
    let Refusal::Invalid(errors) = refusal else { panic!("{refusal:?}") };
    errors.into_iter().map(|error| (error.pointer.unwrap_or_default(), error.code)).collect()
}

fn at(pointer: &str, rule: Rule) -> Vec<(String, Rule)> {
    vec![(pointer.to_owned(), rule)]
}

fn answered() -> Case {
    let mut case = Case::plain();
    let answer = json!({ "kind": "summary_resolution", "outcome": "upheld", "summary": "Refunded on the spot." });
    give(&mut case, "resolve", answer);
    case
}

fn payment(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "GBP", "paid_at": START })
}

#[test]
fn an_intake_says_who_received_it_when_it_was_made_and_who_complains_for_whom() {
    let by = json!({ "name": "Claims & Co", "kind": "claims_management_company", "authorisation": "830000",
        "contacts": [{ "kind": "email", "value": "cases@example.com" }] });
    let members = json!({ "entity": "122702", "made_on": "2026-11-20", "eligible": true, "representative": by });
    let mut case = Case::log(new(members.clone())).unwrap();
    let said = |case: &Case| serde_json::to_value(&case.complaint).unwrap();
    for (member, value) in members.as_object().unwrap() {
        assert_eq!(&said(&case)[member], value, "{member}");
    }
    let set = json!({ "entity": null, "made_on": "2026-11-19", "representative": { "name": "Una", "kind": "family" } });
    give(&mut case, "correct", json!({ "reason": "Misread.", "set": set }));
    give(&mut case, "classify", json!({ "eligible": false, "vulnerability_failure": true }));
    give(&mut case, "classify", json!({ "severity": "high" }));
    let now = said(&case);
    assert_eq!((now.get("entity"), &now["made_on"]), (None, &json!("2026-11-19")));
    assert_eq!(now["representative"], json!({ "name": "Una", "kind": "family" }));
    assert_eq!((&now["eligible"], &now["vulnerability_failure"]), (&json!(false), &json!(true)));
    give(&mut case, "correct", json!({ "reason": "Gone.", "set": { "representative": null, "made_on": null } }));
    assert_eq!((case.complaint.representative, case.complaint.made_on), (None, None));
}

/// A day ends where the complaint is counted: half past eleven in Greenwich is the next day in Dublin, in summer.
#[test]
fn nothing_is_received_before_the_day_on_which_it_was_made() {
    let log = |made_on: &str, received_at: &str, jurisdiction: &str| {
        let members = json!({ "made_on": made_on, "received_at": received_at, "jurisdiction": jurisdiction });
        Case::log(new(members)).map_err(places)
    };
    let no = at("/made_on", Rule::OutOfRange);
    assert_eq!(log("2026-11-21", "2026-11-20T10:00:00Z", "scotland").unwrap_err(), no);
    assert!(log("2026-06-01", "2026-11-20T10:00:00Z", "scotland").is_ok());
    let mut dublin = log("2026-07-01", "2026-06-30T23:30:00Z", "ireland").unwrap();
    assert_eq!(log("2026-07-01", "2026-06-30T22:30:00Z", "ireland").unwrap_err(), no);
    assert_eq!(log("2026-07-01", "2026-06-30T23:30:00Z", "us").unwrap_err(), no);

    let mut correct = |set: Value| refused(&mut dublin, "correct", json!({ "reason": "Wrong.", "set": set }));
    assert_eq!(correct(json!({ "made_on": "2026-07-02" })), at("/set/made_on", Rule::OutOfRange));
    let earlier = json!({ "received_at": "2026-06-30T10:00:00Z" });
    assert_eq!(correct(earlier), at("/set/received_at", Rule::OutOfRange));
    assert_eq!(correct(json!({ "jurisdiction": "us" })), at("/set/jurisdiction", Rule::OutOfRange));
    let both = json!({ "received_at": "2026-06-30T10:00:00Z", "made_on": "2026-06-29" });
    give(&mut dublin, "correct", json!({ "reason": "Wrong.", "set": both }));
}

#[test]
fn a_part_is_from_the_same_person_through_the_same_representative_to_the_same_entity() {
    let members = json!({ "entity": "122702", "made_on": "2026-11-19", "eligible": true,
        "representative": { "name": "Una", "kind": "family" } });
    let case = Case::log(new(members)).unwrap();
    let asked: Split =
        serde_json::from_value(json!({ "reason": "Two.", "parts": [{ "description": "And my data?" }] })).unwrap();
    let ids = [(complaint_id(1), complaint_reference(1))];
    let parts = decide::split(&case.complaint, asked, &ids, rules()).unwrap().parts;
    let EventBody::Received(part) = &parts[0][0] else { panic!("{parts:?}") };
    let whole = &case.complaint;
    assert_eq!(
        (&part.entity, part.made_on, part.eligible, &part.representative),
        (&whole.entity, whole.made_on, whole.eligible, &whole.representative)
    );
}

#[test]
fn redress_is_paid_in_parts_and_also_after_the_end() {
    let mut open = Case::plain();
    let refusal = open.give(command("pay-redress", payment(1)), LINKABLE).unwrap_err();
    assert!(matches!(refusal, Refusal::NotEnded { .. }), "{refusal:?}");

    let mut case = answered();
    let none = json!({ "reason": "Wrong.", "set": { "payments": [] } });
    assert_eq!(refused(&mut case, "correct", none), at("/set", Rule::Missing), "there are none already");
    give(&mut case, "pay-redress", payment(1_000));
    give(&mut case, "close", json!({}));
    let second = json!({ "minor": 250, "currency": "EUR", "paid_at": START, "kind": "goodwill", "reference": "PAY-2" });
    give(&mut case, "pay-redress", second);
    give(&mut case, "reopen", json!({ "reason": "Not all of it came." }));
    give(&mut case, "pay-redress", payment(5));
    let sums: Vec<i64> = case.complaint.payments.iter().map(|payment| payment.minor.get()).collect();
    assert_eq!(sums, [1_000, 250, 5]);

    // What was recorded in error is put right like any other entry, and the events keep what it was.
    let right = json!([payment(1_000), payment(5)]);
    give(&mut case, "correct", json!({ "reason": "Paid on another case.", "set": { "payments": right } }));
    assert_eq!(case.complaint.payments.len(), 2);
    let mut correct =
        |payments: Value| refused(&mut case, "correct", json!({ "reason": "Wrong.", "set": { "payments": payments } }));
    assert_eq!(correct(json!([payment(1), payment(0)])), at("/set/payments/1/minor", Rule::OutOfRange));
}

#[test]
fn a_payment_is_of_something_and_not_in_the_future() {
    let mut case = answered();
    let with = |member: &str, value: Value| {
        let mut body = payment(1);
        body[member] = value;
        body
    };
    for (body, place, rule) in [
        (with("minor", json!(0)), "/minor", Rule::OutOfRange),
        (with("kind", json!("apology")), "/kind", Rule::NotAllowed),
        (with("paid_at", json!(START.plus_millis(1))), "/paid_at", Rule::OutOfRange),
        (with("paid_at", json!(START.plus_millis(-1))), "/paid_at", Rule::OutOfRange),
    ] {
        assert_eq!(refused(&mut case, "pay-redress", body.clone()), at(place, rule), "{body}");
    }
    (0..MAX_PAYMENTS).for_each(|_| _ = give(&mut case, "pay-redress", payment(1)));
    assert_eq!(refused(&mut case, "pay-redress", payment(1)), at("", Rule::NotAllowed), "not without end");
}

#[test]
fn a_scheme_is_heard_more_than_once_and_its_award_can_be_paid() {
    let mut case = Case::plain();
    let says = |outcome: &str, days: i64| {
        json!({ "scheme": "Financial Ombudsman Service", "outcome": outcome, "reference": "FOS-9",
            "decided_at": START.plus_millis(days * DAY), "redress": [{ "kind": "compensation", "minor": 100, "currency": "GBP" }] })
    };
    give(&mut case, "refer", json!({ "scheme": "Financial Ombudsman Service", "scheme_reference": "FOS-9" }));
    assert_eq!(refused(&mut case, "record-adr-outcome", says("upheld", 1)), at("/decided_at", Rule::OutOfRange));
    assert_eq!(refused(&mut case, "record-adr-outcome", says("upheld", -1)), at("/decided_at", Rule::OutOfRange));
    let mut half = says("upheld", 0);
    half["redress"][0]["currency"].take();
    assert_eq!(refused(&mut case, "record-adr-outcome", half), at("/redress/0/currency", Rule::Missing));
    give(&mut case, "record-adr-outcome", says("partly_upheld", 0));
    case.now = START.plus_millis(30 * DAY);
    give(&mut case, "record-adr-outcome", says("upheld", 20));
    let outcome = serde_json::to_value(&case.complaint.adr_outcome).unwrap();
    assert_eq!((&outcome["outcome"], &outcome["decided_at"]), (&json!("upheld"), &json!(START.plus_millis(20 * DAY))));
    give(&mut case, "pay-redress", json!({ "minor": 100, "currency": "GBP", "paid_at": START.plus_millis(25 * DAY) }));
    // Whoever reopens it to pay takes nothing back of what the scheme said.
    give(&mut case, "reopen", json!({ "reason": "To pay what was awarded." }));
    assert!(case.complaint.adr_outcome.is_some() && case.complaint.referral.is_none());
}

#[test]
fn what_is_forwarded_names_to_whom() {
    let mut case = Case::plain();
    give(&mut case, "milestone", json!({ "milestone": "forwarded", "to": "Halcyon Cards Ltd" }));
    assert_eq!(case.complaint.milestones[0].to.as_ref().map(|to| to.as_str()), Some("Halcyon Cards Ltd"));
    let other = json!({ "milestone": "deadlock", "to": "Halcyon Cards Ltd" });
    assert_eq!(refused(&mut case, "milestone", other), at("/to", Rule::NotAllowed));
}

fn clocks(case: &Case, timeline: &Timeline) -> Vec<Clock> {
    ClockSettings::default().clocks(&case.complaint, Sector::Bank, timeline, case.now)
}

fn state(case: &Case, rule: &str) -> ClockState {
    let clocks = clocks(case, &Timeline::of(case.events()));
    clocks.iter().find(|clock| clock.rule == rule).unwrap_or_else(|| panic!("no {rule}")).state
}

/// A tick of cron: records what has passed, and says which duties were missed by that.
fn tick(case: &mut Case) -> Vec<String> {
    let timeline = Timeline::of(case.events());
    let bodies = passed(&clocks(case, &timeline), &timeline, case.complaint.here_since(), case.now);
    let missed = |body: &EventBody| match body {
        EventBody::DeadlineMissed { clock, came_at } => Some(format!("{} {came_at}", clock.rule)),
        _ => None,
    };
    let missed = bodies.iter().filter_map(missed).collect();
    case.append(bodies);
    missed
}

fn wakes(case: &Case) -> Option<Timestamp> {
    let timeline = Timeline::of(case.events());
    Ahead::of(&clocks(case, &timeline), &timeline, case.complaint.here_since()).wake_at
}

fn about_a_payment() -> Case {
    let mut case = Case::log(new(json!({ "tags": ["payment_service"] }))).unwrap();
    give(&mut case, "acknowledge", json!({}));
    case
}

/// Fifteen business days from 20 November 2026.
const MISSED: &str = "payment_response 2026-12-11T23:59:59.999Z";

#[test]
fn a_duty_that_was_never_done_is_missed_once_that_is_said() {
    let mut case = about_a_payment();
    case.now = START.plus_millis(10 * DAY);
    give(&mut case, "milestone", json!({ "milestone": "holding_response" }));
    assert_eq!(state(&case, "payment_response"), ClockState::Met);
    case.now = START.plus_millis(28 * DAY);
    assert_eq!(tick(&mut case), [""; 0]);
    let back = json!({ "milestone": "holding_response", "reason": "It was another customer's." });
    give(&mut case, "retract-milestone", back);
    assert_eq!(state(&case, "payment_response"), ClockState::Breached);
    assert!(wakes(&case).is_some_and(|wake| wake <= case.now), "the next tick comes to it at once");
    assert_eq!(tick(&mut case), [MISSED]);
    assert_eq!(tick(&mut case), [""; 0], "once");
    assert!(wakes(&case).is_none_or(|wake| wake > case.now));
    // The history stays: as of any moment before, it was done.
    let before = Timeline::of(case.events().filter(|event| event.at <= START.plus_millis(11 * DAY)));
    let clock = clocks(&case, &before).into_iter().find(|clock| clock.rule == "payment_response").unwrap();
    assert_eq!(clock.state, ClockState::Met);
}

#[test]
fn what_was_told_before_is_not_told_again() {
    let mut case = about_a_payment();
    case.now = START.plus_millis(28 * DAY);
    assert_eq!(tick(&mut case), [MISSED]);
    give(&mut case, "milestone", json!({ "milestone": "holding_response", "occurred_at": START.plus_millis(DAY) }));
    assert_eq!(state(&case, "payment_response"), ClockState::Met, "it had been done all along");
    give(&mut case, "retract-milestone", json!({ "milestone": "holding_response", "reason": "It had not." }));
    assert_eq!(state(&case, "payment_response"), ClockState::Breached);
    assert_eq!(tick(&mut case), [""; 0]);
}

#[test]
fn a_stop_that_was_none_gives_no_time() {
    let mut case = Case::log(new(json!({ "tags": ["app_fraud"] }))).unwrap();
    let due = |case: &Case| {
        let clocks = clocks(case, &Timeline::of(case.events()));
        clocks.iter().find(|clock| clock.pack == Some("gb-psr-app")).and_then(|clock| clock.due).unwrap()
    };
    let by_law = due(&case);
    let stop = |days: i64| json!({ "milestone": "clock_stopped", "reason": "information_from_victim", "occurred_at": START.plus_millis(days * DAY) });
    let resume = |days: i64| json!({ "milestone": "clock_resumed", "occurred_at": START.plus_millis(days * DAY) });
    case.now = START.plus_millis(12 * DAY);
    for (stopped, resumed) in [(3, 5), (6, 11)] {
        give(&mut case, "milestone", stop(stopped));
        give(&mut case, "milestone", resume(resumed));
    }
    let with_both = due(&case);
    let back = |what: &str, days: Option<i64>| {
        let at = days.map(|days| START.plus_millis(days * DAY));
        json!({ "milestone": what, "occurred_at": at, "reason": "By mistake." })
    };
    // The newest unless a moment is named; the one before it is the newest then.
    give(&mut case, "retract-milestone", back("clock_resumed", None));
    assert_eq!(refused(&mut case, "milestone", stop(12)), at("/milestone", Rule::NotAllowed), "it stands still");
    give(&mut case, "retract-milestone", back("clock_stopped", Some(6)));
    assert!(by_law < due(&case) && due(&case) < with_both);
    give(&mut case, "retract-milestone", back("clock_stopped", Some(3)));
    assert_eq!(due(&case), by_law);
    assert_eq!(case.complaint.earlier_milestones, []);
    let twice = refused(&mut case, "retract-milestone", back("clock_stopped", None));
    assert_eq!(twice, at("/milestone", Rule::Unknown));
    let never = refused(&mut case, "retract-milestone", back("clock_resumed", Some(11)));
    assert_eq!(never, at("/occurred_at", Rule::Unknown));
}

#[test]
fn a_complaint_remembers_so_many_of_a_kind() {
    let mut case = Case::plain();
    for nth in 0..60 {
        case.now = START.plus_millis(nth);
        give(&mut case, "milestone", json!({ "milestone": "deadlock" }));
    }
    assert_eq!(case.complaint.earlier_milestones.len(), MAX_EARLIER);
    let mut back = || give(&mut case, "retract-milestone", json!({ "milestone": "deadlock", "reason": "x" }));
    (0..=MAX_EARLIER).for_each(|_| _ = back());
    let none = case.complaint.milestones.iter().all(|reached| reached.milestone != Milestone::Deadlock);
    assert!(none && case.complaint.earlier_milestones.is_empty());
}
