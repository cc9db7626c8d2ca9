//! What a command makes of a complaint: events, or a refusal. Pure; the shell brings the time and what the
//! database knows.

use super::{
    AdrOutcome, Complaint, Link, MAX_EVENTS, MAX_PARTS, MAX_PAYMENTS, Payment, Redress, RedressKind, Relation,
    Response,
    command::{
        Classify, Command, Contact, Correct, Corrections, Direction, Label, MoveClocks, Part, RecordMilestone, Refer,
        Resolve, RetractMilestone, Split, Tag, Unlink,
    },
    event::{Change, Classified, EventBody, Received},
    intake::{Jurisdiction, List, NewComplaint},
    state::{Move, State},
};
use crate::{
    access::ActorKind,
    clock::{
        day::Day,
        law::{Choices, Law},
        pack::Facts,
        timeline::Milestone,
    },
    http::problem::{FieldError, Rule},
    ids::ComplaintId,
    json,
    kept::Kept,
    reference::Reference,
    taxonomy::{Sector, Taxonomy, choices::TaxonomyChoices},
    tenant::custom_field::{self, CustomField},
    text::{Code, Prose},
    time::Timestamp,
};
use std::collections::BTreeMap;

/// What the tenant has set that decisions depend on.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The taxonomy in force.
    pub taxonomy: &'a Taxonomy,
    /// What the tenant makes of it.
    pub own: &'a Kept<TaxonomyChoices>,
    /// The fields the tenant declared.
    pub custom_fields: &'a [CustomField],
    /// Whose law applies unless the complaint says otherwise.
    pub jurisdiction: Jurisdiction,
    /// The trade.
    pub sector: Sector,
    /// Where the firm acts, and with that by which civil time.
    pub choices: &'a Choices,
}

impl Rules<'_> {
    /// As they are for whoever makes a complaint. What a firm asks its staff and its systems for, a consumer is not asked: theirs counts by
    /// whatever means it is made (DISP 1.3.1A).
    #[must_use]
    pub const fn asked_of(self, by: ActorKind) -> Self {
        match by {
            ActorKind::Key | ActorKind::Staff => self,
            ActorKind::Consumer | ActorKind::System | ActorKind::Operator => Self { custom_fields: &[], ..self },
        }
    }

    /// The day of a moment by the civil time in which complaints under this law are counted.
    #[must_use]
    pub fn day_in(&self, jurisdiction: Jurisdiction, at: Timestamp) -> Day {
        let place = Law::shipped().place(jurisdiction, self.choices);
        place.map_or_else(|| Day::of_utc(at), |(_, zone)| zone.day(at))
    }
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
    /// The complaint has not ended, and this is for one that has.
    NotEnded {
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
    let jurisdiction = new.jurisdiction.unwrap_or(rules.jurisdiction);
    let mut errors = Vec::new();
    not_in_the_future("/received_at", received_at, now, &mut errors);
    made_by_receipt("/made_on", new.made_on, rules.day_in(jurisdiction, received_at), &mut errors);
    subject(rules, None, new.product.as_ref(), new.issue.as_ref(), &mut errors);
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
        jurisdiction,
        custom: new.custom,
        external_reference: new.external_reference,
        tags: new.tags,
        entity: new.entity,
        made_on: new.made_on,
        eligible: new.eligible,
        representative: new.representative,
        sensitivity: new.sensitivity,
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
        Command::Acknowledge(acknowledge) => {
            let sent_at = sent(complaint, acknowledge.sent_at, now)?;
            vec![EventBody::Acknowledged { sent_at }]
        }
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
        Command::Resolve(Resolve { kind, outcome, summary, redress: put_right, sent_at }) => {
            redress(&put_right)?;
            let sent_at = sent(complaint, sent_at, now)?;
            vec![EventBody::Resolved { kind, response: Response { outcome, summary, redress: put_right }, sent_at }]
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
        Command::RecordMilestone(record) => vec![milestone(complaint, record, rules.sector, now)?],
        Command::RetractMilestone(retract) => vec![retracted(complaint, retract)?],
        Command::PayRedress(payment) => vec![paid(complaint, payment, now)?],
        Command::RecordAdrOutcome(outcome) => vec![adr_outcome(complaint, outcome, now)?],
        Command::MoveClocks(to) => vec![clocks_moved(complaint, to)?],
        Command::Label(label) => vec![labelled(complaint, label)?],
    };
    lawful(complaint, events)
}

/// The events, if they are legal one after the other and the case file has room for them.
pub(crate) fn lawful(complaint: &Complaint, events: Vec<EventBody>) -> Result<Vec<EventBody>, Refusal> {
    legal(complaint, &events)?;
    // A full case can still be ended and put right.
    let puts_right = |event: &EventBody| {
        matches!(
            event,
            EventBody::Corrected { .. } | EventBody::MilestoneRetracted { .. } | EventBody::SensitivitySet { .. }
        )
    };
    let ends = events.iter().all(|event| event.makes_move().is_some() || puts_right(event));
    let most = if ends { MAX_EVENTS } else { MAX_EVENTS - KEPT_TO_END };
    let room = most.saturating_sub(complaint.version) as usize;
    if events.len() > room { Err(Refusal::Full) } else { Ok(events) }
}

/// What a split makes: the events of the complaint, and of each part those that begin it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitUp {
    /// Of the complaint.
    pub whole: Vec<EventBody>,
    /// Of the parts, in the order they were named.
    pub parts: Vec<Vec<EventBody>>,
}

/// Splits parts off from an open complaint that is not a part itself. `ids`: the ids and references that the parts are to have.
///
/// # Errors
/// [`Refusal`]; nothing has changed.
pub fn split(
    complaint: &Complaint,
    Split { parts, reason, remains }: Split,
    ids: &[(ComplaintId, Reference)],
    rules: Rules<'_>,
) -> Result<SplitUp, Refusal> {
    open(complaint)?;
    if complaint.is_part() {
        return Err(invalid("", Rule::NotAllowed, "is for a complaint that is not a part of another itself"));
    }
    if parts.is_empty() {
        return Err(invalid("/parts", Rule::Missing, "must have at least one"));
    }
    if complaint.parts.len() + parts.len() > MAX_PARTS {
        return Err(invalid("/parts", Rule::OutOfRange, "makes more than the 10 parts a complaint may have"));
    }
    let mut errors = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let mut of_part = Vec::new();
        subject(rules, None, part.product.as_ref(), part.issue.as_ref(), &mut of_part);
        let within = |error: FieldError| FieldError {
            pointer: error.pointer.map(|pointer| format!("/parts/{at}{pointer}")),
            ..error
        };
        errors.extend(of_part.into_iter().map(within));
    }
    accept(errors)?;
    let listed = List::try_from(ids.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    let listed = listed.map_err(|_| invalid("/parts", Rule::OutOfRange, "are too many"))?;
    let mut whole = vec![EventBody::Split { parts: listed, reason }];
    if let Some(remains) = remains {
        whole.push(classified(complaint, remains, rules)?);
    }
    let link = EventBody::Linked(Link { relation: Relation::PartOf, complaint: complaint.id });
    let begin = |(part, (_, reference)): (&Part, &(ComplaintId, Reference))| {
        let received = received_as(complaint, part, reference.clone(), rules.taxonomy);
        vec![EventBody::Received(Box::new(received)), link.clone()]
    };
    Ok(SplitUp { whole: lawful(complaint, whole)?, parts: parts.iter().zip(ids).map(begin).collect() })
}

fn received_as(complaint: &Complaint, part: &Part, reference: Reference, taxonomy: &Taxonomy) -> Received {
    Received {
        reference,
        complainant: complaint.complainant.clone(),
        channel: complaint.channel,
        received_at: complaint.received_at,
        taxonomy: taxonomy.reference(),
        product: part.product.clone(),
        issue: part.issue.clone(),
        description: part.description.clone(),
        desired_outcome: part.desired_outcome.clone(),
        severity: part.severity.unwrap_or(complaint.severity),
        vulnerability: complaint.vulnerability.clone(),
        amounts: part.amounts.clone(),
        jurisdiction: complaint.jurisdiction,
        custom: complaint.custom.clone(),
        external_reference: None,
        tags: part.tags.clone(),
        entity: complaint.entity.clone(),
        made_on: complaint.made_on,
        eligible: complaint.eligible,
        representative: complaint.representative.clone(),
        sensitivity: complaint.sensitivity.clone(),
        origins: List::default(),
    }
}

/// The complaint that a part was split off from.
///
/// # Errors
/// [`Refusal::Invalid`] if it is no part.
pub fn whole_of(part: &Complaint) -> Result<ComplaintId, Refusal> {
    let of = part.links.iter().find(|link| link.relation == Relation::PartOf).map(|link| link.complaint);
    of.ok_or_else(|| invalid("", Rule::NotAllowed, "is for a complaint that is a part of another"))
}

/// Takes an open part back into an open complaint, which gets its labels: so the same rules apply to it again. The events of the
/// complaint, none if it has all that already, and those of the part.
///
/// # Errors
/// [`Refusal`]; nothing has changed.
pub fn rejoin(
    part: &Complaint,
    whole: &Complaint,
    reason: &Prose<2_000>,
) -> Result<(Vec<EventBody>, Vec<EventBody>), Refusal> {
    open(whole)?;
    let rejoined = lawful(part, vec![EventBody::Rejoined { into: whole.id, reason: reason.clone() }])?;
    let mut events = Vec::new();
    if whole.parts.contains(&part.id) {
        events.push(EventBody::PartRejoined { part: part.id, reason: reason.clone() });
    }
    let labels = Tag { add: part.tags.clone(), remove: List::default() };
    if labels.on(&whole.tags) != *whole.tags {
        events.push(tagged(whole, &labels)?);
    }
    Ok((lawful(whole, events)?, rejoined))
}

/// Events that only moves and corrections may use.
const KEPT_TO_END: u32 = 100;

/// Refuses events that would make an illegal move, one after the other.
fn legal(complaint: &Complaint, events: &[EventBody]) -> Result<(), Refusal> {
    let here =
        |state: State| if state == complaint.state { complaint.legal_moves.clone() } else { state.legal_moves() };
    events
        .iter()
        .filter_map(EventBody::makes_move)
        .try_fold(complaint.state, |state, asked| {
            state.after(asked).ok_or_else(|| Refusal::IllegalMove { state, asked, legal: here(state) })
        })
        .map(|_| ())
}

fn open(complaint: &Complaint) -> Result<(), Refusal> {
    let state = complaint.state;
    if state.is_open() { Ok(()) } else { Err(Refusal::NotOpen { state, legal: complaint.legal_moves.clone() }) }
}

/// Redress follows an answer: the firm's own, one on which it was withdrawn, or a scheme's.
fn ended(complaint: &Complaint) -> Result<(), Refusal> {
    let state = complaint.state;
    let has_ended = !state.is_open() || complaint.reopened > 0 || complaint.adr_outcome.is_some();
    if has_ended { Ok(()) } else { Err(Refusal::NotEnded { state, legal: complaint.legal_moves.clone() }) }
}

fn classified(complaint: &Complaint, classify: Classify, rules: Rules<'_>) -> Result<EventBody, Refusal> {
    if classify == Classify::default() {
        return Err(invalid("", Rule::Missing, "must name at least one member to change"));
    }
    let Classify { product, issue, severity, vulnerability, tags, root_cause, eligible, vulnerability_failure } =
        classify;
    let mut errors = Vec::new();
    if product.is_some() || issue.is_some() {
        let product = product.as_ref().or(complaint.product.as_ref());
        subject(rules, Some(complaint), product, issue.as_ref(), &mut errors);
    }
    accept(errors)?;
    let taxonomy = (product.is_some() || issue.is_some()).then(|| rules.taxonomy.reference());
    Ok(EventBody::Classified(Classified {
        taxonomy,
        product,
        issue,
        severity,
        vulnerability,
        tags,
        root_cause,
        eligible,
        vulnerability_failure,
    }))
}

/// Whether what a classification says is in the taxonomy and in use, as far as that does not depend on the complaint.
///
/// # Errors
/// [`Refusal::Invalid`] with every member that breaks a rule.
pub fn classifiable(classify: &Classify, rules: Rules<'_>) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    if classify.product.is_some() {
        subject(rules, None, classify.product.as_ref(), classify.issue.as_ref(), &mut errors);
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

/// When something was sent, if that is not now: neither in the future nor before the complaint was received.
pub(crate) fn sent(complaint: &Complaint, at: Option<Timestamp>, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    let mut errors = Vec::new();
    if let Some(at) = at {
        not_in_the_future("/sent_at", at, now, &mut errors);
        not_before_receipt("/sent_at", at, complaint, &mut errors);
    }
    accept(errors)?;
    Ok(at)
}

fn milestone(
    complaint: &Complaint,
    RecordMilestone { milestone, occurred_at, reason, to, note }: RecordMilestone,
    sector: Sector,
    now: Timestamp,
) -> Result<EventBody, Refusal> {
    let occurred_at = occurred_at.unwrap_or(now);
    let mut errors = Vec::new();
    not_in_the_future("/occurred_at", occurred_at, now, &mut errors);
    if !milestone.may_precede_receipt() {
        not_before_receipt("/occurred_at", occurred_at, complaint, &mut errors);
    }
    let last = |of| complaint.milestones.iter().find(|reached| reached.milestone == of).map(|reached| reached.at);
    let (stopped, resumed) = (last(Milestone::ClockStopped), last(Milestone::ClockResumed));
    let stands_still = stopped.filter(|stopped| resumed.is_none_or(|resumed| resumed < *stopped));
    let no = |pointer: &str, detail: String| FieldError::at(pointer, Rule::NotAllowed, detail);
    match milestone {
        Milestone::ClockStopped => {
            let reasons = Law::shipped().reasons_to_stop(&Facts::of(complaint, sector));
            if reasons.is_empty() {
                errors.push(no("/milestone", "stops a clock, and no rule allows that for this complaint".to_owned()));
            } else if !reason.as_ref().is_some_and(|reason| reasons.contains(&reason.as_str())) {
                let rule = if reason.is_some() { Rule::NotAllowed } else { Rule::Missing };
                errors.push(FieldError::at("/reason", rule, format!("must be one of {}", reasons.join(" "))));
            }
            if stands_still.is_some() {
                errors.push(no("/milestone", "stops a clock that stands still".to_owned()));
            } else if resumed.is_some_and(|resumed| occurred_at < resumed) {
                errors.push(no("/occurred_at", "must not be earlier than the clock last ran on".to_owned()));
            }
        }
        Milestone::ClockResumed => match stands_still {
            None => errors.push(no("/milestone", "starts a clock that does not stand still".to_owned())),
            Some(stopped) if occurred_at <= stopped => {
                errors.push(no("/occurred_at", format!("must be later than the clock was stopped, {stopped}")));
            }
            Some(_) => {}
        },
        _ => {}
    }
    if milestone != Milestone::ClockStopped && reason.is_some() {
        errors.push(no("/reason", "is only for a clock that is stopped".to_owned()));
    }
    if milestone != Milestone::Forwarded && to.is_some() {
        errors.push(no("/to", "is only for a complaint that is forwarded".to_owned()));
    }
    accept(errors)?;
    Ok(EventBody::MilestoneRecorded { milestone, occurred_at, reason, note, to })
}

fn retracted(
    complaint: &Complaint,
    RetractMilestone { milestone, occurred_at, reason }: RetractMilestone,
) -> Result<EventBody, Refusal> {
    let all = || complaint.milestones.iter().chain(&complaint.earlier_milestones);
    let mut of_kind = all().filter(|reached| reached.milestone == milestone).map(|reached| reached.at).peekable();
    if of_kind.peek().is_none() {
        return Err(invalid("/milestone", Rule::Unknown, "was not recorded, or was taken back"));
    }
    let found = of_kind.find(|at| occurred_at.is_none_or(|asked| asked == *at));
    let occurred_at =
        found.ok_or_else(|| invalid("/occurred_at", Rule::Unknown, "must be when such a milestone is recorded"))?;
    Ok(EventBody::MilestoneRetracted { milestone, occurred_at, reason })
}

fn paid(complaint: &Complaint, payment: Payment, now: Timestamp) -> Result<EventBody, Refusal> {
    ended(complaint)?;
    let mut errors = Vec::new();
    payable("", &payment, complaint, now, &mut errors);
    if complaint.payments.len() >= MAX_PAYMENTS {
        let rule = "is one more than the 50 payments a complaint may have";
        errors.push(FieldError::at("", Rule::NotAllowed, rule));
    }
    accept(errors)?;
    Ok(EventBody::RedressPaid(payment))
}

/// What a payment has to be, wherever it stands.
fn payable(place: &str, payment: &Payment, complaint: &Complaint, now: Timestamp, errors: &mut Vec<FieldError>) {
    let at = format!("{place}/paid_at");
    not_in_the_future(&at, payment.paid_at, now, errors);
    not_before_receipt(&at, payment.paid_at, complaint, errors);
    if payment.minor.get() == 0 {
        errors.push(FieldError::at(&format!("{place}/minor"), Rule::OutOfRange, "must be more than 0"));
    }
    if matches!(payment.kind, Some(RedressKind::Apology | RedressKind::Correction)) {
        errors.push(FieldError::at(&format!("{place}/kind"), Rule::NotAllowed, "is nothing that is paid"));
    }
}

fn adr_outcome(complaint: &Complaint, outcome: AdrOutcome, now: Timestamp) -> Result<EventBody, Refusal> {
    redress(&outcome.redress)?;
    let mut errors = Vec::new();
    not_in_the_future("/decided_at", outcome.decided_at, now, &mut errors);
    not_before_receipt("/decided_at", outcome.decided_at, complaint, &mut errors);
    accept(errors)?;
    Ok(EventBody::AdrOutcomeRecorded(outcome))
}

fn clocks_moved(complaint: &Complaint, MoveClocks { versions, reason }: MoveClocks) -> Result<EventBody, Refusal> {
    let mut errors = Vec::new();
    for (at, pin) in versions.iter().enumerate() {
        if !Law::shipped().has(pin) {
            let detail = format!("{} has no version {}", pin.id, pin.version);
            errors.push(FieldError::at(&format!("/versions/{at}"), Rule::Unknown, detail));
        } else if versions.iter().take(at).any(|earlier| earlier.id == pin.id) {
            errors.push(FieldError::at(&format!("/versions/{at}/id"), Rule::NotAllowed, "is named twice"));
        }
    }
    accept(errors)?;
    if versions.iter().all(|pin| complaint.clock_versions.contains(pin)) {
        return Err(invalid("/versions", Rule::Missing, "must name at least one other version"));
    }
    Ok(EventBody::ClocksMoved { versions, reason })
}

fn labelled(complaint: &Complaint, Label { sensitivity }: Label) -> Result<EventBody, Refusal> {
    if complaint.sensitivity == sensitivity {
        return Err(invalid("/sensitivity", Rule::Missing, "must change at least one label"));
    }
    Ok(EventBody::SensitivitySet { sensitivity })
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
    let on_receipt = [
        ("/set/made_on", set.made_on.is_some()),
        ("/set/received_at", set.received_at.is_some()),
        ("/set/jurisdiction", set.jurisdiction.is_some()),
    ];
    if let Some((pointer, _)) = on_receipt.iter().find(|(_, is_set)| *is_set) {
        let received_at = set.received_at.unwrap_or(complaint.received_at);
        let received_on = rules.day_in(set.jurisdiction.unwrap_or(complaint.jurisdiction), received_at);
        made_by_receipt(pointer, set.made_on.unwrap_or(complaint.made_on), received_on, &mut errors);
    }
    if let Some(custom) = &set.custom {
        custom_field::check("/set/custom", custom, rules.custom_fields, &mut errors);
    }
    if let Some(payments) = &set.payments {
        ended(complaint)?;
        for (at, payment) in payments.iter().enumerate() {
            payable(&format!("/set/payments/{at}"), payment, complaint, now, &mut errors);
        }
    }
    accept(errors)?;
    let changes = changes(complaint, &set);
    if changes.is_empty() {
        return Err(invalid("/set", Rule::Missing, "must change at least one entry"));
    }
    Ok(EventBody::Corrected { reason, changes })
}

fn changes(complaint: &Complaint, set: &Corrections) -> BTreeMap<Code, Change> {
    let (Some(held), Some(set)) = (json::members(complaint), json::members(set)) else { return BTreeMap::new() };
    set.into_iter()
        .filter_map(|(field, now)| {
            let was = held.get(&field).cloned().unwrap_or_default();
            let field = Code::try_from(field).ok()?;
            // A list without items may not be written.
            let is_so = was == now || (was.is_null() && now.as_array().is_some_and(Vec::is_empty));
            (!is_so).then_some((field, Change { was, now }))
        })
        .collect()
}

fn not_in_the_future(pointer: &str, at: Timestamp, now: Timestamp, errors: &mut Vec<FieldError>) {
    if at > now {
        errors.push(FieldError::at(pointer, Rule::OutOfRange, format!("must not be later than {now}")));
    }
}

/// Nobody receives a complaint before the day on which it was made.
fn made_by_receipt(pointer: &str, made_on: Option<Day>, received_on: Day, errors: &mut Vec<FieldError>) {
    if let Some(made_on) = made_on.filter(|made_on| *made_on > received_on) {
        let detail = format!("must not have it made on {made_on} and received before that, on {received_on}");
        errors.push(FieldError::at(pointer, Rule::OutOfRange, detail));
    }
}

fn not_before_receipt(pointer: &str, at: Timestamp, complaint: &Complaint, errors: &mut Vec<FieldError>) {
    let received_at = complaint.received_at;
    if at < received_at {
        let detail = format!("must not be earlier than the complaint was received, {received_at}");
        errors.push(FieldError::at(pointer, Rule::OutOfRange, detail));
    }
}

/// What something is about must be in the taxonomy, and in use, unless the complaint is about it already.
fn subject(
    rules: Rules<'_>,
    complaint: Option<&Complaint>,
    product: Option<&Code>,
    issue: Option<&Code>,
    errors: &mut Vec<FieldError>,
) {
    let Rules { taxonomy, own, .. } = rules;
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
        return;
    }
    let mut in_use = |pointer, is_held: bool, subject: &str| {
        if !is_held && own.leaves_out(subject) {
            errors.push(FieldError::at(pointer, Rule::NotAllowed, "is not used by the firm any more"));
        }
    };
    let holds_product = complaint.is_some_and(|complaint| complaint.product.as_ref() == Some(code));
    in_use("/product", holds_product, code.as_str());
    if let Some(issue) = issue {
        let holds_issue = holds_product && complaint.is_some_and(|complaint| complaint.issue.as_ref() == Some(issue));
        in_use("/issue", holds_issue, &format!("{code}/{issue}"));
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
