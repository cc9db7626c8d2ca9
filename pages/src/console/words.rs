//! What the API's words are called on pages, and when something is.

use shared::{
    clock::{day::Day, due::DueBand, zone::Zone},
    time::Timestamp,
};

/// A word of the API, and what people read.
pub type Named = (&'static str, &'static str);

/// Where a complaint stands.
pub const STATES: [Named; 10] = [
    ("received", "Received"),
    ("acknowledged", "Acknowledged"),
    ("investigating", "Investigating"),
    ("awaiting_information", "Awaiting information"),
    ("response_proposed", "Response proposed"),
    ("resolved", "Resolved"),
    ("closed", "Closed"),
    ("reopened", "Reopened"),
    ("withdrawn", "Withdrawn"),
    ("referred", "Referred"),
];

/// How bad it is for the consumer.
pub const SEVERITIES: [Named; 4] = [("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")];

/// How a complaint came in.
pub const CHANNELS: [Named; 7] = [
    ("web", "Web"),
    ("phone", "Phone"),
    ("email", "E-mail"),
    ("letter", "Letter"),
    ("branch", "Branch"),
    ("social", "Social network"),
    ("api", "Another system"),
];

/// How soon something is due.
pub const BANDS: [Named; 5] = [
    ("overdue", "Overdue"),
    ("today", "Due today"),
    ("3_days", "In 1 to 3 days"),
    ("7_days", "In 4 to 7 days"),
    ("later", "Later"),
];

/// The drivers of vulnerability (FCA FG21/1 §2.4).
pub const VULNERABILITIES: [Named; 4] = [
    ("health", "Health"),
    ("life_event", "Life event"),
    ("resilience", "Little resilience"),
    ("capability", "Little capability"),
];

/// What a word of the API is called; a word that is not listed, as it is.
#[must_use]
pub fn label<'a>(names: &[Named], word: &'a str) -> &'a str {
    names.iter().find(|(held, _)| *held == word).map_or(word, |(_, name)| name)
}

/// When something is due, as pages show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// The band, as the API calls it; empty if nothing is due.
    pub band: &'static str,
    /// How far it is.
    pub words: String,
    /// The date.
    pub date: String,
    /// The date for programs.
    pub iso: String,
}

/// When something is due that is due on a day, as of today.
#[must_use]
pub fn due(on: Day, today: Day) -> When {
    let words = match on.since(today) {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "1 day over".to_owned(),
        days @ ..=-2 => format!("{} days over", days.unsigned_abs()),
        days => format!("in {days} days"),
    };
    When { band: DueBand::of(on, today).as_str(), words, date: date(on), iso: on.to_string() }
}

/// A day: `5 Feb 2027`.
#[must_use]
pub fn date(day: Day) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day) = day.parts();
    let month = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    format!("{day} {} {year}", month.copied().unwrap_or_default())
}

/// A moment where the firm is: `5 Feb 2027, 14:05`; in UTC where that is not known.
#[must_use]
pub fn moment(at: Timestamp, zone: Option<Zone>) -> String {
    let (day, minutes) = match zone {
        Some(zone) => (zone.day(at), i64::from(zone.minutes(at))),
        None => (Day::of_utc(at), at.unix_seconds().rem_euclid(86_400) / 60),
    };
    let utc = if zone.is_none() { " UTC" } else { "" };
    format!("{}, {:02}:{:02}{utc}", date(day), minutes / 60, minutes % 60)
}

/// So many: `1 complaint`, `1,204 complaints`.
#[must_use]
pub fn so_many(n: u64, one: &str, several: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { several })
}

/// A number with commas between thousands.
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut written = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// A piece of a text in parts: those that are marked, and those between. `hits` are the first character of each and the one after its
/// last, as the API's snippets say them; what lies outside of the text is left out.
#[must_use]
pub fn marked(text: &str, hits: &[(usize, usize)]) -> Vec<(bool, String)> {
    let mut parts: Vec<(bool, String)> = Vec::new();
    for (at, letter) in text.chars().enumerate() {
        let is_marked = hits.iter().any(|(from, to)| (*from..*to).contains(&at));
        match parts.last_mut() {
            Some((marked, part)) if *marked == is_marked => part.push(letter),
            _ => parts.push((is_marked, letter.to_string())),
        }
    }
    parts
}

/// Who works on something, for `me`. Whose name is not known is called by the firm's own id; an id of ours says nothing to people.
#[must_use]
pub fn person(id: &str, me: &str, names: &[(String, String)]) -> String {
    if id == me {
        return "You".to_owned();
    }
    match names.iter().find(|(held, _)| held == id) {
        Some((_, name)) => name.clone(),
        None if is_uuid(id) => {
            format!("Colleague {}", id.char_indices().nth(32).and_then(|(at, _)| id.get(at..)).unwrap_or(id))
        }
        None => id.to_owned(),
    }
}

fn is_uuid(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_duty_is_said_in_days() {
        let said = |on| due(day(on), day("2026-11-27"));
        for (on, band, words) in [
            ("2026-11-25", "overdue", "2 days over"),
            ("2026-11-26", "overdue", "1 day over"),
            ("2026-11-27", "today", "today"),
            ("2026-11-28", "3_days", "tomorrow"),
            ("2026-11-30", "3_days", "in 3 days"),
            ("2027-01-22", "later", "in 56 days"),
        ] {
            assert_eq!((said(on).band, said(on).words.as_str()), (band, words), "{on}");
        }
        assert_eq!(said("2027-02-05").date, "5 Feb 2027");
    }

    #[test]
    fn bands_are_those_of_the_api() {
        assert_eq!(BANDS.map(|(band, _)| band), DueBand::ALL.map(DueBand::as_str));
        assert_eq!((label(&STATES, "closed"), label(&STATES, "new_one")), ("Closed", "new_one"));
    }

    #[test]
    fn moments_are_where_the_firm_is() {
        let at: Timestamp = "2026-07-01T23:30:00.000Z".parse().unwrap();
        assert_eq!(moment(at, None), "1 Jul 2026, 23:30 UTC");
    }

    #[test]
    fn numbers_have_commas() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(so_many(1, "row", "rows"), "1 row");
    }

    #[test]
    fn marks_are_of_characters_not_bytes() {
        let parts = marked("Ünfair <b>fee</b>", &[(0, 6), (10, 13), (90, 99)]);
        let parts: Vec<_> = parts.iter().map(|(marked, part)| (*marked, part.as_str())).collect();
        assert_eq!(parts, [(true, "Ünfair"), (false, " <b>"), (true, "fee"), (false, "</b>")]);
        assert_eq!(marked("", &[(0, 1)]), []);
    }

    #[test]
    fn people_have_names_where_these_are_known() {
        let id = "01932f6e-7c1a-7b3e-8d5f-0123456789ab";
        let names = [("anna".to_owned(), "Anna Berg".to_owned())];
        assert_eq!(person("anna", "ben", &names), "Anna Berg");
        assert_eq!(person("ben", "ben", &names), "You");
        assert_eq!(person("crm-7", "ben", &names), "crm-7");
        assert_eq!(person(id, "ben", &names), "Colleague 89ab");
    }
}
