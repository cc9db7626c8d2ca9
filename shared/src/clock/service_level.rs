//! Clocks that a firm sets itself. They may pause and keep office hours; no statutory clock ever sees them.

use super::{
    calendar::{Closed, Days, WeekDay},
    day::{Day, TimeOfDay},
    law::Law,
    pack::{Condition, Ends, Length, Pick, Roll, StartDay, Terms, Unit},
    timeline::Occurrence,
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
    /// What starts it.
    pub starts_on: List<Occurrence, 20>,
    /// Which of several starts it.
    pub pick: Pick,
    /// How long it runs.
    pub length: Length,
    /// Whether the day it starts counts.
    pub start_day: StartDay,
    /// What meets it.
    pub met_by: List<Occurrence, 20>,
    /// What makes it void unless the case is reopened.
    pub void_by: List<Occurrence, 20>,
    /// After how many units to warn, in order. Weeks and months warn by day.
    pub warn_after: List<u32, 20>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UncheckedServiceLevel {
    /// Its name among the firm's.
    id: Code,
    /// The name people read.
    name: Line<100>,
    /// The complaints it is for: any one of these holds. None: all.
    #[serde(default)]
    applies_when: List<Condition, 20>,
    /// When work is done. Needed for business hours and minutes.
    #[serde(default)]
    hours: Option<Hours>,
    /// The states in which it stands still.
    #[serde(default)]
    pause_in: List<State, 10>,
    /// What starts it.
    starts_on: List<Occurrence, 20>,
    /// Which of several starts it.
    #[serde(default)]
    pick: Pick,
    /// How long it runs.
    length: Length,
    /// Whether the day it starts counts.
    #[serde(default)]
    start_day: StartDay,
    /// What meets it.
    met_by: List<Occurrence, 20>,
    /// What makes it void unless the case is reopened.
    #[serde(default)]
    void_by: List<Occurrence, 20>,
    /// After how many units to warn, in order. Weeks and months warn by day.
    #[serde(default)]
    warn_after: List<u32, 20>,
}

/// A service level that says nothing that could be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceLevel {
    /// Business hours or minutes without hours.
    #[error("must have hours, for its length is in business hours or minutes")]
    NoHours,
    /// Warnings that are not in order.
    #[error("must warn in order, the earliest first")]
    WarnsBackwards,
    /// A condition with a name that no complaint can have.
    #[error("must name what complaints can have: jurisdictions, sectors, severities, channels and codes")]
    Impossible,
}

impl TryFrom<UncheckedServiceLevel> for ServiceLevel {
    type Error = InvalidServiceLevel;

    fn try_from(level: UncheckedServiceLevel) -> Result<Self, InvalidServiceLevel> {
        let by_hours = matches!(level.length.unit, Unit::BusinessMinute | Unit::BusinessHour);
        if by_hours && level.hours.is_none() {
            return Err(InvalidServiceLevel::NoHours);
        }
        if !level.warn_after.is_sorted() {
            return Err(InvalidServiceLevel::WarnsBackwards);
        }
        if !level.applies_when.iter().all(Condition::is_possible) {
            return Err(InvalidServiceLevel::Impossible);
        }
        let UncheckedServiceLevel { id, name, applies_when, hours, pause_in, starts_on, pick, length, .. } = level;
        let UncheckedServiceLevel { start_day, met_by, void_by, warn_after, .. } = level;
        Ok(Self {
            id,
            name,
            applies_when,
            hours,
            pause_in,
            starts_on,
            pick,
            length,
            start_day,
            met_by,
            void_by,
            warn_after,
        })
    }
}

impl ServiceLevel {
    pub(super) fn terms(&self) -> Terms<'_> {
        Terms {
            starts_on: &self.starts_on,
            otherwise: &[],
            pick: self.pick,
            only_after: &[],
            length: Some(self.length),
            start_day: self.start_day,
            roll: Roll::None,
            ends: Ends::EndOfDay,
            late_receipt: false,
            met_by: &self.met_by,
            met_unless_reopened_by: &[],
            void_by: &self.void_by,
            warn_after: &self.warn_after,
            warn_on_last_business_day: false,
        }
    }

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
#[schemars(rename = "BusinessHours")]
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
