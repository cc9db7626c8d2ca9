//! What complaints were to be called by an answer 202, although they were logged before under another id: in the database of the
//! tenant's first slot.

use super::{Scoped, StoreError, TenantDb};
use serde::Deserialize;
use shared::{ids::ComplaintId, reference::Reference};

const INSERT: Scoped = scoped!("sql/promised/insert.sql");
const FIND: Scoped = scoped!("sql/promised/find.sql");
const FIND_BY_REFERENCE: Scoped = scoped!("sql/promised/find_by_reference.sql");

#[derive(Deserialize)]
struct Row {
    complaint_id: ComplaintId,
}

impl TenantDb {
    /// Notes that a promised id and reference are this complaint's.
    pub(crate) async fn keep_promise(
        &self,
        promised: ComplaintId,
        reference: &Reference,
        complaint: ComplaintId,
    ) -> Result<(), StoreError> {
        self.row::<Row>(INSERT, (promised, reference, complaint)).await.map(drop)
    }

    /// The complaint for which this id was promised.
    pub(crate) async fn promised(&self, id: ComplaintId) -> Result<Option<ComplaintId>, StoreError> {
        let row: Option<Row> = self.row(FIND, (id,)).await?;
        Ok(row.map(|row| row.complaint_id))
    }

    /// The complaint for which this reference was promised.
    pub(crate) async fn promised_as(&self, reference: &Reference) -> Result<Option<ComplaintId>, StoreError> {
        let row: Option<Row> = self.row(FIND_BY_REFERENCE, (reference,)).await?;
        Ok(row.map(|row| row.complaint_id))
    }
}
