//! Tells people: a turn at a time, each announced by a message on the queue `messages`, so that nothing else waits for other people's
//! servers.
//!
//! 1. From an event to rows: the firm's rules say who is told (`note`), before the event leaves the outbox.
//! 2. A turn takes a few rows by a **lease**, each of which is then nobody else's for a while.
//! 3. Of each it reads anew what may have changed: rules, opt-outs, the complaint. Then it is sent, put off, or given up.
//!
//! Rows that wait for the same digest are taken together, put off together, and sent as one mail to each recipient.
//!
//! What is sent and not written down is sent again, as the same mail (`Message-ID`): messages come at least once. A turn that is lost
//! comes again by cron.

use super::transport::{self, Sent, Verdict};
use crate::{
    api::letters::{Drafted, SentLetter},
    call::Firm,
    config::Config,
    gateway::flags,
    log, metrics,
    platform::{self, Freshness, Queue, Runtime, bucket::Object, dependency::Dependency},
    portal::post,
    store::{
        StoreError, TenantDb,
        notifications::{Event, Told, Which},
        system::{DIRECTORY_SHARD, DueNotification, SystemDb},
        together,
    },
};
use shared::{
    complaint::{
        Complaint,
        event::EventKind,
        intake::{ContactKind, ContactPoint},
    },
    flags::Part,
    ids::{ComplaintId, TenantId},
    json,
    letter::html::html,
    mail::address::reply_to,
    metrics::families,
    notification::{
        Attempt, Audience, Channel, Reason, Status,
        digest::{self, Entry, MOST},
        opt_out::Link,
        plan::{next, plan},
        settings::{NotificationRule, Settings, is_required, shipped},
        text::{self, Seen, Unwritable, Written},
    },
    notify::OutboxMessage,
    outbound_mail::{is_address, message::Mail},
    tenant::{
        Status as Standing, Tenant,
        placement::{ShardId, Slot},
    },
    time::Timestamp,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};
use worker::{MessageBatch, MessageExt};

/// The rows of a turn: an invocation may wait for six answers (Cloudflare Workers, limits, "Simultaneous open connections").
const A_TURN: u32 = 5;
/// The mails of a digest that a turn sends: with it come at most four other rows.
const MAILS: usize = 2;
/// How long rows that somebody has taken are nobody else's, in milliseconds: longer than a turn takes.
const LEASE_MILLIS: i64 = 60_000;
/// How long a row waits while its channel's breaker is open, in milliseconds, and while notifications are switched off.
const BREAKER_MILLIS: i64 = 15_000;
const SWITCHED_OFF_MILLIS: i64 = 600_000;
/// What is due so soon is announced; for the rest cron comes.
const SOON_MILLIS: i64 = 60_000;
/// Where consumers reach this cell: what links in mails begin with. Empty: mails have none.
const PUBLIC_URL: &str = "PUBLIC_URL";
/// The domain of the cell's addresses. Empty: it takes no mail, and nobody can answer.
const MAIL_DOMAIN: &str = "MAIL_DOMAIN";
/// The first word of a message that asks for a turn: what it is, and the version of its format. The shard follows.
const TURN: &str = "messages/1 ";

fn asked(message: &str) -> Option<ShardId> {
    message.strip_prefix(TURN)?.parse().ok().map(ShardId)
}

fn ask(shard: ShardId) -> String {
    format!("{TURN}{}", shard.0)
}

/// Has sent what is due in a shard. If that fails, cron does it.
pub(crate) async fn announce(runtime: &Runtime, shard: ShardId) {
    if let Err(fault) = runtime.send(Queue::Messages, &[ask(shard)]).await {
        log::fault("messages_not_announced", &fault);
    }
}

/// Notes in a shard what people are to be told of messages. How much of that is not done yet.
pub(super) async fn note(runtime: &Runtime, shard: ShardId, messages: &[&OutboxMessage]) -> Result<usize, StoreError> {
    let db = SystemDb::new(runtime.clone(), shard);
    let tenants: BTreeSet<TenantId> = messages.iter().map(|message| message.tenant).collect();
    let tenants: Vec<TenantId> = tenants.into_iter().collect();
    let mut set = BTreeMap::<TenantId, Settings>::new();
    for row in db.notification_settings(&tenants).await? {
        set.insert(row.tenant, json::from_str(&row.doc).map_err(StoreError::unreadable)?);
    }
    let (mail, sms) = (transport::mail(runtime).is_some(), transport::has_sms(runtime));
    let can = |channel| match channel {
        Channel::Email => mail,
        Channel::Sms => sms,
        Channel::Console => true,
    };
    let now = platform::now();
    let rows: Vec<_> = messages
        .iter()
        .flat_map(|message| {
            let settings = set.get(&message.tenant).unwrap_or_else(|| shipped());
            plan(settings, message, can).into_iter().map(move |intent| {
                let rule = intent.rule;
                let waits = intent.waits_until(now);
                let reason: &str = waits.map_or("", |_| Reason::Digest.into());
                // What is in the console is there once it is written.
                let (status, next) = match rule.channel {
                    Channel::Console => (Status::Delivered, None),
                    Channel::Email | Channel::Sms => (Status::Queued, Some(waits.unwrap_or(now).unix_millis())),
                };
                let at = message.id.made_at().unix_millis();
                let told = (intent.event, rule.channel, rule.audience, at, status, next, reason);
                let (event, channel, audience, at, status, next, reason) = told;
                let which = (message.tenant, message.complaint, intent.seq, &rule.id);
                (which.0, which.1, which.2, which.3, event, channel, audience, at, status, next, reason)
            })
        })
        .collect();
    if rows.is_empty() { Ok(0) } else { db.add_notifications(&rows).await }
}

/// Takes turns. What is not a turn goes, after all retries, to the dead letters.
pub(super) async fn consume(batch: &MessageBatch<String>, runtime: &Runtime) {
    for raw in batch.raw_iter() {
        let text = raw.body().as_string().unwrap_or_default();
        let done = match (asked(&text), post::asked(&text)) {
            (Some(shard), _) => take_turn(runtime, shard).await,
            (None, Some(mail)) => send_mail_of_portal(runtime, &mail).await,
            (None, None) => Err(StoreError::unreadable("not a turn of messages")),
        };
        match done {
            Ok(()) => raw.ack(),
            Err(error) => {
                log::fault("messages_not_sent", &format!("{}: {error}", raw.id()));
                raw.retry();
            }
        }
    }
}

/// Sends a mail of a portal. One that cannot be sent now comes again with its message; whoever gets none asks for another.
async fn send_mail_of_portal(runtime: &Runtime, named: &post::Named) -> Result<(), StoreError> {
    let config = Config::of(runtime).map_err(StoreError::unreadable)?;
    let Some(waiting) = named.find(runtime, &config).await? else { return Ok(()) };
    let Some((transport, from)) = transport::mail(runtime) else {
        named.over(runtime).await;
        return Ok(());
    };
    let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let id = format!("{}@{domain}", named.name);
    let mail = Mail {
        id: &id,
        from: (&waiting.firm, &from),
        to: &waiting.to,
        at: waiting.at,
        subject: &waiting.subject,
        text: &waiting.text,
        html: None,
        pdf: None,
        opt_out: None,
        reply_to: None,
        tags: (named.tenant, "portal"),
    };
    let sent = transport.send(runtime, &mail).await;
    let (outcome, again) = match sent.verdict {
        Verdict::Taken => ("sent", false),
        Verdict::Later(_) => ("again", true),
        Verdict::Bounced => ("bounced", false),
        Verdict::Failed(_) => ("failed", false),
    };
    metrics::count(families::NOTIFICATIONS, &[Channel::Email.into(), outcome], 1);
    if again {
        return Err(StoreError::unreadable("a mail of a portal is not taken now"));
    }
    named.over(runtime).await;
    Ok(())
}

/// Asks for a turn of each shard, which does little if nothing is due.
pub(crate) async fn sweep(runtime: &Runtime) -> Result<(), StoreError> {
    let turns: Vec<String> = runtime.shards().iter().map(|shard| ask(*shard)).collect();
    runtime.send(Queue::Messages, &turns).await.map_err(StoreError::Busy)
}

async fn take_turn(runtime: &Runtime, shard: ShardId) -> Result<(), StoreError> {
    let begun = platform::now();
    let config = Config::of(runtime).map_err(StoreError::unreadable)?;
    let db = SystemDb::new(runtime.clone(), shard);
    let due = db.due_notifications(begun, begun.plus_millis(LEASE_MILLIS), (A_TURN, MOST)).await?;
    let (digest, alone): (Vec<_>, Vec<_>) = due.into_iter().partition(DueNotification::waits_for_digest);
    // Of the digest there may be more, and behind it another.
    if alone.len() >= A_TURN as usize || !digest.is_empty() {
        announce(runtime, shard).await;
    }
    let taken = || alone.chunks(1).chain([digest.as_slice()]).filter(|rows| !rows.is_empty());
    let mut soonest = None;
    let seen = together(taken().map(|rows| see(runtime, &config, shard, rows))).await;
    for (rows, seen) in taken().zip(seen) {
        match seen {
            Ok(next) => soonest = soonest.into_iter().chain(next).min(),
            // It comes again when its lease has ended, or where the tenant has gone.
            Err(StoreError::Held) => {}
            Err(error) => {
                let tenant = rows.first().map(|due| due.tenant.to_string()).unwrap_or_default();
                log::fault("notification_not_seen_to", &format!("{tenant}: {error}"));
            }
        }
    }
    let now = platform::now();
    if let Some(soonest) = soonest.filter(|soonest: &Timestamp| *soonest < now.plus_millis(SOON_MILLIS)) {
        let wait = (soonest.unix_millis() - now.unix_millis()).max(0);
        let seconds = u32::try_from((wait + 999) / 1_000).unwrap_or_default();
        runtime.send_later(Queue::Messages, &[ask(shard)], seconds).await.map_err(StoreError::Busy)?;
    }
    Ok(())
}

/// Sees to a row, or to those of a digest. When one is next to be seen to.
async fn see(
    runtime: &Runtime,
    config: &Config,
    shard: ShardId,
    rows: &[DueNotification],
) -> Result<Option<Timestamp>, StoreError> {
    let Some(due) = rows.first() else { return Ok(None) };
    let begun = platform::now();
    let known = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant(due.tenant).await?;
    let served = known.filter(|tenant| tenant.status != Standing::Deleted);
    let told = match &served {
        // What is left of it here goes away.
        Some(tenant) if tenant.home_cell != config.cell => {
            vec![(events(rows), due.put_off(begun.plus_millis(SWITCHED_OFF_MILLIS)))]
        }
        Some(tenant) => {
            let desk = Desk { runtime, config, tenant, due, home: TenantDb::new(runtime.clone(), shard, tenant.id) };
            if due.waits_for_digest() {
                desk.tell_together(rows, begun).await?
            } else {
                vec![(events(rows), desk.tell(begun).await?)]
            }
        }
        None => vec![(events(rows), Came::Never(Status::Skipped, Reason::NoRule))],
    };
    let failed = rows.iter().map(|due| due.failed).max().unwrap_or_default();
    let mut soonest = None;
    for (events, came) in told {
        let mut told = match came {
            Came::Sent(sent) => {
                let millis = platform::now().unix_millis() - begun.unix_millis();
                judged(config, sent, Attempt { at: begun, code: sent.code, millis, reason: None }, failed)
            }
            Came::PutOff(until, reason) => {
                Told { status: Status::Queued, reason, next: Some(until), failed, attempt: None }
            }
            Came::Never(status, reason) => Told { status, reason: Some(reason), next: None, failed, attempt: None },
        };
        let outcome = match (told.status, &told.attempt) {
            (Status::Queued, Some(_)) => "again",
            (Status::Queued, None) => "put_off",
            (status, _) => status.into(),
        };
        // By this those that wait together know each other.
        if outcome == "again" && due.waits_for_digest() {
            told.reason = Some(Reason::Digest);
        }
        let count = u32::try_from(events.len()).unwrap_or_default();
        metrics::count(families::NOTIFICATIONS, &[due.channel.into(), outcome], count);
        let db = TenantDb::new(runtime.clone(), shard, due.tenant);
        db.record_notifications(&due.rule, &events, &told).await?;
        soonest = soonest.into_iter().chain(told.next).min();
    }
    Ok(soonest)
}

fn events(rows: &[DueNotification]) -> Vec<Event> {
    rows.iter().map(|due| (due.complaint, due.seq)).collect()
}

fn judged(config: &Config, sent: Sent, attempt: Attempt, failed: u32) -> Told {
    let reason = match sent.verdict {
        Verdict::Taken => None,
        Verdict::Later(reason) | Verdict::Failed(reason) => Some(reason),
        Verdict::Bounced => Some(Reason::Refused),
    };
    let failed = if reason.is_some() { failed.saturating_add(1) } else { failed };
    let [chance] = platform::random();
    let (status, next) = match sent.verdict {
        Verdict::Taken => (Status::Sent, None),
        Verdict::Bounced => (Status::Bounced, None),
        Verdict::Failed(_) => (Status::Failed, None),
        Verdict::Later(_) => match next(sent.code, failed, platform::now(), chance, config.webhooks_hurry) {
            Some(next) => (Status::Queued, Some(next)),
            None => (Status::Failed, None),
        },
    };
    Told { status, reason, next, failed, attempt: Some(Attempt { reason, ..attempt }) }
}

/// What came of looking at a row.
enum Came {
    Sent(Sent),
    /// Until when, and what it waits for, if there is something to say.
    PutOff(Timestamp, Option<Reason>),
    Never(Status, Reason),
}

impl DueNotification {
    fn waits_for_digest(&self) -> bool {
        let digest: &str = Reason::Digest.into();
        self.reason == digest
    }

    /// Puts it off, and what goes with it.
    fn put_off(&self, until: Timestamp) -> Came {
        Came::PutOff(until, self.waits_for_digest().then_some(Reason::Digest))
    }
}

const fn skipped(reason: Reason) -> Came {
    Came::Never(Status::Skipped, reason)
}

/// One row or those of a digest, and what is needed to see to them.
struct Desk<'d> {
    runtime: &'d Runtime,
    config: &'d Config,
    tenant: &'d Tenant,
    /// The row; of a digest, one of them.
    due: &'d DueNotification,
    /// Where it is kept.
    home: TenantDb,
}

/// What makes a mail the same however often it is sent, and where it goes.
struct Envelope<'e> {
    id: &'e str,
    to: &'e str,
    at: Timestamp,
    /// The link by which whoever gets it hears no more.
    opt_out: Option<&'e str>,
    /// The address to which they answer.
    reply_to: Option<&'e str>,
}

impl Desk<'_> {
    async fn tell(&self, now: Timestamp) -> Result<Came, StoreError> {
        let &Self { runtime, tenant, due, .. } = self;
        if let Some(waits) = self.is_off(now).await {
            return Ok(waits);
        }
        let (settings, opt_out) = self.home.notification_rules_for(due.complaint).await?;
        let Some(rule) = settings.rule(due.rule.as_str()) else { return Ok(skipped(Reason::NoRule)) };
        let required = is_required(due.event);
        if opt_out.opted_out && rule.audience.may_opt_out() && !required {
            return Ok(skipped(Reason::OptedOut));
        }
        // A deadline does not wait for the morning.
        if !required {
            if let Some(digest) = &rule.digest {
                // The rule has one by now, or it is to be sent anew.
                return Ok(Came::PutOff(digest.next(now).unwrap_or(now), Some(Reason::Digest)));
            }
            if let Some(end) = rule.quiet.as_ref().and_then(|quiet| quiet.end(now)) {
                return Ok(due.put_off(end));
            }
        }
        let firm = Firm { runtime, tenant, freshness: Freshness::Latest };
        let Ok(db) = firm.db_of(due.complaint) else { return Ok(skipped(Reason::NoAddress)) };
        let Some(document) = db.read(due.complaint).await? else { return Ok(skipped(Reason::NoAddress)) };
        let complaint: Complaint = json::from_str(&document.doc).map_err(StoreError::unreadable)?;
        let Some(to) = address(rule, &complaint) else { return Ok(skipped(Reason::NoAddress)) };
        if let Some(waits) = self.is_broken(now) {
            return Ok(waits);
        }
        let letter = match due.event {
            EventKind::LetterSent => Drafted::sent_in(&db, &complaint, due.seq).await?,
            _ => None,
        };
        let to_people = rule.audience.may_opt_out();
        let opt_out = (to_people && !required).then(|| self.opt_out_link()).flatten();
        let firm = letter.as_ref().map_or(tenant.display_name.as_str(), |letter| letter.document.from.as_str());
        let written = if rule.digest.is_some() {
            // Its words are those of a digest.
            let reference = complaint.reference.as_str();
            text::digest(&settings, rule.text.as_str(), firm, &[due.entry(reference, &to)])
        } else {
            let seen = Seen {
                complaint: &complaint,
                firm,
                event: due.event,
                letter: letter.as_ref().map(|letter| letter.document.subject.as_str()),
                opt_out: opt_out.as_deref().filter(|_| due.channel == Channel::Email),
            };
            text::write(&settings, rule.text.as_str(), &seen)
        };
        let Ok(written) = self.written(written) else { return Ok(Came::Never(Status::Failed, Reason::Text)) };
        let sent = match due.channel {
            Channel::Email => {
                let id = self.which().mail_id(tenant.id, &self.config.cursors);
                let reply_to = to_people.then(|| self.reply_address()).flatten();
                let (opt_out, reply_to) = (opt_out.as_deref(), reply_to.as_deref());
                let envelope = Envelope { id: &id, to: &to, at: now, opt_out, reply_to };
                self.mail(&envelope, firm, &written, letter.as_ref()).await?
            }
            Channel::Sms => transport::sms(runtime, &self.which().to_string(), &to, &text::sms(&written.text)).await,
            Channel::Console => None,
        };
        Ok(self.answered(sent))
    }

    /// Tells of rows that wait for the same digest, by one mail to each recipient.
    async fn tell_together(
        &self,
        rows: &[DueNotification],
        now: Timestamp,
    ) -> Result<Vec<(Vec<Event>, Came)>, StoreError> {
        let due = self.due;
        let all = |came| Ok(vec![(events(rows), came)]);
        if let Some(waits) = self.is_off(now).await {
            return all(waits);
        }
        let (_, settings) = self.home.notification_rules().await?;
        let Some(rule) = settings.rule(due.rule.as_str()) else { return all(skipped(Reason::NoRule)) };
        if rule.digest.is_none() {
            // It has none any more: they go one by one.
            return all(Came::PutOff(now, None));
        }
        if let Some(end) = rule.quiet.as_ref().and_then(|quiet| quiet.end(now)) {
            return all(due.put_off(end));
        }
        let known = self.known(rows).await?;
        let (mut entries, mut gone) = (Vec::new(), Vec::new());
        for due in rows {
            match entry(rule, due, &known) {
                Some(entry) => entries.push(entry),
                None => gone.push((due.complaint, due.seq)),
            }
        }
        let mut mails = digest::by_recipient(entries);
        let later = mails.split_off(MAILS.min(mails.len()));
        let came = together(mails.iter().map(|mail| self.mail_digest(&settings, rule, mail, now))).await;
        let named =
            |mail: &Vec<Entry<'_>>| -> Vec<Event> { mail.iter().map(|entry| (entry.complaint, entry.seq)).collect() };
        // What was sent is written down first.
        let mut told = Vec::new();
        for (mail, came) in mails.iter().zip(came) {
            told.push((named(mail), came?));
        }
        told.push((gone, skipped(Reason::NoAddress)));
        told.push((later.iter().flat_map(named).collect(), due.put_off(now)));
        told.retain(|(events, _)| !events.is_empty());
        Ok(told)
    }

    /// What is known of the complaints of some rows: see [`TenantDb::told_of`]. One call for each database.
    async fn known(&self, rows: &[DueNotification]) -> Result<Vec<String>, StoreError> {
        let firm = Firm { runtime: self.runtime, tenant: self.tenant, freshness: Freshness::Latest };
        let asked = firm.parts().into_iter().filter_map(|(db, slots)| {
            let ids = rows.iter().map(|due| due.complaint).filter(|id| slots.contains(&Slot(id.slot())));
            let ids: BTreeSet<ComplaintId> = ids.collect();
            (!ids.is_empty()).then_some(async move { db.told_of(&ids.into_iter().collect::<Vec<_>>()).await })
        });
        let mut known = Vec::new();
        for found in together(asked).await {
            known.extend(found?);
        }
        Ok(known)
    }

    async fn mail_digest(
        &self,
        settings: &Settings,
        rule: &NotificationRule,
        entries: &[Entry<'_>],
        now: Timestamp,
    ) -> Result<Came, StoreError> {
        if let Some(waits) = self.is_broken(now) {
            return Ok(waits);
        }
        let firm = self.tenant.display_name.as_str();
        let written = self.written(text::digest(settings, rule.text.as_str(), firm, entries));
        let Ok(written) = written else { return Ok(Came::Never(Status::Failed, Reason::Text)) };
        let id = digest::id(rule.id.as_str(), entries);
        let to = entries.first().map_or("", |entry| entry.to);
        let envelope = Envelope { id: &id, to, at: now, opt_out: None, reply_to: None };
        let sent = self.mail(&envelope, firm, &written, None).await?;
        Ok(self.answered(sent))
    }

    /// How long it waits where sending is switched off.
    async fn is_off(&self, now: Timestamp) -> Option<Came> {
        let is_on = flags::flags(self.runtime, &self.config.cell).await.is_on(Part::Notifications, self.tenant);
        (!is_on).then(|| self.due.put_off(now.plus_millis(SWITCHED_OFF_MILLIS)))
    }

    /// How long it waits where its channel does not answer.
    fn is_broken(&self, now: Timestamp) -> Option<Came> {
        let wait = BREAKER_MILLIS / self.config.webhooks_hurry.max(1);
        (!Dependency::Channel(self.due.channel).may_be_asked()).then(|| self.due.put_off(now.plus_millis(wait)))
    }

    fn written(&self, written: Result<Written, Unwritable>) -> Result<Written, Unwritable> {
        written.inspect_err(|error| {
            log::fault("notification_not_written", &format!("{} {}: {error}", self.tenant.id, self.due.rule));
        })
    }

    /// What came of sending it, if there is a way to.
    fn answered(&self, sent: Option<Sent>) -> Came {
        let Some(sent) = sent else { return skipped(Reason::NotConfigured) };
        let answered = !matches!(sent.verdict, Verdict::Later(Reason::Timeout | Reason::Unreachable));
        Dependency::Channel(self.due.channel).has_answered(answered);
        Came::Sent(sent)
    }

    fn which(&self) -> Which {
        let DueNotification { complaint, seq, rule, .. } = self.due;
        Which { complaint: *complaint, seq: *seq, rule: rule.clone() }
    }

    /// Where whoever answers reaches the complaint, if this cell takes mail.
    fn reply_address(&self) -> Option<String> {
        let domain = self.runtime.variable(MAIL_DOMAIN).filter(|domain| !domain.is_empty())?;
        let Tenant { id, slug, .. } = self.tenant;
        Some(reply_to(slug, *id, self.due.complaint, &self.config.cursors, &domain))
    }

    fn opt_out_link(&self) -> Option<String> {
        let base = self.runtime.variable(PUBLIC_URL).filter(|base| !base.is_empty())?;
        let link = Link { tenant: self.tenant.id, complaint: self.due.complaint };
        Some(format!("{}/opt-out/{}", base.trim_end_matches('/'), link.seal(&self.config.request_secrets)))
    }

    async fn mail(
        &self,
        envelope: &Envelope<'_>,
        firm: &str,
        written: &Written,
        letter: Option<&SentLetter>,
    ) -> Result<Option<Sent>, StoreError> {
        let Some((transport, from)) = transport::mail(self.runtime) else { return Ok(None) };
        let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let id = format!("{}@{domain}", envelope.id);
        // The name by which a provider tells of it has no dots.
        let tag = envelope.id.replace('.', "-");
        let page = letter.map(|letter| html(&letter.document, &letter.dated));
        let mut words = Cow::Borrowed(written.text.as_str());
        let mut pdf = None;
        if let Some(letter) = letter {
            for block in letter.document.blocks.iter() {
                words.to_mut().push_str(&format!("\n\n{}", block.text.as_str()));
            }
            if let Some(digest) = letter.pdf {
                let object = Object::Letter { complaint: self.due.complaint, letter: letter.id, digest };
                pdf = self.runtime.kept(self.tenant.id, &object).await.map_err(StoreError::Busy)?;
            }
        }
        let mail = Mail {
            id: &id,
            from: (firm, &from),
            to: envelope.to,
            at: envelope.at,
            subject: &written.subject,
            text: &words,
            html: page.as_deref(),
            pdf: pdf.as_deref().map(|bytes| ("letter.pdf", bytes)),
            opt_out: envelope.opt_out,
            reply_to: envelope.reply_to,
            tags: (self.tenant.id, &tag),
        };
        Ok(Some(transport.send(self.runtime, &mail).await))
    }
}

impl DueNotification {
    const fn entry<'e>(&self, reference: &'e str, to: &'e str) -> Entry<'e> {
        Entry { complaint: self.complaint, reference, seq: self.seq, event: self.event, at: self.at, to }
    }
}

/// A row of a digest by a rule, from what is known of its complaint; `None` if that is gone, or there is nobody to tell.
fn entry<'e>(rule: &'e NotificationRule, due: &DueNotification, known: &'e [String]) -> Option<Entry<'e>> {
    let id = due.complaint.to_string();
    let about = known.iter().find_map(|known| known.strip_prefix(id.as_str())?.strip_prefix(' '))?;
    let (reference, assignee) = about.split_once(' ')?;
    let to = match rule.audience {
        Audience::Assignee => assignee,
        _ => rule.address.as_ref()?.as_str(),
    };
    is_address(to).then(|| due.entry(reference, to))
}

/// Where a message by a rule goes, if there is somewhere.
fn address(rule: &NotificationRule, complaint: &Complaint) -> Option<String> {
    let wanted = match rule.channel {
        Channel::Email => ContactKind::Email,
        Channel::Sms => ContactKind::Phone,
        Channel::Console => return None,
    };
    let of = |contacts: &[ContactPoint]| {
        contacts.iter().find(|contact| contact.kind == wanted).map(|contact| contact.value.as_str().to_owned())
    };
    let found = match rule.audience {
        Audience::Complainant => of(&complaint.complainant.contacts),
        Audience::Representative => {
            complaint.representative.as_ref().and_then(|representative| of(&representative.contacts))
        }
        Audience::Assignee => complaint.assignee.as_ref().map(|assignee| assignee.as_str().to_owned()),
        Audience::Address => rule.address.as_ref().map(|address| address.as_str().to_owned()),
    };
    found.and_then(|found| match rule.channel {
        Channel::Email => is_address(&found).then_some(found),
        Channel::Sms => number(&found),
        Channel::Console => None,
    })
}

/// A telephone number without what people write between its digits; at most 15 of them (E.164).
fn number(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/')).collect();
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_which_shard() {
        assert_eq!(ask(ShardId(3)), "messages/1 3");
        assert_eq!(asked("messages/1 3"), Some(ShardId(3)));
        for other in ["", "messages/2 3", "messages/1 x", "webhooks/1 3"] {
            assert_eq!(asked(other), None, "{other}");
        }
    }

    #[test]
    fn a_number_is_digits() {
        assert_eq!(number("+44 (0)20-7946 0000").as_deref(), Some("+4402079460000"));
        assert_eq!(number("07700 900123").as_deref(), Some("07700900123"));
        for other in ["", "call me", "+1", "1234567890123456", "+44 7700 900123 ext 4"] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
