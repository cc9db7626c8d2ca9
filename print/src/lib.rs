//! The typesetter: a letter's page as a PDF that can be printed and that a screen reader can read.
//!
//! It is a Worker of its own, because shaper and fonts weigh as much as a Worker may. It has no binding and keeps nothing: what it
//! is given, it gives back set.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(feature = "render")]
mod drawing;
#[cfg(feature = "worker")]
mod entry;
#[cfg(feature = "render")]
mod fonts;
#[cfg(feature = "render")]
mod lines;
mod page;
#[cfg(feature = "render")]
mod pdf;
#[cfg(feature = "render")]
mod refusal;
#[cfg(feature = "render")]
mod sheets;
#[cfg(feature = "render")]
mod tags;
#[cfg(feature = "render")]
mod text;

pub use page::{Look, MAX_CHARS, MAX_PARTS, MAX_SHEETS, Page, Part, PartKind, Unprinted};
#[cfg(feature = "render")]
pub use pdf::pdf;
#[cfg(feature = "render")]
pub use refusal::NotPrintable;
