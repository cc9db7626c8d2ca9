//! A letter's text: structure and words, no looks. Formats for life, for drafts are events.

use crate::{
    clock::named::named,
    complaint::intake::{Format, Language, List},
    text::{Code, Line, Prose},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most blocks of a letter.
pub const MAX_BLOCKS: usize = 100;

named! {
/// What a block of a letter is.
pub enum BlockKind {
    /// A heading of a section.
    Heading: "heading",
    /// A paragraph.
    Paragraph: "paragraph",
    /// An item; those that follow each other are a list.
    Item: "item",
}
}

/// A letter's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// What it says, in order.
    pub blocks: List<Block, MAX_BLOCKS>,
    /// How it is to look: for whom large print or short sentences are easier.
    pub format: Format,
    /// Who sends it.
    pub from: Line<200>,
    /// Its language.
    pub language: Language,
    /// What it is about.
    pub subject: Line<200>,
    /// To whom it goes.
    pub to: Line<200>,
}

/// A part of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// What it is.
    pub is: BlockKind,
    /// The element of its kind that it is.
    pub element: Option<Code>,
    /// The words. Line breaks in a paragraph are kept.
    pub text: Prose<10_000>,
}
