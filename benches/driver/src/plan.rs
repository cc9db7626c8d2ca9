//! The order of a run: every operation at every concurrency, in rounds of the stacks that take turns, so that whatever
//! else the machine does falls on all alike.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use crate::operation::Operation;
use crate::round::{Driver, Round, Until};
use crate::target::Target;

/// Virtual users that log complaints where no time is taken.
const LOADERS: usize = 32;
/// Requests per virtual user before the first round: enough for the runtime to compile what the operation uses. A
/// number and not a time, so that a slow machine warms up as well.
const WARM_UP: usize = 10;

/// What to measure, and for how long.
pub(crate) struct Plan {
    pub(crate) operations: Vec<Operation>,
    pub(crate) concurrency: Vec<usize>,
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    /// How many turns there were so far: each is about other complaints.
    pub(crate) turns: Cell<u64>,
    /// The most requests a second that there were of the operation that is measured.
    pub(crate) most_per_s: Cell<f64>,
}

/// All rounds of one operation at one concurrency.
pub(crate) struct Measurement {
    pub(crate) operation: Operation,
    pub(crate) concurrency: usize,
    /// Per stack, in the order of the targets; only the first where the second does no such thing.
    pub(crate) rounds: Vec<Vec<Round>>,
}

impl Plan {
    /// Measures every operation on all of these stacks that do it.
    pub(crate) async fn run(&self, driver: &Driver, targets: &[Arc<Target>; 2]) -> Result<Vec<Measurement>> {
        let mut measurements = Vec::new();
        for &operation in &self.operations {
            let able = |target: &&Arc<Target>| target.is_redress() || operation.is_of_baseline();
            let targets: Vec<_> = targets.iter().filter(able).collect();
            if targets.is_empty() {
                continue;
            }
            for &concurrency in &self.concurrency {
                eprintln!("{} at {concurrency}", operation.name());
                self.most_per_s.set(0.0);
                measurements.push(self.measure(driver, &targets, operation, concurrency).await?);
            }
        }
        Ok(measurements)
    }

    async fn measure(
        &self,
        driver: &Driver,
        targets: &[&Arc<Target>],
        operation: Operation,
        concurrency: usize,
    ) -> Result<Measurement> {
        for target in targets {
            self.warm_up(driver, target, operation, concurrency).await?;
        }
        let mut rounds = vec![Vec::new(); targets.len()];
        for number in 0..self.rounds {
            let turn = self.turn();
            let mut order: Vec<usize> = (0..targets.len()).collect();
            // The one that comes second finds a warmer machine: take turns at that too.
            if number % 2 == 1 {
                order.reverse();
            }
            for index in order {
                rounds[index].push(self.round(driver, targets[index], operation, concurrency, turn).await?);
            }
        }
        Ok(Measurement { operation, concurrency, rounds })
    }

    /// Has the runtime compile what the operation uses, and finds out how many requests a round may have.
    pub(crate) async fn warm_up(
        &self,
        driver: &Driver,
        target: &Arc<Target>,
        operation: Operation,
        concurrency: usize,
    ) -> Result<()> {
        let requests = WARM_UP * concurrency.max(10);
        self.ensure_untouched(driver, target, operation, requests).await?;
        let round = driver.run(target, operation, concurrency, Until::Requests(requests), self.turn()).await?;
        self.most_per_s.set(round.requests_per_s.max(self.most_per_s.get()));
        Ok(())
    }

    /// One round, about the same complaints as others of this turn.
    pub(crate) async fn round(
        &self,
        driver: &Driver,
        target: &Arc<Target>,
        operation: Operation,
        concurrency: usize,
        turn: u64,
    ) -> Result<Round> {
        self.prepare(driver, target, operation).await?;
        let round = driver.run(target, operation, concurrency, Until::Elapsed(self.time), turn).await?;
        self.most_per_s.set(round.requests_per_s.max(self.most_per_s.get()));
        Ok(round)
    }

    /// Logs what a round may need, before its time starts.
    pub(crate) async fn prepare(&self, driver: &Driver, target: &Arc<Target>, operation: Operation) -> Result<()> {
        let wanted = (self.most_per_s.get() * self.time.as_secs_f64() * 2.0) as usize;
        self.ensure_untouched(driver, target, operation, wanted).await
    }

    fn turn(&self) -> u64 {
        self.turns.replace(self.turns.get() + 1)
    }

    /// Commands use complaints up: logs as many as so many requests may need before their time starts.
    async fn ensure_untouched(
        &self,
        driver: &Driver,
        target: &Arc<Target>,
        operation: Operation,
        requests: usize,
    ) -> Result<()> {
        let wanted = (requests as f64 * operation.uses_up()).ceil() as usize;
        let missing = wanted.saturating_sub(target.untouched());
        if missing > 0 {
            driver.run(target, Operation::Create, LOADERS, Until::Requests(missing), self.turn()).await?;
        }
        Ok(())
    }
}
