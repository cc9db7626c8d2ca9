//! `/v1/complaints`: log, read, list.

use crate::{
    call::{Call, Outcome, Posted, Reply, TenantCall, bad_parameter, unknown_parameter},
    deliver::outbox,
    failure::Failure,
    platform,
    store::{StoreError, TenantDb, Unique, commit::Commit, complaints::Done, history::Span},
};
use shared::{
    chain::{self, Digest, Sealed, Tail},
    complaint::{Complaint, decide, intake::NewComplaint},
    http::{
        cursor::{Cursor, Direction},
        idempotency::IdempotencyKey,
        list_query::ListQuery,
        problem::{Code, FieldError, Rule},
    },
    ids::{ComplaintId, OutboxId},
    reference::Reference,
    time::{InvalidTimestamp, Timestamp},
};

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: u32 = 256 * 1024;
/// References are drawn at random; how often a taken one is drawn anew.
const DRAWS: usize = 4;

/// `POST /v1/complaints`
///
/// 1. Read the body, as JSON, as a complaint that the tenant's rules allow (413, 415, 400, 422).
/// 2. Make the first event and commit it. Taken: the idempotency key (replay, or 422), the external reference (409).
/// 3. Tell the queue after the answer.
pub(crate) async fn create(call: TenantCall) -> Outcome {
    let Posted { body: new, key, fingerprint } = call.call.posted::<NewComplaint>(MAX_BODY).await?;
    let now = call.call.now;
    let tenant = &call.standing.tenant;
    // By the key, so that a repeated request meets its own record.
    let slot = tenant.shards.slot_for(place_of(&key)).0;
    let id = ComplaintId::in_slot(now, &platform::entropy(), slot);
    let db = call.db_of(id)?;
    for _ in 0..DRAWS {
        let reference = Reference::new(&tenant.reference_prefix, slot, u32::from_be_bytes(platform::random()));
        let received = match decide::log(new.clone(), reference, call.rules()?, now) {
            Ok(received) => received,
            // The rules may have changed since the same request was accepted.
            Err(refusal) => match db.done_by(&key).await? {
                Some(done) => return replay(&db, done, fingerprint).await,
                None => return Err(refusal.into()),
            },
        };
        let tail = Tail { tenant: tenant.id, complaint: id, version: 0, head: Digest::ZERO };
        let events =
            chain::seal(tail, &call.actor()?, now, vec![received], platform::salt).map_err(Failure::internal)?;
        let complaint = fold(&events)?;
        let outbox = OutboxId::new(now, &platform::entropy());
        let commit = Commit { before: None, after: &complaint, events: &events, key: &key, fingerprint, outbox, now };
        match db.commit(commit).await {
            Ok(committed) => {
                outbox::announce(&call.call, committed.message);
                return Ok(created(id, committed.doc));
            }
            Err(StoreError::Taken(Unique::IdempotencyKey)) => {
                let done = db.done_by(&key).await?.ok_or(Failure::new(Code::Unavailable))?;
                return replay(&db, done, fingerprint).await;
            }
            Err(StoreError::Taken(Unique::Reference)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::internal("drew only references that are taken"))
}

fn place_of(key: &IdempotencyKey) -> u32 {
    let [a, b, c, d, ..] = *Digest::of(key.as_str().as_bytes()).as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

fn fold(events: &[Sealed]) -> Result<Complaint, Failure> {
    let complaint = Complaint::fold(events.iter().map(|sealed| &sealed.event)).map_err(Failure::internal)?;
    complaint.ok_or_else(|| Failure::internal("a new complaint has no events"))
}

fn created(id: ComplaintId, doc: String) -> Reply {
    Reply::json_text(201, doc).version(1).header("location", format!("/v1/complaints/{id}"))
}

/// Answers a repeated request as it was answered first: from the events up to the version it made.
pub(crate) async fn replay(db: &TenantDb, done: Done, fingerprint: Digest) -> Outcome {
    if done.fingerprint != fingerprint {
        return Err(Failure::new(Code::IdempotencyKeyReused));
    }
    let span = Span { through: done.version, ..Span::ALL };
    let complaint = db.as_of(done.complaint_id, span).await?.ok_or(Failure::new(Code::Unavailable))?;
    let doc = serde_json::to_string(&complaint).map_err(Failure::internal)?;
    let reply = if done.version == 1 {
        created(complaint.id, doc)
    } else {
        Reply::json_text(200, doc).version(complaint.version)
    };
    Ok(reply.replayed())
}

/// `GET /v1/complaints/{id}`: now, or with `?at=` as it was at that moment.
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let at = moment(&call.call)?;
    let Some(at) = at else {
        let document = db.read(id).await?.ok_or(Failure::new(Code::NotFound))?;
        return Ok(Reply::json_text(200, document.doc).version(document.version));
    };
    let complaint = db.as_of(id, Span { by: at, ..Span::ALL }).await?.ok_or(Failure::new(Code::NotFound))?;
    Ok(Reply::json(200, &complaint)?.version(complaint.version))
}

fn moment(call: &Call) -> Result<Option<Timestamp>, Failure> {
    let mut at = None;
    for (name, value) in call.parameters() {
        if name != "at" {
            return Err(unknown_parameter(&name));
        }
        let parsed = value.parse().map_err(|error: InvalidTimestamp| {
            bad_parameter(FieldError::parameter("at", Rule::NotAllowed, error.to_string()))
        })?;
        at = Some(parsed);
    }
    Ok(at)
}

/// `GET /v1/complaints`: a page of summaries, newest receipt first.
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let head = &call.call.incoming.head;
    let query = ListQuery::parse(&head.query).map_err(|errors| Failure::errors(Code::InvalidParameter, errors))?;
    let tenant = &call.standing.tenant;
    let cursors = &call.call.config.cursors;
    let filters = query.filters();
    let shards = tenant.shards.shards();
    // One shard a tenant so far; several are merged here.
    let db = call.db(*shards.first().ok_or(Failure::new(Code::Internal))?);
    if query.names_one() {
        let found = db.find(&query).await?;
        let items = found.map_or_else(|| "[]".to_owned(), |summary| format!("[{summary}]"));
        return Ok(page(&items, false, None, None));
    }
    let cursor = match &query.cursor {
        None => None,
        Some(sealed) => Some(
            Cursor::open(sealed, cursors, tenant.id, filters)
                .map_err(|error| Failure::new(Code::InvalidCursor).detail(error.to_string()))?,
        ),
    };
    let direction = cursor.map_or(Direction::Forward, |cursor| cursor.direction);
    let found = db.list(&query, direction, cursor.map(|cursor| cursor.from)).await?;
    let forward = direction == Direction::Forward;
    // Walking backward there is always the page one came from, and the other way round.
    let (older, newer) = if forward { (found.more, cursor.is_some()) } else { (true, found.more) };
    let seal = |direction, from| Cursor { direction, from }.seal(cursors, tenant.id, filters);
    let ends = found.ends()?;
    // Where a page has emptied since, the way on and back starts where the caller came from.
    let came_from = cursor.map(|cursor| cursor.from);
    let oldest = ends.map(|(_, oldest)| oldest).or(came_from);
    let newest = ends.map(|(newest, _)| newest).or(came_from);
    let next = oldest.filter(|_| older).map(|from| seal(Direction::Forward, from));
    let prev = newest.filter(|_| newer).map(|from| seal(Direction::Backward, from));
    let links: Vec<_> = [("next", &next), ("prev", &prev)]
        .into_iter()
        .filter_map(|(relation, cursor)| {
            let cursor = cursor.as_ref()?;
            Some(format!("<{}?{}>; rel=\"{relation}\"", head.path, with_cursor(&head.query, cursor)))
        })
        .collect();
    let reply = page(&found.items(), next.is_some(), next, prev);
    Ok(if links.is_empty() { reply } else { reply.header("link", links.join(", ")) })
}

fn page(items: &str, has_more: bool, next: Option<String>, prev: Option<String>) -> Reply {
    // Cursors are base64url: nothing in them needs escaping.
    let text = |cursor: Option<String>| cursor.map_or_else(|| "null".to_owned(), |cursor| format!("\"{cursor}\""));
    let (next, prev) = (text(next), text(prev));
    Reply::json_text(200, format!("{{\"data\":{items},\"has_more\":{has_more},\"next\":{next},\"prev\":{prev}}}"))
}

fn with_cursor(query: &str, cursor: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor"))
        .append_pair("cursor", cursor)
        .finish()
}
