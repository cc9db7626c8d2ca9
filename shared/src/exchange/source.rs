//! Rows of a body, cut from its pieces as they come.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// The most bytes of a row.
pub const MAX_ROW: usize = 2_000_000;
/// The most columns of a table.
pub const MAX_COLUMNS: usize = 500;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON value a line.
    Ndjson,
    /// Comma-separated values (RFC 4180), with this byte for the comma.
    Csv(u8),
}

/// A row as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The line of the body it begins on, from 1.
    pub line: u64,
    /// What it holds.
    pub content: Content,
}

/// What a row holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A line.
    Line(Vec<u8>),
    /// The cells of a record.
    Cells(Vec<String>),
    /// More than [`MAX_ROW`] bytes, or [`MAX_COLUMNS`] cells; it was passed over.
    TooLong,
    /// Cells that are not UTF-8.
    NotText,
}

impl Content {
    /// How many bytes it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Line(line) => line.len(),
            Self::Cells(cells) => cells.iter().map(String::len).sum(),
            Self::TooLong | Self::NotText => 0,
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Cuts rows from pieces. Blank lines are no rows. It holds no more than a piece and a row.
#[derive(Debug)]
pub struct Source {
    /// What has come and is not cut yet begins at `from`.
    held: Vec<u8>,
    from: usize,
    /// Whether a byte order mark has been looked for.
    begun: bool,
    ended: bool,
    /// The line that comes next.
    line: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Lines {
        /// Up to where no line feed was found.
        looked: usize,
        /// Whether the line is too long, and its beginning thrown away.
        too_long: bool,
    },
    Records(Box<Record>),
}

impl Kind {
    fn of(format: Format) -> Self {
        match format {
            Format::Ndjson => Self::Lines { looked: 0, too_long: false },
            Format::Csv(delimiter) => {
                let (mut text, mut ends) = (vec![0; 4_096], vec![0; 32]);
                let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
                // From what it reads first it drops a byte order mark, though that may not be where a body begins.
                reader.read_record(b"\n", &mut text, &mut ends);
                Self::Records(Box::new(Record { reader, line: None, text, length: 0, ends, cells: 0, too_long: false }))
            }
        }
    }
}

/// A record that is being read.
#[derive(Debug)]
struct Record {
    reader: Reader,
    /// The line it begins on, once it has begun.
    line: Option<u64>,
    text: Vec<u8>,
    length: usize,
    ends: Vec<usize>,
    cells: usize,
    too_long: bool,
}

impl Source {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { held: Vec::new(), from: 0, begun: false, ended: false, line: 1, kind: Kind::of(format) }
    }

    /// What comes after the last row is written in this way, and may be a file of its own with a byte order mark.
    pub fn go_on(&mut self, format: Format) {
        self.begun = false;
        self.kind = Kind::of(format);
    }

    /// Takes the next piece, once [`Source::next_row`] has none.
    pub fn feed(&mut self, piece: &[u8]) {
        self.held.drain(..self.from);
        if let Kind::Lines { looked, .. } = &mut self.kind {
            *looked -= self.from.min(*looked);
        }
        self.from = 0;
        self.held.extend_from_slice(piece);
    }

    /// Nothing more comes: what is left is the last row.
    pub const fn end(&mut self) {
        self.ended = true;
    }

    /// The next row. `None` until another piece comes; after the end, for good.
    pub fn next_row(&mut self) -> Option<Raw> {
        if !self.begun {
            let come = self.held.get(self.from..self.from + BYTE_ORDER_MARK.len());
            if come.is_none() && !self.ended {
                return None;
            }
            self.from += if come == Some(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
            self.begun = true;
        }
        match self.kind {
            Kind::Lines { .. } => self.next_line(),
            Kind::Records(_) => self.next_record(),
        }
    }

    fn next_line(&mut self) -> Option<Raw> {
        let Kind::Lines { looked, too_long } = &mut self.kind else { return None };
        loop {
            let unseen = (*looked).max(self.from);
            let found = memchr::memchr(b'\n', self.held.get(unseen..).unwrap_or_default());
            let (end, next) = match found {
                Some(at) => (unseen + at, unseen + at + 1),
                None if self.ended && (self.from < self.held.len() || *too_long) => (self.held.len(), self.held.len()),
                None => {
                    if self.held.len() - self.from > MAX_ROW {
                        *too_long = true;
                        self.from = self.held.len();
                    }
                    *looked = self.held.len();
                    return None;
                }
            };
            let bytes = self.held.get(self.from..end).unwrap_or_default();
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            let line = self.line;
            self.line += 1;
            self.from = next;
            if std::mem::take(too_long) || bytes.len() > MAX_ROW {
                return Some(Raw { line, content: Content::TooLong });
            }
            if !bytes.trim_ascii().is_empty() {
                return Some(Raw { line, content: Content::Line(bytes.to_vec()) });
            }
        }
    }

    fn next_record(&mut self) -> Option<Raw> {
        let Kind::Records(record) = &mut self.kind else { return None };
        if record.line.is_none() {
            while let Some(byte @ (b'\r' | b'\n')) = self.held.get(self.from) {
                self.line += u64::from(*byte == b'\n');
                self.from += 1;
            }
        }
        loop {
            let come = self.held.get(self.from..).unwrap_or_default();
            if come.is_empty() && !self.ended {
                return None;
            }
            if record.line.is_none() {
                record.line = Some(self.line);
                record.reader.set_line(self.line);
            }
            let (text, ends) = (record.text.get_mut(record.length..), record.ends.get_mut(record.cells..));
            let (text, ends) = (text.unwrap_or_default(), ends.unwrap_or_default());
            let (result, read, written, ended) = record.reader.read_record(come, text, ends);
            self.from += read;
            record.length += written;
            record.cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => record.lengthen(),
                ReadRecordResult::OutputEndsFull => record.widen(),
                ReadRecordResult::End => return None,
                ReadRecordResult::Record => {
                    self.line = record.reader.line();
                    return Some(record.take());
                }
            }
        }
    }
}

impl Record {
    /// Makes room for more text, or for what is only passed over.
    fn lengthen(&mut self) {
        self.too_long |= self.length > MAX_ROW;
        if self.too_long {
            self.length = 0;
        } else {
            self.text.resize(self.text.len() * 2, 0);
        }
    }

    /// Makes room for more cells, or for such as are only passed over.
    fn widen(&mut self) {
        self.too_long |= self.cells > MAX_COLUMNS;
        if self.too_long {
            self.cells = 0;
        } else {
            self.ends.resize(self.ends.len() * 2, 0);
        }
    }

    /// The record that was read; then the next may be.
    fn take(&mut self) -> Raw {
        let too_long = std::mem::take(&mut self.too_long) || self.length > MAX_ROW || self.cells > MAX_COLUMNS;
        let content = if too_long { Content::TooLong } else { self.cells().map_or(Content::NotText, Content::Cells) };
        self.length = 0;
        self.cells = 0;
        Raw { line: self.line.take().unwrap_or(1), content }
    }

    fn cells(&self) -> Option<Vec<String>> {
        let text = std::str::from_utf8(self.text.get(..self.length)?).ok()?;
        let mut from = 0;
        let ends = self.ends.get(..self.cells)?;
        ends.iter().map(|end| text.get(std::mem::replace(&mut from, *end)..*end).map(str::to_owned)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rows of a body that comes in pieces of these lengths, over and over.
    fn rows(format: Format, body: &[u8], lengths: &[usize]) -> Vec<Raw> {
        let (mut source, mut found) = (Source::new(format), Vec::new());
        let mut lengths = lengths.iter().cycle();
        let mut rest = body;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((*lengths.next().unwrap()).clamp(1, rest.len()));
            source.feed(piece);
            found.extend(std::iter::from_fn(|| source.next_row()));
            rest = after;
        }
        source.end();
        found.extend(std::iter::from_fn(|| source.next_row()));
        assert_eq!(source.next_row(), None);
        found
    }

    fn contents(format: Format, body: &[u8]) -> Vec<Content> {
        rows(format, body, &[usize::MAX]).into_iter().map(|raw| raw.content).collect()
    }

    fn cells(cells: &[&str]) -> Content {
        Content::Cells(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    /// What the crate for whole files reads, which is made of the same parser and knows no pieces.
    fn whole(body: &[u8]) -> Vec<Vec<Vec<u8>>> {
        // It drops a byte order mark, too: one of a body that has begun is none.
        let body = [b"\n", body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)].concat();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body.as_slice());
        reader.byte_records().map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn records_are_the_same_however_they_are_cut(
            body in prop::collection::vec(prop::sample::select(&b"ab,,\"\"\n\n\r ;\xC3\xA9\xEF\xBB\xBF"[..]), 0..60),
            lengths in prop::collection::vec(1_usize..9, 1..6),
        ) {
            let format = Format::Csv(b',');
            let found = rows(format, &body, &lengths);
            prop_assert_eq!(&found, &rows(format, &body, &[usize::MAX]));
            let expected = whole(&body);
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.into_iter().zip(expected) {
                let expected: Result<Vec<_>, _> = expected.into_iter().map(String::from_utf8).collect();
                prop_assert_eq!(found.content, expected.map_or(Content::NotText, Content::Cells));
            }
        }

        #[test]
        fn lines_are_the_same_however_they_are_cut(
            body in prop::collection::vec(prop::sample::select(&b"ab{}\n\n\r \xEF\xBB\xBF"[..]), 0..60),
            lengths in prop::collection::vec(1_usize..9, 1..6),
        ) {
            let found = rows(Format::Ndjson, &body, &lengths);
            let plain = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
            let lines = (1..).zip(plain.split(|byte| *byte == b'\n'));
            let expected: Vec<_> = lines
                .map(|(line, bytes)| (line, bytes.strip_suffix(b"\r").unwrap_or(bytes)))
                .filter(|(_, bytes)| !bytes.trim_ascii().is_empty())
                .map(|(line, bytes)| Raw { line, content: Content::Line(bytes.to_vec()) })
                .collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn line_feeds_in_quotes_belong_to_their_cell_and_count_as_lines() {
        let body = b"\xEF\xBB\xBFa,b\r\n\r\n\"1\r\n2\",\"say \"\"hi\"\"\"\n3,4";
        let found = rows(Format::Csv(b','), body, &[1]);
        let expected = [(1, cells(&["a", "b"])), (3, cells(&["1\r\n2", "say \"hi\""])), (5, cells(&["3", "4"]))];
        assert_eq!(found, expected.map(|(line, content)| Raw { line, content }));
    }

    #[test]
    fn a_byte_order_mark_is_one_where_a_body_begins_and_nowhere_else() {
        let after_a_line = [cells(&["\u{feff}a"])];
        for lengths in [&[1][..], &[usize::MAX]] {
            let found = rows(Format::Csv(b','), b"\n\xEF\xBB\xBFa", lengths);
            assert_eq!(found.into_iter().map(|row| row.content).collect::<Vec<_>>(), after_a_line);
        }
        assert_eq!(contents(Format::Csv(b','), b"\xEF\xBB\xBF\xEF\xBB\xBFa"), after_a_line);
    }

    #[test]
    fn a_table_behind_a_line_of_another_kind_may_have_one_too() {
        for length in [1, 2, 100] {
            let mut source = Source::new(Format::Ndjson);
            let mut found = Vec::new();
            for piece in b"{}\n\xEF\xBB\xBFa,b\n".chunks(length) {
                source.feed(piece);
                while let Some(row) = source.next_row() {
                    if found.is_empty() {
                        source.go_on(Format::Csv(b','));
                    }
                    found.push(row.content);
                }
            }
            assert_eq!(found, [Content::Line(b"{}".to_vec()), cells(&["a", "b"])]);
        }
    }

    #[test]
    fn another_delimiter_may_stand_for_the_comma() {
        assert_eq!(contents(Format::Csv(b';'), b"a;b,c\n"), [cells(&["a", "b,c"])]);
        assert_eq!(contents(Format::Csv(b'\t'), b"a\tb"), [cells(&["a", "b"])]);
    }

    #[test]
    fn a_row_that_is_too_long_is_passed_over_and_the_next_one_read() {
        let long = "x".repeat(MAX_ROW + 1);
        for pieces in [&[usize::MAX][..], &[70_000]] {
            let body = format!("a\n{long}\r\nb\n{long}");
            let lines = rows(Format::Ndjson, body.as_bytes(), pieces);
            let line = |text: &[u8]| Content::Line(text.to_vec());
            let expected = [line(b"a"), Content::TooLong, line(b"b"), Content::TooLong];
            assert_eq!(lines, (1..).zip(expected).map(|(line, content)| Raw { line, content }).collect::<Vec<_>>());

            let body = format!("a,b\n\"{long}\n\",{long},1\nc,d\n{}\ne,{long}", "x,".repeat(MAX_COLUMNS));
            let records = rows(Format::Csv(b','), body.as_bytes(), pieces);
            let expected =
                [cells(&["a", "b"]), Content::TooLong, cells(&["c", "d"]), Content::TooLong, Content::TooLong];
            let expected = [1, 2, 4, 5, 6].into_iter().zip(expected);
            assert_eq!(records, expected.map(|(line, content)| Raw { line, content }).collect::<Vec<_>>());
        }
        let most = "x".repeat(MAX_ROW);
        assert_eq!(contents(Format::Ndjson, most.as_bytes()), [Content::Line(most.clone().into_bytes())]);
        assert_eq!(contents(Format::Csv(b','), most.as_bytes()), [cells(&[&most])]);
    }

    #[test]
    fn what_is_held_does_not_grow_with_what_has_passed() {
        let mut source = Source::new(Format::Ndjson);
        let piece = "{}\n".repeat(10_000);
        for _ in 0..100 {
            source.feed(piece.as_bytes());
            while source.next_row().is_some() {}
        }
        assert!(source.held.capacity() <= 4 * piece.len(), "{}", source.held.capacity());
        for _ in 0..100 {
            source.feed(&[b'x'; 100_000]);
            assert_eq!(source.next_row(), None);
        }
        assert!(source.held.capacity() <= 2 * (MAX_ROW + 100_000), "{}", source.held.capacity());
    }

    #[test]
    fn other_encodings_than_utf_8_are_told_from_text() {
        assert_eq!(contents(Format::Csv(b','), b"caf\xE9,x\nok,y\n"), [Content::NotText, cells(&["ok", "y"])]);
        assert_eq!(contents(Format::Csv(b','), b"a\xC3,\xA9b\n"), [Content::NotText]);
    }
}
