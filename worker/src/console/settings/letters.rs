//! Templates of letters: `/v1/letters/templates`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, Stop,
        api::Ask,
        at_desk,
        office::{Listed, if_match, mendable, sent},
    },
    staff::{encoded, parameter},
};
use futures_util::try_join;
use pages::console::settings::{
    Choice, Tab,
    letters::{Block, Element, InForce, Kind, Letter, Letters},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct HeldKind {
    id: String,
    name: String,
    elements: Vec<HeldElement>,
    template: Words,
}

#[derive(Deserialize)]
struct HeldElement {
    id: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Words {
    subject: String,
    blocks: Vec<HeldBlock>,
}

#[derive(Deserialize)]
struct HeldBlock {
    is: String,
    #[serde(default)]
    element: Option<String>,
    #[serde(default)]
    each_redress: bool,
    text: String,
}

#[derive(Deserialize)]
struct Template {
    kind: String,
    language: String,
    brand: String,
    version: u32,
    saved_at: String,
    subject: String,
    blocks: Vec<HeldBlock>,
}

/// The most blocks that a letter has.
const MAX_BLOCKS: usize = 100;
/// Blocks to be filled in, besides those that are there.
const FREE_BLOCKS: usize = 2;
/// Versions that are offered to be read.
const VERSIONS: u32 = 12;
/// The brand of letters that are of no other.
const FIRM: &str = "firm";

async fn kinds(desk: &Desk) -> Result<Vec<HeldKind>, Stop> {
    Ok(desk.api.get::<Listed<HeldKind>>("/v1/letters/kinds").await?.data)
}

/// `GET /app/settings/letters`
pub(crate) async fn list(call: Call) -> Outcome {
    at_desk(call, letters).await
}

async fn letters(desk: &Desk) -> Shown {
    let (kinds, held) = try_join!(kinds(desk), desk.api.get::<Listed<Template>>("/v1/letters/templates"))?;
    let of = |kind: &str| -> Vec<InForce> {
        let own = held.data.iter().filter(|template| template.kind == kind);
        own.map(|Template { language, brand, version, saved_at, .. }| InForce {
            language: language.clone(),
            brand: brand.clone(),
            version: *version,
            saved_at: saved_at.clone(),
        })
        .collect()
    };
    let tenant = &desk.visitor.door.standing.tenant;
    let own = tenant.letters.brands.iter().map(|brand| (brand.id.as_str().to_owned(), brand.name.as_str().to_owned()));
    let brands = std::iter::once((FIRM.to_owned(), "All brands".to_owned())).chain(own);
    desk.page(&Letters {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Letters), None),
        brands: Choice::named(brands, &[]),
        kinds: kinds
            .into_iter()
            .map(|HeldKind { id, name, elements, .. }| Kind { templates: of(&id), elements: elements.len(), id, name })
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

/// A template, if there is one.
async fn found(desk: &Desk, path: &str) -> Result<Option<Template>, Stop> {
    match desk.api.get(path).await {
        Ok(template) => Ok(Some(template)),
        Err(Stop::Refused(refusal)) if refusal.status == 404 => Ok(None),
        Err(stop) => Err(stop),
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
    let (kinds, current, old) = try_join!(kinds(desk), found(desk, &path), async {
        if wanted.is_empty() { Ok(None) } else { found(desk, &that).await }
    })?;
    let known = kinds.into_iter().find(|one| one.id == kind).ok_or_else(crate::console::nothing_here)?;
    let version = current.as_ref().map_or(0, |template| template.version);
    let old = old.filter(|old| old.version != version);
    let old_version = old.as_ref().map(|old| old.version);
    let words = old.or(current).map_or(known.template, |Template { subject, blocks, .. }| Words { subject, blocks });
    let (subject, blocks) = if sent(desk) {
        (desk.form.get("subject").to_owned(), typed(desk))
    } else {
        (words.subject, words.blocks.into_iter().map(block).collect())
    };
    let free = (0..FREE_BLOCKS).map(|_| Block::default());
    desk.page(&Letter {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Letters), notice),
        name: known.name,
        kind,
        language,
        brand,
        version,
        old: old_version,
        versions: (1..=version).rev().take(VERSIONS as usize).collect(),
        elements: known.elements.into_iter().map(element).collect(),
        subject,
        blocks: blocks.into_iter().chain(free).collect(),
    })
}

fn element(HeldElement { id, name }: HeldElement) -> Element {
    Element { name: if name.is_empty() { pages::console::office::words(&id) } else { name }, id }
}

fn block(HeldBlock { is, element, each_redress, text }: HeldBlock) -> Block {
    Block { is, element: element.unwrap_or_default(), each_redress, text }
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
