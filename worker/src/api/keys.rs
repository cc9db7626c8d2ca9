//! `/v1/tenants/{id}/keys`: operators issue, list and revoke a tenant's API keys.

use super::{
    once::{MAX_BODY, again},
    tenants,
};
use crate::{
    call::{OperatorCall, Outcome, Reply},
    failure::Failure,
    platform,
    store::{
        TenantDb,
        system::{DIRECTORY_SHARD, OperatorDone},
    },
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
    },
};

/// A tenant's keys, without their secrets.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Keys {
    /// The newest first; at most 1,000.
    data: Vec<ApiKey>,
}

fn db_of(call: &OperatorCall, tenant: &Tenant) -> TenantDb {
    TenantDb::new(call.call.runtime.clone(), DIRECTORY_SHARD, tenant.id)
}

/// `POST /v1/tenants/{id}/keys`
pub(crate) async fn issue(call: OperatorCall) -> Outcome {
    let posted = call.call.posted::<NewKey>(MAX_BODY).await?;
    if let Some(done) = call.done(&posted).await? {
        return issued_again(&call, done);
    }
    let tenant = tenants::find(&call).await?;
    let id = KeyId::new(call.call.now, &platform::entropy());
    let key = ApiKey::issue(id, tenant.id, posted.body.clone(), call.call.now).map_err(bad_expiry)?;
    not_gone(&tenant)?;
    // The record keeps the key without its secret, which is signed anew when the request is repeated.
    let record = call.record(&posted.key, posted.fingerprint, 201, &key)?;
    if let Err(error) = db_of(&call, &tenant).insert_key(&key, &record).await {
        return issued_again(&call, call.done_meanwhile(&posted, error).await?);
    }
    issued(&call, key)
}

/// How long a repeated request is shown the secret again: long enough for retries.
const SHOWN_FOR_MILLIS: i64 = 24 * 60 * 60 * 1000;

fn issued(call: &OperatorCall, key: ApiKey) -> Outcome {
    let config = &call.call.config;
    let fresh = key.created_at.plus_millis(SHOWN_FOR_MILLIS) > call.call.now;
    let token = fresh.then(|| config.keys.issue(&key)).transpose().map_err(Failure::internal)?;
    let location = format!("/v1/tenants/{}/keys", key.tenant);
    let derived = fresh && key.signing == Some(SigningKey::HmacSha256 {});
    let signing_secret = derived.then(|| config.request_secrets.secret_of(key.id).text());
    Ok(Reply::json(201, &IssuedKey { key, token, signing_secret })?.header("location", location))
}

fn issued_again(call: &OperatorCall, done: OperatorDone) -> Outcome {
    let key = json::from_str(&done.body).map_err(Failure::internal)?;
    Ok(issued(call, key)?.replayed())
}

/// `GET /v1/tenants/{id}/keys`
pub(crate) async fn list(call: OperatorCall) -> Outcome {
    let tenant = tenants::find(&call).await?;
    Reply::json(200, &Keys { data: db_of(&call, &tenant).keys().await? })
}

/// `POST /v1/tenants/{id}/keys/{key}/rotate`: a new key like this one, which works on for a while.
pub(crate) async fn rotate(call: OperatorCall) -> Outcome {
    let posted = call.call.posted::<Rotation>(MAX_BODY).await?;
    if let Some(done) = call.done(&posted).await? {
        return issued_again(&call, done);
    }
    let tenant = tenants::find(&call).await?;
    let db = db_of(&call, &tenant);
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
    let record = call.record(&posted.key, posted.fingerprint, 201, &key)?;
    match db.replace_key(old, &key, ends_at, &record).await {
        Ok(true) => {}
        Ok(false) => return Err(Failure::new(Code::KeyEnded).detail("It has been replaced meanwhile")),
        Err(error) => return issued_again(&call, call.done_meanwhile(&posted, error).await?),
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
    let posted = call.call.posted::<Nothing>(MAX_BODY).await?;
    if let Some(done) = call.done(&posted).await? {
        return again(done);
    }
    let tenant = tenants::find(&call).await?;
    let id: KeyId = call.call.path_value("key")?;
    let db = db_of(&call, &tenant);
    let known = db.key(id).await?.ok_or(Failure::new(Code::NotFound))?;
    let revoked = ApiKey { revoked_at: known.revoked_at.or(Some(call.call.now)), ..known };
    let record = call.record(&posted.key, posted.fingerprint, 200, &revoked)?;
    let key = match db.revoke_key(id, call.call.now, &record).await {
        Ok(key) => key.ok_or(Failure::new(Code::NotFound))?,
        Err(error) => return again(call.done_meanwhile(&posted, error).await?),
    };
    tenants::publish(&call.call, tenant.id).await;
    Reply::json(200, &key)
}
