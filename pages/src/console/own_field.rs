//! Fields that a firm declares for its complaints, as controls of a form, and what was typed in them.

use super::{
    case_form::{Control, Input},
    case_words::words,
};
use serde_json::Value;
use shared::tenant::custom_field::{CustomField, FieldType};

/// The control of a field that holds `value`.
fn control(field: &CustomField, value: &str) -> Control {
    let first = (String::new(), if field.required { "Choose" } else { "Not said" }.to_owned());
    match field.takes {
        FieldType::Integer => Control::Input("number"),
        FieldType::Date => Control::Input("date"),
        // A line would lose where others end.
        FieldType::Text if value.contains('\n') => Control::Text,
        FieldType::Text => Control::Input("text"),
        FieldType::Boolean => {
            let both = ["yes", "no"].map(|code| (code.to_owned(), words(code)));
            Control::Select([first].into_iter().chain(both).collect())
        }
        FieldType::Choice => {
            let declared = field.choices.iter().flat_map(|choices| choices.iter()).map(|choice| choice.as_str());
            // What is not declared any more stays until somebody chooses something else.
            let held =
                Some(value).filter(|value| !value.is_empty() && !declared.clone().any(|choice| choice == *value));
            let all = declared.chain(held).map(|choice| (choice.to_owned(), choice.to_owned()));
            Control::Select([first].into_iter().chain(all).collect())
        }
    }
}

/// The controls of fields, whose names begin with `at`; `held` tells what a control holds, and `wrong` what is wrong with it, by its name.
#[must_use]
pub fn inputs(
    fields: &[CustomField],
    at: &str,
    held: &dyn Fn(&CustomField, &str) -> String,
    wrong: &dyn Fn(&str) -> String,
) -> Vec<Input> {
    let input = |field: &CustomField| {
        let name = name(at, field);
        let value = held(field, &name);
        Input {
            id: name.replace('/', "-"),
            label: field.label.as_str().to_owned(),
            hint: "",
            required: field.required,
            wrong: wrong(&name),
            control: control(field, &value),
            value,
            name,
        }
    };
    fields.iter().map(input).collect()
}

/// The name of a field's control.
#[must_use]
pub fn name(at: &str, field: &CustomField) -> String {
    format!("{at}/{}", field.name)
}

/// What a complaint has in a field, as it would be typed.
#[must_use]
pub fn typed(field: &CustomField, complaint: &Value) -> String {
    match complaint.pointer(&name("/custom", field)) {
        Some(Value::String(said)) => said.clone(),
        Some(Value::Bool(is)) => if *is { "yes" } else { "no" }.to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// What all of them hold, as one text.
#[must_use]
pub fn as_one(fields: &[CustomField], held: &dyn Fn(&CustomField) -> String) -> String {
    let said =
        fields.iter().map(|field| (field, held(field).replace("\r\n", "\n"))).filter(|(_, held)| !held.is_empty());
    said.map(|(field, held)| format!("{}={held}", field.name)).collect::<Vec<_>>().join("\n")
}

/// What was typed in fields, as the API takes it. What is no value of its field goes as it was typed, and the API says so.
#[must_use]
pub fn said(fields: &[CustomField], at: &str, typed: &dyn Fn(&str) -> String) -> Value {
    let said = |field: &CustomField| {
        let typed = typed(&name(at, field)).replace("\r\n", "\n");
        let typed = typed.trim();
        (!typed.is_empty()).then(|| (field.name.as_str().to_owned(), field.read(typed)))
    };
    Value::Object(fields.iter().filter_map(said).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_typed_becomes_what_it_was() {
        let fields: Vec<CustomField> = serde_json::from_value(json!([
            { "name": "branch", "label": "Branch", "type": "text", "required": true },
            { "name": "visits", "label": "Visits", "type": "integer" },
            { "name": "staff", "label": "Staff", "type": "boolean" },
            { "name": "opened", "label": "Opened", "type": "date" },
            { "name": "brand", "label": "Brand", "type": "choice", "choices": ["Gold", "Blue"] }
        ]))
        .unwrap();
        let custom = json!({"branch": "Leeds", "visits": 3, "staff": false, "opened": "2026-02-28", "brand": "Red"});
        let complaint = json!({ "custom": custom });
        let held = |name: &str| {
            let found = fields.iter().find(|field| name.ends_with(field.name.as_str()));
            found.map(|field| typed(field, &complaint)).unwrap_or_default()
        };
        assert_eq!(said(&fields, "custom", &held), custom);
        let shown = inputs(&fields, "custom", &|field, _| typed(field, &complaint), &|_| String::new());
        let brand = shown.last().unwrap();
        assert_eq!((brand.id.as_str(), brand.value.as_str()), ("custom-brand", "Red"));
        assert!(matches!(&brand.control, Control::Select(all) if all.iter().any(|(code, _)| code == "Red")));
        let wrong = said(&fields, "custom", &|name| if name == "custom/visits" { "a few" } else { "" }.to_owned());
        assert_eq!(wrong, json!({"visits": "a few"}));
    }
}
