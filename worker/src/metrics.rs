//! What this isolate counts, and how it comes to the cell's object `Metrics` (`shared::metrics`).
//!
//! Isolates are many and end without a word, so nobody could ask them. Each keeps its counts in memory and hands them in after an
//! answer, a few seconds after the first; what it had not handed in when it ended is lost. No request waits for it, and none fails if
//! the object does not answer: then the counts stay until the next time.

use crate::{
    log::{self, Answered},
    platform::{self, Class, Runtime},
    side::Side,
    tracing,
};
use futures_util::future::{LocalBoxFuture, select};
use shared::{
    http::problem::Code,
    ids::TenantId,
    metrics::{Family, Totals, families},
    object::metrics::{Added, NAME, Question},
    time::Timestamp,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

/// How long counts gather before they are handed in, in milliseconds, unless `METRICS_MILLIS` says otherwise.
const GATHER_MILLIS: u32 = 5_000;
/// Whoever was to hand in and has not so long after that, in milliseconds, is taken to have died with its request.
const LATE_MILLIS: i64 = 5_000;
/// How long a consumer or cron waits for the object, in milliseconds. What it was told then may be lost.
const PATIENCE_MILLIS: u32 = 1_000;
/// The most tenants that are counted between two times.
const MAX_TENANTS: usize = 1_000;

/// What is not handed in yet.
#[derive(Default)]
struct Pending {
    totals: Totals,
    tenants: BTreeMap<TenantId, u64>,
}

thread_local! {
    static PENDING: RefCell<Pending> = RefCell::default();
    /// When the one that will hand in is late.
    static HANDED_IN_BY: Cell<i64> = const { Cell::new(i64::MIN) };
    /// When it was last handed in.
    static HANDED_IN_AT: Cell<i64> = const { Cell::new(i64::MIN) };
}

/// Adds to a counter.
pub(crate) fn count(family: &Family, labels: &[&str], n: u32) {
    PENDING.with_borrow_mut(|pending| pending.totals.add(family, labels, n.into()));
}

/// Notes how long something took, or is old.
pub(crate) fn observe(family: &Family, labels: &[&str], millis: i64) {
    let millis = u64::try_from(millis).unwrap_or_default();
    PENDING.with_borrow_mut(|pending| pending.totals.observe(family, labels, millis));
}

/// Counts a request that this Worker has answered.
pub(crate) fn answered(answered: &Answered<'_>) {
    let Answered { route, status, duration_ms, tenant, code, .. } = *answered;
    let (side, method) = (Side::HERE, method(answered.method));
    count(families::REQUESTS, &[side, route, method, class(status)], 1);
    observe(families::REQUEST_DURATION, &[side, route, method], duration_ms);
    if let Some(code) = code {
        let (_, name, _) = code.parts();
        count(families::REFUSALS, &[side, name], 1);
        if matches!(code, Code::Locked | Code::LockLost | Code::PreconditionFailed) {
            count(families::LOCK_CONFLICTS, &[route, name], 1);
        }
    }
    if let Some(tenant) = tenant {
        PENDING.with_borrow_mut(|Pending { tenants, .. }| {
            if tenants.len() < MAX_TENANTS || tenants.contains_key(&tenant) {
                *tenants.entry(tenant).or_default() += 1;
            }
        });
    }
}

/// Methods that have a name here: a caller may send any.
fn method(sent: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == sent).unwrap_or("other")
}

const fn class(status: u16) -> &'static str {
    match status {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

/// Counts what became of a message of a queue, and how old it was.
pub(crate) fn message(queue: &str, outcome: &'static str, since: Timestamp) {
    count(families::QUEUE_MESSAGES, &[queue, outcome], 1);
    observe(families::QUEUE_AGE, &[queue], platform::now().unix_millis() - since.unix_millis());
}

/// Has what was counted handed in some time after the answer, by one request for all.
pub(crate) fn hand_in_later(runtime: &Runtime, wait_until: impl FnOnce(LocalBoxFuture<'static, ()>)) {
    let now = platform::now().unix_millis();
    if HANDED_IN_BY.get() > now || PENDING.with_borrow(|pending| pending.totals.is_empty()) {
        return;
    }
    let gather = gather_millis(runtime);
    HANDED_IN_BY.set(now + i64::from(gather) + LATE_MILLIS);
    let runtime = runtime.apart();
    wait_until(Box::pin(async move {
        platform::sleep(gather).await;
        HANDED_IN_BY.set(i64::MIN);
        tell(&runtime).await;
    }));
}

/// Hands in what was counted, unless it was done a moment ago, or a request is about to. For queues and cron: what they put off
/// until after their end holds up the next batch (Cloudflare Queues, `waitUntil`).
pub(crate) async fn hand_in(runtime: &Runtime) {
    let now = platform::now().unix_millis();
    if HANDED_IN_BY.get() <= now && HANDED_IN_AT.get() <= now - i64::from(gather_millis(runtime)) {
        let runtime = runtime.apart();
        let told: LocalBoxFuture<'_, ()> = Box::pin(tell(&runtime));
        let late: LocalBoxFuture<'_, ()> = Box::pin(platform::sleep(PATIENCE_MILLIS));
        select(told, late).await;
    }
}

fn gather_millis(runtime: &Runtime) -> u32 {
    runtime.variable("METRICS_MILLIS").and_then(|text| text.parse().ok()).unwrap_or(GATHER_MILLIS)
}

/// Tells the object what was counted. If it does not answer, it is told the next time.
async fn tell(runtime: &Runtime) {
    HANDED_IN_AT.set(platform::now().unix_millis());
    tracing::hand_in(runtime).await;
    let Pending { totals, tenants } = PENDING.take();
    let question = Question::Add { totals, tenants: tenants.into_iter().collect() };
    if let Err(fault) = runtime.ask::<Added>(Class::Metrics, NAME, &question).await {
        log::fault("metrics_not_handed_in", &fault);
        if let Question::Add { totals, .. } = question {
            PENDING.with_borrow_mut(|pending| pending.totals.merge(&totals));
        }
    }
}
