//! What is known already of rows that are to be logged, many at once.
//!
//! All of these questions, and those of exports, are answered with rows of one sort, so that reading them is compiled once.

use super::{Scoped, StoreError, TenantDb, external_references::ExternalReference, to_json};
use serde::{Deserialize, de::IgnoredAny};
use shared::{chain::Digest, ids::ComplaintId, reference::Reference, time::Timestamp};

const FIND_NEW: Scoped = scoped!("sql/idempotency/find_new.sql");
const REFERENCES_TAKEN: Scoped = scoped!("sql/complaints/references_taken.sql");
const EXTERNAL_REFERENCES_OF: Scoped = scoped!("sql/complaints/external_references_of.sql");
const CLAIM_ALL: Scoped = scoped!("sql/external_references/claim_all.sql");
const FIND_ALL: Scoped = scoped!("sql/external_references/find_all.sql");

/// What was found.
#[derive(Deserialize)]
pub(crate) struct Found {
    /// For which of a list it was found, from 0.
    pub(crate) nth: usize,
    #[serde(default)]
    pub(crate) complaint_id: Option<ComplaintId>,
    #[serde(default)]
    pub(crate) fingerprint: Option<Digest>,
    /// The complaint's reference, or its external one.
    #[serde(default)]
    pub(crate) name: Option<String>,
}

impl TenantDb {
    /// What these keys have logged here, with the reference; and which of these references are somebody's.
    pub(crate) async fn known(
        &self,
        keys: &[&str],
        references: &[&Reference],
    ) -> Result<(Vec<Found>, Vec<Found>), StoreError> {
        let batch = self.batch().with(FIND_NEW, (to_json(&keys)?,));
        self.run(batch.with(REFERENCES_TAKEN, (to_json(&references)?,))).await
    }

    /// The external references of these complaints, of those that lie here and have one.
    pub(crate) async fn external_references_of(&self, ids: &[ComplaintId]) -> Result<Vec<Found>, StoreError> {
        self.rows(EXTERNAL_REFERENCES_OF, (to_json(&ids)?,)).await
    }

    /// Takes external references that are free, or are these complaints' already: `(reference, complaint, the request)`. Says
    /// whose each of `references` is then; by name if that complaint lies here and has it.
    pub(crate) async fn claim_all(
        &self,
        claims: &[(&ExternalReference, ComplaintId, &str)],
        references: &[&ExternalReference],
        at: Timestamp,
    ) -> Result<Vec<Found>, StoreError> {
        let batch = self.batch().with(CLAIM_ALL, (to_json(&claims)?, at.unix_millis()));
        let (_, found) = self.run::<(IgnoredAny, Vec<Found>)>(batch.with(FIND_ALL, (to_json(&references)?,))).await?;
        Ok(found)
    }
}
