//! The budgets of the design (§6), each with its limit, its figures and its verdict.

use std::fmt;

use serde::Serialize;

use crate::bill::grouped;
use crate::operation::{Kind, Operation};
use crate::report::{Outcome, Stage};
use crate::store::Stored;

/// What p95 may be at the largest size, by that at the smallest.
const GROWTH: f64 = 1.25;
/// Asks of Durable Objects for limiting that a request of a busy tenant may cost, and how busy that is.
const LIMITING_HOPS: f64 = 1.0 / 20.0;
const BUSY_PER_S: f64 = 100.0;
const LOCK_HOPS: f64 = 1.0;
const ROWS_A_CREATE: f64 = 20.0;
const WASM_KIB: f64 = 1024.0;
const IMPORTED_PER_S: f64 = 2_000.0;
/// Complaints that an import must have for its rate to count.
const MANY: u64 = 10_000;
/// Columns of a terminal.
const WIDTH: usize = 130;

/// A budget and what was measured.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Budget {
    what: String,
    limit: f64,
    /// Whether the limit is the least and not the most.
    at_least: bool,
    figures: Vec<Figure>,
    met: bool,
}

/// What was measured of one thing: at each concurrency, or each time.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Figure {
    of: String,
    measured: Vec<f64>,
}

impl Budget {
    /// Nothing where nothing was measured.
    fn new(what: impl Into<String>, at_least: bool, limit: f64, figures: Vec<Figure>) -> Option<Self> {
        let figures: Vec<_> = figures.into_iter().filter(|figure| !figure.measured.is_empty()).collect();
        let mut budget = Self { what: what.into(), limit, at_least, met: false, figures };
        budget.met = budget.figures.iter().all(|figure| budget.is_met_by(figure));
        (!budget.figures.is_empty()).then_some(budget)
    }

    fn is_met_by(&self, figure: &Figure) -> bool {
        figure.measured.iter().all(|&value| if self.at_least { value >= self.limit } else { value <= self.limit })
    }
}

/// The verdict, the rule, and every figure; those that miss it are marked.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const INDENT: &str = "       ";
        let sign = if self.at_least { '≥' } else { '≤' };
        let mut line =
            format!("{:6} {} {sign} {}:", if self.met { "met" } else { "MISSED" }, self.what, short(self.limit));
        for figure in &self.figures {
            let values: Vec<_> = figure.measured.iter().map(|value| short(*value)).collect();
            let mark = if self.is_met_by(figure) { "" } else { "!" };
            let part = format!(" {}{mark} {};", figure.of, values.join("/"));
            if line.chars().count() + part.chars().count() > WIDTH {
                writeln!(f, "{line}")?;
                INDENT.clone_into(&mut line);
            }
            line.push_str(&part);
        }
        write!(f, "{}", line.trim_end_matches(';'))
    }
}

/// Three digits are enough, and none behind a point where there is nothing.
fn short(value: f64) -> String {
    match value {
        _ if value.fract() == 0.0 || value >= 1_000.0 => grouped(value),
        _ if value < 0.1 => format!("{value:.3}"),
        _ => format!("{value:.2}"),
    }
}

/// Every budget that this run can tell of.
pub(crate) fn of(stages: &[Stage], stored: &[Stored], worker_bytes: Option<usize>) -> Vec<Budget> {
    let redress = |stage: &&Stage| stage.stacks.first().is_some_and(|stack| stack.database_bytes.is_some());
    let stages: Vec<&Stage> = stages.iter().filter(redress).collect();
    let outcomes: Vec<&Outcome> = stages.iter().flat_map(|stage| &stage.outcomes).collect();
    let mut budgets = Vec::new();

    for limit in [1.0, 2.0] {
        let mut calls = all(&outcomes, |operation| operation.most_d1_calls() == Some(limit), d1_calls);
        for figure in &mut calls {
            figure.measured = figure.measured.iter().copied().reduce(f64::max).into_iter().collect();
        }
        budgets.extend(Budget::new("D1 calls a request", false, limit, calls));
    }
    let beyond = of_one(&outcomes, Operation::Read, |outcome| Some(d1_calls(outcome)? - 1.0));
    budgets.extend(Budget::new(
        "D1 calls for authentication",
        false,
        0.0,
        vec![figure("of a read, but its own", beyond)],
    ));

    let is_busy = |outcome: &&&Outcome| {
        outcome.of != Operation::Lock && outcome.ours().is_some_and(|round| round.requests_per_s >= BUSY_PER_S)
    };
    let busy = outcomes.iter().filter(is_busy);
    let hops = busy.filter_map(|outcome| Some(outcome.ours()?.cost?.all.hops)).reduce(f64::max);
    let hops = vec![figure(&format!("the most of all above {BUSY_PER_S}/s"), hops.into_iter().collect())];
    budgets.extend(Budget::new("Durable Object hops a request, for limiting", false, LIMITING_HOPS, hops));
    // A lock's own, and not what is asked now and then for limiting.
    let hops = of_one(&outcomes, Operation::Lock, |outcome| Some(outcome.ours()?.cost?.answer.hops.floor()));
    budgets.extend(Budget::new("Durable Object hops for taking a lock", false, LOCK_HOPS, vec![figure("lock", hops)]));

    let written = of_one(&outcomes, Operation::Create, |outcome| Some(outcome.ours()?.cost?.answer.rows_written));
    budgets.extend(Budget::new("rows written", false, ROWS_A_CREATE, vec![figure("create", written)]));

    for stage in &stages {
        let outcomes: Vec<_> = stage.outcomes.iter().collect();
        if stage.is_of_growth() {
            let small = stage.stacks.get(1).map_or(0, |stack| stack.complaints[0]);
            let [large, small] = [stage.size, small].map(|size| grouped(size as f64));
            let ratios =
                all(&outcomes, |operation| operation.kind() != Kind::Other, |outcome| Some(outcome.p95_ratio?.median));
            budgets.extend(Budget::new(format!("p95 at {large} by that at {small}"), false, GROWTH, ratios));
            continue;
        }
        for limit in [1.0, 0.9] {
            let ratios = all(
                &outcomes,
                |operation| operation.least_ratio() == Some(limit),
                |outcome| Some(outcome.requests_ratio?.median),
            );
            budgets.extend(Budget::new("requests a second by the baseline's", true, limit, ratios));
        }
    }

    let rates = stored.iter().filter(|stored| stored.imported && stored.complaints >= MANY).map(Stored::rate);
    budgets.extend(Budget::new(
        "complaints imported a second",
        true,
        IMPORTED_PER_S,
        vec![figure("import", rates.collect())],
    ));
    let kib = worker_bytes.map(|bytes| bytes as f64 / 1024.0);
    budgets.extend(Budget::new(
        "KiB of the Worker, gzipped",
        false,
        WASM_KIB,
        vec![figure("the build", kib.into_iter().collect())],
    ));
    budgets
}

fn d1_calls(outcome: &Outcome) -> Option<f64> {
    Some(outcome.ours()?.cost?.answer.d1_calls)
}

/// A figure of every operation of which something is promised.
fn all(
    outcomes: &[&Outcome],
    promised: impl Fn(Operation) -> bool,
    measured: impl Fn(&Outcome) -> Option<f64>,
) -> Vec<Figure> {
    let operations = Operation::ALL.into_iter().filter(|operation| promised(*operation));
    operations.map(|operation| figure(operation.name(), of_one(outcomes, operation, &measured))).collect()
}

fn of_one(outcomes: &[&Outcome], operation: Operation, measured: impl Fn(&Outcome) -> Option<f64>) -> Vec<f64> {
    outcomes.iter().filter(|outcome| outcome.of == operation).filter_map(|outcome| measured(outcome)).collect()
}

fn figure(of: &str, measured: Vec<f64>) -> Figure {
    Figure { of: of.to_owned(), measured }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(at_least: bool, limit: f64, measured: Vec<f64>) -> Option<Budget> {
        Budget::new("it", at_least, limit, vec![figure("read", measured)])
    }

    #[test]
    fn a_budget_is_met_only_if_every_measurement_meets_it() {
        assert!(budget(true, 1.0, vec![1.0, 1.2]).unwrap().met);
        assert!(!budget(true, 1.0, vec![0.99, 1.2]).unwrap().met);
        assert!(budget(false, 20.0, vec![20.0]).unwrap().met);
        assert!(!budget(false, 20.0, vec![21.0]).unwrap().met);
        assert!(!budget(false, 1.0, vec![f64::NAN]).unwrap().met);
    }

    #[test]
    fn what_was_not_measured_has_no_verdict() {
        assert_eq!(budget(false, 20.0, vec![]), None);
        assert_eq!(of(&[], &[], None), vec![]);
    }

    #[test]
    fn what_misses_a_budget_is_marked() {
        let figures = vec![figure("read", vec![0.95, 1.3]), figure("list", vec![1.0]), figure("deep", vec![])];
        let budget = Budget::new("p95", false, 1.25, figures).unwrap();
        assert_eq!(budget.to_string(), "MISSED p95 ≤ 1.25: read! 0.95/1.30; list 1");
    }

    #[test]
    fn many_figures_take_several_lines() {
        let figures = (0..20).map(|number| figure(&format!("operation {number}"), vec![1.0])).collect();
        let text = Budget::new("calls", false, 1.0, figures).unwrap().to_string();
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
