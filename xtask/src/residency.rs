//! Where data may be: the rule that no cell binds another's data, checked on the configurations of its two Workers.
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

/// Lists and tables that the two Workers of a cell have alike: what they keep data in, and what they are told.
const SAME: [&str; 4] = ["/d1_databases", "/r2_buckets", "/kv_namespaces", "/vars"];

/// Every way in which the configurations of the front and the back Workers break the rule; none if they keep it.
pub fn violations(front: &Value, back: &Value) -> Vec<String> {
    let [fronts, backs] = [front, back].map(wrangler_toml::cells);
    let mut found: Vec<String> = [&fronts, &backs].into_iter().flat_map(|cells| within(cells)).collect();
    let names = |cells: &[Cell<'_>]| cells.iter().map(|cell| cell.name.to_owned()).collect::<Vec<_>>();
    if names(&fronts) != names(&backs) {
        found.push(format!("front Workers are of {:?}, back Workers of {:?}", names(&fronts), names(&backs)));
    }
    for (front, back) in fronts.iter().zip(&backs) {
        found.extend(between(front, back));
        found.extend(foreign_objects(front, back));
        found.extend(foreign_consumers(front, back));
        found.extend(foreign_services(front, &fronts, Some(back)));
        found.extend(foreign_services(back, &backs, None));
    }
    found
}

/// What one file breaks by itself.
fn within(cells: &[Cell<'_>]) -> Vec<String> {
    let mut found: Vec<String> = cells.iter().flat_map(|cell| of_one(cell, cells)).collect();
    found.extend(shared_ids(cells));
    found.extend(different_directories(cells));
    found.extend(different_bindings(cells));
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
    found
}

/// The two Workers of a cell are called alike and reach the same.
fn between(front: &Cell<'_>, back: &Cell<'_>) -> Vec<String> {
    let name = front.name;
    let mut found = Vec::new();
    if text(&back.own["name"]) != format!("{}-back", text(&front.own["name"])) {
        found.push(format!("{name}: the back Worker of {} is called {}", front.own["name"], back.own["name"]));
    }
    for place in SAME.into_iter().filter(|place| front.own.pointer(place) != back.own.pointer(place)) {
        found.push(format!("{name}: {place} of its two Workers are not the same"));
    }
    found
}

/// Both ask the objects of the cell's back Worker.
fn foreign_objects(front: &Cell<'_>, back: &Cell<'_>) -> Vec<String> {
    [(front, back.own.get("name")), (back, None)]
        .into_iter()
        .flat_map(|(cell, script)| cell.list("/durable_objects/bindings").map(move |object| (object, script)))
        .filter(|(object, script)| object.get("script_name") != *script || object.get("environment").is_some())
        .map(|(object, _)| format!("{}: Durable Object {} is of another Worker", front.name, object["name"]))
        .collect()
}

/// A Worker asks those of its side in other cells, and the front its own back.
fn foreign_services(cell: &Cell<'_>, cells: &[Cell<'_>], back: Option<&Cell<'_>>) -> Option<String> {
    let services: BTreeMap<&str, &str> =
        cell.list("/services").map(|service| (text(&service["binding"]), text(&service["service"]))).collect();
    let bindings: Vec<String> = cells.iter().map(|other| format!("CELL_{}", other.name.to_uppercase())).collect();
    let others = cells
        .iter()
        .zip(&bindings)
        .filter(|(other, _)| cell.in_production() && other.in_production() && other.name != cell.name);
    let others = others.map(|(other, binding)| (binding.as_str(), text(&other.own["name"])));
    let own = back.map(|back| ("BACK", text(&back.own["name"])));
    let expected: BTreeMap<&str, &str> = others.chain(own).collect();
    (services != expected).then(|| format!("{}: services are {services:?}, not {expected:?}", cell.name))
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

/// What a cell sends, its back Worker takes from the queue.
fn foreign_consumers(front: &Cell<'_>, back: &Cell<'_>) -> Vec<String> {
    let letters = back.list("/queues/consumers").map(|queue| &queue["dead_letter_queue"]);
    let sent = [front, back].into_iter().flat_map(|cell| cell.list("/queues/producers")).map(|queue| &queue["queue"]);
    let consumed = |queue: &Value| back.list("/queues/consumers").any(|consumer| consumer["queue"] == *queue);
    let untaken = sent.chain(letters).filter(|queue| queue.is_string() && !consumed(queue));
    let untaken = untaken.map(|queue| format!("{}: sends to the queue {queue}, which it does not consume", front.name));
    let taken = front.list("/queues/consumers").map(|queue| {
        format!("{}: the front Worker takes from the queue {}, which is for the back", front.name, queue["queue"])
    });
    untaken.chain(taken).collect()
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
    use crate::wasm::{BACK, FRONT};
    use anyhow::Result;
    use serde_json::json;

    fn files() -> Result<[Value; 2]> {
        Ok([wrangler_toml::read(FRONT)?, wrangler_toml::read(BACK)?])
    }

    #[test]
    fn no_cell_binds_another_ones_data() -> Result<()> {
        let [front, back] = files()?;
        assert_eq!(violations(&front, &back), Vec::<String>::new());
        let [fronts, backs] = [&front, &back].map(wrangler_toml::cells);
        assert_eq!(fronts.iter().map(|cell| cell.name).collect::<Vec<_>>(), ["local", "apac", "eu", "us"]);
        for (list, _) in NAMED.iter().chain(&ALIKE) {
            for cell in &backs {
                assert!(cell.list(list).next().is_some(), "{} has no {list}: nothing was checked", cell.name);
            }
        }
        Ok(())
    }

    /// A mistake in the files: in which, where, what is written there, and a part of the complaint.
    type Mistake = (usize, &'static str, Value, &'static str);

    #[test]
    fn every_kind_of_mistake_is_found() -> Result<()> {
        let (front, back) = (0, 1);
        let mistakes: [Mistake; 32] = [
            (front, "/env/us/name", json!("redress-eu"), "its Worker is called"),
            (back, "/env/us/name", json!("redress-us-jobs"), "the back Worker of"),
            (front, "/env/us/vars/CELL", json!("eu"), "CELL is"),
            (front, "/env/us/vars/EXTRA", json!("1"), "binds"),
            (back, "/env/us/vars/LOG", json!("warn"), "/vars of its two Workers are not the same"),
            (front, "/env/us/d1_databases/0/database_name", json!("redress-eu-0"), "not this cell's"),
            (back, "/env/us/d1_databases/0/database_name", json!("redress-0"), "not this cell's"),
            (front, "/d1_databases/0/database_name", json!("redress-eu-0"), "not this cell's"),
            (front, "/env/us/d1_databases/0/database_id", json!("redress-local-0"), "both have the database id"),
            (back, "/env/us/d1_databases/0/database_id", json!("5f2c"), "/d1_databases of its two Workers"),
            (front, "/env/us/d1_databases/0/binding", json!("DB_X"), "binds"),
            (front, "/env/us/r2_buckets/0/bucket_name", json!("redress-eu-attachments"), "both have the bucket"),
            (back, "/env/us/r2_buckets/0/bucket_name", json!("attachments"), "not this cell's"),
            (back, "/env/us/r2_buckets", json!([]), "binds"),
            (front, "/env/us/queues/producers/0/queue", json!("notify-eu"), "does not consume"),
            (back, "/env/us/queues/producers/1/queue", json!("jobs-eu"), "does not consume"),
            (back, "/env/us/queues/consumers/0/queue", json!("notify-eu"), "both have the consumed queue"),
            (back, "/env/us/queues/consumers/0/dead_letter_queue", json!("notify-eu-dead"), "does not consume"),
            (front, "/env/us/queues/consumers", json!([{ "queue": "notify-us" }]), "the front Worker takes"),
            (front, "/env/us/durable_objects/bindings/0/script_name", json!("redress-eu-back"), "of another Worker"),
            (back, "/env/us/durable_objects/bindings/0/script_name", json!("redress-us"), "of another Worker"),
            (back, "/env/us/durable_objects/bindings/0/environment", json!("eu"), "of another Worker"),
            (front, "/env/us/durable_objects/bindings/0/environment", json!("eu"), "of another Worker"),
            (front, "/env/us/kv_namespaces/0/id", json!("5f2c"), "directory has 2 ids"),
            (back, "/env/us/kv_namespaces/0/binding", json!("CACHE"), "not the directory"),
            (front, "/env/us/services/0/service", json!("redress-eu-back"), "services are"),
            (front, "/env/us/services/1/service", json!("redress-us"), "services are"),
            (back, "/env/us/services/0/service", json!("redress-eu"), "services are"),
            (back, "/env/us/services/0/service", json!("someone-else"), "services are"),
            (front, "/services/0", json!({ "binding": "CELL_EU", "service": "redress-eu" }), "services are"),
            (front, "/env/us/hyperdrive", json!([{ "binding": "PG", "id": "5f2c" }]), "is not known"),
            (back, "/env/mars", json!({}), "back Workers of"),
        ];
        for (file, place, written, complaint) in mistakes {
            let mut files = files()?;
            let (parent, member) = place.rsplit_once('/').unwrap_or_default();
            let parent = files[file].pointer_mut(parent).unwrap_or_else(|| panic!("{place} is somewhere"));
            match (member.parse::<usize>(), parent.is_array()) {
                (Ok(nth), true) => parent[nth] = written,
                _ => parent[member] = written,
            }
            let found = violations(&files[front], &files[back]);
            assert!(found.iter().any(|violation| violation.contains(complaint)), "{place}: {found:?}");
        }
        Ok(())
    }
}
