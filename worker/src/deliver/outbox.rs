//! Sending outbox rows to the queue: soon after the answer, or, if that failed, by cron.
//!
//! Invariant: a row stays until the consumer has recorded what it says, or it is among the dead letters, so nothing
//! that was answered 2xx is lost; the consumer takes a repeated message for what it is, so sending twice does no harm.

use crate::{
    call::Call,
    deliver::consumer,
    log,
    platform::{self, Queue, Runtime},
    store::{
        StoreError,
        system::{DIRECTORY_SHARD, StaleRow, SystemDb},
    },
};
use shared::{ids::DeadLetterId, tenant::placement::ShardId, time::Timestamp};
use std::cell::{Cell, RefCell};

/// How long messages gather before they are sent together.
const GATHER_MILLIS: u32 = 20;
/// A sender that has not come back after this long is taken to have died with its request.
const SENDER_LIFE_MILLIS: i64 = 5_000;
/// Rows younger than this are still on their way.
const STALE_MILLIS: i64 = 15_000;
const SWEEP_PAGE: u32 = 500;
const PAGES_A_TICK: usize = 10;

thread_local! {
    /// Messages of this isolate's requests that are not sent yet: ids only.
    static GATHERED: RefCell<Vec<String>> = RefCell::default();
    /// When the request that will send them began to wait.
    static SENDER_SINCE: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

/// Has `message` sent after the answer, together with those of other requests.
pub(crate) fn announce(call: &Call, message: String) {
    GATHERED.with_borrow_mut(|gathered| gathered.push(message));
    let now = call.now;
    if SENDER_SINCE.get().is_some_and(|since| since.plus_millis(SENDER_LIFE_MILLIS) > now) {
        return;
    }
    SENDER_SINCE.set(Some(now));
    let runtime = call.runtime.clone();
    call.afterwards(async move {
        platform::sleep(GATHER_MILLIS).await;
        SENDER_SINCE.set(None);
        let messages = GATHERED.take();
        if let Err(fault) = runtime.send(Queue::Notify, &messages).await {
            log::fault("outbox_not_sent", &fault);
        }
    });
}

/// Sends rows that have stayed too long, the oldest first; the next tick goes on. A row that no consumer could read
/// is given up at once, or it would come back every minute.
///
/// Rows go once the consumer has recorded them, so those that stay are few unless it is behind: then sending more
/// than it can take in a minute would only add copies.
pub(crate) async fn sweep(runtime: &Runtime, shard: ShardId, now: Timestamp) -> Result<u32, StoreError> {
    let db = SystemDb::new(runtime.clone(), shard);
    let until = now.plus_millis(-STALE_MILLIS);
    let (mut after, mut sent) = (None, 0);
    for _ in 0..PAGES_A_TICK {
        let rows = db.stale(after, until, SWEEP_PAGE).await?;
        let Some(last) = rows.last() else { return Ok(sent) };
        after = Some(last.id);
        let (sound, broken): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| is_sound(row, shard));
        let messages: Vec<_> = sound.into_iter().map(|row| row.message).collect();
        runtime.send(Queue::Notify, &messages).await.map_err(StoreError::Busy)?;
        sent += u32::try_from(messages.len()).unwrap_or_default();
        if !broken.is_empty() {
            log::fault("outbox_unreadable", &broken.len());
            let ids: Vec<_> = broken.iter().map(|row| row.id).collect();
            bury(runtime, broken.into_iter().map(|row| row.message), now).await?;
            db.forget(&ids).await?;
        }
    }
    Ok(sent)
}

fn is_sound(row: &StaleRow, shard: ShardId) -> bool {
    consumer::parse(&row.message).is_ok_and(|message| message.id == row.id && message.shard == shard.0)
}

/// Puts messages where an operator sees them. Their outbox rows go only after that: a crash in between leaves a
/// second letter, never none.
pub(super) async fn bury(
    runtime: &Runtime,
    messages: impl Iterator<Item = String>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let letters: Vec<_> = messages.map(|text| (DeadLetterId::new(now, &platform::entropy()), text)).collect();
    SystemDb::new(runtime.clone(), DIRECTORY_SHARD).bury(&letters, now).await
}
