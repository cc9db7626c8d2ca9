//! Drafts in the bucket, each sealed with a key that follows from a secret of whoever has it and from the cell's own: the cookie or the
//! link that names a draft is what opens it.

use super::{
    page::{PageCall, secret},
    turns::turn,
};
use crate::{
    failure::Failure,
    platform::{self, Fault},
};
use shared::{
    http::problem::Code,
    ids::AttachmentId,
    json,
    portal::{
        DRAFT,
        draft::{Draft, LIFE_MILLIS, MAX_BYTES},
        key::Purpose,
    },
    time::Timestamp,
};

/// A draft, and the secret that opens it.
pub(super) struct Kept {
    pub(super) secret: String,
    pub(super) draft: Draft,
}

impl PageCall {
    /// Where the portal keeps something of the firm.
    pub(super) fn place(&self, rest: &str) -> String {
        format!("{}/portal/{rest}", self.id())
    }

    /// Has something go once it is over. Done twice, it is done once: whether it was the first time.
    pub(super) async fn goes_after(&self, until: Timestamp, rest: &str) -> Result<bool, Fault> {
        let key = turn(until, self.id(), rest);
        Ok(self.call.runtime.claim(&key, "").await?.is_none())
    }

    fn draft_place(&self, secret: &str) -> String {
        format!("drafts/{}/", self.key.name(self.id(), Purpose::DraftPlace, secret))
    }

    fn draft_key(&self, secret: &str) -> [u8; 32] {
        self.key.tag(self.id(), Purpose::DraftKey, secret)
    }

    /// The draft that a secret opens, if it is kept still.
    pub(super) async fn open_draft(&self, secret: &str) -> Result<Option<Kept>, Failure> {
        if secret.len() != 64 {
            return Ok(None);
        }
        let place = self.place(&format!("{}draft", self.draft_place(secret)));
        let Some(bytes) = self.call.runtime.unseal(&place, &self.draft_key(secret)).await? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(Failure::internal)?;
        let draft: Draft = json::from_str(&text).map_err(Failure::internal)?;
        let kept = Kept { secret: secret.to_owned(), draft };
        Ok(Some(kept).filter(|kept| kept.draft.expires_at > self.call.now))
    }

    /// This browser's draft, sent or not.
    pub(super) async fn draft(&self) -> Result<Option<Kept>, Failure> {
        match self.cookie(&DRAFT) {
            Some(secret) => self.open_draft(&secret).await,
            None => Ok(None),
        }
    }

    /// This browser's draft that is not sent yet.
    pub(super) async fn open(&self) -> Result<Option<Kept>, Failure> {
        Ok(self.draft().await?.filter(|kept| kept.draft.sent.is_none()))
    }

    /// The same, or a new one, which the browser is given.
    pub(super) async fn open_or_new(&self) -> Result<Kept, Failure> {
        if let Some(kept) = self.open().await? {
            return Ok(kept);
        }
        let secret = secret();
        let draft = Draft::new(format!("portal:{}", super::page::secret()), self.call.now);
        self.goes_after(draft.expires_at, &self.draft_place(&secret)).await?;
        self.set(&DRAFT, &secret, LIFE_MILLIS / 1_000);
        Ok(Kept { secret, draft })
    }

    /// Keeps a draft as it is now.
    pub(super) async fn keep(&self, kept: &Kept) -> Result<(), Failure> {
        let text = serde_json::to_string(&kept.draft).map_err(Failure::internal)?;
        if text.len() > MAX_BYTES {
            return Err(Failure::new(Code::TooLarge));
        }
        let place = self.place(&format!("{}draft", self.draft_place(&kept.secret)));
        Ok(self.call.runtime.seal(&place, &self.draft_key(&kept.secret), text.as_bytes()).await?)
    }

    fn file_place(&self, kept: &Kept, file: AttachmentId) -> String {
        self.place(&format!("{}files/{file}", self.draft_place(&kept.secret)))
    }

    pub(super) async fn keep_file(&self, kept: &Kept, file: AttachmentId, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.call.runtime.seal(&self.file_place(kept, file), &self.draft_key(&kept.secret), bytes).await?)
    }

    pub(super) async fn file(&self, kept: &Kept, file: AttachmentId) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.call.runtime.unseal(&self.file_place(kept, file), &self.draft_key(&kept.secret)).await?)
    }

    pub(super) async fn forget_file(&self, kept: &Kept, file: AttachmentId) -> Result<(), Failure> {
        Ok(self.call.runtime.delete(&self.file_place(kept, file)).await?)
    }

    /// Where it is kept which drafts an address has.
    fn address_place(&self, email: &str) -> String {
        format!("addresses/{}/", self.key.name(self.id(), Purpose::Address, &email.trim().to_lowercase()))
    }

    /// Notes that whoever reads an address may come back to a draft.
    pub(super) async fn note_address(&self, kept: &Kept, email: &str) -> Result<(), Failure> {
        let name = self.key.name(self.id(), Purpose::DraftPlace, &kept.secret);
        let rest = format!("{}{name}", self.address_place(email));
        if self.goes_after(kept.draft.expires_at, &rest).await? {
            let key = self.key.tag(self.id(), Purpose::Keeping, "addresses");
            self.call.runtime.seal(&self.place(&rest), &key, kept.secret.as_bytes()).await?;
        }
        Ok(())
    }

    /// The drafts that an address has: at most so many.
    pub(super) async fn drafts_of(&self, email: &str, most: u32) -> Result<Vec<Kept>, Failure> {
        let key = self.key.tag(self.id(), Purpose::Keeping, "addresses");
        let mut found = Vec::new();
        for place in self.call.runtime.keys(&self.place(&self.address_place(email)), most).await? {
            let Some(secret) = self.call.runtime.unseal(&place, &key).await? else { continue };
            let kept = self.open_draft(&String::from_utf8_lossy(&secret)).await?;
            found.extend(kept.filter(|kept| kept.draft.sent.is_none()));
        }
        Ok(found)
    }
}

/// A new id for a file of a draft.
pub(super) fn new_file(now: Timestamp) -> AttachmentId {
    AttachmentId::new(now, &platform::entropy())
}
