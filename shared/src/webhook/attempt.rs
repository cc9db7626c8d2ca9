//! One attempt to deliver a message: what the answer means, and when the next one is.

use crate::time::Timestamp;
use chrono::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long an endpoint may take to answer, in milliseconds (Standard Webhooks, "Timeouts": 15 to 30 s).
pub const TIMEOUT_MILLIS: u32 = 20_000;

/// How long it is until the next attempt once so many have failed, in milliseconds: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h
/// (Standard Webhooks, "Deliverability and reliability"). The first attempt is made at once.
const DELAYS: [i64; 9] =
    [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000];
/// The attempts that a message is given.
#[allow(clippy::cast_possible_truncation, reason = "ten")]
pub const ATTEMPTS: u32 = DELAYS.len() as u32 + 1;
/// A delay is longer by up to so many per cent, by chance, so that what failed together does not come together.
const JITTER_PERCENT: i64 = 10;
/// The longest time that an endpoint may put the next attempt off for (`Retry-After`, RFC 9110 §10.2.3), in milliseconds.
const MAX_RETRY_AFTER_MILLIS: i64 = 86_400_000;

/// What sending came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An answer of this status, and its `Retry-After`, or nothing.
    Status(u16, String),
    /// No answer, and why not.
    None(Reason),
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The status was none of 200 to 299.
    Status,
    /// The status was one of 300 to 399: redirects are not followed.
    Redirect,
    /// There was no answer in 20 s.
    Timeout,
    /// There was no connection, or it broke.
    Unreachable,
    /// The address is not one that may be sent to.
    Address,
}

/// An attempt, as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// When it was made.
    pub at: Timestamp,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// Why it failed; absent if it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Answer {
    /// Why it is no success: only 2xx is (Standard Webhooks, "Successful delivery").
    #[must_use]
    pub const fn failure(&self) -> Option<Reason> {
        match self {
            Self::Status(200..=299, _) => None,
            Self::Status(300..=399, _) => Some(Reason::Redirect),
            Self::Status(..) => Some(Reason::Status),
            Self::None(reason) => Some(*reason),
        }
    }

    /// The status, if there is an answer.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status, _) => Some(*status),
            Self::None(_) => None,
        }
    }

    /// Whether the endpoint wants no more messages: 410 (Standard Webhooks, "410 Gone").
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Status(410, _))
    }

    /// When to try again once `failed` attempts have failed, this one included; `None` after the last. `chance` is drawn by the caller;
    /// `hurry` divides all delays, and is 1 but in tests.
    #[must_use]
    pub fn next(&self, failed: u32, now: Timestamp, chance: u8, hurry: i64) -> Option<Timestamp> {
        let delay = DELAYS.get(usize::try_from(failed).ok()?.checked_sub(1)?)?;
        let delay = delay + delay * JITTER_PERCENT / 100 * i64::from(chance) / 255;
        let asked = self.retry_after(now).unwrap_or_default().clamp(0, MAX_RETRY_AFTER_MILLIS);
        Some(now.plus_millis(delay.max(asked) / hurry.max(1)))
    }

    /// How long the endpoint asks to be left alone, in milliseconds: it says seconds, or a date.
    fn retry_after(&self, now: Timestamp) -> Option<i64> {
        let Self::Status(_, text) = self else { return None };
        if let Ok(seconds) = text.parse::<u32>() {
            return Some(i64::from(seconds) * 1_000);
        }
        let date = DateTime::parse_from_rfc2822(text).ok()?;
        Some(date.timestamp_millis() - now.unix_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_unix_millis(1_795_680_000_000)
    }

    fn delay(answer: &Answer, failed: u32, chance: u8) -> Option<i64> {
        answer.next(failed, now(), chance, 1).map(|at| (at.unix_millis() - now().unix_millis()) / 1_000)
    }

    fn answered(status: u16, retry_after: &str) -> Answer {
        Answer::Status(status, retry_after.to_owned())
    }

    #[test]
    fn only_2xx_is_a_success() {
        for (answer, failure) in [
            (answered(200, ""), None),
            (answered(204, ""), None),
            (answered(299, ""), None),
            (answered(301, ""), Some(Reason::Redirect)),
            (answered(304, ""), Some(Reason::Redirect)),
            (answered(400, ""), Some(Reason::Status)),
            (answered(410, ""), Some(Reason::Status)),
            (answered(500, ""), Some(Reason::Status)),
            (answered(101, ""), Some(Reason::Status)),
            (Answer::None(Reason::Timeout), Some(Reason::Timeout)),
        ] {
            assert_eq!(answer.failure(), failure, "{answer:?}");
            assert_eq!(answer.is_gone(), answer.status() == Some(410));
        }
    }

    #[test]
    fn the_schedule_is_the_specifications() {
        let failed = answered(500, "");
        let delays: Vec<_> = (1..=ATTEMPTS).map_while(|failed_so_far| delay(&failed, failed_so_far, 0)).collect();
        assert_eq!(delays, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(delays.iter().sum::<i64>(), 75 * 3_600 + 35 * 60 + 5);
        assert_eq!(delay(&failed, ATTEMPTS, 0), None);
        assert_eq!(delay(&failed, 0, 0), None);
        for chance in 0..=255 {
            assert!((300..=330).contains(&delay(&failed, 2, chance).unwrap()));
        }
        assert_eq!(delay(&failed, 2, 255), Some(330));
        assert_eq!(failed.next(2, now(), 0, 1_000), Some(now().plus_millis(300)));
    }

    #[test]
    fn an_endpoint_may_ask_for_more_time_but_not_for_ever() {
        for (retry_after, failed, expected) in [
            ("120", 1, 120),
            ("1", 1, 5),
            ("4000000000", 1, 86_400),
            ("-5", 1, 5),
            ("soon", 1, 5),
            ("Thu, 26 Nov 2026 08:10:00 GMT", 1, 600),
            ("Thu, 26 Nov 2020 08:10:00 GMT", 1, 5),
        ] {
            let now = "2026-11-26T08:00:00Z".parse::<Timestamp>().unwrap();
            let next = answered(503, retry_after).next(failed, now, 0, 1).unwrap();
            assert_eq!((next.unix_millis() - now.unix_millis()) / 1_000, expected, "{retry_after}");
        }
        // The last attempt stays the last.
        assert_eq!(delay(&answered(503, "120"), ATTEMPTS, 0), None);
    }
}
