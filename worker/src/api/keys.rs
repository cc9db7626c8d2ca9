//! `/v1/tenants/{id}/keys` and `/v1/keys`: operators, and firms themselves, issue, list, rotate and revoke a tenant's API keys.

use super::{
    once::{MAX_BODY, again},
    steward::Steward,
    tenants,
};
use crate::{
    call::{OperatorCall, Outcome, Reply, TenantCall},
    failure::Failure,
    platform,
    store::system::OperatorDone,
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    complaint::command::Nothing,
    http::problem::{Code, FieldError, Rule},
    ids::KeyId,
    json,
    sign::request_key::SigningKey,
    tenant::{
        Status, Tenant,
        api_key::{ApiKey, InvalidExpiry, IssuedKey, MAX_OVERLAP_HOURS, NewKey, Rotation},
        event::TenantEvent,
    },
};

/// A tenant's keys, without their secrets.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Keys {
    /// The newest first; at most 1,000.
    data: Vec<ApiKey>,
}

/// `POST /v1/tenants/{id}/keys`
pub(crate) async fn issue(call: OperatorCall) -> Outcome {
    issue_key(call.into()).await
}

/// `POST /v1/keys`
pub(crate) async fn issue_own(call: TenantCall) -> Outcome {
    issue_key(Steward::own_change(call)?).await
}

async fn issue_key(call: Steward) -> Outcome {
    let posted = call.call.posted::<NewKey>(MAX_BODY).await?;
    if let Some(done) = call.done(&posted).await? {
        return issued_again(&call, done).await;
    }
    let tenant = call.tenant().await?;
    let id = KeyId::new(call.call.now, &platform::entropy());
    let key = ApiKey::issue(id, tenant.id, posted.body.clone(), call.call.now).map_err(bad_expiry)?;
    not_gone(&tenant)?;
    may_give(&call, &key).await?;
    // The record keeps the key without its secret, which is signed anew when the request is repeated.
    let record = call.record(&posted.key, posted.fingerprint, 201, &key)?;
    let done = call.does(TenantEvent::issued(&key))?;
    if let Err(error) = call.db_of(tenant.id).insert_key(&key, &record, &done).await {
        return issued_again(&call, call.done_meanwhile(&posted, error).await?).await;
    }
    issued(&call, key)
}

/// A key gives no more than it has itself. What it has, its record says as its token does.
async fn may_give(call: &Steward, key: &ApiKey) -> Result<(), Failure> {
    let Some(giver) = call.key() else { return Ok(()) };
    let errors = match call.db_of(key.tenant).key(giver).await? {
        Some(giver) => giver.cannot_give(key),
        None => return Err(Failure::new(Code::Forbidden)),
    };
    if errors.is_empty() { Ok(()) } else { Err(Failure::errors(Code::Invalid, errors)) }
}

/// How long a repeated request is shown the secret again: long enough for retries.
const SHOWN_FOR_MILLIS: i64 = 24 * 60 * 60 * 1000;

fn issued(call: &Steward, key: ApiKey) -> Outcome {
    let config = &call.call.config;
    let fresh = key.created_at.plus_millis(SHOWN_FOR_MILLIS) > call.call.now;
    let token = fresh.then(|| config.keys.issue(&key)).transpose().map_err(Failure::internal)?;
    let location = if call.is_own() { "/v1/keys".to_owned() } else { format!("/v1/tenants/{}/keys", key.tenant) };
    let derived = fresh && key.signing == Some(SigningKey::HmacSha256 {});
    let signing_secret = derived.then(|| config.request_secrets.secret_of(key.id).text());
    Ok(Reply::json(201, &IssuedKey { key, token, signing_secret })?.header("location", location))
}

/// The secret is shown again to whom it could be given anew.
async fn issued_again(call: &Steward, done: OperatorDone) -> Outcome {
    let key = json::from_str(&done.body).map_err(Failure::internal)?;
    may_give(call, &key).await?;
    Ok(issued(call, key)?.replayed())
}

/// `GET /v1/tenants/{id}/keys`
pub(crate) async fn list(call: OperatorCall) -> Outcome {
    list_keys(call.into()).await
}

/// `GET /v1/keys`
pub(crate) async fn list_own(call: TenantCall) -> Outcome {
    list_keys(Steward::own(call)?).await
}

async fn list_keys(call: Steward) -> Outcome {
    let tenant = call.tenant().await?;
    Reply::json(200, &Keys { data: call.db_of(tenant.id).keys().await? })
}

/// `POST /v1/tenants/{id}/keys/{key}/rotate`: a new key like this one, which works on for a while.
pub(crate) async fn rotate(call: OperatorCall) -> Outcome {
    rotate_key(call.into()).await
}

/// `POST /v1/keys/{key}/rotate`
pub(crate) async fn rotate_own(call: TenantCall) -> Outcome {
    rotate_key(Steward::own_change(call)?).await
}

async fn rotate_key(call: Steward) -> Outcome {
    let posted = call.call.posted::<Rotation>(MAX_BODY).await?;
    if let Some(done) = call.done(&posted).await? {
        return issued_again(&call, done).await;
    }
    let tenant = call.tenant().await?;
    let db = call.db_of(tenant.id);
    let old: KeyId = call.call.path_value("key")?;
    let known = db.key(old).await?.ok_or(Failure::new(Code::NotFound))?;
    let now = call.call.now;
    if known.revoked_at.is_some() || known.replaced_by.is_some() || known.expires_at <= now {
        return Err(Failure::new(Code::KeyEnded).detail("It was revoked or replaced, or has expired: issue a new key"));
    }
    if posted.body.overlap_hours > MAX_OVERLAP_HOURS {
        let rule = format!("must be at most {MAX_OVERLAP_HOURS}");
        return Err(Failure::new(Code::Invalid).error(FieldError::at("/overlap_hours", Rule::OutOfRange, rule)));
    }
    let id = KeyId::new(now, &platform::entropy());
    let (key, ends_at) = known.rotated(id, posted.body.clone(), now).map_err(bad_expiry)?;
    not_gone(&tenant)?;
    may_give(&call, &key).await?;
    let record = call.record(&posted.key, posted.fingerprint, 201, &key)?;
    let done = call.does(TenantEvent::KeyRotated { key: old, replaced_by: id })?;
    match db.replace_key(old, &key, ends_at, &record, &done).await {
        Ok(true) => {}
        Ok(false) => return Err(Failure::new(Code::KeyEnded).detail("It has been replaced meanwhile")),
        Err(error) => return issued_again(&call, call.done_meanwhile(&posted, error).await?).await,
    }
    tenants::publish(&call.call, tenant.id).await;
    issued(&call, key)
}

/// A tenant that is deleted gets no key: it would open nothing.
fn not_gone(tenant: &Tenant) -> Result<(), Failure> {
    if tenant.status == Status::Deleted { Err(Failure::new(Code::TenantDeleted)) } else { Ok(()) }
}

fn bad_expiry(error: InvalidExpiry) -> Failure {
    Failure::new(Code::Invalid).error(FieldError::at("/expires_at", Rule::OutOfRange, error.to_string()))
}

/// `POST /v1/tenants/{id}/keys/{key}/revoke`
pub(crate) async fn revoke(call: OperatorCall) -> Outcome {
    revoke_key(call.into()).await
}

/// `POST /v1/keys/{key}/revoke`
pub(crate) async fn revoke_own(call: TenantCall) -> Outcome {
    revoke_key(Steward::own_change(call)?).await
}

async fn revoke_key(call: Steward) -> Outcome {
    let posted = call.call.posted::<Nothing>(MAX_BODY).await?;
    if let Some(done) = call.done(&posted).await? {
        return again(done);
    }
    let tenant = call.tenant().await?;
    let id: KeyId = call.call.path_value("key")?;
    let db = call.db_of(tenant.id);
    let known = db.key(id).await?.ok_or(Failure::new(Code::NotFound))?;
    // Revoked once is for ever: only the first time is told.
    let done = match known.revoked_at {
        None => Some(call.does(TenantEvent::KeyRevoked { key: id })?),
        Some(_) => None,
    };
    let revoked = ApiKey { revoked_at: known.revoked_at.or(Some(call.call.now)), ..known };
    let record = call.record(&posted.key, posted.fingerprint, 200, &revoked)?;
    let key = match db.revoke_key(id, call.call.now, &record, done.as_ref()).await {
        Ok(key) => key.ok_or(Failure::new(Code::NotFound))?,
        Err(error) => return again(call.done_meanwhile(&posted, error).await?),
    };
    tenants::publish(&call.call, tenant.id).await;
    Reply::json(200, &key)
}
