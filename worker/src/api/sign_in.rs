//! `/v1/sign-in`: how a firm's staff sign in, and for how long.

use super::people::MAX_BODY;
use crate::{
    call::{Outcome, Reply, TenantCall},
    failure::Failure,
    platform::outside,
    store::people::SignIn,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    access::staff::Action,
    http::problem::{Code, FieldError, Rule},
    identity::{
        oidc::exchange::sealing_key,
        session::Sensitive,
        settings::{ClientAuthentication, OidcSettings, SessionLimits, SignInSettings},
    },
    text::Line,
};

/// The body of `PUT /v1/sign-in`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NewSignIn {
    /// By the firm's own provider. Without one: by a link sent by mail.
    oidc: Option<OidcSettings>,
    /// How long sessions last. Those that are open stay as they began.
    sessions: SessionLimits,
    /// The secret that the provider has given this service. Left out, it stays as it is; it is never shown.
    client_secret: Option<Line<500>>,
}

/// How staff sign in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ShownSignIn {
    /// By the firm's own provider. Without one: by a link sent by mail.
    oidc: Option<OidcSettings>,
    /// How long sessions last.
    sessions: SessionLimits,
    /// Whether the provider's secret is set.
    has_client_secret: bool,
    /// What the provider has to know as the address to which it sends browsers back.
    redirect_uri: String,
    /// Grows with every change; 0: nothing was set.
    version: u32,
}

fn told(call: &TenantCall, sign_in: SignIn) -> Outcome {
    let SignIn { version, settings, secret } = sign_in;
    let shown = ShownSignIn {
        oidc: settings.oidc,
        sessions: settings.sessions,
        has_client_secret: !secret.is_empty(),
        redirect_uri: format!("{}/app/callback", crate::gateway::staff::origin(&call.call.incoming)),
        version,
    };
    Ok(Reply::json(200, &shown)?.version(version))
}

/// `GET /v1/sign-in`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let sign_in = call.home()?.sign_in().await?;
    told(&call, sign_in)
}

/// `PUT /v1/sign-in`
pub(crate) async fn set(call: TenantCall) -> Outcome {
    call.must(Action::ManageSignIn, Sensitive::ManageStaff)?;
    let NewSignIn { oidc, sessions, client_secret } = call.call.json(MAX_BODY).await?;
    let db = call.home()?;
    let before = db.sign_in().await?;
    if before.version > 0 {
        call.call.expect_version(before.version)?;
    }
    let settings = SignInSettings { oidc, sessions };
    let secret = match (&settings.oidc, &client_secret) {
        // Whoever has no provider has no secret of one; nor does another provider get the secret of the last.
        (None, _) => String::new(),
        (Some(_), Some(secret)) => {
            let key = sealing_key(&call.call.config.request_secrets, call.standing.tenant.id);
            outside::seal(&key, secret.as_str()).await?
        }
        (Some(oidc), None) => {
            let same = before.settings.oidc.is_some_and(|before| before.issuer == oidc.issuer);
            if same { before.secret } else { String::new() }
        }
    };
    let mut errors = settings.errors(call.call.config.webhooks_to_loopback);
    let needs_secret = settings.oidc.as_ref().is_some_and(|oidc| oidc.authentication != ClientAuthentication::None);
    if needs_secret && secret.is_empty() {
        errors.push(FieldError::at("/client_secret", Rule::Missing, "is needed with this `authentication`"));
    }
    if !errors.is_empty() {
        return Err(Failure::errors(Code::Invalid, errors));
    }
    let sign_in = SignIn { version: before.version.saturating_add(1), settings, secret };
    if !db.put_sign_in(&sign_in).await? {
        return Err(Failure::new(Code::PreconditionFailed));
    }
    told(&call, sign_in)
}
