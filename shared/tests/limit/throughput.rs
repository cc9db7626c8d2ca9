//! What is allowed is nearly all given, and hops are few.

use crate::simulation::{Arrival, Seen, World, overrun, rates, run, steadily};
use shared::{
    limit::{
        held::Cost,
        plan::{Limits, Policy},
    },
    tenant::Plan,
};

const PLANS: [Plan; 3] = [Plan::Sandbox, Plan::Standard, Plan::Enterprise];

/// A plan's limit of a second, and nothing else, asked at `percent` of it over `isolates`.
fn second_at(plan: Plan, isolates: usize, percent: i64, seconds: i64) -> (Seen, f64) {
    let limit = Limits::of(plan).unwrap().window(Policy::Burst).unwrap();
    let limits = rates(&[(Policy::Burst, limit)]);
    let arrivals = steadily(i64::from(limit) * percent / 100, seconds, isolates);
    let seen = run(&World::calm(isolates), &limits, arrivals);
    assert_eq!(overrun(&seen, &limits), None);
    let allowed = f64::from(limit) * seconds as f64;
    (seen, allowed)
}

fn total(of: &[usize]) -> usize {
    of.iter().sum()
}

#[test]
fn a_tenant_within_its_limit_is_admitted() {
    for plan in PLANS {
        for isolates in [1, 3, 10] {
            let (seen, _) = second_at(plan, isolates, 50, 20);
            assert_eq!(seen.refused, 0, "{plan:?} over {isolates} at half its limit");
            let (seen, _) = second_at(plan, isolates, 80, 20);
            let share = seen.admitted.len() as f64 / total(&seen.requests) as f64;
            assert!(share >= 0.98, "{plan:?} over {isolates} at 80 %: {share:.3}");
        }
        let (seen, _) = second_at(plan, 3, 95, 20);
        let share = seen.admitted.len() as f64 / total(&seen.requests) as f64;
        assert!(share >= 0.90, "{plan:?} at 95 %: {share:.3}");
    }
}

#[test]
fn a_tenant_beyond_its_limit_gets_most_of_it() {
    for plan in PLANS {
        for (isolates, percent, seconds) in [(1, 120, 20), (3, 120, 20), (10, 120, 20), (3, 300, 20), (3, 5000, 5)] {
            let (seen, allowed) = second_at(plan, isolates, percent, seconds);
            let share = seen.admitted.len() as f64 / allowed;
            assert!(share >= 0.80, "{plan:?} over {isolates} at {percent} %: {share:.3}");
        }
    }
}

#[test]
fn an_overloading_tenant_gets_most_of_its_minutes() {
    for plan in [Plan::Sandbox, Plan::Standard] {
        let limits = Limits { quotas: Vec::new(), ..Limits::of(plan).unwrap().clone() };
        let (second, minute) = (limits.window(Policy::Burst).unwrap(), limits.window(Policy::Minute).unwrap());
        let seen = run(&World::calm(3), &limits, steadily(i64::from(second) * 2, 180, 3));
        assert_eq!(overrun(&seen, &limits), None);
        let share = seen.admitted.len() as f64 / f64::from(minute * 3);
        assert!(share >= 0.90, "{plan:?}: {share:.3} of three minutes' requests");
    }
}

#[test]
fn a_busy_isolate_hops_at_most_once_in_20_requests() {
    for (plan, isolates, percent) in [
        (Plan::Sandbox, 1, 95),
        (Plan::Standard, 1, 50),
        (Plan::Standard, 3, 80),
        (Plan::Standard, 3, 95),
        (Plan::Standard, 3, 300),
        (Plan::Enterprise, 10, 50),
        (Plan::Enterprise, 10, 95),
    ] {
        let (seen, _) = second_at(plan, isolates, percent, 20);
        for (hops, requests) in seen.hops.iter().zip(&seen.requests) {
            assert!(
                hops * 20 <= *requests,
                "{plan:?} over {isolates} at {percent} %: {hops} hops, {requests} requests"
            );
        }
    }
}

#[test]
fn an_isolate_with_few_requests_hops_a_few_times_a_second() {
    for percent in [10, 50, 80, 95, 120] {
        let (seen, _) = second_at(Plan::Standard, 10, percent, 20);
        let most = if percent > 50 { 5 } else { 2 };
        assert!(seen.hops.iter().all(|hops| *hops <= most * 20), "at {percent} %: {:?} hops in 20 s", seen.hops);
    }
}

#[test]
fn at_fifty_times_the_limit_refusing_costs_no_hop() {
    let (seen, _) = second_at(Plan::Standard, 3, 5000, 5);
    let (hops, requests) = (total(&seen.hops), total(&seen.requests));
    assert!(hops * 500 <= requests, "{hops} hops for {requests} requests");

    let limits = rates(&[(Policy::Burst, 50), (Policy::Minute, 60)]);
    let seen = run(&World::calm(3), &limits, steadily(1000, 50, 3));
    assert!(total(&seen.hops) <= 30, "{} hops in a minute that was used up in two seconds", total(&seen.hops));
}

#[test]
fn requests_that_come_together_share_an_ask() {
    let together = (0..40).map(|_| Arrival { at: 0, isolate: 0, cost: Cost::Request });
    let seen = run(&World::calm(1), &rates(&[(Policy::Burst, 200)]), together);
    assert_eq!(seen.admitted.len(), 40);
    assert!(seen.hops[0] <= 4, "{} hops", seen.hops[0]);
}

#[test]
fn complaints_cost_few_hops_more() {
    let complaints = steadily(60, 20, 1).map(|arrival| Arrival { cost: Cost::Complaint, ..arrival });
    let seen = run(&World::calm(1), Limits::of(Plan::Standard).unwrap(), complaints);
    assert_eq!(seen.logged, 1200);
    assert!(seen.hops[0] * 15 <= 1200, "{} hops", seen.hops[0]);
}
