//! Sessions of staff, and links by which they sign in: of this cell alone, in the database of the firm's first slot.

use super::{Scoped, StoreError, TenantDb, to_json};
use shared::{
    chain::Digest,
    identity::{
        email_link::EmailLink,
        person::Person,
        session::{Ended, Session},
    },
    ids::{PersonId, SessionId},
    json,
    time::Timestamp,
};

const INSERT: Scoped = scoped!("sql/sessions/insert.sql");
const FIND: Scoped = scoped!("sql/sessions/find.sql");
const PERSON: Scoped = scoped!("sql/sessions/person.sql");
const ROTATE: Scoped = scoped!("sql/sessions/rotate.sql");
const END: Scoped = scoped!("sql/sessions/end.sql");
const END_ALL: Scoped = scoped!("sql/sessions/end_all.sql");
const STEP_UP: Scoped = scoped!("sql/sessions/step_up.sql");
const LIST: Scoped = scoped!("sql/sessions/list.sql");
const FORGET: Scoped = scoped!("sql/sessions/forget.sql");
const INSERT_LINK: Scoped = scoped!("sql/sign_in/insert_link.sql");
const FIND_LINK: Scoped = scoped!("sql/sign_in/find_link.sql");
const USE_LINK: Scoped = scoped!("sql/sign_in/use_link.sql");
const FORGET_LINKS: Scoped = scoped!("sql/sign_in/forget_links.sql");
const INSERT_ASK: Scoped = scoped!("sql/sign_in/insert_ask.sql");
const ASKS: Scoped = scoped!("sql/sign_in/asks.sql");
const FORGET_ASKS: Scoped = scoped!("sql/sign_in/forget_asks.sql");

/// How long a session that is over is kept, so that its last tokens are told from forged ones, in milliseconds: a day.
const KEPT_MILLIS: i64 = 24 * 3_600_000;

fn session_of(text: &str) -> Result<Session, StoreError> {
    json::from_str(text).map_err(StoreError::unreadable)
}

impl TenantDb {
    /// Writes a new session, and forgets some that ended long ago.
    pub(crate) async fn insert_session(&self, session: &Session) -> Result<(), StoreError> {
        let Session { id, person, generation, ends_at, created_at, .. } = session;
        let batch = self
            .batch()
            .with(INSERT, (id, person, generation, ends_at.unix_millis(), to_json(session)?))
            .with(FORGET, (created_at.unix_millis() - KEPT_MILLIS,));
        self.texts(batch).await?;
        Ok(())
    }

    /// A session, and whose it is, as they are now.
    pub(crate) async fn session(&self, id: SessionId) -> Result<Option<(Session, Option<Person>)>, StoreError> {
        let mut answers = self.texts(self.batch().with(FIND, (id,)).with(PERSON, (id,))).await?.into_iter();
        let mut next = || answers.next().unwrap_or_default().into_iter().next();
        let (session, person) = (next(), next());
        let Some(session) = session else { return Ok(None) };
        let person = person.map(|text| json::from_str(&text).map_err(StoreError::unreadable)).transpose()?;
        Ok(Some((session_of(&session)?, person)))
    }

    /// Writes a session with its next refresh token. False if another was faster, or it has ended meanwhile.
    pub(crate) async fn rotate_session(&self, session: &Session) -> Result<bool, StoreError> {
        self.does(ROTATE, (session.id, session.generation, to_json(session)?)).await
    }

    /// Ends somebody's session. False if it is not theirs, or over.
    pub(crate) async fn end_session(&self, id: SessionId, of: PersonId, ended: Ended) -> Result<bool, StoreError> {
        self.does(END, (id, ended.at.unix_millis(), to_json(&ended)?, of)).await
    }

    /// Ends all sessions of somebody, but one.
    pub(crate) async fn end_sessions(
        &self,
        of: PersonId,
        ended: Ended,
        spared: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let spared = spared.map(|id| id.to_string()).unwrap_or_default();
        self.lines(END_ALL, (of, ended.at.unix_millis(), to_json(&ended)?, spared)).await?;
        Ok(())
    }

    /// Notes that the person of a session has proved anew who they are: the session then, unless it is over.
    pub(crate) async fn step_up(&self, id: SessionId, at: Timestamp) -> Result<Option<Session>, StoreError> {
        self.lines(STEP_UP, (id, to_json(&at)?)).await?.first().map(|text| session_of(text)).transpose()
    }

    /// Sessions of somebody that are open.
    pub(crate) async fn sessions(&self, of: PersonId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let rows = self.lines(LIST, (of, now.unix_millis())).await?;
        let sessions = rows.iter().map(|text| session_of(text)).collect::<Result<Vec<_>, _>>()?;
        // Those that were left alone for too long are over, too.
        let idle = |session: &Session| now >= session.seen_at.plus_millis(session.idle_millis);
        Ok(sessions.into_iter().filter(|session| !idle(session)).collect())
    }

    /// When links were asked for with this address.
    pub(crate) async fn link_asks(&self, address: Digest, since: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
        let rows = self.lines(ASKS, (address, since.unix_millis())).await?;
        Ok(rows.iter().filter_map(|at| at.parse().ok()).map(Timestamp::from_unix_millis).collect())
    }

    /// Keeps a link, and that it was asked for; forgets what is older than `since`.
    pub(crate) async fn insert_link(
        &self,
        address: Digest,
        link: &EmailLink,
        since: Timestamp,
    ) -> Result<(), StoreError> {
        let (at, since) = (link.asked_at.unix_millis(), since.unix_millis());
        let batch = self
            .batch()
            .with(INSERT_LINK, (link.token, link.expires_at.unix_millis(), to_json(link)?))
            .with(INSERT_ASK, (address, at, link.token))
            .with(FORGET_LINKS, (since,))
            .with(FORGET_ASKS, (since,));
        self.texts(batch).await?;
        Ok(())
    }

    pub(crate) async fn link(&self, token: Digest) -> Result<Option<EmailLink>, StoreError> {
        let found = self.lines(FIND_LINK, (token,)).await?;
        found.first().map(|text| json::from_str(text).map_err(StoreError::unreadable)).transpose()
    }

    /// Writes that a link was used. False if it was before.
    pub(crate) async fn use_link(&self, used: &EmailLink) -> Result<bool, StoreError> {
        self.does(USE_LINK, (used.token, to_json(used)?)).await
    }
}
