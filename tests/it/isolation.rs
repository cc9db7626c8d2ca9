//! To one tenant, whatever another keeps here does not exist. Driven by the API's description, so that a new operation
//! cannot be forgotten.

use crate::{
    client::{Answer, Call, Client, unused},
    contract::OPENAPI,
    firm::{Firm, command_body, complaint},
};
use serde_json::{Value, json};
use shared::reference::{Reference, ReferencePrefix};

/// Two tenants of one kind: `theirs` has something to hide.
struct Pair {
    mine: Firm,
    theirs: Firm,
    hidden: Answer,
}

/// An id that nobody has, of the same slot as the hidden one.
pub(crate) const NOWHERE: &str = "018bcfe5-6800-7303-8303-030303030301";

impl Pair {
    fn new() -> Self {
        let (mine, theirs) = (Firm::new(), Firm::new());
        let hidden = theirs.log_in(1, json!({ "external_reference": "CRM-1", "tags": ["fees"] }));
        Self { mine, theirs, hidden }
    }

    /// Fails unless the tenant's own view of it is what it was.
    fn untouched(&self) {
        let read = self.theirs.api.get(&format!("/v1/complaints/{}", self.hidden.id())).expect(200);
        assert_eq!(read.text, self.hidden.text);
    }
}

/// Status, body and headers.
pub(crate) type Seen = (u16, String, Vec<(String, String)>);

/// What of an answer could give something away: all but its own ids, the state of the whole database that it names, how much the tenant
/// may still ask, and whether the local server in front keeps the line (it does not where a body has not all come when it answers). Of its cost, the calls of D1 and the rows written: a lease is asked for now and then, and SQLite also counts the
/// row that lies where a missing one would be.
pub(crate) fn seen(answer: &Answer, named: &str) -> Seen {
    let own = ["connection", "x-request-id", "traceparent", "date", "content-length", "redress-bookmark", "ratelimit"];
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .map(|(name, value)| if name == "redress-cost" { (name, of_d1(&value)) } else { (name, value) })
        .collect();
    headers.sort();
    let text = answer.text.replace(answer.header("x-request-id").unwrap_or("-"), "");
    (answer.status, text.replace(named, ""), headers)
}

fn of_d1(cost: &str) -> String {
    let told = cost.split(';').filter(|part| part.starts_with("d1=") || part.starts_with("written="));
    told.collect::<Vec<_>>().join(";")
}

pub(crate) fn operations() -> Vec<(String, &'static str, &'static Value)> {
    let paths = OPENAPI["paths"].as_object().expect("the description has paths");
    let methods = ["get", "post", "put", "patch", "delete"];
    let of_path = |(path, operations): (&'static String, &'static Value)| {
        methods
            .into_iter()
            .filter_map(move |method| Some((method.to_uppercase(), path.as_str(), operations.get(method)?)))
    };
    paths.iter().flat_map(of_path).collect()
}

/// Asks the operation at `path` as a client would that knows how, on a version and with a lock that nothing has: where
/// it is allowed it does little or no harm. `other` is a complaint to link to.
pub(crate) fn ask(api: &Client, method: &str, template: &str, path: &str, other: &str) -> Answer {
    asked(api.call(method, path), method, template, other).send()
}

/// As [`ask`], before it is sent.
pub(crate) fn asked<'c>(call: Call<'c>, method: &str, template: &str, other: &str) -> Call<'c> {
    let last = template.rsplit('/').next().unwrap_or_default();
    let body = match (method, template) {
        ("GET", _) => return call,
        ("DELETE", "/v1/complaints/{id}/lock") => return call.header("redress-lock", NO_LOCK),
        ("PUT", "/v1/complaints/{id}/lock" | "/v1/complaints/{id}/lock/holder") => {
            let call = if last == "lock" { call.header("redress-lock", NO_LOCK) } else { call };
            return call.json(&json!({ "holder": { "id": "anna", "name": "Anna" }, "ttl_seconds": 5 }));
        }
        ("PUT", "/v1/flags") => return call.json(&json!({ "parts": {} })),
        ("POST", "/v1/complaints/{id}/attachments") => {
            let call = call.query("name=letter.pdf").idempotency_key(&unused());
            return call.bytes("application/pdf", b"It is no PDF.".to_vec());
        }
        ("POST", "/v1/complaints/{id}/uploads") => json!({ "name": "call.mp3", "bytes": 10 }),
        ("PUT", "/v1/complaints/{id}/uploads/{upload}/parts/{part}") => {
            return call.bytes("application/octet-stream", b"0123456789".to_vec());
        }
        (
            "POST",
            "/v1/complaints/{id}/attachments/{attachment}/link" | "/v1/complaints/{id}/uploads/{upload}/complete",
        ) => json!({}),
        ("DELETE", "/v1/complaints/{id}/attachments/{attachment}") => json!({ "reason": "By mistake." }),
        ("PUT", "/v1/test-clock") => return call.json(&json!({ "now": "2026-01-01T00:00:00Z" })),
        ("DELETE", "/v1/views/{id}" | "/v1/letters/templates/{kind}/{language}/{brand}") => return call.if_match(999),
        ("PUT", "/v1/letters/templates/{kind}/{language}/{brand}") => {
            json!({ "subject": "x", "blocks": [{ "is": "paragraph", "text": "x" }] })
        }
        ("POST", "/v1/complaints" | "/v1/complaints/duplicates") => complaint(json!({})),
        ("POST", "/v1/bulk") => {
            json!({ "action": { "close": {} }, "over": { "complaints": [NOWHERE] }, "dry_run": true })
        }
        ("POST" | "PATCH", "/v1/views" | "/v1/views/{id}") => json!({ "name": "Mine now" }),
        ("POST" | "PATCH", "/v1/webhook-endpoints" | "/v1/webhook-endpoints/{id}") => {
            json!({ "description": "Mine now" })
        }
        ("DELETE", "/v1/webhook-endpoints/{id}") => return call.if_match(999),
        ("DELETE", "/v1/complaints/{id}/uploads/{upload}") => return call,
        ("POST", "/v1/live-tickets") => json!({}),
        ("POST", "/v1/webhook-endpoints/{id}/rotate-secret") => json!({ "overlap_hours": 0 }),
        ("POST", "/v1/webhook-endpoints/{id}/replay") => json!({ "failed": true }),
        ("PUT", "/v1/notifications/rules") => json!({ "rules": [] }),
        ("PUT", "/v1/complaints/{id}/opt-out") => json!({ "opted_out": true }),
        ("POST", "/v1/people") => json!({ "email": "nobody" }),
        ("PATCH", "/v1/people/{id}" | "/v1/teams/{id}") => {
            if template.starts_with("/v1/teams") {
                json!({ "name": "Mine now" })
            } else {
                json!({ "display_name": "Mine now" })
            }
        }
        ("POST", "/v1/people/{id}/deactivate" | "/v1/people/{id}/reactivate" | "/v1/teams") => json!({}),
        ("DELETE", "/v1/people/{id}/sessions/{session}") => return call,
        ("DELETE", "/v1/teams/{id}") => return call.if_match(999),
        ("PUT", "/v1/sign-in") => json!({ "sessions": { "idle_minutes": 1 } }),
        ("POST", "/opt-out/{token}") => return call,
        ("POST", "/mail-events") => json!({ "type": "email.delivered", "data": {} }),
        ("POST", "/v1/complaints:import") => {
            let row = complaint(json!({ "channel": "pigeon" }));
            return call.idempotency_key(&unused()).bytes("application/x-ndjson", row.to_string().into_bytes());
        }
        ("POST", "/v1/tenants") => json!({
            "slug": unused(), "display_name": "x", "sector": "bank", "jurisdiction": "us", "reference_prefix": "XX",
            "home_cell": "nowhere"
        }),
        ("PATCH", "/v1/tenants/{id}" | "/v1/tenant") => json!({ "display_name": "Mine now" }),
        ("POST", "/v1/tenants/{id}/keys" | "/v1/keys") => {
            json!({ "name": "mine", "scopes": ["complaints:read"], "expires_at": "2000-01-01T00:00:00Z" })
        }
        ("POST", "/v1/tenants/{id}/relocation") => json!({ "to": "us" }),
        ("POST", "/v1/tenants/{id}/keys/{key}/rotate" | "/v1/keys/{key}/rotate") => json!({ "overlap_hours": 0 }),
        (
            "POST",
            "/v1/tenants/{id}/suspend"
            | "/v1/tenants/{id}/resume"
            | "/v1/tenants/{id}/delete"
            | "/v1/tenants/{id}/relocation/advance"
            | "/v1/tenants/{id}/relocation/cancel"
            | "/v1/tenants/{id}/keys/{key}/revoke"
            | "/v1/keys/{key}/revoke"
            | "/v1/dead-letters/{id}/replay"
            | "/v1/bulk/{id}/cancel"
            | "/v1/notifications/{id}/retry"
            | "/v1/webhook-endpoints/{id}/test"
            | "/v1/inbound-mails/{id}/retry",
        ) => json!({}),
        ("POST", _) => command_body(last, other),
        _ => panic!("{method} {template}: say here how it is asked"),
    };
    call.idempotency_key(&unused()).if_match(999).json(&body)
}

/// The path of an operation on a complaint; what else it names is not there.
fn filled(template: &str, id: &str) -> String {
    template
        .replace("{id}", id)
        .replace("{letter}", NOWHERE)
        .replace("{attachment}", NOWHERE)
        .replace("{upload}", NOWHERE)
}

/// A token that no lock has had.
const NO_LOCK: &str = "9007199254740991";

#[test]
fn no_operation_shows_another_tenants_complaint() {
    let pair = Pair::new();
    let own = pair.mine.logged();
    let own = own.rsplit('/').next().unwrap();
    let mine = pair.mine.key(&["complaints:read", "complaints:write", "complaints:lead"]);
    let mut asked = 0;
    for (method, template, _) in operations() {
        if !template.starts_with("/v1/complaints/{id}") {
            continue;
        }
        let ask = |id: &str| ask(&mine, &method, template, &filled(template, id), own);
        let (hidden, nowhere) = (ask(pair.hidden.id()), ask(NOWHERE));
        assert_eq!((hidden.status, hidden.body["code"].as_str()), (404, Some("not_found")), "{method} {template}");
        assert_eq!(seen(&hidden, pair.hidden.id()), seen(&nowhere, NOWHERE), "{method} {template}");
        asked += 1;
    }
    assert!(asked >= 24, "only {asked} operations on a complaint are described");
    pair.untouched();
}

#[test]
fn no_operation_shows_another_tenants_view() {
    let pair = Pair::new();
    let hidden = pair.theirs.view("tag=fees");
    let mut asked = 0;
    for (method, template, _) in operations() {
        if !template.starts_with("/v1/views/{id}") {
            continue;
        }
        let ask = |id: &str| ask(&pair.mine.api, &method, template, &template.replace("{id}", id), "");
        let (found, nowhere) = (ask(hidden.id()), ask(NOWHERE));
        assert_eq!((found.status, found.body["code"].as_str()), (404, Some("not_found")), "{method} {template}");
        assert_eq!(seen(&found, hidden.id()), seen(&nowhere, NOWHERE), "{method} {template}");
        asked += 1;
    }
    assert_eq!(asked, 3);
    let [listed, nowhere] = [hidden.id(), NOWHERE]
        .map(|id| pair.mine.api.get(&format!("/v1/complaints?view={id}")).problem(404, "not_found"));
    assert_eq!(seen(&listed, hidden.id()), seen(&nowhere, NOWHERE));
    assert_eq!(pair.mine.api.get("/v1/views").expect(200).data().len(), 0);
    // The same filter, and each counts its own: and each has its own names.
    let mine =
        pair.mine.api.post("/v1/views", &json!({ "name": hidden.body["name"], "filter": "tag=fees", "owner": "anna" }));
    assert_eq!(mine.expect(201).body["count"], json!({ "n": 0, "exact": true }));
    assert_eq!(pair.theirs.api.get("/v1/views").expect(200).data(), [hidden.body]);
}

#[test]
fn no_operation_shows_another_tenants_endpoint() {
    let pair = Pair::new();
    let hidden = pair.theirs.endpoint(json!({}));
    let mine = pair.mine.key(&["complaints:read", "complaints:lead"]);
    let mut asked = 0;
    for (method, template, _) in operations() {
        if !template.starts_with("/v1/webhook-endpoints/{id}") {
            continue;
        }
        let ask = |id: &str| ask(&mine, &method, template, &template.replace("{id}", id), "");
        let (found, nowhere) = (ask(hidden.id()), ask(NOWHERE));
        assert_eq!((found.status, found.body["code"].as_str()), (404, Some("not_found")), "{method} {template}");
        assert_eq!(seen(&found, hidden.id()), seen(&nowhere, NOWHERE), "{method} {template}");
        asked += 1;
    }
    assert_eq!(asked, 7);
    assert_eq!(mine.get("/v1/webhook-endpoints").expect(200).data().len(), 0);
}

#[test]
fn no_operation_shows_another_tenants_key() {
    let pair = Pair::new();
    let hidden = pair.theirs.issue(json!({}));
    let mine = pair.mine.key(&["tenant:manage", "complaints:read", "complaints:write"]);
    let mut asked = 0;
    for (method, template, _) in operations() {
        if !template.starts_with("/v1/keys/{key}") {
            continue;
        }
        let ask = |id: &str| ask(&mine, &method, template, &template.replace("{key}", id), "");
        let (found, nowhere) = (ask(hidden.id()), ask(NOWHERE));
        assert_eq!((found.status, found.body["code"].as_str()), (404, Some("not_found")), "{method} {template}");
        assert_eq!(seen(&found, hidden.id()), seen(&nowhere, NOWHERE), "{method} {template}");
        asked += 1;
    }
    assert_eq!(asked, 2);
    assert_eq!(mine.get("/v1/keys").expect(200).data().len(), 2);
    assert!(!mine.get("/v1/tenant/events").expect(200).text.contains(hidden.id()));
    pair.theirs.client(&hidden).get("/v1/complaints").expect(200);
}

#[test]
fn wrong_requests_do_not_tell_either() {
    let pair = Pair::new();
    let path = |id: &str, rest: &str| format!("/v1/complaints/{id}{rest}");
    for (rest, body) in
        [("/note", json!({})), ("/note", json!({ "text": 1 })), ("/classify", json!({ "product": "pigeons" }))]
    {
        let [hidden, nowhere] = [pair.hidden.id(), NOWHERE].map(|id| pair.mine.api.post_on(9, &path(id, rest), &body));
        assert_eq!(seen(&hidden, pair.hidden.id()), seen(&nowhere, NOWHERE), "{rest} {body}");
    }
    for rest in [
        "?at=2999-01-01T00:00:00Z",
        "?at=2000-01-01T00:00:00Z",
        "?colour=red",
        "/events?after=1",
        "/deliveries?after=1&limit=1",
    ] {
        let [hidden, nowhere] = [pair.hidden.id(), NOWHERE].map(|id| pair.mine.api.get(&path(id, rest)));
        assert_eq!(seen(&hidden, pair.hidden.id()), seen(&nowhere, NOWHERE), "{rest}");
    }
}

#[test]
fn no_list_shows_another_tenants_complaint() {
    let pair = Pair::new();
    let own = pair.mine.log(json!({}));
    let all = pair.mine.api.get("/v1/complaints?limit=200").expect(200);
    assert_eq!(all.data().iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), [own.id()]);

    let reference = pair.hidden.text_of("reference");
    let unknown = Reference::new(&ReferencePrefix::try_from("NWB".to_owned()).unwrap(), 1, 12_345);
    for (hidden, nowhere) in [
        (format!("reference={reference}"), format!("reference={unknown}")),
        ("external_reference=CRM-1".to_owned(), "external_reference=CRM-0".to_owned()),
        (format!("linked_to={}", pair.hidden.id()), format!("linked_to={NOWHERE}")),
        ("tag=fees".to_owned(), "tag=none".to_owned()),
    ] {
        let [found, not] =
            [&hidden, &nowhere].map(|query| pair.mine.api.get(&format!("/v1/complaints?{query}")).expect(200));
        assert_eq!(seen(&found, ""), seen(&not, ""), "{hidden}");
        assert_eq!(found.body["data"], json!([]));
    }
}

#[test]
fn no_count_counts_another_tenants_complaint() {
    let pair = Pair::new();
    pair.mine.logged();
    let counts = pair.mine.api.get("/v1/complaints/counts").expect(200);
    let one = json!({ "state": { "received": 1 }, "assignee": { "": 1 }, "due": { "later": 1 } });
    assert_eq!(counts.body, json!({ "data": one, "total": 1 }));
    let statistics = pair.mine.api.get("/v1/statistics").expect(200);
    assert_eq!(
        statistics.body["products"],
        json!({ "": { "received": 1, "resolved": 0, "outcomes": {}, "time_to_resolve": {} } })
    );
    assert_eq!(statistics.body["open"], json!({ "0_3": 1 }));
}

#[test]
fn a_cursor_of_another_tenant_is_no_cursor() {
    let pair = Pair::new();
    pair.theirs.logged();
    for firm in [&pair.mine, &pair.theirs] {
        firm.logged();
        firm.logged();
    }
    let cursor = pair.theirs.api.get("/v1/complaints?limit=1").expect(200).text_of("next").to_owned();
    let refused = pair.mine.api.get(&format!("/v1/complaints?limit=1&cursor={cursor}")).problem(400, "invalid_cursor");
    let forged = pair
        .mine
        .api
        .get("/v1/complaints?limit=1&cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        .problem(400, "invalid_cursor");
    assert_eq!(seen(&refused, ""), seen(&forged, ""));
    pair.theirs.api.get(&format!("/v1/complaints?limit=1&cursor={cursor}")).expect(200);
}

#[test]
fn keys_and_references_are_each_tenants_own() {
    let pair = Pair::new();
    let (key, body) = (unused(), complaint(json!({ "external_reference": "CRM-2" })));
    let send =
        |firm: &Firm| firm.api.call("POST", "/v1/complaints").idempotency_key(&key).json(&body).send().expect(201);
    let (theirs, mine) = (send(&pair.theirs), send(&pair.mine));
    assert_ne!(theirs.id(), mine.id());
    assert_eq!(mine.header("idempotency-replayed"), None, "nothing of it was done for this tenant before");
    let command = |firm: &Firm, logged: &Answer, key: &str| {
        let call = firm.api.call("POST", &format!("/v1/complaints/{}/acknowledge", logged.id()));
        call.idempotency_key(key).if_match(1).json(&json!({})).send().expect(200)
    };
    let key = unused();
    command(&pair.theirs, &theirs, &key);
    let acknowledged = command(&pair.mine, &mine, &key);
    assert_eq!((acknowledged.id(), acknowledged.header("idempotency-replayed")), (mine.id(), None));
}

#[test]
fn nothing_can_be_tied_to_another_tenants_complaint() {
    let pair = Pair::new();
    let path = pair.mine.logged();
    for command in ["link", "unlink"] {
        let [hidden, nowhere] =
            [pair.hidden.id(), NOWHERE].map(|other| pair.mine.give(&path, command, command_body(command, other)));
        assert_eq!(hidden.status, 422, "{command}");
        assert_eq!(seen(&hidden, pair.hidden.id()), seen(&nowhere, NOWHERE), "{command}");
    }
    assert_eq!(pair.mine.api.get(&path).expect(200).version(), 1);
    pair.untouched();
}

/// Whether a path is for operators.
fn operated(path: &str) -> bool {
    let operators = ["/v1/tenants", "/v1/dead-letters", "/v1/flags", "/metrics"];
    operators.iter().any(|beginning| path.starts_with(beginning))
}

/// A tenant's key is no operator's: not for its own record, nor for another's, nor for none.
#[test]
fn a_tenants_key_operates_nothing() {
    let pair = Pair::new();
    let mut asked = 0;
    for (method, template, _) in operations() {
        if !operated(template) {
            continue;
        }
        let answers = [pair.mine.id.as_str(), pair.theirs.id.as_str(), NOWHERE].map(|id| {
            let path = template.replace("{id}", id).replace("{key}", NOWHERE);
            let answer = ask(&pair.mine.api.apart(), &method, template, &path, "");
            assert_eq!((answer.status, answer.body["code"].as_str()), (403, Some("forbidden")), "{method} {path}");
            seen(&answer, id)
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{method} {template}");
        asked += 1;
    }
    assert!(asked >= 14, "only {asked} operations of operators are described");
    let tenant = pair.theirs.operator.get(&format!("/v1/tenants/{}", pair.theirs.id)).expect(200);
    assert_eq!(tenant.version(), 1, "nothing of it was done");
}

/// An operator manages tenants and reads no complaint.
#[test]
fn an_operators_key_reads_no_complaint() {
    let pair = Pair::new();
    for (method, template, _) in operations() {
        if template.starts_with("/v1/") && !operated(template) && template != "/v1/files/{token}" {
            let path = filled(template, pair.hidden.id());
            let answer = ask(&pair.theirs.operator, &method, template, &path, NOWHERE);
            assert_eq!((answer.status, answer.body["code"].as_str()), (403, Some("forbidden")), "{method} {template}");
        }
    }
    pair.untouched();
}
