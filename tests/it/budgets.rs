//! What a request costs: round trips to D1 and rows written, as the answer itself says (`redress-cost`, in tests only).

use crate::{
    client::{Answer, Client},
    firm::{COMMANDS, Firm, command_body, complaint},
};
use serde_json::json;

pub(crate) struct Cost {
    pub(crate) d1: u32,
    pub(crate) read: u32,
    pub(crate) written: u32,
}

#[track_caller]
pub(crate) fn cost(answer: &Answer) -> Cost {
    let header = answer.header("redress-cost").expect("the stack of tests says what an answer costs");
    let part = |name: &str| {
        let found = header.split(';').find_map(|part| part.strip_prefix(&format!("{name}=")));
        found.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {name} in {header}"))
    };
    Cost { d1: part("d1"), read: part("read"), written: part("written") }
}

#[test]
fn a_read_is_one_round_trip() {
    let firm = Firm::small();
    let path = firm.logged();
    let events = firm.give(&path, "acknowledge", json!({})).expect(200).version() as u32;
    for path in [path.clone(), format!("{path}?at=2999-01-01T00:00:00Z"), format!("{path}/events")] {
        let cost = cost(&firm.api.get(&path).expect(200));
        assert_eq!((cost.d1, cost.written), (1, 0), "{path}");
        // A history is folded from its events; the running sum that ends its pages makes D1 count each of them again.
        assert!(cost.read <= 5 * events, "{path} reads {} rows", cost.read);
    }
    let part = cost(&firm.api.get(&format!("{path}/events?limit=1")).expect(200));
    assert!(part.read <= 6, "one event of many reads {} rows", part.read);
}

#[test]
fn a_list_is_one_round_trip_and_reads_its_page() {
    let firm = Firm::small();
    for number in 0..40 {
        let severity = ["low", "high"][number % 2];
        firm.log(json!({ "tags": ["fees"], "severity": severity, "external_reference": format!("CRM-{number}") }));
    }
    let reference = firm.log(json!({})).text_of("reference").to_owned();
    for query in ["", "limit=5", "state=received&limit=5", "tag=fees&severity=high&limit=5"] {
        let cost = cost(&firm.api.get(&format!("/v1/complaints?{query}")).expect(200));
        assert_eq!((cost.d1, cost.written), (1, 0), "{query}");
    }
    for query in ["external_reference=CRM-7".to_owned(), format!("reference={reference}")] {
        let cost = cost(&firm.api.get(&format!("/v1/complaints?{query}")).expect(200));
        assert_eq!(cost.d1, 1, "{query}");
        assert!(cost.read <= 3, "{query} reads {} rows", cost.read);
    }
    // A page costs the same in a list of forty and in one of four million.
    let page = cost(&firm.api.get("/v1/complaints?limit=5").expect(200));
    assert!(page.read <= 40, "a page of 5 reads {} rows", page.read);
}

#[test]
fn the_change_feed_is_one_round_trip_and_reads_its_page() {
    let firm = Firm::small();
    for _ in 0..40 {
        firm.logged();
    }
    let first = cost(&firm.api.get("/v1/changes?limit=5").expect(200));
    assert!(first.d1 == 1 && (1..=2).contains(&first.written), "{} rows to give forty numbers", first.written);
    let second = firm.api.get("/v1/changes?since=latest").expect(200);
    let end = second.text_of("next");
    // A look that finds nothing costs the same after forty events and after four million.
    for (query, most) in [("limit=5".to_owned(), 50), (format!("since={end}"), 20), ("since=latest".to_owned(), 20)] {
        let cost = cost(&firm.api.get(&format!("/v1/changes?{query}")).expect(200));
        assert_eq!((cost.d1, cost.written), (1, 0), "{query}");
        assert!(cost.read <= most, "{query} reads {} rows", cost.read);
    }

    // On two shards: each is asked what it has, and the second for what of the page lies there.
    let firm = Firm::new();
    for slot in [0, 1, 0, 1] {
        firm.log_in(slot, json!({}));
    }
    assert_eq!(cost(&firm.api.get("/v1/changes").expect(200)).d1, 3);
    let end = firm.api.get("/v1/changes?since=latest").expect(200);
    assert_eq!(cost(&firm.api.get(&format!("/v1/changes?since={}", end.text_of("next"))).expect(200)).d1, 2);
}

#[test]
fn an_intake_is_one_round_trip_and_at_most_eighteen_rows() {
    let firm = Firm::small();
    let small = cost(&firm.log(json!({})));
    assert_eq!(small.d1, 1);
    let usual = cost(&firm.log(json!({
        "product": "credit_card", "issue": "fees_or_interest", "external_reference": "CRM-1", "tags": ["fees"],
        "amounts": [{ "kind": "disputed", "minor": 1250, "currency": "GBP" }]
    })));
    assert_eq!(usual.d1, 1);
    assert!(small.written > 0 && usual.written <= 18, "{} rows written", usual.written);
}

#[test]
fn views_cost_a_write_one_row_however_many_it_changes() {
    let firm = Firm::small();
    let body = json!({
        "product": "credit_card", "issue": "fees_or_interest", "external_reference": "CRM-1", "tags": ["fees"],
        "amounts": [{ "kind": "disputed", "minor": 1250, "currency": "GBP" }]
    });
    let log = |n: u32| {
        let mut body = body.clone();
        body["external_reference"] = json!(format!("CRM-{n}"));
        cost(&firm.log(body))
    };
    let plain = log(0);
    (0..100).for_each(|n| _ = firm.view(&format!("product=credit_card&assignee=agent-{n}")));
    let elsewhere = log(1);
    assert_eq!((elsewhere.d1, elsewhere.written), (1, plain.written), "a view that does not show it costs nothing");
    let looked_at = elsewhere.read - plain.read;
    assert!(looked_at <= 40, "{looked_at} rows more are read for views that do not show it");
    (0..100).for_each(|n| _ = firm.view(&format!("product=credit_card&received_to=2100-01-01T00:00:00.{n:03}Z")));
    log(2);
    let counted = log(3);
    assert_eq!((counted.d1, counted.written), (1, plain.written + 1), "all that it changes is one row");
    assert!(counted.written <= 20, "{} rows written", counted.written);
    let all = cost(&firm.api.get("/v1/views").expect(200));
    assert_eq!((all.d1, all.written), (2, 0), "the views, and their counts");
}

#[test]
fn a_command_is_two_round_trips() {
    let firm = Firm::small();
    let other = firm.log(json!({})).id().to_owned();
    for command in COMMANDS {
        let path = firm.logged();
        let before: &[&str] = match command {
            "investigate" => &["acknowledge"],
            "request-information" | "propose-response" => &["acknowledge", "investigate"],
            "resolve" => &["acknowledge", "investigate", "propose-response"],
            "close" | "reopen" | "pay-redress" => &["withdraw"],
            "unlink" => &["link"],
            "retract-milestone" => &["milestone"],
            _ => &[],
        };
        for earlier in before {
            firm.give(&path, earlier, command_body(earlier, &other)).expect(200);
        }
        let done = firm.give(&path, command, command_body(command, &other)).expect(200);
        assert_eq!(cost(&done).d1, 2, "{command}");
    }
}

#[test]
fn what_is_refused_at_the_door_costs_nothing() {
    let firm = Firm::small();
    let path = firm.logged();
    let reader = firm.key(&["complaints:read"]);
    firm.api.get(&path).expect(200);
    let refused = [
        Client::anonymous().get(&path).expect(401),
        Client::anonymous().with_key("rdr_live_x.y.z").get(&path).expect(401),
        firm.operator.get(&path).expect(403),
        firm.api.get("/v1/tenants").expect(403),
        reader.post("/v1/complaints", &complaint(json!({}))).expect(403),
        firm.api.get("/v1/nothing").expect(404),
        firm.api.call("DELETE", &path).send().expect(405),
        firm.api.post("/v1/complaints", &json!({})).expect(422),
        firm.api.call("POST", &format!("{path}/note")).json(&json!({ "text": "x" })).send().expect(400),
        firm.api.post(&format!("{path}/note"), &json!({ "text": "x" })).expect(428),
        firm.api.get("/v1/complaints?limit=0").expect(400),
        firm.api.get("/v1/complaints/nonsense").expect(404),
    ];
    for answer in refused {
        assert_eq!(cost(&answer).d1, 0, "{}", answer.text);
    }
}
