//! Who hears of what: `/v1/notifications/rules`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown,
        api::Ask,
        at_desk,
        office::{if_match, mendable, sent},
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
use serde::Deserialize;
use serde_json::Value;
use shared::json;

#[derive(Deserialize)]
struct Held {
    rules: Vec<HeldRule>,
    #[serde(default)]
    texts: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct HeldRule {
    id: String,
    events: Vec<String>,
    audience: String,
    channel: String,
    text: String,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    quiet: Option<Value>,
    #[serde(default)]
    digest: Option<Value>,
}

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
    let held: Held = answer.json()?;
    let typed = desk.form.get("json");
    desk.page(&Notifications {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Notifications), notice),
        rules: held.rules.into_iter().map(rule).collect(),
        texts: held.texts.len(),
        version: answer.tag.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0),
        json: if typed.is_empty() { pretty(&answer.body)? } else { typed.to_owned() },
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

fn pretty(text: &str) -> Result<String, Failure> {
    let value: Value = json::from_str(text).map_err(Failure::internal)?;
    serde_json::to_string_pretty(&value).map_err(Failure::internal)
}

fn rule(HeldRule { id, events, audience, channel, text, address, quiet, digest }: HeldRule) -> Rule {
    let when = match (digest.is_some(), quiet.is_some()) {
        (true, _) => "in a digest",
        (false, true) => "not in quiet hours",
        (false, false) => "at once",
    };
    Rule {
        id,
        events: events.iter().map(|kind| event(kind)).collect(),
        audience: address.unwrap_or_else(|| words(&audience)),
        channel: words(&channel),
        text,
        when: when.to_owned(),
    }
}
