//! Files that come in parts, so that a large one, or one over a poor connection, need not come twice. Parts are numbered and of one size
//! (Cloudflare R2, multipart uploads: at least 5 MiB, and all but the last alike); which are there can be asked.

use super::FileName;
use crate::{
    http::problem::{FieldError, Rule},
    ids::{AttachmentId, ComplaintId},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most bytes of a file that comes in parts.
pub const MAX_UPLOAD_BYTES: u64 = 1_000_000_000;

/// The bytes of every part but the last, which has what is left: 8 MiB.
pub const PART_BYTES: u64 = 8 << 20;

/// How long the parts are waited for, in milliseconds: 6 days. R2 gives up an upload after seven (Cloudflare R2, object lifecycles).
pub const LIFE_MILLIS: i64 = 6 * 24 * 60 * 60 * 1000;

/// A request to begin an upload.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginUpload {
    /// What the file is called.
    pub name: FileName,
    /// How many bytes it has.
    pub bytes: u64,
}

impl BeginUpload {
    /// What is wrong with it, where a file may have at most so many bytes.
    #[must_use]
    pub fn errors(&self, most: u64) -> Vec<FieldError> {
        let most = most.min(MAX_UPLOAD_BYTES);
        let fits = (1..=most).contains(&self.bytes);
        let error = || FieldError::at("/bytes", Rule::OutOfRange, format!("must be 1 to {most}"));
        if fits { Vec::new() } else { vec![error()] }
    }
}

/// An upload as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// What the file is called.
    pub name: FileName,
    /// How many bytes it has.
    pub bytes: u64,
    /// What the bucket calls the upload.
    pub bucket_id: String,
    /// Until when parts are waited for.
    pub expires_at: Timestamp,
    /// What the bucket calls each part that is there, by its number.
    #[serde(default)]
    pub parts: BTreeMap<u32, String>,
    /// Whether somebody has begun to make one file of them.
    #[serde(default)]
    pub completing: bool,
}

impl Upload {
    /// How many parts there are to be.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.bytes.div_ceil(PART_BYTES)
    }

    /// The bytes of a part, by its number, from 1; `None` if there is no such part.
    #[must_use]
    pub fn bytes_of(&self, part: u32) -> Option<u64> {
        let nth = u64::from(part);
        match self.count() {
            last if nth == last && nth > 0 => Some(self.bytes - (last - 1) * PART_BYTES),
            last if nth > 0 && nth < last => Some(PART_BYTES),
            _ => None,
        }
    }

    /// The numbers of parts that are not there, in order.
    #[must_use]
    pub fn missing(&self) -> Vec<u32> {
        let last = u32::try_from(self.count()).unwrap_or(u32::MAX);
        (1..=last).filter(|part| !self.parts.contains_key(part)).collect()
    }

    /// As its firm sees it.
    #[must_use]
    pub fn shown(&self, id: AttachmentId, complaint: ComplaintId) -> ShownUpload {
        ShownUpload {
            id,
            complaint,
            name: self.name.clone(),
            bytes: self.bytes,
            part_bytes: PART_BYTES,
            missing: self.missing(),
            expires_at: self.expires_at,
        }
    }
}

/// An upload that is under way.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ShownUpload {
    /// Its id, which will be the attachment's.
    pub id: AttachmentId,
    /// The complaint.
    pub complaint: ComplaintId,
    /// What the file is called.
    pub name: FileName,
    /// How many bytes it has.
    pub bytes: u64,
    /// The bytes of every part but the last, which has what is left.
    pub part_bytes: u64,
    /// The numbers of the parts that are still to come, from 1.
    pub missing: Vec<u32>,
    /// Until when they are waited for.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn upload(bytes: u64) -> Upload {
        let name = FileName::try_from("call.mp3".to_owned()).unwrap();
        let expires_at = Timestamp::from_unix_millis(1_700_000_000_000);
        Upload { name, bytes, bucket_id: "x".to_owned(), expires_at, parts: BTreeMap::new(), completing: false }
    }

    proptest! {
        #[test]
        fn parts_are_the_file(bytes in 1..=MAX_UPLOAD_BYTES) {
            let upload = upload(bytes);
            let sizes: Vec<_> = upload.missing().into_iter().map(|part| upload.bytes_of(part).unwrap()).collect();
            prop_assert_eq!(sizes.iter().sum::<u64>(), bytes);
            let (last, others) = sizes.split_last().unwrap();
            prop_assert!((1..=PART_BYTES).contains(last) && others.iter().all(|size| *size == PART_BYTES));
            let beyond = u32::try_from(sizes.len()).unwrap() + 1;
            prop_assert_eq!((upload.bytes_of(0), upload.bytes_of(beyond)), (None, None));
        }
    }

    #[test]
    fn what_is_there_is_not_missing() {
        let mut upload = upload(PART_BYTES * 2 + 1);
        upload.parts.insert(2, "etag".to_owned());
        assert_eq!(upload.missing(), [1, 3]);
    }

    #[test]
    fn a_file_is_neither_empty_nor_too_large() {
        for (bytes, most, fine) in [
            (0, 100, false),
            (1, 100, true),
            (100, 100, true),
            (101, 100, false),
            (MAX_UPLOAD_BYTES, u64::MAX, true),
            (MAX_UPLOAD_BYTES + 1, u64::MAX, false),
        ] {
            let name = FileName::try_from("call.mp3".to_owned()).unwrap();
            assert_eq!(BeginUpload { name, bytes }.errors(most).is_empty(), fine, "{bytes} of {most}");
        }
    }
}
