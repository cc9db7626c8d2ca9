//! Mails of the portal: a code, the way back to a draft. Each is kept sealed in the bucket, and a message on the queue names it, for no
//! queue has personal data in it. The courier sends it ([`send`]).

#[cfg(feature = "web")]
use super::page::PageCall;
use crate::{config::Config, log, platform::Runtime, store::StoreError};
#[cfg(feature = "web")]
use crate::{failure::Failure, platform::Queue};
use serde::{Deserialize, Serialize};
use shared::{
    ids::TenantId,
    json,
    portal::key::{PortalKey, Purpose},
    time::Timestamp,
};

/// The first word of a message that has a mail sent: what it is, and the version of its format. The tenant and the mail's name follow.
const MAIL: &str = "portal/1 ";
/// How long a mail is kept that is not sent, in milliseconds: two days.
const KEPT_MILLIS: i64 = 2 * 86_400_000;
/// Of the same to the same address one mail is sent in so many milliseconds.
const SELDOM_MILLIS: i64 = 10 * 60_000;

/// A mail that waits to be sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) firm: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) at: Timestamp,
}

fn secret(key: &PortalKey, tenant: TenantId) -> [u8; 32] {
    key.tag(tenant, Purpose::Keeping, "mails")
}

#[cfg(feature = "web")]
impl PageCall {
    /// Sends a mail, unless the same was sent to the address just now. `about`: what is the same.
    pub(super) async fn post(&self, to: &str, about: &str, mail: pages::mail::Mail) -> Result<(), Failure> {
        let now = self.call.now;
        let while_ = now.unix_millis().div_euclid(SELDOM_MILLIS);
        let said = format!("{} {about} {while_}", to.trim().to_lowercase());
        let name = self.key.name(self.id(), Purpose::Handle, &said);
        let rest = format!("mails/{name}");
        if !self.goes_after(now.plus_millis(KEPT_MILLIS), &rest).await? {
            return Ok(());
        }
        let firm = self.show("", |page| page.firm.name.to_owned());
        let waiting = Waiting { firm, to: to.trim().to_owned(), subject: mail.subject, text: mail.text, at: now };
        let text = serde_json::to_string(&waiting).map_err(Failure::internal)?;
        let runtime = &self.call.runtime;
        runtime.seal(&self.place(&rest), &secret(&self.key, self.id()), text.as_bytes()).await?;
        Ok(runtime.send(Queue::Messages, &[format!("{MAIL}{} {name}", self.id())]).await?)
    }
}

/// A mail that a message names.
pub(crate) struct Named {
    pub(crate) tenant: TenantId,
    pub(crate) name: String,
}

/// The mail that a message has sent, if it does.
pub(crate) fn asked(message: &str) -> Option<Named> {
    let (tenant, name) = message.strip_prefix(MAIL)?.split_once(' ')?;
    Some(Named { tenant: tenant.parse().ok()?, name: name.to_owned() })
}

impl Named {
    fn place(&self) -> String {
        format!("{}/portal/mails/{}", self.tenant, self.name)
    }

    /// What is to be sent. `None` if it was.
    pub(crate) async fn find(&self, runtime: &Runtime, config: &Config) -> Result<Option<Waiting>, StoreError> {
        let key = secret(&PortalKey::of(&config.cursors), self.tenant);
        let Some(bytes) = runtime.unseal(&self.place(), &key).await.map_err(StoreError::Busy)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(StoreError::unreadable)?;
        json::from_str(&text).map(Some).map_err(StoreError::unreadable)
    }

    /// It is sent, or never will be.
    pub(crate) async fn over(&self, runtime: &Runtime) {
        if let Err(fault) = runtime.delete(&self.place()).await {
            log::fault("portal_mail_not_deleted", &fault);
        }
    }
}
