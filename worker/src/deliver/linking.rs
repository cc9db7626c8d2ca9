//! Tenants' rules by which a new complaint is linked to one that it is like: applied to each once, soon after it was logged.
//!
//! Invariant: a rule gives the ordinary command under a key of its own, so a message that comes twice links once, and what
//! somebody has undone since is not done again. Nobody's request waits for it, and no import sets it off: an import tells
//! nobody (decision 14).

use crate::{
    api::commands::{Order, Performed, perform},
    call::Firm,
    duplicates,
    failure::Failure,
    gateway::flags,
    log,
    platform::{self, Freshness, Queue, Runtime},
    store::{
        StoreError, TenantDb,
        history::Span,
        system::{DIRECTORY_SHARD, SystemDb},
        together,
    },
};
use shared::{
    access::{Actor, ActorKind},
    chain::Digest,
    complaint::{
        Complaint,
        command::{Command, LinkTo},
        event::{EventBody, EventKind},
    },
    flags::Part,
    http::{idempotency::IdempotencyKey, list_query::ListQuery, problem::Code},
    ids::{ComplaintId, OutboxId, TenantId},
    json,
    notify::OutboxMessage,
    tenant::{Status, Tenant},
    text::Line,
};
use std::collections::{BTreeMap, BTreeSet};

/// The rule, as events name who did it, and as the idempotency key of what it does to a complaint.
const RULE: &str = "rule:link_duplicates";
/// Calls to D1 that a batch may take for links: an invocation has a thousand (Cloudflare D1, limits), and others need some.
const CALLS: usize = 600;
/// Those that a link takes besides one for each of the tenant's shards: read the complaint and, if it has changed, its
/// events; load, and a target that lies elsewhere; write.
const CALLS_A_LINK: usize = 5;
/// Complaints that are linked at the same time.
const AT_ONCE: usize = 5;
/// How often a complaint is tried that others change meanwhile.
const TRIES: u32 = 5;

/// Applies the rules of their tenants to what messages tell of. Those of which that failed, and must come again.
///
/// What is more than one batch may take goes to the end of the queue.
pub(super) async fn apply(runtime: &Runtime, messages: &[&OutboxMessage]) -> BTreeSet<OutboxId> {
    let mut new = BTreeMap::<TenantId, Vec<&OutboxMessage>>::new();
    for message in messages.iter().filter(|message| message.events.iter().any(|one| one.kind == EventKind::Received)) {
        new.entry(message.tenant).or_default().push(message);
    }
    let directory = SystemDb::new(runtime.clone(), DIRECTORY_SHARD);
    let tenants = together(new.keys().map(|tenant| directory.tenant(*tenant))).await;
    let (mut failed, mut calls, mut told) = (BTreeSet::new(), CALLS, Vec::new());
    let mut later = Vec::<&OutboxMessage>::new();
    for (tenant, messages) in tenants.into_iter().zip(new.into_values()) {
        let tenant = match tenant {
            Ok(Some(tenant)) if has_rule(&tenant) && is_on(runtime, &tenant).await => tenant,
            Ok(_) => continue,
            Err(error) => {
                log::fault("rule_not_read", &error);
                failed.extend(messages.iter().map(|message| message.id));
                continue;
            }
        };
        let firm = Firm { runtime, tenant: &tenant, freshness: Freshness::Latest };
        let each = CALLS_A_LINK + tenant.shards.shards().len();
        let (now, rest) = messages.split_at(messages.len().min(calls / each));
        calls -= now.len() * each;
        later.extend(rest);
        for group in now.chunks(AT_ONCE) {
            let linked = together(group.iter().map(|message| link(firm, message.complaint))).await;
            for (message, linked) in group.iter().zip(linked) {
                match linked {
                    Ok(message) => told.extend(message),
                    Err(failure) => {
                        let reason = failure.reason().unwrap_or_default();
                        log::fault("rule_not_applied", &format!("{}: {reason}", message.complaint));
                        failed.insert(message.id);
                    }
                }
            }
        }
    }
    // Cron sends what is not sent.
    send(runtime, &told).await;
    let texts: Vec<_> = later.iter().filter_map(|message| serde_json::to_string(message).ok()).collect();
    if !send(runtime, &texts).await {
        failed.extend(later.iter().map(|message| message.id));
    }
    failed
}

/// What is logged while near-duplicates are switched off is not linked later.
async fn is_on(runtime: &Runtime, tenant: &Tenant) -> bool {
    flags::flags(runtime, &tenant.home_cell).await.is_on(Part::Duplicates, tenant)
}

fn has_rule(tenant: &Tenant) -> bool {
    tenant.status != Status::Deleted && tenant.link_duplicates.is_on()
}

async fn send(runtime: &Runtime, messages: &[String]) -> bool {
    let sent = runtime.send(Queue::Notify, messages).await;
    sent.inspect_err(|fault| log::fault("outbox_not_sent", fault)).is_ok()
}

/// Links a complaint to the one that the rule means, if there is one and nobody has decided on it before. The message that
/// tells of it.
async fn link(firm: Firm<'_>, id: ComplaintId) -> Result<Option<String>, Failure> {
    let Ok(db) = firm.db_of(id) else { return Ok(None) };
    let Some(document) = db.read(id).await? else { return Ok(None) };
    let complaint: Complaint = json::from_str(&document.doc).map_err(StoreError::unreadable)?;
    let found = duplicates::find(&firm.dbs(), (&complaint).into(), &ListQuery::default(), None).await?;
    let candidates = found.iter().map(|duplicate| (duplicate.id, &duplicate.candidate, duplicate.links.as_slice()));
    let Some(link) = firm.tenant.link_duplicates.link(id, candidates) else { return Ok(None) };
    if document.version > 1 && was_untied(&db, id).await? {
        return Ok(None);
    }
    let key: IdempotencyKey = RULE.parse().map_err(Failure::internal)?;
    let actor = Actor { kind: ActorKind::System, id: Line::try_from(RULE).map_err(Failure::internal)?, job: None };
    let mut tries = TRIES;
    loop {
        let order = Order {
            complaint: id,
            command: Command::Link(LinkTo { relation: link.relation, complaint: link.complaint }),
            key: &key,
            fingerprint: Digest::of(RULE.as_bytes()),
            actor: &actor,
            now: platform::now(),
            if_match: None,
            lock: None,
            clearances: None,
            unless: None,
            rehearsed: false,
        };
        tries -= 1;
        match perform(firm, order).await {
            Ok(Performed::Now { committed, .. }) => return Ok(Some(committed.message)),
            Ok(_) => return Ok(None),
            Err(failure) => match failure.code {
                Code::PreconditionFailed if tries > 0 => {}
                Code::PreconditionFailed | Code::Unavailable | Code::Internal => return Err(failure),
                // Somebody is at work on it, or has tied it already.
                _ => return Ok(None),
            },
        }
    }
}

/// Whether a tie of it was undone.
async fn was_untied(db: &TenantDb, id: ComplaintId) -> Result<bool, StoreError> {
    let mut untied = false;
    db.fold(id, Span::ALL, |event| untied |= matches!(event.body, EventBody::Unlinked { .. })).await?;
    Ok(untied)
}
