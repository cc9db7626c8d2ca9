//! A stack of a test's own, to kill it and to look into its databases while it is stopped.

use crate::{client::Client, eventually::within};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use xtask::stack::{Options, Stack};

/// A stack and the folder of its state.
pub(crate) fn own_stack() -> (Stack, PathBuf) {
    let options = Options::temporary().var("EXPOSE_COST", "1");
    let state = options.state.clone();
    (Stack::start(options).expect("a stack starts"), state)
}

pub(crate) fn operator(stack: &Stack) -> Client {
    Client::new(stack.base_url(), Some(stack.operator_key()))
}

/// The D1 databases of a stack that is not running.
pub(crate) fn databases(state: &Path) -> Vec<Connection> {
    let (mut open, mut found) = (vec![state.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("the state can be listed") {
            let path = entry.expect("the state can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|kind| kind == "sqlite") {
                let database = Connection::open(&path).expect("SQLite opens its file");
                if database.prepare("SELECT 1 FROM outbox").is_ok() {
                    found.push(database);
                }
            }
        }
    }
    assert!(!found.is_empty(), "there is no database below {}", state.display());
    found
}

/// The one of shard 0, which keeps the tenants.
pub(crate) fn database(state: &Path) -> Connection {
    let has_tenants = |database: &Connection| rows(database, "tenants") > 0;
    databases(state).into_iter().find(has_tenants).expect("there is a tenant")
}

/// How many there are in all databases of a stack that is not running.
pub(crate) fn count(state: &Path, from: &str) -> usize {
    databases(state).iter().map(|database| rows(database, from)).sum()
}

fn rows(database: &Connection, from: &str) -> usize {
    let sql = format!("SELECT count(*) FROM {from}");
    let count: i64 = database.query_row(&sql, [], |row| row.get(0)).expect("the rows can be counted");
    count.try_into().expect("a count is not negative")
}

/// Lets a minute's cron run come, about once a second, until `there` gives something, in the end after `limit`.
pub(crate) fn ticking<T>(limit: Duration, stack: &Stack, what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let mut next = Instant::now();
    within(limit, what, || {
        if Instant::now() >= next {
            stack.tick().expect("cron runs");
            next = Instant::now() + Duration::from_secs(1);
        }
        there()
    })
}
