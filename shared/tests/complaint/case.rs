//! A case in the making: decides, seals and applies as the Worker does, and keeps every event.
//!
//! Invariant: `complaint` is only ever changed through [`Complaint::apply`].

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::{
    access::{Actor, ActorKind},
    chain::{self, CASE_FILE_FORMAT, CaseFile, Sealed, Tail},
    clock::law::Choices,
    complaint::{
        Complaint,
        command::Command,
        decide::{self, LinkTarget, Refusal, Rules},
        event::{Event, EventBody},
        intake::{Jurisdiction, NewComplaint},
    },
    ids::{ComplaintId, TenantId},
    kept::Kept,
    reference::{Reference, ReferencePrefix},
    taxonomy::{Sector, Taxonomy, choices::TaxonomyChoices},
    tenant::custom_field::CustomField,
    time::Timestamp,
};
use std::sync::LazyLock;

/// When every case starts: 2026-11-20T12:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_unix_millis(1_795_176_000_000);

/// A link to a complaint that exists and does not link back.
pub(crate) const LINKABLE: LinkTarget = LinkTarget { exists: true, links_back: false };

/// The salt of every event here.
pub(crate) const SALT: chain::Salt = chain::Salt::from_bytes([7; 16]);

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) complaint: Complaint,
    pub(crate) sealed: Vec<Sealed>,
    pub(crate) now: Timestamp,
}

impl Case {
    /// Logs a complaint at [`START`].
    pub(crate) fn log(new: NewComplaint) -> Result<Self, Refusal> {
        let body = decide::log(new, complaint_reference(7), rules(), START)?;
        let tail = Tail { tenant: tenant(), complaint: complaint_id(0), version: 0, head: chain::Digest::ZERO };
        let sealed = chain::seal(tail, &actor(), START, vec![body], || SALT).expect("an event can be written");
        let complaint = Complaint::begin(&sealed[0].event).expect("the first event begins a complaint");
        Ok(Self { complaint, sealed, now: START })
    }

    /// The smallest complaint that can be logged.
    pub(crate) fn plain() -> Self {
        Self::log(new(json!({}))).expect("a plain complaint is accepted")
    }

    /// Gives a command at `self.now`, which may lie before the newest event: clocks go back.
    pub(crate) fn give(&mut self, command: Command, target: LinkTarget) -> Result<Vec<Event>, Refusal> {
        let bodies = decide::decide(&self.complaint, command, rules(), target, self.now)?;
        Ok(self.append(bodies))
    }

    /// Records events without asking whether they are lawful.
    pub(crate) fn append(&mut self, bodies: Vec<EventBody>) -> Vec<Event> {
        let Complaint { id: complaint, version, head, updated_at, .. } = self.complaint;
        let tail = Tail { tenant: tenant(), complaint, version, head };
        let sealed =
            chain::seal(tail, &actor(), self.now.max(updated_at), bodies, || SALT).expect("an event can be written");
        for one in &sealed {
            self.complaint.apply(&one.event).expect("what was decided can be applied");
        }
        self.sealed.extend_from_slice(&sealed);
        sealed.into_iter().map(|one| one.event).collect()
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.sealed.iter().map(|sealed| &sealed.event)
    }

    /// What an export of the case holds.
    pub(crate) fn file(&self) -> CaseFile {
        CaseFile {
            format: CASE_FILE_FORMAT.to_owned(),
            exported_at: self.now,
            tenant: tenant(),
            complaint: self.complaint.id,
            reference: self.complaint.reference.clone(),
            version: self.complaint.version,
            head: self.complaint.head,
            events: self.events().map(|event| serde_json::to_value(event).expect("an event is JSON")).collect(),
        }
    }
}

/// The rules of a bank with one custom field of each type.
pub(crate) fn rules() -> Rules<'static> {
    static CHOICES: LazyLock<Choices> = LazyLock::new(Choices::default);
    static OWN: LazyLock<Kept<TaxonomyChoices>> = LazyLock::new(Kept::default);
    static FIELDS: LazyLock<Vec<CustomField>> = LazyLock::new(|| {
        serde_json::from_value(json!([
            { "name": "branch", "label": "Branch", "type": "text" },
            { "name": "visits", "label": "Visits", "type": "integer" },
            { "name": "staff", "label": "Staff account", "type": "boolean" },
            { "name": "opened", "label": "Account opened", "type": "date" },
            { "name": "brand", "label": "Brand", "type": "choice", "choices": ["Gold", "Blue"] }
        ]))
        .expect("these are custom fields")
    });
    Rules {
        taxonomy: Taxonomy::for_sector(Sector::Bank).expect("the bank has a taxonomy"),
        own: &OWN,
        custom_fields: &FIELDS,
        jurisdiction: Jurisdiction::EnglandAndWales,
        sector: Sector::Bank,
        choices: &CHOICES,
    }
}

/// The body of a new complaint: the required members, and `members` over them.
pub(crate) fn new(members: Value) -> NewComplaint {
    let mut body =
        json!({ "complainant": { "name": "Ada Winter" }, "channel": "web", "description": "A fee was charged twice." });
    let Value::Object(members) = members else { panic!("members are an object") };
    body.as_object_mut().expect("the body is an object").extend(members);
    serde_json::from_value(body).expect("the body can be read")
}

/// A command as the endpoint of this name reads it.
pub(crate) fn command(name: &str, body: Value) -> Command {
    macro_rules! read {
        ($variant:ident) => {
            Command::$variant(serde_json::from_value(body).expect("the body can be read"))
        };
    }
    match name {
        "acknowledge" => read!(Acknowledge),
        "assign" => read!(Assign),
        "investigate" => read!(Investigate),
        "classify" => read!(Classify),
        "note" => read!(Note),
        "contact" => read!(Contact),
        "request-information" => read!(RequestInformation),
        "propose-response" => read!(ProposeResponse),
        "resolve" => read!(Resolve),
        "close" => read!(Close),
        "reopen" => read!(Reopen),
        "withdraw" => read!(Withdraw),
        "refer" => read!(Refer),
        "link" => read!(Link),
        "unlink" => read!(Unlink),
        "correct" => read!(Correct),
        "milestone" => read!(RecordMilestone),
        "retract-milestone" => read!(RetractMilestone),
        "pay-redress" => read!(PayRedress),
        "record-adr-outcome" => read!(RecordAdrOutcome),
        "move-clocks" => read!(MoveClocks),
        "label" => read!(Label),
        other => panic!("no command is called {other}"),
    }
}

pub(crate) fn tenant() -> TenantId {
    TenantId::new(START, &[7; 10])
}

/// The complaint at hand is number 0; the others can be linked to.
pub(crate) fn complaint_id(number: u8) -> ComplaintId {
    ComplaintId::in_slot(START, &[number; 10], 0)
}

/// The complaint at hand has number 7.
pub(crate) fn complaint_reference(number: u32) -> Reference {
    let prefix = ReferencePrefix::try_from("NWB".to_owned()).expect("is a prefix");
    Reference::new(&prefix, 0, number)
}

pub(crate) fn actor() -> Actor {
    let id = "018bcfe5-6800-7101-8101-010101010101".to_owned().try_into().expect("is a line");
    Actor { kind: ActorKind::Key, id, job: None }
}

/// A finished case with every kind of event in it, for tests of the file rather than of the course.
pub(crate) fn eventful() -> Case {
    let mut case = Case::log(new(json!({
        "complainant": { "name": "Zoë \"Z\" O'Neil", "contacts": [{ "kind": "email", "value": "zoe@example.com" }] },
        "amounts": [{ "kind": "disputed", "minor": 1250, "currency": "GBP" }],
        "custom": { "visits": 3, "staff": false },
        "external_reference": "CRM-1", "tags": ["fees"]
    })))
    .expect("the complaint is accepted");
    let other = complaint_id(1);
    let answer = json!({ "outcome": "partly_upheld", "summary": "One fee was ours.\nWe return it.",
        "redress": [{ "kind": "refund", "minor": 1250, "currency": "GBP" }] });
    let course = [
        ("acknowledge", json!({})),
        ("assign", json!({ "assignee": "agent-7", "team": "cards" })),
        ("classify", json!({ "product": "mortgage", "severity": "high", "root_cause": "fee_engine" })),
        ("note", json!({ "text": "Called the branch.\n\tNo answer." })),
        ("request-information", json!({ "question": "Which statement?", "due": "2026-12-01T00:00:00Z" })),
        ("contact", json!({ "direction": "in", "channel": "phone", "summary": "October's." })),
        ("propose-response", answer.clone()),
        ("resolve", answer),
        ("close", json!({ "reason": "Paid." })),
        ("reopen", json!({ "reason": "Not paid after all." })),
        ("link", json!({ "relation": "part_of", "complaint": other })),
        ("unlink", json!({ "relation": "part_of", "complaint": other, "reason": "Wrong one." })),
        (
            "correct",
            json!({ "reason": "Misheard.", "set": { "description": "Three fees.", "external_reference": null } }),
        ),
        ("milestone", json!({ "milestone": "holding_response", "note": "Sent by post." })),
        ("milestone", json!({ "milestone": "forwarded", "to": "Halcyon Cards Ltd" })),
        ("retract-milestone", json!({ "milestone": "forwarded", "reason": "It was another one's." })),
        (
            "move-clocks",
            json!({ "versions": [{ "id": "gb-fca-disp", "version": "2018-01-13" }], "reason": "By mistake." }),
        ),
        ("label", json!({ "sensitivity": ["bereaved"] })),
        ("withdraw", json!({ "reason": "Settled by phone." })),
        ("reopen", json!({ "reason": "By mistake." })),
        ("refer", json!({ "scheme": "Financial Ombudsman Service", "scheme_reference": "FOS-9" })),
        (
            "record-adr-outcome",
            json!({ "scheme": "Financial Ombudsman Service", "outcome": "upheld", "decided_at": START }),
        ),
        ("pay-redress", json!({ "minor": 1250, "currency": "GBP", "kind": "refund", "paid_at": START })),
    ];
    for (name, body) in course {
        case.now = case.now.plus_millis(60_000);
        case.give(command(name, body), LINKABLE).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
    }
    case
}

/// One of these, by reference.
pub(crate) fn one_of<T: Clone + std::fmt::Debug + 'static>(choices: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(choices)
}
