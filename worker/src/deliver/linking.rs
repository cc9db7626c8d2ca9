//! A tenant's rule that new complaints are linked to those they are like: applied once to each, soon after it was logged.
//!
//! All links of a complaint are one commit under a key of the rule's own. So a message that comes twice links once, and
//! what a person has undone since is not done again.

use crate::{
    duplicates::{self, Told},
    failure::Failure,
    log, platform,
    platform::Runtime,
    store::{StoreError, TenantDb, Unique, commit::Commit, complaints::Loaded},
};
use shared::{
    access::{Actor, ActorKind},
    chain::{self, Digest, Tail},
    complaint::{
        Link,
        command::{Command, LinkTo},
        decide::{LinkTarget, decide},
    },
    http::{idempotency::IdempotencyKey, list_query::ListQuery},
    ids::{ComplaintId, OutboxId},
    tenant::{Tenant, placement::Slot},
    text::Line,
};

/// The rule, as events name who did it, and as its idempotency key.
const RULE: &str = "rule:link_duplicates";
/// How often it begins anew where somebody else has changed the complaint meanwhile.
const ATTEMPTS: usize = 3;

/// Links a complaint to those that the tenant's rule means, unless that was done before.
pub(super) async fn link(runtime: &Runtime, tenant: &Tenant, id: ComplaintId) -> Result<(), Failure> {
    let db_at = |shard| TenantDb::new(runtime.clone(), shard, tenant.id);
    let db_of = |id: ComplaintId| tenant.shards.shard(Slot(id.slot())).map(db_at);
    let Some(db) = db_of(id) else { return Ok(()) };
    let dbs: Vec<_> = tenant.shards.shards().into_iter().map(db_at).collect();
    let key: IdempotencyKey = RULE.parse().map_err(Failure::internal)?;
    let mut outcome = Ok(());
    for _ in 0..ATTEMPTS {
        let now = platform::now();
        let Loaded { complaint, done, lock, .. } = db.load(id, RULE, None, now).await?;
        let (Some(before), None) = (complaint, done) else { return Ok(()) };
        let found = duplicates::find(&dbs, Told::from(&before), &ListQuery::default(), None).await?;
        let found: Vec<_> = found.iter().map(|duplicate| (duplicate.id, &duplicate.candidate)).collect();
        let now = now.max(before.updated_at);
        let mut after = before.clone();
        let mut events = Vec::new();
        for Link { relation, complaint } in tenant.link_duplicates.links(id, &found) {
            let target = match db_of(complaint) {
                Some(other) => other.link_target(complaint, id).await?,
                None => LinkTarget::default(),
            };
            let command = Command::Link(LinkTo { relation, complaint });
            // What a person could not link is not linked: they may have done it already.
            let Ok(bodies) = decide(&after, command, tenant.rules().ok_or_else(no_rules)?, target, now) else { continue };
            let tail = Tail { tenant: tenant.id, complaint: id, version: after.version, head: after.head };
            let actor = Actor { kind: ActorKind::System, id: Line::try_from(RULE).map_err(Failure::internal)? };
            let sealed = chain::seal(tail, &actor, now, bodies, platform::salt).map_err(Failure::internal)?;
            for one in &sealed {
                after.apply(&one.event).map_err(Failure::internal)?;
            }
            events.extend(sealed);
        }
        if events.is_empty() {
            return Ok(());
        }
        let commit = Commit {
            before: Some(&before),
            after: &after,
            events: &events,
            key: &key,
            fingerprint: Digest::ZERO,
            outbox: OutboxId::new(now, &platform::entropy()),
            now,
            // A tie moves nothing: whoever has locked the case is not kept out, nor is the rule.
            lock: lock.map(|lock| lock.token),
            names_it: false,
        };
        match db.commit(commit).await {
            Ok(committed) => {
                // Else cron sends it.
                if let Err(fault) = runtime.notify(&[committed.message]).await {
                    log::fault("outbox_not_sent", &fault);
                }
                return Ok(());
            }
            Err(StoreError::Taken(Unique::IdempotencyKey)) => return Ok(()),
            Err(error @ (StoreError::Taken(Unique::Version) | StoreError::Locked)) => outcome = Err(error.into()),
            Err(error) => return Err(error.into()),
        }
    }
    outcome
}

fn no_rules() -> Failure {
    Failure::internal("a shipped taxonomy does not parse")
}
