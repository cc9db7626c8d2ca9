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
use uuid::Uuid;

use crate::corpus::Corpus;
use crate::operation::{Operation, of_mix};
use crate::target::{Connection, Target, Whose, connect, scatter, send};

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

/// What a request uses of what is billed, on average, from the cost header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Cost {
    /// Until it was answered.
    pub(crate) answer: Used,
    /// With what was done afterwards: outbox, queue, leases.
    pub(crate) all: Used,
    /// Messages sent to queues.
    pub(crate) messages: f64,
    /// Reads of KV.
    pub(crate) kv_reads: f64,
}

/// What a request has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Used {
    pub(crate) d1_calls: f64,
    pub(crate) rows_read: f64,
    pub(crate) rows_written: f64,
    /// Asks of Durable Objects.
    pub(crate) hops: f64,
}

/// Runs rounds with the same complaints.
pub(crate) struct Driver {
    pub(crate) corpus: Arc<Corpus>,
    /// A file for `rlt`'s report of each round.
    pub(crate) scratch: PathBuf,
}

impl Driver {
    /// Drives `target` with `concurrency` virtual users and waits until it is idle again. Rounds of one `turn` are about the
    /// same complaints, those of others about others.
    pub(crate) async fn run(
        &self,
        target: &Arc<Target>,
        operation: Operation,
        concurrency: usize,
        until: Until,
        turn: u64,
    ) -> Result<Round> {
        let tally = Arc::new(Tally::default());
        let users = VirtualUsers {
            target: target.clone(),
            corpus: self.corpus.clone(),
            operation,
            // Far enough apart that no two rounds come to the same numbers.
            first_seed: scatter(turn) << 24,
            tally: tally.clone(),
        };
        // What came before is not this round's.
        target.untold().await?;
        let cpu_before = target.cpu_time();
        rlt::cli::run(self.options(target, operation, concurrency, until)?, users).await?;
        // A queue waits up to a second for its batch to fill.
        let quiet = Duration::from_millis(if operation.writes() { 1_500 } else { 200 });
        let settled_after = match &target.process {
            Some(process) => process.settle(quiet).await,
            None => Duration::ZERO,
        };
        let cpu_after = target.cpu_time();
        if let Some(rest) = target.untold().await? {
            tally.note_rest(&rest);
        }

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
            cost: tally.cost(requests),
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
    corpus: Arc<Corpus>,
    operation: Operation,
    first_seed: u64,
    tally: Arc<Tally>,
}

#[async_trait]
impl BenchSuite for VirtualUsers {
    type WorkerState = Connection;

    async fn state(&self, _user: u32) -> Result<Connection> {
        Ok(connect())
    }

    async fn bench(&mut self, connection: &mut Connection, info: &IterInfo) -> Result<IterReport> {
        let seed = self.first_seed.wrapping_add(info.runner_seq);
        let (operation, whose) = match self.operation {
            Operation::Mixed => (of_mix((scatter(!seed) % 100) as u32), Whose::Recent),
            operation => (operation, Whose::Any),
        };
        let request = self.target.request(operation, whose, &self.corpus, seed)?;
        let start = Instant::now();
        let answer = send(connection, request).await;
        let duration = start.elapsed();
        let (status, headers, body) = answer.inspect_err(|error| self.tally.note_failure(format!("{error:#}")))?;

        if let Some(cost) = headers.get("redress-cost").and_then(|cost| cost.to_str().ok()) {
            self.tally.note_cost(cost);
        }
        let expected = status == operation.success();
        if !expected {
            self.tally.note_failure(format!("{status} {}", String::from_utf8_lossy(&body)));
        } else if operation == Operation::Create {
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
    id: Uuid,
}

/// What the users of a round count together.
#[derive(Default)]
struct Tally {
    errors: AtomicU64,
    /// The first failure, to be shown: the others are likely the same.
    failure: Mutex<Option<String>>,
    /// Sums of the figures of cost headers, by their names.
    spent: Mutex<BTreeMap<String, f64>>,
}

impl Tally {
    fn note_failure(&self, what: String) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        self.failure.lock().get_or_insert(what);
    }

    /// Adds up a cost header: `d1=1;read=3;written=0;…`.
    fn note_cost(&self, header: &str) {
        let mut spent = self.spent.lock();
        for (name, number) in figures(header) {
            match spent.get_mut(name) {
                Some(sum) => *sum += number,
                None => drop(spent.insert(name.to_owned(), number)),
            }
        }
    }

    /// Adds up what was done after the last answer, as told by a request that is not of the round.
    fn note_rest(&self, header: &str) {
        let asked: BTreeMap<_, _> = figures(header).collect();
        let own = |name: &str| asked.get(name).copied().unwrap_or_default();
        let mut spent = self.spent.lock();
        for (all, of_answer) in ALL {
            *spent.entry(all.to_owned()).or_default() += own(all) - own(of_answer);
        }
        for name in ["messages", "kv"] {
            *spent.entry(name.to_owned()).or_default() += own(name);
        }
    }

    /// Per request, if the stack tells.
    fn cost(&self, requests: u64) -> Option<Cost> {
        let spent = self.spent.lock();
        let mean = |name: &str| spent.get(name).copied().unwrap_or_default() / requests as f64;
        let used = |names: [&str; 4]| {
            let [d1_calls, rows_read, rows_written, hops] = names.map(mean);
            Used { d1_calls, rows_read, rows_written, hops }
        };
        spent.contains_key("d1").then(|| Cost {
            answer: used(ALL.map(|(_, of_answer)| of_answer)),
            all: used(ALL.map(|(all, _)| all)),
            messages: mean("messages"),
            kv_reads: mean("kv"),
        })
    }
}

/// The names in the cost header: of all that an isolate has used, and of what an answer has.
const ALL: [(&str, &str); 4] =
    [("all-d1", "d1"), ("all-read", "read"), ("all-written", "written"), ("hops", "objects")];

fn figures(header: &str) -> impl Iterator<Item = (&str, f64)> {
    header.split(';').filter_map(|part| {
        let (name, number) = part.split_once('=')?;
        Some((name.trim(), number.trim().parse().ok()?))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_added_up_with_what_comes_after_the_last_answer() {
        let tally = Tally::default();
        tally.note_cost("d1=1;read=3;written=10;objects=0;all-d1=1;all-read=3;all-written=10;messages=0;kv=0;hops=0");
        tally.note_cost("d1=1;read=5;written=10;objects=0;all-d1=2;all-read=9;all-written=14;messages=1;kv=0;hops=1");
        tally.note_rest("d1=1;read=8;written=0;objects=1;all-d1=2;all-read=10;all-written=4;messages=1;kv=0;hops=1");
        let cost = tally.cost(2).unwrap();
        assert_eq!(cost.answer, Used { d1_calls: 1.0, rows_read: 4.0, rows_written: 10.0, hops: 0.0 });
        assert_eq!(cost.all, Used { d1_calls: 2.0, rows_read: 7.0, rows_written: 14.0, hops: 0.5 });
        assert_eq!((cost.messages, cost.kv_reads), (1.0, 0.0));
    }

    #[test]
    fn a_stack_that_tells_nothing_has_no_cost() {
        assert_eq!(Tally::default().cost(5), None);
    }
}
