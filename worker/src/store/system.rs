//! D1 beyond any one tenant: the directory's source of truth, the outbox of a shard, dead letters.
//!
//! Invariant: only handlers that look after tenants, queue consumers and cron hold a [`SystemDb`]; it reads no complaint.

use super::{Batch, DocRow, Sql, StoreError, rows_of, tenant_events::tell, to_json};
use crate::platform::{Freshness, Runtime};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use shared::{
    chain::Digest,
    complaint::event::EventKind,
    ids::{ComplaintId, DeadLetterId, OutboxId, TenantId},
    json,
    notification::Channel,
    notify::{OutboxMessage, audiences},
    tenant::{Tenant, event::Done, placement::ShardId, relocation::Stage},
    text::Code,
    time::Timestamp,
};

const TENANT_INSERT: Sql = sql!("sql/system/tenant_insert.sql");
const TENANT_UPDATE: Sql = sql!("sql/system/tenant_update.sql");
const TENANT_READ: Sql = sql!("sql/system/tenant_read.sql");
const TENANT_LIST: Sql = sql!("sql/system/tenant_list.sql");
const TENANT_TOUCH: Sql = sql!("sql/system/tenant_touch.sql");
const TENANT_PUBLISHED: Sql = sql!("sql/system/tenant_published.sql");
const TENANT_UNPUBLISHED: Sql = sql!("sql/system/tenant_unpublished.sql");
const IDEMPOTENCY_INSERT: Sql = sql!("sql/system/idempotency_insert.sql");
const IDEMPOTENCY_FIND: Sql = sql!("sql/system/idempotency_find.sql");
const OUTBOX_STALE: Sql = sql!("sql/system/outbox_stale.sql");
const OUTBOX_DELETE: Sql = sql!("sql/system/outbox_delete.sql");
const DELIVERIES_INSERT: Sql = sql!("sql/system/deliveries_insert.sql");
const DEAD_LETTERS_INSERT: Sql = sql!("sql/system/dead_letters_insert.sql");
const DEAD_LETTERS_LIST: Sql = sql!("sql/system/dead_letters_list.sql");
const DEAD_LETTERS_FIND: Sql = sql!("sql/system/dead_letters_find.sql");
const DEAD_LETTERS_REPLAYED: Sql = sql!("sql/system/dead_letters_replayed.sql");
const RELOCATIONS_OPEN: Sql = sql!("sql/system/relocations_open.sql");
const OUTBOX_OF_TENANT: Sql = sql!("sql/system/outbox_of_tenant.sql");
const BULK_DUE: Sql = sql!("sql/system/bulk_due.sql");
const WORDS_BETWEEN: Sql = sql!("sql/system/words_between.sql");
const NOT_INDEXED: Sql = sql!("sql/system/not_indexed.sql");
const WAKE: Sql = sql!("sql/system/wake.sql");
const NEXT_REVIEW: Sql = sql!("sql/system/next_review.sql");
const OUTBOX_DEPTH: Sql = sql!("sql/system/outbox_depth.sql");
const WAKE_DUE: Sql = sql!("sql/system/wake_due.sql");
const BULK_OPEN: Sql = sql!("sql/system/bulk_open.sql");
const DEAD_LETTERS_WAITING: Sql = sql!("sql/system/dead_letters_waiting.sql");
const WEBHOOK_HOMES: Sql = sql!("sql/system/webhook_homes.sql");
const WEBHOOK_MESSAGES_INSERT: Sql = sql!("sql/system/webhook_messages_insert.sql");
const WEBHOOK_LANES: Sql = sql!("sql/system/webhook_lanes.sql");
const WEBHOOK_MESSAGES_FORGET: Sql = sql!("sql/system/webhook_messages_forget.sql");
const WEBHOOK_ENDPOINTS_FORGET: Sql = sql!("sql/system/webhook_endpoints_forget.sql");
const NOTIFICATION_SETTINGS: Sql = sql!("sql/system/notification_settings.sql");
const NOTIFICATIONS_INSERT: Sql = sql!("sql/system/notifications_insert.sql");
const NOTIFICATIONS_DUE: Sql = sql!("sql/system/notifications_due.sql");
const STORED_FILES_DUE: Sql = sql!("sql/system/stored_files_due.sql");
const PING: Sql = sql!("sql/system/ping.sql");

/// The shard that holds tenants, keys and dead letters.
pub(crate) const DIRECTORY_SHARD: ShardId = ShardId(0);

/// A complaint that the text index does not have.
#[derive(Deserialize)]
pub(crate) struct Unindexed {
    pub(crate) tenant: TenantId,
    pub(crate) id: ComplaintId,
}

/// A complaint to which something has come.
#[derive(Deserialize)]
pub(crate) struct Woken {
    pub(crate) tenant: TenantId,
    pub(crate) id: ComplaintId,
}

/// How many rows wait for something, and since when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// At most as many as were asked for.
    pub(crate) n: u32,
    /// When the oldest began to wait.
    pub(crate) since: Option<i64>,
}

/// What waits in a shard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backlog {
    /// Messages in the outbox.
    pub(crate) outbox: Waiting,
    /// Complaints to which something has come that is not recorded.
    pub(crate) wake: Waiting,
    /// Bulk jobs that are not over.
    pub(crate) bulk: Waiting,
    /// Dead letters that nobody has replayed.
    pub(crate) dead_letters: Waiting,
}

#[derive(Deserialize)]
struct DepthRow {
    n: u32,
    oldest: Option<String>,
}

/// An endpoint that somebody has taken to send its messages.
#[derive(Deserialize)]
pub(crate) struct Lane {
    pub(crate) tenant: TenantId,
    /// [`shared::webhook::endpoint::Endpoint`] as JSON.
    pub(crate) doc: String,
    /// [`shared::webhook::endpoint::Health`] as JSON.
    pub(crate) health: String,
    pub(crate) deleted_at: Option<i64>,
}

/// What a tenant has set about whom it tells.
#[derive(Deserialize)]
pub(crate) struct SettingsRow {
    pub(crate) tenant: TenantId,
    /// [`shared::notification::settings::Settings`] as JSON.
    pub(crate) doc: String,
}

/// A notification that somebody has taken to send it.
#[derive(Deserialize)]
pub(crate) struct DueNotification {
    pub(crate) tenant: TenantId,
    pub(crate) complaint: ComplaintId,
    pub(crate) seq: u32,
    pub(crate) rule: Code,
    pub(crate) event: EventKind,
    pub(crate) channel: Channel,
    /// When what it tells of happened.
    pub(crate) at: i64,
    /// Why it was not sent yet, if there is something to say.
    pub(crate) reason: String,
    pub(crate) failed: u32,
}

/// Where a tenant's first slot lies.
#[derive(Deserialize)]
pub(crate) struct Home {
    pub(crate) id: TenantId,
    pub(crate) shard: ShardId,
}

#[derive(Deserialize)]
struct TermRow {
    term: String,
}

/// One shard, as Redress itself sees it.
#[derive(Clone)]
pub(crate) struct SystemDb {
    runtime: Runtime,
    shard: ShardId,
}

/// What a POST did that an operator has sent, or a firm about its own settings and keys: kept so that repeating it does nothing more.
#[derive(Clone, Debug)]
pub(crate) struct OperatorRecord {
    /// The idempotency key; behind the id of the tenant whose own it is, if it is no operator's.
    pub(crate) key: String,
    pub(crate) fingerprint: Digest,
    pub(crate) status: u16,
    /// The answer, without secrets.
    pub(crate) body: String,
    pub(crate) at: Timestamp,
}

/// What such a POST's idempotency key did.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OperatorDone {
    pub(crate) fingerprint: Digest,
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A message that failed all retries.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DeadLetterRow {
    pub(crate) id: DeadLetterId,
    pub(crate) message: String,
    pub(crate) arrived_at: i64,
    pub(crate) replayed_at: Option<i64>,
}

/// An outbox row that is still there.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StaleRow {
    pub(crate) id: OutboxId,
    pub(crate) message: String,
}

/// An outbox row, with its message if that is of the tenant that was asked for.
#[derive(Deserialize)]
pub(crate) struct OutboxRow {
    pub(crate) id: String,
    pub(crate) message: Option<String>,
}

/// A tenant, and what is beside it.
#[derive(Deserialize)]
pub(crate) struct TenantRow {
    /// It, as JSON.
    pub(crate) doc: String,
    /// The number of the change that the directory must show.
    pub(crate) directory_seq: u32,
    /// Where its newest move from here stands.
    stage: Option<Stage>,
}

impl TenantRow {
    pub(crate) fn tenant(&self) -> Result<Tenant, StoreError> {
        json::from_str(&self.doc).map_err(|error| StoreError::unreadable(&error))
    }

    /// Whether requests have to wait.
    pub(crate) fn moving(&self) -> bool {
        self.stage.is_some_and(Stage::is_closed)
    }
}

#[derive(Deserialize)]
struct TenantIdRow {
    id: TenantId,
}

impl OperatorRecord {
    /// Adds the record after the statement it is about.
    pub(super) fn add_to(&self, batch: &mut Batch) {
        let Self { key, fingerprint, status, body, at } = self;
        batch.add(IDEMPOTENCY_INSERT, None, (key, fingerprint, status, body, at.unix_millis()));
    }
}

impl SystemDb {
    pub(crate) const fn new(runtime: Runtime, shard: ShardId) -> Self {
        Self { runtime, shard }
    }

    async fn run<T: DeserializeOwned>(&self, batch: Batch) -> Result<T, StoreError> {
        rows_of(&batch.answer(&self.runtime, self.shard, Freshness::Latest, 0).await?)
    }

    async fn rows<R: DeserializeOwned>(&self, sql: Sql, parameters: impl Serialize) -> Result<Vec<R>, StoreError> {
        let mut batch = Batch::default();
        batch.add(sql, None, parameters);
        let (rows,) = self.run::<(Vec<R>,)>(batch).await?;
        Ok(rows)
    }

    /// Whether the shard answers.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(PING, ()).await?;
        Ok(())
    }

    /// What waits in the shard at `now`, of each sort at most `limit`.
    pub(crate) async fn backlog(&self, now: Timestamp, limit: u32) -> Result<Backlog, StoreError> {
        let mut batch = Batch::default();
        batch.add(OUTBOX_DEPTH, None, (limit,));
        batch.add(WAKE_DUE, None, (now.unix_millis(), limit));
        batch.add(BULK_OPEN, None, (limit,));
        batch.add(DEAD_LETTERS_WAITING, None, (limit,));
        let rows: Vec<Vec<DepthRow>> = self.run(batch).await?;
        let mut rows = rows.into_iter().flatten();
        let mut next = || rows.next().ok_or_else(|| StoreError::unreadable("no row"));
        let (outbox, wake, bulk, dead_letters) = (next()?, next()?, next()?, next()?);
        let written = |id: &String| id.parse().ok().map(|id: OutboxId| id.made_at().unix_millis());
        Ok(Backlog {
            outbox: Waiting { n: outbox.n, since: outbox.oldest.as_ref().and_then(written) },
            wake: Waiting { n: wake.n, since: wake.oldest.and_then(|at| at.parse().ok()) },
            bulk: Waiting { n: bulk.n, since: None },
            dead_letters: Waiting { n: dead_letters.n, since: None },
        })
    }

    /// Some complaints of any tenant that the text index does not have.
    pub(crate) async fn not_indexed(&self, limit: u32) -> Result<Vec<Unindexed>, StoreError> {
        self.rows(NOT_INDEXED, (limit,)).await
    }

    /// Takes complaints of any tenant to which something has come by `now`, the longest ago first; until `until` they are nobody
    /// else's.
    pub(crate) async fn wake(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Woken>, StoreError> {
        self.rows(WAKE, (now.unix_millis(), until.unix_millis(), limit)).await
    }

    /// A tenant whose complaints' clocks are to be looked at anew.
    pub(crate) async fn next_review(&self, now: Timestamp) -> Result<Option<TenantId>, StoreError> {
        let rows: Vec<TenantIdRow> = self.rows(NEXT_REVIEW, (now.unix_millis(),)).await?;
        Ok(rows.into_iter().next().map(|row| row.id))
    }

    /// The tokens of the index from `first` to `last`, at most `limit` of them.
    pub(crate) async fn words_between(&self, first: &str, last: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let rows: Vec<TermRow> = self.rows(WORDS_BETWEEN, (first, last, limit)).await?;
        Ok(rows.into_iter().map(|row| row.term).collect())
    }

    pub(crate) async fn insert_tenant(
        &self,
        tenant: &Tenant,
        record: &OperatorRecord,
        done: &Done,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.add(TENANT_INSERT, None, (tenant.id, &tenant.slug, tenant.version, to_json(tenant)?));
        record.add_to(&mut batch);
        tell(&mut batch, tenant.id, Some(done))?;
        self.run::<IgnoredAny>(batch).await?;
        Ok(())
    }

    /// Writes a tenant's next version. False if another writer was first.
    pub(crate) async fn update_tenant(
        &self,
        tenant: &Tenant,
        record: Option<&OperatorRecord>,
        done: Option<&Done>,
    ) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        batch.add(TENANT_UPDATE, None, (tenant.id, &tenant.slug, tenant.version, to_json(tenant)?));
        if let Some(record) = record {
            record.add_to(&mut batch);
        }
        tell(&mut batch, tenant.id, done)?;
        let answers: Vec<Vec<TenantIdRow>> = self.run(batch).await?;
        Ok(answers.first().is_some_and(|updated| !updated.is_empty()))
    }

    pub(crate) async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.tenant_row(id).await?.map(|row| row.tenant()).transpose()
    }

    /// A tenant, and what is beside it.
    pub(crate) async fn tenant_row(&self, id: TenantId) -> Result<Option<TenantRow>, StoreError> {
        Ok(self.rows::<TenantRow>(TENANT_READ, (id,)).await?.into_iter().next())
    }

    /// Notes that the directory must show a change of what is told about a tenant.
    pub(crate) async fn touch_tenant(&self, tenant: TenantId) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(TENANT_TOUCH, (tenant,)).await?;
        Ok(())
    }

    /// Tenants after `after`, in the order they were created.
    pub(crate) async fn tenants(&self, after: Option<TenantId>, limit: u32) -> Result<Vec<Tenant>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.to_string());
        let rows: Vec<DocRow> = self.rows(TENANT_LIST, (after, limit)).await?;
        rows.iter().map(|row| json::from_str(&row.doc).map_err(|error| StoreError::unreadable(&error))).collect()
    }

    /// Notes that the directory shows change `seq`. False if there has been another since.
    pub(crate) async fn mark_published(&self, tenant: TenantId, seq: u32) -> Result<bool, StoreError> {
        Ok(!self.rows::<IgnoredAny>(TENANT_PUBLISHED, (tenant, seq)).await?.is_empty())
    }

    /// Tenants that the directory does not show as they are.
    pub(crate) async fn unpublished(&self, limit: u32) -> Result<Vec<TenantId>, StoreError> {
        Ok(self.rows::<TenantIdRow>(TENANT_UNPUBLISHED, (limit,)).await?.into_iter().map(|row| row.id).collect())
    }

    /// Tenants that leave this cell, and that nobody is moving just now.
    pub(crate) async fn leaving(&self, now: Timestamp, limit: u32) -> Result<Vec<TenantId>, StoreError> {
        let rows: Vec<TenantIdRow> = self.rows(RELOCATIONS_OPEN, (now.unix_millis(), limit)).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Some bulk jobs that nobody drives: each its next turn, as it is sent. From `until` on it is taken for lost again.
    pub(crate) async fn due_jobs(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let times = format!("[{},{},{}]", now.unix_millis(), until.unix_millis(), self.shard.0);
        let rows: Vec<DocRow> = self.rows(BULK_DUE, (times, limit)).await?;
        Ok(rows.into_iter().map(|row| row.doc).collect())
    }

    /// Files of which it is time to see what has become, as messages that ask for it; until then they are nobody else's.
    pub(crate) async fn due_files(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let rows: Vec<DocRow> = self.rows(STORED_FILES_DUE, (now.unix_millis(), until.unix_millis(), limit)).await?;
        Ok(rows.into_iter().map(|row| row.doc).collect())
    }

    /// A page of the outbox after row `after`: every row, and the message if it is the tenant's.
    pub(crate) async fn outbox_of(
        &self,
        tenant: TenantId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.rows(OUTBOX_OF_TENANT, (after, tenant, limit)).await
    }

    /// What an idempotency key did, if it was used.
    pub(crate) async fn done_by(&self, key: &str) -> Result<Option<OperatorDone>, StoreError> {
        Ok(self.rows(IDEMPOTENCY_FIND, (key,)).await?.into_iter().next())
    }

    /// Outbox rows written before `until`, in the order they were written, after row `after`.
    pub(crate) async fn stale(
        &self,
        after: Option<OutboxId>,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<StaleRow>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.to_string());
        self.rows(OUTBOX_STALE, (after, OutboxId::floor(until), limit)).await
    }

    /// Records who is to be told, and takes the messages out of the outbox: one transaction, repeatable.
    pub(crate) async fn record_deliveries(&self, messages: &[OutboxMessage], now: Timestamp) -> Result<(), StoreError> {
        let intents: Vec<_> = messages
            .iter()
            .flat_map(|message| message.events.iter().map(move |event| (message, event)))
            .flat_map(|(message, event)| audiences(event.kind).iter().map(move |who| (message, event, who)))
            .map(|(message, event, who)| (message.tenant, message.complaint, event.seq, who, event.kind))
            .collect();
        let rows: Vec<_> = messages.iter().map(|message| message.id).collect();
        let mut batch = Batch::default();
        batch.add(DELIVERIES_INSERT, None, (to_json(&intents)?, now.unix_millis()));
        batch.add(OUTBOX_DELETE, None, (to_json(&rows)?,));
        self.run::<IgnoredAny>(batch).await?;
        Ok(())
    }

    /// Where the first slots of tenants lie, of those that are known.
    pub(crate) async fn homes(&self, tenants: &[TenantId]) -> Result<Vec<Home>, StoreError> {
        self.rows(WEBHOOK_HOMES, (to_json(&tenants)?,)).await
    }

    /// Has tenants' endpoints told of what messages say: once, however often this is called. How many messages that adds.
    pub(crate) async fn add_webhooks(&self, messages: &[&OutboxMessage], now: Timestamp) -> Result<usize, StoreError> {
        let happened: Vec<_> = messages
            .iter()
            .flat_map(|message| message.events.iter().map(move |event| (message, event)))
            .map(|(message, event)| {
                let at = message.id.made_at().unix_millis();
                (message.tenant, message.complaint, event.seq, event.kind, at, message.trace.as_deref())
            })
            .collect();
        let rows: Vec<IgnoredAny> =
            self.rows(WEBHOOK_MESSAGES_INSERT, (to_json(&happened)?, now.unix_millis())).await?;
        Ok(rows.len())
    }

    /// Takes endpoints of any tenant that have something to be sent by `now`; until `until` they are nobody else's.
    pub(crate) async fn take_lanes(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Lane>, StoreError> {
        self.rows(WEBHOOK_LANES, (now.unix_millis(), until.unix_millis(), limit)).await
    }

    /// Deletes some messages of webhooks of what happened before a moment, and endpoints that were removed before.
    pub(crate) async fn forget_webhooks(&self, before: Timestamp) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.add(WEBHOOK_MESSAGES_FORGET, None, (before.unix_millis(),));
        batch.add(WEBHOOK_ENDPOINTS_FORGET, None, (before.unix_millis(),));
        self.run::<IgnoredAny>(batch).await?;
        Ok(())
    }

    /// What some tenants have set about whom they tell, of those that have set something.
    pub(crate) async fn notification_settings(&self, tenants: &[TenantId]) -> Result<Vec<SettingsRow>, StoreError> {
        self.rows(NOTIFICATION_SETTINGS, (to_json(&tenants)?,)).await
    }

    /// Notes who is to be told, as `notifications_insert.sql` reads it: once, however often this is called. How many that adds.
    pub(crate) async fn add_notifications(&self, rows: &impl Serialize) -> Result<usize, StoreError> {
        let added: Vec<IgnoredAny> = self.rows(NOTIFICATIONS_INSERT, (to_json(rows)?,)).await?;
        Ok(added.len())
    }

    /// Takes notifications of any tenant that are to be sent by `now`: so many, and of one digest at most so many as go together.
    /// Until `until` they are nobody else's.
    pub(crate) async fn due_notifications(
        &self,
        now: Timestamp,
        until: Timestamp,
        (alone, together): (u32, u32),
    ) -> Result<Vec<DueNotification>, StoreError> {
        self.rows(NOTIFICATIONS_DUE, (now.unix_millis(), until.unix_millis(), alone, together)).await
    }

    /// Takes rows out of the outbox.
    pub(crate) async fn forget(&self, rows: &[OutboxId]) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(OUTBOX_DELETE, (to_json(&rows)?,)).await?;
        Ok(())
    }

    /// Puts messages where an operator sees them.
    pub(crate) async fn bury(&self, letters: &[(DeadLetterId, String)], now: Timestamp) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(DEAD_LETTERS_INSERT, (to_json(&letters)?, now.unix_millis())).await?;
        Ok(())
    }

    pub(crate) async fn dead_letters(
        &self,
        after: Option<DeadLetterId>,
        limit: u32,
    ) -> Result<Vec<DeadLetterRow>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.to_string());
        self.rows(DEAD_LETTERS_LIST, (after, limit)).await
    }

    pub(crate) async fn dead_letter(&self, id: DeadLetterId) -> Result<Option<DeadLetterRow>, StoreError> {
        Ok(self.rows(DEAD_LETTERS_FIND, (id,)).await?.into_iter().next())
    }

    pub(crate) async fn mark_replayed(
        &self,
        id: DeadLetterId,
        now: Timestamp,
        record: &OperatorRecord,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.add(DEAD_LETTERS_REPLAYED, None, (id, now.unix_millis()));
        record.add_to(&mut batch);
        self.run::<IgnoredAny>(batch).await?;
        Ok(())
    }
}
