//! Mails that came in: a row each, in the database of the tenant's first slot. The mails themselves are in the bucket.

use super::{Scoped, StoreError, TenantDb, to_json};
use shared::{
    chain::Digest,
    ids::{ComplaintId, MailId},
    json,
    mail::{Arrived, InboundMail, State},
};

const BEGIN: Scoped = scoped!("sql/inbound_mails/begin.sql");
const NOT_YET: Scoped = scoped!("sql/inbound_mails/not_yet.sql");
const SETTLE: Scoped = scoped!("sql/inbound_mails/settle.sql");
const AGAIN: Scoped = scoped!("sql/inbound_mails/again.sql");
const FIND: Scoped = scoped!("sql/inbound_mails/find.sql");
const LIST: Scoped = scoped!("sql/inbound_mails/list.sql");
const LIST_IN_STATE: Scoped = scoped!("sql/inbound_mails/list_in_state.sql");
const TWIN: Scoped = scoped!("sql/inbound_mails/twin.sql");
const THREAD: Scoped = scoped!("sql/inbound_mails/thread.sql");

/// What a mail was found to be: of what it says and of its Message-ID the hash.
#[derive(Clone, Copy, Default)]
pub(crate) struct Prints {
    pub(crate) content: Option<Digest>,
    pub(crate) message_id: Option<Digest>,
}

fn text(value: Option<impl std::fmt::Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl TenantDb {
    /// Notes that a mail is about to be read. How far it is, and how often that was begun and did not come to an end, this time
    /// included.
    pub(crate) async fn begin_mail(&self, arrived: &Arrived) -> Result<(State, u32), StoreError> {
        let row = [arrived.mail.to_string(), to_json(arrived)?, to_json(&InboundMail::waiting(arrived))?];
        let said = self.one(BEGIN, &row).await?.unwrap_or_default();
        let (state, attempts) = said.split_once(' ').unwrap_or_default();
        let state = State::try_from(state.to_owned()).map_err(StoreError::unreadable)?;
        Ok((state, attempts.parse().map_err(StoreError::unreadable)?))
    }

    /// It was not the mail's fault that it was not read.
    pub(crate) async fn mail_not_yet(&self, id: MailId) -> Result<(), StoreError> {
        self.one(NOT_YET, &[id.to_string()]).await.map(drop)
    }

    /// Writes down what became of a mail that waited.
    pub(crate) async fn settle_mail(&self, mail: &InboundMail, prints: Prints) -> Result<(), StoreError> {
        let state: &str = mail.state.into();
        let Prints { content, message_id } = prints;
        let row = [
            mail.id.to_string(),
            state.to_owned(),
            to_json(mail)?,
            text(content),
            text(message_id),
            text(mail.complaint),
        ];
        self.one(SETTLE, &row).await.map(drop)
    }

    /// Has a mail wait once more that was ignored or is in quarantine.
    pub(crate) async fn mail_again(&self, arrived: &Arrived) -> Result<(), StoreError> {
        let row = [arrived.mail.to_string(), to_json(&InboundMail::waiting(arrived))?, to_json(arrived)?];
        self.one(AGAIN, &row).await.map(drop)
    }

    /// A mail, and what is needed to read it once more.
    pub(crate) async fn mail(&self, id: MailId) -> Result<Option<(InboundMail, Arrived)>, StoreError> {
        let Some(found) = self.one(FIND, &[id.to_string()]).await? else { return Ok(None) };
        let (doc, arrived) = found.split_once('\n').unwrap_or_default();
        Ok(Some((
            json::from_str(doc).map_err(StoreError::unreadable)?,
            json::from_str(arrived).map_err(StoreError::unreadable)?,
        )))
    }

    /// Mails that came before another, the newest first: all, or those that are so far. JSON texts.
    pub(crate) async fn mails(
        &self,
        before: Option<MailId>,
        state: Option<State>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        // No id comes after "~".
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        let mut row = vec![before, limit.to_string()];
        let list = match state {
            None => LIST,
            Some(state) => {
                let state: &str = state.into();
                row.push(state.to_owned());
                LIST_IN_STATE
            }
        };
        Ok(self.texts(self.batch().with(list, row.as_slice())).await?.into_iter().next().unwrap_or_default())
    }

    /// The complaint of another mail that says the same.
    pub(crate) async fn mail_twin(&self, id: MailId, content: Digest) -> Result<Option<ComplaintId>, StoreError> {
        let found = self.one(TWIN, &[content.to_string(), id.to_string()]).await?;
        found.map(|id| id.parse().map_err(StoreError::unreadable)).transpose()
    }

    /// Complaints of the mails with these Message-IDs.
    pub(crate) async fn mail_threads(&self, ids: &[Digest]) -> Result<Vec<ComplaintId>, StoreError> {
        let row = [to_json(&ids)?];
        let found = self.texts(self.batch().with(THREAD, row.as_slice())).await?;
        found.iter().flatten().map(|id| id.parse().map_err(StoreError::unreadable)).collect()
    }

    /// The first text that a statement gives.
    async fn one(&self, sql: Scoped, row: &[String]) -> Result<Option<String>, StoreError> {
        Ok(self.texts(self.batch().with(sql, row)).await?.into_iter().flatten().next())
    }
}
