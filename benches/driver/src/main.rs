//! Measures Redress at several sizes of its corpus, beside a bare Hono + D1 Worker and beside itself when it was small: a table
//! a size, the budgets of the design with their verdicts, the bill, a chart, and `target/bench.json`. `benches/README.md` says
//! how to read it.

mod baseline;
mod bill;
mod budgets;
mod chart;
mod corpus;
mod fairness;
mod operation;
mod plan;
mod process;
mod profile;
mod report;
mod round;
mod store;
mod target;
mod terms;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use xtask::checkout::root;
use xtask::stack::{self, Stack};

use crate::baseline::Baseline;
use crate::bill::{Bill, Life, PriceList};
use crate::corpus::Corpus;
use crate::operation::Operation;
use crate::plan::Plan;
use crate::profile::Profilers;
use crate::report::{BASELINE, Outcome, Report, StackState, Stage};
use crate::round::Driver;
use crate::store::{Stored, store};
use crate::target::Target;

/// The price list that bills are made of.
const PRICES: &str = "benches/prices/cloudflare-2026-11-26.json";
const LIFE: &str = "benches/prices/life-of-a-complaint.json";

/// Measures Redress at several sizes, beside a bare Hono + D1 Worker and beside itself when it was small.
#[derive(Parser)]
#[command(name = "bench")]
struct Options {
    /// Complaints to measure with, such as 1k,100k,1M: the first beside the baseline, the others beside the first
    #[arg(long, value_delimiter = ',', default_value = "1k,10k", value_parser = parse_size)]
    size: Vec<usize>,
    /// Seconds of each round
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds per stack, operation and concurrency; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Virtual users at the same time
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16])]
    concurrency: Vec<usize>,
    /// Measure only these operations
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Operation>,
    /// Real narratives to make texts of: gzipped JSON lines with "Consumer complaint narrative"
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Where the chart goes, besides target/bench.svg
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
    /// A variable of the Redress that is started, such as LOG=info
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = parse_variable)]
    variables: Vec<(String, String)>,
    /// Drive the baseline against itself: how far the ratios are from 1 is the noise of the machine
    #[arg(long)]
    calibrate: bool,
    /// Measure instead what a tenant feels of another that sends fifty times its limit
    #[arg(long, conflicts_with = "calibrate")]
    fairness: bool,
    /// Sample instead where the processor time of this operation goes
    #[arg(long, value_enum, value_name = "OPERATION", conflicts_with_all = ["calibrate", "fairness"])]
    profile: Option<Operation>,
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

/// Starts what is measured, measures it, and stops it.
fn run(mut options: Options) -> Result<()> {
    options.size.sort_unstable();
    options.size.dedup();
    // One thread: the load generator shares the machine with what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match options.profile {
            Some(operation) => profile(&options, operation).await,
            None if options.fairness => fairness(&options).await,
            None => measure(&options).await,
        }
    })
}

async fn fairness(options: &Options) -> Result<()> {
    let (baseline, redress) = (Baseline::start()?, options.stack()?);
    // Nothing is routed below this path.
    let bare = Target::baseline("bare", &format!("{}/nothing", baseline.inner_url()))?;
    println!("{}", fairness::measure(redress.inner_url(), redress.operator_key(), bare).await?);
    Ok(())
}

/// Runs one operation with most users on the smallest corpus, on both stacks, while their isolates are sampled.
async fn profile(options: &Options, operation: Operation) -> Result<()> {
    let stack = Stack::start(options.configured().with_names())?;
    let target = Arc::new(Target::redress("redress", stack.inner_url(), stack.operator_key()).await?);
    let (ours, functions) = sample(options, operation, &target, stack.inspector()).await?;
    drop(stack);
    let theirs = if operation.is_of_baseline() {
        let baseline = Baseline::start()?;
        let target = Arc::new(Target::baseline(BASELINE, baseline.inner_url())?);
        Some(sample(options, operation, &target, baseline.inspector()).await?.0)
    } else {
        None
    };
    println!("{}\n{functions}", profile::table(&ours, theirs.as_ref()));
    println!("whole profiles in target/profiles: open them in a browser's performance panel");
    Ok(())
}

async fn sample(
    options: &Options,
    operation: Operation,
    target: &Arc<Target>,
    debugger: &str,
) -> Result<(BTreeMap<&'static str, f64>, String)> {
    let Some(&size) = options.size.first() else { bail!("no size is given") };
    let corpus = options.corpus()?;
    store(target, &corpus, 0..size as u64).await?;
    target.look_over(&corpus).await?;
    let users = options.concurrency.iter().copied().max().unwrap_or(1);
    let folder = root().join("target/profiles");
    std::fs::create_dir_all(&folder)?;
    let driver = Driver { corpus, scratch: folder.join("round.json") };
    let plan = options.plan();
    eprintln!("{} of {} at {users}, {size} complaints", operation.name(), target.name);
    plan.warm_up(&driver, target, operation, users).await?;
    let before = plan.round(&driver, target, operation, users, 0).await?;
    // What commands need is logged before samples are taken.
    plan.prepare(&driver, target, operation).await?;
    let process = target.process.as_ref().context("the runtime's process was not found")?;
    let mut profilers = Profilers::connect(process, debugger)?;
    profilers.start()?;
    let round = plan.round(&driver, target, operation, users, 1).await?;
    let samples = profilers.stop(&format!("{}-{}", operation.name(), target.name), &folder)?;
    Ok((samples.groups(&round, &before), samples.functions(&round)))
}

async fn measure(options: &Options) -> Result<()> {
    let Some(&first) = options.size.first() else { bail!("no size is given") };
    let corpus = options.corpus()?;
    let folder = root().join("target");
    std::fs::create_dir_all(&folder)?;
    let driver = Driver { corpus: corpus.clone(), scratch: folder.join("bench-round.json") };
    let plan = options.plan();
    let mut run = Run { driver, plan, corpus, stored: Vec::new(), stages: Vec::new() };

    let baseline = Baseline::start()?;
    let theirs = Arc::new(Target::baseline(BASELINE, baseline.inner_url())?);
    if options.calibrate {
        let ours = Arc::new(Target::baseline("itself", baseline.inner_url())?);
        run.grow(&ours, 0..first).await?;
        run.stage(first, [ours, theirs], [None, None]).await?;
    } else {
        let grown = options.stack()?;
        let ours = Arc::new(Target::redress("redress", grown.inner_url(), grown.operator_key()).await?);
        run.grow(&theirs, 0..first).await?;
        run.grow(&ours, 0..first).await?;
        run.stage(first, [ours.clone(), theirs], [Some(&grown), None]).await?;
        drop(baseline);
        let mut size = first;
        for &next in options.size.iter().skip(1) {
            run.grow(&ours, size..next).await?;
            size = next;
            // Rounds write: each size is held against a stack that nobody has written to.
            let fresh = options.stack()?;
            let small = Arc::new(Target::redress("small", fresh.inner_url(), fresh.operator_key()).await?);
            run.grow(&small, 0..first).await?;
            run.stage(next, [ours.clone(), small], [Some(&grown), Some(&fresh)]).await?;
        }
    }
    std::fs::remove_file(&run.driver.scratch)?;
    run.tell(options)
}

impl Options {
    /// A Redress to measure: the baseline serves no docs page, writes no log line a request and asks D1 without sessions either.
    fn stack(&self) -> Result<Stack> {
        Stack::start(self.configured())
    }

    fn configured(&self) -> stack::Options {
        let plain = stack::Options::temporary().without_assets();
        let plain = plain.var("EXPOSE_COST", "1").var("LOG", "warn");
        self.variables.iter().fold(plain, |stack, (name, value)| stack.var(name, value))
    }

    fn corpus(&self) -> Result<Arc<Corpus>> {
        let bodies = root().join("tests/fixtures/complaints/bank.ndjson");
        let largest = self.size.last().copied().unwrap_or(1);
        Ok(Arc::new(Corpus::read(&bodies, self.data.as_deref(), largest)?))
    }

    fn plan(&self) -> Plan {
        let operations = if self.only.is_empty() { Operation::ALL.to_vec() } else { self.only.clone() };
        let time = Duration::from_secs_f64(self.seconds);
        let (turns, most_per_s) = (Cell::default(), Cell::default());
        Plan { operations, concurrency: self.concurrency.clone(), rounds: self.rounds, time, turns, most_per_s }
    }
}

/// A run so far.
struct Run {
    driver: Driver,
    plan: Plan,
    corpus: Arc<Corpus>,
    stored: Vec<Stored>,
    stages: Vec<Stage>,
}

impl Run {
    /// Stores the complaints with these numbers.
    async fn grow(&mut self, target: &Arc<Target>, numbers: std::ops::Range<usize>) -> Result<()> {
        let stored = store(target, &self.corpus, numbers.start as u64..numbers.end as u64).await?;
        eprintln!("{}: {} complaints stored, {:.0} a second", stored.stack, stored.complaints, stored.rate());
        self.stored.push(stored);
        Ok(())
    }

    /// Measures everything on these stacks.
    async fn stage(&mut self, size: usize, targets: [Arc<Target>; 2], stacks: [Option<&Stack>; 2]) -> Result<()> {
        let mut before = Vec::new();
        for (target, stack) in targets.iter().zip(stacks) {
            // Queues and outboxes work on what was stored.
            if let Some(process) = &target.process {
                process.settle(Duration::from_secs(2)).await;
            }
            let complaints = target.look_over(&self.corpus).await?;
            before.push((complaints, stack.map(|stack| databases(stack.state()))));
        }
        let measurements = self.plan.run(&self.driver, &targets).await?;
        let mut states = Vec::new();
        for (target, (complaints, bytes)) in targets.iter().zip(before) {
            let after = target.look_over(&self.corpus).await?;
            states.push(StackState::of(target, [complaints, after], bytes));
        }
        self.stages.push(Stage { size, stacks: states, outcomes: measurements.into_iter().map(Outcome::of).collect() });
        Ok(())
    }

    /// Writes the report, the chart and what a terminal shows.
    fn tell(self, options: &Options) -> Result<()> {
        let worker_bytes = if options.calibrate { None } else { Some(xtask::wasm::heaviest()?) };
        let budgets = budgets::of(&self.stages, &self.stored, worker_bytes);
        let bill = bill(&self.stages)?;
        let Plan { rounds, time, .. } = self.plan;
        let report = Report {
            rounds,
            seconds_per_round: time.as_secs_f64(),
            stored: self.stored,
            stages: self.stages,
            budgets,
            bill,
        };
        let file = root().join("target/bench.json");
        std::fs::write(&file, serde_json::to_string_pretty(&report)?)?;
        println!("{}", report.text());
        println!("written to {}", file.display());
        let users = options.concurrency.iter().copied().min().unwrap_or(1);
        if let Some(svg) = chart::svg(&report.stages, users) {
            let file = root().join("target/bench.svg");
            for path in std::iter::once(&file).chain(&options.chart) {
                std::fs::write(path, &svg).with_context(|| format!("cannot write {}", path.display()))?;
                println!("chart in {}", path.display());
            }
        }
        Ok(())
    }
}

/// The bill, from what requests used on the largest corpus.
fn bill(stages: &[Stage]) -> Result<Option<Bill>> {
    let Some((stage, stack)) = stages.last().and_then(|stage| Some((stage, stage.stacks.first()?))) else {
        return Ok(None);
    };
    let Some(bytes) = stack.database_bytes else { return Ok(None) };
    // The last of an operation is that with most users, whose requests share what is done afterwards.
    let used: BTreeMap<_, _> =
        stage.outcomes.iter().filter_map(|outcome| Some((outcome.operation, outcome.used()?))).collect();
    let (prices, life) = (PriceList::read(&root().join(PRICES))?, Life::read(&root().join(LIFE))?);
    Bill::of(&prices, &life, &used, bytes as f64 / stack.complaints[0].max(1) as f64)
}

/// Bytes of the D1 databases in a stack's state.
fn databases(state: &Path) -> u64 {
    fn below(folder: &Path) -> u64 {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| match entry.metadata() {
                Ok(found) if found.is_dir() => below(&entry.path()),
                Ok(found) => found.len(),
                Err(_) => 0,
            })
            .sum()
    }
    below(&state.join("state/v3/d1"))
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
