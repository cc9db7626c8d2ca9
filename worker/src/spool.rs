//! Intake that never fails: a complaint that its database does not take is kept in the bucket, answered 202 with the reference that it
//! will have, and logged by cron when the database is back: in the order they came, each once, by its idempotency key.
//!
//! What the tenant's rules refuse is refused at once. A tenant that is held is told to come again: nothing is written for it anywhere.

use crate::{
    api::intake::{Asked, Identity, Logged, Maker, NotLogged, log},
    call::{Firm, Outcome, Reply},
    failure::Failure,
    gateway::directory,
    log as report,
    platform::{self, Fault, Freshness, Queue, Runtime},
    store::{
        StoreError,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use shared::{
    exchange::import::Draft,
    http::{body, problem::Code},
    ids::{DeadLetterId, TenantId},
    json,
    kept::Kept,
    spool::{Accepted, Place, Spooled, VERSION, Waiting},
    tenant::{
        placement::{ShardId, Slot},
        standing::Standing,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Complaints that one turn logs: each takes some calls to D1 and to the bucket, of which an invocation has a thousand.
const A_TURN: usize = 150;
/// Those it looks at: some may wait for a database that is still away.
const LOOKED_AT: u32 = 1_000;

/// How long one that a database cannot write is tried again, in milliseconds: a day.
const TRIED_MILLIS: i64 = 86_400_000;
/// As many in a row are not at fault themselves.
const BROKEN_IN_A_ROW: usize = 5;

/// A message that asks for a turn.
const TURN: &str = "spool/1";
/// What the keys of turns begin with. They are empty: the key says all.
const TURNS: &str = "spool/";

/// Whether what a database did not take is kept for it. It may have been taken after all: that is found out when it is logged.
pub(crate) const fn keeps(error: &StoreError) -> bool {
    matches!(error, StoreError::Busy(_) | StoreError::Broken(_))
}

fn key_of(place: &Place) -> String {
    format!("{}/spool/{}.json", place.tenant, place.key)
}

/// Whether something of a tenant waits to be logged.
pub(crate) async fn is_empty(runtime: &Runtime, tenant: TenantId) -> Result<bool, Fault> {
    Ok(runtime.keys(&format!("{tenant}/spool/"), 1).await?.is_empty())
}

/// Keeps a complaint that may be logged, and answers 202; or as an earlier request with its key was answered.
pub(crate) async fn accept(maker: &Maker<'_>, asked: &Asked<'_>, identity: Identity, body: String) -> Outcome {
    let (accepted, before) = keep(maker, asked, identity, body).await?;
    let reply = Reply::json(202, &accepted)?.header("location", format!("/v1/complaints/{}", accepted.id));
    Ok(if before { reply.replayed() } else { reply })
}

/// Keeps a complaint that may be logged. How it will be called, and whether an earlier request with its key has kept it.
pub(crate) async fn keep(
    maker: &Maker<'_>,
    asked: &Asked<'_>,
    identity: Identity,
    body: String,
) -> Result<(Accepted, bool), Failure> {
    let Identity { id, reference } = identity;
    let spooled = Spooled {
        v: VERSION,
        tenant: maker.firm.tenant.id,
        complaint: id,
        reference,
        by: maker.by.clone(),
        key: asked.key.to_owned(),
        fingerprint: asked.fingerprint,
        accepted_at: maker.now,
        body,
    };
    let runtime = maker.firm.runtime;
    let text = serde_json::to_string(&spooled).map_err(Failure::internal)?;
    let (kept, before) = match runtime.claim(&key_of(&spooled.place()), &text).await? {
        None => (spooled, false),
        Some(earlier) => (json::from_str::<Spooled>(&earlier).map_err(Failure::internal)?, true),
    };
    if kept.fingerprint != asked.fingerprint {
        return Err(Failure::new(Code::IdempotencyKeyReused));
    }
    // Also of an earlier one, which may have died before.
    runtime.claim(&format!("{TURNS}{}", kept.waiting()), "").await?;
    report::fault("complaint_spooled", &kept.complaint);
    Ok((kept.accepted(), before))
}

/// What a message on the queue of jobs asks for, if it is for the spool.
pub(crate) fn asked(message: &str) -> Option<Option<Waiting>> {
    if message == TURN { Some(None) } else { Waiting::asked(message).map(Some) }
}

/// Logs what waits, or the one that a message names.
pub(crate) async fn take_turn(runtime: &Runtime, named: Option<Waiting>) -> Result<u32, StoreError> {
    let waiting: Vec<Waiting> = match named {
        Some(waiting) => vec![waiting],
        None => {
            let keys = runtime.keys(TURNS, LOOKED_AT).await.map_err(StoreError::Busy)?;
            keys.iter().filter_map(|key| key.strip_prefix(TURNS)?.parse().ok()).collect()
        }
    };
    let mut turn = Turn { runtime, firms: BTreeMap::new(), away: BTreeSet::new(), messages: Vec::new(), broken: 0 };
    let (mut logged, mut left) = (0, false);
    for waiting in waiting {
        if logged as usize >= A_TURN {
            left = true;
            break;
        }
        match turn.log(&waiting).await {
            Ok(done) => logged += u32::from(done),
            Err(error) if named.is_some() => return Err(error),
            Err(error) => report::fault("spooled_not_logged", &format!("{}: {error}", waiting.complaint)),
        }
    }
    // Cron sends what is not sent.
    if let Err(fault) = runtime.send(Queue::Notify, &turn.messages).await {
        report::fault("outbox_not_sent", &fault);
    }
    if left {
        runtime.send(Queue::Jobs, &[TURN.to_owned()]).await.map_err(StoreError::Busy)?;
    }
    Ok(logged)
}

/// What is known while complaints are logged one after the other.
struct Turn<'r> {
    runtime: &'r Runtime,
    firms: BTreeMap<TenantId, Option<Standing>>,
    /// Databases that did not take one: what waits for them goes on waiting, in its order.
    away: BTreeSet<ShardId>,
    messages: Vec<String>,
    /// How many in a row a database could not write.
    broken: usize,
}

impl Turn<'_> {
    /// Whether it is logged now, or given to an operator.
    async fn log(&mut self, waiting: &Waiting) -> Result<bool, StoreError> {
        let Place { tenant, .. } = waiting.place;
        let now = platform::now();
        if self.away.contains(&DIRECTORY_SHARD) && !self.firms.contains_key(&tenant) {
            return Ok(false);
        }
        if !self.firms.contains_key(&tenant) {
            let mut known = directory::truth(self.runtime, tenant, now).await.inspect_err(|_| {
                self.away.insert(DIRECTORY_SHARD);
            })?;
            // What was accepted is logged, whatever the firm has left out since.
            if let Some(standing) = &mut known {
                standing.tenant.taxonomy = Kept::default();
            }
            self.firms.insert(tenant, known);
        }
        let Some(text) = self.runtime.text(&key_of(&waiting.place)).await.map_err(StoreError::Busy)? else {
            // It was logged, by whoever did not come to take its turn away.
            return self.over(waiting, false).await;
        };
        let Some(standing) = self.firms.get(&tenant).and_then(Option::as_ref) else {
            return self.give_up(waiting, &"its tenant is not here").await;
        };
        let slot = Slot(waiting.complaint.slot());
        let Some(shard) = standing.tenant.shards.shard(slot) else {
            return self.give_up(waiting, &"its tenant has no such slot").await;
        };
        if self.away.contains(&shard) {
            return Ok(false);
        }
        let spooled: Spooled = match json::from_str(&text) {
            Ok(spooled) => spooled,
            Err(error) => return self.give_up(waiting, &error).await,
        };
        let draft = match body::parse(spooled.body.as_bytes()) {
            Ok(new) => Draft::New(Box::new(new)),
            Err(_) => return self.give_up(waiting, &"its body is not what this release takes").await,
        };
        let firm = Firm { runtime: self.runtime, tenant: &standing.tenant, freshness: Freshness::Latest };
        let Spooled { complaint, reference, by, key, fingerprint, accepted_at, .. } = spooled;
        let maker = Maker { firm, by, now: accepted_at, import: None };
        let identity = Some(Identity { id: complaint, reference: reference.clone() });
        let asked = Asked { draft: &draft, key: &key, fingerprint, import: None, identity };
        match log(&maker, &asked).await {
            Ok(Logged::Now { message, .. }) => {
                self.broken = 0;
                self.messages.extend(message);
                self.over(waiting, true).await
            }
            Ok(Logged::Before(_, done)) => {
                if done.complaint_id != complaint {
                    report::fault("spooled_logged_otherwise", &format!("{complaint} as {}", done.complaint_id));
                    let home = firm.home().map_err(|_| StoreError::unreadable("a tenant without a first slot"))?;
                    home.keep_promise(complaint, &reference, done.complaint_id).await?;
                }
                self.over(waiting, true).await
            }
            Err(NotLogged::Refused(failure)) => self.give_up(waiting, &failure.code.parts().1).await,
            Err(NotLogged::Store(StoreError::Taken(_))) => {
                self.give_up(waiting, &"its external reference is taken").await
            }
            // It may be at fault itself: others are tried, for as long as not all of them fail, and it is tried for a day.
            Err(NotLogged::Store(error @ StoreError::Broken(_))) => {
                self.broken += 1;
                if self.broken >= BROKEN_IN_A_ROW {
                    self.away.insert(shard);
                }
                if accepted_at.plus_millis(TRIED_MILLIS) > now {
                    Err(error)
                } else {
                    self.give_up(waiting, &error).await
                }
            }
            Err(NotLogged::Store(error)) => {
                self.away.insert(shard);
                Err(error)
            }
        }
    }

    /// It is logged: nothing of it has to be kept here.
    async fn over(&self, waiting: &Waiting, logged: bool) -> Result<bool, StoreError> {
        // The turn goes last, so that whoever dies in between comes here again.
        for key in [key_of(&waiting.place), format!("{TURNS}{waiting}")] {
            self.runtime.delete(&key).await.map_err(StoreError::Busy)?;
        }
        Ok(logged)
    }

    /// It cannot be logged as it is: an operator sees it, and can have it tried again. It stays in the bucket.
    async fn give_up(&self, waiting: &Waiting, why: &dyn std::fmt::Display) -> Result<bool, StoreError> {
        report::fault("spooled_given_up", &format!("{}: {why}", waiting.complaint));
        let now = platform::now();
        let letter = (DeadLetterId::new(now, &platform::entropy()), waiting.message());
        SystemDb::new(self.runtime.clone(), DIRECTORY_SHARD).bury(&[letter], now).await?;
        self.runtime.delete(&format!("{TURNS}{waiting}")).await.map_err(StoreError::Busy)?;
        Ok(false)
    }
}
