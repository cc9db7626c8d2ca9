//! A tenant's own ids for its complaints, each for one of them, wherever they lie.
//!
//! The table of them lies in the database of the tenant's first slot, its home. A complaint in another database claims
//! its reference there before it is committed. A request that dies in between leaves a claim that nobody holds: after
//! [`SETTLED_MILLIS`] whoever wants the reference takes it over, if the complaint that the claim names does not have it.

use crate::{
    call::Firm,
    log,
    store::{
        StoreError, TenantDb, Unique,
        external_references::{Claim, ExternalReference, Holder},
    },
};
use shared::{ids::ComplaintId, tenant::placement::Slot, time::Timestamp};

/// How long a claim is taken for one of a request that is still running: far longer than any does.
const SETTLED_MILLIS: i64 = 60_000;
/// How often a claim that others overtake is tried anew.
const ATTEMPTS: usize = 3;

/// A change of a complaint's reference. `from` and `to` differ.
pub(super) struct Change<'c> {
    pub(super) complaint: ComplaintId,
    pub(super) from: Option<&'c ExternalReference>,
    pub(super) to: Option<&'c ExternalReference>,
    /// The request: see [`crate::store::external_references::claimant`].
    pub(super) by: String,
    pub(super) at: Timestamp,
}

/// A change that is prepared: commit it, then [`settle`] it.
pub(super) struct Prepared {
    /// The complaint that may have the new reference: the one that asks, or the one that an earlier attempt at the same
    /// request began to log.
    pub(super) complaint: ComplaintId,
    /// The claim on the old reference.
    left: Option<Holder>,
}

/// Claims the new reference at `home`.
///
/// # Errors
/// [`Unique::ExternalReference`] is taken, or D1's.
pub(super) async fn prepare(firm: Firm<'_>, home: &TenantDb, change: &Change<'_>) -> Result<Prepared, StoreError> {
    let Change { complaint, from, to, ref by, at } = *change;
    let Some(reference) = to else {
        let left = match from {
            Some(from) => home.holder(from.as_str()).await?,
            None => None,
        };
        return Ok(Prepared { complaint, left });
    };
    let claim = Claim { reference, complaint, by, at };
    for _ in 0..ATTEMPTS {
        let (holder, left) = home.claim(claim, from).await?;
        let Some(holder) = holder else { continue };
        if holder.claimed_by == *by {
            return Ok(Prepared { complaint: holder.complaint_id, left });
        }
        if is_held(firm, home, reference, &holder, at).await? {
            break;
        }
        if home.take_over(claim, &holder).await? {
            return Ok(Prepared { complaint, left });
        }
    }
    Err(StoreError::Taken(Unique::ExternalReference))
}

/// Whether the complaint that a claim names has the reference, or may be about to.
async fn is_held(
    firm: Firm<'_>,
    home: &TenantDb,
    reference: &ExternalReference,
    holder: &Holder,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if holder.summary.is_some() || Timestamp::from_unix_millis(holder.claimed_at).plus_millis(SETTLED_MILLIS) > now {
        return Ok(true);
    }
    match firm.db_of_slot(Slot(holder.complaint_id.slot())).filter(|db| !db.is(home)) {
        Some(db) => Ok(db.summary_having(holder.complaint_id, reference.as_str()).await?.is_some()),
        None => Ok(false),
    }
}

/// Frees the old reference once the change is committed. If that fails, whoever wants it takes it over later.
pub(super) async fn settle(home: &TenantDb, change: &Change<'_>, prepared: &Prepared) {
    let (Some(from), Some(left)) = (change.from, &prepared.left) else { return };
    if let Err(error) = home.release(from, change.complaint, &left.claimed_by).await {
        log::fault("external_reference_not_released", &error);
    }
}

/// The summary of the complaint that has a reference.
pub(super) async fn find(firm: Firm<'_>, home: &TenantDb, reference: &str) -> Result<Option<String>, StoreError> {
    let Some(Holder { complaint_id, summary, .. }) = home.holder(reference).await? else { return Ok(None) };
    match firm.db_of_slot(Slot(complaint_id.slot())).filter(|db| !db.is(home)) {
        Some(db) => db.summary_having(complaint_id, reference).await,
        None => Ok(summary),
    }
}
