//! What falls due by law in the days to come, and what that means for days on which nobody works.

use super::{
    calendar::{Days, WeekDay},
    day::Day,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The most days a forecast looks ahead, and how many it does unless it is told.
pub const MAX_DAYS: i32 = 366;
/// See [`MAX_DAYS`].
pub const DAYS: i32 = 60;

/// Days on which nobody works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Idle {
    /// Days of every week.
    pub weekdays: BTreeSet<WeekDay>,
    /// Days without business.
    pub closed: bool,
    /// Other days.
    pub days: BTreeSet<Day>,
}

impl Idle {
    /// Adds what `text` names: a date, a day of the week as `mon` to `sun`, or `closed` for weekends and holidays. False if it
    /// names nothing.
    pub fn add(&mut self, text: &str) -> bool {
        if text == "closed" {
            self.closed = true;
        } else if let Ok(weekday) = WeekDay::try_from(text.to_owned()) {
            self.weekdays.insert(weekday);
        } else if let Ok(day) = text.parse() {
            self.days.insert(day);
        } else {
            return false;
        }
        true
    }

    fn has(&self, day: Day, open: bool) -> bool {
        self.days.contains(&day) || self.weekdays.contains(&day.weekday().into()) || (self.closed && !open)
    }
}

/// What falls due, day by day. Of each complaint it counts what the law wants next, as things stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Forecast {
    /// The first of the days: today, where the tenant is.
    pub today: Day,
    /// Complaints of which something was due before today and is still to be done.
    pub overdue: u64,
    /// The days, today first.
    pub days: Vec<DayAhead>,
    /// Complaints of which something is due after them.
    pub later: u64,
    /// The sum of `missed`.
    pub missed: u64,
}

/// A day to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DayAhead {
    /// The day.
    pub day: Day,
    /// Whether it is a business day where the tenant is.
    pub business_day: bool,
    /// Whether it is one of those on which nobody works.
    pub idle: bool,
    /// Complaints whose next deadline ends with it: broken if nobody does anything about them.
    pub due: u64,
    /// Those that have to be dealt with on it so that no deadline is broken: what is due on it and on the days after it on which
    /// nobody works.
    pub to_do: u64,
    /// Those whose deadline is broken because nobody works from today until it ends.
    pub missed: u64,
}

/// The forecast for `length` days from `today` on, of how many complaints have something due by day.
#[must_use]
pub fn forecast(due: &BTreeMap<Day, u64>, today: Day, length: i32, idle: &Idle, calendar: Option<Days>) -> Forecast {
    let beyond = today.plus(length);
    let sum = |days: std::collections::btree_map::Range<'_, Day, u64>| days.map(|(_, n)| n).sum();
    let mut days: Vec<DayAhead> = Vec::new();
    for day in (0..length).map(|ahead| today.plus(ahead)) {
        let business_day = calendar.is_none_or(|days| days.is_open(day));
        let due = due.get(&day).copied().unwrap_or(0);
        let idle = idle.has(day, business_day);
        let mut ahead = DayAhead { day, business_day, idle, due, to_do: 0, missed: 0 };
        let worker = if idle { days.iter_mut().rfind(|earlier| !earlier.idle) } else { Some(&mut ahead) };
        match worker {
            Some(worker) => worker.to_do += due,
            None => ahead.missed = due,
        }
        days.push(ahead);
    }
    let missed = days.iter().map(|day| day.missed).sum();
    Forecast { today, overdue: sum(due.range(..today)), days, later: sum(due.range(beyond..)), missed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::law::Law;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Thursday 26 November 2026 to the Wednesday after.
    fn week(idle: &[&str]) -> Forecast {
        let due = [
            ("2026-11-25", 3),
            ("2026-11-26", 1),
            ("2026-11-27", 2),
            ("2026-11-28", 4),
            ("2026-11-30", 8),
            ("2027-01-01", 16),
        ];
        let due = due.map(|(on, n)| (day(on), n)).into();
        let mut set = Idle::default();
        assert!(idle.iter().all(|text| set.add(text)));
        let london = Law::shipped().calendar("england_and_wales").unwrap().days(day("2026-11-26"), &[]);
        forecast(&due, day("2026-11-26"), 7, &set, london)
    }

    fn to_do(forecast: &Forecast) -> Vec<u64> {
        forecast.days.iter().map(|day| day.to_do).collect()
    }

    #[test]
    fn every_complaint_is_counted_once() {
        let forecast = week(&[]);
        assert_eq!((forecast.overdue, forecast.later, forecast.missed), (3, 16, 0));
        assert_eq!(forecast.days.iter().map(|day| day.due).collect::<Vec<_>>(), [1, 2, 4, 0, 8, 0, 0]);
        assert_eq!(to_do(&forecast), [1, 2, 4, 0, 8, 0, 0]);
        assert_eq!(
            forecast.days.iter().map(|day| day.business_day).collect::<Vec<_>>(),
            [true, true, false, false, true, true, true]
        );
    }

    #[test]
    fn if_nobody_works_on_friday_it_is_thursdays() {
        assert_eq!(to_do(&week(&["fri"])), [3, 0, 4, 0, 8, 0, 0]);
        assert_eq!(to_do(&week(&["2026-11-27"])), [3, 0, 4, 0, 8, 0, 0]);
        assert_eq!(to_do(&week(&["closed"])), [1, 6, 0, 0, 8, 0, 0]);
        assert_eq!(to_do(&week(&["closed", "fri"])), [7, 0, 0, 0, 8, 0, 0]);
    }

    #[test]
    fn what_nobody_can_deal_with_any_more_is_missed() {
        let forecast = week(&["2026-11-26", "fri"]);
        assert_eq!((forecast.missed, to_do(&forecast)), (3, vec![0, 0, 4, 0, 8, 0, 0]));
        assert_eq!(week(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"]).missed, 15);
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in ["", "friday", "2026-11-31", "Fri"] {
            assert!(!Idle::default().add(text), "{text}");
        }
    }
}
