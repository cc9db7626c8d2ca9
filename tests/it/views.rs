//! Saved views: their names, whom they are for, what they show, and counts that are exact whatever happens at once.

use crate::{
    client::{Answer, Client, unused},
    eventually::within,
    firm::{Firm, complaint, key_for},
    isolation::NOWHERE,
    own_stack::{databases, operator, own_stack},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const SOON: Duration = Duration::from_secs(20);

fn path(view: &Answer) -> String {
    format!("/v1/views/{}", view.id())
}

fn change(api: &Client, view: &Answer, version: u64, body: &Value) -> Answer {
    api.call("PATCH", &path(view)).if_match(version).json(body).send()
}

fn exactly(n: usize) -> Value {
    json!({ "n": n, "exact": true })
}

/// Every view's count, by its filter.
fn counts(api: &Client) -> BTreeMap<String, Value> {
    let listed = api.get("/v1/views").expect(200);
    listed
        .data()
        .iter()
        .map(|view| (view["filter"].as_str().expect("a filter").to_owned(), view["count"].clone()))
        .collect()
}

/// Every summary of a list.
fn all(api: &Client, query: &str) -> Vec<Value> {
    paged(api, 200, query)
}

/// Likewise, with so many on a page.
fn paged(api: &Client, limit: u32, query: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/v1/complaints?limit={limit}&{query}{cursor}")).expect(200);
        rows.extend(page.data().iter().cloned());
        let Some(next) = page.body["next"].as_str() else { return rows };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn a_view_is_made_changed_and_deleted() {
    let firm = Firm::new();
    firm.log(json!({ "tags": ["fraud"] }));
    let key = unused();
    let body = json!({ "name": "New fraud", "filter": "tag=fraud&state=received", "owner": "anna" });
    let make = |body: &Value| firm.api.call("POST", "/v1/views").idempotency_key(&key).json(body).send();
    let made = make(&body).expect(201);
    assert_eq!((made.version(), made.header("location")), (1, Some(path(&made).as_str())));
    for (member, value) in
        [("name", "New fraud"), ("filter", "tag=fraud&state=received"), ("owner", "anna"), ("sharing", "private")]
    {
        assert_eq!(made.body[member], value);
    }
    assert_eq!((&made.body["team"], &made.body["count"]), (&Value::Null, &exactly(1)));
    assert_eq!(firm.api.get(&path(&made)).expect(200).text, made.text);

    let again = make(&body).expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &made.text));
    make(&json!({ "name": "Other", "filter": "", "owner": "anna" })).problem(422, "idempotency_key_reused");
    firm.api.post("/v1/views", &body).problem(409, "already_taken");
    let others = firm.api.post("/v1/views", &json!({ "name": "New fraud", "filter": "", "owner": "bo" })).expect(201);
    assert_eq!(others.body["count"], exactly(1), "a name is an owner's");

    firm.api.call("PATCH", &path(&made)).json(&json!({ "name": "x" })).send().problem(428, "precondition_required");
    let shared = change(&firm.api, &made, 1, &json!({ "sharing": "team", "team": "cards" })).expect(200);
    assert_eq!(
        (shared.version(), &shared.body["team"], &shared.body["name"]),
        (2, &json!("cards"), &made.body["name"])
    );
    change(&firm.api, &made, 1, &json!({ "name": "Late" })).problem(412, "precondition_failed");
    let widened = change(&firm.api, &made, 2, &json!({ "filter": "state=received", "name": "All new" })).expect(200);
    assert_eq!((widened.version(), &widened.body["count"]), (3, &exactly(1)));
    change(&firm.api, &others, 1, &json!({ "name": "All new", "owner": "anna" })).problem(409, "already_taken");
    let first = make(&body).expect(201);
    assert_eq!((first.version(), &first.body), (1, &made.body), "a repeated request gets what it made");

    let delete = |view: &Answer, version| firm.api.call("DELETE", &path(view)).if_match(version).send();
    delete(&made, 2).problem(412, "precondition_failed");
    firm.api.call("DELETE", &path(&made)).send().problem(428, "precondition_required");
    delete(&made, 3).expect(204);
    for gone in [delete(&made, 3), firm.api.get(&path(&made)), change(&firm.api, &made, 3, &json!({ "name": "x" }))] {
        gone.problem(404, "not_found");
    }
    assert_eq!(make(&body).expect(201).text, made.text, "also once it is gone");
    assert_eq!(firm.api.get("/v1/views").expect(200).data().len(), 1);
    firm.api.post("/v1/views", &body).expect(201);
}

#[test]
fn what_a_view_cannot_be_is_said() {
    let firm = Firm::new();
    let long = format!("q={}", "a+".repeat(2_500));
    for (members, places) in [
        (json!({ "name": null, "filter": null, "owner": null }), vec!["/filter", "/name", "/owner"]),
        (json!({ "name": " ", "colour": 1 }), vec!["/colour", "/name"]),
        (json!({ "filter": "state=sold&colour=red" }), vec!["/filter", "/filter"]),
        (json!({ "filter": "state=received&limit=5" }), vec!["/filter"]),
        (json!({ "filter": "reference=NWB-4K7Q-9M2X" }), vec!["/filter"]),
        (json!({ "filter": format!("view={NOWHERE}") }), vec!["/filter"]),
        (json!({ "filter": "q=(" }), vec!["/filter"]),
        (json!({ "filter": long }), vec!["/filter"]),
        (json!({ "sharing": "team" }), vec!["/team"]),
        (json!({ "sharing": "nobody" }), vec!["/sharing"]),
        (json!({ "team": "cards" }), vec!["/team"]),
    ] {
        let mut body = json!({ "name": "a", "filter": "", "owner": "anna" });
        body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        let refused = firm.api.post("/v1/views", &body).problem(422, "invalid");
        assert_eq!(refused.pointers(), places, "{members}");
    }
    let view = firm.view("");
    assert_eq!(
        change(&firm.api, &view, 1, &json!({ "filter": "state=sold" })).problem(422, "invalid").pointers(),
        ["/filter"]
    );
    for wrong in ["colour=red", "visible_to=a&visible_to=b"] {
        firm.api.get(&format!("/v1/views?{wrong}")).problem(400, "invalid_parameter");
    }
    firm.key(&["complaints:read"]).post("/v1/views", &json!({})).problem(403, "forbidden");
}

#[test]
fn views_are_listed_for_whom_they_are_shared_with() {
    let firm = Firm::new();
    let make = |name: &str, owner: &str, sharing: Value| {
        let mut body = json!({ "name": name, "filter": "", "owner": owner });
        body.as_object_mut().expect("an object").extend(sharing.as_object().expect("an object").clone());
        firm.api.post("/v1/views", &body).expect(201);
    };
    make("mine", "anna", json!({}));
    make("cards", "anna", json!({ "sharing": "team", "team": "cards" }));
    make("all", "bo", json!({ "sharing": "everyone" }));
    for (query, expected) in [
        ("", vec!["mine", "cards", "all"]),
        ("?visible_to=anna", vec!["mine", "cards", "all"]),
        ("?visible_to=bo", vec!["all"]),
        ("?visible_to=cy&team=loans&team=cards", vec!["cards", "all"]),
    ] {
        let listed = firm.api.get(&format!("/v1/views{query}")).expect(200);
        let names: Vec<_> = listed.data().iter().map(|view| view["name"].as_str().expect("a name")).collect();
        assert_eq!(names, expected, "{query}");
    }
}

#[test]
fn a_list_shows_a_view_and_is_filtered_further() {
    let firm = Firm::new();
    let log = |slot, tags: Value, day: u32, text: &str| {
        let received_at = format!("2026-01-{day:02}T09:00:00.000Z");
        firm.log_in(slot, json!({ "tags": tags, "received_at": received_at, "description": text })).id().to_owned()
    };
    let one = log(0, json!(["fraud"]), 1, "A late fee");
    let two = log(1, json!(["fraud", "vip"]), 2, "A late charge");
    let three = log(0, json!(["fraud"]), 3, "Nothing of it");
    log(1, json!(["vip"]), 4, "A late fee");
    let view = firm.view("tag=fraud&received_from=2026-01-01T00:00:00Z");
    let late = firm.view("tag=fraud&q=late");
    let shown = |limit, query: &str| -> Vec<String> {
        paged(&firm.api, limit, query).iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let (view, late) = (view.id(), late.id());
    for (query, expected) in [
        (format!("view={view}"), vec![&three, &two, &one]),
        (format!("view={view}&tag=vip"), vec![&two]),
        (format!("tag=fraud&view={view}"), vec![&three, &two, &one]),
        (format!("view={view}&received_from=2026-01-02T00:00:00Z&received_to=2026-01-03T00:00:00Z"), vec![&two]),
        (format!("view={view}&state=closed"), vec![]),
        (format!("view={late}"), vec![&two, &one]),
        (format!("view={late}&q=fee"), vec![&one]),
        (format!("view={view}&q=fee%20OR%20charge"), vec![&two, &one]),
    ] {
        let expected: Vec<_> = expected.into_iter().cloned().collect();
        assert_eq!((shown(200, &query), shown(1, &query)), (expected.clone(), expected), "{query}");
    }
    let page = firm.api.get(&format!("/v1/complaints?view={view}&limit=1")).expect(200);
    assert!(page.header("link").is_some_and(|link| link.contains(&format!("view={view}"))));
    let cursor = page.text_of("next");
    firm.api.get(&format!("/v1/complaints?limit=1&tag=fraud&cursor={cursor}")).problem(400, "invalid_cursor");
    for (wrong, status, code) in [
        (format!("view={NOWHERE}"), 404, "not_found"),
        ("view=x".to_owned(), 400, "invalid_parameter"),
        (format!("view={view}&view={view}"), 400, "invalid_parameter"),
        (format!("view={view}&external_reference=CRM-1"), 400, "invalid_parameter"),
    ] {
        firm.api.get(&format!("/v1/complaints?{wrong}")).problem(status, code);
    }
}

#[test]
fn a_count_follows_every_change() {
    let firm = Firm::new();
    let march = "received_from=2026-03-01T00:00:00Z&received_to=2026-04-01T00:00:00Z";
    let filters =
        ["", "state=received", "team=cards", "assignee=anna&tag=vip", "product=mortgage&severity=high", march];
    let logged = firm.log_in(0, json!({ "received_at": "2026-03-31T23:59:59.999Z" }));
    filters.iter().for_each(|filter| _ = firm.view(filter));
    let are = |expected: [usize; 6]| {
        let expected: BTreeMap<String, Value> =
            filters.iter().zip(expected).map(|(filter, n)| ((*filter).to_owned(), exactly(n))).collect();
        assert_eq!(counts(&firm.api), expected);
    };
    are([1, 1, 0, 0, 0, 1]);
    let path = format!("/v1/complaints/{}", logged.id());
    firm.give(&path, "assign", json!({ "assignee": "anna", "team": "cards" })).expect(200);
    are([1, 1, 1, 0, 0, 1]);
    firm.give(&path, "classify", json!({ "tags": ["vip"], "product": "mortgage", "severity": "high" })).expect(200);
    are([1, 1, 1, 1, 1, 1]);
    let later = json!({ "reason": "Misread.", "set": { "received_at": "2026-04-01T00:00:00Z" } });
    firm.give(&path, "correct", later).expect(200);
    are([1, 1, 1, 1, 1, 0]);
    firm.give(&path, "acknowledge", json!({})).expect(200);
    firm.log_in(1, json!({ "received_at": "2026-03-01T00:00:00Z", "severity": "high", "product": "mortgage" }));
    are([2, 1, 1, 1, 2, 1]);
    firm.give(&path, "assign", json!({ "assignee": "bo" })).expect(200);
    are([2, 1, 0, 0, 2, 1]);
}

#[test]
fn a_search_is_counted_when_it_is_read_and_only_so_far() {
    let firm = Firm::new();
    for slot in [0, 1, 1] {
        firm.log_in(slot, json!({ "description": "A late fee", "tags": ["fraud"] }));
    }
    firm.log_in(1, json!({ "description": "A late fee" }));
    let view = firm.view("q=lat*%20fee&tag=fraud");
    assert_eq!(view.body["count"], exactly(3));
    assert_eq!(counts(&firm.api)["q=lat*%20fee&tag=fraud"], Value::Null, "not in a list of many");
    firm.log_in(0, json!({ "description": "Another late fee", "tags": ["fraud"] }));
    assert_eq!(firm.api.get(&path(&view)).expect(200).body["count"], exactly(4));
    assert_eq!(change(&firm.api, &view, 1, &json!({ "filter": "q=fee" })).expect(200).body["count"], exactly(5));
}

#[test]
fn a_view_counts_on_shards_that_the_tenant_gets_later() {
    let firm = Firm::small();
    firm.log(json!({ "tags": ["fraud"] }));
    let view = firm.view("tag=fraud");
    let path_of_firm = format!("/v1/tenants/{}", firm.id);
    let version = firm.operator.get(&path_of_firm).expect(200).version();
    firm.operator.post_on(version, &format!("{path_of_firm}/shards"), &json!({ "shard": 1 })).expect(200);
    // Until every isolate knows of the new slot, it may be refused.
    let logged = within(SOON, "a complaint lies on the new shard", || {
        let call = firm.api.call("POST", "/v1/complaints").idempotency_key(&key_for(1, 2));
        let logged = call.json(&complaint(json!({ "tags": ["fraud"] }))).send().expect(201);
        u8::from_str_radix(&logged.id()[34..], 16).is_ok_and(|end| end & 31 == 1).then_some(logged)
    });
    assert_eq!(firm.api.get(&path(&view)).expect(200).body["count"], exactly(all(&firm.api, "tag=fraud").len()));
    firm.give(&format!("/v1/complaints/{}", logged.id()), "classify", json!({ "tags": [] })).expect(200);
    assert_eq!(firm.api.get(&path(&view)).expect(200).body["count"], exactly(all(&firm.api, "tag=fraud").len()));
}

#[test]
fn a_tenant_has_so_many_views() {
    let firm = Firm::new();
    let views: Vec<Answer> = (0..200).map(|n| firm.view(&format!("assignee=agent-{n}"))).collect();
    let one_more = json!({ "name": "one more", "filter": "", "owner": "anna" });
    let refused = firm.api.post("/v1/views", &one_more).problem(422, "invalid");
    assert!(refused.text.contains("at most 200 views"), "{}", refused.text);
    firm.log(json!({}));
    let listed = firm.api.get("/v1/views").expect(200);
    assert_eq!(listed.data().len(), 200);
    assert!(listed.data().iter().all(|view| view["count"] == exactly(0)));
    firm.api.call("DELETE", &path(&views[0])).if_match(1).send().expect(204);
    firm.api.post("/v1/views", &one_more).expect(201);
}

/// What a filter says of a complaint, told from its summary alone.
fn shows(filter: &str, row: &Value) -> bool {
    filter.split('&').filter(|part| !part.is_empty()).all(|part| {
        let (name, value) = part.split_once('=').expect("a name and a value");
        match name {
            "tag" => row["tags"].as_array().expect("tags").iter().any(|tag| tag == value),
            "received_from" => row["received_at"].as_str().expect("a moment") >= value,
            "received_to" => row["received_at"].as_str().expect("a moment") < value,
            _ => row[name] == value,
        }
    })
}

const FILTERS: [&str; 14] = [
    "",
    "state=received",
    "state=acknowledged",
    "state=withdrawn",
    "product=mortgage",
    "product=mortgage&state=received",
    "assignee=agent-1",
    "assignee=agent-2&state=acknowledged",
    "tag=vip",
    "tag=vip&tag=fraud&severity=high",
    "channel=phone",
    "received_from=2026-01-15T00:00:00.000Z",
    "received_to=2026-01-15T00:00:00.000Z&tag=fraud",
    "received_from=2026-01-10T00:00:00.000Z&received_to=2026-01-20T00:00:00.000Z",
];

/// A cheap sequence of numbers that look random.
struct Dice(u64);

impl Dice {
    fn of(&mut self, many: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % many
    }

    fn one<'v>(&mut self, values: &[&'v str]) -> &'v str {
        values[self.of(values.len())]
    }
}

fn day(dice: &mut Dice) -> String {
    format!("2026-01-{:02}T12:00:00.000Z", 1 + dice.of(28))
}

fn labels(dice: &mut Dice) -> Value {
    let tags = [json!([]), json!(["vip"]), json!(["fraud"]), json!(["fraud", "vip"])];
    json!({
        "product": dice.one(&["mortgage", "credit_card"]), "severity": dice.one(&["low", "high"]), "tags": tags[dice.of(4)]
    })
}

/// Sends a write without holding its answer against the contract, which takes longer than the write.
fn write(api: &Client, version: u64, path: &str, body: &Value) -> Answer {
    let call = api.call("POST", path).idempotency_key(&unused()).if_match(version).json(body);
    call.try_send().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// One of several who log and work complaints and change views now and then: what they know of a complaint may be old.
struct Worker {
    api: Client,
    dice: Dice,
    /// Its own views, with their versions.
    views: Vec<(String, u64)>,
}

impl Worker {
    fn work(&mut self, complaints: &Mutex<Vec<(String, u64)>>, left: &AtomicUsize) {
        while let Ok(left) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            if left % 25 == 0 {
                self.look();
            }
            let known = {
                let complaints = complaints.lock().unwrap();
                let new = complaints.is_empty() || self.dice.of(6) == 0;
                (!new).then(|| self.dice.of(complaints.len())).map(|nth| (nth, complaints[nth].clone()))
            };
            match known {
                Some((nth, (path, version))) => {
                    if let Some(newest) = self.command(&path, version) {
                        let known = &mut complaints.lock().unwrap()[nth].1;
                        *known = newest.max(*known);
                    }
                }
                None => complaints.lock().unwrap().push((self.log(), 1)),
            }
        }
    }

    fn log(&mut self) -> String {
        let mut body = labels(&mut self.dice);
        body["received_at"] = json!(day(&mut self.dice));
        body["channel"] = json!(self.dice.one(&["phone", "web"]));
        let logged = write(&self.api, 0, "/v1/complaints", &complaint(body)).expect(201);
        format!("/v1/complaints/{}", logged.id())
    }

    /// Gives a command that is legal or is not. The newest version that it has learnt of.
    fn command(&mut self, path: &str, version: u64) -> Option<u64> {
        let dice = &mut self.dice;
        let (command, body) = match dice.of(9) {
            0 => ("acknowledge", json!({})),
            1 => ("withdraw", json!({ "reason": "Solved." })),
            2 => ("reopen", json!({ "reason": "Not solved." })),
            3 | 4 => ("assign", json!({ "assignee": format!("agent-{}", dice.of(4)), "team": "cards" })),
            5 | 6 => ("classify", labels(dice)),
            7 => ("correct", json!({ "reason": "Misread.", "set": { "received_at": day(dice) } })),
            _ => ("note", json!({ "text": "Noted." })),
        };
        let answer = write(&self.api, version, &format!("{path}/{command}"), &body);
        match answer.status {
            200 => Some(answer.version()),
            409 | 422 => None,
            412 => Some(self.api.get(path).expect(200).version()),
            _ => panic!("{command}: {}", answer.text),
        }
    }

    /// Makes, changes, reads or deletes a view.
    fn look(&mut self) {
        let filter = self.dice.one(&FILTERS);
        if self.views.len() < 3 {
            let body = json!({ "name": unused(), "filter": filter, "owner": "anna" });
            let made = self.api.post("/v1/views", &body).expect(201);
            return self.views.push((path(&made), 1));
        }
        let nth = self.dice.of(self.views.len());
        let (path, version) = &mut self.views[nth];
        match self.dice.of(3) {
            0 => {
                let call = self.api.call("PATCH", path).if_match(*version).json(&json!({ "filter": filter }));
                *version = call.send().expect(200).version();
            }
            1 => {
                self.api.call("DELETE", path).if_match(*version).send().expect(204);
                self.views.swap_remove(nth);
            }
            _ => _ = self.api.get(path).expect(200),
        }
    }
}

#[test]
fn counts_are_exact_after_ten_thousand_commands_at_once() {
    let firm = Firm::new();
    firm.log(json!({}));
    let fixed: Vec<Answer> = FILTERS[..6].iter().map(|filter| firm.view(filter)).collect();
    let (complaints, left) = (Mutex::default(), AtomicUsize::new(10_000));
    std::thread::scope(|threads| {
        for nth in 0..8 {
            let mut worker = Worker { api: firm.inner().apart(), dice: Dice(nth), views: Vec::new() };
            let (complaints, left) = (&complaints, &left);
            threads.spawn(move || worker.work(complaints, left));
        }
    });
    // Those that were kept throughout, and those that begin now.
    FILTERS.iter().for_each(|filter| _ = firm.view(filter));
    let rows = all(&firm.api, "");
    let recounted: BTreeMap<String, Value> = FILTERS
        .iter()
        .map(|filter| ((*filter).to_owned(), exactly(rows.iter().filter(|row| shows(filter, row)).count())))
        .collect();
    let kept = fixed.iter().map(|view| firm.api.get(&path(view)).expect(200).body);
    kept.for_each(|view| assert_eq!(view["count"], recounted[view["filter"].as_str().expect("a filter")], "{view}"));
    assert_eq!(counts(&firm.api), recounted);
    // The counts that are not of views are the same.
    let counted = firm.api.get("/v1/complaints/counts").expect(200);
    assert_eq!(counted.body["total"], rows.len());
    for (facet, value) in
        [("state", "received"), ("state", "withdrawn"), ("product", "mortgage"), ("assignee", "agent-1")]
    {
        let recounted = rows.iter().filter(|row| row[facet] == value).count();
        assert_eq!(counted.body["data"][facet][value], recounted, "{facet} {value}");
    }
}

/// The runtime dies while views are made and changed; and a database has lost a counter, has half of one, and one that
/// nobody asks for.
#[test]
fn what_is_left_of_a_view_is_made_good_by_whoever_reads_it() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    for slot in [0, 1, 0, 1, 1, 0] {
        firm.log_in(slot, json!({ "tags": ["fraud"], "product": "mortgage" }));
    }
    for round in 0..5 {
        let api = firm.api.at(stack.base_url());
        let made = Mutex::new(Vec::new());
        std::thread::scope(|threads| {
            for nth in 0..4_u64 {
                let (api, made) = (api.apart(), &made);
                threads.spawn(move || {
                    let mut dice = Dice(nth + 10 * round);
                    loop {
                        let filter = format!("received_to=2027-01-01T00:00:00.{:03}Z&tag=fraud", dice.of(1_000));
                        let body = json!({ "name": unused(), "filter": filter, "owner": "anna" });
                        let call = api.call("POST", "/v1/views").idempotency_key(&unused()).json(&body);
                        match call.try_send() {
                            Ok(answer) if answer.status == 201 => made.lock().unwrap().push(answer),
                            _ => return,
                        }
                    }
                });
            }
            within(SOON, "some views are made", || (made.lock().unwrap().len() > 8).then_some(()));
            stack.kill();
        });
        if round == 0 {
            // Changes of a complaint are counted in one row of its database, whatever they change.
            for database in databases(&state) {
                database
                    .execute("DELETE FROM counters WHERE name IN (SELECT name FROM counters ORDER BY name LIMIT 2)", [])
                    .unwrap();
                let half = "UPDATE counters SET n = 0, counted_from = 9223372036854775807
                    WHERE name IN (SELECT name FROM counters ORDER BY name DESC LIMIT 2)";
                database.execute(half, []).unwrap();
            }
        }
        stack.restart().expect("the stack starts again");
        let api = firm.api.at(stack.base_url());
        for view in made.into_inner().unwrap() {
            let read = api.get(&path(&view)).expect(200);
            assert_eq!(read.body["count"], exactly(6), "what was answered is there, and counted");
        }
        // Also those whose makers were told nothing.
        within(SOON, "all of them are counted", || {
            counts(&api).values().all(|count| *count == exactly(6)).then_some(())
        });
        for view in api.get("/v1/views").expect(200).data() {
            let path = format!("/v1/views/{}", view["id"].as_str().expect("an id"));
            api.call("DELETE", &path).if_match(1).send().expect(204);
        }
        firm.api
            .at(stack.base_url())
            .post("/v1/views", &json!({ "name": unused(), "filter": "", "owner": "anna" }))
            .expect(201);
        let left = api.get("/v1/views").expect(200);
        assert_eq!((left.data().len(), &left.data()[0]["count"]), (1, &exactly(6)));
    }
    stack.stop();
    for database in databases(&state) {
        let left: i64 = database.query_row("SELECT count(*) FROM counters", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1, "none of views that are gone");
    }
}
