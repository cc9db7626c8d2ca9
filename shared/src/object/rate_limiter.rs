//! `RateLimiter`, one per tenant and one per address without credentials: leases of requests, and how the tenant stands.

use crate::{
    json::Raw,
    limit::{
        lease::{Ask, Grant, Level, Usage},
        limiter::Limiter,
        plan::Limits,
    },
    tenant::{Plan, standing::Standing},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Question {
    /// A lease for a tenant's requests: answered with [`Leased`].
    Lease {
        /// How much, and what was used of earlier leases.
        lease: Ask,
        /// The number of the standing that the asker knows.
        known: Option<u32>,
    },
    /// A lease for requests without credentials: answered with [`Leased`].
    LeaseForAddress {
        /// How much, and what was used of earlier leases.
        lease: Ask,
        /// What one address is allowed.
        limits: Box<Limits>,
    },
    /// How the tenant stands now: answered with [`Told`]. An older standing than the one it has changes nothing.
    Tell {
        /// A [`Standing`], as text: whoever tells has it so, and what writes one is larger than all that asks.
        standing: Raw,
    },
    /// To log complaints that no request pays for one by one: answered with [`Taken`].
    Complaints {
        /// At most so many.
        wanted: u32,
        /// How many of those that were taken before were not logged.
        unused: u32,
        /// When those were taken.
        taken_at: Timestamp,
    },
    /// What is used of the plan: answered with [`Used`].
    Usage,
    /// All that was counted, for the tenant's next home: answered with [`Counted`].
    Counted,
    /// To go on counting from what another cell counted: answered with [`Told`].
    GoOn {
        /// What was counted there.
        limiter: Box<Limiter>,
    },
}

/// A lease, or that the object does not know the tenant yet and must be told first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leased {
    /// The lease; `None` until the object is told how the tenant stands.
    pub grant: Option<Grant>,
    /// How the tenant stands, if the asker knows an older standing.
    #[serde(default)]
    pub standing: Option<Box<Standing>>,
}

/// Complaints that may be logged, and count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// How many; `None` until the object is told how the tenant stands.
    pub complaints: Option<u32>,
    /// When they were taken, by the object's clock.
    pub at: Timestamp,
}

/// It heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The number of the standing that it has now.
    pub seq: u32,
}

/// What is used of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// `None` until the object is told how the tenant stands.
    pub usage: Option<PlanUsage>,
}

/// What a plan allows and how much of it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanUsage {
    /// The plan.
    pub plan: Plan,
    /// How many requests each window still admits. What isolates have leased counts as used until they say otherwise.
    pub windows: Vec<Level>,
    /// How much of each quota is used.
    pub quotas: Vec<Usage>,
}

/// All that was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// It.
    pub limiter: Box<Limiter>,
}
