//! `POST /v1/complaints/{id}/<command>`: one endpoint a command, all the same way.
//!
//! 1. Read the body, the idempotency key and `If-Match` (413, 415, 400, 422, 428). Money takes a role and a fresh proof (403).
//! 2. Load the complaint and what the key did before, in one call. Served before: the same answer again. A link's target
//!    in another database is asked for at the same time.
//! 3. Not there: 404. Somebody else has locked it: 423; the lock that the caller names has ended: 409. Changed since it
//!    was read: 412.
//! 4. Decide (409 with what is legal, 422 with what is wrong) and commit. Another writer was first: 412; the lock is
//!    another's by now: 423 or 409.
//! 5. Tell the queue after the answer.

use super::{changing::answer, complaints::MAX_BODY, external_reference, lock};
use crate::{
    call::{Firm, Outcome, Posted, TenantCall},
    failure::Failure,
    platform,
    store::{
        StoreError, TenantDb, Unique,
        commit::{Commit, Committed},
        complaints::{Done, Loaded},
        external_references::claimant,
    },
};
use futures_util::future::try_join;
use shared::{
    access::{Actor, staff::Action},
    chain::{self, Digest, Tail},
    clock::{due::Due, passing::passed, timeline::Timeline},
    complaint::{
        Complaint, MAX_EVENTS,
        command::Command,
        decide::{LinkTarget, decide},
        event::EventBody,
    },
    http::{
        body::{self, BodyError},
        etag::IfMatch,
        idempotency::IdempotencyKey,
        problem::Code,
    },
    identity::{role::Clearance, session::Sensitive},
    ids::{ComplaintId, OutboxId},
    lock::{FencingToken, Lock},
    tenant::placement::Slot,
    time::Timestamp,
};
use std::collections::BTreeSet;

/// A command, to whom it is given and on what conditions.
pub(crate) struct Order<'o> {
    pub(crate) complaint: ComplaintId,
    pub(crate) command: Command,
    /// What identifies it: given again, it does nothing more.
    pub(crate) key: &'o IdempotencyKey,
    pub(crate) fingerprint: Digest,
    pub(crate) actor: &'o Actor,
    /// When it came, in the world's time.
    pub(crate) now: Timestamp,
    /// The versions that it may change; any if there is none.
    pub(crate) if_match: Option<IfMatch>,
    /// The token of the lock that its giver holds.
    pub(crate) lock: Option<FencingToken>,
    /// What its giver may see, if that is not known to be all: to a complaint that they may not, nothing can be done.
    pub(crate) clearances: Option<&'o BTreeSet<Clearance>>,
    /// What makes it needless.
    pub(crate) unless: Option<fn(&Command, &Complaint) -> bool>,
    /// Whether nothing is to be changed.
    pub(crate) rehearsed: bool,
}

/// What came of an order that was not refused.
pub(crate) enum Performed {
    /// It is done.
    Now { committed: Committed, version: u32, lock: Option<Lock> },
    /// It was done before.
    Before { done: Done, lock: Option<Lock> },
    /// There was nothing to do at this version.
    Needless { version: u32 },
    /// It would be done, and make this version.
    Rehearsed { version: u32 },
}

/// How a command's body is read: a function and not a type, so that the way of all is compiled once.
type Read = fn(&[u8]) -> Result<Command, BodyError>;

async fn run(call: TenantCall, read: Read) -> Outcome {
    // (1)
    let (id, db) = call.complaint()?;
    let Posted { body, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let command = read(&body)?;
    if command.pays() {
        call.must(Action::ApproveRedress, Sensitive::ApproveRedress)?;
    }
    let if_match = Some(call.call.if_match()?);
    let lock = call.call.lock_token()?;

    let (actor, now) = (&call.actor()?, call.call.now);
    let (unless, rehearsed, complaint, key, clearances) = (None, false, id, &key, call.clearances());
    let order =
        Order { complaint, command, key, fingerprint, actor, now, if_match, lock, clearances, unless, rehearsed };
    let performed = perform(call.firm(), order).await?;
    // (5)
    answer(&call, &db, performed, fingerprint).await
}

/// Gives a command to a complaint: steps 2 to 4, the one way to do so, whoever orders it.
pub(crate) async fn perform(firm: Firm<'_>, order: Order<'_>) -> Result<Performed, Failure> {
    let Order {
        complaint: id, command, key, fingerprint, actor, now: came_at, if_match, lock: token, rehearsed, ..
    } = order;
    let db = firm.db_of(id)?;

    // (2)
    let link = if let Command::Link(link) = &command { Some(link.complaint) } else { None };
    let (Loaded { complaint, done, lock, target, timeline, due }, elsewhere) =
        try_join(db.load(id, key.as_str(), link, came_at), target_elsewhere(firm, &db, link, id)).await?;
    let target = elsewhere.unwrap_or(target);
    if let Some(done) = done {
        return Ok(Performed::Before { done, lock });
    }

    // (3)
    let is_seen = |complaint: &Complaint| order.clearances.is_none_or(|held| complaint.sensitivity.is_subset(held));
    let before = complaint.filter(is_seen).ok_or(Failure::new(Code::NotFound))?;
    if order.unless.is_some_and(|is_needless| is_needless(&command, &before)) {
        return Ok(Performed::Needless { version: before.version });
    }
    lock::allows(lock.as_ref(), token)?;
    if if_match.is_some_and(|if_match| !if_match.accepts(before.version)) {
        return Err(Failure::changed_since(before.version));
    }

    // (4)
    let now = firm.tenant.time(came_at).max(before.updated_at);
    let bodies = decide(&before, command, firm.rules()?, target, now)?;
    let case = Case { before, timeline, due, lock };
    write(firm, &db, case, Writing { bodies, key, fingerprint, actor, now, came_at, token, rehearsed }).await
}

/// A complaint as it was read.
pub(super) struct Case {
    pub(super) before: Complaint,
    pub(super) timeline: Timeline,
    pub(super) due: Option<Due>,
    pub(super) lock: Option<Lock>,
}

/// What is to be written of it.
pub(super) struct Writing<'w> {
    pub(super) bodies: Vec<EventBody>,
    pub(super) key: &'w IdempotencyKey,
    pub(super) fingerprint: Digest,
    pub(super) actor: &'w Actor,
    /// When, in the tenant's time.
    pub(super) now: Timestamp,
    /// When, in the world's.
    pub(super) came_at: Timestamp,
    /// The token of the lock that the writer holds.
    pub(super) token: Option<FencingToken>,
    pub(super) rehearsed: bool,
}

/// Makes it so.
pub(super) async fn write(
    firm: Firm<'_>,
    db: &TenantDb,
    case: Case,
    writing: Writing<'_>,
) -> Result<Performed, Failure> {
    let Case { before, mut timeline, due: was_due, lock } = case;
    let Writing { bodies, key, fingerprint, actor, now, came_at, token, rehearsed } = writing;
    let id = before.id;
    let tail = Tail { tenant: firm.tenant.id, complaint: id, version: before.version, head: before.head };
    let events = chain::seal(tail, actor, now, bodies, platform::salt).map_err(Failure::internal)?;
    let mut after = before.clone();
    for sealed in &events {
        after.apply(&sealed.event).map_err(Failure::internal)?;
        timeline.take_in(&sealed.event);
    }
    if rehearsed {
        return Ok(Performed::Rehearsed { version: after.version });
    }
    let ahead = firm.tenant.ahead_of(&after, &timeline);
    let outbox = OutboxId::new(came_at, &platform::entropy());
    let home = firm.home()?;
    let names = external_reference::Change {
        complaint: id,
        from: before.external_reference.as_ref(),
        to: after.external_reference.as_ref(),
        by: claimant(&id.to_string(), key.as_str()),
        at: now,
    };
    let mut names_it = home.is(db);
    let mut prepared = None;
    let committed = loop {
        let failed = if names.from != names.to && !names_it && prepared.is_none() {
            match external_reference::prepare(firm, &home, &names).await {
                Ok(claimed) => {
                    prepared = Some(claimed);
                    continue;
                }
                Err(error) => error,
            }
        } else {
            let (before, after, events, key) = (&before, &after, events.as_slice(), key);
            let (now, lock) = (came_at, token);
            let commit =
                Commit { before, after, events, key, fingerprint, outbox, now, lock, names_it, was_due, ahead };
            match db.commit(commit).await {
                Ok(committed) => break committed,
                Err(error) => error,
            }
        };
        match failed {
            // Whoever has it may have died over it.
            StoreError::Taken(Unique::ExternalReference) if names_it => names_it = false,
            error => return not_committed(db, id, key, (token, came_at), lock, error).await,
        }
    };
    if let Some(prepared) = &prepared {
        external_reference::settle(&home, &names, prepared).await;
    }
    Ok(Performed::Now { committed, version: after.version, lock })
}

/// What comes of a commit that has failed: what the key did before, or the reason.
pub(super) async fn not_committed(
    db: &TenantDb,
    id: ComplaintId,
    key: &IdempotencyKey,
    (token, came_at): (Option<FencingToken>, Timestamp),
    lock: Option<Lock>,
    failed: StoreError,
) -> Result<Performed, Failure> {
    match failed {
        StoreError::Taken(Unique::ExternalReference | Unique::IdempotencyKey) => {
            let done = db.done_by(&id.to_string(), key.as_str()).await?.ok_or_else(|| Failure::from(failed))?;
            Ok(Performed::Before { done, lock })
        }
        StoreError::Locked => {
            lock::allows(db.lock_in_force(id, came_at).await?.as_ref(), token)?;
            Err(Failure::lock_lost())
        }
        error => Err(error.into()),
    }
}

/// What time alone has brought about for a complaint, and what came of it.
pub(crate) enum Passed {
    /// It is recorded: the message that tells of it.
    Recorded(String),
    /// There was nothing to record; what lies ahead of it is noted.
    Nothing,
    /// The tenant has none such.
    NotFound,
}

/// What records that time has passed, as events name it.
pub(crate) const TIME: &str = "rule:clocks";

/// Events that a case file must have room for if time is to write to it: it can always be ended.
const FULL_WITHOUT: u32 = 100;

/// Records what time alone has brought about for a complaint: whoever has locked it.
pub(crate) async fn record_passing(
    firm: Firm<'_>,
    id: ComplaintId,
    actor: &Actor,
    came_at: Timestamp,
) -> Result<Passed, Failure> {
    let db = firm.db_of(id)?;
    let Loaded { complaint, lock, timeline, due, .. } = db.load(id, TIME, None, came_at).await?;
    let Some(before) = complaint else { return Ok(Passed::NotFound) };
    let now = firm.tenant.time(came_at).max(before.updated_at);
    let clocks = firm.tenant.clocks_of(&before, &timeline, now);
    let bodies = passed(&clocks, &timeline, before.here_since(), now);
    if bodies.is_empty() || before.version.saturating_add(FULL_WITHOUT) > MAX_EVENTS {
        // As of now: a warning that nobody needs any more must not wake it again.
        let mut ahead = firm.tenant.ahead_by_clocks(&before, &timeline, &clocks);
        ahead.wake_at = ahead.wake_at.filter(|_| bodies.is_empty());
        db.foresee(&before, due, ahead).await?;
        return Ok(Passed::Nothing);
    }
    // Of two that come to it at the same time, one finds itself done.
    let key: IdempotencyKey = format!("{TIME}:v{}", before.version).parse().map_err(Failure::internal)?;
    let (token, fingerprint) = (lock.as_ref().map(|lock| lock.token), Digest::of(key.as_str().as_bytes()));
    let case = Case { before, timeline, due, lock };
    let writing = Writing { bodies, key: &key, fingerprint, actor, now, came_at, token, rehearsed: false };
    match write(firm, &db, case, writing).await? {
        Performed::Now { committed, .. } => Ok(Passed::Recorded(committed.message)),
        _ => Ok(Passed::Nothing),
    }
}

/// What a link needs to know of its target, if that lies in another database than the complaint.
async fn target_elsewhere(
    firm: Firm<'_>,
    db: &TenantDb,
    link: Option<ComplaintId>,
    from: ComplaintId,
) -> Result<Option<LinkTarget>, StoreError> {
    let other = link.and_then(|link| Some((link, firm.db_of_slot(Slot(link.slot()))?)));
    match other.filter(|(_, other)| !other.is(db)) {
        Some((link, other)) => Ok(Some(other.link_target(link, from).await?)),
        None => Ok(None),
    }
}

macro_rules! commands {
    ($($(#[$doc:meta])* $handler:ident => $command:expr;)*) => {
        $($(#[$doc])* pub(crate) fn $handler(call: TenantCall) -> impl Future<Output = Outcome> {
            run(call, |body| body::parse(body).map($command))
        })*
    };
}

commands! {
    /// Tells that the firm has it.
    acknowledge => Command::Acknowledge;
    /// Gives it to somebody.
    assign => Command::Assign;
    /// Starts or resumes work.
    investigate => Command::Investigate;
    /// Says what it is about.
    classify => Command::Classify;
    /// Adds an internal note.
    note => Command::Note;
    /// Records a contact.
    contact => Command::Contact;
    /// Asks the complainant.
    request_information => Command::RequestInformation;
    /// Drafts the answer.
    propose_response => Command::ProposeResponse;
    /// Answers.
    resolve => Command::Resolve;
    /// Files it.
    close => Command::Close;
    /// Takes it up again.
    reopen => Command::Reopen;
    /// Records that the complainant took it back.
    withdraw => Command::Withdraw;
    /// Records that it went to a scheme.
    refer => Command::Refer;
    /// Ties it to another.
    link => Command::Link;
    /// Undoes a tie.
    unlink => Command::Unlink;
    /// Puts entries right.
    correct => |body| Command::Correct(Box::new(body));
    /// Records something that clocks wait for.
    milestone => Command::RecordMilestone;
    /// Takes back what was recorded so in error.
    retract_milestone => Command::RetractMilestone;
    /// Records that redress was paid.
    pay_redress => Command::PayRedress;
    /// Records what a scheme said.
    record_adr_outcome => Command::RecordAdrOutcome;
    /// Moves it to other versions of rules or calendars.
    move_clocks => Command::MoveClocks;
    /// Says which staff may see it.
    label => Command::Label;
}
