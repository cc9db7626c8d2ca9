//! What time alone brings about: a moment at which a clock warns, and the last moment of a duty that was not done.
//!
//! Each is recorded once in the case file, whenever somebody comes to it: [`wake_at`] says when there is something to record, and
//! [`passed`] what. Both depend on what happened and on what was recorded, never on when they were last asked, so nothing is lost
//! or doubled by a tick that comes late, twice or not at all.

use super::{Clock, ClockState, ClockWarning, day::Day, pack::Nature, timeline::Timeline};
use crate::{
    complaint::event::EventBody,
    text::{Code, Line},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A clock, as events name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deadline {
    /// The last moment; `null` where the rule says "promptly".
    pub due: Option<Timestamp>,
    /// Its day, by the civil time of the place.
    pub due_on: Option<Day>,
    /// Which of the rule's clocks.
    pub number: u32,
    /// The pack; `null` for a firm's own.
    pub pack: Option<Code>,
    /// The rule in the pack, or the firm's service level.
    pub rule: Code,
    /// The version of the pack; `null` for a firm's own.
    pub version: Option<Code>,
}

/// A moment of a clock that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClockTold")]
pub struct Told {
    /// The pack; `null` for a firm's own.
    pub pack: Option<Code>,
    /// The rule.
    pub rule: Code,
    /// Which of the rule's clocks.
    pub number: u32,
    /// Which of its warnings; `null` for its last moment.
    pub warning: Option<Line<100>>,
    /// The moment.
    pub at: Timestamp,
}

impl Told {
    /// What an event records, if that is the passing of time.
    pub(super) fn by(event: &EventBody) -> Option<Self> {
        let (Deadline { pack, rule, number, .. }, warning, at) = match event {
            EventBody::DeadlineWarned { clock, warning, came_at } => (clock, Some(warning), came_at),
            EventBody::DeadlineMissed { clock, came_at } => (clock, None, came_at),
            _ => return None,
        };
        Some(Self { pack: pack.clone(), rule: rule.clone(), number: *number, warning: warning.cloned(), at: *at })
    }
}

/// A moment of a clock.
struct Moment<'c> {
    clock: &'c Clock,
    /// `None`: its last.
    warning: Option<&'c ClockWarning>,
    at: Timestamp,
}

impl Moment<'_> {
    fn is(&self, told: &Told) -> bool {
        self.clock.pack == told.pack.as_ref().map(Code::as_str)
            && self.clock.rule == told.rule.as_str()
            && self.clock.number == told.number
            && self.warning.map(|warning| warning.name.as_str()) == told.warning.as_ref().map(Line::as_str)
            && self.at == told.at
    }

    /// `None` if the clock has a name that no event can have, which no pack's has.
    fn event(&self) -> Option<EventBody> {
        let code = |text: &str| Code::try_from(text).ok();
        let Clock { pack, version, rule, number, due, due_on, .. } = self.clock;
        let clock = Deadline {
            due: *due,
            due_on: *due_on,
            number: *number,
            pack: pack.and_then(code),
            rule: code(rule)?,
            version: version.and_then(code),
        };
        let came_at = self.at;
        Some(match self.warning {
            Some(warning) => {
                EventBody::DeadlineWarned { clock, warning: Line::try_from(warning.name.as_str()).ok()?, came_at }
            }
            None => EventBody::DeadlineMissed { clock, came_at },
        })
    }
}

/// The moments of a clock that time alone brings, come or to come.
///
/// Of a clock that stands still nobody knows when they are: it has the one beyond which no stop carries it. Of several readings of
/// a duty the earliest speaks for all.
fn moments(clock: &Clock) -> impl Iterator<Item = Moment<'_>> {
    let speaks = clock.leading;
    let last = match clock.state {
        ClockState::Running | ClockState::Breached => clock.due,
        ClockState::Stopped => clock.latest,
        ClockState::Met | ClockState::Void => None,
    };
    let last = last.filter(|_| clock.nature == Nature::Duty);
    let warnings = clock.warnings.iter().filter(|_| clock.state == ClockState::Running);
    let warnings = warnings.map(move |warning| Moment { clock, warning: Some(warning), at: warning.at });
    warnings.chain(last.map(|at| Moment { clock, warning: None, at })).filter(move |_| speaks)
}

/// Those of all clocks that came after `since` and are not recorded, or are still to come.
fn untold<'c>(clocks: &'c [Clock], timeline: &'c Timeline, since: Timestamp) -> impl Iterator<Item = Moment<'c>> {
    clocks
        .iter()
        .flat_map(moments)
        .filter(move |moment| moment.at > since && !timeline.told.iter().any(|told| moment.is(told)))
}

/// From when on there is something to record, of clocks as of any moment since the newest event; `None`: never, unless something
/// happens. `since`: since when the complaint has been kept here. What had passed before is history and nobody's news.
#[must_use]
pub fn wake_at(clocks: &[Clock], timeline: &Timeline, since: Timestamp) -> Option<Timestamp> {
    untold(clocks, timeline, since).map(|moment| moment.at.plus_millis(1)).min()
}

/// What has come by `now` and is not recorded, in the order it came; `clocks` are those of that moment. Of a clock that has run out
/// the warnings are passed over.
#[must_use]
pub fn passed(clocks: &[Clock], timeline: &Timeline, since: Timestamp, now: Timestamp) -> Vec<EventBody> {
    let mut come: Vec<_> = untold(clocks, timeline, since).filter(|moment| moment.at < now).collect();
    come.sort_by_key(|moment| moment.at);
    come.iter().filter_map(Moment::event).collect()
}
