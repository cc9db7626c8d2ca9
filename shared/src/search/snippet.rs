//! Where in a text the words stand that were searched for.

use super::query::Sought;
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most characters of a snippet.
pub const MAX_CHARS: usize = 240;
/// The characters before the first hit.
const LEAD: usize = 60;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snippet {
    /// The piece, as it was written; at most [`MAX_CHARS`] characters.
    pub text: String,
    /// Where the words stand in it: the first character and the one after the last, in Unicode code points from 0.
    pub hits: Vec<(usize, usize)>,
}

/// The piece of `text` around the first word that is sought, with all that are sought in it. `None` if there is none.
#[must_use]
pub fn snippet(text: &str, sought: &[Sought<'_>]) -> Option<Snippet> {
    let is_sought = |run: &str| words(run).any(|word| sought.iter().any(|sought| sought.is(&word)));
    let hits = || runs(text).filter(|(_, run)| is_sought(run));
    let (first, _) = hits().next()?;
    let start = start_of(text, first);
    let piece = text.get(start..)?;
    let piece = piece.char_indices().nth(MAX_CHARS).map_or(piece, |(end, _)| piece.get(..end).unwrap_or(piece));
    let position = |byte: usize| text.get(start..byte).map_or(0, |before| before.chars().count());
    let hits = hits()
        .take_while(|(at, run)| at + run.len() <= start + piece.len())
        .map(|(at, run)| (position(at), position(at + run.len())))
        .collect();
    Some(Snippet { text: piece.to_owned(), hits })
}

/// The same from tokens of the index, of which `code` begins each and `<` and `>` stand around hits: for texts that are
/// not at hand. Case and punctuation are lost.
#[must_use]
pub fn of_tokens(tokens: &str, code: &str) -> Option<Snippet> {
    let (mut text, mut hits) = (String::new(), Vec::new());
    for token in tokens.split(' ') {
        let word = token.trim_matches(['<', '>']).strip_prefix(code).filter(|word| !word.starts_with('_'));
        let Some(word) = word.filter(|word| !word.is_empty()) else { continue };
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.chars().count();
        text.push_str(word);
        if token.starts_with('<') || token.ends_with('>') {
            hits.push((start, start + word.chars().count()));
        }
    }
    (!hits.is_empty()).then_some(Snippet { text, hits })
}

/// Runs of letters and digits, with the byte where each begins.
fn runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || !c.is_ascii() && !c.is_whitespace();
    let mut rest = text;
    std::iter::from_fn(move || {
        let begin = rest.find(is_part)?;
        let run = rest.get(begin..)?;
        let (run, after) = run.split_at(run.find(|c| !is_part(c)).unwrap_or(run.len()));
        let at = text.len() - rest.len() + begin;
        rest = after;
        Some((at, run))
    })
}

/// Some characters before `byte`, where a word begins if one does.
fn start_of(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or_default();
    let Some((start, _)) = before.char_indices().rev().nth(LEAD) else { return 0 };
    let lead = before.get(start..).unwrap_or_default();
    lead.find(char::is_whitespace).map_or(start, |space| {
        let after = lead.get(space..).unwrap_or_default();
        start + space + (after.len() - after.trim_start().len())
    })
}

#[cfg(test)]
mod tests {
    use super::{super::query::Query, *};
    use proptest::prelude::*;

    fn shown(text: &str, query: &str) -> Option<String> {
        let query = Query::parse(query).unwrap();
        let Snippet { text, hits } = snippet(text, &query.sought())?;
        let chars: Vec<char> = text.chars().collect();
        let mut marked = String::new();
        for (at, c) in chars.iter().enumerate() {
            if hits.iter().any(|hit| hit.0 == at) {
                marked.push('[');
            }
            marked.push(*c);
            if hits.iter().any(|hit| hit.1 == at + 1) {
                marked.push(']');
            }
        }
        Some(marked)
    }

    #[test]
    fn hits_are_shown_as_they_were_written() {
        let text = "My Café card was declined, and the café's owner laughed at my cards.";
        assert_eq!(
            shown(text, "cafe card*").as_deref(),
            Some("My [Café] [card] was declined, and the [café]'s owner laughed at my [cards].")
        );
        assert_eq!(shown(text, "\"owner laughed\" NOT card").unwrap().matches('[').count(), 2);
        assert_eq!(shown(text, "refund"), None);
        assert_eq!(shown("", "refund"), None);
    }

    #[test]
    fn a_long_text_is_cut_around_its_first_hit() {
        let text = format!("{}refund {}", "lorem ipsum ".repeat(500), "dolor sit refund ".repeat(500));
        let shown = shown(&text, "refund").unwrap();
        assert!(shown.starts_with("ipsum lorem") || shown.starts_with("lorem ipsum"), "{shown}");
        assert!(shown.contains("[refund] dolor sit [refund]") && shown.chars().count() < MAX_CHARS + 60, "{shown}");
    }

    #[test]
    fn tokens_of_the_index_are_shown_as_words() {
        let shown = of_tokens("ab3fa <ab3flate> <ab3ffee> ab3f_ ab3fb", "ab3f").unwrap();
        assert_eq!((shown.text.as_str(), shown.hits.as_slice()), ("a late fee b", [(2, 6), (7, 10)].as_slice()));
        assert_eq!(of_tokens("ab3fa ab3fb", "ab3f"), None);
    }

    proptest! {
        #[test]
        fn hits_lie_inside_the_piece(text in "\\PC{0,80}( fee|Fée|\u{301}fee, ){0,3}\\PC{0,300}") {
            let query = Query::parse("fee").unwrap();
            if let Some(Snippet { text: piece, hits }) = snippet(&text, &query.sought()) {
                let chars: Vec<char> = piece.chars().collect();
                prop_assert!(chars.len() <= MAX_CHARS && text.contains(&piece));
                for (from, to) in hits {
                    let run: String = chars[from..to].iter().collect();
                    prop_assert!(words(&run).any(|word| word == "fee"), "{}", run);
                }
            }
        }
    }
}
