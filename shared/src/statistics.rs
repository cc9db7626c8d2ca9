//! How it goes with a tenant's complaints: sums of daily counters, which every write keeps (`d1-migrations/0031_daily_counts.sql`).
//!
//! Days are those of UTC. A complaint is counted as it stands now: one that was reopened is resolved no more, and one whose product was
//! corrected counts for that.

use crate::clock::day::Day;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most days that can be asked for at a time.
pub const MAX_DAYS: i32 = 400;

/// So many of each, by name.
pub type Tally = BTreeMap<String, u64>;

/// How it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// The first day.
    pub from: Day,
    /// The last.
    pub to: Day,
    /// Each of them.
    pub days: Vec<DayStatistics>,
    /// How complaints ended that were resolved on these days: `upheld`, `partly_upheld`, `rejected`.
    pub outcomes: Tally,
    /// How long that took them from receipt, in days: `0_3`, `4_14`, `15_28`, `29_56`, `57`.
    pub time_to_resolve: Tally,
    /// Their root causes; of those of which it is not known, under the empty name.
    pub root_causes: Tally,
    /// By product; those of none, under the empty name.
    pub products: BTreeMap<String, ProductStatistics>,
    /// How long ago complaints were received that are open now, whatever the days that were asked for; in days as above.
    pub open: Tally,
}

/// A day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayStatistics {
    /// Which.
    pub day: Day,
    /// Complaints that were received on it.
    pub received: u64,
    /// Complaints that were resolved on it.
    pub resolved: u64,
}

/// What became of the complaints about a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductStatistics {
    /// Complaints that were received on these days.
    pub received: u64,
    /// Complaints that were resolved on these days.
    pub resolved: u64,
    /// How they ended.
    pub outcomes: Tally,
    /// How long that took them.
    pub time_to_resolve: Tally,
}

/// A counter, as the database has it.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    /// `received` or `resolved`.
    pub facet: String,
    /// The day on which that was.
    pub day: Day,
    /// Of what is received: the product. Of what is resolved: product, outcome, band of days and root cause, apart by spaces.
    pub value: String,
    /// How many; or how many fewer, of what whoever asks may not see.
    pub n: i64,
    /// How many of them are open.
    pub open: i64,
}

/// The band of an age in days. Those below nothing, of complaints that a clock put ahead, are of the first.
#[must_use]
pub const fn band(days: i32) -> &'static str {
    match days {
        ..=3 => "0_3",
        4..=14 => "4_14",
        15..=28 => "15_28",
        29..=56 => "29_56",
        57.. => "57",
    }
}

impl Statistics {
    /// Of these days, with nothing in them; `None` if they are none, or too many.
    #[must_use]
    pub fn of(from: Day, to: Day) -> Option<Self> {
        let last = to.since(from);
        let days = (0..=last).map(|nth| DayStatistics { day: from.plus(nth), received: 0, resolved: 0 });
        (0..MAX_DAYS).contains(&last).then(|| Self {
            from,
            to,
            days: days.collect(),
            outcomes: Tally::new(),
            time_to_resolve: Tally::new(),
            root_causes: Tally::new(),
            products: BTreeMap::new(),
            open: Tally::new(),
        })
    }

    /// Adds a counter of one of the tenant's databases. One that takes off comes after the one it takes off from; of what comes to
    /// nothing that way, no name is left.
    pub fn add(&mut self, row: &Row, today: Day) {
        let Row { facet, day, value, n, open } = row;
        let product = value.split(' ').next().unwrap_or_default();
        more(&mut self.open, band(today.since(*day)), *open);
        let nth = usize::try_from(day.since(self.from)).ok();
        let Some(on) = nth.and_then(|nth| self.days.get_mut(nth)) else { return };
        let of_product = self.products.entry(product.to_owned()).or_default();
        let mut parts = value.split(' ').skip(1);
        match (facet.as_str(), parts.next(), parts.next(), parts.next()) {
            ("received", ..) => {
                on.received = on.received.saturating_add_signed(*n);
                of_product.received = of_product.received.saturating_add_signed(*n);
            }
            ("resolved", Some(outcome), Some(took), Some(cause)) => {
                on.resolved = on.resolved.saturating_add_signed(*n);
                of_product.resolved = of_product.resolved.saturating_add_signed(*n);
                for (tally, name) in [
                    (&mut self.outcomes, outcome),
                    (&mut self.time_to_resolve, took),
                    (&mut self.root_causes, cause),
                    (&mut of_product.outcomes, outcome),
                    (&mut of_product.time_to_resolve, took),
                ] {
                    more(tally, name, *n);
                }
            }
            _ => {}
        }
        if *of_product == ProductStatistics::default() {
            self.products.remove(product);
        }
    }
}

fn more(tally: &mut Tally, name: &str, n: i64) {
    let sum = tally.entry(name.to_owned()).or_default();
    *sum = sum.saturating_add_signed(n);
    if *sum == 0 {
        tally.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn sums_of_all_databases_are_added() {
        let mut all = Statistics::of(day("2026-11-01"), day("2026-11-03")).unwrap();
        for (facet, on, value, n, open) in [
            ("received", "2026-11-02", "mortgage", 2, 1),
            ("received", "2026-11-02", "mortgage", 3, 3),
            ("received", "2026-09-01", "", 9, 1),
            ("resolved", "2026-11-03", "mortgage upheld 4_14 staff_error", 1, 0),
            ("resolved", "2026-11-03", " rejected 57 ", 2, 0),
            ("resolved", "2026-12-03", "mortgage upheld 0_3 ", 9, 0),
        ] {
            let row = Row { facet: facet.to_owned(), day: day(on), value: value.to_owned(), n, open };
            all.add(&row, day("2026-11-03"));
        }
        let on: Vec<_> = all.days.iter().map(|on| (on.received, on.resolved)).collect();
        assert_eq!(on, [(0, 0), (5, 0), (0, 3)]);
        assert_eq!((all.products["mortgage"].received, all.products["mortgage"].resolved), (5, 1));
        assert_eq!((all.products[""].resolved, all.outcomes["rejected"], all.time_to_resolve["4_14"]), (2, 2, 1));
        assert_eq!((all.root_causes[""], all.open["0_3"], all.open["57"]), (2, 4, 1));
    }

    #[test]
    fn of_what_is_hidden_no_name_is_left() {
        let add = |rows: &[(&str, &str, i64, i64)]| {
            let mut all = Statistics::of(day("2026-11-01"), day("2026-11-01")).unwrap();
            for (facet, value, n, open) in rows {
                let row = Row {
                    facet: (*facet).to_owned(),
                    day: day("2026-11-01"),
                    value: (*value).to_owned(),
                    n: *n,
                    open: *open,
                };
                all.add(&row, day("2026-11-01"));
            }
            all
        };
        let seen = [("received", "mortgage", 2, 1), ("resolved", "mortgage upheld 0_3 ", 1, 0)];
        let hidden = [
            ("received", "loan", 3, 1),
            ("resolved", "loan rejected 4_14 fraud", 2, 0),
            ("received", "mortgage", 1, 1),
        ];
        let taken_off = hidden.map(|(facet, value, n, open)| (facet, value, -n, -open));
        assert_eq!(add(&[&seen[..], &hidden[..], &taken_off[..]].concat()), add(&seen));
        assert_ne!(add(&[&seen[..], &hidden[..]].concat()), add(&seen));
    }

    #[test]
    fn days_are_at_least_one_and_not_too_many() {
        let from = day("2026-01-01");
        assert_eq!(Statistics::of(from, from).unwrap().days.len(), 1);
        assert_eq!(Statistics::of(from, from.plus(MAX_DAYS - 1)).unwrap().days.len(), 400);
        assert!(Statistics::of(from, from.plus(MAX_DAYS)).is_none() && Statistics::of(from, from.plus(-1)).is_none());
    }

    #[test]
    fn bands_meet() {
        assert_eq!(
            [-1, 3, 4, 14, 15, 28, 29, 56, 57].map(band),
            ["0_3", "0_3", "4_14", "4_14", "15_28", "15_28", "29_56", "29_56", "57"]
        );
    }
}
