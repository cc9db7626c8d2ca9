//! Letters: what has to be in them, what templates may do, and who may send what.

use crate::case::{Case, LINKABLE, START, command, new};
use serde_json::{Value, json};
use shared::{
    access::{Actor, ActorKind},
    chain::Digest,
    clock::{Clock, day::Day, pack::Facts, settings::ClockSettings, timeline::Timeline},
    complaint::{Complaint, Response, decide::Refusal, event::EventBody, intake::Format, state::State},
    http::problem::FieldError,
    ids::LetterId,
    letter::{
        LetterSettings, LetterState,
        decide::{Made, Sending, approve, draft, send},
        document::Document,
        html::html,
        kind::{Element, Kind, Records, kinds},
        template::{Subject, Template},
    },
    taxonomy::Sector,
    text::{Code, Line, Prose},
};
use std::collections::{BTreeMap, BTreeSet};

fn code(text: &str) -> Code {
    Code::try_from(text).expect("a code")
}

fn letter() -> LetterId {
    LetterId::new(START, &[9; 10])
}

fn somebody(id: &str) -> Actor {
    Actor { kind: ActorKind::Key, id: id.to_owned().try_into().expect("a line"), job: None }
}

fn today() -> Day {
    "2026-11-26".parse().expect("a day")
}

fn response() -> Response {
    serde_json::from_value(json!({
        "outcome": "partly_upheld", "summary": "One fee was ours.\nWe return it.",
        "redress": [
            { "kind": "refund", "minor": 1250, "currency": "GBP" },
            { "kind": "goodwill", "minor": 5000, "currency": "JPY", "description": "For your trouble." },
            { "kind": "apology" }
        ]
    }))
    .expect("a response")
}

/// A complaint that each kind is for.
fn complaint_for(kind: &Kind) -> (Case, Sector) {
    let when = serde_json::to_value(&kind.applies_when).expect("JSON");
    let first = |name: &str, default: &str| when[0][name][0].as_str().unwrap_or(default).to_owned();
    let tags: Vec<String> =
        when[0]["tag"].as_array().into_iter().flatten().map(|tag| tag.as_str().unwrap().to_owned()).collect();
    let sector: Sector = serde_json::from_value(json!(first("sector", "bank"))).expect("a sector");
    let case =
        Case::log(new(json!({ "jurisdiction": first("jurisdiction", "england_and_wales"), "tags": tags }))).unwrap();
    assert!(kind.is_for(&Facts::of(&case.complaint, sector)), "{}", kind.id);
    (case, sector)
}

fn clocks(case: &Case, sector: Sector) -> Vec<Clock> {
    ClockSettings::default().clocks(&case.complaint, sector, &Timeline::of(case.events()), case.now)
}

/// The texts that a template asks for.
fn texts() -> BTreeMap<Code, Prose<10_000>> {
    let names = ["reasons", "expected", "why", "scheme", "contact", "violation", "update"];
    names.map(|name| (code(name), Prose::try_from(format!("The {name}.")).unwrap())).into()
}

fn rendered(kind: &Kind, template: &Template, response: Option<&Response>) -> Result<Document, Vec<FieldError>> {
    let (case, sector) = complaint_for(kind);
    let (clocks, firm, texts) = (clocks(&case, sector), Line::try_from("Northwind Bank".to_owned()).unwrap(), texts());
    let subject =
        Subject { complaint: &case.complaint, clocks: &clocks, firm: &firm, response, texts: &texts, today: today() };
    template.render(kind, subject, Format::Standard)
}

fn ids(missing: &[&Element]) -> Vec<String> {
    missing.iter().map(|element| element.id.to_string()).collect()
}

#[test]
fn every_kind_has_a_template_with_all_that_has_to_be_in_it() {
    let mut seen = BTreeSet::new();
    for kind in kinds() {
        assert!(seen.insert(kind.id.clone()), "{} is there twice", kind.id);
        let document = rendered(kind, &kind.template, Some(&response()))
            .unwrap_or_else(|errors| panic!("{}: {errors:?}", kind.id));
        assert_eq!(ids(&kind.missing(&document, true, today())), [""; 0], "{}", kind.id);
        assert!(document.blocks.len() >= 3, "{}", kind.id);
        let known: BTreeSet<_> = kind.elements.iter().map(|element| &element.id).collect();
        let tagged: BTreeSet<_> = document.blocks.iter().filter_map(|block| block.element.as_ref()).collect();
        assert!(tagged.is_subset(&known), "{}: {tagged:?}", kind.id);
        assert_eq!(html(&document, "26 November 2026").matches("<h1>").count(), 1);
        for element in &kind.elements {
            let mut without = serde_json::to_value(&document).unwrap();
            without["blocks"].as_array_mut().unwrap().retain(|block| block["element"] != json!(element.id));
            let without: Document = serde_json::from_value(without).unwrap();
            assert_eq!(ids(&kind.missing(&without, true, today())), [element.id.to_string()], "{}", kind.id);
        }
    }
    assert!(seen.len() >= 14);
}

#[test]
fn words_of_the_law_have_to_stand_as_they_are() {
    let kind = kinds().iter().find(|kind| kind.id.as_str() == "fca_final_response").unwrap();
    let document = rendered(kind, &kind.template, Some(&response())).unwrap();
    let changed = |from: &str, to: &str| -> Document {
        serde_json::from_str(&serde_json::to_string(&document).unwrap().replace(from, to)).unwrap()
    };
    assert_eq!(ids(&kind.missing(&changed("six months", "six weeks"), true, today())), ["six_months"]);
    assert_eq!(
        ids(&kind.missing(&changed("www.financial-ombudsman.org.uk", "www.example.com"), true, today())),
        ["website"]
    );
    // Redress has to be named where there is some, and since when something has to be said depends on the day.
    let bare =
        rendered(kind, &kind.template, Some(&Response { redress: vec![].try_into().unwrap(), ..response() })).unwrap();
    assert_eq!(ids(&kind.missing(&bare, true, today())), ["redress"]);
    assert_eq!(ids(&kind.missing(&bare, false, today())), [""; 0]);
    let acknowledgement = kinds().iter().find(|kind| kind.id.as_str() == "fca_acknowledgement").unwrap();
    let empty = Document { blocks: vec![].try_into().unwrap(), ..document };
    let on = |day: &str| ids(&acknowledgement.missing(&empty, false, day.parse().unwrap()));
    assert_eq!(
        (on("2026-05-31"), on("2026-06-01")),
        (vec!["receipt".to_owned()], vec!["receipt".to_owned(), "time_limits".to_owned()])
    );
}

#[test]
fn a_letter_says_days_and_sums_as_people_do() {
    let kind = kinds().iter().find(|kind| kind.id.as_str() == "fca_final_response").unwrap();
    let document = rendered(kind, &kind.template, Some(&response())).unwrap();
    let text = html(&document, "26 November 2026");
    for words in [
        "Our final response to your complaint NWB-",
        "complaint of 20 November 2026",
        "We agree with a part of your complaint.",
        "One fee was ours.<br>\nWe return it.",
        "<li>Refund: GBP 12.50</li>",
        "<li>Gesture of goodwill: JPY 5000. For your trouble.</li>",
        "<li>Apology</li>",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let acknowledgement = kinds().iter().find(|kind| kind.id.as_str() == "fca_acknowledgement").unwrap();
    let text = html(&rendered(acknowledgement, &acknowledgement.template, None).unwrap(), "x");
    assert!(text.contains("We will answer by 15 January 2027, within eight weeks."), "{text}");
    let dot = kinds().iter().find(|kind| kind.id.as_str() == "dot_acknowledgement").unwrap();
    assert!(html(&rendered(dot, &dot.template, None).unwrap(), "x").contains("by January 19, 2027"));
}

/// A template of one paragraph.
fn template(text: &str) -> Template {
    serde_json::from_value(json!({
        "id": "own", "version": "1", "language": "en-GB", "subject": "About {{ complaint.reference }}",
        "blocks": [{ "is": "paragraph", "text": text }]
    }))
    .expect("a template")
}

#[test]
fn a_template_sees_what_it_is_told_and_does_nothing_else() {
    let kind = kinds().iter().find(|kind| kind.id.as_str() == "update").unwrap();
    let say = |text: &str| {
        rendered(kind, &template(text), None)
            .map(|document| document.blocks.iter().map(|block| block.text.as_str().to_owned()).collect::<String>())
    };
    assert_eq!(say("{% for n in [1, 2] %}{{ n }}{% endfor %}{{ complainant.name }}").unwrap(), "12Ada Winter");
    let refused = |text: &str| {
        let errors = say(text).unwrap_err();
        errors.into_iter().map(|error| error.pointer.unwrap_or_default()).collect::<Vec<_>>()
    };
    for text in [
        "{{ complaint.head }}",
        "{{ secret }}",
        "{{ complaint.reference | upper }}",
        "{{ range(10) }}",
        "{% include 'x' %}",
        "{{ 1 + }}",
        "{% if true %}",
        "{{ 1 / 0 }}",
        "{{ 'x' * 9999999 }}",
        "{% set x = 'x' %}{% for n in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14] %}{% set x = x ~ x ~ x ~ x %}{% endfor %}{{ 'x' * 2000000 }}",
        "{% for a in [1,2,3,4,5,6,7,8,9] %}{% for b in [1,2,3,4,5,6,7,8,9] %}{% for c in [1,2,3,4,5,6,7,8,9] %}{% for d in [1,2,3,4,5,6,7,8,9] %}{{ a }}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
    ] {
        assert_eq!(refused(text), ["/blocks/0/text"], "{text}");
    }
    assert_eq!(refused("{{ text.unwritten }} {{ text.other }}"), ["/texts/other", "/texts/unwritten"]);
    // What a complainant is called is text, whatever it looks like.
    let document = rendered(kind, &template("{{ text.update }}"), None).unwrap();
    assert_eq!(document.blocks.len(), 1);
}

fn made(kind: &'static Kind, response: Option<Response>) -> Made<'static> {
    let document = rendered(kind, &kind.template, response.as_ref()).unwrap();
    Made { letter: letter(), kind, template: (code("own"), code("1")), document, response }
}

fn sending(kind: &'static Kind, response: Option<Response>) -> Sending<'static> {
    let dated = Line::try_from("26 November 2026".to_owned()).unwrap();
    Sending {
        letter: letter(),
        kind,
        response,
        missing: vec![],
        sent_at: None,
        dated,
        html: Digest::of(b"x"),
        pdf: None,
    }
}

fn pointers(refused: Result<Vec<EventBody>, Refusal>) -> Vec<String> {
    let Err(Refusal::Invalid(errors)) = refused else { panic!("{refused:?}") };
    errors.into_iter().filter_map(|error| error.pointer).collect()
}

fn state(complaint: &Complaint) -> LetterState {
    complaint.letters[0].state
}

#[test]
fn a_letter_that_was_sent_stops_its_clock_and_is_named_by_it() {
    let kind = kinds().iter().find(|kind| kind.id.as_str() == "fca_final_response").unwrap();
    let (mut case, sector) = complaint_for(kind);
    for name in ["acknowledge", "investigate"] {
        case.give(command(name, json!({})), LINKABLE).unwrap();
    }
    case.give(command("propose-response", serde_json::to_value(response()).unwrap()), LINKABLE).unwrap();
    case.append(draft(&case.complaint, made(kind, Some(response()))).unwrap());
    let events = send(&case.complaint, sending(kind, Some(response())), &LetterSettings::default(), case.now).unwrap();
    assert_eq!(events.len(), 2);
    case.append(events);
    assert_eq!((state(&case.complaint), case.complaint.state), (LetterState::Sent, State::Resolved));
    let clock = clocks(&case, sector).into_iter().find(|clock| clock.rule == "final_response").unwrap();
    assert_eq!((clock.letter, clock.met_at), (Some(letter()), Some(case.complaint.updated_at)));
    // It stays as it is.
    assert_eq!(
        pointers(send(&case.complaint, sending(kind, Some(response())), &LetterSettings::default(), case.now)),
        [""]
    );
    assert_eq!(pointers(draft(&case.complaint, made(kind, Some(response())))), [""]);
    // The answer cannot be sent twice: the state does not allow it.
    let again = Made { letter: LetterId::new(START, &[8; 10]), ..made(kind, Some(response())) };
    let other = again.letter;
    case.append(draft(&case.complaint, again).unwrap());
    let twice = Sending { letter: other, ..sending(kind, Some(response())) };
    assert!(matches!(
        send(&case.complaint, twice, &LetterSettings::default(), case.now),
        Err(Refusal::IllegalMove { .. })
    ));
}

#[test]
fn four_eyes_by_kind_and_by_amount() {
    let kind = kinds().iter().find(|kind| kind.id.as_str() == "fca_summary_resolution").unwrap();
    let by = |settings: Value| serde_json::from_value::<LetterSettings>(settings).unwrap();
    let (mut case, _) = complaint_for(kind);
    case.append(draft(&case.complaint, made(kind, Some(response()))).unwrap());
    let send_under =
        |case: &Case, settings: Value| send(&case.complaint, sending(kind, Some(response())), &by(settings), case.now);
    assert!(send_under(&case, json!({})).is_ok());
    assert!(send_under(&case, json!({ "approve_above": [{ "minor": 1250, "currency": "GBP" }] })).is_ok());
    let strict = json!({ "approve_above": [{ "minor": 1249, "currency": "GBP" }] });
    assert_eq!(pointers(send_under(&case, strict.clone())), [""]);
    assert_eq!(pointers(send_under(&case, json!({ "approve": ["fca_summary_resolution"] }))), [""]);
    // Not by whoever drafted it, and not what is not complete.
    let drafter = case.complaint.letters[0].drafted_by.clone();
    assert_eq!(pointers(approve(&case.complaint, letter(), &drafter, &[])), [""]);
    let element = &kind.elements[0];
    assert_eq!(
        pointers(approve(&case.complaint, letter(), &somebody("lead"), &[element])),
        [format!("/elements/{}", element.id)]
    );
    case.append(approve(&case.complaint, letter(), &somebody("lead"), &[]).unwrap());
    assert_eq!(state(&case.complaint), LetterState::Approved);
    assert!(send_under(&case, strict.clone()).is_ok());
    // Drafted anew, it has to be approved anew.
    case.append(draft(&case.complaint, made(kind, Some(response()))).unwrap());
    assert_eq!((state(&case.complaint), case.complaint.letters.len()), (LetterState::Drafted, 1));
    assert_eq!(pointers(send_under(&case, strict)), [""]);
}

#[test]
fn each_kind_records_what_clocks_wait_for() {
    for kind in kinds() {
        let (mut case, _) = complaint_for(kind);
        let response = matches!(kind.records, Records::SummaryResolution | Records::FinalResponse).then(response);
        if kind.records == Records::FinalResponse {
            for name in ["acknowledge", "investigate"] {
                case.give(command(name, json!({})), LINKABLE).unwrap();
            }
            case.give(command("propose-response", serde_json::to_value(&response).unwrap()), LINKABLE).unwrap();
        }
        let document = rendered(kind, &kind.template, Some(&self::response())).unwrap();
        let made =
            Made { letter: letter(), kind, template: (code("own"), code("1")), document, response: response.clone() };
        case.append(draft(&case.complaint, made).unwrap());
        let before = Timeline::of(case.events()).entries.len();
        case.append(send(&case.complaint, sending(kind, response), &LetterSettings::default(), case.now).unwrap());
        let after = Timeline::of(case.events());
        assert_eq!(after.entries.len(), before + 1, "{}", kind.id);
        assert_eq!(after.entries.iter().filter(|entry| entry.letter == Some(letter())).count(), 1, "{}", kind.id);
    }
}
