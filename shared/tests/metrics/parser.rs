//! A strict reader of Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats"). It panics at what is not of it.

use std::collections::{BTreeMap, BTreeSet};

/// A line with a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    /// The name, with the suffix of a histogram's lines.
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// What a scrape said.
#[derive(Debug, Default)]
pub(crate) struct Scrape {
    /// The type of each family.
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) samples: Vec<Sample>,
}

impl Scrape {
    /// The sum of the series of this name that have these labels; 0 if there is none.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.of(name, labels).map(|sample| sample.value).sum()
    }

    pub(crate) fn of<'s>(&'s self, name: &'s str, labels: &'s [(&str, &str)]) -> impl Iterator<Item = &'s Sample> {
        self.samples.iter().filter(move |sample| {
            let has = |(label, value): &(&str, &str)| sample.labels.get(*label).is_some_and(|held| held == value);
            sample.name == name && labels.iter().all(has)
        })
    }
}

pub(crate) fn parse(text: &str) -> Scrape {
    let (mut scrape, mut helped, mut seen) = (Scrape::default(), BTreeSet::new(), BTreeSet::new());
    let mut current = String::new();
    let rest = text.strip_suffix('\n').expect("the last line ends");
    for line in rest.split('\n') {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help has a text");
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
            name.clone_into(&mut current);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(name == current && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(scrape.types.insert(name.to_owned(), kind.to_owned()), None, "{line}");
        } else {
            let sample = sample(line);
            let family = match scrape.types.get(&current).expect("the type comes first").as_str() {
                "histogram" => ["_bucket", "_sum", "_count"].iter().find_map(|suffix| sample.name.strip_suffix(suffix)),
                _ => Some(sample.name.as_str()),
            };
            assert_eq!(family, Some(current.as_str()), "{line}: lines of a family stand together");
            assert!(seen.insert((sample.name.clone(), sample.labels.clone())), "twice: {line}");
            scrape.samples.push(sample);
        }
    }
    histograms_are_whole(&scrape);
    scrape
}

fn sample(line: &str) -> Sample {
    let at = line.find(['{', ' ']).expect("a name and a value");
    let (name, rest) = line.split_at(at);
    let valid = |text: &str| {
        text.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_')
            && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
    };
    assert!(valid(name), "{line}");
    let mut labels = BTreeMap::new();
    let mut rest = rest;
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            let (label, after) = inside.split_once("=\"").expect("a label has a value");
            assert!(valid(label), "{line}");
            let (mut value, mut chars) = (String::new(), after.char_indices());
            let end = loop {
                match chars.next().expect("a value ends") {
                    (at, '"') => break at,
                    (_, '\\') => value.push(match chars.next().expect("something is escaped").1 {
                        'n' => '\n',
                        one @ ('\\' | '"') => one,
                        other => panic!("{other} is not escaped: {line}"),
                    }),
                    (_, one) => value.push(one),
                }
            };
            assert_eq!(labels.insert(label.to_owned(), value), None, "{line}");
            let after = &after[end + 1..];
            if let Some(more) = after.strip_prefix(',') {
                inside = more;
            } else {
                rest = after.strip_prefix('}').expect("labels end");
                break;
            }
        }
    }
    let value = rest.strip_prefix(' ').expect("a value after a space");
    Sample { name: name.to_owned(), labels, value: value.parse().unwrap_or_else(|_| panic!("{line}")) }
}

/// Buckets only grow, the last is `+Inf`, and it has as many as the count says.
fn histograms_are_whole(scrape: &Scrape) {
    for (name, _) in scrape.types.iter().filter(|(_, kind)| *kind == "histogram") {
        let mut series: BTreeMap<BTreeMap<String, String>, Vec<(f64, f64)>> = BTreeMap::new();
        for bucket in scrape.of(&format!("{name}_bucket"), &[]) {
            let mut labels = bucket.labels.clone();
            let bound = labels.remove("le").expect("a bucket has a bound").replace("+Inf", "inf");
            series.entry(labels).or_default().push((bound.parse().expect("a bound"), bucket.value));
        }
        for (labels, buckets) in series {
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name} {labels:?} {buckets:?}");
            let labels: Vec<_> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let count: Vec<f64> = scrape.of(&format!("{name}_count"), &labels).map(|sample| sample.value).collect();
            assert_eq!(buckets.last().copied(), Some((f64::INFINITY, count[0])), "{name} {labels:?}");
            assert_eq!((count.len(), scrape.of(&format!("{name}_sum"), &labels).count()), (1, 1), "{name} {labels:?}");
        }
    }
}
