//! A message: ids and nothing personal (a *thin* payload). Whoever wants more asks the API, where reading is known.

use crate::{
    chain::Digest,
    complaint::event::EventKind,
    ids::{ComplaintId, EndpointId},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;

/// How long a message is kept, in milliseconds: 30 days.
pub const KEPT_MILLIS: i64 = 30 * 86_400_000;
/// The most messages that are sent again by one request.
pub const MAX_REPLAYED: usize = 1_000;
/// What the event of a test is called.
pub const TEST: &str = "test";

/// What a message is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The event of a complaint with this number.
    Event(ComplaintId, u32, EventKind),
    /// Nothing: somebody asked for a test. Which request did, told apart by a digest.
    Test(String),
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is to be sent, or sent again.
    Pending,
    /// The endpoint has taken it.
    Delivered,
    /// All attempts have failed.
    Failed,
    /// It was given up because its endpoint was disabled or removed.
    Expired,
}

impl State {
    /// The name in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// `webhook-id`: the same for every attempt and every replay, another for every endpoint. It has no dot, for signatures join by dots.
#[must_use]
pub fn id(endpoint: EndpointId, subject: &Subject) -> String {
    let digest = Digest::of(format!("{endpoint} {subject}").as_bytes()).to_string();
    format!("msg_{}", digest.get(..32).unwrap_or_default())
}

/// The body: the same for every attempt.
#[must_use]
pub fn body(endpoint: EndpointId, subject: &Subject, at: Timestamp) -> String {
    match subject {
        Subject::Event(complaint, seq, kind) => {
            let kind = json!(kind);
            let kind = kind.as_str().unwrap_or_default();
            format!(
                r#"{{"type":"complaint.{kind}","timestamp":"{at}","data":{{"complaint":"{complaint}","seq":{seq}}}}}"#
            )
        }
        Subject::Test(_) => {
            format!(r#"{{"type":"webhook.test","timestamp":"{at}","data":{{"endpoint":"{endpoint}"}}}}"#)
        }
    }
}

/// The row that a message is of, apart by a space from its number.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(complaint, seq, _) => write!(f, "{complaint} {seq}"),
            Self::Test(digest) => write!(f, "{TEST}:{digest} 0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u32) -> Subject {
        Subject::Event(ComplaintId::in_slot(Timestamp::MIN, &[3; 10], 0), seq, EventKind::InvestigationStarted)
    }

    fn endpoint(of: u8) -> EndpointId {
        EndpointId::new(Timestamp::MIN, &[of; 10])
    }

    #[test]
    fn a_body_has_ids_and_nothing_else() {
        assert_eq!(
            body(endpoint(1), &event(2), Timestamp::MIN),
            concat!(
                r#"{"type":"complaint.investigation_started","timestamp":"1970-01-01T00:00:00.000Z","#,
                r#""data":{"complaint":"00000000-0000-7303-8303-030303030300","seq":2}}"#
            )
        );
        assert_eq!(
            body(endpoint(1), &Subject::Test("ab".to_owned()), Timestamp::MIN),
            concat!(
                r#"{"type":"webhook.test","timestamp":"1970-01-01T00:00:00.000Z","#,
                r#""data":{"endpoint":"00000000-0000-7101-8101-010101010101"}}"#
            )
        );
    }

    #[test]
    fn an_id_is_of_one_message_to_one_endpoint() {
        let mut ids = [
            id(endpoint(1), &event(1)),
            id(endpoint(1), &event(2)),
            id(endpoint(2), &event(1)),
            id(endpoint(1), &Subject::Test("ab".to_owned())),
            id(endpoint(1), &Subject::Test("cd".to_owned())),
        ]
        .to_vec();
        assert_eq!(ids[0], id(endpoint(1), &event(1)));
        assert!(ids.iter().all(|id| id.starts_with("msg_") && id.len() == 36 && !id.contains('.')));
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }
}
