//! What people do in a real browser: `tests/browser/`.

use crate::{firm::Firm, own_stack::operator};
use serde_json::json;
use xtask::{
    browser,
    checkout::root,
    mail_sink::MailSink,
    process,
    stack::{Options, Stack},
};

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
