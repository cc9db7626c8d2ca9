//! The change feed of a tenant, read from wherever its complaints lie: see `shared::changes`.
//!
//! The ranges lie in the database of the tenant's first slot, and numbers are given there in the transaction that reads
//! them. All is read from primaries: a replica could lack what has a number already.

use super::{Scoped, StoreError, TenantBatch, TenantDb, history, to_json, together};
use serde::{Deserialize, de::IgnoredAny};
use shared::{
    changes::{Found, Range, Span, page, spans},
    ids::ComplaintId,
    tenant::placement::Slot,
};

const NEWEST: Scoped = scoped!("sql/changes/newest.sql");
const SEQUENCE: Scoped = scoped!("sql/changes/sequence.sql");
pub(super) const LAST_NUMBER: Scoped = scoped!("sql/changes/last_number.sql");
pub(super) const RANGES: Scoped = scoped!("sql/changes/ranges.sql");
const PAGE: Scoped = scoped!("sql/changes/page.sql");
const OF_SLOT: Scoped = scoped!("sql/changes/of_slot.sql");

/// Bytes of events after which a page ends early.
const PAGE_BYTES: usize = 4_000_000;
/// Larger than any number, and exact in JavaScript.
const BEYOND: u64 = 1 << 53;

/// A tenant's feed.
pub(crate) struct Feed {
    /// The database of the first slot, and the slots that lie in it.
    home: (TenantDb, Vec<Slot>),
    /// The other databases.
    others: Vec<(TenantDb, Vec<Slot>)>,
}

/// Some of the feed.
pub(crate) struct ChangePage {
    /// In the order of numbers, without a gap.
    pub(crate) changes: Vec<(u64, Change)>,
    /// The last number that there is.
    pub(crate) last: u64,
}

/// An event with its complaint.
pub(crate) struct Change {
    pub(crate) complaint: ComplaintId,
    body: String,
    hash: String,
}

impl Change {
    /// The event as JSON.
    pub(crate) fn json(&self) -> String {
        history::event_json(&self.hash, &self.body)
    }
}

#[derive(Deserialize)]
struct ChangeRow {
    slot: u8,
    position: u64,
    complaint_id: ComplaintId,
    body: String,
    hash: String,
}

impl From<ChangeRow> for Found<Change> {
    fn from(row: ChangeRow) -> Self {
        let ChangeRow { slot, position, complaint_id: complaint, body, hash } = row;
        Self { slot, position, bytes: body.len(), event: Change { complaint, body, hash } }
    }
}

/// The newest event of a slot.
#[derive(Deserialize)]
struct NewestRow {
    slot: u8,
    position: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct LastRow {
    pub(super) number: u64,
}

impl Feed {
    /// `parts`: a tenant's databases, each once, with the slots that lie in it.
    pub(crate) fn of(parts: Vec<(TenantDb, Vec<Slot>)>) -> Option<Self> {
        let (mut home, others): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(_, slots)| slots.contains(&Slot(0)));
        Some(Self { home: home.pop()?, others })
    }

    /// The events after number `after`, at most `limit`; `None`: after the last, so none.
    ///
    /// One call if the tenant lies in one database. Else one of each, and one more of each that has some of the page.
    pub(crate) async fn page(&self, after: Option<u64>, limit: u32) -> Result<ChangePage, StoreError> {
        let (home, here) = &self.home;
        let mut newest: Vec<(u8, Option<u64>)> = here.iter().map(|slot| (slot.0, None)).collect();
        for rows in together(self.others.iter().map(|(db, slots)| db.newest(slots))).await {
            newest.extend(rows?.into_iter().map(|row| (row.slot, Some(row.position.unwrap_or_default()))));
        }
        let most = PAGE_BYTES / (self.others.len() + 1);
        let (last, ranges, rows) = home.sequenced(&newest, after.unwrap_or(BEYOND), limit, most).await?;
        let after = after.unwrap_or(last);
        let wanted = spans(&ranges, after, limit);
        let elsewhere = self.others.iter().filter_map(|(db, slots)| {
            let of_it: Vec<Span> = wanted.iter().filter(|span| slots.contains(&Slot(span.slot))).copied().collect();
            (!of_it.is_empty()).then(|| db.in_spans(of_it, limit, most))
        });
        let mut found: Vec<Found<Change>> = rows.into_iter().map(Into::into).collect();
        for rows in together(elsewhere).await {
            found.extend(rows?.into_iter().map(Into::into));
        }
        Ok(ChangePage { changes: page(&ranges, after, limit, PAGE_BYTES, found), last })
    }
}

impl TenantDb {
    /// The newest events of slots that lie here.
    async fn newest(&self, slots: &[Slot]) -> Result<Vec<NewestRow>, StoreError> {
        let slots: Vec<u8> = slots.iter().map(|slot| slot.0).collect();
        self.rows(NEWEST, (to_json(&slots)?,)).await
    }

    /// Gives numbers to what has none, `newest` being each slot's newest position (`None`: it lies here). The last number;
    /// the ranges of the page; and what of it lies here.
    async fn sequenced(
        &self,
        newest: &[(u8, Option<u64>)],
        after: u64,
        limit: u32,
        most_bytes: usize,
    ) -> Result<(u64, Vec<Range>, Vec<ChangeRow>), StoreError> {
        let batch = self
            .batch()
            .with(SEQUENCE, (to_json(&newest)?,))
            .with(LAST_NUMBER, ())
            .with(RANGES, (after, limit))
            .with(PAGE, (after, limit, most_bytes));
        type Answers = (IgnoredAny, Vec<LastRow>, Vec<Range>, Vec<ChangeRow>);
        let (_, last, ranges, rows) = self.run::<Answers>(batch).await?;
        Ok((last.first().map_or(0, |row| row.number), ranges, rows))
    }

    /// What has these positions: at most `limit` events of each slot.
    async fn in_spans(&self, spans: Vec<Span>, limit: u32, most_bytes: usize) -> Result<Vec<ChangeRow>, StoreError> {
        let most = most_bytes / spans.len().max(1);
        let ask =
            |batch, span: &Span| TenantBatch::with(batch, OF_SLOT, (span.slot, span.first, span.last, limit, most));
        let rows: Vec<Vec<ChangeRow>> = self.run(spans.iter().fold(self.batch(), ask)).await?;
        Ok(rows.into_iter().flatten().collect())
    }
}
