//! How it goes: what comes in, what waits, what becomes of it, and what will be late.

use super::{
    chart::{Chart, Kind, Series},
    office::words,
    shell::Shell,
    words::{BANDS, number, so_many},
};
use askama::Template;
use shared::clock::day::Day;
use std::collections::BTreeMap;

/// A number that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// It.
    pub value: String,
    /// What goes with it; may be empty.
    pub note: String,
    /// Where one sees which they are; empty: nowhere.
    pub href: &'static str,
    /// Whether it is one to worry about.
    pub bad: bool,
}

/// The dashboard.
#[derive(Clone, Debug, Template)]
#[template(path = "console/dashboard.html")]
pub struct Dashboard {
    /// What is around it.
    pub shell: Shell,
    /// Over how many days.
    pub days: u16,
    /// Numbers that stand by themselves.
    pub figures: Vec<Figure>,
    /// Charts.
    pub charts: Vec<Chart>,
}

/// Over how many days one can look, and what that is called.
pub const PERIODS: [(u16, &str); 3] = [(28, "4 weeks"), (91, "13 weeks"), (364, "52 weeks")];

/// Bands of days: how old a complaint is, or how long it took.
pub const AGES: [(&str, &str); 5] = [
    ("0_3", "0 to 3 days"),
    ("4_14", "4 to 14 days"),
    ("15_28", "15 to 28 days"),
    ("29_56", "29 to 56 days"),
    ("57", "57 days and more"),
];

/// How complaints end, in the order of how right the consumer was.
pub const OUTCOMES: [(&str, &str); 3] =
    [("upheld", "Upheld"), ("partly_upheld", "Partly upheld"), ("rejected", "Rejected")];

/// So many of each, by code.
pub type Tally = BTreeMap<String, u64>;

/// What became of the complaints about a product.
#[derive(Clone, Debug, Default)]
pub struct Product {
    /// How many were received.
    pub received: u64,
    /// Of those that were resolved, how long they took.
    pub took: Tally,
}

/// A day to come.
#[derive(Clone, Debug, Default)]
pub struct Ahead {
    /// Which.
    pub day: Option<Day>,
    /// How many complaints have something due on it.
    pub due: u64,
    /// How many of these are missed if nobody works on days off.
    pub missed: u64,
}

/// What the API says.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Complaints by state.
    pub states: Tally,
    /// By when something is due.
    pub due: Tally,
    /// Of what is due on the days to come.
    pub ahead: Vec<Ahead>,
    /// Day by day: received, and resolved.
    pub days: Vec<(Day, u64, u64)>,
    /// How those ended that were resolved in this time.
    pub outcomes: Tally,
    /// How long they took.
    pub took: Tally,
    /// What was at the root of them.
    pub root_causes: Tally,
    /// By product.
    pub products: BTreeMap<String, Product>,
    /// How old those are that are open.
    pub open: Tally,
    /// What products are called.
    pub names: Vec<(String, String)>,
}

/// States in which nothing is left to do.
const OVER: [&str; 4] = ["resolved", "closed", "withdrawn", "referred"];
/// Most days that are shown one by one.
const DAYS: usize = 31;
/// Most products and root causes that are shown.
const MOST: usize = 10;

impl Known {
    /// Numbers that stand by themselves.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        let sum = |of: &Tally| of.values().sum::<u64>();
        let open = self.states.iter().filter(|(state, _)| !OVER.contains(&state.as_str())).map(|(_, n)| n).sum();
        let of = |tally: &Tally, key: &str| tally.get(key).copied().unwrap_or(0);
        let (received, resolved) =
            self.days.iter().fold((0, 0), |(a, b), (_, received, resolved)| (a + received, b + resolved));
        let (overdue, today) = (of(&self.due, "overdue"), of(&self.due, "today"));
        let upheld = of(&self.outcomes, "upheld") + of(&self.outcomes, "partly_upheld");
        let missed: u64 = self.ahead.iter().map(|day| day.missed).sum();
        let share = upheld.saturating_mul(100).checked_div(sum(&self.outcomes));
        let figure = |name, n: u64, note: String, href, bad| Figure { name, value: number(n), note, href, bad };
        vec![
            figure(
                "Open",
                open,
                format!("of {}", so_many(sum(&self.states), "complaint", "complaints")),
                "/app/queue",
                false,
            ),
            figure("Overdue", overdue, "past what the law allows".to_owned(), "/app/queue?due=overdue", overdue > 0),
            figure("Due today", today, String::new(), "/app/queue?due=today", false),
            figure("Breaches to come", missed, "if nobody works on days off".to_owned(), "", missed > 0),
            figure("Received", received, "in this time".to_owned(), "", false),
            figure(
                "Resolved",
                resolved,
                share.map_or_else(String::new, |share| format!("{share} % upheld, in whole or in part")),
                "",
                false,
            ),
        ]
    }

    /// All charts.
    #[must_use]
    pub fn charts(&self) -> Vec<Chart> {
        vec![
            self.inflow(),
            self.forecast(),
            listed(
                "due",
                "Backlog by deadline",
                "What waits, by when the law wants something done.",
                "Due",
                &BANDS,
                &self.due,
            ),
            listed("age", "Backlog by age", "What is open, by how long ago it was received.", "Age", &AGES, &self.open),
            listed(
                "outcomes",
                "Outcomes",
                "How those ended that were resolved in this time.",
                "Outcome",
                &OUTCOMES,
                &self.outcomes,
            ),
            listed(
                "took",
                "Time to resolve",
                "From receipt to the end, of those resolved in this time.",
                "Time",
                &AGES,
                &self.took,
            ),
            self.products(),
            self.products_took(),
            self.root_causes(),
        ]
    }

    /// The chart of this name.
    #[must_use]
    pub fn chart(&self, id: &str) -> Option<Chart> {
        self.charts().into_iter().find(|chart| chart.id == id)
    }

    fn inflow(&self) -> Chart {
        let weekly = self.days.len() > DAYS;
        let grouped: Vec<&[(Day, u64, u64)]> = self.days.chunks(if weekly { 7 } else { 1 }).collect();
        let sum = |of: fn(&(Day, u64, u64)) -> u64| grouped.iter().map(|days| days.iter().map(of).sum()).collect();
        let first =
            |days: &&[(Day, u64, u64)]| days.first().map(|(day, ..)| super::words::date(*day)).unwrap_or_default();
        Chart {
            id: "inflow",
            kind: Kind::Lines,
            title: "Received and resolved",
            says: if weekly { "How many in each week, by its first day (UTC)." } else { "How many on each day (UTC)." }
                .to_owned(),
            of: if weekly { "Week from" } else { "Day" },
            labels: grouped.iter().map(first).collect(),
            series: vec![
                Series { name: "Received".to_owned(), values: sum(|(_, received, _)| *received) },
                Series { name: "Resolved".to_owned(), values: sum(|(_, _, resolved)| *resolved) },
            ],
        }
    }

    fn forecast(&self) -> Chart {
        let day = |ahead: &Ahead| ahead.day.map(super::words::date).unwrap_or_default();
        Chart {
            id: "forecast",
            kind: Kind::Columns,
            title: "Deadlines to come",
            says: "Complaints of which the law wants something by each day, and those that are missed if nobody works on days off."
                .to_owned(),
            of: "Day",
            labels: self.ahead.iter().map(day).collect(),
            series: vec![
                Series {
                    name: "Due".to_owned(),
                    values: self.ahead.iter().map(|ahead| ahead.due.saturating_sub(ahead.missed)).collect(),
                },
                Series { name: "Missed".to_owned(), values: self.ahead.iter().map(|ahead| ahead.missed).collect() },
            ],
        }
    }

    fn name(&self, product: &str) -> String {
        let known = self.names.iter().find(|(code, _)| code == product).map(|(_, name)| name.clone());
        known.unwrap_or_else(|| if product.is_empty() { "Not classified".to_owned() } else { words(product) })
    }

    /// Products by how many complaints there are, most first.
    fn ranked(&self, of: fn(&Product) -> u64) -> Vec<(&String, &Product)> {
        let mut ranked: Vec<_> = self.products.iter().filter(|(_, product)| of(product) > 0).collect();
        ranked.sort_by_key(|(_, product)| std::cmp::Reverse(of(product)));
        ranked.truncate(MOST);
        ranked
    }

    fn products(&self) -> Chart {
        let ranked = self.ranked(|product| product.received);
        Chart {
            id: "products",
            kind: Kind::Bars,
            title: "Received by product",
            says: format!("What complaints are about that were received in this time; the {MOST} most frequent."),
            of: "Product",
            labels: ranked.iter().map(|(code, _)| self.name(code)).collect(),
            series: vec![Series {
                name: "Complaints".to_owned(),
                values: ranked.iter().map(|(_, product)| product.received).collect(),
            }],
        }
    }

    fn products_took(&self) -> Chart {
        let ranked = self.ranked(|product| product.took.values().sum());
        let of = |band: &str| ranked.iter().map(|(_, product)| product.took.get(band).copied().unwrap_or(0)).collect();
        Chart {
            id: "product-time",
            kind: Kind::Bars,
            title: "Time to resolve by product",
            says: format!("Of those resolved in this time; the {MOST} products with most."),
            of: "Product",
            labels: ranked.iter().map(|(code, _)| self.name(code)).collect(),
            series: AGES.iter().map(|(band, name)| Series { name: (*name).to_owned(), values: of(band) }).collect(),
        }
    }

    fn root_causes(&self) -> Chart {
        let mut ranked: Vec<_> = self.root_causes.iter().filter(|(_, n)| **n > 0).collect();
        ranked.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        ranked.truncate(MOST);
        let name = |code: &str| if code.is_empty() { "Not known".to_owned() } else { words(code) };
        Chart {
            id: "root-causes",
            kind: Kind::Bars,
            title: "Root causes",
            says: format!("Why those happened that were resolved in this time; the {MOST} most frequent."),
            of: "Root cause",
            labels: ranked.iter().map(|(code, _)| name(code)).collect(),
            series: vec![Series { name: "Complaints".to_owned(), values: ranked.iter().map(|(_, n)| **n).collect() }],
        }
    }
}

/// Bars of what is listed, in that order.
fn listed(
    id: &'static str,
    title: &'static str,
    says: &str,
    of: &'static str,
    names: &[super::words::Named],
    tally: &Tally,
) -> Chart {
    Chart {
        id,
        kind: Kind::Bars,
        title,
        says: says.to_owned(),
        of,
        labels: names.iter().map(|(_, name)| (*name).to_owned()).collect(),
        series: vec![Series {
            name: "Complaints".to_owned(),
            values: names.iter().map(|(code, _)| tally.get(*code).copied().unwrap_or(0)).collect(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let first = Day::new(2026, 9, 1).unwrap();
        let tally = |of: &[(&str, u64)]| of.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect::<Tally>();
        Known {
            states: tally(&[("received", 4), ("investigating", 3), ("closed", 10)]),
            due: tally(&[("overdue", 2), ("today", 1)]),
            outcomes: tally(&[("upheld", 1), ("partly_upheld", 1), ("rejected", 2)]),
            days: (0..35).map(|day| (first.plus(day), 2, 1)).collect(),
            products: BTreeMap::from([
                ("mortgage".to_owned(), Product { received: 1, took: tally(&[("0_3", 1)]) }),
                (String::new(), Product { received: 5, took: Tally::new() }),
            ]),
            ..Known::default()
        }
    }

    #[test]
    fn figures_are_sums() {
        let figures: Vec<_> = known().figures().into_iter().map(|figure| (figure.name, figure.value)).collect();
        let named = |name| figures.iter().find(|(held, _)| *held == name).map(|(_, value)| value.as_str());
        assert_eq!((named("Open"), named("Overdue"), named("Received")), (Some("7"), Some("2"), Some("70")));
        assert_eq!(known().figures().last().unwrap().note, "50 % upheld, in whole or in part");
    }

    #[test]
    fn much_is_shown_by_the_week() {
        let chart = known().chart("inflow").unwrap();
        assert_eq!((chart.labels.len(), chart.of), (5, "Week from"));
        assert_eq!(chart.rows().first().unwrap(), &("1 Sep 2026", vec![14, 7]));
    }

    #[test]
    fn products_are_in_the_order_of_their_numbers() {
        let chart = known().chart("products").unwrap();
        assert_eq!(chart.labels, ["Not classified", "Mortgage"]);
        assert_eq!(known().chart("product-time").unwrap().labels, ["Mortgage"]);
        assert_eq!(known().chart("nothing"), None);
    }

    #[test]
    fn every_chart_has_a_name_of_its_own() {
        let mut ids: Vec<_> = known().charts().iter().map(|chart| chart.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), known().charts().len());
    }
}
