//! A firm's staff, how they sign in, and what they have read: in the database of the firm's first slot. What bars their tokens is kept
//! with the tenants' records, so that it goes out with the tenant's standing.

use super::{Scoped, Sql, StoreError, TenantBatch, TenantDb, Unique, to_json};
use serde::Serialize;
use shared::{
    access::Actor,
    identity::{
        email::Email,
        person::{Decided, Linked, Person},
        role::Role,
        session_token::{Barred, NEEDED_MILLIS},
        settings::SignInSettings,
    },
    ids::{ComplaintId, PersonId, SessionId},
    json,
    time::Timestamp,
};

const FIND: Scoped = scoped!("sql/people/find.sql");
const FIND_BY_EMAIL: Scoped = scoped!("sql/people/find_by_email.sql");
const FIND_BY_USER_NAME: Scoped = scoped!("sql/people/find_by_user_name.sql");
const FIND_BY_EXTERNAL_ID: Scoped = scoped!("sql/people/find_by_external_id.sql");
const FIND_BY_ACCOUNT: Scoped = scoped!("sql/people/find_by_account.sql");
const LIST: Scoped = scoped!("sql/people/list.sql");
const COUNT: Scoped = scoped!("sql/people/count.sql");
const SEATS: Scoped = scoped!("sql/people/seats.sql");
const INSERT: Scoped = scoped!("sql/people/insert.sql");
const UPDATE: Scoped = scoped!("sql/people/update.sql");
const INSERT_EVENTS: Scoped = scoped!("sql/people/insert_events.sql");
const EVENTS: Scoped = scoped!("sql/people/events.sql");
const BAR: Scoped = scoped!("sql/people/bar.sql");
const FORGET_BARRED: Scoped = scoped!("sql/people/forget_barred.sql");
const TOUCH: Sql = sql!("sql/system/tenant_touch.sql");
const FIND_SIGN_IN: Scoped = scoped!("sql/sign_in/find.sql");
const PUT_SIGN_IN: Scoped = scoped!("sql/sign_in/put.sql");
const INSERT_ACCESS: Scoped = scoped!("sql/access/insert.sql");
const ACCESSES: Scoped = scoped!("sql/access/list.sql");
const ACCESSES_OF_COMPLAINT: Scoped = scoped!("sql/access/of_complaint.sql");
const ACCESSES_OF_PERSON: Scoped = scoped!("sql/access/of_person.sql");

/// By what somebody is looked up.
#[derive(Clone, Copy)]
pub(crate) enum Key<'k> {
    Id(PersonId),
    Email(&'k Email),
    /// Whatever its case.
    UserName(&'k str),
    ExternalId(&'k str),
}

/// A condition of a list, as the statement knows it: column and operator, and a value.
pub(crate) type Condition = (&'static str, serde_json::Value);

/// How staff sign in, as it is kept.
#[derive(Clone, Default)]
pub(crate) struct SignIn {
    /// 0: nothing was set yet.
    pub(crate) version: u32,
    pub(crate) settings: SignInSettings,
    /// The provider's client secret, sealed; empty if there is none.
    pub(crate) secret: String,
}

/// A read of a complaint, or of a list of them.
pub(crate) struct Access {
    pub(crate) at: Timestamp,
    pub(crate) person: PersonId,
    pub(crate) session: SessionId,
    /// If it is of one.
    pub(crate) complaint: Option<ComplaintId>,
    /// What of it, or which list: the rest of the path.
    pub(crate) what: String,
    /// How many rows a list had.
    pub(crate) rows: Option<usize>,
}

/// Whose reads, or of what, are asked for.
#[derive(Clone, Copy)]
pub(crate) enum Reads {
    All,
    OfComplaint(ComplaintId),
    OfPerson(PersonId),
}

fn person_of(text: &str) -> Result<Person, StoreError> {
    json::from_str(text).map_err(StoreError::unreadable)
}

impl TenantDb {
    /// The rows of one statement, each one text.
    pub(super) async fn lines(&self, sql: Scoped, parameters: impl Serialize) -> Result<Vec<String>, StoreError> {
        Ok(self.texts(self.batch().with(sql, parameters)).await?.pop().unwrap_or_default())
    }

    /// Whether a statement that gives a row for what it has changed has changed something.
    pub(super) async fn does(&self, sql: Scoped, parameters: impl Serialize) -> Result<bool, StoreError> {
        Ok(!self.lines(sql, parameters).await?.is_empty())
    }

    pub(crate) async fn person(&self, key: Key<'_>) -> Result<Option<Person>, StoreError> {
        let found = match key {
            Key::Id(id) => self.lines(FIND, (id,)).await?,
            Key::Email(email) => self.lines(FIND_BY_EMAIL, (email,)).await?,
            Key::UserName(name) => self.lines(FIND_BY_USER_NAME, (name.to_lowercase(),)).await?,
            Key::ExternalId(id) => self.lines(FIND_BY_EXTERNAL_ID, (id,)).await?,
        };
        found.first().map(|text| person_of(text)).transpose()
    }

    /// Whose account at a provider it is; else who has the address.
    pub(crate) async fn person_of_account(&self, linked: &Linked, email: &Email) -> Result<Option<Person>, StoreError> {
        let batch = self.batch().with(FIND_BY_ACCOUNT, (&linked.issuer, &linked.subject)).with(FIND_BY_EMAIL, (email,));
        self.texts(batch).await?.into_iter().flatten().next().map(|text| person_of(&text)).transpose()
    }

    /// Those after `after` that fit all conditions, in the order of their ids: `most`, without the first `skipped`.
    pub(crate) async fn people(
        &self,
        after: Option<PersonId>,
        conditions: &[Condition],
        most: usize,
        skipped: usize,
    ) -> Result<Vec<Person>, StoreError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.lines(LIST, (after, to_json(&conditions)?, most, skipped)).await?;
        rows.iter().map(|text| person_of(text)).collect()
    }

    /// How many fit all conditions.
    pub(crate) async fn people_count(&self, conditions: &[Condition]) -> Result<usize, StoreError> {
        let rows = self.lines(COUNT, (to_json(&conditions)?,)).await?;
        Ok(rows.first().and_then(|n| n.parse().ok()).unwrap_or_default())
    }

    /// How many seats are taken.
    pub(crate) async fn seats(&self) -> Result<u64, StoreError> {
        Ok(self.lines(SEATS, ()).await?.first().and_then(|n| n.parse().ok()).unwrap_or_default())
    }

    /// Writes what was decided of somebody: whom there was not, or who was at version `before`. `seats`: how many there are.
    ///
    /// # Errors
    /// [`Unique::Version`] if somebody else was faster; another name is taken; no seat is free; the last admin would go.
    pub(crate) async fn put_person(
        &self,
        before: Option<u32>,
        decided: &Decided,
        seats: Option<u64>,
        actor: Option<&Actor>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Decided { person, events, .. } = decided;
        let doc = to_json(person)?;
        let admin = person.active && person.roles.has(Role::Admin);
        let names = (person.user_name.as_str().to_lowercase(), &person.email, &person.external_id);
        let flags = (u8::from(person.active), u8::from(admin));
        let batch = self.batch();
        let batch = match before {
            None => batch
                .with(INSERT, (person.id, &doc, seats, names.0, names.1, names.2, flags.0, flags.1, person.version)),
            Some(before) => batch.with(
                UPDATE,
                (person.id, &doc, seats, names.0, names.1, names.2, flags.0, flags.1, person.version, before),
            ),
        };
        let events = to_json(&events.iter().map(to_json).collect::<Result<Vec<_>, _>>()?)?;
        let actor = actor.map(to_json).transpose()?.unwrap_or_default();
        let batch = batch.with(INSERT_EVENTS, (person.id, now.unix_millis(), actor, events, &doc));
        let answers = self.texts(batch).await?;
        let written = before.is_none() || answers.first().is_some_and(|rows| !rows.is_empty());
        if written { Ok(()) } else { Err(StoreError::Taken(Unique::Version)) }
    }

    /// What has happened to somebody, the newest first: JSON texts.
    pub(crate) async fn person_events(&self, id: PersonId, before: u64, most: u32) -> Result<Vec<String>, StoreError> {
        self.lines(EVENTS, (id, before, most)).await
    }

    /// Bars tokens, in the database that has the tenant's record: whatever is written with it is told with the next standing.
    pub(crate) async fn bar(&self, barred: &[Barred], now: Timestamp) -> Result<(), StoreError> {
        let batch = self.batch().with(FORGET_BARRED, (now.unix_millis() - NEEDED_MILLIS,));
        let bar = |batch: TenantBatch, barred: &Barred| {
            Ok::<_, StoreError>(batch.with(BAR, (to_json(barred)?, barred.until.unix_millis())))
        };
        let mut batch = barred.iter().try_fold(batch, bar)?;
        batch.batch.add(TOUCH, None, (self.tenant,));
        self.texts(batch).await?;
        Ok(())
    }

    pub(crate) async fn sign_in(&self) -> Result<SignIn, StoreError> {
        let found = self.lines(FIND_SIGN_IN, ()).await?;
        let Some(text) = found.first() else { return Ok(SignIn::default()) };
        let mut parts = text.splitn(3, ' ');
        let mut next = || parts.next().unwrap_or_default();
        Ok(SignIn {
            version: next().parse().map_err(StoreError::unreadable)?,
            secret: next().to_owned(),
            settings: json::from_str(next()).map_err(StoreError::unreadable)?,
        })
    }

    /// Writes the next version of how staff sign in. False if somebody else was faster.
    pub(crate) async fn put_sign_in(&self, sign_in: &SignIn) -> Result<bool, StoreError> {
        let SignIn { version, settings, secret } = sign_in;
        self.does(PUT_SIGN_IN, (version, to_json(settings)?, secret)).await
    }

    /// Notes that somebody has read something.
    pub(crate) async fn insert_access(&self, access: &Access) -> Result<(), StoreError> {
        let Access { at, person, session, complaint, what, rows } = access;
        let complaint = complaint.map(|id| id.to_string()).unwrap_or_default();
        self.lines(INSERT_ACCESS, (at.unix_millis(), person, session, complaint, what, rows)).await?;
        Ok(())
    }

    /// Who has read what, the newest first, before number `before`: JSON texts.
    pub(crate) async fn accesses(&self, of: Reads, before: u64, most: u32) -> Result<Vec<String>, StoreError> {
        match of {
            Reads::All => self.lines(ACCESSES, (before, most)).await,
            Reads::OfComplaint(id) => self.lines(ACCESSES_OF_COMPLAINT, (before, most, id)).await,
            Reads::OfPerson(id) => self.lines(ACCESSES_OF_PERSON, (before, most, id)).await,
        }
    }
}
