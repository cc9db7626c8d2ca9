//! Who is to be told of what, and what repeated requests did before.

use super::{Scoped, StoreError, TenantDb, complaints::Done};
use serde::Deserialize;
use shared::{complaint::event::EventKind, ids::ComplaintId, notify::Audience};

const OF_COMPLAINT: Scoped = scoped!("sql/deliveries/of_complaint.sql");
const IDEMPOTENCY_FIND: Scoped = scoped!("sql/idempotency/find.sql");

/// One thing to tell.
#[derive(Deserialize)]
pub(crate) struct DeliveryRow {
    pub(crate) seq: u32,
    pub(crate) audience: Audience,
    pub(crate) event: EventKind,
    pub(crate) status: String,
    pub(crate) recorded_at: i64,
}

impl TenantDb {
    /// What is to be told of the next `limit` events after number `after` that somebody is told of, in order.
    pub(crate) async fn deliveries(
        &self,
        id: ComplaintId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        self.rows(OF_COMPLAINT, (id, after, limit)).await
    }

    /// What an idempotency key did in its scope (a complaint's id, empty for the creation of one), if it was used.
    pub(crate) async fn done_by(&self, scope: &str, key: &str) -> Result<Option<Done>, StoreError> {
        self.row(IDEMPOTENCY_FIND, (scope, key)).await
    }
}
