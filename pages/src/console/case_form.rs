//! What can be done with a complaint, as one table: each command with its fields. From it the forms are drawn, and what was typed becomes
//! the JSON that the API takes.

use super::{
    case_json::{list, text},
    case_words::{Civil, minor_units, words},
};
use serde_json::{Map, Value};

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
    /// What makes somebody vulnerable.
    Drivers,
    /// A sum: becomes `minor` and `currency`.
    Money,
    /// What puts things right: up to [`REDRESS_ROWS`] of it.
    Redress,
    /// How somebody is reached, a line each.
    Contacts,
    /// Another complaint, by its reference or id.
    Complaint,
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

    /// Whether it is offered for a complaint as it stands.
    #[must_use]
    pub fn is_offered(&self, complaint: &Value) -> bool {
        let ended = ["resolved", "closed", "withdrawn", "referred"].contains(&text(complaint, "/state"));
        match self.when {
            When::Legal(made) => list(complaint, "/legal_moves").iter().any(|legal| legal.as_str() == Some(made)),
            When::Open => !ended,
            When::Ended => ended,
            When::Linked => !list(complaint, "/links").is_empty(),
            When::Reached => !list(complaint, "/milestones").is_empty(),
            When::Always => true,
        }
    }

    /// The names of all its controls.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.fields.iter().flat_map(controls).collect()
    }

    /// The body, as it was typed.
    ///
    /// # Errors
    /// Each field that does not do, and why.
    pub fn body(&self, typed: &dyn Fn(&str) -> String, civil: Civil) -> Result<Value, Vec<(String, String)>> {
        let (mut body, mut wrong) = (Map::new(), Vec::new());
        for (at, said) in self.fixed {
            put(&mut body, at, Value::from(*said));
        }
        let changed = |field: &Field| raw(field, typed) != typed(&was(field.at));
        // A person is corrected as a whole.
        let person = self.fields.iter().any(|field| field.at.starts_with(PERSON) && changed(field));
        for field in self.fields {
            let sent = !self.changes || changed(field) || (person && field.at.starts_with(PERSON)) || field.required;
            if !sent {
                continue;
            }
            match value(field, typed, civil) {
                Ok(Some(Value::Object(members))) if field.kind == Kind::Money => body.extend(members),
                Ok(Some(value)) => put(&mut body, field.at, value),
                Ok(None) if field.required => wrong.push((field.at.to_owned(), "must be filled in".to_owned())),
                Ok(None) if self.changes && LISTS.contains(&field.kind) => {
                    put(&mut body, field.at, Value::Array(Vec::new()));
                }
                Ok(None) => {}
                Err(why) => wrong.push((field.at.to_owned(), why.to_owned())),
            }
        }
        if wrong.is_empty() { Ok(Value::Object(body)) } else { Err(wrong) }
    }
}

/// Fields that are corrected together.
const PERSON: &str = "set/complainant/";
/// What is a list, and may be emptied.
const LISTS: [Kind; 3] = [Kind::Tags, Kind::Drivers, Kind::Contacts];
/// How many kinds of redress a form takes.
pub const REDRESS_ROWS: usize = 3;
/// What makes somebody vulnerable.
pub const DRIVERS: [&str; 4] = ["health", "life_event", "resilience", "capability"];
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
fn controls(field: &Field) -> Vec<String> {
    let at = field.at;
    match field.kind {
        Kind::Drivers => DRIVERS.iter().map(|driver| format!("{at}-{driver}")).collect(),
        Kind::Money => vec![format!("{at}-amount"), format!("{at}-currency")],
        Kind::Redress => {
            (0..REDRESS_ROWS).flat_map(|row| REDRESS_MEMBERS.map(|member| format!("{at}-{row}-{member}"))).collect()
        }
        _ => vec![at.to_owned()],
    }
}

/// What a field holds, as one text.
fn raw(field: &Field, typed: &dyn Fn(&str) -> String) -> String {
    match field.kind {
        Kind::Drivers => {
            let checked = DRIVERS.iter().filter(|driver| !typed(&format!("{}-{driver}", field.at)).is_empty());
            checked.copied().collect::<Vec<_>>().join(",")
        }
        // Browsers send lines with both signs.
        _ => typed(field.at).replace("\r\n", "\n"),
    }
}

fn put(body: &mut Map<String, Value>, at: &str, value: Value) {
    match at.split_once('/') {
        None => {
            body.insert(at.to_owned(), value);
        }
        Some((first, rest)) => {
            if let Value::Object(inner) = body.entry(first).or_insert_with(|| Value::Object(Map::new())) {
                put(inner, rest, value);
            }
        }
    }
}

fn value(field: &Field, typed: &dyn Fn(&str) -> String, civil: Civil) -> Result<Option<Value>, &'static str> {
    let raw = raw(field, typed);
    let said = raw.trim();
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
        Kind::Tags | Kind::Drivers => said.split([',', ' ']).filter(|tag| !tag.is_empty()).map(Value::from).collect(),
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
    let minor = minor_units(&currency, amount).ok_or("must be an amount such as 12.50, in a currency such as GBP")?;
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
const RELATIONS: &[&str] = &["duplicate_of", "part_of"];
const SENT_AT: Field = field("sent_at", "When it was sent", Kind::Moment).hint("Leave it empty if that is now.");
const OUTCOME: Field = field("outcome", "Outcome", Kind::Choice(OUTCOMES)).must();
const PUT_RIGHT: Field = field("redress", "Redress", Kind::Redress);
const REASON: Field = field("reason", "Why", Kind::Text).must();

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
                field("severity", "Severity", Kind::Choice(&["low", "medium", "high", "critical"])),
                field("vulnerability", "What makes them vulnerable", Kind::Drivers),
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
            ],
        )
    }
    .says("Puts wrong entries right. What they were stays on file. Change only what was wrong.", "Corrected.")
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
        let fields: Vec<Drawn> = command.fields.iter().map(draw).collect();
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
    let held = if begins { held(field, complaint, civil) } else { String::new() };
    let sent = |name: &str| {
        let sent = begun.and_then(|begun| begun.typed.iter().find(|(held, _)| held == name));
        sent.map(|(_, value)| value.clone())
    };
    // What somebody has left as it was follows whoever has changed it in between.
    let left = sent(&was(field.at)).is_some_and(|was| was == raw(field, &|name| sent(name).unwrap_or_default()));
    let typed = |name: &str| sent(name).filter(|_| !(command.changes && left));
    let wrong = begun.and_then(|begun| begun.wrong.iter().find(|(at, _)| is_at(at, field.at)));
    let wrong = wrong.map(|(_, why)| sentence(why)).unwrap_or_default();
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
        Kind::Drivers => {
            let was_begun = !left && begun.is_some_and(|begun| !begun.typed.is_empty());
            let is = |driver: &str| if !was_begun && held.split(',').any(|held| held == driver) { "yes" } else { "" };
            let draw = |driver: &&str| {
                one(format!("{}-{driver}", field.at), &words(driver), is(driver).to_owned(), Control::Check)
            };
            DRIVERS.iter().map(draw).collect()
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
    let several = matches!(field.kind, Kind::Drivers | Kind::Money | Kind::Redress);
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
        Kind::YesNo => Control::Select(options(&["yes", "no"], none)),
        _ => Control::Input("text"),
    }
}

/// What a field holds now, as it would be typed.
fn held(field: &Field, complaint: &Value, civil: Civil) -> String {
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
        (Kind::Drivers, Value::Array(held)) => {
            let is_held = |driver: &&str| held.iter().any(|held| held.as_str() == Some(driver));
            DRIVERS.iter().filter(|driver| is_held(driver)).copied().collect::<Vec<_>>().join(",")
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

    fn body(id: &str, typed: &[(&str, &str)]) -> Result<Value, Vec<(String, String)>> {
        let get = |name: &str| {
            let found = typed.iter().find(|(held, _)| *held == name);
            found.map_or_else(String::new, |(_, value)| (*value).to_owned())
        };
        Command::named(id).unwrap().body(&get, civil())
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
            "tags": ["b", "a"], "vulnerability": ["capability", "health"], "eligible": true, "severity": "low"});
        for id in ["classify", "correct"] {
            let form = Form::new(Command::named(id).unwrap(), &complaint, &Choices::default(), civil(), None);
            let get = |name: &str| {
                let of = form.fields.iter();
                let was = of.clone().filter_map(|field| field.was.clone()).find(|(held, _)| held == name);
                let input = of.flat_map(|field| &field.inputs).find(|input| input.name == name);
                was.map(|(_, value)| value).or(input.map(|input| input.value.clone())).unwrap_or_default()
            };
            let body =
                form.command.body(&|name: &str| if name == "reason" { "x".to_owned() } else { get(name) }, civil());
            let nothing = if id == "correct" { json!({"reason": "x"}) } else { json!({}) };
            assert_eq!(body.unwrap(), nothing);
        }
    }
}
