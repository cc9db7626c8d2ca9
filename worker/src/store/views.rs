//! Saved views: a row each in the database that has the tenant's record, and with it the request that made it.

use super::{Scoped, StoreError, TenantDb, to_json};
use serde::{Deserialize, de::IgnoredAny};
use shared::{
    chain::Digest,
    http::idempotency::IdempotencyKey,
    ids::ViewId,
    json,
    view::{MAX_VIEWS, View},
};

pub(super) const LIST: Scoped = Scoped::new(include_str!("sql/views/list.sql"));
const FIND: Scoped = Scoped::new(include_str!("sql/views/find.sql"));
const INSERT: Scoped = Scoped::new(include_str!("sql/views/insert.sql"));
const UPDATE: Scoped = Scoped::new(include_str!("sql/views/update.sql"));
const DELETE: Scoped = Scoped::new(include_str!("sql/views/delete.sql"));
const REQUEST: Scoped = Scoped::new(include_str!("sql/views/request.sql"));
const INSERT_REQUEST: Scoped = Scoped::new(include_str!("sql/views/insert_request.sql"));
const FORGET_REQUESTS: Scoped = Scoped::new(include_str!("sql/views/forget_requests.sql"));

/// How long a request that made a view is known: 30 days, in milliseconds.
const REQUEST_KEPT_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

#[derive(Deserialize)]
pub(super) struct DocRow {
    pub(super) doc: String,
}

/// A request that made a view.
#[derive(Deserialize)]
pub(crate) struct Made {
    pub(crate) fingerprint: Digest,
    doc: String,
}

impl Made {
    /// The view as it was made.
    pub(crate) fn view(&self) -> Result<View, StoreError> {
        json::from_str(&self.doc).map_err(|error| StoreError::unreadable(&error))
    }
}

fn views_of(rows: Vec<DocRow>) -> Result<Vec<View>, StoreError> {
    rows.iter().map(|row| json::from_str(&row.doc).map_err(|error| StoreError::unreadable(&error))).collect()
}

impl TenantDb {
    /// All of the tenant's, in the order they were made.
    pub(crate) async fn views(&self) -> Result<Vec<View>, StoreError> {
        views_of(self.rows(LIST, ()).await?)
    }

    pub(crate) async fn view(&self, id: ViewId) -> Result<Option<View>, StoreError> {
        Ok(views_of(self.rows(FIND, (id,)).await?)?.pop())
    }

    /// The request with this key, if it made a view.
    pub(crate) async fn made_by(&self, key: &IdempotencyKey) -> Result<Option<Made>, StoreError> {
        self.row(REQUEST, (key.as_str(),)).await
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
        let doc = to_json(view)?;
        let at = view.created_at;
        let row = (view.id, &view.owner, &view.name, view.version, &doc, MAX_VIEWS);
        let batch = self
            .batch()
            .with(INSERT_REQUEST, (key.as_str(), fingerprint, &doc, at.unix_millis()))
            .with(INSERT, row)
            .with(FORGET_REQUESTS, (at.plus_millis(-REQUEST_KEPT_MILLIS).unix_millis(),))
            .with(LIST, ());
        let (_, _, _, rows) = self.run::<(IgnoredAny, IgnoredAny, IgnoredAny, Vec<DocRow>)>(batch).await?;
        views_of(rows)
    }

    /// Writes the next version of a view. All views there are then; `None` if another writer was first.
    pub(crate) async fn update_view(&self, view: &View) -> Result<Option<Vec<View>>, StoreError> {
        let row = (view.id, &view.owner, &view.name, view.version, to_json(view)?);
        self.changed_views(self.batch().with(UPDATE, row)).await
    }

    /// Deletes a view. All views there are then; `None` if another writer was first, or the tenant is held.
    pub(crate) async fn delete_view(&self, view: &View) -> Result<Option<Vec<View>>, StoreError> {
        self.changed_views(self.batch().with(DELETE, (view.id, view.version))).await
    }

    async fn changed_views(&self, batch: super::TenantBatch) -> Result<Option<Vec<View>>, StoreError> {
        let (done, rows) = self.run::<(Vec<IgnoredAny>, Vec<DocRow>)>(batch.with(LIST, ())).await?;
        if done.is_empty() { Ok(None) } else { views_of(rows).map(Some) }
    }
}
