//! The firm's own settings, `/v1/tenant`, as several pages change them. They are read loosely: a page shows what it knows of them, and
//! what it does not know goes back as it came.

use crate::console::{
    Desk, Stop,
    api::Ask,
    office::{if_match, mendable},
};
use pages::console::office::Notice;
use serde_json::Value;

const PATH: &str = "/v1/tenant";

/// They, as they are.
pub(super) async fn read(desk: &Desk) -> Result<Value, Stop> {
    desk.api.get(PATH).await
}

/// Changes them on the version that the form was filled in on; why not, if it was not done.
pub(super) async fn save(desk: &Desk, patch: &Value) -> Result<Option<Notice>, Stop> {
    let (version, body) = (if_match(desk.form.get("version")), patch.to_string());
    let ask = Ask { if_match: &version, body: &body, ..Ask::default() };
    Ok(mendable(desk, desk.api.ask("PATCH", PATH, ask).await)?.err())
}

/// The version of them.
pub(super) fn version(own: &Value) -> u64 {
    own.get("version").and_then(Value::as_u64).unwrap_or_default()
}

/// A text of an object; empty if there is none.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A list of an object; empty if there is none.
pub(super) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of such a list.
pub(super) fn texts(value: &Value, name: &str) -> Vec<String> {
    list(value, name).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether an object says so.
pub(super) fn says(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// Lines that somebody has typed, without those that are empty.
pub(super) fn lines(typed: &str) -> Vec<&str> {
    typed.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}
