//! What moving a case to other versions of packs or calendars changes: the report to read before doing so.

use super::{Clock, ClockState, day::Day};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// A clock that is not the same before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClockDifference {
    /// The pack; `null` for a firm's own.
    pub pack: Option<&'static str>,
    /// The rule.
    pub rule: String,
    /// Which of its clocks.
    pub number: u32,
    /// As it was; `null` if there was none.
    pub was: Option<ClockSide>,
    /// As it becomes; `null` if there is none any more.
    pub becomes: Option<ClockSide>,
}

/// One side of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClockSide {
    /// The version of the pack.
    pub version: Option<&'static str>,
    /// The version of the calendar, if it was counted by one.
    pub calendar: Option<&'static str>,
    /// The last moment.
    pub due: Option<Timestamp>,
    /// The last day.
    pub due_on: Option<Day>,
    /// How it stands.
    pub state: ClockState,
}

/// The clocks that differ, in the order of `before`, then those that are only in `after`.
#[must_use]
pub fn differences(before: &[Clock], after: &[Clock]) -> Vec<ClockDifference> {
    let twin = |of: &Clock, among: &[Clock]| among.iter().find(|clock| clock.is_same(of)).map(side);
    let changed = before.iter().map(|clock| difference(clock, Some(side(clock)), twin(clock, after)));
    let added = after.iter().filter(|clock| twin(clock, before).is_none());
    let added = added.map(|clock| difference(clock, None, Some(side(clock))));
    changed.chain(added).filter(|difference| difference.was != difference.becomes).collect()
}

fn difference(of: &Clock, was: Option<ClockSide>, becomes: Option<ClockSide>) -> ClockDifference {
    ClockDifference { pack: of.pack, rule: of.rule.clone(), number: of.number, was, becomes }
}

fn side(clock: &Clock) -> ClockSide {
    ClockSide {
        version: clock.version,
        calendar: clock.explanation.calendar.as_ref().map(|calendar| calendar.version),
        due: clock.due,
        due_on: clock.due_on,
        state: clock.state,
    }
}

impl Clock {
    /// Whether both are of one rule and of one start, whatever the version.
    fn is_same(&self, other: &Self) -> bool {
        self.pack == other.pack && self.rule == other.rule && self.number == other.number
    }
}
