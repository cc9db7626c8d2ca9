//! Clocks that a firm sets itself. They may pause and keep office hours; no statutory clock ever sees them.

use super::{
    calendar::{Closed, Days, WeekDay},
    day::{Day, TimeOfDay},
    law::Law,
    pack::{Condition, Terms, Unit},
};
use crate::{
    complaint::{intake::List, state::State},
    text::{Code, Line},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Warnings that are not in order.
    #[error("must warn in order, the earliest first")]
    WarnsBackwards,
    /// A product, issue or tag that none can be.
    #[error("must name products, issues and tags by their codes, at most {MAX_NAMED} in each list")]
    NotCodes,
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
        if !terms.warn_after.is_sorted() {
            return Err(InvalidServiceLevel::WarnsBackwards);
        }
        for Condition { product, issue, tag, no_tag, .. } in applies_when.iter() {
            for codes in [product, issue, tag, no_tag] {
                let sound = codes.iter().all(|text| Code::try_from(&**text).is_ok());
                if codes.len() > MAX_NAMED || !sound {
                    return Err(InvalidServiceLevel::NotCodes);
                }
            }
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
        let zone = hours.zone.as_ref().map(Line::as_str).filter(|id| law.zone(id).is_none());
        calendar.or(zone)
    }
}

/// When work is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "UncheckedHours")]
pub struct Hours {
    /// By the civil time of this zone, by its IANA name. Default: the place of the complaint.
    pub zone: Option<Line<32>>,
    /// Not on the holidays of this calendar. Default: of the place of the complaint. Its weekend does not count here.
    pub calendar: Option<Code>,
    /// The openings, those of a day in order; a day may have several.
    pub open: List<Opening, 42>,
    /// Not on these days either.
    pub closed: List<Day, 200>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UncheckedHours {
    #[serde(default)]
    zone: Option<Line<32>>,
    #[serde(default)]
    calendar: Option<Code>,
    open: List<Opening, 42>,
    #[serde(default)]
    closed: List<Day, 200>,
}

/// A part of some days of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The days of the week.
    pub days: List<WeekDay, 7>,
    /// From then on.
    pub from: TimeOfDay,
    /// Up to, not including, then.
    pub until: TimeOfDay,
}

/// The openings of a day are not what they should be, or there are none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have openings that end after they begin; those of one day must be in order and not overlap")]
pub struct InvalidHours;

impl TryFrom<UncheckedHours> for Hours {
    type Error = InvalidHours;

    fn try_from(hours: UncheckedHours) -> Result<Self, InvalidHours> {
        let UncheckedHours { zone, calendar, open, closed } = hours;
        let mut ends = [TimeOfDay::MIDNIGHT; 7];
        for Opening { days, from, until } in open.iter() {
            if from >= until {
                return Err(InvalidHours);
            }
            for day in days.iter() {
                let end = ends.get_mut(*day as usize).filter(|end| **end <= *from).ok_or(InvalidHours)?;
                *end = *until;
            }
        }
        let some = ends.iter().any(|end| *end > TimeOfDay::MIDNIGHT);
        some.then_some(Self { zone, calendar, open, closed }).ok_or(InvalidHours)
    }
}

impl Hours {
    /// The openings of `day`, from when until when, or why there are none.
    pub(super) fn of(&self, day: Day, days: &Days) -> Result<Vec<(TimeOfDay, TimeOfDay)>, Closed> {
        if let Some(name) = days.holiday(day) {
            return Err(Closed::Holiday(name));
        }
        if self.closed.contains(&day) {
            return Err(Closed::ByFirm);
        }
        let weekday = WeekDay::from(day.weekday());
        let open = self.open.iter().filter(|opening| opening.days.contains(&weekday));
        let open: Vec<_> = open.map(|opening| (opening.from, opening.until)).collect();
        if open.is_empty() { Err(Closed::Weekend) } else { Ok(open) }
    }
}
