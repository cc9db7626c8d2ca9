//! What a firm has set that its clocks depend on.

use super::{
    Case, Clock, clocks,
    day::Day,
    law::{Choices, Law},
    pack::Facts,
    service_level::ServiceLevel,
    timeline::Timeline,
};
use crate::{
    complaint::{
        Complaint,
        intake::{Jurisdiction, List},
    },
    http::problem::{FieldError, Rule},
    taxonomy::Sector,
    text::{Code, Line},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a firm has set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSettings {
    /// What it has chosen where the law leaves it a choice.
    pub choices: Choices,
    /// Its own clocks.
    pub service_levels: List<ServiceLevel, 20>,
}

impl ClockSettings {
    /// What they name and there is not, or name twice.
    #[must_use]
    pub fn errors(&self, pointer: &str) -> Vec<FieldError> {
        let law = Law::shipped();
        let mut errors = Vec::new();
        for (at, place) in self.choices.places.iter().enumerate() {
            let calendar = place.calendar.as_ref().map(Code::as_str).filter(|id| law.calendar(id).is_none());
            let zone = place.zone.as_ref().map(Line::as_str).filter(|id| law.zone(id).is_none());
            errors.extend(calendar.or(zone).map(|name| {
                FieldError::at(&format!("{pointer}/choices/places/{at}"), Rule::Unknown, format!("there is no {name}"))
            }));
        }
        for (at, level) in self.service_levels.iter().enumerate() {
            let pointer = format!("{pointer}/service_levels/{at}");
            if let Some(name) = level.unknown_name(law) {
                errors.push(FieldError::at(&format!("{pointer}/hours"), Rule::Unknown, format!("there is no {name}")));
            }
            if self.service_levels.iter().take(at).any(|earlier| earlier.id == level.id) {
                errors.push(FieldError::at(&format!("{pointer}/id"), Rule::NotAllowed, "is another's as well"));
            }
        }
        errors
    }

    /// Every clock of a complaint to a firm of this trade, as of `now`. What happens after that must not be in the timeline.
    #[must_use]
    pub fn clocks(&self, complaint: &Complaint, sector: Sector, timeline: &Timeline, now: Timestamp) -> Vec<Clock> {
        let case = Case { facts: Facts::of(complaint, sector), timeline, pins: &complaint.clock_versions };
        clocks(Law::shipped(), case, &self.choices, &self.service_levels, now)
    }

    /// The day it is where complaints under `jurisdiction` are counted; where there is no such place, in UTC.
    #[must_use]
    pub fn today(&self, jurisdiction: Jurisdiction, now: Timestamp) -> Day {
        let place = Law::shipped().place(jurisdiction, &self.choices);
        place.map_or_else(|| Day::of_utc(now), |(_, zone)| zone.day(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_where_the_complaint_is() {
        let late: Timestamp = "2026-07-01T23:30:00.000Z".parse().unwrap();
        let today = |jurisdiction| ClockSettings::default().today(jurisdiction, late).to_string();
        assert_eq!(today(Jurisdiction::EnglandAndWales), "2026-07-02");
        assert_eq!(today(Jurisdiction::Us), "2026-07-01");
        assert_eq!(Day::of_utc(late).to_string(), "2026-07-01");
    }
}
