//! `/v1/complaints`: log, read, list.

use super::{
    external_reference,
    intake::{self, Asked, Logged, Maker, NotLogged},
    lock, views,
};
use crate::{
    call::{Call, Outcome, Posted, Reply, TenantCall, bad_parameter, unknown_parameter},
    deliver::outbox,
    failure::Failure,
    log, spool,
    store::{
        TenantDb,
        complaints::{Done, Page},
        history::Span,
        together,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    chain::Digest,
    clock::due::DueBand,
    complaint::{
        counts::{Count, DUE, seen},
        intake::NewComplaint,
        projection::Facet,
    },
    exchange::import::Draft,
    http::{
        body,
        cursor::{Cursor, Direction},
        list_query::{ListQuery, Order},
        merge::Turns,
        problem::{Code, FieldError, Rule},
    },
    ids::ComplaintId,
    lock::Lock,
    search::query::{InvalidQuery, MAX_MEANT, Meant},
    time::{InvalidTimestamp, Timestamp},
};
use std::collections::{BTreeMap, BTreeSet};

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: u32 = 256 * 1024;
/// `POST /v1/complaints`
///
/// 1. Read the body, as JSON, as a complaint that the tenant's rules allow (413, 415, 400, 422).
/// 2. Log it, see [`intake::log`]. Served before: the same answer again, or 422.
/// 3. Tell the queue after the answer.
///
/// If its database does not take it, it is accepted all the same: 202, see [`spool`].
pub(crate) async fn create(call: TenantCall) -> Outcome {
    let Posted { body: bytes, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let draft = Draft::New(Box::new(body::parse::<NewComplaint>(&bytes)?));
    let maker = Maker::new(&call, None, call.call.now)?;
    let identity = maker.identity(&draft, key.as_str());
    let asked = Asked { draft: &draft, key: key.as_str(), fingerprint, import: None, identity: Some(identity.clone()) };
    call.call.runtime.meter.hurried.set(true);
    match intake::log(&maker, &asked).await {
        Ok(Logged::Before(db, done)) => replay(&db, done, fingerprint, None).await,
        Ok(Logged::Now { made, message }) => {
            message.into_iter().for_each(|message| outbox::announce(&call.call, message));
            Ok(created(made.complaint.id, made.doc))
        }
        Err(NotLogged::Store(error)) if spool::keeps(&error) => {
            log::fault("complaint_not_logged", &error);
            // What would be refused is not accepted.
            maker.make(&draft, identity.id, identity.reference.clone())?;
            let body = String::from_utf8(bytes).map_err(Failure::internal)?;
            spool::accept(&maker, &asked, identity, body).await
        }
        Err(not_logged) => Err(not_logged.into()),
    }
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

/// `?at=`, the only parameter.
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
    let query = views::narrowed(&call, query).await?;
    if query.order == Order::Due && query.search.is_some() {
        let rule = "searches, and that is not for lists of what is due";
        return Err(bad_parameter(FieldError::parameter("view", Rule::NotAllowed, rule)));
    }
    let tenant = &call.standing.tenant;
    let cursors = &call.call.config.cursors;
    let filters = query.filters();
    if query.names_one() {
        let found = match (&query.reference, &query.external_reference) {
            (Some(reference), _) => call.firm().referred_to(reference).await?,
            (None, Some(external)) => external_reference::find(call.firm(), &call.home()?, external).await?,
            (None, None) => None,
        };
        let items = found.map_or_else(|| "[]".to_owned(), |summary| format!("[{summary}]"));
        return Ok(page(&items, None, None));
    }
    let cursor = open_cursor(&call, &query)?;
    let direction = cursor.map_or(Direction::Forward, |cursor| cursor.direction);
    let (dbs, from) = (call.dbs(), cursor.map(|cursor| cursor.from));
    let searched = searched(&query, &dbs).await?;
    let today = call.today();
    let lists = together(dbs.iter().map(async |db| match query.order {
        Order::Due => db.list_due(&query, today, direction, from).await,
        Order::Newest | Order::Relevance => db.list(&query, searched.as_deref(), direction, from).await,
    }))
    .await;
    let lists = lists.into_iter().collect::<Result<_, _>>()?;
    let found = match (&query.search, dbs.first()) {
        (Some(search), Some(db)) if query.order == Order::Relevance => {
            Page::ranked(lists, search, &db.tokens(), query.page_size())
        }
        _ => Page::of(lists, direction, query.page_size()),
    };
    let turns = Turns::of(cursor, found.ends, found.reached, found.more);
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

/// Where the list goes on, if that is said.
pub(super) fn open_cursor(call: &TenantCall, query: &ListQuery) -> Result<Option<Cursor>, Failure> {
    let Some(sealed) = &query.cursor else { return Ok(None) };
    let (keys, tenant) = (&call.call.config.cursors, call.standing.tenant.id);
    let opened = Cursor::open(sealed, keys, tenant, query.filters());
    opened.map(Some).map_err(|error| Failure::new(Code::InvalidCursor).detail(error.to_string()))
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
    /// By property (`state`, `product`, `assignee`, `team`) and value, how many have it; values that none has are left out. Under the
    /// empty assignee, those that are open and that nobody works on. What whoever asks may not see is not counted.
    /// `due`: of how many something is due by law that was not done, by when: `overdue`, `today`, in one to three days
    /// (`3_days`), in four to seven (`7_days`), `later`. Today is that of the tenant's jurisdiction.
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
    let today = call.today();
    for rows in together(dbs.iter().map(TenantDb::counts)).await {
        for Count { facet, value, n } in seen(rows?, call.clearances()).into_iter().filter(|row| row.n > 0) {
            // Each complaint is in one state.
            counts.total += if facet == Facet::State.as_str() { n } else { 0 };
            let due = (facet == DUE).then(|| value.parse().ok()).flatten();
            let value = due.map_or(value, |on| DueBand::of(on, today).as_str().to_owned());
            *counts.data.entry(facet).or_default().entry(value).or_default() += n;
        }
    }
    Reply::json(200, &counts)
}
