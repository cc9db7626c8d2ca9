//! What a tenant's plan allows and how much of it is used.

use super::tenants;
use crate::{
    call::{Call, OperatorCall, Outcome, Reply, TenantCall},
    failure::Failure,
    gateway::admission,
};
use shared::{http::problem::Code, ids::TenantId};

/// `GET /v1/usage`
pub(crate) async fn own(call: TenantCall) -> Outcome {
    tell(&call.call, call.standing.tenant.id).await
}

/// `GET /v1/tenants/{id}/usage`
pub(crate) async fn of_tenant(call: OperatorCall) -> Outcome {
    let tenant = tenants::find(&call).await?;
    tell(&call.call, tenant.id).await
}

async fn tell(call: &Call, tenant: TenantId) -> Outcome {
    let used = admission::usage(call, tenant).await?;
    Reply::json(200, &used.usage.ok_or(Failure::new(Code::Unavailable))?)
}
