//! Who has read and done what: `/v1/access-events`, `/v1/changes`, and the check of a complaint's history.

use super::{Desk, Shown, Stop, at_desk, people};
use crate::{
    call::{Call, Outcome},
    failure::Failure,
    staff::{encoded, parameter},
};
use futures_util::join;
use pages::console::{
    audit::{Change, Changes, Complaint, Part, Read, Reads, Verdict, defect},
    office::{actor, event, read},
    shell::Section,
    words::person,
};
use serde::Deserialize;
use shared::{http::change_query::Place, ids::ComplaintId, ids::PersonId};

/// Reads of a page, as the API has them.
const READS: usize = 200;
/// Pages of reads that are looked through for those of some days.
const READ_PAGES: usize = 5;
/// Changes that are looked through for a page.
const CHANGES: u64 = 200;

type Names = [(String, String)];

#[derive(Clone, Deserialize)]
struct HeldRead {
    nr: u64,
    at: String,
    person: String,
    session: String,
    /// None: it was a list.
    complaint: Option<String>,
    what: String,
    rows: Option<u32>,
}

#[derive(Deserialize)]
struct HeldReads {
    data: Vec<HeldRead>,
    next: Option<u64>,
}

/// What is asked for, without spaces around it.
fn asked(desk: &Desk, name: &str) -> String {
    parameter(&desk.call, name).trim().to_owned()
}

/// A query of what is not empty.
fn query(path: &str, members: &[(&str, &str)]) -> String {
    let members = members.iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<_> = members.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if said.is_empty() { path.to_owned() } else { format!("{path}?{}", said.join("&")) }
}

const NO_ID: &str = "That is no id of a complaint: it stands in the address of the complaint’s page.";

/// `GET /app/audit`
pub(crate) async fn reads(call: Call) -> Outcome {
    at_desk(call, reads_page).await
}

async fn reads_page(desk: &Desk) -> Shown {
    let [complaint, who, from, to, before] =
        ["complaint", "person", "from", "to", "before"].map(|name| asked(desk, name));
    let names = people::names(desk).await.people;
    let mut page = Reads {
        shell: desk.shell(Section::Audit),
        part: Part::Reads,
        complaint,
        person: who,
        from,
        to,
        rows: Vec::new(),
        next: String::new(),
        wrong: String::new(),
        people: names,
    };
    if !page.complaint.is_empty() && page.complaint.parse::<ComplaintId>().is_err() {
        NO_ID.clone_into(&mut page.wrong);
    } else if !page.person.is_empty() && page.person.parse::<PersonId>().is_err() {
        "That is no id of a person: follow the name of one in the list.".clone_into(&mut page.wrong);
    } else {
        let me = desk.visitor.token.person.to_string();
        let (found, next) = look(desk, &page, before).await?;
        page.rows = found.into_iter().map(|held| shown_read(held, &me, &page.people)).collect();
        page.next = next.map_or_else(String::new, |next| {
            let members = [
                ("complaint", &*page.complaint),
                ("person", &page.person),
                ("from", &page.from),
                ("to", &page.to),
                ("before", &next),
            ];
            query(Part::Reads.path(), &members)
        });
    }
    desk.page(&page)
}

/// Reads that are wanted, and where one goes on. The API has those of a complaint or of a person, and of all days: the rest is left out here.
async fn look(desk: &Desk, page: &Reads, before: String) -> Result<(Vec<HeldRead>, Option<String>), Stop> {
    let (mut found, mut next) = (Vec::new(), Some(before));
    for _ in 0..READ_PAGES {
        let Some(before) = next.take() else { break };
        let members = [("complaint", &*page.complaint), ("person", &page.person), ("before", &before)];
        let held: HeldReads = desk.api.get(&query("/v1/access-events", &members)).await?;
        next = held.next.map(|next| next.to_string());
        let day = |read: &HeldRead| read.at.get(..10).unwrap_or_default().to_owned();
        if held.data.last().is_some_and(|last| day(last) < page.from) {
            next = None;
        }
        found.extend(held.data.into_iter().filter(|read| {
            (page.person.is_empty() || read.person == page.person)
                && day(read) >= page.from
                && (page.to.is_empty() || day(read) <= page.to)
        }));
        if found.len() >= READS {
            // The page after begins with what this one has no room for.
            let rest = found.split_off(READS.min(found.len()));
            next = rest.first().map(|first| first.nr.saturating_add(1).to_string()).or(next);
            break;
        }
    }
    Ok((found, next))
}

fn shown_read(held: HeldRead, me: &str, names: &Names) -> Read {
    let HeldRead { at, person: id, session, complaint, what, rows, .. } = held;
    let rows = rows.map(|rows| format!(", {rows} {}", if rows == 1 { "row" } else { "rows" })).unwrap_or_default();
    let (complaint, what) = (complaint.unwrap_or_default(), format!("{}{rows}", read(&what)));
    Read { at, name: person(&id, me, names), person: id, complaint, what, session }
}

#[derive(Deserialize)]
struct HeldChange {
    number: u64,
    complaint: String,
    event: HeldEvent,
}

#[derive(Deserialize)]
struct HeldEvent {
    #[serde(default)]
    seq: u64,
    at: String,
    actor: HeldActor,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct HeldActor {
    kind: String,
    id: String,
}

#[derive(Deserialize)]
struct HeldChanges {
    data: Vec<HeldChange>,
    next: String,
}

#[derive(Deserialize)]
struct History {
    data: Vec<HeldEvent>,
}

fn shown_change(number: u64, complaint: &str, held: HeldEvent, me: &str, names: &Names) -> Change {
    let HeldActor { kind, id } = held.actor;
    Change {
        number,
        at: held.at,
        what: event(&held.kind),
        actor: actor(&kind, &id, me, names),
        actor_id: id,
        complaint: complaint.to_owned(),
    }
}

/// `GET /app/audit/changes`
pub(crate) async fn changes(call: Call) -> Outcome {
    at_desk(call, changes_page).await
}

async fn changes_page(desk: &Desk) -> Shown {
    let [complaint, who, to] = ["complaint", "actor", "to"].map(|name| asked(desk, name));
    let (me, names) = (desk.visitor.token.person.to_string(), people::names(desk).await.people);
    let mut page = Changes {
        shell: desk.shell(Section::Audit),
        part: Part::Changes,
        complaint,
        actor: who,
        rows: Vec::new(),
        looked: 0,
        older: String::new(),
        newer: String::new(),
        wrong: String::new(),
    };
    if page.complaint.is_empty() {
        let (found, older, newer) = feed(desk, to.parse().ok()).await?;
        page.looked = found.len();
        let rows = found
            .into_iter()
            .map(|HeldChange { number, complaint, event }| shown_change(number, &complaint, event, &me, &names));
        page.rows = rows.collect();
        let place = |to: Option<u64>| {
            let address = |to: u64| query(Part::Changes.path(), &[("actor", &page.actor), ("to", &to.to_string())]);
            to.map(address).unwrap_or_default()
        };
        (page.older, page.newer) = (place(older), place(newer));
    } else if page.complaint.parse::<ComplaintId>().is_err() {
        NO_ID.clone_into(&mut page.wrong);
    } else {
        page.rows = history(desk, &page.complaint, &me, &names).await?;
        page.looked = page.rows.len();
    }
    if !page.actor.is_empty() {
        page.rows.retain(|row| row.actor_id == page.actor);
    }
    desk.page(&page)
}

/// The changes up to a number, or else the last ones, the newest first; and up to which number older and newer ones are. The feed is read
/// forwards; its places are numbers one after the other, so that one knows where to begin.
async fn feed(desk: &Desk, to: Option<u64>) -> Result<(Vec<HeldChange>, Option<u64>, Option<u64>), Stop> {
    let tenant = desk.visitor.door.standing.tenant.id;
    let latest: HeldChanges = desk.api.get("/v1/changes?since=latest&limit=1").await?;
    let Place(end) = Place::open(&latest.next, tenant).map_err(Failure::internal)?;
    let to = to.unwrap_or(end).min(end);
    let from = to.saturating_sub(CHANGES);
    let (mut found, mut since): (Vec<HeldChange>, _) = (Vec::new(), Place(from).seal(tenant));
    // A page may have fewer than were asked for, if they are long.
    while to > 0 && found.last().map_or(from, |last| last.number) < to {
        let left = to - found.last().map_or(from, |last| last.number);
        let page: HeldChanges = desk.api.get(&format!("/v1/changes?since={since}&limit={}", left.min(CHANGES))).await?;
        if page.data.is_empty() {
            break;
        }
        since = page.next;
        found.extend(page.data);
    }
    found.retain(|one| one.number <= to);
    found.reverse();
    let newer = (to < end).then(|| to.saturating_add(CHANGES).min(end));
    Ok((found, (from > 0).then_some(from), newer))
}

async fn history(desk: &Desk, complaint: &str, me: &str, names: &Names) -> Result<Vec<Change>, Stop> {
    let history: History = desk.api.get(&format!("/v1/complaints/{complaint}/events")).await?;
    let mut rows: Vec<_> =
        history.data.into_iter().map(|held| shown_change(held.seq, complaint, held, me, names)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.number));
    Ok(rows)
}

#[derive(Deserialize)]
struct HeldVerdict {
    valid: bool,
    events: u32,
    head: String,
    #[serde(default)]
    first_broken: Option<Broken>,
}

#[derive(Deserialize)]
struct Broken {
    seq: u32,
    reason: String,
}

#[derive(Deserialize)]
struct Known {
    reference: String,
}

/// `GET /app/audit/complaint`
pub(crate) async fn complaint(call: Call) -> Outcome {
    at_desk(call, complaint_page).await
}

async fn complaint_page(desk: &Desk) -> Shown {
    let mut page = Complaint {
        shell: desk.shell(Section::Audit),
        part: Part::Complaint,
        asked: asked(desk, "id"),
        verdict: None,
        rows: Vec::new(),
        wrong: String::new(),
    };
    if !page.asked.is_empty() {
        match page.asked.parse::<ComplaintId>() {
            Ok(id) => check(desk, &id.to_string(), &mut page).await?,
            Err(_) => NO_ID.clone_into(&mut page.wrong),
        }
    }
    desk.page(&page)
}

async fn check(desk: &Desk, id: &str, page: &mut Complaint) -> Result<(), Stop> {
    let (me, names) = (desk.visitor.token.person.to_string(), people::names(desk).await.people);
    let (verify, path) = (format!("/v1/complaints/{id}/verify"), format!("/v1/complaints/{id}"));
    // Where a history was altered, it may be that neither the record nor the history can be read: the verdict is shown all the same.
    let (verdict, known, rows) =
        join!(desk.api.get::<HeldVerdict>(&verify), desk.api.get::<Known>(&path), history(desk, id, &me, &names),);
    let held = match verdict {
        Err(Stop::Refused(refusal)) if refusal.status == 404 => {
            "There is no complaint of this id, or none that you may see.".clone_into(&mut page.wrong);
            return Ok(());
        }
        verdict => verdict?,
    };
    page.rows = rows.unwrap_or_default();
    page.verdict = Some(Verdict {
        complaint: id.to_owned(),
        reference: known.map(|known| known.reference).unwrap_or_default(),
        valid: held.valid,
        events: held.events,
        head: held.head,
        broken: held.first_broken.map(|broken| (broken.seq, defect(&broken.reason))),
    });
    Ok(())
}
