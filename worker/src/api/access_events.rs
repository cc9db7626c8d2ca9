//! `/v1/access-events`: who of the staff has read which complaint.

use super::people::{asked, before};
use crate::{
    call::{Outcome, Reply, TenantCall},
    failure::Failure,
    store::people::Reads,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    ids::{ComplaintId, PersonId, SessionId},
    json,
    time::Timestamp,
};

/// A read of a complaint.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AccessEvent {
    /// Its number among the firm's.
    nr: u64,
    /// When.
    at: Timestamp,
    /// Who.
    person: PersonId,
    /// In which session.
    session: SessionId,
    /// Of which complaint.
    complaint: ComplaintId,
    /// What of it: `complaint`, or the rest of the path, such as `events`.
    what: String,
}

/// Reads, the newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AccessEvents {
    data: Vec<AccessEvent>,
    /// For `before`, if there may be more.
    next: Option<u64>,
}

#[derive(Deserialize)]
struct Row {
    nr: u64,
    at: i64,
    person: PersonId,
    session: SessionId,
    complaint: ComplaintId,
    what: String,
}

/// Reads of a page.
const PAGE: u32 = 200;

/// `GET /v1/access-events?before=&complaint=&person=`
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let before = before(&call.call, &["complaint", "person"])?;
    let of = match (asked(&call.call, "complaint")?, asked(&call.call, "person")?) {
        (Some(complaint), _) => Reads::OfComplaint(complaint),
        (None, Some(person)) => Reads::OfPerson(person),
        (None, None) => Reads::All,
    };
    let rows = call.home()?.accesses(of, before, PAGE).await?;
    let event = |row: &String| {
        let Row { nr, at, person, session, complaint, what } = json::from_str(row).map_err(Failure::internal)?;
        Ok::<_, Failure>(AccessEvent { nr, at: Timestamp::from_unix_millis(at), person, session, complaint, what })
    };
    let data = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    let next = if rows.len() == PAGE as usize { data.last().map(|event| event.nr) } else { None };
    Reply::json(200, &AccessEvents { data, next })
}
