//! What a move reads of a tenant in the cell that it leaves, writes in the cell that it goes to, and deletes; and the
//! record of the move in both.
//!
//! Whatever is written in the target fails unless the database expects the tenant by this very move, so that what was
//! sent before the move was given up and comes late is refused.

use super::{
    Scoped, Sql, StoreError, TenantBatch, TenantDb, Unique,
    changes::{LAST_NUMBER, LastRow, RANGES},
    commit::{COUNTS_ADD, PLACES},
    complaints::{COUNTS, due},
    history::event_json,
    parts,
    system::{OperatorRecord, OutboxRow},
    to_json,
};
use crate::platform::bucket::Object;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;
use shared::{
    changes::Range,
    clock::{day::Day, due::Due},
    complaint::{
        Complaint,
        counts::{Count, Counted, changed},
        event::Event,
        projection::Facet,
    },
    ids::{ComplaintId, KeyId, RelocationId},
    json,
    mail::Arrived,
    search::place::Place,
    tenant::{Tenant, relocation::Record},
    time::Timestamp,
};
use std::collections::BTreeMap;

const READ: Scoped = scoped!("sql/relocation/read.sql");
const BEGIN: Scoped = scoped!("sql/relocation/begin.sql");
const LEASE: Scoped = scoped!("sql/relocation/lease.sql");
const SAVE: Scoped = scoped!("sql/relocation/save.sql");
const REPLACE: Scoped = scoped!("sql/relocation/replace.sql");
const TAKE_OVER: Scoped = scoped!("sql/relocation/take_over.sql");

const MARK: Scoped = scoped!("sql/relocation/mark.sql");
const UNMARK: Scoped = scoped!("sql/relocation/unmark.sql");
const END_DEPARTURE: Scoped = scoped!("sql/relocation/end_departure.sql");
const HOLD: Scoped = scoped!("sql/relocation/hold.sql");
const HELD: Scoped = scoped!("sql/relocation/held.sql");
const RELEASE: Scoped = scoped!("sql/relocation/release.sql");
const CHANGED: Scoped = scoped!("sql/relocation/changed.sql");
const COMPLAINTS: Scoped = scoped!("sql/relocation/complaints.sql");
const EVENTS: Scoped = scoped!("sql/relocation/events.sql");
const REQUESTS: Scoped = scoped!("sql/relocation/requests.sql");
const FIRST_REQUESTS: Scoped = scoped!("sql/relocation/first_requests.sql");
const DELIVERIES: Scoped = scoped!("sql/relocation/deliveries.sql");
const LATE_DELIVERIES: Scoped = scoped!("sql/relocation/late_deliveries.sql");
const EVENTS_TOTAL: Scoped = scoped!("sql/relocation/events_total.sql");
const KEYS: Scoped = scoped!("sql/relocation/keys.sql");

const EXPECT: Scoped = scoped!("sql/relocation/expect.sql");
const WELCOME: Scoped = scoped!("sql/relocation/welcome.sql");
const TURN_AWAY: Scoped = scoped!("sql/relocation/turn_away.sql");
const EXPECT_NO_MORE: Scoped = scoped!("sql/relocation/expect_no_more.sql");
const PUT_EVENTS: Scoped = scoped!("sql/relocation/put_events.sql");
const PUT_RANGES: Scoped = scoped!("sql/relocation/put_ranges.sql");
const PUT_COMPLAINTS: Scoped = scoped!("sql/relocation/put_complaints.sql");
const PUT_REQUESTS: Scoped = scoped!("sql/relocation/put_requests.sql");
const PUT_DELIVERIES: Scoped = scoped!("sql/relocation/put_deliveries.sql");
const DROP_REFERENCES: Scoped = scoped!("sql/relocation/drop_references.sql");
const PUT_REFERENCES: Scoped = scoped!("sql/relocation/put_references.sql");
const PUT_OUTBOX: Scoped = scoped!("sql/relocation/put_outbox.sql");
const PUT_KEYS: Scoped = scoped!("sql/relocation/put_keys.sql");
const VIEW_RECORDS: Scoped = scoped!("sql/relocation/view_records.sql");
const VIEW_REQUESTS: Scoped = scoped!("sql/relocation/view_requests.sql");
const PUT_VIEWS: Scoped = scoped!("sql/relocation/put_views.sql");
const PUT_VIEW_REQUESTS: Scoped = scoped!("sql/relocation/put_view_requests.sql");
const DROP_VIEWS: Scoped = scoped!("sql/relocation/drop_views.sql");
const DROP_VIEW_REQUESTS: Scoped = scoped!("sql/relocation/drop_view_requests.sql");
const DROP_KEYS: Scoped = scoped!("sql/relocation/drop_keys.sql");
const TENANT_ARRIVED: Sql = sql!("sql/system/tenant_arrived.sql");

/// All that a cell keeps of a tenant, and how it goes along: what is deleted once the tenant has moved. The outbox is
/// handed over and deleted row by row; the tenant's own record stays as a sign to where it is, and so do the holds.
const KEPT: [(Scoped, Goes); 38] = [
    // Before what they count.
    (scoped!("sql/relocation/purge_counters.sql"), Goes::DerivedAnew),
    (scoped!("sql/relocation/purge_counter_changes.sql"), Goes::DerivedAnew),
    (scoped!("sql/relocation/purge_events.sql"), Goes::WithItsComplaint),
    (scoped!("sql/relocation/purge_complaints.sql"), Goes::WithItsComplaint),
    (scoped!("sql/relocation/purge_requests.sql"), Goes::WithItsComplaint),
    (scoped!("sql/relocation/purge_deliveries.sql"), Goes::WithItsComplaint),
    (scoped!("sql/relocation/purge_counts.sql"), Goes::DerivedAnew),
    // It goes with the complaints; this is to make sure.
    (scoped!("sql/relocation/purge_daily_counts.sql"), Goes::DerivedAnew),
    (scoped!("sql/relocation/purge_references.sql"), Goes::DerivedAnew),
    (scoped!("sql/relocation/purge_keys.sql"), Goes::WithTheTenant),
    (scoped!("sql/relocation/purge_tenant_events.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_views.sql"), Goes::WithTheTenant),
    (scoped!("sql/relocation/purge_view_requests.sql"), Goes::WithTheTenant),
    (scoped!("sql/relocation/purge_ranges.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_bulk_rows.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_bulk_jobs.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_letter_templates.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_promised_complaints.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_webhook_messages.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_webhook_endpoints.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_inbound_mails.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_notifications.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_notification_settings.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_people.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_person_accounts.sql"), Goes::DerivedAnew),
    (scoped!("sql/relocation/purge_team_members.sql"), Goes::DerivedAnew),
    (scoped!("sql/relocation/purge_teams.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_person_events.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_sign_in.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_access_log.sql"), Goes::InOrder),
    (scoped!("sql/relocation/purge_sessions.sql"), Goes::Nowhere),
    (scoped!("sql/relocation/purge_email_links.sql"), Goes::Nowhere),
    (scoped!("sql/relocation/purge_link_asks.sql"), Goes::Nowhere),
    (scoped!("sql/relocation/purge_barred.sql"), Goes::Nowhere),
    (scoped!("sql/relocation/purge_stored_files.sql"), Goes::DerivedAnew),
    (scoped!("sql/relocation/purge_late_deliveries.sql"), Goes::Nowhere),
    (scoped!("sql/relocation/purge_locks.sql"), Goes::Nowhere),
    (scoped!("sql/relocation/purge_case_codes.sql"), Goes::Nowhere),
];

/// How something goes along with a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    /// Copied with the complaint that it is of.
    WithItsComplaint,
    /// Made anew from the complaint.
    DerivedAnew,
    /// Copied in its own order, as it grows.
    InOrder,
    /// Copied when the target takes over.
    WithTheTenant,
    /// Not at all.
    Nowhere,
}

/// A list that is copied in its own order, as it grows; each of its rows stands behind the mark of its place.
pub(crate) struct InOrder {
    /// The step that copies some of it: only for a tenant that has some, so that a cell which does not know it yet is not asked.
    pub(crate) step: &'static str,
    read: Scoped,
    put: Scoped,
    /// Rows that are sent together: less than a parameter of D1 may have.
    pub(crate) at_once: u32,
    /// Whether it is kept with the tenants' records, and not in the database of the tenant's first slot.
    pub(crate) is_of_the_directory: bool,
}

/// The step that copies mails that came in.
const MAILS: &str = "inbound-mails";

pub(crate) const IN_ORDER: [InOrder; 15] = [
    // Nobody drives one while the tenant leaves.
    InOrder {
        step: "bulk-jobs",
        read: scoped!("sql/relocation/bulk_jobs.sql"),
        put: scoped!("sql/relocation/put_bulk_jobs.sql"),
        at_once: 200,
        is_of_the_directory: false,
    },
    InOrder {
        step: "bulk-rows",
        read: scoped!("sql/relocation/bulk_rows.sql"),
        put: scoped!("sql/relocation/put_bulk_rows.sql"),
        at_once: 1_000,
        is_of_the_directory: false,
    },
    InOrder {
        step: "letter-templates",
        read: scoped!("sql/relocation/letter_templates.sql"),
        put: scoped!("sql/relocation/put_letter_templates.sql"),
        at_once: 20,
        is_of_the_directory: true,
    },
    InOrder {
        step: "promised-complaints",
        read: scoped!("sql/relocation/promised_complaints.sql"),
        put: scoped!("sql/relocation/put_promised_complaints.sql"),
        at_once: 1_000,
        is_of_the_directory: false,
    },
    InOrder {
        step: "webhook-endpoints",
        read: scoped!("sql/relocation/webhook_endpoints.sql"),
        put: scoped!("sql/relocation/put_webhook_endpoints.sql"),
        at_once: 50,
        is_of_the_directory: false,
    },
    // Behind their endpoints, which are told that there is something to send. They are sent here until the tenant is held.
    InOrder {
        step: "webhook-messages",
        read: scoped!("sql/relocation/webhook_messages.sql"),
        put: scoped!("sql/relocation/put_webhook_messages.sql"),
        at_once: 200,
        is_of_the_directory: false,
    },
    // Behind the mails themselves, which go before their rows.
    InOrder {
        step: MAILS,
        read: scoped!("sql/relocation/inbound_mails.sql"),
        put: scoped!("sql/relocation/put_inbound_mails.sql"),
        at_once: 50,
        is_of_the_directory: false,
    },
    InOrder {
        step: "notification-settings",
        read: scoped!("sql/relocation/notification_settings.sql"),
        put: scoped!("sql/relocation/put_notification_settings.sql"),
        at_once: 100,
        is_of_the_directory: false,
    },
    InOrder {
        step: "notifications",
        read: scoped!("sql/relocation/notifications.sql"),
        put: scoped!("sql/relocation/put_notifications.sql"),
        at_once: 200,
        is_of_the_directory: false,
    },
    InOrder {
        step: "people",
        read: scoped!("sql/relocation/people.sql"),
        put: scoped!("sql/relocation/put_people.sql"),
        at_once: 100,
        is_of_the_directory: false,
    },
    InOrder {
        step: "teams",
        read: scoped!("sql/relocation/teams.sql"),
        put: scoped!("sql/relocation/put_teams.sql"),
        at_once: 200,
        is_of_the_directory: false,
    },
    InOrder {
        step: "person-events",
        read: scoped!("sql/relocation/person_events.sql"),
        put: scoped!("sql/relocation/put_person_events.sql"),
        at_once: 1000,
        is_of_the_directory: false,
    },
    InOrder {
        step: "sign-in",
        read: scoped!("sql/relocation/sign_in.sql"),
        put: scoped!("sql/relocation/put_sign_in.sql"),
        at_once: 1,
        is_of_the_directory: false,
    },
    InOrder {
        step: "access-log",
        read: scoped!("sql/relocation/access_log.sql"),
        put: scoped!("sql/relocation/put_access_log.sql"),
        at_once: 1000,
        is_of_the_directory: false,
    },
    InOrder {
        step: "tenant-events",
        read: scoped!("sql/relocation/tenant_events.sql"),
        put: scoped!("sql/relocation/put_tenant_events.sql"),
        at_once: 500,
        is_of_the_directory: true,
    },
];

impl InOrder {
    /// What a row of it names that is kept in the bucket.
    pub(crate) fn object(&self, row: &str) -> Result<Option<Object>, StoreError> {
        if self.step != MAILS {
            return Ok(None);
        }
        let row: Vec<Value> = json::from_str(row).map_err(StoreError::unreadable)?;
        let arrived = row.get(2).and_then(Value::as_str).unwrap_or_default();
        let arrived: Arrived = json::from_str(arrived).map_err(StoreError::unreadable)?;
        Ok(Some(Object::Mail { mail: arrived.mail, digest: arrived.sha256 }))
    }

    /// The list that a step copies.
    pub(crate) fn of(step: &str) -> Option<&'static Self> {
        IN_ORDER.iter().find(|list| list.step == step)
    }
}

/// The most requests that made views that go along: the newest.
const VIEW_REQUESTS_KEPT: u32 = 1_000;
/// Rows that are deleted in one call.
const PURGED_AT_ONCE: u32 = 500;
/// Events that are read in one call, and the bytes after which fewer are.
const EVENTS_AT_ONCE: u32 = 2_000;
const BYTES_AT_ONCE: usize = 1_000_000;

/// The record of a move, and the number by which a change of it is known to be the first.
pub(crate) struct Kept {
    pub(crate) record: Record,
    pub(crate) fence: i64,
}

/// A complaint that has changed.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Changed {
    pub(crate) slot: u8,
    /// Of its newest event.
    pub(crate) position: u64,
    pub(crate) id: ComplaintId,
    pub(crate) version: u32,
}

/// An event as it is stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct EventRow {
    pub(crate) complaint_id: ComplaintId,
    pub(crate) seq: u32,
    at: i64,
    body: String,
    hash: String,
    slot: u8,
    position: u64,
}

impl EventRow {
    /// What it names that is kept in the bucket.
    pub(crate) fn object(&self) -> Result<Option<Object>, StoreError> {
        // Most name none, and reading one takes longer than this look.
        if !["\"pdf\":\"", "\"attachment_added\""].iter().any(|mark| self.body.contains(mark)) {
            return Ok(None);
        }
        let event: Event = json::from_str(&self.json()).map_err(StoreError::unreadable)?;
        Ok(Object::named_by(self.complaint_id, &event.body))
    }

    /// The event as JSON.
    pub(crate) fn json(&self) -> String {
        event_json(&self.hash, &self.body)
    }

    /// The event to be checked: whatever it has become.
    pub(crate) fn raw(&self) -> Value {
        json::from_str(&self.json()).unwrap_or(Value::Null)
    }
}

/// A complaint as it is stored, but for what follows from it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ComplaintRow {
    pub(crate) id: ComplaintId,
    pub(crate) version: u32,
    pub(crate) doc: String,
    pub(crate) created_by_key: Option<String>,
    /// What was said in it, as tokens of the index.
    pub(crate) words: String,
    #[serde(default)]
    due_at: Option<i64>,
    #[serde(default)]
    due_on: Option<Day>,
    #[serde(default)]
    wake_at: Option<i64>,
}

impl ComplaintRow {
    pub(crate) fn complaint(&self) -> Result<Complaint, StoreError> {
        json::from_str(&self.doc).map_err(|error| StoreError::unreadable(&error))
    }

    fn due(&self) -> Option<Due> {
        due(self.due_at, self.due_on)
    }
}

/// A complaint that comes in, or comes again.
pub(crate) struct Newer<'r> {
    /// As it is here, if it is.
    pub(crate) before: Option<(Complaint, ComplaintRow)>,
    pub(crate) after: Complaint,
    pub(crate) row: &'r ComplaintRow,
}

/// What a request did.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RequestRow {
    scope: String,
    key: String,
    fingerprint: String,
    pub(crate) complaint_id: ComplaintId,
    version: u32,
    created_at: i64,
}

/// Who is to be told of what.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DeliveryRow {
    pub(crate) complaint_id: ComplaintId,
    seq: u32,
    audience: String,
    event: String,
    status: String,
    recorded_at: i64,
    /// The note of it, where it was found by that.
    #[serde(default, skip_serializing)]
    place: i64,
}

/// A key's record.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeyRow {
    id: KeyId,
    expires_at: i64,
    revoked_at: Option<i64>,
    doc: String,
    ends_at: Option<i64>,
    replaced_by: Option<KeyId>,
    last_used_on: Option<String>,
}

/// Some complaints with all that goes along with them, of the same moment; of their events the first page.
pub(crate) struct CaseFiles {
    pub(crate) complaints: Vec<ComplaintRow>,
    pub(crate) requests: Vec<RequestRow>,
    pub(crate) deliveries: Vec<DeliveryRow>,
    pub(crate) events: Vec<EventRow>,
}

/// Complaints whose events are read page by page, in the order of their ids: each with the last event that was read and
/// the last that is wanted.
pub(crate) struct Left(Vec<(ComplaintId, u32, u32)>);

impl Left {
    /// All events of these, which are in order.
    pub(crate) fn of(complaints: &[ComplaintRow]) -> Self {
        Self(complaints.iter().map(|row| (row.id, 0, row.version)).collect())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in what a page holds. How many complaints are whole by it.
    pub(crate) fn take(&mut self, page: &[EventRow]) -> usize {
        let before = self.0.len();
        if let Some(last) = page.last() {
            self.0.retain(|(id, ..)| *id >= last.complaint_id);
            if let Some((_, after, _)) = self.0.first_mut().filter(|(id, ..)| *id == last.complaint_id) {
                *after = last.seq;
            }
        }
        // Only the first was read up to somewhere.
        if self.0.first().is_some_and(|(_, after, through)| after >= through) {
            self.0.remove(0);
        }
        before - self.0.len()
    }
}

/// How much there is of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) events: u64,
    /// The last number of the change feed.
    pub(crate) number: u64,
    /// By facet and value, how many complaints; each has one state.
    pub(crate) counts: BTreeMap<String, u64>,
}

impl Totals {
    pub(crate) fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.number += other.number;
        for (value, n) in &other.counts {
            *self.counts.entry(value.clone()).or_default() += n;
        }
    }

    /// All complaints.
    pub(crate) fn complaints(&self) -> u64 {
        let state = format!("{}=", Facet::State.as_str());
        self.counts.iter().filter(|(value, _)| value.starts_with(&state)).map(|(_, n)| n).sum()
    }
}

#[derive(Deserialize)]
struct RecordRow {
    doc: String,
    fence: i64,
}

impl RecordRow {
    fn kept(self) -> Result<Kept, StoreError> {
        let record = json::from_str(&self.doc).map_err(|error| StoreError::unreadable(&error))?;
        Ok(Kept { record, fence: self.fence })
    }
}

#[derive(Deserialize)]
struct HeldRow {
    number: u64,
}

#[derive(Deserialize)]
struct TotalRow {
    n: u64,
}

/// The record.
impl TenantDb {
    /// The newest move of the tenant from here or to here.
    pub(crate) async fn relocation(&self) -> Result<Option<Kept>, StoreError> {
        self.row::<RecordRow>(READ, ()).await?.map(RecordRow::kept).transpose()
    }

    /// Writes a new move in the place of one that is over. False if the record has changed since it was read.
    pub(crate) async fn begin_relocation(
        &self,
        record: &Record,
        fence: Option<i64>,
        operator: Option<&OperatorRecord>,
    ) -> Result<bool, StoreError> {
        let row = (record.id(), to_json(record)?, i64::from(record.is_driven()), fence);
        let mut batch = self.batch().with(BEGIN, row);
        if let Some(operator) = operator {
            operator.add_to(&mut batch.batch);
        }
        let answers: Vec<Vec<IgnoredAny>> = self.run(batch).await?;
        Ok(answers.first().is_some_and(|begun| !begun.is_empty()))
    }

    /// Becomes the one that drives the move until `until`, unless another does or there is nothing to do.
    pub(crate) async fn lease_relocation(&self, now: Timestamp, until: Timestamp) -> Result<Option<Kept>, StoreError> {
        let times = (now.unix_millis(), until.unix_millis());
        self.row::<RecordRow>(LEASE, times).await?.map(RecordRow::kept).transpose()
    }

    /// Writes what became of a step. False if another drives the move by now.
    pub(crate) async fn save_relocation(
        &self,
        record: &Record,
        fence: i64,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = (fence, to_json(record)?, i64::from(record.is_driven()), until.unix_millis());
        Ok(!self.rows::<IgnoredAny>(SAVE, row).await?.is_empty())
    }

    /// Writes a change that stops whoever drives the move. False if the record has changed since it was read.
    pub(crate) async fn replace_relocation(&self, record: &Record, fence: i64) -> Result<bool, StoreError> {
        let row = (fence, to_json(record)?, i64::from(record.is_driven()));
        Ok(!self.rows::<IgnoredAny>(REPLACE, row).await?.is_empty())
    }
}

/// The source.
impl TenantDb {
    /// Has deliveries noted from now on, and takes away what an attempt may have left. Of a move that has ended here it
    /// marks nothing.
    pub(crate) async fn begin_copying(&self, job: RelocationId, attempt: u64) -> Result<(), StoreError> {
        self.run::<IgnoredAny>(self.batch().with(MARK, (job,)).with(RELEASE, (attempt,))).await?;
        Ok(())
    }

    /// From the moment that this is answered nothing of the tenant is written here.
    /// False if it is not: the database was not copied from, or a newer attempt holds the tenant.
    pub(crate) async fn hold_for(&self, attempt: u64) -> Result<bool, StoreError> {
        let batch = self.batch().with(HOLD, (attempt,)).with(HELD, ());
        let (_, held) = self.run::<(IgnoredAny, Vec<HeldRow>)>(batch).await?;
        Ok(held.first().is_some_and(|row| row.number == attempt))
    }

    /// Takes away the hold of this attempt or an earlier one.
    pub(crate) async fn release_for(&self, attempt: u64) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(RELEASE, (attempt,)).await?;
        Ok(())
    }

    /// Deliveries are noted no longer, whatever comes late of this move.
    pub(crate) async fn end_copying(&self, job: RelocationId) -> Result<(), StoreError> {
        self.run::<IgnoredAny>(self.batch().with(END_DEPARTURE, (job,)).with(UNMARK, (job,))).await?;
        Ok(())
    }

    /// Complaints that have changed after these positions of slots, in the order of commits in each slot: all if they are
    /// fewer than `limit`.
    pub(crate) async fn changed(&self, known: &[(u8, u64)], limit: u32) -> Result<Vec<Changed>, StoreError> {
        let ask = |batch, (slot, position): &(u8, u64)| TenantBatch::with(batch, CHANGED, (slot, position, limit));
        let rows: Vec<Vec<Changed>> = self.run(known.iter().fold(self.batch(), ask)).await?;
        Ok(rows.into_iter().flatten().take(limit as usize).collect())
    }

    /// The ranges of the change feed with numbers after this one, for at most `limit` numbers and those in the same range.
    pub(crate) async fn ranges(&self, after: u64, limit: u32) -> Result<Vec<Range>, StoreError> {
        self.rows(RANGES, (after, limit)).await
    }

    /// Complaints and all that goes along with them.
    pub(crate) async fn case_files(&self, ids: &[ComplaintId]) -> Result<CaseFiles, StoreError> {
        let wanted = to_json(&ids)?;
        let batch = self
            .batch()
            .with(COMPLAINTS, (&wanted,))
            .with(REQUESTS, (&wanted,))
            .with(FIRST_REQUESTS, (&wanted,))
            .with(DELIVERIES, (&wanted,))
            .with(EVENTS, (&wanted, "", 0, EVENTS_AT_ONCE, BYTES_AT_ONCE));
        type Answers = (Vec<ComplaintRow>, Vec<RequestRow>, Vec<RequestRow>, Vec<DeliveryRow>, Vec<EventRow>);
        let (mut complaints, mut requests, first, deliveries, events) = self.run::<Answers>(batch).await?;
        requests.extend(first);
        complaints.sort_by_key(|row| row.id);
        Ok(CaseFiles { complaints, requests, deliveries, events })
    }

    /// The next page of the events of what is left.
    pub(crate) async fn events_of(&self, left: &Left) -> Result<Vec<EventRow>, StoreError> {
        let ids: Vec<_> = left.0.iter().map(|(id, ..)| *id).collect();
        let first = left.0.first().map(|(id, after, _)| (id.to_string(), *after));
        let Some((first, after)) = first else { return Ok(Vec::new()) };
        self.events_after(&ids, &first, after).await
    }

    /// A page of the events of these complaints in the order of ids, of complaint `first` those after number `after`.
    pub(super) async fn events_after(
        &self,
        ids: &[ComplaintId],
        first: &str,
        after: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.rows(EVENTS, (to_json(&ids)?, first, after, EVENTS_AT_ONCE, BYTES_AT_ONCE)).await
    }

    /// Deliveries that were recorded after note `after`, and the last note.
    pub(crate) async fn late_deliveries(&self, after: i64, limit: u32) -> Result<(Vec<DeliveryRow>, i64), StoreError> {
        let rows: Vec<DeliveryRow> = self.rows(LATE_DELIVERIES, (after, limit)).await?;
        let last = rows.last().map_or(after, |row| row.place);
        Ok((rows, last))
    }

    /// What comes after a place of a list.
    pub(crate) async fn in_order(&self, list: &InOrder, after: &str) -> Result<Vec<OutboxRow>, StoreError> {
        let (nr, rest) = after.split_once(' ').unwrap_or((if after.is_empty() { "0" } else { after }, ""));
        let batch = self.batch().with(list.read, [nr, rest, &list.at_once.to_string()].as_slice());
        let (rows,) = self.run::<(Vec<OutboxRow>,)>(batch).await?;
        Ok(rows)
    }

    /// How much there is here.
    pub(crate) async fn totals(&self) -> Result<Totals, StoreError> {
        let batch = self.batch().with(EVENTS_TOTAL, ()).with(LAST_NUMBER, ()).with(COUNTS, ());
        let (events, last, counts) = self.run::<(Vec<TotalRow>, Vec<LastRow>, Vec<Count>)>(batch).await?;
        let counted = counts.into_iter().filter(|row| row.n > 0);
        Ok(Totals {
            events: events.first().map_or(0, |row| row.n),
            number: last.first().map_or(0, |row| row.number),
            counts: counted.map(|row| (format!("{}={}", row.facet, row.value), row.n)).collect(),
        })
    }

    /// Every key's record.
    pub(crate) async fn key_records(&self) -> Result<Vec<KeyRow>, StoreError> {
        self.rows(KEYS, ()).await
    }

    /// Every view, and the requests that made them: JSON texts.
    pub(crate) async fn view_records(&self) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let batch = self.batch().with(VIEW_RECORDS, ()).with(VIEW_REQUESTS, (VIEW_REQUESTS_KEPT,));
        let mut answers = self.texts(batch).await?.into_iter();
        Ok((answers.next().unwrap_or_default(), answers.next().unwrap_or_default()))
    }

    /// Deletes some of what is kept here, if the tenant is held. True if nothing more is to be deleted.
    pub(crate) async fn purge(&self) -> Result<bool, StoreError> {
        let batch = KEPT.iter().fold(self.batch(), |batch, (delete, _)| batch.with(*delete, (PURGED_AT_ONCE,)));
        let gone: Vec<Vec<IgnoredAny>> = self.run(batch).await?;
        Ok(gone.iter().all(|rows| rows.len() < PURGED_AT_ONCE as usize))
    }
}

/// The target.
impl TenantDb {
    /// From now on what the move brings is taken in here; what an earlier move from here has left is no hindrance.
    pub(crate) async fn expect(&self, job: RelocationId) -> Result<(), StoreError> {
        self.run::<IgnoredAny>(self.batch().with(EXPECT, (job,)).with(WELCOME, ())).await?;
        Ok(())
    }

    /// From now on nothing is taken in here by this move.
    pub(crate) async fn expect_no_more(&self, job: RelocationId) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(EXPECT_NO_MORE, (job,)).await?;
        Ok(())
    }

    /// Likewise, and what it has brought may be deleted.
    pub(crate) async fn turn_away(&self, job: RelocationId) -> Result<(), StoreError> {
        self.run::<IgnoredAny>(self.batch().with(TURN_AWAY, (job,)).with(EXPECT_NO_MORE, (job,))).await?;
        Ok(())
    }

    /// Complaints as they are here.
    pub(crate) async fn stored(&self, ids: &[ComplaintId]) -> Result<Vec<ComplaintRow>, StoreError> {
        self.rows(COMPLAINTS, (to_json(&ids)?,)).await
    }

    /// Takes in what was sent, in one transaction. Of `complaints` each is newer than the one before it that is here, if
    /// any; labels and counts follow from both, as they do in a commit.
    pub(crate) async fn take_in(
        &self,
        job: RelocationId,
        events: &[EventRow],
        requests: &[RequestRow],
        deliveries: &[DeliveryRow],
        complaints: &[Newer<'_>],
    ) -> Result<(), StoreError> {
        for draw in 0..PLACES {
            let mut batch = self.batch();
            for list in parts(events)? {
                batch = batch.with(PUT_EVENTS, (list, job));
            }
            for list in parts(requests)? {
                batch = batch.with(PUT_REQUESTS, (list, job));
            }
            for list in parts(deliveries)? {
                batch = batch.with(PUT_DELIVERIES, (list, job));
            }
            if !complaints.is_empty() {
                batch = self.with_complaints(batch, complaints, draw)?;
            }
            match self.finish(batch).await {
                Err(StoreError::Taken(Unique::Place)) => {}
                done => return done,
            }
        }
        Err(StoreError::Taken(Unique::Place))
    }

    fn with_complaints(
        &self,
        mut batch: TenantBatch,
        complaints: &[Newer<'_>],
        draw: u32,
    ) -> Result<TenantBatch, StoreError> {
        let tokens = self.tokens();
        let mut rows = Vec::new();
        let mut counted = BTreeMap::<Counted<'_>, i32>::new();
        for Newer { before, after, row } in complaints {
            rows.push((
                (after.id, &after.reference, &after.external_reference, after.received_at.unix_millis()),
                (after.version, &row.doc, to_json(&after.summary(row.due()))?, &row.created_by_key),
                (
                    before.as_ref().map(|(before, _)| before.version),
                    Place::of(after.received_at, after.id, draw).to_string(),
                ),
                (&row.words, tokens.likeness(after), tokens.labels(after, row.due())),
                (row.due_at, row.due_on, row.wake_at),
            ));
            let due = (before.as_ref().and_then(|(_, row)| row.due()), row.due());
            for (facet, value, by) in changed(before.as_ref().map(|(before, _)| before), after, due) {
                *counted.entry((facet, value)).or_default() += by;
            }
        }
        for list in parts(rows)? {
            batch = batch.with(PUT_COMPLAINTS, (list,));
        }
        let counted: Vec<_> = counted.into_iter().map(|((facet, value), by)| (facet, value, by)).collect();
        Ok(batch.with(COUNTS_ADD, (to_json(&counted)?,)))
    }

    async fn finish(&self, batch: TenantBatch) -> Result<(), StoreError> {
        if !batch.batch.is_empty() {
            self.run::<IgnoredAny>(batch).await?;
        }
        Ok(())
    }

    /// Which external references complaints have no longer, and which they have: `(reference, complaint, the request)`.
    pub(crate) async fn take_in_references(
        &self,
        job: RelocationId,
        left: &[(String, ComplaintId)],
        taken: &[(String, ComplaintId, String)],
    ) -> Result<(), StoreError> {
        let mut batch = self.batch();
        for list in parts(left)? {
            batch = batch.with(DROP_REFERENCES, (list,));
        }
        for list in parts(taken)? {
            batch = batch.with(PUT_REFERENCES, (list, job));
        }
        self.finish(batch).await
    }

    /// Takes in ranges of the change feed.
    pub(crate) async fn take_in_ranges(&self, job: RelocationId, ranges: &[Range]) -> Result<(), StoreError> {
        let batch = parts(ranges)?.into_iter().fold(self.batch(), |batch, list| batch.with(PUT_RANGES, (list, job)));
        self.finish(batch).await
    }

    /// Takes in some of a list.
    pub(crate) async fn take_in_order(
        &self,
        job: RelocationId,
        list: &InOrder,
        rows: &[(String, String)],
    ) -> Result<(), StoreError> {
        let rows: Vec<&str> = rows.iter().map(|(_, row)| row.as_str()).collect();
        let rows = format!("[{}]", rows.join(","));
        self.finish(self.batch().with(list.put, [rows.as_str(), &job.to_string()].as_slice())).await
    }

    /// Takes in messages that were not sent yet: `(outbox row, message)`.
    pub(crate) async fn take_in_outbox(&self, messages: &[(String, String)]) -> Result<(), StoreError> {
        let batch = parts(messages)?.into_iter().fold(self.batch(), |batch, list| batch.with(PUT_OUTBOX, (list,)));
        self.finish(batch).await
    }

    /// The tenant is at home here: its record and its keys, in one transaction, if the record of the move is the one read
    /// at `fence`.
    pub(crate) async fn take_over_tenant(
        &self,
        record: &Record,
        fence: i64,
        tenant: &Tenant,
        seq: u32,
        keys: &[KeyRow],
        (views, view_requests): (&[String], &[String]),
    ) -> Result<(), StoreError> {
        let mut batch = self
            .batch()
            .with(TAKE_OVER, (fence, to_json(record)?))
            .with(RELEASE, (i64::MAX,))
            .with(EXPECT_NO_MORE, (record.id(),))
            .with(DROP_KEYS, ())
            .with(DROP_VIEWS, ())
            .with(DROP_VIEW_REQUESTS, ());
        for list in parts(keys)? {
            batch = batch.with(PUT_KEYS, (list,));
        }
        for (put, rows) in [(PUT_VIEWS, views), (PUT_VIEW_REQUESTS, view_requests)] {
            for list in parts(rows)? {
                batch = batch.with(put, (list,));
            }
        }
        batch.batch.add(TENANT_ARRIVED, None, (tenant.id, &tenant.slug, tenant.version, to_json(tenant)?, seq));
        self.run::<IgnoredAny>(batch).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ComplaintId {
        format!("018bcfe5-6800-7303-8303-0303030303{number:02x}").parse().unwrap()
    }

    fn page(rows: &[(u8, u32)]) -> Vec<EventRow> {
        let row = |(number, seq): &(u8, u32)| EventRow {
            complaint_id: id(*number),
            seq: *seq,
            at: 0,
            body: String::new(),
            hash: String::new(),
            slot: id(*number).slot(),
            position: 1,
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn a_complaint_is_whole_once_its_last_event_was_read() {
        let row = |(number, version)| ComplaintRow {
            id: id(number),
            version,
            doc: String::new(),
            created_by_key: None,
            words: String::new(),
            due_at: None,
            due_on: None,
            wake_at: None,
        };
        let mut left = Left::of(&[(1, 2), (2, 3), (3, 1)].map(row));
        assert_eq!(left.take(&page(&[(1, 1)])), 0);
        assert_eq!(left.take(&page(&[(1, 2), (2, 1), (2, 2)])), 1);
        assert_eq!(left.0, [(id(2), 2, 3), (id(3), 0, 1)]);
        assert_eq!(left.take(&[]), 0);
        // One more than was wanted, which has come meanwhile.
        assert_eq!(left.take(&page(&[(2, 3), (2, 4)])), 1);
        assert_eq!(left.take(&page(&[(3, 1)])), 1);
        assert!(left.is_empty());
    }
}
