//! Civil time of the places whose law counts days: `rules/zones.json`.
//!
//! A zone is an offset and, perhaps, a rule for its daylight saving. That is all these places have had since the year
//! that the rule names, and it is what their statutes say; a test compares every change with the IANA database.

use super::{
    day::{Day, TimeOfDay},
    law::Law,
};
use crate::time::Timestamp;

/// A zone, as its file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneEntry {
    /// The IANA name.
    pub id: &'static str,
    /// The name people read.
    pub name: &'static str,
    /// Minutes ahead of UTC in winter.
    pub offset: i32,
    /// [`Daylight::id`], if clocks change there.
    pub daylight: Option<&'static str>,
}

/// When clocks go an hour forward, and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daylight {
    /// The name of the rule.
    pub id: &'static str,
    /// Where it is laid down.
    pub citation: &'static str,
    /// The first year for which it is right.
    pub since: i32,
    /// Forward.
    pub from: Change,
    /// Back.
    pub until: Change,
}

/// A change of the clocks, on a Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The month, from 1.
    pub month: u32,
    /// Which Sunday of it.
    pub sunday: Sunday,
    /// At what time.
    pub at: TimeOfDay,
    /// By which clock.
    pub by: By,
}

/// Which Sunday of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sunday {
    /// The first.
    First,
    /// The second.
    Second,
    /// The last.
    Last,
}

/// By which clock a change happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// UTC.
    Utc,
    /// The clock that is about to be changed.
    Local,
}

/// The civil time of a place.
#[derive(Clone, Copy, Debug)]
pub struct Zone {
    entry: ZoneEntry,
    daylight: Option<Daylight>,
}

impl Law {
    /// The zone with this IANA name.
    #[must_use]
    pub fn zone(&self, id: &str) -> Option<Zone> {
        let entry = *self.zones.iter().find(|entry| entry.id == id)?;
        let daylight = match entry.daylight {
            Some(name) => Some(*self.daylight.iter().find(|rule| rule.id == name)?),
            None => None,
        };
        Some(Zone { entry, daylight })
    }
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

impl Zone {
    /// The IANA name.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.entry.id
    }

    /// The name people read.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.entry.name
    }

    /// The civil date at a moment.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Day {
        Day::of_millis(self.local_millis(at))
    }

    /// The civil time at a moment, to the minute.
    #[must_use]
    pub fn minutes(&self, at: Timestamp) -> u16 {
        let since_midnight = self.local_millis(at) - self.day(at).millis();
        u16::try_from(since_midnight / MINUTE).unwrap_or_default()
    }

    /// The moment of a civil time. Of two, the first; for one that is skipped, as many minutes after the change.
    #[must_use]
    pub fn moment(&self, day: Day, time: TimeOfDay) -> Timestamp {
        let local = day.millis() + time.millis();
        let winter = local - self.winter();
        let summer = winter - HOUR;
        Timestamp::from_unix_millis(if self.saves_daylight(summer) { summer } else { winter })
    }

    /// The first moment of a day.
    #[must_use]
    pub fn start_of(&self, day: Day) -> Timestamp {
        self.moment(day, TimeOfDay::MIDNIGHT)
    }

    /// The last moment of a day: a millisecond before the next begins.
    #[must_use]
    pub fn end_of(&self, day: Day) -> Timestamp {
        self.start_of(day.plus(1)).plus_millis(-1)
    }

    /// Minutes ahead of UTC at a moment.
    #[must_use]
    pub fn offset_minutes(&self, at: Timestamp) -> i64 {
        (self.local_millis(at) - at.unix_millis()) / MINUTE
    }

    fn local_millis(&self, at: Timestamp) -> i64 {
        let at = at.unix_millis();
        at + self.winter() + if self.saves_daylight(at) { HOUR } else { 0 }
    }

    fn winter(&self) -> i64 {
        i64::from(self.entry.offset) * MINUTE
    }

    fn saves_daylight(&self, at: i64) -> bool {
        self.daylight.is_some_and(|rule| {
            let (year, _, _) = Day::of_millis(at).parts();
            let from = rule.from.millis(year, self.winter());
            let until = rule.until.millis(year, self.winter() + HOUR);
            from.zip(until).is_some_and(|(from, until)| (from..until).contains(&at))
        })
    }
}

impl Change {
    /// When it happens, on clocks that are `ahead` of UTC until then.
    fn millis(&self, year: i32, ahead: i64) -> Option<i64> {
        let first = Day::new(year, self.month, 1)?;
        let sunday = match self.sunday {
            Sunday::First => first.plus(until_sunday(first)),
            Sunday::Second => first.plus(until_sunday(first) + 7),
            Sunday::Last => {
                let seventh_last = first.plus_months(1).plus(-7);
                seventh_last.plus(until_sunday(seventh_last))
            }
        };
        let clock = sunday.millis() + self.at.millis();
        Some(if self.by == By::Local { clock - ahead } else { clock })
    }
}

fn until_sunday(day: Day) -> i32 {
    6 - day.weekday() as i32
}
