//! What a plan allows, as `rules/plans.json` says.

use crate::tenant::Plan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A rate that is limited, named by the span it is counted over. Every span of that length counts, wherever it
/// begins, not only whole seconds, minutes or days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Requests in a second.
    Burst,
    /// Requests in 60 seconds.
    Minute,
    /// Requests in 86,400 seconds.
    Day,
}

impl Policy {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Burst, Self::Minute, Self::Day];

    /// The name on the wire and in headers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }

    /// The length of the window in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Burst => 1,
            Self::Minute => 60,
            Self::Day => 86_400,
        }
    }

    /// The length of the window in milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.seconds() as i64 * 1000
    }
}

/// How many requests a window may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Which window.
    pub policy: Policy,
    /// The most requests that any span of its length holds.
    pub limit: u32,
}

/// What else a plan bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Complaints logged in a calendar month, UTC.
    ComplaintsAMonth,
    /// Bytes of attachments kept.
    StorageBytes,
    /// People with an account.
    Seats,
    /// Complaints in one bulk job.
    RowsABulkJob,
    /// Bulk jobs that are not over.
    OpenBulkJobs,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::ComplaintsAMonth, Self::StorageBytes, Self::Seats, Self::RowsABulkJob, Self::OpenBulkJobs];

    /// Whether it is used up, so that it is counted; else it bounds something that is looked at when it is asked for.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        !matches!(self, Self::RowsABulkJob | Self::OpenBulkJobs)
    }

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ComplaintsAMonth => "complaints_a_month",
            Self::StorageBytes => "storage_bytes",
            Self::Seats => "seats",
            Self::RowsABulkJob => "rows_a_bulk_job",
            Self::OpenBulkJobs => "open_bulk_jobs",
        }
    }
}

/// How much of a resource a plan includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Of what.
    pub quota: Resource,
    /// How much, in the resource's unit.
    pub limit: u64,
    /// What happens beyond it.
    pub over: Over,
}

/// What happens beyond a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// It is refused.
    Refuse,
    /// It is given, counted and warned of: no consumer's complaint is turned away over money.
    Overage,
}

/// All that a tenant, or an address without credentials, may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The rates. One that is not named is not limited.
    pub windows: Vec<Window>,
    /// The quotas. One that is not named is not limited.
    pub quotas: Vec<Quota>,
}

impl Limits {
    /// What a plan allows. `None` only if the shipped file does not parse, which a test excludes.
    #[must_use]
    pub fn of(plan: Plan) -> Option<&'static Self> {
        let plans = PLANS.as_ref()?;
        Some(match plan {
            Plan::Sandbox => &plans.sandbox,
            Plan::Standard => &plans.standard,
            Plan::Enterprise => &plans.enterprise,
        })
    }

    /// What one address may do without credentials. `None` as for [`Limits::of`].
    #[must_use]
    pub fn anonymous() -> Option<&'static Self> {
        PLANS.as_ref().map(|plans| &plans.anonymous)
    }

    /// The limit of a window, if it has one.
    #[must_use]
    pub fn window(&self, policy: Policy) -> Option<u32> {
        self.windows.iter().find(|window| window.policy == policy).map(|window| window.limit)
    }

    /// The quota of a resource, if it has one.
    #[must_use]
    pub fn quota(&self, resource: Resource) -> Option<Quota> {
        self.quotas.iter().find(|quota| quota.quota == resource).copied()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plans {
    sandbox: Limits,
    standard: Limits,
    enterprise: Limits,
    anonymous: Limits,
}

const FILE: &str = include_str!("../../rules/plans.json");

static PLANS: LazyLock<Option<Plans>> = LazyLock::new(|| crate::json::from_str(FILE).ok());

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_shipped_file_is_sound() {
        let plans: Plans = serde_json::from_str(FILE).unwrap();
        for limits in [&plans.sandbox, &plans.standard, &plans.enterprise, &plans.anonymous] {
            let policies: HashSet<_> = limits.windows.iter().map(|window| window.policy).collect();
            assert_eq!(policies.len(), limits.windows.len(), "a window is named once");
            let resources: HashSet<_> = limits.quotas.iter().map(|quota| quota.quota).collect();
            assert_eq!(resources.len(), limits.quotas.len(), "a quota is named once");
            assert!(limits.window(Policy::Burst) > Some(0));
            for (shorter, longer) in limits.windows.iter().zip(limits.windows.iter().skip(1)) {
                assert!(shorter.policy.seconds() < longer.policy.seconds(), "the shortest window first");
                assert!(shorter.limit < longer.limit, "a longer window has the higher limit");
                let ratio = longer.policy.seconds() / shorter.policy.seconds();
                assert!(longer.limit < shorter.limit * ratio, "a longer window that never binds is no limit");
            }
        }
    }

    #[test]
    fn a_dearer_plan_allows_more_of_everything() {
        let plans = [Plan::Sandbox, Plan::Standard, Plan::Enterprise].map(|plan| Limits::of(plan).unwrap());
        for (less, more) in plans.iter().zip(plans.iter().skip(1)) {
            for policy in Policy::ALL {
                assert!(less.window(policy).unwrap() < more.window(policy).unwrap());
            }
            for resource in Resource::ALL {
                assert!(less.quota(resource).unwrap().limit < more.quota(resource).unwrap().limit);
            }
        }
        assert!(Limits::anonymous().unwrap().quotas.is_empty());
    }

    #[test]
    fn a_paying_tenants_complaints_are_never_refused() {
        for plan in [Plan::Standard, Plan::Enterprise] {
            let quota = Limits::of(plan).unwrap().quota(Resource::ComplaintsAMonth).unwrap();
            assert_eq!(quota.over, Over::Overage);
        }
    }
}
