//! The way of every request: authenticate, find the home cell, limit, authorise, in this order.
//!
//! Invariant: a [`TenantCall`] or an [`OperatorCall`] exists only if its caller may make it.

pub(crate) mod directory;

use crate::{
    call::{Call, OperatorCall, TenantCall},
    failure::Failure,
};
use shared::{
    access::{Access, Principal, Scope, may},
    http::problem::Code,
    sign::api_key::VerifiedKey,
    tenant::Status,
    time::Timestamp,
};
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// Lets a tenant's key through if it has `scope`.
pub(crate) async fn tenant(call: Call, scope: Scope) -> Result<TenantCall, Failure> {
    let principal = authenticate(&call)?;
    may(&principal, Access::Tenant(scope))?;
    let Principal::Key { tenant, key, .. } = principal else { return Err(Failure::new(Code::Forbidden)) };
    call.runtime.meter.caller.set(Some((tenant, key)));
    let entry = directory::entry(&call, tenant).await?.ok_or_else(unknown)?;
    if entry.revoked.contains(&key) {
        return Err(unknown());
    }
    if entry.tenant.status == Status::Suspended {
        return Err(Failure::new(Code::TenantSuspended).detail("Ask the operator of the service"));
    }
    let call = TenantCall { call, entry, key };
    call.follow_bookmarks()?;
    Ok(call)
}

/// Lets an operator through.
pub(crate) fn operator(call: Call) -> Result<OperatorCall, Failure> {
    may(&authenticate(&call)?, Access::Operator)?;
    Ok(OperatorCall { call })
}

/// Whoever sends no credentials is anonymous; whoever sends wrong ones is refused.
fn authenticate(call: &Call) -> Result<Principal, Failure> {
    let header = call.incoming.head.authorization.as_str();
    if header.is_empty() {
        return Ok(Principal::Anonymous);
    }
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(unknown)?;
    if token.starts_with(OPERATOR_PREFIX) {
        return if call.config.is_operator(token) { Ok(Principal::Operator) } else { Err(unknown()) };
    }
    let VerifiedKey { key, tenant, scopes, cell, .. } = verify(call, token)?;
    if cell != call.config.cell {
        return Err(unknown());
    }
    Ok(Principal::Key { tenant, key, scopes })
}

const OPERATOR_PREFIX: &str = "rdr_op_";

/// Why a key is refused is not said: it would help only who guesses.
fn unknown() -> Failure {
    Failure::new(Code::Unauthenticated).detail("The key is not valid here, or no longer")
}

thread_local! {
    /// Tokens whose signature was checked in this isolate: checking one costs more than the rest of a read.
    static VERIFIED: RefCell<HashMap<String, Rc<VerifiedKey>>> = RefCell::default();
}

const MAX_VERIFIED: usize = 1_000;

fn verify(call: &Call, token: &str) -> Result<VerifiedKey, Failure> {
    let current = |key: &VerifiedKey, now: Timestamp| key.expires_at > now;
    if let Some(known) = VERIFIED.with_borrow(|known| known.get(token).cloned()) {
        return if current(&known, call.now) { Ok(known.as_ref().clone()) } else { Err(unknown()) };
    }
    let key = call.config.keys.verify(token, call.now).map_err(|_| unknown())?;
    VERIFIED.with_borrow_mut(|known| {
        if known.len() >= MAX_VERIFIED {
            known.clear();
        }
        known.insert(token.to_owned(), Rc::new(key.clone()));
    });
    Ok(key)
}
