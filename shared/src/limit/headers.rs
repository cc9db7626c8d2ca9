//! The fields that tell a client where it stands: `RateLimit-Policy` and `RateLimit` of
//! draft-ietf-httpapi-ratelimit-headers-10 (§3 and §4, RFC 9651 lists), and `Retry-After` (RFC 9110 §10.2.3).

use crate::limit::{lease::Level, plan::Limits};

/// The name of the field that says what the limits are.
pub const RATE_LIMIT_POLICY: &str = "ratelimit-policy";

/// The name of the field that says how much is left.
pub const RATE_LIMIT: &str = "ratelimit";

/// The value of `RateLimit-Policy`: every rate with its quota in requests and its window in seconds. `None` if no
/// rate is limited.
#[must_use]
pub fn rate_limit_policy(limits: &Limits) -> Option<String> {
    let items = limits
        .windows
        .iter()
        .map(|window| format!("\"{}\";q={};w={}", window.policy.as_str(), window.limit, window.policy.seconds()));
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| items.join(", "))
}

/// The value of `RateLimit`: the rate closest to exhaustion, by the share that is left, with the requests that are
/// left and the seconds until there are more.
#[must_use]
pub fn rate_limit(levels: &[Level]) -> Option<String> {
    let share = |level: &Level| u64::from(level.remaining) * u64::from(u32::MAX) / u64::from(level.limit.max(1));
    let level = levels.iter().min_by_key(|level| share(level))?;
    let seconds = level.reset_millis.div_ceil(1000);
    Some(format!("\"{}\";r={};t={seconds}", level.policy.as_str(), level.remaining))
}

/// The value of `Retry-After` in whole seconds: rounded up, at least 1.
#[must_use]
pub const fn retry_after(millis: u64) -> u64 {
    let seconds = millis.div_ceil(1000);
    if seconds == 0 { 1 } else { seconds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{limit::plan::Policy, tenant::Plan};

    #[test]
    fn policies_are_listed_with_quota_and_window() {
        let text = rate_limit_policy(Limits::of(Plan::Sandbox).unwrap()).unwrap();
        assert_eq!(text, r#""burst";q=50;w=1, "minute";q=600;w=60, "day";q=20000;w=86400"#);
        let text = rate_limit_policy(Limits::anonymous().unwrap()).unwrap();
        assert_eq!(text, r#""burst";q=20;w=1, "minute";q=300;w=60"#);
        assert_eq!(rate_limit_policy(&Limits { windows: Vec::new(), quotas: Vec::new() }), None);
    }

    #[test]
    fn the_rate_closest_to_exhaustion_is_told() {
        let level = |policy, limit, remaining, reset_millis| Level { policy, limit, remaining, reset_millis };
        let burst = level(Policy::Burst, 50, 48, 950);
        let minute = level(Policy::Minute, 600, 50, 29_001);
        let day = level(Policy::Day, 20_000, 12_000, 86_000_000);
        assert_eq!(rate_limit(&[burst, minute, day]).as_deref(), Some(r#""minute";r=50;t=30"#));
        assert_eq!(rate_limit(&[burst, day]).as_deref(), Some(r#""day";r=12000;t=86000"#));
        assert_eq!(rate_limit(&[burst]).as_deref(), Some(r#""burst";r=48;t=1"#));
        assert_eq!(rate_limit(&[level(Policy::Burst, 0, 0, 0), day]).as_deref(), Some(r#""burst";r=0;t=0"#));
        assert_eq!(rate_limit(&[]), None);
    }

    #[test]
    fn a_client_is_never_told_to_come_back_too_early() {
        assert_eq!([0, 1, 999, 1000, 1001, 59_999].map(retry_after), [1, 1, 1, 1, 2, 60]);
    }
}
