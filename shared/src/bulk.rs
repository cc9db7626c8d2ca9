//! Bulk jobs: one command on many complaints. What may be asked ([`NewJob`]), how a job stands ([`Job`]), what became of
//! each complaint ([`Row`]).
//!
//! Invariant: a complaint is in a job once, and the job changes it at most once, whoever drives the job and however often
//! that ends in the middle: what it does to a complaint has one idempotency key ([`key_of`]).

use crate::{
    access::Actor,
    complaint::{
        Complaint, Link,
        command::{Assign, Classify, Command, LinkTo, MayReason, Tag},
        intake::List,
        state::State as ComplaintState,
    },
    http::{
        body::{self, BodyError},
        idempotency::{IdempotencyKey, InvalidKey},
        list_query::{ListQuery, Order},
        problem::{FieldError, Problem, Rule},
    },
    ids::{BulkId, ComplaintId, TenantId, ViewId},
    json::Raw,
    tenant::placement::ShardId,
    time::Timestamp,
    view::MAX_FILTER,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, str::FromStr};

/// The most complaints that a request may name one by one.
pub const MAX_NAMED: usize = 5_000;

/// The body of `POST /v1/bulk`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJob {
    /// What is to be done to each complaint.
    pub action: Action,
    /// To which complaints.
    pub over: Over,
    /// Only to say what would become of each: nothing is changed.
    #[serde(default)]
    pub dry_run: bool,
}

/// What is done to each complaint: one command, with the body that it has in `POST /v1/complaints/{id}/<command>`. It is kept
/// as it came and read as that endpoint reads it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Action {
    /// Give it to somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Assign>")]
    assign: Option<Raw>,
    /// Say what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Classify>")]
    classify: Option<Raw>,
    /// Put tags on it and take others off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Tag>")]
    tag: Option<Raw>,
    /// File it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<MayReason>")]
    close: Option<Raw>,
    /// Tie it to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<LinkTo>")]
    link: Option<Raw>,
}

/// Which complaints: named, or found.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Over {
    /// These. One that is named twice is meant once.
    #[serde(default)]
    pub complaints: Option<List<ComplaintId, MAX_NAMED>>,
    /// Those that `GET /v1/complaints` lists with these parameters when the job begins and that were logged before it was
    /// asked for.
    #[serde(default)]
    pub filter: Option<String>,
    /// Those that a saved view shows: its filter, as it is when the job is asked for.
    #[serde(default)]
    pub view: Option<ViewId>,
}

/// Which complaints, as the job keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// So many that were named one by one: the job's rows are they.
    Complaints(u32),
    /// Those that a filter has found.
    Filter(String),
}

impl Action {
    /// The command that is given to each complaint.
    ///
    /// # Errors
    /// What is wrong with it whatever the complaint.
    pub fn command(&self) -> Result<Command, Vec<FieldError>> {
        let Self { assign, classify, tag, close, link } = self;
        match [assign, classify, tag, close, link].map(Option::as_ref) {
            [Some(text), None, None, None, None] => read("assign", text).map(Command::Assign),
            [None, Some(text), None, None, None] => match read("classify", text)? {
                classify if classify == Classify::default() => Err(wrong("classify", Rule::Missing, NOTHING)),
                classify => Ok(Command::Classify(classify)),
            },
            [None, None, Some(text), None, None] => match read::<Tag>("tag", text)? {
                Tag { add, remove } if add.is_empty() && remove.is_empty() => Err(wrong("tag", Rule::Missing, NOTHING)),
                Tag { add, remove } if add.iter().any(|tag| remove.contains(tag)) => {
                    Err(wrong("tag/remove", Rule::NotAllowed, "must not name a tag that is to be added"))
                }
                tag => Ok(Command::Tag(tag)),
            },
            [None, None, None, Some(text), None] => read("close", text).map(Command::Close),
            [None, None, None, None, Some(text)] => read("link", text).map(Command::Link),
            _ => {
                let rule = "must have one of assign, classify, tag, close and link";
                Err(vec![FieldError::at("/action", Rule::NotAllowed, rule)])
            }
        }
    }
}

const NOTHING: &str = "must name at least one member to change";

fn wrong(place: &str, rule: Rule, detail: &'static str) -> Vec<FieldError> {
    vec![FieldError::at(&format!("/action/{place}"), rule, detail)]
}

fn read<T: DeserializeOwned>(command: &str, Raw(text): &Raw) -> Result<T, Vec<FieldError>> {
    body::parse(text.as_bytes()).map_err(|error| match error {
        BodyError::Rules(errors) => of_action(command, errors),
        // What is in a body is JSON.
        BodyError::Syntax { .. } => wrong(command, Rule::NotAllowed, "is not acceptable"),
    })
}

/// Errors in the body of a command, with their places in that of the job.
#[must_use]
pub fn of_action(command: &str, mut errors: Vec<FieldError>) -> Vec<FieldError> {
    for error in &mut errors {
        let place = error.pointer.take().unwrap_or_default();
        error.pointer = Some(format!("/action/{command}{place}"));
    }
    errors
}

/// Whether a complaint is as a command of a job would leave it, so that there is nothing to do.
#[must_use]
pub fn is_done(command: &Command, complaint: &Complaint) -> bool {
    fn same<T: PartialEq>(wanted: Option<&T>, held: Option<&T>) -> bool {
        wanted.is_none() || wanted == held
    }
    match command {
        Command::Assign(Assign { assignee, team }) => {
            let starts_work = matches!(complaint.state, ComplaintState::Acknowledged | ComplaintState::Reopened);
            !starts_work && complaint.assignee.as_ref() == Some(assignee) && complaint.team == *team
        }
        Command::Classify(Classify {
            product,
            issue,
            severity,
            vulnerability,
            tags,
            root_cause,
            eligible,
            vulnerability_failure,
        }) => {
            same(product.as_ref(), complaint.product.as_ref())
                && same(issue.as_ref(), complaint.issue.as_ref())
                && same(severity.as_ref(), Some(&complaint.severity))
                && same(vulnerability.as_ref(), Some(&complaint.vulnerability))
                && same(tags.as_ref(), Some(&complaint.tags))
                && same(root_cause.as_ref(), complaint.root_cause.as_ref())
                && same(eligible.as_ref(), complaint.eligible.as_ref())
                && same(vulnerability_failure.as_ref(), complaint.vulnerability_failure.as_ref())
        }
        Command::Tag(tag) => tag.on(&complaint.tags) == *complaint.tags,
        Command::Close(_) => complaint.state == ComplaintState::Closed,
        Command::Link(link) => complaint.links.contains(&Link::from(*link)),
        _ => false,
    }
}

/// Reads a filter. `limit`, `cursor` and `order` are of pages, not of a set; `view` may change until it is used; `reference`
/// and `external_reference` name one complaint, which can be named as itself.
///
/// # Errors
/// Every parameter that cannot be used.
pub fn read_filter(filter: &str) -> Result<ListQuery, Vec<FieldError>> {
    let error = |rule, detail: String| FieldError::at("/over/filter", rule, detail);
    if filter.len() > MAX_FILTER || filter.contains(char::is_control) {
        let rule = format!("must have at most {MAX_FILTER} bytes and no control characters");
        return Err(vec![error(Rule::OutOfRange, rule)]);
    }
    let query = ListQuery::parse_at("/over/filter", filter)?;
    if query.names_one()
        || query.view.is_some()
        || query.limit.is_some()
        || query.cursor.is_some()
        || query.order != Order::Newest
    {
        let rule = "must not have view, limit, cursor, order, due, reference or external_reference";
        return Err(vec![error(Rule::NotAllowed, rule.to_owned())]);
    }
    if query == ListQuery::default() {
        let rule = "must have at least one filter of GET /v1/complaints";
        return Err(vec![error(Rule::Missing, rule.to_owned())]);
    }
    Ok(query)
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for its first turn.
    Queued,
    /// Its filter's complaints are being looked up.
    Selecting,
    /// Its complaints are being worked on.
    Running,
    /// It was asked to stop: what is under way is finished.
    Cancelling,
    /// Every row is done.
    Done,
    /// It was stopped. What was done stays done.
    Cancelled,
    /// It could not go on. What was done stays done.
    Failed,
}

impl State {
    /// The name on the wire and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Selecting => "selecting",
            Self::Running => "running",
            Self::Cancelling => "cancelling",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Whether there is something to do still.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// How many rows a job has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// All.
    pub selected: u32,
    /// Those that are done: the sum of the next three.
    pub done: u32,
    /// Those whose complaint was changed, or would be if this were no dry run.
    pub succeeded: u32,
    /// Those whose complaint was already as it was to be.
    pub skipped: u32,
    /// Those whose complaint could not be changed.
    pub failed: u32,
}

/// Why a job could not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The filter finds more than the plan allows a job. Nothing was changed.
    TooManyRows,
    /// The filter cannot be used. Nothing was changed.
    InvalidFilter,
    /// The key that asked for the job was revoked or replaced.
    KeyEnded,
    /// The person that asked for the job was deactivated, or has other roles now.
    NotAllowed,
    /// Something is wrong on this side.
    Internal,
}

impl Reason {
    /// The name on the wire and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooManyRows => "too_many_rows",
            Self::InvalidFilter => "invalid_filter",
            Self::KeyEnded => "key_ended",
            Self::NotAllowed => "not_allowed",
            Self::Internal => "internal",
        }
    }
}

/// What kept a job from going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// For programs.
    pub code: Reason,
    /// For people.
    pub detail: String,
}

/// A bulk job, as it is answered. The database puts it together.
#[derive(Debug, JsonSchema)]
pub struct Job {
    /// The id. Events that the job makes name it in `actor.job`.
    pub id: BulkId,
    /// How far it is.
    pub state: State,
    /// What is done to each complaint.
    pub action: Action,
    /// To which.
    pub over: Source,
    /// Whether nothing is changed.
    pub dry_run: bool,
    /// How many rows it has.
    pub counts: Counts,
    /// Who asked for it.
    pub asked_by: Actor,
    /// When.
    pub asked_at: Timestamp,
    /// When its first turn came.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// With `failed`: why.
    pub failure: Option<Failure>,
}

/// What became of a complaint in a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing yet.
    Waiting,
    /// Nothing, for the job was over before.
    NotBegun,
    /// It was changed.
    Done,
    /// It would be changed, if this were no dry run.
    WouldBeDone,
    /// It was as it was to be.
    Unchanged,
    /// The command is not possible: `problem` says why.
    Refused,
    /// Somebody else works on it.
    Locked,
    /// There is no such complaint.
    NotFound,
    /// Something went wrong on this side. Ask for it again.
    Failed,
}

impl Outcome {
    /// The name on the wire and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::NotBegun => "not_begun",
            Self::Done => "done",
            Self::WouldBeDone => "would_be_done",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::Locked => "locked",
            Self::NotFound => "not_found",
            Self::Failed => "failed",
        }
    }

    /// Every outcome.
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::NotBegun,
        Self::Done,
        Self::WouldBeDone,
        Self::Unchanged,
        Self::Refused,
        Self::Locked,
        Self::NotFound,
        Self::Failed,
    ];
}

/// What became of a complaint, with what there is to say of it.
#[derive(Clone, Debug, JsonSchema)]
pub struct Row {
    /// What.
    pub outcome: Outcome,
    /// With `done` and `unchanged`: its version then. With `would_be_done`: the version that it would have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Why it was not changed: what the command alone would have been answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

impl Outcome {
    /// A [`Row`] as JSON.
    #[must_use]
    pub fn row(self, version: Option<u32>, problem: Option<&Problem>) -> String {
        let version = version.map_or_else(String::new, |version| format!(",\"version\":{version}"));
        let problem = problem.and_then(|problem| serde_json::to_string(problem).ok());
        let problem = problem.map_or_else(String::new, |problem| format!(",\"problem\":{problem}"));
        format!("{{\"outcome\":\"{}\"{version}{problem}}}", self.as_str())
    }
}

/// The idempotency key of all that a job does; each complaint has its own of this name.
///
/// # Errors
/// None: an id and a word are a key.
pub fn key_of(job: BulkId) -> Result<IdempotencyKey, InvalidKey> {
    format!("bulk:{job}").parse()
}

/// That it is a job's turn, as it travels on the queue `jobs`: text, a word for each of this. It is a hint: what a job is,
/// its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The firm.
    pub tenant: TenantId,
    /// The job.
    pub bulk: BulkId,
    /// The database that keeps it.
    pub shard: ShardId,
    /// The job's fence when this was sent. If it has another by now, somebody else has had the turn.
    pub fence: u32,
}

/// The first word of a turn: what it is, and the version of its format.
const TURN: &str = "bulk/1";

/// The text is not a turn that this build can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a turn of a bulk job")]
pub struct NotATurn;

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, bulk, shard, fence } = self;
        write!(f, "{TURN} {tenant} {bulk} {} {fence}", shard.0)
    }
}

impl FromStr for Turn {
    type Err = NotATurn;

    fn from_str(text: &str) -> Result<Self, NotATurn> {
        let words: Vec<&str> = text.split(' ').collect();
        let [TURN, tenant, bulk, shard, fence] = words.as_slice() else { return Err(NotATurn) };
        Ok(Self {
            tenant: tenant.parse().map_err(|_| NotATurn)?,
            bulk: bulk.parse().map_err(|_| NotATurn)?,
            shard: ShardId(shard.parse().map_err(|_| NotATurn)?),
            fence: fence.parse().map_err(|_| NotATurn)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::Code;
    use serde_json::{Value, json};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(1_700_000_000_000 + millis)
    }

    fn id() -> BulkId {
        BulkId::new(at(0), &[3; 10])
    }

    fn action(value: Value) -> Action {
        crate::json::from_str(&value.to_string()).unwrap()
    }

    #[test]
    fn a_filter_is_that_of_lists_without_pages() {
        let query = read_filter("state=resolved&tag=fees&tag=vip&q=refund").unwrap();
        assert_eq!(query, ListQuery::parse("state=resolved&tag=fees&tag=vip&q=refund").unwrap());
        for (text, rule) in [
            ("limit=5&state=closed", Rule::NotAllowed),
            ("cursor=abc", Rule::NotAllowed),
            ("q=refund&order=relevance", Rule::NotAllowed),
            ("reference=NWB-0C99-78TJ", Rule::NotAllowed),
            ("external_reference=CRM-1", Rule::NotAllowed),
            ("order=newest", Rule::Missing),
            ("state=sold", Rule::NotAllowed),
            ("colour=red", Rule::UnknownField),
            ("", Rule::Missing),
            ("tag=a\nb", Rule::OutOfRange),
        ] {
            let errors = read_filter(text).unwrap_err();
            let [error] = errors.as_slice() else { panic!("{text}: {errors:?}") };
            assert_eq!((error.pointer.as_deref(), error.code), (Some("/over/filter"), rule), "{text}");
        }
        let both = read_filter("state=sold&colour=red").unwrap_err();
        assert!(both[0].detail.starts_with("state: ") && both[1].detail.starts_with("colour: "), "{both:?}");
    }

    #[test]
    fn an_action_that_changes_nothing_anywhere_is_named() {
        for (asked, place) in [
            (json!({}), Some("/action")),
            (json!({ "close": {}, "tag": { "add": ["a"] } }), Some("/action")),
            (json!({ "close": null }), Some("/action")),
            (json!({ "close": { "reason": "" } }), Some("/action/close/reason")),
            (json!({ "assign": {} }), Some("/action/assign/assignee")),
            (json!({ "tag": [] }), Some("/action/tag")),
            (json!({ "classify": {} }), Some("/action/classify")),
            (json!({ "tag": {} }), Some("/action/tag")),
            (json!({ "tag": { "add": ["a", "b"], "remove": ["b"] } }), Some("/action/tag/remove")),
            (json!({ "tag": { "add": ["a"], "remove": ["b"] } }), None),
            (json!({ "classify": { "severity": "low" } }), None),
            (json!({ "assign": { "assignee": "anna" } }), None),
            (json!({ "link": { "relation": "part_of", "complaint": "018bcfe5-6800-7303-8303-030303030301" } }), None),
            (json!({ "close": {} }), None),
        ] {
            let errors = action(asked.clone()).command().err().unwrap_or_default();
            assert_eq!(errors.first().and_then(|error| error.pointer.as_deref()), place, "{asked}");
        }
    }

    #[test]
    fn tags_are_put_on_and_taken_off_without_touching_others() {
        let codes = |tags: &[&str]| tags.iter().map(|tag| (*tag).try_into().unwrap()).collect::<Vec<_>>();
        let tag = |add: &[&str], remove: &[&str]| Tag {
            add: codes(add).try_into().unwrap(),
            remove: codes(remove).try_into().unwrap(),
        };
        let held = codes(&["vip", "fees", "cards"]);
        assert_eq!(tag(&["new", "vip"], &["fees"]).on(&held), codes(&["vip", "cards", "new"]));
        assert_eq!(tag(&["vip"], &["gone"]).on(&held), held);
        assert_eq!(tag(&["b", "b"], &[]).on(&[]), codes(&["b"]));
    }

    #[test]
    fn names_are_those_of_the_wire() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
        use State::{Cancelled, Cancelling, Done, Failed, Queued, Running, Selecting};
        for state in [Queued, Selecting, Running, Cancelling, Done, Cancelled, Failed] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for reason in [Reason::TooManyRows, Reason::InvalidFilter, Reason::KeyEnded, Reason::Internal] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
        assert_eq!(key_of(id()).unwrap().as_str(), "bulk:018bcfe5-6800-7303-8303-030303030303");
    }

    #[test]
    fn a_row_is_json() {
        assert_eq!(Outcome::Done.row(Some(7), None), r#"{"outcome":"done","version":7}"#);
        let request = "018bcfe5-6800-7101-8101-010101010101".parse().unwrap();
        let problem = Problem::new(Code::NotFound, request);
        let told = serde_json::to_string(&problem).unwrap();
        assert_eq!(
            Outcome::NotFound.row(None, Some(&problem)),
            format!(r#"{{"outcome":"not_found","problem":{told}}}"#)
        );
    }

    /// Messages of the previous release are still in the queue when this one starts.
    #[test]
    fn a_turn_has_this_format() {
        let turn = Turn { tenant: TenantId::new(at(0), &[2; 10]), bulk: id(), shard: ShardId(1), fence: 7 };
        let text = "bulk/1 018bcfe5-6800-7202-8202-020202020202 018bcfe5-6800-7303-8303-030303030303 1 7";
        assert_eq!(turn.to_string(), text);
        assert_eq!(text.parse(), Ok(turn));
        for wrong in [
            "",
            "bulk/2",
            &text.replace("/1", "/2"),
            &text.replace(" 1 7", " 1"),
            &text.replace(" 7", " x"),
            r#"{"v":1}"#,
        ] {
            assert_eq!(wrong.parse::<Turn>(), Err(NotATurn), "{wrong}");
        }
    }
}
