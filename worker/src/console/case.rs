//! The page on which a complaint is worked on: what the API says of it, and each command as a form.

use super::{
    Desk, Refusal, Shown, Stop,
    api::Ask,
    at_desk, nothing_here,
    people::{Names, names},
};
use crate::{
    call::{Call, Outcome},
    failure::Failure,
    platform,
    staff::{encoded, parameter},
};
use futures_util::{join, try_join};
use pages::console::{
    case::{Case, Presence, Rights, Source, Trouble, currency, newer, offered, zone},
    case_form::{Begun, COMMANDS, Choices, Command, Form},
    case_json::{list, number, text},
    case_timeline::{People, Teller},
    case_words::Civil,
    shell::Section,
};
use serde_json::{Value, json};
use shared::{
    access::{Scope, staff::has_scope},
    clock::day::Day,
    http::etag,
    ids::{ComplaintId, RequestId},
    lock::MAX_TTL_SECONDS,
    taxonomy::choices::FirmProduct,
};

/// The most events that are asked for at once, and how often.
const EVENTS: (usize, usize) = (500, 10);

/// A complaint's page, before it is drawn.
#[derive(Default)]
pub(super) struct Opened {
    /// The form that somebody has begun to fill in.
    pub(super) begun: Option<(&'static Command, Begun)>,
    /// What did not go: the API's words, and the version that they had seen.
    pub(super) refused: Option<(Refusal, i64)>,
    /// What was done.
    pub(super) done: &'static str,
}

/// What is around a complaint for whoever is before it.
pub(super) struct Room {
    pub(super) id: String,
    pub(super) people: People,
    pub(super) rights: Rights,
}

/// The complaint that the path names.
pub(super) fn id(desk: &Desk) -> Result<String, Failure> {
    desk.call.path_value::<ComplaintId>("id").map(|id| id.to_string())
}

/// A fresh idempotency key.
pub(super) fn key(desk: &Desk) -> String {
    RequestId::new(desk.call.now, &platform::entropy()).to_string()
}

pub(super) fn rights(desk: &Desk) -> Rights {
    let has = |scope| has_scope(desk.roles(), scope);
    Rights { writes: has(Scope::ComplaintsWrite), leads: has(Scope::ComplaintsLead) }
}

/// Who is who, for whoever is before the page.
fn people(desk: &Desk, names: &Names) -> People {
    People { me: desk.me(), names: names.people.clone(), teams: names.teams.clone() }
}

/// The complaint that the path names, and who is before it.
pub(super) async fn room(desk: &Desk) -> Result<Room, Failure> {
    Ok(Room { id: id(desk)?, people: people(desk, &names(desk).await), rights: rights(desk) })
}

/// All events, the oldest first.
async fn events(desk: &Desk, base: &str) -> Result<Vec<Value>, Stop> {
    let (mut events, mut after) = (Vec::new(), 0);
    for _ in 0..EVENTS.1 {
        let mut page: Value = desk.api.get(&format!("{base}/events?after={after}&limit={}", EVENTS.0)).await?;
        if let Some(Value::Array(data)) = page.pointer_mut("/data").map(Value::take) {
            events.extend(data);
        }
        after = number(&page, "/next_after");
        if after == 0 {
            break;
        }
    }
    Ok(events)
}

/// `GET /app/cases/{id}`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let done = parameter(&desk.call, "done");
        let done = COMMANDS.iter().find(|command| command.id == done).map_or("", |command| command.done);
        let act = Command::named(&parameter(&desk.call, "act"));
        let begun = act.map(|command| {
            let names = command.names(&desk.tenant().custom_fields);
            let given = desk.call.parameters().filter(|(name, _)| names.iter().any(|held| held == name));
            let typed = given.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            (command, Begun { typed, wrong: Vec::new() })
        });
        draw(desk, 200, Opened { begun, refused: None, done }).await
    })
    .await
}

async fn draw(desk: &Desk, status: u16, opened: Opened) -> Shown {
    let id = id(desk)?;
    let base = format!("/v1/complaints/{id}");
    let (clocks, duplicates) = (format!("{base}/clocks"), format!("{base}/duplicates"));
    let whole = async { try_join!(desk.api.get::<Value>(&base), events(desk, &base), desk.api.get::<Value>(&clocks)) };
    let (whole, duplicates, names) = join!(whole, desk.api.get::<Value>(&duplicates), names(desk));
    let (complaint, events, clocks) = whole?;
    // What may be the same is offered, no more: a page without it is better than none.
    let duplicates = duplicates.unwrap_or_default();
    let room = Room { id, people: people(desk, &names), rights: rights(desk) };
    let (people, rights) = (&room.people, room.rights);
    let civil = civil(desk, &clocks);
    let presence = presence(desk, &room, &complaint, civil).await;
    let (about, choices) = choices(desk, &complaint, &clocks, people, names);
    let source = Source {
        complaint: &complaint,
        clocks: &clocks,
        duplicates: &duplicates,
        people,
        names: &about,
        own: &choices.own,
        civil,
    };
    let teller = Teller { complaint: &complaint, people, civil, writes: rights.writes };
    let Opened { begun, refused, done } = opened;
    let trouble = refused.map(|(refusal, seen)| {
        let since = events.iter().filter(|event| refusal.status == 412 && number(event, "/seq") > seen);
        Trouble { since: since.map(|event| teller.entry(event, &events)).collect(), ..trouble(&refusal) }
    });
    let form = |command: &'static Command| {
        let begun = begun.as_ref().filter(|(begun, _)| begun.id == command.id).map(|(_, begun)| begun);
        Form::new(command, &complaint, &choices, civil, begun)
    };
    // What somebody has typed is shown, also where it is not legal any more.
    let mut commands = offered(&complaint, &choices, rights);
    let is_new = |begun: &&Command| rights.writes && !begun.is_offered(&complaint, &choices, rights.leads);
    commands.extend(begun.iter().map(|(begun, _)| *begun).filter(is_new));
    let page = Case {
        shell: desk.shell(Section::Queue),
        shown: source.shown(),
        rights,
        presence,
        me: people.me.clone(),
        days: teller.days(&events),
        forms: commands.into_iter().map(form).collect(),
        done,
        trouble,
        key: key(desk),
        zone: (civil.id(), civil.name()),
    };
    Ok(desk.answer(status, &page)?)
}

/// What the API refuses, for the page.
pub(super) fn trouble(refusal: &Refusal) -> Trouble {
    let words = |words: &str| words.to_owned();
    let title = match refusal.status {
        412 => words("This case has changed since you opened it"),
        423 => words("Somebody else is working on this case"),
        409 if refusal.code == "lock_lost" => words("You are not working on this case any more"),
        _ => refusal.title.clone(),
    };
    let detail = match refusal.status {
        412 => words("What you typed is kept. Look at what has happened, then send it again, or leave it."),
        423 => {
            let holder = refusal.lock.as_ref().map(|lock| text(lock, "/holder/name")).unwrap_or_default();
            let who = if holder.is_empty() { "Somebody" } else { holder };
            format!("{who} works on it. What you typed is kept.")
        }
        _ => refusal.detail.clone(),
    };
    Trouble { title, words: detail, since: Vec::new() }
}

/// Who works on it. Whoever holds the lock takes it once more, which tells the token and holds it for longer.
async fn presence(desk: &Desk, room: &Room, complaint: &Value, civil: Civil) -> Presence {
    let of = |at: &str| text(complaint, at);
    let since = civil.time(of("/lock/since"));
    match of("/lock/holder/id") {
        "" => Presence::Free,
        holder if holder == room.people.me && room.rights.writes => match hold(desk, room, "lock").await {
            Ok(lock) => mine(room, &lock, civil),
            Err(_) => Presence::Free,
        },
        _ => Presence::Theirs { name: of("/lock/holder/name").to_owned(), since },
    }
}

fn mine(room: &Room, lock: &Value, civil: Civil) -> Presence {
    let name = room.people.called(&room.people.me);
    Presence::Mine { token: number(lock, "/token").to_string(), name, since: civil.time(text(lock, "/since")) }
}

/// Takes the lock: `lock` if nobody holds it, `lock/holder` from whoever does.
pub(super) async fn hold(desk: &Desk, room: &Room, how: &str) -> Result<Value, Stop> {
    let holder = json!({"id": room.people.me, "name": room.people.called(&room.people.me)});
    let body = json!({"holder": holder, "ttl_seconds": HOLD_SECONDS}).to_string();
    let path = format!("/v1/complaints/{}/{how}", room.id);
    desk.api.ask("PUT", &path, Ask { body: &body, ..Ask::default() }).await?.json()
}

/// How long a lock holds without a script that renews it.
const HOLD_SECONDS: u32 = 300;
const _: () = assert!(HOLD_SECONDS <= MAX_TTL_SECONDS);

/// Names of what the complaint is about, and what forms offer: what is in use, and what it is about already.
fn choices(
    desk: &Desk,
    complaint: &Value,
    clocks: &Value,
    people: &People,
    held: Names,
) -> (Vec<(String, String)>, Choices) {
    let products = desk.products();
    let named = |code: &shared::text::Code, name: &str| (code.as_str().to_owned(), name.to_owned());
    let [product_held, issue_held] = ["/product", "/issue"].map(|at| text(complaint, at));
    let mut issues = Vec::new();
    // Those of its own product first.
    for own in [true, false] {
        let is_own = |product: &FirmProduct| product.code.as_str() == product_held;
        for product in products.iter().filter(|product| is_own(product) == own && (own || product.offered)) {
            let name = |issue: &str| if own { issue.to_owned() } else { format!("{}: {issue}", product.name) };
            let offered =
                product.issues.iter().filter(|issue| issue.offered || (own && issue.code.as_str() == issue_held));
            issues.extend(offered.map(|issue| named(issue.code, &name(&issue.name))));
        }
    }
    let offered = products.iter().filter(|product| product.offered || product.code.as_str() == product_held);
    let products: Vec<_> = offered.map(|product| named(product.code, &product.name)).collect();
    let of_it = [product_held, issue_held];
    let names = products.iter().chain(&issues).filter(|(code, _)| of_it.contains(&code.as_str())).cloned().collect();
    let currency = currency(text(complaint, "/jurisdiction"));
    let Names { mut workers, teams, .. } = held;
    let assignee = text(complaint, "/assignee");
    if !assignee.is_empty() && !workers.iter().any(|(id, _)| id == assignee) {
        workers.push((assignee.to_owned(), people.called(assignee)));
    }
    let own = desk.tenant().custom_fields.to_vec();
    let versions = newer(clocks, Day::of_utc(desk.now()));
    (names, Choices { people: workers, teams, products, issues, currency, own, versions })
}

/// The civil time of a complaint: that in which its clocks are counted; the firm's, if it has none.
pub(super) fn civil(desk: &Desk, clocks: &Value) -> Civil {
    let zone = match zone(clocks) {
        "" => desk.zone().map_or("", |zone| zone.id()),
        zone => zone,
    };
    Civil::of(zone, desk.now())
}

/// The zone in which moments were typed.
pub(super) fn civil_of(desk: &Desk) -> Civil {
    Civil::of(desk.form.get("zone"), desk.now())
}

/// The version that somebody has seen.
pub(super) fn seen(desk: &Desk) -> u32 {
    desk.form.get("version").parse().unwrap_or_default()
}

/// Whether whoever is before the page can mend what the API refuses.
pub(super) const fn can_be_mended(status: u16) -> bool {
    matches!(status, 400 | 409 | 412 | 422 | 423 | 429)
}

/// `POST /app/cases/{id}/{command}`
pub(crate) async fn act(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let id = id(desk)?;
        let command = Command::named(&desk.call.path_value::<String>("command")?).ok_or_else(nothing_here)?;
        let own = &desk.tenant().custom_fields;
        let typed = command.names(own).into_iter().chain(command.fields.iter().map(|field| was_of(field.at)));
        let mut typed: Vec<(String, String)> =
            typed.map(|name| (name.clone(), desk.form.get(&name).to_owned())).collect();
        find_complaint(desk, &mut typed).await?;
        let get = |name: &str| {
            typed.iter().find(|(held, _)| held == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let body = match command.body(&get, civil_of(desk), own) {
            Ok(body) => body.to_string(),
            Err(wrong) => {
                return draw(desk, 422, Opened { begun: Some((command, Begun { typed, wrong })), ..Opened::default() })
                    .await;
            }
        };
        let (key, version) = (format!("{}-{}", desk.form.get("key"), command.id), etag::of_version(seen(desk)));
        let ask = Ask { if_match: &version, idempotency_key: &key, lock: desk.form.get("lock"), body: &body };
        match desk.api.ask("POST", &format!("/v1/complaints/{id}/{}", command.command), ask).await {
            Ok(_) => desk.go(&format!("/app/cases/{id}?done={}", encoded(command.id))),
            Err(Stop::Refused(refusal)) if can_be_mended(refusal.status) => {
                let wrong = wrong(&refusal);
                let (status, begun) = (refusal.status, Some((command, Begun { typed, wrong })));
                draw(desk, status, Opened { begun, refused: Some((*refusal, seen(desk).into())), done: "" }).await
            }
            Err(stop) => Err(stop),
        }
    })
    .await
}

fn was_of(at: &str) -> String {
    pages::console::case_form::was(at)
}

/// What the API says is wrong, by the fields of a form.
pub(super) fn wrong(refusal: &Refusal) -> Vec<(String, String)> {
    let field = |wrong: &super::api::Wrong| (wrong.pointer.trim_start_matches('/').to_owned(), wrong.detail.clone());
    refusal.errors.iter().map(field).collect()
}

/// People know complaints by their references, the API by their ids.
async fn find_complaint(desk: &Desk, typed: &mut [(String, String)]) -> Result<(), Stop> {
    let Some((_, named)) = typed.iter_mut().find(|(name, _)| name == "complaint") else { return Ok(()) };
    let reference = named.trim().to_uppercase();
    if reference.is_empty() || named.trim().parse::<ComplaintId>().is_ok() {
        return Ok(());
    }
    let found = desk.api.get::<Value>(&format!("/v1/complaints?reference={}", encoded(&reference))).await;
    match found {
        Ok(found) => {
            if let Some(found) = list(&found, "/data").first() {
                text(found, "/id").clone_into(named);
            }
            Ok(())
        }
        // It is no reference: what the command says of it is shown beside it.
        Err(Stop::Refused(refusal)) if refusal.status == 400 => Ok(()),
        Err(stop) => Err(stop),
    }
}

/// `POST /app/cases/{id}/lock`: work on it.
pub(crate) async fn lock(call: Call) -> Outcome {
    taking(call, "lock").await
}

/// `POST /app/cases/{id}/take-over`: a lead takes it from whoever works on it.
pub(crate) async fn take_over(call: Call) -> Outcome {
    taking(call, "lock/holder").await
}

async fn taking(call: Call, how: &'static str) -> Outcome {
    at_desk(call, async move |desk| {
        let room = room(desk).await?;
        match hold(desk, &room, how).await {
            Ok(_) => desk.go(&format!("/app/cases/{}", room.id)),
            Err(Stop::Refused(refusal)) if can_be_mended(refusal.status) => {
                let refused = Some((*refusal, 0));
                draw(desk, 423, Opened { refused, ..Opened::default() }).await
            }
            Err(stop) => Err(stop),
        }
    })
    .await
}

/// `POST /app/cases/{id}/unlock`: work on it no longer.
pub(crate) async fn unlock(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let id = id(desk)?;
        let ask = Ask { lock: desk.form.get("lock"), ..Ask::default() };
        match desk.api.ask("DELETE", &format!("/v1/complaints/{id}/lock"), ask).await {
            // It had ended, or somebody has taken it: either way it is not theirs.
            Ok(_) | Err(Stop::Refused(_)) => desk.go(&format!("/app/cases/{id}")),
            Err(stop) => Err(stop),
        }
    })
    .await
}

/// `GET /app/cases/{id}/files/{file}`: a file, by a link that lives for minutes.
pub(crate) async fn file(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let (id, file) = (id(desk)?, desk.call.path_value::<shared::ids::AttachmentId>("file")?);
        let key = key(desk);
        let ask = Ask { idempotency_key: &key, body: "{}", ..Ask::default() };
        let link: Value =
            desk.api.ask("POST", &format!("/v1/complaints/{id}/attachments/{file}/link"), ask).await?.json()?;
        let url = text(&link, "/url");
        let path = url.splitn(4, '/').nth(3).map(|path| format!("/{path}"));
        desk.go(if url.starts_with('/') { url } else { path.as_deref().unwrap_or("/app") })
    })
    .await
}
