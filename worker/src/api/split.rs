//! `POST /v1/complaints/{id}/split` and `/rejoin`: a message that holds several matters becomes several complaints, each with clocks
//! and an answer of its own, and back.
//!
//! A split is one transaction, for the parts lie in the slot of the complaint. Taking a part back is two, since an import may have put
//! the two apart: first the complaint has the matter again, then the part ends. What ends half way is tried again.

use super::{
    changing::{Begun, Changing, answer},
    commands::{Case, Performed, Writing, not_committed, write},
    complaints::MAX_BODY,
};
use crate::{
    call::{Outcome, Posted, TenantCall},
    deliver::outbox,
    failure::Failure,
    gateway::admission,
    log, platform,
    store::{
        StoreError, Unique,
        commit::{Commit, New},
    },
};
use shared::{
    access::Actor,
    chain::{self, Digest, Sealed, Tail},
    clock::{due::Ahead, timeline::Timeline},
    complaint::{
        Complaint,
        command::{MustReason, Split},
        decide::{self, SplitUp},
        event::EventBody,
    },
    http::{body, idempotency::IdempotencyKey, problem::Code},
    ids::{ComplaintId, OutboxId},
    reference::Reference,
    tenant::Tenant,
    time::Timestamp,
};

/// References are drawn at random; how often they are drawn anew if one is taken.
const DRAWS: usize = 4;

/// `POST /v1/complaints/{id}/split`
pub(crate) async fn split(call: TenantCall) -> Outcome {
    let Posted { body, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let asked: Split = body::parse(&body)?;
    let changing = match Changing::begin(&call, key, fingerprint).await? {
        Begun::Go(changing) => changing,
        Begun::Done(outcome) => return outcome,
    };
    // What cannot be is refused before the plan is asked.
    let ids = new_ids(&call, &changing.before, asked.parts.len());
    decide::split(&changing.before, asked.clone(), &ids, call.rules()?)?;
    let count = u32::try_from(asked.parts.len()).unwrap_or(u32::MAX);
    let taken = admission::complaints(&call, count, 0, changing.came_at).await?;
    let granted = taken.complaints.unwrap_or_default();
    let outcome = if granted < count {
        Err(Failure::new(Code::QuotaExceeded).detail("The plan allows no more complaints this month"))
    } else {
        split_up(&call, &changing, &asked, ids).await
    };
    if outcome.is_err()
        && granted > 0
        && let Err(fault) = admission::complaints(&call, 0, granted, taken.at).await
    {
        log::fault("complaints_not_given_back", &fault);
    }
    outcome
}

/// Writes the split, with other references while some are taken.
async fn split_up(
    call: &TenantCall,
    changing: &Changing,
    asked: &Split,
    mut ids: Vec<(ComplaintId, Reference)>,
) -> Outcome {
    let Changing { db, before, key, fingerprint, token, now, came_at, .. } = changing;
    let tenant = &call.standing.tenant;
    for _ in 0..DRAWS {
        let SplitUp { whole, parts } = decide::split(before, asked.clone(), &ids, call.rules()?)?;
        let tail = Tail { tenant: tenant.id, complaint: before.id, version: before.version, head: before.head };
        let events = chain::seal(tail, &changing.actor, *now, whole, platform::salt).map_err(Failure::internal)?;
        let (mut after, mut timeline) = (before.clone(), changing.timeline.clone());
        for sealed in &events {
            after.apply(&sealed.event).map_err(Failure::internal)?;
            timeline.take_in(&sealed.event);
        }
        let mut new = Vec::new();
        for (nth, ((part, _), bodies)) in ids.iter().zip(parts).enumerate() {
            // A caller's own keys have no spaces.
            let key = format!("split {} {nth} {}", before.id, key.as_str());
            let outbox = outbox_id(*came_at);
            new.push(NewPart::seal(tenant, *part, &changing.actor, *now, bodies, (key, outbox))?);
        }
        let commit = Commit {
            before,
            after: &after,
            events: &events,
            key,
            fingerprint: *fingerprint,
            outbox: outbox_id(*came_at),
            now: *came_at,
            lock: *token,
            names_it: false,
            was_due: changing.due,
            ahead: tenant.ahead_of(&after, &timeline),
        };
        let logged: Vec<_> = new.iter().map(|part| part.to_log(*fingerprint)).collect();
        let performed = match db.commit_with(commit, &logged).await {
            Ok((committed, messages)) => {
                messages.into_iter().for_each(|message| outbox::announce(&call.call, message));
                Performed::Now { committed, version: after.version, lock: changing.lock.clone() }
            }
            Err(StoreError::Taken(Unique::Reference)) => {
                ids = new_ids(call, before, ids.len());
                continue;
            }
            Err(error) => not_committed(db, before.id, key, (*token, *came_at), changing.lock.clone(), error).await?,
        };
        return answer(call, db, performed, *fingerprint).await;
    }
    Err(Failure::internal("drew only references that are taken"))
}

/// Ids and references for parts, in the slot of the complaint.
fn new_ids(call: &TenantCall, of: &Complaint, count: usize) -> Vec<(ComplaintId, Reference)> {
    let prefix = &call.standing.tenant.reference_prefix;
    let new = |_| {
        let id = ComplaintId::in_slot(call.call.now, &platform::entropy(), of.id.slot());
        (id, Reference::new(prefix, id.slot(), u32::from_be_bytes(platform::random())))
    };
    (0..count).map(new).collect()
}

fn outbox_id(now: Timestamp) -> OutboxId {
    OutboxId::new(now, &platform::entropy())
}

/// A part that is to be logged.
struct NewPart {
    complaint: Complaint,
    doc: String,
    events: Vec<Sealed>,
    key: String,
    ahead: Ahead,
    outbox: OutboxId,
}

impl NewPart {
    fn seal(
        tenant: &Tenant,
        id: ComplaintId,
        actor: &Actor,
        now: Timestamp,
        bodies: Vec<EventBody>,
        (key, outbox): (String, OutboxId),
    ) -> Result<Self, Failure> {
        let tail = Tail { tenant: tenant.id, complaint: id, version: 0, head: Digest::ZERO };
        let events = chain::seal(tail, actor, now, bodies, platform::salt).map_err(Failure::internal)?;
        let folded = Complaint::fold(events.iter().map(|sealed| &sealed.event)).map_err(Failure::internal)?;
        let complaint = folded.ok_or_else(|| Failure::internal("a new complaint has no events"))?;
        let doc = serde_json::to_string(&complaint).map_err(Failure::internal)?;
        let ahead = tenant.ahead_of(&complaint, &Timeline::of(events.iter().map(|sealed| &sealed.event)));
        Ok(Self { complaint, doc, events, key, ahead, outbox })
    }

    fn to_log(&self, fingerprint: Digest) -> New<'_> {
        let Self { complaint, doc, events, key, ahead, outbox } = self;
        New { complaint, doc, events, key, fingerprint, outbox: Some(*outbox), names_it: false, ahead: *ahead }
    }
}

/// `POST /v1/complaints/{id}/rejoin`, of a part.
pub(crate) async fn rejoin(call: TenantCall) -> Outcome {
    let Posted { body, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let MustReason { reason } = body::parse(&body)?;
    let changing = match Changing::begin(&call, key, fingerprint).await? {
        Begun::Go(changing) => changing,
        Begun::Done(outcome) => return outcome,
    };
    let part = &changing.before;
    let whole_id = decide::whole_of(part)?;
    let home = call.db_of(whole_id)?;
    // The caller's key is the part's own; on the whole it would be another's.
    let whole_key: IdempotencyKey =
        format!("rejoin:{}:v{}", part.id, part.version).parse().map_err(Failure::internal)?;
    let of_whole = home.load(whole_id, whole_key.as_str(), None, changing.came_at).await?;
    let whole = of_whole.complaint.ok_or(Failure::new(Code::NotFound))?;
    let (of_the_whole, of_the_part) = decide::rejoin(part, &whole, &reason)?;
    if !of_the_whole.is_empty() && of_whole.done.is_none() {
        // Nobody's work on the part waits for whoever has locked the whole.
        let token = of_whole.lock.as_ref().map(|lock| lock.token);
        let now = changing.now.max(whole.updated_at);
        let case = Case { before: whole, timeline: of_whole.timeline, due: of_whole.due, lock: of_whole.lock };
        let (key, actor, came_at, bodies) = (&whole_key, &changing.actor, changing.came_at, of_the_whole);
        let writing = Writing { bodies, key, fingerprint, actor, now, came_at, token, rehearsed: false };
        if let Performed::Now { committed, .. } = write(call.firm(), &home, case, writing).await? {
            outbox::announce(&call.call, committed.message);
        }
    }
    changing.end(&call, of_the_part).await
}
