//! `/v1/deadlines`: what falls due in all of a tenant's complaints.

use crate::{
    call::{Outcome, Reply, TenantCall, bad_parameter, unknown_parameter},
    store::{TenantDb, together},
};
use shared::{
    clock::{
        day::Day,
        forecast::{DAYS, Idle, MAX_DAYS, forecast},
        law::Law,
    },
    complaint::counts::{Count, DUE, seen},
    http::problem::{FieldError, Rule},
};
use std::collections::BTreeMap;

/// The most days that can be said to be idle.
const MAX_IDLE: usize = 100;

/// `GET /v1/deadlines/forecast`: how many complaints have something due by law on which day, from the counts that every write
/// keeps: one call a database, however many complaints there are.
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let (mut length, mut idle, mut idles) = (DAYS, Idle::default(), 0);
    for (name, value) in call.call.parameters() {
        let bad = |rule: String| Err(bad_parameter(FieldError::parameter(&name, Rule::NotAllowed, rule)));
        match name.as_ref() {
            "days" => match value.parse() {
                Ok(days) if (1..=MAX_DAYS).contains(&days) => length = days,
                _ => return bad(format!("must be 1 to {MAX_DAYS}")),
            },
            "idle" => {
                idles += 1;
                if idles > MAX_IDLE {
                    return bad(format!("may be given at most {MAX_IDLE} times"));
                }
                if !idle.add(&value) {
                    return bad("must be a date, a day of the week (`mon` to `sun`) or `closed`".to_owned());
                }
            }
            other => return Err(unknown_parameter(other)),
        }
    }
    let mut due = BTreeMap::<Day, u64>::new();
    for rows in together(call.dbs().iter().map(TenantDb::counts)).await {
        for Count { value, n, .. } in seen(rows?, call.clearances()).into_iter().filter(|row| row.facet == DUE) {
            if let Ok(day) = value.parse() {
                *due.entry(day).or_default() += n;
            }
        }
    }
    let (today, tenant) = (call.today(), &call.standing.tenant);
    let place = Law::shipped().place(tenant.jurisdiction, &tenant.clocks.choices);
    let calendar = place.and_then(|(calendar, _)| calendar.days(today, &[]));
    Reply::json(200, &forecast(&due, today, length, &idle, calendar))
}
