//! Which days are business days: one file a calendar in `rules/holidays/`, with every version that was released.

use super::{
    day::{Day, Weekday},
    law::Released,
    named::named,
    pack::Status,
};
use crate::complaint::intake::Jurisdiction;

/// A calendar, as its file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The name that stays across versions.
    pub id: &'static str,
    /// The name people read.
    pub name: &'static str,
    /// Where its days begin and end.
    pub zone: &'static str,
    /// Whose complaints it is for unless a rule or the firm names another.
    pub jurisdictions: &'static [Jurisdiction],
    /// The days of the week without business.
    pub weekend: &'static [WeekDay],
    /// What was released, oldest first.
    pub versions: &'static [CalendarVersion],
}

/// What was known of a calendar at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarVersion {
    /// The version.
    pub version: &'static str,
    /// From when on clocks that start use it.
    pub released: Day,
    /// Who says so.
    pub source: &'static str,
    /// Whether that was checked.
    pub status: Status,
    /// What is still to be confirmed.
    pub to_confirm: Option<&'static str>,
    /// The first day for which the holidays are known.
    pub from: Day,
    /// The last day for which they are known.
    pub until: Day,
    /// The holidays.
    pub holidays: &'static [Holiday],
}

/// A holiday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// The name.
    pub name: &'static str,
    /// Its dates, in order.
    pub days: &'static [Day],
}

impl Released for CalendarVersion {
    fn version(&self) -> &'static str {
        self.version
    }

    fn released(&self) -> Day {
        self.released
    }

    fn covers(&self, _: Day) -> bool {
        true
    }
}

named! {
/// A day of the week on the wire: `mon` to `sun`.
#[allow(missing_docs, reason = "they are what they are called")]
pub enum WeekDay {
    Mon: "mon",
    Tue: "tue",
    Wed: "wed",
    Thu: "thu",
    Fri: "fri",
    Sat: "sat",
    Sun: "sun",
}
}

impl From<Weekday> for WeekDay {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

/// One version of a calendar.
#[derive(Clone, Copy, Debug)]
pub struct Days {
    /// The calendar.
    pub calendar: &'static Calendar,
    /// The version of it.
    pub version: &'static CalendarVersion,
}

/// Why there is no business on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is a holiday, of this name.
    Holiday(&'static str),
    /// It is a day of the week without business.
    Weekend,
    /// The firm has named it.
    ByFirm,
}

impl Days {
    /// Why `day` is no business day, or `None` if it is one.
    #[must_use]
    pub fn closed(&self, day: Day) -> Option<Closed> {
        self.holiday(day).map(Closed::Holiday).or_else(|| self.is_weekend(day).then_some(Closed::Weekend))
    }

    /// The name of the holiday on `day`.
    #[must_use]
    pub fn holiday(&self, day: Day) -> Option<&'static str> {
        let mut holidays = self.version.holidays.iter();
        holidays.find(|holiday| holiday.days.binary_search(&day).is_ok()).map(|holiday| holiday.name)
    }

    /// Whether `day` is a business day.
    #[must_use]
    pub fn is_open(&self, day: Day) -> bool {
        self.closed(day).is_none()
    }

    /// The first business day from `day` on. A calendar without one for a year has none: then it is `day`.
    pub(super) fn next_open(&self, day: Day) -> Day {
        (0..366).map(|ahead| day.plus(ahead)).find(|day| self.is_open(*day)).unwrap_or(day)
    }

    /// The last business day up to `day`, likewise.
    pub(super) fn last_open(&self, day: Day) -> Day {
        (0..366).map(|back| day.plus(-back)).find(|day| self.is_open(*day)).unwrap_or(day)
    }

    /// Whether the holidays around `day` are known.
    #[must_use]
    pub fn knows(&self, day: Day) -> bool {
        (self.version.from..=self.version.until).contains(&day)
    }

    fn is_weekend(&self, day: Day) -> bool {
        self.calendar.weekend.contains(&day.weekday().into())
    }
}
