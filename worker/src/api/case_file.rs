//! What lies under a complaint: its events, their proof, the exported file, and what is to be told of it.

use crate::{
    call::{Call, Outcome, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
    store::history::{PAGE, Span, StoredEvent},
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    chain::{Broken, CASE_FILE_FORMAT, CaseFile, Defect, Verdict},
    complaint::{Complaint, event::EventKind},
    http::problem::{Code, FieldError, Rule},
    notify::Audience,
    time::Timestamp,
};

/// The rows on a page when the caller does not say.
const DEFAULT_LIMIT: u32 = 100;

/// `GET /v1/complaints/{id}/events?after=&limit=`: events as they were sealed, oldest first.
pub(crate) async fn events(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let (after, limit) = window(&call.call)?;
    let found = db.history(id, Span { after, limit, ..Span::ALL }).await?;
    // A complaint has at least one event: none at all means that there is no such complaint.
    if found.is_empty() && (after == 0 || db.read(id).await?.is_none()) {
        return Err(Failure::new(Code::NotFound));
    }
    let full = found.len() == limit as usize;
    let next = found.last().filter(|_| full).map_or_else(|| "null".to_owned(), |event| event.seq.to_string());
    let items: Vec<_> = found.iter().map(StoredEvent::json).collect();
    Ok(Reply::json_text(200, format!("{{\"data\":[{}],\"next_after\":{next}}}", items.join(","))))
}

/// `GET /v1/complaints/{id}/verify`: checks the whole chain, and that its fold is what reads answer.
pub(crate) async fn verify(call: TenantCall) -> Outcome {
    let (file, current) = load(&call).await?;
    let (verdict, folded) = file.check();
    let agrees = folded.as_ref() == Some(&current);
    let verdict = if verdict.valid && !agrees {
        let first_broken = Some(Broken { seq: verdict.events + 1, reason: Defect::Truncated });
        Verdict { valid: false, first_broken, ..verdict }
    } else {
        verdict
    };
    Reply::json(200, &verdict)
}

/// `GET /v1/complaints/{id}/case-file`: everything needed to check the file without this service.
pub(crate) async fn export(call: TenantCall) -> Outcome {
    let (file, current) = load(&call).await?;
    let name = format!("attachment; filename=\"{}.json\"", current.reference);
    Ok(Reply::json(200, &file)?.header("content-disposition", name))
}

/// The stored events under the version and head that reads answer.
async fn load(call: &TenantCall) -> Result<(CaseFile, Complaint), Failure> {
    let (id, db) = call.complaint()?;
    let document = db.read(id).await?.ok_or(Failure::new(Code::NotFound))?;
    let current: Complaint = serde_json::from_str(&document.doc).map_err(Failure::internal)?;
    let events = db.history(id, Span { through: current.version, ..Span::ALL }).await?;
    let events = events.iter().map(|event| serde_json::from_str(&event.json())).collect::<Result<_, _>>();
    let file = CaseFile {
        format: CASE_FILE_FORMAT.to_owned(),
        exported_at: call.call.now,
        tenant: call.entry.tenant.id,
        complaint: id,
        reference: current.reference.clone(),
        version: current.version,
        head: current.head,
        events: events.map_err(Failure::internal)?,
    };
    Ok((file, current))
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
}

/// `GET /v1/complaints/{id}/deliveries?after=&limit=`
pub(crate) async fn deliveries(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let (after, limit) = window(&call.call)?;
    let found = db.deliveries(id, after, limit).await?;
    if found.is_empty() && db.read(id).await?.is_none() {
        return Err(Failure::new(Code::NotFound));
    }
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
    Reply::json(200, &Deliveries { data })
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
