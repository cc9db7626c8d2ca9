//! Tenants whose complaints lie in two databases: to the tenant it is one.

use crate::{
    client::{Answer, Client, unused},
    clocks::{band, counted},
    eventually::within,
    firm::{Firm, command_body, complaint, key_for, position, waits},
    own_stack::{databases, operator, own_stack},
};
use serde_json::{Value, json};
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::Barrier,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A change of a tenant takes effect within this time.
const SOON: Duration = Duration::from_secs(10);

fn slot(id: &str) -> u8 {
    u8::from_str_radix(&id[id.len() - 2..], 16).expect("an id ends with a number") & 31
}

fn create(api: &Client, key: &str, members: Value) -> Answer {
    api.call("POST", "/v1/complaints").idempotency_key(key).json(&complaint(members)).send()
}

fn path(logged: &Answer) -> String {
    format!("/v1/complaints/{}", logged.id())
}

fn d1_calls(answer: &Answer) -> u32 {
    let cost = answer.header("redress-cost").expect("the stack of tests says what an answer costs");
    cost.split(';').find_map(|part| part.strip_prefix("d1=")?.parse().ok()).expect("a number of calls")
}

/// All that a list shows, from the first page on, and then from the last one back.
fn walk(api: &Client, filters: &str) -> (Vec<String>, Vec<String>) {
    let ids = |page: &Answer| -> Vec<String> {
        page.data().iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let turn = |cursor: &str| api.get(&format!("/v1/complaints?limit=3&{filters}&cursor={cursor}")).expect(200);
    let mut page = api.get(&format!("/v1/complaints?limit=3&{filters}")).expect(200);
    assert_eq!(page.body["prev"], Value::Null, "the first page is the first");
    let mut forth = ids(&page);
    while let Some(next) = page.body["next"].as_str() {
        assert_eq!((&page.body["has_more"], page.data().len()), (&json!(true), 3));
        page = turn(next);
        forth.extend(ids(&page));
    }
    assert_eq!(page.body["has_more"], false);
    let mut back = ids(&page);
    while let Some(prev) = page.body["prev"].as_str() {
        page = turn(prev);
        back.splice(0..0, ids(&page));
    }
    (forth, back)
}

#[test]
fn complaints_of_two_shards_are_one_list() {
    let firm = Firm::new();
    let mut logged: Vec<(String, String, usize)> = (0..17)
        .map(|number: usize| {
            // Some were received at the same moment.
            let received_at = format!("2026-01-0{}T09:00:00.000Z", 1 + number % 4);
            let tag = ["fees", "cards"][number % 2];
            let answer =
                firm.log_in(u8::from(number.is_multiple_of(3)), json!({ "received_at": received_at, "tags": [tag] }));
            (received_at, answer.id().to_owned(), number)
        })
        .collect();
    assert!([0, 1].iter().all(|wanted| logged.iter().any(|(_, id, _)| slot(id) == *wanted)));
    logged.sort_by_key(|(received_at, id, _)| Reverse(position(received_at, id)));
    let of = |kept: &dyn Fn(&(String, String, usize)) -> bool| -> Vec<String> {
        logged.iter().filter(|row| kept(row)).map(|(_, id, _)| id.clone()).collect()
    };
    for (filters, expected) in [
        ("", of(&|_| true)),
        ("tag=fees", of(&|(_, _, number)| number % 2 == 0)),
        ("tag=cards&state=received&channel=web", of(&|(_, _, number)| number % 2 == 1)),
        (
            "received_from=2026-01-02T00:00:00Z&received_to=2026-01-04T00:00:00Z",
            of(&|(at, _, _)| at.contains("-02T") || at.contains("-03T")),
        ),
        ("state=closed", Vec::new()),
    ] {
        assert_eq!(walk(&firm.api, filters), (expected.clone(), expected), "{filters}");
    }
    // What comes in meanwhile is newer, and is met on the way back only.
    let page = firm.api.get("/v1/complaints?limit=17").expect(200);
    let late = firm.log_in(1, json!({}));
    assert_eq!(page.body["next"], Value::Null);
    let newest = firm.api.get("/v1/complaints?limit=1").expect(200);
    assert_eq!(newest.data()[0]["id"], late.id());
    assert_eq!(d1_calls(&newest), 2, "each shard is asked once");
}

#[test]
fn a_complaint_is_found_on_whichever_shard_it_lies() {
    let firm = Firm::new();
    for wanted in [0, 1] {
        let external = format!("CRM-{wanted}");
        let logged = firm.log_in(wanted, json!({ "external_reference": external }));
        assert_eq!(slot(logged.id()), wanted);
        assert_eq!(firm.api.get(&path(&logged)).expect(200).text, logged.text);
        assert_eq!(d1_calls(&logged), 1 + u32::from(wanted == 1), "a reference is claimed where they are kept");
        let reference = logged.text_of("reference");
        let by_external = format!("external_reference={external}");
        for (query, calls) in [(format!("reference={reference}"), 1), (by_external, 1 + u32::from(wanted == 1))] {
            let found = firm.api.get(&format!("/v1/complaints?{query}")).expect(200);
            assert_eq!((found.data().len(), d1_calls(&found)), (1, calls), "{query}");
            assert_eq!(found.data()[0]["id"], logged.id(), "{query}");
        }
    }
    // A shard that the tenant does not have holds nothing of it.
    let small = Firm::small();
    let elsewhere = firm.log_in(1, json!({}));
    small.api.get(&path(&elsewhere)).problem(404, "not_found");
    let found = small.api.get(&format!("/v1/complaints?reference={}", elsewhere.text_of("reference"))).expect(200);
    assert_eq!((found.data().len(), d1_calls(&found)), (0, 0));
}

#[test]
fn counts_are_exact_whatever_is_done_at_once() {
    let firm = Firm::new();
    let empty = firm.api.get("/v1/complaints/counts").expect(200);
    assert_eq!(empty.body, json!({ "data": {}, "total": 0 }));
    let paths: Vec<String> = (0..12).map(|_| firm.logged()).collect();
    let commands = [
        "acknowledge",
        "investigate",
        "assign",
        "withdraw",
        "reopen",
        "classify",
        "note",
        "propose-response",
        "resolve",
        "close",
    ];
    let api = firm.inner();
    std::thread::scope(|threads| {
        for thread in 0..6_usize {
            let (api, paths) = (api.apart(), &paths);
            threads.spawn(move || {
                for step in 0..20 {
                    // Different threads meet at the same complaint, with commands that are legal or are not.
                    let path = &paths[(thread / 2 * 5 + step * 7) % paths.len()];
                    let command = commands[(thread * 3 + step * 5) % commands.len()];
                    let version = api.get(path).expect(200).version();
                    let body = match command {
                        "assign" => json!({ "assignee": format!("agent-{}", step % 3), "team": (step % 2 == 0).then_some("cards") }),
                        "classify" => json!({ "product": (["mortgage", "credit_card"][step % 2]) }),
                        _ => command_body(command, ""),
                    };
                    let answer = api.post_on(version, &format!("{path}/{command}"), &body);
                    assert!([200, 409, 412].contains(&answer.status), "{command}: {}", answer.text);
                    if step % 8 == 0 {
                        api.post("/v1/complaints", &complaint(json!({}))).expect(201);
                    }
                }
            });
        }
    });
    let mut recounted = BTreeMap::<&str, BTreeMap<String, u64>>::new();
    let page = firm.api.get("/v1/complaints?limit=200").expect(200);
    assert_eq!(page.body["has_more"], false);
    let mut due = Vec::new();
    for row in page.data() {
        let whole = firm.api.get(&format!("/v1/complaints/{}", row["id"].as_str().expect("an id"))).expect(200);
        due.extend(row["due"]["on"].as_str().map(str::to_owned));
        for facet in ["state", "product", "assignee", "team"] {
            let nobody = facet == "assignee" && waits(&whole.body);
            let value = whole.body[facet].as_str().or(nobody.then_some("")).map(str::to_owned);
            value.into_iter().for_each(|value| *recounted.entry(facet).or_default().entry(value).or_default() += 1);
        }
    }
    let (counts, today) = counted(&firm.api);
    for day in due {
        *recounted.entry("due").or_default().entry(band(&day, today)).or_default() += 1;
    }
    assert!(recounted["state"].len() > 2 && recounted.len() == 5, "{recounted:?}");
    assert_eq!(counts.body, json!({ "data": recounted, "total": page.data().len() }));
    assert_eq!(d1_calls(&counts), 2);
    firm.api.get("/v1/complaints/counts?state=received").problem(400, "invalid_parameter");
}

#[test]
fn an_external_reference_is_won_once_on_all_shards() {
    let firm = Firm::new();
    let api = firm.inner();
    for round in 0..6 {
        let external = format!("CRM-{round}");
        let barrier = Barrier::new(16);
        let answers: Vec<Answer> = std::thread::scope(|threads| {
            let running: Vec<_> = (0..16)
                .map(|thread| {
                    let (api, barrier, external) = (api.apart(), &barrier, &external);
                    threads.spawn(move || {
                        let key = key_for(u8::from(thread % 2 == 0), 2);
                        barrier.wait();
                        create(&api, &key, json!({ "external_reference": external }))
                    })
                })
                .collect();
            running.into_iter().map(|thread| thread.join().expect("it is answered")).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!(won.len(), 1, "one of them has it");
        for lost in lost {
            lost.problem(409, "already_taken");
        }
        let found = firm.api.get(&format!("/v1/complaints?external_reference={external}")).expect(200);
        assert_eq!(found.data()[0]["id"], won[0].id());
    }
    assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 6);
}

/// Duplicates of a request claim for each other, and none is left with what the others logged.
#[test]
fn duplicates_that_claim_at_once_log_one_complaint() {
    let firm = Firm::new();
    let api = firm.inner();
    for round in 0..4 {
        let (key, external) = (key_for(1, 2), format!("CRM-{round}"));
        let barrier = Barrier::new(12);
        let texts: Vec<String> = std::thread::scope(|threads| {
            let running: Vec<_> = (0..12)
                .map(|_| {
                    let (api, barrier, key, external) = (api.apart(), &barrier, &key, &external);
                    threads.spawn(move || {
                        barrier.wait();
                        create(&api, key, json!({ "external_reference": external })).expect(201).text
                    })
                })
                .collect();
            running.into_iter().map(|thread| thread.join().expect("it is answered")).collect()
        });
        assert!(texts.iter().all(|text| *text == texts[0]), "one answer for all");
        let found = firm.api.get(&format!("/v1/complaints?external_reference={external}")).expect(200);
        assert_eq!(found.data().len(), 1, "the reference leads to it");
    }
    assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 4);
}

#[test]
fn a_corrected_external_reference_is_free_at_once_and_only_then() {
    let firm = Firm::new();
    let set = |external: Value| json!({ "reason": "From the CRM.", "set": { "external_reference": external } });
    for first in [0, 1] {
        let (one, other) = (firm.log_in(first, json!({})), firm.log_in(1 - first, json!({})));
        let (one, other) = (path(&one), path(&other));
        let [a, b] = ["A", "B"].map(|name| json!(format!("{name}-{first}")));
        let has = |name: &Value| {
            let found =
                firm.api.get(&format!("/v1/complaints?external_reference={}", name.as_str().unwrap())).expect(200);
            found.data().first().map(|row| format!("/v1/complaints/{}", row["id"].as_str().unwrap()))
        };
        firm.give(&one, "correct", set(a.clone())).expect(200);
        firm.give(&other, "correct", set(a.clone())).problem(409, "already_taken");
        firm.give(&one, "correct", set(b.clone())).expect(200);
        assert_eq!((has(&a), has(&b)), (None, Some(one.clone())));
        firm.give(&other, "correct", set(a.clone())).expect(200);
        firm.give(&one, "correct", set(a.clone())).problem(409, "already_taken");
        firm.give(&other, "correct", set(Value::Null)).expect(200);
        firm.give(&one, "correct", set(a.clone())).expect(200);
        // A correction of something else leaves it alone.
        firm.give(&one, "correct", json!({ "reason": "Misheard.", "set": { "channel": "phone" } })).expect(200);
        assert_eq!((has(&a), has(&b)), (Some(one.clone()), None));
        firm.log(json!({ "external_reference": b }));
        assert_eq!(firm.api.post("/v1/complaints", &complaint(json!({ "external_reference": a }))).status, 409);
    }
}

#[test]
fn complaints_of_different_shards_can_be_tied() {
    let firm = Firm::new();
    let (here, there) = (firm.log_in(0, json!({})), firm.log_in(1, json!({})));
    let nowhere = "018bcfe5-6800-7303-8303-030303030301";
    assert_eq!(slot(nowhere), 1);
    let link = |from: &Answer, to: &str| firm.give(&path(from), "link", command_body("link", to));
    assert_eq!(link(&here, nowhere).problem(422, "invalid").pointers(), ["/complaint"]);
    assert_eq!(link(&here, "018bcfe5-6800-7303-8303-03030303031f").problem(422, "invalid").pointers(), ["/complaint"]);
    let tied = link(&here, there.id()).expect(200);
    assert_eq!(tied.body["links"][0]["complaint"], there.id());
    assert_eq!(d1_calls(&tied), 3);
    let back = link(&there, here.id()).problem(422, "invalid");
    assert!(back.text.contains("already links to this complaint"), "{}", back.text);
    let listed = firm.api.get(&format!("/v1/complaints?linked_to={}", there.id())).expect(200);
    assert_eq!(listed.data()[0]["id"], here.id());
}

#[test]
fn a_tenant_grows_and_every_request_is_still_known() {
    let firm = Firm::small();
    let keys: Vec<String> = (0..24).map(|number| key_for(number % 2, 2)).collect();
    let members = |key: &str| json!({ "external_reference": key });
    let logged: Vec<Answer> = keys.iter().map(|key| create(&firm.api, key, members(key)).expect(201)).collect();
    assert!(logged.iter().all(|answer| slot(answer.id()) == 0));

    let shards = format!("/v1/tenants/{}/shards", firm.id);
    let add = |version: u64, body: Value| firm.operator.post_on(version, &shards, &body);
    assert_eq!(add(1, json!({ "shard": 9 })).problem(422, "invalid").pointers(), ["/shard"]);
    assert_eq!(add(1, json!({})).problem(422, "invalid").pointers(), ["/shard"]);
    add(2, json!({ "shard": 1 })).problem(412, "precondition_failed");
    firm.operator.post(&shards, &json!({ "shard": 1 })).problem(428, "precondition_required");
    firm.api.post_on(1, &shards, &json!({ "shard": 1 })).problem(403, "forbidden");
    let key = unused();
    let grow = || firm.operator.call("POST", &shards).idempotency_key(&key).if_match(1).json(&json!({ "shard": 1 }));
    let grown = grow().send().expect(200);
    assert_eq!((&grown.body["shards"], &grown.body["founded_with"]), (&json!([0, 1]), &json!(1)));
    let again = grow().send().expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &grown.text));

    within(SOON, "new complaints reach the new shard", || {
        let logged = create(&firm.api, &key_for(1, 2), json!({})).expect(201);
        (slot(logged.id()) == 1).then_some(())
    });
    for (key, first) in keys.iter().zip(&logged) {
        let again = create(&firm.api, key, members(key)).expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
        create(&firm.api, key, json!({ "channel": "phone" })).problem(422, "idempotency_key_reused");
        assert_eq!(firm.api.get(&path(first)).expect(200).text, first.text);
    }
    // The first shard's own keys are looked for nowhere else.
    let known = create(&firm.api, &key_for(0, 2), json!({})).expect(201);
    assert_eq!(d1_calls(&known), 1);
    assert_eq!(d1_calls(&create(&firm.api, &key_for(1, 2), json!({})).expect(201)), 2);
}

#[test]
fn answers_say_what_was_seen_and_reads_are_no_older() {
    let firm = Firm::new();
    let (here, there) = (firm.log_in(0, json!({})), firm.log_in(1, json!({})));
    let bookmark = |answer: &Answer| answer.header("redress-bookmark").expect("a tenant's answer has it").to_owned();
    let shards = |bookmark: &str| -> Vec<String> {
        let (_, list) = bookmark.split_once('/').expect("a cell");
        list.split(',').map(|part| part.split_once(':').expect("a shard").0.to_owned()).collect()
    };
    assert_eq!((shards(&bookmark(&here)), shards(&bookmark(&there))), (vec!["0".to_owned()], vec!["1".to_owned()]));
    let get = |path: &str, bookmark: &str| firm.api.call("GET", path).header("redress-bookmark", bookmark).send();
    let both = get(&path(&there), &bookmark(&here)).expect(200);
    assert_eq!(shards(&bookmark(&both)), ["0", "1"], "the last answer's is enough");
    assert_eq!(shards(&bookmark(&firm.api.get("/v1/complaints").expect(200))), ["0", "1"]);
    let mut last = bookmark(&both);
    for number in 0..5 {
        let logged = firm.log(json!({ "tags": [format!("n{number}")] }));
        last = bookmark(&get(&path(&logged), &last).expect(200));
        let listed = get(&format!("/v1/complaints?tag=n{number}"), &bookmark(&logged)).expect(200);
        assert_eq!(listed.data().len(), 1);
    }
    // Of a shard that is not the tenant's, nothing is taken over.
    let small = Firm::small();
    let call =
        small.api.call("GET", "/v1/complaints").header("redress-bookmark", &format!("{last},7:{}", "f".repeat(9)));
    assert_eq!(shards(&bookmark(&call.send().expect(200))), ["0"]);
    let (cell, _) = last.split_once('/').expect("a cell");
    for wrong in ["", "x", "0:", "0:a b", "-1:a", "0:a,,1:b", &"0:a,".repeat(2000)] {
        let refused = get(&path(&here), &format!("{cell}/{wrong}")).problem(400, "invalid_header");
        assert_eq!(refused.pointers(), ["Redress-Bookmark"], "{wrong}");
    }
    get(&path(&here), "0:a").problem(400, "invalid_header");
    // What was seen in another cell says nothing of this one's shards.
    let elsewhere = get(&path(&here), "elsewhere/0:ffffffff-ffffffff-ffffffff-ffffffffffffffffffffffffffffffff");
    assert_eq!(shards(&bookmark(&elsewhere.expect(200))), ["0"]);
    assert!(bookmark(&here).starts_with(&format!("{cell}/")));
    assert_eq!(firm.operator.get("/v1/tenants").expect(200).header("redress-bookmark"), None);
}

/// A row put there while the stack is stopped stands for a move that has begun, or a request that died.
#[test]
fn a_held_tenant_is_read_and_not_written() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let other = Firm::on(&operator(&stack), json!({}));
    let logged = [0, 1].map(|slot| firm.log_in(slot, json!({})));
    let feed = firm.api.get("/v1/changes").expect(200);
    let late = firm.log_in(1, json!({}));
    stack.stop();
    for database in databases(&state) {
        database.execute("INSERT INTO tenant_holds (tenant_id, reason) VALUES (?1, 'moving')", [&firm.id]).unwrap();
    }
    stack.restart().expect("the stack starts again");
    let (api, other) = (firm.api.at(stack.base_url()), other.api.at(stack.base_url()));
    let keys = [key_for(0, 2), key_for(1, 2), key_for(1, 2)];
    let bodies = [json!({}), json!({}), json!({ "external_reference": "CRM-1" })];
    for (key, body) in keys.iter().zip(&bodies) {
        let refused = create(&api, key, body.clone()).problem(503, "unavailable");
        assert!(refused.header("retry-after").is_some() && refused.body["detail"].is_string());
    }
    for logged in &logged {
        api.post_on(1, &format!("{}/acknowledge", path(logged)), &json!({})).problem(503, "unavailable");
        assert_eq!(api.get(&path(logged)).expect(200).text, logged.text);
    }
    assert_eq!(api.get("/v1/complaints").expect(200).data().len(), 3);
    assert_eq!(api.get("/v1/changes").expect(200).text, feed.text, "nothing gets a number meanwhile");
    create(&other, &unused(), json!({ "external_reference": "CRM-1" })).expect(201);
    stack.stop();
    for database in databases(&state) {
        database.execute("DELETE FROM tenant_holds WHERE tenant_id = ?1", [&firm.id]).unwrap();
    }
    stack.restart().expect("the stack starts again");
    let api = firm.api.at(stack.base_url());
    assert_eq!(api.get("/v1/complaints/counts").expect(200).body["total"], 3, "nothing of it was done");
    let rest = api.get(&format!("/v1/changes?since={}", feed.text_of("next"))).expect(200);
    assert_eq!((rest.data().len(), &rest.data()[0]["complaint"]), (1, &json!(late.id())));
    for (key, body) in keys.iter().zip(&bodies) {
        let logged = create(&api, key, body.clone()).expect(201);
        assert_eq!(logged.header("idempotency-replayed"), None);
    }
    api.post_on(1, &format!("{}/acknowledge", path(&logged[1])), &json!({})).expect(200);
}

#[test]
fn a_claim_that_came_to_nothing_is_taken_over() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let left = firm.log_in(1, json!({}));
    let holds = firm.log_in(1, json!({ "external_reference": "HELD" }));
    stack.stop();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let begun = "018bcfe5-6800-7303-8303-030303030301";
    let mine = key_for(1, 2);
    for database in databases(&state) {
        let claim = |reference: &str, complaint: &str, by: &str, age: i64| {
            let sql = "INSERT OR REPLACE INTO external_references VALUES (?1, ?2, ?3, ?4, ?5)";
            database.execute(sql, (&firm.id, reference, complaint, by, now - age)).unwrap();
        };
        claim("NEW", begun, "somebody", 0);
        claim("OLD-0", begun, "somebody", 120_000);
        claim("OLD-1", begun, "somebody", 120_000);
        claim("LEFT", left.id(), "somebody", 120_000);
        claim("HELD", holds.id(), "somebody", 120_000);
        claim("MINE", begun, &mine, 0);
    }
    stack.restart().expect("the stack starts again");
    let api = firm.api.at(stack.base_url());
    let take = |slot: u8, external: &str| create(&api, &key_for(slot, 2), json!({ "external_reference": external }));
    for slot in [0, 1] {
        take(slot, "NEW").problem(409, "already_taken");
        take(slot, "HELD").problem(409, "already_taken");
        let taken = take(slot, &format!("OLD-{slot}")).expect(201);
        let found = api.get(&format!("/v1/complaints?external_reference=OLD-{slot}")).expect(200);
        assert_eq!(found.data()[0]["id"], taken.id());
        take(1 - slot, &format!("OLD-{slot}")).problem(409, "already_taken");
    }
    take(0, "LEFT").expect(201);
    let correction = json!({ "reason": "From the CRM.", "set": { "external_reference": "LEFT" } });
    api.post_on(1, &format!("{}/correct", path(&left)), &correction).problem(409, "already_taken");
    let gone_on_with = create(&api, &mine, json!({ "external_reference": "MINE" })).expect(201);
    assert_eq!(gone_on_with.id(), begun, "an earlier attempt had begun to log it");
}
