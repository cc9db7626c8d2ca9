//! Mail that comes in, by the runtime's own email event. Each test has a stack of its own.

use crate::{
    client::{Answer, Client},
    firm::Firm,
    own_stack::{operator, ticking},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use shared::{http::cursor::CursorKey, mail::address};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use xtask::stack::{Options, Stack};

const IN_THE_END: Duration = Duration::from_secs(90);
const DOMAIN: &str = "mail.redress.test";
const ZOE: &str = "zoe@example.com";

struct Post {
    stack: Stack,
    firm: Firm,
    lead: Client,
}

impl Post {
    fn new(options: Options) -> Self {
        let stack = Stack::start(options).expect("a stack starts");
        let firm = Firm::on(&operator(&stack), json!({}));
        let lead = firm.key(&["complaints:read", "complaints:write", "complaints:lead"]);
        let (inner, firm) = (stack.inner_url().to_owned(), Firm { api: firm.api.at(stack.inner_url()), ..firm });
        Self { lead: lead.at(&inner), stack, firm }
    }

    fn address(&self) -> String {
        format!("{}@{DOMAIN}", self.firm.slug)
    }

    /// Has a mail come that is taken in.
    fn send(&self, from: &str, raw: &[u8]) {
        assert_eq!(self.stack.mail(from, &self.address(), raw).expect("the stack answers"), None);
    }

    fn mails(&self) -> Vec<Value> {
        self.firm.api.get("/v1/inbound-mails").expect(200).data().to_vec()
    }

    /// Waits until so many mails have been seen to, and gives the newest.
    fn settled(&self, count: usize) -> Value {
        let mails = ticking(IN_THE_END, &self.stack, "the mails are seen to", || {
            std::thread::sleep(Duration::from_millis(300));
            let answer = self.firm.api.call("GET", "/v1/inbound-mails").try_send().ok()?;
            let mails = answer.body["data"].as_array()?.clone();
            let waits = mails.iter().any(|mail| mail["state"] == "received");
            (mails.len() >= count && !waits).then_some(mails)
        });
        assert_eq!(mails.len(), count);
        mails[0].clone()
    }

    fn complaint(&self, mail: &Value) -> Answer {
        self.firm
            .api
            .get(&format!("/v1/complaints/{}", mail["complaint"].as_str().expect("it has a complaint")))
            .expect(200)
    }

    fn events(&self, mail: &Value) -> Vec<Value> {
        let id = mail["complaint"].as_str().expect("it has a complaint");
        self.firm.api.get(&format!("/v1/complaints/{id}/events")).expect(200).data().to_vec()
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/mails").join(format!("{name}.eml"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn simple(id: &str, from: &str, subject: &str, more: &str, text: &str) -> Vec<u8> {
    let head =
        format!("From: Zoe <{from}>\r\nTo: x@{DOMAIN}\r\nSubject: {subject}\r\nMessage-ID: <{id}@example.com>\r\n");
    format!("{head}{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n").into_bytes()
}

fn outcome(mail: &Value) -> (&str, &str) {
    (mail["state"].as_str().unwrap_or_default(), mail["outcome"].as_str().unwrap_or_default())
}

#[test]
fn mail_becomes_a_complaint_and_what_answers_it_is_put_on_file() {
    let post = Post::new(Options::temporary());
    let nested = fixture("nested");
    post.send(ZOE, &nested);
    let mail = post.settled(1);
    assert_eq!((outcome(&mail), &mail["may_answer"]), (("taken", "complaint"), &json!(true)));
    let complaint = post.complaint(&mail);
    assert_eq!(complaint.body["channel"], "email");
    assert_eq!(complaint.body["complainant"]["name"], "Zoe Winter");
    assert_eq!(complaint.body["complainant"]["contacts"], json!([{ "kind": "email", "value": ZOE }]));
    assert!(complaint.text_of("description").starts_with("A complaint\n\n"));
    assert_eq!(complaint.body["received_at"], mail["received_at"]);
    let names: Vec<_> =
        complaint.body["attachments"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["logo.png", "statement.pdf", "message.eml"]);
    // It is there as it came.
    let path = format!("/v1/inbound-mails/{}", mail["id"].as_str().unwrap());
    let raw = post.firm.api.get(&format!("{path}/raw")).expect(200);
    assert_eq!(raw.text.as_bytes(), nested);
    assert!(raw.header("content-disposition").is_some_and(|value| value.starts_with("attachment;")));
    assert_eq!(post.firm.api.get(&path).expect(200).body, mail);

    // The same once more, by another way: nothing.
    post.send(ZOE, &[b"Received: from a by b; today\r\n".as_slice(), &nested].concat());
    let twin = post.settled(2);
    assert_eq!((outcome(&twin), &twin["complaint"]), (("ignored", "duplicate"), &mail["complaint"]));

    // An answer to the mail, from the same address.
    let answering = "In-Reply-To: <nested@example.com>\r\n";
    post.send(ZOE, &simple("r1", ZOE, "Re: A complaint", answering, "One thing more."));
    let answer = post.settled(3);
    assert_eq!((outcome(&answer), &answer["complaint"]), (("taken", "contact"), &mail["complaint"]));
    // A reference, from an address that is on file, and from one that is not.
    let reference = complaint.text_of("reference");
    post.send(ZOE, &simple("r2", ZOE, &format!("About {reference}"), "", "And another."));
    assert_eq!(outcome(&post.settled(4)), ("taken", "contact"));
    post.send("eve@example.com", &simple("r3", "eve@example.com", reference, "", "I withdraw."));
    let strange = post.settled(5);
    assert_eq!((outcome(&strange), &strange["complaint"]), (("taken", "note"), &mail["complaint"]));
    // The address that was signed for it, and a forged one.
    let secrets = std::fs::read_to_string(post.stack.state().join(".dev.vars")).expect("the stack has secrets");
    let key =
        secrets.lines().find_map(|line| line.strip_prefix("CURSOR_KEY=")).expect("a key").trim_matches(['"', '\'']);
    assert!(URL_SAFE_NO_PAD.decode(key).is_ok());
    let key = CursorKey::from_base64url(key).expect("a key");
    let tenant = post.firm.id.parse().expect("an id");
    let token = address::token(tenant, mail["complaint"].as_str().unwrap().parse().expect("an id"), &key);
    let to = format!("{}+{token}@{DOMAIN}", post.firm.slug);
    let sent =
        post.stack.mail("new@example.com", &to, &simple("r4", "new@example.com", "Hello", "", "My new address."));
    assert_eq!(sent.expect("the stack answers"), None);
    assert_eq!(outcome(&post.settled(6)), ("taken", "contact"));
    let other = format!("{}{}", if token.starts_with('a') { 'b' } else { 'a' }, &token[1..]);
    let forged = format!("complaints+{other}@{}.{DOMAIN}", post.firm.slug);
    let sent = post.stack.mail(ZOE, &forged, &simple("r5", ZOE, "Hello", "", "Something else."));
    assert_eq!(sent.expect("the stack answers"), None);
    let new = post.settled(7);
    assert_eq!(outcome(&new), ("taken", "complaint"));
    assert_ne!(new["complaint"], mail["complaint"]);

    let events = post.events(&mail);
    let said: Vec<&str> = events
        .iter()
        .filter_map(|event| event["data"]["summary"].as_str().or(event["data"]["text"].as_str()))
        .collect();
    assert_eq!(said.len(), 4, "{events:?}");
    assert!(said[0].ends_with("One thing more.") && said[1].ends_with("And another."));
    assert!(said[2].contains("eve@example.com, which is not on file") && said[2].ends_with("I withdraw."));
    assert!(said[3].starts_with("From new@example.com, which is not on file"));
    let by: Vec<_> = events.iter().map(|event| event["actor"]["id"].as_str().unwrap_or_default()).collect();
    assert!(by.iter().all(|by| *by == "mail"), "{by:?}");

    // Nobody else has such an address, and nobody else sees them.
    for to in [format!("nobody@{DOMAIN}"), "x@example.com".to_owned(), format!("info@{}.{DOMAIN}", post.firm.slug)] {
        let told = post.stack.mail(ZOE, &to, &simple("r6", ZOE, "x", "", "y")).expect("the stack answers");
        assert_eq!(told.as_deref(), Some("There is no such address"), "{to}");
    }
    let other = Firm::on(&operator(&post.stack), json!({}));
    assert_eq!(other.api.get("/v1/inbound-mails").expect(200).data().len(), 0);
    for path in [path.clone(), format!("{path}/raw")] {
        other.api.get(&path).problem(404, "not_found");
    }
    other.key(&["complaints:lead"]).post(&format!("{path}/retry"), &json!({})).problem(404, "not_found");
    post.lead.post(&format!("{path}/retry"), &json!({})).problem(409, "illegal_move");
    assert_eq!(post.mails().len(), 7);
    let pages = post.firm.api.get("/v1/inbound-mails?state=ignored").expect(200);
    assert_eq!(pages.data(), [twin]);
    post.firm.api.get("/v1/inbound-mails?state=lost").problem(400, "invalid_parameter");
}

#[test]
fn what_is_no_complaint_is_visible_and_holds_up_nothing() {
    let post = Post::new(Options::temporary());
    post.send("<>", &fixture("bounce"));
    assert_eq!(outcome(&post.settled(1)), ("ignored", "bounce"));
    post.send(ZOE, &fixture("out-of-office"));
    let away = post.settled(2);
    assert_eq!(outcome(&away), ("ignored", "auto_reply"));
    post.send("news@example.com", &fixture("mailing-list"));
    assert_eq!(outcome(&post.settled(3)), ("ignored", "list"));
    // It cannot be read, and the next one can.
    let parts = b"--x\r\nContent-Type: text/plain\r\n\r\na\r\n".repeat(2_500);
    let head =
        "From: a@example.com\r\nMessage-ID: <many@example.com>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n";
    post.send("a@example.com", &[head.as_bytes(), &parts].concat());
    post.send(ZOE, &fixture("iso-2022-jp"));
    post.settled(5);
    let complex = post.firm.api.get("/v1/inbound-mails?state=quarantined").expect(200);
    assert_eq!(complex.data().iter().map(outcome).collect::<Vec<_>>(), [("quarantined", "too_complex")]);
    let taken = post.firm.api.get("/v1/inbound-mails?state=taken").expect(200);
    let complaint = post.complaint(&taken.data()[0]);
    assert_eq!(complaint.body["complainant"]["name"], "山田太郎");
    assert_eq!(complaint.body["description"], "苦情について\n\n二重に請求されました。返金をお願いします。");
    for (count, (name, description)) in [
        ("gb18030", "投诉:重复收费\n\n我被重复收费两次,请退款。"),
        ("windows-1252", "Gebühr von € 25\n\nDie Gebühr von € 25 – „versehentlich“ – wurde nicht erstattet."),
        ("koi8-r", "A complaint\n\nЖалоба: комиссия списана дважды."),
        ("shift-jis", "A complaint\n\n返金してください。"),
        ("empty-body", "Please call me\n\n(The mail has no text.)"),
        ("html-only", "A complaint\n\nYou charged me £25 twice.\nGrüße"),
    ]
    .into_iter()
    .enumerate()
    {
        post.send(ZOE, &fixture(name));
        let mail = post.settled(6 + count);
        assert_eq!(post.complaint(&mail).body["description"], description, "{name}");
    }
    // What is not taken is named, and the text that is too long is attached.
    post.send(ZOE, &fixture("program"));
    let program = post.settled(12);
    let note = post.events(&program).into_iter().find(|event| event["type"] == "noted").expect("a note");
    assert!(
        note["data"]["text"].as_str().is_some_and(|text| text.contains("\ninvoice.pdf: The content is of no type")),
        "{note}"
    );
    assert_eq!(post.complaint(&program).body["attachments"][0]["name"], "photo.png");
    post.send(ZOE, &fixture("long-line"));
    let long = post.complaint(&post.settled(13));
    assert_eq!(
        (&long.body["attachments"][0]["name"], &long.body["attachments"][0]["bytes"]),
        (&json!("mail.txt"), &json!(200_000))
    );
    // A person says that it is a complaint all the same.
    let retry = format!("/v1/inbound-mails/{}/retry", away["id"].as_str().unwrap());
    post.firm.api.post(&retry, &json!({})).problem(403, "forbidden");
    post.lead.post(&retry, &json!({})).expect(202);
    ticking(IN_THE_END, &post.stack, "it is taken", || {
        std::thread::sleep(Duration::from_millis(300));
        let found = post.firm.api.get(retry.trim_end_matches("/retry")).expect(200);
        (outcome(&found.body) == ("taken", "complaint")).then_some(())
    });
}

#[test]
fn a_large_mail_is_read() {
    let post = Post::new(Options::temporary());
    let encoded = [b"QUJD".repeat(19).as_slice(), b"\r\n"].concat().repeat(240_000);
    let head = "From: zoe@example.com\r\nMessage-ID: <large@example.com>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\n\
        Content-Disposition: attachment; filename=large.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK";
    let begun = Instant::now();
    post.send(ZOE, &[head.as_bytes(), &encoded, b"\r\n--x--\r\n"].concat());
    let mail = post.settled(1);
    println!("a mail of {} bytes was taken after {:?}", mail["bytes"], begun.elapsed());
    assert_eq!(outcome(&mail), ("taken", "complaint"));
}

#[test]
fn mail_is_taken_in_while_databases_are_away_and_while_it_is_switched_off() {
    let post = Post::new(Options::temporary().faulty());
    let faults = |faults: &Value| {
        let call = Client::new(post.stack.inner_url(), None).call("POST", "/__faults").json(faults).try_send();
        assert_eq!(call.expect("the stack answers").status, 200);
    };
    let gone = json!({ "fail": "D1_ERROR: Network connection lost." });
    faults(&json!({ "DB_0": gone, "DB_1": gone }));
    post.send(ZOE, &fixture("plain"));
    // Without the bucket nothing is accepted: the sender comes again.
    faults(&json!({ "DB_0": gone, "DB_1": gone, "ATTACHMENTS": { "fail": "gone" } }));
    let told = post.stack.mail(ZOE, &post.address(), &fixture("koi8-r")).expect("the stack answers");
    assert_eq!(told.as_deref(), Some("exception"));
    faults(&json!({}));
    let mail = post.settled(1);
    assert_eq!(outcome(&mail), ("taken", "complaint"));
    assert_eq!(post.complaint(&mail).body["received_at"], mail["received_at"]);

    let operator = operator(&post.stack);
    let switch = |share: u8| {
        let call = operator.call("PUT", "/v1/flags");
        call.json(&json!({ "parts": { "mail": { "share": share } } })).send().expect(200);
        // Each isolate trusts what it has read for ten seconds.
        std::thread::sleep(Duration::from_secs(11));
    };
    switch(0);
    post.send(ZOE, &fixture("windows-1252"));
    let _ticked = post.stack.tick();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(post.mails().len(), 1);
    switch(100);
    assert_eq!(outcome(&post.settled(2)), ("taken", "complaint"));
}
