//! `/v1/notifications`: who hears of what, and what became of it; and `/opt-out/{token}`, for whoever wants to hear no more.
//! What sends is [`crate::deliver::messages`].

use crate::{
    call::{Call, Firm, Outcome, Posted, Reply, TenantCall, bad_parameter, unknown_parameter},
    deliver::messages::announce,
    failure::Failure,
    gateway::{forward::forward, staff::Sight},
    platform::Freshness,
    store::{
        StoreError,
        notifications::{Notification, Wanted, Which},
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    complaint::{command::Nothing, event::EventKind},
    http::{
        body,
        problem::{Code, FieldError, Rule},
    },
    ids::{ComplaintId, TenantId},
    notification::{
        Attempt, Audience, Channel, Status,
        opt_out::{Link, OptOut, SetOptOut},
        settings::Settings,
    },
    outbound_mail::callback::{Happened, ProviderEvent},
    tenant::{Status as Standing, Tenant},
    text::Code as Name,
    time::Timestamp,
    webhook::signature::is_signed,
};

/// The largest body that is read, in bytes.
const MAX_BODY: u32 = 256 * 1024;
/// Notifications of a page: if nothing is said, and at most.
const PAGE: usize = 50;
const MAX_PAGE: usize = 200;

/// A notification, and what became of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Notification")]
pub(crate) struct Shown {
    /// Complaint, number of the event and rule, apart by dots.
    id: String,
    /// The complaint.
    complaint: ComplaintId,
    /// The number of the event.
    seq: u32,
    /// Its kind.
    event: EventKind,
    /// The rule by which somebody is told.
    rule: Name,
    /// By which way.
    channel: Channel,
    /// Who is told.
    audience: Audience,
    /// When it happened.
    at: Timestamp,
    /// Where it stands.
    status: Status,
    /// Why, if there is something to say: one of `no_address`, `opted_out`, `no_rule`, `not_configured`, `digest`, `text`, `refused`,
    /// `unreachable`, `timeout`, `protocol`.
    reason: Option<String>,
    /// When it is sent, or sent again.
    next_attempt_at: Option<Timestamp>,
    /// Attempts that have failed since it was last to be sent anew.
    failed: u32,
    /// The last attempts, at most 20.
    attempts: Vec<Attempt>,
}

/// Notifications.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NotificationPage {
    /// The newest first; with `complaint`, in the order of its events.
    data: Vec<Shown>,
    /// `after` for the next page.
    next: Option<String>,
}

fn shown(notification: Notification) -> Shown {
    let id = notification.which().to_string();
    let Notification(complaint, seq, rule, event, channel, audience, at, status, reason, next, failed, attempts) =
        notification;
    Shown {
        id,
        complaint,
        seq,
        event,
        rule,
        channel,
        audience,
        at: Timestamp::from_unix_millis(at),
        status,
        reason: (!reason.is_empty()).then_some(reason),
        next_attempt_at: next.map(Timestamp::from_unix_millis),
        failed,
        attempts,
    }
}

/// `GET /v1/notifications`
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let (mut limit, mut status, mut complaint, mut after) = (PAGE, None, None, None);
    for (name, value) in call.call.parameters() {
        let wrong = |rule| bad_parameter(FieldError::parameter(&name, Rule::NotAllowed, rule));
        match name.as_ref() {
            "limit" => {
                let number = value.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
                limit = number.ok_or_else(|| wrong("must be 1 to 200"))?;
            }
            "status" => status = Some(Status::try_from(value.into_owned()).map_err(|_| wrong("must be a status"))?),
            "complaint" => complaint = Some(value.parse().map_err(|_| wrong("must be the id of a complaint"))?),
            "after" => after = Some(place(&value).ok_or_else(|| wrong("must be `next` of another page"))?),
            _ => return Err(unknown_parameter(&name)),
        }
    }
    let db = call.home()?;
    let mut found = match complaint {
        Some(complaint) => {
            let mut found = db.notifications_of(complaint).await?;
            found.retain(|one| status.is_none_or(|status| status == one.7));
            let data = found.into_iter().map(shown).collect();
            return Reply::json(200, &NotificationPage { data, next: None });
        }
        None => {
            let after = after.as_ref().map(|(at, which)| (*at, which));
            db.notifications(&Wanted { limit: limit + 1, status, after }).await?
        }
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(Notification::place);
    Reply::json(200, &NotificationPage { data: found.into_iter().map(shown).collect(), next })
}

fn place(text: &str) -> Option<(i64, Which)> {
    let (at, which) = text.split_once('.')?;
    Some((at.parse().ok()?, which.parse().ok()?))
}

/// `POST /v1/notifications/{id}/retry`: what is not given up stays as it is.
pub(crate) async fn retry(call: TenantCall) -> Outcome {
    let Posted { body: Nothing {}, key, .. } = call.call.posted(MAX_BODY).await?;
    let which: Which = call.call.path_value("id")?;
    Sight::of(&call).sees(which.complaint).await?;
    let found = call.home()?.retry_notification(&which, &key, call.call.now).await?;
    let reply = Reply::json(200, &shown(found.ok_or(Failure::new(Code::NotFound))?))?;
    if let Some(shard) = call.standing.tenant.shards.home() {
        let runtime = call.call.runtime.clone();
        call.call.afterwards(async move { announce(&runtime, shard).await });
    }
    Ok(reply)
}

/// `GET /v1/notifications/rules`: those of the service until the firm has set its own.
pub(crate) async fn read_rules(call: TenantCall) -> Outcome {
    let (version, settings) = call.home()?.notification_rules().await?;
    Ok(Reply::json(200, settings.as_ref())?.version(version))
}

/// `PUT /v1/notifications/rules`
pub(crate) async fn set_rules(call: TenantCall) -> Outcome {
    let settings: Settings = call.call.json(MAX_BODY).await?;
    let db = call.home()?;
    let (version, _) = db.notification_rules().await?;
    call.call.expect_version(version)?;
    let errors = settings.errors();
    if !errors.is_empty() {
        return Err(Failure::errors(Code::Invalid, errors));
    }
    let written = db.set_notification_rules(&settings, version).await?;
    let version = written.ok_or(Failure::new(Code::PreconditionFailed))?;
    Ok(Reply::json(200, &settings)?.version(version))
}

/// The complaint that the path names, if there is one.
async fn complaint(call: &TenantCall) -> Result<ComplaintId, Failure> {
    let (id, db) = call.complaint()?;
    db.read(id).await?.map(|_| id).ok_or(Failure::new(Code::NotFound))
}

/// `GET /v1/complaints/{id}/opt-out`
pub(crate) async fn read_opt_out(call: TenantCall) -> Outcome {
    let id = complaint(&call).await?;
    Reply::json(200, &call.home()?.opt_out(id).await?)
}

/// `PUT /v1/complaints/{id}/opt-out`: doing it twice does nothing more.
pub(crate) async fn set_opt_out(call: TenantCall) -> Outcome {
    let SetOptOut { opted_out } = call.call.json(MAX_BODY).await?;
    let id = complaint(&call).await?;
    let set = OptOut { opted_out, since: Some(call.call.now) };
    call.home()?.set_opt_out(id, &set).await?;
    Reply::json(200, &set)
}

/// A secret: that with which the provider of mail signs what it tells (Standard Webhooks). Empty: nobody is listened to.
const MAIL_EVENTS_SECRET: &str = "MAIL_EVENTS_SECRET";
/// What stands before the names of headers: as in the standard, and as the software that it comes from has them.
const PREFIXES: [&str; 2] = ["webhook", "svix"];

/// `POST /mail-events`: what has become of a mail, by the provider that has taken it over. What is about no mail of this cell is taken
/// and not noted, so that it does not come again.
pub(crate) async fn mail_event(call: Call) -> Outcome {
    let secret = call.runtime.variable(MAIL_EVENTS_SECRET).filter(|secret| !secret.is_empty());
    let secret = secret.ok_or(Failure::new(Code::NotFound))?;
    let bytes = call.whole_body(MAX_BODY).await?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let header = |prefix: &str, name: &str| call.incoming.header(&format!("{prefix}-{name}")).unwrap_or_default();
    let is_genuine = |prefix: &str| {
        let head = ["id", "timestamp", "signature"].map(|name| header(prefix, name));
        is_signed(&secret, head.each_ref().map(String::as_str), text, call.now)
    };
    if !PREFIXES.into_iter().any(is_genuine) {
        return Err(Failure::new(Code::Unauthenticated).detail("The message is not signed, or was long ago"));
    }
    let event: ProviderEvent = body::parse(&bytes)?;
    if let (Some(happened), Some((tenant, id))) = (event.happened(), event.about()) {
        report(&call, tenant, id, happened).await?;
    }
    Ok(Reply::empty(204))
}

async fn report(call: &Call, tenant: TenantId, id: &str, happened: Happened) -> Result<(), Failure> {
    let Some(which) = Which::of_mail_id(id, tenant, &call.config.cursors) else { return Ok(()) };
    let known = SystemDb::new(call.runtime.clone(), DIRECTORY_SHARD).tenant(tenant).await?;
    let Some(tenant) = known.filter(|tenant| tenant.home_cell == call.config.cell) else { return Ok(()) };
    let home = Firm { runtime: &call.runtime, tenant: &tenant, freshness: Freshness::Latest }.home()?;
    match happened {
        Happened::Delivered => home.report_notification(&which, Status::Delivered).await.map(drop)?,
        Happened::Bounced => home.report_notification(&which, Status::Bounced).await.map(drop)?,
        // They have said so in the one way that they know.
        Happened::Unwanted => {
            let opt_out = OptOut { opted_out: true, since: Some(call.now) };
            home.set_opt_out(which.complaint, &opt_out).await?;
        }
    }
    Ok(())
}

/// `GET /opt-out/{token}`: asks whether whoever followed the link is sure, for links are followed by machines, too.
pub(crate) async fn ask(call: Call) -> Outcome {
    match opened(&call).await? {
        Found::Here(..) => Ok(page(ASK)),
        Found::Elsewhere(answer) => Ok(answer),
    }
}

/// `POST /opt-out/{token}`: by the page, or by a mailbox on behalf of its owner (RFC 8058 §3.2). Nothing is read of the body.
pub(crate) async fn confirm(call: Call) -> Outcome {
    match opened(&call).await? {
        Found::Here(tenant, link) => {
            let home = Firm { runtime: &call.runtime, tenant: &tenant, freshness: Freshness::Latest }.home()?;
            home.set_opt_out(link.complaint, &OptOut { opted_out: true, since: Some(call.now) }).await?;
            Ok(page(DONE))
        }
        Found::Elsewhere(answer) => Ok(answer),
    }
}

enum Found {
    Here(Box<Tenant>, Link),
    /// The firm has moved, and its cell has answered.
    Elsewhere(Reply),
}

async fn opened(call: &Call) -> Result<Found, Failure> {
    let no_link = || Failure::new(Code::NotFound).detail("The link is wrong: please copy all of it");
    let token: String = call.path_value("token")?;
    let link = Link::open(&token, &call.config.request_secrets).map_err(|_| no_link())?;
    let known = SystemDb::new(call.runtime.clone(), DIRECTORY_SHARD).tenant(link.tenant).await?;
    let tenant = known.filter(|tenant| tenant.status != Standing::Deleted).ok_or_else(no_link)?;
    if tenant.home_cell != call.config.cell {
        return if call.runtime.reaches(&tenant.home_cell) {
            Ok(Found::Elsewhere(forward(call, &tenant.home_cell, true).await?))
        } else {
            Err(no_link())
        };
    }
    let db = Firm { runtime: &call.runtime, tenant: &tenant, freshness: Freshness::Latest }.db_of(link.complaint)?;
    match db.read(link.complaint).await {
        Ok(Some(_)) => Ok(Found::Here(Box::new(tenant), link)),
        Ok(None) => Err(no_link()),
        Err(error @ StoreError::Held) => Err(error.into()),
        Err(error) => Err(error.into()),
    }
}

const ASK: &str = "<p>Do you want to hear no more of the progress of your complaint?</p>\n<p>Letters that the law requires will still be \
sent to you.</p>\n<form method=\"post\"><button>Yes, send me no more</button></form>";
const DONE: &str = "<p>You will hear no more of the progress of your complaint. Letters that the law requires will still be sent to \
you.</p>\n<p>If you change your mind, tell the firm.</p>";

fn page(words: &str) -> Reply {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>Messages about your complaint</title>\n\
         <style>body{{font:1.1em/1.5 Arial,Helvetica,sans-serif;max-width:34em;margin:3em auto;padding:0 1em}}button{{font:inherit;padding:.6em 1em}}</style>\n\
         </head>\n<body>\n<main>\n<h1>Messages about your complaint</h1>\n{words}\n</main>\n</body>\n</html>\n"
    );
    let mut reply = Reply::json_text(200, html);
    reply.content_type = "text/html; charset=utf-8";
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    reply.header("content-security-policy", policy.to_owned()).header("referrer-policy", "no-referrer".to_owned())
}
