//! Who has changed what of the firm's own settings and keys: `/v1/tenant/events`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, at_desk,
        office::{list, number, text, texts, within},
        people,
    },
    staff::{encoded, parameter},
};
use pages::console::{
    office::actor,
    settings::{
        Tab,
        changes::{Changes, Row, what},
    },
};
use serde_json::Value;

/// Changes of a page, as the API has them.
const A_PAGE: usize = 100;

/// `GET /app/settings/changes`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let before = parameter(&desk.call, "before");
    let place = if before.is_empty() { String::new() } else { format!("?before={}", encoded(&before)) };
    let held: Value = desk.api.get(&format!("/v1/tenant/events{place}")).await?;
    let (all, me, names) = (list(&held, "data"), desk.me(), people::names(desk).await.people);
    let last = all.last().filter(|_| all.len() >= A_PAGE).map(|last| number(last, "nr"));
    desk.page(&Changes {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Changes), None),
        rows: all.iter().map(|change| row(change, &me, &names)).collect(),
        next: last.map(|nr| nr.to_string()).unwrap_or_default(),
    })
}

fn row(change: &Value, me: &str, names: &[(String, String)]) -> Row {
    let [event, by] = ["event", "actor"].map(|name| within(change, name));
    let key = text(event, "key");
    Row {
        at: text(change, "at").to_owned(),
        what: what(text(event, "type"), text(event, "name"), &texts(event, "fields"), key),
        key: key.to_owned(),
        by: actor(text(by, "kind"), text(by, "id"), me, names),
    }
}
