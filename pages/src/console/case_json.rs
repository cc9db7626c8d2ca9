//! What the API says, read member by member. A page shows little of much: a type for each answer would be compiled into the Worker for a
//! few lines each, and an event has thirty forms. What is not there, or is something else, is read as nothing.

use serde_json::Value;

/// The text at a JSON pointer; empty if there is none.
#[must_use]
pub fn text<'v>(of: &'v Value, at: &str) -> &'v str {
    of.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

/// The array at a JSON pointer; empty if there is none.
#[must_use]
pub fn list<'v>(of: &'v Value, at: &str) -> &'v [Value] {
    of.pointer(at).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The whole number at a JSON pointer; 0 if there is none.
#[must_use]
pub fn number(of: &Value, at: &str) -> i64 {
    of.pointer(at).and_then(Value::as_i64).unwrap_or_default()
}

/// Whether there is something at a JSON pointer.
#[must_use]
pub fn has(of: &Value, at: &str) -> bool {
    of.pointer(at).is_some_and(|held| !held.is_null())
}
