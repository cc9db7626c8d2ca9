//! Saved views: a row each in the database that has the tenant's record, and with it the request that made it.

use super::{Scoped, StoreError, TenantBatch, TenantDb, to_json};
use shared::{
    chain::Digest,
    http::idempotency::IdempotencyKey,
    ids::ViewId,
    view::{MAX_VIEWS, View},
};

const LIST: Scoped = scoped!("sql/views/list.sql");
const FIND: Scoped = scoped!("sql/views/find.sql");
const INSERT: Scoped = scoped!("sql/views/insert.sql");
const UPDATE: Scoped = scoped!("sql/views/update.sql");
const DELETE: Scoped = scoped!("sql/views/delete.sql");
const REQUEST: Scoped = scoped!("sql/views/request.sql");
const INSERT_REQUEST: Scoped = scoped!("sql/views/insert_request.sql");
const FORGET_REQUESTS: Scoped = scoped!("sql/views/forget_requests.sql");

/// How long a request that made a view is known: 30 days, in milliseconds.
const REQUEST_KEPT_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A request that made a view.
pub(crate) struct Made {
    pub(crate) fingerprint: Digest,
    /// As it was made.
    pub(crate) view: View,
}

fn views_of(texts: Vec<String>) -> Result<Vec<View>, StoreError> {
    texts.iter().map(|text| text.parse().map_err(StoreError::unreadable)).collect()
}

impl TenantDb {
    async fn last_views(&self, batch: TenantBatch) -> Result<Vec<View>, StoreError> {
        views_of(self.texts(batch).await?.pop().unwrap_or_default())
    }

    /// All of the tenant's, in the order they were made.
    pub(crate) async fn views(&self) -> Result<Vec<View>, StoreError> {
        self.last_views(self.batch().with(LIST, ())).await
    }

    pub(crate) async fn view(&self, id: ViewId) -> Result<Option<View>, StoreError> {
        Ok(self.last_views(self.batch().with(FIND, [id.to_string().as_str()].as_slice())).await?.pop())
    }

    /// The request with this key, if it made a view.
    pub(crate) async fn made_by(&self, key: &IdempotencyKey) -> Result<Option<Made>, StoreError> {
        let found = self.texts(self.batch().with(REQUEST, [key.as_str()].as_slice())).await?;
        let Some(text) = found.into_iter().flatten().next() else { return Ok(None) };
        let made = text.split_once(' ').and_then(|(fingerprint, view)| {
            Some(Made { fingerprint: fingerprint.to_owned().try_into().ok()?, view: view.parse().ok()? })
        });
        made.map(Some).ok_or_else(|| StoreError::unreadable("a request that made no view"))
    }

    /// Writes a new view and the request that makes it. All views there are then.
    ///
    /// # Errors
    /// The key or the name is [taken](StoreError::Taken), or there are [enough](StoreError::Full).
    pub(crate) async fn insert_view(
        &self,
        view: &View,
        key: &IdempotencyKey,
        fingerprint: Digest,
    ) -> Result<Vec<View>, StoreError> {
        let (id, fields, made) = (view.id.to_string(), to_json(view.fields())?, view.to_string());
        let at = view.created_at.unix_millis();
        let (at, long_ago) = (at.to_string(), (at - REQUEST_KEPT_MILLIS).to_string());
        let batch = self
            .batch()
            .with(INSERT_REQUEST, [key.as_str(), &fingerprint.to_string(), &made, &at].as_slice())
            .with(INSERT, [id.as_str(), &at, &fields, &MAX_VIEWS.to_string()].as_slice())
            .with(FORGET_REQUESTS, [long_ago.as_str()].as_slice());
        self.last_views(batch.with(LIST, ())).await
    }

    /// Writes the next version of a view. All views there are then; `None` if another writer was first.
    pub(crate) async fn update_view(&self, view: &View) -> Result<Option<Vec<View>>, StoreError> {
        let (id, fields, version) = (view.id.to_string(), to_json(view.fields())?, view.version.to_string());
        let row = [id.as_str(), &view.updated_at.unix_millis().to_string(), &fields, &version];
        self.changed_views(self.batch().with(UPDATE, row.as_slice())).await
    }

    /// Deletes a view. All views there are then; `None` if another writer was first, or the tenant is held.
    pub(crate) async fn delete_view(&self, view: &View) -> Result<Option<Vec<View>>, StoreError> {
        let (id, version) = (view.id.to_string(), view.version.to_string());
        self.changed_views(self.batch().with(DELETE, [id.as_str(), &version].as_slice())).await
    }

    async fn changed_views(&self, batch: TenantBatch) -> Result<Option<Vec<View>>, StoreError> {
        let mut answers = self.texts(batch.with(LIST, ())).await?;
        let rows = answers.pop().unwrap_or_default();
        if answers.iter().all(Vec::is_empty) { Ok(None) } else { views_of(rows).map(Some) }
    }
}
