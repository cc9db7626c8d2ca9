//! `POST /v1/complaints/{id}/split` and `/rejoin`: a message that holds several matters becomes several complaints, each with clocks
//! and an answer of its own, and back.
//!
//! A split is one transaction, for the parts lie in the slot of the complaint. Taking a part back is two, since an import may have put
//! the two apart: first the complaint has the matter again, then the part ends. What ends half way is tried again.

use super::{
    commands::{Case, Performed, Writing, write},
    complaints::{MAX_BODY, replay},
    lock,
};
use crate::{
    call::{Outcome, Posted, Reply, TenantCall},
    deliver::outbox,
    failure::Failure,
    gateway::admission,
    log, platform,
    store::{
        StoreError, Unique,
        commit::{Commit, New},
        complaints::Loaded,
    },
};
use shared::{
    chain::{self, Digest, Sealed, Tail},
    clock::{due::Ahead, timeline::Timeline},
    complaint::{
        Complaint,
        command::{MustReason, Split},
        decide::{self, SplitUp},
    },
    http::{body, idempotency::IdempotencyKey, problem::Code},
    ids::{ComplaintId, OutboxId},
    reference::Reference,
    time::Timestamp,
};

/// References are drawn at random; how often they are drawn anew if one is taken.
const DRAWS: usize = 4;

/// A part that is to be logged.
struct NewPart {
    complaint: Complaint,
    doc: String,
    events: Vec<Sealed>,
    key: String,
    ahead: Ahead,
    outbox: OutboxId,
}

/// `POST /v1/complaints/{id}/split`
pub(crate) async fn split(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let Posted { body, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let asked: Split = body::parse(&body)?;
    let (if_match, token) = (call.call.if_match()?, call.call.lock_token()?);
    let (actor, came_at, tenant) = (call.actor()?, call.call.now, &call.standing.tenant);
    let Loaded { complaint, done, lock, timeline, due, .. } = db.load(id, key.as_str(), None, came_at).await?;
    if let Some(done) = done {
        return replay(&db, done, fingerprint, lock.as_ref()).await;
    }
    let before = complaint.ok_or(Failure::new(Code::NotFound))?;
    lock::allows(lock.as_ref(), token)?;
    if !if_match.accepts(before.version) {
        return Err(Failure::changed_since(before.version));
    }

    let now = tenant.time(came_at).max(before.updated_at);
    let count = u32::try_from(asked.parts.len()).unwrap_or(u32::MAX);
    // What cannot be is refused before the plan is asked.
    let ids: Vec<_> = asked.parts.iter().map(|_| new_id(&call, id)).collect();
    decide::split(&before, asked.clone(), &ids, call.rules()?)?;
    let taken = admission::complaints(&call, count, 0, came_at).await?;
    let granted = taken.complaints.unwrap_or_default();
    let outcome = async {
        if granted < count {
            return Err(Failure::new(Code::QuotaExceeded).detail("The plan allows no more complaints this month"));
        }
        let mut ids = ids;
        for _ in 0..DRAWS {
            let SplitUp { whole, parts } = decide::split(&before, asked.clone(), &ids, call.rules()?)?;
            let tail = Tail { tenant: tenant.id, complaint: id, version: before.version, head: before.head };
            let events = chain::seal(tail, &actor, now, whole, platform::salt).map_err(Failure::internal)?;
            let (mut after, mut then) = (before.clone(), timeline.clone());
            for sealed in &events {
                after.apply(&sealed.event).map_err(Failure::internal)?;
                then.take_in(&sealed.event);
            }
            let mut new = Vec::new();
            for (nth, ((part, _), bodies)) in ids.iter().zip(parts).enumerate() {
                let tail = Tail { tenant: tenant.id, complaint: *part, version: 0, head: Digest::ZERO };
                let events = chain::seal(tail, &actor, now, bodies, platform::salt).map_err(Failure::internal)?;
                let complaint = Complaint::fold(events.iter().map(|sealed| &sealed.event))
                    .map_err(Failure::internal)?
                    .ok_or_else(|| Failure::internal("a new complaint has no events"))?;
                let doc = serde_json::to_string(&complaint).map_err(Failure::internal)?;
                let ahead = tenant.ahead_of(&complaint, &Timeline::of(events.iter().map(|sealed| &sealed.event)));
                // A caller's own keys have no spaces.
                let key = format!("split {id} {nth} {}", key.as_str());
                new.push(NewPart { complaint, doc, events, key, ahead, outbox: outbox_id(came_at) });
            }
            let commit = Commit {
                before: &before,
                after: &after,
                events: &events,
                key: &key,
                fingerprint,
                outbox: outbox_id(came_at),
                now: came_at,
                lock: token,
                names_it: false,
                was_due: due,
                ahead: tenant.ahead_of(&after, &then),
            };
            let logged: Vec<_> = new.iter().map(|part| part.to_log(fingerprint)).collect();
            match db.commit_with(commit, &logged).await {
                Ok((committed, messages)) => {
                    for message in messages.into_iter().chain([committed.message]) {
                        outbox::announce(&call.call, message);
                    }
                    let shown = lock::shown_in(committed.doc, lock.as_ref());
                    return Ok(Reply::json_text(200, shown).version(after.version));
                }
                Err(StoreError::Taken(Unique::Reference)) => {
                    ids.iter_mut().for_each(|id| *id = new_id(&call, before.id));
                }
                Err(StoreError::Taken(Unique::IdempotencyKey)) => {
                    let done = db.done_by(&id.to_string(), key.as_str()).await?;
                    let done = done.ok_or_else(|| Failure::internal("a key that is taken has done nothing"))?;
                    return replay(&db, done, fingerprint, lock.as_ref()).await;
                }
                Err(StoreError::Locked) => {
                    lock::allows(db.lock_in_force(id, came_at).await?.as_ref(), token)?;
                    return Err(Failure::lock_lost());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::internal("drew only references that are taken"))
    }
    .await;
    if outcome.is_err()
        && granted > 0
        && let Err(fault) = admission::complaints(&call, 0, granted, taken.at).await
    {
        log::fault("complaints_not_given_back", &fault);
    }
    outcome
}

/// `POST /v1/complaints/{id}/rejoin`, of a part.
pub(crate) async fn rejoin(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let Posted { body, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let MustReason { reason } = body::parse(&body)?;
    let (if_match, token) = (call.call.if_match()?, call.call.lock_token()?);
    let (actor, came_at, tenant) = (call.actor()?, call.call.now, &call.standing.tenant);
    let of_part = db.load(id, key.as_str(), None, came_at).await?;
    if let Some(done) = of_part.done {
        return replay(&db, done, fingerprint, of_part.lock.as_ref()).await;
    }
    let part = of_part.complaint.ok_or(Failure::new(Code::NotFound))?;
    lock::allows(of_part.lock.as_ref(), token)?;
    if !if_match.accepts(part.version) {
        return Err(Failure::changed_since(part.version));
    }
    let whole_id = decide::whole_of(&part)?;
    let home = call.db_of(whole_id)?;
    // The key of a caller is a complaint's own: on the whole it is another's.
    let whole_key: IdempotencyKey = format!("rejoin:{id}:v{}", part.version).parse().map_err(Failure::internal)?;
    let of_whole = home.load(whole_id, whole_key.as_str(), None, came_at).await?;
    let whole = of_whole.complaint.ok_or(Failure::new(Code::NotFound))?;
    let (of_the_whole, of_the_part) = decide::rejoin(&part, &whole, &reason)?;
    let firm = call.firm();
    if !of_the_whole.is_empty() && of_whole.done.is_none() {
        // Whoever has locked the whole is told when it has changed: nobody's work on the part waits for that.
        let token = of_whole.lock.as_ref().map(|lock| lock.token);
        let now = tenant.time(came_at).max(whole.updated_at);
        let case = Case { before: whole, timeline: of_whole.timeline, due: of_whole.due, lock: of_whole.lock };
        let (key, actor, bodies) = (&whole_key, &actor, of_the_whole);
        let writing = Writing { bodies, key, fingerprint, actor, now, came_at, token, rehearsed: false };
        if let Performed::Now { committed, .. } = write(firm, &home, case, writing).await? {
            outbox::announce(&call.call, committed.message);
        }
    }
    let now = tenant.time(came_at).max(part.updated_at);
    let case = Case { before: part, timeline: of_part.timeline, due: of_part.due, lock: of_part.lock };
    let (key, actor, bodies) = (&key, &actor, of_the_part);
    let writing = Writing { bodies, key, fingerprint, actor, now, came_at, token, rehearsed: false };
    match write(firm, &db, case, writing).await? {
        Performed::Now { committed, version, lock } => {
            outbox::announce(&call.call, committed.message);
            Ok(Reply::json_text(200, lock::shown_in(committed.doc, lock.as_ref())).version(version))
        }
        Performed::Before { done, lock } => replay(&db, done, fingerprint, lock.as_ref()).await,
        Performed::Needless { .. } | Performed::Rehearsed { .. } => {
            Err(Failure::internal("a request is neither needless nor rehearsed"))
        }
    }
}

/// An id and a reference for a part, in the slot of the complaint.
fn new_id(call: &TenantCall, of: ComplaintId) -> (ComplaintId, Reference) {
    let id = ComplaintId::in_slot(call.call.now, &platform::entropy(), of.slot());
    let prefix = &call.standing.tenant.reference_prefix;
    (id, Reference::new(prefix, id.slot(), u32::from_be_bytes(platform::random())))
}

fn outbox_id(now: Timestamp) -> OutboxId {
    OutboxId::new(now, &platform::entropy())
}

impl NewPart {
    fn to_log(&self, fingerprint: Digest) -> New<'_> {
        let Self { complaint, doc, events, key, ahead, outbox } = self;
        New { complaint, doc, events, key, fingerprint, outbox: Some(*outbox), names_it: false, ahead: *ahead }
    }
}
