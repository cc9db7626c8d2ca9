//! What brings changes to those who listen to them, over sockets that a tenant's object `LiveHub` holds (`shared::live`).
//!
//! Whoever commits a change tells the hub so after the answer, once for all that this isolate has committed in the meantime. If
//! somebody is there, the hub says after which number it wants the feed; that is read here and handed in page by page. Pages may come
//! twice and from several isolates at once, so nothing has to agree on who does it.
//!
//! What an isolate did not live to tell, the consumer of the outbox tells, for the row is there still. Whoever opens a socket looks
//! again a little later, because until then others may believe that nobody is there.

use crate::{
    call::Firm,
    config::Config,
    failure::Failure,
    gateway::flags::flags,
    log, metrics,
    platform::{self, Class, Fault, Freshness, Runtime},
    side::Side,
    store::{
        changes::{ChangePage, Feed},
        system::{DIRECTORY_SHARD, SystemDb},
        together,
    },
};
use futures_util::future::LocalBoxFuture;
use shared::{
    flags::Part,
    http::change_query::Place,
    ids::TenantId,
    live::{CATCH_UP_MILLIS, Door, Farewell, NOBODY_MILLIS},
    metrics::families,
    object::live_hub::{self, Change, Page, Question, Wanted},
    tenant::{Status, Tenant},
    time::Timestamp,
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

/// How long changes gather before a hub is told, in milliseconds.
const GATHER_MILLIS: u32 = 20;
/// Whoever was to tell and has not for so long, in milliseconds, is taken to have died with its request.
const TELLER_LIFE_MILLIS: i64 = 5_000;
/// The most changes that are handed in at once, and the most pages that one turn hands in.
const PAGE: u32 = 200;
const PAGES: u32 = 100;
/// The most tenants of which an isolate believes that nobody is there.
const MAX_KNOWN: usize = 10_000;
/// When somebody who has opened a socket looks again, in milliseconds: later than anybody may believe that nobody is there.
const LOOK_AGAIN_MILLIS: i64 = NOBODY_MILLIS + 500;
/// How long to wait for a client to acknowledge before the hub is asked again, in milliseconds.
const WAIT_MILLIS: u32 = 200;

thread_local! {
    /// Tenants of which this isolate has changed something and told nobody.
    static CHANGED: RefCell<BTreeSet<TenantId>> = RefCell::default();
    /// When the one that will tell began to wait.
    static TELLER_SINCE: Cell<Option<Timestamp>> = const { Cell::new(None) };
    /// Tenants some of whose clients this isolate waits for, and until when.
    static AWAITED: RefCell<BTreeMap<TenantId, Timestamp>> = const { RefCell::new(BTreeMap::new()) };
    /// Where nobody was when it was last asked, and when that was.
    static NOBODY: RefCell<BTreeMap<TenantId, Timestamp>> = const { RefCell::new(BTreeMap::new()) };
}

/// Something of a tenant has changed.
pub(crate) fn changed(tenant: TenantId) {
    CHANGED.with_borrow_mut(|changed| changed.insert(tenant));
}

/// Has hubs told after the answer, by one request for all.
pub(crate) fn tell_later(runtime: &Runtime, wait_until: impl FnOnce(LocalBoxFuture<'static, ()>)) {
    let now = platform::now();
    let waits = TELLER_SINCE.get().is_some_and(|since| since.plus_millis(TELLER_LIFE_MILLIS) > now);
    if waits || CHANGED.with_borrow(BTreeSet::is_empty) {
        return;
    }
    TELLER_SINCE.set(Some(now));
    let runtime = runtime.apart();
    wait_until(Box::pin(async move {
        platform::sleep(GATHER_MILLIS).await;
        TELLER_SINCE.set(None);
        let told = pushed(&runtime).await;
        let waiting = told.into_iter().filter(|(_, wanted)| wanted.waiting);
        together(waiting.map(|(tenant, _)| follow_up(&runtime, tenant))).await;
    }));
}

/// Tells the hubs of what this isolate has changed and told nobody. For queues and cron, which wait for no client: whoever is behind
/// gets the rest with the next change, or catches up by itself.
pub(crate) async fn tell(runtime: &Runtime) {
    pushed(runtime).await;
}

/// The same. What those hubs want that have somebody.
async fn pushed(runtime: &Runtime) -> Vec<(TenantId, Wanted)> {
    let now = platform::now();
    let nobody = |tenant: &TenantId| {
        NOBODY.with_borrow(|nobody| nobody.get(tenant).is_some_and(|at| at.plus_millis(NOBODY_MILLIS) > now))
    };
    let changed = CHANGED.take();
    let tell = |tenant: TenantId| async move { Some((tenant, push(runtime, tenant).await?)) };
    let told = together(changed.into_iter().filter(|tenant| !nobody(tenant)).map(tell)).await;
    told.into_iter().flatten().collect()
}

/// Hands in the rest as clients acknowledge what they have, for as long as a hub has patience with them.
async fn follow_up(runtime: &Runtime, tenant: TenantId) {
    let now = platform::now();
    let until = now.plus_millis(CATCH_UP_MILLIS);
    // Whoever waited may have died with its request.
    let others = AWAITED.with_borrow_mut(|awaited| awaited.insert(tenant, until));
    if let Some(others) = others.filter(|until| *until > now) {
        AWAITED.with_borrow_mut(|awaited| awaited.insert(tenant, others));
        return;
    }
    while platform::now() < until {
        platform::sleep(WAIT_MILLIS).await;
        match ask(runtime, tenant, &Question::Wanted).await {
            Ok(wanted) if wanted.behind => drop(push(runtime, tenant).await),
            Ok(wanted) if wanted.waiting => {}
            _ => break,
        }
    }
    AWAITED.with_borrow_mut(|awaited| awaited.remove(&tenant));
}

/// Brings a new socket to where the others are, and sees that nothing is missed that happened while others believed nobody to be there.
pub(crate) async fn welcome(runtime: &Runtime, tenant: TenantId) {
    NOBODY.with_borrow_mut(|nobody| nobody.remove(&tenant));
    let begun = platform::now();
    let Some(wanted) = push(runtime, tenant).await else { return };
    if wanted.waiting {
        follow_up(runtime, tenant).await;
    }
    if wanted.young {
        let waited = platform::now().unix_millis() - begun.unix_millis();
        platform::sleep(u32::try_from(LOOK_AGAIN_MILLIS - waited).unwrap_or_default()).await;
        push(runtime, tenant).await;
    }
}

/// Hands in what a hub wants of the feed. `None` if nobody is there, or it failed.
async fn push(runtime: &Runtime, tenant: TenantId) -> Option<Wanted> {
    let pushed = try_push(runtime, tenant).await;
    let outcome = match &pushed {
        Ok(Some(_)) => "done",
        Ok(None) => "nobody",
        Err(_) => "failed",
    };
    metrics::count(families::LIVE_PUSHES, &[Side::HERE, outcome], 1);
    pushed.unwrap_or_else(|failure| {
        log::fault("changes_not_pushed", &failure.reason().unwrap_or_default());
        None
    })
}

async fn try_push(runtime: &Runtime, tenant: TenantId) -> Result<Option<Wanted>, Failure> {
    let mut wanted = ask(runtime, tenant, &Question::Wanted).await?;
    if wanted.sockets == 0 {
        NOBODY.with_borrow_mut(|nobody| {
            if nobody.len() >= MAX_KNOWN {
                nobody.clear();
            }
            nobody.insert(tenant, platform::now());
        });
        return Ok(None);
    }
    let config = Config::of(runtime).map_err(Failure::internal)?;
    // Where the tenant's data lie may have changed since whoever committed was let in.
    let known = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant(tenant).await?;
    let here = |tenant: &Tenant| tenant.status == Status::Active && tenant.home_cell == config.cell;
    let Some(known) = known.filter(here) else { return Ok(None) };
    if !flags(runtime, &config.cell).await.is_on(Part::Live, &known) {
        ask(runtime, tenant, &Question::Close { farewell: Farewell::SwitchedOff }).await?;
        return Ok(None);
    }
    let firm = Firm { runtime, tenant: &known, freshness: Freshness::Latest };
    let feed = Feed::of(firm.parts()).ok_or_else(|| Failure::internal("a tenant has no slot"))?;
    for _ in 0..PAGES {
        let Some(from) = wanted.after else { break };
        let ChangePage { changes, last } = feed.page(Some(from), PAGE).await?;
        let through = changes.last().map_or(from, |(number, _)| *number);
        let changes: Vec<_> = changes
            .into_iter()
            .map(|(number, change)| Change {
                number,
                complaint: change.complaint,
                event: change.json(),
                next: Place(number).seal(tenant),
            })
            .collect();
        let is_empty = changes.is_empty();
        wanted = ask(runtime, tenant, &Question::Take(Page { from, last, changes })).await?;
        if is_empty || wanted.after.is_none_or(|after| after >= last && through >= last) {
            break;
        }
    }
    Ok(Some(wanted))
}

/// Tells those who listen to a tenant which of them may stay.
pub(crate) async fn stand(runtime: &Runtime, tenant: TenantId, door: Door) -> Result<(), Fault> {
    ask(runtime, tenant, &Question::Stand { door }).await.map(drop)
}

async fn ask(runtime: &Runtime, tenant: TenantId, question: &Question) -> Result<Wanted, Fault> {
    let wanted: Wanted = runtime.ask(Class::LiveHub, &live_hub::name_of(tenant), question).await?;
    metrics::count(families::LIVE_SENT, &[], wanted.sent);
    for (farewell, n) in &wanted.closed {
        let (_, _, name) = farewell.parts();
        metrics::count(families::LIVE_CLOSED, &[name], *n);
    }
    Ok(wanted)
}
