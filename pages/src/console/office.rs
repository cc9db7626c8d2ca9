//! What the office's pages have in common: what came of a form, and codes and moments in words.

use super::words::Named;

/// What came of a form, beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// Whether it was done.
    pub good: bool,
    /// What.
    pub title: String,
    /// In words; may be empty.
    pub words: String,
    /// Values that break rules: what they are called, and which rule.
    pub errors: Vec<(String, String)>,
    /// Where whoever has to prove anew who they are begins; empty if that is not it.
    pub step_up: String,
}

impl Notice {
    /// What was done, by the name that stands in the address of the page that is shown next.
    #[must_use]
    pub fn done(name: &str) -> Option<Self> {
        let (_, title) = DONE.iter().find(|(known, _)| *known == name)?;
        Some(Self { good: true, title: (*title).to_owned(), ..Self::default() })
    }
}

const DONE: [(&str, &str); 16] = [
    ("added", "Added."),
    ("saved", "Saved."),
    ("deactivated", "Deactivated. All their sessions have ended."),
    ("reactivated", "Reactivated. They can sign in again."),
    ("ended", "The session has ended."),
    ("renamed", "Renamed."),
    ("deleted", "Deleted."),
    ("retired", "Retired. Letters are made without it from now on."),
    ("tested", "A test message is on its way. It appears below once it has been sent."),
    ("replayed", "Messages are being sent again."),
    ("nothing", "There was nothing to send again."),
    ("enabled", "Enabled."),
    ("disabled", "Disabled. What happens meanwhile can be sent again later."),
    ("rotated", "There is a new secret."),
    ("revoked", "Revoked. It opens nothing any more."),
    ("removed", "Removed. Complaints keep the values that they have."),
];

pub use super::case_words::words;

/// The name of a value in a body, as people call it: `/oidc/client_id` is "Client id".
#[must_use]
pub fn field(pointer: &str) -> String {
    let parts: Vec<&str> = pointer.split('/').filter(|part| !part.is_empty() && *part != "oidc").collect();
    let words = parts.iter().map(|part| match part.parse::<usize>() {
        Ok(at) => at.saturating_add(1).to_string(),
        Err(_) => part.replace(['_', '-'], " "),
    });
    capital(&words.collect::<Vec<_>>().join(" "))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A date as people read it: `2026-11-27` is "27 Nov 2026". What is none stays as it is.
#[must_use]
pub fn date(iso: &str) -> String {
    let parts = || {
        let month: usize = iso.get(5..7)?.parse().ok()?;
        let day: u8 = iso.get(8..10)?.parse().ok()?;
        Some(format!("{day} {} {}", MONTHS.get(month.checked_sub(1)?)?, iso.get(..4)?))
    };
    parts().unwrap_or_else(|| iso.to_owned())
}

/// A moment as people read it, to the minute: "27 Nov 2026, 09:28 UTC". What is none stays as it is.
#[must_use]
pub fn moment(iso: &str) -> String {
    iso.get(11..16).map_or_else(|| iso.to_owned(), |time| format!("{}, {time} UTC", date(iso)))
}

/// So many bytes: "1.5 GB". In steps of 1,000.
#[must_use]
pub fn bytes(n: u64) -> String {
    let (mut whole, mut tenth, mut unit) = (n, 0, 0);
    while whole >= 1_000 && unit < UNITS.len().saturating_sub(1) {
        (tenth, whole, unit) = ((whole % 1_000) / 100, whole / 1_000, unit + 1);
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if tenth == 0 { format!("{whole} {name}") } else { format!("{whole}.{tenth} {name}") }
}

const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];

/// What an event says has happened, by its kind.
#[must_use]
pub fn event(kind: &str) -> String {
    match kind {
        "test" => "Test".to_owned(),
        "created" => "Entered".to_owned(),
        _ => EVENTS.iter().find(|(held, _)| *held == kind).map_or_else(|| words(kind), |(_, said)| (*said).to_owned()),
    }
}

/// Every kind of event of a complaint, and what has happened by it.
pub const EVENTS: [Named; 33] = [
    ("received", "Complaint logged"),
    ("acknowledged", "Acknowledged"),
    ("investigation_started", "Investigation started"),
    ("assigned", "Assigned"),
    ("classified", "Classified"),
    ("noted", "Note added"),
    ("contact_recorded", "Contact recorded"),
    ("information_requested", "Information requested"),
    ("response_proposed", "Response proposed"),
    ("resolved", "Resolved"),
    ("closed", "Closed"),
    ("reopened", "Reopened"),
    ("withdrawn", "Withdrawn"),
    ("referred", "Referred elsewhere"),
    ("linked", "Linked"),
    ("unlinked", "Unlinked"),
    ("corrected", "Corrected"),
    ("milestone_recorded", "Milestone recorded"),
    ("milestone_retracted", "Milestone retracted"),
    ("redress_paid", "Redress paid"),
    ("adr_outcome_recorded", "Ombudsman’s outcome recorded"),
    ("clocks_moved", "Deadlines moved"),
    ("split", "Split"),
    ("part_rejoined", "Part rejoined to its whole"),
    ("rejoined", "Rejoined"),
    ("letter_drafted", "Letter drafted"),
    ("letter_approved", "Letter approved"),
    ("letter_sent", "Letter sent"),
    ("attachment_added", "File added"),
    ("attachment_scanned", "File scanned"),
    ("attachment_removed", "File removed"),
    ("deadline_warned", "Deadline near"),
    ("deadline_missed", "Deadline missed"),
];

/// A part of a complaint that somebody has read.
#[must_use]
pub fn read(what: &str) -> String {
    match what {
        "complaint" => "The complaint".to_owned(),
        "events" => "History".to_owned(),
        "case-file" => "Case file".to_owned(),
        other => words(&other.replace('/', ", ")),
    }
}

/// Somebody or something that acts, by the kind and the name it has in an event, for `me`.
#[must_use]
pub fn actor(kind: &str, id: &str, me: &str, names: &[(String, String)]) -> String {
    match kind {
        "key" => format!("API key {}", short(id)),
        "system" => "Redress, by a rule".to_owned(),
        "consumer" => "The complainant".to_owned(),
        "operator" => "The operator of this service".to_owned(),
        _ => super::words::person(id, me, names),
    }
}

/// The end of an id, by which people tell one from another.
#[must_use]
pub fn short(id: &str) -> &str {
    id.get(id.len().saturating_sub(6)..).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_moments_become_words() {
        assert_eq!(field("/oidc/client_id"), "Client id");
        assert_eq!(field("/oidc/roles/0/claim"), "Roles 1 claim");
        assert_eq!(field("if-match"), "If match");
        assert_eq!([words("whistle_blower"), words("vip")], ["Whistle blower", "VIP"]);
        assert_eq!(moment("2026-11-27T09:28:12.345Z"), "27 Nov 2026, 09:28 UTC");
        assert_eq!(moment("never"), "never");
        assert_eq!(date("2026-01-05"), "5 Jan 2026");
        assert_eq!((event("received"), event("letter_sent")), ("Complaint logged".into(), "Letter sent".into()));
        assert_eq!(read("letters/html"), "Letters, html");
    }

    #[test]
    fn every_kind_of_event_has_words() {
        use shared::complaint::event::EventKind;
        for (kind, _) in EVENTS {
            serde_json::from_value::<EventKind>(kind.into()).unwrap();
        }
    }

    #[test]
    fn sizes_are_for_people() {
        assert_eq!([999, 1_500, 5_000_000_000].map(bytes), ["999 bytes", "1.5 kB", "5 GB"]);
    }

    #[test]
    fn who_acts_is_named() {
        let names = [("ada".to_owned(), "Ada Byron".to_owned())];
        assert_eq!(actor("staff", "ada", "ben", &names), "Ada Byron");
        assert_eq!(actor("staff", "ben", "ben", &names), "You");
        assert_eq!(actor("key", "key_01ABCDEF", "ben", &names), "API key ABCDEF");
        assert_eq!(short("é"), "é");
    }
}
