//! What can be done with a complaint, as one table: each command with its fields. From it the forms are drawn, and what was typed becomes
//! the JSON that the API takes.

use super::{
    case_json::{list, text},
    case_words::{Civil, minor_units, words},
    own_field,
};
use serde_json::{Map, Value};
use shared::{complaint::MAX_PARTS, identity::role::Clearance, tenant::custom_field::CustomField};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line.
    Line,
    /// A text.
    Text,
    /// Carried along.
    Hidden,
    /// A moment, in civil time.
    Moment,
    /// A day.
    Day,
    /// One of these codes.
    Choice(&'static [&'static str]),
    /// Somebody who works here, or nobody who does.
    Person,
    /// A team.
    Team,
    /// A product of the firm's taxonomy.
    Product,
    /// Something that goes wrong with one.
    Issue,
    /// Yes, no, or not said.
    YesNo,
    /// Labels, with commas.
    Tags,
    /// Any of these codes.
    Checks(&'static [&'static str]),
    /// A sum: becomes `minor` and `currency`.
    Money,
    /// What puts things right: up to [`REDRESS_ROWS`] of it.
    Redress,
    /// How somebody is reached, a line each.
    Contacts,
    /// Another complaint, by its reference or id.
    Complaint,
    /// The firm's own fields.
    Own,
    /// A version of the law's rules or of a calendar: becomes a list of one.
    Version,
}

/// A field of a command.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Where it is in the body: a JSON pointer without its first `/`.
    pub at: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What helps to fill it in; may be empty.
    pub hint: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be filled in.
    pub required: bool,
}

/// When a command is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When the API says that this move is legal.
    Legal(&'static str),
    /// While the complaint needs an answer.
    Open,
    /// After it was resolved, closed, withdrawn or referred.
    Ended,
    /// Whenever it is linked.
    Linked,
    /// When a milestone stands.
    Reached,
    /// For leads, while a clock is under another version of its rules or its calendar than the newest.
    Outdated,
    /// While it needs an answer, is no part of another complaint, and may have more parts.
    Whole,
    /// Always.
    Always,
}

/// Where a command stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// It takes the complaint further.
    Next,
    /// It says something of it.
    Record,
    /// It is needed now and then.
    More,
}

/// A command.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its name in the page's addresses.
    pub id: &'static str,
    /// The command of the API.
    pub command: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What the button says.
    pub button: &'static str,
    /// What is said when it was done.
    pub done: &'static str,
    /// What it does; may be empty.
    pub hint: &'static str,
    /// When it is offered.
    pub when: When,
    /// Where it stands.
    pub group: Group,
    /// Whether it ends the work on a complaint or cannot be undone.
    pub grave: bool,
    /// Whether the form begins with what holds, and only what was changed is sent.
    pub changes: bool,
    /// Whether the form is so long that it is drawn only for whoever asks for it.
    pub long: bool,
    /// What is said in any case.
    pub fixed: &'static [(&'static str, &'static str)],
    /// What is filled in.
    pub fields: &'static [Field],
}

const fn field(at: &'static str, label: &'static str, kind: Kind) -> Field {
    Field { at, label, hint: "", kind, required: false }
}

impl Field {
    const fn must(self) -> Self {
        Self { required: true, ..self }
    }

    const fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// The id of its control in a form.
    #[must_use]
    pub fn id(&self, command: &str) -> String {
        format!("{command}-{}", self.at.replace('/', "-"))
    }
}

const fn command(id: &'static str, label: &'static str, when: When, fields: &'static [Field]) -> Command {
    Command {
        id,
        command: id,
        label,
        button: label,
        done: "Done.",
        hint: "",
        when,
        group: Group::Next,
        grave: false,
        changes: false,
        long: false,
        fixed: &[],
        fields,
    }
}

impl Command {
    const fn says(self, hint: &'static str, done: &'static str) -> Self {
        Self { hint, done, ..self }
    }

    const fn of(self, group: Group) -> Self {
        Self { group, ..self }
    }

    const fn grave(self) -> Self {
        Self { grave: true, ..self }
    }

    /// The command of a name in addresses.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        COMMANDS.iter().find(|command| command.id == id)
    }

    /// Whether it is offered for a complaint as it stands, to a lead or to others.
    #[must_use]
    pub fn is_offered(&self, complaint: &Value, choices: &Choices, leads: bool) -> bool {
        let ended = ["resolved", "closed", "withdrawn", "referred"].contains(&text(complaint, "/state"));
        match self.when {
            When::Legal(made) => list(complaint, "/legal_moves").iter().any(|legal| legal.as_str() == Some(made)),
            When::Open => !ended,
            When::Ended => ended,
            When::Linked => !list(complaint, "/links").is_empty(),
            When::Reached => !list(complaint, "/milestones").is_empty(),
            When::Outdated => leads && !choices.versions.is_empty(),
            When::Whole => {
                let is_part = list(complaint, "/links").iter().any(|link| text(link, "/relation") == "part_of");
                !ended && !is_part && list(complaint, "/parts").len() < MAX_PARTS
            }
            When::Always => true,
        }
    }

    /// The names of all its controls; `own`: what the firm has declared.
    #[must_use]
    pub fn names(&self, own: &[CustomField]) -> Vec<String> {
        self.fields.iter().flat_map(|field| controls(field, own)).collect()
    }

    /// The body, as it was typed.
    ///
    /// # Errors
    /// Each field that does not do, and why.
    pub fn body(
        &self,
        typed: &dyn Fn(&str) -> String,
        civil: Civil,
        own: &[CustomField],
    ) -> Result<Value, Vec<(String, String)>> {
        let (mut body, mut wrong) = (Map::new(), Vec::new());
        for (at, said) in self.fixed {
            put(&mut body, at, Value::from(*said));
        }
        let changed = |field: &Field| raw(field, typed, own) != typed(&was(field.at)).replace("\r\n", "\n");
        let of = |person: &'static str| self.fields.iter().filter(move |field| field.at.starts_with(person));
        // A person is corrected as a whole.
        let persons = PERSONS.map(|person| if of(person).any(changed) { person } else { NOBODY });
        for field in self.fields {
            let with_others = persons.iter().any(|person| field.at.starts_with(person));
            if self.changes && !with_others && !field.required && !changed(field) {
                continue;
            }
            match value(field, typed, civil, own) {
                Ok(Some(Value::Object(members))) if field.kind == Kind::Money => body.extend(members),
                Ok(Some(value)) => put(&mut body, field.at, value),
                Ok(None) if field.required => wrong.push((field.at.to_owned(), "must be filled in".to_owned())),
                Ok(None) if self.changes && is_list(field.kind) => {
                    put(&mut body, field.at, Value::Array(Vec::new()));
                }
                // An entry that was emptied; what a person lacks is left out.
                Ok(None) if field.at.starts_with("set/") && !with_others => put(&mut body, field.at, Value::Null),
                Ok(None) => {}
                Err(why) => wrong.push((field.at.to_owned(), why.to_owned())),
            }
        }
        // Nobody acts for them.
        if persons.contains(&REPRESENTATIVE) && of(REPRESENTATIVE).all(|field| raw(field, typed, own).is_empty()) {
            put(&mut body, REPRESENTATIVE.trim_end_matches('/'), Value::Null);
        }
        if wrong.is_empty() { Ok(Value::Object(body)) } else { Err(wrong) }
    }
}

/// Whoever acts for a complainant.
const REPRESENTATIVE: &str = "set/representative/";
/// Fields that are corrected together.
const PERSONS: [&str; 2] = ["set/complainant/", REPRESENTATIVE];
/// What no field begins with.
const NOBODY: &str = "/";
/// Whether it is a list, and may be emptied.
const fn is_list(kind: Kind) -> bool {
    matches!(kind, Kind::Tags | Kind::Checks(_) | Kind::Contacts)
}
/// What is said of a sum that cannot be read.
pub const NO_AMOUNT: &str = "must be an amount such as 12.50, in a currency such as GBP";
/// How many kinds of redress a form takes.
pub const REDRESS_ROWS: usize = 3;
/// What puts things right.
pub const REDRESS: [&str; 5] = ["refund", "compensation", "goodwill", "apology", "correction"];
/// The members of a row of redress.
pub const REDRESS_MEMBERS: [&str; 4] = ["kind", "amount", "currency", "description"];

/// The name under which a form says what a field held before.
#[must_use]
pub fn was(at: &str) -> String {
    format!("was:{at}")
}

/// The names of a field's controls.
fn controls(field: &Field, own: &[CustomField]) -> Vec<String> {
    let at = field.at;
    match field.kind {
        Kind::Own => own.iter().map(|own| own_field::name(at, own)).collect(),
        // A link to a form says all at once what is checked.
        Kind::Checks(codes) => codes.iter().map(|code| format!("{at}-{code}")).chain([at.to_owned()]).collect(),
        Kind::Money => vec![format!("{at}-amount"), format!("{at}-currency")],
        Kind::Redress => {
            (0..REDRESS_ROWS).flat_map(|row| REDRESS_MEMBERS.map(|member| format!("{at}-{row}-{member}"))).collect()
        }
        _ => vec![at.to_owned()],
    }
}

/// What a field holds, as one text.
fn raw(field: &Field, typed: &dyn Fn(&str) -> String, own: &[CustomField]) -> String {
    match field.kind {
        Kind::Own => own_field::as_one(own, &|own| typed(&own_field::name(field.at, own))),
        Kind::Checks(codes) => {
            let checked = codes.iter().filter(|code| !typed(&format!("{}-{code}", field.at)).is_empty());
            checked.copied().collect::<Vec<_>>().join(",")
        }
        // Browsers send lines with both signs.
        _ => typed(field.at).replace("\r\n", "\n"),
    }
}

fn put(body: &mut Map<String, Value>, at: &str, value: Value) {
    let Some((first, rest)) = at.split_once('/') else {
        body.insert(at.to_owned(), value);
        return;
    };
    let empty = || Value::Object(Map::new());
    // In a list: `parts/0/description`.
    let in_list = rest.split_once('/').and_then(|(nth, rest)| Some((nth.parse::<usize>().ok()?, rest)));
    let new = if in_list.is_some() { Value::Array(Vec::new()) } else { empty() };
    match (body.entry(first).or_insert(new), in_list) {
        (Value::Object(inner), _) => put(inner, rest, value),
        (Value::Array(items), Some((nth, rest))) => {
            // What was left out in between lacks all that it must have.
            items.resize(items.len().max(nth + 1), empty());
            if let Some(Value::Object(inner)) = items.get_mut(nth) {
                put(inner, rest, value);
            }
        }
        _ => {}
    }
}

fn value(
    field: &Field,
    typed: &dyn Fn(&str) -> String,
    civil: Civil,
    own: &[CustomField],
) -> Result<Option<Value>, &'static str> {
    let raw = raw(field, typed, own);
    let said = raw.trim();
    if field.kind == Kind::Own {
        return Ok(Some(own_field::said(own, field.at, typed)));
    }
    if field.kind == Kind::Redress {
        return rows(field.at, typed);
    }
    if field.kind == Kind::Money {
        let part = |name| typed(&format!("{}-{name}", field.at));
        return sum(&part("amount"), &part("currency")).map(|sum| sum.map(Value::Object));
    }
    if said.is_empty() {
        return Ok(None);
    }
    Ok(Some(match field.kind {
        Kind::Moment => {
            let at = civil.meant(said).ok_or("must be a day and a time, such as 2026-11-27 10:04")?;
            Value::from(at.to_string())
        }
        Kind::YesNo => Value::Bool(said == "yes"),
        Kind::Tags | Kind::Checks(_) => said.split([',', ' ']).filter(|tag| !tag.is_empty()).map(Value::from).collect(),
        Kind::Version => {
            let (id, version) = said.split_once('@').ok_or("must be one of those that are offered")?;
            Value::Array(vec![object([("id", id.into()), ("version", version.into())])])
        }
        Kind::Contacts => said.lines().filter(|line| !line.trim().is_empty()).map(contact).collect::<Result<_, _>>()?,
        _ => Value::from(said),
    }))
}

/// `email: anna@example.com`
fn contact(line: &str) -> Result<Value, &'static str> {
    let (kind, value) = line.split_once(':').ok_or("must be lines such as “email: anna@example.com”")?;
    Ok(object([("kind", kind.trim().to_lowercase().into()), ("value", value.trim().into())]))
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn sum(amount: &str, currency: &str) -> Result<Option<Map<String, Value>>, &'static str> {
    if amount.trim().is_empty() {
        return Ok(None);
    }
    let currency = currency.trim().to_uppercase();
    let minor = minor_units(&currency, amount).ok_or(NO_AMOUNT)?;
    Ok(Some(Map::from_iter([("minor".to_owned(), minor.into()), ("currency".to_owned(), currency.into())])))
}

fn rows(at: &str, typed: &dyn Fn(&str) -> String) -> Result<Option<Value>, &'static str> {
    let mut rows = Vec::new();
    for row in 0..REDRESS_ROWS {
        let part = |name: &str| typed(&format!("{at}-{row}-{name}"));
        let (kind, description) = (part("kind"), part("description"));
        let sum = sum(&part("amount"), &part("currency"))?;
        if kind.is_empty() {
            if sum.is_some() || !description.trim().is_empty() {
                return Err("must say of each what it is");
            }
            continue;
        }
        let mut item = sum.unwrap_or_default();
        item.insert("kind".to_owned(), kind.into());
        if !description.trim().is_empty() {
            item.insert("description".to_owned(), description.trim().into());
        }
        rows.push(Value::Object(item));
    }
    Ok(if rows.is_empty() { None } else { Some(Value::Array(rows)) })
}

const CHANNELS: &[&str] = &["phone", "email", "letter", "branch", "social", "web", "api"];
const OUTCOMES: &[&str] = &["upheld", "partly_upheld", "rejected"];
const MILESTONES: &[&str] = &[
    "holding_response",
    "adr_letter",
    "deadlock",
    "accepted_in_writing",
    "forwarded",
    "in_progress",
    "clock_stopped",
    "clock_resumed",
    "claim_reported",
    "claim_decided",
    "sent_to_firm",
];
const SEVERITIES: &[&str] = &["low", "medium", "high", "critical"];
/// What makes somebody vulnerable, in the order of forms.
const DRIVERS: &[&str] = &["health", "life_event", "resilience", "capability"];
const RELATIONS: &[&str] = &["duplicate_of", "part_of"];
const SENT_AT: Field = field("sent_at", "When it was sent", Kind::Moment).hint("Leave it empty if that is now.");
const OUTCOME: Field = field("outcome", "Outcome", Kind::Choice(OUTCOMES)).must();
const PUT_RIGHT: Field = field("redress", "Redress", Kind::Redress);
const REASON: Field = field("reason", "Why", Kind::Text).must();

/// What can be said of matters that are split off, and of what remains.
macro_rules! matters {
    ($($at:literal $name:literal $required:literal,)*) => {
        &[
            REASON,
            $(Field {
                required: $required,
                ..field(concat!("parts/", $at, "/description"), concat!($name, ", in the consumer’s own words"), Kind::Text)
            },
            field(concat!("parts/", $at, "/desired_outcome"), concat!($name, ": what they want"), Kind::Line),
            field(concat!("parts/", $at, "/product"), concat!($name, ": product"), Kind::Product),
            field(concat!("parts/", $at, "/issue"), concat!($name, ": what went wrong"), Kind::Issue),
            field(concat!("parts/", $at, "/severity"), concat!($name, ": severity"), Kind::Choice(SEVERITIES))
                .hint("If it is not as bad as the complaint."),
            field(concat!("parts/", $at, "/tags"), concat!($name, ": tags"), Kind::Tags).hint("With commas between."),)*
            field("remains/product", "What remains: product", Kind::Product).hint("If that is another one now."),
            field("remains/issue", "What remains: what went wrong", Kind::Issue),
        ]
    };
}

/// Every command, in the order in which they are offered.
pub const COMMANDS: &[Command] = &[
    command("acknowledge", "Acknowledge", When::Legal("acknowledge"), &[SENT_AT]).says(
        "Records that the complainant was told that you have the complaint. An acknowledgement that is sent as a letter records it itself.",
        "Acknowledged.",
    ),
    command("investigate", "Investigate", When::Legal("investigate"), &[]).says("Starts or resumes the work.", "Investigation started."),
    command(
        "assign",
        "Assign",
        When::Open,
        &[field("assignee", "To whom", Kind::Person).must(), field("team", "Team", Kind::Team)],
    )
    .says("", "Assigned."),
    command(
        "request-information",
        "Ask the complainant",
        When::Legal("request-information"),
        &[
            field("question", "Question", Kind::Text).must(),
            field("due", "Answer hoped for by", Kind::Moment),
        ],
    )
    .says("No clock of the law stops for that.", "The question is recorded."),
    command(
        "propose-response",
        "Propose an answer",
        When::Legal("propose-response"),
        &[OUTCOME, field("summary", "Reasons", Kind::Text).hint("What the final response will say.").must(), PUT_RIGHT],
    )
    .says("Afterwards the final response is drafted as a letter, and sending that resolves the complaint.", "The answer is proposed."),
    Command {
        command: "resolve",
        fixed: &[("kind", "final_response")],
        ..command(
            "resolve",
            "Resolve",
            When::Legal("resolve"),
            &[OUTCOME, field("summary", "What was answered", Kind::Text).must(), PUT_RIGHT, SENT_AT],
        )
    }
    .says("Only for a final response that was sent elsewhere. One that is sent as a letter from here resolves the complaint itself.", "Resolved.")
    .grave(),
    Command {
        command: "resolve",
        fixed: &[("kind", "summary_resolution")],
        ..command(
            "resolve-summarily",
            "Resolve summarily",
            When::Legal("resolve:summary_resolution"),
            &[OUTCOME, field("summary", "What was agreed", Kind::Text).must(), PUT_RIGHT, SENT_AT],
        )
    }
    .says("Settled with the complainant’s acceptance, by the third business day (FCA DISP 1.5).", "Resolved.")
    .grave(),
    command("close", "Close", When::Legal("close"), &[field("reason", "Why", Kind::Text)]).says("Files it.", "Closed.").grave(),
    command("reopen", "Reopen", When::Legal("reopen"), &[REASON]).says("Takes it up again.", "Reopened."),
    command("note", "Note", When::Always, &[field("text", "Note", Kind::Text).hint("@name speaks to a colleague.").must()])
        .says("For colleagues alone; no complainant sees it.", "The note is added.")
        .of(Group::Record),
    command(
        "contact",
        "Contact",
        When::Always,
        &[
            field("direction", "Which way", Kind::Choice(&["in", "out"])).must(),
            field("channel", "How", Kind::Choice(CHANNELS)).must(),
            field("summary", "What was said", Kind::Text).must(),
            field("occurred_at", "When", Kind::Moment).hint("Leave it empty if that is now."),
        ],
    )
    .says("A call, a mail, a visit: what was said with the complainant.", "The contact is recorded.")
    .of(Group::Record),
    Command {
        changes: true,
        ..command(
            "classify",
            "Classify",
            When::Always,
            &[
                field("product", "Product", Kind::Product),
                field("issue", "What went wrong", Kind::Issue),
                field("severity", "Severity", Kind::Choice(SEVERITIES)),
                field("vulnerability", "What makes them vulnerable", Kind::Checks(DRIVERS)),
                field("tags", "Tags", Kind::Tags).hint("With commas between."),
                field("root_cause", "Root cause", Kind::Line).hint("A code, such as card_dispute_backlog."),
                field("eligible", "Eligible complainant", Kind::YesNo),
                field("vulnerability_failure", "The firm failed them because of their vulnerability", Kind::YesNo),
            ],
        )
    }
    .says("Clocks follow what it is about.", "Classified.")
    .of(Group::Record),
    command(
        "milestone",
        "Milestone",
        When::Always,
        &[
            field("milestone", "What", Kind::Choice(MILESTONES)).must(),
            field("occurred_at", "When", Kind::Moment).hint("Leave it empty if that is now."),
            field("reason", "Why the clock stands still", Kind::Line).hint("Only with “Clock stopped”: the code of the rule."),
            field("to", "Forwarded to", Kind::Line).hint("Only with “Forwarded”."),
            field("note", "Details", Kind::Text),
        ],
    )
    .says("Something that clocks wait for and that no letter of yours has recorded.", "Recorded.")
    .of(Group::Record),
    command(
        "pay-redress",
        "Redress paid",
        When::Ended,
        &[
            field("payment", "Sum", Kind::Money).must(),
            field("kind", "For", Kind::Choice(&["refund", "compensation", "goodwill"])),
            field("paid_at", "When", Kind::Moment).must(),
            field("reference", "Payment reference", Kind::Line),
            field("note", "Note", Kind::Line),
        ],
    )
    .says("Records a payment that was made; it pays nothing.", "The payment is recorded.")
    .of(Group::Record),
    command(
        "link",
        "Link",
        When::Always,
        &[
            field("relation", "This complaint is", Kind::Choice(RELATIONS)).must(),
            field("complaint", "Which", Kind::Complaint).hint("Its reference.").must(),
        ],
    )
    .says("", "Linked.")
    .of(Group::More),
    command(
        "unlink",
        "Unlink",
        When::Linked,
        &[
            field("relation", "This complaint was", Kind::Choice(RELATIONS)).must(),
            field("complaint", "Which", Kind::Complaint).hint("Its reference.").must(),
            REASON,
        ],
    )
    .says("", "The link is undone.")
    .of(Group::More),
    Command {
        changes: true,
        ..command(
            "correct",
            "Correct",
            When::Always,
            &[
                field("reason", "Why", Kind::Text).hint("What was wrong, and how you know.").must(),
                field("set/description", "Description", Kind::Text),
                field("set/desired_outcome", "What they want", Kind::Text),
                field("set/received_at", "Received", Kind::Moment).hint("Clocks are counted anew."),
                field("set/made_on", "Made on", Kind::Day),
                field("set/channel", "How it came in", Kind::Choice(CHANNELS)),
                field(
                    "set/jurisdiction",
                    "Law",
                    Kind::Choice(&["england_and_wales", "scotland", "northern_ireland", "ireland", "us", "eu"]),
                ),
                field("set/external_reference", "Your own id for it", Kind::Line),
                field("set/entity", "Entity", Kind::Line),
                field("set/complainant/name", "Complainant", Kind::Line),
                field("set/complainant/customer_id", "Customer number", Kind::Line),
                field("set/complainant/contacts", "How they are reached", Kind::Contacts)
                    .hint("A line each: “email: …”, “phone: …”, “post: …” or “social: …”."),
                field("set/complainant/language", "Language", Kind::Line).hint("A tag such as en-GB or cy."),
                field(
                    "set/complainant/format",
                    "How they read letters",
                    Kind::Choice(&["standard", "large_print", "easy_read", "braille", "audio"]),
                ),
                field("set/representative/name", "Represented by", Kind::Line)
                    .hint("Empty all that is said of them if nobody acts for the complainant."),
                field(
                    "set/representative/kind",
                    "What they are",
                    Kind::Choice(&["claims_management_company", "solicitor", "family", "charity", "other"]),
                ),
                field("set/representative/contacts", "How the representative is reached", Kind::Contacts)
                    .hint("A line each, as above."),
                field("set/representative/authorisation", "Number with their regulator", Kind::Line),
                field("set/representative/reference", "Their reference", Kind::Line),
                field("set/custom", "Your own fields", Kind::Own),
            ],
        )
    }
    .says("Puts wrong entries right. What they were stays on file. Change only what was wrong.", "Corrected.")
    .of(Group::More),
    Command {
        changes: true,
        ..command(
            "label",
            "Who may see it",
            When::Always,
            &[field("sensitivity", "It is about or from", Kind::Checks(Clearance::NAMES))],
        )
    }
    .says(
        "Then those alone see it who are cleared for all that is checked: if you are not, you will not see it either. With nothing checked everybody sees it.",
        "Set.",
    )
    .of(Group::More),
    command(
        "retract-milestone",
        "Take back a milestone",
        When::Reached,
        &[
            field("milestone", "What", Kind::Choice(MILESTONES)).must(),
            field("occurred_at", "When it was recorded to have been", Kind::Hidden),
            REASON,
        ],
    )
    .says("For one that was recorded in error: to clocks it never was.", "Taken back.")
    .of(Group::More),
    command(
        "refer",
        "Refer",
        When::Legal("refer"),
        &[
            field("scheme", "Ombudsman or scheme", Kind::Line).must(),
            field("scheme_reference", "Their reference", Kind::Line),
            field("reason", "Why", Kind::Text),
        ],
    )
    .says("It went to an ombudsman or another scheme.", "Referred.")
    .of(Group::More)
    .grave(),
    command(
        "record-adr-outcome",
        "Ombudsman’s outcome",
        When::Ended,
        &[
            field("scheme", "Ombudsman or scheme", Kind::Line).must(),
            field(
                "outcome",
                "Outcome",
                Kind::Choice(&["upheld", "partly_upheld", "not_upheld", "withdrawn", "settled", "out_of_jurisdiction"]),
            )
            .must(),
            field("decided_at", "When", Kind::Moment).must(),
            field("reference", "Their reference", Kind::Line),
            PUT_RIGHT,
        ],
    )
    .says("", "The outcome is recorded.")
    .of(Group::More),
    command("withdraw", "Withdraw", When::Legal("withdraw"), &[REASON])
        .says("The complainant takes it back.", "Withdrawn.")
        .of(Group::More)
        .grave(),
    command(
        "move-clocks",
        "Move clocks",
        When::Outdated,
        &[field("versions", "To what", Kind::Version).must(), REASON],
    )
    .says(
        "Its clocks are counted by that version from then on, whatever was in force when they started. Dates may change at once.",
        "The clocks are moved.",
    )
    .of(Group::More)
    .grave(),
    Command {
        long: true,
        ..command("split", "Split", When::Whole, matters!("0" "Part 1" true, "1" "Part 2" false, "2" "Part 3" false,))
    }
    .says(
        "A matter that needs an answer of its own becomes a complaint with clocks of its own, of the same person and the same day. Leave the parts empty that you do not need.",
        "Split. The parts are under “Other complaints”.",
    )
    .of(Group::More),
    command("rejoin", "Rejoin", When::Legal("rejoin"), &[REASON])
        .says("Takes this part back into the complaint it was split off from, and ends it.", "Taken back.")
        .of(Group::More)
        .grave(),
];

/// What can be chosen.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// People, by id and name.
    pub people: Vec<(String, String)>,
    /// Teams, by id and name.
    pub teams: Vec<(String, String)>,
    /// Products, by code and name.
    pub products: Vec<(String, String)>,
    /// What goes wrong with them, by code and name.
    pub issues: Vec<(String, String)>,
    /// The currency that is likely.
    pub currency: &'static str,
    /// What the firm has declared.
    pub own: Vec<CustomField>,
    /// The versions of rules and calendars that clocks can be moved to, as `<id>@<version>` and by name.
    pub versions: Vec<(String, String)>,
}

/// How a control is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// `<input>` of this type.
    Input(&'static str),
    /// `<textarea>`
    Text,
    /// `<select>` of codes and names.
    Select(Vec<(String, String)>),
    /// A checkbox.
    Check,
}

/// A control of a form.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What helps; may be empty.
    pub hint: &'static str,
    /// Whether it must be filled in.
    pub required: bool,
    /// What it holds.
    pub value: String,
    /// What is wrong with it; may be empty.
    pub wrong: String,
    /// How it is drawn.
    pub control: Control,
}

/// A field as its controls.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// What several controls have in common; empty for one alone.
    pub legend: &'static str,
    /// What is wrong with them together; may be empty.
    pub wrong: String,
    /// The controls.
    pub inputs: Vec<Input>,
    /// What the field held, if the form says so: name and value.
    pub was: Option<(String, String)>,
}

/// A form.
#[derive(Clone, Debug)]
pub struct Form {
    /// What it is for.
    pub command: &'static Command,
    /// Whether it is open.
    pub open: bool,
    /// What was wrong and is of no field.
    pub errors: Vec<String>,
    /// The controls.
    pub fields: Vec<Drawn>,
}

/// What a form begins with.
#[derive(Clone, Debug, Default)]
pub struct Begun {
    /// What was typed, or is proposed: by name. Empty: nothing was.
    pub typed: Vec<(String, String)>,
    /// What is wrong: by field, or by none.
    pub wrong: Vec<(String, String)>,
}

impl Form {
    /// A form of a complaint; `begun` if somebody has begun to fill it in.
    #[must_use]
    pub fn new(
        command: &'static Command,
        complaint: &Value,
        choices: &Choices,
        civil: Civil,
        begun: Option<&Begun>,
    ) -> Self {
        let none = Begun::default();
        let filled = begun.unwrap_or(&none);
        let draw = |field| draw(command, field, complaint, choices, civil, begun);
        let fields: Vec<Drawn> =
            if command.long && begun.is_none() { Vec::new() } else { command.fields.iter().map(draw).collect() };
        let of_none = |(at, _): &&(String, String)| !command.fields.iter().any(|field| is_at(at, field.at));
        let said =
            |(at, why): &(String, String)| if at.is_empty() { sentence(why) } else { format!("{}: {why}", words(at)) };
        let errors = filled.wrong.iter().filter(of_none).map(said).collect();
        Self { command, open: begun.is_some(), errors, fields }
    }
}

fn sentence(why: &str) -> String {
    let mut why = words_of(why);
    if !why.ends_with(['.', '!', '?']) {
        why.push('.');
    }
    why
}

fn words_of(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// Whether what is wrong at `at` is of the field at `field`, or of something in it.
fn is_at(at: &str, field: &str) -> bool {
    at == field
        || at.strip_prefix(field).is_some_and(|rest| rest.starts_with('/'))
        || (field == "payment" && ["minor", "currency"].contains(&at))
}

fn draw(
    command: &'static Command,
    field: &'static Field,
    complaint: &Value,
    choices: &Choices,
    civil: Civil,
    begun: Option<&Begun>,
) -> Drawn {
    // An assignment names the team anew.
    let begins = command.changes || matches!(field.kind, Kind::Person | Kind::Team);
    let held = if begins { held(field, complaint, civil, &choices.own) } else { String::new() };
    let sent = |name: &str| {
        let sent = begun.and_then(|begun| begun.typed.iter().find(|(held, _)| held == name));
        sent.map(|(_, value)| value.clone())
    };
    // What somebody has left as it was follows whoever has changed it in between.
    let said = || raw(field, &|name| sent(name).unwrap_or_default(), &choices.own);
    let left = sent(&was(field.at)).is_some_and(|was| was.replace("\r\n", "\n") == said());
    let typed = |name: &str| sent(name).filter(|_| !(command.changes && left));
    let wrong_at = |is_it: &dyn Fn(&str) -> bool| {
        let found = begun.and_then(|begun| begun.wrong.iter().find(|(at, _)| is_it(at)));
        found.map(|(_, why)| sentence(why)).unwrap_or_default()
    };
    let wrong = wrong_at(&|at| is_at(at, field.at));
    let id = field.id(command.id);
    let one = |name: String, label: &str, value: String, control: Control| Input {
        id: format!("{}-{}", command.id, name.replace('/', "-")),
        value: typed(&name).unwrap_or(value),
        name,
        label: label.to_owned(),
        hint: "",
        required: false,
        wrong: String::new(),
        control,
    };
    let inputs: Vec<Input> = match field.kind {
        Kind::Own => {
            let held = |own: &CustomField, name: &str| typed(name).unwrap_or_else(|| own_field::typed(own, complaint));
            let inputs = own_field::inputs(&choices.own, field.at, &held, &|name| wrong_at(&|at| at == name));
            // What a new complaint must have may be missing in one that came otherwise.
            inputs.into_iter().map(|input| Input { required: false, ..input }).collect()
        }
        Kind::Checks(codes) => {
            let checked = typed(field.at).unwrap_or_else(|| held.clone());
            let is = |code: &str| if checked.split(',').any(|checked| checked == code) { "yes" } else { "" }.to_owned();
            let draw = |code: &&str| one(format!("{}-{code}", field.at), &words(code), is(code), Control::Check);
            codes.iter().map(draw).collect()
        }
        Kind::Money => vec![
            one(format!("{}-amount", field.at), "Amount", String::new(), Control::Input("text")),
            one(format!("{}-currency", field.at), "Currency", choices.currency.to_owned(), Control::Input("text")),
        ],
        Kind::Redress => (0..REDRESS_ROWS)
            .flat_map(|row| {
                let name = |member: &str| format!("{}-{row}-{member}", field.at);
                [
                    one(
                        name("kind"),
                        &format!("Redress {}", row + 1),
                        String::new(),
                        Control::Select(options(&REDRESS, "None")),
                    ),
                    one(name("amount"), "Amount", String::new(), Control::Input("text")),
                    one(name("currency"), "Currency", choices.currency.to_owned(), Control::Input("text")),
                    one(name("description"), "What it is", String::new(), Control::Input("text")),
                ]
            })
            .collect(),
        kind => {
            let mut input = one(field.at.to_owned(), field.label, held.clone(), control(kind, choices, field.required));
            (input.id, input.hint, input.required) = (id, field.hint, field.required);
            input.wrong.clone_from(&wrong);
            vec![input]
        }
    };
    let several = matches!(field.kind, Kind::Checks(_) | Kind::Money | Kind::Redress);
    Drawn {
        legend: if several { field.label } else { "" },
        wrong: if several { wrong } else { String::new() },
        inputs,
        was: (command.changes && !field.required).then(|| (was(field.at), held)),
    }
}

fn options(codes: &[&str], none: &str) -> Vec<(String, String)> {
    let first = [(String::new(), none.to_owned())];
    first.into_iter().chain(codes.iter().map(|code| ((*code).to_owned(), words(code)))).collect()
}

fn control(kind: Kind, choices: &Choices, required: bool) -> Control {
    let none = if required { "Choose" } else { "Not said" };
    let with_none = |all: &[(String, String)]| {
        let first = [(String::new(), none.to_owned())];
        Control::Select(first.into_iter().chain(all.iter().cloned()).collect())
    };
    match kind {
        Kind::Text | Kind::Contacts => Control::Text,
        Kind::Moment => Control::Input("datetime-local"),
        Kind::Day => Control::Input("date"),
        Kind::Hidden => Control::Input("hidden"),
        Kind::Choice(codes) => Control::Select(options(codes, none)),
        // Where nobody is known by name, an assignee is typed as other systems call them.
        Kind::Person if choices.people.is_empty() => Control::Input("text"),
        Kind::Person => with_none(&choices.people),
        Kind::Team => with_none(&choices.teams),
        Kind::Product => with_none(&choices.products),
        Kind::Issue => with_none(&choices.issues),
        Kind::Version => with_none(&choices.versions),
        Kind::YesNo => Control::Select(options(&["yes", "no"], none)),
        _ => Control::Input("text"),
    }
}

/// What a field holds now, as it would be typed.
fn held(field: &Field, complaint: &Value, civil: Civil, own: &[CustomField]) -> String {
    if field.kind == Kind::Own {
        return own_field::as_one(own, &|own| own_field::typed(own, complaint));
    }
    let at = format!("/{}", field.at.strip_prefix("set/").unwrap_or(field.at));
    let found = complaint.pointer(&at).unwrap_or(&Value::Null);
    match (field.kind, found) {
        (Kind::Moment, Value::String(at)) => civil.typed(at),
        (Kind::YesNo, Value::Bool(is)) => if *is { "yes" } else { "no" }.to_owned(),
        (Kind::Contacts, Value::Array(contacts)) => {
            let line = |contact: &Value| format!("{}: {}", text(contact, "/kind"), text(contact, "/value"));
            contacts.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        // In their own order, as a form that is not touched has them.
        (Kind::Checks(codes), Value::Array(held)) => {
            let is_held = |code: &&&str| held.iter().any(|held| held.as_str() == Some(**code));
            codes.iter().filter(is_held).copied().collect::<Vec<_>>().join(",")
        }
        (_, Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        (_, Value::String(held)) => held.clone(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn civil() -> Civil {
        Civil::of("Europe/London", "2026-11-27T12:00:00Z".parse().unwrap())
    }

    fn own() -> Vec<CustomField> {
        let declared = json!([{"name": "branch", "label": "Branch", "type": "text", "required": true},
            {"name": "visits", "label": "Visits", "type": "integer"}]);
        serde_json::from_value(declared).unwrap()
    }

    fn body(id: &str, typed: &[(&str, &str)]) -> Result<Value, Vec<(String, String)>> {
        let get = |name: &str| {
            let found = typed.iter().find(|(held, _)| *held == name);
            found.map_or_else(String::new, |(_, value)| (*value).to_owned())
        };
        Command::named(id).unwrap().body(&get, civil(), &own())
    }

    #[test]
    fn names_are_unique() {
        let ids: BTreeSet<_> = COMMANDS.iter().map(|command| command.id).collect();
        assert_eq!(ids.len(), COMMANDS.len());
        for command in COMMANDS {
            let fields: BTreeSet<_> = command.fields.iter().map(|field| field.at).collect();
            assert_eq!(fields.len(), command.fields.len(), "{}", command.id);
        }
    }

    #[test]
    fn what_is_typed_becomes_what_the_api_takes() {
        assert_eq!(body("note", &[("text", " Call @ben ")]).unwrap(), json!({"text": "Call @ben"}));
        assert_eq!(body("acknowledge", &[]).unwrap(), json!({}));
        let typed = [
            ("outcome", "upheld"),
            ("summary", "We were wrong."),
            ("redress-0-kind", "refund"),
            ("redress-0-amount", "200"),
            ("redress-0-currency", "gbp"),
            ("redress-1-kind", "apology"),
            ("redress-1-currency", "GBP"),
            ("sent_at", "2026-11-27T10:04"),
        ];
        assert_eq!(
            body("resolve", &typed).unwrap(),
            json!({"kind": "final_response", "outcome": "upheld", "summary": "We were wrong.",
                "redress": [{"kind": "refund", "minor": 20_000, "currency": "GBP"}, {"kind": "apology"}],
                "sent_at": "2026-11-27T10:04:00.000Z"})
        );
        let paid = [("payment-amount", "1.5"), ("payment-currency", "EUR"), ("paid_at", "2026-11-27T10:04")];
        assert_eq!(
            body("pay-redress", &paid).unwrap(),
            json!({"minor": 150, "currency": "EUR", "paid_at": "2026-11-27T10:04:00.000Z"})
        );
    }

    #[test]
    fn what_does_not_do_is_said_of_its_field() {
        let wrong = body("contact", &[("direction", "in"), ("channel", "phone"), ("occurred_at", "soon")]).unwrap_err();
        assert_eq!(wrong.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(), ["summary", "occurred_at"]);
        let wrong = body("propose-response", &[("outcome", "upheld"), ("summary", "x"), ("redress-0-amount", "5")]);
        assert_eq!(wrong.unwrap_err()[0].0, "redress");
    }

    #[test]
    fn a_change_sends_what_was_changed() {
        let typed = [
            ("was:product", "card"),
            ("product", "card"),
            ("was:severity", "low"),
            ("severity", "high"),
            ("was:vulnerability", "health"),
            ("was:tags", "a, b"),
            ("tags", "a, b"),
        ];
        assert_eq!(body("classify", &typed).unwrap(), json!({"severity": "high", "vulnerability": []}));
        let typed = [
            ("reason", "Typed wrong"),
            ("was:set/description", "One\nTwo"),
            ("set/description", "One\r\nTwo"),
            ("was:set/complainant/name", "Ann"),
            ("set/complainant/name", "Anna"),
            ("was:set/complainant/contacts", "email: a@b.example"),
            ("set/complainant/contacts", "email: a@b.example"),
        ];
        assert_eq!(
            body("correct", &typed).unwrap(),
            json!({"reason": "Typed wrong", "set": {"complainant": {"name": "Anna",
                "contacts": [{"kind": "email", "value": "a@b.example"}]}}})
        );
    }

    #[test]
    fn matters_are_split_off_in_their_order() {
        let typed = [
            ("reason", "Two matters"),
            ("parts/0/description", "The fee."),
            ("parts/0/tags", "fees, late"),
            ("parts/2/product", "card"),
            ("remains/product", "mortgage"),
        ];
        assert_eq!(
            body("split", &typed).unwrap(),
            json!({"reason": "Two matters", "remains": {"product": "mortgage"},
                "parts": [{"description": "The fee.", "tags": ["fees", "late"]}, {}, {"product": "card"}]})
        );
        assert_eq!(body("split", &[("reason", "x")]).unwrap_err()[0].0, "parts/0/description");
    }

    #[test]
    fn a_part_is_not_split() {
        let split = Command::named("split").unwrap();
        let offered = |complaint: Value| split.is_offered(&complaint, &Choices::default(), false);
        assert!(offered(json!({"state": "investigating", "links": [{"relation": "duplicate_of"}]})));
        assert!(!offered(json!({"state": "investigating", "links": [{"relation": "part_of"}]})));
        assert!(!offered(json!({"state": "closed"})));
        assert!(!offered(json!({"state": "received", "parts": vec!["p"; MAX_PARTS]})));
        let drawn =
            |begun: Option<&Begun>| Form::new(split, &json!({}), &Choices::default(), civil(), begun).fields.len();
        assert_eq!(drawn(None), 0, "it is long");
        assert_eq!(drawn(Some(&Begun::default())), split.fields.len());
    }

    #[test]
    fn clocks_are_moved_by_leads_where_there_is_a_newer_version() {
        let moves = Command::named("move-clocks").unwrap();
        let versions = vec![("gb-ofcom@2026-04-08".to_owned(), "Ofcom".to_owned())];
        let newer = Choices { versions, ..Choices::default() };
        let offered = [(&newer, true), (&newer, false), (&Choices::default(), true)];
        let offered = offered.map(|(choices, leads)| moves.is_offered(&json!({}), choices, leads));
        assert_eq!(offered, [true, false, false]);
        assert_eq!(
            body("move-clocks", &[("reason", "x"), ("versions", "gb-ofcom@2026-04-08")]).unwrap(),
            json!({"reason": "x", "versions": [{"id": "gb-ofcom", "version": "2026-04-08"}]})
        );
    }

    #[test]
    fn whoever_acts_for_them_is_corrected_as_a_whole() {
        let typed = [
            ("reason", "x"),
            ("was:set/representative/name", "Kwame"),
            ("set/representative/name", "Kwame Osei"),
            ("was:set/representative/kind", "family"),
            ("set/representative/kind", "family"),
        ];
        assert_eq!(
            body("correct", &typed).unwrap(),
            json!({"reason": "x", "set": {"representative": {"name": "Kwame Osei", "kind": "family", "contacts": []}}})
        );
        let typed = [("reason", "x"), ("was:set/representative/name", "Kwame"), ("was:set/made_on", "2026-11-18")];
        assert_eq!(
            body("correct", &typed).unwrap(),
            json!({"reason": "x", "set": {"representative": null, "made_on": null}})
        );
    }

    #[test]
    fn the_firms_own_fields_are_corrected_together() {
        let typed = [
            ("reason", "x"),
            ("was:set/custom", "branch=Leeds\r\nvisits=3"),
            ("set/custom/branch", "Leeds"),
            ("set/custom/visits", "4"),
        ];
        assert_eq!(
            body("correct", &typed).unwrap(),
            json!({"reason": "x", "set": {"custom": {"branch": "Leeds", "visits": 4}}})
        );
    }

    #[test]
    fn a_link_to_a_form_says_what_is_checked() {
        let complaint = json!({"sensitivity": ["staff", "vip"]});
        let label = Command::named("label").unwrap();
        let drawn = |typed: &[(&str, &str)]| {
            let typed = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let begun = Begun { typed, wrong: Vec::new() };
            let form = Form::new(label, &complaint, &Choices::default(), civil(), Some(&begun));
            let checked = form.fields.iter().flat_map(|field| &field.inputs).filter(|input| !input.value.is_empty());
            checked.map(|input| input.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(drawn(&[]), ["sensitivity-staff", "sensitivity-vip"]);
        assert_eq!(drawn(&[("sensitivity", "bereaved")]), ["sensitivity-bereaved"]);
        assert_eq!(drawn(&[("sensitivity", "")]), Vec::<String>::new());
        assert_eq!(body("label", &[("was:sensitivity", "staff,vip")]).unwrap(), json!({"sensitivity": []}));
    }

    #[test]
    fn after_a_conflict_what_was_left_alone_is_as_it_is_now() {
        let complaint = json!({"severity": "critical", "tags": ["new"], "vulnerability": ["health"]});
        let typed = [
            ("was:severity", "low"),
            ("severity", "low"),
            ("was:tags", ""),
            ("tags", "mine"),
            ("was:vulnerability", ""),
        ];
        let typed = typed.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let begun = Begun { typed, wrong: Vec::new() };
        let form =
            Form::new(Command::named("classify").unwrap(), &complaint, &Choices::default(), civil(), Some(&begun));
        let of = |name: &str| {
            let found = form.fields.iter().flat_map(|field| &field.inputs).find(|input| input.name == name);
            found.map(|input| input.value.clone()).unwrap()
        };
        assert_eq!([of("severity"), of("tags"), of("vulnerability-health")], ["critical", "mine", "yes"]);
    }

    #[test]
    fn a_form_that_is_not_touched_changes_nothing() {
        let complaint = json!({"description": "It’s wrong.\nVery.", "received_at": "2026-11-20T09:04:30.123Z", "channel": "web",
            "complainant": {"name": "Ann", "format": "braille", "contacts": [{"kind": "email", "value": "a@b.example"}]},
            "representative": {"name": "Bob", "kind": "family", "contacts": [{"kind": "phone", "value": "1"}]},
            "custom": {"branch": "Leeds\nCity", "visits": 3},
            "tags": ["b", "a"], "vulnerability": ["capability", "health"], "eligible": true, "severity": "low"});
        let choices = Choices { own: own(), ..Choices::default() };
        for id in ["classify", "correct"] {
            let form = Form::new(Command::named(id).unwrap(), &complaint, &choices, civil(), None);
            let get = |name: &str| {
                let of = form.fields.iter();
                let was = of.clone().filter_map(|field| field.was.clone()).find(|(held, _)| held == name);
                let input = of.flat_map(|field| &field.inputs).find(|input| input.name == name);
                was.map(|(_, value)| value).or(input.map(|input| input.value.clone())).unwrap_or_default()
            };
            let said = |name: &str| if name == "reason" { "x".to_owned() } else { get(name) };
            let body = form.command.body(&said, civil(), &own());
            let nothing = if id == "correct" { json!({"reason": "x"}) } else { json!({}) };
            assert_eq!(body.unwrap(), nothing);
        }
    }
}
