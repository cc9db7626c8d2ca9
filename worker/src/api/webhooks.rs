//! `/v1/webhook-endpoints`: where a firm's own systems hear of what happens. What sends to them is [`crate::deliver::webhooks`].

use crate::{
    call::{Outcome, Posted, Reply, TenantCall, bad_parameter, unknown_parameter},
    deliver::webhooks::announce,
    failure::Failure,
    platform,
    store::{
        StoreError, Unique,
        webhooks::{Known, Message},
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    chain::Digest,
    complaint::command::Nothing,
    http::{
        idempotency::IdempotencyKey,
        problem::{Code, FieldError, Rule},
    },
    ids::{ComplaintId, EndpointId},
    time::Timestamp,
    webhook::{
        attempt::Attempt,
        endpoint::{Endpoint, EndpointFields, Health, Replay, Rotation, ShownEndpoint, State as Enabled},
        message::{self, MAX_REPLAYED, State, Subject},
    },
};

/// The largest body that is read, in bytes.
const MAX_BODY: u32 = 16 * 1024;
/// Messages of a page: if nothing is said, and at most.
const PAGE: usize = 50;
const MAX_PAGE: usize = 200;
/// Characters of what tells one test from another: a subject has 36.
const TEST_DIGEST: usize = 31;

/// Endpoints.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Endpoints {
    /// In the order they were made; at most 20.
    data: Vec<ShownEndpoint>,
}

/// A test that is to be sent.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Test {
    /// `webhook-id` of its message.
    id: String,
}

/// What is sent again.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Replayed {
    /// So many messages; at most 1,000.
    queued: usize,
    /// If there were too many: `from` for those that follow.
    rest_from: Option<Timestamp>,
}

/// A message, and what became of it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Logged {
    /// `webhook-id`.
    id: String,
    /// The kind of event; `test` for a test.
    event: String,
    /// The complaint, unless it is a test.
    complaint: Option<ComplaintId>,
    /// The number of the event.
    seq: Option<u32>,
    /// When it happened.
    at: Timestamp,
    /// Where it stands.
    state: State,
    /// When it is sent, or sent again.
    next_attempt_at: Option<Timestamp>,
    /// The last attempts, at most 20.
    attempts: Vec<Attempt>,
}

/// Messages of an endpoint.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LogPage {
    /// The newest first.
    data: Vec<Logged>,
    /// `after` for the next page.
    next: Option<String>,
}

/// `POST /v1/webhook-endpoints`
pub(crate) async fn create(call: TenantCall) -> Outcome {
    let Posted { body, key, fingerprint } = call.call.posted::<EndpointFields>(MAX_BODY).await?;
    let now = call.call.now;
    if let Some(made) = made_before(&call, &key, fingerprint).await? {
        return Ok(made);
    }
    let id = EndpointId::new(now, &platform::entropy());
    let endpoint = Endpoint::new(id, body, now, call.call.config.webhooks_to_loopback).map_err(invalid)?;
    match call.home()?.insert_endpoint(&endpoint, &key, fingerprint).await {
        Ok(()) => created(&call, (endpoint, Health::default())),
        // The same request at the same moment.
        Err(error @ StoreError::Taken(Unique::IdempotencyKey)) => {
            made_before(&call, &key, fingerprint).await?.ok_or_else(|| error.into())
        }
        Err(error) => Err(error.into()),
    }
}

async fn made_before(call: &TenantCall, key: &IdempotencyKey, fingerprint: Digest) -> Result<Option<Reply>, Failure> {
    let Some((made_with, known)) = call.home()?.endpoint_made_by(key).await? else { return Ok(None) };
    same(&made_with, fingerprint)?;
    Ok(Some(created(call, known)?.replayed()))
}

fn same(made_with: &str, fingerprint: Digest) -> Result<(), Failure> {
    if made_with == fingerprint.to_string() { Ok(()) } else { Err(Failure::new(Code::IdempotencyKeyReused)) }
}

fn created(call: &TenantCall, known: Known) -> Outcome {
    let path = format!("/v1/webhook-endpoints/{}", known.0.id);
    Ok(told(call, 201, known, true)?.header("location", path))
}

fn invalid(errors: Vec<FieldError>) -> Failure {
    Failure::errors(Code::Invalid, errors)
}

fn shown(call: &TenantCall, (endpoint, health): Known, with_secret: bool) -> ShownEndpoint {
    endpoint.shown(health, &call.call.config.request_secrets, call.call.now, with_secret)
}

fn told(call: &TenantCall, status: u16, known: Known, with_secret: bool) -> Outcome {
    let version = known.0.version;
    Ok(Reply::json(status, &shown(call, known, with_secret))?.version(version))
}

async fn find(call: &TenantCall) -> Result<Known, Failure> {
    let id = call.call.path_value("id")?;
    let found = call.home()?.endpoint(id, None).await?;
    found.map(|(known, _)| known).ok_or(Failure::new(Code::NotFound))
}

/// The endpoint, and what the request came to if it was made before.
async fn find_for(
    call: &TenantCall,
    key: &IdempotencyKey,
    fingerprint: Digest,
) -> Result<(Known, Option<String>), Failure> {
    let id = call.call.path_value("id")?;
    let found = call.home()?.endpoint(id, Some(key)).await?;
    let (known, request) = found.ok_or(Failure::new(Code::NotFound))?;
    match request {
        Some((made_with, answer)) => same(&made_with, fingerprint).map(|()| (known, Some(answer))),
        None => Ok((known, None)),
    }
}

/// `GET /v1/webhook-endpoints`
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let data = call.home()?.endpoints().await?.into_iter().map(|known| shown(&call, known, false)).collect();
    Reply::json(200, &Endpoints { data })
}

/// `GET /v1/webhook-endpoints/{id}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let known = find(&call).await?;
    told(&call, 200, known, false)
}

/// `PATCH /v1/webhook-endpoints/{id}`
pub(crate) async fn patch(call: TenantCall) -> Outcome {
    let fields = call.call.json::<EndpointFields>(MAX_BODY).await?;
    let (before, health) = find(&call).await?;
    call.call.expect_version(before.version)?;
    // Whoever enables it, or sends it elsewhere, has done something about its failures.
    let anew = fields.state == Some(Enabled::Enabled) || fields.url.is_some();
    let endpoint = before.changed(fields, call.call.now, call.call.config.webhooks_to_loopback).map_err(invalid)?;
    let health = if anew { health.anew() } else { health };
    changed(&call, (endpoint, health), anew, None).await?;
    find(&call).await.and_then(|known| told(&call, 200, known, false))
}

async fn changed(
    call: &TenantCall,
    (endpoint, health): Known,
    anew: bool,
    request: Option<(&IdempotencyKey, Digest)>,
) -> Result<(), Failure> {
    let written = call.home()?.update_endpoint(&endpoint, anew.then_some(&health), request).await?;
    if written { Ok(()) } else { Err(Failure::new(Code::PreconditionFailed)) }
}

/// `DELETE /v1/webhook-endpoints/{id}`
pub(crate) async fn delete(call: TenantCall) -> Outcome {
    let (endpoint, _) = find(&call).await?;
    call.call.expect_version(endpoint.version)?;
    if call.home()?.delete_endpoint(&endpoint, call.call.now).await? {
        Ok(Reply::empty(204))
    } else {
        Err(Failure::new(Code::PreconditionFailed))
    }
}

/// `POST /v1/webhook-endpoints/{id}/rotate-secret`
pub(crate) async fn rotate(call: TenantCall) -> Outcome {
    let Posted { body, key, fingerprint } = call.call.posted::<Rotation>(MAX_BODY).await?;
    let ((endpoint, health), done) = find_for(&call, &key, fingerprint).await?;
    if done.is_some() {
        return Ok(told(&call, 200, (endpoint, health), true)?.replayed());
    }
    call.call.expect_version(endpoint.version)?;
    let endpoint = endpoint.rotated(body, call.call.now).map_err(invalid)?;
    changed(&call, (endpoint.clone(), health), false, Some((&key, fingerprint))).await?;
    told(&call, 200, (endpoint, health), true)
}

/// `POST /v1/webhook-endpoints/{id}/test`: the key tells one test from another, so repeating it sends nothing more.
pub(crate) async fn test(call: TenantCall) -> Outcome {
    let Posted { key, .. } = call.call.posted::<Nothing>(MAX_BODY).await?;
    let (endpoint, _) = find(&call).await?;
    let digest: String = Digest::of(key.as_str().as_bytes()).to_string().chars().take(TEST_DIGEST).collect();
    let subject = Subject::Test(digest);
    call.home()?.put_test(endpoint.id, &subject, call.call.now).await?;
    send_soon(&call);
    Reply::json(202, &Test { id: message::id(endpoint.id, &subject) })
}

/// `GET /v1/webhook-endpoints/{id}/deliveries`
pub(crate) async fn log(call: TenantCall) -> Outcome {
    let (mut limit, mut after) = (PAGE, (i64::MAX, String::new(), 0));
    for (name, value) in call.call.parameters() {
        let wrong = |rule| bad_parameter(FieldError::parameter(&name, Rule::NotAllowed, rule));
        match name.as_ref() {
            "limit" => {
                let number = value.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
                limit = number.ok_or_else(|| wrong("must be 1 to 200"))?;
            }
            "after" => after = place(&value).ok_or_else(|| wrong("must be `next` of another page"))?,
            _ => return Err(unknown_parameter(&name)),
        }
    }
    let (endpoint, _) = find(&call).await?;
    let (at, subject, seq) = &after;
    let mut messages = call.home()?.endpoint_log(endpoint.id, (*at, subject, *seq), limit + 1).await?;
    let more = messages.len() > limit;
    messages.truncate(limit);
    let next = messages.last().filter(|_| more).map(Message::place);
    let data = messages.into_iter().map(|message| logged(endpoint.id, message)).collect::<Result<_, _>>()?;
    Reply::json(200, &LogPage { data, next })
}

fn place(text: &str) -> Option<(i64, String, u32)> {
    let (at, rest) = text.split_once('.')?;
    let (subject, seq) = rest.split_once('.')?;
    Some((at.parse().ok()?, subject.to_owned(), seq.parse().ok()?))
}

fn logged(endpoint: EndpointId, message: Message) -> Result<Logged, Failure> {
    let subject = message.subject()?;
    let (complaint, seq) = match &subject {
        Subject::Event(complaint, seq, _) => (Some(*complaint), Some(*seq)),
        Subject::Test(_) => (None, None),
    };
    let (id, at) = (message::id(endpoint, &subject), message.at());
    let Message(_, _, event, _, state, next, _, attempts, _) = message;
    let next_attempt_at = next.map(Timestamp::from_unix_millis);
    Ok(Logged { id, event, complaint, seq, at, state, next_attempt_at, attempts })
}

/// `POST /v1/webhook-endpoints/{id}/replay`
pub(crate) async fn replay(call: TenantCall) -> Outcome {
    let Posted { body, key, fingerprint } = call.call.posted::<Replay>(MAX_BODY).await?;
    let range = body.range().map_err(invalid)?;
    let ((endpoint, _), done) = find_for(&call, &key, fingerprint).await?;
    if let Some(answer) = done {
        return Ok(replayed(&answer)?.replayed());
    }
    let came_to = call.home()?.replay(endpoint.id, range, call.call.now, (&key, fingerprint)).await?;
    let reply = replayed(&came_to.ok_or(Failure::new(Code::NotFound))?)?;
    send_soon(&call);
    Ok(reply)
}

fn replayed(came_to: &str) -> Outcome {
    let (queued, last) = came_to.split_once(' ').unwrap_or_default();
    let queued: usize = queued.parse().map_err(Failure::internal)?;
    let last = last.parse().ok().filter(|_| queued >= MAX_REPLAYED);
    Reply::json(202, &Replayed { queued, rest_from: last.map(Timestamp::from_unix_millis) })
}

/// After the answer.
fn send_soon(call: &TenantCall) {
    if let Some(shard) = call.standing.tenant.shards.home() {
        let runtime = call.call.runtime.clone();
        call.call.afterwards(async move { announce(&runtime, shard).await });
    }
}
