//! Complaints as exports give them: as they are read, in the order of lists, with all their events.

use super::{Scoped, StoreError, TenantDb, relocation::EventRow};
use serde::Deserialize;
use shared::{
    http::{cursor::Direction, list_query::ListQuery},
    ids::ComplaintId,
    search::place::Position,
};

const EXPORT: Scoped = Scoped::new(include_str!("sql/complaints/export.sql"));

/// Bytes after which a page ends early.
const PAGE_BYTES: usize = 1_000_000;

/// A complaint.
#[derive(Deserialize)]
pub(crate) struct Exported {
    position: String,
    pub(crate) id: ComplaintId,
    pub(crate) version: u32,
    /// As reads answer it, as JSON.
    pub(crate) doc: String,
}

impl TenantDb {
    /// The complaints of a list beyond `from`, at most `limit`, and whether there may be more.
    pub(crate) async fn export_page(
        &self,
        query: &ListQuery,
        searched: Option<&str>,
        from: Option<Position>,
        limit: u32,
    ) -> Result<(Vec<(Position, Exported)>, bool), StoreError> {
        let (low, high, received) = Self::bounds(query, Direction::Forward, from);
        let matching = self.matching(query, searched);
        let parameters = (matching, low.0, low.1, high.0, high.1, received.0, received.1, limit, PAGE_BYTES);
        let rows: Vec<Exported> = self.rows(EXPORT, parameters).await?;
        let bytes: usize = rows.iter().map(|row| row.doc.len()).sum();
        let more = rows.len() >= limit as usize || bytes >= PAGE_BYTES;
        let placed = |row: Exported| {
            let place = row.position.parse().map_err(StoreError::unreadable)?;
            Ok((Position { place, id: row.id }, row))
        };
        Ok((rows.into_iter().map(placed).collect::<Result<_, StoreError>>()?, more))
    }

    /// The events of these complaints, in the order of their ids and numbers: all of them, or if they are many the first.
    pub(crate) async fn first_events_of(&self, ids: &[ComplaintId]) -> Result<Vec<EventRow>, StoreError> {
        self.events_after(ids, "", 0).await
    }
}
