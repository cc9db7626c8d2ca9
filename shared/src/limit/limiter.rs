//! The object's side: what was granted and used, against the limits.

use crate::{
    limit::{
        counts::{Counts, slot_millis},
        lease::{
            Ask, Cause, Grant, LEASE_MILLIS, Lease, LeaseId, Level, Portion, REPORT_MILLIS, Refusal, Report,
            STEP_MILLIS, Usage,
        },
        plan::{Limits, Over, Policy, Quota, Resource, Window},
    },
    time::Timestamp,
};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How far ahead tokens are granted that are not free yet, in milliseconds: an isolate whose tenant is at its limit
/// hops twice a second and still spends a token soon after it is free.
const AHEAD_MILLIS: i64 = LEASE_MILLIS / 2;

/// The most leases awaiting a report; beyond it the oldest is taken as used in full. Bounds the stored state.
const MAX_OPEN: usize = 80;

/// The most request tokens of a lease where the shortest window allows them, so that a busy isolate hops at most
/// once in 20 requests.
const BUSY_LEASE: u32 = 22;

/// What an isolate gets however full the second is, if that is free: this many tokens or this part of what it wants.
const SMALL_LEASE: u32 = 2;
const FULL_SHARE: u32 = 4;

/// All that is known of one tenant's use. Its JSON is stored and has to be before a [`Grant`] is sent; a later
/// release reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limiter {
    /// The latest moment seen, in milliseconds since the epoch.
    seen: i64,
    /// The id of the latest lease.
    latest: i64,
    burst: Counts,
    minute: Counts,
    day: Counts,
    /// The leases not yet settled, the oldest first.
    open: VecDeque<Open>,
    /// The month that `complaints` counts, in months since the year 0.
    month: i32,
    /// Complaints logged, or granted and never reported, in that month.
    complaints: u64,
    storage_bytes: u64,
    seats: u64,
}

/// A lease that may still be used or reported: an array in JSON, for size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, u32, u32, u32, u32)", into = "(i64, u32, u32, u32, u32)")]
struct Open {
    /// Also when it was granted, or shortly after.
    id: i64,
    /// Tokens used or usable.
    tokens: u32,
    /// Tokens reported as used, which are in the counts.
    used: u32,
    /// Complaint tokens used or usable.
    complaints: u32,
    /// Complaint tokens reported as used.
    logged: u32,
}

impl Limiter {
    /// Takes in what the isolate reports and grants what is free, at most what it wants.
    ///
    /// `limits` may differ from call to call; what was granted under other limits stays granted.
    pub fn lease(&mut self, limits: &Limits, ask: &Ask, now: Timestamp) -> Grant {
        let now = self.turn(now);
        let settled = ask.reports.iter().filter(|report| self.report(report, now)).map(|report| report.lease).collect();
        let rates: Vec<Rate> = limits.windows.iter().map(|window| self.rate(*window, now)).collect();
        let wanted = lease_size(ask.wanted, &rates, now);
        let tokens = portions(&rates, wanted, now);
        let granted: u32 = tokens.iter().map(|portion| portion.tokens).sum();
        let complaints = ask.complaints.min(self.complaints_free(limits));

        let mut refusals = Vec::new();
        if granted < wanted {
            refusals.extend(refusal(&rates, granted.saturating_add(1), now));
        }
        if complaints < ask.complaints {
            let cause = Cause::Resource(Resource::ComplaintsAMonth);
            refusals.push(Refusal { cause, retry_after_millis: self.complaints_retry(limits, now).unsigned_abs() });
        }
        let lease = (granted > 0 || complaints > 0).then(|| {
            self.latest = now.max(self.latest + 1);
            self.open.push_back(Open { id: self.latest, tokens: granted, used: 0, complaints, logged: 0 });
            Lease { id: LeaseId(self.latest), tokens, complaints }
        });
        let windows = rates.iter().map(|rate| rate.level(granted, now)).collect();
        Grant { lease, refusals, settled, windows, quotas: self.usages(limits) }
    }

    /// Changes how much of a resource is used, and says how much is.
    ///
    /// # Errors
    /// Where the quota stands, unchanged, if it is one that refuses and `delta` would exceed it. Less is never
    /// refused.
    pub fn adjust(&mut self, limits: &Limits, resource: Resource, delta: i64, now: Timestamp) -> Result<u64, Usage> {
        self.turn(now);
        let used = self.used(resource).saturating_add_signed(delta);
        if let Some(quota) = limits.quota(resource)
            && delta > 0
            && quota.over == Over::Refuse
            && used > quota.limit
        {
            return Err(usage(quota, self.used(resource)));
        }
        let level = match resource {
            Resource::ComplaintsAMonth => &mut self.complaints,
            Resource::StorageBytes => &mut self.storage_bytes,
            Resource::Seats => &mut self.seats,
            Resource::RowsABulkJob | Resource::OpenBulkJobs => return Ok(used),
        };
        *level = level.saturating_add_signed(delta);
        Ok(used)
    }

    /// Counts complaints that are about to be logged, at most `wanted`, and says how many may be.
    pub fn take_complaints(&mut self, limits: &Limits, wanted: u32, now: Timestamp) -> u32 {
        self.turn(now);
        let taken = wanted.min(self.complaints_free(limits));
        self.complaints = self.complaints.saturating_add(taken.into());
        taken
    }

    /// Complaints that were taken at that moment and were not logged count no longer.
    pub fn give_complaints_back(&mut self, unused: u32, taken_at: Timestamp, now: Timestamp) {
        self.turn(now);
        if month_of(taken_at.unix_millis()) == self.month {
            self.complaints = self.complaints.saturating_sub(unused.into());
        }
    }

    /// Where every window stands.
    pub fn levels(&mut self, limits: &Limits, now: Timestamp) -> Vec<Level> {
        let now = self.turn(now);
        limits.windows.iter().map(|window| self.rate(*window, now).level(0, now)).collect()
    }

    /// Where every quota stands.
    pub fn usage(&mut self, limits: &Limits, now: Timestamp) -> Vec<Usage> {
        self.turn(now);
        self.usages(limits)
    }

    /// Brings the state up to `now`, which is returned: never earlier than before.
    fn turn(&mut self, now: Timestamp) -> i64 {
        let now = now.unix_millis().max(self.seen);
        self.seen = now;
        while let Some(oldest) = self.open.front()
            && (oldest.id + REPORT_MILLIS <= now || self.open.len() >= MAX_OPEN)
        {
            self.settle_oldest(now);
        }
        let month = month_of(now);
        if self.month != month {
            self.month = month;
            self.complaints = 0;
        }
        for policy in Policy::ALL {
            self.counts(policy).trim(policy, now);
        }
        now
    }

    /// Takes the oldest lease as used in full, at the last moment at which it could be.
    fn settle_oldest(&mut self, now: i64) {
        if let Some(lease) = self.open.pop_front() {
            self.count(lease.expiry(), lease.tokens - lease.used, now);
            self.count_complaints(lease, lease.complaints - lease.logged);
        }
    }

    /// Takes in a report; whether its lease is settled.
    fn report(&mut self, report: &Report, now: i64) -> bool {
        let Some(index) = self.open.iter().position(|open| open.id == report.lease.0) else { return true };
        let Some(mut lease) = self.open.get(index).copied() else { return true };
        let mut before = lease.used;
        for (step, tokens) in &report.uses {
            let known = before.min(*tokens);
            before -= known;
            let new = (tokens - known).min(lease.tokens - lease.used);
            lease.used += new;
            self.count((lease.id + i64::from(*step) * STEP_MILLIS).min(now), new, now);
        }
        let said = report.uses.iter().map(|(_, tokens)| *tokens).fold(report.kept, u32::saturating_add);
        lease.tokens = lease.tokens.min(said).max(lease.used);

        let logged = report.logged.min(lease.complaints).max(lease.logged);
        self.count_complaints(lease, logged - lease.logged);
        lease.logged = logged;
        let said = report.logged.saturating_add(report.complaints_kept);
        lease.complaints = lease.complaints.min(said).max(logged);

        let settled = lease.tokens == lease.used && lease.complaints == lease.logged;
        if settled {
            self.open.remove(index);
        } else if let Some(open) = self.open.get_mut(index) {
            *open = lease;
        }
        settled
    }

    fn count(&mut self, at: i64, tokens: u32, now: i64) {
        for policy in Policy::ALL {
            self.counts(policy).add(policy, at, tokens, now);
        }
    }

    fn counts(&mut self, policy: Policy) -> &mut Counts {
        match policy {
            Policy::Burst => &mut self.burst,
            Policy::Minute => &mut self.minute,
            Policy::Day => &mut self.day,
        }
    }

    /// A complaint counts in the month in which its token was granted.
    fn count_complaints(&mut self, lease: Open, complaints: u32) {
        if month_of(lease.id) == self.month {
            self.complaints = self.complaints.saturating_add(complaints.into());
        }
    }

    /// How full a window is, now and later.
    fn rate(&mut self, window: Window, now: i64) -> Rate {
        let policy = window.policy;
        let reserved: Vec<(i64, u32)> = self
            .open
            .iter()
            .map(|lease| (lease.expiry() + policy.millis(), lease.tokens - lease.used))
            .filter(|(leaves, tokens)| *leaves > now && *tokens > 0)
            .collect();
        let mut leaving: Vec<(i64, u32)> = self.counts(policy).leaving(policy).chain(reserved).collect();
        leaving.sort_unstable();
        Rate { window, leaving }
    }

    fn used(&self, resource: Resource) -> u64 {
        match resource {
            Resource::ComplaintsAMonth => {
                let open = self.open.iter().filter(|lease| month_of(lease.id) == self.month);
                open.map(|lease| u64::from(lease.complaints - lease.logged)).fold(self.complaints, u64::saturating_add)
            }
            Resource::StorageBytes => self.storage_bytes,
            Resource::Seats => self.seats,
            Resource::RowsABulkJob | Resource::OpenBulkJobs => 0,
        }
    }

    fn usages(&self, limits: &Limits) -> Vec<Usage> {
        let counted = limits.quotas.iter().filter(|quota| quota.quota.is_counted());
        counted.map(|quota| usage(*quota, self.used(quota.quota))).collect()
    }

    fn complaints_free(&self, limits: &Limits) -> u32 {
        match limits.quota(Resource::ComplaintsAMonth) {
            Some(Quota { limit, over: Over::Refuse, .. }) => {
                let free = limit.saturating_sub(self.used(Resource::ComplaintsAMonth));
                u32::try_from(free).unwrap_or(u32::MAX)
            }
            _ => u32::MAX,
        }
    }

    /// Tokens that others hold may come back with their leases; logged complaints only with the next month.
    fn complaints_retry(&self, limits: &Limits, now: i64) -> i64 {
        let quota = limits.quota(Resource::ComplaintsAMonth);
        let logged_all = quota.is_some_and(|quota| self.complaints >= quota.limit);
        if logged_all { month_end(now) - now } else { LEASE_MILLIS }
    }
}

impl Open {
    /// The last moment at which a token of it can be used, by the object's clock.
    const fn expiry(self) -> i64 {
        self.id + LEASE_MILLIS
    }
}

impl From<(i64, u32, u32, u32, u32)> for Open {
    fn from((id, tokens, used, complaints, logged): (i64, u32, u32, u32, u32)) -> Self {
        Self { id, tokens: tokens.max(used), used, complaints: complaints.max(logged), logged }
    }
}

impl From<Open> for (i64, u32, u32, u32, u32) {
    fn from(open: Open) -> Self {
        (open.id, open.tokens, open.used, open.complaints, open.logged)
    }
}

/// What a window holds, and when it leaves.
struct Rate {
    window: Window,
    /// When tokens leave the window, and how many: the earliest first.
    leaving: Vec<(i64, u32)>,
}

impl Rate {
    /// How many more tokens may be used at `at`.
    fn free(&self, at: i64) -> u32 {
        let held = self.leaving.iter().filter(|(leaves, _)| *leaves > at).map(|(_, tokens)| *tokens);
        held.fold(self.window.limit, u32::saturating_sub)
    }

    /// When `tokens` are free. A window that is smaller than that has none for its whole length.
    fn opens(&self, tokens: u32, now: i64) -> i64 {
        let moments = std::iter::once(now).chain(self.leaving.iter().map(|(leaves, _)| *leaves));
        moments.into_iter().find(|at| self.free(*at) >= tokens).unwrap_or(now + self.window.policy.millis())
    }

    /// Where the window stands when `granted` more are taken from it.
    fn level(&self, granted: u32, now: i64) -> Level {
        let Window { policy, limit } = self.window;
        let remaining = self.free(now).saturating_sub(granted);
        let first = self.leaving.first().map(|(leaves, _)| leaves - now);
        let reset = first.unwrap_or(if granted > 0 { LEASE_MILLIS + policy.millis() } else { 0 });
        Level { policy, limit, remaining, reset_millis: reset.unsigned_abs() }
    }
}

/// How many request tokens to grant to an isolate that wants enough for a second.
///
/// At most a tenth of what a second allows, so that others get some too, or what a busy isolate needs to hop at most
/// once in 20 requests, but never more than half of what a second allows. The fuller the second, the less ahead: a
/// token counts from its grant, so one that lies unused is lost to the others.
fn lease_size(wanted: u32, rates: &[Rate], now: i64) -> u32 {
    let Some(rate) = rates.iter().find(|rate| rate.window.policy == Policy::Burst) else { return wanted };
    let limit = rate.window.limit;
    let share = u64::from(wanted) * u64::from(rate.free(now)) * 2 / u64::from(limit.max(1));
    let least = if wanted >= 2 * BUSY_LEASE { BUSY_LEASE } else { SMALL_LEASE };
    let share = u32::try_from(share).unwrap_or(u32::MAX).max(wanted / FULL_SHARE).max(least);
    share.min(wanted).min((limit / 10).max(BUSY_LEASE)).min(limit.div_ceil(2).max(1))
}

/// Up to `wanted` tokens, each from when every window has room for it.
fn portions(rates: &[Rate], wanted: u32, now: i64) -> Vec<Portion> {
    let mut portions = Vec::new();
    let mut granted = 0;
    let next_step = now - now.rem_euclid(slot_millis(Policy::Burst));
    let steps = (1..=AHEAD_MILLIS / STEP_MILLIS).map(|step| next_step + step * STEP_MILLIS);
    for at in std::iter::once(now).chain(steps) {
        if granted == wanted {
            break;
        }
        let free = rates.iter().map(|rate| rate.free(at)).min().unwrap_or(u32::MAX).min(wanted);
        if free > granted {
            let after_millis = u32::try_from(at - now).unwrap_or(u32::MAX);
            portions.push(Portion { after_millis, tokens: free - granted });
            granted = free;
        }
    }
    portions
}

/// Which window keeps `tokens` from being free, and for how long.
fn refusal(rates: &[Rate], tokens: u32, now: i64) -> Option<Refusal> {
    let (opens, policy) =
        rates.iter().map(|rate| (rate.opens(tokens, now), rate.window.policy)).max_by_key(|it| it.0)?;
    Some(Refusal { cause: Cause::Policy(policy), retry_after_millis: (opens - now).unsigned_abs() })
}

fn usage(quota: Quota, used: u64) -> Usage {
    Usage::of(quota, used)
}

fn month_of(millis: i64) -> i32 {
    let date = DateTime::<Utc>::from_timestamp_millis(millis).unwrap_or_default();
    date.year() * 12 + date.month0().cast_signed()
}

/// When the calendar month of `millis` ends.
fn month_end(millis: i64) -> i64 {
    let next = month_of(millis) + 1;
    let first = NaiveDate::from_ymd_opt(next.div_euclid(12), next.rem_euclid(12).unsigned_abs() + 1, 1);
    first.unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
}
