//! Sheets drawn with ink, each piece marked for what is told of it.

use crate::{
    fonts::{Fonts, Glyph, Typeface},
    page::PartKind,
    refusal::NotPrintable,
    sheets::{Block, MARGIN, Paper, Row},
    tags::{Place, Tagged},
};
use krilla::{
    Document,
    geom::Point,
    page::PageSettings,
    paint::{Fill, Stroke},
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, Identifier},
};

const BULLET: &str = "•";
/// How the letters of a font without a bold one are made bold: their outlines drawn so wide, in ems.
const EMBOLDENING: f32 = 0.035;

/// Draws `sheets` of `blocks`, their numbers in letters of `foot_size` points. Where the blocks are is told in their order.
pub(crate) fn draw(
    document: &mut Document,
    fonts: &mut Fonts,
    blocks: &[Block],
    sheets: &[Vec<Row>],
    paper: Paper,
    foot_size: f32,
) -> Result<Vec<Tagged>, NotPrintable> {
    let mut tagged: Vec<Tagged> = blocks.iter().map(|_| Tagged::default()).collect();
    let bullet = Note::new(BULLET.to_owned(), fonts);
    for (sheet, rows) in sheets.iter().enumerate() {
        let foot = Note::new(format!("{} / {}", sheet + 1, sheets.len()), fonts);
        let settings = PageSettings::from_wh(paper.width, paper.height)
            .ok_or_else(|| NotPrintable::Unconforming("no such paper".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut pen = Pen { surface: page.surface(), fonts };
        for rows in rows.chunk_by(|one, next| one.block == next.block) {
            let Some(first) = rows.first() else { continue };
            let (Some(block), Some(tagged)) = (blocks.get(first.block), tagged.get_mut(first.block)) else { continue };
            tagged.begins.get_or_insert(Place { sheet, top: first.top });
            if block.kind == PartKind::Item && first.line == 0 {
                tagged.label = Some(pen.bullet(&bullet, first.baseline, block.size));
            }
            tagged.content.push(pen.block(block, rows));
        }
        pen.foot(&foot, paper, foot_size);
    }
    Ok(tagged)
}

/// A few characters that are not the letter's.
struct Note {
    text: String,
    glyphs: Vec<Glyph>,
}

impl Note {
    fn new(text: String, fonts: &mut Fonts) -> Note {
        Note { glyphs: fonts.shape(&text, 0, Typeface::Regular), text }
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

    fn bullet(&mut self, bullet: &Note, baseline: f32, size: f32) -> Identifier {
        let label = self.surface.start_tagged(ContentTag::Other);
        self.line(Point::from_xy(MARGIN + size / 2.0, baseline), &bullet.glyphs, &bullet.text, size, false);
        self.surface.end_tagged();
        label
    }

    fn foot(&mut self, foot: &Note, paper: Paper, size: f32) {
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
            self.surface.set_fill(Some(Fill::default()));
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
