//! Endpoints of webhooks and their messages: in the database of the tenant's first slot, so that one transaction holds both.
//!
//! As with bulk jobs, statements take texts and give texts: each type of row would weigh more in the Worker.

use super::{Scoped, StoreError, TenantBatch, TenantDb, to_json};
use serde::Deserialize;
use shared::{
    chain::Digest,
    http::idempotency::IdempotencyKey,
    ids::EndpointId,
    json,
    time::Timestamp,
    webhook::{
        attempt::Attempt,
        endpoint::{Disabled, Endpoint, Health, MAX_ENDPOINTS},
        message::{MAX_REPLAYED, State, Subject, TEST},
    },
};

const INSERT: Scoped = scoped!("sql/webhooks/insert.sql");
const BY_KEY: Scoped = scoped!("sql/webhooks/by_key.sql");
const FIND: Scoped = scoped!("sql/webhooks/find.sql");
const LIST: Scoped = scoped!("sql/webhooks/list.sql");
const UPDATE: Scoped = scoped!("sql/webhooks/update.sql");
const DELETE: Scoped = scoped!("sql/webhooks/delete.sql");
const LOG: Scoped = scoped!("sql/webhooks/log.sql");
const DUE: Scoped = scoped!("sql/webhooks/due.sql");
const RECORD: Scoped = scoped!("sql/webhooks/record.sql");
const EXPIRE: Scoped = scoped!("sql/webhooks/expire.sql");
const DISABLE: Scoped = scoped!("sql/webhooks/disable.sql");
const SETTLE: Scoped = scoped!("sql/webhooks/settle.sql");
const PUT_TEST: Scoped = scoped!("sql/webhooks/test.sql");
const NOTE_REPLAY: Scoped = scoped!("sql/webhooks/note_replay.sql");
const REPLAY: Scoped = scoped!("sql/webhooks/replay.sql");

/// Characters of a fingerprint.
const FINGERPRINT: usize = 64;

/// An endpoint and how it fares.
pub(crate) type Known = (Endpoint, Health);

/// A message as it is stored.
#[derive(Deserialize)]
pub(crate) struct Message(
    pub(crate) String,
    pub(crate) u32,
    pub(crate) String,
    pub(crate) i64,
    pub(crate) State,
    pub(crate) Option<i64>,
    pub(crate) u32,
    pub(crate) Vec<Attempt>,
    /// Where what it tells of is in a trace.
    pub(crate) Option<String>,
);

impl Message {
    /// What it is of.
    pub(crate) fn subject(&self) -> Result<Subject, StoreError> {
        let Self(subject, seq, event, ..) = self;
        if let Some((TEST, digest)) = subject.split_once(':') {
            return Ok(Subject::Test(digest.to_owned()));
        }
        let kind = serde_json::from_value(event.as_str().into()).map_err(StoreError::unreadable)?;
        Ok(Subject::Event(subject.parse().map_err(StoreError::unreadable)?, *seq, kind))
    }

    /// When what it tells of happened.
    pub(crate) const fn at(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.3)
    }

    /// Where it stands in the log.
    pub(crate) fn place(&self) -> String {
        let Self(subject, seq, _, at, ..) = self;
        format!("{at}.{subject}.{seq}")
    }
}

/// What became of an attempt to deliver a message.
pub(crate) struct Tried {
    pub(crate) message: Message,
    pub(crate) state: State,
    pub(crate) next: Option<Timestamp>,
    pub(crate) failed: u32,
    pub(crate) attempt: Attempt,
}

fn known(text: &str) -> Result<Known, StoreError> {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (doc, health) = (next(), next());
    Ok((json::from_str(doc).map_err(StoreError::unreadable)?, json::from_str(health).map_err(StoreError::unreadable)?))
}

fn messages(rows: Vec<Vec<String>>) -> Result<Vec<Message>, StoreError> {
    rows.iter().flatten().map(|row| json::from_str(row).map_err(StoreError::unreadable)).collect()
}

impl TenantDb {
    /// Writes a new endpoint.
    ///
    /// # Errors
    /// The key is [taken](StoreError::Taken), or there are [enough](StoreError::Full).
    pub(crate) async fn insert_endpoint(
        &self,
        endpoint: &Endpoint,
        key: &IdempotencyKey,
        fingerprint: Digest,
    ) -> Result<(), StoreError> {
        let (id, most) = (endpoint.id.to_string(), MAX_ENDPOINTS.to_string());
        let row = [id.as_str(), key.as_str(), &fingerprint.to_string(), &to_json(endpoint)?, &most];
        self.texts(self.batch().with(INSERT, row.as_slice())).await.map(drop)
    }

    /// The fingerprint of the request with this key, and the endpoint that it made, if it did.
    pub(crate) async fn endpoint_made_by(&self, key: &IdempotencyKey) -> Result<Option<(String, Known)>, StoreError> {
        let found = self.texts(self.batch().with(BY_KEY, [key.as_str()].as_slice())).await?;
        let Some(text) = found.iter().flatten().next() else { return Ok(None) };
        let (fingerprint, rest) = text.split_at_checked(FINGERPRINT).unwrap_or_default();
        Ok(Some((fingerprint.to_owned(), known(rest)?)))
    }

    /// An endpoint; and of a request with this key, if it is among the last that changed it, the fingerprint and what it came to.
    pub(crate) async fn endpoint(
        &self,
        id: EndpointId,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<(Known, Option<(String, String)>)>, StoreError> {
        let key = key.map_or("", IdempotencyKey::as_str);
        let found = self.texts(self.batch().with(FIND, [id.to_string().as_str(), key].as_slice())).await?;
        let Some(text) = found.iter().flatten().next() else { return Ok(None) };
        let request = text.split('\n').nth(2).filter(|request| !request.is_empty());
        let request = request.map(json::from_str::<(String, String, String)>).transpose();
        let request = request.map_err(StoreError::unreadable)?.map(|(_, fingerprint, answer)| (fingerprint, answer));
        Ok(Some((known(text)?, request)))
    }

    /// All of the tenant's, in the order they were made.
    pub(crate) async fn endpoints(&self) -> Result<Vec<Known>, StoreError> {
        let found = self.texts(self.batch().with(LIST, ())).await?;
        found.iter().flatten().map(|text| known(text)).collect()
    }

    /// Writes the next version; with `health` it fares like that from now on. The request is known from then on. False if another
    /// writer was first.
    pub(crate) async fn update_endpoint(
        &self,
        endpoint: &Endpoint,
        health: Option<&Health>,
        request: Option<(&IdempotencyKey, Digest)>,
    ) -> Result<bool, StoreError> {
        let (id, version) = (endpoint.id.to_string(), endpoint.version.to_string());
        let health = health.map(to_json).transpose()?.unwrap_or_default();
        let request = request.map(|(key, fingerprint)| to_json(&(key.as_str(), fingerprint, ""))).transpose()?;
        let row = [id.as_str(), &to_json(endpoint)?, &version, &health, request.as_deref().unwrap_or_default()];
        let answers = self.texts(self.batch().with(UPDATE, row.as_slice())).await?;
        Ok(answers.iter().any(|rows| !rows.is_empty()))
    }

    /// Removes an endpoint. False if another writer was first.
    pub(crate) async fn delete_endpoint(&self, endpoint: &Endpoint, now: Timestamp) -> Result<bool, StoreError> {
        let (id, version) = (endpoint.id.to_string(), endpoint.version.to_string());
        let row = [id.as_str(), &version, &now.unix_millis().to_string()];
        let answers = self.texts(self.batch().with(DELETE, row.as_slice())).await?;
        Ok(answers.iter().any(|rows| !rows.is_empty()))
    }

    /// A page of an endpoint's messages, the newest first, behind a place.
    pub(crate) async fn endpoint_log(
        &self,
        id: EndpointId,
        (at, subject, seq): (i64, &str, u32),
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let (id, at, seq, limit) = (id.to_string(), at.to_string(), seq.to_string(), limit.to_string());
        let row = [id.as_str(), &at, subject, &seq, &limit];
        messages(self.texts(self.batch().with(LOG, row.as_slice())).await?)
    }

    /// Has a test sent, unless this one was asked for before.
    pub(crate) async fn put_test(&self, id: EndpointId, subject: &Subject, now: Timestamp) -> Result<(), StoreError> {
        let Subject::Test(digest) = subject else { return Ok(()) };
        let row = [id.to_string(), format!("{TEST}:{digest}"), now.unix_millis().to_string()];
        self.texts(self.batch().with(PUT_TEST, row.as_slice())).await.map(drop)
    }

    /// Has some messages sent anew. What it came to: how many, and when what the last of them tells of happened, apart by a space.
    pub(crate) async fn replay(
        &self,
        id: EndpointId,
        (from, to, failed): (Timestamp, Timestamp, bool),
        now: Timestamp,
        (key, fingerprint): (&IdempotencyKey, Digest),
    ) -> Result<Option<String>, StoreError> {
        let times = [from, to, now].map(|at| at.unix_millis().to_string());
        let [from, to, now] = &times;
        let (id, failed, most) = (id.to_string(), if failed { "1" } else { "" }, MAX_REPLAYED.to_string());
        let row = [id.as_str(), from, to, failed, now, &most];
        let fingerprint = fingerprint.to_string();
        let noted: Vec<&str> = row.iter().copied().chain([key.as_str(), &fingerprint]).collect();
        let batch = self.batch().with(NOTE_REPLAY, noted.as_slice()).with(REPLAY, row.as_slice());
        Ok(self.texts(batch).await?.into_iter().next().and_then(|rows| rows.into_iter().next()))
    }

    /// Some messages that are to be sent to an endpoint now.
    pub(crate) async fn due_messages(
        &self,
        id: EndpointId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let row = [id.to_string(), now.unix_millis().to_string(), limit.to_string()];
        messages(self.texts(self.batch().with(DUE, row.as_slice())).await?)
    }

    /// Writes down what became of messages.
    pub(crate) async fn record_attempts(&self, id: EndpointId, tried: &[Tried]) -> Result<(), StoreError> {
        let mut batch = self.batch();
        for Tried { message: Message(subject, seq, ..), state, next, failed, attempt } in tried {
            let next = next.map(Timestamp::unix_millis);
            let row = [id.to_string(), subject.clone(), seq.to_string(), to_json(&(state, next, failed, attempt))?];
            batch = batch.with(RECORD, row.as_slice());
        }
        self.texts(batch).await.map(drop)
    }

    /// Whoever was at work on an endpoint is not any more; nothing is sent to it before a moment. If it is not to be sent anything any
    /// more, some of its messages are given up. When it is next to be seen to.
    pub(crate) async fn settle_endpoint(
        &self,
        id: EndpointId,
        (health, not_before): (&Health, Timestamp),
        disabled: Option<Disabled>,
        given_up: bool,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let id = id.to_string();
        let mut batch: TenantBatch = self.batch();
        if let Some(disabled) = disabled {
            batch = batch.with(DISABLE, [id.as_str(), disabled.as_str(), &now.to_string()].as_slice());
        }
        if given_up || disabled.is_some() {
            batch = batch.with(EXPIRE, [id.as_str()].as_slice());
        }
        let row = [id.as_str(), &to_json(health)?, &not_before.unix_millis().to_string()];
        let answers = self.texts(batch.with(SETTLE, row.as_slice())).await?;
        let wake_at = answers.last().and_then(|rows| rows.first()).and_then(|text| text.parse().ok());
        Ok(wake_at.map(Timestamp::from_unix_millis))
    }
}
