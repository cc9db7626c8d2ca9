//! The order of a run: load both stacks, then every operation at every concurrency in rounds that
//! take turns, so that whatever else the machine does falls on both alike.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use crate::operation::Operation;
use crate::round::{Driver, Round, Until};
use crate::target::Target;

/// Virtual users that load complaints where no time is taken.
const LOADERS: usize = 32;
/// Requests per virtual user before the first round: enough for the runtime to compile what the operation uses. A
/// number and not a time, so that a slow machine warms up as well.
const WARM_UP: usize = 10;

/// What to measure, and for how long.
pub(crate) struct Plan {
    pub(crate) complaints: usize,
    pub(crate) operations: Vec<Operation>,
    pub(crate) concurrency: Vec<usize>,
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
}

/// All rounds of one operation at one concurrency.
pub(crate) struct Measurement {
    pub(crate) operation: Operation,
    pub(crate) concurrency: usize,
    /// Per stack, in the order of the targets.
    pub(crate) rounds: [Vec<Round>; 2],
}

impl Plan {
    /// Runs everything.
    pub(crate) async fn run(&self, driver: &Driver, targets: &[Arc<Target>; 2]) -> Result<Vec<Measurement>> {
        for target in targets {
            let loaded = driver.run(target, Operation::Create, LOADERS, Until::Requests(self.complaints)).await?;
            target.finish_loading();
            eprintln!(
                "{}: {} complaints loaded at {:.0}/s, {} errors, settled after {:.1} s",
                target.name,
                target.untouched(),
                loaded.requests_per_s,
                loaded.errors,
                loaded.settled_after_s
            );
        }
        let mut measurements = Vec::new();
        for &operation in &self.operations {
            for &concurrency in &self.concurrency {
                eprintln!("{} at {concurrency}", operation.name());
                measurements.push(self.measure(driver, targets, operation, concurrency).await?);
            }
        }
        Ok(measurements)
    }

    async fn measure(
        &self,
        driver: &Driver,
        targets: &[Arc<Target>; 2],
        operation: Operation,
        concurrency: usize,
    ) -> Result<Measurement> {
        let mut most_per_s: f64 = 0.0;
        for target in targets {
            let requests = WARM_UP * concurrency.max(10);
            ensure_untouched(driver, target, operation, requests).await?;
            let warm_up = driver.run(target, operation, concurrency, Until::Requests(requests)).await?;
            most_per_s = most_per_s.max(warm_up.requests_per_s);
        }
        let mut rounds = [Vec::new(), Vec::new()];
        for number in 0..self.rounds {
            // The one that comes second finds a warmer machine: take turns at that too.
            let order = if number % 2 == 0 { [0, 1] } else { [1, 0] };
            for index in order {
                let target = &targets[index];
                let wanted = (most_per_s * self.time.as_secs_f64() * 2.0) as usize;
                ensure_untouched(driver, target, operation, wanted).await?;
                let round = driver.run(target, operation, concurrency, Until::Elapsed(self.time)).await?;
                most_per_s = most_per_s.max(round.requests_per_s);
                rounds[index].push(round);
            }
        }
        Ok(Measurement { operation, concurrency, rounds })
    }
}

/// Commands use complaints up: logs as many as a round may need before its time starts.
async fn ensure_untouched(driver: &Driver, target: &Arc<Target>, operation: Operation, wanted: usize) -> Result<()> {
    let missing = wanted.saturating_sub(target.untouched());
    if operation == Operation::Command && missing > 0 {
        driver.run(target, Operation::Create, LOADERS, Until::Requests(missing)).await?;
    }
    Ok(())
}
