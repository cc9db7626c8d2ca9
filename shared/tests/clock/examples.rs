//! Examples: what is said of a clock, how events become occurrences, a firm's own clocks, versions.

use crate::{at, code, facts, kept, law, of, statutory, timeline};
use serde_json::{Value, json};
use shared::{
    clock::{
        Case, Clock, ClockFamily, ClockState,
        calendar::{Calendar, CalendarVersion, Holiday},
        clocks,
        day::Day,
        difference::differences,
        explain::Reason,
        law::{Choices, Law, Pin, Place},
        pack::{Condition, Facts, Pack, PackVersion},
        service_level::ServiceLevel,
        timeline::{Entered, Entry, Occurrence, Timeline},
    },
    complaint::{event::Event, intake::Jurisdiction, state::State},
    taxonomy::Sector,
};

const RECEIVED: &[(Occurrence, &str)] = &[(Occurrence::Received, "2026-12-11T10:00:00Z")];

#[test]
fn eight_weeks_in_words() {
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &[]);
    let clocks = statutory(law(), facts, &timeline(RECEIVED), &[], "2026-12-12T09:00:00Z");
    assert_eq!(
        of(&clocks, "final_response").sentences(law()),
        [
            "Final response: DISP 1.6.2R (gb-fca-disp, version 2026-06-01).",
            "It started on Friday 11 December 2026, 10:00 London time and runs for 8 weeks.",
            "Friday 11 December 2026: not counted, the day it started.",
            "Saturday 12 December 2026 to Friday 5 February 2027: days 1 to 56.",
            "It ends on Friday 5 February 2027, 23:59 London time.",
        ]
    );
}

#[test]
fn fifteen_business_days_in_words() {
    let tags = [code("payment_service")];
    let facts = facts(Jurisdiction::Scotland, Sector::Bank, &tags);
    let clocks = statutory(law(), facts, &timeline(RECEIVED), &[], "2027-01-08T00:00:00Z");
    assert_eq!(
        of(&clocks, "payment_response").sentences(law()),
        [
            "Response to a payment service complaint: DISP 1.6.2AR(1) and (2)(a) (gb-fca-disp, version 2026-06-01).",
            "It started on Friday 11 December 2026, 10:00 London time and runs for 15 business days, by the holidays of \
             Scotland as of 2026-11-26.",
            "Friday 11 December 2026: not counted, the day it started.",
            "Saturday 12 December 2026 to Sunday 13 December 2026: not counted, weekend.",
            "Monday 14 December 2026 to Friday 18 December 2026: business days 1 to 5.",
            "Saturday 19 December 2026 to Sunday 20 December 2026: not counted, weekend.",
            "Monday 21 December 2026 to Thursday 24 December 2026: business days 6 to 9.",
            "Friday 25 December 2026: not counted, Christmas Day.",
            "Saturday 26 December 2026 to Sunday 27 December 2026: not counted, weekend.",
            "Monday 28 December 2026: not counted, Boxing Day (substitute day).",
            "Tuesday 29 December 2026 to Thursday 31 December 2026: business days 10 to 12.",
            "Friday 1 January 2027: not counted, New Year’s Day.",
            "Saturday 2 January 2027 to Sunday 3 January 2027: not counted, weekend.",
            "Monday 4 January 2027: not counted, 2nd January (substitute day).",
            "Tuesday 5 January 2027 to Thursday 7 January 2027: business days 13 to 15.",
            "It ends on Thursday 7 January 2027, 23:59 London time.",
            "It was not met.",
        ]
    );
}

#[test]
fn a_stopped_claim_in_words() {
    let tags = [code("app_fraud")];
    let mut timeline = timeline(&[(Occurrence::ClaimReported, "2026-09-07T09:00:00Z")]);
    let reason = Some(code("information_from_victim"));
    timeline.insert(Entry { what: Occurrence::ClockStopped, at: at("2026-09-09T10:00:00Z"), reason, letter: None });
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &tags);
    let clocks = statutory(law(), facts, &timeline, &[], "2026-09-10T09:00:00Z");
    let clock = of(&clocks, "reimbursement");
    assert_eq!(
        (clock.state, clock.next_change(at("2026-09-10T09:00:00Z"))),
        (ClockState::Stopped, Some(at("2026-10-27T00:00:00Z")))
    );
    assert_eq!(
        clock.sentences(law())[2..],
        [
            "Monday 7 September 2026: not counted, the day it started.",
            "Tuesday 8 September 2026: business day 1.",
            "Wednesday 9 September 2026: not counted, the clock stood still.",
            "Thursday 10 September 2026 to Friday 11 September 2026: business days 2 to 3.",
            "Saturday 12 September 2026 to Sunday 13 September 2026: not counted, weekend.",
            "Monday 14 September 2026 to Tuesday 15 September 2026: business days 4 to 5.",
            "If it ran on now it would end on Tuesday 15 September 2026, 23:59 London time; at the latest on Monday 26 October 2026, 23:59 London time.",
            "It stands still.",
        ]
    );
}

#[test]
fn other_outcomes_in_words() {
    let said = |entries: &[(Occurrence, &str)], rule: &str, now| {
        let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &[]);
        let clocks = statutory(law(), facts, &timeline(entries), &[], now);
        of(&clocks, rule).sentences(law()).pop().unwrap()
    };
    let received = RECEIVED[0];
    let answered = (Occurrence::FinalResponse, "2027-02-08T15:30:00Z");
    assert_eq!(
        said(&[received, answered], "final_response", "2027-03-01T00:00:00Z"),
        "It was met too late, on Monday 8 February 2027, 15:30 London time: final response sent."
    );
    assert_eq!(
        said(
            &[received, (Occurrence::Acknowledged, "2026-12-14T09:05:00Z")],
            "acknowledgement",
            "2027-03-01T00:00:00Z"
        ),
        "It was met on Monday 14 December 2026, 09:05 London time: acknowledged."
    );
    assert_eq!(
        said(&[received, (Occurrence::Withdrawn, "2026-12-14T09:05:00Z")], "final_response", "2027-03-01T00:00:00Z"),
        "Nothing is due any more since Monday 14 December 2026, 09:05 London time: withdrawn."
    );
    assert_eq!(
        said(&[received, (Occurrence::Withdrawn, "2027-02-14T09:05:00Z")], "final_response", "2027-03-01T00:00:00Z"),
        "It was not met, and nothing is due any more since Sunday 14 February 2027, 09:05 London time: withdrawn."
    );
    assert_eq!(said(&[received], "summary_resolution", "2027-03-01T00:00:00Z"), "The possibility passed unused.");
    assert_eq!(said(&[received], "acknowledgement", "2027-03-01T00:00:00Z"), "It has no end that could be counted.");
}

#[test]
fn a_roll_and_a_clamp_in_words() {
    let tags = [code("data_protection")];
    let telecom = facts(Jurisdiction::EnglandAndWales, Sector::Telecom, &tags);
    let clocks = statutory(law(), telecom, &timeline(RECEIVED), &[], "2026-12-12T00:00:00Z");
    let rolled = of(&clocks, "acknowledgement_ico").sentences(law());
    assert!(
        rolled.contains(&"Monday 11 January 2027: moved on from a day without business (no business).".to_owned()),
        "{rolled:?}"
    );
    let answered = timeline(&[(Occurrence::FinalResponse, "2026-08-31T14:00:00Z")]);
    let bank = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &[]);
    let clocks = statutory(law(), bank, &answered, &[], "2026-09-01T00:00:00Z");
    let clamped = of(&clocks, "ombudsman_referral").sentences(law());
    assert!(
        clamped.contains(&"Tuesday 1 September 2026 to Sunday 28 February 2027: days 1 to 181.".to_owned()),
        "{clamped:?}"
    );
    assert!(
        clamped
            .contains(&"Sunday 28 February 2027: the last day of its month, which has none of that number.".to_owned())
    );
}

#[test]
fn a_warning_is_not_moved_by_a_roll() {
    let pack = law().packs.iter().find(|pack| pack.id == "gb-data-protection").unwrap();
    let rule = pack.versions[0].rules.iter().find(|rule| rule.id == "acknowledgement_ico").unwrap();
    let version = PackVersion { rules: kept(vec![rule.clone()]), ..pack.versions[0].clone() };
    let law = Law { packs: kept(vec![Pack { versions: kept(vec![version]), ..pack.clone() }]), ..*law() };
    let tags = [code("data_protection")];
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Telecom, &tags);
    let clocks = statutory(&law, facts, &timeline(RECEIVED), &[], "2026-12-12T00:00:00Z");
    let warnings = &of(&clocks, "acknowledgement_ico").warnings;
    assert_eq!((warnings[0].name.as_str(), warnings[0].at), ("day 14", at("2026-12-25T00:00:00Z")), "Christmas Day");
}

#[test]
fn a_time_that_comes_twice_or_never() {
    let london = law().zone("Europe/London").unwrap();
    let half_past_one = "01:30".parse().unwrap();
    assert_eq!(london.moment("2026-10-25".parse().unwrap(), half_past_one), at("2026-10-25T00:30:00Z"), "the first");
    assert_eq!(london.moment("2026-03-29".parse().unwrap(), half_past_one), at("2026-03-29T01:30:00Z"), "02:30");
}

#[test]
fn days_that_no_list_knows_are_pointed_out() {
    let tags = [code("payment_service")];
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &tags);
    let clocks = statutory(
        law(),
        facts,
        &timeline(&[(Occurrence::Received, "2028-12-20T09:00:00Z")]),
        &[],
        "2028-12-20T10:00:00Z",
    );
    let calendar = of(&clocks, "payment_response").explanation.calendar.clone().unwrap();
    assert_eq!(calendar.known_until, Some("2028-12-31".parse().unwrap()));
    let said = of(&clocks, "payment_response").sentences(law());
    assert!(
        said.contains(&"Holidays after Sunday 31 December 2028 are not known yet: it may end later.".to_owned()),
        "{said:?}"
    );
}

#[test]
fn a_clock_on_the_wire() {
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &[]);
    let clocks = statutory(law(), facts, &timeline(RECEIVED), &[], "2026-12-11T10:00:00Z");
    let clock: Value = serde_json::to_value(of(&clocks, "final_response")).unwrap();
    assert_eq!(
        clock,
        json!({
            "family": "statutory", "pack": "gb-fca-disp", "version": "2026-06-01", "rule": "final_response", "number": 1,
            "name": "Final response", "nature": "duty", "reading_of": null, "leading": true, "letter": null,
            "must_send": "Final response, or why there is none yet, when to expect it and that the complainant may go to the Financial Ombudsman Service; its leaflet and address.",
            "start": "2026-12-11T10:00:00.000Z", "due": "2027-02-05T23:59:59.999Z", "due_on": "2027-02-05", "latest": null,
            "state": "running", "met_at": null, "void_at": null, "breached_at": null, "ended_by": null,
            "warnings": [
                { "at": "2027-01-08T00:00:00.000Z", "name": "day 28" }, { "at": "2027-01-22T00:00:00.000Z", "name": "day 42" },
                { "at": "2027-01-29T00:00:00.000Z", "name": "day 49" }, { "at": "2027-02-03T00:00:00.000Z", "name": "day 54" },
            ],
            "explanation": {
                "citation": "DISP 1.6.2R", "source": "FCA Handbook DISP 1.5, 1.6 (version of 1 June 2026) and 2.8",
                "status": "verified", "to_confirm": null, "zone": "Europe/London", "calendar": null,
                "length": { "amount": 8, "unit": "week" }, "unit": "days",
                "steps": [
                    { "from": "2026-12-11", "to": "2026-12-11", "counted": 0, "reason": "start_day" },
                    { "from": "2026-12-12", "to": "2027-02-05", "counted": 56, "reason": "counted" },
                ],
            },
        })
    );
}

#[test]
fn the_next_change_is_a_warning_then_the_end() {
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &[]);
    let next = |now: &str| {
        let clocks = statutory(law(), facts, &timeline(RECEIVED), &[], now);
        of(&clocks, "final_response").next_change(at(now))
    };
    assert_eq!(next("2026-12-11T10:00:00Z"), Some(at("2027-01-08T00:00:00Z")));
    assert_eq!(next("2027-01-08T00:00:00Z"), Some(at("2027-01-22T00:00:00Z")));
    assert_eq!(next("2027-02-03T00:00:00Z"), Some(at("2027-02-06T00:00:00Z")));
    assert_eq!(next("2027-02-06T00:00:00Z"), None);
}

/// Every kind of event, as `shared/tests/complaint` keeps them.
const EVERY_EVENT_KIND: &str = include_str!("../complaint/every_event_kind.ndjson");

/// Its hashes do not matter here.
fn stored() -> Vec<Event> {
    let event = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        event["hash"] = json!("0".repeat(64));
        serde_json::from_value(event).unwrap()
    };
    EVERY_EVENT_KIND.lines().map(event).collect()
}

#[test]
fn events_become_occurrences() {
    let events = stored();
    let timeline = Timeline::of(&events);
    let mut found: Vec<String> =
        timeline.entries.iter().map(|entry| format!("{:?} {}", entry.what, entry.at)).collect();
    found.extend(timeline.states.iter().map(|entered| format!("{:?} {}", entered.state, entered.at)));
    let listed = include_str!("every_event_kind.txt");
    assert_eq!(found, listed.lines().collect::<Vec<_>>(), "\n{}\n", found.join("\n"));
}

#[test]
fn what_goes_out_in_writing_is_an_update() {
    let contact = |direction: &str, channel: &str| {
        let mut event = serde_json::to_value(&stored()[0]).unwrap();
        event["type"] = json!("contact_recorded");
        event["data"] = json!({ "direction": direction, "channel": channel, "summary": "-", "occurred_at": "2026-11-19T08:00:00Z" });
        let event: Event = serde_json::from_value(event).unwrap();
        Timeline::of([&event]).entries.pop().map(|entry| (entry.what, entry.at)).unwrap()
    };
    for channel in ["web", "phone", "email", "letter", "branch", "social", "api"] {
        let out = if ["phone", "branch", "social"].contains(&channel) {
            Occurrence::Contacted
        } else {
            Occurrence::UpdateSent
        };
        assert_eq!(contact("out", channel), (out, at("2026-11-19T08:00:00Z")), "{channel}");
        assert_eq!(contact("in", channel).0, Occurrence::ContactedBy, "{channel}");
    }
}

#[test]
fn a_corrected_receipt_moves_the_start() {
    let mut events = stored();
    events.truncate(1);
    let mut event = serde_json::to_value(&events[0]).unwrap();
    event["type"] = json!("corrected");
    event["data"] = json!({ "reason": "postmark", "changes": { "received_at": { "was": "2026-11-20T12:00:00.000Z", "now": "2026-11-18T12:00:00.000Z" } } });
    events.push(shared::json::from_str(&event.to_string()).unwrap());
    let timeline = Timeline::of(&events);
    assert_eq!(
        timeline.entries,
        [Entry { what: Occurrence::Received, at: at("2026-11-18T12:00:00Z"), reason: None, letter: None }]
    );
}

fn first_answer(pause: &Value) -> ServiceLevel {
    let opening = |days: &[&str], from: &str, until: &str| json!({ "days": days, "from": from, "until": until });
    let open = [
        opening(&["mon", "fri"], "09:00", "12:30"),
        opening(&["mon"], "13:30", "17:30"),
        opening(&["tue", "wed", "thu"], "09:00", "17:30"),
        opening(&["fri"], "13:30", "16:30"),
    ];
    let level = json!({
        "id": "first_answer", "name": "First answer", "applies_when": [{ "severity": ["medium", "high"] }],
        "hours": { "open": open, "closed": ["2026-11-26"] }, "pause_in": pause, "starts_on": ["received"],
        "length": { "amount": 8, "unit": "business_hour" }, "met_by": ["contacted", "update_sent"], "warn_after": [4, 6],
    });
    serde_json::from_value(level).unwrap()
}

fn operational(level: &ServiceLevel, timeline: &Timeline, now: &str) -> Clock {
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &[]);
    let own = std::slice::from_ref(level);
    let all = clocks(law(), Case { facts, timeline, pins: &[] }, &Choices::default(), own, at(now));
    assert!(all.iter().filter(|clock| clock.family == ClockFamily::Statutory).count() >= 3, "never hidden");
    all.into_iter().find(|clock| clock.family == ClockFamily::Operational).expect("a clock of the firm's own")
}

#[test]
fn office_hours_with_a_lunch_break() {
    // Friday 16:00: half an hour that day; Monday 3.5 h and 4 h.
    let received = timeline(&[(Occurrence::Received, "2026-11-20T16:00:00Z")]);
    let clock = operational(&first_answer(&json!([])), &received, "2026-11-20T17:00:00Z");
    assert_eq!(clock.due, Some(at("2026-11-23T17:30:00Z")));
    assert_eq!(
        clock.warnings.iter().map(|warning| warning.at).collect::<Vec<_>>(),
        [at("2026-11-23T12:30:00Z"), at("2026-11-23T15:30:00Z")]
    );
    assert_eq!(
        clock.sentences(law())[1..],
        [
            "It started on Friday 20 November 2026, 16:00 London time and runs for 8 business hours, by the holidays of England and Wales as of 2026-11-26.",
            "Friday 20 November 2026: 0 h 30 min.",
            "Saturday 21 November 2026 to Sunday 22 November 2026: not counted, weekend.",
            "Monday 23 November 2026: 7 h 30 min.",
            "It ends on Monday 23 November 2026, 17:30 London time.",
        ]
    );
}

#[test]
fn a_firms_clock_pauses_by_state() {
    let mut received = timeline(&[(Occurrence::Received, "2026-11-23T09:00:00Z")]);
    let entered = |state, moment| Entered { state, at: at(moment) };
    received.states = vec![
        entered(State::Received, "2026-11-23T09:00:00Z"),
        entered(State::AwaitingInformation, "2026-11-23T11:00:00Z"),
        entered(State::Investigating, "2026-11-25T10:00:00Z"),
    ];
    let pausing = first_answer(&json!(["awaiting_information"]));
    // 2 h on Monday; on Wednesday 7.5 h are left from 10:00, the clock needs 6.
    assert_eq!(operational(&pausing, &received, "2026-11-25T10:30:00Z").due, Some(at("2026-11-25T16:00:00Z")));
    let still = operational(
        &pausing,
        &Timeline { states: received.states[..2].to_vec(), ..received.clone() },
        "2026-11-24T09:00:00Z",
    );
    assert_eq!((still.state, still.next_change(at("2026-11-24T09:00:00Z"))), (ClockState::Stopped, None));
    assert_eq!(
        operational(&first_answer(&json!([])), &received, "2026-11-23T12:00:00Z").due,
        Some(at("2026-11-24T09:30:00Z"))
    );
}

#[test]
fn a_firm_closes_on_a_day_of_its_own() {
    let received = timeline(&[(Occurrence::Received, "2026-11-25T16:30:00Z")]);
    let clock = operational(&first_answer(&json!([])), &received, "2026-11-25T17:00:00Z");
    let closed = clock.explanation.steps.iter().find(|step| step.reason == Reason::ClosedByFirm).unwrap();
    assert_eq!(closed.from, "2026-11-26".parse::<Day>().unwrap());
    // An hour on Wednesday, 6.5 h on Friday, half an hour on Monday.
    assert_eq!(clock.due, Some(at("2026-11-30T09:30:00Z")));
}

/// A service level with this member instead.
fn level(member: &str, value: Value) -> Result<ServiceLevel, (String, String)> {
    let mut level = json!({
        "id": "a", "name": "A", "hours": { "open": [opening("mon", "09:00", "17:00")] }, "starts_on": ["received"],
        "length": { "amount": 8, "unit": "business_hour" }, "met_by": ["acknowledged"],
    });
    level[member] = value;
    shared::json::from_str(&level.to_string()).map_err(|why| (why.pointer.clone(), why.message()))
}

fn opening(day: &str, from: &str, until: &str) -> Value {
    json!({ "days": [day], "from": from, "until": until })
}

#[test]
fn service_levels_that_make_no_sense_are_refused() {
    assert!(level("name", json!("B")).is_ok());
    let refused = |member: &str, value: Value| level(member, value).unwrap_err();
    for open in [
        json!([]),
        json!([{ "days": [], "from": "09:00", "until": "17:00" }]),
        json!([opening("mon", "17:00", "09:00")]),
        json!([opening("mon", "09:00", "09:00")]),
        json!([opening("mon", "09:00", "12:00"), opening("mon", "11:00", "13:00")]),
        json!([opening("mon", "13:00", "14:00"), opening("mon", "09:00", "12:00")]),
        json!([{ "days": ["mon", "mon"], "from": "09:00", "until": "17:00" }]),
    ] {
        let (pointer, message) = refused("hours", json!({ "open": open }));
        assert_eq!(pointer, "/hours");
        assert!(message.starts_with("must have openings that end after they begin"), "{message}");
    }
    for (member, value, pointer, message) in [
        ("hours", Value::Null, "", "must have hours, for its length is in business hours or minutes"),
        ("warn_after", json!([3, 2]), "", "must warn in order, the earliest first"),
        ("length", json!({ "amount": 0, "unit": "day" }), "/length", "must be 1 to 3660 of this unit"),
        ("length", json!({ "amount": 3_661, "unit": "day" }), "/length", "must be 1 to 3660 of this unit"),
        ("length", json!({ "amount": 121, "unit": "month" }), "/length", "must be 1 to 120 of this unit"),
        ("pick", json!("second"), "/pick", "must be one of first last each"),
        ("met_by", json!(vec!["acknowledged"; 21]), "/met_by", "must have at most 20 items, has 21"),
        ("terms", json!({}), "/terms", "unknown field `terms`"),
    ] {
        let (at, why) = refused(member, value);
        assert_eq!((at.as_str(), why.starts_with(message)), (pointer, true), "{why}");
    }
    for impossible in [
        json!({ "tag": ["No Code"] }),
        json!({ "jurisdiction": ["wales"] }),
        json!({ "sector": ["shop"] }),
        json!({ "severity": ["awful"] }),
        json!({ "channel": ["pigeon"] }),
    ] {
        let (_, message) = refused("applies_when", json!([impossible]));
        assert!(message.starts_with("must name what complaints can have"), "{message}");
    }
    let (pointer, message) = refused("starts_on", json!(["recieved"]));
    assert_eq!(pointer, "/starts_on/0");
    assert!(message.starts_with("must be one of received acknowledged assigned "), "{message}");
}

#[test]
fn conditions_look_at_the_complaint() {
    let tags = [code("vip")];
    let fee = code("fees");
    let facts = Facts {
        product: Some(&fee),
        issue: Some(&fee),
        vulnerable: true,
        ..facts(Jurisdiction::Ireland, Sector::Bank, &tags)
    };
    let holds = |condition: Value| serde_json::from_value::<Condition>(condition).unwrap().holds(&facts);
    for member in ["jurisdiction", "sector", "product", "issue", "tag", "severity", "channel"] {
        let right = match member {
            "jurisdiction" => "ireland",
            "sector" => "bank",
            "tag" => "vip",
            "severity" => "medium",
            "channel" => "phone",
            _ => "fees",
        };
        assert!(holds(json!({ member: ["other", right] })) && !holds(json!({ member: ["other"] })), "{member}");
    }
    assert!(holds(json!({})) && holds(json!({ "no_tag": ["other"] })) && !holds(json!({ "no_tag": ["vip"] })));
    assert!(holds(json!({ "vulnerable": true })) && !holds(json!({ "vulnerable": false })));
    assert!(!holds(json!({ "tag": ["vip"], "severity": ["high"] })), "all members have to hold");
}

#[test]
fn names_that_there_are_not_are_told() {
    let open = json!([opening("mon", "09:00", "17:00")]);
    let unknown = |hours: Value| level("hours", hours).unwrap().unknown_name(law()).map(str::to_owned);
    assert_eq!(unknown(json!({ "open": open, "calendar": "scotland", "zone": "Europe/London" })), None);
    assert_eq!(unknown(json!({ "open": open, "calendar": "atlantis" })).as_deref(), Some("atlantis"));
    assert_eq!(unknown(json!({ "open": open, "zone": "Europe/Atlantis" })).as_deref(), Some("Europe/Atlantis"));
}

#[test]
fn a_service_level_is_written_as_it_is_read() {
    let level = first_answer(&json!(["awaiting_information"]));
    let text = serde_json::to_string(&level).unwrap();
    assert_eq!(shared::json::from_str::<ServiceLevel>(&text).unwrap(), level);
}

#[test]
fn hours_that_never_suffice_have_no_end() {
    let mut level = level("length", json!({ "amount": 8_760, "unit": "business_hour" })).unwrap();
    level.hours = Some(serde_json::from_value(json!({ "open": [opening("mon", "09:00", "09:01")] })).unwrap());
    let received = timeline(&[(Occurrence::Received, "2026-11-20T16:00:00Z")]);
    let clock = operational(&level, &received, "2026-11-21T00:00:00Z");
    assert_eq!((clock.due, clock.due_on, clock.state), (None, None, ClockState::Running));
}

#[test]
fn a_firm_that_acts_elsewhere_counts_there() {
    let tags = [code("payment_service")];
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &tags);
    let places =
        vec![Place { jurisdiction: Jurisdiction::EnglandAndWales, calendar: Some(code("scotland")), zone: None }];
    let choices = Choices { places, ..Choices::default() };
    let timeline = timeline(RECEIVED);
    let clocks =
        clocks(law(), Case { facts, timeline: &timeline, pins: &[] }, &choices, &[], at("2026-12-12T00:00:00Z"));
    assert_eq!(of(&clocks, "payment_response").due_on, Some("2027-01-07".parse().unwrap()));
}

/// The law after a bank holiday was proclaimed for 4 December 2026 and released the day before.
fn after_a_proclamation() -> Law {
    let proclaimed = Holiday { name: "Proclaimed", days: kept(vec!["2026-12-04".parse().unwrap()]) };
    let calendars = law().calendars.iter().map(|calendar| {
        let holidays = kept([calendar.versions[0].holidays, &[proclaimed]].concat());
        let released = "2026-12-03".parse().unwrap();
        let version = CalendarVersion { version: "2026-12-03", released, holidays, ..calendar.versions[0] };
        Calendar { versions: kept([calendar.versions, &[version]].concat()), ..*calendar }
    });
    Law { calendars: kept(calendars.collect()), ..*law() }
}

#[test]
fn a_running_clock_keeps_its_calendar_until_it_is_moved() {
    let tags = [code("payment_service")];
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &tags);
    let law = after_a_proclamation();
    let due = |received: &str, pins: &[Pin]| {
        let timeline = timeline(&[(Occurrence::Received, received)]);
        let clocks = statutory(&law, facts, &timeline, pins, "2026-12-03T20:00:00Z");
        let clock = of(&clocks, "payment_response");
        (clock.due_on.unwrap().to_string(), clock.explanation.calendar.as_ref().unwrap().version)
    };
    let moved = [Pin { id: code("england_and_wales"), version: code("2026-12-03") }];
    assert_eq!(due("2026-12-01T09:00:00Z", &[]), ("2026-12-22".to_owned(), "2026-11-26"));
    assert_eq!(due("2026-12-01T09:00:00Z", &moved), ("2026-12-23".to_owned(), "2026-12-03"));
    assert_eq!(due("2026-12-03T09:00:00Z", &[]), ("2026-12-29".to_owned(), "2026-12-03"));
    assert!(law.has(&moved[0]) && law.has(&Pin { id: code("gb-ofcom"), version: code("2018-10-01") }));
    let nowhere = [Pin { id: code("england_and_wales"), version: code("1999-01-01") }];
    assert!(!law.has(&nowhere[0]));
    assert_eq!(due("2026-12-01T09:00:00Z", &nowhere), due("2026-12-01T09:00:00Z", &[]));
}

#[test]
fn the_difference_that_a_move_makes() {
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Telecom, &[]);
    let raised = timeline(&[(Occurrence::Received, "2026-04-07T09:00:00Z")]);
    let pins = [Pin { id: code("gb-ofcom"), version: code("2026-04-08") }];
    let now = "2026-05-25T09:00:00Z";
    let (before, after) = (statutory(law(), facts, &raised, &[], now), statutory(law(), facts, &raised, &pins, now));
    assert_eq!(
        serde_json::to_value(differences(&before, &after)).unwrap(),
        json!([{
            "pack": "gb-ofcom", "rule": "adr_letter", "number": 1,
            "was": { "version": "2018-10-01", "calendar": null, "due": "2026-06-02T22:59:59.999Z", "due_on": "2026-06-02", "state": "running" },
            "becomes": { "version": "2026-04-08", "calendar": null, "due": "2026-05-19T22:59:59.999Z", "due_on": "2026-05-19", "state": "breached" },
        }])
    );
    assert_eq!(differences(&before, &before), []);
    let only_after = differences(&[], &after);
    assert!(only_after.len() == after.len() && only_after.iter().all(|difference| difference.was.is_none()));
    assert!(differences(&before, &[]).iter().all(|difference| difference.becomes.is_none()));
}

#[test]
fn what_happens_in_the_moment_of_the_start_counts() {
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &[]);
    let at_once = timeline(&[RECEIVED[0], (Occurrence::Acknowledged, RECEIVED[0].1)]);
    let clocks = statutory(law(), facts, &at_once, &[], "2026-12-12T00:00:00Z");
    assert_eq!(of(&clocks, "acknowledgement").state, ClockState::Met);
}

#[test]
fn the_shipped_law_says_nothing_of_a_case_without_a_start() {
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, &[]);
    assert_eq!(statutory(law(), facts, &Timeline::default(), &[], "2026-12-01T00:00:00Z"), []);
}
