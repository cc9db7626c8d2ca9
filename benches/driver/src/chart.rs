//! p95 over the size of the corpus, as an SVG: a panel a kind of operation, a line an operation, its name at its end.
//!
//! Both axes are logarithmic, so that equal growth looks equal wherever it begins. Written here and not by a crate: the two
//! that there are draw legends, not names at line ends, and bring fonts and colour models for what is fifty lines of text.

use std::fmt::Write as _;

use crate::bill::grouped;
use crate::operation::{Kind, Operation};
use crate::report::Stage;

const PANELS: [(&str, &[Kind]); 3] = [
    ("Reads and lists", &[Kind::Read, Kind::List]),
    ("Search", &[Kind::Search]),
    ("Writes and the rest", &[Kind::Write, Kind::Other]),
];
/// Of a panel: its whole width, the plot in it, and where that begins.
const PANEL: f64 = 400.0;
const PLOT: (f64, f64) = (260.0, 300.0);
const ORIGIN: (f64, f64) = (50.0, 64.0);
const HEIGHT: f64 = 410.0;
/// The least distance between names.
const LINE: f64 = 14.0;
/// Told apart in light and dark, and by those who see few colours.
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"];

/// One operation over sizes.
#[derive(Debug, PartialEq)]
struct Series {
    operation: Operation,
    /// Complaints and milliseconds, the smallest first.
    points: Vec<(f64, f64)>,
}

/// The chart of these stages at one concurrency; nothing unless there are two sizes.
pub(crate) fn svg(stages: &[Stage], concurrency: usize) -> Option<String> {
    let series = series(stages, concurrency);
    let all = || series.iter().flat_map(|series| &series.points);
    let sizes = scale(all().map(|(size, _)| *size), PLOT.0)?;
    let times = scale(all().map(|(_, time)| *time), PLOT.1)?;
    let (width, users) = (PANEL * PANELS.len() as f64, if concurrency == 1 { "user" } else { "users" });
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <style>text{{fill:#333}}.grid{{stroke:#ddd}}@media(prefers-color-scheme:dark){{text{{fill:#ccc}}.grid{{stroke:#444}}}}</style>\n\
         <text x=\"{}\" y=\"20\" font-size=\"15\">p95 over the size of the corpus, {concurrency} {users}</text>\n",
        ORIGIN.0
    );
    for (index, (title, kinds)) in PANELS.into_iter().enumerate() {
        let left = PANEL * index as f64 + ORIGIN.0;
        let _ = writeln!(
            svg,
            "<g transform=\"translate({left} {})\">\n<text y=\"-12\" font-weight=\"bold\">{title}</text>",
            ORIGIN.1
        );
        for decade in times.decades() {
            let y = PLOT.1 - times.place(decade);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M0 {y:.1}H{}\"/><text x=\"-6\" y=\"{:.1}\" text-anchor=\"end\">{} ms</text>",
                PLOT.0,
                y + 4.0,
                number(decade)
            );
        }
        for decade in sizes.decades() {
            let x = sizes.place(decade);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{x:.1} 0V{}\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                PLOT.1,
                PLOT.1 + 18.0,
                grouped(decade)
            );
        }
        let shown: Vec<&Series> = series.iter().filter(|series| kinds.contains(&series.operation.kind())).collect();
        let lines: Vec<Vec<(f64, f64)>> = shown
            .iter()
            .map(|series| {
                series.points.iter().map(|(size, time)| (sizes.place(*size), PLOT.1 - times.place(*time))).collect()
            })
            .collect();
        let ends: Vec<f64> = lines.iter().map(|line: &Vec<(f64, f64)>| line.last().map_or(0.0, |(_, y)| *y)).collect();
        for (nth, ((series, line), name_at)) in shown.iter().zip(&lines).zip(apart(&ends)).enumerate() {
            let colour = COLOURS[nth % COLOURS.len()];
            let points: Vec<String> = line.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = writeln!(
                svg,
                "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
                points.join(" ")
            );
            for (x, y) in line {
                let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
            }
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{:.1}\" style=\"fill:{colour}\">{}</text>",
                PLOT.0 + 8.0,
                name_at + 4.0,
                series.operation.name()
            );
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

fn series(stages: &[Stage], concurrency: usize) -> Vec<Series> {
    let of = |operation: Operation| {
        let points = stages.iter().filter_map(|stage| {
            let outcome = stage.outcomes.iter().find(|one| one.of == operation && one.concurrency == concurrency)?;
            Some((stage.size as f64, outcome.ours()?.p95_us / 1e3))
        });
        Series { operation, points: points.collect() }
    };
    Operation::ALL.into_iter().map(of).filter(|series| series.points.len() > 1).collect()
}

/// A logarithmic axis over whole decades.
#[derive(Clone, Copy, Debug)]
struct Scale {
    first: f64,
    last: f64,
    length: f64,
}

fn scale(values: impl Iterator<Item = f64>, length: f64) -> Option<Scale> {
    let (least, most) = values
        .filter(|value| *value > 0.0)
        .fold((f64::MAX, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
    let (first, last) = (least.log10().floor(), most.log10().ceil());
    (least <= most).then_some(Scale { first, last: last.max(first + 1.0), length })
}

impl Scale {
    fn place(&self, value: f64) -> f64 {
        (value.log10() - self.first) / (self.last - self.first) * self.length
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.first as i32..=self.last as i32).map(|exponent| 10_f64.powi(exponent))
    }
}

fn number(value: f64) -> String {
    if value < 1.0 { value.to_string() } else { grouped(value) }
}

/// Where names go that want to be at these heights: in their order, and none over another.
fn apart(wanted: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut places = vec![0.0; wanted.len()];
    let mut free = f64::MIN;
    for index in order {
        places[index] = wanted[index].max(free);
        free = places[index] + LINE;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Measurement;
    use crate::report::Outcome;
    use crate::round::Round;

    fn stage(size: usize, operations: &[(Operation, f64)]) -> Stage {
        let outcome = |(operation, p95_us): &(Operation, f64)| {
            let rounds = vec![vec![Round { p95_us: *p95_us, ..Round::default() }]];
            Outcome::of(Measurement { operation: *operation, concurrency: 1, rounds })
        };
        Stage { size, stacks: vec![], outcomes: operations.iter().map(outcome).collect() }
    }

    #[test]
    fn a_line_goes_through_every_size() {
        let stages = [
            stage(1_000, &[(Operation::Read, 2e3)]),
            stage(100_000, &[(Operation::Read, 2e4), (Operation::List, 1e3)]),
        ];
        assert_eq!(series(&stages, 1), [Series { operation: Operation::Read, points: vec![(1e3, 2.0), (1e5, 20.0)] }]);
        let svg = svg(&stages, 1).unwrap();
        assert!(svg.contains(">read</text>") && !svg.contains(">list</text>"), "{svg}");
        assert!(svg.contains("points=\"0.0,254.8 260.0,104.8\""), "{svg}");
    }

    #[test]
    fn one_size_makes_no_chart() {
        assert_eq!(svg(&[stage(1_000, &[(Operation::Read, 2e3)])], 1), None);
    }

    #[test]
    fn names_are_kept_apart_and_in_order() {
        assert_eq!(apart(&[100.0, 50.0, 101.0, 102.0]), [100.0, 50.0, 114.0, 128.0]);
    }
}
