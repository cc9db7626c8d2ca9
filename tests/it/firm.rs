//! A tenant of the test's own, with a key that may do everything a tenant may.

use crate::{
    client::{Answer, Client, STACK, unused},
    clocks::now,
};
use serde_json::{Value, json};
use shared::{
    search::place::{Place, Position},
    tenant::placement::{Placement, ShardId, Slot, hash_of},
};

pub(crate) struct Firm {
    pub(crate) id: String,
    pub(crate) slug: String,
    /// With the tenant's key.
    pub(crate) api: Client,
    pub(crate) operator: Client,
}

impl Firm {
    /// A bank, on both shards of the cell.
    pub(crate) fn new() -> Self {
        Self::with(json!({}))
    }

    /// A bank on the first shard alone.
    pub(crate) fn small() -> Self {
        Self::with(json!({ "shards": [0] }))
    }

    /// With these members instead of a bank's.
    pub(crate) fn with(members: Value) -> Self {
        Self::on(&Client::operator(), members)
    }

    /// On another stack than the one of the suite.
    pub(crate) fn on(operator: &Client, members: Value) -> Self {
        let slug = unused();
        let mut body = json!({
            "slug": slug, "display_name": "Northwind Bank", "sector": "bank",
            "jurisdiction": "england_and_wales", "reference_prefix": "NWB", "shards": [0, 1],
            "plan": "enterprise"
        });
        let Value::Object(members) = members else { panic!("members are an object") };
        body.as_object_mut().expect("the body is an object").extend(members);
        let id = operator.post("/v1/tenants", &body).expect(201).id().to_owned();
        let key = issue(operator, &id, &["complaints:read", "complaints:write"]);
        Self { slug, api: operator.with_key(&key), operator: operator.clone(), id }
    }

    /// Another key of the tenant.
    pub(crate) fn key(&self, scopes: &[&str]) -> Client {
        self.operator.with_key(&issue(&self.operator, &self.id, scopes))
    }

    /// This firm past wrangler's development proxy, for many requests at once.
    pub(crate) fn inner(&self) -> Client {
        self.api.at(&STACK.inner_url)
    }

    /// Logs a complaint with these members besides the required ones.
    pub(crate) fn log(&self, members: Value) -> Answer {
        self.api.post("/v1/complaints", &complaint(members)).expect(201)
    }

    /// Logs a complaint in a slot of the two.
    pub(crate) fn log_in(&self, slot: u8, members: Value) -> Answer {
        let call = self.api.call("POST", "/v1/complaints").idempotency_key(&key_for(slot, 2));
        call.json(&complaint(members)).send().expect(201)
    }

    /// Logs a complaint and gives its path.
    pub(crate) fn logged(&self) -> String {
        format!("/v1/complaints/{}", self.log(json!({})).id())
    }

    /// Saves a view.
    pub(crate) fn view(&self, filter: &str) -> Answer {
        let body = json!({ "name": unused(), "filter": filter, "owner": "anna" });
        self.api.post("/v1/views", &body).expect(201)
    }

    /// Has a system told of what happens: one that is not there, unless these members say another.
    pub(crate) fn endpoint(&self, members: Value) -> Answer {
        let mut body = json!({ "url": "https://hooks.example.com/here" });
        let Value::Object(members) = members else { panic!("members are an object") };
        body.as_object_mut().expect("the body is an object").extend(members);
        self.key(&["complaints:lead"]).post("/v1/webhook-endpoints", &body).expect(201)
    }

    /// Enters somebody of the staff.
    pub(crate) fn person(&self, members: Value) -> Answer {
        let email = format!("{}@northwind.example.com", unused());
        let mut body = json!({ "email": email, "display_name": "Anna Kim", "roles": ["agent"] });
        let Value::Object(members) = members else { panic!("members are an object") };
        body.as_object_mut().expect("the body is an object").extend(members);
        self.key(&["staff:manage"]).post("/v1/people", &body).expect(201)
    }

    /// Gives a command on the version that is there now.
    pub(crate) fn give(&self, path: &str, command: &str, body: Value) -> Answer {
        let version = self.api.get(path).expect(200).version();
        self.api.post_on(version, &format!("{path}/{command}"), &body)
    }
}

/// An idempotency key that nobody has used and that puts a new complaint in `slot` of so many.
pub(crate) fn key_for(slot: u8, slots: u8) -> String {
    let placement = Placement::try_from((0..slots).map(ShardId).collect::<Vec<_>>()).expect("1 to 32 slots");
    let keys = std::iter::repeat_with(unused);
    keys.into_iter().find(|key| placement.slot_for(hash_of(key)) == Slot(slot)).expect("every slot has its share")
}

/// What the order of lists goes by: what is greater is listed earlier.
pub(crate) fn position(received_at: &str, id: &str) -> Position {
    let id = id.parse().expect("an id");
    Position { place: Place::of(received_at.parse().expect("a moment"), id, 0), id }
}

fn issue(operator: &Client, tenant: &str, scopes: &[&str]) -> String {
    let body = json!({ "name": "test", "mode": "test", "scopes": scopes });
    operator.post(&format!("/v1/tenants/{tenant}/keys"), &body).expect(201).text_of("token").to_owned()
}

/// The body of a new complaint: the required members, and `members` over them.
pub(crate) fn complaint(members: Value) -> Value {
    let mut body = json!({
        "complainant": { "name": "Ada Winter" }, "channel": "web", "description": "A fee was charged twice."
    });
    let Value::Object(members) = members else { panic!("members are an object") };
    body.as_object_mut().expect("the body is an object").extend(members);
    body
}

/// A body that each command accepts in the right state, an operator's on a tenant included. `other` is a complaint to link to.
pub(crate) fn command_body(command: &str, other: &str) -> Value {
    match command {
        "acknowledge" | "investigate" | "close" => json!({}),
        "assign" => json!({ "assignee": "agent-7", "team": "cards" }),
        "classify" => json!({ "severity": "high" }),
        "note" => json!({ "text": "Called the branch." }),
        "contact" => json!({ "direction": "out", "channel": "email", "summary": "We are on it." }),
        "request-information" => json!({ "question": "Which statement?" }),
        "propose-response" | "resolve" => json!({ "outcome": "upheld", "summary": "Our mistake." }),
        "reopen" | "withdraw" => json!({ "reason": "The consumer asked for it." }),
        "refer" => json!({ "scheme": "Financial Ombudsman Service" }),
        "link" => json!({ "relation": "part_of", "complaint": other }),
        "unlink" => json!({ "relation": "part_of", "complaint": other, "reason": "The wrong one." }),
        "correct" => json!({ "reason": "Misheard.", "set": { "channel": "phone" } }),
        "milestone" => json!({ "milestone": "holding_response", "note": "It takes longer." }),
        "retract-milestone" => json!({ "milestone": "holding_response", "reason": "It was another one's." }),
        "pay-redress" => json!({ "minor": 2500, "currency": "GBP", "paid_at": now().to_string() }),
        "record-adr-outcome" => json!({
            "scheme": "Financial Ombudsman Service", "outcome": "partly_upheld", "decided_at": now().to_string()
        }),
        "letters" | "preview" => json!({ "kind": "update", "texts": { "update": "We are on it." } }),
        "approve" | "send" => json!({}),
        "split" => json!({ "parts": [{ "description": "And where is my data?" }], "reason": "Two matters." }),
        "rejoin" => json!({ "reason": "By mistake." }),
        "move-clocks" => {
            json!({ "versions": [{ "id": "gb-fca-disp", "version": "2018-01-13" }], "reason": "As counsel said." })
        }
        "label" => json!({ "sensitivity": ["vip"] }),
        "shards" => json!({ "shard": 1 }),
        other => panic!("there is no body for {other}: add one"),
    }
}

/// Every command that a key may give that may write.
pub(crate) const COMMANDS: [&str; 21] = [
    "acknowledge",
    "assign",
    "investigate",
    "classify",
    "note",
    "contact",
    "request-information",
    "propose-response",
    "resolve",
    "close",
    "reopen",
    "withdraw",
    "refer",
    "link",
    "unlink",
    "correct",
    "milestone",
    "retract-milestone",
    "pay-redress",
    "record-adr-outcome",
    "label",
];

/// Whether a complaint is open and nobody works on it: it is counted under the empty name.
pub(crate) fn waits(complaint: &Value) -> bool {
    let over = ["resolved", "closed", "withdrawn", "referred"].iter().any(|state| complaint["state"] == **state);
    complaint["assignee"].is_null() && !over
}
