//! What is known already of rows that are to be logged, many at once.

use super::{Scoped, StoreError, TenantDb, to_json};
use serde::Deserialize;
use shared::{chain::Digest, ids::ComplaintId, reference::Reference};

const FIND_NEW: Scoped = Scoped::new(include_str!("sql/idempotency/find_new.sql"));
const REFERENCES_TAKEN: Scoped = Scoped::new(include_str!("sql/complaints/references_taken.sql"));
const EXTERNAL_REFERENCES_OF: Scoped = Scoped::new(include_str!("sql/complaints/external_references_of.sql"));

/// What is asked of a database.
#[derive(Default)]
pub(crate) struct Wanted<'r> {
    /// Keys that may have logged something.
    pub(crate) keys: Vec<&'r str>,
    /// References that may be somebody's.
    pub(crate) references: Vec<&'r Reference>,
}

/// What a database knows.
pub(crate) struct Known {
    pub(crate) logged: Vec<LoggedRow>,
    pub(crate) taken: Vec<TakenRow>,
}

/// What a key has logged.
#[derive(Deserialize)]
pub(crate) struct LoggedRow {
    pub(crate) key: String,
    pub(crate) fingerprint: Digest,
    pub(crate) complaint_id: ComplaintId,
    pub(crate) reference: Option<Reference>,
}

/// A reference that is somebody's.
#[derive(Deserialize)]
pub(crate) struct TakenRow {
    pub(crate) reference: Reference,
}

/// A complaint's external reference.
#[derive(Deserialize)]
pub(crate) struct NameRow {
    pub(crate) id: ComplaintId,
    pub(crate) external_reference: String,
}

impl TenantDb {
    /// What is known here of what is to be logged.
    pub(crate) async fn known(&self, wanted: &Wanted<'_>) -> Result<Known, StoreError> {
        let batch = self
            .batch()
            .with(FIND_NEW, (to_json(&wanted.keys)?,))
            .with(REFERENCES_TAKEN, (to_json(&wanted.references)?,));
        let (logged, taken) = self.run(batch).await?;
        Ok(Known { logged, taken })
    }

    /// The external references of these complaints, of those that lie here and have one.
    pub(crate) async fn external_references_of(&self, ids: &[ComplaintId]) -> Result<Vec<NameRow>, StoreError> {
        self.rows(EXTERNAL_REFERENCES_OF, (to_json(&ids)?,)).await
    }
}
