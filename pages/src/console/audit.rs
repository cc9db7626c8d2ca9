//! Who has read and done what.

use super::shell::Shell;
use askama::Template;

/// A part of the audit explorer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Who has read what.
    Reads,
    /// What was done.
    Changes,
    /// Whether a complaint's history was altered.
    Complaint,
}

impl Part {
    /// All.
    pub const ALL: [Self; 3] = [Self::Reads, Self::Changes, Self::Complaint];

    /// What it is called.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reads => "Who has read what",
            Self::Changes => "What was done",
            Self::Complaint => "Check a complaint",
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Reads => "/app/audit",
            Self::Changes => "/app/audit/changes",
            Self::Complaint => "/app/audit/complaint",
        }
    }
}

/// A read of a complaint.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// When.
    pub at: String,
    /// Whose id.
    pub person: String,
    /// Who.
    pub name: String,
    /// The complaint; empty: it was a list.
    pub complaint: String,
    /// What of it.
    pub what: String,
    /// In which session.
    pub session: String,
}

/// Who has read what.
#[derive(Clone, Debug, Template)]
#[template(path = "console/audit/reads.html")]
pub struct Reads {
    /// What is around it.
    pub shell: Shell,
    /// Where one is.
    pub part: Part,
    /// The complaint that was asked for.
    pub complaint: String,
    /// The person that was asked for.
    pub person: String,
    /// The first day that was asked for.
    pub from: String,
    /// The last.
    pub to: String,
    /// Reads, the newest first.
    pub rows: Vec<Read>,
    /// The address of the next page; empty: there is none.
    pub next: String,
    /// Why nothing was looked up; empty: it was.
    pub wrong: String,
    /// People who are known by name: id and name.
    pub people: Vec<(String, String)>,
}

/// Something that was done.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Its number, of a change of the firm's; or of a complaint's.
    pub number: u64,
    /// When.
    pub at: String,
    /// What.
    pub what: String,
    /// By whom.
    pub actor: String,
    /// By whom: kind and id, as an address has it.
    pub actor_id: String,
    /// The complaint.
    pub complaint: String,
}

/// What was done.
#[derive(Clone, Debug, Template)]
#[template(path = "console/audit/changes.html")]
pub struct Changes {
    /// What is around it.
    pub shell: Shell,
    /// Where one is.
    pub part: Part,
    /// The complaint that was asked for.
    pub complaint: String,
    /// The actor that was asked for.
    pub actor: String,
    /// Changes, the newest first.
    pub rows: Vec<Change>,
    /// How many were looked through for them.
    pub looked: usize,
    /// The address of those before; empty: there are none.
    pub older: String,
    /// The address of those after; empty: there are none.
    pub newer: String,
    /// Why nothing was looked up; empty: it was.
    pub wrong: String,
}

/// What a check of a complaint has found.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The complaint.
    pub complaint: String,
    /// What the consumer quotes.
    pub reference: String,
    /// Whether all is as it was written.
    pub valid: bool,
    /// How many events are.
    pub events: u32,
    /// The hash of the last of them.
    pub head: String,
    /// The first one that is not: which, and what is wrong with it.
    pub broken: Option<(u32, &'static str)>,
}

/// Whether a complaint's history was altered.
#[derive(Clone, Debug, Template)]
#[template(path = "console/audit/complaint.html")]
pub struct Complaint {
    /// What is around it.
    pub shell: Shell,
    /// Where one is.
    pub part: Part,
    /// What was asked for.
    pub asked: String,
    /// What was found.
    pub verdict: Option<Verdict>,
    /// What has happened to it, the newest first.
    pub rows: Vec<Change>,
    /// Why nothing was looked up; empty: it was.
    pub wrong: String,
}

/// What is wrong with an event, in words.
#[must_use]
pub fn defect(code: &str) -> &'static str {
    match code {
        "format" => "it is not an event of a known format",
        "altered" => "its content was changed after it was written",
        "unchained" => "it does not follow from the event before it",
        "misnumbered" => "an event is missing, was added or was moved",
        "foreign" => "it belongs to another complaint or firm",
        "impossible" => "it could not lawfully follow the events before it",
        "truncated" => "the history ends before, or after, where it should",
        "projection" => "the events are whole, but the record made from them says something else",
        _ => "it is not as it was written",
    }
}
