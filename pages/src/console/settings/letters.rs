//! Templates of letters.

use super::{Choice, Settings};
use crate::console::shell::Shell;
use askama::Template;

/// A template that is in force.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// The language.
    pub language: String,
    /// The brand, or `firm`.
    pub brand: String,
    /// The version.
    pub version: u64,
    /// When it was saved.
    pub saved_at: String,
}

/// A kind of letter.
#[derive(Clone, Debug, Default)]
pub struct Kind {
    /// Its code.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// How many elements the law or a rule wants in it.
    pub elements: usize,
    /// Whether somebody else approves each.
    pub approved: bool,
    /// The firm's templates for it.
    pub templates: Vec<InForce>,
}

/// Every kind of letter, with the firm's templates.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/letters.html")]
pub struct Letters {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// They.
    pub kinds: Vec<Kind>,
    /// Brands: `firm` and the firm's own.
    pub brands: Vec<Choice>,
}

/// A block, as it is filled in.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// What it is.
    pub is: String,
    /// The element that it is; may be empty.
    pub element: String,
    /// Whether once for each item of redress.
    pub each_redress: bool,
    /// The words.
    pub text: String,
}

/// An element that must be in a letter.
#[derive(Clone, Debug, Default)]
pub struct Element {
    /// Its code.
    pub id: String,
    /// What it is.
    pub name: String,
}

/// A template that is worked on.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/letter.html")]
pub struct Letter {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// The code of the kind.
    pub kind: String,
    /// What the kind is called.
    pub name: String,
    /// The language.
    pub language: String,
    /// The brand, or `firm`.
    pub brand: String,
    /// The version in force; 0: none.
    pub version: u64,
    /// The version that is shown, if it is another.
    pub old: Option<u64>,
    /// Versions that there were.
    pub versions: Vec<u64>,
    /// What must be in it.
    pub elements: Vec<Element>,
    /// What the letter is about.
    pub subject: String,
    /// What it says; empty ones to be filled in at the end.
    pub blocks: Vec<Block>,
}

/// How many lines a field for a text has.
#[must_use]
pub fn rows(text: &str) -> usize {
    (text.len() / 90 + text.lines().count()).clamp(2, 16)
}
