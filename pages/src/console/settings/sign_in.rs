//! How a firm's staff sign in.

use super::{Choice, Settings};
use crate::console::shell::Shell;
use askama::Template;

/// A claim that gives a role, as it is filled in.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// The claim.
    pub claim: String,
    /// What it must be.
    pub value: String,
    /// The role.
    pub roles: Vec<Choice>,
    /// The teams.
    pub teams: Vec<Choice>,
    /// The clearances.
    pub clearances: Vec<Choice>,
}

/// What is filled in.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// Whether by a provider.
    pub provider: bool,
    /// The provider's name for itself.
    pub issuer: String,
    /// What it calls this service.
    pub client_id: String,
    /// How this service proves that it is this client.
    pub authentication: Vec<Choice>,
    /// What is asked for, with spaces between.
    pub scopes: String,
    /// Whose addresses are taken, with spaces between.
    pub domains: String,
    /// Whether accounts are made.
    pub create_accounts: bool,
    /// Whether unverified addresses are trusted.
    pub trust_email: bool,
    /// Which claims give which roles; empty ones to be filled in at the end.
    pub rules: Vec<Rule>,
    /// Minutes without use.
    pub idle_minutes: String,
    /// Hours in all.
    pub hours: String,
}

/// How staff sign in.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/sign_in.html")]
pub struct SignIn {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// What is filled in.
    pub fields: Fields,
    /// Whether the provider's secret is set.
    pub has_secret: bool,
    /// What the provider has to know.
    pub redirect_uri: String,
    /// The version that is shown.
    pub version: u32,
}

/// Whether a rule gives more than a role.
#[must_use]
pub fn has_more(rule: &Rule) -> bool {
    rule.teams.iter().chain(&rule.clearances).any(|choice| choice.chosen)
}

/// How a client proves itself, in words.
#[must_use]
pub fn proves(code: &str) -> &'static str {
    match code {
        "none" => "By PKCE alone (a public client)",
        "client_secret_post" => "By the secret, in the body",
        _ => "By the secret, in a header (usual)",
    }
}
