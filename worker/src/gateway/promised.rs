//! Complaints that were promised under another id (`docs/decisions/0023`): whoever asks for that one is sent on.

use crate::{
    call::{Reply, TenantCall},
    failure::Failure,
    store::TenantDb,
};
use shared::ids::ComplaintId;

/// A complaint that a request names, which may be there under another id.
pub(super) struct Named {
    db: TenantDb,
    id: ComplaintId,
    path: String,
    query: String,
}

impl Named {
    /// What the request names, if it names a complaint.
    pub(super) fn of(call: &TenantCall) -> Option<Self> {
        let head = &call.call.incoming.head;
        if !head.path.starts_with("/v1/complaints/") {
            return None;
        }
        let id = call.call.path_value("id").ok()?;
        Some(Self { db: call.home().ok()?, id, path: head.path.clone(), query: head.query.clone() })
    }

    /// Where it is, for a complaint that is not there under this id.
    pub(super) async fn elsewhere(self) -> Result<Option<Reply>, Failure> {
        let Self { db, id, path, query } = self;
        let Some(complaint) = db.promised(id).await? else { return Ok(None) };
        let path = path.replacen(&id.to_string(), &complaint.to_string(), 1);
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        Ok(Some(Reply::empty(308).header("location", target)))
    }
}
