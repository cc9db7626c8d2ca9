//! A complaint: what is known of it ([`Complaint`]), what may be asked of it ([`command`]), what has happened to
//! it ([`event`]) and the rules between them ([`decide`], [`state`]).
//!
//! Invariant: a complaint *is* its events. [`Complaint`] is what folding them yields, nothing more.

pub mod command;
pub mod counts;
pub mod decide;
pub mod event;
pub mod intake;
pub mod projection;
pub mod state;

use crate::{
    access::Actor,
    attachment::{Attachment, AttachmentState, Verdict},
    chain::Digest,
    clock::{day::Day, law::Pin, named::named, timeline::Milestone},
    identity::role::Clearance,
    ids::{ComplaintId, TenantId},
    letter::{Letter, LetterState},
    reference::Reference,
    taxonomy::TaxonomyRef,
    text::{Code, Line, Prose},
    time::Timestamp,
};
use event::{Change, Event, EventBody};
use intake::{Amount, Channel, Complainant, CustomValue, Driver, Jurisdiction, List, Representative, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use state::{Move, State};
use std::collections::{BTreeMap, BTreeSet};

/// The most events one complaint may have; a case that reaches it needs a linked follow-up case.
pub const MAX_EVENTS: u32 = 5_000;

/// A complaint as of some version: the fold of its first `version` events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Complaint {
    /// The id, for life.
    pub id: ComplaintId,
    /// What a consumer quotes.
    pub reference: Reference,
    /// The number of events so far; the `ETag` is `"v<version>"`.
    pub version: u32,
    /// Where it stands.
    pub state: State,
    /// The moves that are legal from here.
    pub legal_moves: Vec<Move>,
    /// Who complains.
    pub complainant: Complainant,
    /// How the complaint came in.
    pub channel: Channel,
    /// When the firm received it, as evidenced; never after `logged_at`.
    pub received_at: Timestamp,
    /// When it was put into this system.
    pub logged_at: Timestamp,
    /// When the newest event was recorded.
    pub updated_at: Timestamp,
    /// The taxonomy that `product` and `issue` belong to.
    pub taxonomy: TaxonomyRef,
    /// What it is about: a product code of the taxonomy.
    pub product: Option<Code>,
    /// What went wrong: an issue code of the product.
    pub issue: Option<Code>,
    /// The complaint in the consumer's own words.
    pub description: Prose<50_000>,
    /// What the consumer wants.
    pub desired_outcome: Option<Prose<5_000>>,
    /// How bad it is for the consumer.
    pub severity: Severity,
    /// Indicators that the consumer may be vulnerable.
    pub vulnerability: List<Driver, 4>,
    /// Sums the complaint is about.
    pub amounts: List<Amount, 20>,
    /// Whose law applies.
    pub jurisdiction: Jurisdiction,
    /// Values of the fields that the tenant declared.
    pub custom: BTreeMap<Code, CustomValue>,
    /// The tenant's own id for this complaint, unique within the tenant.
    pub external_reference: Option<Line<100>>,
    /// Free labels.
    pub tags: List<Code, 20>,
    /// Why not everybody may see it: staff do who hold a clearance for each of these. Absent: nothing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sensitivity: BTreeSet<Clearance>,
    /// Which of the firm's legal entities received it, as its regulator calls it: an FRN, an LEI. Absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<Line<100>>,
    /// The day on which the complainant says it was made. Absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_on: Option<Day>,
    /// Whether the complainant is an eligible complainant (FCA DISP 2.7). Absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible: Option<bool>,
    /// Who complains on behalf of the complainant, if somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<Representative>,
    /// Why it happened, once known.
    pub root_cause: Option<Code>,
    /// Whether it is about, or caused by, a failure to consider or respond to vulnerability (FCA PS25/19). Absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vulnerability_failure: Option<bool>,
    /// Who works on it.
    pub assignee: Option<Line<100>>,
    /// The team that works on it.
    pub team: Option<Line<100>>,
    /// When it was first acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// The response that waits to be sent.
    pub proposal: Option<Response>,
    /// How it ended, if it has and was not reopened since.
    pub resolution: Option<Resolution>,
    /// Where it was referred to, if it was.
    pub referral: Option<Referral>,
    /// What an ombudsman or another scheme last said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adr_outcome: Option<AdrOutcome>,
    /// The redress that was paid, in the order it was recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<Payment>,
    /// Other complaints it belongs with. Both keep their identity, clocks and answers.
    pub links: Vec<Link>,
    /// Its letters, in the order they were begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<Letter>,
    /// Its attachments, in the order they were added; those that were removed stay as a name and a hash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The complaints that were split off from it and not taken back: matters with clocks and answers of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ComplaintId>,
    /// What clocks wait for and has happened: the newest of each kind, in the order they were recorded. One that is taken back
    /// leaves its place to the one of its kind before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<Reached>,
    /// Those of a kind that has been reached again since, in the order they were recorded; of more than [`MAX_EARLIER`] the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_milestones: Vec<Reached>,
    /// The versions of rules and calendars that it was moved to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clock_versions: Vec<Pin>,
    /// How often it was reopened.
    pub reopened: u32,
    /// How many contacts with the complainant are on file.
    pub contacts: u32,
    /// How many internal notes are on file.
    pub notes: u32,
    /// Where its case file was kept before it was imported, oldest first; absent if it was not.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub origins: List<Origin, MAX_ORIGINS>,
    /// SHA-256 of the newest event.
    pub head: Digest,
}

/// A milestone and when it was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reached {
    /// What.
    pub milestone: Milestone,
    /// When.
    pub at: Timestamp,
    /// The respondent to whom it was forwarded (FCA DISP 1.7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Line<200>>,
}

/// How many milestones that were reached again a complaint remembers.
pub const MAX_EARLIER: usize = 50;

/// The most payments of redress that a complaint has.
pub const MAX_PAYMENTS: usize = 50;

/// The most parts that a complaint has at a time.
pub const MAX_PARTS: usize = 10;

/// How often a case file can be imported from one place into the next.
pub const MAX_ORIGINS: usize = 10;

/// A case file that was whole and unaltered when its events were taken over, each at its own time and by its own actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// Its complaint.
    pub complaint: ComplaintId,
    /// The hash of the newest event.
    pub head: Digest,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// Who did that.
    pub imported_by: Actor,
    /// What consumers had been told to quote.
    pub reference: Reference,
    /// The firm that kept it.
    pub tenant: TenantId,
}

/// What the firm finds and offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// Whether the consumer was right.
    pub outcome: Outcome,
    /// The finding, in words that the consumer can read.
    pub summary: Prose<10_000>,
    /// What is put right, and how.
    #[serde(default)]
    pub redress: List<Redress, 10>,
}

/// The final answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolution {
    /// Which kind of answer it was.
    pub kind: ResolutionKind,
    /// Whether the consumer was right.
    pub outcome: Outcome,
    /// The finding.
    pub summary: Prose<10_000>,
    /// What is put right.
    pub redress: List<Redress, 10>,
    /// When it was recorded.
    pub at: Timestamp,
    /// When it was sent, if that was at another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

/// Which kind of answer ended the complaint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResolutionKind {
    /// The answer to an investigated complaint (FCA DISP 1.6.2R). Follows a proposed response.
    #[default]
    FinalResponse,
    /// Settled quickly with the consumer's acceptance (FCA DISP 1.5), without the full course.
    SummaryResolution,
}

/// Whether the consumer was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Yes.
    Upheld,
    /// In part.
    PartlyUpheld,
    /// No.
    Rejected,
}

/// One thing done to put matters right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redress {
    /// What sort of redress.
    pub kind: RedressKind,
    /// The sum in minor units of `currency`; both or neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minor: Option<intake::MinorUnits>,
    /// ISO 4217 code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<intake::CurrencyCode>,
    /// Details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Prose<2_000>>,
}

impl Redress {
    /// Whether it is money.
    #[must_use]
    pub fn pays(&self) -> bool {
        self.minor.is_some_and(|minor| minor.get() > 0)
    }
}

impl Response {
    /// Whether it promises money.
    #[must_use]
    pub fn pays(&self) -> bool {
        self.redress.iter().any(Redress::pays)
    }
}

/// What sort of redress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RedressKind {
    /// Money the consumer had paid or lost.
    Refund,
    /// Money for distress and inconvenience, or due by law.
    Compensation,
    /// A gesture without admission.
    Goodwill,
    /// An apology.
    Apology,
    /// A record or a service put right.
    Correction,
}

/// A referral to an ombudsman or another dispute-resolution scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Referral {
    /// The scheme.
    pub scheme: Line<200>,
    /// The scheme's own reference.
    pub scheme_reference: Option<Line<100>>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Money that was paid to put matters right; what is offered is in a [`Response`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// ISO 4217 code.
    pub currency: intake::CurrencyCode,
    /// What sort of redress: one that is money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<RedressKind>,
    /// The sum in minor units of `currency`, more than 0.
    pub minor: intake::MinorUnits,
    /// Details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Line<200>>,
    /// When it was paid. Never in the future, nor before the complaint was received.
    pub paid_at: Timestamp,
    /// What the payment is called where it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Line<100>>,
}

impl Payment {
    /// Whether it is of something.
    #[must_use]
    pub const fn pays(&self) -> bool {
        self.minor.get() > 0
    }
}

/// What came of a complaint at an ombudsman or another dispute-resolution scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdrOutcome {
    /// When it was decided. Never in the future, nor before the complaint was received.
    pub decided_at: Timestamp,
    /// The outcome.
    pub outcome: AdrResult,
    /// What the scheme awards, or what was settled on.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub redress: List<Redress, 10>,
    /// The scheme's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Line<100>>,
    /// The scheme.
    pub scheme: Line<200>,
}

named! {
/// How a scheme ends a dispute.
pub enum AdrResult {
    /// The consumer was right.
    Upheld: "upheld",
    /// In part.
    PartlyUpheld: "partly_upheld",
    /// The firm was right.
    NotUpheld: "not_upheld",
    /// The consumer took it back.
    Withdrawn: "withdrawn",
    /// Both agreed before it was decided.
    Settled: "settled",
    /// It is not for the scheme to decide.
    OutOfJurisdiction: "out_of_jurisdiction",
}
}

/// A tie to another complaint of the same tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// What the tie says.
    pub relation: Relation,
    /// The other complaint.
    pub complaint: ComplaintId,
}

/// What a [`Link`] says about this complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same consumer about the same thing.
    DuplicateOf,
    /// One of several matters split off from, or gathered under, the other.
    PartOf,
}

/// An event that cannot follow: the file is broken, or a rule of this crate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The first event must be `received`, and no other may be.
    #[error("a complaint starts with `received`, once")]
    Start,
    /// The events are not numbered 1, 2, 3, …
    #[error("event {found} follows event {version}")]
    Sequence {
        /// The version before.
        version: u32,
        /// The number of the event.
        found: u32,
    },
    /// The table of moves does not allow it.
    #[error("the event is not legal in the state the complaint is in")]
    Move,
    /// A correction does not fit the fields it corrects.
    #[error("the correction does not fit")]
    Correction,
}

impl Complaint {
    /// The complaint that `events`, from the first on, describe; `None` without events.
    ///
    /// # Errors
    /// [`FoldError`] if they do not form the beginning of a complaint.
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e Event>) -> Result<Option<Self>, FoldError> {
        events.into_iter().try_fold(None, |state: Option<Self>, event| match state {
            None => Self::begin(event).map(Some),
            Some(mut complaint) => {
                complaint.apply(event)?;
                Ok(Some(complaint))
            }
        })
    }

    /// The complaint after its first event.
    ///
    /// # Errors
    /// [`FoldError::Start`] or [`FoldError::Sequence`] if `event` is not a first event.
    pub fn begin(event: &Event) -> Result<Self, FoldError> {
        let EventBody::Received(received) = &event.body else { return Err(FoldError::Start) };
        if event.seq != 1 {
            return Err(FoldError::Sequence { version: 0, found: event.seq });
        }
        let event::Received {
            reference,
            complainant,
            channel,
            received_at,
            taxonomy,
            product,
            issue,
            description,
            desired_outcome,
            severity,
            vulnerability,
            amounts,
            jurisdiction,
            custom,
            external_reference,
            tags,
            origins,
            entity,
            made_on,
            eligible,
            representative,
            sensitivity,
        } = received.as_ref().clone();
        Ok(Self {
            id: event.complaint,
            reference,
            version: 1,
            state: State::Received,
            legal_moves: State::Received.legal_moves(),
            complainant,
            channel,
            received_at,
            logged_at: event.at,
            updated_at: event.at,
            taxonomy,
            product,
            issue,
            description,
            desired_outcome,
            severity,
            vulnerability,
            amounts,
            jurisdiction,
            custom,
            external_reference,
            tags,
            sensitivity,
            entity,
            made_on,
            eligible,
            representative,
            root_cause: None,
            vulnerability_failure: None,
            assignee: None,
            team: None,
            acknowledged_at: None,
            proposal: None,
            resolution: None,
            referral: None,
            adr_outcome: None,
            payments: Vec::new(),
            links: Vec::new(),
            letters: Vec::new(),
            attachments: Vec::new(),
            parts: Vec::new(),
            milestones: Vec::new(),
            earlier_milestones: Vec::new(),
            clock_versions: Vec::new(),
            reopened: 0,
            contacts: 0,
            notes: 0,
            origins,
            head: event.hash,
        })
    }

    /// Takes one more event in.
    ///
    /// # Errors
    /// [`FoldError`] if the event cannot follow; the complaint is then to be discarded.
    pub fn apply(&mut self, event: &Event) -> Result<(), FoldError> {
        if event.seq != self.version + 1 {
            return Err(FoldError::Sequence { version: self.version, found: event.seq });
        }
        if let Some(made) = event.body.makes_move() {
            self.state = self.state.after(made).ok_or(FoldError::Move)?;
        }
        self.take_in(event)?;
        self.legal_moves = self.state.legal_moves();
        if self.is_part() && self.state.after(Move::Rejoin).is_some() {
            self.legal_moves.push(Move::Rejoin);
        }
        self.version = event.seq;
        self.updated_at = event.at;
        self.head = event.hash;
        Ok(())
    }

    /// Since when it has been kept here: since it was logged, or its case file was imported.
    #[must_use]
    pub fn here_since(&self) -> Timestamp {
        self.origins.last().map_or(self.logged_at, |origin| origin.imported_at)
    }

    /// Has it under these versions of rules and calendars; of others the version stays.
    pub fn move_clocks(&mut self, versions: &[Pin]) {
        self.clock_versions.retain(|held| versions.iter().all(|pin| pin.id != held.id));
        self.clock_versions.extend(versions.iter().cloned());
    }

    /// Whether it is a part of another complaint.
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.links.iter().any(|link| link.relation == Relation::PartOf)
    }

    fn take_in(&mut self, event: &Event) -> Result<(), FoldError> {
        match &event.body {
            EventBody::Received(_) => return Err(FoldError::Start),
            EventBody::Acknowledged { sent_at } => {
                self.acknowledged_at.get_or_insert(sent_at.unwrap_or(event.at));
            }
            EventBody::InvestigationStarted {} => self.proposal = None,
            EventBody::Assigned { assignee, team } => {
                self.assignee = Some(assignee.clone());
                self.team.clone_from(team);
            }
            EventBody::Classified(classified) => {
                let event::Classified {
                    taxonomy,
                    product,
                    issue,
                    severity,
                    vulnerability,
                    tags,
                    root_cause,
                    eligible,
                    vulnerability_failure,
                } = classified;
                if let Some(taxonomy) = taxonomy {
                    self.taxonomy.clone_from(taxonomy);
                }
                if let Some(product) = product
                    && self.product.as_ref() != Some(product)
                {
                    self.product = Some(product.clone());
                    self.issue.clone_from(issue);
                } else if let Some(issue) = issue {
                    self.issue = Some(issue.clone());
                }
                if let Some(severity) = severity {
                    self.severity = *severity;
                }
                if let Some(vulnerability) = vulnerability {
                    self.vulnerability.clone_from(vulnerability);
                }
                if let Some(tags) = tags {
                    self.tags.clone_from(tags);
                }
                if let Some(root_cause) = root_cause {
                    self.root_cause = Some(root_cause.clone());
                }
                self.eligible = eligible.or(self.eligible);
                self.vulnerability_failure = vulnerability_failure.or(self.vulnerability_failure);
            }
            EventBody::Noted { .. } => self.notes += 1,
            EventBody::ContactRecorded { .. } => self.contacts += 1,
            EventBody::InformationRequested { .. }
            | EventBody::Closed { .. }
            | EventBody::DeadlineWarned { .. }
            | EventBody::DeadlineMissed { .. } => {}
            EventBody::Withdrawn { .. } => self.proposal = None,
            EventBody::ResponseProposed(response) => self.proposal = Some(response.clone()),
            EventBody::Resolved { kind, response, sent_at } => {
                let Response { outcome, summary, redress } = response.clone();
                let (kind, sent_at) = (*kind, *sent_at);
                self.resolution = Some(Resolution { kind, outcome, summary, redress, at: event.at, sent_at });
                self.proposal = None;
            }
            EventBody::Reopened { .. } => {
                self.reopened += 1;
                self.proposal = None;
                self.resolution = None;
                self.referral = None;
            }
            EventBody::Referred { scheme, scheme_reference, .. } => {
                self.proposal = None;
                self.referral =
                    Some(Referral { scheme: scheme.clone(), scheme_reference: scheme_reference.clone(), at: event.at });
            }
            EventBody::Linked(link) => self.links.push(*link),
            EventBody::Unlinked { link, .. } => self.links.retain(|held| held != link),
            EventBody::Corrected { changes, .. } => self.correct(changes)?,
            EventBody::MilestoneRecorded { milestone, occurred_at, to, .. } => {
                self.reach(Reached { milestone: *milestone, at: *occurred_at, to: to.clone() });
            }
            EventBody::MilestoneRetracted { milestone, occurred_at, .. } => self.retract(*milestone, *occurred_at),
            EventBody::RedressPaid(payment) => self.payments.push(payment.clone()),
            EventBody::AdrOutcomeRecorded(outcome) => self.adr_outcome = Some(outcome.clone()),
            EventBody::LetterDrafted { letter, kind, document, .. } => {
                let drafted = Letter {
                    id: *letter,
                    kind: kind.clone(),
                    subject: document.subject.clone(),
                    state: LetterState::Drafted,
                    drafted_by: event.actor.clone(),
                    drafted_in: event.seq,
                    approved_by: None,
                    sent_at: None,
                    dated: None,
                    html: None,
                    pdf: None,
                };
                match self.letters.iter_mut().find(|known| known.id == *letter) {
                    Some(known) => *known = drafted,
                    None => self.letters.push(drafted),
                }
            }
            EventBody::LetterApproved { letter } => {
                if let Some(known) = self.letters.iter_mut().find(|known| known.id == *letter) {
                    known.state = LetterState::Approved;
                    known.approved_by = Some(event.actor.clone());
                }
            }
            EventBody::LetterSent { letter, dated, html, pdf, sent_at, .. } => {
                if let Some(known) = self.letters.iter_mut().find(|known| known.id == *letter) {
                    known.state = LetterState::Sent;
                    known.sent_at = Some(*sent_at);
                    known.dated = Some(dated.clone());
                    known.html = Some(*html);
                    known.pdf = *pdf;
                }
            }
            EventBody::AttachmentAdded { attachment, bytes, media_type, name, sha256 } => {
                self.attachments.push(Attachment {
                    id: *attachment,
                    name: name.clone(),
                    media_type: *media_type,
                    bytes: *bytes,
                    sha256: *sha256,
                    state: AttachmentState::Quarantined,
                    added_at: event.at,
                    added_by: event.actor.clone(),
                    signature: None,
                    removed_because: None,
                });
            }
            EventBody::AttachmentScanned { attachment, signature, verdict } => {
                if let Some(known) = self.attachments.iter_mut().find(|known| known.id == *attachment) {
                    known.state = match verdict {
                        Verdict::Clean => AttachmentState::Clean,
                        Verdict::Infected => AttachmentState::Infected,
                    };
                    known.signature.clone_from(signature);
                }
            }
            EventBody::AttachmentRemoved { attachment, reason } => {
                if let Some(known) = self.attachments.iter_mut().find(|known| known.id == *attachment) {
                    known.state = AttachmentState::Removed;
                    known.removed_because = Some(reason.clone());
                }
            }
            EventBody::Split { parts, .. } => self.parts.extend(parts.iter().copied()),
            EventBody::PartRejoined { part, .. } => self.parts.retain(|held| held != part),
            EventBody::Rejoined { .. } => self.proposal = None,
            EventBody::ClocksMoved { versions, .. } => self.move_clocks(versions),
            EventBody::SensitivitySet { sensitivity } => self.sensitivity.clone_from(sensitivity),
        }
        Ok(())
    }

    fn reach(&mut self, reached: Reached) {
        let same = self.milestones.iter().position(|held| held.milestone == reached.milestone);
        if let Some(before) = same.map(|place| self.milestones.remove(place)) {
            if self.earlier_milestones.len() >= MAX_EARLIER {
                self.earlier_milestones.remove(0);
            }
            self.earlier_milestones.push(before);
        }
        self.milestones.push(reached);
    }

    fn retract(&mut self, milestone: Milestone, at: Timestamp) {
        let is = |held: &Reached| held.milestone == milestone && held.at == at;
        let shown = self.milestones.iter().position(is);
        // What is to go from those before: the one itself, or the one that is to be shown in its place.
        let goes = |held: &Reached| held.milestone == milestone && (shown.is_some() || held.at == at);
        let before = self.earlier_milestones.iter().rposition(goes).map(|place| self.earlier_milestones.remove(place));
        if let Some(place) = shown {
            self.milestones.remove(place);
            if let Some(before) = before {
                self.milestones.insert(place, before);
            }
        }
    }

    /// Corrections name fields as the representation does, so they are laid over the representation.
    fn correct(&mut self, changes: &BTreeMap<Code, Change>) -> Result<(), FoldError> {
        let mut fields = crate::json::members(&*self).ok_or(FoldError::Correction)?;
        for (field, change) in changes {
            fields.insert(field.as_str().to_owned(), change.now.clone());
        }
        let text = serde_json::to_string(&fields).map_err(|_| FoldError::Correction)?;
        *self = crate::json::from_str(&text).map_err(|_| FoldError::Correction)?;
        Ok(())
    }
}
