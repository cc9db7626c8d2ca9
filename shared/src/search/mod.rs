//! Search: what is found by words, and every list that is filtered.
//!
//! Each database has one full-text index over all its complaints (SQLite FTS5). Its tokens are made here: a word of a
//! tenant's text becomes the tenant's code and the word, so no query of one tenant can meet, count or be slowed by a word
//! of another. What lists filter by are tokens too ([`index`]), so filters and words are one query, answered newest first
//! from the index alone, and stop when the page is full ([`place`]).

pub mod counter;
pub mod index;
pub mod place;
pub mod query;
pub mod rank;
pub mod snippet;
