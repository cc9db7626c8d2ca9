//! Text broken into lines: where UAX #14 allows it, as much on each as fits.

use crate::fonts::{Fonts, Glyph, Typeface};
use crate::text;
use unicode_linebreak::{BreakOpportunity, linebreaks};

/// The lines of `settable` text on a measure in ems, their glyphs standing for bytes of [`text::in_one_line`].
pub(crate) fn broken(fonts: &mut Fonts, settable: &str, typeface: Typeface, measure: f32) -> Vec<Vec<Glyph>> {
    let said = text::in_one_line(settable);
    let mut column = Column { measure, lines: Vec::new(), line: Vec::new() };
    let mut start = 0;
    for (end, opportunity) in linebreaks(settable) {
        let word = said.get(start..end).unwrap_or_default();
        column.set(&fonts.shape(word, start, typeface));
        if opportunity == BreakOpportunity::Mandatory {
            column.end_line();
        }
        start = end;
    }
    column.lines
}

/// The width of the glyphs up to the last that can be seen, in ems.
fn width(glyphs: &[Glyph]) -> f32 {
    let seen = glyphs.iter().rposition(|glyph| !glyph.is_space).map_or(0, |last| last + 1);
    glyphs.iter().take(seen).map(|glyph| glyph.advance).sum()
}

struct Column {
    measure: f32,
    lines: Vec<Vec<Glyph>>,
    line: Vec<Glyph>,
}

impl Column {
    fn set(&mut self, word: &[Glyph]) {
        if width(word) <= self.measure {
            return self.add(word);
        }
        for character in word.chunk_by(|one, next| one.stands_for == next.stands_for) {
            self.add(character);
        }
    }

    fn add(&mut self, glyphs: &[Glyph]) {
        let before: f32 = self.line.iter().map(|glyph| glyph.advance).sum();
        if !self.line.is_empty() && before + width(glyphs) > self.measure {
            self.end_line();
        }
        self.line.extend_from_slice(glyphs);
    }

    fn end_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.line));
    }
}
