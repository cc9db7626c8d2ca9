//! Writes the law as Rust: the packs, calendars and zones of `rules/` become constants, so that the Worker neither
//! carries a reader for them nor spends time on reading. A member that is unknown, missing or of the wrong sort fails
//! the build and is named.

use serde_json::{Map, Value};
use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// What a value is, and how it is written in Rust.
enum Shape {
    Text,
    Flag,
    Number,
    /// A date, `2027-02-05`.
    Day,
    /// A time of day, `17:00`.
    Time,
    /// A variant of this enum, in snake case.
    Variant(&'static str),
    /// May be missing.
    Maybe(&'static Shape),
    /// A slice; empty if missing.
    List(&'static Shape),
    /// Texts that are a `Cow`, in a `Cow`; none if missing.
    Names,
    /// Dates by name.
    Holidays,
    /// A struct of this name.
    Struct(&'static str, &'static [(&'static str, Shape, Missing)]),
}

/// What stands for a member that is missing.
enum Missing {
    /// Nothing: it must be there, unless its shape says otherwise.
    Refused,
    /// This.
    Is(&'static str),
}

use Missing::{Is, Refused};
use Shape::{Day, Flag, Holidays, List, Maybe, Names, Number, Struct, Text, Time, Variant};

const OCCURRENCES: Shape = List(&Variant("Occurrence"));

const CONDITION: Shape = Struct(
    "Condition",
    &[
        ("jurisdiction", Names, Refused),
        ("sector", Names, Refused),
        ("product", Names, Refused),
        ("issue", Names, Refused),
        ("tag", Names, Refused),
        ("no_tag", Names, Refused),
        ("severity", Names, Refused),
        ("channel", Names, Refused),
        ("vulnerable", Maybe(&Flag), Refused),
    ],
);

const LENGTH: Shape = Struct("Length", &[("amount", Number, Refused), ("unit", Variant("Unit"), Refused)]);

const TERMS: Shape = Struct(
    "Terms",
    &[
        ("starts_on", OCCURRENCES, Refused),
        ("otherwise", OCCURRENCES, Refused),
        ("pick", Variant("Pick"), Is("Pick::First")),
        ("only_after", OCCURRENCES, Refused),
        ("length", Maybe(&LENGTH), Refused),
        ("start_day", Variant("StartDay"), Is("StartDay::Excluded")),
        ("roll", Variant("Roll"), Is("Roll::None")),
        ("ends", Variant("Ends"), Is("Ends::EndOfDay")),
        ("late_receipt", Flag, Is("false")),
        ("met_by", OCCURRENCES, Refused),
        ("met_unless_reopened_by", OCCURRENCES, Refused),
        ("void_by", OCCURRENCES, Refused),
        ("warn_after", List(&Number), Refused),
        ("warn_on_last_business_day", Flag, Is("false")),
    ],
);

const SUSPENSION: Shape = Struct(
    "Suspension",
    &[
        ("on", Variant("Occurrence"), Refused),
        ("until", Variant("Occurrence"), Refused),
        ("reasons", List(&Text), Refused),
        ("maximum", LENGTH, Refused),
    ],
);

const RULE: Shape = Struct(
    "StatutoryRule",
    &[
        ("id", Text, Refused),
        ("name", Text, Refused),
        ("citation", Text, Refused),
        ("status", Variant("Status"), Refused),
        ("to_confirm", Maybe(&Text), Refused),
        ("applies_when", List(&CONDITION), Refused),
        ("nature", Variant("Nature"), Is("Nature::Duty")),
        ("reading_of", Maybe(&Text), Refused),
        ("must_send", Maybe(&Text), Refused),
        ("suspension", Maybe(&SUSPENSION), Refused),
        ("terms", TERMS, Refused),
    ],
);

const PACK: Shape = Struct(
    "Pack",
    &[
        ("id", Text, Refused),
        ("name", Text, Refused),
        (
            "versions",
            List(&Struct(
                "PackVersion",
                &[
                    ("version", Text, Refused),
                    ("released", Day, Refused),
                    ("from", Day, Refused),
                    ("until", Maybe(&Day), Refused),
                    ("source", Text, Refused),
                    ("status", Variant("Status"), Refused),
                    ("to_confirm", Maybe(&Text), Refused),
                    ("applies_when", List(&CONDITION), Refused),
                    ("rules", List(&RULE), Refused),
                ],
            )),
            Refused,
        ),
    ],
);

const CALENDAR: Shape = Struct(
    "Calendar",
    &[
        ("id", Text, Refused),
        ("name", Text, Refused),
        ("zone", Text, Refused),
        ("jurisdictions", List(&Variant("Jurisdiction")), Refused),
        ("weekend", List(&Variant("WeekDay")), Refused),
        (
            "versions",
            List(&Struct(
                "CalendarVersion",
                &[
                    ("version", Text, Refused),
                    ("released", Day, Refused),
                    ("source", Text, Refused),
                    ("status", Variant("Status"), Refused),
                    ("to_confirm", Maybe(&Text), Refused),
                    ("from", Day, Refused),
                    ("until", Day, Refused),
                    ("holidays", Holidays, Refused),
                ],
            )),
            Refused,
        ),
    ],
);

const CHANGE: Shape = Struct(
    "Change",
    &[
        ("month", Number, Refused),
        ("sunday", Variant("Sunday"), Refused),
        ("at", Time, Refused),
        ("by", Variant("By"), Refused),
    ],
);

const DAYLIGHT: Shape = Struct(
    "Daylight",
    &[
        ("id", Text, Refused),
        ("citation", Text, Refused),
        ("since", Number, Refused),
        ("from", CHANGE, Refused),
        ("until", CHANGE, Refused),
    ],
);

const ZONE: Shape = Struct(
    "ZoneEntry",
    &[("id", Text, Refused), ("name", Text, Refused), ("offset", Number, Refused), ("daylight", Maybe(&Text), Refused)],
);

fn main() {
    println!("cargo::rerun-if-changed=rules");
    let rules = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is")).join("rules");
    let zones = read(&rules.join("zones.json"));
    let part = |name: &str, shape| {
        let values = zones.get(name).unwrap_or_else(|| panic!("zones.json has no {name}"));
        List(shape).rust(values, &format!("zones.json {name}"))
    };
    let law = format!(
        "pub(super) static LAW: Law = Law {{ packs: {}, calendars: {}, daylight: {}, zones: {} }};\n",
        folder(&rules.join("packs"), &PACK),
        folder(&rules.join("holidays"), &CALENDAR),
        part("daylight", &DAYLIGHT),
        part("zones", &ZONE),
    );
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write")).join("law.rs");
    fs::write(target, law).expect("the law can be written");
}

/// A slice of what the files of a folder contain, by name.
fn folder(folder: &Path, shape: &Shape) -> String {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let values = files.iter().map(|file| shape.rust(&read(file), &file.display().to_string()));
    format!("&[{}]", values.collect::<Vec<_>>().join(", "))
}

fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

impl Shape {
    /// The value in Rust. `place` says which it is, should it be wrong.
    fn rust(&self, value: &Value, place: &str) -> String {
        let text = || value.as_str().unwrap_or_else(|| panic!("{place}: must be a text"));
        match self {
            Text => format!("{:?}", text()),
            Flag => value.as_bool().unwrap_or_else(|| panic!("{place}: must be true or false")).to_string(),
            Number => value.as_i64().unwrap_or_else(|| panic!("{place}: must be a whole number")).to_string(),
            Day => day(text(), place),
            Time => format!("TimeOfDay::after_midnight({})", minutes(text(), place)),
            Variant(name) => format!("{name}::{}", in_camel_case(text())),
            Maybe(shape) => format!("Some({})", shape.rust(value, place)),
            List(shape) => list(shape, value, place),
            Names => {
                let names =
                    elements(value, place).map(|(name, place)| format!("Borrowed({})", Text.rust(name, &place)));
                format!("Borrowed(&[{}])", names.collect::<Vec<_>>().join(", "))
            }
            Holidays => {
                let holidays = members(value, place).iter().map(|(name, days)| {
                    let days = list(&Day, days, &format!("{place}/{name}"));
                    format!("Holiday {{ name: {name:?}, days: {days} }}")
                });
                format!("&[{}]", holidays.collect::<Vec<_>>().join(", "))
            }
            Struct(name, fields) => structure(name, fields, members(value, place), place),
        }
    }

    /// What stands for a missing value, if it may be missing.
    fn missing(&self) -> Option<&'static str> {
        match self {
            Maybe(_) => Some("None"),
            List(_) => Some("&[]"),
            Names => Some("Borrowed(&[])"),
            _ => None,
        }
    }
}

fn structure(name: &str, fields: &[(&str, Shape, Missing)], members: &Map<String, Value>, place: &str) -> String {
    if let Some(unknown) = members.keys().find(|member| fields.iter().all(|(field, ..)| field != member)) {
        panic!("{place}: no {name} has a member {unknown}");
    }
    let mut rust = format!("{name} {{ ");
    for (field, shape, missing) in fields {
        let value = match (members.get(*field), missing) {
            (Some(value), _) => shape.rust(value, &format!("{place}/{field}")),
            (None, Is(default)) => (*default).to_owned(),
            (None, Refused) => shape.missing().unwrap_or_else(|| panic!("{place}: {field} is missing")).to_owned(),
        };
        let _ = write!(rust, "{field}: {value}, ");
    }
    rust + "}"
}

fn list(shape: &Shape, value: &Value, place: &str) -> String {
    let items = elements(value, place).map(|(item, place)| shape.rust(item, &place));
    format!("&[{}]", items.collect::<Vec<_>>().join(", "))
}

/// Each with its place.
fn elements<'v>(value: &'v Value, place: &str) -> impl Iterator<Item = (&'v Value, String)> {
    let items = value.as_array().unwrap_or_else(|| panic!("{place}: must be a list"));
    items.iter().enumerate().map(move |(at, item)| (item, format!("{place}/{at}")))
}

fn members<'v>(value: &'v Value, place: &str) -> &'v Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("{place}: must be an object"))
}

fn in_camel_case(text: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    text.split('_').map(word).collect()
}

/// Days since 1970-01-01, by the civil calendar.
fn day(text: &str, place: &str) -> String {
    let date: chrono::NaiveDate = text.parse().unwrap_or_else(|_| panic!("{place}: must be a date"));
    format!("Day::after_1970({})", date.to_epoch_days())
}

fn minutes(text: &str, place: &str) -> u16 {
    let parts = text.split_once(':').and_then(|(hours, minutes)| Some((hours.parse().ok()?, minutes.parse().ok()?)));
    let (hours, minutes): (u16, u16) = parts.unwrap_or_else(|| panic!("{place}: must be a time of day"));
    hours * 60 + minutes
}
