//! Teams: `/v1/teams`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown,
        api::Ask,
        at_desk,
        office::{if_match, list, mendable, number, sent, text},
    },
    staff::{encoded, parameter},
};
use pages::console::settings::{
    Tab,
    teams::{Row, Team, Teams},
};
use serde_json::{Value, json};

fn body(desk: &Desk) -> String {
    json!({ "name": desk.form.get("name").trim() }).to_string()
}

/// `GET`, `POST /app/settings/teams`
pub(crate) async fn list_all(call: Call) -> Outcome {
    at_desk(call, teams).await
}

async fn teams(desk: &Desk) -> Shown {
    let mut notice = None;
    if sent(desk) {
        let ask = Ask { idempotency_key: desk.form.get("key"), body: &body(desk), ..Ask::default() };
        match mendable(desk, desk.api.ask("POST", "/v1/teams", ask).await)? {
            Ok(_) => return desk.go("/app/settings/teams?done=added"),
            Err(why) => notice = Some(why),
        }
    }
    let after = parameter(&desk.call, "after");
    let path = if after.is_empty() { "/v1/teams".to_owned() } else { format!("/v1/teams?after={}", encoded(&after)) };
    let listed: Value = desk.api.get(&path).await?;
    let said = |team: &Value, name| text(team, name).to_owned();
    let row = |team| Row { id: said(team, "id"), name: said(team, "name"), created_at: said(team, "created_at") };
    desk.page(&Teams {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Teams), notice),
        rows: list(&listed, "data").iter().map(row).collect(),
        next: said(&listed, "next"),
        name: desk.form.get("name").to_owned(),
    })
}

/// `GET`, `POST /app/settings/teams/{id}`
pub(crate) async fn one(call: Call) -> Outcome {
    at_desk(call, team).await
}

async fn team(desk: &Desk) -> Shown {
    let id: String = desk.call.path_value("id")?;
    let path = format!("/v1/teams/{}", encoded(&id));
    let mut notice = None;
    if sent(desk) {
        let version = if_match(desk.form.get("version"));
        let deletes = desk.form.get("do") == "delete";
        let (method, body) = if deletes { ("DELETE", String::new()) } else { ("PATCH", body(desk)) };
        let ask = Ask { if_match: &version, body: &body, ..Ask::default() };
        match mendable(desk, desk.api.ask(method, &path, ask).await)? {
            Ok(_) if deletes => return desk.go("/app/settings/teams?done=deleted"),
            Ok(_) => return desk.go(&format!("/app/settings/teams/{id}?done=renamed")),
            Err(why) => notice = Some(why),
        }
    }
    let held: Value = desk.api.get(&path).await?;
    let name = text(&held, "name");
    let typed = match desk.form.get("name") {
        "" => name,
        typed => typed,
    };
    let said = |of: &Value, name| text(of, name).to_owned();
    desk.page(&Team {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Teams), notice),
        id: said(&held, "id"),
        name: name.to_owned(),
        typed: typed.to_owned(),
        version: number(&held, "version"),
        members: list(&held, "members").iter().map(|one| (said(one, "person"), said(one, "name"))).collect(),
    })
}
