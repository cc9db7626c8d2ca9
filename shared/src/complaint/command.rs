//! What may be asked of a complaint: one body type per endpoint `POST /v1/complaints/{id}/<command>`.

use super::{
    AdrOutcome, Link, MAX_PARTS, MAX_PAYMENTS, Payment, Redress, Relation, ResolutionKind, Response,
    intake::{Amount, Channel, Complainant, CustomValue, Driver, Jurisdiction, List, Representative, Severity},
};
use crate::{
    clock::{day::Day, law::Pin, timeline::Milestone},
    identity::role::Clearance,
    ids::ComplaintId,
    text::{Code, Line, Prose},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A parsed command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// See [`Acknowledge`].
    Acknowledge(Acknowledge),
    /// See [`Assign`].
    Assign(Assign),
    /// See [`Nothing`].
    Investigate(Nothing),
    /// See [`Classify`].
    Classify(Classify),
    /// See [`Tag`].
    Tag(Tag),
    /// See [`Note`].
    Note(Note),
    /// See [`Contact`].
    Contact(Contact),
    /// See [`RequestInformation`].
    RequestInformation(RequestInformation),
    /// See [`Response`].
    ProposeResponse(Response),
    /// See [`Resolve`].
    Resolve(Resolve),
    /// See [`MayReason`].
    Close(MayReason),
    /// See [`MustReason`].
    Reopen(MustReason),
    /// See [`MustReason`].
    Withdraw(MustReason),
    /// See [`Refer`].
    Refer(Refer),
    /// See [`LinkTo`].
    Link(LinkTo),
    /// See [`Unlink`].
    Unlink(Unlink),
    /// See [`Correct`].
    Correct(Box<Correct>),
    /// See [`RecordMilestone`].
    RecordMilestone(RecordMilestone),
    /// See [`RetractMilestone`].
    RetractMilestone(RetractMilestone),
    /// See [`Payment`].
    PayRedress(Payment),
    /// See [`AdrOutcome`].
    RecordAdrOutcome(AdrOutcome),
    /// See [`MoveClocks`].
    MoveClocks(MoveClocks),
    /// See [`Label`].
    Label(Label),
}

impl Command {
    /// Whether it promises money to a complainant, or says that it was paid: whoever does that in a session has to be let approve it.
    #[must_use]
    pub fn pays(&self) -> bool {
        match self {
            Self::ProposeResponse(response) => response.pays(),
            Self::Resolve(resolve) => resolve.redress.iter().any(Redress::pays),
            Self::PayRedress(payment) => payment.pays(),
            Self::Correct(correct) => {
                correct.set.payments.iter().flat_map(|payments| payments.iter()).any(Payment::pays)
            }
            _ => false,
        }
    }
}

/// A command without parameters: `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Tells the complainant that the firm has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// When it was told. Default: now. Never in the future, nor before the complaint was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

/// Gives the complaint to somebody; starts the investigation if it was acknowledged or reopened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// Who works on it: the tenant's id for the person.
    pub assignee: Line<100>,
    /// The team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Line<100>>,
}

/// Says what the complaint is about. What is left out stays; at least one member is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// A product code. Changing it clears the issue unless one is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Code>,
    /// An issue code of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Code>,
    /// How bad it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Replaces the indicators of vulnerability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vulnerability: Option<List<Driver, 4>>,
    /// Replaces the tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<List<Code, 20>>,
    /// Why it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<Code>,
    /// Whether the complainant is an eligible complainant (FCA DISP 2.7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible: Option<bool>,
    /// Whether the complaint is about, or caused by, a failure to consider or respond to vulnerability (FCA PS25/19).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vulnerability_failure: Option<bool>,
}

/// Puts tags on the complaint and takes others off; the rest stay. Given in bulk, where `classify`, which replaces all of
/// them, would lose what each complaint has of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Tags that it is to have.
    #[serde(default, skip_serializing_if = "empty")]
    pub add: List<Code, 20>,
    /// Tags that it is not to have.
    #[serde(default, skip_serializing_if = "empty")]
    pub remove: List<Code, 20>,
}

fn empty(tags: &List<Code, 20>) -> bool {
    tags.is_empty()
}

impl Tag {
    /// What becomes of a complaint's tags: those that stay in their order, then the new ones.
    #[must_use]
    pub fn on(&self, tags: &[Code]) -> Vec<Code> {
        let mut tags: Vec<Code> = tags.iter().filter(|tag| !self.remove.contains(tag)).cloned().collect();
        for tag in self.add.iter() {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        tags
    }
}

/// Adds an internal note.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The note.
    pub text: Prose<20_000>,
}

/// Records a contact with the complainant. One that came in ends the wait for information.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Which way it went.
    pub direction: Direction,
    /// How.
    pub channel: Channel,
    /// What was said.
    pub summary: Prose<20_000>,
    /// When it took place. Default: now. Never in the future.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Which way a contact went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the complainant.
    In,
    /// To the complainant.
    Out,
}

/// Asks the complainant something. No statutory clock stops for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestInformation {
    /// The question.
    pub question: Prose<10_000>,
    /// When an answer is hoped for.
    #[serde(default)]
    pub due: Option<Timestamp>,
}

/// Ends the complaint with an answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// Default: a final response, which needs a proposed one before it.
    #[serde(default)]
    pub kind: ResolutionKind,
    /// Whether the consumer was right.
    pub outcome: super::Outcome,
    /// The finding.
    pub summary: Prose<10_000>,
    /// What is put right.
    #[serde(default)]
    pub redress: List<Redress, 10>,
    /// When it was sent. Default: now. Never in the future, nor before the complaint was received.
    #[serde(default)]
    pub sent_at: Option<Timestamp>,
}

/// A command that may say why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MayReason {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Prose<2_000>>,
}

/// A command that must say why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MustReason {
    /// Why.
    pub reason: Prose<2_000>,
}

/// Records that the complaint went to an ombudsman or another scheme.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refer {
    /// The scheme.
    pub scheme: Line<200>,
    /// The scheme's own reference.
    #[serde(default)]
    pub scheme_reference: Option<Line<100>>,
    /// Why.
    #[serde(default)]
    pub reason: Option<Prose<2_000>>,
}

/// Ties the complaint to another of the same tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkTo {
    /// What the tie says.
    pub relation: Relation,
    /// The other complaint.
    pub complaint: ComplaintId,
}

impl From<LinkTo> for Link {
    fn from(LinkTo { relation, complaint }: LinkTo) -> Self {
        Self { relation, complaint }
    }
}

/// Undoes a tie.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unlink {
    /// What the tie says.
    pub relation: Relation,
    /// The other complaint.
    pub complaint: ComplaintId,
    /// Why.
    pub reason: Prose<2_000>,
}

/// Puts a wrong entry right. The events keep what it was, what it is and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correct {
    /// Why.
    pub reason: Prose<2_000>,
    /// The right entries.
    pub set: Corrections,
}

/// Entries that can be corrected. What is left out stays; `null` empties an optional one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Corrections {
    /// Who complains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complainant: Option<Complainant>,
    /// How the complaint came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// When the firm received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// The complaint in the consumer's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Prose<50_000>>,
    /// What the consumer wants.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Prose<5_000>>")]
    pub desired_outcome: Option<Option<Prose<5_000>>>,
    /// Sums the complaint is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amounts: Option<List<Amount, 20>>,
    /// Whose law applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<Jurisdiction>,
    /// Values of the fields that the tenant declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<BTreeMap<Code, CustomValue>>,
    /// The tenant's own id for this complaint.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Line<100>>")]
    pub external_reference: Option<Option<Line<100>>>,
    /// Which of the firm's legal entities received it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Line<100>>")]
    pub entity: Option<Option<Line<100>>>,
    /// The day on which the complainant says it was made.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Day>")]
    pub made_on: Option<Option<Day>>,
    /// Who complains on behalf of the complainant.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Representative>")]
    pub representative: Option<Option<Representative>>,
    /// All payments of redress, those that stand as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payments: Option<List<Payment, MAX_PAYMENTS>>,
}

/// Records something that clocks wait for and that no other command says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordMilestone {
    /// What.
    pub milestone: Milestone,
    /// When. Default: now. Never in the future; before the complaint was received only what started it.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
    /// Why a clock is stopped: one of the codes that its rule lists. Only for that.
    #[serde(default)]
    pub reason: Option<Code>,
    /// The respondent to whom it was forwarded. Only for that.
    #[serde(default)]
    pub to: Option<Line<200>>,
    /// Details.
    #[serde(default)]
    pub note: Option<Prose<10_000>>,
}

/// Takes back a milestone that was recorded in error: to clocks it never was. The events keep both.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetractMilestone {
    /// What.
    pub milestone: Milestone,
    /// When it was recorded to have been. Default: the newest of its kind.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
    /// Why.
    pub reason: Prose<2_000>,
}

/// Moves the complaint to other versions of rules or calendars than those its clocks started under.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveClocks {
    /// The versions. Of what is left out the version stays.
    pub versions: List<Pin, 20>,
    /// Why.
    pub reason: Prose<2_000>,
}

/// Says which staff may see the complaint: those alone who hold a clearance for each of its labels.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// All labels that it has from now on; none: whoever may read complaints sees it.
    pub sensitivity: BTreeSet<Clearance>,
}

/// Splits matters off that have clocks and answers of their own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The matters; at least one.
    pub parts: List<Part, MAX_PARTS>,
    /// Why.
    pub reason: Prose<2_000>,
    /// What the complaint itself is about once they are gone. Default: what it was.
    #[serde(default)]
    pub remains: Option<Classify>,
}

/// A matter that becomes a complaint of its own: from the same person, received at the same moment in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The matter in the consumer's own words.
    pub description: Prose<50_000>,
    /// What the consumer wants.
    #[serde(default)]
    pub desired_outcome: Option<Prose<5_000>>,
    /// A product code.
    #[serde(default)]
    pub product: Option<Code>,
    /// An issue code of the product.
    #[serde(default)]
    pub issue: Option<Code>,
    /// How bad it is. Default: as bad as the complaint.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Sums it is about.
    #[serde(default)]
    pub amounts: List<Amount, 20>,
    /// Its labels; they decide which rules apply to it.
    #[serde(default)]
    pub tags: List<Code, 20>,
}

/// Tells an absent member (`None`, by `default`) from `null` (`Some(None)`).
#[allow(clippy::option_option)]
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}
