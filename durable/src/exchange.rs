//! One question, one answer: JSON both ways; and what an object keeps, as JSON text under a key.

use serde::{Serialize, de::DeserializeOwned};
use shared::{json, time::Timestamp};
use worker::{Date, Error, Request, Response, Result, State};

/// Reads the question.
pub(crate) async fn question<T: DeserializeOwned>(request: &mut Request) -> Result<T> {
    read(&request.text().await?)
}

/// Gives the answer.
pub(crate) fn answer(answer: &impl Serialize) -> Result<Response> {
    Response::ok(serde_json::to_string(answer)?)
}

/// What an alarm answers: nobody reads it.
pub(crate) fn done() -> Result<Response> {
    Response::empty()
}

/// The object's clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_millis(i64::try_from(Date::now().as_millis()).unwrap_or_default())
}

/// What is kept under `key`, if anything.
pub(crate) async fn kept<T: DeserializeOwned>(state: &State, key: &str) -> Result<Option<T>> {
    let text: Option<String> = state.storage().get(key).await?;
    text.as_deref().map(read).transpose()
}

/// Keeps `value` under `key`. No answer leaves the object before it is on disk: the runtime holds answers back for writes.
pub(crate) async fn keep(state: &State, key: &str, value: &impl Serialize) -> Result<()> {
    state.storage().put(key, serde_json::to_string(value)?).await
}

/// Has the object woken at `at`.
pub(crate) async fn wake(state: &State, at: Timestamp) -> Result<()> {
    let in_millis = at.unix_millis().saturating_sub(now().unix_millis()).max(1);
    state.storage().set_alarm(in_millis).await
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    json::from_str(text).map_err(|error| Error::RustError(error.to_string()))
}
