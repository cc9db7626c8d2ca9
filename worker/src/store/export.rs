//! Complaints as exports give them: as they are read, in the order of lists, with all their events.

use super::{Scoped, StoreError, TenantDb, intake::Found, relocation::EventRow};
use shared::{
    http::{cursor::Direction, list_query::ListQuery},
    ids::ComplaintId,
    search::place::Position,
};

const EXPORT: Scoped = scoped!("sql/complaints/export.sql");

/// Bytes after which a page ends early.
const PAGE_BYTES: usize = 1_000_000;

/// A complaint.
pub(crate) struct Exported {
    pub(crate) id: ComplaintId,
    pub(crate) version: usize,
    /// As reads answer it, as JSON.
    pub(crate) doc: String,
}

impl Exported {
    fn read(Found { nth: version, complaint_id, name, .. }: Found) -> Option<(Position, Self)> {
        let (id, mut text) = (complaint_id?, name?);
        let space = text.find(' ')?;
        let doc = text.split_off(space + 1);
        Some((Position { place: text.trim_end().parse().ok()?, id }, Self { id, version, doc }))
    }
}

impl TenantDb {
    /// The complaints of a list beyond `from`, at most `limit`, and whether there may be more.
    pub(crate) async fn export_page(
        &self,
        query: &ListQuery,
        searched: Option<&str>,
        from: Option<Position>,
        limit: usize,
    ) -> Result<(Vec<(Position, Exported)>, bool), StoreError> {
        let (low, high, received) = Self::bounds(query, Direction::Forward, from);
        let matching = self.matching(query, searched);
        let parameters = (matching, low.0, low.1, high.0, high.1, received.0, received.1, limit, PAGE_BYTES);
        let rows: Vec<Found> = self.rows(EXPORT, parameters).await?;
        let bytes: usize = rows.iter().filter_map(|row| row.name.as_ref()).map(String::len).sum();
        let more = rows.len() >= limit || bytes >= PAGE_BYTES;
        let read: Option<_> = rows.into_iter().map(Exported::read).collect();
        Ok((read.ok_or_else(|| StoreError::unreadable("a complaint without its place"))?, more))
    }

    /// The events of these complaints, in the order of their ids and numbers: all of them, or if they are many the first.
    pub(crate) async fn first_events_of(&self, ids: &[ComplaintId]) -> Result<Vec<EventRow>, StoreError> {
        self.events_after(ids, "", 0).await
    }
}
