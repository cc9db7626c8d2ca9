//! Uploads in parts: a row each while parts are waited for, beside its file's in `stored_files`, and gone with that at the latest.

use super::{DocRow, Scoped, StoreError, TenantDb, to_json};
use serde::de::IgnoredAny;
use shared::{
    attachment::upload::Upload,
    chain::Digest,
    http::idempotency::IdempotencyKey,
    ids::{AttachmentId, ComplaintId},
    json,
};

const BEGIN: Scoped = scoped!("sql/uploads/begin.sql");
const MADE_BY: Scoped = scoped!("sql/uploads/made_by.sql");
const FIND: Scoped = scoped!("sql/uploads/find.sql");
const PART: Scoped = scoped!("sql/uploads/part.sql");
const COMPLETE: Scoped = scoped!("sql/uploads/complete.sql");
const GIVE_UP: Scoped = scoped!("sql/uploads/give_up.sql");
const END: Scoped = scoped!("sql/uploads/end.sql");

/// A request that began an upload.
pub(crate) struct Made {
    pub(crate) fingerprint: Digest,
    pub(crate) attachment: AttachmentId,
    pub(crate) upload: Upload,
}

fn upload_of(row: Option<DocRow>) -> Result<Option<Upload>, StoreError> {
    row.map(|row| json::from_str(&row.doc).map_err(StoreError::unreadable)).transpose()
}

impl TenantDb {
    /// Writes an upload that begins.
    ///
    /// # Errors
    /// The key is [taken](StoreError::Taken).
    pub(crate) async fn begin_upload(
        &self,
        attachment: AttachmentId,
        upload: &Upload,
        key: &IdempotencyKey,
        fingerprint: Digest,
    ) -> Result<(), StoreError> {
        let row = (attachment, key.as_str(), fingerprint, to_json(upload)?);
        self.rows::<IgnoredAny>(BEGIN, row).await.map(drop)
    }

    /// The upload that the request with this key began, if it is still under way.
    pub(crate) async fn upload_made_by(&self, key: &IdempotencyKey) -> Result<Option<Made>, StoreError> {
        let row: Option<DocRow> = self.row(MADE_BY, (key.as_str(),)).await?;
        let Some(row) = row else { return Ok(None) };
        let mut words = row.doc.splitn(3, ' ');
        let made = (|| {
            let fingerprint = words.next()?.to_owned().try_into().ok()?;
            let attachment = words.next()?.parse().ok()?;
            let upload = json::from_str(words.next()?).ok()?;
            Some(Made { fingerprint, attachment, upload })
        })();
        made.map(Some).ok_or_else(|| StoreError::unreadable("a request that began no upload"))
    }

    /// An upload of a complaint's that is under way.
    pub(crate) async fn upload(
        &self,
        attachment: AttachmentId,
        complaint: ComplaintId,
    ) -> Result<Option<Upload>, StoreError> {
        upload_of(self.row(FIND, (attachment, complaint)).await?)
    }

    /// A part of it is there. What it is then; `None` if it is over.
    pub(crate) async fn add_part(
        &self,
        attachment: AttachmentId,
        part: u32,
        etag: &str,
    ) -> Result<Option<Upload>, StoreError> {
        upload_of(self.row(PART, (attachment, part, etag)).await?)
    }

    /// From now on nobody may give it up. What it is; `None` if it is over.
    pub(crate) async fn complete_upload(&self, attachment: AttachmentId) -> Result<Option<Upload>, StoreError> {
        upload_of(self.row(COMPLETE, (attachment,)).await?)
    }

    /// Nobody will complete it. False if somebody has begun to, or it is over.
    pub(crate) async fn give_up_upload(&self, attachment: AttachmentId) -> Result<bool, StoreError> {
        let row: Option<DocRow> = self.row(GIVE_UP, (attachment,)).await?;
        Ok(row.is_some())
    }

    /// It is over.
    pub(crate) async fn end_upload(&self, attachment: AttachmentId) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(END, (attachment,)).await.map(drop)
    }
}
