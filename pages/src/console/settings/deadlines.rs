//! Deadlines that the firm sets itself, and what the law leaves to it about its own.

use super::{Choice, Settings};
use crate::console::{case_words::words, shell::Shell};
use askama::Template;

/// Which of several occurrences a deadline starts with.
pub const PICKS: [(&str, &str); 3] =
    [("first", "The first"), ("last", "The newest: it starts anew"), ("each", "Each: one deadline after the other")];

/// What a complaint may be asked for it to have a deadline: what the API calls it, and what it is called.
pub const CONDITIONS: [(&str, &str); 9] = [
    ("severity", "Severity"),
    ("channel", "How it came in"),
    ("vulnerable", "Are there signs that they may be vulnerable?"),
    ("product", "Product"),
    ("issue", "Issues, by their codes"),
    ("tag", "Tags, of which it has one"),
    ("no_tag", "Tags, of which it has none"),
    ("jurisdiction", "Law"),
    // Of one firm it says nothing: it is carried along.
    ("sector", ""),
];

/// Something that may have happened to a complaint.
#[must_use]
pub fn happened(code: &str) -> String {
    match code {
        "assigned" => "Given to somebody".to_owned(),
        "contacted" => "The complainant was spoken to".to_owned(),
        "update_sent" => "The complainant was written to".to_owned(),
        _ => words(code),
    }
}

/// A length in words: “8 business hours”.
#[must_use]
pub fn length(amount: &str, unit: &str) -> String {
    format!("{amount} {}{}", unit.replace('_', " "), if amount == "1" { "" } else { "s" })
}

/// A deadline of the list.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its name in the API.
    pub id: String,
    /// What people read.
    pub name: String,
    /// How long there is time.
    pub length: String,
    /// What starts it.
    pub starts: String,
    /// What meets it.
    pub ends: String,
}

/// Something of which one is chosen.
#[derive(Clone, Debug, Default)]
pub struct Select {
    /// Its name in the form.
    pub name: String,
    /// What it is called.
    pub label: &'static str,
    /// What can be chosen.
    pub choices: Vec<Choice>,
}

/// What the law leaves to the firm.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// When its business day ends.
    pub closes: String,
    /// Whether what comes after that is received on the next business day.
    pub late: bool,
    /// Where it acts: a law, holidays, civil time; one to be filled in at the end.
    pub places: Vec<Vec<Select>>,
}

/// All, and what the law leaves to the firm.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/deadlines.html")]
pub struct Deadlines {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// They.
    pub rows: Vec<Row>,
    /// What the law leaves to it.
    pub left: Left,
    /// The version that is shown.
    pub version: u64,
}

/// Something of which several may be chosen; or a field, if there is no list of them.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Its name in the form.
    pub name: String,
    /// What it is called; empty: it is carried along.
    pub legend: &'static str,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// What is chosen, as it is typed.
    pub typed: String,
}

/// When work is done on some days.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Days of the week.
    pub days: Vec<Choice>,
    /// From then on.
    pub from: String,
    /// Until then.
    pub until: String,
}

/// What a deadline says.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Its name in the API.
    pub id: String,
    /// What people read.
    pub name: String,
    /// How many units.
    pub amount: String,
    /// Of what.
    pub unit: Vec<Select>,
    /// What starts and what meets it.
    pub runs: Vec<Group>,
    /// Which of several starts it.
    pub pick: Vec<Select>,
    /// Whether the day it starts counts.
    pub first_day: bool,
    /// After how many units somebody is warned.
    pub warn_after: String,
    /// What makes it void, and in which states it stands still.
    pub stops: Vec<Group>,
    /// When work is done; some to be filled in at the end.
    pub openings: Vec<Opening>,
    /// Days without work, a line each.
    pub closed: String,
    /// By whose holidays and which civil time it counts.
    pub place: Vec<Select>,
    /// Which complaints it is for; one to be filled in at the end.
    pub conditions: Vec<Vec<Group>>,
}

/// One, or a new one.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/deadline.html")]
pub struct Deadline {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// What it is called as it is; empty: it is new.
    pub title: String,
    /// What it says.
    pub terms: Terms,
    /// The version that is shown.
    pub version: u64,
}

impl Deadline {
    /// Whether something is chosen, or came back.
    fn opens(&self, groups: &[Group]) -> bool {
        self.settings.notice.is_some() || groups.iter().any(|group| !group.typed.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::clock::pack::Pick;

    #[test]
    fn deadlines_are_in_words() {
        assert_eq!(length("8", "business_hour"), "8 business hours");
        assert_eq!(length("1", "week"), "1 week");
        assert_eq!(happened("update_sent"), "The complainant was written to");
        assert_eq!(happened("final_response"), "Final response");
    }

    #[test]
    fn every_pick_has_words() {
        assert_eq!(PICKS.map(|(code, _)| code), Pick::NAMES);
    }
}
