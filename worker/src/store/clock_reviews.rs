//! Complaints whose clocks are to be looked at anew, and those that are to be left alone.

use super::{Scoped, StoreError, TenantDb, to_json};
use serde::de::IgnoredAny;
use shared::{ids::ComplaintId, time::Timestamp};

const BEGIN: Scoped = scoped!("sql/clock_reviews/begin.sql");
const MARK: Scoped = scoped!("sql/clock_reviews/mark.sql");
const GO_ON: Scoped = scoped!("sql/clock_reviews/go_on.sql");
const END: Scoped = scoped!("sql/clock_reviews/end.sql");
const LET_SLEEP: Scoped = scoped!("sql/complaints/let_sleep.sql");

impl TenantDb {
    /// Has all complaints here looked at, from `from_at` on.
    pub(crate) async fn begin_clock_review(&self, from_at: Timestamp) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(BEGIN, (from_at.unix_millis(),)).await?;
        Ok(())
    }

    /// Marks the next complaints that are to be looked at, or ends the review if there are none.
    pub(crate) async fn review_clocks(&self, limit: u32) -> Result<(), StoreError> {
        let batch = self.batch().with(MARK, (limit,)).with(GO_ON, (limit,)).with(END, ());
        self.run::<IgnoredAny>(batch).await?;
        Ok(())
    }

    /// Has nobody look at these complaints any more.
    pub(crate) async fn let_sleep(&self, complaints: &[ComplaintId]) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(LET_SLEEP, (to_json(&complaints)?,)).await?;
        Ok(())
    }
}
