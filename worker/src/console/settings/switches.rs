//! Parts that the firm does without, and which letters somebody else approves: `off` and `letters` of `/v1/tenant`.

use super::{own, settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, at_desk,
        office::{list, sent, text, texts, within},
    },
};
use pages::console::{
    case_form::NO_AMOUNT,
    case_words::{minor_units, money},
    office::Notice,
    settings::{
        Choice, Tab,
        switches::{Approval, LETTERS, Switches},
    },
};
use serde_json::{Value, json};
use shared::flags::Part;

/// The most sums that there are.
const MAX_SUMS: usize = 10;

/// `GET`, `POST /app/settings/switches`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let own = own::read(desk).await?;
    let others = |on: &[String]| -> Vec<String> {
        Part::NAMES.iter().map(|part| (*part).to_owned()).filter(|part| !on.contains(part)).collect()
    };
    let mut on = others(&texts(&own, "off"));
    let mut letters = within(&own, "letters").clone();
    let of_letters = desk.form.get("do") == "letters";
    let mut notice = None;
    if sent(desk) {
        let patch = if of_letters {
            letters = chosen(desk, &letters);
            json!({ "letters": letters })
        } else {
            on = desk.form.all("on").map(str::to_owned).collect();
            json!({ "off": others(&on) })
        };
        notice = own::save(desk, &patch).await?.map(of_this);
        if notice.is_none() {
            return desk.go("/app/settings/switches?done=saved");
        }
    }
    desk.page(&Switches {
        shell: shell(desk),
        approval: Approval { refused: of_letters && notice.is_some(), ..approval(desk, &letters) },
        settings: settings(desk, Some(Tab::Switches), notice),
        parts: Choice::of(Part::NAMES, &on),
        version: own::version(&own),
    })
}

/// The kinds of letters that the firm has: codes and names.
fn kinds(desk: &Desk) -> impl Iterator<Item = (&'static str, &'static str)> {
    let sector = desk.tenant().sector.as_str();
    let of_it = LETTERS.iter().filter(move |(_, _, trade)| trade.is_empty() || *trade == sector);
    of_it.map(|(code, name, _)| (*code, *name))
}

fn approval(desk: &Desk, letters: &Value) -> Approval {
    let named = kinds(desk).map(|(code, name)| (code.to_owned(), name.to_owned()));
    let mut sums: Vec<_> = list(letters, "approve_above").iter().map(sum).collect();
    sums.extend((sums.len() < MAX_SUMS).then(Default::default));
    Approval { kinds: Choice::named(named, &texts(letters, "approve")), sums, refused: false }
}

/// A sum as it is typed, and its currency.
fn sum(held: &Value) -> (String, String) {
    let currency = text(held, "currency");
    let amount = match within(held, "minor").as_i64() {
        Some(minor) => money(currency, minor).trim_start_matches(currency).trim().to_owned(),
        None => text(held, "minor").to_owned(),
    };
    (amount, currency.to_owned())
}

/// What is wrong, called as in the form. A sum is typed as an amount, and not as the API takes it.
fn of_this(why: Notice) -> Notice {
    let called = |(field, rule): (String, String)| {
        let sum = field.strip_prefix("Letters approve above ").map(|rest| rest.split_once(' ').unwrap_or((rest, "")));
        match sum {
            Some((nth, "minor")) => (format!("Sum {nth}"), NO_AMOUNT.to_owned()),
            Some((nth, _)) => (format!("Sum {nth}"), rule),
            None => (field, rule),
        }
    };
    Notice { errors: why.errors.into_iter().map(called).collect(), ..why }
}

/// The letters' settings with what somebody has chosen. Kinds that are not offered stay; what is no sum goes as it was typed, and the API
/// says so.
fn chosen(desk: &Desk, held: &Value) -> Value {
    let form = &desk.form;
    let mut approve = texts(held, "approve");
    approve.retain(|code| !kinds(desk).any(|(offered, _)| offered == code));
    approve.extend(form.all("approve").map(str::to_owned));
    let count = form.get("sums").parse().unwrap_or(0).min(MAX_SUMS);
    let typed = |what: &str, at: usize| form.get(&format!("{what}-{at}")).trim().to_owned();
    let rows = (0..count).map(|at| (typed("amount", at), typed("currency", at).to_uppercase()));
    let sums = rows.filter(|(amount, _)| !amount.is_empty()).map(|(amount, currency)| {
        let minor = minor_units(&currency, &amount).map_or_else(|| amount.into(), Value::from);
        json!({ "minor": minor, "currency": currency })
    });
    let sums: Vec<_> = sums.collect();
    let mut letters = held.as_object().cloned().unwrap_or_default();
    letters.insert("approve".to_owned(), approve.into());
    letters.insert("approve_above".to_owned(), sums.into());
    letters.into()
}
