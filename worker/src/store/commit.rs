//! The one way to write complaints: what is new, with all that belongs to it, and what becomes of one that is there. Events,
//! fold, index, counts, idempotency record and outbox row in one transaction.

use super::{
    Cell::{Json, Nothing, Number, Plain, Text},
    Lists, Scoped, StoreError, TenantBatch, TenantDb, Unique,
    external_references::{INSERT as REFERENCE_INSERT, INSERT_ALL as REFERENCES_INSERT, RELEASE, claimant},
    to_json,
};
use crate::live;
use serde::de::IgnoredAny;
use shared::{
    chain::{Digest, Sealed},
    clock::due::{Ahead, Due},
    complaint::{
        Complaint,
        counts::{Counted, changed},
    },
    http::{idempotency::IdempotencyKey, merge::order, trace::TraceParent},
    ids::OutboxId,
    lock::FencingToken,
    notify::{Happened, MESSAGE_VERSION, OutboxMessage},
    search::{
        index::Tokens,
        place::{Place, Position},
    },
    time::Timestamp,
};
use std::collections::BTreeMap;

const INSERT: Scoped = scoped!("sql/complaints/insert.sql");
const UPDATE: Scoped = scoped!("sql/complaints/update.sql");
const EXPECT_VERSION: Scoped = scoped!("sql/complaints/expect_version.sql");
const WAKE: Scoped = scoped!("sql/complaints/wake.sql");
const FORESEE: Scoped = scoped!("sql/complaints/foresee.sql");
const APPEND: Scoped = scoped!("sql/events/append.sql");
const APPEND_NEW: Scoped = scoped!("sql/events/append_new.sql");
pub(super) const COUNTS_ADD: Scoped = scoped!("sql/counts/add.sql");
const IDEMPOTENCY_INSERT: Scoped = scoped!("sql/idempotency/insert.sql");
const IDEMPOTENCY_INSERT_NEW: Scoped = scoped!("sql/idempotency/insert_new.sql");
const OUTBOX_INSERT: Scoped = scoped!("sql/outbox/insert.sql");

/// A complaint that is to be logged.
pub(crate) struct New<'c> {
    pub(crate) complaint: &'c Complaint,
    /// The complaint as JSON.
    pub(crate) doc: &'c str,
    pub(crate) events: &'c [Sealed],
    /// The request that logs it.
    pub(crate) key: &'c str,
    /// That request's fingerprint.
    pub(crate) fingerprint: Digest,
    /// The outbox row, if anybody is to be told.
    pub(crate) outbox: Option<OutboxId>,
    /// Whether its external reference is to be written here: this is where the tenant's are kept, and it was not claimed
    /// before.
    pub(crate) names_it: bool,
    /// What lies ahead of it.
    pub(crate) ahead: Ahead,
}

/// What a command makes of a complaint.
pub(crate) struct Commit<'c> {
    /// The complaint before.
    pub(crate) before: &'c Complaint,
    /// The complaint after.
    pub(crate) after: &'c Complaint,
    /// What happened in between.
    pub(crate) events: &'c [Sealed],
    /// The request that did it.
    pub(crate) key: &'c IdempotencyKey,
    /// That request's fingerprint.
    pub(crate) fingerprint: Digest,
    /// The outbox row.
    pub(crate) outbox: OutboxId,
    /// When, in the world's time.
    pub(crate) now: Timestamp,
    /// The token of the lock that the writer holds.
    pub(crate) lock: Option<FencingToken>,
    /// Whether a change of the external reference is to be written here: this is where the tenant's are kept, and it
    /// was not claimed before.
    pub(crate) names_it: bool,
    /// What the law wanted of it next, before.
    pub(crate) was_due: Option<Due>,
    /// What lies ahead of it, after.
    pub(crate) ahead: Ahead,
}

/// What a commit leaves: the answer's JSON, and the message to send.
pub(crate) struct Committed {
    pub(crate) doc: String,
    pub(crate) message: String,
}

/// How often a taken place is drawn anew.
pub(super) const PLACES: u32 = 8;

impl TenantDb {
    /// Logs all of them, or none. The messages to send.
    pub(crate) async fn log(&self, new: &[New<'_>], now: Timestamp) -> Result<Vec<String>, StoreError> {
        let messages = self.messages_of(new)?;
        for draw in 0..PLACES {
            match self.run::<IgnoredAny>(self.batch_of_new(self.batch(), new, &messages, now, draw)?).await {
                Err(StoreError::Taken(Unique::Place)) => {}
                done => {
                    done?;
                    live::changed(self.tenant);
                    return Ok(messages.into_iter().map(|(_, message)| message).collect());
                }
            }
        }
        Err(StoreError::Taken(Unique::Place))
    }

    fn messages_of(&self, new: &[New<'_>]) -> Result<Vec<(OutboxId, String)>, StoreError> {
        let told = new.iter().filter_map(|one| Some((one.outbox?, one)));
        told.map(|(outbox, one)| Ok((outbox, self.message(outbox, one.complaint, one.events)?))).collect()
    }

    /// The idempotency records come first, so that a repeated request fails on its own and on nothing else.
    fn batch_of_new(
        &self,
        mut batch: TenantBatch,
        new: &[New<'_>],
        messages: &[(OutboxId, String)],
        now: Timestamp,
        draw: u32,
    ) -> Result<TenantBatch, StoreError> {
        let (tokens, bare, at) = (self.tokens(), Tokens::bare(), now.unix_millis());
        let [mut requests, mut complaints, mut references] = [(); 3].map(|()| Lists::default());
        let mut events: Vec<(u8, Lists)> = Vec::new();
        let mut counted = BTreeMap::<Counted<'_>, i32>::new();
        for New { complaint, events: sealed, key, fingerprint, names_it, ahead, .. } in new {
            let id = complaint.id.to_string();
            requests.row(&[Text(key), Plain(&fingerprint.to_string()), Plain(&id), Number(complaint.version.into())]);
            let slot = complaint.id.slot();
            if !events.iter().any(|(of, _)| *of == slot) {
                events.push((slot, Lists::default()));
            }
            let Some((_, of_slot)) = events.iter_mut().find(|(of, _)| *of == slot) else { continue };
            for Sealed { event, text } in *sealed {
                let (seq, at) = (event.seq.into(), event.at.unix_millis());
                of_slot.row(&[Plain(&id), Number(seq), Number(at), Json(text), Plain(&event.hash.to_string())]);
            }
            for (facet, value, by) in changed(None, complaint, (None, ahead.due)) {
                *counted.entry((facet, value)).or_default() += by;
            }
            let named = complaint.external_reference.as_ref().filter(|_| *names_it);
            named.into_iter().for_each(|has| references.row(&[Text(has.as_str()), Plain(&id), Text(key)]));
        }
        // In the order of places: where the next one is lower, the index writes to disk what it has gathered so far.
        let position = |New { complaint, .. }: &New<'_>| Position {
            place: Place::of(complaint.received_at, complaint.id, draw),
            id: complaint.id,
        };
        let positions: Vec<_> = new.iter().map(position).collect();
        for nth in order(positions.clone()) {
            let (Some(one), Some(Position { place, .. })) = (new.get(nth), positions.get(nth)) else { continue };
            let New { complaint, doc, events: sealed, key, ahead: Ahead { due, wake_at }, .. } = one;
            complaints.row(&[
                Plain(&complaint.id.to_string()),
                Plain(complaint.reference.as_str()),
                complaint.external_reference.as_ref().map_or(Nothing, |external| Text(external.as_str())),
                Number(complaint.received_at.unix_millis()),
                Number(complaint.version.into()),
                Json(doc),
                Json(&to_json(&complaint.summary(*due))?),
                Text(key),
                Plain(&place.to_string()),
                Plain(&bare.texts(sealed.iter().map(|sealed| &sealed.event.body))),
                Plain(&tokens.likeness(complaint)),
                Plain(&tokens.labels(complaint, *due)),
                due.map_or(Nothing, |due| Number(due.at.unix_millis())),
                due.map(|due| due.on.to_string()).as_deref().map_or(Nothing, Plain),
                wake_at.map_or(Nothing, |at| Number(at.unix_millis())),
            ]);
        }
        for list in requests.finish() {
            batch = batch.with_list(IDEMPOTENCY_INSERT_NEW, &list, (at,));
        }
        for (slot, rows) in events {
            for list in rows.finish() {
                batch = batch.with_list(APPEND_NEW, &list, (slot,));
            }
        }
        for (outbox, message) in messages {
            batch = batch.with(OUTBOX_INSERT, (outbox, message));
        }
        for list in complaints.finish() {
            batch = batch.with_list(INSERT, &list, (tokens.code(),));
        }
        let counted: Vec<_> = counted.into_iter().map(|((facet, value), by)| (facet, value, by)).collect();
        batch = batch.with(COUNTS_ADD, (to_json(&counted)?,));
        for list in references.finish() {
            batch = batch.with_list(REFERENCES_INSERT, &list, (at,));
        }
        Ok(batch)
    }

    fn message(&self, outbox: OutboxId, complaint: &Complaint, events: &[Sealed]) -> Result<String, StoreError> {
        let happened = events.iter().map(|Sealed { event, .. }| Happened { seq: event.seq, kind: event.body.kind() });
        to_json(&OutboxMessage {
            v: MESSAGE_VERSION,
            id: outbox,
            tenant: self.tenant,
            complaint: complaint.id,
            shard: self.shard.0,
            events: happened.collect(),
            trace: self.runtime.meter.span.borrow().as_ref().map(TraceParent::to_header),
        })
    }

    /// Makes it true, wholly or not at all.
    pub(crate) async fn commit(&self, commit: Commit<'_>) -> Result<Committed, StoreError> {
        let (committed, _) = self.commit_with(commit, &[]).await?;
        Ok(committed)
    }

    /// Makes it true and logs these complaints, which lie in the same database, or neither. Besides, the messages to send of them.
    pub(crate) async fn commit_with(
        &self,
        commit: Commit<'_>,
        new: &[New<'_>],
    ) -> Result<(Committed, Vec<String>), StoreError> {
        let doc = to_json(commit.after)?;
        let message = self.message(commit.outbox, commit.after, commit.events)?;
        let messages = self.messages_of(new)?;
        for draw in 0..PLACES {
            let mut batch = self.batch_of(&commit, &doc, &message, draw)?;
            if !new.is_empty() {
                batch = self.batch_of_new(batch, new, &messages, commit.now, draw)?;
            }
            match self.run::<IgnoredAny>(batch).await {
                Err(StoreError::Taken(Unique::Place)) => {}
                done => {
                    done?;
                    live::changed(self.tenant);
                    let messages = messages.into_iter().map(|(_, message)| message).collect();
                    return Ok((Committed { doc, message }, messages));
                }
            }
        }
        Err(StoreError::Taken(Unique::Place))
    }

    /// The idempotency record comes first, as for what is new.
    fn batch_of(&self, commit: &Commit<'_>, doc: &str, message: &str, draw: u32) -> Result<TenantBatch, StoreError> {
        let &Commit { before, after, events, key, fingerprint, outbox, now, lock, names_it, was_due, ahead } = commit;
        let due = ahead.due;
        let rows: Vec<_> =
            events.iter().map(|Sealed { event, text }| (event.seq, event.at.unix_millis(), text, event.hash)).collect();
        let (id, version) = (after.id, after.version);
        let scope = id.to_string();
        let external = &after.external_reference;
        let tokens = self.tokens();
        let words = tokens.texts(events.iter().map(|sealed| &sealed.event.body));
        let same = before.description == after.description && before.complainant == after.complainant;
        let likeness = (!same).then(|| tokens.likeness(after));
        let place = Place::of(after.received_at, id, draw).to_string();
        let batch = self
            .batch()
            .with(IDEMPOTENCY_INSERT, (&scope, key.as_str(), fingerprint, id, version, now.unix_millis()))
            .with(APPEND, (id, to_json(&rows)?, lock, now.unix_millis(), id.slot()))
            .with(OUTBOX_INSERT, (outbox, message))
            .with(
                UPDATE,
                (
                    id,
                    external,
                    after.received_at.unix_millis(),
                    version,
                    doc,
                    to_json(&after.summary(due))?,
                    place,
                    words,
                    likeness,
                    tokens.labels(after, due),
                    due.map(|due| due.at.unix_millis()),
                    due.map(|due| due.on),
                    ahead.wake_at.map(Timestamp::unix_millis),
                ),
            );
        let counted = changed(Some(before), after, (was_due, due));
        let batch = if counted.is_empty() { batch } else { batch.with(COUNTS_ADD, (to_json(&counted)?,)) };
        let had = &before.external_reference;
        Ok(if names_it && had != external {
            let left = had.iter().fold(batch, |batch, had| batch.with(RELEASE, (had, id, None::<&str>)));
            let claimed_by = claimant(&scope, key.as_str());
            external
                .iter()
                .fold(left, |batch, has| batch.with(REFERENCE_INSERT, (has, id, &claimed_by, now.unix_millis())))
        } else {
            batch
        })
    }
}

impl TenantDb {
    /// Notes what lies ahead of a complaint to which nothing has happened since it was read. If something has, [`StoreError::Held`].
    pub(crate) async fn foresee(
        &self,
        complaint: &Complaint,
        was_due: Option<Due>,
        Ahead { due, wake_at }: Ahead,
    ) -> Result<(), StoreError> {
        let wake_at = wake_at.map(Timestamp::unix_millis);
        let batch = self.batch().with(EXPECT_VERSION, (complaint.id, complaint.version));
        let batch = if was_due == due {
            batch.with(WAKE, (complaint.id, wake_at))
        } else {
            let (at, on) = (due.map(|due| due.at.unix_millis()), due.map(|due| due.on));
            let (summary, labels) = (to_json(&complaint.summary(due))?, self.tokens().labels(complaint, due));
            let counted = changed(Some(complaint), complaint, (was_due, due));
            batch
                .with(FORESEE, (complaint.id, wake_at, at, on, summary, labels))
                .with(COUNTS_ADD, (to_json(&counted)?,))
        };
        self.run::<IgnoredAny>(batch).await?;
        Ok(())
    }
}
