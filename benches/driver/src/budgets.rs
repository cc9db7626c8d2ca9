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

/// A budget and what was measured.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Budget {
    pub(crate) what: String,
    limit: f64,
    /// Whether the limit is the least and not the most.
    at_least: bool,
    measured: Vec<f64>,
    pub(crate) met: bool,
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.met { "met" } else { "MISSED" };
        let sign = if self.at_least { '≥' } else { '≤' };
        let measured: Vec<_> = self.measured.iter().map(|value| short(*value)).collect();
        write!(f, "{verdict:6} {:62} {sign} {:6} {}", self.what, short(self.limit), measured.join(", "))
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

    for operation in Operation::ALL {
        let calls = figures(&outcomes, operation, |outcome| Some(outcome.ours()?.cost?.answer.d1_calls));
        if let Some(limit) = operation.most_d1_calls() {
            budgets.extend(at_most(format!("D1 calls, {}", operation.name()), limit, calls));
        }
    }
    let beyond = figures(&outcomes, Operation::Read, |outcome| Some(outcome.ours()?.cost?.answer.d1_calls - 1.0));
    budgets.extend(at_most("D1 calls for authentication (of a read, but the read's own)".to_owned(), 0.0, beyond));

    let busy = outcomes.iter().filter(|outcome| {
        let ours = outcome.ours().map_or(0.0, |round| round.requests_per_s);
        outcome.of != Operation::Lock && ours >= BUSY_PER_S
    });
    let hops: Vec<f64> = busy.filter_map(|outcome| Some(outcome.ours()?.cost?.all.hops)).collect();
    let most = hops.iter().copied().fold(f64::NAN, f64::max);
    let what = format!("Durable Object hops a request, of all above {BUSY_PER_S}/s the most");
    budgets.extend(at_most(what, LIMITING_HOPS, if hops.is_empty() { hops } else { vec![most] }));
    let hops = figures(&outcomes, Operation::Lock, |outcome| Some(outcome.ours()?.cost?.answer.hops));
    // The lock's own and now and then one for limiting.
    budgets.extend(at_most(
        "Durable Object hops, lock".to_owned(),
        LOCK_HOPS,
        hops.iter().map(|hops| hops.floor()).collect(),
    ));

    let written = figures(&outcomes, Operation::Create, |outcome| Some(outcome.ours()?.cost?.answer.rows_written));
    budgets.extend(at_most("rows written, create".to_owned(), ROWS_A_CREATE, written));

    for stage in stages.iter().filter(|stage| !stage.is_of_growth()) {
        for operation in Operation::ALL {
            let Some(limit) = operation.least_ratio() else { continue };
            let outcomes: Vec<_> = stage.outcomes.iter().collect();
            let ratios = figures(&outcomes, operation, |outcome| Some(outcome.requests_ratio?.median));
            budgets.extend(at_least(format!("req/s by the baseline's, {}", operation.name()), limit, ratios));
        }
    }
    for stage in stages.iter().filter(|stage| stage.is_of_growth()) {
        let small = stage.stacks.get(1).map_or(0, |stack| stack.complaints[0]);
        for operation in Operation::ALL.into_iter().filter(|operation| operation.kind() != Kind::Other) {
            let outcomes: Vec<_> = stage.outcomes.iter().collect();
            let ratios = figures(&outcomes, operation, |outcome| Some(outcome.p95_ratio?.median));
            let [large, small] = [stage.size, small].map(|size| grouped(size as f64));
            budgets.extend(at_most(format!("p95 at {large} by that at {small}, {}", operation.name()), GROWTH, ratios));
        }
    }

    let rates = stored.iter().filter(|stored| stored.imported && stored.complaints >= 10_000).map(Stored::rate);
    budgets.extend(at_least("complaints imported a second".to_owned(), IMPORTED_PER_S, rates.collect()));
    let kib = worker_bytes.map(|bytes| bytes as f64 / 1024.0);
    budgets.extend(at_most("the Worker gzipped, KiB".to_owned(), WASM_KIB, kib.into_iter().collect()));
    budgets
}

fn figures(outcomes: &[&Outcome], operation: Operation, figure: impl Fn(&Outcome) -> Option<f64>) -> Vec<f64> {
    outcomes.iter().filter(|outcome| outcome.of == operation).filter_map(|outcome| figure(outcome)).collect()
}

fn at_least(what: String, limit: f64, measured: Vec<f64>) -> Option<Budget> {
    let met = measured.iter().all(|&value| value >= limit);
    (!measured.is_empty()).then_some(Budget { what, limit, at_least: true, measured, met })
}

fn at_most(what: String, limit: f64, measured: Vec<f64>) -> Option<Budget> {
    let met = measured.iter().all(|&value| value <= limit);
    (!measured.is_empty()).then_some(Budget { what, limit, at_least: false, measured, met })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_met_only_if_every_measurement_meets_it() {
        assert!(at_least("ratio".into(), 1.0, vec![1.0, 1.2]).unwrap().met);
        assert!(!at_least("ratio".into(), 1.0, vec![0.99, 1.2]).unwrap().met);
        assert!(at_most("rows".into(), 20.0, vec![20.0]).unwrap().met);
        assert!(!at_most("rows".into(), 20.0, vec![21.0]).unwrap().met);
        assert!(!at_most("ratio".into(), 1.0, vec![f64::NAN]).unwrap().met);
    }

    #[test]
    fn what_was_not_measured_has_no_verdict() {
        assert_eq!(at_most("rows".into(), 20.0, vec![]), None);
        assert_eq!(of(&[], &[], None), vec![]);
    }

    #[test]
    fn a_budget_is_a_line() {
        let budget = at_least("complaints imported a second".into(), 2_000.0, vec![1_999.6, 2_310.2]).unwrap();
        assert_eq!(budget.to_string(), format!("MISSED {:62} ≥ 2,000  2,000, 2,310", "complaints imported a second"));
    }
}
