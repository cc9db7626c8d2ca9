//! Live updates: who listens to a tenant's change feed, how far each has got, and what is sent to whom.
//!
//! A [`Hub`] knows no feed. It says from which number on it wants it ([`Hub::wanted`]), whoever can reads that, and the hub takes it
//! page by page ([`Hub::take`]). A page goes to every seat that stands in it, from where it stands, so pages may come twice, from
//! several readers at once and in any order.
//!
//! Invariant: a seat is sent the changes it may see in the order of their numbers, none twice and, as pages have no gaps, none left
//! out. What is sent and not acknowledged has a bound.

pub mod query;
pub mod ticket;

use crate::{
    ids::{ComplaintId, KeyId},
    tenant::{CellName, Status, standing::Standing},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most sockets of a tenant. (A Durable Object may have 32,768: Cloudflare Durable Objects, limits.)
pub const MAX_SEATS: usize = 10_000;
/// The most changes that are sent to a socket and not acknowledged.
pub const MAX_UNACKNOWLEDGED: u64 = 1_000;
/// The most bytes of them; one more change may be on top.
pub const MAX_UNACKNOWLEDGED_BYTES: u64 = 8 << 20;
/// How long a socket may take to catch up, in milliseconds, after it was opened or has fallen behind because it had too much
/// unacknowledged: a burst is sent faster than anybody can answer.
pub const CATCH_UP_MILLIS: i64 = 30_000;
/// A socket that sees few changes is told a new place after so many that it does not see, so that it can go on from there.
pub const PLACE_EVERY: u64 = 1_000;
/// How far a socket that sees nothing may get before that is kept.
const KEPT_EVERY: u64 = 100;
/// The longest message that a client may send, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64;
/// How long a hub is young, in milliseconds: longer than anybody may believe that nobody is there.
pub const YOUNG_MILLIS: i64 = 3_000;
/// How long an isolate may believe that nobody is there, in milliseconds.
pub const NOBODY_MILLIS: i64 = 2_000;

/// Who opens a socket, as the gateway has let them in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// The key it was opened with.
    pub key: KeyId,
    /// When it is closed at the latest.
    pub ends_at: Timestamp,
    /// The number of the tenant's standing by which it was let in.
    pub standing: u32,
    /// The only complaint it sees; `None` for all.
    pub complaint: Option<ComplaintId>,
    /// Whether it sees what happened, or only that something did.
    pub events: bool,
    /// The number of the last change that it has.
    pub after: u64,
}

/// A change, as far as it matters whom it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number in the feed.
    pub number: u64,
    /// Of which complaint.
    pub complaint: ComplaintId,
    /// Bytes of its message.
    pub bytes: u64,
}

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Farewell {
    /// The client has closed it, or is gone.
    Left,
    /// The client has sent what it may not.
    Misused,
    /// The part is switched off.
    SwitchedOff,
    /// The key has ended, or the tenant is deleted.
    Ended,
    /// The tenant is suspended.
    Suspended,
    /// The client has not acknowledged what it was sent, or takes too long to catch up.
    Slow,
    /// The tenant is being moved to another cell, or was.
    Moved,
}

impl Farewell {
    /// The code and the reason of the close frame (RFC 6455 §7.4), and its name in metrics.
    #[must_use]
    pub const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Left => (1000, "", "left"),
            Self::Misused => (1008, "send nothing but ping and acknowledgements", "misused"),
            Self::SwitchedOff => (1013, "switched off for now", "switched_off"),
            Self::Ended => (4401, "the key is not valid any more", "ended"),
            Self::Suspended => (4403, "the tenant is suspended", "suspended"),
            Self::Slow => (4408, "catch up from the last `next` that you have", "slow"),
            Self::Moved => (4410, "connect again", "moved"),
        }
    }
}

/// Who may stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// The number of the standing that says so.
    pub standing: u32,
    /// Why it is shut for everybody, if it is.
    pub shut: Option<Farewell>,
    /// Keys that end, and when.
    pub ended: Vec<(KeyId, Timestamp)>,
}

impl Door {
    /// Who may stay in the hub of `here`, as a tenant stands.
    #[must_use]
    pub fn of(standing: &Standing, here: &CellName) -> Self {
        let tenant = &standing.tenant;
        let shut = match tenant.status {
            _ if standing.moving || tenant.home_cell != *here => Some(Farewell::Moved),
            Status::Active => None,
            Status::Suspended => Some(Farewell::Suspended),
            Status::Deleted => Some(Farewell::Ended),
        };
        let ended = standing.ended.iter().map(|ended| (ended.key, ended.at)).collect();
        Self { standing: standing.seq, shut, ended }
    }

    /// Why somebody with this key may not be in, if so.
    fn refuses(&self, key: KeyId, now: Timestamp) -> Option<Farewell> {
        let ended = self.ended.iter().any(|(ended, at)| *ended == key && *at <= now);
        self.shut.or_else(|| ended.then_some(Farewell::Ended))
    }
}

/// Why a socket is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// There are [`MAX_SEATS`].
    Full,
    /// Meanwhile the caller may not be in any more.
    Door(Farewell),
}

/// A socket: whose it is and how far it has got. It is kept with the socket itself while the hub sleeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    key: KeyId,
    ends_at: Timestamp,
    complaint: Option<ComplaintId>,
    events: bool,
    /// It has what it may see up to this number.
    at: u64,
    /// The last place it was told.
    told: u64,
    /// Until when it may take to catch up; `None` once it has.
    catching_up: Option<Timestamp>,
    /// How many changes it was sent.
    sent: u64,
    /// How many of them it has acknowledged.
    acknowledged: u64,
    /// Up to which count sent [`Seat::older`] has the bytes; [`Seat::newer`] has those after. So what is not acknowledged never has
    /// more than both.
    mark: u64,
    older: u64,
    newer: u64,
}

impl Seat {
    fn new(guest: &Guest, now: Timestamp) -> Self {
        let &Guest { key, ends_at, complaint, events, after, .. } = guest;
        Self {
            key,
            ends_at,
            complaint,
            events,
            at: after,
            told: after,
            catching_up: Some(now.plus_millis(CATCH_UP_MILLIS)),
            sent: 0,
            acknowledged: 0,
            mark: 0,
            older: 0,
            newer: 0,
        }
    }

    /// Whether it would do no harm to go on from what was kept instead: nothing was sent or acknowledged since, and little has to be read
    /// again that it does not see.
    #[must_use]
    pub fn is_like(&self, kept: &Self) -> bool {
        self.at.saturating_sub(kept.at) < KEPT_EVERY && *self == Self { at: self.at, ..kept.clone() }
    }

    fn sees(&self, change: &Change) -> bool {
        self.complaint.is_none_or(|only| only == change.complaint)
    }

    fn is_full(&self) -> bool {
        self.sent.saturating_sub(self.acknowledged) >= MAX_UNACKNOWLEDGED
            || self.older.saturating_add(self.newer) >= MAX_UNACKNOWLEDGED_BYTES
    }

    fn waits(&self) -> bool {
        self.catching_up.is_some() && self.is_full()
    }

    fn send(&mut self, change: &Change) {
        self.sent = self.sent.saturating_add(1);
        self.newer = self.newer.saturating_add(change.bytes);
        self.told = change.number;
    }

    /// It has taken in the first `count` changes that it was sent. False if it cannot have.
    fn acknowledge(&mut self, count: u64) -> bool {
        if count > self.sent || count < self.acknowledged {
            return false;
        }
        self.acknowledged = count;
        if count >= self.mark {
            self.older = self.newer;
            self.newer = 0;
            self.mark = self.sent;
        }
        if count == self.sent {
            self.older = 0;
        }
        true
    }

    /// When time closes it, and why.
    fn closes(&self) -> (Timestamp, Farewell) {
        match self.catching_up {
            Some(until) if until < self.ends_at => (until, Farewell::Slow),
            _ => (self.ends_at, Farewell::Ended),
        }
    }
}

/// The number of a seat, by which it is told from the others.
pub type SeatNumber = u32;

/// What is to be done to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send it the change of this place in the page: what happened, or only that something did.
    Send(SeatNumber, usize, bool),
    /// Tell it that it has all up to the last change of the page.
    Place(SeatNumber),
    /// Close it; it has no seat any more.
    Close(SeatNumber, Farewell),
}

/// Everybody who listens to a tenant.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    seats: BTreeMap<SeatNumber, Seat>,
    door: Door,
    /// When it had nobody last.
    opened_at: Option<Timestamp>,
}

impl Hub {
    /// Goes on with those who were there before it slept.
    #[must_use]
    pub fn with(seats: impl IntoIterator<Item = (SeatNumber, Seat)>) -> Self {
        Self { seats: seats.into_iter().collect(), ..Self::default() }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// A seat.
    #[must_use]
    pub fn seat(&self, number: SeatNumber) -> Option<&Seat> {
        self.seats.get(&number)
    }

    /// Every seat.
    pub fn seats(&self) -> impl Iterator<Item = (SeatNumber, &Seat)> {
        self.seats.iter().map(|(number, seat)| (*number, seat))
    }

    /// Whether somebody may believe still that nobody is there.
    #[must_use]
    pub fn is_young(&self, now: Timestamp) -> bool {
        self.opened_at.is_some_and(|at| at.plus_millis(YOUNG_MILLIS) > now)
    }

    /// Gives a guest a seat.
    ///
    /// # Errors
    /// Why it gets none.
    pub fn enter(&mut self, guest: &Guest, now: Timestamp) -> Result<SeatNumber, Refusal> {
        // A door that was told of an older standing than let the guest in knows nothing that the gateway did not.
        if guest.standing < self.door.standing
            && let Some(farewell) = self.door.refuses(guest.key, now)
        {
            return Err(Refusal::Door(farewell));
        }
        if self.seats.len() >= MAX_SEATS {
            return Err(Refusal::Full);
        }
        if self.seats.is_empty() {
            self.opened_at = Some(now);
        }
        let number = self.seats.last_key_value().map_or(0, |(last, _)| last.wrapping_add(1));
        let mut seat = Seat::new(guest, now);
        let ends = self.door.ended.iter().find(|(key, _)| *key == guest.key).map(|(_, at)| *at);
        seat.ends_at = ends.map_or(seat.ends_at, |at| at.min(seat.ends_at));
        self.seats.insert(number, seat);
        Ok(number)
    }

    /// Somebody is gone.
    pub fn leave(&mut self, number: SeatNumber) -> bool {
        self.seats.remove(&number).is_some()
    }

    /// After which number somebody wants to go on; `None` if nobody does.
    #[must_use]
    pub fn wanted(&self) -> Option<u64> {
        self.seats.values().filter(|seat| !seat.waits()).map(|seat| seat.at).min()
    }

    /// Whether somebody cannot go on before it has acknowledged more.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        self.seats.values().any(Seat::waits)
    }

    /// Whether somebody is behind who could go on.
    #[must_use]
    pub fn has_behind(&self) -> bool {
        self.seats.values().any(|seat| seat.catching_up.is_some() && !seat.is_full())
    }

    /// Takes in a page: all changes after number `from`, without a gap, of a feed whose last number was `last`.
    pub fn take(&mut self, from: u64, last: u64, page: &[Change], now: Timestamp) -> Vec<Act> {
        let through = page.last().map_or(from, |change| change.number);
        let mut acts = Vec::new();
        self.seats.retain(|number, seat| {
            if seat.at < from {
                return true;
            }
            let news = page.iter().enumerate().filter(|(_, change)| change.number > seat.at).collect::<Vec<_>>();
            for (nth, change) in news {
                if seat.sees(change) {
                    if seat.is_full() {
                        seat.catching_up.get_or_insert(now.plus_millis(CATCH_UP_MILLIS));
                        return true;
                    }
                    seat.send(change);
                    acts.push(Act::Send(*number, nth, seat.events));
                }
                seat.at = change.number;
            }
            if seat.at >= last {
                seat.catching_up = None;
            }
            if seat.at == through && seat.at.saturating_sub(seat.told) >= PLACE_EVERY {
                seat.told = seat.at;
                acts.push(Act::Place(*number));
            }
            true
        });
        acts
    }

    /// A client says that it has the first `count` changes that it was sent. False if that cannot be.
    pub fn acknowledge(&mut self, number: SeatNumber, count: u64) -> bool {
        self.seats.get_mut(&number).is_none_or(|seat| seat.acknowledge(count))
    }

    /// Is told who may stay. What is older than it knows changes nothing.
    pub fn stand(&mut self, door: Door, now: Timestamp) -> Vec<Act> {
        if door.standing < self.door.standing {
            return Vec::new();
        }
        for (key, at) in &door.ended {
            for seat in self.seats.values_mut().filter(|seat| seat.key == *key) {
                seat.ends_at = seat.ends_at.min(*at);
            }
        }
        self.door = door;
        let mut acts = Vec::new();
        let door = &self.door;
        self.seats.retain(|number, seat| match door.refuses(seat.key, now) {
            None => true,
            Some(farewell) => {
                acts.push(Act::Close(*number, farewell));
                false
            }
        });
        acts
    }

    /// Closes all.
    pub fn close(&mut self, farewell: Farewell) -> Vec<Act> {
        std::mem::take(&mut self.seats).into_keys().map(|number| Act::Close(number, farewell)).collect()
    }

    /// When time closes somebody next.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Timestamp> {
        self.seats.values().map(|seat| seat.closes().0).min()
    }

    /// Closes whoever's time has come.
    pub fn pass(&mut self, now: Timestamp) -> Vec<Act> {
        let mut acts = Vec::new();
        self.seats.retain(|number, seat| {
            let (at, farewell) = seat.closes();
            if at > now {
                return true;
            }
            acts.push(Act::Close(*number, farewell));
            false
        });
        acts
    }
}

/// What a client may send: the count of changes that it has taken in on this socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// How many, the first one counting as 1.
    pub ack: u64,
}

/// What a client sends to learn whether the other side is there, and what it gets: no hub wakes up for it.
pub const PING: (&str, &str) = ("ping", "pong");

#[cfg(test)]
mod tests;
