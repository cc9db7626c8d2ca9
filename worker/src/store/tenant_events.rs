//! What has happened to a tenant's settings and keys: beside its record, and written with what it tells of.

use super::{Batch, Scoped, StoreError, TenantDb, to_json};
use shared::{ids::TenantId, tenant::event::Done};

const INSERT: Scoped = scoped!("sql/tenant_events/insert.sql");
const LIST: Scoped = scoped!("sql/tenant_events/list.sql");

/// Adds that it was done, after the statement that does it or the record of that. (Nothing for nothing: what changes nothing is not told.)
pub(super) fn tell(batch: &mut Batch, tenant: TenantId, done: Option<&Done>) -> Result<(), StoreError> {
    if let Some(Done { at, by, event }) = done {
        batch.add(INSERT.0, Some(tenant), (at, to_json(by)?, to_json(event)?));
    }
    Ok(())
}

impl TenantDb {
    /// What has happened, the newest first, before a number: JSON texts.
    pub(crate) async fn tenant_events(&self, before: u64, most: u32) -> Result<Vec<String>, StoreError> {
        self.lines(LIST, (before, most)).await
    }
}
