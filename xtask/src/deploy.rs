//! `cargo xtask deploy`: a cell's migrations and its Workers, to Cloudflare or as a dry run.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::checkout::root;
use crate::npm;
use crate::process;
use crate::progress::step;
use crate::residency;
use crate::secrets;
use crate::wasm::{self, BACK, COURIER, FRONT, MIDDLE, PRINT, STAFF, THUMBNAIL, WEB, WORKERS, Worker};
use crate::wrangler_toml::{self, Cell};

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cell, as in `[env.NAME]` of wrangler.toml: eu, us or apac
    #[arg(long, value_name = "NAME")]
    cell: String,
    /// Build and check everything, deploy nothing (works offline)
    #[arg(long)]
    dry_run: bool,
}

/// Builds, migrates the cell's databases, deploys.
pub fn run(args: &Args) -> Result<()> {
    let cell = &args.cell;
    let config = wrangler_toml::read(FRONT)?;
    let environment = wrangler_toml::cell(&config, cell)?;
    if !environment.in_production() {
        bail!("the cell {cell} runs on this machine only");
    }
    let files = WORKERS.iter().map(|worker| wrangler_toml::read(*worker)).collect::<Result<Vec<_>>>()?;
    let violations = residency::violations(&files);
    if !violations.is_empty() {
        bail!("the configuration would let cells reach each other's data: {}", violations.join("; "));
    }
    if args.dry_run {
        wasm::build()?;
        return in_order(|worker| {
            let out = root().join("target").join(format!("deploy-{cell}-{}", worker.name));
            step(&format!("Dry run of the {} Worker of the cell {cell}", worker.name), || {
                process::run(wrangler(worker, cell)?.args(["--dry-run", "--outdir"]).arg(&out))
            })
        });
    }
    let placeholders = placeholders(&environment);
    if !placeholders.is_empty() {
        bail!("[env.{cell}] of wrangler.toml still has placeholder ids for {}", placeholders.join(", "));
    }
    require_keys(&environment)?;
    wasm::build()?;
    for database in environment.list("/d1_databases") {
        let binding = database["binding"].as_str().context("a database without a binding")?;
        step(&format!("Migrating {binding} of the cell {cell}"), || {
            process::run(npm::wrangler()?.args(["d1", "migrations", "apply", binding, "--remote", "--env", cell]))
        })?;
    }
    in_order(|worker| {
        let title = format!("Deploying the {} Worker of the cell {cell}", worker.name);
        step(&title, || process::run(&mut wrangler(worker, cell)?))
    })
}

/// Whoever is asked comes before who asks: the front asks the others, the courier those without data, all the back's objects. That the
/// staff Worker asks the front as well is no matter: putting secrets into Workers has made all of them before.
fn in_order(deploy: impl Fn(Worker) -> Result<()>) -> Result<()> {
    [BACK, PRINT, THUMBNAIL, MIDDLE, COURIER, WEB, STAFF, FRONT].into_iter().try_for_each(deploy)
}

/// `wrangler deploy` of a Worker to a cell.
fn wrangler(worker: Worker, cell: &str) -> Result<Command> {
    let mut command = npm::wrangler()?;
    command.args(["deploy", "--config", worker.config, "--env", cell]);
    Ok(command)
}

/// Bindings whose id is still zeros. Buckets and queues have no ids: wrangler refuses to deploy where one does not exist.
fn placeholders<'a>(cell: &Cell<'a>) -> Vec<&'a str> {
    let zeros = |id: &Value| id.as_str().is_none_or(wrangler_toml::is_placeholder);
    cell.list("/d1_databases")
        .filter(|database| zeros(&database["database_id"]))
        .chain(cell.list("/kv_namespaces").filter(|namespace| zeros(&namespace["id"])))
        .filter_map(|binding| binding["binding"].as_str())
        .collect()
}

/// Refuses `CELL_KEYS` without a key of this cell, or with something in it that is no key.
fn require_keys(cell: &Cell<'_>) -> Result<()> {
    let name = cell.name;
    let text = cell.own["vars"]["CELL_KEYS"].as_str().unwrap_or_default();
    let keys: BTreeMap<String, Vec<String>> = serde_json::from_str(text).with_context(|| {
        format!("CELL_KEYS of [env.{name}] in wrangler.toml is not JSON with a list of keys a cell")
    })?;
    if keys.get(name).is_none_or(Vec::is_empty) {
        bail!("CELL_KEYS of [env.{name}] in wrangler.toml has no key of the cell {name}: see docs/operations.md");
    }
    for (cell, key) in keys.iter().flat_map(|(cell, keys)| keys.iter().map(move |key| (cell, key))) {
        if !secrets::is_key(key) {
            bail!("CELL_KEYS of [env.{name}] in wrangler.toml: a key of {cell} is not 32 bytes in base64url");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_found_by_binding() {
        let environment = json!({
            "d1_databases": [{ "binding": "DB_0", "database_id": "00000000-0000" }, { "binding": "DB_1", "database_id": "5f2c" }],
            "kv_namespaces": [{ "binding": "DIRECTORY", "id": "0000" }],
        });
        assert_eq!(placeholders(&Cell { name: "eu", own: &environment }), ["DB_0", "DIRECTORY"]);
    }

    #[test]
    fn a_cell_is_not_deployed_without_its_key() -> Result<()> {
        let check = |keys: Value| {
            let environment = json!({ "vars": { "CELL_KEYS": keys.to_string() } });
            require_keys(&Cell { name: "eu", own: &environment }).map_err(|error| error.to_string())
        };
        let key = secrets::public_key(&"A".repeat(43))?;
        assert_eq!(check(json!({ "eu": [key] })), Ok(()));
        for (keys, complaint) in [
            (json!({}), "no key of the cell eu"),
            (json!({ "eu": [] }), "no key of the cell eu"),
            (json!({ "us": [key] }), "no key of the cell eu"),
            (json!({ "eu": [key], "us": ["tbd"] }), "a key of us is not"),
            (json!(["tbd"]), "is not JSON with"),
        ] {
            let refused = check(keys.clone()).unwrap_err();
            assert!(refused.contains(complaint), "{keys}: {refused}");
        }
        Ok(())
    }
}
