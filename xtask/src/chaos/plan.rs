//! What a run does, from its seed alone: when the runtime dies, what fails meanwhile, what clients ask. Pure; the same seed is the same
//! plan, so a run that found something can be repeated.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Numbers that follow from a seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice for one purpose: other purposes of the same run have other numbers.
    pub fn new(seed: u64, purpose: u64) -> Dice {
        let mut dice = Dice(seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // Neighbouring seeds begin alike.
        dice.roll();
        dice
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to below `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low).max(1)
    }

    /// Whether something comes about that does so many times in a hundred.
    pub fn chance(&mut self, in_a_hundred: u64) -> bool {
        self.roll() % 100 < in_a_hundred
    }

    /// One of several.
    pub fn of<T: Copy>(&mut self, several: &[T]) -> Option<T> {
        several.get(self.between(0, several.len() as u64) as usize).copied()
    }
}

/// What the storm does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// One life of the runtime each.
    pub rounds: Vec<Round>,
}

/// A life of the runtime, from its start to its death.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// When it is killed.
    pub death: Death,
    /// What its bindings do, and from which millisecond of its life on.
    pub faults: Vec<(u64, Faults)>,
    /// What the receivers of webhooks do.
    pub mood: Mood,
    /// What is put into outboxes while it is dead, before this life.
    pub poisoned_rows: Vec<Poison>,
    /// What is put on queues in the middle of it.
    pub poisoned_queues: Vec<&'static str>,
}

/// When the runtime is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// So many milliseconds after it has answered.
    AtWork(u64),
    /// So many milliseconds after it was launched, perhaps before it has answered.
    Starting(u64),
}

/// What bindings do, by their names: nothing is wrong with those that are not named.
pub type Faults = BTreeMap<&'static str, Fault>;

/// What is wrong with a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What it is asked is not done.
    Fail(&'static str),
    /// It is done, and nobody hears of it.
    Lose(&'static str),
    /// It is done after so many milliseconds.
    Delay(u64),
}

/// What the receivers of webhooks do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// They answer 204.
    Well,
    /// They answer 500.
    Broken,
    /// They answer after some seconds.
    Slow,
    /// They hang up.
    Silent,
    /// Now this, now that.
    Moody,
    /// They are gone: 410, which disables an endpoint.
    Gone,
}

/// A message that nobody can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poison {
    /// No message at all.
    Noise,
    /// One of a release to come.
    Future,
    /// One that names another database than the one it lies in.
    Misplaced,
}

/// What a client asks next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Log a complaint, perhaps under a reference of the firm's own.
    Log {
        /// Whether it is.
        named: bool,
    },
    /// Acknowledge one of its complaints.
    Acknowledge,
    /// Write a note on one.
    Note,
    /// Assign one.
    Assign,
    /// Record a contact on one.
    Contact,
    /// Attach a small file to one.
    Attach,
    /// Read one that it knows to be there.
    Read,
    /// Import so many.
    Import {
        /// How many.
        rows: u64,
    },
    /// Have so many of its complaints tagged by a job.
    Bulk {
        /// How many.
        over: u64,
    },
}

/// An errand, the complaint that it is for, as a number to choose by, and how long its client rests after it, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is asked.
    pub errand: Errand,
    /// Which of the client's complaints it is for.
    pub pick: u64,
    /// The rest after it.
    pub rest: u64,
}

const DATABASES: [&str; 2] = ["DB_0", "DB_1"];
const OTHERS: [&str; 6] = ["ATTACHMENTS", "NOTIFY", "JOBS", "WEBHOOKS", "SCAN", "DIRECTORY"];
const QUEUES: [&str; 4] = ["NOTIFY", "JOBS", "WEBHOOKS", "SCAN"];
const FAILURES: [&str; 3] = [
    "D1_ERROR: Network connection lost.",
    "D1_ERROR: database or disk is full: SQLITE_FULL",
    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
];

impl Plan {
    /// The plan of a seed, with so many kills.
    pub fn new(seed: u64, kills: usize) -> Plan {
        let mut dice = Dice::new(seed, 1);
        Plan { rounds: (0..kills).map(|_| round(&mut dice)).collect() }
    }
}

/// The steps of one client, without end.
pub fn steps(seed: u64, writer: u64) -> impl Iterator<Item = Step> {
    let mut dice = Dice::new(seed, 1_000 + writer);
    std::iter::repeat_with(move || {
        let errand = match dice.between(0, 1_000) {
            0..400 => Errand::Log { named: dice.chance(30) },
            400..460 => Errand::Acknowledge,
            460..640 => Errand::Note,
            640..740 => Errand::Assign,
            740..840 => Errand::Contact,
            840..890 => Errand::Attach,
            890..980 => Errand::Read,
            980..992 => Errand::Import { rows: dice.between(2, 12) },
            _ => Errand::Bulk { over: dice.between(2, 20) },
        };
        // Now and then a burst.
        let rest = if dice.chance(25) { 0 } else { dice.between(20, 300) };
        Step { errand, pick: dice.roll(), rest }
    })
}

fn round(dice: &mut Dice) -> Round {
    let death = match dice.between(0, 100) {
        0..15 => Death::Starting(dice.between(50, 4_000)),
        15..35 => Death::AtWork(dice.between(0, 300)),
        35..90 => Death::AtWork(dice.between(300, 3_000)),
        // Long enough for what was kept to be logged, and for retries.
        _ => Death::AtWork(dice.between(3_000, 9_000)),
    };
    let life = match death {
        Death::AtWork(life) => life,
        Death::Starting(_) => 0,
    };
    let mut faults = Vec::new();
    if dice.chance(65) {
        let begin = dice.between(0, (life / 2).max(1));
        faults.push((begin, some_faults(dice)));
        if dice.chance(60) {
            faults.push((dice.between(begin, life.max(begin + 1)), Faults::new()));
        }
    }
    let moods = [Mood::Well, Mood::Well, Mood::Broken, Mood::Slow, Mood::Silent, Mood::Moody, Mood::Moody, Mood::Gone];
    let mood = dice.of(&moods).unwrap_or(Mood::Well);
    let poison = [Poison::Noise, Poison::Future, Poison::Misplaced];
    let poisoned_rows = if dice.chance(20) { dice.of(&poison).into_iter().collect() } else { Vec::new() };
    let poisoned_queues = if dice.chance(20) { dice.of(&QUEUES).into_iter().collect() } else { Vec::new() };
    Round { death, faults, mood, poisoned_rows, poisoned_queues }
}

fn some_faults(dice: &mut Dice) -> Faults {
    let mut faults = Faults::new();
    let failure = dice.of(&FAILURES).unwrap_or_default();
    let fault = |dice: &mut Dice, failure| match dice.between(0, 4) {
        0 | 1 => Fault::Fail(failure),
        2 => Fault::Lose(failure),
        _ => Fault::Delay(dice.between(50, 4_500)),
    };
    match dice.between(0, 10) {
        // Intake has nothing but the bucket then.
        0..4 => {
            let fault = fault(dice, failure);
            faults.extend(DATABASES.map(|name| (name, fault)));
        }
        4..6 => {
            if let Some(name) = dice.of(&DATABASES) {
                faults.insert(name, fault(dice, failure));
            }
        }
        6..9 => {
            if let Some(name) = dice.of(&OTHERS) {
                faults.insert(name, fault(dice, "Network connection lost."));
            }
        }
        // All queues: whatever leaves has to be found again.
        _ => faults.extend(QUEUES.map(|name| (name, Fault::Fail("Queue send failed")))),
    }
    faults
}

/// As `tests/faulty.js` is told.
pub fn told(faults: &Faults) -> Value {
    let one = |fault: &Fault| match fault {
        Fault::Fail(with) => json!({ "fail": with }),
        Fault::Lose(with) => json!({ "lose": with }),
        Fault::Delay(millis) => json!({ "delay": millis }),
    };
    faults.iter().map(|(name, fault)| ((*name).to_owned(), one(fault))).collect::<serde_json::Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_plan_and_another_seed_another() {
        let clients = |seed| (0..3).map(|writer| steps(seed, writer).take(50).collect::<Vec<_>>()).collect::<Vec<_>>();
        assert_eq!((Plan::new(7, 200), clients(7)), (Plan::new(7, 200), clients(7)));
        assert_ne!(Plan::new(7, 200), Plan::new(8, 200));
        assert_ne!(clients(7), clients(8));
        let several = clients(7);
        assert_ne!(several.first(), several.last(), "clients do not all do the same");
    }

    #[test]
    fn a_shorter_run_is_the_beginning_of_a_longer_one() {
        assert_eq!(Plan::new(7, 200).rounds.get(..20), Some(&*Plan::new(7, 20).rounds));
    }

    #[test]
    fn two_hundred_kills_bring_everything_that_can_happen() {
        let plan = Plan::new(1, 200);
        let faults = || plan.rounds.iter().flat_map(|round| &round.faults).flat_map(|(_, faults)| faults);
        for name in DATABASES.iter().chain(&OTHERS) {
            assert!(faults().any(|(faulty, _)| faulty == name), "{name}");
        }
        assert!(faults().any(|(_, fault)| matches!(fault, Fault::Lose(_))));
        assert!(faults().any(|(_, fault)| matches!(fault, Fault::Delay(_))));
        assert!(plan.rounds.iter().any(|round| matches!(round.death, Death::Starting(_))));
        for mood in [Mood::Well, Mood::Broken, Mood::Slow, Mood::Silent, Mood::Moody, Mood::Gone] {
            assert!(plan.rounds.iter().any(|round| round.mood == mood), "{mood:?}");
        }
        for poison in [Poison::Noise, Poison::Future, Poison::Misplaced] {
            assert!(plan.rounds.iter().any(|round| round.poisoned_rows.contains(&poison)), "{poison:?}");
        }
        for queue in QUEUES {
            assert!(plan.rounds.iter().any(|round| round.poisoned_queues.contains(&queue)), "{queue}");
        }
    }

    #[test]
    fn what_a_binding_does_is_told_as_it_is_understood() {
        let faults = Faults::from([("DB_0", Fault::Lose("gone")), ("NOTIFY", Fault::Delay(50))]);
        assert_eq!(told(&faults), json!({ "DB_0": { "lose": "gone" }, "NOTIFY": { "delay": 50 } }));
    }
}
