//! `Redress-Bookmark`: how fresh a read must at least be, shard by shard: `0:<bookmark>,1:<bookmark>`.
//!
//! A replica of a D1 database may lag behind. Each answer names the state of the shards that it has seen; a request
//! that brings it back is answered from that state or a later one (Cloudflare D1, "Sequential consistency").

use crate::tenant::placement::ShardId;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The states of shards that a caller has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmarks(BTreeMap<ShardId, String>);

/// The header is not a list of bookmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the Redress-Bookmark of an earlier answer")]
pub struct InvalidBookmarks;

/// The most bytes of one bookmark; D1's have 71 so far.
const MAX_BYTES: usize = 128;
/// The most shards that a header names: as many as a tenant has.
const MAX_SHARDS: usize = 32;

impl Bookmarks {
    /// What was seen of a shard.
    #[must_use]
    pub fn of(&self, shard: ShardId) -> Option<&str> {
        self.0.get(&shard).map(String::as_str)
    }

    /// Notes what was seen of a shard. D1's bookmarks sort as text from older to newer; an older one changes nothing.
    pub fn note(&mut self, shard: ShardId, bookmark: &str) {
        if is_bookmark(bookmark) && self.of(shard).is_none_or(|held| held < bookmark) {
            self.0.insert(shard, bookmark.to_owned());
        }
    }

    /// Those of `shards` only.
    #[must_use]
    pub fn only(mut self, shards: &[ShardId]) -> Self {
        self.0.retain(|shard, _| shards.contains(shard));
        self
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// D1 says only that a bookmark is opaque; its own are hexadecimal digits and hyphens.
fn is_bookmark(text: &str) -> bool {
    (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

impl FromStr for Bookmarks {
    type Err = InvalidBookmarks;

    fn from_str(header: &str) -> Result<Self, InvalidBookmarks> {
        let mut bookmarks = Self::default();
        for part in header.split(',') {
            let (shard, bookmark) = part.trim().split_once(':').ok_or(InvalidBookmarks)?;
            let is_number = (1..=3).contains(&shard.len()) && shard.bytes().all(|b| b.is_ascii_digit());
            let shard = shard.parse().ok().filter(|_| is_number).map(ShardId).ok_or(InvalidBookmarks)?;
            if !is_bookmark(bookmark) || bookmarks.0.len() >= MAX_SHARDS {
                return Err(InvalidBookmarks);
            }
            bookmarks.note(shard, bookmark);
        }
        Ok(bookmarks)
    }
}

impl fmt::Display for Bookmarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (ShardId(shard), bookmark)) in self.0.iter().enumerate() {
            write!(f, "{}{shard}:{bookmark}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_last_is_brought_back() {
        let mut seen: Bookmarks = "1:0000-00b, 0:0000-00a".parse().unwrap();
        seen.note(ShardId(1), "0000-00c");
        seen.note(ShardId(0), "0000-009");
        seen.note(ShardId(2), "0000-001");
        assert_eq!(seen.to_string(), "0:0000-00a,1:0000-00c,2:0000-001");
        assert_eq!(seen.to_string().parse(), Ok(seen.clone()));
        let only = seen.only(&[ShardId(1), ShardId(5)]);
        assert_eq!((only.of(ShardId(1)), only.of(ShardId(0)), only.is_empty()), (Some("0000-00c"), None, false));
    }

    #[test]
    fn what_is_no_bookmark_is_refused() {
        let many: Vec<_> = (0..33).map(|shard| format!("{shard}:a")).collect();
        let long = format!("0:{}", "a".repeat(129));
        for wrong in
            ["", "0", "0:", ":a", "x:a", "+0:a", "256:a", "0:a,", "0:a b", "0:é", "0:\"a\"", &long, &many.join(",")]
        {
            assert_eq!(wrong.parse::<Bookmarks>(), Err(InvalidBookmarks), "{wrong}");
        }
        assert!(many[1..].join(",").parse::<Bookmarks>().is_ok());
    }
}
