//! Letters: what has to be in them by law, how they are made of templates, and how they are approved and sent.
//!
//! A letter's text is fixed when it is drafted ([`document::Document`], kept in the case file): what is approved is what is sent.
//! Sending it records what the law's clocks wait for, in the same transaction. `docs/letters.md` explains the model.

pub mod decide;
pub mod document;
pub mod html;
pub mod kind;
pub mod template;

use crate::{
    access::Actor,
    chain::Digest,
    clock::named::named,
    complaint::intake::{CurrencyCode, List, MinorUnits},
    ids::LetterId,
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
}

/// What a firm has set for its letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LetterSettings {
    /// The kinds that somebody else has to approve.
    pub approve: List<Code, 20>,
    /// Besides, letters with redress of more than this in all in its currency.
    pub approve_above: List<Sum, 10>,
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
