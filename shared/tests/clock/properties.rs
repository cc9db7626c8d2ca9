//! What holds of every clock.

use crate::{code, facts, kept, law};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::json;
use shared::{
    clock::{
        Case, Clock, ClockFamily, ClockState,
        calendar::{Calendar, CalendarVersion, Days, Holiday},
        clocks,
        count::{Counted, Manner, Place, Stop},
        day::{Day, TimeOfDay},
        explain::{ClockStep, Reason},
        law::{Choices, Law},
        pack::{Ends, Length, Nature, Pack, PackVersion, Roll, StartDay, StatutoryRule, Unit},
        service_level::{Hours, ServiceLevel},
        timeline::{Entered, Entry, Occurrence, Timeline},
        zone::Zone,
    },
    complaint::{intake::Jurisdiction, state::State},
    taxonomy::Sector,
    text::Code,
    time::Timestamp,
};
use std::sync::LazyLock;

/// 2019-01-01T00:00:00Z, and eight years of milliseconds: within what every calendar knows.
const FROM: i64 = 1_546_300_800_000;
const SPAN: i64 = 8 * 365 * 86_400_000;

fn moment() -> impl Strategy<Value = Timestamp> {
    (0..SPAN).prop_map(|after| Timestamp::from_unix_millis(FROM + after))
}

fn later(most: i64) -> impl Strategy<Value = i64> {
    prop_oneof![0..3_600_000_i64, 0..=most]
}

fn zone() -> impl Strategy<Value = Zone> {
    select(law().zones).prop_map(|entry| law().zone(entry.id).unwrap())
}

fn days() -> impl Strategy<Value = Days> {
    (0..law().calendars.len()).prop_map(|at| law().calendars[at].days("2026-01-01".parse().unwrap(), &[]).unwrap())
}

static OFFICE: LazyLock<Hours> = LazyLock::new(|| {
    let opening = |days: &[&str], from: &str, until: &str| json!({ "days": days, "from": from, "until": until });
    let open = [
        opening(&["mon"], "09:00", "12:30"),
        opening(&["mon"], "13:30", "17:00"),
        opening(&["tue"], "09:00", "17:00"),
        opening(&["wed"], "00:00", "24:00"),
        opening(&["sun"], "00:30", "03:30"),
        opening(&["fri"], "08:15", "08:45"),
        opening(&["fri"], "08:45", "10:00"),
        opening(&["fri"], "22:00", "24:00"),
    ];
    serde_json::from_value(json!({ "open": open, "closed": ["2026-06-10"] })).unwrap()
});

fn place() -> impl Strategy<Value = Place<'static>> {
    (zone(), days()).prop_map(|(zone, days)| Place { zone, days, hours: None, close: TimeOfDay::FIVE_PM })
}

fn office() -> impl Strategy<Value = Place<'static>> {
    place().prop_map(|place| Place { hours: Some(&OFFICE), ..place })
}

fn by_day() -> impl Strategy<Value = Length> {
    let unit = select(&[Unit::Day, Unit::BusinessDay, Unit::Week, Unit::Month][..]);
    (unit, 1_u32..40).prop_map(|(unit, amount)| Length { amount, unit })
}

fn by_time() -> impl Strategy<Value = Length> {
    let unit = select(&[Unit::Minute, Unit::Hour, Unit::BusinessMinute, Unit::BusinessHour][..]);
    (unit, 1_u32..200).prop_map(|(unit, amount)| Length { amount, unit })
}

fn manner() -> impl Strategy<Value = Manner> {
    let start_day = select(&[StartDay::Excluded, StartDay::Included][..]);
    let roll = select(&[Roll::None, Roll::NextBusinessDay][..]);
    let ends = select(&[Ends::EndOfDay, Ends::CloseOfBusiness][..]);
    (start_day, roll, ends).prop_map(|(start_day, roll, ends)| Manner { start_day, roll, ends })
}

const PLAIN: Manner = Manner { start_day: StartDay::Excluded, roll: Roll::None, ends: Ends::EndOfDay };

/// Stops after `start`, in order, not overlapping.
fn stops_from(start: Timestamp, gaps: &[(i64, i64)]) -> Vec<Stop> {
    let mut at = start;
    let stop = |(wait, length): &(i64, i64)| {
        let from = at.plus_millis(*wait);
        at = from.plus_millis(length + 1);
        Stop { from, until: at }
    };
    gaps.iter().map(stop).collect()
}

fn gaps() -> impl Strategy<Value = Vec<(i64, i64)>> {
    vec((later(20 * 86_400_000), later(20 * 86_400_000)), 0..4)
}

fn sum(counted: &Counted) -> i64 {
    counted.steps.iter().map(|step| step.counted).sum()
}

proptest! {
    #[test]
    fn who_starts_later_ends_no_earlier(
        place in place(), length in by_day(), manner in manner(), start in moment(), by in later(90 * 86_400_000),
    ) {
        let [first, second] = [0, by].map(|by| place.count(length, start.plus_millis(by), manner, &[], None));
        prop_assert!(first.due <= second.due && first.last <= second.last);
    }

    #[test]
    fn in_hours_who_starts_later_ends_no_earlier(
        place in office(), length in by_time(), start in moment(), by in later(9 * 86_400_000), gaps in gaps(),
    ) {
        let stops = stops_from(start, &gaps);
        let [first, second] = [0, by].map(|by| place.count(length, start.plus_millis(by), PLAIN, &stops, None));
        prop_assert!(first.due.is_some() && first.due <= second.due);
    }

    #[test]
    fn a_longer_rule_ends_no_earlier(
        place in office(), length in prop_oneof![by_day(), by_time()], manner in manner(), start in moment(), gaps in gaps(), more in 1_u32..30,
    ) {
        let stops = stops_from(start, &gaps);
        let longer = Length { amount: length.amount + more, ..length };
        let [short, long] = [length, longer].map(|length| place.count(length, start, manner, &stops, None));
        prop_assert!(short.due.is_some() && short.due <= long.due);
    }

    #[test]
    fn two_parts_make_the_whole(
        place in place(), unit in select(&[Unit::Day, Unit::Week, Unit::BusinessDay][..]), parts in (1_u32..40, 1_u32..40), start in moment(),
    ) {
        let length = |amount| Length { amount, unit };
        let first = place.count(length(parts.0), start, PLAIN, &[], None);
        let second = place.count(length(parts.1), first.due.unwrap(), PLAIN, &[], None);
        let whole = place.count(length(parts.0 + parts.1), start, PLAIN, &[], None);
        prop_assert_eq!(second.due, whole.due);
    }

    #[test]
    fn months_add_up_where_no_month_is_too_short(place in place(), parts in (1_u32..20, 1_u32..20), start in moment()) {
        let length = |amount| Length { amount, unit: Unit::Month };
        prop_assume!(place.zone.day(start).parts().2 <= 28);
        let first = place.count(length(parts.0), start, PLAIN, &[], None);
        let second = place.count(length(parts.1), first.due.unwrap(), PLAIN, &[], None);
        prop_assert_eq!(second.due, place.count(length(parts.0 + parts.1), start, PLAIN, &[], None).due);
    }

    #[test]
    fn hours_add_up(place in office(), unit in select(&[Unit::Minute, Unit::Hour, Unit::BusinessMinute, Unit::BusinessHour][..]),
        parts in (1_u32..100, 1_u32..100), start in moment(), gaps in gaps(),
    ) {
        let stops = stops_from(start, &gaps);
        let length = |amount| Length { amount, unit };
        let first = place.count(length(parts.0), start, PLAIN, &stops, None);
        let second = place.count(length(parts.1), first.due.unwrap(), PLAIN, &stops, None);
        prop_assert_eq!(second.due, place.count(length(parts.0 + parts.1), start, PLAIN, &stops, None).due);
    }

    #[test]
    fn a_day_ends_at_midnight_whatever_the_clocks_do(place in place(), length in by_day(), start in moment()) {
        let counted = place.count(length, start, PLAIN, &[], None);
        let due = counted.due.unwrap();
        prop_assert_eq!(place.zone.day(due), counted.last);
        prop_assert_eq!(place.zone.minutes(due), 23 * 60 + 59);
        prop_assert_eq!(place.zone.day(due.plus_millis(1)), counted.last.plus(1));
        prop_assert_eq!(place.zone.minutes(due.plus_millis(1)), 0);
    }

    #[test]
    fn the_hour_of_the_start_does_not_matter(place in place(), length in by_day(), manner in manner(), day in moment(), minute in 0_i64..1440) {
        let day = place.zone.day(day);
        let start = place.zone.start_of(day);
        let same_day = start.plus_millis(minute * 60_000).min(place.zone.end_of(day));
        let [first, second] = [start, same_day].map(|start| place.count(length, start, manner, &[], None));
        prop_assert_eq!(first, second);
    }

    #[test]
    fn local_time_and_moments_agree(zone in zone(), at in moment(), time in 0_i64..1440) {
        let day = zone.day(at);
        prop_assert!(zone.start_of(day) <= at && at <= zone.end_of(day));
        let time: TimeOfDay = format!("{:02}:{:02}", time / 60, time % 60).parse().unwrap();
        let moment = zone.moment(day, time);
        prop_assert_eq!(zone.day(moment), day);
        let skipped = zone.offset_minutes(moment) > zone.offset_minutes(moment.plus_millis(-3_600_000));
        prop_assert!(zone.minutes(moment) == time.minutes() || skipped);
    }

    #[test]
    fn business_days_are_those_between(place in place(), amount in 1_u32..60, start in moment()) {
        let counted = place.count(Length { amount, unit: Unit::BusinessDay }, start, PLAIN, &[], None);
        let first = place.zone.day(start);
        prop_assert!(place.days.is_open(counted.last));
        let between = (1..=counted.last.since(first)).filter(|ahead| place.days.is_open(first.plus(*ahead)));
        prop_assert_eq!(between.count(), amount as usize);
    }

    #[test]
    fn a_stop_never_shortens(place in office(), length in prop_oneof![by_day(), by_time()], manner in manner(), start in moment(), gaps in gaps()) {
        let stops = stops_from(start, &gaps);
        let all = place.count(length, start, manner, &stops, None);
        let fewer = place.count(length, start, manner, stops.get(1..).unwrap_or_default(), None);
        prop_assert!(fewer.due <= all.due);
    }

    #[test]
    fn a_maximum_is_never_passed(place in place(), amount in 1_u32..20, more in 0_u32..30, start in moment(), gaps in gaps()) {
        let stops = stops_from(start, &gaps);
        let length = |amount| Length { amount, unit: Unit::BusinessDay };
        let latest = place.count(length(amount + more), start, PLAIN, &[], None);
        let counted = place.count(length(amount), start, PLAIN, &stops, Some(latest.last));
        let free = place.count(length(amount), start, PLAIN, &stops, None);
        prop_assert_eq!(counted.due, latest.due.min(free.due));
        let capped = counted.steps.iter().any(|step| step.reason == Reason::Maximum);
        prop_assert_eq!(capped, sum(&counted) < i64::from(amount));
    }

    #[test]
    fn a_holiday_never_makes_it_earlier(place in office(), length in prop_oneof![by_day(), by_time()], manner in manner(), start in moment(), ahead in 0_i32..60) {
        let proclaimed = Holiday { name: "Proclaimed", days: kept(vec![place.zone.day(start).plus(ahead)]) };
        let holidays = kept([place.days.version.holidays, &[proclaimed]].concat());
        let version = &kept(vec![CalendarVersion { holidays, ..*place.days.version }])[0];
        let more = Place { days: Days { version, ..place.days }, ..place };
        prop_assert!(place.count(length, start, manner, &[], None).due <= more.count(length, start, manner, &[], None).due);
    }

    #[test]
    fn an_explanation_adds_up(place in office(), length in prop_oneof![by_day(), by_time()], manner in manner(), start in moment(), gaps in gaps()) {
        let stops = stops_from(start, &gaps);
        let counted = place.count(length, start, manner, &stops, None);
        let amount = i64::from(length.amount);
        let expected = match length.unit {
            Unit::Minute | Unit::BusinessMinute => amount * 60,
            Unit::Hour | Unit::BusinessHour => amount * 3600,
            Unit::Day | Unit::BusinessDay => amount,
            Unit::Week => amount * 7,
            Unit::Month => {
                let unrolled = place.count(length, start, Manner { roll: Roll::None, ..manner }, &[], None);
                let included = i32::from(manner.start_day == StartDay::Included);
                i64::from(unrolled.last.since(place.zone.day(start)) + included)
            }
        };
        prop_assert_eq!(sum(&counted), expected);
    }

    #[test]
    fn an_explanation_leaves_no_day_out(place in office(), length in by_day(), manner in manner(), start in moment(), gaps in gaps()) {
        let counted = place.count(length, start, manner, &stops_from(start, &gaps), None);
        let runs: Vec<_> = counted.steps.iter().filter(|step| step.reason != Reason::MonthEnd).collect();
        prop_assert_eq!(runs[0].from, place.zone.day(start));
        prop_assert_eq!(runs[runs.len() - 1].to, counted.last);
        prop_assert!(runs.windows(2).all(|pair| pair[1].from == pair[0].to.plus(1)));
        let honest = |step: &&ClockStep| step.counted == if step.reason == Reason::Counted { i64::from(step.to.since(step.from)) + 1 } else { 0 };
        prop_assert!(runs.iter().all(honest));
    }

    #[test]
    fn warnings_come_in_order_and_before_the_end(case in any_case()) {
        for clock in case.clocks(law(), 0) {
            prop_assert!(clock.warnings.is_sorted_by_key(|warning| warning.at));
            prop_assert!(clock.warnings.iter().all(|warning| clock.due.is_none_or(|due| warning.at < due)));
        }
    }

    #[test]
    fn a_clock_is_of_one_piece(case in any_case()) {
        for clock in case.clocks(law(), 0) {
            consistent(&clock, case.now)?;
        }
    }

    #[test]
    fn time_changes_a_state_only_when_foretold(case in any_case(), wait in later(100 * 86_400_000)) {
        for (before, after) in case.clocks(law(), 0).iter().zip(case.clocks(law(), wait)) {
            let foretold = before.next_change(case.now).is_some_and(|at| at <= case.now.plus_millis(wait));
            prop_assert!(before.state == after.state || foretold, "{:?} {:?}", before, after);
            if let Some(at) = before.next_change(case.now) {
                prop_assert!(at > case.now);
            }
        }
    }

    #[test]
    fn a_broken_duty_stays_broken(case in any_case(), wait in later(100 * 86_400_000)) {
        for (before, after) in case.clocks(law(), 0).iter().zip(case.clocks(law(), wait)) {
            prop_assert!(before.state != ClockState::Breached || after.state == ClockState::Breached);
        }
    }

    #[test]
    fn a_later_release_changes_no_clock(case in any_case()) {
        prop_assert_eq!(case.clocks(law(), 0), case.clocks(&CORRECTED, 0));
    }

    #[test]
    fn a_firms_own_clocks_change_no_statutory_one(case in any_case()) {
        let own = [service_level("4 hours", Unit::BusinessHour, 4), service_level("2 days", Unit::Day, 2)];
        let both = clocks(law(), case.case(), &Choices::default(), &own, case.now);
        let (statutory, operational): (Vec<_>, Vec<_>) = both.into_iter().partition(|clock| clock.family == ClockFamily::Statutory);
        prop_assert_eq!(statutory, case.clocks(law(), 0));
        let received = case.timeline.entries.iter().any(|entry| entry.what == Occurrence::Received);
        prop_assert_eq!(operational.len(), if received { 2 } else { 0 });
    }

    #[test]
    fn everything_can_be_said(case in any_case()) {
        for clock in case.clocks(law(), 0) {
            let said = clock.sentences(law());
            prop_assert!(said.len() >= 3 && said.iter().all(|text| text.ends_with('.') && !text.contains("  ")), "{:?}", said);
        }
    }
}

fn consistent(clock: &Clock, now: Timestamp) -> Result<(), TestCaseError> {
    let in_time = |at: Option<Timestamp>| at.is_some_and(|at| clock.due.is_none_or(|due| at <= due));
    prop_assert_eq!(clock.due.is_some(), clock.due_on.is_some());
    prop_assert!(clock.latest.is_none() || clock.due <= clock.latest);
    prop_assert!(clock.met_at.is_none() || clock.void_at.is_none());
    prop_assert_eq!(clock.ended_by.is_some(), clock.met_at.or(clock.void_at).is_some());
    prop_assert_eq!(clock.breached_at, clock.due.filter(|_| clock.state == ClockState::Breached));
    match clock.state {
        ClockState::Running => prop_assert!(clock.ended_by.is_none() && clock.due.is_none_or(|due| now <= due)),
        ClockState::Stopped => prop_assert!(clock.ended_by.is_none() && clock.due.is_some_and(|due| now <= due)),
        ClockState::Met => prop_assert!(in_time(clock.met_at)),
        ClockState::Breached => {
            prop_assert_eq!(clock.nature, Nature::Duty);
            prop_assert!(!in_time(clock.met_at.or(clock.void_at)));
        }
        ClockState::Void => prop_assert!(in_time(clock.void_at) || clock.nature == Nature::Window),
    }
    Ok(())
}

/// The law with one more release of everything in 2031, in which no rule has a length and no calendar a holiday.
static CORRECTED: LazyLock<Law> = LazyLock::new(|| {
    let released: Day = "2031-01-01".parse().unwrap();
    let without_length = |rule: &StatutoryRule| {
        let mut rule = rule.clone();
        rule.terms.length = None;
        rule
    };
    let packs = law().packs.iter().map(|pack| {
        let corrected = pack.versions.iter().map(|version| PackVersion {
            version: "corrected",
            released,
            rules: kept(version.rules.iter().map(without_length).collect()),
            ..version.clone()
        });
        Pack { versions: kept(pack.versions.iter().cloned().chain(corrected).collect()), ..pack.clone() }
    });
    let calendars = law().calendars.iter().map(|calendar| {
        let corrected = CalendarVersion { version: "corrected", released, holidays: &[], ..calendar.versions[0] };
        Calendar { versions: kept([calendar.versions, &[corrected]].concat()), ..*calendar }
    });
    Law { packs: kept(packs.collect()), calendars: kept(calendars.collect()), ..*law() }
});

fn service_level(name: &str, unit: Unit, amount: u32) -> ServiceLevel {
    let level = json!({
        "id": "own", "name": name, "hours": &*OFFICE, "pause_in": ["awaiting_information"], "starts_on": ["received"],
        "length": { "amount": amount, "unit": unit }, "met_by": ["final_response"],
    });
    serde_json::from_value(level).unwrap()
}

#[derive(Clone, Debug)]
struct AnyCase {
    jurisdiction: Jurisdiction,
    sector: Sector,
    tags: Vec<Code>,
    timeline: Timeline,
    now: Timestamp,
}

impl AnyCase {
    fn case(&self) -> Case<'_> {
        Case { facts: facts(self.jurisdiction, self.sector, &self.tags), timeline: &self.timeline, pins: &[] }
    }

    fn clocks(&self, law: &Law, wait: i64) -> Vec<Clock> {
        clocks(law, self.case(), &Choices::default(), &[], self.now.plus_millis(wait))
    }
}

const TAGS: [&str; 6] = ["app_fraud", "cfpb", "data_protection", "disability", "mixed_complaint", "payment_service"];

const OCCURRENCES: [Occurrence; 16] = [
    Occurrence::Acknowledged,
    Occurrence::UpdateSent,
    Occurrence::HoldingResponse,
    Occurrence::FinalResponse,
    Occurrence::SummaryResolution,
    Occurrence::Deadlock,
    Occurrence::AdrLetter,
    Occurrence::Referred,
    Occurrence::Forwarded,
    Occurrence::Withdrawn,
    Occurrence::Reopened,
    Occurrence::ClaimReported,
    Occurrence::ClaimDecided,
    Occurrence::ClockStopped,
    Occurrence::ClockResumed,
    Occurrence::InProgress,
];

fn any_case() -> impl Strategy<Value = AnyCase> {
    use Jurisdiction::{EnglandAndWales, Eu, Ireland, NorthernIreland, Scotland, Us};
    let jurisdiction = select(&[EnglandAndWales, Scotland, NorthernIreland, Ireland, Us, Eu][..]);
    let sector = select(&[Sector::Bank, Sector::Telecom, Sector::Airline][..]);
    let tags = proptest::sample::subsequence(TAGS.map(code).to_vec(), 0..=TAGS.len());
    let happened = vec((select(&OCCURRENCES[..]), later(60 * 86_400_000)), 0..8);
    // Half of them about today, where the newest packs are in force.
    let start = prop_oneof![
        moment(),
        (0..300 * 86_400_000_i64).prop_map(|after| Timestamp::from_unix_millis(1_781_000_000_000 + after))
    ];
    (
        jurisdiction,
        sector,
        tags,
        start,
        option::weighted(0.9, Just(Occurrence::Received)),
        happened,
        later(60 * 86_400_000),
    )
        .prop_map(|(jurisdiction, sector, tags, start, received, happened, wait)| {
            let mut timeline = Timeline::default();
            timeline.states.push(Entered { state: State::Received, at: start });
            let mut now = start;
            if let Some(received) = received {
                timeline.add(received, start);
            }
            for (what, after) in happened {
                now = now.plus_millis(after);
                let reason = (what == Occurrence::ClockStopped).then(|| code("information_from_victim"));
                timeline.insert(Entry { what, at: now, reason, letter: None });
            }
            AnyCase { jurisdiction, sector, tags, timeline, now: now.plus_millis(wait) }
        })
}
