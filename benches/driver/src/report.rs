//! What a run came to: the table, the budgets with their verdicts, and the JSON file.
//!
//! Every figure is the median over the rounds. A ratio is taken between rounds that ran next to each
//! other, for only those saw the same machine; its median counts, and its quartiles show the noise.

use std::fmt::{self, Write};
use std::sync::Arc;

use serde::Serialize;

use crate::operation::Operation;
use crate::plan::{Measurement, Plan};
use crate::process::Memory;
use crate::round::{Cost, Round};
use crate::target::Target;

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}-{:.2})", self.median, self.lower, self.upper)
    }
}

/// The content of the JSON file.
#[derive(Serialize)]
pub(crate) struct Report {
    complaints: usize,
    rounds: usize,
    seconds_per_round: f64,
    memory: Vec<StackMemory>,
    results: Vec<Outcome>,
    budgets: Vec<Budget>,
}

#[derive(Serialize)]
struct StackMemory {
    stack: &'static str,
    memory: Option<Memory>,
}

/// One operation at one concurrency on both stacks.
#[derive(Serialize)]
struct Outcome {
    operation: &'static str,
    concurrency: usize,
    /// Requests per second, ours by theirs.
    ratio: Spread,
    /// Processor time per request, ours by theirs.
    cpu_ratio: Option<Spread>,
    stacks: [StackOutcome; 2],
}

#[derive(Serialize)]
struct StackOutcome {
    stack: &'static str,
    median: Round,
    rounds: Vec<Round>,
}

/// A median and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Spread {
    lower: f64,
    median: f64,
    upper: f64,
}

/// A budget of the design and whether this run met it.
#[derive(Serialize)]
struct Budget {
    what: String,
    limit: f64,
    measured: Vec<f64>,
    met: bool,
}

impl Report {
    pub(crate) fn new(plan: &Plan, targets: &[Arc<Target>; 2], measurements: Vec<Measurement>) -> Self {
        let budgets = budgets(&measurements);
        let outcome = |measurement: Measurement| {
            let ratio = requests_ratio(&measurement);
            let cpu_ratio = paired(&measurement, |round| round.cpu_us);
            let stacks = {
                let [ours, theirs] = measurement.rounds;
                [(0, ours), (1, theirs)].map(|(index, rounds)| StackOutcome {
                    stack: targets[index].name,
                    median: median_round(&rounds),
                    rounds,
                })
            };
            Outcome {
                operation: measurement.operation.name(),
                concurrency: measurement.concurrency,
                ratio,
                cpu_ratio,
                stacks,
            }
        };
        Self {
            complaints: plan.complaints,
            rounds: plan.rounds,
            seconds_per_round: plan.time.as_secs_f64(),
            memory: targets
                .iter()
                .map(|target| StackMemory {
                    stack: target.name,
                    memory: target.process.as_ref().and_then(|process| process.memory()),
                })
                .collect(),
            results: measurements.into_iter().map(outcome).collect(),
            budgets,
        }
    }

    /// The table, memory and budgets as text for a terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{:8} {:>5}  {:9} {:>8} {:>17}  {:>8} {:>8} {:>8} {:>7}  {:>7} {:>17}  {:>5} {:>6} {:>7}\n",
            "",
            "users",
            "stack",
            "req/s",
            "ratio",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "errors",
            "cpu µs",
            "ratio",
            "d1",
            "read",
            "written"
        );
        for outcome in &self.results {
            for (index, stack) in outcome.stacks.iter().enumerate() {
                let ours = index == 0;
                text.push_str(&row(outcome, stack, ours));
            }
        }
        text.push('\n');
        for StackMemory { stack, memory } in &self.memory {
            if let Some(memory) = memory {
                let _ =
                    writeln!(text, "memory of {stack}: {:.0} MiB, at most {:.0} MiB", memory.now_mib, memory.peak_mib);
            }
        }
        for outcome in &self.results {
            let [ours, theirs] = outcome.stacks.each_ref().map(|stack| stack.median.settled_after_s);
            if ours.max(theirs) >= 0.5 {
                let _ = writeln!(
                    text,
                    "{} at {}: worked on for {ours:.1} s after the last answer, baseline {theirs:.1} s",
                    outcome.operation, outcome.concurrency
                );
            }
        }
        for budget in &self.budgets {
            let verdict = if budget.met { "met   " } else { "MISSED" };
            let measured: Vec<_> = budget.measured.iter().map(|value| format!("{value:.2}")).collect();
            let _ = writeln!(text, "{verdict} {}: {}", budget.what, measured.join(", "));
        }
        text
    }
}

fn row(outcome: &Outcome, stack: &StackOutcome, ours: bool) -> String {
    let Round { requests_per_s, p50_us, p95_us, p99_us, errors, cpu_us, cost, .. } = &stack.median;
    let first = |text: String| if ours { text } else { String::new() };
    let optional =
        |value: Option<f64>, decimals: usize| value.map_or_else(String::new, |value| format!("{value:.decimals$}"));
    format!(
        "{:8} {:>5}  {:9} {:>8.0} {:>17}  {:>8.2} {:>8.2} {:>8.2} {:>7}  {:>7} {:>17}  {:>5} {:>6} {:>7}\n",
        first(outcome.operation.to_owned()),
        first(outcome.concurrency.to_string()),
        stack.stack,
        requests_per_s,
        first(outcome.ratio.to_string()),
        p50_us / 1e3,
        p95_us / 1e3,
        p99_us / 1e3,
        errors,
        optional(*cpu_us, 0),
        first(outcome.cpu_ratio.map_or_else(String::new, |ratio| ratio.to_string())),
        optional(cost.map(|cost| cost.d1_calls), 1),
        optional(cost.map(|cost| cost.rows_read), 1),
        optional(cost.map(|cost| cost.rows_written), 1),
    )
}

/// The ratios of a figure between rounds that ran next to each other.
fn paired(measurement: &Measurement, figure: fn(&Round) -> Option<f64>) -> Option<Spread> {
    let [ours, theirs] = &measurement.rounds;
    let ratios = ours.iter().zip(theirs).filter_map(|(ours, theirs)| Some(figure(ours)? / figure(theirs)?));
    spread(ratios.collect())
}

fn requests_ratio(measurement: &Measurement) -> Spread {
    // No rounds, no ratio: a not-a-number meets no budget.
    let nothing = Spread { lower: f64::NAN, median: f64::NAN, upper: f64::NAN };
    paired(measurement, |round| Some(round.requests_per_s)).unwrap_or(nothing)
}

fn budgets(measurements: &[Measurement]) -> Vec<Budget> {
    let mut budgets = Vec::new();
    for operation in Operation::ALL {
        let measurements: Vec<_> =
            measurements.iter().filter(|measurement| measurement.operation == operation).collect();
        if measurements.is_empty() {
            continue;
        }
        let ratios = measurements.iter().map(|measurement| requests_ratio(measurement).median).collect();
        budgets.push(at_least(
            format!("{}, req/s by the baseline's", operation.name()),
            operation.least_ratio(),
            ratios,
        ));
        let costs: Vec<Cost> =
            measurements.iter().filter_map(|measurement| median_round(&measurement.rounds[0]).cost).collect();
        if !costs.is_empty() {
            let calls = costs.iter().map(|cost| cost.d1_calls).collect();
            budgets.push(at_most(format!("{}, D1 calls", operation.name()), operation.most_d1_calls(), calls));
            if let Some(limit) = operation.most_rows_written() {
                let written = costs.iter().map(|cost| cost.rows_written).collect();
                budgets.push(at_most(format!("{}, rows written", operation.name()), limit, written));
            }
        }
    }
    budgets
}

fn at_least(what: String, limit: f64, measured: Vec<f64>) -> Budget {
    let met = measured.iter().all(|&value| value >= limit);
    Budget { what: format!("{what} ≥ {limit}"), limit, measured, met }
}

fn at_most(what: String, limit: f64, measured: Vec<f64>) -> Budget {
    let met = measured.iter().all(|&value| value <= limit);
    Budget { what: format!("{what} ≤ {limit}"), limit, measured, met }
}

/// The median of each figure by itself; requests and errors are added up.
fn median_round(rounds: &[Round]) -> Round {
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect()).unwrap_or_default();
    let of_some = |figure: &dyn Fn(&Round) -> Option<f64>| median(rounds.iter().filter_map(figure).collect());
    let of_cost = |figure: fn(&Cost) -> f64| of_some(&|round| round.cost.as_ref().map(figure));
    let cost = of_cost(|cost| cost.d1_calls)
        .zip(of_cost(|cost| cost.rows_read))
        .zip(of_cost(|cost| cost.rows_written))
        .map(|((d1_calls, rows_read), rows_written)| Cost { d1_calls, rows_read, rows_written });
    Round {
        requests: rounds.iter().map(|round| round.requests).sum(),
        requests_per_s: of(|round| round.requests_per_s),
        p50_us: of(|round| round.p50_us),
        p95_us: of(|round| round.p95_us),
        p99_us: of(|round| round.p99_us),
        errors: rounds.iter().map(|round| round.errors).sum(),
        cpu_us: of_some(&|round| round.cpu_us),
        settled_after_s: of(|round| round.settled_after_s),
        cost,
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
    fn a_budget_is_met_only_if_every_measurement_meets_it() {
        assert!(at_least("ratio".into(), 1.0, vec![1.0, 1.2]).met);
        assert!(!at_least("ratio".into(), 1.0, vec![0.99, 1.2]).met);
        assert!(at_most("rows".into(), 20.0, vec![20.0]).met);
        assert!(!at_most("rows".into(), 20.0, vec![21.0]).met);
    }
}
