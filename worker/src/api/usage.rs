//! What a tenant's plan allows and how much of it is used.

use super::steward::Steward;
use crate::{
    call::{Call, Firm, OperatorCall, Outcome, Reply, TenantCall},
    failure::Failure,
    gateway::admission,
    platform::Freshness,
};
use shared::{
    http::problem::Code,
    limit::{
        lease::Usage,
        plan::{Quota, Resource},
    },
    tenant::Tenant,
};

/// `GET /v1/usage`
pub(crate) async fn own(call: TenantCall) -> Outcome {
    tell(&call.call, &call.standing.tenant).await
}

/// `GET /v1/tenants/{id}/usage`
pub(crate) async fn of_tenant(call: OperatorCall) -> Outcome {
    let call = Steward::from(call);
    let tenant = call.tenant().await?;
    tell(&call.call, &tenant).await
}

async fn tell(call: &Call, tenant: &Tenant) -> Outcome {
    let used = admission::usage(call, tenant.id).await?;
    let mut usage = used.usage.ok_or(Failure::new(Code::Unavailable))?;
    // Files are counted where they are written down.
    let of_files = usage.quotas.iter_mut().find(|line| line.quota == Resource::StorageBytes);
    if let Some(line) = of_files {
        let firm = Firm { runtime: &call.runtime, tenant, freshness: Freshness::Latest };
        let Usage { quota, limit, over, .. } = *line;
        *line = Usage::of(Quota { quota, limit, over }, firm.home()?.storage_used().await?);
    }
    Reply::json(200, &usage)
}
