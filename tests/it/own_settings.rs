//! A firm looks after its own settings and keys: what its admins and its own systems may change, what is the operator's alone, and that
//! all of it is written down.

use crate::{
    client::{Answer, Client, unused},
    eventually::within,
    firm::Firm,
    identity::{Browser, Office},
    keys::IN_FORCE,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use std::time::Duration;
use xtask::secrets;

/// Who did what, the oldest first.
fn told(events: &Answer) -> Vec<(String, Value)> {
    let mut rows: Vec<_> = events.data().iter().collect();
    rows.sort_by_key(|row| row["nr"].as_u64());
    let numbers: Vec<_> = rows.iter().map(|row| row["nr"].as_u64().expect("a number")).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let by = |row: &Value| format!("{} {}", text(&row["actor"]["kind"]), text(&row["actor"]["id"]));
    rows.iter().map(|row| (by(row), row["event"].clone())).collect()
}

const OPERATOR: &str = "operator operator";

/// The same browser when whoever sits before it has proved so many minutes ago who they are: its token, signed anew as the cell does it.
fn proved_before(browser: &Browser, minutes: i64) -> Browser {
    let name = "__Host-redress-access";
    let mut hosts = browser.hosts.clone();
    let token = hosts.values_mut().find_map(|cookies| cookies.get_mut(name)).expect("a session");
    let (said, _) = token.rsplit_once('.').expect("a signature");
    let (header, claims) = said.split_once('.').expect("claims");
    let mut claims: Value = serde_json::from_slice(&BASE64URL.decode(claims).expect("base64url")).expect("JSON");
    let mut who: Vec<_> = claims["who"].as_str().expect("who").split(' ').map(str::to_owned).collect();
    let proved: i64 = who[6].parse().expect("seconds");
    who[6] = (proved - minutes * 60).to_string();
    claims["who"] = who.join(" ").into();
    let said = format!("{header}.{}", BASE64URL.encode(claims.to_string()));
    let file = std::fs::read_to_string(secrets::path()).expect("the secrets of local stacks");
    let seed = file.lines().find_map(|line| line.strip_prefix("API_KEY_SEED=")).expect("the seed of the suite's cell");
    let seed = BASE64URL.decode(seed.trim_matches('"')).expect("base64url");
    let key = SigningKey::from_bytes(&seed.try_into().expect("32 bytes"));
    *token = format!("{said}.{}", BASE64URL.encode(key.sign(said.as_bytes()).to_bytes()));
    Browser { hosts }
}

#[test]
fn an_admin_looks_after_the_firms_own_settings() {
    let office = Office::new();
    let firm = &office.firm;
    let sub = unused();
    let mut admin = office.signed_in(&sub, &["admins"]);
    let person = office.person(&format!("{sub}@northwind.example.com"))["id"].as_str().expect("an id").to_owned();
    let read = admin.get("/v1/tenant").expect(200);
    assert_eq!((read.text_of("id"), read.text_of("slug"), read.version()), (firm.id.as_str(), firm.slug.as_str(), 1));
    for operators in ["limits", "shards", "founded_with", "status", "former_cells", "ahead_by"] {
        assert!(read.body.get(operators).is_none(), "{operators}");
    }

    let csrf = admin.csrf();
    let patch = |version: Option<u64>, body: Value| admin.send("PATCH", "/v1/tenant", version, &csrf, &body);
    patch(None, json!({ "display_name": "Northwind Mutual" })).problem(428, "precondition_required");
    patch(Some(9), json!({ "display_name": "Northwind Mutual" })).problem(412, "precondition_failed");
    let limits = json!({ "windows": [], "quotas": [] });
    let operators =
        json!({ "slug": unused(), "plan": "sandbox", "limits": limits, "display_name": "Northwind Mutual" });
    assert_eq!(patch(Some(1), operators).problem(422, "invalid").pointers(), ["/limits", "/plan", "/slug"]);
    let fields = json!([{ "name": "branch", "label": "Branch", "type": "text" }]);
    let changed = patch(Some(1), json!({ "display_name": "Northwind Mutual", "custom_fields": fields })).expect(200);
    assert_eq!((changed.text_of("display_name"), changed.version()), ("Northwind Mutual", 2));
    assert_eq!(admin.get("/v1/tenant").expect(200).text, changed.text);
    let record = firm.operator.get(&firm.path("")).expect(200);
    assert_eq!((&record.body["display_name"], &record.body["version"]), (&json!("Northwind Mutual"), &json!(2)));
    // It is in force as if the operator had done it.
    let with_branch = crate::firm::complaint(json!({ "custom": { "branch": "Cork" } }));
    within(Duration::from_secs(10), "the field is known", || {
        (firm.api.post("/v1/complaints", &with_branch).status == 201).then_some(())
    });

    // Whoever signed in a while ago may look.
    let late = proved_before(&admin, 11);
    assert_eq!(late.get("/v1/tenant").expect(200).version(), 2);
    let name = json!({ "display_name": "Northwind" });
    let refused = late.send("PATCH", "/v1/tenant", Some(2), &csrf, &name).problem(403, "forbidden");
    assert!(refused.text_of("detail").contains("/app/step-up"), "{}", refused.text);
    let new = json!({ "name": "CRM", "scopes": ["complaints:read"], "mode": "test" });
    late.send("POST", "/v1/keys", None, &csrf, &new).problem(403, "forbidden");
    let issued = admin.send("POST", "/v1/keys", None, &csrf, &new).expect(201);
    firm.client(&issued).get("/v1/complaints").expect(200);

    let mut agent = office.signed_in(&unused(), &["agents"]);
    for path in ["/v1/tenant", "/v1/tenant/events", "/v1/keys"] {
        agent.get(path).problem(403, "forbidden");
    }
    agent.post("/v1/keys", &new).problem(403, "forbidden");

    // Its newest page, and what came before.
    let events = admin.get("/v1/tenant/events").expect(200);
    assert!(!events.text.contains("Mutual"), "no values: {}", events.text);
    let by = format!("staff {person}");
    let told = told(&events);
    assert_eq!(told[0], (OPERATOR.to_owned(), json!({ "type": "created" })));
    assert!(told[1..told.len() - 2].iter().all(|(by, event)| by == OPERATOR && event["type"] == "key_issued"));
    let fields = json!({ "type": "settings_changed", "fields": ["display_name", "custom_fields"] });
    assert_eq!(told[told.len() - 2], (by.clone(), fields));
    let key = json!({ "type": "key_issued", "key": issued.body["id"], "name": "CRM", "scopes": ["complaints:read"] });
    assert_eq!(told[told.len() - 1], (by, key));
    let first = admin.get("/v1/tenant/events?before=2").expect(200);
    assert_eq!((first.data().len(), &first.data()[0]["nr"]), (1, &json!(1)));
    assert_eq!(admin.get("/v1/tenant/events?before=1").expect(200).data().len(), 0);
    admin.get("/v1/tenant/events?after=1").problem(400, "invalid_parameter");
}

/// A key of the firm that looks after it, and may read.
fn manager(firm: &Firm) -> (Answer, Client) {
    let issued = firm.issue(json!({ "scopes": ["tenant:manage", "complaints:read"] }));
    let api = firm.client(&issued);
    (issued, api)
}

#[test]
fn a_key_gives_no_more_than_it_has_and_each_request_happens_once() {
    let firm = Firm::new();
    let (_, api) = manager(&firm);
    let more = json!({ "name": "CRM", "scopes": ["complaints:read", "complaints:write", "staff:manage"] });
    let refused = api.post("/v1/keys", &more).problem(422, "invalid");
    assert_eq!(refused.pointers(), ["/scopes/1", "/scopes/2"]);
    // Nor does it take over a stronger one.
    let stronger = firm.issue(json!({}));
    let rotate = format!("/v1/keys/{}/rotate", stronger.id());
    assert_eq!(api.post(&rotate, &json!({})).problem(422, "invalid").pointers(), ["/scopes/1"]);

    let (key, body) = (unused(), json!({ "name": "Reports", "scopes": ["complaints:read"], "mode": "test" }));
    let issue = |api: &Client, path: &str| api.call("POST", path).idempotency_key(&key).json(&body).send().expect(201);
    let issued = issue(&api, "/v1/keys");
    assert_eq!(issued.header("location"), Some("/v1/keys"));
    let again = issue(&api, "/v1/keys");
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &issued.text));
    let other = json!({ "name": "Other", "scopes": ["complaints:read"] });
    let other = api.call("POST", "/v1/keys").idempotency_key(&key).json(&other).send();
    other.problem(422, "idempotency_key_reused");
    // The same value of another firm, or of an operator, is another.
    let (_, others) = manager(&Firm::new());
    let of_others = issue(&others, "/v1/keys");
    let of_operator = issue(&firm.operator, &firm.path("/keys"));
    for one in [&of_others, &of_operator] {
        assert!(one.header("idempotency-replayed").is_none() && one.id() != issued.id(), "{}", one.text);
    }
    // Nor is a secret shown again to a key that could not have given it.
    let weak = firm.key(&["tenant:manage"]);
    let refused = weak.call("POST", "/v1/keys").idempotency_key(&key).json(&body).send();
    assert_eq!(refused.problem(422, "invalid").pointers(), ["/scopes/0"]);
}

#[test]
fn a_firm_lists_rotates_and_revokes_its_keys_and_reads_who_did_what() {
    let firm = Firm::new();
    let (own, api) = manager(&firm);
    let new = json!({ "name": "Reports", "scopes": ["complaints:read"], "mode": "test" });
    let issued = api.post("/v1/keys", &new).expect(201);
    let reports = firm.client(&issued);
    reports.get("/v1/complaints").expect(200);
    reports.get("/v1/keys").problem(403, "forbidden");
    let listed = api.get("/v1/keys").expect(200);
    assert!(!listed.text.contains("rdr_test_"), "{}", listed.text);
    assert_eq!((listed.data().len(), &listed.data()[0]["id"]), (3, &issued.body["id"]));

    let path = |key: &Answer, what: &str| format!("/v1/keys/{}/{what}", key.id());
    let next = api.post(&path(&issued, "rotate"), &json!({ "overlap_hours": 1 })).expect(201);
    api.post(&path(&issued, "rotate"), &json!({})).problem(409, "key_ended");
    let replaced = firm.client(&next);
    replaced.get("/v1/complaints").expect(200);
    reports.get("/v1/complaints").expect(200);
    let revoked = api.post(&path(&next, "revoke"), &json!({})).expect(200);
    assert!(revoked.body["revoked_at"].is_string());
    within(IN_FORCE, "it is refused", || (replaced.get("/v1/complaints").status == 401).then_some(()));
    // Once is for ever.
    let again = api.post(&path(&next, "revoke"), &json!({})).expect(200);
    assert_eq!(again.body["revoked_at"], revoked.body["revoked_at"]);

    let foreign = Firm::new().issue(json!({}));
    for what in ["rotate", "revoke"] {
        api.post(&path(&foreign, what), &json!({})).problem(404, "not_found");
    }

    firm.change("suspend");
    within(IN_FORCE, "it is not served", || (api.get("/v1/tenant").status == 403).then_some(()));
    firm.change("resume");
    within(IN_FORCE, "it is served", || (api.get("/v1/tenant").status == 200).then_some(()));
    let version = firm.operator.get(&firm.path("")).expect(200).version();
    let patch = |body: Value| firm.operator.call("PATCH", &firm.path("")).json(&body);
    patch(json!({ "plan": "standard" })).if_match(version).send().expect(200);
    // What says what is so already changes nothing that is told.
    patch(json!({ "plan": "standard" })).if_match(version + 1).send().expect(200);

    let by = format!("key {}", own.id());
    let of = |by: &str, event: Value| (by.to_owned(), event);
    let told = told(&api.get("/v1/tenant/events").expect(200));
    assert!(told[..3].iter().all(|(by, _)| by == OPERATOR));
    let key = &issued.body["id"];
    let expected = [
        of(&by, json!({ "type": "key_issued", "key": key, "name": "Reports", "scopes": ["complaints:read"] })),
        of(&by, json!({ "type": "key_rotated", "key": key, "replaced_by": next.body["id"] })),
        of(&by, json!({ "type": "key_revoked", "key": next.body["id"] })),
        of(OPERATOR, json!({ "type": "suspended" })),
        of(OPERATOR, json!({ "type": "resumed" })),
        of(OPERATOR, json!({ "type": "settings_changed", "fields": ["plan"] })),
    ];
    assert_eq!(told[3..], expected);
}
