//! What people type to search: words, `"phrases"`, beginnings (`refun*`), `AND`, `OR`, `NOT` (or `-word`), parentheses.
//!
//! Words side by side must all be there. `NOT` and parentheses bind closest, then `AND`, then `OR`. A quotation mark that is never closed
//! reaches to the end. Whatever else is typed stands for nothing: punctuation only parts words.

use super::index::Tokens;
use crate::words::words;
use std::{collections::BTreeMap, iter::Peekable, vec::IntoIter};

/// The most bytes of a query.
pub const MAX_BYTES: usize = 1_000;
/// The most words of a query, those in phrases counted each.
pub const MAX_WORDS: usize = 32;
/// The deepest parentheses.
pub const MAX_DEPTH: usize = 8;
/// The fewest characters of a beginning.
pub const MIN_BEGINNING: usize = 3;
/// The most words that a beginning may stand for.
pub const MAX_MEANT: usize = 256;

/// Why a query is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuery {
    /// It is longer than [`MAX_BYTES`].
    #[error("must have at most {MAX_BYTES} bytes")]
    TooLong,
    /// It has more words than [`MAX_WORDS`].
    #[error("must have at most {MAX_WORDS} words")]
    TooManyWords,
    /// Its parentheses are deeper than [`MAX_DEPTH`].
    #[error("must have at most {MAX_DEPTH} parentheses inside each other")]
    TooDeep,
    /// A parenthesis has no other half.
    #[error("has a parenthesis without its other half")]
    Unbalanced,
    /// An operator or a pair of parentheses has nothing to work on.
    #[error("has {0} with nothing to search for beside it")]
    Nothing(&'static str),
    /// There is no word in it.
    #[error("must have a word to search for")]
    Empty,
    /// A beginning is shorter than [`MIN_BEGINNING`].
    #[error("must have at least {MIN_BEGINNING} characters before *")]
    ShortBeginning,
    /// More words than [`MAX_MEANT`] begin so.
    #[error("has a beginning that more than {MAX_MEANT} words have: write more of \"{0}\"")]
    WideBeginning(String),
}

/// A parsed query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Node);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    /// Words one after the other.
    Phrase(Vec<String>),
    Beginning(String),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
}

/// The words that each beginning of a query stands for.
pub type Meant = BTreeMap<String, Vec<String>>;

impl Query {
    /// Reads what was typed.
    ///
    /// # Errors
    /// [`InvalidQuery`].
    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        if text.len() > MAX_BYTES {
            return Err(InvalidQuery::TooLong);
        }
        let parts = parts(text)?;
        let count: usize = parts.iter().map(Part::words).sum();
        if count > MAX_WORDS {
            return Err(InvalidQuery::TooManyWords);
        }
        if count == 0 {
            return Err(InvalidQuery::Empty);
        }
        let mut parser = Parser { parts: parts.into_iter().peekable(), depth: 0 };
        let node = parser.any_of()?;
        if parser.parts.next().is_some() { Err(InvalidQuery::Unbalanced) } else { Ok(Self(node)) }
    }

    /// What answers both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Node::And(vec![self.0, other.0]))
    }

    /// The beginnings in it.
    #[must_use]
    pub fn beginnings(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.0.walk(&mut |node| {
            if let Node::Beginning(beginning) = node {
                found.push(beginning.as_str());
            }
        });
        found
    }

    /// The words to look for and, of beginnings, the beginnings: to show where they stand in a text.
    #[must_use]
    pub fn sought(&self) -> Vec<Sought<'_>> {
        let mut found = Vec::new();
        self.0.sought(&mut found);
        found
    }

    /// The query in the index's language (SQLite FTS5, §3), within a tenant's tokens. `meant` has the words of every
    /// beginning in it; a beginning that no word has finds nothing.
    #[must_use]
    pub fn matching(&self, tokens: &Tokens, meant: &Meant) -> String {
        self.0.matching(tokens, meant)
    }

    /// The tokens of the words whose lists in the index are walked for it, each once: those that must be there, one of several, or
    /// not there; of beginnings none.
    ///
    /// Where they rarely meet, the index walks the list of the rarest, and looks into the others, to find a page.
    #[must_use]
    pub fn walked(&self, tokens: &Tokens) -> Vec<String> {
        let mut found = Vec::new();
        self.0.walk(&mut |node| {
            if let Node::Phrase(words) = node {
                found.extend(words.iter().map(|word| tokens.word(word)));
            }
        });
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// What a query looks for in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought<'q> {
    /// A word.
    Word(&'q str),
    /// A word with this beginning.
    Beginning(&'q str),
}

impl Sought<'_> {
    /// Whether a word of a text is meant.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        match self {
            Self::Word(sought) => *sought == word,
            Self::Beginning(sought) => word.starts_with(sought),
        }
    }
}

impl Node {
    fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Self)) {
        visit(self);
        match self {
            Self::Phrase(_) | Self::Beginning(_) => {}
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().for_each(|node| node.walk(visit)),
            Self::Not(node) => node.walk(visit),
        }
    }

    fn sought<'n>(&'n self, found: &mut Vec<Sought<'n>>) {
        match self {
            Self::Phrase(words) => found.extend(words.iter().map(|word| Sought::Word(word))),
            Self::Beginning(beginning) => found.push(Sought::Beginning(beginning)),
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().for_each(|node| node.sought(found)),
            Self::Not(_) => {}
        }
    }

    fn matching(&self, tokens: &Tokens, meant: &Meant) -> String {
        match self {
            Self::Phrase(words) => {
                let words: Vec<_> = words.iter().map(|word| tokens.word(word)).collect();
                format!("\"{}\"", words.join(" "))
            }
            Self::Beginning(beginning) => match meant.get(beginning).map(Vec::as_slice) {
                // A token that no text has.
                None | Some([]) => format!("\"{}\"", tokens.none()),
                Some(words) => {
                    let words: Vec<_> = words.iter().map(|word| format!("\"{}\"", tokens.word(word))).collect();
                    joined(&words, " OR ")
                }
            },
            Self::Or(nodes) => {
                let parts: Vec<_> = nodes.iter().map(|node| node.matching(tokens, meant)).collect();
                joined(&parts, " OR ")
            }
            Self::Not(_) => Self::And(vec![self.clone()]).matching(tokens, meant),
            Self::And(nodes) => {
                let wanted = nodes.iter().filter(|node| !matches!(node, Self::Not(_)));
                let wanted: Vec<_> = wanted.map(|node| node.matching(tokens, meant)).collect();
                // Something must be there for something not to be: every complaint has this token.
                let wanted = if wanted.is_empty() { format!("\"{}\"", tokens.all()) } else { joined(&wanted, " AND ") };
                nodes.iter().fold(wanted, |wanted, node| match node {
                    Self::Not(unwanted) => format!("({wanted} NOT {})", unwanted.matching(tokens, meant)),
                    _ => wanted,
                })
            }
        }
    }
}

/// An expression of these, in parentheses if there are several.
fn joined(parts: &[String], operator: &str) -> String {
    match parts {
        [one] => one.clone(),
        _ => format!("({})", parts.join(operator)),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Phrase(Vec<String>),
    Beginning(String),
    And,
    Or,
    Not,
    Open,
    Close,
}

impl Part {
    fn words(&self) -> usize {
        match self {
            Self::Phrase(words) => words.len(),
            Self::Beginning(_) => 1,
            _ => 0,
        }
    }
}

/// Cuts a query into its parts.
fn parts(text: &str) -> Result<Vec<Part>, InvalidQuery> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(parts) };
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            '(' => {
                parts.push(Part::Open);
                rest = after;
            }
            ')' => {
                parts.push(Part::Close);
                rest = after;
            }
            '"' => {
                let (phrase, beyond) = after.split_once('"').unwrap_or((after, ""));
                push_phrase(&mut parts, phrase);
                rest = beyond;
            }
            '-' if after.starts_with(|next: char| next == '"' || next == '(' || next.is_alphanumeric()) => {
                parts.push(Part::Not);
                rest = after;
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || "()\"".contains(c)).unwrap_or(rest.len());
                let (run, beyond) = rest.split_at(end);
                rest = beyond;
                match run {
                    "AND" => parts.push(Part::And),
                    "OR" => parts.push(Part::Or),
                    "NOT" => parts.push(Part::Not),
                    _ => push_run(&mut parts, run)?,
                }
            }
        }
    }
}

fn push_phrase(parts: &mut Vec<Part>, phrase: &str) {
    let words: Vec<_> = words(phrase).map(|word| word.into_owned()).collect();
    if !words.is_empty() {
        parts.push(Part::Phrase(words));
    }
}

/// What stands without a space is one phrase, but for the beginning at its end if there is one.
fn push_run(parts: &mut Vec<Part>, run: &str) -> Result<(), InvalidQuery> {
    let Some(begun) = run.strip_suffix('*') else {
        push_phrase(parts, run);
        return Ok(());
    };
    let mut begun: Vec<_> = words(begun).map(|word| word.into_owned()).collect();
    let Some(beginning) = begun.pop() else { return Ok(()) };
    if beginning.chars().count() < MIN_BEGINNING {
        return Err(InvalidQuery::ShortBeginning);
    }
    if !begun.is_empty() {
        parts.push(Part::Phrase(begun));
    }
    parts.push(Part::Beginning(beginning));
    Ok(())
}

struct Parser {
    parts: Peekable<IntoIter<Part>>,
    depth: usize,
}

impl Parser {
    fn any_of(&mut self) -> Result<Node, InvalidQuery> {
        let mut nodes = vec![self.all_of()?];
        while self.parts.next_if_eq(&Part::Or).is_some() {
            nodes.push(self.all_of()?);
        }
        Ok(one_or(nodes, Node::Or))
    }

    fn all_of(&mut self) -> Result<Node, InvalidQuery> {
        let mut nodes = vec![self.one()?];
        loop {
            match self.parts.peek() {
                None | Some(Part::Or | Part::Close) => return Ok(one_or(nodes, Node::And)),
                Some(Part::And) => {
                    self.parts.next();
                    nodes.push(self.one()?);
                }
                Some(_) => nodes.push(self.one()?),
            }
        }
    }

    fn one(&mut self) -> Result<Node, InvalidQuery> {
        match self.parts.next() {
            Some(Part::Phrase(words)) => Ok(Node::Phrase(words)),
            Some(Part::Beginning(beginning)) => Ok(Node::Beginning(beginning)),
            Some(Part::Not) => self.deeper(|parser| match parser.one()? {
                Node::Not(node) => Ok(*node),
                node => Ok(Node::Not(Box::new(node))),
            }),
            Some(Part::Open) => {
                let node = self.deeper(|parser| match parser.parts.peek() {
                    Some(Part::Close) => Err(InvalidQuery::Nothing("()")),
                    _ => parser.any_of(),
                })?;
                self.parts.next_if_eq(&Part::Close).map(|_| node).ok_or(InvalidQuery::Unbalanced)
            }
            Some(Part::And) => Err(InvalidQuery::Nothing("AND")),
            Some(Part::Or) => Err(InvalidQuery::Nothing("OR")),
            Some(Part::Close) => Err(InvalidQuery::Unbalanced),
            None => Err(InvalidQuery::Nothing("an operator")),
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, InvalidQuery>) -> Result<T, InvalidQuery> {
        if self.depth >= MAX_DEPTH {
            return Err(InvalidQuery::TooDeep);
        }
        self.depth += 1;
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match (nodes.pop(), nodes.is_empty()) {
        (Some(node), true) => node,
        (last, _) => {
            nodes.extend(last);
            many(nodes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::TenantId, time::Timestamp};
    use proptest::prelude::*;

    fn tokens() -> Tokens {
        Tokens::of(TenantId::new(Timestamp::from_unix_millis(1_790_000_000_000), &[7; 10]))
    }

    /// The index's query, without the tenant's code.
    fn matching(text: &str) -> Result<String, InvalidQuery> {
        let meant = Meant::from([("refun".to_owned(), vec!["refund".to_owned(), "refunds".to_owned()])]);
        Ok(Query::parse(text)?.matching(&tokens(), &meant).replace(tokens().code(), ""))
    }

    #[test]
    fn queries_mean_what_people_expect() {
        for (text, expected) in [
            ("refund", r#""refund""#),
            ("Late  Café", r#"("late" AND "cafe")"#),
            ("late AND fee OR charge", r#"(("late" AND "fee") OR "charge")"#),
            ("late fee -charge", r#"(("late" AND "fee") NOT "charge")"#),
            ("\"late fee\" NOT (charge OR cost)", r#"("late fee" NOT ("charge" OR "cost"))"#),
            ("-charge", r#"("_all" NOT "charge")"#),
            ("fee OR NOT charge", r#"("fee" OR ("_all" NOT "charge"))"#),
            ("NOT NOT charge", r#""charge""#),
            ("don't", r#""don t""#),
            ("NWB-4K7Q-9M2X", r#""nwb 4k7q 9m2x""#),
            ("ann@example.com", r#""ann example com""#),
            ("refun*", r#"("refund" OR "refunds")"#),
            ("zyx*", r#""_none""#),
            ("fee refun*", r#"("fee" AND ("refund" OR "refunds"))"#),
            ("\"late fee", r#""late fee""#),
            ("and or not", r#"("and" AND "or" AND "not")"#),
            ("fee ... !!! --", r#""fee""#),
            ("a\"b\"c", r#"("a" AND "b" AND "c")"#),
        ] {
            assert_eq!(matching(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_word_is_walked_once() {
        for (text, expected) in [
            ("fee", "fee"),
            ("\"late fee\" fee", "fee late"),
            ("late fee OR charge", "charge fee late"),
            ("fee -\"late charge\"", "charge fee late"),
            ("refun* fee", "fee"),
            ("refun*", ""),
        ] {
            let found = Query::parse(text).unwrap().walked(&tokens()).join(" ").replace(tokens().code(), "");
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_searched_for_is_refused() {
        use InvalidQuery::{Empty, Nothing, ShortBeginning, TooDeep, TooLong, TooManyWords, Unbalanced};
        for (text, expected) in [
            ("", Empty),
            ("?! ()", Empty),
            ("AND OR NOT", Empty),
            ("fee AND", Nothing("an operator")),
            ("OR fee", Nothing("OR")),
            ("fee AND OR charge", Nothing("OR")),
            ("fee ()", Nothing("()")),
            ("fee NOT", Nothing("an operator")),
            ("(fee", Unbalanced),
            ("fee)", Unbalanced),
            ("fe*", ShortBeginning),
            (&"fee ".repeat(33), TooManyWords),
            (&format!("{}fee", "(".repeat(9)), TooDeep),
            (&format!("{}fee", "NOT ".repeat(100)), TooDeep),
            (&"AND ".repeat(2_500), TooLong),
        ] {
            assert_eq!(matching(text), Err(expected), "{text}");
        }
    }

    proptest! {
        /// Whatever is typed, no token of another tenant and none of the index's own syntax gets through.
        #[test]
        fn nothing_but_own_tokens_is_asked_for(text in "[a-zA-Z*\"()\\-^:{}+ éß語]{0,60}( AND | OR | NOT ){0,2}[a-z\"(]{0,9}") {
            if let Ok(query) = Query::parse(&text) {
                let asked = query.matching(&tokens(), &Meant::new());
                for (place, part) in asked.split('"').enumerate() {
                    if place % 2 == 0 {
                        prop_assert!(part.chars().all(|c| "() ANDORT".contains(c)), "{}", asked);
                    } else {
                        prop_assert!(part.split(' ').all(|token| token.starts_with(tokens().code())), "{}", asked);
                    }
                }
            }
        }
    }
}
