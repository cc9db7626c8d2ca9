//! Clocks from outside: the public vectors, what holds of every clock, the shipped law against its sources, and
//! examples of what is said about a clock.

mod examples;
mod passing;
mod properties;
mod shipped;
mod vectors;

use shared::{
    clock::{
        Case, Clock, clocks,
        law::{Choices, Law, Pin},
        pack::Facts,
        timeline::{Entry, Occurrence, Timeline},
    },
    complaint::intake::{Channel, Jurisdiction, Severity},
    taxonomy::Sector,
    text::Code,
    time::Timestamp,
};

fn law() -> &'static Law {
    Law::shipped()
}

/// Keeps a value for the rest of the run, as the shipped law is kept.
fn kept<T: 'static>(values: Vec<T>) -> &'static [T] {
    values.leak()
}

fn code(text: &str) -> Code {
    Code::try_from(text).expect("a code")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// The facts of an ordinary complaint.
fn facts(jurisdiction: Jurisdiction, sector: Sector, tags: &[Code]) -> Facts<'_> {
    Facts {
        jurisdiction,
        sector,
        product: None,
        issue: None,
        tags,
        severity: Severity::Medium,
        channel: Channel::Phone,
        vulnerable: false,
    }
}

fn timeline(entries: &[(Occurrence, &str)]) -> Timeline {
    let mut timeline = Timeline::default();
    for (what, moment) in entries {
        timeline.insert(Entry { what: *what, at: at(moment), reason: None, letter: None });
    }
    timeline
}

/// The statutory clocks of a case under `law`, by default choices.
fn statutory(law: &Law, facts: Facts<'_>, timeline: &Timeline, pins: &[Pin], now: &str) -> Vec<Clock> {
    clocks(law, Case { facts, timeline, pins }, &Choices::default(), &[], at(now))
}

/// The clock of a rule.
fn of<'c>(clocks: &'c [Clock], rule: &str) -> &'c Clock {
    clocks.iter().find(|clock| clock.rule == rule).expect("a clock of this rule")
}
