//! `/v1/complaints/{id}/lock`: who works on a case now. The case's `CaseLock` decides; D1 keeps a copy of the lock in
//! force, which reads show and against which every write is checked in its own transaction.

use crate::{
    call::{Outcome, Reply, TenantCall, bad_header},
    failure::Failure,
    platform::Class,
    store::TenantDb,
};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    http::problem::{Code, FieldError, Rule},
    ids::ComplaintId,
    lock::{Answer, Ask, DEFAULT_TTL_SECONDS, FencingToken, Holder, Lock, MAX_TTL_SECONDS, MIN_TTL_SECONDS},
};

/// The largest body that is read, in bytes.
const MAX_BODY: u32 = 4 * 1024;

/// The body of `PUT /v1/complaints/{id}/lock` and of `PUT /v1/complaints/{id}/lock/holder`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Taking {
    /// Who is to hold it.
    holder: Holder,
    /// For how long, in seconds: 5 to 900, unless it is renewed. Default: 120.
    #[serde(default = "default_ttl")]
    ttl_seconds: u32,
}

const fn default_ttl() -> u32 {
    DEFAULT_TTL_SECONDS
}

/// `PUT /v1/complaints/{id}/lock`: takes the lock, or renews it if `Redress-Lock` names it.
pub(crate) async fn take(call: TenantCall) -> Outcome {
    let Taking { holder, ttl_seconds } = body(&call).await?;
    match call.call.lock_token()? {
        Some(token) => settle(call, |_| Ask::Renew { token, ttl_seconds }).await,
        None => settle(call, |above| Ask::Take { holder, ttl_seconds, above }).await,
    }
}

/// `PUT /v1/complaints/{id}/lock/holder`: takes the lock from whoever holds it.
pub(crate) async fn take_over(call: TenantCall) -> Outcome {
    let Taking { holder, ttl_seconds } = body(&call).await?;
    settle(call, |above| Ask::TakeOver { holder, ttl_seconds, above }).await
}

/// `DELETE /v1/complaints/{id}/lock`: gives the lock that `Redress-Lock` names back.
pub(crate) async fn release(call: TenantCall) -> Outcome {
    let token = call.call.lock_token()?.ok_or_else(|| {
        bad_header("Redress-Lock", Rule::Missing, "Send the token that came with the lock".to_owned())
    })?;
    settle(call, |_| Ask::Release { token }).await
}

async fn body(call: &TenantCall) -> Result<Taking, Failure> {
    let taking = call.call.json::<Taking>(MAX_BODY).await?;
    if (MIN_TTL_SECONDS..=MAX_TTL_SECONDS).contains(&taking.ttl_seconds) {
        return Ok(taking);
    }
    let rule = format!("must be {MIN_TTL_SECONDS} to {MAX_TTL_SECONDS}");
    Err(Failure::new(Code::Invalid).error(FieldError::at("/ttl_seconds", Rule::OutOfRange, rule)))
}

/// 1. The complaint must be there (404); the copy's token is one that the next must exceed.
/// 2. The case's object decides (423 if somebody else holds it, 409 if the token's lock has ended).
/// 3. The copy follows before the caller hears of it, unless a newer one is there already (423).
async fn settle(call: TenantCall, ask: impl FnOnce(FencingToken) -> Ask) -> Outcome {
    let (id, db) = call.complaint()?;
    // (1)
    let copy = db.lock_token(id).await?.ok_or(Failure::new(Code::NotFound))?;
    // (2)
    let name = format!("{}:{id}", call.standing.tenant.id);
    let ask = ask(copy);
    let released = if let Ask::Release { token } = &ask { Some(*token) } else { None };
    let answer = call.call.runtime.ask::<Answer>(Class::CaseLock, &name, &ask).await?;
    // (3)
    match answer {
        Answer::Held { lock } if db.put_lock(id, &lock).await? => Reply::json(200, &lock),
        Answer::Held { .. } => Err(overtaken(&db, id, &call).await?),
        Answer::Released => {
            if let Some(token) = released {
                db.clear_lock(id, token).await?;
            }
            Ok(Reply::empty(204))
        }
        Answer::Busy { lock } => Err(busy(&lock)),
        Answer::Lost => Err(Failure::lock_lost()),
    }
}

async fn overtaken(db: &TenantDb, id: ComplaintId, call: &TenantCall) -> Result<Failure, Failure> {
    let lock = db.lock_in_force(id, call.call.now).await?;
    Ok(lock.map_or_else(Failure::lock_lost, |lock| busy(&lock)))
}

/// Somebody else works on it.
pub(crate) fn busy(lock: &Lock) -> Failure {
    let Lock { holder, expires_at, .. } = lock;
    Failure::new(Code::Locked)
        .detail(format!("{} works on it; the lock ends at {expires_at} unless it is renewed", holder.name.as_str()))
        .locked_by(lock.shown())
}

/// Whether a writer who names `token`, or none, may write to a case with this lock.
pub(crate) fn allows(lock: Option<&Lock>, token: Option<FencingToken>) -> Result<(), Failure> {
    match (lock, token) {
        (None, None) => Ok(()),
        (Some(lock), Some(token)) if lock.token == token => Ok(()),
        (Some(lock), _) => Err(busy(lock)),
        (None, Some(_)) => Err(Failure::lock_lost()),
    }
}

/// A complaint's JSON with who works on it: the one member that is not part of its case file.
pub(crate) fn shown_in(mut complaint: String, lock: Option<&Lock>) -> String {
    let lock = lock.and_then(|lock| serde_json::to_string(&lock.shown()).ok()).unwrap_or_else(|| "null".to_owned());
    if complaint.ends_with('}') {
        complaint.pop();
        complaint.push_str(&format!(",\"lock\":{lock}}}"));
    }
    complaint
}
