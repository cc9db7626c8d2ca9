//! What people and teams are called. The API shows people to those who look after them alone; what those who share a queue call each
//! other they may all read, and this Worker is the one that serves people.

use super::Desk;
use crate::log;
use shared::{
    access::{Scope, staff::has_scope},
    identity::person::Person,
};

/// The most people, and the most teams, whose names are looked up for a page.
const MOST: usize = 500;

/// Ids and names.
#[derive(Default)]
pub(crate) struct Names {
    /// All, also those who have left.
    pub(crate) people: Vec<(String, String)>,
    /// Those who may work on complaints.
    pub(crate) workers: Vec<(String, String)>,
    pub(crate) teams: Vec<(String, String)>,
}

impl Names {
    /// What a team is called; one that is not known, by its id.
    pub(crate) fn team(&self, id: &str) -> String {
        self.teams.iter().find(|(held, _)| held == id).map_or_else(|| id.to_owned(), |(_, name)| name.clone())
    }
}

/// The firm's people and teams. Without them a page has ids.
pub(crate) async fn names(desk: &Desk) -> Names {
    let db = &desk.visitor.door.db;
    match futures_util::try_join!(db.people(None, &[], MOST, 0), db.teams(None, MOST, 0)) {
        Ok((people, teams)) => Names {
            people: people.iter().map(named).collect(),
            workers: people.iter().filter(|person| can_work(person)).map(named).collect(),
            teams: teams.into_iter().map(|team| (team.id.to_string(), team.name.as_str().to_owned())).collect(),
        },
        Err(error) => {
            log::fault("names_not_read", &error);
            Names::default()
        }
    }
}

fn named(person: &Person) -> (String, String) {
    (person.id.to_string(), person.display_name.as_str().to_owned())
}

fn can_work(person: &Person) -> bool {
    person.active && has_scope(&person.roles, Scope::ComplaintsWrite)
}
