//! Moving a tenant to another cell: what the cell that it leaves does next ([`Job`]), and what the cell that it goes to
//! promises ([`Arrival`]).
//!
//! Invariant: at most one cell accepts the tenant's writes. The source accepts them while none of its databases holds
//! the tenant and its own record says that the tenant is at home there. The target accepts them once it is
//! [`ArrivalState::Active`]. The source asks for that only while it holds the tenant, and lets go only after the target
//! has promised never to become active by that **attempt**. Attempts are numbered, and the numbers only grow: whatever
//! was sent for an earlier one and comes late changes nothing.

use super::{
    CellName, Status, Tenant,
    placement::{Placement, ShardId, hash_of},
};
use crate::{
    ids::{RelocationId, TenantId},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long writes may pause before they go on and the switch is tried again later, in milliseconds.
pub const PAUSE_MILLIS: i64 = 30_000;
/// How long writes go on before they are paused again, in milliseconds.
pub const RESPITE_MILLIS: i64 = 5_000;
/// How long the source waits between saying that it answers nobody any more and the switch, in milliseconds: longer than
/// any isolate trusts what it was told before.
pub const CLOSING_MILLIS: i64 = 1_500;
/// How long the source keeps its copy after the switch, in milliseconds: the directory may be a minute late.
pub const KEPT_MILLIS: i64 = 120_000;

/// The body of `POST /v1/tenants/{id}/relocation`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelocation {
    /// The cell that is to hold the tenant's data.
    pub to: CellName,
}

/// How far a move is, as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Complaints are copied; the tenant is served as ever.
    Copying,
    /// Writes pause while the rest is copied and compared.
    Paused,
    /// The target was asked to take over; writes pause until it has answered.
    Switching,
    /// The tenant is at home in the target. The source waits, then deletes its copy.
    Purging,
    /// Nothing is left to do.
    Done,
    /// Given up; the target deletes its copy.
    Cancelling,
    /// Given up. The tenant is where it was.
    Cancelled,
}

/// Where a [`Job`] stands: finer than [`Phase`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Copy.
    Copying,
    /// Hold the tenant in every database.
    Holding,
    /// Copy what is left.
    Draining,
    /// Compare both sides.
    Comparing,
    /// Stop answering in the source.
    Closing,
    /// Wait until everybody has heard of it.
    Closed,
    /// Ask the target to take over.
    Switching,
    /// It will not: let go.
    Releasing,
    /// It has: say so in the source's own record.
    Departing,
    /// Hand over what was not sent yet.
    HandingOver,
    /// Wait, then delete.
    Purging,
    /// All is done.
    Done,
    /// Let go, and have the target delete its copy.
    Cancelling,
    /// All is as it was.
    Cancelled,
}

impl Stage {
    /// Whether requests have to wait in the source: the target may be about to answer them.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Closing | Self::Closed | Self::Switching | Self::Departing)
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Copy some more.
    Copy,
    /// Hold the tenant in every database of the source, under this attempt's number.
    Hold,
    /// Compare both sides.
    Compare,
    /// Say everywhere in the source that requests have to wait.
    Close,
    /// Nothing but to write down where the job stands next: what comes then must not be done by a driver that was overtaken.
    Decide,
    /// Ask the target to take over.
    Activate,
    /// Ask the target never to take over by this attempt.
    Withdraw,
    /// Take this attempt's holds away, and those of earlier ones, and say that requests are answered.
    Release,
    /// Write down that the tenant is at home in the target.
    Depart,
    /// Hand over what was not sent yet.
    HandOver,
    /// Delete some of the source's copy.
    Purge,
    /// Have the target delete some of its copy.
    Clear,
    /// Nothing before [`Job::wait_until`].
    Wait,
    /// Nothing ever.
    Nothing,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Copied, up to here.
    Copied(Copied),
    /// Every database holds the tenant.
    Held,
    /// Whether both sides are equal.
    Compared(bool),
    /// Whoever asks the source has to wait, soon everywhere.
    Closed,
    /// To go on to the switch.
    Decided,
    /// To let go, for writes have paused for too long.
    Overdue,
    /// The target is active.
    Active,
    /// The target will never become active by this attempt.
    Refused,
    /// No database holds the tenant.
    Released,
    /// The source's record says that the tenant is elsewhere.
    Departed,
    /// Whether all is handed over.
    HandedOver(bool),
    /// Whether all of the source's copy is deleted.
    Purged(bool),
    /// Whether all of the target's copy is deleted.
    Cleared(bool),
    /// It was not done, or it is not known whether it was.
    Failed(&'static str),
}

/// What one round of copying did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where the tenant's slots lie in the target.
    pub placement: Placement,
    /// How far each database is.
    pub progress: Vec<Progress>,
    /// Complaints that the target did not have before.
    pub new: u64,
    /// Complaints that were sent and that the target has verified.
    pub verified: u64,
    /// Complaints that the tenant has.
    pub total: u64,
    /// Whether the end was reached in every database.
    pub complete: bool,
}

/// How far the copying of one of the source's databases is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The database.
    pub shard: ShardId,
    /// For each slot in it, the position of the last event whose complaint was sent.
    #[serde(default)]
    pub positions: BTreeMap<u8, u64>,
    /// The last number of the change feed that was sent.
    #[serde(default)]
    pub number: u64,
    /// The last note of a delivery that was recorded since.
    pub deliveries: i64,
    /// Of what is copied in its own order, by the step that copies it: the place of the last that was sent.
    #[serde(default)]
    pub in_order: BTreeMap<String, String>,
}

/// A move, as the cell that the tenant leaves keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The move.
    pub id: RelocationId,
    /// Who moves.
    pub tenant: TenantId,
    /// Whence.
    pub from: CellName,
    /// Whither.
    pub to: CellName,
    /// Where it stands.
    pub stage: Stage,
    /// The number of the newest attempt to switch; larger than every earlier one's, those of earlier moves included.
    pub attempt: u64,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// Since when writes pause, if they do.
    pub paused_at: Option<Timestamp>,
    /// For how long writes have paused at most, in milliseconds.
    pub longest_pause_millis: i64,
    /// Before this there is nothing to do.
    pub wait_until: Option<Timestamp>,
    /// Where the tenant's slots lie in the target, once it has said so.
    pub placement: Option<Placement>,
    /// How long the source keeps its copy after the switch, in milliseconds: usually [`KEPT_MILLIS`].
    pub kept_millis: i64,
    /// How far each database is.
    pub progress: Vec<Progress>,
    /// Complaints that the target has.
    pub copied: u64,
    /// How often the target has verified a complaint's whole chain.
    pub verified: u64,
    /// Complaints that the tenant has.
    pub total: u64,
    /// When the target took over.
    pub switched_at: Option<Timestamp>,
    /// When all was done, or given up.
    pub finished_at: Option<Timestamp>,
    /// Why the last step that failed did.
    pub last_error: Option<String>,
}

/// A move, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Relocation {
    /// The move.
    pub id: RelocationId,
    /// Who moves.
    pub tenant: TenantId,
    /// Whence.
    pub from: CellName,
    /// Whither.
    pub to: CellName,
    /// How far it is.
    pub phase: Phase,
    /// What is copied.
    pub complaints: Complaints,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// Since when writes pause, if they do.
    pub paused_at: Option<Timestamp>,
    /// For how long writes have paused at most, in milliseconds.
    pub longest_pause_millis: i64,
    /// When the target took over.
    pub switched_at: Option<Timestamp>,
    /// Before this there is nothing to do.
    pub wait_until: Option<Timestamp>,
    /// When all was done, or given up.
    pub finished_at: Option<Timestamp>,
    /// Why the last step that failed did; it is tried again.
    pub last_error: Option<String>,
}

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Complaints {
    /// Complaints that the target has.
    pub copied: u64,
    /// Complaints that the tenant has.
    pub total: u64,
    /// How often the target has verified a complaint's whole chain: again whenever it has changed.
    pub verified: u64,
}

/// The switch is under way or over: the move cannot be given up any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the target was asked to take over already")]
pub struct TooLate;

impl Job {
    /// A move as it begins. `attempt` is the largest number that an earlier move of this tenant has used here.
    #[must_use]
    pub const fn new(
        id: RelocationId,
        tenant: TenantId,
        from: CellName,
        to: CellName,
        attempt: u64,
        kept_millis: i64,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            tenant,
            from,
            to,
            stage: Stage::Copying,
            attempt,
            started_at: now,
            paused_at: None,
            longest_pause_millis: 0,
            wait_until: None,
            placement: None,
            kept_millis,
            progress: Vec::new(),
            copied: 0,
            verified: 0,
            total: 0,
            switched_at: None,
            finished_at: None,
            last_error: None,
        }
    }

    /// Whether there is anything left to do.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Done | Stage::Cancelled)
    }

    /// Whether requests have to wait in the source: the target may be about to answer them.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.stage.is_closed()
    }

    /// How far it is.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match self.stage {
            Stage::Copying => Phase::Copying,
            Stage::Holding | Stage::Draining | Stage::Comparing | Stage::Closing | Stage::Closed | Stage::Releasing => {
                Phase::Paused
            }
            Stage::Switching | Stage::Departing => Phase::Switching,
            Stage::HandingOver | Stage::Purging => Phase::Purging,
            Stage::Done => Phase::Done,
            Stage::Cancelling => Phase::Cancelling,
            Stage::Cancelled => Phase::Cancelled,
        }
    }

    /// As operators see it.
    #[must_use]
    pub fn shown(&self) -> Relocation {
        let Self { id, tenant, from, to, started_at, paused_at, longest_pause_millis, switched_at, .. } = self.clone();
        let Self { wait_until, finished_at, last_error, .. } = self.clone();
        let complaints = Complaints { copied: self.copied, total: self.total, verified: self.verified };
        Relocation {
            id,
            tenant,
            from,
            to,
            phase: self.phase(),
            complaints,
            started_at,
            paused_at,
            longest_pause_millis,
            switched_at,
            wait_until,
            finished_at,
            last_error,
        }
    }

    /// How far the copying of a database is.
    #[must_use]
    pub fn progress_of(&self, shard: ShardId) -> Progress {
        let known = self.progress.iter().find(|progress| progress.shard == shard);
        known.cloned().unwrap_or(Progress {
            shard,
            positions: BTreeMap::new(),
            number: 0,
            deliveries: 0,
            in_order: BTreeMap::new(),
        })
    }

    /// What to do next.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Step {
        if self.wait_until.is_some_and(|until| until > now) {
            return Step::Wait;
        }
        let overdue = self.is_overdue(now);
        match self.stage {
            Stage::Holding | Stage::Draining | Stage::Comparing | Stage::Closing | Stage::Closed if overdue => {
                Step::Decide
            }
            Stage::Copying | Stage::Draining => Step::Copy,
            Stage::Holding => Step::Hold,
            Stage::Comparing => Step::Compare,
            Stage::Closing => Step::Close,
            Stage::Closed => Step::Decide,
            Stage::Switching if overdue => Step::Withdraw,
            Stage::Switching => Step::Activate,
            Stage::Releasing => Step::Release,
            Stage::Departing => Step::Depart,
            Stage::HandingOver => Step::HandOver,
            Stage::Purging => Step::Purge,
            Stage::Cancelling if self.paused_at.is_some() => Step::Release,
            Stage::Cancelling => Step::Clear,
            Stage::Done | Stage::Cancelled => Step::Nothing,
        }
    }

    /// Whether writes have paused for too long.
    fn is_overdue(&self, now: Timestamp) -> bool {
        self.paused_at.is_some_and(|since| since.plus_millis(PAUSE_MILLIS) <= now)
    }

    /// What a [`Step::Decide`] comes to.
    #[must_use]
    pub fn decision(&self, now: Timestamp) -> Outcome {
        if self.is_overdue(now) { Outcome::Overdue } else { Outcome::Decided }
    }

    /// The job after a step. What does not belong to where it stands changes nothing.
    #[must_use]
    pub fn heard(mut self, outcome: Outcome, now: Timestamp) -> Self {
        if let Outcome::Failed(reason) = outcome {
            self.last_error = Some(reason.to_owned());
            return self;
        }
        self.last_error = None;
        match (self.stage, outcome) {
            (Stage::Copying, Outcome::Copied(copied)) => {
                let complete = self.take(copied);
                if complete {
                    self.attempt = self.attempt.saturating_add(1).max(now.unix_millis().unsigned_abs());
                    self.paused_at = Some(now);
                    self.stage = Stage::Holding;
                }
            }
            (Stage::Holding, Outcome::Held) => self.stage = Stage::Draining,
            (Stage::Draining, Outcome::Copied(copied)) => {
                let complete = self.take(copied);
                if complete {
                    self.stage = Stage::Comparing;
                }
            }
            (Stage::Comparing, Outcome::Compared(true)) => self.stage = Stage::Closing,
            (Stage::Closing, Outcome::Closed) => {
                self.wait_until = Some(now.plus_millis(CLOSING_MILLIS));
                self.stage = Stage::Closed;
            }
            (Stage::Closed, Outcome::Decided) => self.stage = Stage::Switching,
            (
                Stage::Holding | Stage::Draining | Stage::Comparing | Stage::Closing | Stage::Closed,
                Outcome::Overdue,
            ) => self.stage = Stage::Releasing,
            (Stage::Comparing, Outcome::Compared(false)) => {
                // Whatever is missing is sent once more.
                self.progress.clear();
                self.last_error = Some("the two sides are not equal: all is sent again".to_owned());
                self.stage = Stage::Releasing;
            }
            (Stage::Switching, Outcome::Refused) => {
                self.last_error = Some("the target has refused to take over".to_owned());
                self.stage = Stage::Releasing;
            }
            (Stage::Switching, Outcome::Active) => {
                self.switched_at = Some(now);
                self.stage = Stage::Departing;
            }
            (Stage::Releasing, Outcome::Released) => {
                self.unpaused(now);
                self.wait_until = Some(now.plus_millis(RESPITE_MILLIS));
                self.stage = Stage::Copying;
            }
            (Stage::Departing, Outcome::Departed) => {
                self.unpaused(now);
                self.stage = Stage::HandingOver;
            }
            (Stage::HandingOver, Outcome::HandedOver(true)) => {
                self.wait_until = Some(now.plus_millis(self.kept_millis));
                self.stage = Stage::Purging;
            }
            (Stage::Purging, Outcome::Purged(true)) => self.finish(Stage::Done, now),
            (Stage::Cancelling, Outcome::Released) => self.unpaused(now),
            (Stage::Cancelling, Outcome::Cleared(true)) => self.finish(Stage::Cancelled, now),
            _ => {}
        }
        self
    }

    /// The job, given up.
    ///
    /// # Errors
    /// [`TooLate`] once the target may have taken over.
    pub fn cancelled(mut self) -> Result<Self, TooLate> {
        match self.stage {
            Stage::Copying
            | Stage::Holding
            | Stage::Draining
            | Stage::Comparing
            | Stage::Closing
            | Stage::Closed
            | Stage::Releasing => {
                self.wait_until = None;
                self.stage = Stage::Cancelling;
                Ok(self)
            }
            Stage::Cancelling | Stage::Cancelled => Ok(self),
            Stage::Switching | Stage::Departing | Stage::HandingOver | Stage::Purging | Stage::Done => Err(TooLate),
        }
    }

    /// Notes what a round of copying did. True if nothing was left to copy.
    fn take(&mut self, copied: Copied) -> bool {
        let Copied { placement, progress, new, verified, total, complete } = copied;
        self.placement = Some(placement);
        self.progress = progress;
        self.copied += new;
        self.verified += verified;
        self.total = total;
        complete
    }

    fn unpaused(&mut self, now: Timestamp) {
        if let Some(since) = self.paused_at.take() {
            let pause = now.unix_millis() - since.unix_millis();
            self.longest_pause_millis = self.longest_pause_millis.max(pause);
        }
    }

    fn finish(&mut self, stage: Stage, now: Timestamp) {
        self.wait_until = None;
        self.finished_at = Some(now);
        self.stage = stage;
    }
}

/// A move, as the cell that the tenant goes to keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The move.
    pub job: RelocationId,
    /// Who moves.
    pub tenant: TenantId,
    /// Whence.
    pub from: CellName,
    /// Where the tenant's slots lie here.
    pub placement: Placement,
    /// What was promised.
    pub state: ArrivalState,
    /// By this attempt and all before it the tenant will never be served here.
    pub denied: u64,
}

/// What the target has promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalState {
    /// It takes what it is sent, and serves nobody.
    Receiving,
    /// It serves the tenant.
    Active,
    /// It serves the tenant, and the source knows.
    Settled,
    /// The move was given up: it takes nothing more.
    Closed,
}

/// What the target answers to a request to take over, or never to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It serves the tenant.
    Active,
    /// It never will by this attempt.
    Never,
}

impl Arrival {
    /// A tenant that is about to come, with as many slots as it has where it is.
    #[must_use]
    pub const fn new(job: RelocationId, tenant: TenantId, from: CellName, placement: Placement) -> Self {
        Self { job, tenant, from, placement, state: ArrivalState::Receiving, denied: 0 }
    }

    /// Whether the tenant is served here, by this move.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.state, ArrivalState::Active | ArrivalState::Settled)
    }

    /// Whether another move may take this one's place.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state, ArrivalState::Settled | ArrivalState::Closed)
    }

    /// The arrival once it has taken over by `attempt`; `None` if it never will.
    #[must_use]
    pub fn activated(mut self, attempt: u64) -> Option<Self> {
        match self.state {
            ArrivalState::Receiving if attempt > self.denied => {
                self.state = ArrivalState::Active;
                Some(self)
            }
            ArrivalState::Active | ArrivalState::Settled => Some(self),
            ArrivalState::Receiving | ArrivalState::Closed => None,
        }
    }

    /// The arrival once it has promised never to take over by `attempt`; `None` if it has taken over.
    #[must_use]
    pub fn withdrawn(mut self, attempt: u64) -> Option<Self> {
        self.denied = self.denied.max(attempt);
        (!self.is_active()).then_some(self)
    }

    /// The arrival once the move was given up; `None` if it has taken over.
    #[must_use]
    pub fn closed(mut self) -> Option<Self> {
        let active = self.is_active();
        self.state = ArrivalState::Closed;
        (!active).then_some(self)
    }

    /// The arrival once the source knows that it has taken over; `None` if it has not.
    #[must_use]
    pub fn settled(mut self) -> Option<Self> {
        let active = self.is_active();
        self.state = ArrivalState::Settled;
        active.then_some(self)
    }
}

/// What a cell keeps of the newest move that a tenant made from it or to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The tenant leaves, or has left.
    Leaving(Box<Job>),
    /// The tenant comes, or has come.
    Arriving(Arrival),
}

impl Record {
    /// The move.
    #[must_use]
    pub const fn id(&self) -> RelocationId {
        match self {
            Self::Leaving(job) => job.id,
            Self::Arriving(arrival) => arrival.job,
        }
    }

    /// Whether this cell drives it and is not done.
    #[must_use]
    pub const fn is_driven(&self) -> bool {
        matches!(self, Self::Leaving(job) if job.is_open())
    }

    /// Whether another move may take this one's place.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        match self {
            Self::Leaving(job) => !job.is_open(),
            Self::Arriving(arrival) => arrival.is_over(),
        }
    }
}

impl Placement {
    /// `slots` slots on `shards` in turn, from one that the tenant's id chooses. More slots change none of the others.
    /// `None` if there are no slots or no shards.
    #[must_use]
    pub fn resettled(tenant: TenantId, slots: u8, shards: &[ShardId]) -> Option<Self> {
        let first = usize::try_from(hash_of(&tenant.to_string()) % (shards.len().max(1) as u64)).ok()?;
        let turn = shards.iter().cycle().skip(first).take(usize::from(slots));
        Self::try_from(turn.copied().collect::<Vec<_>>()).ok()
    }

    /// This placement, and for the slots that it lacks those of `longer`.
    #[must_use]
    pub fn extended(&self, longer: &Self) -> Self {
        let known = Vec::from(self.clone());
        let all = known.iter().copied().chain(Vec::from(longer.clone()).into_iter().skip(known.len()));
        Self::try_from(all.collect::<Vec<_>>()).unwrap_or_else(|_| self.clone())
    }
}

impl Tenant {
    /// The tenant at home in the cell `to`. Keys that were issued where it was keep working.
    #[must_use]
    pub fn relocated(mut self, to: CellName, shards: Placement, now: Timestamp) -> Self {
        self.former_cells.retain(|cell| *cell != to && *cell != self.home_cell);
        self.former_cells.push(std::mem::replace(&mut self.home_cell, to));
        self.shards = shards;
        self.version += 1;
        self.updated_at = now.max(self.updated_at);
        self
    }

    /// Whether it can be moved at all.
    #[must_use]
    pub fn can_move(&self) -> bool {
        self.status != Status::Deleted
    }
}
