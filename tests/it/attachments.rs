//! Attachments over HTTP: streamed in, looked at, kept in quarantine until a scanner has seen them, and given out by links.

use crate::{
    client::{Answer, Client, unused},
    eventually::within,
    firm::{Firm, complaint},
    keys::IN_FORCE,
    own_stack::{count, operator, own_stack, ticking},
};
use serde_json::{Value, json};
use shared::chain::Digest;
use std::time::Duration;
use xtask::{
    clamav::{self, EICAR, EICAR_NAME, Scanner},
    stack::{Options, Stack},
};

/// A picture of one pixel.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0\x21\xf9\x04\x01\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b";
const SCANNED: Duration = Duration::from_secs(60);

fn attach_with(api: &Client, key: &str, path: &str, name: &str, bytes: &[u8]) -> Answer {
    let call = api.call("POST", &format!("{path}/attachments?name={name}")).idempotency_key(key);
    call.bytes("application/octet-stream", bytes.to_vec()).send()
}

fn attach(api: &Client, path: &str, name: &str, bytes: &[u8]) -> Answer {
    attach_with(api, &unused(), path, name, bytes)
}

/// The attachment that was added last.
pub(crate) fn newest(answer: &Answer) -> Value {
    answer.body["attachments"].as_array().and_then(|all| all.last()).expect("an attachment").clone()
}

fn path_of(path: &str, attachment: &Value) -> String {
    format!("{path}/attachments/{}", attachment["id"].as_str().expect("an id"))
}

pub(crate) fn used(firm: &Firm) -> u64 {
    let usage = firm.key(&["usage:read"]).get("/v1/usage").expect(200);
    let quotas = usage.body["quotas"].as_array().expect("quotas").clone();
    let line = quotas.iter().find(|line| line["quota"] == "storage_bytes").expect("files are counted");
    line["used"].as_u64().expect("a number")
}

/// A PDF to look at, and nothing that repeats.
pub(crate) fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut state = 88_172_645_463_325_252_u64;
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

#[test]
fn a_file_is_kept_once_sealed_and_counted_and_not_given_out_without_a_scanner() {
    let firm = Firm::new();
    let path = firm.logged();
    let (key, bytes) = (unused(), b"The fee was charged twice: 12,50 \xE2\x82\xAC.".to_vec());
    let added = attach_with(&firm.api, &key, &path, "Zo%C3%AB%20says.txt", &bytes).expect(200);
    let file = newest(&added);
    assert_eq!((&file["name"], &file["media_type"]), (&json!("Zoë says.txt"), &json!("text/plain")));
    assert_eq!(file["sha256"], json!(Digest::of(&bytes).to_string()));
    assert_eq!((file["bytes"].as_u64(), &file["state"]), (Some(bytes.len() as u64), &json!("quarantined")));

    // The same request is the same answer; another file with its key is another request.
    let again = attach_with(&firm.api, &key, &path, "Zo%C3%AB%20says.txt", &bytes).expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &added.text));
    attach_with(&firm.api, &key, &path, "Zo%C3%AB%20says.txt", b"Something else")
        .problem(422, "idempotency_key_reused");
    attach_with(&firm.api, &key, &path, "other.txt", &bytes).problem(422, "idempotency_key_reused");
    assert_eq!(used(&firm), bytes.len() as u64, "once");

    // Sent twice at the same moment, it is there once.
    let key = unused();
    std::thread::scope(|threads| {
        let send = || attach_with(&firm.api.apart(), &key, &path, "twice.txt", b"Twice").expect(200);
        let both = [threads.spawn(send), threads.spawn(send)].map(|one| one.join().expect("an answer"));
        assert_eq!(both[0].body, both[1].body);
    });
    assert_eq!(firm.api.get(&path).expect(200).body["attachments"].as_array().map(Vec::len), Some(2));
    within(SCANNED, "what was kept twice is deleted", || (used(&firm) == bytes.len() as u64 + 5).then_some(()));

    // Evidence comes whoever works on the case, and its name is found.
    firm.api
        .call("PUT", &format!("{path}/lock"))
        .json(&json!({ "holder": { "id": "anna", "name": "Anna" } }))
        .send()
        .expect(200);
    attach(&firm.api, &path, "receipt-kerfuffle.txt", b"Locked").expect(200);
    assert_eq!(firm.api.get("/v1/complaints?q=kerfuffle").expect(200).data().len(), 1);
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);

    let one = path_of(&path, &file);
    let read = firm.api.get(&one).expect(200);
    assert_eq!((&read.body["state"], &read.body["sha256"]), (&json!("quarantined"), &file["sha256"]));
    firm.api.post(&format!("{one}/link"), &json!({})).problem(422, "invalid");
    let stranger = Firm::new();
    stranger.api.get(&one).problem(404, "not_found");
    attach(&stranger.api, &path, "note.txt", b"Mine").problem(404, "not_found");
    firm.api.get("/v1/files/AAAA").problem(404, "not_found");
}

#[test]
fn what_is_not_what_it_says_is_refused_and_leaves_nothing() {
    let firm = Firm::new();
    let path = firm.logged();
    for (name, bytes, status, code) in [
        ("setup.exe", b"MZ\x90\0\x03".as_slice(), 415, "unsupported_media_type"),
        ("letter.pdf", b"\x7FELF\x02\x01\x01\0", 415, "unsupported_media_type"),
        ("all.zip", b"PK\x03\x04\x14\0\0\0\0\0", 415, "unsupported_media_type"),
        ("shot.pdf", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 422, "invalid"),
        ("note.txt", b"", 422, "invalid"),
    ] {
        let refused = attach(&firm.api, &path, name, bytes).problem(status, code);
        if status == 422 && !bytes.is_empty() {
            assert_eq!(refused.pointers(), ["name"]);
        }
    }
    // Text has to be text to its end.
    let mut broken = b"All is well. ".repeat(10_000);
    broken.extend_from_slice(b"\xFF\xFE");
    attach(&firm.api, &path, "note.txt", &broken).problem(415, "unsupported_media_type");
    let call = firm.api.call("POST", &format!("{path}/attachments")).idempotency_key(&unused());
    assert_eq!(call.bytes("text/plain", b"x".to_vec()).send().problem(400, "invalid_parameter").pointers(), ["name"]);
    let call = firm.api.call("POST", &format!("{path}/attachments?name=a.txt&folder=b")).idempotency_key(&unused());
    call.bytes("text/plain", b"x".to_vec()).send().problem(400, "invalid_parameter");
    let call = firm.api.call("POST", &format!("{path}/attachments?name=a.txt"));
    call.bytes("text/plain", b"x".to_vec()).send().problem(400, "idempotency_key_missing");
    assert_eq!((used(&firm), firm.api.get(&path).expect(200).version()), (0, 1));

    // A firm says what it takes, and how much of it.
    let tenant = format!("/v1/tenants/{}", firm.id);
    let change = |settings: Value| {
        let version = firm.operator.get(&tenant).expect(200).version();
        firm.operator.call("PATCH", &tenant).if_match(version).json(&json!({ "attachments": settings })).send()
    };
    assert_eq!(change(json!({ "max_bytes": 0 })).problem(422, "invalid").pointers(), ["/attachments/max_bytes"]);
    change(json!({ "types": ["text/plain", "application/zip"], "max_bytes": 20 })).expect(200);
    std::thread::sleep(IN_FORCE);
    attach(&firm.api, &path, "all.zip", b"PK\x03\x04\x14\0\0\0\0\0").expect(200);
    attach(&firm.api, &path, "letter.pdf", b"%PDF-1.7\n").problem(415, "unsupported_media_type");
    attach(&firm.api, &path, "note.txt", b"One and twenty bytes.").problem(413, "too_large");
}

#[test]
fn files_count_against_the_plan_to_the_byte_and_what_is_removed_is_given_back() {
    let firm = Firm::new();
    let quota = json!([{ "quota": "storage_bytes", "limit": 100, "over": "refuse" }]);
    let windows = json!([{ "policy": "minute", "limit": 10_000 }]);
    let firm = firm.limited(&json!({ "windows": windows, "quotas": quota }));
    let lead = firm.key(&["complaints:read", "complaints:write", "complaints:lead"]);
    let path = firm.logged();
    std::thread::sleep(IN_FORCE);
    // Twelve at once, of which ten have room.
    let answers: Vec<Answer> = std::thread::scope(|threads| {
        let send = || attach(&firm.api.apart(), &path, "note.txt", b"0123456789");
        let all: Vec<_> = (0..12).map(|_| threads.spawn(send)).collect();
        all.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!((refused.len(), used(&firm)), (2, 100));
    assert_eq!(refused[0].body["code"], "quota_exceeded");
    assert_eq!(refused[0].body["violated-policies"], json!(["storage_bytes"]));

    let shown = firm.api.get(&path).expect(200);
    let file = newest(&shown);
    let one = path_of(&path, &file);
    let remove = |api: &Client, version: u64| {
        api.call("DELETE", &one).if_match(version).json(&json!({ "reason": "A stranger's." })).send()
    };
    remove(&firm.api, shown.version()).problem(403, "forbidden");
    remove(&lead, 1).problem(412, "precondition_failed");
    lead.call("DELETE", &one).if_match(shown.version()).json(&json!({})).send().problem(422, "invalid");
    let removed = remove(&lead, shown.version()).expect(200);
    assert_eq!((&newest(&removed)["state"], &newest(&removed)["sha256"]), (&json!("removed"), &file["sha256"]));
    assert_eq!(remove(&lead, shown.version()).expect(200).text, removed.text, "once");
    assert_eq!(used(&firm), 90);
    attach(&firm.api, &path, "note.txt", b"0123456789").expect(200);
    attach(&firm.api, &path, "note.txt", b"0").problem(429, "quota_exceeded");
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
}

/// A stack with a scanner, if there is one on this machine.
fn with_scanner() -> Option<(Scanner, Stack)> {
    if !clamav::is_installed() {
        eprintln!("NOT TESTED: clamd is not installed, so nothing is scanned");
        return None;
    }
    let scanner = Scanner::start().expect("the scanner starts");
    let stack = Stack::start(Options::temporary().var("CLAMAV", &scanner.address())).expect("a stack starts");
    Some((scanner, stack))
}

/// What a scanner has said of an attachment.
fn scanned(api: &Client, one: &str) -> Value {
    within(SCANNED, "it is scanned", || {
        let read = api.get(one).expect(200).body;
        (read["state"] != "quarantined").then_some(read)
    })
}

#[test]
fn a_scanner_lets_out_what_is_clean_and_nothing_else() {
    let Some((_scanner, stack)) = with_scanner() else { return };
    let firm = Firm::on(&operator(&stack), json!({}));
    let path = firm.logged();
    let bytes = pdf(20_000_000);
    let before = stack.memory();
    let one = path_of(&path, &newest(&attach(&firm.api, &path, "Zo%C3%AB%27s%20%22bill%22.pdf", &bytes).expect(200)));
    let infected = attach(&firm.api, &path, "eicar.txt", EICAR.as_bytes()).expect(200);
    let infected = path_of(&path, &newest(&infected));
    assert_eq!(scanned(&firm.api, &one)["state"], "clean");
    let grown = stack.memory().saturating_sub(before);
    println!("the runtimes' memory has grown by {grown} bytes");
    let found = scanned(&firm.api, &infected);
    assert_eq!(
        (&found["state"], &found["signature"]),
        (&json!("infected"), &json!(format!("{EICAR_NAME}.UNOFFICIAL")))
    );
    firm.api.post(&format!("{infected}/link"), &json!({})).problem(422, "invalid");
    let events = firm.api.get(&format!("{path}/events?limit=100")).expect(200);
    let verdicts: Vec<_> = events.data().iter().filter(|event| event["type"] == "attachment_scanned").collect();
    assert_eq!((verdicts.len(), &verdicts[0]["actor"]), (2, &json!({ "kind": "system", "id": "scanner" })));

    let link = firm.api.post(&format!("{one}/link"), &json!({})).expect(200);
    let url = link.text_of("url").to_owned();
    let file = url.strip_prefix(stack.base_url()).expect("a link to this cell").to_owned();
    assert!(!file.contains("bill"), "no name in a URL");
    let anyone = Client::new(stack.base_url(), None);
    let whole = anyone.get(&file).expect(200);
    assert!(whole.bytes == bytes, "byte for byte");
    for (header, value) in [
        ("content-type", "application/pdf"),
        ("content-disposition", "attachment; filename*=UTF-8''Zo%C3%AB%27s%20bill.pdf"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(whole.header(header), Some(value), "{header}");
    }
    let etag = format!("\"{}\"", Digest::of(&bytes));
    assert_eq!(whole.header("etag"), Some(etag.as_str()));
    anyone.call("GET", &file).header("if-none-match", &etag).send().expect(304);
    for (range, from, to) in
        [("bytes=0-9", 0, 10), ("bytes=19999990-", 19_999_990, 20_000_000), ("bytes=-1", 19_999_999, 20_000_000)]
    {
        let part = anyone.call("GET", &file).header("range", range).send().expect(206);
        assert!(part.bytes == bytes[from..to], "{range}");
        assert_eq!(part.header("content-range"), Some(format!("bytes {from}-{}/20000000", to - 1).as_str()));
    }
    let beyond =
        anyone.call("GET", &file).header("range", "bytes=20000000-").send().problem(416, "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), Some("bytes */20000000"));
    let other = anyone.call("GET", &file).header("range", "bytes=0-9").header("if-range", "\"other\"").send();
    assert_eq!(other.expect(200).bytes.len(), bytes.len());
    let mut altered = file.clone();
    altered.pop();
    anyone.get(&altered).problem(404, "not_found");

    // A picture can be seen small once it is clean; of what is none there is none.
    let shot = path_of(&path, &newest(&attach(&firm.api, &path, "shot.gif", GIF).expect(200)));
    assert_eq!(scanned(&firm.api, &shot)["state"], "clean");
    for _ in 0..2 {
        let small = firm.api.get(&format!("{shot}/thumbnail")).expect(200);
        assert_eq!(small.header("content-type"), Some("image/jpeg"));
        assert!(small.bytes.starts_with(b"\xff\xd8") && small.bytes.ends_with(b"\xff\xd9"));
    }
    let broken = path_of(&path, &newest(&attach(&firm.api, &path, "broken.gif", &GIF[..20]).expect(200)));
    firm.api.get(&format!("{broken}/thumbnail")).problem(404, "not_found");
    assert_eq!(scanned(&firm.api, &broken)["state"], "clean");
    firm.api.get(&format!("{broken}/thumbnail")).problem(404, "not_found");
    firm.api.get(&format!("{one}/thumbnail")).problem(404, "not_found");
    firm.api.get(&format!("{infected}/thumbnail")).problem(404, "not_found");

    // What is removed is gone, and so is the link.
    let lead = firm.key(&["complaints:read", "complaints:write", "complaints:lead"]);
    let version = firm.api.get(&path).expect(200).version();
    lead.call("DELETE", &one).if_match(version).json(&json!({ "reason": "A stranger's." })).send().expect(200);
    anyone.get(&file).problem(404, "not_found");
    assert_eq!(used(&firm), (EICAR.len() + GIF.len() + 20) as u64);
    assert!(grown < 400 << 20, "it is not held in memory");
}

#[test]
fn what_was_half_there_when_the_runtime_died_is_nowhere() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let path = format!("/v1/complaints/{}", firm.api.post("/v1/complaints", &complaint(json!({}))).expect(201).id());
    let (key, bytes) = (unused(), pdf(30_000_000));
    let send = |api: &Client| {
        let call = api.call("POST", &format!("{path}/attachments?name=letter.pdf")).idempotency_key(&key);
        call.bytes("application/pdf", bytes.clone()).try_send()
    };
    std::thread::scope(|threads| {
        let api = firm.api.apart();
        let sent = threads.spawn(move || send(&api).ok());
        std::thread::sleep(Duration::from_millis(150));
        stack.kill_now();
        _ = sent.join();
    });
    stack.kill();
    stack.restart().expect("it starts on what reached the disk");
    let api = firm.api.at(stack.base_url());
    let before = api.get(&path).expect(200);
    let half = before.body["attachments"].as_array().map_or(0, Vec::len);
    assert!(half <= 1, "whole or not at all");
    let done = send(&api).expect("an answer").expect(200);
    assert_eq!(done.body["attachments"].as_array().map(Vec::len), Some(1), "the repeated request is the same one");
    assert_eq!(newest(&done)["sha256"], json!(Digest::of(&bytes).to_string()));
    assert_eq!(api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
    ticking(SCANNED, &stack, "cron runs", || Some(()));
    stack.stop();
    assert!((1..=2).contains(&count(&state, "stored_files")), "what did not come whole is seen to within a day");
}
