//! `/v1/tenants/{id}/shards`: operators give a tenant one more shard.

use super::tenants::change;
use crate::call::{OperatorCall, Outcome};
use shared::{
    http::body,
    tenant::{NewShard, TenantChange},
};

/// `POST /v1/tenants/{id}/shards`: from now on the shard takes its share of new complaints; the others stay where
/// they are.
pub(crate) async fn add(call: OperatorCall) -> Outcome {
    change(call, |body| body::parse(body).map(|NewShard { shard }| TenantChange::AddShard(shard))).await
}
