//! `/v1/complaints`: log, read, list.

use super::{external_reference, lock, views};
use crate::{
    call::{Call, Outcome, Posted, Reply, TenantCall, bad_parameter, unknown_parameter},
    deliver::outbox,
    failure::Failure,
    platform,
    store::{
        StoreError, TenantDb, Unique,
        commit::Commit,
        complaints::{CountRow, Done, Page},
        external_references::claimant,
        history::Span,
        together,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    chain::{self, Digest, Sealed, Tail},
    complaint::{Complaint, decide, intake::NewComplaint, projection::Facet},
    http::{
        cursor::{Cursor, Direction},
        idempotency::IdempotencyKey,
        list_query::ListQuery,
        merge::Turns,
        problem::{Code, FieldError, Rule},
    },
    ids::{ComplaintId, OutboxId},
    lock::Lock,
    reference::Reference,
    search::query::{InvalidQuery, MAX_MEANT, Meant},
    tenant::placement::{Slot, hash_of},
    time::{InvalidTimestamp, Timestamp},
};
use std::collections::{BTreeMap, BTreeSet};

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: u32 = 256 * 1024;
/// References are drawn at random; how often a taken one is drawn anew.
const DRAWS: usize = 4;

/// `POST /v1/complaints`
///
/// 1. Read the body, as JSON, as a complaint that the tenant's rules allow (413, 415, 400, 422).
/// 2. For a tenant that has grown: if the key's slot was another one before, look there for what the key did (replay).
/// 3. Make the first event and commit it; before that, claim the external reference if those are kept in another
///    database. Taken: the idempotency key (replay, or 422), the external reference (409).
/// 4. Tell the queue after the answer.
pub(crate) async fn create(call: TenantCall) -> Outcome {
    let Posted { body: new, key, fingerprint } = call.call.posted::<NewComplaint>(MAX_BODY).await?;
    let now = call.call.now;
    let tenant = &call.standing.tenant;
    // By the key, so that a repeated request meets its own record.
    let place = hash_of(key.as_str());
    let slot = tenant.shards.slot_for(place);
    let own = call.db_of_slot(slot).ok_or_else(|| Failure::internal("a slot without a shard"))?;
    if let Some((db, done)) = done_before_growth(&call, &own, place, &key).await? {
        return replay(&db, done, fingerprint, None).await;
    }
    let mut id = ComplaintId::in_slot(now, &platform::entropy(), slot.0);
    let home = call.home()?;
    let named = new.external_reference.clone();
    let mut names_it = home.is(&own);
    let mut claimed = named.is_none();
    for _ in 0..DRAWS {
        let db = call.db_of(id)?;
        let reference = Reference::new(&tenant.reference_prefix, id.slot(), u32::from_be_bytes(platform::random()));
        let received = match decide::log(new.clone(), reference, call.rules()?, now) {
            Ok(received) => received,
            // The rules may have changed since the same request was accepted.
            Err(refusal) => return replay_or(&db, &key, fingerprint, refusal.into()).await,
        };
        if !names_it && !claimed {
            claimed = true;
            let (by, to) = (claimant("", &key), named.as_ref());
            let change = external_reference::Change { complaint: id, from: None, to, by, at: now };
            match external_reference::prepare(call.firm(), &home, &change).await {
                // An earlier attempt has begun to log it as another complaint: go on with that one.
                Ok(prepared) if prepared.complaint != id => {
                    id = prepared.complaint;
                    continue;
                }
                Ok(_) => {}
                Err(error) => return replay_or(&db, &key, fingerprint, error.into()).await,
            }
        }
        let tail = Tail { tenant: tenant.id, complaint: id, version: 0, head: Digest::ZERO };
        let events =
            chain::seal(tail, &call.actor()?, now, vec![received], platform::salt).map_err(Failure::internal)?;
        let complaint = fold(&events)?;
        let outbox = OutboxId::new(now, &platform::entropy());
        let (before, after, events, key) = (None, &complaint, events.as_slice(), &key);
        let commit = Commit { before, after, events, key, fingerprint, outbox, now, lock: None, names_it };
        match db.commit(commit).await {
            Ok(committed) => {
                outbox::announce(&call.call, committed.message);
                return Ok(created(id, committed.doc));
            }
            Err(StoreError::Taken(Unique::Reference)) => {}
            // Whoever has it may have died over it.
            Err(StoreError::Taken(Unique::ExternalReference)) if names_it => names_it = false,
            Err(error @ StoreError::Taken(Unique::IdempotencyKey)) => {
                return replay_or(&db, key, fingerprint, error.into()).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::internal("drew only references that are taken"))
}

/// What the key did before the tenant had as many shards as now, where another slot was its own then.
async fn done_before_growth(
    call: &TenantCall,
    own: &TenantDb,
    place: u64,
    key: &IdempotencyKey,
) -> Result<Option<(TenantDb, Done)>, StoreError> {
    let tenant = &call.standing.tenant;
    let former = tenant.shards.former_slots_for(place, tenant.founded_with);
    let others = former.into_iter().filter_map(|slot| call.db_of_slot(slot)).filter(|db| !db.is(own));
    let asked = others.map(|db| async move { (db.done_by("", key).await, db) });
    for (done, db) in together(asked).await {
        if let Some(done) = done? {
            return Ok(Some((db, done)));
        }
    }
    Ok(None)
}

/// The first answer again, if the request was served before; else the failure.
async fn replay_or(db: &TenantDb, key: &IdempotencyKey, fingerprint: Digest, failure: Failure) -> Outcome {
    match db.done_by("", key).await? {
        Some(done) => replay(db, done, fingerprint, None).await,
        None => Err(failure),
    }
}

fn fold(events: &[Sealed]) -> Result<Complaint, Failure> {
    let complaint = Complaint::fold(events.iter().map(|sealed| &sealed.event)).map_err(Failure::internal)?;
    complaint.ok_or_else(|| Failure::internal("a new complaint has no events"))
}

fn created(id: ComplaintId, doc: String) -> Reply {
    Reply::json_text(201, lock::shown_in(doc, None)).version(1).header("location", format!("/v1/complaints/{id}"))
}

/// Answers a repeated request as it was answered first: from the events up to the version it made.
/// Its lock is the one that is in force now.
pub(crate) async fn replay(db: &TenantDb, done: Done, fingerprint: Digest, lock: Option<&Lock>) -> Outcome {
    if done.fingerprint != fingerprint {
        return Err(Failure::new(Code::IdempotencyKeyReused));
    }
    let span = Span { through: done.version, ..Span::ALL };
    let complaint = db.as_of(done.complaint_id, span).await?.ok_or(Failure::new(Code::Unavailable))?;
    let doc = serde_json::to_string(&complaint).map_err(Failure::internal)?;
    let reply = if done.version == 1 {
        created(complaint.id, doc)
    } else {
        Reply::json_text(200, lock::shown_in(doc, lock)).version(complaint.version)
    };
    Ok(reply.replayed())
}

/// `GET /v1/complaints/{id}`: now, or with `?at=` as it was at that moment.
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let at = moment(&call.call)?;
    let Some(at) = at else {
        let document = db.read(id).await?.ok_or(Failure::new(Code::NotFound))?;
        let version = document.version;
        let (doc, lock) = document.locked_at(call.call.now);
        return Ok(Reply::json_text(200, lock::shown_in(doc, lock.as_ref())).version(version));
    };
    let complaint = db.as_of(id, Span { by: at, ..Span::ALL }).await?.ok_or(Failure::new(Code::NotFound))?;
    let doc = serde_json::to_string(&complaint).map_err(Failure::internal)?;
    Ok(Reply::json_text(200, lock::shown_in(doc, None)).version(complaint.version))
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
    let query = match query.view {
        Some(view) => query.within(views::shown_by(&call, view).await?),
        None => query,
    };
    let tenant = &call.standing.tenant;
    let cursors = &call.call.config.cursors;
    let filters = query.filters();
    if query.names_one() {
        let found = match (&query.reference, &query.external_reference) {
            (Some(reference), _) => match call.db_of_slot(Slot(reference.slot())) {
                Some(db) => db.referred_to(reference).await?,
                None => None,
            },
            (None, Some(external)) => external_reference::find(call.firm(), &call.home()?, external).await?,
            (None, None) => None,
        };
        let items = found.map_or_else(|| "[]".to_owned(), |summary| format!("[{summary}]"));
        return Ok(page(&items, None, None));
    }
    let cursor = match &query.cursor {
        None => None,
        Some(sealed) => Some(
            Cursor::open(sealed, cursors, tenant.id, filters)
                .map_err(|error| Failure::new(Code::InvalidCursor).detail(error.to_string()))?,
        ),
    };
    let direction = cursor.map_or(Direction::Forward, |cursor| cursor.direction);
    let (dbs, from) = (call.dbs(), cursor.map(|cursor| cursor.from));
    let searched = searched(&query, &dbs).await?;
    let lists = together(dbs.iter().map(|db| db.list(&query, searched.as_deref(), direction, from))).await;
    let lists = lists.into_iter().collect::<Result<_, _>>()?;
    let found = match (&query.search, dbs.first()) {
        (Some(search), Some(db)) if query.by_relevance => Page::ranked(lists, search, &db.tokens(), query.page_size()),
        _ => Page::of(lists, direction, query.page_size()),
    };
    let turns = Turns::of(cursor, found.ends, found.more);
    let [next, prev] = [turns.next, turns.prev].map(|turn| turn.map(|cursor| cursor.seal(cursors, tenant.id, filters)));
    let links: Vec<_> = [("next", &next), ("prev", &prev)]
        .into_iter()
        .filter_map(|(relation, cursor)| {
            let cursor = cursor.as_ref()?;
            Some(format!("<{}?{}>; rel=\"{relation}\"", head.path, with_cursor(&head.query, cursor)))
        })
        .collect();
    let reply = page(&found.items(), next, prev);
    Ok(if links.is_empty() { reply } else { reply.header("link", links.join(", ")) })
}

/// What is searched for, in the language of the index. Beginnings take a look at the words there are first.
pub(crate) async fn searched(query: &ListQuery, dbs: &[TenantDb]) -> Result<Option<String>, Failure> {
    let Some(search) = &query.search else { return Ok(None) };
    let mut meant = Meant::new();
    for beginning in search.beginnings() {
        let mut words = BTreeSet::new();
        for found in together(dbs.iter().map(|db| db.words_beginning(beginning))).await {
            words.extend(found?);
        }
        if words.len() > MAX_MEANT {
            let error = InvalidQuery::WideBeginning(beginning.to_owned());
            return Err(bad_parameter(FieldError::parameter("q", Rule::NotAllowed, error.to_string())));
        }
        meant.insert(beginning.to_owned(), words.into_iter().collect());
    }
    let tokens = dbs.first().map(TenantDb::tokens);
    Ok(tokens.map(|tokens| search.matching(&tokens, &meant)))
}

fn page(items: &str, next: Option<String>, prev: Option<String>) -> Reply {
    let has_more = next.is_some();
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

/// How many complaints there are.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct Counts {
    /// By property (`state`, `product`, `assignee`, `team`) and value, how many have it; values that none has are left out.
    data: BTreeMap<String, BTreeMap<String, u64>>,
    /// All of them.
    total: u64,
}

/// `GET /v1/complaints/counts`
pub(crate) async fn counts(call: TenantCall) -> Outcome {
    if let Some((name, _)) = call.call.parameters().next() {
        return Err(unknown_parameter(&name));
    }
    let dbs = call.dbs();
    let mut counts = Counts::default();
    for rows in together(dbs.iter().map(TenantDb::counts)).await {
        for CountRow { facet, value, n } in rows?.into_iter().filter(|row| row.n > 0) {
            // Each complaint is in one state.
            counts.total += if facet == Facet::State.as_str() { n } else { 0 };
            *counts.data.entry(facet).or_default().entry(value).or_default() += n;
        }
    }
    Reply::json(200, &counts)
}
