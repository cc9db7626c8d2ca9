//! What happened to a case, as far as clocks care: its events folded to the occurrences that rules name.

use super::{named::named, passing::Told};
use crate::{
    complaint::{
        ResolutionKind,
        command::Direction,
        event::{Event, EventBody},
        intake::Channel,
        state::State,
    },
    ids::LetterId,
    text::Code,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

named! {
/// Something a rule can name. `docs/clocks.md` says which event is which, and which have no event yet.
pub enum Occurrence {
    /// The firm received the complaint.
    Received: "received",
    /// The complainant was told that the firm has it.
    Acknowledged: "acknowledged",
    /// It was given to somebody.
    Assigned: "assigned",
    /// Work started or resumed.
    InvestigationStarted: "investigation_started",
    /// The complainant was asked something.
    InformationRequested: "information_requested",
    /// The complainant was in touch.
    ContactedBy: "contacted_by",
    /// The complainant was spoken to: by telephone, face to face or in public.
    Contacted: "contacted",
    /// The complainant was written to.
    UpdateSent: "update_sent",
    /// An answer was drafted.
    ResponseProposed: "response_proposed",
    /// The complainant was told why the answer is late and when it will come (FCA DISP 1.6.2AR(2)(a)).
    HoldingResponse: "holding_response",
    /// The final response was sent.
    FinalResponse: "final_response",
    /// It was settled with the complainant's acceptance (FCA DISP 1.5).
    SummaryResolution: "summary_resolution",
    /// The complainant accepted an earlier response in writing (FCA DISP 1.6.4R).
    AcceptedInWriting: "accepted_in_writing",
    /// The complainant is not content, and the firm will not look again.
    Deadlock: "deadlock",
    /// The complainant was told which scheme or ombudsman to go to because there is no answer (yet).
    AdrLetter: "adr_letter",
    /// The complainant went there.
    Referred: "referred",
    /// It was passed on in full to the firm that is responsible (FCA DISP 1.7).
    Forwarded: "forwarded",
    /// It was a part of another complaint, and was taken back into that: whatever the rule, nothing is due of the part any more.
    Rejoined: "rejoined",
    /// The complainant took it back.
    Withdrawn: "withdrawn",
    /// It was filed.
    Closed: "closed",
    /// It was taken up again.
    Reopened: "reopened",
    /// A fraud was reported.
    ClaimReported: "claim_reported",
    /// The claim was decided: repaid or refused.
    ClaimDecided: "claim_decided",
    /// A clock was stopped, for a reason that the rule names.
    ClockStopped: "clock_stopped",
    /// It was started again.
    ClockResumed: "clock_resumed",
    /// The regulator sent the complaint to the firm (CFPB).
    SentToFirm: "sent_to_firm",
    /// The firm answered the regulator that it needs more time (CFPB).
    InProgress: "in_progress",
}
}

named! {
/// Something that clocks wait for and that is said of a complaint in no other way.
pub enum Milestone {
    /// The complainant was told why the answer is late and when it will come (FCA DISP 1.6.2AR(2)(a)).
    HoldingResponse: "holding_response",
    /// The complainant was told which scheme or ombudsman to go to because there is no answer (yet).
    AdrLetter: "adr_letter",
    /// The complainant is not content, and the firm will not look again.
    Deadlock: "deadlock",
    /// The complainant accepted an earlier response in writing (FCA DISP 1.6.4R).
    AcceptedInWriting: "accepted_in_writing",
    /// It was passed on in full to the firm that is responsible (FCA DISP 1.7).
    Forwarded: "forwarded",
    /// A fraud was reported.
    ClaimReported: "claim_reported",
    /// The claim was decided: repaid or refused.
    ClaimDecided: "claim_decided",
    /// A clock was stopped, for a reason that its rule names.
    ClockStopped: "clock_stopped",
    /// It was started again.
    ClockResumed: "clock_resumed",
    /// The regulator sent the complaint to the firm (CFPB).
    SentToFirm: "sent_to_firm",
    /// The firm answered the regulator that it needs more time (CFPB).
    InProgress: "in_progress",
}
}

impl Milestone {
    /// Whether it may have happened before the firm received the complaint.
    #[must_use]
    pub const fn may_precede_receipt(self) -> bool {
        matches!(self, Self::ClaimReported | Self::SentToFirm)
    }

    /// What it is to a rule.
    const fn occurrence(self) -> Occurrence {
        match self {
            Self::HoldingResponse => Occurrence::HoldingResponse,
            Self::AdrLetter => Occurrence::AdrLetter,
            Self::Deadlock => Occurrence::Deadlock,
            Self::AcceptedInWriting => Occurrence::AcceptedInWriting,
            Self::Forwarded => Occurrence::Forwarded,
            Self::ClaimReported => Occurrence::ClaimReported,
            Self::ClaimDecided => Occurrence::ClaimDecided,
            Self::ClockStopped => Occurrence::ClockStopped,
            Self::ClockResumed => Occurrence::ClockResumed,
            Self::SentToFirm => Occurrence::SentToFirm,
            Self::InProgress => Occurrence::InProgress,
        }
    }
}

/// One occurrence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClockEntry")]
pub struct Entry {
    /// What.
    pub what: Occurrence,
    /// When it took effect.
    pub at: Timestamp,
    /// Why, as a code of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Code>,
    /// The letter with which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<LetterId>,
}

/// A state that the complaint entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClockEntered")]
pub struct Entered {
    /// The state.
    pub state: State,
    /// When.
    pub at: Timestamp,
}

/// All of them, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClockTimeline")]
pub struct Timeline {
    /// What happened.
    pub entries: Vec<Entry>,
    /// The states it went through.
    #[serde(default)]
    pub states: Vec<Entered>,
    /// What time alone has brought about and was recorded.
    #[serde(default)]
    pub told: Vec<Told>,
    /// The letter that was sent last, and the event that says what that means.
    #[serde(skip)]
    pub sent: Option<(LetterId, u32)>,
}

impl Timeline {
    /// The timeline that `events`, from the first on, describe.
    #[must_use]
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut timeline = Self::default();
        for event in events {
            timeline.take_in(event);
        }
        timeline
    }

    /// Takes one more event in.
    pub fn take_in(&mut self, event: &Event) {
        if let EventBody::Corrected { changes, .. } = &event.body {
            let received = changes.iter().find(|(field, _)| field.as_str() == "received_at");
            if let Some(at) = received.and_then(|(_, change)| change.now.as_str()?.parse().ok()) {
                self.entries.retain(|entry| entry.what != Occurrence::Received);
                self.add(Occurrence::Received, at);
            }
        }
        if let EventBody::MilestoneRetracted { milestone, occurred_at, .. } = &event.body {
            let what = milestone.occurrence();
            let found = self.entries.iter().rposition(|entry| entry.what == what && entry.at == *occurred_at);
            if let Some(place) = found {
                self.entries.remove(place);
            }
        }
        if let EventBody::LetterSent { letter, .. } = &event.body {
            self.sent = Some((*letter, event.seq + 1));
        }
        if let Some(mut entry) = occurrence(event) {
            entry.letter = self.sent.filter(|(_, meaning)| *meaning == event.seq).map(|(letter, _)| letter);
            self.insert(entry);
        }
        self.told.extend(Told::by(&event.body));
        let next = match (self.states.last(), event.body.makes_move()) {
            (None, _) => Some(State::Received),
            (Some(last), Some(made)) => last.state.after(made),
            (Some(_), None) => None,
        };
        self.states.extend(next.map(|state| Entered { state, at: event.at }));
    }

    /// Adds an occurrence at its place in time.
    pub fn add(&mut self, what: Occurrence, at: Timestamp) {
        self.insert(Entry { what, at, reason: None, letter: None });
    }

    /// Adds an entry at its place in time, after those of the same moment.
    pub fn insert(&mut self, entry: Entry) {
        let place = self.entries.partition_point(|earlier| earlier.at <= entry.at);
        self.entries.insert(place, entry);
    }
}

/// What an event is to a clock, and when.
fn occurrence(event: &Event) -> Option<Entry> {
    let (what, at) = match &event.body {
        EventBody::Received(received) => (Occurrence::Received, received.received_at),
        EventBody::ContactRecorded { direction, channel, occurred_at, .. } => {
            let what = match (direction, channel) {
                (Direction::In, _) => Occurrence::ContactedBy,
                (Direction::Out, Channel::Phone | Channel::Branch | Channel::Social) => Occurrence::Contacted,
                (Direction::Out, Channel::Web | Channel::Email | Channel::Letter | Channel::Api) => {
                    Occurrence::UpdateSent
                }
            };
            (what, *occurred_at)
        }
        EventBody::MilestoneRecorded { milestone, occurred_at, reason, .. } => {
            let (what, reason) = (milestone.occurrence(), reason.clone());
            return Some(Entry { what, at: *occurred_at, reason, letter: None });
        }
        EventBody::Acknowledged { sent_at } => (Occurrence::Acknowledged, sent_at.unwrap_or(event.at)),
        EventBody::InvestigationStarted {} => (Occurrence::InvestigationStarted, event.at),
        EventBody::Assigned { .. } => (Occurrence::Assigned, event.at),
        EventBody::InformationRequested { .. } => (Occurrence::InformationRequested, event.at),
        EventBody::ResponseProposed(_) => (Occurrence::ResponseProposed, event.at),
        EventBody::Resolved { kind, sent_at, .. } => {
            let what = match kind {
                ResolutionKind::FinalResponse => Occurrence::FinalResponse,
                ResolutionKind::SummaryResolution => Occurrence::SummaryResolution,
            };
            (what, sent_at.unwrap_or(event.at))
        }
        EventBody::Closed { .. } => (Occurrence::Closed, event.at),
        EventBody::Reopened { .. } => (Occurrence::Reopened, event.at),
        EventBody::Rejoined { .. } => (Occurrence::Rejoined, event.at),
        EventBody::Withdrawn { .. } => (Occurrence::Withdrawn, event.at),
        EventBody::Referred { .. } => (Occurrence::Referred, event.at),
        EventBody::Classified(_)
        | EventBody::Noted { .. }
        | EventBody::Linked(_)
        | EventBody::Unlinked { .. }
        | EventBody::Corrected { .. }
        | EventBody::MilestoneRetracted { .. }
        | EventBody::RedressPaid(_)
        | EventBody::AdrOutcomeRecorded(_)
        | EventBody::ClocksMoved { .. }
        | EventBody::LetterDrafted { .. }
        | EventBody::LetterApproved { .. }
        | EventBody::LetterSent { .. }
        | EventBody::AttachmentAdded { .. }
        | EventBody::AttachmentScanned { .. }
        | EventBody::AttachmentRemoved { .. }
        | EventBody::Split { .. }
        | EventBody::PartRejoined { .. }
        | EventBody::DeadlineWarned { .. }
        | EventBody::DeadlineMissed { .. }
        | EventBody::SensitivitySet { .. } => return None,
    };
    Some(Entry { what, at, reason: None, letter: None })
}
