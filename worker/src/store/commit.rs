//! The one way to change a complaint: events, fold, facets, outbox and idempotency record in one transaction.

use super::{
    Scoped, StoreError, TenantBatch, TenantDb, Unique,
    external_references::{INSERT as REFERENCE_INSERT, RELEASE, claimant},
    to_json,
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
pub(super) const COUNTS_ADD: Scoped = Scoped::new(include_str!("sql/counts/add.sql"));
const IDEMPOTENCY_INSERT: Scoped = Scoped::new(include_str!("sql/idempotency/insert.sql"));
const OUTBOX_INSERT: Scoped = Scoped::new(include_str!("sql/outbox/insert.sql"));

/// What is to become true.
pub(crate) struct Commit<'c> {
    /// The complaint before, if it existed.
    pub(crate) before: Option<&'c Complaint>,
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

impl Commit<'_> {
    /// What the idempotency key belongs to: a complaint, or, empty, the creation of one.
    pub(crate) fn scope(&self) -> String {
        self.before.map_or_else(String::new, |before| before.id.to_string())
    }
}

/// What a commit leaves: the answer's JSON, and the message to send.
pub(crate) struct Committed {
    pub(crate) doc: String,
    pub(crate) message: String,
}

/// How often a taken place is drawn anew.
pub(super) const PLACES: u32 = 8;

impl TenantDb {
    /// Makes it true, wholly or not at all.
    pub(crate) async fn commit(&self, commit: Commit<'_>) -> Result<Committed, StoreError> {
        let doc = to_json(commit.after)?;
        let message = to_json(&OutboxMessage {
            v: MESSAGE_VERSION,
            id: commit.outbox,
            tenant: self.tenant,
            complaint: commit.after.id,
            shard: self.shard.0,
            events: commit
                .events
                .iter()
                .map(|sealed| Happened { seq: sealed.event.seq, kind: sealed.event.body.kind() })
                .collect(),
        })?;
        for draw in 0..PLACES {
            match self.run::<IgnoredAny>(self.batch_of(&commit, &doc, &message, draw)?).await {
                Err(StoreError::Taken(Unique::Place)) => {}
                done => return done.map(|_| Committed { doc, message }),
            }
        }
        Err(StoreError::Taken(Unique::Place))
    }

    /// The idempotency record comes first, so that a repeated request fails on it and on nothing else.
    fn batch_of(&self, commit: &Commit<'_>, doc: &str, message: &str, draw: u32) -> Result<TenantBatch, StoreError> {
        let scope = commit.scope();
        let &Commit { before, after, events, key, fingerprint, outbox, now, lock, names_it } = commit;
        let rows: Vec<_> =
            events.iter().map(|Sealed { event, text }| (event.seq, event.at.unix_millis(), text, event.hash)).collect();
        let id = after.id;
        let received_at = after.received_at.unix_millis();
        let external = &after.external_reference;
        let summary = to_json(&after.summary())?;
        let tokens = self.tokens();
        let words = tokens.texts(events.iter().map(|sealed| &sealed.event.body));
        let labels = tokens.labels(after);
        let place = Place::of(after.received_at, id, draw).to_string();
        let batch = self
            .batch()
            .with(IDEMPOTENCY_INSERT, (&scope, key.as_str(), fingerprint, id, after.version, now.unix_millis()))
            .with(APPEND, (id, to_json(&rows)?, lock, now.unix_millis(), id.slot()))
            .with(OUTBOX_INSERT, (outbox, message));
        let batch = match before {
            None => {
                let version = after.version;
                let reference = &after.reference;
                let created = (
                    id,
                    reference,
                    external,
                    received_at,
                    version,
                    doc,
                    summary,
                    key.as_str(),
                    place,
                    words,
                    tokens.likeness(after),
                    labels,
                );
                batch.with(INSERT, created)
            }
            Some(before) => {
                let same = before.description == after.description && before.complainant == after.complainant;
                let likeness = (!same).then(|| tokens.likeness(after));
                let version = after.version;
                batch.with(UPDATE, (id, external, received_at, version, doc, summary, place, words, likeness, labels))
            }
        };
        let counted = changed_counts(before, after);
        let batch = if counted.is_empty() { batch } else { batch.with(COUNTS_ADD, (to_json(&counted)?,)) };
        let had = before.and_then(|before| before.external_reference.as_ref());
        Ok(if names_it && had != external.as_ref() {
            let left = had.into_iter().fold(batch, |batch, had| batch.with(RELEASE, (had, id, None::<&str>)));
            let claimed_by = claimant(&scope, key);
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
