//! Work on many complaints at a time: what is to be done is tried first, and then done.

use super::{
    queue::{Choice, Refused},
    shell::Shell,
    words::{Named, label, so_many},
};
use askama::Template;

/// How far a job is.
pub const STATES: [Named; 7] = [
    ("queued", "Waiting to begin"),
    ("selecting", "Looking up complaints"),
    ("running", "Under way"),
    ("cancelling", "Stopping"),
    ("done", "Done"),
    ("cancelled", "Stopped"),
    ("failed", "Failed"),
];

/// What became of a complaint.
pub const OUTCOMES: [Named; 9] = [
    ("waiting", "Waiting"),
    ("not_begun", "Not begun"),
    ("done", "Changed"),
    ("would_be_done", "Would be changed"),
    ("unchanged", "Already so"),
    ("refused", "Refused"),
    ("locked", "Somebody works on it"),
    ("not_found", "Not there"),
    ("failed", "Failed"),
];

/// What can be done to many complaints.
pub const ACTIONS: [Named; 5] =
    [("assign", "Assign"), ("classify", "Classify"), ("tag", "Tag"), ("close", "Close"), ("link", "Link")];

/// The tone of a state of a job or an outcome, as a class.
#[must_use]
pub fn tone(word: &str) -> &'static str {
    match word {
        "done" | "would_be_done" => "good",
        "running" | "selecting" | "queued" => "info",
        "failed" | "refused" => "bad",
        "locked" | "not_found" | "cancelling" => "warn",
        _ => "quiet",
    }
}

/// Something that a form says.
#[derive(Clone, Debug, Default)]
pub struct Typed(pub Vec<(String, String)>);

impl Typed {
    /// What was typed; empty if nothing.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(held, _)| held == name).map_or("", |(_, value)| value)
    }

    /// Whether this was chosen.
    #[must_use]
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(held, chosen)| held == name && chosen == value)
    }
}

/// Which complaints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// These, by their ids.
    Selected(Vec<String>),
    /// Those that a filter finds.
    Filter(String),
    /// Those that a view shows.
    View(String),
}

impl Over {
    fn words(&self) -> String {
        match self {
            Self::Selected(ids) => so_many(ids.len().try_into().unwrap_or(u64::MAX), "complaint", "complaints"),
            Self::Filter(_) => "all complaints that match the filter".to_owned(),
            Self::View(_) => "all complaints of the view".to_owned(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Selected(ids) => ids.iter().map(|id| ("complaint", id.as_str())).collect(),
            Self::Filter(filter) => vec![("filter", filter)],
            Self::View(view) => vec![("view", view)],
        }
    }
}

/// What is to be done to which complaints.
#[derive(Clone, Debug, Template)]
#[template(path = "console/job_new.html")]
pub struct NewJob {
    /// What is around it.
    pub shell: Shell,
    /// Which.
    pub over: Over,
    /// What a filter says: property and value.
    pub filter: Vec<(String, String)>,
    /// What was filled in.
    pub typed: Typed,
    /// Who complaints can be assigned to; none if that is not known.
    pub people: Vec<Choice>,
    /// The teams.
    pub teams: Vec<Choice>,
    /// What complaints are about: a product and its issues.
    pub products: Vec<(Choice, Vec<Choice>)>,
    /// What makes it happen once.
    pub key: String,
    /// What was not acceptable, if something was not.
    pub refused: Option<Refused>,
}

/// A job, as a list shows it.
#[derive(Clone, Debug)]
pub struct Job {
    /// The id.
    pub id: String,
    /// What is done.
    pub what: String,
    /// To which.
    pub over: String,
    /// How far it is, as the API calls it.
    pub state: String,
    /// Whether nothing is changed.
    pub is_trial: bool,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub at: String,
    /// How many it has.
    pub selected: u64,
    /// How many are through.
    pub done: u64,
    /// How many are changed, or would be.
    pub succeeded: u64,
    /// How many were already so.
    pub skipped: u64,
    /// How many could not be changed.
    pub failed: u64,
}

impl Job {
    fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "queued" | "selecting" | "running" | "cancelling")
    }

    fn state_label(&self) -> &str {
        label(&STATES, &self.state)
    }

    fn tone(&self) -> &'static str {
        tone(&self.state)
    }

    /// What came of it, in words.
    #[must_use]
    pub fn outcome(&self) -> String {
        let changed = if self.is_trial { "would be changed" } else { "changed" };
        let parts = [(self.succeeded, changed), (self.skipped, "already so"), (self.failed, "not possible")];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{} {what}", super::words::number(*n)))
            .collect();
        if parts.is_empty() { "none yet".to_owned() } else { parts.join(", ") }
    }
}

/// Jobs, the newest first.
#[derive(Clone, Debug, Template)]
#[template(path = "console/jobs.html")]
pub struct Jobs {
    /// What is around it.
    pub shell: Shell,
    /// They.
    pub jobs: Vec<Job>,
    /// Where older ones are; empty if there are none.
    pub next: String,
}

/// What became of a complaint in a job.
#[derive(Clone, Debug)]
pub struct JobRow {
    /// Its id.
    pub complaint: String,
    /// What, as the API calls it.
    pub outcome: String,
    /// Why it was not changed; may be empty.
    pub why: String,
}

impl JobRow {
    fn outcome_label(&self) -> &str {
        label(&OUTCOMES, &self.outcome)
    }

    fn tone(&self) -> &'static str {
        tone(&self.outcome)
    }

    /// An id is long: what sets it apart is its end.
    fn short(&self) -> &str {
        self.complaint
            .char_indices()
            .rev()
            .nth(7)
            .and_then(|(at, _)| self.complaint.get(at..))
            .unwrap_or(&self.complaint)
    }
}

/// A job.
#[derive(Clone, Debug, Template)]
#[template(path = "console/job.html")]
pub struct JobPage {
    /// What is around it.
    pub shell: Shell,
    /// The job.
    pub job: Job,
    /// Where this is.
    pub here: String,
    /// The outcome of which rows are shown; empty: of all.
    pub outcome: String,
    /// What became of each.
    pub rows: Vec<JobRow>,
    /// Where they go on; empty if they do not.
    pub next: String,
    /// Why it failed; empty if it did not.
    pub failure: String,
    /// Whether doing it takes the filter again, and not the complaints that were tried.
    pub takes_filter: bool,
    /// What makes the next step happen once.
    pub key: String,
    /// What was not done, if something was not.
    pub refused: Option<Refused>,
}

impl JobPage {
    /// Whether it was tried, and can be done.
    fn can_be_done(&self) -> bool {
        self.job.is_trial && self.job.state == "done" && self.job.succeeded > 0
    }

    fn outcomes(&self) -> Vec<Named> {
        let shown = |word: &str| match word {
            "done" => !self.job.is_trial,
            "would_be_done" => self.job.is_trial,
            "waiting" | "not_begun" => false,
            _ => true,
        };
        OUTCOMES.into_iter().filter(|(word, _)| shown(word)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_says_what_came_of_it() {
        let job = Job {
            id: String::new(),
            what: String::new(),
            over: String::new(),
            state: "done".to_owned(),
            is_trial: true,
            by: String::new(),
            at: String::new(),
            selected: 1_205,
            done: 1_205,
            succeeded: 1_200,
            skipped: 0,
            failed: 5,
        };
        assert_eq!(job.outcome(), "1,200 would be changed, 5 not possible");
        assert_eq!(Job { is_trial: false, succeeded: 0, failed: 0, skipped: 1, ..job }.outcome(), "1 already so");
    }

    #[test]
    fn what_is_worked_on_goes_along() {
        assert_eq!(Over::Selected(vec!["a".to_owned()]).fields(), [("complaint", "a")]);
        assert_eq!(Over::Selected(vec!["a".to_owned()]).words(), "1 complaint");
        assert_eq!(Over::Filter("state=closed".to_owned()).fields(), [("filter", "state=closed")]);
    }
}
