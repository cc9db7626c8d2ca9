//! Case files that one tenant exports and another imports.

use crate::{
    arbitrary::{new_complaint, steps},
    case::{Case, SALT, START, actor},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::{
    access::{Actor, ActorKind},
    chain::{CASE_FILE_FORMAT, CaseFile, Digest, Sealed},
    complaint::{Complaint, Link, MAX_ORIGINS, event::EventBody},
    exchange::case_file::{Taking, take_over},
    http::problem::FieldError,
    ids::{ComplaintId, TenantId},
    reference::{Reference, ReferencePrefix},
    text::Line,
    time::Timestamp,
};

const LATER: Timestamp = Timestamp::from_unix_millis(START.unix_millis() + 365 * 24 * 60 * 60 * 1_000);

fn elsewhere() -> TenantId {
    TenantId::new(START, &[9; 10])
}

fn importer() -> Actor {
    Actor { kind: ActorKind::Key, id: Line::try_from("importer").unwrap(), job: None }
}

fn renamed(id: ComplaintId) -> ComplaintId {
    let digest = Digest::of(id.to_string().as_bytes());
    ComplaintId::in_slot(START, digest.as_bytes().first_chunk().unwrap(), 3)
}

fn taken(file: &CaseFile, now: Timestamp) -> Result<(Complaint, Vec<Sealed>), Vec<FieldError>> {
    let prefix = ReferencePrefix::try_from("HAL".to_owned()).unwrap();
    let (tenant, complaint, reference) = (elsewhere(), renamed(file.complaint), Reference::new(&prefix, 3, 77));
    take_over(file, &Taking { tenant, complaint, reference, by: &importer(), now, renamed: &renamed })
}

fn file_of(complaint: &Complaint, sealed: &[Sealed]) -> CaseFile {
    CaseFile {
        format: CASE_FILE_FORMAT.to_owned(),
        exported_at: LATER,
        tenant: elsewhere(),
        complaint: complaint.id,
        reference: complaint.reference.clone(),
        version: complaint.version,
        head: complaint.head,
        events: sealed.iter().map(|one| serde_json::to_value(&one.event).unwrap()).collect(),
    }
}

/// The complaint without what is declared to change.
fn kept(complaint: &Complaint) -> Value {
    let mut value = serde_json::to_value(complaint).unwrap();
    for name in ["id", "reference", "head", "origins", "links"] {
        value.as_object_mut().unwrap().remove(name);
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_file_that_is_taken_over_says_what_it_said(new in new_complaint(), steps in steps(30)) {
        let Ok(mut case) = Case::log(new) else { return Ok(()) };
        for step in steps {
            case.now = case.now.plus_millis(step.later_by);
            let _refused = case.give(step.command, step.target);
        }
        let (complaint, sealed) = taken(&case.file(), LATER.max(case.now)).unwrap();
        let verdict = file_of(&complaint, &sealed).verify();
        prop_assert!(verdict.valid, "{:?}", verdict);
        prop_assert_eq!(kept(&complaint), kept(&case.complaint));
        let links = |of: &Complaint| of.links.iter().map(|link| (link.relation, link.complaint)).collect::<Vec<_>>();
        let expected: Vec<_> = links(&case.complaint).into_iter().map(|(relation, id)| (relation, renamed(id))).collect();
        prop_assert_eq!(links(&complaint), expected);
        prop_assert_eq!(sealed.len(), case.sealed.len());
        for (before, after) in case.events().zip(&sealed) {
            let after = &after.event;
            prop_assert_eq!((before.at, &before.actor, before.salt), (after.at, &after.actor, after.salt));
            match (&before.body, &after.body) {
                (EventBody::Received(before), EventBody::Received(after)) => {
                    prop_assert_eq!(after.origins.len(), 1);
                    let (mut before, mut after) = (before.as_ref().clone(), after.as_ref().clone());
                    after.origins = before.origins.clone();
                    before.reference = after.reference.clone();
                    prop_assert_eq!(before, after);
                }
                (EventBody::Linked(_), EventBody::Linked(_)) | (EventBody::Unlinked { .. }, EventBody::Unlinked { .. }) => {}
                (before, after) => prop_assert_eq!(before, after),
            }
        }
        let origin = &complaint.origins[0];
        let of = (origin.complaint, &origin.reference, origin.head);
        prop_assert_eq!(of, (case.complaint.id, &case.complaint.reference, case.complaint.head));
        prop_assert_eq!(&origin.imported_by, &importer());
    }
}

#[test]
fn a_file_that_was_altered_is_refused_at_the_event() {
    let mut case = Case::plain();
    case.append(vec![EventBody::Acknowledged { sent_at: None }, EventBody::InvestigationStarted {}]);
    let file = case.file();
    let pointers = |file: &CaseFile, now| {
        let errors = taken(file, now).map(|_| ()).unwrap_err();
        errors.into_iter().filter_map(|error| error.pointer).collect::<Vec<_>>()
    };
    assert!(taken(&file, LATER).is_ok());
    let mut altered = file.clone();
    altered.events[1]["at"] = json!("2026-11-20T12:00:01.000Z");
    assert_eq!(pointers(&altered, LATER), ["/events/1"]);
    let mut cut = file.clone();
    cut.events.pop();
    assert_eq!(pointers(&cut, LATER), ["/events/2"]);
    let mut other = file.clone();
    other.reference = Reference::new(&ReferencePrefix::try_from("NWB".to_owned()).unwrap(), 0, 1);
    assert_eq!(pointers(&other, LATER), ["/reference"]);
    let mut format = file.clone();
    format.format = "redress-case-file/9".to_owned();
    assert_eq!(pointers(&format, LATER), ["/format"]);
    assert_eq!(pointers(&file, START.plus_millis(-1)), ["/events/2/at"], "nothing has happened that is yet to come");
}

#[test]
fn every_place_that_kept_a_file_is_remembered() {
    let case = Case::plain();
    let mut file = case.file();
    for times in 1..=MAX_ORIGINS {
        let (complaint, sealed) = taken(&file, LATER).unwrap();
        assert_eq!(complaint.origins.len(), times);
        assert_eq!(complaint.origins[0].complaint, case.complaint.id);
        file = file_of(&complaint, &sealed);
    }
    let errors = taken(&file, LATER).map(|_| ()).unwrap_err();
    assert_eq!(errors[0].pointer.as_deref(), Some("/events/0/data/origins"));
}

#[test]
fn ties_lead_to_where_the_others_go() {
    let mut case = Case::plain();
    let other = ComplaintId::in_slot(START, &[1; 10], 9);
    let link = Link { relation: serde_json::from_value(json!("part_of")).unwrap(), complaint: other };
    case.append(vec![EventBody::Linked(link)]);
    let (complaint, sealed) = taken(&case.file(), LATER).unwrap();
    assert_eq!(complaint.links[0].complaint, renamed(other));
    assert_eq!((sealed[1].event.salt, &sealed[1].event.actor), (SALT, &actor()));
}
