//! The queue: complaints, by what is due first, by a filter, a view or a search.

use super::{
    shell::Shell,
    words::{SEVERITIES, STATES, When, label},
};
use askama::Template;

/// A list that is offered beside the queue.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where it is.
    pub href: String,
    /// What it is called.
    pub name: String,
    /// How many it has; may be empty.
    pub count: String,
    /// Whether it is the one that is shown.
    pub is_current: bool,
}

/// Something to choose.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What people read.
    pub name: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// A choice of a filter.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The parameter.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What it may be.
    pub choices: Vec<Choice>,
}

/// A complaint in the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// The id.
    pub id: String,
    /// What a consumer quotes.
    pub reference: String,
    /// What it is about.
    pub subject: String,
    /// Who complains.
    pub complainant: String,
    /// How it begins, or where it says what was searched for; parts, and whether each is marked.
    pub text: Vec<(bool, String)>,
    /// Where it stands, as the API calls it.
    pub state: String,
    /// How bad it is, as the API calls it.
    pub severity: String,
    /// Who works on it; empty if nobody does.
    pub assignee: String,
    /// What the law wants next.
    pub due: When,
    /// When it was received.
    pub received: String,
}

impl Row {
    /// Where it stands, in words.
    #[must_use]
    pub fn state_label(&self) -> &str {
        label(&STATES, &self.state)
    }

    fn severity_label(&self) -> &str {
        label(&SEVERITIES, &self.severity)
    }
}

/// The saved view that is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The version.
    pub version: u32,
    /// Whether whoever looks at it may change it.
    pub is_own: bool,
}

/// Why something that was asked for was not done.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    /// What sort of failure.
    pub title: String,
    /// What exactly.
    pub words: Vec<String>,
}

/// Why there is nothing in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// Nothing is due.
    NotDue,
    /// Nothing is due of what was asked for; there may be what is not due.
    NotDueHere,
    /// Nothing matches.
    NoMatch,
    /// There is nothing at all.
    Nothing,
    /// The end of a list was reached.
    End,
}

/// Complaints.
#[derive(Clone, Debug, Template)]
#[template(path = "console/queue.html")]
pub struct Queue {
    /// What is around it.
    pub shell: Shell,
    /// What is shown.
    pub title: String,
    /// Where this is.
    pub here: String,
    /// Lists by when something is due, and by whose they are.
    pub places: Vec<Place>,
    /// Saved views.
    pub views: Vec<Place>,
    /// What is searched for.
    pub q: String,
    /// The choices that narrow the list.
    pub filters: Vec<Filter>,
    /// What else the address says, to be said again with a filter.
    pub kept: Vec<(&'static str, String)>,
    /// Whether something narrows the list that can be taken back.
    pub is_narrowed: bool,
    /// Complaints.
    pub rows: Vec<Row>,
    /// Why there are none.
    pub empty: Empty,
    /// Where the list goes on; empty if it does not.
    pub next: String,
    /// Where it begins, if this is not the first page; else empty.
    pub first: String,
    /// Whether whoever looks may work on complaints.
    pub may_write: bool,
    /// The filter that a view would keep, and a job work on; empty if there is none.
    pub filter: String,
    /// The same among several complaints of a view; empty if none is shown.
    pub of_view: String,
    /// How many match, if that is known.
    pub matching: String,
    /// The view that is shown, if one is.
    pub view: Option<Shown>,
    /// The teams that a view can be shared with: id and name.
    pub teams: Vec<(String, String)>,
    /// What a new view was called that was not saved.
    pub view_name: String,
    /// What makes saving a view happen once.
    pub key: String,
    /// What was not done, if something was not.
    pub refused: Option<Refused>,
}
