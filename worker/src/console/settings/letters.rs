//! Templates of letters: `/v1/letters/templates`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, Stop,
        api::Ask,
        at_desk,
        office::{if_match, list, mendable, number, says, sent, text, within},
    },
    staff::{encoded, parameter},
};
use futures_util::try_join;
use pages::console::settings::{
    Choice, Tab,
    letters::{Block, Element, InForce, Kind, Letter, Letters},
};
use serde_json::{Value, json};
use shared::letter::LetterSettings;

/// The most blocks that a letter has.
const MAX_BLOCKS: usize = 100;
/// Blocks to be filled in, besides those that are there.
const FREE_BLOCKS: usize = 2;
/// Versions that are offered to be read.
const VERSIONS: usize = 12;
/// The brand of letters that are of no other.
const FIRM: &str = "firm";

const KINDS: &str = "/v1/letters/kinds";

/// `GET /app/settings/letters`
pub(crate) async fn list_all(call: Call) -> Outcome {
    at_desk(call, letters).await
}

async fn letters(desk: &Desk) -> Shown {
    let (kinds, held) = try_join!(desk.api.get::<Value>(KINDS), desk.api.get::<Value>("/v1/letters/templates"))?;
    let said = |of: &Value, name| text(of, name).to_owned();
    let of = |kind: &str| -> Vec<InForce> {
        let own = list(&held, "data").iter().filter(|template| text(template, "kind") == kind);
        own.map(|template| InForce {
            language: said(template, "language"),
            brand: said(template, "brand"),
            version: number(template, "version"),
            saved_at: said(template, "saved_at"),
        })
        .collect()
    };
    let LetterSettings { brands, approve, .. } = &desk.tenant().letters;
    let approved = |kind: &str| approve.iter().any(|code| code.as_str() == kind);
    let own = brands.iter().map(|brand| (brand.id.as_str().to_owned(), brand.name.as_str().to_owned()));
    let brands = std::iter::once((FIRM.to_owned(), "All brands".to_owned())).chain(own);
    desk.page(&Letters {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Letters), None),
        brands: Choice::named(brands, &[]),
        kinds: list(&kinds, "data")
            .iter()
            .map(|kind| Kind {
                templates: of(text(kind, "id")),
                elements: list(kind, "elements").len(),
                approved: approved(text(kind, "id")),
                id: said(kind, "id"),
                name: said(kind, "name"),
            })
            .collect(),
    })
}

/// `GET /app/settings/letters/new`: on to the page of the template that is named.
pub(crate) async fn begin(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let [kind, language, brand] =
            ["kind", "language", "brand"].map(|name| encoded(parameter(&desk.call, name).trim()));
        desk.go(&format!("/app/settings/letters/{kind}/{language}/{brand}"))
    })
    .await
}

/// `GET`, `POST /app/settings/letters/{kind}/{language}/{brand}`
pub(crate) async fn one(call: Call) -> Outcome {
    at_desk(call, letter).await
}

/// A template; nothing, if there is none.
async fn found(desk: &Desk, path: &str) -> Result<Value, Stop> {
    match desk.api.get(path).await {
        Err(Stop::Refused(refusal)) if refusal.status == 404 => Ok(Value::Null),
        found => found,
    }
}

async fn letter(desk: &Desk) -> Shown {
    let call = &desk.call;
    let (kind, language): (String, String) = (call.path_value("kind")?, call.path_value("language")?);
    let brand: String = call.path_value("brand")?;
    let place = format!("{}/{}/{}", encoded(&kind), encoded(&language), encoded(&brand));
    let path = format!("/v1/letters/templates/{place}");
    let mut notice = None;
    if sent(desk) {
        let retires = desk.form.get("do") == "retire";
        let version = if_match(desk.form.get("version"));
        let (method, body) = if retires { ("DELETE", String::new()) } else { ("PUT", body(desk)) };
        let ask = Ask { if_match: &version, body: &body, ..Ask::default() };
        match mendable(desk, desk.api.ask(method, &path, ask).await)? {
            Ok(_) if retires => return desk.go("/app/settings/letters?done=retired"),
            Ok(_) => return desk.go(&format!("/app/settings/letters/{place}?done=saved")),
            Err(why) => notice = Some(why),
        }
    }
    let wanted = parameter(call, "version");
    let that = format!("{path}?version={}", encoded(&wanted));
    let (kinds, current, old) = try_join!(desk.api.get::<Value>(KINDS), found(desk, &path), async {
        if wanted.is_empty() { Ok(Value::Null) } else { found(desk, &that).await }
    })?;
    let mut known = list(&kinds, "data").iter().filter(|one| text(one, "id") == kind);
    let known = known.next().ok_or_else(crate::console::nothing_here)?;
    let version = number(&current, "version");
    let old_version = Some(number(&old, "version")).filter(|old| ![0, version].contains(old));
    let words = match (old_version, version) {
        (Some(_), _) => &old,
        (None, 0) => within(known, "template"),
        (None, _) => &current,
    };
    let (subject, blocks) = if sent(desk) {
        (desk.form.get("subject"), typed(desk))
    } else {
        (text(words, "subject"), list(words, "blocks").iter().map(block).collect())
    };
    let free = (0..FREE_BLOCKS).map(|_| Block::default());
    desk.page(&Letter {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Letters), notice),
        name: text(known, "name").to_owned(),
        language,
        brand,
        version,
        old: old_version,
        versions: (1..=version).rev().take(VERSIONS).collect(),
        elements: list(known, "elements").iter().map(element).collect(),
        kind,
        subject: subject.to_owned(),
        blocks: blocks.into_iter().chain(free).collect(),
    })
}

fn element(held: &Value) -> Element {
    let (id, name) = (text(held, "id"), text(held, "name"));
    let name = if name.is_empty() { pages::console::office::words(id) } else { name.to_owned() };
    Element { id: id.to_owned(), name }
}

fn block(held: &Value) -> Block {
    let [is, element, text] = ["is", "element", "text"].map(|name| text(held, name).to_owned());
    Block { is, element, each_redress: says(held, "each_redress"), text }
}

/// The blocks that have words.
fn typed(desk: &Desk) -> Vec<Block> {
    let form = &desk.form;
    let count = form.get("blocks").parse().unwrap_or(0).min(MAX_BLOCKS + FREE_BLOCKS);
    (0..count)
        .map(|at| Block {
            is: form.get(&format!("is-{at}")).to_owned(),
            element: form.get(&format!("element-{at}")).to_owned(),
            each_redress: form.get(&format!("each-{at}")) == "yes",
            // Browsers send lines as CRLF (HTML "normalize newlines" of form data).
            text: form.get(&format!("text-{at}")).replace("\r\n", "\n"),
        })
        .filter(|block| !block.text.trim().is_empty())
        .collect()
}

fn body(desk: &Desk) -> String {
    let blocks: Vec<Value> = typed(desk)
        .into_iter()
        .map(|Block { is, element, each_redress, text }| {
            let element = Some(element).filter(|element| !element.is_empty());
            json!({ "is": is, "element": element, "each_redress": each_redress, "text": text })
        })
        .collect();
    json!({ "subject": desk.form.get("subject").trim(), "blocks": blocks }).to_string()
}
