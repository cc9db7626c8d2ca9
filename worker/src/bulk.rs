//! Drives bulk jobs: a turn at a time, each announced by a message on the queue `jobs`, so that the jobs of several tenants
//! take turns.
//!
//! Whoever has a job's turn has a **lease**, which every write of the job extends and names by its fence. A driver that dies
//! leaves rows that are done and not written down: whoever comes next finds them done, by their idempotency keys. A turn
//! that is lost comes again by cron. A job waits while its tenant is on the move or suspended; see `docs/decisions/0015`.

use crate::{
    api::{
        commands::{Order, Performed, perform},
        complaints::searched,
    },
    call::{Call, Firm},
    failure::Failure,
    gateway::directory,
    log, mail, metrics,
    platform::{self, Freshness, Queue, Runtime},
    spool,
    store::{
        StoreError, TenantBatch, TenantDb,
        bulk::{Driven, RowsToPut},
        system::SystemDb,
        together,
    },
    waking,
};
use shared::{
    access::{Actor, ActorKind, Scope, staff::has_scope},
    bulk::{Outcome, Reason, State, Turn, is_done, key_of, read_filter},
    chain::Digest,
    http::{idempotency::IdempotencyKey, list_query::ListQuery, problem::Code},
    ids::{BulkId, ComplaintId, RequestId},
    limit::plan::Resource,
    metrics::families,
    tenant::{
        Status,
        placement::{ShardId, Slot},
        standing::Standing,
    },
    text::Line,
    time::Timestamp,
};
use std::cell::RefCell;
use worker::{MessageBatch, MessageExt};

/// How long a driver that does not say anything is taken to be at work, in milliseconds: longer than any few rows take.
const LEASE_MILLIS: i64 = 20_000;
/// How long the message of a turn may be on its way before it is taken for lost, in milliseconds.
const LOST_MILLIS: i64 = 60_000;
/// How long the first one may be, which is sent after the answer.
pub(crate) const FIRST_LOST_MILLIS: i64 = 15_000;
/// A turn ends after so many milliseconds, so that a suspended tenant's jobs soon stop, or so many rows: each takes two calls
/// to D1, of which an invocation has a thousand (Cloudflare D1, limits).
const TURN_MILLIS: i64 = 2_000;
const ROWS_A_TURN: usize = 100;
/// Rows that are worked on at the same time.
const ROWS_AT_ONCE: usize = 5;
/// Complaints that are selected in one step.
const SELECTED_AT_ONCE: usize = 1_000;
/// How often a row is tried that others change meanwhile.
const TRIES: u32 = 5;
/// Turns that end without a word before the job is given up.
const MAX_LOST_TURNS: u32 = 20;
/// Jobs of a shard that one tick finds.
const JOBS_A_TICK: u32 = 100;
/// How long a job is kept after it was asked for, in milliseconds: 90 days.
const KEPT_MILLIS: i64 = 90 * 86_400_000;
/// Old rows that are deleted when a job is over: as many as it may have, so that they do not grow.
const FORGOTTEN: usize = 100_000;

/// Takes turns: of jobs, of what time brings, of the spool, of mails. Each message is settled on its own: what is not a turn goes, after all retries, to the dead letters.
pub(crate) async fn consume(batch: &MessageBatch<String>, runtime: &Runtime) {
    let queue = batch.queue();
    for raw in batch.raw_iter() {
        let text = raw.body().as_string().unwrap_or_default();
        let taken = match (waking::asked(&text), spool::asked(&text), text.parse()) {
            _ if mail::is_asked(&text) => mail::take_turn(runtime, &text).await,
            (Some(shard), ..) => waking::take_turn(runtime, shard).await.map(|_| ()),
            (_, Some(waiting), _) => spool::take_turn(runtime, waiting).await.map(|_| ()),
            (None, None, Ok(turn)) => take_turn(runtime, &turn).await,
            (None, None, Err(error)) => Err(StoreError::unreadable(error)),
        };
        let outcome = if matches!(taken, Ok(()) | Err(StoreError::Held)) { "taken" } else { "again" };
        metrics::count(families::QUEUE_MESSAGES, &[&queue, outcome], 1);
        match taken {
            // A tenant that is held waits.
            Ok(()) | Err(StoreError::Held) => raw.ack(),
            Err(error) => {
                log::fault("turn_not_taken", &format!("{}: {error}", raw.id()));
                raw.retry();
            }
        }
    }
}

/// Has a turn announced after the answer. If that fails, cron does it.
pub(crate) fn announce(call: &Call, turn: String) {
    let runtime = call.runtime.clone();
    call.afterwards(async move {
        if let Err(fault) = runtime.send(Queue::Jobs, &[turn]).await {
            log::fault("turn_not_announced", &fault);
        }
    });
}

/// Finds jobs that nobody drives, and gives each a turn.
pub(crate) async fn sweep(runtime: &Runtime, shard: ShardId, now: Timestamp) -> Result<(), StoreError> {
    let db = SystemDb::new(runtime.clone(), shard);
    let turns = db.due_jobs(now, now.plus_millis(LOST_MILLIS), JOBS_A_TICK).await?;
    runtime.send(Queue::Jobs, &turns).await.map_err(StoreError::Busy)
}

async fn take_turn(runtime: &Runtime, turn: &Turn) -> Result<(), StoreError> {
    let begun = platform::now();
    let home = TenantDb::new(runtime.clone(), turn.shard, turn.tenant);
    let leased = home.lease_job(turn.bulk, turn.fence, begun, begun.plus_millis(LEASE_MILLIS));
    let leased = home.texts(leased).await?;
    let Some(leased) = leased.first().and_then(|rows| rows.first()) else { return Ok(()) };
    let driven = Driven::read(turn.bulk, leased).ok_or_else(|| StoreError::unreadable("a bulk job"))?;
    let Some(standing) = directory::truth(runtime, turn.tenant, begun).await? else { return Ok(()) };
    let key = key_of(turn.bulk).map_err(StoreError::unreadable)?;
    let id = Line::try_from(driven.asked_by.as_str()).map_err(StoreError::unreadable)?;
    let kind = if driven.person.is_some() { ActorKind::Staff } else { ActorKind::Key };
    let driver = Driver {
        firm: Firm { runtime, tenant: &standing.tenant, freshness: Freshness::Latest },
        standing: &standing,
        fingerprint: Digest::of(key.as_str().as_bytes()),
        key,
        actor: Actor { kind, id, job: Some(turn.bulk) },
        request_id: RequestId::new(begun, &platform::entropy()),
        home,
        driven,
        messages: RefCell::default(),
        ends_at: begun.plus_millis(TURN_MILLIS),
        rows_left: ROWS_A_TURN,
        read: Vec::new(),
        read_all: false,
    };
    let next = driver.drive().await?;
    if let Some(fence) = next {
        let turn = Turn { fence, ..turn.clone() };
        runtime.send(Queue::Jobs, &[turn.to_string()]).await.map_err(StoreError::Busy)?;
    }
    Ok(())
}

/// Whoever has a job's turn.
struct Driver<'t> {
    firm: Firm<'t>,
    standing: &'t Standing,
    /// The database that keeps the job.
    home: TenantDb,
    driven: Driven,
    key: IdempotencyKey,
    fingerprint: Digest,
    actor: Actor,
    /// What problems of rows name.
    request_id: RequestId,
    /// Messages of the outbox that are not sent yet.
    messages: RefCell<Vec<String>>,
    ends_at: Timestamp,
    rows_left: usize,
    /// Rows that are read and not done.
    read: Vec<ComplaintId>,
    /// Whether there are no others.
    read_all: bool,
}

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The next one is possible.
    Done,
    /// Nothing is possible now: cron looks again.
    Waits,
}

impl Driver<'_> {
    /// Works on the job until it or the turn is over. Gives the fence of the next turn, if there is to be one at once.
    async fn drive(mut self) -> Result<Option<u32>, StoreError> {
        loop {
            let mut rows = RowsToPut::default();
            let step = self.step(&mut rows).await?;
            self.tell().await;
            let now = platform::now();
            let is_open = self.driven.state.is_open();
            let goes_on = is_open && step == Step::Done;
            let stays = goes_on && self.rows_left > 0 && now < self.ends_at;
            let lease_until = if stays { now.plus_millis(LEASE_MILLIS) } else { Timestamp::MIN };
            let due_at = if goes_on { now.plus_millis(LOST_MILLIS) } else { now };
            let saved = self.texts(self.home.save_job(&self.driven, &rows, [now, lease_until, due_at])).await?;
            let Some(cancelling) = saved.first() else { return Ok(None) };
            self.driven.cancelling = cancelling == "1";
            self.driven.lost_turns = 0;
            self.driven.counted = [0; 3];
            if !is_open {
                self.texts(self.home.forget_jobs(BulkId::floor(now.plus_millis(-KEPT_MILLIS)), FORGOTTEN)).await?;
            }
            if !stays {
                return Ok(goes_on.then_some(self.driven.fence));
            }
        }
    }

    /// The rows of the last statement.
    async fn texts(&self, batch: TenantBatch) -> Result<Vec<String>, StoreError> {
        Ok(self.home.texts(batch).await?.pop().unwrap_or_default())
    }

    /// Does some of what is to be done.
    async fn step(&mut self, rows: &mut RowsToPut) -> Result<Step, StoreError> {
        let now = platform::now();
        let Standing { tenant, ended, moving, .. } = self.standing;
        let asked_by = self.driven.asked_by.as_str();
        let by_ended_key = ended.iter().any(|ended| ended.at <= now && ended.key.to_string() == asked_by);
        let by_person = self.driven.person.as_ref();
        if self.driven.cancelling || tenant.status == Status::Deleted {
            self.driven.state = State::Cancelled;
        } else if by_ended_key {
            self.fail(Reason::KeyEnded, "The key that asked for the job was revoked or replaced");
        } else if by_person.is_some_and(|(roles, _)| !has_scope(roles, Scope::ComplaintsWrite)) {
            self.fail(Reason::NotAllowed, "Whoever asked for the job may not write complaints any more");
        } else if self.driven.lost_turns > MAX_LOST_TURNS {
            log::fault("bulk_job_given_up", &self.driven.id);
            self.fail(Reason::Internal, "Something is wrong on this side");
        }
        if !self.driven.state.is_open() {
            self.settle(rows).await?;
            Ok(Step::Done)
        } else if tenant.status != Status::Active || *moving {
            Ok(Step::Waits)
        } else if self.driven.state == State::Selecting {
            self.select(rows).await
        } else {
            self.work(rows).await
        }
    }

    fn fail(&mut self, code: Reason, detail: &str) {
        self.driven.state = State::Failed;
        let code = code.as_str();
        self.driven.failure =
            serde_json::to_string(detail).ok().map(|detail| format!("{{\"code\":\"{code}\",\"detail\":{detail}}}"));
    }

    /// Of a job that is over: what a turn that was lost has done and not written down.
    async fn settle(&mut self, rows: &mut RowsToPut) -> Result<(), StoreError> {
        if self.driven.lost_turns < 2 {
            return Ok(());
        }
        for id in self.texts(self.home.rows_to_do(&self.driven, ROWS_AT_ONCE)).await? {
            let slot = id.parse::<ComplaintId>().map_err(StoreError::unreadable)?.slot();
            let Some(db) = self.firm.db_of_slot(Slot(slot)) else { continue };
            if let Some(done) = db.done_by(&id, self.key.as_str()).await? {
                self.note(rows, &id, Outcome::Done, &Outcome::Done.row(Some(done.version), None));
            }
        }
        Ok(())
    }

    fn note(&mut self, rows: &mut RowsToPut, id: &str, outcome: Outcome, row: &str) {
        let [succeeded, skipped, failed] = &mut self.driven.counted;
        *match outcome {
            Outcome::Done | Outcome::WouldBeDone => succeeded,
            Outcome::Unchanged => skipped,
            _ => failed,
        } += 1;
        rows.push(id, Some(row));
    }

    /// Looks up some of the filter's complaints, one database after the other.
    async fn select(&mut self, rows: &mut RowsToPut) -> Result<Step, StoreError> {
        let Ok(filter) = read_filter(&self.driven.filter) else {
            self.fail(Reason::InvalidFilter, "The filter is not one of GET /v1/complaints any more");
            return Ok(Step::Done);
        };
        let clearances = self.driven.person.as_ref().map(|(_, clearances)| clearances.clone());
        let query = ListQuery { clearances, ..filter };
        let searched = match searched(&query, &self.firm.dbs()).await {
            Ok(searched) => searched,
            Err(failure) if failure.code == Code::InvalidParameter => {
                self.fail(Reason::InvalidFilter, "q: a beginning stands for too many words");
                return Ok(Step::Done);
            }
            Err(_) => return Ok(Step::Waits),
        };
        let from = self.driven.selecting.0;
        let mut shards = self.firm.tenant.shards.shards().into_iter().filter(|other| *other >= from);
        let Some(here) = shards.next() else {
            self.driven.state = State::Running;
            return Ok(Step::Done);
        };
        if here != from {
            self.driven.selecting = (here, String::new());
        }
        let db = self.firm.db(here);
        let found = db.texts(db.select(&query, searched.as_deref(), &self.driven, SELECTED_AT_ONCE)).await?;
        let found = found.into_iter().flatten().collect::<Vec<_>>();
        let (shard, below) = &mut self.driven.selecting;
        for row in &found {
            let (place, id) = row.split_once(' ').unwrap_or_default();
            place.clone_into(below);
            rows.push(id, None);
        }
        if found.len() < SELECTED_AT_ONCE {
            below.clear();
            match shards.next() {
                Some(next) => *shard = next,
                None => self.driven.state = State::Running,
            }
        }
        self.driven.selected += found.len();
        let most = self.standing.quota(Resource::RowsABulkJob).unwrap_or_default();
        if self.driven.selected as u64 > most {
            let detail = format!("The plan allows {most} complaints a job; narrow the filter");
            self.fail(Reason::TooManyRows, &detail);
        }
        Ok(Step::Done)
    }

    /// Works on some complaints at the same time.
    async fn work(&mut self, rows: &mut RowsToPut) -> Result<Step, StoreError> {
        if self.read.is_empty() && !self.read_all {
            let read = self.texts(self.home.rows_to_do(&self.driven, self.rows_left)).await?;
            self.read_all = read.len() < self.rows_left;
            self.read = read.iter().filter_map(|id| id.parse().ok()).collect();
        }
        let group: Vec<_> = self.read.drain(..self.read.len().min(ROWS_AT_ONCE)).collect();
        self.rows_left = self.rows_left.saturating_sub(group.len());
        let worked = together(group.iter().map(|id| self.work_on(*id))).await;
        let mut step = Step::Done;
        for (id, row) in group.into_iter().zip(worked) {
            let Some((outcome, row)) = row else {
                step = Step::Waits;
                continue;
            };
            let id = id.to_string();
            self.note(rows, &id, outcome, &row);
            if step == Step::Done {
                self.driven.through = id;
            }
        }
        if step == Step::Done && self.read.is_empty() && self.read_all {
            self.driven.state = State::Done;
        }
        Ok(step)
    }

    /// Gives the command to one complaint. What became of that, and the row that says so; `None`: not now.
    async fn work_on(&self, id: ComplaintId) -> Option<(Outcome, String)> {
        let Driven { action, dry_run, person, .. } = &self.driven;
        let mut tries = TRIES;
        loop {
            let order = Order {
                complaint: id,
                // What was accepted is a command.
                command: action.command().ok()?,
                key: &self.key,
                fingerprint: self.fingerprint,
                actor: &self.actor,
                now: platform::now(),
                if_match: None,
                lock: None,
                clearances: person.as_ref().map(|(_, clearances)| clearances),
                unless: Some(is_done),
                rehearsed: *dry_run,
            };
            let (outcome, version) = match perform(self.firm, order).await {
                Ok(Performed::Now { committed, version, .. }) => {
                    self.messages.borrow_mut().push(committed.message);
                    (Outcome::Done, version)
                }
                Ok(Performed::Before { done, .. }) => (Outcome::Done, done.version),
                Ok(Performed::Needless { version }) => (Outcome::Unchanged, version),
                Ok(Performed::Rehearsed { version }) => (Outcome::WouldBeDone, version),
                Err(failure) => {
                    tries -= 1;
                    if tries > 0 && matches!(failure.code, Code::PreconditionFailed | Code::LockLost) {
                        continue;
                    }
                    return self.refused(failure);
                }
            };
            return Some((outcome, outcome.row(Some(version), None)));
        }
    }

    /// What a row says of a command that was not carried out. `None`: not now.
    fn refused(&self, failure: Failure) -> Option<(Outcome, String)> {
        let outcome = match failure.code {
            Code::Unavailable => return None,
            Code::NotFound => Outcome::NotFound,
            Code::Locked => Outcome::Locked,
            Code::Internal => {
                let reason = failure.reason().unwrap_or_default();
                log::fault("bulk_row_failed", &format!("{}: {reason}", self.request_id));
                Outcome::Failed
            }
            _ => Outcome::Refused,
        };
        Some((outcome, outcome.row(None, Some(&failure.into_problem(self.request_id)))))
    }

    /// Has sent what the last rows have left in the outbox. Cron sends what is not.
    async fn tell(&self) {
        let messages = self.messages.take();
        if let Err(fault) = self.firm.runtime.send(Queue::Notify, &messages).await {
            log::fault("outbox_not_sent", &fault);
        }
    }
}
