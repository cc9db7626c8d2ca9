//! Properties of every course a complaint can take.

use crate::{
    arbitrary::{new_complaint, steps},
    case::{Case, rules},
};
use proptest::prelude::*;
use shared::{
    clock::timeline::{Milestone, Timeline},
    complaint::{
        Complaint, MAX_EARLIER, MAX_EVENTS, MAX_PAYMENTS,
        decide::Refusal,
        event::{Event, EventBody},
        projection::Facet,
        state::{Move, State},
    },
    time::Timestamp,
};
use std::collections::BTreeSet;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// A command is refused and changes nothing, or makes events from which exactly the same complaint is rebuilt.
    #[test]
    fn a_complaint_is_its_events(new in new_complaint(), steps in steps(40)) {
        let Ok(mut case) = Case::log(new) else { return Ok(()) };
        for step in steps {
            let before = case.clone();
            case.now = case.now.plus_millis(step.later_by);
            match case.give(step.command, step.target) {
                Ok(events) => {
                    prop_assert!(!events.is_empty());
                    prop_assert_eq!(case.complaint.version as usize, before.complaint.version as usize + events.len());
                }
                Err(refusal) => {
                    prop_assert_eq!(&case.complaint, &before.complaint);
                    prop_assert_eq!(case.sealed.len(), before.sealed.len());
                    explained(&refusal, &case.complaint)?;
                }
            }
            consistent(&case.complaint)?;
        }
        prop_assert_eq!(case.complaint.version as usize, case.sealed.len());
        rebuilt(&case)?;
        recorded(&case)?;
        prop_assert!(case.sealed.is_sorted_by_key(|sealed| sealed.event.at), "events are in the order of time");
        let verdict = case.file().verify();
        prop_assert!(verdict.valid, "{:?}", verdict);
        prop_assert_eq!((verdict.events, verdict.head), (case.complaint.version, case.complaint.head));
    }

    /// The past does not change: what was known at a version is what its first events say.
    #[test]
    fn every_version_is_the_fold_of_its_first_events(new in new_complaint(), steps in steps(20)) {
        let Ok(mut case) = Case::log(new) else { return Ok(()) };
        let mut versions = vec![case.complaint.clone()];
        for step in steps {
            case.now = case.now.plus_millis(step.later_by);
            if case.give(step.command, step.target).is_ok() {
                versions.push(case.complaint.clone());
            }
        }
        for known in versions {
            let folded = Complaint::fold(case.events().take(known.version as usize)).unwrap().unwrap();
            prop_assert_eq!(folded, known);
        }
    }
}

/// What is taken back is as if it had never been recorded, in the fold and to clocks.
fn recorded(case: &Case) -> Result<(), TestCaseError> {
    let mut stand: Vec<(Milestone, Timestamp)> = Vec::new();
    for event in case.events() {
        match &event.body {
            EventBody::MilestoneRecorded { milestone, occurred_at, .. } => stand.push((*milestone, *occurred_at)),
            EventBody::MilestoneRetracted { milestone, occurred_at, .. } => {
                let place = stand.iter().rposition(|one| *one == (*milestone, *occurred_at));
                prop_assert!(place.is_some(), "only what stands is taken back");
                stand.remove(place.unwrap());
            }
            _ => {}
        }
    }
    let mut held: Vec<_> = case.complaint.earlier_milestones.iter().chain(&case.complaint.milestones).collect();
    let mut held: Vec<_> = held.drain(..).map(|reached| (reached.milestone, reached.at)).collect();
    let kinds = |of: &[(Milestone, Timestamp)]| of.iter().map(|(milestone, _)| *milestone).collect::<BTreeSet<_>>();
    prop_assert_eq!(kinds(&stand).len(), case.complaint.milestones.len());
    for reached in &case.complaint.milestones {
        let newest = stand.iter().rfind(|(milestone, _)| *milestone == reached.milestone);
        prop_assert_eq!(newest, Some(&(reached.milestone, reached.at)));
    }
    let of_milestones = Timeline::of(case.events()).entries.into_iter().filter_map(|entry| {
        let name: &str = entry.what.into();
        Some((Milestone::try_from(name.to_owned()).ok()?, entry.at))
    });
    let mut entered: Vec<_> = of_milestones.collect();
    stand.sort();
    held.sort();
    entered.sort();
    prop_assert_eq!(&held, &stand);
    prop_assert_eq!(&entered, &stand);
    Ok(())
}

/// From the events in memory, from their JSON, and from their stored text: always the same complaint.
fn rebuilt(case: &Case) -> Result<(), TestCaseError> {
    let folded = Complaint::fold(case.events()).unwrap().unwrap();
    prop_assert_eq!(&folded, &case.complaint);
    prop_assert_eq!(serde_json::to_vec(&folded).unwrap(), serde_json::to_vec(&case.complaint).unwrap());

    let text = serde_json::to_string(&case.events().collect::<Vec<_>>()).unwrap();
    let read: Vec<Event> = serde_json::from_str(&text).unwrap();
    prop_assert_eq!(&read, &case.events().cloned().collect::<Vec<_>>());
    prop_assert_eq!(&Complaint::fold(&read).unwrap().unwrap(), &case.complaint);

    for sealed in &case.sealed {
        let mut stored: serde_json::Value = serde_json::from_str(&sealed.text).unwrap();
        stored["hash"] = serde_json::to_value(sealed.event.hash).unwrap();
        prop_assert_eq!(&serde_json::from_value::<Event>(stored).unwrap(), &sealed.event);
    }

    let text = serde_json::to_string(&case.complaint).unwrap();
    prop_assert_eq!(&serde_json::from_str::<Complaint>(&text).unwrap(), &case.complaint);
    Ok(())
}

/// A refused move names the state and exactly the moves that the table allows in it.
fn explained(refusal: &Refusal, complaint: &Complaint) -> Result<(), TestCaseError> {
    match refusal {
        Refusal::IllegalMove { state, asked, legal } => {
            prop_assert_eq!(*state, complaint.state);
            prop_assert_eq!(legal, &complaint.legal_moves);
            prop_assert!(!legal.contains(asked));
        }
        Refusal::NotOpen { state, legal } => {
            prop_assert_eq!(*state, complaint.state);
            prop_assert!(!state.is_open());
            prop_assert_eq!(legal, &complaint.legal_moves);
        }
        Refusal::NotEnded { state, legal } => {
            prop_assert_eq!(*state, complaint.state);
            prop_assert!(state.is_open() && complaint.reopened == 0);
            prop_assert_eq!(legal, &complaint.legal_moves);
        }
        Refusal::Invalid(errors) => prop_assert!(!errors.is_empty()),
        Refusal::Full => prop_assert!(complaint.version >= MAX_EVENTS - 1),
    }
    Ok(())
}

/// What holds of a complaint at any moment.
fn consistent(complaint: &Complaint) -> Result<(), TestCaseError> {
    let is_here = |made: &Move| *made != Move::Rejoin || complaint.is_part();
    let legal = every_move().into_iter().filter(|made| is_here(made) && complaint.state.after(*made).is_some());
    let legal: Vec<Move> = legal.collect();
    prop_assert_eq!(&complaint.legal_moves, &legal);
    prop_assert!(complaint.received_at <= complaint.logged_at && complaint.logged_at <= complaint.updated_at);
    let received_on = rules().day_in(complaint.jurisdiction, complaint.received_at);
    prop_assert!(complaint.made_on.is_none_or(|made_on| made_on <= received_on));
    prop_assert!(complaint.payments.len() <= MAX_PAYMENTS && complaint.earlier_milestones.len() <= MAX_EARLIER);
    prop_assert!(complaint.payments.iter().all(|payment| payment.minor.get() > 0));
    prop_assert!(complaint.resolution.is_some() || !matches!(complaint.state, State::Resolved));
    prop_assert_eq!(complaint.proposal.is_some(), complaint.state == State::ResponseProposed);

    let facets = complaint.facets();
    prop_assert!(facets.is_sorted() && facets.windows(2).all(|pair| pair[0] != pair[1]), "each facet once");
    prop_assert!(facets.contains(&(Facet::State, complaint.state.as_str().into())));
    let tags = complaint.tags.iter().all(|tag| facets.contains(&(Facet::Tag, tag.as_str().into())));
    let links =
        complaint.links.iter().all(|link| facets.contains(&(Facet::LinkedTo, link.complaint.to_string().into())));
    prop_assert!(tags && links);

    let summary = complaint.summary(None);
    prop_assert_eq!((summary.id, summary.version, summary.state), (complaint.id, complaint.version, complaint.state));
    prop_assert!(complaint.description.as_str().starts_with(summary.excerpt.as_ref()));
    Ok(())
}

fn every_move() -> [Move; 11] {
    use Move::{
        Acknowledge, Close, Investigate, ProposeResponse, Refer, Rejoin, Reopen, RequestInformation, Resolve,
        ResolveSummarily, Withdraw,
    };
    [
        Acknowledge,
        Investigate,
        RequestInformation,
        ProposeResponse,
        Resolve,
        ResolveSummarily,
        Close,
        Reopen,
        Withdraw,
        Refer,
        Rejoin,
    ]
}
