//! How well complaints answer a query, among those that it finds.

use super::query::Sought;
use std::collections::BTreeMap;

/// How many matches are ranked: the newest ones. The others are found by date only.
pub const RANKED: u32 = 100;
/// How many bytes of tokens are looked at in each.
pub const LOOKED_AT: u32 = 8_000;
/// How fast more of a word counts less, and how much a long text is held against it (BM25, Robertson and Zaragoza 2009, §3.2).
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// Scores texts, each given as its words in order, by BM25 among themselves; the higher, the better.
#[must_use]
pub fn scores(texts: &[Vec<&str>], sought: &[Sought<'_>]) -> Vec<f64> {
    let counts: Vec<BTreeMap<usize, f64>> = texts
        .iter()
        .map(|words| {
            let mut counts = BTreeMap::new();
            for word in words {
                for (which, _) in sought.iter().enumerate().filter(|(_, sought)| sought.is(word)) {
                    *counts.entry(which).or_default() += 1.0;
                }
            }
            counts
        })
        .collect();
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52 words")]
    let lengths: Vec<f64> = texts.iter().map(|words| words.len() as f64).collect();
    #[allow(clippy::cast_precision_loss, reason = "at most RANKED texts")]
    let total = texts.len().max(1) as f64;
    let average = (lengths.iter().sum::<f64>() / total).max(1.0);
    let rarity = |which: usize| {
        #[allow(clippy::cast_precision_loss, reason = "at most RANKED texts")]
        let having = counts.iter().filter(|counts| counts.contains_key(&which)).count() as f64;
        (1.0 + (total - having + 0.5) / (having + 0.5)).ln()
    };
    let rarities: Vec<f64> = (0..sought.len()).map(rarity).collect();
    let score = |(counts, length): (&BTreeMap<usize, f64>, &f64)| {
        let of_word = |(which, count): (&usize, &f64)| {
            let rarity = rarities.get(*which).copied().unwrap_or_default();
            rarity * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / average))
        };
        counts.iter().map(of_word).sum()
    };
    counts.iter().zip(&lengths).map(score).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(texts: &[&str], sought: &[Sought<'_>]) -> Vec<f64> {
        let texts: Vec<Vec<&str>> = texts.iter().map(|text| text.split(' ').collect()).collect();
        scores(&texts, sought)
    }

    #[test]
    fn more_hits_rarer_words_and_shorter_texts_rank_higher() {
        let sought = [Sought::Word("late"), Sought::Word("fee")];
        let found = score(&["late fee fee", "late fee and much else that is not", "late late", "fee"], &sought);
        assert!(found[0] > found[1] && found[2] > found[3], "{found:?}");
        let found = score(&["a common", "b common rare", "c common"], &[Sought::Word("common"), Sought::Word("rare")]);
        assert!(found[1] > found[0] && (found[0] - found[2]).abs() < 1e-12, "{found:?}");
        let found = score(&["refunds", "nothing"], &[Sought::Beginning("refun")]);
        assert!(found[0] > 0.0 && found[1] == 0.0);
        assert!(scores(&[], &sought).is_empty());
    }
}
