//! Near-duplicates, with real complaints: of a complaint, of a draft before it is logged, and linked by a tenant's rule.

use crate::{
    budgets::cost,
    client::{Answer, Client, unused},
    delivery::SOON,
    eventually::{equals, within},
    firm::{Firm, complaint},
    import::{NDJSON, import},
    own_stack::{count, database, operator, own_stack, ticking},
};
use serde_json::{Value, json};
use shared::{
    ids::OutboxId,
    similarity::{Shingles, bands, similarity},
    time::Timestamp,
};
use std::{collections::BTreeSet, sync::LazyLock, time::Duration};
use xtask::checkout::root;

/// Real complaints of a bank's consumers, none like another.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let file = std::fs::read_to_string(root().join("tests/fixtures/complaints/bank.ndjson")).expect("real complaints");
    let text = |line: &str| serde_json::from_str::<Value>(line).expect("a complaint")["description"].take();
    let texts = file.lines().map(|line| text(line).as_str().expect("a text").to_owned());
    texts.filter(|text| text.len() > 600).take(3).collect()
});

/// Real pairs of complaints, as a reader labelled them: label, one, other.
static PAIRS: LazyLock<Vec<[String; 3]>> = LazyLock::new(|| {
    let file = root().join("tests/fixtures/near-duplicates/examples.json");
    let pairs: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).expect("real pairs")).expect("JSON");
    let of = |pair: &Value| ["label", "left", "right"].map(|member| pair[member].as_str().expect("a text").to_owned());
    pairs.iter().map(of).collect()
});

/// Where drafts are compared.
const DRAFTS: &str = "/v1/complaints/duplicates";

/// Who complains, and what.
fn told(name: &str, email: &str, text: &str) -> Value {
    let contacts = json!([{ "kind": "email", "value": email }]);
    json!({ "complainant": { "name": name, "contacts": contacts }, "description": text })
}

/// What is listed: the ids, each with its reasons.
fn listed(answer: &Answer) -> Vec<(String, Vec<Value>)> {
    let of = |row: &Value| {
        assert!((0.0..=1.0).contains(&row["similarity"].as_f64().expect("a number")));
        (row["complaint"]["id"].as_str().expect("an id").to_owned(), row["reasons"].as_array().expect("why").clone())
    };
    answer.data().iter().map(of).collect()
}

fn ids(answer: &Answer) -> Vec<String> {
    listed(answer).into_iter().map(|(id, _)| id).collect()
}

impl Firm {
    fn draft(&self, members: Value) -> Answer {
        self.api.post(DRAFTS, &complaint(members))
    }

    /// Sets the tenant's rule.
    fn rule(&self, rule: Value) -> Answer {
        let path = format!("/v1/tenants/{}", self.id);
        let version = self.operator.get(&path).expect(200).version();
        self.operator.call("PATCH", &path).if_match(version).json(&json!({ "link_duplicates": rule })).send()
    }
}

/// The ties of a complaint, once the rule has been applied to it: what is told is recorded after that.
fn links(api: &Client, id: &str) -> Value {
    let path = format!("/v1/complaints/{id}");
    let received = || api.get(&format!("{path}/deliveries")).expect(200).data().iter().any(|row| row["seq"] == 1);
    within(SOON, "who is to be told is recorded", || received().then_some(()));
    api.get(&path).expect(200).body["links"].clone()
}

fn tie(relation: &str, to: &str) -> Value {
    json!([{ "relation": relation, "complaint": to }])
}

#[test]
fn complaints_that_may_be_the_same_are_listed_with_the_reason() {
    let firm = Firm::new();
    let log = |slot: u8, name, email, text: &str| firm.log_in(slot, told(name, email, text)).id().to_owned();
    let first = log(0, "Ada Winter", "ada@example.com", &TEXTS[0]);
    let campaign = log(1, "Bo Summer", "bo@example.com", &format!("To whom it may concern. {}", TEXTS[0]));
    let again = log(1, "A. Winter", "ADA@example.com", "I wrote to you already about this and nobody has answered me.");
    let other = log(0, "Cy Spring", "cy@example.com", &TEXTS[1]);
    let of = |id: &str| listed(&firm.api.get(&format!("/v1/complaints/{id}/duplicates")).expect(200));
    assert_eq!(of(&campaign), [(first.clone(), vec![json!("nearly_same_text")])]);
    let of_first: BTreeSet<String> = of(&first).into_iter().map(|(id, _)| id).collect();
    assert!(of_first.contains(&campaign) && !of_first.contains(&other), "{of_first:?}");
    assert!(of(&other).is_empty());
    // What is corrected is looked for as it is now.
    let path = format!("/v1/complaints/{other}");
    firm.give(&path, "correct", json!({ "reason": "Wrong letter.", "set": { "description": TEXTS[0] } })).expect(200);
    assert_eq!(of(&other)[0], (first.clone(), vec![json!("same_text")]));
    assert!(of(&again).is_empty() || of(&again)[0].0 == first);
    let stranger = Firm::new();
    stranger.api.get(&format!("/v1/complaints/{first}/duplicates")).problem(404, "not_found");
}

#[test]
fn a_draft_shows_what_it_is_like_and_is_not_logged() {
    let (firm, stranger) = (Firm::new(), Firm::new());
    for (nth, [label, left, right]) in PAIRS.iter().enumerate() {
        let first = firm.log_in((nth % 2) as u8, told("Ada Winter", &format!("ada-{nth}@example.com"), left));
        let draft = told("Bo Summer", &format!("bo-{nth}@example.com"), right);
        let found = firm.draft(draft).expect(200);
        let alike = similarity(left, right);
        // What has no band in common is not found: see docs/near-duplicates.md.
        let [left, right] = [left, right].map(|text| bands(&Shingles::of(text)));
        let meets = left.iter().any(|band| right.contains(band));
        assert_eq!(alike >= 0.25, matches!(label.as_str(), "duplicate" | "template"));
        let row = found.data().iter().find(|row| row["complaint"]["id"] == first.id());
        match row {
            Some(row) => {
                assert!(meets && (row["similarity"].as_f64().expect("a number") - alike).abs() < 0.001, "{row}");
                assert_eq!(row["reasons"], json!(["nearly_same_text"]));
                assert_eq!(row["complaint"]["reference"], first.body["reference"]);
            }
            None => assert!(!meets || alike < 0.25, "{label} {alike}"),
        }
    }
    // The same consumer, in other words.
    let (email, product) = ("ada-1@example.com", json!("credit_card"));
    let call = |members: Value| {
        let mut draft = told("A. Winter", email, "Caller asks what became of the letter.");
        draft.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        listed(&firm.draft(draft).expect(200))
    };
    assert!(call(json!({})).is_empty(), "neither the text nor the product is the same");
    let card = firm.log(told("Ada Winter", email, "They declined my card.")).id().to_owned();
    firm.give(&format!("/v1/complaints/{card}"), "classify", json!({ "product": product })).expect(200);
    assert_eq!(call(json!({ "product": product })), [(card, vec![json!("same_consumer_same_product")])]);

    // Another tenant's are never shown.
    let of_stranger = |text: &str| stranger.draft(told("Ada Winter", email, text)).expect(200);
    assert!(PAIRS.iter().flat_map(|[_, left, right]| [left, right]).all(|text| of_stranger(text).data().is_empty()));

    // Nothing has happened, and the same request can be made in earnest.
    let all = |api: &Client| {
        let counts = api.get("/v1/complaints/counts").expect(200).text;
        (counts, api.get("/v1/changes?limit=200").expect(200).text)
    };
    let before = [all(&firm.api), all(&stranger.api)];
    let (key, mut draft) = (unused(), complaint(told("Bo Summer", "bo@example.com", &PAIRS[0][2])));
    draft["external_reference"] = json!("CRM-7");
    let post = |path: &str| firm.api.call("POST", path).idempotency_key(&key).json(&draft).send();
    let found = post(DRAFTS).expect(200);
    assert_eq!(post(DRAFTS).expect(200).text, found.text);
    assert_eq!([all(&firm.api), all(&stranger.api)], before);
    let logged = post("/v1/complaints").expect(201);
    assert_eq!(logged.header("idempotency-replayed"), None);
    // It is what the draft said that it would be.
    let of_logged = firm.api.get(&format!("/v1/complaints/{}/duplicates", logged.id())).expect(200);
    assert_eq!(listed(&of_logged), listed(&found));
    assert_eq!(ids(&post(DRAFTS).expect(200))[0], logged.id(), "now the draft is like it");
}

#[test]
fn a_draft_needs_a_key_that_reads_and_a_body_that_could_be_logged() {
    let firm = Firm::new();
    let ask = |api: &Client, body: &Value| api.post(DRAFTS, body);
    let body = complaint(json!({}));
    ask(&firm.key(&["complaints:read"]), &body).expect(200);
    ask(&firm.key(&["complaints:write"]), &body).problem(403, "forbidden");
    ask(&Client::anonymous(), &body).problem(401, "unauthenticated");
    firm.api.call("POST", DRAFTS).json(&body).send().problem(400, "idempotency_key_missing");
    for (members, place) in [
        (json!({ "description": "" }), "/description"),
        (json!({ "description": " \n " }), "/description"),
        (json!({ "description": "x".repeat(50_001) }), "/description"),
        (json!({ "description": null }), "/description"),
        (json!({ "product": "no_such_product" }), "/product"),
        (json!({ "received_at": "2999-01-01T00:00:00Z" }), "/received_at"),
        (json!({ "colour": "red" }), "/colour"),
    ] {
        assert_eq!(ask(&firm.api, &complaint(members)).problem(422, "invalid").pointers(), [place]);
    }
    ask(&firm.api, &complaint(json!({ "description": "x".repeat(300 * 1024) }))).problem(413, "too_large");
}

/// Whatever is asked, it is at most one look at each shard, and at no more than 50 complaints of each.
#[test]
fn a_hostile_draft_takes_no_more_than_another() {
    let firm = Firm::new();
    let long = format!("{} {} ", TEXTS[0], TEXTS[2]).repeat(60);
    let long: String = long.chars().take(50_000).collect();
    let text = |n: usize| format!("{} {long}", ["First", "Second"][n % 2]).chars().take(50_000).collect::<String>();
    let rows: Vec<String> = (0..130).map(|n| complaint(json!({ "description": text(n) })).to_string()).collect();
    import(&firm.api, &unused(), "", NDJSON, &rows.join("\n"));
    let letters = |n: usize| [n / 676, n / 26, n].map(|n| char::from(b'a' + (n % 26) as u8)).iter().collect::<String>();
    let unlike: String = (0..8_000).map(|n| letters(n) + " ").collect();
    let stop_words = "the and of to a in that it is was i my for on with not this have they but be as at are from";
    let emails: Vec<Value> =
        (0..10).map(|n| json!({ "kind": "email", "value": format!("a{n}@example.com") })).collect();
    // What gives nothing to look for by takes no look.
    for (what, members, found, calls) in [
        ("usual", json!({ "description": TEXTS[1] }), 0, 2),
        ("very long", json!({ "description": text(0) }), 100, 2),
        ("unlike words", json!({ "description": unlike }), 0, 2),
        ("stop words", json!({ "description": stop_words.repeat(300) }), 0, 2),
        ("many addresses", json!({ "complainant": { "name": "Ada", "contacts": emails } }), 0, 2),
        ("one word", json!({ "description": "help ".repeat(5_000) }), 0, 0),
        ("no words", json!({ "description": "... 123 XXXX !!!" }), 0, 0),
        ("words of the index", json!({ "description": "\" OR NEAR( * AND ) NOT _all : - ".repeat(100) }), 0, 0),
    ] {
        let answer = firm.draft(members).expect(200);
        assert_eq!(answer.data().len(), found, "{what}");
        let cost = cost(&answer);
        assert_eq!((cost.d1, cost.written), (calls, 0), "{what}");
    }
}

#[test]
fn near_duplicates_are_filtered_as_lists_are() {
    let firm = Firm::new();
    let log = |slot: u8, members: Value| {
        let mut body = told("Ada Winter", "ada@example.com", &TEXTS[0]);
        body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        firm.log_in(slot, body).id().to_owned()
    };
    let card = log(0, json!({ "product": "credit_card", "tags": ["fees"], "received_at": "2026-01-10T00:00:00Z" }));
    let loan = log(1, json!({ "product": "mortgage", "received_at": "2026-02-10T00:00:00Z" }));
    let closed = log(1, json!({ "tags": ["fees"], "received_at": "2026-03-10T00:00:00Z" }));
    firm.give(&format!("/v1/complaints/{closed}"), "withdraw", json!({ "reason": "A mistake." })).expect(200);
    let mine = log(0, json!({}));
    let view = firm.view("tag=fees").id().to_owned();
    let draft = complaint(told("Ada Winter", "ada@example.com", &TEXTS[0]));
    for (query, expected) in [
        (String::new(), vec![&card, &loan, &closed]),
        ("state=received".to_owned(), vec![&card, &loan]),
        ("tag=fees".to_owned(), vec![&card, &closed]),
        ("tag=fees&state=received".to_owned(), vec![&card]),
        ("product=mortgage&tag=fees".to_owned(), vec![]),
        ("received_from=2026-02-10T00:00:00Z&received_to=2026-03-10T00:00:00Z".to_owned(), vec![&loan]),
        ("q=winter%20-withdrawn".to_owned(), vec![&card, &loan, &closed]),
        ("q=mistake".to_owned(), vec![&closed]),
        (format!("view={view}"), vec![&card, &closed]),
        (format!("view={view}&product=credit_card"), vec![&card]),
        ("assignee=nobody".to_owned(), vec![]),
    ] {
        let mut expected: Vec<_> = expected.into_iter().cloned().collect();
        expected.sort();
        let sorted = |answer: &Answer| {
            let mut ids: Vec<_> = ids(answer).into_iter().filter(|id| *id != mine).collect();
            ids.sort();
            ids
        };
        let of_logged = firm.api.get(&format!("/v1/complaints/{mine}/duplicates?{query}")).expect(200);
        assert_eq!(sorted(&of_logged), expected, "{query}");
        let of_draft = firm.api.post(&format!("{DRAFTS}?{query}"), &draft).expect(200);
        assert_eq!(sorted(&of_draft), expected, "{query}");
    }
    for (query, place) in [
        ("limit=5", "limit"),
        ("cursor=abc", "cursor"),
        ("order=newest", "order"),
        ("reference=NWB-0C99-78TJ", "reference"),
        ("external_reference=x", "external_reference"),
        ("colour=red", "colour"),
        ("state=sold", "state"),
    ] {
        let of_logged = firm.api.get(&format!("/v1/complaints/{mine}/duplicates?{query}"));
        let of_draft = firm.api.post(&format!("{DRAFTS}?{query}"), &draft);
        for answer in [of_logged, of_draft] {
            assert_eq!(answer.problem(400, "invalid_parameter").pointers(), [place]);
        }
    }
    firm.api.post(&format!("{DRAFTS}?view=018bcfe5-6800-7303-8303-030303030301"), &draft).problem(404, "not_found");
}

#[test]
fn a_rule_is_set_by_the_operator_and_off_until_then() {
    let firm = Firm::new();
    let path = format!("/v1/tenants/{}", firm.id);
    let held = || firm.operator.get(&path).expect(200).body["link_duplicates"].clone();
    assert_eq!(held(), json!({ "consumers": "none", "similarity": 0.5 }));
    for (rule, place) in [
        (json!({ "consumers": "same", "similarity": 0.2 }), "/link_duplicates/similarity"),
        (json!({ "consumers": "same", "similarity": 1.5 }), "/link_duplicates/similarity"),
        (json!({ "consumers": "some" }), "/link_duplicates/consumers"),
        (json!({ "similarity": 0.5 }), "/link_duplicates/consumers"),
        (json!({ "consumers": "any", "most": 3 }), "/link_duplicates/most"),
        (json!(true), "/link_duplicates"),
    ] {
        assert_eq!(firm.rule(rule).problem(422, "invalid").pointers(), [place]);
    }
    let first = firm.log(told("Ada Winter", "ada@example.com", &TEXTS[0])).id().to_owned();
    let again = firm.log(told("Ada Winter", "ada@example.com", &TEXTS[0])).id().to_owned();
    assert_eq!(links(&firm.api, &again), json!([]), "off by default");
    firm.rule(json!({ "consumers": "any", "similarity": 1 })).expect(200);
    assert_eq!(held(), json!({ "consumers": "any", "similarity": 1.0 }));
    let linked = firm.log(told("Ada Winter", "ada@example.com", &TEXTS[0])).id().to_owned();
    assert_eq!(links(&firm.api, &linked), tie("duplicate_of", &first));
    assert_eq!(
        firm.api.get(&format!("/v1/complaints/{again}")).expect(200).body["links"],
        json!([]),
        "it is for new ones"
    );
    firm.rule(json!({ "consumers": "none" })).expect(200);
    let last = firm.log(told("Ada Winter", "ada@example.com", &TEXTS[0])).id().to_owned();
    assert_eq!(links(&firm.api, &last), json!([]), "off again");
}

#[test]
fn a_rule_links_what_it_means_as_a_command_and_nothing_else() {
    let [same, any] = ["same", "any"].map(|consumers| {
        let firm = Firm::new();
        firm.rule(json!({ "consumers": consumers })).expect(200);
        firm
    });
    for (firm, campaigns) in [(&same, false), (&any, true)] {
        let log = |slot: u8, name, email, text: &str| firm.log_in(slot, told(name, email, text)).id().to_owned();
        let first = log(0, "Ada Winter", "ada@example.com", &TEXTS[0]);
        assert_eq!(links(&firm.api, &first), json!([]));
        let other = log(0, "Cy Spring", "cy@example.com", &TEXTS[1]);
        assert_eq!(links(&firm.api, &other), json!([]));
        let campaign = log(1, "Bo Summer", "bo@example.com", &format!("To whom it may concern. {}", TEXTS[0]));
        let expected = if campaigns { tie("part_of", &first) } else { json!([]) };
        assert_eq!(links(&firm.api, &campaign), expected);
        // Of the two that it is like, that of the same consumer.
        let again = log(0, "B. Summer", "BO@example.com", &TEXTS[0]);
        assert_eq!(links(&firm.api, &again), tie("duplicate_of", &campaign));

        let path = format!("/v1/complaints/{again}");
        let events = firm.api.get(&format!("{path}/events")).expect(200);
        let [_, linked] = events.data() else { panic!("{}", events.text) };
        assert_eq!(linked["type"], "linked");
        assert_eq!(linked["actor"], json!({ "id": "rule:link_duplicates", "kind": "system" }));
        assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
        let tied = firm.api.get(&format!("/v1/complaints?linked_to={campaign}")).expect(200);
        assert_eq!(tied.data().len(), 1);
        // It is told as any other event.
        let told = || firm.api.get(&format!("{path}/deliveries")).expect(200).data().iter().any(|row| row["seq"] == 2);
        equals(SOON, true, told);
        firm.give(&path, "acknowledge", json!({})).expect(200);
    }
}

#[test]
fn a_rule_links_nothing_below_its_threshold() {
    let [_, left, right] = PAIRS.iter().find(|[label, ..]| label == "template").expect("a template");
    let alike = (similarity(left, right) * 1000.0).round() / 1000.0;
    assert!((0.25..0.99).contains(&alike), "{alike}");
    for (threshold, is_linked) in [(alike, true), (alike + 0.001, false)] {
        let firm = Firm::new();
        firm.rule(json!({ "consumers": "any", "similarity": threshold })).expect(200);
        let first = firm.log(told("Ada Winter", "ada@example.com", left)).id().to_owned();
        let other = firm.log(told("Bo Summer", "bo@example.com", right)).id().to_owned();
        let expected = if is_linked { tie("part_of", &first) } else { json!([]) };
        assert_eq!(links(&firm.api, &other), expected, "{threshold}");
    }
}

#[test]
fn another_tenant_is_never_linked_to() {
    let (mine, theirs) = (Firm::new(), Firm::new());
    mine.rule(json!({ "consumers": "any", "similarity": 0.25 })).expect(200);
    let hidden = theirs.log(told("Ada Winter", "ada@example.com", &TEXTS[0])).id().to_owned();
    let alone = mine.log(told("Ada Winter", "ada@example.com", &TEXTS[0])).id().to_owned();
    assert_eq!((links(&mine.api, &alone), links(&theirs.api, &hidden)), (json!([]), json!([])));
}

#[test]
fn an_import_sets_no_rule_off_and_is_linked_to() {
    let firm = Firm::new();
    firm.rule(json!({ "consumers": "any" })).expect(200);
    let rows: Vec<String> =
        (0..20).map(|n| complaint(told("Ada", &format!("a{n}@example.com"), &TEXTS[0])).to_string()).collect();
    let (imported, _) = import(&firm.api, &unused(), "", NDJSON, &rows.join("\n"));
    let mut imported: Vec<_> = imported.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
    imported.sort();
    let new = firm.log(told("Bo", "bo@example.com", &TEXTS[0])).id().to_owned();
    assert_eq!(links(&firm.api, &new), tie("part_of", &imported[0]));
    for id in &imported {
        assert_eq!(firm.api.get(&format!("/v1/complaints/{id}")).expect(200).body["links"], json!([]));
    }
}

/// A campaign arrives, more than are looked at: all of it is linked to its first.
#[test]
fn a_campaign_is_linked_to_its_first_complaint() {
    let firm = Firm::new();
    firm.rule(json!({ "consumers": "any" })).expect(200);
    let first = firm.log(told("Ada", "ada@example.com", &TEXTS[0])).id().to_owned();
    let api = firm.inner();
    let log = |n: usize| api.post("/v1/complaints", &complaint(told("Bo", &format!("b{n}@example.com"), &TEXTS[0])));
    let all: Vec<String> = (0..70).map(|n| log(n).expect(201).id().to_owned()).collect();
    for id in &all {
        assert_eq!(links(&firm.api, id), tie("part_of", &first));
        assert_eq!(firm.api.get(&format!("/v1/complaints/{id}")).expect(200).version(), 2, "once");
    }
}

/// Messages come again, two at a time even: what is linked is linked once, what a person has undone stays undone, and who
/// is at work on a case is left alone.
#[test]
fn a_repeated_message_links_once_and_never_what_a_person_decided() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({ "shards": [0] }));
    let log = |email: &str| firm.log(told("Ada", email, &TEXTS[0])).id().to_owned();
    let path = |id: &str| format!("/v1/complaints/{id}");
    let first = log("ada@example.com");
    // Logged before there was a rule, so that messages that come again are the first that it sees of them.
    let [anew, untied, locked, last] = ["b", "c", "d", "e"].map(|name| log(&format!("{name}@example.com")));
    for id in [&first, &anew, &untied, &locked, &last] {
        assert_eq!(links(&firm.api, id), json!([]));
    }
    firm.rule(json!({ "consumers": "any" })).expect(200);
    let undone = log("f@example.com");
    assert_eq!(links(&firm.api, &undone), tie("part_of", &first));
    let mine = json!({ "relation": "part_of", "complaint": first });
    let reason = json!({ "relation": "part_of", "complaint": first, "reason": "Another branch." });
    firm.give(&path(&untied), "link", mine).expect(200);
    for id in [&undone, &untied] {
        firm.give(&path(id), "unlink", reason.clone()).expect(200);
    }
    let holder = json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 300 });
    firm.api.call("PUT", &format!("{}/lock", path(&locked))).json(&holder).send().expect(200);
    let before: Vec<String> =
        [&undone, &untied, &locked].map(|id| firm.api.get(&format!("{}/events", path(id))).expect(200).text).into();

    stack.stop();
    {
        let database = database(&state);
        let again = [&undone, &undone, &untied, &locked, &anew, &anew, &anew, &last];
        for (nth, id) in (0_u8..).zip(again) {
            let row = OutboxId::new(Timestamp::from_unix_millis(1_790_000_000_000), &[nth; 10]).to_string();
            let events = json!([{ "seq": 1, "kind": "received" }]);
            let message =
                json!({ "v": 1, "id": row, "tenant": firm.id, "complaint": id, "shard": 0, "events": events });
            let sql = "INSERT INTO outbox (id, tenant_id, message) VALUES (?1, ?2, ?3)";
            database.execute(sql, (row, &firm.id, message.to_string())).expect("the row is new");
        }
    }
    stack.restart().expect("the stack starts again");
    let api = firm.api.at(stack.base_url());
    let links = |id: &str| api.get(&path(id)).expect(200).body["links"].clone();
    // The last one is applied after the others.
    ticking(Duration::from_secs(60), &stack, "the last is linked", || (links(&last) != json!([])).then_some(()));
    assert_eq!((links(&last), links(&anew)), (tie("part_of", &first), tie("part_of", &first)));
    assert_eq!(api.get(&path(&anew)).expect(200).version(), 2, "once");
    for (id, before) in [&undone, &untied, &locked].into_iter().zip(before) {
        assert_eq!(api.get(&format!("{}/events", path(id))).expect(200).text, before);
    }
    stack.tick().expect("cron runs");
    stack.stop();
    assert_eq!(count(&state, "dead_letters"), 0, "nothing was given up");
}
