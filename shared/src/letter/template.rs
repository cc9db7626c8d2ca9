//! Templates: blocks of text with variables (minijinja's syntax), rendered in a sandbox. A template sees what [`Subject`] tells it
//! and nothing else, calls nothing, and ends after so many steps; what it makes is text, so no value can make it say more.

use super::document::{Block, BlockKind, Document, MAX_BLOCKS};
use crate::{
    clock::{Clock, day::Day, explain::month_name},
    complaint::{
        Complaint, Outcome, Redress, RedressKind, Response,
        intake::{Format, Language, List},
    },
    http::problem::{FieldError, Rule},
    letter::kind::Kind,
    text::{Code, Line, Prose},
};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What rendering one text may take, in minijinja's measure: a step each, and one for 64 bytes of whatever it makes.
const FUEL: u64 = 20_000;
/// The most nested blocks and expressions of a text.
const RECURSION: usize = 20;

/// A template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LetterTemplate")]
pub struct Template {
    /// Its name.
    pub id: Code,
    /// Its version.
    pub version: Code,
    /// The language it is written in.
    pub language: Language,
    /// What the letter is about.
    pub subject: Line<200>,
    /// What it says.
    pub blocks: List<TemplateBlock, MAX_BLOCKS>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateBlock {
    /// What it is.
    pub is: BlockKind,
    /// The words, with variables. A block that comes out empty is left out.
    pub text: Prose<10_000>,
    /// The element of the kind that it is.
    #[serde(default)]
    pub element: Option<Code>,
    /// Once for each item of redress, which is `item` in it.
    #[serde(default)]
    pub each_redress: bool,
}

/// What a letter is about: all that templates see.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The complaint.
    pub complaint: &'s Complaint,
    /// Its clocks.
    pub clocks: &'s [Clock],
    /// The firm's name.
    pub firm: &'s Line<200>,
    /// What is answered: the response that is sent, if one is.
    pub response: Option<&'s Response>,
    /// What the author has written, by name.
    pub texts: &'s BTreeMap<Code, Prose<10_000>>,
    /// The day it is where the complaint is.
    pub today: Day,
}

impl Template {
    /// The letter of this kind that it makes.
    ///
    /// # Errors
    /// Where a text is no template, names a variable that there is not, or takes too long; pointers are within the template.
    pub fn render(&self, kind: &Kind, subject: Subject<'_>, format: Format) -> Result<Document, Vec<FieldError>> {
        let lacking = self.lacking(subject.texts);
        if !lacking.is_empty() {
            return Err(lacking);
        }
        let environment = sandbox();
        let seen = subject.seen(kind, &self.language);
        let items = subject.items();
        let mut errors = Vec::new();
        let mut say = |pointer: &str, text: &str, item: Option<&Value>| {
            let item = item.map(|item| ("item", item.clone()));
            let context = Value::from_pairs(seen.iter().cloned().chain(item));
            let rendered = environment.render_str(text, context);
            rendered.map_err(|error| errors.push(refused(pointer, &error))).ok()
        };
        let line = say("/subject", self.subject.as_str(), None);
        let mut said = Vec::new();
        for (at, block) in self.blocks.iter().enumerate() {
            let pointer = format!("/blocks/{at}/text");
            if block.each_redress {
                for item in &items {
                    said.push((block, say(&pointer, block.text.as_str(), Some(item))));
                }
            } else {
                said.push((block, say(&pointer, block.text.as_str(), None)));
            }
        }
        let mut blocks = Vec::new();
        for (block, text) in said {
            let Some(text) = text.filter(|text| !text.trim().is_empty()) else { continue };
            match Prose::try_from(text.trim().to_owned()) {
                Ok(text) => blocks.push(Block { is: block.is, element: block.element.clone(), text }),
                Err(error) => errors.push(FieldError::at("/blocks", Rule::OutOfRange, error.to_string())),
            }
        }
        let blocks = List::try_from(blocks);
        if let Err(error) = &blocks {
            errors.push(FieldError::at("/blocks", Rule::OutOfRange, error.to_string()));
        }
        let written = line.map(|line| Line::try_from(line.trim().to_owned()));
        if let Some(Err(error)) = &written {
            errors.push(FieldError::at("/subject", Rule::OutOfRange, error.to_string()));
        }
        match (written, blocks) {
            (Some(Ok(line)), Ok(blocks)) if errors.is_empty() => Ok(Document {
                blocks,
                format,
                from: subject.firm.clone(),
                language: self.language.clone(),
                subject: line,
                to: subject.complaint.complainant.name.clone(),
            }),
            _ => Err(errors),
        }
    }
}

/// What the name of a text stands behind.
const TEXT: &str = "text.";

impl Template {
    /// The texts that it needs of its author and does not get.
    fn lacking(&self, texts: &BTreeMap<Code, Prose<10_000>>) -> Vec<FieldError> {
        let all = self.blocks.iter().map(|block| block.text.as_str()).chain([self.subject.as_str()]);
        let named = all.flat_map(|text| text.split(TEXT).skip(1));
        let name = |rest: &str| -> String {
            rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
        };
        let names: BTreeSet<String> = named.map(name).collect();
        let has = |name: &String| texts.keys().any(|known| known.as_str() == name);
        let lacking = names.into_iter().filter(|name| !name.is_empty() && !has(name));
        let error = |name: String| FieldError::at(&format!("/texts/{name}"), Rule::Missing, "is used by the template");
        lacking.map(error).collect()
    }
}

/// Where texts are rendered: nothing but what is given can be named, and nothing takes long.
pub(crate) fn sandbox() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION);
    environment
}

/// Why a text is no template.
pub(crate) fn syntax(pointer: &str, text: &str) -> Option<FieldError> {
    Environment::empty().template_from_str(text).err().map(|error| refused(pointer, &error))
}

fn refused(pointer: &str, error: &minijinja::Error) -> FieldError {
    let detail = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    FieldError::at(pointer, Rule::NotAllowed, detail)
}

impl Subject<'_> {
    /// What templates see, by name.
    fn seen(&self, kind: &Kind, language: &Language) -> Vec<(&'static str, Value)> {
        let day = |day: Day| said_day(day, language);
        let Self { complaint, clocks, firm, response, texts, today } = *self;
        let product = complaint.product.as_ref().map(|product| product.as_str().to_owned());
        let complainant = [("name", complaint.complainant.name.as_str())];
        let answer = |response: &Response| {
            Value::from_pairs([("outcome", outcome(response.outcome)), ("summary", response.summary.as_str())])
        };
        let due = clocks.iter().filter_map(|clock| Some((clock.rule.clone(), day(clock.due_on?))));
        let wording = kind.elements.iter().filter_map(|element| Some((element.id.as_str(), element.wording.as_ref()?)));
        let about = [
            ("reference", Value::from(complaint.reference.as_str())),
            ("received_on", Value::from(day(received_on(complaint, clocks)))),
            ("description", Value::from(complaint.description.as_str())),
            ("product", Value::from(product)),
        ];
        vec![
            ("complaint", Value::from_pairs(about)),
            ("complainant", Value::from_pairs(complainant)),
            ("firm", Value::from_pairs([("name", firm.as_str())])),
            ("response", response.map_or_else(|| Value::from(()), answer)),
            ("redress", Value::from(self.items())),
            ("due", Value::from_pairs(due)),
            ("wording", Value::from_pairs(wording.map(|(id, words)| (id, words.as_str())))),
            ("text", Value::from_pairs(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))),
            ("today", Value::from(day(today))),
        ]
    }

    /// The redress, item by item.
    fn items(&self) -> Vec<Value> {
        let redress = self.response.iter().flat_map(|response| response.redress.iter());
        redress.map(item).collect()
    }
}

fn item(redress: &Redress) -> Value {
    let Redress { kind, minor, currency, description } = redress;
    let (kind, name) = redress_kind(*kind);
    let amount = minor.zip(*currency).map(|(minor, currency)| currency.said(minor));
    let description = description.as_ref().map(|text| text.as_str().to_owned());
    Value::from_pairs([
        ("kind", Value::from(kind)),
        ("name", Value::from(name)),
        ("amount", Value::from(amount)),
        ("description", Value::from(description)),
    ])
}

/// The day of receipt where the complaint is, as its clocks count it.
fn received_on(complaint: &Complaint, clocks: &[Clock]) -> Day {
    let first = clocks.iter().filter(|clock| clock.start == complaint.received_at);
    let counted = first.filter_map(|clock| clock.explanation.steps.first()).map(|step| step.from).next();
    counted.unwrap_or_else(|| Day::of_utc(complaint.received_at))
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Upheld => "upheld",
        Outcome::PartlyUpheld => "partly_upheld",
        Outcome::Rejected => "rejected",
    }
}

const fn redress_kind(kind: RedressKind) -> (&'static str, &'static str) {
    match kind {
        RedressKind::Refund => ("refund", "Refund"),
        RedressKind::Compensation => ("compensation", "Compensation"),
        RedressKind::Goodwill => ("goodwill", "Gesture of goodwill"),
        RedressKind::Apology => ("apology", "Apology"),
        RedressKind::Correction => ("correction", "Correction"),
    }
}

/// A day in words: in English as it is said where the language is spoken, else as ISO 8601 has it, which everybody can read.
#[must_use]
pub fn said_day(day: Day, language: &Language) -> String {
    let (year, month, date) = day.parts();
    let month = month_name(month);
    match language.as_str() {
        "en-US" => format!("{month} {date}, {year}"),
        language if language == "en" || language.starts_with("en-") => format!("{date} {month} {year}"),
        _ => day.to_string(),
    }
}
