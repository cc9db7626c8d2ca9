//! What the law wants of a complaint next, as lists show and counts count it.

use super::{Clock, ClockFamily, ClockState, day::Day, pack::Nature, passing, timeline::Timeline};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The last moment of a duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Due {
    /// The moment.
    pub at: Timestamp,
    /// Its day, by the civil time of the place.
    pub on: Day,
}

impl Due {
    /// What is due next, of a complaint with these clocks. It depends on what happened, not on when it is asked for: what was not
    /// done in time stays due until it is done.
    #[must_use]
    pub fn next(clocks: &[Clock]) -> Option<Self> {
        clocks.iter().filter(|clock| is_open(clock)).filter_map(Self::of).min_by_key(|due| due.at)
    }

    fn of(clock: &Clock) -> Option<Self> {
        Some(Self { at: clock.due?, on: clock.due_on? })
    }
}

/// What lies ahead of a complaint as things stand: kept beside it, and worked out at every write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// What the law wants of it next.
    pub due: Option<Due>,
    /// From when on time alone has brought something about that is to be recorded.
    pub wake_at: Option<Timestamp>,
}

impl Ahead {
    /// Of a complaint that has been kept here since `since` and has these clocks.
    #[must_use]
    pub fn of(clocks: &[Clock], timeline: &Timeline, since: Timestamp) -> Self {
        Self { due: Due::next(clocks), wake_at: passing::wake_at(clocks, timeline, since) }
    }
}

/// Whether it is a duty by law that is still to be done.
fn is_open(clock: &Clock) -> bool {
    let is_duty = clock.family == ClockFamily::Statutory && clock.nature == Nature::Duty;
    let waits = match clock.state {
        ClockState::Running | ClockState::Stopped => true,
        ClockState::Breached => clock.met_at.is_none() && clock.void_at.is_none(),
        ClockState::Met | ClockState::Void => false,
    };
    is_duty && waits
}

/// How soon a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueBand {
    /// It has passed.
    Overdue,
    /// Today.
    Today,
    /// One to three days ahead.
    ThreeDays,
    /// Four to seven days ahead.
    SevenDays,
    /// More than seven days ahead.
    Later,
}

impl DueBand {
    /// Every band, the soonest first.
    pub const ALL: [Self; 5] = [Self::Overdue, Self::Today, Self::ThreeDays, Self::SevenDays, Self::Later];

    /// The days of the band as of `today`: the first, and the first beyond; `None` where it has no end.
    #[must_use]
    pub const fn days(self, today: Day) -> (Option<Day>, Option<Day>) {
        match self {
            Self::Overdue => (None, Some(today)),
            Self::Today => (Some(today), Some(today.plus(1))),
            Self::ThreeDays => (Some(today.plus(1)), Some(today.plus(4))),
            Self::SevenDays => (Some(today.plus(4)), Some(today.plus(8))),
            Self::Later => (Some(today.plus(8)), None),
        }
    }

    /// The band of `day` as of `today`.
    #[must_use]
    pub const fn of(day: Day, today: Day) -> Self {
        match day.since(today) {
            ..=-1 => Self::Overdue,
            0 => Self::Today,
            1..=3 => Self::ThreeDays,
            4..=7 => Self::SevenDays,
            8.. => Self::Later,
        }
    }

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Today => "today",
            Self::ThreeDays => "3_days",
            Self::SevenDays => "7_days",
            Self::Later => "later",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn bands_leave_no_day_out() {
        let today = day("2026-11-26");
        for (on, band) in [
            ("2020-01-01", DueBand::Overdue),
            ("2026-11-25", DueBand::Overdue),
            ("2026-11-26", DueBand::Today),
            ("2026-11-27", DueBand::ThreeDays),
            ("2026-11-29", DueBand::ThreeDays),
            ("2026-11-30", DueBand::SevenDays),
            ("2026-12-03", DueBand::SevenDays),
            ("2026-12-04", DueBand::Later),
            ("2030-01-01", DueBand::Later),
        ] {
            assert_eq!(DueBand::of(day(on), today), band, "{on}");
        }
    }

    #[test]
    fn the_days_of_a_band_are_those_that_are_in_it() {
        let today = day("2026-11-26");
        for on in (-40..40).map(|days| today.plus(days)) {
            for band in DueBand::ALL {
                let (from, to) = band.days(today);
                let within = from.is_none_or(|from| from <= on) && to.is_none_or(|to| on < to);
                assert_eq!(within, DueBand::of(on, today) == band, "{on} {band:?}");
            }
        }
    }
}
