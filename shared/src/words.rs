//! The words of a text, folded so that one word written in several ways is one word: for search and for comparing texts.
//!
//! Letters lose case and diacritics, digits of other scripts become `0`-`9`. Words are runs of letters and digits; in scripts that are
//! written without spaces each character is a word of its own, so that a phrase of them finds any part of a text.
//!
//! Folded words are stored for years. What they rest on never changes for a character that exists: canonical decompositions and
//! combining classes are stable by Unicode's policy, and the table of letters below is pinned by tests.

use icu_normalizer::properties::{CanonicalCombiningClassMapBorrowed, CanonicalDecompositionBorrowed, Decomposed};
use std::{borrow::Cow, ops::RangeInclusive};

/// The longest word, in characters after folding: what is beyond is left out.
pub const MAX_WORD: usize = 64;

/// The folded words of `text`, in order, borrowed where nothing had to be folded. Never empty, never with white space or punctuation.
pub fn words(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    Words { rest: text }
}

struct Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Words<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        while !self.rest.is_empty() {
            // By bytes, and not by `trim_start_matches`, which decodes each letter.
            let begin = self.rest.bytes().position(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
            (_, self.rest) = self.rest.split_at(begin.unwrap_or(self.rest.len()));
            if let Some(word) = self.plain().or_else(|| self.folded()) {
                return Some(word);
            }
        }
        None
    }
}

impl<'a> Words<'a> {
    /// A word of ASCII letters and digits: most words.
    fn plain(&mut self) -> Option<Cow<'a, str>> {
        let end = self.rest.bytes().position(|b| !b.is_ascii_alphanumeric());
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let ended = rest.bytes().next().is_none_or(|b| b.is_ascii());
        if !ended || word.is_empty() || word.len() > MAX_WORD {
            return None;
        }
        self.rest = rest;
        let is_folded = !word.bytes().any(|b| b.is_ascii_uppercase());
        Some(if is_folded { Cow::Borrowed(word) } else { Cow::Owned(word.to_ascii_lowercase()) })
    }

    /// Any word. `None` if what was passed over makes none.
    fn folded(&mut self) -> Option<Cow<'a, str>> {
        let mut word = Word::default();
        let mut alone = false;
        let mut end = self.rest.len();
        for (at, c) in self.rest.char_indices() {
            let begun = word.length > 0;
            match Part::of(c) {
                Part::Nothing => {}
                Part::Mark if begun => word.decompose(c),
                Part::Letter if !alone => word.fold(c),
                Part::Alone if !begun => {
                    word.fold(c);
                    alone = true;
                }
                Part::Letter | Part::Alone => {
                    end = at;
                    break;
                }
                Part::Mark | Part::Break => {
                    end = at + if begun { 0 } else { c.len_utf8() };
                    break;
                }
            }
        }
        self.rest = self.rest.split_at(end).1;
        (word.length > 0).then_some(Cow::Owned(word.text))
    }
}

/// What a character is to words.
enum Part {
    /// Part of a run.
    Letter,
    /// A letter of a script without spaces.
    Alone,
    /// Belongs to the letter before it and makes another word of it, such as a virama.
    Mark,
    /// Passed over as if it were not there: diacritics, joiners, soft hyphens.
    Nothing,
    /// Ends a word.
    Break,
}

/// Scripts written without spaces between words.
const UNSPACED: [RangeInclusive<char>; 11] = [
    '\u{0E01}'..='\u{0EFF}',   // Thai, Lao
    '\u{1000}'..='\u{109F}',   // Myanmar
    '\u{1780}'..='\u{17FF}',   // Khmer
    '\u{3005}'..='\u{3007}',   // 々, 〆, 〇
    '\u{3041}'..='\u{30FF}',   // Hiragana, Katakana
    '\u{31F0}'..='\u{31FF}',   // small Katakana
    '\u{3400}'..='\u{4DBF}',   // Han
    '\u{4E00}'..='\u{9FFF}',   // Han
    '\u{F900}'..='\u{FAFF}',   // Han, compatibility
    '\u{FF66}'..='\u{FF9F}',   // half-width Katakana
    '\u{20000}'..='\u{3FFFF}', // Han
];

/// Invisible inside a word: soft hyphen, tatweel, zero-width joiners and marks of direction, variation selectors.
const INVISIBLE: [RangeInclusive<char>; 6] = [
    '\u{AD}'..='\u{AD}',
    '\u{640}'..='\u{640}',
    '\u{200B}'..='\u{200F}',
    '\u{2060}'..='\u{2064}',
    '\u{FE00}'..='\u{FE0F}',
    '\u{FEFF}'..='\u{FEFF}',
];

fn within(ranges: &[RangeInclusive<char>], c: char) -> bool {
    ranges.iter().any(|range| range.contains(&c))
}

/// Vowel signs that belong to the letter before them although their own class is 0: those of Tibetan that combine as what they decompose
/// into (non-starter decompositions, Unicode Standard Annex #15), and the one that a letter of Myanmar (U+1026) ends in when decomposed.
const MARKS_OF_CLASS_0: [char; 4] = ['\u{F73}', '\u{F75}', '\u{F81}', '\u{102E}'];

impl Part {
    fn of(c: char) -> Self {
        if c.is_ascii() {
            return if c.is_ascii_alphanumeric() { Self::Letter } else { Self::Break };
        }
        if is_diacritic(c) || within(&INVISIBLE, c) {
            Self::Nothing
        } else if combining_class(c) != 0 || MARKS_OF_CLASS_0.contains(&c) {
            Self::Mark
        } else if !c.is_alphanumeric() {
            Self::Break
        } else if within(&UNSPACED, c) {
            Self::Alone
        } else {
            Self::Letter
        }
    }
}

/// `Canonical_Combining_Class` (Unicode Standard §4.3); 0 for what does not combine.
fn combining_class(c: char) -> u8 {
    CanonicalCombiningClassMapBorrowed::new().get_u8(c)
}

/// A mark that readers and typists leave out: accents, vowel points of Hebrew and Arabic.
/// Not one of those that make another letter: nukta, kana voicing and virama (7 to 9), vowels and tones of South-East Asia (84 to 132).
fn is_diacritic(c: char) -> bool {
    matches!(combining_class(c), 10..=36 | 200..)
}

/// Letters that readers take for others, but that have no canonical decomposition.
const LIKE: [(char, &str); 23] = [
    ('ª', "a"),
    ('º', "o"),
    ('µ', "μ"),
    ('ß', "ss"),
    ('æ', "ae"),
    ('ð', "d"),
    ('ø', "o"),
    ('þ', "th"),
    ('đ', "d"),
    ('ħ', "h"),
    ('ı', "i"),
    ('ĳ', "ij"),
    ('ł', "l"),
    ('œ', "oe"),
    ('ŧ', "t"),
    ('ſ', "s"),
    ('ς', "σ"),
    ('\u{FB00}', "ff"),
    ('\u{FB01}', "fi"),
    ('\u{FB02}', "fl"),
    ('\u{FB03}', "ffi"),
    ('\u{FB04}', "ffl"),
    ('\u{FB06}', "st"),
];

/// Digits zero of scripts whose digits people mix with `0`-`9`: Arabic, Persian, Devanagari.
const ZEROS: [char; 3] = ['\u{660}', '\u{6F0}', '\u{966}'];

/// Full-width forms are ASCII moved up by this.
const FULL_WIDTH: RangeInclusive<char> = '\u{FF01}'..='\u{FF5E}';
const FULL_WIDTH_FROM_ASCII: u32 = 0xFEE0;

#[derive(Default)]
struct Word {
    text: String,
    length: usize,
}

impl Word {
    fn push(&mut self, c: char) {
        if self.length < MAX_WORD {
            self.text.push(c);
            self.length += 1;
        }
    }

    fn fold(&mut self, c: char) {
        if c.is_ascii() {
            self.push(c.to_ascii_lowercase());
        } else {
            c.to_lowercase().for_each(|c| self.decompose(c));
        }
    }

    fn decompose(&mut self, c: char) {
        match CanonicalDecompositionBorrowed::new().decompose(c) {
            Decomposed::Default => self.push_like(c),
            Decomposed::Singleton(one) => self.decompose(one),
            Decomposed::Expansion(first, second) => {
                self.decompose(first);
                self.push_like(second);
            }
        }
    }

    fn push_like(&mut self, c: char) {
        if let Some((_, like)) = LIKE.iter().find(|(letter, _)| *letter == c) {
            like.chars().for_each(|c| self.push(c));
        } else if !is_diacritic(c) {
            self.push(digit(c).or_else(|| half_width(c)).unwrap_or(c));
        }
    }
}

fn digit(c: char) -> Option<char> {
    ZEROS.iter().find_map(|zero| char::from_digit(u32::from(c).checked_sub(u32::from(*zero)).filter(|n| *n < 10)?, 10))
}

fn half_width(c: char) -> Option<char> {
    FULL_WIDTH.contains(&c).then(|| char::from_u32(u32::from(c) - FULL_WIDTH_FROM_ASCII))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn folds(text: &str, expected: &str) {
        assert_eq!(words(text).collect::<Vec<_>>().join(" "), expected, "{text}");
    }

    #[test]
    fn case_punctuation_and_white_space_go() {
        folds("", "");
        folds(" \t\r\n…—!? 🦀 ", "");
        folds("Dear Sir/Madam,\r\nI've paid $1,234.50!", "dear sir madam i ve paid 1 234 50");
        folds("A320neo B2B x", "a320neo b2b x");
        folds("naïve-user@example.com", "naive user example com");
        folds("{$39.00} XX/XX/2016 XXXX's", "39 00 xx xx 2016 xxxx s");
    }

    #[test]
    fn diacritics_go_composed_or_not() {
        folds("Crème brûlée, ÅNGSTRÖM Ñandú", "creme brulee angstrom nandu");
        folds("Cre\u{301}me bru\u{302}le\u{301}e", "creme brulee");
        folds("Tiếng Việt Nguyễn", "tieng viet nguyen");
        folds("Łódź Žluťoučký ŐRÜLT Đorđe İstanbul ılık", "lodz zlutoucky orult dorde istanbul ilik");
        folds("STRASSE Straße STRAẞE", "strasse strasse strasse");
        folds("Æsir Œuvre Øre Þór Ísafjörður", "aesir oeuvre ore thor isafjordur");
        folds("Ελληνικά ΌΔΟΣ οδός Ἀθῆναι", "ελληνικα οδοσ οδοσ αθηναι");
        folds("Ёлка Йод Київ", "елка иод киів");
        folds("ﬁnal oﬃce \u{FB06}art", "final office start");
    }

    #[test]
    fn points_and_joiners_go() {
        folds("שָׁלוֹם עוֹלָם", "שלום עולם");
        folds("مُحَمَّد أحمد كتـــاب ٢٠٢٦", "محمد احمد كتاب 2026");
        folds("co\u{AD}op zero\u{200D}width \u{FEFF}mark", "coop zerowidth mark");
    }

    #[test]
    fn marks_that_make_another_letter_stay() {
        folds("हिन्दी में शिकायत १२", "हिन्दी में शिकायत 12");
        folds("தமிழ் বাংলা", "தமிழ் বাংলা");
        assert_ne!(words("が").collect::<Vec<_>>(), words("か").collect::<Vec<_>>());
    }

    #[test]
    fn scripts_without_spaces_come_one_by_one() {
        folds("我的手机坏了。iPhone15壞了", "我 的 手 机 坏 了 iphone15 壞 了");
        folds("返金してください", "返 金 し て く た\u{3099} さ い");
        folds("ＡＢＣ１２３ カード", "abc123 カ ー ト\u{3099}");
        folds("ร้องเรียน", "ร\u{e49} อ ง เ ร \u{e35} ย น");
    }

    #[test]
    fn korean_words_are_the_same_however_composed() {
        let composed: Vec<_> = words("환불 요청").collect();
        let jamo = "\u{1112}\u{116A}\u{11AB}\u{1107}\u{116E}\u{11AF} \u{110B}\u{116D}\u{110E}\u{1165}\u{11BC}";
        assert_eq!(composed, words(jamo).collect::<Vec<_>>());
        assert_eq!(composed.len(), 2);
    }

    #[test]
    fn a_sign_of_class_0_that_belongs_to_a_letter_is_a_mark() {
        for sign in MARKS_OF_CLASS_0 {
            assert_eq!(words(&sign.to_string()).count(), 0, "{sign:?}");
        }
        assert_eq!(words("\u{F40}\u{F73}").collect::<Vec<_>>(), words("\u{F40}\u{F71}\u{F72}").collect::<Vec<_>>());
        assert_eq!(words("\u{1026}").collect::<Vec<_>>(), words("\u{1025}\u{102E}").collect::<Vec<_>>());
    }

    #[test]
    fn a_long_run_is_cut() {
        let run = "a".repeat(1_000);
        assert_eq!(words(&run).collect::<Vec<_>>(), ["a".repeat(MAX_WORD)]);
        assert_eq!(words(&"É".repeat(1_000)).collect::<Vec<_>>(), ["e".repeat(MAX_WORD)]);
    }

    #[test]
    fn words_that_need_no_folding_are_borrowed() {
        assert!(words("plain words 2026, here").all(|word| matches!(word, Cow::Borrowed(_))));
    }

    /// What the property below finds only by luck: every character there is, alone and after a letter.
    #[test]
    fn every_character_folds_to_what_folds_to_itself() {
        for c in '\0'..=char::MAX {
            for text in [c.to_string(), format!("a{c}"), format!("ก{c}")] {
                let once = words(&text).collect::<Vec<_>>().join(" ");
                assert_eq!(once, words(&once).collect::<Vec<_>>().join(" "), "{text:?}");
            }
        }
    }

    proptest! {
        /// Folding what is folded changes nothing, so that words can be stored and folded again.
        #[test]
        fn folding_is_idempotent(text in any::<String>()) {
            let once: Vec<_> = words(&text).map(Cow::into_owned).collect();
            let again = once.join(" ");
            prop_assert_eq!(&once, &words(&again).map(Cow::into_owned).collect::<Vec<_>>());
        }

        #[test]
        fn words_are_never_empty_long_or_broken(text in "\\PC{0,200}") {
            for word in words(&text) {
                prop_assert!((1..=MAX_WORD).contains(&word.chars().count()));
                prop_assert!(!word.contains(|c: char| c.is_whitespace() || c.is_ascii_punctuation()));
            }
        }

        /// A text's words are its parts' words, wherever it is parted by a space.
        #[test]
        fn a_space_parts_words(left in "\\PC{0,50}", right in "\\PC{0,50}") {
            let whole = format!("{left} {right}");
            prop_assert_eq!(words(&whole).collect::<Vec<_>>(), words(&left).chain(words(&right)).collect::<Vec<_>>());
        }
    }
}
