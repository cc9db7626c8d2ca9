//! Which clocks a case has, and how each of them stands.

use super::{
    Clock, ClockFamily, ClockState, ClockWarning,
    count::{Counted, Manner, Place, Stop},
    day::Day,
    explain::{ClockCalendar, ClockExplanation, ClockStep, CountedIn, Reason},
    law::{Choices, Law, Pin, in_force},
    pack::{Facts, Length, Nature, Pack, PackVersion, Pick, Roll, StatutoryRule, Terms, Unit, apply},
    service_level::ServiceLevel,
    timeline::{Entry, Occurrence, Timeline},
};
use crate::{ids::LetterId, time::Timestamp};

/// What clocks are computed of.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What the complaint is.
    pub facts: Facts<'a>,
    /// What happened.
    pub timeline: &'a Timeline,
    /// The versions it was moved to.
    pub pins: &'a [Pin],
}

/// Every clock of a case as of `now`: the statutory ones, then the firm's own. What happens after `now` must not be in
/// the timeline.
#[must_use]
pub fn clocks(
    law: &Law,
    case: Case<'_>,
    choices: &Choices,
    service_levels: &[ServiceLevel],
    now: Timestamp,
) -> Vec<Clock> {
    let reckoning = Reckoning { law: *law, case, choices, now };
    let mut clocks = Vec::new();
    for pack in law.packs {
        for version in pack.versions.iter().filter(|version| apply(version.applies_when, &case.facts)) {
            for rule in version.rules.iter().filter(|rule| apply(rule.applies_when, &case.facts)) {
                reckoning.add(Subject::Statutory { pack, version, rule }, &mut clocks);
            }
        }
    }
    lead(&mut clocks);
    for level in service_levels.iter().filter(|level| apply(&level.applies_when, &case.facts)) {
        reckoning.add(Subject::Operational(level), &mut clocks);
    }
    clocks
}

/// Of several readings of one duty the earliest leads; the others do not warn.
fn lead(clocks: &mut [Clock]) {
    let readings: Vec<_> =
        clocks.iter().filter_map(|clock| Some((clock.pack, clock.reading_of?, clock.start, clock.due))).collect();
    for clock in clocks {
        let earlier = readings.iter().any(|(pack, duty, start, due)| {
            *pack == clock.pack && Some(*duty) == clock.reading_of && *start == clock.start && *due < clock.due
        });
        if earlier {
            clock.leading = false;
            clock.warnings.clear();
        }
    }
}

/// What a clock is of.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Statutory { pack: &'static Pack, version: &'static PackVersion, rule: &'static StatutoryRule },
    Operational(&'a ServiceLevel),
}

impl<'a> Subject<'a> {
    fn terms(self) -> Terms<'a> {
        match self {
            Self::Statutory { rule, .. } => rule.terms,
            Self::Operational(level) => level.terms(),
        }
    }

    /// Whether a clock that started on `day` is under this version.
    fn is_in_force(self, day: Day, pins: &[Pin]) -> bool {
        match self {
            Self::Statutory { pack, version, .. } => {
                in_force(pack.versions, pack.id, day, pins).is_some_and(|found| found.version == version.version)
            }
            Self::Operational(_) => true,
        }
    }

    fn nature(self) -> Nature {
        match self {
            Self::Statutory { rule, .. } => rule.nature,
            Self::Operational(_) => Nature::Duty,
        }
    }

    fn id(self) -> &'a str {
        match self {
            Self::Statutory { rule, .. } => rule.id,
            Self::Operational(level) => level.id.as_str(),
        }
    }

    fn name(self) -> &'a str {
        match self {
            Self::Statutory { rule, .. } => rule.name,
            Self::Operational(level) => level.name.as_str(),
        }
    }

    fn maximum(self) -> Option<Length> {
        match self {
            Self::Statutory { rule, .. } => rule.suspension.as_ref().map(|suspension| suspension.maximum),
            Self::Operational(_) => None,
        }
    }

    /// When the clock stands still: from when, and until when if it has run on.
    fn stops(self, timeline: &Timeline) -> Vec<(Timestamp, Option<Timestamp>)> {
        let mut stops = Vec::new();
        match self {
            Self::Statutory { rule: StatutoryRule { suspension: Some(by), .. }, .. } => {
                for Entry { what, at, reason, .. } in &timeline.entries {
                    if *what == by.until {
                        note(&mut stops, *at, false);
                    } else if *what == by.on
                        && reason.as_ref().is_some_and(|reason| by.reasons.contains(&reason.as_str()))
                    {
                        note(&mut stops, *at, true);
                    }
                }
            }
            Self::Statutory { .. } => {}
            Self::Operational(level) => {
                for entered in &timeline.states {
                    note(&mut stops, entered.at, level.pause_in.contains(&entered.state));
                }
            }
        }
        stops
    }
}

/// Notes that from `at` on a clock stands still, or does not.
fn note(stops: &mut Vec<(Timestamp, Option<Timestamp>)>, at: Timestamp, still: bool) {
    match stops.last_mut() {
        Some((_, until @ None)) => *until = (!still).then_some(at),
        _ if still => stops.push((at, None)),
        _ => {}
    }
}

/// All that the clocks of a case are computed from.
#[derive(Clone, Copy)]
struct Reckoning<'a> {
    law: Law,
    case: Case<'a>,
    choices: &'a Choices,
    now: Timestamp,
}

impl<'a> Reckoning<'a> {
    /// Adds the clocks of one rule or service level.
    fn add(&self, subject: Subject<'a>, clocks: &mut Vec<Clock>) {
        let entries = &self.case.timeline.entries;
        for (number, index) in (1..).zip(starts(&subject.terms(), entries)) {
            let split = entries.get(index).zip(entries.get(index + 1..));
            clocks.extend(split.and_then(|(start, after)| self.clock(subject, start, after, number)));
        }
    }

    /// Where a clock that started at `start` is counted, if this subject is in force there then.
    fn place(&self, subject: Subject<'a>, start: Timestamp) -> Option<Place<'a>> {
        let (by_law, local) = self.law.place(self.case.facts.jurisdiction, self.choices)?;
        let hours = match subject {
            Subject::Operational(level) => level.hours.as_ref(),
            Subject::Statutory { .. } => None,
        };
        let calendar = hours.and_then(|hours| self.law.calendar(hours.calendar.as_ref()?.as_str())).unwrap_or(by_law);
        let zone = hours.and_then(|hours| self.law.zone(hours.zone.as_ref()?.as_str())).unwrap_or(local);
        let day = zone.day(start);
        let days = calendar.days(day, self.case.pins)?;
        let place = Place { zone, days, hours, close: self.choices.close_of_business };
        subject.is_in_force(day, self.case.pins).then_some(place)
    }

    fn clock(&self, subject: Subject<'a>, start: &Entry, after: &[Entry], number: u32) -> Option<Clock> {
        let place = self.place(subject, start.at)?;
        let terms = &subject.terms();
        let nature = subject.nature();
        let ending = ending(terms, after);
        let until = ending.map_or(self.now, |ending| ending.at);
        let stops = subject.stops(self.case.timeline);
        let past: Vec<Stop> = stops
            .iter()
            .map(|(from, end)| Stop { from: *from, until: end.map_or(until, |end| end.min(until)) })
            .filter(|stop| stop.from < stop.until)
            .collect();

        let (from, late) = self.receipt(terms, place, start.at);
        let manner = Manner::of(terms);
        let latest = subject.maximum().map(|length| place.count(length, from, manner, &[], None));
        let latest_day = latest.as_ref().map(|latest| latest.last);
        let counted = terms.length.map(|length| place.count(length, from, manner, &past, latest_day));
        let due = counted.as_ref().and_then(|counted| counted.due);
        let ending = ending.filter(|ending| nature == Nature::Duty || ending.is_in_time(due));
        let stands_still = stops.iter().any(|(from, end)| *from <= self.now && end.is_none());
        let state = state(nature, due, ending, stands_still, self.now);

        let warn = |after| place.count(after, from, Manner { roll: Roll::None, ..manner }, &past, latest_day);
        let mut warnings = warnings(terms, place, counted.as_ref(), warn);
        if !matches!(state, ClockState::Running | ClockState::Stopped) {
            warnings.clear();
        }
        let mut clock = Clock {
            family: ClockFamily::Operational,
            pack: None,
            version: None,
            rule: subject.id().to_owned(),
            number,
            name: subject.name().to_owned(),
            nature,
            reading_of: None,
            leading: true,
            must_send: None,
            start: start.at,
            due,
            due_on: counted.as_ref().filter(|_| due.is_some()).map(|counted| counted.last),
            latest: latest.and_then(|latest| latest.due),
            state,
            met_at: ending.filter(|ending| ending.met).map(|ending| ending.at),
            void_at: ending.filter(|ending| !ending.met).map(|ending| ending.at),
            breached_at: due.filter(|_| state == ClockState::Breached),
            ended_by: ending.map(|ending| ending.by),
            letter: ending.and_then(|ending| ending.letter),
            warnings,
            explanation: explanation(terms, place, late, counted),
        };
        clock.is_of(subject);
        Some(clock)
    }

    /// From when a clock that was started at `at` is counted, and the days that this passes over.
    fn receipt(&self, terms: &Terms<'_>, place: Place<'_>, at: Timestamp) -> (Timestamp, Option<ClockStep>) {
        let day = place.zone.day(at);
        let in_hours = place.days.is_open(day) && at <= place.zone.moment(day, place.close);
        if in_hours || !terms.late_receipt || !self.choices.late_receipt {
            return (at, None);
        }
        let next = place.days.next_open(day.plus(1));
        let step = ClockStep { from: day, to: next.plus(-1), counted: 0, reason: Reason::LateReceipt, name: None };
        (place.zone.start_of(next), Some(step))
    }
}

impl Clock {
    /// Says which rule it is of, if it is statutory.
    fn is_of(&mut self, subject: Subject<'_>) {
        let Subject::Statutory { pack, version, rule } = subject else { return };
        self.family = ClockFamily::Statutory;
        self.pack = Some(pack.id);
        self.version = Some(version.version);
        self.reading_of = rule.reading_of;
        self.must_send = rule.must_send;
        self.explanation.citation = Some(rule.citation);
        self.explanation.source = Some(version.source);
        self.explanation.status = Some(rule.status);
        self.explanation.to_confirm = rule.to_confirm;
    }
}

/// The places in the timeline at which clocks start.
fn starts(terms: &Terms<'_>, entries: &[Entry]) -> Vec<usize> {
    let has = |wanted: &[Occurrence]| entries.iter().any(|entry| wanted.contains(&entry.what));
    if !terms.only_after.is_empty() && !has(terms.only_after) {
        return Vec::new();
    }
    let on = if has(terms.starts_on) { terms.starts_on } else { terms.otherwise };
    let mut all = entries.iter().enumerate().filter(|(_, entry)| on.contains(&entry.what)).map(|(index, _)| index);
    match terms.pick {
        Pick::First => all.next().into_iter().collect(),
        Pick::Last => all.next_back().into_iter().collect(),
        Pick::Each => while_open(terms, on, entries),
    }
}

/// The starts at which the case has not ended, as far as these terms can tell.
fn while_open(terms: &Terms<'_>, on: &[Occurrence], entries: &[Entry]) -> Vec<usize> {
    let ends = [terms.met_by, terms.met_unless_reopened_by, terms.void_by];
    let mut open = true;
    let mut starts = Vec::new();
    for (index, Entry { what, .. }) in entries.iter().enumerate() {
        open |= *what == Occurrence::Reopened;
        if on.contains(what) {
            starts.extend(open.then_some(index));
        } else if ends.iter().any(|list| list.contains(what)) {
            open = false;
        }
    }
    starts
}

/// What ended a clock.
#[derive(Clone, Copy)]
struct Ending {
    at: Timestamp,
    by: Occurrence,
    /// The letter with which that happened.
    letter: Option<LetterId>,
    /// It did what the clock was waiting for.
    met: bool,
    /// Reopening the case does not undo it.
    lasting: bool,
}

impl Ending {
    fn is_in_time(&self, due: Option<Timestamp>) -> bool {
        due.is_none_or(|due| self.at <= due)
    }
}

/// What ended a clock, of all that happened after its start.
fn ending(terms: &Terms<'_>, after: &[Entry]) -> Option<Ending> {
    let mut ending: Option<Ending> = None;
    for Entry { what, at, letter, .. } in after {
        match ending {
            Some(Ending { lasting: true, .. }) => break,
            Some(_) if *what == Occurrence::Reopened => ending = None,
            Some(_) => {}
            None => {
                let lasting = terms.met_by.contains(what);
                let met = lasting || terms.met_unless_reopened_by.contains(what);
                if met || *what == Occurrence::Rejoined || terms.void_by.contains(what) {
                    ending = Some(Ending { at: *at, by: *what, letter: *letter, met, lasting });
                }
            }
        }
    }
    ending
}

fn state(
    nature: Nature,
    due: Option<Timestamp>,
    ending: Option<Ending>,
    stands_still: bool,
    now: Timestamp,
) -> ClockState {
    match ending {
        Some(ending) if !ending.is_in_time(due) => nature.passed(),
        Some(ending) if ending.met => ClockState::Met,
        Some(_) => ClockState::Void,
        None if due.is_some_and(|due| now > due) => nature.passed(),
        None if stands_still => ClockState::Stopped,
        None => ClockState::Running,
    }
}

/// When to warn of a clock, earliest first: later amounts are reached later.
fn warnings(
    terms: &Terms<'_>,
    place: Place<'_>,
    counted: Option<&Counted>,
    count: impl Fn(Length) -> Counted,
) -> Vec<ClockWarning> {
    let due = counted.and_then(|counted| counted.due);
    let (unit, what) = match terms.length.map(|length| length.unit) {
        Some(Unit::Minute) => (Unit::Minute, "minute"),
        Some(Unit::Hour) => (Unit::Hour, "hour"),
        Some(Unit::BusinessMinute) => (Unit::BusinessMinute, "business minute"),
        Some(Unit::BusinessHour) => (Unit::BusinessHour, "business hour"),
        Some(Unit::Day | Unit::Week | Unit::Month) => (Unit::Day, "day"),
        Some(Unit::BusinessDay) | None => (Unit::BusinessDay, "business day"),
    };
    let after = terms.warn_after.iter().filter_map(|amount| {
        let reached = count(Length::new(*amount, unit).ok()?);
        let at = match reached.unit {
            CountedIn::Seconds => reached.due?,
            CountedIn::Days | CountedIn::BusinessDays => place.zone.start_of(reached.last),
        };
        Some(ClockWarning { at, name: format!("{what} {amount}") })
    });
    let mut warnings: Vec<_> = after.filter(|warning| due.is_none_or(|due| warning.at < due)).collect();
    if let Some(counted) = counted.filter(|_| terms.warn_on_last_business_day) {
        let at = place.zone.start_of(place.days.last_open(counted.last));
        let place = warnings.partition_point(|warning| warning.at <= at);
        warnings.insert(place, ClockWarning { at, name: "last business day".to_owned() });
    }
    warnings
}

fn explanation(
    terms: &Terms<'_>,
    place: Place<'_>,
    late: Option<ClockStep>,
    counted: Option<Counted>,
) -> ClockExplanation {
    let length = terms.length;
    let by_calendar = late.is_some()
        || terms.roll == Roll::NextBusinessDay
        || matches!(
            length.map(|length| length.unit),
            Some(Unit::BusinessDay | Unit::BusinessHour | Unit::BusinessMinute)
        );
    let version = place.days.version;
    let last = counted.as_ref().map(|counted| counted.last);
    let calendar = by_calendar.then(|| ClockCalendar {
        id: place.days.calendar.id,
        version: version.version,
        known_until: last.filter(|last| *last > version.until).map(|_| version.until),
    });
    let unit = counted.as_ref().map_or(CountedIn::Days, |counted| counted.unit);
    let steps = counted.map(|counted| counted.steps).unwrap_or_default();
    ClockExplanation {
        citation: None,
        source: None,
        status: None,
        to_confirm: None,
        zone: place.zone.id(),
        calendar,
        length,
        unit,
        steps: late.into_iter().chain(steps).collect(),
    }
}
