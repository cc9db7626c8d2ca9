//! The tenant directory: KV, cached in the isolate; D1 is its source of truth and its fallback.
//!
//! A revoked key or a suspended tenant is refused within [`FRESH_MILLIS`] of the change reaching KV in this location,
//! which may take KV up to a minute.

use crate::{
    call::Call,
    failure::Failure,
    log,
    platform::{Fault, Runtime},
    store::{
        StoreError, TenantDb,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use shared::{ids::TenantId, tenant::DirectoryEntry, time::Timestamp};
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
    match runtime.directory_get(&key_of(tenant)).await {
        Ok(Some(text)) => match serde_json::from_str(&text) {
            Ok(entry) => return Ok(Some(entry)),
            Err(error) => log::fault("directory_entry_unreadable", &error),
        },
        Ok(None) => {}
        Err(fault) => log::fault("directory_not_read", &fault),
    }
    Ok(from_truth(runtime, tenant, now).await?.map(|(entry, _)| entry))
}

/// The entry as it should be, and the number of the change it shows.
async fn from_truth(
    runtime: &Runtime,
    tenant: TenantId,
    now: Timestamp,
) -> Result<Option<(DirectoryEntry, u32)>, StoreError> {
    // The number is read first: a change in between makes it too low, and then the entry is published again.
    let Some((tenant, seq)) = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant_at(tenant).await? else {
        return Ok(None);
    };
    let revoked = TenantDb::new(runtime.clone(), DIRECTORY_SHARD, tenant.id).revoked_keys(now).await?;
    Ok(Some((DirectoryEntry { tenant, revoked }, seq)))
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
    #[error("other changes keep overtaking it")]
    Overtaken,
}

/// How often a change that another overtakes is published anew before it is left to cron.
const ATTEMPTS: usize = 3;

/// Shows a tenant in the directory as it is in D1.
pub(crate) async fn publish(runtime: &Runtime, tenant: TenantId, now: Timestamp) -> Result<(), NotPublished> {
    let db = SystemDb::new(runtime.clone(), DIRECTORY_SHARD);
    for _ in 0..ATTEMPTS {
        let Some((entry, seq)) = from_truth(runtime, tenant, now).await? else { return Ok(()) };
        runtime.directory_put(&key_of(tenant), serde_json::to_string(&entry)?).await?;
        CACHE.with_borrow_mut(|cache| cache.remove(&tenant));
        if db.mark_published(tenant, seq).await? {
            return Ok(());
        }
    }
    Err(NotPublished::Overtaken)
}

fn key_of(tenant: TenantId) -> String {
    format!("tenant:{tenant}")
}
