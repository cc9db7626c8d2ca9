//! Where data may be: the rule that no cell binds another's data, checked on the configurations of its Workers.
//!
//! The rule is on names, because ids say nothing: whatever keeps data is called after its cell. What this file does not know is
//! refused, so that a new kind of binding cannot pass unchecked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::wasm::{BACK, COURIER, FRONT, MIDDLE, PRINT, STAFF, THUMBNAIL, WEB, WORKERS, Worker};
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

/// Lists and tables that the Workers of a cell have alike: what they keep data in, and what they are told.
const SAME: [&str; 4] = ["/d1_databases", "/r2_buckets", "/kv_namespaces", "/vars"];

/// What a Worker of a cell may do besides being bound to the cell's data.
struct Part {
    worker: Worker,
    /// Whether it is bound to the cell's data.
    has_data: bool,
    /// The Workers of its cell that it asks, by binding.
    asks: &'static [(&'static str, Worker)],
    /// What the names of the queues that it consumes begin and end with.
    consumes: fn(&str) -> bool,
}

const DEAD: &str = "-dead";
const JOBS: &str = "jobs";
const WEBHOOKS: &str = "webhooks";

/// In the order of [`WORKERS`].
const PARTS: [Part; WORKERS.len()] = [
    Part {
        worker: FRONT,
        has_data: true,
        asks: &[("MIDDLE", MIDDLE), ("COURIER", COURIER), ("BACK", BACK), ("WEB", WEB), ("STAFF", STAFF)],
        consumes: |_| false,
    },
    Part {
        worker: MIDDLE,
        has_data: true,
        asks: &[],
        consumes: |queue| queue.starts_with(JOBS) && !queue.ends_with(DEAD),
    },
    Part {
        worker: COURIER,
        has_data: true,
        asks: &[("PRINT", PRINT), ("THUMBNAIL", THUMBNAIL)],
        consumes: |queue| !(queue.starts_with(JOBS) || queue.starts_with(WEBHOOKS)) || queue.ends_with(DEAD),
    },
    Part {
        worker: BACK,
        has_data: true,
        asks: &[],
        consumes: |queue| queue.starts_with(WEBHOOKS) && !queue.ends_with(DEAD),
    },
    Part { worker: WEB, has_data: true, asks: &[], consumes: |_| false },
    // Its console is a client of the API.
    Part { worker: STAFF, has_data: true, asks: &[("FRONT", FRONT)], consumes: |_| false },
    Part { worker: PRINT, has_data: false, asks: &[], consumes: |_| false },
    Part { worker: THUMBNAIL, has_data: false, asks: &[], consumes: |_| false },
];

/// Every way in which the configurations of [`WORKERS`], in that order, break the rule; none if they keep it.
pub fn violations(files: &[Value]) -> Vec<String> {
    let files: Vec<_> = files.iter().map(wrangler_toml::cells).collect();
    let Some(fronts) = files.first() else { return Vec::new() };
    let names = |cells: &[Cell<'_>]| cells.iter().map(|cell| cell.name.to_owned()).collect::<Vec<_>>();
    let mut found = Vec::new();
    for (part, cells) in PARTS.iter().zip(&files) {
        found.extend(within(part, cells));
        if names(cells) != names(fronts) {
            let (name, are, fronts) = (part.worker.name, names(cells), names(fronts));
            found.push(format!("{name} Workers are of {are:?}, front Workers of {fronts:?}"));
        }
        for (cell, front) in cells.iter().zip(fronts) {
            found.extend(between(part, cell, front));
            found.extend(foreign_services(part, cell, cells, front));
        }
    }
    for nth in 0..fronts.len() {
        let workers: Vec<_> = PARTS.iter().zip(files.iter().filter_map(|cells| cells.get(nth))).collect();
        found.extend(foreign_consumers(&workers));
    }
    found
}

/// What one file breaks by itself.
fn within(part: &Part, cells: &[Cell<'_>]) -> Vec<String> {
    let mut found: Vec<String> = cells.iter().flat_map(|cell| of_one(part, cell, cells)).collect();
    found.extend(shared_ids(cells));
    found.extend(different_directories(cells).filter(|_| part.has_data));
    found.extend(different_bindings(cells));
    found
}

fn of_one(part: &Part, cell: &Cell<'_>, cells: &[Cell<'_>]) -> Vec<String> {
    let name = cell.name;
    let mut found = Vec::new();
    for member in cell.own.as_object().into_iter().flatten().map(|(member, _)| member.as_str()) {
        if cell.in_production() && !KNOWN.contains(&member) {
            found.push(format!("{name}: `{member}` is not known to keep data apart"));
        }
        if KNOWN.contains(&member) && member != "name" && !part.has_data {
            found.push(format!("{name}: the {} Worker is to have no data, and has `{member}`", part.worker.name));
        }
    }
    if part.has_data && cell.own["vars"]["CELL"] != name {
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

/// The Workers of a cell are called alike and reach the same, and those with data ask the objects of the back.
fn between(part: &Part, cell: &Cell<'_>, front: &Cell<'_>) -> Vec<String> {
    let (name, worker) = (cell.name, part.worker.name);
    let mut found = Vec::new();
    if text(&cell.own["name"]) != called(part.worker, front) {
        found.push(format!("{name}: the {worker} Worker of {} is called {}", front.own["name"], cell.own["name"]));
    }
    for place in SAME.into_iter().filter(|place| part.has_data && front.own.pointer(place) != cell.own.pointer(place)) {
        found.push(format!("{name}: {place} of its front and {worker} Workers are not the same"));
    }
    let keeper = (part.worker.name != BACK.name).then(|| called(BACK, front));
    let foreign = cell.list("/durable_objects/bindings").filter(|object| {
        object.get("script_name").map(text) != keeper.as_deref() || object.get("environment").is_some()
    });
    found.extend(foreign.map(|object| format!("{name}: Durable Object {} is of another Worker", object["name"])));
    found
}

/// The name of a Worker of the same cell.
fn called(worker: Worker, front: &Cell<'_>) -> String {
    let name = text(&front.own["name"]);
    if worker.name == FRONT.name { name.to_owned() } else { format!("{name}-{}", worker.name) }
}

/// A Worker asks those of its side in other cells, and those of its own cell that are for it.
fn foreign_services(part: &Part, cell: &Cell<'_>, cells: &[Cell<'_>], front: &Cell<'_>) -> Option<String> {
    let services: BTreeMap<String, String> = cell
        .list("/services")
        .map(|service| (text(&service["binding"]).to_owned(), text(&service["service"]).to_owned()))
        .collect();
    let others = cells
        .iter()
        .filter(|other| part.has_data && cell.in_production() && other.in_production() && other.name != cell.name);
    let others =
        others.map(|other| (format!("CELL_{}", other.name.to_uppercase()), text(&other.own["name"]).to_owned()));
    let own = part.asks.iter().map(|(binding, worker)| ((*binding).to_owned(), called(*worker, front)));
    let expected: BTreeMap<String, String> = others.chain(own).collect();
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

/// What a cell sends, the one of its Workers that it is for takes from the queue.
fn foreign_consumers(workers: &[(&Part, &Cell<'_>)]) -> Vec<String> {
    let consumers = || workers.iter().flat_map(|(_, cell)| cell.list("/queues/consumers"));
    let letters = consumers().map(|queue| &queue["dead_letter_queue"]);
    let sent = workers.iter().flat_map(|(_, cell)| cell.list("/queues/producers")).map(|queue| &queue["queue"]);
    let consumed = |queue: &Value| consumers().any(|consumer| consumer["queue"] == *queue);
    let untaken = sent.chain(letters).filter(|queue| queue.is_string() && !consumed(queue));
    let untaken = untaken.map(|queue| format!("the queue {queue} is sent to by a cell that does not consume it"));
    let taken = workers.iter().flat_map(|(part, cell)| {
        let foreign = cell.list("/queues/consumers").filter(|queue| !(part.consumes)(text(&queue["queue"])));
        foreign.map(move |queue| {
            format!("{}: the queue {} is not for the {} Worker", cell.name, queue["queue"], part.worker.name)
        })
    });
    untaken.chain(taken).collect()
}

/// The one thing that is shared has one id in production.
fn different_directories(cells: &[Cell<'_>]) -> impl Iterator<Item = String> {
    let ids: BTreeSet<&str> = cells
        .iter()
        .filter(|cell| cell.in_production())
        .flat_map(|cell| cell.list("/kv_namespaces"))
        .map(|namespace| text(&namespace["id"]))
        .collect();
    (ids.len() != 1).then(|| format!("the tenant directory has {} ids: {ids:?}", ids.len())).into_iter()
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

    fn files() -> Result<Vec<Value>> {
        WORKERS.iter().map(|worker| wrangler_toml::read(*worker)).collect()
    }

    #[test]
    fn no_cell_binds_another_ones_data() -> Result<()> {
        let files = files()?;
        assert_eq!(violations(&files), Vec::<String>::new());
        let [fronts, middles, couriers, backs, webs, staffs, prints, thumbnails] =
            [0, 1, 2, 3, 4, 5, 6, 7].map(|nth| wrangler_toml::cells(&files[nth]));
        for cells in [&fronts, &middles, &couriers, &backs, &webs, &staffs, &prints, &thumbnails] {
            assert_eq!(cells.iter().map(|cell| cell.name).collect::<Vec<_>>(), ["local", "apac", "eu", "us"]);
        }
        for (list, _) in NAMED.iter().chain(&ALIKE) {
            for cell in couriers.iter() {
                assert!(cell.list(list).next().is_some(), "{} has no {list}: nothing was checked", cell.name);
            }
        }
        Ok(())
    }

    /// A mistake in the files: in which, where, what is written there, and a part of the complaint.
    type Mistake = (usize, &'static str, Value, &'static str);

    #[test]
    fn every_kind_of_mistake_is_found() -> Result<()> {
        let (front, middle, courier, back, web, staff, print) = (0, 1, 2, 3, 4, 5, 6);
        let mistakes: [Mistake; 42] = [
            (front, "/env/us/name", json!("redress-eu"), "its Worker is called"),
            (back, "/env/us/name", json!("redress-us-jobs"), "the back Worker of"),
            (front, "/env/us/vars/CELL", json!("eu"), "CELL is"),
            (front, "/env/us/vars/EXTRA", json!("1"), "binds"),
            (back, "/env/us/vars/LOG", json!("warn"), "/vars of its front and back Workers are not the same"),
            (front, "/env/us/d1_databases/0/database_name", json!("redress-eu-0"), "not this cell's"),
            (back, "/env/us/d1_databases/0/database_name", json!("redress-0"), "not this cell's"),
            (front, "/d1_databases/0/database_name", json!("redress-eu-0"), "not this cell's"),
            (front, "/env/us/d1_databases/0/database_id", json!("redress-local-0"), "both have the database id"),
            (back, "/env/us/d1_databases/0/database_id", json!("5f2c"), "/d1_databases of its front and back Workers"),
            (front, "/env/us/d1_databases/0/binding", json!("DB_X"), "binds"),
            (front, "/env/us/r2_buckets/0/bucket_name", json!("redress-eu-attachments"), "both have the bucket"),
            (back, "/env/us/r2_buckets/0/bucket_name", json!("attachments"), "not this cell's"),
            (back, "/env/us/r2_buckets", json!([]), "binds"),
            (front, "/env/us/queues/producers/0/queue", json!("notify-eu"), "that does not consume it"),
            (back, "/env/us/queues/producers/1/queue", json!("jobs-eu"), "that does not consume it"),
            (courier, "/env/us/queues/consumers/0/queue", json!("notify-eu"), "both have the consumed queue"),
            (
                courier,
                "/env/us/queues/consumers/0/dead_letter_queue",
                json!("notify-eu-dead"),
                "that does not consume it",
            ),
            (front, "/env/us/queues/consumers", json!([{ "queue": "notify-us" }]), "is not for the front Worker"),
            (middle, "/env/us/queues/consumers/0/queue", json!("jobs-eu"), "that does not consume it"),
            (middle, "/env/us/queues/consumers/0/queue", json!("notify-us"), "is not for the middle Worker"),
            (courier, "/env/us/queues/consumers/0/queue", json!("jobs-us"), "is not for the courier Worker"),
            (middle, "/env/us/durable_objects/bindings/0", json!({ "name": "CASE_LOCK" }), "of another Worker"),
            (web, "/env/us/name", json!("redress-us-back"), "the web Worker of"),
            (web, "/env/us/queues/consumers", json!([{ "queue": "scan-us" }]), "is not for the web Worker"),
            (staff, "/env/us/services/0/service", json!("redress-eu"), "services are"),
            (print, "/env/us/name", json!("redress-print"), "the print Worker of"),
            (print, "/env/us/vars", json!({ "CELL": "us" }), "is to have no data"),
            (print, "/r2_buckets", json!([{ "binding": "ATTACHMENTS" }]), "is to have no data"),
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
            (back, "/env/mars", json!({}), "back Workers are of"),
        ];
        for (file, place, written, complaint) in mistakes {
            let mut files = files()?;
            let (parent, member) = place.rsplit_once('/').unwrap_or_default();
            let parent = files[file].pointer_mut(parent).unwrap_or_else(|| panic!("{place} is somewhere"));
            match (member.parse::<usize>(), parent.is_array()) {
                (Ok(nth), true) => parent[nth] = written,
                _ => parent[member] = written,
            }
            let found = violations(&files);
            assert!(found.iter().any(|violation| violation.contains(complaint)), "{place}: {found:?}");
        }
        Ok(())
    }
}
