//! The tenant directory: KV, cached in the isolate; D1 is its source of truth and its fallback.
//!
//! A revoked key or a suspended tenant is refused once the entry here is newer: within [`FRESH_MILLIS`] of the
//! change reaching KV in this location.

use crate::{
    call::Call,
    failure::Failure,
    platform::{Fault, Runtime},
    store::{
        StoreError, TenantDb,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use shared::{
    ids::TenantId,
    tenant::{DirectoryEntry, Slug, Tenant},
    time::Timestamp,
};
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// How long an isolate trusts what it has read.
const FRESH_MILLIS: i64 = 2_000;
const MAX_CACHED: usize = 1_000;

type Cached = (Timestamp, Rc<DirectoryEntry>);

thread_local! {
    /// Names, places and states of tenants: nothing of what they keep here.
    static CACHE: RefCell<HashMap<TenantId, Cached>> = RefCell::default();
}

/// What the directory says of a tenant; `None` if there is no such tenant.
pub(crate) async fn entry(call: &Call, tenant: TenantId) -> Result<Option<Rc<DirectoryEntry>>, Failure> {
    let cached = CACHE.with_borrow(|cache| cache.get(&tenant).cloned());
    if let Some((read_at, entry)) = cached.as_ref()
        && read_at.plus_millis(FRESH_MILLIS) > call.now
    {
        return Ok(Some(Rc::clone(entry)));
    }
    let Some(entry) = look_up(&call.runtime, tenant, call.now).await? else { return Ok(None) };
    let entry = Rc::new(entry);
    CACHE.with_borrow_mut(|cache| {
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(tenant, (call.now, Rc::clone(&entry)));
    });
    Ok(Some(entry))
}

/// KV may not have a new tenant yet, or not answer at all.
async fn look_up(runtime: &Runtime, tenant: TenantId, now: Timestamp) -> Result<Option<DirectoryEntry>, Failure> {
    let found = runtime.directory_get(&tenant_key(tenant)).await.ok().flatten();
    if let Some(entry) = found.and_then(|text| serde_json::from_str(&text).ok()) {
        return Ok(Some(entry));
    }
    Ok(from_truth(runtime, tenant, now).await?)
}

async fn from_truth(runtime: &Runtime, tenant: TenantId, now: Timestamp) -> Result<Option<DirectoryEntry>, StoreError> {
    let Some(tenant) = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant(tenant).await? else {
        return Ok(None);
    };
    let revoked = TenantDb::new(runtime.clone(), DIRECTORY_SHARD, tenant.id).revoked_keys(now).await?;
    Ok(Some(DirectoryEntry { tenant, revoked }))
}

/// Why the directory still shows the old entry: cron tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPublished {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Kv(#[from] Fault),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Shows a tenant in the directory as it is in D1. `former` is a slug it no longer has.
pub(crate) async fn publish(
    runtime: &Runtime,
    tenant: TenantId,
    former: Option<&Slug>,
    now: Timestamp,
) -> Result<(), NotPublished> {
    let Some(entry) = from_truth(runtime, tenant, now).await? else { return Ok(()) };
    runtime.directory_put(&tenant_key(tenant), Some(serde_json::to_string(&entry)?)).await?;
    runtime.directory_put(&slug_key(&entry.tenant.slug), Some(tenant.to_string())).await?;
    if let Some(former) = former.filter(|former| **former != entry.tenant.slug) {
        runtime.directory_put(&slug_key(former), None).await?;
    }
    forget(&entry.tenant);
    SystemDb::new(runtime.clone(), DIRECTORY_SHARD).mark_published(&entry.tenant).await?;
    Ok(())
}

/// This isolate reads the entry anew.
fn forget(tenant: &Tenant) {
    CACHE.with_borrow_mut(|cache| cache.remove(&tenant.id));
}

fn tenant_key(tenant: TenantId) -> String {
    format!("tenant:{tenant}")
}

fn slug_key(slug: &Slug) -> String {
    format!("slug:{slug}")
}
