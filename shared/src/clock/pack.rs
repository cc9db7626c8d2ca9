//! Statutory rules as data: one file a pack in `rules/packs/`, with every version that was released.

use super::{day::Day, law::Released, named::named, timeline::Occurrence};
use crate::{
    complaint::{
        Complaint,
        intake::{Channel, Jurisdiction, Severity},
    },
    taxonomy::Sector,
    text::Code,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The rules of one regime, as its file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// The name that stays across versions.
    pub id: &'static str,
    /// The name people read.
    pub name: &'static str,
    /// What was released, oldest first.
    pub versions: &'static [PackVersion],
}

/// What a regime asks for during some years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackVersion {
    /// The version.
    pub version: &'static str,
    /// When this text of it was released here. A corrected text of the same law is one more version, released later.
    pub released: Day,
    /// The first day on which a clock that starts is under it.
    pub from: Day,
    /// The last such day, if it was replaced.
    pub until: Option<Day>,
    /// Who says so.
    pub source: &'static str,
    /// Whether the dates and the scope were checked against the source.
    pub status: Status,
    /// What is still to be confirmed.
    pub to_confirm: Option<&'static str>,
    /// The complaints it is for: any one of these holds.
    pub applies_when: &'static [Condition],
    /// The rules.
    pub rules: &'static [StatutoryRule],
}

impl Released for PackVersion {
    fn version(&self) -> &'static str {
        self.version
    }

    fn released(&self) -> Day {
        self.released
    }

    fn covers(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

named! {
/// Whether a rule was checked.
pub enum Status {
    /// Against the source that it cites.
    Verified: "verified",
    /// Not yet, or not in every part: `to_confirm` says in which not.
    ToConfirm: "to_confirm",
}
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatutoryRule {
    /// Its name within the pack.
    pub id: &'static str,
    /// The name people read.
    pub name: &'static str,
    /// Where it is laid down.
    pub citation: &'static str,
    /// Whether that was checked.
    pub status: Status,
    /// What is still to be confirmed.
    pub to_confirm: Option<&'static str>,
    /// The complaints it is for: any one of these holds. None: all that the pack is for.
    pub applies_when: &'static [Condition],
    /// What passes if the time does.
    pub nature: Nature,
    /// The duty that this rule is one reading of; the earliest reading warns.
    pub reading_of: Option<&'static str>,
    /// What has to be sent.
    pub must_send: Option<&'static str>,
    /// The only way in which it may stop.
    pub suspension: Option<Suspension>,
    /// How it counts.
    pub terms: Terms<'static>,
}

named! {
/// What it means that the time of a clock has passed.
#[derive(Default)]
pub enum Nature {
    /// The firm has broken a rule.
    #[default]
    Duty: "duty",
    /// A possibility is gone, of the firm or of the complainant.
    Window: "window",
}
}

/// By what a statutory clock may be stopped, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// What stops it.
    pub on: Occurrence,
    /// What lets it run on.
    pub until: Occurrence,
    /// The reasons that count.
    pub reasons: &'static [&'static str],
    /// The length from the start beyond which no stop carries the clock.
    pub maximum: Length,
}

/// How a clock counts. Statutory rules and service levels share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms<'a> {
    /// What starts it.
    pub starts_on: &'a [Occurrence],
    /// What starts it if nothing of that is on file.
    pub otherwise: &'a [Occurrence],
    /// Which of several starts it.
    pub pick: Pick,
    /// There is a clock only after one of these.
    pub only_after: &'a [Occurrence],
    /// How long it runs. None: promptly, which no number of days is.
    pub length: Option<Length>,
    /// Whether the day it starts counts.
    pub start_day: StartDay,
    /// What happens if it ends on a day without business.
    pub roll: Roll,
    /// When on its last day it ends.
    pub ends: Ends,
    /// Whether a start out of business hours counts as one of the next business day, where the firm has chosen so.
    pub late_receipt: bool,
    /// What meets it.
    pub met_by: &'a [Occurrence],
    /// What meets it unless the case is reopened.
    pub met_unless_reopened_by: &'a [Occurrence],
    /// What makes it void unless the case is reopened.
    pub void_by: &'a [Occurrence],
    /// After how many units to warn. Weeks and months warn by day, promptness by business day.
    pub warn_after: &'a [u32],
    /// Whether to warn on the last business day.
    pub warn_on_last_business_day: bool,
}

named! {
/// Which of several occurrences starts a clock.
#[derive(Default)]
pub enum Pick {
    /// The first.
    #[default]
    First: "first",
    /// The newest: the clock starts anew.
    Last: "last",
    /// Each, while the case is open: one clock after the other.
    Each: "each",
}
}

named! {
/// Whether the day a clock starts counts.
#[derive(Default)]
pub enum StartDay {
    /// The next day that counts is the first.
    #[default]
    Excluded: "excluded",
    /// It is the first, if it is a day that counts.
    Included: "included",
}
}

named! {
/// What happens if a clock ends on a day without business.
#[derive(Default)]
pub enum Roll {
    /// Nothing: that day is the last.
    #[default]
    None: "none",
    /// The next business day is the last.
    NextBusinessDay: "next_business_day",
}
}

named! {
/// When on its last day a clock ends.
#[derive(Default)]
pub enum Ends {
    /// With the day.
    #[default]
    EndOfDay: "end_of_day",
    /// With the firm's business hours.
    CloseOfBusiness: "close_of_business",
}
}

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "UncheckedLength")]
#[schemars(rename = "ClockLength")]
pub struct Length {
    /// How many units: at least 1, at most about ten years (a year of minutes).
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UncheckedLength {
    amount: u32,
    unit: Unit,
}

/// The length is nothing, or more than ten years (a year, in minutes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {most} of this unit")]
pub struct LengthOutOfRange {
    most: u32,
}

impl TryFrom<UncheckedLength> for Length {
    type Error = LengthOutOfRange;

    fn try_from(length: UncheckedLength) -> Result<Self, LengthOutOfRange> {
        Self::new(length.amount, length.unit)
    }
}

impl Length {
    /// A length.
    ///
    /// # Errors
    /// [`LengthOutOfRange`].
    pub const fn new(amount: u32, unit: Unit) -> Result<Self, LengthOutOfRange> {
        let most = unit.most();
        if amount == 0 || amount > most { Err(LengthOutOfRange { most }) } else { Ok(Self { amount, unit }) }
    }
}

named! {
/// A unit of time.
pub enum Unit {
    /// 60 seconds on any clock.
    Minute: "minute",
    /// 60 minutes.
    Hour: "hour",
    /// A minute of the firm's business hours.
    BusinessMinute: "business_minute",
    /// 60 of them.
    BusinessHour: "business_hour",
    /// A day of the civil calendar.
    Day: "day",
    /// A day of it with business.
    BusinessDay: "business_day",
    /// Seven days.
    Week: "week",
    /// To the corresponding date of a later month, or its last day.
    Month: "month",
}
}

impl Unit {
    const fn most(self) -> u32 {
        match self {
            Self::Minute | Self::BusinessMinute => 525_600,
            Self::Hour | Self::BusinessHour => 8_760,
            Self::Day => 3_660,
            Self::BusinessDay => 2_500,
            Self::Week => 520,
            Self::Month => 120,
        }
    }
}

/// Names, of which one must be found; there from the start, or read.
pub type Names = Cow<'static, [Cow<'static, str>]>;

/// Something that must hold of a complaint: every member that is not empty, by any of its names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "ClockCondition")]
pub struct Condition {
    /// Whose law applies to it.
    #[serde(skip_serializing_if = "none")]
    pub jurisdiction: Names,
    /// The trade of the firm.
    #[serde(skip_serializing_if = "none")]
    pub sector: Names,
    /// Product codes.
    #[serde(skip_serializing_if = "none")]
    pub product: Names,
    /// Issue codes.
    #[serde(skip_serializing_if = "none")]
    pub issue: Names,
    /// It has one of these tags.
    #[serde(skip_serializing_if = "none")]
    pub tag: Names,
    /// It has none of these tags.
    #[serde(skip_serializing_if = "none")]
    pub no_tag: Names,
    /// How bad it is.
    #[serde(skip_serializing_if = "none")]
    pub severity: Names,
    /// How it came in.
    #[serde(skip_serializing_if = "none")]
    pub channel: Names,
    /// Whether there are indicators of vulnerability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vulnerable: Option<bool>,
}

/// What conditions look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whose law applies.
    pub jurisdiction: Jurisdiction,
    /// The trade of the firm.
    pub sector: Sector,
    /// The product.
    pub product: Option<&'a Code>,
    /// The issue.
    pub issue: Option<&'a Code>,
    /// The tags.
    pub tags: &'a [Code],
    /// How bad it is.
    pub severity: Severity,
    /// How it came in.
    pub channel: Channel,
    /// Whether there are indicators of vulnerability.
    pub vulnerable: bool,
}

impl<'a> Facts<'a> {
    /// The facts of a complaint to a firm of this trade.
    #[must_use]
    pub fn of(complaint: &'a Complaint, sector: Sector) -> Self {
        Self {
            jurisdiction: complaint.jurisdiction,
            sector,
            product: complaint.product.as_ref(),
            issue: complaint.issue.as_ref(),
            tags: &complaint.tags,
            severity: complaint.severity,
            channel: complaint.channel,
            vulnerable: !complaint.vulnerability.is_empty(),
        }
    }
}

impl Condition {
    /// Whether every name is one that a complaint can have.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let all = |names: &Names, known: &[&str]| names.iter().all(|name| known.contains(&&**name));
        let codes = [&self.product, &self.issue, &self.tag, &self.no_tag];
        codes.iter().all(|names| names.iter().all(|name| Code::try_from(&**name).is_ok()))
            && all(&self.jurisdiction, &Jurisdiction::ALL.map(Jurisdiction::as_str))
            && all(&self.sector, &Sector::ALL.map(Sector::as_str))
            && all(&self.severity, &Severity::ALL.map(Severity::as_str))
            && all(&self.channel, &Channel::ALL.map(Channel::as_str))
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        let names = |names: &Names, name: &str| names.iter().any(|wanted| wanted == name);
        let tagged = |tags: &Names| facts.tags.iter().any(|tag| names(tags, tag.as_str()));
        let is = |wanted: &Names, name: Option<&str>| wanted.is_empty() || name.is_some_and(|name| names(wanted, name));
        is(&self.jurisdiction, Some(facts.jurisdiction.as_str()))
            && is(&self.sector, Some(facts.sector.as_str()))
            && is(&self.product, facts.product.map(Code::as_str))
            && is(&self.issue, facts.issue.map(Code::as_str))
            && is(&self.severity, Some(facts.severity.as_str()))
            && is(&self.channel, Some(facts.channel.as_str()))
            && (self.tag.is_empty() || tagged(&self.tag))
            && !tagged(&self.no_tag)
            && self.vulnerable.is_none_or(|vulnerable| vulnerable == facts.vulnerable)
    }
}

/// Whether any of `conditions` holds; without any, it does.
pub(crate) fn apply(conditions: &[Condition], facts: &Facts<'_>) -> bool {
    conditions.is_empty() || conditions.iter().any(|condition| condition.holds(facts))
}

fn none(names: &Names) -> bool {
    names.is_empty()
}
