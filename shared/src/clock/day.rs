//! Civil dates and times of day.

use crate::time::Timestamp;
pub use chrono::Weekday;
use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds of 24 hours.
pub(super) const DAY_MILLIS: i64 = 86_400_000;

/// A date of the civil calendar, 1970-01-01 to 9999-12-31; `2027-02-05` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(i32);

/// The text is not a [`Day`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a date between 1970 and 9999 such as 2027-02-05")]
pub struct InvalidDay;

/// Days from 1970-01-01 to 9999-12-31.
const LAST: i32 = 2_932_896;

impl Day {
    /// The date `days` after 1970-01-01, clamped to the range.
    #[must_use]
    pub const fn after_1970(days: i32) -> Self {
        Self(if days < 0 {
            0
        } else if days > LAST {
            LAST
        } else {
            days
        })
    }

    /// The date of these numbers, if there is one within the range.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let date = NaiveDate::from_ymd_opt(year, month, day)?;
        (1970..=9999).contains(&year).then_some(Self::of(date))
    }

    fn of(date: NaiveDate) -> Self {
        Self::after_1970(date.to_epoch_days())
    }

    fn date(self) -> NaiveDate {
        NaiveDate::from_epoch_days(self.0).unwrap_or_default()
    }

    /// The date that has begun these milliseconds after 1970-01-01, clamped to the range.
    pub(super) fn of_millis(millis: i64) -> Self {
        Self::after_1970(i32::try_from(millis.div_euclid(DAY_MILLIS)).unwrap_or(if millis < 0 { 0 } else { LAST }))
    }

    /// Milliseconds from 1970-01-01 to its beginning.
    pub(super) const fn millis(self) -> i64 {
        self.0 as i64 * DAY_MILLIS
    }

    /// The day of a moment in UTC.
    #[must_use]
    pub fn of_utc(at: Timestamp) -> Self {
        i32::try_from(at.unix_millis().div_euclid(DAY_MILLIS)).map_or(Self(LAST), Self::after_1970)
    }

    /// Its first moment in UTC.
    #[must_use]
    pub const fn utc_midnight(self) -> Timestamp {
        Timestamp::from_unix_millis(self.millis())
    }

    /// The date `days` later (or earlier, if negative), clamped to the range.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self::after_1970(self.0.saturating_add(days))
    }

    /// The corresponding date `months` later; a month without such a date lends its last.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        self.date().checked_add_months(Months::new(months)).map_or(Self(LAST), Self::of)
    }

    /// Days from `earlier` to this one; negative if it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        self.date().weekday()
    }

    /// The year, the month from 1, the day from 1.
    #[must_use]
    pub fn parts(self) -> (i32, u32, u32) {
        let date = self.date();
        (date.year(), date.month(), date.day())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl std::str::FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let mut parts = text.split('-');
        let mut part = |width| digits(parts.next()?, width);
        let day = (|| Self::new(part(4)?.try_into().ok()?, part(2)?, part(2)?))();
        day.filter(|_| parts.next().is_none()).ok_or(InvalidDay)
    }
}

/// The number that is written in exactly `width` digits.
fn digits(text: &str, width: usize) -> Option<u32> {
    let plain = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

impl TryFrom<String> for Day {
    type Error = InvalidDay;

    fn try_from(text: String) -> Result<Self, InvalidDay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl schemars::JsonSchema for Day {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date" })
    }
}

/// A time of day to the minute, `00:00` to `24:00`; the last ends a day and never begins anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

/// The text is not a [`TimeOfDay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time of day such as 09:00, at most 24:00")]
pub struct InvalidTimeOfDay;

impl TimeOfDay {
    /// `00:00`.
    pub const MIDNIGHT: Self = Self(0);
    /// `17:00`: the end of business where a firm has set none.
    pub const FIVE_PM: Self = Self(17 * 60);

    /// The time so many minutes after midnight, at most `24:00`.
    #[must_use]
    pub const fn after_midnight(minutes: u16) -> Self {
        Self(if minutes > 24 * 60 { 24 * 60 } else { minutes })
    }

    /// Minutes since midnight, 0 to 1440.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// Milliseconds since midnight.
    pub(super) fn millis(self) -> i64 {
        i64::from(self.0) * 60_000
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = InvalidTimeOfDay;

    fn from_str(text: &str) -> Result<Self, InvalidTimeOfDay> {
        let (hours, minutes) = text.split_once(':').ok_or(InvalidTimeOfDay)?;
        let (hours, minutes) = digits(hours, 2).zip(digits(minutes, 2)).ok_or(InvalidTimeOfDay)?;
        let total = hours * 60 + minutes;
        let total = u16::try_from(total).ok().filter(|total| *total <= 24 * 60 && minutes < 60);
        total.map(Self).ok_or(InvalidTimeOfDay)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTimeOfDay;

    fn try_from(text: String) -> Result<Self, InvalidTimeOfDay> {
        text.parse()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl schemars::JsonSchema for TimeOfDay {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeOfDay".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_in_one_way() {
        let day: Day = "2028-02-29".parse().unwrap();
        assert_eq!(day.to_string(), "2028-02-29");
        for text in ["", "2027-02-29", "2027-2-09", "2027-02-09-", "+027-02-09", "1969-12-31", "20270209", "02-09"] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text}");
        }
    }

    #[test]
    fn days_stay_in_range() {
        let (first, last): (Day, Day) = ("1970-01-01".parse().unwrap(), "9999-12-31".parse().unwrap());
        assert_eq!((first.plus(-1), last.plus(1), last.plus(i32::MAX)), (first, last, last));
        assert_eq!((first.plus_months(u32::MAX), Day::of_millis(i64::MAX), Day::of_millis(-1)), (last, last, first));
        assert_eq!(last.since(first), LAST);
    }

    #[test]
    fn a_time_of_day_is_written_in_one_way() {
        assert_eq!("17:00".parse(), Ok(TimeOfDay::FIVE_PM));
        assert_eq!("24:00".parse::<TimeOfDay>().unwrap().to_string(), "24:00");
        for text in ["", "9:00", "24:01", "12:60", "12", "12:00:00", "+9:00"] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(InvalidTimeOfDay), "{text}");
        }
    }
}
