//! The copy of each case's lock that reads show and writes are checked against.

use super::{Scoped, StoreError, TenantDb};
use serde::{Deserialize, de::IgnoredAny};
use shared::{
    ids::ComplaintId,
    lock::{FencingToken, Holder, Lock},
    time::Timestamp,
};

const FIND: Scoped = Scoped::new(include_str!("sql/locks/find.sql"));
const PUT: Scoped = Scoped::new(include_str!("sql/locks/put.sql"));
const CLEAR: Scoped = Scoped::new(include_str!("sql/locks/clear.sql"));

/// The columns of a lock in a row; all are absent where there is none.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct LockRow {
    lock_token: Option<FencingToken>,
    /// JSON.
    lock_holder: Option<String>,
    lock_since: Option<i64>,
    lock_expires_at: Option<i64>,
}

impl LockRow {
    /// The lock, if it is in force at `now`.
    pub(crate) fn in_force(self, now: Timestamp) -> Option<Lock> {
        let holder: Holder = serde_json::from_str(&self.lock_holder?).ok()?;
        let lock = Lock {
            holder,
            token: self.lock_token?,
            since: Timestamp::from_unix_millis(self.lock_since?),
            expires_at: Timestamp::from_unix_millis(self.lock_expires_at?),
        };
        (lock.expires_at > now).then_some(lock)
    }
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
        Ok(row.and_then(|row| row.in_force(now)))
    }

    /// Copies a lock. False if the copy knows a larger token.
    pub(crate) async fn put_lock(&self, id: ComplaintId, lock: &Lock) -> Result<bool, StoreError> {
        let Lock { holder, token, since, expires_at } = lock;
        let row = (id, token, super::json(holder)?, since.unix_millis(), expires_at.unix_millis());
        Ok(!self.rows::<IgnoredAny>(PUT, row).await?.is_empty())
    }

    /// Notes that a lock was given back.
    pub(crate) async fn clear_lock(&self, id: ComplaintId, token: FencingToken) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(CLEAR, (id, token)).await?;
        Ok(())
    }
}
