//! Consumers: of `notify`, of `messages`, of `scan` ([`scanning`]) and of the dead letters of every queue in the courier, of `webhooks`
//! in the back, of `jobs` in the middle ([`crate::bulk`]).
//!
//! Invariant: every message is settled on its own: done → ack, not now → retry. After the last retry the queue
//! moves it to the dead letters, which an operator can list and replay.

use super::{linking, messages, noting, outbox, scanning, webhooks};
use crate::{
    bulk, live, log, metrics, platform,
    platform::Runtime,
    store::{StoreError, system::SystemDb},
    tracing,
};
use shared::{
    http::span::SpanKind,
    ids::OutboxId,
    json,
    metrics::families,
    notify::{MESSAGE_VERSION, OutboxMessage},
    tenant::placement::ShardId,
};
use std::collections::BTreeMap;
use worker::{MessageBatch, MessageExt, RawMessage};

/// What the name of a dead-letter queue ends with.
const DEAD: &str = "-dead";
/// What the name of the queue of bulk jobs begins with.
const JOBS: &str = "jobs";
/// What the name of the queue of webhooks begins with.
const WEBHOOKS: &str = "webhooks";
/// What the name of the queue of notifications begins with.
const MESSAGES: &str = "messages";
/// What the name of the queue of files that wait begins with.
const SCAN: &str = "scan";
/// A message that is older than this, in milliseconds, was not sent by whoever wrote its row, or had to wait.
const LATE_MILLIS: i64 = 5_000;

pub(crate) async fn consume(batch: &MessageBatch<String>, runtime: &Runtime) {
    let queue = batch.queue();
    metrics::count(families::QUEUE_BATCHES, &[&queue], 1);
    match (queue.starts_with(JOBS), queue.ends_with(DEAD)) {
        // A future that is never awaited is still compiled in, so these are no ordinary conditions.
        #[cfg(feature = "courier")]
        (_, true) => bury(batch, runtime).await,
        #[cfg(feature = "middle")]
        (true, false) => bulk::consume(batch, runtime).await,
        #[cfg(feature = "back")]
        (false, false) if queue.starts_with(WEBHOOKS) => webhooks::consume(batch, runtime).await,
        #[cfg(feature = "courier")]
        (false, false) if queue.starts_with(MESSAGES) => messages::consume(batch, runtime).await,
        #[cfg(feature = "courier")]
        (false, false) if queue.starts_with(SCAN) => scanning::consume(batch, runtime).await,
        #[cfg(feature = "courier")]
        (false, false) => record(batch, runtime).await,
        #[cfg(not(all(feature = "middle", feature = "courier", feature = "back")))]
        _ => {
            log::fault("queue_of_another_worker", &queue);
            batch.retry_all();
        }
    }
}

/// Applies tenants' rules, then records who is to be told, a shard at a time. If a shard refuses its messages together, each
/// is tried alone, so that one bad message holds up no other; nor does a rule hold up what is to be told.
async fn record(batch: &MessageBatch<String>, runtime: &Runtime) {
    let begun = platform::now();
    let (queue, mut shards) = (batch.queue(), BTreeMap::<ShardId, Vec<(RawMessage, OutboxMessage)>>::new());
    for raw in batch.raw_iter() {
        let text = raw.body().as_string();
        match text.ok_or_else(|| "not text".to_owned()).and_then(|text| parse(&text)) {
            Ok(message) => {
                metrics::message(&queue, "taken", message.id.made_at());
                // Whoever wrote so long ago may not have lived to tell those who listen.
                if message.id.made_at().plus_millis(LATE_MILLIS) <= platform::now() {
                    live::changed(message.tenant);
                }
                shards.entry(ShardId(message.shard)).or_default().push((raw, message));
            }
            Err(error) => {
                metrics::count(families::QUEUE_MESSAGES, &[&queue, "unreadable"], 1);
                log::fault("message_unreadable", &format!("{}: {error}", raw.id()));
                raw.retry();
            }
        }
    }
    let all: Vec<_> = shards.values().flatten().map(|(_, message)| message).collect();
    let unruled = linking::apply(runtime, &all).await;
    let not_noted = noting::note(runtime, &all).await;
    let settle = |raw: &RawMessage, message: &OutboxMessage| {
        let attributes = vec![("messaging.system", "cloudflare.queues".into())];
        let what = ("queue notify", SpanKind::Consumer);
        tracing::followed(runtime, message.trace.as_deref(), what, begun, false, attributes);
        if unruled.contains(&message.id) { raw.retry() } else { raw.ack() }
    };
    for (shard, mut messages) in shards {
        // Recorded, they would be forgotten.
        messages.retain(|(raw, message)| match not_noted.get(&message.id) {
            None => true,
            Some(error) => {
                unsettled(&queue, raw, error);
                false
            }
        });
        if messages.is_empty() {
            continue;
        }
        let db = SystemDb::new(runtime.clone(), shard);
        let bodies: Vec<_> = messages.iter().map(|(_, message)| message.clone()).collect();
        if db.record_deliveries(&bodies, platform::now()).await.is_ok() {
            messages.iter().for_each(|(raw, message)| settle(raw, message));
            continue;
        }
        for (raw, message) in messages {
            match db.record_deliveries(std::slice::from_ref(&message), platform::now()).await {
                Ok(()) => settle(&raw, &message),
                Err(error) => unsettled(&queue, &raw, &error),
            }
        }
    }
}

/// What was not recorded comes again. Of a tenant that is held the outbox row stays, and goes along or comes again.
fn unsettled(queue: &str, raw: &RawMessage, error: &StoreError) {
    if matches!(error, StoreError::Held) {
        return raw.ack();
    }
    log::fault("message_not_recorded", &format!("{}: {error}", raw.id()));
    metrics::count(families::QUEUE_MESSAGES, &[queue, "again"], 1);
    raw.retry();
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
    metrics::count(
        families::QUEUE_MESSAGES,
        &[&batch.queue(), "buried"],
        u32::try_from(texts.len()).unwrap_or_default(),
    );
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
