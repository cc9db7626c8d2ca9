//! What becomes of teams, whoever changes them. Who is in one is kept with each person.

use super::{NotDone, Office};
use crate::store::{StoreError, Unique, people::Key};
use shared::{
    access::Actor,
    identity::person::{PersonCommand, PersonPatch, Refused},
    ids::PersonId,
    scim::group::{Team, TeamChange},
};
use std::collections::BTreeSet;

/// Changes a team: as it is then.
pub(crate) async fn change(
    office: &Office<'_>,
    team: Team,
    change: TeamChange,
    actor: &Actor,
) -> Result<Team, NotDone> {
    let TeamChange { name, external_id, members, add, remove } = change;
    let changed = Team {
        name: name.unwrap_or_else(|| team.name.clone()),
        external_id: external_id.or_else(|| team.external_id.clone()),
        version: team.version.saturating_add(1),
        updated_at: office.call.now.max(team.updated_at),
        ..team
    };
    if !office.db.put_team(&changed).await? {
        return Err(StoreError::Taken(Unique::Version).into());
    }
    move_members(office, &changed, members, add, remove, actor).await?;
    Ok(changed)
}

/// Puts people into a team, and takes others out of it.
pub(crate) async fn move_members(
    office: &Office<'_>,
    team: &Team,
    all: Option<BTreeSet<PersonId>>,
    add: BTreeSet<PersonId>,
    remove: BTreeSet<PersonId>,
    actor: &Actor,
) -> Result<(), NotDone> {
    let mut wanted: BTreeSet<(PersonId, bool)> = BTreeSet::new();
    if let Some(all) = all {
        let now: BTreeSet<PersonId> = office.db.team_members(team.id).await?.into_iter().map(|(id, _)| id).collect();
        wanted.extend(all.difference(&now).filter(|id| !remove.contains(id)).map(|id| (*id, true)));
        wanted.extend(now.difference(&all).filter(|id| !add.contains(id)).map(|id| (*id, false)));
    }
    wanted.extend(add.into_iter().map(|id| (id, true)));
    wanted.extend(remove.into_iter().map(|id| (id, false)));
    for (id, is_in) in wanted {
        let person = match office.db.person(Key::Id(id)).await? {
            Some(person) => person,
            // Whom there is not is in no team.
            None if !is_in => continue,
            None => return Err(NotDone::Refused(Refused::Unknown)),
        };
        let mut teams = person.teams.clone();
        let moved = if is_in { teams.insert(team.id) } else { teams.remove(&team.id) };
        if moved {
            let patch = PersonPatch { teams: Some(teams), ..PersonPatch::default() };
            office.apply(Some(&person), PersonCommand::Change(Box::new(patch)), Some(actor), None).await?;
        }
    }
    Ok(())
}

/// Deletes a team: nobody is in it any more.
pub(crate) async fn delete(office: &Office<'_>, team: Team, actor: &Actor) -> Result<(), NotDone> {
    move_members(office, &team, Some(BTreeSet::new()), BTreeSet::new(), BTreeSet::new(), actor).await?;
    office.db.delete_team(team.id).await?;
    Ok(())
}
