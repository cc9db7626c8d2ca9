//! Structured logs: one JSON object a line, no personal data. Paths are logged as their route, never as they came.

use crate::{
    call::{Call, TenantCall},
    config::Config,
    metrics, platform,
    side::Side,
};
use serde::Serialize;
use shared::{
    exchange::answer::Tally,
    http::problem::Code,
    ids::{KeyId, RequestId, TenantId},
    metrics::families,
    time::Timestamp,
};
use std::cell::Cell;

/// What is logged of a request once it is answered.
#[derive(Serialize)]
pub(crate) struct Answered<'c> {
    pub(crate) request_id: RequestId,
    pub(crate) trace_id: &'c str,
    pub(crate) method: &'c str,
    /// The route's pattern.
    pub(crate) route: &'c str,
    pub(crate) status: u16,
    pub(crate) duration_ms: i64,
    pub(crate) d1_calls: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<KeyId>,
    /// The problem's code, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'c str>,
}

#[derive(Serialize)]
struct Line<'c> {
    level: &'static str,
    message: &'static str,
    #[serde(flatten)]
    answered: &'c Answered<'c>,
    /// How many refusals were not logged since the last that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    unlogged: Option<u32>,
}

/// Of requests over a limit, each isolate logs one in so many milliseconds, with the number of those between: who sends
/// too much would else make a log line the dearest part of being refused.
const REFUSAL_LOGGED_MILLIS: i64 = 1_000;

thread_local! {
    /// When the last refusal was logged, and how many were not since.
    static REFUSALS: Cell<(i64, u32)> = const { Cell::new((i64::MIN, 0)) };
}

/// Whether a refusal is logged now, and then how many were not.
fn refusal_in_turn() -> Option<u32> {
    let now = platform::now().unix_millis();
    let (logged_at, unlogged) = REFUSALS.get();
    let due = now.saturating_sub(logged_at) >= REFUSAL_LOGGED_MILLIS;
    REFUSALS.set(if due { (now, 0) } else { (logged_at, unlogged.saturating_add(1)) });
    due.then_some(unlogged)
}

pub(crate) fn request(config: &Config, answered: &Answered<'_>) {
    let failed = answered.status >= 500;
    if !failed && !config.log_requests {
        return;
    }
    let unlogged = match answered.code {
        Some(Code::QuotaExceeded) => match refusal_in_turn() {
            Some(unlogged) => Some(unlogged),
            None => return,
        },
        _ => None,
    };
    let level = if failed { "error" } else { "info" };
    if let Ok(line) = serde_json::to_string(&Line { level, message: "request", answered, unlogged }) {
        if failed { worker::console_error!("{line}") } else { worker::console_log!("{line}") }
    }
}

/// What has become of an import, once its answer is written.
pub(crate) fn imported(call: &TenantCall, tally: &Tally, begun: Timestamp) {
    if !call.call.config.log_requests {
        return;
    }
    let Call { trace, runtime, .. } = &call.call;
    let (tenant, key, d1_calls) = (call.standing.tenant.id, call.key().ok(), runtime.meter.d1_calls.get());
    let key = key.map(|key| key.to_string()).unwrap_or_default();
    let duration_ms = platform::now().unix_millis() - begun.unix_millis();
    let Tally { rows, created, already, failed, complete, .. } = tally;
    worker::console_log!(
        "{{\"level\":\"info\",\"message\":\"import\",\"trace_id\":\"{}\",\"tenant\":\"{tenant}\",\"key\":\"{key}\",\"rows\":{rows},\
         \"created\":{created},\"already\":{already},\"failed\":{failed},\"complete\":{complete},\"duration_ms\":{duration_ms},\
         \"d1_calls\":{d1_calls}}}",
        trace.trace_id()
    );
}

/// A call of D1 that took long.
#[derive(Serialize)]
pub(crate) struct Slow<'c> {
    /// Of which request it was, if it was of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<RequestId>,
    pub(crate) shard: &'c str,
    /// What the statements are called: their files below `worker/src/store/sql/`.
    pub(crate) statements: &'c [&'static str],
    pub(crate) millis: i64,
    pub(crate) read: u32,
    pub(crate) written: u32,
}

/// Tells of it. Parameters are nobody's business.
pub(crate) fn slow(call: &Slow<'_>) {
    if let Ok(call) = serde_json::to_string(call) {
        worker::console_warn!("{{\"level\":\"warn\",\"message\":\"d1_slow\",\"call\":{call}}}");
    }
}

/// Something that went wrong outside a request's answer.
pub(crate) fn fault(message: &'static str, error: &dyn std::fmt::Display) {
    metrics::count(families::FAULTS, &[Side::HERE, message], 1);
    let line = serde_json::json!({ "level": "error", "message": message, "error": error.to_string() });
    worker::console_error!("{line}");
}

/// Something worth knowing, with its count.
pub(crate) fn note(message: &'static str, count: u32) {
    let line = serde_json::json!({ "level": "info", "message": message, "count": count });
    worker::console_log!("{line}");
}
