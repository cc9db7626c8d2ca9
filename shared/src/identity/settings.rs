//! How a firm's staff sign in, and for how long: what its admin sets.

use super::{
    email::EmailDomain,
    role::{Clearance, Role},
};
use crate::{
    clock::named::named,
    complaint::intake::List,
    http::problem::{FieldError, Rule},
    ids::TeamId,
    text::Line,
    webhook::address,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How staff sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignInSettings {
    /// By the firm's own provider. Without one: by a link sent by mail.
    pub oidc: Option<OidcSettings>,
    /// How long sessions last.
    pub sessions: SessionLimits,
}

/// A firm's provider: an `OpenID` Provider (`OpenID` Connect Core 1.0 §1.2), at which this service is registered as a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// The provider's name for itself, an https URL without query: exactly as it says it (`OpenID` Connect Discovery 1.0 §3).
    pub issuer: Line<500>,
    /// What the provider calls this service (RFC 6749 §2.2).
    pub client_id: Line<255>,
    /// How this service proves to the provider that it is this client. PKCE is used with each.
    #[serde(default)]
    pub authentication: ClientAuthentication,
    /// What is asked for besides `openid` (RFC 6749 §3.3). Default: `email` and `profile`.
    #[serde(default = "email_and_profile")]
    pub scopes: List<Line<100>, 10>,
    /// Which claims give which roles. Whoever gets none by these is not signed in. Empty: roles are given here or by SCIM, and claims give none.
    #[serde(default)]
    pub roles: List<RoleRule, 100>,
    /// Whose addresses are taken: those of other domains are not signed in. At least one if accounts are made when somebody signs in.
    #[serde(default)]
    pub domains: List<EmailDomain, 20>,
    /// Whether somebody whom nobody has entered gets an account when they sign in, if claims give them a role and a seat is free.
    #[serde(default)]
    pub create_accounts: bool,
    /// Whether the firm vouches that an address its provider states is the person's, where the provider does not say that it is verified.
    #[serde(default)]
    pub trust_email: bool,
}

fn email_and_profile() -> List<Line<100>, 10> {
    let scopes = ["email", "profile"].into_iter().filter_map(|scope| Line::try_from(scope).ok());
    List::try_from(scopes.collect::<Vec<_>>()).unwrap_or_default()
}

named! {
#[derive(Default)]
/// How a client proves itself at the token endpoint (`OpenID` Connect Core 1.0 §9). The secret is kept elsewhere, sealed.
pub enum ClientAuthentication {
    /// Not at all: a public client, by PKCE alone (RFC 7636).
    None: "none",
    /// By a secret in `Authorization` (RFC 6749 §2.3.1).
    #[default]
    SecretBasic: "client_secret_basic",
    /// By a secret in the body.
    SecretPost: "client_secret_post",
}
}

/// A claim that gives a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRule {
    /// The claim: its name, or, if it begins with `/`, where it is in the claims as a JSON pointer (RFC 6901), such as `/realm_access/roles`.
    pub claim: Line<200>,
    /// What it must be, or have among its values. Case matters.
    pub value: Line<255>,
    /// The role that it gives.
    pub role: Role,
    /// The teams that it puts the person in.
    #[serde(default)]
    pub teams: List<TeamId, 20>,
    /// The sensitive complaints that it lets the person see.
    #[serde(default)]
    pub clearances: List<Clearance, 4>,
}

/// How long sessions last. The limits of the limits are those of NIST SP 800-63B-4 for AAL2 (§2.2.3: an overall timeout of at most 24 hours,
/// an inactivity timeout of at most one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionLimits {
    /// After so many minutes without use a session ends: 10 to 60. Default: 30.
    pub idle_minutes: u8,
    /// After so many hours it ends in any case: 1 to 24. Default: 12.
    pub hours: u8,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle_minutes: 30, hours: 12 }
    }
}

impl SessionLimits {
    /// The longest time without use, in milliseconds.
    #[must_use]
    pub const fn idle_millis(self) -> i64 {
        self.idle_minutes as i64 * 60_000
    }

    /// The longest time in all, in milliseconds.
    #[must_use]
    pub const fn life_millis(self) -> i64 {
        self.hours as i64 * 3_600_000
    }
}

/// Shortest and longest idle time, in minutes. Less than twice the life of an access token would end sessions in use.
const IDLE_MINUTES: std::ops::RangeInclusive<u8> = 10..=60;
/// Shortest and longest life, in hours.
const HOURS: std::ops::RangeInclusive<u8> = 1..=24;

impl SignInSettings {
    /// Whether links are sent: only where there is no provider, or else they would be a way around it.
    #[must_use]
    pub const fn by_link(&self) -> bool {
        self.oidc.is_none()
    }

    /// What does not fit together. `loopback`: whether a provider on this very machine will do, for tests and development.
    #[must_use]
    pub fn errors(&self, loopback: bool) -> Vec<FieldError> {
        let mut errors = self.oidc.as_ref().map_or_else(Vec::new, |oidc| oidc.errors(loopback));
        let SessionLimits { idle_minutes, hours } = self.sessions;
        if !IDLE_MINUTES.contains(&idle_minutes) {
            errors.push(FieldError::at("/sessions/idle_minutes", Rule::OutOfRange, "must be 10 to 60"));
        }
        if !HOURS.contains(&hours) {
            errors.push(FieldError::at("/sessions/hours", Rule::OutOfRange, "must be 1 to 24"));
        }
        errors
    }
}

impl OidcSettings {
    fn errors(&self, loopback: bool) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, rule: Rule, words: String| {
            errors.push(FieldError::at(&format!("/oidc{field}"), rule, words));
        };
        if let Err(refused) = address::check(self.issuer.as_str(), loopback) {
            wrong("/issuer", Rule::NotAllowed, refused.to_string());
        } else if self.issuer.as_str().contains('?') {
            wrong("/issuer", Rule::NotAllowed, "must have no query".to_owned());
        }
        // VSCHAR (RFC 6749 appendix A.1).
        if !self.client_id.as_str().bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
            wrong("/client_id", Rule::NotAllowed, "must be in printable ASCII".to_owned());
        }
        for (at, scope) in self.scopes.iter().enumerate() {
            // NQCHAR (RFC 6749 §3.3).
            if !scope.as_str().bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\')) {
                wrong(&format!("/scopes/{at}"), Rule::NotAllowed, "must be one scope (RFC 6749 §3.3)".to_owned());
            }
        }
        if self.create_accounts && self.roles.is_empty() {
            wrong("/roles", Rule::Missing, "must say who gets which role, if accounts are made".to_owned());
        }
        if self.create_accounts && self.domains.is_empty() {
            wrong("/domains", Rule::Missing, "must say whose addresses are taken, if accounts are made".to_owned());
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers(settings: serde_json::Value, loopback: bool) -> Vec<String> {
        let settings: SignInSettings = serde_json::from_value(settings).unwrap();
        settings.errors(loopback).into_iter().filter_map(|error| error.pointer).collect()
    }

    #[test]
    fn what_is_said_by_default_is_little() {
        let settings: SignInSettings =
            serde_json::from_value(json!({ "oidc": { "issuer": "https://id.example.com", "client_id": "redress" } }))
                .unwrap();
        let oidc = settings.oidc.clone().unwrap();
        assert_eq!(settings.errors(false), []);
        assert_eq!(oidc.authentication, ClientAuthentication::SecretBasic);
        let scopes: Vec<_> = oidc.scopes.iter().map(Line::as_str).collect();
        assert_eq!(scopes, ["email", "profile"]);
        assert!(!oidc.create_accounts && !oidc.trust_email && oidc.roles.is_empty());
        assert_eq!((settings.sessions.idle_millis(), settings.sessions.life_millis()), (1_800_000, 43_200_000));
        assert_eq!(SignInSettings::default().errors(false), []);
        assert!(SignInSettings::default().by_link() && !settings.by_link());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let oidc = |members: serde_json::Value| {
            let mut oidc = json!({ "issuer": "https://id.example.com/t", "client_id": "redress" });
            oidc.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            json!({ "oidc": oidc })
        };
        for (settings, wrong) in [
            (oidc(json!({ "issuer": "http://id.example.com" })), vec!["/oidc/issuer"]),
            (oidc(json!({ "issuer": "https://id.example.com/?x" })), vec!["/oidc/issuer"]),
            (oidc(json!({ "issuer": "https://10.0.0.1/" })), vec!["/oidc/issuer"]),
            (oidc(json!({ "issuer": "http://127.0.0.1:9/" })), vec!["/oidc/issuer"]),
            (oidc(json!({ "client_id": "é" })), vec!["/oidc/client_id"]),
            (oidc(json!({ "scopes": ["email profile"] })), vec!["/oidc/scopes/0"]),
            (oidc(json!({ "create_accounts": true })), vec!["/oidc/roles", "/oidc/domains"]),
            (
                json!({ "sessions": { "idle_minutes": 5, "hours": 25 } }),
                vec!["/sessions/idle_minutes", "/sessions/hours"],
            ),
        ] {
            assert_eq!(pointers(settings.clone(), false), wrong, "{settings}");
        }
        assert!(pointers(oidc(json!({ "issuer": "http://127.0.0.1:9/" })), true).is_empty());
    }
}
