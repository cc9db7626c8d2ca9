//! Systems of the firm's own that are told: `/v1/webhook-endpoints`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, Stop,
        api::{Answer, Ask},
        at_desk,
        office::{day, if_match, list, mendable, number, sent, text, texts, within},
    },
    staff::{encoded, parameter},
};
use futures_util::try_join;
use pages::console::{
    office::{EVENTS, Notice, event, words},
    settings::{
        Choice, Tab,
        webhooks::{Fields, Message, Row, Webhook, Webhooks, attempt, health},
    },
};
use serde_json::{Value, json};

fn fields(url: &str, description: &str, chosen: &[String]) -> Fields {
    let all = EVENTS.iter().map(|(kind, said)| ((*kind).to_owned(), (*said).to_owned()));
    Fields { url: url.to_owned(), description: description.to_owned(), events: Choice::named(all, chosen) }
}

fn chosen(desk: &Desk) -> Vec<String> {
    desk.form.all("events").map(str::to_owned).collect()
}

fn typed(desk: &Desk) -> Fields {
    fields(desk.form.get("url"), desk.form.get("description"), &chosen(desk))
}

fn body(desk: &Desk) -> String {
    let described = Some(desk.form.get("description").trim()).filter(|text| !text.is_empty());
    json!({ "url": desk.form.get("url").trim(), "description": described, "events": chosen(desk) }).to_string()
}

fn row(held: &Value) -> Row {
    let [id, url, description] = ["id", "url", "description"].map(|name| text(held, name).to_owned());
    let enabled = text(held, "state") == "enabled";
    let fares = within(held, "health");
    let failures = number(fares, "consecutive_failures");
    let [success, since] = ["last_success_at", "failing_since"].map(|name| text(fares, name));
    let health = health(enabled, text(held, "disabled"), failures, success, since);
    Row { id, url, description, enabled, health, well: enabled && failures == 0 }
}

/// `GET`, `POST /app/settings/webhooks`. What was made is shown at once, with the secret, which is said this once.
pub(crate) async fn list_all(call: Call) -> Outcome {
    at_desk(call, webhooks).await
}

async fn webhooks(desk: &Desk) -> Shown {
    let mut notice = None;
    if sent(desk) {
        let ask = Ask { idempotency_key: desk.form.get("key"), body: &body(desk), ..Ask::default() };
        match mendable(desk, desk.api.ask("POST", "/v1/webhook-endpoints", ask).await)? {
            Ok(answer) => return webhook(desk, &answer.json()?, &Value::Null, None),
            Err(why) => notice = Some(why),
        }
    }
    let listed: Value = desk.api.get("/v1/webhook-endpoints").await?;
    desk.page(&Webhooks {
        shell: shell(desk),
        adding: notice.is_some(),
        settings: settings(desk, Some(Tab::Webhooks), notice),
        rows: list(&listed, "data").iter().map(row).collect(),
        fields: typed(desk),
    })
}

/// `GET`, `POST /app/settings/webhooks/{id}`
pub(crate) async fn one(call: Call) -> Outcome {
    at_desk(call, endpoint).await
}

/// What a button does.
async fn act(desk: &Desk, path: &str) -> Result<Answer, Stop> {
    let (form, version) = (&desk.form, if_match(desk.form.get("version")));
    let patch = |body: &'static str| ("PATCH", path.to_owned(), body.to_owned());
    let below = |name: &str, body: String| ("POST", format!("{path}/{name}"), body);
    let (method, path, body) = match form.get("do") {
        "test" => below("test", "{}".to_owned()),
        "enable" => patch(r#"{"state":"enabled"}"#),
        "disable" => patch(r#"{"state":"disabled"}"#),
        "replay" => below("replay", r#"{"failed":true}"#.to_owned()),
        "replay-time" => {
            below("replay", json!({ "from": day(form.get("from"), 0), "to": day(form.get("to"), 1) }).to_string())
        }
        "rotate" => {
            let hours = form.get("overlap_hours").parse::<u32>().unwrap_or(24);
            below("rotate-secret", json!({ "overlap_hours": hours }).to_string())
        }
        "delete" => ("DELETE", path.to_owned(), String::new()),
        _ => ("PATCH", path.to_owned(), body(desk)),
    };
    let idempotency_key = if method == "POST" { form.get("key") } else { "" };
    desk.api.ask(method, &path, Ask { if_match: &version, idempotency_key, body: &body, ..Ask::default() }).await
}

async fn endpoint(desk: &Desk) -> Shown {
    let id: String = desk.call.path_value("id")?;
    let path = format!("/v1/webhook-endpoints/{}", encoded(&id));
    let (mut notice, mut rotated) = (None, None);
    if sent(desk) {
        let done = match desk.form.get("do") {
            "test" => "tested",
            "enable" => "enabled",
            "disable" => "disabled",
            "replay" | "replay-time" => "replayed",
            "rotate" => "rotated",
            "delete" => "deleted",
            _ => "saved",
        };
        match mendable(desk, act(desk, &path).await)? {
            Ok(_) if done == "deleted" => return desk.go("/app/settings/webhooks?done=deleted"),
            Ok(answer) if done == "rotated" => rotated = Some(answer.json::<Value>()?),
            Ok(answer) => {
                let none = done == "replayed" && number(&answer.json()?, "queued") == 0;
                let done = if none { "nothing" } else { done };
                return desk.go(&format!("/app/settings/webhooks/{id}?done={done}"));
            }
            Err(why) => notice = Some(why),
        }
    }
    let after = parameter(&desk.call, "after");
    let place = if after.is_empty() { String::new() } else { format!("&after={}", encoded(&after)) };
    let log = format!("{path}/deliveries?limit=50{place}");
    let (held, logged) = try_join!(
        async {
            match rotated {
                Some(held) => Ok(held),
                None => desk.api.get(&path).await,
            }
        },
        desk.api.get(&log)
    )?;
    webhook(desk, &held, &logged, notice)
}

fn webhook(desk: &Desk, held: &Value, logged: &Value, notice: Option<Notice>) -> Shown {
    let row = row(held);
    let typing = notice.is_some() && desk.form.get("do") == "change";
    desk.page(&Webhook {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Webhooks), notice),
        version: number(held, "version"),
        secret: text(held, "secret").to_owned(),
        public_key: text(held, "public_key").to_owned(),
        previous_until: text(held, "previous_secret_until").to_owned(),
        fields: if typing { typed(desk) } else { fields(&row.url, &row.description, &texts(held, "events")) },
        row,
        messages: list(logged, "data").iter().map(message).collect(),
        next: text(logged, "next").to_owned(),
    })
}

fn message(logged: &Value) -> Message {
    let attempts = list(logged, "attempts");
    let came = attempts.last().map(|one| attempt(within(one, "status").as_u64(), text(one, "reason")));
    let [id, complaint, at, next] =
        ["id", "complaint", "at", "next_attempt_at"].map(|name| text(logged, name).to_owned());
    Message {
        id,
        event: event(text(logged, "event")),
        complaint,
        at,
        state: words(text(logged, "state")),
        last: came.unwrap_or_default(),
        attempts: attempts.len(),
        next,
    }
}
