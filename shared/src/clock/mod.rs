//! Statutory and operational clocks of a case: when what is due, how that was counted, and whether it was done.
//!
//! Pure: [`clocks`] takes the law as data ([`Law`]), what is known of the case ([`Case`]) and the time. No regime is
//! known to this code; `docs/clocks.md` explains the model, `tests/vectors/clocks.json` proves it.
//!
//! Invariant: what is not named by a rule changes nothing of its clocks. States pause a firm's own clocks only.

pub mod calendar;
pub mod count;
pub mod day;
pub mod difference;
pub mod due;
mod evaluate;
pub mod explain;
pub mod forecast;
pub mod law;
pub mod named;
pub mod pack;
pub mod passing;
pub mod service_level;
pub mod settings;
pub mod timeline;
pub mod zone;

pub use evaluate::{Case, clocks};

use crate::{ids::LetterId, time::Timestamp};
use day::Day;
use explain::ClockExplanation;
use named::named;
use pack::Nature;
use schemars::JsonSchema;
use serde::Serialize;
use timeline::Occurrence;

/// A clock of a case as of some moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Clock {
    /// Whether the law or the firm set it.
    pub family: ClockFamily,
    /// The pack of the rule; `null` for a firm's own.
    pub pack: Option<&'static str>,
    /// The version of the pack; `null` for a firm's own.
    pub version: Option<&'static str>,
    /// The rule in the pack, or the firm's service level.
    pub rule: String,
    /// 1, 2, 3, … where a rule starts one clock after the other.
    pub number: u32,
    /// The name people read.
    pub name: String,
    /// What it means that its time has passed.
    pub nature: Nature,
    /// The duty that this is one reading of.
    pub reading_of: Option<&'static str>,
    /// No other reading of that duty ends earlier: this one warns.
    pub leading: bool,
    /// What has to be sent.
    pub must_send: Option<&'static str>,
    /// When it started.
    pub start: Timestamp,
    /// Its last moment; `null` where the rule says "promptly".
    pub due: Option<Timestamp>,
    /// Its last day, by the civil time of the place.
    pub due_on: Option<Day>,
    /// The last moment however long it stands still; `null` if nothing can stop it, or nothing limits that.
    pub latest: Option<Timestamp>,
    /// How it stands.
    pub state: ClockState,
    /// When it was met, in time or not.
    pub met_at: Option<Timestamp>,
    /// Since when nothing is due any more although it was not met.
    pub void_at: Option<Timestamp>,
    /// Since when it is broken: its last moment.
    pub breached_at: Option<Timestamp>,
    /// What met it or made it void.
    pub ended_by: Option<Occurrence>,
    /// The letter that met it or made it void.
    pub letter: Option<LetterId>,
    /// When to warn, while it runs.
    pub warnings: Vec<ClockWarning>,
    /// How it was counted.
    pub explanation: ClockExplanation,
}

named! {
/// Who set a clock.
pub enum ClockFamily {
    /// The law or a regulator.
    Statutory: "statutory",
    /// The firm.
    Operational: "operational",
}
}

named! {
/// How a clock stands. Judged by its last moment, not by when somebody looked.
pub enum ClockState {
    /// There is time.
    Running: "running",
    /// There is time, and the clock stands still.
    Stopped: "stopped",
    /// Done in time.
    Met: "met",
    /// Not done in time; `met_at` says whether it was done since.
    Breached: "breached",
    /// Nothing is due, or a possibility passed.
    Void: "void",
}
}

/// A moment at which to warn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClockWarning {
    /// When.
    pub at: Timestamp,
    /// Of what: `day 28`, `business day 10`, `last business day`.
    pub name: String,
}

impl Clock {
    /// The next moment at which time alone changes something: a warning, or the first moment after its end.
    /// A clock that stands still waits for its latest end only.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let after = |end: Option<Timestamp>| end.map(|end| end.plus_millis(1)).filter(|at| *at > now);
        match self.state {
            ClockState::Running => {
                let warning = self.warnings.iter().map(|warning| warning.at).find(|at| *at > now);
                warning.into_iter().chain(after(self.due)).min()
            }
            ClockState::Stopped => after(self.latest),
            ClockState::Met | ClockState::Breached | ClockState::Void => None,
        }
    }
}
