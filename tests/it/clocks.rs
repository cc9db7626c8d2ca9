//! Clocks over HTTP: what the law asks of a complaint, when, and how that was counted.

use crate::{
    budgets::cost,
    client::{Answer, Client, unused},
    firm::{Firm, command_body, complaint},
    import::{NDJSON, import},
};
use serde_json::{Value, json};
use shared::{
    clock::{day::Day, due::DueBand, settings::ClockSettings},
    complaint::intake::Jurisdiction,
    time::Timestamp,
};
use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};
use xtask::checkout::root;

pub(crate) const DAY: i64 = 86_400_000;

pub(crate) fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    Timestamp::from_unix_millis(i64::try_from(now).unwrap())
}

pub(crate) fn at(moment: &Value) -> Timestamp {
    moment.as_str().expect("a moment").parse().expect("RFC 3339")
}

/// The clocks of a complaint, by rule.
pub(crate) fn clocks(firm: &Firm, path: &str, query: &str) -> BTreeMap<String, Value> {
    let answer = firm.api.get(&format!("{path}/clocks{query}")).expect(200);
    answer.data().iter().map(|clock| (clock["rule"].as_str().expect("a rule").to_owned(), clock.clone())).collect()
}

#[test]
fn what_is_done_meets_its_clock_and_nothing_else_does() {
    let firm = Firm::new();
    let received = now().plus_millis(-DAY);
    let logged = firm.log(json!({ "received_at": received.to_string() }));
    let path = format!("/v1/complaints/{}", logged.id());
    let asked = firm.api.get(&format!("{path}/clocks")).expect(200);
    assert_eq!((asked.version(), &asked.body["complaint"]), (1, &logged.body["id"]));
    assert_eq!(cost(&asked).d1, 1);
    let first = clocks(&firm, &path, "");
    let response = &first["final_response"];
    assert_eq!((&response["pack"], &response["state"]), (&json!("gb-fca-disp"), &json!("running")));
    assert_eq!((&response["family"], &response["nature"]), (&json!("statutory"), &json!("duty")));
    let days: i64 = response["explanation"]["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| step["counted"].as_i64().expect("a number"))
        .sum();
    assert_eq!(days, 56, "eight weeks, day by day");
    assert!(response["explanation"]["citation"].as_str().expect("a citation").contains("1.6.2"));

    // A status stops nothing, and time alone breaks it: at its last moment it is not broken, after that it is.
    for command in ["acknowledge", "investigate", "request-information"] {
        firm.give(&path, command, command_body(command, "")).expect(200);
    }
    let due = at(&response["due"]);
    let state = |moment: Timestamp| clocks(&firm, &path, &format!("?at={moment}"))["final_response"]["state"].clone();
    assert_eq!((state(due), state(due.plus_millis(1))), (json!("running"), json!("breached")));

    let events = firm.api.get(&format!("{path}/events")).expect(200);
    let asked_for_more = at(&events.data().last().expect("an event")["at"]);
    for command in ["propose-response", "resolve"] {
        firm.give(&path, command, command_body(command, "")).expect(200);
    }
    let met = clocks(&firm, &path, "");
    assert_eq!((&met["acknowledgement"]["state"], &met["final_response"]["state"]), (&json!("met"), &json!("met")));
    assert_eq!(met["final_response"]["ended_by"], "final_response");
    assert_eq!(met["final_response"]["due"], first["final_response"]["due"]);
    assert_eq!(state(due.plus_millis(DAY)), "met", "for good");
    let then = clocks(&firm, &path, &format!("?at={asked_for_more}"));
    assert_eq!(
        (&then["acknowledgement"]["state"], &then["final_response"]["state"]),
        (&json!("met"), &json!("running"))
    );
}

/// The published vectors, as far as they are of complaints that came in and nothing else.
#[test]
fn deadlines_are_those_of_the_vectors() {
    let file = root().join("tests/vectors/clocks.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("vectors")).expect("JSON");
    let (mut firms, mut compared) = (BTreeMap::<String, Firm>::new(), 0);
    for vector in vectors["vectors"].as_array().expect("a list") {
        let case = &vector["case"];
        let known = ["jurisdiction", "sector", "tags", "occurrences"];
        let Some(members) = case.as_object().filter(|case| case.keys().all(|name| known.contains(&name.as_str())))
        else {
            continue;
        };
        let occurrences = members["occurrences"].as_array().expect("a list");
        if occurrences.len() != 1 || occurrences[0]["what"] != "received" || at(&occurrences[0]["at"]) > now() {
            continue;
        }
        let sector = case["sector"].as_str().expect("a sector");
        let firm = firms.entry(sector.to_owned()).or_insert_with(|| Firm::with(json!({ "sector": sector })));
        let members =
            json!({ "received_at": occurrences[0]["at"], "jurisdiction": case["jurisdiction"], "tags": case["tags"] });
        let logged = firm.api.post("/v1/complaints", &complaint(members)).expect(201);
        let found = firm.api.get(&format!("/v1/complaints/{}/clocks", logged.id())).expect(200);
        for expected in vector["expect"].as_array().expect("a list") {
            let same = |clock: &&Value| ["pack", "rule"].iter().all(|name| clock[name] == expected[name]);
            let Some(clock) = found.data().iter().find(same) else {
                assert_eq!(expected["absent"], true, "{}: {}", vector["id"], found.text);
                continue;
            };
            assert!(expected["absent"].is_null(), "{}: {clock}", vector["id"]);
            for name in ["version", "start", "due", "due_on"] {
                assert!(expected[name].is_null() || clock[name] == expected[name], "{}: {name} {clock}", vector["id"]);
            }
            compared += 1;
        }
    }
    assert!(compared >= 20, "{compared} deadlines compared");
}

/// The counts, and the day of which they are.
pub(crate) fn counted(api: &Client) -> (Answer, Day) {
    loop {
        let today = || ClockSettings::default().today(Jurisdiction::EnglandAndWales, now());
        let day = today();
        let counts = api.get("/v1/complaints/counts").expect(200);
        if today() == day {
            return (counts, day);
        }
    }
}

/// The band in which a day is counted.
pub(crate) fn band(day: &str, today: Day) -> String {
    DueBand::of(day.parse().expect("a day"), today).as_str().to_owned()
}

#[test]
fn what_is_due_next_is_listed_and_counted_and_no_more_once_it_is_done() {
    let firm = Firm::new();
    // Noon in London or an hour later, so that a day is a day.
    let noon = |days: i64| Timestamp::from_unix_millis((now().unix_millis() / DAY - days) * DAY + DAY / 2);
    let log = |days: i64| {
        firm.log_in(u8::from(days % 2 == 0), json!({ "received_at": noon(days).to_string() })).id().to_owned()
    };
    let days = [400, 58, 57, 56, 55, 53, 52, 49, 48, 20, 1];
    let ids = days.map(log);
    let listed = || -> BTreeMap<String, Value> {
        let rows = firm.api.get("/v1/complaints?limit=50").expect(200);
        rows.data().iter().map(|row| (row["id"].as_str().expect("an id").to_owned(), row["due"].clone())).collect()
    };
    let is_counted = || {
        let mut expected = BTreeMap::<String, u64>::new();
        let (counts, today) = counted(&firm.api);
        for due in listed().values().filter_map(|due| due["on"].as_str()) {
            *expected.entry(band(due, today)).or_default() += 1;
        }
        assert_eq!(counts.body["data"]["due"], json!(expected));
        expected
    };
    for (id, days) in ids.iter().zip(days) {
        let eight_weeks = noon(days - 56);
        assert_eq!(listed()[id]["on"], json!(eight_weeks.to_string()[..10]), "{days} days ago");
    }
    assert_eq!(is_counted().len(), 5, "every band");

    let due = |id: &String| listed()[id].clone();
    let path = |id: &String| format!("/v1/complaints/{id}");
    let (late, today) = (&ids[0], &ids[3]);
    // A status, a note or a contact is no answer.
    for command in ["acknowledge", "investigate", "request-information", "contact", "note", "propose-response"] {
        let before = due(late);
        firm.give(&path(late), command, command_body(command, "")).expect(200);
        assert_eq!(due(late), before, "{command}");
    }
    firm.give(&path(late), "resolve", command_body("resolve", "")).expect(200);
    assert_eq!(due(late), Value::Null);
    firm.give(&path(late), "reopen", command_body("reopen", "")).expect(200);
    // Another law, and another day of receipt.
    let before = due(today);
    firm.give(&path(today), "classify", json!({ "tags": ["data_protection"] })).expect(200);
    assert!(at(&due(today)["at"]) < at(&before["at"]), "30 days come before eight weeks");
    let set = json!({ "received_at": noon(10).to_string() });
    firm.give(&path(today), "correct", json!({ "reason": "The postmark.", "set": set })).expect(200);
    assert!(at(&due(today)["at"]) > at(&before["at"]));
    is_counted();
    firm.give(&path(&ids[1]), "withdraw", command_body("withdraw", "")).expect(200);
    assert_eq!(due(&ids[1]), Value::Null);
    is_counted();
}

/// What lists by what is due show, page by page; and on the way back from the last page.
fn walked(api: &Client, query: &str) -> (Vec<Value>, usize) {
    let mut page = api.get(&format!("/v1/complaints?{query}")).expect(200);
    let (mut rows, mut pages) = (page.data().to_vec(), 1);
    while let Some(next) = page.body["next"].as_str().map(str::to_owned) {
        page = api.get(&format!("/v1/complaints?{query}&cursor={next}")).expect(200);
        rows.extend(page.data().to_vec());
        pages += 1;
    }
    let mut back = page.data().to_vec();
    while let Some(prev) = page.body["prev"].as_str().map(str::to_owned) {
        page = api.get(&format!("/v1/complaints?{query}&cursor={prev}")).expect(200);
        back.splice(0..0, page.data().to_vec());
    }
    assert_eq!(back, rows, "{query}: the same in both directions");
    (rows, pages)
}

/// Of these rows of a list those of which something is due, the soonest first.
fn soonest_first(rows: &[Value]) -> Vec<Value> {
    let mut due: Vec<_> = rows.iter().filter(|row| !row["due"].is_null()).cloned().collect();
    due.sort_by_key(|row| (at(&row["due"]["at"]), std::cmp::Reverse(row["id"].as_str().expect("an id").to_owned())));
    due
}

#[test]
fn what_is_due_soonest_comes_first_and_is_filtered_by_when() {
    let firm = Firm::new();
    let noon = |days: i64| Timestamp::from_unix_millis((now().unix_millis() / DAY - days) * DAY + DAY / 2);
    let logged: Vec<_> = [20, 400, 57, 1, 56, 49, 53, 20, 58, 52]
        .into_iter()
        .enumerate()
        .map(|(nth, days)| {
            let tags = if nth % 2 == 0 { json!(["even"]) } else { json!([]) };
            firm.log_in(u8::from(nth % 3 == 0), json!({ "received_at": noon(days).to_string(), "tags": tags }))
        })
        .collect();
    let path = |nth: usize| format!("/v1/complaints/{}", logged[nth].id());
    firm.give(&path(9), "withdraw", command_body("withdraw", "")).expect(200);
    let all = firm.api.get("/v1/complaints?limit=200").expect(200).data().to_vec();
    let expected = soonest_first(&all);
    assert_eq!(expected.len(), 9, "nothing is due of what was withdrawn");
    for limit in [1, 2, 5, 200] {
        assert_eq!(walked(&firm.api, &format!("order=due&limit={limit}")).0, expected, "{limit}");
    }
    let is_even = |row: &&Value| row["tags"] == json!(["even"]);
    let even: Vec<_> = expected.iter().filter(is_even).cloned().collect();
    assert_eq!(walked(&firm.api, "order=due&tag=even&limit=2").0, even);
    let since = noon(53);
    let late: Vec<_> = expected.iter().filter(|row| at(&row["received_at"]) >= since).cloned().collect();
    assert_eq!(walked(&firm.api, &format!("order=due&received_from={since}&limit=2")).0, late);

    // Bands are those of the counts.
    let (counts, today) = counted(&firm.api);
    for due in DueBand::ALL {
        let name = due.as_str();
        let within = |row: &&Value| band(row["due"]["on"].as_str().expect("a day"), today) == name;
        let rows: Vec<_> = expected.iter().filter(within).cloned().collect();
        assert_eq!(json!(rows.len()), counts.body["data"]["due"][name], "{name}");
        let listed = firm.api.get(&format!("/v1/complaints?due={name}")).expect(200);
        assert_eq!(listed.data(), rows, "{name}");
        assert_eq!(cost(&listed).d1, 2, "a call a shard");
    }

    firm.api.get("/v1/complaints?order=due&q=fee").problem(400, "invalid_parameter");
    // Nor are the words of a view passed over in silence; its filters are heeded.
    for (filter, status) in [("q=fee", 400), ("tag=even", 200)] {
        let view =
            firm.api.post("/v1/views", &json!({ "name": filter, "owner": "anna", "filter": filter })).expect(201);
        let listed = firm.api.get(&format!("/v1/complaints?order=due&view={}", view.id())).expect(status);
        assert!(status == 400 || listed.data() == even);
    }
    firm.api.get("/v1/complaints?due=soon").problem(400, "invalid_parameter");
    firm.api.get("/v1/complaints?due=today&order=relevance&q=fee").problem(400, "invalid_parameter");
    let newest =
        firm.api.get("/v1/complaints?limit=2").expect(200).body["next"].as_str().expect("a page more").to_owned();
    firm.api.get(&format!("/v1/complaints?order=due&limit=2&cursor={newest}")).problem(400, "invalid_cursor");
}

/// More have a label than are sorted, so what is due next is looked through; what does not match is passed over in short pages.
#[test]
fn what_is_due_is_listed_whole_where_many_wait() {
    const MANY: usize = 5_000;
    let firm = Firm::new();
    let begun = Timestamp::from_unix_millis((now().unix_millis() / DAY - 30) * DAY);
    let row = |nth: usize| {
        let received_at = begun.plus_millis(i64::try_from(nth).expect("few") * 400_000);
        let tags = if nth.is_multiple_of(10) { json!(["rare"]) } else { json!(["common"]) };
        complaint(json!({ "received_at": received_at.to_string(), "tags": tags })).to_string()
    };
    let body: String = (0..MANY).map(|nth| row(nth) + "\n").collect();
    import(&firm.api, &unused(), "", NDJSON, &body);
    let all = walked(&firm.api, "limit=200").0;
    assert_eq!(all.len(), MANY);
    let expected = soonest_first(&all);
    assert_eq!(expected.len(), MANY);
    assert_eq!(walked(&firm.api, "order=due&limit=200").0, expected);
    for tag in ["rare", "common"] {
        let tagged: Vec<_> = expected.iter().filter(|row| row["tags"] == json!([tag])).cloned().collect();
        assert_eq!(walked(&firm.api, &format!("order=due&tag={tag}&limit=200")).0, tagged, "{tag}");
    }
    let since = begun.plus_millis(4_800 * 400_000);
    let late: Vec<_> = expected.iter().filter(|row| at(&row["received_at"]) >= since).cloned().collect();
    let (rows, pages) = walked(&firm.api, &format!("order=due&received_from={since}&limit=200"));
    assert_eq!(rows, late);
    assert!(pages > 2, "{pages}: each looks through a thousand of a shard");
}

#[test]
fn what_is_no_moment_is_refused_and_nobody_elses_complaint_is_there() {
    let (firm, stranger) = (Firm::new(), Firm::new());
    let path = format!("{}/clocks", firm.logged());
    firm.api.get(&format!("{path}?at=tomorrow")).problem(400, "invalid_parameter");
    firm.api.get(&format!("{path}?on=2026-01-01")).problem(400, "invalid_parameter");
    for version in
        ["gb-ofcom", "gb-ofcom@1999", "nothing@2026-04-08", "@", "gb-ofcom@2026-04-08&version=gb-ofcom@2018-10-01"]
    {
        firm.api.get(&format!("{path}?version={version}")).problem(400, "invalid_parameter");
    }
    firm.api.get(&format!("{path}?at=2020-01-01T00:00:00.000Z")).problem(404, "not_found");
    stranger.api.get(&path).problem(404, "not_found");
}
