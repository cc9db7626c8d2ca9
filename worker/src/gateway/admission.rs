//! Admission: a tenant's standing and its limits, both brought by **leases** from its `RateLimiter`.
//!
//! An isolate asks the object for a lease, uses its tokens for about a second without asking again, and says with the
//! next ask what it used. A busy tenant's lease is renewed in the background; when there is none left, one request asks
//! and the others wait for it. What a lease says of the tenant is trusted for [`FRESH_MILLIS`], so that a revoked key
//! and a suspended tenant are refused everywhere within that time.

use super::directory;
use crate::{
    call::{Call, TenantCall},
    config::Config,
    failure::Failure,
    log,
    platform::{self, Class, Fault, Runtime},
};
pub(crate) use shared::limit::held::Cost;
use shared::{
    http::problem::Code,
    ids::TenantId,
    limit::{
        headers,
        held::{Admission, Held},
        lease::{Ask, LeaseId, Refusal},
        limiter::Limiter,
        plan::Limits,
    },
    object::rate_limiter::{Counted, Leased, Question, Taken, Told, Used},
    tenant::{ip_range::neighbourhood, standing::Standing},
    time::Timestamp,
};
use std::{cell::RefCell, collections::HashMap, hash::Hash, net::IpAddr, rc::Rc, thread::LocalKey};

/// How long a standing is trusted after it was asked for.
const FRESH_MILLIS: i64 = 1_000;
/// How long a request waits between looks at whether another's ask for a standing was answered.
const LOOK_MILLIS: u32 = 5;
/// How long a request waits for another cell to take its tenant over, and how long between looks.
const MOVING_PATIENCE_MILLIS: i64 = 4_000;
const MOVING_LOOK_MILLIS: u32 = 50;
/// How often a request tries to be admitted before it gives up: waiting included, some seconds.
const TRIES: usize = 500;
const MAX_KNOWN: usize = 10_000;

/// What this isolate holds for one subject: a tenant, or an address.
#[derive(Default)]
struct Subject {
    held: Held,
    standing: Option<Rc<Standing>>,
    /// Its `RateLimit-Policy` as a header line, once it was asked for; `None` again when the standing changes.
    policy: Option<String>,
    /// When what is known was asked for.
    asked_at: Option<Timestamp>,
}

type Subjects<K> = RefCell<HashMap<K, Subject>>;

thread_local! {
    static TENANTS: Subjects<TenantId> = RefCell::default();
    static ADDRESSES: Subjects<String> = RefCell::default();
}

/// The name of a tenant's `RateLimiter`.
pub(super) fn object_of(tenant: TenantId) -> String {
    format!("tenant:{tenant}")
}

/// How a tenant stands; `None` if this cell has never heard of it.
pub(crate) async fn standing(call: &Call, tenant: TenantId) -> Result<Option<Rc<Standing>>, Failure> {
    let begun = platform::now();
    let has_to_wait = |standing: &Standing| standing.moving && standing.tenant.home_cell == call.config.cell;
    for _ in 0..TRIES {
        let now = platform::now();
        let (known, ask) = with(&TENANTS, &tenant, |subject| {
            let fresh = subject.asked_at.is_some_and(|at| at.plus_millis(FRESH_MILLIS) > now);
            match &subject.standing {
                Some(standing) if fresh && !has_to_wait(standing) => (Some(Rc::clone(standing)), None),
                _ => (None, subject.held.renew(now)),
            }
        });
        match (known, ask) {
            (Some(standing), _) => return Ok(Some(standing)),
            (None, None) => platform::sleep(LOOK_MILLIS).await,
            (None, Some(ask)) => {
                if !ask_for_tenant(&call.runtime, tenant, ask, now).await? {
                    return Ok(None);
                }
            }
        }
        if with(&TENANTS, &tenant, |subject| subject.standing.as_deref().is_some_and(has_to_wait)) {
            if begun.plus_millis(MOVING_PATIENCE_MILLIS) <= now {
                return Err(Failure::new(Code::Unavailable).detail("The tenant is being moved"));
            }
            platform::sleep(MOVING_LOOK_MILLIS).await;
        }
    }
    Err(Failure::new(Code::Unavailable))
}

/// Lets one request of a tenant through, or says when to come again.
pub(super) async fn admit(call: &Call, standing: &Standing, cost: Cost) -> Result<Option<Paid>, Failure> {
    let tenant = standing.tenant.id;
    for _ in 0..TRIES {
        let now = platform::now();
        match with(&TENANTS, &tenant, |subject| subject.admit(cost, standing.limits(), &call.runtime, now)) {
            Admission::Admitted { complaint } => {
                refresh(call, tenant, now);
                return Ok(complaint.map(|lease| Paid { tenant, lease, logged: false }));
            }
            Admission::Refused(refusal) => return Err(refused(&refusal)),
            Admission::Ask(ask) => {
                ask_for_tenant(&call.runtime, tenant, ask, now).await?;
            }
            Admission::Wait(millis) => platform::sleep(millis).await,
            Admission::Unavailable => break,
        }
    }
    Err(Failure::new(Code::Unavailable))
}

/// Lets one request without credentials through, or says when to come again.
pub(super) async fn admit_address(runtime: &Runtime, config: &Config, address: &str) -> Result<(), Failure> {
    let Some(limits) = &config.anonymous else { return Ok(()) };
    let address = address.parse::<IpAddr>().map_or_else(|_| "unknown".to_owned(), neighbourhood);
    for _ in 0..TRIES {
        let now = platform::now();
        match with(&ADDRESSES, &address, |subject| subject.admit(Cost::Request, Some(limits), runtime, now)) {
            Admission::Admitted { .. } => return Ok(()),
            Admission::Refused(refusal) => return Err(refused(&refusal)),
            Admission::Ask(lease) => {
                let question = Question::LeaseForAddress { lease, limits: Box::new(limits.clone()) };
                let answer = runtime.ask(Class::RateLimiter, &format!("address:{address}"), &question).await;
                take(&ADDRESSES, &address, now, answer)?;
            }
            Admission::Wait(millis) => platform::sleep(millis).await,
            Admission::Unavailable => break,
        }
    }
    Err(Failure::new(Code::Unavailable))
}

/// A complaint that may be logged: paid for by a lease, and given back unless it was.
pub(crate) struct Paid {
    tenant: TenantId,
    lease: LeaseId,
    logged: bool,
}

impl Paid {
    /// It was logged, and counts against the quota.
    pub(super) fn logged(mut self) {
        self.logged = true;
    }
}

impl Drop for Paid {
    fn drop(&mut self) {
        with(&TENANTS, &self.tenant, |subject| {
            if self.logged {
                subject.held.logged_complaint(self.lease);
            } else {
                subject.held.unused_complaint(self.lease);
            }
        });
    }
}

impl Subject {
    /// Decides on a request and, once that is done, notes for the answer how its limits stand.
    fn admit(&mut self, cost: Cost, limits: Option<&Limits>, runtime: &Runtime, now: Timestamp) -> Admission {
        let admission = self.held.admit(cost, now);
        if matches!(admission, Admission::Admitted { .. } | Admission::Refused(_)) {
            let line = |name: &str, value: Option<String>| value.map(|value| format!("\n{name}: {value}"));
            let policy = self.policy.get_or_insert_with(|| {
                line(headers::RATE_LIMIT_POLICY, limits.and_then(headers::rate_limit_policy)).unwrap_or_default()
            });
            let level = line(headers::RATE_LIMIT, headers::rate_limit(&self.held.levels(now)));
            runtime.meter.limits.replace(format!("{policy}{}", level.unwrap_or_default()));
        }
        admission
    }
}

fn with<K: Eq + Hash + Clone, T>(
    subjects: &'static LocalKey<Subjects<K>>,
    key: &K,
    act: impl FnOnce(&mut Subject) -> T,
) -> T {
    subjects.with_borrow_mut(|subjects| {
        if subjects.len() >= MAX_KNOWN && !subjects.contains_key(key) {
            // What is thrown away was leased and counts as used: too little is admitted then, never too much.
            subjects.clear();
        }
        act(subjects.entry(key.clone()).or_default())
    })
}

/// Takes what was answered to the ask of `asked_at`. False if the object does not know the tenant.
fn take<K: Eq + Hash + Clone>(
    subjects: &'static LocalKey<Subjects<K>>,
    key: &K,
    asked_at: Timestamp,
    answer: Result<Leased, Fault>,
) -> Result<bool, Fault> {
    let now = platform::now();
    with(subjects, key, |subject| match answer {
        Ok(Leased { grant: Some(grant), standing }) => {
            subject.held.granted(grant, asked_at, now);
            if let Some(standing) = standing {
                subject.standing = Some(Rc::from(standing));
                subject.policy = None;
            }
            subject.asked_at = Some(asked_at);
            Ok(true)
        }
        Ok(Leased { grant: None, .. }) => {
            subject.held.failed(now);
            Ok(false)
        }
        Err(fault) => {
            subject.held.failed(now);
            Err(fault)
        }
    })
}

/// Asks a tenant's object; one that does not know the tenant is told what D1 says. False if D1 does not know it either.
async fn ask_for_tenant(runtime: &Runtime, tenant: TenantId, lease: Ask, now: Timestamp) -> Result<bool, Failure> {
    let known = with(&TENANTS, &tenant, |subject| subject.standing.as_ref().map(|standing| standing.seq));
    let question = Question::Lease { lease, known };
    let name = object_of(tenant);
    let answer = runtime.ask(Class::RateLimiter, &name, &question).await;
    if take(&TENANTS, &tenant, now, answer)? {
        return Ok(true);
    }
    let Some((_, standing)) = directory::told(runtime, tenant, now).await? else { return Ok(false) };
    directory::tell(runtime, tenant, standing).await?;
    let answer = runtime.ask(Class::RateLimiter, &name, &question).await;
    Ok(take(&TENANTS, &tenant, now, answer)?)
}

/// Renews a busy tenant's lease before it runs out, after the answer.
fn refresh(call: &Call, tenant: TenantId, now: Timestamp) {
    let Some(ask) = with(&TENANTS, &tenant, |subject| subject.held.wants_refresh(now)) else { return };
    let runtime = call.runtime.clone();
    call.afterwards(async move {
        if let Err(failure) = ask_for_tenant(&runtime, tenant, ask, now).await {
            log::fault("lease_not_renewed", &failure.reason().unwrap_or_default());
        }
    });
}

fn refused(refusal: &Refusal) -> Failure {
    let seconds = u32::try_from(headers::retry_after(refusal.retry_after_millis)).unwrap_or(u32::MAX);
    Failure::new(Code::QuotaExceeded).violated(refusal.cause.as_str(), seconds)
}

/// Refusals of a genuine key that come before its tenant's limit: it has ended, or may do nothing of the kind.
const BEFORE_LIMITS: [Code; 3] = [Code::Unauthenticated, Code::Forbidden, Code::TenantSuspended];

/// What a caller whose requests no limit has counted is told instead of `failure` if it asks too often: one without
/// genuine credentials, and one whose credentials open nothing.
pub(crate) async fn limit_stranger(runtime: &Runtime, config: &Config, address: &str, failure: Failure) -> Failure {
    let meter = &runtime.meter;
    let not_refused = meter.known.get() && !BEFORE_LIMITS.contains(&failure.code);
    if failure.code == Code::QuotaExceeded || meter.counted.get() || not_refused {
        return failure;
    }
    admit_address(runtime, config, address).await.err().unwrap_or(failure)
}

/// All that was counted of a tenant here, for its next home.
pub(crate) async fn counted(runtime: &Runtime, tenant: TenantId) -> Result<Box<Limiter>, Fault> {
    let counted: Counted = runtime.ask(Class::RateLimiter, &object_of(tenant), &Question::Counted).await?;
    Ok(counted.limiter)
}

/// Goes on counting from what another cell has counted of a tenant.
pub(crate) async fn go_on(runtime: &Runtime, tenant: TenantId, limiter: Box<Limiter>) -> Result<(), Fault> {
    runtime.ask::<Told>(Class::RateLimiter, &object_of(tenant), &Question::GoOn { limiter }).await?;
    Ok(())
}

/// Takes complaints that no request pays for one by one, at most `wanted`, and gives back what was taken before and not logged.
pub(crate) async fn complaints(
    call: &TenantCall,
    wanted: u32,
    unused: u32,
    taken_at: Timestamp,
) -> Result<Taken, Fault> {
    let question = Question::Complaints { wanted, unused, taken_at };
    call.call.runtime.ask(Class::RateLimiter, &object_of(call.standing.tenant.id), &question).await
}

/// What is used of a tenant's plan.
pub(crate) async fn usage(call: &Call, tenant: TenantId) -> Result<Used, Fault> {
    call.runtime.ask(Class::RateLimiter, &object_of(tenant), &Question::Usage).await
}
