//! The fingerprint of a text, `MinHash` (Broder, "On the resemblance and containment of documents", 1997), and its bands for locality-sensitive
//! hashing (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", §3.4).
//!
//! Two texts of similarity s agree in one row with probability s, in a whole band with s^[`ROWS`], and so in at least one band with
//! 1 - (1 - s^[`ROWS`])^[`BANDS`].

use super::{Shingles, TELLING_SHINGLES, mix, token};
use std::array;

/// How many tokens a text is indexed under.
pub const BANDS: usize = 10;
/// How many minima make one token.
pub const ROWS: usize = 2;

/// Symbols in a token after the first: 30 bits, so that among a million texts one meets 0.001 others by chance in each band.
const LENGTH: usize = 6;

/// The tokens to index a text under and to look for others with: [`BANDS`] of 7 characters each, or none if the text is too short to tell
/// (see [`TELLING_SHINGLES`]).
#[must_use]
pub fn bands(text: &Shingles) -> Vec<String> {
    if text.len() < TELLING_SHINGLES {
        return Vec::new();
    }
    let minima = min_hashes::<{ BANDS * ROWS }>(text);
    let (bands, _) = minima.as_chunks::<ROWS>();
    (0..)
        .zip(bands)
        .map(|(nth, rows)| {
            token::<LENGTH>('0', rows.iter().fold(mix(nth), |so_far, row| mix(so_far ^ u64::from(*row))))
        })
        .collect()
}

/// The least of each of `N` hashes over all shingles: two texts of similarity s agree in a share of about s of them.
#[must_use]
pub fn min_hashes<const N: usize>(text: &Shingles) -> [u32; N] {
    array::from_fn(|nth| {
        let seed = 2 * nth as u64;
        let (times, plus) = (mix(seed + 1) | 1, mix(seed + 2));
        // Multiply-shift: the upper half of a·x + b is a pairwise independent hash of x.
        let hashes =
            text.iter().map(|shingle| (u64::from(shingle).wrapping_mul(times).wrapping_add(plus) >> 32) as u32);
        hashes.min().unwrap_or(u32::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `count` words, numbered from `from`, each its own.
    fn text(from: usize, count: usize) -> Shingles {
        let letters = |n: usize| n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect::<String>();
        Shingles::of(&(from..from + count).map(letters).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn minima_agree_as_often_as_texts_are_similar() {
        for (from, similarity) in [(0, 1.0), (50, 0.6), (100, 0.33), (150, 0.14), (300, 0.0)] {
            let (left, right) = (text(1_000, 202), text(1_000 + from, 202));
            assert!((left.jaccard(&right) - similarity).abs() < 0.01);
            let agree =
                min_hashes::<1_000>(&left).iter().zip(min_hashes::<1_000>(&right)).filter(|(l, r)| **l == *r).count();
            // Four standard deviations of 1,000 tosses are at most 64.
            assert!((agree as f64 - similarity * 1_000.0).abs() < 80.0, "{similarity}: {agree}");
        }
    }

    #[test]
    fn texts_share_a_token_as_often_as_bands_promise() {
        for overlap in [180, 150, 120, 90, 60, 10] {
            let pairs = (0..200).map(|nth| (text(10_000 * nth, 202), text(10_000 * nth + 202 - overlap, 202)));
            let similarity = pairs.clone().map(|(left, right)| left.jaccard(&right)).next().unwrap();
            let found =
                pairs.filter(|(left, right)| bands(left).iter().any(|token| bands(right).contains(token))).count();
            let promised = 1.0 - (1.0 - similarity.powi(ROWS as i32)).powi(BANDS as i32);
            // Three standard deviations of 200 tosses are at most 0.11.
            assert!(
                (found as f64 / 200.0 - promised).abs() < 0.11,
                "{similarity}: {found} of 200, promised {promised}"
            );
        }
    }

    #[test]
    fn only_a_text_that_tells_has_tokens() {
        assert!(bands(&text(100, TELLING_SHINGLES + 1)).is_empty());
        assert_eq!(bands(&text(100, TELLING_SHINGLES + 2)).len(), BANDS);
    }

    proptest! {
        #[test]
        fn tokens_are_short_and_no_words(words in prop::collection::vec("\\PC{1,12}", 0..60)) {
            let tokens = bands(&Shingles::of(&words.join(" ")));
            prop_assert!(tokens.is_empty() || tokens.len() == BANDS);
            for token in tokens {
                prop_assert_eq!(token.len(), LENGTH + 1);
                prop_assert!(token.starts_with('0'));
                prop_assert!(token.bytes().skip(1).all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)));
            }
        }
    }
}
