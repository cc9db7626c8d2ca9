//! From the outbox to whoever is to be told: send, sweep, record, give up.

pub(crate) mod consumer;
pub(crate) mod outbox;
