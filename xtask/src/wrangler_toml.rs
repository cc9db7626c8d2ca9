//! `wrangler.toml` and those of the other Workers as data: the cells they describe, and one cell's configuration as wrangler sees it.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::checkout::root;
use crate::wasm::Worker;

/// The cell of the top level, outside of any environment.
pub const LOCAL: &str = "local";

/// What an environment does not inherit from the top level (Wrangler, "Non-inheritable keys"), of what the file uses.
const NOT_INHERITED: [&str; 7] =
    ["vars", "d1_databases", "durable_objects", "r2_buckets", "kv_namespaces", "services", "queues"];

/// A cell and the part of the file that is its own.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// `local`, `eu`.
    pub name: &'a str,
    /// The environment, or the whole file for [`LOCAL`].
    pub own: &'a Value,
}

impl<'a> Cell<'a> {
    /// Whether it is an environment, to be deployed.
    pub fn in_production(&self) -> bool {
        self.name != LOCAL
    }

    /// The entries of a list of its own; none if it has no such list.
    pub fn list(&self, pointer: &str) -> impl Iterator<Item = &'a Value> {
        self.own.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
    }
}

/// A Worker's file as JSON.
pub fn read(worker: Worker) -> Result<Value> {
    let text = std::fs::read_to_string(root().join(worker.config)).context(worker.config)?;
    toml::from_str(&text).context(worker.config)
}

/// [`LOCAL`] and every environment.
pub fn cells(config: &Value) -> Vec<Cell<'_>> {
    let environments = config["env"].as_object().into_iter().flatten();
    let production = environments.map(|(name, own)| Cell { name, own });
    std::iter::once(Cell { name: LOCAL, own: config }).chain(production).collect()
}

/// A cell by its name; an error that lists them all if there is none.
pub fn cell<'a>(config: &'a Value, name: &str) -> Result<Cell<'a>> {
    let cells = cells(config);
    let Some(cell) = cells.iter().find(|cell| cell.name == name) else {
        let names: Vec<&str> = cells.iter().filter(|cell| cell.in_production()).map(|cell| cell.name).collect();
        bail!("there is no cell {name}, only {}", names.join(", "));
    };
    Ok(*cell)
}

/// The file without environments, as it is for one cell.
pub fn flattened(config: &Value, name: &str) -> Result<Value> {
    let cell = cell(config, name)?;
    let mut flat = config.clone();
    let members = flat.as_object_mut().context("the configuration is not a table")?;
    members.remove("env");
    if cell.in_production() {
        members.retain(|member, _| !NOT_INHERITED.contains(&member.as_str()));
        for (member, value) in cell.own.as_object().into_iter().flatten() {
            members.insert(member.clone(), value.clone());
        }
    }
    Ok(flat)
}

/// Puts names in the place of ids that are not filled in. Locally an id is a name of a file, and zeros, being equal, would be one
/// database; the directory, though, is one for all cells.
pub fn name_placeholders(flat: &mut Value) {
    let unfilled = |id: &Value| id.as_str().is_none_or(is_placeholder);
    let mut list = |name: &str, change: &dyn Fn(&mut Value)| {
        // Not by index, which would put a null where there is no list.
        flat.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().for_each(change);
    };
    list("d1_databases", &|database| {
        if unfilled(&database["database_id"]) {
            database["database_id"] = database["database_name"].clone();
        }
    });
    list("kv_namespaces", &|namespace| {
        if unfilled(&namespace["id"]) {
            namespace["id"] = json!("redress-directory");
        }
    });
}

/// Whether an id is one that has not been filled in: zeros.
pub fn is_placeholder(id: &str) -> bool {
    id.chars().all(|symbol| matches!(symbol, '0' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_inherits_settings_and_no_bindings() -> Result<()> {
        let config = json!({
            "compatibility_date": "2026-11-01", "name": "redress", "vars": { "CELL": "local", "LOG": "info" },
            "r2_buckets": [{ "binding": "ATTACHMENTS" }],
            "env": { "eu": { "name": "redress-eu", "vars": { "CELL": "eu" } } },
        });
        let flat = flattened(&config, "eu")?;
        assert_eq!(flat, json!({ "compatibility_date": "2026-11-01", "name": "redress-eu", "vars": { "CELL": "eu" } }));
        assert_eq!(flattened(&config, "mars").unwrap_err().to_string(), "there is no cell mars, only eu");
        Ok(())
    }

    #[test]
    fn placeholders_become_databases_of_their_own() {
        let zeros = "00000000-0000-0000-0000-000000000000";
        let mut flat = json!({
            "d1_databases": [
                { "database_name": "redress-eu-0", "database_id": zeros },
                { "database_name": "redress-eu-1", "database_id": zeros },
                { "database_name": "redress-eu-2", "database_id": "5f2c" },
            ],
            "kv_namespaces": [{ "id": "0000" }],
        });
        name_placeholders(&mut flat);
        let ids: Vec<&Value> =
            flat["d1_databases"].as_array().into_iter().flatten().map(|database| &database["database_id"]).collect();
        assert_eq!(ids, ["redress-eu-0", "redress-eu-1", "5f2c"]);
        assert_eq!(flat["kv_namespaces"][0]["id"], "redress-directory");
    }
}
