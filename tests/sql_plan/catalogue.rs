//! What is looked at: the schema that the migrations make, and the statements in their files.

use rusqlite::Connection;
use std::{collections::BTreeSet, path::Path};
use xtask::checkout::root;

/// The schema and the statements that run on it.
pub(crate) struct Catalogue {
    pub(crate) database: Connection,
    /// The tables with a column `tenant_id`.
    pub(crate) tenant_tables: BTreeSet<String>,
    pub(crate) tables: BTreeSet<String>,
    /// Indexes that hold only rows of some kind, of which there are few.
    pub(crate) partial_indexes: BTreeSet<String>,
    pub(crate) statements: Vec<Statement>,
}

pub(crate) struct Statement {
    /// The path below `worker/src/store/sql/`.
    pub(crate) name: String,
    pub(crate) sql: String,
}

impl Statement {
    /// Whether it is one that Redress runs for itself, beyond any one tenant.
    pub(crate) fn is_system(&self) -> bool {
        self.name.starts_with("system/")
    }
}

impl Catalogue {
    /// The product's own.
    pub(crate) fn read() -> Self {
        let schema: String = migrations().into_iter().map(|(_, sql)| sql).collect();
        let statements = files(&root().join("worker/src/store/sql"), "sql");
        assert!(!statements.is_empty(), "there are statements");
        Self::of(&schema, statements.into_iter().map(|(name, sql)| Statement { name, sql }).collect())
    }

    pub(crate) fn of(schema: &str, statements: Vec<Statement>) -> Self {
        let database = Connection::open_in_memory().expect("SQLite opens in memory");
        database.execute_batch(schema).expect("the migrations apply");
        let tables =
            column(&database, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        let tenant_tables = column(
            &database,
            "SELECT t.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND c.name = 'tenant_id'",
        );
        let partial_indexes =
            column(&database, "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'");
        Self { database, tenant_tables, tables, partial_indexes, statements }
    }

    /// Indexes and primary keys of tenants' tables that do not begin with `tenant_id`.
    pub(crate) fn indexes_not_by_tenant(&self) -> Vec<(String, String)> {
        let sql = "SELECT i.name FROM pragma_index_list(?1) i
            WHERE (SELECT c.name FROM pragma_index_info(i.name) c WHERE c.seqno = 0) IS NOT 'tenant_id'";
        let mut found = Vec::new();
        for table in &self.tenant_tables {
            let mut query = self.database.prepare(sql).expect("the pragma can be asked");
            let names = query.query_map([table], |row| row.get::<_, String>(0)).expect("the pragma answers");
            found.extend(names.map(|name| (table.clone(), name.expect("a name"))));
        }
        found
    }

    /// Tables that take values of any type.
    pub(crate) fn lax_tables(&self) -> Vec<String> {
        let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0
            AND name NOT LIKE 'sqlite_%'";
        column(&self.database, sql).into_iter().collect()
    }
}

fn column(database: &Connection, sql: &str) -> BTreeSet<String> {
    let mut query = database.prepare(sql).expect("the schema can be asked");
    let names = query.query_map([], |row| row.get::<_, String>(0)).expect("the schema answers");
    names.map(|name| name.expect("a name")).collect()
}

/// The migrations, by file name, in the order they are applied.
pub(crate) fn migrations() -> Vec<(String, String)> {
    let migrations = files(&root().join("d1-migrations"), "sql");
    assert!(!migrations.is_empty(), "there are migrations");
    migrations
}

/// One of the Worker's statements, by its path below `worker/src/store/sql/`.
pub(crate) fn statement(name: &str) -> String {
    let path = root().join("worker/src/store/sql").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Worker's own source.
pub(crate) fn rust_sources() -> Vec<(String, String)> {
    files(&root().join("worker/src"), "rs")
}

/// The files with this extension below `folder`, by their path in it.
fn files(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let entries = std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display()));
        for entry in entries {
            let path = entry.expect("the folder can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(folder).expect("it is below").to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).expect("the file can be read")));
            }
        }
    }
    found.sort();
    found
}
