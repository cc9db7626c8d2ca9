//! Civil time of the places whose law counts days: `rules/zones.json`.
//!
//! A zone is an offset and, perhaps, a rule for its daylight saving. That is all these places have had since the year
//! that the rule names, and it is what their statutes say; a test compares every change with the IANA database.

use super::day::{Day, TimeOfDay, Weekday};
use crate::{text::Line, time::Timestamp};
use serde::Deserialize;

/// What a zone is called: its name in the IANA database, such as `Europe/London`.
pub type ZoneId = Line<32>;

/// The zones, as their file says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zones {
    /// The rules of daylight saving.
    pub daylight: Vec<Daylight>,
    /// The zones.
    pub zones: Vec<ZoneEntry>,
}

/// A zone, as its file says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneEntry {
    /// The IANA name.
    pub id: ZoneId,
    /// The name people read.
    pub name: String,
    /// Minutes ahead of UTC in winter.
    pub offset: i32,
    /// [`Daylight::id`], if clocks change there.
    #[serde(default)]
    pub daylight: Option<String>,
}

/// When clocks go an hour forward, and back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Daylight {
    /// The name of the rule.
    pub id: String,
    /// Where it is laid down.
    pub citation: String,
    /// The first year for which it is right.
    pub since: i32,
    /// Forward.
    pub from: Change,
    /// Back.
    pub until: Change,
}

/// A change of the clocks, on a Sunday.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sunday {
    /// The first.
    First,
    /// The second.
    Second,
    /// The last.
    Last,
}

/// By which clock a change happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// UTC.
    Utc,
    /// The clock that is about to be changed.
    Local,
}

impl Zones {
    /// The zone with this IANA name.
    #[must_use]
    pub fn zone(&self, id: &str) -> Option<Zone<'_>> {
        let entry = self.zones.iter().find(|entry| entry.id.as_str() == id)?;
        let daylight = match &entry.daylight {
            Some(name) => Some(self.daylight.iter().find(|rule| rule.id == *name)?),
            None => None,
        };
        Some(Zone { entry, daylight })
    }
}

/// The civil time of a place.
#[derive(Clone, Copy, Debug)]
pub struct Zone<'a> {
    entry: &'a ZoneEntry,
    daylight: Option<&'a Daylight>,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

impl Zone<'_> {
    /// The IANA name.
    #[must_use]
    pub fn id(&self) -> &ZoneId {
        &self.entry.id
    }

    /// The name people read.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.entry.name
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

fn until_sunday(day: Day) -> i64 {
    i64::from(Weekday::Sun.days_since(day.weekday()))
}
