//! From the outbox to the `notify` queue: the message format, pinned by test, and who is to hear of what.
//!
//! Messages carry ids, never personal data. Delivery is at least once; `(tenant, complaint, seq, audience)` makes
//! an intent unique, so a repeated message changes nothing.

use crate::{
    complaint::event::EventKind,
    ids::{ComplaintId, OutboxId, TenantId},
};
use serde::{Deserialize, Serialize};

/// One outbox row, as it is stored and as it travels on the queue: JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxMessage {
    /// The version of this format.
    pub v: u8,
    /// The outbox row.
    pub id: OutboxId,
    /// The firm.
    pub tenant: TenantId,
    /// The complaint.
    pub complaint: ComplaintId,
    /// The shard whose outbox holds the row.
    pub shard: u8,
    /// What happened, in order.
    pub events: Vec<Happened>,
    /// The span in which it did, as `traceparent` says it, if it is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// One event, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// Its number.
    pub seq: u32,
    /// Its kind.
    pub kind: EventKind,
}

/// Who is to hear of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The person who complains.
    Complainant,
    /// The tenant's own systems.
    Tenant,
}

impl Audience {
    /// The name in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complainant => "complainant",
            Self::Tenant => "tenant",
        }
    }
}

/// The version of the message format that this build writes.
pub const MESSAGE_VERSION: u8 = 1;

/// Who is to hear of an event of this kind. Tenants' systems hear of everything; the complainant of what
/// concerns them.
#[must_use]
pub const fn audiences(kind: EventKind) -> &'static [Audience] {
    match kind {
        EventKind::Received
        | EventKind::Acknowledged
        | EventKind::InformationRequested
        | EventKind::Resolved
        | EventKind::Reopened
        | EventKind::Withdrawn
        | EventKind::Referred
        | EventKind::LetterSent => &[Audience::Complainant, Audience::Tenant],
        EventKind::InvestigationStarted
        | EventKind::Assigned
        | EventKind::Classified
        | EventKind::Noted
        | EventKind::ContactRecorded
        | EventKind::ResponseProposed
        | EventKind::Closed
        | EventKind::Linked
        | EventKind::Unlinked
        | EventKind::Corrected
        | EventKind::MilestoneRecorded
        | EventKind::MilestoneRetracted
        | EventKind::RedressPaid
        | EventKind::AdrOutcomeRecorded
        | EventKind::ClocksMoved
        | EventKind::LetterDrafted
        | EventKind::LetterApproved
        | EventKind::Split
        | EventKind::PartRejoined
        | EventKind::Rejoined
        | EventKind::AttachmentAdded
        | EventKind::AttachmentScanned
        | EventKind::AttachmentRemoved
        | EventKind::DeadlineWarned
        | EventKind::DeadlineMissed
        | EventKind::SensitivitySet => &[Audience::Tenant],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    /// Messages of the previous release are still in the queue when this one starts.
    #[test]
    fn message_format_is_unchanged() {
        let at = Timestamp::from_unix_millis(1_700_000_000_000);
        let message = OutboxMessage {
            v: MESSAGE_VERSION,
            id: OutboxId::new(at, &[1; 10]),
            tenant: TenantId::new(at, &[2; 10]),
            complaint: ComplaintId::in_slot(at, &[3; 10], 0),
            shard: 0,
            events: vec![Happened { seq: 1, kind: EventKind::Received }],
            trace: None,
        };
        let text = concat!(
            r#"{"v":1,"id":"018bcfe5-6800-7101-8101-010101010101","tenant":"018bcfe5-6800-7202-8202-020202020202","#,
            r#""complaint":"018bcfe5-6800-7303-8303-030303030300","shard":0,"events":[{"seq":1,"kind":"received"}]}"#
        );
        assert_eq!(serde_json::to_string(&message).unwrap(), text);
        assert_eq!(serde_json::from_str::<OutboxMessage>(text).unwrap(), message);
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let traced = OutboxMessage { trace: Some(trace.to_owned()), ..message };
        let text = text.replace("}]}", &format!("}}],\"trace\":\"{trace}\"}}"));
        assert_eq!(serde_json::to_string(&traced).unwrap(), text);
    }
}
