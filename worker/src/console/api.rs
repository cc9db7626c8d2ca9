//! [`Api`]: the API of this cell, asked with the session of whoever sits at the console. So what they may not do there they may not do
//! here, what they read is noted, and there is no second way to anything.

use super::Stop;
use crate::{
    failure::Failure,
    platform::{Runtime, outside},
};
use serde::{Deserialize, de::DeserializeOwned};
use shared::{http::problem::Code, identity::csrf, json};
use std::cell::RefCell;

/// The API, for one session and one page.
pub(crate) struct Api {
    pub(super) runtime: Runtime,
    /// `name=value` of the cookie with the access token.
    pub(super) cookie: String,
    /// The token against forged requests.
    pub(super) csrf: String,
    pub(super) traceparent: String,
    /// What the browser has seen of databases: grows with each answer.
    pub(super) seen: RefCell<String>,
}

/// What is asked besides method and path.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ask<'a> {
    /// The version that somebody has seen, as `If-Match` has it.
    pub(crate) if_match: &'a str,
    /// What makes the request one that happens once.
    pub(crate) idempotency_key: &'a str,
    /// The fencing token of the lock that they hold.
    pub(crate) lock: &'a str,
    /// JSON.
    pub(crate) body: &'a str,
}

/// What the API says to a request that it has taken.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `ETag`; empty if there is none.
    pub(crate) tag: String,
    /// `Location`; empty if there is none.
    pub(crate) place: String,
    pub(crate) body: String,
}

/// Why the API refuses: a problem document, as far as pages show it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) detail: String,
    #[serde(default)]
    pub(crate) request_id: String,
    #[serde(default)]
    pub(crate) errors: Vec<Wrong>,
    /// With `locked`: who works on it.
    #[serde(default)]
    pub(crate) lock: Option<serde_json::Value>,
}

/// A value that breaks a rule.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Wrong {
    /// Where in the body, as a JSON pointer; or the parameter, the header.
    #[serde(default, alias = "parameter", alias = "header")]
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

impl Api {
    /// What a GET says, as JSON.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Stop> {
        self.ask("GET", path, Ask::default()).await?.json()
    }

    /// Asks.
    ///
    /// # Errors
    /// [`Stop::Refused`] where the answer is a problem document.
    pub(crate) async fn ask(&self, method: &str, path: &str, ask: Ask<'_>) -> Result<Answer, Stop> {
        let Ask { if_match, idempotency_key, lock, body } = ask;
        let seen = self.seen.borrow().clone();
        let content_type = if body.is_empty() { "" } else { "application/json" };
        let headers = [
            ("cookie", self.cookie.as_str()),
            (csrf::HEADER, &self.csrf),
            ("sec-fetch-site", "same-origin"),
            ("traceparent", &self.traceparent),
            ("redress-bookmark", &seen),
            ("content-type", content_type),
            ("if-match", if_match),
            ("idempotency-key", idempotency_key),
            ("redress-lock", lock),
        ];
        let said = headers.iter().filter(|(_, value)| !value.is_empty());
        let headers = said.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n");
        let answer = outside::ask_api(&self.runtime, method, path, &headers, body).await;
        let answer = answer.ok_or_else(|| Failure::new(Code::Unavailable).detail("The service does not answer"))?;
        if !answer.seen.is_empty() {
            self.seen.replace(answer.seen);
        }
        if (200..300).contains(&answer.status) {
            let (status, tag, place, body) = (answer.status, answer.tag, answer.place, answer.body);
            return Ok(Answer { status, tag, place, body });
        }
        let refusal: Refusal = json::from_str(&answer.body).map_err(Failure::internal)?;
        Err(Stop::Refused(Box::new(refusal)))
    }
}

impl Answer {
    /// The body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Stop> {
        Ok(json::from_str(&self.body).map_err(Failure::internal)?)
    }
}
