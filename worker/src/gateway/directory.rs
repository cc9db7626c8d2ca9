//! The tenant directory: which cell a tenant is at home in. In KV, shared by all cells, and late by up to a minute;
//! inside its cell a tenant's standing comes with its leases ([`super::admission`]). D1 is the source of truth of both.

use crate::{
    call::Call,
    config::Config,
    live, log,
    platform::{Class, Fault, Runtime},
    store::{
        StoreError, TenantDb,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use shared::{
    ids::TenantId,
    json::{self, Raw},
    live::Door,
    object::rate_limiter,
    tenant::{
        CellName, Slug,
        standing::{Route, Standing},
    },
    time::Timestamp,
};
use std::{cell::RefCell, collections::HashMap};

/// How long an isolate trusts a route. KV itself answers from its edge cache for a minute.
const FRESH_MILLIS: i64 = 10_000;
const MAX_CACHED: usize = 10_000;

thread_local! {
    static ROUTES: RefCell<HashMap<TenantId, (Timestamp, CellName)>> = RefCell::default();
}

/// The cell that a tenant is at home in, as far as the directory knows.
pub(crate) async fn home_of(call: &Call, tenant: TenantId) -> Result<Option<CellName>, Fault> {
    let cached = ROUTES.with_borrow(|routes| routes.get(&tenant).cloned());
    if let Some((read_at, home)) = cached
        && read_at.plus_millis(FRESH_MILLIS) > call.now
    {
        return Ok(Some(home));
    }
    let Some(route) = route_of(&call.runtime, tenant).await? else { return Ok(None) };
    ROUTES.with_borrow_mut(|routes| {
        if routes.len() >= MAX_CACHED {
            routes.clear();
        }
        routes.insert(tenant, (call.now, route.home_cell.clone()));
    });
    Ok(Some(route.home_cell))
}

async fn route_of(runtime: &Runtime, tenant: TenantId) -> Result<Option<Route>, Fault> {
    let Some(text) = runtime.directory_get(&key_of(tenant)).await? else { return Ok(None) };
    Ok(json::from_str(&text).inspect_err(|error| log::fault("directory_entry_unreadable", error)).ok())
}

/// The tenant that has a slug in any cell, as far as the directory knows.
pub(crate) async fn holder_of(runtime: &Runtime, slug: &Slug) -> Result<Option<TenantId>, Fault> {
    Ok(route_to(runtime, slug).await?.map(|route| route.tenant))
}

/// Where the tenant is that has a slug in any cell, as far as the directory knows.
pub(crate) async fn route_to(runtime: &Runtime, slug: &Slug) -> Result<Option<Route>, Fault> {
    let named = runtime.directory_get(&slug_key(slug)).await?.and_then(|text| text.parse().ok());
    let Some(tenant) = named else { return Ok(None) };
    // Whoever had it may have another by now.
    let route = route_of(runtime, tenant).await?;
    Ok(route.filter(|route| route.slug == *slug))
}

/// What D1 says of a tenant.
pub(crate) async fn truth(runtime: &Runtime, tenant: TenantId, now: Timestamp) -> Result<Option<Standing>, StoreError> {
    Ok(told(runtime, tenant, now).await?.map(|(standing, _)| standing))
}

/// The same, and as the text that objects are told.
pub(super) async fn told(
    runtime: &Runtime,
    tenant: TenantId,
    now: Timestamp,
) -> Result<Option<(Standing, Raw)>, StoreError> {
    // The number is read first: a change in between makes it too low, and then it is told again.
    let Some(row) = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant_row(tenant).await? else { return Ok(None) };
    let (ended, barred) = TenantDb::new(runtime.clone(), DIRECTORY_SHARD, tenant).ended(now).await?;
    let (seq, doc, moving) = (row.directory_seq, &row.doc, row.moving());
    let ended = serde_json::to_string(&ended).map_err(|error| StoreError::unreadable(&error))?;
    let barred = barred.join(",");
    let text = format!(r#"{{"seq":{seq},"tenant":{doc},"ended":{ended},"moving":{moving},"barred":[{barred}]}}"#);
    let standing = json::from_str(&text).map_err(|error| StoreError::unreadable(&error))?;
    Ok(Some((standing, Raw(text))))
}

/// Why the objects or the directory still say the old: cron tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPublished {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Dependency(#[from] Fault),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("other changes keep overtaking it")]
    Overtaken,
}

/// How often a change that another overtakes is published anew before it is left to cron.
const ATTEMPTS: usize = 3;

/// Tells what D1 says of a tenant: to its `RateLimiter`, from when on the change is in force in this cell, to its `LiveHub`, which
/// closes the sockets of whoever may not stay, then to the directory.
pub(crate) async fn publish(runtime: &Runtime, tenant: TenantId, now: Timestamp) -> Result<(), NotPublished> {
    let db = SystemDb::new(runtime.clone(), DIRECTORY_SHARD);
    for _ in 0..ATTEMPTS {
        let Some((standing, text)) = told(runtime, tenant, now).await? else { return Ok(()) };
        let (seq, route) = (standing.seq, standing.route());
        let door = Config::of(runtime).ok().map(|config| Door::of(&standing, &config.cell));
        tell(runtime, tenant, text).await?;
        // Sockets keep nobody from being told the rest.
        let listeners = match door {
            Some(door) => live::stand(runtime, tenant, door).await,
            None => Ok(()),
        };
        // Where a tenant is, only its home says; a cell that it has left knows only where it went from there.
        if Config::of(runtime).is_ok_and(|config| config.cell == route.home_cell) {
            runtime.directory_put(&key_of(tenant), serde_json::to_string(&route)?).await?;
            runtime.directory_put(&slug_key(&route.slug), tenant.to_string()).await?;
        }
        ROUTES.with_borrow_mut(|routes| routes.remove(&tenant));
        listeners?;
        if db.mark_published(tenant, seq).await? {
            return Ok(());
        }
    }
    Err(NotPublished::Overtaken)
}

/// Tells a tenant's `RateLimiter` how the tenant stands.
pub(super) async fn tell(runtime: &Runtime, tenant: TenantId, standing: Raw) -> Result<(), Fault> {
    let question = rate_limiter::Question::Tell { standing };
    runtime.ask::<rate_limiter::Told>(Class::RateLimiter, &super::admission::object_of(tenant), &question).await?;
    Ok(())
}

fn key_of(tenant: TenantId) -> String {
    format!("tenant:{tenant}")
}

fn slug_key(slug: &Slug) -> String {
    format!("slug:{slug}")
}
