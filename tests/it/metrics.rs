//! What operators see: counted exactly, whoever asks, and nothing of anybody in it. The test has a stack of its own, of which nobody
//! else's requests are counted.

use crate::{
    client::{Answer, Client},
    eventually::{equals, within},
    firm::Firm,
    own_stack::operator,
};
use parser::{Scrape, parse};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use xtask::stack::{Options, Stack};

#[path = "../../shared/tests/metrics/parser.rs"]
mod parser;

/// Isolates hand in at once here; the queue gathers for a second.
const SOON: Duration = Duration::from_secs(30);

const FIRM: &str = "Quillfeather Savings";
const SAID: &str = "A wombat ate my chequebook.";
const EMAIL: &str = "ada.wombat@example.org";

fn stack() -> Stack {
    let options = Options::temporary().var("EXPOSE_COST", "1").var("METRICS_MILLIS", "0").var("SLOW_MILLIS", "0");
    Stack::start(options).expect("a stack starts")
}

fn scrape(operator: &Client) -> (Scrape, Answer) {
    let answer = operator.get("/metrics").expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    (parse(&answer.text), answer)
}

/// What of a scrape the test has brought about, and nobody else.
fn counted(scrape: &Scrape) -> Vec<f64> {
    let requests = |side, route, method, status| {
        let labels = [("side", side), ("route", route), ("method", method), ("status", status)];
        scrape.sum("redress_requests_total", &labels)
    };
    let answered = |side, route, method| {
        let labels = [("side", side), ("route", route), ("method", method)];
        scrape.sum("redress_request_duration_seconds_count", &labels)
    };
    let refused = |code| scrape.sum("redress_refusals_total", &[("code", code)]);
    vec![
        requests("front", "/v1/complaints", "POST", "2xx"),
        requests("front", "/v1/complaints", "POST", "4xx"),
        requests("front", "/v1/complaints/{id}", "GET", "2xx"),
        requests("front", "/v1/complaints/{id}", "GET", "4xx"),
        requests("courier", "/v1/letters/kinds", "GET", "2xx"),
        requests("front", "/v1/letters/kinds", "GET", "2xx"),
        requests("front", "none", "GET", "4xx"),
        answered("front", "/v1/complaints", "POST"),
        refused("invalid"),
        refused("locked"),
        scrape.sum("redress_lock_conflicts_total", &[("route", "/v1/complaints/{id}/note"), ("code", "locked")]),
        scrape.sum("redress_object_calls_total", &[("class", "case_lock"), ("outcome", "done")]),
        scrape.sum("redress_d1_statements_total", &[("side", "front")]).min(1.0),
        scrape.sum("redress_cron_runs_total", &[("side", "middle")]),
        scrape.sum("redress_cron_runs_total", &[("side", "courier")]),
        scrape.sum("redress_cron_runs_total", &[("side", "back")]),
        scrape.sum("redress_queue_messages_total", &[("queue", "notify"), ("outcome", "taken")]),
        scrape.sum("redress_queue_age_seconds_count", &[("queue", "notify")]),
    ]
}

#[test]
fn known_requests_are_counted_and_nothing_of_anybody_is_shown() {
    let stack = stack();
    let operator = operator(&stack);
    let firm = Firm::on(&operator, json!({ "display_name": FIRM }));
    assert!(counted(&scrape(&operator).0).iter().all(|n| *n == 0.0));

    let logged: Vec<Answer> = (0..3)
        .map(|_| firm.log(json!({ "description": SAID, "complainant": { "name": "Ada", "contacts": [{ "kind": "email", "value": EMAIL }] } })))
        .collect();
    firm.api.post("/v1/complaints", &json!({})).problem(422, "invalid");
    let path = format!("/v1/complaints/{}", logged[0].id());
    (0..5).for_each(|_| _ = firm.api.get(&path).expect(200));
    firm.api.get("/v1/complaints/nonsense").problem(404, "not_found");
    (0..2).for_each(|_| _ = firm.api.get("/v1/letters/kinds").expect(200));
    firm.api.get("/v1/nothing").problem(404, "not_found");
    let holder = json!({ "holder": { "id": "anna", "name": "Anna" } });
    firm.api.call("PUT", &format!("{path}/lock")).json(&holder).send().expect(200);
    firm.api.post_on(1, &format!("{path}/note"), &json!({ "text": SAID })).problem(423, "locked");
    stack.tick().expect("cron runs");

    let expected = [3, 1, 5, 1, 2, 0, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3];
    equals(SOON, expected.map(f64::from).to_vec(), || counted(&scrape(&operator).0));

    let (all, answer) = within(SOON, "the outbox is empty and everything is handed in", || {
        let (all, answer) = scrape(&operator);
        (all.sum("redress_outbox_rows", &[]) == 0.0).then_some((all, answer))
    });
    assert_eq!(all.sum("redress_metrics_up", &[]), 1.0);
    assert_eq!(all.of("redress_shard_up", &[]).map(|shard| shard.value).collect::<Vec<_>>(), [1.0, 1.0]);
    assert_eq!(all.sum("redress_wake_lag_seconds", &[]), 0.0);
    assert_eq!(all.sum("redress_build_info", &[("cell", "local")]), 1.0);
    assert!(all.sum("redress_top_tenant_requests", &[("tenant", &firm.id)]) >= 14.0);
    assert!(all.sum("redress_d1_rows_written_total", &[("side", "front")]) >= 30.0);
    assert!(all.sum("redress_object_calls_total", &[("class", "rate_limiter"), ("outcome", "done")]) >= 1.0);
    for personal in [FIRM, &firm.slug, SAID, "wombat", EMAIL, "Ada", "Anna", logged[0].id()] {
        assert!(!answer.text.contains(personal), "{personal}");
    }

    Client::new(stack.base_url(), None).get("/metrics").problem(401, "unauthenticated");
    firm.api.get("/metrics").problem(403, "forbidden");

    the_slow_log_names_statements_and_no_parameters(&stack, &logged[0]);
}

/// With a threshold of 0 every call is slow.
fn the_slow_log_names_statements_and_no_parameters(stack: &Stack, logged: &Answer) {
    let request = logged.header("x-request-id").expect("an id");
    let log = std::fs::read_to_string(stack.log()).expect("a log");
    // wrangler writes what it takes for the level before a line, and may colour it.
    let json = |line: &str| serde_json::from_str(line.get(line.find('{')?..=line.rfind('}')?)?).ok();
    let lines: Vec<Value> = log.lines().filter(|line| line.contains("d1_slow")).filter_map(json).collect();
    let of_request: Vec<&Value> = lines.iter().filter(|line| line["call"]["request_id"] == request).collect();
    assert_eq!(of_request.len(), 1, "an intake is one call: {of_request:?}");
    let call = &of_request[0]["call"];
    let statements: Vec<&str> =
        call["statements"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(statements.contains(&"sql/events/append_new.sql"), "{statements:?}");
    assert!(call["written"].as_u64().is_some_and(|rows| rows > 5) && call["millis"].is_u64(), "{call}");
    let members: BTreeSet<&str> = call.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["millis", "read", "request_id", "shard", "statements", "written"]));
    assert!(!log.contains(SAID) && !log.contains(EMAIL), "nothing of what was said is in the log");
}
