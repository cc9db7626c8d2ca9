//! [`BusyTenants`]: who has sent most of late. A series for each tenant would be too many.

use crate::{ids::TenantId, time::Timestamp};
use std::{cmp::Reverse, collections::BTreeMap};

/// How many tenants are shown.
pub const SHOWN: usize = 20;
/// How many are counted in a window; who comes first after that is not.
const MAX_COUNTED: usize = 10_000;
/// How long a window is, in milliseconds. Shown is the one that runs, with the one before.
const WINDOW_MILLIS: i64 = 300_000;

/// How many requests each tenant has sent in this window, and in the one before.
#[derive(Clone, Debug, Default)]
pub struct BusyTenants {
    window: i64,
    now: BTreeMap<TenantId, u64>,
    before: BTreeMap<TenantId, u64>,
}

impl BusyTenants {
    /// Counts requests of a tenant.
    pub fn add(&mut self, tenant: TenantId, n: u64, at: Timestamp) {
        self.turn(at);
        if self.now.len() < MAX_COUNTED || self.now.contains_key(&tenant) {
            let held = self.now.entry(tenant).or_default();
            *held = held.saturating_add(n);
        }
    }

    /// Those with the most requests, the most first.
    pub fn top(&mut self, at: Timestamp) -> Vec<(TenantId, u64)> {
        self.turn(at);
        let mut all = self.before.clone();
        for (tenant, n) in &self.now {
            let held = all.entry(*tenant).or_default();
            *held = held.saturating_add(*n);
        }
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_key(|(tenant, n)| (Reverse(*n), *tenant));
        all.truncate(SHOWN);
        all
    }

    fn turn(&mut self, at: Timestamp) {
        let window = at.unix_millis().div_euclid(WINDOW_MILLIS);
        if window != self.window {
            let last = std::mem::take(&mut self.now);
            self.before = if window == self.window.saturating_add(1) { last } else { BTreeMap::new() };
            self.window = window;
        }
    }
}
