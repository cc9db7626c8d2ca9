//! The one way to write complaints: what is new, with all that belongs to it, and what becomes of one that is there. Events,
//! fold, index, counts, idempotency record and outbox row in one transaction.

use super::{
    Scoped, StoreError, TenantBatch, TenantDb, Unique,
    external_references::{INSERT as REFERENCE_INSERT, INSERT_ALL as REFERENCES_INSERT, RELEASE, claimant},
    parts, to_json,
};
use serde::de::IgnoredAny;
use shared::{
    chain::{Digest, Sealed},
    complaint::{Complaint, projection::Facet},
    http::idempotency::IdempotencyKey,
    ids::OutboxId,
    lock::FencingToken,
    notify::{Happened, MESSAGE_VERSION, OutboxMessage},
    search::place::Place,
    time::Timestamp,
};
use std::{borrow::Cow, collections::BTreeMap};

const INSERT: Scoped = Scoped::new(include_str!("sql/complaints/insert.sql"));
const UPDATE: Scoped = Scoped::new(include_str!("sql/complaints/update.sql"));
const APPEND: Scoped = Scoped::new(include_str!("sql/events/append.sql"));
const APPEND_NEW: Scoped = Scoped::new(include_str!("sql/events/append_new.sql"));
pub(super) const COUNTS_ADD: Scoped = Scoped::new(include_str!("sql/counts/add.sql"));
const IDEMPOTENCY_INSERT: Scoped = Scoped::new(include_str!("sql/idempotency/insert.sql"));
const IDEMPOTENCY_INSERT_NEW: Scoped = Scoped::new(include_str!("sql/idempotency/insert_new.sql"));
const OUTBOX_INSERT: Scoped = Scoped::new(include_str!("sql/outbox/insert.sql"));

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
    /// When.
    pub(crate) now: Timestamp,
    /// The token of the lock that the writer holds.
    pub(crate) lock: Option<FencingToken>,
    /// Whether a change of the external reference is to be written here: this is where the tenant's are kept, and it
    /// was not claimed before.
    pub(crate) names_it: bool,
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
        let told = new.iter().filter_map(|one| Some((one.outbox?, one)));
        let messages = told.map(|(outbox, one)| Ok((outbox, self.message(outbox, one.complaint, one.events)?)));
        let messages = messages.collect::<Result<Vec<_>, StoreError>>()?;
        for draw in 0..PLACES {
            match self.run::<IgnoredAny>(self.batch_of_new(new, &messages, now, draw)?).await {
                Err(StoreError::Taken(Unique::Place)) => {}
                done => return done.map(|_| messages.into_iter().map(|(_, message)| message).collect()),
            }
        }
        Err(StoreError::Taken(Unique::Place))
    }

    /// The idempotency records come first, so that a repeated request fails on its own and on nothing else.
    fn batch_of_new(
        &self,
        new: &[New<'_>],
        messages: &[(OutboxId, String)],
        now: Timestamp,
        draw: u32,
    ) -> Result<TenantBatch, StoreError> {
        let (tokens, at) = (self.tokens(), now.unix_millis());
        let (mut requests, mut complaints, mut references) = (Vec::new(), Vec::new(), Vec::new());
        let mut events = BTreeMap::<u8, Vec<_>>::new();
        let mut counted = BTreeMap::<(Facet, Cow<'_, str>), i32>::new();
        for one in new {
            let New { complaint, key, .. } = one;
            let (id, version) = (complaint.id, complaint.version);
            requests.push((key, one.fingerprint, id, version));
            let rows = one
                .events
                .iter()
                .map(|Sealed { event, text }| (id, event.seq, event.at.unix_millis(), text, event.hash));
            events.entry(id.slot()).or_default().extend(rows);
            complaints.push((
                id,
                &complaint.reference,
                &complaint.external_reference,
                complaint.received_at.unix_millis(),
                version,
                one.doc,
                to_json(&complaint.summary())?,
                key,
                Place::of(complaint.received_at, id, draw).to_string(),
                tokens.texts(one.events.iter().map(|sealed| &sealed.event.body)),
                tokens.likeness(complaint),
                tokens.labels(complaint),
            ));
            for (facet, value, by) in changed_counts(None, complaint) {
                *counted.entry((facet, value)).or_default() += by;
            }
            references.extend(complaint.external_reference.as_ref().filter(|_| one.names_it).map(|has| (has, id, key)));
        }
        let mut batch = self.batch();
        for list in parts(requests)? {
            batch = batch.with_list(IDEMPOTENCY_INSERT_NEW, &list, (at,));
        }
        for (slot, rows) in events {
            for list in parts(rows)? {
                batch = batch.with_list(APPEND_NEW, &list, (slot,));
            }
        }
        for (outbox, message) in messages {
            batch = batch.with(OUTBOX_INSERT, (outbox, message));
        }
        for list in parts(complaints)? {
            batch = batch.with_list(INSERT, &list, ());
        }
        let counted: Vec<_> = counted.into_iter().map(|((facet, value), by)| (facet, value, by)).collect();
        batch = batch.with(COUNTS_ADD, (to_json(&counted)?,));
        for list in parts(references)? {
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
        })
    }

    /// Makes it true, wholly or not at all.
    pub(crate) async fn commit(&self, commit: Commit<'_>) -> Result<Committed, StoreError> {
        let doc = to_json(commit.after)?;
        let message = self.message(commit.outbox, commit.after, commit.events)?;
        for draw in 0..PLACES {
            match self.run::<IgnoredAny>(self.batch_of(&commit, &doc, &message, draw)?).await {
                Err(StoreError::Taken(Unique::Place)) => {}
                done => return done.map(|_| Committed { doc, message }),
            }
        }
        Err(StoreError::Taken(Unique::Place))
    }

    /// The idempotency record comes first, as for what is new.
    fn batch_of(&self, commit: &Commit<'_>, doc: &str, message: &str, draw: u32) -> Result<TenantBatch, StoreError> {
        let &Commit { before, after, events, key, fingerprint, outbox, now, lock, names_it } = commit;
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
                    to_json(&after.summary())?,
                    place,
                    words,
                    likeness,
                    tokens.labels(after),
                ),
            );
        let counted = changed_counts(Some(before), after);
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

/// By how much each counted value changes.
pub(super) fn changed_counts<'c>(
    before: Option<&'c Complaint>,
    after: &'c Complaint,
) -> Vec<(Facet, Cow<'c, str>, i32)> {
    let counted = |complaint: &'c Complaint, by: i32| {
        let facets = complaint.facets().into_iter().filter(|(facet, _)| Facet::COUNTED.contains(facet));
        facets.map(move |(facet, value)| (facet, value, by))
    };
    let mut counts = BTreeMap::new();
    for (facet, value, by) in before.into_iter().flat_map(|before| counted(before, -1)).chain(counted(after, 1)) {
        *counts.entry((facet, value)).or_insert(0) += by;
    }
    counts.into_iter().filter(|(_, by)| *by != 0).map(|((facet, value), by)| (facet, value, by)).collect()
}
