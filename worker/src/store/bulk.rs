//! Bulk jobs and their rows: in the database of the tenant's first slot. What they select is looked up in each.
//!
//! Every statement takes texts and gives texts, and the database puts together what is answered: each type of row that is
//! read here would weigh more in the Worker than all that is done with it.

use super::{Scoped, TenantBatch, TenantDb};
use shared::{
    bulk::{Action, State},
    http::list_query::ListQuery,
    identity::role::{Clearance, Roles},
    ids::{BulkId, ComplaintId},
    json,
    search::place::Place,
    tenant::placement::ShardId,
    time::Timestamp,
};
use std::collections::BTreeSet;

const INSERT: Scoped = scoped!("sql/bulk/insert.sql");
const PUT_NAMED: Scoped = scoped!("sql/bulk/put_named.sql");
const PUT_ROWS: Scoped = scoped!("sql/bulk/put_rows.sql");
const LEASE: Scoped = scoped!("sql/bulk/lease.sql");
const SAVE: Scoped = scoped!("sql/bulk/save.sql");
const CANCEL: Scoped = scoped!("sql/bulk/cancel.sql");
const READ: Scoped = scoped!("sql/bulk/read.sql");
const BY_KEY: Scoped = scoped!("sql/bulk/by_key.sql");
const LIST: Scoped = scoped!("sql/bulk/list.sql");
const ROWS: Scoped = scoped!("sql/bulk/rows.sql");
const TODO: Scoped = scoped!("sql/bulk/todo.sql");
const SELECT: Scoped = scoped!("sql/bulk/select.sql");
const FORGET_ROWS: Scoped = scoped!("sql/bulk/forget_rows.sql");
const FORGET: Scoped = scoped!("sql/bulk/forget.sql");

/// The fence of a job that nobody has driven yet.
pub(crate) const FIRST_FENCE: u32 = 1;

/// A statement and what is bound in it after the tenant.
type Ask<'a> = (Scoped, &'a [&'a str]);

/// A job as a request asks for it.
pub(crate) struct AskedJob<'a> {
    pub(crate) id: BulkId,
    pub(crate) key: &'a str,
    pub(crate) fingerprint: &'a str,
    /// The request's body.
    pub(crate) body: &'a str,
    /// [`shared::access::Actor`] as JSON.
    pub(crate) asked_by: String,
    pub(crate) asked_at: Timestamp,
    /// The most open jobs that the tenant may have.
    pub(crate) most: u64,
    pub(crate) due_at: Timestamp,
}

/// A job whose turn has come, as whoever drives it knows it.
pub(crate) struct Driven {
    pub(crate) id: BulkId,
    pub(crate) fence: u32,
    /// Turns, this one included, since somebody last wrote down what became of one.
    pub(crate) lost_turns: u32,
    /// Whether it was asked to stop.
    pub(crate) cancelling: bool,
    pub(crate) dry_run: bool,
    pub(crate) state: State,
    pub(crate) asked_at: Timestamp,
    /// The key or the person that asked for it.
    pub(crate) asked_by: String,
    /// Of a person, what they are and may see now; nothing if they are not of the firm any more.
    pub(crate) person: Option<(Roles, BTreeSet<Clearance>)>,
    pub(crate) action: Action,
    /// Empty if the complaints were named.
    pub(crate) filter: String,
    pub(crate) selected: usize,
    /// Where selecting goes on: a database, and a place in it, or nothing for its beginning.
    pub(crate) selecting: (ShardId, String),
    /// Up to here all is done.
    pub(crate) through: String,
    /// How many more have succeeded, were skipped, have failed.
    pub(crate) counted: [u32; 3],
    /// Why it failed, as JSON.
    pub(crate) failure: Option<String>,
}

impl Driven {
    /// Reads what `lease.sql` gives.
    pub(crate) fn read(id: BulkId, text: &str) -> Option<Self> {
        let mut lines = text.splitn(14, '\n');
        let mut line = || lines.next();
        Some(Self {
            id,
            fence: line()?.parse().ok()?,
            lost_turns: line()?.parse().ok()?,
            cancelling: line()? == "1",
            dry_run: line()? == "1",
            state: if line()? == State::Selecting.as_str() { State::Selecting } else { State::Running },
            asked_at: line()?.parse().ok()?,
            asked_by: line()?.to_owned(),
            person: Some(line()?).filter(|person| !person.is_empty()).map(json::from_str).transpose().ok()?,
            selected: line()?.parse().ok()?,
            selecting: (ShardId(line()?.parse().ok()?), line()?.to_owned()),
            through: line()?.to_owned(),
            filter: line()?.to_owned(),
            action: json::from_str(line()?).ok()?,
            counted: [0; 3],
            failure: None,
        })
    }

    /// What `save.sql` writes.
    fn written(&self) -> String {
        let Self { state, counted: [succeeded, skipped, failed], selected, selecting: (shard, below), .. } = self;
        let (state, shard, through) = (state.as_str(), shard.0, &self.through);
        let failure = self.failure.as_deref().unwrap_or("null");
        format!("[\"{state}\",{succeeded},{skipped},{failed},{selected},{shard},\"{below}\",\"{through}\",{failure}]")
    }
}

/// What becomes of rows: a JSON list as `put_rows.sql` takes it.
#[derive(Default)]
pub(crate) struct RowsToPut(String);

impl RowsToPut {
    /// One more; without an outcome nothing has become of it yet.
    pub(crate) fn push(&mut self, id: &str, outcome: Option<&str>) {
        self.0.push_str(if self.0.is_empty() { "[\"" } else { ",[\"" });
        self.0.push_str(id);
        self.0.push('"');
        if let Some(outcome) = outcome {
            self.0.push(',');
            self.0.push_str(outcome);
        }
        self.0.push(']');
    }

    fn list(&self) -> String {
        format!("[{}]", self.0)
    }
}

fn millis(at: Timestamp) -> String {
    at.unix_millis().to_string()
}

/// What is asked: [`TenantDb::texts`] has it done. (An `async fn` for each would weigh several times as much.)
impl TenantDb {
    fn asked(&self, statements: &[Ask<'_>]) -> TenantBatch {
        statements.iter().fold(self.batch(), |batch, (sql, parameters)| batch.with(*sql, *parameters))
    }

    /// Writes a job and the complaints that it names. Gives its id if it is new and allowed, then nothing, then what was asked
    /// for with the key, if anything was: the fingerprint and the job as it was then.
    pub(crate) fn insert_job(&self, job: &AskedJob<'_>) -> TenantBatch {
        let AskedJob { id, key, fingerprint, body, asked_by, asked_at, most, due_at } = job;
        let id = id.to_string();
        let (at, most, due_at) = (asked_at.to_string(), most.to_string(), millis(*due_at));
        self.asked(&[
            (INSERT, &[&id, key, fingerprint, body, asked_by, &at, &most, &due_at]),
            (PUT_NAMED, &[&id, body]),
            (BY_KEY, &[key]),
        ])
    }

    /// A job as it is answered, behind its state and a line feed.
    pub(crate) fn job(&self, id: BulkId) -> TenantBatch {
        self.asked(&[(READ, &[&id.to_string()])])
    }

    /// Jobs that were asked for before job `before`: the newest first, each behind its id.
    pub(crate) fn jobs(&self, before: Option<BulkId>, limit: usize) -> TenantBatch {
        // No id comes after "~".
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        self.asked(&[(LIST, &[&before, &limit.to_string()])])
    }

    /// A job, then its rows after complaint `after` as they are answered, all or those with this outcome.
    pub(crate) fn rows_of_job(&self, id: BulkId, after: &str, outcome: &str, limit: usize) -> TenantBatch {
        let id = id.to_string();
        self.asked(&[(READ, &[&id]), (ROWS, &[&id, after, outcome, &limit.to_string()])])
    }

    /// Has a job stopped. Gives its id if it was open, then the job.
    pub(crate) fn cancel_job(&self, id: BulkId, now: Timestamp) -> TenantBatch {
        let id = id.to_string();
        self.asked(&[(CANCEL, &[&id, &millis(now), &now.to_string()]), (READ, &[&id])])
    }

    /// Takes the turn that was announced with `fence`, unless somebody else has or there is nothing to do. Gives what
    /// [`Driven::read`] reads.
    pub(crate) fn lease_job(&self, id: BulkId, fence: u32, now: Timestamp, until: Timestamp) -> TenantBatch {
        let (id, fence, at) = (id.to_string(), fence.to_string(), now.to_string());
        self.asked(&[(LEASE, &[&id, &fence, &millis(now), &millis(until), &at])])
    }

    /// Writes what became of some rows, and of the job. Gives nothing, then whether it was asked to stop meanwhile, or nothing
    /// if it is another's turn by now, or the tenant leaves: then nothing was written.
    pub(crate) fn save_job(
        &self,
        driven: &Driven,
        rows: &RowsToPut,
        [now, lease_until, due_at]: [Timestamp; 3],
    ) -> TenantBatch {
        let (id, fence) = (driven.id.to_string(), driven.fence.to_string());
        let (lease, due) = (millis(lease_until), millis(due_at));
        self.asked(&[
            (PUT_ROWS, &[&id, &fence, &rows.list()]),
            (SAVE, &[&id, &fence, &driven.written(), &now.to_string(), &lease, &due]),
        ])
    }

    /// The complaints of a job that are not done.
    pub(crate) fn rows_to_do(&self, driven: &Driven, limit: usize) -> TenantBatch {
        self.asked(&[(TODO, &[&driven.id.to_string(), &driven.through, &limit.to_string()])])
    }

    /// Some of what a filter finds here below where it goes on, of what was logged by then: each its place, a space, its id.
    pub(crate) fn select(
        &self,
        query: &ListQuery,
        searched: Option<&str>,
        driven: &Driven,
        limit: usize,
    ) -> TenantBatch {
        let (received_from, received_to) = query.received();
        let above_all = Place::last_of(received_to.plus_millis(1_000)).to_string();
        let below = if driven.selecting.1.is_empty() { &above_all } else { &driven.selecting.1 };
        let (lowest, from, to) = (Place::first_of(received_from), millis(received_from), millis(received_to));
        let logged_before = ComplaintId::in_slot(driven.asked_at.plus_millis(1), &[0; 10], 0).to_string();
        let (matching, lowest) = (self.matching(query, searched), lowest.to_string());
        self.asked(&[(SELECT, &[&matching, below, &lowest, &from, &to, &logged_before, &limit.to_string()])])
    }

    /// Deletes jobs that are over and were asked for before `floor`, and at most so many of their rows.
    pub(crate) fn forget_jobs(&self, floor: BulkId, rows: usize) -> TenantBatch {
        let floor = floor.to_string();
        self.asked(&[(FORGET_ROWS, &[&floor, &rows.to_string()]), (FORGET, &[&floor])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::identity::role::Role;

    #[test]
    fn what_the_driver_knows_is_read_and_written() {
        let id = BulkId::new(Timestamp::MIN, &[3; 10]);
        let text = "7\n2\n0\n1\nselecting\n2026-11-26T04:31:00.000Z\nk\n[[\"agent\"],[\"vip\"]]\n12\n1\n77\n\nstate=closed&q=a%0Ab\n{\"close\":{}}";
        let mut driven = Driven::read(id, text).unwrap();
        assert_eq!((driven.fence, driven.lost_turns, driven.cancelling, driven.dry_run), (7, 2, false, true));
        assert_eq!((driven.state, driven.asked_by.as_str(), driven.selected), (State::Selecting, "k", 12));
        assert_eq!((&driven.selecting, driven.through.as_str()), (&(ShardId(1), "77".to_owned()), ""));
        assert_eq!(driven.filter, "state=closed&q=a%0Ab");
        let (roles, clearances) = driven.person.as_ref().unwrap();
        assert!(roles.has(Role::Agent) && *clearances == BTreeSet::from([Clearance::Vip]));
        let by_key = text.replace(r#"[["agent"],["vip"]]"#, "");
        assert_eq!(Driven::read(id, &by_key).unwrap().person, None);
        driven.counted = [1, 2, 3];
        assert_eq!(driven.written(), r#"["selecting",1,2,3,12,1,"77","",null]"#);
        assert!(Driven::read(id, "7\n2\n0").is_none());

        let mut rows = RowsToPut::default();
        assert_eq!(rows.list(), "[]");
        rows.push("a", None);
        rows.push("b", Some(r#"{"outcome":"done"}"#));
        assert_eq!(rows.list(), r#"[["a"],["b",{"outcome":"done"}]]"#);
    }
}
