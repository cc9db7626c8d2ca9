//! The big list of naughty strings as every text there is: kept exactly, or refused with a reason; never a failure of
//! the service's own.

use crate::{
    client::Client,
    firm::{Firm, complaint},
};
use serde_json::{Value, json};
use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering},
};
use xtask::checkout::root;

static STRINGS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let file = std::fs::read_to_string(root().join("tests/fixtures/blns.json")).expect("the list is there");
    let mut strings: Vec<String> = serde_json::from_str(&file).expect("the list is JSON");
    assert!(strings.len() > 400);
    strings.extend(
        ["\0", "a\u{0}b", "\u{7f}", "\u{85}", "\u{feff}x", "\u{2028}", "\u{fffe}", "\u{10ffff}", "\u{e000}"]
            .map(str::to_owned),
    );
    strings
});

/// Whether one line of text may be this: not blank, no control characters.
fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// Whether prose may be this: line breaks and tabs besides.
fn is_prose(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[test]
fn as_what_a_consumer_says() {
    let firm = Firm::with(json!({ "custom_fields": [{ "name": "branch", "label": "Branch", "type": "text" }] }));
    let api = firm.inner();
    for_each(&STRINGS, |text| {
        let body = complaint(json!({ "description": text, "desired_outcome": text, "custom": { "branch": text } }));
        let answer = api.post("/v1/complaints", &body);
        if is_prose(text) {
            let read = api.get(&format!("/v1/complaints/{}", answer.expect(201).id())).expect(200).body;
            for value in [&read["description"], &read["desired_outcome"], &read["custom"]["branch"]] {
                assert_eq!(value, text);
            }
        } else {
            assert_eq!(
                answer.problem(422, "invalid").pointers(),
                ["/custom/branch", "/description", "/desired_outcome"],
                "{text:?}"
            );
        }
    });
}

#[test]
fn as_names_and_numbers() {
    let firm = Firm::new();
    let api = firm.inner();
    for_each(&STRINGS, |text| {
        let complainant = json!({ "name": text, "customer_id": text.chars().take(100).collect::<String>(), "contacts": [{ "kind": "post", "value": text }] });
        let short: String = text.chars().take(100).collect();
        let unique = format!("{short}|{}", crate::client::unused()).chars().take(100).collect::<String>();
        let answer =
            api.post("/v1/complaints", &complaint(json!({ "complainant": complainant, "external_reference": unique })));
        if answer.status == 201 {
            let read = api.get(&format!("/v1/complaints/{}", answer.id())).expect(200).body;
            assert_eq!((&read["complainant"]["name"], &read["external_reference"]), (&json!(text), &json!(unique)));
            assert_eq!(read["complainant"]["contacts"][0]["value"], json!(text));
            let query: String = unique.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let found = api.get(&format!("/v1/complaints?external_reference={query}")).expect(200);
            assert_eq!(found.data().len(), 1, "{unique:?}");
        } else {
            answer.problem(422, "invalid");
            let fits = is_line(text) && text.chars().count() <= 200 && is_line(&short);
            assert!(!fits, "{text:?} is refused as a name");
        }
    });
}

#[test]
fn as_what_a_command_says() {
    let firm = Firm::new();
    let api = firm.inner();
    in_parts(&STRINGS, |part| {
        let path = firm.logged();
        let mut version = 1;
        for text in part {
            let answer = api.post_on(version, &format!("{path}/note"), &json!({ "text": text }));
            if is_prose(text) {
                version = answer.expect(200).version();
            } else {
                answer.problem(422, "invalid");
            }
        }
        let events = api.get(&format!("{path}/events?limit=500&after=1")).expect(200);
        let read: Vec<&Value> = events.data().iter().map(|event| &event["data"]["text"]).collect();
        let kept: Vec<&String> = part.iter().filter(|text| is_prose(text)).collect();
        assert_eq!(read, kept);
        assert_eq!(api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
    });
}

/// Codes, ids, cursors, keys, slugs and what else has a form of its own: refused, or found to name nothing.
#[test]
fn as_everything_else() {
    const PARAMETERS: [&str; 8] =
        ["state", "tag", "assignee", "linked_to", "cursor", "reference", "external_reference", "received_from"];
    let firm = Firm::new();
    let path = firm.logged();
    let api = firm.inner();
    let turn = AtomicUsize::new(0);
    for_each(&STRINGS, |text| {
        let codes = complaint(json!({
            "product": text, "issue": text, "channel": text, "severity": text, "tags": [text], "jurisdiction": text,
            "received_at": text, text.as_str(): 1
        }));
        api.post("/v1/complaints", &codes).problem(422, "invalid");

        let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        // Each string in two of the parameters, each parameter with a quarter of the strings.
        for parameter in PARAMETERS.into_iter().cycle().skip(turn.fetch_add(2, Ordering::Relaxed) % 8).take(2) {
            let answer = api.get(&format!("/v1/complaints?{parameter}={escaped}"));
            let nothing = || answer.status == 200 && answer.data().is_empty();
            assert!(answer.status == 400 || nothing(), "{parameter}={text:?}: {}", answer.text);
        }
        if !escaped.is_empty() && text != "." && text != ".." {
            api.get(&format!("/v1/complaints/{escaped}")).problem(404, "not_found");
        }
        api.get(&format!("{path}?at={escaped}")).problem(400, "invalid_parameter");
    });
}

#[test]
fn as_what_an_operator_says() {
    let operator = Client::operator();
    for text in STRINGS.iter().step_by(4) {
        let tenant = json!({
            "slug": text, "display_name": text, "sector": "bank", "jurisdiction": "us", "reference_prefix": text
        });
        operator.post("/v1/tenants", &tenant).problem(422, "invalid");
    }
}

/// Some at a time, for each request mostly waits.
fn for_each(strings: &[String], test: impl Fn(&String) + Sync) {
    in_parts(strings, |part| part.iter().for_each(&test));
}

fn in_parts(strings: &[String], test: impl Fn(&[String]) + Sync) {
    std::thread::scope(|threads| {
        for part in strings.chunks(strings.len().div_ceil(8)) {
            let test = &test;
            threads.spawn(move || test(part));
        }
    });
}
