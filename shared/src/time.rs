//! A moment in time, and its one spelling on the wire.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00Z. On the wire RFC 3339 in UTC with milliseconds:
/// `2026-11-20T18:59:06.123Z`; any RFC 3339 offset is accepted and converted.
///
/// Range: the years 1970 to 9999, so that text order is time order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// The text is not RFC 3339, or lies outside the years 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 time between 1970 and 9999, such as 2026-11-20T18:59:06Z")]
pub struct InvalidTimestamp;

const MAX_MILLIS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// The first moment that can be expressed.
    pub const MIN: Self = Self(0);
    /// The last moment that can be expressed: 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(MAX_MILLIS);

    /// Milliseconds since the epoch, clamped to the range of the type.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        if millis < 0 {
            Self::MIN
        } else if millis > MAX_MILLIS {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the epoch; never negative.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as JWT's `NumericDate` (RFC 7519 §2).
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0 / 1000
    }

    /// The moment `millis` later (or earlier, if negative), clamped to the range of the type.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_unix_millis(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&utc.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl std::str::FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let millis = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTimestamp)?.timestamp_millis();
        if (0..=MAX_MILLIS).contains(&millis) { Ok(Self(millis)) } else { Err(InvalidTimestamp) }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTimestamp;

    fn try_from(text: String) -> Result<Self, InvalidTimestamp> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "format": "date-time",
            "description": "RFC 3339; answers are in UTC with milliseconds"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_converted_and_sub_milliseconds_dropped() {
        let at: Timestamp = "2026-11-20T19:59:06.1239+01:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-20T18:59:06.123Z");
    }

    #[test]
    fn what_is_not_a_moment_is_refused() {
        for text in ["", "2026-11-20", "2026-11-20T18:59:06", "2026-02-30T00:00:00Z", "1969-12-31T23:59:59Z", "now"] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
        }
    }
}
