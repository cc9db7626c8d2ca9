//! Keys by which the firm's own systems ask.

use super::{Choice, Settings};
use crate::console::shell::Shell;
use askama::Template;

/// What a key may do: the scope, its name, and a sentence.
pub const SCOPES: [(&str, &str, &str); 8] = [
    ("complaints:read", "Read complaints", "Complaints, their history, letters and files."),
    ("complaints:write", "Write complaints", "Log them, work on them, write letters, add files."),
    ("complaints:lead", "Lead", "Move deadlines, take over what somebody works on, set letters, rules and webhooks."),
    ("usage:read", "Read usage", "What your plan allows, and how much of it is used."),
    ("staff:manage", "Look after staff", "People, their roles and teams, and how they sign in."),
    ("scim", "Keep the directory", "People and teams, as your identity provider has them (SCIM)."),
    ("access-log:read", "Read the log of reads", "Who of your staff has read which complaint."),
    ("tenant:manage", "Look after settings", "These settings: keys, fields, products, switches, the firm."),
];

/// The sentence of a scope.
#[must_use]
pub fn scope_says(scope: &str) -> &'static str {
    SCOPES.iter().find(|(held, ..)| *held == scope).map_or("", |(_, _, says)| says)
}

/// Scopes in words.
#[must_use]
pub fn scopes_in_words<'s>(scopes: impl Iterator<Item = &'s str>) -> String {
    let name = |scope: &'s str| SCOPES.iter().find(|(held, ..)| *held == scope).map_or(scope, |(_, name, _)| *name);
    scopes.map(name).collect::<Vec<_>>().join(", ")
}

/// When a key began and ends, as the API says it: moments, or nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Life<'k> {
    /// When it begins to work, if that was not at once.
    pub valid_from: &'k str,
    /// When it stops working.
    pub expires_at: &'k str,
    /// When it was revoked.
    pub revoked_at: &'k str,
    /// The key that takes its place.
    pub replaced_by: &'k str,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Yes.
    #[default]
    Active,
    /// Not before its time.
    NotYet,
    /// Yes, and another one takes its place.
    Replaced,
    /// No more.
    Expired,
    /// Somebody has ended it.
    Revoked,
}

impl State {
    /// At a moment. All moments are written alike, so that texts compare as they do.
    #[must_use]
    pub fn of(life: Life<'_>, now: &str) -> Self {
        match life {
            Life { revoked_at, .. } if !revoked_at.is_empty() => Self::Revoked,
            Life { expires_at, .. } if expires_at <= now => Self::Expired,
            Life { replaced_by, .. } if !replaced_by.is_empty() => Self::Replaced,
            Life { valid_from, .. } if valid_from > now => Self::NotYet,
            _ => Self::Active,
        }
    }

    /// In words.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::NotYet => "Not yet",
            Self::Replaced => "Replaced, works on until it expires",
            Self::Expired => "Expired",
            Self::Revoked => "Revoked",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::NotYet => "info",
            Self::Replaced => "warn",
            Self::Expired | Self::Revoked => "quiet",
        }
    }

    /// Whether another key can take its place.
    #[must_use]
    pub const fn can_be_rotated(self) -> bool {
        matches!(self, Self::Active | Self::NotYet)
    }

    /// Whether it can be ended.
    #[must_use]
    pub const fn can_be_revoked(self) -> bool {
        !matches!(self, Self::Expired | Self::Revoked)
    }
}

/// A key.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do, in words.
    pub scopes: String,
    /// Whether it is for tests.
    pub mode: String,
    /// When it was issued.
    pub created_at: String,
    /// When it begins to work; empty: at once.
    pub valid_from: String,
    /// When it stops working.
    pub expires_at: String,
    /// The day on which it was last used; empty: never.
    pub used_on: String,
    /// Where it may be used from; none: from anywhere.
    pub addresses: Vec<String>,
    /// How its writes are signed; empty: they are not.
    pub signing: String,
    /// The key that takes its place; empty: none.
    pub replaced_by: String,
    /// Whether it works.
    pub state: State,
}

/// What is filled in about a new one.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Choice>,
    /// Which prefix it gets.
    pub modes: Vec<Choice>,
    /// The last day of its life; empty: in a year.
    pub expires_on: String,
    /// Where it may be used from, one a line.
    pub addresses: String,
    /// How its writes are signed.
    pub signing: Vec<Choice>,
}

impl Fields {
    /// What is filled in, with what can be chosen.
    #[must_use]
    pub fn new(name: &str, scopes: &[String], mode: &str, expires_on: &str, addresses: &str, signing: &str) -> Self {
        let pair = |code: &str, name: &str| (code.to_owned(), name.to_owned());
        Self {
            name: name.to_owned(),
            scopes: Choice::named(SCOPES.iter().map(|(code, name, _)| pair(code, name)), scopes),
            modes: Choice::named([pair("live", "Live"), pair("test", "Test")].into_iter(), &[mode.to_owned()]),
            expires_on: expires_on.to_owned(),
            addresses: addresses.to_owned(),
            signing: Choice::named(
                [pair("", "No"), pair("hmac-sha256", "Yes, with a secret (HMAC)")].into_iter(),
                &[signing.to_owned()],
            ),
        }
    }
}

/// All of them, and a form for one more.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/keys.html")]
pub struct Keys {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// They, the newest first.
    pub rows: Vec<Row>,
    /// What is filled in about a new one.
    pub fields: Fields,
    /// Whether the form is open.
    pub adding: bool,
    /// The last day that a key may have.
    pub latest: String,
}

/// One.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/key.html")]
pub struct Key {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// As it is.
    pub row: Row,
    /// What it is sent as, if it was just issued.
    pub token: String,
    /// What its writes are signed with, if it was just issued.
    pub signing_secret: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_key_works_is_said() {
        let (before, now, after) = ("2026-11-26T00:00:00.000Z", "2026-11-27T09:28:12.345Z", "2026-11-28T00:00:00.000Z");
        let life =
            |valid_from, expires_at, revoked_at, replaced_by| Life { valid_from, expires_at, revoked_at, replaced_by };
        let table = [
            (life("", after, "", ""), State::Active),
            (life(before, after, "", ""), State::Active),
            (life(after, after, "", ""), State::NotYet),
            (life("", after, "", "key"), State::Replaced),
            (life("", before, "", "key"), State::Expired),
            (life("", before, "", ""), State::Expired),
            (life("", after, before, "key"), State::Revoked),
        ];
        for (life, state) in table {
            assert_eq!(State::of(life, now), state, "{life:?}");
        }
    }

    #[test]
    fn every_scope_has_words() {
        for (code, ..) in SCOPES {
            assert_eq!(serde_json::from_value::<shared::access::Scope>(code.into()).unwrap().as_str(), code);
        }
        assert_eq!(scopes_in_words(["complaints:read", "of-later"].into_iter()), "Read complaints, of-later");
    }
}
