//! The complaint domain: types and pure rules.
//!
//! Invariant: nothing here does I/O, reads a clock or draws randomness; time and random bytes come in as
//! arguments. That is why the whole crate is tested natively, with examples and property tests.
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

pub mod access;
pub mod attachment;
pub mod breaker;
pub mod bulk;
pub mod chain;
pub mod changes;
pub mod clock;
pub mod complaint;
pub mod exchange;
pub mod flags;
pub mod http;
pub mod identity;
pub mod ids;
pub mod json;
pub mod kept;
pub mod letter;
pub mod limit;
pub mod live;
pub mod lock;
pub mod mail;
pub mod metrics;
pub mod notification;
pub mod notify;
pub mod object;
pub mod outbound_mail;
pub mod portal;
pub mod reference;
pub mod scim;
pub mod search;
pub mod sign;
pub mod similarity;
pub mod spool;
pub mod statistics;
pub mod taxonomy;
pub mod tenant;
pub mod text;
pub mod time;
pub mod view;
pub mod webhook;
pub mod words;
