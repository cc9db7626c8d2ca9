//! Digests: what a rule tells of is sent not at once but at some times of the day, in one mail to each recipient.

use crate::{
    chain,
    clock::{day::TimeOfDay, law::Law},
    complaint::{event::EventKind, intake::List},
    http::problem::Rule,
    ids::ComplaintId,
    text::Line,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most events of a mail; what is more comes in the next.
pub const MOST: u32 = 200;
/// Hexadecimal digits by which digests that begin with the same event differ.
const TOLD_APART: usize = 16;

/// When what a rule tells of is sent, together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NotificationDigest")]
pub struct Digest {
    /// At these times of each day; at least one.
    pub times: List<TimeOfDay, 6>,
    /// On the clocks of which zone: an IANA name that the service knows, such as `Europe/London`.
    pub zone: Line<64>,
}

impl Digest {
    /// What does not fit together: the field, and how.
    pub(super) fn errors(&self) -> Vec<(&'static str, Rule, &'static str)> {
        let mut errors = Vec::new();
        if self.times.is_empty() {
            errors.push(("/digest/times", Rule::Missing, "must name a time"));
        }
        let is_twice = |(at, time): (usize, &TimeOfDay)| self.times.iter().take(at).any(|earlier| earlier == time);
        if self.times.iter().enumerate().any(is_twice) {
            errors.push(("/digest/times", Rule::NotAllowed, "names a time twice"));
        }
        if Law::shipped().zone(self.zone.as_str()).is_none() {
            errors.push(("/digest/zone", Rule::Unknown, "there is no such zone"));
        }
        errors
    }

    /// The first of its times after a moment. A time that clocks skip comes as many minutes after they have changed; of one that comes
    /// twice, the first counts. `None` if the zone is not known any more.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let zone = Law::shipped().zone(self.zone.as_str())?;
        let today = zone.day(after);
        // 24:00 is of the day before. Tomorrow's may have been skipped, or lie before `after` where midnight comes twice.
        let moments = (-1..=2)
            .flat_map(|days| self.times.iter().map(move |time| (today.plus(days), *time)))
            .map(|(day, time)| zone.moment(day, time));
        moments.filter(|at| *at > after).min()
    }
}

/// An event of which somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'e> {
    /// The complaint.
    pub complaint: ComplaintId,
    /// What people call it.
    pub reference: &'e str,
    /// The number of the event.
    pub seq: u32,
    /// Its kind.
    pub event: EventKind,
    /// When it happened, in milliseconds.
    pub at: i64,
    /// The address at which whoever is told is told.
    pub to: &'e str,
}

/// What each recipient is told, in the order of events; whoever is told of the first event comes first.
#[must_use]
pub fn by_recipient(mut entries: Vec<Entry<'_>>) -> Vec<Vec<Entry<'_>>> {
    entries.sort_unstable_by_key(|entry| (entry.at, entry.complaint, entry.seq));
    let mut told = Vec::<Vec<Entry<'_>>>::new();
    for entry in entries {
        let is_theirs = |theirs: &&mut Vec<Entry<'_>>| theirs.first().is_some_and(|first| first.to == entry.to);
        match told.iter_mut().find(is_theirs) {
            Some(theirs) => theirs.push(entry),
            None => told.push(vec![entry]),
        }
    }
    told
}

/// What has happened, complaint by complaint, each where its first event stands.
#[must_use]
pub fn list(entries: &[Entry<'_>]) -> String {
    let mut list = String::new();
    for (at, entry) in entries.iter().enumerate() {
        let of_it = |other: &&Entry<'_>| other.complaint == entry.complaint;
        if entries.iter().take(at).any(|earlier| of_it(&earlier)) {
            continue;
        }
        if !list.is_empty() {
            list.push('\n');
        }
        list.push_str(entry.reference);
        list.push('\n');
        for happened in entries.iter().filter(of_it) {
            list.push_str("- ");
            list.push_str(&super::text::event(happened.event).replace('_', " "));
            list.push('\n');
        }
    }
    list
}

/// What makes it the same mail however often it is sent: its first event, the rule, and what else it tells of. A mail that tells of
/// more than another is never taken for that one, which would lose what is new in it.
#[must_use]
pub fn id(rule: &str, entries: &[Entry<'_>]) -> String {
    let all: Vec<String> = entries.iter().map(|entry| format!("{}.{}", entry.complaint, entry.seq)).collect();
    let first = all.first().map_or("", String::as_str);
    let told_apart = chain::Digest::of(all.join(" ").as_bytes()).to_string();
    format!("{first}.{rule}.{}", told_apart.get(..TOLD_APART).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn digest(times: &[&str], zone: &str) -> Digest {
        serde_json::from_value(json!({ "times": times, "zone": zone })).unwrap()
    }

    fn complaint(nth: u8) -> ComplaintId {
        ComplaintId::in_slot(Timestamp::from_unix_millis(1_700_000_000_000), &[nth; 10], nth % 4)
    }

    fn entry(nth: u8, seq: u32, event: EventKind, at: i64) -> Entry<'static> {
        let reference = ["AB-0", "AB-1", "AB-2", "AB-3"][usize::from(nth)];
        Entry { complaint: complaint(nth), reference, seq, event, at, to: "team@example.com" }
    }

    #[test]
    fn the_next_time_is_by_the_clocks_of_its_zone() {
        // Not in their order.
        let twice = digest(&["16:00", "09:00"], "Europe/London");
        for (after, next) in [
            ("2026-01-10T08:59:59.999Z", "2026-01-10T09:00:00Z"),
            ("2026-01-10T09:00:00Z", "2026-01-10T16:00:00Z"),
            ("2026-01-10T16:00:00Z", "2026-01-11T09:00:00Z"),
            ("2026-07-10T15:00:00Z", "2026-07-11T08:00:00Z"),
            ("2026-12-31T20:00:00Z", "2027-01-01T09:00:00Z"),
        ] {
            assert_eq!(twice.next(at(after)), Some(at(next)), "{after}");
        }
        let midnight = digest(&["24:00"], "Europe/London");
        assert_eq!(midnight.next(at("2026-01-10T12:00:00Z")), Some(at("2026-01-11T00:00:00Z")));
        assert_eq!(midnight.next(at("2026-01-11T00:00:00Z")), Some(at("2026-01-12T00:00:00Z")));
        let far = digest(&["00:30"], "Pacific/Pago_Pago");
        assert_eq!(far.next(at("2026-01-10T12:00:00Z")), Some(at("2026-01-11T11:30:00Z")));
        assert_eq!(digest(&["09:00"], "Mars/North").next(at("2026-01-10T12:00:00Z")), None);
    }

    #[test]
    fn a_time_that_is_skipped_comes_after_the_change_and_one_that_comes_twice_counts_once() {
        let night = digest(&["01:30"], "Europe/London");
        // 29 March 2026: 01:00 GMT is 02:00 BST. 25 October: 02:00 BST is 01:00 GMT.
        assert_eq!(night.next(at("2026-03-28T12:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(night.next(at("2026-03-29T01:30:00Z")), Some(at("2026-03-30T00:30:00Z")));
        assert_eq!(night.next(at("2026-10-24T12:00:00Z")), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(night.next(at("2026-10-25T00:30:00Z")), Some(at("2026-10-26T01:30:00Z")));
        // What the skipped one becomes may be another of them.
        let both = digest(&["01:30", "02:30"], "Europe/London");
        assert_eq!(both.next(at("2026-03-29T00:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(both.next(at("2026-03-29T01:30:00Z")), Some(at("2026-03-30T00:30:00Z")));
    }

    #[test]
    fn what_happened_is_listed_by_complaint_in_the_order_of_events() {
        let entries = vec![
            entry(1, 4, EventKind::Resolved, 30),
            entry(2, 1, EventKind::Received, 20),
            entry(1, 3, EventKind::Acknowledged, 10),
            entry(1, 2, EventKind::DeadlineWarned, 10),
            Entry { to: "other@example.com", ..entry(3, 1, EventKind::Received, 5) },
        ];
        let told = by_recipient(entries);
        let to: Vec<&str> = told.iter().map(|entries| entries[0].to).collect();
        assert_eq!(to, ["other@example.com", "team@example.com"]);
        assert_eq!(list(&told[0]), "AB-3\n- received\n");
        assert_eq!(list(&told[1]), "AB-1\n- deadline warned\n- acknowledged\n- resolved\n\nAB-2\n- received\n");
        assert_eq!((list(&[]), by_recipient(Vec::new())), (String::new(), Vec::new()));
    }

    #[test]
    fn a_digest_is_the_same_mail_if_it_tells_of_the_same() {
        let two = [entry(1, 2, EventKind::Resolved, 1), entry(2, 1, EventKind::Received, 2)];
        let same = id("team", &two);
        assert!(same.starts_with(&format!("{}.2.team.", complaint(1))), "{same}");
        assert_eq!(same, id("team", &two));
        assert_ne!(same, id("team", &two[..1]));
        assert_ne!(same, id("lead", &two));
    }

    fn times() -> impl Strategy<Value = Vec<String>> {
        let time = (0_u16..=24 * 60).prop_map(|minutes| TimeOfDay::after_midnight(minutes).to_string());
        prop::collection::vec(time, 1..=6)
    }

    proptest! {
        /// It is after the moment, comes within a day (of which one has 25 hours), and no other lies between; whoever waits for one
        /// after the other has them in order.
        #[test]
        fn the_next_time_is_the_first_after(
            times in times(),
            zone in prop::sample::select(vec!["UTC", "Europe/London", "America/New_York", "Pacific/Pago_Pago", "Europe/Athens"]),
            after in 1_600_000_000_000_i64..1_900_000_000_000,
            earlier in 0_i64..90_000_000,
        ) {
            let times: Vec<&str> = times.iter().map(String::as_str).collect();
            let digest = digest(&times, zone);
            let after = Timestamp::from_unix_millis(after);
            let next = digest.next(after).unwrap();
            // Where a time has come twice, the day after that has an hour more until its own.
            prop_assert!(next > after && next <= after.plus_millis(25 * 3_600_000));
            let before = digest.next(after.plus_millis(-earlier)).unwrap();
            prop_assert!(before <= after || before == next);
            prop_assert!(digest.next(next).unwrap() > next);
        }

        /// Everything is told once, to whom it is for, in order; each complaint is named once in a mail.
        #[test]
        fn everything_is_told_once(
            rows in prop::collection::btree_map((0_u8..4, 1_u32..40), (0_i64..50, 0_usize..3), 0..60),
        ) {
            let people = ["a@example.com", "b@example.com", "c@example.com"];
            let entries: Vec<Entry<'_>> = rows
                .iter()
                .map(|((nth, seq), (at, who))| Entry { to: people[*who], ..entry(*nth, *seq, EventKind::Noted, *at) })
                .collect();
            let told = by_recipient(entries.clone());
            let to: BTreeSet<&str> = told.iter().map(|entries| entries[0].to).collect();
            prop_assert_eq!(to.len(), told.len());
            prop_assert_eq!(told.iter().map(Vec::len).sum::<usize>(), entries.len());
            for theirs in &told {
                prop_assert!(theirs.iter().all(|entry| entry.to == theirs[0].to && entries.contains(entry)));
                prop_assert!(theirs.is_sorted_by_key(|entry| (entry.at, entry.complaint, entry.seq)));
                let list = list(theirs);
                let complaints: BTreeSet<ComplaintId> = theirs.iter().map(|entry| entry.complaint).collect();
                prop_assert_eq!(list.lines().filter(|line| line.starts_with("AB-")).count(), complaints.len());
                prop_assert_eq!(list.lines().filter(|line| *line == "- noted").count(), theirs.len());
            }
            // In whichever order rows are read, the mails are the same.
            prop_assert_eq!(by_recipient(entries.into_iter().rev().collect()), told);
        }
    }
}
