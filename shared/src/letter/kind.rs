//! Kinds of letters and what has to be in each: data in `rules/letters.json`, each element with the rule that asks for it.

use super::{document::Document, template::Template};
use crate::{
    clock::{
        day::Day,
        named::named,
        pack::{Condition, Facts, Status, apply},
    },
    text::{Code, Line, Prose},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

named! {
/// What sending a letter records.
pub enum Records {
    /// The complainant was told that the firm has the complaint.
    Acknowledgement: "acknowledgement",
    /// The complainant was told why the answer is late.
    HoldingResponse: "holding_response",
    /// It was settled with the complainant's acceptance.
    SummaryResolution: "summary_resolution",
    /// The final answer.
    FinalResponse: "final_response",
    /// The complainant was told which scheme to go to.
    AdrLetter: "adr_letter",
    /// The complainant was written to.
    Update: "update",
}
}

/// A kind of letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LetterKind")]
pub struct Kind {
    /// The name that stays across versions.
    pub id: Code,
    /// The version of this text of it.
    pub version: Code,
    /// The name people read.
    pub name: Line<100>,
    /// The complaints it is for: any one of these holds.
    pub applies_when: Vec<Condition>,
    /// What sending it records.
    pub records: Records,
    /// What has to be in it.
    pub elements: Vec<Element>,
    /// The template that is used unless the caller brings another.
    pub template: Template,
}

/// Something that has to be in a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LetterElement")]
pub struct Element {
    /// Its name within the kind.
    pub id: Code,
    /// What has to be said.
    pub name: Line<200>,
    /// Where that is laid down.
    pub citation: Line<200>,
    /// Whether that was checked against the source.
    pub status: Status,
    /// What is still to be confirmed.
    #[serde(default)]
    pub to_confirm: Option<Line<300>>,
    /// The first day on which it has to be in a letter.
    #[serde(default)]
    pub from: Option<Day>,
    /// Only in a letter with redress.
    #[serde(default)]
    pub with_redress: bool,
    /// The words that have to be there as they are.
    #[serde(default)]
    pub wording: Option<Prose<2_000>>,
}

/// All kinds that are shipped. Empty if the file does not parse, which a test sees to.
#[must_use]
pub fn kinds() -> &'static [Kind] {
    &KINDS
}

/// The kind with this name, if it is for such a complaint.
#[must_use]
pub fn kind(id: &Code, facts: &Facts<'_>) -> Option<&'static Kind> {
    kinds().iter().find(|kind| kind.id == *id && kind.is_for(facts))
}

impl Kind {
    /// Whether it is for such a complaint.
    #[must_use]
    pub fn is_for(&self, facts: &Facts<'_>) -> bool {
        apply(&self.applies_when, facts)
    }

    /// What has to be in such a letter that goes out on `day`, and is not.
    #[must_use]
    pub fn missing(&self, document: &Document, redress: bool, day: Day) -> Vec<&Element> {
        let due = self.elements.iter().filter(|element| element.is_due(redress, day));
        due.filter(|element| !element.is_in(document)).collect()
    }
}

impl Element {
    fn is_due(&self, redress: bool, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && (redress || !self.with_redress)
    }

    fn is_in(&self, document: &Document) -> bool {
        let says = |text: &str| match &self.wording {
            Some(wording) => text.contains(wording.as_str().trim()),
            None => !text.trim().is_empty(),
        };
        document.blocks.iter().any(|block| block.element.as_ref() == Some(&self.id) && says(block.text.as_str()))
    }
}

const FILE: &str = include_str!("../../rules/letters.json");

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| crate::json::from_str(FILE).unwrap_or_default());
