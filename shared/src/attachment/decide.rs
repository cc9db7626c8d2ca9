//! Adding, scanning and removing: what each makes of the complaint, or why it is refused. Pure, as `complaint::decide`.

use super::{Attachment, AttachmentState, FileName, MAX_ATTACHMENTS, Signature, Verdict, media_type::MediaType};
use crate::{
    chain::Digest,
    complaint::{
        Complaint,
        decide::{Refusal, lawful},
        event::EventBody,
    },
    http::problem::{FieldError, Rule},
    ids::AttachmentId,
    text::Prose,
};

/// A file that is kept already.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The attachment.
    pub attachment: AttachmentId,
    /// How many bytes it has.
    pub bytes: u64,
    /// What it is.
    pub media_type: MediaType,
    /// What it was called.
    pub name: FileName,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// Whether a complaint has room for one more.
///
/// # Errors
/// [`Refusal`] if it has as many as it may.
pub fn room(complaint: &Complaint) -> Result<(), Refusal> {
    let most = "would be one more than the 200 attachments a complaint may have";
    if complaint.attachments.len() < MAX_ATTACHMENTS { Ok(()) } else { Err(refused(most)) }
}

/// Adds a file: whatever the state, for evidence comes when it comes.
///
/// # Errors
/// [`Refusal`] if there is no room.
pub fn add(complaint: &Complaint, kept: Kept) -> Result<Vec<EventBody>, Refusal> {
    room(complaint)?;
    let Kept { attachment, bytes, media_type, name, sha256 } = kept;
    lawful(complaint, vec![EventBody::AttachmentAdded { attachment, bytes, media_type, name, sha256 }])
}

/// Records what a scanner says. Of one that does not wait for it, nothing.
///
/// # Errors
/// [`Refusal`] if there is no room.
pub fn scanned(
    complaint: &Complaint,
    attachment: AttachmentId,
    found: Option<Signature>,
) -> Result<Vec<EventBody>, Refusal> {
    let waits = find(complaint, attachment).is_some_and(|known| known.state == AttachmentState::Quarantined);
    if !waits {
        return Ok(Vec::new());
    }
    let verdict = if found.is_some() { Verdict::Infected } else { Verdict::Clean };
    lawful(complaint, vec![EventBody::AttachmentScanned { attachment, signature: found, verdict }])
}

/// Has the bytes of an attachment deleted. Its hash stays in the chain.
///
/// This is where a hold or a retention rule is to refuse it, once there are some: nothing else deletes an attachment of a complaint.
///
/// # Errors
/// [`Refusal`] if they were deleted before.
pub fn remove(
    complaint: &Complaint,
    attachment: AttachmentId,
    reason: Prose<2_000>,
) -> Result<Vec<EventBody>, Refusal> {
    match find(complaint, attachment) {
        Some(known) if known.state != AttachmentState::Removed => {
            lawful(complaint, vec![EventBody::AttachmentRemoved { attachment, reason }])
        }
        _ => Err(refused("was removed already")),
    }
}

/// An attachment of the complaint.
#[must_use]
pub fn find(complaint: &Complaint, attachment: AttachmentId) -> Option<&Attachment> {
    complaint.attachments.iter().find(|known| known.id == attachment)
}

fn refused(detail: &'static str) -> Refusal {
    Refusal::Invalid(vec![FieldError::at("", Rule::NotAllowed, detail)])
}
