//! `/v1/live`: a WebSocket on which changes are told as they come, and tickets for those who cannot send a key with one.
//!
//! The handshake is a request like any other and takes the way of all, so whoever is let in was admitted; afterwards the tenant's hub
//! closes the socket as soon as they would not be.

use super::once::MAX_BODY;
use crate::{
    call::{Outcome, Reply, TenantCall, bad_parameter},
    failure::Failure,
    gateway::{self, Entrance},
    live, metrics, platform,
    platform::Class,
    store::changes::Feed,
};
use shared::{
    http::{
        change_query::{Place, Since},
        cursor::InvalidCursor,
        problem::{Code, FieldError, Rule},
    },
    ids::ComplaintId,
    live::{
        Farewell, Guest, Refusal,
        query::LiveQuery,
        ticket::{LIFE_MILLIS, NewTicket, PROTOCOL, Ticket},
    },
    metrics::families,
    object::{
        live_hub::{self, Entry},
        replay_guard::{Seen, Used},
    },
};

/// When to come again if there are too many sockets, in seconds.
const AGAIN_SECONDS: u32 = 60;

/// `GET /v1/live?since=&complaint=` with `Upgrade: websocket`
///
/// 1. A ticket opens one socket.
/// 2. Find the place to begin at.
/// 3. The hub takes the socket; after the answer, what has come since that place is handed to it.
pub(crate) async fn connect(call: TenantCall) -> Outcome {
    let query = LiveQuery::parse(&call.call.incoming.head.query).map_err(bad_parameter)?;
    let header = |name| call.call.incoming.header(name).unwrap_or_default();
    if !header("upgrade").eq_ignore_ascii_case("websocket") {
        return Err(Failure::new(Code::UpgradeRequired).detail("Ask with `Upgrade: websocket`"));
    }
    let (runtime, tenant) = (&call.call.runtime, call.standing.tenant.id);

    // (1)
    let Entrance { ends_at, ticket } = gateway::entrance(&call)?;
    if let Some(ticket) = &ticket {
        let used = Used { nonce: ticket.nonce_text(), expires_at: ticket.expires_at };
        let seen: Seen = runtime.ask(Class::ReplayGuard, &format!("key:{}", call.key()?), &used).await?;
        if !seen.first {
            return Err(Failure::new(Code::Unauthenticated).detail("The ticket was used before: get another"));
        }
    }

    // (2)
    let complaint = match (ticket.as_ref().and_then(|ticket| ticket.complaint), query.complaint) {
        (Some(only), Some(asked)) if only != asked => return Err(Failure::new(Code::NotFound)),
        (only, asked) => only.or(asked),
    };
    if let Some(complaint) = complaint
        && !is_there(&call, complaint).await?
    {
        return Err(Failure::new(Code::NotFound));
    }
    let bad = |error: InvalidCursor| Failure::new(Code::InvalidCursor).detail(error.to_string());
    let after = match &query.since {
        Since::Beginning => Some(0),
        Since::Latest => None,
        Since::Cursor(sealed) => Some(Place::open(sealed, tenant).map_err(bad)?.0),
    };
    let feed = Feed::of(call.parts()).ok_or_else(|| Failure::internal("a tenant has no slot"))?;
    let last = feed.page(after, 1).await?.last;
    let after = after.unwrap_or(last);
    if after > last {
        return Err(Failure::new(Code::InvalidCursor).detail("names a place beyond the end of the feed"));
    }

    // (3)
    let events = ticket.as_ref().is_none_or(|ticket| ticket.events);
    let guest = Guest { key: call.key()?, ends_at, standing: call.standing.seq, complaint, events, after };
    let entry = Entry { guest, next: Place(after).seal(tenant) };
    let socket = runtime.open_socket(Class::LiveHub, &live_hub::name_of(tenant), &entry).await?.map_err(refused)?;
    metrics::count(families::LIVE_OPENED, &[], 1);
    let apart = runtime.apart();
    call.call.afterwards(async move { live::welcome(&apart, tenant).await });
    let reply = Reply::socket(socket);
    let offered = header("sec-websocket-protocol");
    let speaks = offered.split(',').any(|protocol| protocol.trim() == PROTOCOL);
    Ok(if speaks { reply.header("sec-websocket-protocol", PROTOCOL.to_owned()) } else { reply })
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Full => Failure::new(Code::QuotaExceeded).violated("live-sockets", AGAIN_SECONDS),
        Refusal::Door(Farewell::Ended) => gateway::unknown(),
        Refusal::Door(Farewell::Suspended) => Failure::new(Code::TenantSuspended),
        Refusal::Door(_) => Failure::new(Code::Unavailable),
    }
}

async fn is_there(call: &TenantCall, complaint: ComplaintId) -> Result<bool, Failure> {
    match call.db_of(complaint) {
        Ok(db) => Ok(db.read(complaint).await?.is_some()),
        Err(_) => Ok(false),
    }
}

/// `POST /v1/live-tickets`
pub(crate) async fn ticket(call: TenantCall) -> Outcome {
    let NewTicket { complaint, events } = call.call.posted::<NewTicket>(MAX_BODY).await?.body;
    if let Some(complaint) = complaint
        && !is_there(&call, complaint).await?
    {
        let error = FieldError::at("/complaint", Rule::Unknown, "there is no such complaint");
        return Err(Failure::new(Code::Invalid).error(error));
    }
    let ticket = Ticket {
        tenant: call.standing.tenant.id,
        key: call.key()?,
        key_expires_at: gateway::entrance(&call)?.ends_at,
        complaint,
        events,
        expires_at: call.call.now.plus_millis(LIFE_MILLIS),
        nonce: platform::random(),
    };
    let config = &call.call.config;
    Reply::json(200, &ticket.seal(&config.cell, &config.cursors))
}
