//! The API's own description, `/openapi.json`, as a contract: an answer that it does not promise fails the test that got
//! it, whatever that test is about.

use crate::client::{Answer, Client, STACK};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// The served document.
pub(crate) static OPENAPI: LazyLock<Value> = LazyLock::new(|| {
    let answer = Client::new(&STACK.base_url, None).call("GET", "/openapi.json").try_send().expect("the stack answers");
    assert_eq!(answer.status, 200, "GET /openapi.json: {}", answer.text);
    answer.body
});

/// Fails if the description does not promise this answer.
#[track_caller]
pub(crate) fn check(method: &str, target: &str, answer: &Answer) {
    let path = target.split('?').next().unwrap_or_default();
    let what = || format!("{method} {target} → {} {}", answer.status, answer.text);
    if answer.status >= 400 {
        let id = answer.body["request_id"].as_str();
        assert!(id.is_some() && id == answer.header("x-request-id"), "a problem names its request: {}", what());
        let status = answer.body["status"].as_u64();
        assert_eq!(status, Some(answer.status.into()), "a problem names its status: {}", what());
    }
    assert!(answer.header("x-request-id").is_some(), "every answer has a request id: {}", what());
    assert!(answer.header("traceparent").is_some(), "every answer has a traceparent: {}", what());

    let Some((template, operations)) = described(path) else {
        assert_eq!(answer.status, 404, "a path that is not described does not exist: {}", what());
        return;
    };
    let Some(operation) = operations.get(method.to_lowercase()) else {
        // HEAD is GET without the body.
        assert!(answer.status == 405 || method == "HEAD", "a method that is not described does not exist: {}", what());
        return;
    };
    let responses = operation["responses"].as_object().expect("an operation has responses");
    let response = responses.get(&answer.status.to_string()).or_else(|| responses.get("default"));
    let response = resolve(response.unwrap_or_else(|| panic!("{template} does not describe this status: {}", what())));
    if [204, 304, 308].contains(&answer.status) {
        assert!(answer.text.is_empty() && response["content"].is_null(), "it has no content: {}", what());
        return;
    }
    let content_type = answer.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default();
    let Some(content) = response["content"].get(content_type).or_else(|| response["content"].get("*/*")) else {
        panic!("{template} does not describe {content_type}: {}", what());
    };
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let required = resolve(header)["required"].as_bool().unwrap_or_default();
        assert!(!required || answer.header(name).is_some(), "{template} promises {name}: {}", what());
    }
    // What may be of any type has no schema to keep to.
    if response["content"].get(content_type).is_none() {
        return;
    }
    // A table and a page are text; of lines of JSON each is what the schema says.
    let values: Vec<Value> = match content_type {
        "text/csv" | "text/html" | "text/plain" | "application/pdf" | "image/jpeg" => vec![answer.text.as_str().into()],
        "application/x-ndjson" => {
            let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            answer.text.lines().map(line).collect()
        }
        _ => vec![answer.body.clone()],
    };
    let validator = validator(&format!("{method} {template} {} {content_type}", answer.status), &content["schema"]);
    let errors: Vec<String> = values
        .iter()
        .flat_map(|value| validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())))
        .collect();
    assert!(errors.is_empty(), "{}: {}", errors.join("; "), what());
}

/// The path of the description that this path is an instance of, and its operations.
fn described(path: &str) -> Option<(&'static str, &'static Value)> {
    let paths = OPENAPI["paths"].as_object().expect("the description has paths");
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        let same = |(wanted, part): (&&str, &&str)| wanted == part || (wanted.starts_with('{') && !part.is_empty());
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(same)
    };
    let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    found.first().map(|(template, operations)| (template.as_str(), *operations))
}

/// What a `$ref` within the document stands for.
pub(crate) fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("references stay within the document");
            resolve(OPENAPI.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")))
        }
        None => value,
    }
}

fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    static COMPONENTS: LazyLock<Value> = LazyLock::new(|| {
        let schemas = OPENAPI["components"]["schemas"].as_object().cloned().unwrap_or_default();
        let closed = schemas.into_iter().map(|(name, schema)| (name, closed(schema, true))).collect::<Map<_, _>>();
        json!({ "schemas": closed })
    });
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = known.entry(name.to_owned()).or_insert_with(|| {
        let whole = json!({ "components": *COMPONENTS, "allOf": [closed(schema.clone(), true)] });
        let built = jsonschema::options().should_validate_formats(true).build(&whole);
        Arc::new(built.unwrap_or_else(|error| panic!("the schema of {name} is not sound: {error}")))
    });
    Arc::clone(validator)
}

/// A member that is not described is not promised: every object with described members is closed. The branches of a
/// combination each see only a part, so the object as a whole is closed instead.
fn closed(schema: Value, whole: bool) -> Value {
    let Value::Object(members) = schema else { return schema };
    let describes = ["properties", "allOf", "anyOf", "oneOf"].iter().any(|name| members.contains_key(*name));
    let open = members.contains_key("additionalProperties") || members.contains_key("unevaluatedProperties");
    let is_object = members.get("type").is_some_and(|kind| kind == "object") || members.contains_key("properties");
    let mut closed_members: Map<String, Value> = members
        .into_iter()
        .map(|(name, value)| {
            let value = match (name.as_str(), value) {
                ("properties" | "$defs", Value::Object(inner)) => {
                    inner.into_iter().map(|(name, schema)| (name, closed(schema, true))).collect::<Map<_, _>>().into()
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                    branches.into_iter().map(|branch| closed(branch, !is_object)).collect()
                }
                ("items" | "additionalProperties", value @ Value::Object(_)) => closed(value, true),
                (_, value) => value,
            };
            (name, value)
        })
        .collect();
    if whole && describes && is_object && !open {
        closed_members.insert("unevaluatedProperties".to_owned(), json!(false));
    }
    closed_members.into()
}

/// The contract is itself checked: it must not promise anything to anyone.
#[test]
fn a_member_that_is_not_described_is_found() {
    let schema = json!({
        "type": "object", "required": ["a"],
        "properties": { "a": { "type": "object", "properties": { "b": { "type": "integer" } } } },
        "oneOf": [{ "type": "object", "properties": { "t": { "const": "x" } }, "required": ["t"] }]
    });
    let built = jsonschema::options().build(&closed(schema, true)).expect("the schema is sound");
    assert!(built.is_valid(&json!({ "a": { "b": 1 }, "t": "x" })));
    for wrong in [json!({ "a": {}, "t": "x", "more": 1 }), json!({ "a": { "more": 1 }, "t": "x" }), json!({ "a": {} })]
    {
        assert!(!built.is_valid(&wrong), "{wrong}");
    }
}
