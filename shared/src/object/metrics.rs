//! `Metrics`, one of a cell: adds up what isolates have counted.

use crate::{ids::TenantId, metrics::Totals};
use serde::{Deserialize, Serialize};

/// The name of the only object of the class.
pub const NAME: &str = "cell";

/// What is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Question {
    /// To add what an isolate has counted since it last said so: answered with [`Added`].
    Add {
        /// What it has counted.
        totals: Totals,
        /// How many requests it had of which tenants.
        tenants: Vec<(TenantId, u64)>,
    },
    /// What all have counted: answered with [`Sums`].
    Read,
}

/// It heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {}

/// What all have counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// All of it.
    pub totals: Totals,
    /// The tenants that have sent most of late, and how many requests; the most first.
    pub tenants: Vec<(TenantId, u64)>,
}
