//! An isolate's side: the tokens it holds for one tenant or address.

use crate::{
    limit::{
        lease::{
            Ask, Cause, Grant, LEASE_MILLIS, Lease, LeaseId, Level, REPORT_MILLIS, Refusal, Report, STEP_MILLIS, Usage,
        },
        plan::{Policy, Resource},
    },
    time::Timestamp,
};
use std::collections::VecDeque;

/// What an isolate asks for that does not know its tenant's pace: little, for most isolates see few requests.
const FIRST_LEASE: u32 = 5;

/// How much more than the last pace an isolate asks for, in percent.
const HEADROOM_PERCENT: i64 = 125;

/// The shortest time over which a pace is measured, in milliseconds.
const PACE_MILLIS: i64 = 50;

/// How long requests without a token wait for an ask that is under way before another one asks, in milliseconds.
const PATIENCE_MILLIS: i64 = 500;

/// How long a request waits until it tries again, in milliseconds.
const WAIT_MILLIS: u32 = 5;

/// How long an isolate leaves an object alone that did not answer, in milliseconds.
const FAILED_MILLIS: i64 = 250;

/// How long an isolate believes a refusal, in milliseconds. Limits can be raised, so not for a day.
const BELIEVED_MILLIS: i64 = 60_000;

/// The share of a lease's life, and of its tokens, at which it is renewed: the last fifth, and the last third.
const LAST_OF_LIFE: i64 = 5;
const LAST_OF_TOKENS: u32 = 3;

/// What a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// One request.
    Request,
    /// One request, and one complaint if it comes to that.
    Complaint,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may go on. If it costs a complaint, the lease that pays: [`Held::logged_complaint`] or
    /// [`Held::unused_complaint`] has to be told.
    Admitted {
        /// The lease whose complaint token was taken.
        complaint: Option<LeaseId>,
    },
    /// Send this, pass the answer to [`Held::granted`] or its failure to [`Held::failed`], then try again.
    Ask(Ask),
    /// Another request is asking: try again after so many milliseconds.
    Wait(u32),
    /// It is over a limit.
    Refused(Refusal),
    /// The object did not answer lately, so nobody knows. The caller decides.
    Unavailable,
}

/// The tokens of one tenant or address in one isolate. Times are by the isolate's own clock.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The latest moment seen.
    seen: i64,
    /// Until settled, the earliest received first.
    leases: Vec<Own>,
    /// What the latest grant refused, and when it came.
    refusals: Vec<(Refusal, i64)>,
    /// When the latest ask was made.
    asked_at: i64,
    /// Until when its answer is awaited.
    asking_until: i64,
    /// Until when the object is left alone.
    failed_until: i64,
    /// Requests, and complaints among them, since the latest ask.
    requests: u32,
    complaints: u32,
    /// The size of the latest lease.
    lent: u32,
    lent_complaints: u32,
    windows: Vec<Level>,
    windows_at: i64,
    quotas: Vec<Usage>,
}

/// A lease in this isolate.
#[derive(Clone, Debug)]
struct Own {
    id: LeaseId,
    sent_at: i64,
    /// Unused tokens: from when they are usable, and how many.
    tokens: VecDeque<(i64, u32)>,
    uses: Vec<(u32, u32)>,
    /// Unused complaint tokens.
    complaints: u32,
    /// Complaint tokens of requests under way.
    pending: u32,
    logged: u32,
}

impl Held {
    /// Decides on a request.
    pub fn admit(&mut self, cost: Cost, now: Timestamp) -> Admission {
        let now = self.turn(now);
        let token = self.leases.iter().position(|own| own.usable(now));
        let complaint = self.leases.iter().position(|own| own.lives(now) && own.complaints > 0);
        let complaint_missing = cost == Cost::Complaint && complaint.is_none();
        if let Some(token) = token
            && !complaint_missing
        {
            self.demanded(cost);
            let complaint = complaint.filter(|_| cost == Cost::Complaint);
            return self.take(token, complaint, now);
        }
        let refusal = if token.is_none() { self.no_request(now) } else { None };
        let refusal = refusal.or_else(|| if complaint_missing { self.no_complaint(now) } else { None });
        if let Some(refusal) = refusal {
            self.demanded(cost);
            return Admission::Refused(refusal);
        }
        if now < self.failed_until {
            Admission::Unavailable
        } else if now < self.asking_until {
            Admission::Wait(WAIT_MILLIS)
        } else {
            Admission::Ask(self.ask(complaint_missing, now))
        }
    }

    /// An ask to send in the background, if the tokens run low or their time runs out while there is demand: then
    /// no request has to wait for one. Call it after an admission.
    pub fn wants_refresh(&mut self, now: Timestamp) -> Option<Ask> {
        let now = self.turn(now);
        let silent = now < self.asking_until.max(self.failed_until) || self.refused_requests(now).is_some();
        if self.requests == 0 || silent {
            return None;
        }
        let live = || self.leases.iter().filter(|own| own.lives(now));
        let ends = live().map(Own::ends).max().unwrap_or(now);
        let left: u32 = live().map(Own::left).sum();
        let complaints_left: u32 = live().map(|own| own.complaints).sum();
        let low = left.saturating_mul(LAST_OF_TOKENS) < self.lent
            || ends - now < LEASE_MILLIS / LAST_OF_LIFE
            || (complaints_left.saturating_mul(LAST_OF_TOKENS) < self.lent_complaints
                && self.no_complaint(now).is_none());
        low.then(|| self.ask(false, now))
    }

    /// An ask whatever is held, for what else its answer brings; `None` while another is under way.
    pub fn renew(&mut self, now: Timestamp) -> Option<Ask> {
        let now = self.turn(now);
        (now >= self.asking_until.max(self.failed_until)).then(|| self.ask(false, now))
    }

    /// Takes in the answer to the ask that was made at `sent_at`.
    pub fn granted(&mut self, grant: Grant, sent_at: Timestamp, now: Timestamp) {
        let now = self.turn(now);
        let Grant { lease, refusals, settled, windows, quotas } = grant;
        self.asking_until = 0;
        self.failed_until = 0;
        self.leases.retain(|own| !settled.contains(&own.id) && now < own.ends() + REPORT_MILLIS);
        self.refusals = refusals.into_iter().map(|refusal| (refusal, now)).collect();
        self.windows = windows;
        self.windows_at = now;
        self.quotas = quotas;
        if let Some(lease) = lease.filter(|lease| self.leases.iter().all(|own| own.id != lease.id)) {
            let own = Own::new(lease, sent_at.unix_millis(), now);
            self.lent = own.left();
            self.lent_complaints = own.complaints;
            self.leases.push(own);
        }
    }

    /// The latest ask got no answer. Its reports go with the next one.
    pub fn failed(&mut self, now: Timestamp) {
        let now = self.turn(now);
        self.asking_until = 0;
        self.failed_until = now + FAILED_MILLIS;
    }

    /// The complaint that `lease` paid for was logged.
    pub fn logged_complaint(&mut self, lease: LeaseId) {
        if let Some(own) = self.pending(lease) {
            own.pending -= 1;
            own.logged += 1;
        }
    }

    /// The request that `lease` paid for logged no complaint: the token is given back.
    pub fn unused_complaint(&mut self, lease: LeaseId) {
        if let Some(own) = self.pending(lease) {
            own.pending -= 1;
            own.complaints += 1;
        }
    }

    /// Where each window stands, as far as this isolate knows: what was free at the latest answer and what it holds.
    #[must_use]
    pub fn levels(&self, now: Timestamp) -> Vec<Level> {
        let now = now.unix_millis().max(self.seen);
        let held: u32 = self.leases.iter().filter(|own| own.lives(now)).map(|own| own.ready(now)).sum();
        let elapsed = (now - self.windows_at).unsigned_abs();
        let level = |level: &Level| Level {
            remaining: level.remaining.saturating_add(held).min(level.limit),
            reset_millis: level.reset_millis.saturating_sub(elapsed),
            ..*level
        };
        self.windows.iter().map(level).collect()
    }

    /// Where each quota stood at the latest answer.
    #[must_use]
    pub fn quotas(&self) -> &[Usage] {
        &self.quotas
    }

    /// The isolate's clock, never earlier than before.
    fn turn(&mut self, now: Timestamp) -> i64 {
        self.seen = self.seen.max(now.unix_millis());
        self.seen
    }

    fn demanded(&mut self, cost: Cost) {
        self.requests = self.requests.saturating_add(1);
        if cost == Cost::Complaint {
            self.complaints = self.complaints.saturating_add(1);
        }
    }

    fn take(&mut self, token: usize, complaint: Option<usize>, now: i64) -> Admission {
        if let Some(own) = self.leases.get_mut(token) {
            own.take(now);
        }
        let payer = complaint.and_then(|index| self.leases.get_mut(index)).map(|own| {
            own.complaints -= 1;
            own.pending += 1;
            own.id
        });
        Admission::Admitted { complaint: payer }
    }

    fn pending(&mut self, lease: LeaseId) -> Option<&mut Own> {
        self.leases.iter_mut().find(|own| own.id == lease && own.pending > 0)
    }

    /// An ask for as much as the pace since the last one needs for a lease's life, and some more.
    fn ask(&mut self, complaint_missing: bool, now: i64) -> Ask {
        let elapsed = (now - self.asked_at).max(PACE_MILLIS);
        let a_life = |count: u32| {
            let needed = i64::from(count) * LEASE_MILLIS * HEADROOM_PERCENT / 100 / elapsed;
            u32::try_from(needed).unwrap_or(u32::MAX).max(FIRST_LEASE)
        };
        let wanted = a_life(self.requests);
        let complaints = if complaint_missing || self.complaints > 0 { a_life(self.complaints) } else { 0 };
        let reports = self.leases.iter().map(|own| own.report(now)).collect();
        self.requests = 0;
        self.complaints = 0;
        self.asked_at = now;
        self.asking_until = now + PATIENCE_MILLIS;
        Ask { wanted, complaints, reports }
    }

    /// Why no request can be admitted without asking, and asking is no use.
    fn no_request(&self, now: i64) -> Option<Refusal> {
        let refused = self.refused_requests(now);
        let live = self.leases.iter().filter(|own| own.lives(now));
        let next = live.filter_map(|own| own.tokens.front()).map(|(from, _)| from - now).min();
        match (refused, next.map(i64::unsigned_abs)) {
            (Some(refusal), Some(next)) => {
                Some(Refusal { retry_after_millis: refusal.retry_after_millis.min(next), ..refusal })
            }
            (None, Some(next)) => Some(Refusal { cause: Cause::Policy(self.scarcest()), retry_after_millis: next }),
            (refused, None) => refused,
        }
    }

    /// A refusal counts tokens of this isolate's that have expired unused since: the next ask gives those back.
    fn refused_requests(&self, now: i64) -> Option<Refusal> {
        if self.leases.iter().any(|own| !own.lives(now) && own.ends() >= self.asked_at && own.left() > 0) {
            return None;
        }
        self.believed(now, |cause| matches!(cause, Cause::Policy(_)))
    }

    /// The same of complaints, whose tokens also come back later, from requests that were under way.
    fn no_complaint(&self, now: i64) -> Option<Refusal> {
        if self.leases.iter().any(|own| !own.lives(now) && own.complaints > 0) {
            return None;
        }
        self.believed(now, |cause| *cause == Cause::Resource(Resource::ComplaintsAMonth))
    }

    /// A refusal that still holds, with the time that is left of it.
    fn believed(&self, now: i64, of: impl Fn(&Cause) -> bool) -> Option<Refusal> {
        let (refusal, since) = self.refusals.iter().find(|(refusal, _)| of(&refusal.cause))?;
        let elapsed = now - since;
        let left = refusal.retry_after_millis.checked_sub(elapsed.unsigned_abs()).filter(|left| *left > 0)?;
        (elapsed < BELIEVED_MILLIS).then_some(Refusal { cause: refusal.cause, retry_after_millis: left })
    }

    fn scarcest(&self) -> Policy {
        self.windows.iter().min_by_key(|level| level.remaining).map_or(Policy::Burst, |level| level.policy)
    }
}

impl Own {
    fn new(lease: Lease, sent_at: i64, now: i64) -> Self {
        let Lease { id, tokens, complaints } = lease;
        let dated = tokens.iter().map(|portion| (now + i64::from(portion.after_millis), portion.tokens));
        let tokens = dated.filter(|(from, _)| *from <= sent_at + LEASE_MILLIS).collect();
        Self { id, sent_at, tokens, uses: Vec::new(), complaints, pending: 0, logged: 0 }
    }

    /// The last moment at which a token may be used.
    const fn ends(&self) -> i64 {
        self.sent_at + LEASE_MILLIS
    }

    const fn lives(&self, now: i64) -> bool {
        now <= self.ends()
    }

    fn usable(&self, now: i64) -> bool {
        self.lives(now) && self.tokens.front().is_some_and(|(from, _)| *from <= now)
    }

    /// Tokens unused.
    fn left(&self) -> u32 {
        self.tokens.iter().map(|(_, tokens)| tokens).sum()
    }

    /// Tokens usable now.
    fn ready(&self, now: i64) -> u32 {
        self.tokens.iter().filter(|(from, _)| *from <= now).map(|(_, tokens)| tokens).sum()
    }

    fn take(&mut self, now: i64) {
        if let Some((_, tokens)) = self.tokens.front_mut() {
            *tokens -= 1;
            if *tokens == 0 {
                self.tokens.pop_front();
            }
        }
        let steps = (now - self.sent_at).max(0).unsigned_abs().div_ceil(STEP_MILLIS.unsigned_abs());
        let step = u32::try_from(steps).unwrap_or(u32::MAX);
        match self.uses.last_mut() {
            Some((last, tokens)) if *last == step => *tokens += 1,
            _ => self.uses.push((step, 1)),
        }
    }

    /// What became of it so far. What is not used by its end is void.
    fn report(&self, now: i64) -> Report {
        let (kept, complaints) = if self.lives(now) { (self.left(), self.complaints) } else { (0, 0) };
        let Self { id, uses, pending, logged, .. } = self;
        Report { lease: *id, uses: uses.clone(), kept, logged: *logged, complaints_kept: complaints + pending }
    }
}
