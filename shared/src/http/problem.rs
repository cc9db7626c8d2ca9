//! RFC 9457 problem details: the one shape of every failure. [`Code`] is the closed list, part of the public API.

use crate::complaint::state::Move;
use crate::ids::RequestId;
use crate::lock::ShownLock;
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;

/// A documented kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The body is not JSON.
    MalformedJson,
    /// A query parameter is unknown or not acceptable.
    InvalidParameter,
    /// A cursor was altered, or belongs to another list.
    InvalidCursor,
    /// A header is not acceptable.
    InvalidHeader,
    /// A POST came without `Idempotency-Key`.
    IdempotencyKeyMissing,
    /// Credentials are missing, wrong, expired or revoked.
    Unauthenticated,
    /// The request must be signed, and is not, or not as it must be.
    SignatureRefused,
    /// The credentials do not allow this.
    Forbidden,
    /// The tenant is suspended.
    TenantSuspended,
    /// There is no such thing, or it is not yours to see.
    NotFound,
    /// The thing has no such method.
    MethodNotAllowed,
    /// The command is not legal in this state.
    IllegalMove,
    /// The value belongs to another record already.
    AlreadyTaken,
    /// The record is full.
    CaseFull,
    /// The key has ended already.
    KeyEnded,
    /// The tenant is deleted.
    TenantDeleted,
    /// The lock that the request names has ended.
    LockLost,
    /// The record has changed since it was read.
    PreconditionFailed,
    /// The body is too large.
    TooLarge,
    /// The file has no bytes where they are asked for.
    RangeNotSatisfiable,
    /// The body is not declared as JSON.
    UnsupportedMediaType,
    /// A value breaks a rule.
    Invalid,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// Somebody else works on the complaint.
    Locked,
    /// The request must ask to become a WebSocket.
    UpgradeRequired,
    /// A write came without `If-Match`.
    PreconditionRequired,
    /// Too many requests, or the plan allows no more.
    QuotaExceeded,
    /// A dependency does not answer.
    Unavailable,
    /// A fault on this side.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 29] = [
        Self::MalformedJson,
        Self::InvalidParameter,
        Self::InvalidCursor,
        Self::InvalidHeader,
        Self::IdempotencyKeyMissing,
        Self::Unauthenticated,
        Self::SignatureRefused,
        Self::Forbidden,
        Self::TenantSuspended,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::IllegalMove,
        Self::AlreadyTaken,
        Self::CaseFull,
        Self::KeyEnded,
        Self::TenantDeleted,
        Self::LockLost,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::RangeNotSatisfiable,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::IdempotencyKeyReused,
        Self::Locked,
        Self::UpgradeRequired,
        Self::PreconditionRequired,
        Self::QuotaExceeded,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Status, name and title.
    #[must_use]
    pub const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::MalformedJson => (400, "malformed_json", "The body is not JSON"),
            Self::InvalidParameter => (400, "invalid_parameter", "A query parameter is not acceptable"),
            Self::InvalidCursor => (400, "invalid_cursor", "The cursor does not belong to this list"),
            Self::InvalidHeader => (400, "invalid_header", "A header is not acceptable"),
            Self::IdempotencyKeyMissing => (400, "idempotency_key_missing", "Every POST needs an Idempotency-Key"),
            Self::Unauthenticated => (401, "unauthenticated", "Credentials are missing or not valid"),
            Self::SignatureRefused => (401, "signature_refused", "The request is not signed as it must be"),
            Self::Forbidden => (403, "forbidden", "The credentials do not allow this"),
            Self::TenantSuspended => (403, "tenant_suspended", "The tenant is suspended"),
            Self::NotFound => (404, "not_found", "There is no such thing"),
            Self::MethodNotAllowed => (405, "method_not_allowed", "There is no such method here"),
            Self::IllegalMove => (409, "illegal_move", "The complaint's state does not allow this"),
            Self::AlreadyTaken => (409, "already_taken", "The value belongs to another record"),
            Self::CaseFull => (409, "case_full", "The case file is full"),
            Self::KeyEnded => (409, "key_ended", "The key has ended"),
            Self::TenantDeleted => (409, "tenant_deleted", "The tenant is deleted"),
            Self::LockLost => (409, "lock_lost", "The lock has ended"),
            Self::PreconditionFailed => (412, "precondition_failed", "The record has changed since it was read"),
            Self::TooLarge => (413, "too_large", "The body is too large"),
            Self::RangeNotSatisfiable => (416, "range_not_satisfiable", "The file has no such bytes"),
            Self::UnsupportedMediaType => {
                (415, "unsupported_media_type", "The body is of a type that is not taken here")
            }
            Self::Invalid => (422, "invalid", "Some values are not acceptable"),
            Self::IdempotencyKeyReused => {
                (422, "idempotency_key_reused", "The Idempotency-Key was used for another request")
            }
            Self::Locked => (423, "locked", "Somebody else works on it"),
            Self::UpgradeRequired => (426, "upgrade_required", "This is for WebSockets"),
            Self::PreconditionRequired => (428, "precondition_required", "This write needs If-Match"),
            Self::QuotaExceeded => (429, "quota_exceeded", "Too many requests, or the plan allows no more"),
            Self::Unavailable => (503, "unavailable", "Try again shortly"),
            Self::Internal => (500, "internal", "Something went wrong on this side"),
        }
    }
}

/// One member, parameter or header that is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldError {
    /// Where in the body, as a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Which query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Which header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<&'static str>,
    /// Which column of an imported table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The rule, for programs.
    pub code: Rule,
    /// The rule, for people.
    pub detail: Cow<'static, str>,
}

/// Which rule a value breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It is needed.
    Missing,
    /// No such member is known.
    UnknownField,
    /// It has the wrong JSON type.
    WrongType,
    /// It is not one of the allowed values, or has not the allowed form.
    NotAllowed,
    /// It lies outside the allowed range.
    OutOfRange,
    /// It names something that is not there.
    Unknown,
}

impl FieldError {
    /// An error at a place in the body.
    #[must_use]
    pub fn at(pointer: &str, code: Rule, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: Some(pointer.to_owned()), ..Self::of(code, detail.into()) }
    }

    /// An error in a query parameter.
    #[must_use]
    pub fn parameter(name: &str, code: Rule, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { parameter: Some(name.to_owned()), ..Self::of(code, detail.into()) }
    }

    /// An error in a header.
    #[must_use]
    pub fn header(name: &'static str, code: Rule, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { header: Some(name), ..Self::of(code, detail.into()) }
    }

    /// An error in a column of a table.
    #[must_use]
    pub fn column(name: &str, code: Rule, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { column: Some(name.to_owned()), ..Self::of(code, detail.into()) }
    }

    const fn of(code: Rule, detail: Cow<'static, str>) -> Self {
        Self { pointer: None, parameter: None, header: None, column: None, code, detail }
    }
}

/// What a caller is told of a failure.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Problem {
    /// `urn:redress:problem:<code>`; for `quota_exceeded` the registered type that clients know
    /// (draft-ietf-httpapi-ratelimit-headers, "Problem Types").
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// What sort of failure, in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What sort of failure, for programs.
    pub code: Code,
    /// What exactly, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Cow<'static, str>>,
    /// The request, as the log knows it: quote it to support.
    pub request_id: RequestId,
    /// The values that break rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// With `illegal_move`: what is legal instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal: Option<Vec<Move>>,
    /// With `locked`: who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<ShownLock>,
    /// With `quota_exceeded`: which policies.
    #[serde(rename = "violated-policies", skip_serializing_if = "Option::is_none")]
    pub violated_policies: Option<Vec<&'static str>>,
}

const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

impl Problem {
    /// The media type (RFC 9457 §3).
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem of this code and nothing more.
    #[must_use]
    pub fn new(code: Code, request_id: RequestId) -> Self {
        let (status, name, title) = code.parts();
        Self {
            kind: match code {
                Code::QuotaExceeded => Cow::Borrowed(QUOTA_EXCEEDED),
                _ => Cow::Owned(format!("urn:redress:problem:{name}")),
            },
            title,
            status,
            code,
            detail: None,
            request_id,
            errors: Vec::new(),
            legal: None,
            lock: None,
            violated_policies: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_its_own_name_and_it_is_the_serialized_one() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.parts().1).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.parts().1);
        }
    }
}
