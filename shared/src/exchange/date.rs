//! Dates as tables have them, told by a pattern such as `DD/MM/YYYY HH:mm`.

use crate::time::Timestamp;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use schemars::JsonSchema;
use serde::Deserialize;

/// A pattern: `YYYY` or `YY` (2000 to 2099), `MM`, `DD`, and for a time `HH`, `mm` and `ss`; anything else stands for itself. Of
/// `MM`, `DD` and `HH` a value may have one digit. A date without a time is its midnight.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DatePattern(Vec<Part>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The place among year, month, day, hour, minute, second; the fewest and most digits.
    Number(usize, u32, u32),
    Itself(char),
}

const PARTS: [(&str, Part); 7] = [
    ("YYYY", Part::Number(0, 4, 4)),
    ("YY", Part::Number(0, 2, 2)),
    ("MM", Part::Number(1, 1, 2)),
    ("DD", Part::Number(2, 1, 2)),
    ("HH", Part::Number(3, 1, 2)),
    ("mm", Part::Number(4, 2, 2)),
    ("ss", Part::Number(5, 2, 2)),
];

/// The text is no pattern of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have YYYY or YY, MM and DD, and may have HH, mm and ss, each once")]
pub struct InvalidPattern;

impl TryFrom<String> for DatePattern {
    type Error = InvalidPattern;

    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let found = PARTS.iter().find_map(|(name, part)| Some((rest.strip_prefix(name)?, *part)));
            let itself = || (rest.get(first.len_utf8()..).unwrap_or_default(), Part::Itself(first));
            let (after, part) = found.unwrap_or_else(itself);
            parts.push(part);
            rest = after;
        }
        let count =
            |wanted: usize| parts.iter().filter(|part| matches!(part, Part::Number(is, ..) if *is == wanted)).count();
        let dated = (0..3).all(|part| count(part) == 1) && (3..6).all(|part| count(part) <= 1);
        if dated && text.len() <= 64 { Ok(Self(parts)) } else { Err(InvalidPattern) }
    }
}

impl JsonSchema for DatePattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DatePattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "maxLength": 64, "examples": ["DD/MM/YYYY HH:mm"] })
    }
}

impl DatePattern {
    /// The date and time that `text` says by this pattern.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<NaiveDateTime> {
        let mut numbers = [0_u32; 6];
        let mut rest = text.trim();
        for part in &self.0 {
            match part {
                Part::Itself(c) => rest = rest.strip_prefix(*c)?,
                Part::Number(place, fewest, most) => {
                    let digits = rest.bytes().take(*most as usize).take_while(u8::is_ascii_digit).count();
                    if digits < *fewest as usize {
                        return None;
                    }
                    let (number, after) = rest.split_at_checked(digits)?;
                    let century = if (*place, *most) == (0, 2) { 2000 } else { 0 };
                    *numbers.get_mut(*place)? = century + number.parse::<u32>().ok()?;
                    rest = after;
                }
            }
        }
        let [year, month, day, hour, minute, second] = numbers;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        if rest.is_empty() { date.and_hms_opt(hour, minute, second) } else { None }
    }
}

/// How far a place's clocks are from UTC: `+01:00`, `-05:30`, `Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Offset {
    minutes: i64,
}

/// The text is no offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be Z or an offset such as +01:00")]
pub struct InvalidOffset;

impl Offset {
    /// The moment at which clocks there show this.
    #[must_use]
    pub fn moment(self, shown: NaiveDateTime) -> Option<Timestamp> {
        let utc = shown.and_utc().timestamp_millis() - self.minutes * 60_000;
        (Timestamp::MIN.unix_millis()..=Timestamp::MAX.unix_millis())
            .contains(&utc)
            .then(|| Timestamp::from_unix_millis(utc))
    }
}

impl TryFrom<String> for Offset {
    type Error = InvalidOffset;

    fn try_from(text: String) -> Result<Self, InvalidOffset> {
        let known = DateTime::parse_from_rfc3339(&format!("2000-01-01T00:00:00{text}")).map_err(|_| InvalidOffset)?;
        Ok(Self { minutes: i64::from(known.offset().local_minus_utc()) / 60 })
    }
}

impl JsonSchema for Offset {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Offset".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^(Z|[+-][0-9]{2}:[0-9]{2})$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, text: &str) -> Option<String> {
        let pattern = DatePattern::try_from(pattern.to_owned()).unwrap();
        pattern.read(text).and_then(|shown| Offset::default().moment(shown)).map(|at| at.to_string())
    }

    #[test]
    fn dates_are_read_by_their_pattern() {
        for (pattern, text, expected) in [
            ("YYYY-MM-DD", "2024-02-29", "2024-02-29T00:00:00.000Z"),
            ("MM/DD/YY", "9/4/19", "2019-09-04T00:00:00.000Z"),
            ("DD.MM.YYYY HH:mm:ss", " 04.09.2019 7:05:09 ", "2019-09-04T07:05:09.000Z"),
            ("YYYYMMDD", "20190904", "2019-09-04T00:00:00.000Z"),
        ] {
            assert_eq!(read(pattern, text).as_deref(), Some(expected), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("YYYY-MM-DD", "2023-02-29"),
            ("YYYY-MM-DD", "2023-2-1x"),
            ("YYYY-MM-DD", "23-02-01"),
            ("DD/MM/YYYY", "31/04/2023"),
            ("DD/MM/YYYY HH:mm", "30/04/2023"),
            ("DD/MM/YYYY HH:mm", "30/04/2023 24:00"),
            ("DD/MM/YYYY", "30/04/1969"),
            ("DD/MM/YYYY", "é"),
            ("DD/MM/YYYY", ""),
        ] {
            assert_eq!(read(pattern, text), None, "{pattern} {text}");
        }
    }

    #[test]
    fn what_says_no_date_is_no_pattern() {
        for text in ["", "YYYY", "YYYY-MM", "YYYY-MM-DD-DD", "YYYY-YY-MM-DD", "HH:mm", &"x".repeat(65)] {
            assert_eq!(DatePattern::try_from(text.to_owned()), Err(InvalidPattern), "{text}");
        }
    }

    #[test]
    fn an_offset_moves_the_moment() {
        let shown = DatePattern::try_from("YYYY-MM-DD HH:mm".to_owned()).unwrap().read("2024-01-01 00:30").unwrap();
        for (offset, expected) in
            [("Z", "2024-01-01T00:30"), ("+01:00", "2023-12-31T23:30"), ("-05:30", "2024-01-01T06:00")]
        {
            let offset = Offset::try_from(offset.to_owned()).unwrap();
            assert!(offset.moment(shown).unwrap().to_string().starts_with(expected), "{offset:?}");
        }
        for text in ["", "01:00", "+1", "Europe/London"] {
            assert_eq!(Offset::try_from(text.to_owned()), Err(InvalidOffset), "{text}");
        }
    }
}
