//! The cell that a tenant leaves: does what its job says next, and writes down what became of it.
//!
//! Whoever drives a move has a **lease**. One that is too slow may be overtaken by another: every change of the job
//! names the lease's number and fails then, and what the slow one still does elsewhere carries the number of its attempt
//! and changes nothing any more.

use super::wire::{
    Activate, Copied as TakenIn, Copy, Finished, Of, Outbox, Prepare, Prepared, Promised, Withdraw, step,
};
use crate::{
    config::Config,
    gateway::{admission, directory},
    log, mail,
    platform::{
        self, Fault, Runtime,
        bucket::{Object, Sent},
    },
    spool,
    store::{
        StoreError, TenantDb,
        relocation::{CaseFiles, Changed, ComplaintRow, EventRow, IN_ORDER, Kept, Left, Totals},
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    changes::Range,
    ids::{OutboxId, TenantId},
    json,
    tenant::{
        Tenant,
        placement::{ShardId, Slot},
        relocation::{Answer, Copied, Job, Outcome, Progress, Record, Step},
    },
    time::Timestamp,
};
use std::{collections::BTreeMap, rc::Rc};

/// How long a driver that does not say anything is taken to be at work, in milliseconds: longer than any one step.
const LEASE_MILLIS: i64 = 15_000;
/// How long the other cell may take to answer, in milliseconds.
const PATIENCE_MILLIS: u32 = 10_000;
/// The same, for a file.
const OBJECT_PATIENCE_MILLIS: u32 = 60_000;
/// Complaints that are looked at in one round, of each database.
const COMPLAINTS_A_ROUND: u32 = 100;
/// Versions of them, which are their events: fewer complaints if they have more, but at least one.
const VERSIONS_A_ROUND: u32 = 2_000;
/// Deliveries that were recorded late, likewise.
const DELIVERIES_A_ROUND: u32 = 1_000;
/// Numbers of the change feed: one range has at least one.
const NUMBERS_A_ROUND: u32 = 1_000;
/// Rows of the outbox that are looked at in one call.
const OUTBOX_PAGE: u32 = 500;
/// Tenants that one tick moves on, and how long each takes of it, in milliseconds.
const TENANTS_A_TICK: u32 = 5;
const TICK_MILLIS: i64 = 20_000;

/// Moves every tenant on that leaves this cell.
pub(crate) async fn tick(runtime: &Runtime, now: Timestamp) {
    let system = SystemDb::new(runtime.clone(), DIRECTORY_SHARD);
    let leaving = match system.leaving(now, TENANTS_A_TICK).await {
        Ok(tenants) => tenants,
        Err(error) => return log::fault("relocations_not_read", &error),
    };
    for tenant in leaving {
        let config = match Config::of(runtime) {
            Ok(config) => config,
            Err(error) => return log::fault("misconfigured", &error),
        };
        let until = platform::now().plus_millis(TICK_MILLIS);
        if let Err(error) = advance(runtime, &config, tenant, until, Pauses::Finish).await {
            log::fault("relocation_not_advanced", &error);
        }
    }
}

/// What a driver does whose time is over while writes pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pauses {
    /// It stops: another comes at once.
    Leave,
    /// It goes on: nobody may come for a minute.
    Finish,
}

/// Moves a tenant on until there is nothing to do just now, or until `until`.
pub(crate) async fn advance(
    runtime: &Runtime,
    config: &Rc<Config>,
    tenant: TenantId,
    until: Timestamp,
    pauses: Pauses,
) -> Result<(), StoreError> {
    let now = platform::now();
    let home = TenantDb::new(runtime.clone(), DIRECTORY_SHARD, tenant);
    let Some(Kept { record, fence }) = home.lease_relocation(now, now.plus_millis(LEASE_MILLIS)).await? else {
        return Ok(());
    };
    let Record::Leaving(mut job) = record else { return Ok(()) };
    let driver = Driver { runtime: runtime.clone(), config: Rc::clone(config), tenant };
    loop {
        let now = platform::now();
        let next = job.next(now);
        let stays = pauses == Pauses::Finish && job.paused_at.is_some();
        if next == Step::Wait && stays {
            let millis = job.wait_until.map_or(0, |until| until.unix_millis() - now.unix_millis());
            platform::sleep(u32::try_from(millis).unwrap_or_default()).await;
            continue;
        }
        if matches!(next, Step::Wait | Step::Nothing) || (now >= until && !stays) {
            home.save_relocation(&Record::Leaving(job), fence, Timestamp::MIN).await?;
            return Ok(());
        }
        let outcome = driver.take(next, &job).await;
        let failed = matches!(outcome, Outcome::Failed(_));
        let now = platform::now();
        *job = job.heard(outcome, now);
        let lease = if failed { Timestamp::MIN } else { now.plus_millis(LEASE_MILLIS) };
        let mine = home.save_relocation(&Record::Leaving(job.clone()), fence, lease).await?;
        if !mine || failed {
            return Ok(());
        }
    }
}

/// Why a step was not done.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Dependency(#[from] Fault),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Unreadable(#[from] json::Refused),
    #[error("the other cell answered {0}: {1}")]
    Refused(u16, String),
    #[error("the other cell does not answer")]
    Silent,
    #[error("{0}")]
    Wrong(&'static str),
}

impl Undone {
    /// What operators are told. The log is told more.
    const fn shown(&self) -> &'static str {
        match self {
            Self::Store(_) => "a database of this cell does not answer, or not as it should",
            Self::Dependency(_) => "something that this cell depends on does not answer",
            Self::Json(_) | Self::Unreadable(_) => "what was sent or answered is not as it should be",
            Self::Refused(..) => "the other cell has refused",
            Self::Silent => "the other cell does not answer",
            Self::Wrong(what) => what,
        }
    }
}

const NOT_THERE: Undone = Undone::Wrong("the tenant is not there");

/// Does the steps of one tenant's move.
struct Driver {
    runtime: Runtime,
    config: Rc<Config>,
    tenant: TenantId,
}

impl Driver {
    async fn take(&self, next: Step, job: &Job) -> Outcome {
        let outcome = match next {
            Step::Copy => self.copy(job).await.map(Outcome::Copied),
            Step::Hold => self.hold(job).await,
            Step::Compare => self.compare(job).await.map(Outcome::Compared),
            Step::Close => self.close().await,
            Step::Decide => Ok(job.decision(platform::now())),
            Step::Activate => self.activate(job).await,
            Step::Withdraw => self.withdraw(job).await,
            Step::Release => self.release(job).await,
            Step::Depart => self.depart(job).await,
            Step::HandOver => self.hand_over(job).await.map(Outcome::HandedOver),
            Step::Purge => self.purge(job).await.map(Outcome::Purged),
            Step::Clear => self.clear(job).await.map(Outcome::Cleared),
            Step::Wait | Step::Nothing => return Outcome::Failed("there is nothing to do"),
        };
        outcome.unwrap_or_else(|undone| {
            log::fault("relocation_step_not_done", &format!("{next:?}: {undone}"));
            Outcome::Failed(undone.shown())
        })
    }

    fn db(&self, shard: ShardId) -> TenantDb {
        TenantDb::new(self.runtime.clone(), shard, self.tenant)
    }

    fn system(&self) -> SystemDb {
        SystemDb::new(self.runtime.clone(), DIRECTORY_SHARD)
    }

    async fn tenant(&self) -> Result<Tenant, Undone> {
        self.system().tenant(self.tenant).await?.ok_or(NOT_THERE)
    }

    /// Says in all of this cell what the tenant's record and its job say now.
    async fn tell(&self) -> Result<(), Undone> {
        self.system().touch_tenant(self.tenant).await?;
        self.publish().await
    }

    async fn publish(&self) -> Result<(), Undone> {
        directory::publish(&self.runtime, self.tenant, platform::now()).await.map_err(|error| {
            log::fault("standing_not_published", &error);
            Undone::Wrong("the change could not be published")
        })
    }

    /// The tenant's databases, and the one that has its record.
    fn shards_of(tenant: &Tenant) -> Vec<ShardId> {
        let mut shards = tenant.shards.shards();
        if !shards.contains(&DIRECTORY_SHARD) {
            shards.push(DIRECTORY_SHARD);
        }
        shards
    }

    /// This cell's word, which is good for a minute.
    fn token(&self) -> Result<String, Undone> {
        let token = self.config.keys.issue_for_cell(self.tenant, platform::now());
        token.map_err(|_| Undone::Wrong("this cell cannot sign"))
    }

    /// Asks the other cell.
    async fn ask<A: DeserializeOwned>(&self, job: &Job, step: &str, question: &impl Serialize) -> Result<A, Undone> {
        let token = self.token()?;
        let path = format!("/v1/relocations/{}/{step}", self.tenant);
        let body = serde_json::to_string(question)?;
        let answer = self.runtime.ask_cell(&job.to, &path, &token, &body, PATIENCE_MILLIS).await?;
        match answer.ok_or(Undone::Silent)? {
            (200, text) => Ok(json::from_str(&text)?),
            (status, text) => {
                // A problem names a code, which is all that the log needs of it.
                let problem: serde_json::Value = json::from_str(&text).unwrap_or_default();
                let code = problem.get("code").and_then(serde_json::Value::as_str).unwrap_or_default();
                Err(Undone::Refused(status, code.to_owned()))
            }
        }
    }

    /// One round: of each database the complaints that changed longest ago and were not sent since, then the deliveries
    /// that were recorded meanwhile, and of the one that has it the order of the change feed.
    async fn copy(&self, job: &Job) -> Result<Copied, Undone> {
        let tenant = self.tenant().await?;
        let slots = tenant.shards.slots();
        let placement = match &job.placement {
            Some(placement) if placement.slots() >= slots => placement.clone(),
            _ => self.ask::<Prepared>(job, step::PREPARE, &Prepare { job: job.id, slots }).await?.placement,
        };
        let mut copied = Copied { placement, progress: Vec::new(), new: 0, verified: 0, total: 0, complete: true };
        if job.paused_at.is_none() {
            for shard in Self::shards_of(&tenant) {
                self.db(shard).begin_copying(job.id, job.attempt).await?;
            }
        }
        for shard in tenant.shards.shards() {
            let db = self.db(shard);
            let Progress { mut positions, number, deliveries, mut in_order, .. } = job.progress_of(shard);
            copied.total += db.totals().await?.complaints();
            let known = |Slot(slot)| (slot, positions.get(&slot).copied().unwrap_or_default());
            let known: Vec<_> = tenant.shards.slots_of(shard).into_iter().map(known).collect();
            let changed = db.changed(&known, COMPLAINTS_A_ROUND).await?;
            let group = first_of(&changed);
            if let [.., _] = group {
                self.send(job, &db, group, &mut copied).await?;
            }
            let (late, last_note) = db.late_deliveries(deliveries, DELIVERIES_A_ROUND).await?;
            let mut all = late.len() < DELIVERIES_A_ROUND as usize;
            if !late.is_empty() {
                let part = Copy { job: Some(job.id), deliveries: late, ..Copy::default() };
                self.ask::<TakenIn>(job, step::COPY, &part).await?;
            }
            let ranges = db.ranges(number, NUMBERS_A_ROUND).await?;
            let last_number = ranges.last().map_or(number, Range::last_number);
            all &= last_number < number + u64::from(NUMBERS_A_ROUND);
            if last_number > number {
                let part = Copy { job: Some(job.id), ranges, ..Copy::default() };
                self.ask::<TakenIn>(job, step::COPY, &part).await?;
            }
            if tenant.shards.home() == Some(shard) {
                all &= self.send_in_order(job, &db, &mut in_order).await?;
            }
            copied.complete &= group.len() == changed.len() && changed.len() < COMPLAINTS_A_ROUND as usize && all;
            positions.extend(group.iter().map(|sent| (sent.slot, sent.position)));
            copied.progress.push(Progress { shard, positions, number: last_number, deliveries: last_note, in_order });
        }
        Ok(copied)
    }

    /// Sends some of what is copied in its own order, after the places in `copied`. Whether that is all.
    async fn send_in_order(
        &self,
        job: &Job,
        home: &TenantDb,
        copied: &mut BTreeMap<String, String>,
    ) -> Result<bool, Undone> {
        let mut all = true;
        for list in &IN_ORDER {
            let place = copied.get(list.step).map_or("", String::as_str);
            let directory = list.is_of_the_directory.then(|| self.db(DIRECTORY_SHARD));
            let rows = directory.as_ref().unwrap_or(home).in_order(list, place).await?;
            let Some(last) = rows.last() else { continue };
            let last = last.id.clone();
            all &= rows.len() < list.at_once as usize;
            for row in &rows {
                let object = row.message.as_deref().map(|row| list.object(row)).transpose()?.flatten();
                self.send_object(job, object).await?;
            }
            let messages = rows.into_iter().filter_map(|row| Some((row.id, row.message?))).collect();
            self.ask::<Finished>(job, list.step, &Outbox { job: job.id, messages, last: false }).await?;
            copied.insert(list.step.to_owned(), last);
        }
        Ok(all)
    }

    /// Sends complaints with all that goes along with them, in as many parts as their events need.
    async fn send(&self, job: &Job, db: &TenantDb, group: &[Changed], copied: &mut Copied) -> Result<(), Undone> {
        let ids: Vec<_> = group.iter().map(|changed| changed.id).collect();
        let CaseFiles { complaints, requests, deliveries, mut events } = db.case_files(&ids).await?;
        let mut left = Left::of(&complaints);
        let mut waiting = complaints.into_iter();
        let mut part = Copy { job: Some(job.id), requests, deliveries, ..Copy::default() };
        loop {
            let done = left.take(&events);
            part.complaints = waiting.by_ref().take(done).collect();
            part.events = events;
            self.send_part(job, &part, copied).await?;
            if left.is_empty() {
                return Ok(());
            }
            events = db.events_of(&left).await?;
            if events.is_empty() {
                return Err(Undone::Wrong("a complaint has fewer events than versions"));
            }
            part = Copy { job: Some(job.id), ..Copy::default() };
        }
    }

    /// Sends what events name that is kept in the bucket. What is not there never was: it stayed where its case file came from.
    async fn send_objects(&self, job: &Job, events: &[EventRow]) -> Result<(), Undone> {
        for row in events {
            self.send_object(job, row.object()?).await?;
        }
        Ok(())
    }

    async fn send_object(&self, job: &Job, object: Option<Object>) -> Result<(), Undone> {
        if let Some(object) = object {
            let path = format!("/v1/relocations/{}/{}?job={}&of={object}", self.tenant, step::OBJECT, job.id);
            let asked = (job.to.binding(), path, self.token()?);
            let (binding, path, token) = (asked.0.as_str(), asked.1.as_str(), asked.2.as_str());
            match self.runtime.send_object(self.tenant, &object, (binding, path, token), OBJECT_PATIENCE_MILLIS).await?
            {
                Sent::Answered(200) | Sent::NotHere => {}
                Sent::Answered(status) => return Err(Undone::Refused(status, String::new())),
                Sent::Silent => return Err(Undone::Silent),
            }
        }
        Ok(())
    }

    async fn send_part(&self, job: &Job, part: &Copy, copied: &mut Copied) -> Result<(), Undone> {
        self.send_objects(job, &part.events).await?;
        let TakenIn { new, verified } = self.ask(job, step::COPY, part).await?;
        let is_there = |row: &ComplaintRow| {
            let found = verified.iter().find(|(id, version, _)| *id == row.id && *version >= row.version);
            let head = row.complaint().map(|complaint| complaint.head);
            found.is_some_and(|(_, version, found)| *version > row.version || head.is_ok_and(|head| head == *found))
        };
        if !part.complaints.iter().all(is_there) {
            return Err(Undone::Wrong("the target has not verified what it was sent"));
        }
        copied.new += new;
        copied.verified += verified.len() as u64;
        Ok(())
    }

    async fn hold(&self, job: &Job) -> Result<Outcome, Undone> {
        let tenant = self.tenant().await?;
        for shard in Self::shards_of(&tenant) {
            if !self.db(shard).hold_for(job.attempt).await? {
                return Err(Undone::Wrong("the tenant could not be held"));
            }
        }
        // Until its record was held, the tenant could still have got one more database.
        let held = self.tenant().await?;
        if held.shards != tenant.shards {
            return Err(Undone::Wrong("the tenant has got another database meanwhile"));
        }
        Ok(Outcome::Held)
    }

    async fn release(&self, job: &Job) -> Result<Outcome, Undone> {
        let tenant = self.tenant().await?;
        for shard in Self::shards_of(&tenant) {
            self.db(shard).release_for(job.attempt).await?;
        }
        self.tell().await?;
        Ok(Outcome::Released)
    }

    /// Whether both sides have as many complaints in each state, and as many events, which are the complaints' versions.
    /// Not while something that was accepted waits to be logged here.
    async fn compare(&self, job: &Job) -> Result<bool, Undone> {
        if !(spool::is_empty(&self.runtime, self.tenant).await? && mail::is_empty(&self.runtime, self.tenant).await?) {
            return Ok(false);
        }
        let tenant = self.tenant().await?;
        let mut here = Totals::default();
        for shard in tenant.shards.shards() {
            here.add(&self.db(shard).totals().await?);
        }
        let there: Totals = self.ask(job, step::COMPARE, &Of { job: job.id }).await?;
        Ok(here == there)
    }

    async fn close(&self) -> Result<Outcome, Undone> {
        self.tell().await?;
        Ok(Outcome::Closed)
    }

    async fn activate(&self, job: &Job) -> Result<Outcome, Undone> {
        let row = self.system().tenant_row(self.tenant).await?.ok_or(NOT_THERE)?;
        let (tenant, seq) = (row.tenant()?, row.directory_seq);
        let keys = self.db(DIRECTORY_SHARD).key_records().await?;
        let views = self.db(DIRECTORY_SHARD).view_records().await?;
        let limiter = admission::counted(&self.runtime, self.tenant).await?;
        let asked = Activate { job: job.id, attempt: job.attempt, tenant, seq, keys, views, limiter };
        let Promised { answer } = self.ask(job, step::ACTIVATE, &asked).await?;
        Ok(promised(answer))
    }

    async fn withdraw(&self, job: &Job) -> Result<Outcome, Undone> {
        let asked = Withdraw { job: job.id, attempt: job.attempt };
        let Promised { answer } = self.ask(job, step::WITHDRAW, &asked).await?;
        Ok(promised(answer))
    }

    /// From now on requests go on to the target.
    async fn depart(&self, job: &Job) -> Result<Outcome, Undone> {
        let tenant = self.tenant().await?;
        if tenant.home_cell == self.config.cell {
            let placement = job.placement.clone().ok_or(Undone::Wrong("the target has named no databases"))?;
            let gone = tenant.relocated(job.to.clone(), placement, platform::now());
            if !self.system().update_tenant(&gone, None, None).await? {
                return Err(Undone::Wrong("the tenant's record has changed meanwhile"));
            }
        }
        self.publish().await?;
        Ok(Outcome::Departed)
    }

    /// Hands over what no consumer has recorded, and forgets it here. True once there is no more.
    async fn hand_over(&self, job: &Job) -> Result<bool, Undone> {
        for shard in self.runtime.shards().iter() {
            let system = SystemDb::new(self.runtime.clone(), *shard);
            let mut after = String::new();
            loop {
                let page = system.outbox_of(self.tenant, &after, OUTBOX_PAGE).await?;
                let Some(last) = page.last() else { break };
                after.clone_from(&last.id);
                let messages: Vec<_> = page.into_iter().filter_map(|row| Some((row.id, row.message?))).collect();
                if messages.is_empty() {
                    continue;
                }
                let ids: Vec<OutboxId> = messages.iter().filter_map(|(id, _)| id.parse().ok()).collect();
                let asked = Outbox { job: job.id, messages, last: false };
                self.ask::<Finished>(job, step::OUTBOX, &asked).await?;
                system.forget(&ids).await?;
            }
        }
        let asked = Outbox { job: job.id, messages: Vec::new(), last: true };
        Ok(self.ask::<Finished>(job, step::OUTBOX, &asked).await?.finished)
    }

    /// The tenant's record says where its data lie now, so every database of this cell is looked at.
    async fn purge(&self, job: &Job) -> Result<bool, Undone> {
        let mut empty = true;
        for shard in self.runtime.shards().iter() {
            let db = self.db(*shard);
            db.end_copying(job.id).await?;
            empty &= db.purge().await?;
        }
        empty &= self.runtime.purge_objects(self.tenant).await?;
        Ok(empty)
    }

    async fn clear(&self, job: &Job) -> Result<bool, Undone> {
        let Finished { finished } = self.ask(job, step::CLEAR, &Of { job: job.id }).await?;
        let tenant = self.tenant().await?;
        for shard in Self::shards_of(&tenant) {
            let db = self.db(shard);
            db.end_copying(job.id).await?;
            db.release_for(job.attempt).await?;
        }
        self.tell().await?;
        Ok(finished)
    }
}

const fn promised(answer: Answer) -> Outcome {
    match answer {
        Answer::Active => Outcome::Active,
        Answer::Never => Outcome::Refused,
    }
}

/// As many of the first as have few enough events together: at least one.
fn first_of(changed: &[Changed]) -> &[Changed] {
    let mut versions = 0_u32;
    let many = changed.iter().take_while(|next| {
        let first = versions == 0;
        versions = versions.saturating_add(next.version);
        first || versions <= VERSIONS_A_ROUND
    });
    let many = many.count();
    changed.get(..many).unwrap_or(changed)
}
