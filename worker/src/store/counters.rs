//! How many complaints of a database filters find, kept by triggers in the transaction of each write.
//!
//! Invariant: a counter that is there is right. It is named by what it counts, begun with nothing counted, and then
//! counts older and older complaints, each step in one transaction with what the triggers have counted meanwhile.

use super::{Scoped, StoreError, TenantBatch, TenantDb, together};
use shared::{
    http::list_query::ListQuery,
    search::{counter::Counter, place::Place},
};

const BEGIN: Scoped = scoped!("sql/counters/begin.sql");
const COUNT: Scoped = scoped!("sql/counters/count.sql");
const READ: Scoped = scoped!("sql/counters/read.sql");
const KEEP: Scoped = scoped!("sql/counters/keep.sql");
const FOUND: Scoped = scoped!("sql/counters/found.sql");

/// The most complaints that one step counts of a filter: some ten milliseconds of the database.
const A_STEP: &str = "5000";

/// Counters as a database has them.
pub(crate) struct Counted(Vec<String>);

impl Counted {
    /// How many complaints a counter has counted, and whether those are all.
    pub(crate) fn of(&self, counter: &Counter) -> (u64, bool) {
        let rows =
            self.0.iter().filter_map(|row| row.strip_prefix(counter.name.as_str())?.strip_prefix(' ')?.split_once(' '));
        let found = rows.map(|(n, whole)| (n.parse().unwrap_or_default(), whole == "1")).next();
        // Not begun: the tenant is held.
        found.unwrap_or((0, false))
    }
}

/// In each of these databases: begins the counters that are not there, counts a step of those that are not whole, and reads
/// them. Before that, drops all that are not in `kept`, if given.
pub(crate) async fn count(
    dbs: &[TenantDb],
    counters: &[Counter],
    kept: Option<&[Counter]>,
) -> Result<Vec<Counted>, StoreError> {
    let list = Counter::list(counters);
    let batch = |db: &TenantDb| {
        let batch = match kept {
            Some(kept) => db.batch().with(KEEP, [Counter::list(kept).as_str()].as_slice()),
            None => db.batch(),
        };
        let batch = batch.with(BEGIN, [list.as_str()].as_slice()).with(COUNT, [list.as_str(), A_STEP].as_slice());
        batch.with(READ, [list.as_str()].as_slice())
    };
    let rows = last_texts(dbs, dbs.iter().map(batch).collect()).await?;
    Ok(rows.into_iter().map(Counted).collect())
}

/// How many complaints of each of these databases a search finds, at most `limit` of each. `searched` is what is searched
/// for, in the language of the index.
pub(crate) async fn found(
    dbs: &[TenantDb],
    query: &ListQuery,
    searched: &str,
    limit: u64,
) -> Result<Vec<u64>, StoreError> {
    let (from, to) = query.received();
    let (first, last) = (Place::first_of(from).to_string(), Place::last_of(to).to_string());
    let (from, to, limit) = (from.unix_millis().to_string(), to.unix_millis().to_string(), limit.to_string());
    let batch = |db: &TenantDb| {
        let matching = db.matching(query, Some(searched));
        db.batch().with(FOUND, [matching.as_str(), &first, &last, &from, &to, &limit].as_slice())
    };
    let rows = last_texts(dbs, dbs.iter().map(batch).collect()).await?;
    Ok(rows.iter().map(|rows| rows.first().and_then(|n| n.parse().ok()).unwrap_or_default()).collect())
}

/// Runs a batch in each database, all at the same time. The rows of the last statement of each.
async fn last_texts(dbs: &[TenantDb], batches: Vec<TenantBatch>) -> Result<Vec<Vec<String>>, StoreError> {
    let answers = together(dbs.iter().zip(batches).map(|(db, batch)| db.texts(batch))).await;
    answers.into_iter().map(|answer| Ok(answer?.pop().unwrap_or_default())).collect()
}
