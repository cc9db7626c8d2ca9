//! Counting: from a start and a length to a due moment, with every day on the way and why it counted or did not.

use super::{
    calendar::{Closed, Days},
    day::{Day, TimeOfDay},
    explain::{ClockStep, CountedIn, Reason},
    pack::{Ends, Length, Roll, StartDay, Terms, Unit},
    service_level::Hours,
    zone::Zone,
};
use crate::time::Timestamp;

/// Where and by what a clock is counted.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The civil time.
    pub zone: Zone,
    /// The business days.
    pub days: Days,
    /// The firm's own hours, for its own clocks.
    pub hours: Option<&'a Hours>,
    /// When the business day ends.
    pub close: TimeOfDay,
}

/// How days are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Whether the day of the start counts.
    pub start_day: StartDay,
    /// What happens if the last day is one without business.
    pub roll: Roll,
    /// When on the last day it ends.
    pub ends: Ends,
}

impl Manner {
    /// The manner that terms ask for.
    #[must_use]
    pub const fn of(terms: &Terms<'_>) -> Self {
        Self { start_day: terms.start_day, roll: terms.roll, ends: terms.ends }
    }
}

/// A time in which a clock stands still, from one moment up to, not including, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The first moment.
    pub from: Timestamp,
    /// The moment in which it runs on.
    pub until: Timestamp,
}

/// What counting came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The last moment; `None` if the end is not reached within [`MAX_WALK`] days.
    pub due: Option<Timestamp>,
    /// The last day.
    pub last: Day,
    /// What `counted` of the steps is a number of.
    pub unit: CountedIn,
    /// Every day from the start on.
    pub steps: Vec<ClockStep>,
}

/// How many days counting looks ahead.
pub const MAX_WALK: usize = 4_000;

impl Place<'_> {
    /// Counts `length` from `start`. A day counts unless the clock stands still at its end. No stop carries the clock
    /// beyond `latest`. `stops` are in order and do not overlap.
    #[must_use]
    pub fn count(
        &self,
        length: Length,
        start: Timestamp,
        manner: Manner,
        stops: &[Stop],
        latest: Option<Day>,
    ) -> Counted {
        match length.unit {
            Unit::Minute => self.elapsed(start, i64::from(length.amount) * 60, stops),
            Unit::Hour => self.elapsed(start, i64::from(length.amount) * 3_600, stops),
            Unit::BusinessMinute => self.office(start, i64::from(length.amount) * 60, stops),
            Unit::BusinessHour => self.office(start, i64::from(length.amount) * 3_600, stops),
            Unit::Day | Unit::BusinessDay | Unit::Week | Unit::Month => {
                self.by_days(length, start, manner, stops, latest)
            }
        }
    }

    fn by_days(
        &self,
        length: Length,
        start: Timestamp,
        manner: Manner,
        stops: &[Stop],
        latest: Option<Day>,
    ) -> Counted {
        let first = self.zone.day(start);
        let included = manner.start_day == StartDay::Included;
        let business = length.unit == Unit::BusinessDay;
        let (amount, clamped) = days_in(length, first, included);
        let mut steps = Steps::default();
        let mut day = first;
        if !included {
            steps.add(first, 0, Reason::StartDay, None);
            day = first.plus(1);
        }
        let mut counted = 0;
        let reached = (0..MAX_WALK).any(|walked| {
            if walked > 0 {
                day = day.plus(1);
            }
            match self.skipped(day, business, stops) {
                Some((reason, name)) => steps.add(day, 0, reason, name),
                None => {
                    counted += 1;
                    steps.add(day, 1, Reason::Counted, None);
                }
            }
            counted == amount || latest == Some(day)
        });
        if counted < amount && latest == Some(day) {
            steps.add(day, 0, Reason::Maximum, None);
        } else if clamped {
            steps.add(day, 0, Reason::MonthEnd, None);
        }
        let last = match manner.roll {
            Roll::None => day,
            Roll::NextBusinessDay => self.days.next_open(day),
        };
        for ahead in 1..=last.since(day) {
            let why = self.days.closed(day.plus(ahead - 1)).and_then(name_of);
            steps.add(day.plus(ahead), 0, Reason::Rolled, why);
        }
        let due = match manner.ends {
            Ends::EndOfDay => self.zone.end_of(last),
            Ends::CloseOfBusiness => self.zone.moment(last, self.close),
        };
        let unit = if business { CountedIn::BusinessDays } else { CountedIn::Days };
        Counted { due: reached.then_some(due), last, unit, steps: steps.0 }
    }

    /// Why a day does not count, if it does not.
    fn skipped(&self, day: Day, business: bool, stops: &[Stop]) -> Option<(Reason, Option<&'static str>)> {
        let closed = if business {
            self.hours.map_or_else(|| self.days.closed(day), |hours| hours.of(day, &self.days).err())
        } else {
            None
        };
        if let Some(closed) = closed {
            return Some((closed.into(), name_of(closed)));
        }
        let end = self.zone.end_of(day);
        let stands_still = stops.iter().any(|stop| (stop.from..stop.until).contains(&end));
        stands_still.then_some((Reason::ClockStopped, None))
    }

    fn elapsed(&self, start: Timestamp, seconds: i64, stops: &[Stop]) -> Counted {
        let mut steps = Steps::default();
        let mut due = start.plus_millis(seconds * 1000);
        for stop in stops {
            let from = stop.from.max(start);
            if from < due && from < stop.until {
                due = due.plus_millis(stop.until.unix_millis() - from.unix_millis());
                steps.run(self.zone.day(from), self.zone.day(stop.until), 0, Reason::ClockStopped);
            }
        }
        let last = self.zone.day(due);
        steps.run(self.zone.day(start), last, seconds, Reason::Counted);
        Counted { due: Some(due), last, unit: CountedIn::Seconds, steps: steps.0 }
    }

    fn office(&self, start: Timestamp, seconds: i64, stops: &[Stop]) -> Counted {
        let mut steps = Steps::default();
        let mut left = seconds;
        let mut day = self.zone.day(start);
        let mut due = None;
        for _ in 0..MAX_WALK {
            let Some(hours) = self.hours else { break };
            match hours.of(day, &self.days) {
                Err(closed) => steps.add(day, 0, closed.into(), name_of(closed)),
                Ok(ranges) => {
                    let mut counted = 0;
                    let open = ranges.into_iter().map(|(from, until)| {
                        let from = self.zone.moment(day, from).max(start).unix_seconds();
                        (from, self.zone.moment(day, until).unix_seconds())
                    });
                    let (pieces, stopped) = cut(open.filter(|(from, until)| from < until), stops);
                    for (from, until) in pieces {
                        let taken = left.min(until - from);
                        counted += taken;
                        left -= taken;
                        if left == 0 {
                            due = Some(Timestamp::from_unix_millis((from + taken) * 1000));
                            break;
                        }
                    }
                    let reason = if counted > 0 { Reason::Counted } else { Reason::OutOfHours };
                    if stopped {
                        steps.add(day, 0, Reason::ClockStopped, None);
                    }
                    if counted > 0 || !stopped {
                        steps.add(day, counted, reason, None);
                    }
                }
            }
            if due.is_some() {
                break;
            }
            day = day.plus(1);
        }
        Counted { due, last: day, unit: CountedIn::Seconds, steps: steps.0 }
    }
}

/// What is left of ranges of seconds without the stops, and whether a stop took any of it.
fn cut(ranges: impl Iterator<Item = (i64, i64)>, stops: &[Stop]) -> (Vec<(i64, i64)>, bool) {
    let mut pieces = Vec::new();
    let mut stopped = false;
    for (mut from, until) in ranges {
        for stop in stops {
            let (stop_from, stop_until) = (stop.from.unix_seconds(), stop.until.unix_seconds());
            if stop_until <= from || stop_from >= until {
                continue;
            }
            stopped = true;
            if stop_from > from {
                pieces.push((from, stop_from));
            }
            from = stop_until;
        }
        if from < until {
            pieces.push((from, until));
        }
    }
    (pieces, stopped)
}

/// How many days a length from `first` has, and whether a month lent its last day for one it lacks.
fn days_in(length: Length, first: Day, included: bool) -> (i32, bool) {
    let amount = length.amount.cast_signed();
    match length.unit {
        Unit::Week => (amount * 7, false),
        Unit::Month => {
            let corresponding = first.plus_months(length.amount);
            let clamped = corresponding.parts().2 != first.parts().2;
            // A period that begins with the 5th ends with the 4th; one that begins with the 31st, with the 30th or sooner.
            let days = corresponding.since(first) + i32::from(included && clamped);
            (days, clamped)
        }
        _ => (amount, false),
    }
}

const fn name_of(closed: Closed) -> Option<&'static str> {
    match closed {
        Closed::Holiday(name) => Some(name),
        Closed::Weekend | Closed::ByFirm => None,
    }
}

impl From<Closed> for Reason {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Holiday(_) => Self::Holiday,
            Closed::Weekend => Self::Weekend,
            Closed::ByFirm => Self::ClosedByFirm,
        }
    }
}

/// Steps; days in a row with the same reason are one.
#[derive(Default)]
struct Steps(Vec<ClockStep>);

impl Steps {
    fn add(&mut self, day: Day, counted: i64, reason: Reason, name: Option<&'static str>) {
        match self.0.last_mut() {
            Some(last) if last.reason == reason && last.name == name && day.since(last.to) == 1 => {
                last.to = day;
                last.counted += counted;
            }
            _ => self.0.push(ClockStep { from: day, to: day, counted, reason, name }),
        }
    }

    fn run(&mut self, from: Day, to: Day, counted: i64, reason: Reason) {
        self.0.push(ClockStep { from, to, counted, reason, name: None });
    }
}
