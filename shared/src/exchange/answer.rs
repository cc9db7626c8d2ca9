//! What an import answers: a line a row, and one at the end.

use crate::{
    http::problem::{Code, FieldError},
    ids::ComplaintId,
    reference::Reference,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;

/// A line of the answer to an import.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ImportLine {
    /// What became of a row.
    Row(RowAnswer),
    /// What became of all of them: the last line. An answer without it was cut off.
    Summary {
        /// It.
        summary: Tally,
    },
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RowAnswer {
    /// The number of the row, from `first_row` on. Of NDJSON that of its line.
    pub row: u64,
    /// The line of the body that it begins on, from 1.
    pub line: u64,
    /// What became of it.
    pub status: RowStatus,
    /// The complaint it has become, now or before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ComplaintId>,
    /// What its consumer quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Why it has not become one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Cow<'static, str>>,
    /// The values that break rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl RowAnswer {
    /// What became of the row `row` on line `line`.
    #[must_use]
    pub const fn new(row: u64, line: u64, status: RowStatus) -> Self {
        Self { row, line, status, id: None, reference: None, code: None, detail: None, errors: Vec::new() }
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// A complaint was logged.
    Created,
    /// An earlier request of this import has logged it.
    Already,
    /// A complaint would be logged: this is a dry run.
    Valid,
    /// Nothing was logged.
    Failed,
}

/// Why a row was refused, as a problem document says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refused {
    /// What sort of failure.
    pub code: Code,
    /// What exactly, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Cow<'static, str>>,
    /// The values that break rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Refused {
    /// A failure of this sort.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: Some(detail.into()), errors: Vec::new() }
    }

    /// Values that break rules.
    #[must_use]
    pub const fn invalid(errors: Vec<FieldError>) -> Self {
        Self { code: Code::Invalid, detail: None, errors }
    }
}

/// What became of an import's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tally {
    /// How many there were.
    pub rows: u64,
    /// How many have become complaints.
    pub created: u64,
    /// How many had become complaints before.
    pub already: u64,
    /// How many would become complaints, in a dry run.
    pub valid: u64,
    /// How many were refused.
    pub failed: u64,
    /// Whether these were all rows of the body.
    pub complete: bool,
    /// If not, why the import has stopped. Send the same rows, or those from `next_row` on, again with the same key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Refused>,
    /// `first_row` for what comes after the last of them.
    pub next_row: u64,
    /// Columns of the table that were left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns_left_out: Vec<String>,
    /// `Redress-Bookmark` for reads that are to see all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bookmark: Option<String>,
}

impl Tally {
    /// Counts a row.
    pub const fn count(&mut self, status: RowStatus) {
        self.rows += 1;
        let of_it = match status {
            RowStatus::Created => &mut self.created,
            RowStatus::Already => &mut self.already,
            RowStatus::Valid => &mut self.valid,
            RowStatus::Failed => &mut self.failed,
        };
        *of_it += 1;
    }
}
