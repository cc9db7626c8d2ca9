//! What a million complaints would cost at Cloudflare: a stated life of a complaint, times what each request was counted to
//! use, times a dated price list. All three are shown, so that whoever doubts one can put in another.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::operation::Operation;

/// The complaints that a bill is for.
const COMPLAINTS: f64 = 1e6;
/// Writes, reads and deletes that it takes to deliver a message (Cloudflare Queues, "Pricing").
const OPERATIONS_A_MESSAGE: f64 = 3.0;
/// What an object is billed for while it works, in GB: 128 MB (Cloudflare Durable Objects, "Pricing").
const OBJECT_GB: f64 = 0.128;

/// A price list as it was on a day.
#[derive(Deserialize)]
pub(crate) struct PriceList {
    pub(crate) provider: String,
    pub(crate) plan: String,
    pub(crate) currency: String,
    pub(crate) seen: String,
    prices: Vec<Price>,
}

/// The price of one thing.
#[derive(Clone, Debug, Deserialize)]
struct Price {
    id: String,
    what: String,
    /// How many of it the price is for.
    per: f64,
    price: f64,
    /// How many of it a month's subscription has in it.
    included: f64,
}

/// What happens to a complaint, and what is assumed because it cannot be counted here.
#[derive(Deserialize)]
pub(crate) struct Life {
    /// Requests in its life, by operation.
    requests: Vec<Requests>,
    /// How long it is kept.
    months_kept: f64,
    /// Of Durable Objects: how long an ask keeps one busy, and the rows it writes there.
    object_ms: f64,
    object_rows: f64,
    /// Whether every request asks the tenant's `RateLimiter`, as those of a tenant do that rarely asks anything.
    every_request_asks: bool,
    /// Objects written to and read from R2.
    r2_writes: f64,
    r2_reads: f64,
}

#[derive(Deserialize)]
struct Requests {
    operation: String,
    times: f64,
}

/// What one request of an operation was counted to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Use {
    pub(crate) rows_read: f64,
    pub(crate) rows_written: f64,
    /// Asks of objects that belong to the request itself, as a lock's.
    pub(crate) hops: f64,
    pub(crate) messages: f64,
    pub(crate) kv_reads: f64,
    /// Processor time of the runtime, with what SQLite does in it: more than is billed.
    pub(crate) cpu_ms: f64,
}

/// The bill for a million complaints.
#[derive(Serialize)]
pub(crate) struct Bill {
    provider: String,
    plan: String,
    currency: String,
    prices_seen: String,
    requests_per_complaint: f64,
    months_kept: f64,
    lines: Vec<Line>,
    /// At list price.
    total: f64,
    /// If all of them came in one month on an account that does nothing else.
    total_beyond_included: f64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Line {
    what: String,
    quantity: f64,
    per: f64,
    price: f64,
    sum: f64,
    beyond_included: f64,
}

impl PriceList {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let list: Self = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(list.prices.iter().all(|price| price.per > 0.0), "a price in {} is for nothing", path.display());
        Ok(list)
    }

    fn line(&self, id: &str, quantity: f64) -> Result<Line> {
        let price = self.prices.iter().find(|price| price.id == id).with_context(|| format!("no price for {id}"))?;
        let sum = |quantity: f64| quantity / price.per * price.price;
        Ok(Line {
            what: price.what.clone(),
            quantity,
            per: price.per,
            price: price.price,
            sum: sum(quantity),
            beyond_included: sum((quantity - price.included).max(0.0)),
        })
    }
}

impl Life {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }
}

impl Bill {
    /// `used` is what one request of each operation uses, by its name; `stored_bytes` what a complaint takes up in D1. Nothing
    /// if an operation of the life was not measured.
    pub(crate) fn of(
        prices: &PriceList,
        life: &Life,
        used: &BTreeMap<&'static str, Use>,
        stored_bytes: f64,
    ) -> Result<Option<Self>> {
        let known = Operation::ALL.map(Operation::name);
        let mut whole = Use::default();
        let mut requests = 0.0;
        for Requests { operation, times } in &life.requests {
            ensure!(
                known.contains(&operation.as_str()),
                "the life of a complaint has an unknown operation {operation}"
            );
            let Some(one) = used.get(operation.as_str()) else { return Ok(None) };
            requests += times;
            whole.rows_read += times * one.rows_read;
            whole.rows_written += times * one.rows_written;
            whole.hops += times * one.hops;
            whole.messages += times * one.messages;
            whole.kv_reads += times * one.kv_reads;
            whole.cpu_ms += times * one.cpu_ms;
        }
        if life.every_request_asks {
            whole.hops += requests;
        }
        let gigabyte_months = stored_bytes / 1e9 * life.months_kept;
        let lines = [
            ("workers.requests", requests),
            ("workers.cpu_ms", whole.cpu_ms),
            ("workers.log_lines", requests),
            ("d1.rows_read", whole.rows_read),
            ("d1.rows_written", whole.rows_written),
            ("d1.gb_months", gigabyte_months),
            ("objects.requests", whole.hops),
            ("objects.gb_seconds", whole.hops * life.object_ms / 1e3 * OBJECT_GB),
            ("objects.rows_written", whole.hops * life.object_rows),
            ("queues.operations", whole.messages * OPERATIONS_A_MESSAGE),
            ("kv.reads", whole.kv_reads),
            ("r2.class_a", life.r2_writes),
            ("r2.class_b", life.r2_reads),
        ];
        let lines: Vec<Line> =
            lines.into_iter().map(|(id, each)| prices.line(id, each * COMPLAINTS)).collect::<Result<_>>()?;
        Ok(Some(Self {
            provider: prices.provider.clone(),
            plan: prices.plan.clone(),
            currency: prices.currency.clone(),
            prices_seen: prices.seen.clone(),
            requests_per_complaint: requests,
            months_kept: life.months_kept,
            total: lines.iter().map(|line| line.sum).sum(),
            total_beyond_included: lines.iter().map(|line| line.beyond_included).sum(),
            lines,
        }))
    }

    /// The bill for a terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "A million complaints at {} ({}, prices of {}): {:.0} requests each, kept for {:.0} months\n",
            self.provider, self.plan, self.prices_seen, self.requests_per_complaint, self.months_kept
        );
        let _ = writeln!(text, "{:38} {:>16} {:>20} {:>10}", "", "quantity", "price", self.currency);
        for Line { what, quantity, per, price, sum, .. } in &self.lines {
            let price = format!("{price} / {}", grouped(*per));
            let _ = writeln!(text, "{what:38} {:>16} {price:>20} {sum:>10.2}", grouped(*quantity));
        }
        let _ = writeln!(
            text,
            "{:38} {:>16} {:>20} {:>10.2}\n{:76} {:>10.2}",
            "in all",
            "",
            "",
            self.total,
            "less what a month's subscription includes, if all came in one month",
            self.total_beyond_included
        );
        text
    }
}

/// A whole number with commas between thousands.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices() -> PriceList {
        PriceList::read(&xtask::checkout::root().join("benches/prices/cloudflare-2026-11-26.json")).unwrap()
    }

    fn life(json: serde_json::Value) -> Life {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn each_line_is_quantity_times_price() {
        let life = life(serde_json::json!({
            "requests": [{ "operation": "create", "times": 1 }, { "operation": "read", "times": 19 }],
            "months_kept": 12, "object_ms": 10, "object_rows": 1, "every_request_asks": true, "r2_writes": 0, "r2_reads": 2,
        }));
        let create = Use { rows_read: 10.0, rows_written: 20.0, messages: 1.0, cpu_ms: 3.0, ..Use::default() };
        let read = Use { rows_read: 2.0, cpu_ms: 1.0, ..Use::default() };
        let used = BTreeMap::from([("create", create), ("read", read)]);
        let bill = Bill::of(&prices(), &life, &used, 5_000.0).unwrap().unwrap();
        for (what, price, beyond) in [
            // 20 million requests, 0.30 a million, 10 million included.
            ("requests to Workers", 6.0, 3.0),
            // 22 ms a complaint, 0.02 a million, 30 million included.
            ("CPU", 0.44, 0.0),
            ("log lines", 12.0, 0.0),
            // 48 rows a complaint, 0.001 a million, 25 billion included.
            ("D1 rows read", 0.048, 0.0),
            ("D1 rows written", 20.0, 0.0),
            // 5 GB for 12 months, 0.75 a GB and month, 5 included.
            ("D1 storage", 45.0, 41.25),
            // An ask a request, 0.15 a million, one included; each is 10 ms of 128 MB, 12.50 a million GB-s.
            ("Durable Object requests", 3.0, 2.85),
            ("Durable Object duration", 0.32, 0.0),
            ("Durable Object rows written", 20.0, 0.0),
            // A million messages are three million operations, 0.40 a million, one included.
            ("Queue", 1.2, 0.8),
            ("KV reads", 0.0, 0.0),
            ("R2 writes", 0.0, 0.0),
            ("R2 reads", 0.72, 0.0),
        ] {
            let line = bill.lines.iter().find(|line| line.what.starts_with(what)).unwrap();
            assert!((line.sum - price).abs() < 1e-9 && (line.beyond_included - beyond).abs() < 1e-9, "{line:?}");
        }
        assert!((bill.total - 108.728).abs() < 1e-9, "{}", bill.total);
        assert!((bill.total_beyond_included - 47.9).abs() < 1e-9, "{}", bill.total_beyond_included);
    }

    #[test]
    fn nothing_is_billed_that_was_not_counted() {
        let life = life(serde_json::json!({
            "requests": [{ "operation": "counts", "times": 1 }],
            "months_kept": 0, "object_ms": 0, "object_rows": 0, "every_request_asks": false, "r2_writes": 0, "r2_reads": 0,
        }));
        assert!(Bill::of(&prices(), &life, &BTreeMap::new(), 0.0).unwrap().is_none());
        let typo = Life { requests: vec![Requests { operation: "raed".into(), times: 1.0 }], ..life };
        assert!(Bill::of(&prices(), &typo, &BTreeMap::new(), 0.0).is_err());
    }

    #[test]
    fn the_stated_life_is_of_operations_that_are_measured() {
        let life = Life::read(&xtask::checkout::root().join("benches/prices/life-of-a-complaint.json")).unwrap();
        let used = Operation::ALL.map(|operation| (operation.name(), Use::default())).into_iter().collect();
        assert!(Bill::of(&prices(), &life, &used, 0.0).unwrap().is_some());
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0.0, 999.0, 1_000.0, 1_234_567.4].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
