//! Case files: the events of a complaint.

use super::{Scoped, StoreError, TenantDb};
use serde::Deserialize;
use shared::{
    chain::Digest,
    complaint::{Complaint, MAX_EVENTS, event::Event},
    ids::ComplaintId,
    time::Timestamp,
};

const HISTORY: Scoped = Scoped::new(include_str!("sql/events/history.sql"));

/// Events fetched in one call: nearly every case file has fewer.
pub(crate) const PAGE: u32 = 500;

/// An event as it is stored.
#[derive(Deserialize)]
pub(crate) struct StoredEvent {
    pub(crate) seq: u32,
    body: String,
    hash: Digest,
}

impl StoredEvent {
    /// The event as JSON: the stored text with its hash put in front.
    pub(crate) fn json(&self) -> String {
        format!("{{\"hash\":\"{}\",{}", self.hash, self.body.strip_prefix('{').unwrap_or_default())
    }

    pub(crate) fn event(&self) -> Result<Event, StoreError> {
        serde_json::from_str(&self.json()).map_err(StoreError::unreadable)
    }
}

/// Which part of a case file.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// Events after this number.
    pub(crate) after: u32,
    /// Events up to this number.
    pub(crate) through: u32,
    /// Events recorded by this moment.
    pub(crate) by: Timestamp,
    /// At most so many.
    pub(crate) limit: u32,
}

impl Span {
    pub(crate) const ALL: Self = Self { after: 0, through: MAX_EVENTS, by: Timestamp::MAX, limit: MAX_EVENTS };
}

impl TenantDb {
    /// Part of a case file, oldest first.
    pub(crate) async fn history(&self, id: ComplaintId, span: Span) -> Result<Vec<StoredEvent>, StoreError> {
        let Span { mut after, through, by, limit } = span;
        let mut events = Vec::new();
        loop {
            let room = limit.saturating_sub(u32::try_from(events.len()).unwrap_or(u32::MAX)).min(PAGE);
            let page: Vec<StoredEvent> = self.rows(HISTORY, (id, after, through, by.unix_millis(), room)).await?;
            let full = page.len() == PAGE as usize;
            after = page.last().map_or(after, |event| event.seq);
            events.extend(page);
            if !full || events.len() >= limit as usize {
                return Ok(events);
            }
        }
    }

    /// The complaint as it was: folded from its first events. `None` if it did not exist then.
    pub(crate) async fn as_of(&self, id: ComplaintId, span: Span) -> Result<Option<Complaint>, StoreError> {
        let events = self.history(id, span).await?.iter().map(StoredEvent::event).collect::<Result<Vec<_>, _>>()?;
        Complaint::fold(&events).map_err(StoreError::unreadable)
    }
}
