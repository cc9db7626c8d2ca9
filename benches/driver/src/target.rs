//! A stack under load: where it answers, how a request to it looks, which complaints it holds.
//!
//! Both stacks have the same URL space and get the same bodies. Redress also gets the headers that
//! it demands; the baseline, which has no use for them, is spared them.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, IF_MATCH};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use parking_lot::Mutex;
use serde_json::{Value, json};
use shared::http::change_query::Place;
use shared::ids::TenantId;
use uuid::Uuid;

use crate::corpus::Corpus;
use crate::operation::Operation;
use crate::process::Process;
use crate::terms::Terms;

/// Complaints on a page of a list, of a search, and changes on a page of the feed.
const LISTED: u32 = 50;
const FOUND: u32 = 20;
const CHANGES: u32 = 100;
/// The complaints of an import that is profiled, and the first of their numbers: far from those of the corpus.
const IMPORTED: u64 = 500;
const IMPORTED_FROM: u64 = 10_000_000;
/// Complaints on a page when all of them are walked through: the most that there may be.
const WALKED: u32 = 200;

/// The client of one virtual user: one connection, kept open.
pub(crate) type Connection = Client<HttpConnector, Full<Bytes>>;

/// Opens a client that keeps a connection of its own.
pub(crate) fn connect() -> Connection {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// A stack under load.
pub(crate) struct Target {
    /// What it is called in tables.
    pub(crate) name: String,
    /// The server process, where it can be found.
    pub(crate) process: Option<Process>,
    /// Scheme and authority, without a slash at the end.
    base: String,
    /// The key of whoever asks; the baseline needs none.
    token: Option<String>,
    tenant: Option<TenantId>,
    /// Makes external references and idempotency keys unique.
    numbers: AtomicU64,
    keys: Mutex<Keys>,
}

/// Which complaints are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Each equally often: the hardest for caches, and so what budgets are measured with.
    Any,
    /// The newer, the more often (Zipf's law): as people work.
    Recent,
}

/// What requests are about.
#[derive(Default)]
struct Keys {
    /// Every complaint that was there when it was looked over last, newest first.
    stored: Vec<Uuid>,
    /// Complaints still at version 1, each for one command.
    untouched: Vec<Uuid>,
    /// Places in the list, one a page.
    cursors: Vec<String>,
    /// The number of the last change.
    last_change: u64,
    /// What to search for.
    terms: Option<Terms>,
}

impl Target {
    /// The bare Hono + D1 Worker at `base`.
    pub(crate) fn baseline(name: &str, base: &str) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let uri: Uri = base.parse().with_context(|| format!("{base} is not a URL"))?;
        let process = Process::listening_on(uri.port_u16().unwrap_or(80));
        let name = name.to_owned();
        Ok(Self {
            name,
            process,
            base,
            token: None,
            tenant: None,
            numbers: AtomicU64::default(),
            keys: Mutex::default(),
        })
    }

    /// Redress at `base`, as a tenant made for this run.
    pub(crate) async fn redress(name: &str, base: &str, operator_key: &str) -> Result<Self> {
        // Nobody is refused, but the way of a limited request is measured.
        Self::limited(name, base, operator_key, json!([{ "policy": "burst", "limit": 1_000_000 }])).await
    }

    /// Redress at `base`, as a tenant made for this run with these limits.
    pub(crate) async fn limited(name: &str, base: &str, operator_key: &str, windows: Value) -> Result<Self> {
        let operator = Self { token: Some(operator_key.to_owned()), ..Self::baseline(name, base)? };
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let tenant = json!({
            "slug": format!("bench-{}", since_epoch.as_nanos()),
            "display_name": "Bench Bank",
            "sector": "bank",
            "jurisdiction": "england_and_wales",
            "reference_prefix": "BNC",
            "shards": [0],
            "limits": { "windows": windows, "quotas": [] },
        });
        let tenant = operator.post("/v1/tenants", &tenant).await?;
        let id = tenant["id"].as_str().context("the new tenant has no id")?;
        let key = json!({ "name": "bench", "scopes": ["complaints:read", "complaints:write"], "mode": "test" });
        let key = operator.post(&format!("/v1/tenants/{id}/keys"), &key).await?;
        let token = key["token"].as_str().context("the new key has no token")?;
        Ok(Self { token: Some(token.to_owned()), tenant: Some(id.parse()?), ..operator })
    }

    /// Whether it is Redress and not the baseline.
    pub(crate) fn is_redress(&self) -> bool {
        self.token.is_some()
    }

    /// Processor time that the server has used so far.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        self.process.as_ref()?.cpu_time()
    }

    /// The request of one iteration. `seed` picks what it is about, the same on every stack.
    pub(crate) fn request(
        &self,
        operation: Operation,
        whose: Whose,
        corpus: &Corpus,
        seed: u64,
    ) -> Result<Request<Full<Bytes>>> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        if operation == Operation::Import {
            let from = IMPORTED_FROM + number * IMPORTED;
            return self.importing(corpus, from..from + IMPORTED);
        }
        let body = match operation {
            Operation::Create => corpus.fresh(number),
            Operation::Command => Bytes::from_static(b"{}"),
            Operation::Lock => Bytes::from_static(br#"{"holder":{"id":"bench","name":"Bench"},"ttl_seconds":5}"#),
            _ => Bytes::new(),
        };
        let path = self.path(operation, whose, corpus, seed)?;
        let mut request = self.bare_request(operation.method(), &path, body, &format!("bench-{number}"))?;
        if operation == Operation::Command && self.is_redress() {
            request.headers_mut().insert(IF_MATCH, r#""v1""#.parse()?);
        }
        Ok(request)
    }

    fn path(&self, operation: Operation, whose: Whose, corpus: &Corpus, seed: u64) -> Result<String> {
        let seed = scatter(seed);
        let keys = self.keys.lock();
        let stored = || {
            let among = &keys.stored;
            let stored = match whose {
                Whose::Any => pick(among, seed),
                Whose::Recent => among.get(recent(among.len(), seed)),
            };
            stored.context("nothing is stored")
        };
        let list = |query: String| format!("/v1/complaints?limit={LISTED}{query}");
        let search = |of: fn(&Terms) -> &Vec<String>, query: String| -> Result<String> {
            let terms = keys.terms.as_ref().context("nothing to search for")?;
            let sought = pick(of(terms), seed).context("the corpus has no such words")?;
            let sought = form_urlencoded::byte_serialize(sought.as_bytes()).collect::<String>();
            Ok(format!("/v1/complaints?limit={FOUND}&q={sought}{query}"))
        };
        let product = || {
            let product = corpus.product(seed >> 8).context("no product is frequent enough")?;
            Ok::<_, anyhow::Error>(format!("&product={product}"))
        };
        Ok(match operation {
            Operation::Read => format!("/v1/complaints/{}", stored()?),
            Operation::List => list(String::new()),
            Operation::Filtered => list(format!("&state=received{}", product()?)),
            Operation::Deep => match pick(&keys.cursors, seed) {
                Some(cursor) => list(format!("&cursor={cursor}")),
                None => list(String::new()),
            },
            Operation::Rare => search(|terms| &terms.rare, String::new())?,
            Operation::Middle => search(|terms| &terms.middle, String::new())?,
            Operation::Common => search(|terms| &terms.common, String::new())?,
            Operation::Phrase => search(|terms| &terms.phrases, String::new())?,
            Operation::Within => search(|terms| &terms.common, product()?)?,
            Operation::Unlucky => search(|terms| &terms.unlucky, String::new())?,
            Operation::Counts => "/v1/complaints/counts".to_owned(),
            Operation::Duplicates => format!("/v1/complaints/{}/duplicates", stored()?),
            Operation::Changes => {
                let tenant = self.tenant.context("only Redress has a feed")?;
                let since = Place(seed % keys.last_change.saturating_sub(CHANGES.into()).max(1)).seal(tenant);
                format!("/v1/changes?limit={CHANGES}&since={since}")
            }
            Operation::Create => "/v1/complaints".to_owned(),
            Operation::Command => {
                drop(keys);
                format!("/v1/complaints/{}/acknowledge", self.take_untouched()?)
            }
            Operation::Lock => format!("/v1/complaints/{}/lock", stored()?),
            Operation::Mixed | Operation::Import => bail!("its requests are made elsewhere"),
        })
    }

    /// The request that logs the complaint with this number of the corpus.
    pub(crate) fn storing(&self, corpus: &Corpus, number: u64) -> Result<Request<Full<Bytes>>> {
        self.bare_request(Method::POST, "/v1/complaints", corpus.stored(number), &format!("store-{number}"))
    }

    /// The request that imports the complaints with these numbers.
    pub(crate) fn importing(&self, corpus: &Corpus, numbers: Range<u64>) -> Result<Request<Full<Bytes>>> {
        let key = format!("store-{}", numbers.start);
        let mut rows = Vec::new();
        for number in numbers {
            rows.extend_from_slice(&corpus.stored(number));
            rows.push(b'\n');
        }
        let mut request = self.bare_request(Method::POST, "/v1/complaints:import", rows.into(), &key)?;
        request.headers_mut().insert(CONTENT_TYPE, "application/x-ndjson".parse()?);
        Ok(request)
    }

    /// Notes what a request created, so that it can be commanded.
    pub(crate) fn note_created(&self, id: Uuid) {
        self.keys.lock().untouched.push(id);
    }

    /// Walks through the whole list and notes what requests can be about. Returns how many complaints there are.
    pub(crate) async fn look_over(&self, corpus: &Corpus) -> Result<usize> {
        let connection = connect();
        let (mut stored, mut untouched, mut cursors) = (Vec::new(), Vec::new(), Vec::new());
        let mut next = Some(String::new());
        while let Some(cursor) = next {
            let query = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
            let page = self.get(&connection, &format!("/v1/complaints?limit={WALKED}{query}")).await?;
            for listed in page["data"].as_array().context("a list without data")? {
                let id = listed["id"].as_str().context("a complaint without an id")?.parse()?;
                stored.push(id);
                if listed["version"] == 1 {
                    untouched.push(id);
                }
            }
            next = page["next"].as_str().map(str::to_owned);
            cursors.extend(next.clone());
        }
        let mut last_change = 0;
        if let Some(tenant) = self.tenant {
            let feed = self.get(&connection, "/v1/changes?limit=1&since=latest").await?;
            last_change = Place::open(feed["next"].as_str().context("a feed without an end")?, tenant)?.0;
        }
        let count = stored.len();
        let terms = Some(Terms::of(corpus, count));
        *self.keys.lock() = Keys { stored, untouched, cursors, last_change, terms };
        Ok(count)
    }

    /// Whether nothing is stored yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.lock().stored.is_empty()
    }

    /// How many commands can still be sent.
    pub(crate) fn untouched(&self) -> usize {
        self.keys.lock().untouched.len()
    }

    fn take_untouched(&self) -> Result<Uuid> {
        let untouched = &mut self.keys.lock().untouched;
        if untouched.is_empty() {
            bail!("no untouched complaint is left to command");
        }
        let index = scatter(untouched.len() as u64) as usize % untouched.len();
        Ok(untouched.swap_remove(index))
    }

    fn bare_request(&self, method: Method, path: &str, body: Bytes, key: &str) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(&method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if method != Method::GET {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if method == Method::POST && self.is_redress() {
            request = request.header("idempotency-key", key);
        }
        Ok(request.body(Full::new(body))?)
    }

    async fn get(&self, connection: &Connection, path: &str) -> Result<Value> {
        let (status, _, answer) = send(connection, self.bare_request(Method::GET, path, Bytes::new(), "")?).await?;
        if status != StatusCode::OK {
            bail!("GET {path} answered {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(serde_json::from_slice(&answer)?)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        // The operator's keys outlive this run: unlike a tenant's, their numbers cannot start at 0.
        let unique = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        let body = serde_json::to_vec(body)?.into();
        let request = self.bare_request(Method::POST, path, body, &format!("bench-{unique}"))?;
        let (status, _, answer) = send(&connect(), request).await?;
        if !status.is_success() {
            bail!("POST {path} answered {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(serde_json::from_slice(&answer)?)
    }

    /// What the server has used since it was asked last and no answer has told of yet, from the cost header.
    pub(crate) async fn untold(&self) -> Result<Option<String>> {
        if !self.is_redress() {
            return Ok(None);
        }
        let (_, headers, _) = send(&connect(), self.bare_request(Method::GET, "/healthz", Bytes::new(), "")?).await?;
        Ok(headers.get("redress-cost").and_then(|cost| cost.to_str().ok()).map(str::to_owned))
    }
}

/// An index below `count`: the first is drawn twice as often as the second and thrice as often as the third.
fn recent(count: usize, seed: u64) -> usize {
    let uniform = (seed >> 11) as f64 / (1_u64 << 53) as f64;
    ((count as f64).powf(uniform) as usize).clamp(1, count.max(1)) - 1
}

fn pick<T>(from: &[T], seed: u64) -> Option<&T> {
    from.get(usize::try_from(seed % (from.len() as u64).max(1)).ok()?)
}

/// Sends a request and reads the whole answer.
pub(crate) async fn send(
    connection: &Connection,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, HeaderMap, Bytes)> {
    let (head, body) = connection.request(request).await?.into_parts();
    Ok((head.status, head.headers, body.collect().await?.to_bytes()))
}

/// Spreads consecutive numbers over the whole range (the finaliser of the generator `SplitMix64`).
pub(crate) fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
