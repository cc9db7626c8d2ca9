//! What complaints are about: versioned lists of products and issues, one per sector, in `rules/taxonomies/`.

pub mod choices;

use crate::text::{Code, Line};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The trade a tenant is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sector {
    /// Banks, lenders, payment firms.
    Bank,
    /// Telephone, internet and pay television.
    Telecom,
    /// Airlines.
    Airline,
}

impl Sector {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Bank, Self::Telecom, Self::Airline];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Telecom => "telecom",
            Self::Airline => "airline",
        }
    }
}

/// A taxonomy, as its file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taxonomy {
    /// The name that stays across versions.
    pub id: Code,
    /// The version.
    pub version: Line<32>,
    /// The trade it is for.
    pub sector: Sector,
    /// Who publishes it.
    pub source: String,
    /// `verified`, or what is still to be confirmed.
    pub status: String,
    /// What complaints can be about.
    pub products: Vec<Product>,
}

/// Something complaints can be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The code, for life.
    pub code: Code,
    /// The name people read.
    pub name: String,
    /// Other spellings in the publisher's data.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What can go wrong with it.
    pub issues: Vec<Issue>,
}

/// Something that can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// The code, for life, unique within its product.
    pub code: Code,
    /// The name people read.
    pub name: String,
    /// Other spellings in the publisher's data.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// Which taxonomy a complaint was classified by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaxonomyRef {
    /// [`Taxonomy::id`].
    pub id: Code,
    /// [`Taxonomy::version`].
    pub version: Line<32>,
}

impl Taxonomy {
    /// The taxonomy in force for a sector. `None` only if a shipped file does not parse, which a test excludes.
    #[must_use]
    pub fn for_sector(sector: Sector) -> Option<&'static Self> {
        static BANK: LazyLock<Option<Taxonomy>> = LazyLock::new(|| parse(FILES.0));
        static TELECOM: LazyLock<Option<Taxonomy>> = LazyLock::new(|| parse(FILES.1));
        static AIRLINE: LazyLock<Option<Taxonomy>> = LazyLock::new(|| parse(FILES.2));
        match sector {
            Sector::Bank => BANK.as_ref(),
            Sector::Telecom => TELECOM.as_ref(),
            Sector::Airline => AIRLINE.as_ref(),
        }
    }

    /// The product with this code.
    #[must_use]
    pub fn product(&self, code: &Code) -> Option<&Product> {
        self.products.iter().find(|product| product.code == *code)
    }

    /// What a complaint records of it.
    #[must_use]
    pub fn reference(&self) -> TaxonomyRef {
        TaxonomyRef { id: self.id.clone(), version: self.version.clone() }
    }
}

impl Product {
    /// The issue with this code.
    #[must_use]
    pub fn issue(&self, code: &Code) -> Option<&Issue> {
        self.issues.iter().find(|issue| issue.code == *code)
    }
}

const FILES: (&str, &str, &str) = (
    include_str!("../../rules/taxonomies/bank.json"),
    include_str!("../../rules/taxonomies/telecom.json"),
    include_str!("../../rules/taxonomies/airline.json"),
);

fn parse(file: &str) -> Option<Taxonomy> {
    crate::json::from_str(file).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_shipped_file_is_sound() {
        for (file, sector) in [(FILES.0, Sector::Bank), (FILES.1, Sector::Telecom), (FILES.2, Sector::Airline)] {
            let taxonomy: Taxonomy = serde_json::from_str(file).unwrap();
            assert_eq!(taxonomy.sector, sector);
            assert_eq!(Taxonomy::for_sector(sector), Some(&taxonomy));
            let products: BTreeSet<_> = taxonomy.products.iter().map(|product| &product.code).collect();
            assert_eq!(products.len(), taxonomy.products.len(), "product codes are unique");
            for product in &taxonomy.products {
                let issues: BTreeSet<_> = product.issues.iter().map(|issue| &issue.code).collect();
                assert!(!issues.is_empty(), "{} has issues", product.code);
                assert_eq!(issues.len(), product.issues.len(), "issue codes of {} are unique", product.code);
            }
        }
    }
}
