//! A draft: what was typed into the steps of a complaint that is not sent yet. It is kept sealed with a key that follows from a secret of
//! whoever has it, so that nobody else, and not the cell itself, can open it.

use crate::{
    attachment::{AttachmentState, FileName, media_type::MediaType},
    chain::Digest,
    ids::{AttachmentId, ComplaintId},
    reference::Reference,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of [`Draft`] that this build writes.
pub const VERSION: u8 = 1;
/// How long a draft is kept, in milliseconds: 30 days.
pub const LIFE_MILLIS: i64 = 30 * 86_400_000;
/// The most bytes of a draft, without its files.
pub const MAX_BYTES: usize = 256 * 1024;
/// The most files of a draft, and the most bytes of one.
pub const MAX_FILES: usize = 10;
/// See [`MAX_FILES`].
pub const MAX_FILE_BYTES: usize = 10_000_000;

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The version of this format.
    pub v: u8,
    /// Until when it is kept.
    pub expires_at: Timestamp,
    /// The idempotency key by which it becomes one complaint.
    pub key: String,
    /// What was typed, by field.
    pub answers: BTreeMap<String, String>,
    /// The files that were added, in their order.
    pub files: Vec<DraftFile>,
    /// What it has become, once it was sent: then nothing else is left of it, but files that are not with the complaint yet.
    pub sent: Option<Sent>,
}

/// A file of a draft. Its bytes lie beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftFile {
    /// Its id in the draft.
    pub id: AttachmentId,
    /// What it is called.
    pub name: FileName,
    /// What it is, by its content.
    pub media_type: MediaType,
    /// How many bytes it has.
    pub bytes: u64,
    /// SHA-256 of its bytes: the same file under the same name is there once.
    pub sha256: Digest,
}

impl DraftFile {
    /// Where files of drafts stand: nobody has looked at them yet.
    pub const STATE: AttachmentState = AttachmentState::Quarantined;
}

/// What a draft has become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The complaint.
    pub complaint: ComplaintId,
    /// Its reference.
    pub reference: Reference,
}

impl Draft {
    /// An empty one.
    #[must_use]
    pub fn new(key: String, now: Timestamp) -> Self {
        let expires_at = now.plus_millis(LIFE_MILLIS);
        Self { v: VERSION, expires_at, key, answers: BTreeMap::new(), files: Vec::new(), sent: None }
    }

    /// The answer to a field; empty if there is none.
    #[must_use]
    pub fn answer(&self, name: &str) -> &str {
        self.answers.get(name).map_or("", String::as_str)
    }

    /// The same of a draft that was sent: nothing that was typed, and the files that are not with the complaint yet.
    #[must_use]
    pub fn into_sent(self, sent: Sent, files: Vec<DraftFile>) -> Self {
        Self { answers: BTreeMap::new(), files, sent: Some(sent), ..self }
    }
}
