//! Words for what the API says in codes, moments and minor units.

use super::words::{When, date as short, due};
use shared::{
    clock::{
        day::{Day, TimeOfDay},
        explain::date,
        law::Law,
        zone::Zone,
    },
    complaint::intake::{CurrencyCode, MinorUnits},
    time::Timestamp,
};

/// Codes that are not said as they are spelled.
const SAID: [(&str, &str); 24] = [
    ("adr_letter", "Letter about the ombudsman"),
    ("api", "Another system"),
    ("claims_management_company", "Claims management company"),
    ("contacted_by", "The complainant was in touch"),
    ("duplicate_of", "Duplicate of"),
    ("england_and_wales", "England and Wales"),
    ("eu", "European Union"),
    ("in", "From the complainant"),
    ("life_event", "Life event"),
    ("made_on", "Made on"),
    ("northern_ireland", "Northern Ireland"),
    ("out", "To the complainant"),
    ("part_of", "Part of"),
    ("pkce", "PKCE"),
    ("post", "Post"),
    ("same_consumer_same_product", "Same consumer, same product, within 30 days"),
    ("same_consumer_similar_text", "Same consumer, similar text"),
    ("sms", "SMS"),
    ("social", "Social network"),
    ("us", "United States"),
    ("vip", "VIP"),
    ("void", "Nothing due any more"),
    ("web", "Web"),
    ("quarantined", "Waiting for the virus scan"),
];

/// A code as people read it: `awaiting_information` is “Awaiting information”.
#[must_use]
pub fn words(code: &str) -> String {
    if let Some((_, said)) = SAID.iter().find(|(held, _)| *held == code) {
        return (*said).to_owned();
    }
    let mut said = code.replace(['_', '-'], " ");
    if let Some(first) = said.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    said
}

/// A kind of letter as people read it: `fca_final_response` is “Final response (FCA)”.
#[must_use]
pub fn letter_kind(code: &str) -> String {
    const BY: [(&str, &str); 6] = [
        ("fca", "FCA"),
        ("ofcom", "Ofcom"),
        ("caa", "CAA"),
        ("dot", "US DOT"),
        ("dp", "data protection"),
        ("ie", "Ireland"),
    ];
    let parts = code.split_once('_');
    let found = parts.and_then(|(by, kind)| BY.iter().find(|(held, _)| *held == by).map(|(_, name)| (kind, name)));
    found.map_or_else(|| words(code), |(kind, name)| format!("{} ({name})", words(kind)))
}

/// A code within a sentence.
#[must_use]
pub fn lower(code: &str) -> String {
    let mut said = words(code);
    if let Some(first) = said.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    said
}

/// A sum: `GBP 12.50`. In minor units as they are, if the currency is none.
#[must_use]
pub fn money(currency: &str, minor: i64) -> String {
    let known = CurrencyCode::try_from(currency.to_owned()).ok().zip(MinorUnits::try_from(minor).ok());
    known.map_or_else(|| format!("{currency} {minor}"), |(currency, sum)| currency.said(sum))
}

/// A sum as it is typed, in minor units: `12`, `12.5` and `1,200.50`.
#[must_use]
pub fn minor_units(currency: &str, typed: &str) -> Option<i64> {
    let digits = CurrencyCode::try_from(currency.to_owned()).ok()?.digits();
    let plain = typed.trim().replace([',', ' '], "");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let width = usize::try_from(digits).ok()?;
    let fits =
        !whole.is_empty() && part.len() <= width && plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let text = fits.then(|| format!("{whole}{part:0<width$}"))?;
    text.parse().ok()
}

/// A size: `1.2 MB` or `12 kB`.
#[must_use]
pub fn size(bytes: i64) -> String {
    match bytes {
        ..1_000_000 => format!("{} kB", (bytes + 999) / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

/// The civil time in which a case is worked on, and the moment at which its page is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Civil {
    zone: Option<Zone>,
    now: Timestamp,
}

impl Civil {
    /// The civil time of a zone by its IANA name; of London, if there is no such zone.
    #[must_use]
    pub fn of(zone: &str, now: Timestamp) -> Self {
        let law = Law::shipped();
        Self { zone: law.zone(zone).or_else(|| law.zone("Europe/London")), now }
    }

    /// The zone's IANA name.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.zone.map_or("UTC", |zone| zone.id())
    }

    /// The zone's name as people read it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.zone.map_or("UTC", |zone| zone.name())
    }

    fn day(&self, at: Timestamp) -> Day {
        self.zone.map_or_else(|| Day::of_utc(at), |zone| zone.day(at))
    }

    fn minutes(&self, at: Timestamp) -> u16 {
        self.zone.map_or(0, |zone| zone.minutes(at))
    }

    /// `10:04`
    #[must_use]
    pub fn time(&self, at: &str) -> String {
        let clock = |at| {
            let minutes = self.minutes(at);
            format!("{:02}:{:02}", minutes / 60, minutes % 60)
        };
        at.parse().map(clock).unwrap_or_default()
    }

    /// `27 Nov 2026`
    #[must_use]
    pub fn date(&self, at: &str) -> String {
        at.parse().map(|at| short(self.day(at))).unwrap_or_default()
    }

    /// `27 Nov 2026, 10:04`
    #[must_use]
    pub fn moment(&self, at: &str) -> String {
        if at.parse::<Timestamp>().is_err() { String::new() } else { format!("{}, {}", self.date(at), self.time(at)) }
    }

    /// A day's heading in a timeline: `Today, Friday 27 November 2026`.
    #[must_use]
    pub fn heading(&self, at: &str) -> String {
        let Ok(at) = at.parse() else { return String::new() };
        let day = self.day(at);
        match self.day(self.now).since(day) {
            0 => format!("Today, {}", date(day)),
            1 => format!("Yesterday, {}", date(day)),
            _ => date(day),
        }
    }

    /// When something is due that has to be done by a moment.
    #[must_use]
    pub fn due(&self, at: &str) -> When {
        let Ok(at) = at.parse::<Timestamp>() else { return When::default() };
        let when = due(self.day(at), self.day(self.now));
        if when.band == "today" && at < self.now {
            return When { band: "overdue", words: "over since today".to_owned(), ..when };
        }
        when
    }

    /// How a moment stands in `<input type="datetime-local">`.
    #[must_use]
    pub fn typed(&self, at: &str) -> String {
        let Ok(moment) = at.parse::<Timestamp>() else { return String::new() };
        format!("{}T{}", self.day(moment), self.time(at))
    }

    /// The moment that was typed there; or one that is spelled as the API has it.
    #[must_use]
    pub fn meant(&self, typed: &str) -> Option<Timestamp> {
        if let Ok(at) = typed.parse() {
            return Some(at);
        }
        let (day, time) = typed.split_once(['T', ' '])?;
        Some(self.zone?.moment(day.parse().ok()?, time.get(..5)?.parse::<TimeOfDay>().ok()?))
    }
}

/// A day as `2026-11-27` in words: `Friday 27 November 2026`.
#[must_use]
pub fn day(text: &str) -> String {
    text.parse().map(date).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn civil(now: &str) -> Civil {
        Civil::of("Europe/London", now.parse().unwrap())
    }

    #[test]
    fn codes_are_said() {
        assert_eq!(words("awaiting_information"), "Awaiting information");
        assert_eq!(lower("final_response"), "final response");
        assert_eq!(words("us"), "United States");
        assert_eq!(words(""), "");
        assert_eq!(letter_kind("fca_final_response"), "Final response (FCA)");
        assert_eq!(letter_kind("update"), "Update");
        assert_eq!(words("ünknown"), "ünknown");
    }

    #[test]
    fn sums_are_said_and_read() {
        assert_eq!(money("GBP", 1250), "GBP 12.50");
        assert_eq!(money("JPY", 1250), "JPY 1250");
        assert_eq!(minor_units("GBP", "1,200.5"), Some(120_050));
        assert_eq!(minor_units("JPY", "12"), Some(12));
        for wrong in ["", "12.505", "-1", "1.2.3", "twelve"] {
            assert_eq!(minor_units("GBP", wrong), None, "{wrong}");
        }
        assert_eq!(minor_units("XXXX", "1"), None);
    }

    #[test]
    fn due_is_said_by_days_of_the_place() {
        let civil = civil("2026-07-01T22:30:00Z");
        for (at, words, band) in [
            ("2026-07-02T16:00:00Z", "tomorrow", "3_days"),
            ("2026-07-01T22:59:00Z", "today", "today"),
            ("2026-07-01T09:00:00Z", "over since today", "overdue"),
            ("2026-06-29T16:00:00Z", "2 days over", "overdue"),
            ("", "", ""),
        ] {
            let due = civil.due(at);
            assert_eq!((due.words.as_str(), due.band), (words, band), "{at}");
        }
    }

    #[test]
    fn moments_are_said_and_read_in_civil_time() {
        let civil = civil("2026-07-01T22:30:00Z");
        assert_eq!(civil.moment("2026-07-01T09:04:30.123Z"), "1 Jul 2026, 10:04");
        assert_eq!(civil.heading("2026-06-30T09:00:00Z"), "Yesterday, Tuesday 30 June 2026");
        assert_eq!(civil.typed("2026-07-01T09:04:30.123Z"), "2026-07-01T10:04");
        let meant = civil.meant("2026-07-01T10:04").map(|at| at.to_string());
        assert_eq!(meant.as_deref(), Some("2026-07-01T09:04:00.000Z"));
        assert_eq!(civil.meant("2026-07-01T25:04"), None);
        assert_eq!(civil.meant("soon"), None);
    }
}
