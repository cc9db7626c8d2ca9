//! `LiveHub`, one per tenant: who listens to its changes. What it decides: [`crate::live`].
//!
//! A socket is opened by a request with the header [`GUEST`]; everything else is a [`Question`].

use crate::{
    ids::{ComplaintId, TenantId},
    live::{Door, Farewell, Guest},
};
use serde::{Deserialize, Serialize};

/// The header that says who opens a socket: an [`Entry`] as JSON.
pub const GUEST: &str = "redress-guest";

/// The name of a tenant's object.
#[must_use]
pub fn name_of(tenant: TenantId) -> String {
    format!("tenant:{tenant}")
}

/// Who opens a socket. Answered 101; or 409 with a [`crate::live::Refusal`] as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Who.
    pub guest: Guest,
    /// The place after which it begins, which is the first thing it is told.
    pub next: String,
}

/// What is asked of it; always answered with [`Wanted`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Question {
    /// What it wants of the feed.
    Wanted,
    /// To give out a page.
    Take(Page),
    /// To let nobody stay who may not.
    Stand {
        /// Who may.
        door: Door,
    },
    /// To close all.
    Close {
        /// Why.
        farewell: Farewell,
    },
}

/// All changes after number `from`, without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// After which number.
    pub from: u64,
    /// The last number of the feed.
    pub last: u64,
    /// The changes.
    pub changes: Vec<Change>,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Its number in the feed.
    pub number: u64,
    /// Of which complaint.
    pub complaint: ComplaintId,
    /// What happened, as JSON.
    pub event: String,
    /// The place behind it.
    pub next: String,
}

impl Change {
    /// What a socket is sent; as `GET /v1/changes` shows it, with the place behind it.
    #[must_use]
    pub fn message(&self, with_event: bool) -> String {
        let Self { number, complaint, event, next } = self;
        let event = if with_event { format!("\"event\":{event},") } else { String::new() };
        // An id and a cursor have nothing that needs escaping.
        format!("{{\"number\":{number},\"complaint\":\"{complaint}\",{event}\"next\":\"{next}\"}}")
    }
}

/// What a socket is sent that says only how far it has got.
#[must_use]
pub fn place_message(next: &str) -> String {
    format!("{{\"next\":\"{next}\"}}")
}

/// What it wants of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// How many sockets there are.
    pub sockets: u32,
    /// After which number it wants to go on; `None` if nobody can.
    pub after: Option<u64>,
    /// Whether somebody who is behind has to acknowledge first.
    #[serde(default)]
    pub waiting: bool,
    /// Whether somebody is behind who could go on.
    #[serde(default)]
    pub behind: bool,
    /// Whether somebody may believe still that nobody is there.
    #[serde(default)]
    pub young: bool,
    /// How many messages were sent since it was last asked.
    #[serde(default)]
    pub sent: u32,
    /// How many sockets were closed since then, and why.
    #[serde(default)]
    pub closed: Vec<(Farewell, u32)>,
}
