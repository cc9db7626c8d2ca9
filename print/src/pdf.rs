//! A page as a PDF that conforms to PDF/UA-1 (ISO 14289-1), for those who hear it, and to PDF/A-2a (ISO 19005-2), for
//! those who keep it.
//!
//! Invariant: the same page is the same bytes.

use crate::{
    drawing,
    fonts::Fonts,
    page::{MAX_CHARS, MAX_PARTS, Page},
    refusal::NotPrintable,
    sheets::{self, Paper, Sizes},
    tags, text,
};
use chrono::{DateTime, Datelike as _, Timelike as _};
use krilla::{
    Document, SerializeSettings,
    configure::{Accessibility, Archival, ConfigurationBuilder},
    error::KrillaError,
    metadata::{self, Metadata},
};

/// The page numbers' size, as a share of the text's.
const FOOT: f32 = 0.85;

/// The PDF of `page`.
///
/// # Errors
///
/// What of the page cannot be printed.
pub fn pdf(page: &Page) -> Result<Vec<u8>, NotPrintable> {
    checked(page)?;
    let [title, author] = [&page.title, &page.author].map(|text| text::in_one_line(&text::settable(text)));
    let mut fonts = Fonts::new(&page.language, &all_text(page))?;
    let paper = Paper::of(page);
    let sizes = Sizes::of(page.look);
    let blocks = sheets::blocks(page, paper, &sizes, &mut fonts)?;
    let sheets = sheets::sheets(&blocks, paper)?;

    let mut document = Document::new_with(conforming()?);
    document.set_metadata(metadata(page, &title, author)?);
    let tagged = drawing::draw(&mut document, &mut fonts, &blocks, &sheets, paper, sizes.text * FOOT)?;
    document.set_outline(tags::outline(title, &blocks, &tagged));
    document.set_tag_tree(tags::tree(&blocks, &tagged));
    document.finish().map_err(|error| NotPrintable::Unconforming(reason(&error)))
}

fn checked(page: &Page) -> Result<(), NotPrintable> {
    let is_long = |text: &String| text.chars().count() > MAX_CHARS;
    if page.parts.len() > MAX_PARTS || texts(page).any(is_long) {
        return Err(NotPrintable::TooLong);
    }
    if is_language_tag(&page.language) { Ok(()) } else { Err(NotPrintable::Unspoken) }
}

fn texts(page: &Page) -> impl Iterator<Item = &String> {
    page.parts.iter().map(|part| &part.text).chain([&page.title, &page.author])
}

fn all_text(page: &Page) -> String {
    texts(page).map(|text| text::in_one_line(&text::settable(text))).collect()
}

/// RFC 5646 as far as it takes no registry: parts of one to eight letters or digits.
fn is_language_tag(language: &str) -> bool {
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    language.len() <= 35 && language.split('-').all(is_part)
}

fn conforming() -> Result<SerializeSettings, NotPrintable> {
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .with_archival_validator(Archival::A2_A)
        .finish()
        .map_err(|_| NotPrintable::Unconforming("the two standards do not agree".to_owned()))?;
    Ok(SerializeSettings { configuration, ..SerializeSettings::default() })
}

fn metadata(page: &Page, title: &str, author: String) -> Result<Metadata, NotPrintable> {
    if title.trim().is_empty() {
        return Err(NotPrintable::Untitled);
    }
    let authors = if author.trim().is_empty() { Vec::new() } else { vec![author] };
    Ok(Metadata::new()
        .title(title.to_owned())
        .authors(authors)
        .language(page.language.clone())
        .creation_date(created(page.dated_at).ok_or(NotPrintable::Undated)?))
}

fn created(seconds: i64) -> Option<metadata::DateTime> {
    let at = DateTime::from_timestamp(seconds, 0)?;
    let year = u16::try_from(at.year()).ok().filter(|year| *year <= 9999)?;
    let [month, day, hour, minute, second] =
        [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(|part| u8::try_from(part).unwrap_or_default());
    let date = metadata::DateTime::new(year).month(month).day(day);
    Some(date.hour(hour).minute(minute).second(second).utc_offset_hour(0).utc_offset_minute(0))
}

/// What krilla says, without the texts that it says it of.
fn reason(error: &KrillaError) -> String {
    let KrillaError::Validation(errors) = error else { return error.to_string() };
    let names = errors.iter().map(|(error, _)| format!("{error:?}").split('(').next().unwrap_or_default().to_owned());
    names.collect::<Vec<_>>().join(", ")
}
