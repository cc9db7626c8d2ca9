//! A small client of the HTTP API, for loading and checking data. One client may be used by several threads; it keeps its
//! connections.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{Response, StatusCode};

/// Speaks to one address with one key.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    base_url: String,
    key: String,
}

/// An answer of any status.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The `ETag`, if any, as it came.
    pub etag: Option<String>,
    /// Whether this is the kept answer to an earlier request with the same idempotency key.
    pub replayed: bool,
    /// Which request it answers; whatever stands before a dying Worker and answers for it knows of none.
    pub request_id: Option<String>,
    /// The JSON body; `null` where there is none.
    pub body: Value,
}

impl Client {
    /// A client for the API at `base_url`.
    pub fn new(base_url: &str, key: &str) -> Client {
        Client::waiting(Duration::from_secs(60), base_url, key)
    }

    /// A client that takes no answer for a failure after this time.
    pub fn waiting(at_most: Duration, base_url: &str, key: &str) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .timeout_global(Some(at_most))
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .build();
        Client {
            agent: Agent::new_with_config(config),
            base_url: base_url.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
        }
    }

    /// The same connections with another key.
    pub fn with_key(&self, key: &str) -> Client {
        Client { key: key.to_owned(), ..self.clone() }
    }

    /// `GET`, with the query already in the path.
    pub fn get(&self, path: &str) -> Result<Reply> {
        let answer = self.agent.get(self.url(path)).header("authorization", self.bearer()).call();
        read(answer.with_context(|| format!("GET {path}"))?)
    }

    /// `GET` of what is no JSON.
    pub fn text(&self, path: &str) -> Result<String> {
        let answer = self.agent.get(self.url(path)).header("authorization", self.bearer()).call();
        let mut answer = answer.with_context(|| format!("GET {path}"))?;
        if answer.status() != StatusCode::OK {
            bail!("GET {path}: {}", answer.status());
        }
        Ok(answer.body_mut().read_to_string()?)
    }

    /// Fires the cron trigger of a Worker of a local stack, by its name, and says with which status it ended.
    pub fn tick(&self, worker: &str) -> Result<u16> {
        let url = self.url("/cdn-cgi/local/scheduled?cron=*+*+*+*+*");
        let answer = self.agent.get(url).header("mf-route-override", worker).call();
        Ok(answer.context("firing the cron trigger")?.status().as_u16())
    }

    /// Has a mail come to a Worker of a local stack, by its name: as the runtime does for Cloudflare's Email Routing. `None` if it was
    /// accepted, else what its sender is told.
    pub fn mail(&self, worker: &str, (from, to): (&str, &str), raw: &[u8]) -> Result<Option<String>> {
        let url = self.url("/cdn-cgi/local/email?format=json");
        let request = self.agent.post(url).query("from", from).query("to", to).header("mf-route-override", worker);
        let said = request.send(raw).context("sending a mail")?.body_mut().read_to_string()?;
        let told: Value = serde_json::from_str(&said).with_context(|| said.clone())?;
        let reason = told["rejectReason"].as_str().or(told["outcome"].as_str().filter(|outcome| *outcome != "ok"));
        Ok(reason.map(str::to_owned))
    }

    /// `POST` of something new.
    pub fn post(&self, path: &str, idempotency_key: &str, body: &Value) -> Result<Reply> {
        self.send(path, idempotency_key, None, body)
    }

    /// `POST` of a command on a known version.
    pub fn command(&self, path: &str, idempotency_key: &str, version: &str, body: &Value) -> Result<Reply> {
        self.send(path, idempotency_key, Some(version), body)
    }

    /// `POST` of a file.
    pub fn attach(&self, path: &str, idempotency_key: &str, bytes: &[u8]) -> Result<Reply> {
        let request = self
            .agent
            .post(self.url(path))
            .header("authorization", self.bearer())
            .header("content-type", "application/octet-stream")
            .header("idempotency-key", idempotency_key);
        read(request.send(bytes).with_context(|| format!("POST {path}"))?)
    }

    /// `PATCH` of a known version.
    pub fn patch(&self, path: &str, version: &str, body: &Value) -> Result<Reply> {
        let request = self
            .agent
            .patch(self.url(path))
            .header("authorization", self.bearer())
            .header("content-type", "application/json")
            .header("if-match", version);
        read(request.send(serde_json::to_string(body)?).with_context(|| format!("PATCH {path}"))?)
    }

    /// The lines of the answer to an import, or the answer that it is not accepted.
    pub fn import(
        &self,
        query: &str,
        idempotency_key: &str,
        content_type: &str,
        body: &str,
    ) -> Result<Result<Box<dyn BufRead>, Reply>> {
        const BEGINS_WITHIN: Duration = Duration::from_secs(60);
        let request = self
            .agent
            .post(self.url(&format!("/v1/complaints:import?{query}")))
            .header("authorization", self.bearer())
            .header("content-type", content_type)
            .header("idempotency-key", idempotency_key);
        // An import takes as long as it takes.
        let request = request.config().timeout_global(None).timeout_recv_response(Some(BEGINS_WITHIN)).build();
        let answer = request.send(body).context("POST /v1/complaints:import")?;
        if answer.status() != StatusCode::OK {
            return Ok(Err(read(answer)?));
        }
        Ok(Ok(Box::new(BufReader::new(answer.into_body().into_reader()))))
    }

    fn send(&self, path: &str, idempotency_key: &str, if_match: Option<&str>, body: &Value) -> Result<Reply> {
        let mut request = self
            .agent
            .post(self.url(path))
            .header("authorization", self.bearer())
            .header("content-type", "application/json")
            .header("idempotency-key", idempotency_key);
        if let Some(version) = if_match {
            request = request.header("if-match", version);
        }
        let answer = request.send(serde_json::to_string(body)?);
        read(answer.with_context(|| format!("POST {path}"))?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }
}

impl Reply {
    /// The body of a successful answer; anything else is an error that says what the API said.
    pub fn success(self) -> Result<Reply> {
        if StatusCode::from_u16(self.status)?.is_success() {
            return Ok(self);
        }
        bail!("{}", self.complaint())
    }

    /// The problem document in a line.
    pub fn complaint(&self) -> String {
        let code = self.code();
        let detail = self.body["detail"].as_str().or(self.body["title"].as_str()).unwrap_or_default();
        let errors: Vec<String> = self.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| {
                format!(
                    "{}: {}",
                    error["pointer"].as_str().unwrap_or_default(),
                    error["detail"].as_str().unwrap_or_default()
                )
            })
            .collect();
        format!("{} {code} {detail} {}", self.status, errors.join("; ")).trim_end().to_owned()
    }

    /// The problem's code, or nothing.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// A text member of the body.
    pub fn text(&self, member: &str) -> Result<&str> {
        self.body[member].as_str().with_context(|| format!("the answer has no `{member}`"))
    }
}

fn read(mut answer: Response<ureq::Body>) -> Result<Reply> {
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (etag, request_id) = (header("etag"), header("x-request-id"));
    let replayed = answer.headers().get("idempotency-replayed").is_some_and(|value| value == "true");
    let text = answer.body_mut().with_config().limit(256 << 20).read_to_string()?;
    Ok(Reply {
        status: answer.status().as_u16(),
        etag,
        replayed,
        request_id,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
    })
}
