//! Staff: how they sign in by a real provider, what they may do, how that ends, and what a directory does with them.

use crate::{
    bulk,
    client::{Answer, Client, STACK, unused},
    eventually::within,
    firm::{Firm, complaint},
    isolation::{NOWHERE, operations},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use xtask::identity_provider::{CLIENT, IdentityProvider};

/// A browser: it holds cookies of each host and follows redirects.
pub(crate) struct Browser {
    pub(crate) hosts: BTreeMap<String, BTreeMap<String, String>>,
}

/// `http://host:port` and the rest of an absolute URL.
fn cut(url: &str) -> (String, String) {
    let at = url.find("://").map_or(0, |at| at + 3);
    let end = url[at..].find('/').map_or(url.len(), |slash| at + slash);
    let rest = if url[end..].is_empty() { "/" } else { &url[end..] };
    (url[..end].to_owned(), rest.to_owned())
}

impl Browser {
    fn new() -> Self {
        Self { hosts: BTreeMap::new() }
    }

    fn cookies(&self, origin: &str) -> String {
        let held = self.hosts.get(origin).into_iter().flatten();
        held.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, origin: &str, answer: &Answer) {
        let held = self.hosts.entry(origin.to_owned()).or_default();
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().expect("cookies are ASCII");
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() || line.contains("Max-Age=0") {
                held.remove(name);
            } else {
                held.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn ask(&mut self, method: &str, url: &str, form: Option<&str>) -> Answer {
        let (origin, path) = cut(url);
        let client = Client::new(&origin, None);
        let mut call = client.call(method, &path).header("cookie", &self.cookies(&origin));
        if let Some(form) = form {
            call = call.header("origin", &origin).bytes("application/x-www-form-urlencoded", form.as_bytes().to_vec());
        }
        let answer = call.try_send().expect("it answers");
        self.keep(&origin, &answer);
        answer
    }

    /// Opens a page, wherever it leads to: where that is, and the answer.
    fn open(&mut self, url: &str) -> (String, Answer) {
        let mut at = url.to_owned();
        for _ in 0..12 {
            let answer = self.ask("GET", &at, None);
            let Some(location) = answer.header("location").filter(|_| (300..400).contains(&answer.status)) else {
                return (at, answer);
            };
            at = if location.starts_with('/') { format!("{}{location}", cut(&at).0) } else { location.to_owned() };
        }
        panic!("{url} leads nowhere");
    }

    /// The API, as a script of a page asks it. Nothing is sent along that shows that it was meant.
    fn api(&self) -> Client {
        Client::new(&STACK.base_url, None)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.api().call("GET", path).header("cookie", &self.cookies(&STACK.base_url)).send()
    }

    pub(crate) fn csrf(&mut self) -> String {
        let answer = self.ask("GET", &format!("{}/app/session", STACK.base_url), None).expect(200);
        answer.text_of("csrf").to_owned()
    }

    /// As a page of ours does it.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Answer {
        let csrf = self.csrf();
        self.send("POST", path, None, &csrf, body)
    }

    /// The same, of what has a version, with a token that it has already.
    pub(crate) fn send(&self, method: &str, path: &str, version: Option<u64>, csrf: &str, body: &Value) -> Answer {
        let api = self.api();
        let call = api.call(method, path).header("cookie", &self.cookies(&STACK.base_url));
        let call = call.header("origin", &STACK.base_url).header("x-redress-csrf", csrf);
        let call = call.idempotency_key(&unused()).json(body);
        version.into_iter().fold(call, |call, version| call.if_match(version)).send()
    }
}

/// A firm with a provider of its own.
pub(crate) struct Office {
    pub(crate) firm: Firm,
    provider: IdentityProvider,
    admin: Client,
}

impl Office {
    pub(crate) fn new() -> Self {
        let firm = Firm::new();
        let provider = IdentityProvider::start(&format!("{}/app/callback", STACK.base_url)).expect("a provider starts");
        let admin = firm.key(&["staff:manage"]);
        let (id, secret) = CLIENT;
        let rule = |value: &str, role: &str| json!({ "claim": "groups", "value": value, "role": role });
        let cleared = json!({ "claim": "groups", "value": "cleared", "role": "agent", "clearances": ["vip"] });
        let body = json!({
            "oidc": {
                "issuer": provider.issuer(), "client_id": id, "domains": ["northwind.example.com"],
                "create_accounts": true,
                "roles": [
                    rule("agents", "agent"), rule("leads", "lead"), rule("admins", "admin"), rule("checkers", "auditor"),
                    cleared
                ]
            },
            "client_secret": secret
        });
        let set = admin.call("PUT", "/v1/sign-in").json(&body).send().expect(200);
        assert_eq!(set.body["has_client_secret"], true);
        assert!(!set.text.contains(secret), "{}", set.text);
        Self { firm, provider, admin }
    }

    /// Who signs in next.
    fn account(&self, sub: &str, groups: &[&str]) -> String {
        let email = format!("{sub}@northwind.example.com");
        let body =
            json!({ "sub": sub, "email": email, "email_verified": true, "name": "Ada Winter", "groups": groups });
        let provider = Client::new(&self.provider.issuer(), None);
        let answer = provider.call("POST", "/account").json(&body).try_send().expect("the provider answers");
        assert_eq!(answer.status, 204, "{}", answer.text);
        email
    }

    pub(crate) fn signed_in(&self, sub: &str, groups: &[&str]) -> Browser {
        self.account(sub, groups);
        let mut browser = Browser::new();
        let (at, page) = self.sign_in(&mut browser);
        assert!(at.starts_with(&format!("{}/app/", STACK.base_url)) && page.status == 200, "{at}: {}", page.text);
        browser
    }

    fn sign_in(&self, browser: &mut Browser) -> (String, Answer) {
        browser.open(&format!("{}/app/{}/provider", STACK.base_url, self.firm.slug))
    }

    pub(crate) fn person(&self, email: &str) -> Value {
        let people = self.admin.get("/v1/people").expect(200);
        let found = people.data().iter().find(|person| person["email"] == email);
        found.unwrap_or_else(|| panic!("{email} is not among {}", people.text)).clone()
    }
}

#[test]
fn somebody_signs_in_by_the_firms_provider_and_does_what_their_role_lets_them() {
    let office = Office::new();
    let sub = unused();
    let mut browser = office.signed_in(&sub, &["agents"]);
    let person = office.person(&format!("{sub}@northwind.example.com"));
    assert_eq!(person["roles"], json!(["agent"]));
    // Reading needs the cookie alone; writing that it was meant.
    browser.get("/v1/complaints").expect(200);
    browser.get("/v1/people").problem(403, "forbidden");
    let api = browser.api();
    let held = browser.cookies(&STACK.base_url);
    let bare = || api.call("POST", "/v1/complaints").header("cookie", &held).idempotency_key(&unused());
    bare().json(&complaint(json!({}))).send().problem(403, "forbidden");
    bare().header("origin", &STACK.base_url).json(&complaint(json!({}))).send().problem(403, "forbidden");
    let csrf = browser.csrf();
    let elsewhere = bare().header("origin", "https://evil.example").header("x-redress-csrf", &csrf);
    elsewhere.json(&complaint(json!({}))).send().problem(403, "forbidden");
    let logged = browser.post("/v1/complaints", &complaint(json!({}))).expect(201);
    let path = format!("/v1/complaints/{}", logged.id());
    let events = office.firm.api.get(&format!("{path}/events")).expect(200);
    let by = &events.data()[0]["actor"];
    assert_eq!((&by["kind"], &by["id"]), (&json!("staff"), &person["id"]), "{}", events.text);
    // What they read is written down.
    browser.get(&path).expect(200);
    let reads = office.firm.key(&["access-log:read"]);
    let found = within(Duration::from_secs(10), "the read is logged", || {
        let list = reads.get(&format!("/v1/access-events?complaint={}", logged.id())).expect(200);
        list.data().first().cloned()
    });
    assert_eq!((&found["person"], &found["what"]), (&person["id"], &json!("complaint")));
}

/// The complaints of a list, of the feed, or of what is alike.
fn shown(answer: &Answer) -> BTreeSet<String> {
    let rows = answer.data().iter().map(|row| match &row["complaint"] {
        Value::Null => &row["id"],
        Value::Object(complaint) => &complaint["id"],
        complaint => complaint,
    });
    rows.map(|id| id.as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_sensitive_complaint_is_there_for_who_holds_a_clearance_and_for_nobody_else() {
    let office = Office::new();
    let firm = &office.firm;
    let told = |sensitivity: Value| {
        let words = "The zeppelin that I hired for the wedding of my sister never came, and nobody has paid me back.";
        firm.log(json!({ "description": words, "sensitivity": sensitivity }))
    };
    let (secret, twin) = (told(json!(["vip"])), told(json!([])));
    let path = |id: &str| format!("/v1/complaints/{id}");
    let [sub, other] = [(); 2].map(|()| unused());
    let agent = office.signed_in(&sub, &["agents"]);
    let cleared = office.signed_in(&other, &["cleared"]);

    // Whatever is asked of it, it is as if it were not there.
    let mut asked = 0;
    for (method, template, _) in operations() {
        if method != "GET" || !template.starts_with("/v1/complaints/{id}") {
            continue;
        }
        let filled = |id: &str| {
            let path = template.replace("{id}", id).replace("{letter}", NOWHERE);
            path.replace("{attachment}", NOWHERE).replace("{upload}", NOWHERE)
        };
        let [hidden, nowhere] = [secret.id(), NOWHERE].map(|id| agent.get(&filled(id)));
        assert_eq!(hidden.status, 404, "{template}: {}", hidden.text);
        assert_eq!((&hidden.body["code"], &hidden.body["detail"]), (&nowhere.body["code"], &nowhere.body["detail"]));
        asked += 1;
    }
    assert!(asked >= 10, "only {asked} reads of a complaint are described");
    for rest in ["", "/events", "/clocks", "/case-file", "/duplicates"] {
        cleared.get(&format!("{}{rest}", path(secret.id()))).expect(200);
        firm.api.get(&format!("{}{rest}", path(secret.id()))).expect(200);
    }

    // Nor is it in any list.
    let alike = format!("{}/duplicates", path(twin.id()));
    let reference = format!("/v1/complaints?reference={}", secret.text_of("reference"));
    for list in ["/v1/complaints?limit=200", "/v1/complaints?q=zeppelin", "/v1/changes", &alike, &reference] {
        let sees = |answer: Answer| shown(&answer.expect(200)).contains(secret.id());
        assert!(!sees(agent.get(list)), "{list}");
        assert!(sees(cleared.get(list)), "{list}");
        assert!(sees(firm.api.get(list)), "{list}");
    }
    let rows = firm.api.get("/v1/complaints").expect(200);
    let labels =
        |id: &str| rows.data().iter().find(|row| row["id"] == id).expect("it is listed")["sensitivity"].clone();
    assert_eq!((labels(secret.id()), labels(twin.id())), (json!(["vip"]), Value::Null));

    // Who has read what is known, and not what was searched for.
    let person = office.person(&format!("{sub}@northwind.example.com"))["id"].as_str().expect("an id").to_owned();
    let reads = firm.key(&["access-log:read"]);
    let noted = within(Duration::from_secs(10), "the reads are logged", || {
        let list = reads.get(&format!("/v1/access-events?person={person}")).expect(200);
        let all = ["list", "search", "changes", "duplicates"];
        let has = |what: &&str| list.data().iter().any(|read| read["what"] == **what);
        all.iter().all(has).then_some(list)
    });
    assert!(!noted.text.contains("zeppelin"), "{}", noted.text);
    let search = noted.data().iter().find(|read| read["what"] == "search").expect("a search");
    assert_eq!((&search["rows"], &search["complaint"]), (&json!(1), &Value::Null));

    // Labels that are taken away let everybody in again.
    firm.give(&path(secret.id()), "label", json!({ "sensitivity": ["vip"] })).problem(422, "invalid");
    firm.give(&path(secret.id()), "label", json!({ "sensitivity": [] })).expect(200);
    agent.get(&path(secret.id())).expect(200);
    firm.give(&path(secret.id()), "label", json!({ "sensitivity": ["vip", "staff"] })).expect(200);
    cleared.get(&path(secret.id())).problem(404, "not_found");
}

/// What counts say of a firm's complaints.
fn counted(ask: &dyn Fn(&str) -> Answer, views: &[String]) -> Vec<Value> {
    let paths = ["/v1/complaints/counts", "/v1/deadlines/forecast", "/v1/statistics"].map(str::to_owned);
    let all = paths.iter().chain(views);
    all.map(|path| {
        within(Duration::from_secs(10), "all is counted", || {
            let answer = ask(path).expect(200).body;
            (answer["count"].is_null() || answer["count"]["exact"] == true).then_some(answer)
        })
    })
    .collect()
}

#[test]
fn what_somebody_may_not_see_is_counted_nowhere_and_no_job_of_theirs_changes_it() {
    let office = Office::new();
    let firm = &office.firm;
    let views: Vec<_> = ["", "state=received", "product=mortgage&unassigned=true", "tag=secret", "q=zeppelin"]
        .map(|filter| format!("/v1/views/{}", firm.view(filter).id()))
        .into();
    let told = |product: &str, sensitivity: Value| {
        let words = "The zeppelin that I hired for the wedding of my sister never came, and nobody has paid me back.";
        let members =
            json!({ "description": words, "product": product, "tags": ["secret"], "sensitivity": sensitivity });
        firm.log(members).id().to_owned()
    };
    let plain = told("mortgage", json!([]));
    let mut agent = office.signed_in(&unused(), &["agents"]);
    let cleared = office.signed_in(&unused(), &["cleared"]);
    let of_agent = |agent: &Browser| counted(&|path| agent.get(path), &views);
    let before = of_agent(&agent);
    assert_eq!(before, counted(&|path| firm.api.get(path), &views));

    let vip = told("mortgage", json!(["vip"]));
    let staff = told("credit_card", json!(["vip", "staff"]));
    let path = |id: &str| format!("/v1/complaints/{id}");
    let resolve = json!({ "kind": "summary_resolution", "outcome": "upheld", "summary": "Our mistake." });
    firm.give(&path(&staff), "resolve", resolve).expect(200);
    assert_eq!(of_agent(&agent), before, "as if they were not there");
    let totals = |ask: &dyn Fn(&str) -> Answer| ask("/v1/complaints/counts").expect(200).body["total"].clone();
    assert_eq!((totals(&|path| cleared.get(path)), totals(&|path| firm.api.get(path))), (json!(2), json!(3)));
    let seen = counted(&|path| cleared.get(path), &views);
    let [all, open, nobodys, tagged, found] = [3, 4, 5, 6, 7].map(|nth| seen[nth]["count"]["n"].clone());
    assert_eq!([all, open, nobodys, tagged, found], [2, 2, 2, 2, 2].map(|n| json!(n)));

    // A job of theirs finds what they see; what they name besides is not there.
    let tag = |tag: &str, over: Value| json!({ "action": { "tag": { "add": [tag] } }, "over": over });
    let job = agent.post("/v1/bulk", &tag("by-filter", json!({ "filter": "tag=secret" }))).expect(202);
    assert_eq!(bulk::ended(&firm.api, &job)["counts"]["selected"], 1);
    assert_eq!(bulk::rows(&firm.api, &job, "").into_keys().collect::<Vec<_>>(), [plain.as_str()]);
    let job = agent.post("/v1/bulk", &tag("by-name", json!({ "complaints": [plain, vip] }))).expect(202);
    bulk::ended(&firm.api, &job);
    let rows = bulk::rows(&firm.api, &job, "");
    assert_eq!((&rows[&plain]["outcome"], &rows[&vip]["outcome"]), (&json!("done"), &json!("not_found")));
    let tags = |id: &str| firm.api.get(&path(id)).expect(200).body["tags"].clone();
    assert_eq!((tags(&plain), tags(&vip)), (json!(["secret", "by-filter", "by-name"]), json!(["secret"])));

    // Without its label it counts for all.
    firm.give(&path(&vip), "label", json!({ "sensitivity": [] })).expect(200);
    assert_eq!(totals(&|path| agent.get(path)), 2);
    firm.give(&path(&plain), "label", json!({ "sensitivity": ["bereaved"] })).expect(200);
    assert_eq!(totals(&|path| agent.get(path)), 1);
    assert_eq!(counted(&|path| agent.get(path), &views)[6]["count"]["n"], 1);
}

#[test]
fn money_takes_a_role() {
    let office = Office::new();
    let mut agent = office.signed_in(&unused(), &["agents"]);
    let path = format!("{}/resolve", office.firm.logged());
    let answer = |minor: i64| {
        let redress = json!([{ "kind": "refund", "minor": minor, "currency": "GBP" }]);
        json!({ "kind": "summary_resolution", "outcome": "upheld", "summary": "Our mistake.", "redress": redress })
    };
    agent.post(&path, &answer(2_500)).problem(403, "forbidden");
    // Without money it is not refused for that, but for the version that it does not name.
    agent.post(&path, &answer(0)).expect(428);
}

#[test]
fn a_session_that_is_ended_is_refused_within_two_seconds() {
    let office = Office::new();
    let sub = unused();
    let browser = office.signed_in(&sub, &["agents"]);
    let id = office.person(&format!("{sub}@northwind.example.com"))["id"].as_str().unwrap().to_owned();
    let sessions = office.admin.get(&format!("/v1/people/{id}/sessions")).expect(200);
    let session = sessions.data()[0]["id"].as_str().unwrap().to_owned();
    browser.get("/v1/complaints").expect(200);
    let end = || office.admin.call("DELETE", &format!("/v1/people/{id}/sessions/{session}")).send();
    end().expect(204);
    within(Duration::from_secs(2), "it is refused", || (browser.get("/v1/complaints").status == 401).then_some(()));
    end().problem(404, "not_found");
    // Nor is there another pair of tokens for it.
    let mut browser = browser;
    let refreshed = browser.ask("POST", &format!("{}/app/refresh", STACK.base_url), Some(""));
    assert_eq!(refreshed.status, 401, "{}", refreshed.text);
}

#[test]
fn a_refresh_token_is_good_once() {
    let office = Office::new();
    let mut browser = office.signed_in(&unused(), &["agents"]);
    let before = browser.hosts.clone();
    let refresh = format!("{}/app/refresh", STACK.base_url);
    browser.ask("POST", &refresh, Some("")).expect(204);
    // Two tabs at once get the same successor.
    let mut tab = Browser { hosts: before.clone() };
    tab.ask("POST", &refresh, Some("")).expect(204);
    let name = "__Host-redress-refresh";
    assert_eq!(tab.hosts[&STACK.base_url][name], browser.hosts[&STACK.base_url][name]);
    assert_ne!(before[&STACK.base_url][name], browser.hosts[&STACK.base_url][name]);
    browser.ask("POST", &refresh, Some("")).expect(204);
    // An older one comes again: two have it, and it ends for both.
    let mut thief = Browser { hosts: before };
    assert_eq!(thief.ask("POST", &refresh, Some("")).status, 401);
    assert_eq!(browser.ask("POST", &refresh, Some("")).status, 401);
}

#[test]
fn who_has_no_role_or_another_domain_is_not_let_in() {
    let office = Office::new();
    office.account(&unused(), &["visitors"]);
    let (at, page) = office.sign_in(&mut Browser::new());
    assert!(at.contains("/app/callback") && page.status == 403, "{at} {} {}", page.status, page.text);
    assert!(page.text.contains("no role"), "{}", page.text);
    // An answer that belongs to no attempt of this browser leads nowhere.
    let forged = Browser::new().ask("GET", &format!("{}/app/callback?code=x&state=y", STACK.base_url), None);
    assert_eq!(forged.status, 403, "{}", forged.text);
}

#[test]
fn keys_of_the_provider_may_change() {
    let office = Office::new();
    office.signed_in(&unused(), &["agents"]);
    let provider = Client::new(&office.provider.issuer(), None);
    assert_eq!(provider.call("POST", "/rotate").json(&json!({})).try_send().expect("it answers").status, 204);
    // Keys are fetched anew once a minute at most.
    within(Duration::from_secs(90), "the new key is known", || {
        office.account(&unused(), &["agents"]);
        (office.sign_in(&mut Browser::new()).1.status == 200).then_some(())
    });
}

#[test]
fn the_last_admin_stays() {
    let firm = Firm::new();
    let admin = firm.key(&["staff:manage"]);
    let [one, other] = [(); 2].map(|()| firm.person(json!({ "roles": ["admin"] })));
    let deactivate = |person: &Answer| admin.post(&format!("/v1/people/{}/deactivate", person.id()), &json!({}));
    deactivate(&one).expect(200);
    deactivate(&other).problem(422, "invalid");
    let path = format!("/v1/people/{}", other.id());
    let call = admin.call("PATCH", &path).if_match(other.version());
    call.json(&json!({ "roles": ["agent"] })).send().problem(422, "invalid");
    admin.post(&format!("/v1/people/{}/reactivate", one.id()), &json!({})).expect(200);
    deactivate(&other).expect(200);
    let events = admin.get(&format!("/v1/people/{}/events", one.id())).expect(200);
    let types: Vec<_> = events.data().iter().map(|event| event["event"]["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["reactivated", "deactivated", "created"]);
}

#[test]
fn a_plan_has_so_many_seats() {
    let firm = Firm::with(json!({ "plan": "sandbox" }));
    for _ in 0..5 {
        firm.person(json!({}));
    }
    let admin = firm.key(&["staff:manage"]);
    let body = json!({ "email": format!("{}@northwind.example.com", unused()), "display_name": "One too many" });
    admin.post("/v1/people", &body).problem(403, "forbidden");
}

/// A directory that speaks SCIM.
fn scim(api: &Client, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let call = api.call(method, &format!("/scim/v2{path}"));
    let call = match body {
        Some(body) => call.bytes("application/scim+json", body.to_string().into_bytes()),
        None => call,
    };
    let answer = call.try_send().expect("the stack answers");
    if answer.status != 204 {
        assert_eq!(answer.header("content-type"), Some("application/scim+json"), "{}", answer.text);
    }
    answer
}

#[test]
fn a_directory_enters_changes_and_takes_away() {
    let firm = Firm::new();
    let directory = firm.key(&["scim"]);
    let name = format!("{}@northwind.example.com", unused());
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "externalId": "e-1",
        "name": { "givenName": "Ada", "familyName": "Winter" }, "roles": [{ "value": "agent" }], "active": true
    });
    let made = scim(&directory, "POST", "/Users", Some(&user)).expect(201);
    let id = made.id().to_owned();
    let again = scim(&directory, "POST", "/Users", Some(&user)).expect(409);
    assert_eq!(again.body["scimType"], "uniqueness");
    let encoded = name.replace('@', "%40");
    let found = scim(&directory, "GET", &format!("/Users?filter=userName%20eq%20%22{encoded}%22"), None).expect(200);
    assert_eq!((&found.body["totalResults"], &found.body["Resources"][0]["id"]), (&json!(1), &json!(id)));
    let group = json!({ "displayName": "Cards", "members": [{ "value": id }] });
    let group = scim(&directory, "POST", "/Groups", Some(&group)).expect(201);
    assert_eq!(group.body["members"][0]["value"], json!(id));
    let read = scim(&directory, "GET", &format!("/Users/{id}"), None).expect(200);
    assert_eq!(read.body["groups"][0]["display"], "Cards");
    // As Entra ID says it.
    let off = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "Replace", "path": "active", "value": "False" }]
    });
    let off = scim(&directory, "PATCH", &format!("/Users/{id}"), Some(&off)).expect(200);
    assert_eq!(off.body["active"], false);
    let active = scim(&directory, "GET", "/Users?filter=active%20eq%20true&count=0", None).expect(200);
    assert_eq!(active.body["totalResults"], 0);
    scim(&directory, "DELETE", &format!("/Groups/{}", group.id()), None).expect(204);
    scim(&directory, "GET", &format!("/Groups/{}", group.id()), None).expect(404);
    // Another firm's directory sees none of it.
    let other = Firm::new().key(&["scim"]);
    scim(&other, "GET", &format!("/Users/{id}"), None).expect(404);
    scim(&other, "DELETE", &format!("/Users/{id}"), None).expect(404);
    assert_eq!(scim(&other, "GET", "/Users", None).expect(200).body["totalResults"], 0);
    // Nor does a key without the scope.
    let refused = firm.api.call("GET", "/scim/v2/Users").try_send().expect("the stack answers");
    assert_eq!(refused.status, 403, "{}", refused.text);
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        scim(&directory, "GET", path, None).expect(200);
    }
}

#[test]
fn what_is_sensitive_needs_a_role_and_a_fresh_proof() {
    let office = Office::new();
    let mut agent = office.signed_in(&unused(), &["agents"]);
    agent.get("/v1/complaints:export").problem(403, "forbidden");
    let mut admin = office.signed_in(&unused(), &["admins"]);
    admin.get("/v1/people").expect(200);
    admin.get("/v1/complaints").problem(403, "forbidden");
    let body = json!({ "email": format!("{}@northwind.example.com", unused()), "display_name": "Bo" });
    admin.post("/v1/people", &body).expect(201);
    agent.post("/v1/people", &body).problem(403, "forbidden");
    let (at, page) = admin.open(&format!("{}/app/step-up?return_to=/app", STACK.base_url));
    assert!(at.contains("/app"), "{at}: {}", page.text);
}

#[test]
fn a_bulk_job_of_somebody_is_done_in_their_name_and_ends_with_what_they_may() {
    let office = Office::new();
    let sub = unused();
    let mut browser = office.signed_in(&sub, &["agents"]);
    let person = office.person(&format!("{sub}@northwind.example.com"));
    let ids: Vec<_> = (0..3).map(|_| office.firm.log(json!({})).id().to_owned()).collect();
    let ask = |browser: &mut Browser, tag: &str| {
        let action = json!({ "tag": { "add": [tag], "remove": [] } });
        browser.post("/v1/bulk", &json!({ "action": action, "over": { "complaints": ids } })).expect(202)
    };
    let job = ask(&mut browser, "fees");
    assert_eq!(bulk::ended(&office.firm.api, &job)["state"], "done");
    let events = office.firm.api.get(&format!("/v1/complaints/{}/events", ids[0])).expect(200);
    let by = &events.data().last().expect("an event")["actor"];
    assert_eq!(by, &json!({ "kind": "staff", "id": person["id"], "job": job.id() }), "{}", events.text);
    // Whoever is deactivated while it goes on: the next turn finds it. Here the first one does, or it was done before.
    let job = ask(&mut browser, "late");
    let path = format!("/v1/people/{}/deactivate", person["id"].as_str().expect("an id"));
    office.admin.post(&path, &json!({})).expect(200);
    let ended = bulk::ended(&office.firm.api, &job);
    let (state, why) = (ended["state"].as_str(), ended["failure"]["code"].as_str());
    assert!(matches!((state, why), (Some("done"), None) | (Some("failed"), Some("not_allowed"))), "{ended}");
}
