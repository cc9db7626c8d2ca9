//! Reading a JSON body: every broken rule is named, with its place, in one answer.

use super::problem::{FieldError, Rule};
use crate::json::{self, Refused};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The most errors one answer names.
const MAX_ERRORS: usize = 20;

/// Why a body was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is not JSON.
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It is JSON but breaks rules.
    Rules(Vec<FieldError>),
}

/// Reads `bytes` as a `T`.
///
/// # Errors
/// [`BodyError`] with the place of the syntax error, or with up to 20 broken rules.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyError> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_text(bytes, error.valid_up_to()))?;
    json::from_str(text).map_err(|_| diagnose(text, |text| json::from_str::<T>(text).err()))
}

/// Where bytes stop being UTF-8, as a place in JSON.
fn not_text(bytes: &[u8], valid: usize) -> BodyError {
    let before = bytes.get(..valid).unwrap_or_default();
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    BodyError::Syntax { line, column }
}

/// Whether the text is JSON at all comes first. Then, serde stops at the first error, so each offending value is taken
/// out and the rest read again. What holds the value goes with it where nothing more could be read there: a list (places
/// would shift), an object that lacks a required member. So an answer may leave out some rules, but never names one that
/// was not broken. `refused` reads the text; it is a function and not a type, so that this is compiled once and not once a
/// body.
fn diagnose(text: &str, refused: fn(&str) -> Option<Refused>) -> BodyError {
    let mut body: Value = match serde_json::from_str(text) {
        Ok(body) => body,
        Err(error) => return BodyError::Syntax { line: error.line(), column: error.column().max(1) },
    };
    let mut errors = Vec::<FieldError>::new();
    let mut taken_out = Vec::<String>::new();
    while errors.len() < MAX_ERRORS {
        let Some(error) = refused(&body.to_string()) else { break };
        let message = error.message();
        let mut place = error.pointer;
        if let Some(missing) = missing_member(&message) {
            place = format!("{place}/{missing}");
            if !taken_out.contains(&place) {
                errors.push(FieldError::at(&place, Rule::Missing, "is required"));
                taken_out.push(place.clone());
            }
            // Its parent cannot be read without it: go on with the parent's siblings.
            place.truncate(place.rfind('/').unwrap_or_default());
        } else {
            let (rule, detail) = rule_of(&message);
            errors.push(FieldError::at(&place, rule, detail));
        }
        let place = outermost_list(&body, &place).to_owned();
        if place.is_empty() || !take_out(&mut body, &place) {
            break;
        }
        taken_out.push(place);
    }
    if errors.is_empty() {
        // A repeated member is lost in `Value`, so only the first reading sees it.
        let repeated = refused(text).map(|error| error.message()).unwrap_or_default();
        let member = repeated.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next());
        let detail = member.map_or_else(|| "is not acceptable".to_owned(), |name| format!("names {name} twice"));
        errors.push(FieldError::at("", Rule::NotAllowed, detail));
    }
    BodyError::Rules(errors)
}

/// The first list on the way to `place`, or `place` itself.
fn outermost_list<'p>(body: &Value, place: &'p str) -> &'p str {
    place
        .match_indices('/')
        .filter_map(|(at, _)| place.get(..at))
        .find(|holder| body.pointer(holder).is_some_and(Value::is_array))
        .unwrap_or(place)
}

fn take_out(body: &mut Value, place: &str) -> bool {
    let (parent, key) = place.rsplit_once('/').unwrap_or_default();
    let members = body.pointer_mut(parent).and_then(Value::as_object_mut);
    members.is_some_and(|members| members.remove(&key.replace("~1", "/").replace("~0", "~")).is_some())
}

fn missing_member(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

/// What Serde calls by Rust's names.
fn in_json(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        _ if expected.starts_with("struct ") => "a JSON object",
        _ => expected,
    }
}

/// Serde tells the sort of error only in words.
fn rule_of(message: &str) -> (Rule, String) {
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let known = rest.split_once(", ").map_or("no members are known here", |(_, known)| known);
        (Rule::UnknownField, format!("is not a known member ({known})"))
    } else if let Some(rest) = message.strip_prefix("unknown variant ") {
        let allowed = rest.split_once(", expected ").map_or(rest, |(_, allowed)| allowed);
        (Rule::NotAllowed, format!("must be {allowed}"))
    } else if let Some(rest) = message.strip_prefix("invalid type: ") {
        let expected = rest.split_once(", expected ").map_or(rest, |(_, expected)| expected);
        (Rule::WrongType, format!("must be {}", in_json(expected)))
    } else if message == "expected value" {
        // What serde says of a number where one of some words belongs.
        (Rule::WrongType, "must be text".to_owned())
    } else if message.starts_with("must ") {
        (Rule::NotAllowed, message.to_owned())
    } else {
        (Rule::NotAllowed, "is not acceptable".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaint::intake::NewComplaint;

    #[test]
    fn broken_json_is_told_where_it_breaks() {
        for (body, place) in [
            (&b"{\n  \"channel\": web\n}"[..], (2, 14)),
            (b"", (1, 1)),
            (b"{\"a\": 1,}", (1, 9)),
            (b"{} {}", (1, 4)),
            (b"{\"a\": \"\xff\"}", (1, 8)),
            (b"{\"a\": \"tab\there\"}", (1, 11)),
            (b"{\"a\": NaN}", (1, 7)),
        ] {
            match parse::<NewComplaint>(body) {
                Err(BodyError::Syntax { line, column }) => assert_eq!((line, column), place, "{body:?}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_number_where_a_word_belongs_is_no_broken_json() {
        let body = r#"{"complainant":{"name":"Ada"},"channel":3,"description":"x"}"#;
        assert_eq!(errors(body), [("/channel".to_owned(), Rule::WrongType)]);
    }

    fn errors(body: &str) -> Vec<(String, Rule)> {
        match parse::<NewComplaint>(body.as_bytes()) {
            Err(BodyError::Rules(errors)) => {
                errors.into_iter().map(|error| (error.pointer.unwrap_or_default(), error.code)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_syntax_error_has_its_line_and_column() {
        let body = b"{\n  \"channel\": web\n}";
        assert_eq!(parse::<NewComplaint>(body), Err(BodyError::Syntax { line: 2, column: 14 }));
        assert_eq!(parse::<NewComplaint>(b""), Err(BodyError::Syntax { line: 1, column: 1 }));
    }

    #[test]
    fn every_broken_rule_is_named_at_once() {
        let body = r#"{
            "complainant": {"name": "Ann", "contacts": [{"kind": "post", "value": "x"}, {"kind": "fax", "value": "1"}], "language": "!"},
            "channel": "pigeon", "colour": "red", "severity": 3, "received_at": "yesterday", "tags": ["ok", "NOT OK"],
            "amounts": [{"kind": "loss", "minor": 1.5, "currency": "GBP"}]
        }"#;
        let mut found = errors(body);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let expected = [
            ("/amounts/0/minor", Rule::WrongType),
            ("/channel", Rule::NotAllowed),
            ("/colour", Rule::UnknownField),
            ("/complainant/contacts/1/kind", Rule::NotAllowed),
            ("/complainant/language", Rule::NotAllowed),
            ("/received_at", Rule::NotAllowed),
            ("/severity", Rule::WrongType),
            ("/tags/1", Rule::NotAllowed),
        ];
        assert_eq!(found, expected.map(|(pointer, rule)| (pointer.to_owned(), rule)));
    }

    #[test]
    fn no_type_of_rust_is_named() {
        let body = r#"{"complainant": {"name": "Ann"}, "channel": "web", "description": "d",
            "amounts": [{"kind": "loss", "minor": "a lot", "currency": "GBP"}]}"#;
        let Err(BodyError::Rules(errors)) = parse::<NewComplaint>(body.as_bytes()) else { panic!("accepted") };
        assert_eq!(errors, [FieldError::at("/amounts/0/minor", Rule::WrongType, "must be a whole number")]);
    }

    #[test]
    fn a_repeated_member_is_named() {
        let body = r#"{"complainant": {"name": "Ann"}, "channel": "web", "channel": "web", "description": "d"}"#;
        let Err(BodyError::Rules(errors)) = parse::<NewComplaint>(body.as_bytes()) else { panic!("accepted") };
        assert_eq!(errors, [FieldError::at("", Rule::NotAllowed, "names channel twice")]);
    }

    #[test]
    fn a_missing_member_is_named() {
        let body = r#"{"complainant": {"customer_id": "7"}, "channel": "web", "description": "d"}"#;
        assert_eq!(errors(body), [("/complainant/name".to_owned(), Rule::Missing)]);
        let body = r#"{"complainant": {"name": "Ann"}, "channel": "web"}"#;
        assert_eq!(errors(body), [("/description".to_owned(), Rule::Missing)]);
    }

    #[test]
    fn the_number_of_errors_is_bounded() {
        let members: Vec<_> = (0..500).map(|n| format!("\"x{n}\":1")).collect();
        assert_eq!(errors(&format!("{{{}}}", members.join(","))).len(), MAX_ERRORS);
    }

    #[test]
    fn other_json_than_an_object_is_refused() {
        for body in ["null", "[]", "1", "\"x\""] {
            assert_eq!(errors(body), [(String::new(), Rule::WrongType)], "{body}");
        }
    }
}
