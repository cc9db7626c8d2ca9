//! `/v1/statistics`: how it goes with all of a tenant's complaints.

use crate::{
    call::{Outcome, Reply, TenantCall, bad_parameter, unknown_parameter},
    store::{TenantDb, together},
};
use shared::{
    clock::day::Day,
    http::problem::{FieldError, Rule},
    identity::role::Clearance,
    statistics::{MAX_DAYS, Statistics},
};

/// Days, if nothing is said.
const DAYS: i32 = 28;

/// `GET /v1/statistics?from=&to=`: from the counters that every write keeps: one call a database, however many complaints there are.
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let today = Day::of_utc(call.time());
    let (mut from, mut to) = (None, today);
    for (name, value) in call.call.parameters() {
        let day = value.parse::<Day>().map_err(|_| {
            bad_parameter(FieldError::parameter(&name, Rule::NotAllowed, "must be a day, such as 2026-11-27"))
        });
        match name.as_ref() {
            "from" => from = Some(day?),
            "to" => to = day?,
            other => return Err(unknown_parameter(other)),
        }
    }
    let from = from.unwrap_or_else(|| to.plus(1 - DAYS));
    let too_many = || format!("must be on or before `to`, and less than {MAX_DAYS} days before it");
    let mut statistics = Statistics::of(from, to)
        .ok_or_else(|| bad_parameter(FieldError::parameter("from", Rule::NotAllowed, too_many())))?;
    let hidden = call.clearances().map(Clearance::hidden_from).unwrap_or_default();
    for rows in together(call.dbs().iter().map(|db: &TenantDb| db.daily_counts(from, to, &hidden))).await {
        rows?.iter().for_each(|row| statistics.add(row, today));
    }
    Reply::json(200, &statistics)
}
