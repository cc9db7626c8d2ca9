//! What lies under a complaint: its events, their proof, the exported file, and what is to be told of it.

use crate::{
    call::{Call, Outcome, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
    store::{
        StoreError,
        history::{PAGE, Snapshot, Span, StoredEvent},
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    chain::{Broken, CASE_FILE_FORMAT, Check, Defect, Digest},
    complaint::{Complaint, event::EventKind},
    http::problem::{Code, FieldError, Rule},
    ids::ComplaintId,
    json,
    notify::Audience,
    time::Timestamp,
};

/// The rows on a page when the caller does not say.
const DEFAULT_LIMIT: u32 = 100;

/// The most bytes of events that an export holds: an answer is built in memory.
const MAX_EXPORT: usize = 32_000_000;

/// `GET /v1/complaints/{id}/events?after=&limit=`: events as they were sealed, oldest first.
pub(crate) async fn events(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let (after, limit) = window(&call.call)?;
    let page = db.history(id, Span { after, limit, ..Span::ALL }).await?;
    // A complaint has at least one event: none at all means that there is no such complaint.
    if page.events.is_empty() && (after == 0 || db.read(id).await?.is_none()) {
        return Err(Failure::new(Code::NotFound));
    }
    let next = page.next.map_or_else(|| "null".to_owned(), |seq| seq.to_string());
    let items: Vec<_> = page.events.iter().map(StoredEvent::json).collect();
    Ok(Reply::json_text(200, format!("{{\"data\":[{}],\"next_after\":{next}}}", items.join(","))))
}

/// `GET /v1/complaints/{id}/verify`: checks the whole chain, and that its fold is what reads answer.
pub(crate) async fn verify(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let Snapshot { document, last, first } = db.snapshot(id).await?.ok_or(Failure::new(Code::NotFound))?;
    let mut check = Check::new(call.standing.tenant.id, id);
    let mut page = first;
    loop {
        page.events.iter().for_each(|event| _ = check.take(&event.raw()));
        let Some(after) = page.next.filter(|after| *after < last) else { break };
        page = db.history(id, Span { after, through: last, ..Span::ALL }).await?;
    }
    // A record that cannot be read any more has no head either.
    let current: Option<Complaint> = json::from_str(&document.doc).ok();
    let head = current.as_ref().map_or(Digest::ZERO, |current| current.head);
    let (mut verdict, folded) = check.finish(document.version, head);
    // The moves that are legal follow the table in force, not the one when the record was written.
    let moves = |complaint: Complaint| Complaint { legal_moves: Vec::new(), ..complaint };
    if verdict.valid && folded.map(moves) != current.map(moves) {
        verdict.valid = false;
        verdict.first_broken = Some(Broken { seq: last, reason: Defect::Projection });
    }
    Reply::json(200, &verdict)
}

/// `GET /v1/complaints/{id}/case-file`: everything needed to check the file without this service.
pub(crate) async fn export(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let Snapshot { document, last, first } = db.snapshot(id).await?.ok_or(Failure::new(Code::NotFound))?;
    let current: Complaint = json::from_str(&document.doc).map_err(|error| StoreError::unreadable(&error))?;
    let (version, reference, head) = (current.version, current.reference.as_str(), current.head.to_string());
    let mut text = opening(&call, id, reference, version, &head);
    let mut page = first;
    loop {
        for event in &page.events {
            text.push_str(if text.ends_with('[') { "" } else { "," });
            text.push_str(&event.json());
        }
        if text.len() > MAX_EXPORT {
            let detail = "The case file has more than 32 MB: read its events page by page";
            return Err(Failure::new(Code::TooLarge).detail(detail));
        }
        let Some(after) = page.next.filter(|after| *after < last) else { break };
        page = db.history(id, Span { after, through: last, ..Span::ALL }).await?;
    }
    text.push_str("]}");
    let name = format!("attachment; filename=\"{}.json\"", current.reference);
    Ok(Reply::json_text(200, text).header("content-disposition", name))
}

/// A case file up to its events, which are JSON already and come last; `]}` ends it.
pub(super) fn opening(call: &TenantCall, id: ComplaintId, reference: &str, version: u32, head: &str) -> String {
    let (tenant, at) = (call.standing.tenant.id, call.call.now);
    format!(
        "{{\"format\":\"{CASE_FILE_FORMAT}\",\"exported_at\":\"{at}\",\"tenant\":\"{tenant}\",\"complaint\":\"{id}\",\
         \"reference\":\"{reference}\",\"version\":{version},\"head\":\"{head}\",\"events\":["
    )
}

/// Something to tell somebody.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Delivery {
    /// The event it tells of.
    seq: u32,
    /// The kind of that event.
    event: EventKind,
    /// Who is to hear of it.
    audience: Audience,
    /// How far it is: `intended`.
    status: String,
    /// When it was recorded.
    recorded_at: Timestamp,
}

/// Some of a complaint's deliveries.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deliveries {
    /// In the order of events.
    data: Vec<Delivery>,
    /// `after` for later events, if there may be some.
    next_after: Option<u32>,
}

/// `GET /v1/complaints/{id}/deliveries?after=&limit=`
pub(crate) async fn deliveries(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let (after, limit) = window(&call.call)?;
    let found = db.deliveries(id, after, limit).await?;
    if found.is_empty() && db.read(id).await?.is_none() {
        return Err(Failure::new(Code::NotFound));
    }
    let last = found.last().map(|row| row.seq);
    let events = found.chunk_by(|one, next| one.seq == next.seq).count();
    let data = found
        .into_iter()
        .map(|row| Delivery {
            seq: row.seq,
            event: row.event,
            audience: row.audience,
            status: row.status,
            recorded_at: Timestamp::from_unix_millis(row.recorded_at),
        })
        .collect();
    let next_after = last.filter(|_| events >= limit as usize);
    Reply::json(200, &Deliveries { data, next_after })
}

/// `after`, an event's number (0 for the beginning), and `limit`, 1 to [`PAGE`].
fn window(call: &Call) -> Result<(u32, u32), Failure> {
    let (mut after, mut limit) = (0, DEFAULT_LIMIT);
    for (name, value) in call.parameters() {
        let (wanted, range, rule) = match name.as_ref() {
            "after" => (&mut after, 0..=u32::MAX, "must be the number of an event"),
            "limit" => (&mut limit, 1..=PAGE, "must be a whole number from 1 to 500"),
            _ => return Err(unknown_parameter(&name)),
        };
        let number = value.parse().ok().filter(|number| range.contains(number));
        *wanted = number.ok_or_else(|| bad_parameter(FieldError::parameter(&name, Rule::OutOfRange, rule)))?;
    }
    Ok((after, limit))
}
