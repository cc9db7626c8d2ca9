//! `Redress-Bookmark`: how fresh a read must at least be, shard by shard of a cell: `eu/0:<bookmark>,1:<bookmark>`.
//!
//! A replica of a D1 database may lag behind. Each answer names the state of the shards that it has seen; a request
//! that brings it back is answered from that state or a later one (Cloudflare D1, "Sequential consistency"). What was
//! seen in the cell that a tenant has left since says nothing of these shards: then the primary answers.

use crate::tenant::{CellName, placement::ShardId};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The states of a cell's shards that a caller has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmarks {
    cell: CellName,
    seen: BTreeMap<ShardId, String>,
    /// Whether the caller has seen the data elsewhere, before it was moved here.
    moved: bool,
}

/// The header is not a list of bookmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the Redress-Bookmark of an earlier answer")]
pub struct InvalidBookmarks;

/// The most bytes of one bookmark; D1's have 71 so far.
const MAX_BYTES: usize = 128;
/// The most shards that a header names: as many as a tenant has.
const MAX_SHARDS: usize = 32;
/// Where a session starts that need not be fresh, and one that must be (Cloudflare D1, `withSession`).
const ANYWHERE: &str = "first-unconstrained";
const PRIMARY: &str = "first-primary";

impl Bookmarks {
    /// Nothing seen yet of this cell's shards.
    #[must_use]
    pub const fn none(cell: CellName) -> Self {
        Self { cell, seen: BTreeMap::new(), moved: false }
    }

    /// What they are worth in the cell `here`, of a tenant with these shards.
    #[must_use]
    pub fn at(mut self, here: &CellName, shards: &[ShardId]) -> Self {
        if self.cell != *here {
            return Self { moved: true, ..Self::none(here.clone()) };
        }
        self.seen.retain(|shard, _| shards.contains(shard));
        self
    }

    /// Where a session starts that shows of a shard at least what was seen (Cloudflare D1, `withSession`).
    #[must_use]
    pub fn session(&self, shard: ShardId) -> &str {
        let otherwise = if self.moved { PRIMARY } else { ANYWHERE };
        self.seen.get(&shard).map_or(otherwise, String::as_str)
    }

    /// Notes what was seen of a shard. D1's bookmarks sort as text from older to newer; an older one changes nothing.
    pub fn note(&mut self, shard: ShardId, bookmark: &str) {
        if is_bookmark(bookmark) && self.seen.get(&shard).is_none_or(|held| held.as_str() < bookmark) {
            self.seen.insert(shard, bookmark.to_owned());
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

/// D1 says only that a bookmark is opaque; its own are hexadecimal digits and hyphens.
fn is_bookmark(text: &str) -> bool {
    (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

impl FromStr for Bookmarks {
    type Err = InvalidBookmarks;

    fn from_str(header: &str) -> Result<Self, InvalidBookmarks> {
        let (cell, list) = header.trim().split_once('/').ok_or(InvalidBookmarks)?;
        let mut bookmarks = Self::none(CellName::try_from(cell.to_owned()).map_err(|_| InvalidBookmarks)?);
        for part in list.split(',') {
            let (shard, bookmark) = part.trim().split_once(':').ok_or(InvalidBookmarks)?;
            let is_number = (1..=3).contains(&shard.len()) && shard.bytes().all(|b| b.is_ascii_digit());
            let shard = shard.parse().ok().filter(|_| is_number).map(ShardId).ok_or(InvalidBookmarks)?;
            if !is_bookmark(bookmark) || bookmarks.seen.len() >= MAX_SHARDS {
                return Err(InvalidBookmarks);
            }
            bookmarks.note(shard, bookmark);
        }
        Ok(bookmarks)
    }
}

impl fmt::Display for Bookmarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.cell)?;
        for (place, (ShardId(shard), bookmark)) in self.seen.iter().enumerate() {
            write!(f, "{}{shard}:{bookmark}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(name: &str) -> CellName {
        CellName::try_from(name.to_owned()).unwrap()
    }

    #[test]
    fn what_was_seen_last_is_brought_back() {
        let mut seen: Bookmarks = "eu/1:0000-00b, 0:0000-00a".parse().unwrap();
        seen.note(ShardId(1), "0000-00c");
        seen.note(ShardId(0), "0000-009");
        seen.note(ShardId(2), "0000-001");
        assert_eq!(seen.to_string(), "eu/0:0000-00a,1:0000-00c,2:0000-001");
        assert_eq!(seen.to_string().parse(), Ok(seen.clone()));
        let only = seen.at(&cell("eu"), &[ShardId(1), ShardId(5)]);
        let sessions = [1, 0, 5].map(|shard| only.session(ShardId(shard)));
        assert_eq!((sessions, only.is_empty()), (["0000-00c", ANYWHERE, ANYWHERE], false));
    }

    #[test]
    fn what_was_seen_in_another_cell_is_asked_of_the_primary() {
        let seen: Bookmarks = "eu/0:0000-00f".parse().unwrap();
        let mut here = seen.at(&cell("us"), &[ShardId(0)]);
        assert_eq!((here.session(ShardId(0)), here.is_empty()), (PRIMARY, true));
        here.note(ShardId(0), "0000-001");
        assert_eq!((here.session(ShardId(0)), here.to_string().as_str()), ("0000-001", "us/0:0000-001"));
    }

    #[test]
    fn what_is_no_bookmark_is_refused() {
        let many: Vec<_> = (0..33).map(|shard| format!("{shard}:a")).collect();
        let long = format!("0:{}", "a".repeat(129));
        for wrong in
            ["", "0", "0:", ":a", "x:a", "+0:a", "256:a", "0:a,", "0:a b", "0:é", "0:\"a\"", &long, &many.join(",")]
        {
            assert_eq!(format!("eu/{wrong}").parse::<Bookmarks>(), Err(InvalidBookmarks), "{wrong}");
        }
        for wrong in ["", "0:a", "/0:a", "EU/0:a", "eu", "a/b/0:a"] {
            assert_eq!(wrong.parse::<Bookmarks>(), Err(InvalidBookmarks), "{wrong}");
        }
        assert!(format!("eu/{}", many[1..].join(",")).parse::<Bookmarks>().is_ok());
    }
}
