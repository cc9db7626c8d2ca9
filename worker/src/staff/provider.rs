//! Signing in by the firm's own provider: `shared::identity::oidc` decides, in the order that it says; here is what it asks for.

use super::{
    Visitor, parameter, see_other, shown,
    visitor::{Beginning, Door, access_cookie, begin, visitor},
    with_cookies,
};
use crate::{
    call::{Call, Outcome},
    failure::Failure,
    gateway::staff::origin,
    log,
    office::Office,
    platform::{self, outside},
    store::people::SignIn,
};
use serde_json::Value;
use shared::{
    http::problem::Code,
    identity::{
        cookie,
        key::IdentityKey,
        oidc::{
            MAX_DOCUMENT,
            account::account,
            attempt::{Attempt, LIFE_MILLIS},
            discovery::{self, Metadata},
            exchange::{ClientSecret, read_token_response, sealing_key, token_request},
            id_token::{Authenticated, IdToken, Unverified, Wanted},
            jwk::{Choice, Jwks},
        },
        person::{Account, PersonCommand},
        return_path::ReturnPath,
        session::Method,
        settings::OidcSettings,
    },
    ids::{PersonId, SessionId},
    time::Timestamp,
};
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// The most bytes of a document.
const LIMIT: u32 = 256 * 1024;
const _: () = assert!(LIMIT as usize == MAX_DOCUMENT, "what is read is what is looked at");
/// The most providers of which an isolate knows.
const MAX_KNOWN: usize = 1_000;

thread_local! {
    /// What providers have said of themselves, by what depends on the settings, and when.
    static METADATA: RefCell<HashMap<String, (Timestamp, Rc<Metadata>)>> = RefCell::default();
    /// Their keys, by where these are.
    static KEYS: RefCell<HashMap<String, Rc<Jwks>>> = RefCell::default();
}

fn keep<T>(known: &RefCell<HashMap<String, T>>, key: String, value: T) {
    let mut known = known.borrow_mut();
    if known.len() >= MAX_KNOWN {
        known.clear();
    }
    known.insert(key, value);
}

/// What somebody is told of a provider that does not do its part; their admin, by the words.
fn provider_fault(error: impl std::fmt::Display) -> Failure {
    log::fault("provider", &error);
    Failure::new(Code::Unavailable).detail(format!("Your firm’s provider: {error}"))
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::Forbidden).detail(error.to_string())
}

async fn document(url: &str) -> Result<String, Failure> {
    match outside::document(url, "", None, LIMIT).await {
        Some((200, body)) => Ok(body),
        Some((status, _)) => Err(provider_fault(format_args!("it answers {status}"))),
        None => Err(provider_fault("it does not answer")),
    }
}

/// What a provider says of itself, as fresh as it is believed.
pub(crate) async fn metadata(call: &Call, settings: &OidcSettings) -> Result<Rc<Metadata>, Failure> {
    let method: &str = settings.authentication.into();
    let key = format!("{method} {}", settings.issuer.as_str());
    let known = METADATA.with(|known| known.borrow().get(&key).cloned());
    if let Some((read_at, metadata)) = known
        && read_at.plus_millis(discovery::LIFE_MILLIS) > call.now
    {
        return Ok(metadata);
    }
    let text = document(&discovery::url(settings.issuer.as_str())).await?;
    let read = Metadata::read(&text, settings, call.config.webhooks_to_loopback).map_err(provider_fault)?;
    let metadata = Rc::new(read);
    METADATA.with(|known| keep(known, key, (call.now, Rc::clone(&metadata))));
    Ok(metadata)
}

/// A provider's keys, as they are known, or fetched now.
async fn keys(uri: &str, anew: bool, now: Timestamp) -> Result<Rc<Jwks>, Failure> {
    let known = KEYS.with(|known| known.borrow().get(uri).cloned()).filter(|_| !anew);
    if let Some(known) = known {
        return Ok(known);
    }
    let keys = Rc::new(Jwks::read(&document(uri).await?, now).map_err(provider_fault)?);
    KEYS.with(|known| keep(known, uri.to_owned(), Rc::clone(&keys)));
    Ok(keys)
}

fn redirect_uri(call: &Call) -> String {
    format!("{}/app/callback", origin(&call.incoming))
}

/// Sends the browser to the firm's provider.
async fn send(call: &Call, door: &Door, return_to: ReturnPath, step_up: Option<SessionId>) -> Outcome {
    let settings = door.db.sign_in().await?.settings;
    let slug = &door.standing.tenant.slug;
    let Some(oidc) = settings.oidc else {
        return Ok(see_other(&format!("/app/{slug}/sign-in?return_to={}", super::encoded(return_to.as_str()))));
    };
    let metadata = metadata(call, &oidc).await?;
    let key = IdentityKey::of(&call.config.cursors);
    let attempt = Attempt::begin(door.standing.tenant.id, return_to, step_up, platform::random(), call.now);
    let url = attempt.authorization_url(&oidc, &metadata, &redirect_uri(call), &key);
    Ok(with_cookies(see_other(&url), vec![cookie::ATTEMPT.set(&attempt.seal(&key), LIFE_MILLIS / 1_000)]))
}

/// `GET /app/{firm}/provider`
pub(crate) async fn begin_attempt(call: Call) -> Outcome {
    let made = async {
        let door = Door::named(&call).await?.ok_or_else(super::no_such_firm)?;
        send(&call, &door, ReturnPath::or_root(&parameter(&call, "return_to")), None).await
    };
    shown(call.runtime.meter.request.get(), made.await)
}

/// `GET /app/step-up`: proves anew who they are. Where a firm has no provider, by another link.
pub(crate) async fn step_up(call: Call) -> Outcome {
    let made = async {
        let Visitor { token, door, cookies } = match visitor(&call).await? {
            Ok(visitor) => visitor,
            Err(cookies) => return Ok(super::to_sign_in(&call, cookies)),
        };
        let return_to = ReturnPath::or_root(&parameter(&call, "return_to"));
        Ok(with_cookies(send(&call, &door, return_to, Some(token.session)).await?, cookies))
    };
    shown(call.runtime.meter.request.get(), made.await)
}

/// `GET /app/callback`: the provider has sent the browser back.
pub(crate) async fn callback(call: Call) -> Outcome {
    shown(call.runtime.meter.request.get(), come_back(&call).await)
}

async fn come_back(call: &Call) -> Outcome {
    let key = IdentityKey::of(&call.config.cursors);
    let held = call.incoming.header("cookie").unwrap_or_default();
    let attempt = Attempt::open(cookie::ATTEMPT.of(&held), &key, call.now).map_err(refused)?;
    let door = Door::of(call, attempt.tenant).await?.ok_or_else(super::no_such_firm)?;
    let sign_in = door.db.sign_in().await?;
    let oidc = sign_in.settings.oidc.as_ref().ok_or_else(|| refused("your firm has no provider any more"))?;
    let metadata = metadata(call, oidc).await?;
    let code = attempt.code(&call.incoming.head.query, &metadata, &key).map_err(refused)?;
    let token = exchange(call, &door, &sign_in, oidc, &metadata, &code, &attempt.verifier(&key)).await?;
    let wanted = Wanted {
        issuer: &metadata.issuer,
        client_id: oidc.client_id.as_str(),
        nonce: &attempt.nonce(&key),
        anew_since: attempt.step_up.map(|_| attempt.begun_at),
    };
    let who = verified(&token, &metadata, call.now).await?.check(wanted, call.now).map_err(refused)?;
    let account = account(&who, oidc).map_err(refused)?;
    let mut cookies = match attempt.step_up {
        Some(session) => stepped_up(call, &door, &who, &account, session).await?,
        None => signed_in(call, &door, &who, account, &sign_in).await?,
    };
    cookies.push(cookie::ATTEMPT.clear());
    Ok(with_cookies(see_other(attempt.return_to.as_str()), cookies))
}

/// A code becomes an ID token.
async fn exchange(
    call: &Call,
    door: &Door,
    sign_in: &SignIn,
    oidc: &OidcSettings,
    metadata: &Metadata,
    code: &str,
    verifier: &str,
) -> Result<String, Failure> {
    let sealing = sealing_key(&call.config.request_secrets, door.standing.tenant.id);
    let secret = match sign_in.secret.as_str() {
        "" => None,
        sealed => outside::unseal(&sealing, sealed).await.map(ClientSecret::new),
    };
    let request = token_request(oidc, secret.as_ref(), code, verifier, &redirect_uri(call)).map_err(provider_fault)?;
    let endpoint = &metadata.token_endpoint;
    let answer = outside::document(endpoint, &request.body, request.authorization.as_deref(), LIMIT).await;
    let (status, body) = answer.ok_or_else(|| provider_fault("it does not answer"))?;
    read_token_response(status, &body).map_err(provider_fault)
}

/// An ID token that the provider has signed.
async fn verified(token: &str, metadata: &Metadata, now: Timestamp) -> Result<IdToken, Failure> {
    let token = Unverified::read(token).map_err(refused)?;
    let algorithm = token.algorithm();
    let parameters = [algorithm.import_parameters(), algorithm.verify_parameters()];
    for anew in [false, true] {
        let keys = keys(&metadata.jwks_uri, anew, now).await?;
        match keys.choose(algorithm, token.kid(), now) {
            Choice::Key(key) => {
                let key: Value = key.to_import();
                let good =
                    outside::is_signed(&key.to_string(), parameters, token.signature(), token.signing_input()).await;
                return token.verified(good).map_err(refused);
            }
            Choice::Refetch => {}
            Choice::Unknown => break,
        }
    }
    token.verified(false).map_err(refused)
}

async fn signed_in(
    call: &Call,
    door: &Door,
    who: &Authenticated,
    account: Account,
    sign_in: &SignIn,
) -> Result<Vec<String>, Failure> {
    let known = door.db.person_of_account(&account.linked, &account.email).await?;
    let session = SessionId::new(call.now, &platform::entropy());
    let command = PersonCommand::SignIn(PersonId::new(call.now, &platform::entropy()), Box::new(account));
    let office: Office<'_> = door.office(call);
    let person = office.apply(known.as_ref(), command, None, Some(session)).await?.person;
    let beginning = Beginning {
        session,
        method: Method::Oidc,
        authenticated_at: who.authenticated_at,
        limits: sign_in.settings.sessions,
    };
    begin(call, door, &person, beginning).await
}

/// Whoever has a session has proved anew who they are.
async fn stepped_up(
    call: &Call,
    door: &Door,
    who: &Authenticated,
    account: &Account,
    session: SessionId,
) -> Result<Vec<String>, Failure> {
    let over = || refused("the session is over: sign in");
    let (kept, person) = door.db.session(session).await?.ok_or_else(over)?;
    let person = person.filter(|person| kept.ending(Some(person), call.now).is_none()).ok_or_else(over)?;
    if !person.accounts.contains(&account.linked) {
        return Err(refused("somebody else has signed in at the provider: sign out first"));
    }
    let at = who.authenticated_at.unwrap_or(call.now).min(call.now);
    let kept = door.db.step_up(session, at).await?.ok_or_else(over)?;
    Ok(vec![access_cookie(call, &kept, &person)?])
}
