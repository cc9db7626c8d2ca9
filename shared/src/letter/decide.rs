//! Drafting, approving and sending: what each makes of the complaint, or why it is refused. Pure, as `complaint::decide`.

use super::{
    Letter, LetterSettings, LetterState, MAX_LETTERS, Sum,
    document::Document,
    kind::{Element, Kind, Records},
};
use crate::{
    access::Actor,
    chain::Digest,
    clock::timeline::Milestone,
    complaint::{
        Complaint, Redress, ResolutionKind, Response,
        command::Direction,
        decide::{Refusal, lawful, sent},
        event::EventBody,
        intake::Channel,
    },
    http::problem::{FieldError, Rule},
    ids::LetterId,
    text::{Code, Line, Prose},
    time::Timestamp,
};

/// A text that was made.
#[derive(Clone, Debug)]
pub struct Made<'m> {
    /// The letter: a new one, or one that was drafted before and is drafted anew.
    pub letter: LetterId,
    /// Its kind.
    pub kind: &'m Kind,
    /// The name and version of the template.
    pub template: (Code, Code),
    /// Its text.
    pub document: Document,
    /// What it answers with, where sending it resolves the complaint.
    pub response: Option<Response>,
}

/// Keeps a draft.
///
/// # Errors
/// [`Refusal`] if the letter was sent, or there are as many as there may be.
pub fn draft(complaint: &Complaint, made: Made<'_>) -> Result<Vec<EventBody>, Refusal> {
    let Made { letter, kind, template: (template, version), document, response } = made;
    match complaint.letters.iter().find(|known| known.id == letter) {
        Some(known) if known.state == LetterState::Sent => return Err(refused("", "was sent, and stays as it is")),
        Some(known) if known.kind != kind.id => return Err(refused("/kind", "must stay what it was")),
        Some(_) => {}
        None if complaint.letters.len() >= MAX_LETTERS => {
            return Err(refused("", "would be one more than the 50 letters a complaint may have"));
        }
        None => {}
    }
    let drafted = EventBody::LetterDrafted {
        document: Box::new(document),
        kind: kind.id.clone(),
        kind_version: kind.version.clone(),
        letter,
        response,
        template,
        template_version: version,
    };
    lawful(complaint, vec![drafted])
}

/// Approves a draft.
///
/// # Errors
/// [`Refusal`] if it is not a draft, something is missing, or whoever approves it has drafted it.
pub fn approve(
    complaint: &Complaint,
    letter: LetterId,
    by: &Actor,
    missing: &[&Element],
) -> Result<Vec<EventBody>, Refusal> {
    let known = find(complaint, letter)?;
    if known.state != LetterState::Drafted {
        return Err(refused("", "is for a letter that is drafted"));
    }
    if (known.drafted_by.kind, &known.drafted_by.id) == (by.kind, &by.id) {
        return Err(refused("", "takes somebody else than who drafted it"));
    }
    complete(missing)?;
    lawful(complaint, vec![EventBody::LetterApproved { letter }])
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Sending<'s> {
    /// The letter.
    pub letter: LetterId,
    /// Its kind.
    pub kind: &'s Kind,
    /// What its draft answers with.
    pub response: Option<Response>,
    /// What is not in it.
    pub missing: Vec<&'s Element>,
    /// When it was sent, if that is not now.
    pub sent_at: Option<Timestamp>,
    /// The day in words that it shows.
    pub dated: Line<40>,
    /// The hash of its HTML.
    pub html: Digest,
    /// That of its PDF, if it can be printed.
    pub pdf: Option<Digest>,
}

/// Sends a letter: seals it, and records what clocks wait for.
///
/// # Errors
/// [`Refusal`] if it was sent, needs an approval, something is missing, or the complaint's state does not allow what it records.
pub fn send(
    complaint: &Complaint,
    sending: Sending<'_>,
    settings: &LetterSettings,
    now: Timestamp,
) -> Result<Vec<EventBody>, Refusal> {
    let Sending { letter, kind, response, missing, sent_at, dated, html, pdf } = sending;
    let known = find(complaint, letter)?;
    if known.state == LetterState::Sent {
        return Err(refused("", "was sent already"));
    }
    complete(&missing)?;
    let redress = response.iter().flat_map(|response| response.redress.iter());
    if known.state != LetterState::Approved && settings.wants_approval(&kind.id, redress) {
        return Err(refused("", "must be approved by somebody else first"));
    }
    let sent_at = sent(complaint, sent_at, now)?;
    let at = sent_at.unwrap_or(now);
    let milestone =
        |milestone| EventBody::MilestoneRecorded { milestone, occurred_at: at, reason: None, note: None, to: None };
    let resolved = |kind| {
        let response = response.clone().ok_or_else(|| refused("", "is drafted without a response: draft it anew"))?;
        Ok(EventBody::Resolved { kind, response, sent_at })
    };
    let recorded = match kind.records {
        Records::Acknowledgement => EventBody::Acknowledged { sent_at },
        Records::HoldingResponse => milestone(Milestone::HoldingResponse),
        Records::AdrLetter => milestone(Milestone::AdrLetter),
        Records::SummaryResolution => resolved(ResolutionKind::SummaryResolution)?,
        Records::FinalResponse => resolved(ResolutionKind::FinalResponse)?,
        Records::Update => EventBody::ContactRecorded {
            direction: Direction::Out,
            channel: Channel::Letter,
            summary: Prose::try_from(known.subject.as_str().to_owned()).map_err(|_| refused("", "has no subject"))?,
            occurred_at: at,
        },
    };
    let sent = EventBody::LetterSent { dated, html, html_version: super::html::VERSION, letter, pdf, sent_at: at };
    lawful(complaint, vec![sent, recorded])
}

impl LetterSettings {
    /// Whether somebody else has to approve a letter of this kind with this redress.
    #[must_use]
    pub fn wants_approval<'r>(&self, kind: &Code, redress: impl Iterator<Item = &'r Redress>) -> bool {
        let sums: Vec<_> = redress.filter_map(|item| item.minor.zip(item.currency)).collect();
        let in_all =
            |of| sums.iter().filter(|(_, currency)| *currency == of).map(|(minor, _)| minor.get()).sum::<i64>();
        let exceeds = |limit: &Sum| in_all(limit.currency) > limit.minor.get();
        self.approve.contains(kind) || self.approve_above.iter().any(exceeds)
    }
}

/// A letter of the complaint.
///
/// # Errors
/// [`Refusal::Invalid`] if it has none such.
pub fn find(complaint: &Complaint, letter: LetterId) -> Result<&Letter, Refusal> {
    complaint
        .letters
        .iter()
        .find(|known| known.id == letter)
        .ok_or_else(|| refused("", "is no letter of the complaint"))
}

fn complete(missing: &[&Element]) -> Result<(), Refusal> {
    let error = |element: &&Element| {
        let detail = format!("is missing: {} ({})", element.name.as_str(), element.citation.as_str());
        FieldError::at(&format!("/elements/{}", element.id), Rule::Missing, detail)
    };
    if missing.is_empty() { Ok(()) } else { Err(Refusal::Invalid(missing.iter().map(error).collect())) }
}

fn refused(pointer: &str, detail: &'static str) -> Refusal {
    Refusal::Invalid(vec![FieldError::at(pointer, Rule::NotAllowed, detail)])
}
