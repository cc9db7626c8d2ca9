//! All packs, calendars and zones, and which version of them a clock is under.

use super::{
    calendar::{Calendar, Days},
    day::{Day, TimeOfDay},
    pack::Pack,
    zone::{Zone, ZoneId, Zones},
};
use crate::{complaint::intake::Jurisdiction, text::Code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What clocks are computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Law {
    /// The statutory rules.
    pub packs: Vec<Pack>,
    /// The business days.
    pub calendars: Vec<Calendar>,
    /// The civil times.
    pub zones: Zones,
}

/// Something of which newer versions are released.
pub(super) trait Released {
    fn version(&self) -> &Code;
    fn released(&self) -> Day;
    fn covers(&self, day: Day) -> bool;
}

/// A version that a case was moved to, whatever was in force when its clocks started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The pack or the calendar.
    pub id: Code,
    /// The version.
    pub version: Code,
}

/// What a firm has chosen that clocks depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
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
pub struct Place {
    /// The law.
    pub jurisdiction: Jurisdiction,
    /// The calendar to count by.
    #[serde(default)]
    pub calendar: Option<Code>,
    /// The civil time to count by.
    #[serde(default)]
    pub zone: Option<ZoneId>,
}

impl Law {
    /// The law as shipped. `None` only if a shipped file does not parse, which a test excludes.
    #[must_use]
    pub fn shipped() -> Option<&'static Self> {
        static LAW: LazyLock<Option<Law>> = LazyLock::new(|| Law::read(PACKS, CALENDARS, ZONES));
        LAW.as_ref()
    }

    /// The law that these files contain; `None` if one does not parse.
    #[must_use]
    pub fn read(packs: &[&str], calendars: &[&str], zones: &str) -> Option<Self> {
        Some(Self {
            packs: packs.iter().map(|file| crate::json::from_str(file).ok()).collect::<Option<_>>()?,
            calendars: calendars.iter().map(|file| crate::json::from_str(file).ok()).collect::<Option<_>>()?,
            zones: crate::json::from_str(zones).ok()?,
        })
    }

    /// The calendar with this name.
    #[must_use]
    pub fn calendar(&self, id: &str) -> Option<&Calendar> {
        self.calendars.iter().find(|calendar| calendar.id.as_str() == id)
    }

    /// Where complaints under `jurisdiction` are counted: by which calendar and which civil time.
    #[must_use]
    pub fn place(&self, jurisdiction: Jurisdiction, choices: &Choices) -> Option<(&Calendar, Zone<'_>)> {
        let place = choices.places.iter().find(|place| place.jurisdiction == jurisdiction);
        let chosen = place.and_then(|place| self.calendar(place.calendar.as_ref()?.as_str()));
        let by_law = || self.calendars.iter().find(|calendar| calendar.jurisdictions.contains(&jurisdiction));
        let calendar = chosen.or_else(by_law)?;
        let zone = place.and_then(|place| self.zones.zone(place.zone.as_ref()?.as_str()));
        Some((calendar, zone.or_else(|| self.zones.zone(calendar.zone.as_str()))?))
    }
}

impl Calendar {
    /// The version that a clock counts by if it started on `day`.
    #[must_use]
    pub fn days(&self, day: Day, pins: &[Pin]) -> Option<Days<'_>> {
        Some(Days { calendar: self, version: in_force(&self.versions, &self.id, day, pins)? })
    }
}

/// The version that something started on `day` is under: what it was moved to; else, of those that cover the day, the
/// newest that had been released by then, or the first to be released after. A later release never changes the answer.
pub(super) fn in_force<'a, V: Released>(versions: &'a [V], id: &Code, day: Day, pins: &[Pin]) -> Option<&'a V> {
    let pin = pins.iter().find(|pin| pin.id == *id);
    let pinned = pin.and_then(|pin| versions.iter().find(|version| *version.version() == pin.version));
    let known = || versions.iter().rfind(|version| version.covers(day) && version.released() <= day);
    let later = || versions.iter().find(|version| version.covers(day) && version.released() > day);
    pinned.or_else(known).or_else(later)
}

/// The files of `rules/packs/`.
pub const PACKS: &[&str] = &[
    include_str!("../../rules/packs/gb-fca-disp.json"),
    include_str!("../../rules/packs/gb-psr-app.json"),
    include_str!("../../rules/packs/gb-ofcom.json"),
    include_str!("../../rules/packs/gb-caa.json"),
    include_str!("../../rules/packs/gb-data-protection.json"),
    include_str!("../../rules/packs/ie-cpc.json"),
    include_str!("../../rules/packs/us-cfpb.json"),
    include_str!("../../rules/packs/us-dot.json"),
];

/// The files of `rules/holidays/`.
pub const CALENDARS: &[&str] = &[
    include_str!("../../rules/holidays/england_and_wales.json"),
    include_str!("../../rules/holidays/scotland.json"),
    include_str!("../../rules/holidays/northern_ireland.json"),
    include_str!("../../rules/holidays/united_kingdom.json"),
    include_str!("../../rules/holidays/ireland.json"),
    include_str!("../../rules/holidays/us_federal.json"),
    include_str!("../../rules/holidays/eu.json"),
];

/// The file of zones.
pub const ZONES: &str = include_str!("../../rules/zones.json");
