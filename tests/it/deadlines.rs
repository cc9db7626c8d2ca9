//! Time passes: what it brings is recorded once, told of, counted and foretold; and what clocks wait for can be said.

use crate::{
    client::{Answer, Client},
    clocks::{DAY, at, clocks, counted, now},
    delivery::{SOON, expected, recorded},
    eventually::{equals, within},
    firm::{Firm, command_body},
    own_stack::{count, operator, own_stack, ticking},
};
use serde_json::{Value, json};
use shared::{clock::day::Day, time::Timestamp};
use std::{collections::BTreeMap, time::Duration};

/// Cron and the queue take their time.
const IN_THE_END: Duration = Duration::from_secs(90);

/// A firm on the sandbox plan, and a key that may set its clock.
fn sandbox(members: Value) -> (Firm, Client) {
    let mut all = json!({ "plan": "sandbox" });
    let Value::Object(members) = members else { panic!("members are an object") };
    all.as_object_mut().expect("an object").extend(members);
    let firm = Firm::with(all);
    let lead = lead(&firm);
    (firm, lead)
}

fn lead(firm: &Firm) -> Client {
    firm.key(&["complaints:read", "complaints:write", "complaints:lead"])
}

fn set_clock(lead: &Client, to: Timestamp) -> Answer {
    lead.call("PUT", "/v1/test-clock").json(&json!({ "now": to.to_string() })).send()
}

fn events(api: &Client, path: &str) -> Vec<Value> {
    api.get(&format!("{path}/events?limit=500")).expect(200).data().to_vec()
}

/// What was recorded of the passing of time, in order: `rule warning`, or `rule missed`.
fn passed(events: &[Value]) -> Vec<String> {
    let told = |event: &Value| {
        let data = &event["data"];
        let rule = data["clock"]["rule"].as_str()?;
        Some(format!("{rule} {}", data["warning"].as_str().unwrap_or("missed")))
    };
    events.iter().filter_map(told).collect()
}

#[test]
fn in_a_sandbox_eight_weeks_pass_in_seconds() {
    let (firm, lead) = sandbox(json!({}));
    let path = firm.logged();
    let logged = firm.api.get(&path).expect(200);
    firm.give(&path, "acknowledge", json!({})).expect(200);
    let due = at(&clocks(&firm, &path, "")["final_response"]["due"]);
    let clock = lead.get("/v1/test-clock").expect(200);
    assert!((at(&clock.body["now"]).unix_millis() - now().unix_millis()).abs() < 60_000);

    // One week before its end it was warned of four times, at the last of which it still runs.
    set_clock(&lead, due.plus_millis(-DAY / 2)).expect(200);
    let told = || passed(&events(&firm.api, &path));
    // What has warned in between is told of if it warns still: the window of a summary resolution has passed.
    equals(
        IN_THE_END,
        ["day 28", "day 42", "day 49", "day 54"].map(|day| format!("final_response {day}")).to_vec(),
        told,
    );
    assert_eq!(clocks(&firm, &path, "")["final_response"]["state"], "running");

    set_clock(&lead, due.plus_millis(1_000)).expect(200);
    within(IN_THE_END, "it is missed", || (told().len() == 5).then_some(()));
    let all = events(&firm.api, &path);
    let missed = all.last().expect("an event");
    assert_eq!(missed["type"], "deadline_missed");
    assert_eq!(
        (at(&missed["data"]["came_at"]), &missed["actor"]),
        (due, &json!({ "kind": "system", "id": "rule:clocks" }))
    );
    assert!(at(&missed["at"]) > due, "recorded when it was, in the tenant's time");
    assert_eq!(clocks(&firm, &path, "")["final_response"]["state"], "breached");
    assert_eq!(firm.api.get(&path).expect(200).body["logged_at"], logged.body["logged_at"]);
    // Everybody is told of it as of anything else, and nothing was altered.
    equals(SOON, expected(&all), || recorded(firm.api.get(&format!("{path}/deliveries?limit=500")).expect(200).data()));
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
    let feed = firm.api.get("/v1/changes?limit=200").expect(200);
    assert_eq!(feed.data().last().expect("a change")["event"]["type"], "deadline_missed");
    let counts = firm.api.get("/v1/complaints/counts").expect(200);
    assert_eq!(counts.body["data"]["due"], json!({ "overdue": 1 }));
    assert_eq!(firm.api.get("/v1/deadlines/forecast").expect(200).body["overdue"], 1);

    // What is done now is done at that time; it is late, and stays so.
    for command in ["investigate", "propose-response", "resolve"] {
        firm.give(&path, command, command_body(command, "")).expect(200);
    }
    let late = &clocks(&firm, &path, "")["final_response"];
    assert_eq!(late["state"], "breached");
    assert!(at(&late["met_at"]) > due);
    assert_eq!(firm.api.get("/v1/complaints/counts").expect(200).body["data"]["due"], Value::Null);
    assert_eq!(told().len(), 5, "nothing more");
    // What comes in now comes in at that time, too.
    let later = firm.log(json!({}));
    assert!(at(&later.body["received_at"]) > due);
}

#[test]
fn only_a_sandbox_has_a_clock_and_it_goes_forward() {
    let (firm, lead) = sandbox(json!({}));
    let live = Firm::new();
    let of_live = self::lead(&live);
    let soon = now().plus_millis(DAY);
    set_clock(&of_live, soon).problem(403, "forbidden");
    of_live.get("/v1/test-clock").problem(403, "forbidden");
    set_clock(&firm.api, soon).problem(403, "forbidden");
    assert!((at(&live.log(json!({})).body["received_at"]).unix_millis() - now().unix_millis()).abs() < 60_000);

    set_clock(&lead, soon).expect(200);
    set_clock(&lead, soon).expect(200);
    assert_eq!(set_clock(&lead, soon.plus_millis(-DAY)).problem(422, "invalid").pointers(), ["/now"]);
    assert_eq!(set_clock(&lead, soon.plus_millis(21 * 365 * DAY)).problem(422, "invalid").pointers(), ["/now"]);
    let tenant = format!("/v1/tenants/{}", firm.id);
    let version = firm.operator.get(&tenant).expect(200).version();
    let patch = |body: &Value| firm.operator.call("PATCH", &tenant).if_match(version).json(body).send();
    assert_eq!(patch(&json!({ "plan": "standard" })).problem(422, "invalid").pointers(), ["/plan"]);
    patch(&json!({ "display_name": "Another name" })).expect(200);
}

#[test]
fn what_clocks_wait_for_can_be_said_with_its_own_time() {
    let firm = Firm::new();
    let received = now().plus_millis(-20 * DAY);
    let log = |tags: Value| {
        let logged = firm.log(json!({ "received_at": received.to_string(), "tags": tags }));
        format!("/v1/complaints/{}", logged.id())
    };
    let path = log(json!(["payment_service"]));
    let sent = received.plus_millis(2 * DAY);
    let acknowledged = firm.give(&path, "acknowledge", json!({ "sent_at": sent.to_string() })).expect(200);
    assert_eq!(at(&acknowledged.body["acknowledged_at"]), sent);
    let met = &clocks(&firm, &path, "")["acknowledgement"];
    assert_eq!((at(&met["met_at"]), &met["state"]), (sent, &json!("met")));

    let held = received.plus_millis(9 * DAY);
    let holding = json!({ "milestone": "holding_response", "occurred_at": held.to_string(), "note": "Waiting for the payee's bank." });
    assert!(!clocks(&firm, &path, "").contains_key("payment_final_response"));
    let recorded = firm.give(&path, "milestone", holding).expect(200);
    assert_eq!(recorded.body["milestones"], json!([{ "milestone": "holding_response", "at": held.to_string() }]));
    let after = clocks(&firm, &path, "");
    assert_eq!((&after["payment_response"]["state"], at(&after["payment_response"]["met_at"])), (&json!("met"), held));
    assert_eq!(after["payment_final_response"]["state"], "running");
    let found = firm.api.get("/v1/complaints?q=payee").expect(200);
    assert_eq!(found.data().len(), 1, "what was noted is found");

    for command in ["investigate", "propose-response"] {
        firm.give(&path, command, command_body(command, "")).expect(200);
    }
    let answered = received.plus_millis(15 * DAY);
    let answer = json!({ "outcome": "upheld", "summary": "Our mistake.", "sent_at": answered.to_string() });
    let resolved = firm.give(&path, "resolve", answer).expect(200);
    assert_eq!(at(&resolved.body["resolution"]["sent_at"]), answered);
    assert_eq!(at(&clocks(&firm, &path, "")["payment_final_response"]["met_at"]), answered);
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);

    // The one clock that may be stopped, for a reason that its rule names, and run on.
    let claim = log(json!(["app_fraud"]));
    let stop = |days: i64, reason: &str| json!({ "milestone": "clock_stopped", "reason": reason, "occurred_at": received.plus_millis(days * DAY).to_string() });
    let resume = |days: i64| json!({ "milestone": "clock_resumed", "occurred_at": received.plus_millis(days * DAY).to_string() });
    let before = at(&clocks(&firm, &claim, "")["reimbursement"]["due"]);
    firm.give(&claim, "milestone", stop(1, "information_from_victim")).expect(200);
    firm.give(&claim, "milestone", resume(8)).expect(200);
    assert!(at(&clocks(&firm, &claim, "")["reimbursement"]["due"]) >= before.plus_millis(5 * DAY));

    let future = now().plus_millis(DAY).to_string();
    let early = received.plus_millis(-1).to_string();
    for (path, command, body, pointers) in [
        (&path, "milestone", json!({ "milestone": "lunch" }), vec!["/milestone"]),
        (&path, "milestone", json!({ "milestone": "deadlock", "occurred_at": future }), vec!["/occurred_at"]),
        (&path, "milestone", json!({ "milestone": "deadlock", "occurred_at": early }), vec!["/occurred_at"]),
        (&path, "milestone", json!({ "milestone": "deadlock", "reason": "information_from_victim" }), vec!["/reason"]),
        (&path, "milestone", stop(1, "information_from_victim"), vec!["/milestone"]),
        (&claim, "milestone", resume(9), vec!["/milestone"]),
        (&claim, "milestone", stop(9, "holiday"), vec!["/reason"]),
        (&claim, "milestone", json!({ "milestone": "clock_stopped" }), vec!["/reason"]),
        (&claim, "milestone", stop(7, "information_from_victim"), vec!["/occurred_at"]),
        (&claim, "acknowledge", json!({ "sent_at": future }), vec!["/sent_at"]),
        (&claim, "acknowledge", json!({ "sent_at": early }), vec!["/sent_at"]),
    ] {
        let refused = firm.give(path, command, body.clone()).problem(422, "invalid");
        assert_eq!(refused.pointers(), pointers, "{command} {body}");
    }
    // What started it all may have come first.
    firm.give(&claim, "milestone", json!({ "milestone": "claim_reported", "occurred_at": early })).expect(200);
}

#[test]
fn a_case_is_moved_to_another_version_of_the_law_by_who_may_and_knows_what_that_does() {
    let firm = Firm::with(json!({ "sector": "telecom" }));
    let lead = lead(&firm);
    let log = |received: &str| format!("/v1/complaints/{}", firm.log(json!({ "received_at": received })).id());
    let path = log("2026-04-07T22:00:00Z");
    let ofcom = |query: &str| clocks(&firm, &path, query)["adr_letter"].clone();
    assert_eq!((&ofcom("")["version"], &ofcom("")["due_on"]), (&json!("2018-10-01"), &json!("2026-06-02")));

    let what_if = firm.api.get(&format!("{path}/clocks?version=gb-ofcom@2026-04-08")).expect(200);
    let differences = what_if.body["differences"].as_array().expect("a list");
    let changed = differences.iter().find(|one| one["rule"] == "adr_letter").expect("it is due earlier");
    assert_eq!(
        (&changed["was"]["due_on"], &changed["becomes"]["due_on"]),
        (&json!("2026-06-02"), &json!("2026-05-19"))
    );
    assert_eq!(ofcom("?version=gb-ofcom@2026-04-08")["due_on"], "2026-05-19");
    assert_eq!(ofcom("")["due_on"], "2026-06-02", "nothing was changed");

    let body = json!({ "versions": [{ "id": "gb-ofcom", "version": "2026-04-08" }], "reason": "As counsel said." });
    let give = |api: &Client, body: &Value| {
        let version = firm.api.get(&path).expect(200).version();
        api.post_on(version, &format!("{path}/move-clocks"), body)
    };
    give(&firm.api, &body).problem(403, "forbidden");
    let moved = give(&lead, &body).expect(200);
    assert_eq!(moved.body["clock_versions"], body["versions"]);
    assert_eq!((&ofcom("")["version"], &ofcom("")["due_on"]), (&json!("2026-04-08"), &json!("2026-05-19")));
    let row = firm.api.get("/v1/complaints").expect(200).data()[0].clone();
    assert_eq!(row["due"]["on"], "2026-05-19");
    assert_eq!(give(&lead, &body).problem(422, "invalid").pointers(), ["/versions"]);
    for (versions, pointer) in [
        (json!([]), "/versions"),
        (json!([{ "id": "gb-ofcom", "version": "1999" }]), "/versions/0"),
        (json!([body["versions"][0], body["versions"][0]]), "/versions/1/id"),
    ] {
        let refused = give(&lead, &json!({ "versions": versions, "reason": "x" })).problem(422, "invalid");
        assert_eq!(refused.pointers(), [pointer]);
    }
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
}

/// A clock of the firm's own that runs from receipt for so many minutes.
fn level(id: &str, minutes: u32) -> Value {
    json!({ "id": id, "name": "First answer", "starts_on": ["received"],
        "length": { "amount": minutes, "unit": "minute" }, "met_by": ["contacted", "update_sent"] })
}

#[test]
fn a_firm_has_clocks_of_its_own_beside_those_of_the_law() {
    let (stack, _state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({ "clocks": { "service_levels": [level("first_answer", 600)] } }));
    let path = firm.logged();
    let before = clocks(&firm, &path, "");
    assert_eq!(
        (&before["first_answer"]["family"], &before["first_answer"]["pack"]),
        (&json!("operational"), &Value::Null)
    );
    assert_eq!(before["final_response"]["family"], "statutory");
    let listed = || firm.api.get("/v1/complaints").expect(200).data()[0]["due"].clone();
    let by_law = listed();
    assert_eq!(by_law["at"], before["final_response"]["due"], "what is due is what the law wants");

    // Where it acts is the firm's to say: what is due of each complaint is looked at anew, and its own clocks are others.
    let tenant = format!("/v1/tenants/{}", firm.id);
    let patch = |body: &Value| {
        let version = firm.operator.get(&tenant).expect(200).version();
        firm.operator.call("PATCH", &tenant).if_match(version).json(body).send()
    };
    let place = json!({ "jurisdiction": "england_and_wales", "calendar": "scotland", "zone": "America/New_York" });
    let settings =
        json!({ "choices": { "places": [place] }, "service_levels": [level("first_answer", 900), level("second", 1)] });
    patch(&json!({ "clocks": settings })).expect(200);
    ticking(IN_THE_END, &stack, "what is due is another", || (listed() != by_law).then_some(()));
    let moved = clocks(&firm, &path, "");
    assert_eq!(listed()["at"], moved["final_response"]["due"]);
    // New York is some hours behind, and at night a day besides.
    let later = at(&moved["final_response"]["due"]).unix_millis() - at(&by_law["at"]).unix_millis();
    assert!([4, 5].contains(&(later.rem_euclid(86_400_000) / 3_600_000)) && later.abs() < 86_400_000, "{later}");
    assert_eq!(moved["first_answer"]["explanation"]["length"]["amount"], 900);
    // The minute of the second one passes by itself.
    let told = || passed(&events(&firm.api, &path));
    ticking(IN_THE_END, &stack, "it is missed", || (told() == ["second missed"]).then_some(()));
    let counts = counted(&firm.api).0;
    assert_eq!(counts.body["data"]["due"].as_object().expect("bands").len(), 1);

    let unknown = json!({ "choices": { "places": [{ "jurisdiction": "us", "calendar": "atlantis" }] }, "service_levels": [level("a", 1), level("a", 2)] });
    let refused = patch(&json!({ "clocks": unknown })).problem(422, "invalid");
    assert_eq!(refused.pointers(), ["/clocks/choices/places/0", "/clocks/service_levels/1/id"]);
    let backwards = json!({ "id": "a", "name": "A", "starts_on": ["received"], "met_by": ["contacted"], "length": { "amount": 1, "unit": "business_hour" } });
    patch(&json!({ "clocks": { "service_levels": [backwards] } })).problem(422, "invalid");
}

/// Warnings that came and went while nobody looked are nobody's business, and must not be looked for again and again.
#[test]
fn what_needs_no_word_any_more_wakes_nobody() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({ "plan": "sandbox" }));
    let lead = lead(&firm);
    let path = firm.logged();
    firm.give(&path, "acknowledge", json!({})).expect(200);
    // The window of a summary resolution has warned twice and closed; the eight weeks do not warn yet.
    set_clock(&lead, now().plus_millis(10 * DAY)).expect(200);
    for _ in 0..3 {
        stack.tick().expect("cron runs");
    }
    assert_eq!(passed(&events(&firm.api, &path)), [""; 0]);
    stack.stop();
    assert_eq!(count(&state, &format!("complaints WHERE wake_at <= {}", now().unix_millis())), 0);
    assert_eq!(count(&state, "complaints WHERE wake_at IS NOT NULL"), 1);
    assert_eq!(count(&state, "clock_reviews"), 0);
}

/// Many are due at once, more than one turn takes, some of them locked, and the runtime is killed meanwhile: each is told of once.
#[test]
fn what_is_missed_by_many_is_told_once_of_each() {
    const MANY: usize = 200;
    let (mut stack, _state) = own_stack();
    let firm = Firm::on(
        &operator(&stack),
        json!({ "plan": "sandbox", "clocks": { "service_levels": [level("first_answer", 60)] } }),
    );
    let lead = lead(&firm);
    let rows: String = (0..MANY)
        .map(|nth| crate::firm::complaint(json!({ "external_reference": format!("C-{nth}") })).to_string() + "\n")
        .collect();
    crate::import::import(&firm.api, &crate::client::unused(), "", crate::import::NDJSON, &rows);
    let ids: Vec<String> = ids(&firm.api);
    assert_eq!(ids.len(), MANY);
    let holder = json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 300 });
    firm.api.call("PUT", &format!("/v1/complaints/{}/lock", ids[0])).json(&holder).send().expect(200);
    set_clock(&lead, now().plus_millis(3_700_000)).expect(200);
    let (firm_id, key) = (firm.id.clone(), firm.api.key().expect("a key").to_owned());
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(900));
        stack.kill();
        stack.restart().expect("it starts again");
    }
    let api = operator(&stack).with_key(&key);
    let missed = || -> BTreeMap<String, usize> {
        let mut missed = BTreeMap::new();
        let mut since = String::new();
        loop {
            let page = api.get(&format!("/v1/changes?limit=200{since}")).expect(200);
            for change in page.data().iter().filter(|change| change["event"]["type"] == "deadline_missed") {
                *missed.entry(change["complaint"].as_str().expect("an id").to_owned()).or_default() += 1;
            }
            since = format!("&since={}", page.text_of("next"));
            if page.body["has_more"] != true {
                return missed;
            }
        }
    };
    // Those that a killed turn had taken come again when its lease has ended.
    let told = ticking(Duration::from_secs(240), &stack, "all are told of", || {
        // The plan of a sandbox does not allow looking all the time.
        std::thread::sleep(Duration::from_millis(500));
        let missed = missed();
        (missed.len() == MANY).then_some(missed)
    });
    assert!(told.values().all(|times| *times == 1), "{firm_id}");
    for id in ids.iter().take(3) {
        assert_eq!(api.get(&format!("/v1/complaints/{id}/verify")).expect(200).body["valid"], true);
    }
}

fn ids(api: &Client) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/v1/complaints?limit=200{cursor}")).expect(200);
        ids.extend(page.data().iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page.body["next"].as_str() else { return ids };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn what_falls_due_is_foretold_by_day() {
    let firm = Firm::new();
    let noon = |days: i64| Timestamp::from_unix_millis((now().unix_millis() / DAY - days) * DAY + DAY / 2);
    for (nth, days) in [70, 57, 56, 55, 55, 54, 50, 20, 3, 0].into_iter().enumerate() {
        firm.log_in(u8::from(nth % 2 == 0), json!({ "received_at": noon(days).plus_millis(-DAY / 2).to_string() }));
    }
    let read = |query: &str| loop {
        let today = counted(&firm.api).1;
        let forecast = firm.api.get(&format!("/v1/deadlines/forecast{query}")).expect(200);
        if counted(&firm.api).1 == today {
            return (forecast, today);
        }
    };
    let (forecast, today) = read("?days=57");
    let days = forecast.body["days"].as_array().expect("days").clone();
    assert_eq!((days.len(), &days[0]["day"]), (57, &json!(today.to_string())));
    assert_eq!(crate::budgets::cost(&forecast).d1, 2, "a call a shard");
    // As the list says.
    let mut listed = BTreeMap::<Day, u64>::new();
    for row in firm.api.get("/v1/complaints?order=due&limit=200").expect(200).data() {
        *listed.entry(row["due"]["on"].as_str().expect("a day").parse().expect("a day")).or_default() += 1;
    }
    for (nth, day) in days.iter().enumerate() {
        let on = today.plus(i32::try_from(nth).expect("few"));
        assert_eq!((&day["day"], &day["due"]), (&json!(on.to_string()), &json!(listed.get(&on).unwrap_or(&0))));
    }
    let overdue: u64 = listed.range(..today).map(|(_, n)| n).sum();
    let later: u64 = listed.range(today.plus(57)..).map(|(_, n)| n).sum();
    assert_eq!((&forecast.body["overdue"], &forecast.body["later"]), (&json!(overdue), &json!(later)));

    // If nobody works tomorrow, it is today's; nor can anybody do it if nobody works today.
    let tomorrow = today.plus(1);
    let sum = |on: &[Day]| json!(on.iter().map(|day| listed.get(day).unwrap_or(&0)).sum::<u64>());
    let (idle, _) = read(&format!("?idle={tomorrow}"));
    assert_eq!(idle.body["days"][0]["to_do"], sum(&[today, tomorrow]));
    assert_eq!((&idle.body["days"][1]["idle"], &idle.body["missed"]), (&json!(true), &json!(0)));
    let (idle, _) = read(&format!("?idle={today}&idle={tomorrow}"));
    assert_eq!(idle.body["missed"], sum(&[today, tomorrow]));
    for query in ["days=0", "days=367", "days=x", "idle=friday", "on=fri"] {
        firm.api.get(&format!("/v1/deadlines/forecast?{query}")).problem(400, "invalid_parameter");
    }
}
