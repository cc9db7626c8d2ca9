//! Letters: what has to be in them by law, how they are made of templates, and how they are approved and sent.
//!
//! A letter's text is fixed when it is drafted ([`document::Document`], kept in the case file): what is approved is what is sent.
//! Sending it records what the law's clocks wait for, in the same transaction. `docs/letters.md` explains the model.

pub mod decide;
pub mod document;
pub mod firm_template;
pub mod html;
pub mod kind;
pub mod template;

use crate::{
    access::Actor,
    chain::Digest,
    clock::named::named,
    complaint::{
        Complaint,
        intake::{CurrencyCode, CustomValue, List, MinorUnits},
    },
    http::problem::{FieldError, Rule},
    ids::LetterId,
    tenant::custom_field::CustomField,
    text::{Code, Line},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most letters of a complaint.
pub const MAX_LETTERS: usize = 50;

named! {
/// How far a letter is.
pub enum LetterState {
    /// It can be changed, approved and, if it needs no approval, sent.
    Drafted: "drafted",
    /// Somebody else has approved it.
    Approved: "approved",
    /// It was sent, and is sealed.
    Sent: "sent",
}
}

/// A letter of a complaint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Letter {
    /// The id.
    pub id: LetterId,
    /// What sort of letter.
    pub kind: Code,
    /// What it is about.
    pub subject: Line<200>,
    /// How far it is.
    pub state: LetterState,
    /// Who drafted it as it is.
    pub drafted_by: Actor,
    /// The event that holds its text.
    pub drafted_in: u32,
    /// Who approved it.
    pub approved_by: Option<Actor>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// The day that it shows, as it was sent.
    pub dated: Option<Line<40>>,
    /// SHA-256 of the HTML that was sent.
    pub html: Option<Digest>,
    /// SHA-256 of the PDF that was sent. None where the letter has signs that cannot be printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdf: Option<Digest>,
}

/// What a firm has set for its letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LetterSettings {
    /// The kinds that somebody else has to approve.
    pub approve: List<Code, 20>,
    /// Besides, letters with redress of more than this in all in its currency.
    pub approve_above: List<Sum, 10>,
    /// The names under which it writes besides its own.
    #[serde(skip_serializing_if = "List::is_empty")]
    pub brands: List<Brand, 20>,
    /// The custom field of complaints that says which brand they are about, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand_field: Option<Code>,
}

/// A name under which a firm writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// Its name in templates and in the custom field. Not `firm`, which is the firm's own.
    pub id: Code,
    /// Who sends its letters, for people to read.
    pub name: Line<200>,
}

impl LetterSettings {
    /// What they name and there is not, or name twice.
    #[must_use]
    pub fn errors(&self, pointer: &str, fields: &[CustomField]) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (at, brand) in self.brands.iter().enumerate() {
            let before = self.brands.iter().take(at).any(|earlier| earlier.id == brand.id);
            if before || brand.id.as_str() == firm_template::FIRM {
                errors.push(FieldError::at(
                    &format!("{pointer}/brands/{at}/id"),
                    Rule::NotAllowed,
                    "is another's as well, or `firm`",
                ));
            }
        }
        if self.brand_field.as_ref().is_some_and(|id| !fields.iter().any(|field| field.name == *id)) {
            errors.push(FieldError::at(&format!("{pointer}/brand_field"), Rule::Unknown, "is no custom field"));
        }
        errors
    }

    /// The brand with this id.
    #[must_use]
    pub fn brand(&self, id: &str) -> Option<&Brand> {
        self.brands.iter().find(|brand| brand.id.as_str() == id)
    }

    /// The brand that a complaint is about, if it is about one.
    #[must_use]
    pub fn brand_of(&self, complaint: &Complaint) -> Option<&Brand> {
        match complaint.custom.get(self.brand_field.as_ref()?)? {
            CustomValue::Text(text) => self.brand(text.as_str()),
            CustomValue::Boolean(_) | CustomValue::Integer(_) => None,
        }
    }
}

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// In minor units of the currency.
    pub minor: MinorUnits,
    /// ISO 4217.
    pub currency: CurrencyCode,
}
