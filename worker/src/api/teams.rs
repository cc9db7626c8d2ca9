//! `/v1/teams`: teams of a firm's staff. Who is in them is said of people (`/v1/people`), or by SCIM.

use super::people::MAX_BODY;
use crate::{
    call::{Outcome, Reply, TenantCall},
    failure::Failure,
    office::{Office, teams},
    platform,
    store::teams::new_team,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    access::staff::Action,
    http::problem::Code,
    identity::session::Sensitive,
    ids::{PersonId, TeamId},
    scim::group::{Team, TeamChange},
    text::Line,
};

/// Teams of a page.
const PAGE: usize = 100;

/// A page of teams, in the order in which they were made.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Teams {
    data: Vec<Team>,
    /// For `after`, if there may be more.
    next: Option<TeamId>,
}

/// A team's name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamName {
    /// Unique in the firm whatever its case.
    name: Line<100>,
}

/// Who is in a team.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Member {
    person: PersonId,
    name: String,
}

/// A team, and who is in it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ShownTeam {
    #[serde(flatten)]
    team: Team,
    members: Vec<Member>,
}

async fn find(office: &Office<'_>) -> Result<Team, Failure> {
    let id = office.call.path_value("id")?;
    office.db.team(id).await?.ok_or(Failure::new(Code::NotFound))
}

fn may_change(call: &TenantCall) -> Result<(), Failure> {
    call.must(Action::ManageStaff, Sensitive::ManageStaff)
}

async fn told(office: &Office<'_>, status: u16, team: Team) -> Outcome {
    let members = office.db.team_members(team.id).await?;
    let members = members.into_iter().map(|(person, name)| Member { person, name }).collect();
    let version = team.version;
    Ok(Reply::json(status, &ShownTeam { team, members })?.version(version))
}

/// `POST /v1/teams`
pub(crate) async fn create(call: TenantCall) -> Outcome {
    may_change(&call)?;
    let TeamName { name } = call.call.posted::<TeamName>(MAX_BODY).await?.body;
    let office = Office::of(&call)?;
    let team = new_team(TeamId::new(call.call.now, &platform::entropy()), name, call.call.now);
    office.db.put_team(&team).await?;
    let location = format!("/v1/teams/{}", team.id);
    Ok(told(&office, 201, team).await?.header("location", location))
}

/// `GET /v1/teams?after=`
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let after = call.call.after()?;
    let data = call.home()?.teams(after, PAGE, 0).await?;
    let next = if data.len() == PAGE { data.last().map(|team| team.id) } else { None };
    Reply::json(200, &Teams { data, next })
}

/// `GET /v1/teams/{id}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let office = Office::of(&call)?;
    let team = find(&office).await?;
    told(&office, 200, team).await
}

/// `PATCH /v1/teams/{id}`: another name.
pub(crate) async fn patch(call: TenantCall) -> Outcome {
    may_change(&call)?;
    let TeamName { name } = call.call.json::<TeamName>(MAX_BODY).await?;
    let office = Office::of(&call)?;
    let team = find(&office).await?;
    call.call.expect_version(team.version)?;
    let actor = call.actor()?;
    let change = TeamChange { name: Some(name), ..TeamChange::default() };
    let team = teams::change(&office, team, change, &actor).await?;
    told(&office, 200, team).await
}

/// `DELETE /v1/teams/{id}`
pub(crate) async fn delete(call: TenantCall) -> Outcome {
    may_change(&call)?;
    let office = Office::of(&call)?;
    let team = find(&office).await?;
    call.call.expect_version(team.version)?;
    teams::delete(&office, team, &call.actor()?).await?;
    Ok(Reply::empty(204))
}
