//! A world of isolates and one object, event by event, in true time.
//!
//! Every clock has its own offset, the object's goes back now and then. Messages are delayed, reordered and lost.
//! Isolates die with all they hold; the object starts again from what it stored last, sometimes after it granted
//! and before it stored.

use shared::{
    limit::{
        held::{Admission, Cost, Held},
        lease::{Ask, Cause, Grant, LeaseId},
        limiter::Limiter,
        plan::{Limits, Policy, Window},
    },
    time::Timestamp,
};
use std::{cmp::Reverse, collections::BTreeMap};

/// Where true time starts: the beginning of a month, so that a run stays within it.
pub(crate) const START: i64 = 1_698_796_800_000;

/// What the world is like. Chances are in percent.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) isolates: usize,
    pub(crate) seed: u64,
    /// The shortest and the longest time a message takes, in milliseconds.
    pub(crate) delay: (u64, u64),
    /// How often an ask or an answer is lost.
    pub(crate) loss: u64,
    /// How often an isolate dies when it sends an ask.
    pub(crate) death: u64,
    /// How often the object starts again when it is asked.
    pub(crate) restart: u64,
    /// How often the object's clock goes back, by up to 200 ms, when it is asked.
    pub(crate) back: u64,
    /// How often an admitted complaint is logged.
    pub(crate) logged: u64,
}

impl World {
    /// Nothing goes wrong and a hop takes 20 to 40 ms.
    pub(crate) fn calm(isolates: usize) -> Self {
        Self { isolates, seed: 1, delay: (10, 20), loss: 0, death: 0, restart: 0, back: 0, logged: 100 }
    }
}

/// A request: when, after the start, where, and what it costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: i64,
    pub(crate) isolate: usize,
    pub(crate) cost: Cost,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// When requests were admitted, in true time.
    pub(crate) admitted: Vec<i64>,
    pub(crate) refused: usize,
    pub(crate) unknown: usize,
    /// Complaints logged.
    pub(crate) logged: u64,
    /// Asks sent, by isolate.
    pub(crate) hops: Vec<usize>,
    /// Requests, by isolate.
    pub(crate) requests: Vec<usize>,
    /// The longest stored state in bytes.
    pub(crate) stored: usize,
}

enum Event {
    Arrives(Arrival),
    Asked { by: Sender, ask: Ask, background: Option<Arrival> },
    Answered { by: Sender, grant: Option<Grant>, waiting: Option<Arrival> },
    Finished { by: Sender, lease: LeaseId, logged: bool },
}

/// An isolate at a time in its life, and its clock when it sent.
#[derive(Clone, Copy)]
struct Sender {
    isolate: usize,
    life: u32,
    sent_at: Timestamp,
}

struct Isolate {
    held: Held,
    life: u32,
    offset: i64,
    /// Until when it must not ask, in true time.
    refused_until: i64,
    /// When it was answered last.
    answered_at: i64,
}

struct Run<'a> {
    world: &'a World,
    limits: &'a Limits,
    random: u64,
    now: i64,
    events: BTreeMap<(Reverse<i64>, Reverse<u64>), Event>,
    number: u64,
    isolates: Vec<Isolate>,
    stored: String,
    clock: i64,
    seen: Seen,
}

/// Runs the arrivals through the world.
pub(crate) fn run(world: &World, limits: &Limits, arrivals: impl IntoIterator<Item = Arrival>) -> Seen {
    let mut run = Run {
        world,
        limits,
        random: world.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        now: START,
        events: BTreeMap::new(),
        number: 0,
        isolates: Vec::new(),
        stored: "{}".to_owned(),
        clock: 0,
        seen: Seen { hops: vec![0; world.isolates], requests: vec![0; world.isolates], ..Seen::default() },
    };
    run.clock = run.between(0, 3_600_000);
    for _ in 0..world.isolates {
        let offset = run.between(0, 20_000_000) - 10_000_000;
        run.isolates.push(Isolate { held: Held::default(), life: 0, offset, refused_until: 0, answered_at: 0 });
    }
    for arrival in arrivals {
        run.seen.requests[arrival.isolate] += 1;
        run.at(START + arrival.at, Event::Arrives(arrival));
    }
    while let Some(((Reverse(at), _), event)) = run.events.pop_last() {
        run.now = at;
        run.step(event);
    }
    run.seen
}

impl Run<'_> {
    fn step(&mut self, event: Event) {
        match event {
            Event::Arrives(arrival) => self.admit(arrival),
            Event::Asked { by, ask, background } => self.asked(by, &ask, background),
            Event::Answered { by, grant, waiting } => {
                let local = self.local(by.isolate);
                let isolate = &mut self.isolates[by.isolate];
                if isolate.life == by.life {
                    isolate.refused_until = 0;
                    match grant {
                        Some(grant) => {
                            isolate.answered_at = self.now;
                            isolate.held.granted(grant, by.sent_at, local);
                        }
                        None => isolate.held.failed(local),
                    }
                    if let Some(arrival) = waiting {
                        self.admit(arrival);
                    }
                }
            }
            Event::Finished { by, lease, logged } => {
                // What is committed is committed, though the isolate died before it could say so.
                self.seen.logged += u64::from(logged);
                let isolate = &mut self.isolates[by.isolate];
                if isolate.life == by.life {
                    if logged { isolate.held.logged_complaint(lease) } else { isolate.held.unused_complaint(lease) }
                }
            }
        }
    }

    fn admit(&mut self, arrival: Arrival) {
        let local = self.local(arrival.isolate);
        let isolate = &mut self.isolates[arrival.isolate];
        let by = Sender { isolate: arrival.isolate, life: isolate.life, sent_at: local };
        match isolate.held.admit(arrival.cost, local) {
            Admission::Admitted { complaint } => {
                self.seen.admitted.push(self.now);
                let refresh = self.isolates[arrival.isolate].held.wants_refresh(local);
                if let Some(lease) = complaint {
                    let logged = self.chance(self.world.logged);
                    let took = self.between(0, 1500);
                    self.at(self.now + took, Event::Finished { by, lease, logged });
                }
                if let Some(ask) = refresh {
                    self.send(by, ask, None);
                }
            }
            Admission::Ask(ask) => self.send(by, ask, Some(arrival)),
            Admission::Wait(millis) => self.at(self.now + i64::from(millis), Event::Arrives(arrival)),
            Admission::Refused(refusal) => {
                self.seen.refused += 1;
                if matches!(refusal.cause, Cause::Policy(_)) {
                    // Refusals that last are asked about once a minute.
                    let over = self.now + refusal.retry_after_millis.cast_signed();
                    let isolate = &mut self.isolates[arrival.isolate];
                    isolate.refused_until = over.min(isolate.answered_at + 60_000);
                }
            }
            Admission::Unavailable => self.seen.unknown += 1,
        }
    }

    fn send(&mut self, by: Sender, ask: Ask, waiting: Option<Arrival>) {
        let isolate = &self.isolates[by.isolate];
        assert!(self.now >= isolate.refused_until, "an isolate that was refused asks again too early");
        self.seen.hops[by.isolate] += 1;
        if self.chance(self.world.death) {
            let isolate = &mut self.isolates[by.isolate];
            isolate.held = Held::default();
            isolate.life += 1;
            isolate.refused_until = 0;
        }
        let ask: Ask = serde_json::from_str(&serde_json::to_string(&ask).unwrap()).unwrap();
        if self.chance(self.world.loss) {
            return self.lost(by, waiting);
        }
        let at = self.now + self.delay();
        self.at(at, Event::Asked { by, ask, background: waiting });
    }

    fn asked(&mut self, by: Sender, ask: &Ask, waiting: Option<Arrival>) {
        if self.chance(self.world.back) {
            self.clock -= self.between(0, 200);
        }
        let now = Timestamp::from_unix_millis(self.now + self.clock);
        let mut object: Limiter = serde_json::from_str(&self.stored).unwrap();
        let grant = object.lease(self.limits, ask, now);
        if self.chance(self.world.restart) {
            return self.lost(by, waiting);
        }
        self.stored = serde_json::to_string(&object).unwrap();
        self.seen.stored = self.seen.stored.max(self.stored.len());
        let grant = serde_json::from_str(&serde_json::to_string(&grant).unwrap()).unwrap();
        if self.chance(self.world.loss) {
            return self.lost(by, waiting);
        }
        let at = self.now + self.delay();
        self.at(at, Event::Answered { by, grant: Some(grant), waiting });
    }

    /// The isolate hears of it after a while, or never.
    fn lost(&mut self, by: Sender, waiting: Option<Arrival>) {
        if self.chance(70) {
            let at = self.now + self.between(0, 1500);
            self.at(at, Event::Answered { by, grant: None, waiting });
        }
    }

    fn at(&mut self, at: i64, event: Event) {
        self.number += 1;
        self.events.insert((Reverse(at), Reverse(self.number)), event);
    }

    fn local(&self, isolate: usize) -> Timestamp {
        Timestamp::from_unix_millis(self.now + self.isolates[isolate].offset)
    }

    fn delay(&mut self) -> i64 {
        let (shortest, longest) = self.world.delay;
        self.between(shortest, longest)
    }

    fn between(&mut self, low: u64, high: u64) -> i64 {
        (low + self.draw() % (high - low + 1)).cast_signed()
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.draw() % 100 < percent
    }

    /// xorshift64*: a run is repeatable.
    fn draw(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}

/// Limits on rates alone.
pub(crate) fn rates(limits: &[(Policy, u32)]) -> Limits {
    let windows = limits.iter().map(|&(policy, limit)| Window { policy, limit }).collect();
    Limits { windows, quotas: Vec::new() }
}

/// The span, if any, in which more was admitted than a window allows: when it ends and how long it is.
pub(crate) fn overrun(seen: &Seen, limits: &Limits) -> Option<(Policy, i64, i64)> {
    let mut times = seen.admitted.clone();
    times.sort_unstable();
    limits.windows.iter().find_map(|window| {
        let apart = times.iter().zip(times.iter().skip(window.limit as usize));
        let (first, last) = apart.into_iter().find(|(first, last)| *last - *first < window.policy.millis())?;
        Some((window.policy, last - START, last - first))
    })
}

/// `per_second` requests a second for `seconds`, evenly, in turn to each isolate.
pub(crate) fn steadily(per_second: i64, seconds: i64, isolates: usize) -> impl Iterator<Item = Arrival> {
    let all = 0..per_second * seconds;
    all.map(move |n| Arrival { at: n * 1000 / per_second, isolate: n as usize % isolates, cost: Cost::Request })
}
