//! Every page of the console, with sample data.

mod case;
mod office;
mod queue;

/// Each, by name.
pub(crate) fn every_page() -> Vec<(&'static str, String)> {
    [queue::pages(), case::pages(), office::pages()].concat()
}
