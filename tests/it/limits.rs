//! Limits: never exceeded in any window, from however many connections, and told as the drafts say.

use crate::{
    client::{Answer, Client, STACK, unused},
    firm::{Firm, complaint},
};
use serde_json::{Value, json};
use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};
use xtask::stack::{Options, Stack};

/// What one request saw: when it was sent and answered, and whether it was admitted.
type Seen = (Instant, Instant, bool);

fn limits(windows: &[(&str, u32)]) -> Value {
    let windows: Vec<Value> =
        windows.iter().map(|(policy, limit)| json!({ "policy": policy, "limit": limit })).collect();
    json!({ "windows": windows, "quotas": [] })
}

impl Firm {
    /// Gives it limits of its own.
    pub(crate) fn limited(self, limits: &Value) -> Self {
        let path = format!("/v1/tenants/{}", self.id);
        let version = self.operator.get(&path).expect(200).version();
        let patch = self.operator.call("PATCH", &path).if_match(version).json(&json!({ "limits": limits }));
        patch.send().expect(200);
        self
    }
}

/// Sends reads from so many connections for so long.
fn hammer(api: &Client, connections: usize, how_long: Duration) -> (Vec<Seen>, Vec<Answer>) {
    let seen = Mutex::new((Vec::new(), Vec::new()));
    let end = Instant::now() + how_long;
    thread::scope(|scope| {
        for _ in 0..connections {
            let (api, seen) = (api.apart(), &seen);
            scope.spawn(move || {
                while Instant::now() < end {
                    let sent = Instant::now();
                    let answer = api.get("/v1/complaints?limit=1");
                    assert!(matches!(answer.status, 200 | 429), "{} {}", answer.status, answer.text);
                    let mut seen = seen.lock().unwrap();
                    seen.0.push((sent, Instant::now(), answer.status == 200));
                    seen.1.push(answer);
                }
            });
        }
    });
    seen.into_inner().unwrap()
}

/// The most admitted requests that were sent and answered within one window of this length: the server can have
/// admitted no fewer in it.
fn most_within(seen: &[Seen], window: Duration) -> usize {
    let admitted: Vec<&Seen> = seen.iter().filter(|(_, _, admitted)| *admitted).collect();
    let within = |from: Instant| {
        admitted.iter().filter(|(sent, answered, _)| *sent >= from && *answered <= from + window).count()
    };
    admitted.iter().map(|(sent, _, _)| within(*sent)).max().unwrap_or_default()
}

#[test]
fn an_answer_says_what_is_left() {
    let firm = Firm::new().limited(&limits(&[("burst", 100), ("minute", 500), ("day", 10_000)]));
    let first = firm.api.get("/v1/complaints").expect(200);
    assert_eq!(
        first.header("ratelimit-policy"),
        Some(r#""burst";q=100;w=1, "minute";q=500;w=60, "day";q=10000;w=86400"#)
    );
    let left = |answer: &Answer| {
        let text = answer.header("ratelimit").unwrap().to_owned();
        let rest = text.split_once(";r=").unwrap_or_else(|| panic!("{text}")).1;
        rest.split_once(";t=").unwrap_or_else(|| panic!("{text}")).0.parse::<u32>().unwrap()
    };
    let mut before = left(&first);
    assert!(before <= 100, "the burst is the nearest");
    for _ in 0..3 {
        let after = left(&firm.api.get("/v1/complaints").expect(200));
        assert!(after <= before.max(100));
        before = after;
    }
}

#[test]
fn many_connections_never_exceed_a_window() {
    let firm = Firm::new().limited(&limits(&[("burst", 40), ("minute", 130)]));
    let (seen, answers) = hammer(&firm.inner(), 16, Duration::from_secs(6));
    let admitted = seen.iter().filter(|(_, _, admitted)| *admitted).count();
    assert!(most_within(&seen, Duration::from_secs(1)) <= 40, "{}", most_within(&seen, Duration::from_secs(1)));
    assert!(admitted <= 130, "{admitted} in a minute");
    assert!(admitted >= 100, "only {admitted} of 130 were let through");
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty());
    for answer in refused {
        assert_eq!(answer.body["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
        assert_eq!(answer.body["code"], "quota_exceeded");
        let policies = answer.body["violated-policies"].as_array().unwrap();
        assert!(policies.iter().all(|policy| policy == "burst" || policy == "minute"), "{}", answer.text);
        let after: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=61).contains(&after), "{after}");
        assert!(answer.header("ratelimit").is_some() && answer.header("ratelimit-policy").is_some());
    }
}

/// Two isolates of a cell have nothing in common but the tenant's object.
#[test]
fn many_isolates_never_exceed_a_window() {
    let stack = Stack::start(Options::temporary().second_isolate_of("local")).unwrap();
    let operator = Client::new(stack.base_url(), Some(stack.operator_key()));
    let firm = Firm::on(&operator, json!({ "shards": [0] })).limited(&limits(&[("burst", 40), ("minute", 120)]));
    let isolates = [stack.inner_url(), stack.second_isolate().expect("there is a second isolate")];
    let apis = isolates.map(|url| firm.api.at(url));
    let seen: Vec<Seen> = thread::scope(|scope| {
        let hammers = apis.each_ref().map(|api| scope.spawn(|| hammer(api, 8, Duration::from_secs(5)).0));
        hammers.into_iter().flat_map(|hammer| hammer.join().unwrap()).collect()
    });
    let admitted = seen.iter().filter(|(_, _, admitted)| *admitted).count();
    assert!(most_within(&seen, Duration::from_secs(1)) <= 40, "{}", most_within(&seen, Duration::from_secs(1)));
    assert!((90..=120).contains(&admitted), "{admitted} of 120 were let through");
}

/// Durable Objects are asked at most once in 20 requests of a busy tenant, admitted or refused.
#[test]
fn a_busy_tenant_pays_few_hops() {
    let mut stack = Stack::start(Options::temporary().var("EXPOSE_COST", "1")).unwrap();
    let operator = Client::new(stack.base_url(), Some(stack.operator_key()));
    let hops = |answers: &[Answer]| -> u32 {
        let of = |answer: &Answer| {
            let cost = answer.header("redress-cost").unwrap().to_owned();
            cost.rsplit_once("hops=").unwrap().1.parse::<u32>().unwrap()
        };
        answers.iter().map(of).sum()
    };
    for (name, windows) in
        [("admitted", [("burst", 5_000), ("minute", 100_000)]), ("refused", [("burst", 20), ("minute", 300)])]
    {
        let firm = Firm::on(&operator, json!({ "shards": [0] })).limited(&limits(&windows));
        let api = firm.api.at(stack.inner_url());
        hammer(&api, 16, Duration::from_millis(500));
        let (_, answers) = hammer(&api, 16, Duration::from_secs(4));
        let (asked, hops) = (answers.len(), hops(&answers) as usize);
        assert!(asked > 200, "{name}: only {asked} requests in four seconds");
        assert!(hops * 20 <= asked, "{name}: {hops} hops for {asked} requests");
    }
    stack.stop();
}

#[test]
fn a_restart_of_the_object_forgets_nothing() {
    let mut stack = Stack::start(Options::temporary()).unwrap();
    let operator = Client::new(stack.base_url(), Some(stack.operator_key()));
    let firm = Firm::on(&operator, json!({ "shards": [0] })).limited(&limits(&[("burst", 60), ("minute", 90)]));
    let begun = Instant::now();
    let mut all = Vec::new();
    for _ in 0..3 {
        let (seen, _) = hammer(&firm.api.at(stack.inner_url()), 8, Duration::from_millis(1_500));
        all.extend(seen);
        stack.kill();
        stack.restart().unwrap();
    }
    let admitted = all.iter().filter(|(_, _, admitted)| *admitted).count();
    assert!(begun.elapsed() < Duration::from_secs(60), "the runs must lie in one window to prove anything");
    assert!(most_within(&all, Duration::from_secs(60)) <= 90);
    assert!((30..=90).contains(&admitted), "{admitted}");
    let again = firm.api.at(stack.base_url()).get("/v1/complaints");
    assert!(matches!(again.status, 200 | 429));
}

/// Every request of one tenant is refused while another's are answered.
#[test]
fn a_limit_is_one_tenants_own() {
    let loud = Firm::new().limited(&limits(&[("burst", 20), ("minute", 25)]));
    let quiet = Firm::new();
    let refused = (0..60).map(|_| loud.api.get("/v1/complaints")).find(|answer| answer.status != 200);
    refused.expect("more than 25 in a minute").problem(429, "quota_exceeded");
    quiet.api.get("/v1/complaints").expect(200);
}

#[test]
fn callers_without_credentials_are_limited_by_address() {
    let address = |last: u8| format!("203.0.113.{last}");
    let ask = |address: &str, path: &str, key: Option<&str>| {
        let client = Client::new(&STACK.inner_url, key);
        client.call("GET", path).header("cf-connecting-ip", address).send()
    };
    let many = |address: &str, path: &str, key: Option<&str>| -> Vec<Seen> {
        let seen = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let sent = Instant::now();
                        let status = ask(address, path, key).status;
                        assert!(matches!(status, 200 | 401 | 429), "{status}");
                        seen.lock().unwrap().push((sent, Instant::now(), status != 429));
                    }
                });
            }
        });
        seen.into_inner().unwrap()
    };
    // Guessing keys is asking without credentials.
    for (last, path, key) in [(1, "/healthz", None), (3, "/v1/complaints", Some("rdr_live_guess"))] {
        let seen = many(&address(last), path, key);
        assert!(most_within(&seen, Duration::from_secs(1)) <= 20);
        assert!(seen.iter().any(|(_, _, admitted)| !admitted), "{path}: nobody was refused");
        assert!(seen.iter().any(|(_, _, admitted)| *admitted), "{path}: everybody was refused");
    }
    ask(&address(2), "/healthz", None).expect(200);
    // A firm behind the same address keeps its own limits.
    let firm = Firm::new();
    firm.api.call("GET", "/v1/complaints").header("cf-connecting-ip", &address(3)).send().expect(200);
}

fn quota(limit: u32, over: &str) -> Value {
    json!({
        "windows": [{ "policy": "burst", "limit": 500 }, { "policy": "minute", "limit": 10_000 }],
        "quotas": [{ "quota": "complaints_a_month", "limit": limit, "over": over }]
    })
}

#[test]
fn a_quota_that_refuses_counts_what_was_logged() {
    let firm = Firm::new().limited(&quota(5, "refuse"));
    let meter = firm.key(&["usage:read"]);
    let (key, body) = (unused(), complaint(json!({})));
    let log = |key: &str| firm.api.call("POST", "/v1/complaints").idempotency_key(key).json(&body).send();
    log(&key).expect(201);
    log(&key).expect(201);
    firm.api.post("/v1/complaints", &json!({})).problem(422, "invalid");
    for _ in 0..4 {
        log(&unused()).expect(201);
    }
    let refused = log(&unused()).problem(429, "quota_exceeded");
    assert_eq!(refused.body["violated-policies"], json!(["complaints_a_month"]));
    firm.api.get("/v1/complaints").expect(200);
    crate::eventually::within(Duration::from_secs(10), "the fifth is counted", || {
        let usage = meter.get("/v1/usage").expect(200);
        let quota = usage.body["quotas"][0].clone();
        (quota["used"] == 5 && quota["warning"] == true).then_some(())
    });
    firm.api.get("/v1/usage").problem(403, "forbidden");
    let of_operator = firm.operator.get(&format!("/v1/tenants/{}/usage", firm.id)).expect(200);
    assert_eq!(of_operator.body["quotas"][0]["limit"], 5);
}

#[test]
fn a_quota_with_overage_never_refuses_a_complaint() {
    let firm = Firm::new().limited(&quota(2, "overage"));
    let meter = firm.key(&["usage:read"]);
    for _ in 0..4 {
        firm.log(json!({}));
    }
    crate::eventually::within(Duration::from_secs(10), "all four are counted", || {
        // A lease in hand counts until it is reported, so use is asked for after another request.
        firm.api.get("/v1/complaints").expect(200);
        let usage = meter.get("/v1/usage").expect(200);
        let quota = usage.body["quotas"][0].clone();
        (quota["used"].as_u64() >= Some(4) && quota["exceeded"] == true).then_some(())
    });
}
