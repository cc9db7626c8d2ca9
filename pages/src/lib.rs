//! What people see: pages as HTML, and the mails that lead to them.
//!
//! A page is a struct of plain data with a template beside it in `templates/`; all its words are in `texts/`, a file a language.
//!
//! Invariant: nothing here does I/O, reads a clock or draws randomness. What comes from a person is escaped by the templates; no page
//! has a script, a style or an event handler in it, so that [`CONTENT_SECURITY_POLICY`] and [`CONSOLE_SECURITY_POLICY`] can forbid them.
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

pub mod brand;
pub mod console;
pub mod fields;
pub mod form;
pub mod law;
pub mod mail;
pub mod page;
pub mod paths;
pub mod portal;
pub mod staff;
pub mod style;
pub mod texts;

/// What the header `Content-Security-Policy` of every page says (W3C CSP 3).
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same of the console, whose scripts ask this origin for parts of pages.
pub const CONSOLE_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page: a struct with a template.
pub use askama::Template as Page;

/// A page as HTML.
///
/// # Errors
/// What a template's own formatting fails with; none does.
pub fn html(page: &impl Page) -> Result<String, askama::Error> {
    page.render()
}
