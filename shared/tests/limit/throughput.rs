//! What is allowed is nearly all given, and hops are few.

use crate::simulation::{Seen, World, overrun, run, steadily};
use shared::{limit::plan::Limits, tenant::Plan};

fn show(name: &str, seen: &Seen, limits: &Limits) {
    let total: usize = seen.requests.iter().sum();
    let hops: usize = seen.hops.iter().sum();
    println!(
        "{name}: {} of {total} admitted ({:.1} %), {hops} hops (1 in {:.1}), {} unknown, {} bytes",
        seen.admitted.len(),
        100.0 * seen.admitted.len() as f64 / total as f64,
        total as f64 / hops as f64,
        seen.unknown,
        seen.stored
    );
    assert_eq!(overrun(seen, limits), None);
}

#[test]
fn explore() {
    for plan in [Plan::Sandbox, Plan::Standard, Plan::Enterprise] {
        let limits = Limits { windows: Limits::of(plan).unwrap().windows[..1].to_vec(), quotas: vec![] };
        let second = i64::from(limits.windows[0].limit);
        for isolates in [1, 3, 10] {
            for (percent, seconds) in [(10, 20), (50, 20), (80, 20), (95, 20), (120, 20), (300, 10), (5000, 2)] {
                let seen = run(&World::calm(isolates), &limits, steadily(second * percent / 100, seconds, isolates));
                show(
                    &format!(
                        "{plan:?} x{isolates} {percent}% = {:.1}% of limit",
                        100.0 * seen.admitted.len() as f64 / (second * seconds) as f64
                    ),
                    &seen,
                    &limits,
                );
            }
        }
    }
}
