//! People: `/v1/people`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, Stop,
        api::{Answer, Ask},
        at_desk,
        office::{Listed, if_match, mendable, names, sent},
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
use serde::Deserialize;
use serde_json::json;
use shared::{
    access::Actor,
    identity::role::{Clearance, Role},
};

/// A person, as far as pages show them.
#[derive(Deserialize)]
struct Held {
    id: String,
    email: String,
    display_name: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    teams: Vec<String>,
    #[serde(default)]
    clearances: Vec<String>,
    active: bool,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    signed_in_at: Option<String>,
    version: u32,
}

#[derive(Deserialize)]
struct HeldSession {
    id: String,
    method: String,
    #[serde(default)]
    browser: Option<String>,
    created_at: String,
    seen_at: String,
    ends_at: String,
    current: bool,
}

#[derive(Deserialize)]
struct HeldEvent {
    at: String,
    #[serde(default)]
    actor: Option<Actor>,
    event: What,
}

#[derive(Deserialize)]
struct What {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    members: Vec<String>,
}

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
pub(crate) async fn list(call: Call) -> Outcome {
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
    let (listed, teams) = try_join!(desk.api.get::<Listed<Held>>(&path), names(desk, "/v1/teams"))?;
    let new = if sent(desk) { typed(desk, &teams) } else { fields("", "", Default::default(), &teams) };
    desk.page(&People {
        shell: shell(desk),
        adding: notice.is_some(),
        settings: settings(desk, Some(Tab::People), notice),
        rows: listed.data.into_iter().map(|held| row(held, &teams)).collect(),
        next: listed.next.unwrap_or_default(),
        first: after.is_empty(),
        fields: new,
    })
}

fn row(held: Held, teams: &Names) -> Row {
    let of = teams.iter().filter(|(id, _)| held.teams.contains(id)).map(|(_, name)| name.as_str());
    Row {
        teams: of.collect::<Vec<_>>().join(", "),
        roles: held.roles.iter().map(|role| words(role)).collect::<Vec<_>>().join(", "),
        id: held.id,
        name: held.display_name,
        email: held.email,
        active: held.active,
        signed_in_at: held.signed_in_at.unwrap_or_default(),
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
        desk.api.get::<Held>(&path),
        names(desk, "/v1/teams"),
        desk.api.get::<Listed<HeldSession>>(&sessions),
        desk.api.get::<Listed<HeldEvent>>(&events),
        names(desk, "/v1/people"),
    );
    let (held, teams, people) = (held?, teams?, people?);
    let me = desk.visitor.token.person.to_string();
    let typing = notice.is_some() && desk.form.get("do") == "change";
    desk.page(&Person {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::People), notice),
        oneself: held.id == me,
        directory: held.external_id.is_some(),
        active: held.active,
        version: held.version,
        fields: if typing {
            typed(desk, &teams)
        } else {
            fields(&held.display_name, &held.email, [held.roles, held.teams, held.clearances], &teams)
        },
        name: held.display_name,
        id: held.id,
        sessions: sessions?.data.into_iter().map(session).collect(),
        happened: events?.data.into_iter().map(|one| happened(one, &me, &people)).collect(),
    })
}

fn session(held: HeldSession) -> Session {
    let method = if held.method == "oidc" { "by your provider" } else { "by a link" };
    Session {
        id: held.id,
        browser: held.browser.unwrap_or_default(),
        method: method.to_owned(),
        created_at: held.created_at,
        seen_at: held.seen_at,
        ends_at: held.ends_at,
        current: held.current,
    }
}

fn happened(
    HeldEvent { at, actor: by, event: What { kind, members } }: HeldEvent,
    me: &str,
    names: &Names,
) -> Happened {
    let what = if members.is_empty() {
        event(&kind)
    } else {
        let members: Vec<_> = members.iter().map(|member| words(member).to_lowercase()).collect();
        format!("{}: {}", event(&kind), members.join(", "))
    };
    let by = by.map_or_else(
        || "themselves".to_owned(),
        |by| actor(super::code(&by.kind).to_lowercase().as_str(), by.id.as_str(), me, names),
    );
    Happened { at, what, by }
}
