//! What the firm is called, its brands and its portal (`/v1/tenant`), beside what the operator has set, as it stands in the record by
//! which every request is let in.

use super::{
    code,
    own::{self, lines, object, put},
    settings, shell,
};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, at_desk,
        office::{list, number, says, sent, text, texts, within},
    },
};
use pages::console::{
    office::Notice,
    settings::{
        Choice, Tab,
        firm::{Brands, CONSUMERS, Firm, General, Ombudsman, Own, OwnText, Portal},
    },
};
use serde_json::{Map, Value, json};
use shared::{portal::settings::Logo, tenant::Tenant, time::Timestamp};

/// The most brands that there are.
const MAX_BRANDS: usize = 20;
/// Brands to be filled in, besides those that are there.
const FREE_BRANDS: usize = 2;
/// The most texts of the portal that there are.
const MAX_TEXTS: usize = 200;
/// Texts to be filled in, besides those that are there.
const FREE_TEXTS: usize = 2;
/// The language that most texts are in.
const LANGUAGE: &str = "en";
/// So many bytes are a megabyte.
const MEGABYTE: u64 = 1_000_000;

/// `GET`, `POST /app/settings/firm`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let mut settings = settings(desk, Some(Tab::Firm), None);
    let mut own = None;
    if settings.may_change {
        let held = own::read(desk).await?;
        let mut shown = shown(&held);
        if sent(desk) {
            let section = desk.form.get("do");
            settings.notice = match patch(desk, section, &held, &shown) {
                Ok(patch) => own::save(desk, &patch).await?,
                Err(why) => Some(why),
            };
            if settings.notice.is_none() {
                return desk.go("/app/settings/firm?done=saved");
            }
            section.clone_into(&mut shown.refused);
            match section {
                "brands" => shown.brands = typed_brands(desk, &held),
                "portal" => shown.portal = typed_portal(desk, &shown.portal),
                "texts" => shown.texts = with_free(typed_texts(desk)),
                "logo" => {}
                _ => shown.general = typed_general(desk),
            }
        }
        own = Some(shown);
    }
    let tenant = desk.tenant();
    let required = |must: bool| if must { "must be given" } else { "may be given" };
    let (fields, brands) = (tenant.custom_fields.iter(), tenant.letters.brands.iter());
    desk.page(&Firm {
        shell: shell(desk),
        settings,
        facts: facts(tenant, own.is_some()),
        fields: fields
            .map(|field| (field.label.as_str().to_owned(), code(&field.takes), required(field.required)))
            .collect(),
        brands: brands.map(|brand| (brand.id.as_str().to_owned(), brand.name.as_str().to_owned())).collect(),
        products: desk
            .products()
            .iter()
            .filter(|one| one.offered)
            .map(|one| (one.code.as_str().to_owned(), one.name.clone()))
            .collect(),
        own,
    })
}

/// What is told; without what whoever looks after it has in a form.
fn facts(tenant: &Tenant, changes: bool) -> Vec<(&'static str, String)> {
    let ahead = Timestamp::from_unix_millis(0).plus_millis(tenant.ahead_by) > Timestamp::from_unix_millis(0);
    let mut facts = Vec::new();
    if !changes {
        facts.push(("Name", tenant.display_name.as_str().to_owned()));
        facts.push(("Writes of keys must be signed", if tenant.signed_writes { "yes" } else { "no" }.to_owned()));
        facts.push(("Similar complaints are linked", linked(&code(&tenant.link_duplicates.consumers)).to_owned()));
        facts.push(("Deadlines of your own", tenant.clocks.service_levels.len().to_string()));
    }
    facts.extend([
        ("In addresses", tenant.slug.to_string()),
        ("Trade, by which complaints are sorted", code(&tenant.sector)),
        ("Law", code(&tenant.jurisdiction)),
        ("References begin with", String::from(tenant.reference_prefix.clone())),
        ("Where data lies", tenant.home_cell.to_string()),
        ("Plan", code(&tenant.plan)),
    ]);
    if ahead {
        facts.push(("Test clock", "ahead of the world’s".to_owned()));
    }
    facts
}

fn linked(consumers: &str) -> &'static str {
    let code = consumers.to_lowercase();
    CONSUMERS.iter().find(|(held, _)| *held == code).map_or("", |(_, says)| says)
}

fn consumers(chosen: &str) -> Vec<Choice> {
    let all = CONSUMERS.iter().map(|(code, says)| ((*code).to_owned(), (*says).to_owned()));
    Choice::named(all, &[chosen.to_owned()])
}

/// Which of the firm's fields can say what brand a complaint is about.
fn brand_fields(held: &Value, chosen: &str) -> Vec<Choice> {
    let none = (String::new(), "None".to_owned());
    let fields = list(held, "custom_fields").iter();
    let named = fields.map(|field| (text(field, "name").to_owned(), text(field, "label").to_owned()));
    Choice::named(std::iter::once(none).chain(named), &[chosen.to_owned()])
}

/// What is set.
fn shown(held: &Value) -> Own {
    let [links, attachments, letters, portal] =
        ["link_duplicates", "attachments", "letters", "portal"].map(|name| within(held, name));
    let brand = |brand: &Value| (text(brand, "id").to_owned(), text(brand, "name").to_owned());
    let mut rows: Vec<_> = list(letters, "brands").iter().map(brand).collect();
    let free = MAX_BRANDS.saturating_sub(rows.len()).min(FREE_BRANDS);
    rows.extend((0..free).map(|_| (String::new(), String::new())));
    let ombudsman = within(portal, "ombudsman");
    let said = |value: &Value, name: &str| text(value, name).to_owned();
    Own {
        version: own::version(held),
        refused: String::new(),
        general: General {
            name: said(held, "display_name"),
            signed_writes: says(held, "signed_writes"),
            consumers: consumers(text(links, "consumers")),
            similarity: links.get("similarity").map(Value::to_string).unwrap_or_default(),
            megabytes: number(attachments, "max_bytes").div_ceil(MEGABYTE).to_string(),
        },
        brands: Brands { rows, fields: brand_fields(held, text(letters, "brand_field")) },
        portal: Portal {
            open: says(portal, "open"),
            name: said(portal, "name"),
            legal: said(portal, "legal"),
            phone: said(portal, "phone"),
            post: texts(portal, "post").join("\n"),
            privacy: said(portal, "privacy"),
            accessibility: said(portal, "accessibility"),
            colour: said(portal, "colour"),
            second_colour: said(portal, "second_colour"),
            has_logo: within(portal, "logo").is_object(),
            ombudsman: Ombudsman {
                name: said(ombudsman, "name"),
                phone: said(ombudsman, "phone"),
                site: said(ombudsman, "site"),
                post: texts(ombudsman, "post").join("\n"),
            },
        },
        texts: with_free(list(portal, "texts").iter().map(own_text).collect()),
    }
}

fn own_text(held: &Value) -> OwnText {
    let [language, name, text] = ["language", "name", "text"].map(|name| text(held, name).to_owned());
    OwnText { language, name, text }
}

/// Texts, and some to be filled in.
fn with_free(mut texts: Vec<OwnText>) -> Vec<OwnText> {
    let free = MAX_TEXTS.saturating_sub(texts.len()).min(FREE_TEXTS);
    texts.extend((0..free).map(|_| OwnText { language: LANGUAGE.to_owned(), ..OwnText::default() }));
    texts
}

fn typed_general(desk: &Desk) -> General {
    let form = &desk.form;
    General {
        name: form.get("display_name").trim().to_owned(),
        signed_writes: form.get("signed_writes") == "yes",
        consumers: consumers(form.get("consumers")),
        similarity: form.get("similarity").trim().to_owned(),
        megabytes: form.get("megabytes").trim().to_owned(),
    }
}

fn typed_brands(desk: &Desk, held: &Value) -> Brands {
    let form = &desk.form;
    let count = form.get("brands").parse().unwrap_or(0).min(MAX_BRANDS + FREE_BRANDS);
    let said = |what: &str, at: usize| form.get(&format!("brand-{what}-{at}")).trim().to_owned();
    Brands {
        rows: (0..count).map(|at| (said("id", at), said("name", at))).collect(),
        fields: brand_fields(held, form.get("brand_field")),
    }
}

fn typed_portal(desk: &Desk, held: &Portal) -> Portal {
    let said = |name: &str| desk.form.get(name).trim().to_owned();
    Portal {
        open: desk.form.get("open") == "yes",
        name: said("name"),
        legal: said("legal").replace("\r\n", "\n"),
        phone: said("phone"),
        post: said("post"),
        privacy: said("privacy"),
        accessibility: said("accessibility"),
        colour: said("colour"),
        second_colour: said("second_colour"),
        has_logo: held.has_logo,
        ombudsman: Ombudsman {
            name: said("ombudsman_name"),
            phone: said("ombudsman_phone"),
            site: said("ombudsman_site"),
            post: said("ombudsman_post"),
        },
    }
}

/// The texts that say something.
fn typed_texts(desk: &Desk) -> Vec<OwnText> {
    let form = &desk.form;
    let count = form.get("texts").parse().unwrap_or(0).min(MAX_TEXTS + FREE_TEXTS);
    let said = |what: &str, at: usize| form.get(&format!("text-{what}{at}")).trim().replace("\r\n", "\n");
    (0..count)
        .map(|at| OwnText { language: said("language-", at), name: said("name-", at), text: said("", at) })
        .filter(|one| !one.text.is_empty())
        .collect()
}

/// What a form changes, besides which all stays as it is; or why it cannot even be asked for.
fn patch(desk: &Desk, section: &str, held: &Value, shown: &Own) -> Result<Value, Notice> {
    Ok(match section {
        "brands" => json!({ "letters": letters(held, typed_brands(desk, held), desk.form.get("brand_field")) }),
        "portal" => json!({ "portal": portal(held, typed_portal(desk, &shown.portal)) }),
        "texts" => {
            let texts = typed_texts(desk).into_iter();
            let texts: Vec<_> = texts
                .map(|OwnText { language, name, text }| json!({ "language": language, "name": name, "text": text }))
                .collect();
            json!({ "portal": with(held, "texts", texts.into()) })
        }
        "logo" => json!({ "portal": with(held, "logo", logo(desk)?) }),
        _ => general(desk, held, shown),
    })
}

/// The portal with this of it in place of what it has.
fn with(held: &Value, name: &str, value: Value) -> Map<String, Value> {
    let mut portal = object(held, "portal");
    portal.insert(name.to_owned(), value);
    portal
}

/// The picture that was chosen, or that there is to be none.
fn logo(desk: &Desk) -> Result<Value, Notice> {
    match desk.form.file().map(Logo::of) {
        Some(Some(Logo { media_type, data })) => Ok(json!({ "media_type": media_type.as_str(), "data": data })),
        None if desk.form.get("without") == "yes" => Ok(Value::Null),
        _ => {
            let title = "Choose a picture that can be a logo".to_owned();
            let words = "It is a PNG, JPEG or WebP, of at most 18 kB.".to_owned();
            Err(Notice { title, words, ..Notice::default() })
        }
    }
}

fn general(desk: &Desk, held: &Value, shown: &Own) -> Value {
    let typed = typed_general(desk);
    // What is no number goes as it is: the API says what is wrong with it.
    let similarity = typed.similarity.parse::<f64>().map_or_else(|_| typed.similarity.into(), Value::from);
    let mut patch = json!({
        "display_name": typed.name,
        "signed_writes": typed.signed_writes,
        "link_duplicates": { "consumers": desk.form.get("consumers"), "similarity": similarity },
    });
    let Some(members) = patch.as_object_mut() else { return patch };
    members.retain(|name, value| held.get(name.as_str()) != Some(value));
    if typed.megabytes != shown.general.megabytes {
        let bytes = typed.megabytes.parse::<u64>().map(|megabytes| megabytes.saturating_mul(MEGABYTE));
        let mut attachments = object(held, "attachments");
        attachments.insert("max_bytes".to_owned(), bytes.map_or_else(|_| typed.megabytes.into(), Value::from));
        members.insert("attachments".to_owned(), attachments.into());
    }
    patch
}

fn letters(held: &Value, brands: Brands, field: &str) -> Value {
    let named = brands.rows.into_iter().filter(|(id, _)| !id.is_empty());
    let named: Vec<_> = named.map(|(id, name)| json!({ "id": id, "name": name })).collect();
    let mut letters = object(held, "letters");
    letters.insert("brands".to_owned(), named.into());
    put(&mut letters, "brand_field", field.to_owned());
    letters.into()
}

fn portal(held: &Value, typed: Portal) -> Value {
    let mut portal = object(held, "portal");
    portal.insert("open".to_owned(), typed.open.into());
    portal.insert("post".to_owned(), lines(&typed.post).into());
    let texts = [
        ("name", typed.name),
        ("legal", typed.legal),
        ("phone", typed.phone),
        ("privacy", typed.privacy),
        ("accessibility", typed.accessibility),
        ("colour", typed.colour),
        ("second_colour", typed.second_colour),
    ];
    for (name, text) in texts {
        put(&mut portal, name, text);
    }
    let Ombudsman { name, phone, site, post } = typed.ombudsman;
    if name.is_empty() {
        portal.remove("ombudsman");
    } else {
        let mut body = Map::new();
        for (member, text) in [("name", name), ("phone", phone), ("site", site)] {
            put(&mut body, member, text);
        }
        body.insert("post".to_owned(), lines(&post).into());
        portal.insert("ombudsman".to_owned(), body.into());
    }
    portal.into()
}
