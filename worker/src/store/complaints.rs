//! Complaints: the fold of each case file, and lists of them.

use super::{Scoped, StoreError, TenantDb, json};
use serde::Deserialize;
use shared::{
    chain::Digest,
    complaint::Complaint,
    http::{
        cursor::Direction,
        list_query::{ListQuery, Position},
    },
    ids::ComplaintId,
    time::Timestamp,
};

pub(super) const READ: Scoped = Scoped::new(include_str!("sql/complaints/read.sql"));
const LOAD: Scoped = Scoped::new(include_str!("sql/complaints/load.sql"));
const BY_REFERENCE: Scoped = Scoped::new(include_str!("sql/complaints/by_reference.sql"));
const BY_EXTERNAL_REFERENCE: Scoped = Scoped::new(include_str!("sql/complaints/by_external_reference.sql"));
const LIST_NEWEST: Scoped = Scoped::new(include_str!("sql/complaints/list_newest.sql"));
const LIST_OLDEST: Scoped = Scoped::new(include_str!("sql/complaints/list_oldest.sql"));
const LIST_BY_FACET_NEWEST: Scoped = Scoped::new(include_str!("sql/complaints/list_by_facet_newest.sql"));
const LIST_BY_FACET_OLDEST: Scoped = Scoped::new(include_str!("sql/complaints/list_by_facet_oldest.sql"));

/// A complaint as it is answered: JSON that needs no second look.
#[derive(Deserialize)]
pub(crate) struct Document {
    pub(crate) version: u32,
    pub(crate) doc: String,
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
    pub(crate) target_exists: bool,
    pub(crate) links_back: bool,
}

#[derive(Deserialize)]
struct LoadedRow {
    doc: Option<String>,
    fingerprint: Option<Digest>,
    complaint_id: Option<ComplaintId>,
    version: Option<u32>,
    target_exists: u8,
    links_back: u8,
}

/// A page of summaries, newest first.
pub(crate) struct Page {
    /// Ready JSON, a summary each.
    lines: Vec<String>,
    /// Whether the list goes on in the direction it was walked.
    pub(crate) more: bool,
}

impl Page {
    /// The summaries as a JSON list.
    pub(crate) fn items(&self) -> String {
        format!("[{}]", self.lines.join(","))
    }

    /// The newest and the oldest place on the page, if it is not empty.
    pub(crate) fn ends(&self) -> Result<Option<(Position, Position)>, StoreError> {
        let (Some(newest), Some(oldest)) = (self.lines.first(), self.lines.last()) else { return Ok(None) };
        let place = |line: &str| serde_json::from_str::<Position>(line).map_err(|error| StoreError::unparsable(&error));
        Ok(Some((place(newest)?, place(oldest)?)))
    }
}

#[derive(Deserialize)]
struct PageRow {
    /// JSON text holds no raw line feed, so summaries can be told apart by it.
    lines: Option<String>,
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
    ) -> Result<Loaded, StoreError> {
        let Some(row) = self.row::<LoadedRow>(LOAD, (id, idempotency_key, link)).await? else {
            return Ok(Loaded { complaint: None, done: None, target_exists: false, links_back: false });
        };
        let complaint = row
            .doc
            .map(|doc| serde_json::from_str(&doc))
            .transpose()
            .map_err(|error| StoreError::unparsable(&error))?;
        let done = match (row.fingerprint, row.complaint_id, row.version) {
            (Some(fingerprint), Some(complaint_id), Some(version)) => Some(Done { fingerprint, complaint_id, version }),
            _ => None,
        };
        Ok(Loaded { complaint, done, target_exists: row.target_exists != 0, links_back: row.links_back != 0 })
    }

    /// The summary of the one complaint that a unique name belongs to.
    pub(crate) async fn find(&self, query: &ListQuery) -> Result<Option<String>, StoreError> {
        let row: Option<SummaryRow> = match (&query.reference, &query.external_reference) {
            (Some(reference), _) => self.row(BY_REFERENCE, (reference,)).await?,
            (None, Some(external)) => self.row(BY_EXTERNAL_REFERENCE, (external,)).await?,
            (None, None) => None,
        };
        Ok(row.map(|row| row.summary))
    }

    /// The page that lies beyond `from` in `direction`, inside the query's bounds.
    pub(crate) async fn list(
        &self,
        query: &ListQuery,
        direction: Direction,
        from: Option<Position>,
    ) -> Result<Page, StoreError> {
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
                self.row(sql, (low.0, low.1, high.0, high.1, limit + 1, facet, value, json(&rest)?)).await?
            }
        };
        let text = row.and_then(|row| row.lines).unwrap_or_default();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let more = lines.len() > limit as usize;
        if more {
            // The one too many is the farthest in the direction walked.
            match direction {
                Direction::Forward => lines.truncate(limit as usize),
                Direction::Backward => drop(lines.remove(0)),
            }
        }
        Ok(Page { lines, more })
    }
}
