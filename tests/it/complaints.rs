//! Complaints as they come in, are read, and are listed.

use crate::{
    client::{Answer, unused},
    eventually::within,
    firm::{Firm, complaint, position},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use xtask::checkout::root;

const TELECOM: &str = "telecom";
/// What is set of a tenant is in force within two seconds.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn the_smallest_complaint_gets_its_defaults() {
    let firm = Firm::new();
    let logged = firm.log(json!({}));
    assert_eq!(logged.version(), 1);
    assert_eq!(logged.header("location"), Some(format!("/v1/complaints/{}", logged.id()).as_str()));
    let body = &logged.body;
    let expected = json!({
        "state": "received", "version": 1, "severity": "medium", "jurisdiction": "england_and_wales", "channel": "web",
        "legal_moves": ["acknowledge", "resolve:summary_resolution", "withdraw", "refer"],
        "complainant": { "name": "Ada Winter", "contacts": [], "customer_id": null, "language": null, "format": "standard" },
        "product": null, "issue": null, "amounts": [], "tags": [], "custom": {}, "links": [], "external_reference": null
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&body[member], value, "{member}");
    }
    assert_eq!(body["received_at"], body["logged_at"], "received now unless it is said otherwise");
    assert!(logged.text_of("reference").starts_with("NWB-"));
    assert_eq!(body["taxonomy"]["id"], "cfpb-consumer-complaints");
}

#[test]
fn every_member_is_read_back_as_it_came() {
    let firm = Firm::with(json!({ "custom_fields": [
        { "name": "branch", "label": "Branch", "type": "text", "required": true },
        { "name": "visits", "label": "Visits", "type": "integer" },
        { "name": "staff", "label": "Staff account", "type": "boolean" },
        { "name": "opened", "label": "Account opened", "type": "date" },
        { "name": "brand", "label": "Brand", "type": "choice", "choices": ["Gold", "Blue"] }
    ] }));
    let members = json!({
        "complainant": {
            "name": "Zoë \"Z\" O'Neil", "customer_id": "C-1", "language": "cy", "format": "large_print",
            "contacts": [
                { "kind": "email", "value": "zoe@example.com" }, { "kind": "phone", "value": "+353 1 555 0100" },
                { "kind": "post", "value": "1 Main Street, Cork" }, { "kind": "social", "value": "@zoe" }
            ]
        },
        "channel": "letter", "received_at": "2026-05-04T10:00:00.000Z",
        "product": "credit_card", "issue": "fees_or_interest",
        "description": "Line one.\r\n\tLine two — €12.50 😀 \u{202e}tfel ot thgir",
        "desired_outcome": "My money back.", "severity": "critical", "vulnerability": ["life_event", "health"],
        "amounts": [{ "kind": "disputed", "minor": 1250, "currency": "EUR" }, { "kind": "claimed", "minor": 0, "currency": "JPY" }],
        "jurisdiction": "ireland",
        "custom": { "branch": "Cork", "visits": -3, "staff": false, "opened": "2024-02-29", "brand": "Blue" },
        "external_reference": "CRM-1", "tags": ["fees", "vip"],
        "entity": "122702", "made_on": "2026-05-01", "eligible": true,
        "representative": {
            "name": "Claims & Co", "kind": "claims_management_company", "authorisation": "830000", "reference": "CL-7",
            "contacts": [{ "kind": "post", "value": "2 Main Street, Cork" }]
        }
    });
    let logged = firm.log(members.clone());
    for (member, value) in members.as_object().unwrap() {
        assert_eq!(&logged.body[member], value, "{member}");
    }
    let read = firm.api.get(&format!("/v1/complaints/{}", logged.id())).expect(200);
    assert_eq!(read.text, logged.text, "a read answers what the write answered");
    assert_eq!(read.version(), 1);
}

#[test]
fn any_offset_is_read_and_utc_is_answered() {
    let logged = Firm::new().log(json!({ "received_at": "2026-05-04T12:00:00+02:00" }));
    assert_eq!(logged.body["received_at"], "2026-05-04T10:00:00.000Z");
}

#[test]
fn a_complaint_cannot_be_received_in_the_future() {
    let firm = Firm::new();
    let answer = firm.api.post("/v1/complaints", &complaint(json!({ "received_at": "2999-01-01T00:00:00Z" })));
    assert_eq!(answer.problem(422, "invalid").pointers(), ["/received_at"]);
}

#[test]
fn each_sector_has_its_own_products() {
    let bank = Firm::new();
    let telecom = Firm::with(json!({ "sector": TELECOM, "reference_prefix": "HTC" }));
    let roaming = first_product(TELECOM);
    assert_eq!(telecom.log(json!({ "product": roaming })).body["product"], roaming);
    let refused = bank.api.post("/v1/complaints", &complaint(json!({ "product": roaming })));
    assert_eq!(refused.problem(422, "invalid").pointers(), ["/product"]);
    let no_issue = bank.api.post("/v1/complaints", &complaint(json!({ "product": "mortgage", "issue": "nonsense" })));
    assert_eq!(no_issue.problem(422, "invalid").pointers(), ["/issue"]);
}

/// What a firm leaves out nobody is given, and whoever has it keeps it, under the firm's name for it.
#[test]
fn a_firm_uses_of_its_taxonomy_what_it_chooses() {
    let firm = Firm::new();
    let mortgage = firm.log(json!({ "product": "mortgage", "issue": "closing_on_a_mortgage" }));
    let path = format!("/v1/tenants/{}", firm.id);
    let choose = |version: u64, choices: Value| {
        firm.operator.call("PATCH", &path).if_match(version).json(&json!({ "taxonomy": choices })).send()
    };
    let wrong = json!({ "left_out": ["mortgage", "yachts"], "names": { "mortgage/yachts": "Y" } });
    let refused = choose(1, wrong).problem(422, "invalid");
    assert_eq!(refused.pointers(), ["/taxonomy/left_out/1", "/taxonomy/names/mortgage~1yachts"]);
    let choices = json!({
        "left_out": ["mortgage", "credit_card/fees_or_interest"],
        "names": { "credit_card": "Northwind Card" }
    });
    assert_eq!(choose(1, choices.clone()).expect(200).body["taxonomy"], choices);

    let new = |members: Value| firm.api.post("/v1/complaints", &complaint(members));
    within(SOON, "it is in force", || (new(json!({ "product": "mortgage" })).status == 422).then_some(()));
    let refused = new(json!({ "product": "mortgage" })).problem(422, "invalid");
    assert!(refused.text.contains("is not used by the firm any more"), "{}", refused.text);
    let fees = json!({ "product": "credit_card", "issue": "fees_or_interest" });
    assert_eq!(new(fees.clone()).problem(422, "invalid").pointers(), ["/issue"]);
    let card = format!("/v1/complaints/{}", firm.log(json!({ "product": "credit_card" })).id());
    assert_eq!(firm.give(&card, "classify", fees).problem(422, "invalid").pointers(), ["/issue"]);
    let part = json!({ "description": "And the house?", "product": "mortgage" });
    let split = json!({ "reason": "Two matters.", "parts": [part] });
    assert_eq!(firm.give(&card, "split", split).problem(422, "invalid").pointers(), ["/parts/0/product"]);
    let bulk =
        json!({ "action": { "classify": { "product": "mortgage" } }, "over": { "complaints": [mortgage.id()] } });
    let refused = firm.api.post("/v1/bulk", &bulk).problem(422, "invalid");
    assert_eq!(refused.pointers(), ["/action/classify/product"]);

    let held = format!("/v1/complaints/{}", mortgage.id());
    let same = json!({ "product": "mortgage", "issue": "closing_on_a_mortgage", "severity": "high" });
    assert_eq!(firm.give(&held, "classify", same).expect(200).body["product"], "mortgage");

    let taxonomy = firm.key(&["tenant:manage"]).get("/v1/tenant/taxonomy").expect(200);
    let products = taxonomy.body["data"].as_array().unwrap();
    let product = |code: &str| products.iter().find(|product| product["code"] == code).unwrap();
    let (card, mortgage) = (product("credit_card"), product("mortgage"));
    assert_eq!((&card["name"], &card["offered"]), (&json!("Northwind Card"), &json!(true)));
    assert_ne!(card["default_name"], card["name"]);
    assert_eq!((&mortgage["name"], &mortgage["offered"]), (&mortgage["default_name"], &json!(false)));
    let issues = card["issues"].as_array().unwrap();
    let fees = issues.iter().find(|issue| issue["code"] == "fees_or_interest").unwrap();
    assert_eq!(fees["offered"], false);
    assert!(issues.iter().any(|issue| issue["offered"] == true));
}

fn first_product(sector: &str) -> String {
    let file = std::fs::read_to_string(root().join(format!("shared/rules/taxonomies/{sector}.json"))).unwrap();
    let taxonomy: Value = serde_json::from_str(&file).unwrap();
    taxonomy["products"][0]["code"].as_str().unwrap().to_owned()
}

/// Not invented by the people who wrote the rules.
#[test]
fn real_complaints_are_accepted() {
    for (sector, prefix) in [("bank", "NWB"), (TELECOM, "HTC"), ("airline", "AUA")] {
        let firm = Firm::with(json!({ "sector": sector, "reference_prefix": prefix, "jurisdiction": "us" }));
        let file = root().join(format!("tests/fixtures/complaints/{sector}.ndjson"));
        for line in std::fs::read_to_string(file).unwrap().lines().take(40) {
            let body: Value = serde_json::from_str(line).unwrap();
            let logged = firm.api.post("/v1/complaints", &body).expect(201);
            assert_eq!(logged.body["description"], body["description"]);
        }
    }
}

#[test]
fn everything_wrong_with_an_intake_is_said_at_once() {
    let firm = Firm::new();
    let body = complaint(json!({
        "complainant": { "name": "Ann", "contacts": [{ "kind": "email", "value": "not an address" }], "language": "!" },
        "channel": "pigeon", "colour": "red", "tags": ["NOT OK"],
        "amounts": [{ "kind": "loss", "minor": 1.5, "currency": "GBP" }]
    }));
    let expected =
        ["/amounts/0/minor", "/channel", "/colour", "/complainant/contacts/0", "/complainant/language", "/tags/0"];
    assert_eq!(firm.api.post("/v1/complaints", &body).problem(422, "invalid").pointers(), expected);
    let undeclared = complaint(json!({ "custom": { "branch": "Cork" } }));
    assert_eq!(firm.api.post("/v1/complaints", &undeclared).problem(422, "invalid").pointers(), ["/custom/branch"]);
}

#[test]
fn an_external_reference_belongs_to_one_complaint_of_a_tenant() {
    let firm = Firm::new();
    let first = firm.log(json!({ "external_reference": "CRM-1" }));
    let body = complaint(json!({ "external_reference": "CRM-1" }));
    firm.api.post("/v1/complaints", &body).problem(409, "already_taken");
    Firm::new().log(json!({ "external_reference": "CRM-1" }));

    let other = firm.logged();
    let correction = json!({ "reason": "From the CRM.", "set": { "external_reference": "CRM-1" } });
    firm.give(&other, "correct", correction.clone()).problem(409, "already_taken");
    let freed = json!({ "reason": "Wrong case.", "set": { "external_reference": null } });
    firm.give(&format!("/v1/complaints/{}", first.id()), "correct", freed).expect(200);
    firm.give(&other, "correct", correction).expect(200);
}

#[test]
fn a_complaint_is_found_by_its_names() {
    let firm = Firm::new();
    let logged = firm.log(json!({ "external_reference": "a b&c=d/é" }));
    firm.log(json!({}));
    let reference = logged.text_of("reference");
    for typed in
        [reference.to_owned(), reference.to_lowercase(), reference.replace('-', "%20"), reference.replace('0', "o")]
    {
        let found = firm.api.get(&format!("/v1/complaints?reference={typed}")).expect(200);
        assert_eq!(ids(&found), [logged.id()], "{typed}");
    }
    let found = firm.api.get("/v1/complaints?external_reference=a%20b%26c%3Dd%2F%C3%A9").expect(200);
    assert_eq!(ids(&found), [logged.id()]);
    let none = firm.api.get("/v1/complaints?external_reference=CRM-2").expect(200);
    assert_eq!(none.body, json!({ "data": [], "has_more": false, "next": null, "prev": null }));
    let mistyped = firm.api.get(&format!("/v1/complaints?reference={}", mistyped(reference)));
    assert_eq!(mistyped.problem(400, "invalid_parameter").pointers(), ["reference"]);
}

/// With the last symbol replaced.
fn mistyped(reference: &str) -> String {
    let other = if reference.ends_with('7') { "8" } else { "7" };
    format!("{}{other}", &reference[..reference.len() - 1])
}

#[test]
fn what_is_not_there_is_not_found() {
    let firm = Firm::new();
    for id in ["018bcfe5-6800-7303-8303-030303030300", "nonsense", "%FF", "1", &"x".repeat(3_000)] {
        firm.api.get(&format!("/v1/complaints/{id}")).problem(404, "not_found");
    }
}

#[test]
fn a_complaint_is_read_as_of_any_past_moment() {
    let firm = Firm::new();
    let logged = firm.log(json!({ "description": "As it was told." }));
    let path = format!("/v1/complaints/{}", logged.id());
    let mut versions = vec![logged];
    for (command, body) in [
        ("acknowledge", json!({})),
        ("assign", json!({ "assignee": "agent-7" })),
        ("correct", json!({ "reason": "Misheard.", "set": { "description": "As it was meant." } })),
    ] {
        // Moments are told apart by the millisecond.
        std::thread::sleep(std::time::Duration::from_millis(3));
        versions.push(firm.give(&path, command, body).expect(200));
    }
    for version in &versions {
        let then = firm.api.get(&format!("{path}?at={}", version.text_of("updated_at"))).expect(200);
        assert_eq!(then.body, version.body);
        assert_eq!(then.version(), version.version());
    }
    let first = versions[0].text_of("updated_at");
    let between = firm.api.get(&format!("{path}?at={}", first.replace('Z', "%2B00:00"))).expect(200);
    assert_eq!(between.body["description"], "As it was told.");
    firm.api.get(&format!("{path}?at=2000-01-01T00:00:00Z")).problem(404, "not_found");
    let now = firm.api.get(&format!("{path}?at=2999-01-01T00:00:00Z")).expect(200);
    assert_eq!(now.body, firm.api.get(&path).body);
    let wrong = firm.api.get(&format!("{path}?at=yesterday"));
    assert_eq!(wrong.problem(400, "invalid_parameter").pointers(), ["at"]);
}

#[test]
fn events_are_listed_in_order_and_in_parts() {
    let firm = Firm::new();
    let path = firm.logged();
    for text in ["one", "two", "three"] {
        firm.give(&path, "note", json!({ "text": text })).expect(200);
    }
    let all = firm.api.get(&format!("{path}/events")).expect(200);
    let kinds: Vec<_> =
        all.data().iter().map(|event| (event["seq"].as_u64().unwrap(), event["type"].as_str().unwrap())).collect();
    assert_eq!(kinds, [(1, "received"), (2, "noted"), (3, "noted"), (4, "noted")]);
    assert_eq!(all.body["next_after"], Value::Null);

    let part = firm.api.get(&format!("{path}/events?limit=3")).expect(200);
    assert_eq!((part.data(), &part.body["next_after"]), (&all.data()[..3], &json!(3)));
    let rest = firm.api.get(&format!("{path}/events?limit=3&after=3")).expect(200);
    assert_eq!((rest.data(), &rest.body["next_after"]), (&all.data()[3..], &Value::Null));
    let beyond = firm.api.get(&format!("{path}/events?after=4")).expect(200);
    assert!(beyond.data().is_empty());
}

/// Thirty complaints, received a day apart but for a few at the same moment, with facets that overlap.
struct Shelf {
    firm: Firm,
    /// As the list is to have them: newest receipt first.
    rows: Vec<Value>,
}

impl Shelf {
    fn new() -> Self {
        let firm = Firm::new();
        let mut rows: Vec<Value> = (0..30)
            .map(|number| {
                let issue = ["closing_on_a_mortgage", "fees_or_interest"][number % 2];
                let members = json!({
                    "received_at": format!("2026-05-{:02}T08:00:00Z", 1 + number / 3 * 2),
                    "product": (["mortgage", "credit_card"][number % 2]),
                    "issue": (number % 3 == 2).then_some(issue),
                    "channel": (["web", "phone", "email"][number % 3]),
                    "severity": (["low", "high"][number % 5 / 3]),
                    "tags": ([["fees", "vip"], ["fees", "fraud"]][number % 4 / 2]),
                });
                firm.log(members).body
            })
            .collect();
        for row in rows.iter_mut().step_by(4) {
            let path = format!("/v1/complaints/{}", row["id"].as_str().unwrap());
            firm.give(&path, "acknowledge", json!({})).expect(200);
            *row = firm.give(&path, "assign", json!({ "assignee": "agent-7" })).expect(200).body;
        }
        rows.sort_by_key(|row| position(row["received_at"].as_str().unwrap(), row["id"].as_str().unwrap()));
        rows.reverse();
        Self { firm, rows }
    }

    fn list(&self, query: &str) -> Answer {
        self.firm.api.get(&format!("/v1/complaints?{query}")).expect(200)
    }

    fn expected(&self, keep: impl Fn(&Value) -> bool) -> Vec<&str> {
        self.rows.iter().filter(|row| keep(row)).map(|row| row["id"].as_str().unwrap()).collect()
    }
}

fn ids(page: &Answer) -> Vec<&str> {
    page.data().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

fn has_tag(row: &Value, tag: &str) -> bool {
    row["tags"].as_array().unwrap().iter().any(|held| held == tag)
}

#[test]
fn lists_are_filtered_ordered_and_walked_both_ways() {
    let shelf = Shelf::new();
    let received = |row: &Value| row["received_at"].as_str().unwrap().to_owned();
    type Keep<'k> = Box<dyn Fn(&Value) -> bool + 'k>;
    let filters: Vec<(&str, Keep<'_>)> = vec![
        ("limit=200", Box::new(|_| true)),
        ("state=received", Box::new(|row| row["state"] == "received")),
        ("state=investigating", Box::new(|row| row["state"] == "investigating")),
        ("state=closed", Box::new(|_| false)),
        ("product=mortgage", Box::new(|row| row["product"] == "mortgage")),
        ("issue=fees_or_interest", Box::new(|row| row["issue"] == "fees_or_interest")),
        ("assignee=agent-7", Box::new(|row| row["assignee"] == "agent-7")),
        ("channel=phone", Box::new(|row| row["channel"] == "phone")),
        ("severity=high", Box::new(|row| row["severity"] == "high")),
        ("tag=vip", Box::new(|row| has_tag(row, "vip"))),
        ("tag=fees&tag=fraud", Box::new(|row| has_tag(row, "fraud"))),
        ("tag=vip&tag=fraud", Box::new(|_| false)),
        ("received_from=2026-05-09T08:00:00Z", Box::new(|row| *received(row) >= *"2026-05-09T08")),
        ("received_to=2026-05-09T08:00:00Z", Box::new(|row| *received(row) < *"2026-05-09T08")),
        (
            "received_from=2026-05-05T00:00:00Z&received_to=2026-05-15T00:00:00Z&channel=web&severity=low",
            Box::new(|row| {
                let day = received(row);
                *day >= *"2026-05-05" && *day < *"2026-05-15" && row["channel"] == "web" && row["severity"] == "low"
            }),
        ),
        (
            "state=investigating&assignee=agent-7&tag=fees&product=mortgage",
            Box::new(|row| row["state"] == "investigating" && has_tag(row, "fees") && row["product"] == "mortgage"),
        ),
    ];
    for (query, keep) in &filters {
        let expected = shelf.expected(keep);
        let whole = shelf.list(query);
        assert_eq!(ids(&whole), expected, "{query}");
        assert_eq!((&whole.body["next"], &whole.body["has_more"]), (&Value::Null, &json!(false)), "{query}");

        let mut pages = vec![shelf.list(&format!("{query}&limit=4").replace("limit=200&", ""))];
        while let Some(cursor) = pages.last().unwrap().body["next"].as_str() {
            let query = query.replace("limit=200", "limit=4");
            pages.push(shelf.list(&format!("{query}&limit=4&cursor={cursor}").replace("limit=4&limit=4", "limit=4")));
        }
        let walked: Vec<&str> = pages.iter().flat_map(ids).collect();
        assert_eq!(walked, expected, "{query}, forward");
        assert!(pages.iter().rev().skip(1).all(|page| page.data().len() == 4 && page.body["has_more"] == true));
        assert_eq!(pages[0].body["prev"], Value::Null, "{query}: nothing before the first page");

        let mut back = vec![pages.last().unwrap().clone()];
        while let Some(cursor) = back.last().unwrap().body["prev"].as_str() {
            let query = query.replace("limit=200", "limit=4");
            back.push(shelf.list(&format!("{query}&limit=4&cursor={cursor}").replace("limit=4&limit=4", "limit=4")));
        }
        let walked: Vec<&str> = back.iter().rev().flat_map(ids).collect();
        assert_eq!(walked, expected, "{query}, backward");
    }
}

#[test]
fn a_page_links_to_its_neighbours() {
    let shelf = Shelf::new();
    let first = shelf.list("tag=fees&limit=10");
    let links = links(&first);
    assert_eq!(links.keys().collect::<Vec<_>>(), ["next"]);
    let second = shelf.firm.api.get(&links["next"]).expect(200);
    let links = self::links(&second);
    assert_eq!(links.keys().collect::<Vec<_>>(), ["next", "prev"]);
    assert_eq!(ids(&shelf.firm.api.get(&links["prev"]).expect(200)), ids(&first));
    assert_eq!(ids(&shelf.firm.api.get(&links["next"]).expect(200)), shelf.expected(|_| true)[20..]);
}

fn links(page: &Answer) -> BTreeMap<String, String> {
    let link = page.header("link").unwrap_or_default();
    let parts = link.split(", ").filter_map(|part| part.split_once("; rel="));
    parts
        .map(|(target, relation)| (relation.trim_matches('"').to_owned(), target[1..target.len() - 1].to_owned()))
        .collect()
}

/// What comes in meanwhile neither shifts nor repeats what is still to come.
#[test]
fn a_walk_is_not_disturbed_by_new_complaints() {
    let shelf = Shelf::new();
    let mut page = shelf.list("limit=7");
    let mut walked: Vec<String> = ids(&page).into_iter().map(str::to_owned).collect();
    while let Some(cursor) = page.body["next"].as_str() {
        shelf.firm.log(json!({}));
        page = shelf.list(&format!("limit=7&cursor={cursor}"));
        walked.extend(ids(&page).into_iter().map(str::to_owned));
    }
    assert_eq!(walked, shelf.expected(|_| true));
}

#[test]
fn a_summary_shows_the_newest_version() {
    let firm = Firm::new();
    let logged = firm.log(json!({ "description": "é😀".repeat(200), "tags": ["fees"] }));
    let path = format!("/v1/complaints/{}", logged.id());
    firm.give(&path, "classify", json!({ "tags": ["vip"], "product": "mortgage" })).expect(200);
    firm.give(&path, "correct", json!({ "reason": "Postmark.", "set": { "received_at": "2026-05-01T00:00:00Z" } }))
        .expect(200);
    let list = firm.api.get("/v1/complaints?tag=vip").expect(200);
    let row = &list.data()[0];
    let expected = json!({
        "id": logged.id(), "reference": logged.body["reference"], "version": 3, "state": "received",
        "complainant": "Ada Winter", "product": "mortgage", "tags": ["vip"], "received_at": "2026-05-01T00:00:00.000Z"
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&row[member], value, "{member}");
    }
    assert_eq!(row["excerpt"].as_str().unwrap().chars().count(), 160);
    assert!(firm.api.get("/v1/complaints?tag=fees").expect(200).data().is_empty());
    assert_eq!(firm.api.get("/v1/complaints?received_to=2026-05-02T00:00:00Z").expect(200).data().len(), 1);
}

#[test]
fn a_list_shows_what_is_linked_to_a_complaint() {
    let firm = Firm::new();
    let (whole, part) = (firm.log(json!({})), firm.logged());
    firm.give(&part, "link", json!({ "relation": "part_of", "complaint": whole.id() })).expect(200);
    let parts = firm.api.get(&format!("/v1/complaints?linked_to={}", whole.id())).expect(200);
    assert_eq!(ids(&parts), [part.rsplit('/').next().unwrap()]);
}

#[test]
fn a_cursor_works_only_for_the_list_it_was_made_for() {
    let shelf = Shelf::new();
    let cursor = shelf.list("state=received&limit=3").text_of("next").to_owned();
    let with = |query: &str, cursor: &str| shelf.firm.api.get(&format!("/v1/complaints?{query}cursor={cursor}"));
    with("state=received&", &cursor).expect(200);
    with("state=received&limit=9&", &cursor).expect(200);
    for query in ["", "state=investigating&", "state=received&tag=fees&"] {
        with(query, &cursor).problem(400, "invalid_cursor");
    }
    let altered = format!("{}{}", if cursor.starts_with('A') { "B" } else { "A" }, &cursor[1..]);
    for wrong in [altered.as_str(), "nonsense", "%00", &cursor[..cursor.len() - 2], &unused()] {
        let answer = with("state=received&", wrong);
        assert!(answer.status == 400, "{wrong}: {}", answer.text);
    }
}

#[test]
fn a_query_that_is_not_understood_is_refused_by_name() {
    let firm = Firm::new();
    for (query, parameters) in [
        ("colour=red", vec!["colour"]),
        ("limit=0", vec!["limit"]),
        ("limit=201", vec!["limit"]),
        ("limit=ten", vec!["limit"]),
        ("limit=5&limit=6", vec!["limit"]),
        ("received_from=yesterday&received_to=2026-02-30T00:00:00Z", vec!["received_from", "received_to"]),
        ("state=received&state=closed", vec!["state"]),
        ("state=", vec!["state"]),
        ("state=sold&channel=fax&severity=5&linked_to=CRM-1", vec!["channel", "linked_to", "severity", "state"]),
        ("reference=NWB", vec!["reference"]),
        ("external_reference=a&state=closed", vec!["external_reference"]),
    ] {
        let answer = firm.api.get(&format!("/v1/complaints?{query}"));
        assert_eq!(answer.problem(400, "invalid_parameter").pointers(), parameters, "{query}");
    }
}
