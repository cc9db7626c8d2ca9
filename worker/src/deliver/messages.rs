//! Tells people: a turn at a time, each announced by a message on the queue `messages`, so that nothing else waits for other people's
//! servers.
//!
//! 1. From an event to rows: the firm's rules say who is told (`note`), before the event leaves the outbox.
//! 2. A turn takes a few rows by a **lease**, each of which is then nobody else's for a while.
//! 3. Of each it reads anew what may have changed: rules, opt-outs, the complaint. Then it is sent, put off, or given up.
//!
//! What is sent and not written down is sent again, as the same mail (`Message-ID`): messages come at least once. A turn that is lost
//! comes again by cron.

use super::{
    transport::{self, Sent, Verdict},
    webhooks::at_home,
};
use crate::{
    api::letters::{Drafted, SentLetter},
    call::Firm,
    config::Config,
    gateway::flags,
    log, metrics,
    platform::{self, Freshness, Queue, Runtime, bucket::Object, dependency::Dependency},
    store::{
        StoreError, TenantDb,
        notifications::{Told, Which},
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
    ids::{OutboxId, TenantId},
    json,
    letter::html::html,
    mail::address::reply_to,
    metrics::families,
    notification::{
        Attempt, Audience, Channel, Reason, Status,
        opt_out::Link,
        plan::{next, plan},
        settings::{NotificationRule, Settings, is_required, shipped},
        text::{self, Seen, Written},
    },
    notify::OutboxMessage,
    outbound_mail::{is_address, message::Mail},
    tenant::{Status as Standing, Tenant, placement::ShardId},
    time::Timestamp,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};
use worker::{MessageBatch, MessageExt};

/// The rows of a turn: an invocation may wait for six answers (Cloudflare Workers, limits, "Simultaneous open connections").
const A_TURN: u32 = 5;
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

/// Has people told of what messages say. The messages of which that could not be noted, with the reason.
pub(super) async fn note(runtime: &Runtime, messages: &[&OutboxMessage]) -> BTreeMap<OutboxId, StoreError> {
    let of_shards = match at_home(runtime, messages).await {
        Ok(of_shards) => of_shards,
        Err(error) => return messages.iter().map(|message| (message.id, error.clone())).collect(),
    };
    let mut not_noted = BTreeMap::new();
    for (shard, messages) in of_shards {
        let added = match note_in(runtime, shard, &messages).await {
            Ok(added) => added,
            // Refused together, each is tried alone.
            Err(_) => {
                let mut added = 0;
                for message in messages {
                    match note_in(runtime, shard, &[message]).await {
                        Ok(some) => added += some,
                        Err(error) => _ = not_noted.insert(message.id, error),
                    }
                }
                added
            }
        };
        if added > 0 {
            announce(runtime, shard).await;
        }
    }
    not_noted
}

async fn note_in(runtime: &Runtime, shard: ShardId, messages: &[&OutboxMessage]) -> Result<usize, StoreError> {
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
    let now = platform::now().unix_millis();
    let rows: Vec<_> = messages
        .iter()
        .flat_map(|message| {
            let settings = set.get(&message.tenant).unwrap_or_else(|| shipped());
            plan(settings, message, can).into_iter().map(move |intent| {
                let rule = intent.rule;
                // What is in the console is there once it is written.
                let (status, next) = match rule.channel {
                    Channel::Console => (Status::Delivered, None),
                    Channel::Email | Channel::Sms => (Status::Queued, Some(now)),
                };
                let at = message.id.made_at().unix_millis();
                let told = (intent.event, rule.channel, rule.audience, at, status, next);
                let (event, channel, audience, at, status, next) = told;
                let which = (message.tenant, message.complaint, intent.seq, &rule.id);
                (which.0, which.1, which.2, which.3, event, channel, audience, at, status, next)
            })
        })
        .collect();
    if rows.is_empty() { Ok(0) } else { db.add_notifications(&rows).await }
}

/// Takes turns. What is not a turn goes, after all retries, to the dead letters.
pub(super) async fn consume(batch: &MessageBatch<String>, runtime: &Runtime) {
    for raw in batch.raw_iter() {
        let text = raw.body().as_string().unwrap_or_default();
        let done = match asked(&text) {
            Some(shard) => take_turn(runtime, shard).await,
            None => Err(StoreError::unreadable("not a turn of messages")),
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

/// Asks for a turn of each shard, which does little if nothing is due.
pub(crate) async fn sweep(runtime: &Runtime) -> Result<(), StoreError> {
    let turns: Vec<String> = runtime.shards().iter().map(|shard| ask(*shard)).collect();
    runtime.send(Queue::Messages, &turns).await.map_err(StoreError::Busy)
}

async fn take_turn(runtime: &Runtime, shard: ShardId) -> Result<(), StoreError> {
    let begun = platform::now();
    let config = Config::of(runtime).map_err(StoreError::unreadable)?;
    let db = SystemDb::new(runtime.clone(), shard);
    let due = db.due_notifications(begun, begun.plus_millis(LEASE_MILLIS), A_TURN).await?;
    if due.len() >= A_TURN as usize {
        announce(runtime, shard).await;
    }
    let mut soonest = None;
    let seen = together(due.iter().map(|due| see(runtime, &config, shard, due))).await;
    for (due, seen) in due.iter().zip(seen) {
        match seen {
            Ok(next) => soonest = soonest.into_iter().chain(next).min(),
            // It comes again when its lease has ended, or where the tenant has gone.
            Err(StoreError::Held) => {}
            Err(error) => log::fault("notification_not_seen_to", &format!("{}: {error}", due.tenant)),
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

/// Sees to a row. When it is next to be seen to.
async fn see(
    runtime: &Runtime,
    config: &Config,
    shard: ShardId,
    due: &DueNotification,
) -> Result<Option<Timestamp>, StoreError> {
    let DueNotification { tenant, complaint, seq, ref rule, channel, failed, .. } = *due;
    let begun = platform::now();
    let known = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant(tenant).await?;
    let served = known.filter(|tenant| tenant.status != Standing::Deleted);
    let told = match served {
        // What is left of it here goes away.
        Some(tenant) if tenant.home_cell != config.cell => Told {
            status: Status::Queued,
            reason: None,
            next: Some(begun.plus_millis(SWITCHED_OFF_MILLIS)),
            failed,
            attempt: None,
        },
        Some(tenant) => {
            let desk = Desk { runtime, config, tenant: &tenant, due };
            match desk.tell(shard, begun).await? {
                Came::Sent(sent) => {
                    let millis = platform::now().unix_millis() - begun.unix_millis();
                    judged(config, sent, Attempt { at: begun, code: sent.code, millis, reason: None }, failed)
                }
                Came::PutOff(until) => {
                    Told { status: Status::Queued, reason: None, next: Some(until), failed, attempt: None }
                }
                Came::Never(status, reason) => Told { status, reason: Some(reason), next: None, failed, attempt: None },
            }
        }
        None => Told { status: Status::Skipped, reason: Some(Reason::NoRule), next: None, failed, attempt: None },
    };
    let outcome = match (told.status, &told.attempt) {
        (Status::Queued, Some(_)) => "again",
        (Status::Queued, None) => "put_off",
        (status, _) => status.into(),
    };
    metrics::count(families::NOTIFICATIONS, &[channel.into(), outcome], 1);
    let which = Which { complaint, seq, rule: rule.clone() };
    TenantDb::new(runtime.clone(), shard, tenant).record_notification(&which, &told).await?;
    Ok(told.next)
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
    PutOff(Timestamp),
    Never(Status, Reason),
}

/// Addresses that go along with a mail.
struct Links {
    /// By which whoever gets it hears no more.
    opt_out: Option<String>,
    /// To which they answer.
    reply_to: Option<String>,
}

/// One row, and what is needed to see to it.
struct Desk<'d> {
    runtime: &'d Runtime,
    config: &'d Config,
    tenant: &'d Tenant,
    due: &'d DueNotification,
}

impl Desk<'_> {
    async fn tell(&self, shard: ShardId, now: Timestamp) -> Result<Came, StoreError> {
        let Self { runtime, config, tenant, due } = *self;
        let skipped = |reason| Ok(Came::Never(Status::Skipped, reason));
        if !flags::flags(runtime, &config.cell).await.is_on(Part::Notifications, tenant.id) {
            return Ok(Came::PutOff(now.plus_millis(SWITCHED_OFF_MILLIS)));
        }
        let home = TenantDb::new(runtime.clone(), shard, tenant.id);
        let (settings, opt_out) = home.notification_rules_for(due.complaint).await?;
        let Some(rule) = settings.rule(due.rule.as_str()) else { return skipped(Reason::NoRule) };
        let required = is_required(due.event);
        if opt_out.opted_out && rule.audience.may_opt_out() && !required {
            return skipped(Reason::OptedOut);
        }
        // A deadline does not wait for the morning.
        if let Some(end) = rule.quiet.as_ref().and_then(|quiet| quiet.end(now)).filter(|_| !required) {
            return Ok(Came::PutOff(end));
        }
        let firm = Firm { runtime, tenant, freshness: Freshness::Latest };
        let Ok(db) = firm.db_of(due.complaint) else { return skipped(Reason::NoAddress) };
        let Some(document) = db.read(due.complaint).await? else { return skipped(Reason::NoAddress) };
        let complaint: Complaint = json::from_str(&document.doc).map_err(StoreError::unreadable)?;
        let Some(to) = address(rule, &complaint) else { return skipped(Reason::NoAddress) };
        // A channel that does not answer is not asked for a while.
        if !Dependency::Channel(due.channel).may_be_asked() {
            return Ok(Came::PutOff(now.plus_millis(BREAKER_MILLIS / config.webhooks_hurry.max(1))));
        }
        let letter = match due.event {
            EventKind::LetterSent => Drafted::sent_in(&db, &complaint, due.seq).await?,
            _ => None,
        };
        let to_people = rule.audience.may_opt_out();
        let links = Links {
            opt_out: (to_people && !required).then(|| self.opt_out_link()).flatten(),
            reply_to: to_people.then(|| self.reply_address()).flatten(),
        };
        let firm = letter.as_ref().map_or(tenant.display_name.as_str(), |letter| letter.document.from.as_str());
        let seen = Seen {
            complaint: &complaint,
            firm,
            event: due.event,
            letter: letter.as_ref().map(|letter| letter.document.subject.as_str()),
            opt_out: links.opt_out.as_deref().filter(|_| due.channel == Channel::Email),
        };
        let written = match text::write(&settings, rule.text.as_str(), &seen) {
            Ok(written) => written,
            Err(error) => {
                log::fault("notification_not_written", &format!("{} {}: {error}", tenant.id, rule.id));
                return Ok(Came::Never(Status::Failed, Reason::Text));
            }
        };
        let sent = match due.channel {
            Channel::Email => self.mail((firm, &to), &written, letter.as_ref(), &links, now).await?,
            Channel::Sms => transport::sms(runtime, &self.which().to_string(), &to, &text::sms(&written.text)).await,
            Channel::Console => None,
        };
        let Some(sent) = sent else { return skipped(Reason::NotConfigured) };
        let answered = !matches!(sent.verdict, Verdict::Later(Reason::Timeout | Reason::Unreachable));
        Dependency::Channel(due.channel).has_answered(answered);
        Ok(Came::Sent(sent))
    }

    /// What makes it the same message however often it is sent.
    fn which(&self) -> Which {
        let DueNotification { complaint, seq, rule, .. } = self.due;
        Which { complaint: *complaint, seq: *seq, rule: rule.clone() }
    }

    fn opt_out_link(&self) -> Option<String> {
        let base = self.runtime.variable(PUBLIC_URL).filter(|base| !base.is_empty())?;
        let link = Link { tenant: self.tenant.id, complaint: self.due.complaint };
        Some(format!("{}/opt-out/{}", base.trim_end_matches('/'), link.seal(&self.config.request_secrets)))
    }

    /// Where whoever answers reaches the complaint, if this cell takes mail.
    fn reply_address(&self) -> Option<String> {
        let domain = self.runtime.variable(MAIL_DOMAIN).filter(|domain| !domain.is_empty())?;
        let Tenant { id, slug, .. } = self.tenant;
        Some(reply_to(slug, *id, self.due.complaint, &self.config.cursors, &domain))
    }

    async fn mail(
        &self,
        (firm, to): (&str, &str),
        written: &Written,
        letter: Option<&SentLetter>,
        links: &Links,
        now: Timestamp,
    ) -> Result<Option<Sent>, StoreError> {
        let Some((transport, from)) = transport::mail(self.runtime) else { return Ok(None) };
        let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let (tenant, key) = (self.tenant.id, &self.config.cursors);
        let id = format!("{}@{domain}", self.which().mail_id(tenant, key, '.'));
        let tag = self.which().mail_id(tenant, key, '-');
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
            to,
            at: now,
            subject: &written.subject,
            text: &words,
            html: page.as_deref(),
            pdf: pdf.as_deref().map(|bytes| ("letter.pdf", bytes)),
            opt_out: links.opt_out.as_deref(),
            reply_to: links.reply_to.as_deref(),
            tags: (tenant, &tag),
        };
        Ok(Some(transport.send(self.runtime, &mail).await))
    }
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
