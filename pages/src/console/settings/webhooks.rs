//! Systems of the firm's own that are told of what happens.

use super::{Choice, Settings};
use crate::console::shell::Shell;
use askama::Template;

/// An endpoint in a list.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The id.
    pub id: String,
    /// Where messages are sent.
    pub url: String,
    /// What people call it; may be empty.
    pub description: String,
    /// Whether it is sent anything.
    pub enabled: bool,
    /// How it fares, in words.
    pub health: String,
    /// Whether that is well.
    pub well: bool,
}

/// What is filled in.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// Where messages are sent.
    pub url: String,
    /// What people call it.
    pub description: String,
    /// What it hears of; nothing chosen: everything.
    pub events: Vec<Choice>,
}

impl Fields {
    /// Whether it hears of some events only.
    #[must_use]
    pub fn chooses(&self) -> bool {
        self.events.iter().any(|choice| choice.chosen)
    }
}

/// All of them, and a form for one more.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/webhooks.html")]
pub struct Webhooks {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// They.
    pub rows: Vec<Row>,
    /// What is filled in about a new one.
    pub fields: Fields,
    /// Whether the form is open.
    pub adding: bool,
}

/// A message, and what became of it.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// `webhook-id`.
    pub id: String,
    /// What happened.
    pub event: String,
    /// The complaint; empty of a test.
    pub complaint: String,
    /// When.
    pub at: String,
    /// Where it stands.
    pub state: String,
    /// What came of the last attempt, in words.
    pub last: String,
    /// How many attempts there were.
    pub attempts: usize,
    /// When it is sent again; empty: it is not.
    pub next: String,
}

/// One.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/webhook.html")]
pub struct Webhook {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// As it is.
    pub row: Row,
    /// The version that is shown.
    pub version: u64,
    /// The secret, if it was just made.
    pub secret: String,
    /// What `v1a` signatures are verified with.
    pub public_key: String,
    /// Until when the secret before signs along; empty: there is none.
    pub previous_until: String,
    /// What is filled in.
    pub fields: Fields,
    /// What was sent, the newest first.
    pub messages: Vec<Message>,
    /// The place of the next page of messages; empty: there is none.
    pub next: String,
}

/// How an endpoint fares.
#[must_use]
pub fn health(enabled: bool, disabled: &str, failures: u64, last_success: &str, failing_since: &str) -> String {
    use crate::console::office::moment;
    match (enabled, disabled, failures) {
        (false, "gone", _) => "Disabled: it answered that it is gone".to_owned(),
        (false, "failing", _) => "Disabled: for five days there was nothing but failures".to_owned(),
        (false, ..) => "Disabled by you".to_owned(),
        (true, _, 0) if last_success.is_empty() => "Nothing sent yet".to_owned(),
        (true, _, 0) => format!("Well; last message {}", moment(last_success)),
        (true, _, 1) => format!("1 failure, at {}", moment(failing_since)),
        (true, _, n) => format!("{n} failures since {}", moment(failing_since)),
    }
}

/// What came of an attempt.
#[must_use]
pub fn attempt(status: Option<u64>, reason: &str) -> String {
    match (reason, status) {
        ("", Some(status)) => format!("Taken ({status})"),
        ("", None) => "Taken".to_owned(),
        ("status", Some(status)) => format!("Answered {status}"),
        ("redirect", _) => "Answered with a redirect, which is not followed".to_owned(),
        ("timeout", _) => "No answer in 20 seconds".to_owned(),
        ("unreachable", _) => "No connection".to_owned(),
        ("address", _) => "An address that may not be sent to".to_owned(),
        (other, _) => crate::console::office::words(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_fares_is_said_in_words() {
        assert_eq!(health(true, "", 0, "", ""), "Nothing sent yet");
        assert_eq!(health(true, "", 0, "2026-11-27T09:28:00Z", ""), "Well; last message 27 Nov 2026, 09:28 UTC");
        assert_eq!(health(true, "", 3, "", "2026-11-27T09:28:00Z"), "3 failures since 27 Nov 2026, 09:28 UTC");
        assert_eq!(health(false, "by_firm", 0, "", ""), "Disabled by you");
        assert_eq!(attempt(Some(500), "status"), "Answered 500");
        assert_eq!(attempt(Some(204), ""), "Taken (204)");
    }
}
