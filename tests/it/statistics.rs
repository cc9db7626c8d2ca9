//! Statistics are what a recount of the events gives.

use crate::firm::{COMMANDS, Firm, command_body};
use serde_json::{Value, json};
use shared::{
    chain::CaseFile,
    clock::day::Day,
    complaint::{Complaint, state::State},
    statistics::{DayStatistics, Statistics, band},
    time::Timestamp,
};

/// Numbers that look drawn, and are the same each time.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

fn day(at: Timestamp) -> Day {
    Day::of_utc(at)
}

/// The statistics of these days, from complaints as their events fold.
fn recounted(complaints: &[Complaint], from: Day, to: Day, today: Day) -> Statistics {
    let mut all = Statistics::of(from, to).expect("some days");
    let is_in = |day: Day| (from..=to).contains(&day);
    for complaint in complaints {
        let received = day(complaint.received_at);
        let name = complaint.product.as_ref().map(|product| product.as_str().to_owned()).unwrap_or_default();
        let over = matches!(complaint.state, State::Resolved | State::Closed | State::Withdrawn | State::Referred);
        if !over {
            *all.open.entry(band(today.since(received)).to_owned()).or_default() += 1;
        }
        if is_in(received) {
            on(&mut all, received).received += 1;
            all.products.entry(name.clone()).or_default().received += 1;
        }
        let Some(resolution) = &complaint.resolution else { continue };
        let resolved = day(resolution.sent_at.unwrap_or(resolution.at));
        if !is_in(resolved) {
            continue;
        }
        on(&mut all, resolved).resolved += 1;
        let outcome: Value = json!(resolution.outcome);
        let outcome = outcome.as_str().expect("a name").to_owned();
        let took = band(resolved.since(received)).to_owned();
        let cause = complaint.root_cause.as_ref().map(|cause| cause.as_str().to_owned()).unwrap_or_default();
        *all.outcomes.entry(outcome.clone()).or_default() += 1;
        *all.time_to_resolve.entry(took.clone()).or_default() += 1;
        *all.root_causes.entry(cause).or_default() += 1;
        let product = all.products.entry(name).or_default();
        product.resolved += 1;
        *product.outcomes.entry(outcome).or_default() += 1;
        *product.time_to_resolve.entry(took).or_default() += 1;
    }
    all
}

fn on(all: &mut Statistics, day: Day) -> &mut DayStatistics {
    all.days.iter_mut().find(|on| on.day == day).expect("one of the days")
}

fn folded(firm: &Firm, path: &str) -> Complaint {
    let file: CaseFile =
        serde_json::from_str(&firm.api.get(&format!("{path}/case-file")).expect(200).text).expect("a case file");
    file.check().1.expect("it folds")
}

fn asked(firm: &Firm, query: &str) -> Statistics {
    serde_json::from_value(firm.api.get(&format!("/v1/statistics{query}")).expect(200).body).expect("statistics")
}

#[test]
fn statistics_are_what_a_recount_gives() {
    let firm = Firm::new();
    let mut drawn = Drawn(7);
    let now = Timestamp::from_unix_millis(
        std::time::UNIX_EPOCH
            .elapsed()
            .expect("it is after 1970")
            .as_millis()
            .try_into()
            .expect("and before the year 9999"),
    );
    let products = [json!(null), json!("credit_card"), json!("mortgage")];
    let mut paths = Vec::new();
    for n in 0..14 {
        let ago = i64::try_from(drawn.below(70)).expect("few days") * 86_400_000;
        let received_at = now.plus_millis(-ago - 60_000).to_string();
        let body = json!({ "received_at": received_at, "product": products[drawn.below(3)] });
        paths.push(format!("/v1/complaints/{}", firm.log_in(n % 2, body).id()));
    }
    let other = paths[0].rsplit('/').next().expect("an id").to_owned();
    for _ in 0..90 {
        let path = &paths[drawn.below(paths.len())];
        // What is refused changes nothing, which is to be seen as well.
        let (command, body) = match drawn.below(COMMANDS.len() + 6) {
            0 | 1 => ("resolve", json!({ "outcome": "rejected", "kind": "summary_resolution", "summary": "No." })),
            2 => ("classify", json!({ "product": "mortgage", "root_cause": "staff_error" })),
            3 => ("correct", json!({ "reason": "Misheard.", "set": { "product": "credit_card" } })),
            4 => (
                "correct",
                json!({ "reason": "It came by letter.", "set": { "received_at": now.plus_millis(-40 * 86_400_000).to_string() } }),
            ),
            5 => ("resolve", command_body("resolve", "")),
            nth => (COMMANDS[nth - 6], command_body(COMMANDS[nth - 6], &other)),
        };
        firm.give(path, command, body);
    }
    let complaints: Vec<_> = paths.iter().map(|path| folded(&firm, path)).collect();
    let today = day(now);
    assert!(complaints.iter().any(|complaint| complaint.resolution.is_some()), "something was resolved");
    for (from, to) in [(today.plus(-100), today.plus(1)), (today.plus(-20), today.plus(-3)), (today, today)] {
        assert_eq!(asked(&firm, &format!("?from={from}&to={to}")), recounted(&complaints, from, to, today));
    }
    assert_eq!(asked(&firm, ""), recounted(&complaints, today.plus(-27), today, today));
}

#[test]
fn days_that_are_none_are_refused() {
    let firm = Firm::small();
    for query in ["from=yesterday", "from=2026-01-02&to=2026-01-01", "from=2020-01-01&to=2026-01-01", "days=3"] {
        firm.api.get(&format!("/v1/statistics?{query}")).problem(400, "invalid_parameter");
    }
}
