//! `/app/cases/new`: logging a complaint for a consumer. What may be the same is shown before it is logged.

use super::{
    Desk, Shown, Stop,
    api::{Ask, Refusal},
    at_desk, people,
    queue::{Summary, key, refused, row, subjects},
};
use crate::call::{Call, Outcome};
use pages::console::{
    bulk::Typed,
    case_form::Drawn,
    new_case::{NewCase, Similar, reason},
    own_field,
    queue::Refused,
    shell::Section,
};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    clock::day::{Day, TimeOfDay},
    tenant::custom_field::CustomField,
};

#[derive(Deserialize)]
struct Logged {
    id: String,
    reference: String,
}

#[derive(Deserialize)]
struct Duplicates {
    data: Vec<Duplicate>,
}

#[derive(Deserialize)]
struct Duplicate {
    complaint: Summary,
    reasons: Vec<String>,
}

/// The most complaints that are offered as the same.
const MOST: usize = 5;

/// The ways to reach somebody, in the order in which they are sent.
const CONTACTS: [&str; 3] = ["phone", "email", "post"];

/// What names of the firm's own fields begin with in the form, as in the API.
const OWN: &str = "custom";

/// What the form is to say besides what was typed.
#[derive(Default)]
struct Answer {
    similar: Vec<Similar>,
    refused: Option<Refused>,
    wrong: Vec<(String, String)>,
    accepted: String,
}

/// `GET /app/cases/new`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let typed = Typed(vec![("severity".to_owned(), "medium".to_owned())]);
        draw(desk, typed, key(desk), Answer::default())
    })
    .await
}

fn draw(desk: &Desk, typed: Typed, key: String, answer: Answer) -> Shown {
    let Answer { similar, refused, wrong, accepted } = answer;
    let held = |_: &CustomField, name: &str| typed.get(name).to_owned();
    let why = |name: &str| wrong.iter().find(|(field, _)| field == name).map(|(_, why)| why.clone());
    let inputs = own_field::inputs(&desk.tenant().custom_fields, OWN, &held, &|name| why(name).unwrap_or_default());
    desk.page(&NewCase {
        shell: desk.shell(Section::Queue),
        products: subjects(desk, typed.get("subject")),
        own: Drawn { legend: "", wrong: String::new(), inputs, was: None },
        today: desk.today().to_string(),
        similar,
        key,
        refused,
        wrong,
        accepted,
        typed,
    })
}

/// `POST /app/cases/new`: logs it, unless there is one that may be the same and nobody has said that it is another.
pub(crate) async fn create(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let typed = Typed(desk.form.pairs().to_vec());
        let same_key = desk.form.get("key").to_owned();
        let body = body(desk, &typed).to_string();
        let similar = if typed.get("sure").is_empty() { look(desk, &body).await } else { Ok(Vec::new()) };
        let logged = match similar {
            Ok(similar) if !similar.is_empty() => {
                return draw(desk, typed, same_key, Answer { similar, ..Answer::default() });
            }
            Ok(_) => {
                let ask = Ask { idempotency_key: &same_key, body: &body, ..Ask::default() };
                desk.api.ask("POST", "/v1/complaints", ask).await
            }
            Err(stop) => Err(stop),
        };
        match logged {
            Ok(answer) => {
                let Logged { id, reference } = answer.json()?;
                // 202: its database takes it in a moment; there is no page of it yet.
                if answer.status == 202 {
                    return draw(
                        desk,
                        Typed::default(),
                        key(desk),
                        Answer { accepted: reference, ..Answer::default() },
                    );
                }
                desk.go(&format!("/app/cases/{id}"))
            }
            Err(Stop::Refused(refusal)) if matches!(refusal.status, 400 | 409 | 413 | 422) => {
                // What was refused was not done: what is sent next is another request.
                draw(desk, typed, key(desk), told(&refusal))
            }
            Err(stop) => Err(stop),
        }
    })
    .await
}

/// What may be the same.
async fn look(desk: &Desk, body: &str) -> Result<Vec<Similar>, Stop> {
    let key = key(desk);
    let ask = Ask { idempotency_key: &key, body, ..Ask::default() };
    let (found, names) =
        futures_util::join!(desk.api.ask("POST", "/v1/complaints/duplicates", ask), people::names(desk));
    let Duplicates { data } = found?.json()?;
    let similar = |Duplicate { complaint, reasons }: Duplicate| {
        let why: Vec<_> = reasons.iter().map(|word| reason(word)).collect();
        Similar { row: row(desk, complaint, &names), why: why.join(", ") }
    };
    Ok(data.into_iter().take(MOST).map(similar).collect())
}

fn body(desk: &Desk, typed: &Typed) -> Value {
    let custom = own_field::said(&desk.tenant().custom_fields, OWN, &|name| typed.get(name).to_owned());
    let said = |name: &str| Some(typed.get(name).trim()).filter(|value| !value.is_empty());
    let contacts: Vec<_> =
        CONTACTS.iter().filter_map(|kind| Some(json!({ "kind": kind, "value": said(kind)? }))).collect();
    let (product, issue) = match typed.get("subject").split_once('/') {
        Some((product, issue)) => (Some(product), Some(issue)),
        None => (said("subject"), None),
    };
    let signs: Vec<_> = typed.0.iter().filter(|(name, _)| name == "vulnerability").map(|(_, value)| value).collect();
    json!({
        "channel": typed.get("channel"),
        "complainant": { "name": typed.get("name").trim(), "customer_id": said("customer_id"), "contacts": contacts },
        "description": typed.get("description").trim().replace("\r\n", "\n"),
        "desired_outcome": said("desired_outcome"),
        "product": product,
        "issue": issue,
        "severity": said("severity").unwrap_or("medium"),
        "vulnerability": signs,
        "external_reference": said("external_reference"),
        "custom": custom,
        "received_at": received(desk, typed.get("received_on")),
    })
}

/// The moment of receipt: now if it came today; of an earlier day, whose hour nobody knows, noon.
fn received(desk: &Desk, on: &str) -> Option<String> {
    const NOON: TimeOfDay = TimeOfDay::after_midnight(12 * 60);
    let Ok(day) = on.parse::<Day>() else { return Some(on.to_owned()).filter(|on| !on.is_empty()) };
    if day == desk.today() {
        return None;
    }
    let noon =
        desk.zone().map_or_else(|| day.utc_midnight().plus_millis(12 * 3_600_000), |zone| zone.moment(day, NOON));
    Some(noon.to_string())
}

/// What the API refuses, beside the fields that it is about.
fn told(refusal: &Refusal) -> Answer {
    let mut wrong = Vec::new();
    let mut whole = Refusal { errors: Vec::new(), ..refusal.clone() };
    for error in &refusal.errors {
        match field(&error.pointer) {
            Some(field) => wrong.push((field, error.detail.clone())),
            None => whole.errors.push(error.clone()),
        }
    }
    Answer { refused: Some(refused(&whole)), wrong, ..Answer::default() }
}

/// The field of the form that a place in the body comes from.
fn field(pointer: &str) -> Option<String> {
    const FIELDS: [(&str, &str); 10] = [
        ("/complainant/name", "name"),
        ("/complainant/customer_id", "customer_id"),
        ("/description", "description"),
        ("/desired_outcome", "desired_outcome"),
        ("/product", "subject"),
        ("/issue", "subject"),
        ("/severity", "severity"),
        ("/channel", "channel"),
        ("/external_reference", "external_reference"),
        ("/received_at", "received_on"),
    ];
    let own = || pointer.strip_prefix('/').filter(|name| name.starts_with(OWN)).map(str::to_owned);
    FIELDS.iter().find(|(place, _)| *place == pointer).map(|(_, field)| (*field).to_owned()).or_else(own)
}
