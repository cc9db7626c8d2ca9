//! Files that come in parts: sent in any order, gone on with after a cut, looked at and sealed as any attachment.

use crate::{
    attachments::{newest, pdf, used},
    client::{Answer, Client, unused},
    firm::{Firm, complaint},
    own_stack::{count, operator, own_stack},
};
use serde_json::{Value, json};
use shared::{attachment::upload::PART_BYTES, chain::Digest};

/// A file of three parts.
fn file() -> Vec<u8> {
    pdf(2 * PART_BYTES as usize + 12_345)
}

fn begin(api: &Client, path: &str, name: &str, bytes: usize) -> Answer {
    api.post(&format!("{path}/uploads"), &json!({ "name": name, "bytes": bytes }))
}

fn send(api: &Client, upload: &str, part: usize, bytes: &[u8]) -> Answer {
    let call = api.call("PUT", &format!("{upload}/parts/{part}"));
    call.bytes("application/octet-stream", bytes.to_vec()).send()
}

/// The bytes of a part, by its number.
fn part(file: &[u8], number: usize) -> &[u8] {
    file.chunks(PART_BYTES as usize).nth(number - 1).expect("a part")
}

fn missing(answer: &Answer) -> &Value {
    &answer.body["missing"]
}

#[test]
fn parts_come_in_any_order_and_are_one_file() {
    let firm = Firm::new();
    let path = firm.logged();
    let file = file();
    let key = unused();
    let asked = json!({ "name": "statement.pdf", "bytes": file.len() });
    let ask = |body: &Value| firm.api.call("POST", &format!("{path}/uploads")).idempotency_key(&key).json(body).send();
    let begun = ask(&asked).expect(201);
    let upload = format!("{path}/uploads/{}", begun.id());
    assert_eq!((missing(&begun), begun.body["part_bytes"].as_u64()), (&json!([1, 2, 3]), Some(PART_BYTES)));
    let again = ask(&asked).expect(201);
    assert_eq!((again.header("idempotency-replayed"), again.id()), (Some("true"), begun.id()));
    ask(&json!({ "name": "other.pdf", "bytes": file.len() })).problem(422, "idempotency_key_reused");
    assert_eq!(used(&firm), file.len() as u64, "room is made when it begins, once");

    assert_eq!(missing(&send(&firm.api, &upload, 3, part(&file, 3)).expect(200)), &json!([1, 2]));
    let refused = send(&firm.api, &upload, 2, b"short").problem(400, "invalid_header");
    assert_eq!(refused.pointers(), ["Content-Length"]);
    send(&firm.api, &upload, 4, b"more").problem(404, "not_found");
    send(&firm.api, &upload, 0, b"less").problem(404, "not_found");
    send(&firm.api, &upload, 1, part(&file, 2)).expect(200);
    assert_eq!(missing(&send(&firm.api, &upload, 1, part(&file, 1)).expect(200)), &json!([2]), "sent again, it counts");
    firm.api.post(&format!("{upload}/complete"), &json!({})).problem(422, "invalid");
    send(&firm.api, &upload, 2, part(&file, 2)).expect(200);
    assert_eq!(missing(&firm.api.get(&upload).expect(200)), &json!([]));

    let key = unused();
    let complete =
        || firm.api.call("POST", &format!("{upload}/complete")).idempotency_key(&key).json(&json!({})).send();
    let done = complete().expect(200);
    let attachment = newest(&done);
    assert_eq!((&attachment["id"], &attachment["name"]), (&begun.body["id"], &json!("statement.pdf")));
    assert_eq!(attachment["sha256"], json!(Digest::of(&file).to_string()));
    assert_eq!(complete().expect(200).header("idempotency-replayed"), Some("true"));
    firm.api.get(&upload).problem(404, "not_found");
    firm.api.call("DELETE", &upload).send().problem(404, "not_found");
    assert_eq!(used(&firm), file.len() as u64);
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
}

#[test]
fn what_is_given_up_or_not_what_it_says_leaves_nothing() {
    let firm = Firm::new();
    let path = firm.logged();
    let given_up = begin(&firm.api, &path, "call.mp3", 10).expect(201);
    let upload = format!("{path}/uploads/{}", given_up.id());
    send(&firm.api, &upload, 1, b"0123456789").expect(200);
    firm.api.call("DELETE", &upload).send().expect(204);
    firm.api.get(&upload).problem(404, "not_found");
    send(&firm.api, &upload, 1, b"0123456789").problem(404, "not_found");

    for (name, bytes, status, code) in [
        ("shot.pdf", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), 422, "invalid"),
        ("note.txt", b"All is well. \xFF\xFE", 415, "unsupported_media_type"),
    ] {
        let begun = begin(&firm.api, &path, name, bytes.len()).expect(201);
        let upload = format!("{path}/uploads/{}", begun.id());
        send(&firm.api, &upload, 1, bytes).expect(200);
        firm.api.post(&format!("{upload}/complete"), &json!({})).problem(status, code);
        firm.api.get(&upload).problem(404, "not_found");
    }
    assert_eq!((used(&firm), firm.api.get(&path).expect(200).version()), (0, 1));

    // What a firm takes at most holds here, too: 100 MB unless it says otherwise, 1 GB if it does.
    let too_large = begin(&firm.api, &path, "call.mp3", 100_000_001).problem(422, "invalid");
    assert_eq!(too_large.pointers(), ["/bytes"]);
    let tenant = format!("/v1/tenants/{}", firm.id);
    let change = |bytes: u64| {
        let version = firm.operator.get(&tenant).expect(200).version();
        let settings = json!({ "attachments": { "max_bytes": bytes } });
        firm.operator.call("PATCH", &tenant).if_match(version).json(&settings).send()
    };
    change(1_000_000_001).problem(422, "invalid");
    change(1_000_000_000).expect(200);
    crate::eventually::within(crate::keys::IN_FORCE, "it is in force", || {
        let begun = begin(&firm.api, &path, "call.mp3", 1_000_000_000);
        (begun.status == 201).then(|| assert_eq!(missing(&begun).as_array().map(Vec::len), Some(120)))
    });
    let stranger = Firm::new();
    stranger.api.get(&upload).problem(404, "not_found");
    begin(&stranger.api, &path, "call.mp3", 10).problem(404, "not_found");
}

#[test]
fn an_upload_goes_on_after_the_runtime_has_died() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({}));
    let path = format!("/v1/complaints/{}", firm.api.post("/v1/complaints", &complaint(json!({}))).expect(201).id());
    let file = file();
    let upload = format!("{path}/uploads/{}", begin(&firm.api, &path, "statement.pdf", file.len()).expect(201).id());
    send(&firm.api, &upload, 2, part(&file, 2)).expect(200);
    stack.kill();
    stack.restart().expect("it starts on what reached the disk");
    let api = firm.api.at(stack.base_url());
    assert_eq!(missing(&api.get(&upload).expect(200)), &json!([1, 3]));
    for number in [1, 3] {
        send(&api, &upload, number, part(&file, number)).expect(200);
    }
    // It dies while it is completed, early or late.
    let key = unused();
    let complete = |api: &Client| {
        api.call("POST", &format!("{upload}/complete")).idempotency_key(&key).json(&json!({})).try_send()
    };
    std::thread::scope(|threads| {
        let api = api.apart();
        let sent = threads.spawn(move || complete(&api).ok());
        std::thread::sleep(std::time::Duration::from_millis(40));
        stack.kill_now();
        _ = sent.join();
    });
    stack.kill();
    stack.restart().expect("it starts on what reached the disk");
    let api = firm.api.at(stack.base_url());
    let done = complete(&api).expect("an answer").expect(200);
    assert_eq!(done.body["attachments"].as_array().map(Vec::len), Some(1), "once");
    assert_eq!(newest(&done)["sha256"], json!(Digest::of(&file).to_string()));
    stack.stop();
    assert_eq!((count(&state, "stored_files"), count(&state, "uploads")), (1, 0));
}
