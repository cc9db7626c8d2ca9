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
        let mut most_per_s: f64 = 0.0;
        let turn = self.turn();
        for target in targets {
            let requests = WARM_UP * concurrency.max(10);
            self.ensure_untouched(driver, target, operation, requests).await?;
            let warm_up = driver.run(target, operation, concurrency, Until::Requests(requests), turn).await?;
            most_per_s = most_per_s.max(warm_up.requests_per_s);
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
                let target = targets[index];
                let wanted = (most_per_s * self.time.as_secs_f64() * 2.0) as usize;
                self.ensure_untouched(driver, target, operation, wanted).await?;
                let round = driver.run(target, operation, concurrency, Until::Elapsed(self.time), turn).await?;
                most_per_s = most_per_s.max(round.requests_per_s);
                rounds[index].push(round);
            }
        }
        Ok(Measurement { operation, concurrency, rounds })
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
