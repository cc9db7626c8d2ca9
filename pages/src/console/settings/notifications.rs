//! Who hears of what.

use super::Settings;
use crate::console::shell::Shell;
use askama::Template;

/// A rule.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// The events, in words.
    pub events: Vec<String>,
    /// Who is told.
    pub audience: String,
    /// By which way.
    pub channel: String,
    /// In which words.
    pub text: String,
    /// When, if not at once.
    pub when: String,
}

/// The rules, and the whole as JSON.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/notifications.html")]
pub struct Notifications {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// The rules in force.
    pub rules: Vec<Rule>,
    /// How many texts of the firm's own there are.
    pub texts: usize,
    /// The version that is shown; 0: those of the service.
    pub version: u32,
    /// What is filled in: JSON.
    pub json: String,
}
