//! The way of every request: authenticate, find the home cell, limit, authorise, in this order.
//!
//! Invariant: a [`TenantCall`] or an [`OperatorCall`] exists only if its caller may make it.

pub(crate) mod admission;
#[cfg(feature = "web")]
mod consumer;
mod credentials;
pub(crate) mod directory;
pub(crate) mod flags;
pub(crate) mod forward;
mod promised;
pub(crate) mod signature;
pub(crate) mod staff;

#[cfg(feature = "web")]
use crate::portal::page::{CaseCall, PageCall};
use crate::{
    call::{Call, Caller, CellCall, OperatorCall, Outcome, Reply, TenantCall},
    failure::Failure,
    platform,
    side::Side,
    store::{
        TenantDb,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use admission::{Cost, Paid};
use credentials::Credentials;
pub(crate) use credentials::unknown;
use promised::Named;
use shared::{
    access::{Access, Principal, Scope, may},
    http::problem::Code,
    identity::{csrf, session_token::SignedIn},
    ids::{KeyId, TenantId},
    live::ticket::Ticket,
    sign::api_key::VerifiedKey,
    tenant::{Status, relocation::Record, standing::Standing},
    time::Timestamp,
};
use std::{cell::RefCell, collections::HashMap, pin::Pin, rc::Rc};

type Answering = Pin<Box<dyn Future<Output = Outcome>>>;

/// A handler, and what it asks of its caller.
#[derive(Clone, Copy)]
pub(crate) enum Endpoint {
    /// Whatever the cell's Worker asks that serves it, which is not this one.
    Beside(Side),
    /// Nothing.
    Public(fn(Call) -> Answering),
    /// To be an operator.
    Operator(fn(OperatorCall) -> Answering),
    /// To be an operator, in the cell that drives the tenant's move.
    OperatorOfMove(fn(OperatorCall) -> Answering),
    /// To be another cell that speaks for the tenant in the path.
    Cell(fn(CellCall) -> Answering),
    /// To ask for a page of a firm that has a portal, at this cost.
    #[cfg(feature = "web")]
    Page(Cost, fn(Rc<PageCall>) -> Answering),
    /// To have shown that a complaint of a firm is theirs.
    #[cfg(feature = "web")]
    Case(fn(CaseCall) -> Answering),
    /// To be a tenant's key, or somebody of its staff, with this scope, at this cost.
    Tenant(Scope, Cost, fn(TenantCall) -> Answering),
}

/// Where a request goes on.
enum Passed<T> {
    /// In this cell.
    Here(T),
    /// In another, which has answered.
    Elsewhere(Reply),
}

/// Takes a request to its handler, if its caller may make it.
pub(crate) async fn pass(call: Call, endpoint: Endpoint) -> Outcome {
    match endpoint {
        Endpoint::Beside(side) => forward::beside(&call, side).await,
        Endpoint::Public(handler) => {
            admission::admit_address(&call.runtime, &call.config, &call.incoming.head.address).await?;
            handler(call).await
        }
        // A future that is never awaited is still compiled in, so these are no ordinary conditions. The router has none in other builds.
        #[cfg(any(feature = "back", feature = "courier"))]
        Endpoint::Operator(handler) => match operator(call).await? {
            Passed::Here(call) => handler(call).await,
            Passed::Elsewhere(reply) => Ok(reply),
        },
        #[cfg(not(any(feature = "back", feature = "courier")))]
        Endpoint::Operator(_) => Err(Failure::new(Code::NotFound)),
        #[cfg(feature = "back")]
        Endpoint::OperatorOfMove(handler) => match operator_of_move(call).await? {
            Passed::Here(call) => handler(call).await,
            Passed::Elsewhere(reply) => Ok(reply),
        },
        #[cfg(feature = "back")]
        Endpoint::Cell(handler) => handler(cell(call).await?).await,
        #[cfg(not(feature = "back"))]
        Endpoint::OperatorOfMove(_) | Endpoint::Cell(_) => Err(Failure::new(Code::NotFound)),
        #[cfg(feature = "web")]
        Endpoint::Page(cost, handler) => consumer::page(call, cost, handler).await,
        #[cfg(feature = "web")]
        Endpoint::Case(handler) => consumer::case(call, handler).await,
        Endpoint::Tenant(scope, cost, handler) => match tenant(call, scope, cost).await? {
            Passed::Here((call, paid)) => {
                let outcome = seen(call, scope, handler).await;
                if outcome.as_ref().is_ok_and(Reply::is_new) {
                    paid.into_iter().for_each(Paid::logged);
                }
                outcome
            }
            Passed::Elsewhere(reply) => Ok(reply),
        },
    }
}

/// What a handler answers, as whoever asks may see it; what somebody of the staff reads is noted.
#[cfg(any(feature = "front", feature = "middle", feature = "courier", feature = "back", feature = "web"))]
async fn seen(call: TenantCall, scope: Scope, handler: fn(TenantCall) -> Answering) -> Outcome {
    let read = staff::Read::of(&call, scope);
    #[cfg(any(feature = "front", feature = "courier", feature = "web"))]
    let outcome = of_complaint(call, handler).await;
    #[cfg(not(any(feature = "front", feature = "courier", feature = "web")))]
    let outcome = handler(call).await;
    match (outcome, read) {
        (Ok(reply), Some(read)) => read.shown(reply).await,
        (outcome, _) => outcome,
    }
}

/// The others show no complaint.
#[cfg(not(any(feature = "front", feature = "middle", feature = "courier", feature = "back", feature = "web")))]
async fn seen(call: TenantCall, _: Scope, handler: fn(TenantCall) -> Answering) -> Outcome {
    handler(call).await
}

/// What a handler answers that may be asked for a complaint: one that whoever asks may not see is not there, and one that is promised is
/// looked for where it may be.
#[cfg(any(feature = "front", feature = "courier", feature = "web"))]
async fn of_complaint(mut call: TenantCall, handler: fn(TenantCall) -> Answering) -> Outcome {
    staff::shut(&mut call).await?;
    let named = Named::of(&call);
    match (handler(call).await, named) {
        (Err(failure), Some(named)) if failure.code == Code::NotFound => named.elsewhere().await?.ok_or(failure),
        (outcome, _) => outcome,
    }
}

/// Lets a tenant's key, or somebody of its staff, through if they have `scope`.
///
/// 1. Authenticate: a token, or a session's cookie, whose signature is genuine (401).
/// 2. Find the home cell: forward what belongs to another (503 if that one does not answer).
/// 3. The tenant's standing: keys that were ended, sessions that are barred, tenants that are gone (401), suspended (403), addresses (403).
/// 4. Limit (429).
/// 5. Authorise: the scope (403), the signature if the request must be signed (401), a session's token against forged requests
///    (403), and a part that is switched off (503).
async fn tenant(mut call: Call, scope: Scope, cost: Cost) -> Result<Passed<(TenantCall, Option<Paid>)>, Failure> {
    // (1)
    if let Some(cell) = credentials::foreign_ticket(&call) {
        return Ok(Passed::Elsewhere(forward::forward(&call, &cell, false).await?));
    }
    let credentials = credentials::read(&call)?;
    let (tenant, id, issuer) = match &credentials {
        Credentials::Key(key) => (&key.tenant, Some(key.key), &key.cell),
        Credentials::Staff(token) => (&token.tenant, None, &token.cell),
        Credentials::None | Credentials::Operator | Credentials::Cell(_) => {
            may(&credentials.principal(), Access::Tenant(scope))?;
            return Err(unknown());
        }
    };
    call.runtime.meter.caller.set(Some((*tenant, id)));

    // (2)
    let here = &call.config.cell;
    if issuer != here && forward::hops(&call) == 0 {
        match directory::home_of(&call, *tenant).await? {
            Some(home) if home != *here => return Ok(Passed::Elsewhere(forward::forward(&call, &home, false).await?)),
            Some(_) => {}
            None => return Err(unknown()),
        }
    }

    // (3)
    let standing = admission::standing(&call, *tenant).await?.ok_or_else(|| forward::not_here(&call))?;
    let home = &standing.tenant.home_cell;
    if home != here {
        return Ok(Passed::Elsewhere(forward::forward(&call, home, true).await?));
    }
    match &credentials {
        Credentials::Key(key) => {
            is_welcome(&standing, key, call.now)?;
            if !credentials::from_allowed_address(&call, key) {
                return Err(Failure::new(Code::Forbidden).detail("The key may not be used from this address"));
            }
        }
        Credentials::Staff(token) => is_admitted(&standing, token)?,
        Credentials::None | Credentials::Operator | Credentials::Cell(_) => return Err(unknown()),
    }

    // (4)
    call.runtime.meter.counted.set(true);
    let paid = admission::admit(&call, &standing, cost).await?;

    // (5)
    may(&credentials.principal(), Access::Tenant(scope))?;
    let tenant = *tenant;
    let caller = match credentials {
        Credentials::Key(key) => {
            call.signed = signature::check(&call, &key, &standing).await?;
            note_use(&call, tenant, key.key);
            Caller::Key(key.key)
        }
        Credentials::Staff(token) => {
            staff::meant(&call, &token, &call.incoming.header(csrf::HEADER).unwrap_or_default())?;
            Caller::Staff(token)
        }
        Credentials::None | Credentials::Operator | Credentials::Cell(_) => return Err(unknown()),
    };
    flags::allow(&call, &standing.tenant).await?;
    let call = TenantCall { call, standing, caller };
    call.follow_bookmarks()?;
    Ok(Passed::Here((call, paid)))
}

fn is_welcome(standing: &Standing, key: &VerifiedKey, now: Timestamp) -> Result<(), Failure> {
    if !standing.accepts(key.key, &key.cell, now) {
        return Err(unknown());
    }
    not_suspended(standing)
}

/// Whether somebody's session still opens the tenant's doors.
pub(crate) fn is_admitted(standing: &Standing, token: &SignedIn) -> Result<(), Failure> {
    if !standing.admits(token) {
        return Err(credentials::signed_out());
    }
    not_suspended(standing)
}

fn not_suspended(standing: &Standing) -> Result<(), Failure> {
    if standing.tenant.status == Status::Suspended {
        return Err(Failure::new(Code::TenantSuspended).detail("Ask the operator of the service"));
    }
    Ok(())
}

/// Whether a caller who was let in and has waited since is welcome still.
pub(crate) async fn still_welcome(call: &TenantCall) -> Result<(), Failure> {
    let TenantCall { call, standing, .. } = call;
    let credentials = credentials::read(call)?;
    let standing = admission::standing(call, standing.tenant.id).await?.ok_or_else(unknown)?;
    match credentials {
        Credentials::Key(key) => is_welcome(&standing, &key, platform::now()),
        Credentials::Staff(token) => is_admitted(&standing, &token),
        Credentials::None | Credentials::Operator | Credentials::Cell(_) => Err(unknown()),
    }
}

/// How a caller was let in.
pub(crate) struct Entrance {
    /// When the credentials expire.
    pub(crate) ends_at: Timestamp,
    /// The ticket that they are, unless they are a key.
    pub(crate) ticket: Option<Ticket>,
}

/// How a caller was let in that is to stay.
pub(crate) fn entrance(call: &TenantCall) -> Result<Entrance, Failure> {
    let Credentials::Key(key) = credentials::read(&call.call)? else { return Err(unknown()) };
    Ok(Entrance { ends_at: key.expires_at, ticket: credentials::ticket(&call.call)? })
}

/// Lets an operator through.
async fn operator(call: Call) -> Result<Passed<OperatorCall>, Failure> {
    may(&credentials::read(&call)?.principal(), Access::Operator)?;
    // What is asked of another cell's tenant is answered there.
    match call.path_value::<TenantId>("id") {
        Ok(tenant) => at_home(call, tenant).await,
        Err(_) => Ok(Passed::Here(OperatorCall { call })),
    }
}

/// Lets an operator through who asks about a tenant's move, to the cell that drives it.
async fn operator_of_move(call: Call) -> Result<Passed<OperatorCall>, Failure> {
    may(&credentials::read(&call)?.principal(), Access::Operator)?;
    let tenant = call.path_value::<TenantId>("id")?;
    let record = TenantDb::new(call.runtime.clone(), DIRECTORY_SHARD, tenant).relocation().await?;
    match record.map(|kept| kept.record) {
        // A cell that was asked by the tenant's home has driven its newest move, over or not.
        Some(Record::Leaving(job)) if job.is_open() || forward::hops(&call) > 0 => {
            Ok(Passed::Here(OperatorCall { call }))
        }
        Some(Record::Arriving(arrival)) if arrival.is_active() => {
            Ok(Passed::Elsewhere(forward::forward(&call, &arrival.from, true).await?))
        }
        _ => at_home(call, tenant).await,
    }
}

/// Lets a call through to the tenant's home. A cell that the tenant has left knows better than the directory.
async fn at_home(call: Call, tenant: TenantId) -> Result<Passed<OperatorCall>, Failure> {
    let here = &call.config.cell;
    let known = SystemDb::new(call.runtime.clone(), DIRECTORY_SHARD).tenant(tenant).await?;
    let home = match &known {
        Some(known) => Some(known.home_cell.clone()),
        None => directory::home_of(&call, tenant).await?,
    };
    match home {
        Some(home) if home != *here => Ok(Passed::Elsewhere(forward::forward(&call, &home, known.is_some()).await?)),
        _ => Ok(Passed::Here(OperatorCall { call })),
    }
}

/// Lets another cell through that speaks for the tenant in the path. Nothing of it is ever forwarded.
async fn cell(call: Call) -> Result<CellCall, Failure> {
    let principal = credentials::read(&call)?.principal();
    may(&principal, Access::Cell)?;
    match principal {
        Principal::Cell { cell: from, tenant }
            if call.path_value::<TenantId>("tenant").is_ok_and(|named| named == tenant) =>
        {
            Ok(CellCall { call, from, tenant })
        }
        _ => Err(unknown()),
    }
}

thread_local! {
    /// Keys of which it is noted already on which day this isolate saw them.
    static SEEN: RefCell<HashMap<KeyId, i64>> = RefCell::default();
}

const MAX_SEEN: usize = 10_000;
const DAY_MILLIS: i64 = 86_400_000;

/// Notes on which day a key was last used: once a day and isolate, after the answer.
fn note_use(call: &Call, tenant: TenantId, key: KeyId) {
    let now: Timestamp = call.now;
    let day = now.unix_millis().div_euclid(DAY_MILLIS);
    let new = SEEN.with_borrow_mut(|seen| {
        if seen.len() >= MAX_SEEN {
            seen.clear();
        }
        seen.insert(key, day) != Some(day)
    });
    if new {
        let db = TenantDb::new(call.runtime.apart(), DIRECTORY_SHARD, tenant);
        call.afterwards(async move {
            if let Err(error) = db.note_use(key, now).await {
                crate::log::fault("key_use_not_noted", &error);
            }
        });
    }
}
