//! Deadlines of the firm's own, and what the law leaves to it: `clocks` of `/v1/tenant`. What is set and what was typed are the same
//! JSON, of which the forms are drawn.

use super::{
    own::{self, lines, object},
    settings, shell,
};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown, Stop, at_desk, nothing_here,
        office::{list, says, sent, text, texts, within},
    },
};
use pages::console::{
    office::{Notice, words},
    settings::{
        Choice, Tab,
        deadlines::{
            CONDITIONS, Deadline, Deadlines, Group, Left, Opening, PICKS, Row, Select, Terms, happened, length,
        },
    },
    words::{CHANNELS, Named, SEVERITIES, STATES},
};
use serde_json::{Map, Value, json};
use shared::{
    clock::{calendar::WeekDay, law::Law, pack::Unit, timeline::Occurrence},
    complaint::intake::Jurisdiction,
};

/// The most openings that there are.
const MAX_OPENINGS: usize = 42;
/// Openings to be filled in, besides those that are there.
const FREE_OPENINGS: usize = 2;
/// The most sorts of complaints that there are, and places.
const MAX: usize = 20;

const NOTHING: &Value = &Value::Null;

/// A number, or whatever was typed for it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A number. What is none goes as it was typed, and the API says so.
fn number(typed: &str) -> Value {
    typed.parse::<u32>().map_or_else(|_| typed.into(), Value::from)
}

/// What was typed with spaces or commas between.
fn parts(typed: &str) -> impl Iterator<Item = &str> {
    typed.split([' ', ',']).filter(|part| !part.is_empty())
}

/// Changes a part of the clocks.
async fn save(desk: &Desk, own: &Value, name: &str, value: Value) -> Result<Option<Notice>, Stop> {
    let mut clocks = object(own, "clocks");
    clocks.insert(name.to_owned(), value);
    own::save(desk, &json!({ "clocks": clocks })).await
}

/// `GET`, `POST /app/settings/deadlines`
pub(crate) async fn list_all(call: Call) -> Outcome {
    at_desk(call, deadlines).await
}

async fn deadlines(desk: &Desk) -> Shown {
    let own = own::read(desk).await?;
    let clocks = within(&own, "clocks");
    let mut choices = within(clocks, "choices").clone();
    let mut notice = None;
    if sent(desk) {
        choices = chosen(desk);
        notice = save(desk, &own, "choices", choices.clone()).await?;
        if notice.is_none() {
            return desk.go("/app/settings/deadlines?done=saved");
        }
    }
    desk.page(&Deadlines {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Deadlines), notice),
        rows: list(clocks, "service_levels").iter().map(row).collect(),
        left: left(&choices),
        version: own::version(&own),
    })
}

fn row(level: &Value) -> Row {
    let several = |name| texts(level, name).iter().map(|code| happened(code)).collect::<Vec<_>>().join(", ");
    let lasts = within(level, "length");
    Row {
        id: text(level, "id").to_owned(),
        name: text(level, "name").to_owned(),
        length: length(&shown(within(lasts, "amount")), text(lasts, "unit")),
        starts: several("starts_on"),
        ends: several("met_by"),
    }
}

/// Something to choose, after what holds if nothing is chosen.
fn one_of<'n>(otherwise: &'n str, all: impl Iterator<Item = (&'n str, &'n str)>, chosen: &str) -> Vec<Choice> {
    let all = std::iter::once(("", otherwise)).chain(all);
    Choice::named(all.map(|(code, name)| (code.to_owned(), name.to_owned())), &[chosen.to_owned()])
}

/// By whose holidays and which civil time something counts. `end` is what their names in the form end with.
fn place(of: &Value, end: &str) -> Vec<Select> {
    const OF_LAW: &str = "Of the complaint’s law";
    let calendars = Law::shipped().calendars.iter().map(|one| (one.id, one.name));
    let zones = Law::shipped().zones.iter().map(|one| (one.id, one.name));
    vec![
        select(&format!("calendar{end}"), "Holidays", one_of(OF_LAW, calendars, text(of, "calendar"))),
        select(&format!("zone{end}"), "Civil time", one_of(OF_LAW, zones, text(of, "zone"))),
    ]
}

fn select(name: &str, label: &'static str, choices: Vec<Choice>) -> Select {
    Select { name: name.to_owned(), label, choices }
}

fn laws() -> Vec<(&'static str, String)> {
    Jurisdiction::ALL.map(|law| (law.as_str(), words(law.as_str()))).to_vec()
}

fn left(choices: &Value) -> Left {
    let laws = laws();
    let row = |(at, held): (usize, &Value)| {
        let laws = laws.iter().map(|(code, name)| (*code, name.as_str()));
        let laws = one_of("None", laws, text(held, "jurisdiction"));
        let mut row = place(held, &format!("-{at}"));
        row.insert(0, select(&format!("law-{at}"), "Complaints under the law of", laws));
        row
    };
    Left {
        closes: text(choices, "close_of_business").to_owned(),
        late: says(choices, "late_receipt"),
        places: list(choices, "places").iter().chain([NOTHING]).take(MAX).enumerate().map(row).collect(),
    }
}

fn chosen(desk: &Desk) -> Value {
    let form = &desk.form;
    let said = |name: &str, at: usize| form.get(&format!("{name}-{at}"));
    let count = form.get("places").parse().unwrap_or(0).min(MAX);
    let places = (0..count).filter(|at| !said("law", *at).is_empty()).map(|at| {
        let mut place = Map::new();
        for (member, name) in [("jurisdiction", "law"), ("calendar", "calendar"), ("zone", "zone")] {
            own::put(&mut place, member, said(name, at).to_owned());
        }
        place
    });
    let places: Vec<_> = places.collect();
    json!({
        "close_of_business": form.get("closes").trim(),
        "late_receipt": form.get("late") == "yes",
        "places": places,
    })
}

/// `GET`, `POST /app/settings/new-deadline`
pub(crate) async fn add(call: Call) -> Outcome {
    at_desk(call, async |desk| level(desk, None).await).await
}

/// `GET`, `POST /app/settings/deadlines/{id}`
pub(crate) async fn one(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let id: String = desk.call.path_value("id")?;
        level(desk, Some(&id)).await
    })
    .await
}

async fn level(desk: &Desk, id: Option<&str>) -> Shown {
    let own = own::read(desk).await?;
    let mut all = list(within(&own, "clocks"), "service_levels").to_vec();
    let place = match id {
        Some(id) => all.iter().position(|level| text(level, "id") == id).ok_or_else(nothing_here)?,
        None => all.len(),
    };
    let usual = || json!({ "length": { "unit": "business_day" }, "starts_on": ["received"] });
    let mut level = all.get(place).cloned().unwrap_or_else(usual);
    let title = text(&level, "name").to_owned();
    let mut notice = None;
    if sent(desk) {
        let done = match id {
            Some(_) if desk.form.get("do") == "remove" => {
                all.remove(place);
                "deleted"
            }
            Some(id) => {
                level = typed(desk, id);
                all.get_mut(place).into_iter().for_each(|held| held.clone_from(&level));
                "saved"
            }
            None => {
                level = typed(desk, desk.form.get("id").trim());
                all.push(level.clone());
                "added"
            }
        };
        notice = save(desk, &own, "service_levels", all.into()).await?.map(|why| of_this(why, place));
        if notice.is_none() {
            return desk.go(&format!("/app/settings/deadlines?done={done}"));
        }
    }
    desk.page(&Deadline {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Deadlines), notice),
        title,
        terms: terms(desk, &level),
        version: own::version(&own),
    })
}

/// What is wrong, called as in the form of this deadline and not as in the list of all.
fn of_this(why: Notice, place: usize) -> Notice {
    let before = format!("Clocks service levels {}", place.saturating_add(1));
    let called = |field: String| match field.strip_prefix(&before) {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => words(rest.trim_start()),
        _ => field,
    };
    Notice { errors: why.errors.into_iter().map(|(field, rule)| (called(field), rule)).collect(), ..why }
}

fn named(all: &[Named], chosen: &[String]) -> Vec<Choice> {
    Choice::named(all.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())), chosen)
}

fn group(name: &str, legend: &'static str, choices: Vec<Choice>, held: &[String]) -> Group {
    Group { name: name.to_owned(), legend, choices, typed: held.join(" ") }
}

fn occurrences(level: &Value, name: &str, legend: &'static str) -> Group {
    let held = texts(level, name);
    let all = Occurrence::NAMES.iter().map(|code| ((*code).to_owned(), happened(code)));
    group(name, legend, Choice::named(all, &held), &held)
}

fn terms(desk: &Desk, level: &Value) -> Terms {
    let (lasts, hours) = (within(level, "length"), within(level, "hours"));
    let chosen = |of: &Value, name| vec![text(of, name).to_owned()];
    let pauses = texts(level, "pause_in");
    let warn: Vec<_> = list(level, "warn_after").iter().map(shown).collect();
    let opened = list(hours, "open");
    let free = MAX_OPENINGS.saturating_sub(opened.len()).min(FREE_OPENINGS);
    let sorts = list(level, "applies_when");
    Terms {
        id: text(level, "id").to_owned(),
        name: text(level, "name").to_owned(),
        amount: shown(within(lasts, "amount")),
        unit: vec![select("unit", "Of what", Choice::of(Unit::NAMES, &chosen(lasts, "unit")))],
        runs: vec![
            occurrences(level, "starts_on", "What starts it"),
            occurrences(level, "met_by", "What meets it: any of these"),
        ],
        pick: vec![select(
            "pick",
            "If that happens several times, it starts with",
            named(&PICKS, &chosen(level, "pick")),
        )],
        first_day: text(level, "start_day") == INCLUDED,
        warn_after: warn.join(" "),
        stops: vec![
            group("pause_in", "It stands still in these states", named(&STATES, &pauses), &pauses),
            occurrences(level, "void_by", "Nothing is due any more after one of these, unless it is reopened"),
        ],
        openings: opened.iter().chain(std::iter::repeat_n(NOTHING, free)).map(opening).collect(),
        closed: texts(hours, "closed").join("\n"),
        place: place(hours, ""),
        conditions: sorts.iter().chain([NOTHING]).take(MAX).enumerate().map(|(at, of)| sort(desk, of, at)).collect(),
    }
}

const INCLUDED: &str = "included";

fn opening(held: &Value) -> Opening {
    Opening {
        days: Choice::of(WeekDay::NAMES, &texts(held, "days")),
        from: text(held, "from").to_owned(),
        until: text(held, "until").to_owned(),
    }
}

/// A sort of complaints that a deadline is for.
fn sort(desk: &Desk, condition: &Value, at: usize) -> Vec<Group> {
    let part = |(name, legend): (&str, &'static str)| {
        let held = match within(condition, name) {
            Value::Bool(yes) => vec![if *yes { "yes" } else { "no" }.to_owned()],
            _ => texts(condition, name),
        };
        let choices = match name {
            "severity" => named(&SEVERITIES, &held),
            "channel" => named(&CHANNELS, &held),
            "vulnerable" => Choice::of(&["yes", "no"], &held),
            "jurisdiction" => Choice::named(laws().into_iter().map(|(code, name)| (code.to_owned(), name)), &held),
            "product" => {
                let of = desk.products().iter();
                let of = of.filter(|one| one.offered || held.iter().any(|code| code == one.code.as_str()));
                Choice::named(of.map(|one| (one.code.as_str().to_owned(), one.name.clone())), &held)
            }
            _ => Vec::new(),
        };
        group(&format!("{name}-{at}"), legend, choices, &held)
    };
    CONDITIONS.into_iter().map(part).collect()
}

/// What a form says of a deadline with this name.
fn typed(desk: &Desk, id: &str) -> Value {
    let form = &desk.form;
    let several = |name: &str| -> Vec<String> { form.all(name).flat_map(parts).map(str::to_owned).collect() };
    let count = |name: &str, most: usize| 0..form.get(name).parse().unwrap_or(0).min(most);
    let condition = |at| {
        let mut condition = Map::new();
        for (name, _) in CONDITIONS {
            let said = several(&format!("{name}-{at}"));
            match said.as_slice() {
                [] => None,
                [one] if name == "vulnerable" => condition.insert(name.to_owned(), (one == "yes").into()),
                _ if name == "vulnerable" => None,
                _ => condition.insert(name.to_owned(), said.into()),
            };
        }
        condition
    };
    let conditions = count("conditions", MAX).map(condition).filter(|condition| !condition.is_empty());
    let opening = |at| {
        let mut opening = Map::new();
        for name in ["from", "until"] {
            own::put(&mut opening, name, form.get(&format!("{name}-{at}")).trim().to_owned());
        }
        let days = several(&format!("days-{at}"));
        if !days.is_empty() || !opening.is_empty() {
            opening.insert("days".to_owned(), days.into());
        }
        opening
    };
    let openings = count("openings", MAX_OPENINGS).map(opening).filter(|opening| !opening.is_empty());
    let (openings, closed) = (openings.collect::<Vec<_>>(), lines(form.get("closed")));
    let mut hours = Map::new();
    for name in ["calendar", "zone"] {
        own::put(&mut hours, name, form.get(name).to_owned());
    }
    if !(openings.is_empty() && closed.is_empty() && hours.is_empty()) {
        hours.insert("open".to_owned(), openings.into());
        hours.insert("closed".to_owned(), closed.into());
    }
    json!({
        "id": id,
        "name": form.get("name").trim(),
        "applies_when": conditions.collect::<Vec<_>>(),
        "hours": Some(hours).filter(|hours| !hours.is_empty()),
        "pause_in": several("pause_in"),
        "starts_on": several("starts_on"),
        "pick": form.get("pick"),
        "length": { "amount": number(form.get("amount").trim()), "unit": form.get("unit") },
        "start_day": if form.get("first_day") == "yes" { INCLUDED } else { "excluded" },
        "met_by": several("met_by"),
        "void_by": several("void_by"),
        "warn_after": parts(form.get("warn_after")).map(number).collect::<Vec<_>>(),
    })
}
