//! Waiting for what happens after an answer, with a deadline instead of a guess.

use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

/// Asks until `there` gives something, for at most `limit`.
#[track_caller]
pub(crate) fn within<T>(limit: Duration, what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(begun.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Asks until `found` gives what is expected, for at most `limit`.
#[track_caller]
pub(crate) fn equals<T: PartialEq + Debug>(limit: Duration, expected: T, mut found: impl FnMut() -> T) {
    let begun = Instant::now();
    loop {
        let now = found();
        if now == expected {
            return;
        }
        assert!(begun.elapsed() < limit, "not within {limit:?}: {now:?} is not {expected:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
