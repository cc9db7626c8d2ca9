//! What the law says of a complaint, as people are shown it: the dates, why they are these, and where to go if there is no answer.

use crate::page::Page;
use shared::clock::{
    Clock, ClockFamily, ClockState,
    day::Day,
    explain::{ClockStep, Reason},
    law::Law,
    pack::{Length, Nature},
};

/// A date by which the firm must have done something.
#[derive(Clone, Debug)]
pub struct Deadline {
    /// The rule, in `texts/` after `rule.`.
    pub rule: String,
    /// Its name, if there is no text.
    pub name: String,
    /// The last day.
    pub on: Day,
    /// The day it started.
    pub started: Day,
    /// How long the rule gives.
    pub length: Option<Length>,
    /// Where the rule is laid down.
    pub citation: Option<String>,
    /// How the days were counted.
    pub steps: Vec<ClockStep>,
    /// How it stands.
    pub state: ClockState,
}

/// The independent body that decides if the firm does not.
#[derive(Clone, Copy, Debug)]
pub struct Ombudsman<'a> {
    /// Its name.
    pub name: &'a str,
    /// The first day on which it may be asked without an answer of the firm. Absent: from the final answer.
    pub from: Option<Day>,
    /// Whether it may be asked now.
    pub is_open: bool,
    /// The last day on which it may be asked.
    pub until: Option<Day>,
    /// Its telephone number.
    pub phone: Option<&'a str>,
    /// Its site.
    pub site: Option<&'a str>,
    /// Its postal address, a line an item.
    pub post: &'a [&'a str],
}

impl Deadline {
    /// What a clock is to the complainant: a duty of the law with a date. `None` for anything else, and for another reading of the same.
    #[must_use]
    pub fn of(clock: &Clock, law: &Law) -> Option<Self> {
        let shown = clock.family == ClockFamily::Statutory && clock.nature == Nature::Duty && clock.leading;
        let started = law.zone(clock.explanation.zone)?.day(clock.start);
        shown.then_some(Self {
            rule: clock.rule.clone(),
            name: clock.name.clone(),
            on: clock.due_on?,
            started,
            length: clock.explanation.length,
            citation: clock.explanation.citation.map(str::to_owned),
            steps: clock.explanation.steps.clone(),
            state: clock.state,
        })
    }

    /// Whether it still runs.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        matches!(self.state, ClockState::Running | ClockState::Stopped)
    }

    /// Whether it was done in time.
    #[must_use]
    pub const fn is_met(&self) -> bool {
        matches!(self.state, ClockState::Met)
    }

    /// Whether it was not.
    #[must_use]
    pub const fn is_breached(&self) -> bool {
        matches!(self.state, ClockState::Breached)
    }

    /// What has to be done by then.
    #[must_use]
    pub fn what(&self, page: &Page<'_>) -> String {
        if page.has("rule", &self.rule) { page.of("rule", &self.rule).into_owned() } else { self.name.clone() }
    }

    /// Why it is that day, a sentence an item.
    #[must_use]
    pub fn why(&self, page: &Page<'_>) -> Vec<String> {
        let mut said = vec![page.with("why.started", "day", page.day(&self.started))];
        if let Some(Length { amount, unit }) = self.length {
            let unit = page.of(if amount == 1 { "unit_one" } else { "unit" }, unit.into()).into_owned();
            said.push(page.both("why.length", &("number", &amount.to_string()), &("unit", &unit)));
        }
        said.extend(self.steps.iter().map(|step| sentence(step, page)));
        said.push(page.with("why.ends", "day", page.day(&self.on)));
        said
    }
}

fn sentence(step: &ClockStep, page: &Page<'_>) -> String {
    let reason = match step.reason {
        Reason::Counted if step.from == step.to => page.t("reason.counted_one").into_owned(),
        Reason::Counted => page.with("reason.counted", "number", (step.to.since(step.from) + 1).to_string()),
        Reason::Holiday => match step.name {
            Some(name) => page.with("reason.holiday_named", "name", name),
            None => page.t("reason.holiday").into_owned(),
        },
        reason => page.of("reason", reason.into()).into_owned(),
    };
    let (from, to) = (page.day(&step.from), page.day(&step.to));
    if step.from == step.to {
        return page.both("why.day", &("day", &from), &("reason", &reason));
    }
    let days = page.both("why.days", &("from", &from), &("to", &to));
    page.both("why.day", &("day", &days), &("reason", &reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        page::{Firm, Reader},
        texts::Tongue,
    };
    use shared::{
        clock::{
            explain::{ClockExplanation, CountedIn},
            pack::Unit,
        },
        complaint::intake::Format,
    };

    fn day(year: i32, month: u32, day: u32) -> Day {
        Day::new(year, month, day).unwrap()
    }

    fn clock() -> Clock {
        let received = day(2026, 11, 27);
        let step = |from, to, counted, reason, name| ClockStep { from, to, counted, reason, name };
        Clock {
            family: ClockFamily::Statutory,
            pack: Some("gb-fca-disp"),
            version: Some("1"),
            rule: "payment_response".to_owned(),
            number: 1,
            name: "Response about a payment".to_owned(),
            nature: Nature::Duty,
            reading_of: None,
            leading: true,
            must_send: None,
            start: received.utc_midnight(),
            due: None,
            due_on: Some(day(2026, 12, 28)),
            latest: None,
            state: ClockState::Running,
            met_at: None,
            void_at: None,
            breached_at: None,
            ended_by: None,
            letter: None,
            warnings: Vec::new(),
            explanation: ClockExplanation {
                citation: Some("DISP 1.6.2AR"),
                source: None,
                status: None,
                to_confirm: None,
                zone: "Europe/London",
                calendar: None,
                length: Length::new(1, Unit::Week).ok(),
                unit: CountedIn::BusinessDays,
                steps: vec![
                    step(received, received, 0, Reason::StartDay, None),
                    step(day(2026, 11, 28), day(2026, 11, 29), 0, Reason::Weekend, None),
                    step(day(2026, 12, 25), day(2026, 12, 25), 0, Reason::Holiday, Some("Christmas Day")),
                    step(day(2026, 12, 28), day(2026, 12, 28), 1, Reason::Counted, None),
                ],
            },
        }
    }

    fn page(tongue: Tongue) -> Page<'static> {
        let firm = Firm {
            slug: "northwind-bank",
            name: "Northwind Bank",
            has_logo: false,
            legal: "",
            phone: None,
            post: &[],
            privacy: None,
            accessibility: None,
            texts: &[],
        };
        Page { firm, reader: Reader { tongue, format: Format::Standard }, here: "/", csrf: "", signed_in: false }
    }

    #[test]
    fn a_date_is_explained_day_by_day() {
        let deadline = Deadline::of(&clock(), Law::shipped()).unwrap();
        assert_eq!(deadline.what(&page(Tongue::English)), "We must have answered you, or told you why it takes longer");
        let english = [
            "The time started on Friday 27 November 2026.",
            "The rule gives us 1 week.",
            "Friday 27 November 2026: not counted, the day it started.",
            "Saturday 28 November 2026 to Sunday 29 November 2026: not counted, weekend.",
            "Friday 25 December 2026: not counted, Christmas Day.",
            "Monday 28 December 2026: 1 day, counted.",
            "So the last day is Monday 28 December 2026.",
        ];
        assert_eq!(deadline.why(&page(Tongue::English)), english);
        let german = deadline.why(&page(Tongue::German));
        assert_eq!(german.first().unwrap(), "Die Frist begann am Freitag, 27. November 2026.");
    }

    #[test]
    fn only_a_duty_of_the_law_with_a_date_is_one() {
        let law = Law::shipped();
        let others = [
            Clock { family: ClockFamily::Operational, ..clock() },
            Clock { nature: Nature::Window, ..clock() },
            Clock { leading: false, ..clock() },
            Clock { due_on: None, ..clock() },
        ];
        assert!(others.iter().all(|clock| Deadline::of(clock, law).is_none()));
    }
}
