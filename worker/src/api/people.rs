//! `/v1/people`: a firm's staff, for its admins and its own systems.

use crate::{
    call::{Call, Outcome, Reply, TenantCall, bad_parameter},
    failure::Failure,
    office::{NotDone, Office},
    platform,
    store::{StoreError, Unique, people::Key},
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    access::{Actor, staff::Action},
    complaint::command::Nothing,
    http::problem::{Code, FieldError, Rule},
    identity::{
        person::{NewPerson, Person, PersonCommand, PersonEvent, PersonPatch},
        session::{Ending, Sensitive, ShownSession},
    },
    ids::{PersonId, SessionId},
    time::Timestamp,
};
use std::str::FromStr;

/// The largest body that is read, in bytes.
pub(super) const MAX_BODY: u32 = 64 * 1024;
/// People of a page.
const PAGE: usize = 100;

/// A page of people, in the order in which they were entered.
#[derive(Serialize, JsonSchema)]
pub(crate) struct People {
    data: Vec<Person>,
    /// For `after`, if there may be more.
    next: Option<PersonId>,
}

/// Sessions of somebody that are open, the one that ends last first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Sessions {
    data: Vec<ShownSession>,
}

/// What has happened to somebody: names of what changed, and no values.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Happened {
    /// Its number among all that has happened to the firm's people.
    pub(crate) nr: u64,
    /// When.
    pub(crate) at: Timestamp,
    /// By whom; absent: by themselves, when they signed in.
    pub(crate) actor: Option<Actor>,
    /// What.
    pub(crate) event: PersonEvent,
}

/// What has happened to somebody, the newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PersonEvents {
    pub(crate) data: Vec<Happened>,
}

/// A parameter of a query, if it is there.
pub(super) fn asked<T: FromStr>(call: &Call, wanted: &'static str) -> Result<Option<T>, Failure> {
    let found = call.parameters().find(|(name, _)| name == wanted);
    let Some((_, value)) = found else { return Ok(None) };
    let wrong = || bad_parameter(FieldError::parameter(wanted, Rule::NotAllowed, "must be an id"));
    value.parse().map(Some).map_err(|_| wrong())
}

fn told(status: u16, person: &Person) -> Outcome {
    Ok(Reply::json(status, person)?.version(person.version))
}

async fn find(office: &Office<'_>) -> Result<Person, Failure> {
    let id = office.call.path_value("id")?;
    office.db.person(Key::Id(id)).await?.ok_or(Failure::new(Code::NotFound))
}

fn may_change(call: &TenantCall) -> Result<(), Failure> {
    call.must(Action::ManageStaff, Sensitive::ManageStaff)
}

/// `POST /v1/people`. An address is one person's, so that a request that is repeated enters nobody twice.
pub(crate) async fn create(call: TenantCall) -> Outcome {
    may_change(&call)?;
    let new = call.call.posted::<NewPerson>(MAX_BODY).await?.body;
    let office = Office::of(&call)?;
    let id = PersonId::new(call.call.now, &platform::entropy());
    let actor = call.actor()?;
    let person = office.apply(None, PersonCommand::Create(id, Box::new(new)), Some(&actor), None).await?.person;
    Ok(told(201, &person)?.header("location", format!("/v1/people/{id}")))
}

/// `GET /v1/people?after=`
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let after = call.call.after()?;
    let data = call.home()?.people(after, &[], PAGE, 0).await?;
    let next = if data.len() == PAGE { data.last().map(|person| person.id) } else { None };
    Reply::json(200, &People { data, next })
}

/// `GET /v1/people/{id}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    told(200, &find(&Office::of(&call)?).await?)
}

/// `PATCH /v1/people/{id}`
pub(crate) async fn patch(call: TenantCall) -> Outcome {
    may_change(&call)?;
    let patch = call.call.json::<PersonPatch>(MAX_BODY).await?;
    let office = Office::of(&call)?;
    let person = find(&office).await?;
    call.call.expect_version(person.version)?;
    let actor = call.actor()?;
    let changed = office.apply(Some(&person), PersonCommand::Change(Box::new(patch)), Some(&actor), None).await?;
    told(200, &changed.person)
}

/// How often a change without `If-Match` is tried while others change the same person.
const TRIES: usize = 3;

async fn commanded(call: &TenantCall, command: PersonCommand) -> Outcome {
    may_change(call)?;
    call.call.posted::<Nothing>(MAX_BODY).await?;
    let office = Office::of(call)?;
    let actor = call.actor()?;
    for _ in 0..TRIES {
        let person = find(&office).await?;
        match office.apply(Some(&person), command.clone(), Some(&actor), None).await {
            Err(NotDone::Store(StoreError::Taken(Unique::Version))) => {}
            done => return told(200, &done?.person),
        }
    }
    Err(Failure::new(Code::Unavailable).detail("Others keep changing this person"))
}

/// `POST /v1/people/{id}/deactivate`: all their sessions end.
pub(crate) async fn deactivate(call: TenantCall) -> Outcome {
    commanded(&call, PersonCommand::Deactivate).await
}

/// `POST /v1/people/{id}/reactivate`
pub(crate) async fn reactivate(call: TenantCall) -> Outcome {
    commanded(&call, PersonCommand::Reactivate).await
}

/// `GET /v1/people/{id}/events?before=`
pub(crate) async fn events(call: TenantCall) -> Outcome {
    let before = call.call.before(&[])?;
    let office = Office::of(&call)?;
    let person = find(&office).await?;
    let rows = office.db.person_events(person.id, before, 100).await?;
    let rows = rows.iter().map(|row| happened(row)).collect::<Result<_, _>>()?;
    Reply::json(200, &PersonEvents { data: rows })
}

fn happened(row: &str) -> Result<Happened, Failure> {
    #[derive(serde::Deserialize)]
    struct Row {
        nr: u64,
        at: i64,
        actor: Option<Actor>,
        event: PersonEvent,
    }
    let Row { nr, at, actor, event } = shared::json::from_str(row).map_err(Failure::internal)?;
    Ok(Happened { nr, at: Timestamp::from_unix_millis(at), actor, event })
}

/// `GET /v1/people/{id}/sessions`
pub(crate) async fn sessions(call: TenantCall) -> Outcome {
    let office = Office::of(&call)?;
    let person = find(&office).await?;
    let asking = match &call.caller {
        crate::call::Caller::Staff(token) => Some(token.session),
        crate::call::Caller::Key(_) => None,
    };
    let open = office.db.sessions(person.id, call.call.now).await?;
    let shown = |session: &shared::identity::session::Session| {
        let mut shown = session.shown(asking.unwrap_or(session.id));
        shown.current &= asking.is_some();
        shown
    };
    Reply::json(200, &Sessions { data: open.iter().map(shown).collect() })
}

/// `DELETE /v1/people/{id}/sessions/{session}`
pub(crate) async fn end_session(call: TenantCall) -> Outcome {
    may_change(&call)?;
    let (person, session): (PersonId, SessionId) = (call.call.path_value("id")?, call.call.path_value("session")?);
    let ended = Office::of(&call)?.end(person, session, Ending::Revoked).await?;
    if ended { Ok(Reply::empty(204)) } else { Err(Failure::new(Code::NotFound)) }
}
