//! Who has which external reference: one table for all of a tenant's complaints, in the database of its first slot.
//!
//! A complaint in that database takes its reference in the batch that changes it. Any other claims it first, in a call
//! of its own; a claim whose complaint never came to have the reference may be taken over: see `api/external_reference.rs`.

use super::{Scoped, StoreError, TenantDb};
use serde::{Deserialize, de::IgnoredAny};
use shared::{ids::ComplaintId, text::Line, time::Timestamp};

pub(super) const INSERT: Scoped = scoped!("sql/external_references/insert.sql");
pub(super) const INSERT_ALL: Scoped = scoped!("sql/external_references/insert_all.sql");
pub(super) const RELEASE: Scoped = scoped!("sql/external_references/release.sql");
const CLAIM: Scoped = scoped!("sql/external_references/claim.sql");
const FIND: Scoped = scoped!("sql/external_references/find.sql");
const TAKE_OVER: Scoped = scoped!("sql/external_references/take_over.sql");

/// A tenant's own id for a complaint.
pub(crate) type ExternalReference = Line<100>;

/// Who has a reference.
#[derive(Deserialize)]
pub(crate) struct Holder {
    pub(crate) complaint_id: ComplaintId,
    /// The request that took it: see [`claimant`].
    pub(crate) claimed_by: String,
    pub(crate) claimed_at: i64,
    /// The complaint's summary, if it lies in this database and has the reference.
    pub(crate) summary: Option<String>,
}

/// A complaint that is to have a reference.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'c> {
    pub(crate) reference: &'c ExternalReference,
    pub(crate) complaint: ComplaintId,
    /// The request that takes it: see [`claimant`].
    pub(crate) by: &'c str,
    pub(crate) at: Timestamp,
}

/// A request, as claims name it: its idempotency key, and before it the complaint that it is a command on. A caller's key has
/// no space, and that of an import's row begins with a word that is no complaint.
pub(crate) fn claimant(scope: &str, key: &str) -> String {
    if scope.is_empty() { key.to_owned() } else { format!("{scope} {key}") }
}

impl TenantDb {
    /// Who has it, if anybody.
    pub(crate) async fn holder(&self, reference: &str) -> Result<Option<Holder>, StoreError> {
        self.row(FIND, (reference,)).await
    }

    /// Takes a reference that is free, or is this complaint's already. Says who has it then; and who has `leaving`.
    pub(crate) async fn claim(
        &self,
        claim: Claim<'_>,
        leaving: Option<&ExternalReference>,
    ) -> Result<(Option<Holder>, Option<Holder>), StoreError> {
        let Claim { reference, complaint, by, at } = claim;
        let batch = self
            .batch()
            .with(CLAIM, (reference, complaint, by, at.unix_millis()))
            .with(FIND, (reference,))
            .with(FIND, (leaving,));
        let (_, holder, left) = self.run::<(IgnoredAny, Vec<Holder>, Vec<Holder>)>(batch).await?;
        Ok((holder.into_iter().next(), left.into_iter().next()))
    }

    /// Takes a reference from a holder that does not have it after all. False if another was first.
    pub(crate) async fn take_over(&self, claim: Claim<'_>, from: &Holder) -> Result<bool, StoreError> {
        let Claim { reference, complaint, by, at } = claim;
        let parameters = (reference, complaint, by, at.unix_millis(), &from.claimed_by, from.claimed_at);
        Ok(self.row::<IgnoredAny>(TAKE_OVER, parameters).await?.is_some())
    }

    /// Frees a reference that a complaint no longer has, if it is still held by this claim.
    pub(crate) async fn release(
        &self,
        reference: &ExternalReference,
        complaint: ComplaintId,
        claimed_by: &str,
    ) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(RELEASE, (reference, complaint, claimed_by)).await?;
        Ok(())
    }
}
