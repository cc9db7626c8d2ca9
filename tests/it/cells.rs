//! Two cells side by side: whichever is asked, a firm's home answers; and a home that is gone holds up nobody else.

use crate::{
    client::{Answer, Client, unused},
    eventually::within,
    export::exported,
    firm::{Firm, complaint},
    import::{NDJSON, import, rows},
    isolation::NOWHERE,
    keys::{named, record, seed_of},
    matrix,
    signatures::Signer,
};
use serde_json::json;
use shared::sign::api_key::{CellKeys, KeyRing, public_key};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use xtask::{
    cells::Cells,
    stack::{Options, Stack},
};

/// A name, and what fails if it is not so.
type Trial = (&'static str, fn(&Cells));

/// What is tried on the same two cells, for they take a while to start.
const TRIALS: [Trial; 13] = [
    ("everybody may do what the table says and nothing else", matrix::everybody_may_do_what_the_table_says),
    ("reads are answered by the home", reads_are_answered_by_the_home),
    ("writes are done by the home once", writes_are_done_by_the_home_once),
    ("an operator may ask any cell", an_operator_may_ask_any_cell),
    ("a trace goes on and the home answers for it", a_trace_goes_on_and_the_home_answers_for_it),
    ("a large body arrives whole", a_large_body_arrives_whole),
    ("files come in and go out through any cell", files_come_in_and_go_out_through_any_cell),
    ("what says that it was forwarded goes no further", what_says_that_it_was_forwarded_goes_no_further),
    ("a firm's limits count at home and once", a_firms_limits_count_at_home_and_once),
    ("a slug is one tenant's in all cells", a_slug_is_one_tenants_in_all_cells),
    ("a tenant is made in the cell that is asked", a_tenant_is_made_in_the_cell_that_is_asked),
    ("signatures and addresses are checked at home", signatures_and_addresses_are_checked_at_home),
    ("a cell vouches for itself alone", a_cell_vouches_for_itself_alone),
];

/// How much of why one failed is said again in the end, in characters.
const SAID: usize = 2_000;

/// All of it, also after some of it has failed; then what is left when one of the two is halted and killed.
#[test]
fn two_cells_are_one_service() {
    let options = Options::temporary().var("EXPOSE_COST", "1");
    let mut cells = Cells::start(&["eu", "us"], options).expect("two cells start");
    // One after the other: the first to touch the local directory makes its file, and whoever looks meanwhile fails.
    for stack in cells.all() {
        operator(stack).get("/readyz").expect(200);
    }
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((what, try_it)) = TRIALS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    let tried = catch_unwind(AssertUnwindSafe(|| try_it(&cells)));
                    println!("{what}: {}, {:?}", if tried.is_ok() { "ok" } else { "FAILED" }, begun.elapsed());
                    if let Err(panic) = tried {
                        let said = panic.downcast_ref::<String>().map_or("", String::as_str).chars().take(SAID);
                        let said = format!("{what}: {}", said.collect::<String>());
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(said);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !failed.is_empty() {
        cells.all().iter().for_each(print_faults);
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    a_home_that_does_not_answer_holds_up_nobody_else(&mut cells);
}

/// What a cell has logged that went wrong.
fn print_faults(stack: &Stack) {
    let log = fs::read_to_string(stack.log()).unwrap_or_default();
    let faults = log.lines().filter(|line| line.contains("\"level\":\"error\"") || line.contains("rror:"));
    faults.for_each(|line| println!("{}: {line}", stack.cell()));
}

pub(crate) fn operator(stack: &Stack) -> Client {
    Client::new(stack.base_url(), Some(stack.operator_key()))
}

/// A firm at home in eu, and what its clients are when they ask us.
struct Abroad {
    firm: Firm,
    away: Client,
    operator_away: Client,
    /// The addresses of its home and of us.
    eu: String,
    us: String,
}

impl Abroad {
    fn new(cells: &Cells) -> Self {
        let firm = Firm::on(&operator(cells.cell("eu")), json!({}));
        let [eu, us] = ["eu", "us"].map(|cell| cells.cell(cell).base_url().to_owned());
        let (away, operator_away) = (firm.api.at(&us), firm.operator.at(&us));
        Self { firm, away, operator_away, eu, us }
    }
}

/// The names of the headers that an answer has, but for those of the connection.
fn names(answer: &Answer) -> Vec<&str> {
    let of_connection = ["date", "connection", "keep-alive", "transfer-encoding", "content-length"];
    let mut names: Vec<_> = answer.headers.keys().map(|name| name.as_str()).collect();
    names.retain(|name| !of_connection.contains(name));
    names.sort_unstable();
    names.dedup();
    names
}

/// The body without what differs between two askings of the same.
fn lasting(answer: &Answer) -> String {
    let own = ["request_id", "exported_at"].into_iter().filter_map(|name| answer.body[name].as_str());
    own.fold(answer.text.clone(), |text, own| text.replace(own, ""))
}

/// Fails unless both say the same in the same way.
#[track_caller]
fn same(what: &str, home: &Answer, away: &Answer) {
    assert_eq!(away.status, home.status, "{what}: {}", away.text);
    assert_eq!(lasting(away), lasting(home), "{what}");
    assert_eq!(names(away), names(home), "{what}");
    for name in ["content-type", "etag", "location", "cache-control", "allow", "www-authenticate", "ratelimit-policy"] {
        assert_eq!(away.header(name), home.header(name), "{what}");
    }
}

fn reads_are_answered_by_the_home(cells: &Cells) {
    let Abroad { firm, away, us, .. } = Abroad::new(cells);
    let path = firm.logged();
    firm.give(&path, "note", json!({ "text": "Called the branch." })).expect(200);
    for _ in 0..3 {
        firm.logged();
    }
    let meter = firm.key(&["usage:read"]);
    let asked = [
        (path.clone(), 200),
        (format!("{path}?at=2999-01-01T00:00:00Z"), 200),
        (format!("{path}/events"), 200),
        (format!("{path}/events?after=1&limit=1"), 200),
        (format!("{path}/verify"), 200),
        (format!("{path}/case-file"), 200),
        ("/v1/complaints?state=received".to_owned(), 200),
        ("/v1/complaints/counts".to_owned(), 200),
        ("/v1/changes?limit=2".to_owned(), 200),
        ("/v1/changes?since=AAAA".to_owned(), 400),
        (format!("/v1/complaints/{NOWHERE}"), 404),
        ("/v1/complaints/nonsense".to_owned(), 404),
        ("/v1/complaints?limit=0".to_owned(), 400),
        ("/v1/complaints?cursor=AAAA".to_owned(), 400),
        ("/v1/usage".to_owned(), 403),
        ("/v1/tenants".to_owned(), 403),
        ("/v1/nothing".to_owned(), 404),
    ];
    for (path, status) in asked {
        let (home, away) = (firm.api.get(&path).expect(status), away.get(&path).expect(status));
        same(&path, &home, &away);
        assert_eq!(away.header("redress-bookmark").is_some(), home.header("redress-bookmark").is_some());
        if status == 200 {
            assert!(away.header("ratelimit").is_some() && away.header("redress-bookmark").is_some(), "{path}");
        }
    }
    let usage = meter.at(&us).get("/v1/usage").expect(200);
    assert_eq!(names(&usage), names(&meter.get("/v1/usage").expect(200)));
    // A page that one cell began, the other goes on with.
    let first = away.get("/v1/complaints?limit=2").expect(200);
    let next = format!("/v1/complaints?limit=2&cursor={}", first.text_of("next"));
    same("the next page", &firm.api.get(&next).expect(200), &away.get(&next).expect(200));
    assert_eq!(first.header("link").map(|link| link.contains("rel=\"next\"")), Some(true));
    // What was seen at one is seen at the other.
    let bookmark = first.header("redress-bookmark").expect("a bookmark").to_owned();
    away.call("GET", &path).header("redress-bookmark", &bookmark).send().expect(200);
    away.call("GET", &path).header("redress-bookmark", "x y z").send().problem(400, "invalid_header");
    // Whoever waits elsewhere is answered before the cell that was asked gives up.
    let end = away.get("/v1/changes?since=latest").expect(200).text_of("next").to_owned();
    let begun = Instant::now();
    let nothing = away.get(&format!("/v1/changes?wait=20&since={end}")).expect(200);
    assert_eq!((nothing.data().len(), nothing.text_of("next")), (0, end.as_str()));
    assert!((3..5).contains(&begun.elapsed().as_secs()), "waited {:?}", begun.elapsed());
    let head = away.call("HEAD", &path).send().expect(200);
    assert_eq!((head.text.as_str(), head.version()), ("", 2));
}

fn writes_are_done_by_the_home_once(cells: &Cells) {
    let Abroad { firm, away, .. } = Abroad::new(cells);
    let body = complaint(json!({ "external_reference": "CRM-1" }));
    let key = unused();
    let log =
        |client: &Client| client.call("POST", "/v1/complaints").idempotency_key(&key).json(&body).send().expect(201);
    let logged = log(&away);
    let path = logged.header("location").expect("a location").to_owned();
    assert_eq!((path.as_str(), logged.version()), (format!("/v1/complaints/{}", logged.id()).as_str(), 1));
    for name in ["ratelimit", "ratelimit-policy", "redress-bookmark", "redress-cost"] {
        assert!(logged.header(name).is_some(), "{name}");
    }
    for client in [&firm.api, &away] {
        let again = log(client);
        assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &logged.text));
        assert_eq!(again.header("location"), Some(path.as_str()));
    }
    let home = log(&firm.api);
    same("a repeated intake", &home, &log(&away));

    // A command each, in turn.
    let acknowledge = away.post_on(1, &format!("{path}/acknowledge"), &json!({})).expect(200);
    assert_eq!(acknowledge.version(), 2);
    firm.api.post_on(2, &format!("{path}/investigate"), &json!({})).expect(200);
    away.post_on(3, &format!("{path}/note"), &json!({ "text": "Rang." })).expect(200);
    same("the case", &firm.api.get(&path).expect(200), &away.get(&path).expect(200));
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);

    // A lock that was taken through one cell holds in the other.
    let taking = json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 60 });
    let lock = away.call("PUT", &format!("{path}/lock")).json(&taking).send().expect(200);
    let token = lock.body["token"].to_string();
    let refused = [&firm.api, &away].map(|api| api.post_on(4, &format!("{path}/note"), &json!({ "text": "x" })));
    same("locked", &refused[0], &refused[1].clone().problem(423, "locked"));
    away.call("DELETE", &format!("{path}/lock")).header("redress-lock", &token).send().expect(204);

    // What is refused is refused alike.
    type Ask = fn(&Client, &str) -> Answer;
    let wrong: [(&str, u16, Ask); 9] = [
        ("no key", 400, |api, path| api.call("POST", &format!("{path}/note")).json(&json!({ "text": "x" })).send()),
        ("no version", 428, |api, path| api.post(&format!("{path}/note"), &json!({ "text": "x" }))),
        ("an old version", 412, |api, path| api.post_on(1, &format!("{path}/note"), &json!({ "text": "x" }))),
        ("an illegal move", 409, |api, path| api.post_on(4, &format!("{path}/acknowledge"), &json!({}))),
        ("no text", 422, |api, path| api.post_on(4, &format!("{path}/note"), &json!({}))),
        ("no JSON", 400, |api, _| {
            api.call("POST", "/v1/complaints")
                .idempotency_key(&unused())
                .bytes("application/json", b"{".to_vec())
                .send()
        }),
        ("a form", 415, |api, _| {
            let call = api.call("POST", "/v1/complaints").idempotency_key(&unused());
            call.bytes("application/x-www-form-urlencoded", b"a=b".to_vec()).send()
        }),
        ("a taken reference", 409, |api, _| {
            api.post("/v1/complaints", &complaint(json!({ "external_reference": "CRM-1" })))
        }),
        ("a method that is not there", 405, |api, path| api.call("DELETE", path).send()),
    ];
    for (what, status, ask) in wrong {
        same(what, &ask(&firm.api, &path).expect(status), &ask(&away, &path).expect(status));
    }
    assert_eq!(firm.api.get("/v1/complaints").expect(200).data().len(), 1);
}

fn an_operator_may_ask_any_cell(cells: &Cells) {
    let Abroad { firm, operator_away, us, .. } = Abroad::new(cells);
    let away = &operator_away;
    for rest in ["", "/keys", "/usage"] {
        let path = firm.path(rest);
        let (home, away) = (firm.operator.get(&path).expect(200), away.get(&path).expect(200));
        assert_eq!((away.status, names(&away)), (home.status, names(&home)), "{path}");
        assert!(rest == "/usage" || away.text == home.text, "{path}");
    }
    let renamed =
        away.call("PATCH", &firm.path("")).if_match(1).json(&json!({ "display_name": "Abroad" })).send().expect(200);
    assert_eq!((renamed.version(), &renamed.body["home_cell"]), (2, &json!("eu")));
    let key = away.post(&firm.path("/keys"), &json!({ "name": "x", "scopes": ["complaints:read"] })).expect(201);
    let reader = firm.client(&key);
    reader.get("/v1/complaints").expect(200);
    reader.at(&us).get("/v1/complaints").expect(200);
    let new = away.post(&firm.path(&format!("/keys/{}/rotate", key.id())), &json!({ "overlap_hours": 1 })).expect(201);
    away.post(&firm.path(&format!("/keys/{}/revoke", key.id())), &json!({})).expect(200);
    let soon = Duration::from_secs(2);
    within(soon, "it is refused", || (reader.get("/v1/complaints").status == 401).then_some(()));
    reader.at(&us).get("/v1/complaints").problem(401, "unauthenticated");
    let reader = firm.client(&new).at(&us);
    reader.get("/v1/complaints").expect(200);
    away.post_on(2, &firm.path("/suspend"), &json!({})).expect(200);
    within(soon, "it is suspended", || (reader.get("/v1/complaints").status == 403).then_some(()));
    reader.get("/v1/complaints").problem(403, "tenant_suspended");
    let stale = [&firm.operator, away].map(|operator| operator.post_on(1, &firm.path("/resume"), &json!({})));
    same("an old version", &stale[0], &stale[1].clone().problem(412, "precondition_failed"));
    away.post_on(3, &firm.path("/resume"), &json!({})).expect(200);
    within(soon, "it is resumed", || (reader.get("/v1/complaints").status == 200).then_some(()));
    // Lists are each cell's own.
    let listed = operator(cells.cell("us")).get(&format!("/v1/tenants?after={}", before(&firm.id))).expect(200);
    assert!(listed.data().iter().all(|tenant| tenant["home_cell"] == "us" && tenant["id"] != firm.id));
    away.get(&format!("/v1/tenants/{NOWHERE}")).problem(404, "not_found");
}

/// An id that is smaller, by the time in it.
fn before(id: &str) -> String {
    let first = id.chars().next().expect("an id");
    assert_eq!(first, '0', "ids begin with their time");
    format!("00000000{}", &id[8..])
}

fn a_trace_goes_on_and_the_home_answers_for_it(cells: &Cells) {
    let Abroad { firm, away, .. } = Abroad::new(cells);
    let path = firm.logged();
    let trace = format!("{:032x}", u128::from(std::process::id()) << 64 | 0x0af7_6519);
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let answer = away.call("GET", &path).header("traceparent", &parent).send().expect(200);
    let answered = answer.header("traceparent").expect("a traceparent");
    assert!(answered.starts_with(&format!("00-{trace}-")) && answered != parent, "{answered}");
    let id = answer.header("x-request-id").expect("a request id").to_owned();
    within(Duration::from_secs(5), "the home has logged it", || {
        let log = fs::read_to_string(cells.cell("eu").log()).expect("the log can be read");
        log.lines().any(|line| line.contains(&id) && line.contains(&trace)).then_some(())
    });
    let log = within(Duration::from_secs(5), "the other has logged that it sent it on", || {
        let log = fs::read_to_string(cells.cell("us").log()).expect("the log can be read");
        log.contains(&trace).then_some(log)
    });
    assert!(!log.contains(&id), "each cell's own request has its own id");
}

fn a_large_body_arrives_whole(cells: &Cells) {
    let Abroad { firm, away, .. } = Abroad::new(cells);
    // 50,000 characters of four bytes.
    let body = complaint(json!({ "description": "🦀".repeat(50_000) }));
    let bytes = body.to_string().into_bytes();
    assert!(bytes.len() > 200_000);
    let key = unused();
    let send = |client: &Client, measured: bool| {
        let call = client.call("POST", "/v1/complaints").idempotency_key(&key).bytes("application/json", bytes.clone());
        if measured { call.send() } else { call.unmeasured().send() }
    };
    let logged = send(&away, true).expect(201);
    assert_eq!(logged.body["description"], body["description"]);
    let again = send(&away, false).expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &logged.text), "in pieces too");
    assert_eq!(send(&firm.api, true).expect(201).text, logged.text);
    let large = [&firm.api, &away].map(|client| {
        let call = client.call("POST", "/v1/complaints").idempotency_key(&unused());
        call.bytes("application/json", vec![b' '; 300_000]).send()
    });
    same("too large", &large[0], &large[1].clone().problem(413, "too_large"));
}

fn files_come_in_and_go_out_through_any_cell(cells: &Cells) {
    const COUNT: usize = 700;
    let Abroad { firm, away, .. } = Abroad::new(cells);
    let (key, body) = (unused(), rows(COUNT).join("\n"));
    let (imported, summary) = import(&away, &key, "", NDJSON, &body);
    assert_eq!((imported.len(), &summary["created"], &summary["complete"]), (COUNT, &json!(COUNT), &json!(true)));
    let (again, summary) = import(&firm.api, &key, "", NDJSON, &body);
    assert_eq!(summary["already"], COUNT);
    assert!(imported.iter().zip(&again).all(|(first, again)| first["id"] == again["id"]));
    for query in ["", "with=events"] {
        let [home, abroad] = [&firm.api, &away].map(|api| {
            let (mut found, end) = exported(api, query);
            for one in &mut found {
                one["exported_at"].take();
            }
            (found, end)
        });
        assert_eq!(home.0.len(), COUNT);
        assert!(home == abroad, "{query}: the same whichever cell is asked");
    }
}

fn what_says_that_it_was_forwarded_goes_no_further(cells: &Cells) {
    let Abroad { firm, away, operator_away, .. } = Abroad::new(cells);
    let path = firm.logged();
    let native = Firm::on(&operator(cells.cell("us")), json!({}));
    let native_path = native.logged();
    for hops in ["1", "2", "255"] {
        let ask = |client: &Client, path: &str| client.call("GET", path).header("redress-hops", hops).send();
        let begun = Instant::now();
        for refused in [ask(&away, &path), ask(&operator_away, &firm.path(""))] {
            assert!(refused.problem(503, "unavailable").header("retry-after").is_some());
        }
        assert!(begun.elapsed() < Duration::from_secs(2), "no loop");
        // Whoever lies so only harms their own request: at home it changes nothing,
        ask(&firm.api, &path).expect(200);
        ask(&firm.operator, &firm.path("")).expect(200);
        ask(&native.api, &native_path).expect(200);
        // and nothing of others', who come after it.
        away.get(&path).expect(200);
        operator_away.get(&firm.path("")).expect(200);
        native.api.get(&native_path).expect(200);
    }
    for none in ["", "0", "x", "-1", "256", "1, 1"] {
        away.call("GET", &path).header("redress-hops", none).send().expect(200);
    }
}

fn a_firms_limits_count_at_home_and_once(cells: &Cells) {
    let Abroad { firm, .. } = Abroad::new(cells);
    let windows = json!([{ "policy": "burst", "limit": 1_000 }, { "policy": "minute", "limit": 60 }]);
    let firm = firm.limited(&json!({ "windows": windows, "quotas": [] }));
    let urls = ["eu", "us"].map(|cell| cells.cell(cell).base_url().to_owned());
    let answers: Vec<Answer> = (0..80).map(|n| firm.api.at(&urls[n % 2]).get("/v1/complaints?limit=1")).collect();
    let served = |away: usize| answers.iter().skip(away).step_by(2).filter(|answer| answer.status == 200).count();
    let (home, away) = (served(0), served(1));
    println!("served {home} at home and {away} through the other cell, of 60");
    assert!(home + away <= 60 && home + away >= 55, "{home} {away}");
    assert!(home.abs_diff(away) <= 4, "one limit for both ways");
    // A token that an isolate has not used comes back, so the next request may be served.
    let refused = answers.iter().skip(1).step_by(2).find(|answer| answer.status != 200).expect("80 are more than 60");
    let refused = refused.clone().problem(429, "quota_exceeded");
    assert!(refused.header("retry-after").is_some() && refused.header("ratelimit").is_some());
    assert_eq!(refused.body["violated-policies"], json!(["minute"]));
}

fn a_tenant_is_made_in_the_cell_that_is_asked(cells: &Cells) {
    for (asked, named) in [("eu", "us"), ("us", "eu"), ("us", "apac")] {
        let body = json!({
            "slug": unused(), "display_name": "Placed", "sector": "bank", "jurisdiction": "us", "reference_prefix": "PLC",
            "home_cell": named
        });
        let refused = operator(cells.cell(asked)).post("/v1/tenants", &body).problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/home_cell"]);
        let made = Firm::on(&operator(cells.cell(asked)), json!({ "home_cell": asked }));
        let read = made.operator.get(&made.path("")).expect(200);
        assert_eq!((&read.body["home_cell"], &read.body["former_cells"]), (&json!(asked), &json!([])));
    }
}

fn a_slug_is_one_tenants_in_all_cells(cells: &Cells) {
    let Abroad { firm, .. } = Abroad::new(cells);
    let us = operator(cells.cell("us"));
    let mut body = json!({
        "slug": firm.slug, "display_name": "Other", "sector": "bank", "jurisdiction": "us", "reference_prefix": "OTH"
    });
    us.post("/v1/tenants", &body).problem(409, "already_taken");
    let other = Firm::on(&us, json!({}));
    let rename = |slug: &str| us.call("PATCH", &other.path("")).if_match(1).json(&json!({ "slug": slug })).send();
    rename(&firm.slug).problem(409, "already_taken");
    // Once it is given up, another cell's tenant may have it.
    let renamed = firm.operator.call("PATCH", &firm.path("")).if_match(1).json(&json!({ "slug": unused() }));
    renamed.send().expect(200);
    body["slug"] = json!(firm.slug);
    us.post("/v1/tenants", &body).expect(201);
}

fn signatures_and_addresses_are_checked_at_home(cells: &Cells) {
    let Abroad { firm, us, .. } = Abroad::new(cells);
    for signer in [Signer::ed25519(&firm, &us), Signer::hmac(&firm, &us)] {
        let intake = signer.intake();
        signer.send(&intake).expect(201);
        signer.send(&intake).problem(401, "signature_refused");
    }
    let bound = firm.client(&firm.issue(json!({ "ip_ranges": ["203.0.113.0/24"] }))).at(&us);
    let from = |address: &str| bound.call("GET", "/v1/complaints").header("cf-connecting-ip", address).send();
    from("203.0.113.7").expect(200);
    from("203.0.114.7").problem(403, "forbidden");
}

/// What a cell signs that has turned against another.
fn a_cell_vouches_for_itself_alone(cells: &Cells) {
    let Abroad { firm, eu, us, .. } = Abroad::new(cells);
    let issued = firm.issue(json!({}));
    let seed = seed_of(cells.cell("us"));
    let keys = CellKeys::from([(named("us"), vec![public_key(&seed).expect("a seed")])]);
    let forge =
        |cell: &str| KeyRing::new(named(cell), &seed, &keys).expect("a seed").issue(&record(&issued)).expect("a token");
    let body = |answer: Answer| {
        let mut body = answer.body;
        body.as_object_mut().expect("a problem").remove("request_id");
        body
    };
    let ask = |token: &str, url: &str| {
        body(firm.api.apart().with_key(token).at(url).get("/v1/complaints").problem(401, "unauthenticated"))
    };
    for url in [&eu, &us] {
        let expected = ask("rdr_test_x.y.z", url);
        // us says that it is eu, or that it has eu's tenant, or another's that nobody has.
        for token in [forge("eu"), forge("us"), forge("apac")] {
            assert_eq!(ask(&token, url), expected);
        }
        for hops in ["1", "2"] {
            let call = firm.api.apart().with_key(&forge("us")).at(url);
            let answer = call.call("GET", "/v1/complaints").header("redress-hops", hops).send();
            assert!(matches!(answer.status, 401 | 503), "{}", answer.text);
        }
    }
    // The same ring is good for what is us's own.
    let native = Firm::on(&operator(cells.cell("us")), json!({}));
    let genuine = native.issue(json!({}));
    let ring = KeyRing::new(named("us"), &seed, &keys).expect("a seed");
    assert_eq!(ring.issue(&record(&genuine)).expect("a token"), genuine.text_of("token"));
    native.client(&genuine).get("/v1/complaints").expect(200);
    native.client(&genuine).at(&eu).get("/v1/complaints").expect(200);
}

/// The home is killed, then halted; meanwhile and afterwards the other cell serves its own, and has nothing of it.
fn a_home_that_does_not_answer_holds_up_nobody_else(cells: &mut Cells) {
    const SECRET: &str = "They lost my ocarina.";
    let secret = json!({ "complainant": { "name": "Wilhelmina Quill" }, "description": SECRET });
    let [firm, native] = ["eu", "us"].map(|cell| Firm::on(&operator(cells.cell(cell)), json!({})));
    let away = firm.api.at(cells.cell("us").base_url());
    let operator_away = firm.operator.at(cells.cell("us").base_url());
    let logged = away.post("/v1/complaints", &complaint(secret.clone())).expect(201);
    let path = logged.header("location").expect("a location").to_owned();
    away.post_on(1, &format!("{path}/note"), &json!({ "text": "Wilhelmina Quill called." })).expect(200);
    let native_path = native.logged();

    let unanswered = |what: &str, patience: Duration| {
        let asks: [(&str, &(dyn Fn() -> Answer + Sync)); 4] = [
            ("a read", &|| away.get(&path)),
            ("an intake", &|| away.post("/v1/complaints", &complaint(secret.clone()))),
            ("a command", &|| away.post_on(2, &format!("{path}/acknowledge"), &json!({}))),
            ("an operator", &|| operator_away.get(&firm.path(""))),
        ];
        thread::scope(|scope| {
            let others = scope.spawn(|| {
                let mut slowest = Duration::ZERO;
                for _ in 0..20 {
                    let begun = Instant::now();
                    native.api.get(&native_path).expect(200);
                    native.log(json!({}));
                    slowest = slowest.max(begun.elapsed());
                }
                slowest
            });
            let asks = asks.map(|(which, ask)| {
                scope.spawn(move || {
                    let begun = Instant::now();
                    let refused = ask().problem(503, "unavailable");
                    let took = begun.elapsed();
                    println!("{what}: {which} is told so after {took:?}");
                    let after: u32 =
                        refused.header("retry-after").expect("when to come again").parse().expect("seconds");
                    assert!((1..=60).contains(&after), "{after}");
                    assert!(took < patience, "{what}: {which} waited {took:?}");
                    assert!(refused.text_of("detail").contains("eu"));
                })
            });
            asks.into_iter().for_each(|ask| ask.join().expect("it is told so in time"));
            let others = others.join().expect("the other firm is served");
            println!("{what}: a read and an intake of the other firm together took at most {others:?}");
            assert!(others < Duration::from_secs(3), "{others:?}");
        });
    };
    let served_again = |what: &str, limit: Duration| {
        let begun = Instant::now();
        within(limit, "it is served again", || (away.get(&path).status == 200).then_some(()));
        println!("{what}: served again after {:?}", begun.elapsed());
    };

    cells.cell("eu").halt();
    unanswered("halted", Duration::from_secs(8));
    cells.cell("eu").resume();
    served_again("resumed", Duration::from_secs(20));

    cells.cell_mut("eu").kill();
    unanswered("killed", Duration::from_secs(2));
    cells.cell_mut("eu").restart().expect("eu starts again on what reached the disk");
    served_again("restarted", Duration::from_secs(20));
    let read = away.get(&path).expect(200);
    assert_eq!(read.body["description"], SECRET);

    for cell in ["eu", "us"] {
        cells.cell_mut(cell).stop();
    }
    let [eu, us] = ["eu", "us"].map(|cell| cells.cell(cell).state().join("state"));
    for (text, at_home) in [(SECRET, true), ("Wilhelmina Quill", true), (logged.id(), true), (firm.id.as_str(), true)] {
        assert_eq!(files_with(&eu, text).is_empty(), !at_home, "what is looked for can be found");
        assert_eq!(files_with(&us, text), Vec::<String>::new(), "us has nothing of it: {text}");
    }
    assert!(!files_with(&us, &native.id).is_empty() && files_with(&eu, &native.id).is_empty());
}

/// The files below a folder that have this text in them, databases and their logs included. What is linked is elsewhere,
/// and what wrangler traces for its own pages is no part of a cell.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("the state can be listed") {
            let path = entry.expect("the state can be listed").path();
            if path.is_symlink() || path.ends_with("observability") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if String::from_utf8_lossy(&fs::read(&path).expect("the file can be read")).contains(text) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}
