//! What one tenant feels of another that sends fifty times what it may: its latency beside the noise, and without it, in
//! turns; and what a refusal costs, beside a Worker that does nothing.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use crate::corpus::Corpus;
use crate::operation::Operation;
use crate::store::store;
use crate::target::{Target, Whose, connect, send};

/// What loud tenants may send in a second, and how often that much each of them sends.
const LIMITS: [u32; 5] = [1, 2, 5, 10, 20];
const TIMES: u32 = 50;
const LOUD_CONNECTIONS: u32 = 16;
/// What the quiet tenant sends in a second, on one connection.
const QUIET_RATE: u32 = 50;
const TURNS: usize = 5;
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

/// Measures at `base` and says what came of it. `bare` answers 404 and does nothing else: what no Worker can save.
pub(crate) async fn measure(base: &str, operator_key: &str, bare: Target) -> Result<String> {
    let quiet = Arc::new(Target::redress("quiet", base, operator_key).await?);
    let bodies =
        Arc::new(Corpus::read(&xtask::checkout::root().join("tests/fixtures/complaints/bank.ndjson"), None, 50)?);
    store(&quiet, &bodies, 0..50).await?;
    quiet.look_over(&bodies).await?;
    listen(&quiet, &bodies, QUIET_RATE, 1).await?;

    let mut text = format!(
        "One tenant sends {TIMES} times what it may; another reads {QUIET_RATE} times a second. Medians of {TURNS} turns.\n\n\
         may/s   sent/s   let through/s   refused, CPU µs   alone p50   p95 µs   beside p50   p95 µs   ratio p95\n"
    );
    for limit in LIMITS {
        let windows = json!([{ "policy": "burst", "limit": limit }, { "policy": "minute", "limit": limit * 60 }]);
        let loud = Arc::new(Target::limited("loud", base, operator_key, windows).await?);
        let [mut sent, mut through] = [(); 2].map(|()| Vec::new());
        let (mut alone, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            let mut quiet_alone = listen(&quiet, &bodies, QUIET_RATE, 1).await?;
            let noise = tokio::spawn({
                let (loud, bodies) = (loud.clone(), bodies.clone());
                async move { listen(&loud, &bodies, limit * TIMES, LOUD_CONNECTIONS).await }
            });
            let mut quiet_beside = listen(&quiet, &bodies, QUIET_RATE, 1).await?;
            let noise = noise.await??;
            anyhow::ensure!(
                [&quiet_alone, &quiet_beside].iter().all(|heard| heard.failed + heard.refused == 0),
                "the quiet tenant was refused"
            );
            sleep(Duration::from_millis(300)).await;
            let seconds = TURN.as_secs_f64();
            sent.push(noise.micros.len() as f64 / seconds);
            through.push((noise.micros.len() - noise.refused) as f64 / seconds);
            ratios.push(quiet_beside.percentile(95) / quiet_alone.percentile(95));
            alone.push((quiet_alone.percentile(50), quiet_alone.percentile(95)));
            beside.push((quiet_beside.percentile(50), quiet_beside.percentile(95)));
        }
        let refusal = cost(&loud, &bodies, limit * TIMES).await?;
        let ratio = median(ratios);
        let medians = |pairs: Vec<(f64, f64)>| {
            let (p50, p95): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            (median(p50), median(p95))
        };
        let ((alone50, alone95), (beside50, beside95)) = (medians(alone), medians(beside));
        let line = format!(
            "{limit:>5} {:>8.0} {:>15.1} {:>17.0} {alone50:>11.0} {alone95:>8.0} {beside50:>12.0} {beside95:>8.0} {ratio:>11.2}  {}",
            median(sent),
            median(through),
            refusal,
            if ratio <= BUDGET { "met" } else { "MISSED" },
        );
        eprintln!("{line}");
        writeln!(text, "{line}")?;
    }
    let floor = cost(&Arc::new(bare), &bodies, 250).await?;
    writeln!(
        text,
        "\nBudget: ratio {BUDGET}. A Worker that does nothing costs {floor:.0} µs of CPU a request under this runtime at 250/s."
    )?;
    Ok(text)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Microseconds of the server's processor time that a request costs at this rate.
async fn cost(target: &Arc<Target>, bodies: &Arc<Corpus>, rate: u32) -> Result<f64> {
    let before = target.cpu_time();
    let heard = listen(target, bodies, rate, LOUD_CONNECTIONS).await?;
    let used = target.cpu_time().zip(before).map(|(after, before)| after.saturating_sub(before));
    Ok(used.map_or(f64::NAN, |used| used.as_secs_f64() * 1e6 / heard.micros.len() as f64))
}

/// Sends reads at this rate for a turn, whatever the answers.
async fn listen(target: &Arc<Target>, bodies: &Arc<Corpus>, rate: u32, connections: u32) -> Result<Heard> {
    let begun = Instant::now();
    let end = begun + TURN;
    let listeners = (0..connections).map(|number| {
        let (target, bodies) = (target.clone(), bodies.clone());
        tokio::spawn(async move {
            let connection = connect();
            let mut heard = Heard::default();
            // One after the other, not all at once: a burst would measure itself.
            let first = begun + Duration::from_secs(1) * number / rate;
            let mut pace = interval_at(first, Duration::from_secs(1) * connections / rate);
            pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
            while Instant::now() < end {
                pace.tick().await;
                let operation = if !target.is_empty() { Operation::Read } else { Operation::List };
                let request = target.request(
                    operation,
                    Whose::Any,
                    &bodies,
                    u64::from(number) << 32 | heard.micros.len() as u64,
                )?;
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
