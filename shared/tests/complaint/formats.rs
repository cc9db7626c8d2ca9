//! Formats for life: what is stored today has to be read, and its hashes to be right, in ten years.
//!
//! `every_event_kind.ndjson`, `of_clocks.ndjson`, `of_returns.ndjson`, `of_attachments.ndjson` and `of_sensitivity.ndjson` hold five cases
//! with an event of every kind between them, `imported.ndjson` one that came from another firm, each line the canonical text that is stored. They were written, and their hashes were computed, by another
//! implementation, Python's `json` and `hashlib`:
//!
//! ```python
//! jcs = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
//! sha256 = lambda text: hashlib.sha256(text.encode()).hexdigest()
//! prev = "0" * 64
//! for line in open("every_event_kind.ndjson", encoding="utf-8"):
//!     event = json.loads(line)
//!     assert event["prev"] == prev
//!     content = {name: event.pop(name) for name in ("data", "salt")}
//!     prev = sha256(jcs(event | {"content": sha256(jcs(content))}))
//! print(prev)  # HEAD
//! ```
//!
//! (Sorting by code point is RFC 8785's sorting by UTF-16 code unit as long as member names are ASCII, as ours are.)
//! A line here is never changed; a new kind of event, or a new member of one, gets a line of its own.

use serde_json::{Value, json};
use shared::{
    chain::{self, CASE_FILE_FORMAT, CaseFile, Digest, Tail},
    complaint::{
        Complaint,
        event::{Event, EventKind},
        state::State,
    },
};
use std::collections::HashSet;

const LINES: &str = include_str!("every_event_kind.ndjson");
const HEAD: &str = "d03ed300cee9d904943563d71777c1effd85c067778a17d9ca832fe068506ad6";

const IMPORTED: &str = include_str!("imported.ndjson");
const IMPORTED_HEAD: &str = "7ac81aff3864a3925a85f62488e6fcb19d5c187a61d3251daf593a20375f7c0a";

const OF_CLOCKS: &str = include_str!("of_clocks.ndjson");
const OF_CLOCKS_HEAD: &str = "cae5661b1e388bf5568b0856aa90d666a4178ed2dd038a33e4e25907bd2e205b";

const OF_RETURNS: &str = include_str!("of_returns.ndjson");
const OF_RETURNS_HEAD: &str = "4b130c21a207945f302bc8eb416c810b7f2e5852e9b929c867be0aa79319ccf8";

const OF_ATTACHMENTS: &str = include_str!("of_attachments.ndjson");
const OF_ATTACHMENTS_HEAD: &str = "4e51f9403606070ac9961c9bf8670ddb452f434184a264198599087d05c67dd9";

const OF_SENSITIVITY: &str = include_str!("of_sensitivity.ndjson");
const OF_SENSITIVITY_HEAD: &str = "7146db9d17b0a13bdcbd83892b93adbf222b58e8f6597896ae37ad5ec86d5b74";

/// The stored texts with their hashes: each is the next one's `prev`.
fn stored() -> Vec<Value> {
    hashed(LINES, HEAD)
}

fn hashed(lines: &str, head: &str) -> Vec<Value> {
    let mut events = events_of(lines);
    let mut hash = json!(head);
    for event in events.iter_mut().rev() {
        event["hash"] = hash;
        hash = event["prev"].clone();
    }
    events
}

fn events_of(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_kind_of_event_is_pinned() {
    let cases = [
        stored(),
        hashed(OF_CLOCKS, OF_CLOCKS_HEAD),
        hashed(OF_RETURNS, OF_RETURNS_HEAD),
        hashed(OF_ATTACHMENTS, OF_ATTACHMENTS_HEAD),
        hashed(OF_SENSITIVITY, OF_SENSITIVITY_HEAD),
    ];
    let kinds: HashSet<EventKind> =
        cases.into_iter().flatten().map(|event| serde_json::from_value(event["type"].clone()).unwrap()).collect();
    assert_eq!(kinds.len(), 34);
}

#[test]
fn what_was_stored_is_what_would_be_stored_now() {
    let files = [
        (LINES, HEAD),
        (OF_CLOCKS, OF_CLOCKS_HEAD),
        (OF_RETURNS, OF_RETURNS_HEAD),
        (OF_ATTACHMENTS, OF_ATTACHMENTS_HEAD),
        (OF_SENSITIVITY, OF_SENSITIVITY_HEAD),
        (IMPORTED, IMPORTED_HEAD),
    ];
    for (lines, last) in files {
        let mut head = Digest::ZERO;
        for (line, stored) in lines.lines().zip(hashed(lines, last)) {
            let event: Event = serde_json::from_value(stored.clone()).unwrap();
            let tail = Tail { tenant: event.tenant, complaint: event.complaint, version: event.seq - 1, head };
            let sealed =
                chain::seal(tail, &event.actor, event.at, vec![event.body.clone()], || event.salt).unwrap().remove(0);
            assert_eq!(sealed.text, line);
            assert_eq!(sealed.event, event);
            assert_eq!(serde_json::to_value(&event).unwrap(), stored);
            head = sealed.event.hash;
        }
        assert_eq!(head.to_string(), last);
    }
}

#[test]
fn what_clocks_wait_for_is_in_the_fold() {
    let events = hashed(OF_CLOCKS, OF_CLOCKS_HEAD).into_iter().map(|event| serde_json::from_value(event).unwrap());
    let events: Vec<Event> = events.collect();
    let now = serde_json::to_value(Complaint::fold(&events).unwrap().unwrap()).unwrap();
    assert_eq!(now["acknowledged_at"], "2026-11-18T16:00:00.000Z");
    assert_eq!(
        now["milestones"],
        json!([
            { "milestone": "clock_stopped", "at": "2026-12-03T08:00:00.000Z" },
            { "milestone": "clock_resumed", "at": "2026-12-04T09:00:00.000Z" },
            { "milestone": "holding_response", "at": "2026-12-08T15:00:00.000Z" }
        ])
    );
    assert_eq!(now["clock_versions"], json!([{ "id": "gb-fca-disp", "version": "2026-06-01" }]));
    assert_eq!((&now["parts"], &now["state"]), (&json!(["018bcfe5-6800-7303-8303-030303030302"]), &json!("closed")));
    assert_eq!(
        now["letters"],
        json!([{
            "id": "018bcfe5-6800-7404-8404-040404040404", "kind": "update", "subject": "How far it is", "state": "sent",
            "drafted_by": events[0].actor, "drafted_in": 12, "approved_by": events[12].actor,
            "sent_at": "2026-12-11T10:00:30.000Z", "dated": "11 December 2026", "html": "a".repeat(64)
        }])
    );
    let answered = serde_json::to_value(Complaint::fold(&events[..10]).unwrap().unwrap()).unwrap();
    assert_eq!(answered["resolution"]["sent_at"], "2026-12-09T17:00:00.000Z");
    assert_eq!(answered["resolution"]["at"], "2026-12-10T10:00:00.000Z");
}

#[test]
fn what_returns_are_made_of_is_in_the_fold() {
    let events = hashed(OF_RETURNS, OF_RETURNS_HEAD).into_iter().map(|event| serde_json::from_value(event).unwrap());
    let events: Vec<Event> = events.collect();
    let now = serde_json::to_value(Complaint::fold(&events).unwrap().unwrap()).unwrap();
    let expected = json!({
        "entity": "122702", "made_on": "2026-11-15", "eligible": false, "vulnerability_failure": false,
        "representative": { "kind": "family", "name": "Una O'Neil" },
        "milestones": [{ "milestone": "forwarded", "at": "2026-11-19T09:00:00.000Z", "to": "Aurelia Cards plc" }],
        "earlier_milestones": [{ "milestone": "forwarded", "at": "2026-11-18T09:00:00.000Z", "to": "Halcyon Cards Ltd" }],
        "payments": [
            {
                "currency": "EUR", "kind": "refund", "minor": 1250, "note": "By bank transfer – same day.",
                "paid_at": "2026-11-20T12:08:00.000Z", "reference": "PAY-1"
            },
            { "currency": "EUR", "minor": 1, "paid_at": "2026-11-20T12:08:30.000Z" }
        ],
        "adr_outcome": {
            "decided_at": "2026-11-20T12:12:00.000Z", "outcome": "out_of_jurisdiction",
            "scheme": "Financial Services and Pensions Ombudsman"
        }
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&now[member], value, "{member}");
    }
    let first = serde_json::to_value(Complaint::fold(&events[..1]).unwrap().unwrap()).unwrap();
    let said = &events_of(OF_RETURNS)[0]["data"];
    for member in ["entity", "made_on", "eligible", "representative"] {
        assert_eq!(first[member], said[member], "{member}");
    }
}

#[test]
fn attachments_are_in_the_fold() {
    let events = hashed(OF_ATTACHMENTS, OF_ATTACHMENTS_HEAD).into_iter();
    let events: Vec<Event> = events.map(|event| serde_json::from_value(event).unwrap()).collect();
    let now = serde_json::to_value(Complaint::fold(&events).unwrap().unwrap()).unwrap();
    let by = &events[1].actor;
    assert_eq!(
        now["attachments"],
        json!([
            {
                "id": "018bcfe5-6800-7505-8505-050505050505", "name": "Zoë’s bill – “May”.pdf", "media_type": "application/pdf",
                "bytes": 48_213, "sha256": "a1".repeat(32), "state": "clean", "added_at": "2026-11-20T12:01:00.000Z", "added_by": by
            },
            {
                "id": "018bcfe5-6800-7505-8505-050505050506", "name": "note.txt", "media_type": "text/plain", "bytes": 68,
                "sha256": "b2".repeat(32), "state": "removed", "added_at": "2026-11-20T12:02:00.000Z", "added_by": by,
                "signature": "Eicar-Test-Signature", "removed_because": "It is malware.\nThe sender was told."
            }
        ])
    );
}

#[test]
fn who_may_see_it_is_in_the_fold_and_in_lists() {
    let events = hashed(OF_SENSITIVITY, OF_SENSITIVITY_HEAD).into_iter();
    let events: Vec<Event> = events.map(|event| serde_json::from_value(event).unwrap()).collect();
    let expected = [json!(["staff", "whistle_blower"]), json!(null), json!(["vip", "bereaved"])];
    for (version, expected) in (1..).zip(expected) {
        let complaint = Complaint::fold(&events[..version]).unwrap().unwrap();
        let [whole, row] = [serde_json::to_value(&complaint), serde_json::to_value(complaint.summary(None))];
        assert_eq!((&whole.unwrap()["sensitivity"], &row.unwrap()["sensitivity"]), (&expected, &expected));
    }
}

/// Of a complaint that says nothing of what was added since, nothing is written: its hashes are what they were.
#[test]
fn what_is_not_known_is_not_written() {
    let events: Vec<Event> = stored().into_iter().map(|event| serde_json::from_value(event).unwrap()).collect();
    let now = serde_json::to_value(Complaint::fold(&events).unwrap().unwrap()).unwrap();
    for member in [
        "entity",
        "made_on",
        "eligible",
        "representative",
        "vulnerability_failure",
        "adr_outcome",
        "payments",
        "milestones",
        "earlier_milestones",
        "attachments",
        "sensitivity",
    ] {
        assert!(now.get(member).is_none(), "{member}");
    }
}

#[test]
fn a_stored_case_folds_to_what_it_was() {
    let events: Vec<Event> = stored().into_iter().map(|event| serde_json::from_value(event).unwrap()).collect();
    let complaint = Complaint::fold(&events).unwrap().unwrap();
    let now = serde_json::to_value(&complaint).unwrap();
    let expected = json!({
        "id": "018bcfe5-6800-7303-8303-030303030300",
        "reference": "NWB-03MN-79Y2",
        "version": 20,
        "state": "referred",
        "complainant": {
            "name": "Zoë \"Z\" O'Neil",
            "contacts": [{ "kind": "email", "value": "zoe@example.com" }],
            "customer_id": "C-1",
            "language": "en-GB",
            "format": "large_print"
        },
        "channel": "letter",
        "received_at": "2026-11-17T09:30:00.000Z",
        "logged_at": "2026-11-20T12:00:00.000Z",
        "updated_at": "2026-11-20T12:19:00.000Z",
        "taxonomy": { "id": "cfpb-consumer-complaints", "version": "2026-12-01" },
        "product": "student_loan",
        "issue": "getting_a_loan",
        "description": "A fee was charged twice.\nI want it back — all €12.50 😀.",
        "desired_outcome": null,
        "severity": "high",
        "vulnerability": ["health", "capability"],
        "amounts": [{ "kind": "disputed", "minor": 1250, "currency": "EUR" }],
        "jurisdiction": "ireland",
        "custom": { "branch": "Cork", "staff": false, "visits": 3 },
        "external_reference": "CRM-1",
        "tags": ["fees", "vip"],
        "root_cause": "fee_engine",
        "assignee": "agent-7",
        "team": null,
        "acknowledged_at": "2026-11-20T12:01:00.000Z",
        "resolution": null,
        "referral": {
            "scheme": "Financial Services and Pensions Ombudsman",
            "scheme_reference": null,
            "at": "2026-11-20T12:18:00.000Z"
        },
        "links": [],
        "reopened": 2,
        "contacts": 1,
        "notes": 1,
        "head": HEAD
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&now[member], value, "{member}");
    }
    assert_eq!(complaint.legal_moves, State::Referred.legal_moves());
}

#[test]
fn a_stored_case_file_verifies() {
    let events = stored();
    let file = json!({
        "format": "redress-case-file/1",
        "exported_at": "2026-11-21T00:00:00.000Z",
        "tenant": events[0]["tenant"],
        "complaint": events[0]["complaint"],
        "reference": events[0]["data"]["reference"],
        "version": events.len(),
        "head": HEAD,
        "events": events
    });
    assert_eq!(CASE_FILE_FORMAT, "redress-case-file/1");
    let read: CaseFile = serde_json::from_value(file.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), file);
    let verdict = read.verify();
    assert!(verdict.valid, "{verdict:?}");
}

#[test]
fn a_verdict_has_this_format() {
    let events = stored();
    let mut file: CaseFile = serde_json::from_value(json!({
        "format": CASE_FILE_FORMAT,
        "exported_at": "2026-11-21T00:00:00.000Z",
        "tenant": events[0]["tenant"],
        "complaint": events[0]["complaint"],
        "reference": events[0]["data"]["reference"],
        "version": events.len(),
        "head": HEAD,
        "events": events
    }))
    .unwrap();
    file.events[5]["data"]["text"] = json!("Nobody called.");
    let verdict = serde_json::to_value(file.verify()).unwrap();
    let expected = json!({ "valid": false, "events": 5, "head": file.events[5]["prev"], "first_broken": { "seq": 6, "reason": "altered" } });
    assert_eq!(verdict, expected);
}
