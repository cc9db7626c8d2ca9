//! Letters on paper: what the print Worker is told of one.

use print::{Look, Page, Part, PartKind};
use shared::{
    complaint::intake::Format,
    letter::document::{BlockKind, Document},
    time::Timestamp,
};

/// A letter that shows the day `dated` and went out at `at`: all that its bytes follow from.
pub(crate) fn page(document: &Document, dated: &str, at: Timestamp) -> Page {
    let Document { blocks, format, from, language, subject, to } = document;
    let part = |is, text: &str| Part { is, text: text.to_owned() };
    let head = [
        part(PartKind::Sender, from.as_str()),
        part(PartKind::Addressee, to.as_str()),
        part(PartKind::Date, dated),
        part(PartKind::Title, subject.as_str()),
    ];
    let body = blocks.iter().map(|block| part(kind(block.is), block.text.as_str()));
    Page {
        author: from.as_str().to_owned(),
        dated_at: at.unix_seconds(),
        language: language.as_str().to_owned(),
        look: look(*format),
        parts: head.into_iter().chain(body).collect(),
        title: subject.as_str().to_owned(),
    }
}

const fn kind(block: BlockKind) -> PartKind {
    match block {
        BlockKind::Heading => PartKind::Heading,
        BlockKind::Paragraph => PartKind::Paragraph,
        BlockKind::Item => PartKind::Item,
    }
}

const fn look(format: Format) -> Look {
    match format {
        Format::Standard | Format::Braille | Format::Audio => Look::Standard,
        Format::LargePrint => Look::LargePrint,
        Format::EasyRead => Look::EasyRead,
    }
}
