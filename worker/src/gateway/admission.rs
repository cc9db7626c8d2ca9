//! Admission: a tenant's standing and its limits, both brought by **leases** from its `RateLimiter`.
//!
//! An isolate asks the object for a lease, uses its tokens for about a second without asking again, and says with the
//! next ask what it used. A busy tenant's lease is renewed in the background; when there is none left, one request asks
//! and the others wait for it. What a lease says of the tenant is trusted for [`FRESH_MILLIS`], so that a revoked key
//! and a suspended tenant are refused everywhere within that time.

use super::directory;
use crate::{
    call::Call,
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
        lease::{Ask, Refusal, Usage},
    },
    object::rate_limiter::{Leased, Question, Used},
    tenant::{ip_range::neighbourhood, standing::Standing},
    time::Timestamp,
};
use std::{cell::RefCell, collections::HashMap, hash::Hash, net::IpAddr, rc::Rc, thread::LocalKey};

/// How long a standing is trusted after it was asked for.
const FRESH_MILLIS: i64 = 1_000;
/// How long a request waits between looks at whether another's ask was answered.
const LOOK_MILLIS: u32 = 2;
/// An ask that is not answered after this long is taken to have died with its request; another request asks.
const ASK_LIFE_MILLIS: i64 = 500;
/// How often a request tries to be admitted before it gives up: waiting included, several seconds.
const TRIES: usize = 1_000;
const MAX_KNOWN: usize = 10_000;

/// What this isolate holds for one subject: a tenant, or an address.
#[derive(Default)]
struct Subject {
    held: Held,
    standing: Option<Rc<Standing>>,
    /// When what is known was asked for.
    asked_at: Option<Timestamp>,
    /// When the ask that is under way began.
    asking_since: Option<Timestamp>,
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
pub(super) async fn standing(call: &Call, tenant: TenantId) -> Result<Option<Rc<Standing>>, Failure> {
    for _ in 0..TRIES {
        let now = platform::now();
        let known = TENANTS.with_borrow(|tenants| {
            let subject = tenants.get(&tenant)?;
            let fresh = subject.asked_at.is_some_and(|at| at.plus_millis(FRESH_MILLIS) > now);
            subject.standing.clone().filter(|_| fresh)
        });
        if known.is_some() {
            return Ok(known);
        }
        match begin_ask(&TENANTS, &tenant, now) {
            None => platform::sleep(LOOK_MILLIS).await,
            Some((ask, seq)) => {
                if !ask_for_tenant(&call.runtime, tenant, ask, seq, now).await? {
                    return Ok(None);
                }
            }
        }
    }
    Err(Failure::new(Code::Unavailable))
}

/// Lets one request of a tenant through, or says when to come again.
pub(super) async fn admit(call: &Call, tenant: TenantId, cost: Cost) -> Result<(), Failure> {
    for _ in 0..TRIES {
        let now = platform::now();
        let admission = with(&TENANTS, &tenant, |subject| subject.held.admit(cost, now));
        match admission {
            Admission::Admitted => {
                show_limits(&call.runtime, &TENANTS, &tenant, now);
                refresh(call, tenant, now);
                return Ok(());
            }
            Admission::Refused(refusal) => {
                show_limits(&call.runtime, &TENANTS, &tenant, now);
                return Err(refused(&refusal));
            }
            Admission::Ask => match begin_ask(&TENANTS, &tenant, now) {
                None => platform::sleep(LOOK_MILLIS).await,
                Some((ask, seq)) => {
                    ask_for_tenant(&call.runtime, tenant, ask, seq, now).await?;
                }
            },
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
        match with(&ADDRESSES, &address, |subject| subject.held.admit(Cost::Request, now)) {
            Admission::Admitted => return Ok(()),
            Admission::Refused(refusal) => {
                show_limits(runtime, &ADDRESSES, &address, now);
                return Err(refused(&refusal));
            }
            Admission::Ask => match begin_ask(&ADDRESSES, &address, now) {
                None => platform::sleep(LOOK_MILLIS).await,
                Some((lease, _)) => {
                    let question = Question::LeaseForAddress { lease, limits: Box::new(limits.clone()) };
                    let answer = runtime.ask(Class::RateLimiter, &format!("address:{address}"), &question).await;
                    end_ask(&ADDRESSES, &address, now, answer)?;
                }
            },
        }
    }
    Err(Failure::new(Code::Unavailable))
}

/// Says what became of an admitted complaint: only one that was logged counts against the quota.
pub(crate) fn settle(tenant: TenantId, logged: bool) {
    with(&TENANTS, &tenant, |subject| {
        if logged { subject.held.logged_complaint() } else { subject.held.unused_complaint() }
    });
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

/// The ask to send and the standing that is known, unless another request's ask is under way.
fn begin_ask<K: Eq + Hash + Clone>(
    subjects: &'static LocalKey<Subjects<K>>,
    key: &K,
    now: Timestamp,
) -> Option<(Ask, Option<u32>)> {
    with(subjects, key, |subject| {
        if subject.asking_since.is_some_and(|since| since.plus_millis(ASK_LIFE_MILLIS) > now) {
            return None;
        }
        subject.asking_since = Some(now);
        Some((subject.held.ask(now), subject.standing.as_ref().map(|standing| standing.seq)))
    })
}

/// Takes what was answered to the ask of `asked_at`. False if the object does not know the tenant.
fn end_ask<K: Eq + Hash + Clone>(
    subjects: &'static LocalKey<Subjects<K>>,
    key: &K,
    asked_at: Timestamp,
    answer: Result<Leased, Fault>,
) -> Result<bool, Fault> {
    with(subjects, key, |subject| {
        subject.asking_since = subject.asking_since.filter(|since| *since != asked_at);
        match answer {
            Ok(Leased { grant: Some(grant), standing }) => {
                subject.held.granted(grant, asked_at, platform::now());
                subject.standing = standing.map(Rc::from).or_else(|| subject.standing.take());
                subject.asked_at = Some(asked_at);
                Ok(true)
            }
            Ok(Leased { grant: None, .. }) => {
                subject.held.failed(asked_at);
                Ok(false)
            }
            Err(fault) => {
                subject.held.failed(asked_at);
                Err(fault)
            }
        }
    })
}

/// Asks a tenant's object. An object that does not know the tenant is told what D1 says. False if D1 does not know it.
async fn ask_for_tenant(
    runtime: &Runtime,
    tenant: TenantId,
    lease: Ask,
    known: Option<u32>,
    asked_at: Timestamp,
) -> Result<bool, Failure> {
    let question = Question::Lease { lease, known };
    let answer = runtime.ask(Class::RateLimiter, &object_of(tenant), &question).await;
    if end_ask(&TENANTS, &tenant, asked_at, answer)? {
        return Ok(true);
    }
    let Some(standing) = directory::truth(runtime, tenant, asked_at).await? else { return Ok(false) };
    directory::tell(runtime, standing).await?;
    Ok(true)
}

/// Renews a busy tenant's lease before it runs out, after the answer.
fn refresh(call: &Call, tenant: TenantId, now: Timestamp) {
    let wanted = with(&TENANTS, &tenant, |subject| subject.held.wants_refresh(now));
    if !wanted {
        return;
    }
    let Some((ask, seq)) = begin_ask(&TENANTS, &tenant, now) else { return };
    let runtime = call.runtime.clone();
    call.afterwards(async move {
        if let Err(failure) = ask_for_tenant(&runtime, tenant, ask, seq, now).await {
            log::fault("lease_not_renewed", &failure.reason().unwrap_or_default());
        }
    });
}

fn show_limits<K: Eq + Hash + Clone>(
    runtime: &Runtime,
    subjects: &'static LocalKey<Subjects<K>>,
    key: &K,
    now: Timestamp,
) {
    let lines = with(subjects, key, |subject| headers::lines(&subject.held, now));
    *runtime.meter.limits.borrow_mut() = lines;
}

fn refused(refusal: &Refusal) -> Failure {
    Failure::new(Code::QuotaExceeded).violated(refusal.policy.as_str(), headers::retry_after(refusal))
}

/// What a caller who has not shown genuine credentials is told instead of `failure` if it asks too often.
pub(crate) async fn limit_stranger(runtime: &Runtime, config: &Config, address: &str, failure: Failure) -> Failure {
    let limited = failure.code == Code::QuotaExceeded;
    if limited || (runtime.meter.known.get() && failure.code != Code::Unauthenticated) {
        return failure;
    }
    admit_address(runtime, config, address).await.err().unwrap_or(failure)
}

/// What is used of a tenant's plan.
pub(crate) async fn usage(call: &Call, tenant: TenantId) -> Result<Option<Usage>, Fault> {
    let used: Used = call.runtime.ask(Class::RateLimiter, &object_of(tenant), &Question::Usage).await?;
    Ok(used.usage)
}
