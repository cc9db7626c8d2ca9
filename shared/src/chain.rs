//! The tamper-evident case file: each event carries the SHA-256 of its predecessor and of itself.
//!
//! `hash = SHA-256(JCS(event without "hash"))`, where JCS is the JSON Canonicalization Scheme (RFC 8785), and
//! `prev` is the `hash` of the event before, or 64 zeros. Anyone with a JCS and a SHA-256 library can check a file.

use crate::{
    access::Actor,
    complaint::{
        Complaint, FoldError,
        event::{Event, EventBody},
    },
    ids::{ComplaintId, TenantId},
    reference::Reference,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The version of the event format that this build writes.
pub const EVENT_VERSION: u8 = 1;
/// The `format` member of an exported case file.
pub const CASE_FILE_FORMAT: &str = "redress-case-file/1";

/// A SHA-256 value; 64 lower-case hexadecimal digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// Not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 64 lower-case hexadecimal digits")]
pub struct InvalidDigest;

impl Digest {
    /// What the first event names as its predecessor.
    pub const ZERO: Self = Self([0; 32]);

    /// SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A value computed elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Ok(b - b'0'),
            b'a'..=b'f' => Ok(b - b'a' + 10),
            _ => Err(InvalidDigest),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(InvalidDigest);
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256, hexadecimal" })
    }
}

/// An event and the canonical text that was hashed: exactly what is stored.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The event.
    pub event: Event,
    /// The event without `hash`, in canonical JSON.
    pub text: String,
}

/// Where in which file the next events go, and who writes them when.
#[derive(Clone, Debug)]
pub struct Tail {
    /// The firm.
    pub tenant: TenantId,
    /// The complaint.
    pub complaint: ComplaintId,
    /// The number of events so far.
    pub version: u32,
    /// The hash of the newest event.
    pub head: Digest,
}

/// The event without its hash, as it is canonicalized.
#[derive(Serialize)]
struct Unsealed<'e> {
    v: u8,
    tenant: TenantId,
    complaint: ComplaintId,
    seq: u32,
    at: Timestamp,
    actor: &'e Actor,
    #[serde(flatten)]
    body: &'e EventBody,
    prev: Digest,
}

/// Numbers, chains and hashes `bodies` so that they follow `tail`.
///
/// # Errors
/// If an event cannot be written as JSON, which no event of this crate can cause.
pub fn seal(tail: Tail, actor: &Actor, at: Timestamp, bodies: Vec<EventBody>) -> serde_json::Result<Vec<Sealed>> {
    let Tail { tenant, complaint, version, head } = tail;
    let mut prev = head;
    (version + 1..)
        .zip(bodies)
        .map(|(seq, body)| {
            let unsealed = Unsealed { v: EVENT_VERSION, tenant, complaint, seq, at, actor, body: &body, prev };
            let text = serde_json_canonicalizer::to_string(&unsealed)?;
            let hash = Digest::of(text.as_bytes());
            let event = Event { hash, v: EVENT_VERSION, tenant, complaint, seq, at, actor: actor.clone(), body, prev };
            prev = hash;
            Ok(Sealed { event, text })
        })
        .collect()
}

/// An exported case file, or the stored events of one complaint.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseFile {
    /// [`CASE_FILE_FORMAT`].
    pub format: String,
    /// When it was exported.
    pub exported_at: Timestamp,
    /// The firm.
    pub tenant: TenantId,
    /// The complaint.
    pub complaint: ComplaintId,
    /// What the consumer quotes.
    pub reference: Reference,
    /// The number of events.
    pub version: u32,
    /// The hash of the newest event.
    pub head: Digest,
    /// The events, oldest first, kept as raw JSON so that nothing is lost before it is checked.
    pub events: Vec<Value>,
}

/// What a check of a case file found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Whether the file is whole and unaltered.
    pub valid: bool,
    /// How many events were found intact, from the first on.
    pub events: u32,
    /// The hash of the last intact event.
    pub head: Digest,
    /// The first event that is not as it was written, if any.
    pub first_broken: Option<Broken>,
}

/// The first event that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Broken {
    /// Its place in the file: 1 for the first.
    pub seq: u32,
    /// What is wrong.
    pub reason: Defect,
}

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Defect {
    /// It is not an event of a known format.
    Format,
    /// Its content does not have the hash it carries.
    Altered,
    /// It does not name the event before as its predecessor.
    Unchained,
    /// Its number is not the next one: an event is missing, added or moved.
    Misnumbered,
    /// It belongs to another complaint or firm.
    Foreign,
    /// It could not lawfully follow the events before it.
    Impossible,
    /// The file ends before, or after, the version and head it is known by.
    Truncated,
}

impl Defect {
    /// In words.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Format => "is not an event of a known format",
            Self::Altered => "was altered: its content does not have the hash it carries",
            Self::Unchained => "does not name the event before it as its predecessor",
            Self::Misnumbered => "is out of sequence: an event is missing, added or moved",
            Self::Foreign => "belongs to another complaint or firm",
            Self::Impossible => "could not lawfully follow the events before it",
            Self::Truncated => "is missing: the file does not end at the version and head it is known by",
        }
    }
}

impl CaseFile {
    /// Checks every event from the first on, and that the file ends where it says.
    #[must_use]
    pub fn verify(&self) -> Verdict {
        self.check().0
    }

    /// Checks like [`CaseFile::verify`] and folds the intact events: what the complaint is by its own file.
    #[must_use]
    pub fn check(&self) -> (Verdict, Option<Complaint>) {
        let mut complaint: Option<Complaint> = None;
        let mut intact = 0;
        let mut head = Digest::ZERO;
        for event in &self.events {
            match self.next(event, intact, head, &mut complaint) {
                Ok(hash) => {
                    intact += 1;
                    head = hash;
                }
                Err(reason) => return (broken(intact, head, reason), complaint),
            }
        }
        if self.format != CASE_FILE_FORMAT || intact != self.version || head != self.head {
            return (broken(intact, head, Defect::Truncated), complaint);
        }
        (Verdict { valid: true, events: intact, head, first_broken: None }, complaint)
    }

    fn next(
        &self,
        raw: &Value,
        intact: u32,
        head: Digest,
        complaint: &mut Option<Complaint>,
    ) -> Result<Digest, Defect> {
        let event: Event = serde_json::from_value(raw.clone()).map_err(|_| Defect::Format)?;
        if event.v != EVENT_VERSION {
            return Err(Defect::Format);
        }
        let mut unsealed = raw.clone();
        unsealed.as_object_mut().ok_or(Defect::Format)?.remove("hash");
        let text = serde_json_canonicalizer::to_string(&unsealed).map_err(|_| Defect::Format)?;
        if Digest::of(text.as_bytes()) != event.hash {
            return Err(Defect::Altered);
        }
        if (event.tenant, event.complaint) != (self.tenant, self.complaint) {
            return Err(Defect::Foreign);
        }
        if event.seq != intact + 1 {
            return Err(Defect::Misnumbered);
        }
        if event.prev != head {
            return Err(Defect::Unchained);
        }
        let folded = match complaint {
            None => Complaint::begin(&event).map(|begun| *complaint = Some(begun)),
            Some(complaint) if event.at < complaint.updated_at => Err(FoldError::Move),
            Some(complaint) => complaint.apply(&event),
        };
        folded.map(|()| event.hash).map_err(|_| Defect::Impossible)
    }
}

const fn broken(intact: u32, head: Digest, reason: Defect) -> Verdict {
    Verdict { valid: false, events: intact, head, first_broken: Some(Broken { seq: intact + 1, reason }) }
}
