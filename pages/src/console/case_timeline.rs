//! What has happened to a complaint, in words: a sentence for each type of event, and its name for one that is not known here.

use super::{
    case_json::{has, list, number, text},
    case_words::{Civil, day, lower, money, size, words},
    words::person,
};
use serde_json::{Map, Value};

/// A piece of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Text.
    Plain(String),
    /// A person who is spoken to: `@anna`.
    Mention(String),
}

/// Something that has happened.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its number.
    pub seq: i64,
    /// When, as machines read it.
    pub at: String,
    /// When: `10:04`.
    pub time: String,
    /// Who did it.
    pub who: String,
    /// What, as a class: its type.
    pub kind: String,
    /// What, in a sentence.
    pub what: String,
    /// What somebody wrote.
    pub text: Vec<Said>,
    /// What else there is to it: name and value.
    pub details: Vec<(String, String)>,
    /// Where it leads: address and words.
    pub links: Vec<(String, String)>,
    /// How it is undone: address and words.
    pub undo: Option<(String, String)>,
}

/// What happened on one day.
#[derive(Clone, Debug)]
pub struct DayOf {
    /// The day.
    pub heading: String,
    /// The latest first.
    pub entries: Vec<Entry>,
}

/// The people of a firm, and who of them reads.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// Whoever reads, by id.
    pub me: String,
    /// Ids and names.
    pub names: Vec<(String, String)>,
    /// Ids and names of teams.
    pub teams: Vec<(String, String)>,
}

impl People {
    /// The name of a person.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<&str> {
        self.names.iter().find(|(held, _)| held == id).map(|(_, name)| name.as_str())
    }

    /// Whom an id names; an assignee may be of another system, and is called as that calls them.
    #[must_use]
    pub fn called(&self, id: &str) -> String {
        person(id, "", &self.names)
    }

    /// What a team is called.
    #[must_use]
    pub fn team<'a>(&'a self, id: &'a str) -> &'a str {
        self.teams.iter().find(|(held, _)| held == id).map_or(id, |(_, name)| name)
    }

    /// Who did something, as an event has it.
    #[must_use]
    pub fn actor(&self, actor: &Value) -> String {
        let id = text(actor, "/id");
        let who = match text(actor, "/kind") {
            "staff" if id == self.me => format!("{} (you)", self.called(id)),
            "staff" => self.called(id),
            "key" => "Another system".to_owned(),
            "consumer" => "Complainant".to_owned(),
            _ if id == "scanner" => "Virus scanner".to_owned(),
            _ if id == "mail" => "Incoming mail".to_owned(),
            _ => "Redress".to_owned(),
        };
        if has(actor, "/job") { format!("{who}, by a bulk job") } else { who }
    }
}

/// A note, with those who are spoken to in it.
#[must_use]
pub fn said(note: &str) -> Vec<Said> {
    let mut pieces = Vec::new();
    let (mut plain, mut rest) = (String::new(), note);
    while let Some((before, after)) = rest.split_once('@') {
        plain.push_str(before);
        let ends = after.find(|sign: char| !(sign.is_alphanumeric() || ".-_".contains(sign))).unwrap_or(after.len());
        let (name, tail) = after.split_at(ends);
        let name = name.trim_end_matches(['.', '-', '_']);
        // In an address the sign is within a word.
        if name.is_empty() || before.ends_with(char::is_alphanumeric) {
            plain.push('@');
            rest = after;
            continue;
        }
        if !plain.is_empty() {
            pieces.push(Said::Plain(std::mem::take(&mut plain)));
        }
        pieces.push(Said::Mention(format!("@{name}")));
        rest = after.strip_prefix(name).unwrap_or(tail);
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Said::Plain(plain));
    }
    pieces
}

/// What is around an event when it is told.
#[derive(Clone, Copy, Debug)]
pub struct Teller<'a> {
    /// The complaint as it stands.
    pub complaint: &'a Value,
    /// Who is who.
    pub people: &'a People,
    /// The civil time.
    pub civil: Civil,
    /// Whether whoever reads may write.
    pub writes: bool,
}

impl Teller<'_> {
    /// Events, the oldest first, as days, the latest first.
    #[must_use]
    pub fn days(&self, events: &[Value]) -> Vec<DayOf> {
        let mut days: Vec<DayOf> = Vec::new();
        for event in events.iter().rev() {
            let heading = self.civil.heading(text(event, "/at"));
            let entry = self.entry(event, events);
            match days.last_mut() {
                Some(day) if day.heading == heading => day.entries.push(entry),
                _ => days.push(DayOf { heading, entries: vec![entry] }),
            }
        }
        days
    }

    /// An event among all.
    #[must_use]
    pub fn entry(&self, event: &Value, all: &[Value]) -> Entry {
        let at = text(event, "/at");
        let mut entry = Entry {
            seq: number(event, "/seq"),
            at: at.to_owned(),
            time: self.civil.time(at),
            who: event.pointer("/actor").map(|actor| self.people.actor(actor)).unwrap_or_default(),
            kind: text(event, "/type").to_owned(),
            ..Entry::default()
        };
        self.tell(&mut entry, event.pointer("/data").unwrap_or(&Value::Null));
        entry.undo = if self.writes { self.undo(event, all) } else { None };
        entry
    }

    fn here(&self) -> String {
        format!("/app/cases/{}", text(self.complaint, "/id"))
    }

    fn tell(&self, entry: &mut Entry, data: &Value) {
        let of = |at: &str| text(data, at);
        let written = |at: &str| said(text(data, at));
        let kind = entry.kind.clone();
        entry.what = match kind.as_str() {
            "received" => format!("Complaint received: {}", lower(of("/channel"))),
            "acknowledged" => "Told the complainant that the firm has it".to_owned(),
            "investigation_started" => "Investigation started".to_owned(),
            "assigned" => format!("Assigned to {}", self.people.called(of("/assignee"))),
            "classified" => "Classified".to_owned(),
            "noted" => "Note".to_owned(),
            "contact_recorded" if of("/direction") == "in" => {
                format!("The complainant was in touch: {}", lower(of("/channel")))
            }
            "contact_recorded" => format!("The complainant was contacted: {}", lower(of("/channel"))),
            "information_requested" => "Asked the complainant".to_owned(),
            "response_proposed" => format!("Answer proposed: {}", lower(of("/outcome"))),
            "resolved" => format!("Resolved by {}: {}", lower(of("/kind")), lower(of("/response/outcome"))),
            "closed" => "Closed".to_owned(),
            "reopened" => "Reopened".to_owned(),
            "withdrawn" => "Withdrawn by the complainant".to_owned(),
            "referred" => format!("Referred to {}", of("/scheme")),
            "linked" => format!("Linked: {} another complaint", lower(of("/relation"))),
            "unlinked" => format!("Link undone: {} another complaint", lower(of("/link/relation"))),
            "corrected" => "Entries corrected".to_owned(),
            "milestone_recorded" => format!("{} recorded", words(of("/milestone"))),
            "milestone_retracted" => format!("{} taken back: recorded in error", words(of("/milestone"))),
            "redress_paid" => format!("Paid {}", money(of("/currency"), number(data, "/minor"))),
            "adr_outcome_recorded" => format!("{} decided: {}", of("/scheme"), lower(of("/outcome"))),
            "clocks_moved" => "Clocks moved to other versions of their rules".to_owned(),
            "sensitivity_set" => "Who may see it was set".to_owned(),
            "split" => format!("Split: {} split off", parts(list(data, "/parts").len())),
            "part_rejoined" => "A part was taken back into this complaint".to_owned(),
            "rejoined" => "Taken back into the complaint it was split off from".to_owned(),
            "letter_drafted" => format!("Letter drafted: {}", of("/document/subject")),
            "letter_approved" => format!("Letter approved{}", self.subject(of("/letter"))),
            "letter_sent" => format!("Letter sent{}", self.subject(of("/letter"))),
            "attachment_added" => format!("File added: {}", of("/name")),
            "attachment_scanned" if of("/verdict") == "clean" => {
                format!("File scanned, no virus{}", self.file(of("/attachment")))
            }
            "attachment_scanned" => format!("Virus found{}", self.file(of("/attachment"))),
            "attachment_removed" => format!("File deleted{}", self.file(of("/attachment"))),
            "deadline_warned" => format!("Deadline near: {} ({})", lower(of("/clock/rule")), lower(of("/warning"))),
            "deadline_missed" => format!("Deadline missed: {}", lower(of("/clock/rule"))),
            other => words(other),
        };
        for at in ["/text", "/summary", "/question", "/response/summary", "/reason", "/note"] {
            // Why a clock was stopped is a code.
            let is_code = kind == "milestone_recorded" && at == "/reason";
            if !is_code && !of(at).is_empty() {
                entry.text = written(at);
                break;
            }
        }
        self.detail(entry, data);
        self.lead(entry, data);
    }

    fn detail(&self, entry: &mut Entry, data: &Value) {
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                entry.details.push((name.to_owned(), value));
            }
        };
        for (at, name) in MOMENTS {
            let moment = text(data, at);
            if moment != entry.at {
                add(name, self.civil.moment(moment));
            }
        }
        for (at, name) in CODES {
            if entry.kind != "received" {
                add(name, words(text(data, at)));
            }
        }
        for (at, name) in LINES {
            add(name, text(data, at).to_owned());
        }
        for at in ["/redress", "/response/redress"] {
            list(data, at).iter().for_each(|item| add("Redress", redress(item)));
        }
        match entry.kind.as_str() {
            "assigned" => add("Team", self.people.team(text(data, "/team")).to_owned()),
            "redress_paid" => add("For", words(text(data, "/kind"))),
            "attachment_added" => add("Size", size(number(data, "/bytes"))),
            "milestone_recorded" => add("Why the clock stands still", words(text(data, "/reason"))),
            "deadline_warned" | "deadline_missed" => add("Due", day(text(data, "/clock/due_on"))),
            "classified" => {
                // Tags are as they were typed.
                let tags = list(data, "/tags").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
                let vulnerability = joined(list(data, "/vulnerability"));
                for (at, name, said) in [("/tags", "Tags", tags), ("/vulnerability", "Vulnerability", vulnerability)] {
                    if has(data, at) {
                        add(name, if said.is_empty() { "None".to_owned() } else { said });
                    }
                }
                for (at, name) in [("/eligible", "Eligible"), ("/vulnerability_failure", "Failed for a vulnerability")]
                {
                    let said = data.pointer(at).and_then(Value::as_bool);
                    add(name, said.map(|is| if is { "Yes" } else { "No" }).unwrap_or_default().to_owned());
                }
            }
            "sensitivity_set" => {
                let said = joined(list(data, "/sensitivity"));
                let everybody = ("For", "everybody".to_owned());
                let (name, who) = if said.is_empty() { everybody } else { ("Only for those cleared for", said) };
                add(name, who);
            }
            "corrected" => {
                let changes = data.pointer("/changes").and_then(Value::as_object);
                for (name, change) in changes.into_iter().flatten() {
                    let of = |at| change.get(at).unwrap_or(&Value::Null);
                    let (was, now) = (of("was"), of("now"));
                    let name = if name == "custom" { "Own fields".to_owned() } else { words(name) };
                    add(&name, format!("{} → {}", self.held(&apart(was, now)), self.held(&apart(now, was))));
                }
            }
            _ => {}
        }
    }

    /// An entry that was corrected, in short.
    fn held(&self, value: &Value) -> String {
        match value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
            Value::String(said) if said.len() > 20 && said.ends_with('Z') => self.civil.moment(said),
            Value::String(said) if said.chars().count() > 200 => said.chars().take(200).chain(['…']).collect(),
            Value::String(said) => said.clone(),
            Value::Array(items) if items.is_empty() => "nothing".to_owned(),
            Value::Array(items) => items.iter().map(|item| self.held(item)).collect::<Vec<_>>().join(", "),
            Value::Object(members) => {
                let shown = members.iter().filter(|(_, value)| !value.is_null());
                shown
                    .map(|(name, value)| format!("{}: {}", lower(name), self.held(value)))
                    .collect::<Vec<_>>()
                    .join("; ")
            }
            Value::Number(number) => number.to_string(),
        }
    }

    fn lead(&self, entry: &mut Entry, data: &Value) {
        let mut to = |id: &str, words: String| {
            if !id.is_empty() {
                entry.links.push((format!("/app/cases/{id}"), words));
            }
        };
        for at in ["/complaint", "/link/complaint", "/part", "/into"] {
            to(text(data, at), "Open that complaint".to_owned());
        }
        for (at, part) in list(data, "/parts").iter().enumerate() {
            to(part.as_str().unwrap_or_default(), format!("Open part {}", at + 1));
        }
        let letter = text(data, "/letter");
        if !letter.is_empty() {
            entry.links.push((format!("{}/letters/{letter}", self.here()), "Open the letter".to_owned()));
        }
    }

    fn subject(&self, letter: &str) -> String {
        let found = list(self.complaint, "/letters").iter().find(|held| text(held, "/id") == letter);
        found.map(|held| format!(": {}", text(held, "/subject"))).unwrap_or_default()
    }

    fn file(&self, attachment: &str) -> String {
        let found = list(self.complaint, "/attachments").iter().find(|held| text(held, "/id") == attachment);
        found.map(|held| format!(": {}", text(held, "/name"))).unwrap_or_default()
    }

    /// The command that is the inverse of an event, where there is a simple one and the event still holds.
    fn undo(&self, event: &Value, all: &[Value]) -> Option<(String, String)> {
        let of = |at: &str| text(event, at);
        let act = |query: String, words: &str| Some((format!("{}?{query}#act", self.here()), words.to_owned()));
        match of("/type") {
            "linked" => {
                let holds = list(self.complaint, "/links").iter().any(|link| Some(link) == event.pointer("/data"));
                let (other, relation) = (of("/data/complaint"), of("/data/relation"));
                if holds {
                    act(format!("act=unlink&complaint={other}&relation={relation}"), "Undo this link")
                } else {
                    None
                }
            }
            "milestone_recorded" => {
                let (milestone, at) = (of("/data/milestone"), of("/data/occurred_at"));
                let is_it = |held: &Value| text(held, "/milestone") == milestone && text(held, "/at") == at;
                let all = ["/milestones", "/earlier_milestones"].map(|place| list(self.complaint, place));
                if !all.into_iter().flatten().any(is_it) {
                    return None;
                }
                act(format!("act=retract-milestone&milestone={milestone}&occurred_at={at}"), "Take this back")
            }
            "assigned" => {
                let assigned = |event: &&Value| text(event, "/type") == "assigned";
                let mut latest = all.iter().rev().filter(assigned);
                if latest.next().map(|last| number(last, "/seq")) != Some(number(event, "/seq")) {
                    return None;
                }
                let before = latest.next().map(|before| text(before, "/data/assignee"))?;
                if before == of("/data/assignee") || !self.is_open() {
                    return None;
                }
                act(format!("act=assign&assignee={}", escaped(before)), "Assign it back")
            }
            "classified" => act(format!("act=classify{}", self.as_before(event, all)?), "Classify it as before"),
            "sensitivity_set" => act(format!("act=label{}", self.as_before(event, all)?), "Set it back"),
            "received" | "corrected" => act("act=correct".to_owned(), "Correct an entry"),
            _ => None,
        }
    }

    /// The fields of a form that set back what an event has set: if that still holds, and if it was something before.
    fn as_before(&self, event: &Value, all: &[Value]) -> Option<String> {
        let before = set_before(event, all);
        let of = |from: &Value, name: &str| from.pointer(&format!("/{name}")).cloned().unwrap_or_default();
        let set = event.pointer("/data")?;
        // An issue goes with its product, and comes back with it.
        let moves = has(set, "/product") && of(set, "product") != of(&before, "product");
        let mut fields = String::new();
        for name in SET {
            let (was, now, with_product) = (of(&before, name), of(set, name), moves && name == "issue");
            if !with_product && (now.is_null() || same(&was, &now)) {
                continue;
            }
            if !same(&of(self.complaint, name), &now) {
                return None;
            }
            let was = match was {
                Value::Array(codes) => codes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
                Value::Bool(is) => if is { "yes" } else { "no" }.to_owned(),
                Value::String(said) => said,
                _ if now.is_array() => String::new(),
                _ if with_product => continue,
                // No command makes it nothing again.
                _ => return None,
            };
            fields = format!("{fields}&{name}={}", escaped(&was));
        }
        (!fields.is_empty()).then_some(fields)
    }

    fn is_open(&self) -> bool {
        !["resolved", "closed", "withdrawn", "referred"].contains(&text(self.complaint, "/state"))
    }
}

/// What classifications and labels set.
const SET: [&str; 9] = [
    "product",
    "issue",
    "severity",
    "vulnerability",
    "tags",
    "root_cause",
    "eligible",
    "vulnerability_failure",
    "sensitivity",
];

/// What a complaint had of that before an event.
fn set_before(event: &Value, all: &[Value]) -> Value {
    let mut before = Map::new();
    for earlier in all.iter().take_while(|earlier| number(earlier, "/seq") < number(event, "/seq")) {
        if !["received", "classified", "sensitivity_set"].contains(&text(earlier, "/type")) {
            continue;
        }
        let said = |name: &str| earlier.pointer(&format!("/data/{name}")).filter(|said| !said.is_null());
        if said("product").is_some_and(|product| before.get("product") != Some(product)) {
            before.remove("issue");
        }
        for (name, said) in SET.into_iter().filter_map(|name| Some((name, said(name)?))) {
            before.insert(name.to_owned(), said.clone());
        }
    }
    Value::Object(before)
}

/// Whether two entries are the same; an empty list may not be written.
fn same(one: &Value, other: &Value) -> bool {
    let is_none = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    one == other || (is_none(one) && is_none(other))
}

/// Moments of events that are not when they were recorded.
const MOMENTS: [(&str, &str); 7] = [
    ("/sent_at", "Sent"),
    ("/occurred_at", "When"),
    ("/received_at", "Received"),
    ("/due", "Answer hoped for by"),
    ("/paid_at", "Paid"),
    ("/decided_at", "Decided"),
    ("/came_at", "When"),
];
/// Codes that are told as details.
const CODES: [(&str, &str); 4] =
    [("/product", "Product"), ("/issue", "Issue"), ("/severity", "Severity"), ("/root_cause", "Root cause")];
/// Lines that are told as they are.
const LINES: [(&str, &str); 4] = [
    ("/scheme_reference", "Their reference"),
    ("/to", "To"),
    ("/reference", "Reference"),
    ("/signature", "What was found"),
];

/// What puts something right: `Refund, GBP 12.50: the fee`.
#[must_use]
pub fn redress(item: &Value) -> String {
    let mut said = words(text(item, "/kind"));
    if has(item, "/minor") {
        said = format!("{said}, {}", money(text(item, "/currency"), number(item, "/minor")));
    }
    let description = text(item, "/description");
    if description.is_empty() { said } else { format!("{said}: {description}") }
}

/// Codes in a list, in words.
#[must_use]
pub fn joined(codes: &[Value]) -> String {
    codes.iter().filter_map(Value::as_str).map(words).collect::<Vec<_>>().join(", ")
}

fn parts(number: usize) -> String {
    if number == 1 { "1 part".to_owned() } else { format!("{number} parts") }
}

/// What cannot stand in a query as it is (RFC 3986 §2.1), escaped.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Of an object the members that another has not, or has otherwise; anything else as it is.
fn apart(value: &Value, from: &Value) -> Value {
    let (Value::Object(members), Value::Object(others)) = (value, from) else { return value.clone() };
    let differs = |(name, value): &(&String, &Value)| others.get(*name) != Some(*value);
    let apart: Map<_, _> = members.iter().filter(differs).map(|(name, value)| (name.clone(), value.clone())).collect();
    if apart.is_empty() { Value::Null } else { Value::Object(apart) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn entry(complaint: &Value, event: &Value) -> Entry {
        let people = People {
            me: "anna".to_owned(),
            names: vec![("anna".to_owned(), "Anna Smith".to_owned())],
            teams: Vec::new(),
        };
        let civil = Civil::of("Europe/London", "2026-11-27T12:00:00Z".parse().unwrap());
        let teller = Teller { complaint, people: &people, civil, writes: true };
        teller.entry(event, std::slice::from_ref(event))
    }

    #[test]
    fn whoever_is_spoken_to_is_found() {
        let plain = |text: &str| Said::Plain(text.to_owned());
        let mention = |text: &str| Said::Mention(text.to_owned());
        assert_eq!(said("Ask @ben.b, please"), [plain("Ask "), mention("@ben.b"), plain(", please")]);
        assert_eq!(said("@zoë."), [mention("@zoë"), plain(".")]);
        assert_eq!(said("mail anna@example.com or @ them"), [plain("mail anna@example.com or @ them")]);
        assert_eq!(said(""), []);
    }

    proptest! {
        #[test]
        fn a_note_is_told_whole(note in ".{0,60}") {
            let whole: String = said(&note).into_iter().map(|(Said::Plain(text) | Said::Mention(text))| text).collect();
            prop_assert_eq!(whole, note);
        }
    }

    #[test]
    fn events_are_told_with_what_undoes_them() {
        let link = json!({"complaint": "c2", "relation": "duplicate_of"});
        let complaint = json!({"id": "c1", "links": [link]});
        let event = json!({"seq": 3, "at": "2026-11-27T10:00:00.000Z", "type": "linked", "data": link,
            "actor": {"kind": "staff", "id": "anna"}});
        let told = entry(&complaint, &event);
        assert_eq!(
            (told.what.as_str(), told.who.as_str()),
            ("Linked: duplicate of another complaint", "Anna Smith (you)")
        );
        let undo = told.undo.unwrap().0;
        assert_eq!(undo, "/app/cases/c1?act=unlink&complaint=c2&relation=duplicate_of#act");
        assert_eq!(entry(&json!({"id": "c1", "links": []}), &event).undo, None, "it is undone already");
    }

    #[test]
    fn what_was_set_is_set_back() {
        let of = |seq: u32, kind: &str, data: Value| json!({"seq": seq, "type": kind, "data": data});
        let events = [
            of(1, "received", json!({"product": "card", "issue": "fee", "severity": "low"})),
            of(2, "classified", json!({"severity": "high", "tags": ["a b", "c"], "vulnerability": ["health"]})),
            of(3, "sensitivity_set", json!({"sensitivity": ["vip"]})),
            of(4, "classified", json!({"product": "loan", "severity": "high"})),
            of(5, "classified", json!({"root_cause": "late"})),
            of(6, "sensitivity_set", json!({"sensitivity": []})),
        ];
        let complaint = json!({"id": "c1", "product": "loan", "severity": "high", "tags": ["a b", "c"], "root_cause": "late",
            "vulnerability": [], "sensitivity": []});
        let civil = Civil::of("Europe/London", "2026-11-27T12:00:00Z".parse().unwrap());
        let people = People::default();
        let undo = |complaint: &Value, at: usize| {
            let teller = Teller { complaint, people: &people, civil, writes: true };
            teller.entry(&events[at], &events).undo.map(|(href, _)| href.replace("/app/cases/c1?", ""))
        };
        assert_eq!(undo(&complaint, 1), None, "vulnerability is something else by now");
        let mut held = complaint.clone();
        held["vulnerability"] = json!(["health"]);
        assert_eq!(undo(&held, 1).as_deref(), Some("act=classify&severity=low&vulnerability=&tags=#act"));
        assert_eq!(undo(&complaint, 2), None, "labels are others by now");
        assert_eq!(undo(&complaint, 3).as_deref(), Some("act=classify&product=card&issue=fee#act"));
        assert_eq!(undo(&complaint, 4), None, "there was none");
        assert_eq!(undo(&complaint, 5).as_deref(), Some("act=label&sensitivity=vip#act"));
    }

    #[test]
    fn corrections_are_shown_and_what_is_unknown_is_named() {
        let event = json!({"type": "corrected", "data": {"reason": "Typed wrong",
            "changes": {"made_on": {"was": null, "now": "2026-11-20"},
                "representative": {"was": {"name": "Kwame", "kind": "family"}, "now": {"name": "Kwame Osei", "kind": "family"}},
                "custom": {"was": {"office": "Leeds"}, "now": {"office": "Leeds", "visits": 3}}}}});
        let told = entry(&json!({}), &event);
        let details = [
            ("Own fields", "nothing → visits: 3"),
            ("Made on", "nothing → 2026-11-20"),
            ("Representative", "name: Kwame → name: Kwame Osei"),
        ];
        assert_eq!(told.details, details.map(|(name, said)| (name.to_owned(), said.to_owned())));
        assert_eq!(told.text, [Said::Plain("Typed wrong".to_owned())]);
        assert_eq!(entry(&json!({}), &json!({"type": "moon_passed"})).what, "Moon passed");
    }
}
