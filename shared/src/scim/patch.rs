//! Changes (RFC 7644 §3.5.2): `add`, `replace` and `remove`, with a path or without.

use super::{
    error::{ScimError, ScimType},
    filter::Path,
};
use serde_json::{Map, Value};

/// The most operations of a request.
pub const MAX_OPERATIONS: usize = 100;

/// What an operation does. Names in any case: Entra ID writes `Add`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Adds a value, or sets the only one.
    Add,
    /// Sets the value.
    Replace,
    /// Takes the value away.
    Remove,
}

/// One step of a change: an attribute and what becomes of it. What had no path comes as one step for each member of its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What.
    pub op: Op,
    /// Of which attribute.
    pub path: Path,
    /// With what; null for what is removed altogether.
    pub value: Value,
    /// Whether the path was written out; what stands in an object beside others may be there for its sake alone.
    pub aimed: bool,
}

fn syntax(detail: &'static str) -> ScimError {
    ScimError::of(ScimType::InvalidSyntax, detail)
}

/// Reads the body of a PATCH into steps, in their order.
///
/// # Errors
/// `invalidSyntax`, `invalidPath`, `invalidValue`, `noTarget`.
pub fn read(body: &Value) -> Result<Vec<Step>, ScimError> {
    let operations = body.get("Operations").or_else(|| body.get("operations")).and_then(Value::as_array);
    let operations = operations.filter(|operations| !operations.is_empty());
    let operations = operations.ok_or_else(|| syntax("Operations must be a list with something in it"))?;
    if operations.len() > MAX_OPERATIONS {
        return Err(ScimError::value("a request has at most 100 operations"));
    }
    let steps = operations.iter().map(read_one).collect::<Result<Vec<_>, _>>()?;
    Ok(steps.into_iter().flatten().collect())
}

fn read_one(operation: &Value) -> Result<Vec<Step>, ScimError> {
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let op = match text("op").map(str::to_ascii_lowercase).as_deref() {
        Some("add") => Op::Add,
        Some("replace") => Op::Replace,
        Some("remove") => Op::Remove,
        _ => return Err(syntax("op must be add, replace or remove")),
    };
    let value = operation.get("value").cloned().unwrap_or_default();
    match (text("path").filter(|path| !path.is_empty()), op, &value) {
        (Some(path), ..) => Ok(vec![Step { op, path: Path::parse(path)?, value, aimed: true }]),
        (None, Op::Remove, _) => Err(ScimError::of(ScimType::NoTarget, "remove needs a path")),
        (None, _, Value::Object(members)) => Ok(of_members(op, members)),
        (None, ..) => Err(ScimError::value("without a path the value must be an object")),
    }
}

/// One step for each member of an object. Its name may be a whole path (`name.givenName`, `emails[type eq "work"].value`), as Entra ID and
/// Okta write it. A name that is none, such as that of an extension, is of nothing that is kept here.
pub(super) fn of_members(op: Op, members: &Map<String, Value>) -> Vec<Step> {
    let step = |(name, value): (&String, &Value)| {
        Some(Step { op, path: Path::parse(name).ok()?, value: value.clone(), aimed: false })
    };
    members.iter().filter_map(step).collect()
}

/// True or false; also as a text in any case, as Entra ID sends it.
#[must_use]
pub fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The value of a step for something that is true or false.
pub(super) fn flag_of(value: &Value) -> Result<bool, ScimError> {
    let found = match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => flag(text),
        // Some wrap it as one of several.
        Value::Array(values) => match values.as_slice() {
            [Value::Object(one)] => one.get("value").and_then(Value::as_bool),
            _ => None,
        },
        _ => None,
    };
    found.ok_or_else(|| ScimError::value("must be true or false"))
}

/// The values of a step for something that has several: texts, or objects with a `value`.
pub(super) fn values_of(value: &Value) -> Result<Vec<&str>, ScimError> {
    let values = match value {
        Value::Array(values) => values.iter().map(value_in).collect::<Option<Vec<_>>>(),
        Value::Null => Some(Vec::new()),
        value => value_in(value).map(|value| vec![value]),
    };
    values.ok_or_else(|| ScimError::value("must be a list of objects with a value"))
}

fn value_in(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("value").and_then(Value::as_str))
}

/// The text of a step, without what surrounds it.
pub(super) fn text_of(value: &Value) -> Result<Option<&str>, ScimError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        _ => Err(ScimError::value("must be a text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind(body: Value) -> Option<ScimType> {
        read(&body).unwrap_err().kind
    }

    #[test]
    fn a_change_is_read_into_steps() {
        let steps = read(&json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [
                { "op": "Replace", "path": "active", "value": "False" },
                { "op": "add", "value": { "displayName": "Ada", "name.givenName": "A", "!": 1 } },
                { "op": "remove", "path": "members[value eq \"x\"]" }
            ]
        }))
        .unwrap();
        let shown: Vec<_> = steps.iter().map(|step| (step.op, step.path.attribute.to_string(), step.aimed)).collect();
        let expected = [
            (Op::Replace, "active", true),
            (Op::Add, "displayname", false),
            (Op::Add, "name.givenname", false),
            (Op::Remove, "members", true),
        ];
        assert_eq!(shown, expected.map(|(op, path, aimed)| (op, path.to_owned(), aimed)));
    }

    #[test]
    fn what_is_no_change_is_refused() {
        let one = |operation: Value| kind(json!({ "Operations": [operation] }));
        assert_eq!(kind(json!({})), Some(ScimType::InvalidSyntax));
        assert_eq!(kind(json!({ "Operations": [] })), Some(ScimType::InvalidSyntax));
        assert_eq!(kind(json!({ "Operations": vec![json!({}); 101] })), Some(ScimType::InvalidValue));
        assert_eq!(one(json!({ "op": "move", "path": "active" })), Some(ScimType::InvalidSyntax));
        assert_eq!(one(json!({ "op": "remove" })), Some(ScimType::NoTarget));
        assert_eq!(one(json!({ "op": "add", "value": 1 })), Some(ScimType::InvalidValue));
        assert_eq!(one(json!({ "op": "add", "path": "a[", "value": 1 })), Some(ScimType::InvalidPath));
    }

    #[test]
    fn values_come_in_several_forms() {
        for (value, found) in [
            (json!(true), Some(true)),
            (json!("False"), Some(false)),
            (json!([{ "value": true }]), Some(true)),
            (json!("no"), None),
            (json!(1), None),
        ] {
            assert_eq!(flag_of(&value).ok(), found, "{value}");
        }
        assert_eq!(values_of(&json!([{ "value": "a" }, "b"])).unwrap(), ["a", "b"]);
        assert_eq!(values_of(&json!({ "value": "a" })).unwrap(), ["a"]);
        assert!(values_of(&json!([1])).is_err() && values_of(&json!({})).is_err());
    }
}
