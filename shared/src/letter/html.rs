//! A letter as HTML that a screen reader can read: one heading, headings of sections, real lists, its language. No script, nothing
//! from elsewhere.
//!
//! Invariant: for one [`VERSION`] the same letter is the same bytes, for ever: their hash is in the case file.

use super::document::{Block, BlockKind, Document};
use crate::complaint::intake::Format;

/// The version of the bytes. Other bytes need another one, and this one stays.
pub const VERSION: u8 = 1;

/// The letter, dated `dated`.
#[must_use]
pub fn html(document: &Document, dated: &str) -> String {
    let Document { blocks, format, from, language, subject, to } = document;
    let subject = escaped(subject.as_str());
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{subject}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n<p>{}</p>\n<p>{}</p>\n<p>{}</p>\n<h1>{subject}</h1>\n",
        escaped(language.as_str()),
        style(*format),
        escaped(from.as_str()),
        escaped(to.as_str()),
        escaped(dated),
    );
    let mut in_list = false;
    for Block { is, text, .. } in blocks.iter() {
        let is_item = *is == BlockKind::Item;
        if is_item != in_list {
            page.push_str(if is_item { "<ul>\n" } else { "</ul>\n" });
            in_list = is_item;
        }
        let tag = match is {
            BlockKind::Heading => "h2",
            BlockKind::Paragraph => "p",
            BlockKind::Item => "li",
        };
        let text = escaped(text.as_str()).replace('\n', "<br>\n");
        page.push_str(&format!("<{tag}>{text}</{tag}>\n"));
    }
    page.push_str(if in_list { "</ul>\n" } else { "" });
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// Black on white, a measure that can be read; larger and further apart for those who need it.
const fn style(format: Format) -> &'static str {
    match format {
        Format::Standard | Format::Braille | Format::Audio => {
            "body{font:12pt/1.5 Arial,Helvetica,sans-serif;color:#000;background:#fff;max-width:38em;margin:2em auto;padding:0 1em}h1{font-size:1.25em}h2{font-size:1.1em}"
        }
        Format::LargePrint => {
            "body{font:18pt/1.6 Arial,Helvetica,sans-serif;color:#000;background:#fff;max-width:32em;margin:2em auto;padding:0 1em}h1{font-size:1.25em}h2{font-size:1.1em}p,li{margin:0 0 1em}"
        }
        Format::EasyRead => {
            "body{font:16pt/1.8 Arial,Helvetica,sans-serif;color:#000;background:#fff;max-width:28em;margin:2em auto;padding:0 1em}h1{font-size:1.4em}h2{font-size:1.2em;border-top:2px solid}p,li{margin:0 0 1.2em}"
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn letter(format: &str) -> Document {
        serde_json::from_value(json!({
            "from": "Northwind Bank", "to": "Zoë \"Z\" O'Neil", "language": "en-GB", "format": format,
            "subject": "Your complaint <NWB-1>",
            "blocks": [
                { "is": "paragraph", "element": null, "text": "Two lines\nof text & more." },
                { "is": "heading", "element": null, "text": "What we do" },
                { "is": "item", "element": "redress", "text": "GBP 12.50" },
                { "is": "item", "element": null, "text": "<script>alert(1)</script>" },
            ]
        }))
        .unwrap()
    }

    /// Hashes of letters that were sent depend on it.
    #[test]
    fn the_bytes_of_version_1_are_these() {
        let html = html(&letter("standard"), "26 November 2026");
        assert_eq!(html, include_str!("../../tests/letter/standard.html"));
    }

    #[test]
    fn formats_differ_in_looks_alone() {
        let words = |format| {
            let html = html(&letter(format), "26 November 2026");
            let (before, rest) = html.split_once("<style>").unwrap();
            let (style, after) = rest.split_once("</style>").unwrap();
            (format!("{before}{after}"), style.to_owned())
        };
        let [standard, large, easy] = ["standard", "large_print", "easy_read"].map(words);
        assert!(standard.0 == large.0 && large.0 == easy.0);
        assert!(standard.1 != large.1 && large.1 != easy.1);
    }
}
