//! Letters of a complaint: choosing one, writing it, approving and sending it.

use super::{
    Desk, Refusal, Shown, Stop,
    api::Ask,
    at_desk,
    case::{Room, can_be_mended, civil, civil_of, hold, id, key, rights, room, seen, trouble, wrong},
    nothing_here,
};
use crate::{
    call::{Call, Outcome},
    staff::parameter,
};
use futures_util::{join, try_join};
use pages::console::{
    case::{Trouble, currency},
    case_form::{Begun, Choices},
    case_json::{has, list, number, text},
    case_words::Civil,
    letter::{self, About, Choose, Letter, Text, Write, Writing, offered},
    shell::Section,
};
use serde_json::{Value, json};
use shared::{
    http::etag,
    ids::{ComplaintId, LetterId},
};

/// A complaint, and who is before it.
struct Held {
    complaint: Value,
    about: About,
    civil: Civil,
}

/// Reads the complaint; whoever holds its lock goes on holding it.
async fn held(desk: &Desk) -> Result<Held, Stop> {
    let id = id(desk)?;
    let base = format!("/v1/complaints/{id}");
    let clocks = format!("{base}/clocks");
    let (complaint, clocks) = try_join!(desk.api.get::<Value>(&base), desk.api.get::<Value>(&clocks))?;
    let civil = civil(desk, &clocks);
    let me = desk.me();
    let is_mine = text(&complaint, "/lock/holder/id") == me && rights(desk).writes;
    let lock = if is_mine { hold(desk, &room(desk).await?, "lock").await.ok() } else { None };
    let about = About {
        version: number(&complaint, "/version"),
        reference: text(&complaint, "/reference").to_owned(),
        name: text(&complaint, "/complainant/name").to_owned(),
        key: key(desk),
        lock: lock.map(|lock| number(&lock, "/token").to_string()).unwrap_or_default(),
        zone: civil.id(),
        id,
    };
    Ok(Held { complaint, about, civil })
}

/// `GET /app/cases/{id}/letters/new`: which letter, and then what it says.
pub(crate) async fn begin(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let kind = parameter(&desk.call, "kind");
        if !kind.is_empty() {
            let letter = parameter(&desk.call, "letter");
            return write(desk, &kind, &letter, None, true, 200).await;
        }
        let (held, kinds) = try_join!(held(desk), desk.api.get::<Value>("/v1/letters/kinds"))?;
        let sector = desk.tenant().sector.as_str();
        let kinds = offered(&kinds, sector, text(&held.complaint, "/jurisdiction"));
        desk.page(&Choose { shell: desk.shell(Section::Queue), about: held.about, kinds })
    })
    .await
}

/// What a kind of letter is made of here: the firm's own template in the reader's language, or else the one that comes with the kind; and
/// the languages in which there is one.
async fn template(desk: &Desk, kind: &Value, language: &str) -> Result<(Value, Vec<String>), Stop> {
    let own: Value = desk.api.get("/v1/letters/templates").await?;
    let id = text(kind, "/id");
    let of_kind = || list(&own, "/data").iter().filter(|template| text(template, "/kind") == id);
    let shipped = text(kind, "/template/language");
    let mut languages = vec![shipped.to_owned()];
    for template in of_kind() {
        let language = text(template, "/language");
        if !languages.iter().any(|held| held == language) {
            languages.push(language.to_owned());
        }
    }
    let wanted = if language.is_empty() { shipped } else { language };
    let short = wanted.split('-').next().unwrap_or_default();
    let found = [wanted, short, shipped]
        .iter()
        .find_map(|wanted| of_kind().find(|template| text(template, "/language") == *wanted));
    let template = match found {
        Some(found) => {
            let (language, brand) = (text(found, "/language"), text(found, "/brand"));
            desk.api.get(&format!("/v1/letters/templates/{id}/{language}/{brand}")).await?
        }
        None => kind.pointer("/template").cloned().unwrap_or_default(),
    };
    Ok((template, languages))
}

/// What keeps the draft that is written anew: the data of its event.
async fn kept(desk: &Desk, held: &Held, letter: &str) -> Result<Value, Stop> {
    let known = list(&held.complaint, "/letters").iter().find(|known| text(known, "/id") == letter);
    let before = number(known.ok_or_else(nothing_here)?, "/drafted_in") - 1;
    let path = format!("/v1/complaints/{}/events?after={before}&limit=1", held.about.id);
    let mut events: Value = desk.api.get(&path).await?;
    Ok(events.pointer_mut("/data/0/data").map(Value::take).unwrap_or_default())
}

/// The page on which a letter is written: `begun` from a form, or as it begins. `refused`, if it could not be kept.
async fn write(
    desk: &Desk,
    kind: &str,
    letter: &str,
    refused: Option<(Refusal, Vec<(String, String)>)>,
    fresh: bool,
    status: u16,
) -> Shown {
    let kinds = async { desk.api.get::<Value>("/v1/letters/kinds").await };
    let (held, kinds) = try_join!(held(desk), kinds)?;
    let kind = list(&kinds, "/data").iter().find(|held| text(held, "/id") == kind).ok_or_else(nothing_here)?;
    let anew = fresh && !letter.is_empty();
    let kept = if anew { kept(desk, &held, letter).await? } else { Value::Null };
    let chosen = if anew { text(&kept, "/document/language") } else { desk.form.get("language") };
    let language = if chosen.is_empty() { text(&held.complaint, "/complainant/language") } else { chosen };
    let (template, languages) = template(desk, kind, language).await?;
    let writing = Writing { kind, template: &template, languages: &languages, civil: held.civil };
    let mut typed = if fresh {
        writing.again(&kept, &held.complaint)
    } else {
        writing.names().into_iter().map(|name| (name.clone(), desk.form.get(&name).to_owned())).collect()
    };
    let (trouble_of, mut wrong) =
        refused.map_or((None, Vec::new()), |(refusal, wrong)| (Some(trouble(&refusal)), wrong));
    let mut shown = if fresh && !anew && text(kind, "/records") == "summary_resolution" {
        Preview::default()
    } else {
        preview(desk, &writing, &held.about.id, letter, &typed).await?
    };
    if let (true, Some(gapped)) = (anew, &shown.text) {
        typed.extend(writing.own(&letter::said(&kept), gapped));
        shown = preview(desk, &writing, &held.about.id, letter, &typed).await?;
    }
    if wrong.is_empty() && !fresh {
        wrong = shown.wrong;
    }
    let choices = Choices { currency: currency(text(&held.complaint, "/jurisdiction")), ..Choices::default() };
    let needs_answer = text(kind, "/records") == "final_response" && !has(&held.complaint, "/proposal");
    let page = Write {
        shell: desk.shell(Section::Queue),
        kind: (text(kind, "/id").to_owned(), text(kind, "/name").to_owned()),
        letter: letter.to_owned(),
        notice: if needs_answer { "A final response sends the answer that was proposed, and none is." } else { "" },
        form: writing.form(&choices, &Begun { typed, wrong }),
        text: shown.text,
        needs_approval: shown.needs_approval,
        trouble: trouble_of.or(shown.trouble),
        about: held.about,
    };
    Ok(desk.answer(status, &page)?)
}

/// What a letter comes to.
#[derive(Default)]
struct Preview {
    text: Option<Text>,
    needs_approval: bool,
    wrong: Vec<(String, String)>,
    trouble: Option<Trouble>,
}

async fn preview(
    desk: &Desk,
    writing: &Writing<'_>,
    id: &str,
    letter: &str,
    typed: &[(String, String)],
) -> Result<Preview, Stop> {
    let get = |name: &str| {
        let found = typed.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let body = match writing.body(letter, true, &get) {
        Ok(body) => body.to_string(),
        Err(wrong) => return Ok(Preview { wrong, ..Preview::default() }),
    };
    let key = key(desk);
    let ask = Ask { idempotency_key: &key, body: &body, ..Ask::default() };
    match desk.api.ask("POST", &format!("/v1/complaints/{id}/letters/preview"), ask).await {
        Ok(answer) => {
            let answer: Value = answer.json()?;
            let mut text = letter::said(&answer);
            text.missing = writing.gaps(&get).into_iter().chain(text.missing).collect();
            let needs_approval = answer.pointer("/needs_approval") == Some(&Value::Bool(true));
            Ok(Preview { text: Some(text), needs_approval, ..Preview::default() })
        }
        Err(Stop::Refused(refusal)) if can_be_mended(refusal.status) => {
            Ok(Preview { wrong: wrong(&refusal), trouble: Some(trouble(&refusal)), ..Preview::default() })
        }
        Err(stop) => Err(stop),
    }
}

/// `POST /app/cases/{id}/letters/check`: what a letter comes to, and what it lacks. Nothing is kept.
pub(crate) async fn check(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let (kind, letter) = (desk.form.get("kind"), desk.form.get("letter"));
        write(desk, kind, letter, None, false, 200).await
    })
    .await
}

/// `POST /app/cases/{id}/letters`: keeps a draft.
pub(crate) async fn keep(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let id = id(desk)?;
        let (kind, letter) = (desk.form.get("kind"), desk.form.get("letter"));
        let base = format!("/v1/complaints/{id}");
        let (kinds, complaint) = try_join!(desk.api.get::<Value>("/v1/letters/kinds"), desk.api.get::<Value>(&base))?;
        let known = list(&kinds, "/data").iter().find(|held| text(held, "/id") == kind).ok_or_else(nothing_here)?;
        let chosen = desk.form.get("language");
        let language = if chosen.is_empty() { text(&complaint, "/complainant/language") } else { chosen };
        let (template, languages) = template(desk, known, language).await?;
        let writing = Writing { kind: known, template: &template, languages: &languages, civil: civil_of(desk) };
        let body = match writing.body(letter, false, &|name| desk.form.get(name).to_owned()) {
            Ok(body) => body.to_string(),
            Err(_) => return write(desk, kind, letter, None, false, 422).await,
        };
        let (key, version) = (format!("{}-letter", desk.form.get("key")), etag::of_version(seen(desk)));
        let ask = Ask { if_match: &version, idempotency_key: &key, lock: desk.form.get("lock"), body: &body };
        match desk.api.ask("POST", &format!("{base}/letters"), ask).await {
            Ok(answer) => {
                let answer: Value = answer.json()?;
                let latest = list(&answer, "/letters").iter().max_by_key(|letter| number(letter, "/drafted_in"));
                let latest = latest.map(|letter| text(letter, "/id")).unwrap_or_default();
                desk.go(&format!("/app/cases/{id}/letters/{latest}?done=kept"))
            }
            Err(Stop::Refused(refusal)) if can_be_mended(refusal.status) => {
                let (status, wrong) = (refusal.status, wrong(&refusal));
                write(desk, kind, letter, Some((*refusal, wrong)), false, status).await
            }
            Err(stop) => Err(stop),
        }
    })
    .await
}

/// What may have been done just now, as the query says it.
const DONE: [(&str, &str); 3] = [
    ("kept", "The draft is kept."),
    ("approved", "The letter is approved."),
    ("sent", "The letter is recorded as sent."),
];

/// `GET /app/cases/{id}/letters/{letter}`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let done = parameter(&desk.call, "done");
        let done = DONE.iter().find(|(name, _)| *name == done).map_or("", |(_, words)| words);
        draw(desk, 200, done, None).await
    })
    .await
}

async fn draw(desk: &Desk, status: u16, done: &'static str, trouble: Option<Trouble>) -> Shown {
    let (id, letter_id) = (desk.call.path_value::<ComplaintId>("id")?, desk.call.path_value::<LetterId>("letter")?);
    let path = format!("/v1/complaints/{id}/letters/{letter_id}");
    let read =
        async { try_join!(held(desk), desk.api.get::<Value>(&path), desk.api.get::<Value>("/v1/letters/kinds")) };
    let (read, room) = join!(read, room(desk));
    let (held, letter, kinds) = read?;
    let Room { people, rights, .. } = room?;
    let kind = text(&letter, "/kind");
    let named = list(&kinds, "/data").iter().find(|held| text(held, "/id") == kind);
    let page = Letter {
        shell: desk.shell(Section::Queue),
        letter: letter_id.to_string(),
        kind: (kind.to_owned(), named.map_or(kind, |kind| text(kind, "/name")).to_owned()),
        state: letter::state(&letter, held.civil),
        facts: letter::facts(&letter, &people, held.civil),
        text: letter::said(&letter),
        rights,
        is_own: text(&letter, "/drafted_by/id") == people.me,
        done,
        trouble,
        about: held.about,
    };
    Ok(desk.answer(status, &page)?)
}

/// `POST /app/cases/{id}/letters/{letter}/approve`
pub(crate) async fn approve(call: Call) -> Outcome {
    at_desk(call, async |desk| settle(desk, "approve", "approved", json!({})).await).await
}

/// `POST /app/cases/{id}/letters/{letter}/send`
pub(crate) async fn send(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let typed = desk.form.get("sent_at");
        let body = match civil_of(desk).meant(typed) {
            Some(at) => json!({"sent_at": at.to_string()}),
            None => json!({}),
        };
        settle(desk, "send", "sent", body).await
    })
    .await
}

async fn settle(desk: &Desk, what: &str, done: &str, body: Value) -> Shown {
    let (id, letter) = (desk.call.path_value::<ComplaintId>("id")?, desk.call.path_value::<LetterId>("letter")?);
    let (key, version) = (format!("{}-{what}", desk.form.get("key")), etag::of_version(seen(desk)));
    let body = body.to_string();
    let ask = Ask { if_match: &version, idempotency_key: &key, lock: desk.form.get("lock"), body: &body };
    match desk.api.ask("POST", &format!("/v1/complaints/{id}/letters/{letter}/{what}"), ask).await {
        Ok(_) => desk.go(&format!("/app/cases/{id}/letters/{letter}?done={done}")),
        Err(Stop::Refused(refusal)) if can_be_mended(refusal.status) => {
            let errors: Vec<_> = refusal.errors.iter().map(|wrong| wrong.detail.clone()).collect();
            let mut trouble = trouble(&refusal);
            if !errors.is_empty() {
                trouble.words = format!("{} {}", trouble.words, errors.join("; "));
            }
            draw(desk, refusal.status, "", Some(trouble)).await
        }
        Err(stop) => Err(stop),
    }
}
