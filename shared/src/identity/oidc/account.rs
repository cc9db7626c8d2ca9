//! From a provider's claims to an account here: whose address, which roles.

use super::id_token::Authenticated;
use crate::{
    identity::{
        email::Email,
        person::{Account, Given, Linked},
        settings::{OidcSettings, RoleRule},
    },
    text::Line,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Why somebody whom the provider has signed in is not signed in here. What the firm's admin has to know stands in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// The provider says no address.
    #[error("the provider states no email address: it must send the claim email")]
    NoAddress,
    /// The address is of a domain that the firm does not take.
    #[error("addresses of this domain are not taken")]
    Domain,
    /// No claim gives a role.
    #[error("the provider's claims give no role here")]
    NoRole,
    /// The provider has left a claim out because it would be too long (`OpenID` Connect Core 1.0 §5.6.2): groups of somebody who is in many.
    #[error("the provider does not send the claim {}: have it send roles, or the groups of this application alone", .0.as_str())]
    ClaimElsewhere(Line<200>),
}

/// The account of whoever has signed in.
///
/// # Errors
/// [`NotAdmitted`].
pub fn account(who: &Authenticated, settings: &OidcSettings) -> Result<Account, NotAdmitted> {
    let claims = &who.claims;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let address = |name: &str| text(name).and_then(|text| Email::try_from(text).ok());
    let stated = address("email");
    // Some providers write it as a text.
    let verified = claims.get("email_verified").is_some_and(|verified| *verified == true || verified == "true");
    let email_is_theirs = settings.trust_email || (verified && stated.is_some());
    let email = stated.or_else(|| address("preferred_username")).or_else(|| address("upn"));
    let email = email.ok_or(NotAdmitted::NoAddress)?;
    if !settings.domains.is_empty() && !settings.domains.iter().any(|domain| domain.has(&email)) {
        return Err(NotAdmitted::Domain);
    }
    let display_name = name(claims).or_else(|| short(&email)).ok_or(NotAdmitted::NoAddress)?;
    let given = if settings.roles.is_empty() { None } else { Some(given(claims, &settings.roles)?) };
    let linked = Linked { issuer: settings.issuer.clone(), subject: who.subject.clone() };
    Ok(Account { linked, email, email_is_theirs, display_name, given, may_be_created: settings.create_accounts })
}

/// What people read: `name`, or what it is made of (`OpenID` Connect Core 1.0 §5.1).
fn name(claims: &Map<String, Value>) -> Option<Line<200>> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let parts: Vec<_> = ["given_name", "family_name"].into_iter().filter_map(text).collect();
    let made = || Some(parts.join(" ")).filter(|made| !made.is_empty());
    text("name").map(str::to_owned).or_else(made).and_then(|name| Line::try_from(name).ok())
}

/// The beginning of an address, where nothing else names a person.
fn short(email: &Email) -> Option<Line<200>> {
    Line::try_from(email.as_str().chars().take(200).collect::<String>()).ok()
}

/// What claims give.
///
/// # Errors
/// [`NotAdmitted::NoRole`], [`NotAdmitted::ClaimElsewhere`].
pub fn given(claims: &Map<String, Value>, rules: &[RoleRule]) -> Result<Given, NotAdmitted> {
    let matching: Vec<_> = rules.iter().filter(|rule| has(claims, rule)).collect();
    if matching.is_empty() {
        let elsewhere = claims.get("_claim_names").and_then(Value::as_object);
        let left_out = rules.iter().find(|rule| elsewhere.is_some_and(|names| names.contains_key(rule.claim.as_str())));
        return Err(left_out.map_or(NotAdmitted::NoRole, |rule| NotAdmitted::ClaimElsewhere(rule.claim.clone())));
    }
    Ok(Given {
        roles: matching.iter().map(|rule| rule.role).collect(),
        teams: matching.iter().flat_map(|rule| rule.teams.iter().copied()).collect::<BTreeSet<_>>(),
        clearances: matching.iter().flat_map(|rule| rule.clearances.iter().copied()).collect::<BTreeSet<_>>(),
    })
}

/// Whether a claim is what a rule wants, or has it among its values.
fn has(claims: &Map<String, Value>, rule: &RoleRule) -> bool {
    let name = rule.claim.as_str();
    let claim = match name.strip_prefix('/') {
        None => claims.get(name),
        Some(path) => {
            let (first, rest) = path.split_once('/').unwrap_or((path, ""));
            let inside = if rest.is_empty() { String::new() } else { format!("/{rest}") };
            claims.get(&first.replace("~1", "/").replace("~0", "~")).and_then(|value| value.pointer(&inside))
        }
    };
    match claim {
        Some(Value::String(text)) => text == rule.value.as_str(),
        Some(Value::Array(values)) => values.iter().any(|value| value.as_str() == Some(rule.value.as_str())),
        Some(Value::Bool(flag)) => flag.to_string() == rule.value.as_str(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{
        oidc::discovery::tests::settings,
        role::{Clearance, Role},
    };
    use serde_json::json;

    fn who(claims: Value) -> Authenticated {
        Authenticated {
            subject: Line::try_from("u-1").unwrap(),
            authenticated_at: None,
            acr: None,
            amr: vec![],
            claims: claims.as_object().unwrap().clone(),
        }
    }

    fn rules() -> Value {
        json!([
            { "claim": "groups", "value": "cards", "role": "agent", "clearances": ["vip"] },
            { "claim": "groups", "value": "leads", "role": "lead" },
            { "claim": "/realm_access/roles", "value": "audit", "role": "auditor" },
            { "claim": "https://redress.example/admin", "value": "true", "role": "admin" }
        ])
    }

    #[test]
    fn claims_give_roles() {
        let given = |claims: Value| {
            let settings = settings(json!({ "roles": rules() }));
            super::given(claims.as_object().unwrap(), &settings.roles)
        };
        let roles = |claims: Value| given(claims).map(|given| given.roles);
        let of = |roles: &[Role]| Ok(roles.iter().copied().collect());
        assert_eq!(roles(json!({ "groups": ["x", "cards", "leads"] })), of(&[Role::Agent, Role::Lead]));
        assert_eq!(roles(json!({ "groups": "leads" })), of(&[Role::Lead]));
        assert_eq!(roles(json!({ "groups": ["cards"], "realm_access": { "roles": ["audit"] } })), of(&[Role::Auditor]));
        assert_eq!(roles(json!({ "https://redress.example/admin": true })), of(&[Role::Admin]));
        assert_eq!(given(json!({ "groups": ["cards"] })).unwrap().clearances, BTreeSet::from([Clearance::Vip]));
        for none in [json!({}), json!({ "groups": ["Cards", 1] }), json!({ "groups": { "cards": 1 } })] {
            assert_eq!(given(none), Err(NotAdmitted::NoRole));
        }
        let many = json!({ "_claim_names": { "groups": "src1" } });
        assert_eq!(given(many), Err(NotAdmitted::ClaimElsewhere(Line::try_from("groups").unwrap())));
    }

    #[test]
    fn an_address_is_taken_by_domain_and_believed_if_verified() {
        let base = json!({ "roles": rules(), "domains": ["example.com"], "create_accounts": true });
        let read = |claims: Value, trust: bool| {
            let mut all = json!({ "groups": "cards" });
            all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
            let mut base = base.clone();
            base["trust_email"] = trust.into();
            account(&who(all), &settings(base)).map(|account| (String::from(account.email), account.email_is_theirs))
        };
        let ada = |theirs: bool| Ok(("ada@example.com".to_owned(), theirs));
        assert_eq!(read(json!({ "email": "Ada@example.com", "email_verified": true }), false), ada(true));
        assert_eq!(read(json!({ "email": "ada@example.com", "email_verified": "true" }), false), ada(true));
        assert_eq!(read(json!({ "email": "ada@example.com" }), false), ada(false));
        assert_eq!(read(json!({ "email": "ada@example.com" }), true), ada(true));
        assert_eq!(read(json!({ "preferred_username": "ada@example.com", "email_verified": true }), false), ada(false));
        assert_eq!(read(json!({ "upn": "ada@example.com" }), true), ada(true));
        assert_eq!(read(json!({ "email": "ada@example.org", "email_verified": true }), true), Err(NotAdmitted::Domain));
        assert_eq!(read(json!({ "email": "ada" }), true), Err(NotAdmitted::NoAddress));
    }

    #[test]
    fn people_have_a_name_in_any_case() {
        let name = |claims: Value| {
            let mut all = json!({ "email": "ada@example.com" });
            all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
            let account = account(&who(all), &settings(json!({}))).unwrap();
            assert_eq!((account.given, account.may_be_created), (None, false));
            account.display_name.as_str().to_owned()
        };
        assert_eq!(name(json!({ "name": "Ada Winter" })), "Ada Winter");
        assert_eq!(name(json!({ "given_name": "Ada", "family_name": "Winter" })), "Ada Winter");
        for bad in [json!({}), json!({ "name": "a\nb" }), json!({ "name": "x".repeat(201) }), json!({ "name": 1 })] {
            assert_eq!(name(bad), "ada@example.com");
        }
    }
}
