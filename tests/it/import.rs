//! Imports: each row is answered, a bad one stops no other, and whatever is cut off is sent again without a duplicate.

use crate::{
    client::{Answer, Client, STACK, unused},
    eventually::within,
    firm::{Firm, complaint},
    keys::IN_FORCE,
    own_stack::{count, databases, operator, own_stack},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

const PATH: &str = "/v1/complaints:import";
pub(crate) const NDJSON: &str = "application/x-ndjson";
pub(crate) const CSV: &str = "text/csv";
/// A stack of a test's own is busy while others run.
const SOON: Duration = Duration::from_secs(30);

/// Sends an import; the answer is whole and says what the lines of it say.
#[track_caller]
pub(crate) fn import(api: &Client, key: &str, query: &str, content_type: &str, body: &str) -> (Vec<Value>, Value) {
    let call = api.call("POST", &format!("{PATH}?{query}")).idempotency_key(key);
    lines(&call.bytes(content_type, body.as_bytes().to_vec()).send().expect(200))
}

/// The rows and the summary of an answer.
#[track_caller]
pub(crate) fn lines(answer: &Answer) -> (Vec<Value>, Value) {
    let mut rows: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let summary = rows.pop().expect("an answer has a summary")["summary"].take();
    let counted = |status: &str| rows.iter().filter(|row| row["status"] == status).count();
    for status in ["created", "already", "valid", "failed"] {
        assert_eq!(summary[status], counted(status), "{summary}");
    }
    assert_eq!(summary["rows"], rows.len(), "{summary}");
    (rows, summary)
}

fn statuses(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["status"].as_str().expect("a status")).collect()
}

fn codes(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["code"].as_str().unwrap_or_default()).collect()
}

/// `count` rows, each with an external reference of its own.
pub(crate) fn rows(count: usize) -> Vec<String> {
    let row = |nth: usize| {
        let day = 1 + nth % 28;
        let received_at = format!("2024-{:02}-{day:02}T09:00:00.000Z", 1 + nth % 12);
        complaint(
            json!({ "external_reference": format!("ROW-{nth}"), "received_at": received_at, "tags": ["imported"] }),
        )
    };
    (0..count).map(|nth| row(nth).to_string()).collect()
}

fn joined(rows: &[String]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

/// By external reference, how many complaints have it; and how many there are by the counts.
pub(crate) fn kept(api: &Client) -> (BTreeMap<String, usize>, u64) {
    let mut kept = BTreeMap::new();
    let mut query = "limit=200".to_owned();
    loop {
        let page = api.get(&format!("/v1/complaints?{query}")).expect(200);
        for row in page.data() {
            *kept.entry(row["external_reference"].as_str().unwrap_or("none").to_owned()).or_default() += 1;
        }
        match page.body["next"].as_str() {
            Some(cursor) => query = format!("limit=200&cursor={cursor}"),
            None => break,
        }
    }
    let total = api.get("/v1/complaints/counts").expect(200).body["total"].as_u64().expect("a total");
    (kept, total)
}

/// Each of so many rows is there, once.
#[track_caller]
fn all_there_once(api: &Client, count: usize) {
    let expected: BTreeMap<String, usize> = (0..count).map(|nth| (format!("ROW-{nth}"), 1)).collect();
    let (kept, total) = kept(api);
    assert_eq!((kept.len(), total), (count, count as u64));
    assert_eq!(kept, expected);
}

#[test]
fn every_row_is_answered_in_its_place() {
    let firm = Firm::new();
    let good = |nth: u32| complaint(json!({ "external_reference": format!("CRM-{nth}"), "product": "credit_card" }));
    let bad = [
        json!({ "channel": "pigeon" }),
        complaint(json!({ "colour": "red", "severity": 3 })),
        complaint(json!({ "received_at": "2999-01-01T00:00:00Z", "product": "yachts" })),
    ];
    let lines = [
        good(1).to_string(),
        bad[0].to_string(),
        String::new(),
        "{\"channel\": web}".to_owned(),
        good(2).to_string(),
        bad[1].to_string(),
        bad[2].to_string(),
        complaint(json!({ "external_reference": "CRM-1" })).to_string(),
        good(3).to_string(),
    ];
    let (rows, summary) = import(&firm.api, &unused(), "", NDJSON, &lines.join("\r\n"));
    let numbers: Vec<u64> = rows.iter().map(|row| row["row"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 4, 5, 6, 7, 8, 9], "a blank line is no row");
    assert!(rows.iter().all(|row| row["line"] == row["row"]));
    let (created, failed) = ("created", "failed");
    assert_eq!(statuses(&rows), [created, failed, failed, created, failed, failed, failed, created]);
    assert_eq!(codes(&rows), ["", "invalid", "malformed_json", "", "invalid", "invalid", "already_taken", ""]);
    let pointers = |row: &Value| -> BTreeSet<String> {
        row["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(pointers(&rows[1]), ["/channel", "/complainant"].map(str::to_owned).into());
    assert_eq!(pointers(&rows[4]), ["/colour", "/severity"].map(str::to_owned).into());
    assert_eq!(pointers(&rows[5]), ["/product", "/received_at"].map(str::to_owned).into());
    assert_eq!((&summary["complete"], &summary["next_row"]), (&json!(true), &json!(10)));

    // What was created is a complaint like any other.
    for (row, nth) in [(&rows[0], 1), (&rows[3], 2), (&rows[7], 3)] {
        let path = format!("/v1/complaints/{}", row["id"].as_str().unwrap());
        let read = firm.api.get(&path).expect(200);
        assert_eq!((&read.body["reference"], read.version()), (&row["reference"], 1));
        assert_eq!(read.body["external_reference"], format!("CRM-{nth}"));
        assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
        firm.give(&path, "acknowledge", json!({})).expect(200);
    }
    let found = firm.api.get("/v1/complaints?q=fee&product=credit_card").expect(200);
    assert_eq!(found.data().len(), 3);
    let seen = Client::new(&STACK.base_url, firm.api.key());
    let call = seen.call("GET", "/v1/complaints").header("redress-bookmark", summary["bookmark"].as_str().unwrap());
    assert_eq!(call.send().expect(200).data().len(), 3);
    let feed = firm.api.get("/v1/changes").expect(200);
    assert_eq!(feed.data().len(), 6, "the feed has what was imported and what came after");
}

#[test]
fn an_import_tells_nobody() {
    let firm = Firm::new();
    let (rows, _) = import(&firm.api, &unused(), "", NDJSON, &complaint(json!({})).to_string());
    let path = format!("/v1/complaints/{}", rows[0]["id"].as_str().unwrap());
    firm.give(&path, "note", json!({ "text": "From the old system." })).expect(200);
    let told = || firm.api.get(&format!("{path}/deliveries")).expect(200).data().to_vec();
    let told = within(SOON, "what comes after is told", || Some(told()).filter(|told| !told.is_empty()));
    assert!(told.iter().all(|delivery| delivery["seq"] == 2), "{told:?}");
    // What was not told is no part of a page.
    let page = firm.api.get(&format!("{path}/deliveries?limit=1")).expect(200);
    assert_eq!((page.data(), &page.body["next_after"]), (&told[..], &json!(2)));
}

#[test]
fn a_row_that_is_sent_again_is_the_complaint_it_was() {
    let firm = Firm::new();
    let (key, sent) = (unused(), rows(30));
    let (first, _) = import(&firm.api, &key, "", NDJSON, &joined(&sent));
    assert!(statuses(&first).iter().all(|status| *status == "created"));
    let (again, _) = import(&firm.api, &key, "", NDJSON, &joined(&sent));
    let names =
        |rows: &[Value]| rows.iter().map(|row| (row["id"].clone(), row["reference"].clone())).collect::<Vec<_>>();
    assert!(statuses(&again).iter().all(|status| *status == "already"));
    assert_eq!(names(&again), names(&first));
    // From the middle on, with its number, a row is the same row.
    let (rest, summary) = import(&firm.api, &key, "first_row=21", NDJSON, &joined(&sent[20..]));
    assert_eq!(names(&rest), names(&first[20..]));
    assert_eq!((&rest[0]["row"], &rest[0]["line"], &summary["next_row"]), (&json!(21), &json!(1), &json!(31)));
    // Other content under the number of a row that was imported is an error of that row.
    let mut other = sent.clone();
    other[3] = complaint(json!({ "description": "Something else." })).to_string();
    let (changed, _) = import(&firm.api, &key, "", NDJSON, &joined(&other));
    assert_eq!(
        (changed[3]["status"].as_str(), changed[3]["code"].as_str()),
        (Some("failed"), Some("idempotency_key_reused"))
    );
    assert_eq!(statuses(&changed).iter().filter(|status| **status == "already").count(), 29);
    // Under another name it is another import, and the references are taken.
    let (taken, _) = import(&firm.api, &unused(), "", NDJSON, &joined(&sent));
    assert!(codes(&taken).iter().all(|code| *code == "already_taken"));
    let detail = taken[0]["detail"].as_str().unwrap();
    assert!(detail.contains(first[0]["id"].as_str().unwrap()), "{detail}");
    all_there_once(&firm.api, 30);
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_would_happen() {
    let firm = Firm::new();
    let (key, mut sent) = (unused(), rows(8));
    import(&firm.api, &key, "", NDJSON, &joined(&sent[..2]));
    firm.log(json!({ "external_reference": "ROW-4" }));
    sent[5] = "{".to_owned();
    sent.push(sent[3].clone());
    let before = firm.api.get("/v1/changes").expect(200).text;
    let (dry, _) = import(&firm.api, &key, "dry_run=true", NDJSON, &joined(&sent));
    assert_eq!(
        statuses(&dry),
        ["already", "already", "valid", "valid", "failed", "failed", "valid", "valid", "failed"]
    );
    assert_eq!(codes(&dry)[4..6], ["already_taken", "malformed_json"]);
    assert_eq!(codes(&dry)[8], "already_taken", "a row before it has the reference");
    assert_eq!(firm.api.get("/v1/changes").expect(200).text, before, "nothing has happened");
    let (wet, _) = import(&firm.api, &key, "dry_run=false", NDJSON, &joined(&sent));
    let done: Vec<_> =
        statuses(&dry).into_iter().map(|status| if status == "valid" { "created" } else { status }).collect();
    assert_eq!(statuses(&wet), done);
}

fn mapping() -> Value {
    json!({
        "fields": [
            { "to": "external_reference", "column": "Case No" },
            { "to": "complainant.name", "column": "Customer", "value": "Unknown" },
            { "to": "complainant.email", "column": "E-mail" },
            { "to": "channel", "column": "Came by", "values": { "Post": "letter", "Call": "phone" } },
            { "to": "received_at", "column": "Date", "date": "DD.MM.YYYY", "offset": "+01:00" },
            { "to": "description", "column": "Text" },
            { "to": "amounts.loss", "column": "Loss", "decimal": "," },
            { "to": "currency", "value": "EUR" },
            { "to": "custom.visits", "column": "Visits" }
        ],
        "row_id": "Case No"
    })
}

const TABLE: &str = "\u{feff}Case No;Customer;E-mail;Came by;Date;Text;Loss;Visits;Remark\r\n\
A-1;Ada Winter;ada@example.org;Post;31.01.2024;\"Two; lines\r\nof text\";1.234,50;3;x\r\n\
A-2;;;Call;01.02.2024;No name.;;;\r\n\
A-3;Ben;no address;Fax;1.2.2024;\"  \";many;few;\r\n\
A-4;Cy;;Call;03.02.2024;Fine.;0,05;0;\r\n";

fn with_visits() -> Firm {
    Firm::with(json!({ "custom_fields": [{ "name": "visits", "label": "Visits", "type": "integer" }] }))
}

#[test]
fn a_table_is_imported_by_its_mapping() {
    let firm = with_visits();
    let key = unused();
    let body = format!("{}\n{TABLE}", mapping());
    let (rows, summary) = import(&firm.api, &key, "mapping=first_line&delimiter=;", CSV, &body);
    assert_eq!(statuses(&rows), ["created", "created", "failed", "created"]);
    let places: Vec<_> = rows.iter().map(|row| (row["row"].as_u64().unwrap(), row["line"].as_u64().unwrap())).collect();
    assert_eq!(places, [(1, 3), (2, 5), (3, 6), (4, 7)], "a row's line is where it begins");
    let columns: BTreeSet<&str> =
        rows[2]["errors"].as_array().unwrap().iter().filter_map(|error| error["column"].as_str()).collect();
    assert_eq!(columns, ["Came by", "Loss"].into());
    assert_eq!(summary["columns_left_out"], json!(["Remark"]));
    let read = firm.api.get(&format!("/v1/complaints/{}", rows[0]["id"].as_str().unwrap())).expect(200).body;
    assert_eq!((&read["received_at"], &read["channel"]), (&json!("2024-01-30T23:00:00.000Z"), &json!("letter")));
    assert_eq!(read["description"], "Two; lines\r\nof text");
    assert_eq!(read["amounts"], json!([{ "kind": "loss", "minor": 123_450, "currency": "EUR" }]));
    assert_eq!((&read["custom"], &read["complainant"]["name"]), (&json!({ "visits": 3 }), &json!("Ada Winter")));

    // What a rule of the tenant refuses is named by its column, too.
    let wrong = TABLE.replace("no address", "").replace("Fax", "Post").replace("\"  \"", "x").replace("many", "1");
    let body = format!("{}\n{wrong}", mapping());
    let (rows, _) = import(&firm.api, &key, "mapping=first_line&delimiter=;", CSV, &body);
    assert_eq!(statuses(&rows), ["already", "already", "failed", "already"], "rows are known by their case numbers");
    assert_eq!(rows[2]["errors"][0]["column"], "Visits");
    // So they are in any order.
    let mended = wrong.replace("few", "4");
    let mut lines: Vec<&str> = mended.split_inclusive("\r\n").collect();
    lines[1..].reverse();
    let turned = lines
        .concat()
        .replace("of text\";1.234,50;3;x\r\nA-1;Ada Winter;ada@example.org;Post;31.01.2024;\"Two; lines\r\n", "");
    let encoded: String = mapping().to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    let query = format!("delimiter=;&mapping={encoded}");
    let (rows, _) = import(&firm.api, &key, &query, CSV, &turned);
    assert_eq!(statuses(&rows), ["already", "created", "already"]);
}

#[test]
fn objects_are_imported_by_a_mapping_too() {
    let firm = with_visits();
    let rows = [
        json!({ "Case No": 1, "Came by": "Call", "Date": "01.02.2024", "Text": "One.", "Visits": 2, "Else": [1] }),
        json!({ "Case No": 2, "Came by": "Call", "Date": "soon", "Text": null }),
        json!([1]),
    ];
    let body: String = std::iter::once(mapping()).chain(rows).map(|line| format!("{line}\n")).collect();
    let (rows, _) = import(&firm.api, &unused(), "mapping=first_line", NDJSON, &body);
    assert_eq!(statuses(&rows), ["created", "failed", "failed"]);
    assert_eq!((&rows[0]["row"], &rows[0]["line"]), (&json!(1), &json!(2)));
    assert_eq!(rows[1]["errors"][0]["column"], "Date");
}

#[test]
fn what_cannot_be_begun_is_refused_as_a_whole() {
    let firm = Firm::new();
    let asked = |query: &str, content_type: &str, body: &str| {
        let call = firm.api.call("POST", &format!("{PATH}?{query}")).idempotency_key(&unused());
        call.bytes(content_type, body.as_bytes().to_vec()).send()
    };
    asked("", "application/json", "{}").problem(415, "unsupported_media_type");
    firm.api.call("POST", PATH).bytes(NDJSON, b"{}".to_vec()).send().problem(400, "idempotency_key_missing");
    for (query, parameter) in [
        ("colour=red", "colour"),
        ("dry_run=perhaps", "dry_run"),
        ("first_row=0", "first_row"),
        ("delimiter=x", "delimiter"),
        ("mapping={%22fields%22:[{%22to%22:%22id%22}]}", "mapping"),
        ("mapping={", "mapping"),
    ] {
        let refused = asked(query, CSV, "a\n").problem(400, "invalid_parameter");
        let named = refused.body["errors"].as_array().map_or(0, Vec::len) == 0
            || refused.body["errors"][0]["parameter"] == parameter;
        assert!(named, "{query}: {}", refused.text);
    }
    for body in ["", "\u{feff}", "colour,size\nred,1\n"] {
        asked("", CSV, body).problem(422, "invalid");
    }
    let refused =
        asked("mapping=first_line", CSV, &format!("{}\nCase No,Text,Text\n", mapping())).problem(422, "invalid");
    let columns: BTreeSet<&str> =
        refused.body["errors"].as_array().unwrap().iter().filter_map(|error| error["column"].as_str()).collect();
    assert!(columns.is_superset(&["Text", "Date"].into()), "{columns:?}");
    let reader = firm.key(&["complaints:read"]);
    reader.call("POST", PATH).idempotency_key(&unused()).bytes(NDJSON, Vec::new()).send().problem(403, "forbidden");
    let large = firm.api.call("POST", PATH).idempotency_key(&unused()).bytes(NDJSON, vec![b'\n'; 32_000_001]).send();
    large.problem(413, "too_large");
    let (rows, summary) = import(&firm.api, &unused(), "", NDJSON, "\n\n");
    assert_eq!((rows.len(), &summary["complete"]), (0, &json!(true)));
}

#[test]
fn a_row_that_is_too_long_stops_no_other() {
    let firm = Firm::new();
    let long = complaint(json!({ "description": "x".repeat(2_100_000) })).to_string();
    let wordy = complaint(json!({ "description": "word ".repeat(9_900) })).to_string();
    let mut sent = rows(5);
    sent[1] = long;
    sent[3] = wordy;
    let (rows, _) = import(&firm.api, &unused(), "", NDJSON, &joined(&sent));
    assert_eq!(statuses(&rows), ["created", "failed", "created", "created", "created"]);
    assert_eq!(codes(&rows)[1], "too_large");
}

#[test]
fn more_rows_than_a_request_may_have_are_left_to_the_next() {
    let firm = Firm::small();
    let (key, rows) = (unused(), "{}\n".repeat(10_001));
    let (answered, summary) = import(&firm.inner(), &key, "", NDJSON, &rows);
    assert_eq!((answered.len(), &summary["complete"], &summary["next_row"]), (10_000, &json!(false), &json!(10_001)));
    assert_eq!(summary["stopped"]["code"], "too_large");
    let (answered, summary) = import(&firm.inner(), &key, "first_row=10001", NDJSON, "{}\n");
    assert_eq!((&answered[0]["row"], &summary["complete"]), (&json!(10_001), &json!(true)));
}

/// An import over a connection of its own, to be cut.
struct Wire(TcpStream);

impl Wire {
    fn open(base_url: &str, token: &str, key: &str, length: usize) -> Self {
        let host = base_url.trim_start_matches("http://");
        let mut wire = TcpStream::connect(host).expect("the stack listens");
        wire.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: {NDJSON}\r\n\
             Idempotency-Key: {key}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        wire.write_all(head.as_bytes()).unwrap();
        Self(wire)
    }

    fn send(&mut self, part: &str) {
        self.0.write_all(part.as_bytes()).unwrap();
    }

    /// Reads on until this has come.
    fn wait_for(&mut self, wanted: &str) -> String {
        let (mut text, mut piece) = (String::new(), [0; 4_096]);
        while !text.contains(wanted) {
            let read = self.0.read(&mut piece).unwrap_or_else(|error| panic!("{error} after {text}"));
            assert!(read > 0, "the answer ends without {wanted}: {text}");
            text.push_str(&String::from_utf8_lossy(&piece[..read]));
        }
        text
    }
}

/// Where the cuts are: the same in every run, and spread over all that can be cut.
fn cuts(length: usize) -> impl Iterator<Item = usize> {
    (1..=6_u64).map(move |nth| (nth.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11) as usize % length)
}

#[test]
fn an_import_that_is_cut_at_any_byte_is_resumed_without_a_duplicate() {
    const COUNT: usize = 1_500;
    for shards in [json!([0]), json!([0, 1])] {
        let firm = Firm::with(json!({ "shards": shards }));
        let (api, key, body) = (firm.inner(), unused(), joined(&rows(COUNT)));
        for at in cuts(body.len()) {
            let mut wire = Wire::open(&STACK.inner_url, api.key().unwrap(), &key, body.len());
            wire.send(&body[..at]);
            // Some are cut at once, some after an answer has begun.
            if at % 2 == 0 && at > 200_000 {
                wire.wait_for("\"status\"");
            }
            wire.0.shutdown(Shutdown::Both).unwrap();
        }
        let (rows, summary) = import(&api, &key, "", NDJSON, &body);
        assert_eq!(
            (rows.len(), &summary["failed"], &summary["complete"]),
            (COUNT, &json!(0), &json!(true)),
            "{summary}"
        );
        let ids: BTreeSet<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), COUNT);
        // What was under way when it was cut comes to an end, and adds nothing.
        let (again, _) = import(&api, &key, "", NDJSON, &body);
        assert!(statuses(&again).iter().all(|status| *status == "already"));
        all_there_once(&api, COUNT);
    }
}

#[test]
fn two_imports_with_one_name_are_one_import() {
    const COUNT: usize = 400;
    let firm = Firm::new();
    let (key, body) = (unused(), joined(&rows(COUNT)));
    let answers: Vec<(Vec<Value>, Value)> = thread::scope(|scope| {
        let running: Vec<_> = (0..3)
            .map(|_| {
                let (api, key, body) = (firm.inner().apart(), &key, &body);
                scope.spawn(move || import(&api, key, "", NDJSON, body))
            })
            .collect();
        running.into_iter().map(|running| running.join().unwrap()).collect()
    });
    for (rows, summary) in &answers {
        assert_eq!((rows.len(), &summary["failed"]), (COUNT, &json!(0)), "{:?}", codes(rows));
    }
    let created: u64 = answers.iter().map(|(_, summary)| summary["created"].as_u64().unwrap()).sum();
    assert_eq!(created, COUNT as u64, "each by one of them");
    all_there_once(&firm.api, COUNT);
}

#[test]
fn a_caller_may_send_all_before_it_reads_any() {
    let firm = Firm::small();
    let body = "{\"colour\":1,\"size\":2}\n".repeat(9_000);
    let mut wire = Wire::open(&STACK.inner_url, firm.api.key().unwrap(), &unused(), body.len());
    wire.send(&body);
    let answer = wire.wait_for("\"summary\"");
    assert!(answer.len() > 2_000_000, "each row has its errors");
}

#[test]
fn what_comes_slowly_is_answered_meanwhile() {
    let firm = Firm::small();
    let sent = rows(3);
    let length: usize = sent.iter().map(|row| row.len() + 1).sum();
    let mut wire = Wire::open(&STACK.inner_url, firm.api.key().unwrap(), &unused(), length);
    for (nth, row) in (1..).zip(&sent) {
        wire.send(&format!("{row}\n"));
        // What follows the last row comes along with it, or soon.
        let wanted = if nth == sent.len() { "\"complete\":true".to_owned() } else { format!("{{\"row\":{nth},") };
        let answer = wire.wait_for(&wanted);
        assert!(answer.contains(&format!("{{\"row\":{nth},")), "{answer}");
    }
}

#[test]
fn references_are_unique_among_all_rows_and_shards() {
    let firm = Firm::new();
    let held =
        [0, 1].map(|slot| firm.log_in(slot, json!({ "external_reference": format!("ROW-{slot}") })).id().to_owned());
    let mut sent = rows(40);
    sent.extend(rows(40));
    let (rows, summary) = import(&firm.api, &unused(), "", NDJSON, &joined(&sent));
    for (slot, id) in held.iter().enumerate() {
        assert_eq!(rows[slot]["code"], "already_taken");
        assert!(rows[slot]["detail"].as_str().unwrap().contains(id.as_str()), "{}", rows[slot]);
    }
    assert!(rows[2..40].iter().all(|row| row["status"] == "created"));
    assert!(rows[40..].iter().all(|row| row["code"] == "already_taken"));
    assert_eq!(summary["created"], 38);
    let slots: BTreeSet<String> =
        rows[2..40].iter().map(|row| row["reference"].as_str().unwrap()[4..5].to_owned()).collect();
    assert_eq!(slots.len(), 2, "rows are spread as other complaints are");
    all_there_once(&firm.api, 40);
    for nth in [2, 39] {
        let found = firm.api.get(&format!("/v1/complaints?external_reference=ROW-{nth}")).expect(200);
        assert_eq!(found.data()[0]["id"], rows[nth]["id"]);
    }
}

#[test]
fn an_import_counts_what_it_logs() {
    let quotas = json!([{ "quota": "complaints_a_month", "limit": 7, "over": "refuse" }]);
    let firm = Firm::new().limited(&json!({ "windows": [], "quotas": quotas }));
    let usage = firm.key(&["usage:read"]);
    let used = || usage.get("/v1/usage").expect(200).body["quotas"][0]["used"].clone();
    let (key, mut sent) = (unused(), rows(10));
    sent[2] = "{}".to_owned();
    let (first, _) = import(&firm.api, &key, "", NDJSON, &joined(&sent[..4]));
    assert_eq!(statuses(&first), ["created", "created", "failed", "created"]);
    within(SOON, "what was not logged counts no longer", || (used() == 3).then_some(()));
    let (rest, summary) = import(&firm.api, &key, "", NDJSON, &joined(&sent));
    assert_eq!((&summary["created"], &summary["already"]), (&json!(4), &json!(3)));
    let over: Vec<_> =
        rest.iter().filter(|row| row["code"] == "quota_exceeded").map(|row| row["row"].clone()).collect();
    assert_eq!(over, [9, 10], "the plan allows seven");
    within(SOON, "seven are counted", || (used() == 7).then_some(()));
}

#[test]
fn a_tenant_that_is_suspended_imports_no_more() {
    let firm = Firm::new();
    let sent = rows(20);
    let body = joined(&sent);
    let half = joined(&sent[..10]).len();
    let mut wire = Wire::open(&STACK.inner_url, firm.api.key().unwrap(), &unused(), body.len());
    wire.send(&body[..half]);
    wire.wait_for("{\"row\":10,");
    firm.change("suspend");
    thread::sleep(IN_FORCE);
    wire.send(&body[half..]);
    let rest = wire.wait_for("\"summary\"");
    assert!(rest.contains("\"code\":\"tenant_suspended\"") && rest.contains("\"complete\":false"), "{rest}");
    assert!(rest.contains("\"next_row\":11"), "{rest}");
    let call = firm.api.call("POST", PATH).idempotency_key(&unused()).bytes(NDJSON, b"{}".to_vec());
    call.send().problem(403, "tenant_suspended");
    firm.change("resume");
    within(SOON, "it is resumed", || (firm.api.get("/v1/complaints").status == 200).then_some(()));
    assert_eq!(kept(&firm.api).1, 10);
}

/// A row put there while the stack is stopped stands for a move that has begun.
#[test]
fn a_tenant_that_is_held_imports_later() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    firm.log_in(0, json!({}));
    stack.stop();
    for database in databases(&state) {
        database.execute("INSERT INTO tenant_holds (tenant_id, reason) VALUES (?1, 'moving')", [&firm.id]).unwrap();
    }
    stack.restart().expect("the stack starts again");
    let (key, body) = (unused(), joined(&rows(12)));
    let (rows, summary) = import(&firm.api.at(stack.base_url()), &key, "", NDJSON, &body);
    assert!(codes(&rows).iter().all(|code| *code == "unavailable"), "{rows:?}");
    assert_eq!((&summary["complete"], &summary["next_row"]), (&json!(false), &json!(1)));
    assert_eq!(summary["stopped"]["code"], "unavailable");
    stack.stop();
    for database in databases(&state) {
        database.execute("DELETE FROM tenant_holds WHERE tenant_id = ?1", [&firm.id]).unwrap();
    }
    stack.restart().expect("the stack starts again");
    let (rows, _) = import(&firm.api.at(stack.base_url()), &key, "", NDJSON, &body);
    assert!(statuses(&rows).iter().all(|status| *status == "created"));
}

#[test]
fn an_import_goes_on_after_the_runtime_died_over_it() {
    const COUNT: usize = 4_000;
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let (key, body) = (unused(), joined(&rows(COUNT)));
    // It dies in the middle by chance, so try until it did.
    let cut = (0..8).any(|_| {
        let mut wire = Wire::open(stack.inner_url(), firm.api.key().unwrap(), &key, body.len());
        thread::scope(|scope| {
            let mut reading = wire.0.try_clone().unwrap();
            scope.spawn(|| _ = wire.0.write_all(body.as_bytes()));
            let mut piece = [0; 1_024];
            let mut text = String::new();
            // A batch or two is written by then.
            while !text.contains("\"row\":400,")
                && reading.read(&mut piece).is_ok_and(|read| {
                    text.push_str(&String::from_utf8_lossy(&piece[..read]));
                    read > 0
                })
            {}
            stack.kill();
        });
        let written = count(&state, "complaints");
        assert_eq!(written, count(&state, "events"), "a batch is there or it is not");
        assert_eq!(written, count(&state, "idempotency"));
        stack.restart().expect("the stack starts again on what reached the disk");
        (1..COUNT).contains(&written)
    });
    assert!(cut, "the runtime never died in the middle");
    let api = firm.api.at(stack.inner_url());
    let (rows, summary) = import(&api, &key, "", NDJSON, &body);
    assert_eq!((rows.len(), &summary["failed"], &summary["complete"]), (COUNT, &json!(0), &json!(true)), "{summary}");
    all_there_once(&api, COUNT);
    for row in rows.iter().step_by(500) {
        let path = format!("/v1/complaints/{}/verify", row["id"].as_str().unwrap());
        assert_eq!(api.get(&path).expect(200).body["valid"], true);
    }
    stack.stop();
    assert_eq!(count(&state, "complaints"), COUNT);
}
