//! What a directory is told of a failure (RFC 7644 §3.12).

use super::ERROR_SCHEMA;
use crate::identity::person::Refused;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Which rule was broken (RFC 7644 table 9), as far as this service says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimType {
    /// The filter cannot be read, or asks for what is not looked up here.
    InvalidFilter,
    /// The value belongs to another resource.
    Uniqueness,
    /// What is to be changed cannot be.
    Mutability,
    /// The body cannot be read.
    InvalidSyntax,
    /// A path cannot be read.
    InvalidPath,
    /// A path leads to nothing that could be changed.
    NoTarget,
    /// A value is missing or not acceptable.
    InvalidValue,
}

impl ScimType {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
        }
    }
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// Which rule.
    pub kind: Option<ScimType>,
    /// In words.
    pub detail: Cow<'static, str>,
}

impl ScimError {
    /// A rule that was broken: 409 for what is another's, else 400.
    #[must_use]
    pub fn of(kind: ScimType, detail: impl Into<Cow<'static, str>>) -> Self {
        let status = if kind == ScimType::Uniqueness { 409 } else { 400 };
        Self { status, kind: Some(kind), detail: detail.into() }
    }

    /// A failure for which there is but a status: 401, 403, 404, 412, 429, 500, 501, 503.
    #[must_use]
    pub fn status(status: u16, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, kind: None, detail: detail.into() }
    }

    pub(super) fn value(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(ScimType::InvalidValue, detail)
    }

    /// The body. `status` is a text, as the standard has it.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut document = json!({
            "schemas": [ERROR_SCHEMA], "status": self.status.to_string(), "detail": self.detail
        });
        if let (Some(kind), Some(members)) = (self.kind, document.as_object_mut()) {
            members.insert("scimType".to_owned(), kind.as_str().into());
        }
        document
    }
}

impl From<Refused> for ScimError {
    /// No seat is 403: trying again does not help, and 409 would make a directory look for another with that name.
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooManyTeams => Self::value(refused.to_string()),
            Refused::Unknown => Self::status(404, refused.to_string()),
            _ => Self::status(403, refused.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_as_the_standard_has_it() {
        let error = ScimError::of(ScimType::Uniqueness, "userName is taken");
        assert_eq!(
            error.document(),
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "scimType": "uniqueness",
                "status": "409", "detail": "userName is taken"
            })
        );
        assert_eq!(ScimError::from(Refused::NoSeat(5)).document()["status"], "403");
        assert_eq!(ScimError::status(404, "x").document().get("scimType"), None);
    }
}
