//! What is to be printed, as the Worker that has the letter says it to the one that sets it.

use serde::{Deserialize, Serialize};

/// The parts of a page, at most.
pub const MAX_PARTS: usize = 200;
/// The characters of a part's text, of a title and of an author, at most.
pub const MAX_CHARS: usize = 10_000;
/// The sheets of paper of a page, at most.
pub const MAX_SHEETS: usize = 100;

/// A letter: it runs over as many sheets as it needs. No `Debug`, because its texts are personal data.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Whom it is from, for the document's properties. May be empty.
    pub author: String,
    /// When it was written, in seconds since 1970: its creation date. The clock is not asked, so that the same page is
    /// the same bytes.
    pub dated_at: i64,
    /// BCP 47. `en-US` is set on US Letter, every other on A4.
    pub language: String,
    /// How large and how far apart.
    pub look: Look,
    /// In the order in which they are read.
    pub parts: Vec<Part>,
    /// What a viewer's title bar says. Not set on the paper: that takes a part.
    pub title: String,
}

/// How a page looks. The sizes are those of the HTML of a letter.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// 12 point.
    Standard,
    /// 18 point.
    LargePrint,
    /// 16 point with more room.
    EasyRead,
}

/// Why a page is not printed, for people who cannot see the page.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unprinted {
    /// It holds none of its texts, but single characters of them.
    pub not_printable: String,
}

/// A piece of a page that stands on its own.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it is.
    pub is: PartKind,
    /// Plain text from left to right; a line feed begins a new line. Of nothing but white space, the part is left out.
    pub text: String,
}

/// What a part is: how it looks, and what a screen reader says it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Whom the letter is from.
    Sender,
    /// Whom it is to.
    Addressee,
    /// The day it was written.
    Date,
    /// What it is about: the heading of the first level.
    Title,
    /// The heading of a section, of the second level.
    Heading,
    /// A paragraph.
    Paragraph,
    /// A point of a list. Those that follow one another are one list.
    Item,
}
