//! Fields that a tenant declares for its complaints, and the check of values against them.

use crate::{
    complaint::intake::{CustomValue, List},
    http::problem::{FieldError, Rule},
    text::{Code, Line},
};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A declared field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "UncheckedField")]
pub struct CustomField {
    /// The name in `custom`.
    pub name: Code,
    /// What people read.
    pub label: Line<200>,
    /// What values it takes.
    #[serde(rename = "type")]
    pub takes: FieldType,
    /// For `choice`, and only for it: the values to choose from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<List<Line<200>, 100>>,
    /// Whether a new complaint must have it.
    pub required: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UncheckedField {
    name: Code,
    label: Line<200>,
    #[serde(rename = "type")]
    takes: FieldType,
    #[serde(default)]
    choices: Option<List<Line<200>, 100>>,
    #[serde(default)]
    required: bool,
}

/// What values a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// 1 to 2,000 characters.
    Text,
    /// A whole number within ±10¹⁵.
    Integer,
    /// True or false.
    Boolean,
    /// A day, `2026-11-20`.
    Date,
    /// One of the choices.
    Choice,
}

/// Choices without `choice`, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have choices if, and only if, its type is choice")]
pub struct InvalidChoices;

impl TryFrom<UncheckedField> for CustomField {
    type Error = InvalidChoices;

    fn try_from(field: UncheckedField) -> Result<Self, InvalidChoices> {
        let UncheckedField { name, label, takes, choices, required } = field;
        let has_choices = choices.as_ref().is_some_and(|choices| !choices.is_empty());
        if has_choices != (takes == FieldType::Choice) {
            return Err(InvalidChoices);
        }
        Ok(Self { name, label, takes, choices, required })
    }
}

const MAX_INTEGER: u64 = 1_000_000_000_000_000;

impl CustomField {
    /// What a text says as a value of this field, in a form or a table. What is no such value stays a text, which [`check`] refuses.
    #[must_use]
    pub fn read(&self, text: &str) -> Value {
        match (self.takes, text) {
            (FieldType::Boolean, "yes" | "true") => true.into(),
            (FieldType::Boolean, "no" | "false") => false.into(),
            (FieldType::Integer, text) => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
            (_, text) => text.into(),
        }
    }

    /// The rule that `value` breaks, if any.
    fn broken_by(&self, value: &CustomValue) -> Option<&'static str> {
        let (fits, rule) = match (self.takes, value) {
            (FieldType::Text, value) => (matches!(value, CustomValue::Text(_)), "must be text"),
            (FieldType::Boolean, value) => (matches!(value, CustomValue::Boolean(_)), "must be true or false"),
            (FieldType::Integer, CustomValue::Integer(number)) => {
                (number.unsigned_abs() <= MAX_INTEGER, "must be a whole number within ±10¹⁵")
            }
            (FieldType::Integer, _) => (false, "must be a whole number"),
            (FieldType::Date, CustomValue::Text(day)) => (is_day(day.as_str()), "must be a day such as 2026-11-20"),
            (FieldType::Date, _) => (false, "must be a day such as 2026-11-20"),
            (FieldType::Choice, CustomValue::Text(chosen)) => {
                let mut choices = self.choices.iter().flat_map(|choices| choices.iter());
                (choices.any(|choice| choice.as_str() == chosen.as_str()), "must be one of the declared choices")
            }
            (FieldType::Choice, _) => (false, "must be one of the declared choices"),
        };
        (!fits).then_some(rule)
    }
}

/// RFC 3339 `full-date`; chrono alone would also take `2026-2-8`.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<NaiveDate>().is_ok()
}

/// Adds an error for every value that does not fit its declaration, is not declared, or is missing.
pub fn check(
    pointer: &str,
    values: &BTreeMap<Code, CustomValue>,
    declared: &[CustomField],
    errors: &mut Vec<FieldError>,
) {
    for (name, value) in values {
        let at = format!("{pointer}/{name}");
        match declared.iter().find(|field| field.name == *name) {
            None => errors.push(FieldError::at(&at, Rule::UnknownField, "is not a declared custom field")),
            Some(field) => {
                if let Some(rule) = field.broken_by(value) {
                    errors.push(FieldError::at(&at, Rule::NotAllowed, rule));
                }
            }
        }
    }
    for field in declared.iter().filter(|field| field.required && !values.contains_key(&field.name)) {
        errors.push(FieldError::at(&format!("{pointer}/{}", field.name), Rule::Missing, "is required"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_fit_their_declaration() {
        let declared: Vec<CustomField> = serde_json::from_value(json!([
            { "name": "branch", "label": "Branch", "type": "text", "required": true },
            { "name": "visits", "label": "Visits", "type": "integer" },
            { "name": "staff", "label": "Staff", "type": "boolean" },
            { "name": "opened", "label": "Opened", "type": "date" },
            { "name": "brand", "label": "Brand", "type": "choice", "choices": ["Gold", "Blue"] }
        ]))
        .unwrap();
        let broken = |values: serde_json::Value| {
            let mut errors = Vec::new();
            check("/custom", &serde_json::from_value(values).unwrap(), &declared, &mut errors);
            errors.into_iter().filter_map(|error| error.pointer).collect::<Vec<_>>()
        };
        let good = json!({"branch": "Leeds", "visits": 3, "staff": false, "opened": "2026-02-28", "brand": "Blue"});
        assert_eq!(broken(good), Vec::<String>::new());
        let bad = json!({"visits": "3", "staff": 1, "opened": "2026-02-30", "brand": "Red", "colour": "red"});
        assert_eq!(
            broken(bad),
            ["/custom/brand", "/custom/colour", "/custom/opened", "/custom/staff", "/custom/visits", "/custom/branch"]
        );
    }
    #[test]
    fn texts_are_read_as_what_the_field_takes() {
        let read = |takes, text: &str| {
            let field =
                json!({ "name": "a", "label": "A", "type": takes, "choices": (takes == "choice").then_some(["3"]) });
            serde_json::from_value::<CustomField>(field).unwrap().read(text)
        };
        assert_eq!(["yes", "true", "no", "false"].map(|text| read("boolean", text)), [true, true, false, false]);
        assert_eq!(read("boolean", "maybe"), "maybe");
        assert_eq!((read("integer", "-3"), read("integer", "3.5")), (json!(-3), json!("3.5")));
        assert_eq!(["text", "date", "choice"].map(|takes| read(takes, "3")), ["3"; 3]);
    }
}
