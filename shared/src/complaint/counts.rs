//! How many complaints have which value: what every write changes of it, and what of it somebody may see.

use super::{Complaint, projection::Facet};
use crate::{clock::due::Due, identity::role::Clearance};
use serde::Deserialize;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// The days on which something is due, as counts name them.
pub const DUE: &str = "due";

/// Complaints that not everybody may see, once more by what they are counted by: see [`seen`]. The value is their labels,
/// with `+` between them, the property and its value, apart by spaces.
pub const LABELLED: &str = "labelled";

/// A property and its value.
pub type Counted<'c> = (&'static str, Cow<'c, str>);

/// How many complaints have a value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Count {
    /// A facet's name, [`DUE`] or [`LABELLED`].
    pub facet: String,
    /// Its value.
    pub value: String,
    /// So many.
    pub n: u64,
}

/// By how much each counted value changes. `due`: before, and after.
#[must_use]
pub fn changed<'c>(
    before: Option<&'c Complaint>,
    after: &'c Complaint,
    due: (Option<Due>, Option<Due>),
) -> Vec<(&'static str, Cow<'c, str>, i32)> {
    let mut counts = BTreeMap::new();
    let sides = before.map(|before| (before, due.0, -1)).into_iter().chain([(after, due.1, 1)]);
    for (counted, by) in
        sides.flat_map(|(complaint, due, by)| values(complaint, due).into_iter().map(move |of| (of, by)))
    {
        *counts.entry(counted).or_insert(0) += by;
    }
    counts.into_iter().filter(|(_, by)| *by != 0).map(|((facet, value), by)| (facet, value, by)).collect()
}

/// What a complaint is counted by.
fn values(complaint: &Complaint, due: Option<Due>) -> Vec<Counted<'_>> {
    let facets = complaint.facets().into_iter().filter(|(facet, _)| Facet::COUNTED.contains(facet));
    let mut values: Vec<Counted<'_>> = facets.map(|(facet, value)| (facet.as_str(), value)).collect();
    values.extend(due.map(|due| (DUE, due.on.to_string().into())));
    if !complaint.sensitivity.is_empty() {
        let labels: Vec<&str> = complaint.sensitivity.iter().map(|label| (*label).into()).collect();
        let labels = labels.join("+");
        let again = values.iter().map(|(facet, value)| (LABELLED, format!("{labels} {facet} {value}").into()));
        values.extend(again.collect::<Vec<_>>());
    }
    values
}

/// Counts without what somebody with these clearances may not see; without clearances given, whoever asks sees all.
#[must_use]
pub fn seen(counts: Vec<Count>, clearances: Option<&BTreeSet<Clearance>>) -> Vec<Count> {
    let (labelled, mut counts): (Vec<_>, Vec<_>) = counts.into_iter().partition(|count| count.facet == LABELLED);
    let Some(clearances) = clearances else { return counts };
    let mut hidden = BTreeMap::<(&str, &str), u64>::new();
    for Count { value, n, .. } in &labelled {
        let mut parts = value.splitn(3, ' ');
        let (Some(labels), Some(facet), Some(value)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let may_see =
            |label: &str| Clearance::try_from(label.to_owned()).is_ok_and(|label| clearances.contains(&label));
        if !labels.split('+').all(may_see) {
            *hidden.entry((facet, value)).or_default() += n;
        }
    }
    for Count { facet, value, n } in &mut counts {
        *n = n.saturating_sub(hidden.get(&(facet.as_str(), value.as_str())).copied().unwrap_or_default());
    }
    counts
}
