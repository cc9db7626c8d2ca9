//! Bulk jobs and their rows: in the database of the tenant's first slot. What they select is looked up in each.

use super::{Scoped, StoreError, TenantDb, to_json};
use serde::{Deserialize, de::IgnoredAny};
use shared::{
    bulk::{Job, Progress},
    chain::Digest,
    http::{idempotency::IdempotencyKey, list_query::ListQuery},
    ids::{BulkId, ComplaintId},
    json,
    search::place::Place,
    time::Timestamp,
};

const INSERT: Scoped = Scoped::new(include_str!("sql/bulk/insert.sql"));
const PUT_ROWS: Scoped = Scoped::new(include_str!("sql/bulk/put_rows.sql"));
const LEASE: Scoped = Scoped::new(include_str!("sql/bulk/lease.sql"));
const SAVE: Scoped = Scoped::new(include_str!("sql/bulk/save.sql"));
const CANCEL: Scoped = Scoped::new(include_str!("sql/bulk/cancel.sql"));
const ASK_TO_CANCEL: Scoped = Scoped::new(include_str!("sql/bulk/ask_to_cancel.sql"));
const READ: Scoped = Scoped::new(include_str!("sql/bulk/read.sql"));
const BY_KEY: Scoped = Scoped::new(include_str!("sql/bulk/by_key.sql"));
const LIST: Scoped = Scoped::new(include_str!("sql/bulk/list.sql"));
const ROWS: Scoped = Scoped::new(include_str!("sql/bulk/rows.sql"));
const COUNT_ROWS: Scoped = Scoped::new(include_str!("sql/bulk/count_rows.sql"));
const SELECT: Scoped = Scoped::new(include_str!("sql/bulk/select.sql"));
const FORGET_ROWS: Scoped = Scoped::new(include_str!("sql/bulk/forget_rows.sql"));
const FORGET: Scoped = Scoped::new(include_str!("sql/bulk/forget.sql"));

/// The fence of a job that nobody has driven yet.
pub(crate) const FIRST_FENCE: i64 = 1;

/// A job as it is kept.
#[derive(Deserialize)]
pub(crate) struct KeptJob {
    /// [`Job`] as JSON.
    pub(crate) doc: String,
    open: u8,
    pub(crate) fence: i64,
    lease_until: i64,
    lost_turns: u32,
}

impl KeptJob {
    pub(crate) fn job(&self) -> Result<Job, StoreError> {
        json::from_str(&self.doc).map_err(StoreError::unreadable)
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.open != 0
    }

    /// Whether somebody works on it just now, or has and did not write down what became of that.
    pub(crate) const fn is_under_way(&self, now: Timestamp) -> bool {
        self.lease_until > now.unix_millis() || self.lost_turns > 0
    }
}

/// What a request asked for before.
#[derive(Deserialize)]
pub(crate) struct Asked {
    doc: String,
    pub(crate) fingerprint: Digest,
}

impl Asked {
    pub(crate) fn job(&self) -> Result<Job, StoreError> {
        json::from_str(&self.doc).map_err(StoreError::unreadable)
    }
}

/// A job whose turn has come, as whoever drives it knows it.
pub(crate) struct Driven {
    pub(crate) job: Job,
    pub(crate) progress: Progress,
    pub(crate) fence: i64,
    /// Whether it was asked to stop.
    pub(crate) cancelling: bool,
    /// Turns, this one included, since somebody last wrote down what became of one.
    pub(crate) lost_turns: u32,
}

/// When a job that is written down is to be looked at again.
#[derive(Clone, Copy)]
pub(crate) struct Next {
    /// Until then it is driven.
    pub(crate) lease_until: Timestamp,
    /// From then on its turn is taken for lost.
    pub(crate) due_at: Timestamp,
}

/// What became of a complaint: [`shared::bulk::Row`] as JSON, or nothing yet.
pub(crate) type RowToPut = (ComplaintId, Option<String>);

#[derive(Deserialize)]
struct LeasedRow {
    doc: String,
    progress: String,
    fence: i64,
    cancelling: u8,
    lost_turns: u32,
}

#[derive(Deserialize)]
struct SavedRow {
    cancelling: u8,
}

#[derive(Deserialize)]
struct DocRow {
    doc: String,
}

#[derive(Deserialize)]
struct CountRow {
    n: u32,
}

/// A row as it is kept.
#[derive(Deserialize)]
pub(crate) struct RowOfJob {
    pub(crate) complaint_id: ComplaintId,
    pub(crate) outcome: Option<String>,
}

/// A complaint that a filter has found.
#[derive(Deserialize)]
pub(crate) struct Selected {
    pub(crate) place: String,
    pub(crate) id: ComplaintId,
}

/// The rest of a filter's complaints in a database.
pub(crate) struct Selection<'q> {
    pub(crate) query: &'q ListQuery,
    /// What is searched for, in the language of the index.
    pub(crate) searched: Option<&'q str>,
    /// Those below this place; all if there is none.
    pub(crate) below: Option<&'q str>,
    /// Those that were logged by then.
    pub(crate) logged_by: Timestamp,
}

/// What callers ask.
impl TenantDb {
    /// Writes a new job and the complaints that it names. False if the tenant has `most` open ones; fails if the key is taken.
    pub(crate) async fn insert_job(
        &self,
        job: &Job,
        (key, fingerprint): (&IdempotencyKey, Digest),
        named: &[ComplaintId],
        due_at: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError> {
        let progress = to_json(&Progress::default())?;
        let row = (job.id, key.as_str(), fingerprint, to_json(job)?, progress, due_at.unix_millis(), most);
        let rows: Vec<_> = named.iter().map(|id| (id, None::<&str>)).collect();
        let batch = self.batch().with(INSERT, row).with(PUT_ROWS, (job.id, FIRST_FENCE, to_json(&rows)?));
        let (inserted, _) = self.run::<(Vec<IgnoredAny>, IgnoredAny)>(batch).await?;
        Ok(!inserted.is_empty())
    }

    /// What the request with this key asked for, if it came before.
    pub(crate) async fn asked_by_key(&self, key: &IdempotencyKey) -> Result<Option<Asked>, StoreError> {
        self.row(BY_KEY, (key.as_str(),)).await
    }

    pub(crate) async fn job(&self, id: BulkId) -> Result<Option<KeptJob>, StoreError> {
        self.row(READ, (id,)).await
    }

    /// Jobs that were asked for before job `before`, the newest first, as JSON.
    pub(crate) async fn jobs(&self, before: Option<BulkId>, limit: u32) -> Result<Vec<String>, StoreError> {
        // No id comes after "~".
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        let rows: Vec<DocRow> = self.rows(LIST, (before, limit)).await?;
        Ok(rows.into_iter().map(|row| row.doc).collect())
    }

    /// A job and its rows after complaint `after`, those with this outcome if one is named: see `rows.sql`.
    pub(crate) async fn job_and_rows(
        &self,
        id: BulkId,
        after: Option<ComplaintId>,
        outcome: Option<&str>,
        limit: u32,
    ) -> Result<Option<(KeptJob, Vec<RowOfJob>)>, StoreError> {
        let batch = self.batch().with(READ, (id,)).with(ROWS, (id, after_text(after), outcome, limit));
        let (jobs, rows) = self.run::<(Vec<KeptJob>, Vec<RowOfJob>)>(batch).await?;
        Ok(jobs.into_iter().next().map(|job| (job, rows)))
    }

    /// Writes that a job is over which nobody drives. False if it has changed since it was read.
    pub(crate) async fn cancel_job(&self, job: &Job, fence: i64, now: Timestamp) -> Result<bool, StoreError> {
        let row = (job.id, fence, to_json(job)?, now.unix_millis());
        Ok(self.row::<IgnoredAny>(CANCEL, row).await?.is_some())
    }

    /// Asks whoever drives a job to stop. False if it has changed since it was read.
    pub(crate) async fn ask_to_cancel_job(&self, id: BulkId, fence: i64) -> Result<bool, StoreError> {
        Ok(self.row::<IgnoredAny>(ASK_TO_CANCEL, (id, fence)).await?.is_some())
    }
}

/// What the driver asks.
impl TenantDb {
    /// Takes the turn that was announced with `fence`, unless somebody else has or there is nothing to do.
    pub(crate) async fn lease_job(
        &self,
        id: BulkId,
        fence: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Driven>, StoreError> {
        let times = (id, fence, now.unix_millis(), until.unix_millis());
        let Some(row) = self.row::<LeasedRow>(LEASE, times).await? else { return Ok(None) };
        let job = json::from_str(&row.doc).map_err(StoreError::unreadable)?;
        let progress = json::from_str(&row.progress).map_err(StoreError::unreadable)?;
        let (fence, cancelling, lost_turns) = (row.fence, row.cancelling != 0, row.lost_turns);
        Ok(Some(Driven { job, progress, fence, cancelling, lost_turns }))
    }

    /// Writes what became of some rows, and of the job. Whether it was asked to stop meanwhile; `None` if it is another's
    /// turn by now, or the tenant leaves: then nothing was written.
    pub(crate) async fn save_job(
        &self,
        driven: &Driven,
        rows: &[RowToPut],
        next: Next,
    ) -> Result<Option<bool>, StoreError> {
        let Driven { job, progress, fence, .. } = driven;
        let Next { lease_until, due_at } = next;
        let open = u8::from(job.is_open());
        let times = (lease_until.unix_millis(), due_at.unix_millis());
        let row = (job.id, fence, to_json(job)?, to_json(progress)?, open, times.0, times.1);
        let batch = self.batch().with(SAVE, row).with(PUT_ROWS, (job.id, fence, to_json(&rows)?));
        let (saved, _) = self.run::<(Vec<SavedRow>, IgnoredAny)>(batch).await?;
        Ok(saved.first().map(|row| row.cancelling != 0))
    }

    /// The complaints of a job that are not done, after the one up to which all are.
    pub(crate) async fn rows_to_do(
        &self,
        id: BulkId,
        through: Option<ComplaintId>,
        limit: u32,
    ) -> Result<Vec<ComplaintId>, StoreError> {
        let rows: Vec<RowOfJob> = self.rows(ROWS, (id, after_text(through), "", limit)).await?;
        Ok(rows.into_iter().map(|row| row.complaint_id).collect())
    }

    /// How many rows a job has.
    pub(crate) async fn count_rows(&self, id: BulkId) -> Result<u32, StoreError> {
        let row: Option<CountRow> = self.row(COUNT_ROWS, (id,)).await?;
        Ok(row.map_or(0, |row| row.n))
    }

    /// Some of what a filter finds here.
    pub(crate) async fn select(&self, selection: Selection<'_>, limit: u32) -> Result<Vec<Selected>, StoreError> {
        let Selection { query, searched, below, logged_by } = selection;
        let received_from = query.received_from.unwrap_or(Timestamp::MIN);
        let received_to = query.received_to.unwrap_or(Timestamp::MAX.plus_millis(1));
        let above_all = Place::last_of(received_to.plus_millis(1_000)).to_string();
        let (below, lowest) = (below.unwrap_or(&above_all), Place::first_of(received_from).to_string());
        let logged_before = ComplaintId::in_slot(logged_by.plus_millis(1), &[0; 10], 0);
        let received = (received_from.unix_millis(), received_to.unix_millis());
        let matching = self.matching(query, searched);
        self.rows(SELECT, (matching, below, lowest, received.0, received.1, logged_before, limit)).await
    }

    /// Deletes jobs that were over and asked for before `floor`, and at most so many of their rows.
    pub(crate) async fn forget_jobs(&self, floor: BulkId, rows: u32) -> Result<(), StoreError> {
        self.run::<IgnoredAny>(self.batch().with(FORGET_ROWS, (floor, rows)).with(FORGET, (floor,))).await?;
        Ok(())
    }
}

fn after_text(after: Option<ComplaintId>) -> String {
    after.map_or_else(String::new, |id| id.to_string())
}
