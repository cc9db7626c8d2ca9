//! Consumers of `notify` and of its dead letters.
//!
//! Invariant: every message is settled on its own: done → ack, not now → retry. After the last retry the queue
//! moves it to the dead letters, which an operator can list and replay.

use super::{linking, outbox};
use crate::{
    failure::Failure,
    log, platform,
    platform::Runtime,
    store::{
        StoreError,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use shared::{
    complaint::event::EventKind,
    ids::{OutboxId, TenantId},
    json,
    notify::{MESSAGE_VERSION, OutboxMessage},
    tenant::{Status, Tenant, placement::ShardId},
};
use std::collections::{BTreeMap, btree_map::Entry};
use worker::{MessageBatch, MessageExt, RawMessage};

/// What the name of a dead-letter queue ends with.
const DEAD: &str = "-dead";

pub(crate) async fn consume(batch: &MessageBatch<String>, runtime: &Runtime) {
    if batch.queue().ends_with(DEAD) { bury(batch, runtime).await } else { record(batch, runtime).await }
}

/// Records who is to be told, a shard at a time. If a shard refuses its messages together, each is tried alone, so
/// that one bad message holds up no other. Then applies tenants' rules.
async fn record(batch: &MessageBatch<String>, runtime: &Runtime) {
    let mut shards = BTreeMap::<ShardId, Vec<(RawMessage, OutboxMessage)>>::new();
    for raw in batch.raw_iter() {
        let text = raw.body().as_string();
        match text.ok_or_else(|| "not text".to_owned()).and_then(|text| parse(&text)) {
            Ok(message) => shards.entry(ShardId(message.shard)).or_default().push((raw, message)),
            Err(error) => {
                log::fault("message_unreadable", &format!("{}: {error}", raw.id()));
                raw.retry();
            }
        }
    }
    let mut done = Vec::new();
    for (shard, messages) in shards {
        let db = SystemDb::new(runtime.clone(), shard);
        let bodies: Vec<_> = messages.iter().map(|(_, message)| message.clone()).collect();
        let together = db.record_deliveries(&bodies, platform::now()).await.is_ok();
        for (raw, message) in messages {
            let recorded = match together {
                true => Ok(()),
                false => db.record_deliveries(std::slice::from_ref(&message), platform::now()).await,
            };
            match recorded {
                Ok(()) => done.push((raw, message)),
                // Its outbox row stays, and goes along or comes again.
                Err(StoreError::Held) => raw.ack(),
                Err(error) => {
                    log::fault("message_not_recorded", &format!("{}: {error}", raw.id()));
                    raw.retry();
                }
            }
        }
    }
    apply_rules(done, runtime).await;
}

/// Applies tenants' rules to what was recorded, a message at a time: one that fails comes again and holds up no other.
async fn apply_rules(messages: Vec<(RawMessage, OutboxMessage)>, runtime: &Runtime) {
    let mut tenants = BTreeMap::new();
    for (raw, message) in messages {
        let is_new = message.events.iter().any(|event| event.kind == EventKind::Received);
        let applied = if is_new { link(&message, runtime, &mut tenants).await } else { Ok(()) };
        match applied {
            Ok(()) => raw.ack(),
            Err(failure) => {
                let reason = failure.reason().unwrap_or("the rule was not applied");
                log::fault("rule_not_applied", &format!("{}: {reason}", raw.id()));
                raw.retry();
            }
        }
    }
}

async fn link(
    message: &OutboxMessage,
    runtime: &Runtime,
    tenants: &mut BTreeMap<TenantId, Option<Tenant>>,
) -> Result<(), Failure> {
    let tenant = match tenants.entry(message.tenant) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => {
            let tenant = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant(message.tenant).await?;
            let here = |tenant: &Tenant| tenant.status == Status::Active && tenant.link_duplicates.is_on();
            new.insert(tenant.filter(here))
        }
    };
    match tenant {
        Some(tenant) => linking::link(runtime, tenant, message.complaint).await,
        None => Ok(()),
    }
}

/// A message that this build can act on.
pub(super) fn parse(text: &str) -> Result<OutboxMessage, String> {
    let message: OutboxMessage = json::from_str(text).map_err(|error| error.to_string())?;
    if message.v == MESSAGE_VERSION { Ok(message) } else { Err(format!("unknown version {}", message.v)) }
}

/// Keeps what failed all retries for an operator, and takes it out of the outbox, or cron would send it again.
async fn bury(batch: &MessageBatch<String>, runtime: &Runtime) {
    let texts: Vec<_> = batch.raw_iter().map(|raw| raw.body().as_string().unwrap_or_default()).collect();
    if let Err(error) = outbox::bury(runtime, texts.iter().cloned(), platform::now()).await {
        log::fault("dead_letters_not_recorded", &error);
        batch.raw_iter().for_each(|raw| raw.retry());
        return;
    }
    let mut rows = BTreeMap::<ShardId, Vec<OutboxId>>::new();
    for message in texts.iter().filter_map(|text| parse(text).ok()) {
        rows.entry(ShardId(message.shard)).or_default().push(message.id);
    }
    for (shard, ids) in rows {
        if let Err(error) = SystemDb::new(runtime.clone(), shard).forget(&ids).await {
            log::fault("outbox_not_cleared", &error);
        }
    }
    batch.raw_iter().for_each(|raw| raw.ack());
}
