//! Which parts are on for whom ([`shared::flags`]): kept in KV, so that they are there when databases are not, and in memory for ten
//! seconds. What cannot be read is as it was, and on at first.

use crate::{
    call::Call,
    failure::Failure,
    log,
    platform::{self, Runtime},
};
use shared::{
    flags::{By, Flags, part_of},
    http::problem::Code,
    json,
    tenant::{CellName, Tenant},
    time::Timestamp,
};
use std::{cell::RefCell, rc::Rc};

/// How long switches are trusted after they were read, in milliseconds.
const FRESH_MILLIS: i64 = 10_000;

thread_local! {
    static KNOWN: RefCell<Option<(Timestamp, Rc<Flags>)>> = const { RefCell::new(None) };
}

/// Where the cell's are kept.
pub(crate) fn key_of(cell: &CellName) -> String {
    format!("flags:{cell}")
}

/// The cell's switches, as fresh as they are trusted.
pub(crate) async fn flags(runtime: &Runtime, cell: &CellName) -> Rc<Flags> {
    let now = platform::now();
    let known = KNOWN.with_borrow(Clone::clone);
    if let Some((read_at, flags)) = &known
        && read_at.plus_millis(FRESH_MILLIS) > now
    {
        return Rc::clone(flags);
    }
    let read = runtime.directory_get(&key_of(cell)).await.map(|text| text.map(|text| json::from_str::<Flags>(&text)));
    let flags = match read {
        Ok(None) => Rc::default(),
        Ok(Some(Ok(flags))) => Rc::new(flags),
        Ok(Some(Err(error))) => kept(&known, &error),
        Err(error) => kept(&known, &error),
    };
    KNOWN.set(Some((now, Rc::clone(&flags))));
    flags
}

fn kept(known: &Option<(Timestamp, Rc<Flags>)>, error: &dyn std::fmt::Display) -> Rc<Flags> {
    log::fault("flags_not_read", error);
    known.as_ref().map(|(_, flags)| Rc::clone(flags)).unwrap_or_default()
}

/// Fails if what is asked for belongs to a part that is off for the tenant. What belongs to none waits for nothing.
pub(super) async fn allow(call: &Call, tenant: &Tenant) -> Result<(), Failure> {
    let head = &call.incoming.head;
    let Some(part) = part_of(&head.path, &head.query) else { return Ok(()) };
    let Some(by) = flags(&call.runtime, &call.config.cell).await.off(part, tenant) else { return Ok(()) };
    let name: &str = part.into();
    let whose = match by {
        By::Operator => "",
        By::Firm => ", by the firm itself",
    };
    Err(Failure::new(Code::Unavailable).detail(format!("`{name}` is switched off for now{whose}")))
}
