//! `/v1/test-clock`: a tenant on the sandbox plan moves the time of its complaints on, and sees in seconds what takes the law weeks.
//!
//! Invariant: a tenant on any other plan never has a time of its own.

use super::tenants::{self, WRITTEN_BY};
use crate::{
    call::{Outcome, Reply, TenantCall},
    failure::Failure,
    log,
    platform::Queue,
    store::system::{DIRECTORY_SHARD, SystemDb},
    waking,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    http::problem::{Code, FieldError, Rule},
    tenant::{
        Plan, TenantChange,
        event::{Done, TenantEvent},
    },
    time::Timestamp,
};

/// The most bytes of a body.
const MAX_BODY: u32 = 1_000;
/// How far a clock may be ahead of the world, in milliseconds: twenty years of 365 days.
const MOST_AHEAD: i64 = 20 * 365 * 86_400_000;
/// A time that has been set may be set again for so long, in milliseconds: a repeated request does nothing more.
const SET_AGAIN: i64 = 300_000;

/// What time it is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TestClock {
    /// For the tenant's complaints.
    now: Timestamp,
    /// In the world.
    world: Timestamp,
}

/// The body of `PUT /v1/test-clock`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetClock {
    /// What time it is from now on for the tenant's complaints. Time goes forward only.
    now: Timestamp,
}

fn only_in_a_sandbox(plan: Plan) -> Result<(), Failure> {
    match plan {
        Plan::Sandbox => Ok(()),
        Plan::Standard | Plan::Enterprise => {
            Err(Failure::new(Code::Forbidden).detail("Only a tenant on the sandbox plan has a test clock"))
        }
    }
}

/// `GET /v1/test-clock`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    only_in_a_sandbox(call.standing.tenant.plan)?;
    Reply::json(200, &TestClock { now: call.time(), world: call.call.now })
}

/// `PUT /v1/test-clock`
///
/// 1. Every complaint will be looked at anew, also if this ends half way.
/// 2. The tenant's time, for all who ask from now on.
/// 3. Look at them now.
pub(crate) async fn set(call: TenantCall) -> Outcome {
    let SetClock { now: wanted } = call.call.json(MAX_BODY).await?;
    let world = call.call.now;
    let directory = SystemDb::new(call.call.runtime.clone(), DIRECTORY_SHARD);
    let before = directory.tenant(call.standing.tenant.id).await?.ok_or(Failure::new(Code::NotFound))?;
    only_in_a_sandbox(before.plan)?;
    let here = before.time(world);
    let refused = |detail: String| Failure::new(Code::Invalid).error(FieldError::at("/now", Rule::OutOfRange, detail));
    if wanted.plus_millis(SET_AGAIN) < here {
        return Err(refused(format!("must not be earlier than it is, {here}")));
    }
    let ahead_by = wanted.unix_millis() - world.unix_millis();
    if ahead_by > MOST_AHEAD {
        return Err(refused("must be at most twenty years ahead".to_owned()));
    }
    if wanted <= here {
        return Reply::json(200, &TestClock { now: here, world });
    }
    // (1)
    waking::review_all(&call.call.runtime, &before, world.plus_millis(WRITTEN_BY)).await?;
    // (2)
    let after = before.changed(TenantChange::SetClock(ahead_by), world).map_err(tenants::gone)?;
    let done = Done { at: world, by: call.actor()?, event: TenantEvent::ClockSet };
    if !directory.update_tenant(&after, None, Some(&done)).await? {
        return Err(Failure::new(Code::Unavailable).detail("The tenant is being changed: try again"));
    }
    tenants::publish(&call.call, after.id).await;
    // (3)
    waking::review_all(&call.call.runtime, &after, world).await?;
    let asked: Vec<_> = after.shards.shards().into_iter().map(waking::ask).collect();
    if let Err(fault) = call.call.runtime.send(Queue::Jobs, &asked).await {
        log::fault("turn_not_announced", &fault);
    }
    Reply::json(200, &TestClock { now: after.time(world), world })
}
