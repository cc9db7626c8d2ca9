//! What is asked of a session besides what is asked of a key, and what is noted of what its person reads.

use crate::{
    call::{Call, Caller, TenantCall},
    failure::Failure,
    log,
    platform::Incoming,
    store::{TenantDb, people::Access},
};
use shared::{
    http::problem::Code,
    identity::{
        csrf::{self, Forged},
        key::IdentityKey,
        session_token::SignedIn,
    },
    ids::ComplaintId,
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

/// A complaint that somebody reads.
pub(super) struct Read {
    context: Rc<Context>,
    db: TenantDb,
    access: Access,
}

impl Read {
    /// What a request reads, if it is one of somebody who reads a complaint.
    pub(super) fn of(call: &TenantCall) -> Option<Self> {
        let Caller::Staff(token) = &call.caller else { return None };
        let Call { incoming, context, runtime, now, .. } = &call.call;
        if incoming.head.method != "GET" {
            return None;
        }
        let rest = incoming.head.path.strip_prefix("/v1/complaints/")?;
        let (complaint, what) = rest.split_once('/').unwrap_or((rest, ""));
        let complaint: ComplaintId = complaint.parse().ok()?;
        let db = TenantDb::new(runtime.apart(), call.standing.tenant.shards.home()?, token.tenant);
        let what = if what.is_empty() { "complaint" } else { what }.to_owned();
        let access = Access { at: *now, person: token.person, session: token.session, complaint, what };
        Some(Self { context: Rc::clone(context), db, access })
    }

    /// Notes it, after the answer.
    pub(super) fn note(self) {
        let Self { context, db, access } = self;
        context.wait_until(async move {
            if let Err(error) = db.patient(3).insert_access(&access).await {
                log::fault("access_not_logged", &error);
            }
        });
    }
}
