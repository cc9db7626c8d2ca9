//! What a run came to: a table a size, the budgets with their verdicts, and the JSON file.
//!
//! Every figure is the median over the rounds. A ratio is taken between rounds that ran next to each other, for only those
//! saw the same machine; its median counts, and its quartiles show the noise.

use std::fmt::{self, Write};
use std::sync::Arc;

use serde::Serialize;

use crate::bill::{Bill, Use, grouped};
use crate::budgets::Budget;
use crate::operation::Operation;
use crate::plan::Measurement;
use crate::process::Memory;
use crate::round::{Cost, Round, Used};
use crate::store::Stored;
use crate::target::Target;

/// The content of the JSON file.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) rounds: usize,
    pub(crate) seconds_per_round: f64,
    pub(crate) stored: Vec<Stored>,
    pub(crate) stages: Vec<Stage>,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) bill: Option<Bill>,
}

/// Everything measured at one size of the corpus.
#[derive(Serialize)]
pub(crate) struct Stage {
    /// The size that was asked for.
    pub(crate) size: usize,
    pub(crate) stacks: Vec<StackState>,
    pub(crate) outcomes: Vec<Outcome>,
}

/// A stack at one size.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StackState {
    pub(crate) name: String,
    /// Complaints before the first round and after the last.
    pub(crate) complaints: [usize; 2],
    /// Bytes of its databases before the first round.
    pub(crate) database_bytes: Option<u64>,
    pub(crate) memory: Option<Memory>,
}

/// One operation at one concurrency: on the stack of the stage, and on the one that it is held against.
#[derive(Serialize)]
pub(crate) struct Outcome {
    pub(crate) operation: &'static str,
    pub(crate) concurrency: usize,
    pub(crate) stacks: Vec<StackOutcome>,
    /// Ours by theirs, where there are theirs.
    pub(crate) requests_ratio: Option<Spread>,
    pub(crate) p95_ratio: Option<Spread>,
    pub(crate) cpu_ratio: Option<Spread>,
    #[serde(skip)]
    pub(crate) of: Operation,
}

#[derive(Serialize)]
pub(crate) struct StackOutcome {
    pub(crate) median: Round,
    pub(crate) rounds: Vec<Round>,
}

/// A median and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) lower: f64,
    pub(crate) median: f64,
    pub(crate) upper: f64,
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}-{:.2})", self.median, self.lower, self.upper)
    }
}

impl StackState {
    pub(crate) fn of(target: &Arc<Target>, complaints: [usize; 2], database_bytes: Option<u64>) -> Self {
        let memory = target.process.as_ref().and_then(|process| process.memory());
        Self { name: target.name.clone(), complaints, database_bytes, memory }
    }
}

impl Outcome {
    pub(crate) fn of(measurement: Measurement) -> Self {
        let Measurement { operation, concurrency, rounds } = measurement;
        Self {
            operation: operation.name(),
            concurrency,
            requests_ratio: paired(&rounds, |round| Some(round.requests_per_s)),
            p95_ratio: paired(&rounds, |round| Some(round.p95_us)),
            cpu_ratio: paired(&rounds, |round| round.cpu_us),
            stacks: rounds.into_iter().map(|rounds| StackOutcome { median: median_round(&rounds), rounds }).collect(),
            of: operation,
        }
    }

    /// On the stack of the stage.
    pub(crate) fn ours(&self) -> Option<&Round> {
        self.stacks.first().map(|stack| &stack.median)
    }

    fn theirs(&self) -> Option<&Round> {
        self.stacks.get(1).map(|stack| &stack.median)
    }

    /// What a request uses of what is billed.
    pub(crate) fn used(&self) -> Option<Use> {
        let ours = self.ours()?;
        let Cost { answer, all, messages, kv_reads } = ours.cost?;
        Some(Use {
            rows_read: all.rows_read,
            rows_written: all.rows_written,
            hops: answer.hops.floor(),
            messages,
            kv_reads,
            cpu_ms: ours.cpu_us? / 1e3,
        })
    }
}

impl Stage {
    /// Whether the stack is held against a smaller one, and not against the baseline.
    pub(crate) fn is_of_growth(&self) -> bool {
        self.stacks.get(1).is_some_and(|other| other.name != BASELINE)
    }

    /// The table, for a terminal.
    fn text(&self) -> String {
        let mut text = String::new();
        for StackState { name, complaints: [before, after], database_bytes, memory } in &self.stacks {
            let database = database_bytes.map(|bytes| format!(", {:.1} GB of databases", bytes as f64 / 1e9));
            let memory = memory.map(|memory| format!(", {:.0} MiB of memory", memory.now_mib));
            let _ = writeln!(
                text,
                "{name}: {} complaints, {} after all rounds{}{}",
                grouped(*before as f64),
                grouped(*after as f64),
                database.unwrap_or_default(),
                memory.unwrap_or_default()
            );
        }
        let other = self.stacks.get(1).map_or("", |other| other.name.as_str());
        let _ = writeln!(
            text,
            "{:10} {:>5} {:>6} {:>8} {:>17} {:>8} {:>8} {:>17} {:>7} {:>17} {:>4} {:>6} {:>5}",
            "", "users", "req/s", other, "ratio", "p95 ms", other, "ratio", "cpu µs", "ratio", "d1", "read", "wrote"
        );
        for outcome in &self.outcomes {
            text.push_str(&outcome.row());
        }
        text
    }
}

/// What the baseline is called.
pub(crate) const BASELINE: &str = "baseline";

impl Outcome {
    fn row(&self) -> String {
        let Some(ours) = self.ours() else { return String::new() };
        let some =
            |value: Option<f64>, decimals: usize| value.map_or_else(String::new, |value| format!("{value:.decimals$}"));
        let spread = |ratio: Option<Spread>| ratio.map_or_else(String::new, |ratio| ratio.to_string());
        let Used { d1_calls, rows_read, rows_written, .. } = ours.cost.map(|cost| cost.answer).unwrap_or_default();
        let errors: u64 = self.stacks.iter().map(|stack| stack.median.errors).sum();
        let errors = if errors > 0 { format!("  {errors} ERRORS") } else { String::new() };
        format!(
            "{:10} {:>5} {:>6.0} {:>8} {:>17} {:>8.2} {:>8} {:>17} {:>7} {:>17} {:>4.1} {:>6.1} {:>5.1}{errors}\n",
            self.operation,
            self.concurrency,
            ours.requests_per_s,
            some(self.theirs().map(|round| round.requests_per_s), 0),
            spread(self.requests_ratio),
            ours.p95_us / 1e3,
            some(self.theirs().map(|round| round.p95_us / 1e3), 2),
            spread(self.p95_ratio),
            some(ours.cpu_us, 0),
            spread(self.cpu_ratio),
            d1_calls,
            rows_read,
            rows_written,
        )
    }
}

impl Report {
    /// All of it, for a terminal: a screen a size.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for stored in &self.stored {
            let how = if stored.imported { "imported" } else { "logged one by one" };
            let _ = writeln!(
                text,
                "{}: {} complaints {how} in {:.0} s, {:.0} a second",
                stored.stack,
                grouped(stored.complaints as f64),
                stored.seconds,
                stored.rate()
            );
        }
        for stage in &self.stages {
            let _ = write!(text, "\n{}", stage.text());
        }
        text.push('\n');
        for budget in &self.budgets {
            let _ = writeln!(text, "{budget}");
        }
        if let Some(bill) = &self.bill {
            let _ = write!(text, "\n{}", bill.text());
        }
        text
    }
}

/// The ratios of a figure between rounds that ran next to each other.
fn paired(rounds: &[Vec<Round>], figure: fn(&Round) -> Option<f64>) -> Option<Spread> {
    let [ours, theirs] = rounds else { return None };
    let ratios = ours.iter().zip(theirs).filter_map(|(ours, theirs)| Some(figure(ours)? / figure(theirs)?));
    spread(ratios.collect())
}

/// The median of each figure by itself; requests and errors are added up.
fn median_round(rounds: &[Round]) -> Round {
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect()).unwrap_or_default();
    let of_some = |figure: &dyn Fn(&Round) -> Option<f64>| median(rounds.iter().filter_map(figure).collect());
    let costs: Vec<Cost> = rounds.iter().filter_map(|round| round.cost).collect();
    let of_cost = |figure: fn(&Cost) -> f64| median(costs.iter().map(figure).collect()).unwrap_or_default();
    let used = |of: fn(&Cost) -> Used| Used {
        d1_calls: median(costs.iter().map(|cost| of(cost).d1_calls).collect()).unwrap_or_default(),
        rows_read: median(costs.iter().map(|cost| of(cost).rows_read).collect()).unwrap_or_default(),
        rows_written: median(costs.iter().map(|cost| of(cost).rows_written).collect()).unwrap_or_default(),
        hops: median(costs.iter().map(|cost| of(cost).hops).collect()).unwrap_or_default(),
    };
    Round {
        requests: rounds.iter().map(|round| round.requests).sum(),
        requests_per_s: of(|round| round.requests_per_s),
        p50_us: of(|round| round.p50_us),
        p95_us: of(|round| round.p95_us),
        p99_us: of(|round| round.p99_us),
        errors: rounds.iter().map(|round| round.errors).sum(),
        cpu_us: of_some(&|round| round.cpu_us),
        settled_after_s: of(|round| round.settled_after_s),
        cost: (!costs.is_empty()).then(|| Cost {
            answer: used(|cost| cost.answer),
            all: used(|cost| cost.all),
            messages: of_cost(|cost| cost.messages),
            kv_reads: of_cost(|cost| cost.kv_reads),
        }),
    }
}

fn median(values: Vec<f64>) -> Option<f64> {
    spread(values).map(|spread| spread.median)
}

/// Median and quartiles, between two values where they fall there.
fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let at = |share: f64| {
        let position = share * last as f64;
        let [lower, upper] = [values[position.floor() as usize], values[position.ceil() as usize]];
        lower + (upper - lower) * position.fract()
    };
    Some(Spread { lower: at(0.25), median: at(0.5), upper: at(0.75) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_and_median_fall_between_values_where_no_value_is() {
        assert_eq!(spread(vec![]), None);
        assert_eq!(spread(vec![7.0]), Some(Spread { lower: 7.0, median: 7.0, upper: 7.0 }));
        assert_eq!(spread(vec![9.0, 1.0, 2.0]), Some(Spread { lower: 1.5, median: 2.0, upper: 5.5 }));
        assert_eq!(spread(vec![4.0, 1.0, 2.0, 10.0]), Some(Spread { lower: 1.75, median: 3.0, upper: 5.5 }));
    }

    #[test]
    fn a_ratio_is_taken_between_rounds_that_ran_next_to_each_other() {
        let round = |per_s| Round { requests_per_s: per_s, ..Round::default() };
        let rounds = [vec![round(10.0), round(40.0), round(9.0)], vec![round(20.0), round(80.0), round(10.0)]];
        assert_eq!(paired(&rounds, |round| Some(round.requests_per_s)).unwrap().median, 0.5);
        assert_eq!(paired(&rounds[..1], |round| Some(round.requests_per_s)), None);
    }
}
