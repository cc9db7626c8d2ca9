//! What time alone brings about, and that it is recorded once however cron ticks.

use crate::{at, facts, law, timeline};
use proptest::{collection::vec, prelude::*, sample::select};
use shared::{
    clock::{
        Case, Clock, ClockState, clocks,
        due::Ahead,
        law::Choices,
        pack::Nature,
        passing::{Deadline, Told, passed, wake_at},
        timeline::{Occurrence, Timeline},
    },
    complaint::{event::EventBody, intake::Jurisdiction},
    taxonomy::Sector,
    text::Code,
    time::Timestamp,
};

fn clocks_at(timeline: &Timeline, tags: &[Code], now: Timestamp) -> Vec<Clock> {
    let facts = facts(Jurisdiction::EnglandAndWales, Sector::Bank, tags);
    clocks(law(), Case { facts, timeline, pins: &[] }, &Choices::default(), &[], now)
}

/// What is told of it: the rule, the warning if it is one, the moment.
fn told(event: &EventBody) -> Told {
    let (Deadline { pack, rule, number, .. }, warning, at) = match event {
        EventBody::DeadlineWarned { clock, warning, came_at } => (clock, Some(warning), came_at),
        EventBody::DeadlineMissed { clock, came_at } => (clock, None, came_at),
        other => panic!("{other:?}"),
    };
    Told { pack: pack.clone(), rule: rule.clone(), number: *number, warning: warning.cloned(), at: *at }
}

/// One tick of cron: what it records.
fn tick(timeline: &mut Timeline, tags: &[Code], since: Timestamp, now: Timestamp) -> Vec<Told> {
    let events = passed(&clocks_at(timeline, tags, now), timeline, since, now);
    let told: Vec<Told> = events.iter().map(told).collect();
    timeline.told.extend(told.iter().cloned());
    told
}

fn words(told: &[Told]) -> Vec<String> {
    let one = |told: &Told| match &told.warning {
        Some(warning) => format!("{} {} {}", told.rule, warning.as_str(), told.at),
        None => format!("{} missed {}", told.rule, told.at),
    };
    told.iter().map(one).collect()
}

#[test]
fn a_complaint_that_nobody_touches() {
    let received = at("2026-11-20T10:00:00Z");
    let mut timeline = timeline(&[(Occurrence::Received, "2026-11-20T10:00:00Z")]);
    let mut woken = Vec::new();
    let mut recorded = Vec::new();
    while let Some(wake) = wake_at(&clocks_at(&timeline, &[], received), &timeline, received) {
        assert!(woken.last().is_none_or(|last| *last < wake), "{wake}");
        woken.push(wake);
        recorded.extend(tick(&mut timeline, &[], received, wake));
    }
    assert_eq!(
        words(&recorded),
        [
            "acknowledgement business day 1 2026-11-23T00:00:00.000Z",
            "summary_resolution business day 2 2026-11-24T00:00:00.000Z",
            "acknowledgement business day 3 2026-11-25T00:00:00.000Z",
            "summary_resolution business day 3 2026-11-25T00:00:00.000Z",
            "acknowledgement business day 5 2026-11-27T00:00:00.000Z",
            "final_response day 28 2026-12-18T00:00:00.000Z",
            "final_response day 42 2027-01-01T00:00:00.000Z",
            "final_response day 49 2027-01-08T00:00:00.000Z",
            "final_response day 54 2027-01-13T00:00:00.000Z",
            "final_response missed 2027-01-15T23:59:59.999Z",
        ]
    );
    assert_eq!(woken.len(), 9);
}

#[test]
fn a_late_tick_tells_what_was_missed_and_no_stale_warnings() {
    let received = at("2026-11-20T10:00:00Z");
    let mut timeline =
        timeline(&[(Occurrence::Received, "2026-11-20T10:00:00Z"), (Occurrence::Acknowledged, "2026-11-20T11:00:00Z")]);
    let recorded = tick(&mut timeline, &[], received, at("2027-03-01T00:00:00Z"));
    assert_eq!(words(&recorded), ["final_response missed 2027-01-15T23:59:59.999Z"]);
    assert_eq!(tick(&mut timeline, &[], received, at("2027-03-01T00:01:00Z")), []);
}

#[test]
fn an_answer_that_came_too_late_does_not_hide_the_breach() {
    let received = at("2026-11-20T10:00:00Z");
    let mut timeline = timeline(&[
        (Occurrence::Received, "2026-11-20T10:00:00Z"),
        (Occurrence::Acknowledged, "2026-11-20T11:00:00Z"),
        (Occurrence::FinalResponse, "2027-01-16T00:00:05Z"),
    ]);
    let clocks = clocks_at(&timeline, &[], at("2027-01-16T00:00:05Z"));
    let ahead = Ahead::of(&clocks, &timeline, received);
    assert_eq!(ahead, Ahead { due: None, wake_at: Some(at("2027-01-16T00:00:00Z")) });
    let recorded = tick(&mut timeline, &[], received, at("2027-01-16T00:01:00Z"));
    assert_eq!(words(&recorded), ["final_response missed 2027-01-15T23:59:59.999Z"]);
}

#[test]
fn what_had_passed_when_it_was_logged_is_nobodys_news() {
    let logged = at("2027-02-01T00:00:00Z");
    let timeline = timeline(&[(Occurrence::Received, "2026-11-20T10:00:00Z")]);
    let clocks = clocks_at(&timeline, &[], logged);
    assert!(clocks.iter().any(|clock| clock.state == ClockState::Breached));
    assert_eq!(Ahead::of(&clocks, &timeline, logged).wake_at, None);
    assert_eq!(passed(&clocks, &timeline, logged, logged), []);
}

#[test]
fn a_receipt_that_is_corrected_brings_other_moments() {
    let logged = at("2026-11-20T10:00:00Z");
    let of =
        |received| timeline(&[(Occurrence::Received, received), (Occurrence::Acknowledged, "2026-11-20T11:00:00Z")]);
    let mut told_before = of("2026-11-20T10:00:00Z");
    tick(&mut told_before, &[], logged, at("2027-01-17T00:00:00Z"));
    let mut corrected = of("2026-11-18T10:00:00Z");
    corrected.told = told_before.told;
    let recorded = tick(&mut corrected, &[], logged, at("2027-01-17T00:00:00Z"));
    assert_eq!(words(&recorded), ["final_response missed 2027-01-13T23:59:59.999Z"]);
}

/// 2026-07-01T00:00:00Z.
const FROM: i64 = 1_782_864_000_000;
const DAY: i64 = 86_400_000;

fn happened() -> impl Strategy<Value = Vec<(Occurrence, i64)>> {
    let what = select(
        &[
            Occurrence::Acknowledged,
            Occurrence::InvestigationStarted,
            Occurrence::UpdateSent,
            Occurrence::HoldingResponse,
            Occurrence::FinalResponse,
            Occurrence::SummaryResolution,
            Occurrence::Reopened,
            Occurrence::Withdrawn,
            Occurrence::Referred,
        ][..],
    );
    vec((what, 0..120 * DAY), 0..6)
}

fn tags() -> impl Strategy<Value = Vec<Code>> {
    let some = [
        &[][..],
        &["payment_service"],
        &["data_protection"],
        &["payment_service", "mixed_complaint", "data_protection"],
    ];
    select(some.map(|tags| tags.iter().map(|tag| Code::try_from(*tag).unwrap()).collect::<Vec<_>>()).to_vec())
}

proptest! {
    /// Cron ticks when it likes: what is missed is told once, each at its moment, and after a tick it waits for something to come.
    #[test]
    fn however_it_ticks_each_breach_is_told_once(
        happened in happened(), tags in tags(), ticks in vec(0..200 * DAY, 0..12),
    ) {
        let start = Timestamp::from_unix_millis(FROM);
        let mut ticks = ticks;
        ticks.push(200 * DAY);
        ticks.sort_unstable();
        let mut all = happened;
        all.sort_by_key(|(_, at)| *at);
        let mut timeline = Timeline::default();
        timeline.add(Occurrence::Received, start);
        let mut coming = all.iter().copied().peekable();
        let mut recorded: Vec<Told> = Vec::new();
        for now in ticks {
            while let Some((what, at)) = coming.next_if(|(_, at)| *at <= now) {
                timeline.add(what, start.plus_millis(at));
            }
            let now = start.plus_millis(now);
            recorded.extend(tick(&mut timeline, &tags, start, now));
            let wake = wake_at(&clocks_at(&timeline, &tags, now), &timeline, start);
            prop_assert!(wake.is_none_or(|wake| wake > now), "{wake:?} at {now}");
        }
        let end = start.plus_millis(200 * DAY);
        let mut missed: Vec<_> = clocks_at(&timeline, &tags, end)
            .iter()
            .filter(|clock| clock.nature == Nature::Duty && clock.leading && clock.state == ClockState::Breached)
            .map(|clock| (clock.rule.clone(), clock.number, clock.due.unwrap()))
            .collect();
        let mut told: Vec<_> = recorded
            .iter()
            .filter(|told| told.warning.is_none())
            .map(|told| (told.rule.as_str().to_owned(), told.number, told.at))
            .collect();
        missed.sort();
        told.sort();
        // What was missed stays so; a clock that was told of may be gone since, if what it hung on was undone.
        for one in &missed {
            prop_assert_eq!(told.iter().filter(|other| *other == one).count(), 1, "{:?}", one);
        }
        let before = recorded.len();
        recorded.dedup();
        prop_assert_eq!(before, recorded.len());
        // None is told before its moment.
        prop_assert!(recorded.iter().all(|told| told.at < end));
    }
}
