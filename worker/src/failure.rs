//! [`Failure`]: what a caller is told of a failure, kept apart from what the log is told.

use crate::{
    platform::{BodyFault, Fault},
    store::{StoreError, Unique},
};
use shared::{
    access::Denial,
    complaint::{decide::Refusal, state::Move},
    exchange::answer::Refused,
    http::{
        body::BodyError,
        etag,
        problem::{Code, FieldError, Problem, Rule},
    },
    ids::RequestId,
    lock::ShownLock,
};
use std::borrow::Cow;

/// A request that was not done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    /// Boxed, for every fallible function moves it.
    about: Box<About>,
}

/// What is known of it.
#[derive(Debug, Default)]
struct About {
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    legal: Option<Vec<Move>>,
    lock: Option<ShownLock>,
    violated: Option<Vec<&'static str>>,
    /// With `unavailable` and `quota_exceeded`: when to come again, in seconds.
    retry_after: Option<u32>,
    /// With `range_not_satisfiable`: how many bytes there are.
    size: u64,
    /// With `method_not_allowed`: what is.
    allowed: String,
    /// For the log only: may name tables and dependencies.
    internal: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: Code) -> Self {
        Self { code, about: Box::default() }
    }

    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.about.detail = Some(detail.into());
        self
    }

    pub(crate) fn error(mut self, error: FieldError) -> Self {
        self.about.errors.push(error);
        self
    }

    pub(crate) fn errors(code: Code, errors: Vec<FieldError>) -> Self {
        let mut failure = Self::new(code);
        failure.about.errors = errors;
        failure
    }

    /// What the caller has read is not what is there now.
    pub(crate) fn changed_since(version: u32) -> Self {
        Self::new(Code::PreconditionFailed).detail(format!("It is at {} now", etag::of_version(version)))
    }

    pub(crate) fn allow(mut self, methods: &str) -> Self {
        methods.clone_into(&mut self.about.allowed);
        self
    }

    pub(crate) fn locked_by(mut self, lock: ShownLock) -> Self {
        self.about.lock = Some(lock);
        self
    }

    /// Too many requests.
    pub(crate) fn violated(mut self, policy: &'static str, retry_after: u32) -> Self {
        self.about.violated = Some(vec![policy]);
        self.about.retry_after = Some(retry_after);
        self
    }

    /// There is nothing where a part of a file is asked for.
    pub(crate) fn beyond(size: u64) -> Self {
        let mut failure = Self::new(Code::RangeNotSatisfiable).detail(format!("It has {size} bytes"));
        failure.about.size = size;
        failure
    }

    /// How many bytes there are.
    pub(crate) fn size(&self) -> u64 {
        self.about.size
    }

    /// When to come again, in seconds.
    pub(crate) fn retry_after(&self) -> u32 {
        self.about.retry_after.unwrap_or(1)
    }

    /// The lock that the request names is not in force.
    pub(crate) fn lock_lost() -> Self {
        Self::new(Code::LockLost).detail("The lock that Redress-Lock names has ended: read the complaint again")
    }

    fn legal(mut self, moves: Vec<Move>) -> Self {
        self.about.legal = Some(moves);
        self
    }

    fn because(mut self, error: impl std::fmt::Display) -> Self {
        self.about.internal = Some(error.to_string());
        self
    }

    /// A fault on this side, with its reason for the log.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::new(Code::Internal).because(error)
    }

    /// The methods that are allowed.
    pub(crate) fn allowed(&self) -> String {
        self.about.allowed.clone()
    }

    /// What the log is told.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.about.internal.as_deref()
    }

    /// The same, as the answer to a row says it.
    pub(crate) fn refused(self) -> Refused {
        let About { detail, errors, .. } = *self.about;
        Refused { code: self.code, detail, errors }
    }

    pub(crate) fn into_problem(self, request_id: RequestId) -> Problem {
        let About { detail, errors, legal, lock, violated: violated_policies, .. } = *self.about;
        Problem { detail, errors, legal, lock, violated_policies, ..Problem::new(self.code, request_id) }
    }
}

impl From<Refused> for Failure {
    fn from(Refused { code, detail, errors }: Refused) -> Self {
        let failure = Self::errors(code, errors);
        detail.into_iter().fold(failure, Self::detail)
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Unauthenticated => Self::new(Code::Unauthenticated).detail("Send Authorization: Bearer and a key"),
            Denial::MissingScope(scope) => {
                Self::new(Code::Forbidden).detail(format!("The key lacks the scope {}", scope.as_str()))
            }
            Denial::MissingRole(_) => Self::new(Code::Forbidden).detail("None of your roles lets you do this"),
            Denial::MissingClearance => Self::new(Code::NotFound),
            Denial::WrongKind => Self::new(Code::Forbidden)
                .detail("Operator keys are for tenants and cells, tenants' keys for their complaints"),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::IllegalMove { state, asked, legal } => Self::new(Code::IllegalMove)
                .detail(format!("{} is not legal in state {}", name(asked), state.as_str()))
                .legal(legal),
            Refusal::NotOpen { state, legal } => Self::new(Code::IllegalMove)
                .detail(format!("The complaint has ended: it is {}", state.as_str()))
                .legal(legal),
            Refusal::NotEnded { state, legal } => Self::new(Code::IllegalMove)
                .detail(format!("The complaint has not ended: it is {}", state.as_str()))
                .legal(legal),
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
            BodyFault::Broken(fault) => Self::new(Code::MalformedJson).because(fault),
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
            StoreError::Taken(Unique::ViewName) => {
                Self::new(Code::AlreadyTaken).detail("Another view of this owner has this name")
            }
            StoreError::Taken(Unique::Person(what)) => {
                Self::new(Code::AlreadyTaken).detail(format!("Somebody else has this {what}"))
            }
            StoreError::Full(most) => {
                let rule = format!("a tenant has {most}");
                Self::new(Code::Invalid).error(FieldError::at("", Rule::OutOfRange, rule))
            }
            StoreError::Locked => Self::lock_lost(),
            StoreError::Held => Self::new(Code::Unavailable)
                .detail("The tenant is being moved: nothing is written meanwhile")
                .because(error),
            // The record of it is there, and yet was not found.
            StoreError::Taken(Unique::IdempotencyKey) | StoreError::Busy(_) => {
                Self::new(Code::Unavailable).because(error)
            }
            StoreError::Taken(Unique::Reference | Unique::Place) | StoreError::Broken(_) => Self::internal(error),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(Code::Unavailable).because(fault)
    }
}
