//! Complaints: the fold of each case file, and lists of them.

use super::{Scoped, StoreError, TenantDb, locks, to_json};
use serde::Deserialize;
use shared::{
    chain::Digest,
    complaint::{Complaint, decide::LinkTarget},
    http::{
        cursor::Direction,
        list_query::{ListQuery, Position},
        merge::Cut,
    },
    ids::ComplaintId,
    json,
    lock::{FencingToken, Lock},
    reference::Reference,
    time::Timestamp,
};

pub(super) const READ: Scoped = Scoped::new(include_str!("sql/complaints/read.sql"));
const LOAD: Scoped = Scoped::new(include_str!("sql/complaints/load.sql"));
const BY_REFERENCE: Scoped = Scoped::new(include_str!("sql/complaints/by_reference.sql"));
const HAVING_EXTERNAL_REFERENCE: Scoped = Scoped::new(include_str!("sql/complaints/having_external_reference.sql"));
const LINK_TARGET: Scoped = Scoped::new(include_str!("sql/complaints/link_target.sql"));
pub(super) const COUNTS: Scoped = Scoped::new(include_str!("sql/counts/read.sql"));
const LIST_NEWEST: Scoped = Scoped::new(include_str!("sql/complaints/list_newest.sql"));
const LIST_OLDEST: Scoped = Scoped::new(include_str!("sql/complaints/list_oldest.sql"));
const LIST_BY_FACET_NEWEST: Scoped = Scoped::new(include_str!("sql/complaints/list_by_facet_newest.sql"));
const LIST_BY_FACET_OLDEST: Scoped = Scoped::new(include_str!("sql/complaints/list_by_facet_oldest.sql"));

/// A complaint as it is answered: JSON that needs no second look.
#[derive(Deserialize)]
pub(crate) struct Document {
    pub(crate) version: u32,
    pub(crate) doc: String,
    lock_token: Option<FencingToken>,
    lock_holder: Option<String>,
    lock_since: Option<i64>,
    lock_expires_at: Option<i64>,
}

impl Document {
    /// The JSON of the complaint, and its lock if that is in force at `now`.
    pub(crate) fn locked_at(self, now: Timestamp) -> (String, Option<Lock>) {
        let lock = (self.lock_token, self.lock_holder, self.lock_since, self.lock_expires_at);
        (self.doc, locks::in_force(lock, now))
    }
}

/// What an idempotency key did.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Done {
    pub(crate) fingerprint: Digest,
    pub(crate) complaint_id: ComplaintId,
    pub(crate) version: u32,
}

/// What a command needs to know.
pub(crate) struct Loaded {
    pub(crate) complaint: Option<Complaint>,
    pub(crate) done: Option<Done>,
    /// The lock in force.
    pub(crate) lock: Option<Lock>,
    /// The complaint that a link names, if it lies in the same database.
    pub(crate) target: LinkTarget,
}

#[derive(Deserialize)]
struct LoadedRow {
    doc: Option<String>,
    fingerprint: Option<Digest>,
    version: Option<u32>,
    target_exists: u8,
    links_back: u8,
    lock_token: Option<FencingToken>,
    lock_holder: Option<String>,
    lock_since: Option<i64>,
    lock_expires_at: Option<i64>,
}

/// A page of summaries, newest first.
pub(crate) struct Page {
    /// Ready JSON, a summary each.
    lines: Vec<String>,
    /// Whether the list goes on in the direction it was walked.
    pub(crate) more: bool,
}

impl Page {
    /// The `limit` summaries that come first, of what each shard has listed. What one shard lists needs no second look.
    pub(crate) fn of(mut shards: Vec<Vec<String>>, direction: Direction, limit: u32) -> Result<Self, StoreError> {
        let limit = limit as usize;
        let cut = if shards.len() <= 1 {
            Cut::of(shards.pop().unwrap_or_default(), direction, limit)
        } else {
            let placed = |line: String| Ok((place(&line)?, line));
            let shards = shards.into_iter().map(|lines| lines.into_iter().map(placed).collect());
            Cut::merged(shards.collect::<Result<_, StoreError>>()?, direction, limit)
        };
        Ok(Self { lines: cut.items, more: cut.more })
    }

    /// The summaries as a JSON list.
    pub(crate) fn items(&self) -> String {
        format!("[{}]", self.lines.join(","))
    }

    /// The newest and the oldest place on the page, if it is not empty.
    pub(crate) fn ends(&self) -> Result<Option<(Position, Position)>, StoreError> {
        let (Some(newest), Some(oldest)) = (self.lines.first(), self.lines.last()) else { return Ok(None) };
        Ok(Some((place(newest)?, place(oldest)?)))
    }
}

/// Where a summary stands in lists.
fn place(summary: &str) -> Result<Position, StoreError> {
    json::from_str(summary).map_err(|error| StoreError::unreadable(&error))
}

#[derive(Deserialize)]
struct PageRow {
    /// JSON text holds no raw line feed, so summaries can be told apart by it.
    lines: Option<String>,
}

#[derive(Deserialize)]
struct LinkTargetRow {
    links_back: u8,
}

/// How many complaints have a value.
#[derive(Deserialize)]
pub(crate) struct CountRow {
    pub(crate) facet: String,
    pub(crate) value: String,
    pub(crate) n: u64,
}

#[derive(Deserialize)]
struct SummaryRow {
    summary: String,
}

impl TenantDb {
    pub(crate) async fn read(&self, id: ComplaintId) -> Result<Option<Document>, StoreError> {
        self.row(READ, (id,)).await
    }

    /// Everything a command decides on, in one call.
    pub(crate) async fn load(
        &self,
        id: ComplaintId,
        idempotency_key: &str,
        link: Option<ComplaintId>,
        now: Timestamp,
    ) -> Result<Loaded, StoreError> {
        let Some(row) = self.row::<LoadedRow>(LOAD, (id, idempotency_key, link)).await? else {
            return Ok(Loaded { complaint: None, done: None, lock: None, target: LinkTarget::default() });
        };
        let complaint =
            row.doc.map(|doc| json::from_str(&doc)).transpose().map_err(|error| StoreError::unreadable(&error))?;
        let done = match (row.fingerprint, row.version) {
            (Some(fingerprint), Some(version)) => Some(Done { fingerprint, complaint_id: id, version }),
            _ => None,
        };
        let target = LinkTarget { exists: row.target_exists != 0, links_back: row.links_back != 0 };
        let lock = locks::in_force((row.lock_token, row.lock_holder, row.lock_since, row.lock_expires_at), now);
        Ok(Loaded { complaint, done, lock, target })
    }

    /// What a link needs to know of its target, for a complaint that lies elsewhere.
    pub(crate) async fn link_target(&self, target: ComplaintId, from: ComplaintId) -> Result<LinkTarget, StoreError> {
        let row: Option<LinkTargetRow> = self.row(LINK_TARGET, (target, from)).await?;
        Ok(LinkTarget { exists: row.is_some(), links_back: row.is_some_and(|row| row.links_back != 0) })
    }

    /// The summary of the complaint with a reference.
    pub(crate) async fn referred_to(&self, reference: &Reference) -> Result<Option<String>, StoreError> {
        let row: Option<SummaryRow> = self.row(BY_REFERENCE, (reference,)).await?;
        Ok(row.map(|row| row.summary))
    }

    /// The summary of a complaint if it has this external reference.
    pub(crate) async fn summary_having(&self, id: ComplaintId, external: &str) -> Result<Option<String>, StoreError> {
        let row: Option<SummaryRow> = self.row(HAVING_EXTERNAL_REFERENCE, (id, external)).await?;
        Ok(row.map(|row| row.summary))
    }

    /// How many complaints here have which value of which facet.
    pub(crate) async fn counts(&self) -> Result<Vec<CountRow>, StoreError> {
        self.rows(COUNTS, ()).await
    }

    /// The summaries that lie beyond `from` in `direction`, inside the query's bounds, newest first: a page, and one more
    /// if there is more.
    pub(crate) async fn list(
        &self,
        query: &ListQuery,
        direction: Direction,
        from: Option<Position>,
    ) -> Result<Vec<String>, StoreError> {
        let bound = |at: Option<Timestamp>, otherwise| (at.unwrap_or(otherwise).unix_millis(), String::new());
        let place = |at: Position| (at.received_at.unix_millis(), at.id.to_string());
        // No id is empty, so (t, "") lies before every complaint received at t.
        let mut low = bound(query.received_from, Timestamp::MIN);
        let mut high = bound(query.received_to, Timestamp::MAX.plus_millis(1));
        match (direction, from) {
            (Direction::Forward, Some(from)) => high = high.min(place(from)),
            (Direction::Backward, Some(from)) => low = low.max(place(from)),
            (_, None) => {}
        }
        let limit = query.page_size();
        let row: Option<PageRow> = match query.facets.split_first() {
            None => {
                let sql = if direction == Direction::Forward { LIST_NEWEST } else { LIST_OLDEST };
                self.row(sql, (low.0, low.1, high.0, high.1, limit + 1)).await?
            }
            Some(((facet, value), rest)) => {
                let sql = if direction == Direction::Forward { LIST_BY_FACET_NEWEST } else { LIST_BY_FACET_OLDEST };
                self.row(sql, (low.0, low.1, high.0, high.1, limit + 1, facet, value, to_json(&rest)?)).await?
            }
        };
        let text = row.and_then(|row| row.lines).unwrap_or_default();
        Ok(text.lines().map(str::to_owned).collect())
    }
}
