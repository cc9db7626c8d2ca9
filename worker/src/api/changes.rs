//! `/v1/changes`: every event of the tenant, in one order, as it comes in.

use crate::{
    call::{Outcome, Reply, TenantCall, bad_parameter},
    failure::Failure,
    gateway::{self, forward},
    platform,
    store::changes::{Change, ChangePage, Feed},
};
use shared::http::{
    change_query::{ChangeQuery, Place, Since},
    cursor::InvalidCursor,
    problem::Code,
};

/// How long to wait between two looks, in milliseconds: at first, and at most. Each time it is half as long again.
const FIRST_PAUSE_MILLIS: u32 = 200;
const LONGEST_PAUSE_MILLIS: u32 = 1_000;
/// How long a request waits that another cell has sent on, in seconds: that cell gives up after five.
const LONGEST_WAIT_FORWARDED: u32 = 3;

/// `GET /v1/changes?since=&limit=&wait=`
///
/// 1. Read what follows the place that `since` names, giving numbers to what has none.
/// 2. As long as there is nothing and the caller would wait: pause, and look again.
/// 3. Whoever has waited may not be welcome any more by now (401, 403).
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let query = ChangeQuery::parse(&call.call.incoming.head.query).map_err(bad_parameter)?;
    let tenant = call.standing.tenant.id;
    let bad = |error: InvalidCursor| Failure::new(Code::InvalidCursor).detail(error.to_string());
    let mut after = match &query.since {
        Since::Beginning => Some(0),
        Since::Latest => None,
        Since::Cursor(sealed) => Some(Place::open(sealed, tenant).map_err(bad)?.0),
    };
    let feed = Feed::of(call.parts()).ok_or_else(|| Failure::internal("a tenant has no slot"))?;
    let wait =
        if forward::hops(&call.call) > 0 { query.wait_seconds.min(LONGEST_WAIT_FORWARDED) } else { query.wait_seconds };
    let until = platform::now().plus_millis(i64::from(wait) * 1_000);
    let mut pause = FIRST_PAUSE_MILLIS;
    let mut waited = false;
    loop {
        let page = feed.page(after, query.limit).await?;
        let from = after.unwrap_or(page.last);
        if from > page.last {
            return Err(Failure::new(Code::InvalidCursor).detail("names a place beyond the end of the feed"));
        }
        let left = until.unix_millis() - platform::now().unix_millis();
        if !page.changes.is_empty() || left <= 0 {
            if waited {
                gateway::still_welcome(&call).await?;
            }
            return Ok(shown(&page, from, |place| place.seal(tenant)));
        }
        after = Some(from);
        waited = true;
        platform::sleep(pause.min(u32::try_from(left).unwrap_or(pause))).await;
        pause = (pause + pause / 2).min(LONGEST_PAUSE_MILLIS);
    }
}

fn shown(page: &ChangePage, from: u64, seal: impl Fn(Place) -> String) -> Reply {
    let change = |(number, change): &(u64, Change)| {
        format!("{{\"number\":{number},\"complaint\":\"{}\",\"event\":{}}}", change.complaint, change.json())
    };
    let items: Vec<String> = page.changes.iter().map(change).collect();
    let through = page.changes.last().map_or(from, |(number, _)| *number);
    // Cursors are base64url: nothing in them needs escaping.
    let (data, has_more, next) = (items.join(","), through < page.last, seal(Place(through)));
    Reply::json_text(200, format!("{{\"data\":[{data}],\"has_more\":{has_more},\"next\":\"{next}\"}}"))
}
