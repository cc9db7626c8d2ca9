//! Who calls: by the `Authorization` header alone, without I/O.

use crate::{call::Call, failure::Failure};
use shared::{
    access::Principal,
    http::problem::Code,
    sign::api_key::{CELL_PREFIX, VerifiedCell, VerifiedKey},
    time::Timestamp,
};
use std::{cell::RefCell, collections::HashMap, net::IpAddr, rc::Rc};

/// Whose credentials a request carries.
pub(super) enum Credentials {
    /// None.
    None,
    /// The operator's.
    Operator,
    /// A tenant's key, whose token is genuine and valid now.
    Key(Rc<VerifiedKey>),
    /// Another cell's, speaking for a tenant.
    Cell(VerifiedCell),
}

impl Credentials {
    /// Whose they are, for [`shared::access::may`].
    pub(super) fn principal(&self) -> Principal {
        match self {
            Self::None => Principal::Anonymous,
            Self::Operator => Principal::Operator,
            Self::Key(key) => principal_of(key),
            Self::Cell(VerifiedCell { cell, tenant }) => Principal::Cell { cell: cell.clone(), tenant: *tenant },
        }
    }
}

/// A tenant's system.
pub(super) fn principal_of(key: &VerifiedKey) -> Principal {
    Principal::Key { tenant: key.tenant, key: key.key, scopes: key.scopes.clone() }
}

const OPERATOR_PREFIX: &str = "rdr_op_";

/// Whoever sends no credentials is anonymous; whoever sends wrong ones is refused.
pub(super) fn read(call: &Call) -> Result<Credentials, Failure> {
    let header = call.incoming.head.authorization.as_str();
    if header.is_empty() {
        return Ok(Credentials::None);
    }
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(unknown)?;
    if token.starts_with(OPERATOR_PREFIX) {
        if !call.config.is_operator(token) {
            return Err(unknown());
        }
        call.runtime.meter.known.set(true);
        call.runtime.meter.counted.set(true);
        return Ok(Credentials::Operator);
    }
    if token.starts_with(CELL_PREFIX) {
        let cell = call.config.keys.verify_cell(token, call.now).map_err(|_| unknown())?;
        call.runtime.meter.known.set(true);
        call.runtime.meter.counted.set(true);
        return Ok(Credentials::Cell(cell));
    }
    let key = verify(call, token)?;
    call.runtime.meter.known.set(true);
    Ok(Credentials::Key(key))
}

/// Why a key is refused is not said: it would help only who guesses.
pub(super) fn unknown() -> Failure {
    Failure::new(Code::Unauthenticated).detail("The key is not valid here, or no longer")
}

/// Whether a key may be used from where the request comes.
pub(super) fn from_allowed_address(call: &Call, key: &VerifiedKey) -> bool {
    let address = call.incoming.head.address.parse::<IpAddr>();
    key.ip_ranges.is_empty() || address.is_ok_and(|address| key.ip_ranges.iter().any(|range| range.contains(address)))
}

thread_local! {
    /// Tokens whose signature was checked in this isolate: checking one costs more than the rest of a read.
    static VERIFIED: RefCell<HashMap<String, Rc<VerifiedKey>>> = RefCell::default();
}

const MAX_VERIFIED: usize = 1_000;

fn verify(call: &Call, token: &str) -> Result<Rc<VerifiedKey>, Failure> {
    let current = |key: &VerifiedKey, now: Timestamp| key.valid_from <= now && key.expires_at > now;
    if let Some(known) = VERIFIED.with_borrow(|known| known.get(token).cloned()) {
        return if current(&known, call.now) { Ok(known) } else { Err(unknown()) };
    }
    let key = Rc::new(call.config.keys.verify(token, call.now).map_err(|_| unknown())?);
    VERIFIED.with_borrow_mut(|known| {
        if known.len() >= MAX_VERIFIED {
            known.clear();
        }
        known.insert(token.to_owned(), Rc::clone(&key));
    });
    Ok(key)
}
