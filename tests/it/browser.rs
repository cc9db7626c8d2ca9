//! What people do in a real browser: `tests/browser/`.

use crate::{firm::Firm, own_stack::operator};
use serde_json::{Value, json};
use xtask::{
    browser,
    checkout::root,
    mail_sink::MailSink,
    process,
    stack::{Options, Stack},
};

/// Real complaints about banks.
const REAL: &str = include_str!("../fixtures/complaints/bank.ndjson");

#[test]
fn a_consumer_complains_comes_back_and_follows_it_with_scripts_and_without() {
    if !browser::is_there() {
        return;
    }
    let options = Options::temporary().var("MAIL_FROM", "complaints@redress.example");
    let sink = MailSink::start(&options.state.join("mail")).expect("the sink starts");
    let options = options.var("MAIL", &sink.mail()).var("PUBLIC_URL", "https://redress.example");
    let stack = Stack::start(options).expect("a stack starts");
    let portal = json!({
        "open": true, "legal": "Northwind Bank plc is authorised and regulated.", "phone": "+44 20 7946 0000",
        "colour": "#1d4f91", "ombudsman": { "name": "Financial Ombudsman Service", "site": "https://ombudsman.example" },
    });
    let firm = Firm::on(&operator(&stack), json!({ "portal": portal }));
    let mut journey = browser::script("portal.mjs");
    journey.env("BASE_URL", stack.base_url()).env("MAIL_URL", sink.url()).env("FIRM", &firm.slug);
    journey.env("PICTURES", root().join("target/pictures/portal"));
    process::run(&mut journey).expect("nothing is wrong on the way");
}

#[test]
fn agents_meet_on_a_case_write_a_letter_and_change_many_in_the_console() {
    if !browser::is_there() {
        return;
    }
    let options = Options::temporary().var("MAIL_FROM", "complaints@redress.example");
    let sink = MailSink::start(&options.state.join("mail")).expect("the sink starts");
    let stack = Stack::start(options.var("MAIL", &sink.mail())).expect("a stack starts");
    // What tells the complainant of the ombudsman is looked at by a second person.
    let letters = json!({ "approve": ["fca_eight_week_letter"] });
    let fields = json!([{ "name": "office", "label": "Office", "type": "text" }]);
    let more = json!({ "letters": letters, "custom_fields": fields, "portal": { "open": true } });
    let firm = Firm::on(&operator(&stack), more);
    let admin = firm.key(&["staff:manage"]);
    for (name, roles, clearances) in [
        ("Anna", json!(["lead", "compliance"]), json!(["vip"])),
        ("Ben", json!(["agent"]), json!([])),
        ("Carla", json!(["admin"]), json!([])),
    ] {
        let email = format!("{}@northwind.example.com", name.to_lowercase());
        let person = json!({
            "display_name": format!("{name} Winter"), "email": email, "roles": roles, "clearances": clearances
        });
        admin.post("/v1/people", &person).expect(201);
    }
    let logged: Vec<String> = REAL
        .lines()
        .take(40)
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|mut body| {
            // Received just now, under the firm's law, so that something is due.
            let members = body.as_object_mut().expect("an object");
            members.retain(|name, _| !["received_at", "jurisdiction"].contains(&name.as_str()));
            body
        })
        .map(|body| firm.api.post("/v1/complaints", &body).expect(201).id().to_owned())
        .collect();
    // From before the rules of June 2026.
    let before = firm.log(json!({
        "received_at": "2026-05-28T09:00:00Z", "custom": { "office": "Ledes" },
        "representative": {
            "name": "Kwame", "kind": "family", "contacts": [{ "kind": "phone", "value": "020 7946 0999" }]
        }
    }));
    for script in ["console.mjs", "case.mjs", "office.mjs"] {
        let mut work = browser::script(script);
        work.env("BASE_URL", stack.base_url()).env("MAIL_URL", sink.url()).env("FIRM", &firm.slug);
        work.env("STAFF_AT", "northwind.example.com").env("CASE", &logged[0]).env("OLD_CASE", before.id());
        work.env("PICTURES", root().join("target/pictures").join(script.trim_end_matches(".mjs")));
        process::run(&mut work).expect("nothing is wrong on the way");
    }
}
