//! `cargo xtask relocate`: moves a tenant to another cell. It asks for the move, or finds the one that is under way, and drives it
//! until it is over. Stopped at any moment, it goes on when it is run again; meanwhile the cells' cron does.

use std::io::IsTerminal;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::{Client, Reply};
use crate::dev;
use crate::progress::duration;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The tenant's id
    #[arg(long, value_name = "ID")]
    tenant: String,
    /// The cell that is to hold its data
    #[arg(long, value_name = "CELL")]
    to: String,
    /// Address of any cell [default: that of a running `cargo xtask dev`]
    #[arg(long, requires = "key")]
    url: Option<String>,
    /// The operator key [default: that of a running `cargo xtask dev`]
    #[arg(long, env = "REDRESS_OPERATOR_KEY", hide_env_values = true)]
    key: Option<String>,
}

/// Moves the tenant and prints how far it is.
pub fn run(args: &Args) -> Result<()> {
    let client = client(args)?;
    let started = Instant::now();
    let job = drive(&client, &args.tenant, &args.to, |job| show(job))?;
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    match job["phase"].as_str() {
        Some("done") => {
            let pause = job["longest_pause_millis"].as_u64().unwrap_or_default();
            let (copied, took) = (&job["complaints"]["copied"], duration(started.elapsed()));
            println!("{} has {copied} complaints of it; writes paused for {pause} ms; {took}", args.to);
            Ok(())
        }
        _ => bail!("the move to {} was given up", args.to),
    }
}

/// Asks for the move, unless it is under way, and drives it until it is over. `seen` is shown each stand of it.
pub fn drive(client: &Client, tenant: &str, to: &str, mut seen: impl FnMut(&Value)) -> Result<Value> {
    /// How long a cell that does not answer is waited for.
    const PATIENCE: Duration = Duration::from_secs(120);
    let path = format!("/v1/tenants/{tenant}");
    let found = client.get(&path)?.success().context("reading the tenant")?;
    if found.body["home_cell"] != to {
        let version = found.etag.context("a tenant came without an ETag")?;
        let asked = client.command(&format!("{path}/relocation"), &once()?, &version, &json!({ "to": to }))?;
        // Then it may be this very move: what is under way is shown below.
        if asked.code() != "already_taken" {
            asked.success().context("asking for the move")?;
        }
    }
    let mut silent_since = None;
    loop {
        match client.post(&format!("{path}/relocation/advance"), &once()?, &json!({})) {
            Ok(Reply { status: 200, body, .. }) => {
                silent_since = None;
                if body["to"] != to {
                    bail!("the tenant is being moved to {}", body["to"]);
                }
                seen(&body);
                if body["finished_at"].is_string() {
                    return Ok(body);
                }
                // While it waits for the directory there is nothing to hurry.
                if body["wait_until"].is_string() || body["last_error"].is_string() {
                    std::thread::sleep(Duration::from_millis(500));
                }
            }
            Ok(reply) if reply.status != 503 => bail!("{}", reply.complaint()),
            silence => {
                if silent_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                    bail!("no answer: {}", silence.map_or_else(|error| error.to_string(), |reply| reply.complaint()));
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

/// A line that is written over and over, if someone is watching.
fn show(job: &Value) {
    const WIDTH: u64 = 30;
    if !std::io::stderr().is_terminal() {
        return;
    }
    let [copied, total] = ["copied", "total"].map(|member| job["complaints"][member].as_u64().unwrap_or_default());
    let full = if total == 0 { WIDTH } else { (copied * WIDTH / total).min(WIDTH) };
    let bar = format!("{}{}", "#".repeat(full as usize), ".".repeat((WIDTH - full) as usize));
    let phase = job["phase"].as_str().unwrap_or_default();
    let error = job["last_error"].as_str().unwrap_or_default();
    eprint!("\r    [{bar}] {copied} of {total} complaints, {phase} {error:40}");
}

fn client(args: &Args) -> Result<Client> {
    if let (Some(url), Some(key)) = (&args.url, &args.key) {
        return Ok(Client::new(url, key));
    }
    let addresses = std::fs::read(dev::addresses());
    let addresses = addresses.context("no --url and --key given, and no `cargo xtask dev` has run here")?;
    let addresses: Value = serde_json::from_slice(&addresses)?;
    let text = |member: &str| addresses[member].as_str().context("target/dev.json is incomplete");
    Ok(Client::new(text("base_url")?, args.key.as_deref().map_or_else(|| text("operator_key"), Ok)?))
}

fn once() -> Result<String> {
    Ok(format!("relocate-{}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos()))
}
