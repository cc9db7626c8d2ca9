//! Case files: the events of a complaint, read a page at a time so that the longest fits in memory.

use super::{
    Scoped, StoreError, TenantBatch, TenantDb,
    complaints::{Document, READ},
};
use serde::Deserialize;
use serde_json::Value;
use shared::{
    complaint::{Complaint, MAX_EVENTS, event::Event},
    ids::ComplaintId,
    json,
    time::Timestamp,
};

const HISTORY: Scoped = scoped!("sql/events/history.sql");
const LAST: Scoped = scoped!("sql/events/last.sql");

/// Events fetched in one call: nearly every case file has fewer.
pub(crate) const PAGE: u32 = 500;
/// Bytes after which a page ends early.
const PAGE_BYTES: usize = 4_000_000;

/// An event as it is stored.
#[derive(Deserialize)]
pub(crate) struct StoredEvent {
    pub(crate) seq: u32,
    body: String,
    hash: String,
}

/// An event as JSON: the stored text with its hash put in front.
pub(super) fn event_json(hash: &str, body: &str) -> String {
    format!("{{\"hash\":\"{hash}\",{}", body.strip_prefix('{').unwrap_or_default())
}

impl StoredEvent {
    /// The event as JSON.
    pub(crate) fn json(&self) -> String {
        event_json(&self.hash, &self.body)
    }

    /// The event to be checked: whatever it has become.
    pub(crate) fn raw(&self) -> Value {
        json::from_str(&self.json()).unwrap_or(Value::Null)
    }

    pub(super) fn event(&self) -> Result<Event, StoreError> {
        json::from_str(&self.json()).map_err(|error| StoreError::unreadable(&error))
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
    /// At most so many, up to [`PAGE`].
    pub(crate) limit: u32,
}

impl Span {
    pub(crate) const ALL: Self = Self { after: 0, through: MAX_EVENTS, by: Timestamp::MAX, limit: PAGE };
}

/// Some events in a row.
pub(crate) struct EventPage {
    pub(crate) events: Vec<StoredEvent>,
    /// Where the next page goes on, if there may be one.
    pub(crate) next: Option<u32>,
}

impl EventPage {
    fn new(events: Vec<StoredEvent>, limit: u32) -> Self {
        let bytes: usize = events.iter().map(|event| event.body.len()).sum();
        let cut = events.len() >= limit as usize || bytes >= PAGE_BYTES;
        let next = events.last().filter(|_| cut).map(|event| event.seq);
        Self { events, next }
    }
}

/// A complaint and the beginning of its case file, of the same moment.
pub(crate) struct Snapshot {
    pub(crate) document: Document,
    /// The number of its last event.
    pub(crate) last: u32,
    pub(crate) first: EventPage,
}

#[derive(Deserialize)]
struct LastRow {
    last: Option<u32>,
}

fn with_page(batch: TenantBatch, id: ComplaintId, span: Span) -> TenantBatch {
    let Span { after, through, by, limit } = span;
    batch.with(HISTORY, (id, after, through, by.unix_millis(), limit, PAGE_BYTES))
}

impl TenantDb {
    /// A page of a case file, oldest first.
    pub(crate) async fn history(&self, id: ComplaintId, span: Span) -> Result<EventPage, StoreError> {
        let (events,) = self.run::<(Vec<StoredEvent>,)>(with_page(self.batch(), id, span)).await?;
        Ok(EventPage::new(events, span.limit))
    }

    /// The complaint as reads answer it, with its case file.
    pub(crate) async fn snapshot(&self, id: ComplaintId) -> Result<Option<Snapshot>, StoreError> {
        let batch = with_page(self.batch().with(READ, (id,)).with(LAST, (id,)), id, Span::ALL);
        let (documents, last, events) = self.run::<(Vec<Document>, Vec<LastRow>, Vec<StoredEvent>)>(batch).await?;
        let last = last.first().and_then(|row| row.last).unwrap_or_default();
        let first = EventPage::new(events, Span::ALL.limit);
        Ok(documents.into_iter().next().map(|document| Snapshot { document, last, first }))
    }

    /// The complaint as it was: folded from its first events. `None` if it did not exist then.
    pub(crate) async fn as_of(&self, id: ComplaintId, span: Span) -> Result<Option<Complaint>, StoreError> {
        self.fold(id, span, |_| {}).await
    }

    /// The same; `seen` is shown each event on the way.
    pub(crate) async fn fold(
        &self,
        id: ComplaintId,
        span: Span,
        mut seen: impl FnMut(&Event),
    ) -> Result<Option<Complaint>, StoreError> {
        let mut complaint: Option<Complaint> = None;
        let mut next = Some(span.after);
        while let Some(after) = next {
            let page = self.history(id, Span { after, ..span }).await?;
            next = page.next;
            for stored in &page.events {
                let event = stored.event()?;
                seen(&event);
                match &mut complaint {
                    None => complaint = Some(Complaint::begin(&event).map_err(StoreError::unreadable)?),
                    Some(complaint) => complaint.apply(&event).map_err(StoreError::unreadable)?,
                }
            }
        }
        Ok(complaint)
    }
}
