//! `/v1/views`: filters with a name, and how many complaints each shows.
//!
//! A view is a row in one database. What it shows is counted in each of the tenant's databases; a counter that is not
//! there (a request died, a database is new, the tenant has moved) is begun by whoever asks for it.

use super::complaints::searched;
use crate::{
    call::{Outcome, Posted, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
    log,
    platform::{self, Freshness},
    store::{StoreError, TenantDb, Unique, counters::Counted, together},
};
use schemars::JsonSchema;
use shared::{
    http::{
        etag,
        list_query::ListQuery,
        problem::{Code, FieldError, Rule},
    },
    ids::ViewId,
    search::counter::Counter,
    view::{View, ViewFields},
};

/// The largest body that is read, in bytes.
const MAX_BODY: u32 = 16 * 1024;
/// The most complaints of a search that are counted.
const MAX_FOUND: u32 = 1_000;
/// Counters that one call begins or counts on.
const AT_ONCE: usize = 10;
/// Calls after the answer that count on in one database; whoever asks next goes on.
const AFTERWARDS: usize = 500;
/// The most teams that a list of views is asked for.
const MAX_TEAMS: usize = 20;

/// How many complaints a view shows.
#[derive(Clone, Copy, JsonSchema)]
pub(crate) struct Count {
    /// So many; at least so many if `exact` is false.
    n: u64,
    /// Whether it is all of them. Not while older complaints are still being counted, nor for a search (`q`) that finds
    /// more than 1,000.
    exact: bool,
}

/// `POST /v1/views`
pub(crate) async fn create(call: TenantCall) -> Outcome {
    let Posted { body, key, fingerprint } = call.call.posted::<ViewFields>(MAX_BODY).await?;
    let now = call.call.now;
    let view = View::new(ViewId::new(now, &platform::entropy()), body, now).map_err(invalid)?;
    let directory = call.directory();
    match directory.insert_view(&view, &key, fingerprint).await {
        Ok(all) => created(&view, count_anew(&call, &view, &all).await?),
        Err(error @ StoreError::Taken(Unique::IdempotencyKey)) => {
            let made = directory.made_by(&key).await?.ok_or_else(|| Failure::from(error))?;
            if made.fingerprint != fingerprint {
                return Err(Failure::new(Code::IdempotencyKeyReused));
            }
            Ok(created(&made.view, count(&call, &made.view).await?)?.replayed())
        }
        Err(error) => Err(error.into()),
    }
}

fn invalid(errors: Vec<FieldError>) -> Failure {
    Failure::errors(Code::Invalid, errors)
}

fn created(view: &View, count: Count) -> Outcome {
    Ok(told(201, view, count)?.header("location", format!("/v1/views/{}", view.id)))
}

fn told(status: u16, view: &View, count: Count) -> Outcome {
    Ok(Reply::json_text(status, shown(view, Some(count))?).version(view.version))
}

/// A view's JSON with its count, the one member that changes without a new version.
fn shown(view: &View, count: Option<Count>) -> Result<String, Failure> {
    let View { id, version, created_at, updated_at, .. } = view;
    let fields = serde_json::to_string(view.fields()).map_err(Failure::internal)?;
    let fields = fields.strip_prefix('{').and_then(|fields| fields.strip_suffix('}')).unwrap_or_default();
    let count =
        count.map_or_else(|| "null".to_owned(), |Count { n, exact }| format!("{{\"n\":{n},\"exact\":{exact}}}"));
    Ok(format!(
        "{{\"id\":\"{id}\",{fields},\"version\":{version},\"created_at\":\"{created_at}\",\"updated_at\":\"{updated_at}\",\"count\":{count}}}"
    ))
}

/// `GET /v1/views`: all of them, or with `?visible_to=` and `?team=` those that a member of staff is to see.
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let (mut staff, mut teams) = (None, Vec::new());
    for (name, value) in call.call.parameters() {
        match name.as_ref() {
            "visible_to" if staff.is_none() => staff = Some(value.into_owned()),
            "team" if teams.len() < MAX_TEAMS => teams.push(value.into_owned()),
            "visible_to" | "team" => {
                let rule = format!("visible_to once, team at most {MAX_TEAMS} times");
                return Err(bad_parameter(FieldError::parameter(&name, Rule::OutOfRange, rule)));
            }
            _ => return Err(unknown_parameter(&name)),
        }
    }
    let mut views = call.directory().views().await?;
    views.retain(|view| staff.as_ref().is_none_or(|staff| view.is_for(staff, &teams)));
    let counters: Vec<_> = views.iter().map(|view| counter(&call, view)).collect();
    let mut different: Vec<_> = counters.iter().flatten().cloned().collect();
    different.sort_by(|a, b| a.name.cmp(&b.name));
    different.dedup();
    let counts = counts(&call, &different).await?;
    let of =
        |counter: &Counter| different.iter().position(|other| other == counter).and_then(|at| counts.get(at)).copied();
    let rows = views.iter().zip(&counters).map(|(view, counter)| shown(view, counter.as_ref().and_then(of)));
    let rows: Vec<String> = rows.collect::<Result<_, _>>()?;
    Ok(Reply::json_text(200, format!("{{\"data\":[{}]}}", rows.join(","))))
}

/// `GET /v1/views/{id}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let view = find(&call, call.call.path_value("id")?).await?;
    told(200, &view, count(&call, &view).await?)
}

/// `PATCH /v1/views/{id}`
pub(crate) async fn patch(call: TenantCall) -> Outcome {
    let id = call.call.path_value("id")?;
    let fields = call.call.json::<ViewFields>(MAX_BODY).await?;
    let before = find(&call, id).await?;
    expect_version(&call, &before)?;
    let view = before.clone().changed(fields, call.call.now).map_err(invalid)?;
    let all = call.directory().update_view(&view).await?.ok_or(Failure::new(Code::PreconditionFailed))?;
    let count = if view.filter() == before.filter() {
        count(&call, &view).await?
    } else {
        count_anew(&call, &view, &all).await?
    };
    told(200, &view, count)
}

/// `DELETE /v1/views/{id}`
pub(crate) async fn delete(call: TenantCall) -> Outcome {
    let view = find(&call, call.call.path_value("id")?).await?;
    expect_version(&call, &view)?;
    let Some(left) = call.directory().delete_view(&view).await? else {
        // Nobody was first: then it may not be written.
        let unchanged = find(&call, view.id).await?.version == view.version;
        return Err(if unchanged { StoreError::Held.into() } else { Failure::new(Code::PreconditionFailed) });
    };
    let (dbs, kept) = (call.dbs(), names(&call, &left));
    call.call.afterwards(async move {
        for dropped in together(dbs.iter().map(|db| db.count(&[], Some(&kept)))).await {
            // The next change of a view does it.
            dropped.err().iter().for_each(|error| log::fault("counters_not_dropped", error));
        }
    });
    Ok(Reply::empty(204))
}

async fn find(call: &TenantCall, id: ViewId) -> Result<View, Failure> {
    call.directory().view(id).await?.ok_or(Failure::new(Code::NotFound))
}

fn expect_version(call: &TenantCall, view: &View) -> Result<(), Failure> {
    if call.call.if_match()?.accepts(view.version) {
        return Ok(());
    }
    Err(Failure::new(Code::PreconditionFailed).detail(format!("It is at {} now", etag::of_version(view.version))))
}

/// What a view shows.
pub(super) async fn filter_of(call: &TenantCall, id: ViewId) -> Result<ListQuery, Failure> {
    let view = find(call, id).await?;
    ListQuery::filter(view.filter()).map_err(|errors| Failure::errors(Code::InvalidParameter, errors))
}

fn counter(call: &TenantCall, view: &View) -> Option<Counter> {
    let query = ListQuery::filter(view.filter()).ok()?;
    Counter::of(&query, &call.directory().tokens())
}

fn names(call: &TenantCall, views: &[View]) -> Vec<String> {
    views.iter().filter_map(|view| counter(call, view)).map(|counter| counter.name).collect()
}

/// How many complaints a view shows.
async fn count(call: &TenantCall, view: &View) -> Result<Count, Failure> {
    match counter(call, view) {
        Some(counter) => {
            let counts = counts(call, &[counter]).await?;
            counts.first().copied().ok_or_else(|| Failure::internal("a counter was not read"))
        }
        None => found(call, view).await,
    }
}

/// Likewise, after a view has got its filter: `all` views there are then have the counters that are kept.
async fn count_anew(call: &TenantCall, view: &View, all: &[View]) -> Result<Count, Failure> {
    let dbs = call.dbs();
    let (counter, kept) = (counter(call, view), names(call, all));
    let begun: Vec<&Counter> = counter.iter().collect();
    for begun in together(dbs.iter().map(|db| db.count(&begun, Some(&kept)))).await {
        begun?;
    }
    count(call, view).await
}

/// How many complaints a search finds: it is not kept, so no more than [`MAX_FOUND`] are looked at.
async fn found(call: &TenantCall, view: &View) -> Result<Count, Failure> {
    let dbs = call.dbs();
    let Ok(query) = ListQuery::filter(view.filter()) else { return Ok(Count { n: 0, exact: false }) };
    let Some(searched) = searched(&query, &dbs).await? else { return Ok(Count { n: 0, exact: false }) };
    let mut n = 0;
    for found in together(dbs.iter().map(|db| db.found(&query, &searched, MAX_FOUND + 1))).await {
        n += found?;
    }
    Ok(Count { n: n.min(MAX_FOUND).into(), exact: n <= MAX_FOUND })
}

/// How many complaints different counters have, in their order. What is not whole is counted on, now or after the answer.
async fn counts(call: &TenantCall, counters: &[Counter]) -> Result<Vec<Count>, Failure> {
    let mut counts = vec![Count { n: 0, exact: true }; counters.len()];
    let dbs = call.dbs();
    let mut unfinished = Vec::new();
    for (db, counted) in dbs.iter().zip(together(dbs.iter().map(|db| counted(db, counters))).await) {
        let counted = counted?;
        for (count, counter) in counts.iter_mut().zip(counters) {
            let held = counted.iter().find(|held| held.name == counter.name);
            count.n += held.map_or(0, |held| held.n);
            count.exact &= held.is_some_and(|held| held.whole);
        }
        if open(counters, &counted).next().is_some() {
            unfinished.push(db.clone().at(Freshness::Latest));
        }
    }
    if !unfinished.is_empty() {
        let counters = counters.to_vec();
        call.call.afterwards(async move {
            for done in together(unfinished.iter().map(|db| count_on(db, &counters))).await {
                done.err().iter().for_each(|error| log::fault("not_counted_on", error));
            }
        });
    }
    Ok(counts)
}

/// The counters that have not counted all complaints of a database.
fn open<'c>(counters: &'c [Counter], counted: &[Counted]) -> impl Iterator<Item = &'c Counter> {
    let is_whole = |counter: &Counter| counted.iter().any(|held| held.name == counter.name && held.whole);
    counters.iter().filter(move |counter| !is_whole(counter))
}

/// Counters as a database has them. Some that have not counted all are begun or counted on first.
async fn counted(db: &TenantDb, counters: &[Counter]) -> Result<Vec<Counted>, StoreError> {
    let names: Vec<_> = counters.iter().map(|counter| counter.name.as_str()).collect();
    let mut counted = db.counted(&names).await?;
    let open: Vec<_> = open(counters, &counted).take(AT_ONCE).collect();
    if !open.is_empty() {
        match db.clone().at(Freshness::Latest).count(&open, None).await {
            Ok(newer) => {
                counted.retain(|old| newer.iter().all(|new| new.name != old.name));
                counted.extend(newer);
            }
            // Those that are there will do until the tenant is let go.
            Err(StoreError::Held) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(counted)
}

/// Counts until all is counted, or for as long as may be.
async fn count_on(db: &TenantDb, counters: &[Counter]) -> Result<(), StoreError> {
    let names: Vec<_> = counters.iter().map(|counter| counter.name.as_str()).collect();
    for _ in 0..AFTERWARDS {
        let counted = db.counted(&names).await?;
        let open: Vec<_> = open(counters, &counted).take(AT_ONCE).collect();
        if open.is_empty() {
            break;
        }
        db.count(&open, None).await?;
    }
    Ok(())
}
