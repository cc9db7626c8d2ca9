//! Mail that comes in: whom it is for, what it says, what sort it is, and what becomes of it.
//!
//! Raw mail is kept before anything here looks at it; `docs/email.md` explains the way. Nothing here fails on what a mail says: what
//! cannot be read is told as [`read::Unreadable`], and a person looks at it.

pub mod address;
pub mod charset;
pub mod filing;
pub mod html;
pub mod read;
pub mod report;
pub mod sort;

use crate::{
    chain::Digest,
    clock::named::named,
    ids::{ComplaintId, MailId, TenantId},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The most bytes of a mail: what Cloudflare takes (Email Routing, limits: 25 MiB).
pub const MAX_BYTES: u64 = 26_214_400;

/// The version of [`Arrived`] that this build writes.
pub const VERSION: u8 = 1;

/// A mail that is kept and waits to be read. A format for life: what a release has taken in, the next one reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// The version of this format.
    pub v: u8,
    /// The firm.
    pub tenant: TenantId,
    /// The mail.
    pub mail: MailId,
    /// The sender of the envelope (RFC 5321 §4.1.1.2); empty for bounces and automatic answers.
    pub from: String,
    /// The address that it came to.
    pub to: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// When it came, in the world's time.
    pub received_at: Timestamp,
    /// Whether a person has said that it is to be taken, whatever sort of mail it is.
    #[serde(default)]
    pub insisted: bool,
}

named! {
/// How far a mail is.
pub enum State {
    /// It is kept, and waits to be read.
    Received: "received",
    /// It has become a complaint, or was filed with one.
    Taken: "taken",
    /// It was not written by a person, or has come before.
    Ignored: "ignored",
    /// It could not be read or not be taken; a person has to look at it.
    Quarantined: "quarantined",
}
}

named! {
/// What became of a mail, or why nothing did.
pub enum Outcome {
    /// A new complaint.
    Complaint: "complaint",
    /// A contact on a complaint.
    Contact: "contact",
    /// A note on a complaint that it names, because its sender's address is not on file there.
    Note: "note",
    /// It says what an earlier one said, and is the same mail.
    Duplicate: "duplicate",
    /// An automatic answer (RFC 3834), such as an out-of-office notice or a receipt.
    AutoReply: "auto_reply",
    /// A mail that could not be delivered has come back (RFC 3464).
    Bounce: "bounce",
    /// A mailing list or bulk mail (RFC 2919).
    List: "list",
    /// It has come from here.
    Loop: "loop",
    /// It has no header that could be read.
    Malformed: "malformed",
    /// It has more parts, headers or levels than are read.
    TooComplex: "too_complex",
    /// Reading it has failed time and again.
    Crashed: "crashed",
    /// The firm's rules do not allow it as a complaint, such as a field of its own that has to be filled in.
    Refused: "refused",
    /// Its bytes are not those that came.
    Damaged: "damaged",
}
}

/// A mail, as it is shown. Whom it is from and what it says is in the mail alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InboundMail {
    /// The id.
    pub id: MailId,
    /// When it came.
    pub received_at: Timestamp,
    /// How many bytes it has.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// How far it is.
    pub state: State,
    /// What became of it. Absent while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The complaint that it has become or was filed with; of a duplicate the one of the earlier mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complaint: Option<ComplaintId>,
    /// Why, if that needs saying: a rule, never what the mail says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Whether an automatic answer may be sent to it (RFC 3834 §2).
    #[serde(default)]
    pub may_answer: bool,
}

impl InboundMail {
    /// One that waits.
    #[must_use]
    pub const fn waiting(arrived: &Arrived) -> Self {
        let Arrived { mail, received_at, bytes, sha256, .. } = *arrived;
        Self {
            id: mail,
            received_at,
            bytes,
            sha256,
            state: State::Received,
            outcome: None,
            complaint: None,
            detail: None,
            may_answer: false,
        }
    }
}

/// A mail's turn: those that came earlier are read earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The mail, whose id begins with the time.
    pub mail: MailId,
    /// The firm.
    pub tenant: TenantId,
}

/// The first word of a message that asks for a mail to be read.
const MESSAGE: &str = "mail/1 ";

impl Turn {
    /// The message that asks for it.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{MESSAGE}{self}")
    }

    /// The turn that a message asks for, if it is such a message.
    #[must_use]
    pub fn asked(message: &str) -> Option<Self> {
        message.strip_prefix(MESSAGE)?.parse().ok()
    }
}

/// As it is written in messages and keys: `<mail>/<tenant>`.
impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.mail, self.tenant)
    }
}

/// The text is no [`Turn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names no mail")]
pub struct NoTurn;

impl FromStr for Turn {
    type Err = NoTurn;

    fn from_str(text: &str) -> Result<Self, NoTurn> {
        let (mail, tenant) = text.split_once('/').ok_or(NoTurn)?;
        Ok(Self { mail: mail.parse().map_err(|_| NoTurn)?, tenant: tenant.parse().map_err(|_| NoTurn)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_what_its_message_says() {
        let at = Timestamp::from_unix_millis(1_700_000_000_000);
        let turn = Turn { mail: MailId::new(at, &[1; 10]), tenant: TenantId::new(at, &[2; 10]) };
        assert_eq!(Turn::asked(&turn.message()), Some(turn));
        for other in ["", "mail/1 ", "mail/2 a/b", &format!("{} x", turn.message()), &turn.to_string()] {
            assert_eq!(Turn::asked(other), None, "{other}");
        }
    }
}
