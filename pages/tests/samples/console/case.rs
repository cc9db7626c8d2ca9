//! The console's case pages: of what the API would say of a complaint from the CFPB's public database (public domain), names taken out.

use super::queue::{own_fields, shell};
use pages::{
    Page,
    console::{
        case::{Case, Presence, Rights, Source, Trouble, currency, newer, offered, zone},
        case_form::{Begun, Choices, Command, Form},
        case_json::{number, text},
        case_timeline::{People, Teller},
        case_words::Civil,
        letter::{self, About, Choose, Letter, Write, Writing},
        shell::Section,
    },
    html,
};
use serde_json::{Value, json};
use shared::taxonomy::{Sector, Taxonomy};

const ID: &str = "01932f6e-7c1a-7b3e-8d5f-0123456789ab";
const OTHER: &str = "01932f6e-7c1a-7b3e-8d5f-0123456789ac";
const LETTER: &str = "01932f6e-7c1a-7b3e-8d5f-0123456789ad";
const ANNA: &str = "01932f6e-7c1a-7b3e-8d5f-0000000000a1";
const BEN: &str = "01932f6e-7c1a-7b3e-8d5f-0000000000b2";
const NOW: &str = "2026-11-27T12:00:00Z";
const STORY: &str = include_str!("../../fixtures/complaint.txt");

fn people() -> People {
    let named = |id: &str, name: &str| (id.to_owned(), name.to_owned());
    People {
        me: ANNA.to_owned(),
        names: vec![named(ANNA, "Anna Berg"), named(BEN, "Ben Okafor")],
        teams: vec![named("cards", "Cards")],
    }
}

fn staff(id: &str) -> Value {
    json!({"kind": "staff", "id": id})
}

/// A complaint that is worked on.
fn complaint() -> Value {
    json!({
        "id": ID, "version": 15, "reference": "NWB-0C99-78TJ", "state": "investigating", "severity": "high",
        "legal_moves": ["request-information", "propose-response", "resolve:summary_resolution", "withdraw", "refer"],
        "product": "credit_card", "issue": "advertising", "assignee": ANNA, "team": "cards", "channel": "web",
        "received_at": "2026-11-18T21:40:00.000Z", "jurisdiction": "england_and_wales", "made_on": "2026-11-18",
        "complainant": {"name": "Harriet Osei", "customer_id": "4471 0098", "language": "en-GB", "format": "large_print",
            "contacts": [{"kind": "email", "value": "harriet.osei@example.com"}, {"kind": "phone", "value": "+44 20 7946 0018"},
                {"kind": "post", "value": "12 Orchard Lane, Leeds LS1 4AP"}]},
        "representative": {"name": "Kwame Osei", "kind": "family", "authorisation": "Signed letter of 19 November",
            "contacts": [{"kind": "email", "value": "kwame.osei@example.com"}]},
        "description": STORY.trim(), "desired_outcome": "The bonus that was advertised, £200.",
        "vulnerability": ["health"], "tags": ["bonus", "advertising"], "eligible": true,
        "amounts": [{"kind": "disputed", "currency": "GBP", "minor": 20_000}],
        "custom": {"campaign_code": "FREEDOM-26"},
        "links": [{"complaint": OTHER, "relation": "duplicate_of"}],
        "milestones": [{"milestone": "holding_response", "at": "2026-11-26T09:00:00.000Z"}], "earlier_milestones": [],
        "attachments": [
            {"id": "a1", "name": "advert-screenshot.png", "bytes": 482_133, "media_type": "image/png", "state": "clean",
                "added_by": {"kind": "consumer", "id": "web"}, "added_at": "2026-11-18T21:40:00.000Z"},
            {"id": "a2", "name": "statement-october-2026-with-all-transactions-and-annexes.pdf", "bytes": 2_311_044, "media_type": "application/pdf",
                "state": "quarantined", "added_by": staff(BEN), "added_at": "2026-11-27T09:12:00.000Z"},
            {"id": "a3", "name": "invoice.zip", "bytes": 12_004, "media_type": "application/zip", "state": "infected",
                "signature": "Win.Test.EICAR_HDB-1", "added_by": {"kind": "consumer", "id": "web"}, "added_at": "2026-11-20T08:00:00.000Z"},
        ],
        "letters": [
            {"id": LETTER, "kind": "fca_acknowledgement", "subject": "We have received your complaint NWB-0C99-78TJ", "state": "sent",
                "sent_at": "2026-11-19T10:12:00.000Z", "drafted_by": staff(ANNA), "approved_by": null, "drafted_in": 4},
            {"id": "l2", "kind": "fca_holding_response", "subject": "Your complaint NWB-0C99-78TJ: our answer will be late", "state": "drafted",
                "drafted_by": staff(BEN), "approved_by": null, "drafted_in": 12},
        ],
    })
}

fn events() -> Vec<Value> {
    let event = |seq: u32, at: &str, actor: Value, kind: &str, data: Value| json!({"seq": seq, "at": at, "actor": actor, "type": kind, "data": data});
    let system = |id: &str| json!({"kind": "system", "id": id});
    let consumer = json!({"kind": "consumer", "id": "web"});
    vec![
        event(
            1,
            "2026-11-18T21:40:03.000Z",
            consumer.clone(),
            "received",
            json!({"channel": "web", "received_at": "2026-11-18T21:40:00.000Z"}),
        ),
        event(
            2,
            "2026-11-18T21:40:04.000Z",
            consumer,
            "attachment_added",
            json!({"attachment": "a1", "name": "advert-screenshot.png", "bytes": 482_133}),
        ),
        event(
            3,
            "2026-11-18T21:40:31.000Z",
            system("scanner"),
            "attachment_scanned",
            json!({"attachment": "a1", "verdict": "clean"}),
        ),
        event(
            4,
            "2026-11-19T10:10:00.000Z",
            staff(ANNA),
            "letter_drafted",
            json!({"letter": LETTER, "document": {"subject": "We have received your complaint NWB-0C99-78TJ"}}),
        ),
        event(
            5,
            "2026-11-19T10:12:00.000Z",
            staff(ANNA),
            "letter_sent",
            json!({"letter": LETTER, "sent_at": "2026-11-19T10:12:00.000Z"}),
        ),
        event(6, "2026-11-19T10:12:00.000Z", staff(ANNA), "acknowledged", json!({})),
        event(7, "2026-11-19T14:30:00.000Z", staff(BEN), "assigned", json!({"assignee": BEN, "team": null})),
        event(
            8,
            "2026-11-20T09:04:00.000Z",
            staff(BEN),
            "classified",
            json!({"product": "credit_card", "severity": "high", "vulnerability": ["health"], "tags": []}),
        ),
        event(
            9,
            "2026-11-26T09:30:00.000Z",
            staff(BEN),
            "milestone_recorded",
            json!({"milestone": "holding_response", "occurred_at": "2026-11-26T09:00:00.000Z", "note": "By telephone, she asked for it."}),
        ),
        event(
            10,
            "2026-11-26T11:00:00.000Z",
            staff(BEN),
            "contact_recorded",
            json!({"direction": "in", "channel": "phone", "occurred_at": "2026-11-26T10:45:00.000Z", "summary": "She asked when she will have an answer. Promised one this week."}),
        ),
        event(
            11,
            "2026-11-26T15:20:00.000Z",
            staff(BEN),
            "corrected",
            json!({"reason": "She gave a new number on the telephone.", "changes": {"made_on": {"was": null, "now": "2026-11-18"}, "desired_outcome": {"was": "My money", "now": "The bonus that was advertised, £200."}}}),
        ),
        event(
            12,
            "2026-11-26T16:00:00.000Z",
            staff(BEN),
            "linked",
            json!({"complaint": OTHER, "relation": "duplicate_of"}),
        ),
        event(
            13,
            "2026-11-27T08:00:00.000Z",
            system("clocks"),
            "deadline_warned",
            json!({"clock": {"rule": "final_response", "due_on": "2027-01-13"}, "warning": "day_28", "came_at": "2026-11-27T08:00:00.000Z"}),
        ),
        event(
            14,
            "2026-11-27T09:41:00.000Z",
            staff(BEN),
            "noted",
            json!({"text": "Marketing confirms that the page showed £200 until 3 November. @anna.berg can you propose the refund? The call is on file.\n\nI am away from noon."}),
        ),
        event(15, "2026-11-27T09:55:00.000Z", staff(BEN), "assigned", json!({"assignee": ANNA, "team": "cards"})),
    ]
}

fn clocks() -> Value {
    let step = |from: &str, to: &str, counted: i64, reason: &str| json!({"from": from, "to": to, "counted": counted, "reason": reason});
    let clock = |name: &str, state: &str, due: &str, met: Value, citation: &str, steps: Vec<Value>| {
        json!({"name": name, "state": state, "due": due, "met_at": met, "family": "statutory", "nature": "duty", "leading": true,
            "start": "2026-11-18T21:40:00.000Z", "ended_by": if met.is_null() { Value::Null } else { json!("acknowledged") },
            "must_send": if state == "running" { json!("final_response") } else { Value::Null },
            "explanation": {"citation": citation, "source": "FCA Handbook, DISP 1 (handbook.fca.org.uk)", "status": "verified",
                "zone": "Europe/London", "length": {"amount": 8, "unit": "week"}, "unit": "days", "steps": steps,
                "calendar": {"id": "england_and_wales", "version": "2026-11-26", "known_until": "2027-12-31"}}})
    };
    let days = vec![step("2026-11-18", "2026-11-18", 0, "start_day"), step("2026-11-19", "2027-01-13", 56, "counted")];
    let mut doubtful = clock(
        "Next update (payments)",
        "running",
        "2026-11-30T17:00:00.000Z",
        Value::Null,
        "DISP 1.6.2AR",
        vec![
            step("2026-11-18", "2026-11-18", 0, "start_day"),
            step("2026-11-21", "2026-11-22", 0, "weekend"),
            json!({"from": "2026-11-30", "to": "2026-11-30", "counted": 0, "reason": "holiday", "name": "St Andrew’s Day"}),
        ],
    );
    doubtful["explanation"]["to_confirm"] = json!("Whether an e-mail alone does.");
    json!({"data": [
        clock("Prompt acknowledgement", "met", "2026-11-25T17:00:00.000Z", json!("2026-11-19T10:12:00.000Z"), "DISP 1.6.1R(1)", vec![]),
        clock("Final response", "running", "2027-01-13T23:59:59.000Z", Value::Null, "DISP 1.6.2R(1)", days),
        doubtful,
        {"name": "First call back", "state": "breached", "due": "2026-11-20T10:00:00.000Z", "met_at": null, "family": "operational", "nature": "duty",
            "leading": true, "start": "2026-11-18T21:40:00.000Z", "explanation": {"zone": "Europe/London", "unit": "seconds", "steps": [
                {"from": "2026-11-19", "to": "2026-11-19", "counted": 28_800, "reason": "counted"}]}},
    ]})
}

fn duplicates() -> Value {
    let other = |id: &str, reference: &str, similarity: f64, reasons: &[&str]| {
        json!({"similarity": similarity, "reasons": reasons, "complaint": {"id": id, "reference": reference, "complainant": "Harriet Osei",
            "state": "received", "received_at": "2026-11-21T08:00:00.000Z",
            "excerpt": "I signed up for a Freedom credit card, which had an advertised sign on bonus of £200.00 if you spend £500.00 in the first three months. I never had it."}})
    };
    json!({"data": [
        other(OTHER, "NWB-4K7Q-9M2X", 0.97, &["same_text"]),
        other("01932f6e-7c1a-7b3e-8d5f-0123456789ae", "NWB-1R3D-55VC", 0.743, &["same_consumer_similar_text", "same_consumer_same_product"]),
    ]})
}

fn choices() -> Choices {
    let taxonomy = Taxonomy::for_sector(Sector::Bank).unwrap();
    let products: Vec<_> =
        taxonomy.products.iter().map(|product| (product.code.as_str().to_owned(), product.name.clone())).collect();
    let issues = taxonomy.products.iter().take(2).flat_map(|product| &product.issues);
    let issues = issues.map(|issue| (issue.code.as_str().to_owned(), issue.name.clone())).collect();
    let people = people();
    let currency = currency("england_and_wales");
    Choices {
        people: people.names,
        teams: people.teams,
        products,
        issues,
        currency,
        own: own_fields(),
        versions: Vec::new(),
    }
}

/// A page, as a handler makes it.
struct Sample {
    complaint: Value,
    events: Vec<Value>,
    clocks: Value,
    duplicates: Value,
    rights: Rights,
    presence: Presence,
    begun: Option<(&'static str, Begun)>,
    trouble: Option<(&'static str, &'static str, i64)>,
    done: &'static str,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            complaint: complaint(),
            events: events(),
            clocks: clocks(),
            duplicates: duplicates(),
            rights: Rights { writes: true, leads: true },
            presence: Presence::Mine {
                token: "1764240000000".to_owned(),
                name: "Anna Berg".to_owned(),
                since: "11:42".to_owned(),
            },
            begun: None,
            trouble: None,
            done: "",
        }
    }
}

impl Sample {
    fn draw(self) -> String {
        let (people, choices) = (people(), choices());
        let choices = Choices { versions: newer(&self.clocks, "2026-11-27".parse().unwrap()), ..choices };
        let civil = Civil::of(zone(&self.clocks), NOW.parse().unwrap());
        let names = [
            ("credit_card".to_owned(), "Credit card".to_owned()),
            ("advertising".to_owned(), "Advertising and marketing".to_owned()),
        ];
        let (complaint, people) = (&self.complaint, &people);
        let source = Source {
            complaint,
            clocks: &self.clocks,
            duplicates: &self.duplicates,
            people,
            names: &names,
            own: &choices.own,
            civil,
        };
        let teller = Teller { complaint, people, civil, writes: self.rights.writes };
        let trouble = self.trouble.map(|(title, words, seen)| Trouble {
            title: title.to_owned(),
            words: words.to_owned(),
            since: self
                .events
                .iter()
                .filter(|event| number(event, "/seq") > seen)
                .map(|event| teller.entry(event, &self.events))
                .collect(),
        });
        let form = |command: &'static Command| {
            let begun = self.begun.as_ref().filter(|(id, _)| *id == command.id).map(|(_, begun)| begun);
            Form::new(command, complaint, &choices, civil, begun)
        };
        let forms = offered(complaint, &choices, self.rights).into_iter().map(form).collect();
        whole(&Case {
            shell: shell(Section::Queue),
            shown: source.shown(),
            rights: self.rights,
            presence: self.presence,
            me: people.me.clone(),
            days: teller.days(&self.events),
            forms,
            done: self.done,
            trouble,
            key: "01932f6e".to_owned(),
            zone: (civil.id(), civil.name()),
        })
    }
}

fn whole(page: &impl Page) -> String {
    // There is no server to ask for a picture.
    html(page).unwrap().replace(&format!("/v1/complaints/{ID}/attachments/a1/thumbnail"), "console.svg")
}

fn typed(values: &[(&str, &str)]) -> Vec<(String, String)> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A complaint that came in a minute ago.
fn fresh() -> Sample {
    let mut complaint = complaint();
    for (name, value) in [
        ("version", json!(1)),
        ("state", json!("received")),
        ("severity", json!("medium")),
        ("legal_moves", json!(["acknowledge", "resolve:summary_resolution", "withdraw", "refer"])),
        ("assignee", Value::Null),
        ("product", Value::Null),
        ("issue", Value::Null),
        ("desired_outcome", Value::Null),
        ("vulnerability", json!([])),
        ("representative", Value::Null),
        ("links", json!([])),
        ("letters", json!([])),
        ("attachments", json!([])),
        ("milestones", json!([])),
    ] {
        complaint[name] = value;
    }
    complaint["complainant"]["format"] = json!("standard");
    Sample {
        complaint,
        events: events().into_iter().take(1).collect(),
        clocks: json!({"data": []}),
        duplicates: Value::Null,
        presence: Presence::Free,
        ..Sample::default()
    }
}

/// One that was split.
fn parts() -> Sample {
    let mut complaint = complaint();
    complaint["parts"] = json!(["01932f6e-7c1a-7b3e-8d5f-0123456789b0", "01932f6e-7c1a-7b3e-8d5f-0123456789b1"]);
    Sample { complaint, done: Command::named("split").unwrap().done, ..Sample::default() }
}

/// One that was answered, before somebody who only reads.
fn ended() -> Sample {
    let mut complaint = complaint();
    complaint["state"] = json!("resolved");
    complaint["resolution"] = json!({"kind": "final_response", "outcome": "upheld", "at": "2026-11-27T11:00:00.000Z",
        "summary": "The page showed a bonus of £200 when you applied. You met its conditions, so we pay it.",
        "redress": [{"kind": "refund", "currency": "GBP", "minor": 20_000, "description": "the bonus"}, {"kind": "apology"}]});
    Sample { complaint, rights: Rights::default(), presence: Presence::Free, ..Sample::default() }
}

fn proposal() -> Vec<(String, String)> {
    typed(&[
        ("outcome", "upheld"),
        ("summary", "The page showed a bonus of £200 when you applied. You met its conditions, so we pay it."),
        ("redress-0-kind", "refund"),
        ("redress-0-amount", "200.00"),
        ("redress-0-currency", "GBP"),
        ("redress-0-description", "The bonus"),
    ])
}

fn about() -> About {
    About {
        id: ID.to_owned(),
        version: 15,
        reference: "NWB-0C99-78TJ".to_owned(),
        name: "Harriet Osei".to_owned(),
        key: "01932f6e".to_owned(),
        lock: String::new(),
        zone: "Europe/London",
    }
}

fn kinds() -> Value {
    let shipped: Value = serde_json::from_str(include_str!("../../../../shared/rules/letters.json")).unwrap();
    json!({"data": shipped.get("kinds").unwrap_or(&shipped)})
}

fn document() -> Value {
    json!({"kind": "fca_holding_response", "state": "drafted", "drafted_by": staff(BEN), "approved_by": null,
        "document": {"subject": "Your complaint NWB-0C99-78TJ: our answer will be late", "language": "en-GB", "to": "Harriet Osei", "format": "large_print",
            "blocks": [
                {"is": "paragraph", "text": "Dear Harriet Osei,"},
                {"is": "paragraph", "text": "We have not been able to answer your complaint of 18 November 2026 in time. [Reasons: still to be written]"},
                {"is": "heading", "text": "When you will hear from us"},
                {"is": "item", "text": "You will have our final response by 13 January 2027."},
                {"is": "paragraph", "text": "Yours sincerely,\nNorthwind Bank"}]},
        "missing": [{"element": "reasons", "name": "Why the answer is late: what is beyond the firm’s control", "citation": "FCA DISP 1.6.2AR(2)(a)"}]})
}

fn writing(kind: &str, begun: Begun, with_text: bool) -> String {
    let kinds = kinds();
    let kind = kinds["data"].as_array().unwrap().iter().find(|held| text(held, "/id") == kind).unwrap();
    let languages = ["en-GB".to_owned(), "cy".to_owned()];
    let civil = Civil::of("Europe/London", NOW.parse().unwrap());
    let writing = Writing { kind, template: &kind["template"], languages: &languages, civil };
    whole(&Write {
        shell: shell(Section::Queue),
        about: about(),
        kind: (text(kind, "/id").to_owned(), text(kind, "/name").to_owned()),
        letter: String::new(),
        notice: if text(kind, "/records") == "final_response" {
            "A final response sends the answer that was proposed, and none is."
        } else {
            ""
        },
        form: writing.form(&choices(), &begun),
        text: with_text.then(|| letter::said(&document())),
        needs_approval: with_text,
        trouble: None,
    })
}

fn kept(change: impl FnOnce(&mut Value), rights: Rights, done: &'static str) -> String {
    let mut letter = document();
    change(&mut letter);
    let civil = Civil::of("Europe/London", NOW.parse().unwrap());
    whole(&Letter {
        shell: shell(Section::Queue),
        about: about(),
        letter: LETTER.to_owned(),
        kind: ("fca_holding_response".to_owned(), "Holding response (FCA, payments)".to_owned()),
        state: letter::state(&letter, civil),
        facts: letter::facts(&letter, &people(), civil),
        text: letter::said(&letter),
        rights,
        is_own: false,
        done,
        trouble: None,
    })
}

/// Each, by name.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let begun = |id, typed, wrong| Some((id, Begun { typed, wrong }));
    let conflict = Sample {
        begun: begun("propose-response", proposal(), Vec::new()),
        trouble: Some((
            "This case has changed since you opened it",
            "What you typed is kept. Look at what has happened, then send it again, or leave it.",
            12,
        )),
        ..Sample::default()
    };
    let locked = Sample {
        presence: Presence::Theirs { name: "Ben Okafor".to_owned(), since: "10:04".to_owned() },
        begun: begun("note", typed(&[("text", "Call her back before noon. @ben")]), Vec::new()),
        trouble: Some(("Somebody else is working on this case", "Ben Okafor works on it. What you typed is kept.", 99)),
        ..Sample::default()
    };
    let wrong = Sample {
        begun: begun(
            "contact",
            typed(&[("direction", "in"), ("channel", "phone"), ("occurred_at", "2026-11-29T10:00")]),
            typed(&[("occurred_at", "must not be in the future"), ("summary", "must be filled in")]),
        ),
        ..Sample::default()
    };
    let undo = Sample {
        begun: begun("unlink", typed(&[("relation", "duplicate_of"), ("complaint", OTHER)]), Vec::new()),
        done: "Linked.",
        ..Sample::default()
    };
    let classify = Sample {
        begun: begun("classify", Vec::new(), Vec::new()),
        rights: Rights { writes: true, leads: false },
        ..Sample::default()
    };
    let correct = Sample {
        begun: begun(
            "correct",
            typed(&[("reason", "He wrote his name otherwise."), ("set/representative/kind", "")]),
            typed(&[("set/representative/kind", "is required"), ("set/custom/branch", "is required")]),
        ),
        ..Sample::default()
    };
    let split = Sample {
        begun: begun(
            "split",
            typed(&[("reason", "The late fee is another matter."), ("parts/1/product", "credit_card")]),
            typed(&[("parts/0/description", "must be filled in"), ("parts/1/description", "is required")]),
        ),
        ..Sample::default()
    };
    let mut under_older = clocks();
    under_older["data"][1]["pack"] = json!("gb-fca-disp");
    under_older["data"][1]["version"] = json!("2018-01-13");
    let move_clocks = Sample {
        clocks: under_older,
        begun: begun("move-clocks", Vec::new(), typed(&[("reason", "must be filled in")])),
        ..Sample::default()
    };
    let mut labelled = complaint();
    labelled["sensitivity"] = json!(["bereaved"]);
    let mut with_label = events();
    with_label
        .push(json!({"seq": 16, "at": "2026-11-27T10:20:00.000Z", "actor": staff(BEN), "type": "sensitivity_set",
        "data": {"sensitivity": ["bereaved"]}}));
    let label = Sample {
        complaint: labelled,
        events: with_label,
        begun: begun("label", typed(&[("sensitivity", "")]), Vec::new()),
        ..Sample::default()
    };
    let leads = Rights { writes: true, leads: true };
    let sent = |letter: &mut Value| {
        letter["state"] = json!("sent");
        letter["sent_at"] = json!("2026-11-27T11:00:00.000Z");
        letter["dated"] = json!("27 November 2026");
        letter["approved_by"] = staff(ANNA);
    };
    vec![
        ("case", Sample::default().draw()),
        ("case-fresh", fresh().draw()),
        ("case-ended", ended().draw()),
        ("case-conflict", conflict.draw()),
        ("case-locked", locked.draw()),
        ("case-wrong", wrong.draw()),
        ("case-undo", undo.draw()),
        ("case-classify", classify.draw()),
        ("case-correct", correct.draw()),
        ("case-split", split.draw()),
        ("case-parts", parts().draw()),
        ("case-move-clocks", move_clocks.draw()),
        ("case-label", label.draw()),
        (
            "letter-kinds",
            whole(&Choose {
                shell: shell(Section::Queue),
                about: about(),
                kinds: letter::offered(&kinds(), "bank", "england_and_wales"),
            }),
        ),
        ("letter-kinds-none", whole(&Choose { shell: shell(Section::Queue), about: about(), kinds: Vec::new() })),
        ("letter-write", writing("fca_holding_response", Begun::default(), true)),
        (
            "letter-write-answer",
            writing(
                "fca_summary_resolution",
                Begun { typed: Vec::new(), wrong: typed(&[("response/summary", "must be filled in")]) },
                false,
            ),
        ),
        ("letter-write-final", writing("fca_final_response", Begun::default(), true)),
        ("letter-draft", kept(|_| {}, leads, "The draft is kept.")),
        (
            "letter-approved",
            kept(
                |letter| {
                    letter["state"] = json!("approved");
                    letter["missing"] = json!([]);
                    letter["approved_by"] = staff(ANNA);
                },
                leads,
                "",
            ),
        ),
        ("letter-sent", kept(sent, Rights::default(), "")),
    ]
}
