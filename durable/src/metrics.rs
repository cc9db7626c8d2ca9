//! [`Metrics`], one of a cell: adds up what isolates have counted.
//!
//! Invariant: what was shown is on disk. So a counter that is shown never falls, unless the disk is lost, and then it begins at 0,
//! which Prometheus takes for what it is. What came since the last time may be lost with the object.

use crate::exchange::{answer, done, keep, kept, now, question, wake};
use shared::{
    metrics::{BusyTenants, Totals},
    object::metrics::{Added, Question, Sums},
};
use std::{
    cell::{Cell, RefCell},
    panic::AssertUnwindSafe,
};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

const TOTALS: &str = "totals";
/// How often it writes down what nobody asks for, in milliseconds.
const KEPT_EVERY_MILLIS: i64 = 60_000;

/// The sums of a cell.
#[durable_object(alarm)]
pub struct Metrics {
    state: State,
    /// No method leaves it half changed, so a panic elsewhere does no harm to it.
    memory: AssertUnwindSafe<Memory>,
}

#[derive(Default)]
struct Memory {
    loaded: Cell<bool>,
    totals: RefCell<Totals>,
    tenants: RefCell<BusyTenants>,
    /// Whether something came that is not on disk; then an alarm is set.
    unkept: Cell<bool>,
}

impl DurableObject for Metrics {
    fn new(state: State, _env: Env) -> Self {
        Self { state, memory: AssertUnwindSafe(Memory::default()) }
    }

    /// Answers a [`Question`].
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let question: Question = question(&mut request).await?;
        self.load().await?;
        let now = now();
        match question {
            Question::Add { totals, tenants } => {
                self.memory.totals.borrow_mut().merge(&totals);
                for (tenant, n) in tenants {
                    self.memory.tenants.borrow_mut().add(tenant, n, now);
                }
                if !self.memory.unkept.replace(true) {
                    wake(&self.state, now.plus_millis(KEPT_EVERY_MILLIS)).await?;
                }
                answer(&Added {})
            }
            Question::Read => {
                let totals = self.memory.totals.borrow().clone();
                let tenants = self.memory.tenants.borrow_mut().top(now);
                self.keep(&totals).await?;
                answer(&Sums { totals, tenants })
            }
        }
    }

    /// Writes down what has come since it last did.
    async fn alarm(&self) -> Result<Response> {
        self.load().await?;
        let totals = self.memory.totals.borrow().clone();
        self.keep(&totals).await?;
        done()
    }
}

impl Metrics {
    /// Reads what was kept, once: afterwards memory has all that disk has.
    async fn load(&self) -> Result<()> {
        if !self.memory.loaded.get() {
            let totals: Option<Totals> = kept(&self.state, TOTALS).await?;
            // Another request may have loaded it while this one waited.
            if !self.memory.loaded.replace(true) {
                self.memory.totals.replace(totals.unwrap_or_default());
            }
        }
        Ok(())
    }

    async fn keep(&self, totals: &Totals) -> Result<()> {
        if self.memory.unkept.replace(false) {
            keep(&self.state, TOTALS, totals).await?;
        }
        Ok(())
    }
}
