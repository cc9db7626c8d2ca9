//! Circuit breakers: what has failed several times in a row is not asked for a while, so that nobody waits for it in vain and it is
//! not asked the more the worse it is (Nygard, Release It!, "Circuit Breaker").

use crate::time::Timestamp;
use serde::Serialize;

/// Failures in a row after which it opens.
const OPENS_AFTER: u32 = 5;
/// How long it stays open before one call is let through to try, in milliseconds.
const OPEN_MILLIS: i64 = 2_000;

/// Whether calls are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Yes.
    Closed,
    /// No.
    Open,
    /// One at a time, to see whether it answers again.
    HalfOpen,
}

/// The breaker of one dependency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// From when on the next call is let through to try.
    tries_at: Option<Timestamp>,
}

impl Breaker {
    /// Whether a call may be made now. While it is open, one is let through to try each time that it has waited long enough.
    pub const fn allows(&mut self, now: Timestamp) -> bool {
        match self.tries_at {
            None => true,
            Some(at) if at.unix_millis() <= now.unix_millis() => {
                self.tries_at = Some(now.plus_millis(OPEN_MILLIS));
                true
            }
            Some(_) => false,
        }
    }

    /// A call was answered, whatever the answer.
    pub const fn answered(&mut self) {
        *self = Self { failures: 0, tries_at: None };
    }

    /// A call was not.
    pub const fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= OPENS_AFTER {
            self.tries_at = Some(now.plus_millis(OPEN_MILLIS));
        }
    }

    /// How it stands.
    #[must_use]
    pub const fn state(&self, now: Timestamp) -> State {
        match self.tries_at {
            None => State::Closed,
            Some(at) if at.unix_millis() <= now.unix_millis() => State::HalfOpen,
            Some(_) => State::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_tries_once_in_a_while() {
        let at = Timestamp::from_unix_millis;
        let mut breaker = Breaker::default();
        for n in 0..4 {
            assert!(breaker.allows(at(n)));
            breaker.failed(at(n));
        }
        breaker.answered();
        for n in 0..5 {
            assert_eq!((breaker.allows(at(n)), breaker.state(at(n))), (true, State::Closed));
            breaker.failed(at(n));
        }
        assert_eq!((breaker.allows(at(5)), breaker.state(at(5))), (false, State::Open));
        assert_eq!(breaker.state(at(2_004)), State::HalfOpen);
        assert!(breaker.allows(at(2_004)));
        assert!(!breaker.allows(at(2_005)), "one at a time");
        breaker.failed(at(2_010));
        assert!(!breaker.allows(at(4_009)) && breaker.allows(at(4_010)));
        breaker.answered();
        assert!(breaker.allows(at(4_011)) && breaker.state(at(4_011)) == State::Closed);
    }
}
