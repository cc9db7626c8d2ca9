//! Compares Redress with a bare Hono + D1 Worker under the same load: one table, the budgets of
//! the design with their verdicts, and `target/bench.json`. `benches/README.md` says how to read it.

mod baseline;
mod complaints;
mod fairness;
mod operation;
mod plan;
mod process;
mod report;
mod round;
mod target;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use xtask::checkout::root;
use xtask::stack::{self, Stack};

use crate::baseline::Baseline;
use crate::complaints::Complaints;
use crate::operation::Operation;
use crate::plan::Plan;
use crate::report::Report;
use crate::round::Driver;
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
    #[arg(long, default_value_t = 6)]
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
    /// A variable of the Redress that is started, such as LOG=warn
    #[arg(long = "var", value_name = "NAME=VALUE", conflicts_with = "redress_url", value_parser = parse_variable)]
    variables: Vec<(String, String)>,
    /// Drive the baseline against itself: how far the ratios are from 1 is the noise of the machine
    #[arg(long, conflicts_with = "redress_url")]
    calibrate: bool,
    /// Measure instead what a tenant feels of another that sends fifty times its limit
    #[arg(long, conflicts_with = "calibrate")]
    fairness: bool,
}

fn main() -> ExitCode {
    let stopped = ctrlc::set_handler(|| {
        xtask::process::stop_all();
        eprintln!("stopped");
        std::process::exit(130);
    });
    match stopped.map_err(Into::into).and_then(|()| run(Options::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Starts what is not running yet, compares, and stops what it started.
fn run(options: Options) -> Result<()> {
    let baseline = match options.baseline_url {
        None => Some(Baseline::start()?),
        Some(_) => None,
    };
    let baseline_url = options.baseline_url.as_deref().or(baseline.as_ref().map(Baseline::inner_url));
    let redress = match options.redress_url {
        None if !options.calibrate => {
            // The baseline serves no docs page and writes no log line a request either.
            let plain = stack::Options::temporary().without_assets().var("EXPOSE_COST", "1").var("LOG", "warn");
            let ours = options.variables.iter().fold(plain, |ours, (name, value)| ours.var(name, value));
            Some(Stack::start(ours)?)
        }
        _ => None,
    };
    let redress_url = options.redress_url.as_deref().or(redress.as_ref().map(Stack::inner_url));
    let operator_key = options.operator_key.as_deref().or(redress.as_ref().map(Stack::operator_key));

    // One thread: the load generator shares the machine with what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let baseline_url = baseline_url.context("the baseline has no address")?;
        if options.fairness {
            let (url, key) = redress_url.zip(operator_key).context("Redress has no address")?;
            // Nothing is routed below this path.
            let bare = Target::baseline("bare", &format!("{baseline_url}/nothing"))?;
            println!("{}", fairness::measure(url, key, bare).await?);
            return Ok(());
        }
        let ours = match redress_url.zip(operator_key) {
            Some((url, key)) => Target::redress(url, key).await?,
            None => Target::baseline("itself", baseline_url)?,
        };
        compare([Arc::new(ours), Arc::new(Target::baseline("baseline", baseline_url)?)], &options).await
    })
}

async fn compare(targets: [Arc<Target>; 2], options: &Options) -> Result<()> {
    let bodies = root().join("tests/fixtures/complaints/bank.ndjson");
    let complaints = Complaints::read(&bodies, options.data.as_deref(), options.size)?;
    let plan = Plan {
        complaints: options.size,
        operations: if options.only.is_empty() { Operation::ALL.to_vec() } else { options.only.clone() },
        concurrency: options.concurrency.clone(),
        rounds: options.rounds,
        time: Duration::from_secs_f64(options.seconds),
    };
    let folder = root().join("target");
    std::fs::create_dir_all(&folder)?;
    let driver = Driver { complaints: Arc::new(complaints), scratch: folder.join("bench-round.json") };
    let measurements = plan.run(&driver, &targets).await?;
    std::fs::remove_file(&driver.scratch)?;

    let report = Report::new(&plan, &targets, measurements);
    let file = folder.join("bench.json");
    std::fs::write(&file, serde_json::to_string_pretty(&report)?)?;
    println!("{}", report.text());
    println!("written to {}", file.display());
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

fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
