//! Ways of a complaint from its receipt to any state: the commands a firm's people would send, varied by a number. For demo data and
//! the rehearsal; whether a move is legal is the API's to say.

use serde_json::{Value, json};

/// One command on a complaint.
#[derive(Clone, Debug)]
pub struct Step {
    /// The last part of the path: `acknowledge`.
    pub command: &'static str,
    /// What is sent.
    pub body: Value,
}

const AGENTS: [(&str, &str); 6] = [
    ("amara.okafor", "first-line"),
    ("bo.lindqvist", "first-line"),
    ("carmen.ruiz", "fraud"),
    ("dev.patel", "escalations"),
    ("elin.hughes", "first-line"),
    ("farid.aziz", "escalations"),
];
const CAUSES: [&str; 5] = ["staff_error", "system_fault", "unclear_terms", "third_party", "delay"];

/// Every state a complaint can be left in.
pub const STATES: [&str; 10] = [
    "received",
    "acknowledged",
    "investigating",
    "awaiting_information",
    "response_proposed",
    "resolved",
    "closed",
    "reopened",
    "withdrawn",
    "referred",
];

/// The steps from `received` to a state; `nth` varies people, outcomes and detours.
pub fn to(state: &str, nth: usize) -> Vec<Step> {
    match state {
        "received" => Vec::new(),
        "acknowledged" => vec![acknowledge()],
        "investigating" => investigated(nth),
        "awaiting_information" => [investigated(nth), vec![ask(nth)]].concat(),
        "response_proposed" => [investigated(nth), vec![propose(nth)]].concat(),
        "resolved" if nth % 4 == 1 => vec![acknowledge(), resolve_summarily(nth)],
        "resolved" => resolved(nth),
        "closed" => [resolved(nth), vec![close()]].concat(),
        "reopened" => [resolved(nth), vec![close(), reopen()]].concat(),
        "withdrawn" => {
            vec![acknowledge(), step("withdraw", json!({ "reason": "The complainant no longer wishes to pursue it." }))]
        }
        _ => [resolved(nth), vec![refer(nth)]].concat(),
    }
}

/// The ways to a resolution that the rehearsal mixes, by name.
pub const RESOLUTIONS: [&str; 7] =
    ["straight", "summary", "after a question", "second proposal", "closed", "reopened", "corrected"];

/// The steps of one of [`RESOLUTIONS`], and the state it ends in.
pub fn resolution(way: &str, nth: usize) -> (Vec<Step>, &'static str) {
    match way {
        "straight" => ([investigated(0), vec![propose(nth), resolve(nth)]].concat(), "resolved"),
        "summary" => (vec![resolve_summarily(nth)], "resolved"),
        "after a question" => {
            ([investigated(nth), vec![ask(nth), answer(), propose(nth), resolve(nth)]].concat(), "resolved")
        }
        "second proposal" => (
            [investigated(nth), vec![propose(nth), step("investigate", json!({})), propose(nth + 1), resolve(nth + 1)]]
                .concat(),
            "resolved",
        ),
        "closed" => ([resolved(nth), vec![close()]].concat(), "closed"),
        "reopened" => {
            ([resolved(nth), vec![reopen(), assign(nth + 1), propose(nth + 1), resolve(nth + 1)]].concat(), "resolved")
        }
        _ => ([investigated(nth), vec![correct(), propose(nth), resolve(nth)]].concat(), "resolved"),
    }
}

fn investigated(nth: usize) -> Vec<Step> {
    let mut steps = vec![acknowledge()];
    if nth % 3 == 1 {
        let severity = ["low", "medium", "high"][nth / 3 % 3];
        steps.push(step("classify", json!({ "severity": severity, "root_cause": CAUSES[nth % CAUSES.len()] })));
    }
    steps.push(assign(nth));
    if nth % 2 == 1 {
        steps.push(step(
            "note",
            json!({ "text": "Read the correspondence and asked the branch for the account history." }),
        ));
    }
    if nth % 5 == 2 {
        steps.push(step("contact", json!({ "direction": "out", "channel": "phone", "summary": "Called to confirm what happened and what would put it right." })));
    }
    steps
}

fn resolved(nth: usize) -> Vec<Step> {
    [investigated(nth), vec![propose(nth), resolve(nth)]].concat()
}

fn step(command: &'static str, body: Value) -> Step {
    Step { command, body }
}

fn acknowledge() -> Step {
    step("acknowledge", json!({}))
}

fn assign(nth: usize) -> Step {
    let (assignee, team) = AGENTS[nth % AGENTS.len()];
    step("assign", json!({ "assignee": assignee, "team": team }))
}

fn ask(nth: usize) -> Step {
    let question =
        ["Could you send us a copy of the letter you mention?", "On which day did you first call us about this?"]
            [nth % 2];
    step("request-information", json!({ "question": question }))
}

fn answer() -> Step {
    step("contact", json!({ "direction": "in", "channel": "email", "summary": "Sent what we had asked for." }))
}

fn propose(nth: usize) -> Step {
    step("propose-response", finding(nth))
}

fn resolve(nth: usize) -> Step {
    step("resolve", finding(nth))
}

fn resolve_summarily(nth: usize) -> Step {
    let mut body = finding(nth);
    body["kind"] = json!("summary_resolution");
    step("resolve", body)
}

fn close() -> Step {
    step("close", json!({ "reason": "The final response was sent and nothing is outstanding." }))
}

fn reopen() -> Step {
    step("reopen", json!({ "reason": "The complainant sent new evidence." }))
}

fn correct() -> Step {
    step("correct", json!({ "reason": "The form was filled in by phone.", "set": { "channel": "phone" } }))
}

fn refer(nth: usize) -> Step {
    step(
        "refer",
        json!({ "scheme": "Ombudsman", "scheme_reference": format!("OMB-{:06}", nth + 1), "reason": "The complainant disagrees with the final response." }),
    )
}

fn finding(nth: usize) -> Value {
    let amount = 2_500 + 500 * (nth % 20);
    match nth % 3 {
        0 => json!({
            "outcome": "upheld",
            "summary": "We made a mistake. We have put it right and refunded the charge.",
            "redress": [
                { "kind": "refund", "minor": amount, "currency": "USD" },
                { "kind": "apology", "description": "A letter from the head of customer care." },
            ],
        }),
        1 => json!({
            "outcome": "partly_upheld",
            "summary": "The decision was right, but we took too long to explain it.",
            "redress": [{ "kind": "goodwill", "minor": amount, "currency": "USD" }],
        }),
        _ => {
            json!({ "outcome": "rejected", "summary": "We followed the terms that were agreed, and explained them at the time." })
        }
    }
}
