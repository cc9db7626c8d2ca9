//! A request that landed in another cell than its tenant's: sent on over a service binding and answered as if it had
//! landed right.
//!
//! A request is forwarded once. Only a cell that the tenant has left may forward it once more, for the directory may
//! still point there for a minute; then it has met two cells that agree, or it is given up. So there is no loop.

use super::credentials::unknown;
use crate::{
    call::{Call, Outcome, Reply},
    failure::Failure,
    log,
    side::Side,
};
use shared::{http::problem::Code, tenant::CellName};

/// How long a cell may take to begin its answer, in milliseconds: longer than any request that is not stuck.
const PATIENCE_MILLIS: u32 = 5_000;
/// The same of one that takes a file in: as long as that may take to come.
const FILE_PATIENCE_MILLIS: u32 = 600_000;
/// How long another Worker of the cell may take to begin its answer: that is of this very cell, and may have to read a signed body first.
const BESIDE_PATIENCE_MILLIS: u32 = 60_000;
/// The header that counts how often a request was forwarded.
const HOPS: &str = "redress-hops";

/// How often a request was forwarded. Whoever sends the header from outside only harms their own request.
pub(crate) fn hops(call: &Call) -> u8 {
    call.incoming.head.hops.parse().unwrap_or_default()
}

/// Sends the request to `home`, which `home_is_certain` of having the tenant or only the directory says so.
pub(crate) async fn forward(call: &Call, home: &CellName, home_is_certain: bool) -> Outcome {
    let hops = hops(call);
    if hops > u8::from(home_is_certain) {
        log::fault("forwarded_too_often", &home);
        return Err(unanswered(home));
    }
    let binding = home.binding();
    let headers = format!("{HOPS}: {}\ntraceparent: {}", hops + 1, call.trace.to_header());
    let head = &call.incoming.head;
    let is_file = head.method == "POST" && head.path.ends_with("/attachments");
    let patience = if is_file { FILE_PATIENCE_MILLIS } else { PATIENCE_MILLIS };
    match call.runtime.forward(&binding, &call.incoming, &headers, patience).await {
        Ok(Some(answer)) => Ok(Reply::native(answer)),
        Ok(None) => Err(unanswered(home)),
        Err(fault) => {
            log::fault("cell_unreachable", &fault);
            Err(unanswered(home))
        }
    }
}

/// Passes the request on to another Worker of the cell, which answers and logs it.
pub(super) async fn beside(call: &Call, side: Side) -> Outcome {
    call.runtime.meter.answered_beside.set(true);
    let headers = format!("traceparent: {}", call.trace.to_header());
    let answer = call.runtime.forward(side.binding(), &call.incoming, &headers, BESIDE_PATIENCE_MILLIS).await?;
    answer.map(Reply::native).ok_or_else(|| unanswered(&call.config.cell))
}

/// This cell does not know the tenant. If another took it to be here, the key is not to blame.
pub(super) fn not_here(call: &Call) -> Failure {
    if hops(call) == 0 { unknown() } else { unanswered(&call.config.cell) }
}

fn unanswered(home: &CellName) -> Failure {
    Failure::new(Code::Unavailable).detail(format!("The cell {home} does not answer"))
}
