//! Notifications: who hears of what, on which channel, in which words. What sends them is `worker/src/deliver/messages.rs`.
//!
//! Invariant: an address is never kept with a notification. It is read from the complaint when something is sent, so whoever has
//! moved is reached where they are now, and nobody who was erased is reached at all.

pub mod digest;
pub mod opt_out;
pub mod plan;
pub mod settings;
pub mod text;

use crate::{clock::named::named, time::Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

named! {
/// By which way people are told. Systems are told by webhooks (`crate::webhook`), by rules of their own.
pub enum Channel {
    /// Electronic mail.
    Email: "email",
    /// A text message to a telephone.
    Sms: "sms",
    /// A line in the console, which is there once it is written.
    Console: "console",
}
}

named! {
/// Who is told.
pub enum Audience {
    /// The person who complains.
    Complainant: "complainant",
    /// Who complains on their behalf, if somebody does.
    Representative: "representative",
    /// Who works on the complaint, if their id is an address.
    Assignee: "assignee",
    /// The address that the rule names, such as a team's.
    Address: "address",
}
}

impl Audience {
    /// Whether it is somebody outside the firm, who may opt out.
    #[must_use]
    pub const fn may_opt_out(self) -> bool {
        matches!(self, Self::Complainant | Self::Representative)
    }
}

named! {
/// What has become of a notification.
pub enum Status {
    /// It is to be sent, or sent again.
    Queued: "queued",
    /// The next server has taken it over.
    Sent: "sent",
    /// It is where it was to go.
    Delivered: "delivered",
    /// The server says that there is no such address, or that it takes nothing.
    Bounced: "bounced",
    /// It was given up.
    Failed: "failed",
    /// It was not to be sent after all.
    Skipped: "skipped",
}
}

named! {
/// Why something was not sent, or an attempt failed.
pub enum Reason {
    /// There is nothing to send it to.
    NoAddress: "no_address",
    /// Whoever was to be told does not want to be.
    OptedOut: "opted_out",
    /// The rule is not there any more.
    NoRule: "no_rule",
    /// This cell has no way to send such.
    NotConfigured: "not_configured",
    /// It waits for the rule's next digest.
    Digest: "digest",
    /// The text cannot be written.
    Text: "text",
    /// The server does not take it, and says so.
    Refused: "refused",
    /// There was no connection, or it broke.
    Unreachable: "unreachable",
    /// There was no answer in time.
    Timeout: "timeout",
    /// The answer is no answer, or the connection is not safe enough for a password.
    Protocol: "protocol",
}
}

/// An attempt to send something, as the record shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NotificationAttempt")]
pub struct Attempt {
    /// When it was made.
    pub at: Timestamp,
    /// The code of the answer, if there was one: of SMTP (RFC 5321 §4.2) or of HTTP.
    pub code: Option<u16>,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// Why it failed; absent if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}
