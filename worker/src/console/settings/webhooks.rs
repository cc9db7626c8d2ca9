//! Systems of the firm's own that are told: `/v1/webhook-endpoints`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, Stop,
        api::{Answer, Ask},
        at_desk,
        office::{Listed, day, if_match, mendable, sent},
    },
    staff::{encoded, parameter},
};
use futures_util::try_join;
use pages::console::{
    office::{EVENTS, event, words},
    settings::{
        Choice, Tab,
        webhooks::{Fields, Message, Row, Webhook, Webhooks, attempt, health},
    },
};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Held {
    id: String,
    url: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    events: Vec<String>,
    state: String,
    #[serde(default)]
    disabled: Option<String>,
    health: Health,
    #[serde(default)]
    secret: Option<String>,
    public_key: String,
    #[serde(default)]
    previous_secret_until: Option<String>,
    version: u32,
}

#[derive(Deserialize)]
struct Health {
    #[serde(default)]
    consecutive_failures: u32,
    #[serde(default)]
    failing_since: Option<String>,
    #[serde(default)]
    last_success_at: Option<String>,
}

#[derive(Deserialize)]
struct Logged {
    id: String,
    event: String,
    #[serde(default)]
    complaint: Option<String>,
    at: String,
    state: String,
    #[serde(default)]
    next_attempt_at: Option<String>,
    attempts: Vec<Attempt>,
}

#[derive(Deserialize)]
struct Attempt {
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    reason: Option<String>,
}

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

fn row(held: &Held) -> Row {
    let Health { consecutive_failures, failing_since, last_success_at } = &held.health;
    let enabled = held.state == "enabled";
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Row {
        id: held.id.clone(),
        url: held.url.clone(),
        description: text(&held.description),
        enabled,
        health: health(
            enabled,
            held.disabled.as_deref().unwrap_or_default(),
            *consecutive_failures,
            &text(last_success_at),
            &text(failing_since),
        ),
        well: enabled && *consecutive_failures == 0,
    }
}

/// `GET`, `POST /app/settings/webhooks`. What was made is shown at once, with the secret, which is said this once.
pub(crate) async fn list(call: Call) -> Outcome {
    at_desk(call, webhooks).await
}

async fn webhooks(desk: &Desk) -> Shown {
    let mut notice = None;
    if sent(desk) {
        let ask = Ask { idempotency_key: desk.form.get("key"), body: &body(desk), ..Ask::default() };
        match mendable(desk, desk.api.ask("POST", "/v1/webhook-endpoints", ask).await)? {
            Ok(answer) => return webhook(desk, answer.json()?, Listed { data: Vec::new(), next: None }, None),
            Err(why) => notice = Some(why),
        }
    }
    let listed: Listed<Held> = desk.api.get("/v1/webhook-endpoints").await?;
    desk.page(&Webhooks {
        shell: shell(desk),
        adding: notice.is_some(),
        settings: settings(desk, Some(Tab::Webhooks), notice),
        rows: listed.data.iter().map(row).collect(),
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

#[derive(Deserialize)]
struct Replayed {
    queued: usize,
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
            Ok(answer) if done == "rotated" => rotated = Some(answer.json::<Held>()?),
            Ok(answer) => {
                let none = done == "replayed" && answer.json::<Replayed>()?.queued == 0;
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
    webhook(desk, held, logged, notice)
}

fn webhook(desk: &Desk, held: Held, logged: Listed<Logged>, notice: Option<pages::console::office::Notice>) -> Shown {
    let row = row(&held);
    let typing = notice.is_some() && desk.form.get("do") == "change";
    desk.page(&Webhook {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Webhooks), notice),
        version: held.version,
        secret: held.secret.unwrap_or_default(),
        public_key: held.public_key,
        previous_until: held.previous_secret_until.unwrap_or_default(),
        fields: if typing { typed(desk) } else { fields(&row.url, &row.description, &held.events) },
        row,
        messages: logged.data.into_iter().map(message).collect(),
        next: logged.next.unwrap_or_default(),
    })
}

fn message(logged: Logged) -> Message {
    let last = logged.attempts.last();
    let came = last.map(|one| attempt(one.status, one.reason.as_deref().unwrap_or_default()));
    Message {
        id: logged.id,
        event: event(&logged.event),
        complaint: logged.complaint.unwrap_or_default(),
        at: logged.at,
        state: words(&logged.state),
        last: came.unwrap_or_default(),
        attempts: logged.attempts.len(),
        next: logged.next_attempt_at.unwrap_or_default(),
    }
}
