//! Letters over HTTP: refused while something is missing, approved by a second person, sealed when they are sent.

use crate::{
    client::{Answer, Client},
    clocks::{DAY, clocks, now},
    delivery::{SOON, expected, recorded},
    eventually::equals,
    firm::{Firm, command_body},
    keys::IN_FORCE,
};
use serde_json::{Value, json};
use shared::{chain::Digest, time::Timestamp};

fn newest_letter(answer: &Answer) -> Value {
    answer.body["letters"].as_array().and_then(|letters| letters.last()).expect("a letter").clone()
}

fn draft(firm: &Firm, path: &str, body: Value) -> Answer {
    firm.give(path, "letters", body)
}

/// The letter that was drafted last, as a path.
fn drafted(firm: &Firm, path: &str, body: Value) -> String {
    let letter = newest_letter(&draft(firm, path, body).expect(200));
    format!("letters/{}", letter["id"].as_str().expect("an id"))
}

fn give(api: &Client, path: &str, command: &str, body: &Value) -> Answer {
    let version = api.get(path).expect(200).version();
    api.post_on(version, &format!("{path}/{command}"), body)
}

#[test]
fn a_final_response_is_drafted_checked_sent_and_sealed() {
    let firm = Firm::new();
    let received = now().plus_millis(-3 * DAY);
    let logged = firm.log(json!({ "received_at": received.to_string(),
        "complainant": { "name": "Zoë <b>Winter</b>", "format": "large_print" } }));
    let path = format!("/v1/complaints/{}", logged.id());
    let kinds = firm.api.get("/v1/letters/kinds").expect(200);
    let kind = kinds.data().iter().find(|kind| kind["id"] == "fca_final_response").expect("it is shipped");
    assert!(kind["elements"].as_array().expect("elements").len() >= 6);

    let body = json!({ "kind": "fca_final_response" });
    assert_eq!(
        draft(&firm, &path, body.clone()).problem(422, "invalid").pointers(),
        ["/kind"],
        "there is no response yet"
    );
    for command in ["acknowledge", "investigate"] {
        firm.give(&path, command, json!({})).expect(200);
    }
    let answer = json!({ "outcome": "upheld", "summary": "The kerfuffle was ours.", "redress": [{ "kind": "refund", "minor": 1250, "currency": "GBP" }] });
    firm.give(&path, "propose-response", answer).expect(200);

    let seen = firm.api.post(&format!("{path}/letters/preview"), &body).expect(200);
    assert_eq!((&seen.body["missing"], &seen.body["needs_approval"]), (&json!([]), &json!(false)));
    assert!(seen.text_of("html").contains("Refund: GBP 12.50"));
    assert!(seen.text_of("html").contains("Zoë &lt;b&gt;Winter&lt;/b&gt;"), "a name is text");
    assert!(seen.text_of("html").contains("font:18pt"), "in large print, as was wished");
    assert_eq!(firm.api.get(&path).expect(200).body.get("letters"), None, "nothing was written");

    // A firm's own template that leaves out what the law wants can be drafted, and goes nowhere.
    let mut own = kind["template"].clone();
    own["id"] = json!("ours");
    own["blocks"]
        .as_array_mut()
        .expect("blocks")
        .retain(|block| block["element"] != "six_months" && block["element"] != "website");
    let letter = drafted(&firm, &path, json!({ "kind": "fca_final_response", "template": own }));
    let read = firm.api.get(&format!("{path}/{letter}")).expect(200);
    let missing: Vec<_> =
        read.body["missing"].as_array().expect("a list").iter().map(|one| one["element"].clone()).collect();
    assert_eq!(missing, ["six_months", "website"]);
    let refused = firm.give(&path, &format!("{letter}/send"), json!({})).problem(422, "invalid");
    assert_eq!(refused.pointers(), ["/elements/six_months", "/elements/website"]);
    assert!(refused.text.contains("DISP 2.8.2R"), "by which rule: {}", refused.text);
    assert_eq!(firm.api.get(&path).expect(200).body["state"], "response_proposed");

    // Drafted anew as it should be, it is the same letter, and is sent.
    let id = letter.split('/').next_back().expect("an id").to_owned();
    let again = draft(&firm, &path, json!({ "kind": "fca_final_response", "letter": id })).expect(200);
    assert_eq!(again.body["letters"].as_array().expect("letters").len(), 1);
    // Half an hour after midnight in Greenwich: in Pago Pago it was the day before.
    let sent_at = Timestamp::from_unix_millis((now().unix_millis() / DAY - 1) * DAY + DAY / 48);
    let sent = firm.give(&path, &format!("{letter}/send"), json!({ "sent_at": sent_at.to_string() })).expect(200);
    let known = newest_letter(&sent);
    assert_eq!((&sent.body["state"], &known["state"]), (&json!("resolved"), &json!("sent")));
    assert_eq!(sent.body["resolution"]["summary"], "The kerfuffle was ours.");
    let clock = &clocks(&firm, &path, "")["final_response"];
    assert_eq!((&clock["state"], &clock["letter"]), (&json!("met"), &json!(id)));
    assert_eq!(clock["met_at"], json!(sent_at.to_string()));

    // What was sent is there as it was, and its hash is in the chain.
    let page = firm.api.get(&format!("{path}/{letter}/html")).expect(200);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    assert_eq!(known["html"], json!(Digest::of(page.text.as_bytes()).to_string()));
    assert_eq!(firm.api.get(&format!("{path}/verify")).expect(200).body["valid"], true);
    // Also when the firm acts somewhere else by now, where it was another day.
    for zone in ["Pacific/Pago_Pago", "Europe/London"] {
        let tenant = format!("/v1/tenants/{}", firm.id);
        let place = json!({ "jurisdiction": "england_and_wales", "zone": zone });
        let body = json!({ "clocks": { "choices": { "places": [place] } } });
        let version = firm.operator.get(&tenant).expect(200).version();
        firm.operator.call("PATCH", &tenant).if_match(version).json(&body).send().expect(200);
        std::thread::sleep(IN_FORCE);
        assert_eq!(firm.api.get(&format!("{path}/{letter}/html")).expect(200).text, page.text, "{zone}");
    }
    // And so it is on paper.
    let paper = firm.api.get(&format!("{path}/{letter}/pdf")).expect(200);
    assert!(paper.bytes.starts_with(b"%PDF-") && paper.header("content-type") == Some("application/pdf"));
    assert_eq!(known["pdf"], json!(Digest::of(&paper.bytes).to_string()));
    let events = firm.api.get(&format!("{path}/events?limit=500")).expect(200);
    equals(SOON, expected(events.data()), || {
        recorded(firm.api.get(&format!("{path}/deliveries?limit=500")).expect(200).data())
    });
    for (command, body) in
        [("letters", json!({ "kind": "fca_final_response", "letter": id })), (&*format!("{letter}/send"), json!({}))]
    {
        firm.give(&path, command, body).problem(422, "invalid");
    }
    let found = firm.api.get("/v1/complaints?q=%22considered+by+the+ombudsman%22+OR+kerfuffle").expect(200);
    assert_eq!(found.data().len(), 1);
    // It moves along with its complaint.
    let export = firm.api.get(&format!("{path}/case-file")).expect(200);
    assert!(export.text.contains("letter_sent"));
}

/// The template that comes with a kind, with other words in the first block: the body that saves it.
fn with_greeting(kind: &Value, greeting: &str) -> Value {
    let mut blocks = kind["template"]["blocks"].clone();
    blocks[0]["text"] = json!(greeting);
    json!({ "subject": kind["template"]["subject"], "blocks": blocks })
}

#[test]
fn a_firms_templates_are_versions_by_language_and_brand() {
    let fields = json!([{ "name": "brand", "label": "Brand", "type": "text", "required": false }]);
    let brands = json!([{ "id": "premier", "name": "Northwind Premier" }]);
    let letters = json!({ "brands": brands, "brand_field": "brand" });
    let (firm, stranger) = (Firm::with(json!({ "custom_fields": fields, "letters": letters })), Firm::new());
    let lead = firm.key(&["complaints:read", "complaints:write", "complaints:lead"]);
    let kinds = firm.api.get("/v1/letters/kinds").expect(200);
    let kind = kinds.data().iter().find(|kind| kind["id"] == "fca_acknowledgement").expect("it is shipped").clone();
    let path = |language: &str, brand: &str| format!("/v1/letters/templates/fca_acknowledgement/{language}/{brand}");
    let save = |path: &str, version: Option<u64>, greeting: &str| {
        let call = lead.call("PUT", path).json(&with_greeting(&kind, greeting));
        version.into_iter().fold(call, |call, version| call.if_match(version)).send()
    };
    let greeting = |log: Value, asked: Value| {
        let complaint = format!("/v1/complaints/{}", firm.log(log).id());
        let mut body = json!({ "kind": "fca_acknowledgement" });
        body.as_object_mut().expect("members").extend(asked.as_object().expect("members").clone());
        let seen = firm.api.post(&format!("{complaint}/letters/preview"), &body).expect(200).body;
        let document = &seen["document"];
        (
            document["blocks"][0]["text"].as_str().expect("text").to_owned(),
            document["from"].as_str().expect("text").to_owned(),
        )
    };
    let welsh = json!({ "complainant": { "name": "Nia", "language": "cy-GB" } });
    let premier = json!({ "complainant": { "name": "Nia" }, "custom": { "brand": "premier" } });
    let firms_name = greeting(json!({}), json!({})).1;
    assert!(greeting(welsh.clone(), json!({})).0.starts_with("Dear "), "what comes with Redress");

    let english = path("en-GB", "firm");
    let first = save(&english, None, "Hello,").expect(200);
    assert_eq!((first.version(), &first.body["brand"], &first.body["retired"]), (1, &json!("firm"), &json!(false)));
    assert_eq!(save(&english, None, "Hello,").expect(200).version(), 1, "nothing new");
    save(&english, None, "Hi,").problem(428, "precondition_required");
    save(&english, Some(7), "Hi,").problem(412, "precondition_failed");
    assert_eq!(save(&english, Some(1), "Hi,").expect(200).version(), 2);
    assert_eq!(firm.api.get(&format!("{english}?version=1")).expect(200).body, first.body);
    save(&path("cy", "firm"), None, "Helo,").expect(200);
    save(&path("en-GB", "premier"), None, "Good day,").expect(200);
    assert_eq!(greeting(json!({}), json!({})).0, "Hi,");
    assert_eq!(greeting(welsh, json!({})).0, "Helo,");
    assert_eq!(greeting(premier.clone(), json!({})), ("Good day,".to_owned(), "Northwind Premier".to_owned()));
    assert_eq!(greeting(premier, json!({ "brand": "firm" })), ("Hi,".to_owned(), firms_name));
    assert_eq!(
        greeting(json!({}), json!({ "brand": "premier", "language": "cy" })).0,
        "Helo,",
        "the language matters more"
    );
    let listed = firm.api.get("/v1/letters/templates").expect(200);
    let lines: Vec<_> = listed
        .data()
        .iter()
        .map(|line| (line["language"].clone(), line["brand"].clone(), line["version"].clone()))
        .collect();
    let line = |language: &str, brand: &str, version: u32| (json!(language), json!(brand), json!(version));
    assert_eq!(lines, [line("cy", "firm", 1), line("en-GB", "firm", 2), line("en-GB", "premier", 1)]);

    // A letter says of which version it was made.
    let complaint = firm.logged();
    firm.give(&complaint, "letters", json!({ "kind": "fca_acknowledgement" })).expect(200);
    let events = firm.api.get(&format!("{complaint}/events")).expect(200);
    let drafted = events.data().iter().find(|event| event["type"] == "letter_drafted").expect("an event");
    assert_eq!((&drafted["data"]["template"], &drafted["data"]["template_version"]), (&json!("firm"), &json!("2")));

    lead.call("DELETE", &english).if_match(1).send().problem(412, "precondition_failed");
    lead.call("DELETE", &english).if_match(2).send().expect(204);
    firm.api.get(&english).problem(404, "not_found");
    assert_eq!(firm.api.get(&format!("{english}?version=3")).expect(200).body["retired"], true);
    assert!(greeting(json!({}), json!({})).0.starts_with("Dear "));
    assert_eq!(save(&english, None, "Hi again,").expect(200).version(), 4);

    // What cannot be one says why; another tenant has none of it.
    let refused =
        |body: Value| lead.call("PUT", &english).if_match(4).json(&body).send().problem(422, "invalid").pointers();
    assert_eq!(refused(json!({ "subject": "x", "blocks": [] })), ["/elements/receipt", "/elements/time_limits"]);
    assert_eq!(refused(with_greeting(&kind, "{% if %}")), ["/blocks/0/text"]);
    assert_eq!(save(&path("en-GB", "nobody"), None, "x").problem(422, "invalid").pointers(), [""]);
    save("/v1/letters/templates/nonsense/en-GB/firm", None, "x").problem(404, "not_found");
    save(&path("no language", "firm").replace(' ', "%20"), None, "x").problem(404, "not_found");
    firm.api.call("PUT", &english).json(&with_greeting(&kind, "x")).send().problem(403, "forbidden");
    assert_eq!(stranger.api.get("/v1/letters/templates").expect(200).data().len(), 0);
    stranger.api.get(&english).problem(404, "not_found");
    let tenant = format!("/v1/tenants/{}", firm.id);
    for (settings, pointer) in [
        (json!({ "brands": [{ "id": "firm", "name": "x" }] }), "/letters/brands/0/id"),
        (json!({ "brand_field": "nothing" }), "/letters/brand_field"),
    ] {
        let version = firm.operator.get(&tenant).expect(200).version();
        let call = firm.operator.call("PATCH", &tenant).if_match(version).json(&json!({ "letters": settings }));
        assert_eq!(call.send().problem(422, "invalid").pointers(), [pointer]);
    }
}

#[test]
fn what_is_worth_much_takes_a_second_person() {
    let firm = Firm::with(json!({ "letters": { "approve_above": [{ "minor": 10_000, "currency": "GBP" }] } }));
    let lead = firm.key(&["complaints:read", "complaints:write", "complaints:lead"]);
    let path = firm.logged();
    let response = json!({ "outcome": "upheld", "summary": "Paid at once.", "redress": [{ "kind": "compensation", "minor": 10_001, "currency": "GBP" }] });
    let body = json!({ "kind": "fca_summary_resolution", "response": response });
    assert_eq!(firm.api.post(&format!("{path}/letters/preview"), &body).expect(200).body["needs_approval"], true);
    let letter = drafted(&firm, &path, body.clone());
    firm.give(&path, &format!("{letter}/send"), json!({})).problem(422, "invalid");
    firm.give(&path, &format!("{letter}/approve"), json!({})).problem(403, "forbidden");
    let approved = give(&lead, &path, &format!("{letter}/approve"), &json!({})).expect(200);
    assert_eq!(newest_letter(&approved)["state"], "approved");
    assert_ne!(newest_letter(&approved)["approved_by"], newest_letter(&approved)["drafted_by"]);
    let sent = firm.give(&path, &format!("{letter}/send"), json!({})).expect(200);
    assert_eq!(sent.body["state"], "resolved");
    assert_eq!(clocks(&firm, &path, "")["summary_resolution"]["letter"], newest_letter(&sent)["id"]);

    // Not by whoever has drafted it.
    let other = firm.logged();
    let drafted = newest_letter(&give(&lead, &other, "letters", &body).expect(200));
    let approve = format!("letters/{}/approve", drafted["id"].as_str().expect("an id"));
    give(&lead, &other, &approve, &json!({})).problem(422, "invalid");
    let small = json!({ "kind": "fca_acknowledgement" });
    let letter = format!(
        "letters/{}",
        newest_letter(&give(&lead, &other, "letters", &small).expect(200))["id"].as_str().expect("an id")
    );
    let acknowledged = firm.give(&other, &format!("{letter}/send"), json!({})).expect(200);
    assert_eq!(acknowledged.body["state"], "acknowledged");
}

#[test]
fn what_cannot_be_printed_is_sent_without_a_pdf_and_says_so() {
    let firm = Firm::new();
    let logged = firm.log(json!({ "complainant": { "name": "山田 太郎" } }));
    let path = format!("/v1/complaints/{}", logged.id());
    let letter = drafted(&firm, &path, json!({ "kind": "update", "texts": { "update": "We are on it." } }));
    let refused = firm.api.get(&format!("{path}/{letter}/pdf")).problem(404, "not_found");
    assert!(refused.text.contains("U+5C71"), "which: {}", refused.text);
    let sent = firm.give(&path, &format!("{letter}/send"), json!({})).expect(200);
    assert_eq!(newest_letter(&sent).get("pdf"), None);
    firm.api.get(&format!("{path}/{letter}/pdf")).problem(404, "not_found");
    assert!(firm.api.get(&format!("{path}/{letter}/html")).expect(200).text.contains("山田"));
}

#[test]
fn what_cannot_be_a_letter_says_where_and_why() {
    let (firm, stranger) = (Firm::new(), Firm::new());
    let path = firm.logged();
    let template = |text: &str| json!({ "id": "own", "version": "1", "language": "en-GB", "subject": "x", "blocks": [{ "is": "paragraph", "text": text }] });
    let with = |text: &str| json!({ "kind": "update", "template": template(text) });
    for (body, pointers) in [
        (json!({ "kind": "nonsense" }), vec!["/kind"]),
        (json!({ "kind": "ofcom_adr_letter", "texts": { "why": "x", "scheme": "y" } }), vec!["/kind"]),
        (json!({ "kind": "update" }), vec!["/texts/update"]),
        (json!({ "kind": "fca_summary_resolution" }), vec!["/response"]),
        (
            json!({ "kind": "update", "texts": { "update": "x" }, "response": command_body("propose-response", "") }),
            vec!["/response"],
        ),
        (with("{{ complaint.head }}"), vec!["/template/blocks/0/text"]),
        (with("{% for a in [1,2,3"), vec!["/template/blocks/0/text"]),
        (with("{{ text.greeting }}"), vec!["/texts/greeting"]),
        (
            json!({ "kind": "update", "texts": { "update": "x" }, "letter": "018bcfe5-6800-7303-8303-030303030300", "more": 1 }),
            vec!["/more"],
        ),
    ] {
        let refused = draft(&firm, &path, body.clone()).problem(422, "invalid");
        assert_eq!(refused.pointers(), pointers, "{body}");
    }
    assert_eq!(firm.api.get(&path).expect(200).version(), 1);
    let letter = drafted(&firm, &path, json!({ "kind": "update", "texts": { "update": "We are on it." } }));
    for end in ["", "/html", "/pdf"] {
        firm.api.get(&format!("{path}/{letter}{end}")).expect(200);
        stranger.api.get(&format!("{path}/{letter}{end}")).problem(404, "not_found");
    }
    let future = json!({ "sent_at": now().plus_millis(DAY).to_string() });
    assert_eq!(firm.give(&path, &format!("{letter}/send"), future).problem(422, "invalid").pointers(), ["/sent_at"]);
    firm.give(&path, &format!("{letter}/send"), json!({})).expect(200);
    assert_eq!(firm.api.get(&path).expect(200).body["contacts"], 1, "an update is a contact");
}
