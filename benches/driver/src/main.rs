//! Compares Redress with a bare Hono + D1 Worker under the same load: one table, the budgets of
//! the design with their verdicts, and `target/bench.json`. `benches/README.md` says how to read it.

mod complaints;
mod operation;
mod plan;
mod process;
mod report;
mod round;
mod target;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::complaints::Complaints;
use crate::operation::Operation;
use crate::plan::Plan;
use crate::report::Report;
use crate::target::Target;

/// Compares Redress with a bare Hono + D1 Worker under the same load.
#[derive(Parser)]
#[command(name = "bench")]
struct Options {
    /// Complaints to load before measuring, such as 10000 or 10k
    #[arg(long, default_value = "10k", value_parser = parse_size)]
    size: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds per stack, operation and concurrency; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Virtual users at the same time
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    concurrency: Vec<usize>,
    /// Measure only these operations
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Operation>,
    /// Narratives for the descriptions: gzipped JSON lines with "Consumer complaint narrative"
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Use a running Redress instead of starting one
    #[arg(long, value_name = "URL", requires = "operator_key")]
    redress_url: Option<String>,
    /// The operator key of the running Redress
    #[arg(long, env = "REDRESS_OPERATOR_KEY", hide_env_values = true)]
    operator_key: Option<String>,
    /// Use a running baseline instead of starting one
    #[arg(long, value_name = "URL")]
    baseline_url: Option<String>,
    /// Drive the baseline against itself: how far the ratios are from 1 is the noise of the machine
    #[arg(long, conflicts_with = "redress_url")]
    calibrate: bool,
}

// One thread: the load generator shares the machine with what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    tokio::select! {
        // `rlt` takes Ctrl-C for the end of a round; here it ends the run.
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        done = compare(options) => done,
    }
}

async fn compare(options: Options) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let bodies = root.join("tests/fixtures/complaints/bank.ndjson");
    let bodies = Arc::new(Complaints::read(&bodies, options.data.as_deref(), options.size)?);
    let plan = Plan {
        complaints: options.size,
        operations: if options.only.is_empty() { Operation::ALL.to_vec() } else { options.only },
        concurrency: options.concurrency,
        rounds: options.rounds,
        time: Duration::from_secs_f64(options.seconds),
    };

    let baseline_url = options.baseline_url.context("--baseline-url is missing")?;
    let ours = if options.calibrate {
        Target::baseline("itself", &baseline_url)?
    } else {
        let url = options.redress_url.context("--redress-url is missing")?;
        let key = options.operator_key.context("--operator-key is missing")?;
        Target::redress(&url, &key).await?
    };
    let targets = [Arc::new(ours), Arc::new(Target::baseline("baseline", &baseline_url)?)];

    let folder = root.join("target");
    std::fs::create_dir_all(&folder)?;
    let scratch = folder.join("bench-round.json");
    let measurements = plan.run(&targets, &bodies, &scratch).await?;
    std::fs::remove_file(&scratch)?;

    let report = Report::new(&plan, &targets, measurements);
    let file = folder.join("bench.json");
    std::fs::write(&file, serde_json::to_string_pretty(&report)?)?;
    println!("{}", report.text());
    println!("written to {}", file.canonicalize()?.display());
    Ok(())
}

/// A number of complaints, with `k` for thousands and `m` for millions.
fn parse_size(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.to_ascii_lowercase() {
        text if text.ends_with('k') => (text.trim_end_matches('k').to_owned(), 1_000),
        text if text.ends_with('m') => (text.trim_end_matches('m').to_owned(), 1_000_000),
        text => (text, 1),
    };
    match digits.parse::<usize>() {
        Ok(number) if number > 0 => Ok(number * unit),
        _ => Err("expected a number such as 500, 10k or 1m".to_owned()),
    }
}
