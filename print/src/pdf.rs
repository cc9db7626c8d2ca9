//! Sheets as a PDF that conforms to PDF/UA-1 (ISO 14289-1), for those who hear it, and to PDF/A-2a (ISO 19005-2), for those who keep
//! it.
//!
//! Invariant: the same page is the same bytes.

use crate::{
    fonts::{Fonts, Glyph, Typeface},
    page::{MAX_CHARS, MAX_PARTS, Page, PartKind},
    refusal::NotPrintable,
    sheets::{self, Block, MARGIN, Paper, Row, Sizes},
    text,
};
use chrono::{DateTime, Datelike as _, Timelike as _};
use krilla::{
    Document, SerializeSettings,
    configure::{Accessibility, Archival, ConfigurationBuilder},
    destination::XyzDestination,
    error::KrillaError,
    geom::Point,
    metadata::{self, Metadata},
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::Stroke,
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node, Tag, TagGroup, TagTree},
};
use std::num::NonZeroU16;

const BULLET: &str = "•";
/// How the letters of a font without a bold one are made bold: their outlines drawn so wide, in ems.
const EMBOLDENING: f32 = 0.035;
/// The page numbers' size, as a share of the text's.
const FOOT: f32 = 0.85;

/// The PDF of `page`.
///
/// # Errors
///
/// What of the page cannot be printed.
pub fn pdf(page: &Page) -> Result<Vec<u8>, NotPrintable> {
    let metadata = metadata(page)?;
    let mut fonts = Fonts::new(&page.language, page.parts.iter().map(|part| part.text.as_str()))?;
    let paper = Paper::of(page);
    let sizes = Sizes::of(page.look);
    for said in [&page.title, &page.author] {
        fonts.shape(&text::in_one_line(&text::settable(said)), 0, Typeface::Regular);
    }
    let blocks = sheets::blocks(page, paper, &sizes, &mut fonts)?;
    let sheets = sheets::sheets(&blocks, paper)?;
    let bullet = fonts.shape(BULLET, 0, Typeface::Regular);
    let feet: Vec<_> = (1..=sheets.len()).map(|number| Foot::new(number, sheets.len(), &mut fonts)).collect();
    fonts.complete()?;

    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .with_archival_validator(Archival::A2_A)
        .finish()
        .map_err(|_| NotPrintable::Unconforming("the two standards do not agree".to_owned()))?;
    let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    document.set_metadata(metadata);
    let mut tagged: Vec<Tagged> = blocks.iter().map(|_| Tagged::default()).collect();
    for (sheet, (rows, foot)) in sheets.iter().zip(&feet).enumerate() {
        let settings = PageSettings::from_wh(paper.width, paper.height)
            .ok_or_else(|| NotPrintable::Unconforming("no such paper".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut pen = Pen { surface: page.surface(), fonts: &fonts };
        for rows in rows.chunk_by(|one, next| one.block == next.block) {
            let Some(first) = rows.first() else { continue };
            let (Some(block), Some(tagged)) = (blocks.get(first.block), tagged.get_mut(first.block)) else { continue };
            tagged.begins.get_or_insert(Place { sheet, top: first.top });
            if block.kind == PartKind::Item && first.line == 0 {
                tagged.label = Some(pen.bullet(&bullet, first.baseline, block.size));
            }
            tagged.content.push(pen.block(block, rows));
        }
        pen.foot(foot, paper, sizes.text * FOOT);
    }
    document.set_outline(outline(page, &blocks, &tagged));
    document.set_tag_tree(tree(&blocks, &tagged));
    document.finish().map_err(|error| NotPrintable::Unconforming(reason(&error)))
}

fn metadata(page: &Page) -> Result<Metadata, NotPrintable> {
    let long = |text: &String| text.chars().count() > MAX_CHARS;
    let mut texts = page.parts.iter().map(|part| &part.text).chain([&page.title, &page.author]);
    if page.parts.len() > MAX_PARTS || texts.any(long) {
        return Err(NotPrintable::TooLong);
    }
    if !is_language_tag(&page.language) {
        return Err(NotPrintable::Unspoken);
    }
    let [title, author] = [&page.title, &page.author].map(|text| text::in_one_line(&text::settable(text)));
    if title.trim().is_empty() {
        return Err(NotPrintable::Untitled);
    }
    let authors = if author.trim().is_empty() { Vec::new() } else { vec![author] };
    Ok(Metadata::new()
        .title(title)
        .authors(authors)
        .language(page.language.clone())
        .creation_date(created(page.dated_at).ok_or(NotPrintable::Undated)?))
}

/// RFC 5646 as far as it takes no registry: parts of one to eight letters or digits.
fn is_language_tag(language: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    language.len() <= 35 && language.split('-').all(part)
}

fn created(seconds: i64) -> Option<metadata::DateTime> {
    let at = DateTime::from_timestamp(seconds, 0)?;
    let year = u16::try_from(at.year()).ok().filter(|year| *year <= 9999)?;
    let [month, day, hour, minute, second] =
        [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(|part| u8::try_from(part).unwrap_or_default());
    let date = metadata::DateTime::new(year).month(month).day(day);
    Some(date.hour(hour).minute(minute).second(second).utc_offset_hour(0).utc_offset_minute(0))
}

/// Where the content of a block is, for the tags and the outline.
#[derive(Default)]
struct Tagged {
    begins: Option<Place>,
    label: Option<Identifier>,
    content: Vec<Identifier>,
}

struct Place {
    sheet: usize,
    top: f32,
}

/// The number at the foot of a sheet.
struct Foot {
    text: String,
    glyphs: Vec<Glyph>,
}

impl Foot {
    fn new(number: usize, of: usize, fonts: &mut Fonts) -> Foot {
        let text = format!("{number} / {of}");
        Foot { glyphs: fonts.shape(&text, 0, Typeface::Regular), text }
    }
}

/// Draws on a sheet.
struct Pen<'s, 'f> {
    surface: Surface<'s>,
    fonts: &'f Fonts,
}

impl Pen<'_, '_> {
    fn block(&mut self, block: &Block, rows: &[Row]) -> Identifier {
        let content = self.surface.start_tagged(ContentTag::Other);
        for row in rows {
            let glyphs = block.lines.get(row.line).map(Vec::as_slice).unwrap_or_default();
            let start = Point::from_xy(MARGIN + block.indent, row.baseline);
            self.line(start, glyphs, &block.said, block.size, block.is_bold);
        }
        self.surface.end_tagged();
        content
    }

    fn bullet(&mut self, bullet: &[Glyph], baseline: f32, size: f32) -> Identifier {
        let label = self.surface.start_tagged(ContentTag::Other);
        self.line(Point::from_xy(MARGIN + size / 2.0, baseline), bullet, BULLET, size, false);
        self.surface.end_tagged();
        label
    }

    fn foot(&mut self, foot: &Foot, paper: Paper, size: f32) {
        let width: f32 = foot.glyphs.iter().map(|glyph| glyph.advance * size).sum();
        let start = Point::from_xy((paper.width - width) / 2.0, paper.height - MARGIN / 2.0);
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
        self.line(start, &foot.glyphs, &foot.text, size, false);
        self.surface.end_tagged();
    }

    fn line(&mut self, start: Point, glyphs: &[Glyph], said: &str, size: f32, is_bold: bool) {
        let mut x = start.x;
        for run in glyphs.chunk_by(|one, next| one.typeface == next.typeface) {
            let Some(Glyph { typeface, .. }) = run.first() else { continue };
            let emboldened = is_bold && *typeface == Typeface::Fallback;
            self.surface.set_fill(Some(krilla::paint::Fill::default()));
            self.surface.set_stroke(emboldened.then(|| Stroke { width: EMBOLDENING * size, ..Stroke::default() }));
            self.surface.draw_glyphs(
                Point::from_xy(x, start.y),
                run,
                self.fonts.embedded(*typeface),
                said,
                size,
                false,
            );
            x += run.iter().map(|glyph| glyph.advance * size).sum::<f32>();
        }
    }
}

/// The headings, for going from one to the next. PDF/UA wants an outline of every document: of one without headings, its title.
fn outline(page: &Page, blocks: &[Block], tagged: &[Tagged]) -> Outline {
    let mut outline = Outline::new();
    let mut is_empty = true;
    for (block, tagged) in blocks.iter().zip(tagged) {
        if let (PartKind::Title | PartKind::Heading, Some(Place { sheet, top })) = (block.kind, &tagged.begins) {
            let place = XyzDestination::new(*sheet, Point::from_xy(MARGIN, *top));
            outline.push_child(OutlineNode::new(block.said.clone(), place));
            is_empty = false;
        }
    }
    if is_empty {
        let place = XyzDestination::new(0, Point::from_xy(MARGIN, MARGIN));
        outline.push_child(OutlineNode::new(text::in_one_line(&text::settable(&page.title)), place));
    }
    outline
}

fn tree(blocks: &[Block], tagged: &[Tagged]) -> TagTree {
    let mut tree = TagTree::new();
    let mut titled = false;
    let both: Vec<_> = blocks.iter().zip(tagged).collect();
    let is_item = |block: &Block| block.kind == PartKind::Item;
    for group in both.chunk_by(|one, next| is_item(one.0) && is_item(next.0)) {
        let Some((block, tagged)) = group.first() else { continue };
        titled |= block.kind == PartKind::Title;
        let content = || tagged.content.iter().copied().map(Node::from).collect();
        tree.push(match block.kind {
            PartKind::Item => {
                let items = group.iter().map(|(_, tagged)| item(tagged)).collect();
                TagGroup::with_children(Tag::L(ListNumbering::Disc), items)
            }
            // A heading of the second level comes after one of the first (ISO 14289-1, 7.4.2).
            PartKind::Title => heading(NonZeroU16::MIN, block, content()),
            PartKind::Heading => heading(NonZeroU16::MIN.saturating_add(u16::from(titled)), block, content()),
            PartKind::Sender | PartKind::Addressee | PartKind::Date | PartKind::Paragraph => {
                TagGroup::with_children(Tag::P, content())
            }
        });
    }
    tree
}

fn heading(level: NonZeroU16, block: &Block, content: Vec<Node>) -> TagGroup {
    TagGroup::with_children(Tag::Hn(level, Some(block.said.clone())), content)
}

fn item(tagged: &Tagged) -> Node {
    let label = tagged.label.iter().copied().map(Node::from).collect();
    let content = tagged.content.iter().copied().map(Node::from).collect();
    let both = [TagGroup::with_children(Tag::Lbl, label), TagGroup::with_children(Tag::LBody, content)];
    TagGroup::with_children(Tag::LI, both.map(Node::from).into()).into()
}

/// What krilla says, without the texts that it says it of.
fn reason(error: &KrillaError) -> String {
    let KrillaError::Validation(errors) = error else { return error.to_string() };
    let names = errors.iter().map(|(error, _)| format!("{error:?}").split('(').next().unwrap_or_default().to_owned());
    names.collect::<Vec<_>>().join(", ")
}
