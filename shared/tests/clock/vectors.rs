//! `tests/vectors/clocks.json` and `zones.json`, which are made without the engine.

use crate::{at, facts, law};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    clock::{
        Case, clocks,
        count::{Manner, Place, Stop},
        day::{Day, TimeOfDay},
        law::{Choices, Pin},
        pack::{Ends, Length, Roll, StartDay, Unit},
        timeline::{Entry, Timeline},
    },
    complaint::intake::Jurisdiction,
    taxonomy::Sector,
    text::Code,
    time::Timestamp,
};

const CLOCKS: &str = include_str!("../../../tests/vectors/clocks.json");
const ZONES: &str = include_str!("../../../tests/vectors/zones.json");

#[derive(Deserialize)]
struct File<T> {
    #[serde(alias = "zones")]
    vectors: Vec<T>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    source: String,
    #[serde(default)]
    period: Option<Period>,
    #[serde(default)]
    case: Option<Complaint>,
    #[serde(default)]
    now: Option<Timestamp>,
    expect: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Period {
    calendar: String,
    zone: String,
    start: Timestamp,
    amount: u32,
    unit: Unit,
    #[serde(default)]
    start_day: StartDay,
    #[serde(default)]
    roll: Roll,
    #[serde(default)]
    ends: Ends,
    #[serde(default)]
    close: Option<TimeOfDay>,
    #[serde(default)]
    stops: Vec<Between>,
    #[serde(default)]
    maximum: Option<u32>,
}

#[derive(Deserialize)]
struct Between {
    from: Timestamp,
    until: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Complaint {
    jurisdiction: Jurisdiction,
    sector: Sector,
    tags: Vec<Code>,
    occurrences: Vec<Entry>,
    #[serde(default)]
    pins: Vec<Pin>,
    #[serde(default)]
    choices: Choices,
}

#[test]
fn every_vector_comes_out() {
    let file: File<Vector> = serde_json::from_str(CLOCKS).unwrap();
    let wrong: Vec<_> = file.vectors.iter().filter_map(Vector::failure).collect();
    assert!(wrong.is_empty(), "{} of {} vectors fail:\n{}", wrong.len(), file.vectors.len(), wrong.join("\n"));
    let own = file.vectors.iter().filter(|vector| !vector.id.starts_with("table/")).count();
    assert!(own >= 200 && file.vectors.iter().all(|vector| !vector.source.is_empty()), "{own}");
}

impl Vector {
    fn failure(&self) -> Option<String> {
        let failures = match (&self.period, &self.case) {
            (Some(period), None) => period.differences(&self.expect),
            (None, Some(case)) => case.differences(self.now.unwrap(), &self.expect),
            _ => vec!["has neither a period nor a case".to_owned()],
        };
        (!failures.is_empty()).then(|| format!("{}: {}", self.id, failures.join("; ")))
    }
}

impl Period {
    fn differences(&self, expect: &Value) -> Vec<String> {
        let zone = law().zone(&self.zone).unwrap();
        let days = law().calendar(&self.calendar).unwrap().days(zone.day(self.start), &[]).unwrap();
        let place = Place { zone, days, hours: None, close: self.close.unwrap_or(TimeOfDay::FIVE_PM) };
        let manner = Manner { start_day: self.start_day, roll: self.roll, ends: self.ends };
        let stops: Vec<_> =
            self.stops.iter().map(|Between { from, until }| Stop { from: *from, until: *until }).collect();
        let length = |amount| Length::new(amount, self.unit).unwrap();
        let latest = self.maximum.map(|most| place.count(length(most), self.start, manner, &[], None).last);
        let counted = place.count(length(self.amount), self.start, manner, &stops, latest);
        let found = json!({ "due_on": counted.last, "due": counted.due });
        differences(&found, expect.as_object().unwrap())
    }
}

impl Complaint {
    fn differences(&self, now: Timestamp, expect: &Value) -> Vec<String> {
        let mut timeline = Timeline::default();
        for entry in &self.occurrences {
            timeline.insert(entry.clone());
        }
        let facts = facts(self.jurisdiction, self.sector, &self.tags);
        let case = Case { facts, timeline: &timeline, pins: &self.pins };
        let found: Vec<_> = clocks(law(), case, &self.choices, &[], now)
            .into_iter()
            .map(|clock| serde_json::to_value(clock).unwrap())
            .collect();
        let wanted = expect.as_array().unwrap().iter().map(|wanted| wanted.as_object().unwrap());
        wanted.flat_map(|wanted| expected(&found, wanted)).collect()
    }
}

fn expected(found: &[Value], wanted: &Map<String, Value>) -> Vec<String> {
    let same = |clock: &&Value| {
        ["pack", "rule", "number"].iter().all(|key| wanted.get(*key).is_none_or(|value| clock[*key] == *value))
    };
    let rule = &wanted["rule"];
    match (found.iter().find(same), wanted.contains_key("absent")) {
        (None, true) => Vec::new(),
        (Some(_), true) => vec![format!("{rule} has a clock")],
        (None, false) => vec![format!("{rule} has no clock")],
        (Some(clock), false) => differences(clock, wanted).into_iter().map(|text| format!("{rule}: {text}")).collect(),
    }
}

fn differences(found: &Value, wanted: &Map<String, Value>) -> Vec<String> {
    let wrong = wanted.iter().filter(|(key, value)| found.get(key.as_str()) != Some(*value));
    wrong.map(|(key, value)| format!("{key} is {} and not {value}", found.get(key).unwrap_or(&Value::Null))).collect()
}

#[derive(Deserialize)]
struct ZoneChanges {
    zone: String,
    minutes_ahead_on_2007_01_01: i64,
    changes: Vec<(String, i64)>,
}

#[test]
fn clocks_change_when_the_iana_database_says() {
    let file: File<ZoneChanges> = serde_json::from_str(ZONES).unwrap();
    assert_eq!(file.vectors.len(), law().zones.len());
    let (first, last): (Day, Day) = ("2007-01-01".parse().unwrap(), "2035-12-30".parse().unwrap());
    for ZoneChanges { zone: id, minutes_ahead_on_2007_01_01: mut ahead, changes } in file.vectors {
        let zone = law().zone(&id).unwrap();
        let mut changes = changes.into_iter().peekable();
        let mut moment = at("2007-01-01T12:00:00Z");
        for _ in 0..last.since(first) {
            if let Some((change, then)) = changes.next_if(|(change, _)| at(&format!("{}:00Z", &change[..16])) <= moment)
            {
                let change = at(&format!("{}:00Z", &change[..16]));
                assert_eq!(zone.offset_minutes(change.plus_millis(-1)), ahead, "{id} before {change}");
                assert_eq!(zone.offset_minutes(change), then, "{id} at {change}");
                ahead = then;
            }
            assert_eq!(zone.offset_minutes(moment), ahead, "{id} at {moment}");
            moment = moment.plus_millis(86_400_000);
        }
        assert_eq!(changes.next(), None, "{id}");
    }
}
