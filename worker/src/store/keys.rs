//! A tenant's API keys, as records.

use super::{Scoped, StoreError, TenantDb, json, system::OperatorRecord};
use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::{ids::KeyId, tenant::api_key::ApiKey, time::Timestamp};

const INSERT: Scoped = Scoped::new(include_str!("sql/keys/insert.sql"));
const LIST: Scoped = Scoped::new(include_str!("sql/keys/list.sql"));
const FIND: Scoped = Scoped::new(include_str!("sql/keys/find.sql"));
const REVOKE: Scoped = Scoped::new(include_str!("sql/keys/revoke.sql"));
const REVOKED: Scoped = Scoped::new(include_str!("sql/keys/revoked.sql"));
const TOUCH: &str = include_str!("sql/system/tenant_touch.sql");

/// The most keys that are listed.
pub(crate) const MAX_LISTED: u32 = 1_000;

#[derive(Deserialize)]
struct KeyRow {
    doc: String,
    revoked_at: Option<i64>,
}

impl KeyRow {
    fn key(self) -> Result<ApiKey, StoreError> {
        let mut key: ApiKey = serde_json::from_str(&self.doc).map_err(|error| StoreError::unparsable(&error))?;
        key.revoked_at = self.revoked_at.map(Timestamp::from_unix_millis);
        Ok(key)
    }
}

#[derive(Deserialize)]
struct IdRow {
    id: KeyId,
}

impl TenantDb {
    pub(crate) async fn insert_key(&self, key: &ApiKey, record: &OperatorRecord) -> Result<(), StoreError> {
        let doc = json(key)?;
        let mut batch = self.batch().with(INSERT, (key.id, key.expires_at.unix_millis(), doc));
        record.add_to(&mut batch.batch);
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
    ) -> Result<Option<ApiKey>, StoreError> {
        let mut batch = self.batch().with(REVOKE, (id, now.unix_millis()));
        record.add_to(&mut batch.batch);
        batch.batch.add(TOUCH, None, (self.tenant,));
        let batch = batch.with(FIND, (id,));
        type Answers = (IgnoredAny, IgnoredAny, IgnoredAny, Vec<KeyRow>);
        let (_, _, _, found) = self.run::<Answers>(batch).await?;
        found.into_iter().next().map(KeyRow::key).transpose()
    }

    /// Keys that were revoked and would otherwise still work.
    pub(crate) async fn revoked_keys(&self, now: Timestamp) -> Result<Vec<KeyId>, StoreError> {
        Ok(self.rows::<IdRow>(REVOKED, (now.unix_millis(),)).await?.into_iter().map(|row| row.id).collect())
    }
}
