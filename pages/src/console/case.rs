//! The page on which a complaint is worked on: plain data, made of what the API says.

use super::{
    case_form::{COMMANDS, Choices, Command, Form, Group},
    case_json::{has, list, number, text},
    case_timeline::{DayOf, Entry, People, joined, redress},
    case_words::{Civil, day, letter_kind, lower, money, size, words},
    shell::Shell,
    words::When,
};
use askama::Template;
use serde_json::Value;
use shared::{
    clock::{day::Day, law::Law},
    tenant::custom_field::CustomField,
};

/// Who works on a complaint now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nobody.
    Free,
    /// Whoever reads.
    Mine {
        /// The token of the lock.
        token: String,
        /// The name by which others see them.
        name: String,
        /// Since when.
        since: String,
    },
    /// Somebody else.
    Theirs {
        /// By name.
        name: String,
        /// Since when.
        since: String,
    },
}

/// What whoever reads may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Work on complaints.
    pub writes: bool,
    /// Take locks over and approve letters.
    pub leads: bool,
}

/// A duty or a possibility of the law, or of the firm's own.
#[derive(Clone, Debug)]
pub struct Clock {
    /// What it is called.
    pub name: String,
    /// How it stands, in words and as a tone.
    pub state: (String, &'static str),
    /// Whether it still runs.
    pub runs: bool,
    /// Whether it is the firm's own.
    pub own: bool,
    /// When it is due.
    pub due: When,
    /// The same with the time of day.
    pub until: String,
    /// What else is to be known at once; may be empty.
    pub more: String,
    /// Why it is that day, a sentence an item.
    pub why: Vec<String>,
    /// Where the rule is laid down, and who says so; may be empty.
    pub citation: String,
    /// What says so; may be empty.
    pub source: String,
    /// What counsel has still to confirm; may be empty.
    pub doubt: String,
}

/// How somebody is reached.
#[derive(Clone, Debug)]
pub struct Contact {
    /// By what.
    pub kind: String,
    /// Where.
    pub value: String,
    /// As a link; may be empty.
    pub href: String,
}

/// Somebody a complaint is of.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name.
    pub name: String,
    /// How they are reached.
    pub contacts: Vec<Contact>,
    /// What else is known: name and value.
    pub facts: Vec<(String, String)>,
}

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    /// The id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// How large it is, and who added it when.
    pub about: String,
    /// How it stands, in words and as a tone.
    pub state: (String, &'static str),
    /// Whether it is given out.
    pub is_clean: bool,
    /// Whether there may be a small picture of it.
    pub has_picture: bool,
    /// What was found in it, or why it was deleted; may be empty.
    pub more: String,
}

/// A letter in a list.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The id.
    pub id: String,
    /// What it is about.
    pub subject: String,
    /// What sort of letter, and who wrote it.
    pub about: String,
    /// How it stands, in words and as a tone.
    pub state: (String, &'static str),
}

/// Another complaint that this one is tied to.
#[derive(Clone, Debug)]
pub struct Tie {
    /// The id of the other.
    pub id: String,
    /// How they are tied: a code, if a link says so.
    pub relation: String,
    /// How they are tied, in words.
    pub how: String,
    /// What it is called.
    pub name: String,
}

/// A complaint that may be the same one.
#[derive(Clone, Debug)]
pub struct Duplicate {
    /// The id.
    pub id: String,
    /// The reference.
    pub reference: String,
    /// Who complains, and since when.
    pub about: String,
    /// How it begins.
    pub excerpt: String,
    /// How similar, in per cent.
    pub percent: u32,
    /// Why it is offered.
    pub reasons: String,
    /// Where it stands: code and words.
    pub state: (String, String),
}

/// What does not go as whoever works on a complaint wants it.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// What.
    pub title: String,
    /// In words.
    pub words: String,
    /// What happened since they opened the page: a conflict, if there is something.
    pub since: Vec<Entry>,
}

/// A complaint, as the page shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The id.
    pub id: String,
    /// The version.
    pub version: i64,
    /// The reference.
    pub reference: String,
    /// Where it stands: code and words.
    pub state: (String, String),
    /// How bad it is: code and words.
    pub severity: (String, String),
    /// What it is about, by name.
    pub about: String,
    /// Who works on it; may be empty.
    pub assignee: String,
    /// The team, as the API names it; may be empty.
    pub team: String,
    /// Whether that is whoever reads.
    pub is_mine: bool,
    /// Whether it needs an answer.
    pub is_open: bool,
    /// What is due next: what, and when.
    pub next: Option<(String, When)>,
    /// The complainant.
    pub complainant: Person,
    /// Who acts for them.
    pub representative: Option<Person>,
    /// What has to be minded when they are written or spoken to; may be empty.
    pub needs: Vec<String>,
    /// What happened, in their words.
    pub description: String,
    /// What they want; may be empty.
    pub desired_outcome: String,
    /// What else is known: name and value.
    pub facts: Vec<(String, String)>,
    /// The answer that is proposed or was given, if there is one: what it is, the reasons, what puts things right.
    pub answer: Option<(String, String, Vec<String>)>,
    /// Clocks, those that run first.
    pub clocks: Vec<Clock>,
    /// Files.
    pub files: Vec<File>,
    /// Letters, the latest first.
    pub letters: Vec<Letter>,
    /// Ties to other complaints.
    pub ties: Vec<Tie>,
    /// Complaints that may be the same one.
    pub duplicates: Vec<Duplicate>,
}

/// What a page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// `GET /v1/complaints/{id}`
    pub complaint: &'a Value,
    /// `GET /v1/complaints/{id}/clocks`
    pub clocks: &'a Value,
    /// `GET /v1/complaints/{id}/duplicates`; `null` if it did not answer.
    pub duplicates: &'a Value,
    /// Who is who.
    pub people: &'a People,
    /// Names of products and of what goes wrong, by code.
    pub names: &'a [(String, String)],
    /// What the firm has declared.
    pub own: &'a [CustomField],
    /// The civil time.
    pub civil: Civil,
}

/// The page of a complaint.
#[derive(Clone, Debug, Template)]
#[template(path = "console/case.html")]
pub struct Case {
    /// What is around it.
    pub shell: Shell,
    /// The complaint.
    pub shown: Shown,
    /// What whoever reads may do.
    pub rights: Rights,
    /// Who works on it now.
    pub presence: Presence,
    /// Whoever reads, by id.
    pub me: String,
    /// What has happened.
    pub days: Vec<DayOf>,
    /// What can be done.
    pub forms: Vec<Form>,
    /// What was done; may be empty.
    pub done: &'static str,
    /// What did not go.
    pub trouble: Option<Trouble>,
    /// Makes sure that what is sent is done once.
    pub key: String,
    /// The zone in which moments are typed: IANA name and name.
    pub zone: (&'static str, &'static str),
}

impl Case {
    /// The forms in groups: what these are called, and whether a letter can be written there.
    #[must_use]
    pub fn groups(&self) -> Vec<(&'static str, bool, Vec<&Form>)> {
        let named = [(Group::Next, "Next"), (Group::Record, "Record"), (Group::More, "More")];
        let of = |group: Group| self.forms.iter().filter(move |form| form.command.group == group).collect();
        named.map(|(group, name)| (name, group == Group::Record, of(group))).to_vec()
    }

    /// The token of the lock that whoever reads holds; empty if they hold none.
    #[must_use]
    pub fn lock(&self) -> &str {
        match &self.presence {
            Presence::Mine { token, .. } => token,
            _ => "",
        }
    }

    /// Whether a form is sent once more after a conflict.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| !trouble.since.is_empty())
    }
}

/// The commands that are offered for a complaint to whoever has these rights.
#[must_use]
pub fn offered(complaint: &Value, choices: &Choices, rights: Rights) -> Vec<&'static Command> {
    let is_offered = |command: &&Command| rights.writes && command.is_offered(complaint, choices, rights.leads);
    COMMANDS.iter().filter(is_offered).collect()
}

/// What the clocks can be moved to, as `<id>@<version>` and by name: of rules and calendars of which a clock is under another version,
/// the newest that is out by `today`.
#[must_use]
pub fn newer(clocks: &Value, today: Day) -> Vec<(String, String)> {
    let law = Law::shipped();
    let packs = law.packs.iter().map(|pack| {
        let newest = pack.versions.iter().rfind(|version| version.released <= today && version.from <= today);
        (("/pack", "/version"), pack.id, pack.name, newest.map(|version| version.version))
    });
    let calendars = law.calendars.iter().map(|calendar| {
        let newest = calendar.versions.iter().rfind(|version| version.released <= today);
        let at = ("/explanation/calendar/id", "/explanation/calendar/version");
        (at, calendar.id, calendar.name, newest.map(|version| version.version))
    });
    let moved = |((id_at, version_at), id, name, newest): ((&str, &str), &str, &str, Option<&str>)| {
        let newest = newest?;
        let is_behind = |clock: &Value| text(clock, id_at) == id && text(clock, version_at) != newest;
        let to = (format!("{id}@{newest}"), format!("{name}, version {newest}"));
        list(clocks, "/data").iter().any(is_behind).then_some(to)
    };
    packs.chain(calendars).filter_map(moved).collect()
}

/// The currency that is likely where a law holds.
#[must_use]
pub fn currency(jurisdiction: &str) -> &'static str {
    match jurisdiction {
        "ireland" | "eu" => "EUR",
        "us" => "USD",
        _ => "GBP",
    }
}

/// The zone that a complaint's clocks are counted in.
#[must_use]
pub fn zone(clocks: &Value) -> &str {
    text(clocks, "/data/0/explanation/zone")
}

impl Source<'_> {
    /// The complaint as the page shows it.
    #[must_use]
    pub fn shown(&self) -> Shown {
        let complaint = self.complaint;
        let of = |at: &str| text(complaint, at);
        let coded = |at: &str| (of(at).to_owned(), words(of(at)));
        let mut clocks: Vec<(String, Clock)> = list(self.clocks, "/data")
            .iter()
            .map(|clock| (text(clock, "/due").to_owned(), self.clock(clock)))
            .collect();
        clocks.sort_by(|(due, clock), (other_due, other)| {
            (!clock.runs, clock.own, due).cmp(&(!other.runs, other.own, other_due))
        });
        let clocks: Vec<Clock> = clocks.into_iter().map(|(_, clock)| clock).collect();
        let next = list(self.clocks, "/data")
            .iter()
            .filter(|clock| {
                text(clock, "/state") == "running" && text(clock, "/nature") == "duty" && has(clock, "/due")
            })
            .min_by_key(|clock| text(clock, "/due"));
        Shown {
            id: of("/id").to_owned(),
            version: number(complaint, "/version"),
            reference: of("/reference").to_owned(),
            state: coded("/state"),
            severity: coded("/severity"),
            about: self.about(),
            assignee: if has(complaint, "/assignee") { self.people.called(of("/assignee")) } else { String::new() },
            team: of("/team").to_owned(),
            is_mine: !self.people.me.is_empty() && of("/assignee") == self.people.me,
            is_open: !["resolved", "closed", "withdrawn", "referred"].contains(&of("/state")),
            next: next.map(|clock| (text(clock, "/name").to_owned(), self.civil.due(text(clock, "/due")))),
            complainant: self.complainant(),
            representative: complaint.pointer("/representative").filter(|held| held.is_object()).map(representative),
            needs: self.needs(),
            description: of("/description").to_owned(),
            desired_outcome: of("/desired_outcome").to_owned(),
            facts: self.facts(),
            answer: self.answer(),
            clocks,
            files: list(complaint, "/attachments").iter().rev().map(|file| self.file(file)).collect(),
            letters: list(complaint, "/letters").iter().rev().map(|letter| self.letter(letter)).collect(),
            ties: self.ties(),
            duplicates: self.duplicates(),
        }
    }

    fn named(&self, code: &str) -> String {
        let found = self.names.iter().find(|(held, _)| held == code);
        found.map_or_else(|| words(code), |(_, name)| name.clone())
    }

    fn about(&self) -> String {
        let said = ["/product", "/issue"].map(|at| self.named(text(self.complaint, at)));
        let said: Vec<_> = said.into_iter().filter(|said| !said.is_empty()).collect();
        if said.is_empty() { "Not classified yet".to_owned() } else { said.join(" · ") }
    }

    fn clock(&self, clock: &Value) -> Clock {
        let of = |at: &str| text(clock, at);
        let state = of("/state");
        let tone = match state {
            "running" => "info",
            "stopped" => "warn",
            "met" => "good",
            "breached" => "bad",
            _ => "quiet",
        };
        let said = match state {
            "running" => "Running".to_owned(),
            "stopped" => "Stands still".to_owned(),
            "met" => format!("Met on {}", self.civil.date(of("/met_at"))),
            "breached" if has(clock, "/met_at") => format!("Met too late, on {}", self.civil.date(of("/met_at"))),
            "breached" => "Missed".to_owned(),
            _ => words(state),
        };
        let more = match () {
            () if of("/nature") == "window" => "A possibility, no duty.".to_owned(),
            () if has(clock, "/must_send") && state == "running" => {
                format!("Ends with: {}.", lower(of("/must_send")).trim_end_matches('.'))
            }
            () if has(clock, "/reading_of") && clock.pointer("/leading") == Some(&Value::Bool(false)) => {
                "Another reading of the same rule.".to_owned()
            }
            () => String::new(),
        };
        Clock {
            name: of("/name").to_owned(),
            state: (said, tone),
            runs: matches!(state, "running" | "stopped"),
            own: of("/family") == "operational",
            due: self.civil.due(of("/due")),
            until: self.civil.moment(of("/due")),
            more,
            why: self.why(clock),
            citation: of("/explanation/citation").to_owned(),
            source: of("/explanation/source").to_owned(),
            doubt: of("/explanation/to_confirm").to_owned(),
        }
    }

    /// Why a clock ends when it ends: where it started, how long it is, each day that counted or did not, its end.
    fn why(&self, clock: &Value) -> Vec<String> {
        let of = |at: &str| text(clock, at);
        let mut said = vec![format!("It started on {}.", self.civil.moment(of("/start")))];
        if has(clock, "/explanation/length") {
            let amount = number(clock, "/explanation/length/amount");
            let unit = lower(of("/explanation/length/unit"));
            said.push(format!("It runs for {amount} {unit}{}.", if amount == 1 { "" } else { "s" }));
        }
        if has(clock, "/explanation/calendar") {
            let (id, version) = (of("/explanation/calendar/id"), of("/explanation/calendar/version"));
            said.push(format!("Business days are those of the calendar {id}, version {version}."));
        }
        let (unit, mut so_far) = (of("/explanation/unit"), 0);
        for step in list(clock, "/explanation/steps") {
            said.push(step_said(step, unit, so_far));
            so_far += number(step, "/counted");
        }
        if has(clock, "/due") {
            let ends = self.civil.moment(of("/due"));
            said.push(format!("It ends on {ends}, {} time.", self.civil.name()));
        }
        let until = of("/explanation/calendar/known_until");
        if !until.is_empty() {
            said.push(format!("Holidays after {} are not known yet: it may end later.", day(until)));
        }
        if has(clock, "/ended_by") {
            said.push(format!("What ended it: {}.", lower(of("/ended_by"))));
        }
        said
    }

    fn complainant(&self) -> Person {
        let of = |at: &str| text(self.complaint, at);
        let mut facts = Vec::new();
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                facts.push((name.to_owned(), value));
            }
        };
        add("Customer number", of("/complainant/customer_id").to_owned());
        add("Language", of("/complainant/language").to_owned());
        add("Letters in", words(of("/complainant/format")));
        Person {
            name: of("/complainant/name").to_owned(),
            contacts: list(self.complaint, "/complainant/contacts").iter().map(contact).collect(),
            facts,
        }
    }

    fn needs(&self) -> Vec<String> {
        let mut needs = Vec::new();
        let format = text(self.complaint, "/complainant/format");
        if !["", "standard"].contains(&format) {
            needs.push(format!("Reads letters in {}", lower(format)));
        }
        let vulnerability = joined(list(self.complaint, "/vulnerability"));
        if !vulnerability.is_empty() {
            needs.push(format!("Vulnerable: {}", vulnerability.to_lowercase()));
        }
        needs
    }

    fn facts(&self) -> Vec<(String, String)> {
        let complaint = self.complaint;
        let of = |at: &str| text(complaint, at);
        let sums = list(complaint, "/amounts").iter();
        let amounts = sums.map(|sum| {
            format!("{} {}", money(text(sum, "/currency"), number(sum, "/minor")), lower(text(sum, "/kind")))
        });
        let yes = |at: &str| {
            let said = complaint.pointer(at).and_then(Value::as_bool);
            said.map(|is| if is { "Yes" } else { "No" }).unwrap_or_default().to_owned()
        };
        let paid = list(complaint, "/payments").iter().map(|paid| {
            let sum = money(text(paid, "/currency"), number(paid, "/minor"));
            format!("{sum} on {}", self.civil.date(text(paid, "/paid_at")))
        });
        let mut facts = vec![
            ("Received".to_owned(), self.civil.moment(of("/received_at"))),
            ("How it came in".to_owned(), words(of("/channel"))),
            ("Made on".to_owned(), if of("/made_on").is_empty() { String::new() } else { day(of("/made_on")) }),
            ("Law".to_owned(), words(of("/jurisdiction"))),
            ("Amounts".to_owned(), amounts.collect::<Vec<_>>().join(", ")),
            ("Vulnerability".to_owned(), joined(list(complaint, "/vulnerability"))),
            ("Eligible".to_owned(), yes("/eligible")),
            ("Failed for a vulnerability".to_owned(), yes("/vulnerability_failure")),
            ("Root cause".to_owned(), words(of("/root_cause"))),
            ("Team".to_owned(), self.people.team(of("/team")).to_owned()),
            ("Entity".to_owned(), of("/entity").to_owned()),
            ("Your own id".to_owned(), of("/external_reference").to_owned()),
            ("Referred to".to_owned(), of("/referral/scheme").to_owned()),
            ("Their reference".to_owned(), of("/referral/scheme_reference").to_owned()),
            ("Ombudsman’s outcome".to_owned(), words(of("/adr_outcome/outcome"))),
            ("Paid".to_owned(), paid.collect::<Vec<_>>().join(", ")),
            ("Only for those cleared for".to_owned(), joined(list(complaint, "/sensitivity"))),
            ("Tags".to_owned(), joined_plain(list(complaint, "/tags"))),
        ];
        for (name, value) in complaint.pointer("/custom").and_then(Value::as_object).into_iter().flatten() {
            let declared = self.own.iter().find(|field| field.name.as_str() == name);
            let said = match value {
                Value::String(said) => said.clone(),
                Value::Bool(is) => if *is { "Yes" } else { "No" }.to_owned(),
                other => other.to_string(),
            };
            facts.push((declared.map_or_else(|| words(name), |field| field.label.as_str().to_owned()), said));
        }
        facts.retain(|(_, value)| !value.is_empty());
        facts
    }

    fn answer(&self) -> Option<(String, String, Vec<String>)> {
        let given = ["/resolution", "/proposal"].into_iter().find(|at| has(self.complaint, at))?;
        let of = |at: &str| text(self.complaint, &format!("{given}{at}"));
        let outcome = lower(of("/outcome"));
        let what = if given == "/proposal" {
            format!("Proposed: {outcome}")
        } else {
            format!("{}, {}: {outcome}", words(of("/kind")), self.civil.date(of("/at")))
        };
        let put_right = list(self.complaint, &format!("{given}/redress")).iter().map(redress).collect();
        Some((what, of("/summary").to_owned(), put_right))
    }

    fn file(&self, file: &Value) -> File {
        const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
        let of = |at: &str| text(file, at);
        let tone = match of("/state") {
            "clean" => "good",
            "infected" => "bad",
            "removed" => "quiet",
            _ => "warn",
        };
        let said = match of("/state") {
            "clean" => "No virus found".to_owned(),
            "infected" => "Infected, not given out".to_owned(),
            "removed" => "Deleted".to_owned(),
            other => words(other),
        };
        let is_clean = of("/state") == "clean";
        let who = file.pointer("/added_by").map(|actor| self.people.actor(actor)).unwrap_or_default();
        File {
            id: of("/id").to_owned(),
            name: of("/name").to_owned(),
            about: format!("{}, {who}, {}", size(number(file, "/bytes")), self.civil.date(of("/added_at"))),
            state: (said, tone),
            is_clean,
            has_picture: is_clean && PICTURES.contains(&of("/media_type")),
            more: format!("{}{}", of("/signature"), of("/removed_because")),
        }
    }

    fn letter(&self, letter: &Value) -> Letter {
        let who = letter.pointer("/drafted_by").map(|actor| self.people.actor(actor)).unwrap_or_default();
        Letter {
            id: text(letter, "/id").to_owned(),
            subject: text(letter, "/subject").to_owned(),
            about: format!("{}, drafted by {who}", letter_kind(text(letter, "/kind"))),
            state: self.letter_state(letter),
        }
    }

    fn letter_state(&self, letter: &Value) -> (String, &'static str) {
        match text(letter, "/state") {
            "sent" => (format!("Sent on {}", self.civil.date(text(letter, "/sent_at"))), "good"),
            "approved" => ("Approved".to_owned(), "info"),
            _ => ("Draft".to_owned(), "warn"),
        }
    }

    fn ties(&self) -> Vec<Tie> {
        // What a complaint is called is known of those that are offered as duplicates.
        let known = |id: &str, or: String| {
            let of = list(self.duplicates, "/data").iter().filter_map(|found| found.pointer("/complaint"));
            let found = of.clone().find(|found| text(found, "/id") == id);
            found.map_or(or, |found| text(found, "/reference").to_owned())
        };
        let tie = |id: &str, relation: &str, how: String, or: String| Tie {
            id: id.to_owned(),
            relation: relation.to_owned(),
            how,
            name: known(id, or),
        };
        let links = list(self.complaint, "/links").iter();
        let links = links.map(|link| {
            let (other, relation) = (text(link, "/complaint"), text(link, "/relation"));
            tie(other, relation, words(relation), "Open that complaint".to_owned())
        });
        let parts = list(self.complaint, "/parts").iter().filter_map(Value::as_str).enumerate();
        let parts = parts.map(|(at, part)| tie(part, "", "Split off".to_owned(), format!("Open part {}", at + 1)));
        links.chain(parts).collect()
    }

    fn duplicates(&self) -> Vec<Duplicate> {
        const MOST: usize = 5;
        let linked = |id: &str| list(self.complaint, "/links").iter().any(|link| text(link, "/complaint") == id);
        let offered = list(self.duplicates, "/data").iter().filter(|found| !linked(text(found, "/complaint/id")));
        let shown = offered.take(MOST).map(|found| {
            let of = |at: &str| text(found, at);
            Duplicate {
                id: of("/complaint/id").to_owned(),
                reference: of("/complaint/reference").to_owned(),
                about: format!("{}, {}", of("/complaint/complainant"), self.civil.date(of("/complaint/received_at"))),
                excerpt: of("/complaint/excerpt").chars().take(180).collect(),
                percent: percent(found),
                reasons: joined(list(found, "/reasons")),
                state: (of("/complaint/state").to_owned(), words(of("/complaint/state"))),
            }
        });
        shown.collect()
    }
}

/// A similarity from 0 to 1 in per cent.
fn percent(found: &Value) -> u32 {
    let similarity = found.pointer("/similarity").and_then(Value::as_f64).unwrap_or_default();
    (1..=100).rev().find(|percent| similarity * 100.0 >= f64::from(*percent) - 0.5).unwrap_or_default()
}

fn joined_plain(codes: &[Value]) -> String {
    codes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

fn contact(point: &Value) -> Contact {
    let (kind, value) = (text(point, "/kind"), text(point, "/value"));
    let href = match kind {
        "email" => format!("mailto:{value}"),
        "phone" => format!("tel:{}", value.replace(' ', "")),
        _ => String::new(),
    };
    Contact { kind: words(kind), value: value.to_owned(), href }
}

fn representative(held: &Value) -> Person {
    let facts = [
        ("Is a", lower(text(held, "/kind"))),
        ("Authority", text(held, "/authorisation").to_owned()),
        ("Reference", text(held, "/reference").to_owned()),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value));
    Person {
        name: text(held, "/name").to_owned(),
        contacts: list(held, "/contacts").iter().map(contact).collect(),
        facts: facts.collect(),
    }
}

/// A step of how a clock was counted.
fn step_said(step: &Value, unit: &str, so_far: i64) -> String {
    let (from, to, counted) = (text(step, "/from"), text(step, "/to"), number(step, "/counted"));
    let days = if from == to { day(from) } else { format!("{} to {}", day(from), day(to)) };
    let name = text(step, "/name");
    let numbered = |unit: &str| {
        let (first, last) = (so_far + 1, so_far + counted);
        if counted == 1 { format!("{unit} {first}") } else { format!("{unit}s {first} to {last}") }
    };
    let why = match text(step, "/reason") {
        "counted" => match unit {
            "seconds" => format!("{} h {:02} min", counted / 3_600, counted / 60 % 60),
            "business_days" => numbered("business day"),
            _ => numbered("day"),
        },
        "late_receipt" => "received out of business hours, counts from the next business day".to_owned(),
        "start_day" => "not counted, the day it started".to_owned(),
        "weekend" => "not counted, weekend".to_owned(),
        "holiday" => format!("not counted, {}", if name.is_empty() { "no business" } else { name }),
        "closed_by_firm" => "not counted, closed by the firm".to_owned(),
        "out_of_hours" => "not counted, out of hours".to_owned(),
        "clock_stopped" => "not counted, the clock stood still".to_owned(),
        "maximum" => "the latest day, however long the clock stood still".to_owned(),
        "month_end" => "the last day of its month, which has none of that number".to_owned(),
        "rolled" => "moved on from a day without business".to_owned(),
        other => lower(other),
    };
    format!("{days}: {why}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn clocks_can_be_moved_to_what_is_newer() {
        let clocks = |version: &str| {
            let calendar = json!({"calendar": {"id": "united_kingdom", "version": "2026-11-26"}});
            json!({"data": [{"pack": "gb-ofcom", "version": version, "explanation": calendar},
                {"pack": null, "version": null, "explanation": {}}]})
        };
        let of = |version: &str| newer(&clocks(version), "2026-11-27".parse().unwrap());
        let ids: Vec<_> = of("2018-10-01").into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["gb-ofcom@2026-04-08"]);
        assert_eq!(of("2026-04-08"), []);
    }
}
