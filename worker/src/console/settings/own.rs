//! The firm's own settings, `/v1/tenant`, as several pages change them. They are read loosely: a page shows what it knows of them, and
//! what it does not know goes back as it came.

use crate::console::{
    Desk, Stop,
    api::Ask,
    office::{if_match, mendable, number, within},
};
use pages::console::office::Notice;
use serde_json::{Map, Value};

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
    number(own, "version")
}

/// An object within, to be changed; empty if there is none.
pub(super) fn object(value: &Value, name: &str) -> Map<String, Value> {
    within(value, name).as_object().cloned().unwrap_or_default()
}

/// Lines that somebody has typed, without those that are empty.
pub(super) fn lines(typed: &str) -> Vec<&str> {
    typed.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Puts a text in place, or takes it away.
pub(super) fn put(object: &mut Map<String, Value>, name: &str, text: String) {
    if text.is_empty() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), text.into());
    }
}
