//! Every SQL statement of the Worker, parsed and planned without running anything.
//!
//! Invariant: a statement on a tenant's table names the tenant, as `?1`, for every such table it touches, and no
//! statement's cost grows with what is stored. `worker/src/store/sql/system/` is the loud exception to the first half:
//! it holds the few statements that Redress runs for itself.

mod catalogue;
mod counters;
mod feed;
mod migrated;
mod plan;
mod scope;

use catalogue::{Catalogue, Statement};

/// The statements beyond one tenant that may touch tenants' tables, and why. Nothing of it is answered to a tenant.
const SYSTEM_ON_TENANT_TABLES: &[(&str, &str, &str)] = &[
    ("system/outbox_stale.sql", "outbox", "cron sends what was not sent, whosever it is; rows hold ids"),
    ("system/outbox_delete.sql", "outbox", "the consumer takes away what it has recorded, by row id"),
    ("system/outbox_stale.sql", "tenant_holds", "what is left of a tenant that moves is not sent meanwhile"),
    ("system/outbox_of_tenant.sql", "outbox", "a page of it all, and of that one tenant's messages, which move along"),
    ("system/not_indexed.sql", "complaints", "cron indexes what a migration left, whosever it is"),
    ("system/outbox_depth.sql", "outbox", "operators see how much waits, whosever it is; a number and an age"),
    ("system/wake_due.sql", "complaints", "operators see how much waits, whosever it is; a number and a time"),
    ("system/bulk_open.sql", "bulk_jobs", "operators see how many there are, whosever they are"),
    ("system/wake.sql", "complaints", "cron records what time has brought, to whomever"),
    ("system/wake.sql", "tenant_holds", "the time of a tenant that is on the move is recorded later"),
    ("system/next_review.sql", "clock_reviews", "cron finds whose clocks depend on something else by now"),
    ("system/bulk_due.sql", "bulk_jobs", "cron finds jobs that nobody drives, whosever they are"),
    ("system/bulk_due.sql", "tenant_arrivals", "jobs of a tenant that is on the move wait"),
    ("system/bulk_due.sql", "tenant_departures", "jobs of a tenant that is on the move wait"),
    ("system/bulk_due.sql", "tenant_holds", "jobs of a tenant that is on the move wait"),
    (
        "system/webhook_messages_insert.sql",
        "webhook_messages",
        "one queue batch has messages of many tenants; each row brings its own",
    ),
    ("system/webhook_messages_insert.sql", "webhook_endpoints", "each event is for the endpoints of its own tenant"),
    ("system/webhook_lanes.sql", "webhook_endpoints", "whoever sends finds endpoints that are due, whosever they are"),
    ("system/webhook_lanes.sql", "tenant_holds", "nothing is sent for a tenant that is on the move"),
    ("system/webhook_lanes.sql", "tenant_arrivals", "nothing is sent for a tenant that is on the move"),
    ("system/webhook_messages_forget.sql", "webhook_messages", "cron deletes what is old, whosever it is"),
    ("system/webhook_messages_forget.sql", "tenant_holds", "nothing of a tenant that is on the move is deleted"),
    ("system/webhook_endpoints_forget.sql", "webhook_endpoints", "cron deletes what is old, whosever it is"),
    ("system/webhook_endpoints_forget.sql", "tenant_holds", "nothing of a tenant that is on the move is deleted"),
    (
        "system/notification_settings.sql",
        "notification_settings",
        "one queue batch has messages of many tenants; each its own",
    ),
    (
        "system/notifications_insert.sql",
        "notifications",
        "one queue batch has messages of many tenants; each row brings its own",
    ),
    ("system/notifications_due.sql", "notifications", "whoever sends finds what is due, whosever it is"),
    ("system/notifications_due.sql", "tenant_holds", "nothing is sent for a tenant that is on the move"),
    ("system/notifications_due.sql", "tenant_arrivals", "nothing is sent for a tenant that is on the move"),
    ("system/stored_files_due.sql", "stored_files", "cron sees what has become of files, whosever they are"),
    ("system/stored_files_due.sql", "tenant_arrivals", "files of a tenant that is on the move wait"),
    ("system/stored_files_due.sql", "tenant_holds", "files of a tenant that is on the move wait"),
    ("system/relocations_open.sql", "relocations", "cron drives every move that is under way"),
    ("system/tenant_read.sql", "relocations", "whether requests of the tenant have to wait for a move"),
    (
        "system/deliveries_insert.sql",
        "deliveries",
        "one queue batch has messages of many tenants; each row brings its own",
    ),
];

/// Keys of tenants' tables that do not begin with the tenant, and why.
const KEYED_OTHERWISE: &[(&str, &str)] = &[
    ("sqlite_autoindex_outbox_1", "read in the order of time by cron, deleted by id"),
    ("relocations_open", "those that are under way are few, and cron looks for all of them"),
    ("complaints_wake", "cron looks for all to which something has come"),
    ("webhook_endpoints_wake", "whoever sends looks for all that are due"),
    ("webhook_endpoints_deleted", "cron looks for all that were removed long ago"),
    ("webhook_messages_at", "cron looks for all that is old"),
    ("notifications_due", "whoever sends looks for all that is due"),
    ("stored_files_look_at", "cron looks for all of which it is time to see what has become"),
    ("clock_reviews_from", "cron looks for any that is to be done"),
];

#[test]
fn every_statement_of_a_tenant_is_bound_to_it() {
    let catalogue = Catalogue::read();
    let offences: Vec<String> = catalogue
        .statements
        .iter()
        .filter(|statement| !statement.is_system())
        .flat_map(|statement| named(statement, scope::offences(&statement.sql, &catalogue.tenant_tables)))
        .collect();
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn statements_beyond_a_tenant_touch_tenants_tables_only_where_it_is_written_down() {
    let catalogue = Catalogue::read();
    let touched: Vec<(&str, String)> = catalogue
        .statements
        .iter()
        .filter(|statement| statement.is_system())
        .flat_map(|statement| {
            let tables = scope::relations(&statement.sql);
            tables.into_iter().map(|table| (statement.name.as_str(), table))
        })
        .filter(|(_, table)| catalogue.tenant_tables.contains(table))
        .collect();
    let mut written_down: Vec<(&str, String)> =
        SYSTEM_ON_TENANT_TABLES.iter().map(|(name, table, _)| (*name, (*table).to_owned())).collect();
    written_down.sort();
    assert_eq!(touched, written_down);
}

#[test]
fn no_statement_scans_or_sorts_what_grows() {
    let catalogue = Catalogue::read();
    let offences: Vec<String> = catalogue
        .statements
        .iter()
        .flat_map(|statement| named(statement, plan::offences(&catalogue, statement)))
        .collect();
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn every_tenants_table_is_keyed_by_tenant_first() {
    let catalogue = Catalogue::read();
    assert!(!catalogue.tenant_tables.is_empty());
    let mut offences = catalogue.indexes_not_by_tenant();
    offences.retain(|(_, index)| !KEYED_OTHERWISE.iter().any(|(excepted, _)| excepted == index));
    assert_eq!(offences, []);
    assert_eq!(catalogue.lax_tables(), Vec::<String>::new(), "every table is STRICT");
}

/// A statement that is not in a file of its own would be planned by nobody.
#[test]
fn statements_live_in_their_files_and_every_file_is_used() {
    let catalogue = Catalogue::read();
    let rust = catalogue::rust_sources();
    for (file, source) in &rust {
        let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            let upper = line.replace("\"#", "\"").to_uppercase();
            let sql = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE ", "\"WITH ", "\"REPLACE ", "\"PRAGMA "];
            assert!(!sql.iter().any(|verb| upper.contains(verb)), "{file} holds SQL: {line}");
        }
    }
    for statement in &catalogue.statements {
        let included = format!("sql/{}\"", statement.name);
        assert!(rust.iter().any(|(_, source)| source.contains(&included)), "{} is not used", statement.name);
    }
}

fn named(statement: &Statement, offences: Vec<String>) -> Vec<String> {
    offences.into_iter().map(|offence| format!("{}: {offence}", statement.name)).collect()
}
