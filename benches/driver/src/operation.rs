//! The four operations that are measured, and what design and API fix about each.

use clap::ValueEnum;
use hyper::{Method, StatusCode};

/// What a virtual user does again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    /// Reads one complaint of those loaded, each equally often.
    Read,
    /// Lists the fifty newest complaints.
    List,
    /// Logs a complaint.
    Create,
    /// Acknowledges a complaint that nobody has touched yet.
    Command,
}

impl Operation {
    /// All, in the order they are measured: those that leave the data as it is come first.
    pub(crate) const ALL: [Self; 4] = [Self::Read, Self::List, Self::Create, Self::Command];

    /// The name in tables and files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Create => "create",
            Self::Command => "command",
        }
    }

    pub(crate) fn method(self) -> Method {
        if self.writes() { Method::POST } else { Method::GET }
    }

    /// The status of a success; any other answer counts as an error.
    pub(crate) fn success(self) -> StatusCode {
        if self == Self::Create { StatusCode::CREATED } else { StatusCode::OK }
    }

    /// Whether it leaves work behind that runs after the response.
    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Command)
    }

    /// The share of the baseline's requests per second that must be reached.
    pub(crate) fn least_ratio(self) -> f64 {
        if self.writes() { 0.9 } else { 1.0 }
    }

    /// The D1 round trips a request may take.
    pub(crate) fn most_d1_calls(self) -> f64 {
        if self == Self::Command { 2.0 } else { 1.0 }
    }

    /// The rows a request may write, where that is limited.
    pub(crate) fn most_rows_written(self) -> Option<f64> {
        (self == Self::Create).then_some(20.0)
    }
}
