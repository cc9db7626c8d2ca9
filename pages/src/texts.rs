//! All words: a file a language, and one with simpler words for those who find that easier.
//!
//! A text is a line with places such as `{day}`. It is text, never HTML.

use shared::complaint::intake::Format;
use std::{collections::BTreeMap, sync::LazyLock};

/// A language that the portal speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tongue {
    /// English.
    English,
    /// German.
    German,
}

type Words = BTreeMap<String, String>;

/// The files of a language: its words, and the simpler ones.
struct Files {
    all: LazyLock<Words>,
    easy: LazyLock<Words>,
}

static ENGLISH: Files = Files {
    all: LazyLock::new(|| parse(include_str!("../texts/en.json"))),
    easy: LazyLock::new(|| parse(include_str!("../texts/en.easy.json"))),
};
static GERMAN: Files = Files {
    all: LazyLock::new(|| parse(include_str!("../texts/de.json"))),
    easy: LazyLock::new(|| parse(include_str!("../texts/de.easy.json"))),
};

/// Shipped files parse, which a test shows.
fn parse(file: &str) -> Words {
    serde_json::from_str(file).unwrap_or_default()
}

impl Tongue {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The tag (BCP 47) in a cookie, in a form and in `lang` (WCAG 2.2 SC 3.1.1).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What it is called in English.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "German",
        }
    }

    /// Where its words are to be read, as a file.
    #[must_use]
    pub fn asset(self) -> String {
        format!("/vendor/texts.{}.json", self.tag())
    }

    /// The language of a tag or of one that is more special, such as `de-AT`.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|tongue| primary.eq_ignore_ascii_case(tongue.tag()))
    }

    /// The best for the header `Accept-Language` (RFC 9110 §12.5.4), which lists the wanted ones first in all browsers.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        header.split(',').find_map(|part| Self::of_tag(part.split(';').next().unwrap_or_default().trim()))
    }

    const fn files(self) -> &'static Files {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// The text of this name, in the words for this format.
    #[must_use]
    pub fn find(self, format: Format, key: &str) -> Option<&'static str> {
        let Files { all, easy } = self.files();
        let simpler = (format == Format::EasyRead).then(|| easy.get(key)).flatten();
        simpler.or_else(|| all.get(key)).map(String::as_str)
    }
}

/// Puts values in their places.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    // One walk over the text: what a person has written is never looked through for places.
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let place = after.split_once('}');
        let value = place.and_then(|(name, _)| values.iter().find(|(known, _)| *known == name));
        match (place, value) {
            (Some((_, after)), Some((_, value))) => {
                said.push_str(value);
                rest = after;
            }
            _ => {
                said.push('{');
                rest = after;
            }
        }
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::portal::settings;
    use std::collections::BTreeSet;

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
    }

    #[test]
    fn every_language_says_everything_with_the_same_places() {
        for Files { all, easy } in [&ENGLISH, &GERMAN] {
            assert!(!all.is_empty() && !easy.is_empty());
            assert_eq!(all.keys().collect::<Vec<_>>(), ENGLISH.all.keys().collect::<Vec<_>>());
            assert_eq!(easy.keys().collect::<Vec<_>>(), ENGLISH.easy.keys().collect::<Vec<_>>());
            for (key, text) in all.iter() {
                assert!(!text.trim().is_empty(), "{key}");
                assert_eq!(places(text), places(&ENGLISH.all[key]), "{key}");
            }
            for (key, text) in easy.iter() {
                assert!(ENGLISH.all.contains_key(key), "{key} is made simpler and is not there");
                assert!(places(text).is_subset(&places(&ENGLISH.all[key])), "{key}");
            }
        }
    }

    #[test]
    fn what_a_firm_can_say_itself_is_what_is_said() {
        let line = |(key, text): (&String, &String)| {
            std::iter::once(key.as_str()).chain(places(text)).collect::<Vec<_>>().join(" ") + "\n"
        };
        let all: String = ENGLISH.all.iter().map(line).collect();
        assert!(settings::TEXTS == all, "shared/src/portal/texts.txt has to be:\n{all}");
        assert_eq!(settings::LANGUAGES, Tongue::ALL.map(Tongue::tag));
    }

    /// Inclusion Europe, "Information for all": short sentences.
    #[test]
    fn simpler_words_are_in_short_sentences() {
        for Files { easy, .. } in [&ENGLISH, &GERMAN] {
            for (key, text) in easy.iter() {
                for sentence in text.split(['.', '?', '!', ':']) {
                    assert!(sentence.split_whitespace().count() <= 15, "{key}: {sentence}");
                }
            }
        }
    }

    #[test]
    fn values_are_put_in_once() {
        assert_eq!(fill("{a} and {b}, {c}", &[("a", "{b}"), ("b", "2")]), "{b} and 2, {c}");
        assert_eq!(fill("a { b", &[]), "a { b");
    }

    #[test]
    fn languages_are_found() {
        assert_eq!(Tongue::accepted("fr-FR, de-AT;q=0.8, en;q=0.5"), Some(Tongue::German));
        assert_eq!(Tongue::accepted("en-GB,en;q=0.9"), Some(Tongue::English));
        assert_eq!(Tongue::accepted("*"), None);
    }
}
