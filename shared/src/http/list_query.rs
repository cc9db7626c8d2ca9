//! `GET /v1/complaints?…`: the filters, the page and the order, parsed from the query string.

use super::problem::{FieldError, Rule};
use crate::{
    chain::Digest,
    clock::{day::Day, due::DueBand},
    complaint::{
        intake::{Channel, Severity},
        projection::Facet,
        state::State,
    },
    identity::role::Clearance,
    ids::{ComplaintId, ViewId},
    reference::Reference,
    search::query::Query,
    time::Timestamp,
    view::MAX_FILTER,
};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// The most complaints a page may have.
pub const MAX_LIMIT: u32 = 200;
/// The complaints on a page when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most filters of one kind (`tag` may be repeated; all must match).
const MAX_FILTERS: usize = 10;
/// The most errors one answer names.
const MAX_ERRORS: usize = 20;
/// Parameters that are of one list, one page or one complaint, and no filters.
const OF_LISTS: [&str; 6] = ["order", "due", "limit", "cursor", "reference", "external_reference"];

/// The facet of open complaints that nobody works on.
const NOBODYS: (Facet, String) = (Facet::Assignee, String::new());

/// What comes first in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What was received last.
    #[default]
    Newest,
    /// What answers the search best.
    Relevance,
    /// What is due soonest by law; what nothing is due of is not in the list.
    Due,
}

/// What a caller wants listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Facets that must all match.
    pub facets: Vec<(Facet, String)>,
    /// Received at this moment or later.
    pub received_from: Option<Timestamp>,
    /// Received before this moment.
    pub received_to: Option<Timestamp>,
    /// The saved view whose filter must match, too: see [`ListQuery::within`].
    pub view: Option<ViewId>,
    /// What to search for.
    pub search: Option<Query>,
    /// What comes first.
    pub order: Order,
    /// How soon something is due, in [`Order::Due`].
    pub due: Option<DueBand>,
    /// The one complaint with this reference.
    pub reference: Option<Reference>,
    /// The one complaint with this id of the tenant's own.
    pub external_reference: Option<String>,
    /// How many.
    pub limit: Option<u32>,
    /// Where to go on, still sealed.
    pub cursor: Option<String>,
    /// Of whoever asks and does not see all: what they may see. It is not asked for: it narrows what is found.
    pub clearances: Option<BTreeSet<Clearance>>,
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
        if parsed.due.is_some() && parsed.order == Order::Newest {
            parsed.order = Order::Due;
        }
        if parsed.order == Order::Due && parsed.search.is_some() {
            errors.push(FieldError::parameter("q", Rule::NotAllowed, "is not for lists of what is due"));
        }
        if parsed.due.is_some() && parsed.order != Order::Due {
            errors.push(FieldError::parameter("due", Rule::NotAllowed, "has an order of its own"));
        }
        if parsed.order == Order::Relevance && (parsed.search.is_none() || parsed.cursor.is_some()) {
            let rule = "is for the first page of a search: needs q and no cursor";
            errors.push(FieldError::parameter("order", Rule::NotAllowed, rule));
        }
        if errors.is_empty() { Ok(parsed) } else { Err(errors) }
    }

    /// Reads a query string that is a member of a body.
    ///
    /// # Errors
    /// As of [`parse`](Self::parse), at that member.
    pub fn parse_at(member: &str, query: &str) -> Result<Self, Vec<FieldError>> {
        Self::parse(query).map_err(|mut errors| {
            for error in &mut errors {
                let name = error.parameter.take().unwrap_or_default();
                *error = FieldError::at(member, error.code, format!("{name}: {}", error.detail));
            }
            errors
        })
    }

    /// Reads what a saved view shows: filters and words to search for, and nothing that is of one page or one complaint.
    ///
    /// # Errors
    /// As of [`parse`](Self::parse), at the member `filter` of a body.
    pub fn filter(text: &str) -> Result<Self, Vec<FieldError>> {
        let at = |rule, detail: String| FieldError::at("/filter", rule, detail);
        if text.len() > MAX_FILTER {
            return Err(vec![at(Rule::OutOfRange, format!("must have at most {MAX_FILTER} bytes"))]);
        }
        let parsed = Self::parse_at("/filter", text)?;
        match of_lists(text).or(parsed.view.map(|_| "view")) {
            Some(name) => Err(vec![at(Rule::NotAllowed, format!("{name}: is not part of a view"))]),
            None => Ok(parsed),
        }
    }

    /// Reads the filters of what has no pages: as [`parse`](Self::parse), but for what is of one page or one complaint.
    ///
    /// # Errors
    /// As of `parse`.
    pub fn filters_of(query: &str) -> Result<Self, Vec<FieldError>> {
        match of_lists(query) {
            Some(name) => Err(vec![FieldError::parameter(name, Rule::NotAllowed, "is for lists alone")]),
            None => Self::parse(query),
        }
    }

    /// What is asked for among what a view shows: both must match.
    #[must_use]
    pub fn within(mut self, view: Self) -> Self {
        self.facets.extend(view.facets);
        self.facets.sort();
        self.facets.dedup();
        self.received_from = self.received_from.max(view.received_from);
        self.received_to = self.received_to.into_iter().chain(view.received_to).min();
        self.search = match (self.search, view.search) {
            (Some(asked), Some(of_view)) => Some(asked.and(of_view)),
            (asked, of_view) => asked.or(of_view),
        };
        self
    }

    /// Received at the first of these moments or later, and before the second.
    #[must_use]
    pub fn received(&self) -> (Timestamp, Timestamp) {
        (self.received_from.unwrap_or(Timestamp::MIN), self.received_to.unwrap_or(Timestamp::MAX.plus_millis(1)))
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

    /// The days on which something is due: the first, and the first beyond, as of `today`.
    #[must_use]
    pub fn due_days(&self, today: Day) -> (Option<Day>, Option<Day>) {
        self.due.map_or((None, None), |band| band.days(today))
    }

    /// What a cursor is bound to: the filters, not the page.
    #[must_use]
    pub fn filters(&self) -> Digest {
        let bounds = [self.received_from, self.received_to].map(|at| at.map(Timestamp::unix_millis));
        let due = (self.order == Order::Due).then(|| self.due.map_or("all", DueBand::as_str));
        Digest::of(format!("{:?} {bounds:?} {:?} {due:?}", self.facets, self.search).as_bytes())
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
            "unassigned" if self.facets.contains(&NOBODYS) => Err((Rule::NotAllowed, "may be given once".to_owned())),
            "unassigned" if value == "true" => {
                self.facets.push(NOBODYS);
                Ok(())
            }
            "unassigned" => Err((Rule::NotAllowed, "must be `true`, or left out".to_owned())),
            "q" => once(&mut self.search, Query::parse(&value).map_err(|error| (Rule::NotAllowed, error.to_string()))?),
            "order" => match value.as_str() {
                "newest" => Ok(()),
                "relevance" => {
                    self.order = Order::Relevance;
                    Ok(())
                }
                "due" => {
                    self.order = Order::Due;
                    Ok(())
                }
                _ => Err((Rule::NotAllowed, "must be `newest`, `due` or `relevance`".to_owned())),
            },
            "due" => match DueBand::ALL.into_iter().find(|band| band.as_str() == value) {
                Some(band) => once(&mut self.due, band),
                None => {
                    let known = DueBand::ALL.map(DueBand::as_str).join("`, `");
                    Err((Rule::NotAllowed, format!("must be one of `{known}`")))
                }
            },
            "view" => once(&mut self.view, read(&value)?),
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

/// The first parameter that is of one list, one page or one complaint, if there is one.
fn of_lists(query: &str) -> Option<&'static str> {
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    names.find_map(|name| OF_LISTS.into_iter().find(|of_lists| *of_lists == name))
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
    fn what_nobody_works_on_can_be_asked_for() {
        let query = ListQuery::parse("unassigned=true&state=received").unwrap();
        assert_eq!(query.facets, [(Facet::Assignee, String::new()), (Facet::State, "received".to_owned())]);
        for wrong in ["unassigned=", "unassigned=false", "unassigned=true&unassigned=true", "assignee="] {
            assert!(ListQuery::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_page_does_not_change_the_filters() {
        let filters = |query| ListQuery::parse(query).unwrap().filters();
        assert_eq!(filters("state=received"), filters("state=received&limit=7&cursor=abc"));
        assert_ne!(filters("state=received"), filters("state=closed"));
        assert_ne!(filters("received_from=2026-01-01T00:00:00Z"), filters("received_to=2026-01-01T00:00:00Z"));
    }

    #[test]
    fn a_view_holds_filters_and_nothing_else() {
        for text in ["", "state=received", "tag=a&tag=b&q=late%20fee&received_from=2026-01-01T00:00:00Z"] {
            assert_eq!(ListQuery::filter(text), Ok(ListQuery::parse(text).unwrap()), "{text}");
        }
        let long = format!("q={}", "a%20".repeat(1_000));
        let (id, reference) = ("view=018bcfe5-6800-7303-8303-030303030301", "external_reference=x");
        for text in ["colour=red", "state=sold", "order=newest", "limit=5", "cursor=abc", id, reference, &long] {
            let errors = ListQuery::filter(text).unwrap_err();
            assert_eq!(errors[0].pointer.as_deref(), Some("/filter"), "{text}");
        }
    }

    #[test]
    fn what_has_no_pages_is_asked_for_none() {
        for text in ["", "state=received", "view=018bcfe5-6800-7303-8303-030303030301&tag=a&q=late%20fee"] {
            assert_eq!(ListQuery::filters_of(text), ListQuery::parse(text), "{text}");
        }
        for (text, name) in [("tag=a&limit=5", "limit"), ("order=newest", "order"), ("colour=red", "colour")] {
            let errors = ListQuery::filters_of(text).unwrap_err();
            assert_eq!(errors[0].parameter.as_deref(), Some(name));
        }
    }

    #[test]
    fn within_a_view_both_must_match() {
        let within =
            |asked: &str, view: &str| ListQuery::parse(asked).unwrap().within(ListQuery::filter(view).unwrap());
        let same = |one: ListQuery, other: &str| {
            assert_eq!(one.filters(), ListQuery::parse(other).unwrap().filters(), "{other}")
        };
        same(within("state=received&limit=3", "tag=fraud"), "tag=fraud&state=received");
        same(within("state=received", "state=received&q=fee"), "state=received&q=fee");
        same(within("q=late", "q=fee"), "q=late%20fee");
        same(within("q=late%20OR%20never", "q=fee"), "q=(late%20OR%20never)%20fee");
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        for (asked, view) in [(early, late), (late, early)] {
            same(
                within(
                    &format!("received_from={asked}&received_to={asked}"),
                    &format!("received_from={view}&received_to={view}"),
                ),
                &format!("received_from={late}&received_to={early}"),
            );
        }
        same(within("", &format!("received_to={early}")), &format!("received_to={early}"));
        let two = within("state=received", "state=closed");
        assert_eq!(two.facets.len(), 2, "nothing is both");
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
