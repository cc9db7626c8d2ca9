//! What sort of mail it is, and which complaint it may be about.

use super::{Outcome, read::Mail};
use crate::{
    complaint::{Complaint, intake::ContactKind},
    reference::Reference,
};

/// Hosts after which a mail goes in circles (RFC 5321 §6.3 asks for at least 100; nobody's mail comes through half as many).
const MAX_HOPS: usize = 50;
/// Characters of a text in which references are looked for, and how many may be.
const LOOKED_AT: usize = 20_000;
const MAX_REFERENCES: usize = 5;

/// What it is if no person has written it. `from` is the sender of its envelope.
///
/// - RFC 3464, RFC 6522: reports of what was delivered, or was not.
/// - RFC 3834 §2: an automatic answer has `Auto-Submitted` or an empty sender. `auto-generated` is set aside, too: what a machine writes
///   is not a complaint unless a person says so, who can have it taken all the same.
/// - RFC 2919 and `Precedence`: lists and bulk mail.
#[must_use]
pub fn not_by_a_person(mail: &Mail, from: &str, domain: &str) -> Option<Outcome> {
    let marks = &mail.marks;
    let is_ours = |address: &str| {
        let host = address.rsplit_once('@').map(|(_, host)| host).unwrap_or_default();
        !domain.is_empty() && (host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
    };
    let from = from.trim().to_ascii_lowercase();
    let author = mail.from.as_deref().unwrap_or_default();
    let submitted = marks.auto_submitted.split(';').next().unwrap_or_default().trim();
    let first = author.split('@').next().unwrap_or_default();
    match marks.report.as_str() {
        "delivery-status" => return Some(Outcome::Bounce),
        // Receipts (RFC 8098) and complaints of spam (RFC 5965).
        report if !report.is_empty() => return Some(Outcome::AutoReply),
        _ => {}
    }
    if is_ours(&from) || is_ours(author) || marks.hops > MAX_HOPS {
        return Some(Outcome::Loop);
    }
    // Programs that write no report write at least in this name (RFC 5321 §4.5.5).
    if matches!(first, "mailer-daemon" | "postmaster") {
        return Some(Outcome::Bounce);
    }
    let no_sender = from.is_empty() || from == "<>" || marks.return_path == "<>";
    let answers = marks.answered_by_program || matches!(marks.precedence.as_str(), "auto_reply" | "auto-reply");
    if no_sender || answers || !matches!(submitted, "" | "no") {
        return Some(Outcome::AutoReply);
    }
    let is_bulk = marks.list || matches!(marks.precedence.as_str(), "bulk" | "junk" | "list");
    is_bulk.then_some(Outcome::List)
}

/// Whether an automatic answer may be sent to a mail that a person has written (RFC 3834 §2): what is sent without looking must not
/// call for another.
#[must_use]
pub const fn may_answer(mail: &Mail) -> bool {
    !mail.marks.suppress && mail.from.is_some()
}

/// References in a mail, those in the subject first. Whoever quotes one may be anybody.
#[must_use]
pub fn references(mail: &Mail) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let text: String = mail.text.chars().take(LOOKED_AT).collect();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    for word in mail.subject.split(|c| !is_part(c)).chain(text.split(|c| !is_part(c))) {
        if word.matches('-').count() < 1 || word.len() > 20 {
            continue;
        }
        if let Ok(reference) = word.parse::<Reference>()
            && !found.contains(&reference)
        {
            found.push(reference);
        }
        if found.len() == MAX_REFERENCES {
            break;
        }
    }
    found
}

/// Whether an address is on file with a complaint: the complainant's, or that of whoever complains for them.
#[must_use]
pub fn is_on_file(complaint: &Complaint, address: &str) -> bool {
    let of_others = complaint.representative.iter().flat_map(|other| other.contacts.iter());
    complaint
        .complainant
        .contacts
        .iter()
        .chain(of_others)
        .any(|contact| contact.kind == ContactKind::Email && contact.value.as_str().eq_ignore_ascii_case(address))
}
