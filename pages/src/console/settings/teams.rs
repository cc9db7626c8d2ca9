//! Teams.

use super::Settings;
use crate::console::shell::Shell;
use askama::Template;

/// A team in a list.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// When it was made.
    pub created_at: String,
}

/// All of them, a page at a time, and a form for one more.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/teams.html")]
pub struct Teams {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// They.
    pub rows: Vec<Row>,
    /// The place of the next page; empty: there is none.
    pub next: String,
    /// What is filled in as the name of a new one.
    pub name: String,
}

/// One.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/team.html")]
pub struct Team {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// The id.
    pub id: String,
    /// The name it has.
    pub name: String,
    /// What is filled in as its name.
    pub typed: String,
    /// The version that is shown.
    pub version: u64,
    /// Who is in it: id and name.
    pub members: Vec<(String, String)>,
}
