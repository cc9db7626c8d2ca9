//! Bulk jobs: one command on many complaints, each done once and told of, whatever dies on the way.

use crate::{
    changes::{self, Reader},
    client::{Answer, Client, STACK, unused},
    eventually::within,
    firm::{Firm, complaint, key_for, waits},
    isolation::{NOWHERE, seen},
    own_stack::{count, databases, operator, own_stack, ticking},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use xtask::stack::Stack;

/// A job of some hundred rows takes less on a busy machine.
const IN_THE_END: Duration = Duration::from_secs(120);

/// Asks for a job.
pub(crate) fn ask(api: &Client, action: Value, over: Value) -> Answer {
    api.post("/v1/bulk", &json!({ "action": action, "over": over })).expect(202)
}

pub(crate) fn path(job: &Answer) -> String {
    format!("/v1/bulk/{}", job.id())
}

/// The job once it is over.
pub(crate) fn ended(api: &Client, job: &Answer) -> Value {
    within(IN_THE_END, "the job is over", || over(api, job))
}

fn over(api: &Client, job: &Answer) -> Option<Value> {
    let read = api.get(&path(job)).expect(200).body;
    ["done", "cancelled", "failed"].contains(&read["state"].as_str().expect("a state")).then_some(read)
}

/// The id of a job that is over and has changed nothing.
pub(crate) fn finished(api: &Client) -> String {
    let body = json!({ "action": { "close": {} }, "over": { "complaints": [NOWHERE] }, "dry_run": true });
    let asked = api.post("/v1/bulk", &body).expect(202);
    ended(api, &asked);
    asked.id().to_owned()
}

/// Every row of a job, by complaint.
pub(crate) fn rows(api: &Client, job: &Answer, query: &str) -> BTreeMap<String, Value> {
    let mut rows = BTreeMap::new();
    let mut after = String::new();
    loop {
        let asked = format!("{query}{after}");
        let page = api.get(&format!("{}/rows?{}", path(job), asked.trim_start_matches('&'))).expect(200);
        for row in page.data() {
            let complaint = row["complaint"].as_str().expect("a complaint").to_owned();
            assert_eq!(rows.insert(complaint, row.clone()), None, "a complaint has one row");
        }
        match page.body["next_after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return rows,
        }
    }
}

/// How many rows have which outcome.
fn outcomes(rows: &BTreeMap<String, Value>) -> BTreeMap<&str, usize> {
    let mut counted = BTreeMap::new();
    for row in rows.values() {
        *counted.entry(row["outcome"].as_str().expect("an outcome")).or_default() += 1;
    }
    counted
}

pub(crate) fn counts(job: &Value) -> [u64; 5] {
    ["selected", "done", "succeeded", "skipped", "failed"].map(|name| job["counts"][name].as_u64().expect("a count"))
}

/// Logs so many complaints at the same time, in both slots if there are two.
pub(crate) fn logged(api: &Client, number: usize, slots: u8, members: &Value) -> Vec<String> {
    let (ids, next) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    thread::scope(|threads| {
        for _ in 0..8 {
            let (api, ids, next) = (api.apart(), &ids, &next);
            threads.spawn(move || {
                loop {
                    let nth = next.fetch_add(1, Ordering::SeqCst);
                    if nth >= number {
                        break;
                    }
                    let key = key_for((nth % usize::from(slots)) as u8, slots);
                    let call = api.call("POST", "/v1/complaints").idempotency_key(&key);
                    let logged = call.json(&complaint(members.clone())).send().expect(201);
                    ids.lock().unwrap().push(logged.id().to_owned());
                }
            });
        }
    });
    ids.into_inner().unwrap()
}

fn at(id: &str) -> String {
    format!("/v1/complaints/{id}")
}

pub(crate) fn events(api: &Client, id: &str) -> Vec<Value> {
    api.get(&format!("{}/events?limit=500", at(id))).expect(200).data().to_vec()
}

/// Fails unless each complaint is counted once with what it has.
fn counts_are_exact(api: &Client) {
    let mut found = BTreeMap::<(String, String), u64>::new();
    let (mut query, mut total) = ("limit=200".to_owned(), 0);
    loop {
        let page = api.get(&format!("/v1/complaints?{query}")).expect(200);
        for row in page.data() {
            total += 1;
            for facet in ["state", "product", "assignee"] {
                let nobody = facet == "assignee" && waits(row);
                if let Some(value) = row[facet].as_str().or(nobody.then_some("")) {
                    *found.entry((facet.to_owned(), value.to_owned())).or_default() += 1;
                }
            }
        }
        match page.body["next"].as_str() {
            Some(cursor) => query = format!("limit=200&cursor={cursor}"),
            None => break,
        }
    }
    let counted = api.get("/v1/complaints/counts").expect(200).body;
    assert_eq!(counted["total"], total);
    let of = |facet: &str| counted["data"][facet].as_object().cloned().unwrap_or_default();
    let counted = ["state", "product", "assignee"].into_iter().flat_map(|facet| {
        of(facet).into_iter().map(move |(value, n)| ((facet.to_owned(), value), n.as_u64().expect("a count")))
    });
    assert_eq!(counted.collect::<BTreeMap<_, _>>(), found);
}

#[test]
fn each_action_does_what_its_command_does_once() {
    let firm = Firm::new();
    let ids = logged(&firm.inner(), 12, 2, &json!({ "tags": ["fees", "vip"] }));
    let target = firm.log_in(1, json!({})).id().to_owned();
    let resolve = json!({ "kind": "summary_resolution", "outcome": "upheld", "summary": "Refunded." });
    let steps = [
        (json!({ "assign": { "assignee": "anna", "team": "cards" } }), "assigned"),
        (json!({ "classify": { "product": "mortgage", "severity": "high" } }), "classified"),
        (json!({ "tag": { "add": ["campaign-7", "vip"], "remove": ["fees"] } }), "classified"),
        (json!({ "link": { "relation": "part_of", "complaint": target } }), "linked"),
        (json!({ "close": { "reason": "Refunded to all." } }), "closed"),
    ];
    for (action, kind) in steps {
        let mut versions: BTreeMap<String, u64> = BTreeMap::new();
        for id in &ids {
            if kind == "closed" {
                firm.give(&at(id), "resolve", resolve.clone()).expect(200);
            }
            versions.insert(id.clone(), firm.api.get(&at(id)).expect(200).version());
        }
        let asked = ask(&firm.api, action.clone(), json!({ "complaints": ids }));
        assert_eq!(asked.header("location"), Some(path(&asked).as_str()));
        assert_eq!((asked.text_of("state"), &asked.body["over"]), ("queued", &json!({ "complaints": 12 })));
        assert_eq!(asked.body["action"], action);
        let job = ended(&firm.api, &asked);
        assert_eq!((job["state"].as_str(), counts(&job)), (Some("done"), [12, 12, 12, 0, 0]), "{job}");
        assert!(
            job["asked_at"].as_str() <= job["started_at"].as_str()
                && job["started_at"].as_str() <= job["ended_at"].as_str()
        );
        for (id, row) in rows(&firm.api, &asked, "") {
            let version = versions[&id] + 1;
            assert_eq!(row, json!({ "complaint": id, "outcome": "done", "version": version }));
            let events = events(&firm.api, &id);
            let last = events.last().unwrap();
            assert_eq!((&last["seq"], &last["type"]), (&json!(version), &json!(kind)));
            assert_eq!(last["actor"]["job"], asked.body["id"], "an event says by which job it was made");
            assert_eq!(last["actor"]["id"], asked.body["asked_by"]["id"], "and who asked for that");
        }
        // Asked for once more, there is nothing to do.
        let again = ask(&firm.api, action, json!({ "complaints": ids }));
        assert_eq!(counts(&ended(&firm.api, &again)), [12, 12, 0, 12, 0]);
        for (id, row) in rows(&firm.api, &again, "") {
            assert_eq!(row, json!({ "complaint": id, "outcome": "unchanged", "version": versions[&id] + 1 }));
        }
    }
    for id in &ids {
        let complaint = firm.api.get(&at(id)).expect(200).body;
        assert_eq!(complaint["tags"], json!(["vip", "campaign-7"]));
        assert_eq!((&complaint["assignee"], &complaint["product"]), (&json!("anna"), &json!("mortgage")));
        assert_eq!((&complaint["links"][0]["complaint"], &complaint["state"]), (&json!(target), &json!("closed")));
        assert_eq!(firm.api.get(&format!("{}/verify", at(id))).expect(200).body["valid"], true);
    }
    counts_are_exact(&firm.api);
    let mut feed = Reader::new();
    feed.finish(&firm.api);
    feed.is_whole();
    assert_eq!(feed.seen.iter().filter(|change| change["event"]["actor"]["job"].is_string()).count(), 5 * 12);
    let jobs = firm.api.get("/v1/bulk").expect(200);
    assert_eq!(jobs.data().len(), 10);
    assert!(jobs.data().is_sorted_by(|newer, older| newer["id"].as_str() > older["id"].as_str()), "the newest first");
}

/// Complaints of which each makes another outcome of `close`, and that outcome.
fn one_of_each(firm: &Firm, others: &Firm) -> Vec<(String, &'static str)> {
    let ended = |command: &str, body: Value| {
        let logged = firm.log_in(1, json!({}));
        firm.give(&at(logged.id()), command, body).expect(200);
        logged.id().to_owned()
    };
    let reason = json!({ "reason": "Settled." });
    let [withdrawn, closed, locked] = [(); 3].map(|()| ended("withdraw", reason.clone()));
    firm.give(&at(&closed), "close", json!({})).expect(200);
    let holder = json!({ "holder": { "id": "ben", "name": "Ben Jones" }, "ttl_seconds": 600 });
    firm.api.call("PUT", &format!("{}/lock", at(&locked))).json(&holder).send().expect(200);
    let received = firm.log_in(0, json!({})).id().to_owned();
    let theirs = others.log_in(1, json!({})).id().to_owned();
    vec![
        (withdrawn, "done"),
        (closed, "unchanged"),
        (locked, "locked"),
        (received, "refused"),
        (theirs, "not_found"),
        (NOWHERE.to_owned(), "not_found"),
    ]
}

#[test]
fn a_row_says_what_became_of_it_and_a_dry_run_says_so_before() {
    let (firm, others) = (Firm::new(), Firm::new());
    let expected = one_of_each(&firm, &others);
    let ids: Vec<&String> = expected.iter().map(|(id, _)| id).collect();
    let state = || {
        let complaints: Vec<String> = ids.iter().map(|id| firm.api.get(&at(id)).text).collect();
        (changes::all(&firm.api), firm.api.get("/v1/complaints/counts").expect(200).text, complaints.len())
    };
    let before = state();
    let body = |dry_run: bool| json!({ "action": { "close": {} }, "over": { "complaints": ids }, "dry_run": dry_run });
    let dry = firm.api.post("/v1/bulk", &body(true)).expect(202);
    let dry_job = ended(&firm.api, &dry);
    assert_eq!((&dry_job["dry_run"], counts(&dry_job)), (&json!(true), [6, 6, 1, 1, 4]));
    assert_eq!(state(), before, "a dry run writes nothing");
    let foretold = rows(&firm.api, &dry, "");

    let wet = firm.api.post("/v1/bulk", &body(false)).expect(202);
    assert_eq!(counts(&ended(&firm.api, &wet)), [6, 6, 1, 1, 4]);
    let done = rows(&firm.api, &wet, "");
    for (id, outcome) in &expected {
        let [row, told] = [&done[id], &foretold[id]].map(|row| {
            let mut row = row.clone();
            // It names the turn.
            row["problem"].as_object_mut().map(|problem| problem.remove("request_id"));
            row
        });
        assert_eq!(row["outcome"], *outcome, "{row}");
        match *outcome {
            "done" => {
                assert_eq!((&told["outcome"], &told["version"]), (&json!("would_be_done"), &row["version"]));
                assert_eq!(row["version"], 3);
            }
            _ => assert_eq!(row, told, "a dry run says what will be"),
        }
        match *outcome {
            "refused" => {
                assert_eq!(row["problem"]["code"], "illegal_move");
                assert_eq!(row["problem"]["legal"], firm.api.get(&at(id)).expect(200).body["legal_moves"]);
            }
            "locked" => assert_eq!(row["problem"]["lock"]["holder"]["name"], "Ben Jones"),
            "not_found" => {
                let nowhere = json!({
                    "type": "urn:redress:problem:not_found", "title": "There is no such thing", "status": 404, "code": "not_found"
                });
                assert_eq!(row["problem"], nowhere, "as if it were nobody's");
            }
            _ => assert_eq!(row["problem"], Value::Null),
        }
        let filtered = rows(&firm.api, &wet, &format!("&outcome={outcome}"));
        let alike = expected.iter().filter(|(_, other)| other == outcome).count();
        assert!(filtered.len() == alike && filtered.contains_key(id), "{outcome}: {filtered:?}");
    }
    let mut feed = changes::all(&firm.api);
    assert_eq!(feed.len(), before.0.len() + 1, "one complaint was changed, once");
    assert_eq!(feed.pop().unwrap()["event"]["type"], "closed");
    counts_are_exact(&firm.api);
    assert_eq!(changes::all(&others.api).len(), 1);
}

#[test]
fn a_job_over_a_view_takes_its_filter_as_it_was() {
    let firm = Firm::new();
    let wanted = firm.log_in(1, json!({ "tags": ["fees"] })).id().to_owned();
    firm.log_in(1, json!({ "tags": ["cards"] }));
    let view = firm.view("tag=fees");
    let tag = json!({ "tag": { "add": ["seen"] } });
    let asked = ask(&firm.api, tag.clone(), json!({ "view": view.id() }));
    assert_eq!(asked.body["over"], json!({ "filter": "tag=fees" }));
    let job = ended(&firm.api, &asked);
    assert_eq!((job["state"].as_str(), counts(&job)[0]), (Some("done"), 1));
    assert_eq!(rows(&firm.api, &asked, "").keys().collect::<Vec<_>>(), [&wanted]);

    let other = Firm::new();
    for (api, over) in [(&other.api, json!({ "view": view.id() })), (&firm.api, json!({ "view": NOWHERE }))] {
        let refused = api.post("/v1/bulk", &json!({ "action": tag, "over": over })).problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/over/view"]);
    }
}

#[test]
fn a_filter_is_what_lists_take() {
    let firm = Firm::new();
    let wanted = logged(&firm.inner(), 6, 2, &json!({ "tags": ["fees"], "description": "A refund, please." }));
    logged(&firm.inner(), 4, 2, &json!({ "tags": ["fees"] }));
    logged(&firm.inner(), 4, 2, &json!({ "description": "Where is my refund?" }));
    let listed = |filter: &str| -> BTreeSet<String> {
        let page = firm.api.get(&format!("/v1/complaints?limit=200&{filter}")).expect(200);
        page.data().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    for filter in [
        "tag=fees&q=refu*",
        "tag=fees&state=received&q=%22a+refund%22",
        "received_from=2000-01-01T00:00:00Z",
        "state=received&received_to=2000-01-01T00:00:00Z",
        "tag=nothing",
    ] {
        let asked = ask(&firm.api, json!({ "tag": { "add": ["seen"] } }), json!({ "filter": filter }));
        assert_eq!((&asked.body["over"]["filter"], counts(&asked.body)), (&json!(filter), [0; 5]));
        // Logged later than it was asked for.
        let late = firm.log(json!({ "tags": ["fees"], "description": "A refund, too." }));
        let job = ended(&firm.api, &asked);
        let mut expected = listed(filter);
        expected.retain(|id| {
            firm.api.get(&at(id)).expect(200).body["logged_at"].as_str() <= asked.body["asked_at"].as_str()
        });
        assert!(!expected.contains(late.id()));
        let found = rows(&firm.api, &asked, "");
        assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), expected, "{filter}");
        assert_eq!((job["state"].as_str(), counts(&job)[0]), (Some("done"), expected.len() as u64), "{filter}");
    }
    let tagged = listed("tag=seen");
    assert!(wanted.iter().all(|id| tagged.contains(id)));
    let wide = ask(&firm.api, json!({ "close": {} }), json!({ "filter": "state=closed&q=ref*" }));
    assert_eq!(ended(&firm.api, &wide)["state"], "done");
    counts_are_exact(&firm.api);
}

#[test]
fn a_plan_bounds_the_rows_of_a_job_and_the_jobs_that_are_open() {
    let anything = json!({ "windows": [{ "policy": "minute", "limit": 1_000_000 }], "quotas": [] });
    let firm = Firm::with(json!({ "plan": "sandbox" })).limited(&anything);
    let mut ids = logged(&firm.inner(), 1_005, 2, &json!({}));
    ids.sort();
    let filter = json!({ "filter": "state=received" });
    let tag = json!({ "tag": { "add": ["seen"] } });
    let wide = ask(&firm.api, tag.clone(), filter.clone());
    let failed = ended(&firm.api, &wide);
    assert_eq!((failed["state"].as_str(), failed["failure"]["code"].as_str()), (Some("failed"), Some("too_many_rows")));
    assert!(failed["failure"]["detail"].as_str().unwrap().contains("500"), "it says how many are allowed: {failed}");
    assert_eq!(counts(&failed)[1..], [0; 4]);
    let named = |ids: &[String]| json!({ "action": tag, "over": { "complaints": ids }, "dry_run": true });
    let refused = firm.api.post("/v1/bulk", &named(&ids[..501])).problem(422, "invalid");
    assert_eq!(refused.pointers(), ["/over/complaints"]);
    assert!(refused.body["errors"][0]["detail"].as_str().unwrap().contains("500"));

    // None of them can be over before the last is asked for.
    let body = named(&ids[..500]);
    let answers: Vec<Answer> = thread::scope(|threads| {
        let asked: Vec<_> = (0..5)
            .map(|_| {
                let (api, body) = (firm.inner().apart(), &body);
                threads.spawn(move || api.post("/v1/bulk", body))
            })
            .collect();
        asked.into_iter().map(|asked| asked.join().expect("it asks")).collect()
    });
    let (accepted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 202);
    assert_eq!((accepted.len(), refused.len()), (2, 3), "two are open at the same time");
    for refused in refused {
        assert!(refused.header("retry-after").is_some());
        assert_eq!(refused.problem(429, "quota_exceeded").body["violated-policies"], json!(["open_bulk_jobs"]));
    }
    for job in &accepted {
        assert_eq!(counts(&ended(&firm.api, job)), [500, 500, 500, 0, 0]);
    }

    // A dearer plan, more complaints than a step selects, more rows than a page of a job has.
    let path = format!("/v1/tenants/{}", firm.id);
    let patch = firm.operator.call("PATCH", &path).if_match(2).json(&json!({ "plan": "standard" }));
    patch.send().expect(200);
    let all = within(IN_THE_END, "the plan is in force", || {
        let all = firm.api.post("/v1/bulk", &json!({ "action": tag, "over": filter, "dry_run": true })).expect(202);
        (ended(&firm.api, &all)["state"] == "done").then_some(all)
    });
    assert_eq!(counts(&ended(&firm.api, &all)), [1_005, 1_005, 1_005, 0, 0]);
    let rows = rows(&firm.api, &all, "");
    assert_eq!(rows.keys().collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
    assert!(rows.values().all(|row| row["outcome"] == "would_be_done"));
}

#[test]
fn a_request_that_is_repeated_is_one_job() {
    let firm = Firm::new();
    let ids = logged(&firm.inner(), 10, 2, &json!({}));
    let body = json!({ "action": { "assign": { "assignee": "anna" } }, "over": { "complaints": ids } });
    let key = unused();
    let send = |api: &Client, body: &Value| api.call("POST", "/v1/bulk").idempotency_key(&key).json(body).send();
    let answers: Vec<Answer> = thread::scope(|threads| {
        let asked: Vec<_> = (0..12)
            .map(|_| {
                let (api, body) = (firm.inner().apart(), &body);
                threads.spawn(move || send(&api, body).expect(202))
            })
            .collect();
        asked.into_iter().map(|asked| asked.join().expect("it asks")).collect()
    });
    let first: Vec<_> = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).collect();
    assert_eq!(first.len(), 1, "one of them is the first");
    assert!(answers.iter().all(|answer| answer.text == first[0].text));
    assert_eq!(counts(&ended(&firm.api, first[0])), [10, 10, 10, 0, 0]);
    let late = send(&firm.api, &body).expect(202);
    assert_eq!((late.header("idempotency-replayed"), &late.text), (Some("true"), &first[0].text));
    assert_eq!(late.header("location"), first[0].header("location"));
    let mut other = body;
    other["dry_run"] = json!(true);
    send(&firm.api, &other).problem(422, "idempotency_key_reused");
    assert_eq!(firm.api.get("/v1/bulk").expect(200).data().len(), 1);
    assert!(ids.iter().all(|id| events(&firm.api, id).len() == 2), "each was assigned once");
    // Named twice is meant once.
    let twice: Vec<_> = ids.iter().chain(&ids).collect();
    let again = ask(&firm.api, json!({ "assign": { "assignee": "ben" } }), json!({ "complaints": twice }));
    assert_eq!(counts(&ended(&firm.api, &again)), [10, 10, 10, 0, 0]);
}

#[test]
fn what_cannot_be_asked_is_named() {
    let firm = Firm::new();
    let one = json!({ "complaints": [NOWHERE] });
    let close = json!({ "close": {} });
    for (body, places) in [
        (json!({}), vec!["/action"]),
        (json!({ "action": close, "over": one, "colour": "red" }), vec!["/colour"]),
        (json!({ "action": { "destroy": {} }, "over": one }), vec!["/action/destroy"]),
        (json!({ "action": { "assign": { "assignee": "" } }, "over": one }), vec!["/action/assign/assignee"]),
        (json!({ "action": { "assign": {} }, "over": one }), vec!["/action/assign/assignee"]),
        (json!({ "action": { "classify": {} }, "over": one }), vec!["/action/classify"]),
        (json!({ "action": { "classify": { "product": "pigeons" } }, "over": one }), vec!["/action/classify/product"]),
        (json!({ "action": { "tag": {} }, "over": one }), vec!["/action/tag"]),
        (json!({ "action": { "tag": { "add": ["a"], "remove": ["a"] } }, "over": one }), vec!["/action/tag/remove"]),
        (json!({ "action": close, "over": { "complaints": [] } }), vec!["/over/complaints"]),
        (json!({ "action": close, "over": { "complaints": ["x"] } }), vec!["/over/complaints/0"]),
        (json!({ "action": close, "over": { "complaints": vec![NOWHERE; 5_001] } }), vec!["/over/complaints"]),
        (json!({ "action": close, "over": { "filter": "" } }), vec!["/over/filter"]),
        (json!({ "action": close, "over": { "filter": "state=sold&limit=5" } }), vec!["/over/filter"]),
        (json!({ "action": close, "over": { "filter": "state=closed&limit=5" } }), vec!["/over/filter"]),
        (json!({ "action": close, "over": { "view": "mine" } }), vec!["/over/view"]),
        (json!({ "action": close, "over": { "view": NOWHERE, "filter": "state=closed" } }), vec!["/over"]),
    ] {
        let refused = firm.api.post("/v1/bulk", &body).problem(422, "invalid");
        assert_eq!(refused.pointers(), places, "{body}: {}", refused.text);
    }
    let asked = ask(&firm.api, close, one);
    for (query, name) in
        [("colour=red", "colour"), ("outcome=sold", "outcome"), ("limit=5", "limit"), ("after=x", "after")]
    {
        let refused = firm.api.get(&format!("{}/rows?{query}", path(&asked))).problem(400, "invalid_parameter");
        assert_eq!(refused.pointers(), [name]);
    }
    firm.api.get("/v1/bulk?limit=5").problem(400, "invalid_parameter");
    let reader = firm.key(&["complaints:read"]);
    reader.post("/v1/bulk", &json!({})).problem(403, "forbidden");
    reader.get(&path(&asked)).expect(200);
}

#[test]
fn another_tenants_jobs_are_not_there() {
    let (mine, theirs) = (Firm::new(), Firm::new());
    let hidden_complaint = theirs.log_in(1, json!({}));
    let asked = ask(&theirs.api, json!({ "tag": { "add": ["x"] } }), json!({ "complaints": [hidden_complaint.id()] }));
    ended(&theirs.api, &asked);
    for rest in ["", "/rows", "/rows?outcome=done"] {
        let [hidden, nowhere] = [asked.id(), NOWHERE].map(|id| mine.api.get(&format!("/v1/bulk/{id}{rest}")));
        assert_eq!(seen(&hidden, asked.id()), seen(&nowhere, NOWHERE), "{rest}");
        hidden.problem(404, "not_found");
    }
    let [hidden, nowhere] = [asked.id(), NOWHERE].map(|id| mine.api.post(&format!("/v1/bulk/{id}/cancel"), &json!({})));
    assert_eq!(seen(&hidden, asked.id()), seen(&nowhere, NOWHERE));
    hidden.problem(404, "not_found");
    assert_eq!(mine.api.get("/v1/bulk").expect(200).data().len(), 0);
    // Neither can be reached by one's own job.
    let own = mine.log_in(0, json!({})).id().to_owned();
    for (action, over, outcome) in [
        (json!({ "tag": { "add": ["mine"] } }), vec![hidden_complaint.id()], "not_found"),
        (
            json!({ "link": { "relation": "part_of", "complaint": hidden_complaint.id() } }),
            vec![own.as_str()],
            "refused",
        ),
    ] {
        let job = ask(&mine.api, action, json!({ "complaints": over }));
        ended(&mine.api, &job);
        assert_eq!(outcomes(&rows(&mine.api, &job, "")), [(outcome, 1)].into());
    }
    assert_eq!(events(&theirs.api, hidden_complaint.id()).len(), 2);
}

#[test]
fn a_job_that_is_cancelled_begins_no_row_and_tells_what_was_done() {
    let firm = Firm::new();
    let ids = logged(&firm.inner(), 300, 2, &json!({}));
    let api = firm.inner();
    let (asked, cancelled) = within(IN_THE_END, "a job is stopped in the middle", || {
        let tag = unused();
        let asked = ask(&api, json!({ "tag": { "add": [tag] } }), json!({ "complaints": ids }));
        let begun = || counts(&api.get(&path(&asked)).expect(200).body)[1] > 20;
        within(IN_THE_END, "it has begun", || begun().then_some(()));
        let answer = api.post(&format!("{}/cancel", path(&asked)), &json!({}));
        if answer.status == 409 {
            return None;
        }
        assert!(["cancelling", "cancelled"].contains(&answer.expect(200).text_of("state")));
        // Its turn may have done all before it looked.
        let ended = ended(&api, &asked);
        (counts(&ended)[1] < 300).then(|| (asked.clone(), ended))
    });
    assert_eq!(cancelled["state"], "cancelled");
    let [selected, done, succeeded, ..] = counts(&cancelled);
    assert!(selected == 300 && done == succeeded && (1..300).contains(&done), "{cancelled}");
    let changed = || -> BTreeSet<String> {
        let feed = changes::all(&api);
        let by_job = feed.iter().filter(|change| change["event"]["actor"]["job"] == asked.body["id"]);
        by_job.map(|change| change["complaint"].as_str().unwrap().to_owned()).collect()
    };
    let list = rows(&api, &asked, "");
    assert_eq!(outcomes(&list), [("done", done as usize), ("not_begun", 300 - done as usize)].into());
    let listed: BTreeSet<String> =
        list.iter().filter(|(_, row)| row["outcome"] == "done").map(|(id, _)| id.clone()).collect();
    assert_eq!(listed, changed(), "what was done is listed, and nothing else was");
    assert_eq!(rows(&api, &asked, "&outcome=not_begun").len(), 300 - done as usize);
    assert!(rows(&api, &asked, "&outcome=waiting").is_empty());
    let again = api.post(&format!("{}/cancel", path(&asked)), &json!({})).expect(200);
    assert_eq!(again.body, cancelled, "to stop it once more changes nothing");
    // The rest can be asked for anew.
    let rest = ask(&api, asked.body["action"].clone(), json!({ "complaints": ids }));
    assert_eq!(counts(&ended(&api, &rest)), [300, 300, 300 - done, done, 0]);
    api.post(&format!("{}/cancel", path(&rest)), &json!({})).problem(409, "illegal_move");
    counts_are_exact(&api);
}

#[test]
fn a_job_ends_with_the_key_that_asked_for_it() {
    let firm = Firm::new();
    let ids = logged(&firm.inner(), 400, 2, &json!({}));
    let key = firm.issue(json!({}));
    let api = firm.client(&key).at(&STACK.inner_url);
    let asked = ask(&api, json!({ "tag": { "add": ["seen"] } }), json!({ "complaints": ids }));
    firm.operator.post(&firm.path(&format!("/keys/{}/revoke", key.id())), &json!({})).expect(200);
    let failed = ended(&firm.api, &asked);
    assert_eq!((failed["state"].as_str(), failed["failure"]["code"].as_str()), (Some("failed"), Some("key_ended")));
    let list = rows(&firm.api, &asked, "");
    let done = list.values().filter(|row| row["outcome"] == "done").count();
    assert!(done < 400 && counts(&failed)[1] == done as u64, "{failed}");
    for (id, row) in list {
        let events = if row["outcome"] == "done" { 2 } else { 1 };
        assert_eq!(firm.api.get(&at(&id)).expect(200).version(), events, "{id}");
    }
}

#[test]
fn asking_costs_one_round_trip() {
    let firm = Firm::new();
    let own = firm.log_in(1, json!({}));
    let d1 = |answer: &Answer| {
        let cost = answer.header("redress-cost").expect("the stack of tests says what an answer costs");
        cost.split(';').find_map(|part| part.strip_prefix("d1=")?.parse::<u32>().ok()).expect("a number of calls")
    };
    let asked = ask(&firm.api, json!({ "tag": { "add": ["x"] } }), json!({ "complaints": [own.id()] }));
    ended(&firm.api, &asked);
    let answers = [
        asked.clone(),
        firm.api.get(&path(&asked)).expect(200),
        firm.api.get(&format!("{}/rows", path(&asked))).expect(200),
        firm.api.get("/v1/bulk").expect(200),
    ];
    assert!(answers.iter().all(|answer| d1(answer) == 1));
}

#[test]
fn a_large_job_keeps_no_other_tenant_waiting_for_its_end() {
    let (large, small) = (Firm::new(), Firm::new());
    let [many, few] = [(&large, 600), (&small, 5)].map(|(firm, number)| logged(&firm.inner(), number, 2, &json!({})));
    let tag = json!({ "tag": { "add": ["campaign-7"] } });
    let first = ask(&large.api, tag.clone(), json!({ "complaints": many }));
    let read = || large.api.get(&path(&first)).expect(200).body;
    within(IN_THE_END, "it has begun", || (counts(&read())[1] > 0).then_some(()));
    let second = ask(&small.api, tag, json!({ "complaints": few }));
    assert_eq!(counts(&ended(&small.api, &second)), [5, 5, 5, 0, 0]);
    let meanwhile = read();
    assert!(meanwhile["state"] == "running" && counts(&meanwhile)[1] < 600, "it was over before: {meanwhile}");
    assert_eq!(counts(&ended(&large.api, &first)), [600, 600, 600, 0, 0]);
}

/// Kills the runtime in the middle of a job over all of these, once so many are done, and starts it again.
fn killed_in_the_middle(stack: &mut Stack, firm: &Firm, ids: &[String], done: u64) -> Answer {
    let api = firm.api.at(stack.inner_url());
    let tag = unused();
    let asked = ask(&api, json!({ "tag": { "add": [tag] } }), json!({ "complaints": ids }));
    within(IN_THE_END, "it has begun", || (counts(&api.get(&path(&asked)).expect(200).body)[1] >= done).then_some(()));
    stack.kill();
    stack.restart().expect("the stack starts again on what reached the disk");
    asked
}

#[test]
fn a_job_that_dies_in_the_middle_goes_on_and_does_nothing_twice() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let ids = logged(&firm.api.at(stack.inner_url()), 300, 2, &json!({}));
    let mut jobs = Vec::new();
    for done in [1, 60] {
        let asked = killed_in_the_middle(&mut stack, &firm, &ids, done);
        let api = firm.api.at(stack.inner_url());
        let read = api.get(&path(&asked)).expect(200).body;
        assert!(read["state"] == "running" && counts(&read)[1] < 300, "it died too late: {read}");
        let job = ticking(IN_THE_END, &stack, "cron finds it", || over(&api, &asked));
        assert_eq!((job["state"].as_str(), counts(&job)), (Some("done"), [300, 300, 300, 0, 0]), "{job}");
        jobs.push(asked);
    }
    // Asked to stop right after it died: what was done and not written down is found.
    let asked = killed_in_the_middle(&mut stack, &firm, &ids, 40);
    let api = firm.api.at(stack.inner_url());
    let answer = api.post(&format!("{}/cancel", path(&asked)), &json!({})).expect(200);
    // What was under way is looked for first; between two turns nothing is.
    assert!(["cancelling", "cancelled"].contains(&answer.text_of("state")), "{}", answer.text);
    let job = ticking(IN_THE_END, &stack, "cron finds it", || over(&api, &asked));
    assert_eq!(job["state"], "cancelled");
    let done = counts(&job)[1];
    assert!((40..300).contains(&done), "{job}");

    let mut feed = Reader::new();
    feed.finish(&api);
    feed.is_whole();
    let by = |asked: &Answer| -> BTreeMap<&str, usize> {
        let mut changed = BTreeMap::new();
        for change in feed.seen.iter().filter(|change| change["event"]["actor"]["job"] == asked.body["id"]) {
            *changed.entry(change["complaint"].as_str().unwrap()).or_default() += 1;
        }
        changed
    };
    for asked in &jobs {
        let changed = by(asked);
        assert!(changed.len() == 300 && changed.values().all(|times| *times == 1), "each is changed once");
        assert_eq!(outcomes(&rows(&api, asked, "")), [("done", 300)].into());
    }
    let list = rows(&api, &asked, "&outcome=done");
    assert_eq!(by(&asked).into_keys().collect::<Vec<_>>(), list.keys().collect::<Vec<_>>(), "what was done is listed");
    assert_eq!(feed.seen.len(), 300 + 600 + done as usize);
    counts_are_exact(&api);

    // A tenant that is suspended: its job waits until it is served again.
    let asked = ask(&api, json!({ "assign": { "assignee": "anna" } }), json!({ "complaints": ids }));
    firm_at(&stack, &firm).change("suspend");
    // Whatever was under way has ended with the first restart.
    let [stopped, later] = [(); 2].map(|()| assigned(&mut stack, &state));
    assert!(stopped == later && later < 300, "it went on: {stopped}, then {later}");
    firm_at(&stack, &firm).change("resume");
    let api = firm.api.at(stack.inner_url());
    let job = ticking(IN_THE_END, &stack, "cron finds it", || {
        (api.get(&path(&asked)).status == 200).then(|| over(&api, &asked)).flatten()
    });
    assert_eq!(counts(&job), [300, 300, 300, 0, 0]);
    stack.stop();
    assert_eq!(count(&state, "dead_letters"), 0);
    assert_eq!(count(&state, "bulk_jobs WHERE open = 1"), 0);

    // A job whose turns are lost again and again is given up; once one is over, those of long ago are forgotten.
    let of_2022 = "01800000-0000-7000-8000-000000000000";
    for database in databases(&state) {
        database.execute("UPDATE bulk_jobs SET id = ?2 WHERE id = ?1", [jobs[0].id(), of_2022]).unwrap();
        let lost = "UPDATE bulk_jobs SET open = 1, state = 'running', ended_at = NULL, lost_turns = 20, due_at = 0 WHERE id = ?1";
        database.execute(lost, [asked.id()]).unwrap();
    }
    assert_eq!((count(&state, "bulk_jobs"), count(&state, "bulk_rows")), (4, 1_200));
    stack.restart().expect("the stack starts again");
    let api = firm.api.at(stack.inner_url());
    let job = ticking(IN_THE_END, &stack, "it is given up", || over(&api, &asked));
    assert_eq!((&job["state"], &job["failure"]["code"]), (&json!("failed"), &json!("internal")));
    let old = format!("/v1/bulk/{of_2022}");
    within(IN_THE_END, "it is forgotten", || (api.get(&old).status == 404).then_some(()));
    stack.stop();
    assert_eq!((count(&state, "bulk_jobs"), count(&state, "bulk_rows")), (3, 900));
}

/// The firm as an operator of the stack as it runs now sees it.
fn firm_at(stack: &Stack, firm: &Firm) -> Firm {
    Firm { id: firm.id.clone(), slug: firm.slug.clone(), api: firm.api.clone(), operator: operator(stack) }
}

/// How many complaints have an assignee after a tick, found while the stack does not run.
fn assigned(stack: &mut Stack, state: &Path) -> usize {
    stack.tick().expect("cron runs");
    stack.stop();
    let assigned = count(state, "complaints WHERE doc ->> 'assignee' = 'anna'");
    stack.restart().expect("the stack starts again");
    assigned
}
