//! The shipped packs and calendars: sound, and what their sources say.

use crate::law;
use serde::{Deserialize, Serialize};
use shared::{
    clock::{
        calendar::{Calendar, Holiday},
        day::{Day, Weekday},
        pack::{Length, Status, Unit},
    },
    complaint::intake::{Channel, Jurisdiction, Severity},
    taxonomy::Sector,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const UK: &str = include_str!("../../../tests/fixtures/holidays/uk_bank_holidays.json");
const US: &str = include_str!("../../../tests/fixtures/holidays/us_federal_holidays_2019_2030.json");

#[derive(Deserialize)]
struct List {
    events: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    title: String,
    date: Day,
    #[serde(default)]
    notes: String,
}

type Holidays = BTreeMap<Day, BTreeSet<String>>;

fn listed(list: &List) -> Holidays {
    let mut holidays = Holidays::new();
    for Listed { title, date, notes } in &list.events {
        let substitute = if notes == "Substitute day" { " (substitute day)" } else { "" };
        holidays.entry(*date).or_default().insert(format!("{title}{substitute}"));
    }
    holidays
}

fn shipped(id: &str) -> Holidays {
    let mut holidays = Holidays::new();
    for holiday in calendar(id).versions[0].holidays {
        for day in holiday.days {
            holidays.entry(*day).or_default().insert(holiday.name.to_owned());
        }
    }
    holidays
}

fn calendar(id: &str) -> &'static Calendar {
    law().calendar(id).expect("a calendar")
}

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

#[test]
fn every_file_is_in_and_names_itself() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files = |folder: &str| -> BTreeSet<String> {
        let files = fs::read_dir(rules.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let data = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
        data.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(law().packs.iter().map(|pack| pack.id.to_owned()).collect::<BTreeSet<_>>(), files("packs"));
    assert_eq!(
        law().calendars.iter().map(|calendar| calendar.id.to_owned()).collect::<BTreeSet<_>>(),
        files("holidays")
    );
    for calendar in law().calendars {
        assert!(law().zone(calendar.zone).is_some(), "{}", calendar.id);
    }
    for zone in law().zones {
        assert!(law().zone(zone.id).is_some(), "{}", zone.id);
    }
}

#[test]
fn the_united_kingdom_has_the_official_holidays_and_the_proclaimed_one() {
    let official: BTreeMap<String, List> = serde_json::from_str(UK).unwrap();
    let proclaimed = (day("2026-06-15"), BTreeSet::from(["World Cup bank holiday".to_owned()]));
    for (nation, list) in &official {
        let mut expected = listed(list);
        if nation == "scotland" {
            expected.extend([proclaimed.clone()]);
        }
        assert_eq!(shipped(&nation.replace('-', "_")), expected, "{nation}");
    }
}

#[test]
fn a_working_day_is_one_in_every_part_of_the_united_kingdom() {
    let nations = ["england_and_wales", "scotland", "northern_ireland"].map(shipped);
    let any: BTreeSet<_> = nations.iter().flat_map(BTreeMap::keys).copied().collect();
    assert_eq!(shipped("united_kingdom").into_keys().collect::<BTreeSet<_>>(), any);
}

#[test]
fn the_united_states_have_the_official_holidays() {
    assert_eq!(shipped("us_federal"), listed(&serde_json::from_str(US).unwrap()));
}

#[test]
fn ireland_has_the_holidays_of_the_statute() {
    let mut expected = BTreeSet::from([day("2022-03-18")]);
    for year in 2012..=2035 {
        let date = |month, number| Day::new(year, month, number).unwrap();
        let monday_from = |from: Day| (0..7).map(|ahead| from.plus(ahead)).find(|day| day.weekday() == Weekday::Mon);
        expected.extend([date(1, 1), date(3, 17), date(12, 25), date(12, 26), easter_sunday(year).plus(1)]);
        expected.extend([date(5, 1), date(6, 1), date(8, 1), date(10, 25)].map(|from| monday_from(from).unwrap()));
        let brigid = date(2, 1);
        let friday = brigid.weekday() == Weekday::Fri;
        expected.extend((year >= 2023).then(|| if friday { brigid } else { monday_from(brigid).unwrap() }));
    }
    assert_eq!(shipped("ireland").into_keys().collect::<BTreeSet<_>>(), expected);
}

/// The Sunday after the full moon on or after 21 March, by epacts (Oudin 1940).
fn easter_sunday(year: i32) -> Day {
    let century = year / 100;
    let golden = year % 19;
    let correction = (century - 17) / 25;
    let mut epact = (century - century / 4 - (century - correction) / 3 + 19 * golden + 15) % 30;
    epact -= (epact / 28) * (1 - (epact / 28) * (29 / (epact + 1)) * ((21 - golden) / 11));
    let weekday = (year + year / 4 + epact + 2 - century + century / 4) % 7;
    Day::new(year, 3, 28).unwrap().plus(epact - weekday)
}

#[test]
fn calendars_are_in_order() {
    for calendar in law().calendars {
        let released: Vec<_> = calendar.versions.iter().map(|version| version.released).collect();
        assert!(released.is_sorted() && !released.is_empty(), "{}", calendar.id);
        for version in calendar.versions {
            assert!(!version.source.is_empty());
            assert_eq!(version.status == Status::ToConfirm, version.to_confirm.is_some(), "{}", calendar.id);
            for Holiday { name, days } in version.holidays {
                assert!(days.is_sorted_by(|a, b| a < b), "{}: {name}", calendar.id);
                assert!(days.iter().all(|day| (version.from..=version.until).contains(day)), "{}: {name}", calendar.id);
            }
        }
    }
}

#[test]
fn every_jurisdiction_has_one_calendar() {
    for jurisdiction in Jurisdiction::ALL {
        let calendars = law().calendars.iter().filter(|calendar| calendar.jurisdictions.contains(&jurisdiction));
        assert_eq!(calendars.count(), 1, "{jurisdiction:?}");
    }
}

#[test]
fn packs_say_where_their_rules_are_from_and_what_is_in_doubt() {
    for pack in law().packs {
        for version in pack.versions {
            let name = format!("{} {}", pack.id, version.version);
            assert!(!version.source.is_empty() && !version.rules.is_empty(), "{name}");
            assert_eq!(version.status == Status::ToConfirm, version.to_confirm.is_some(), "{name}");
            assert!(!version.applies_when.is_empty(), "{name} says for whom it is");
            let rules: BTreeSet<_> = version.rules.iter().map(|rule| &rule.id).collect();
            assert_eq!(rules.len(), version.rules.len(), "{name}");
            for rule in version.rules {
                assert!(!rule.citation.is_empty(), "{name} {}", rule.id);
                assert_eq!(rule.status == Status::ToConfirm, rule.to_confirm.is_some(), "{name} {}", rule.id);
            }
        }
    }
}

#[test]
fn a_day_is_under_one_version_of_a_pack() {
    for pack in law().packs {
        for pair in pack.versions.windows(2) {
            assert!(pair[0].released <= pair[1].released, "{}: oldest first", pack.id);
            assert_eq!(pair[0].until, Some(pair[1].from.plus(-1)), "{}: no gap, no overlap", pack.id);
        }
        assert_eq!(pack.versions.last().unwrap().until, None, "{}", pack.id);
    }
}

#[test]
fn rules_can_be_counted() {
    for rule in law().packs.iter().flat_map(|pack| pack.versions).flat_map(|version| version.rules) {
        let terms = &rule.terms;
        assert!(!terms.starts_on.is_empty(), "{}", rule.id);
        assert!(!terms.met_by.is_empty() || !terms.met_unless_reopened_by.is_empty(), "{}", rule.id);
        assert!(terms.warn_after.is_sorted_by(|a, b| a < b), "{}", rule.id);
        let lengths = terms.length.into_iter().chain(rule.suspension.as_ref().map(|by| by.maximum));
        assert!(lengths.map(|length| Length::new(length.amount, length.unit)).all(|length| length.is_ok()));
        let unit = terms.length.map(|length| length.unit);
        assert!(
            !matches!(unit, Some(Unit::BusinessHour | Unit::BusinessMinute)),
            "{}: the law keeps no hours",
            rule.id
        );
        if let Some(suspension) = &rule.suspension {
            assert!(!suspension.reasons.is_empty(), "{}", rule.id);
            assert_eq!(Some(suspension.maximum.unit), unit, "{}", rule.id);
            assert!(Some(suspension.maximum.amount) > terms.length.map(|length| length.amount), "{}", rule.id);
        }
    }
}

#[test]
fn only_app_fraud_claims_may_stop() {
    let all = law().packs.iter().flat_map(|pack| pack.versions).flat_map(|version| version.rules);
    let stoppable: Vec<_> = all.filter(|rule| rule.suspension.is_some()).map(|rule| rule.id).collect();
    assert_eq!(stoppable, ["reimbursement"]);
}

#[test]
fn conditions_know_only_the_tags_that_the_documentation_lists() {
    let documented = ["app_fraud", "cfpb", "data_protection", "disability", "mixed_complaint", "payment_service"];
    let mut tags = BTreeSet::new();
    for version in law().packs.iter().flat_map(|pack| pack.versions) {
        let rules = version.rules.iter().flat_map(|rule| rule.applies_when);
        for condition in version.applies_when.iter().chain(rules) {
            assert!(condition.is_possible(), "{condition:?}");
            tags.extend(condition.tag.iter().chain(condition.no_tag.iter()));
        }
    }
    assert!(tags.into_iter().eq(&documented.map(Cow::from)));
}

#[test]
fn names_are_those_on_the_wire() {
    fn same<T: Serialize>(all: &[T], name: impl Fn(&T) -> &'static str) {
        assert!(all.iter().all(|one| serde_json::to_value(one).unwrap() == name(one)));
    }
    same(&Jurisdiction::ALL, |one| one.as_str());
    same(&Sector::ALL, |one| one.as_str());
    same(&Severity::ALL, |one| one.as_str());
    same(&Channel::ALL, |one| one.as_str());
}
