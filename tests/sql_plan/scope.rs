//! Whether a statement is bound to one tenant: each tenant's table it reads, changes or deletes from has the conjunct
//! `tenant_id = ?1`, and each row it inserts has `?1` as its `tenant_id`. What is not understood is an offence.

use sqlparser::{
    ast::{
        Assignment, AssignmentTarget, BinaryOperator, ConflictTarget, Delete, Expr, FromTable, Ident, Insert, Join,
        JoinConstraint, JoinOperator, ObjectName, OnConflict, OnConflictAction, OnInsert, Query, Select, SelectItem,
        SetExpr, SqliteOnConflict, Statement, TableFactor, TableObject, TableWithJoins, Update, Value, Visit, Visitor,
    },
    dialect::SQLiteDialect,
    parser::Parser,
};
use std::{collections::BTreeSet, ops::ControlFlow};

/// The one statement in `sql`.
pub(crate) fn parse(sql: &str) -> Result<Statement, String> {
    let mut statements = Parser::parse_sql(&SQLiteDialect {}, sql).map_err(|error| error.to_string())?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        _ => Err("is not one statement".to_owned()),
    }
}

/// The relations that the statement names: tables, table-valued functions and its own common table expressions.
pub(crate) fn relations(sql: &str) -> BTreeSet<String> {
    parse(sql).map(|statement| Relations::of(&statement).into_iter().collect()).unwrap_or_default()
}

/// What keeps the statement from being bound to one tenant.
pub(crate) fn offences(sql: &str, tenant_tables: &BTreeSet<String>) -> Vec<String> {
    let statement = match parse(sql) {
        Ok(statement) => statement,
        Err(error) => return vec![error],
    };
    let mut check = Check { tenant_tables, accounted_for: 0, offences: Vec::new() };
    match &statement {
        Statement::Query(_) => {}
        Statement::Insert(insert) => check.insert(insert),
        Statement::Update(update) => check.update(update),
        Statement::Delete(delete) => check.delete(delete),
        _ => check.offend("is no SELECT, INSERT, UPDATE or DELETE"),
    }
    let _never_breaks = statement.visit(&mut check);
    let named = Relations::of(&statement).iter().filter(|name| tenant_tables.contains(*name)).count();
    if named == 0 {
        check.offend("touches no tenant's table: it belongs under system/");
    }
    if named != check.accounted_for {
        check.offend("names a tenant's table in a place that this test does not understand");
    }
    check.offences
}

struct Relations(Vec<String>);

impl Relations {
    fn of(statement: &Statement) -> Vec<String> {
        let mut relations = Self(Vec::new());
        let _never_breaks = statement.visit(&mut relations);
        relations.0
    }
}

impl Visitor for Relations {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.0.push(last(relation));
        ControlFlow::Continue(())
    }
}

struct Check<'t> {
    tenant_tables: &'t BTreeSet<String>,
    accounted_for: usize,
    offences: Vec<String>,
}

impl Visitor for Check<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.read(&select.from, select.selection.as_ref());
        ControlFlow::Continue(())
    }
}

/// A table as one FROM clause names it, and the conditions that every row taken from it meets.
struct Taken<'q> {
    table: String,
    alias: String,
    conditions: Vec<&'q Expr>,
}

impl Check<'_> {
    fn offend(&mut self, offence: impl Into<String>) {
        self.offences.push(offence.into());
    }

    /// Every tenant's table in a FROM clause has its tenant in a condition.
    fn read(&mut self, from: &[TableWithJoins], selection: Option<&Expr>) {
        let mut taken = Vec::new();
        let mut of_all: Vec<&Expr> = selection.into_iter().collect();
        for TableWithJoins { relation, joins } in from {
            self.take(relation, Vec::new(), &mut taken);
            for Join { relation, join_operator, .. } in joins {
                match join_operator {
                    JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => {
                        of_all.extend(condition(on));
                        self.take(relation, Vec::new(), &mut taken);
                    }
                    // Its condition says which rows of the right side are taken, and nothing of the left.
                    JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => {
                        self.take(relation, condition(on).into_iter().collect(), &mut taken);
                    }
                    _ => self.offend("joins in a way that this test does not understand"),
                }
            }
        }
        let alone = taken.len() == 1;
        for Taken { table, alias, mut conditions } in taken {
            conditions.extend(&of_all);
            let bound = conditions.into_iter().flat_map(conjuncts).any(|part| is_bound(part, &alias, alone));
            self.accounted_for += 1;
            if !bound {
                self.offend(format!("does not bind {alias}.tenant_id = ?1 (table {table})"));
            }
        }
    }

    fn take<'q>(&self, relation: &TableFactor, conditions: Vec<&'q Expr>, taken: &mut Vec<Taken<'q>>) {
        if let TableFactor::Table { name, alias, args: None, .. } = relation {
            let table = last(name);
            if self.tenant_tables.contains(&table) {
                let alias = alias.as_ref().map_or_else(|| table.clone(), |alias| lower(&alias.name));
                taken.push(Taken { table, alias, conditions });
            }
        }
    }

    fn update(&mut self, Update { table, assignments, from, selection, .. }: &Update) {
        if from.is_some() || !table.joins.is_empty() {
            self.offend("updates from another table, which this test does not understand");
        }
        self.read(std::slice::from_ref(table), selection.as_ref());
        if sets_tenant(assignments) {
            self.offend("moves a row to another tenant");
        }
    }

    fn delete(&mut self, Delete { from, using, selection, .. }: &Delete) {
        if using.is_some() {
            self.offend("deletes by another table, which this test does not understand");
        }
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = from;
        self.read(from, selection.as_ref());
    }

    fn insert(&mut self, Insert { or, table, columns, source, on, replace_into, .. }: &Insert) {
        let TableObject::TableName(name) = table else {
            return self.offend("inserts into something that is no table");
        };
        if !self.tenant_tables.contains(&last(name)) {
            return;
        }
        self.accounted_for += 1;
        if *replace_into || matches!(or, Some(SqliteOnConflict::Replace)) {
            self.offend("replaces rows without saying whose");
        }
        if let Some(OnInsert::OnConflict(OnConflict { conflict_target, action: OnConflictAction::DoUpdate(update) })) =
            on
        {
            // The row it collides with has the same tenant as the row it inserts.
            let of_tenant = matches!(conflict_target, Some(ConflictTarget::Columns(columns))
                if columns.iter().any(|column| lower(column) == "tenant_id"));
            if !of_tenant {
                self.offend("changes the row it collides with without saying whose it is");
            }
            if sets_tenant(&update.assignments) {
                self.offend("moves a row to another tenant");
            }
        }
        let Some(place) = columns.iter().position(|column| last(column) == "tenant_id") else {
            return self.offend("inserts without a tenant_id");
        };
        let bound = source.as_ref().is_some_and(|source| rows_bind(source, place));
        if !bound {
            self.offend("does not insert ?1 as the tenant_id");
        }
    }
}

fn sets_tenant(assignments: &[Assignment]) -> bool {
    assignments.iter().any(|assignment| match &assignment.target {
        AssignmentTarget::ColumnName(name) => last(name) == "tenant_id",
        AssignmentTarget::Tuple(names) => names.iter().any(|name| last(name) == "tenant_id"),
    })
}

/// Whether every row that `query` yields has `?1` at `place`.
fn rows_bind(query: &Query, place: usize) -> bool {
    match query.body.as_ref() {
        SetExpr::Values(values) => values.rows.iter().all(|row| row.content.get(place).is_some_and(is_tenant)),
        SetExpr::Select(select) => match select.projection.get(place) {
            Some(SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }) => is_tenant(value),
            _ => false,
        },
        _ => false,
    }
}

fn condition(on: &JoinConstraint) -> Option<&Expr> {
    match on {
        JoinConstraint::On(condition) => Some(condition),
        JoinConstraint::Using(_) | JoinConstraint::Natural | JoinConstraint::None => None,
    }
}

/// The parts of `a AND (b AND c)`.
fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut parts = conjuncts(left);
            parts.extend(conjuncts(right));
            parts
        }
        Expr::Nested(inner) => conjuncts(inner),
        other => vec![other],
    }
}

/// `alias.tenant_id = ?1`; without the alias if the table is alone.
fn is_bound(part: &Expr, alias: &str, alone: bool) -> bool {
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = part else { return false };
    let is_column = |side: &Expr| match side {
        Expr::Identifier(column) => alone && lower(column) == "tenant_id",
        Expr::CompoundIdentifier(path) => match path.as_slice() {
            [table, column] => lower(table) == alias && lower(column) == "tenant_id",
            _ => false,
        },
        _ => false,
    };
    (is_column(left) && is_tenant(right)) || (is_tenant(left) && is_column(right))
}

fn is_tenant(value: &Expr) -> bool {
    matches!(value, Expr::Value(value) if matches!(&value.value, Value::Placeholder(name) if name == "?1"))
}

/// The name without its schema, in lower case.
pub(crate) fn last(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map(lower).unwrap_or_default()
}

pub(crate) fn lower(name: &Ident) -> String {
    name.value.to_lowercase()
}

/// Deliberately bad statements, and good ones that look like them.
#[test]
fn a_statement_that_is_not_bound_is_caught() {
    let tables: BTreeSet<String> = ["complaints", "events"].map(str::to_owned).into();
    let bad = [
        "SELECT doc FROM complaints",
        "SELECT doc FROM complaints WHERE id = ?1",
        "SELECT doc FROM complaints WHERE tenant_id = ?2 AND id = ?1",
        "SELECT doc FROM complaints WHERE tenant_id = 'x'",
        "SELECT doc FROM complaints WHERE tenant_id = ?1 OR id = ?2",
        "SELECT doc FROM complaints WHERE NOT tenant_id = ?1",
        "SELECT doc FROM complaints WHERE tenant_id > ?1",
        "SELECT doc FROM complaints WHERE tenant_id IN (?1, ?2)",
        "SELECT doc FROM complaints c JOIN events e ON e.complaint_id = c.id WHERE c.tenant_id = ?1",
        "SELECT doc FROM complaints c JOIN events e ON e.tenant_id = c.tenant_id WHERE c.tenant_id = ?1",
        "SELECT doc FROM complaints c, events e WHERE tenant_id = ?1",
        "SELECT doc FROM complaints c LEFT JOIN events e ON c.tenant_id = ?1 AND e.tenant_id = ?1",
        "SELECT doc FROM (complaints c JOIN events e ON e.tenant_id = ?1 AND c.tenant_id = ?1)",
        "SELECT (SELECT count(*) FROM events) FROM complaints WHERE tenant_id = ?1",
        "SELECT doc FROM complaints WHERE tenant_id = ?1 AND id IN (SELECT complaint_id FROM events)",
        "SELECT doc FROM complaints WHERE tenant_id = ?1 UNION SELECT body FROM events",
        "WITH e AS (SELECT * FROM events) SELECT doc FROM complaints, e WHERE complaints.tenant_id = ?1",
        "SELECT doc FROM Complaints WHERE id = ?1",
        "SELECT doc FROM main.complaints WHERE id = ?1",
        "SELECT 1",
        "UPDATE complaints SET doc = ?2 WHERE id = ?1",
        "UPDATE complaints SET tenant_id = ?2 WHERE tenant_id = ?1",
        "UPDATE complaints SET doc = e.body FROM events e WHERE complaints.tenant_id = ?1",
        "UPDATE complaints SET doc = (SELECT body FROM events) WHERE tenant_id = ?1",
        "DELETE FROM complaints",
        "DELETE FROM complaints WHERE id = ?1",
        "INSERT INTO complaints VALUES (?1, ?2)",
        "INSERT INTO complaints (id, doc) VALUES (?1, ?2)",
        "INSERT INTO complaints (tenant_id, id) VALUES (?2, ?1)",
        "INSERT INTO complaints (tenant_id, id) VALUES (?1, ?2), (?3, ?2)",
        "INSERT INTO complaints (tenant_id, id) SELECT value ->> 0, ?1 FROM json_each(?2)",
        "INSERT INTO complaints (tenant_id, id) SELECT ?1, complaint_id FROM events",
        "INSERT OR REPLACE INTO complaints (tenant_id, id) VALUES (?1, ?2)",
        "REPLACE INTO complaints (tenant_id, id) VALUES (?1, ?2)",
        "INSERT INTO complaints (tenant_id, id) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET doc = ?3",
        "INSERT INTO complaints (tenant_id, id) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET doc = ?3",
        "INSERT INTO complaints (tenant_id, id) VALUES (?1, ?2) ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = ?3",
        "DROP TABLE complaints",
        "SELECT doc FROM complaints WHERE tenant_id = ?1; DELETE FROM complaints",
        "SELECT doc FROM complaints WHERE",
        "",
    ];
    for sql in bad {
        assert_ne!(offences(sql, &tables), Vec::<String>::new(), "{sql}");
    }
    let good = [
        "SELECT doc FROM complaints WHERE tenant_id = ?1 AND id = ?2",
        "SELECT doc FROM complaints WHERE (?1 = complaints.tenant_id AND id = ?2)",
        "SELECT doc FROM complaints c JOIN events e ON e.tenant_id = ?1 AND e.complaint_id = c.id WHERE c.tenant_id = ?1",
        "SELECT c.doc FROM (SELECT 1) LEFT JOIN complaints c ON c.tenant_id = ?1 AND c.id = ?2",
        "SELECT doc FROM complaints WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM events WHERE tenant_id = ?1)",
        "WITH e AS (SELECT * FROM events WHERE tenant_id = ?1) SELECT * FROM e",
        "UPDATE complaints SET doc = ?3 WHERE tenant_id = ?1 AND id = ?2 RETURNING version",
        "DELETE FROM complaints WHERE tenant_id = ?1",
        "INSERT INTO complaints (id, tenant_id) VALUES (?2, ?1) ON CONFLICT DO NOTHING",
        "INSERT INTO complaints (tenant_id, id) SELECT ?1, value FROM json_each(?2)",
        "INSERT INTO complaints (tenant_id, id) VALUES (?1, ?2) ON CONFLICT (tenant_id, id) DO UPDATE SET doc = ?3",
    ];
    for sql in good {
        assert_eq!(offences(sql, &tables), Vec::<String>::new(), "{sql}");
    }
}
