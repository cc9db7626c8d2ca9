//! What two cells say to each other about a tenant that moves: a question and an answer for each step, as JSON.

use crate::store::relocation::{ComplaintRow, DeliveryRow, EventRow, KeyRow, RequestRow};
use serde::{Deserialize, Serialize};
use shared::{
    chain::Digest,
    changes::Range,
    ids::{ComplaintId, RelocationId},
    limit::limiter::Limiter,
    tenant::{Tenant, placement::Placement, relocation::Answer},
};

/// The steps, as they are named in paths.
pub(crate) mod step {
    pub(crate) const PREPARE: &str = "prepare";
    /// The third form, of cells that know of views: one that does not would lose them when it takes over. Since the second
    /// events bring their positions.
    pub(crate) const COPY: &str = "copy-3";
    /// What is kept in the bucket, which one the query says: `of`, for the move `job`.
    pub(crate) const OBJECT: &str = "object";
    pub(crate) const COMPARE: &str = "compare";
    pub(crate) const ACTIVATE: &str = "activate";
    pub(crate) const WITHDRAW: &str = "withdraw";
    pub(crate) const OUTBOX: &str = "outbox";
    pub(crate) const CLEAR: &str = "clear";
}

/// A tenant is about to come.
#[derive(Serialize, Deserialize)]
pub(crate) struct Prepare {
    pub(crate) job: RelocationId,
    /// How many slots it has.
    pub(crate) slots: u8,
}

/// It may.
#[derive(Serialize, Deserialize)]
pub(crate) struct Prepared {
    /// Where its slots lie.
    pub(crate) placement: Placement,
}

/// Complaints and what goes along with them. A complaint comes once all of its events have.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Copy {
    pub(crate) job: Option<RelocationId>,
    pub(crate) events: Vec<EventRow>,
    pub(crate) requests: Vec<RequestRow>,
    pub(crate) deliveries: Vec<DeliveryRow>,
    pub(crate) complaints: Vec<ComplaintRow>,
    /// Of the change feed.
    pub(crate) ranges: Vec<Range>,
}

/// What is there now.
#[derive(Serialize, Deserialize)]
pub(crate) struct Copied {
    /// Complaints that were not there before.
    pub(crate) new: u64,
    /// Complaints that were verified from what is stored: the version and the newest event's hash.
    pub(crate) verified: Vec<(ComplaintId, u32, Digest)>,
}

/// What belongs to a move and says nothing more.
#[derive(Serialize, Deserialize)]
pub(crate) struct Of {
    pub(crate) job: RelocationId,
}

/// The tenant is to be at home there.
#[derive(Serialize, Deserialize)]
pub(crate) struct Activate {
    pub(crate) job: RelocationId,
    pub(crate) attempt: u64,
    /// As it is in the source.
    pub(crate) tenant: Tenant,
    /// The number of its newest change there.
    pub(crate) seq: u32,
    pub(crate) keys: Vec<KeyRow>,
    /// Saved views and the requests that made them, as JSON texts.
    pub(crate) views: (Vec<String>, Vec<String>),
    /// What was counted of its use.
    pub(crate) limiter: Box<Limiter>,
}

/// The tenant is not to be at home there by this attempt.
#[derive(Serialize, Deserialize)]
pub(crate) struct Withdraw {
    pub(crate) job: RelocationId,
    pub(crate) attempt: u64,
}

/// What the target promises.
#[derive(Serialize, Deserialize)]
pub(crate) struct Promised {
    pub(crate) answer: Answer,
}

/// Messages that were not sent yet.
#[derive(Serialize, Deserialize)]
pub(crate) struct Outbox {
    pub(crate) job: RelocationId,
    /// Each with the id of its row.
    pub(crate) messages: Vec<(String, String)>,
    /// Whether there are no more: the source knows that the tenant is at home there, and is done with it.
    pub(crate) last: bool,
}

/// Whether all is done.
#[derive(Serialize, Deserialize)]
pub(crate) struct Finished {
    pub(crate) finished: bool,
}
