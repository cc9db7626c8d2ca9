//! `ReplayGuard`, one per API key: each nonce of a signed request is accepted once (RFC 9421 §7.2.2).

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A nonce that was used just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Used {
    /// The nonce.
    pub nonce: String,
    /// Until when its signature would be accepted: it is remembered until then.
    pub expires_at: Timestamp,
}

/// Whether it was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// True for the first use alone.
    pub first: bool,
}
