//! The spool: complaints that were accepted while their database did not take them, as they are kept until it does.
//!
//! Formats for life: what a release has spooled, the next one logs.

use crate::{
    access::Actor,
    chain::Digest,
    ids::{ComplaintId, TenantId},
    reference::Reference,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The version of [`Spooled`] that this build writes.
pub const VERSION: u8 = 1;

/// A complaint that waits to be logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spooled {
    /// The version of this format.
    pub v: u8,
    /// The firm.
    pub tenant: TenantId,
    /// What it will be called.
    pub complaint: ComplaintId,
    /// What the consumer was told to quote.
    pub reference: Reference,
    /// Who has sent it.
    pub by: Actor,
    /// The request's idempotency key, by which it is logged once.
    pub key: String,
    /// Of the request.
    pub fingerprint: Digest,
    /// When it was accepted, in the world's time.
    pub accepted_at: Timestamp,
    /// The body of `POST /v1/complaints`, as it came.
    pub body: String,
}

/// The answer to a complaint that is accepted and not logged yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Accepted {
    /// The id that it will have.
    pub id: ComplaintId,
    /// What a consumer quotes.
    pub reference: Reference,
    /// When it was accepted: it counts as logged since then.
    pub accepted_at: Timestamp,
}

/// Where a spooled complaint is kept: a name by which an earlier acceptance of the same request is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The firm.
    pub tenant: TenantId,
    /// SHA-256 of the idempotency key.
    pub key: Digest,
}

/// A spooled complaint's turn: what is accepted earlier is logged earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The complaint, whose id begins with the time.
    pub complaint: ComplaintId,
    /// Where it is kept.
    pub place: Place,
}

/// The first word of a message that asks for a complaint to be logged, which had to be given up before.
const MESSAGE: &str = "spool/1 ";

impl Spooled {
    /// Where it is kept.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { tenant: self.tenant, key: Digest::of(self.key.as_bytes()) }
    }

    /// Its turn.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        Waiting { complaint: self.complaint, place: self.place() }
    }

    /// What whoever has sent it is told.
    #[must_use]
    pub fn accepted(&self) -> Accepted {
        Accepted { id: self.complaint, reference: self.reference.clone(), accepted_at: self.accepted_at }
    }
}

/// As it is written in messages and keys: `<complaint>/<tenant>/<digest>`.
impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { complaint, place: Place { tenant, key } } = self;
        write!(f, "{complaint}/{tenant}/{key}")
    }
}

/// The text is no [`Waiting`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names no spooled complaint")]
pub struct NotWaiting;

impl FromStr for Waiting {
    type Err = NotWaiting;

    fn from_str(text: &str) -> Result<Self, NotWaiting> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(NotWaiting);
        let complaint = next()?.parse().map_err(|_| NotWaiting)?;
        let tenant = next()?.parse().map_err(|_| NotWaiting)?;
        let key = Digest::try_from(next()?.to_owned()).map_err(|_| NotWaiting)?;
        if parts.next().is_none() { Ok(Self { complaint, place: Place { tenant, key } }) } else { Err(NotWaiting) }
    }
}

impl Waiting {
    /// A message that asks for it to be logged.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{MESSAGE}{self}")
    }

    /// What such a message asks for.
    #[must_use]
    pub fn asked(message: &str) -> Option<Self> {
        message.strip_prefix(MESSAGE)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str = concat!(
        r#"{"v":1,"tenant":"018bcfe5-6800-7202-8202-020202020202","complaint":"018bcfe5-6800-7303-8303-030303030300","#,
        r#""reference":"NWB-0C99-78TJ","by":{"id":"018bcfe5-6800-7202-8202-020202020203","kind":"key"},"key":"crm-7","#,
        r#""fingerprint":"3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29","#,
        r#""accepted_at":"2026-11-26T03:00:00.000Z","body":"{\"channel\":\"web\"}"}"#
    );

    #[test]
    fn the_format_is_unchanged() {
        let spooled: Spooled = crate::json::from_str(TEXT).unwrap();
        assert_eq!(serde_json::to_string(&spooled).unwrap(), TEXT);
        let accepted = serde_json::to_value(spooled.accepted()).unwrap();
        let told =
            json!({ "id": spooled.complaint, "reference": "NWB-0C99-78TJ", "accepted_at": "2026-11-26T03:00:00.000Z" });
        assert_eq!(accepted, told);
    }

    #[test]
    fn its_turn_is_written_and_read() {
        let waiting = crate::json::from_str::<Spooled>(TEXT).unwrap().waiting();
        assert_eq!(waiting.to_string().parse(), Ok(waiting));
        assert_eq!(Waiting::asked(&waiting.message()), Some(waiting));
        let cut = waiting.to_string().replace('/', "");
        for other in ["", "a/b/c", &cut, &format!("{waiting}/x"), "clocks/1 3"] {
            assert_eq!(other.parse::<Waiting>(), Err(NotWaiting), "{other}");
            assert_eq!(Waiting::asked(other), None, "{other}");
        }
    }
}
