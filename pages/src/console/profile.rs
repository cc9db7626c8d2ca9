//! Whoever is signed in, and where.

use super::{office::Notice, settings::people::Session, shell::Shell};
use askama::Template;

/// Somebody's own page.
#[derive(Clone, Debug, Template)]
#[template(path = "console/profile.html")]
pub struct Profile {
    /// What is around it.
    pub shell: Shell,
    /// What came of a form.
    pub notice: Option<Notice>,
    /// Who.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they are: code of each role.
    pub roles: Vec<&'static str>,
    /// Where they are signed in.
    pub sessions: Vec<Session>,
}
