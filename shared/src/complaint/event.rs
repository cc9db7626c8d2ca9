//! What has happened to a complaint. The formats are for life: add variants and members, never change one.

use super::{
    AdrOutcome, Link, MAX_ORIGINS, MAX_PARTS, Origin, Payment, ResolutionKind, Response,
    command::Direction,
    intake::{Amount, Channel, Complainant, CustomValue, Driver, Jurisdiction, List, Representative, Severity},
    state::Move,
};
use crate::{
    access::Actor,
    attachment::{FileName, Signature, Verdict, media_type::MediaType},
    chain::{Digest, Salt},
    clock::{day::Day, law::Pin, passing::Deadline, timeline::Milestone},
    identity::role::Clearance,
    ids::{AttachmentId, ComplaintId, LetterId, TenantId},
    json::{self, Raw},
    letter::document::Document,
    reference::Reference,
    taxonomy::TaxonomyRef,
    text::{Code, Line, Prose},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One recorded event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Recorded")]
#[schemars(!try_from)]
pub struct Event {
    /// Seals the rest of this event: see [`crate::chain`].
    pub hash: Digest,
    /// The version of this format.
    pub v: u8,
    /// The firm.
    pub tenant: TenantId,
    /// The complaint.
    pub complaint: ComplaintId,
    /// 1, 2, 3, … within the complaint.
    pub seq: u32,
    /// When it was recorded. Never earlier than the event before.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
    /// Random; hashed with `data`, so that data that was erased cannot be guessed from its hash.
    pub salt: Salt,
    /// `hash` of the event before; zeros for the first.
    pub prev: Digest,
}

/// An event as it is read, its members in any order.
#[derive(Deserialize)]
struct Recorded {
    hash: Digest,
    v: u8,
    tenant: TenantId,
    complaint: ComplaintId,
    seq: u32,
    at: Timestamp,
    actor: Actor,
    #[serde(rename = "type")]
    kind: Raw,
    data: Raw,
    salt: Salt,
    prev: Digest,
}

impl TryFrom<Recorded> for Event {
    type Error = json::Refused;

    fn try_from(recorded: Recorded) -> Result<Self, json::Refused> {
        let Recorded { hash, v, tenant, complaint, seq, at, actor, kind: Raw(kind), data: Raw(data), salt, prev } =
            recorded;
        let read::Body(body) = json::from_str(&format!("{{{kind}:{data}}}"))?;
        Ok(Self { hash, v, tenant, complaint, seq, at, actor, body, salt, prev })
    }
}

/// Declares the enum, and besides, under `read`, how its data is read as `{"<type>": <data>}`.
///
/// What serde derives to read `type` and `data` side by side, flattened into an event, would hold each event in memory as a
/// tree first, for `data` could stand before `type`; and with that tree every type in it would be compiled once more.
macro_rules! event_bodies {
    ($(#[$about:meta])* pub enum $name:ident { $($variants:tt)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
        #[serde(tag = "type", content = "data", rename_all = "snake_case")]
        pub enum $name { $($variants)* }

        mod read {
            use super::*;

            #[derive(Deserialize)]
            #[serde(remote = "super::EventBody", rename_all = "snake_case")]
            enum Variants { $($variants)* }

            #[derive(Deserialize)]
            #[serde(transparent)]
            pub(super) struct Body(#[serde(with = "Variants")] pub(super) super::EventBody);
        }
    };
}

event_bodies! {
/// What happened.
pub enum EventBody {
    /// The complaint was logged.
    Received(Box<Received>),
    /// The complainant was told that the firm has it.
    Acknowledged {
        /// When, if that was not when it was recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent_at: Option<Timestamp>,
    },
    /// Work started or resumed.
    InvestigationStarted {},
    /// It was given to somebody.
    Assigned {
        /// Who works on it.
        assignee: Line<100>,
        /// The team.
        team: Option<Line<100>>,
    },
    /// It was said what it is about.
    Classified(Classified),
    /// A note was added.
    Noted {
        /// The note.
        text: Prose<20_000>,
    },
    /// A contact with the complainant took place.
    ContactRecorded {
        /// Which way it went.
        direction: Direction,
        /// How.
        channel: Channel,
        /// What was said.
        summary: Prose<20_000>,
        /// When it took place.
        occurred_at: Timestamp,
    },
    /// The complainant was asked something.
    InformationRequested {
        /// The question.
        question: Prose<10_000>,
        /// When an answer is hoped for.
        due: Option<Timestamp>,
    },
    /// An answer was drafted.
    ResponseProposed(Response),
    /// An answer was given.
    Resolved {
        /// Which kind.
        kind: ResolutionKind,
        /// The answer.
        response: Response,
        /// When it was sent, if that was not when it was recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent_at: Option<Timestamp>,
    },
    /// It was filed.
    Closed {
        /// Why.
        reason: Option<Prose<2_000>>,
    },
    /// It was taken up again.
    Reopened {
        /// Why.
        reason: Prose<2_000>,
    },
    /// The complainant took it back.
    Withdrawn {
        /// Why.
        reason: Prose<2_000>,
    },
    /// It went to an ombudsman or another scheme.
    Referred {
        /// The scheme.
        scheme: Line<200>,
        /// The scheme's own reference.
        scheme_reference: Option<Line<100>>,
        /// Why.
        reason: Option<Prose<2_000>>,
    },
    /// It was tied to another complaint.
    Linked(Link),
    /// A tie was undone.
    Unlinked {
        /// The tie.
        link: Link,
        /// Why.
        reason: Prose<2_000>,
    },
    /// Wrong entries were put right.
    Corrected {
        /// Why.
        reason: Prose<2_000>,
        /// By field: what it was and what it is.
        changes: BTreeMap<Code, Change>,
    },
    /// Something happened that clocks wait for.
    MilestoneRecorded {
        /// What.
        milestone: Milestone,
        /// When.
        occurred_at: Timestamp,
        /// Why a clock was stopped, as a code of the rule.
        reason: Option<Code>,
        /// Details.
        note: Option<Prose<10_000>>,
        /// The respondent to whom it was forwarded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Line<200>>,
    },
    /// A milestone that was recorded in error was taken back: to clocks it never was.
    MilestoneRetracted {
        /// What.
        milestone: Milestone,
        /// When it was recorded to have been.
        occurred_at: Timestamp,
        /// Why.
        reason: Prose<2_000>,
    },
    /// Redress was paid.
    RedressPaid(Payment),
    /// An ombudsman or another scheme came to an outcome.
    AdrOutcomeRecorded(AdrOutcome),
    /// The complaint was moved to other versions of rules or calendars than those its clocks started under.
    ClocksMoved {
        /// The versions.
        versions: List<Pin, 20>,
        /// Why.
        reason: Prose<2_000>,
    },
    /// Matters were split off that have clocks and answers of their own: complaints that are `part_of` this one.
    Split {
        /// They.
        parts: List<ComplaintId, MAX_PARTS>,
        /// Why.
        reason: Prose<2_000>,
    },
    /// A part was taken back into this complaint.
    PartRejoined {
        /// The part.
        part: ComplaintId,
        /// Why.
        reason: Prose<2_000>,
    },
    /// This complaint, a part of another, was taken back into it and ends with that.
    Rejoined {
        /// The other.
        into: ComplaintId,
        /// Why.
        reason: Prose<2_000>,
    },
    /// The text of a letter was fixed, for the first time or anew.
    LetterDrafted {
        /// The text.
        document: Box<Document>,
        /// What sort of letter.
        kind: Code,
        /// The version of what has to be in it.
        kind_version: Code,
        /// The letter.
        letter: LetterId,
        /// What it answers with, where sending it resolves the complaint.
        response: Option<Response>,
        /// The template it was made of.
        template: Code,
        /// Its version.
        template_version: Code,
    },
    /// Somebody else than who drafted it approved a letter.
    LetterApproved {
        /// The letter.
        letter: LetterId,
    },
    /// A letter was sent. What that means for clocks is the next event.
    LetterSent {
        /// The day that it shows.
        dated: Line<40>,
        /// SHA-256 of its HTML.
        html: Digest,
        /// The version of the HTML: see [`crate::letter::html`].
        html_version: u8,
        /// The letter.
        letter: LetterId,
        /// SHA-256 of its PDF. Absent where it has signs that cannot be printed, and in events of before it was printed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pdf: Option<Digest>,
        /// When.
        sent_at: Timestamp,
    },
    /// Evidence was added. Its bytes lie in the bucket.
    AttachmentAdded {
        /// The attachment.
        attachment: AttachmentId,
        /// How many bytes it has.
        bytes: u64,
        /// What it is, by its content.
        media_type: MediaType,
        /// What its file was called.
        name: FileName,
        /// SHA-256 of its bytes.
        sha256: Digest,
    },
    /// A scanner has looked at an attachment.
    AttachmentScanned {
        /// The attachment.
        attachment: AttachmentId,
        /// What it has found, as it calls it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<Signature>,
        /// What it says.
        verdict: Verdict,
    },
    /// The bytes of an attachment were deleted.
    AttachmentRemoved {
        /// The attachment.
        attachment: AttachmentId,
        /// Why.
        reason: Prose<2_000>,
    },
    /// A moment came at which a clock warns.
    DeadlineWarned {
        /// The clock.
        clock: Deadline,
        /// Which of its warnings: `day 28`.
        warning: Line<100>,
        /// The moment.
        came_at: Timestamp,
    },
    /// The last moment of a duty passed, and it was not done.
    DeadlineMissed {
        /// The clock.
        clock: Deadline,
        /// That moment.
        came_at: Timestamp,
    },
    /// It was said anew which staff may see it.
    SensitivitySet {
        /// All labels that it has from now on.
        sensitivity: BTreeSet<Clearance>,
    },
}
}

/// The complaint as it was logged.
///
/// Its members stand in the order of their names, and so do those of what they hold: so it is written as canonical JSON
/// (RFC 8785) without being sorted, for there is one of these for every complaint. See [`EventBody::data`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the members are those of `Complaint`, documented there")]
pub struct Received {
    pub amounts: List<Amount, 20>,
    pub channel: Channel,
    pub complainant: Complainant,
    pub custom: BTreeMap<Code, CustomValue>,
    pub description: Prose<50_000>,
    pub desired_outcome: Option<Prose<5_000>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<Line<100>>,
    pub external_reference: Option<Line<100>>,
    pub issue: Option<Code>,
    pub jurisdiction: Jurisdiction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_on: Option<Day>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub origins: List<Origin, MAX_ORIGINS>,
    pub product: Option<Code>,
    pub received_at: Timestamp,
    pub reference: Reference,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<Representative>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sensitivity: BTreeSet<Clearance>,
    pub severity: Severity,
    pub tags: List<Code, 20>,
    pub taxonomy: TaxonomyRef,
    pub vulnerability: List<Driver, 4>,
}

/// What a classification changed; what is absent stayed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the members are those of `Complaint`, documented there")]
pub struct Classified {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxonomy: Option<TaxonomyRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vulnerability: Option<List<Driver, 4>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<List<Code, 20>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vulnerability_failure: Option<bool>,
}

/// One corrected entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What it was.
    pub was: Value,
    /// What it is.
    pub now: Value,
}

impl EventBody {
    /// What the event holds, in canonical JSON (RFC 8785): the member `data`.
    ///
    /// # Errors
    /// If it cannot be written as JSON, which nothing that an event holds can cause.
    pub(crate) fn data(&self) -> serde_json::Result<String> {
        if let Self::Received(received) = self {
            return serde_json::to_string(received);
        }
        // {"data":…,"type":"…"}: no type has a quotation mark.
        let both = serde_json_canonicalizer::to_string(self)?;
        let data = both.strip_prefix("{\"data\":").and_then(|rest| rest.rsplit_once(",\"type\":"));
        data.map(|(data, _)| data.to_owned()).ok_or_else(|| serde::ser::Error::custom("an event has data and a type"))
    }

    /// The change of state that the event makes, if any.
    #[must_use]
    pub const fn makes_move(&self) -> Option<Move> {
        match self {
            Self::Acknowledged { .. } => Some(Move::Acknowledge),
            Self::InvestigationStarted {} => Some(Move::Investigate),
            Self::InformationRequested { .. } => Some(Move::RequestInformation),
            Self::ResponseProposed(_) => Some(Move::ProposeResponse),
            Self::Resolved { kind: ResolutionKind::FinalResponse, .. } => Some(Move::Resolve),
            Self::Resolved { kind: ResolutionKind::SummaryResolution, .. } => Some(Move::ResolveSummarily),
            Self::Closed { .. } => Some(Move::Close),
            Self::Reopened { .. } => Some(Move::Reopen),
            Self::Withdrawn { .. } => Some(Move::Withdraw),
            Self::Referred { .. } => Some(Move::Refer),
            Self::Rejoined { .. } => Some(Move::Rejoin),
            Self::Received(_)
            | Self::Assigned { .. }
            | Self::Classified(_)
            | Self::Noted { .. }
            | Self::ContactRecorded { .. }
            | Self::Linked(_)
            | Self::Unlinked { .. }
            | Self::Corrected { .. }
            | Self::MilestoneRecorded { .. }
            | Self::MilestoneRetracted { .. }
            | Self::RedressPaid(_)
            | Self::AdrOutcomeRecorded(_)
            | Self::ClocksMoved { .. }
            | Self::LetterDrafted { .. }
            | Self::LetterApproved { .. }
            | Self::LetterSent { .. }
            | Self::Split { .. }
            | Self::PartRejoined { .. }
            | Self::AttachmentAdded { .. }
            | Self::AttachmentScanned { .. }
            | Self::AttachmentRemoved { .. }
            | Self::DeadlineWarned { .. }
            | Self::DeadlineMissed { .. }
            | Self::SensitivitySet { .. } => None,
        }
    }

    /// The kind of event, without its data.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Received(_) => EventKind::Received,
            Self::Acknowledged { .. } => EventKind::Acknowledged,
            Self::InvestigationStarted {} => EventKind::InvestigationStarted,
            Self::Assigned { .. } => EventKind::Assigned,
            Self::Classified(_) => EventKind::Classified,
            Self::Noted { .. } => EventKind::Noted,
            Self::ContactRecorded { .. } => EventKind::ContactRecorded,
            Self::InformationRequested { .. } => EventKind::InformationRequested,
            Self::ResponseProposed(_) => EventKind::ResponseProposed,
            Self::Resolved { .. } => EventKind::Resolved,
            Self::Closed { .. } => EventKind::Closed,
            Self::Reopened { .. } => EventKind::Reopened,
            Self::Withdrawn { .. } => EventKind::Withdrawn,
            Self::Referred { .. } => EventKind::Referred,
            Self::Linked(_) => EventKind::Linked,
            Self::Unlinked { .. } => EventKind::Unlinked,
            Self::Corrected { .. } => EventKind::Corrected,
            Self::MilestoneRecorded { .. } => EventKind::MilestoneRecorded,
            Self::MilestoneRetracted { .. } => EventKind::MilestoneRetracted,
            Self::RedressPaid(_) => EventKind::RedressPaid,
            Self::AdrOutcomeRecorded(_) => EventKind::AdrOutcomeRecorded,
            Self::ClocksMoved { .. } => EventKind::ClocksMoved,
            Self::LetterDrafted { .. } => EventKind::LetterDrafted,
            Self::LetterApproved { .. } => EventKind::LetterApproved,
            Self::LetterSent { .. } => EventKind::LetterSent,
            Self::Split { .. } => EventKind::Split,
            Self::PartRejoined { .. } => EventKind::PartRejoined,
            Self::Rejoined { .. } => EventKind::Rejoined,
            Self::AttachmentAdded { .. } => EventKind::AttachmentAdded,
            Self::AttachmentScanned { .. } => EventKind::AttachmentScanned,
            Self::AttachmentRemoved { .. } => EventKind::AttachmentRemoved,
            Self::DeadlineWarned { .. } => EventKind::DeadlineWarned,
            Self::DeadlineMissed { .. } => EventKind::DeadlineMissed,
            Self::SensitivitySet { .. } => EventKind::SensitivitySet,
        }
    }
}

/// The `type` of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are those of `EventBody`, documented there")]
pub enum EventKind {
    Received,
    Acknowledged,
    InvestigationStarted,
    Assigned,
    Classified,
    Noted,
    ContactRecorded,
    InformationRequested,
    ResponseProposed,
    Resolved,
    Closed,
    Reopened,
    Withdrawn,
    Referred,
    Linked,
    Unlinked,
    Corrected,
    MilestoneRecorded,
    MilestoneRetracted,
    RedressPaid,
    AdrOutcomeRecorded,
    ClocksMoved,
    Split,
    PartRejoined,
    Rejoined,
    LetterDrafted,
    LetterApproved,
    LetterSent,
    AttachmentAdded,
    AttachmentScanned,
    AttachmentRemoved,
    DeadlineWarned,
    DeadlineMissed,
    SensitivitySet,
}
