//! Saved views: made, renamed and deleted from the queue.

use super::{
    Stop,
    api::Ask,
    at_desk,
    queue::{NotDone, draw, refused},
};
use crate::{
    call::{Call, Outcome},
    staff::encoded,
};
use pages::console::{queue::Refused, wish::Wish};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Made {
    id: String,
}

/// Whether somebody can mend what the API refuses, where they are.
fn can_mend(status: u16) -> bool {
    matches!(status, 400 | 404 | 409 | 412 | 422)
}

/// `POST /app/views`: keeps the filter that is shown.
pub(crate) async fn create(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let (name, filter) = (desk.form.get("name"), desk.form.get("filter"));
        let (sharing, team) = match desk.form.get("sharing").split_once(':') {
            Some((sharing, team)) => (sharing, Some(team)),
            None => (desk.form.get("sharing"), None),
        };
        let body = json!({ "name": name, "filter": filter, "owner": desk.me(), "sharing": sharing, "team": team });
        let ask = Ask { idempotency_key: desk.form.get("key"), body: &body.to_string(), ..Ask::default() };
        match desk.api.ask("POST", "/v1/views", ask).await {
            Ok(answer) => {
                let made: Made = answer.json()?;
                desk.go(&Wish::default().with("view", &made.id).address())
            }
            Err(Stop::Refused(refusal)) if can_mend(refusal.status) => {
                let not_done = NotDone { refused: Some(refused(&refusal)), view_name: name.to_owned() };
                draw(desk, &Wish::parse(filter), not_done).await
            }
            Err(stop) => Err(stop),
        }
    })
    .await
}

/// `POST /app/views/{id}`: another name.
pub(crate) async fn rename(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let id = desk.call.path_value::<String>("id")?;
        let body = json!({ "name": desk.form.get("name") }).to_string();
        change(desk, "PATCH", &id, &body, &Wish::default().with("view", &id)).await
    })
    .await
}

/// `POST /app/views/{id}/delete`
pub(crate) async fn delete(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let id = desk.call.path_value::<String>("id")?;
        change(desk, "DELETE", &id, "", &Wish::default()).await
    })
    .await
}

async fn change(desk: &super::Desk, method: &str, id: &str, body: &str, then: &Wish) -> super::Shown {
    let version = format!("\"v{}\"", desk.form.get("version"));
    let ask = Ask { if_match: &version, body, ..Ask::default() };
    match desk.api.ask(method, &format!("/v1/views/{}", encoded(id)), ask).await {
        Ok(_) => desk.go(&then.address()),
        Err(Stop::Refused(refusal)) if can_mend(refusal.status) => {
            let words = match refusal.status {
                412 => Refused {
                    title: "The view was changed meanwhile".to_owned(),
                    words: vec!["This is how it is now. Do it again if you still want to.".to_owned()],
                },
                _ => refused(&refusal),
            };
            let not_done = NotDone { refused: Some(words), ..NotDone::default() };
            draw(desk, &Wish::default().with("view", id), not_done).await
        }
        Err(stop) => Err(stop),
    }
}
