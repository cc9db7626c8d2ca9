//! [`Call`]: a request on its way through the gateway to a handler, and the [`Reply`] on its way back.

use crate::{
    config::Config,
    failure::Failure,
    gateway::signature,
    platform::{self, Freshness, Incoming, Outlet, Runtime, Socket},
    store::{TenantDb, system::DIRECTORY_SHARD},
    tracing,
};
use futures_util::future::LocalBoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    access::{Access, Actor, ActorKind, may, staff::Action},
    chain::Digest,
    clock::day::Day,
    complaint::decide::Rules,
    http::{
        body,
        bookmark::{Bookmarks, InvalidBookmarks},
        etag,
        etag::IfMatch,
        idempotency::{self, IdempotencyKey},
        problem::{Code, FieldError, Rule},
        trace::TraceParent,
    },
    identity::{
        role::Clearance,
        session::{Sensitive, fresh_enough},
        session_token::SignedIn,
    },
    ids::{ComplaintId, KeyId, TenantId},
    lock::FencingToken,
    reference::Reference,
    sign::request_profile::Verified,
    taxonomy::Taxonomy,
    tenant::{
        CellName, Tenant,
        placement::{ShardId, Slot},
        standing::Standing,
    },
    text::Line,
    time::Timestamp,
};
use std::{borrow::Cow, collections::BTreeSet, rc::Rc, str::FromStr};
use worker::{Context, web_sys};

/// What one request carries.
pub(crate) struct Call {
    pub(crate) runtime: Runtime,
    pub(crate) config: Rc<Config>,
    pub(crate) context: Rc<Context>,
    pub(crate) incoming: Incoming,
    /// Values of the route's `{…}`, by name.
    pub(crate) path_values: Vec<(String, String)>,
    pub(crate) trace: TraceParent,
    pub(crate) now: Timestamp,
    /// What the signature of a signed request says of its body.
    pub(crate) signed: Option<Verified>,
}

/// Whoever calls for a tenant.
pub(crate) enum Caller {
    /// A system of the firm.
    Key(KeyId),
    /// Somebody of its staff, in a session.
    Staff(Box<SignedIn>),
}

/// A call by a tenant's key, or by somebody of its staff, that may make it. Only the gateway builds one.
pub(crate) struct TenantCall {
    pub(crate) call: Call,
    pub(crate) standing: Rc<Standing>,
    pub(crate) caller: Caller,
}

/// A tenant as it is served here: its databases and its rules, for a request or for a job.
#[derive(Clone, Copy)]
pub(crate) struct Firm<'t> {
    pub(crate) runtime: &'t Runtime,
    pub(crate) tenant: &'t Tenant,
    pub(crate) freshness: Freshness,
}

/// A call by an operator. Only the gateway builds one.
pub(crate) struct OperatorCall {
    pub(crate) call: Call,
}

/// A call by another cell about a tenant that moves between the two. Only the gateway builds one.
pub(crate) struct CellCall {
    pub(crate) call: Call,
    /// The cell that calls.
    pub(crate) from: CellName,
    pub(crate) tenant: TenantId,
}

/// An answer that is not a failure.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// A body that is written piece by piece, instead of `body`.
    pub(crate) pieces: Option<Outlet>,
    /// A socket, instead of a body.
    pub(crate) socket: Option<Socket>,
    /// Another cell's answer, given back as it came; then nothing above counts but the status.
    pub(crate) native: Option<web_sys::Response>,
}

const REPLAYED: &str = "idempotency-replayed";

pub(crate) type Outcome = Result<Reply, Failure>;

/// A request body and what identifies it.
pub(crate) struct Posted<T> {
    pub(crate) body: T,
    pub(crate) key: IdempotencyKey,
    pub(crate) fingerprint: Digest,
}

impl Reply {
    /// A JSON answer from text that is JSON already.
    pub(crate) fn json_text(status: u16, body: String) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/json",
            body: body.into_bytes(),
            pieces: None,
            socket: None,
            native: None,
        }
    }

    /// An answer whose body is written while it is read.
    pub(crate) fn pieces(content_type: &'static str, body: &Outlet) -> Self {
        Self { content_type, pieces: Some(body.clone()), ..Self::json_text(200, String::new()) }
    }

    /// An answer that is not text.
    pub(crate) fn bytes(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { content_type, body, ..Self::empty(200) }
    }

    /// An answer that is a socket from now on.
    pub(crate) fn socket(socket: Socket) -> Self {
        Self { socket: Some(socket), ..Self::empty(101) }
    }

    pub(crate) fn native(answer: web_sys::Response) -> Self {
        let status = answer.status();
        Self { native: Some(answer), ..Self::json_text(status, String::new()) }
    }

    pub(crate) fn json(status: u16, body: &impl Serialize) -> Outcome {
        Ok(Self::json_text(status, serde_json::to_string(body).map_err(Failure::internal)?))
    }

    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// An answer without content.
    pub(crate) fn empty(status: u16) -> Self {
        Self::json_text(status, String::new())
    }

    /// Whether something was made that was not there before, or will be.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.status, 201 | 202) && !self.headers.iter().any(|(name, _)| *name == REPLAYED)
    }

    pub(crate) fn version(self, version: u32) -> Self {
        self.header("etag", etag::of_version(version))
    }

    /// Marks the answer to a request that was served before.
    pub(crate) fn replayed(self) -> Self {
        self.header(REPLAYED, "true".to_owned())
    }
}

impl Call {
    pub(crate) fn new(
        runtime: Runtime,
        config: Rc<Config>,
        context: Rc<Context>,
        incoming: Incoming,
        now: Timestamp,
    ) -> Self {
        let trace = TraceParent::parse(&incoming.head.traceparent)
            .map_or_else(|| TraceParent::new(&platform::random()), |parent| parent.child(&platform::random()));
        let trace = tracing::begin(&runtime, trace);
        Self { runtime, config, context, incoming, path_values: Vec::new(), trace, now, signed: None }
    }
    /// A value of the route. What does not parse names nothing: 404.
    pub(crate) fn path_value<T: FromStr>(&self, name: &str) -> Result<T, Failure> {
        let value = self.path_values.iter().find(|(held, _)| held == name).map(|(_, value)| value);
        value.and_then(|value| value.parse().ok()).ok_or(Failure::new(Code::NotFound))
    }

    /// The parameters of the query string, percent-decoded.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.incoming.head.query.as_bytes())
    }

    /// `?after=`, the only parameter of lists in the order of ids.
    pub(crate) fn after<T: FromStr>(&self) -> Result<Option<T>, Failure> {
        let mut after = None;
        for (name, value) in self.parameters() {
            if name != "after" {
                return Err(unknown_parameter(&name));
            }
            let parsed = value.parse().map_err(|_| {
                bad_parameter(FieldError::parameter("after", Rule::NotAllowed, "must be the id of the last one seen"))
            })?;
            after = Some(parsed);
        }
        Ok(after)
    }

    /// A place in a list that is read backwards: `?before=`, or its end. The list may take other parameters, too.
    pub(crate) fn before(&self, others: &[&str]) -> Result<u64, Failure> {
        let mut before = u64::from(u32::MAX);
        for (name, value) in self.parameters() {
            if name == "before" {
                before = value.parse().map_err(|_| {
                    let rule = "must be the number of the last one seen";
                    bad_parameter(FieldError::parameter("before", Rule::NotAllowed, rule))
                })?;
            } else if !others.contains(&name.as_ref()) {
                return Err(unknown_parameter(&name));
            }
        }
        Ok(before)
    }

    pub(crate) fn if_match(&self) -> Result<IfMatch, Failure> {
        let header = &self.incoming.head.if_match;
        if header.is_empty() {
            return Err(Failure::new(Code::PreconditionRequired)
                .detail("Send If-Match with the ETag of the version you have read"));
        }
        let bad = |error: etag::InvalidIfMatch| bad_header("If-Match", Rule::NotAllowed, error.to_string());
        header.parse().map_err(bad)
    }

    /// Fails unless the caller has read the version that is there now.
    pub(crate) fn expect_version(&self, version: u32) -> Result<(), Failure> {
        if self.if_match()?.accepts(version) { Ok(()) } else { Err(Failure::changed_since(version)) }
    }

    /// The token of the lock that the caller holds, if it names one.
    pub(crate) fn lock_token(&self) -> Result<Option<FencingToken>, Failure> {
        let header = &self.incoming.head.lock;
        if header.is_empty() {
            return Ok(None);
        }
        let rule = || bad_header("Redress-Lock", Rule::NotAllowed, "must be the token of a lock".to_owned());
        header.parse().map(|token| Some(FencingToken(token))).map_err(|_| rule())
    }

    /// Reads a JSON body of at most `limit` bytes.
    async fn json_bytes(&self, limit: u32) -> Result<Vec<u8>, Failure> {
        if self.media_type() != "application/json" {
            return Err(Failure::new(Code::UnsupportedMediaType).detail("Send Content-Type: application/json"));
        }
        self.whole_body(limit).await
    }

    /// Reads a body of at most `limit` bytes; that of a signed request is the one that was signed.
    pub(crate) async fn whole_body(&self, limit: u32) -> Result<Vec<u8>, Failure> {
        let bytes = self.incoming.body(limit).await.map_err(|fault| {
            let failure = Failure::from(fault);
            if failure.code == Code::TooLarge { failure.detail(format!("At most {limit} bytes")) } else { failure }
        })?;
        if let Some(signed) = &self.signed {
            signed.check_body(&bytes).map_err(|error| signature::refused(&error))?;
        }
        Ok(bytes)
    }

    /// Reads the body of a PATCH.
    pub(crate) async fn json<T: DeserializeOwned>(&self, limit: u32) -> Result<T, Failure> {
        Ok(body::parse(&self.json_bytes(limit).await?)?)
    }

    /// Reads the body and the idempotency key of a POST.
    pub(crate) async fn posted<T: DeserializeOwned>(&self, limit: u32) -> Result<Posted<T>, Failure> {
        let Posted { body: bytes, key, fingerprint } = self.posted_bytes(limit).await?;
        Ok(Posted { body: body::parse(&bytes)?, key, fingerprint })
    }

    /// The idempotency key that every POST needs.
    pub(crate) fn idempotency_key(&self) -> Result<IdempotencyKey, Failure> {
        let key = &self.incoming.head.idempotency_key;
        if key.is_empty() {
            return Err(Failure::new(Code::IdempotencyKeyMissing)
                .detail("Send Idempotency-Key with a value of your own, such as a UUID, and repeat it on retries"));
        }
        key.parse().map_err(|error: idempotency::InvalidKey| {
            bad_header("Idempotency-Key", Rule::NotAllowed, error.to_string())
        })
    }

    /// The type that the body is declared to be of, without parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        self.incoming.head.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The same as [`Self::posted`], of which the body is not read yet.
    pub(crate) async fn posted_bytes(&self, limit: u32) -> Result<Posted<Vec<u8>>, Failure> {
        let head = &self.incoming.head;
        let key = self.idempotency_key()?;
        let bytes = self.json_bytes(limit).await?;
        let fingerprint = idempotency::fingerprint(&head.method, &head.path, &bytes);
        Ok(Posted { body: bytes, key, fingerprint })
    }

    /// Runs after the answer has been sent. (Boxed, so that the way to the runtime is compiled once.)
    pub(crate) fn afterwards(&self, work: impl Future<Output = ()> + 'static) {
        let work: LocalBoxFuture<'static, ()> = Box::pin(work);
        self.context.wait_until(work);
    }
}

pub(crate) fn bad_parameter(error: FieldError) -> Failure {
    Failure::errors(Code::InvalidParameter, vec![error])
}

pub(crate) fn unknown_parameter(name: &str) -> Failure {
    let shown: String = name.chars().take(64).collect();
    bad_parameter(FieldError::parameter(&shown, Rule::UnknownField, "is not a known parameter"))
}

pub(crate) fn bad_header(name: &'static str, rule: Rule, detail: String) -> Failure {
    Failure::new(Code::InvalidHeader).error(FieldError::header(name, rule, detail))
}

impl TenantCall {
    /// Takes over what the caller says it has seen of the tenant's shards.
    pub(crate) fn follow_bookmarks(&self) -> Result<(), Failure> {
        let here = &self.call.config.cell;
        let seen = match self.call.incoming.head.bookmark.as_str() {
            "" => Bookmarks::none(here.clone()),
            header => {
                let seen: Bookmarks = header.parse().map_err(|error: InvalidBookmarks| {
                    bad_header("Redress-Bookmark", Rule::NotAllowed, error.to_string())
                })?;
                seen.at(here, &self.standing.tenant.shards.shards())
            }
        };
        self.call.runtime.follow(seen);
        Ok(())
    }

    /// The tenant, read as the caller may expect it.
    pub(crate) fn firm(&self) -> Firm<'_> {
        let reads = matches!(self.call.incoming.head.method.as_str(), "GET" | "HEAD");
        let freshness = if reads { Freshness::AsSeen } else { Freshness::Latest };
        Firm { runtime: &self.call.runtime, tenant: &self.standing.tenant, freshness }
    }

    /// See [`Firm::db_of`].
    pub(crate) fn db_of(&self, id: ComplaintId) -> Result<TenantDb, Failure> {
        self.firm().db_of(id)
    }

    /// See [`Firm::db_of_slot`].
    pub(crate) fn db_of_slot(&self, slot: Slot) -> Option<TenantDb> {
        self.firm().db_of_slot(slot)
    }

    /// See [`Firm::home`].
    pub(crate) fn home(&self) -> Result<TenantDb, Failure> {
        self.firm().home()
    }

    /// The shard that keeps the tenant's record, and what is of the tenant and not of a complaint.
    pub(crate) fn directory(&self) -> TenantDb {
        TenantDb::new(self.call.runtime.clone(), DIRECTORY_SHARD, self.standing.tenant.id)
    }

    /// See [`Firm::dbs`].
    pub(crate) fn dbs(&self) -> Vec<TenantDb> {
        self.firm().dbs()
    }

    /// See [`Firm::parts`].
    pub(crate) fn parts(&self) -> Vec<(TenantDb, Vec<Slot>)> {
        self.firm().parts()
    }

    /// The complaint that the path names, and its shard.
    pub(crate) fn complaint(&self) -> Result<(ComplaintId, TenantDb), Failure> {
        let id = self.call.path_value("id")?;
        Ok((id, self.db_of(id)?))
    }

    /// What time it is for the tenant's complaints.
    pub(crate) fn time(&self) -> Timestamp {
        self.standing.tenant.time(self.call.now)
    }

    /// What day it is where the tenant's complaints are from.
    pub(crate) fn today(&self) -> Day {
        let tenant = &self.standing.tenant;
        tenant.clocks.today(tenant.jurisdiction, self.time())
    }

    /// Of a person who may not see all complaints: what they may see.
    pub(crate) fn clearances(&self) -> Option<&BTreeSet<Clearance>> {
        match &self.caller {
            Caller::Staff(token) => Some(&token.clearances).filter(|held| Clearance::bits(held) != Clearance::EVERY),
            Caller::Key(_) => None,
        }
    }

    pub(crate) fn actor(&self) -> Result<Actor, Failure> {
        let (kind, id) = match &self.caller {
            Caller::Key(key) => (ActorKind::Key, key.to_string()),
            Caller::Staff(token) => (ActorKind::Staff, token.person.to_string()),
        };
        Ok(Actor { kind, id: Line::try_from(id).map_err(Failure::internal)?, job: None })
    }

    /// The key that calls; people are refused.
    pub(crate) fn key(&self) -> Result<KeyId, Failure> {
        match &self.caller {
            Caller::Key(key) => Ok(*key),
            Caller::Staff(_) => Err(Failure::new(Code::Forbidden).detail("This is for keys, and not for sessions")),
        }
    }

    /// Fails if somebody calls whose roles do not let them do this, or who has not proved lately who they are. What a key may do, its
    /// scopes say.
    pub(crate) fn must(&self, action: Action, sensitive: Sensitive) -> Result<(), Failure> {
        let Caller::Staff(token) = &self.caller else { return Ok(()) };
        may(&token.principal(), Access::Act(action))?;
        if fresh_enough(token.authenticated_at, sensitive, self.call.now) {
            return Ok(());
        }
        Err(Failure::new(Code::Forbidden)
            .detail("Prove anew who you are, at /app/step-up: that was more than 10 minutes ago"))
    }

    /// See [`Firm::rules`].
    pub(crate) fn rules(&self) -> Result<Rules<'_>, Failure> {
        self.firm().rules()
    }
}

impl<'t> Firm<'t> {
    /// The shard that holds a complaint; 404 if the tenant has none such.
    pub(crate) fn db_of(self, id: ComplaintId) -> Result<TenantDb, Failure> {
        self.db_of_slot(Slot(id.slot())).ok_or(Failure::new(Code::NotFound))
    }

    /// The shard of a slot, if the tenant has it.
    pub(crate) fn db_of_slot(self, slot: Slot) -> Option<TenantDb> {
        self.tenant.shards.shard(slot).map(|shard| self.db(shard))
    }

    /// The shard that keeps what is unique among all of the tenant's complaints.
    pub(crate) fn home(self) -> Result<TenantDb, Failure> {
        self.db_of_slot(Slot(0)).ok_or_else(|| Failure::internal("a tenant has no slot"))
    }

    /// Every shard of the tenant.
    pub(crate) fn dbs(self) -> Vec<TenantDb> {
        self.tenant.shards.shards().into_iter().map(|shard| self.db(shard)).collect()
    }

    /// Every shard of the tenant with the slots that lie there, for reading and writing what is there now.
    pub(crate) fn parts(self) -> Vec<(TenantDb, Vec<Slot>)> {
        let placement = &self.tenant.shards;
        let part = |shard| (self.db(shard).at(Freshness::Latest), placement.slots_of(shard));
        placement.shards().into_iter().map(part).collect()
    }

    /// One of its shards.
    pub(crate) fn db(self, shard: ShardId) -> TenantDb {
        TenantDb::new(self.runtime.clone(), shard, self.tenant.id).at(self.freshness)
    }

    /// The summary of the complaint that has a reference, or for which it was promised.
    pub(crate) async fn referred_to(self, reference: &Reference) -> Result<Option<String>, Failure> {
        let Some(db) = self.db_of_slot(Slot(reference.slot())) else { return Ok(None) };
        if let Some(summary) = db.referred_to(reference).await? {
            return Ok(Some(summary));
        }
        match self.home()?.promised_as(reference).await? {
            Some(id) => Ok(self.db_of(id)?.summary(id).await?),
            None => Ok(None),
        }
    }

    /// What decisions depend on.
    pub(crate) fn rules(self) -> Result<Rules<'t>, Failure> {
        let &Tenant { sector, taxonomy: ref own, ref custom_fields, jurisdiction, ref clocks, .. } = self.tenant;
        let taxonomy =
            Taxonomy::for_sector(sector).ok_or_else(|| Failure::internal("a shipped taxonomy does not parse"))?;
        Ok(Rules { taxonomy, own, custom_fields, jurisdiction, sector, choices: &clocks.choices })
    }
}
