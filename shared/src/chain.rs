//! The tamper-evident case file: each event carries the SHA-256 of its predecessor and of itself.
//!
//! ```text
//! content = SHA-256(JCS({"data": …, "salt": …}))
//! hash    = SHA-256(JCS(event without "hash", "data" and "salt", with "content"))
//! ```
//!
//! JCS is the JSON Canonicalization Scheme (RFC 8785); `prev` is the `hash` of the event before, or 64 zeros. Anyone
//! with a JCS and a SHA-256 library can check a file.
//!
//! The chain runs over `content`, not over the data: so what identifies a person can one day be erased together
//! with its salt, and the chain still proves that, when and by whom something was recorded. Without the salt the
//! data cannot be guessed from what stays.

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
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The version of the event format that this build writes.
pub const EVENT_VERSION: u8 = 1;
/// The `format` member of an exported case file.
pub const CASE_FILE_FORMAT: &str = "redress-case-file/1";

/// `N` bytes; lower-case hexadecimal digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex<const N: usize>([u8; N]);

/// A SHA-256 value.
pub type Digest = Hex<32>;
/// Random bytes that keep short data from being guessed from its hash.
pub type Salt = Hex<16>;

/// Not so many lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0} lower-case hexadecimal digits")]
pub struct InvalidHex(usize);

impl Digest {
    /// What the first event names as its predecessor.
    pub const ZERO: Self = Self([0; 32]);

    /// SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl<const N: usize> Hex<N> {
    /// A value computed elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not through the formatting of numbers, which costs more than the hash.
        let digit = |four: u8| char::from(if four < 10 { b'0' + four } else { b'a' - 10 + four });
        let text: String = self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        f.write_str(&text)
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> TryFrom<String> for Hex<N> {
    type Error = InvalidHex;

    fn try_from(text: String) -> Result<Self, InvalidHex> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Ok(b - b'0'),
            b'a'..=b'f' => Ok(b - b'a' + 10),
            _ => Err(InvalidHex(2 * N)),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != N || !rest.is_empty() {
            return Err(InvalidHex(2 * N));
        }
        let mut bytes = [0; N];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

impl<const N: usize> From<Hex<N>> for String {
    fn from(hex: Hex<N>) -> Self {
        hex.to_string()
    }
}

impl<const N: usize> JsonSchema for Hex<N> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Hex{N}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": format!("^[0-9a-f]{{{}}}$", 2 * N), "description": "hexadecimal" })
    }
}

/// An event and its canonical text: exactly what is stored.
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

/// Numbers, chains and hashes `bodies` so that they follow `tail`. `salt` draws random bytes.
///
/// # Errors
/// If an event cannot be written as JSON, which no event of this crate can cause.
pub fn seal(
    tail: Tail,
    actor: &Actor,
    at: Timestamp,
    bodies: Vec<EventBody>,
    mut salt: impl FnMut() -> Salt,
) -> serde_json::Result<Vec<Sealed>> {
    bodies
        .into_iter()
        .scan(tail, |tail, body| {
            let sealed = seal_one(tail, actor.clone(), at, body, salt());
            if let Ok(Sealed { event, .. }) = &sealed {
                (tail.version, tail.head) = (event.seq, event.hash);
            }
            Some(sealed)
        })
        .collect()
}

/// Seals the event that follows `tail`.
///
/// The members of an event are few and their order in canonical JSON is that of their names, so only what they hold is
/// made canonical, once, and put where the stored text and the hashed ones have it.
///
/// # Errors
/// As for [`seal`].
pub fn seal_one(tail: &Tail, actor: Actor, at: Timestamp, body: EventBody, salt: Salt) -> serde_json::Result<Sealed> {
    let Tail { tenant, complaint, version, head: prev } = *tail;
    let (v, seq) = (EVENT_VERSION, version + 1);
    let (by, data) = (serde_json_canonicalizer::to_string(&actor)?, body.data()?);
    let kind = serde_json::to_string(&body.kind())?;
    let content = Digest::of(format!("{{\"data\":{data},\"salt\":\"{salt}\"}}").as_bytes());
    let before = format!("{{\"actor\":{by},\"at\":\"{at}\",\"complaint\":\"{complaint}\",");
    let after = format!("\"seq\":{seq},\"tenant\":\"{tenant}\",\"type\":{kind},\"v\":{v}}}");
    let hash = Digest::of(format!("{before}\"content\":\"{content}\",\"prev\":\"{prev}\",{after}").as_bytes());
    let text = format!("{before}\"data\":{data},\"prev\":\"{prev}\",\"salt\":\"{salt}\",{after}");
    let event = Event { hash, v, tenant, complaint, seq, at, actor, body, salt, prev };
    Ok(Sealed { event, text })
}

/// The hash of an event, whatever hash it carries.
fn hash_of(mut event: Value) -> serde_json::Result<Digest> {
    let Some(members) = event.as_object_mut() else { return Ok(Digest::ZERO) };
    members.remove("hash");
    let content: Map<_, _> = ["data", "salt"].into_iter().filter_map(|name| members.remove_entry(name)).collect();
    let content = Digest::of(serde_json_canonicalizer::to_string(&content)?.as_bytes());
    members.insert("content".to_owned(), content.to_string().into());
    Ok(Digest::of(serde_json_canonicalizer::to_string(members)?.as_bytes()))
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
    /// The events are whole, but the record made from them says something else.
    Projection,
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
            Self::Projection => "is whole, but the record made from the events says something else",
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

    /// Checks like [`CaseFile::verify`]; also what the intact events fold to.
    #[must_use]
    pub fn check(&self) -> (Verdict, Option<Complaint>) {
        let mut check = Check::new(self.tenant, self.complaint);
        for event in &self.events {
            check.take(event);
        }
        let ends = if self.format == CASE_FILE_FORMAT { self.head } else { Digest::ZERO };
        let (verdict, folded) = check.finish(self.version, ends);
        if verdict.valid && folded.as_ref().is_some_and(|complaint| complaint.reference != self.reference) {
            let first_broken = Some(Broken { seq: 1, reason: Defect::Foreign });
            return (Verdict { valid: false, events: 0, head: Digest::ZERO, first_broken }, folded);
        }
        (verdict, folded)
    }
}

/// A check of a case file that takes its events one by one, so that none need be kept.
#[derive(Clone, Debug)]
pub struct Check {
    tenant: TenantId,
    complaint: ComplaintId,
    intact: u32,
    head: Digest,
    folded: Option<Complaint>,
    defect: Option<Defect>,
}

impl Check {
    /// A check that has seen no event yet.
    #[must_use]
    pub const fn new(tenant: TenantId, complaint: ComplaintId) -> Self {
        Self { tenant, complaint, intact: 0, head: Digest::ZERO, folded: None, defect: None }
    }

    /// Takes the next event, which is given back if it is intact. After the first broken one nothing more is looked at.
    pub fn take(&mut self, event: &Value) -> Option<Event> {
        if self.defect.is_some() {
            return None;
        }
        match self.follows(event) {
            Ok(event) => {
                self.intact += 1;
                self.head = event.hash;
                Some(event)
            }
            Err(defect) => {
                self.defect = Some(defect);
                None
            }
        }
    }

    /// The verdict on a file that should have ended at this version and head, and what its intact events fold to.
    #[must_use]
    pub fn finish(self, version: u32, head: Digest) -> (Verdict, Option<Complaint>) {
        let Self { intact, head: found, folded, defect, .. } = self;
        let ends = (intact, found) == (version, head);
        let broken = match defect {
            Some(reason) => Some(Broken { seq: intact + 1, reason }),
            None if ends => None,
            None => Some(Broken { seq: intact + 1, reason: Defect::Truncated }),
        };
        (Verdict { valid: broken.is_none(), events: intact, head: found, first_broken: broken }, folded)
    }

    fn follows(&mut self, raw: &Value) -> Result<Event, Defect> {
        // From text, as all JSON is read here: a second reader, for values, would weigh as much as the first.
        let event: Event = crate::json::from_str(&raw.to_string()).map_err(|_| Defect::Format)?;
        if event.v != EVENT_VERSION {
            return Err(Defect::Format);
        }
        // Where the data is, nothing else may stand for it: the hash would not tell.
        if raw.get("content").is_some() {
            return Err(Defect::Format);
        }
        if hash_of(raw.clone()).map_err(|_| Defect::Format)? != event.hash {
            return Err(Defect::Altered);
        }
        if (event.tenant, event.complaint) != (self.tenant, self.complaint) {
            return Err(Defect::Foreign);
        }
        if event.seq != self.intact + 1 {
            return Err(Defect::Misnumbered);
        }
        if event.prev != self.head {
            return Err(Defect::Unchained);
        }
        let folded = match &mut self.folded {
            None => Complaint::begin(&event).map(|begun| self.folded = Some(begun)),
            Some(complaint) if event.at < complaint.updated_at => Err(FoldError::Move),
            Some(complaint) => complaint.apply(&event),
        };
        folded.map(|()| event).map_err(|_| Defect::Impossible)
    }
}
