//! Charts, as SVG that is made here: no script draws them, and beside each stand its numbers as a table.
//!
//! Across, everything is in percent and the height is in pixels, so that a chart is as wide as its place and its words stay legible. An
//! element that has no script and no style in it may be shown under any policy.

use super::words::number;
use std::fmt::Write;

/// How a chart shows its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bar for each label, one below the other; several series stand end to end.
    Bars,
    /// A column for each label, side by side; several series stand on each other.
    Columns,
    /// A line for each series, from label to label.
    Lines,
}

/// Numbers of one sort, one for each label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// What they are.
    pub name: String,
    /// They.
    pub values: Vec<u64>,
}

/// A chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Its name in addresses.
    pub id: &'static str,
    /// How it shows its numbers.
    pub kind: Kind,
    /// What it is about.
    pub title: &'static str,
    /// What it says, in a sentence.
    pub says: String,
    /// What labels are: `Day`.
    pub of: &'static str,
    /// What is counted, one by one.
    pub labels: Vec<String>,
    /// The numbers.
    pub series: Vec<Series>,
}

/// Pixels of a row of bars: the label, and the bar below it.
const ROW: usize = 40;
/// Pixels of the field of columns and lines, and of what stands above and below it.
const FIELD: u64 = 160;
const ABOVE: u64 = 18;
const BELOW: u64 = 22;
/// Most points of which each tells its number to whoever points at it.
const POINTS: usize = 120;

impl Chart {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.iter().all(|series| series.values.iter().all(|value| *value == 0))
    }

    /// Each label with its numbers.
    #[must_use]
    pub fn rows(&self) -> Vec<(&str, Vec<u64>)> {
        let of = |at: usize| self.series.iter().map(|series| series.values.get(at).copied().unwrap_or(0)).collect();
        self.labels.iter().enumerate().map(|(at, label)| (label.as_str(), of(at))).collect()
    }

    /// Each series with the name of its colour.
    #[must_use]
    pub fn legend(&self) -> Vec<(&'static str, &str)> {
        self.series.iter().enumerate().map(|(at, series)| (colour(at), series.name.as_str())).collect()
    }

    /// The drawing.
    #[must_use]
    pub fn svg(&self) -> String {
        let (height, body) = match self.kind {
            Kind::Bars => self.bars(),
            Kind::Columns => self.columns(),
            Kind::Lines => self.lines(),
        };
        format!(
            "<svg class=\"chart\" role=\"img\" width=\"100%\" height=\"{height}\" aria-labelledby=\"{id}-title {id}-says\">\
             <title id=\"{id}-title\">{title}</title><desc id=\"{id}-says\">{says}</desc>{body}</svg>",
            id = self.id,
            title = escaped(self.title),
            says = escaped(&self.says),
        )
    }

    fn bars(&self) -> (usize, String) {
        let rows = self.rows();
        let most = rows.iter().map(|(_, values)| values.iter().sum()).max().unwrap_or(0);
        let mut body = String::new();
        for (at, (label, values)) in rows.iter().enumerate() {
            let (top, total) = (at * ROW, values.iter().sum::<u64>());
            write(&mut body, format_args!("<text x=\"0\" y=\"{}\">{}</text>", top + 15, escaped(label)));
            write(
                &mut body,
                format_args!("<text x=\"100%\" y=\"{}\" class=\"end n\">{}</text>", top + 15, number(total)),
            );
            write(
                &mut body,
                format_args!(
                    "<rect class=\"track\" x=\"0\" y=\"{}\" width=\"100%\" height=\"10\" rx=\"2\"/>",
                    top + 21
                ),
            );
            let mut x = 0;
            for (nth, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
                let width = part(*value, most);
                write(
                    &mut body,
                    format_args!(
                        "<rect class=\"{}\" x=\"{}%\" y=\"{}\" width=\"{}%\" height=\"10\"><title>{}</title></rect>",
                        colour(nth),
                        percent(x),
                        top + 21,
                        percent(width),
                        self.point(label, nth, *value)
                    ),
                );
                x += width;
            }
        }
        (rows.len() * ROW, body)
    }

    fn columns(&self) -> (usize, String) {
        let rows = self.rows();
        let top = ceiling(rows.iter().map(|(_, values)| values.iter().sum()).max().unwrap_or(0));
        let mut body = self.field(top);
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX).max(1);
        let wide = 10_000 / count;
        for ((label, values), at) in rows.iter().zip(0_u64..) {
            let mut floor = ABOVE + FIELD;
            for (nth, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
                let height = (value.saturating_mul(FIELD) / top).max(1);
                floor = floor.saturating_sub(height);
                write(
                    &mut body,
                    format_args!(
                        "<rect class=\"{}\" x=\"{}%\" y=\"{floor}\" width=\"{}%\" height=\"{height}\"><title>{}</title></rect>",
                        colour(nth),
                        percent(10_000 * at / count + wide / 10),
                        percent((wide * 8 / 10).max(1)),
                        self.point(label, nth, *value)
                    ),
                );
            }
        }
        (usize::try_from(ABOVE + FIELD + BELOW).unwrap_or_default(), body)
    }

    fn lines(&self) -> (usize, String) {
        let top = ceiling(self.series.iter().flat_map(|series| &series.values).copied().max().unwrap_or(0));
        let mut body = self.field(top);
        let last = u64::try_from(self.labels.len().saturating_sub(1)).unwrap_or(u64::MAX).max(1);
        let place =
            |at: u64, value: u64| (percent(10_000 * at / last), ABOVE + FIELD - value.saturating_mul(FIELD) / top);
        for (nth, series) in self.series.iter().enumerate() {
            let colour = colour(nth);
            for ((from, to), at) in series.values.iter().zip(series.values.iter().skip(1)).zip(0_u64..) {
                let ((x1, y1), (x2, y2)) = (place(at, *from), place(at + 1, *to));
                write(
                    &mut body,
                    format_args!("<line class=\"{colour}\" x1=\"{x1}%\" y1=\"{y1}\" x2=\"{x2}%\" y2=\"{y2}\"/>"),
                );
            }
            if series.values.len() > POINTS {
                continue;
            }
            for ((value, label), at) in series.values.iter().zip(&self.labels).zip(0_u64..) {
                let (x, y) = place(at, *value);
                write(
                    &mut body,
                    format_args!(
                        "<circle class=\"{colour}\" cx=\"{x}%\" cy=\"{y}\" r=\"3\"><title>{}</title></circle>",
                        self.point(label, nth, *value)
                    ),
                );
            }
        }
        (usize::try_from(ABOVE + FIELD + BELOW).unwrap_or_default(), body)
    }

    /// Lines at nothing, half and all, and words below: the first label, the one in the middle and the last.
    fn field(&self, top: u64) -> String {
        let mut body = String::new();
        for (share, value) in [(0, top), (FIELD / 2, top / 2), (FIELD, 0)] {
            let y = ABOVE + share;
            write(&mut body, format_args!("<line class=\"grid\" x1=\"0\" y1=\"{y}\" x2=\"100%\" y2=\"{y}\"/>"));
            if value > 0 && (value * 2 == top || value == top) {
                write(&mut body, format_args!("<text x=\"0\" y=\"{}\" class=\"axis\">{}</text>", y - 4, number(value)));
            }
        }
        let y = ABOVE + FIELD + 16;
        let count = self.labels.len();
        let ends = [(0, "0", "axis"), (count / 2, "50%", "axis middle"), (count.saturating_sub(1), "100%", "axis end")];
        let shown = if count < 3 { ends.iter().step_by(2) } else { ends.iter().step_by(1) };
        for (at, x, class) in shown.take(count) {
            let label = self.labels.get(*at).map(String::as_str).unwrap_or_default();
            write(&mut body, format_args!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{}</text>", escaped(label)));
        }
        body
    }

    fn point(&self, label: &str, nth: usize, value: u64) -> String {
        let name = self.series.get(nth).map(|series| series.name.as_str()).unwrap_or_default();
        format!("{}, {}: {}", escaped(label), escaped(name), number(value))
    }

    /// The numbers as CSV (RFC 4180).
    #[must_use]
    pub fn csv(&self) -> String {
        let head = std::iter::once(self.of).chain(self.series.iter().map(|series| series.name.as_str()));
        let mut lines = vec![head.map(quoted).collect::<Vec<_>>().join(",")];
        for (label, values) in self.rows() {
            let line = std::iter::once(quoted(label)).chain(values.iter().map(u64::to_string));
            lines.push(line.collect::<Vec<_>>().join(","));
        }
        lines.iter().map(|line| format!("{line}\r\n")).collect()
    }
}

/// Writing to a text does not fail.
fn write(body: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = body.write_fmt(what);
}

/// The name of the colour of a series.
fn colour(nth: usize) -> &'static str {
    const COLOURS: [&str; 5] = ["s1", "s2", "s3", "s4", "s5"];
    COLOURS.get(nth % COLOURS.len()).copied().unwrap_or_default()
}

/// So much of so much, in parts of ten thousand.
fn part(value: u64, of: u64) -> u64 {
    value.saturating_mul(10_000).checked_div(of).unwrap_or(0)
}

/// Parts of ten thousand, in hundredths.
fn percent(part: u64) -> String {
    format!("{}.{:02}", part / 100, part % 100)
}

/// A round number that is no less: where a scale ends.
fn ceiling(most: u64) -> u64 {
    let mut ten: u64 = 1;
    loop {
        for step in [1, 2, 3, 4, 5, 6, 8] {
            if let Some(round) = ten.checked_mul(step).filter(|round| *round >= most) {
                return round;
            }
        }
        let Some(more) = ten.checked_mul(10) else { return u64::MAX };
        ten = more;
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A field of CSV. What a spreadsheet would take for a formula is made a text.
fn quoted(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(kind: Kind, values: &[u64]) -> Chart {
        Chart {
            id: "c",
            kind,
            title: "A <b>",
            says: "x & y".to_owned(),
            of: "Day",
            labels: (1..=values.len()).map(|day| format!("{day} Nov")).collect(),
            series: vec![
                Series { name: "In".to_owned(), values: values.to_vec() },
                Series { name: "Out, all".to_owned(), values: vec![1; values.len()] },
            ],
        }
    }

    #[test]
    fn every_kind_is_well_formed_and_says_what_it_is() {
        for kind in [Kind::Bars, Kind::Columns, Kind::Lines] {
            for values in [&[][..], &[0], &[7], &[3, 0, 12], &[0; 200], &[u64::MAX / 20_000, 1]] {
                let svg = chart(kind, values).svg();
                let document = scraper::Html::parse_fragment(&svg);
                assert!(document.errors.is_empty(), "{kind:?} {values:?}: {:?}", document.errors);
                assert!(svg.contains("role=\"img\"") && svg.contains("A &lt;b&gt;") && svg.contains("x &amp; y"));
                assert!(!svg.contains("style=") && !svg.contains("NaN"));
            }
        }
    }

    #[test]
    fn bars_are_as_long_as_their_numbers() {
        let svg = chart(Kind::Bars, &[3, 0, 9]).svg();
        assert!(svg.contains("<rect class=\"s1\" x=\"0.00%\" y=\"101\" width=\"90.00%\""), "{svg}");
        assert!(svg.contains("<rect class=\"s2\" x=\"90.00%\" y=\"101\" width=\"10.00%\""), "{svg}");
        assert!(svg.contains("width=\"30.00%\""), "{svg}");
    }

    #[test]
    fn a_scale_ends_with_a_round_number() {
        assert_eq!([0, 1, 3, 7, 9, 21, 61, 99, 1_001].map(ceiling), [1, 1, 3, 8, 10, 30, 80, 100, 2_000]);
        assert!(ceiling(u64::MAX) == u64::MAX);
    }

    #[test]
    fn numbers_can_be_taken_out() {
        assert_eq!(chart(Kind::Lines, &[3, 0]).csv(), "Day,In,\"Out, all\"\r\n1 Nov,3,1\r\n2 Nov,0,1\r\n");
        assert_eq!([quoted("=1+1"), quoted("a\"b")], ["'=1+1", "\"a\"\"b\""]);
        assert!(chart(Kind::Bars, &[]).is_empty() && !chart(Kind::Bars, &[0]).is_empty());
    }
}
