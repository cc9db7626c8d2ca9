//! The proof that a case file is whole: asked of the service, and found without it.

use crate::firm::{Firm, command_body};
use serde_json::{Value, json};
use shared::{
    chain::{CASE_FILE_FORMAT, CaseFile},
    complaint::Complaint,
};
use std::collections::BTreeSet;

/// A complaint with some history, and its path.
fn worked() -> (Firm, String) {
    let firm = Firm::new();
    let path =
        format!("/v1/complaints/{}", firm.log(json!({ "description": "Zoë said: \"€12.50\" 😀\n\u{2028}" })).id());
    for command in ["acknowledge", "assign", "note", "propose-response", "resolve", "close", "reopen", "correct"] {
        firm.give(&path, command, command_body(command, "")).expect(200);
    }
    (firm, path)
}

#[test]
fn the_service_finds_its_own_files_whole() {
    let (firm, path) = worked();
    let complaint = firm.api.get(&path).expect(200).body;
    let verdict = firm.api.get(&format!("{path}/verify")).expect(200).body;
    let expected =
        json!({ "valid": true, "events": complaint["version"], "head": complaint["head"], "first_broken": null });
    assert_eq!(verdict, expected);
}

#[test]
fn an_exported_file_is_checked_without_the_service() {
    let (firm, path) = worked();
    let complaint = firm.api.get(&path).expect(200).body;
    let export = firm.api.get(&format!("{path}/case-file")).expect(200);
    let name = format!("attachment; filename=\"{}.json\"", complaint["reference"].as_str().unwrap());
    assert_eq!(export.header("content-disposition"), Some(name.as_str()));
    let file: CaseFile = serde_json::from_str(&export.text).unwrap();
    assert_eq!((file.format.as_str(), json!(file.tenant)), (CASE_FILE_FORMAT, json!(firm.id)));
    let (verdict, folded) = file.check();
    assert!(verdict.valid, "{verdict:?}");
    let answered: Complaint = serde_json::from_value(complaint).unwrap();
    assert_eq!(folded, Some(answered), "what reads answer is what the events say");

    let events = firm.api.get(&format!("{path}/events?limit=500")).expect(200);
    assert_eq!(events.data(), file.events, "the same events are listed");
}

/// Without a salt of its own, short data could be guessed from what stays once it is erased.
#[test]
fn every_event_has_a_salt_of_its_own() {
    let (firm, path) = worked();
    let events = firm.api.get(&format!("{path}/events")).expect(200);
    let salts: BTreeSet<&str> = events.data().iter().map(|event| event["salt"].as_str().unwrap()).collect();
    assert_eq!(salts.len(), events.data().len());
}

#[test]
fn a_changed_export_is_found_out() {
    let (firm, path) = worked();
    let export = firm.api.get(&format!("{path}/case-file")).expect(200).body;
    let broken = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut file: CaseFile = serde_json::from_value(export.clone()).unwrap();
        change(&mut file.events);
        file.verify().first_broken.map(|broken| broken.seq)
    };
    assert_eq!(broken(&|_| ()), None);
    assert_eq!(broken(&|events| events[0]["data"]["description"] = json!("All is well.")), Some(1));
    assert_eq!(broken(&|events| events[4]["at"] = json!("2026-01-01T00:00:00.000Z")), Some(5));
    assert_eq!(broken(&|events| drop(events.remove(3))), Some(4));
    assert_eq!(broken(&|events| drop(events.pop())), Some(export["events"].as_array().unwrap().len() as u32));
}
