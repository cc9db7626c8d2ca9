//! Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats").

use super::{
    family::{ALL, BUCKETS, Family, Kind},
    totals::Totals,
};

/// The media type of the format.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is known, as text: every family that has a series, in the order of [`ALL`].
#[must_use]
pub fn expose(totals: &Totals) -> String {
    let mut text = String::new();
    for family in ALL {
        let mut series = totals.series(family).peekable();
        if series.peek().is_some() {
            let Family { name, kind, help, .. } = family;
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str()));
        }
        for (labels, values) in series {
            show(&mut text, family, &labels, values);
        }
    }
    text
}

fn show(text: &mut String, family: &Family, labels: &[&str], values: &[u64]) {
    let scaled = |value| if family.is_time() { seconds(value) } else { value.to_string() };
    if family.kind != Kind::Histogram {
        line(text, family, "", labels, None, &scaled(values.first().copied().unwrap_or_default()));
        return;
    }
    let Some((sum, counts)) = values.split_last() else { return };
    let mut count = 0u64;
    for (nth, n) in counts.iter().enumerate() {
        count = count.saturating_add(*n);
        let bound = BUCKETS.get(nth).map_or_else(|| "+Inf".to_owned(), |bound| seconds(*bound));
        line(text, family, "_bucket", labels, Some(&bound), &count.to_string());
    }
    line(text, family, "_sum", labels, None, &seconds(*sum));
    line(text, family, "_count", labels, None, &count.to_string());
}

fn line(text: &mut String, family: &Family, suffix: &str, labels: &[&str], bound: Option<&str>, value: &str) {
    text.push_str(family.name);
    text.push_str(suffix);
    let named = family.labels.iter().copied().zip(labels.iter().copied()).chain(bound.map(|bound| ("le", bound)));
    let mut before = '{';
    for (name, value) in named {
        text.push(before);
        before = ',';
        text.push_str(name);
        text.push_str("=\"");
        escape(text, value);
        text.push('"');
    }
    if before == ',' {
        text.push('}');
    }
    text.push(' ');
    text.push_str(value);
    text.push('\n');
}

fn escape(text: &mut String, value: &str) {
    for one in value.chars() {
        match one {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            one => text.push(one),
        }
    }
}

/// Milliseconds as seconds, exactly.
fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}
