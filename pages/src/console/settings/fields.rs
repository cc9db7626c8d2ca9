//! Fields that the firm has declared for its complaints.

use super::{Choice, Settings};
use crate::console::shell::Shell;
use askama::Template;

/// Sorts of values.
pub const SORTS: [(&str, &str); 5] = [
    ("text", "Text"),
    ("choice", "One of several choices"),
    ("integer", "Whole number"),
    ("boolean", "Yes or no"),
    ("date", "Date"),
];

/// A sort in words.
#[must_use]
pub fn sort(code: &str) -> String {
    let known = SORTS.iter().find(|(held, _)| *held == code);
    known.map_or_else(|| crate::console::office::words(code), |(_, name)| (*name).to_owned())
}

/// What is filled in, or declared.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Its name in the API.
    pub name: String,
    /// What people read.
    pub label: String,
    /// The sort of values, as the API has it.
    pub sort: String,
    /// What can be chosen, one a line.
    pub choices: String,
    /// Whether a new complaint must have it.
    pub required: bool,
}

impl Declared {
    /// Sorts to choose from.
    #[must_use]
    pub fn sorts(&self) -> Vec<Choice> {
        let all = SORTS.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned()));
        Choice::named(all, std::slice::from_ref(&self.sort))
    }
}

/// All of them, and a form for one more.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/fields.html")]
pub struct Fields {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// They.
    pub rows: Vec<Declared>,
    /// What is filled in about a new one.
    pub field: Declared,
    /// Whether the form is open.
    pub adding: bool,
    /// The version that is shown.
    pub version: u64,
}

/// One.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/field.html")]
pub struct Field {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// What it is called as it is.
    pub title: String,
    /// What is filled in.
    pub field: Declared,
    /// The version that is shown.
    pub version: u64,
}
