//! `/v1/access-events`: who of the staff has read which complaint, or which list of them.

use super::people::asked;
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

/// A read of a complaint, or of a list of them.
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
    /// Of which complaint, if it was of one.
    complaint: Option<ComplaintId>,
    /// What of it: `complaint`, or the rest of the path, such as `events`. Else which list: `list`, `search`, `duplicates`, `export`,
    /// or the path below `/v1/`, such as `changes`. Never what was searched for.
    what: String,
    /// How many rows a list had. Null: it was none, or they were sent while they were read; of an export they are told when it ends.
    rows: Option<u32>,
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
    complaint: Option<ComplaintId>,
    what: String,
    rows: Option<u32>,
}

/// Reads of a page.
const PAGE: u32 = 200;

/// `GET /v1/access-events?before=&complaint=&person=`
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let before = call.call.before(&["complaint", "person"])?;
    let of = match (asked(&call.call, "complaint")?, asked(&call.call, "person")?) {
        (Some(complaint), _) => Reads::OfComplaint(complaint),
        (None, Some(person)) => Reads::OfPerson(person),
        (None, None) => Reads::All,
    };
    let rows = call.home()?.accesses(of, before, PAGE).await?;
    let event = |row: &String| {
        let Row { nr, at, person, session, complaint, what, rows } = json::from_str(row).map_err(Failure::internal)?;
        let at = Timestamp::from_unix_millis(at);
        Ok::<_, Failure>(AccessEvent { nr, at, person, session, complaint, what, rows })
    };
    let data = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    let next = if rows.len() == PAGE as usize { data.last().map(|event| event.nr) } else { None };
    Reply::json(200, &AccessEvents { data, next })
}
