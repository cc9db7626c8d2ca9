//! [`Totals`]: series and their values, added up.

use super::family::{BUCKETS, Family, Kind, families};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most series that are kept. With the routes, methods and shards that there are, a few thousand come together.
pub const MAX_SERIES: usize = 5_000;

/// Between the parts of a key. No name and no label has one.
const SEPARATOR: char = '\n';

/// Series and their values. The key of a series is the family's name and the values of its labels, a line each. A counter and a
/// gauge have one value; a histogram has how many fell into each bucket, and the sum of all in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Totals(BTreeMap<String, Vec<u64>>);

impl Totals {
    /// Adds to a counter, or to a gauge that has no value yet.
    pub fn add(&mut self, family: &Family, labels: &[&str], n: u64) {
        self.put(key(family, labels), &[n]);
    }

    /// Notes a duration in a histogram.
    pub fn observe(&mut self, family: &Family, labels: &[&str], millis: u64) {
        debug_assert_eq!(family.kind, Kind::Histogram);
        let mut values = [0; BUCKETS.len() + 2];
        let bucket = BUCKETS.iter().position(|bound| millis <= *bound).unwrap_or(BUCKETS.len());
        if let Some(value) = values.get_mut(bucket) {
            *value = 1;
        }
        if let Some(sum) = values.last_mut() {
            *sum = millis;
        }
        self.put(key(family, labels), &values);
    }

    /// Adds what others have counted.
    pub fn merge(&mut self, others: &Self) {
        for (key, values) in &others.0 {
            self.put(key.clone(), values);
        }
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The series of a family: the values of their labels, and their own.
    pub(super) fn series(&self, family: &'static Family) -> impl Iterator<Item = (Vec<&str>, &[u64])> {
        let of_family = self.0.range(family.name.to_owned()..).map_while(|(key, values)| {
            let rest = key.strip_prefix(family.name)?;
            let labels: Vec<&str> = rest.split(SEPARATOR).skip(1).collect();
            (rest.is_empty() || rest.starts_with(SEPARATOR)).then_some((labels, values.as_slice()))
        });
        // Of another release, whose family had other labels: it cannot be shown under these.
        of_family.filter(|(labels, _)| labels.len() == family.labels.len())
    }

    fn put(&mut self, key: String, values: &[u64]) {
        let full = self.0.len() >= MAX_SERIES && !self.0.contains_key(&key);
        let key = if full { families::SERIES_DROPPED.name.to_owned() } else { key };
        let held = self.0.entry(key).or_default();
        let values: &[u64] = if full { &[1] } else { values };
        if held.len() < values.len() {
            held.resize(values.len(), 0);
        }
        held.iter_mut().zip(values).for_each(|(held, value)| *held = held.saturating_add(*value));
    }
}

fn key(family: &Family, labels: &[&str]) -> String {
    debug_assert_eq!(family.labels.len(), labels.len());
    let mut key = family.name.to_owned();
    for label in labels {
        key.push(SEPARATOR);
        key.extend(label.chars().map(|one| if one == SEPARATOR { ' ' } else { one }));
    }
    key
}
