//! What complaints can be about: what of it the firm offers, and under which names.

use super::Settings;
use crate::console::shell::Shell;
use askama::Template;

/// A product, or what can go wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// `product`, or `product/issue`.
    pub code: String,
    /// The name that all have.
    pub standard: String,
    /// The firm's own; empty: the same.
    pub own: String,
    /// Whether it can be chosen.
    pub offered: bool,
}

/// A product with what can go wrong.
#[derive(Clone, Debug, Default)]
pub struct Product {
    /// It.
    pub entry: Entry,
    /// What can go wrong with it.
    pub issues: Vec<Entry>,
}

impl Product {
    /// How many issues can be chosen.
    #[must_use]
    pub fn offered(&self) -> usize {
        self.issues.iter().filter(|issue| issue.offered).count()
    }
}

/// All.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/taxonomy.html")]
pub struct Taxonomy {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// What complaints can be about.
    pub products: Vec<Product>,
    /// The version that is shown.
    pub version: u64,
}
