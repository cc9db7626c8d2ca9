//! The runtime, as few and as plain calls as possible: see `glue.js`.
//!
//! Invariant: nothing else in this crate touches a JavaScript value on a request's way.

pub(crate) mod bucket;
pub(crate) mod dependency;
pub(crate) mod line;
pub(crate) mod outside;

use crate::{log, metrics, side::Side, tracing};
use dependency::Dependency;
use print::{Page, Unprinted};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    chain::Salt,
    http::{bookmark::Bookmarks, trace::TraceParent},
    ids::{Entropy, KeyId, RequestId, TenantId},
    json,
    live::Refusal,
    metrics::families,
    object::live_hub::{Entry, GUEST},
    tenant::{CellName, placement::ShardId},
    time::Timestamp,
    webhook::attempt::{Answer, Reason},
};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};
use worker::{
    Env, js_sys,
    wasm_bindgen::{self, JsCast, JsValue, prelude::wasm_bindgen},
};

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    fn request_head(request: &JsValue) -> String;
    #[wasm_bindgen(catch)]
    async fn request_body(request: &JsValue, limit: u32) -> Result<JsValue, JsValue>;
    fn response(status: u16, headers: &str, body: &[u8]) -> JsValue;
    fn stream_response(status: u16, headers: &str, outlet: &JsValue) -> JsValue;
    fn inlet(request: &JsValue) -> JsValue;
    #[wasm_bindgen(catch)]
    async fn inlet_piece(inlet: &JsValue, millis: u32) -> Result<JsValue, JsValue>;
    fn outlet(capacity: u32) -> JsValue;
    #[wasm_bindgen(catch)]
    async fn outlet_write(outlet: &JsValue, piece: &[u8]) -> Result<JsValue, JsValue>;
    fn outlet_end(outlet: &JsValue, reason: &str);
    fn variable(env: &JsValue, name: &str) -> Option<String>;
    fn bound(env: &JsValue, name: &str) -> bool;
    fn numbered(env: &JsValue, prefix: &str, limit: u32) -> String;
    async fn d1(
        env: &JsValue,
        binding: &str,
        from: &str,
        statements: &str,
        lists: &[u8],
        plain: bool,
        millis: u32,
    ) -> JsValue;
    #[wasm_bindgen(catch)]
    async fn kv_get(env: &JsValue, binding: &str, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn kv_put(env: &JsValue, binding: &str, key: &str, value: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn print(env: &JsValue, page: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn queue_send(env: &JsValue, binding: &str, texts: &str, seconds: u32) -> Result<JsValue, JsValue>;
    async fn post(url: &str, headers: &str, body: &str, millis: u32) -> JsValue;
    #[wasm_bindgen(catch)]
    async fn object_ask(env: &JsValue, binding: &str, name: &str, question: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn object_socket(
        env: &JsValue,
        binding: &str,
        name: &str,
        header: &str,
        entry: &str,
    ) -> Result<JsValue, JsValue>;
    fn socket_response(headers: &str, socket: &JsValue) -> JsValue;
    #[wasm_bindgen(catch)]
    async fn forward(
        env: &JsValue,
        binding: &str,
        request: &JsValue,
        headers: &str,
        millis: u32,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn is_there(env: &JsValue, binding: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn ask_cell(
        env: &JsValue,
        binding: &str,
        path: &str,
        token: &str,
        body: &str,
        millis: u32,
    ) -> Result<JsValue, JsValue>;
    fn header(request: &JsValue, name: &str) -> Option<String>;
    fn mail_head(message: &JsValue) -> String;
    #[wasm_bindgen(catch)]
    async fn mail_reject(message: &JsValue, reason: &str) -> Result<JsValue, JsValue>;
    fn decode_text(label: &str, bytes: &[u8]) -> Option<String>;
    #[wasm_bindgen(js_name = sleep)]
    async fn js_sleep(millis: u32);
}

/// The tenant directory.
const DIRECTORY: &str = "DIRECTORY";
/// A queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Queue {
    /// Of things to tell people and systems.
    Notify,
    /// Of turns of bulk jobs, so that nobody who is to be told waits for those.
    Jobs,
    /// Of turns of sending webhooks, so that nothing else waits for other people's machines. The back alone sends to it.
    Webhooks,
    /// Of files that are to be scanned.
    Scan,
    /// Of turns of sending notifications, which wait for others' servers, too.
    Messages,
}

/// The queue of a message, by the first word of its first word: `clocks` of `clocks/1 3`. What has none is of `notify`.
const OF_MESSAGES: [(&str, Queue); 8] = [
    ("bulk", Queue::Jobs),
    ("clocks", Queue::Jobs),
    ("mail", Queue::Jobs),
    ("messages", Queue::Messages),
    ("portal", Queue::Messages),
    ("scan", Queue::Scan),
    ("spool", Queue::Jobs),
    ("webhooks", Queue::Webhooks),
];

impl Queue {
    /// Those that the front sends to.
    pub(crate) const OF_THE_FRONT: [Self; 2] = [Self::Notify, Self::Scan];

    /// The queue that a message came from.
    pub(crate) fn of(message: &str) -> Self {
        let kind = message.split_once('/').map_or("", |(kind, _)| kind);
        OF_MESSAGES.iter().find(|(known, _)| *known == kind).map_or(Self::Notify, |(_, queue)| *queue)
    }

    const fn binding(self) -> &'static str {
        match self {
            Self::Notify => "NOTIFY",
            Self::Jobs => "JOBS",
            Self::Webhooks => "WEBHOOKS",
            Self::Scan => "SCAN",
            Self::Messages => "MESSAGES",
        }
    }
}

/// What the names of D1 databases begin with, and the most there may be: as many as an id has slots.
const SHARDS: (&str, u32) = ("DB_", 32);
/// How often a write to the directory is tried again: KV takes one write to a key a second (Cloudflare KV, limits).
const PUTS: u32 = 3;
const PUT_AGAIN_MILLIS: u32 = 300;
/// How often a read of the directory is tried again, sooner, because a request waits for it.
const GETS: u32 = 2;
const GET_AGAIN_MILLIS: u32 = 50;
/// The most messages one call sends (Cloudflare Queues, limits).
const MAX_SEND: usize = 100;

/// A dependency did not do its part. The text is for the log only.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{dependency}: {message}")]
pub(crate) struct Fault {
    pub(crate) dependency: &'static str,
    pub(crate) message: String,
}

impl Fault {
    fn new(dependency: &'static str, error: &JsValue) -> Self {
        let told = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
        Self { dependency, message: told.unwrap_or_else(|| "failed without a reason".to_owned()) }
    }
}

fn object_fault(error: &dyn std::fmt::Display) -> Fault {
    Fault { dependency: "object", message: error.to_string() }
}

/// What an isolate has used of what is billed: for requests, after their answers, for queues and by cron.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spent {
    /// Asks of Durable Objects.
    pub(crate) hops: u32,
    pub(crate) d1_calls: u32,
    pub(crate) rows_read: u32,
    pub(crate) rows_written: u32,
    /// Messages sent to queues.
    pub(crate) messages: u32,
    pub(crate) kv_reads: u32,
}

thread_local! {
    /// What no answer has told of yet.
    static SPENT: Cell<Spent> = Cell::default();
}

/// What this isolate has used since the last call.
pub(crate) fn spent() -> Spent {
    SPENT.take()
}

fn spend(change: impl FnOnce(&mut Spent)) {
    let mut spent = SPENT.get();
    change(&mut spent);
    SPENT.set(spent);
}

/// A class of Durable Objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// One for each tenant, and for each address without credentials.
    RateLimiter,
    /// One for each case.
    CaseLock,
    /// One for each key that signs requests.
    ReplayGuard,
    /// One.
    Metrics,
    /// One for each tenant.
    LiveHub,
}

impl Class {
    const fn binding(self) -> &'static str {
        match self {
            Self::RateLimiter => "RATE_LIMITER",
            Self::CaseLock => "CASE_LOCK",
            Self::ReplayGuard => "REPLAY_GUARD",
            Self::Metrics => "METRICS",
            Self::LiveHub => "LIVE_HUB",
        }
    }

    /// What it is called in metrics.
    const fn label(self) -> &'static str {
        match self {
            Self::RateLimiter => "rate_limiter",
            Self::CaseLock => "case_lock",
            Self::ReplayGuard => "replay_guard",
            Self::Metrics => "metrics",
            Self::LiveHub => "live_hub",
        }
    }
}

/// What is known of an invocation so far: who calls, how much of its limits is left, and what it has cost.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Which request it is, if it is one.
    pub(crate) request: Cell<Option<RequestId>>,
    /// Its place in a trace that is recorded.
    pub(crate) span: RefCell<Option<TraceParent>>,
    pub(crate) caller: Cell<Option<(TenantId, Option<KeyId>)>>,
    /// Whether the caller's credentials are genuine.
    pub(crate) known: Cell<bool>,
    /// Whether its requests are counted already, or need not be.
    pub(crate) counted: Cell<bool>,
    /// Whether D1 is not waited for long: what it does not take is kept elsewhere.
    pub(crate) hurried: Cell<bool>,
    /// Whether the cell's other Worker answers, and logs that it did.
    pub(crate) answered_beside: Cell<bool>,
    /// `RateLimit` headers for the answer, a line each.
    pub(crate) limits: RefCell<String>,
    pub(crate) object_calls: Cell<u32>,
    pub(crate) d1_calls: Cell<u32>,
    /// In all of those calls.
    pub(crate) statements: Cell<u32>,
    pub(crate) rows_read: Cell<u32>,
    pub(crate) rows_written: Cell<u32>,
}

/// How fresh what is read must be (Cloudflare D1, "Sequential consistency").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// As the primary has it: for writes, and for what they are decided on.
    #[default]
    Latest,
    /// At least as the caller and this invocation have seen it; a replica may answer.
    AsSeen,
}

/// What one invocation can reach.
#[derive(Clone)]
pub(crate) struct Runtime {
    env: Env,
    pub(crate) meter: Rc<Meter>,
    /// What the caller has seen of shards, before and in this invocation. `None` unless a tenant calls.
    seen: Rc<RefCell<Option<Bookmarks>>>,
}

/// How long a call to D1 is waited for, in milliseconds: as long as D1 itself lets one run (Cloudflare D1, limits).
const PATIENCE_MILLIS: u32 = 30_000;
/// The same of a call for a consumer who waits.
const HURRIED_MILLIS: u32 = 3_000;

/// What D1 says when it cannot answer now (Cloudflare D1, "Error list"), and what we say for it.
const TRANSIENT: [&str; 9] = [
    "Network connection lost",
    "reset because",
    "overloaded",
    "Cannot resolve D1",
    "storage operation exceeded timeout",
    "Internal error while starting up D1",
    "Internal error in D1",
    "the database does not answer in time",
    NOT_ASKED,
];
const NOT_ASKED: &str = "it has not answered for a while, and is not asked";

impl Fault {
    /// Whether D1 did not answer, or not now.
    pub(crate) fn is_transient(&self) -> bool {
        TRANSIENT.iter().any(|part| self.message.contains(part))
    }
}

thread_local! {
    /// The databases of this cell: bindings do not change while an isolate lives.
    static DATABASES: OnceCell<Rc<[ShardId]>> = const { OnceCell::new() };
    /// The variable of this name.
    static SLOW_MILLIS: OnceCell<i64> = const { OnceCell::new() };
}

/// How long a call of D1 takes that is slow, in milliseconds, unless `SLOW_MILLIS` says otherwise.
const SLOW_UNLESS_TOLD_MILLIS: i64 = 200;

/// Statements as D1 is given them.
pub(crate) struct Statements<'s> {
    /// A JSON list, see `glue.js`.
    pub(crate) json: &'s str,
    /// Parameters that are not written into the JSON.
    pub(crate) lists: &'s [u8],
    /// Whether it is one that gives one text, and the answer is that text and not JSON.
    pub(crate) plain: bool,
    /// What each is called, for the log.
    pub(crate) names: &'s [&'static str],
}

impl Runtime {
    pub(crate) fn new(env: Env) -> Self {
        Self { env, meter: Rc::default(), seen: Rc::default() }
    }

    /// The same reach on another account: for work that is not part of the answer.
    pub(crate) fn apart(&self) -> Self {
        Self::new(self.env.clone())
    }

    fn env(&self) -> &JsValue {
        self.env.as_ref()
    }

    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        variable(self.env(), name)
    }

    /// Whether this cell is bound to another.
    pub(crate) fn reaches(&self, cell: &CellName) -> bool {
        bound(self.env(), &cell.binding())
    }

    /// The shards of this cell: its databases, in the order of their numbers.
    pub(crate) fn shards(&self) -> Rc<[ShardId]> {
        let (prefix, limit) = SHARDS;
        // The glue writes a JSON list of numbers.
        let probe = || json::from_str::<Vec<ShardId>>(&numbered(self.env(), prefix, limit)).unwrap_or_default();
        DATABASES.with(|known| Rc::clone(known.get_or_init(|| probe().into())))
    }

    /// From now on, what is read [`Freshness::AsSeen`] is at least as `seen`, and what is touched is noted in it.
    pub(crate) fn follow(&self, seen: Bookmarks) {
        self.seen.replace(Some(seen));
    }

    /// What the caller has seen of shards once it has this answer.
    pub(crate) fn seen(&self) -> Option<String> {
        self.seen.borrow().as_ref().filter(|seen| !seen.is_empty()).map(ToString::to_string)
    }

    /// Runs statements as one transaction. The answer is JSON: a list of each one's rows; or, if they are `plain`, the text that
    /// the only one gives.
    pub(crate) async fn d1(
        &self,
        shard: ShardId,
        freshness: Freshness,
        statements: &Statements<'_>,
    ) -> Result<String, Fault> {
        let dependency = Dependency::Database(shard);
        if !dependency.may_be_asked() {
            return Err(Fault { dependency: "d1", message: NOT_ASKED.to_owned() });
        }
        self.meter.d1_calls.set(self.meter.d1_calls.get() + 1);
        spend(|spent| spent.d1_calls += 1);
        let from = match freshness {
            Freshness::Latest => None,
            Freshness::AsSeen => self.seen.borrow().as_ref().map(|seen| seen.session(shard).to_owned()),
        };
        let from = from.as_deref().unwrap_or("first-primary");
        let Statements { json, lists, plain, names } = statements;
        let (binding, begun) = (shard.binding(), now());
        let patience = if self.meter.hurried.get() { HURRIED_MILLIS } else { PATIENCE_MILLIS };
        let answer = d1(self.env(), &binding, from, json, lists, *plain, patience).await;
        let millis = now().unix_millis() - begun.unix_millis();
        let mut answer = answer.as_string().unwrap_or_default();
        let rows = answer.find('\n').map_or_else(String::new, |line_feed| answer.split_off(line_feed + 1));
        let mut done = answer.split_ascii_whitespace();
        let mut number = || done.next().and_then(|number| number.parse::<u32>().ok());
        let counted = (number(), number());
        let labels = [Side::HERE, &binding];
        let outcome = if counted.1.is_some() { "done" } else { "failed" };
        metrics::count(families::D1_CALLS, &[Side::HERE, &binding, outcome], 1);
        metrics::count(families::D1_STATEMENTS, &labels, u32::try_from(names.len()).unwrap_or_default());
        metrics::observe(families::D1_DURATION, &labels, millis);
        if millis >= self.slow_millis() {
            metrics::count(families::D1_SLOW, &labels, 1);
            let (read, written) = (counted.0.unwrap_or_default(), counted.1.unwrap_or_default());
            log::slow(&log::Slow {
                request_id: self.meter.request.get(),
                shard: &binding,
                statements: names,
                millis,
                read,
                written,
            });
        }
        tracing::asked(
            &self.meter,
            || format!("d1 {}", names.first().unwrap_or(&"")),
            begun,
            counted.1.is_none(),
            || {
                let (read, written) = (counted.0.unwrap_or_default(), counted.1.unwrap_or_default());
                vec![
                    ("db.system.name", "cloudflare.d1".into()),
                    ("db.namespace", binding.as_str().into()),
                    ("db.operation.batch.size", u32::try_from(names.len()).unwrap_or_default().into()),
                    ("redress.rows_read", read.into()),
                    ("redress.rows_written", written.into()),
                ]
            },
        );
        let (Some(read), Some(written)) = counted else {
            let fault = Fault { dependency: "d1", message: rows };
            dependency.has_answered(!fault.is_transient());
            return Err(fault);
        };
        dependency.has_answered(true);
        self.meter.rows_read.set(self.meter.rows_read.get() + read);
        self.meter.rows_written.set(self.meter.rows_written.get() + written);
        metrics::count(families::D1_ROWS_READ, &labels, read);
        metrics::count(families::D1_ROWS_WRITTEN, &labels, written);
        spend(|spent| {
            spent.rows_read += read;
            spent.rows_written += written;
        });
        if let (Some(seen), Some(bookmark)) = (self.seen.borrow_mut().as_mut(), done.next()) {
            seen.note(shard, bookmark);
        }
        Ok(rows)
    }

    pub(crate) async fn directory_get(&self, key: &str) -> Result<Option<String>, Fault> {
        let mut left = GETS;
        loop {
            spend(|spent| spent.kv_reads += 1);
            match kv_get(self.env(), DIRECTORY, key).await {
                Ok(value) => return Ok(value.as_string()),
                Err(error) if left == 0 => return Err(Fault::new("kv", &error)),
                Err(_) => left -= 1,
            }
            sleep(GET_AGAIN_MILLIS).await;
        }
    }

    pub(crate) async fn directory_put(&self, key: &str, value: String) -> Result<(), Fault> {
        let mut left = PUTS;
        loop {
            match kv_put(self.env(), DIRECTORY, key, &value).await {
                Ok(_) => return Ok(()),
                Err(error) if left == 0 => return Err(Fault::new("kv", &error)),
                Err(_) => left -= 1,
            }
            sleep(PUT_AGAIN_MILLIS).await;
        }
    }

    /// How long a call of D1 takes that is slow, in milliseconds.
    fn slow_millis(&self) -> i64 {
        let told = || self.variable("SLOW_MILLIS").and_then(|text| text.parse().ok());
        SLOW_MILLIS.with(|known| *known.get_or_init(|| told().unwrap_or(SLOW_UNLESS_TOLD_MILLIS)))
    }

    /// Asks the Durable Object of a class called `name`.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        class: Class,
        name: &str,
        question: &impl Serialize,
    ) -> Result<T, Fault> {
        self.meter.object_calls.set(self.meter.object_calls.get() + 1);
        spend(|spent| spent.hops += 1);
        let question = serde_json::to_string(question).map_err(|error| object_fault(&error))?;
        let begun = now();
        let answer = object_ask(self.env(), class.binding(), name, &question).await;
        tracing::asked(&self.meter, || format!("object {}", class.label()), begun, answer.is_err(), Vec::new);
        let outcome = if answer.is_ok() { "done" } else { "failed" };
        metrics::count(families::OBJECT_CALLS, &[Side::HERE, class.label(), outcome], 1);
        let answer = answer.map_err(|error| Fault::new("object", &error))?;
        json::from_str(&answer.as_string().unwrap_or_default()).map_err(|error| object_fault(&error))
    }

    /// Opens a socket of the object called `name`, or says why it is not opened.
    pub(crate) async fn open_socket(
        &self,
        class: Class,
        name: &str,
        entry: &Entry,
    ) -> Result<Result<Socket, Refusal>, Fault> {
        self.meter.object_calls.set(self.meter.object_calls.get() + 1);
        spend(|spent| spent.hops += 1);
        let entry = serde_json::to_string(entry).map_err(|error| object_fault(&error))?;
        let answer = object_socket(self.env(), class.binding(), name, GUEST, &entry).await;
        let outcome = if answer.is_ok() { "done" } else { "failed" };
        metrics::count(families::OBJECT_CALLS, &[Side::HERE, class.label(), outcome], 1);
        let answer = answer.map_err(|error| Fault::new("object", &error))?;
        match answer.as_string() {
            Some(refusal) => json::from_str(&refusal).map(Err).map_err(|error| object_fault(&error)),
            None => Ok(Ok(Socket(answer))),
        }
    }

    /// Sends a request on to the cell behind `binding`. `None` if that cell is not bound or does not answer.
    pub(crate) async fn forward(
        &self,
        binding: &str,
        incoming: &Incoming,
        headers: &str,
        millis: u32,
    ) -> Result<Option<worker::web_sys::Response>, Fault> {
        let answer = forward(self.env(), binding, &incoming.request, headers, millis)
            .await
            .map_err(|error| Fault::new("cell", &error))?;
        Ok(answer.dyn_into().ok())
    }

    /// Asks the Worker behind `binding` whether it is there.
    pub(crate) async fn is_there(&self, binding: &str) -> Result<(), Fault> {
        is_there(self.env(), binding).await.map(drop).map_err(|error| Fault::new("service", &error))
    }

    /// Asks another cell as this cell: JSON there and back, with the status. `None` if that cell is not bound or does not
    /// answer in time.
    pub(crate) async fn ask_cell(
        &self,
        cell: &CellName,
        path: &str,
        token: &str,
        body: &str,
        millis: u32,
    ) -> Result<Option<(u16, String)>, Fault> {
        let answer = ask_cell(self.env(), &cell.binding(), path, token, body, millis)
            .await
            .map_err(|error| Fault::new("cell", &error))?;
        let text = answer.as_string();
        let answer = text.as_deref().and_then(|text| text.split_once('\n'));
        Ok(answer.and_then(|(status, text)| Some((status.parse().ok()?, text.to_owned()))))
    }

    /// Has a page printed: a PDF, or why it cannot be one.
    pub(crate) async fn print(&self, page: &Page) -> Result<Result<Vec<u8>, Unprinted>, Fault> {
        let page =
            serde_json::to_string(page).map_err(|error| Fault { dependency: "print", message: error.to_string() })?;
        let printed = print(self.env(), &page).await.map_err(|error| Fault::new("print", &error))?;
        if let Some(bytes) = printed.dyn_ref::<js_sys::Uint8Array>() {
            return Ok(Ok(bytes.to_vec()));
        }
        let said = printed.as_string().unwrap_or_default();
        json::from_str(&said).map(Err).map_err(|_| Fault { dependency: "print", message: said })
    }

    /// Sends texts to a queue.
    pub(crate) async fn send(&self, queue: Queue, texts: &[String]) -> Result<(), Fault> {
        self.send_later(queue, texts, 0).await
    }

    /// Sends texts to a queue that gives them out after so many seconds.
    pub(crate) async fn send_later(&self, queue: Queue, texts: &[String], seconds: u32) -> Result<(), Fault> {
        for some in texts.chunks(MAX_SEND) {
            spend(|spent| spent.messages += u32::try_from(some.len()).unwrap_or_default());
            let list = serde_json::to_string(some)
                .map_err(|error| Fault { dependency: "queue", message: error.to_string() })?;
            Dependency::Queue(queue).ask("queue", queue_send(self.env(), queue.binding(), &list, seconds)).await?;
        }
        Ok(())
    }
}

/// Sends a body to an address outside. `headers` is `name: value` lines.
pub(crate) async fn send_out(url: &str, headers: &str, body: &str, millis: u32) -> Answer {
    let said = post(url, headers, body, millis).await.as_string().unwrap_or_default();
    let (status, rest) = said.split_once('\n').unwrap_or_default();
    match (status.parse(), rest) {
        (Ok(status), retry_after) => Answer::Status(status, retry_after.to_owned()),
        (Err(_), "timeout") => Answer::None(Reason::Timeout),
        (Err(_), _) => Answer::None(Reason::Unreachable),
    }
}

/// Bytes in a charset as text, as the runtime reads it; `None` if it knows no such.
pub(crate) fn decoded(label: &str, bytes: &[u8]) -> Option<String> {
    decode_text(label, bytes)
}

/// A mail on its way in.
pub(crate) struct IncomingMail {
    message: JsValue,
    /// The sender of its envelope; empty for what wants no answer.
    pub(crate) from: String,
    /// The address that it came to.
    pub(crate) to: String,
    /// How many bytes it has.
    pub(crate) bytes: u64,
}

impl IncomingMail {
    pub(crate) fn new(message: JsValue) -> Self {
        let head = mail_head(&message);
        let mut lines = head.split('\n').map(str::to_owned);
        let (from, to) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let bytes = lines.next().and_then(|bytes| bytes.parse().ok()).unwrap_or_default();
        Self { message, from, to, bytes }
    }

    /// What it says, not read yet.
    pub(crate) fn intake(&self) -> bucket::Intake {
        bucket::Intake::of_mail(&self.message)
    }

    /// Refuses it for good: whoever has sent it is told so.
    pub(crate) async fn reject(&self, reason: &str) -> Result<(), Fault> {
        mail_reject(&self.message, reason).await.map(drop).map_err(|error| Fault::new("mail", &error))
    }
}

/// A native request: its head, read once, and its body, not read yet.
pub(crate) struct Incoming {
    request: JsValue,
    pub(crate) head: Head,
}

/// What is read of every request. A header that is absent is empty.
pub(crate) struct Head {
    pub(crate) method: String,
    /// The absolute URL, without a fragment.
    pub(crate) url: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) idempotency_key: String,
    pub(crate) if_match: String,
    pub(crate) traceparent: String,
    /// Where the request came from. Cloudflare sets it; a cell that forwards keeps it.
    pub(crate) address: String,
    /// What the caller has seen of the tenant's shards.
    pub(crate) bookmark: String,
    /// How often it was forwarded.
    pub(crate) hops: String,
    /// The fencing token of the lock that the caller holds.
    pub(crate) lock: String,
    /// The parameters of its signatures, if it is signed.
    pub(crate) signature_input: String,
}

/// A body that was not read.
pub(crate) enum BodyFault {
    TooLarge,
    Broken(Fault),
}

impl Incoming {
    pub(crate) fn new(request: JsValue) -> Self {
        let text = request_head(&request);
        let mut lines = text.split('\n').map(str::to_owned);
        let mut next = || lines.next().unwrap_or_default();
        let method = next();
        let url = next();
        let (path, query) = path_and_query(&url);
        let head = Head {
            method,
            url,
            path,
            query,
            authorization: next(),
            content_type: next(),
            idempotency_key: next(),
            if_match: next(),
            traceparent: next(),
            address: next(),
            bookmark: next(),
            hops: next(),
            lock: next(),
            signature_input: next(),
        };
        Self { request, head }
    }

    /// A header that is not read of every request.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        header(&self.request, name)
    }

    /// The body, to be read piece by piece.
    pub(crate) fn inlet(&self) -> Inlet {
        Inlet(inlet(&self.request))
    }

    pub(crate) async fn body(&self, limit: u32) -> Result<Vec<u8>, BodyFault> {
        let body =
            request_body(&self.request, limit).await.map_err(|error| BodyFault::Broken(Fault::new("body", &error)))?;
        body.dyn_ref::<js_sys::Uint8Array>().map(js_sys::Uint8Array::to_vec).ok_or(BodyFault::TooLarge)
    }
}

/// A body that is read piece by piece.
pub(crate) struct Inlet(JsValue);

/// What a look for the next piece finds.
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    /// None has come in time.
    Late,
    End,
}

impl Inlet {
    /// The next piece, or [`Piece::Late`] if none has come for so many milliseconds (0: it waits). Fails if the caller has
    /// broken off.
    pub(crate) async fn piece(&mut self, millis: u32) -> Result<Piece, Fault> {
        let come = inlet_piece(&self.0, millis).await.map_err(|error| Fault::new("body", &error))?;
        Ok(match come.dyn_ref::<js_sys::Uint8Array>() {
            None => Piece::Late,
            Some(bytes) if bytes.length() == 0 => Piece::End,
            Some(bytes) => Piece::Bytes(bytes.to_vec()),
        })
    }
}

/// An answer's body that is written piece by piece.
#[derive(Clone)]
pub(crate) struct Outlet(JsValue);

/// The caller has gone away: nobody reads the answer any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone;

impl Outlet {
    /// Has room until so many bytes wait for the caller to take them.
    pub(crate) fn new(capacity: u32) -> Self {
        Self(outlet(capacity))
    }

    /// Writes a piece as soon as there is room.
    pub(crate) async fn write(&self, piece: &str) -> Result<(), Gone> {
        let taken = outlet_write(&self.0, piece.as_bytes()).await;
        if taken.is_ok_and(|taken| taken.is_truthy()) { Ok(()) } else { Err(Gone) }
    }

    /// The answer is whole.
    pub(crate) fn end(self) {
        outlet_end(&self.0, "");
    }

    /// The answer is not whole, and the caller sees that.
    pub(crate) fn break_off(self) {
        outlet_end(&self.0, "the answer could not be finished");
    }
}

/// The caller's end of a socket of an object.
#[derive(Clone)]
pub(crate) struct Socket(JsValue);

/// The runtime gives an absolute URL without a fragment.
fn path_and_query(url: &str) -> (String, String) {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let target = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (path.to_owned(), query.to_owned())
}

/// Builds a native response. `headers` is `name: value` lines.
pub(crate) fn respond(status: u16, headers: &str, body: &[u8]) -> worker::web_sys::Response {
    response(status, headers, body).unchecked_into()
}

/// The same, of a body that is written later.
pub(crate) fn respond_in_pieces(status: u16, headers: &str, body: &Outlet) -> worker::web_sys::Response {
    stream_response(status, headers, &body.0).unchecked_into()
}

/// The answer that turns a request into a socket.
pub(crate) fn respond_with_socket(headers: &str, socket: &Socket) -> worker::web_sys::Response {
    socket_response(headers, &socket.0).unchecked_into()
}

pub(crate) async fn sleep(millis: u32) {
    js_sleep(millis).await;
}

/// The time. In production it stands still between I/O.
pub(crate) fn now() -> Timestamp {
    #[allow(clippy::cast_possible_truncation, reason = "whole milliseconds, far below 2^53")]
    Timestamp::from_unix_millis(js_sys::Date::now() as i64)
}

thread_local! {
    /// Random bytes not handed out yet: one crossing fetches enough for many requests.
    static RANDOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

const RANDOM_POOL: usize = 4_096;

/// Random bytes of the runtime's CSPRNG, each handed out once.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    RANDOM.with_borrow_mut(|pool| {
        if pool.len() < N {
            pool.resize(RANDOM_POOL, 0);
            // Fails only where there is no `crypto`, and workerd always has it.
            let _always_there = getrandom::fill(pool);
        }
        let mut bytes = [0; N];
        let rest = pool.len().saturating_sub(N);
        bytes.iter_mut().zip(pool.drain(rest..)).for_each(|(to, from)| *to = from);
        bytes
    })
}

pub(crate) fn entropy() -> Entropy {
    random()
}

pub(crate) fn salt() -> Salt {
    Salt::from_bytes(random())
}

#[cfg(test)]
mod tests {
    use super::{Queue, path_and_query};

    #[test]
    fn a_message_says_of_which_queue_it_is() {
        for (message, queue) in [
            ("bulk/1 a b 1 7", Queue::Jobs),
            ("clocks/1 3", Queue::Jobs),
            ("mail/1 a/b", Queue::Jobs),
            ("spool/1", Queue::Jobs),
            ("spool/1 a/b/c", Queue::Jobs),
            ("webhooks/1 3", Queue::Webhooks),
            ("messages/1 3", Queue::Messages),
            (r#"{"v":1,"id":"bulk/1"}"#, Queue::Notify),
            ("", Queue::Notify),
        ] {
            assert_eq!(Queue::of(message), queue, "{message}");
        }
    }

    #[test]
    fn a_url_is_cut_into_path_and_query() {
        for (url, path, query) in [
            ("http://localhost:8787/v1/complaints?limit=5", "/v1/complaints", "limit=5"),
            ("https://redress.example", "/", ""),
            ("https://redress.example/a?b?c=/d", "/a", "b?c=/d"),
        ] {
            assert_eq!(path_and_query(url), (path.to_owned(), query.to_owned()));
        }
    }
}
