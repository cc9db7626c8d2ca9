//! What is searched for: words and phrases drawn from the corpus by how many complaints have them.

use std::collections::{HashMap, HashSet};

use fastrand::Rng;
use shared::words::words;

use crate::corpus::Corpus;

/// Texts that are looked at to learn how frequent words are.
const SAMPLE: u64 = 5_000;
/// What is drawn of each kind.
const DRAWN: usize = 200;
/// A rare word: at most so many complaints have it, whatever the size of the corpus. A name, a place, a reference.
const RARE: f64 = 10.0;
/// A middle word: a share of complaints that fills a page of twenty of a thousand, and not much more.
const MIDDLE: std::ops::Range<f64> = 0.03..0.10;
/// A common word: at least this share of complaints have it.
const COMMON: f64 = 0.20;
/// A phrase that fills a page of twenty of a thousand.
const PHRASE: f64 = 0.03;

/// Queries by kind, the same for the same corpus and size.
pub(crate) struct Terms {
    pub(crate) rare: Vec<String>,
    pub(crate) middle: Vec<String>,
    pub(crate) common: Vec<String>,
    pub(crate) phrases: Vec<String>,
    /// Phrases of two common words that hardly anybody wrote one after the other: the index is read to its end for them.
    pub(crate) unlucky: Vec<String>,
}

impl Terms {
    /// Draws them from a corpus of `size` complaints.
    pub(crate) fn of(corpus: &Corpus, size: usize) -> Self {
        let (mut having, mut pairs) = (HashMap::<String, u32>::new(), HashMap::<(String, String), u32>::new());
        for number in 0..SAMPLE {
            let text = corpus.text(number);
            let said: Vec<String> = words(&text).map(|word| word.into_owned()).collect();
            for word in said.iter().collect::<HashSet<_>>() {
                count(&mut having, word.clone());
            }
            let together: HashSet<_> = said.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            together.into_iter().for_each(|pair| count(&mut pairs, pair));
        }
        let share = |having: u32| f64::from(having) / SAMPLE as f64;
        let of_share = |range: std::ops::Range<f64>| {
            let within = having.iter().filter(|(_, having)| range.contains(&share(**having)));
            sorted(within.map(|(word, _)| word.clone()).collect())
        };
        let common = of_share(COMMON..2.0);
        let phrases = pairs.iter().filter(|(_, having)| share(**having) >= PHRASE);
        let phrases = sorted(phrases.map(|((first, second), _)| format!("\"{first} {second}\"")).collect());
        let combinations = common.iter().flat_map(|first| common.iter().map(move |second| (first, second)));
        let unlucky = combinations
            .filter(|(first, second)| first != second && !pairs.contains_key(&((*first).clone(), (*second).clone())));
        let unlucky = unlucky.map(|(first, second)| format!("\"{first} {second}\"")).collect();
        Self {
            rare: rare(corpus, size),
            middle: draw(of_share(MIDDLE)),
            common: draw(common.clone()),
            phrases: draw(phrases),
            unlucky: draw(unlucky),
        }
    }
}

/// Words that at least one complaint and at most ten have.
fn rare(corpus: &Corpus, size: usize) -> Vec<String> {
    let mut random = Rng::with_seed(1);
    let numbers = std::iter::repeat_with(|| random.u64(..size.max(1) as u64)).take(DRAWN * 1_000);
    let found = numbers.filter_map(|number| {
        let mut invented = corpus.invented(number, size);
        invented.find(|(_, having)| *having <= RARE).map(|(word, _)| word)
    });
    found.take(DRAWN).collect()
}

fn draw(mut from: Vec<String>) -> Vec<String> {
    Rng::with_seed(2).shuffle(&mut from);
    from.truncate(DRAWN);
    from
}

/// Maps have no order of their own.
fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

fn count<K: Eq + std::hash::Hash>(counts: &mut HashMap<K, u32>, key: K) {
    *counts.entry(key).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn having(texts: &[Vec<String>], query: &str) -> usize {
        let sought: Vec<&str> = query.trim_matches('"').split(' ').collect();
        texts.iter().filter(|text| text.windows(sought.len()).any(|part| part == sought)).count()
    }

    #[test]
    fn each_kind_is_as_frequent_as_it_says() {
        let bodies = xtask::checkout::root().join("tests/fixtures/complaints/bank.ndjson");
        let corpus = Corpus::read(&bodies, None, 1_000).unwrap();
        let terms = Terms::of(&corpus, 1_000);
        let said = |number| words(&corpus.text(number)).map(|word| word.into_owned()).collect();
        let texts: Vec<Vec<String>> = (0..1_000).map(said).collect();
        for (kind, queries, least, most) in [
            ("rare", &terms.rare, 1, 25),
            ("middle", &terms.middle, 20, 130),
            ("common", &terms.common, 150, 1_000),
            ("phrase", &terms.phrases, 20, 1_000),
            ("unlucky", &terms.unlucky, 0, 0),
        ] {
            assert!(queries.len() >= 20, "{} {kind} queries", queries.len());
            for query in queries.iter().take(20) {
                let having = having(&texts, query);
                assert!((least..=most).contains(&having), "{having} complaints have {query}, which is {kind}");
            }
        }
    }
}
