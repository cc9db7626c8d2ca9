//! Who calls: by the `Authorization` header alone, without I/O.

use crate::{call::Call, failure::Failure};
use shared::{
    access::{Principal, Scope},
    http::problem::Code,
    identity::{
        cookie,
        session_token::{self, SignedIn},
    },
    live::ticket::Ticket,
    sign::api_key::{CELL_PREFIX, VerifiedCell, VerifiedKey},
    tenant::CellName,
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
    /// A session of somebody of a tenant's staff, whose token is genuine and valid now.
    Staff(Box<SignedIn>),
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
            Self::Staff(token) => token.principal(),
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
        return match ticket(call)? {
            Some(ticket) => of_ticket(call, &ticket),
            None => of_cookie(call),
        };
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

/// The only path that tickets are good for.
const LIVE: &str = "/v1/live";

/// What a request for a socket offers instead of a key: the cell of a ticket, and the ticket, sealed.
fn offered(call: &Call) -> Option<(CellName, String)> {
    let head = &call.incoming.head;
    let protocols = if head.path == LIVE && head.authorization.is_empty() {
        call.incoming.header("sec-websocket-protocol")
    } else {
        None
    };
    let (cell, sealed) = Ticket::offered(protocols.as_deref()?).map(|(cell, sealed)| (cell, sealed.to_owned()))?;
    Some((cell, sealed))
}

/// The other cell that a ticket is of, if that can be reached.
pub(super) fn foreign_ticket(call: &Call) -> Option<CellName> {
    let (cell, _) = offered(call)?;
    (cell != call.config.cell && call.runtime.reaches(&cell)).then_some(cell)
}

/// The ticket that a request for a socket comes with, genuine and not expired.
pub(super) fn ticket(call: &Call) -> Result<Option<Ticket>, Failure> {
    let Some((_, sealed)) = offered(call) else { return Ok(None) };
    let ticket = Ticket::open(&sealed, &call.config.cursors).ok().filter(|ticket| ticket.expires_at > call.now);
    ticket.map(Some).ok_or_else(unknown)
}

/// The session that a browser's cookie is of.
fn of_cookie(call: &Call) -> Result<Credentials, Failure> {
    let cookies = call.incoming.header("cookie").unwrap_or_default();
    let Some(token) = cookie::ACCESS.of(&cookies) else { return Ok(Credentials::None) };
    let token = session_token::verify(&call.config.keys, token, call.now).map_err(|_| signed_out())?;
    call.runtime.meter.known.set(true);
    Ok(Credentials::Staff(Box::new(token)))
}

/// Why a session is refused is not said either.
pub(super) fn signed_out() -> Failure {
    Failure::new(Code::Unauthenticated).detail("The session is over, or has to be refreshed: POST /app/refresh")
}

/// It stands for the key that got it, but may only read, and from anywhere.
fn of_ticket(call: &Call, ticket: &Ticket) -> Result<Credentials, Failure> {
    if ticket.key_expires_at <= call.now {
        return Err(unknown());
    }
    call.runtime.meter.known.set(true);
    Ok(Credentials::Key(Rc::new(VerifiedKey {
        key: ticket.key,
        tenant: ticket.tenant,
        cell: call.config.cell.clone(),
        scopes: vec![Scope::ComplaintsRead],
        valid_from: Timestamp::MIN,
        ip_ranges: Vec::new(),
        signing: None,
        expires_at: ticket.key_expires_at,
    })))
}

/// Why a key is refused is not said: it would help only who guesses.
pub(crate) fn unknown() -> Failure {
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
