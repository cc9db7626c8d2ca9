//! What is counted of complaints, and what somebody may see of that.

use crate::{
    arbitrary::{new_complaint, steps},
    case::Case,
};
use proptest::{prelude::*, sample::subsequence};
use shared::{
    clock::due::Due,
    complaint::{
        Complaint,
        counts::{Count, Counted, changed, seen},
    },
    identity::role::Clearance,
    time::Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};

/// Due on the `nth` of a month.
fn due(nth: u8) -> Option<Due> {
    let at = format!("2026-12-{:02}T12:00:00Z", nth.checked_sub(1)? + 1).parse::<Timestamp>().ok()?;
    Some(Due { at, on: shared::clock::day::Day::of_utc(at) })
}

fn counts(changes: BTreeMap<Counted<'_>, i32>) -> Vec<Count> {
    let counts = changes.into_iter().filter(|(_, n)| *n != 0);
    counts
        .map(|((facet, value), n)| Count { facet: facet.into(), value: value.into(), n: n.try_into().unwrap() })
        .collect()
}

/// The counts of complaints as they stand.
fn recount<'c>(complaints: impl Iterator<Item = &'c (Complaint, Option<Due>)>) -> Vec<Count> {
    let mut all = BTreeMap::new();
    for (complaint, due) in complaints {
        for (facet, value, by) in changed(None, complaint, (None, *due)) {
            *all.entry((facet, value)).or_default() += by;
        }
    }
    counts(all)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// What every write adds comes to what a recount finds, and without what is hidden to what a recount of the rest finds.
    #[test]
    fn counts_are_those_of_what_somebody_sees(
        courses in prop::collection::vec((new_complaint(), steps(12), prop::collection::vec(0_u8..4, 13)), 1..6),
        cleared in subsequence(Clearance::NAMES, 0..=Clearance::NAMES.len()),
    ) {
        let mut summed = BTreeMap::<(String, String), i32>::new();
        let mut stand = Vec::new();
        for (new, steps, dues) in courses {
            let Ok(mut case) = Case::log(new) else { continue };
            let mut add = |before: Option<&Complaint>, after: &Complaint, dues| {
                for (facet, value, by) in changed(before, after, dues) {
                    *summed.entry((facet.to_owned(), value.into_owned())).or_default() += by;
                }
            };
            let mut dues = dues.into_iter().map(due);
            let mut is_due = dues.next().flatten();
            add(None, &case.complaint, (None, is_due));
            for (step, next) in steps.into_iter().zip(dues) {
                let before = case.complaint.clone();
                case.now = case.now.plus_millis(step.later_by);
                if case.give(step.command, step.target).is_ok() {
                    add(Some(&before), &case.complaint, (is_due, next));
                    is_due = next;
                }
            }
            stand.push((case.complaint, is_due));
        }
        let summed = summed.into_iter().filter(|(_, n)| *n != 0);
        let summed: Vec<_> =
            summed.map(|((facet, value), n)| Count { facet, value, n: n.try_into().unwrap() }).collect();
        prop_assert_eq!(&summed, &recount(stand.iter()));

        let cleared: BTreeSet<_> = cleared.iter().map(|name| Clearance::try_from((*name).to_owned()).unwrap()).collect();
        let visible = recount(stand.iter().filter(|(complaint, _)| complaint.sensitivity.is_subset(&cleared)));
        let mut shown = seen(summed.clone(), Some(&cleared));
        shown.retain(|count| count.n > 0);
        prop_assert_eq!(shown, seen(visible, None));
        prop_assert_eq!(seen(summed, None), seen(recount(stand.iter()), None));
    }
}
