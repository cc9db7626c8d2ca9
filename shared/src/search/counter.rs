//! Which complaints are counted for saved views, and under which name.
//!
//! A counter is named by what it counts: whoever finds none of the name makes it, and one that is there is right. So
//! nothing has to be told to a counter when a view changes: the view then asks for another one.

use super::index::{Tokens, short};
use crate::{http::list_query::ListQuery, identity::role::Clearance, time::Timestamp};
use std::collections::BTreeSet;

/// Letters of a name's hash: 80 bits. With the letter before them they are what `keep.sql` tells counters by.
const NAME: usize = 16;

/// What a counter counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Its name: a letter and a hash of the rest, and of what is hidden from whom.
    pub name: String,
    /// The tokens of the index that a complaint must all have; the one that fewest have is likely to be the first.
    pub tokens: Vec<String>,
    /// Received at this moment or later, in milliseconds.
    pub received_from: i64,
    /// Received before this moment, in milliseconds.
    pub received_to: i64,
}

impl Counter {
    /// The counter of a filter. `None` if it searches for words: what those find is not counted.
    #[must_use]
    pub fn of(query: &ListQuery, tokens: &Tokens) -> Option<Self> {
        if query.search.is_some() {
            return None;
        }
        let (received_from, received_to) = query.received();
        let wanted = tokens.wanted(query);
        let [from, to] = [received_from, received_to].map(Timestamp::unix_millis);
        let name = format!("f{}", short(format!("{from} {to} {}", wanted.join(" ")).as_bytes(), NAME));
        Some(Self { name, tokens: wanted, received_from: from, received_to: to })
    }

    /// The counter of what of the same whoever has these clearances may not see.
    #[must_use]
    pub fn hidden_from(&self, clearances: &BTreeSet<Clearance>, tokens: &Tokens) -> Self {
        let hidden = tokens.hidden_from(clearances);
        let name = format!("{}{}", self.name, hidden.trim_start_matches(tokens.code()));
        let tokens = std::iter::once(hidden).chain(self.tokens.iter().cloned()).collect();
        Self { name, tokens, ..*self }
    }

    /// As a JSON list for the database. Tokens and names need no escaping.
    #[must_use]
    pub fn list(counters: &[Self]) -> String {
        let one = |Self { name, tokens, received_from, received_to }: &Self| {
            let tokens = tokens.join("\",\"");
            format!(
                r#"{{"name":"{name}","tokens":["{tokens}"],"received_from":{received_from},"received_to":{received_to}}}"#
            )
        };
        format!("[{}]", counters.iter().map(one).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::TenantId, time::Timestamp};

    fn counter(query: &str) -> Option<Counter> {
        let tokens = Tokens::of(TenantId::new(Timestamp::from_unix_millis(1_790_000_000_000), &[7; 10]));
        Counter::of(&ListQuery::parse(query).unwrap(), &tokens)
    }

    #[test]
    fn the_same_filter_has_the_same_counter() {
        let name = |query| counter(query).unwrap().name;
        assert_eq!(name("state=received&tag=fraud"), name("tag=fraud&state=received&limit=3"));
        let different = [
            "",
            "state=received",
            "state=closed",
            "received_from=2026-01-01T00:00:00Z",
            "received_to=2026-01-01T00:00:00Z",
        ];
        for (nth, one) in different.iter().enumerate() {
            for other in different.iter().skip(nth + 1) {
                assert_ne!(name(one), name(other), "{one} {other}");
            }
        }
        assert!(name("").starts_with('f') && name("").len() == 17);
        assert_eq!(counter("q=fee"), None);
    }

    #[test]
    fn what_is_hidden_is_counted_beside() {
        let tokens = Tokens::of(TenantId::new(Timestamp::from_unix_millis(1_790_000_000_000), &[7; 10]));
        let all = counter("tag=fraud").unwrap();
        let hidden = all.hidden_from(&BTreeSet::from([Clearance::Vip]), &tokens);
        assert_eq!(hidden.name, format!("{}_hc", all.name));
        assert_eq!((&hidden.tokens[0], &hidden.tokens[1..]), (&format!("{}_hc", tokens.code()), all.tokens.as_slice()));
        assert_ne!(hidden, all.hidden_from(&BTreeSet::new(), &tokens));
    }

    #[test]
    fn the_database_is_told_in_json() {
        let counters = ["state=received&tag=a", ""].map(|query| counter(query).unwrap());
        let list: serde_json::Value = serde_json::from_str(&Counter::list(&counters)).unwrap();
        for (told, counter) in list.as_array().unwrap().iter().zip(&counters) {
            let Counter { name, tokens, received_from, received_to } = counter;
            let expected = serde_json::json!({
                "name": name, "tokens": tokens, "received_from": received_from, "received_to": received_to
            });
            assert_eq!(told, &expected);
        }
        assert_eq!((list.as_array().unwrap().len(), Counter::list(&[])), (2, "[]".to_owned()));
    }

    #[test]
    fn complaints_are_looked_up_by_what_few_have() {
        let all = counter("").unwrap();
        assert!(all.tokens.len() == 1 && all.tokens[0].ends_with("_all"), "{:?}", all.tokens);
        let state = counter("state=received").unwrap().tokens;
        let mine = counter("state=received&assignee=anna").unwrap().tokens;
        assert_eq!((mine.len(), &mine[1]), (2, &state[0]));
    }
}
