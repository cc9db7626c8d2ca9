//! Near-duplicates: complaints with one text, or of one consumer about one thing.
//!
//! A text is compared as its set of [`Shingles`]. To find what might be alike among many, each complaint is indexed under a few short
//! tokens: [`bands`] of its text's fingerprint and the tokens of its [`ConsumerKey`]s. Two complaints that share a token are
//! *candidates*; [`compare`] then says from both whether they are to be shown to a person, how alike they are and why.
//!
//! Tokens are stored for years and compared with new ones, so how they are made never changes: tests pin them.
//! `docs/near-duplicates.md` has the measurements behind every number here.

mod consumer;
mod fingerprint;
mod shingle;

pub use consumer::{ConsumerKey, consumer_keys};
pub use fingerprint::{BANDS, ROWS, bands, min_hashes};
pub use shingle::Shingles;

use crate::{text::Code, time::Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Two texts are *nearly the same* from this similarity on.
pub const NEARLY_SAME: f64 = 0.25;
/// Two texts of one consumer are *similar* if this share of the shorter one is in the other.
pub const SIMILAR_FOR_ONE_CONSUMER: f64 = 0.15;
/// A consumer who complains about one product twice within this time may mean one thing, whatever the words: 30 days, in milliseconds.
pub const SAME_MATTER_WITHIN: i64 = 30 * 24 * 60 * 60 * 1000;
/// A text of fewer shingles is too short to say by itself that two consumers' complaints are alike ("Please call me back about this").
pub const TELLING_SHINGLES: usize = 16;

/// What is compared of a complaint.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its description.
    pub text: Shingles,
    /// Its consumer, from [`consumer_keys`].
    pub consumer: Vec<ConsumerKey>,
    /// Its product, if it has one.
    pub product: Option<Code>,
    /// When the firm received it.
    pub received_at: Timestamp,
}

/// Why two complaints may be one, or of one campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Word for word the same, but for numbers and masked words: a copy, or a campaign's template.
    SameText,
    /// Most of the text is the same: a template with the consumer's own details, or one complaint told again.
    NearlySameText,
    /// The same consumer, and a good part of the shorter text is in the other.
    SameConsumerSimilarText,
    /// The same consumer about the same product within 30 days, in whatever words.
    SameConsumerSameProduct,
}

/// A complaint that may be the same as another. Linking the two is a person's decision or a tenant's rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// How much of the two texts is the same: 0 (nothing) to 1 (all but numbers), to three decimals.
    pub similarity: f64,
    /// Why, the strongest first; never empty.
    pub reasons: Vec<Reason>,
}

impl Candidate {
    /// Whether the consumer is the same.
    #[must_use]
    pub fn is_of_one_consumer(&self) -> bool {
        let of_one =
            |reason: &Reason| matches!(reason, Reason::SameConsumerSimilarText | Reason::SameConsumerSameProduct);
        self.reasons.iter().any(of_one)
    }
}

/// How much of two texts is the same, 0 to 1: the Jaccard index of their shingles.
#[must_use]
pub fn similarity(left: &str, right: &str) -> f64 {
    Shingles::of(left).jaccard(&Shingles::of(right))
}

/// Whether two complaints may be one, or of one campaign. The order of the two does not matter.
#[must_use]
pub fn compare(left: &Profile, right: &Profile) -> Option<Candidate> {
    let similarity = left.text.jaccard(&right.text);
    let same_consumer = left.consumer.iter().any(|key| right.consumer.contains(key));
    let telling = same_consumer || left.text.len().min(right.text.len()) >= TELLING_SHINGLES;
    let apart = left.received_at.unix_millis().abs_diff(right.received_at.unix_millis());
    let same_product = left.product.is_some() && left.product == right.product;
    let reasons: Vec<Reason> = [
        (Reason::SameText, telling && similarity >= 1.0),
        (Reason::NearlySameText, telling && (NEARLY_SAME..1.0).contains(&similarity)),
        (
            Reason::SameConsumerSimilarText,
            same_consumer && left.text.containment(&right.text) >= SIMILAR_FOR_ONE_CONSUMER,
        ),
        (Reason::SameConsumerSameProduct, same_consumer && same_product && apart <= SAME_MATTER_WITHIN.unsigned_abs()),
    ]
    .into_iter()
    .filter_map(|(reason, holds)| holds.then_some(reason))
    .collect();
    (!reasons.is_empty()).then(|| Candidate { similarity: (similarity * 1000.0).round() / 1000.0, reasons })
}

/// Spreads a number over all 64 bits (the finalizer of `SplitMix64`).
const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// FNV-1a: what it begins with, and a step of it. Fast, not secret: who wants two texts to collide can have that.
const FNV: u64 = 0xCBF2_9CE4_8422_2325;

const fn fnv(so_far: u64, byte: u8) -> u64 {
    (so_far ^ byte as u64).wrapping_mul(0x0100_0000_01B3)
}

/// FNV-1a, spread.
fn hash(bytes: &[u8]) -> u64 {
    mix(bytes.iter().fold(FNV, |so_far, byte| fnv(so_far, *byte)))
}

/// `kind` and the lowest 5 × `LENGTH` bits of `hash` in base32 (RFC 4648 §6) in lower case.
/// Kinds are digits that base32 does not have, so no token of one kind is a token of another.
fn token<const LENGTH: usize>(kind: char, hash: u64) -> String {
    let symbol = |nth: usize| {
        let five = (hash >> (5 * nth)) as u8 & 31;
        char::from(if five < 26 { b'a' + five } else { b'2' - 26 + five })
    };
    std::iter::once(kind).chain((0..LENGTH).map(symbol)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaint::intake::Complainant;
    use proptest::prelude::*;

    fn complainant(json: &str) -> Complainant {
        serde_json::from_str(json).unwrap()
    }

    fn profile(text: &str, complainant: &Complainant, day: i64) -> Profile {
        Profile {
            text: Shingles::of(text),
            consumer: consumer_keys(complainant),
            product: Some(Code::try_from("credit_card").unwrap()),
            received_at: Timestamp::MIN.plus_millis(day * 24 * 60 * 60 * 1000),
        }
    }

    fn ada() -> Complainant {
        complainant(r#"{"name":"Ada","contacts":[{"kind":"email","value":"Ada@Example.org"}]}"#)
    }

    fn ben() -> Complainant {
        complainant(r#"{"name":"Ben","customer_id":"C-2"}"#)
    }

    fn reasons(left: &Profile, right: &Profile) -> Vec<Reason> {
        compare(left, right).map(|candidate| candidate.reasons).unwrap_or_default()
    }

    const LETTER: &str = "I was charged {$39.00} on XX/XX/2024 although I closed my account with XXXX a month before and was told \
         that nothing more would be taken. Please pay the sum back and confirm in writing that the account is closed.";

    #[test]
    fn real_pairs_are_told_as_a_reader_told_them() {
        let examples: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/near-duplicates/examples.json")).unwrap();
        for example in examples.as_array().unwrap() {
            let text = |side: &str| Shingles::of(example[side].as_str().unwrap());
            let similarity = text("left").jaccard(&text("right"));
            let alike = matches!(example["label"].as_str().unwrap(), "duplicate" | "template");
            assert_eq!(similarity >= NEARLY_SAME, alike, "{} {similarity}", example["ids"]);
        }
    }

    #[test]
    fn a_template_filled_in_anew_is_the_same_text() {
        let anew =
            LETTER.replace("39.00", "1,250").replace("XX/XX/2024", "3/4/2025").replace("with XXXX", "with XXXX XXXX");
        let candidate = compare(&profile(LETTER, &ada(), 0), &profile(&anew.to_uppercase(), &ben(), 900)).unwrap();
        assert_eq!(candidate, Candidate { similarity: 1.0, reasons: vec![Reason::SameText] });
    }

    #[test]
    fn a_few_other_words_are_nearly_the_same_text() {
        let other = LETTER.replace("nothing more would be taken", "there will be no more fees");
        assert_eq!(reasons(&profile(LETTER, &ada(), 0), &profile(&other, &ben(), 900)), [Reason::NearlySameText]);
        assert_eq!(compare(&profile(LETTER, &ada(), 0), &profile("My flight was cancelled.", &ben(), 0)), None);
    }

    #[test]
    fn a_short_text_tells_nothing_of_two_consumers() {
        let short = "Please remove this from my report.";
        assert_eq!(reasons(&profile(short, &ada(), 0), &profile(short, &ben(), 0)), []);
        assert!(bands(&Shingles::of(short)).is_empty());
        assert_eq!(
            reasons(&profile(short, &ada(), 0), &profile(short, &ada(), 900)),
            [Reason::SameText, Reason::SameConsumerSimilarText]
        );
    }

    #[test]
    fn one_consumer_about_one_product_within_a_month_is_shown_whatever_the_words() {
        let call = "Caller wants a fee refunded.";
        assert_eq!(reasons(&profile(LETTER, &ada(), 0), &profile(call, &ada(), 30)), [Reason::SameConsumerSameProduct]);
        assert_eq!(reasons(&profile(LETTER, &ada(), 0), &profile(call, &ada(), 31)), []);
        assert_eq!(reasons(&profile(LETTER, &ada(), 0), &profile(call, &ben(), 0)), []);
        let mut elsewhere = profile(call, &ada(), 0);
        elsewhere.product = None;
        assert_eq!(reasons(&profile(LETTER, &ada(), 0), &elsewhere), []);
    }

    #[test]
    fn part_of_a_text_by_the_same_consumer_is_similar() {
        let part = "I closed my account with XXXX a month before and was told that nothing more would be taken. Help!";
        let texts = (profile(part, &ada(), 0), profile(LETTER, &ada(), 900));
        assert!(reasons(&texts.0, &texts.1).contains(&Reason::SameConsumerSimilarText));
    }

    #[test]
    fn what_is_stored_never_changes() {
        // Changing these makes every stored token useless: it takes a new index.
        let letter = "Crème brûlée! 我的手机坏了 — I was charged {$39.00} on XX/XX/2024 although I closed my account with XXXX a month before.";
        assert_eq!(
            bands(&Shingles::of(letter)),
            [
                "07zrhl6", "0mtnkzb", "0omiyij", "0gd6uim", "0d3zh7p", "0meqq6c", "0uxcljx", "0374flt", "0xil7oq",
                "02emwl3"
            ]
        );
        let person = complainant(
            r#"{"name":"A","customer_id":" C-17 ","contacts":[
                {"kind":"email","value":"Ada@Example.org"},{"kind":"phone","value":"+44 (0)7700 900123 ext. 5"}]}"#,
        );
        let tokens: Vec<_> = consumer_keys(&person).iter().map(ConsumerKey::token).collect();
        assert_eq!(tokens, ["1s33r3s63", "1z6lklhcp", "1wd52nnp6"]);
    }

    #[test]
    fn candidates_have_their_names_on_the_wire() {
        let candidate =
            Candidate { similarity: 0.5, reasons: vec![Reason::NearlySameText, Reason::SameConsumerSameProduct] };
        let json = serde_json::to_string(&candidate).unwrap();
        assert_eq!(json, r#"{"similarity":0.5,"reasons":["nearly_same_text","same_consumer_same_product"]}"#);
    }

    proptest! {
        #[test]
        fn comparing_is_symmetric_and_bounded(left in "[a-d ]{0,80}", right in "[a-d ]{0,80}", apart in 0_i64..60) {
            let (left, right) = (profile(&left, &ada(), 0), profile(&right, &ada(), apart));
            let there = compare(&left, &right);
            prop_assert_eq!(&there, &compare(&right, &left));
            if let Some(candidate) = there {
                prop_assert!((0.0..=1.0).contains(&candidate.similarity));
                prop_assert!(!candidate.reasons.is_empty());
            }
        }

        #[test]
        fn a_text_is_the_same_as_itself(text in any::<String>()) {
            let expected = if Shingles::of(&text).is_empty() { 0.0 } else { 1.0 };
            prop_assert_eq!(similarity(&text, &text), expected);
        }
    }
}
