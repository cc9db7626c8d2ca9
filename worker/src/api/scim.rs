//! `/scim/v2`: a firm's directory keeps its people and teams here (RFC 7644).

use crate::{
    call::{Outcome, Reply, TenantCall},
    failure::Failure,
    gateway::staff::origin,
    office::{NotDone, Office, teams},
    platform,
    store::{
        StoreError,
        people::{Condition, Key},
        teams::new_team,
    },
};
use serde_json::{Value, json};
use shared::{
    http::problem::Code,
    identity::person::{Person, PersonCommand, PersonPatch},
    ids::{PersonId, TeamId},
    json as strict,
    scim::{
        MAX_BODY, MEDIA_TYPE, discovery,
        error::{ScimError, ScimType},
        filter::{Bound, Column, Condition as Asked, Operator},
        group::{self, Team},
        list::{self, Kind, ListRequest},
        user,
    },
};
use std::collections::BTreeSet;

/// The most bytes of a body, as the runtime is told.
const LIMIT: u32 = 1024 * 1024;
const _: () = assert!(LIMIT as usize == MAX_BODY, "what is read is what is looked at");
/// All teams of a firm.
const ALL_TEAMS: usize = 1_000;

type Told = Result<Reply, ScimError>;

fn reply(status: u16, document: &Value) -> Reply {
    Reply { content_type: MEDIA_TYPE, ..Reply::json_text(status, document.to_string()) }
}

/// A failure in the directory's own words.
fn told(told: Told) -> Outcome {
    Ok(told.unwrap_or_else(|error| reply(error.status, &error.document())))
}

fn base(call: &TenantCall) -> String {
    format!("{}/scim/v2", origin(&call.call.incoming))
}

fn not_found() -> ScimError {
    ScimError::status(404, "there is none such")
}

fn stored(error: StoreError) -> ScimError {
    NotDone::Store(error).into()
}

fn failed(failure: Failure) -> ScimError {
    match failure.code {
        Code::TooLarge => ScimError::status(413, "the body is too large"),
        Code::NotFound => not_found(),
        _ => {
            crate::log::fault("scim_failed", &failure.reason().unwrap_or_default());
            ScimError::status(500, "something is wrong on this side")
        }
    }
}

/// For the directory that calls.
struct Directory<'c> {
    call: &'c TenantCall,
    office: Office<'c>,
    base: String,
}

impl<'c> Directory<'c> {
    fn of(call: &'c TenantCall) -> Result<Self, ScimError> {
        Ok(Self { call, office: Office::of(call).map_err(failed)?, base: base(call) })
    }

    async fn body(&self) -> Result<Value, ScimError> {
        let media_type = self.call.call.media_type();
        if media_type != MEDIA_TYPE && media_type != "application/json" {
            return Err(ScimError::status(415, "send application/scim+json"));
        }
        let bytes = self.call.call.whole_body(LIMIT).await.map_err(failed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| unreadable())?;
        strict::from_str(text).map_err(|_| unreadable())
    }

    fn id<I: std::str::FromStr>(&self) -> Result<I, ScimError> {
        self.call.call.path_value("id").map_err(|_| not_found())
    }

    async fn person(&self) -> Result<Person, ScimError> {
        self.office.db.person(Key::Id(self.id()?)).await.map_err(stored)?.ok_or_else(not_found)
    }

    async fn team(&self) -> Result<Team, ScimError> {
        self.office.db.team(self.id()?).await.map_err(stored)?.ok_or_else(not_found)
    }

    async fn shown(&self, person: &Person) -> Result<Value, ScimError> {
        let teams = if person.teams.is_empty() {
            Vec::new()
        } else {
            self.office.db.teams_of(person.id).await.map_err(stored)?
        };
        Ok(user::show(person, &self.base, &teams))
    }

    async fn user(&self, status: u16, person: &Person) -> Told {
        let shown = self.shown(person).await?;
        let reply = reply(status, &shown).header("etag", user::version_of(person.version));
        Ok(if status == 201 { reply.header("location", format!("{}/Users/{}", self.base, person.id)) } else { reply })
    }

    async fn group(&self, status: u16, team: &Team) -> Told {
        let members = self.office.db.team_members(team.id).await.map_err(stored)?;
        let shown = group::show(team, &self.base, Some(&members));
        let reply = reply(status, &shown).header("etag", user::version_of(team.version));
        Ok(if status == 201 { reply.header("location", format!("{}/Groups/{}", self.base, team.id)) } else { reply })
    }

    async fn change(&self, person: &Person, command: PersonCommand) -> Result<Person, ScimError> {
        let actor = self.call.actor().map_err(failed)?;
        Ok(self.office.apply(Some(person), command, Some(&actor), None).await?.person)
    }

    async fn change_team(&self, team: Team, change: group::TeamChange) -> Result<Team, ScimError> {
        let actor = self.call.actor().map_err(failed)?;
        Ok(teams::change(&self.office, team, change, &actor).await?)
    }
}

fn unreadable() -> ScimError {
    ScimError::of(ScimType::InvalidSyntax, "the body must be JSON")
}

/// A condition, as the statement has it.
fn condition(asked: &Asked) -> Option<Condition> {
    let name = match (asked.column, asked.operator) {
        (Column::Active, Operator::Equal) => "active eq",
        (Column::Active, Operator::NotEqual) => "active ne",
        (Column::Id, Operator::Equal) => "id eq",
        (Column::UserName, Operator::Equal) => "user_name eq",
        (Column::UserName, Operator::StartsWith) => "user_name sw",
        (Column::Email, Operator::Equal) => "email eq",
        (Column::Email, Operator::StartsWith) => "email sw",
        (Column::ExternalId, Operator::Equal) => "external_id eq",
        (Column::DisplayName, Operator::Equal) => "display_name eq",
        (Column::DisplayName, Operator::StartsWith) => "display_name sw",
        (Column::LastModified, Operator::Equal) => "last_modified eq",
        (Column::LastModified, Operator::Greater) => "last_modified gt",
        (Column::LastModified, Operator::GreaterOrEqual) => "last_modified ge",
        (Column::LastModified, Operator::Less) => "last_modified lt",
        (Column::LastModified, Operator::LessOrEqual) => "last_modified le",
        _ => return None,
    };
    let value = match &asked.value {
        Bound::Text(text) => json!(text),
        Bound::Flag(flag) => json!(u8::from(*flag)),
        Bound::Time(at) => json!(at),
    };
    Some((name, value))
}

/// `GET /scim/v2/Users`
pub(crate) async fn users(call: TenantCall) -> Outcome {
    told(list_users(&call).await)
}

async fn list_users(call: &TenantCall) -> Told {
    let directory = Directory::of(call)?;
    let request = ListRequest::read(Kind::Users, &call.call.incoming.head.query)?;
    let unsupported = || ScimError::of(ScimType::InvalidFilter, "the filter asks for what is not looked up here");
    let conditions = request.conditions.iter().map(|one| condition(one).ok_or_else(unsupported));
    let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
    let db = &directory.office.db;
    let key = request.key().and_then(|key| match (&key.column, &key.value) {
        (Column::UserName, Bound::Text(name)) => Some(Key::UserName(name.as_str())),
        (Column::ExternalId, Bound::Text(id)) => Some(Key::ExternalId(id.as_str())),
        _ => None,
    });
    let (people, total) = match key {
        // By far the most frequent question: is there such a one?
        Some(key) if conditions.len() == 1 => {
            let found: Vec<_> = db.person(key).await.map_err(stored)?.into_iter().collect();
            let total = found.len();
            (found.into_iter().skip(request.skipped()).take(request.count).collect(), total)
        }
        _ => {
            let total = db.people_count(&conditions).await.map_err(stored)?;
            let people = if request.count == 0 {
                Vec::new()
            } else {
                db.people(None, &conditions, request.count, request.skipped()).await.map_err(stored)?
            };
            (people, total)
        }
    };
    let mut shown = Vec::with_capacity(people.len());
    for person in &people {
        shown.push(directory.shown(person).await?);
    }
    Ok(reply(200, &list::document(&shown, total, request.start)))
}

/// `POST /scim/v2/Users`
pub(crate) async fn create_user(call: TenantCall) -> Outcome {
    let made = async {
        let directory = Directory::of(&call)?;
        let new = user::read_new(&directory.body().await?)?;
        let id = PersonId::new(call.call.now, &platform::entropy());
        let actor = call.actor().map_err(failed)?;
        let command = PersonCommand::Create(id, Box::new(new));
        let person = directory.office.apply(None, command, Some(&actor), None).await?.person;
        directory.user(201, &person).await
    };
    told(made.await)
}

/// `GET /scim/v2/Users/{id}`
pub(crate) async fn read_user(call: TenantCall) -> Outcome {
    let made = async {
        let directory = Directory::of(&call)?;
        directory.user(200, &directory.person().await?).await
    };
    told(made.await)
}

/// `PUT /scim/v2/Users/{id}`
pub(crate) async fn replace_user(call: TenantCall) -> Outcome {
    told(change_user(&call, |body, _| user::read_replacement(body)).await)
}

/// `PATCH /scim/v2/Users/{id}`
pub(crate) async fn patch_user(call: TenantCall) -> Outcome {
    told(change_user(&call, user::read_patch).await)
}

async fn change_user(call: &TenantCall, read: impl Fn(&Value, &Person) -> Result<PersonPatch, ScimError>) -> Told {
    let directory = Directory::of(call)?;
    let person = directory.person().await?;
    let patch = read(&directory.body().await?, &person)?;
    let changed = directory.change(&person, PersonCommand::Change(Box::new(patch))).await?;
    directory.user(200, &changed).await
}

/// `DELETE /scim/v2/Users/{id}`: deactivates.
pub(crate) async fn delete_user(call: TenantCall) -> Outcome {
    let made = async {
        let directory = Directory::of(&call)?;
        let person = directory.person().await?;
        directory.change(&person, PersonCommand::Deactivate).await?;
        Ok(Reply::empty(204))
    };
    told(made.await)
}

/// `GET /scim/v2/Groups`
pub(crate) async fn groups(call: TenantCall) -> Outcome {
    told(list_groups(&call).await)
}

async fn list_groups(call: &TenantCall) -> Told {
    let directory = Directory::of(call)?;
    let request = ListRequest::read(Kind::Groups, &call.call.incoming.head.query)?;
    let db = &directory.office.db;
    let member = request.conditions.iter().find(|one| one.column == Column::Member);
    // A firm has few teams.
    let mut teams = db.teams(None, ALL_TEAMS, 0).await.map_err(stored)?;
    if let Some(Asked { value: Bound::Text(person), .. }) = member {
        let theirs: BTreeSet<TeamId> = match person.as_str().parse() {
            Ok(person) => db.teams_of(person).await.map_err(stored)?.into_iter().map(|(id, _)| id).collect(),
            Err(_) => BTreeSet::new(),
        };
        teams.retain(|team| theirs.contains(&team.id));
    }
    let mut fitting = Vec::new();
    for team in teams {
        let members = match member {
            Some(_) => Some(db.team_members(team.id).await.map_err(stored)?),
            None => None,
        };
        let shown = group::show(&team, &directory.base, members.as_deref());
        if request.filter.as_ref().is_none_or(|filter| filter.matches(&shown)) {
            fitting.push(team);
        }
    }
    let total = fitting.len();
    let mut shown = Vec::new();
    for team in fitting.iter().skip(request.skipped()).take(request.count) {
        let members = match request.without_members {
            true => None,
            false => Some(db.team_members(team.id).await.map_err(stored)?),
        };
        shown.push(group::show(team, &directory.base, members.as_deref()));
    }
    Ok(reply(200, &list::document(&shown, total, request.start)))
}

/// `POST /scim/v2/Groups`
pub(crate) async fn create_group(call: TenantCall) -> Outcome {
    let made = async {
        let directory = Directory::of(&call)?;
        let change = group::read_new(&directory.body().await?)?;
        let name = change.name.ok_or_else(|| ScimError::of(ScimType::InvalidValue, "displayName is missing"))?;
        let id = TeamId::new(call.call.now, &platform::entropy());
        let team = Team { external_id: change.external_id, ..new_team(id, name, call.call.now) };
        directory.office.db.put_team(&team).await.map_err(stored)?;
        let actor = call.actor().map_err(failed)?;
        teams::move_members(&directory.office, &team, change.members, change.add, change.remove, &actor).await?;
        directory.group(201, &team).await
    };
    told(made.await)
}

/// `GET /scim/v2/Groups/{id}`
pub(crate) async fn read_group(call: TenantCall) -> Outcome {
    let made = async {
        let directory = Directory::of(&call)?;
        directory.group(200, &directory.team().await?).await
    };
    told(made.await)
}

/// `PUT /scim/v2/Groups/{id}`
pub(crate) async fn replace_group(call: TenantCall) -> Outcome {
    told(change_group(&call, group::read_new).await)
}

/// `PATCH /scim/v2/Groups/{id}`
pub(crate) async fn patch_group(call: TenantCall) -> Outcome {
    told(change_group(&call, group::read_patch).await)
}

async fn change_group(call: &TenantCall, read: fn(&Value) -> Result<group::TeamChange, ScimError>) -> Told {
    let directory = Directory::of(call)?;
    let team = directory.team().await?;
    let change = read(&directory.body().await?)?;
    let team = directory.change_team(team, change).await?;
    directory.group(200, &team).await
}

/// `DELETE /scim/v2/Groups/{id}`
pub(crate) async fn delete_group(call: TenantCall) -> Outcome {
    let made = async {
        let directory = Directory::of(&call)?;
        let team = directory.team().await?;
        let actor = call.actor().map_err(failed)?;
        teams::delete(&directory.office, team, &actor).await?;
        Ok(Reply::empty(204))
    };
    told(made.await)
}

/// `GET /scim/v2/ServiceProviderConfig`
pub(crate) async fn config(call: TenantCall) -> Outcome {
    Ok(reply(200, &discovery::service_provider_config(&base(&call))))
}

/// `GET /scim/v2/ResourceTypes`
pub(crate) async fn resource_types(call: TenantCall) -> Outcome {
    Ok(reply(200, &discovery::resource_types(&base(&call))))
}

/// `GET /scim/v2/ResourceTypes/{name}`
pub(crate) async fn resource_type(call: TenantCall) -> Outcome {
    let name: String = call.call.path_value("name")?;
    told(discovery::resource_type(&base(&call), &name).map(|found| reply(200, &found)).ok_or_else(not_found))
}

/// `GET /scim/v2/Schemas`
pub(crate) async fn schemas(call: TenantCall) -> Outcome {
    Ok(reply(200, &discovery::schemas(&base(&call))))
}

/// `GET /scim/v2/Schemas/{urn}`
pub(crate) async fn schema(call: TenantCall) -> Outcome {
    let urn: String = call.call.path_value("urn")?;
    told(discovery::schema(&base(&call), &urn).map(|found| reply(200, &found)).ok_or_else(not_found))
}
