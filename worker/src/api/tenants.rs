//! `/v1/tenants`: operators create, list, rename, suspend and resume tenants.

use super::{once::MAX_BODY, steward::Steward};
use crate::{
    call::{Call, OperatorCall, Outcome, Posted, Reply},
    failure::Failure,
    gateway::directory,
    log, platform,
    store::system::OperatorDone,
    waking,
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    complaint::command::Nothing,
    http::{
        body::{self, BodyError},
        problem::Code,
    },
    ids::TenantId,
    json,
    tenant::{Gone, NewTenant, Slug, Tenant, TenantChange, TenantPatch, event::TenantEvent},
};

/// The most tenants a page may have.
const PAGE: u32 = 100;

/// How long it takes at most until a change of a tenant is written or never will be, in milliseconds.
pub(super) const WRITTEN_BY: i64 = 30_000;

/// Some tenants, in the order they were created.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tenants {
    data: Vec<Tenant>,
    /// `after` for the next page, if there is one.
    next_after: Option<TenantId>,
}

/// `POST /v1/tenants`
pub(crate) async fn create(call: OperatorCall) -> Outcome {
    let call = Steward::from(call);
    let posted = call.call.posted::<NewTenant>(MAX_BODY).await?;
    if let Some(done) = call.done(&posted).await? {
        return told_again(done);
    }
    let now = call.call.now;
    let id = TenantId::new(now, &platform::entropy());
    let tenant = Tenant::new(id, posted.body.clone(), &call.call.config.cell, &call.call.runtime.shards(), now)
        .map_err(|errors| Failure::errors(Code::Invalid, errors))?;
    free_everywhere(&call, &tenant.slug, None).await?;
    let record = call.record(&posted.key, posted.fingerprint, 201, &tenant)?;
    let created = call.does(TenantEvent::Created)?;
    if let Err(error) = call.db().insert_tenant(&tenant, &record, &created).await {
        return told_again(call.done_meanwhile(&posted, error).await?);
    }
    publish(&call.call, tenant.id).await;
    told(201, &tenant)
}

/// A slug is one tenant's in all cells. D1 makes sure of it within the cell; the directory, which may be a minute late,
/// between cells.
async fn free_everywhere(call: &Steward, slug: &Slug, of: Option<TenantId>) -> Result<(), Failure> {
    match directory::holder_of(&call.call.runtime, slug).await? {
        Some(holder) if Some(holder) != of => {
            Err(Failure::new(Code::AlreadyTaken).detail("Another tenant has this slug"))
        }
        _ => Ok(()),
    }
}

pub(super) fn gone(_: Gone) -> Failure {
    Failure::new(Code::TenantDeleted)
}

/// A tenant as a POST answers it.
fn told(status: u16, tenant: &Tenant) -> Outcome {
    let reply = Reply::json(status, tenant)?.version(tenant.version);
    Ok(if status == 201 { reply.header("location", format!("/v1/tenants/{}", tenant.id)) } else { reply })
}

/// The recorded answer, with the headers that it had.
fn told_again(done: OperatorDone) -> Outcome {
    let tenant = json::from_str(&done.body).map_err(Failure::internal)?;
    Ok(told(done.status, &tenant)?.replayed())
}

/// `GET /v1/tenants?after=`
pub(crate) async fn list(call: OperatorCall) -> Outcome {
    let call = Steward::from(call);
    let mut data = call.db().tenants(call.call.after()?, PAGE + 1).await?;
    let more = data.len() > PAGE as usize;
    data.truncate(PAGE as usize);
    let next_after = data.last().filter(|_| more).map(|tenant| tenant.id);
    Reply::json(200, &Tenants { data, next_after })
}

/// `GET /v1/tenants/{id}`
pub(crate) async fn read(call: OperatorCall) -> Outcome {
    told(200, &Steward::from(call).tenant().await?)
}

/// `PATCH /v1/tenants/{id}`
pub(crate) async fn patch(call: OperatorCall) -> Outcome {
    told(200, &patched(&Steward::from(call)).await?)
}

/// Changes what a patch names, whoever sends it: what the tenant is then.
pub(super) async fn patched(call: &Steward) -> Result<Tenant, Failure> {
    let before = call.tenant().await?;
    let patch = call.call.json::<TenantPatch>(MAX_BODY).await?;
    call.call.expect_version(before.version)?;
    let mut errors = if call.is_own() { patch.of_operators() } else { Vec::new() };
    if let Some(slug) = patch.slug.as_ref().filter(|_| errors.is_empty()) {
        free_everywhere(call, slug, Some(before.id)).await?;
    }
    errors.extend(before.refuses(&patch));
    if !errors.is_empty() {
        return Err(Failure::errors(Code::Invalid, errors));
    }
    let after = before.clone().changed(TenantChange::Patch(Box::new(patch)), call.call.now).map_err(gone)?;
    if after.clocks != before.clocks {
        waking::review_all(&call.call.runtime, &after, call.call.now.plus_millis(WRITTEN_BY)).await?;
    }
    if !call.db().update_tenant(&after, None, call.makes(&before, &after)?.as_ref()).await? {
        return Err(Failure::new(Code::PreconditionFailed));
    }
    publish(&call.call, after.id).await;
    Ok(after)
}

/// `POST /v1/tenants/{id}/suspend`
pub(crate) async fn suspend(call: OperatorCall) -> Outcome {
    change(call, |body| body::parse(body).map(|Nothing {}| TenantChange::Suspend)).await
}

/// `POST /v1/tenants/{id}/resume`
pub(crate) async fn resume(call: OperatorCall) -> Outcome {
    change(call, |body| body::parse(body).map(|Nothing {}| TenantChange::Resume)).await
}

/// `POST /v1/tenants/{id}/delete`: for ever. Its data stay until retention ends; to its keys it is gone.
pub(crate) async fn delete(call: OperatorCall) -> Outcome {
    change(call, |body| body::parse(body).map(|Nothing {}| TenantChange::Delete)).await
}

/// Makes the change that the body asks for, as `read` reads it.
pub(super) async fn change(call: OperatorCall, read: fn(&[u8]) -> Result<TenantChange, BodyError>) -> Outcome {
    let call = Steward::from(call);
    let Posted { body, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let posted = Posted { body: read(&body)?, key, fingerprint };
    if let Some(done) = call.done(&posted).await? {
        return told_again(done);
    }
    let before = call.tenant().await?;
    if let Err(changed) = call.call.expect_version(before.version) {
        return outrun(&call, &posted, changed).await;
    }
    let allowed = before.allows(&posted.body, &call.call.runtime.shards());
    allowed.map_err(|error| Failure::new(Code::Invalid).error(error))?;
    let after = before.clone().changed(posted.body.clone(), call.call.now).map_err(gone)?;
    let record = call.record(&posted.key, posted.fingerprint, 200, &after)?;
    match call.db().update_tenant(&after, Some(&record), call.makes(&before, &after)?.as_ref()).await {
        Ok(true) => {}
        Ok(false) => return outrun(&call, &posted, Failure::new(Code::PreconditionFailed)).await,
        Err(error) => return told_again(call.done_meanwhile(&posted, error).await?),
    }
    publish(&call.call, after.id).await;
    told(200, &after)
}

/// Another request changed the tenant meanwhile: if it was this very one, its answer.
async fn outrun(call: &Steward, posted: &Posted<TenantChange>, changed: Failure) -> Outcome {
    call.done(posted).await?.map_or(Err(changed), told_again)
}

/// The change is done once D1 has it. What keeps it from being told is logged, and cron tries again.
pub(crate) async fn publish(call: &Call, tenant: TenantId) {
    if let Err(error) = directory::publish(&call.runtime, tenant, call.now).await {
        log::fault("standing_not_published", &error);
    }
}
