//! `/v1/tenant/taxonomy`: what the tenant's complaints can be about, as it has it.

use crate::call::{Outcome, Reply, TenantCall};
use schemars::JsonSchema;
use serde::Serialize;
use shared::taxonomy::choices::FirmProduct;

/// What complaints can be about.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FirmTaxonomy {
    /// Every product of the sector's taxonomy, what the tenant has left out too.
    data: Vec<FirmProduct>,
}

/// `GET /v1/tenant/taxonomy`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    Reply::json(200, &FirmTaxonomy { data: call.standing.tenant.products() })
}
