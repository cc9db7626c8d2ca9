//! Who is told of what by mail: what arrives, what is tried again, what is given up, and who does not want to hear of it.

use crate::{
    client::{Answer, Client, unused},
    clocks::now,
    eventually::within,
    firm::{Firm, complaint},
    own_stack::{operator, ticking},
    webhooks::Receiver,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use xtask::{
    mail_sink::MailSink,
    stack::{Options, Stack},
};

const SOON: Duration = Duration::from_secs(90);
/// Whoever dies while they send something has taken it for a minute.
const IN_THE_END: Duration = Duration::from_secs(200);
const FROM: &str = "complaints@redress.example";

/// A mail that a server has taken over.
#[derive(Clone, Debug)]
struct Taken {
    to: String,
    text: String,
}

impl Taken {
    fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A mail server that keeps what it takes, and answers as it is told to: to `RCPT`, or at the end of a mail. In the end it takes all.
#[derive(Clone)]
struct Server {
    address: String,
    taken: Arc<Mutex<Vec<Taken>>>,
    /// After which command, and what; `cut` breaks the line.
    answers: Arc<Mutex<VecDeque<(&'static str, &'static str)>>>,
}

impl Server {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("an address").to_string();
        let server = Self { address, taken: Arc::default(), answers: Arc::default() };
        let serves = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serves = serves.clone();
                thread::spawn(move || serves.serve(&stream));
            }
        });
        server
    }

    fn answers(&self, answers: &[(&'static str, &'static str)]) {
        self.answers.lock().expect("nobody panics").extend(answers);
    }

    fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("nobody panics").clone()
    }

    fn to(&self, address: &str) -> Vec<Taken> {
        self.taken().into_iter().filter(|mail| mail.to == address).collect()
    }

    fn next(&self, after: &str, usual: &'static str) -> &'static str {
        let mut answers = self.answers.lock().expect("nobody panics");
        match answers.front() {
            Some((command, _)) if *command == after => answers.pop_front().map_or(usual, |(_, answer)| answer),
            _ => usual,
        }
    }

    fn serve(&self, mut stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let (mut to, mut line) = (String::new(), String::new());
        let mut say = |answer: &str| answer != "cut" && stream.write_all(format!("{answer}\r\n").as_bytes()).is_ok();
        if !say("220 test ESMTP") {
            return;
        }
        loop {
            line.clear();
            if reader.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                let answer = match line.trim_end() {
                    line if line.starts_with("EHLO") => "250-test\r\n250-8BITMIME\r\n250 SMTPUTF8",
                    line if line.starts_with("RCPT TO:<") => {
                        to = line["RCPT TO:<".len()..].trim_end_matches('>').to_owned();
                        self.next("RCPT", "250 ok")
                    }
                    "DATA" => {
                        say("354 go on");
                        let mut text = String::new();
                        loop {
                            line.clear();
                            if !reader.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                                return;
                            }
                            if line == ".\r\n" {
                                break;
                            }
                            text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        }
                        let answer = self.next("DATA", "250 taken");
                        if answer.starts_with('2') {
                            self.taken.lock().expect("nobody panics").push(Taken { to: to.clone(), text });
                        }
                        answer
                    }
                    "QUIT" => return,
                    _ => "250 ok",
                };
                if !say(answer) {
                    return;
                }
            } else {
                return;
            }
        }
    }
}

fn options(mail: &str) -> Options {
    let options = Options::temporary().var("MAIL", mail).var("MAIL_FROM", FROM).var("WEBHOOKS_HURRY", "1000");
    options.var("PUBLIC_URL", "https://redress.example")
}

fn with_email(address: &str) -> Value {
    json!({ "complainant": { "name": "Zoë Winter", "contacts": [{ "kind": "email", "value": address }] } })
}

/// The notifications of a complaint, by event and rule.
fn told(api: &Client, path: &str) -> BTreeMap<(String, String), Value> {
    let id = path.rsplit('/').next().expect("a path");
    let page = api.get(&format!("/v1/notifications?complaint={id}")).expect(200);
    let named = |one: &Value| {
        let text = |member: &str| one[member].as_str().expect("a text").to_owned();
        ((text("event"), text("rule")), one.clone())
    };
    page.data().iter().map(named).collect()
}

/// What is lost on the way comes again by cron, once nobody has it any more.
#[track_caller]
fn becomes(stack: &Stack, api: &Client, path: &str, (event, rule): (&str, &str), status: &str) -> Value {
    ticking(IN_THE_END, stack, &format!("{event} of {path} is {status}"), || {
        thread::sleep(Duration::from_millis(300));
        told(api, path).remove(&(event.to_owned(), rule.to_owned())).filter(|one| one["status"] == status)
    })
}

fn send_letter(firm: &Firm, path: &str) -> Answer {
    let body = json!({ "kind": "update", "texts": { "update": "We are on it, truly." } });
    let drafted = firm.give(path, "letters", body).expect(200);
    let letter = drafted.body["letters"].as_array().and_then(|all| all.last()).expect("a letter")["id"].clone();
    let letter = letter.as_str().expect("an id").to_owned();
    firm.give(path, &format!("letters/{letter}/send"), json!({})).expect(200)
}

#[test]
fn people_are_told_and_whoever_wants_to_hear_no_more_gets_the_letters_alone() {
    let options = options("");
    let sink = MailSink::start(&options.state.join("mail")).expect("the sink starts");
    let stack = Stack::start(options.var("MAIL", &sink.mail())).expect("a stack starts");
    let firm = Firm::on(&operator(&stack), json!({}));
    let web = Client::new(&sink.url(), None);
    let mails = |address: &str| -> Vec<Value> {
        let all = web.call("GET", "/api/email").try_send().expect("the sink answers");
        let to = |mail: &Value| mail["envelope"]["to"][0]["address"] == address;
        all.body.as_array().expect("a list").iter().filter(|mail| to(mail)).cloned().collect()
    };
    let source = |mail: &Value| {
        let id = mail["id"].as_str().expect("an id");
        web.call("GET", &format!("/api/email/{id}/source")).try_send().expect("the sink answers").text
    };
    let arrives = |address: &str, n: usize| {
        within(SOON, &format!("{n} mails to {address}"), || {
            thread::sleep(Duration::from_millis(300));
            (mails(address).len() >= n).then(|| mails(address))
        })
    };

    // It has arrived: at once, with the reference.
    let logged = firm.log(with_email("zoe@example.com"));
    let path = format!("/v1/complaints/{}", logged.id());
    let reference = logged.text_of("reference").to_owned();
    let first = arrives("zoe@example.com", 1).remove(0);
    assert!(first["subject"].as_str().is_some_and(|subject| subject.contains(&reference)), "{first}");
    assert!(first["text"].as_str().is_some_and(|text| text.contains("Zoë Winter") && text.contains(&reference)));
    assert!(!source(&first).contains("List-Unsubscribe"), "the law requires it");
    let row = becomes(&stack, &firm.api, &path, ("received", "received"), "sent");
    assert_eq!((&row["attempts"][0]["code"], &row["audience"]), (&json!(250), &json!("complainant")));
    assert!(!row.to_string().contains("zoe@example.com"), "no address is kept with it");

    // What happens is told, and can be declined.
    firm.give(&path, "acknowledge", json!({})).expect(200);
    let mails_now = arrives("zoe@example.com", 2);
    let progress =
        mails_now.iter().map(source).find(|text| text.contains("List-Unsubscribe")).expect("it has the header");
    assert!(progress.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{progress}");
    let link =
        progress.split("List-Unsubscribe:").nth(1).and_then(|rest| rest.split(['<', '>']).nth(1)).expect("a link");
    let link = link.replace(['\r', '\n', '\t', ' '], "").replace("https://redress.example", "");
    let anybody = Client::new(stack.base_url(), None);
    let page = anybody.get(&link).expect(200);
    assert!(
        page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) && page.text.contains("<form")
    );
    assert_eq!(firm.api.get(&format!("{path}/opt-out")).expect(200).body["opted_out"], false, "a look does nothing");
    let one_click = b"List-Unsubscribe=One-Click".to_vec();
    anybody.call("POST", &link).bytes("application/x-www-form-urlencoded", one_click).send().expect(200);
    assert_eq!(firm.api.get(&format!("{path}/opt-out")).expect(200).body["opted_out"], true);
    anybody.get("/opt-out/AAAA").problem(404, "not_found");

    firm.give(&path, "investigate", json!({})).expect(200);
    firm.give(&path, "request-information", json!({ "question": "Which statement?" })).expect(200);
    let row = becomes(&stack, &firm.api, &path, ("information_requested", "question"), "skipped");
    assert_eq!(row["reason"], "opted_out");
    send_letter(&firm, &path);
    becomes(&stack, &firm.api, &path, ("letter_sent", "letter"), "sent");
    let letter = arrives("zoe@example.com", 3).into_iter().find(|mail| mail["html"].is_string()).expect("a page");
    assert!(letter["html"].as_str().is_some_and(|html| html.contains("We are on it, truly.")));
    assert!(letter["text"].as_str().is_some_and(|text| text.contains("We are on it, truly.")));
    assert_eq!(letter["attachments"].as_array().map(Vec::len), Some(1), "the PDF: {letter}");

    // Staff may take it back.
    let set = |opted_out: bool| {
        firm.api.call("PUT", &format!("{path}/opt-out")).json(&json!({ "opted_out": opted_out })).send().expect(200)
    };
    assert_eq!(set(false).body["opted_out"], false);
    firm.give(&path, "withdraw", json!({ "reason": "They asked for it." })).expect(200);
    becomes(&stack, &firm.api, &path, ("withdrawn", "progress"), "sent");

    // Whoever has no address gets nothing, and it is written down.
    let silent = firm.logged();
    assert_eq!(becomes(&stack, &firm.api, &silent, ("received", "received"), "skipped")["reason"], "no_address");

    // The firm's own rules.
    let lead = firm.key(&["complaints:read", "complaints:lead"]);
    let rules = lead.get("/v1/notifications/rules").expect(200);
    assert_eq!(rules.header("etag"), Some("\"v0\""));
    let own = json!({
        "rules": [
            { "id": "team", "events": ["received"], "audience": "address", "address": "team@example.com", "channel": "email", "text": "ours" },
            { "id": "screen", "events": ["received"], "audience": "assignee", "channel": "console", "text": "staff" },
        ],
        "texts": [{ "id": "ours", "language": "en", "subject": "New: {{ complaint.reference }}", "text": "{{ event }} at {{ firm.name }}" }],
    });
    let put =
        |version: u64, body: &Value| lead.call("PUT", "/v1/notifications/rules").if_match(version).json(body).send();
    assert_eq!(put(0, &own).expect(200).header("etag"), Some("\"v1\""));
    put(0, &own).problem(412, "precondition_failed");
    let mut wrong = own;
    wrong["rules"][0]["text"] = json!("nothing");
    assert_eq!(put(1, &wrong).problem(422, "invalid").pointers(), ["/rules/0/text"]);
    let other = firm.log(with_email("zoe@example.com"));
    let other_path = format!("/v1/complaints/{}", other.id());
    let team = arrives("team@example.com", 1).remove(0);
    assert_eq!(team["subject"], json!(format!("New: {}", other.text_of("reference"))));
    assert_eq!(team["text"].as_str().map(str::trim), Some("received at Northwind Bank"));
    becomes(&stack, &firm.api, &other_path, ("received", "screen"), "delivered");
    assert_eq!(told(&firm.api, &other_path).len(), 2, "the complainant is told by no rule any more");

    // The list goes on, and is nobody else's.
    let page = firm.api.get("/v1/notifications?limit=2").expect(200);
    let next = page.text_of("next").to_owned();
    let rest = firm.api.get(&format!("/v1/notifications?limit=200&after={next}")).expect(200);
    let ids: BTreeSet<String> = page.data().iter().chain(rest.data()).map(|one| one["id"].to_string()).collect();
    assert!(ids.len() >= 7 && ids.len() == page.data().len() + rest.data().len(), "{ids:?}");
    let sent = firm.api.get("/v1/notifications?status=sent").expect(200);
    assert!(sent.data().len() >= 4 && sent.data().iter().all(|one| one["status"] == "sent"));
    firm.api.get("/v1/notifications?status=lost").problem(400, "invalid_parameter");
    let stranger = Firm::on(&operator(&stack), json!({}));
    assert_eq!(stranger.api.get("/v1/notifications").expect(200).data().len(), 0);
    let id = page.data()[0]["id"].as_str().expect("an id").to_owned();
    let strange = stranger.key(&["complaints:lead"]);
    strange.post(&format!("/v1/notifications/{id}/retry"), &json!({})).problem(404, "not_found");
    stranger.api.get(&format!("{path}/opt-out")).problem(404, "not_found");
}

#[test]
fn what_fails_for_now_comes_again_once_and_what_fails_for_good_is_given_up_until_somebody_says_otherwise() {
    let server = Server::new();
    let stack = Stack::start(options(&format!("smtp://{}", server.address))).expect("a stack starts");
    let firm = Firm::on(&operator(&stack), json!({}));
    let lead = firm.key(&["complaints:read", "complaints:lead"]);
    let logged = |address: &str| format!("/v1/complaints/{}", firm.log(with_email(address)).id());
    let received = ("received", "received");

    // Not now, a line that breaks, and then: one mail.
    server.answers(&[("DATA", "451 later"), ("DATA", "cut"), ("RCPT", "450 greylisted")]);
    let path = logged("later@example.com");
    let row = becomes(&stack, &firm.api, &path, received, "sent");
    let attempts: Vec<_> =
        row["attempts"].as_array().expect("a list").iter().map(|one| one["reason"].clone()).collect();
    assert_eq!(attempts, [json!("refused"), json!("unreachable"), json!("refused"), json!(null)]);
    let mails = server.to("later@example.com");
    assert_eq!(mails.len(), 1);
    let id = mails[0].header("Message-ID").expect("an id");
    assert!(id.ends_with(".1.received@redress.example>"), "{id}");

    // Nobody is there.
    server.answers(&[("RCPT", "550 no such user")]);
    let path = logged("nobody@example.com");
    let row = becomes(&stack, &firm.api, &path, received, "bounced");
    assert_eq!((&row["attempts"][0]["code"], &row["next_attempt_at"]), (&json!(550), &json!(null)));

    // It is not wanted; then somebody says that it is.
    server.answers(&[("DATA", "554 spam")]);
    let path = logged("failed@example.com");
    let row = becomes(&stack, &firm.api, &path, received, "failed");
    assert_eq!(row["reason"], "refused");
    let failed = firm.api.get("/v1/notifications?status=failed").expect(200);
    assert_eq!(failed.data().iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&row["id"]]);
    let retry = format!("/v1/notifications/{}/retry", row["id"].as_str().expect("an id"));
    let key = unused();
    let again = || lead.call("POST", &retry).idempotency_key(&key).json(&json!({})).send().expect(200);
    assert_eq!(again().body["status"], "queued");
    becomes(&stack, &firm.api, &path, received, "sent");
    assert_eq!(again().body["status"], "sent", "the same request once more does nothing");
    assert_eq!(server.to("failed@example.com").len(), 1);
    firm.api.post(&retry, &json!({})).problem(403, "forbidden");

    // While it is switched off nothing is sent; it waits.
    let operator = operator(&stack);
    let set = |parts: Value| operator.call("PUT", "/v1/flags").json(&json!({ "parts": parts })).send().expect(200);
    set(json!({ "notifications": { "share": 0 } }));
    // Isolates trust switches for ten seconds.
    within(SOON, "it is off", || {
        thread::sleep(Duration::from_secs(1));
        (lead.get("/v1/notifications").status == 503).then_some(())
    });
    set(json!({}));
}

/// By providers' HTTP APIs: the same mail as JSON, and a text message.
#[test]
fn providers_are_asked_once_for_each_message_and_again_if_they_cannot_now() {
    let (mail, sms) = (Receiver::new(&["429 Too Many Requests"]), Receiver::new(&[]));
    let stack = Stack::start(options(mail.url()).var("SMS", sms.url())).expect("a stack starts");
    let firm = Firm::on(&operator(&stack), json!({}));
    let lead = firm.key(&["complaints:read", "complaints:lead"]);
    let own = json!({ "rules": [
        { "id": "mail", "events": ["received"], "audience": "complainant", "channel": "email", "text": "received" },
        { "id": "sms", "events": ["received"], "audience": "complainant", "channel": "sms", "text": "sms" },
    ] });
    lead.call("PUT", "/v1/notifications/rules").if_match(0).json(&own).send().expect(200);
    let contacts = json!([
        { "kind": "phone", "value": "+44 7700 900-123" }, { "kind": "email", "value": "zoe@example.com" }
    ]);
    let logged = firm.log(json!({ "complainant": { "name": "Zoë Winter", "contacts": contacts } }));
    let path = format!("/v1/complaints/{}", logged.id());
    let row = becomes(&stack, &firm.api, &path, ("received", "mail"), "sent");
    assert_eq!((&row["attempts"][0]["code"], &row["attempts"][1]["code"]), (&json!(429), &json!(204)));
    let asked = mail.taken();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].header("idempotency-key"), asked[1].header("idempotency-key"));
    let sent = asked[1].json();
    assert_eq!(
        (&sent["to"], &sent["from"]),
        (&json!(["zoe@example.com"]), &json!(format!("\"Northwind Bank\" <{FROM}>")))
    );
    becomes(&stack, &firm.api, &path, ("received", "sms"), "sent");
    let sent = sms.taken().remove(0).json();
    assert_eq!(sent["to"], "+447700900123");
    assert!(sent["text"].as_str().is_some_and(|text| text.contains(logged.text_of("reference"))));
}

/// What a provider, or the last server, says of a mail long after it was taken over.
#[test]
fn what_becomes_of_a_mail_is_noted_and_an_answer_finds_the_complaint() {
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let mail = Receiver::new(&[]);
    let stack = Stack::start(options(mail.url()).var("MAIL_EVENTS_SECRET", SECRET)).expect("a stack starts");
    let firm = Firm::on(&operator(&stack), json!({}));
    let sent = |address: &str| {
        let path = format!("/v1/complaints/{}", firm.log(with_email(address)).id());
        becomes(&stack, &firm.api, &path, ("received", "received"), "sent");
        let asked = mail.taken().into_iter().map(|asked| asked.json()).find(|asked| asked["to"] == json!([address]));
        (path, asked.expect("the provider was asked"))
    };
    let anybody = Client::new(stack.base_url(), None);
    let tell = |body: &Value, secret: &str, prefix: &str| {
        let (id, text, at) = ("msg_1", body.to_string(), now().unix_seconds());
        let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{id}.{at}.{text}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let headers = [("id", id), ("timestamp", &at.to_string()), ("signature", &signature)];
        let call = headers.iter().fold(anybody.call("POST", "/mail-events"), |call, (name, value)| {
            call.header(&format!("{prefix}-{name}"), value)
        });
        call.bytes("application/json", text.into_bytes()).send()
    };
    let event = |kind: &str, tags: &Value| json!({ "type": kind, "data": { "email_id": "1", "tags": tags } });
    let status = |path: &str| told(&firm.api, path)[&("received".into(), "received".into())]["status"].clone();

    let (path, asked) = sent("delivered@example.com");
    let delivered = event("email.delivered", &asked["tags"]);
    tell(&delivered, "whsec_AAAA", "svix").problem(401, "unauthenticated");
    assert_eq!(status(&path), "sent");
    tell(&delivered, SECRET, "svix").expect(204);
    assert_eq!(status(&path), "delivered");
    tell(&event("email.bounced", &asked["tags"]), SECRET, "webhook").expect(204);
    assert_eq!(status(&path), "bounced");
    tell(&delivered, SECRET, "webhook").expect(204);
    assert_eq!(status(&path), "bounced", "what has bounced stays so");
    tell(&event("email.opened", &asked["tags"]), SECRET, "webhook").expect(204);
    tell(&event("email.complained", &asked["tags"]), SECRET, "webhook").expect(204);
    assert_eq!(firm.api.get(&format!("{path}/opt-out")).expect(200).body["opted_out"], true);
    let forged =
        json!([{ "name": "redress_tenant", "value": firm.id }, { "name": "redress_message", "value": "a-1-received" }]);
    tell(&event("email.bounced", &forged), SECRET, "webhook").expect(204);

    // The last server's own report, and then an answer, by the address that the mail had for it.
    let (path, asked) = sent("report@example.com");
    let to = asked["reply_to"].as_str().expect("an address").to_owned();
    let id = asked["headers"]["Message-ID"].as_str().expect("an id").to_owned();
    let report = [
        "From: MAILER-DAEMON@mx.example.com",
        "Subject: Undelivered",
        "Message-ID: <report@mx.example.com>",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
        "",
        "--x",
        "Content-Type: text/plain",
        "",
        "Sorry.",
        "--x",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example.com",
        "",
        "Final-Recipient: rfc822; report@example.com",
        "Action: failed",
        "Status: 5.1.1",
        "--x",
        "Content-Type: text/rfc822-headers",
        "",
        &format!("Message-ID: {id}"),
        "--x--",
        "",
    ];
    assert_eq!(
        stack.mail("mailer-daemon@mx.example.com", &to, report.join("\r\n").as_bytes()).expect("the cell answers"),
        None
    );
    becomes(&stack, &firm.api, &path, ("received", "received"), "bounced");
    let answer = format!(
        "From: report@example.com\r\nSubject: Re\r\nMessage-ID: <answer@example.com>\r\nIn-Reply-To: {id}\r\n\r\nIt is urgent.\r\n"
    );
    let mailbox = format!("{}@mail.redress.test", firm.slug);
    assert_eq!(stack.mail("report@example.com", &mailbox, answer.as_bytes()).expect("the cell answers"), None);
    ticking(IN_THE_END, &stack, "the answer is on file", || {
        let events = firm.api.get(&format!("{path}/events")).expect(200);
        events.data().iter().any(|event| event["type"] == "contact_recorded").then_some(())
    });
}

/// A time of day in UTC that begins in two or three minutes.
fn shortly() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    let minute = now / 60 + 3;
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

#[test]
fn what_waits_for_a_digest_comes_in_one_mail_at_its_time_and_all_of_it_comes_again() {
    let server = Server::new();
    let stack = Stack::start(options(&format!("smtp://{}", server.address))).expect("a stack starts");
    let firm = Firm::on(&operator(&stack), json!({}));
    let lead = firm.key(&["complaints:read", "complaints:lead"]);
    let rules = |audience: &str, time: &str| {
        json!({ "rules": [{
            "id": "team", "events": ["received", "acknowledged", "investigation_started"], "audience": audience,
            "address": (audience == "address").then_some("team@example.com"), "channel": "email", "text": "digest",
            "digest": { "times": [time], "zone": "UTC" },
        }] })
    };
    let put = |body: &Value| lead.call("PUT", "/v1/notifications/rules").if_match(0).json(body).send();
    assert_eq!(put(&rules("complainant", "09:00")).problem(422, "invalid").pointers(), ["/rules/0/digest"]);
    put(&rules("address", &shortly())).expect(200);

    // What the law requires waits for no digest.
    let (one, other) = (firm.log(with_email("zoe@example.com")), firm.log(with_email("ada@example.com")));
    let [path, other_path] = [&one, &other].map(|logged| format!("/v1/complaints/{}", logged.id()));
    firm.give(&path, "acknowledge", json!({})).expect(200);
    firm.give(&path, "investigate", json!({})).expect(200);
    firm.give(&other_path, "acknowledge", json!({})).expect(200);
    becomes(&stack, &firm.api, &path, ("received", "team"), "sent");
    becomes(&stack, &firm.api, &other_path, ("received", "team"), "sent");

    // The rest waits for the same time.
    let waiting = [(&path, "acknowledged"), (&path, "investigation_started"), (&other_path, "acknowledged")];
    let rows = waiting.map(|(path, event)| becomes(&stack, &firm.api, path, (event, "team"), "queued"));
    let time = rows[0]["next_attempt_at"].as_str().map(str::to_owned);
    assert!(rows.iter().all(|row| row["next_attempt_at"].as_str() == time.as_deref()), "{rows:?}");
    assert!(time.is_some() && rows.iter().all(|row| row["reason"] == "digest"), "{rows:?}");
    stack.tick().expect("cron runs");
    let at_once = server.to("team@example.com");
    assert_eq!(at_once.len(), 2);
    assert!(at_once.iter().all(|mail| mail.header("Subject") == Some("1 change to complaints")), "{at_once:?}");

    // The server does not take it at first.
    server.answers(&[("DATA", "451 later")]);
    let rows = ticking(IN_THE_END + SOON, &stack, "the digest is sent", || {
        thread::sleep(Duration::from_millis(300));
        let row =
            |(path, event): &(&String, &str)| told(&firm.api, path).remove(&((*event).to_owned(), "team".to_owned()));
        let rows: Vec<Value> = waiting.iter().filter_map(row).collect();
        rows.iter().all(|row| row["status"] == "sent").then_some(rows)
    });
    for row in &rows {
        let attempts: Vec<&Value> =
            row["attempts"].as_array().expect("a list").iter().map(|one| &one["code"]).collect();
        assert_eq!(attempts, [&json!(451), &json!(250)], "{row}");
        assert!(row["attempts"][0]["at"].as_str() >= time.as_deref(), "not before its time: {row}");
    }
    let digests = server.to("team@example.com").split_off(2);
    assert_eq!(digests.len(), 1, "{digests:?}");
    let mail = &digests[0];
    assert_eq!(mail.header("Subject"), Some("3 changes to complaints"));
    let first = format!("{}\r\n- acknowledged\r\n- investigation started\r\n", one.text_of("reference"));
    let second = format!("{}\r\n- acknowledged\r\n", other.text_of("reference"));
    assert!(mail.text.contains(&first) && mail.text.contains(&second), "{}", mail.text);
}

#[test]
fn whatever_dies_between_everybody_is_told_by_one_mail_however_often_it_comes() {
    let server = Server::new();
    let mut stack = Stack::start(options(&format!("smtp://{}", server.address))).expect("a stack starts");
    let firm = Firm::on(&operator(&stack), json!({}));
    let mut expected = BTreeSet::new();
    for round in 0..3_u64 {
        let api = firm.api.at(stack.base_url());
        for nth in 0..4 {
            let address = format!("someone-{round}-{nth}@example.com");
            api.post("/v1/complaints", &complaint(with_email(&address))).expect(201);
            expected.insert(address);
        }
        thread::sleep(Duration::from_millis(900 * round));
        stack.kill();
        stack.restart().expect("the stack starts again on what reached the disk");
    }
    let api = firm.api.at(stack.base_url());
    let sent = || {
        thread::sleep(Duration::from_millis(500));
        let rows = api.get("/v1/notifications?limit=200").expect(200);
        (rows.data().len(), rows.data().iter().all(|row| row["status"] == "sent"))
    };
    ticking(IN_THE_END, &stack, "all are told", || (sent() == (expected.len(), true)).then_some(()));
    let taken = server.taken();
    let addresses: BTreeSet<String> = taken.iter().map(|mail| mail.to.clone()).collect();
    assert_eq!(addresses, expected);
    let ids: BTreeSet<(&str, &str)> =
        taken.iter().map(|mail| (mail.to.as_str(), mail.header("Message-ID").expect("an id"))).collect();
    assert_eq!(ids.len(), expected.len(), "each is one mail, however often it was sent");
}
