//! Attachments: what evidence may be kept with a complaint, and how it comes to be given out.
//!
//! Of an attachment the case file has name, type, size and SHA-256; the bytes lie beside it, in the bucket. It is in quarantine until a
//! scanner has found nothing in it, and given out only then. `docs/attachments.md` explains the model.

pub mod clamd;
pub mod decide;
pub mod link;
pub mod media_type;
pub mod range;
pub mod upload;

use crate::{
    access::Actor,
    chain::Digest,
    clock::named::named,
    complaint::intake::List,
    http::problem::{FieldError, Rule},
    ids::AttachmentId,
    text::{Line, Prose},
    time::Timestamp,
};
use media_type::MediaType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most attachments of a complaint, those included that were removed.
pub const MAX_ATTACHMENTS: usize = 200;

/// The most bytes of an attachment that comes in one request: what Cloudflare lets through on its smaller plans (Workers, limits:
/// request body size).
pub const MAX_BYTES: u64 = 100_000_000;

/// An attachment's name: what its file was called where it came from.
pub type FileName = Line<200>;

/// What a scanner calls what it has found.
pub type Signature = Line<200>;

named! {
/// How far an attachment is.
pub enum AttachmentState {
    /// It waits for a scanner, and is not given out.
    Quarantined: "quarantined",
    /// A scanner has found nothing in it.
    Clean: "clean",
    /// A scanner has found something in it. It is never given out.
    Infected: "infected",
    /// Its bytes were deleted.
    Removed: "removed",
}
}

named! {
/// What a scanner says.
pub enum Verdict {
    /// It has found nothing.
    Clean: "clean",
    /// It has found something.
    Infected: "infected",
}
}

/// An attachment of a complaint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// The id.
    pub id: AttachmentId,
    /// What its file was called.
    pub name: FileName,
    /// What it is, by its content.
    pub media_type: MediaType,
    /// How many bytes it has.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// How far it is.
    pub state: AttachmentState,
    /// When it was added.
    pub added_at: Timestamp,
    /// Who added it.
    pub added_by: Actor,
    /// What was found in it, as the scanner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// Why it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_because: Option<Prose<2_000>>,
}

/// What a firm has set for attachments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AttachmentSettings {
    /// What may be attached. Default: all but archives (`application/zip`).
    pub types: List<MediaType, 30>,
    /// The most bytes of one: 100,000,000 by default, at most 1,000,000,000. More than 100,000,000 come in parts.
    pub max_bytes: u64,
}

impl Default for AttachmentSettings {
    fn default() -> Self {
        let usual: Vec<_> = MediaType::all().filter(|kind| *kind != MediaType::Zip).collect();
        Self { types: List::try_from(usual).unwrap_or_default(), max_bytes: MAX_BYTES }
    }
}

impl AttachmentSettings {
    /// What they say that cannot be.
    #[must_use]
    pub fn errors(&self, pointer: &str) -> Vec<FieldError> {
        let fits = (1..=upload::MAX_UPLOAD_BYTES).contains(&self.max_bytes);
        let rule = || format!("must be 1 to {}", upload::MAX_UPLOAD_BYTES);
        let error = || FieldError::at(&format!("{pointer}/max_bytes"), Rule::OutOfRange, rule());
        if fits { Vec::new() } else { vec![error()] }
    }
}
