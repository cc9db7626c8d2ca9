//! Examples: the usual course of a complaint, and the rules that a course can run into.

use crate::case::{Case, LINKABLE, START, command, complaint_id, complaint_reference, new, rules};
use serde_json::{Value, json};
use shared::{
    complaint::{
        MAX_EVENTS, Outcome, ResolutionKind,
        command::Command,
        decide::{self, LinkTarget, Refusal, Rules},
        event::{EventBody, EventKind},
        intake::Severity,
        state::State,
    },
    http::problem::Rule,
    kept::Kept,
    taxonomy::choices::TaxonomyChoices,
};

fn give(case: &mut Case, name: &str, body: Value) -> Vec<EventKind> {
    let events = case.give(command(name, body), LINKABLE).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
    events.iter().map(|event| event.body.kind()).collect()
}

/// Where the refusal points, and which rule it names.
fn refused(case: &mut Case, name: &str, body: Value, target: LinkTarget) -> Vec<(String, Rule)> {
    match case.give(command(name, body), target) {
        Err(Refusal::Invalid(errors)) => {
            errors.into_iter().map(|error| (error.pointer.unwrap_or_default(), error.code)).collect()
        }
        other => panic!("{name}: {other:?}"),
    }
}

fn not_logged(members: Value) -> Vec<(String, Rule)> {
    match Case::log(new(members)) {
        Err(Refusal::Invalid(errors)) => {
            errors.into_iter().map(|error| (error.pointer.unwrap_or_default(), error.code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn at(pointer: &str, rule: Rule) -> Vec<(String, Rule)> {
    vec![(pointer.to_owned(), rule)]
}

#[test]
fn from_receipt_to_the_answer() {
    let mut case = Case::plain();
    case.now = START.plus_millis(1_000);
    assert_eq!(give(&mut case, "acknowledge", json!({})), [EventKind::Acknowledged]);
    let assigned = give(&mut case, "assign", json!({ "assignee": "agent-7", "team": "cards" }));
    assert_eq!(assigned, [EventKind::Assigned, EventKind::InvestigationStarted]);
    give(&mut case, "classify", json!({ "product": "credit_card", "issue": "fees_or_interest", "severity": "high" }));
    give(&mut case, "request-information", json!({ "question": "Which statement?" }));
    let answered = give(&mut case, "contact", json!({ "direction": "in", "channel": "email", "summary": "October." }));
    assert_eq!(answered, [EventKind::ContactRecorded, EventKind::InvestigationStarted]);
    give(&mut case, "propose-response", json!({ "outcome": "upheld", "summary": "Draft." }));
    assert_eq!(case.complaint.proposal.as_ref().map(|response| response.summary.as_str()), Some("Draft."));
    case.now = START.plus_millis(2_000);
    let redress = json!([{ "kind": "refund", "minor": 2500, "currency": "GBP" }, { "kind": "apology" }]);
    give(&mut case, "resolve", json!({ "outcome": "upheld", "summary": "Our mistake.", "redress": redress }));
    give(&mut case, "close", json!({}));

    let complaint = &case.complaint;
    assert_eq!((complaint.state, complaint.version), (State::Closed, 11));
    assert_eq!(complaint.acknowledged_at, Some(START.plus_millis(1_000)));
    assert_eq!(complaint.assignee.as_ref().map(|who| who.as_str()), Some("agent-7"));
    assert_eq!((complaint.severity, complaint.contacts), (Severity::High, 1));
    let resolution = complaint.resolution.as_ref().unwrap();
    assert_eq!((resolution.kind, resolution.outcome), (ResolutionKind::FinalResponse, Outcome::Upheld));
    assert_eq!((resolution.at, resolution.redress.len()), (START.plus_millis(2_000), 2));
    assert_eq!(complaint.proposal, None);
}

#[test]
fn reopening_takes_the_answer_back_and_keeps_the_history() {
    let mut case = Case::plain();
    give(
        &mut case,
        "resolve",
        json!({ "kind": "summary_resolution", "outcome": "rejected", "summary": "No fee was charged." }),
    );
    assert_eq!(case.complaint.resolution.as_ref().map(|ended| ended.kind), Some(ResolutionKind::SummaryResolution));
    give(&mut case, "refer", json!({ "scheme": "Financial Ombudsman Service", "scheme_reference": "FOS-9" }));
    assert!(case.complaint.referral.is_some());
    give(&mut case, "reopen", json!({ "reason": "There was a fee." }));
    let complaint = &case.complaint;
    assert_eq!((complaint.state, complaint.reopened), (State::Reopened, 1));
    assert_eq!((&complaint.resolution, &complaint.referral), (&None, &None));
    assert_eq!(
        give(&mut case, "assign", json!({ "assignee": "agent-8" })),
        [EventKind::Assigned, EventKind::InvestigationStarted]
    );
    assert!(case.events().any(
        |event| matches!(&event.body, EventBody::Resolved { response, .. } if response.outcome == Outcome::Rejected)
    ));
}

/// A draft is for the investigation it was made in: nothing waits to be sent once that has ended.
#[test]
fn a_draft_does_not_outlive_its_investigation() {
    for (name, body) in [
        ("investigate", json!({})),
        ("withdraw", json!({ "reason": "Settled." })),
        ("refer", json!({ "scheme": "Financial Ombudsman Service" })),
        ("resolve", json!({ "kind": "summary_resolution", "outcome": "upheld", "summary": "Paid on the spot." })),
    ] {
        let mut case = Case::plain();
        give(&mut case, "acknowledge", json!({}));
        give(&mut case, "investigate", json!({}));
        give(&mut case, "propose-response", json!({ "outcome": "upheld", "summary": "Draft." }));
        give(&mut case, name, body);
        assert_eq!(case.complaint.proposal, None, "after {name}");
    }
}

#[test]
fn a_correction_overwrites_nothing() {
    let mut case = Case::log(new(json!({ "external_reference": "CRM-1" }))).unwrap();
    let before = case.sealed.clone();
    let set = json!({ "description": "Three fees.", "external_reference": null, "channel": "web", "desired_outcome": "A refund." });
    give(&mut case, "correct", json!({ "reason": "Misheard on the phone.", "set": set }));

    let complaint = &case.complaint;
    assert_eq!((complaint.description.as_str(), &complaint.external_reference), ("Three fees.", &None));
    let EventBody::Corrected { reason, changes } = &case.sealed[1].event.body else { panic!("a correction") };
    assert_eq!(reason.as_str(), "Misheard on the phone.");
    let changes: Vec<_> =
        changes.iter().map(|(field, change)| (field.as_str(), change.was.clone(), change.now.clone())).collect();
    let expected = [
        ("description", json!("A fee was charged twice."), json!("Three fees.")),
        ("desired_outcome", json!(null), json!("A refund.")),
        ("external_reference", json!("CRM-1"), json!(null)),
    ];
    assert_eq!(changes, expected, "what was, what is, and nothing that stays");
    assert_eq!(case.sealed[0].text, before[0].text);
}

#[test]
fn a_correction_obeys_the_rules_of_the_intake() {
    let mut case = Case::plain();
    let mut correct = |set: Value| refused(&mut case, "correct", json!({ "reason": "Wrong.", "set": set }), LINKABLE);
    let later = START.plus_millis(1);
    assert_eq!(correct(json!({ "received_at": later })), at("/set/received_at", Rule::OutOfRange));
    assert_eq!(correct(json!({ "custom": { "visits": "three" } })), at("/set/custom/visits", Rule::NotAllowed));
    assert_eq!(correct(json!({})), at("/set", Rule::Missing));
    assert_eq!(correct(json!({ "channel": "web" })), at("/set", Rule::Missing), "what is so already is no correction");
}

#[test]
fn received_may_lie_in_the_past_and_never_in_the_future() {
    let letter = Case::log(new(json!({ "received_at": START.plus_millis(-86_400_000) }))).unwrap().complaint;
    assert_eq!((letter.received_at, letter.logged_at), (START.plus_millis(-86_400_000), START));
    assert_eq!(not_logged(json!({ "received_at": START.plus_millis(1) })), at("/received_at", Rule::OutOfRange));

    let mut case = Case::plain();
    let contact =
        json!({ "direction": "in", "channel": "phone", "summary": "Hello.", "occurred_at": START.plus_millis(1) });
    assert_eq!(refused(&mut case, "contact", contact, LINKABLE), at("/occurred_at", Rule::OutOfRange));
}

#[test]
fn products_and_issues_are_of_the_taxonomy() {
    assert_eq!(not_logged(json!({ "product": "pigeons" })), at("/product", Rule::NotAllowed));
    assert_eq!(not_logged(json!({ "issue": "fees_or_interest" })), at("/product", Rule::Missing));
    let foreign = json!({ "product": "mortgage", "issue": "fees_or_interest" });
    assert_eq!(not_logged(foreign), at("/issue", Rule::NotAllowed));

    let fees = json!({ "product": "credit_card", "issue": "fees_or_interest" });
    let mut case = Case::log(new(fees)).unwrap();
    assert_eq!(case.complaint.taxonomy, rules().taxonomy.reference());
    assert_eq!(
        refused(&mut case, "classify", json!({ "issue": "closing_on_a_mortgage" }), LINKABLE),
        at("/issue", Rule::NotAllowed)
    );
    assert_eq!(refused(&mut case, "classify", json!({}), LINKABLE), at("", Rule::Missing));
    give(&mut case, "classify", json!({ "product": "credit_card", "severity": "high" }));
    assert!(case.complaint.issue.is_some(), "the same product's issue stays");
    give(&mut case, "classify", json!({ "product": "mortgage" }));
    assert_eq!(case.complaint.issue, None, "another product's issue does not");
    give(&mut case, "classify", json!({ "issue": "closing_on_a_mortgage" }));
    give(&mut case, "classify", json!({ "severity": "low" }));
    assert_eq!(case.complaint.issue.as_ref().map(|issue| issue.as_str()), Some("closing_on_a_mortgage"));
}

/// What a firm does not use any more is nothing new's, and stays with what has it.
#[test]
fn what_is_left_out_is_kept_and_not_given() {
    let choices = json!({ "left_out": ["mortgage", "credit_card/fees_or_interest"] });
    let own = Kept::from(&serde_json::from_value::<TaxonomyChoices>(choices).unwrap());
    let rules = Rules { own: &own, ..rules() };
    let log = |members: Value| decide::log(new(members), complaint_reference(7), rules, START);
    let pointers = |refused: Refusal| match refused {
        Refusal::Invalid(errors) => {
            errors.into_iter().map(|error| (error.pointer.unwrap_or_default(), error.code)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let fees = json!({ "product": "credit_card", "issue": "fees_or_interest" });
    assert_eq!(pointers(log(json!({ "product": "mortgage" })).unwrap_err()), at("/product", Rule::NotAllowed));
    assert_eq!(pointers(log(fees.clone()).unwrap_err()), at("/issue", Rule::NotAllowed));
    log(json!({ "product": "credit_card" })).unwrap();
    let Command::Classify(bulk) = command("classify", json!({ "product": "mortgage" })) else { panic!() };
    assert_eq!(pointers(decide::classifiable(&bulk, rules).unwrap_err()), at("/product", Rule::NotAllowed));

    let classify = |held: Value, body: Value| {
        let before = Case::log(new(held)).unwrap().complaint;
        decide::decide(&before, command("classify", body), rules, LINKABLE, START).map_err(pointers)
    };
    let mortgage = json!({ "product": "mortgage" });
    classify(mortgage.clone(), json!({ "product": "mortgage", "issue": "closing_on_a_mortgage" })).unwrap();
    classify(fees.clone(), json!({ "issue": "fees_or_interest", "severity": "high" })).unwrap();
    classify(fees.clone(), fees.clone()).unwrap();
    classify(fees.clone(), json!({ "severity": "low" })).unwrap();
    assert_eq!(classify(mortgage.clone(), fees).unwrap_err(), at("/issue", Rule::NotAllowed));
    assert_eq!(classify(json!({ "product": "credit_card" }), mortgage).unwrap_err(), at("/product", Rule::NotAllowed));
}

#[test]
fn everything_wrong_with_an_intake_is_said_at_once() {
    let sum = json!({ "kind": "loss", "minor": 5, "currency": "GBP" });
    let members = json!({ "received_at": START.plus_millis(1), "product": "pigeons", "amounts": [sum, sum], "custom": { "brand": "Red" } });
    let mut found = not_logged(members);
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let pointers: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/custom/brand", "/product", "/received_at"]);
}

#[test]
fn a_sum_of_redress_needs_its_currency() {
    let mut case = Case::plain();
    let redress =
        json!([{ "kind": "apology" }, { "kind": "refund", "minor": 5 }, { "kind": "goodwill", "currency": "GBP" }]);
    let body = json!({ "kind": "summary_resolution", "outcome": "upheld", "summary": "Paid.", "redress": redress });
    let expected = [("/redress/1/currency".to_owned(), Rule::Missing), ("/redress/2/minor".to_owned(), Rule::Missing)];
    assert_eq!(refused(&mut case, "resolve", body, LINKABLE), expected);
}

#[test]
fn links_tie_two_complaints_once_and_one_way() {
    let link = |other| json!({ "relation": "duplicate_of", "complaint": complaint_id(other) });
    let mut case = Case::plain();
    let no = at("/complaint", Rule::NotAllowed);
    assert_eq!(refused(&mut case, "link", link(0), LINKABLE), no, "not to itself");
    assert_eq!(refused(&mut case, "link", link(1), LinkTarget::default()), no, "not to what does not exist");
    let back = LinkTarget { exists: true, links_back: true };
    assert_eq!(refused(&mut case, "link", link(1), back), no, "not back");
    give(&mut case, "link", link(1));
    let other_relation = json!({ "relation": "part_of", "complaint": complaint_id(1) });
    assert_eq!(refused(&mut case, "link", other_relation.clone(), LINKABLE), no, "not twice");

    let unlink = |mut body: Value| {
        body["reason"] = json!("Wrong one.");
        body
    };
    assert_eq!(refused(&mut case, "unlink", unlink(other_relation), LINKABLE), at("/complaint", Rule::Unknown));
    give(&mut case, "unlink", unlink(link(1)));
    assert_eq!(case.complaint.links, []);
    for other in 1..=50 {
        give(&mut case, "link", link(other));
    }
    assert_eq!(refused(&mut case, "link", link(51), LINKABLE), no, "not without end");
}

#[test]
fn a_full_case_file_takes_no_more_events() {
    let mut case = Case::plain();
    let note = || EventBody::Noted { text: "x".try_into().unwrap() };
    give(&mut case, "acknowledge", json!({}));
    // The last hundred are kept for ending the case.
    case.append((case.complaint.version..MAX_EVENTS - 101).map(|_| note()).collect());
    assert_eq!(case.complaint.version, MAX_EVENTS - 101);
    // Assigning an acknowledged complaint makes two events: both or none.
    assert_eq!(case.give(command("assign", json!({ "assignee": "agent-7" })), LINKABLE), Err(Refusal::Full));
    give(&mut case, "note", json!({ "text": "The last one." }));
    assert_eq!(case.give(command("note", json!({ "text": "One too many." })), LINKABLE), Err(Refusal::Full));
    give(&mut case, "withdraw", json!({ "reason": "Settled." }));
    give(&mut case, "close", json!({}));
    assert!(case.file().verify().valid);
}

#[test]
fn a_repeated_facet_is_one() {
    let case = Case::log(new(json!({ "tags": ["fees", "fees", "vip"] }))).unwrap();
    let tags: Vec<_> = case
        .complaint
        .facets()
        .into_iter()
        .filter(|(facet, _)| facet.as_str() == "tag")
        .map(|(_, tag)| tag.into_owned())
        .collect();
    assert_eq!(tags, ["fees", "vip"]);
}

#[test]
fn an_excerpt_ends_between_characters() {
    let long = "é😀".repeat(200);
    let case = Case::log(new(json!({ "description": long }))).unwrap();
    assert_eq!(case.complaint.summary(None).excerpt.chars().count(), 160);
}
