//! Codes that were mailed to show that a complaint is somebody's: in the database of the tenant's first slot, for a quarter of an hour.

use super::{Scoped, StoreError, TenantDb};
use serde::{Deserialize, de::IgnoredAny};
use shared::{ids::ComplaintId, time::Timestamp};

const INSERT: Scoped = scoped!("sql/case_codes/insert.sql");
const FORGET: Scoped = scoped!("sql/case_codes/forget.sql");
const TRY: Scoped = scoped!("sql/case_codes/try.sql");

/// Codes of a complaint that are good at the same time.
const AT_ONCE: u32 = 3;
/// How often a code is tried.
const TRIES: u32 = 5;

#[derive(Deserialize)]
struct Row {
    complaint_id: Option<ComplaintId>,
}

impl TenantDb {
    /// Notes a code, by what the browser has that asked; those that are good no more go. False if there are enough.
    pub(crate) async fn add_case_code(
        &self,
        (handle, code): (&str, &str),
        complaint: ComplaintId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.rows::<IgnoredAny>(FORGET, (now.unix_millis(),)).await?;
        let row = (handle, complaint, code, until.unix_millis(), now.unix_millis(), AT_ONCE);
        Ok(self.row::<Row>(INSERT, row).await?.is_some())
    }

    /// Tries a code. The complaint that it is for, if it is the right one.
    pub(crate) async fn try_case_code(
        &self,
        (handle, code): (&str, &str),
        now: Timestamp,
    ) -> Result<Option<ComplaintId>, StoreError> {
        let row: Option<Row> = self.row(TRY, (handle, code, now.unix_millis(), TRIES)).await?;
        Ok(row.and_then(|row| row.complaint_id))
    }
}
