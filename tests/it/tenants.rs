//! Tenants and their keys, as operators see them, and what a change of them means to the tenant.

use crate::{
    client::{Answer, Client, unused},
    eventually::within,
    firm::{Firm, complaint},
};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A change of a tenant or a key takes effect within this time.
const SOON: Duration = Duration::from_secs(10);

fn on(operator: &Client, version: u64, path: &str) -> Answer {
    operator.post_on(version, path, &json!({}))
}

#[test]
fn a_tenant_is_created_as_it_was_described() {
    let operator = Client::operator();
    let slug = unused();
    let body = json!({
        "slug": slug, "display_name": "Halcyon Telecom", "sector": "telecom", "jurisdiction": "scotland",
        "reference_prefix": "HTC", "plan": "enterprise",
        "custom_fields": [{ "name": "branch", "label": "Branch", "type": "text", "required": true }]
    });
    let created = operator.post("/v1/tenants", &body).expect(201);
    for (member, value) in body.as_object().unwrap() {
        assert_eq!(&created.body[member], value, "{member}");
    }
    assert_eq!((&created.body["status"], &created.body["version"]), (&json!("active"), &json!(1)));
    let shards = &created.body["shards"];
    assert!(*shards == json!([0]) || *shards == json!([1]), "{shards}");
    assert_eq!((&created.body["home_cell"], &created.body["founded_with"]), (&json!("local"), &json!(1)));
    let path = format!("/v1/tenants/{}", created.id());
    assert_eq!((created.header("location"), created.version()), (Some(path.as_str()), 1));
    let read = operator.get(&path).expect(200);
    assert_eq!((read.text.as_str(), read.version()), (created.text.as_str(), 1));
}

#[test]
fn every_tenant_is_listed_once() {
    let operator = Client::operator();
    let mine = [Firm::new().id, Firm::new().id];
    let mut listed: Vec<String> = Vec::new();
    let mut after = String::new();
    loop {
        let page = operator.get(&format!("/v1/tenants{after}")).expect(200);
        listed.extend(page.data().iter().map(|tenant| tenant["id"].as_str().unwrap().to_owned()));
        match page.body["next_after"].as_str() {
            Some(next) => after = format!("?after={next}"),
            None => break,
        }
    }
    assert!(listed.is_sorted_by(|a, b| a < b), "in the order of creation, each once");
    assert!(mine.iter().all(|id| listed.contains(id)));
    operator.get("/v1/tenants?limit=3").problem(400, "invalid_parameter");
}

#[test]
fn a_slug_belongs_to_one_tenant() {
    let operator = Client::operator();
    let (first, second) = (Firm::new(), Firm::new());
    let body = json!({
        "slug": first.slug, "display_name": "Other", "sector": "bank", "jurisdiction": "us", "reference_prefix": "OTH"
    });
    operator.post("/v1/tenants", &body).problem(409, "already_taken");
    let path = format!("/v1/tenants/{}", second.id);
    let rename = |slug: &str| operator.call("PATCH", &path).if_match(1).json(&json!({ "slug": slug })).send();
    rename(&first.slug).problem(409, "already_taken");
    let renamed = unused();
    assert_eq!(rename(&renamed).expect(200).body["slug"], renamed);
    let mut freed = body;
    freed["slug"] = json!(second.slug);
    operator.post("/v1/tenants", &freed).expect(201);
}

#[test]
fn a_description_that_breaks_rules_is_refused_by_place() {
    let operator = Client::operator();
    let body = json!({
        "slug": "No Slug", "display_name": "", "sector": "circus", "jurisdiction": "mars", "reference_prefix": "nwb1",
        "colour": "red", "custom_fields": [{ "name": "brand", "label": "Brand", "type": "choice" }]
    });
    let refused = operator.post("/v1/tenants", &body).problem(422, "invalid");
    let expected =
        ["/colour", "/custom_fields/0", "/display_name", "/jurisdiction", "/reference_prefix", "/sector", "/slug"];
    assert_eq!(refused.pointers(), expected);
}

#[test]
fn a_tenant_is_placed_only_where_the_cell_can_keep_it() {
    let create = |placement: Value| {
        let mut body = json!({
            "slug": unused(), "display_name": "Placed", "sector": "bank", "jurisdiction": "us", "reference_prefix": "PLC"
        });
        body.as_object_mut().unwrap().extend(placement.as_object().unwrap().clone());
        Client::operator().post("/v1/tenants", &body)
    };
    let placed = json!({ "home_cell": "local", "shards": [1, 0] });
    let created = create(placed.clone()).expect(201);
    assert_eq!((&created.body["home_cell"], &created.body["shards"]), (&placed["home_cell"], &placed["shards"]));
    let elsewhere = create(json!({ "home_cell": "eu", "shards": [7] })).problem(422, "invalid");
    assert_eq!(elsewhere.pointers(), ["/home_cell", "/shards"]);
}

#[test]
fn a_renamed_tenant_keeps_everything() {
    let firm = Firm::new();
    let logged = firm.log(json!({ "external_reference": "CRM-1" }));
    let path = format!("/v1/tenants/{}", firm.id);
    let patch = |version: Option<u64>, body: Value| {
        let call = firm.operator.call("PATCH", &path).json(&body);
        match version {
            Some(version) => call.if_match(version).send(),
            None => call.send(),
        }
    };
    patch(None, json!({ "display_name": "New" })).problem(428, "precondition_required");
    patch(Some(9), json!({ "display_name": "New" })).problem(412, "precondition_failed");
    assert_eq!(patch(Some(1), json!({ "sector": "telecom" })).problem(422, "invalid").pointers(), ["/sector"]);
    let slug = unused();
    let renamed = patch(Some(1), json!({ "slug": slug, "display_name": "New Northwind" })).expect(200);
    assert_eq!((&renamed.body["slug"], &renamed.body["display_name"]), (&json!(slug), &json!("New Northwind")));
    assert_eq!((&renamed.body["id"], renamed.version()), (&json!(firm.id), 2));

    let read = firm.api.get(&format!("/v1/complaints/{}", logged.id())).expect(200);
    assert_eq!(read.text, logged.text, "no complaint knows of it");
    firm.give(&format!("/v1/complaints/{}", logged.id()), "acknowledge", json!({})).expect(200);
}

#[test]
fn fields_that_are_declared_later_apply_soon() {
    let firm = Firm::new();
    let body = complaint(json!({ "custom": { "branch": "Cork" } }));
    assert_eq!(firm.api.post("/v1/complaints", &body).problem(422, "invalid").pointers(), ["/custom/branch"]);
    let fields = json!({ "custom_fields": [{ "name": "branch", "label": "Branch", "type": "text" }] });
    firm.operator.call("PATCH", &format!("/v1/tenants/{}", firm.id)).if_match(1).json(&fields).send().expect(200);
    within(SOON, "the field is known", || (firm.api.post("/v1/complaints", &body).status == 201).then_some(()));
}

#[test]
fn a_suspended_tenant_is_not_served_until_it_is_resumed() {
    let firm = Firm::new();
    let path = firm.logged();
    let tenant = format!("/v1/tenants/{}", firm.id);
    let suspended = on(&firm.operator, 1, &format!("{tenant}/suspend")).expect(200);
    assert_eq!((&suspended.body["status"], suspended.version()), (&json!("suspended"), 2));
    on(&firm.operator, 1, &format!("{tenant}/resume")).problem(412, "precondition_failed");

    within(SOON, "reads are refused", || (firm.api.get(&path).status == 403).then_some(()));
    firm.api.get(&path).problem(403, "tenant_suspended");
    firm.api.get("/v1/complaints").problem(403, "tenant_suspended");
    firm.api.post("/v1/complaints", &complaint(json!({}))).problem(403, "tenant_suspended");
    firm.api.post_on(1, &format!("{path}/acknowledge"), &json!({})).problem(403, "tenant_suspended");

    assert_eq!(on(&firm.operator, 2, &format!("{tenant}/resume")).expect(200).body["status"], "active");
    within(SOON, "reads are served", || (firm.api.get(&path).status == 200).then_some(()));
    firm.give(&path, "acknowledge", json!({})).expect(200);
}

#[test]
fn a_key_shows_its_secret_once() {
    let firm = Firm::new();
    let path = format!("/v1/tenants/{}/keys", firm.id);
    let body = json!({ "name": "CRM", "scopes": ["complaints:read"], "mode": "live", "expires_at": in_days(30) });
    let issued = firm.operator.post(&path, &body).expect(201);
    assert!(issued.text_of("token").starts_with("rdr_live_"));
    let listed = firm.operator.get(&path).expect(200);
    assert!(!listed.text.contains("rdr_") && !listed.text.contains("token"), "{}", listed.text);
    let mut without_secret = issued.body;
    without_secret.as_object_mut().unwrap().remove("token");
    assert_eq!(listed.data()[0], without_secret, "the newest first");
    assert_eq!(listed.data().len(), 2);
    let in_test = firm.operator.post(&path, &json!({ "name": "ci", "scopes": [], "mode": "test" })).expect(201);
    assert!(in_test.text_of("token").starts_with("rdr_test_"));
}

fn in_days(days: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    shared::time::Timestamp::from_unix_millis(now + days * 86_400_000).to_string()
}

#[test]
fn a_key_lives_at_most_a_year() {
    let firm = Firm::new();
    let path = format!("/v1/tenants/{}/keys", firm.id);
    for expires_at in [in_days(-1), in_days(400)] {
        let body = json!({ "name": "x", "scopes": [], "expires_at": expires_at });
        assert_eq!(
            firm.operator.post(&path, &body).problem(422, "invalid").pointers(),
            ["/expires_at"],
            "{expires_at}"
        );
    }
    let body = json!({ "name": "x", "scopes": ["complaints:everything"] });
    assert_eq!(firm.operator.post(&path, &body).problem(422, "invalid").pointers(), ["/scopes/0"]);
}

#[test]
fn an_expired_key_opens_nothing() {
    let firm = Firm::new();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let expires_at = shared::time::Timestamp::from_unix_millis(now + 3_000).to_string();
    let body = json!({ "name": "short", "scopes": ["complaints:read"], "expires_at": expires_at });
    let issued = firm.operator.post(&format!("/v1/tenants/{}/keys", firm.id), &body).expect(201);
    let api = firm.api.with_key(issued.text_of("token"));
    api.get("/v1/complaints").expect(200);
    within(SOON, "it has expired", || (api.get("/v1/complaints").status == 401).then_some(()));
    api.get("/v1/complaints").problem(401, "unauthenticated");
}

#[test]
fn a_revoked_key_opens_nothing_and_the_others_still_do() {
    let firm = Firm::new();
    let path = format!("/v1/tenants/{}/keys", firm.id);
    let issued = firm.operator.post(&path, &json!({ "name": "lost", "scopes": ["complaints:read"] })).expect(201);
    let api = firm.api.with_key(issued.text_of("token"));
    api.get("/v1/complaints").expect(200);
    let revoke = format!("{path}/{}/revoke", issued.id());
    let revoked = firm.operator.post(&revoke, &json!({})).expect(200);
    assert!(revoked.body["revoked_at"].is_string());
    within(SOON, "it is refused", || (api.get("/v1/complaints").status == 401).then_some(()));
    firm.api.get("/v1/complaints").expect(200);
    let again = firm.operator.post(&revoke, &json!({})).expect(200);
    assert_eq!(again.body["revoked_at"], revoked.body["revoked_at"], "once is for ever");
    let listed = firm.operator.get(&path).expect(200);
    assert_eq!(listed.data()[0]["revoked_at"], revoked.body["revoked_at"]);

    let unknown = format!("{path}/018bcfe5-6800-7303-8303-030303030300/revoke");
    firm.operator.post(&unknown, &json!({})).problem(404, "not_found");
    let foreign = format!("/v1/tenants/{}/keys/{}/revoke", Firm::new().id, issued.id());
    firm.operator.post(&foreign, &json!({})).problem(404, "not_found");
}

#[test]
fn a_key_does_what_its_scopes_say() {
    let firm = Firm::new();
    let path = firm.logged();
    let (reader, writer, nobody) = (firm.key(&["complaints:read"]), firm.key(&["complaints:write"]), firm.key(&[]));
    let body = complaint(json!({}));
    reader.get(&path).expect(200);
    reader.post("/v1/complaints", &body).problem(403, "forbidden");
    reader.post_on(1, &format!("{path}/acknowledge"), &json!({})).problem(403, "forbidden");
    writer.get(&path).problem(403, "forbidden");
    writer.post("/v1/complaints", &body).expect(201);
    nobody.get(&path).problem(403, "forbidden");
    nobody.post("/v1/complaints", &body).problem(403, "forbidden");
}

#[test]
fn what_is_no_key_opens_nothing() {
    let firm = Firm::new();
    let token = firm
        .operator
        .post(&format!("/v1/tenants/{}/keys", firm.id), &json!({ "name": "x", "scopes": ["complaints:read"] }));
    let token = token.expect(201).text_of("token").to_owned();
    let (head, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}{}", if signature.starts_with('A') { "B" } else { "A" }, &signature[1..]);
    let headers = [
        format!("Bearer {forged}"),
        format!("Bearer {}", token.replacen("rdr_live_", "rdr_test_", 1)),
        format!("Bearer {}", &token["rdr_live_".len()..]),
        format!("Bearer {head}."),
        format!("Bearer {}x", token),
        format!("Basic {token}"),
        token.clone(),
        "Bearer".to_owned(),
        "Bearer rdr_live_".to_owned(),
        "Bearer rdr_op_".to_owned(),
        format!("Bearer rdr_op_{}", "A".repeat(43)),
        format!("Bearer rdr_live_{}", "x".repeat(5_000)),
    ];
    for header in headers {
        for path in ["/v1/complaints", "/v1/tenants"] {
            let refused = Client::anonymous().call("GET", path).header("authorization", &header).send();
            let refused = refused.problem(401, "unauthenticated");
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"), "{header}");
        }
    }
    Client::anonymous().get("/v1/complaints").problem(401, "unauthenticated");
    Client::anonymous().get("/v1/tenants").problem(401, "unauthenticated");
    firm.api.call("GET", "/v1/complaints").header("authorization", &format!("bearer  {token}")).send().expect(200);
}
