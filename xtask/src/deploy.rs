//! `cargo xtask deploy`: a cell's migrations and its Worker, to Cloudflare or as a dry run.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::checkout::root;
use crate::npm;
use crate::process;
use crate::progress::step;
use crate::wasm;

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
    let config: Value =
        toml::from_str(&std::fs::read_to_string(root().join("wrangler.toml"))?).context("wrangler.toml")?;
    let cells: Vec<&str> = config["env"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let Some(environment) = config["env"].get(cell) else {
        bail!("wrangler.toml has no cell {cell}: it has {}", cells.join(", "));
    };
    if args.dry_run {
        wasm::build()?;
        let out = root().join("target").join(format!("deploy-{cell}"));
        return step(&format!("Dry run for the cell {cell}"), || {
            process::run(npm::wrangler()?.args(["deploy", "--dry-run", "--env", cell, "--outdir"]).arg(&out))
        });
    }
    let placeholders = placeholders(environment);
    if !placeholders.is_empty() {
        bail!("[env.{cell}] of wrangler.toml still has placeholder ids for {}", placeholders.join(", "));
    }
    wasm::build()?;
    for database in environment["d1_databases"].as_array().into_iter().flatten() {
        let binding = database["binding"].as_str().context("a database without a binding")?;
        step(&format!("Migrating {binding} of the cell {cell}"), || {
            process::run(npm::wrangler()?.args(["d1", "migrations", "apply", binding, "--remote", "--env", cell]))
        })?;
    }
    step(&format!("Deploying the cell {cell}"), || process::run(npm::wrangler()?.args(["deploy", "--env", cell])))
}

/// Bindings whose id is still zeros.
fn placeholders(environment: &Value) -> Vec<&str> {
    let bindings = |kind: &str| environment[kind].as_array().into_iter().flatten();
    let zeros = |id: &Value| id.as_str().is_none_or(|id| id.chars().all(|c| matches!(c, '0' | '-')));
    bindings("d1_databases")
        .filter(|database| zeros(&database["database_id"]))
        .chain(bindings("kv_namespaces").filter(|namespace| zeros(&namespace["id"])))
        .filter_map(|binding| binding["binding"].as_str())
        .collect()
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
        assert_eq!(placeholders(&environment), ["DB_0", "DIRECTORY"]);
    }
}
