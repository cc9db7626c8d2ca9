//! `cargo xtask dev`: from a bare clone to a stack with demo data, served until Ctrl-C.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::Client;
use crate::checkout::{self, root};
use crate::demo;
use crate::firm::Firm;
use crate::progress::{duration, step};
use crate::stack::{self, Options, Stack};
use crate::wasm;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port to serve on
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Folder that keeps data, log and generated configuration [default: .redress]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Delete the data first and start over
    #[arg(long)]
    fresh: bool,
    /// Folder with bank.ndjson, telecom.ndjson and airline.ndjson to load instead of the repository's complaints
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Runs until the stack ends or a signal ends this process.
pub fn run(args: Args) -> Result<()> {
    let started = Instant::now();
    let state = std::path::absolute(args.state.unwrap_or_else(checkout::default_state))?;
    let data = std::path::absolute(args.data.unwrap_or_else(demo::fixtures))?;
    let options = Options::in_state(state.clone()).port(Some(args.port)).var("EXPOSE_COST", "1");
    // Before anything that takes minutes.
    options.require_free()?;
    wasm::build()?;
    if args.fresh {
        stack::delete_state(&state)?;
    }
    let mut stack = step("Starting workerd with D1, KV and Queues", || Stack::start(options))?;
    let firms = demo::load(&stack, &state, &data)?;
    write_addresses(&stack, &firms)?;
    print_welcome(&stack, &firms, &state, started.elapsed())?;
    serve(&mut stack)
}

/// Where a running `cargo xtask dev` leaves its addresses and credentials for scripts.
pub fn addresses() -> PathBuf {
    root().join("target/dev.json")
}

fn serve(stack: &mut Stack) -> Result<()> {
    const MINUTE: Duration = Duration::from_secs(60);
    let mut last_tick = Instant::now();
    while !stack.ended()? {
        std::thread::sleep(Duration::from_millis(200));
        if last_tick.elapsed() >= MINUTE {
            last_tick = Instant::now();
            if let Err(error) = stack.tick() {
                eprintln!("the minute's cron run failed: {error:#}");
            }
        }
    }
    bail!("wrangler dev ended by itself: see {}", stack.log().display())
}

fn write_addresses(stack: &Stack, firms: &[Firm]) -> Result<()> {
    let firms: Vec<Value> = firms.iter().map(Firm::to_json).collect();
    let addresses = json!({
        "base_url": stack.base_url(),
        "inner_url": stack.inner_url(),
        "operator_key": stack.operator_key(),
        "tenants": firms,
    });
    let path = self::addresses();
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    Ok(std::fs::write(path, serde_json::to_string_pretty(&addresses)?)?)
}

fn print_welcome(stack: &Stack, firms: &[Firm], state: &Path, took: Duration) -> Result<()> {
    let bank = firms.first().context("no firm was created")?;
    let url = stack.base_url();
    let received = Client::new(url, &bank.key).get("/v1/complaints?state=received&limit=1")?.success()?;
    let waiting = received.body["data"][0].clone();
    let (id, version) = (waiting["id"].as_str().unwrap_or("ID"), waiting["version"].as_u64().unwrap_or(1));
    // Commands carry an idempotency key of their own time, so that the printed lines work again in a later run.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    println!();
    println!("Redress is ready after {}.", duration(took));
    println!();
    println!("  API          {url}/v1      (without wrangler's proxy: {})", stack.inner_url());
    println!("  Docs         {url}/docs");
    println!("  Health       {url}/healthz, {url}/readyz");
    println!("  Log          {}", stack.log().display());
    println!("  Data         {}", state.display());
    println!("  For scripts  {}", addresses().display());
    println!();
    println!("  Operator key     {}", stack.operator_key());
    for firm in firms {
        println!("  {:<16} {}", firm.slug, firm.key);
    }
    println!();
    println!("Try it: log a complaint, list what was received, acknowledge one.");
    println!();
    println!("KEY={}", bank.key);
    println!(
        "curl -sS {url}/v1/complaints -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -H 'Idempotency-Key: try-{now}-create' \
         -d '{{\"complainant\":{{\"name\":\"Ada Winter\"}},\"channel\":\"web\",\"description\":\"A fee was charged twice.\"}}'"
    );
    println!("curl -sS \"{url}/v1/complaints?state=received&limit=3\" -H \"Authorization: Bearer $KEY\"");
    println!(
        "curl -sS {url}/v1/complaints/{id}/acknowledge -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' \
         -H 'Idempotency-Key: try-{now}-acknowledge' -H 'If-Match: \"v{version}\"' -d '{{}}'"
    );
    println!();
    println!("Ctrl-C stops everything and keeps the data.");
    Ok(())
}
