//! What is asked of a session besides what is asked of a key: that a request was meant, and that its person may see the complaint. What
//! they may not see is left out of lists here, whatever handler has made them; and what they read is noted here.

use crate::{
    call::{Call, Caller, Outcome, Reply, TenantCall},
    failure::Failure,
    log,
    platform::{Freshness, Incoming},
    store::{StoreError, TenantDb, people::Access as Noted, together},
};
use serde_json::Value;
#[cfg(any(feature = "front", feature = "courier", feature = "web"))]
use shared::time::Timestamp;
use shared::{
    access::{Access, Principal, Scope, may},
    http::problem::Code,
    identity::{
        csrf::{self, Forged},
        key::IdentityKey,
        session_token::SignedIn,
    },
    ids::ComplaintId,
    json,
};
use std::rc::Rc;
use worker::Context;

/// Where this service is, as the browser sees it.
pub(crate) fn origin(incoming: &Incoming) -> &str {
    let url = incoming.head.url.as_str();
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url)
}

/// Whether a request comes from a page of ours, if it may change something.
pub(crate) fn from_here(call: &Call) -> Result<(), Failure> {
    let incoming = &call.incoming;
    let (from, site) = (incoming.header("origin"), incoming.header("sec-fetch-site"));
    csrf::check_origin(&incoming.head.method, from.as_deref(), site.as_deref(), origin(incoming)).map_err(forged)
}

/// Whether somebody who is signed in has meant what a request asks, if it may change something.
pub(crate) fn meant(call: &Call, token: &SignedIn, csrf: &str) -> Result<(), Failure> {
    from_here(call)?;
    if !csrf::changes(&call.incoming.head.method) {
        return Ok(());
    }
    csrf::check_token(&IdentityKey::of(&call.config.cursors), token.session, csrf).map_err(forged)
}

fn forged(forged: Forged) -> Failure {
    Failure::new(Code::Forbidden).detail(forged.to_string())
}

/// Characters of an id.
const ID: usize = 36;
/// What is of one complaint is below this.
const COMPLAINTS: &str = "/v1/complaints/";
/// What readers of complaints may read that is of no person.
const OF_NOBODY: [&str; 6] = [
    "/v1/complaints/counts",
    "/v1/deadlines/",
    "/v1/views",
    "/v1/letters/",
    "/v1/notifications/rules",
    "/v1/test-clock",
];

/// The complaint that the path names. (By the route's value, and not by the path, which may be written in several ways.)
fn named(call: &TenantCall) -> Option<ComplaintId> {
    if call.call.incoming.head.path.starts_with(COMPLAINTS) { call.call.path_value("id").ok() } else { None }
}

/// Which complaints somebody sees.
pub(crate) struct Sight {
    /// Whoever does not see all: a person without some clearance.
    whose: Option<Principal>,
    dbs: Vec<TenantDb>,
}

impl Sight {
    pub(crate) fn of(call: &TenantCall) -> Self {
        let whose = match &call.caller {
            Caller::Staff(token) => call.clearances().map(|_| token.principal()),
            _ => None,
        };
        let dbs = if whose.is_some() { call.dbs() } else { Vec::new() };
        Self { whose, dbs }
    }

    /// Of these complaints those that they may not see.
    pub(crate) async fn hidden(&self, ids: &[String]) -> Result<Vec<String>, StoreError> {
        let mut hidden = Vec::new();
        let Some(whose) = self.whose.as_ref().filter(|_| !ids.is_empty()) else { return Ok(hidden) };
        let ids = serde_json::to_string(ids).map_err(StoreError::unreadable)?;
        // What was labelled a moment ago is so at once.
        let asked = self.dbs.iter().map(|db| {
            let (db, ids) = (db.clone().at(Freshness::Latest), ids.as_str());
            async move { db.labelled(ids).await }
        });
        for rows in together(asked).await {
            for mut id in rows? {
                let labels = id.split_off(ID.min(id.len()));
                let labels = json::from_str(&labels).map_err(StoreError::unreadable)?;
                if may(whose, Access::See(&labels)).is_err() {
                    hidden.push(id);
                }
            }
        }
        Ok(hidden)
    }

    /// Fails, as for one that is not there, if they may not see this one.
    pub(crate) async fn sees(&self, id: ComplaintId) -> Result<(), Failure> {
        if self.hidden(&[id.to_string()]).await?.is_empty() { Ok(()) } else { Err(Failure::new(Code::NotFound)) }
    }
}

/// Has a complaint that the path names, and that whoever asks may not see, be one that is not there: the answer is what that would be,
/// whatever is asked of it.
#[cfg(any(feature = "front", feature = "courier", feature = "web"))]
pub(super) async fn shut(call: &mut TenantCall) -> Result<(), Failure> {
    let Some(id) = named(call) else { return Ok(()) };
    let Sight { whose, .. } = Sight::of(call);
    let Ok(db) = call.db_of(id) else { return Ok(()) };
    if !(Sight { whose, dbs: vec![db] }).hidden(&[id.to_string()]).await?.is_empty() {
        let nobodys = ComplaintId::in_slot(Timestamp::MIN, &[0; 10], id.slot());
        let of_path = call.call.path_values.iter_mut().filter(|(name, _)| name == "id");
        of_path.for_each(|(_, value)| *value = nobodys.to_string());
    }
    Ok(())
}

/// What somebody reads in a session.
pub(crate) struct Read {
    context: Rc<Context>,
    db: TenantDb,
    noted: Noted,
    sight: Sight,
}

impl Read {
    /// What a request reads, if it is a person's on a route that shows complaints, or what names them.
    pub(crate) fn of(call: &TenantCall, scope: Scope) -> Option<Self> {
        let Caller::Staff(token) = &call.caller else { return None };
        let Call { incoming, context, runtime, now, .. } = &call.call;
        let path = incoming.head.path.as_str();
        if scope != Scope::ComplaintsRead || OF_NOBODY.iter().any(|beginning| path.starts_with(beginning)) {
            return None;
        }
        let complaint = named(call);
        let what = match (complaint, path) {
            (Some(_), _) => {
                path.strip_prefix(COMPLAINTS).and_then(|rest| rest.split_once('/')).map_or("complaint", |of| of.1)
            }
            (None, "/v1/complaints") if call.call.parameters().any(|(name, _)| name == "q") => "search",
            (None, "/v1/complaints") => "list",
            (None, "/v1/complaints/duplicates") => "duplicates",
            (None, "/v1/complaints:export") => "export",
            (None, _) => path.strip_prefix("/v1/")?,
        };
        let db = TenantDb::new(runtime.apart(), call.standing.tenant.shards.home()?, token.tenant);
        let (person, session, what) = (token.person, token.session, what.to_owned());
        let noted = Noted { at: *now, person, session, complaint, what, rows: None };
        Some(Self { context: Rc::clone(context), db, noted, sight: Sight::of(call) })
    }

    /// The answer without what they may not see. That they have read the rest is noted afterwards.
    pub(super) async fn shown(mut self, mut reply: Reply) -> Outcome {
        let own = self.noted.complaint;
        // What is of one complaint shows no other, but for those that are like it.
        let lists = own.is_none() || self.noted.what == "duplicates";
        if lists && reply.content_type == "application/json" && !reply.body.is_empty() {
            let text = String::from_utf8(reply.body).map_err(Failure::internal)?;
            let mut answer: Value = json::from_str(&text).map_err(Failure::internal)?;
            reply.body = text.into_bytes();
            let rows =
                answer.get("data").and_then(Value::as_array).map_or(std::slice::from_ref(&answer), Vec::as_slice);
            let ids: Vec<String> = rows.iter().filter_map(complaint_of).map(str::to_owned).collect();
            let hidden = self.sight.hidden(&ids).await?;
            let hides = |row: &Value| complaint_of(row).is_some_and(|id| hidden.iter().any(|hidden| hidden == id));
            if hides(&answer) {
                return Err(Failure::new(Code::NotFound));
            }
            if let Some(rows) = answer.get_mut("data").and_then(Value::as_array_mut) {
                rows.retain(|row| !hides(row));
                self.noted.rows = Some(rows.len());
                if !hidden.is_empty() {
                    reply.body = answer.to_string().into_bytes();
                }
            }
        }
        self.note();
        Ok(reply)
    }

    /// Notes it, after the answer.
    fn note(self) {
        // Whoever follows the feed asks every few seconds, and mostly there is nothing.
        if self.noted.rows == Some(0) && self.noted.what == "changes" {
            return;
        }
        let context = Rc::clone(&self.context);
        context.wait_until(self.write());
    }

    /// The same, of so many rows.
    pub(crate) async fn write_rows(mut self, rows: usize) {
        self.noted.rows = Some(rows);
        self.write().await;
    }

    async fn write(self) {
        if let Err(error) = self.db.patient(3).insert_access(&self.noted).await {
            log::fault("access_not_logged", &error);
        }
    }
}

/// The complaint that a row is of: the one it names, or itself.
fn complaint_of(row: &Value) -> Option<&str> {
    let named = row.get("complaint").and_then(|named| named.get("id").unwrap_or(named).as_str());
    named.or_else(|| row.get("id")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_is_of_the_complaint_that_it_names() {
        for row in [
            json!({ "id": "c-1", "complainant": "Ada" }),
            json!({ "complaint": { "id": "c-1" }, "similarity": 0.9 }),
            json!({ "number": 7, "complaint": "c-1", "event": { "complaint": "c-2" } }),
            json!({ "id": "m-1", "complaint": "c-1" }),
        ] {
            assert_eq!(complaint_of(&row), Some("c-1"), "{row}");
        }
        assert_eq!(complaint_of(&json!({ "id": "m-1", "complaint": null })), Some("m-1"));
        assert_eq!(complaint_of(&json!({ "data": [], "next": null })), None);
    }
}
