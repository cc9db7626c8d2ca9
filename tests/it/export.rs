//! Exports: all of a list, whole, resumable; and what one tenant exports another imports.

use crate::{
    client::{Client, STACK, unused},
    firm::{Firm, command_body},
    import::{CSV, NDJSON, import},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

/// The complaints of an export, and its end.
#[track_caller]
pub(crate) fn exported(api: &Client, query: &str) -> (Vec<Value>, Value) {
    let answer = api.get(&format!("/v1/complaints:export?{query}")).expect(200);
    assert!(answer.header("content-disposition").is_some_and(|header| header.starts_with("attachment")));
    let mut found: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let end = found.pop().expect("an export has an end");
    assert_eq!((&end["format"], &end["complaints"]), (&json!("redress-export/1"), &json!(found.len())));
    (found, end)
}

fn ids(found: &[Value]) -> Vec<&str> {
    found.iter().map(|one| one["id"].as_str().or(one["complaint"].as_str()).expect("an id")).collect()
}

fn listed(api: &Client, query: &str) -> Vec<String> {
    let page = api.get(&format!("/v1/complaints?limit=200&{query}")).expect(200);
    page.data().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// A firm with complaints in every state, ties and corrections, and such texts as break tables.
fn worked() -> Firm {
    let firm = Firm::with(json!({ "custom_fields": [{ "name": "visits", "label": "Visits", "type": "integer" }] }));
    let other = firm.log_in(1, json!({ "received_at": "2025-03-01T09:00:00.000Z" })).id().to_owned();
    let courses: [&[&str]; 8] = [
        &[],
        &["acknowledge", "note", "contact"],
        &["acknowledge", "assign", "request-information", "contact", "propose-response", "resolve", "close"],
        &["acknowledge", "investigate", "propose-response", "resolve", "reopen", "assign"],
        &["withdraw", "pay-redress"],
        &["refer", "close", "record-adr-outcome", "milestone", "retract-milestone"],
        &["link", "unlink", "link", "classify"],
        &["correct", "note", "note"],
    ];
    for (nth, course) in courses.into_iter().enumerate() {
        let logged = firm.log_in(
            u8::from(nth % 2 == 1),
            json!({
                "external_reference": format!("=CRM-{nth}"), "description": format!("-{nth} \"fees\",\r\nand more; 'x"),
                "received_at": format!("2025-0{}-02T03:04:05.678Z", 1 + nth), "tags": ["fees", "cards"],
                "vulnerability": ["health", "resilience"], "product": "credit_card", "custom": { "visits": nth },
                "complainant": { "name": "@Ada", "contacts": [{ "kind": "phone", "value": "+44 7700 900123" }] },
                "amounts": [{ "kind": "loss", "minor": 1250, "currency": "GBP" }],
                "entity": "+122702", "made_on": "2025-01-01", "eligible": nth % 2 == 0,
                "representative": { "name": "=Claims, Ltd", "kind": "claims_management_company", "authorisation": "830000",
                    "contacts": [{ "kind": "email", "value": "cases@example.com" }] }
            }),
        );
        let path = format!("/v1/complaints/{}", logged.id());
        for command in course {
            firm.give(&path, command, command_body(command, &other)).expect(200);
        }
    }
    firm
}

#[test]
fn an_export_of_a_view_is_what_the_view_shows() {
    let firm = worked();
    let view = firm.view("state=closed").id().to_owned();
    let narrow = format!("view={view}");
    let shown = listed(&firm.api, &narrow);
    assert!(!shown.is_empty() && shown.len() < listed(&firm.api, "").len());
    for query in [narrow.clone(), format!("{narrow}&with=events")] {
        assert_eq!(ids(&exported(&firm.api, &query).0), shown, "{query}");
    }
    let both = format!("{narrow}&state=withdrawn");
    assert!(exported(&firm.api, &both).0.is_empty(), "both must match");
    let nowhere = "018bcfe5-6800-7303-8303-030303030301";
    let lists = firm.api.get(&format!("/v1/complaints?view={nowhere}"));
    let exports = firm.api.get(&format!("/v1/complaints:export?view={nowhere}"));
    assert_eq!((exports.status, &exports.body["code"]), (lists.status, &lists.body["code"]));
    assert!(exports.status >= 400);
}

#[test]
fn an_export_is_the_whole_list() {
    let firm = worked();
    let (all, end) = exported(&firm.api, "");
    assert_eq!(ids(&all), listed(&firm.api, ""));
    assert_eq!((&end["complete"], &end["next"]), (&json!(true), &Value::Null));
    for complaint in &all {
        let mut read = firm.api.get(&format!("/v1/complaints/{}", complaint["id"].as_str().unwrap())).expect(200).body;
        read.as_object_mut().unwrap().remove("lock");
        let mut complaint = complaint.clone();
        assert!(complaint.as_object_mut().unwrap().remove("cursor").is_some_and(|cursor| cursor.is_string()));
        assert_eq!(complaint, read);
    }
    for filters in [
        "state=closed",
        "tag=fees&product=credit_card",
        "q=fees",
        "received_to=2025-04-01T00:00:00Z",
        "state=received&tag=x",
    ] {
        let (found, _) = exported(&firm.api, filters);
        assert_eq!(ids(&found), listed(&firm.api, filters), "{filters}");
    }
    let (files, _) = exported(&firm.api, "with=events");
    assert_eq!(ids(&files), ids(&all));
    for file in &files {
        let path = format!("/v1/complaints/{}/case-file", file["complaint"].as_str().unwrap());
        let (mut alone, mut file) = (firm.api.get(&path).expect(200).body, file.clone());
        for one in [&mut alone, &mut file] {
            let members = one.as_object_mut().unwrap();
            members.remove("cursor");
            members.remove("exported_at");
        }
        assert_eq!(file, alone);
    }
    for (query, parameter) in [
        ("format=xml", "format"),
        ("with=love", "with"),
        ("format=csv&with=events", "with"),
        ("limit=5", "limit"),
        ("order=newest", "order"),
        ("reference=x", "reference"),
        ("colour=red", "colour"),
        ("state=sold", "state"),
    ] {
        let refused = firm.api.get(&format!("/v1/complaints:export?{query}")).problem(400, "invalid_parameter");
        assert_eq!(refused.body["errors"][0]["parameter"], parameter);
    }
}

#[test]
fn an_export_goes_on_behind_any_of_its_lines() {
    let firm = worked();
    for query in ["", "with=events&", "tag=fees&"] {
        let (all, _) = exported(&firm.api, query);
        for (nth, one) in (1..).zip(&all) {
            let cursor = one["cursor"].as_str().unwrap();
            let (rest, _) = exported(&firm.api, &format!("{query}cursor={cursor}"));
            assert_eq!(ids(&rest), ids(&all[nth..]), "{query}");
        }
    }
    // A list's cursor is an export's too; and it is for that list and that tenant alone.
    let page = firm.api.get("/v1/complaints?limit=4").expect(200);
    let (rest, _) = exported(&firm.api, &format!("cursor={}", page.text_of("next")));
    assert_eq!(ids(&rest), listed(&firm.api, "")[4..]);
    let back = firm.api.get(&format!("/v1/complaints?limit=4&cursor={}", page.text_of("next"))).expect(200);
    let refused =
        |api: &Client, query: &str| api.get(&format!("/v1/complaints:export?{query}")).problem(400, "invalid_cursor");
    refused(&firm.api, &format!("cursor={}", back.text_of("prev")));
    refused(&firm.api, &format!("tag=fees&cursor={}", page.text_of("next")));
    let other = Firm::new();
    other.log(json!({}));
    refused(&other.api, &format!("cursor={}", page.text_of("next")));
    assert_eq!(exported(&other.api, "").0.len(), 1, "nothing of another tenant's");
}

fn records(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.expect("CSV").iter().map(str::to_owned).collect()).collect()
}

/// What an intake says: all that a table carries over.
fn said(complaint: &Value) -> Value {
    let names = [
        "complainant",
        "channel",
        "received_at",
        "product",
        "issue",
        "description",
        "desired_outcome",
        "severity",
        "vulnerability",
        "amounts",
        "jurisdiction",
        "custom",
        "external_reference",
        "tags",
        "entity",
        "made_on",
        "eligible",
        "representative",
    ];
    names.iter().map(|name| ((*name).to_owned(), complaint[*name].clone())).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn a_table_comes_back_as_it_went() {
    let firm = worked();
    let answer = firm.api.get("/v1/complaints:export?format=csv").expect(200);
    let table = records(&answer.text);
    let column = |name: &str| table[0].iter().position(|column| column == name).unwrap_or_else(|| panic!("no {name}"));
    let found: Vec<&str> = table[1..].iter().map(|row| row[column("id")].as_str()).collect();
    assert_eq!(found, listed(&firm.api, ""));
    for row in &table[1..] {
        for cell in row {
            let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(!formula, "a spreadsheet would compute {cell}");
        }
        let path = format!("/v1/complaints:export?format=csv&cursor={}", row[column("cursor")]);
        let rest = records(&firm.api.get(&path).expect(200).text);
        let place = found.iter().position(|id| *id == row[column("id")]).unwrap();
        assert_eq!(rest[1..].len(), found.len() - place - 1);
    }
    let fresh = Firm::with(json!({ "custom_fields": [{ "name": "visits", "label": "Visits", "type": "integer" }] }));
    let (rows, summary) = import(&fresh.api, &unused(), "", CSV, &answer.text);
    assert_eq!((rows.len(), &summary["created"]), (found.len(), &json!(found.len())), "{rows:?}");
    assert!(summary["columns_left_out"].as_array().unwrap().contains(&json!("state")));
    let of = |api: &Client| -> Vec<Value> {
        let mut said: Vec<Value> = exported(api, "").0.iter().map(said).collect();
        said.sort_by_key(|said| said["received_at"].to_string());
        said
    };
    assert_eq!(of(&fresh.api), of(&firm.api));
}

/// A case file without what is declared to change: who keeps it, under which names, and what is computed from those.
fn without_names(file: &Value, names: &BTreeMap<String, usize>) -> Value {
    let mut file = file.clone();
    let renamed = |id: &Value| json!(names.get(id.as_str().expect("an id")));
    file["complaint"] = renamed(&file["complaint"]);
    for name in ["tenant", "reference", "head", "exported_at", "cursor"] {
        file[name].take();
    }
    for event in file["events"].as_array_mut().expect("events") {
        event["complaint"] = renamed(&event["complaint"]);
        for name in ["tenant", "hash", "prev"] {
            event[name].take();
        }
        let is = event["type"].as_str().expect("a type").to_owned();
        let data = event["data"].as_object_mut().expect("data");
        match is.as_str() {
            "received" => {
                data.remove("reference");
                data.remove("origins");
            }
            "linked" => data["complaint"] = renamed(&data["complaint"]),
            "unlinked" => data["link"]["complaint"] = renamed(&data["link"]["complaint"]),
            _ => {}
        }
    }
    file
}

/// By id, the place in the export.
fn places(files: &[Value]) -> BTreeMap<String, usize> {
    ids(files).into_iter().map(str::to_owned).zip(0..).collect()
}

#[test]
fn what_one_tenant_exports_another_imports_and_exports_alike() {
    let firm = worked();
    let answer = firm.api.get("/v1/complaints:export?with=events").expect(200);
    let fresh = Firm::new();
    let key = unused();
    let (rows, summary) = import(&fresh.api, &key, "", NDJSON, &answer.text);
    assert!(rows.iter().all(|row| row["status"] == "created"), "{rows:?}");
    assert_eq!(summary["rows"], 9, "the end of an export is no row");
    let (before, after) = (exported(&firm.api, "with=events").0, exported(&fresh.api, "with=events").0);
    // Lists of the same seconds are in an order of their own.
    let sorted = |files: &[Value], names: &BTreeMap<String, usize>| {
        let mut files: Vec<Value> = files.iter().map(|file| without_names(file, names)).collect();
        files.sort_by_key(|file| file["events"][0]["data"]["received_at"].to_string());
        files
    };
    assert_eq!(sorted(&after, &places(&after)), sorted(&before, &places(&before)));

    let row_of: BTreeMap<&str, &Value> = ids(&before).into_iter().zip(&rows).collect();
    for file in &before {
        let old = file["complaint"].as_str().unwrap();
        let path = format!("/v1/complaints/{}", row_of[old]["id"].as_str().unwrap());
        let (there, here) =
            (firm.api.get(&format!("/v1/complaints/{old}")).expect(200).body, fresh.api.get(&path).expect(200).body);
        let verdict = fresh.api.get(&format!("{path}/verify")).expect(200).body;
        assert_eq!((&verdict["valid"], &verdict["events"]), (&json!(true), &there["version"]));
        for name in [
            "state",
            "version",
            "logged_at",
            "updated_at",
            "resolution",
            "assignee",
            "contacts",
            "notes",
            "description",
        ] {
            assert_eq!(here[name], there[name], "{name}");
        }
        let origin = &here["origins"][0];
        assert_eq!((&origin["complaint"], &origin["tenant"]), (&json!(old), &json!(firm.id)));
        assert_eq!((&origin["reference"], &origin["head"]), (&there["reference"], &there["head"]));
        // Each event but those with names in them has the content that it had: data and salt.
        let found =
            fresh.api.get(&format!("/v1/complaints?q=%22{}%22", there["reference"].as_str().unwrap())).expect(200);
        assert_eq!(found.data()[0]["id"], here["id"], "who quotes the old reference is found");
        // What was known at a moment of the past is known here.
        for event in file["events"].as_array().unwrap() {
            let at = event["at"].as_str().unwrap();
            let [was_there, was_here] = [(&firm.api, format!("/v1/complaints/{old}")), (&fresh.api, path.clone())]
                .map(|(api, path)| api.get(&format!("{path}?at={at}")).expect(200).body);
            assert_eq!((&was_here["state"], &was_here["version"]), (&was_there["state"], &was_there["version"]));
        }
    }
    let (again, _) = import(&fresh.api, &key, "", NDJSON, &answer.text);
    assert!(again.iter().zip(&rows).all(|(again, first)| again["status"] == "already" && again["id"] == first["id"]));
    // The work goes on where it was left.
    let open = rows.iter().map(|row| format!("/v1/complaints/{}", row["id"].as_str().unwrap()));
    let open: Vec<String> = open.filter(|path| fresh.api.get(path).expect(200).body["state"] == "received").collect();
    fresh.give(&open[0], "acknowledge", json!({})).expect(200);
    // What has changed in the source since is another file.
    let changed = before.iter().find(|file| file["events"].as_array().unwrap().len() == 1).unwrap();
    let path = format!("/v1/complaints/{}", changed["complaint"].as_str().unwrap());
    firm.give(&path, "note", json!({ "text": "One more." })).expect(200);
    let (rows, _) =
        import(&fresh.api, &key, "", NDJSON, &firm.api.get("/v1/complaints:export?with=events").expect(200).text);
    let refused: BTreeSet<&str> = rows.iter().filter_map(|row| row["code"].as_str()).collect();
    assert_eq!(refused, ["idempotency_key_reused"].into());
    assert_eq!(rows.iter().filter(|row| row["status"] == "failed").count(), 1);
}

#[test]
fn a_case_file_that_was_altered_is_not_imported() {
    let firm = worked();
    let text = firm.api.get("/v1/complaints:export?with=events&state=closed").expect(200).text;
    let altered = text.replace("Our mistake.", "Their mistake.");
    assert_ne!(text, altered);
    let fresh = Firm::new();
    let (rows, _) = import(&fresh.api, &unused(), "dry_run=true", NDJSON, &altered);
    let failed: Vec<_> = rows.iter().filter(|row| row["status"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{rows:?}");
    let error = &failed[0]["errors"][0];
    assert!(error["pointer"].as_str().unwrap().starts_with("/events/"), "{error}");
    assert!(error["detail"].as_str().unwrap().contains("altered"), "{error}");
}

#[test]
fn an_export_that_is_cut_goes_on_behind_its_last_whole_line() {
    const COUNT: usize = 700;
    let firm = Firm::new();
    let body: String = crate::import::rows(COUNT).iter().map(|row| format!("{row}\n")).collect();
    let (rows, _) = import(&firm.inner(), &unused(), "", NDJSON, &body);
    let expected: BTreeSet<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    let (mut found, mut query) = (Vec::new(), String::new());
    let mut parts = 0;
    loop {
        // Every time a little more than some lines, and then nothing.
        let text = beginning(&firm, &query, 60_000 + 7_001 * parts);
        let (whole, _) = text.rsplit_once('\n').unwrap_or_default();
        let lines: Vec<Value> =
            whole.lines().map(|line| serde_json::from_str(line).expect("a line is whole")).collect();
        let complaints: Vec<&Value> = lines.iter().filter(|line| line["id"].is_string()).collect();
        found.extend(complaints.iter().map(|line| line["id"].as_str().unwrap().to_owned()));
        if lines.iter().any(|line| line["complete"] == true) {
            break;
        }
        query = format!("?cursor={}", complaints.last().expect("some come at a time")["cursor"].as_str().unwrap());
        parts += 1;
    }
    assert!(parts > 3);
    assert_eq!(found.len(), COUNT, "each once");
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
}

/// The first so many bytes of an export's body, over a connection that is cut then.
fn beginning(firm: &Firm, query: &str, bytes: usize) -> String {
    let host = STACK.inner_url.trim_start_matches("http://");
    let mut wire = TcpStream::connect(host).expect("the stack listens");
    wire.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let token = firm.api.key().unwrap();
    // HTTP/1.0: the body comes without chunks.
    let head =
        format!("GET /v1/complaints:export{query} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
    wire.write_all(head.as_bytes()).unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 4_096]);
    while answer.len() < bytes {
        match wire.read(&mut piece).expect("the export goes on") {
            0 => break,
            read => answer.extend_from_slice(&piece[..read]),
        }
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    text.split_once("\r\n\r\n").expect("an answer has a head").1.to_owned()
}

#[test]
fn complaints_that_come_meanwhile_do_not_disturb_an_export() {
    let firm = Firm::new();
    let body: String = crate::import::rows(30).iter().map(|row| format!("{row}\n")).collect();
    import(&firm.api, &unused(), "", NDJSON, &body);
    let (first, _) = exported(&firm.api, "");
    firm.log(json!({}));
    let cursor = first[9]["cursor"].as_str().unwrap();
    let (rest, _) = exported(&firm.api, &format!("cursor={cursor}"));
    assert_eq!(ids(&rest), ids(&first[10..]));
    let answer = firm.api.get("/v1/complaints:export").expect(200);
    assert_eq!(lines_of(&answer.text), 32);
}

fn lines_of(text: &str) -> usize {
    text.lines().count()
}
