//! How staff sign in: `/v1/sign-in`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{
        Desk, Shown,
        api::Ask,
        at_desk,
        office::{if_match, mendable, names, sent},
    },
};
use futures_util::try_join;
use pages::console::settings::{
    Choice, Tab,
    sign_in::{Fields, Rule, SignIn, proves},
};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::identity::{
    role::{Clearance, Role},
    settings::{ClientAuthentication, OidcSettings, SessionLimits, SignInSettings},
};

/// The most rules that there are.
const MAX_RULES: usize = 100;
/// Rules to be filled in, besides those that are there.
const FREE_RULES: usize = 2;

#[derive(Deserialize)]
struct Held {
    oidc: Option<OidcSettings>,
    sessions: SessionLimits,
    has_client_secret: bool,
    redirect_uri: String,
    version: u32,
}

type Names = [(String, String)];

/// `GET`, `POST /app/settings/sign-in`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let mut notice = None;
    if sent(desk) {
        let version = if_match(desk.form.get("version"));
        let body = body(desk).to_string();
        let ask = Ask { if_match: &version, body: &body, ..Ask::default() };
        match mendable(desk, desk.api.ask("PUT", "/v1/sign-in", ask).await)? {
            Ok(_) => return desk.go("/app/settings/sign-in?done=saved"),
            Err(why) => notice = Some(why),
        }
    }
    let (held, teams) = try_join!(desk.api.get::<Held>("/v1/sign-in"), names(desk, "/v1/teams"))?;
    let Held { oidc, sessions, has_client_secret, redirect_uri, version } = held;
    let fields = if sent(desk) { typed(desk, &teams) } else { kept(&SignInSettings { oidc, sessions }, &teams) };
    desk.page(&SignIn {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::SignIn), notice),
        fields,
        has_secret: has_client_secret,
        redirect_uri,
        version,
    })
}

fn rule(claim: &str, value: &str, role: &str, teams: &[String], clearances: &[String], all: &Names) -> Rule {
    Rule {
        claim: claim.to_owned(),
        value: value.to_owned(),
        roles: Choice::of(Role::NAMES, &[role.to_owned()]),
        teams: Choice::named(all.iter().cloned(), teams),
        clearances: Choice::of(Clearance::NAMES, clearances),
    }
}

fn authentication(chosen: &str) -> Vec<Choice> {
    let all = ClientAuthentication::NAMES.iter().map(|code| ((*code).to_owned(), proves(code).to_owned()));
    Choice::named(all, &[chosen.to_owned()])
}

/// What is set.
fn kept(settings: &SignInSettings, teams: &Names) -> Fields {
    let SignInSettings { oidc, sessions } = settings;
    let empty = || rule("", "", "agent", &[], &[], teams);
    let mut fields = Fields {
        provider: oidc.is_some(),
        authentication: authentication("client_secret_basic"),
        scopes: "email profile".to_owned(),
        idle_minutes: sessions.idle_minutes.to_string(),
        hours: sessions.hours.to_string(),
        ..Fields::default()
    };
    if let Some(oidc) = oidc {
        oidc.issuer.as_str().clone_into(&mut fields.issuer);
        oidc.client_id.as_str().clone_into(&mut fields.client_id);
        fields.authentication = authentication(oidc.authentication.into());
        fields.scopes = oidc.scopes.iter().map(shared::text::Line::as_str).collect::<Vec<_>>().join(" ");
        fields.domains = oidc.domains.iter().cloned().map(String::from).collect::<Vec<_>>().join(" ");
        fields.create_accounts = oidc.create_accounts;
        fields.trust_email = oidc.trust_email;
        fields.rules = oidc
            .roles
            .iter()
            .map(|given| {
                let of: Vec<String> = given.teams.iter().map(ToString::to_string).collect();
                let clearances: Vec<String> =
                    given.clearances.iter().map(|one| <&str>::from(*one).to_owned()).collect();
                rule(given.claim.as_str(), given.value.as_str(), given.role.into(), &of, &clearances, teams)
            })
            .collect();
    }
    fields.rules.extend((0..FREE_RULES).map(|_| empty()));
    fields
}

/// What a form says of a rule.
struct TypedRule<'d> {
    claim: &'d str,
    value: &'d str,
    role: &'d str,
    teams: Vec<String>,
    clearances: Vec<String>,
}

fn typed_rules(desk: &Desk) -> Vec<TypedRule<'_>> {
    let form = &desk.form;
    let count = form.get("rules").parse().unwrap_or(0).min(MAX_RULES + FREE_RULES);
    let several = |name: String| form.all(&name).map(str::to_owned).collect::<Vec<_>>();
    (0..count)
        .map(|at| TypedRule {
            claim: form.get(&format!("claim-{at}")).trim(),
            value: form.get(&format!("value-{at}")),
            role: form.get(&format!("role-{at}")),
            teams: several(format!("teams-{at}")),
            clearances: several(format!("clearances-{at}")),
        })
        .collect()
}

fn typed(desk: &Desk, teams: &Names) -> Fields {
    let form = &desk.form;
    let text = |name: &str| form.get(name).to_owned();
    Fields {
        provider: form.get("how") == "provider",
        issuer: text("issuer"),
        client_id: text("client_id"),
        authentication: authentication(form.get("authentication")),
        scopes: text("scopes"),
        domains: text("domains"),
        create_accounts: form.get("create_accounts") == "yes",
        trust_email: form.get("trust_email") == "yes",
        rules: typed_rules(desk)
            .into_iter()
            .map(|one| rule(one.claim, one.value, one.role, &one.teams, &one.clearances, teams))
            .collect(),
        idle_minutes: text("idle_minutes"),
        hours: text("hours"),
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty()).collect()
}

/// A number, or else the text, of which the API says what is wrong.
fn number(text: &str) -> Value {
    text.trim().parse::<u8>().map_or_else(|_| Value::from(text), Value::from)
}

fn body(desk: &Desk) -> Value {
    let form = &desk.form;
    let sessions = json!({ "idle_minutes": number(form.get("idle_minutes")), "hours": number(form.get("hours")) });
    if form.get("how") != "provider" {
        return json!({ "sessions": sessions });
    }
    let rules = typed_rules(desk).into_iter().filter(|one| !one.claim.is_empty());
    let roles: Vec<Value> = rules
        .map(|TypedRule { claim, value, role, teams, clearances }| {
            json!({ "claim": claim, "value": value, "role": role, "teams": teams, "clearances": clearances })
        })
        .collect();
    let mut body = json!({
        "oidc": {
            "issuer": form.get("issuer").trim(),
            "client_id": form.get("client_id").trim(),
            "authentication": form.get("authentication"),
            "scopes": words(form.get("scopes")),
            "roles": roles,
            "domains": words(form.get("domains")),
            "create_accounts": form.get("create_accounts") == "yes",
            "trust_email": form.get("trust_email") == "yes",
        },
        "sessions": sessions,
    });
    let secret = form.get("client_secret");
    if let (false, Some(members)) = (secret.is_empty(), body.as_object_mut()) {
        members.insert("client_secret".to_owned(), secret.into());
    }
    body
}
