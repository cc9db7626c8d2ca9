//! A tenant's API keys, as records.

use super::{DocRow, Scoped, Sql, StoreError, TenantDb, system::OperatorRecord, tenant_events::tell, to_json};
use chrono::NaiveDate;
use serde::{Deserialize, de::IgnoredAny};
use shared::{
    identity::session_token::NEEDED_MILLIS,
    ids::KeyId,
    json,
    tenant::{api_key::ApiKey, event::Done, standing::EndedKey},
    time::Timestamp,
};

const INSERT: Scoped = scoped!("sql/keys/insert.sql");
const LIST: Scoped = scoped!("sql/keys/list.sql");
const FIND: Scoped = scoped!("sql/keys/find.sql");
const REVOKE: Scoped = scoped!("sql/keys/revoke.sql");
const ENDED: Scoped = scoped!("sql/keys/ended.sql");
const REPLACE: Scoped = scoped!("sql/keys/replace.sql");
const INSERT_REPLACEMENT: Scoped = scoped!("sql/keys/insert_replacement.sql");
const NOTE_USE: Scoped = scoped!("sql/keys/note_use.sql");
const BARRED: Scoped = scoped!("sql/people/barred.sql");
const TOUCH: Sql = sql!("sql/system/tenant_touch.sql");

/// The most keys that are listed.
pub(crate) const MAX_LISTED: u32 = 1_000;

#[derive(Deserialize)]
struct KeyRow {
    doc: String,
    revoked_at: Option<i64>,
    ends_at: Option<i64>,
    replaced_by: Option<KeyId>,
    last_used_on: Option<NaiveDate>,
}

impl KeyRow {
    fn key(self) -> Result<ApiKey, StoreError> {
        let mut key: ApiKey = json::from_str(&self.doc).map_err(|error| StoreError::unreadable(&error))?;
        key.revoked_at = self.revoked_at.map(Timestamp::from_unix_millis);
        key.expires_at = self.ends_at.map_or(key.expires_at, Timestamp::from_unix_millis);
        key.replaced_by = self.replaced_by;
        key.last_used_on = self.last_used_on;
        Ok(key)
    }
}

#[derive(Deserialize)]
struct EndedRow {
    id: KeyId,
    at: i64,
}

impl TenantDb {
    pub(crate) async fn insert_key(
        &self,
        key: &ApiKey,
        record: &OperatorRecord,
        done: &Done,
    ) -> Result<(), StoreError> {
        let doc = to_json(key)?;
        let mut batch = self.batch().with(INSERT, (key.id, key.expires_at.unix_millis(), doc));
        record.add_to(&mut batch.batch);
        tell(&mut batch.batch, self.tenant, Some(done))?;
        self.run::<IgnoredAny>(batch).await?;
        Ok(())
    }

    /// The newest keys first.
    pub(crate) async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.rows::<KeyRow>(LIST, (MAX_LISTED,)).await?.into_iter().map(KeyRow::key).collect()
    }

    pub(crate) async fn key(&self, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
        self.row::<KeyRow>(FIND, (id,)).await?.map(KeyRow::key).transpose()
    }

    /// Revokes a key, once, and marks the directory as out of date. `None` if there is no such key.
    pub(crate) async fn revoke_key(
        &self,
        id: KeyId,
        now: Timestamp,
        record: &OperatorRecord,
        done: Option<&Done>,
    ) -> Result<Option<ApiKey>, StoreError> {
        let mut batch = self.batch().with(REVOKE, (id, now.unix_millis()));
        record.add_to(&mut batch.batch);
        tell(&mut batch.batch, self.tenant, done)?;
        batch.batch.add(TOUCH, None, (self.tenant,));
        let answers: Vec<Vec<KeyRow>> = self.run(batch.with(FIND, (id,))).await?;
        answers.into_iter().flatten().next().map(KeyRow::key).transpose()
    }

    /// Puts `new` in the place of `old`, which ends at `ends_at`. False if it was replaced before.
    pub(crate) async fn replace_key(
        &self,
        old: KeyId,
        new: &ApiKey,
        ends_at: Timestamp,
        record: &OperatorRecord,
        done: &Done,
    ) -> Result<bool, StoreError> {
        let mut batch = self.batch().with(REPLACE, (old, ends_at.unix_millis(), new.id));
        record.add_to(&mut batch.batch);
        tell(&mut batch.batch, self.tenant, Some(done))?;
        batch.batch.add(TOUCH, None, (self.tenant,));
        let batch = batch.with(INSERT_REPLACEMENT, (new.id, new.expires_at.unix_millis(), to_json(new)?, old));
        let answers: Vec<Vec<IgnoredAny>> = self.run(batch).await?;
        Ok(answers.first().is_some_and(|replaced| !replaced.is_empty()))
    }

    /// Notes the day of `now` as the one on which a key was last used.
    pub(crate) async fn note_use(&self, key: KeyId, now: Timestamp) -> Result<(), StoreError> {
        let day = now.to_string().chars().take(10).collect::<String>();
        self.rows::<IgnoredAny>(NOTE_USE, (key, day)).await?;
        Ok(())
    }

    /// Keys, and sessions and people, that end before their tokens say so.
    pub(crate) async fn ended(&self, now: Timestamp) -> Result<(Vec<EndedKey>, Vec<String>), StoreError> {
        let needed_since = now.unix_millis() - NEEDED_MILLIS;
        let batch = self.batch().with(ENDED, (now.unix_millis(),)).with(BARRED, (needed_since,));
        let (ended, barred) = self.run::<(Vec<EndedRow>, Vec<DocRow>)>(batch).await?;
        let ended = ended.into_iter().map(|row| EndedKey { key: row.id, at: Timestamp::from_unix_millis(row.at) });
        Ok((ended.collect(), barred.into_iter().map(|row| row.doc).collect()))
    }
}
