//! `cargo xtask import`: complaints from elsewhere, posted one by one through the API. Running it again adds nothing twice.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::api::{Client, Reply};
use crate::cfpb;
use crate::dev;
use crate::progress::duration;
use crate::workers;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What kind of file it is
    #[arg(value_enum)]
    source: Source,
    /// The file: .csv or .jsonl, gzipped or not
    file: PathBuf,
    /// The tenant that gets the complaints
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// Read at most this many rows
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Address of the API [default: that of a running `cargo xtask dev`]
    #[arg(long, requires = "key")]
    url: Option<String>,
    /// API key of the tenant with the scope complaints:write [default: the one that `cargo xtask dev` made]
    #[arg(long, env = "REDRESS_KEY", hide_env_values = true)]
    key: Option<String>,
}

/// Where complaints come from.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Source {
    /// The US CFPB's Consumer Complaint Database
    Cfpb,
}

/// What became of a file's rows.
#[derive(Debug, Default)]
pub struct Tally {
    /// Complaints that are there now because of this run.
    pub imported: AtomicUsize,
    /// Complaints that an earlier run had imported.
    pub known: AtomicUsize,
    /// Rows that were not accepted.
    pub bad: AtomicUsize,
}

/// Imports the file and prints what became of it.
pub fn run(args: &Args) -> Result<()> {
    let Source::Cfpb = args.source;
    let started = Instant::now();
    let tally = Tally::default();
    let rows = cfpb::read(&args.file)?.take(args.limit.unwrap_or(usize::MAX));
    cfpb_rows(&client(args)?, rows, &tally, |_| Ok(()))?;
    let (imported, known, bad) = (tally.imported.into_inner(), tally.known.into_inner(), tally.bad.into_inner());
    let rate = (imported + known) as f64 / started.elapsed().as_secs_f64();
    let took = duration(started.elapsed());
    println!("{imported} imported, {known} were there already, {bad} not accepted, in {took} ({rate:.0} a second)");
    Ok(())
}

/// Posts rows. `then` gets the answer to each one that was not there before.
pub fn cfpb_rows(
    client: &Client,
    rows: impl Iterator<Item = cfpb::Line> + Send,
    tally: &Tally,
    then: impl Fn(Reply) -> Result<()> + Sync,
) -> Result<()> {
    let progress = Progress::new();
    workers::for_each(rows, |(line, row)| {
        match row.and_then(|row| cfpb::complaint(&row)) {
            Ok(body) => match post(client, &body, tally)? {
                Ok(reply) if reply.replayed => {}
                Ok(reply) => then(reply)?,
                Err(reason) => tally.refuse(line, &reason),
            },
            Err(reason) => tally.refuse(line, &format!("{reason:#}")),
        }
        progress.show(tally);
        Ok(())
    })?;
    progress.clear();
    Ok(())
}

/// The created complaint, or why this one was refused. An error is one that every other row would meet too.
fn post(client: &Client, body: &Value, tally: &Tally) -> Result<Result<Reply, String>> {
    let reference = body["external_reference"].as_str().context("a row without a reference")?;
    let reply = client.post("/v1/complaints", &format!("import-{reference}"), body)?;
    Ok(match reply.status {
        201 => {
            let counter = if reply.replayed { &tally.known } else { &tally.imported };
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(reply)
        }
        401 | 403 | 404 | 405 | 429 | 500.. => bail!("POST /v1/complaints: {}", reply.complaint()),
        _ => Err(reply.complaint()),
    })
}

fn client(args: &Args) -> Result<Client> {
    if let (Some(url), Some(key)) = (&args.url, &args.key) {
        return Ok(Client::new(url, key));
    }
    let addresses =
        std::fs::read(dev::addresses()).context("no --url and --key given, and no `cargo xtask dev` has run here")?;
    let addresses: Value = serde_json::from_slice(&addresses)?;
    let tenant = addresses["tenants"].as_array().into_iter().flatten().find(|tenant| tenant["slug"] == args.tenant);
    let key = args.key.as_deref().or_else(|| tenant?["key"].as_str());
    let key = key.with_context(|| format!("`cargo xtask dev` made no tenant {}: give --url and --key", args.tenant))?;
    Ok(Client::new(addresses["inner_url"].as_str().context("target/dev.json has no address")?, key))
}

impl Tally {
    fn refuse(&self, line: usize, reason: &str) {
        self.bad.fetch_add(1, Ordering::Relaxed);
        eprintln!("    line {line}: {reason}");
    }

    fn total(&self) -> usize {
        [&self.imported, &self.known, &self.bad].iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

/// A line that is written over and over while the import runs, if someone is watching.
struct Progress {
    started: Instant,
    turns: AtomicUsize,
}

impl Progress {
    fn new() -> Progress {
        Progress { started: Instant::now(), turns: AtomicUsize::new(0) }
    }

    fn show(&self, tally: &Tally) {
        const EVERY: Duration = Duration::from_millis(500);
        let elapsed = self.started.elapsed();
        let turn = (elapsed.as_millis() / EVERY.as_millis()) as usize;
        if std::io::stderr().is_terminal() && self.turns.fetch_max(turn, Ordering::Relaxed) < turn {
            let total = tally.total();
            eprint!("\r    {total} rows, {:.0} a second   ", total as f64 / elapsed.as_secs_f64());
        }
    }

    fn clear(&self) {
        if self.turns.load(Ordering::Relaxed) > 0 {
            eprint!("\r{:40}\r", "");
        }
    }
}
