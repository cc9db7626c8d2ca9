//! Every command in every state, against a table written by hand: the contract with the callers, not a copy of
//! `MOVES`.

use crate::case::{Case, LINKABLE, START, command, complaint_id};
use serde_json::{Value, json};
use shared::complaint::{
    decide::Refusal,
    state::State::{
        self, Acknowledged, AwaitingInformation, Closed, Investigating, Received, Referred, Reopened, Resolved,
        ResponseProposed, Withdrawn,
    },
};

/// By command, one column a state: the state it leads to, `.` where it is refused, `=` where it changes nothing of it.
const TABLE: &str = include_str!("moves.txt");

/// The states in the order of the columns, which are named by the first three letters.
const STATES: [State; 10] = [
    Received,
    Acknowledged,
    Investigating,
    AwaitingInformation,
    ResponseProposed,
    Resolved,
    Closed,
    Reopened,
    Withdrawn,
    Referred,
];

#[test]
fn the_table_of_moves_is_the_one_promised() {
    let mut rows = TABLE.trim().lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    let columns = rows.next().unwrap();
    let called = |name: &str| STATES[columns.iter().position(|column| *column == name).unwrap()];
    for row in rows {
        let (name, outcomes) = row.split_first().unwrap();
        assert_eq!(outcomes.len(), STATES.len(), "{name}");
        for (state, outcome) in STATES.into_iter().zip(outcomes) {
            let mut case = in_state(state);
            let given = case.give(command(name.split(':').next().unwrap(), body(name)), LINKABLE);
            let expected = match *outcome {
                "." => None,
                "=" => Some(state),
                other => Some(called(other)),
            };
            match (given, expected) {
                (Ok(_), Some(to)) => assert_eq!(case.complaint.state, to, "{name} when {state:?}"),
                (
                    Err(
                        Refusal::IllegalMove { state: at, legal, .. }
                        | Refusal::NotOpen { state: at, legal }
                        | Refusal::NotEnded { state: at, legal },
                    ),
                    None,
                ) => {
                    assert_eq!((at, legal), (state, state.legal_moves()), "{name} when {state:?}");
                }
                (given, expected) => panic!("{name} when {state:?}: {given:?}, not {expected:?}"),
            }
        }
    }
}

#[test]
fn a_milestone_is_taken_back_in_every_state() {
    for state in STATES {
        let mut case = in_state(state);
        case.give(command("milestone", body("milestone")), LINKABLE).unwrap();
        let retract = json!({ "milestone": "holding_response", "reason": "It was another one's." });
        case.give(command("retract-milestone", retract), LINKABLE).unwrap();
        assert_eq!((case.complaint.state, case.complaint.milestones.len()), (state, 0));
    }
}

#[test]
fn an_unlink_is_legal_in_every_state() {
    for state in STATES {
        let mut case = in_state(state);
        case.give(command("link", body("link")), LINKABLE).unwrap();
        let unlink = json!({ "relation": "part_of", "complaint": complaint_id(1), "reason": "Wrong one." });
        case.give(command("unlink", unlink), LINKABLE).unwrap();
        assert_eq!((case.complaint.state, case.complaint.links.len()), (state, 0));
    }
}

/// A case in `state` by the shortest course.
pub(crate) fn in_state(state: State) -> Case {
    let course: &[&str] = match state {
        Received => &[],
        Acknowledged => &["acknowledge"],
        Investigating => &["acknowledge", "investigate"],
        AwaitingInformation => &["acknowledge", "investigate", "request-information"],
        ResponseProposed => &["acknowledge", "investigate", "propose-response"],
        Resolved => &["resolve:summary_resolution"],
        Closed => &["resolve:summary_resolution", "close"],
        Reopened => &["withdraw", "reopen"],
        Withdrawn => &["withdraw"],
        Referred => &["refer"],
    };
    let mut case = Case::plain();
    for name in course {
        case.give(command(name.split(':').next().unwrap(), body(name)), LINKABLE).unwrap();
    }
    assert_eq!(case.complaint.state, state);
    case
}

/// The least that a command asks for.
pub(crate) fn body(name: &str) -> Value {
    match name {
        "acknowledge" | "investigate" | "close" => json!({}),
        "assign" => json!({ "assignee": "agent-7" }),
        "request-information" => json!({ "question": "Which statement?" }),
        "propose-response" | "resolve" => json!({ "outcome": "upheld", "summary": "Our mistake." }),
        "resolve:summary_resolution" => {
            json!({ "kind": "summary_resolution", "outcome": "upheld", "summary": "Refunded on the spot." })
        }
        "reopen" | "withdraw" => json!({ "reason": "The consumer asked for it." }),
        "refer" => json!({ "scheme": "Financial Ombudsman Service" }),
        "contact:in" => json!({ "direction": "in", "channel": "phone", "summary": "It was October." }),
        "contact:out" => json!({ "direction": "out", "channel": "email", "summary": "We are on it." }),
        "classify" => json!({ "severity": "high" }),
        "note" => json!({ "text": "Called the branch." }),
        "link" => json!({ "relation": "part_of", "complaint": complaint_id(1) }),
        "milestone" => json!({ "milestone": "holding_response" }),
        "pay-redress" => json!({ "minor": 2500, "currency": "GBP", "paid_at": START }),
        "record-adr-outcome" => {
            json!({ "scheme": "Financial Ombudsman Service", "outcome": "not_upheld", "decided_at": START })
        }
        "move-clocks" => {
            json!({ "versions": [{ "id": "gb-fca-disp", "version": "2018-01-13" }], "reason": "As counsel said." })
        }
        "label" => json!({ "sensitivity": ["vip"] }),
        "correct" => json!({ "reason": "Misheard.", "set": { "channel": "phone" } }),
        other => panic!("no body for {other}"),
    }
}
