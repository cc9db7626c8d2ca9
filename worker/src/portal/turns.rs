//! What the portal keeps in the bucket goes after a while: beside each object stands a turn, named after the day on which it is over, so
//! that cron finds what is over without looking at what is not.

use crate::{
    log,
    platform::{Fault, Runtime},
};
use shared::{ids::TenantId, time::Timestamp};

/// What the keys of turns begin with.
const TURNS: &str = "portal/";
/// Turns that one tick takes.
const A_TICK: u32 = 200;
const DAY_MILLIS: i64 = 86_400_000;

/// The key of the turn of what a tenant's portal keeps until then.
pub(super) fn turn(until: Timestamp, tenant: TenantId, rest: &str) -> String {
    format!("{TURNS}{:07}/{tenant}/{rest}", until.unix_millis().div_euclid(DAY_MILLIS))
}

/// Deletes what is over. How much.
pub(crate) async fn sweep(runtime: &Runtime, now: Timestamp) -> Result<u32, Fault> {
    let today = now.unix_millis().div_euclid(DAY_MILLIS);
    let mut gone = 0;
    // In the order of their days.
    for key in runtime.keys(TURNS, A_TICK).await? {
        let parts = key.strip_prefix(TURNS).and_then(|rest| rest.split_once('/'));
        let Some((day, (tenant, rest))) = parts.and_then(|(day, rest)| Some((day, rest.split_once('/')?))) else {
            log::fault("portal_turn_unreadable", &key.len());
            runtime.delete(&key).await?;
            continue;
        };
        if day.parse().is_ok_and(|day: i64| day >= today) {
            break;
        }
        if runtime.purge_under(&format!("{tenant}/portal/{rest}")).await? {
            runtime.delete(&key).await?;
        }
        gone += 1;
    }
    Ok(gone)
}
