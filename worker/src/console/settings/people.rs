//! People: `/v1/people`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, Stop,
        api::{Answer, Ask},
        at_desk,
        office::{if_match, list, mendable, names, number, says, sent, text, texts, within},
    },
    staff::{encoded, parameter},
};
use futures_util::{join, try_join};
use pages::console::{
    office::{Notice, actor, event, words},
    settings::{
        Choice, Tab,
        people::{Fields, Happened, People, Person, Row, Session},
    },
};
use serde_json::{Value, json};
use shared::identity::role::{Clearance, Role};

type Names = [(String, String)];

fn chosen(desk: &Desk, name: &str) -> Vec<String> {
    desk.form.all(name).map(str::to_owned).collect()
}

fn fields(name: &str, email: &str, chosen: [Vec<String>; 3], teams: &Names) -> Fields {
    let [roles, of_teams, clearances] = chosen;
    Fields {
        name: name.to_owned(),
        email: email.to_owned(),
        roles: Choice::of(Role::NAMES, &roles),
        teams: Choice::named(teams.iter().cloned(), &of_teams),
        clearances: Choice::of(Clearance::NAMES, &clearances),
    }
}

/// What they have typed.
fn typed(desk: &Desk, teams: &Names) -> Fields {
    let several = ["roles", "teams", "clearances"].map(|name| chosen(desk, name));
    fields(desk.form.get("display_name"), desk.form.get("email"), several, teams)
}

/// What a form says, as a body.
fn body(desk: &Desk) -> String {
    json!({
        "email": desk.form.get("email").trim(),
        "display_name": desk.form.get("display_name").trim(),
        "roles": chosen(desk, "roles"),
        "teams": chosen(desk, "teams"),
        "clearances": chosen(desk, "clearances"),
    })
    .to_string()
}

/// `GET`, `POST /app/settings/people`
pub(crate) async fn list_all(call: Call) -> Outcome {
    at_desk(call, people).await
}

async fn people(desk: &Desk) -> Shown {
    let mut notice = None;
    if sent(desk) {
        let ask = Ask { idempotency_key: desk.form.get("key"), body: &body(desk), ..Ask::default() };
        match mendable(desk, desk.api.ask("POST", "/v1/people", ask).await)? {
            Ok(answer) => {
                let id = answer.place.rsplit('/').next().unwrap_or_default();
                return desk.go(&format!("/app/settings/people/{id}?done=added"));
            }
            Err(why) => notice = Some(why),
        }
    }
    let after = parameter(&desk.call, "after");
    let path = if after.is_empty() { "/v1/people".to_owned() } else { format!("/v1/people?after={}", encoded(&after)) };
    let (listed, teams) = try_join!(desk.api.get::<Value>(&path), names(desk, "/v1/teams"))?;
    let new = if sent(desk) { typed(desk, &teams) } else { fields("", "", Default::default(), &teams) };
    desk.page(&People {
        shell: shell(desk),
        adding: notice.is_some(),
        settings: settings(desk, Some(Tab::People), notice),
        rows: list(&listed, "data").iter().map(|held| row(held, &teams)).collect(),
        next: text(&listed, "next").to_owned(),
        first: after.is_empty(),
        fields: new,
    })
}

fn row(held: &Value, teams: &Names) -> Row {
    let member = texts(held, "teams");
    let of = teams.iter().filter(|(id, _)| member.contains(id)).map(|(_, name)| name.as_str());
    let [id, name, email, signed_in_at] =
        ["id", "display_name", "email", "signed_in_at"].map(|name| text(held, name).to_owned());
    Row {
        teams: of.collect::<Vec<_>>().join(", "),
        roles: texts(held, "roles").iter().map(|role| words(role)).collect::<Vec<_>>().join(", "),
        id,
        name,
        email,
        active: says(held, "active"),
        signed_in_at,
    }
}

/// `GET`, `POST /app/settings/people/{id}`
pub(crate) async fn one(call: Call) -> Outcome {
    at_desk(call, person).await
}

/// What a button does: what is asked, and what the page says afterwards.
async fn act(desk: &Desk, path: &str) -> (Result<Answer, Stop>, &'static str) {
    let nothing = Ask { idempotency_key: desk.form.get("key"), body: "{}", ..Ask::default() };
    match desk.form.get("do") {
        "deactivate" => (desk.api.ask("POST", &format!("{path}/deactivate"), nothing).await, "deactivated"),
        "reactivate" => (desk.api.ask("POST", &format!("{path}/reactivate"), nothing).await, "reactivated"),
        "end" => {
            let session = format!("{path}/sessions/{}", encoded(desk.form.get("session")));
            (desk.api.ask("DELETE", &session, Ask::default()).await, "ended")
        }
        _ => {
            let version = if_match(desk.form.get("version"));
            let ask = Ask { if_match: &version, body: &body(desk), ..Ask::default() };
            (desk.api.ask("PATCH", path, ask).await, "saved")
        }
    }
}

async fn person(desk: &Desk) -> Shown {
    let id: String = desk.call.path_value("id")?;
    let path = format!("/v1/people/{}", encoded(&id));
    let mut notice: Option<Notice> = None;
    if sent(desk) {
        let (asked, done) = act(desk, &path).await;
        match mendable(desk, asked)? {
            Ok(_) => return desk.go(&format!("/app/settings/people/{id}?done={done}")),
            Err(why) => notice = Some(why),
        }
    }
    let (sessions, events) = (format!("{path}/sessions"), format!("{path}/events"));
    let (held, teams, sessions, events, people) = join!(
        desk.api.get::<Value>(&path),
        names(desk, "/v1/teams"),
        desk.api.get::<Value>(&sessions),
        desk.api.get::<Value>(&events),
        names(desk, "/v1/people"),
    );
    let (held, teams, sessions, events, people) = (held?, teams?, sessions?, events?, people?);
    let me = desk.visitor.token.person.to_string();
    let typing = notice.is_some() && desk.form.get("do") == "change";
    let [id, name, email] = ["id", "display_name", "email"].map(|name| text(&held, name));
    let several = ["roles", "teams", "clearances"].map(|name| texts(&held, name));
    desk.page(&Person {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::People), notice),
        oneself: id == me,
        directory: !within(&held, "external_id").is_null(),
        active: says(&held, "active"),
        version: number(&held, "version"),
        fields: if typing { typed(desk, &teams) } else { fields(name, email, several, &teams) },
        name: name.to_owned(),
        id: id.to_owned(),
        sessions: list(&sessions, "data").iter().map(session).collect(),
        happened: list(&events, "data").iter().map(|one| happened(one, &me, &people)).collect(),
    })
}

fn session(held: &Value) -> Session {
    let method = if text(held, "method") == "oidc" { "by your provider" } else { "by a link" };
    let [id, browser, created_at, seen_at, ends_at] =
        ["id", "browser", "created_at", "seen_at", "ends_at"].map(|name| text(held, name).to_owned());
    let current = says(held, "current");
    Session { id, browser, method: method.to_owned(), created_at, seen_at, ends_at, current }
}

fn happened(held: &Value, me: &str, names: &Names) -> Happened {
    let [what, by] = ["event", "actor"].map(|name| within(held, name));
    let (kind, members) = (event(text(what, "type")), texts(what, "members"));
    let members: Vec<_> = members.iter().map(|member| words(member).to_lowercase()).collect();
    let what = if members.is_empty() { kind } else { format!("{kind}: {}", members.join(", ")) };
    let by = if by.is_null() { "themselves".to_owned() } else { actor(text(by, "kind"), text(by, "id"), me, names) };
    Happened { at: text(held, "at").to_owned(), what, by }
}
