//! Structured logs: one JSON object a line, no personal data. Paths are logged as their route, never as they came.

use crate::config::Config;
use serde::Serialize;
use shared::{
    http::problem::Code,
    ids::{KeyId, RequestId, TenantId},
};

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
}

pub(crate) fn request(config: &Config, answered: &Answered<'_>) {
    let failed = answered.status >= 500;
    if !failed && !config.log_requests {
        return;
    }
    let level = if failed { "error" } else { "info" };
    if let Ok(line) = serde_json::to_string(&Line { level, message: "request", answered }) {
        if failed { worker::console_error!("{line}") } else { worker::console_log!("{line}") }
    }
}

/// Something that went wrong outside a request's answer.
pub(crate) fn fault(message: &'static str, error: &dyn std::fmt::Display) {
    let line = serde_json::json!({ "level": "error", "message": message, "error": error.to_string() });
    worker::console_error!("{line}");
}

/// Something worth knowing, with its count.
pub(crate) fn note(message: &'static str, count: u32) {
    let line = serde_json::json!({ "level": "info", "message": message, "count": count });
    worker::console_log!("{line}");
}
