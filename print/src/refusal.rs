//! Why a page cannot be printed.

use crate::page::{MAX_CHARS, MAX_PARTS, MAX_SHEETS};
use std::collections::BTreeSet;

/// The characters that are named, at most.
const NAMED: usize = 10;

/// Why there is no PDF of a page. Its text holds single characters of the letter at most, so that it can be logged.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPrintable {
    /// Control characters, and such as no font has: those of Arabic, Hebrew, Hindi, Chinese and emoji among them. The first ten, in
    /// Unicode's order.
    #[error("characters that cannot be printed: {}", code_points(.0))]
    Characters(Vec<char>),
    /// Too many parts, too long a part, or too many sheets.
    #[error("too long: at most {MAX_PARTS} parts of {MAX_CHARS} characters, on {MAX_SHEETS} sheets")]
    TooLong,
    /// The time is none of the years 0 to 9999.
    #[error("dated at no time of a calendar")]
    Undated,
    /// The language is no tag of BCP 47.
    #[error("the language is no language tag")]
    Unspoken,
    /// No title: PDF/UA wants one.
    #[error("no title")]
    Untitled,
    /// What the PDF library said.
    #[error("no conforming PDF: {0}")]
    Unconforming(String),
}

impl NotPrintable {
    pub(crate) fn characters(all: &BTreeSet<char>) -> NotPrintable {
        NotPrintable::Characters(all.iter().copied().take(NAMED).collect())
    }
}

fn code_points(characters: &[char]) -> String {
    characters.iter().map(|character| format!("U+{:04X}", u32::from(*character))).collect::<Vec<_>>().join(", ")
}
