//! Sends webhooks: a turn at a time, each announced by a message on the queue `webhooks`, so that nothing else waits for other people's
//! machines.
//!
//! A turn takes a few endpoints by a **lease** and sends each what is due to it, until nothing is or one attempt fails: so an endpoint
//! that is slow or dead costs a turn one attempt, has at most one turn at a time, and holds up no other. What is sent and not written
//! down is sent again, with the same `webhook-id`: deliveries come at least once. A turn that is lost comes again by cron.

use crate::{
    config::Config,
    log,
    platform::{self, Queue, Runtime},
    store::{
        StoreError, TenantDb,
        system::{DIRECTORY_SHARD, Lane, SystemDb},
        together,
        webhooks::{Message, Tried},
    },
    tracing,
};
use shared::{
    http::span::SpanKind,
    json,
    notify::OutboxMessage,
    tenant::{Status, placement::ShardId},
    time::Timestamp,
    webhook::{
        address,
        attempt::{Answer, Attempt, Reason, TIMEOUT_MILLIS},
        endpoint::{Disabled, Endpoint, Health, State as Enabled},
        message::{self, KEPT_MILLIS, State},
        signature,
    },
};
use worker::{MessageBatch, MessageExt};

/// How long endpoints that somebody has taken are nobody else's, in milliseconds: longer than a turn and its last attempt take.
const LEASE_MILLIS: i64 = 90_000;
/// The endpoints of a turn. Of each at most two messages are sent at the same time, and an invocation may wait for six answers
/// (Cloudflare Workers, limits, "Simultaneous open connections").
const LANES: u32 = 3;
/// After so many milliseconds a turn begins no more attempts.
const TURN_MILLIS: i64 = 20_000;
/// What is due so soon is announced; for the rest cron comes.
const SOON_MILLIS: i64 = 60_000;

/// The first word of a message that asks for a turn: what it is, and the version of its format. The shard follows.
const TURN: &str = "webhooks/1 ";

/// The shard that a message asks a turn for, if it is such a message.
fn asked(message: &str) -> Option<ShardId> {
    message.strip_prefix(TURN)?.parse().ok().map(ShardId)
}

fn ask(shard: ShardId) -> String {
    format!("{TURN}{}", shard.0)
}

/// Has whoever is due in a shard sent something. If that fails, cron does it.
pub(crate) async fn announce(runtime: &Runtime, shard: ShardId) {
    if let Err(fault) = runtime.send(Queue::Webhooks, &[ask(shard)]).await {
        log::fault("webhooks_not_announced", &fault);
    }
}

/// Notes in a shard what tenants' endpoints are to be told of messages. How many there are.
pub(super) async fn note(runtime: &Runtime, shard: ShardId, messages: &[&OutboxMessage]) -> Result<usize, StoreError> {
    SystemDb::new(runtime.clone(), shard).add_webhooks(messages, platform::now()).await
}

/// Takes turns. Each message is settled on its own: what is not a turn goes, after all retries, to the dead letters.
pub(super) async fn consume(batch: &MessageBatch<String>, runtime: &Runtime) {
    for raw in batch.raw_iter() {
        let text = raw.body().as_string().unwrap_or_default();
        let done = match asked(&text) {
            Some(shard) => take_turn(runtime, shard).await,
            None => Err(StoreError::unreadable("not a turn of webhooks")),
        };
        match done {
            Ok(()) => raw.ack(),
            Err(error) => {
                log::fault("webhooks_not_sent", &format!("{}: {error}", raw.id()));
                raw.retry();
            }
        }
    }
}

/// Asks for a turn of each shard, which does little if nothing is due, and forgets what is old.
pub(crate) async fn sweep(runtime: &Runtime, now: Timestamp) -> Result<(), StoreError> {
    let shards = runtime.shards();
    let turns: Vec<String> = shards.iter().map(|shard| ask(*shard)).collect();
    runtime.send(Queue::Webhooks, &turns).await.map_err(StoreError::Busy)?;
    for shard in shards.iter() {
        SystemDb::new(runtime.clone(), *shard).forget_webhooks(now.plus_millis(-KEPT_MILLIS)).await?;
    }
    Ok(())
}

async fn take_turn(runtime: &Runtime, shard: ShardId) -> Result<(), StoreError> {
    let begun = platform::now();
    let lanes = SystemDb::new(runtime.clone(), shard).take_lanes(begun, begun.plus_millis(LEASE_MILLIS), LANES).await?;
    if lanes.len() >= LANES as usize {
        announce(runtime, shard).await;
    }
    let driven = together(lanes.iter().map(|lane| drive(runtime, shard, lane, begun))).await;
    let mut next = None;
    for (lane, driven) in lanes.iter().zip(driven) {
        match driven {
            Ok(wake_at) => next = next.into_iter().chain(wake_at).min(),
            // It comes again when its lease has ended, or where the tenant has gone.
            Err(StoreError::Held) => {}
            Err(error) => log::fault("endpoint_not_seen_to", &format!("{}: {error}", lane.tenant)),
        }
    }
    let now = platform::now();
    if let Some(next) = next.filter(|next| *next < now.plus_millis(SOON_MILLIS)) {
        let wait = (next.unix_millis() - now.unix_millis()).max(0);
        let seconds = u32::try_from((wait + 999) / 1_000).unwrap_or_default();
        runtime.send_later(Queue::Webhooks, &[ask(shard)], seconds).await.map_err(StoreError::Busy)?;
    }
    Ok(())
}

/// Sends an endpoint what is due to it. When it is next to be seen to.
async fn drive(
    runtime: &Runtime,
    shard: ShardId,
    lane: &Lane,
    begun: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let config = Config::of(runtime).map_err(StoreError::unreadable)?;
    let endpoint: Endpoint = json::from_str(&lane.doc).map_err(StoreError::unreadable)?;
    let mut health: Health = json::from_str(&lane.health).map_err(StoreError::unreadable)?;
    let db = TenantDb::new(runtime.clone(), shard, lane.tenant);
    let tenant = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant(lane.tenant).await?;
    let is_served = tenant.is_some_and(|tenant| tenant.status != Status::Deleted);
    let given_up = !is_served || lane.deleted_at.is_some() || endpoint.state == Enabled::Disabled;
    let (mut goes_on, mut disabled) = (!given_up, None);
    while goes_on {
        let now = platform::now();
        let due = db.due_messages(endpoint.id, now, health.at_once()).await?;
        goes_on = !due.is_empty() && now < begun.plus_millis(TURN_MILLIS);
        if !goes_on {
            break;
        }
        let mut tried = Vec::new();
        for (message, attempt, answer) in
            together(due.into_iter().map(|due| send(runtime, &config, &endpoint, due))).await
        {
            let failure = answer.failure();
            health = health.after(failure.is_none(), platform::now());
            goes_on &= failure.is_none();
            if answer.is_gone() {
                disabled = Some(Disabled::Gone);
            }
            tried.push(judged(&config, message, attempt, &answer));
        }
        db.record_attempts(endpoint.id, &tried).await?;
    }
    let now = platform::now();
    if health.is_hopeless(now) && !given_up {
        disabled = disabled.or(Some(Disabled::Failing));
    }
    // What is given up need not wait.
    let pause = if given_up { 0 } else { health.pause_millis() / config.webhooks_hurry.max(1) };
    db.settle_endpoint(endpoint.id, (&health, now.plus_millis(pause)), disabled, given_up, now).await
}

fn judged(config: &Config, message: Message, attempt: Attempt, answer: &Answer) -> Tried {
    if answer.failure().is_none() {
        return Tried { failed: message.6, message, state: State::Delivered, next: None, attempt };
    }
    let failed = message.6.saturating_add(1);
    let [chance] = platform::random();
    let next = answer.next(failed, platform::now(), chance, config.webhooks_hurry).filter(|_| !answer.is_gone());
    let state = if next.is_some() { State::Pending } else { State::Failed };
    Tried { message, state, next, failed, attempt }
}

async fn send(runtime: &Runtime, config: &Config, endpoint: &Endpoint, message: Message) -> (Message, Attempt, Answer) {
    let at = platform::now();
    let answer = match message.subject() {
        // What was acceptable when it was saved may not be any more.
        Ok(subject) if address::check(endpoint.url.as_str(), config.webhooks_to_loopback).is_ok() => {
            let id = message::id(endpoint.id, &subject);
            let body = message::body(endpoint.id, &subject, message.at());
            let seconds = at.unix_seconds();
            let signed = signature::header(&endpoint.keys(&config.request_secrets, at), &id, seconds, &body);
            let headers = format!(
                "content-type: application/json\nuser-agent: Redress-Webhooks/1\nwebhook-id: {id}\nwebhook-timestamp: {seconds}\nwebhook-signature: {signed}"
            );
            platform::send_out(endpoint.url.as_str(), &headers, &body, TIMEOUT_MILLIS).await
        }
        Ok(_) => Answer::None(Reason::Address),
        Err(error) => {
            log::fault("webhook_unreadable", &error);
            Answer::None(Reason::Unreachable)
        }
    };
    let status = answer.status().map(|status| ("http.response.status_code", u32::from(status).into()));
    let (what, failed) = (("webhook", SpanKind::Client), answer.failure().is_some());
    tracing::followed(runtime, message.8.as_deref(), what, at, failed, status.into_iter().collect());
    let millis = platform::now().unix_millis() - at.unix_millis();
    (message, Attempt { at, status: answer.status(), millis, reason: answer.failure() }, answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_which_shard() {
        assert_eq!(ask(ShardId(3)), "webhooks/1 3");
        assert_eq!(asked("webhooks/1 3"), Some(ShardId(3)));
        for other in ["", "webhooks/2 3", "webhooks/1 x", "clocks/1 3"] {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
