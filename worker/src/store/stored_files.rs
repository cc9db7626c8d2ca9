//! What a tenant keeps in the bucket for its complaints: a row a file, in the database of the tenant's first slot.
//!
//! The row is there before the bytes and goes after them, so what is counted is never less than what is kept. Whether a file is to be
//! there, its complaint's events alone say: a row with `look_at` is one of which that may be in doubt, and cron sees to it
//! (`deliver/scanning.rs`).

use super::{DocRow, Scoped, StoreError, TenantDb, parts};
use serde::de::IgnoredAny;
use shared::{
    ids::{AttachmentId, ComplaintId, RelocationId},
    time::Timestamp,
};

const RESERVE: Scoped = scoped!("sql/stored_files/reserve.sql");
const LOOK: Scoped = scoped!("sql/stored_files/look.sql");
const RELEASE: Scoped = scoped!("sql/stored_files/release.sql");
const FIND: Scoped = scoped!("sql/stored_files/find.sql");
const USED: Scoped = scoped!("sql/stored_files/used.sql");
const PUT: Scoped = scoped!("sql/relocation/put_stored_files.sql");

/// A file that is to be kept.
#[derive(Clone, Copy)]
pub(crate) struct Reserved {
    pub(crate) attachment: AttachmentId,
    pub(crate) complaint: ComplaintId,
    pub(crate) bytes: u64,
    /// When cron is to see what has become of it.
    pub(crate) look_at: Timestamp,
}

impl TenantDb {
    /// Makes room for a file. False if the tenant would keep more than `most` bytes then.
    pub(crate) async fn reserve_file(&self, file: Reserved, most: u64) -> Result<bool, StoreError> {
        let Reserved { attachment, complaint, bytes, look_at } = file;
        // SQLite's numbers have a sign.
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let row: Option<DocRow> =
            self.row(RESERVE, (attachment, complaint, bytes, most, look_at.unix_millis())).await?;
        Ok(row.is_some())
    }

    /// Says when to see what has become of a file; never, if all is done.
    pub(crate) async fn look_at_file(
        &self,
        attachment: AttachmentId,
        look_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(LOOK, (attachment, look_at.map(Timestamp::unix_millis))).await.map(drop)
    }

    /// A file is not kept any more.
    pub(crate) async fn release_file(&self, attachment: AttachmentId) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(RELEASE, (attachment,)).await.map(drop)
    }

    /// Whether a file is kept here.
    pub(crate) async fn has_file(&self, attachment: AttachmentId) -> Result<bool, StoreError> {
        let row: Option<DocRow> = self.row(FIND, (attachment,)).await?;
        Ok(row.is_some())
    }

    /// How many bytes the tenant keeps.
    pub(crate) async fn storage_used(&self) -> Result<u64, StoreError> {
        let row: Option<DocRow> = self.row(USED, ()).await?;
        row.map_or(Ok(0), |row| row.doc.parse().map_err(StoreError::unreadable))
    }

    /// Takes in what a tenant that comes may have kept: once it is here, each is seen to.
    pub(crate) async fn take_in_files(
        &self,
        job: RelocationId,
        files: &[(AttachmentId, ComplaintId, u64)],
    ) -> Result<(), StoreError> {
        for list in parts(files)? {
            self.rows::<IgnoredAny>(PUT, (list, job)).await?;
        }
        Ok(())
    }
}
