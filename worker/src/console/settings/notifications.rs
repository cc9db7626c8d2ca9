//! Who hears of what: `/v1/notifications/rules`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown,
        api::Ask,
        at_desk,
        office::{if_match, list, mendable, sent, text, texts, within},
    },
    failure::Failure,
};
use pages::console::{
    office::{Notice, event, words},
    settings::{
        Tab,
        notifications::{Notifications, Rule},
    },
};
use serde_json::Value;
use shared::json;

const PATH: &str = "/v1/notifications/rules";

/// `GET`, `POST /app/settings/notifications`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let mut notice = None;
    if sent(desk) {
        match save(desk).await? {
            None => return desk.go("/app/settings/notifications?done=saved"),
            why => notice = why,
        }
    }
    let answer = desk.api.ask("GET", PATH, Ask::default()).await?;
    let held: Value = answer.json()?;
    let typed = desk.form.get("json");
    desk.page(&Notifications {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Notifications), notice),
        rules: list(&held, "rules").iter().map(rule).collect(),
        texts: list(&held, "texts").len(),
        version: answer.tag.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0),
        json: if typed.is_empty() { pretty(&held)? } else { typed.to_owned() },
    })
}

/// Why the rules were not set, if they were not.
async fn save(desk: &Desk) -> Result<Option<Notice>, crate::console::Stop> {
    let body = desk.form.get("json");
    // What is no JSON is not asked about: the API would say no more than that.
    if let Err(wrong) = json::from_str::<Value>(body) {
        let words = format!("It can’t be read: {wrong}.");
        return Ok(Some(Notice { title: "This is not JSON".to_owned(), words, ..Notice::default() }));
    }
    let version = if_match(desk.form.get("version"));
    let ask = Ask { if_match: &version, body, ..Ask::default() };
    Ok(mendable(desk, desk.api.ask("PUT", PATH, ask).await)?.err())
}

fn pretty(held: &Value) -> Result<String, Failure> {
    serde_json::to_string_pretty(held).map_err(Failure::internal)
}

fn rule(held: &Value) -> Rule {
    let has = |name| !within(held, name).is_null();
    let when = match (has("digest"), has("quiet")) {
        (true, _) => "in a digest",
        (false, true) => "not in quiet hours",
        (false, false) => "at once",
    };
    let [id, address, of] = ["id", "address", "text"].map(|name| text(held, name).to_owned());
    Rule {
        id,
        events: texts(held, "events").iter().map(|kind| event(kind)).collect(),
        audience: if address.is_empty() { words(text(held, "audience")) } else { address },
        channel: words(text(held, "channel")),
        text: of,
        when: when.to_owned(),
    }
}
