//! Notifications and what was set about them: in the database of the tenant's first slot.
//!
//! As with webhooks, statements take texts and give texts: each type of row would weigh more in the Worker.

use super::{Scoped, StoreError, TenantDb, to_json};
use serde::Deserialize;
use shared::{
    complaint::event::EventKind,
    http::{cursor::CursorKey, idempotency::IdempotencyKey},
    ids::{ComplaintId, TenantId},
    json,
    mail::address,
    notification::{
        Attempt, Audience, Channel, Reason, Status,
        opt_out::OptOut,
        settings::{Settings, shipped},
    },
    text::Code,
    time::Timestamp,
};
use std::{borrow::Cow, fmt, str::FromStr};

const SETTINGS: Scoped = scoped!("sql/notifications/settings.sql");
const SET: Scoped = scoped!("sql/notifications/set.sql");
const LIST: Scoped = scoped!("sql/notifications/list.sql");
const LIST_BY_STATUS: Scoped = scoped!("sql/notifications/list_by_status.sql");
const OF_COMPLAINT: Scoped = scoped!("sql/notifications/of_complaint.sql");
const FIND: Scoped = scoped!("sql/notifications/find.sql");
const RETRY: Scoped = scoped!("sql/notifications/retry.sql");
const RECORD: Scoped = scoped!("sql/notifications/record.sql");
const REPORT: Scoped = scoped!("sql/notifications/report.sql");
const TOLD_OF: Scoped = scoped!("sql/complaints/told_of.sql");

/// Under which the firm's rules are kept (`notification_settings.sql` has it, too).
const RULES: &str = "rules";

/// Which notification it is: an event, told by a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Which {
    pub(crate) complaint: ComplaintId,
    pub(crate) seq: u32,
    pub(crate) rule: Code,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.complaint, self.seq, self.rule)
    }
}

impl Which {
    /// What a mail of it is called: a name that nobody else can make, by which answers and reports find their way.
    pub(crate) fn mail_id(&self, tenant: TenantId, key: &CursorKey) -> String {
        format!("{}.{}.{}", address::token(tenant, self.complaint, key), self.seq, self.rule)
    }

    /// The notification that was sent by a name made here, whose dots may be `-` by now: a provider's tags have no dots.
    pub(crate) fn of_mail_id(id: &str, tenant: TenantId, key: &CursorKey) -> Option<Self> {
        let mut parts = id.split('@').next()?.splitn(3, ['.', '-']);
        let complaint = address::open(parts.next()?, tenant, key)?;
        Some(Self { complaint, seq: parts.next()?.parse().ok()?, rule: Code::try_from(parts.next()?).ok()? })
    }
}

/// The text names no notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSuch;

impl FromStr for Which {
    type Err = NoSuch;

    fn from_str(text: &str) -> Result<Self, NoSuch> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(NoSuch);
        let (complaint, seq, rule) = (next()?, next()?, next()?);
        let which = Self {
            complaint: complaint.parse().map_err(|_| NoSuch)?,
            seq: seq.parse().map_err(|_| NoSuch)?,
            rule: Code::try_from(rule).map_err(|_| NoSuch)?,
        };
        if parts.next().is_none() { Ok(which) } else { Err(NoSuch) }
    }
}

/// A notification as it is stored.
#[derive(Deserialize)]
pub(crate) struct Notification(
    pub(crate) ComplaintId,
    pub(crate) u32,
    pub(crate) Code,
    pub(crate) EventKind,
    pub(crate) Channel,
    pub(crate) Audience,
    pub(crate) i64,
    pub(crate) Status,
    pub(crate) String,
    pub(crate) Option<i64>,
    pub(crate) u32,
    pub(crate) Vec<Attempt>,
);

impl Notification {
    pub(crate) fn which(&self) -> Which {
        Which { complaint: self.0, seq: self.1, rule: self.2.clone() }
    }

    /// Where it stands in the list.
    pub(crate) fn place(&self) -> String {
        format!("{}.{}", self.6, self.which())
    }
}

/// An event of a complaint, by its number.
pub(crate) type Event = (ComplaintId, u32);

/// What became of a notification.
pub(crate) struct Told {
    pub(crate) status: Status,
    pub(crate) reason: Option<Reason>,
    /// When it is seen to again.
    pub(crate) next: Option<Timestamp>,
    pub(crate) failed: u32,
    pub(crate) attempt: Option<Attempt>,
}

/// What is listed: how many, of which status, and behind which place.
pub(crate) struct Wanted<'w> {
    pub(crate) limit: usize,
    pub(crate) status: Option<Status>,
    pub(crate) after: Option<(i64, &'w Which)>,
}

fn versioned(text: &str) -> Result<(u32, &str), StoreError> {
    let (version, doc) = text.split_once(' ').unwrap_or_default();
    Ok((version.parse().map_err(StoreError::unreadable)?, doc))
}

fn rules(text: Option<&String>) -> Result<(u32, Cow<'static, Settings>), StoreError> {
    let Some(text) = text else { return Ok((0, Cow::Borrowed(shipped()))) };
    let (version, doc) = versioned(text)?;
    Ok((version, Cow::Owned(json::from_str(doc).map_err(StoreError::unreadable)?)))
}

fn opt_out(text: Option<&String>) -> Result<OptOut, StoreError> {
    let Some(text) = text else { return Ok(OptOut::default()) };
    json::from_str(versioned(text)?.1).map_err(StoreError::unreadable)
}

fn notifications(rows: &[Vec<String>]) -> Result<Vec<Notification>, StoreError> {
    rows.iter().flatten().map(|row| json::from_str(row).map_err(StoreError::unreadable)).collect()
}

impl TenantDb {
    /// The firm's rules, or those of the service, which are version 0.
    pub(crate) async fn notification_rules(&self) -> Result<(u32, Cow<'static, Settings>), StoreError> {
        let found = self.texts(self.batch().with(SETTINGS, [RULES].as_slice())).await?;
        rules(found.first().and_then(|rows| rows.first()))
    }

    /// The rules, and whether the people of a complaint want to hear of its progress.
    pub(crate) async fn notification_rules_for(
        &self,
        complaint: ComplaintId,
    ) -> Result<(Cow<'static, Settings>, OptOut), StoreError> {
        let id = complaint.to_string();
        let batch = self.batch().with(SETTINGS, [RULES].as_slice()).with(SETTINGS, [id.as_str()].as_slice());
        let found = self.texts(batch).await?;
        let mut found = found.iter().map(|rows| rows.first());
        let (_, settings) = rules(found.next().flatten())?;
        Ok((settings, opt_out(found.next().flatten())?))
    }

    /// Writes the version of the rules that follows this one. `None` if another writer was first.
    pub(crate) async fn set_notification_rules(
        &self,
        settings: &Settings,
        version: u32,
    ) -> Result<Option<u32>, StoreError> {
        let row = [RULES, &version.to_string(), &to_json(settings)?];
        let written = self.texts(self.batch().with(SET, row.as_slice())).await?;
        Ok(written.iter().flatten().next().and_then(|version| version.parse().ok()))
    }

    /// Whether the people of a complaint want to hear of its progress.
    pub(crate) async fn opt_out(&self, complaint: ComplaintId) -> Result<OptOut, StoreError> {
        let id = complaint.to_string();
        let found = self.texts(self.batch().with(SETTINGS, [id.as_str()].as_slice())).await?;
        opt_out(found.first().and_then(|rows| rows.first()))
    }

    /// Notes whether they do.
    pub(crate) async fn set_opt_out(&self, complaint: ComplaintId, opt_out: &OptOut) -> Result<(), StoreError> {
        let row = [&complaint.to_string(), "", &to_json(opt_out)?];
        self.texts(self.batch().with(SET, row.as_slice())).await.map(drop)
    }

    /// Notifications, the newest first.
    pub(crate) async fn notifications(&self, wanted: &Wanted<'_>) -> Result<Vec<Notification>, StoreError> {
        let Wanted { limit, status, after } = wanted;
        let (at, complaint, seq, rule) = match after {
            None => (i64::MAX, String::new(), 0, ""),
            Some((at, which)) => (*at, which.complaint.to_string(), which.seq, which.rule.as_str()),
        };
        let (at, seq, limit) = (at.to_string(), seq.to_string(), limit.to_string());
        let row = [at.as_str(), &complaint, &seq, rule, &limit];
        let batch = match status {
            None => self.batch().with(LIST, row.as_slice()),
            Some(status) => {
                let status: &str = (*status).into();
                let row: Vec<&str> = row.into_iter().chain([status]).collect();
                self.batch().with(LIST_BY_STATUS, row.as_slice())
            }
        };
        notifications(&self.texts(batch).await?)
    }

    /// Those of a complaint, at most 1,000, in the order of its events.
    pub(crate) async fn notifications_of(&self, complaint: ComplaintId) -> Result<Vec<Notification>, StoreError> {
        let id = complaint.to_string();
        notifications(&self.texts(self.batch().with(OF_COMPLAINT, [id.as_str()].as_slice())).await?)
    }

    /// Has one that was given up sent anew, once for each key. As it is then; `None` if there is no such.
    pub(crate) async fn retry_notification(
        &self,
        which: &Which,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Notification>, StoreError> {
        let (id, seq, at) = (which.complaint.to_string(), which.seq.to_string(), now.unix_millis().to_string());
        let named = [id.as_str(), &seq, which.rule.as_str()];
        let asked: Vec<&str> = named.into_iter().chain([at.as_str(), key.as_str()]).collect();
        let batch = self.batch().with(RETRY, asked.as_slice()).with(FIND, named.as_slice());
        Ok(notifications(&self.texts(batch).await?)?.pop())
    }

    /// Writes down what became of some, by the same rule and all alike.
    pub(crate) async fn record_notifications(
        &self,
        rule: &Code,
        which: &[Event],
        told: &Told,
    ) -> Result<(), StoreError> {
        let Told { status, reason, next, failed, attempt } = told;
        let reason: &str = reason.map_or("", Into::into);
        let said = to_json(&(status, reason, next.map(Timestamp::unix_millis), failed, attempt))?;
        let row = [to_json(&which)?, rule.to_string(), said];
        self.texts(self.batch().with(RECORD, row.as_slice())).await.map(drop)
    }

    /// Writes down what somebody reports of one that was sent. Whether that is new.
    pub(crate) async fn report_notification(&self, which: &Which, status: Status) -> Result<bool, StoreError> {
        let reason: &str = if status == Status::Bounced { Reason::Refused.into() } else { "" };
        let (id, seq) = (which.complaint.to_string(), which.seq.to_string());
        let row = [id.as_str(), &seq, which.rule.as_str(), status.into(), reason];
        Ok(self.texts(self.batch().with(REPORT, row.as_slice())).await?.iter().any(|rows| !rows.is_empty()))
    }

    /// Of some complaints in this database those that are there: id, reference, and who works on it, apart by spaces.
    pub(crate) async fn told_of(&self, complaints: &[ComplaintId]) -> Result<Vec<String>, StoreError> {
        let list = to_json(&complaints)?;
        let found = self.texts(self.batch().with(TOLD_OF, [list.as_str()].as_slice())).await?;
        Ok(found.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_named_by_what_makes_it_one() {
        let text = "018bcfe5-6800-7303-8303-030303030300.2.received";
        let which: Which = text.parse().unwrap();
        assert_eq!((which.to_string().as_str(), which.seq, which.rule.as_str()), (text, 2, "received"));
        for other in
            ["", "a.b.c", &format!("{text}.x"), &text.replace("received", "Re ceived"), &text.replace(".2", "")]
        {
            assert_eq!(other.parse::<Which>(), Err(NoSuch), "{other}");
        }
    }

    #[test]
    fn a_mail_is_called_what_only_this_cell_can_call_it() {
        let which: Which = "018bcfe5-6800-7303-8303-030303030300.2.late-again".parse().unwrap();
        let tenant = |of: u8| TenantId::new(Timestamp::MIN, &[of; 10]);
        let key = CursorKey::from_base64url("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let id = which.mail_id(tenant(1), &key);
        for id in [id.replace('.', "-"), id] {
            assert_eq!(Which::of_mail_id(&id, tenant(1), &key).as_ref(), Some(&which));
            assert_eq!(Which::of_mail_id(&format!("{id}@redress.example"), tenant(1), &key).as_ref(), Some(&which));
            assert_eq!(Which::of_mail_id(&id, tenant(2), &key), None);
            assert_eq!(Which::of_mail_id(&id.replacen('a', "b", 1), tenant(1), &key), None);
        }
        for other in ["", "@", "a.b.c", "018bcfe5-6800-7303-8303-030303030300.2.late"] {
            assert_eq!(Which::of_mail_id(other, tenant(1), &key), None, "{other}");
        }
    }
}
