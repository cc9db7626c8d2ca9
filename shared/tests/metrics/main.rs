//! Metrics: counted, merged, shown and read back; and that operators' files name only what there is.

mod parser;

use parser::parse;
use proptest::prelude::*;
use shared::{
    ids::TenantId,
    metrics::{ALL, BUCKETS, BusyTenants, Family, Kind, MAX_SERIES, SHOWN, Totals, expose, families},
    object::metrics::Question,
    time::Timestamp,
};
use std::{collections::BTreeSet, path::Path};

#[test]
fn families_are_named_as_prometheus_wants_it() {
    let names: BTreeSet<_> = ALL.iter().map(|family| family.name).collect();
    assert_eq!(names.len(), ALL.len());
    for Family { name, kind, labels, help } in ALL {
        assert!(name.starts_with("redress_") && help.ends_with('.') && !help.contains(['\n', '\\']), "{name}");
        assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
        assert!(*kind != Kind::Histogram || name.ends_with("_seconds"), "{name}");
        assert!(!labels.contains(&"le"), "{name}");
    }
}

#[test]
fn a_histogram_is_cumulative_and_in_seconds() {
    let mut totals = Totals::default();
    for millis in [0, 10, 11, 4_000, 61_000] {
        totals.observe(families::D1_DURATION, &["back", "DB_0"], millis);
    }
    let scrape = parse(&expose(&totals));
    let bucket = |le| scrape.sum("redress_d1_duration_seconds_bucket", &[("le", le)]);
    assert_eq!((bucket("0.010"), bucket("0.025"), bucket("5.000")), (2.0, 3.0, 4.0));
    assert_eq!((bucket("60.000"), bucket("+Inf")), (4.0, 5.0));
    assert_eq!(scrape.sum("redress_d1_duration_seconds_sum", &[("shard", "DB_0")]), 65.021);
}

#[test]
fn what_another_release_counts_is_kept_and_not_shown() {
    let text = "{\"redress_requests_total\\nfront\":[3],\"redress_of_tomorrow_total\\nx\":[1,2]}";
    let mut totals: Totals = shared::json::from_str(text).unwrap();
    assert_eq!(expose(&totals), "");
    totals.add(families::CRON_RUNS, &["back"], 1);
    assert_eq!(parse(&expose(&totals)).samples.len(), 1);
    assert!(serde_json::to_string(&totals).unwrap().contains("tomorrow"));
}

#[test]
fn series_are_bounded_and_it_shows() {
    let mut totals = Totals::default();
    for n in 0..MAX_SERIES + 10 {
        totals.add(families::FAULTS, &["front", &n.to_string()], 1);
    }
    totals.add(families::FAULTS, &["front", "0"], 1);
    let scrape = parse(&expose(&totals));
    assert_eq!(scrape.samples.len(), MAX_SERIES + 1);
    assert_eq!(scrape.sum("redress_metrics_series_dropped_total", &[]), 10.0);
    assert_eq!(scrape.sum("redress_faults_total", &[("fault", "0")]), 2.0);
}

/// A deployed object may be older than the Worker that asks it.
#[test]
fn the_format_is_unchanged() {
    let mut totals = Totals::default();
    totals.add(families::CRON_RUNS, &["back"], 2);
    let tenant = TenantId::new(Timestamp::from_unix_millis(1_700_000_000_000), &[2; 10]);
    let question = Question::Add { totals, tenants: vec![(tenant, 7)] };
    let text = concat!(
        r#"{"add":{"totals":{"redress_cron_runs_total\nback":[2]},"#,
        r#""tenants":[["018bcfe5-6800-7202-8202-020202020202",7]]}}"#
    );
    assert_eq!(serde_json::to_string(&question).unwrap(), text);
    assert_eq!(shared::json::from_str::<Question>(text).unwrap(), question);
    // Values say which bucket they are of only by their order.
    assert_eq!(BUCKETS, [10, 25, 50, 100, 250, 1_000, 5_000, 60_000], "another family for other buckets");
}

#[test]
fn the_tenants_that_send_most_are_shown_for_a_while() {
    let at = |minutes: i64| Timestamp::from_unix_millis(minutes * 60_000);
    let tenant = |n: u8| TenantId::new(at(1), &[n; 10]);
    let mut tenants = BusyTenants::default();
    for n in 0..30 {
        tenants.add(tenant(n), u64::from(n) + 1, at(1));
    }
    let top = tenants.top(at(4));
    assert_eq!((top.len(), top[0]), (SHOWN, (tenant(29), 30)));
    tenants.add(tenant(0), 100, at(6));
    assert_eq!(tenants.top(at(6))[..2], [(tenant(0), 101), (tenant(29), 30)]);
    assert_eq!(tenants.top(at(11)), [(tenant(0), 100)]);
    assert_eq!(tenants.top(at(60)), []);
}

proptest! {
    /// Whatever a label holds, it comes back as it was; and who merges in which order does not matter.
    #[test]
    fn what_is_shown_is_read_back(counted in prop::collection::vec(("[^\n]*", 0u64..1_000, 0..3usize), 0..40)) {
        let mut parts = [Totals::default(), Totals::default(), Totals::default()];
        for (label, n, part) in &counted {
            parts[*part].add(families::FAULTS, &["front", label], *n);
            parts[*part].observe(families::QUEUE_AGE, &[label], *n);
        }
        let merged = |order: [usize; 3]| {
            let mut all = Totals::default();
            order.iter().for_each(|nth| all.merge(&parts[*nth]));
            all
        };
        let all = merged([0, 1, 2]);
        prop_assert_eq!(&all, &merged([2, 0, 1]));
        let text = serde_json::to_string(&all).unwrap();
        prop_assert_eq!(&shared::json::from_str::<Totals>(&text).unwrap(), &all);
        if counted.is_empty() {
            return Ok(());
        }
        let scrape = parse(&expose(&all));
        for (label, ..) in &counted {
            let expected: u64 = counted.iter().filter(|(held, ..)| held == label).map(|(_, n, _)| n).sum();
            let count = counted.iter().filter(|(held, ..)| held == label).count();
            prop_assert_eq!(scrape.sum("redress_faults_total", &[("fault", label)]), expected as f64);
            prop_assert_eq!(scrape.sum("redress_queue_age_seconds_count", &[("queue", label)]), count as f64);
        }
    }
}

/// The names in a file that begin as ours do.
fn named(file: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let words = text.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_'));
    words.filter(|word| word.starts_with("redress_")).map(str::to_owned).collect()
}

#[test]
fn operators_files_name_only_what_is_exposed() {
    let of = |Family { name, kind, .. }: &Family| match kind {
        Kind::Histogram => ["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}")).to_vec(),
        _ => vec![(*name).to_owned()],
    };
    let exposed: BTreeSet<String> = ALL.iter().flat_map(|family| of(family)).collect();
    for file in ["alerts.yml", "grafana-dashboard.json"] {
        let named = named(file);
        assert!(named.len() > 8, "{file} names {named:?}");
        assert_eq!(named.difference(&exposed).collect::<Vec<_>>(), Vec::<&String>::new(), "{file}");
    }
    let dashboard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops/grafana-dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_slice(&std::fs::read(dashboard).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
}

/// Each alert sends whoever is woken to a heading that is there.
#[test]
fn every_alert_has_its_runbook() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let alerts = std::fs::read_to_string(root.join("ops/alerts.yml")).unwrap();
    let manual = std::fs::read_to_string(root.join("docs/operations.md")).unwrap();
    let names: Vec<_> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        assert!(manual.contains(&format!("\n### {name}\n")), "{name} has no runbook");
        let link = format!("runbook: docs/operations.md#{}", name.to_lowercase());
        assert!(alerts.contains(&link), "{link}");
    }
}
