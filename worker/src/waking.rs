//! Records what time alone brings about (`shared::clock::passing`): cron finds the complaints to which something has come, and
//! goes on by messages on the queue `jobs` until there are none left.
//!
//! Whoever takes complaints puts them off by a **lease**; whoever dies with them leaves them to the next tick. What is recorded is
//! judged by what happened and when it was due, not by when this ran: late or twice, it comes to the same.

use crate::{
    api::commands::{Passed, TIME, record_passing},
    call::Firm,
    failure::Failure,
    log,
    platform::{self, Freshness, Queue, Runtime},
    store::{
        StoreError, TenantDb,
        system::{DIRECTORY_SHARD, SystemDb, Woken},
        together,
    },
};
use shared::{
    access::{Actor, ActorKind},
    http::problem::Code,
    ids::{ComplaintId, TenantId},
    tenant::{Status, Tenant, placement::ShardId},
    text::Line,
    time::Timestamp,
};
use std::collections::BTreeMap;

/// How long complaints that somebody has taken are nobody else's, in milliseconds: longer than any turn takes.
const LEASE_MILLIS: i64 = 120_000;
/// The complaints of a turn: each takes two calls to D1 and about eight statements, of which an invocation has a thousand
/// (Cloudflare D1, limits), and a tenant two.
const A_TURN: u32 = 60;
/// Complaints that are worked on at the same time.
const AT_ONCE: usize = 5;
/// The complaints of a tenant that a turn marks to be looked at anew.
const REVIEWED_A_TURN: u32 = 2_000;

/// The first word of a message that asks for a turn: what it is, and the version of its format. The shard follows.
const TURN: &str = "clocks/1 ";

/// The shard that a message asks a turn for, if it is such a message.
pub(crate) fn asked(message: &str) -> Option<ShardId> {
    message.strip_prefix(TURN)?.parse().ok().map(ShardId)
}

/// A message that asks for a turn.
pub(crate) fn ask(shard: ShardId) -> String {
    format!("{TURN}{}", shard.0)
}

/// A turn, and if it was not enough the message for the next. How many complaints something was recorded of.
pub(crate) async fn take_turn(runtime: &Runtime, shard: ShardId) -> Result<u32, StoreError> {
    let db = SystemDb::new(runtime.clone(), shard);
    let now = platform::now();
    let reviewed = review(runtime, &db, shard, now).await?;
    let woken = db.wake(now, now.plus_millis(LEASE_MILLIS), A_TURN).await?;
    let full = woken.len() >= A_TURN as usize;
    let mut tenants = BTreeMap::<TenantId, Vec<ComplaintId>>::new();
    for Woken { tenant, id } in woken {
        tenants.entry(tenant).or_default().push(id);
    }
    let actor = Actor { kind: ActorKind::System, id: Line::try_from(TIME).map_err(StoreError::unreadable)?, job: None };
    let (mut messages, mut recorded) = (Vec::new(), 0);
    for (id, complaints) in tenants {
        let known = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant(id).await?;
        let served = known.filter(|tenant: &Tenant| tenant.status != Status::Deleted);
        let Some(tenant) = served else {
            TenantDb::new(runtime.clone(), shard, id).let_sleep(&complaints).await?;
            continue;
        };
        let firm = Firm { runtime, tenant: &tenant, freshness: Freshness::Latest };
        for some in complaints.chunks(AT_ONCE) {
            let passed = together(some.iter().map(|id| record_passing(firm, *id, &actor, now))).await;
            for (id, passed) in some.iter().zip(passed) {
                match passed {
                    Ok(Passed::Recorded(message)) => {
                        messages.push(message);
                        recorded += 1;
                    }
                    Ok(Passed::Nothing | Passed::NotFound) => {}
                    Err(failure) => not_recorded(*id, &failure),
                }
            }
        }
    }
    // Cron sends what is not sent.
    if let Err(fault) = runtime.send(Queue::Notify, &messages).await {
        log::fault("outbox_not_sent", &fault);
    }
    if full || reviewed {
        runtime.send(Queue::Jobs, &[ask(shard)]).await.map_err(StoreError::Busy)?;
    }
    Ok(recorded)
}

/// It comes again when its lease has ended. Somebody else was at work on it, or the tenant is held: that is no fault.
fn not_recorded(id: ComplaintId, failure: &Failure) {
    if !matches!(failure.code, Code::PreconditionFailed | Code::Unavailable | Code::Locked) {
        log::fault("passing_not_recorded", &format!("{id}: {}", failure.reason().unwrap_or_default()));
    }
}

/// Has the clocks of all of a tenant's complaints looked at, from `from_at` on.
pub(crate) async fn review_all(runtime: &Runtime, tenant: &Tenant, from_at: Timestamp) -> Result<(), StoreError> {
    for shard in tenant.shards.shards() {
        TenantDb::new(runtime.clone(), shard, tenant.id).begin_clock_review(from_at).await?;
    }
    Ok(())
}

/// Marks some complaints of a tenant whose clocks depend on something else by now. Whether there may be more.
async fn review(runtime: &Runtime, db: &SystemDb, shard: ShardId, now: Timestamp) -> Result<bool, StoreError> {
    let Some(tenant) = db.next_review(now).await? else { return Ok(false) };
    TenantDb::new(runtime.clone(), shard, tenant).review_clocks(REVIEWED_A_TURN).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_which_shard() {
        assert_eq!(ask(ShardId(3)), "clocks/1 3");
        assert_eq!(asked("clocks/1 3"), Some(ShardId(3)));
        for other in ["", "clocks/2 3", "clocks/1 x", "bulk/1 a b 1 7"] {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
