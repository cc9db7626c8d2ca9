//! What is said: the words of a text for one reader and one complaint.

use super::{
    digest::{Entry, list},
    settings::{Settings, Text},
};
use crate::{
    complaint::{Complaint, event::EventKind},
    http::problem::FieldError,
    letter::template::{sandbox, syntax},
};
use minijinja::Value;

/// The longest text message, in characters: three parts of 153 (3GPP TS 23.038 §6.1.2.1 and 23.040 §9.2.3.24.1; with signs beyond the
/// basic alphabet the same three parts have 201).
const SMS: usize = 459;
const SMS_UNICODE: usize = 201;
/// The longest subject, in characters.
const SUBJECT: usize = 200;
/// The words that go below a mail that may be declined.
const OPT_OUT: &str = "opt_out";

/// What a text may name.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'s> {
    /// The complaint.
    pub complaint: &'s Complaint,
    /// The firm, as people know it.
    pub firm: &'s str,
    /// What has happened.
    pub event: EventKind,
    /// The subject of the letter, if that is what is sent.
    pub letter: Option<&'s str>,
    /// The link by which they opt out, if they may.
    pub opt_out: Option<&'s str>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// One line, with no control characters.
    pub subject: String,
    /// What is said.
    pub text: String,
}

/// It cannot be written; why, for the log. It names no person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unwritable(String);

/// Errors of syntax.
pub(super) fn errors(pointer: &str, text: &Text) -> Vec<FieldError> {
    let parts = [("subject", text.subject.as_str()), ("text", text.text.as_str())];
    parts.into_iter().filter_map(|(field, text)| syntax(&format!("{pointer}/{field}"), text)).collect()
}

/// Writes a text of this name for whoever complains.
///
/// # Errors
/// [`Unwritable`].
pub fn write(settings: &Settings, id: &str, seen: &Seen<'_>) -> Result<Written, Unwritable> {
    let reader = seen.complaint.complainant.language.as_ref();
    let text = settings.text(id, reader).ok_or_else(no_text)?;
    let values = seen.values();
    let mut written = said(text, &values)?;
    if seen.opt_out.is_some()
        && let Some(below) = settings.text(OPT_OUT, reader)
    {
        written.text.push_str("\n\n");
        written.text.push_str(&said(below, &values)?.text);
    }
    Ok(written)
}

/// Writes a text of this name about several complaints: what it says, and below it what has happened.
///
/// # Errors
/// [`Unwritable`].
pub fn digest(settings: &Settings, id: &str, firm: &str, entries: &[Entry<'_>]) -> Result<Written, Unwritable> {
    let text = settings.text(id, None).ok_or_else(no_text)?;
    let values = [("count", Value::from(entries.len())), ("firm", Value::from_pairs([("name", firm)]))];
    let mut written = said(text, &values)?;
    written.text.push_str("\n\n");
    written.text.push_str(&list(entries));
    Ok(written)
}

fn no_text() -> Unwritable {
    Unwritable("there is no such text".to_owned())
}

fn said(text: &Text, values: &[(&'static str, Value)]) -> Result<Written, Unwritable> {
    let environment = sandbox();
    let say = |text: &str| {
        let said = environment.render_str(text, Value::from_pairs(values.iter().cloned()));
        said.map_err(|error| Unwritable(error.kind().to_string()))
    };
    Ok(Written { text: say(text.text.as_str())?, subject: one_line(&say(text.subject.as_str())?) })
}

/// The name of a kind of event.
pub(super) fn event(kind: EventKind) -> String {
    let name = serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned));
    name.unwrap_or_default()
}

/// A name or a subject as it may stand in a header.
#[must_use]
pub fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SUBJECT).collect()
}

/// A text message, no longer than telephones take.
#[must_use]
pub fn sms(text: &str) -> String {
    let most = if text.is_ascii() { SMS } else { SMS_UNICODE };
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most - 3).collect();
    format!("{}...", cut.trim_end())
}

impl Seen<'_> {
    fn values(&self) -> Vec<(&'static str, Value)> {
        let Self { complaint, firm, letter, opt_out, .. } = *self;
        let state = serde_json::to_value(complaint.state).ok().and_then(|state| state.as_str().map(str::to_owned));
        let about = [("reference", Value::from(complaint.reference.as_str())), ("state", Value::from(state))];
        vec![
            ("complaint", Value::from_pairs(about)),
            ("complainant", Value::from_pairs([("name", complaint.complainant.name.as_str())])),
            ("firm", Value::from_pairs([("name", firm)])),
            ("event", Value::from(event(self.event))),
            ("letter", Value::from_pairs([("subject", letter.unwrap_or_default())])),
            ("opt_out", Value::from(opt_out.unwrap_or_default())),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_message_has_an_end() {
        assert_eq!(sms("short"), "short");
        assert_eq!(sms(&"x".repeat(459)).len(), 459);
        let long = sms(&"x".repeat(460));
        assert!(long.len() == 459 && long.ends_with("..."));
        assert_eq!(sms(&"ж".repeat(300)).chars().count(), 201);
    }

    #[test]
    fn a_digest_is_a_text_and_a_list() {
        let settings = crate::notification::settings::shipped();
        let at = crate::time::Timestamp::from_unix_millis(0);
        let complaint = crate::ids::ComplaintId::in_slot(at, &[1; 10], 0);
        let (reference, event) = ("AB-1", EventKind::InformationRequested);
        let one = Entry { complaint, reference, seq: 1, event, at: 0, to: "team@example.com" };
        let written = digest(settings, "digest", "Northwind Bank", &[one]).unwrap();
        assert_eq!(written.subject, "1 change to complaints");
        assert!(written.text.contains("Northwind Bank"));
        assert!(written.text.ends_with("\n\nAB-1\n- information requested\n"), "{}", written.text);
        let two = digest(settings, "digest", "Northwind Bank", &[one, Entry { seq: 2, ..one }]).unwrap();
        assert_eq!(two.subject, "2 changes to complaints");
        assert!(digest(settings, "staff", "Northwind Bank", &[one]).is_err());
        assert!(digest(settings, "nothing", "Northwind Bank", &[one]).is_err());
    }

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(one_line("Hello\r\nBcc: all@example.com"), "Hello Bcc: all@example.com");
        assert_eq!(one_line(&"x".repeat(500)).len(), 200);
    }
}
