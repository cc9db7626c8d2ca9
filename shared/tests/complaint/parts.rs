//! Matters that are split off from a complaint and taken back.

use crate::case::{Case, LINKABLE, SALT, actor, command, complaint_id, complaint_reference, new, rules, tenant};
use serde_json::{Value, json};
use shared::{
    chain::{self, Digest, Tail},
    clock::{ClockState, settings::ClockSettings, timeline::Timeline},
    complaint::{
        Complaint, Link, Relation,
        command::Split,
        decide::{self, Refusal, SplitUp},
        event::EventBody,
        state::{Move, State},
    },
    http::problem::FieldError,
    ids::ComplaintId,
    reference::Reference,
    taxonomy::Sector,
    text::Prose,
};

fn asked(body: Value) -> Split {
    serde_json::from_value(body).expect("the body can be read")
}

fn two() -> Split {
    asked(json!({
        "reason": "Three matters in one letter.",
        "parts": [
            { "description": "And where is my data?", "tags": ["data_protection"] },
            { "description": "The card payment was never made.", "tags": ["payment_service"], "severity": "high",
              "amounts": [{ "kind": "disputed", "minor": 900, "currency": "GBP" }] }
        ],
        "remains": { "tags": ["fees"] }
    }))
}

fn ids() -> Vec<(ComplaintId, Reference)> {
    [1, 2].map(|number| (complaint_id(number), complaint_reference(number.into()))).to_vec()
}

fn pointers(refused: Result<SplitUp, Refusal>) -> Vec<String> {
    let Err(Refusal::Invalid(errors)) = refused else { panic!("{refused:?}") };
    errors.into_iter().filter_map(|FieldError { pointer, .. }| pointer).collect()
}

/// The complaint after a split, and its parts.
fn split() -> (Case, Vec<Case>) {
    let mut whole =
        Case::log(new(json!({ "tags": ["fees", "data_protection"], "vulnerability": ["health"] }))).unwrap();
    let SplitUp { whole: events, parts } = decide::split(&whole.complaint, two(), &ids(), rules()).unwrap();
    whole.append(events);
    let begin = |(bodies, (id, _)): (Vec<EventBody>, (ComplaintId, Reference))| {
        let mut bodies = bodies.into_iter();
        let mut part = Case::plain();
        let tail = Tail { tenant: tenant(), complaint: id, version: 0, head: Digest::ZERO };
        part.sealed = chain::seal(tail, &actor(), part.now, bodies.next().into_iter().collect(), || SALT).unwrap();
        part.complaint = Complaint::begin(&part.sealed[0].event).unwrap();
        part.append(bodies.collect());
        part
    };
    let parts = parts.into_iter().zip(ids()).map(begin).collect();
    (whole, parts)
}

#[test]
fn each_matter_is_a_complaint_of_its_own() {
    let (whole, parts) = split();
    assert_eq!(whole.complaint.parts, [1, 2].map(complaint_id));
    assert_eq!(whole.complaint.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(), ["fees"]);
    assert_eq!((whole.complaint.version, whole.complaint.state), (3, State::Received));
    let [data, payment] = parts.as_slice() else { panic!("two parts") };
    for part in &parts {
        let part = &part.complaint;
        assert_eq!(part.links, [Link { relation: Relation::PartOf, complaint: whole.complaint.id }]);
        assert_eq!(
            (&part.complainant, part.received_at, part.channel, &part.vulnerability, part.jurisdiction),
            (
                &whole.complaint.complainant,
                whole.complaint.received_at,
                whole.complaint.channel,
                &whole.complaint.vulnerability,
                whole.complaint.jurisdiction
            )
        );
        assert!(part.legal_moves.contains(&Move::Rejoin));
    }
    assert!(!whole.complaint.legal_moves.contains(&Move::Rejoin));
    assert_eq!(payment.complaint.amounts.len(), 1);
    let packs = |case: &Case| -> Vec<_> {
        let timeline = Timeline::of(case.events());
        let clocks = ClockSettings::default().clocks(&case.complaint, Sector::Bank, &timeline, case.now);
        clocks.into_iter().map(|clock| (clock.pack.unwrap(), clock.rule)).collect()
    };
    assert!(packs(data).iter().any(|(pack, _)| *pack == "gb-data-protection"));
    assert!(!packs(&whole).iter().any(|(pack, _)| *pack == "gb-data-protection"));
    assert!(packs(payment).iter().any(|(_, rule)| rule == "payment_response"));
}

#[test]
fn what_cannot_be_split_says_why() {
    let (whole, parts) = split();
    let split = |case: &Case, body: Value| decide::split(&case.complaint, asked(body), &ids(), rules());
    assert_eq!(pointers(split(&whole, json!({ "reason": "x", "parts": [] }))), ["/parts"]);
    let part = json!({ "description": "x" });
    assert_eq!(pointers(split(&parts[0], json!({ "reason": "x", "parts": [part] }))), [""]);
    assert_eq!(pointers(split(&whole, json!({ "reason": "x", "parts": vec![&part; 9] }))), ["/parts"]);
    let wrong = json!({ "description": "x", "product": "nonsense" });
    assert_eq!(pointers(split(&whole, json!({ "reason": "x", "parts": [part, wrong] }))), ["/parts/1/product"]);
    let mut ended = Case::plain();
    ended.give(command("withdraw", json!({ "reason": "x" })), LINKABLE).unwrap();
    assert!(matches!(split(&ended, json!({ "reason": "x", "parts": [part] })), Err(Refusal::NotOpen { .. })));
}

#[test]
fn a_part_that_is_taken_back_leaves_its_clocks_to_the_whole() {
    let (mut whole, mut parts) = split();
    let part = &mut parts[0];
    assert_eq!(decide::whole_of(&part.complaint), Ok(whole.complaint.id));
    assert!(decide::whole_of(&whole.complaint).is_err());
    let reason = Prose::try_from("By mistake.".to_owned()).unwrap();
    let (of_whole, of_part) = decide::rejoin(&part.complaint, &whole.complaint, &reason).unwrap();
    whole.append(of_whole);
    // Whoever died between the two goes on: the whole has it back already.
    let (nothing, again) = decide::rejoin(&part.complaint, &whole.complaint, &reason).unwrap();
    assert_eq!((nothing, &again), (Vec::new(), &of_part));
    part.append(of_part);
    assert_eq!(whole.complaint.parts, [complaint_id(2)]);
    assert!(whole.complaint.tags.iter().any(|tag| tag.as_str() == "data_protection"));
    assert_eq!(part.complaint.state, State::Closed);
    let timeline = Timeline::of(part.events());
    let clocks = ClockSettings::default().clocks(&part.complaint, Sector::Bank, &timeline, part.now);
    assert!(!clocks.is_empty());
    assert!(clocks.iter().all(|clock| clock.state == ClockState::Void), "{clocks:?}");
    // Not into a complaint that has ended, and not a part that has.
    assert!(decide::rejoin(&part.complaint, &whole.complaint, &reason).is_err());
    whole.give(command("withdraw", json!({ "reason": "x" })), LINKABLE).unwrap();
    assert!(matches!(decide::rejoin(&parts[1].complaint, &whole.complaint, &reason), Err(Refusal::NotOpen { .. })));
}
