//! What clients have asked and been answered, line by line, in a file that only grows: all that the checker knows of what should be.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// A firm that clients work for.
    Firm {
        /// Its id.
        tenant: String,
        /// Its endpoint for webhooks.
        endpoint: String,
        /// The kinds of events that the endpoint is told of; all if there are none.
        events: Vec<String>,
        /// The filters of its saved views, as far as the checker understands them: `state=…`, `tag=…`.
        views: Vec<String>,
    },
    /// Something is about to be sent for the first time.
    Asked {
        /// Its number, which what it writes carries as [`marker`].
        op: u64,
        /// The firm.
        tenant: String,
        /// What it is.
        what: What,
        /// The complaint that it is about, unless it makes one.
        complaint: Option<String>,
    },
    /// An answer that settles it: nobody asks again.
    Answered {
        /// What was asked.
        op: u64,
        /// How often it was sent until then.
        attempts: u64,
        /// HTTP status.
        status: u16,
        /// Whether it was the kept answer to an earlier attempt.
        replayed: bool,
        /// The complaint, or the job.
        id: Option<String>,
        /// The complaint's reference.
        reference: Option<String>,
        /// The complaint's version after it.
        version: Option<u64>,
        /// Why it was refused.
        code: Option<String>,
    },
    /// No answer, or one that says to come again.
    Unsettled {
        /// What was asked.
        op: u64,
        /// Which attempt it was.
        attempt: u64,
        /// What came instead.
        why: String,
    },
    /// A message that nobody can act on was put somewhere.
    Poisoned {
        /// An outbox, or a queue.
        place: String,
        /// The message.
        message: String,
        /// Whether it outlives the runtime: local queues do not.
        lasts: bool,
    },
    /// Somebody's request was sent once more after all, and what was answered.
    Repeated {
        /// What was asked at first.
        op: u64,
        /// HTTP status.
        status: u16,
        /// Whether it was the kept answer.
        replayed: bool,
        /// The complaint.
        id: Option<String>,
        /// The version that it made.
        version: Option<u64>,
    },
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A complaint is logged.
    Log,
    /// A row of an import.
    Row,
    /// A note.
    Note,
    /// An assignment.
    Assign,
    /// A contact.
    Contact,
    /// An attachment.
    Attach,
    /// An acknowledgement.
    Acknowledge,
    /// A job for many complaints.
    Bulk,
    /// A complaint is read.
    Read,
}

impl What {
    /// The kind of event that it makes, if it makes one.
    pub fn event(self) -> Option<&'static str> {
        match self {
            What::Log | What::Row => Some("received"),
            What::Note => Some("noted"),
            What::Assign => Some("assigned"),
            What::Contact => Some("contact_recorded"),
            What::Attach => Some("attachment_added"),
            What::Acknowledge => Some("acknowledged"),
            What::Bulk | What::Read => None,
        }
    }
}

/// What everything that a request writes carries, so that it is found wherever it went.
pub fn marker(op: u64) -> String {
    format!("zq{op}qz")
}

/// The requests whose markers stand in a text, each once.
pub fn markers(text: &str) -> Vec<u64> {
    let numbers = text.split("zq").skip(1).filter_map(|rest| rest.split_once("qz")?.0.parse().ok());
    let mut found: Vec<u64> = numbers.collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The file, for several writers at a time.
#[derive(Debug)]
pub struct Ledger(Mutex<File>);

impl Ledger {
    /// An empty one.
    pub fn create(path: &Path) -> Result<Ledger> {
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(path);
        Ok(Ledger(Mutex::new(file.with_context(|| format!("opening {}", path.display()))?)))
    }

    /// Adds a line.
    pub fn add(&self, entry: &Entry) -> Result<()> {
        let line = serde_json::to_string(entry)? + "\n";
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(line.as_bytes()).context("writing the clients' log")
    }

    /// All lines of a file.
    pub fn read(path: &Path) -> Result<Vec<Entry>> {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_wherever_it_stands() {
        let text = format!("{{\"a\":\"{}\",\"b\":\"x-{}. {}\"}}", marker(17), marker(3), marker(17));
        assert_eq!(markers(&text), [3, 17]);
        assert_eq!(markers("zqz zqqz zq12 qz zq1xqz"), [] as [u64; 0]);
    }

    #[test]
    fn what_is_added_is_read_again() -> Result<()> {
        let path = std::env::temp_dir().join(format!("chaos-ledger-{}", std::process::id()));
        let entry = Entry::Unsettled { op: 7, attempt: 1, why: "connection refused".to_owned() };
        Ledger::create(&path)?.add(&entry)?;
        assert_eq!(Ledger::read(&path)?, [entry]);
        Ok(std::fs::remove_file(&path)?)
    }
}
