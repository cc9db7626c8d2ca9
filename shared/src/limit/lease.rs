//! The messages between an isolate and a tenant's `RateLimiter`. A format for both sides of a deployment: isolates
//! of one release ask objects of another.

use crate::limit::plan::{Over, Policy, Quota, Resource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long a lease may be used, in milliseconds since the isolate sent the ask that got it.
pub const LEASE_MILLIS: i64 = 1000;

/// In what steps uses are reported and the shortest window is counted, in milliseconds.
pub const STEP_MILLIS: i64 = 20;

/// How long after its grant a lease's report still counts, in milliseconds: longer than an isolate that was refused
/// stays silent. After that it was used in full.
pub const REPORT_MILLIS: i64 = 90_000;

/// A lease. The number is the moment it was granted, in milliseconds since the epoch by the object's clock, moved
/// on by as many milliseconds as it takes to be greater than every earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaseId(pub i64);

/// What an isolate asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// How many requests it expects within a lease's life.
    pub wanted: u32,
    /// How many of them create a complaint.
    #[serde(default)]
    pub complaints: u32,
    /// What became of its earlier leases, each until it is settled.
    #[serde(default)]
    pub reports: Vec<Report>,
}

/// What became of a lease so far. It says everything since the grant, so that one that is lost, late or repeated
/// does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Which lease.
    pub lease: LeaseId,
    /// When its tokens were used, in that order: (steps of [`STEP_MILLIS`] since the ask *was sent*, rounded up;
    /// tokens). The ask left before the object granted, so the grant's moment plus these steps is, by the object's
    /// clock, no earlier than the use.
    pub uses: Vec<(u32, u32)>,
    /// Tokens that may still be used.
    pub kept: u32,
    /// Complaints logged.
    #[serde(default)]
    pub logged: u32,
    /// Complaint tokens that may still become a logged complaint.
    #[serde(default)]
    pub complaints_kept: u32,
}

/// The object's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What was granted, if anything.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// What was granted less of than wanted, and why. Asking again sooner is useless.
    #[serde(default)]
    pub refusals: Vec<Refusal>,
    /// The leases whose reports need not be repeated.
    #[serde(default)]
    pub settled: Vec<LeaseId>,
    /// Where each window stands after this grant.
    #[serde(default)]
    pub windows: Vec<Level>,
    /// Where each quota stands.
    #[serde(default)]
    pub quotas: Vec<Usage>,
}

/// Tokens that are an isolate's alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// Its id.
    pub id: LeaseId,
    /// The request tokens, the earliest usable first.
    pub tokens: Vec<Portion>,
    /// The complaint tokens.
    #[serde(default)]
    pub complaints: u32,
}

/// Tokens that become usable together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portion {
    /// How long after the isolate *received* the grant, in milliseconds. The object granted before that, so by its
    /// clock no token is used before the moment at which it is free.
    pub after_millis: u32,
    /// How many.
    pub tokens: u32,
}

/// What is exhausted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cause {
    /// A rate.
    Policy(Policy),
    /// A quota.
    Resource(Resource),
}

impl Cause {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy(policy) => policy.as_str(),
            Self::Resource(resource) => resource.as_str(),
        }
    }
}

/// Why there is no more, and when there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// What is exhausted.
    pub cause: Cause,
    /// How long until more is free.
    pub retry_after_millis: u64,
}

/// Where a window stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Which window.
    pub policy: Policy,
    /// How many requests it may hold.
    pub limit: u32,
    /// How many more it may hold now.
    pub remaining: u32,
    /// How long until that grows, unless tokens are handed back earlier; 0 if it is full.
    pub reset_millis: u64,
}

/// Where a quota stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Of what.
    pub quota: Resource,
    /// How much is used, including what is granted and not reported.
    pub used: u64,
    /// How much is included.
    pub limit: u64,
    /// What happens beyond it.
    pub over: Over,
    /// Whether it is used to at least [`WARN_PERCENT`].
    pub warning: bool,
    /// Whether more is used than included.
    pub exceeded: bool,
}

impl Usage {
    /// How much is used of a quota.
    #[must_use]
    pub fn of(quota: Quota, used: u64) -> Self {
        let Quota { quota, limit, over } = quota;
        let warning = u128::from(used) * 100 >= u128::from(limit) * u128::from(WARN_PERCENT);
        Self { quota, used, limit, over, warning, exceeded: used > limit }
    }
}

/// From where on a quota's use is worth a warning.
pub const WARN_PERCENT: u64 = 80;
