//! The fonts, and text as their glyphs.
//!
//! Atkinson Hyperlegible Next was drawn for readers with low vision; Source Sans 3 has what it lacks: Greek, Cyrillic,
//! Vietnamese, phonetics. Both are under the SIL Open Font License 1.1, which allows embedding. Noto Sans has more (Devanagari), and
//! no room: it weighs twice as much, and the Worker is to stay below 1 MiB.

use crate::refusal::NotPrintable;
use krilla::{
    surface::Location,
    text::{Font, GlyphId},
};
use rustybuzz::{Direction, Face, Language, Script, ShapePlan, UnicodeBuffer};
use std::{collections::BTreeSet, ops::Range, str::FromStr as _};
use unicode_segmentation::UnicodeSegmentation as _;

/// Source Sans comes first on a page whose letters Atkinson lacks more often than once in so many: words of two fonts in turn are
/// hard to read.
const LACKING: usize = 10;

/// Which file. [`Fallback`](Typeface::Fallback) has one weight; `pdf.rs` makes it bold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Typeface {
    Regular,
    Bold,
    Fallback,
}

/// One glyph, in ems.
#[derive(Clone, Debug)]
pub(crate) struct Glyph {
    pub(crate) typeface: Typeface,
    /// The bytes of the part's text that it and its neighbours of the same bytes stand for. Never less than what a reader
    /// takes for a character.
    pub(crate) stands_for: Range<usize>,
    pub(crate) advance: f32,
    pub(crate) is_space: bool,
    id: u32,
    x: f32,
    y: f32,
}

impl krilla::text::Glyph for Glyph {
    fn glyph_id(&self) -> GlyphId {
        GlyphId::new(self.id)
    }

    fn text_range(&self) -> Range<usize> {
        self.stands_for.clone()
    }

    fn x_advance(&self, size: f32) -> f32 {
        self.advance * size
    }

    fn x_offset(&self, size: f32) -> f32 {
        self.x * size
    }

    fn y_offset(&self, size: f32) -> f32 {
        self.y * size
    }

    fn y_advance(&self, _size: f32) -> f32 {
        0.0
    }

    fn location(&self) -> Option<Location> {
        None
    }
}

/// The fonts, ready for the text of one page.
pub(crate) struct Fonts {
    regular: Loaded,
    bold: Loaded,
    /// Has all that the others have.
    fallback: Loaded,
    fallback_first: bool,
    language: Option<Language>,
}

struct Loaded {
    embedded: Font,
    face: Face<'static>,
    /// Making one takes longer than shaping a word by it.
    plans: Vec<(Script, ShapePlan)>,
}

impl Loaded {
    fn new(file: &'static [u8]) -> Result<Loaded, NotPrintable> {
        let embedded = Font::new(file.into(), 0);
        let face = Face::from_slice(file, 0);
        let (Some(embedded), Some(face)) = (embedded, face) else {
            return Err(NotPrintable::Unconforming("a font cannot be read".to_owned()));
        };
        Ok(Loaded { embedded, face, plans: Vec::new() })
    }

    fn has(&self, character: char) -> bool {
        !character.is_control() && self.face.glyph_index(character).is_some()
    }

    fn has_all(&self, text: &str) -> bool {
        text.chars().all(|character| self.has(character))
    }
}

impl Fonts {
    /// Those for a page in `language`. Refused if no font has all of its `text`, which is in one line.
    pub(crate) fn new(language: &str, text: &str) -> Result<Fonts, NotPrintable> {
        let mut fonts = Fonts {
            regular: Loaded::new(include_bytes!(concat!(env!("OUT_DIR"), "/regular.ttf")))?,
            bold: Loaded::new(include_bytes!(concat!(env!("OUT_DIR"), "/bold.ttf")))?,
            fallback: Loaded::new(include_bytes!(concat!(env!("OUT_DIR"), "/fallback.ttf")))?,
            fallback_first: false,
            language: Language::from_str(language).ok(),
        };
        let missing: BTreeSet<char> = text.chars().filter(|character| !fonts.fallback.has(*character)).collect();
        if !missing.is_empty() {
            return Err(NotPrintable::characters(&missing));
        }
        let letters = || text.chars().filter(|character| character.is_alphabetic());
        let lacking = letters().filter(|letter| !fonts.regular.has(*letter)).count();
        fonts.fallback_first = lacking * LACKING > letters().count();
        Ok(fonts)
    }

    /// The font as it is embedded.
    pub(crate) fn embedded(&self, typeface: Typeface) -> Font {
        self.loaded(typeface).embedded.clone()
    }

    /// The glyphs of a `word` of a part's text, which is its bytes from `at` on.
    pub(crate) fn shape(&mut self, word: &str, at: usize, typeface: Typeface) -> Vec<Glyph> {
        let typeface = self.of_word(word, typeface);
        let chosen: Vec<_> =
            word.graphemes(true).map(|grapheme| (self.of_grapheme(grapheme, typeface), grapheme.len())).collect();
        let mut glyphs = Vec::with_capacity(chosen.len());
        let mut start = 0;
        for run in chosen.chunk_by(|one, next| one.0 == next.0) {
            let end = start + run.iter().map(|(_, bytes)| bytes).sum::<usize>();
            if let (Some((typeface, _)), Some(text)) = (run.first(), word.get(start..end)) {
                self.shape_run(text, at + start, *typeface, &mut glyphs);
            }
            start = end;
        }
        glyphs
    }

    /// A word stays in one font, as far as its letters go.
    fn of_word(&self, word: &str, typeface: Typeface) -> Typeface {
        let main = self.loaded(typeface);
        let lacking = || word.chars().any(|character| character.is_alphabetic() && !main.has(character));
        if self.fallback_first || lacking() { Typeface::Fallback } else { typeface }
    }

    fn of_grapheme(&self, grapheme: &str, typeface: Typeface) -> Typeface {
        if self.loaded(typeface).has_all(grapheme) { typeface } else { Typeface::Fallback }
    }

    fn shape_run(&mut self, text: &str, at: usize, typeface: Typeface, glyphs: &mut Vec<Glyph>) {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(Direction::LeftToRight);
        if let Some(language) = &self.language {
            buffer.set_language(language.clone());
        }
        buffer.guess_segment_properties();
        let script = buffer.script();
        let language = self.language.clone();
        let Loaded { face, plans, .. } = self.loaded_mut(typeface);
        let plan = match plans.iter().position(|(of, _)| *of == script) {
            Some(known) => known,
            None => {
                let plan = ShapePlan::new(face, Direction::LeftToRight, Some(script), language.as_ref(), &[]);
                plans.push((script, plan));
                plans.len() - 1
            }
        };
        let Some((_, plan)) = plans.get(plan) else { return };
        let shaped = rustybuzz::shape_with_plan(face, plan, buffer);
        let em = face.units_per_em() as f32;
        let first = glyphs.len();
        let (mut start, mut end) = (text.len(), text.len());
        // A glyph stands for all up to where the next one's text begins, so from the last on.
        for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()).rev() {
            let cluster = info.cluster as usize;
            if cluster != start {
                (start, end) = (cluster, start);
            }
            glyphs.push(Glyph {
                typeface,
                stands_for: at + start..at + end,
                advance: position.x_advance as f32 / em,
                is_space: text.get(start..end).is_some_and(|bytes| bytes.chars().all(char::is_whitespace)),
                id: info.glyph_id,
                x: position.x_offset as f32 / em,
                y: position.y_offset as f32 / em,
            });
        }
        if let Some(run) = glyphs.get_mut(first..) {
            run.reverse();
        }
    }

    fn loaded(&self, typeface: Typeface) -> &Loaded {
        match typeface {
            Typeface::Regular => &self.regular,
            Typeface::Bold => &self.bold,
            Typeface::Fallback => &self.fallback,
        }
    }

    fn loaded_mut(&mut self, typeface: Typeface) -> &mut Loaded {
        match typeface {
            Typeface::Regular => &mut self.regular,
            Typeface::Bold => &mut self.bold,
            Typeface::Fallback => &mut self.fallback,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fallback_has_all_that_the_others_have() {
        let fonts = Fonts::new("en", "").unwrap();
        let of_others = |character: &char| fonts.regular.has(*character) || fonts.bold.has(*character);
        let all: Vec<char> = ('\0'..=char::MAX).filter(of_others).collect();
        assert!(all.len() > 300);
        assert_eq!(all.into_iter().find(|character| !fonts.fallback.has(*character)), None);
    }

    /// What the standards ask of text, krilla checks; it does not say that a page of Arabic read from left to right is wrong.
    #[test]
    fn no_font_has_a_script_from_right_to_left() {
        let fonts = Fonts::new("en", "").unwrap();
        assert!(!('\u{590}'..='\u{8ff}').any(|character| fonts.fallback.has(character)));
        assert!(!('\u{fb1d}'..='\u{fdff}').any(|character| fonts.fallback.has(character)));
    }
}
