//! The consumer portal: `docs/portal.md`.

use crate::{
    call::{Call, Outcome},
    failure::Failure,
};
use shared::http::problem::Code;

/// `GET /{tenant}/`
pub(crate) async fn start(_call: Call) -> Outcome {
    Err(Failure::new(Code::NotFound))
}
