//! Spans of traces, and how a collector is told of them: OTLP over HTTP in its JSON encoding (OpenTelemetry Protocol 1.8, "OTLP/HTTP",
//! "JSON Protobuf Encoding": ids in hex, enums as numbers, 64-bit numbers as text).

use super::trace::TraceParent;
use crate::time::Timestamp;
use serde_json::{Value, json};

/// The most attributes of a span.
pub const MAX_ATTRIBUTES: usize = 16;

/// What a span is to others (OpenTelemetry, `SpanKind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A request that is answered.
    Server = 2,
    /// Something that is asked.
    Client = 3,
    /// A message that is taken from a queue.
    Consumer = 5,
}

/// Something that took time, in a trace. No personal data.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Itself.
    pub place: TraceParent,
    /// The id of the span that it is part of.
    pub parent: Option<String>,
    /// What it is called: one of few.
    pub name: String,
    /// What it is to others.
    pub kind: SpanKind,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What else is known, by the names of OpenTelemetry's semantic conventions where there are some.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// Whether it failed.
    pub failed: bool,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Attribute {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

/// The body of an export: spans of a service, which is described by attributes of the resource.
#[must_use]
pub fn export(resource: &[(&'static str, Attribute)], spans: &[Span]) -> String {
    let spans: Vec<_> = spans.iter().map(encoded).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": attributes(resource) },
        "scopeSpans": [{ "scope": { "name": "redress" }, "spans": spans }],
    }] })
    .to_string()
}

fn encoded(span: &Span) -> Value {
    let mut encoded = json!({
        "traceId": span.place.trace_id(),
        "spanId": span.place.span_id(),
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": nanos(span.begun),
        "endTimeUnixNano": nanos(span.ended.max(span.begun)),
        "attributes": attributes(&span.attributes),
    });
    if let (Some(parent), Some(members)) = (&span.parent, encoded.as_object_mut()) {
        members.insert("parentSpanId".to_owned(), parent.as_str().into());
    }
    if let (true, Some(members)) = (span.failed, encoded.as_object_mut()) {
        // STATUS_CODE_ERROR.
        members.insert("status".to_owned(), json!({ "code": 2 }));
    }
    encoded
}

fn nanos(at: Timestamp) -> String {
    format!("{}000000", at.unix_millis())
}

fn attributes(attributes: &[(&'static str, Attribute)]) -> Vec<Value> {
    let encoded = |(key, value): &(&'static str, Attribute)| {
        let value = match value {
            Attribute::Text(text) => json!({ "stringValue": text }),
            Attribute::Number(number) => json!({ "intValue": number.to_string() }),
        };
        json!({ "key": key, "value": value })
    };
    attributes.iter().take(MAX_ATTRIBUTES).map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The encoding as the example of the protocol's repository has it (opentelemetry-proto, `examples/trace.json`).
    #[test]
    fn a_span_is_encoded_as_collectors_read_it() {
        let parent = TraceParent::parse("00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b173-01").unwrap();
        let span = Span {
            place: parent.child(&[0xee; 8]),
            parent: Some(parent.span_id().to_owned()),
            name: "GET /v1/complaints/{id}".to_owned(),
            kind: SpanKind::Server,
            begun: Timestamp::from_unix_millis(1_544_712_660_000),
            ended: Timestamp::from_unix_millis(1_544_712_661_000),
            attributes: vec![("http.response.status_code", 200.into()), ("http.route", "/v1/complaints/{id}".into())],
            failed: true,
        };
        let body: Value = serde_json::from_str(&export(&[("service.name", "redress".into())], &[span])).unwrap();
        assert_eq!(
            body,
            json!({ "resourceSpans": [{
                "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "redress" } }] },
                "scopeSpans": [{ "scope": { "name": "redress" }, "spans": [{
                    "traceId": "5b8efff798038103d269b633813fc60c",
                    "spanId": "eeeeeeeeeeeeeeee",
                    "parentSpanId": "eee19b7ec3c1b173",
                    "name": "GET /v1/complaints/{id}",
                    "kind": 2,
                    "startTimeUnixNano": "1544712660000000000",
                    "endTimeUnixNano": "1544712661000000000",
                    "attributes": [
                        { "key": "http.response.status_code", "value": { "intValue": "200" } },
                        { "key": "http.route", "value": { "stringValue": "/v1/complaints/{id}" } },
                    ],
                    "status": { "code": 2 },
                }] }],
            }] })
        );
    }
}
