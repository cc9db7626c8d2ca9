//! Who may do what to what: every principal at every endpoint with every sort of resource, against one table of rules.
//! And that nobody can tell, by anything in the answer or by how long it took, what another tenant has.

use crate::{
    bulk,
    cells::operator,
    client::{Answer, Client},
    firm::{Firm, command_body},
    isolation::{NOWHERE, Seen, asked, operations, seen},
    keys::{IN_FORCE, named, now, seed_of},
};
use serde_json::json;
use shared::{
    sign::api_key::{CellKeys, KeyRing},
    time::Timestamp,
};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use xtask::cells::Cells;

/// Who may use an endpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Anyone,
    Operators,
    /// Keys with this scope.
    Keys(&'static str),
}

const READ: Who = Who::Keys("complaints:read");
const WRITE: Who = Who::Keys("complaints:write");

const LEAD: Who = Who::Keys("complaints:lead");
const STAFF: Who = Who::Keys("staff:manage");
const MANAGE: Who = Who::Keys("tenant:manage");

/// Every endpoint: who may use it, and what whoever may is told of a thing that is there when it is asked as
/// [`asked`] says: on a version and with a lock that nothing has.
#[rustfmt::skip]
const ENDPOINTS: [(&str, &str, Who, u16); 152] = [
    ("GET", "/healthz", Who::Anyone, 200),
    ("GET", "/readyz", Who::Anyone, 200),
    ("GET", "/metrics", Who::Operators, 200),

    ("POST", "/v1/tenants", Who::Operators, 422),
    ("GET", "/v1/tenants", Who::Operators, 200),
    ("GET", "/v1/tenants/{id}", Who::Operators, 200),
    ("PATCH", "/v1/tenants/{id}", Who::Operators, 412),
    ("POST", "/v1/tenants/{id}/suspend", Who::Operators, 412),
    ("POST", "/v1/tenants/{id}/resume", Who::Operators, 412),
    ("POST", "/v1/tenants/{id}/delete", Who::Operators, 412),
    ("POST", "/v1/tenants/{id}/shards", Who::Operators, 412),
    ("GET", "/v1/tenants/{id}/usage", Who::Operators, 200),
    ("POST", "/v1/tenants/{id}/keys", Who::Operators, 422),
    ("GET", "/v1/tenants/{id}/keys", Who::Operators, 200),
    // The key that is named has been revoked.
    ("POST", "/v1/tenants/{id}/keys/{key}/rotate", Who::Operators, 409),
    ("POST", "/v1/tenants/{id}/keys/{key}/revoke", Who::Operators, 200),
    // No tenant has moved.
    ("POST", "/v1/tenants/{id}/relocation", Who::Operators, 412),
    ("GET", "/v1/tenants/{id}/relocation", Who::Operators, 404),
    ("POST", "/v1/tenants/{id}/relocation/advance", Who::Operators, 404),
    ("POST", "/v1/tenants/{id}/relocation/cancel", Who::Operators, 404),
    ("GET", "/v1/flags", Who::Operators, 200),
    ("PUT", "/v1/flags", Who::Operators, 200),
    ("GET", "/v1/dead-letters", Who::Operators, 200),
    // No letter is a tenant's or a complaint's.
    ("POST", "/v1/dead-letters/{id}/replay", Who::Operators, 404),

    ("GET", "/v1/usage", Who::Keys("usage:read"), 200),

    ("GET", "/v1/deadlines/forecast", READ, 200),
    ("GET", "/v1/statistics", READ, 200),
    // The tenant is on another plan.
    ("GET", "/v1/test-clock", READ, 403),
    ("PUT", "/v1/test-clock", LEAD, 403),

    ("GET", "/v1/changes", READ, 200),
    ("GET", "/v1/live", READ, 426),
    ("POST", "/v1/live-tickets", READ, 200),

    ("POST", "/v1/views", WRITE, 422),
    ("GET", "/v1/views", READ, 200),
    ("GET", "/v1/views/{id}", READ, 200),
    ("PATCH", "/v1/views/{id}", WRITE, 412),
    ("DELETE", "/v1/views/{id}", WRITE, 412),

    ("POST", "/v1/webhook-endpoints", LEAD, 422),
    ("GET", "/v1/webhook-endpoints", READ, 200),
    ("GET", "/v1/webhook-endpoints/{id}", READ, 200),
    ("PATCH", "/v1/webhook-endpoints/{id}", LEAD, 412),
    ("DELETE", "/v1/webhook-endpoints/{id}", LEAD, 412),
    ("POST", "/v1/webhook-endpoints/{id}/rotate-secret", LEAD, 412),
    ("POST", "/v1/webhook-endpoints/{id}/test", LEAD, 202),
    ("GET", "/v1/webhook-endpoints/{id}/deliveries", READ, 200),
    ("POST", "/v1/webhook-endpoints/{id}/replay", LEAD, 202),

    // There is no such mail.
    ("GET", "/v1/inbound-mails", READ, 200),
    ("GET", "/v1/inbound-mails/{id}", READ, 404),
    ("GET", "/v1/inbound-mails/{id}/raw", READ, 404),
    ("POST", "/v1/inbound-mails/{id}/retry", LEAD, 404),
    ("GET", "/v1/notifications", READ, 200),
    // There is no such notification.
    ("POST", "/v1/notifications/{id}/retry", LEAD, 404),
    ("GET", "/v1/notifications/rules", READ, 200),
    ("PUT", "/v1/notifications/rules", LEAD, 412),
    ("GET", "/v1/complaints/{id}/opt-out", READ, 200),
    ("PUT", "/v1/complaints/{id}/opt-out", WRITE, 200),
    // Nobody is listened to here.
    ("POST", "/mail-events", Who::Anyone, 404),
    ("GET", "/opt-out/{token}", Who::Anyone, 404),
    ("POST", "/opt-out/{token}", Who::Anyone, 404),

    ("POST", "/v1/complaints", WRITE, 201),
    ("GET", "/v1/complaints", READ, 200),
    ("POST", "/v1/complaints:import", WRITE, 200),
    ("GET", "/v1/complaints:export", READ, 200),
    ("GET", "/v1/complaints/counts", READ, 200),
    ("POST", "/v1/complaints/duplicates", READ, 200),
    ("GET", "/v1/complaints/{id}", READ, 200),
    ("GET", "/v1/complaints/{id}/events", READ, 200),
    ("GET", "/v1/complaints/{id}/clocks", READ, 200),
    ("GET", "/v1/complaints/{id}/verify", READ, 200),
    ("GET", "/v1/complaints/{id}/case-file", READ, 200),
    ("GET", "/v1/complaints/{id}/duplicates", READ, 200),
    ("GET", "/v1/complaints/{id}/deliveries", READ, 200),
    ("POST", "/v1/bulk", WRITE, 202),
    ("GET", "/v1/bulk", READ, 200),
    ("GET", "/v1/bulk/{id}", READ, 200),
    ("GET", "/v1/bulk/{id}/rows", READ, 200),
    // The job is over.
    ("POST", "/v1/bulk/{id}/cancel", WRITE, 409),
    ("GET", "/v1/letters/kinds", READ, 200),
    // There is no template.
    ("GET", "/v1/letters/templates", READ, 200),
    ("GET", "/v1/letters/templates/{kind}/{language}/{brand}", READ, 404),
    ("PUT", "/v1/letters/templates/{kind}/{language}/{brand}", LEAD, 412),
    ("DELETE", "/v1/letters/templates/{kind}/{language}/{brand}", LEAD, 404),
    ("POST", "/v1/complaints/{id}/letters/preview", READ, 200),
    ("POST", "/v1/complaints/{id}/letters", WRITE, 412),
    // There is no such letter.
    ("GET", "/v1/complaints/{id}/letters/{letter}", READ, 404),
    ("GET", "/v1/complaints/{id}/letters/{letter}/html", READ, 404),
    ("GET", "/v1/complaints/{id}/letters/{letter}/pdf", READ, 404),
    ("POST", "/v1/complaints/{id}/letters/{letter}/approve", LEAD, 412),
    ("POST", "/v1/complaints/{id}/letters/{letter}/send", WRITE, 412),
    // A file of another type than its name says; there is no such attachment, and no such link.
    ("POST", "/v1/complaints/{id}/attachments", WRITE, 422),
    ("GET", "/v1/complaints/{id}/attachments/{attachment}", READ, 404),
    ("DELETE", "/v1/complaints/{id}/attachments/{attachment}", LEAD, 412),
    ("POST", "/v1/complaints/{id}/attachments/{attachment}/link", READ, 404),
    ("GET", "/v1/complaints/{id}/attachments/{attachment}/thumbnail", READ, 404),
    ("GET", "/v1/files/{token}", Who::Anyone, 404),
    // There is no such upload.
    ("POST", "/v1/complaints/{id}/uploads", WRITE, 201),
    ("GET", "/v1/complaints/{id}/uploads/{upload}", READ, 404),
    ("PUT", "/v1/complaints/{id}/uploads/{upload}/parts/{part}", WRITE, 404),
    ("POST", "/v1/complaints/{id}/uploads/{upload}/complete", WRITE, 404),
    ("DELETE", "/v1/complaints/{id}/uploads/{upload}", WRITE, 404),
    ("PUT", "/v1/complaints/{id}/lock", WRITE, 409),
    ("DELETE", "/v1/complaints/{id}/lock", WRITE, 409),
    ("PUT", "/v1/complaints/{id}/lock/holder", LEAD, 200),
    ("POST", "/v1/complaints/{id}/acknowledge", WRITE, 412),
    ("POST", "/v1/complaints/{id}/assign", WRITE, 412),
    ("POST", "/v1/complaints/{id}/investigate", WRITE, 412),
    ("POST", "/v1/complaints/{id}/classify", WRITE, 412),
    ("POST", "/v1/complaints/{id}/note", WRITE, 412),
    ("POST", "/v1/complaints/{id}/contact", WRITE, 412),
    ("POST", "/v1/complaints/{id}/request-information", WRITE, 412),
    ("POST", "/v1/complaints/{id}/propose-response", WRITE, 412),
    ("POST", "/v1/complaints/{id}/resolve", WRITE, 412),
    ("POST", "/v1/complaints/{id}/close", WRITE, 412),
    ("POST", "/v1/complaints/{id}/reopen", WRITE, 412),
    ("POST", "/v1/complaints/{id}/withdraw", WRITE, 412),
    ("POST", "/v1/complaints/{id}/refer", WRITE, 412),
    ("POST", "/v1/complaints/{id}/link", WRITE, 412),
    ("POST", "/v1/complaints/{id}/unlink", WRITE, 412),
    ("POST", "/v1/complaints/{id}/correct", WRITE, 412),
    ("POST", "/v1/complaints/{id}/milestone", WRITE, 412),
    ("POST", "/v1/complaints/{id}/retract-milestone", WRITE, 412),
    ("POST", "/v1/complaints/{id}/pay-redress", WRITE, 412),
    ("POST", "/v1/complaints/{id}/record-adr-outcome", WRITE, 412),
    ("POST", "/v1/complaints/{id}/move-clocks", LEAD, 412),
    ("POST", "/v1/complaints/{id}/label", WRITE, 412),
    ("POST", "/v1/complaints/{id}/split", WRITE, 412),
    ("POST", "/v1/complaints/{id}/rejoin", WRITE, 412),

    ("GET", "/v1/people", STAFF, 200),
    ("POST", "/v1/people", STAFF, 422),
    ("GET", "/v1/people/{id}", STAFF, 200),
    ("PATCH", "/v1/people/{id}", STAFF, 412),
    ("POST", "/v1/people/{id}/deactivate", STAFF, 200),
    ("POST", "/v1/people/{id}/reactivate", STAFF, 200),
    ("GET", "/v1/people/{id}/events", STAFF, 200),
    ("GET", "/v1/people/{id}/sessions", STAFF, 200),
    ("DELETE", "/v1/people/{id}/sessions/{session}", STAFF, 404),
    ("GET", "/v1/teams", STAFF, 200),
    ("POST", "/v1/teams", STAFF, 422),
    ("GET", "/v1/teams/{id}", STAFF, 200),
    ("PATCH", "/v1/teams/{id}", STAFF, 412),
    ("DELETE", "/v1/teams/{id}", STAFF, 412),
    ("GET", "/v1/tenant/taxonomy", MANAGE, 200),
    ("GET", "/v1/sign-in", STAFF, 200),
    ("PUT", "/v1/sign-in", STAFF, 422),
    ("GET", "/v1/tenant", MANAGE, 200),
    ("PATCH", "/v1/tenant", MANAGE, 412),
    ("GET", "/v1/tenant/events", MANAGE, 200),
    ("GET", "/v1/keys", MANAGE, 200),
    ("POST", "/v1/keys", MANAGE, 422),
    // The key that is named has been revoked.
    ("POST", "/v1/keys/{key}/rotate", MANAGE, 409),
    ("POST", "/v1/keys/{key}/revoke", MANAGE, 200),
    ("GET", "/v1/access-events", Who::Keys("access-log:read"), 200),
];

const ALL: [&str; 7] = [
    "complaints:read",
    "complaints:write",
    "complaints:lead",
    "usage:read",
    "staff:manage",
    "access-log:read",
    "tenant:manage",
];

/// Whose a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// A tenant's of the cell that is asked.
    Own,
    /// Another tenant's of that cell.
    Others,
    /// A tenant's of another cell.
    Abroad,
    Suspended,
    Deleted,
    /// Nobody's: there is none.
    Nowhere,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
enum Principal {
    /// Somebody without credentials that are genuine and of today.
    Nobody,
    Operator,
    /// Whoever has a genuine key that was revoked, or whose tenant is gone.
    Ended,
    /// A key of a tenant that is suspended.
    Suspended,
    /// A key that works.
    Key {
        of: Whose,
        scopes: &'static [&'static str],
    },
    /// Another cell, speaking for a tenant that moves.
    Cell,
    /// A key that may do everything, with which writes must be signed, and are not.
    Unsigned {
        of: Whose,
    },
}

/// The rules: status and code, or the status alone where the principal may.
fn expected(who: Who, method: &str, there: Option<u16>, principal: Principal) -> (u16, Option<&'static str>) {
    let found = there.map_or((404, Some("not_found")), |status| (status, None));
    match (who, principal) {
        (Who::Anyone, _) => found,
        (_, Principal::Nobody) => (401, Some("unauthenticated")),
        (Who::Operators, Principal::Operator) => found,
        (Who::Keys(scope), Principal::Key { scopes, .. }) if scopes.contains(&scope) => found,
        (Who::Keys(_), Principal::Unsigned { .. }) if method == "GET" => found,
        (Who::Keys(_), Principal::Unsigned { .. }) => (401, Some("signature_refused")),
        (Who::Keys(_), Principal::Ended) => (401, Some("unauthenticated")),
        (Who::Keys(_), Principal::Suspended) => (403, Some("tenant_suspended")),
        // What a genuine key may not do at all, it is told so without a look at its tenant.
        (Who::Keys(_) | Who::Operators, _) => (403, Some("forbidden")),
    }
}

/// Whether the principal's endpoint has a resource of this sort.
fn has(who: Who, principal: Principal, whose: Whose) -> bool {
    match (who, principal) {
        (Who::Operators, Principal::Operator) => whose != Whose::Nowhere,
        (_, Principal::Key { of, .. } | Principal::Unsigned { of }) => of == whose,
        _ => false,
    }
}

/// What is named in paths. Nobody's is made of [`NOWHERE`].
struct Resource {
    whose: Whose,
    tenant: String,
    /// A key that was revoked.
    key: String,
    complaint: String,
    /// A complaint that may be locked.
    lockable: String,
    /// A bulk job that is over.
    bulk: String,
    view: String,
    endpoint: String,
    person: String,
    team: String,
}

impl Resource {
    fn of(firm: &Firm, whose: Whose) -> Self {
        let key = firm.issue(json!({}));
        firm.operator.post(&firm.path(&format!("/keys/{}/revoke", key.id())), &json!({})).expect(200);
        let [complaint, lockable] = [(); 2].map(|()| firm.log_in(1, json!({})).id().to_owned());
        let bulk = bulk::finished(&firm.api);
        let view = firm.view("tag=fees").id().to_owned();
        let endpoint = firm.endpoint(json!({})).id().to_owned();
        let person = firm.person(json!({})).id().to_owned();
        let staff = firm.key(&["staff:manage"]);
        let team = staff.post("/v1/teams", &json!({ "name": "Cards" })).expect(201).id().to_owned();
        let (tenant, key) = (firm.id.clone(), key.id().to_owned());
        Self { whose, tenant, key, complaint, lockable, bulk, view, endpoint, person, team }
    }

    fn nowhere() -> Self {
        let [tenant, key, complaint, lockable, bulk, view, endpoint] = [(); 7].map(|()| NOWHERE.to_owned());
        let [person, team] = [(); 2].map(|()| NOWHERE.to_owned());
        Self { whose: Whose::Nowhere, tenant, key, complaint, lockable, bulk, view, endpoint, person, team }
    }

    fn path(&self, template: &str) -> String {
        let id = match template {
            "/v1/complaints/{id}/lock/holder" => &self.lockable,
            _ if template.starts_with("/v1/tenants") => &self.tenant,
            _ if template.starts_with("/v1/bulk") => &self.bulk,
            _ if template.starts_with("/v1/views") => &self.view,
            _ if template.starts_with("/v1/webhook-endpoints") => &self.endpoint,
            _ if template.starts_with("/v1/people") => &self.person,
            _ if template.starts_with("/v1/teams") => &self.team,
            _ => &self.complaint,
        };
        let path = template.replace("{id}", id).replace("{key}", &self.key).replace("{letter}", NOWHERE);
        let path = path
            .replace("{attachment}", NOWHERE)
            .replace("{upload}/parts/{part}", &format!("{NOWHERE}/parts/1"))
            .replace("{upload}", NOWHERE)
            .replace("{session}", NOWHERE)
            .replace("{token}", "AAAA");
        path.replace("{kind}/{language}/{brand}", "update/en-GB/firm")
    }

    /// The answer without what names the resource.
    fn seen(&self, answer: &Answer) -> Seen {
        let mut seen = seen(answer, &self.tenant);
        let own = [&self.key, &self.complaint, &self.lockable, &self.bulk, &self.view, &self.endpoint];
        for named in own.into_iter().chain([&self.person, &self.team]) {
            seen.1 = seen.1.replace(named, "");
        }
        seen
    }
}

/// A new endpoint is in the table, or this fails.
#[test]
fn every_endpoint_has_its_rule() {
    let mut described: BTreeMap<(String, &str), Who> = operations()
        .into_iter()
        .map(|(method, path, operation)| {
            let scope = operation["description"].as_str().and_then(|text| text.split('`').nth(1));
            let kind = |name: &str| operation["security"][0].get(name).is_some();
            let who = match scope.and_then(|scope| ALL.into_iter().find(|known| *known == scope)) {
                Some(scope) if kind("tenant") => Who::Keys(scope),
                None if kind("operator") => Who::Operators,
                None if operation["security"].is_null() => Who::Anyone,
                _ => panic!("{method} {path}: nobody knows who may use it"),
            };
            ((method, path), who)
        })
        .collect();
    for (method, path, who, _) in ENDPOINTS {
        let described = described.remove(&(method.to_owned(), path));
        assert!(described == Some(who), "{method} {path} is for others, or not there, as the description says");
    }
    assert!(described.is_empty(), "without a rule: {:?}", described.keys());
}

/// Every principal at every endpoint with every sort of resource, asked of us.
pub(crate) fn everybody_may_do_what_the_table_says(cells: &Cells) {
    let begun = Instant::now();
    let [eu, us] = ["eu", "us"].map(|cell| operator(cells.cell(cell)));
    let windows = json!([{ "policy": "burst", "limit": 20_000 }, { "policy": "minute", "limit": 1_000_000 }]);
    let firm = |operator: &Client| Firm::on(operator, json!({})).limited(&json!({ "windows": windows, "quotas": [] }));
    let [own, others, suspended, deleted] = [(); 4].map(|()| firm(&us));
    let abroad = firm(&eu);
    let all = json!({ "scopes": ALL });

    let token = |firm: &Firm, members| firm.issue(members).text_of("token").to_owned();
    let mut principals: Vec<(String, Option<String>, Principal)> = vec![
        ("anonymous".to_owned(), None, Principal::Nobody),
        ("a garbage token".to_owned(), Some("rdr_live_x.y.z".to_owned()), Principal::Nobody),
        ("an operator's guess".to_owned(), Some(format!("rdr_op_{}", "A".repeat(43))), Principal::Nobody),
        ("an operator".to_owned(), Some(cells.cell("us").operator_key().to_owned()), Principal::Operator),
    ];
    let mut add = |what: &str, token: String, principal| principals.push((what.to_owned(), Some(token), principal));
    for (of, firm) in [(Whose::Own, &own), (Whose::Others, &others), (Whose::Abroad, &abroad)] {
        add(&format!("a key of {of:?}"), token(firm, all.clone()), Principal::Key { of, scopes: &ALL });
    }
    for scope in ALL.chunks(1) {
        let key = token(&own, json!({ "scopes": scope }));
        add(&format!("a key with {scope:?} alone"), key, Principal::Key { of: Whose::Own, scopes: scope });
    }
    let seed = seed_of(cells.cell("eu"));
    let ring = KeyRing::new(named("eu"), &seed, &CellKeys::new()).expect("a seed");
    let tenant = own.id.parse().expect("an id");
    // Its word is good for a minute, and given anew for each request.
    let token_of = |token: &Option<String>, principal| match principal {
        Principal::Cell => Some(ring.issue_for_cell(tenant, now()).expect("a token")),
        _ => token.clone(),
    };
    principals.push(("another cell".to_owned(), None, Principal::Cell));
    let mut add = |what: &str, token: String, principal| principals.push((what.to_owned(), Some(token), principal));
    let of = Whose::Own;
    add("a key with no scope", token(&own, json!({ "scopes": [] })), Principal::Key { of, scopes: &[] });
    let elsewhere = json!({ "scopes": ALL, "ip_ranges": ["203.0.113.7"] });
    add("a key of another address", token(&own, elsewhere), Principal::Key { of, scopes: &[] });
    let signing = json!({ "scopes": ALL, "signing": { "alg": "hmac-sha256" } });
    add("a key that must sign", token(&own, signing), Principal::Unsigned { of });
    let revoked = own.issue(all.clone());
    own.operator.post(&own.path(&format!("/keys/{}/revoke", revoked.id())), &json!({})).expect(200);
    add("a revoked key", revoked.text_of("token").to_owned(), Principal::Ended);
    let expires_at = Timestamp::from_unix_millis((now().unix_seconds() + 2) * 1_000);
    let short = json!({ "scopes": ALL, "expires_at": expires_at.to_string() });
    add("an expired key", token(&own, short), Principal::Nobody);
    add("a key of a suspended tenant", token(&suspended, all.clone()), Principal::Suspended);
    add("a key of a deleted tenant", token(&deleted, all), Principal::Ended);

    let firms = [
        (&own, Whose::Own),
        (&others, Whose::Others),
        (&abroad, Whose::Abroad),
        (&suspended, Whose::Suspended),
        (&deleted, Whose::Deleted),
    ];
    let mut resources: Vec<Resource> = firms.iter().map(|(firm, whose)| Resource::of(firm, *whose)).collect();
    resources.push(Resource::nowhere());
    suspended.change("suspend");
    deleted.change("delete");
    // Everything that has changed is in force, and the short key has expired.
    thread::sleep(IN_FORCE);
    while now() < expires_at {
        thread::sleep(Duration::from_millis(50));
    }
    let linked = own.log(json!({})).id().to_owned();
    let before = [&own, &others, &abroad].map(standing_of);

    // A combination of principal and endpoint at a time, so that its answers can be compared.
    let combinations: Vec<_> = principals.iter().flat_map(|by| ENDPOINTS.iter().map(move |to| (by, to))).collect();
    let (next, asked_for, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    println!("made after {:?}", begun.elapsed());
    thread::scope(|scope| {
        for _ in 0..6 {
            let client = Client::new(cells.cell("us").inner_url(), None);
            let (next, asked_for, wrong, combinations) = (&next, &asked_for, &wrong, &combinations);
            let (resources, linked, token_of) = (&resources, &linked, &token_of);
            scope.spawn(move || {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(((what, token, principal), (method, template, who, there))) = combinations.get(n) else {
                        break;
                    };
                    let token = token_of(token, *principal);
                    let api = token.iter().fold(client.clone(), |api, token| api.with_key(token));
                    // From an address of its own: whoever has no credentials may not ask often from one.
                    let address = format!("172.16.{}.{}", n >> 8, n & 255);
                    let varied = template.contains("{id}") || template.contains("{key}");
                    let mut refusals: BTreeMap<u16, (Whose, Seen)> = BTreeMap::new();
                    for resource in resources.iter().rev().take(if varied { resources.len() } else { 1 }) {
                        let is_there = !varied || has(*who, *principal, resource.whose);
                        let (status, code) = expected(*who, method, is_there.then_some(*there), *principal);
                        let path = resource.path(template);
                        let call = api.call(method, &path).header("cf-connecting-ip", &address);
                        let answer = asked(call, method, template, linked).send();
                        asked_for.fetch_add(1, Ordering::Relaxed);
                        let complain = |text: String| {
                            wrong
                                .lock()
                                .unwrap()
                                .push(format!("{what}: {method} {template} of {:?}: {text}", resource.whose));
                        };
                        if answer.status != status || code.is_some_and(|code| answer.body["code"] != code) {
                            complain(format!("{} instead of {status} {code:?}: {}", answer.status, answer.text));
                        } else if code.is_some() {
                            // Refused is refused alike, whatever is there.
                            let seen = resource.seen(&answer);
                            match refusals.get(&status) {
                                None => _ = refusals.insert(status, (resource.whose, seen)),
                                Some((_, first)) if *first == seen => {}
                                Some((whose, first)) => complain(format!("{seen:?} unlike {first:?} of {whose:?}")),
                            }
                        }
                    }
                }
            });
        }
    });
    for (what, token, principal) in &principals {
        let token = token_of(token, *principal);
        let api = token.iter().fold(Client::new(cells.cell("us").inner_url(), None), |api, token| api.with_key(token));
        for whose in [&own, &others] {
            // The way between cells: not described, and theirs alone, about the tenant that they speak for.
            let path = format!("/v1/relocations/{}/nothing", whose.id);
            let call = api.call("POST", &path).idempotency_key(NOWHERE).json(&json!({}));
            let status = call.try_send().expect("an answer").status;
            let right = match principal {
                Principal::Nobody => status == 401,
                Principal::Cell if whose.id == own.id => !matches!(status, 200..300 | 401 | 403 | 500..),
                Principal::Cell => status == 401,
                _ => status == 403,
            };
            if !right {
                wrong.lock().unwrap().push(format!("{what}: POST {path}: {status}"));
            }
        }
    }
    let wrong = wrong.into_inner().unwrap();
    println!(
        "{} principals, {} endpoints, {} resources: {} requests after {:?}",
        principals.len(),
        ENDPOINTS.len(),
        resources.len(),
        asked_for.into_inner(),
        begun.elapsed()
    );
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let after = [&own, &others, &abroad].map(standing_of);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after, "nothing of it was changed");
    }
}

/// What a firm's record and oldest complaint are like. The complaints that were let in come on top.
fn standing_of(firm: &Firm) -> (String, String) {
    let oldest = firm.api.get("/v1/complaints?limit=200").expect(200).data().last().expect("a complaint")["id"].clone();
    let complaint = firm.api.get(&format!("/v1/complaints/{}", oldest.as_str().expect("an id"))).expect(200);
    (firm.operator.get(&firm.path("")).expect(200).text, complaint.text)
}

/// How long answers to two groups of requests took, and how alike they are.
struct Compared {
    medians: [f64; 2],
    /// The Mann-Whitney statistic in standard deviations: 0 for two samples of one distribution, beyond 3 by chance
    /// once in 400 times.
    z: f64,
}

impl Compared {
    fn of(first: &[f64], second: &[f64]) -> Self {
        Self { medians: [median(first), median(second)], z: rank_sum(first, second) }
    }

    fn difference(&self) -> f64 {
        (self.medians[0] - self.medians[1]).abs()
    }
}

fn median(sample: &[f64]) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn rank_sum(first: &[f64], second: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        first.iter().map(|time| (*time, true)).chain(second.iter().map(|time| (*time, false))).collect();
    all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    // Microseconds seldom tie, so ties are not averaged.
    let ranks: f64 = all.iter().zip(1..).filter(|((_, of_first), _)| *of_first).map(|(_, rank)| f64::from(rank)).sum();
    let (n, m) = (first.len() as f64, second.len() as f64);
    let (mean, deviation) = (n * (n + m + 1.0) / 2.0, (n * m * (n + m + 1.0) / 12.0).sqrt());
    (ranks - mean) / deviation
}

#[test]
fn samples_are_told_apart_and_not_when_they_are_alike() {
    let sample = |shift: f64| (0..300).map(|n| f64::from(n * 7_919 % 300) / 300.0 + shift).collect::<Vec<_>>();
    assert!(rank_sum(&sample(0.0), &sample(0.001)).abs() < 1.0);
    assert!(rank_sum(&sample(0.0), &sample(0.2)) < -5.0);
    assert!(Compared::of(&sample(0.0), &sample(0.2)).difference() > 0.19);
}

/// A request that is timed.
type Timed<'a> = &'a dyn Fn(&str) -> Answer;

/// Asks for what another tenant has and for what nobody has, in turn, and compares how long the answers take with how
/// long those to two groups of the latter take.
#[test]
fn what_is_hidden_takes_no_longer_to_hide_than_nothing() {
    const EACH: usize = 300;
    let windows = json!([{ "policy": "burst", "limit": 20_000 }, { "policy": "minute", "limit": 1_000_000 }]);
    let limits = json!({ "windows": windows, "quotas": [] });
    let [mine, theirs] = [(); 2].map(|()| Firm::new().limited(&limits));
    mine.logged();
    // Many to find and many not to find, so that no one of them is known from before.
    let hidden: Vec<String> = (0..20).map(|_| theirs.log_in(1, json!({ "tags": ["fees"] })).id().to_owned()).collect();
    let absent: Vec<String> = (0..40).map(|n| format!("{}{:02x}{}", &NOWHERE[..24], n, &NOWHERE[26..])).collect();
    let api = mine.inner();
    let path = |id: &str, rest: &str| format!("/v1/complaints/{id}{rest}");
    let asks: [(&str, Timed<'_>); 4] = [
        ("read", &|id| api.get(&path(id, ""))),
        ("events", &|id| api.get(&path(id, "/events"))),
        ("command", &|id| api.post_on(1, &path(id, "/note"), &command_body("note", ""))),
        ("lock", &|id| {
            let template = "/v1/complaints/{id}/lock";
            asked(api.call("PUT", &path(id, "/lock")), "PUT", template, "").send()
        }),
    ];
    for (what, ask) in asks {
        let time = |id: &str| {
            let begun = Instant::now();
            let answer = ask(id);
            let took = begun.elapsed().as_secs_f64() * 1e3;
            answer.problem(404, "not_found");
            took
        };
        hidden.iter().chain(&absent).for_each(|id| _ = time(id));
        let alike = (1..=3).any(|attempt| {
            let [mut not_yours, mut not_there, mut nor_there] = [(); 3].map(|()| Vec::with_capacity(EACH));
            for n in 0..EACH {
                let (hidden, [first, second]) = (&hidden[n % 20], [&absent[n % 20], &absent[20 + n % 20]]);
                // Each group has each place in the round as often.
                for group in [n % 3, (n + 1) % 3, (n + 2) % 3] {
                    match group {
                        0 => not_yours.push(time(hidden)),
                        1 => not_there.push(time(first)),
                        _ => nor_there.push(time(second)),
                    }
                }
            }
            let (hiding, chance) = (Compared::of(&not_yours, &not_there), Compared::of(&not_there, &nor_there));
            let allowed = (3.0 * chance.difference()).max(0.1 * chance.medians[0]);
            let alike = hiding.difference() <= allowed && hiding.z.abs() <= (3.0 * chance.z.abs()).max(4.0);
            println!(
                "{what}, attempt {attempt}: not yours {:.3} ms, not there {:.3} ms (z {:+.2}); not there {:.3} ms again \
                 (z {:+.2}); a difference of {:.3} ms, allowed {allowed:.3}",
                hiding.medians[0],
                hiding.medians[1],
                hiding.z,
                chance.medians[1],
                chance.z,
                hiding.difference()
            );
            alike
        });
        assert!(alike, "{what}: the time of an answer tells what another tenant has");
    }
    assert_eq!(theirs.api.get("/v1/complaints?tag=fees").expect(200).data().len(), 20);
}
