//! Keys of the firm's systems: `/v1/keys`.

use super::{own::lines, settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, Stop,
        api::Ask,
        at_desk, nothing_here,
        office::{day, list, mendable, sent, text, texts, within},
    },
    staff::encoded,
};
use pages::console::{
    office::{Notice, words},
    settings::{
        Tab,
        keys::{Fields, Key, Keys, Life, Row, State, scopes_in_words},
    },
};
use serde_json::{Value, json};
use shared::{clock::day::Day, tenant::api_key::MAX_LIFE_DAYS};

const PATH: &str = "/v1/keys";

fn row(key: &Value, now: &str) -> Row {
    let said = |name| text(key, name).to_owned();
    let life = Life {
        valid_from: text(key, "valid_from"),
        expires_at: text(key, "expires_at"),
        revoked_at: text(key, "revoked_at"),
        replaced_by: text(key, "replaced_by"),
    };
    Row {
        id: said("id"),
        name: said("name"),
        scopes: scopes_in_words(texts(key, "scopes").iter().map(String::as_str)),
        mode: words(text(key, "mode")),
        created_at: said("created_at"),
        valid_from: said("valid_from"),
        expires_at: said("expires_at"),
        used_on: said("last_used_on"),
        addresses: texts(key, "ip_ranges"),
        signing: text(within(key, "signing"), "alg").to_owned(),
        replaced_by: said("replaced_by"),
        state: State::of(life, now),
    }
}

fn typed(desk: &Desk) -> Fields {
    let form = &desk.form;
    let scopes: Vec<_> = form.all("scopes").map(str::to_owned).collect();
    let [name, mode, expires_on, addresses, signing] =
        ["name", "mode", "expires_on", "addresses", "signing"].map(|name| form.get(name));
    Fields::new(name, &scopes, mode, expires_on, addresses, signing)
}

fn body(desk: &Desk) -> Value {
    let form = &desk.form;
    let mut body = json!({
        "name": form.get("name").trim(),
        "scopes": form.all("scopes").collect::<Vec<_>>(),
        "mode": form.get("mode"),
        "ip_ranges": lines(form.get("addresses")),
    });
    let (expires_on, signing) = (form.get("expires_on"), form.get("signing"));
    if let (false, Some(members)) = (expires_on.is_empty(), body.as_object_mut()) {
        members.insert("expires_at".to_owned(), day(expires_on, 1).into());
    }
    if let (false, Some(members)) = (signing.is_empty(), body.as_object_mut()) {
        members.insert("signing".to_owned(), json!({ "alg": signing }));
    }
    body
}

/// `GET`, `POST /app/settings/keys`. What was issued is shown at once, with what it is sent as, which is said this once.
pub(crate) async fn list_all(call: Call) -> Outcome {
    at_desk(call, keys).await
}

async fn keys(desk: &Desk) -> Shown {
    let mut notice = None;
    if sent(desk) {
        let body = body(desk).to_string();
        match posted(desk, PATH, &body).await? {
            Ok(issued) => return key(desk, &issued, None),
            Err(why) => notice = Some(why),
        }
    }
    let (held, now): (Value, _) = (desk.api.get(PATH).await?, desk.call.now);
    let at = now.to_string();
    desk.page(&Keys {
        shell: shell(desk),
        adding: notice.is_some(),
        settings: settings(desk, Some(Tab::Keys), notice),
        rows: list(&held, "data").iter().map(|key| row(key, &at)).collect(),
        fields: typed(desk),
        // The midnight after it is the last moment that a key may end at.
        latest: Day::of_utc(now.plus_millis((MAX_LIFE_DAYS - 1) * 86_400_000)).to_string(),
    })
}

async fn posted(desk: &Desk, path: &str, body: &str) -> Result<Result<Value, Notice>, Stop> {
    let ask = Ask { idempotency_key: desk.form.get("key"), body, ..Ask::default() };
    match mendable(desk, desk.api.ask("POST", path, ask).await)? {
        Ok(answer) => Ok(Ok(answer.json()?)),
        Err(why) => Ok(Err(why)),
    }
}

/// `GET`, `POST /app/settings/keys/{id}`
pub(crate) async fn one(call: Call) -> Outcome {
    at_desk(call, shown).await
}

async fn shown(desk: &Desk) -> Shown {
    let id: String = desk.call.path_value("id")?;
    let mut notice = None;
    if sent(desk) {
        let (rotates, path) = (desk.form.get("do") == "rotate", format!("{PATH}/{}", encoded(&id)));
        let done = if rotates {
            let hours = desk.form.get("overlap_hours").parse::<u32>().unwrap_or(24);
            posted(desk, &format!("{path}/rotate"), &json!({ "overlap_hours": hours }).to_string()).await?
        } else {
            posted(desk, &format!("{path}/revoke"), "{}").await?
        };
        match done {
            Ok(issued) if rotates => return key(desk, &issued, None),
            Ok(_) => return desk.go(&format!("/app/settings/keys/{}?done=revoked", encoded(&id))),
            Err(why) => notice = Some(why),
        }
    }
    let held: Value = desk.api.get(PATH).await?;
    let found = list(&held, "data").iter().find(|key| text(key, "id") == id).ok_or_else(nothing_here)?;
    key(desk, found, notice)
}

fn key(desk: &Desk, held: &Value, notice: Option<Notice>) -> Shown {
    desk.page(&Key {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Keys), notice),
        row: row(held, &desk.call.now.to_string()),
        token: text(held, "token").to_owned(),
        signing_secret: text(held, "signing_secret").to_owned(),
    })
}
