//! `GET /metrics`: what isolates have counted, and what waits in the databases, as Prometheus reads it.

use crate::{
    call::{OperatorCall, Outcome, Reply},
    log,
    platform::Class,
    store::{
        system::{Backlog, DIRECTORY_SHARD, SystemDb, Waiting},
        together,
    },
};
use futures_util::future::join;
use shared::{
    metrics::{MEDIA_TYPE, Totals, expose, families},
    object::metrics::{NAME, Question, Sums},
};

/// Up to how many rows are counted, so that a look costs no more on a bad day.
const COUNTED: u32 = 10_000;

/// `GET /metrics`. A shard or an object that does not answer is said not to, and the rest is shown.
pub(crate) async fn show(call: OperatorCall) -> Outcome {
    let (runtime, now) = (&call.call.runtime, call.call.now);
    let shards = runtime.shards();
    let backlogs = together(shards.iter().map(|shard| async {
        let backlog = SystemDb::new(runtime.clone(), *shard).backlog(now, COUNTED).await;
        (*shard, backlog.inspect_err(|error| log::fault("backlog_not_read", error)).ok())
    }));
    let sums = runtime.ask::<Sums>(Class::Metrics, NAME, &Question::Read);
    let (sums, backlogs) = join(sums, backlogs).await;

    let sums = sums.inspect_err(|fault| log::fault("metrics_not_read", fault)).ok();
    let mut shown = Totals::default();
    shown.add(families::METRICS_UP, &[], sums.is_some().into());
    shown.add(families::BUILD_INFO, &[env!("CARGO_PKG_VERSION"), &call.call.config.cell.to_string()], 1);
    for (shard, backlog) in backlogs {
        let binding = shard.binding();
        let labels = [binding.as_str()];
        shown.add(families::SHARD_UP, &labels, backlog.is_some().into());
        let Some(Backlog { outbox, wake, bulk, dead_letters }) = backlog else { continue };
        let age = |waiting: Waiting| {
            let age = waiting.since.map_or(0, |since| now.unix_millis() - since);
            u64::try_from(age).unwrap_or_default()
        };
        shown.add(families::OUTBOX_ROWS, &labels, outbox.n.into());
        shown.add(families::OUTBOX_AGE, &labels, age(outbox));
        shown.add(families::WAKE_DUE, &labels, wake.n.into());
        shown.add(families::WAKE_LAG, &labels, age(wake));
        shown.add(families::BULK_OPEN, &labels, bulk.n.into());
        if shard == DIRECTORY_SHARD {
            shown.add(families::DEAD_LETTERS, &[], dead_letters.n.into());
        }
    }
    if let Some(Sums { totals, tenants }) = sums {
        shown.merge(&totals);
        for (tenant, n) in tenants {
            shown.add(families::TOP_TENANT_REQUESTS, &[&tenant.to_string()], n);
        }
    }
    Ok(Reply::bytes(MEDIA_TYPE, expose(&shown).into_bytes()))
}
