//! Where people are changed, whoever changes them: their admin, a directory, or they themselves by signing in.

pub(crate) mod teams;

use crate::{
    api::tenants,
    call::{Call, TenantCall},
    failure::Failure,
    platform::{self, Freshness},
    store::{StoreError, TenantDb, Unique},
};
use shared::{
    access::Actor,
    http::problem::Code,
    identity::{
        person::{Decided, Person, PersonCommand, Refused, Seats, decide},
        session::{Ended, Ending},
        session_token::{Barred, Whose},
    },
    ids::{PersonId, SessionId},
    limit::plan::Resource,
    scim::error::{ScimError, ScimType},
    tenant::standing::Standing,
};

/// A firm's people, for a request.
pub(crate) struct Office<'c> {
    pub(crate) call: &'c Call,
    pub(crate) standing: &'c Standing,
    /// Of the firm's first slot.
    pub(crate) db: TenantDb,
}

/// Why something was not done to somebody.
#[derive(Debug)]
pub(crate) enum NotDone {
    Refused(Refused),
    Store(StoreError),
}

impl From<StoreError> for NotDone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NotDone> for Failure {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Store(error) => error.into(),
            NotDone::Refused(Refused::Unknown) => Self::new(Code::NotFound),
            NotDone::Refused(refused) => Self::new(Code::Forbidden).detail(refused.to_string()),
        }
    }
}

impl From<NotDone> for ScimError {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Refused(refused) => refused.into(),
            NotDone::Store(StoreError::Taken(Unique::Person(what))) => {
                Self::of(ScimType::Uniqueness, format!("somebody else has this {what}"))
            }
            NotDone::Store(StoreError::Taken(_)) => Self::status(412, "it has changed meanwhile"),
            NotDone::Store(StoreError::Full(most)) => Self::status(403, format!("a tenant has {most}")),
            NotDone::Store(StoreError::Busy(_) | StoreError::Held) => Self::status(503, "not now: try again"),
            NotDone::Store(error) => {
                crate::log::fault("scim_failed", &error);
                Self::status(500, "something is wrong on this side")
            }
        }
    }
}

impl<'c> Office<'c> {
    /// Of the firm that calls, or of whose staff somebody calls.
    pub(crate) fn of(call: &'c TenantCall) -> Result<Self, Failure> {
        let db = call.home()?.at(Freshness::Latest);
        Ok(Self { call: &call.call, standing: &call.standing, db })
    }

    /// Does something to somebody, who is `before` if they are there already: what they are then. Tokens that say what is not so any more
    /// are barred, but for those of the session that begins with it.
    pub(crate) async fn apply(
        &self,
        before: Option<&Person>,
        command: PersonCommand,
        actor: Option<&Actor>,
        spared: Option<SessionId>,
    ) -> Result<Decided, NotDone> {
        let now = self.call.now;
        let limit = self.standing.quota(Resource::Seats);
        // Whoever has a seat needs none; the statement counts once more.
        let takes_one = before.is_none_or(|person| !person.active);
        let used = if takes_one { self.db.seats().await? } else { 0 };
        let decided = decide(before, command, Seats { used, limit }, now).map_err(NotDone::Refused)?;
        if decided.events.is_empty() && before.is_some() {
            return Ok(decided);
        }
        self.db.put_person(before.map(|person| person.version), &decided, limit, actor, now).await?;
        let person = decided.person.id;
        if decided.ends_sessions {
            self.db.end_sessions(person, Ended { at: now, why: Ending::Deactivated }, None).await?;
        }
        if decided.bars {
            self.bar(Whose::Person(person), spared).await?;
        }
        Ok(decided)
    }

    /// From now on, in every isolate within two seconds, tokens that were issued until now are refused.
    pub(crate) async fn bar(&self, whose: Whose, spared: Option<SessionId>) -> Result<(), StoreError> {
        // Read after what bars them was written.
        let until = platform::now();
        let directory =
            TenantDb::new(self.call.runtime.clone(), crate::store::system::DIRECTORY_SHARD, self.standing.tenant.id);
        directory.bar(&[Barred { whose, until, spared }], until).await?;
        tenants::publish(self.call, self.standing.tenant.id).await;
        Ok(())
    }

    /// Ends somebody's session. False if it is not theirs, or over.
    pub(crate) async fn end(&self, of: PersonId, session: SessionId, why: Ending) -> Result<bool, StoreError> {
        let ended = self.db.end_session(session, of, Ended { at: self.call.now, why }).await?;
        if ended {
            self.bar(Whose::Session(session), None).await?;
        }
        Ok(ended)
    }
}
