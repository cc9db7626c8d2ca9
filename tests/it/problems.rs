//! Requests that are wrong in form: each gets a problem document that says how.

use crate::{
    client::{Client, unused},
    firm::{Firm, complaint},
};
use serde_json::json;

#[test]
fn a_route_that_does_not_exist_is_not_found() {
    let firm = Firm::new();
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/complaints",
        "/v1/complaints/",
        "/v1/Complaints",
        "/v1/complaints/x/y/z",
        "//v1/complaints",
        "/v1/complaints%2F",
        "/index.php",
        "/%",
    ] {
        for api in [&firm.api, &Client::anonymous(), &firm.operator] {
            // Asking for what is not there is asking without credentials: each from an address of its own.
            api.apart().get(path).problem(404, "not_found");
        }
    }
    let path = firm.logged();
    firm.api.post_on(1, &format!("{path}/explode"), &json!({})).problem(404, "not_found");
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let firm = Firm::new();
    let path = firm.logged();
    for (method, path, allowed) in [
        ("DELETE", path.as_str(), vec!["GET", "HEAD"]),
        ("PUT", path.as_str(), vec!["GET", "HEAD"]),
        ("PATCH", "/v1/complaints", vec!["GET", "HEAD", "POST"]),
        ("GET", &format!("{path}/acknowledge"), vec!["POST"]),
        ("POST", "/healthz", vec!["GET", "HEAD"]),
        ("DELETE", &format!("/v1/tenants/{}", firm.id), vec!["GET", "HEAD", "PATCH"]),
        ("OPTIONS", "/v1/complaints", vec!["GET", "HEAD", "POST"]),
    ] {
        let refused = firm.api.call(method, path).send().problem(405, "method_not_allowed");
        let allow = refused.header("allow").unwrap_or_default();
        let mut methods: Vec<&str> = allow.split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods, allowed, "{method} {path}");
    }
}

#[test]
fn head_is_get_without_the_body() {
    let firm = Firm::new();
    let path = firm.logged();
    let head = firm.api.call("HEAD", &path).send().expect(200);
    assert_eq!((head.text.as_str(), head.version()), ("", 1));
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let firm = Firm::new();
    for size in [300 << 10, 1 << 20] {
        let body = complaint(json!({ "description": "x".repeat(size) }));
        firm.api.post("/v1/complaints", &body).problem(413, "too_large");
    }
    let send = |size: usize| {
        let body = complaint(json!({ "description": "x".repeat(size) }));
        firm.api.call("POST", "/v1/complaints").idempotency_key(&unused()).json(&body).unmeasured().send()
    };
    send(300 << 10).problem(413, "too_large");
    send(10).expect(201);
    let logged = firm.log(json!({ "description": "😀".repeat(50_000) }));
    assert_eq!(logged.text_of("description").chars().count(), 50_000, "what is allowed fits");
    let longer = complaint(json!({ "description": "x".repeat(50_001) }));
    assert_eq!(firm.api.post("/v1/complaints", &longer).problem(422, "invalid").pointers(), ["/description"]);
}

#[test]
fn broken_json_is_told_where() {
    let firm = Firm::new();
    let send = |body: &[u8]| {
        let call = firm.api.call("POST", "/v1/complaints").idempotency_key(&unused());
        call.bytes("application/json", body.to_vec()).send()
    };
    for (body, place) in [
        (&b"{\n  \"channel\": web\n}"[..], "line 2, column 14"),
        (b"", "line 1, column 1"),
        (b"{\"a\": 1,}", "line 1, column 9"),
        (b"{} {}", "line 1, column 4"),
        (b"{\"a\": \"\xff\"}", "line 1, column 8"),
        (b"{\"a\": \"\\ud800\"}", "line 1"),
        (b"{\"a\": \"tab\there\"}", "line 1, column 11"),
        (b"{\"a\": NaN}", "line 1, column 7"),
        (&b"[".repeat(500)[..], "line 1, column 128"),
    ] {
        let refused = send(body);
        assert!(refused.status == 400 || refused.status == 422, "{}", refused.text);
        assert!(refused.text.contains(place), "{}: {}", String::from_utf8_lossy(body), refused.text);
    }
    let deep = format!("{{\"complainant\":{}", "{\"a\":".repeat(5_000));
    assert!((400..500).contains(&send(deep.as_bytes()).status));
    for other in ["null", "[]", "3", "\"text\"", "[{}]"] {
        assert_eq!(send(other.as_bytes()).problem(422, "invalid").pointers(), [""], "{other}");
    }
}

/// Which of two values would count is anybody's guess, so neither does.
#[test]
fn a_member_that_comes_twice_is_refused_by_name() {
    let firm = Firm::new();
    let body = "{\"complainant\":{\"name\":\"Ann\"},\"channel\":\"web\",\"channel\":\"phone\",\"description\":\"x\"}";
    let call = firm.api.call("POST", "/v1/complaints").idempotency_key(&unused());
    let refused = call.bytes("application/json", body.into()).send().problem(422, "invalid");
    assert!(refused.text.contains("channel"), "{}", refused.text);
}

#[test]
fn a_body_must_be_declared_as_json() {
    let firm = Firm::new();
    let body = complaint(json!({})).to_string();
    let send = |content_type: &str| {
        let call = firm.api.call("POST", "/v1/complaints").idempotency_key(&unused());
        call.bytes(content_type, body.clone().into_bytes()).send()
    };
    for wrong in ["text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "json"] {
        send(wrong).problem(415, "unsupported_media_type");
    }
    for right in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        send(right).expect(201);
    }
    let undeclared = firm.api.call("POST", "/v1/complaints").idempotency_key(&unused()).send();
    undeclared.problem(415, "unsupported_media_type");
}

#[test]
fn an_unknown_member_is_refused_by_name_at_any_depth() {
    let firm = Firm::new();
    for (body, pointer) in [
        (complaint(json!({ "colour": 1 })), "/colour"),
        (complaint(json!({ "a/b~c": 1 })), "/a~1b~0c"),
        (complaint(json!({ "complainant": { "name": "Ann", "age": 7 } })), "/complainant/age"),
        (
            complaint(json!({ "amounts": [{ "kind": "loss", "minor": 1, "currency": "GBP", "major": 1 }] })),
            "/amounts/0/major",
        ),
        (complaint(json!({ "__proto__": {} })), "/__proto__"),
    ] {
        assert_eq!(firm.api.post("/v1/complaints", &body).problem(422, "invalid").pointers(), [pointer]);
    }
}

#[test]
fn an_unknown_parameter_is_refused_by_name_everywhere() {
    let firm = Firm::new();
    let path = firm.logged();
    for path in [path.clone(), format!("{path}/events"), format!("{path}/deliveries"), "/v1/complaints".to_owned()] {
        let refused = firm.api.get(&format!("{path}?colour=red")).problem(400, "invalid_parameter");
        assert_eq!(refused.pointers(), ["colour"], "{path}");
    }
    for query in ["limit=0", "limit=501", "limit=x", "after=-1", "after=x"] {
        firm.api.get(&format!("{path}/events?{query}")).problem(400, "invalid_parameter");
    }
}

#[test]
fn a_trace_goes_on_and_a_request_has_its_own_id() {
    let firm = Firm::new();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let sent = format!("00-{trace}-b7ad6b7169203331-01");
    let answer = firm.api.call("GET", "/v1/complaints").header("traceparent", &sent).send();
    let given = answer.header("traceparent").unwrap();
    assert!(given.starts_with(&format!("00-{trace}-")) && given.ends_with("-01") && given != sent, "{given}");
    let fresh = firm.api.call("GET", "/v1/complaints").header("traceparent", "nonsense").send();
    assert!(!fresh.header("traceparent").unwrap().contains(trace));
    assert_ne!(answer.header("x-request-id"), fresh.header("x-request-id"));
}

/// What goes wrong inside stays inside.
#[test]
fn no_problem_shows_what_it_is_made_of() {
    let firm = Firm::new();
    for answer in [
        firm.api.get("/v1/complaints?external_reference='%20OR%201=1;--"),
        firm.api.get("/v1/complaints?tag=%27%22%5C"),
        firm.api.get("/v1/complaints/'%20OR%20'1'='1"),
        firm.api.post("/v1/complaints", &json!({ "description": { "$ne": 1 } })),
    ] {
        assert!(answer.status < 500, "{}", answer.text);
        let text = answer.text.to_lowercase();
        assert!(
            ["sqlite", "d1_", "select ", "stack", ".rs:", "wasm"].iter().all(|inside| !text.contains(inside)),
            "{text}"
        );
    }
}
