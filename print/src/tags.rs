//! What a screen reader is told: what each piece of a letter is, and in which order they are read.

use crate::{
    page::PartKind,
    sheets::{Block, MARGIN},
};
use krilla::{
    destination::XyzDestination,
    geom::Point,
    outline::{Outline, OutlineNode},
    tagging::{Identifier, ListNumbering, Node, Tag, TagGroup, TagTree},
};
use std::num::NonZeroU16;

/// Where the content of a block is, for the tags and the outline.
#[derive(Default)]
pub(crate) struct Tagged {
    pub(crate) begins: Option<Place>,
    /// The bullet of an item.
    pub(crate) label: Option<Identifier>,
    /// One piece a sheet.
    pub(crate) content: Vec<Identifier>,
}

/// A sheet, counted from 0, and how far from its top, in points.
pub(crate) struct Place {
    pub(crate) sheet: usize,
    pub(crate) top: f32,
}

/// The headings, for going from one to the next. PDF/UA wants an outline of every document: of one without headings, its title.
pub(crate) fn outline(title: String, blocks: &[Block], tagged: &[Tagged]) -> Outline {
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
        outline.push_child(OutlineNode::new(title, place));
    }
    outline
}

/// The structure: headings, paragraphs and lists.
pub(crate) fn tree(blocks: &[Block], tagged: &[Tagged]) -> TagTree {
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
