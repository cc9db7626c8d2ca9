//! The Durable Objects of a cell. Each keeps the state of one thing (a tenant, a case, a key) and answers one question
//! about it at a time. What they decide is in `shared`; here it is kept, and the clock is read.
//!
//! The Worker links this crate for its exported classes and speaks to them in the messages of `shared::object`.
#![allow(missing_docs, reason = "the macro of objects makes public methods without any; clippy and review see to ours")]
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod case_lock;
mod exchange;
mod live_hub;
mod metrics;
mod rate_limiter;
mod replay_guard;

pub use case_lock::CaseLock;
pub use live_hub::LiveHub;
pub use metrics::Metrics;
pub use rate_limiter::RateLimiter;
pub use replay_guard::ReplayGuard;
