//! `GET /v1/complaints?…`: the filters, the page and the order, parsed from the query string.

use super::problem::{FieldError, Rule};
use crate::{
    chain::Digest,
    complaint::{
        intake::{Channel, Severity},
        projection::Facet,
        state::State,
    },
    ids::ComplaintId,
    reference::Reference,
    search::query::Query,
    time::Timestamp,
};
use std::{fmt, str::FromStr};

/// The most complaints a page may have.
pub const MAX_LIMIT: u32 = 200;
/// The complaints on a page when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most filters of one kind (`tag` may be repeated; all must match).
const MAX_FILTERS: usize = 10;
/// The most errors one answer names.
const MAX_ERRORS: usize = 20;

/// What a caller wants listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Facets that must all match.
    pub facets: Vec<(Facet, String)>,
    /// Received at this moment or later.
    pub received_from: Option<Timestamp>,
    /// Received before this moment.
    pub received_to: Option<Timestamp>,
    /// What to search for.
    pub search: Option<Query>,
    /// Whether what answers the search best comes first, and not what is newest.
    pub by_relevance: bool,
    /// The one complaint with this reference.
    pub reference: Option<Reference>,
    /// The one complaint with this id of the tenant's own.
    pub external_reference: Option<String>,
    /// How many.
    pub limit: Option<u32>,
    /// Where to go on, still sealed.
    pub cursor: Option<String>,
}

impl ListQuery {
    /// Reads a query string (without `?`).
    ///
    /// # Errors
    /// Every parameter that is unknown, repeated in vain, or not acceptable.
    pub fn parse(query: &str) -> Result<Self, Vec<FieldError>> {
        let mut parsed = Self::default();
        let mut errors = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if let Err((rule, detail)) = parsed.take(&name, value.into_owned()) {
                let shown: String = name.chars().take(64).collect();
                errors.push(FieldError::parameter(&shown, rule, detail));
            }
            if errors.len() >= MAX_ERRORS {
                return Err(errors);
            }
        }
        parsed.facets.sort();
        if parsed.names_one() && query.contains('&') {
            let name = if parsed.reference.is_some() { "reference" } else { "external_reference" };
            errors.push(FieldError::parameter(name, Rule::NotAllowed, "cannot be combined with other parameters"));
        }
        if parsed.by_relevance && (parsed.search.is_none() || parsed.cursor.is_some()) {
            let rule = "is for the first page of a search: needs q and no cursor";
            errors.push(FieldError::parameter("order", Rule::NotAllowed, rule));
        }
        if errors.is_empty() { Ok(parsed) } else { Err(errors) }
    }

    /// Whether it asks for one complaint by a unique name.
    #[must_use]
    pub const fn names_one(&self) -> bool {
        self.reference.is_some() || self.external_reference.is_some()
    }

    /// The number of complaints on a page.
    #[must_use]
    pub fn page_size(&self) -> u32 {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// What a cursor is bound to: the filters, not the page.
    #[must_use]
    pub fn filters(&self) -> Digest {
        let bounds = [self.received_from, self.received_to].map(|at| at.map(Timestamp::unix_millis));
        Digest::of(format!("{:?} {bounds:?} {:?}", self.facets, self.search).as_bytes())
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), (Rule, String)> {
        if let Some(facet) = Facet::ALL.into_iter().find(|facet| facet.as_str() == name) {
            let same = self.facets.iter().filter(|(held, _)| *held == facet).count();
            match facet {
                Facet::Tag if same >= MAX_FILTERS => {
                    return Err((Rule::OutOfRange, format!("at most {MAX_FILTERS} times")));
                }
                Facet::Tag => {}
                _ if same > 0 => return Err((Rule::NotAllowed, "may be given once".to_owned())),
                _ => {}
            }
            let value = bounded(value)?;
            known(facet, &value)?;
            self.facets.push((facet, value));
            return Ok(());
        }
        match name {
            "q" => once(&mut self.search, Query::parse(&value).map_err(|error| (Rule::NotAllowed, error.to_string()))?),
            "order" => match value.as_str() {
                "newest" => Ok(()),
                "relevance" => {
                    self.by_relevance = true;
                    Ok(())
                }
                _ => Err((Rule::NotAllowed, "must be `newest` or `relevance`".to_owned())),
            },
            "received_from" => once(&mut self.received_from, read(&value)?),
            "received_to" => once(&mut self.received_to, read(&value)?),
            "reference" => once(&mut self.reference, read(&value)?),
            "external_reference" => once(&mut self.external_reference, bounded(value)?),
            "cursor" => once(&mut self.cursor, bounded(value)?),
            "limit" => match value.parse() {
                Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => once(&mut self.limit, limit),
                _ => Err((Rule::OutOfRange, format!("must be a whole number from 1 to {MAX_LIMIT}"))),
            },
            _ => Err((Rule::UnknownField, "is not a known parameter".to_owned())),
        }
    }
}

/// A value of a closed vocabulary must be in it; a mistyped one would only ever find nothing.
fn known(facet: Facet, value: &str) -> Result<(), (Rule, String)> {
    let text = || serde_json::Value::from(value);
    let error = match facet {
        Facet::State => serde_json::from_value::<State>(text()).err().map(|error| error.to_string()),
        Facet::Channel => serde_json::from_value::<Channel>(text()).err().map(|error| error.to_string()),
        Facet::Severity => serde_json::from_value::<Severity>(text()).err().map(|error| error.to_string()),
        Facet::LinkedTo => value.parse::<ComplaintId>().err().map(|error| error.to_string()),
        Facet::Assignee | Facet::Team | Facet::Tag | Facet::Issue | Facet::Product => None,
    };
    let Some(error) = error else { return Ok(()) };
    let rule = error.split_once("expected ").map(|(_, allowed)| format!("must be {allowed}"));
    Err((Rule::NotAllowed, rule.unwrap_or(error)))
}

fn once<T>(held: &mut Option<T>, value: T) -> Result<(), (Rule, String)> {
    if held.replace(value).is_some() { Err((Rule::NotAllowed, "may be given once".to_owned())) } else { Ok(()) }
}

fn read<T: FromStr<Err: fmt::Display>>(value: &str) -> Result<T, (Rule, String)> {
    value.parse().map_err(|error: T::Err| (Rule::NotAllowed, error.to_string()))
}

fn bounded(value: String) -> Result<String, (Rule, String)> {
    if value.is_empty() || value.len() > 500 || value.contains('\0') {
        Err((Rule::OutOfRange, "must have 1 to 500 bytes".to_owned()))
    } else {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_in_one_order() {
        let query = ListQuery::parse("state=received&tag=fraud&product=mortgage&tag=urgent&limit=10").unwrap();
        let names: Vec<_> = query.facets.iter().map(|(facet, value)| (facet.as_str(), value.as_str())).collect();
        assert_eq!(names, [("tag", "fraud"), ("tag", "urgent"), ("product", "mortgage"), ("state", "received")]);
        assert_eq!(query.page_size(), 10);
    }

    #[test]
    fn the_page_does_not_change_the_filters() {
        let filters = |query| ListQuery::parse(query).unwrap().filters();
        assert_eq!(filters("state=received"), filters("state=received&limit=7&cursor=abc"));
        assert_ne!(filters("state=received"), filters("state=closed"));
        assert_ne!(filters("received_from=2026-01-01T00:00:00Z"), filters("received_to=2026-01-01T00:00:00Z"));
    }

    #[test]
    fn every_bad_parameter_is_named() {
        let errors = ListQuery::parse(
            "colour=red&limit=0&limit=5&received_from=yesterday&state=sold&channel=web&channel=web&reference=x",
        )
        .unwrap_err();
        let names: Vec<_> = errors.iter().filter_map(|error| error.parameter.as_deref()).collect();
        assert_eq!(names, ["colour", "limit", "received_from", "state", "channel", "reference"]);
    }
}
