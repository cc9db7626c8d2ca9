//! The counters of views, kept by the product's own triggers and statements on a database with its schema: whatever is
//! written in whichever order, they are what a recount gives.

use crate::catalogue::{migrations, statement};
use proptest::{prelude::*, sample::Index};
use rusqlite::{Connection, ToSql, params};
use serde_json::json;
use shared::{
    complaint::projection::Facet,
    http::list_query::ListQuery,
    ids::{ComplaintId, TenantId},
    search::{counter::Counter, index::Tokens, place::Place},
    time::Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};

const FILTERS: [&str; 12] = [
    "",
    "state=received",
    "state=closed",
    "product=mortgage",
    "product=mortgage&state=received",
    "assignee=ann",
    "assignee=ann&state=closed&product=card",
    "tag=vip",
    "tag=vip&tag=fraud",
    "received_from=1970-01-01T00:00:10Z",
    "received_to=1970-01-01T00:00:20.500Z&state=received",
    "received_from=1970-01-01T00:00:10.250Z&received_to=1970-01-01T00:00:30Z&tag=fraud",
];
const WHOLE: i64 = i64::MIN;

/// What filters see of a complaint.
#[derive(Clone, Debug, Default)]
struct Labels {
    state: bool,
    product: Option<bool>,
    assignee: Option<bool>,
    tags: [bool; 2],
    /// Whether only some of the staff may see it.
    secret: bool,
}

impl Labels {
    fn facets(&self) -> Vec<(Facet, &'static str)> {
        let of = |which: bool, values: [&'static str; 2]| values[usize::from(which)];
        let mut facets = vec![(Facet::State, of(self.state, ["received", "closed"]))];
        facets.extend(self.product.map(|which| (Facet::Product, of(which, ["mortgage", "card"]))));
        facets.extend(self.assignee.map(|which| (Facet::Assignee, of(which, ["ann", "bo"]))));
        let tags = self.tags.iter().zip(["vip", "fraud"]).filter(|(has, _)| **has);
        facets.extend(tags.map(|(_, tag)| (Facet::Tag, tag)));
        facets
    }
}

#[derive(Clone, Debug)]
enum Action {
    /// Logs a complaint that was received at this moment.
    Log(i64, Labels),
    /// A command on one of those there are; now and then it corrects when it was received.
    Change(Index, Option<i64>, Labels),
    /// As a purge does.
    Delete(Index),
    /// As a migration leaves it, and as cron finds it.
    Unindex(Index),
    Reindex(Index),
    /// A view begins to be counted.
    Begin(Index),
    /// Some more of it is counted.
    Count(Index, u32),
    /// Only the counters of some views are kept.
    Keep(Vec<bool>),
}

fn labels() -> impl Strategy<Value = Labels> {
    any::<(bool, Option<bool>, Option<bool>, [bool; 2], bool)>()
        .prop_map(|(state, product, assignee, tags, secret)| Labels { state, product, assignee, tags, secret })
}

fn action() -> impl Strategy<Value = (usize, Action)> {
    let index = any::<Index>;
    let received_at = || 0..40_000_i64;
    let action = prop_oneof![
        6 => (received_at(), labels()).prop_map(|(at, labels)| Action::Log(at, labels)),
        8 => (index(), prop::option::weighted(0.2, received_at()), labels())
            .prop_map(|(which, at, labels)| Action::Change(which, at, labels)),
        2 => index().prop_map(Action::Delete),
        1 => index().prop_map(Action::Unindex),
        2 => index().prop_map(Action::Reindex),
        3 => index().prop_map(Action::Begin),
        5 => (index(), 1_u32..9).prop_map(|(which, step)| Action::Count(which, step)),
        1 => prop::collection::vec(prop::bool::weighted(0.7), FILTERS.len()).prop_map(Action::Keep),
    ];
    (0_usize..2, action)
}

struct Known {
    received_at: i64,
    labels: Labels,
    indexed: bool,
}

struct Tenant {
    id: TenantId,
    /// Of each filter, and after that of what is hidden of each.
    counters: Vec<(ListQuery, Counter)>,
    complaints: BTreeMap<ComplaintId, Known>,
}

impl Tenant {
    fn new(nth: u8) -> Self {
        let id = TenantId::new(Timestamp::MIN, &[nth; 10]);
        let counter = |filter: &str| {
            let query = ListQuery::filter(filter).expect("a filter");
            let counter = Counter::of(&query, &Tokens::of(id)).expect("it is counted");
            (query, counter)
        };
        let hidden = |(query, counter): (ListQuery, Counter)| {
            let hidden = counter.hidden_from(&BTreeSet::new(), &Tokens::of(id));
            (ListQuery { clearances: Some(BTreeSet::new()), ..query }, hidden)
        };
        let counters = FILTERS.into_iter().map(counter).chain(FILTERS.into_iter().map(counter).map(hidden)).collect();
        Self { id, counters, complaints: BTreeMap::new() }
    }

    fn tokens(&self, labels: &Labels) -> String {
        let tokens = Tokens::of(self.id);
        let facets = labels.facets().into_iter().map(|(facet, value)| tokens.facet(facet, value));
        let hidden = labels.secret.then(|| tokens.hidden_from(&BTreeSet::new()));
        std::iter::once(tokens.all()).chain(facets).chain(hidden).collect::<Vec<_>>().join(" ")
    }
}

struct World {
    database: Connection,
    tenants: [Tenant; 2],
    logged: u32,
}

fn place(received_at: i64, id: ComplaintId) -> i64 {
    let place = Place::of(Timestamp::from_unix_millis(received_at), id, 0);
    place.to_string().parse().expect("places are numbers")
}

impl World {
    fn new() -> Self {
        let database = Connection::open_in_memory().expect("SQLite opens in memory");
        migrations().into_iter().for_each(|(_, sql)| database.execute_batch(&sql).expect("the migrations apply"));
        Self { database, tenants: [1, 2].map(Tenant::new), logged: 0 }
    }

    /// Runs one of the Worker's statements.
    fn run(&self, name: &str, parameters: &[&dyn ToSql]) {
        let mut query = self.database.prepare_cached(&statement(name)).expect("it can be asked");
        query.execute(parameters).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    fn act(&mut self, (tenant, action): (usize, Action)) {
        let of = self.tenants[tenant].id.to_string();
        let one = |which: &Index, world: &Self| {
            let ids: Vec<_> = world.tenants[tenant].complaints.keys().copied().collect();
            (!ids.is_empty()).then(|| *which.get(&ids))
        };
        let by_id = |world: &Self, sql: &str, id: ComplaintId| {
            world.database.execute(sql, params![of, id.to_string()]).expect("it runs");
        };
        match action {
            Action::Log(received_at, labels) => {
                self.logged += 1;
                let [a, b, c, d] = self.logged.to_be_bytes();
                let at = Timestamp::from_unix_millis(received_at);
                let id = ComplaintId::in_slot(at, &[a, b, c, d, 0, 0, a, b, c, d], 0);
                let tokens = self.tenants[tenant].tokens(&labels);
                let (text, reference) = (id.to_string(), format!("R{}", self.logged));
                let place = place(received_at, id).to_string();
                let none = None::<&str>;
                let rows = json!([[text, reference, none, received_at, 1, "{}", "{}", text, place, "", "", tokens]])
                    .to_string();
                self.run("complaints/insert.sql", params![of, rows, "code"]);
                self.tenants[tenant].complaints.insert(id, Known { received_at, labels, indexed: true });
            }
            Action::Change(which, received_at, labels) => {
                let Some(id) = one(&which, self) else { return };
                let known = &self.tenants[tenant].complaints[&id];
                let received_at = received_at.unwrap_or(known.received_at);
                let tokens = self.tenants[tenant].tokens(&labels);
                let place = place(received_at, id).to_string();
                let text = id.to_string();
                let none = None::<&str>;
                self.run(
                    "complaints/update.sql",
                    params![of, text, none, received_at, 2, "{}", "{}", place, "", none, tokens, none, none, none],
                );
                let indexed = known.indexed;
                self.tenants[tenant].complaints.insert(id, Known { received_at, labels, indexed });
            }
            Action::Delete(which) => {
                let Some(id) = one(&which, self) else { return };
                by_id(self, "DELETE FROM complaints WHERE tenant_id = ?1 AND id = ?2", id);
                self.tenants[tenant].complaints.remove(&id);
            }
            Action::Unindex(which) => {
                let Some(id) = one(&which, self) else { return };
                by_id(self, "UPDATE complaints SET labels = NULL WHERE tenant_id = ?1 AND id = ?2", id);
                self.tenants[tenant].complaints.get_mut(&id).expect("it is there").indexed = false;
            }
            Action::Reindex(which) => {
                let Some(id) = one(&which, self) else { return };
                let tokens = self.tenants[tenant].tokens(&self.tenants[tenant].complaints[&id].labels);
                let version = "SELECT version FROM complaints WHERE tenant_id = ?1 AND id = ?2";
                let version: u32 =
                    self.database.query_row(version, params![of, id.to_string()], |row| row.get(0)).expect("a version");
                self.run("complaints/index.sql", params![of, id.to_string(), version, "", "", tokens, "due"]);
                self.tenants[tenant].complaints.get_mut(&id).expect("it is there").indexed = true;
            }
            Action::Begin(which) => {
                let (_, counter) = which.get(&self.tenants[tenant].counters);
                self.run("counters/begin.sql", params![of, list(counter)]);
            }
            Action::Count(which, step) => {
                let (_, counter) = which.get(&self.tenants[tenant].counters);
                self.run("counters/count.sql", params![of, list(counter), step.to_string()]);
            }
            Action::Keep(kept) => {
                let counters = self.tenants[tenant].counters.iter().zip(kept).filter(|(_, kept)| *kept);
                let counters: Vec<_> = counters.map(|((_, counter), _)| counter.clone()).collect();
                self.run("counters/keep.sql", params![of, Counter::list(&counters)]);
                // What is hidden of a view goes with it, and stays with it.
                let kept = |hidden: &Counter| counters.iter().any(|all| hidden.name.starts_with(&all.name));
                let gone = |(_, hidden): &&(ListQuery, Counter)| !kept(hidden);
                let of_tenant = &self.tenants[tenant];
                for (_, hidden) in of_tenant.counters.iter().skip(FILTERS.len()).filter(gone) {
                    assert_eq!(self.counted(of_tenant, hidden), None);
                }
            }
        }
    }

    /// Fails unless each counter that is there is what a recount gives. How many are there, and how many of them whole.
    fn check(&self) -> (usize, usize) {
        let (mut there, mut whole) = (0, 0);
        for tenant in &self.tenants {
            let places = self.places(tenant);
            for (query, counter) in &tenant.counters {
                let Some((n, is_whole)) = self.counted(tenant, counter) else { continue };
                let from = "SELECT counted_from FROM counters WHERE tenant_id = ?1 AND name = ?2";
                let key = params![tenant.id.to_string(), counter.name];
                let from: i64 = self.database.query_row(from, key, |row| row.get(0)).expect("it is there");
                assert_eq!(is_whole, from == WHOLE);
                let recounted = tenant
                    .complaints
                    .iter()
                    .filter(|(id, known)| known.indexed && shows(query, known) && (is_whole || places[*id] >= from));
                assert_eq!(n, recounted.count() as i64, "{:?} counted from {from}", query.facets);
                there += 1;
                whole += usize::from(is_whole);
            }
        }
        (there, whole)
    }

    fn places(&self, tenant: &Tenant) -> BTreeMap<ComplaintId, i64> {
        let sql = "SELECT id, place FROM complaints WHERE tenant_id = ?1";
        let mut query = self.database.prepare_cached(sql).expect("it can be asked");
        let rows = query.query_map([tenant.id.to_string()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)));
        let rows = rows.expect("it answers").map(|row| row.expect("a row"));
        rows.map(|(id, place)| (id.parse().expect("an id"), place)).collect()
    }

    fn counted(&self, tenant: &Tenant, counter: &Counter) -> Option<(i64, bool)> {
        let mut query = self.database.prepare_cached(&statement("counters/read.sql")).expect("it can be asked");
        let rows = query.query_map(params![tenant.id.to_string(), list(counter)], |row| row.get::<_, String>("doc"));
        let text = rows.expect("it answers").map(|row| row.expect("a row")).next()?;
        let parts: Vec<_> = text.split(' ').collect();
        let [name, n, whole] = parts.as_slice() else { panic!("{text} has other parts") };
        assert_eq!(*name, counter.name);
        Some((n.parse().expect("a number"), *whole == "1"))
    }
}

fn list(counter: &Counter) -> String {
    Counter::list(std::slice::from_ref(counter))
}

/// Whether a filter finds a complaint, by the words of the filter; with clearances, what they hide of that.
fn shows(query: &ListQuery, known: &Known) -> bool {
    let facets = known.labels.facets();
    let has = |(facet, value): &(Facet, String)| facets.iter().any(|(held, of)| held == facet && of == value);
    let (from, to) = query.received();
    let is_side = query.clearances.is_none() || known.labels.secret;
    is_side && query.facets.iter().all(has) && (from.unix_millis()..to.unix_millis()).contains(&known.received_at)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn counters_are_what_a_recount_gives_after_every_write(actions in prop::collection::vec(action(), 0..150)) {
        let mut world = World::new();
        for action in actions {
            world.act(action);
            world.check();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counters_are_what_a_recount_gives_after_ten_thousand_writes(actions in prop::collection::vec(action(), 10_000)) {
        let mut world = World::new();
        for (nth, action) in actions.into_iter().enumerate() {
            world.act(action);
            if nth % 500 == 0 {
                world.check();
            }
        }
        // All of them begin, and count to the end.
        for tenant in 0..2 {
            for nth in 0..2 * FILTERS.len() {
                let (_, counter) = world.tenants[tenant].counters[nth].clone();
                let of = world.tenants[tenant].id.to_string();
                world.run("counters/begin.sql", params![of, list(&counter)]);
                world.run("counters/count.sql", params![of, list(&counter), "100000"]);
            }
        }
        prop_assert_eq!(world.check(), (4 * FILTERS.len(), 4 * FILTERS.len()));
        let rows: i64 = world.database.query_row("SELECT count(*) FROM counter_changes", [], |row| row.get(0)).unwrap();
        prop_assert_eq!(rows, 2, "a tenant's changes are one row");
    }
}

/// A counter is found by one of its labels, whatever else is counted.
#[test]
fn a_write_looks_only_at_counters_of_its_own_labels() {
    let mut world = World::new();
    let of = world.tenants[0].id.to_string();
    let tokens = Tokens::of(world.tenants[0].id);
    let begin = |world: &World, agents: std::ops::Range<u32>| {
        let of_agent = |nth: u32| {
            let token = tokens.facet(Facet::Assignee, &format!("agent-{nth}"));
            let tokens = vec![token, tokens.facet(Facet::State, "received")];
            Counter { name: format!("f{nth}"), tokens, received_from: i64::MIN, received_to: i64::MAX }
        };
        let begun: Vec<_> = agents.map(of_agent).collect();
        world.run("counters/begin.sql", params![of, Counter::list(&begun)]);
    };
    let mut steps = |agents| {
        begin(&world, agents);
        let logged = Labels { assignee: Some(true), ..Labels::default() };
        world.act((0, Action::Log(1, logged)));
        let sql = statement("complaints/update.sql");
        let id = world.tenants[0].complaints.keys().next_back().expect("it is there").to_string();
        let mut query = world.database.prepare(&sql).expect("it can be asked");
        let labels = world.tenants[0].tokens(&Labels { state: true, ..Labels::default() });
        let none = None::<&str>;
        query
            .execute(params![of, id, none, 1, 2, "{}", "{}", "1", "", none, labels, none, none, none])
            .expect("it runs");
        query.get_status(rusqlite::StatementStatus::VmStep)
    };
    let (few, many) = (steps(0..10), steps(10..200));
    assert!(many - few < 100, "{few} steps with 10 counters, {many} with 200");
}
