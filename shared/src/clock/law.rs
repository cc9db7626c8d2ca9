//! All packs, calendars and zones, and which version of them a clock is under.

use super::{
    calendar::{Calendar, Days},
    day::{Day, TimeOfDay},
    pack::{Facts, Pack, apply},
    zone::{Daylight, Zone, ZoneEntry},
};
use crate::{
    complaint::intake::Jurisdiction,
    text::{Code, Line},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What clocks are computed from.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// The statutory rules.
    pub packs: &'static [Pack],
    /// The business days.
    pub calendars: &'static [Calendar],
    /// The civil times.
    pub zones: &'static [ZoneEntry],
    /// When clocks change.
    pub daylight: &'static [Daylight],
}

/// Something of which newer versions are released.
pub(super) trait Released {
    fn version(&self) -> &'static str;
    fn released(&self) -> Day;
    fn covers(&self, day: Day) -> bool;
}

/// A version that a case was moved to, whatever was in force when its clocks started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClockPin")]
pub struct Pin {
    /// The pack or the calendar.
    pub id: Code,
    /// The version.
    pub version: Code,
}

/// What a firm has chosen that clocks depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "ClockChoices")]
pub struct Choices {
    /// When its business day ends.
    pub close_of_business: TimeOfDay,
    /// Whether what comes in after that, or on a day without business, counts as received on the next business day,
    /// for rules that may allow it. Ask counsel first; no by default.
    pub late_receipt: bool,
    /// Where it acts, if that is not where the complaint's law is from.
    pub places: Vec<Place>,
}

impl Default for Choices {
    fn default() -> Self {
        Self { close_of_business: TimeOfDay::FIVE_PM, late_receipt: false, places: Vec::new() }
    }
}

/// Where a firm acts on complaints under some law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClockPlace")]
pub struct Place {
    /// The law.
    pub jurisdiction: Jurisdiction,
    /// The calendar to count by.
    #[serde(default)]
    pub calendar: Option<Code>,
    /// The civil time to count by.
    #[serde(default)]
    pub zone: Option<Line<32>>,
}

impl Law {
    /// The law as shipped: the files of `rules/`, read when this was compiled.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &shipped::LAW
    }

    /// The calendar with this name.
    #[must_use]
    pub fn calendar(&self, id: &str) -> Option<&'static Calendar> {
        self.calendars.iter().find(|calendar| calendar.id == id)
    }

    /// Where complaints under `jurisdiction` are counted: by which calendar and which civil time.
    #[must_use]
    pub fn place(&self, jurisdiction: Jurisdiction, choices: &Choices) -> Option<(&'static Calendar, Zone)> {
        let place = choices.places.iter().find(|place| place.jurisdiction == jurisdiction);
        let chosen = place.and_then(|place| self.calendar(place.calendar.as_ref()?.as_str()));
        let by_law = || self.calendars.iter().find(|calendar| calendar.jurisdictions.contains(&jurisdiction));
        let calendar = chosen.or_else(by_law)?;
        let zone = place.and_then(|place| self.zone(place.zone.as_ref()?.as_str()));
        Some((calendar, zone.or_else(|| self.zone(calendar.zone))?))
    }

    /// The reasons for which a rule that may apply to such a complaint lets its clock be stopped, each once.
    #[must_use]
    pub fn reasons_to_stop(&self, facts: &Facts<'_>) -> Vec<&'static str> {
        let versions =
            self.packs.iter().flat_map(|pack| pack.versions).filter(|version| apply(version.applies_when, facts));
        let rules = versions.flat_map(|version| version.rules).filter(|rule| apply(rule.applies_when, facts));
        let mut reasons: Vec<_> =
            rules.filter_map(|rule| rule.suspension.as_ref()).flat_map(|by| by.reasons.iter().copied()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    /// Whether there is such a version of such a pack or calendar. A pin to another has no effect.
    #[must_use]
    pub fn has(&self, pin: &Pin) -> bool {
        let (id, version) = (pin.id.as_str(), pin.version.as_str());
        let of_pack = |pack: &Pack| pack.id == id && pack.versions.iter().any(|known| known.version == version);
        let of_calendar =
            |calendar: &Calendar| calendar.id == id && calendar.versions.iter().any(|known| known.version == version);
        self.packs.iter().any(of_pack) || self.calendars.iter().any(of_calendar)
    }
}

impl Calendar {
    /// The version that a clock counts by if it started on `day`.
    #[must_use]
    pub fn days(&'static self, day: Day, pins: &[Pin]) -> Option<Days> {
        Some(Days { calendar: self, version: in_force(self.versions, self.id, day, pins)? })
    }
}

/// The version that something started on `day` is under: what it was moved to; else, of those that cover the day, the
/// newest that had been released by then, or the first to be released after. A later release never changes the answer.
pub(super) fn in_force<V: Released>(versions: &'static [V], id: &str, day: Day, pins: &[Pin]) -> Option<&'static V> {
    let pin = pins.iter().find(|pin| pin.id.as_str() == id);
    let pinned = pin.and_then(|pin| versions.iter().find(|version| version.version() == pin.version.as_str()));
    let known = || versions.iter().rfind(|version| version.covers(day) && version.released() <= day);
    let later = || versions.iter().find(|version| version.covers(day) && version.released() > day);
    pinned.or_else(known).or_else(later)
}

/// Written by `build.rs` from the files of `rules/`.
mod shipped {
    use super::Law;
    use crate::{
        clock::{
            calendar::{Calendar, CalendarVersion, Holiday, WeekDay},
            day::{Day, TimeOfDay},
            pack::{
                Condition, Ends, Length, Nature, Pack, PackVersion, Pick, Roll, StartDay, Status, StatutoryRule,
                Suspension, Terms, Unit,
            },
            timeline::Occurrence,
            zone::{By, Change, Daylight, Sunday, ZoneEntry},
        },
        complaint::intake::Jurisdiction,
    };
    use std::borrow::Cow::Borrowed;

    include!(concat!(env!("OUT_DIR"), "/law.rs"));
}
