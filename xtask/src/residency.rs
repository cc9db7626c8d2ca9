//! Where data may be: the rule that no cell binds another's data, checked on `wrangler.toml`.
//!
//! The rule is on names, because ids say nothing: whatever keeps data is called after its cell. What this file does not know is
//! refused, so that a new kind of binding cannot pass unchecked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::wrangler_toml::{self, Cell};

/// The tenant directory, which all cells share: names, places and states of tenants.
const DIRECTORY: &str = "DIRECTORY";

/// What an environment may hold; everything in it that reaches data is checked below.
const KNOWN: [&str; 11] = [
    "name",
    "routes",
    "vars",
    "triggers",
    "assets",
    "d1_databases",
    "durable_objects",
    "r2_buckets",
    "kv_namespaces",
    "services",
    "queues",
];

/// Lists that name something which keeps data: where the list is, and the member that is its name.
const NAMED: [(&str, &str); 5] = [
    ("/d1_databases", "database_name"),
    ("/r2_buckets", "bucket_name"),
    ("/queues/producers", "queue"),
    ("/queues/consumers", "queue"),
    ("/queues/consumers", "dead_letter_queue"),
];

/// Lists of bindings of which every cell has the same, and the member that is the binding's name.
const ALIKE: [(&str, &str); 5] = [
    ("/d1_databases", "binding"),
    ("/r2_buckets", "binding"),
    ("/kv_namespaces", "binding"),
    ("/queues/producers", "binding"),
    ("/durable_objects/bindings", "name"),
];

/// Every way in which `wrangler.toml` breaks the rule; none if it keeps it.
pub fn violations(config: &Value) -> Vec<String> {
    let cells = wrangler_toml::cells(config);
    let mut found: Vec<String> = cells.iter().flat_map(|cell| of_one(cell, &cells)).collect();
    found.extend(cells.iter().flat_map(foreign_consumers));
    found.extend(shared_ids(&cells));
    found.extend(different_directories(&cells));
    found.extend(different_bindings(&cells));
    found
}

fn of_one(cell: &Cell<'_>, cells: &[Cell<'_>]) -> Vec<String> {
    let name = cell.name;
    let mut found = Vec::new();
    for member in cell.own.as_object().into_iter().flatten().map(|(member, _)| member) {
        if cell.in_production() && !KNOWN.contains(&member.as_str()) {
            found.push(format!("{name}: `{member}` is not known to keep data apart"));
        }
    }
    if cell.own["vars"]["CELL"] != name {
        found.push(format!("{name}: CELL is {}", cell.own["vars"]["CELL"]));
    }
    if cell.in_production() && !called_after(&cell.own["name"], name) {
        found.push(format!("{name}: its Worker is called {}", cell.own["name"]));
    }
    for (list, member) in NAMED {
        for resource in cell.list(list).filter(|entry| entry.get(member).is_some()) {
            let foreign = cells.iter().any(|other| other.name != name && called_after(&resource[member], other.name));
            if foreign || (cell.in_production() && !called_after(&resource[member], name)) {
                found.push(format!("{name}: {list} names {}, which is not this cell's", resource[member]));
            }
        }
    }
    for namespace in cell.list("/kv_namespaces").filter(|namespace| namespace["binding"] != DIRECTORY) {
        found.push(format!("{name}: KV {} is shared by nature and is not the directory", namespace["binding"]));
    }
    for object in cell.list("/durable_objects/bindings") {
        if object.get("script_name").is_some() || object.get("environment").is_some() {
            found.push(format!("{name}: Durable Object {} is of another Worker", object["name"]));
        }
    }
    let services: BTreeMap<&str, &str> =
        cell.list("/services").map(|service| (text(&service["binding"]), text(&service["service"]))).collect();
    let bindings: Vec<String> = cells.iter().map(|other| format!("CELL_{}", other.name.to_uppercase())).collect();
    let expected: BTreeMap<&str, &str> = cells
        .iter()
        .zip(&bindings)
        .filter(|(other, _)| cell.in_production() && other.in_production() && other.name != name)
        .map(|(other, binding)| (binding.as_str(), text(&other.own["name"])))
        .collect();
    if services != expected {
        found.push(format!("{name}: services are {services:?}, not the other cells' Workers {expected:?}"));
    }
    found
}

/// Ids and names that occur in two cells, or twice in one.
fn shared_ids(cells: &[Cell<'_>]) -> Vec<String> {
    let mut owners: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut found = Vec::new();
    let mut claim = |kind, id, owner| {
        if let Some(other) = owners.insert((kind, id), owner) {
            found.push(format!("{owner} and {other}: both have the {kind} {id}"));
        }
    };
    for cell in cells {
        claim("Worker", text(&cell.own["name"]), cell.name);
        for database in cell.list("/d1_databases") {
            claim("database", text(&database["database_name"]), cell.name);
            let id = text(&database["database_id"]);
            if !wrangler_toml::is_placeholder(id) {
                claim("database id", id, cell.name);
            }
        }
        for bucket in cell.list("/r2_buckets") {
            claim("bucket", text(&bucket["bucket_name"]), cell.name);
        }
        for queue in cell.list("/queues/consumers") {
            claim("consumed queue", text(&queue["queue"]), cell.name);
        }
    }
    found
}

/// What a cell sends, it takes from the queue itself.
fn foreign_consumers(cell: &Cell<'_>) -> Vec<String> {
    let letters = cell.list("/queues/consumers").map(|queue| &queue["dead_letter_queue"]);
    let sent_to = cell.list("/queues/producers").map(|queue| &queue["queue"]).chain(letters);
    let consumed = |queue: &Value| cell.list("/queues/consumers").any(|consumer| consumer["queue"] == *queue);
    sent_to
        .filter(|queue| queue.is_string() && !consumed(queue))
        .map(|queue| format!("{}: sends to the queue {queue}, which it does not consume", cell.name))
        .collect()
}

/// The one thing that is shared has one id in production.
fn different_directories(cells: &[Cell<'_>]) -> Option<String> {
    let ids: BTreeSet<&str> = cells
        .iter()
        .filter(|cell| cell.in_production())
        .flat_map(|cell| cell.list("/kv_namespaces"))
        .map(|namespace| text(&namespace["id"]))
        .collect();
    (ids.len() != 1).then(|| format!("the tenant directory has {} ids: {ids:?}", ids.len()))
}

fn different_bindings(cells: &[Cell<'_>]) -> Vec<String> {
    let bindings = |cell: &Cell<'_>| -> BTreeSet<String> {
        let listed = ALIKE.iter().flat_map(|(list, member)| cell.list(list).map(|entry| text(&entry[*member])));
        let variables = cell.own["vars"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        listed.chain(variables).map(str::to_owned).collect()
    };
    let Some((first, others)) = cells.split_first() else { return Vec::new() };
    let model = bindings(first);
    let differing = others.iter().filter(|cell| bindings(cell) != model);
    differing.map(|cell| format!("{}: binds {:?}, {} binds {model:?}", cell.name, bindings(cell), first.name)).collect()
}

/// Whether the cell is a part of the name, as in `redress-eu-0`.
fn called_after(name: &Value, cell: &str) -> bool {
    text(name).split('-').any(|part| part == cell)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use serde_json::json;

    #[test]
    fn no_cell_binds_another_ones_data() -> Result<()> {
        let config = wrangler_toml::read()?;
        assert_eq!(violations(&config), Vec::<String>::new());
        let cells = wrangler_toml::cells(&config);
        assert_eq!(cells.iter().map(|cell| cell.name).collect::<Vec<_>>(), ["local", "apac", "eu", "us"]);
        for cell in &cells {
            for (list, _) in NAMED.iter().chain(&ALIKE) {
                assert!(cell.list(list).next().is_some(), "{} has no {list}: nothing was checked", cell.name);
            }
        }
        Ok(())
    }

    /// A mistake in the file: where, what is written there, and a part of the complaint.
    type Mistake = (&'static str, Value, &'static str);

    #[test]
    fn every_kind_of_mistake_is_found() -> Result<()> {
        let mistakes: [Mistake; 22] = [
            ("/env/us/name", json!("redress-eu"), "its Worker is called"),
            ("/env/us/vars/CELL", json!("eu"), "CELL is"),
            ("/env/us/vars/EXTRA", json!("1"), "binds"),
            ("/env/us/d1_databases/0/database_name", json!("redress-eu-0"), "not this cell's"),
            ("/env/us/d1_databases/0/database_name", json!("redress-0"), "not this cell's"),
            ("/d1_databases/0/database_name", json!("redress-eu-0"), "not this cell's"),
            ("/env/us/d1_databases/0/database_id", json!("redress-local-0"), "both have the database id"),
            ("/env/us/d1_databases/0/binding", json!("DB_X"), "binds"),
            ("/env/us/r2_buckets/0/bucket_name", json!("redress-eu-attachments"), "both have the bucket"),
            ("/env/us/r2_buckets/0/bucket_name", json!("attachments"), "not this cell's"),
            ("/env/us/r2_buckets", json!([]), "binds"),
            ("/env/us/queues/producers/0/queue", json!("notify-eu"), "does not consume"),
            ("/env/us/queues/consumers/0/queue", json!("notify-eu"), "both have the consumed queue"),
            ("/env/us/queues/consumers/0/dead_letter_queue", json!("notify-eu-dead"), "does not consume"),
            ("/env/us/durable_objects/bindings/0/script_name", json!("redress-eu"), "of another Worker"),
            ("/env/us/durable_objects/bindings/0/environment", json!("eu"), "of another Worker"),
            ("/env/us/kv_namespaces/0/id", json!("5f2c"), "directory has 2 ids"),
            ("/env/us/kv_namespaces/0/binding", json!("CACHE"), "not the directory"),
            ("/env/us/services/0/service", json!("redress-us"), "services are"),
            ("/env/us/services/0/service", json!("someone-else"), "services are"),
            ("/services", json!([{ "binding": "CELL_EU", "service": "redress-eu" }]), "services are"),
            ("/env/us/hyperdrive", json!([{ "binding": "PG", "id": "5f2c" }]), "is not known"),
        ];
        for (place, written, complaint) in mistakes {
            let mut config = wrangler_toml::read()?;
            let (parent, member) = place.rsplit_once('/').unwrap_or_default();
            config.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is there"))[member] = written;
            let found = violations(&config);
            assert!(found.iter().any(|violation| violation.contains(complaint)), "{place}: {found:?}");
        }
        Ok(())
    }
}
