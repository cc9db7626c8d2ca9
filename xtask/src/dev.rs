//! `cargo xtask dev`: from a bare clone to a stack with demo data, served until Ctrl-C.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::Client;
use crate::cells::{self, Cells};
use crate::checkout::{self, root};
use crate::demo;
use crate::firm::Firm;
use crate::mail_sink::MailSink;
use crate::progress::{duration, step};
use crate::stack::{Options, Stack};
use crate::wasm;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port to serve on; with several cells the first one's, the others have the next ones
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Run these cells of wrangler.toml side by side, as eu,us, instead of one called local
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    cells: Vec<String>,
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

/// Runs until a stack ends or a signal ends this process.
pub fn run(args: Args) -> Result<()> {
    let started = Instant::now();
    let state = std::path::absolute(args.state.unwrap_or_else(checkout::default_state))?;
    let data = std::path::absolute(args.data.unwrap_or_else(demo::fixtures))?;
    let cells: Vec<&str> = args.cells.iter().map(String::as_str).collect();
    // Each choice of cells has its own state, because firms have their homes by it.
    let state = if cells.is_empty() { state } else { state.join(cells.join("-")) };
    let options = Options::in_state(state.clone()).port(Some(args.port)).var("EXPOSE_COST", "1");
    let options = options.var("WEBHOOKS_TO_LOOPBACK", "1");
    // Before anything that takes minutes.
    if cells.is_empty() {
        options.require_free()?
    } else {
        cells::require_free(&cells, &options)?
    }
    wasm::build()?;
    if args.fresh {
        cells::delete_state(&state)?;
    }
    let sink = step("Starting the mail sink", || MailSink::start(&state.join("mail")))?;
    let options = options.var("MAIL", &sink.mail()).var("MAIL_FROM", "complaints@redress.example");
    let options = options.var("PUBLIC_URL", &format!("http://127.0.0.1:{}", args.port));
    let mut running = step("Starting workerd with D1, R2, KV, Queues and Durable Objects", || {
        if cells.is_empty() { Cells::of_one(options) } else { Cells::start(&cells, options) }
    })?;
    let firms = demo::load(running.all(), &state, &data)?;
    write_addresses(running.all(), &firms)?;
    print_welcome(running.all(), &firms, (&state, &sink), started.elapsed())?;
    serve(&mut running)
}

/// Where a running `cargo xtask dev` leaves its addresses and credentials for scripts.
pub fn addresses() -> PathBuf {
    root().join("target/dev.json")
}

fn serve(running: &mut Cells) -> Result<()> {
    const MINUTE: Duration = Duration::from_secs(60);
    let mut last_tick = Instant::now();
    loop {
        if let Some(log) = running.ended()? {
            bail!("wrangler dev ended by itself: see {}", log.display());
        }
        std::thread::sleep(Duration::from_millis(200));
        if last_tick.elapsed() >= MINUTE {
            last_tick = Instant::now();
            for stack in running.all() {
                if let Err(error) = stack.tick() {
                    eprintln!("the minute's cron run of the cell {} failed: {error:#}", stack.cell());
                }
            }
        }
    }
}

fn write_addresses(stacks: &[Stack], firms: &[Firm]) -> Result<()> {
    let first = stacks.first().context("no stack is running")?;
    let tenants = firms.iter().enumerate().map(|(nth, firm)| {
        let mut tenant = firm.to_json();
        tenant["cell"] = json!(demo::home(stacks, nth)?.cell());
        Ok(tenant)
    });
    let cells: BTreeMap<&str, Value> = stacks
        .iter()
        .map(|stack| (stack.cell(), json!({ "base_url": stack.base_url(), "inner_url": stack.inner_url() })))
        .collect();
    let addresses = json!({
        "base_url": first.base_url(),
        "inner_url": first.inner_url(),
        "operator_key": first.operator_key(),
        "cells": cells,
        "tenants": tenants.collect::<Result<Vec<Value>>>()?,
    });
    let path = self::addresses();
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    Ok(std::fs::write(path, serde_json::to_string_pretty(&addresses)?)?)
}

fn print_welcome(stacks: &[Stack], firms: &[Firm], (state, sink): (&Path, &MailSink), took: Duration) -> Result<()> {
    let stack = stacks.first().context("no stack is running")?;
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
    for stack in stacks {
        let url = stack.base_url();
        if stacks.len() > 1 {
            println!("Cell {}", stack.cell());
        }
        println!("  API          {url}/v1      (without wrangler's proxy: {})", stack.inner_url());
        println!("  Docs         {url}/docs");
        println!("  Health       {url}/healthz, {url}/readyz");
        println!("  Portal       {url}/{}/      (and of the other firms)", bank.slug);
        println!(
            "  Console      {url}/app/{}/sign-in      (as {}; the link is in the mail)",
            bank.slug,
            bank.email_of("anna")
        );
        println!("  Log          {}", stack.log().display());
    }
    println!();
    println!("  Mail         {}      (whatever is sent ends here)", sink.url());
    println!("  Data         {}", state.display());
    println!("  For scripts  {}", addresses().display());
    println!();
    println!("  Operator key     {}", stack.operator_key());
    for (nth, firm) in firms.iter().enumerate() {
        let cell = if stacks.len() > 1 { format!(" ({})", demo::home(stacks, nth)?.cell()) } else { String::new() };
        println!("  {:<16} {}{cell}", firm.slug, firm.key);
    }
    println!();
    println!("Try it: log a complaint, list what was received, acknowledge one.");
    println!();
    println!("KEY={}", bank.key);
    println!(
        "curl -sS {url}/v1/complaints -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -H 'Idempotency-Key: try-{now}-create' \
         -d '{{\"complainant\":{{\"name\":\"Ada Winter\",\"contacts\":[{{\"kind\":\"email\",\"value\":\"ada@example.com\"}}]}},\"channel\":\"web\",\"description\":\"A fee was charged twice.\"}}'"
    );
    println!("curl -sS \"{url}/v1/complaints?state=received&limit=3\" -H \"Authorization: Bearer $KEY\"");
    println!(
        "curl -sS {url}/v1/complaints/{id}/acknowledge -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' \
         -H 'Idempotency-Key: try-{now}-acknowledge' -H 'If-Match: \"v{version}\"' -d '{{}}'"
    );
    if let Some(other) = stacks.get(1) {
        println!();
        println!(
            "Ask the cell {} for what is at home in {}: it is forwarded, and answered by its home.",
            other.cell(),
            stack.cell()
        );
        println!();
        println!("curl -sS \"{}/v1/complaints/{id}\" -H \"Authorization: Bearer $KEY\"", other.base_url());
    }
    println!();
    println!("Ctrl-C stops everything and keeps the data.");
    Ok(())
}
