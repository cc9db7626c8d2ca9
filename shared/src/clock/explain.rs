//! Why a clock ends when it ends: every day, counted or not, as data and as sentences.

use super::{
    Clock, ClockState,
    day::{Day, Weekday},
    law::Law,
    named::named,
    pack::{Length, Nature, Status, Unit},
    timeline::Occurrence,
    zone::Zone,
};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;

/// How a clock was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClockExplanation {
    /// Where the rule is laid down; `null` for a firm's own.
    pub citation: Option<&'static str>,
    /// Who says so.
    pub source: Option<&'static str>,
    /// Whether the rule was checked against its source; `null` for a firm's own.
    pub status: Option<Status>,
    /// What is still to be confirmed.
    pub to_confirm: Option<&'static str>,
    /// The civil time that says when days begin and end.
    pub zone: &'static str,
    /// The calendar that business days were looked up in, if any were.
    pub calendar: Option<ClockCalendar>,
    /// The length the rule gives; `null` for "promptly".
    pub length: Option<Length>,
    /// What `counted` is a number of.
    pub unit: CountedIn,
    /// Every day from the start to the end, in order; days in a row for the same reason are one step.
    pub steps: Vec<ClockStep>,
}

/// A calendar, and which version of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClockCalendar {
    /// The calendar.
    pub id: &'static str,
    /// The version.
    pub version: &'static str,
    /// The last day whose holidays it knows, if the clock ends later: then it may really end later still.
    pub known_until: Option<Day>,
}

/// One or more days in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClockStep {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// How much they counted.
    pub counted: i64,
    /// Why.
    pub reason: Reason,
    /// The holiday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
}

named! {
/// What `counted` is a number of.
pub enum CountedIn {
    /// Days of the civil calendar.
    Days: "days",
    /// Days with business.
    BusinessDays: "business_days",
    /// Seconds.
    Seconds: "seconds",
}
}

named! {
/// Why days counted or did not.
pub enum Reason {
    /// They counted.
    Counted: "counted",
    /// The complaint came in out of business hours; it counts as received on the next business day.
    LateReceipt: "late_receipt",
    /// The day the clock started does not count.
    StartDay: "start_day",
    /// No business on this day of the week.
    Weekend: "weekend",
    /// A holiday.
    Holiday: "holiday",
    /// The firm has named the day.
    ClosedByFirm: "closed_by_firm",
    /// Nothing of the business hours was left.
    OutOfHours: "out_of_hours",
    /// The clock stood still at the end of the day.
    ClockStopped: "clock_stopped",
    /// No stop carries the clock beyond this day.
    Maximum: "maximum",
    /// The month has no such day; its last one takes the place.
    MonthEnd: "month_end",
    /// The last day would have been one without business.
    Rolled: "rolled",
}
}

impl Clock {
    /// The explanation in English, a sentence a line of the reckoning.
    #[must_use]
    pub fn sentences(&self, law: &Law) -> Vec<String> {
        let Some(zone) = law.zone(self.explanation.zone) else { return Vec::new() };
        let mut said = vec![self.which(), self.how(law, zone)];
        let mut so_far = 0;
        for step in &self.explanation.steps {
            said.push(step.sentence(self.explanation.unit, so_far));
            so_far += step.counted;
        }
        said.push(self.ends(zone));
        if let Some(until) = self.explanation.calendar.as_ref().and_then(|calendar| calendar.known_until) {
            said.push(format!("Holidays after {} are not known yet: it may end later.", date(until)));
        }
        said.extend(self.outcome(zone));
        said
    }

    fn which(&self) -> String {
        let mut text = self.name.clone();
        if let Some(citation) = &self.explanation.citation {
            let _ = write!(text, ": {citation}");
        }
        if let Some((pack, version)) = self.pack.zip(self.version) {
            let _ = write!(text, " ({pack}, version {version})");
        }
        if let Some(doubt) = &self.explanation.to_confirm {
            let _ = write!(text, ". To be confirmed: {doubt}");
        }
        text.push('.');
        text
    }

    fn how(&self, law: &Law, zone: Zone) -> String {
        let mut text = format!("It started on {}", moment(self.start, zone));
        match self.explanation.length {
            Some(Length { amount, unit }) => {
                let unit = unit_name(unit);
                let _ = write!(text, " and runs for {amount} {unit}{}", if amount == 1 { "" } else { "s" });
            }
            None => text.push_str("; the rule says promptly and gives no number of days"),
        }
        if let Some(calendar) = &self.explanation.calendar {
            let name = law.calendar(calendar.id).map_or(calendar.id, |known| known.name);
            let _ = write!(text, ", by the holidays of {name} as of {}", calendar.version);
        }
        text.push('.');
        text
    }

    fn ends(&self, zone: Zone) -> String {
        match (self.due, self.latest) {
            (Some(due), Some(latest)) if self.state == ClockState::Stopped => {
                format!(
                    "If it ran on now it would end on {}; at the latest on {}.",
                    moment(due, zone),
                    moment(latest, zone)
                )
            }
            (Some(due), _) => format!("It ends on {}.", moment(due, zone)),
            (None, _) => "It has no end that could be counted.".to_owned(),
        }
    }

    fn outcome(&self, zone: Zone) -> Option<String> {
        let by = self.ended_by.map_or("", occurrence_name);
        let on = |at: Option<Timestamp>| at.map(|at| moment(at, zone)).unwrap_or_default();
        match (self.state, self.met_at) {
            (ClockState::Running, _) => None,
            (ClockState::Stopped, _) => Some("It stands still.".to_owned()),
            (ClockState::Met, at) => Some(format!("It was met on {}: {by}.", on(at))),
            (ClockState::Breached, None) if self.void_at.is_some() => {
                Some(format!("It was not met, and nothing is due any more since {}: {by}.", on(self.void_at)))
            }
            (ClockState::Breached, None) => Some("It was not met.".to_owned()),
            (ClockState::Breached, at) => Some(format!("It was met too late, on {}: {by}.", on(at))),
            (ClockState::Void, _) if self.ended_by.is_some() => {
                Some(format!("Nothing is due any more since {}: {by}.", on(self.void_at)))
            }
            (ClockState::Void, _) => Some("The possibility passed unused.".to_owned()),
        }
    }
}

impl ClockStep {
    fn sentence(&self, unit: CountedIn, so_far: i64) -> String {
        let mut text = date(self.from);
        if self.to != self.from {
            let _ = write!(text, " to {}", date(self.to));
        }
        let name = self.name.unwrap_or("no business");
        match self.reason {
            Reason::Counted => match unit {
                CountedIn::Days => text.push_str(&numbered("day", so_far, self.counted)),
                CountedIn::BusinessDays => text.push_str(&numbered("business day", so_far, self.counted)),
                CountedIn::Seconds => {
                    let _ = write!(text, ": {} h {:02} min", self.counted / 3600, self.counted / 60 % 60);
                }
            },
            Reason::LateReceipt => text.push_str(": received out of business hours, counts from the next business day"),
            Reason::StartDay => text.push_str(": not counted, the day it started"),
            Reason::Weekend => text.push_str(": not counted, weekend"),
            Reason::Holiday => {
                let _ = write!(text, ": not counted, {name}");
            }
            Reason::ClosedByFirm => text.push_str(": not counted, closed by the firm"),
            Reason::OutOfHours => text.push_str(": not counted, out of hours"),
            Reason::ClockStopped => text.push_str(": not counted, the clock stood still"),
            Reason::Maximum => text.push_str(": the latest day, however long the clock stood still"),
            Reason::MonthEnd => text.push_str(": the last day of its month, which has none of that number"),
            Reason::Rolled => {
                let _ = write!(text, ": moved on from a day without business ({name})");
            }
        }
        text.push('.');
        text
    }
}

impl Nature {
    /// What becomes of a clock of this nature whose time has passed.
    pub(super) const fn passed(self) -> ClockState {
        match self {
            Self::Duty => ClockState::Breached,
            Self::Window => ClockState::Void,
        }
    }
}

fn numbered(unit: &str, so_far: i64, counted: i64) -> String {
    let (first, last) = (so_far + 1, so_far + counted);
    if counted == 1 { format!(": {unit} {first}") } else { format!(": {unit}s {first} to {last}") }
}

const fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::BusinessMinute => "business minute",
        Unit::BusinessHour => "business hour",
        Unit::Day => "day",
        Unit::BusinessDay => "business day",
        Unit::Week => "week",
        Unit::Month => "month",
    }
}

fn moment(at: Timestamp, zone: Zone) -> String {
    let minutes = zone.minutes(at);
    format!("{}, {:02}:{:02} {}", date(zone.day(at)), minutes / 60, minutes % 60, zone.name())
}

/// `Friday 5 February 2027`.
#[must_use]
pub fn date(day: Day) -> String {
    let (year, month, number) = day.parts();
    let weekday = match day.weekday() {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    };
    format!("{weekday} {number} {} {year}", month_name(month))
}

/// The English name of a month from 1 to 12.
#[must_use]
pub fn month_name(month: u32) -> &'static str {
    let name = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    name.copied().unwrap_or_default()
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const fn occurrence_name(what: Occurrence) -> &'static str {
    match what {
        Occurrence::Received => "received",
        Occurrence::Acknowledged => "acknowledged",
        Occurrence::Assigned => "assigned",
        Occurrence::InvestigationStarted => "investigation started",
        Occurrence::InformationRequested => "information requested",
        Occurrence::ContactedBy => "the complainant was in touch",
        Occurrence::Contacted => "the complainant was spoken to",
        Occurrence::UpdateSent => "the complainant was written to",
        Occurrence::ResponseProposed => "response drafted",
        Occurrence::HoldingResponse => "holding response sent",
        Occurrence::FinalResponse => "final response sent",
        Occurrence::SummaryResolution => "resolved with the complainant's acceptance",
        Occurrence::AcceptedInWriting => "accepted in writing",
        Occurrence::Deadlock => "deadlock",
        Occurrence::AdrLetter => "letter about the ombudsman or scheme sent",
        Occurrence::Referred => "referred to the ombudsman or scheme",
        Occurrence::Forwarded => "passed on to the firm that is responsible",
        Occurrence::Rejoined => "taken back into the complaint it was a part of",
        Occurrence::Withdrawn => "withdrawn",
        Occurrence::Closed => "closed",
        Occurrence::Reopened => "reopened",
        Occurrence::ClaimReported => "claim reported",
        Occurrence::ClaimDecided => "claim decided",
        Occurrence::ClockStopped => "clock stopped",
        Occurrence::ClockResumed => "clock resumed",
        Occurrence::SentToFirm => "sent to the firm by the regulator",
        Occurrence::InProgress => "answered as in progress",
    }
}
