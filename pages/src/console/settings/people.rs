//! A firm's staff.

use super::{Choice, Settings};
use crate::console::shell::Shell;
use askama::Template;

/// A member of staff in a list.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// What they are, in words.
    pub roles: String,
    /// Their teams' names.
    pub teams: String,
    /// Whether they may sign in.
    pub active: bool,
    /// When they last signed in; empty: never.
    pub signed_in_at: String,
}

/// What is filled in about somebody.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// What they are.
    pub roles: Vec<Choice>,
    /// Their teams.
    pub teams: Vec<Choice>,
    /// The sensitive complaints that they may see.
    pub clearances: Vec<Choice>,
}

/// All of them, a page at a time, and a form for one more.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/people.html")]
pub struct People {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// They.
    pub rows: Vec<Row>,
    /// The place of the next page; empty: there is none.
    pub next: String,
    /// Whether this is the first page.
    pub first: bool,
    /// What is filled in about somebody new.
    pub fields: Fields,
    /// Whether the form is open.
    pub adding: bool,
}

/// A session of somebody.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The id.
    pub id: String,
    /// What people know the browser by.
    pub browser: String,
    /// How they signed in.
    pub method: String,
    /// Since when.
    pub created_at: String,
    /// When it was last used.
    pub seen_at: String,
    /// When it ends in any case.
    pub ends_at: String,
    /// Whether it is this one.
    pub current: bool,
}

/// Something that has happened to somebody.
#[derive(Clone, Debug, Default)]
pub struct Happened {
    /// When.
    pub at: String,
    /// What.
    pub what: String,
    /// By whom.
    pub by: String,
}

/// Somebody.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/person.html")]
pub struct Person {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// The id.
    pub id: String,
    /// The name they have.
    pub name: String,
    /// The version that is shown.
    pub version: u64,
    /// Whether they may sign in.
    pub active: bool,
    /// Whether a directory says who they are.
    pub directory: bool,
    /// Whether whoever looks is this person.
    pub oneself: bool,
    /// What is filled in.
    pub fields: Fields,
    /// Where they are signed in.
    pub sessions: Vec<Session>,
    /// What has happened to them, the newest first.
    pub happened: Vec<Happened>,
}

/// What a role may do, for whoever gives it.
#[must_use]
pub fn role_says(code: &str) -> &'static str {
    match code {
        "agent" => "works on complaints",
        "lead" => "leads a team: assigns, takes over, approves",
        "compliance" => "approves, exports, reads who has read what",
        "auditor" => "reads, and nothing else; has no other role beside",
        "admin" => "looks after people and sign-in; sees no complaint by that",
        _ => "",
    }
}

/// What a clearance lets somebody see.
#[must_use]
pub fn clearance_says(code: &str) -> &'static str {
    match code {
        "staff" => "complaints by your own staff",
        "vip" => "by people known to the public",
        "whistle_blower" => "by those who report wrongdoing",
        "bereaved" => "by those who have lost somebody",
        _ => "",
    }
}
