//! POSTs that look after tenants: each idempotency key has one effect and one answer.

use super::steward::Steward;
use crate::{
    call::{Outcome, Posted, Reply},
    failure::Failure,
    store::{
        StoreError,
        system::{OperatorDone, OperatorRecord},
    },
};
use serde::Serialize;
use shared::{
    chain::Digest,
    http::{idempotency::IdempotencyKey, problem::Code},
};

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: u32 = 64 * 1024;

impl Steward {
    /// What the key did before, if anything.
    pub(crate) async fn done<T>(&self, posted: &Posted<T>) -> Result<Option<OperatorDone>, Failure> {
        let done = self.db().done_by(&self.kept(&posted.key)).await?;
        match done {
            Some(done) if done.fingerprint != posted.fingerprint => Err(Failure::new(Code::IdempotencyKeyReused)),
            done => Ok(done),
        }
    }

    /// The record to write along with the effect.
    pub(crate) fn record(
        &self,
        key: &IdempotencyKey,
        fingerprint: Digest,
        status: u16,
        answer: &impl Serialize,
    ) -> Result<OperatorRecord, Failure> {
        let body = serde_json::to_string(answer).map_err(Failure::internal)?;
        Ok(OperatorRecord { key: self.kept(key), fingerprint, status, body, at: self.call.now })
    }

    /// After a write that failed because something was taken: if it was the same request, its answer.
    pub(crate) async fn done_meanwhile<T>(
        &self,
        posted: &Posted<T>,
        error: StoreError,
    ) -> Result<OperatorDone, Failure> {
        match error {
            StoreError::Taken(_) => match self.done(posted).await? {
                Some(done) => Ok(done),
                None => Err(error.into()),
            },
            error => Err(error.into()),
        }
    }
}

/// The recorded answer.
pub(crate) fn again(done: OperatorDone) -> Outcome {
    Ok(Reply::json_text(done.status, done.body).replayed())
}
