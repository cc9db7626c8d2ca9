//! A hold on a tenant: while it is there, no commit of that tenant is done in this database.

use super::{Scoped, StoreError, TenantDb};
use serde::de::IgnoredAny;

const INSERT: Scoped = Scoped::new(include_str!("sql/holds/insert.sql"));
const DELETE: Scoped = Scoped::new(include_str!("sql/holds/delete.sql"));

#[allow(dead_code, reason = "for moving a tenant to another cell, which nothing does yet")]
impl TenantDb {
    /// From the moment that this is answered, commits fail with [`StoreError::Held`]. Repeating it changes nothing.
    pub(crate) async fn hold(&self, reason: &str) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(INSERT, (reason,)).await?;
        Ok(())
    }

    /// Commits are done again.
    pub(crate) async fn release_hold(&self) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(DELETE, ()).await?;
        Ok(())
    }
}
