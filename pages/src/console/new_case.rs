//! Logging a complaint that came by telephone, on paper or over the counter.

use super::{
    bulk::Typed,
    case_form::Drawn,
    queue::{Choice, Refused, Row},
    shell::Shell,
};
use askama::Template;

/// A complaint that may be the same.
#[derive(Clone, Debug)]
pub struct Similar {
    /// It.
    pub row: Row,
    /// Why it may be.
    pub why: String,
}

/// Why two complaints may be one, in words.
#[must_use]
pub fn reason(word: &str) -> &str {
    match word {
        "same_text" => "word for word the same",
        "nearly_same_text" => "most of the text is the same",
        "same_consumer_similar_text" => "the same consumer in similar words",
        "same_consumer_same_product" => "the same consumer about the same product within 30 days",
        other => other,
    }
}

/// A form for a complaint.
#[derive(Clone, Debug, Template)]
#[template(path = "console/new_case.html")]
pub struct NewCase {
    /// What is around it.
    pub shell: Shell,
    /// What was filled in.
    pub typed: Typed,
    /// What it may be about: a product and its issues.
    pub products: Vec<(Choice, Vec<Choice>)>,
    /// What the firm asks for besides.
    pub own: Drawn,
    /// Today, as a date.
    pub today: String,
    /// Complaints that may be the same; none if nobody has looked.
    pub similar: Vec<Similar>,
    /// What makes it happen once.
    pub key: String,
    /// What was not acceptable as a whole, if something was not.
    pub refused: Option<Refused>,
    /// Fields that are not acceptable: name and why.
    pub wrong: Vec<(String, String)>,
    /// The reference of what was accepted and is logged in a moment; empty if nothing was.
    pub accepted: String,
}

impl NewCase {
    /// How a complaint comes in that somebody writes down.
    const CHANNELS: [(&'static str, &'static str); 5] = [
        ("phone", "Telephone"),
        ("letter", "Letter"),
        ("branch", "In a branch"),
        ("email", "E-mail"),
        ("social", "Social network"),
    ];

    fn why_wrong(&self, name: &str) -> &str {
        self.wrong.iter().find(|(field, _)| field == name).map_or("", |(_, why)| why)
    }
}
