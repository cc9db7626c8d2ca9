//! What the law asks of a complaint, and when: its clocks, each with how it was counted.

use crate::{
    call::{Outcome, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
    store::history::Span,
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    clock::{
        Clock,
        difference::{ClockDifference, differences},
        law::{Law, Pin},
        timeline::Timeline,
    },
    http::problem::{Code, FieldError, Rule},
    ids::ComplaintId,
    text::Code as Name,
    time::{InvalidTimestamp, Timestamp},
};

/// The most `version` parameters.
const MAX_VERSIONS: usize = 20;

/// The clocks of a complaint as of some moment.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Clocks {
    /// The complaint.
    complaint: ComplaintId,
    /// Its version then.
    version: u32,
    /// The moment.
    as_of: Timestamp,
    /// Pack by pack, in the order of their rules; then the firm's own.
    data: Vec<Clock>,
    /// If it was asked about other versions of rules or calendars: what they would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Vec<ClockDifference>>,
}

/// `GET /v1/complaints/{id}/clocks`: as they stand now, or with `?at=` at that moment. A moment to come is answered as if
/// nothing happened until then. With `?version=gb-ofcom@2026-04-08`, as they would stand if it were moved to that version.
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let Parameters { at, versions } = Parameters::read(&call)?;
    let as_of = at.unwrap_or_else(|| call.time());
    let mut timeline = Timeline::default();
    let span = Span { by: as_of, ..Span::ALL };
    let folded = db.fold(id, span, |event| timeline.take_in(event)).await?;
    let mut complaint = folded.ok_or(Failure::new(Code::NotFound))?;
    let tenant = &call.standing.tenant;
    let mut data = tenant.clocks_of(&complaint, &timeline, as_of);
    let mut changed = None;
    if !versions.is_empty() {
        complaint.move_clocks(&versions);
        let moved = tenant.clocks_of(&complaint, &timeline, as_of);
        changed = Some(differences(&data, &moved));
        data = moved;
    }
    let version = complaint.version;
    Ok(Reply::json(200, &Clocks { complaint: id, version, as_of, data, differences: changed })?.version(version))
}

struct Parameters {
    at: Option<Timestamp>,
    versions: Vec<Pin>,
}

impl Parameters {
    fn read(call: &TenantCall) -> Result<Self, Failure> {
        let mut read = Self { at: None, versions: Vec::new() };
        let bad = |name: &str, rule: String| bad_parameter(FieldError::parameter(name, Rule::NotAllowed, rule));
        for (name, value) in call.call.parameters() {
            match name.as_ref() {
                "at" => {
                    let at = value.parse().map_err(|error: InvalidTimestamp| bad("at", error.to_string()))?;
                    read.at = Some(at);
                }
                "version" => {
                    let pin = pin(&value).filter(|pin| Law::shipped().has(pin)).ok_or_else(|| {
                        bad("version", "must be `<pack or calendar>@<version>`, as there is one".to_owned())
                    })?;
                    if read.versions.len() >= MAX_VERSIONS || read.versions.iter().any(|other| other.id == pin.id) {
                        let rule = format!("may be given once for each pack or calendar, and {MAX_VERSIONS} times");
                        return Err(bad("version", rule));
                    }
                    read.versions.push(pin);
                }
                other => return Err(unknown_parameter(other)),
            }
        }
        Ok(read)
    }
}

fn pin(text: &str) -> Option<Pin> {
    let (id, version) = text.split_once('@')?;
    Some(Pin { id: Name::try_from(id).ok()?, version: Name::try_from(version).ok()? })
}
