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
    store::{
        StoreError, Unique,
        counters::{Counted, count, found},
    },
};
use schemars::JsonSchema;
use shared::{
    http::{
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
const MAX_FOUND: u64 = 1_000;
/// How often it is counted on after the answer; whoever asks next goes on.
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
    let (reply, view, all) = match directory.insert_view(&view, &key, fingerprint).await {
        Ok(all) => (Reply::empty(201), view, Some(all)),
        Err(error @ StoreError::Taken(Unique::IdempotencyKey)) => {
            let made = directory.made_by(&key).await?.ok_or_else(|| Failure::from(error))?;
            if made.fingerprint != fingerprint {
                return Err(Failure::new(Code::IdempotencyKeyReused));
            }
            (Reply::empty(201).replayed(), made.view, None)
        }
        Err(error) => return Err(error.into()),
    };
    told(&call, reply.header("location", format!("/v1/views/{}", view.id)), &view, all.as_deref()).await
}

fn invalid(errors: Vec<FieldError>) -> Failure {
    Failure::errors(Code::Invalid, errors)
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
    let counts = counts(&call, counters(&call, &views), None).await?;
    let mut counts = counts.into_iter();
    let shown = |view: &View| shown(view, counter(&call, view).and_then(|_| counts.next()));
    let rows: Vec<String> = views.iter().map(shown).collect::<Result<_, _>>()?;
    Ok(Reply::json_text(200, format!("{{\"data\":[{}]}}", rows.join(","))))
}

/// `GET /v1/views/{id}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let view = find(&call, call.call.path_value("id")?).await?;
    told(&call, Reply::empty(200), &view, None).await
}

/// `PATCH /v1/views/{id}`
pub(crate) async fn patch(call: TenantCall) -> Outcome {
    let id = call.call.path_value("id")?;
    let fields = call.call.json::<ViewFields>(MAX_BODY).await?;
    let before = find(&call, id).await?;
    call.call.expect_version(before.version)?;
    let view = before.clone().changed(fields, call.call.now).map_err(invalid)?;
    let all = call.directory().update_view(&view).await?.ok_or(Failure::new(Code::PreconditionFailed))?;
    let all = (view.filter() != before.filter()).then_some(all.as_slice());
    told(&call, Reply::empty(200), &view, all).await
}

/// `DELETE /v1/views/{id}`
pub(crate) async fn delete(call: TenantCall) -> Outcome {
    let view = find(&call, call.call.path_value("id")?).await?;
    call.call.expect_version(view.version)?;
    let Some(left) = call.directory().delete_view(&view).await? else {
        // Nobody was first: then it may not be written.
        let unchanged = find(&call, view.id).await?.version == view.version;
        return Err(if unchanged { StoreError::Held.into() } else { Failure::new(Code::PreconditionFailed) });
    };
    if let Err(error) = count(&call.dbs(), &[], Some(&counters(&call, &left))).await {
        // The next change of a view drops what this one has left.
        log::fault("counters_not_dropped", &error);
    }
    Ok(Reply::empty(204))
}

async fn find(call: &TenantCall, id: ViewId) -> Result<View, Failure> {
    call.directory().view(id).await?.ok_or(Failure::new(Code::NotFound))
}

/// What is asked for, among what the view shows that it names, of what whoever asks may see.
pub(super) async fn narrowed(call: &TenantCall, query: ListQuery) -> Result<ListQuery, Failure> {
    let query = match query.view {
        Some(view) => query.within(filter_of(&find(call, view).await?)?),
        None => query,
    };
    Ok(ListQuery { clearances: call.clearances().cloned(), ..query })
}

fn filter_of(view: &View) -> Result<ListQuery, Failure> {
    ListQuery::filter(view.filter()).map_err(|errors| Failure::errors(Code::InvalidParameter, errors))
}

fn counter(call: &TenantCall, view: &View) -> Option<Counter> {
    Counter::of(&filter_of(view).ok()?, &call.directory().tokens())
}

fn counters(call: &TenantCall, views: &[View]) -> Vec<Counter> {
    views.iter().filter_map(|view| counter(call, view)).collect()
}

/// Tells a view with its count. Once it has got its filter, `all` views there are then have the counters that are kept.
async fn told(call: &TenantCall, mut reply: Reply, view: &View, all: Option<&[View]>) -> Outcome {
    let kept = all.map(|all| counters(call, all));
    let counted = counts(call, counter(call, view).into_iter().collect(), kept.as_deref()).await?;
    let count = match counted.first() {
        Some(count) => *count,
        None => found_by(call, view).await?,
    };
    reply.body = shown(view, Some(count))?.into_bytes();
    Ok(reply.version(view.version))
}

/// A view's JSON with its count, the one member that changes without a new version.
fn shown(view: &View, count: Option<Count>) -> Result<String, Failure> {
    let View { id, version, created_at, updated_at, .. } = view;
    let fields = serde_json::to_string(view.fields()).map_err(Failure::internal)?;
    let fields = fields.strip_prefix('{').and_then(|fields| fields.strip_suffix('}')).unwrap_or_default();
    let count = count.map_or_else(|| "null".to_owned(), |Count { n, exact }| format!(r#"{{"n":{n},"exact":{exact}}}"#));
    Ok(format!(
        r#"{{"id":"{id}",{fields},"version":{version},"created_at":"{created_at}","updated_at":"{updated_at}","count":{count}}}"#
    ))
}

/// How many complaints a search finds: it is not kept, so no more than [`MAX_FOUND`] are looked at.
async fn found_by(call: &TenantCall, view: &View) -> Result<Count, Failure> {
    let (query, dbs) = (ListQuery { clearances: call.clearances().cloned(), ..filter_of(view)? }, call.dbs());
    let Some(searched) = searched(&query, &dbs).await? else { return Ok(Count { n: 0, exact: false }) };
    let n: u64 = found(&dbs, &query, &searched, MAX_FOUND + 1).await?.into_iter().sum();
    Ok(Count { n: n.min(MAX_FOUND), exact: n <= MAX_FOUND })
}

/// How many complaints counters have, in their order. What is not whole is counted on after the answer. If `kept` is given,
/// no others are there afterwards.
async fn counts(call: &TenantCall, counters: Vec<Counter>, kept: Option<&[Counter]>) -> Result<Vec<Count>, Failure> {
    if counters.is_empty() && kept.is_none() {
        return Ok(Vec::new());
    }
    // Where something is begun and counted, nothing but the newest will do.
    let dbs: Vec<_> = call.dbs().into_iter().map(|db| db.at(Freshness::Latest)).collect();
    let hidden_from = call.clearances();
    let counters = match hidden_from {
        Some(clearances) => {
            let tokens = call.directory().tokens();
            counters.into_iter().flat_map(|all| [all.hidden_from(clearances, &tokens), all]).collect()
        }
        None => counters,
    };
    let counts = sums(&count(&dbs, &counters, kept).await?, &counters);
    let mut so_far = total(&counts);
    if !so_far.exact {
        call.call.afterwards(async move {
            for _ in 0..AFTERWARDS {
                let counted = match count(&dbs, &counters, None).await {
                    Ok(counted) => total(&sums(&counted, &counters)),
                    Err(error) => return log::fault("not_counted_on", &error),
                };
                // None was added: it is held.
                if counted.exact || counted.n == so_far.n {
                    return;
                }
                so_far = counted;
            }
        });
    }
    Ok(if hidden_from.is_some() { counts.chunks(2).map(seen).collect() } else { counts })
}

/// Of what is hidden and of all: how many there are to be seen. As long as what is hidden is not all counted, that is none for sure.
fn seen(counts: &[Count]) -> Count {
    match counts {
        [hidden, all] if hidden.exact => Count { n: all.n.saturating_sub(hidden.n), exact: all.exact },
        _ => Count { n: 0, exact: false },
    }
}

fn total(counts: &[Count]) -> Count {
    counts
        .iter()
        .fold(Count { n: 0, exact: true }, |sum, Count { n, exact }| Count { n: sum.n + n, exact: sum.exact && *exact })
}

/// What several databases have counted together.
fn sums(counted: &[Counted], counters: &[Counter]) -> Vec<Count> {
    let sum = |counter: &Counter| {
        let parts = counted.iter().map(|counted| counted.of(counter));
        total(&parts.map(|(n, exact)| Count { n, exact }).collect::<Vec<_>>())
    };
    counters.iter().map(sum).collect()
}
