//! A stack under load: where it answers, how a request to it looks, which complaints it holds.
//!
//! Both stacks have the same URL space and get the same bodies. Redress also gets the headers that
//! it demands; the baseline, which has no use for them, is spared them.

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

use crate::complaints::Complaints;
use crate::operation::Operation;
use crate::process::Process;

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
    /// The column in the table.
    pub(crate) name: &'static str,
    /// The server process, where it can be found.
    pub(crate) process: Option<Process>,
    /// Scheme and authority, without a slash at the end.
    base: String,
    /// The API key; the baseline has none.
    token: Option<String>,
    /// Makes external references and idempotency keys unique.
    numbers: AtomicU64,
    /// Every complaint that was loaded, for reading.
    loaded: Mutex<Vec<String>>,
    /// Complaints still at version 1, each for one command.
    untouched: Mutex<Vec<String>>,
}

impl Target {
    /// The bare Hono + D1 Worker at `base`.
    pub(crate) fn baseline(name: &'static str, base: &str) -> Result<Self> {
        Self::new(name, base, None)
    }

    /// Redress at `base`, as a tenant made for this run.
    pub(crate) async fn redress(base: &str, operator_key: &str) -> Result<Self> {
        // Nobody is refused, but the way of a limited request is measured.
        Self::limited(base, operator_key, json!([{ "policy": "burst", "limit": 1_000_000 }])).await
    }

    /// Redress at `base`, as a tenant made for this run with these limits.
    pub(crate) async fn limited(base: &str, operator_key: &str, windows: Value) -> Result<Self> {
        let operator = Self::new("redress", base, Some(operator_key.to_owned()))?;
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
        Self::new("redress", base, Some(token.to_owned()))
    }

    fn new(name: &'static str, base: &str, token: Option<String>) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let uri: Uri = base.parse().with_context(|| format!("{base} is not a URL"))?;
        let process = Process::listening_on(uri.port_u16().unwrap_or(80));
        Ok(Self {
            name,
            process,
            base,
            token,
            numbers: AtomicU64::default(),
            loaded: Mutex::default(),
            untouched: Mutex::default(),
        })
    }

    /// Processor time that the server has used so far.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        self.process.as_ref()?.cpu_time()
    }

    /// The request of one iteration. `seed` picks the complaint to read, the same on both stacks.
    pub(crate) fn request(
        &self,
        operation: Operation,
        complaints: &Complaints,
        seed: u64,
    ) -> Result<Request<Full<Bytes>>> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (path, body) = match operation {
            Operation::Create => ("/v1/complaints".to_owned(), complaints.body(number)),
            Operation::Read => (format!("/v1/complaints/{}", self.some_loaded(seed)?), Bytes::new()),
            Operation::List => ("/v1/complaints?limit=50".to_owned(), Bytes::new()),
            Operation::Command => {
                (format!("/v1/complaints/{}/acknowledge", self.take_untouched()?), Bytes::from_static(b"{}"))
            }
        };
        let mut request = self.bare_request(operation.method(), &path, body, number)?;
        if operation == Operation::Command && self.token.is_some() {
            request.headers_mut().insert(IF_MATCH, r#""v1""#.parse()?);
        }
        Ok(request)
    }

    /// Notes what a request created, so that it can be read and commanded.
    pub(crate) fn note_created(&self, id: String) {
        self.untouched.lock().push(id);
    }

    /// From here on reads pick from the complaints that exist now.
    pub(crate) fn finish_loading(&self) {
        self.loaded.lock().clone_from(&self.untouched.lock());
    }

    /// Whether there is something to read.
    pub(crate) fn has_loaded(&self) -> bool {
        !self.loaded.lock().is_empty()
    }

    /// How many commands can still be sent.
    pub(crate) fn untouched(&self) -> usize {
        self.untouched.lock().len()
    }

    fn some_loaded(&self, seed: u64) -> Result<String> {
        let loaded = self.loaded.lock();
        let index = scatter(seed) as usize % loaded.len().max(1);
        loaded.get(index).cloned().context("nothing is loaded")
    }

    fn take_untouched(&self) -> Result<String> {
        let mut untouched = self.untouched.lock();
        if untouched.is_empty() {
            bail!("no untouched complaint is left to command");
        }
        let index = scatter(untouched.len() as u64) as usize % untouched.len();
        Ok(untouched.swap_remove(index))
    }

    fn bare_request(&self, method: Method, path: &str, body: Bytes, number: u64) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(&method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/json");
            if self.token.is_some() {
                request = request.header("idempotency-key", format!("bench-{number}"));
            }
        }
        Ok(request.body(Full::new(body))?)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        // The operator's keys outlive this run: unlike a tenant's, their numbers cannot start at 0.
        let unique = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64;
        let request = self.bare_request(Method::POST, path, serde_json::to_vec(body)?.into(), unique)?;
        let (status, _, answer) = send(&connect(), request).await?;
        if !status.is_success() {
            bail!("POST {path} answered {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(serde_json::from_slice(&answer)?)
    }
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
fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
