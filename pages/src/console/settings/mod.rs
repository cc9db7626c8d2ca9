//! What a firm sets, and what was set for it.

pub mod changes;
pub mod deadlines;
pub mod fields;
pub mod firm;
pub mod keys;
pub mod letters;
pub mod notifications;
pub mod people;
pub mod sign_in;
pub mod switches;
pub mod taxonomy;
pub mod teams;
pub mod usage;
pub mod webhooks;

use super::{office::Notice, shell::Shell};
use askama::Template;

/// A page of settings, in the order in which they are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// The firm's staff.
    People,
    /// Its teams.
    Teams,
    /// How its staff sign in.
    SignIn,
    /// What its letters say.
    Letters,
    /// Who hears of what.
    Notifications,
    /// Deadlines of its own.
    Deadlines,
    /// Fields of its own.
    Fields,
    /// What its complaints can be about.
    Taxonomy,
    /// By which keys its systems ask.
    Keys,
    /// Which of its systems are told.
    Webhooks,
    /// Which parts of the service it uses.
    Switches,
    /// What its plan allows.
    Usage,
    /// What it is called and how it shows itself, and what the operator of the service has set.
    Firm,
    /// Who has changed what of this.
    Changes,
}

impl Tab {
    /// All.
    pub const ALL: [Self; 14] = [
        Self::People,
        Self::Teams,
        Self::SignIn,
        Self::Letters,
        Self::Notifications,
        Self::Deadlines,
        Self::Fields,
        Self::Taxonomy,
        Self::Keys,
        Self::Webhooks,
        Self::Switches,
        Self::Usage,
        Self::Firm,
        Self::Changes,
    ];

    /// What it is called.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::People => "People",
            Self::Teams => "Teams",
            Self::SignIn => "Sign-in",
            Self::Letters => "Letters",
            Self::Notifications => "Notifications",
            Self::Deadlines => "Deadlines",
            Self::Fields => "Fields",
            Self::Taxonomy => "Taxonomy",
            Self::Keys => "Keys",
            Self::Webhooks => "Webhooks",
            Self::Switches => "Switches",
            Self::Usage => "Usage",
            Self::Firm => "Firm",
            Self::Changes => "Changes",
        }
    }

    /// What it is for.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::People => "Who works here, what they may do, and where they are signed in.",
            Self::Teams => "Teams that complaints are given to, and who is in them.",
            Self::SignIn => "Your identity provider, who gets which role, and how long a session lasts.",
            Self::Letters => "Your own wording of each kind of letter, by language and brand.",
            Self::Notifications => "Who is told of what, by which way and in which words.",
            Self::Deadlines => "Deadlines of your own, and what the law leaves to you about its own.",
            Self::Fields => "Fields of your own that complaints have.",
            Self::Taxonomy => "Products and issues that complaints can be about, and what you call them.",
            Self::Keys => "Keys by which your systems ask, what they may do and when they end.",
            Self::Webhooks => "Your systems that hear of each event, and what was sent to them.",
            Self::Switches => "Parts of this service that you do without, and which letters a second person approves.",
            Self::Usage => "What your plan allows, and how much of it is used.",
            Self::Firm => "Your name, brands and portal, and what the operator of this service has set.",
            Self::Changes => "Who has changed these settings and keys, and when.",
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::People => "/app/settings/people",
            Self::Teams => "/app/settings/teams",
            Self::SignIn => "/app/settings/sign-in",
            Self::Letters => "/app/settings/letters",
            Self::Notifications => "/app/settings/notifications",
            Self::Deadlines => "/app/settings/deadlines",
            Self::Fields => "/app/settings/fields",
            Self::Taxonomy => "/app/settings/taxonomy",
            Self::Keys => "/app/settings/keys",
            Self::Webhooks => "/app/settings/webhooks",
            Self::Switches => "/app/settings/switches",
            Self::Usage => "/app/settings/usage",
            Self::Firm => "/app/settings/firm",
            Self::Changes => "/app/settings/changes",
        }
    }
}

/// What every page of settings has.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is offered to whoever is signed in.
    pub tabs: Vec<Tab>,
    /// Where they are; `None`: at the beginning.
    pub tab: Option<Tab>,
    /// What came of a form.
    pub notice: Option<Notice>,
    /// Whether they may change what the page shows.
    pub may_change: bool,
    /// What makes a form that is sent twice one request.
    pub key: String,
}

/// A list of what there is to set.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/overview.html")]
pub struct Overview {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
}

/// Something to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The code that is sent.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

impl Choice {
    /// All of them, as codes in words, and those that are chosen.
    #[must_use]
    pub fn of(codes: &[&str], chosen: &[String]) -> Vec<Self> {
        let name = |code: &&str| ((*code).to_owned(), super::office::words(code));
        Self::named(codes.iter().map(name), chosen)
    }

    /// Codes with names, and those that are chosen.
    #[must_use]
    pub fn named(all: impl Iterator<Item = (String, String)>, chosen: &[String]) -> Vec<Self> {
        all.map(|(code, name)| Self { chosen: chosen.contains(&code), code, name }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_marked() {
        let choices = Choice::of(&["agent", "lead"], &["lead".to_owned()]);
        let shown: Vec<_> = choices.iter().map(|choice| (choice.name.as_str(), choice.chosen)).collect();
        assert_eq!(shown, [("Agent", false), ("Lead", true)]);
    }
}
