//! Mail that comes in: kept in the bucket as it came before anybody looks at it, then read by the consumer of `jobs`.
//!
//! Invariants: a mail is accepted once it is in the bucket with its turn, and only then, whatever the databases do; reading it is done by
//! a message of its own, so that one that cannot be read holds up no other; what was done is known by what the mail says, so that reading
//! it twice, or a mail that comes twice, does nothing more.

use crate::{
    api::{
        attachments::{Asking, Attached, attach, record_once},
        intake::{Asked, Logged, Maker, NotLogged, log},
    },
    call::Firm,
    config::Config,
    failure::Failure,
    gateway::{directory, flags::flags},
    log as report, metrics,
    platform::{
        self, Fault, Freshness, IncomingMail, Queue, Runtime,
        bucket::{NotKept, Object},
    },
    store::{
        StoreError, TenantDb,
        inbound_mails::Prints,
        notifications::Which,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use serde::Deserialize;
use shared::{
    access::{Actor, ActorKind},
    chain::Digest,
    complaint::{
        Complaint,
        command::Command,
        decide::{LinkTarget, decide},
    },
    exchange::{answer::Refused, import::Draft},
    flags::Part,
    http::{idempotency::IdempotencyKey, problem::Code},
    ids::{ComplaintId, DeadLetterId, MailId, TenantId},
    json,
    mail::{
        Arrived, InboundMail, MAX_BYTES, Outcome, State, Turn, VERSION, address,
        filing::{self, Sender},
        read::{Mail, Unreadable, read},
        report::{Fate, Reported, reported},
        sort,
    },
    metrics::families,
    notification::Status as Told,
    tenant::{Status, placement::Slot, standing::Standing},
    text::Line,
};

/// What the keys of turns begin with.
const TURNS: &str = "mail/";
/// Turns that one tick looks at, and how long the first message may take before cron sends another, in milliseconds.
const LOOKED_AT: u32 = 1_000;
const LOST_MILLIS: i64 = 30_000;
/// How often reading a mail is begun.
const ATTEMPTS: u32 = 3;
/// The actor that takes mails, as events name it.
const ACTOR: &str = "mail";
/// The type of reports of what became of a mail (RFC 3464 §2).
const DELIVERY_STATUS: &str = "delivery-status";
/// The domain of the cell's addresses. Empty: it has none, and takes no mail.
const DOMAIN: &str = "MAIL_DOMAIN";
/// What whoever writes to an address that is none is told: the same whatever is wrong with it.
const NO_SUCH_ADDRESS: &str = "There is no such address";

/// Takes a mail in: keeps it as it comes, then has it read.
///
/// # Errors
/// It could not be kept, and has to be sent again.
pub(crate) async fn receive(runtime: &Runtime, mail: IncomingMail) -> Result<(), Fault> {
    let Some(tenant) = tenant_of(runtime, &mail.to).await? else {
        metrics::count(families::MAILS, &["rejected"], 1);
        return mail.reject(NO_SUCH_ADDRESS).await;
    };
    if mail.bytes > MAX_BYTES {
        metrics::count(families::MAILS, &["rejected"], 1);
        return mail.reject("The mail is larger than 25 MiB").await;
    }
    // A tenant that moves to another cell takes nothing in for a moment. Whether it does, its database says, if that answers.
    let known = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant_row(tenant).await;
    if known.is_ok_and(|known| known.is_some_and(|known| known.moving())) {
        return Err(Fault { dependency: "tenant", message: format!("{tenant} is on the move") });
    }
    let now = platform::now();
    let id = MailId::new(now, &platform::entropy());
    let taken = runtime.take_mail((tenant, id), &mail.intake(), mail.bytes).await.map_err(|not| {
        let message = match not {
            NotKept::Broken(why) => why,
            NotKept::Size | NotKept::NotText => "not as many bytes as were said".to_owned(),
        };
        Fault { dependency: "bucket", message }
    })?;
    let arrived = Arrived {
        v: VERSION,
        tenant,
        mail: id,
        from: mail.from.clone(),
        to: mail.to.clone(),
        bytes: mail.bytes,
        sha256: taken.sha256,
        received_at: now,
        insisted: false,
    };
    wait(runtime, &arrived).await?;
    metrics::count(families::MAILS, &["received"], 1);
    Ok(())
}

/// Has a mail that is kept read.
pub(crate) async fn wait(runtime: &Runtime, arrived: &Arrived) -> Result<(), Fault> {
    let turn = Turn { mail: arrived.mail, tenant: arrived.tenant };
    let text =
        serde_json::to_string(arrived).map_err(|error| Fault { dependency: "mail", message: error.to_string() })?;
    runtime.claim(&key_of(turn), &text).await?;
    // Cron sends what is not sent.
    if let Err(fault) = runtime.send(Queue::Jobs, &[turn.message()]).await {
        report::fault("mail_not_announced", &fault);
    }
    Ok(())
}

fn key_of(turn: Turn) -> String {
    format!("{TURNS}{turn}")
}

/// The tenant of an address, if it is at home in this cell.
async fn tenant_of(runtime: &Runtime, to: &str) -> Result<Option<TenantId>, Fault> {
    let domain = runtime.variable(DOMAIN).unwrap_or_default();
    let Some(recipient) = address::recipient(to, &domain).filter(|_| !domain.is_empty()) else { return Ok(None) };
    let Some(route) = directory::route_to(runtime, &recipient.slug).await? else { return Ok(None) };
    let cell = runtime.variable("CELL");
    let here = Some(route.home_cell.as_str()) == cell.as_deref() && route.status != Status::Deleted;
    Ok(here.then_some(route.tenant))
}

/// Whether nothing of a tenant waits to be read. If too much waits to be sure, something does.
pub(crate) async fn is_empty(runtime: &Runtime, tenant: TenantId) -> Result<bool, Fault> {
    let keys = runtime.keys(TURNS, LOOKED_AT).await?;
    let tenant = tenant.to_string();
    Ok(keys.len() < LOOKED_AT as usize && !keys.iter().any(|key| key.ends_with(&tenant)))
}

/// Has mails read whose message was lost, or that had to wait. How many.
pub(crate) async fn sweep(runtime: &Runtime) -> Result<u32, Fault> {
    let keys = runtime.keys(TURNS, LOOKED_AT).await?;
    let before = MailId::new(platform::now().plus_millis(-LOST_MILLIS), &[0; 10]);
    let turns = keys.iter().filter_map(|key| key.strip_prefix(TURNS)?.parse::<Turn>().ok());
    let messages: Vec<String> = turns.filter(|turn| turn.mail < before).map(|turn| turn.message()).collect();
    runtime.send(Queue::Jobs, &messages).await?;
    Ok(u32::try_from(messages.len()).unwrap_or(LOOKED_AT))
}

/// Whether a message asks for a mail to be read.
pub(crate) fn is_asked(message: &str) -> bool {
    Turn::asked(message).is_some()
}

/// Reads the mail that a message names, and does what is to be done with it. Where a database or the bucket is away it waits for cron:
/// however long that is, no operator has to have it tried again.
pub(crate) async fn take_turn(runtime: &Runtime, message: &str) -> Result<(), StoreError> {
    match look(runtime, message).await {
        Err(error @ (StoreError::Busy(_) | StoreError::Held)) => {
            report::fault("mail_waits", &error);
            Ok(())
        }
        looked => looked,
    }
}

async fn look(runtime: &Runtime, message: &str) -> Result<(), StoreError> {
    let Some(turn) = Turn::asked(message) else { return Err(StoreError::unreadable("not a mail's turn")) };
    let Some(text) = runtime.text(&key_of(turn)).await.map_err(StoreError::Busy)? else { return Ok(()) };
    let arrived: Arrived = json::from_str(&text).map_err(StoreError::unreadable)?;
    let now = platform::now();
    let known = directory::truth(runtime, turn.tenant, now).await?;
    let cell = runtime.variable("CELL");
    let Some(standing) = known.filter(|known| Some(known.tenant.home_cell.as_str()) == cell.as_deref()) else {
        return give_up(runtime, turn).await;
    };
    let config = Config::of(runtime).map_err(StoreError::unreadable)?;
    // What is switched off waits, and so does what is of a tenant that is not served. Cron comes again.
    let on = flags(runtime, &config.cell).await.is_on(Part::Mail, &standing.tenant);
    if !on || standing.tenant.status != Status::Active || standing.moving {
        return Ok(());
    }
    let firm = Firm { runtime, tenant: &standing.tenant, freshness: Freshness::Latest };
    let home = firm.home().map_err(|failure| StoreError::unreadable(failure.reason().unwrap_or_default()))?;
    let (state, attempts) = home.begin_mail(&arrived).await?;
    if state == State::Received {
        let desk = Desk { firm, standing: &standing, config: &config, home: &home, arrived: &arrived };
        let settled = if attempts > ATTEMPTS { Ok(desk.quarantined(Outcome::Crashed, None)) } else { desk.see().await };
        match settled {
            Ok((mail, prints)) => {
                home.settle_mail(&mail, prints).await?;
                let outcome: &str = mail.outcome.map_or("", Into::into);
                metrics::count(families::MAILS, &[outcome], 1);
            }
            Err(failure) => return Err(desk.not_yet(failure).await),
        }
    }
    runtime.delete(&key_of(turn)).await.map_err(StoreError::Busy)
}

/// A mail of a tenant that has left meanwhile: an operator sees it. It stays in the bucket.
async fn give_up(runtime: &Runtime, turn: Turn) -> Result<(), StoreError> {
    report::fault("mail_given_up", &turn.mail);
    let now = platform::now();
    let letter = (DeadLetterId::new(now, &platform::entropy()), turn.message());
    SystemDb::new(runtime.clone(), DIRECTORY_SHARD).bury(&[letter], now).await?;
    runtime.delete(&key_of(turn)).await.map_err(StoreError::Busy)
}

/// What became of a mail.
type Settled = (InboundMail, Prints);

/// Where one mail is seen to.
struct Desk<'d> {
    firm: Firm<'d>,
    standing: &'d Standing,
    config: &'d Config,
    home: &'d TenantDb,
    arrived: &'d Arrived,
}

/// Of a summary what is needed.
#[derive(Deserialize)]
struct Named {
    id: ComplaintId,
}

impl Desk<'_> {
    /// Reads the mail and does what is to be done with it.
    async fn see(&self) -> Result<Settled, Failure> {
        let Self { firm, arrived, .. } = self;
        let object = Object::Mail { mail: arrived.mail, digest: arrived.sha256 };
        let found = firm.runtime.found(arrived.tenant, &object).await?;
        let Some(raw) = found.filter(|raw| Digest::of(raw) == arrived.sha256) else {
            return Ok(self.quarantined(Outcome::Damaged, None));
        };
        let mail = match read(&raw, &platform::decoded) {
            Ok(mail) => mail,
            Err(error) => {
                let outcome = match error {
                    Unreadable::Malformed => Outcome::Malformed,
                    Unreadable::TooComplex => Outcome::TooComplex,
                    Unreadable::Crashed => Outcome::Crashed,
                };
                return Ok(self.quarantined(outcome, None));
            }
        };
        let reported = (mail.marks.report == DELIVERY_STATUS).then(|| reported(&raw)).flatten();
        drop(raw);
        let prints = Prints {
            content: Some(mail.content),
            message_id: mail.message_id.as_ref().map(|id| Digest::of(id.as_bytes())),
        };
        let shown = |state, outcome, complaint| InboundMail {
            state,
            outcome: Some(outcome),
            complaint,
            ..InboundMail::waiting(arrived)
        };
        if let Some(complaint) = self.home.mail_twin(arrived.mail, mail.content).await? {
            return Ok((shown(State::Ignored, Outcome::Duplicate, Some(complaint)), prints));
        }
        let domain = firm.runtime.variable(DOMAIN).unwrap_or_default();
        if let Some(Reported { fate, message_id }) = reported
            && let Some(sent) = Which::of_mail_id(&message_id, arrived.tenant, &self.config.cursors)
        {
            let status = if fate == Fate::Failed { Told::Bounced } else { Told::Delivered };
            self.home.report_notification(&sent, status).await?;
            return Ok((shown(State::Ignored, Outcome::Bounce, Some(sent.complaint)), prints));
        }
        if let Some(outcome) = sort::not_by_a_person(&mail, &arrived.from, &domain).filter(|_| !arrived.insisted) {
            return Ok((shown(State::Ignored, outcome, None), prints));
        }
        match self.file(&mail).await {
            Ok((outcome, complaint)) => {
                let taken = shown(State::Taken, outcome, Some(complaint));
                Ok((InboundMail { may_answer: sort::may_answer(&mail), ..taken }, prints))
            }
            Err(failure) if is_final(&failure) => {
                let (mail, _) = self.quarantined(Outcome::Refused, Some(why(failure)));
                Ok((mail, prints))
            }
            Err(failure) => Err(failure),
        }
    }

    /// It waits for a person.
    fn quarantined(&self, outcome: Outcome, detail: Option<String>) -> Settled {
        let mail = InboundMail {
            state: State::Quarantined,
            outcome: Some(outcome),
            detail,
            ..InboundMail::waiting(self.arrived)
        };
        (mail, Prints::default())
    }

    /// It comes again. What is not the mail's fault is not counted against it.
    async fn not_yet(&self, failure: Failure) -> StoreError {
        let waits = failure.code == Code::Unavailable;
        if waits && let Err(error) = self.home.mail_not_yet(self.arrived.mail).await {
            report::fault("mail_not_noted", &error);
        }
        let message = failure.reason().unwrap_or_default().to_owned();
        let fault = Fault { dependency: "mail", message };
        if waits { StoreError::Busy(fault) } else { StoreError::Broken(fault) }
    }

    /// Puts a mail on file.
    async fn file(&self, mail: &Mail) -> Result<(Outcome, ComplaintId), Failure> {
        let author = mail.from.as_deref().or(Some(self.arrived.from.as_str()).filter(|from| from.contains('@')));
        let actor = Actor {
            kind: ActorKind::System,
            id: Line::try_from(ACTOR.to_owned()).map_err(Failure::internal)?,
            job: None,
        };
        let mut messages = Vec::new();
        let (outcome, complaint, most) = match self.known(mail, author).await? {
            Some((complaint, sender)) => {
                let command = filing::about(mail, author, sender).map_err(Failure::internal)?;
                let outcome = if sender == Sender::Stranger { Outcome::Note } else { Outcome::Contact };
                messages.extend(self.give(complaint, command, &format!("mail:{}", mail.content), &actor).await?);
                (outcome, complaint, 20_000)
            }
            None => {
                let (complaint, message) = self.log(mail, author, &actor).await?;
                messages.extend(message);
                (Outcome::Complaint, complaint, 50_000)
            }
        };
        messages.extend(self.attach_all(mail, complaint, filing::is_cut(mail, most), &actor).await?);
        // Cron sends what is not sent.
        if let Err(fault) = self.firm.runtime.send(Queue::Notify, &messages).await {
            report::fault("outbox_not_sent", &fault);
        }
        Ok((outcome, complaint))
    }

    /// The complaint that a mail is about: by an address or an id that was signed here, by an earlier mail that it answers, by a
    /// reference. And how its author stands to it.
    async fn known(&self, mail: &Mail, author: Option<&str>) -> Result<Option<(ComplaintId, Sender)>, Failure> {
        let Self { firm, config, arrived, home, .. } = self;
        let (tenant, key) = (arrived.tenant, &config.cursors);
        let domain = firm.runtime.variable(DOMAIN).unwrap_or_default();
        let token = address::recipient(&arrived.to, &domain).and_then(|recipient| recipient.token);
        let mut signed: Vec<_> = token.and_then(|token| address::open(&token, tenant, key)).into_iter().collect();
        signed.extend(mail.answers.iter().filter_map(|id| address::of_message_id(id, tenant, key)));
        signed.truncate(5);
        for id in signed {
            if let Some(complaint) = self.read(id).await? {
                let on_file = author.is_some_and(|author| sort::is_on_file(&complaint, author));
                return Ok(Some((id, if on_file { Sender::OnFile } else { Sender::Signed })));
            }
        }
        let answered: Vec<_> = mail.answers.iter().map(|id| Digest::of(id.as_bytes())).collect();
        let mut named = if answered.is_empty() { Vec::new() } else { home.mail_threads(&answered).await? };
        for reference in sort::references(mail) {
            if let Some(summary) = firm.referred_to(&reference).await? {
                named.push(json::from_str::<Named>(&summary).map_err(StoreError::unreadable)?.id);
            }
        }
        let mut strangers = None;
        for id in named {
            let Some(complaint) = self.read(id).await? else { continue };
            if author.is_some_and(|author| sort::is_on_file(&complaint, author)) {
                return Ok(Some((id, Sender::OnFile)));
            }
            strangers = strangers.or(Some((id, Sender::Stranger)));
        }
        Ok(strangers)
    }

    async fn read(&self, id: ComplaintId) -> Result<Option<Complaint>, Failure> {
        let Some(db) = self.firm.db_of_slot(Slot(id.slot())) else { return Ok(None) };
        let document = db.read(id).await?;
        let complaint = document.map(|document| json::from_str(&document.doc)).transpose();
        Ok(complaint.map_err(StoreError::unreadable)?)
    }

    /// Logs a mail as a new complaint, as of when it came.
    async fn log(
        &self,
        mail: &Mail,
        author: Option<&str>,
        actor: &Actor,
    ) -> Result<(ComplaintId, Option<String>), Failure> {
        let draft = Draft::New(Box::new(filing::complaint(mail, author).map_err(Failure::internal)?));
        let maker = Maker { firm: self.firm, by: actor.clone(), now: self.arrived.received_at, import: None };
        let key = format!("mail:{}", mail.content);
        let fingerprint = Digest::of(key.as_bytes());
        let asked = Asked { draft: &draft, key: &key, fingerprint, import: None, identity: None };
        match log(&maker, &asked).await {
            Ok(Logged::Now { made, message }) => Ok((made.complaint.id, message)),
            Ok(Logged::Before(_, done)) => Ok((done.complaint_id, None)),
            Err(NotLogged::Refused(failure)) => Err(failure),
            Err(NotLogged::Store(error)) => Err(error.into()),
        }
    }

    /// Gives a complaint a command, once, whoever has locked it. The message that tells of it.
    async fn give(
        &self,
        complaint: ComplaintId,
        command: Command,
        key: &str,
        actor: &Actor,
    ) -> Result<Option<String>, Failure> {
        let (firm, came_at) = (self.firm, platform::now());
        let key: IdempotencyKey = key.parse().map_err(Failure::internal)?;
        let fingerprint = Digest::of(key.as_str().as_bytes());
        let asking = Asking { key: &key, fingerprint, actor, came_at };
        let rules = firm.rules()?;
        let decide = |before: &Complaint| {
            let now = firm.tenant.time(came_at).max(before.updated_at);
            Ok(decide(before, command.clone(), rules, LinkTarget::default(), now)?)
        };
        record_once(firm, complaint, &asking, decide).await
    }

    /// Attaches what is attached to a mail, and its whole text if that was cut. What is not kept, and why, is noted.
    async fn attach_all(
        &self,
        mail: &Mail,
        complaint: ComplaintId,
        is_cut: bool,
        actor: &Actor,
    ) -> Result<Vec<String>, Failure> {
        let whole = is_cut.then_some((filing::WHOLE, mail.text.as_bytes()));
        let files = whole.into_iter().chain(mail.files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())));
        let (mut messages, mut refused) = (Vec::new(), Vec::new());
        for (number, (name, bytes)) in files.enumerate() {
            if number >= filing::MAX_FILES {
                refused.push((name.to_owned(), format!("is behind the first {} files", filing::MAX_FILES)));
                continue;
            }
            let (name, media_type) = match filing::file(name, number + 1, bytes, &self.firm.tenant.attachments) {
                Ok(known) => known,
                Err(rule) => {
                    refused.push((name.to_owned(), rule));
                    continue;
                }
            };
            let key = format!("mail:{}:{number}", mail.content).parse().map_err(Failure::internal)?;
            let file = Attached { complaint, name: name.clone(), media_type, bytes, key: &key, actor };
            match attach(self.firm, self.standing, file).await {
                Ok(message) => messages.extend(message),
                Err(failure) if is_final(&failure) => refused.push((name.as_str().to_owned(), why(failure))),
                Err(failure) => return Err(failure),
            }
        }
        if !refused.is_empty() {
            let note = filing::refused(&refused).map_err(Failure::internal)?;
            messages.extend(self.give(complaint, note, &format!("mail:{}:refused", mail.content), actor).await?);
        }
        Ok(messages)
    }
}

/// Whether trying again would come to the same.
const fn is_final(failure: &Failure) -> bool {
    !matches!(
        failure.code,
        Code::Unavailable | Code::Internal | Code::PreconditionFailed | Code::Locked | Code::LockLost
    )
}

/// What was refused, by its rules: nothing of what the mail says.
fn why(failure: Failure) -> String {
    let Refused { code, detail, errors } = failure.refused();
    let rules = errors.iter().map(|error| format!("{} {}", error.pointer.as_deref().unwrap_or_default(), error.detail));
    let said: Vec<String> = detail.map(Into::into).into_iter().chain(rules).collect();
    if said.is_empty() { code.parts().1.to_owned() } else { said.join("; ") }
}
