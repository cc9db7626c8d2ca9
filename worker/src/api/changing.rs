//! A complaint that a request is about to change, for requests that are more than a command: what comes before the decision, and what
//! comes after it, as for a command.

use super::{
    commands::{Case, Performed, Writing, write},
    complaints::replay,
    lock,
};
use crate::{
    call::{Outcome, Reply, TenantCall},
    deliver::outbox,
    failure::Failure,
    store::{TenantDb, complaints::Loaded},
};
use shared::{
    access::Actor,
    chain::Digest,
    clock::{due::Due, timeline::Timeline},
    complaint::{Complaint, event::EventBody},
    http::{idempotency::IdempotencyKey, problem::Code},
    lock::{FencingToken, Lock},
    time::Timestamp,
};

/// A complaint as it was read by a request that may change it.
pub(super) struct Changing {
    pub(super) db: TenantDb,
    pub(super) before: Complaint,
    pub(super) timeline: Timeline,
    pub(super) due: Option<Due>,
    pub(super) lock: Option<Lock>,
    pub(super) key: IdempotencyKey,
    pub(super) fingerprint: Digest,
    /// The token of the lock that the caller holds.
    pub(super) token: Option<FencingToken>,
    pub(super) actor: Actor,
    /// When, in the tenant's time.
    pub(super) now: Timestamp,
    /// When, in the world's.
    pub(super) came_at: Timestamp,
}

/// What came of beginning.
pub(super) enum Begun {
    /// It may be changed.
    Go(Box<Changing>),
    /// The key has done it before: the same answer again.
    Done(Outcome),
}

impl Changing {
    /// Reads the complaint that the path names, unless the key has done this before.
    ///
    /// # Errors
    /// Not there: 404. Locked by somebody else: 423. Changed since it was read: 412.
    pub(super) async fn begin(call: &TenantCall, key: IdempotencyKey, fingerprint: Digest) -> Result<Begun, Failure> {
        let (id, db) = call.complaint()?;
        let (if_match, token) = (call.call.if_match()?, call.call.lock_token()?);
        let (actor, came_at) = (call.actor()?, call.call.now);
        let loaded = db.load(id, key.as_str(), None, came_at).await?;
        let Loaded { complaint, done, lock, timeline, due, .. } = loaded;
        if let Some(done) = done {
            return Ok(Begun::Done(replay(&db, done, fingerprint, lock.as_ref()).await));
        }
        let before = complaint.ok_or(Failure::new(Code::NotFound))?;
        lock::allows(lock.as_ref(), token)?;
        if !if_match.accepts(before.version) {
            return Err(Failure::changed_since(before.version));
        }
        let now = call.time().max(before.updated_at);
        Ok(Begun::Go(Box::new(Self { db, before, timeline, due, lock, key, fingerprint, token, actor, now, came_at })))
    }

    /// Records what has been decided, and answers with the complaint.
    pub(super) async fn end(self: Box<Self>, call: &TenantCall, bodies: Vec<EventBody>) -> Outcome {
        let Self { db, before, timeline, due, lock, key, fingerprint, token, actor, now, came_at } = *self;
        let (case, key, actor) = (Case { before, timeline, due, lock }, &key, &actor);
        let writing = Writing { bodies, key, fingerprint, actor, now, came_at, token, rehearsed: false };
        let performed = write(call.firm(), &db, case, writing).await?;
        answer(call, &db, performed, fingerprint).await
    }
}

/// The answer to a request that has changed a complaint, or has been found to have done so before.
pub(super) async fn answer(call: &TenantCall, db: &TenantDb, performed: Performed, fingerprint: Digest) -> Outcome {
    match performed {
        Performed::Now { committed, version, lock } => {
            outbox::announce(&call.call, committed.message);
            Ok(Reply::json_text(200, lock::shown_in(committed.doc, lock.as_ref())).version(version))
        }
        Performed::Before { done, lock } => replay(db, done, fingerprint, lock.as_ref()).await,
        Performed::Needless { .. } | Performed::Rehearsed { .. } => {
            Err(Failure::internal("a request is neither needless nor rehearsed"))
        }
    }
}
