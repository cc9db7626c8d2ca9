//! What one tenant feels of another that sends fifty times what it may: its latency beside the noise, and without it, in
//! turns.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::complaints::Complaints;
use crate::operation::Operation;
use crate::target::{Target, connect, send};

/// What the loud tenant may send in a second, and how often that much it sends.
const LIMIT: u32 = 20;
const TIMES: u32 = 50;
const LOUD_CONNECTIONS: u32 = 16;
/// What the quiet tenant sends in a second, on one connection.
const QUIET_RATE: u32 = 50;
const TURNS: usize = 7;
const TURN: Duration = Duration::from_secs(4);
/// The design's budget for the quiet tenant's p95 beside the noise, as a ratio of that without it.
const BUDGET: f64 = 1.25;

/// What a tenant's requests of one turn came to.
#[derive(Default)]
struct Heard {
    micros: Vec<f64>,
    refused: usize,
    failed: usize,
}

impl Heard {
    fn percentile(&mut self, percent: usize) -> f64 {
        self.micros.sort_by(f64::total_cmp);
        self.micros.get(self.micros.len() * percent / 100).copied().unwrap_or(f64::NAN)
    }
}

/// Measures at `base` and says what came of it.
pub(crate) async fn measure(base: &str, operator_key: &str) -> Result<String> {
    let windows = json!([{ "policy": "burst", "limit": LIMIT }, { "policy": "minute", "limit": LIMIT * 60 }]);
    let loud = Arc::new(Target::limited(base, operator_key, windows).await?);
    let quiet = Arc::new(Target::redress(base, operator_key).await?);
    let bodies =
        Arc::new(Complaints::read(&xtask::checkout::root().join("tests/fixtures/complaints/bank.ndjson"), None, 50)?);
    for seed in 0..50 {
        let (status, _, answer) = send(&connect(), quiet.request(Operation::Create, &bodies, seed)?).await?;
        anyhow::ensure!(status.is_success(), "loading was answered {status}");
        let id = serde_json::from_slice::<serde_json::Value>(&answer)?["id"].as_str().map(str::to_owned);
        quiet.note_created(id.context("a complaint has no id")?);
    }
    quiet.finish_loading();

    let mut text = format!(
        "One tenant sends {} requests/s and may send {LIMIT}; another reads {QUIET_RATE} times a second.\n\n\
         turn   alone p50   p95 µs   beside p50   p95 µs   ratio p95   loud sent/s   let through/s\n",
        LIMIT * TIMES
    );
    let mut ratios = Vec::new();
    for turn in 0..=TURNS {
        let mut alone = listen(&quiet, &bodies, QUIET_RATE, 1).await?;
        let noise = tokio::spawn({
            let (loud, bodies) = (loud.clone(), bodies.clone());
            async move { listen(&loud, &bodies, LIMIT * TIMES, LOUD_CONNECTIONS).await }
        });
        let mut beside = listen(&quiet, &bodies, QUIET_RATE, 1).await?;
        let noise = noise.await??;
        sleep(Duration::from_millis(300)).await;
        anyhow::ensure!(
            alone.failed + beside.failed + alone.refused + beside.refused == 0,
            "the quiet tenant was refused"
        );
        // The first turn warms up.
        if turn == 0 {
            continue;
        }
        let ratio = beside.percentile(95) / alone.percentile(95);
        let seconds = TURN.as_secs_f64();
        let (sent, through) =
            (noise.micros.len() as f64 / seconds, (noise.micros.len() - noise.refused) as f64 / seconds);
        writeln!(
            text,
            "{turn:>4} {:>11.0} {:>8.0} {:>12.0} {:>8.0} {ratio:>11.2} {sent:>13.0} {through:>15.1}",
            alone.percentile(50),
            alone.percentile(95),
            beside.percentile(50),
            beside.percentile(95),
        )?;
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().context("no turn was measured")?;
    let verdict = if median <= BUDGET { "met" } else { "MISSED" };
    writeln!(text, "\nmedian ratio {median:.2}, budget {BUDGET}: {verdict}")?;
    Ok(text)
}

/// Sends reads at this rate for a turn, whatever the answers.
async fn listen(target: &Arc<Target>, bodies: &Arc<Complaints>, rate: u32, connections: u32) -> Result<Heard> {
    let end = Instant::now() + TURN;
    let listeners = (0..connections).map(|number| {
        let (target, bodies) = (target.clone(), bodies.clone());
        tokio::spawn(async move {
            let connection = connect();
            let mut heard = Heard::default();
            let mut pace = interval(Duration::from_secs(1) * connections / rate);
            pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
            while Instant::now() < end {
                pace.tick().await;
                let operation = if target.has_loaded() { Operation::Read } else { Operation::List };
                let request =
                    target.request(operation, &bodies, u64::from(number) << 32 | heard.micros.len() as u64)?;
                let begun = Instant::now();
                let status = send(&connection, request).await?.0;
                heard.micros.push(begun.elapsed().as_secs_f64() * 1e6);
                heard.refused += usize::from(status.as_u16() == 429);
                heard.failed += usize::from(!status.is_success() && status.as_u16() != 429);
            }
            anyhow::Ok(heard)
        })
    });
    let mut all = Heard::default();
    for listener in listeners.collect::<Vec<_>>() {
        let heard = listener.await??;
        all.micros.extend(heard.micros);
        all.refused += heard.refused;
        all.failed += heard.failed;
    }
    Ok(all)
}
