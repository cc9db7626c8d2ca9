//! The API's description itself, and the pages that need no key.

use crate::{client::Client, contract::OPENAPI, firm::COMMANDS};
use serde_json::Value;
use std::collections::BTreeSet;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Every operation: method, path, description.
fn operations() -> Vec<(&'static str, &'static str, &'static Value)> {
    let paths = OPENAPI["paths"].as_object().expect("the description has paths");
    let of_path = |(path, operations): (&'static String, &'static Value)| {
        METHODS.into_iter().filter_map(move |method| Some((method, path.as_str(), operations.get(method)?)))
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn the_description_is_openapi_3_1() {
    assert!(OPENAPI["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")));
    assert!(OPENAPI["info"]["title"].is_string() && OPENAPI["info"]["version"].is_string());
    let ids: Vec<_> = operations().iter().map(|(_, _, operation)| operation["operationId"].as_str()).collect();
    assert!(ids.iter().all(Option::is_some), "every operation has an id");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "and each its own");
}

#[test]
fn every_operation_says_what_it_takes_and_answers() {
    for (method, path, operation) in operations() {
        let what = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{what} has no summary");
        let responses = operation["responses"].as_object().unwrap_or_else(|| panic!("{what} has no responses"));
        let succeeds = |status: &String| status.starts_with('2') || status == "101";
        assert!(responses.keys().any(succeeds), "{what} never succeeds");
        let parameters: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| crate::contract::resolve(parameter)["name"].as_str().expect("a parameter has a name"))
            .collect();
        for variable in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert!(parameters.contains(variable), "{what} does not describe {variable}");
        }
        if by_link(path) {
            assert!(operation["security"].as_array().is_none_or(Vec::is_empty), "{what} asks for more than its link");
        } else if path.starts_with("/v1/") {
            assert!(operation["security"].as_array().is_some_and(|keys| !keys.is_empty()), "{what} asks for no key");
            assert!(responses.contains_key("401"), "{what} does not say what a wrong key gets");
        }
        // Whoever follows a link, or a mailbox that does, sends no such, and neither does a provider.
        if method == "post" && !path.contains("{token}") && path != MAIL_EVENTS {
            assert!(parameters.contains("Idempotency-Key"), "{what} does not ask for Idempotency-Key");
            let mut contents = operation["requestBody"]["content"].as_object().into_iter().flatten();
            assert!(contents.any(|(_, content)| content["schema"].is_object()), "{what} takes nothing");
        }
    }
}

/// What a provider of mail tells, and signs. Here none is listened to.
const MAIL_EVENTS: &str = "/mail-events";

/// Whether the link itself is what opens it.
fn by_link(path: &str) -> bool {
    path.ends_with("/{token}")
}

#[test]
fn every_command_is_described() {
    let paths: BTreeSet<&str> = operations().iter().map(|(_, path, _)| *path).collect();
    for command in COMMANDS {
        assert!(paths.contains(format!("/v1/complaints/{{id}}/{command}").as_str()), "{command}");
    }
}

/// What is described exists: somebody without a key is told that he needs one, and whoever has no true link that it is not.
#[test]
fn every_described_operation_exists() {
    for (method, path, _) in operations() {
        let expected = match path {
            _ if by_link(path) || path == MAIL_EVENTS => 404,
            "/metrics" => 401,
            _ if path.starts_with("/v1/") => 401,
            _ => 200,
        };
        let path = path
            .replace("{id}", "018bcfe5-6800-7303-8303-030303030300")
            .replace("{key}", "018bcfe5-6800-7303-8303-030303030300")
            .replace("{letter}", "018bcfe5-6800-7303-8303-030303030300")
            .replace("{kind}/{language}/{brand}", "update/en-GB/firm");
        let answer = Client::anonymous().call(&method.to_uppercase(), &path).send();
        assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text);
    }
}

#[test]
fn the_docs_come_from_this_origin_alone() {
    let docs = Client::anonymous().call("GET", "/docs").try_send().expect("the stack answers").expect(200);
    assert!(docs.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(docs.text.contains("/openapi.json"));
    assert!(!docs.text.contains("http://") && !docs.text.contains("https://"), "{}", docs.text);
}

#[test]
fn health_needs_no_key_and_names_each_dependency() {
    let health = Client::anonymous().get("/healthz").expect(200);
    assert_eq!((&health.body["status"], &health.body["cell"]), (&"ok".into(), &"local".into()));
    let ready = Client::anonymous().get("/readyz").expect(200);
    let names: Vec<_> = ready.body["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["status"].as_str().unwrap()))
        .collect();
    let bound = ["d1:DB_0", "d1:DB_1", "r2:ATTACHMENTS", "kv:DIRECTORY", "queue:NOTIFY", "queue:SCAN"];
    let services = ["service:MIDDLE", "service:COURIER", "service:BACK", "service:WEB", "service:STAFF"];
    assert_eq!(names, bound.into_iter().chain(services).map(|name| (name, "ok")).collect::<Vec<_>>());
    assert!(ready.body["dependencies"].as_array().unwrap().iter().all(|one| one["millis"].is_u64()));
}
