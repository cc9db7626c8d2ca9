//! Case files that come from elsewhere: checked as they are, then sealed anew as this tenant's.
//!
//! What happened, when and by whom stays, and so does the salt, so that each event but the first has the `content` that it
//! had, and both files can be held against each other. What names things changes: the tenant, the complaint, the reference
//! and the complaints that it is tied to; and so do the hashes. The first event records where the file came from.

use crate::{
    access::Actor,
    chain::{CASE_FILE_FORMAT, CaseFile, Check, Digest, Sealed, Tail, seal_one},
    complaint::{
        Complaint, Link, Origin,
        event::{Event, EventBody, Received},
        intake::List,
    },
    exchange::import::row_key,
    http::{
        idempotency::IdempotencyKey,
        problem::{FieldError, Rule},
    },
    ids::{ComplaintId, Entropy, TenantId},
    reference::Reference,
    tenant::placement::{Placement, hash_of},
    time::Timestamp,
};

/// What complaint of a tenant one of another firm becomes by an import: always the same, so that ties between imported
/// complaints hold whatever their order.
#[must_use]
pub fn new_id(tenant: TenantId, import: &IdempotencyKey, shards: &Placement, old: ComplaintId) -> ComplaintId {
    let key = row_key(import, &old.to_string());
    let digest = Digest::of(format!("{tenant} {key}").as_bytes());
    let mut entropy = Entropy::default();
    entropy.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    ComplaintId::in_slot(old.made_at(), &entropy, shards.slot_for(hash_of(&key)).0)
}

/// What a file's new names are, and who takes it over when.
pub struct Taking<'t> {
    /// The tenant that takes it over.
    pub tenant: TenantId,
    /// The complaint's id there.
    pub complaint: ComplaintId,
    /// Its reference there.
    pub reference: Reference,
    /// Who does it.
    pub by: &'t Actor,
    /// When.
    pub now: Timestamp,
    /// What complaint of this tenant another one of the file's firm is, or will be.
    pub renamed: &'t dyn Fn(ComplaintId) -> ComplaintId,
}

/// Takes a file over: its events, sealed anew, and the complaint that they make.
///
/// # Errors
/// What is wrong with the file, at the event that is.
pub fn take_over(file: &CaseFile, taking: &Taking<'_>) -> Result<(Complaint, Vec<Sealed>), Vec<FieldError>> {
    let wrong = |pointer: &str, detail: &'static str| vec![FieldError::at(pointer, Rule::NotAllowed, detail)];
    let events = checked(file)?;
    if events.last().is_some_and(|last| last.at > taking.now) {
        let last = format!("/events/{}/at", events.len().saturating_sub(1));
        return Err(wrong(&last, "must not be later than now"));
    }
    let mut tail = Tail { tenant: taking.tenant, complaint: taking.complaint, version: 0, head: Digest::ZERO };
    let mut complaint: Option<Complaint> = None;
    let mut sealed = Vec::with_capacity(events.len());
    for Event { at, actor, body, salt, .. } in events {
        let body = renamed(body, file, taking)?;
        let one = seal_one(&tail, actor, at, body, salt).map_err(|_| wrong("/events", "cannot be written"))?;
        (tail.version, tail.head) = (one.event.seq, one.event.hash);
        let folded = match &mut complaint {
            None => Complaint::begin(&one.event).map(|begun| complaint = Some(begun)),
            Some(complaint) => complaint.apply(&one.event),
        };
        folded.map_err(|_| wrong("/events", "could not lawfully follow each other"))?;
        sealed.push(one);
    }
    match complaint {
        Some(complaint) if complaint.received_at > complaint.logged_at => {
            Err(wrong("/events/0/data/received_at", "must not be later than the event"))
        }
        Some(complaint) => Ok((complaint, sealed)),
        None => Err(wrong("/events", "must not be empty")),
    }
}

/// The file's events, if it is whole and unaltered.
fn checked(file: &CaseFile) -> Result<Vec<Event>, Vec<FieldError>> {
    if file.format != CASE_FILE_FORMAT {
        return Err(vec![FieldError::at("/format", Rule::NotAllowed, format!("must be {CASE_FILE_FORMAT}"))]);
    }
    let mut check = Check::new(file.tenant, file.complaint);
    let events: Vec<Event> = file.events.iter().filter_map(|event| check.take(event)).collect();
    let (verdict, folded) = check.finish(file.version, file.head);
    if let Some(broken) = verdict.first_broken {
        let place = format!("/events/{}", broken.seq.saturating_sub(1));
        return Err(vec![FieldError::at(&place, Rule::NotAllowed, broken.reason.explanation())]);
    }
    if folded.is_none_or(|complaint| complaint.reference != file.reference) {
        return Err(vec![FieldError::at("/reference", Rule::NotAllowed, "must be the one that the events name")]);
    }
    Ok(events)
}

fn renamed(body: EventBody, file: &CaseFile, taking: &Taking<'_>) -> Result<EventBody, Vec<FieldError>> {
    let renamed = |link: Link| Link { complaint: (taking.renamed)(link.complaint), ..link };
    Ok(match body {
        EventBody::Received(received) => EventBody::Received(Box::new(Received {
            reference: taking.reference.clone(),
            origins: origins(&received.origins, file, taking)?,
            ..*received
        })),
        EventBody::Split { parts, reason } => {
            let parts: Vec<_> = parts.iter().map(|part| (taking.renamed)(*part)).collect();
            EventBody::Split { parts: List::try_from(parts).unwrap_or_default(), reason }
        }
        EventBody::PartRejoined { part, reason } => EventBody::PartRejoined { part: (taking.renamed)(part), reason },
        EventBody::Rejoined { into, reason } => EventBody::Rejoined { into: (taking.renamed)(into), reason },
        EventBody::Linked(link) => EventBody::Linked(renamed(link)),
        EventBody::Unlinked { link, reason } => EventBody::Unlinked { link: renamed(link), reason },
        body => body,
    })
}

fn origins<const MAX: usize>(
    before: &List<Origin, MAX>,
    file: &CaseFile,
    taking: &Taking<'_>,
) -> Result<List<Origin, MAX>, Vec<FieldError>> {
    let newest = Origin {
        tenant: file.tenant,
        complaint: file.complaint,
        reference: file.reference.clone(),
        head: file.head,
        imported_at: taking.now,
        imported_by: taking.by.clone(),
    };
    let all: Vec<_> = before.iter().cloned().chain([newest]).collect();
    let rule = |error| vec![FieldError::at("/events/0/data/origins", Rule::OutOfRange, format!("{error}"))];
    List::try_from(all).map_err(rule)
}
