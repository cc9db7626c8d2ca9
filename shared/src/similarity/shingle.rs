//! A text as a set of shingles: every few words that follow each other.

use super::{FNV, fnv, mix};
use crate::words::words;

/// Words in a shingle.
const WIDTH: usize = 3;

/// The distinct shingles of a text, hashed.
///
/// Only words count that stay when a template is filled in anew: no word with a digit in it (dates, amounts, account numbers) and no
/// masked word (`XXXX`). So the same letter with another name and sum is the same text here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shingles(Vec<u32>);

impl Shingles {
    /// The shingles of `text`. A text of one or two words is one shingle; one without any words that count has none.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut shingles = Vec::with_capacity(text.len() / 6);
        let mut last = [0_u64; WIDTH];
        let mut count = 0;
        for hashed in words(text).filter_map(|word| counted(word.as_bytes())) {
            let [_, second, third] = last;
            last = [second, third, hashed];
            count += 1;
            if count >= WIDTH {
                shingles.push(shingle(last));
            }
        }
        if (1..WIDTH).contains(&count) {
            shingles.push(shingle(last));
        }
        shingles.sort_unstable();
        shingles.dedup();
        Self(shingles)
    }

    /// How many distinct shingles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no word counts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The shingles in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().copied()
    }

    /// Shared shingles over all, 0 to 1; 0 if both are empty.
    #[must_use]
    pub fn jaccard(&self, other: &Self) -> f64 {
        let shared = self.shared(other);
        ratio(shared, self.len() + other.len() - shared)
    }

    /// Shared shingles over those of the smaller set, 0 to 1; 0 if one is empty.
    #[must_use]
    pub fn containment(&self, other: &Self) -> f64 {
        ratio(self.shared(other), self.len().min(other.len()))
    }

    fn shared(&self, other: &Self) -> usize {
        let mut others = other.iter().peekable();
        self.iter()
            .filter(|own| {
                while others.next_if(|other| other < own).is_some() {}
                others.peek() == Some(own)
            })
            .count()
    }
}

/// The hash of a word, if it counts.
fn counted(word: &[u8]) -> Option<u64> {
    let (mut number, mut masked) = (false, word.len() >= 2);
    let hashed = word.iter().fold(FNV, |so_far, byte| {
        number |= byte.is_ascii_digit();
        masked &= *byte == b'x';
        fnv(so_far, *byte)
    });
    (!number && !masked).then(|| mix(hashed))
}

/// Depends on the order of the words.
fn shingle(words: [u64; WIDTH]) -> u32 {
    (words.into_iter().fold(0, |so_far: u64, word| mix(so_far.rotate_left(23) ^ word)) >> 32) as u32
}

#[expect(clippy::cast_precision_loss, reason = "a text has at most thousands of shingles")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_masks_case_and_marks_do_not_count() {
        let plain = Shingles::of("i was charged on friday for the cafe");
        for text in [
            "I was charged {$39.00} on XX/XX/2024 Friday, for the Café",
            "I WAS CHARGED £1,250 ON FRIDAY FOR XXXX XXXX THE CAFÉ",
        ] {
            assert_eq!(Shingles::of(text), plain, "{text}");
        }
        assert_ne!(Shingles::of("on friday I was charged for the cafe"), plain);
    }

    #[test]
    fn short_texts_have_few_shingles() {
        for (text, count) in
            [("", 0), ("12 XXXX €", 0), ("refund", 1), ("refund please", 1), ("refund please now", 1), ("a b c d", 2)]
        {
            assert_eq!(Shingles::of(text).len(), count, "{text}");
        }
        assert_ne!(Shingles::of("refund please"), Shingles::of("please refund"));
        assert_eq!(Shingles::of("我的手机坏了").len(), 4);
    }

    #[test]
    fn the_indexes_are_those_of_the_textbook() {
        let (left, right) = (Shingles::of("a b c d e"), Shingles::of("b c d e f g h"));
        // {abc, bcd, cde} and {bcd, cde, def, efg, fgh}
        assert_eq!(left.jaccard(&right), 2.0 / 6.0);
        assert_eq!(left.containment(&right), 2.0 / 3.0);
        assert_eq!(left.jaccard(&Shingles::of("")), 0.0);
        assert_eq!(Shingles::of("").containment(&Shingles::of("")), 0.0);
    }

    proptest! {
        /// The merge of sorted lists counts what sets would.
        #[test]
        fn shared_shingles_are_the_intersection(left in "[a-c ]{0,60}", right in "[a-c ]{0,60}") {
            let (left, right) = (Shingles::of(&left), Shingles::of(&right));
            let of = |shingles: &Shingles| shingles.iter().collect::<HashSet<_>>();
            prop_assert_eq!(left.shared(&right), of(&left).intersection(&of(&right)).count());
        }

        /// The order of what is repeated does not matter, nor how often it is.
        #[test]
        fn repeated_text_adds_only_its_seam(text in "[a-z]{1,9}( [a-z]{1,9}){3,20}") {
            let once = Shingles::of(&text);
            let twice = Shingles::of(&format!("{text} {text} {text}"));
            prop_assert!(twice.len() < once.len() + WIDTH);
            prop_assert!(once.iter().all(|shingle| twice.iter().any(|other| other == shingle)));
        }

        /// Work and memory are bounded by the length: never more shingles than words.
        #[test]
        fn there_are_no_more_shingles_than_words(text in any::<String>()) {
            prop_assert!(Shingles::of(&text).len() <= words(&text).count());
        }
    }
}
