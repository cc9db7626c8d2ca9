//! Whether a statement's cost stays what it is as data grows: SQLite's own plan shows no scan of a table and no sort of
//! rows whose number is not limited, and every search of a tenant's table starts at the tenant.

use crate::{
    catalogue::{Catalogue, Statement},
    scope::{last, lower, parse},
};
use sqlparser::ast::{Cte, Query, SetExpr, TableFactor, Visit, Visitor};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

/// One step of a plan; steps with the same parent work on the same SELECT.
struct Step {
    parent: i64,
    detail: String,
}

/// What is wrong with the statement's plan.
pub(crate) fn offences(catalogue: &Catalogue, statement: &Statement) -> Vec<String> {
    let (parsed, steps) = match (parse(&statement.sql), explain(catalogue, &statement.sql)) {
        (Ok(parsed), Ok(steps)) => (parsed, steps),
        (Err(error), _) | (_, Err(error)) => return vec![error],
    };
    let mut names = Names { tables: catalogue.tables.clone(), ..Names::default() };
    let _never_breaks = parsed.visit(&mut names);
    let mut found = names.unlimited.clone();
    for (nth, Step { parent, detail }) in steps.iter().enumerate() {
        let siblings = || steps.iter().filter(|step| step.parent == *parent).map(|step| step.detail.as_str());
        if let Some(scanned) = detail.strip_prefix("SCAN ") {
            if !names.is_small(scanned) && !is_looked_up(scanned) && !is_partial(catalogue, scanned) {
                found.push(format!("scans: {detail}"));
            }
            // The list is short; what comes before it is then all of the tenant's.
            let inside = |step: &&Step| step.parent == *parent && step.detail.starts_with("SEARCH ");
            if names.is_small(scanned)
                && let Some(outer) = steps.iter().take(nth).find(inside)
            {
                found.push(format!(
                    "reads a list once for each row: {detail}, inside {} (CROSS JOIN keeps the order)",
                    outer.detail
                ));
            }
        } else if let Some(searched) = detail.strip_prefix("SEARCH ") {
            if searched.contains(" AUTOMATIC ") {
                found.push(format!("builds an index each time: {detail}"));
            }
            let table = names.table(searched);
            let of_tenants = table.is_some_and(|table| catalogue.tenant_tables.contains(table));
            // A row by its number is one row; that it is the tenant's is looked at elsewhere.
            let by_tenant = searched.contains("(tenant_id=?") || searched.contains("INTEGER PRIMARY KEY (rowid=?)");
            if !statement.is_system() && of_tenants && !by_tenant {
                found.push(format!("does not start at the tenant: {detail}"));
            }
        } else if detail.starts_with("USE TEMP B-TREE") {
            let large = siblings().any(|step| {
                let source = step.strip_prefix("SCAN ").or_else(|| step.strip_prefix("SEARCH "));
                source.is_some_and(|source| !names.is_small(source))
            });
            if large {
                found.push(format!("sorts rows without a limit: {detail}"));
            }
        }
    }
    found
}

/// Whether a virtual table is asked for something: SQLite shows no more of its plan than a number for how, 0 for not at all.
fn is_looked_up(scanned: &str) -> bool {
    scanned.split_once(" VIRTUAL TABLE INDEX ").is_some_and(|(_, how)| !how.starts_with("0:") || how.contains('M'))
}

fn is_partial(catalogue: &Catalogue, scanned: &str) -> bool {
    scanned.split_once(" INDEX ").is_some_and(|(_, index)| catalogue.partial_indexes.contains(index))
}

fn explain(catalogue: &Catalogue, sql: &str) -> Result<Vec<Step>, String> {
    let explained = format!("EXPLAIN QUERY PLAN {sql}");
    let mut query = catalogue.database.prepare(&explained).map_err(|error| error.to_string())?;
    // Parameters stay unbound: without ANALYZE the plan does not depend on them.
    let steps = query.raw_query().mapped(|row| Ok(Step { parent: row.get(1)?, detail: row.get(3)? }));
    steps.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// What the names in a plan stand for.
#[derive(Default)]
struct Names {
    tables: BTreeSet<String>,
    /// Tables by the alias they are given; one alias may be given to several.
    aliases: BTreeMap<String, BTreeSet<String>>,
    /// Names of JSON lists that came as a parameter, and of subqueries.
    small: BTreeSet<String>,
    unlimited: Vec<String>,
}

impl Names {
    /// Whether what a step scans or searches has few rows, however much is stored.
    fn is_small(&self, source: &str) -> bool {
        let name = source.split(' ').next().unwrap_or_default().to_lowercase();
        let is_table = self.tables.contains(&name) || self.aliases.contains_key(&name);
        // An unnamed subquery is limited, or else it is in `unlimited`.
        !is_table && (source == "CONSTANT ROW" || name.starts_with("(subquery-") || self.small.contains(&name))
    }

    fn table(&self, source: &str) -> Option<&String> {
        let name = source.split(' ').next().unwrap_or_default().to_lowercase();
        self.aliases.get(&name).and_then(|tables| tables.first()).or_else(|| self.tables.get(&name))
    }

    /// Whether the query yields few rows, however much is stored.
    fn limited(&self, query: &Query) -> bool {
        query.limit_clause.is_some()
            || match query.body.as_ref() {
                SetExpr::Values(_) => true,
                SetExpr::Select(select) => {
                    let mut sources = select.from.iter().flat_map(|from| {
                        std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
                    });
                    sources.all(|source| match source {
                        TableFactor::Derived { subquery, .. } => self.limited(subquery),
                        TableFactor::Table { name, args, .. } => args.is_some() || self.small.contains(&last(name)),
                        _ => false,
                    })
                }
                _ => false,
            }
    }
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for Cte { alias, query: inner, .. } in query.with.iter().flat_map(|with| &with.cte_tables) {
            if !self.limited(inner) {
                self.unlimited.push(format!("{} has no LIMIT", alias.name));
            }
            self.small.insert(lower(&alias.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let alias = alias.as_ref().map_or_else(|| last(name), |alias| lower(&alias.name));
                if args.is_some() || self.small.contains(&last(name)) {
                    self.small.insert(alias);
                } else {
                    self.aliases.entry(alias).or_default().insert(last(name));
                }
            }
            TableFactor::Derived { subquery, alias, .. } => {
                if !self.limited(subquery) {
                    self.unlimited.push(format!("a subquery has no LIMIT: {subquery}"));
                }
                self.small.extend(alias.as_ref().map(|alias| lower(&alias.name)));
            }
            other => self.unlimited.push(format!("this test does not understand {other}")),
        }
        ControlFlow::Continue(())
    }
}

/// Deliberately bad statements, and good ones that look like them.
#[test]
fn a_plan_that_grows_is_caught() {
    let schema = "
        CREATE TABLE complaints (tenant_id TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, received_at INTEGER NOT NULL,
            PRIMARY KEY (tenant_id, id)) STRICT;
        CREATE INDEX by_receipt ON complaints (tenant_id, received_at, id);
        CREATE INDEX by_state ON complaints (state, id);
        CREATE TABLE notes (tenant_id TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL) STRICT;";
    let caught = |name: &str, sql: &str| {
        let catalogue = Catalogue::of(schema, Vec::new());
        offences(&catalogue, &Statement { name: name.to_owned(), sql: sql.to_owned() })
    };
    let bad = [
        "SELECT id FROM complaints",
        "SELECT count(*) FROM complaints WHERE received_at > ?1",
        "SELECT c.id FROM complaints AS c WHERE c.received_at = ?1",
        "SELECT id FROM complaints WHERE tenant_id = ?1 ORDER BY state",
        "SELECT id FROM complaints WHERE tenant_id = ?1 ORDER BY state LIMIT ?2",
        "SELECT state, count(*) FROM complaints WHERE tenant_id = ?1 GROUP BY state",
        "SELECT DISTINCT state FROM complaints WHERE tenant_id = ?1",
        "SELECT id FROM complaints WHERE state = ?2 AND +tenant_id = ?1",
        "SELECT c.id FROM complaints c JOIN notes n ON n.id = c.id WHERE c.tenant_id = ?1",
        "SELECT n.body FROM (SELECT id FROM complaints WHERE tenant_id = ?1 LIMIT 9) p JOIN notes n ON n.id = p.id",
        "SELECT count(*) FROM (SELECT DISTINCT state FROM complaints WHERE tenant_id = ?1)",
        "WITH page AS (SELECT id FROM complaints WHERE tenant_id = ?1) SELECT count(*) FROM page ORDER BY 1",
        // Without an order of its own the inner query is merged into the outer one, which then sorts everything.
        "WITH page AS (SELECT id, state FROM complaints WHERE tenant_id = ?1 LIMIT ?2) SELECT id FROM page ORDER BY state",
        "SELECT id FROM complaints WHERE tenant_id = ?1 AND id IN (SELECT id FROM notes)",
        "UPDATE complaints SET state = ?2 WHERE received_at = ?1",
        "DELETE FROM notes WHERE tenant_id = ?1",
        "INSERT INTO notes (tenant_id, id, body) SELECT ?1, id, state FROM complaints",
        // All of the tenant's, and the list for each of them.
        "SELECT c.state FROM json_each(?2) wanted JOIN complaints c ON c.tenant_id = ?1 AND c.id = wanted.value",
        "SELECT nothing FROM complaints",
        "SELECT id FROM nowhere",
    ];
    for sql in bad {
        assert_ne!(caught("bad.sql", sql), Vec::<String>::new(), "{sql}");
    }
    assert_ne!(caught("system/bad.sql", "SELECT id FROM complaints WHERE received_at = ?1"), Vec::<String>::new());
    let good = [
        "SELECT id FROM complaints WHERE tenant_id = ?1 AND id = ?2",
        "SELECT id FROM complaints WHERE tenant_id = ?1 ORDER BY received_at DESC, id DESC LIMIT ?2",
        "SELECT 1",
        "SELECT value FROM json_each(?1) ORDER BY value",
        "WITH page AS (SELECT id, state FROM complaints WHERE tenant_id = ?1 ORDER BY id LIMIT ?2) SELECT id FROM page ORDER BY state",
        "SELECT c.state FROM json_each(?2) wanted CROSS JOIN complaints c WHERE c.tenant_id = ?1 AND c.id = wanted.value",
        "INSERT INTO notes (tenant_id, id, body) SELECT ?1, value ->> 0, value ->> 1 FROM json_each(?2)",
        "INSERT INTO notes (tenant_id, id, body) VALUES (?1, ?2, ?3)",
        "UPDATE complaints SET state = ?3 WHERE tenant_id = ?1 AND id = ?2",
    ];
    for sql in good {
        assert_eq!(caught("good.sql", sql), Vec::<String>::new(), "{sql}");
    }
    assert_eq!(caught("system/good.sql", "SELECT id FROM complaints WHERE state = ?1 LIMIT 9"), Vec::<String>::new());
}
