//! What a plan allows.

use super::Settings;
use crate::console::shell::Shell;
use askama::Template;

/// A quota or a window, and how much of it is used.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Of what.
    pub name: &'static str,
    /// How much is used, in words.
    pub used: String,
    /// How much there is, in words.
    pub limit: String,
    /// How much is used, in hundredths: at most 100.
    pub percent: u64,
    /// What is to be said about it; empty: nothing.
    pub warning: &'static str,
}

/// What the plan allows.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/usage.html")]
pub struct Usage {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// The plan.
    pub plan: String,
    /// What is counted.
    pub quotas: Vec<Line>,
    /// How fast requests may come.
    pub windows: Vec<Line>,
}

/// So much of so much, in hundredths.
#[must_use]
pub fn percent(used: u64, limit: u64) -> u64 {
    used.saturating_mul(100).checked_div(limit).unwrap_or(100).min(100)
}

/// What a quota is called.
#[must_use]
pub fn quota(code: &str) -> &'static str {
    match code {
        "complaints_a_month" => "Complaints logged this month",
        "storage_bytes" => "Files kept",
        "seats" => "People who may sign in",
        "rows_a_bulk_job" => "Complaints in one bulk job",
        "open_bulk_jobs" => "Bulk jobs that are not over",
        _ => "Other",
    }
}

/// What a window is called.
#[must_use]
pub fn window(code: &str) -> &'static str {
    match code {
        "burst" => "Requests in a second",
        "minute" => "Requests in a minute",
        "day" => "Requests in a day",
        _ => "Requests",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_at_most_the_whole() {
        assert_eq!((percent(0, 10), percent(5, 10), percent(20, 10), percent(1, 0)), (0, 50, 100, 100));
    }
}
