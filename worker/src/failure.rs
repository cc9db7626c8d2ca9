//! [`Failure`]: what a caller is told of a failure, kept apart from what the log is told.

use crate::{
    platform::{BodyFault, Fault},
    store::{StoreError, Unique},
};
use shared::{
    access::{Denial, Scope},
    complaint::{decide::Refusal, state::Move},
    http::{
        body::BodyError,
        problem::{Code, FieldError, Problem},
    },
    ids::RequestId,
};
use std::borrow::Cow;

/// A request that was not done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    legal: Option<Vec<Move>>,
    /// With `method_not_allowed`: what is.
    pub(crate) allowed: String,
    /// For the log only: may name tables and dependencies.
    pub(crate) internal: Option<String>,
}

impl Failure {
    pub(crate) const fn new(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), legal: None, allowed: String::new(), internal: None }
    }

    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub(crate) fn error(mut self, error: FieldError) -> Self {
        self.errors.push(error);
        self
    }

    pub(crate) fn allow(mut self, methods: &str) -> Self {
        methods.clone_into(&mut self.allowed);
        self
    }

    pub(crate) fn errors(code: Code, errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(code) }
    }

    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self { internal: Some(error.to_string()), ..Self::new(Code::Internal) }
    }

    pub(crate) fn into_problem(self, request_id: RequestId) -> Problem {
        let Self { code, detail, errors, legal, .. } = self;
        Problem { detail, errors, legal, ..Problem::new(code, request_id) }
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Unauthenticated => Self::new(Code::Unauthenticated).detail("Send Authorization: Bearer and a key"),
            Denial::MissingScope(scope) => Self::new(Code::Forbidden).detail(match scope {
                Scope::ComplaintsRead => "The key lacks the scope complaints:read",
                Scope::ComplaintsWrite => "The key lacks the scope complaints:write",
            }),
            Denial::WrongKind => Self::new(Code::Forbidden)
                .detail("Operator keys are for tenants and cells, tenants' keys for their complaints"),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::IllegalMove { state, asked, legal } => Self {
                detail: Some(format!("{} is not legal in state {}", name(asked), state.as_str()).into()),
                legal: Some(legal),
                ..Self::new(Code::IllegalMove)
            },
            Refusal::NotOpen { state, legal } => Self {
                detail: Some(format!("The complaint has ended: it is {}", state.as_str()).into()),
                legal: Some(legal),
                ..Self::new(Code::IllegalMove)
            },
            Refusal::Invalid(errors) => Self::errors(Code::Invalid, errors),
            Refusal::Full => Self::new(Code::CaseFull).detail("Open a linked complaint to go on"),
        }
    }
}

fn name(asked: Move) -> String {
    serde_json::to_value(asked).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Syntax { line, column } => {
                Self::new(Code::MalformedJson).detail(format!("Syntax error at line {line}, column {column}"))
            }
            BodyError::Rules(errors) => Self::errors(Code::Invalid, errors),
        }
    }
}

impl From<BodyFault> for Failure {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => Self::new(Code::TooLarge),
            // The caller hung up; nobody reads this answer.
            BodyFault::Broken(fault) => Self { internal: Some(fault.to_string()), ..Self::new(Code::MalformedJson) },
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(Unique::Version) => Self::new(Code::PreconditionFailed),
            StoreError::Taken(Unique::ExternalReference) => {
                Self::new(Code::AlreadyTaken).detail("Another complaint has this external_reference")
            }
            StoreError::Taken(Unique::Slug) => Self::new(Code::AlreadyTaken).detail("Another tenant has this slug"),
            StoreError::Busy(_) => Self { internal: Some(error.to_string()), ..Self::new(Code::Unavailable) },
            StoreError::Taken(Unique::IdempotencyKey | Unique::Reference) | StoreError::Broken(_) => {
                Self::internal(error)
            }
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { internal: Some(fault.to_string()), ..Self::new(Code::Unavailable) }
    }
}
