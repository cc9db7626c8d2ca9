//! Whatever happens, no window is overrun and no quota that refuses is exceeded.

use crate::simulation::{Arrival, World, overrun, rates, run};
use proptest::prelude::*;
use shared::limit::{
    held::Cost,
    plan::{Limits, Over, Policy, Quota, Resource},
};

/// Requests close together: from when, how many, how far apart, where, how many of ten are complaints.
fn bursts(span: i64) -> impl Strategy<Value = Vec<(i64, u16, i64, usize, u8)>> {
    prop::collection::vec((0..span, 1..80u16, 0..120i64, 0..4usize, 0..10u8), 1..25)
}

fn world() -> impl Strategy<Value = World> {
    let delay = prop_oneof![Just((0, 0)), Just((5, 30)), Just((0, 400)), Just((0, 1500))];
    let chances = (0..30u64, 0..15u64, 0..20u64, 0..20u64, 0..=100u64);
    (1..4usize, any::<u64>(), delay, chances).prop_map(|(isolates, seed, delay, chances)| {
        let (loss, death, restart, back, logged) = chances;
        World { isolates, seed, delay, loss, death, restart, back, logged }
    })
}

fn arrivals(bursts: Vec<(i64, u16, i64, usize, u8)>, isolates: usize) -> Vec<Arrival> {
    let burst = |(from, count, apart, at, complaints): (i64, u16, i64, usize, u8)| {
        (0..i64::from(count)).map(move |n| Arrival {
            at: from + n * apart,
            isolate: at % isolates,
            cost: if n % 10 < i64::from(complaints) { Cost::Complaint } else { Cost::Request },
        })
    };
    bursts.into_iter().flat_map(burst).collect()
}

fn complaints(limit: u64) -> Vec<Quota> {
    vec![Quota { quota: Resource::ComplaintsAMonth, limit, over: Over::Refuse }]
}

fn check(world: &World, limits: &Limits, bursts: Vec<(i64, u16, i64, usize, u8)>) -> Result<(), TestCaseError> {
    let seen = run(world, limits, arrivals(bursts, world.isolates));
    prop_assert_eq!(overrun(&seen, limits), None);
    for quota in &limits.quotas {
        prop_assert!(seen.logged <= quota.limit, "{} complaints logged of {}", seen.logged, quota.limit);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn no_second_and_no_minute_is_overrun(
        world in world(), second in 1..60u32, minute in 1..400u32, quota in 0..100u64, bursts in bursts(300_000),
    ) {
        let limits = Limits { quotas: complaints(quota), ..rates(&[(Policy::Burst, second), (Policy::Minute, minute)]) };
        check(&world, &limits, bursts)?;
    }

    #[test]
    fn no_second_is_overrun_when_all_comes_at_once(world in world(), second in 1..60u32, bursts in bursts(4_000)) {
        check(&world, &rates(&[(Policy::Burst, second)]), bursts)?;
    }

    #[test]
    fn no_day_is_overrun(world in world(), day in 1..300u32, bursts in bursts(200_000_000)) {
        check(&world, &rates(&[(Policy::Burst, 30), (Policy::Day, day)]), bursts)?;
    }
}
