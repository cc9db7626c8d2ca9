//! Text as it is set: other ways to begin a line, and characters that nobody sees.

use std::ops::RangeInclusive;

/// `text` with line feeds for all that begins a line, spaces for tabs, and without what has neither looks nor a sound.
pub(crate) fn settable(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|character| !is_silent(*character)).map(plain).collect()
}

/// What a screen reader is to say: a new line is but a gap between words.
pub(crate) fn in_one_line(settable: &str) -> String {
    settable.replace('\n', " ")
}

/// Those that UAX #14 says begin a line.
fn plain(character: char) -> char {
    match character {
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        '\t' => ' ',
        character => character,
    }
}

/// What has neither looks nor a sound: soft hyphens, joiners and marks of direction, selectors of a variant. They matter to scripts
/// that no font has.
const SILENT: [RangeInclusive<char>; 7] = [
    '\u{ad}'..='\u{ad}',
    '\u{61c}'..='\u{61c}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{2069}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
];

fn is_silent(character: char) -> bool {
    SILENT.iter().any(|range| range.contains(&character))
}
