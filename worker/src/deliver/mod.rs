//! From the outbox to whoever is to be told: send, sweep, record, give up.

pub(crate) mod consumer;
mod linking;
pub(crate) mod messages;
mod noting;
pub(crate) mod outbox;
pub(crate) mod scanning;
pub(crate) mod transport;
pub(crate) mod webhooks;
