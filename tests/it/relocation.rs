//! A tenant moves from cell to cell: while it is used, while cells die, and back. Each test has a group of cells of its
//! own.

use crate::{
    bulk,
    changes::{self, Reader},
    client::{Answer, Client, unused},
    delivery::{expected, recorded},
    eventually::within,
    firm::{Firm, complaint},
    live::Listener,
    own_stack,
    webhooks::Receiver,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use shared::{
    chain::{CaseFile, Digest},
    ids::TenantId,
    sign::api_key::{CellKeys, KeyRing},
    tenant::CellName,
    time::Timestamp,
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use xtask::{
    cells::Cells,
    checkout::root,
    clamav::{self, Scanner},
    journey, relocate,
    stack::Options,
};

/// A move of this size, with every cell killed on the way, takes less.
const IN_THE_END: Duration = Duration::from_secs(300);
/// Deliveries are recorded within a tick and what the queue takes.
const TOLD: Duration = Duration::from_secs(90);

/// Two cells, and a tenant that lies on two databases of the first.
struct Two {
    cells: Cells,
    firm: Firm,
}

impl Two {
    fn new() -> Self {
        Self::with_scanner("")
    }

    /// The same, with a scanner at this address.
    fn with_scanner(address: &str) -> Self {
        // The source keeps its copy for a shorter time than in production, where the directory is late.
        let options = Options::temporary().var("RELOCATION_KEPT_MILLIS", "4000");
        let options = options.var("WEBHOOKS_TO_LOOPBACK", "1").var("WEBHOOKS_HURRY", "100");
        let anyone = json!({ "windows": [{ "policy": "minute", "limit": 100_000 }], "quotas": [] }).to_string();
        let options = options.var("ANONYMOUS_LIMITS", &anyone).var("CLAMAV", address);
        let cells = Cells::start(&["eu", "us"], options).expect("two cells start");
        let eu = cells.cell("eu");
        let operator = Client::new(eu.base_url(), Some(eu.operator_key()));
        let members = json!({ "shards": [0, 1], "plan": "enterprise", "jurisdiction": "us" });
        let firm = Firm::on(&operator, members);
        Self { cells, firm }
    }

    /// The tenant's key, sent to this cell past wrangler's proxy.
    fn api(&self, cell: &str) -> Client {
        Client::new(self.cells.cell(cell).inner_url(), None).with_key(self.firm.api.key().expect("a key"))
    }

    fn operator(&self, cell: &str) -> Client {
        let stack = self.cells.cell(cell);
        Client::new(stack.inner_url(), Some(stack.operator_key()))
    }

    fn path(&self) -> String {
        format!("/v1/tenants/{}", self.firm.id)
    }

    /// Asks for the move, in the tenant's home.
    fn begin(&self, from: &str, to: &str) -> Answer {
        let version = self.operator(from).get(&self.path()).expect(200).version();
        self.operator(from).post_on(version, &format!("{}/relocation", self.path()), &json!({ "to": to })).expect(202)
    }

    /// What the cells answer who may be dying, if they do.
    fn advance(&self, cell: &str) -> Option<Value> {
        let path = format!("{}/relocation/advance", self.path());
        let call = self.operator(cell);
        let answer = call.call("POST", &path).idempotency_key(&unused()).json(&json!({})).try_send().ok()?;
        (answer.status == 200).then_some(answer.body)
    }

    /// Drives the move until it is in one of these phases.
    fn until(&self, cell: &str, phases: &[&str]) -> Value {
        within(IN_THE_END, &format!("{phases:?}"), || {
            let job = self.advance(cell)?;
            phases.contains(&job["phase"].as_str()?).then_some(job)
        })
    }

    fn tick(&self) {
        self.cells.all().iter().for_each(|stack| stack.tick().expect("cron runs"));
    }
}

/// Everything of some complaints that a tenant can read, by path.
type Seen = BTreeMap<String, String>;

/// What must be the same after a move, of complaints that nobody touches meanwhile.
fn seen(api: &Client, ids: &[String]) -> Seen {
    let found = Mutex::new(Seen::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..8 {
            let (api, next, found) = (api.apart(), &next, &found);
            threads.spawn(move || {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::SeqCst)) {
                    for rest in ["", "/events?limit=500", "/verify", "/case-file", "/deliveries?limit=500"] {
                        let path = format!("/v1/complaints/{id}{rest}");
                        let answer = api.get(&path).expect(200);
                        let mut text = answer.text;
                        if rest == "/verify" {
                            assert_eq!(answer.body["valid"], true, "{path}: {text}");
                        }
                        if rest == "/case-file" {
                            let file: CaseFile = serde_json::from_value(answer.body.clone()).unwrap();
                            assert!(file.verify().valid, "{path}");
                            let at = answer.body["exported_at"].as_str().unwrap();
                            text = text.replacen(at, "", 1);
                        }
                        found.lock().unwrap().insert(path, text);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// Every summary of a list, page by page.
fn listed(api: &Client, filter: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut query = format!("limit=37{filter}");
    loop {
        let page = api.get(&format!("/v1/complaints?{query}")).expect(200);
        rows.extend(page.data().iter().cloned());
        match page.body["next"].as_str() {
            Some(cursor) => query = format!("limit=37{filter}&cursor={cursor}"),
            None => return rows,
        }
    }
}

/// The requests that made a tenant's complaints, with their answers.
struct Requests(Vec<Made>);

struct Made {
    path: String,
    key: String,
    version: Option<u64>,
    body: Value,
    answer: Answer,
}

impl Made {
    fn send(api: &Client, path: String, version: Option<u64>, body: Value) -> Self {
        let key = unused();
        let answer = Self::sent(api, &path, &key, version, &body);
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
        Self { path, key, version, body, answer }
    }

    fn sent(api: &Client, path: &str, key: &str, version: Option<u64>, body: &Value) -> Answer {
        let call = api.call("POST", path).idempotency_key(key).json(body);
        version.into_iter().fold(call, |call, version| call.if_match(version)).send()
    }

    /// Repeated, it gets the answer that it got.
    fn again(&self, api: &Client) {
        let again = Self::sent(api, &self.path, &self.key, self.version, &self.body);
        assert_eq!((again.status, &again.text), (self.answer.status, &self.answer.text), "{}", self.path);
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{}", self.path);
        assert_eq!(again.header("etag"), self.answer.header("etag"));
    }
}

/// Real complaints in every state.
fn loaded(api: &Client, count: usize) -> Requests {
    let file = root().join("tests/fixtures/complaints/bank.ndjson");
    let bodies: Vec<Value> = std::fs::read_to_string(file)
        .unwrap()
        .lines()
        .take(count)
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (made, next) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for _ in 0..8 {
            let (api, next, made, bodies) = (api.apart(), &next, &made, &bodies);
            threads.spawn(move || {
                loop {
                    let nth = next.fetch_add(1, Ordering::SeqCst);
                    let Some(body) = bodies.get(nth) else { break };
                    let intake = Made::send(&api, "/v1/complaints".to_owned(), None, body.clone());
                    let id = intake.answer.id().to_owned();
                    let mut version = 1;
                    made.lock().unwrap().push(intake);
                    for step in journey::to(journey::STATES[nth % journey::STATES.len()], nth) {
                        let path = format!("/v1/complaints/{id}/{}", step.command);
                        let command = Made::send(&api, path, Some(version), step.body);
                        version = command.answer.version();
                        made.lock().unwrap().push(command);
                    }
                }
            });
        }
    });
    Requests(made.into_inner().unwrap())
}

impl Requests {
    fn ids(&self) -> Vec<String> {
        let intakes = self.0.iter().filter(|made| made.version.is_none());
        intakes.map(|made| made.answer.id().to_owned()).collect()
    }
}

/// Waits until everybody who is to hear of it is on record.
fn told(two: &Two, api: &Client, ids: &[String]) {
    let next_tick = Mutex::new(Instant::now());
    for id in ids {
        let events = api.get(&format!("/v1/complaints/{id}/events?limit=500")).expect(200);
        within(TOLD, "everybody is told", || {
            let deliveries = api.get(&format!("/v1/complaints/{id}/deliveries?limit=500")).expect(200);
            if recorded(deliveries.data()) == expected(events.data()) {
                return Some(());
            }
            let mut next = next_tick.lock().unwrap();
            if Instant::now() >= *next {
                two.tick();
                *next = Instant::now() + Duration::from_secs(2);
            }
            None
        });
    }
}

/// Fails unless the change feed has everything that the requests made once, in the order in which `feed` has seen it.
fn is_followed(api: &Client, feed: &mut Reader, requests: &[&Made]) {
    feed.finish(api);
    feed.is_whole();
    assert_eq!(changes::all(api), feed.seen, "the order is what it was");
    let (mut made, mut seen) = (BTreeMap::new(), BTreeMap::new());
    for (id, version) in requests.iter().map(|made| (made.answer.id(), made.answer.version())) {
        let newest = made.entry(id).or_default();
        *newest = version.max(*newest);
    }
    seen.extend(feed.events());
    assert_eq!(seen, made, "up to the newest version of each complaint");
}

/// The D1 databases of a cell that is not running.
fn databases(state: &Path) -> Vec<Connection> {
    let found = own_stack::databases(&state.join("state"));
    assert!(found.len() >= 2, "a cell has two databases");
    found
}

/// How many rows of a tenant each table has, over all databases of a cell that is not running; tables that have none
/// are left out.
fn rows_of(state: &Path, tenant: &str) -> BTreeMap<String, u64> {
    let mut rows = BTreeMap::new();
    for database in databases(state) {
        let tables = "SELECT t.name FROM sqlite_schema t, pragma_table_info(t.name) c
            WHERE t.type = 'table' AND c.name = 'tenant_id'";
        let mut query = database.prepare(tables).unwrap();
        let names: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for table in names {
            let sql = format!("SELECT count(*) FROM {table} WHERE tenant_id = ?1");
            let count: i64 = database.query_row(&sql, [tenant], |row| row.get(0)).unwrap();
            *rows.entry(table).or_default() += u64::try_from(count).unwrap();
        }
    }
    rows.retain(|_, count| *count > 0);
    rows
}

/// The cells' own records of a tenant.
const SIGNS: [&str; 3] = ["ended_departures", "relocations", "tenant_holds"];

/// The keys of a tenant's objects in a cell's bucket.
fn objects_of(state: &Path, tenant: &str) -> Vec<String> {
    let buckets = std::fs::read_dir(state.join("state/v3/r2/miniflare-R2BucketObject")).expect("a cell has a bucket");
    let files = buckets.map(|entry| entry.unwrap().path());
    let buckets = files
        .filter(|path| path.extension().is_some_and(|kind| kind == "sqlite") && !path.ends_with("metadata.sqlite"));
    let keys = |path: std::path::PathBuf| -> Vec<String> {
        let bucket = Connection::open(path).unwrap();
        let mut query = bucket.prepare("SELECT key FROM _mf_objects WHERE key LIKE ?1 || '/%'").unwrap();
        query.query_map([tenant], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    buckets.flat_map(keys).collect()
}

/// Fails unless a cell that is not running has nothing of the tenant but signs of where it went.
fn has_left(two: &Two, cell: &str) {
    let mut rows = rows_of(two.cells.cell(cell).state(), &two.firm.id);
    rows.retain(|table, _| !SIGNS.contains(&table.as_str()));
    assert_eq!(rows, BTreeMap::new(), "{cell} has something left");
}

/// Writes and reads of a tenant through both cells for as long as it moves.
#[derive(Default)]
struct Use {
    stop: AtomicBool,
    reads: AtomicUsize,
    refused: AtomicUsize,
    longest_read: Mutex<Duration>,
    /// From the last write that was done before a pause to the first after it, at most.
    longest_pause: Mutex<Duration>,
    made: Mutex<Vec<Made>>,
}

impl Use {
    /// Logs complaints and notes on them. A write that is refused for the move is repeated until it is done.
    fn write(&self, apis: &[Client]) {
        let (mut nth, mut last_done) = (0, Instant::now());
        let mut write = |path: String, version: Option<u64>, body: Value| {
            let key = unused();
            loop {
                nth += 1;
                let answer = Made::sent(&apis[nth % apis.len()], &path, &key, version, &body);
                if answer.status == 503 {
                    assert!(answer.header("retry-after").is_some());
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(50));
                    continue;
                }
                assert!(
                    (200..300).contains(&answer.status),
                    "{path} on {version:?}: {} {}",
                    answer.status,
                    answer.text
                );
                let mut longest = self.longest_pause.lock().unwrap();
                *longest = last_done.elapsed().max(*longest);
                last_done = Instant::now();
                let made = Made { path, key, version, body, answer };
                let (id, version) = (made.answer.id().to_owned(), made.answer.version());
                self.made.lock().unwrap().push(made);
                return (id, version);
            }
        };
        while !self.stop.load(Ordering::SeqCst) {
            let (id, mut version) = write("/v1/complaints".to_owned(), None, complaint(json!({})));
            for text in ["Called.", "Called again."] {
                let path = format!("/v1/complaints/{id}/note");
                version = write(path, Some(version), json!({ "text": text })).1;
            }
        }
    }

    /// Follows the change feed, alternately through each cell. A request that cannot be answered for the move is repeated.
    fn follow(&self, apis: &[Client], feed: &mut Reader) {
        for api in apis.iter().cycle().take_while(|_| !self.stop.load(Ordering::SeqCst)) {
            let page = api.get(&feed.path("limit=20&wait=1"));
            if page.status == 503 {
                std::thread::sleep(Duration::from_millis(50));
            } else {
                feed.take(&page.expect(200));
            }
        }
    }

    /// Reads what was written and what was there, alternately through each cell. No read fails.
    fn read(&self, apis: &[Client], ids: &[String]) {
        while !self.stop.load(Ordering::SeqCst) {
            for (id, nth) in ids.iter().zip(0..) {
                if self.stop.load(Ordering::SeqCst) {
                    break;
                }
                let begun = Instant::now();
                let api = &apis[nth % apis.len()];
                let read = api.get(&format!("/v1/complaints/{id}")).expect(200);
                assert_eq!(read.id(), id);
                if nth % 10 == 0 {
                    assert!(!api.get("/v1/complaints?limit=20").expect(200).data().is_empty());
                    api.get("/v1/complaints/counts").expect(200);
                }
                let mut longest = self.longest_read.lock().unwrap();
                *longest = begun.elapsed().max(*longest);
                self.reads.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Moves the tenant while it is used; what was written meanwhile. `feed` is followed.
fn moved_in_use(two: &Two, from: &str, to: &str, ids: &[String], feed: &mut Reader) -> Vec<Made> {
    let used = Use::default();
    let apis = || [two.api(from), two.api(to)];
    let job = std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| used.write(&apis()));
            threads.spawn(|| used.read(&apis(), ids));
        }
        threads.spawn(|| used.follow(&apis(), feed));
        let stop = Stop(&used.stop);
        std::thread::sleep(Duration::from_millis(500));
        two.begin(from, to);
        let job = two.until(from, &["purging", "done"]);
        // For a while both cells are asked, and the one that was left knows where to send it.
        std::thread::sleep(Duration::from_secs(2));
        drop(stop);
        job
    });
    let pause = job["longest_pause_millis"].as_u64().unwrap();
    assert!(pause < 30_000, "writes paused for {pause} ms");
    println!(
        "{from} to {to}: {} complaints, {} verifications, paused {pause} ms ({:?} between writes), {} writes, {} \
         refused, {} reads of at most {:?}",
        job["complaints"]["copied"],
        job["complaints"]["verified"],
        used.longest_pause.lock().unwrap(),
        used.made.lock().unwrap().len(),
        used.refused.load(Ordering::Relaxed),
        used.reads.load(Ordering::Relaxed),
        used.longest_read.lock().unwrap(),
    );
    let done = two.until(from, &["done"]);
    assert!(done["finished_at"].is_string() && done["switched_at"].is_string());
    used.made.into_inner().unwrap()
}

/// Lets the threads of a scope end also if the test fails.
struct Stop<'u>(&'u AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Fails unless the tenant is whole in `home`, seen from both cells, and nothing of it is in `left`.
fn is_whole(two: &mut Two, left: &str, home: &str, before: &Seen, requests: &[&Made]) {
    let ids: Vec<String> = {
        let intakes = requests.iter().filter(|made| made.version.is_none());
        intakes.map(|made| made.answer.id().to_owned()).collect()
    };
    for cell in [left, home] {
        let api = two.api(cell);
        let untouched: Vec<String> =
            before.keys().filter_map(|path| path.strip_suffix("/verify")).map(|path| path[15..].to_owned()).collect();
        assert_eq!(&seen(&api, &untouched), before, "asked in {cell}");
        for made in requests.iter().step_by(7) {
            made.again(&api);
        }
        let mut listed: Vec<String> =
            listed(&api, "").iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        let mut logged = ids.clone();
        listed.sort();
        logged.sort();
        assert_eq!(listed, logged, "each is listed once, asked in {cell}");
        let tenant = two.operator(cell).get(&two.path()).expect(200);
        assert_eq!(tenant.body["home_cell"], home);
    }
    let api = two.api(home);
    let counts = api.get("/v1/complaints/counts").expect(200);
    assert_eq!(counts.body["total"], ids.len());
    for (state, count) in counts.body["data"]["state"].as_object().unwrap() {
        assert_eq!(listed(&api, &format!("&state={state}")).len() as u64, count.as_u64().unwrap(), "{state}");
    }
    for made in requests {
        let id = made.answer.id();
        let version = api.get(&format!("/v1/complaints/{id}")).expect(200).version();
        assert!(version >= made.answer.version(), "{id}: what was answered is there");
    }
    for made in requests.iter().filter(|made| made.body["external_reference"].is_string()).step_by(9) {
        let reference = made.body["external_reference"].as_str().unwrap();
        let found = api.get(&format!("/v1/complaints?external_reference={reference}")).expect(200);
        assert_eq!(found.data()[0]["id"], made.answer.id());
        let mut other = made.body.clone();
        other["description"] = json!("Another.");
        api.post("/v1/complaints", &other).problem(409, "already_taken");
    }
    told(two, &api, &ids);
    // What the other cell has, and whether the directory alone leads here.
    two.cells.cell_mut(left).stop();
    has_left(two, left);
    let id = &ids[0];
    two.api(home).get(&format!("/v1/complaints/{id}")).expect(200);
    let version = two.api(home).get(&format!("/v1/complaints/{id}")).expect(200).version();
    let note = json!({ "text": "Written while the other cell is gone." });
    two.api(home).post_on(version, &format!("/v1/complaints/{id}/note"), &note).expect(200);
    two.cells.cell_mut(left).restart().expect("the cell starts again");
}

/// Saves a view, or finds that it was saved before.
fn saved(api: &Client, key: &str) -> Answer {
    let body = json!({ "name": "All", "filter": "state=received", "owner": "anna" });
    api.call("POST", "/v1/views").idempotency_key(key).json(&body).send().expect(201)
}

/// Fails unless a view and the request that made it have come along, and it is counted anew.
fn is_kept(api: &Client, key: &str, saved_before: &Answer) {
    let again = saved(api, key);
    assert_eq!((again.header("idempotency-replayed"), again.id()), (Some("true"), saved_before.id()));
    let received = listed(api, "&state=received").len();
    assert_eq!(again.body["count"], json!({ "n": received, "exact": true }));
    let view = api.get(&format!("/v1/views/{}", again.id())).expect(200);
    let (mut view, mut before) = (view.body, saved_before.body.clone());
    for body in [&mut view, &mut before] {
        body["count"] = Value::Null;
    }
    assert_eq!(view, before);
    assert_eq!(api.get("/v1/views").expect(200).data().len(), 1);
}

#[test]
fn a_tenant_moves_while_it_is_used_and_moves_back() {
    let mut two = Two::new();
    let revoked = two.firm.key(&["complaints:read"]);
    let keys = two.operator("eu").get(&format!("{}/keys", two.path())).expect(200);
    let newest = keys.data()[0]["id"].as_str().unwrap().to_owned();
    two.operator("eu").post(&format!("{}/keys/{newest}/revoke", two.path()), &json!({})).expect(200);
    let before = loaded(&two.api("eu"), 150);
    let key = unused();
    let view = saved(&two.api("eu"), &key);
    let ids = before.ids();
    told(&two, &two.api("eu"), &ids);
    let there = seen(&two.api("eu"), &ids);
    let usage = |two: &Two, cell: &str| {
        two.operator(cell).get(&format!("{}/usage", two.path())).expect(200).body["quotas"][0]["used"].as_u64().unwrap()
    };
    assert_eq!(usage(&two, "eu"), 150);

    let mut feed = Reader::new();
    feed.take(&two.api("eu").get("/v1/changes?limit=100").expect(200));
    let meanwhile = moved_in_use(&two, "eu", "us", &ids, &mut feed);
    assert!(meanwhile.len() > 10);
    let logged = meanwhile.iter().filter(|made| made.version.is_none()).count() as u64;
    // What an isolate has leased and never reports counts as used.
    let used = usage(&two, "us");
    assert!((150 + logged..=150 + logged + 100).contains(&used), "{used} complaints of {}", 150 + logged);
    let requests: Vec<&Made> = before.0.iter().chain(&meanwhile).collect();
    let there: Seen = there.into_iter().filter(|(path, _)| !path.contains(&ids[0])).collect();
    is_followed(&two.api("us"), &mut feed, &requests);
    is_kept(&two.api("us"), &key, &view);
    is_whole(&mut two, "eu", "us", &there, &requests);
    for cell in ["eu", "us"] {
        let client = Client::new(two.cells.cell(cell).inner_url(), None).with_key(revoked.key().unwrap());
        client.get("/v1/complaints").problem(401, "unauthenticated");
    }
    let tenant = two.operator("us").get(&two.path()).expect(200);
    assert_eq!((&tenant.body["former_cells"], tenant.body["shards"].as_array().unwrap().len()), (&json!(["eu"]), 2));

    // `is_whole` has written one more on the first complaint.
    let back = moved_in_use(&two, "us", "eu", &ids[1..], &mut feed);
    feed.finish(&two.api("eu"));
    feed.is_whole();
    assert_eq!(changes::all(&two.api("us")), feed.seen, "the order is what it was");
    is_kept(&two.api("eu"), &key, &view);
    let requests: Vec<&Made> = requests.into_iter().chain(&back).collect();
    is_whole(&mut two, "us", "eu", &there, &requests);
    let tenant = two.operator("us").get(&two.path()).expect(200);
    assert_eq!((&tenant.body["former_cells"], &tenant.body["home_cell"]), (&json!(["us"]), &json!("eu")));
}

/// What is done stays done, what is under way goes on, and each complaint is changed once.
#[test]
fn jobs_templates_and_letters_go_where_the_tenant_goes() {
    const COUNT: usize = 400;
    let mut two = Two::new();
    let api = two.api("eu");
    let ids = bulk::logged(&api, COUNT, 2, &json!({}));
    let (first, rest) = ids.split_at(20);
    let tagged = bulk::ask(&api, json!({ "tag": { "add": ["campaign-7"] } }), json!({ "complaints": first }));
    bulk::ended(&api, &tagged);
    let lead = two.firm.key(&["complaints:lead"]);
    let saved = "/v1/letters/templates/update/en-GB/firm";
    for n in 1..=25 {
        let text = json!({ "subject": "x", "blocks": [{ "is": "paragraph", "text": format!("Version {n}") }] });
        let call = lead.call("PUT", saved).json(&text);
        (n > 1).then_some(n - 1).into_iter().fold(call, |call, version| call.if_match(version)).send();
    }
    let manager = two.firm.key(&["tenant:manage"]);
    let happened = |cell: &str| {
        let api = two.api(cell).with_key(manager.key().expect("a key"));
        api.get("/v1/tenant/events").expect(200).text
    };
    let before_it_moved = happened("eu");
    let complaint = format!("/v1/complaints/{}", ids[0]);
    let give = |command: &str, body: Value| {
        let version = api.get(&complaint).expect(200).version();
        api.post_on(version, &format!("{complaint}/{command}"), &body).expect(200).body["letters"][0].clone()
    };
    let letter = give("letters", json!({ "kind": "update" }))["id"].as_str().expect("an id").to_owned();
    let sealed = give(&format!("letters/{letter}/send"), json!({}))["pdf"].clone();
    let paper = |cell: &str| {
        let pdf = two.api(cell).get(&format!("{complaint}/letters/{letter}/pdf")).expect(200).bytes;
        json!(Digest::of(&pdf).to_string())
    };
    assert_eq!(paper("eu"), sealed);
    assert_eq!(objects_of(two.cells.cell("eu").state(), &two.firm.id).len(), 1);
    let template = |cell: &str, version: &str| two.api(cell).get(&format!("{saved}{version}")).expect(200).text;
    let templates = ["", "?version=1", "?version=25"].map(|version| template("eu", version));
    let read = |cell: &str| {
        let api = two.api(cell);
        (api.get(&bulk::path(&tagged)).expect(200).text, bulk::rows(&api, &tagged, ""))
    };
    let before = read("eu");
    assert_eq!(before.1.len(), first.len());

    let (key, body) =
        (unused(), json!({ "action": { "assign": { "assignee": "anna" } }, "over": { "filter": "state=received" } }));
    let ask = |cell: &str| two.api(cell).call("POST", "/v1/bulk").idempotency_key(&key).json(&body).send().expect(202);
    let asked = ask("eu");
    let done = || api.get(&bulk::path(&asked)).expect(200).body["counts"]["done"].as_u64().unwrap();
    within(IN_THE_END, "some rows are done", || (done() > 0).then_some(()));
    two.begin("eu", "us");
    two.until("eu", &["purging", "done"]);
    let there = two.api("us");
    let done_when_moved = there.get(&bulk::path(&asked)).expect(200).body["counts"]["done"].as_u64().unwrap();
    println!("moved with {done_when_moved} rows of {COUNT} done");
    let job = within(IN_THE_END, "the job is over", || {
        two.tick();
        let job = there.get(&bulk::path(&asked)).expect(200).body;
        (job["state"] == "done").then_some(job)
    });
    assert_eq!(bulk::counts(&job), [COUNT as u64, COUNT as u64, COUNT as u64, 0, 0], "{job}");
    let rows = bulk::rows(&there, &asked, "");
    assert_eq!(rows.len(), COUNT);
    for id in first.iter().chain(rest) {
        let assigned = bulk::events(&there, id).iter().filter(|event| event["type"] == "assigned").count();
        assert_eq!((assigned, &rows[id]["outcome"]), (1, &json!("done")), "{id}");
    }
    assert_eq!(read("us"), before);
    assert_eq!(["", "?version=1", "?version=25"].map(|version| template("us", version)), templates);
    assert_eq!(paper("us"), sealed);
    assert_eq!(happened("us"), before_it_moved);
    let again = ask("us");
    assert_eq!((again.header("idempotency-replayed"), again.id()), (Some("true"), asked.id()));
    assert_eq!(there.get("/v1/bulk").expect(200).data().len(), 2);
    two.until("eu", &["done"]);
    two.cells.cell_mut("eu").stop();
    has_left(&two, "eu");
    assert_eq!(objects_of(two.cells.cell("eu").state(), &two.firm.id), Vec::<String>::new());
}

/// Whoever listens is sent away when the tenant goes, and goes on behind what it has, through whichever cell.
#[test]
fn listeners_go_where_the_tenant_goes() {
    let two = Two::new();
    let log = |cell: &str| _ = two.api(cell).post("/v1/complaints", &complaint(json!({}))).expect(201);
    let mut at_home = Listener::with_key(&two.api("eu"), "");
    let mut away = Listener::with_key(&two.api("us"), "");
    (0..3).for_each(|_| log("us"));
    for listener in [&mut at_home, &mut away] {
        listener.hear_of(3);
    }
    two.begin("eu", "us");
    two.until("us", &["done"]);
    for listener in [&mut at_home, &mut away] {
        assert_eq!(listener.hear_out(Duration::from_secs(10)), (4410, "connect again".to_owned()));
    }
    log("us");
    let mut again: Vec<_> = ["eu", "us"]
        .into_iter()
        .map(|cell| Listener::with_key(&two.api(cell), &format!("since={}", at_home.next)))
        .collect();
    log("eu");
    for listener in &mut again {
        listener.hear_of(2);
        let feed: Vec<Value> =
            at_home.seen.iter().chain(&listener.seen).map(|change| change["number"].clone()).collect();
        assert_eq!(feed, [1, 2, 3, 4, 5].map(Value::from));
    }
}

#[test]
fn webhooks_go_where_the_tenant_goes() {
    let mut two = Two::new();
    // The third attempt comes after 3 s, the fourth after 18 s: some of it in the other cell.
    let receiver = Receiver::new(&["500 No"; 12]);
    let endpoint = two.firm.endpoint(json!({ "url": receiver.url(), "events": ["received"] }));
    let path = format!("/v1/webhook-endpoints/{}", endpoint.id());
    for _ in 0..4 {
        two.api("eu").post("/v1/complaints", &complaint(json!({}))).expect(201);
    }
    let log = |cell: &str| two.api(cell).get(&format!("{path}/deliveries")).expect(200).data().to_vec();
    let ids = |rows: &[Value]| -> Vec<String> { rows.iter().map(|row| row["id"].to_string()).collect() };
    within(TOLD, "all is noted", || (log("eu").len() == 4).then_some(()));
    let before = ids(&log("eu"));
    two.begin("eu", "us");
    two.until("eu", &["purging", "done"]);
    within(TOLD, "all is told", || {
        two.tick();
        log("us").iter().all(|row| row["state"] == "delivered").then_some(())
    });
    assert_eq!(ids(&log("us")), before);
    let there = two.api("us").get(&path).expect(200);
    for member in ["url", "events", "public_key", "secret_number", "created_at", "state"] {
        assert_eq!(there.body[member], endpoint.body[member], "{member}");
    }
    let last = receiver.taken().pop().expect("it was told");
    assert_eq!(last.signed_by(endpoint.text_of("secret")), [0]);
    two.api("us").post("/v1/complaints", &complaint(json!({}))).expect(201);
    within(TOLD, "what is new is told", || {
        two.tick();
        (log("us").len() == 5 && log("us")[0]["state"] == "delivered").then_some(())
    });
    two.until("eu", &["done"]);
    two.cells.cell_mut("eu").stop();
    has_left(&two, "eu");
}

#[test]
fn notifications_go_where_the_tenant_goes() {
    let mut two = Two::new();
    let lead = two.firm.key(&["complaints:read", "complaints:write", "complaints:lead"]);
    let own = json!({ "rules": [
        { "id": "screen", "events": ["received", "noted"], "audience": "assignee", "channel": "console", "text": "staff" }
    ] });
    let set = |api: &Client, version: u64| {
        api.call("PUT", "/v1/notifications/rules").if_match(version).json(&own).send().expect(200)
    };
    assert_eq!(set(&lead, 0).header("etag"), Some("\"v1\""));
    let path =
        format!("/v1/complaints/{}", two.api("eu").post("/v1/complaints", &complaint(json!({}))).expect(201).id());
    lead.call("PUT", &format!("{path}/opt-out")).json(&json!({ "opted_out": true })).send().expect(200);
    let told = |cell: &str| two.api(cell).get("/v1/notifications").expect(200).data().to_vec();
    within(TOLD, "it is told", || (told("eu").len() == 1).then_some(()));
    let before = told("eu");
    two.begin("eu", "us");
    two.until("eu", &["purging", "done"]);
    assert_eq!(told("us"), before);
    let there = two.api("us");
    assert_eq!(there.get(&format!("{path}/opt-out")).expect(200).body["opted_out"], true);
    let rules = there.get("/v1/notifications/rules").expect(200);
    assert_eq!((rules.header("etag"), &rules.body["rules"]), (Some("\"v1\""), &own["rules"]));
    let version = there.get(&path).expect(200).version();
    there.post_on(version, &format!("{path}/note"), &json!({ "text": "Here now." })).expect(200);
    within(TOLD, "what is new is told", || {
        two.tick();
        (told("us").len() == 2).then_some(())
    });
    two.until("eu", &["done"]);
    two.cells.cell_mut("eu").stop();
    has_left(&two, "eu");
}

/// In which phase, how long into the work on it, in milliseconds, and which cells die.
const DEATHS: [(&str, u64, &[&str]); 8] = [
    ("copying", 60, &["us"]),
    ("copying", 250, &["eu"]),
    ("copying", 600, &["eu", "us"]),
    ("paused", 30, &["us"]),
    ("paused", 60, &["eu"]),
    ("paused", 120, &["eu", "us"]),
    ("purging", 30, &["eu", "us"]),
    ("purging", 60, &["eu"]),
];
const PHASES: [&str; 5] = ["copying", "paused", "switching", "purging", "done"];

#[test]
fn whatever_dies_on_the_way_the_tenant_arrives_whole() {
    let mut two = Two::new();
    let before = loaded(&two.api("eu"), 60);
    let ids = before.ids();
    told(&two, &two.api("eu"), &ids);
    let there = seen(&two.api("eu"), &ids);
    let mut feed = Reader::new();
    feed.take(&two.api("eu").get("/v1/changes?limit=100").expect(200));
    two.begin("eu", "us");
    let mut written: Vec<Made> = Vec::new();
    let mut phases = Vec::new();
    for ((phase, millis, dying), nth) in DEATHS.iter().zip(0..) {
        // As far as that, or further if the cells were faster than their deaths.
        let from = PHASES.iter().position(|known| known == phase).unwrap();
        if from > 0 {
            two.until("eu", &PHASES[from..]);
            std::thread::sleep(Duration::from_millis(1_600));
        }
        // A write in between, wherever the tenant is by now.
        let api = two.api(if nth % 2 == 0 { "eu" } else { "us" });
        let (key, body) = (unused(), complaint(json!({})));
        let answer = Made::sent(&api, "/v1/complaints", &key, None, &body);
        if answer.status == 201 {
            written.push(Made { path: "/v1/complaints".to_owned(), key, version: None, body, answer });
        } else {
            answer.problem(503, "unavailable");
        }
        std::thread::scope(|threads| {
            let two = &two;
            let driving = threads.spawn(move || two.advance("eu"));
            std::thread::sleep(Duration::from_millis(*millis));
            for cell in *dying {
                two.cells.cell(cell).kill_now();
            }
            driving.join().unwrap();
        });
        for cell in *dying {
            two.cells.cell_mut(cell).kill();
            two.cells.cell_mut(cell).restart().expect("the cell starts again");
        }
        let path = format!("{}/relocation", two.path());
        let job = within(IN_THE_END, "the cells answer", || {
            two.operator("eu").call("GET", &path).try_send().ok().filter(|job| job.status == 200)
        });
        phases.push(job.text_of("phase").to_owned());
    }
    println!("after each death: {phases:?}");
    two.until("us", &["done"]);
    let requests: Vec<&Made> = before.0.iter().chain(&written).collect();
    is_followed(&two.api("us"), &mut feed, &requests);
    is_whole(&mut two, "eu", "us", &there, &requests);
}

/// The most delicate moment: the target has taken over, and the source died before it heard of it.
#[test]
fn a_source_that_did_not_hear_of_the_switch_finds_out() {
    let mut two = Two::new();
    let before = loaded(&two.api("eu"), 10);
    let ids = before.ids();
    told(&two, &two.api("eu"), &ids);
    let there = seen(&two.api("eu"), &ids);
    let tenant = two.operator("eu").get(&two.path()).expect(200).text;
    two.begin("eu", "us");
    let job = two.until("eu", &["purging"]);
    two.cells.cell_mut("eu").stop();
    let mut changed = 0;
    for database in databases(two.cells.cell("eu").state()) {
        let stage = "UPDATE relocations SET open = 1, lease_until = 0,
            doc = json_set(doc, '$.leaving.stage', 'switching', '$.leaving.paused_at', ?2, '$.leaving.wait_until', NULL)
            WHERE tenant_id = ?1";
        changed += database.execute(stage, [&two.firm.id, job["switched_at"].as_str().unwrap()]).unwrap();
        let home = "UPDATE tenants SET doc = ?2, version = 1, directory_seq = directory_seq - 1 WHERE id = ?1";
        database.execute(home, [&two.firm.id, &tenant]).unwrap();
    }
    assert_eq!(changed, 1);
    two.cells.cell_mut("eu").restart().expect("the cell starts again");

    // Neither cell loses a write, and no two of them accept one: the source is held still.
    let written = Made::send(&two.api("us"), "/v1/complaints".to_owned(), None, complaint(json!({})));
    let path = format!("{}/relocation/cancel", two.path());
    two.operator("eu").post(&path, &json!({})).problem(409, "illegal_move");
    two.until("eu", &["done"]);
    let requests: Vec<&Made> = before.0.iter().chain([&written]).collect();
    is_whole(&mut two, "eu", "us", &there, &requests);
}

#[test]
fn a_move_that_is_given_up_leaves_all_as_it_was() {
    let mut two = Two::new();
    let before = loaded(&two.api("eu"), 30);
    let ids = before.ids();
    told(&two, &two.api("eu"), &ids);
    let there = seen(&two.api("eu"), &ids);
    // The target is gone, so the move gets nowhere.
    two.cells.cell_mut("us").stop();
    let begun = two.begin("eu", "us");
    assert_eq!((begun.text_of("phase"), &begun.body["complaints"]["copied"]), ("copying", &json!(0)));
    let stuck = two.advance("eu").unwrap();
    assert_eq!(stuck["last_error"], "the other cell does not answer");
    let version = two.operator("eu").get(&two.path()).expect(200).version();
    let path = format!("{}/relocation", two.path());
    two.operator("eu").post_on(version, &path, &json!({ "to": "us" })).problem(409, "already_taken");
    two.cells.cell_mut("us").restart().expect("the cell starts again");
    // A step is done before the move is given up.
    let copied = within(IN_THE_END, "something is copied", || {
        let job = two.advance("eu")?;
        (job["complaints"]["copied"].as_u64()? > 0).then_some(job)
    });
    assert_eq!(copied["phase"], "paused", "until every isolate has heard of it");
    assert!(copied["paused_at"].is_string());
    let api = two.api("eu");
    api.post("/v1/complaints", &complaint(json!({}))).problem(503, "unavailable");
    two.operator("eu").post(&format!("{path}/cancel"), &json!({})).expect(200);
    let cancelled = two.until("eu", &["cancelled"]);
    assert_eq!((&cancelled["paused_at"], &cancelled["switched_at"]), (&Value::Null, &Value::Null));
    assert_eq!(seen(&api, &ids), there);
    Made::send(&api, "/v1/complaints".to_owned(), None, complaint(json!({})));
    two.cells.cell_mut("us").stop();
    has_left(&two, "us");
    two.cells.cell_mut("us").restart().expect("the cell starts again");
    two.operator("us").post(&format!("{path}/cancel"), &json!({})).expect(200);

    // Asked for anew, as `cargo xtask relocate` does; run again, it finds that all is done.
    let us = two.cells.cell("us");
    let client = xtask::api::Client::new(us.inner_url(), us.operator_key());
    let mut phases = Vec::new();
    for _ in 0..2 {
        let job = relocate::drive(&client, &two.firm.id, "us", |job| phases.push(job["phase"].clone())).unwrap();
        assert_eq!(job["phase"], "done");
    }
    phases.dedup();
    assert!(phases.len() > 1, "{phases:?}");
    assert_eq!(seen(&two.api("us"), &ids), there);
}

#[test]
fn what_an_operator_asks_for_is_checked() {
    let two = Two::new();
    let (operator, path) = (two.operator("eu"), format!("{}/relocation", two.path()));
    operator.get(&path).problem(404, "not_found");
    for to in ["eu", "mars", "local"] {
        operator.post_on(1, &path, &json!({ "to": to })).problem(422, "invalid");
    }
    operator.post_on(9, &path, &json!({ "to": "us" })).problem(412, "precondition_failed");
    operator.post(&path, &json!({ "to": "us" })).problem(428, "precondition_required");
    two.firm.api.post_on(1, &path, &json!({ "to": "us" })).problem(403, "forbidden");
    // Asked in any cell, it is done in the tenant's home; repeated, it is the same move.
    let key = unused();
    let ask = |cell: &str| {
        let operator = two.operator(cell);
        operator.call("POST", &path).idempotency_key(&key).if_match(1).json(&json!({ "to": "us" })).send().expect(202)
    };
    let (begun, again) = (ask("us"), ask("eu"));
    assert_eq!((again.header("idempotency-replayed"), begun.id()), (Some("true"), again.id()));
    assert_eq!(two.operator("us").get(&path).expect(200).id(), begun.id());
    // Nobody drives it but cron, and writes do not wait for its next run.
    let done = within(IN_THE_END, "cron moves the tenant", || {
        two.tick();
        let job = two.operator("us").get(&path).expect(200);
        (job.text_of("phase") == "done").then_some(job)
    });
    assert!(done.body["longest_pause_millis"].as_u64().unwrap() < 30_000, "{}", done.text);
    for cell in ["eu", "us"] {
        assert_eq!(two.operator(cell).get(&path).expect(200).text_of("phase"), "done", "{cell}");
    }
}

/// Attachments go along: those that were removed do not, and what is counted is what is there.
#[test]
fn attachments_go_along() {
    let scanner = clamav::is_installed().then(|| Scanner::start().expect("the scanner starts"));
    let address = scanner.as_ref().map(Scanner::address).unwrap_or_default();
    let two = Two::with_scanner(&address);
    let all = json!({ "name": "all", "mode": "test", "scopes": ["complaints:read", "complaints:write", "complaints:lead", "usage:read"] });
    let key = two.operator("eu").post(&format!("{}/keys", two.path()), &all).expect(201).text_of("token").to_owned();
    let api = |cell: &str| Client::new(two.cells.cell(cell).base_url(), Some(&key));
    let path = format!("/v1/complaints/{}", api("eu").post("/v1/complaints", &complaint(json!({}))).expect(201).id());
    let attach = |name: &str, bytes: &[u8]| {
        let call = api("eu")
            .call("POST", &format!("{path}/attachments?name={name}"))
            .idempotency_key(&unused())
            .bytes("text/plain", bytes.to_vec())
            .send()
            .expect(200);
        let id = call.body["attachments"].as_array().and_then(|all| all.last()).expect("an attachment")["id"].clone();
        format!("{path}/attachments/{}", id.as_str().expect("an id"))
    };
    let (kept, gone) = (attach("kept.txt", b"Kept."), attach("gone.txt", b"Gone by then."));
    let state = |cell: &str| api(cell).get(&kept).expect(200).body["state"].clone();
    if scanner.is_some() {
        within(TOLD, "it is scanned", || (state("eu") == "clean").then_some(()));
        within(TOLD, "so is the other", || (api("eu").get(&gone).expect(200).body["state"] == "clean").then_some(()));
    }
    let version = api("eu").get(&path).expect(200).version();
    api("eu").call("DELETE", &gone).if_match(version).json(&json!({ "reason": "A stranger's." })).send().expect(200);
    let used = |cell: &str| {
        let usage = api(cell).get("/v1/usage").expect(200).body;
        let quotas = usage["quotas"].as_array().expect("quotas").clone();
        quotas.iter().find(|line| line["quota"] == "storage_bytes").expect("a line")["used"].as_u64()
    };
    assert_eq!(used("eu"), Some(5));
    two.begin("eu", "us");
    two.until("eu", &["purging", "done"]);
    within(TOLD, "what was removed counts no longer", || {
        two.tick();
        (used("us") == Some(5)).then_some(())
    });
    assert_eq!(api("us").get(&format!("{path}/verify")).expect(200).body["valid"], true);
    if scanner.is_some() {
        assert_eq!(state("us"), "clean");
        let link = api("us").post(&format!("{kept}/link"), &json!({})).expect(200);
        let url = link.text_of("url").to_owned();
        let file = &url[url.find("/v1/files/").expect("a link")..];
        let anyone = Client::new(two.cells.cell("us").base_url(), None);
        assert_eq!(anyone.get(file).expect(200).bytes, b"Kept.");
    }
    two.until("eu", &["done"]);
    own_stack_is_rid_of_it(&two);
}

/// Nothing of its files is counted in the cell that it has left.
fn own_stack_is_rid_of_it(two: &Two) {
    let eu = two.cells.cell("eu").state();
    for table in ["stored_files", "storage_used"] {
        assert_eq!(own_stack::count(eu, table), 0, "{table}");
    }
}

/// What cells say to each other is for cells alone, each about a tenant that comes from it.
#[test]
fn nobody_else_speaks_as_a_cell() {
    let two = Two::new();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let now = Timestamp::from_unix_millis(i64::try_from(now).unwrap());
    let tenant: TenantId = two.firm.id.parse().unwrap();
    let other = Firm::on(&two.operator("eu"), json!({}));
    let ring = |cell: &str| {
        let vars = std::fs::read_to_string(two.cells.cell(cell).state().join(".dev.vars")).unwrap();
        let seed =
            vars.lines().find_map(|line| line.strip_prefix("API_KEY_SEED=")).unwrap().trim_matches('"').to_owned();
        (CellName::try_from(cell.to_owned()).unwrap(), seed)
    };
    let token = |cell: &str, signer: &str, tenant: TenantId, at: Timestamp| {
        let name = CellName::try_from(cell.to_owned()).unwrap();
        KeyRing::new(name, &ring(signer).1, &CellKeys::new()).unwrap().issue_for_cell(tenant, at).unwrap()
    };
    let own_key = two.firm.api.key().unwrap().to_owned();
    let operator_key = two.cells.cell("us").operator_key().to_owned();
    let ask = |token: Option<&str>, step: &str| {
        let us = Client::new(two.cells.cell("us").inner_url(), token);
        let body = json!({ "job": "018bcfe5-6800-7303-8303-030303030300", "slots": 2 });
        us.call("POST", &format!("/v1/relocations/{tenant}/{step}")).json(&body).try_send().unwrap()
    };
    let refused = |what: &str, token: Option<&str>, status: u16| {
        for step in ["prepare", "copy", "compare", "activate", "withdraw", "outbox", "clear"] {
            let answer = ask(token, step);
            assert_eq!(answer.status, status, "{what} {step}: {}", answer.text);
        }
    };
    refused("anonymous", None, 401);
    refused("a tenant's key", Some(&own_key), 403);
    refused("an operator", Some(&operator_key), 403);
    refused("wrong issuer", Some(&token("apac", "eu", tenant, now)), 401);
    refused("itself", Some(&token("us", "us", tenant, now)), 401);
    refused("another tenant", Some(&token("eu", "eu", other.id.parse().unwrap(), now)), 401);
    refused("expired", Some(&token("eu", "eu", tenant, now.plus_millis(-61_000))), 401);
    refused("not yet", Some(&token("eu", "eu", tenant, now.plus_millis(600_000))), 401);
    let forged = token("eu", "eu", tenant, now).replace("rdr_cell_", "rdr_live_");
    refused("a cell's token as a key", Some(&forged), 401);
    // A cell's token opens nothing else.
    let genuine = token("eu", "eu", tenant, now);
    let eu = Client::new(two.cells.cell("us").inner_url(), Some(&genuine));
    eu.get("/v1/complaints").problem(403, "forbidden");
    eu.get(&two.path()).problem(403, "forbidden");
    // A genuine cell is heard about a tenant that is at home in it, and about no other.
    assert_eq!(ask(Some(&genuine), "compare").status, 404, "nothing was prepared");
    let stranger = Firm::on(&two.operator("us"), json!({}));
    let theirs = token("eu", "eu", stranger.id.parse().unwrap(), now);
    let us = Client::new(two.cells.cell("us").inner_url(), Some(&theirs));
    let body = json!({ "job": "018bcfe5-6800-7303-8303-030303030300", "slots": 1 });
    let path = format!("/v1/relocations/{}/prepare", stranger.id);
    assert_eq!(us.call("POST", &path).json(&body).try_send().unwrap().status, 403);
    assert_eq!(ask(Some(&genuine), "prepare").status, 200);
    assert_eq!(ask(Some(&genuine), "nonsense").status, 404);
    // The internal routes are in no description.
    let served = Client::new(two.cells.cell("eu").base_url(), None).call("GET", "/openapi.json").try_send().unwrap();
    assert!(served.status == 200 && !served.text.contains("/v1/relocations"));
}
