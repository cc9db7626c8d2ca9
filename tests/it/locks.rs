//! Case locks: one holder at a time, tokens that only grow, and no write with an old one.

use crate::{
    client::{Answer, Client, unused},
    eventually::within,
    firm::{COMMANDS, Firm, command_body},
};
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, RwLock},
    thread,
    time::{Duration, Instant},
};
use xtask::stack::{Options, Stack};

fn take(api: &Client, path: &str, who: &str, ttl_seconds: u32) -> Answer {
    let body = json!({ "holder": { "id": who, "name": format!("{who} Smith") }, "ttl_seconds": ttl_seconds });
    api.call("PUT", &format!("{path}/lock")).json(&body).send()
}

fn token(lock: &Answer) -> String {
    lock.body["token"].as_u64().unwrap_or_else(|| panic!("no token: {}", lock.text)).to_string()
}

fn note(api: &Client, path: &str, version: u64, token: Option<&str>) -> Answer {
    let call = api.call("POST", &format!("{path}/note")).idempotency_key(&unused()).if_match(version);
    let call = token.into_iter().fold(call, |call, token| call.header("redress-lock", token));
    call.json(&json!({ "text": "Called the branch." })).send()
}

#[test]
fn whoever_takes_it_is_shown_and_others_are_kept_out() {
    let firm = Firm::new();
    let path = firm.logged();
    assert_eq!(firm.api.get(&path).expect(200).body["lock"], Value::Null);
    let lock = take(&firm.api, &path, "anna", 60).expect(200);
    let shown = firm.api.get(&path).expect(200);
    assert_eq!(shown.body["lock"]["holder"], json!({ "id": "anna", "name": "anna Smith" }));
    assert_eq!(shown.body["lock"]["expires_at"], lock.body["expires_at"]);
    assert_eq!(shown.body["lock"]["token"], Value::Null, "the token is the holder's");
    assert_eq!(shown.version(), 1, "a lock is no new version");

    let refused = take(&firm.api, &path, "ben", 60).problem(423, "locked");
    assert_eq!(refused.body["lock"]["holder"]["name"], "anna Smith");
    let refused = note(&firm.api, &path, 1, None).problem(423, "locked");
    assert!(refused.text_of("detail").starts_with("anna Smith works on it"), "{}", refused.text);
    note(&firm.api, &path, 1, Some("7")).problem(423, "locked");
    let noted = note(&firm.api, &path, 1, Some(&token(&lock))).expect(200);
    assert_eq!(noted.body["lock"]["holder"]["id"], "anna");
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
}

#[test]
fn every_command_asks_for_the_lock() {
    let firm = Firm::new();
    let path = firm.logged();
    let other = firm.log(json!({}));
    take(&firm.api, &path, "anna", 60).expect(200);
    for command in COMMANDS {
        firm.give(&path, command, command_body(command, other.id())).problem(423, "locked");
    }
    assert_eq!(firm.api.get(&path).expect(200).version(), 1);
}

#[test]
fn it_is_renewed_released_and_taken_again() {
    let firm = Firm::new();
    let path = firm.logged();
    let first = take(&firm.api, &path, "anna", 60).expect(200);
    let again = take(&firm.api, &path, "anna", 300).expect(200);
    assert_eq!((&again.body["token"], &again.body["since"]), (&first.body["token"], &first.body["since"]));
    assert!(again.text_of("expires_at") > first.text_of("expires_at"));

    let lock = format!("{path}/lock");
    let body = json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 600 });
    let renewed = firm.api.call("PUT", &lock).header("redress-lock", &token(&first)).json(&body).send().expect(200);
    assert!(renewed.text_of("expires_at") > again.text_of("expires_at"));

    let release = |token: &str| firm.api.call("DELETE", &lock).header("redress-lock", token).send();
    release("12").problem(423, "locked");
    release(&token(&first)).expect(204);
    release(&token(&first)).expect(204);
    assert_eq!(firm.api.get(&path).expect(200).body["lock"], Value::Null);
    note(&firm.api, &path, 1, Some(&token(&first))).problem(409, "lock_lost");
    note(&firm.api, &path, 1, None).expect(200);
    let renew = firm.api.call("PUT", &lock).header("redress-lock", &token(&first)).json(&body).send();
    renew.problem(409, "lock_lost");

    let second = take(&firm.api, &path, "ben", 60).expect(200);
    assert!(second.body["token"].as_u64() > first.body["token"].as_u64());
    release(&token(&first)).problem(423, "locked");
    note(&firm.api, &path, 2, Some(&token(&first))).problem(423, "locked");
}

#[test]
fn it_ends_by_itself() {
    let firm = Firm::new();
    let path = firm.logged();
    let lock = take(&firm.api, &path, "anna", 5).expect(200);
    within(Duration::from_secs(15), "it has ended", || {
        firm.api.get(&path).expect(200).body["lock"].is_null().then_some(())
    });
    note(&firm.api, &path, 1, Some(&token(&lock))).problem(409, "lock_lost");
    let next = take(&firm.api, &path, "ben", 60).expect(200);
    assert!(next.body["token"].as_u64() > lock.body["token"].as_u64());
}

#[test]
fn only_a_lead_takes_it_over() {
    let firm = Firm::new();
    let path = firm.logged();
    let anna = take(&firm.api, &path, "anna", 60).expect(200);
    let holder = format!("{path}/lock/holder");
    let body = json!({ "holder": { "id": "lead", "name": "Team Lead" } });
    firm.api.call("PUT", &holder).json(&body).send().problem(403, "forbidden");
    let lead = firm.key(&["complaints:lead", "complaints:write"]);
    let taken = lead.call("PUT", &holder).json(&body).send().expect(200);
    assert!(taken.body["token"].as_u64() > anna.body["token"].as_u64());
    note(&firm.api, &path, 1, Some(&token(&anna))).problem(423, "locked");
    note(&firm.api, &path, 1, Some(&token(&taken))).expect(200);
}

#[test]
fn what_is_no_lock_is_refused() {
    let firm = Firm::new();
    let path = firm.logged();
    let lock = format!("{path}/lock");
    for (body, pointer) in [
        (json!({}), "/holder"),
        (json!({ "holder": { "id": "anna" } }), "/holder/name"),
        (json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 4 }), "/ttl_seconds"),
        (json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 901 }), "/ttl_seconds"),
        (json!({ "holder": { "id": "anna", "name": "Anna" }, "token": 1 }), "/token"),
    ] {
        let refused = firm.api.call("PUT", &lock).json(&body).send().problem(422, "invalid");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    firm.api.call("DELETE", &lock).send().problem(400, "invalid_header");
    firm.api.call("DELETE", &lock).header("redress-lock", "x").send().problem(400, "invalid_header");
    let nowhere = "/v1/complaints/018bcfe5-6800-7303-8303-030303030300";
    take(&firm.api, nowhere, "anna", 60).problem(404, "not_found");
    take(&Firm::new().api, &path, "anna", 60).problem(404, "not_found");
}

/// The write is checked in its own transaction, not only before it: many writers with an old token and one take-over.
#[test]
fn no_write_with_an_old_token_comes_after_a_take_over() {
    let firm = Firm::new();
    let path = firm.logged();
    let lead = firm.key(&["complaints:lead", "complaints:write", "complaints:read"]);
    for _ in 0..5 {
        let anna = token(&take(&lead, &path, "anna", 60).expect(200));
        let before = lead.get(&path).expect(200).version();
        let taken = thread::scope(|scope| {
            for _ in 0..4 {
                let (api, anna, path) = (firm.inner().apart(), &anna, &path);
                scope.spawn(move || {
                    let mut version = before;
                    for _ in 0..6 {
                        let answer = note(&api, path, version, Some(anna));
                        match answer.status {
                            200 => version = answer.version(),
                            412 => version = api.get(path).expect(200).version(),
                            status => assert_eq!(status, 423, "{}", answer.text),
                        }
                    }
                });
            }
            let body = json!({ "holder": { "id": "lead", "name": "Team Lead" } });
            let taken = lead.call("PUT", &format!("{path}/lock/holder")).json(&body).send().expect(200);
            // From here on only the lead writes: each of its writes is the next version.
            let mut version = lead.get(&path).expect(200).version();
            for _ in 0..5 {
                let noted = note(&lead, &path, version, Some(&token(&taken))).expect(200);
                assert_eq!(noted.version(), version + 1);
                version = noted.version();
            }
            taken
        });
        let release = lead.call("DELETE", &format!("{path}/lock")).header("redress-lock", &token(&taken));
        release.send().expect(204);
    }
}

/// A lock that a client was given.
struct Given {
    token: u64,
    who: usize,
    over: bool,
    since: i64,
    expires_at: i64,
    answered: Instant,
}

/// A write that was accepted.
struct Written {
    token: u64,
    sent: Instant,
}

#[derive(Default)]
struct Fight {
    given: Vec<Given>,
    /// Tokens whose holders asked to give them back, whether they heard of it or not.
    released: Vec<u64>,
    written: Vec<Written>,
}

/// Ends the fight when it is dropped.
struct Over<'s>(&'s RwLock<(String, bool)>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.write().unwrap().1 = true;
    }
}

const FIGHTERS: usize = 32;
const FOR_A_MINUTE: Duration = Duration::from_secs(60);
const BETWEEN_KILLS: Duration = Duration::from_secs(9);

fn millis(at: &Value) -> i64 {
    at.as_str().expect("a time").parse::<Timestamp>().expect("a timestamp").unix_millis()
}

/// One client: takes the lock, or takes it over, writes with it, gives it back or just goes away, and begins again.
fn fight(who: usize, stack: &RwLock<(String, bool)>, firm: &Firm, lead: &Client, path: &str, fight: &Mutex<Fight>) {
    let api = |client: &Client| client.at(&stack.read().unwrap().0).apart();
    let holder =
        json!({ "holder": { "id": format!("agent-{who}"), "name": format!("Agent {who}") }, "ttl_seconds": 5 });
    // Whether it may have taken the lock over without hearing of it.
    let mut unheard = false;
    for round in 0.. {
        if stack.read().unwrap().1 {
            return;
        }
        let over = who < 2 && round % 5 == 4;
        let (client, to) = if over { (api(lead), "lock/holder") } else { (api(&firm.api), "lock") };
        let answer = client.call("PUT", &format!("{path}/{to}")).json(&holder).try_send();
        unheard |= over && answer.as_ref().map_or(true, |answer| answer.status >= 500);
        let Ok(lock) = answer else {
            thread::sleep(Duration::from_millis(200));
            continue;
        };
        let Some(token) = lock.body["token"].as_u64().filter(|_| lock.status == 200) else {
            thread::sleep(Duration::from_millis(20 + 3 * who as u64));
            continue;
        };
        let over = mem::take(&mut unheard) || over;
        let (since, expires_at) = (millis(&lock.body["since"]), millis(&lock.body["expires_at"]));
        fight.lock().unwrap().given.push(Given { token, who, over, since, expires_at, answered: Instant::now() });
        let mut version = 0;
        for _ in 0..4 {
            let sent = Instant::now();
            let call = client.call("POST", &format!("{path}/note")).idempotency_key(&unused()).if_match(version);
            let call = call.header("redress-lock", &token.to_string());
            match call.json(&json!({ "text": token.to_string() })).try_send() {
                Ok(answer) if answer.status == 200 => {
                    version = answer.version();
                    fight.lock().unwrap().written.push(Written { token, sent });
                }
                Ok(answer) if answer.status == 412 => {
                    let Ok(read) = client.call("GET", path).try_send() else { break };
                    version = if read.status == 200 { read.version() } else { break };
                }
                _ => break,
            }
        }
        // Sometimes it goes away without a word, and sometimes comes back to write once more, too late.
        if (round + who) % 8 == 7 {
            if who % 2 == 1 {
                thread::sleep(Duration::from_millis(5_500));
                let sent = Instant::now();
                let call = client.call("POST", &format!("{path}/note")).idempotency_key(&unused()).if_match(version);
                let late = call.header("redress-lock", &token.to_string()).json(&json!({ "text": token.to_string() }));
                if late.try_send().is_ok_and(|answer| answer.status == 200) {
                    fight.lock().unwrap().written.push(Written { token, sent });
                }
            }
            continue;
        }
        fight.lock().unwrap().released.push(token);
        let call = client.call("DELETE", &format!("{path}/lock")).header("redress-lock", &token.to_string());
        let _heard_or_not = call.try_send();
    }
}

/// The lock's promise under the worst: never two holders, never a write with an older token after a newer one.
#[test]
fn thirty_two_clients_fight_for_one_case_while_the_runtime_dies() {
    let mut stack = Stack::start(Options::temporary()).unwrap();
    let operator = Client::new(stack.base_url(), Some(stack.operator_key()));
    let firm = Firm::on(&operator, json!({ "plan": "enterprise" }));
    let lead = firm.key(&["complaints:lead", "complaints:write", "complaints:read"]);
    let path = firm.logged();
    let seen = Mutex::new(Fight::default());
    let shared = RwLock::new((stack.base_url().to_owned(), false));
    let mut kills = 0;
    thread::scope(|scope| {
        // Also when this thread panics, or the others would fight on for ever.
        let _over = Over(&shared);
        for who in 0..FIGHTERS {
            let (shared, firm, lead, path, seen) = (&shared, &firm, &lead, path.as_str(), &seen);
            scope.spawn(move || fight(who, shared, firm, lead, path, seen));
        }
        let begun = Instant::now();
        while begun.elapsed() + BETWEEN_KILLS < FOR_A_MINUTE {
            thread::sleep(BETWEEN_KILLS);
            stack.kill();
            kills += 1;
            stack.restart().expect("it starts again on what reached the disk");
            shared.write().unwrap().0 = stack.base_url().to_owned();
        }
        thread::sleep(Duration::from_secs(2));
    });

    let Fight { mut given, released, written } = seen.into_inner().unwrap();
    let holders = given.iter().map(|given| given.who).collect::<HashSet<_>>().len();
    println!("{} locks to {holders} clients, {} writes, {kills} kills", given.len(), written.len());
    assert!(kills >= 3 && given.len() >= 20 && holders >= 8 && written.len() >= 20, "it was no fight");

    given.sort_by_key(|given| (given.token, given.answered));
    for pair in given.windows(2) {
        let [earlier, later] = pair else { unreachable!("windows of two") };
        if earlier.token == later.token {
            assert_eq!(earlier.who, later.who, "a token is one holder's");
        } else {
            let ended = later.since >= earlier.expires_at || released.contains(&earlier.token);
            assert!(later.over || ended, "{} took it while {} held it", later.who, earlier.who);
        }
    }
    for write in &written {
        let newer = given.iter().find(|given| given.token > write.token && given.answered < write.sent);
        assert!(newer.is_none(), "a write with token {} was accepted after a newer was given", write.token);
    }

    let api = firm.api.at(stack.base_url());
    let (mut tokens, mut after) = (Vec::new(), 0);
    loop {
        let page = api.get(&format!("{path}/events?limit=500&after={after}")).expect(200);
        let of = |event: &Value| event["data"]["text"].as_str().and_then(|text| text.parse::<u64>().ok());
        tokens.extend(page.data().iter().filter_map(of));
        match page.body["next_after"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert!(tokens.len() >= written.len(), "what was answered is there");
    assert!(tokens.is_sorted(), "in the case file, no older token comes after a newer one");
    assert_eq!(api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
}
