//! What the Worker and the Durable Objects say to each other: a module for each object. A deployed object may be older
//! than the Worker that asks it, so formats are pinned by tests and only ever gain members with a default.

pub mod live_hub;
pub mod metrics;
pub mod rate_limiter;
pub mod replay_guard;
