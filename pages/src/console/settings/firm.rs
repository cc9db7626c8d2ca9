//! The firm's own settings, and what the operator of the service has set.

use super::{Choice, Settings};
use crate::{console::shell::Shell, paths::Place};
use askama::Template;

/// What the firm is called, and how its systems and complaints are treated.
#[derive(Clone, Debug, Default)]
pub struct General {
    /// The name people read.
    pub name: String,
    /// Whether every write of its keys must be signed.
    pub signed_writes: bool,
    /// Whose complaints a new one is linked to.
    pub consumers: Vec<Choice>,
    /// How much of two texts must be the same, from 0.25 to 1.
    pub similarity: String,
    /// The most megabytes of a file.
    pub megabytes: String,
}

/// Whose complaints a new one may be linked to.
pub const CONSUMERS: [(&str, &str); 3] =
    [("none", "No"), ("same", "To one of the same consumer"), ("any", "To anybody’s")];

/// Names under which it writes.
#[derive(Clone, Debug, Default)]
pub struct Brands {
    /// Ids and names; those without an id are free.
    pub rows: Vec<(String, String)>,
    /// The field of complaints that says which one they are about.
    pub fields: Vec<Choice>,
}

/// How it shows itself to consumers.
#[derive(Clone, Debug, Default)]
pub struct Portal {
    /// Whether there is a portal.
    pub open: bool,
    /// The name that consumers know.
    pub name: String,
    /// Who the firm is and who watches over it.
    pub legal: String,
    /// The telephone number for complaints.
    pub phone: String,
    /// The postal address, a line a line.
    pub post: String,
    /// The page about personal data.
    pub privacy: String,
    /// The page about accessibility.
    pub accessibility: String,
    /// The colour it is known by.
    pub colour: String,
    /// The one beside it.
    pub second_colour: String,
    /// Whether there is a logo.
    pub has_logo: bool,
    /// The independent body that decides if the firm does not.
    pub ombudsman: Ombudsman,
}

/// The independent body that decides if the firm does not.
#[derive(Clone, Debug, Default)]
pub struct Ombudsman {
    /// Its name; empty: there is none.
    pub name: String,
    /// Its telephone number.
    pub phone: String,
    /// Its site.
    pub site: String,
    /// Its postal address, a line a line.
    pub post: String,
}

/// A text that stands for one of the service's.
#[derive(Clone, Debug, Default)]
pub struct OwnText {
    /// The language.
    pub language: String,
    /// Which text.
    pub name: String,
    /// What it says; empty: there is none.
    pub text: String,
}

/// What can be changed.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// The version that is shown.
    pub version: u64,
    /// The section of which a form was sent and not taken; empty: none.
    pub refused: String,
    /// What it is called, and how its systems and complaints are treated.
    pub general: General,
    /// Names under which it writes.
    pub brands: Brands,
    /// How it shows itself to consumers.
    pub portal: Portal,
    /// What the portal says otherwise than the service would; empty ones to be filled in at the end.
    pub texts: Vec<OwnText>,
}

/// All.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/firm.html")]
pub struct Firm {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// What it is called, and what it says.
    pub facts: Vec<(&'static str, String)>,
    /// Fields of complaints: name, sort, and whether they must be given.
    pub fields: Vec<(String, String, &'static str)>,
    /// Brands: code and name.
    pub brands: Vec<(String, String)>,
    /// Products of complaints: code and name.
    pub products: Vec<(String, String)>,
    /// What can be changed, by whoever looks after it.
    pub own: Option<Own>,
}

impl Firm {
    /// Where something of the portal is.
    fn at(&self, place: Place) -> String {
        place.of(&self.shell.slug)
    }

    /// Whether what came of a form stands beside it.
    fn is_beside(&self) -> bool {
        self.own.as_ref().is_some_and(|own| !own.refused.is_empty())
    }
}
