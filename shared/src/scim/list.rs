//! Lists of resources (RFC 7644 §3.4.2).

use super::{
    LIST_SCHEMA,
    error::{ScimError, ScimType},
    filter::{Column, Condition, Filter, Operator, unsupported},
};
use serde_json::{Value, json};

/// How many resources a page has when nobody says.
pub const DEFAULT_COUNT: usize = 100;
/// How many it has at most; more may be asked for, and this many are given (§3.4.2.4).
pub const MAX_COUNT: usize = 200;
/// The last place at which a page may begin: no firm has so many people.
pub const MAX_START: usize = 1_000_000;

/// Of which resources a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `/Users`.
    Users,
    /// `/Groups`.
    Groups,
}

impl Kind {
    /// What they are looked up by.
    const fn columns(self) -> &'static [Column] {
        match self {
            Self::Users => &[
                Column::Id,
                Column::UserName,
                Column::ExternalId,
                Column::Email,
                Column::DisplayName,
                Column::Active,
                Column::LastModified,
            ],
            Self::Groups => {
                &[Column::Id, Column::ExternalId, Column::DisplayName, Column::LastModified, Column::Member]
            }
        }
    }

    /// Those of which at most one resource of a firm has a value: then it alone is looked up, and the other conditions are asked of what
    /// was found.
    const fn keys(self) -> &'static [Column] {
        match self {
            Self::Users => &[Column::Id, Column::UserName, Column::ExternalId, Column::Email],
            Self::Groups => &[Column::Id, Column::ExternalId, Column::DisplayName],
        }
    }
}

/// Which resources are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ListRequest {
    /// Of which.
    pub kind: Kind,
    /// The filter.
    pub filter: Option<Filter>,
    /// The same, as it is looked up.
    pub conditions: Vec<Condition>,
    /// The place of the first, counted from 1.
    pub start: usize,
    /// How many; 0: only how many there are.
    pub count: usize,
    /// Whether members are left out (`excludedAttributes=members`): Entra ID asks so, for they are many.
    pub without_members: bool,
}

impl ListRequest {
    /// Reads a query. What is not known is ignored, `sortBy` too: the order is that of ids (§3.4.2.3 leaves it open).
    ///
    /// # Errors
    /// `invalidFilter`, `invalidValue`.
    pub fn read(kind: Kind, query: &str) -> Result<Self, ScimError> {
        let mut request =
            Self { kind, filter: None, conditions: Vec::new(), start: 1, count: DEFAULT_COUNT, without_members: false };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "filter" if request.filter.is_some() => {
                    return Err(ScimError::of(ScimType::InvalidFilter, "there is more than one filter"));
                }
                "filter" => {
                    let filter = Filter::parse(&value)?;
                    request.conditions = filter.conditions()?;
                    if !request.conditions.iter().all(|one| kind.columns().contains(&one.column)) {
                        return Err(unsupported());
                    }
                    request.filter = Some(filter);
                }
                // Less than the first is the first, less than none is none (§3.4.2.4).
                "startIndex" => request.start = number(&value)?.clamp(1, MAX_START),
                "count" => request.count = number(&value)?.min(MAX_COUNT),
                "excludedAttributes" => {
                    request.without_members =
                        value.split(',').any(|attribute| attribute.trim().eq_ignore_ascii_case("members"));
                }
                _ => {}
            }
        }
        Ok(request)
    }

    /// Of the conditions, the one by which to look up: an equality of what is unique.
    #[must_use]
    pub fn key(&self) -> Option<&Condition> {
        self.conditions.iter().find(|one| one.operator == Operator::Equal && self.kind.keys().contains(&one.column))
    }

    /// How many resources come before the first.
    #[must_use]
    pub const fn skipped(&self) -> usize {
        self.start.saturating_sub(1)
    }
}

fn number(text: &str) -> Result<usize, ScimError> {
    let number: i64 = text.parse().map_err(|_| ScimError::value("startIndex and count must be whole numbers"))?;
    Ok(usize::try_from(number.max(0)).unwrap_or(usize::MAX))
}

/// The body of an answer. `total`: how many resources there are, on all pages.
#[must_use]
pub fn document(resources: &[Value], total: usize, start: usize) -> Value {
    json!({
        "schemas": [LIST_SCHEMA],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read() {
        let read = |query: &str| ListRequest::read(Kind::Users, query).unwrap();
        let page = |request: &ListRequest| (request.start, request.count, request.skipped());
        assert_eq!(page(&read("")), (1, 100, 0));
        assert_eq!(page(&read("startIndex=0&count=-1")), (1, 0, 0));
        assert_eq!(page(&read("startIndex=201&count=5000&sortBy=userName&x=y")), (201, 200, 200));
        assert_eq!(read("startIndex=9999999999999").start, MAX_START);
        let found = read("filter=userName+eq+%22Ada%40example.com%22&excludedAttributes=id,members");
        assert!(found.without_members && found.key().is_some_and(|key| key.column == Column::UserName));
        let by_name = "filter=displayName+eq+%22Cards%22+and+meta.lastModified+gt+%222026-11-20T12:00:00Z%22";
        assert!(read(by_name).key().is_none());
        let group = ListRequest::read(Kind::Groups, by_name).unwrap();
        assert!(group.conditions.len() == 2 && group.key().is_some_and(|key| key.column == Column::DisplayName));
        assert!(ListRequest::read(Kind::Groups, "filter=active+eq+true").is_err());
        assert!(ListRequest::read(Kind::Users, "filter=members+eq+%22x%22").is_err());
        for (query, kind) in [
            ("count=x", ScimType::InvalidValue),
            ("filter=x", ScimType::InvalidFilter),
            ("filter=title+pr", ScimType::InvalidFilter),
            ("filter=id+eq+%22a%22&filter=id+eq+%22b%22", ScimType::InvalidFilter),
        ] {
            assert_eq!(ListRequest::read(Kind::Users, query).unwrap_err().kind, Some(kind), "{query}");
        }
    }

    #[test]
    fn an_answer_counts_all() {
        let empty = document(&[], 0, 1);
        assert_eq!((empty["totalResults"].as_u64(), empty["Resources"].as_array().map(Vec::len)), (Some(0), Some(0)));
        assert_eq!(document(&[json!({})], 7, 3)["itemsPerPage"], 1);
    }
}
