//! The queue: complaints, by what is due first.

use super::{
    Desk, Shown, Stop,
    api::Refusal,
    at_desk,
    people::{self, Names},
};
use crate::{
    call::{Call, Outcome},
    platform,
};
use pages::console::{
    queue::{Choice, Empty, Filter, Place, Queue, Refused, Row, Shown as ShownView},
    shell::Section,
    wish::Wish,
    words::{self, BANDS, SEVERITIES, STATES},
};
use serde::Deserialize;
use shared::{
    access::{Scope, staff::has_scope},
    clock::day::Day,
    ids::RequestId,
    taxonomy::choices::FirmProduct,
    time::Timestamp,
};
use std::collections::BTreeMap;

/// A complaint in a list, as far as pages show it.
#[derive(Deserialize)]
pub(super) struct Summary {
    pub(super) id: String,
    pub(super) reference: String,
    pub(super) state: String,
    pub(super) complainant: String,
    pub(super) received_at: Timestamp,
    pub(super) product: Option<String>,
    pub(super) issue: Option<String>,
    pub(super) severity: String,
    pub(super) assignee: Option<String>,
    pub(super) excerpt: String,
    #[serde(default)]
    pub(super) due: Option<Due>,
    #[serde(default, rename = "match")]
    matched: Option<Snippet>,
}

#[derive(Deserialize)]
pub(super) struct Due {
    pub(super) on: Day,
}

#[derive(Deserialize)]
struct Snippet {
    text: String,
    hits: Vec<(usize, usize)>,
}

#[derive(Default, Deserialize)]
struct Listed {
    data: Vec<Summary>,
    next: Option<String>,
}

#[derive(Default, Deserialize)]
struct Counts {
    data: BTreeMap<String, BTreeMap<String, u64>>,
    total: u64,
}

#[derive(Default, Deserialize)]
struct Views {
    data: Vec<View>,
}

#[derive(Deserialize)]
struct View {
    id: String,
    name: String,
    owner: String,
    version: u32,
    count: Option<Count>,
}

#[derive(Deserialize)]
struct Count {
    n: u64,
    exact: bool,
}

/// Something that was asked for from the queue and was not done, and what was typed.
#[derive(Default)]
pub(super) struct NotDone {
    pub(super) refused: Option<Refused>,
    pub(super) view_name: String,
}

/// `GET /app/queue`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, async |desk| draw(desk, &Wish::parse(&desk.call.incoming.head.query), NotDone::default()).await).await
}

/// Why something was not done, for people.
pub(super) fn refused(refusal: &Refusal) -> Refused {
    let errors = refusal.errors.iter().map(|wrong| format!("{} {}", field(&wrong.pointer), wrong.detail));
    let words = Some(refusal.detail.clone()).filter(|words| !words.is_empty()).into_iter().chain(errors).collect();
    Refused { title: refusal.title.clone(), words }
}

/// What a place in a body is called: `/complainant/name` is "Complainant name".
fn field(pointer: &str) -> String {
    let name = pointer.trim_start_matches('/').replace(['/', '_'], " ");
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Draws the queue.
pub(super) async fn draw(desk: &Desk, wish: &Wish, not_done: NotDone) -> Shown {
    let (complaints, views) = (format!("/v1/complaints?{}", wish.query()), views_of(desk));
    let (listed, counts, views, names) = futures_util::join!(
        desk.api.get::<Listed>(&complaints),
        desk.api.get::<Counts>("/v1/complaints/counts"),
        desk.api.get::<Views>(&views),
        people::names(desk),
    );
    let NotDone { refused: not_done, view_name } = not_done;
    let (listed, refused) = match listed {
        Ok(listed) => (listed, not_done),
        Err(Stop::Refused(refusal)) if matches!(refusal.status, 400 | 404 | 422) => {
            (Listed::default(), Some(refused(&refusal)))
        }
        Err(stop) => return Err(stop),
    };
    let (counts, views) = (counts?, views?);
    let view = views.data.iter().find(|view| view.id == wish.get("view"));
    let (next, first) = ends(wish, &listed);
    desk.page(&Queue {
        shell: desk.shell(Section::Queue),
        title: title(desk, wish, view),
        here: wish.address(),
        places: places(desk, wish, &counts),
        views: views.data.iter().map(|view| place_of_view(wish, view)).collect(),
        q: wish.get("q").to_owned(),
        filters: filters(desk, wish, &counts, &names),
        kept: kept(wish),
        is_narrowed: wish.is_narrowed(),
        empty: empty(wish, &counts),
        next,
        first,
        may_write: has_scope(desk.roles(), Scope::ComplaintsWrite),
        filter: wish.filter().unwrap_or_default(),
        of_view: view.filter(|_| !wish.is_narrowed()).map(|view| view.id.clone()).unwrap_or_default(),
        matching: matching(wish, &counts, view),
        view: view.map(|view| ShownView {
            id: view.id.clone(),
            name: view.name.clone(),
            version: view.version,
            is_own: view.owner == desk.me(),
        }),
        teams: own_teams(desk, &names),
        rows: listed.data.into_iter().map(|summary| row(desk, summary, &names)).collect(),
        view_name,
        key: key(desk),
        refused,
    })
}

/// What makes a command happen once, however often its form is sent.
pub(super) fn key(desk: &Desk) -> String {
    RequestId::new(desk.call.now, &platform::entropy()).to_string()
}

fn views_of(desk: &Desk) -> String {
    let teams = desk.visitor.token.teams.iter().take(20).map(|team| format!("&team={team}"));
    format!("/v1/views?visible_to={}{}", desk.me(), teams.collect::<String>())
}

fn own_teams(desk: &Desk, names: &Names) -> Vec<(String, String)> {
    let own = |id: &str| desk.visitor.token.teams.iter().any(|team| team.to_string() == id);
    names.teams.iter().filter(|(id, _)| own(id)).cloned().collect()
}

pub(super) fn row(desk: &Desk, summary: Summary, names: &Names) -> Row {
    let text = match &summary.matched {
        Some(Snippet { text, hits }) => words::marked(text, hits),
        None => vec![(false, summary.excerpt)],
    };
    Row {
        id: summary.id,
        reference: summary.reference,
        subject: desk.subject(summary.product.as_deref(), summary.issue.as_deref()),
        complainant: summary.complainant,
        text,
        state: summary.state,
        severity: summary.severity,
        assignee: summary.assignee.map(|id| words::person(&id, &desk.me(), &names.people)).unwrap_or_default(),
        due: summary.due.map(|due| words::due(due.on, desk.today())).unwrap_or_default(),
        received: words::date(
            desk.zone().map_or_else(|| Day::of_utc(summary.received_at), |zone| zone.day(summary.received_at)),
        ),
    }
}

fn ends(wish: &Wish, listed: &Listed) -> (String, String) {
    let next = listed.next.as_deref().map(|cursor| wish.clone().with("cursor", cursor).address()).unwrap_or_default();
    let first = if !wish.get("cursor").is_empty() {
        wish.clone().with("cursor", "").address()
    } else if listed.data.is_empty() && wish.is_by_due() {
        wish.clone().with("due", "").with("order", "newest").address()
    } else {
        String::new()
    };
    (next, first)
}

fn empty(wish: &Wish, counts: &Counts) -> Empty {
    match wish {
        _ if !wish.get("cursor").is_empty() => Empty::End,
        _ if counts.total == 0 && !wish.is_narrowed() => Empty::Nothing,
        _ if wish.is_by_due() && !wish.is_search() && (wish.is_narrowed() || !wish.get("view").is_empty()) => {
            Empty::NotDueHere
        }
        _ if wish.is_by_due() && !wish.is_search() => Empty::NotDue,
        _ => Empty::NoMatch,
    }
}

fn title(desk: &Desk, wish: &Wish, view: Option<&View>) -> String {
    let assignee = wish.get("assignee");
    match view {
        Some(view) => view.name.clone(),
        None if wish.is_search() => "Search".to_owned(),
        None if !wish.get("due").is_empty() => words::label(&BANDS, wish.get("due")).to_owned(),
        None if assignee == desk.me() => "Assigned to you".to_owned(),
        None if !wish.get("unassigned").is_empty() => "Assigned to nobody".to_owned(),
        None if wish.is_by_due() => "Due first".to_owned(),
        None if wish.is_narrowed() => "Complaints".to_owned(),
        None => "All complaints".to_owned(),
    }
}

/// The lists beside the queue. A list is current where the address asks for it and for nothing more.
fn places(desk: &Desk, wish: &Wish, counts: &Counts) -> Vec<Place> {
    let wish = &wish.clone().with("cursor", "");
    let of =
        |facet: &str, value: &str| counts.data.get(facet).and_then(|values| values.get(value)).copied().unwrap_or(0);
    let due = counts.data.get("due").map_or(0, |values| values.values().sum());
    let place = |name: &str, there: Wish, n: u64| Place {
        href: there.address(),
        name: name.to_owned(),
        count: words::number(n),
        is_current: *wish == there,
    };
    let mut places = vec![place("Due first", Wish::default(), due)];
    places.extend(BANDS.map(|(band, name)| place(name, Wish::default().with("due", band), of("due", band))));
    places.push(place("Assigned to you", Wish::default().with("assignee", &desk.me()), of("assignee", &desk.me())));
    let nobodys = Wish::default().with("unassigned", "true");
    places.push(place("Assigned to nobody", nobodys, of("assignee", "")));
    places.push(place("All complaints", Wish::default().with("order", "newest"), counts.total));
    places
}

fn place_of_view(wish: &Wish, view: &View) -> Place {
    Place {
        href: Wish::default().with("view", &view.id).address(),
        name: view.name.clone(),
        count: view.count.as_ref().map(in_words).unwrap_or_default(),
        is_current: wish.get("view") == view.id,
    }
}

fn in_words(count: &Count) -> String {
    format!("{}{}", words::number(count.n), if count.exact { "" } else { "+" })
}

/// How many match, where something has counted them: a view, or a list by one property.
fn matching(wish: &Wish, counts: &Counts, view: Option<&View>) -> String {
    match (view, wish.filters().as_slice()) {
        (Some(view), []) => view.count.as_ref().map(in_words).unwrap_or_default(),
        (None, [(facet, value)]) => {
            let (facet, value) = if *facet == "unassigned" { (&"assignee", &"") } else { (facet, value) };
            let n = counts.data.get(*facet).and_then(|values| values.get(*value));
            n.map(|n| words::number(*n)).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// What an address says that the form has no control for.
fn kept(wish: &Wish) -> Vec<(&'static str, String)> {
    let names = ["view", "due", "issue", "channel", "tag", "unassigned"];
    names.iter().map(|name| (*name, wish.get(name).to_owned())).filter(|(_, value)| !value.is_empty()).collect()
}

fn filters(desk: &Desk, wish: &Wish, counts: &Counts, names: &Names) -> Vec<Filter> {
    let filter = |name: &'static str, label: &'static str, any: &str, offered: Vec<(String, String)>| {
        let chosen = wish.get(name);
        let missing = !chosen.is_empty() && offered.iter().all(|(value, _)| value != chosen);
        let missing = missing.then(|| (chosen.to_owned(), chosen.to_owned()));
        let choices = [(String::new(), any.to_owned())].into_iter().chain(offered).chain(missing);
        let choices = choices.map(|(value, name)| Choice { is_chosen: value == chosen, value, name }).collect();
        Filter { name, label, choices }
    };
    let known =
        |named: &[words::Named]| named.iter().map(|(word, name)| ((*word).to_owned(), (*name).to_owned())).collect();
    let counted = |facet: &str, name: &dyn Fn(&str) -> String| {
        let values = counts.data.get(facet).into_iter().flat_map(BTreeMap::keys).filter(|value| !value.is_empty());
        let mut choices: Vec<_> = values.map(|value| (value.clone(), name(value))).collect();
        choices.sort_by_key(|(_, name)| name.to_lowercase());
        choices
    };
    let orders = if wish.is_search() {
        filter("order", "Order", "Best match first", vec![("newest".to_owned(), "Newest first".to_owned())])
    } else {
        let order = filter("order", "Order", "Newest first", vec![("due".to_owned(), "Due first".to_owned())]);
        let due = |choice: Choice| Choice { is_chosen: (choice.value == "due") == wish.is_by_due(), ..choice };
        Filter { choices: order.choices.into_iter().take(2).map(due).collect(), ..order }
    };
    vec![
        filter("state", "State", "Any", known(&STATES)),
        filter("product", "Product", "Any", counted("product", &|code| desk.subject(Some(code), None))),
        filter(
            "assignee",
            "Assignee",
            "Anybody",
            counted("assignee", &|id| words::person(id, &desk.me(), &names.people)),
        ),
        filter("team", "Team", "Any", counted("team", &|id| names.team(id))),
        filter("severity", "Severity", "Any", known(&SEVERITIES)),
        orders,
    ]
}

/// What complaints can be about, to choose from: products in use, each with its issues as `product/issue`.
pub(super) fn subjects(desk: &Desk, chosen: &str) -> Vec<(Choice, Vec<Choice>)> {
    let choice = |value: String, name: &str| Choice { is_chosen: value == chosen, name: name.to_owned(), value };
    let product = |product: &FirmProduct| {
        let code = product.code.as_str();
        let issues = product.issues.iter().filter(|issue| issue.offered);
        let issues = issues.map(|issue| choice(format!("{code}/{}", issue.code.as_str()), &issue.name));
        (choice(code.to_owned(), &product.name), issues.collect())
    };
    desk.products().iter().filter(|product| product.offered).map(product).collect()
}
