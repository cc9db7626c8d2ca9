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
    call::Firm,
    failure::Failure,
    gateway::directory,
    log,
    platform::{self, Freshness, Queue, Runtime},
    store::{
        StoreError, TenantDb,
        bulk::{Driven, Next, RowToPut, Selection},
        system::SystemDb,
        to_json, together,
    },
};
use shared::{
    access::Actor,
    bulk::{Job, Outcome, Reason, Row, Source, State, TURN_VERSION, Turn, key_of, read_filter},
    chain::Digest,
    complaint::Complaint,
    http::{idempotency::IdempotencyKey, problem::Code},
    ids::{BulkId, ComplaintId},
    json,
    limit::plan,
    tenant::{
        Status, Tenant,
        placement::{ShardId, Slot},
        standing::Standing,
    },
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
const ROWS_A_TURN: u32 = 100;
/// Rows that are worked on at the same time.
const ROWS_AT_ONCE: u32 = 5;
/// Complaints that are selected in one step.
const SELECTED_AT_ONCE: u32 = 1_000;
/// How often a row is tried again that others have changed meanwhile.
const CONFLICTS: usize = 5;
/// Turns that end without a word before the job is given up.
const MAX_LOST_TURNS: u32 = 20;
/// Jobs of a shard that one tick finds.
const JOBS_A_TICK: u32 = 100;
/// How long a job is kept after it was asked for, in milliseconds: 90 days.
const KEPT_MILLIS: i64 = 90 * 86_400_000;
/// Old rows that are deleted when a job is over, besides as many as it has.
const FORGOTTEN: u32 = 1_000;

/// Takes turns. Each message is settled on its own: what is not a turn goes, after all retries, to the dead letters.
pub(crate) async fn consume(batch: &MessageBatch<String>, runtime: &Runtime) {
    for raw in batch.raw_iter() {
        let Some(turn) = raw.body().as_string().and_then(|text| read_turn(&text)) else {
            log::fault("turn_unreadable", &raw.id());
            raw.retry();
            continue;
        };
        match take_turn(runtime, &turn).await {
            // A tenant that is held waits.
            Ok(()) | Err(StoreError::Held) => raw.ack(),
            Err(error) => {
                log::fault("turn_not_taken", &format!("{}: {error}", turn.bulk));
                raw.retry();
            }
        }
    }
}

/// A turn that this build can take.
pub(crate) fn read_turn(text: &str) -> Option<Turn> {
    json::from_str::<Turn>(text).ok().filter(|turn| turn.v == TURN_VERSION)
}

/// Announces turns of jobs.
pub(crate) async fn announce(runtime: &Runtime, turns: &[Turn]) -> Result<(), StoreError> {
    let texts = turns.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
    runtime.send(Queue::Jobs, &texts).await.map_err(StoreError::Busy)
}

/// Finds jobs that nobody drives, and gives each a turn.
pub(crate) async fn sweep(runtime: &Runtime, shard: ShardId, now: Timestamp) -> Result<u32, StoreError> {
    let lost = SystemDb::new(runtime.clone(), shard).due_jobs(now, now.plus_millis(LOST_MILLIS), JOBS_A_TICK).await?;
    let turns: Vec<_> = lost
        .into_iter()
        .map(|due| Turn { v: TURN_VERSION, tenant: due.tenant, bulk: due.bulk, shard, fence: due.fence })
        .collect();
    announce(runtime, &turns).await?;
    Ok(u32::try_from(turns.len()).unwrap_or_default())
}

async fn take_turn(runtime: &Runtime, turn: &Turn) -> Result<(), StoreError> {
    let begun = platform::now();
    let home = TenantDb::new(runtime.clone(), turn.shard, turn.tenant);
    let Some(mut driven) = home.lease_job(turn.bulk, turn.fence, begun, begun.plus_millis(LEASE_MILLIS)).await? else {
        return Ok(());
    };
    let Some(standing) = directory::truth(runtime, turn.tenant, begun).await? else { return Ok(()) };
    driven.job.begin(begun);
    let key = key_of(turn.bulk).map_err(StoreError::unreadable)?;
    let driver = Driver {
        runtime,
        firm: Firm { runtime, tenant: &standing.tenant, freshness: Freshness::Latest },
        fingerprint: Digest::of(key.as_str().as_bytes()),
        key,
        actor: Actor { job: Some(turn.bulk), ..driven.job.asked_by.clone() },
        home: home.clone(),
        driven,
        messages: RefCell::default(),
        ends_at: begun.plus_millis(TURN_MILLIS),
        rows_left: ROWS_A_TURN,
        read: Vec::new(),
        read_all: false,
    };
    let job = driver.drive(&standing, turn).await?;
    if job.is_open() {
        return Ok(());
    }
    let floor = BulkId::floor(platform::now().plus_millis(-KEPT_MILLIS));
    home.forget_jobs(floor, job.counts.selected.saturating_add(FORGOTTEN)).await
}

/// What comes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The next one.
    GoOn,
    /// The turn of another job.
    PassOn,
    /// Nothing now: cron looks again.
    Later,
}

/// What a step has done besides what it has noted of the job.
struct Step {
    rows: Vec<RowToPut>,
    then: Then,
}

impl Step {
    const fn without_rows(then: Then) -> Self {
        Self { rows: Vec::new(), then }
    }
}

/// Whoever has a job's turn.
struct Driver<'t> {
    runtime: &'t Runtime,
    firm: Firm<'t>,
    /// The database that keeps the job.
    home: TenantDb,
    driven: Driven,
    key: IdempotencyKey,
    fingerprint: Digest,
    actor: Actor,
    /// Messages of the outbox that are not sent yet.
    messages: RefCell<Vec<String>>,
    ends_at: Timestamp,
    rows_left: u32,
    /// Rows that are read and not done.
    read: Vec<ComplaintId>,
    /// Whether there are no others.
    read_all: bool,
}

impl Driver<'_> {
    /// Works on the job until it or the turn is over, and passes the turn on.
    async fn drive(mut self, standing: &Standing, turn: &Turn) -> Result<Job, StoreError> {
        loop {
            let Step { rows, then } = self.step(standing).await?;
            self.tell().await;
            let now = platform::now();
            let is_over = self.rows_left == 0 || now >= self.ends_at;
            let then = if then == Then::GoOn && is_over { Then::PassOn } else { then };
            let next = match then {
                Then::GoOn => Next { lease_until: now.plus_millis(LEASE_MILLIS), due_at: now },
                Then::PassOn => Next { lease_until: Timestamp::MIN, due_at: now.plus_millis(LOST_MILLIS) },
                Then::Later => Next { lease_until: Timestamp::MIN, due_at: now },
            };
            let Some(cancelling) = self.home.save_job(&self.driven, &rows, next).await? else {
                return Ok(self.driven.job);
            };
            self.driven.cancelling = cancelling;
            self.driven.lost_turns = 0;
            if !self.driven.job.is_open() || then == Then::Later {
                return Ok(self.driven.job);
            }
            if then == Then::PassOn {
                let fence = self.driven.fence;
                announce(self.runtime, &[Turn { fence, ..turn.clone() }]).await?;
                return Ok(self.driven.job);
            }
        }
    }

    /// Does some of what is to be done, and notes it of the job.
    async fn step(&mut self, standing: &Standing) -> Result<Step, StoreError> {
        let now = platform::now();
        let Driven { job, cancelling, lost_turns, .. } = &mut self.driven;
        if *cancelling {
            job.end(State::Cancelled, now);
        } else if *lost_turns > MAX_LOST_TURNS {
            log::fault("bulk_job_given_up", &job.id);
            job.fail(Reason::Internal, "Something is wrong on this side", now);
        }
        if !may_go_on(standing, job, now) {
            let rows = if job.is_open() { Vec::new() } else { self.settle().await? };
            return Ok(Step { rows, then: Then::Later });
        }
        if self.driven.job.selects() { self.select().await } else { self.work().await }
    }

    /// Of a job that is over: what a turn that was lost has done and not noted.
    async fn settle(&mut self) -> Result<Vec<RowToPut>, StoreError> {
        let Driven { job, progress, lost_turns, .. } = &mut self.driven;
        let mut rows = Vec::new();
        if *lost_turns < 2 {
            return Ok(rows);
        }
        for id in self.home.rows_to_do(job.id, progress.through, ROWS_AT_ONCE).await? {
            let Some(db) = self.firm.db_of_slot(Slot(id.slot())) else { continue };
            if let Some(done) = db.done_by(&id.to_string(), &self.key).await? {
                job.count(Outcome::Done);
                let row = Row { outcome: Outcome::Done, version: Some(done.version), problem: None };
                rows.push((id, Some(to_json(&row)?)));
            }
        }
        Ok(rows)
    }

    /// Looks up some of the filter's complaints, one database after the other, and in the end counts them.
    async fn select(&mut self) -> Result<Step, StoreError> {
        let Tenant { shards, plan, .. } = self.firm.tenant;
        let Driven { job, progress, .. } = &mut self.driven;
        let Source::Filter(filter) = &job.over else { return Ok(Step::without_rows(Then::GoOn)) };
        let now = platform::now();
        let unusable = |job: &mut Job, why: String| {
            job.fail(Reason::InvalidFilter, why, now);
            Ok(Step::without_rows(Then::Later))
        };
        let query = match read_filter(filter) {
            Ok(query) => query,
            Err(errors) => {
                let why: Vec<_> = errors.iter().map(|error| error.detail.as_ref()).collect();
                let why = why.join("; ");
                return unusable(job, why);
            }
        };
        let searched = match searched(&query, &self.firm.dbs()).await {
            Ok(searched) => searched,
            Err(failure) if failure.code == Code::InvalidParameter => {
                return unusable(job, "q: a beginning stands for too many words".to_owned());
            }
            Err(_) => return Ok(Step::without_rows(Then::Later)),
        };
        let (from, below) = progress.selecting.take().unwrap_or_else(|| {
            job.counts.selected = 0;
            (ShardId(0), None)
        });
        let mut left = shards.shards().into_iter().filter(|shard| *shard >= from);
        let Some(shard) = left.next() else {
            job.selected(self.home.count_rows(job.id).await?);
            return Ok(Step::without_rows(Then::GoOn));
        };
        let selection = Selection {
            query: &query,
            searched: searched.as_deref(),
            below: below.as_deref().filter(|_| shard == from),
            logged_by: job.asked_at,
        };
        let found = self.firm.db(shard).select(selection, SELECTED_AT_ONCE).await?;
        job.counts.selected += u32::try_from(found.len()).unwrap_or(u32::MAX);
        let most = plan::Bulk::of(*plan).map_or(0, |bulk| bulk.rows);
        if job.counts.selected > most {
            job.fail(
                Reason::TooManyRows,
                format!("The plan allows {most} complaints a job; name a narrower filter"),
                now,
            );
            return Ok(Step::without_rows(Then::Later));
        }
        let is_full = found.len() == SELECTED_AT_ONCE as usize;
        progress.selecting = Some(match found.last().filter(|_| is_full) {
            Some(last) => (shard, Some(last.place.clone())),
            None => (ShardId(shard.0.saturating_add(1)), None),
        });
        let rows = found.into_iter().map(|selected| (selected.id, None)).collect();
        Ok(Step { rows, then: Then::GoOn })
    }

    /// Works on some complaints at the same time.
    async fn work(&mut self) -> Result<Step, StoreError> {
        let Driven { job, progress, .. } = &self.driven;
        if self.read.is_empty() && !self.read_all {
            self.read = self.home.rows_to_do(job.id, progress.through, self.rows_left).await?;
            self.read_all = self.read.len() < self.rows_left as usize;
        }
        let group: Vec<_> = self.read.drain(..self.read.len().min(ROWS_AT_ONCE as usize)).collect();
        let worked = together(group.iter().map(|id| self.work_on(*id))).await;
        let mut step = Step::without_rows(Then::GoOn);
        for (id, row) in group.into_iter().zip(worked) {
            self.rows_left = self.rows_left.saturating_sub(1);
            let Some(row) = row else {
                step.then = Then::Later;
                continue;
            };
            self.driven.job.count(row.outcome);
            step.rows.push((id, Some(to_json(&row)?)));
            if step.then == Then::GoOn {
                self.driven.progress.through = Some(id);
            }
        }
        if step.then == Then::GoOn && self.read.is_empty() && self.read_all {
            self.driven.job.end(State::Done, platform::now());
        }
        Ok(step)
    }

    /// Gives the command to one complaint. `None`: not now.
    async fn work_on(&self, id: ComplaintId) -> Option<Row> {
        let job = &self.driven.job;
        let is_done = |complaint: &Complaint| job.action.is_done(complaint);
        let mut tries = CONFLICTS;
        loop {
            let order = Order {
                complaint: id,
                command: job.action.command(),
                key: &self.key,
                fingerprint: self.fingerprint,
                actor: &self.actor,
                now: platform::now(),
                if_match: None,
                lock: None,
                unless: Some(&is_done),
                rehearsed: job.dry_run,
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
                    let changed_meanwhile = matches!(failure.code, Code::PreconditionFailed | Code::LockLost);
                    tries -= usize::from(changed_meanwhile);
                    if changed_meanwhile && tries > 0 {
                        continue;
                    }
                    return refused(failure);
                }
            };
            return Some(Row { outcome, version: Some(version), problem: None });
        }
    }

    /// Has sent what the last rows have left in the outbox. Cron sends what is not.
    async fn tell(&self) {
        let messages = self.messages.take();
        if let Err(fault) = self.runtime.send(Queue::Notify, &messages).await {
            log::fault("outbox_not_sent", &fault);
        }
    }
}

/// Whether a job of this tenant may go on now; one that never may again is over.
fn may_go_on(standing: &Standing, job: &mut Job, now: Timestamp) -> bool {
    let Standing { tenant, ended, moving, .. } = standing;
    let by_ended_key = ended.iter().any(|ended| ended.at <= now && ended.key.to_string() == job.asked_by.id.as_str());
    if tenant.status == Status::Deleted {
        job.end(State::Cancelled, now);
    } else if by_ended_key {
        job.fail(Reason::KeyEnded, "The key that asked for the job was revoked or replaced", now);
    }
    job.is_open() && tenant.status == Status::Active && !moving
}

/// What a row says of a command that was not carried out. `None`: not now.
fn refused(failure: Failure) -> Option<Row> {
    let outcome = match failure.code {
        Code::Unavailable => return None,
        Code::NotFound => Outcome::NotFound,
        Code::Locked => Outcome::Locked,
        Code::Internal => {
            log::fault("bulk_row_failed", &failure.reason().unwrap_or_default());
            Outcome::Failed
        }
        _ => Outcome::Refused,
    };
    Some(Row { outcome, version: None, problem: Some(failure.into_row_problem()) })
}
