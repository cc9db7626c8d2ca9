//! Spans, as a collector is told of them: one trace from the request to whom it is told.

use crate::{
    eventually::within,
    firm::{Firm, complaint},
    own_stack::operator,
    webhooks::Receiver,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use xtask::stack::{Options, Stack};

const SOON: Duration = Duration::from_secs(60);
/// What the caller calls its trace and its own span.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn stack(collector: &Receiver, share: &str) -> Stack {
    let options = Options::temporary().var("OTLP_URL", collector.url()).var("OTLP_SHARE", share);
    let options = options.var("OTLP_HEADERS", "authorization: Bearer of-the-collector").var("METRICS_MILLIS", "0");
    Stack::start(options.var("WEBHOOKS_TO_LOOPBACK", "1")).expect("a stack starts")
}

/// The spans of the trace so far, by their ids, each with the service that it is of.
fn spans(collector: &Receiver) -> BTreeMap<String, (String, Value)> {
    let mut spans = BTreeMap::new();
    for taken in collector.taken() {
        let body: Value = taken.json();
        for resource in body["resourceSpans"].as_array().expect("resources") {
            let attributes = resource["resource"]["attributes"].as_array().expect("attributes");
            let service = attributes.iter().find(|attribute| attribute["key"] == "service.name").expect("a service");
            let service = service["value"]["stringValue"].as_str().expect("a name").to_owned();
            for span in resource["scopeSpans"][0]["spans"].as_array().expect("spans") {
                if span["traceId"] == TRACE {
                    let id = span["spanId"].as_str().expect("an id").to_owned();
                    assert!(spans.insert(id, (service.clone(), span.clone())).is_none(), "a span is told of once");
                }
            }
        }
    }
    spans
}

#[test]
fn a_request_and_what_follows_from_it_are_one_trace() {
    let (collector, receiver) = (Receiver::new(&[]), Receiver::new(&[]));
    let stack = stack(&collector, "1");
    let firm = Firm::on(&operator(&stack), json!({}));
    firm.endpoint(json!({ "url": receiver.url(), "events": ["received"] }));
    let call = firm.api.call("POST", "/v1/complaints").idempotency_key("traced").json(&complaint(json!({})));
    let answer = call.header("traceparent", &format!("00-{TRACE}-{CALLER}-00")).send().expect(201);
    let given = answer.header("traceparent").expect("a traceparent").to_owned();
    assert!(given.starts_with(&format!("00-{TRACE}-")) && given.ends_with("-01"), "it is recorded: {given}");
    let request = given.split('-').nth(2).expect("a span").to_owned();

    let wanted = ["POST /v1/complaints", "queue notify", "webhook"];
    let all = within(SOON, "the trace is whole", || {
        // Whoever answers next hands in.
        firm.api.get("/v1/complaints").expect(200);
        stack.tick().expect("cron runs");
        let all = spans(&collector);
        let there = |name: &&str| all.values().any(|(_, span)| span["name"] == **name);
        wanted.iter().all(there).then_some(all)
    });
    let named = |name: &str| all.values().find(|(_, span)| span["name"] == name).expect("it was there").clone();
    let (service, server) = named("POST /v1/complaints");
    assert_eq!(
        (service.as_str(), &server["parentSpanId"], &server["kind"]),
        ("redress-front", &json!(CALLER), &json!(2))
    );
    assert_eq!(server["spanId"], json!(request));
    let status = json!({ "key": "http.response.status_code", "value": { "intValue": "201" } });
    assert!(server["attributes"].as_array().expect("attributes").contains(&status));
    let database = all.values().find(|(_, span)| span["name"].as_str().is_some_and(|name| name.starts_with("d1 ")));
    assert_eq!(database.expect("a call of D1").1["parentSpanId"], json!(request));
    for (name, worker, kind) in [("queue notify", "redress-courier", 5), ("webhook", "redress-back", 3)] {
        let (service, span) = named(name);
        assert_eq!((service.as_str(), &span["parentSpanId"], &span["kind"]), (worker, &json!(request), &json!(kind)));
    }
    let told = collector.taken();
    assert!(told.iter().all(|taken| taken.header("authorization") == "Bearer of-the-collector"));
    let whole = told.iter().map(|taken| taken.text().to_owned()).collect::<String>();
    let name = complaint(json!({}))["complainant"]["name"].as_str().expect("a name").to_owned();
    assert!(!whole.contains(&name), "nobody is named");
}

#[test]
fn what_is_not_of_the_share_is_not_recorded_whatever_its_caller_wants() {
    let collector = Receiver::new(&[]);
    let stack = stack(&collector, "0");
    let firm = Firm::on(&operator(&stack), json!({}));
    let call = firm.api.call("GET", "/v1/complaints").header("traceparent", &format!("00-{TRACE}-{CALLER}-01"));
    assert!(call.send().expect(200).header("traceparent").is_some_and(|given| given.ends_with("-00")));
    stack.tick().expect("cron runs");
    firm.api.get("/v1/complaints").expect(200);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(collector.taken().len(), 0);
}
