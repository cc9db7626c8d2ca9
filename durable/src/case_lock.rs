//! [`CaseLock`], one per case: who works on it, with a fencing token that only grows.

use crate::exchange::{answer, done, keep, kept, now, question, wake};
use shared::lock::{self, Ask};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

const LOCK: &str = "lock";

/// The lock of one case.
#[durable_object(alarm)]
pub struct CaseLock {
    state: State,
}

impl DurableObject for CaseLock {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    /// Answers [`Ask`] with [`lock::Answer`].
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let ask: Ask = question(&mut request).await?;
        let mut lock: lock::CaseLock = kept(&self.state, LOCK).await?.unwrap_or_default();
        let said = lock.answer(ask, now());
        keep(&self.state, LOCK, &lock).await?;
        if let Some(at) = lock.expires_at() {
            wake(&self.state, at).await?;
        }
        answer(&said)
    }

    /// Forgets a lock that has ended; its token stays, so that the next one is larger.
    async fn alarm(&self) -> Result<Response> {
        if let Some(mut lock) = kept::<lock::CaseLock>(&self.state, LOCK).await? {
            lock.expire(now());
            keep(&self.state, LOCK, &lock).await?;
            if let Some(at) = lock.expires_at() {
                wake(&self.state, at).await?;
            }
        }
        done()
    }
}
