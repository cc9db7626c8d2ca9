//! One round of load: `rlt` runs the virtual users and takes the times, this module tells it what
//! a user does and reads its report.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use clap::Parser;
use parking_lot::Mutex;
use rlt::cli::BenchCli;
use rlt::{BenchSuite, IterInfo, IterReport, Status};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::complaints::Complaints;
use crate::operation::Operation;
use crate::target::{Connection, Target, connect, send};

/// When a round ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After so many requests.
    Requests(usize),
    /// After this time, or earlier if there is nothing left to send.
    Elapsed(Duration),
}

/// What one round of load on one stack came to.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Round {
    pub(crate) requests: u64,
    pub(crate) requests_per_s: f64,
    pub(crate) p50_us: f64,
    pub(crate) p95_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) errors: u64,
    /// Processor time of the server process per request, with what it did after answering.
    pub(crate) cpu_us: Option<f64>,
    /// How long the server went on working after the last answer.
    pub(crate) settled_after_s: f64,
    /// From the cost header, where the stack sends one.
    pub(crate) cost: Option<Cost>,
}

/// D1's part in a request, on average.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cost {
    pub(crate) d1_calls: f64,
    pub(crate) rows_read: f64,
    pub(crate) rows_written: f64,
}

/// Runs rounds with the same complaints.
pub(crate) struct Driver {
    pub(crate) complaints: Arc<Complaints>,
    /// A file for `rlt`'s report of each round.
    pub(crate) scratch: PathBuf,
}

impl Driver {
    /// Drives `target` with `concurrency` virtual users and waits until it is idle again.
    pub(crate) async fn run(
        &self,
        target: &Arc<Target>,
        operation: Operation,
        concurrency: usize,
        until: Until,
    ) -> Result<Round> {
        let tally = Arc::new(Tally::default());
        let users = VirtualUsers {
            target: target.clone(),
            complaints: self.complaints.clone(),
            operation,
            tally: tally.clone(),
        };
        let cpu_before = target.cpu_time();
        rlt::cli::run(self.options(target, operation, concurrency, until)?, users).await?;
        // A queue waits up to a second for its batch to fill.
        let quiet = Duration::from_millis(if operation.writes() { 1_500 } else { 200 });
        let settled_after = match &target.process {
            Some(process) => process.settle(quiet).await,
            None => Duration::ZERO,
        };
        let cpu_after = target.cpu_time();

        if let Some(failure) = tally.failure.lock().take() {
            eprintln!("  {} {}: {failure}", target.name, operation.name());
        }
        let text = std::fs::read_to_string(&self.scratch).context("rlt wrote no report")?;
        let report: Report = serde_json::from_str(&text).context("rlt's report reads otherwise than expected")?;
        let requests = report.summary.iters.total;
        let latency = report.latency.with_context(|| {
            format!("{} answered no {} in the time of a round: raise --seconds", target.name, operation.name())
        })?;
        let micros = |percentile| latency.percentiles.get(percentile).map_or(f64::NAN, |seconds| seconds * 1e6);
        Ok(Round {
            requests,
            requests_per_s: report.summary.iters.rate,
            p50_us: micros("p50"),
            p95_us: micros("p95"),
            p99_us: micros("p99"),
            errors: tally.errors.load(Ordering::Relaxed),
            cpu_us: cpu_before
                .zip(cpu_after)
                .map(|(before, after)| (after - before).as_secs_f64() * 1e6 / requests as f64),
            settled_after_s: settled_after.as_secs_f64(),
            cost: tally.cost(),
        })
    }

    /// `rlt` is configured as its command line is.
    fn options(&self, target: &Target, operation: Operation, concurrency: usize, until: Until) -> Result<BenchCli> {
        let mut line = vec!["rlt".to_owned(), "--quiet".to_owned(), "--output=json".to_owned()];
        line.push(format!("--output-file={}", self.scratch.to_str().context("a path that is not UTF-8")?));
        line.push(format!("--concurrency={concurrency}"));
        match until {
            Until::Requests(number) => line.push(format!("--iterations={number}")),
            Until::Elapsed(time) => {
                line.push(format!("--duration={}ms", time.as_millis()));
                if operation == Operation::Command {
                    line.push(format!("--iterations={}", target.untouched()));
                }
            }
        }
        Ok(BenchCli::try_parse_from(line)?)
    }
}

/// What all users of a round share.
#[derive(Clone)]
struct VirtualUsers {
    target: Arc<Target>,
    complaints: Arc<Complaints>,
    operation: Operation,
    tally: Arc<Tally>,
}

#[async_trait]
impl BenchSuite for VirtualUsers {
    type WorkerState = Connection;

    async fn state(&self, _user: u32) -> Result<Connection> {
        Ok(connect())
    }

    async fn bench(&mut self, connection: &mut Connection, info: &IterInfo) -> Result<IterReport> {
        let request = self.target.request(self.operation, &self.complaints, info.runner_seq)?;
        let start = Instant::now();
        let answer = send(connection, request).await;
        let duration = start.elapsed();
        let (status, headers, body) = answer.inspect_err(|error| self.tally.note_failure(format!("{error:#}")))?;

        if let Some(cost) = headers.get("redress-cost").and_then(|cost| cost.to_str().ok()) {
            self.tally.note_cost(cost);
        }
        let expected = status == self.operation.success();
        if !expected {
            self.tally.note_failure(format!("{status} {}", String::from_utf8_lossy(&body)));
        } else if self.operation == Operation::Create {
            self.target.note_created(serde_json::from_slice::<Created>(&body)?.id);
        }
        let code = i64::from(status.as_u16());
        Ok(IterReport {
            duration,
            status: if expected { Status::success(code) } else { Status::error(code) },
            bytes: body.len() as u64,
            items: 1,
        })
    }
}

/// The part of an answer that later requests need.
#[derive(Deserialize)]
struct Created {
    id: String,
}

/// What the users of a round count together.
#[derive(Default)]
struct Tally {
    errors: AtomicU64,
    /// The first failure, to be shown: the others are likely the same.
    failure: Mutex<Option<String>>,
    sampled: AtomicU64,
    d1_calls: AtomicU64,
    rows_read: AtomicU64,
    rows_written: AtomicU64,
}

impl Tally {
    fn note_failure(&self, what: String) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        self.failure.lock().get_or_insert(what);
    }

    /// Adds up a cost header: `d1=1;read=3;written=0`.
    fn note_cost(&self, header: &str) {
        self.sampled.fetch_add(1, Ordering::Relaxed);
        for part in header.split(';') {
            let Some((name, Ok(number))) =
                part.split_once('=').map(|(name, number)| (name.trim(), number.parse::<u64>()))
            else {
                continue;
            };
            let sum = match name {
                "d1" => &self.d1_calls,
                "read" => &self.rows_read,
                "written" => &self.rows_written,
                _ => continue,
            };
            sum.fetch_add(number, Ordering::Relaxed);
        }
    }

    fn cost(&self) -> Option<Cost> {
        let sampled = self.sampled.load(Ordering::Relaxed);
        let mean = |sum: &AtomicU64| sum.load(Ordering::Relaxed) as f64 / sampled as f64;
        (sampled > 0).then(|| Cost {
            d1_calls: mean(&self.d1_calls),
            rows_read: mean(&self.rows_read),
            rows_written: mean(&self.rows_written),
        })
    }
}

/// The part of `rlt`'s JSON report that is used. Times are in seconds.
#[derive(Deserialize)]
struct Report {
    summary: Summary,
    latency: Option<Latency>,
}

#[derive(Deserialize)]
struct Summary {
    iters: Iterations,
}

#[derive(Deserialize)]
struct Iterations {
    total: u64,
    rate: f64,
}

#[derive(Deserialize)]
struct Latency {
    percentiles: BTreeMap<String, f64>,
}
