//! What a firm makes of its sector's taxonomy: what of it it uses, and what it calls that. The codes, which regulators know, stay.

use super::{Sector, Taxonomy};
use crate::{
    complaint::intake::List,
    http::problem::{FieldError, Rule},
    json,
    kept::Kept,
    text::{Code, Line},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The most names of a firm's own.
const MAX_NAMES: usize = 200;

/// What a complaint can be about: `product` or `product/issue`, by their codes.
pub type Subject = Line<129>;

/// What a firm makes of its sector's taxonomy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TaxonomyChoices {
    /// What it does not use: `product` or `product/issue`. Nothing new can be about it; complaints that are keep it.
    #[serde(skip_serializing_if = "List::is_empty")]
    pub left_out: List<Subject, 200>,
    /// What it calls a `product` or a `product/issue`. At most 200.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<Subject, Line<100>>,
}

/// A product of the taxonomy, as a firm has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FirmProduct {
    /// The code.
    pub code: &'static Code,
    /// What the firm calls it.
    pub name: String,
    /// What the taxonomy calls it.
    pub default_name: &'static str,
    /// Whether the firm uses it: then something new can be about it.
    pub offered: bool,
    /// What can go wrong with it. Nothing of it is offered for a product that is not, whatever it says of itself.
    pub issues: Vec<FirmIssue>,
}

/// Something that can go wrong, as a firm has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FirmIssue {
    /// The code.
    pub code: &'static Code,
    /// What the firm calls it.
    pub name: String,
    /// What the taxonomy calls it.
    pub default_name: &'static str,
    /// Whether the firm uses it.
    pub offered: bool,
}

impl TaxonomyChoices {
    /// What they say that cannot be.
    #[must_use]
    pub fn errors(&self, pointer: &str, sector: Sector) -> Vec<FieldError> {
        let Some(taxonomy) = Taxonomy::for_sector(sector) else { return Vec::new() };
        let unknown = |at: String| {
            let rule = format!("must be `product` or `product/issue` of taxonomy {}", taxonomy.id);
            FieldError::at(&format!("{pointer}/{at}"), Rule::Unknown, rule)
        };
        let left_out = self.left_out.iter().enumerate().filter(|(_, subject)| !taxonomy.has(subject.as_str()));
        let mut errors: Vec<_> = left_out.map(|(at, _)| unknown(format!("left_out/{at}"))).collect();
        let named = self.names.keys().map(Line::as_str).filter(|subject| !taxonomy.has(subject));
        // RFC 6901
        errors.extend(named.map(|subject| unknown(format!("names/{}", subject.replace('~', "~0").replace('/', "~1")))));
        if self.names.len() > MAX_NAMES {
            let rule = format!("must have at most {MAX_NAMES} members, has {}", self.names.len());
            errors.push(FieldError::at(&format!("{pointer}/names"), Rule::OutOfRange, rule));
        }
        let stays = |code: &Code| self.left_out.iter().all(|subject| subject.as_str() != code.as_str());
        if !taxonomy.products.iter().any(|product| stays(&product.code)) {
            let rule = "must leave at least one product";
            errors.push(FieldError::at(&format!("{pointer}/left_out"), Rule::NotAllowed, rule));
        }
        errors
    }
}

impl Taxonomy {
    /// Whether it has this `product`, or `product/issue`.
    fn has(&self, subject: &str) -> bool {
        let (product, issue) =
            subject.split_once('/').map_or((subject, None), |(product, issue)| (product, Some(issue)));
        let product = self.products.iter().find(|known| known.code.as_str() == product);
        product.is_some_and(|product| {
            issue.is_none_or(|issue| product.issues.iter().any(|known| known.code.as_str() == issue))
        })
    }
}

impl Kept<TaxonomyChoices> {
    /// What can be complained about in this sector, as the firm has it, what it has left out too.
    #[must_use]
    pub fn products(&self, sector: Sector) -> Vec<FirmProduct> {
        let chosen = Chosen::of(self);
        let issue = |product: &Code, code: &'static Code, name: &'static str| {
            let subject = format!("{product}/{code}");
            FirmIssue {
                code,
                name: chosen.name(&subject, name),
                default_name: name,
                offered: !chosen.leaves_out(&subject),
            }
        };
        let products = Taxonomy::for_sector(sector).map_or(&[][..], |taxonomy| &taxonomy.products);
        products
            .iter()
            .map(|product| FirmProduct {
                code: &product.code,
                name: chosen.name(product.code.as_str(), &product.name),
                default_name: &product.name,
                offered: !chosen.leaves_out(product.code.as_str()),
                issues: product.issues.iter().map(|one| issue(&product.code, &one.code, &one.name)).collect(),
            })
            .collect()
    }

    /// Whether the firm does not use this `product`, or `product/issue`, any more.
    #[must_use]
    pub fn leaves_out(&self, subject: &str) -> bool {
        // Most complaints are about what is not so much as named.
        self.text().contains(subject) && Chosen::of(self).leaves_out(subject)
    }
}

/// The choices as they are looked up: by no type of their own, so that whoever only looks does not carry what reads one.
struct Chosen(Value);

impl Chosen {
    fn of(kept: &Kept<TaxonomyChoices>) -> Self {
        Self(if kept.is_nothing() { Value::Null } else { json::from_str(kept.text()).unwrap_or_default() })
    }

    fn leaves_out(&self, subject: &str) -> bool {
        let left_out = self.0.get("left_out").and_then(Value::as_array);
        left_out.is_some_and(|left_out| left_out.iter().any(|one| one.as_str() == Some(subject)))
    }

    fn name(&self, subject: &str, default: &str) -> String {
        let own = self.0.get("names").and_then(|names| names.get(subject)).and_then(Value::as_str);
        own.unwrap_or(default).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::subsequence};
    use serde_json::json;

    fn read(text: &str) -> TaxonomyChoices {
        json::from_str(text).unwrap()
    }

    fn subjects() -> Vec<String> {
        let products = &Taxonomy::for_sector(Sector::Bank).unwrap().products;
        let of = |product: &super::super::Product| {
            let code = product.code.as_str().to_owned();
            let issues = product.issues.iter().map(move |issue| format!("{}/{}", product.code, issue.code));
            [code].into_iter().chain(issues).collect::<Vec<_>>()
        };
        products.iter().flat_map(of).collect()
    }

    #[test]
    fn what_is_not_in_the_taxonomy_is_told() {
        let choices = read(
            r#"{"left_out":["credit_card","yachts","credit_card/yachts"],"names":{"credit_card":"Cards","credit_card/x~y":"X"}}"#,
        );
        let errors = choices.errors("/taxonomy", Sector::Bank);
        let found: Vec<_> = errors.iter().map(|error| (error.pointer.as_deref().unwrap(), error.code)).collect();
        let unknown = ["/taxonomy/left_out/1", "/taxonomy/left_out/2", "/taxonomy/names/credit_card~1x~0y"];
        assert_eq!(found, unknown.map(|pointer| (pointer, Rule::Unknown)));
        assert_eq!(choices.errors("/taxonomy", Sector::Airline).len(), 5);
        assert!(json::from_str::<TaxonomyChoices>(&json!({ "left_out": vec!["x"; 201] }).to_string()).is_err());
        let many: BTreeMap<_, _> = (0..201).map(|n| (format!("p{n}"), "P")).collect();
        let errors = read(&json!({ "names": many }).to_string()).errors("", Sector::Bank);
        assert_eq!(errors.last().unwrap().pointer.as_deref(), Some("/names"));
    }

    #[test]
    fn one_product_stays() {
        let products: Vec<_> = subjects().into_iter().filter(|subject| !subject.contains('/')).collect();
        let but = |n: usize| read(&json!({ "left_out": products.get(n..).unwrap() }).to_string());
        assert!(but(1).errors("/taxonomy", Sector::Bank).is_empty());
        let errors = but(0).errors("/taxonomy", Sector::Bank);
        assert_eq!((errors.len(), errors[0].pointer.as_deref()), (1, Some("/taxonomy/left_out")));
    }

    #[test]
    fn nothing_chosen_is_the_taxonomy_itself() {
        let kept = Kept::from(&TaxonomyChoices::default());
        assert!(kept.is_nothing() && kept == Kept::default());
        let products = kept.products(Sector::Telecom);
        assert!(products.iter().all(|product| product.offered && product.name == product.default_name));
        assert_eq!(products.len(), Taxonomy::for_sector(Sector::Telecom).unwrap().products.len());
    }

    proptest! {
        /// Every product and issue is there, in its order, and says of itself what was chosen, whatever that was.
        #[test]
        fn what_is_chosen_is_what_is_shown(
            left_out in subsequence(subjects(), 0..=40),
            names in subsequence(subjects(), 0..=40),
            name in "[a-z\"\\\\é]{1,20}",
        ) {
            let call = |(n, subject): (usize, &String)| (subject.clone(), format!("{n} {name}"));
            let named: BTreeMap<_, _> = names.iter().enumerate().map(call).collect();
            let choices = read(&json!({ "left_out": left_out, "names": named }).to_string());
            let kept = Kept::from(&choices);
            prop_assert_eq!(&kept.read().unwrap(), &choices);
            let mut all = subjects().into_iter();
            let mut shown = |subject: String, name: &str, default: &str, offered: bool| {
                assert_eq!(Some(&subject), all.next().as_ref());
                assert_eq!(offered, !left_out.contains(&subject));
                assert_eq!(kept.leaves_out(&subject), !offered);
                assert_eq!(name, named.get(&subject).map_or(default, String::as_str));
            };
            for product in kept.products(Sector::Bank) {
                shown(product.code.to_string(), &product.name, product.default_name, product.offered);
                for issue in product.issues {
                    shown(format!("{}/{}", product.code, issue.code), &issue.name, issue.default_name, issue.offered);
                }
            }
            prop_assert!(all.next().is_none());
        }
    }
}
