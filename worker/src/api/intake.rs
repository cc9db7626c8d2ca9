//! Logging a complaint: for a request of its own, and for a row of an import that cannot be logged along with others.

use super::external_reference;
use crate::{
    call::{Firm, TenantCall},
    failure::Failure,
    platform,
    store::{StoreError, TenantDb, Unique, commit::New, complaints::Done, external_references::claimant, together},
};
use shared::{
    access::Actor,
    chain::{self, Digest, Sealed, Tail},
    clock::{due::Ahead, timeline::Timeline},
    complaint::{Complaint, decide},
    exchange::{
        case_file::{self, Taking, take_over},
        import::Draft,
    },
    http::{idempotency::IdempotencyKey, problem::Code},
    ids::{ComplaintId, OutboxId},
    reference::Reference,
    tenant::placement::{Slot, hash_of},
    time::Timestamp,
};

/// References are drawn at random; how often a taken one is drawn anew.
const DRAWS: usize = 4;

/// What is to be logged.
pub(crate) struct Asked<'a> {
    pub(crate) draft: &'a Draft,
    /// The request's idempotency key, or a row's.
    pub(crate) key: &'a str,
    pub(crate) fingerprint: Digest,
    /// The import it is a row of. An import tells nobody.
    pub(crate) import: Option<&'a IdempotencyKey>,
    /// The id and the reference that it is to have, unless somebody has that reference.
    pub(crate) identity: Option<Identity>,
}

/// How a complaint is called before it is logged.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) id: ComplaintId,
    pub(crate) reference: Reference,
}

/// Why nothing was logged.
pub(crate) enum NotLogged {
    /// It may not be, or not so.
    Refused(Failure),
    /// The database did not take it, or it is not known whether it did.
    Store(StoreError),
}

impl From<Failure> for NotLogged {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

impl From<StoreError> for NotLogged {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NotLogged> for Failure {
    fn from(not_logged: NotLogged) -> Self {
        match not_logged {
            NotLogged::Refused(failure) => failure,
            NotLogged::Store(error) => error.into(),
        }
    }
}

/// What has become of it.
pub(crate) enum Logged {
    /// It is there now. The message to send, if anybody is to be told.
    Now { made: Made, message: Option<String> },
    /// The key has logged this before.
    Before(TenantDb, Done),
}

/// A complaint that is not written yet.
pub(crate) struct Made {
    pub(crate) complaint: Box<Complaint>,
    /// As JSON.
    pub(crate) doc: String,
    pub(crate) events: Vec<Sealed>,
    /// What lies ahead of it.
    pub(crate) ahead: Ahead,
}

/// Who logs for which firm, when in the world's time, and for which import.
pub(crate) struct Maker<'c> {
    pub(crate) firm: Firm<'c>,
    pub(crate) by: Actor,
    pub(crate) now: Timestamp,
    pub(crate) import: Option<&'c IdempotencyKey>,
}

impl<'c> Maker<'c> {
    pub(crate) fn new(
        call: &'c TenantCall,
        import: Option<&'c IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        Ok(Self { firm: call.firm(), by: call.actor()?, now, import })
    }

    /// The id of what a draft becomes in this slot: a new one, or that of a case file's complaint here.
    pub(crate) fn id(&self, draft: &Draft, slot: Slot) -> ComplaintId {
        match draft {
            Draft::New(_) => ComplaintId::in_slot(self.now, &platform::entropy(), slot.0),
            Draft::File(file) => self.renamed(file.complaint),
        }
    }

    /// The slot of what a key logs that falls on this place.
    pub(crate) fn slot(&self, place: u64) -> Slot {
        self.firm.tenant.shards.slot_for(place)
    }

    fn renamed(&self, old: ComplaintId) -> ComplaintId {
        let tenant = self.firm.tenant;
        let here = |import| case_file::new_id(tenant.id, import, &tenant.shards, old);
        self.import.map_or(old, here)
    }

    /// A reference for a complaint of this id.
    pub(crate) fn reference(&self, id: ComplaintId) -> Reference {
        let prefix = &self.firm.tenant.reference_prefix;
        Reference::new(prefix, id.slot(), u32::from_be_bytes(platform::random()))
    }

    /// How what this key logs is to be called.
    pub(crate) fn identity(&self, draft: &Draft, key: &str) -> Identity {
        let id = self.id(draft, self.slot(hash_of(key)));
        Identity { id, reference: self.reference(id) }
    }

    /// What the draft says, as events and as the complaint that they make.
    ///
    /// # Errors
    /// The tenant's rules do not allow it, or the case file is not whole and unaltered.
    pub(crate) fn make(&self, draft: &Draft, id: ComplaintId, reference: Reference) -> Result<Made, Failure> {
        let firm = self.firm.tenant;
        let (tenant, now) = (firm.id, firm.time(self.now));
        let (complaint, events) = match draft {
            Draft::New(new) => {
                let received =
                    decide::log(new.as_ref().clone(), reference, self.firm.rules()?.asked_of(self.by.kind), now)?;
                let tail = Tail { tenant, complaint: id, version: 0, head: Digest::ZERO };
                let events = chain::seal(tail, &self.by, now, vec![received], platform::salt);
                let events = events.map_err(Failure::internal)?;
                let folded = Complaint::fold(events.iter().map(|sealed| &sealed.event)).map_err(Failure::internal)?;
                (folded.ok_or_else(|| Failure::internal("a new complaint has no events"))?, events)
            }
            Draft::File(file) => {
                let renamed = |old| self.renamed(old);
                let taking = Taking { tenant, complaint: id, reference, by: &self.by, now, renamed: &renamed };
                take_over(file, &taking).map_err(|errors| Failure::errors(Code::Invalid, errors))?
            }
        };
        let doc = serde_json::to_string(&complaint).map_err(Failure::internal)?;
        let timeline = Timeline::of(events.iter().map(|sealed| &sealed.event));
        let ahead = firm.ahead_of(&complaint, &timeline);
        Ok(Made { complaint: Box::new(complaint), doc, events, ahead })
    }
}

impl Made {
    /// To be written along with others.
    pub(crate) fn to_log<'m>(&'m self, key: &'m str, fingerprint: Digest, names_it: bool) -> New<'m> {
        let Self { complaint, doc, events, ahead } = self;
        New { complaint, doc, events, key, fingerprint, outbox: None, names_it, ahead: *ahead }
    }
}

/// Logs what is asked for, once.
///
/// 1. For a tenant that has grown: if the key's slot was another one before, look there for what the key did.
/// 2. Make the events and write them; before that, claim the external reference if those are kept in another database.
///    Taken: the idempotency key (what it did), the external reference (409).
pub(crate) async fn log(maker: &Maker<'_>, asked: &Asked<'_>) -> Result<Logged, NotLogged> {
    let firm = maker.firm;
    // By the key, so that a repeated request meets its own record.
    let place = hash_of(asked.key);
    let own = firm.db_of_slot(maker.slot(place)).ok_or_else(|| Failure::internal("a slot without a shard"))?;
    if let Some((db, done)) = done_before_growth(firm, &own, place, asked.key).await? {
        return Ok(Logged::Before(db, done));
    }
    let Identity { mut id, reference } =
        asked.identity.clone().unwrap_or_else(|| maker.identity(asked.draft, asked.key));
    let mut drawn = Some(reference);
    let home = firm.home()?;
    let mut names_it = home.is(&own);
    let mut claimed = false;
    for _ in 0..DRAWS {
        let db = firm.db_of(id)?;
        let reference = drawn.take().unwrap_or_else(|| maker.reference(id));
        let made = match maker.make(asked.draft, id, reference) {
            Ok(made) => made,
            // The rules may have changed since the same request was accepted. Where that cannot be looked up, they are as they are.
            Err(refused) => {
                return match db.done_by("", asked.key).await {
                    Ok(Some(done)) => Ok(Logged::Before(db, done)),
                    Ok(None) | Err(_) => Err(NotLogged::Refused(refused)),
                };
            }
        };
        let named = made.complaint.external_reference.as_ref();
        if named.is_some() && !names_it && !claimed {
            claimed = true;
            let by = claimant("", asked.key);
            let change = external_reference::Change { complaint: id, from: None, to: named, by, at: maker.now };
            match external_reference::prepare(firm, &home, &change).await {
                // An earlier attempt has begun to log it as another complaint: go on with that one.
                Ok(prepared) if prepared.complaint != id => {
                    id = prepared.complaint;
                    continue;
                }
                Ok(_) => {}
                Err(error) => return before_or(db, asked.key, error).await,
            }
        }
        let outbox = asked.import.is_none().then(|| OutboxId::new(maker.now, &platform::entropy()));
        let new = New { outbox, ..made.to_log(asked.key, asked.fingerprint, names_it) };
        match db.log(&[new], maker.now).await {
            Ok(messages) => return Ok(Logged::Now { made, message: messages.into_iter().next() }),
            Err(StoreError::Taken(Unique::Reference)) => {}
            // Whoever has it may have died over it.
            Err(StoreError::Taken(Unique::ExternalReference)) if names_it => names_it = false,
            Err(error @ StoreError::Taken(Unique::IdempotencyKey)) => {
                return before_or(db, asked.key, error).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::internal("drew only references that are taken").into())
}

/// What the key did before the tenant had as many shards as now, where another slot was its own then.
async fn done_before_growth(
    firm: Firm<'_>,
    own: &TenantDb,
    place: u64,
    key: &str,
) -> Result<Option<(TenantDb, Done)>, StoreError> {
    let former = firm.tenant.shards.former_slots_for(place, firm.tenant.founded_with);
    let others = former.into_iter().filter_map(|slot| firm.db_of_slot(slot)).filter(|db| !db.is(own));
    let asked = others.map(|db| async move { (db.done_by("", key).await, db) });
    for (done, db) in together(asked).await {
        if let Some(done) = done? {
            return Ok(Some((db, done)));
        }
    }
    Ok(None)
}

/// What the key did, if it did anything; else the failure.
async fn before_or(db: TenantDb, key: &str, otherwise: impl Into<NotLogged>) -> Result<Logged, NotLogged> {
    match db.done_by("", key).await? {
        Some(done) => Ok(Logged::Before(db, done)),
        None => Err(otherwise.into()),
    }
}
