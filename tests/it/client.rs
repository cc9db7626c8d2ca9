//! An HTTP client that holds every answer against the contract.

use crate::contract;
use serde_json::Value;
use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use ureq::{
    Agent, SendBody,
    http::{HeaderMap, Request, Response},
};

/// The stack that `cargo xtask test` has started.
pub(crate) struct Address {
    pub(crate) base_url: String,
    /// Without wrangler's development proxy, for many requests at once.
    pub(crate) inner_url: String,
    pub(crate) operator_key: String,
}

pub(crate) static STACK: LazyLock<Address> = LazyLock::new(|| {
    let variable =
        |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"));
    Address { base_url: variable("BASE_URL"), inner_url: variable("INNER_URL"), operator_key: variable("OPERATOR_KEY") }
});

/// Speaks to one address with one key, or none.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: Agent,
    base_url: Arc<str>,
    key: Option<Arc<str>>,
    /// Where its requests seem to come from. Each client has its own, or all would share one limit.
    address: Arc<str>,
}

impl Client {
    pub(crate) fn new(base_url: &str, key: Option<&str>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .max_idle_connections(128)
            .max_idle_connections_per_host(128)
            .build();
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
        let agent = Agent::new_with_config(config);
        Self { agent, base_url: base_url.into(), key: key.map(Into::into), address: address.into() }
    }

    /// Without credentials.
    pub(crate) fn anonymous() -> Self {
        Self::new(&STACK.base_url, None)
    }

    /// With the operator's key.
    pub(crate) fn operator() -> Self {
        Self::new(&STACK.base_url, Some(&STACK.operator_key))
    }

    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.into()), ..self.clone() }
    }

    /// The key it sends, if any.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Where it sends to.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where its requests seem to come from.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn at(&self, base_url: &str) -> Self {
        Self { base_url: base_url.into(), ..self.clone() }
    }

    /// With its own connections: one for each thread that is to send at the very same moment.
    pub(crate) fn apart(&self) -> Self {
        Self::new(&self.base_url, self.key.as_deref())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send()
    }

    /// A POST with an idempotency key that nobody has used.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).idempotency_key(&unused()).json(body).send()
    }

    /// A POST on a version that was read.
    pub(crate) fn post_on(&self, version: u64, path: &str, body: &Value) -> Answer {
        self.call("POST", path).idempotency_key(&unused()).if_match(version).json(body).send()
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_> {
        let key = self.key.iter().map(|key| ("authorization".to_owned(), format!("Bearer {key}")));
        let address = [("cf-connecting-ip".to_owned(), self.address.to_string())];
        let headers = key.chain(address).collect();
        Call { client: self, method: method.to_owned(), path: path.to_owned(), headers, body: None, measured: true }
    }
}

/// A request in the making.
#[must_use]
pub(crate) struct Call<'c> {
    client: &'c Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    measured: bool,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(held, _)| held != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn if_match(self, version: u64) -> Self {
        self.header("if-match", &format!("\"v{version}\""))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().into_bytes())
    }

    pub(crate) fn bytes(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.header("content-type", content_type)
    }

    /// Asks with these parameters.
    pub(crate) fn query(mut self, parameters: &str) -> Self {
        self.path = format!("{}?{parameters}", self.path);
        self
    }

    /// Sends the body in pieces, without saying how long it is.
    pub(crate) fn unmeasured(mut self) -> Self {
        self.measured = false;
        self
    }

    /// Sends it; the answer keeps to the contract.
    pub(crate) fn send(self) -> Answer {
        let (method, path) = (self.method.clone(), self.path.clone());
        let answer = self.try_send().unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        contract::check(&method, &path, &answer);
        answer
    }

    /// Sends it to a stack that may be dying.
    pub(crate) fn try_send(self) -> Result<Answer, ureq::Error> {
        let mut request =
            Request::builder().method(self.method.as_str()).uri(format!("{}{}", self.client.base_url, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let agent = &self.client.agent;
        let response = match self.body {
            Some(body) if self.measured => agent.run(request.body(body)?),
            Some(body) => agent.run(request.body(SendBody::from_owned_reader(std::io::Cursor::new(body)))?),
            None => agent.run(request.body(())?),
        };
        Answer::read(response?)
    }
}

/// An answer of any status.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// As far as they are text.
    pub(crate) text: String,
    /// `Null` where the body is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    fn read(mut response: Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Self { status: response.status().as_u16(), headers: response.headers().clone(), bytes, text, body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    /// This answer, if it has the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// This answer, if it is the problem that the status and the code say.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        self
    }

    /// The version that `ETag` names.
    #[track_caller]
    pub(crate) fn version(&self) -> u64 {
        let etag = self.header("etag").unwrap_or_else(|| panic!("no ETag: {} {}", self.status, self.text));
        let digits = etag.strip_prefix("\"v").and_then(|rest| rest.strip_suffix('"'));
        digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{etag} is no version"))
    }

    #[track_caller]
    pub(crate) fn id(&self) -> &str {
        self.text_of("id")
    }

    #[track_caller]
    pub(crate) fn text_of(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_else(|| panic!("no {member}: {} {}", self.status, self.text))
    }

    #[track_caller]
    pub(crate) fn data(&self) -> &[Value] {
        self.body["data"].as_array().unwrap_or_else(|| panic!("no data: {} {}", self.status, self.text))
    }

    /// The places that a problem points at, in order.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let place = |error: &Value| {
            ["pointer", "parameter", "header"].iter().find_map(|of| error[of].as_str().map(str::to_owned))
        };
        let mut places: Vec<String> = errors.iter().filter_map(place).collect();
        places.sort();
        places
    }
}

/// A text that nobody has used as a key, a slug or a reference.
pub(crate) fn unused() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static RUN: LazyLock<u128> =
        LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos()));
    format!("t{:x}-{}", *RUN, NEXT.fetch_add(1, Ordering::Relaxed))
}
