//! [`RateLimiter`], one per tenant and one per address without credentials: leases of requests, and how the tenant stands.

use crate::exchange::{answer, done, keep, kept, now, question, wake};
use shared::{
    json,
    limit::{lease::Ask, limiter::Limiter, plan::Limits},
    object::rate_limiter::{Counted, Leased, PlanUsage, Question, Taken, Told, Used},
    tenant::standing::Standing,
    time::Timestamp,
};
use std::{
    cell::{Cell, RefCell},
    panic::AssertUnwindSafe,
};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

const LIMITER: &str = "limiter";
const STANDING: &str = "standing";
/// How long an address is remembered after its last request: longer than any window that callers without credentials have.
const ADDRESS_MILLIS: i64 = 120_000;

/// The limits of one tenant or address.
#[durable_object(alarm)]
pub struct RateLimiter {
    state: State,
    /// No method leaves it half changed, so a panic elsewhere does no harm to it.
    memory: AssertUnwindSafe<Memory>,
}

/// What is kept on disk, once it was read, and what is not worth keeping.
#[derive(Default)]
struct Memory {
    loaded: Cell<bool>,
    limiter: RefCell<Limiter>,
    standing: RefCell<Option<Standing>>,
    /// When an address last asked.
    asked_at: Cell<Option<Timestamp>>,
}

impl DurableObject for RateLimiter {
    fn new(state: State, _env: Env) -> Self {
        Self { state, memory: AssertUnwindSafe(Memory::default()) }
    }

    /// Answers a [`Question`].
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let question: Question = question(&mut request).await?;
        self.load().await?;
        let now = now();
        match question {
            Question::Lease { lease, known } => {
                let leased = self.lease(&lease, known, now);
                if leased.grant.is_some() {
                    self.keep_limiter().await?;
                }
                answer(&leased)
            }
            Question::LeaseForAddress { lease, limits } => {
                let grant = self.memory.limiter.borrow_mut().lease(&limits, &lease, now);
                self.keep_limiter().await?;
                if self.memory.asked_at.replace(Some(now)).is_none() {
                    wake(&self.state, now.plus_millis(ADDRESS_MILLIS)).await?;
                }
                answer(&Leased { grant: Some(grant), standing: None })
            }
            Question::Tell { standing } => {
                let standing: Standing = json::from_str(&standing.0).map_err(|error| error.to_string())?;
                let known = self.memory.standing.borrow().as_ref().map_or(0, |standing| standing.seq);
                if standing.seq > known {
                    keep(&self.state, STANDING, &standing).await?;
                    self.memory.standing.replace(Some(standing));
                }
                self.told()
            }
            Question::Complaints { wanted, unused, taken_at } => {
                let complaints = {
                    let (standing, mut limiter) = (self.memory.standing.borrow(), self.memory.limiter.borrow_mut());
                    limiter.give_complaints_back(unused, taken_at, now);
                    let limits = standing.as_ref().and_then(Standing::limits);
                    limits.map(|limits| limiter.take_complaints(limits, wanted, now))
                };
                self.keep_limiter().await?;
                answer(&Taken { complaints, at: now })
            }
            Question::Usage => {
                let standing = self.memory.standing.borrow();
                let limits = standing.as_ref().and_then(|standing| Some((standing, standing.limits()?)));
                let usage = limits.map(|(standing, limits)| self.usage(standing, limits, now));
                answer(&Used { usage })
            }
            Question::Counted => answer(&Counted { limiter: Box::new(self.memory.limiter.borrow().clone()) }),
            Question::GoOn { limiter } => {
                self.memory.limiter.replace(*limiter);
                self.keep_limiter().await?;
                self.told()
            }
        }
    }

    /// Forgets an address that has not asked for a while.
    async fn alarm(&self) -> Result<Response> {
        self.load().await?;
        let now = now();
        let last = self.memory.asked_at.get().unwrap_or(now);
        if self.memory.standing.borrow().is_none() && last.plus_millis(ADDRESS_MILLIS) <= now {
            self.state.storage().delete_all().await?;
            self.memory.limiter.take();
            self.memory.asked_at.set(None);
        } else {
            self.memory.asked_at.set(Some(last));
            wake(&self.state, now.plus_millis(ADDRESS_MILLIS)).await?;
        }
        done()
    }
}

impl RateLimiter {
    /// Reads what was kept, once: afterwards memory and disk say the same.
    async fn load(&self) -> Result<()> {
        if self.memory.loaded.get() {
            return Ok(());
        }
        let limiter = kept(&self.state, LIMITER).await?;
        let standing = kept(&self.state, STANDING).await?;
        // Another request may have loaded it while this one waited.
        if !self.memory.loaded.replace(true) {
            self.memory.limiter.replace(limiter.unwrap_or_default());
            self.memory.standing.replace(standing);
        }
        Ok(())
    }

    fn lease(&self, ask: &Ask, known: Option<u32>, now: Timestamp) -> Leased {
        let standing = self.memory.standing.borrow();
        let limits = standing.as_ref().and_then(Standing::limits);
        let grant = limits.map(|limits| self.memory.limiter.borrow_mut().lease(limits, ask, now));
        let news = standing.as_ref().filter(|standing| known != Some(standing.seq));
        Leased { grant, standing: news.map(|standing| Box::new(standing.clone())) }
    }

    /// What was granted is on disk before the grant leaves, so that a restart forgets nothing.
    async fn keep_limiter(&self) -> Result<()> {
        let text = serde_json::to_string(&*self.memory.limiter.borrow())?;
        self.state.storage().put(LIMITER, text).await
    }

    fn usage(&self, standing: &Standing, limits: &Limits, now: Timestamp) -> PlanUsage {
        let mut limiter = self.memory.limiter.borrow_mut();
        PlanUsage {
            plan: standing.tenant.plan,
            windows: limiter.levels(limits, now),
            quotas: limiter.usage(limits, now),
        }
    }

    fn told(&self) -> Result<Response> {
        let seq = self.memory.standing.borrow().as_ref().map_or(0, |standing| standing.seq);
        answer(&Told { seq })
    }
}
