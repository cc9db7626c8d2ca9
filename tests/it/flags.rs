//! Parts that are switched off: they say so, and nothing else notices.

use crate::{
    client::{Client, unused},
    eventually::within,
    firm::{Firm, complaint},
    own_stack::{operator, own_stack},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Switches are trusted for ten seconds.
const SOON: Duration = Duration::from_secs(20);

fn set(operator: &Client, parts: &Value) {
    let flags = json!({ "parts": parts });
    assert_eq!(
        operator.call("PUT", "/v1/flags").json(&flags).send().expect(200).body["parts"]
            .as_object()
            .map(|parts| parts.len()),
        flags["parts"].as_object().map(|parts| parts.len())
    );
}

#[test]
fn what_is_switched_off_says_so_and_intake_goes_on() {
    let (stack, _) = own_stack();
    let operator = operator(&stack);
    let [mine, other] = [(); 2].map(|()| Firm::on(&operator, json!({})));
    let search = |firm: &Firm| firm.api.get("/v1/complaints?q=refund").status;
    assert_eq!([&mine, &other].map(search), [200, 200]);

    set(&operator, &json!({ "search": { "off_for": [mine.id] }, "letters": { "share": 0, "on_for": [other.id] } }));
    within(SOON, "it is off", || (search(&mine) == 503).then_some(()));
    let refused = mine.api.get("/v1/complaints?q=refund").problem(503, "unavailable");
    assert!(refused.text.contains("`search` is switched off") && refused.header("retry-after").is_some());
    assert_eq!(search(&other), 200);
    within(SOON, "letters too", || (mine.api.get("/v1/letters/kinds").status == 503).then_some(()));
    other.api.get("/v1/letters/kinds").expect(200);
    let logged = mine.api.call("POST", "/v1/complaints").idempotency_key(&unused()).json(&complaint(json!({}))).send();
    let path = format!("/v1/complaints/{}", logged.expect(201).id());
    mine.give(&path, "acknowledge", json!({})).expect(200);
    mine.api.get("/v1/complaints?state=acknowledged").expect(200);
    assert_eq!(operator.get("/v1/flags").expect(200).body["parts"]["letters"]["share"], 0);

    for wrong in [json!({ "parts": { "intake": { "share": 0 } } }), json!({ "parts": { "search": { "share": 101 } } })]
    {
        operator.call("PUT", "/v1/flags").json(&wrong).send().problem(422, "invalid");
    }
    set(&operator, &json!({}));
    within(SOON, "it is on again", || (search(&mine) == 200).then_some(()));
}

/// A firm switches off for itself alone, and cannot switch on what the operator has off.
#[test]
fn what_a_firm_has_switched_off_says_so() {
    let (stack, _) = own_stack();
    let operator = operator(&stack);
    let [mine, other] = [(); 2].map(|()| Firm::on(&operator, json!({ "portal": { "open": true } })));
    let search = |firm: &Firm| firm.api.get("/v1/complaints?q=refund").status;
    let browser = Client::new(stack.base_url(), None);
    // Pages are not in the description.
    let page = |firm: &Firm, path: &str| {
        browser.call("GET", &format!("/{}/{path}", firm.slug)).try_send().expect("the stack answers")
    };
    assert_eq!(page(&mine, "").status, 200);

    let path = format!("/v1/tenants/{}", mine.id);
    let switch =
        |version: u64, off: Value| operator.call("PATCH", &path).if_match(version).json(&json!({ "off": off })).send();
    assert_eq!(switch(1, json!(["search", "portal"])).expect(200).body["off"], json!(["search", "portal"]));
    within(SOON, "it is off", || (search(&mine) == 503).then_some(()));
    let refused = mine.api.get("/v1/complaints?q=refund").problem(503, "unavailable");
    assert!(refused.text.contains("by the firm itself"), "{}", refused.text);
    within(SOON, "the portal is closed", || (page(&mine, "").status == 503).then_some(()));
    assert!(page(&mine, "complain/what").text.contains("closed for now"));
    assert_eq!(page(&mine, "brand.css").status, 200);
    assert_eq!((search(&other), page(&other, "").status), (200, 200));
    mine.logged();

    for wrong in [json!(["intake"]), json!(vec!["search"; 17])] {
        switch(2, wrong).problem(422, "invalid");
    }
    set(&operator, &json!({ "portal": { "off_for": [other.id] } }));
    within(SOON, "the operator has closed another", || (page(&other, "").status == 503).then_some(()));
    switch(2, json!([])).expect(200);
    within(SOON, "it is on again", || (search(&mine) == 200 && page(&mine, "").status == 200).then_some(()));
}
