//! `/v1/complaints/{id}/duplicates` and `/v1/complaints/duplicates`: complaints that may be the same one told again, or of
//! one campaign.

use super::{
    complaints::{MAX_BODY, searched},
    views,
};
use crate::{
    call::{Outcome, Posted, Reply, TenantCall},
    duplicates::{Duplicate, Told, find},
    failure::Failure,
    store::StoreError,
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    complaint::{Complaint, decide, event::EventBody, intake::NewComplaint},
    http::{list_query::ListQuery, problem::Code},
    json,
    reference::Reference,
};

/// Complaints that may be the same.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Duplicates {
    /// The most similar first; at most 50 of each of the tenant's shards are looked at.
    data: Vec<Duplicate>,
}

/// `GET /v1/complaints/{id}/duplicates`
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let filters = filters(&call).await?;
    let (id, db) = call.complaint()?;
    let document = db.read(id).await?.ok_or(Failure::new(Code::NotFound))?;
    let complaint: Complaint = json::from_str(&document.doc).map_err(StoreError::unreadable)?;
    listed(&call, (&complaint).into(), &filters).await
}

/// `POST /v1/complaints/duplicates`: of a complaint as it could be logged. It writes nothing, so the same key logs it.
pub(crate) async fn of_draft(call: TenantCall) -> Outcome {
    let filters = filters(&call).await?;
    let Posted { body: new, .. } = call.call.posted::<NewComplaint>(MAX_BODY).await?;
    // Nobody sees it.
    let reference = Reference::new(&call.standing.tenant.reference_prefix, 0, 0);
    match decide::log(new, reference, call.rules()?, call.time())? {
        EventBody::Received(received) => listed(&call, received.as_ref().into(), &filters).await,
        _ => Err(Failure::internal("a complaint begins with something else")),
    }
}

async fn filters(call: &TenantCall) -> Result<ListQuery, Failure> {
    let query = ListQuery::filters_of(&call.call.incoming.head.query);
    views::narrowed(call, query.map_err(|errors| Failure::errors(Code::InvalidParameter, errors))?).await
}

async fn listed(call: &TenantCall, told: Told<'_>, filters: &ListQuery) -> Outcome {
    let dbs = call.dbs();
    let searched = searched(filters, &dbs).await?;
    Reply::json(200, &Duplicates { data: find(&dbs, told, filters, searched.as_deref()).await? })
}
