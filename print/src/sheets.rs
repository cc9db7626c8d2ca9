//! Parts laid on sheets of paper.

use crate::{
    fonts::{Fonts, Glyph, Typeface},
    lines,
    page::{Look, MAX_SHEETS, Page, Part, PartKind},
    refusal::NotPrintable,
    text,
};

const POINTS_PER_MM: f32 = 72.0 / 25.4;
/// On each side, in points: 25 mm.
pub(crate) const MARGIN: f32 = 25.0 * POINTS_PER_MM;
/// How far the text of a list stands in, in ems.
const INDENT: f32 = 1.5;
/// The lines of a paragraph that stay together at a sheet's beginning and end.
const TOGETHER: usize = 2;

/// Sheets are all alike. Width and height in points.
#[derive(Clone, Copy)]
pub(crate) struct Paper {
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Paper {
    const A4: Paper = Paper { width: 210.0 * POINTS_PER_MM, height: 297.0 * POINTS_PER_MM };
    const US_LETTER: Paper = Paper { width: 612.0, height: 792.0 };

    pub(crate) fn of(page: &Page) -> Paper {
        if page.language.eq_ignore_ascii_case("en-US") { Paper::US_LETTER } else { Paper::A4 }
    }

    const fn measure(self) -> f32 {
        self.width - 2.0 * MARGIN
    }

    const fn depth(self) -> f32 {
        self.height - 2.0 * MARGIN
    }
}

/// What a look comes to: that of the HTML (`shared/src/letter/html.rs`).
pub(crate) struct Sizes {
    /// Of the letters, in points.
    pub(crate) text: f32,
    /// From line to line, as a multiple of the letters.
    leading: f32,
    title: f32,
    heading: f32,
    /// Between paragraphs, in ems.
    gap: f32,
}

impl Sizes {
    pub(crate) const fn of(look: Look) -> Sizes {
        match look {
            Look::Standard => Sizes { text: 12.0, leading: 1.5, title: 1.25, heading: 1.1, gap: 0.7 },
            Look::LargePrint => Sizes { text: 18.0, leading: 1.6, title: 1.25, heading: 1.1, gap: 0.8 },
            Look::EasyRead => Sizes { text: 16.0, leading: 1.8, title: 1.4, heading: 1.2, gap: 1.0 },
        }
    }
}

/// How a kind of part is set.
struct Style {
    scale: f32,
    typeface: Typeface,
    /// Before it, in gaps.
    before: f32,
    indent: f32,
    stays_with_next: bool,
}

impl Style {
    fn of(kind: PartKind, after: Option<PartKind>, sizes: &Sizes) -> Style {
        let plain = Style { scale: 1.0, typeface: Typeface::Regular, before: 1.0, indent: 0.0, stays_with_next: false };
        let bold = Style { typeface: Typeface::Bold, stays_with_next: true, ..plain };
        match kind {
            PartKind::Sender => Style { stays_with_next: false, ..bold },
            PartKind::Addressee => Style { before: 3.0, ..plain },
            PartKind::Date => Style { before: 2.0, ..plain },
            PartKind::Title => Style { scale: sizes.title, before: 2.0, ..bold },
            PartKind::Heading => Style { scale: sizes.heading, before: 1.5, ..bold },
            PartKind::Paragraph => plain,
            PartKind::Item if after == Some(PartKind::Item) => Style { before: 0.4, indent: INDENT, ..plain },
            PartKind::Item => Style { indent: INDENT, ..plain },
        }
    }
}

/// A part in lines.
pub(crate) struct Block {
    pub(crate) kind: PartKind,
    /// What its glyphs stand for.
    pub(crate) said: String,
    /// Of the letters, in points.
    pub(crate) size: f32,
    pub(crate) is_bold: bool,
    /// From the margin, in points.
    pub(crate) indent: f32,
    pub(crate) lines: Vec<Vec<Glyph>>,
    before: f32,
    line_height: f32,
    stays_with_next: bool,
}

impl Block {
    fn new(part: &Part, after: Option<PartKind>, sizes: &Sizes, paper: Paper, fonts: &mut Fonts) -> Block {
        let style = Style::of(part.is, after, sizes);
        let size = sizes.text * style.scale;
        let indent = style.indent * sizes.text;
        let settable = text::settable(&part.text);
        Block {
            kind: part.is,
            size,
            is_bold: style.typeface == Typeface::Bold,
            indent,
            lines: lines::broken(fonts, &settable, style.typeface, (paper.measure() - indent) / size),
            said: text::in_one_line(&settable),
            before: style.before * sizes.gap * sizes.text,
            line_height: size * sizes.leading,
            stays_with_next: style.stays_with_next,
        }
    }

    fn height(&self) -> f32 {
        self.before + self.line_height * self.lines.len() as f32
    }

    /// Whether a sheet may begin between its line before `line` and that one.
    fn may_part(&self, line: usize) -> bool {
        line >= TOGETHER && self.lines.len() - line >= TOGETHER && !self.stays_with_next
    }
}

/// The parts of `page` that are to be seen, in lines.
pub(crate) fn blocks(page: &Page, paper: Paper, sizes: &Sizes, fonts: &mut Fonts) -> Result<Vec<Block>, NotPrintable> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut room = paper.depth() * MAX_SHEETS as f32;
    for part in page.parts.iter().filter(|part| !text::settable(&part.text).trim().is_empty()) {
        let block = Block::new(part, blocks.last().map(|before| before.kind), sizes, paper, fonts);
        room -= block.height();
        if room < 0.0 {
            return Err(NotPrintable::TooLong);
        }
        blocks.push(block);
    }
    Ok(blocks)
}

/// A line of a block at its place on a sheet.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Indexes of the blocks and of the block's lines.
    pub(crate) block: usize,
    pub(crate) line: usize,
    /// From the sheet's top, in points.
    pub(crate) top: f32,
    pub(crate) baseline: f32,
    before: f32,
    height: f32,
    may_begin_sheet: bool,
}

/// The rows of each sheet. There is at least one sheet.
pub(crate) fn sheets(blocks: &[Block], paper: Paper) -> Result<Vec<Vec<Row>>, NotPrintable> {
    let mut rest = rows(blocks);
    let mut sheets = Vec::new();
    while !rest.is_empty() || sheets.is_empty() {
        let next = rest.split_off(sheet_end(&rest, paper.depth()));
        sheets.push(placed(rest));
        rest = next;
    }
    if sheets.len() > MAX_SHEETS { Err(NotPrintable::TooLong) } else { Ok(sheets) }
}

fn rows(blocks: &[Block]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut parted = true;
    for (block, set) in blocks.iter().enumerate() {
        // The middle of a capital, a third of an em up, is the middle of the line.
        let baseline = set.line_height / 2.0 + set.size / 3.0;
        rows.extend((0..set.lines.len()).map(|line| Row {
            block,
            line,
            top: 0.0,
            baseline,
            before: if line == 0 { set.before } else { 0.0 },
            height: set.line_height,
            may_begin_sheet: if line == 0 { parted } else { set.may_part(line) },
        }));
        parted = !set.stays_with_next;
    }
    rows
}

/// How many of the rows go on the next sheet: as many as fit, back to where a sheet may end.
fn sheet_end(rows: &[Row], depth: f32) -> usize {
    let mut filled = 0.0;
    let fitting = rows
        .iter()
        .enumerate()
        .take_while(|(index, row)| {
            filled += row.height + if *index == 0 { 0.0 } else { row.before };
            *index == 0 || filled <= depth
        })
        .count();
    if fitting == rows.len() {
        return fitting;
    }
    (1..=fitting).rev().find(|end| rows.get(*end).is_some_and(|row| row.may_begin_sheet)).unwrap_or(fitting)
}

fn placed(mut rows: Vec<Row>) -> Vec<Row> {
    let mut y = MARGIN;
    for (index, row) in rows.iter_mut().enumerate() {
        y += if index == 0 { 0.0 } else { row.before };
        row.top = y;
        row.baseline += y;
        y += row.height;
    }
    rows
}
