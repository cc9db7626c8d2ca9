//! Why there is no page.

use super::shell::Shell;
use askama::Template;

/// Something did not go as it should.
#[derive(Clone, Debug, Template)]
#[template(path = "console/trouble.html")]
pub struct Trouble<'a> {
    /// What is around it.
    pub shell: Shell,
    /// The HTTP status.
    pub status: u16,
    /// What.
    pub title: &'a str,
    /// In words; may be empty.
    pub words: &'a str,
    /// Values that break rules: where, and which rule.
    pub errors: &'a [(&'a str, &'a str)],
    /// What whoever asks for help names.
    pub request: &'a str,
}
