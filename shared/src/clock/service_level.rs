//! Clocks that a firm sets itself. They may pause and keep office hours; no statutory clock ever sees them.

use super::{
    calendar::{Closed, Days, WeekDay},
    day::{Day, TimeOfDay},
    law::Law,
    pack::{Condition, Terms, Unit},
    zone::ZoneId,
};
use crate::{
    complaint::{intake::List, state::State},
    text::{Code, Line},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A clock of the firm's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "UncheckedServiceLevel")]
pub struct ServiceLevel {
    /// Its name among the firm's.
    pub id: Code,
    /// The name people read.
    pub name: Line<100>,
    /// The complaints it is for: any one of these holds. None: all.
    pub applies_when: List<Condition, 20>,
    /// When work is done. Needed for business hours and minutes.
    pub hours: Option<Hours>,
    /// The states in which it stands still.
    pub pause_in: List<State, 10>,
    /// How it counts.
    pub terms: Terms,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UncheckedServiceLevel {
    id: Code,
    name: Line<100>,
    #[serde(default)]
    applies_when: List<Condition, 20>,
    #[serde(default)]
    hours: Option<Hours>,
    #[serde(default)]
    pause_in: List<State, 10>,
    terms: Terms,
}

/// A service level that says nothing that could be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceLevel {
    /// Business hours or minutes without hours.
    #[error("must have hours, for its length is in business hours or minutes")]
    NoHours,
    /// More kinds of occurrences, or more warnings, than there is room for.
    #[error("must name at most {MAX_NAMED} occurrences and warnings in each list")]
    TooMany,
}

/// The most occurrences that one list of a firm's terms may name, and the most warnings.
pub const MAX_NAMED: usize = 20;

impl TryFrom<UncheckedServiceLevel> for ServiceLevel {
    type Error = InvalidServiceLevel;

    fn try_from(level: UncheckedServiceLevel) -> Result<Self, InvalidServiceLevel> {
        let UncheckedServiceLevel { id, name, applies_when, hours, pause_in, terms } = level;
        let unit = terms.length.map(|length| length.unit);
        if hours.is_none() && matches!(unit, Some(Unit::BusinessMinute | Unit::BusinessHour)) {
            return Err(InvalidServiceLevel::NoHours);
        }
        let named = [
            terms.starts_on.len(),
            terms.otherwise.len(),
            terms.only_after.len(),
            terms.met_by.len(),
            terms.met_unless_reopened_by.len(),
            terms.void_by.len(),
            terms.warn_after.len(),
        ];
        if named.into_iter().any(|count| count > MAX_NAMED) {
            return Err(InvalidServiceLevel::TooMany);
        }
        Ok(Self { id, name, applies_when, hours, pause_in, terms })
    }
}

impl ServiceLevel {
    /// The calendar or zone it names that there is none of.
    #[must_use]
    pub fn unknown_name<'a>(&'a self, law: &Law) -> Option<&'a str> {
        let hours = self.hours.as_ref()?;
        let calendar = hours.calendar.as_ref().map(Code::as_str).filter(|id| law.calendar(id).is_none());
        let zone = hours.zone.as_ref().map(ZoneId::as_str).filter(|id| law.zones.zone(id).is_none());
        calendar.or(zone)
    }
}

/// When work is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "UncheckedHours")]
pub struct Hours {
    /// By the civil time of this zone. Default: the place of the complaint.
    pub zone: Option<ZoneId>,
    /// Not on the holidays of this calendar. Default: of the place of the complaint. Its weekend does not count here.
    pub calendar: Option<Code>,
    /// By day of the week, its ranges in order; up to six a day.
    pub week: BTreeMap<WeekDay, List<Range, 6>>,
    /// Not on these days either.
    pub closed: List<Day, 200>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UncheckedHours {
    #[serde(default)]
    zone: Option<ZoneId>,
    #[serde(default)]
    calendar: Option<Code>,
    week: BTreeMap<WeekDay, List<Range, 6>>,
    #[serde(default)]
    closed: List<Day, 200>,
}

/// A part of a day, from a time up to, not including, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Range(pub TimeOfDay, pub TimeOfDay);

/// The ranges of a day are not what they should be, or there are none in the whole week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have ranges that end after they begin, do not overlap and are in order, and at least one in the week")]
pub struct InvalidHours;

impl TryFrom<UncheckedHours> for Hours {
    type Error = InvalidHours;

    fn try_from(hours: UncheckedHours) -> Result<Self, InvalidHours> {
        let UncheckedHours { zone, calendar, week, closed } = hours;
        let in_order = |ranges: &List<Range, 6>| {
            let times: Vec<_> = ranges.iter().flat_map(|Range(from, until)| [from, until]).collect();
            let mut pairs = times.iter().zip(times.iter().skip(1)).enumerate();
            pairs.all(|(at, (from, until))| if at % 2 == 0 { from < until } else { from <= until })
        };
        let some = week.values().any(|ranges| !ranges.is_empty());
        let sound = some && week.values().all(in_order);
        sound.then_some(Self { zone, calendar, week, closed }).ok_or(InvalidHours)
    }
}

impl Hours {
    /// The ranges of `day`, or why there are none.
    pub(super) fn ranges<'a>(&'a self, day: Day, days: &Days<'a>) -> Result<&'a [Range], Closed<'a>> {
        if let Some(name) = days.holiday(day) {
            return Err(Closed::Holiday(name));
        }
        let ranges = self.week.get(&day.weekday().into()).map_or(&[][..], |ranges| &ranges[..]);
        match ranges {
            _ if self.closed.contains(&day) => Err(Closed::ByFirm),
            [] => Err(Closed::Weekend),
            _ => Ok(ranges),
        }
    }
}
