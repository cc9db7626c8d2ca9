//! The copy of each case's lock that reads show and writes are checked against.

use super::{Scoped, StoreError, TenantDb};
use serde::{Deserialize, de::IgnoredAny};
use shared::{
    ids::ComplaintId,
    json,
    lock::{FencingToken, Holder, Lock},
    time::Timestamp,
};

const FIND: Scoped = scoped!("sql/locks/find.sql");
const PUT: Scoped = scoped!("sql/locks/put.sql");
const CLEAR: Scoped = scoped!("sql/locks/clear.sql");

/// The columns of a lock in a row, in the order of `sql/locks/find.sql`; all are absent where there is none.
pub(super) type LockColumns = (Option<FencingToken>, Option<String>, Option<i64>, Option<i64>);

/// The lock, if it is in force at `now`.
pub(super) fn in_force((token, holder, since, expires_at): LockColumns, now: Timestamp) -> Option<Lock> {
    let lock = Lock {
        holder: json::from_str::<Holder>(&holder?).ok()?,
        token: token?,
        since: Timestamp::from_unix_millis(since?),
        expires_at: Timestamp::from_unix_millis(expires_at?),
    };
    (lock.expires_at > now).then_some(lock)
}

#[derive(Deserialize)]
struct LockRow {
    lock_token: Option<FencingToken>,
    lock_holder: Option<String>,
    lock_since: Option<i64>,
    lock_expires_at: Option<i64>,
}

impl TenantDb {
    /// The largest token that the copy has seen; `None` if there is no such complaint.
    pub(crate) async fn lock_token(&self, id: ComplaintId) -> Result<Option<FencingToken>, StoreError> {
        let row: Option<LockRow> = self.row(FIND, (id,)).await?;
        Ok(row.map(|row| row.lock_token.unwrap_or_default()))
    }

    /// The lock that is in force.
    pub(crate) async fn lock_in_force(&self, id: ComplaintId, now: Timestamp) -> Result<Option<Lock>, StoreError> {
        let row: Option<LockRow> = self.row(FIND, (id,)).await?;
        Ok(row.and_then(|row| in_force((row.lock_token, row.lock_holder, row.lock_since, row.lock_expires_at), now)))
    }

    /// Copies a lock. False if the copy knows a larger token.
    pub(crate) async fn put_lock(&self, id: ComplaintId, lock: &Lock) -> Result<bool, StoreError> {
        let Lock { holder, token, since, expires_at } = lock;
        let row = (id, token, super::to_json(holder)?, since.unix_millis(), expires_at.unix_millis());
        Ok(!self.rows::<IgnoredAny>(PUT, row).await?.is_empty())
    }

    /// Notes that a lock was given back.
    pub(crate) async fn clear_lock(&self, id: ComplaintId, token: FencingToken) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(CLEAR, (id, token)).await?;
        Ok(())
    }
}
