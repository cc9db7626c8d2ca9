//! Who may do what, with which complaint, in which state: worked out from the policy and the rules themselves, written down in
//! `docs/rights.md`, and every combination held against what is written there.
//!
//! `WRITE_RIGHTS=1 cargo test -p shared --test complaint rights` writes the tables anew.

use crate::{
    case::{Case, LINKABLE, START, command, complaint_id, complaint_reference, rules},
    every_command::{body, in_state},
};
use serde_json::{Value, json};
use shared::{
    access::{Access, Principal, Scope, may, staff::Action},
    complaint::{
        Complaint,
        command::{Command, Split},
        decide::{decide, split},
        state::{Move, State},
    },
    identity::role::{Clearance, Role, Roles},
    ids::{KeyId, PersonId, SessionId, TenantId},
};
use std::{collections::BTreeSet, fmt::Write as _, path::Path};

const SCOPES: [Scope; 8] = [
    Scope::ComplaintsRead,
    Scope::ComplaintsWrite,
    Scope::ComplaintsLead,
    Scope::UsageRead,
    Scope::StaffManage,
    Scope::Scim,
    Scope::AccessLogRead,
    Scope::TenantManage,
];

fn roles() -> impl Iterator<Item = Role> {
    Role::NAMES.iter().map(|name| Role::try_from((*name).to_owned()).unwrap())
}

fn actions() -> impl Iterator<Item = Action> {
    Action::NAMES.iter().map(|name| Action::try_from((*name).to_owned()).unwrap())
}

fn clearances() -> impl Iterator<Item = Clearance> {
    Clearance::NAMES.iter().map(|name| Clearance::try_from((*name).to_owned()).unwrap())
}

fn person(roles: impl IntoIterator<Item = Role>, clearances: &BTreeSet<Clearance>) -> Principal {
    Principal::Staff {
        tenant: TenantId::new(START, &[0; 10]),
        person: PersonId::new(START, &[0; 10]),
        roles: Roles::from_iter(roles),
        teams: BTreeSet::new(),
        clearances: clearances.clone(),
        session: SessionId::new(START, &[0; 10]),
    }
}

fn key() -> Principal {
    Principal::Key {
        tenant: TenantId::new(START, &[0; 10]),
        key: KeyId::new(START, &[0; 10]),
        scopes: vec![Scope::ComplaintsRead],
    }
}

/// A command as it is given, and what its route asks for.
struct Given {
    name: String,
    scope: Scope,
}

/// Every command on a complaint, with the scope that the table of routes has for it.
fn commands() -> Vec<Given> {
    const ROUTER: &str = include_str!("../../../worker/src/router.rs");
    let line = |line: &str| {
        let (name, rest) = line.trim().strip_prefix("POST \"/v1/complaints/{id}/")?.split_once("\" ")?;
        let (handler, access) = rest.split_once(", tenant ")?;
        (handler.starts_with("commands::") || handler.starts_with("split::")).then(|| Given {
            name: name.to_owned(),
            scope: match access.trim_end_matches(';') {
                "ComplaintsWrite" => Scope::ComplaintsWrite,
                "ComplaintsLead" => Scope::ComplaintsLead,
                other => panic!("{name} asks for {other}"),
            },
        })
    };
    let found: Vec<Given> = ROUTER.lines().filter_map(line).collect();
    assert!(found.len() >= 24, "only {} commands", found.len());
    found
}

/// The bodies with which a command can be told apart: what is named behind its name, and the body.
fn bodies(name: &str) -> Vec<(&'static str, Value)> {
    let money = json!([{ "kind": "refund", "minor": 100, "currency": "GBP" }]);
    let with = |mut body: Value, member: &str, value: &Value| {
        body[member] = value.clone();
        body
    };
    match name {
        "contact" => vec![("in", body("contact:in")), ("out", body("contact:out"))],
        "propose-response" => vec![("", body(name)), ("with money", with(body(name), "redress", &money))],
        "resolve" => {
            let summary = body("resolve:summary_resolution");
            vec![
                ("", body(name)),
                ("with money", with(body(name), "redress", &money)),
                ("summarily", summary.clone()),
                ("summarily, with money", with(summary, "redress", &money)),
            ]
        }
        "correct" => {
            let payment = json!([{ "minor": 100, "currency": "GBP", "paid_at": START }]);
            vec![("", body(name)), ("payments", json!({ "reason": "Misread.", "set": { "payments": payment } }))]
        }
        "unlink" => {
            vec![("", json!({ "relation": "part_of", "complaint": complaint_id(1), "reason": "Wrong one." }))]
        }
        "retract-milestone" => vec![("", json!({ "milestone": "holding_response", "reason": "Wrong one." }))],
        "split" | "rejoin" => vec![("", Value::Null)],
        _ => vec![("", body(name))],
    }
}

/// Where a command leads to from a state, if it is legal there.
fn leads_to(name: &str, body: &Value, state: State) -> Option<State> {
    let mut case: Case = in_state(state);
    match name {
        "unlink" => drop(case.give(command("link", super::every_command::body("link")), LINKABLE)),
        "retract-milestone" => drop(case.give(command("milestone", super::every_command::body("milestone")), LINKABLE)),
        "split" => {
            let asked: Split =
                serde_json::from_value(json!({ "parts": [{ "description": "And my data?" }], "reason": "Two." }))
                    .unwrap();
            let ids = [(complaint_id(2), complaint_reference(8))];
            return split(&case.complaint, asked, &ids, rules()).ok().map(|_| state);
        }
        // A part alone can make it.
        "rejoin" => return state.after(Move::Rejoin),
        _ => {}
    }
    let events = decide(&case.complaint, command(name, body.clone()), rules(), LINKABLE, case.now).ok()?;
    case.append(events);
    Some(case.complaint.state)
}

fn pays(name: &str, body: &Value) -> bool {
    !matches!(name, "split" | "rejoin") && Command::pays(&command(name, body.clone()))
}

/// The one question: whether somebody may give a command to a complaint.
fn may_give(who: &Principal, scope: Scope, pays: bool, complaint: &BTreeSet<Clearance>) -> bool {
    may(who, Access::Tenant(scope)).is_ok()
        && may(who, Access::See(complaint)).is_ok()
        && (!pays || may(who, Access::Act(Action::ApproveRedress)).is_ok())
}

/// A row of the table of commands.
struct Row {
    name: String,
    scope: Scope,
    pays: bool,
    by: Vec<Role>,
    to: Vec<Option<State>>,
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for Given { name, scope } in commands() {
        for (variant, body) in bodies(&name) {
            let pays = pays(&name, &body);
            let may = |role: &Role| may_give(&person([*role], &BTreeSet::new()), scope, pays, &BTreeSet::new());
            rows.push(Row {
                name: if variant.is_empty() { format!("`{name}`") } else { format!("`{name}` {variant}") },
                scope,
                pays,
                by: roles().filter(may).collect(),
                to: State::ALL.into_iter().map(|state| leads_to(&name, &body, state)).collect(),
            });
        }
    }
    rows
}

/// What a complaint may be labelled with, as the table shows it.
fn labels() -> Vec<BTreeSet<Clearance>> {
    let single = clearances().map(|label| BTreeSet::from([label]));
    std::iter::once(BTreeSet::new()).chain(single).chain([clearances().collect()]).collect()
}

fn said(labels: &BTreeSet<Clearance>) -> String {
    match labels.len() {
        0 => "none".to_owned(),
        1 => labels.iter().map(|label| format!("`{}`", <&str>::from(*label))).collect(),
        _ => "all four".to_owned(),
    }
}

fn mark(may: bool) -> &'static str {
    if may { "x" } else { "" }
}

fn short(state: State) -> &'static str {
    // "res" is what is resolved.
    if state == State::ResponseProposed { "pro" } else { &state.as_str()[..3] }
}

fn table(head: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = String::new();
    writeln!(text, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len())).unwrap();
    for row in rows {
        assert_eq!(row.len(), head.len());
        writeln!(text, "| {} |", row.join(" | ")).unwrap();
    }
    text
}

fn of_roles() -> String {
    let head: Vec<String> =
        std::iter::once("asks for".to_owned()).chain(Role::NAMES.iter().map(|name| format!("`{name}`"))).collect();
    let row = |name: &str, access: Access<'_>| {
        let cells = roles().map(|role| mark(may(&person([role], &BTreeSet::new()), access).is_ok()).to_owned());
        std::iter::once(format!("`{name}`")).chain(cells).collect()
    };
    let scopes = SCOPES.iter().map(|scope| row(scope.as_str(), Access::Tenant(*scope)));
    table(&head, scopes.chain(actions().map(|action| row(action.into(), Access::Act(action)))))
}

fn of_commands(rows: &[Row]) -> String {
    let head = ["command", "scope", "by"].map(str::to_owned).into_iter();
    let head: Vec<String> = head.chain(State::ALL.map(|state| short(state).to_owned())).collect();
    let row = |row: &Row| {
        let by: Vec<&str> = row.by.iter().map(|role| <&str>::from(*role)).collect();
        let cell = |(from, to): (State, &Option<State>)| match to {
            None => "–".to_owned(),
            Some(to) if *to == from => "=".to_owned(),
            Some(to) => short(*to).to_owned(),
        };
        let states = State::ALL.into_iter().zip(&row.to).map(cell);
        let by = format!("{}{}", by.join(", "), if row.pays { ", freshly proved" } else { "" });
        [row.name.clone(), format!("`{}`", row.scope.as_str()), by].into_iter().chain(states).collect()
    };
    table(&head, rows.iter().map(row))
}

fn of_labels() -> String {
    let head = std::iter::once("labels of the complaint".to_owned());
    let head: Vec<String> = head.chain(labels().iter().map(said)).chain(["a key".to_owned()]).collect();
    let row = |of: &BTreeSet<Clearance>| {
        let sees = |who: &Principal| mark(may(who, Access::See(of)).is_ok()).to_owned();
        let people = labels().into_iter().map(|holds| sees(&person([Role::Compliance], &holds))).collect::<Vec<_>>();
        std::iter::once(said(of)).chain(people).chain([sees(&key())]).collect()
    };
    table(&head, labels().iter().map(row))
}

#[test]
fn rights_are_as_they_are_published() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rights.md");
    let committed = std::fs::read_to_string(&path).unwrap();
    let mut fresh = committed.clone();
    for (name, table) in [("roles", of_roles()), ("commands", of_commands(&rows())), ("labels", of_labels())] {
        let begin = format!("<!-- {name}: written by a test -->\n");
        let from = fresh.find(&begin).unwrap_or_else(|| panic!("there is a place for {name}")) + begin.len();
        let to = from + fresh[from..].find("<!-- end -->").expect("it ends");
        fresh.replace_range(from..to, &format!("\n{table}\n"));
    }
    if std::env::var_os("WRITE_RIGHTS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(
        fresh == committed,
        "docs/rights.md is not what is so: WRITE_RIGHTS=1 cargo test -p shared --test complaint rights"
    );
}

/// Every role, command, state, set of labels, and set of clearances: what the policy says of all together is what the tables say.
#[test]
fn rights_do_not_depend_on_each_other() {
    let sets = || {
        let all: Vec<Clearance> = clearances().collect();
        (0..1_u8 << all.len()).map(move |bits| {
            let chosen = all.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
            chosen.map(|(_, clearance)| *clearance).collect::<BTreeSet<_>>()
        })
    };
    let rows = rows();
    let mut asked = 0_u32;
    for role in roles() {
        for holds in sets() {
            let who = person([role], &holds);
            for of in sets() {
                let sees = of.iter().all(|label| holds.contains(label));
                for Row { name, scope, pays, by, to } in &rows {
                    let may = may_give(&who, *scope, *pays, &of);
                    assert_eq!(may, sees && by.contains(&role), "{name} {role:?} {of:?} {holds:?}");
                    asked += u32::try_from(to.len()).unwrap();
                }
            }
        }
    }
    assert!(asked > 300_000, "{asked}");
}

/// Labels are of no state, and commands of no label.
#[test]
fn rights_to_a_complaint_are_no_matter_of_its_state() {
    for state in State::ALL {
        let mut case = in_state(state);
        case.give(command("label", json!({ "sensitivity": ["vip"] })), LINKABLE).unwrap();
        let Complaint { state: at, legal_moves, sensitivity, .. } = &case.complaint;
        assert_eq!((*at, legal_moves), (state, &state.legal_moves()));
        assert!(may(&person([Role::Agent], &BTreeSet::new()), Access::See(sensitivity)).is_err());
        // The same once more changes nothing.
        case.give(command("label", json!({ "sensitivity": ["vip", "vip"] })), LINKABLE).unwrap_err();
        case.give(command("label", json!({ "sensitivity": [] })), LINKABLE).unwrap();
        assert!(case.complaint.sensitivity.is_empty());
    }
}
