//! What a command makes of a complaint: events, or a refusal. Pure; the shell brings the time and what the
//! database knows.

use super::{
    Complaint, Link, MAX_EVENTS, Redress, Response,
    command::{Classify, Command, Contact, Correct, Corrections, Direction, Refer, Resolve, Tag, Unlink},
    event::{Change, Classified, EventBody, Received},
    intake::{Jurisdiction, List, NewComplaint},
    state::{Move, State},
};
use crate::{
    http::problem::{FieldError, Rule},
    reference::Reference,
    taxonomy::Taxonomy,
    tenant::custom_field::{self, CustomField},
    text::Code,
    time::Timestamp,
};
use std::collections::BTreeMap;

/// What the tenant has set that decisions depend on.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The taxonomy in force.
    pub taxonomy: &'a Taxonomy,
    /// The fields the tenant declared.
    pub custom_fields: &'a [CustomField],
    /// Whose law applies unless the complaint says otherwise.
    pub jurisdiction: Jurisdiction,
}

/// What the database knows of the complaint that a link names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkTarget {
    /// The tenant has such a complaint.
    pub exists: bool,
    /// It already links to the complaint at hand.
    pub links_back: bool,
}

/// Why a command was refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The move is not legal in this state.
    IllegalMove {
        /// The state.
        state: State,
        /// What was asked.
        asked: Move,
        /// What is legal instead.
        legal: Vec<Move>,
    },
    /// The complaint has ended, and this needs an open one.
    NotOpen {
        /// The state.
        state: State,
        /// What is legal instead.
        legal: Vec<Move>,
    },
    /// Some members are not acceptable.
    Invalid(Vec<FieldError>),
    /// The case file is full: see [`MAX_EVENTS`].
    Full,
}

/// The first event of a complaint.
///
/// # Errors
/// [`Refusal::Invalid`] with every member that breaks a rule.
pub fn log(new: NewComplaint, reference: Reference, rules: Rules<'_>, now: Timestamp) -> Result<EventBody, Refusal> {
    let received_at = new.received_at.unwrap_or(now);
    let mut errors = Vec::new();
    not_in_the_future("/received_at", received_at, now, &mut errors);
    in_taxonomy(rules.taxonomy, new.product.as_ref(), new.issue.as_ref(), &mut errors);
    custom_field::check("/custom", &new.custom, rules.custom_fields, &mut errors);
    accept(errors)?;
    Ok(EventBody::Received(Box::new(Received {
        reference,
        complainant: new.complainant,
        channel: new.channel,
        received_at,
        taxonomy: rules.taxonomy.reference(),
        product: new.product,
        issue: new.issue,
        description: new.description,
        desired_outcome: new.desired_outcome,
        severity: new.severity,
        vulnerability: new.vulnerability,
        amounts: new.amounts,
        jurisdiction: new.jurisdiction.unwrap_or(rules.jurisdiction),
        custom: new.custom,
        external_reference: new.external_reference,
        tags: new.tags,
        origins: List::default(),
    })))
}

/// The events that `command` makes of `complaint`; at least one.
///
/// # Errors
/// [`Refusal`]; the complaint stays as it is.
pub fn decide(
    complaint: &Complaint,
    command: Command,
    rules: Rules<'_>,
    target: LinkTarget,
    now: Timestamp,
) -> Result<Vec<EventBody>, Refusal> {
    let events = match command {
        Command::Acknowledge(_) => vec![EventBody::Acknowledged {}],
        Command::Assign(assign) => {
            open(complaint)?;
            let assigned = EventBody::Assigned { assignee: assign.assignee, team: assign.team };
            match complaint.state {
                State::Acknowledged | State::Reopened => vec![assigned, EventBody::InvestigationStarted {}],
                _ => vec![assigned],
            }
        }
        Command::Investigate(_) => vec![EventBody::InvestigationStarted {}],
        Command::Classify(classify) => vec![classified(complaint, classify, rules)?],
        Command::Tag(tag) => vec![tagged(complaint, &tag)?],
        Command::Note(note) => vec![EventBody::Noted { text: note.text }],
        Command::Contact(contact) => contacted(complaint, contact, now)?,
        Command::RequestInformation(ask) => {
            vec![EventBody::InformationRequested { question: ask.question, due: ask.due }]
        }
        Command::ProposeResponse(response) => {
            redress(&response.redress)?;
            vec![EventBody::ResponseProposed(response)]
        }
        Command::Resolve(Resolve { kind, outcome, summary, redress: put_right }) => {
            redress(&put_right)?;
            vec![EventBody::Resolved { kind, response: Response { outcome, summary, redress: put_right } }]
        }
        Command::Close(close) => vec![EventBody::Closed { reason: close.reason }],
        Command::Reopen(reopen) => vec![EventBody::Reopened { reason: reopen.reason }],
        Command::Withdraw(withdraw) => vec![EventBody::Withdrawn { reason: withdraw.reason }],
        Command::Refer(Refer { scheme, scheme_reference, reason }) => {
            vec![EventBody::Referred { scheme, scheme_reference, reason }]
        }
        Command::Link(link) => vec![linked(complaint, link.into(), target)?],
        Command::Unlink(Unlink { relation, complaint: other, reason }) => {
            let link = Link { relation, complaint: other };
            if !complaint.links.contains(&link) {
                return Err(invalid("/complaint", Rule::Unknown, "is not linked in this relation"));
            }
            vec![EventBody::Unlinked { link, reason }]
        }
        Command::Correct(correct) => vec![corrected(complaint, *correct, rules, now)?],
    };
    legal(complaint.state, &events)?;
    // A full case can still be ended and put right.
    let ends = events.iter().all(|event| event.makes_move().is_some() || matches!(event, EventBody::Corrected { .. }));
    let most = if ends { MAX_EVENTS } else { MAX_EVENTS - KEPT_TO_END };
    let room = most.saturating_sub(complaint.version) as usize;
    if events.len() > room { Err(Refusal::Full) } else { Ok(events) }
}

/// Events that only moves and corrections may use.
const KEPT_TO_END: u32 = 100;

/// Refuses events that would make an illegal move, one after the other.
fn legal(from: State, events: &[EventBody]) -> Result<(), Refusal> {
    events
        .iter()
        .filter_map(EventBody::makes_move)
        .try_fold(from, |state, asked| {
            state.after(asked).ok_or_else(|| Refusal::IllegalMove { state, asked, legal: state.legal_moves() })
        })
        .map(|_| ())
}

fn open(complaint: &Complaint) -> Result<(), Refusal> {
    let state = complaint.state;
    if state.is_open() { Ok(()) } else { Err(Refusal::NotOpen { state, legal: state.legal_moves() }) }
}

fn classified(complaint: &Complaint, classify: Classify, rules: Rules<'_>) -> Result<EventBody, Refusal> {
    if classify == Classify::default() {
        return Err(invalid("", Rule::Missing, "must name at least one member to change"));
    }
    let Classify { product, issue, severity, vulnerability, tags, root_cause } = classify;
    let mut errors = Vec::new();
    if product.is_some() || issue.is_some() {
        let product = product.as_ref().or(complaint.product.as_ref());
        in_taxonomy(rules.taxonomy, product, issue.as_ref(), &mut errors);
    }
    accept(errors)?;
    let taxonomy = (product.is_some() || issue.is_some()).then(|| rules.taxonomy.reference());
    Ok(EventBody::Classified(Classified { taxonomy, product, issue, severity, vulnerability, tags, root_cause }))
}

/// Whether what a classification says is in the taxonomy, as far as that does not depend on the complaint.
///
/// # Errors
/// [`Refusal::Invalid`] with every member that breaks a rule.
pub fn classifiable(classify: &Classify, rules: Rules<'_>) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    if classify.product.is_some() {
        in_taxonomy(rules.taxonomy, classify.product.as_ref(), classify.issue.as_ref(), &mut errors);
    }
    accept(errors)
}

fn tagged(complaint: &Complaint, tag: &Tag) -> Result<EventBody, Refusal> {
    let tags = tag.on(&complaint.tags);
    if tags == *complaint.tags {
        return Err(invalid("", Rule::Missing, "must change at least one tag"));
    }
    let tags = List::try_from(tags);
    let tags =
        tags.map_err(|_| invalid("/add", Rule::OutOfRange, "makes more than the 20 tags a complaint may have"))?;
    Ok(EventBody::Classified(Classified { tags: Some(tags), ..Classified::default() }))
}

fn contacted(complaint: &Complaint, contact: Contact, now: Timestamp) -> Result<Vec<EventBody>, Refusal> {
    let Contact { direction, channel, summary, occurred_at } = contact;
    let occurred_at = occurred_at.unwrap_or(now);
    let mut errors = Vec::new();
    not_in_the_future("/occurred_at", occurred_at, now, &mut errors);
    accept(errors)?;
    let mut events = vec![EventBody::ContactRecorded { direction, channel, summary, occurred_at }];
    if direction == Direction::In && complaint.state == State::AwaitingInformation {
        events.push(EventBody::InvestigationStarted {});
    }
    Ok(events)
}

fn linked(complaint: &Complaint, link: Link, target: LinkTarget) -> Result<EventBody, Refusal> {
    let refused = if link.complaint == complaint.id {
        Some("must be another complaint")
    } else if !target.exists {
        Some("must be a complaint of this tenant")
    } else if target.links_back {
        Some("already links to this complaint; a tie goes one way")
    } else if complaint.links.iter().any(|held| held.complaint == link.complaint) {
        Some("is linked already; unlink it first to change the relation")
    } else if complaint.links.len() >= MAX_LINKS {
        Some("is one more than the 50 links a complaint may have")
    } else {
        None
    };
    refused.map_or(Ok(EventBody::Linked(link)), |rule| Err(invalid("/complaint", Rule::NotAllowed, rule)))
}

const MAX_LINKS: usize = 50;

fn corrected(
    complaint: &Complaint,
    Correct { reason, set }: Correct,
    rules: Rules<'_>,
    now: Timestamp,
) -> Result<EventBody, Refusal> {
    let mut errors = Vec::new();
    if let Some(received_at) = set.received_at {
        // Received after it was logged is as impossible as received in the future.
        not_in_the_future("/set/received_at", received_at, complaint.logged_at.min(now), &mut errors);
    }
    if let Some(custom) = &set.custom {
        custom_field::check("/set/custom", custom, rules.custom_fields, &mut errors);
    }
    accept(errors)?;
    let changes = changes(complaint, &set);
    if changes.is_empty() {
        return Err(invalid("/set", Rule::Missing, "must change at least one entry"));
    }
    Ok(EventBody::Corrected { reason, changes })
}

fn changes(complaint: &Complaint, set: &Corrections) -> BTreeMap<Code, Change> {
    let (Ok(held), Ok(serde_json::Value::Object(set))) = (serde_json::to_value(complaint), serde_json::to_value(set))
    else {
        return BTreeMap::new();
    };
    set.into_iter()
        .filter_map(|(field, now)| {
            let was = held.get(&field).cloned().unwrap_or_default();
            let field = Code::try_from(field).ok()?;
            (was != now).then_some((field, Change { was, now }))
        })
        .collect()
}

fn not_in_the_future(pointer: &str, at: Timestamp, now: Timestamp, errors: &mut Vec<FieldError>) {
    if at > now {
        errors.push(FieldError::at(pointer, Rule::OutOfRange, format!("must not be later than {now}")));
    }
}

fn in_taxonomy(taxonomy: &Taxonomy, product: Option<&Code>, issue: Option<&Code>, errors: &mut Vec<FieldError>) {
    let Some(code) = product else {
        if issue.is_some() {
            errors.push(FieldError::at("/product", Rule::Missing, "must be given with an issue"));
        }
        return;
    };
    let Some(product) = taxonomy.product(code) else {
        let detail = format!("must be a product of taxonomy {}", taxonomy.id);
        errors.push(FieldError::at("/product", Rule::NotAllowed, detail));
        return;
    };
    if issue.is_some_and(|issue| product.issue(issue).is_none()) {
        let detail = format!("must be an issue of product {code} in taxonomy {}", taxonomy.id);
        errors.push(FieldError::at("/issue", Rule::NotAllowed, detail));
    }
}

/// A sum needs its currency and the other way round.
fn redress(items: &[Redress]) -> Result<(), Refusal> {
    let halves = items.iter().enumerate().filter(|(_, item)| item.minor.is_some() != item.currency.is_some());
    let errors = halves
        .map(|(at, item)| {
            let missing = if item.minor.is_some() { "currency" } else { "minor" };
            FieldError::at(&format!("/redress/{at}/{missing}"), Rule::Missing, "a sum needs both minor and currency")
        })
        .collect();
    accept(errors)
}

fn accept(errors: Vec<FieldError>) -> Result<(), Refusal> {
    if errors.is_empty() { Ok(()) } else { Err(Refusal::Invalid(errors)) }
}

fn invalid(pointer: &str, rule: Rule, detail: &'static str) -> Refusal {
    Refusal::Invalid(vec![FieldError::at(pointer, rule, detail)])
}
