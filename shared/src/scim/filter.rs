//! Filters (RFC 7644 §3.4.2.2), and paths of changes (§3.5.2), which are made of the same parts.
//!
//! ```text
//! filter    = any *( "or" any )            any = one *( "and" one )
//! one       = ["not"] "(" filter ")" / attribute "pr" / attribute op value / attribute "[" filter "]" [ "." name op value ]
//! attribute = [ urn ":" ] name [ "." name ]
//! ```
//!
//! Names and operators in any case. `emails[type eq "work"].value eq "x"` is no filter by the standard's grammar, but Entra ID sends it:
//! it is read as `emails[type eq "work" and value eq "x"]`.

use super::error::{ScimError, ScimType};
use crate::{text::Line, time::Timestamp};
use serde_json::{Map, Number, Value};
use std::{cmp::Ordering, fmt};

/// The most bytes of a filter, or of a path.
pub const MAX_BYTES: usize = 1_000;
/// The deepest parentheses and brackets.
pub const MAX_DEPTH: u8 = 8;
/// The most comparisons.
pub const MAX_TERMS: usize = 32;

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of these.
    And(Vec<Self>),
    /// At least one of these.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// The attribute has a value.
    Present(Attribute),
    /// One of the attribute's values compares so.
    Compare(Attribute, Operator, Operand),
    /// One value of the attribute is all that the filter says, in one.
    Has(Attribute, Box<Self>),
}

/// An attribute, in lower case: names have no case (RFC 7643 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The schema, if it was named.
    pub schema: Option<String>,
    /// The name.
    pub name: String,
    /// Of a complex attribute, which part.
    pub part: Option<String>,
}

/// How to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Contains.
    Contains,
    /// Starts with.
    StartsWith,
    /// Ends with.
    EndsWith,
    /// Greater than; of a time, later.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
    /// Less than.
    Less,
    /// Less or equal.
    LessOrEqual,
}

const OPERATORS: [(&str, Operator); 9] = [
    ("eq", Operator::Equal),
    ("ne", Operator::NotEqual),
    ("co", Operator::Contains),
    ("sw", Operator::StartsWith),
    ("ew", Operator::EndsWith),
    ("gt", Operator::Greater),
    ("ge", Operator::GreaterOrEqual),
    ("lt", Operator::Less),
    ("le", Operator::LessOrEqual),
];

/// With what to compare.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A text.
    Text(String),
    /// A number.
    Number(Number),
    /// True or false.
    Flag(bool),
    /// No value.
    Null,
}

/// A path of a change: `active`, `name.givenName`, `emails[type eq "work"].value`, `members[value eq "…"]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The attribute.
    pub attribute: Attribute,
    /// Which of its values; `None`: all.
    pub which: Option<Filter>,
}

/// Attributes whose texts have case (RFC 7643 §3.1, §7 `caseExact`).
const CASE_EXACT: [&str; 4] = ["id", "externalid", "meta", "members"];

fn invalid(detail: &'static str) -> ScimError {
    ScimError::of(ScimType::InvalidFilter, detail)
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// `invalidFilter`.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        let mut parser = Parser::new(text)?;
        let filter = parser.any()?;
        if parser.rest().is_empty() { Ok(filter) } else { Err(invalid("the filter goes on where it should end")) }
    }

    /// Whether a resource, as it is shown, is one that the filter means.
    #[must_use]
    pub fn matches(&self, resource: &Value) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(resource)),
            Self::Or(any) => any.iter().any(|one| one.matches(resource)),
            Self::Not(one) => !one.matches(resource),
            Self::Present(attribute) => attribute.values(resource).iter().any(|value| is_present(value)),
            // What is not there is not equal to anything but to nothing.
            Self::Compare(attribute, Operator::NotEqual, operand) => {
                !attribute.values(resource).iter().any(|value| operand.compares(Operator::Equal, value, attribute))
            }
            Self::Compare(attribute, operator, operand) => {
                let values = attribute.values(resource);
                let nothing = values.is_empty() && *operand == Operand::Null && *operator == Operator::Equal;
                nothing || values.iter().any(|value| operand.compares(*operator, value, attribute))
            }
            Self::Has(attribute, one) => attribute.values(resource).iter().any(|value| one.matches(value)),
        }
    }

    /// The filter as conditions that all have to hold, each on something that is looked up here.
    ///
    /// # Errors
    /// `invalidFilter` for `or`, `not` and whatever else has no column: a firm has thousands of people, and nobody's filter reads them all.
    pub fn conditions(&self) -> Result<Vec<Condition>, ScimError> {
        match self {
            Self::And(all) => {
                let each = all.iter().map(Self::conditions).collect::<Result<Vec<_>, _>>()?;
                Ok(each.into_iter().flatten().collect())
            }
            Self::Compare(attribute, operator, operand) => {
                let column = Column::of(attribute).ok_or_else(unsupported)?;
                Ok(vec![Condition::new(column, *operator, operand)?])
            }
            Self::Has(attribute, inside) if attribute.name == "emails" && attribute.part.is_none() => {
                Ok(vec![work_email(inside).ok_or_else(unsupported)?])
            }
            Self::Has(..) | Self::Or(_) | Self::Not(_) | Self::Present(_) => Err(unsupported()),
        }
    }
}

pub(super) fn unsupported() -> ScimError {
    invalid(
        "only conditions on id, userName, externalId, emails.value, displayName, active and meta.lastModified, joined by \"and\", are \
         looked up here",
    )
}

/// `emails[type eq "work" and value eq "x"]`: people have one address here, and that is it.
fn work_email(inside: &Filter) -> Option<Condition> {
    let parts = match inside {
        Filter::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut found = None;
    for part in parts {
        let Filter::Compare(attribute, operator, operand) = part else { return None };
        match (attribute.name.as_str(), operand) {
            ("value", Operand::Text(_)) => found = Condition::new(Column::Email, *operator, operand).ok(),
            ("type", Operand::Text(kind)) if kind == "work" && *operator == Operator::Equal => {}
            ("primary", Operand::Flag(true)) if *operator == Operator::Equal => {}
            _ => return None,
        }
    }
    found
}

/// What resources are looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// `id`.
    Id,
    /// `userName`; case does not matter.
    UserName,
    /// `externalId`.
    ExternalId,
    /// `emails.value`; case does not matter.
    Email,
    /// `displayName`; case does not matter.
    DisplayName,
    /// `active`.
    Active,
    /// `meta.lastModified`.
    LastModified,
    /// `members.value`, of groups.
    Member,
}

impl Column {
    fn of(attribute: &Attribute) -> Option<Self> {
        Some(match (attribute.name.as_str(), attribute.part.as_deref()) {
            ("id", None) => Self::Id,
            ("username", None) => Self::UserName,
            ("externalid", None) => Self::ExternalId,
            ("emails", None | Some("value")) => Self::Email,
            ("displayname", None) => Self::DisplayName,
            ("active", None) => Self::Active,
            ("meta", Some("lastmodified")) => Self::LastModified,
            ("members", None | Some("value")) => Self::Member,
            _ => return None,
        })
    }
}

/// A condition that can be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// On what.
    pub column: Column,
    /// How.
    pub operator: Operator,
    /// With what. Texts that have no case are in lower case.
    pub value: Bound,
}

/// The value of a condition, as it is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A text.
    Text(Line<255>),
    /// True or false.
    Flag(bool),
    /// A moment.
    Time(Timestamp),
}

impl Condition {
    fn new(column: Column, operator: Operator, operand: &Operand) -> Result<Self, ScimError> {
        let value = match (column, operand) {
            // Entra ID writes it as a text.
            (Column::Active, Operand::Text(flag)) => Bound::Flag(super::patch::flag(flag).ok_or_else(unsupported)?),
            (Column::Active, Operand::Flag(flag)) => Bound::Flag(*flag),
            (Column::LastModified, Operand::Text(time)) => {
                Bound::Time(time.parse().map_err(|_| invalid("meta.lastModified is compared with an RFC 3339 time"))?)
            }
            (Column::Id | Column::ExternalId | Column::Member, Operand::Text(text)) => line(text)?,
            (Column::UserName | Column::Email | Column::DisplayName, Operand::Text(text)) => {
                line(&text.to_lowercase())?
            }
            _ => return Err(unsupported()),
        };
        let fine = match value {
            Bound::Flag(_) => matches!(operator, Operator::Equal | Operator::NotEqual),
            Bound::Time(_) => !matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith),
            // Text is not looked up in the middle of, nor by its end: that reads everybody.
            Bound::Text(_) => matches!(operator, Operator::Equal | Operator::StartsWith),
        };
        if fine { Ok(Self { column, operator, value }) } else { Err(unsupported()) }
    }
}

fn line(text: &str) -> Result<Bound, ScimError> {
    Line::try_from(text)
        .map(Bound::Text)
        .map_err(|_| invalid("values of filters have 1 to 255 characters, in one line"))
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(is_present),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A value, or each of several.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

impl Attribute {
    /// Its values in a resource, or in one value of a complex attribute.
    fn values<'v>(&self, resource: &'v Value) -> Vec<&'v Value> {
        let Some(object) = resource.as_object() else { return Vec::new() };
        let of = self.schema.as_deref().and_then(|schema| member(object, schema)).and_then(Value::as_object);
        let Some(value) = of.and_then(|inside| member(inside, &self.name)).or_else(|| member(object, &self.name))
        else {
            return Vec::new();
        };
        let values = each(value);
        match &self.part {
            None => values,
            Some(part) => {
                let parts = values.into_iter().filter_map(Value::as_object).filter_map(|value| member(value, part));
                parts.flat_map(each).collect()
            }
        }
    }
}

impl Operand {
    fn compares(&self, operator: Operator, value: &Value, attribute: &Attribute) -> bool {
        // A complex value is compared by its `value` (RFC 7644 §3.4.2.2).
        let value = value.as_object().and_then(|object| member(object, "value")).unwrap_or(value);
        match (self, value) {
            (Self::Text(wanted), Value::String(text)) => {
                let moments = (wanted.parse::<Timestamp>(), text.parse::<Timestamp>());
                if let (Ok(wanted), Ok(at)) = moments {
                    return ordered(operator, at.cmp(&wanted));
                }
                if CASE_EXACT.contains(&attribute.name.as_str()) {
                    textual(operator, text, wanted)
                } else {
                    textual(operator, &text.to_lowercase(), &wanted.to_lowercase())
                }
            }
            (Self::Number(wanted), Value::Number(number)) => {
                let order =
                    number.as_f64().zip(wanted.as_f64()).and_then(|(number, wanted)| number.partial_cmp(&wanted));
                order.is_some_and(|order| ordered(operator, order))
            }
            (Self::Flag(wanted), Value::Bool(flag)) => operator == Operator::Equal && wanted == flag,
            (Self::Text(wanted), Value::Bool(flag)) => {
                operator == Operator::Equal && super::patch::flag(wanted) == Some(*flag)
            }
            _ => false,
        }
    }
}

fn textual(operator: Operator, text: &str, wanted: &str) -> bool {
    match operator {
        Operator::Contains => text.contains(wanted),
        Operator::StartsWith => text.starts_with(wanted),
        Operator::EndsWith => text.ends_with(wanted),
        _ => ordered(operator, text.cmp(wanted)),
    }
}

const fn ordered(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// `invalidPath`.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        let read = || {
            let mut parser = Parser::new(text)?;
            let mut attribute = parser.attribute()?;
            let which = if parser.eats("[") { Some(parser.inside("]")?) } else { None };
            if parser.eats(".") {
                attribute.part = Some(parser.name()?.to_lowercase());
            }
            if parser.rest().is_empty() { Ok(Self { attribute, which }) } else { Err(invalid("it goes on")) }
        };
        read().map_err(|_: ScimError| ScimError::of(ScimType::InvalidPath, "the path cannot be read"))
    }
}

struct Parser<'t> {
    text: &'t str,
    depth: u8,
    terms: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Result<Self, ScimError> {
        if text.len() > MAX_BYTES {
            return Err(invalid("the filter has more than 1,000 bytes"));
        }
        Ok(Self { text, depth: 0, terms: 0 })
    }

    fn rest(&mut self) -> &'t str {
        self.text = self.text.trim_start_matches([' ', '\t']);
        self.text
    }

    fn eats(&mut self, sign: &str) -> bool {
        match self.rest().strip_prefix(sign) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    /// A word of letters, if it is this one, in any case, and nothing that goes on.
    fn eats_word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let (found, after) = rest.split_at(rest.find(|c: char| !is_of_name(c)).unwrap_or(rest.len()));
        if found.eq_ignore_ascii_case(word) {
            self.text = after;
            return true;
        }
        false
    }

    fn any(&mut self) -> Result<Filter, ScimError> {
        let mut any = vec![self.all()?];
        while self.eats_word("or") {
            any.push(self.all()?);
        }
        Ok(joined(any, Filter::Or))
    }

    fn all(&mut self) -> Result<Filter, ScimError> {
        let mut all = vec![self.one()?];
        while self.eats_word("and") {
            all.push(self.one()?);
        }
        Ok(joined(all, Filter::And))
    }

    fn one(&mut self) -> Result<Filter, ScimError> {
        if self.eats("(") {
            return self.inside(")");
        }
        let before = self.text;
        if self.eats_word("not") && self.eats("(") {
            return Ok(Filter::Not(Box::new(self.inside(")")?)));
        }
        // An attribute may be called so.
        self.text = before;
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(invalid("the filter has more than 32 comparisons"));
        }
        let attribute = self.attribute()?;
        if self.eats("[") {
            let inside = self.inside("]")?;
            return self.part_of(attribute, inside);
        }
        if self.eats_word("pr") {
            return Ok(Filter::Present(attribute));
        }
        let (operator, operand) = self.comparison()?;
        Ok(Filter::Compare(attribute, operator, operand))
    }

    /// What may stand behind brackets.
    fn part_of(&mut self, attribute: Attribute, inside: Filter) -> Result<Filter, ScimError> {
        if !self.text.starts_with('.') {
            return Ok(Filter::Has(attribute, Box::new(inside)));
        }
        self.text = self.text.trim_start_matches('.');
        let part = Attribute { schema: None, name: self.name()?.to_lowercase(), part: None };
        let (operator, operand) = self.comparison()?;
        let mut all = match inside {
            Filter::And(all) => all,
            one => vec![one],
        };
        all.push(Filter::Compare(part, operator, operand));
        Ok(Filter::Has(attribute, Box::new(Filter::And(all))))
    }

    fn inside(&mut self, end: &str) -> Result<Filter, ScimError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(invalid("the filter has more than 8 parentheses inside each other"));
        }
        let filter = self.any()?;
        self.depth -= 1;
        if self.eats(end) { Ok(filter) } else { Err(invalid("a parenthesis or bracket has no other half")) }
    }

    fn name(&mut self) -> Result<&'t str, ScimError> {
        let rest = self.rest();
        let (name, after) = rest.split_at(rest.find(|c: char| !is_of_name(c)).unwrap_or(rest.len()));
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$');
        self.text = after;
        if begins { Ok(name) } else { Err(invalid("an attribute's name is missing")) }
    }

    fn attribute(&mut self) -> Result<Attribute, ScimError> {
        let rest = self.rest();
        let schema = match rest.get(..4) {
            Some(urn) if urn.eq_ignore_ascii_case("urn:") => {
                let end = rest.find(|c: char| !(is_of_name(c) || matches!(c, ':' | '.'))).unwrap_or(rest.len());
                let (urn, _) = rest.split_at(end);
                let (schema, _) = urn.rsplit_once(':').ok_or_else(|| invalid("an attribute's name is missing"))?;
                self.text = rest.get(schema.len() + 1..).unwrap_or_default();
                Some(schema.to_lowercase())
            }
            _ => None,
        };
        let name = self.name()?.to_lowercase();
        let part = match self.text.strip_prefix('.') {
            Some(after) => {
                self.text = after;
                Some(self.name()?.to_lowercase())
            }
            None => None,
        };
        Ok(Attribute { schema, name, part })
    }

    fn comparison(&mut self) -> Result<(Operator, Operand), ScimError> {
        let found = OPERATORS.iter().find(|(name, _)| self.eats_word(name));
        let (_, operator) = found.ok_or_else(|| invalid("there must be eq, ne, co, sw, ew, gt, ge, lt, le or pr"))?;
        let operand = self.operand()?;
        let fine = match operand {
            Operand::Text(_) => true,
            Operand::Number(_) => !matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith),
            // RFC 7644 §3.4.2.2, of `gt` and its like.
            Operand::Flag(_) | Operand::Null => matches!(operator, Operator::Equal | Operator::NotEqual),
        };
        if fine { Ok((*operator, operand)) } else { Err(invalid("the operator does not go with the value")) }
    }

    /// A value, as JSON has it.
    fn operand(&mut self) -> Result<Operand, ScimError> {
        let rest = self.rest();
        let end = match rest.strip_prefix('"') {
            Some(inside) => {
                closing(inside).map(|end| end + 2).ok_or_else(|| invalid("a quotation mark has no other half"))?
            }
            None => rest.find([' ', '\t', ')', ']']).unwrap_or(rest.len()),
        };
        let (value, after) = rest.split_at_checked(end).ok_or_else(|| invalid("a value is missing"))?;
        self.text = after;
        match value.to_ascii_lowercase().as_str() {
            "true" => return Ok(Operand::Flag(true)),
            "false" => return Ok(Operand::Flag(false)),
            "null" => return Ok(Operand::Null),
            _ => {}
        }
        match crate::json::from_str::<Value>(value) {
            Ok(Value::String(text)) => Ok(Operand::Text(text)),
            Ok(Value::Number(number)) => Ok(Operand::Number(number)),
            _ => Err(invalid("a value must be a text in quotation marks, a number, true, false or null")),
        }
    }
}

/// Where the quotation mark is that ends a JSON text.
fn closing(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

const fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$')
}

fn joined(mut filters: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.len() {
        1 => filters.pop().unwrap_or_else(|| join(Vec::new())),
        _ => join(filters),
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schema, name, part } = self;
        schema.iter().try_for_each(|schema| write!(f, "{schema}:"))?;
        f.write_str(name)?;
        part.iter().try_for_each(|part| write!(f, ".{part}"))
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", Value::from(text.as_str())),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(OPERATORS.iter().find(|(_, operator)| operator == self).map_or("eq", |(name, _)| name))
    }
}

impl Filter {
    /// As part of what binds closer: in parentheses where it would come apart.
    fn part(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self, Self::And(_) | Self::Or(_)) { write!(f, "({self})") } else { write!(f, "{self}") }
    }

    fn list(f: &mut fmt::Formatter<'_>, parts: &[Self], between: &str) -> fmt::Result {
        parts.iter().enumerate().try_for_each(|(at, part)| {
            f.write_str(if at == 0 { "" } else { between })?;
            part.part(f)
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(all) => Self::list(f, all, " and "),
            Self::Or(any) => Self::list(f, any, " or "),
            Self::Not(one) => write!(f, "not ({one})"),
            Self::Present(attribute) => write!(f, "{attribute} pr"),
            Self::Compare(attribute, operator, operand) => write!(f, "{attribute} {operator} {operand}"),
            Self::Has(attribute, one) => write!(f, "{attribute}[{one}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn ada() -> Value {
        json!({
            "id": "A1", "userName": "Ada@Example.com", "externalId": "Ext-1", "active": true, "age": 36,
            "name": { "familyName": "O'Malley" }, "title": "Agent",
            "emails": [{ "type": "work", "value": "ada@example.com" }, { "type": "home", "value": "ada@home.example" }],
            "meta": { "lastModified": "2026-11-20T12:00:00.000Z" },
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Cards" }
        })
    }

    /// Those of RFC 7644 §3.4.2.2, and what directories send.
    #[test]
    fn filters_mean_what_the_standard_says() {
        for (filter, matches) in [
            (r#"userName eq "ada@example.com""#, true),
            (r#"USERNAME EQ "ADA@example.com""#, true),
            (r#"id eq "a1""#, false),
            (r#"externalId eq "Ext-1""#, true),
            (r#"externalId eq "ext-1""#, false),
            (r#"name.familyName co "O'Malley""#, true),
            (r#"userName sw "A""#, true),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "A""#, true),
            (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "cards""#, true),
            ("title pr", true),
            ("nickName pr", false),
            (r#"meta.lastModified gt "2026-11-20T12:59:59+01:00""#, true),
            (r#"meta.lastModified ge "2026-11-20T12:00:00Z""#, true),
            (r#"meta.lastModified lt "2026-11-20T12:00:00Z""#, false),
            (r#"title pr and userType eq "Employee""#, false),
            (r#"title pr or userType eq "Intern""#, true),
            (r#"userType ne "Employee" and not (emails co "example.org")"#, true),
            (r#"not (emails co "home.example")"#, false),
            (r#"emails[type eq "work" and value co "@example.com"]"#, true),
            (r#"emails[type eq "work" and value co "@home.example"]"#, false),
            (r#"emails[type eq "work"].value eq "ada@example.com""#, true),
            (r#"emails.value ew "home.example""#, true),
            ("active eq true", true),
            (r#"active eq "False""#, false),
            ("age ge 36", true),
            ("age lt 36.0", false),
            ("nickName eq null", true),
            (r#"title eq "x" or title eq "y" and active eq true or (age eq 36)"#, true),
            (r#"  ( title eq "agent" )  "#, true),
        ] {
            assert_eq!(Filter::parse(filter).unwrap().matches(&ada()), matches, "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let deep = format!("{}a pr{}", "(".repeat(9), ")".repeat(9));
        let long = format!("a eq \"{}\"", "x".repeat(1_000));
        let many = ["a pr"; 33].join(" or ");
        for filter in [
            "",
            "userName",
            "userName eq",
            "userName is \"x\"",
            "userName eq x",
            "userName eq \"x",
            "userName eq \"x\" and",
            "(userName pr",
            "userName pr)",
            "emails[type eq \"work\"",
            "active gt true",
            "a co 1",
            "a sw null",
            "a eq [1]",
            "a eq {}",
            "1a pr",
            "a..b pr",
            "urn: pr",
            "not a pr",
            &deep,
            &long,
            &many,
        ] {
            assert_eq!(Filter::parse(filter).unwrap_err().kind, Some(ScimType::InvalidFilter), "{filter}");
        }
    }

    #[test]
    fn what_can_be_looked_up_is_few_and_closed() {
        let conditions = |filter: &str| Filter::parse(filter).unwrap().conditions();
        let text = |text: &str| Bound::Text(Line::try_from(text).unwrap());
        let is = |column, value| Ok(vec![Condition { column, operator: Operator::Equal, value }]);
        assert_eq!(conditions(r#"userName eq "Ada@Example.com""#), is(Column::UserName, text("ada@example.com")));
        assert_eq!(conditions(r#"externalId eq "Ext-1""#), is(Column::ExternalId, text("Ext-1")));
        assert_eq!(conditions(r#"active eq "True""#), is(Column::Active, Bound::Flag(true)));
        for email in [
            r#"emails.value eq "Ada@x.com""#,
            r#"emails eq "ada@x.com""#,
            r#"emails[type eq "work"].value eq "ada@x.com""#,
            r#"emails[value eq "ada@x.com"]"#,
        ] {
            assert_eq!(conditions(email), is(Column::Email, text("ada@x.com")), "{email}");
        }
        let both =
            conditions(r#"active eq true and id eq "x" and meta.lastModified ge "2026-11-20T12:00:00Z""#).unwrap();
        assert_eq!(both.len(), 3);
        for filter in [
            r#"userName eq "x" or id eq "y""#,
            r#"not (id eq "x")"#,
            "title pr",
            r#"title eq "x""#,
            r#"userName co "x""#,
            r#"displayName ew "x""#,
            r#"emails[type eq "home"].value eq "x""#,
            "active eq 1",
            "id eq null",
            r#"userName eq """#,
            r#"meta.lastModified gt "yesterday""#,
            r#"meta.lastModified sw "2026-11-20T12:00:00Z""#,
        ] {
            assert_eq!(conditions(filter).unwrap_err().kind, Some(ScimType::InvalidFilter), "{filter}");
        }
    }

    #[test]
    fn paths_are_read() {
        let path = Path::parse(r#"emails[type eq "work"].value"#).unwrap();
        assert_eq!((path.attribute.to_string().as_str(), path.which.is_some()), ("emails.value", true));
        let urn = Path::parse("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName").unwrap();
        assert_eq!((urn.attribute.name.as_str(), urn.attribute.part.as_deref()), ("name", Some("givenname")));
        for bad in ["", "[", "emails[", "emails[type eq \"work\"", "a b", "emails[type]", ".value"] {
            assert_eq!(Path::parse(bad).unwrap_err().kind, Some(ScimType::InvalidPath), "{bad}");
        }
    }

    fn attribute() -> impl Strategy<Value = Attribute> {
        let schema = prop::option::weighted(0.2, Just("urn:x:2.0:user".to_owned()));
        let name = "[a-z][a-z0-9_-]{0,6}";
        (schema, name, prop::option::of(name)).prop_map(|(schema, name, part)| Attribute { schema, name, part })
    }

    fn comparison() -> impl Strategy<Value = Filter> {
        let operand = prop_oneof![
            any::<String>().prop_map(|text| Operand::Text(text.chars().take(5).collect())),
            any::<i32>().prop_map(|number| Operand::Number(number.into())),
            any::<bool>().prop_map(Operand::Flag),
            Just(Operand::Null),
        ];
        (attribute(), 0..OPERATORS.len(), operand).prop_map(|(attribute, operator, operand)| {
            let operator = match operand {
                Operand::Text(_) => OPERATORS[operator].1,
                _ => OPERATORS[operator % 2].1,
            };
            Filter::Compare(attribute, operator, operand)
        })
    }

    /// Filters as they are read: no list of one, none in a list of its own sort without parentheses.
    fn filter() -> impl Strategy<Value = Filter> {
        let leaf = prop_oneof![attribute().prop_map(Filter::Present), comparison()];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
                prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
                inner.clone().prop_map(|one| Filter::Not(Box::new(one))),
                (attribute(), inner).prop_map(|(attribute, one)| Filter::Has(attribute, Box::new(one))),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = Filter::parse(&text).map(|filter| (filter.conditions(), filter.matches(&ada())));
            let _ = Path::parse(&text);
        }

        #[test]
        fn anything_like_a_filter_is_read_or_refused(
            words in prop::collection::vec(prop::sample::select(vec![
                "userName", "emails", "[", "]", "(", ")", "and", "or", "not", "eq", "pr", "\"x\"", ".", "value", "true", "1", "\"", "urn:", ":", "é", " ",
            ]), 0..20),
        ) {
            for between in ["", " "] {
                let text = words.join(between);
                if let Ok(filter) = Filter::parse(&text) {
                    prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
                }
            }
        }

        #[test]
        fn a_filter_that_is_written_is_read_as_it_was(filter in filter()) {
            let text = filter.to_string();
            prop_assume!(text.len() <= MAX_BYTES);
            match Filter::parse(&text) {
                Ok(read) => prop_assert_eq!(read, filter),
                Err(error) => prop_assert!(error.detail.contains("more than"), "{}: {}", text, error),
            }
        }
    }
}
