//! Teams of a firm's staff: in the database of the firm's first slot. Who is in them is kept with people.

use super::{Scoped, StoreError, TenantDb, to_json};
use shared::{
    ids::{PersonId, TeamId},
    json,
    scim::group::Team,
    time::Timestamp,
};

const FIND: Scoped = scoped!("sql/teams/find.sql");
const LIST: Scoped = scoped!("sql/teams/list.sql");
const PUT: Scoped = scoped!("sql/teams/put.sql");
const DELETE: Scoped = scoped!("sql/teams/delete.sql");
const MEMBERS: Scoped = scoped!("sql/teams/members.sql");
const OF_PERSON: Scoped = scoped!("sql/teams/of_person.sql");

/// The most teams of a tenant.
const MAX_TEAMS: u32 = 1_000;

fn team_of(text: &str) -> Result<Team, StoreError> {
    json::from_str(text).map_err(StoreError::unreadable)
}

/// An id and a name, as the statements write them.
fn named<I: std::str::FromStr>(rows: &[String]) -> Vec<(I, String)> {
    let pair = |row: &String| row.split_once(' ').and_then(|(id, name)| Some((id.parse().ok()?, name.to_owned())));
    rows.iter().filter_map(pair).collect()
}

impl TenantDb {
    pub(crate) async fn team(&self, id: TeamId) -> Result<Option<Team>, StoreError> {
        self.lines(FIND, (id,)).await?.first().map(|text| team_of(text)).transpose()
    }

    /// Those after `after`, in the order of their ids: `most`, without the first `skipped`.
    pub(crate) async fn teams(
        &self,
        after: Option<TeamId>,
        most: usize,
        skipped: usize,
    ) -> Result<Vec<Team>, StoreError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.lines(LIST, (after, most, skipped)).await?.iter().map(|text| team_of(text)).collect()
    }

    /// Writes a version of a team. False if somebody else was faster.
    pub(crate) async fn put_team(&self, team: &Team) -> Result<bool, StoreError> {
        let Team { id, name, external_id, version, .. } = team;
        self.does(PUT, (id, name.as_str().to_lowercase(), external_id, version, to_json(team)?, MAX_TEAMS)).await
    }

    /// Deletes a team. False if it is gone already.
    pub(crate) async fn delete_team(&self, id: TeamId) -> Result<bool, StoreError> {
        self.does(DELETE, (id,)).await
    }

    /// Who is in a team, and their names.
    pub(crate) async fn team_members(&self, id: TeamId) -> Result<Vec<(PersonId, String)>, StoreError> {
        Ok(named(&self.lines(MEMBERS, (id,)).await?))
    }

    /// In which teams somebody is, and their names.
    pub(crate) async fn teams_of(&self, id: PersonId) -> Result<Vec<(TeamId, String)>, StoreError> {
        Ok(named(&self.lines(OF_PERSON, (id,)).await?))
    }
}

/// A team that is made.
pub(crate) fn new_team(id: TeamId, name: shared::text::Line<100>, now: Timestamp) -> Team {
    Team { id, name, external_id: None, version: 1, created_at: now, updated_at: now }
}
