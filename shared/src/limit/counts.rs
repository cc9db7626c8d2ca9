//! Requests counted by when they were used, as far back as a window reaches.

use crate::limit::{lease::STEP_MILLIS, plan::Policy};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Counts by slot, the oldest first. Slots begin at multiples of their width since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    /// The number of the oldest slot.
    first: i64,
    slots: VecDeque<u32>,
}

/// The width of a slot in milliseconds: what a window loses to rounding is at most one slot.
pub(super) const fn slot_millis(policy: Policy) -> i64 {
    match policy {
        Policy::Burst => STEP_MILLIS,
        Policy::Minute => 1000,
        Policy::Day => 600_000,
    }
}

impl Counts {
    /// Counts `tokens` used at `at`, if that can still matter at `now`.
    pub(super) fn add(&mut self, policy: Policy, at: i64, tokens: u32, now: i64) {
        self.trim(policy, now);
        let slot = at.div_euclid(slot_millis(policy));
        if tokens == 0 || leaves(policy, slot) <= now {
            return;
        }
        if self.slots.is_empty() {
            self.first = slot;
        }
        while slot < self.first {
            self.slots.push_front(0);
            self.first -= 1;
        }
        while slot >= self.first + self.slots.len() as i64 {
            self.slots.push_back(0);
        }
        if let Some(count) = usize::try_from(slot - self.first).ok().and_then(|index| self.slots.get_mut(index)) {
            *count = count.saturating_add(tokens);
        }
    }

    /// Forgets what has left the window.
    pub(super) fn trim(&mut self, policy: Policy, now: i64) {
        while !self.slots.is_empty() && leaves(policy, self.first) <= now {
            self.slots.pop_front();
            self.first += 1;
        }
    }

    /// When each slot's tokens leave the window, and how many they are: the earliest first.
    pub(super) fn leaving(&self, policy: Policy) -> impl Iterator<Item = (i64, u32)> {
        (self.first..)
            .zip(&self.slots)
            .filter(|(_, count)| **count > 0)
            .map(move |(slot, count)| (leaves(policy, slot), *count))
    }
}

/// When a use in this slot, however late in it, has left the window.
const fn leaves(policy: Policy, slot: i64) -> i64 {
    (slot + 1) * slot_millis(policy) + policy.millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_counts_until_its_slots_end_has_left_the_window() {
        let mut counts = Counts::default();
        counts.add(Policy::Burst, 10_000, 3, 10_005);
        counts.add(Policy::Burst, 10_019, 1, 10_020);
        counts.add(Policy::Burst, 10_020, 2, 10_020);
        assert_eq!(counts.leaving(Policy::Burst).collect::<Vec<_>>(), [(11_020, 4), (11_040, 2)]);
        counts.trim(Policy::Burst, 11_019);
        assert_eq!(counts.leaving(Policy::Burst).count(), 2);
        counts.trim(Policy::Burst, 11_020);
        assert_eq!(counts.leaving(Policy::Burst).collect::<Vec<_>>(), [(11_040, 2)]);
    }

    #[test]
    fn uses_may_come_in_any_order_and_those_that_are_over_are_dropped() {
        let mut counts = Counts::default();
        counts.add(Policy::Minute, 100_000, 1, 100_000);
        counts.add(Policy::Minute, 70_500, 2, 100_000);
        counts.add(Policy::Minute, 38_999, 4, 100_000);
        counts.add(Policy::Minute, 100_900, 8, 100_000);
        assert_eq!(counts.leaving(Policy::Minute).collect::<Vec<_>>(), [(131_000, 2), (161_000, 9)]);
        counts.add(Policy::Minute, 1_000_000_000, 5, 1_000_000_000);
        assert_eq!(counts.leaving(Policy::Minute).collect::<Vec<_>>(), [(1_000_061_000, 5)]);
    }
}
