//! The change feed: every event of a tenant once, in one order that never changes.
//!
//! An event gets its **position** in the commit that writes it: 1, 2, 3, … in its slot. A slot lies in one database,
//! which has one writer, so whoever sees a position sees all before it. Over several slots there is no order yet. It is
//! made when the feed is read: what has come in since the last time is appended, slot by slot, as a [`Range`] of
//! **numbers**, in a transaction of one database. Numbers are 1, 2, 3, … too, and nothing ever takes one away.
//!
//! Invariant: the ranges of a tenant cover the numbers from 1 on, and of each slot the positions from 1 on, each once.
//! So a place in the feed is a number, and what follows it is the same for everybody.

use serde::{Deserialize, Serialize};

/// The numbers of some events of a slot, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The number of the first.
    pub first_number: u64,
    /// The slot.
    pub slot: u8,
    /// The position of the first.
    pub first_position: u64,
    /// The position of the last.
    pub last_position: u64,
}

/// Some events of a slot, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The slot.
    pub slot: u8,
    /// The position of the first.
    pub first: u64,
    /// The position of the last.
    pub last: u64,
}

/// An event that was read: where it stands in its slot, how many bytes it has, and itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<E> {
    /// The slot.
    pub slot: u8,
    /// Its position there.
    pub position: u64,
    /// How much it adds to a page.
    pub bytes: usize,
    /// Itself.
    pub event: E,
}

impl Range {
    /// The number of the last event.
    #[must_use]
    pub const fn last_number(&self) -> u64 {
        self.first_number.saturating_add(self.last_position.saturating_sub(self.first_position))
    }

    /// The number of the event at `position` of `slot`, if it is one of these.
    fn number_of(&self, slot: u8, position: u64) -> Option<u64> {
        let is_here = slot == self.slot && (self.first_position..=self.last_position).contains(&position);
        is_here.then(|| self.first_number.saturating_add(position.saturating_sub(self.first_position)))
    }

    /// The events with the numbers `first` to `last`, if these are some.
    fn within(&self, first: u64, last: u64) -> Option<Span> {
        let (from, to) = (first.max(self.first_number), last.min(self.last_number()));
        let position = |number: u64| self.first_position.saturating_add(number.saturating_sub(self.first_number));
        (from <= to).then(|| Span { slot: self.slot, first: position(from), last: position(to) })
    }
}

/// Where the `limit` events after number `after` lie: one span for each slot that has some.
#[must_use]
pub fn spans(ranges: &[Range], after: u64, limit: u32) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let wanted = |range: &Range| range.within(after.saturating_add(1), after.saturating_add(limit.into()));
    for part in ranges.iter().filter_map(wanted) {
        // In the order of numbers the ranges of a slot follow each other.
        match spans.iter_mut().find(|span| span.slot == part.slot) {
            Some(span) => span.last = part.last,
            None => spans.push(part),
        }
    }
    spans
}

/// The page after number `after`: of what was found, all that follows without a gap, with its number. It has at most
/// `limit` events and ends with the one that makes it `max_bytes` or more.
///
/// What was not found is not skipped: the page ends before it.
#[must_use]
pub fn page<E>(ranges: &[Range], after: u64, limit: u32, max_bytes: usize, found: Vec<Found<E>>) -> Vec<(u64, E)> {
    let number = |event: &Found<E>| ranges.iter().find_map(|range| range.number_of(event.slot, event.position));
    let mut numbered: Vec<_> = found.into_iter().filter_map(|event| Some((number(&event)?, event))).collect();
    numbered.sort_by_key(|(number, _)| *number);
    let (mut page, mut bytes) = (Vec::new(), 0_usize);
    let mut next = after.saturating_add(1);
    for (number, event) in numbered {
        if number < next {
            continue;
        }
        if number > next || bytes >= max_bytes || page.len() >= limit as usize {
            break;
        }
        next = next.saturating_add(1);
        bytes = bytes.saturating_add(event.bytes);
        page.push((number, event.event));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Ranges as a sequencer appends them, of so many events of these slots.
    fn appended(steps: &[(u8, u64)]) -> Vec<Range> {
        let (mut ranges, mut number, mut positions) = (Vec::new(), 1, [1_u64; 32]);
        for (slot, events) in steps {
            let first_position = positions[usize::from(*slot)];
            let last_position = first_position + events - 1;
            ranges.push(Range { first_number: number, slot: *slot, first_position, last_position });
            number += events;
            positions[usize::from(*slot)] += events;
        }
        ranges
    }

    fn steps() -> impl Strategy<Value = Vec<(u8, u64)>> {
        proptest::collection::vec((0_u8..4, 1_u64..6), 0..12)
    }

    /// What the databases give for these spans, except for what `lost` says.
    fn read(spans: &[Span], lost: impl Fn(u8, u64) -> bool) -> Vec<Found<(u8, u64)>> {
        let of_span = |span: &Span| {
            let slot = span.slot;
            (span.first..=span.last).map(move |position| Found { slot, position, bytes: 10, event: (slot, position) })
        };
        spans.iter().rev().flat_map(of_span).filter(|found| !lost(found.slot, found.position)).collect()
    }

    fn all(ranges: &[Range]) -> Vec<(u8, u64)> {
        let of_range = |range: &Range| {
            let slot = range.slot;
            (range.first_position..=range.last_position).map(move |position| (slot, position))
        };
        ranges.iter().flat_map(of_range).collect()
    }

    proptest! {
        #[test]
        fn pages_of_any_size_are_the_feed(steps in steps(), limit in 1_u32..9, max_bytes in 1_usize..60) {
            let ranges = appended(&steps);
            let (mut seen, mut after) = (Vec::new(), 0);
            loop {
                let found = read(&spans(&ranges, after, limit), |_, _| false);
                let page = page(&ranges, after, limit, max_bytes, found);
                prop_assert!(page.len() <= limit as usize && page.len() <= max_bytes.div_ceil(10));
                let Some((last, _)) = page.last() else { break };
                prop_assert!(page.iter().map(|(number, _)| *number).eq(after + 1..=*last));
                after = *last;
                seen.extend(page.into_iter().map(|(_, event)| event));
            }
            prop_assert_eq!(seen, all(&ranges));
        }

        #[test]
        fn what_was_not_found_is_never_skipped(steps in steps(), after in 0_u64..30, limit in 1_u32..20, gone in 1_u64..30) {
            let ranges = appended(&steps);
            let lost = all(&ranges).get(gone as usize - 1).copied();
            let found = read(&spans(&ranges, after, limit), |slot, position| lost == Some((slot, position)));
            let page = page(&ranges, after, limit, usize::MAX, found);
            prop_assert!(page.iter().all(|(number, _)| *number < gone || gone <= after));
        }

        #[test]
        fn a_slot_is_asked_for_what_is_wanted_and_no_more(steps in steps(), after in 0_u64..40, limit in 1_u32..20) {
            let ranges = appended(&steps);
            let wanted: Vec<_> = all(&ranges).into_iter().skip(after as usize).take(limit as usize).collect();
            let spans = spans(&ranges, after, limit);
            let mut asked: Vec<_> = read(&spans, |_, _| false).into_iter().map(|found| found.event).collect();
            let mut sorted = wanted;
            sorted.sort_unstable();
            asked.sort_unstable();
            prop_assert_eq!(asked, sorted);
            prop_assert!(spans.iter().enumerate().all(|(at, span)| spans[..at].iter().all(|other| other.slot != span.slot)));
        }
    }
}
