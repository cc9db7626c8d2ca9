//! What the law asks of a complaint, and when: its clocks, each with how it was counted.

use super::complaints::moment;
use crate::{
    call::{Outcome, Reply, TenantCall},
    failure::Failure,
    store::history::Span,
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    clock::{
        Case, Clock, clocks,
        law::{Choices, Law},
        pack::Facts,
        timeline::Timeline,
    },
    http::problem::Code,
    ids::ComplaintId,
    time::Timestamp,
};

/// The clocks of a complaint as of some moment.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Clocks {
    /// The complaint.
    complaint: ComplaintId,
    /// Its version then.
    version: u32,
    /// The moment.
    as_of: Timestamp,
    /// Pack by pack, in the order of their rules.
    data: Vec<Clock>,
}

/// `GET /v1/complaints/{id}/clocks`: as they stand now, or with `?at=` at that moment. A moment to come is answered as if
/// nothing happened until then.
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let as_of = moment(&call.call)?.unwrap_or(call.call.now);
    let mut timeline = Timeline::default();
    let span = Span { by: as_of, ..Span::ALL };
    let complaint = db.fold(id, span, |event| timeline.take_in(event)).await?.ok_or(Failure::new(Code::NotFound))?;
    let facts = Facts::of(&complaint, call.standing.tenant.sector);
    let case = Case { facts, timeline: &timeline, pins: &[] };
    let data = clocks(Law::shipped(), case, &Choices::default(), &[], as_of);
    Ok(Reply::json(200, &Clocks { complaint: id, version: complaint.version, as_of, data })?.version(complaint.version))
}
