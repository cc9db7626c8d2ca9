//! Rows of the CFPB's Consumer Complaint Database as bodies of `POST /v1/complaints`.
//!
//! Its exports come as CSV or as JSON lines, gzipped or not, with column names in two spellings. Product and issue are matched by name
//! or alias with the bank's taxonomy. Nothing is invented: what a row lacks is left out.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use shared::taxonomy::{Sector, Taxonomy};

use crate::digest::sha256;
use crate::import;

/// A row: values by column name, in lower case with spaces. Empty values are left out.
pub type Row = BTreeMap<String, String>;
/// A row with its line in the file, or why the line is not one.
pub type Line = (usize, Result<Row>);

/// Opens a file and reads its rows one by one.
pub fn read(path: &Path) -> Result<Box<dyn Iterator<Item = Line> + Send>> {
    let (plain, content) = import::open(path, &Arc::default())?;
    rows(&plain, content)
}

/// The rows of a file of this name, without `.gz`.
pub fn rows(plain: &str, content: Box<dyn Read + Send>) -> Result<Box<dyn Iterator<Item = Line> + Send>> {
    match plain.rsplit('.').next() {
        Some("csv") => csv_rows(content),
        Some("jsonl" | "ndjson") => Ok(Box::new(json_rows(content))),
        _ => bail!("{plain}: expected .csv, .jsonl or .ndjson, or one of them gzipped"),
    }
}

fn csv_rows(content: Box<dyn Read + Send>) -> Result<Box<dyn Iterator<Item = Line> + Send>> {
    let mut reader = csv::Reader::from_reader(content);
    let columns: Vec<String> = reader.headers().context("the file has no header line")?.iter().map(column).collect();
    Ok(Box::new(reader.into_records().enumerate().map(move |(nth, record)| {
        // Quoted fields may span lines, so the reader's own count is the right one; an error has none.
        let line = record
            .as_ref()
            .ok()
            .and_then(|record| record.position())
            .map_or(nth + 2, |position| position.line() as usize);
        let row = record.map_err(Into::into).map(|record| {
            columns
                .iter()
                .cloned()
                .zip(record.iter().map(str::to_owned))
                .filter(|(_, value)| !value.trim().is_empty())
                .collect()
        });
        (line, row)
    })))
}

fn json_rows(content: Box<dyn Read + Send>) -> impl Iterator<Item = Line> + Send {
    BufReader::new(content).lines().enumerate().map(|(nth, line)| {
        let row = line.map_err(Into::into).and_then(|line| {
            let object: Map<String, Value> = serde_json::from_str(&line).context("not a JSON object")?;
            let text = |value: Value| match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            };
            Ok(object
                .into_iter()
                .map(|(name, value)| (column(&name), text(value)))
                .filter(|(_, value)| !value.trim().is_empty())
                .collect())
        });
        (nth + 1, row)
    })
}

fn column(name: &str) -> String {
    name.trim().trim_start_matches('\u{feff}').to_lowercase().replace('_', " ")
}

/// The body to post for a row.
pub fn complaint(row: &Row) -> Result<Value> {
    let mut body = json!({
        "complainant": { "name": "Name withheld by the CFPB", "language": "en-US" },
        "channel": channel(row.get("submitted via").map(String::as_str))?,
        "description": description(row)?,
        "jurisdiction": "us",
        "external_reference": external_reference(row),
    });
    if let Some(date) = row.get("date received") {
        body["received_at"] = json!(format!("{}T00:00:00Z", day(date)?));
    }
    if let Some((product, issue)) = classification(row)? {
        body["product"] = json!(product);
        body["issue"] = json!(issue);
    }
    let tags: Vec<String> = row
        .get("tags")
        .into_iter()
        .flat_map(|tags| tags.split(','))
        .map(|tag| tag.trim().to_lowercase().replace(' ', "-"))
        .collect();
    if !tags.is_empty() {
        body["tags"] = json!(tags);
    }
    Ok(body)
}

/// What tells this row from every other one: the CFPB's own number, or else the row's content.
fn external_reference(row: &Row) -> String {
    match row.get("complaint id") {
        Some(id) => format!("CFPB-{id}"),
        None => format!("CFPB-{}", &sha256(&json!(row).to_string())[..32]),
    }
}

fn description(row: &Row) -> Result<String> {
    if let Some(narrative) = row.get("consumer complaint narrative") {
        return Ok(narrative.clone());
    }
    let parts: Vec<&str> = ["product", "sub-product", "issue", "sub-issue"]
        .iter()
        .filter_map(|name| row.get(*name))
        .map(String::as_str)
        .collect();
    if parts.is_empty() {
        bail!("the row has neither a narrative nor a product");
    }
    Ok(format!("{}. The CFPB published no narrative.", parts.join(": ")))
}

fn channel(submitted_via: Option<&str>) -> Result<&'static str> {
    Ok(match submitted_via {
        // The CFPB's form on the web is where narratives come from.
        None | Some("Web" | "Web Referral") => "web",
        Some("Phone") => "phone",
        Some("Email") => "email",
        Some("Postal mail" | "Fax") => "letter",
        Some("Referral") => "api",
        Some(other) => bail!("unknown value of \"Submitted via\": {other}"),
    })
}

/// Codes of product and issue. An issue that the taxonomy does not know under this product is left out; an unknown product is an error.
fn classification(row: &Row) -> Result<Option<(String, Option<String>)>> {
    let Some(name) = row.get("product") else { return Ok(None) };
    let taxonomy = Taxonomy::for_sector(Sector::Bank).context("the bank's taxonomy cannot be read")?;
    let named =
        |wanted: &str, name: &str, aliases: &[String]| name == wanted || aliases.iter().any(|alias| alias == wanted);
    // `product_modern` (today's name) resolves names that once covered several of today's products.
    let product = [Some(name), row.get("product modern")]
        .into_iter()
        .flatten()
        .find_map(|wanted| taxonomy.products.iter().find(|product| named(wanted, &product.name, &product.aliases)))
        .with_context(|| format!("the taxonomy has no product {name:?}"))?;
    let issue = row
        .get("issue")
        .and_then(|wanted| product.issues.iter().find(|issue| named(wanted, &issue.name, &issue.aliases)));
    Ok(Some((product.code.to_string(), issue.map(|issue| issue.code.to_string()))))
}

/// `2018-12-27`, `2021-10-24 00:00:00`, `9/24/19` or `12/27/2018` as `2018-12-27`.
fn day(date: &str) -> Result<String> {
    let first = date.split([' ', 'T']).next().unwrap_or_default();
    let numbers: Vec<u32> = first
        .split(['-', '/'])
        .map(str::parse)
        .collect::<Result<_, _>>()
        .with_context(|| format!("not a date: {date}"))?;
    let (year, month, day) = match (numbers.as_slice(), first.contains('/')) {
        ([year, month, day], false) => (*year, *month, *day),
        ([month, day, year], true) => (if *year < 100 { 2000 + year } else { *year }, *month, *day),
        _ => bail!("not a date: {date}"),
    };
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[(&str, &str)]) -> Row {
        values.iter().map(|(name, value)| (column(name), (*value).to_owned())).collect()
    }

    #[test]
    fn a_full_row_is_mapped() -> Result<()> {
        let body = complaint(&row(&[
            ("Complaint ID", "3119377"),
            ("Date received", "2019-01-08"),
            ("Product", "Debt collection"),
            ("Issue", "Attempts to collect debt not owed"),
            ("Consumer complaint narrative", "I cancelled service and the company continued to bill me."),
            ("Submitted via", "Postal mail"),
            ("Tags", "Older American, Servicemember"),
        ]))?;
        assert_eq!(
            body,
            json!({
                "complainant": { "name": "Name withheld by the CFPB", "language": "en-US" },
                "channel": "letter",
                "description": "I cancelled service and the company continued to bill me.",
                "jurisdiction": "us",
                "external_reference": "CFPB-3119377",
                "received_at": "2019-01-08T00:00:00Z",
                "product": "debt_collection",
                "issue": "attempts_to_collect_debt_not_owed",
                "tags": ["older-american", "servicemember"],
            })
        );
        Ok(())
    }

    #[test]
    fn dates_come_in_four_spellings() -> Result<()> {
        for (date, expected) in [
            ("2018-12-27", "2018-12-27"),
            ("2021-10-24 00:00:00", "2021-10-24"),
            ("9/24/19", "2019-09-24"),
            ("12/27/2018", "2018-12-27"),
        ] {
            assert_eq!(day(date)?, expected);
        }
        assert!(day("yesterday").is_err());
        Ok(())
    }

    #[test]
    fn rows_without_a_number_differ_by_their_content() {
        let of = |narrative| external_reference(&row(&[("narrative", narrative)]));
        assert_ne!(of("one"), of("two"));
        assert_eq!(of("one"), of("one"));
    }

    #[test]
    fn what_cannot_be_mapped_says_so() {
        let unknown =
            complaint(&row(&[("product", "Yachts"), ("consumer_complaint_narrative", "It sank.")])).unwrap_err();
        assert_eq!(unknown.to_string(), "the taxonomy has no product \"Yachts\"");
        let empty = complaint(&row(&[("complaint id", "1")])).unwrap_err();
        assert_eq!(empty.to_string(), "the row has neither a narrative nor a product");
    }

    #[test]
    fn both_file_formats_give_the_same_row() -> Result<()> {
        let csv = csv_rows(Box::new("Complaint ID,Issue\n7,\"a,\nb\"\n".as_bytes()))?
            .next()
            .map(|(line, row)| (line, row.ok()));
        let json = json_rows(Box::new("{\"complaint_id\":7,\"Issue\":\"a,\\nb\",\"State\":null}\n".as_bytes()))
            .next()
            .map(|(_, row)| row.ok());
        assert_eq!(csv, Some((2, json.flatten())));
        Ok(())
    }
}
