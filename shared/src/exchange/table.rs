//! Complaints as a table: CSV (RFC 4180) that spreadsheets open and [`super::import`] reads back.
//!
//! A cell that a spreadsheet would take for a formula (OWASP, "CSV Injection") is guarded by an apostrophe in front; so is
//! one that begins with apostrophes before such a sign, so that taking one away gives back what was there.

use crate::tenant::custom_field::CustomField;
use serde_json::Value;
use std::borrow::Cow;

/// The columns, and where their values stand in a complaint as it is read. Those that an intake has are called as
/// [`super::mapping::Path`] calls them; the others are left out when the table is imported.
const COLUMNS: [(&str, &str); 55] = [
    ("id", "/id"),
    ("reference", "/reference"),
    ("version", "/version"),
    ("state", "/state"),
    ("received_at", "/received_at"),
    ("logged_at", "/logged_at"),
    ("acknowledged_at", "/acknowledged_at"),
    ("updated_at", "/updated_at"),
    ("channel", "/channel"),
    ("product", "/product"),
    ("issue", "/issue"),
    ("severity", "/severity"),
    ("complainant.name", "/complainant/name"),
    ("complainant.customer_id", "/complainant/customer_id"),
    ("complainant.language", "/complainant/language"),
    ("complainant.format", "/complainant/format"),
    ("complainant.contacts", "/complainant/contacts"),
    ("description", "/description"),
    ("desired_outcome", "/desired_outcome"),
    ("vulnerability", "/vulnerability"),
    ("amounts", "/amounts"),
    ("jurisdiction", "/jurisdiction"),
    ("external_reference", "/external_reference"),
    ("tags", "/tags"),
    ("sensitivity", "/sensitivity"),
    ("entity", "/entity"),
    ("made_on", "/made_on"),
    ("eligible", "/eligible"),
    ("representative.name", "/representative/name"),
    ("representative.kind", "/representative/kind"),
    ("representative.authorisation", "/representative/authorisation"),
    ("representative.reference", "/representative/reference"),
    ("representative.contacts", "/representative/contacts"),
    ("root_cause", "/root_cause"),
    ("vulnerability_failure", "/vulnerability_failure"),
    ("assignee", "/assignee"),
    ("team", "/team"),
    ("proposal.outcome", "/proposal/outcome"),
    ("proposal.summary", "/proposal/summary"),
    ("resolution.kind", "/resolution/kind"),
    ("resolution.outcome", "/resolution/outcome"),
    ("resolution.summary", "/resolution/summary"),
    ("resolution.redress", "/resolution/redress"),
    ("resolution.at", "/resolution/at"),
    ("referral.scheme", "/referral/scheme"),
    ("referral.scheme_reference", "/referral/scheme_reference"),
    ("referral.at", "/referral/at"),
    ("adr_outcome.scheme", "/adr_outcome/scheme"),
    ("adr_outcome.outcome", "/adr_outcome/outcome"),
    ("adr_outcome.decided_at", "/adr_outcome/decided_at"),
    ("payments", "/payments"),
    ("links", "/links"),
    ("reopened", "/reopened"),
    ("contacts", "/contacts"),
    ("notes", "/notes"),
];

/// The header line.
#[must_use]
pub fn header(custom: &[CustomField]) -> String {
    let mut line = String::new();
    COLUMNS.iter().for_each(|(name, _)| put(&mut line, name));
    custom.iter().for_each(|field| put(&mut line, &format!("custom.{}", field.name)));
    line.push_str("cursor\r\n");
    line
}

/// The line of a complaint, given as it is read. `cursor`: where the list goes on after it.
#[must_use]
pub fn row(complaint: &Value, custom: &[CustomField], cursor: &str) -> String {
    let mut line = String::new();
    COLUMNS.iter().for_each(|(_, pointer)| put(&mut line, &cell(complaint.pointer(pointer))));
    let own = complaint.get("custom");
    custom.iter().for_each(|field| put(&mut line, &cell(own.and_then(|own| own.get(field.name.as_str())))));
    line.push_str(cursor);
    line.push_str("\r\n");
    line
}

fn cell(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(Value::Array(items)) if items.is_empty() => Cow::Borrowed(""),
        // Codes, which have no semicolons.
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";").into()
        }
        Some(other) => Cow::Owned(other.to_string()),
    }
}

/// Writes a cell and the comma behind it.
fn put(line: &mut String, cell: &str) {
    let quote =
        if cell.contains([',', '"', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ') { "\"" } else { "" };
    line.push_str(quote);
    line.push_str(if is_formula(cell) { "'" } else { "" });
    line.push_str(&cell.replace('"', "\"\""));
    line.push_str(quote);
    line.push(',');
}

/// Whether a spreadsheet would take it for a formula, or it looks like a guarded one.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// What stands in a cell, without its guard.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{
        mapping::{Cells, Fields},
        source::{Content, Format, Source},
    };
    use proptest::prelude::*;
    use serde_json::json;

    fn records(text: &str) -> Vec<Vec<String>> {
        let mut source = Source::new(Format::Csv(b','));
        source.feed(text.as_bytes());
        source.end();
        let rows = std::iter::from_fn(|| source.next_row());
        rows.map(|raw| match raw.content {
            Content::Cells(cells) => cells,
            other => panic!("{other:?}"),
        })
        .collect()
    }

    fn line_of(cells: &[&str]) -> String {
        let mut line = String::new();
        cells.iter().for_each(|cell| put(&mut line, cell));
        line
    }

    #[test]
    fn formulas_are_guarded_and_given_back() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+44", "'+44"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("'=x", "''=x"),
            ("''", "''"),
            ("it's", "it's"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(line_of(&[text]), format!("{written},"));
            assert_eq!(unguarded(written), text);
        }
        assert_eq!(line_of(&["\t1", "a\"b,\n"]), "'\t1,\"a\"\"b,\n\",");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(cells in prop::collection::vec("['=+@\\-\t\r\n\", ;aé]{0,8}", 1..6)) {
            // A line of one empty cell is a blank one, and no table of ours has one column.
            let cells: Vec<_> = cells.iter().map(String::as_str).collect();
            let written = format!("{}end\r\n", line_of(&cells));
            let read = records(&written);
            prop_assert_eq!(read.len(), 1);
            let read: Vec<_> = read[0].iter().map(|cell| unguarded(cell).to_owned()).collect();
            prop_assert_eq!(read.split_last().unwrap().1, cells.as_slice());
        }
    }

    #[test]
    fn what_an_intake_says_comes_back_from_the_table() {
        let custom: Vec<CustomField> = serde_json::from_value(json!([
            { "name": "visits", "label": "Visits", "type": "integer" }, { "name": "branch", "label": "Branch", "type": "text" }
        ]))
        .unwrap();
        let intake = json!({
            "received_at": "2024-01-02T03:04:05.678Z", "channel": "web", "product": "credit_card", "severity": "high",
            "complainant": { "name": " =Ada, \"Z\"", "format": "braille", "contacts": [{ "kind": "email", "value": "a@example.org" }] },
            "description": "-One,\r\ntwo\n", "vulnerability": ["health", "resilience"], "tags": ["a", "b"], "sensitivity": ["staff", "vip"],
            "amounts": [{ "kind": "loss", "minor": 5, "currency": "GBP" }], "jurisdiction": "us", "external_reference": "+C 1",
            "custom": { "visits": -3, "branch": "7" },
            "entity": "=122702", "made_on": "2023-12-31", "eligible": false,
            "representative": { "name": "Claims, Ltd", "kind": "claims_management_company", "authorisation": "+830000",
                "reference": "'CL-7", "contacts": [{ "kind": "post", "value": "1 High Street" }] }
        });
        let mut complaint = intake.clone();
        for (name, value) in [("id", json!("x")), ("issue", Value::Null), ("links", json!([])), ("version", json!(3))] {
            complaint[name] = value;
        }
        complaint["resolution"] = json!({ "summary": "Sorry; done", "redress": [{ "kind": "apology" }] });
        let table = records(&format!("{}{}", header(&custom), row(&complaint, &custom, "there")));
        let of = |name: &str| table[0].iter().position(|column| column == name).map(|place| table[1][place].as_str());
        assert_eq!(of("resolution.redress"), Some(r#"[{"kind":"apology"}]"#));
        assert_eq!(
            (of("links"), of("issue"), of("version"), of("cursor")),
            (Some(""), Some(""), Some("3"), Some("there"))
        );
        let (fields, left_out) = Fields::of_table(None, &table[0], custom).unwrap();
        assert!(left_out.iter().any(|column| column == "cursor"));
        assert_eq!(Value::from(fields.intake(Cells::Record(&table[1])).unwrap().0), intake);
    }
}
