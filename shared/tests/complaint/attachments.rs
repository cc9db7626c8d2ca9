//! Attachments: in quarantine until they are scanned, once, and removed once.

use crate::case::Case;
use shared::{
    attachment::{
        Attachment, AttachmentState, MAX_ATTACHMENTS,
        decide::{self, Kept},
        media_type::MediaType,
    },
    chain::Digest,
    complaint::decide::Refusal,
    ids::AttachmentId,
    text::{Line, Prose},
};

fn kept(case: &Case, number: u8) -> Kept {
    Kept {
        attachment: AttachmentId::new(case.now, &[number; 10]),
        bytes: 5,
        media_type: MediaType::Text,
        name: Line::try_from("note.txt".to_owned()).unwrap(),
        sha256: Digest::of(&[number]),
    }
}

fn added(case: &mut Case, number: u8) -> AttachmentId {
    let kept = kept(case, number);
    let id = kept.attachment;
    let bodies = decide::add(&case.complaint, kept).unwrap();
    case.append(bodies);
    id
}

fn known(case: &Case, id: AttachmentId) -> &Attachment {
    decide::find(&case.complaint, id).unwrap()
}

#[test]
fn a_verdict_counts_once_and_a_removal_ends_it() {
    let mut case = Case::plain();
    let [clean, infected] = [1, 2].map(|number| added(&mut case, number));
    assert_eq!(known(&case, clean).state, AttachmentState::Quarantined);
    let bodies = decide::scanned(&case.complaint, clean, None).unwrap();
    case.append(bodies);
    let found = Line::try_from("Eicar".to_owned()).unwrap();
    let bodies = decide::scanned(&case.complaint, infected, Some(found.clone())).unwrap();
    case.append(bodies);
    assert_eq!(known(&case, clean).state, AttachmentState::Clean);
    let Attachment { state, signature, .. } = known(&case, infected);
    assert_eq!((state, signature), (&AttachmentState::Infected, &Some(found.clone())));
    // What was said stays said.
    assert_eq!(decide::scanned(&case.complaint, clean, Some(found)), Ok(Vec::new()));
    let reason = || Prose::try_from("A stranger's.".to_owned()).unwrap();
    let bodies = decide::remove(&case.complaint, clean, reason()).unwrap();
    case.append(bodies);
    let Attachment { state, sha256, removed_because, .. } = known(&case, clean);
    assert_eq!((state, sha256, removed_because), (&AttachmentState::Removed, &Digest::of(&[1]), &Some(reason())));
    assert!(matches!(decide::remove(&case.complaint, clean, reason()), Err(Refusal::Invalid(_))));
    assert_eq!(decide::scanned(&case.complaint, clean, None), Ok(Vec::new()));
}

#[test]
fn a_complaint_has_so_many_and_no_more() {
    let mut case = Case::plain();
    for number in 0..MAX_ATTACHMENTS {
        added(&mut case, u8::try_from(number).unwrap());
    }
    assert!(matches!(decide::add(&case.complaint, kept(&case, 255)), Err(Refusal::Invalid(_))));
}
