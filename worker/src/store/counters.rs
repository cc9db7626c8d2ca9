//! How many complaints of this database filters find, kept by triggers in the transaction of each write.
//!
//! Invariant: a counter that is there is right. It is named by what it counts, begun with nothing counted, and then
//! counts older and older complaints, each step in one transaction with what its trigger has counted meanwhile.

use super::{Scoped, StoreError, TenantDb, TextRow, to_json};
use shared::{http::list_query::ListQuery, search::counter::Counter, search::place::Place};

const BEGIN: Scoped = Scoped::new(include_str!("sql/counters/begin.sql"));
const COUNT: Scoped = Scoped::new(include_str!("sql/counters/count.sql"));
const READ: Scoped = Scoped::new(include_str!("sql/counters/read.sql"));
const KEEP: Scoped = Scoped::new(include_str!("sql/counters/keep.sql"));
const FOUND: Scoped = Scoped::new(include_str!("sql/counters/found.sql"));

/// The most complaints that one step counts: some ten milliseconds of the database.
const A_STEP: u32 = 5_000;

/// A counter as it stands.
pub(crate) struct Counted {
    pub(crate) name: String,
    pub(crate) n: u64,
    /// Whether all complaints are counted.
    pub(crate) whole: bool,
}

fn counted_of(rows: Vec<TextRow>) -> Result<Vec<Counted>, StoreError> {
    let counted = |row: &TextRow| {
        let mut parts = row.text.split(' ');
        let (name, n) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        Some(Counted { name, n, whole: parts.next() == Some("1") })
    };
    rows.iter().map(|row| counted(row).ok_or_else(|| StoreError::unreadable("a counter that is none"))).collect()
}

impl TenantDb {
    /// The counters of these names that are there.
    pub(crate) async fn counted(&self, names: &[&str]) -> Result<Vec<Counted>, StoreError> {
        counted_of(self.rows(READ, (to_json(&names)?,)).await?)
    }

    /// Begins those of these that are not there, counts a step of each that is not whole, and reads them. Before that,
    /// drops all that are not in `kept`, if given.
    ///
    /// # Errors
    /// The tenant is [held](StoreError::Held), and some are not there.
    pub(crate) async fn count(
        &self,
        counters: &[&Counter],
        kept: Option<&[String]>,
    ) -> Result<Vec<Counted>, StoreError> {
        let begun = |of: &&Counter| (of.name.clone(), of.tokens.clone(), of.received_from, of.received_to);
        let begun: Vec<_> = counters.iter().map(begun).collect();
        let names: Vec<_> = counters.iter().map(|counter| &counter.name).collect();
        let mut batch = self.batch();
        batch = match kept {
            Some(kept) => batch.with(KEEP, (to_json(&kept)?,)),
            None => batch,
        };
        batch = batch.with(BEGIN, (to_json(&begun)?,));
        for Counter { name, tokens, .. } in counters.iter().copied() {
            batch = batch.with(COUNT, (name, all_of(tokens), A_STEP));
        }
        let mut answers = self.texts(batch.with(READ, (to_json(&names)?,))).await?;
        let counted = counted_of(answers.pop().unwrap_or_default())?;
        if counted.len() < counters.len() { Err(StoreError::Held) } else { Ok(counted) }
    }

    /// How many complaints a search finds, at most `limit`. `searched` as for [`list`](Self::list).
    pub(crate) async fn found(&self, query: &ListQuery, searched: &str, limit: u32) -> Result<u32, StoreError> {
        let (from, to) = query.received();
        let places = (Place::first_of(from).to_string(), Place::last_of(to).to_string());
        let parameters =
            (self.matching(query, Some(searched)), places.0, places.1, from.unix_millis(), to.unix_millis(), limit);
        let row: Option<TextRow> = self.row(FOUND, parameters).await?;
        Ok(row.and_then(|row| row.text.parse().ok()).unwrap_or_default())
    }
}

/// Complaints that have all of these tokens, in the language of the index.
pub(super) fn all_of(tokens: &[String]) -> String {
    tokens.iter().map(|token| format!("\"{token}\"")).collect::<Vec<_>>().join(" AND ")
}
