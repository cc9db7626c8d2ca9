//! A move under every interleaving of drivers, late and repeated messages, crashes and giving up: never do two cells
//! accept writes, nothing that was accepted is lost, nobody is answered by the cell that was left, and the end is reached.

use proptest::prelude::*;
use shared::{
    ids::{RelocationId, TenantId},
    tenant::{
        CellName,
        placement::{Placement, ShardId},
        relocation::{
            Answer, Arrival, ArrivalState, CLOSING_MILLIS, Copied, Job, KEPT_MILLIS, Outcome, PAUSE_MILLIS, Phase,
            Progress, Stage, Step,
        },
    },
    time::Timestamp,
};
use std::collections::VecDeque;

/// The source has two databases.
const DATABASES: usize = 2;
/// How long an isolate trusts what it was told.
const TRUST_MILLIS: i64 = 1_000;

/// What the source is told to say to its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Serving,
    Closed,
    Gone,
}

/// One call that a driver makes, which may come late, twice or never.
#[derive(Clone, Debug)]
enum Call {
    Mark(usize, u64),
    Prepare,
    Read,
    Ship([u64; DATABASES]),
    Hold(usize, u64),
    Release(usize, u64),
    Unmark(usize),
    Tell,
    Compare,
    Activate(u64),
    Withdraw(u64),
    Depart,
    HandOver,
    Nothing,
    Clear,
}

/// What comes back.
#[derive(Clone, Debug)]
enum Reply {
    Done,
    Found([u64; DATABASES]),
    Equal(bool),
    Promised(Answer),
    Refused,
}

#[derive(Clone, Debug)]
struct Flight {
    driver: usize,
    number: u64,
    call: Call,
}

/// Somebody who has, or had, the lease.
#[derive(Clone, Debug)]
struct Driver {
    job: Job,
    fence: u64,
    step: Option<Step>,
    calls: VecDeque<Call>,
    waits_for: Option<u64>,
    outcome: Option<Outcome>,
}

struct World {
    now: i64,
    job: Job,
    fence: u64,
    at_home: bool,
    holds: [u64; DATABASES],
    marks: [bool; DATABASES],
    ended: [bool; DATABASES],
    source: [u64; DATABASES],
    told: Told,
    isolate: (Told, i64),
    arrival: Option<Arrival>,
    target: [u64; DATABASES],
    written_in_target: bool,
    drivers: [Option<Driver>; 2],
    flights: Vec<Flight>,
    next: u64,
}

#[derive(Clone, Debug)]
enum Action {
    Lease(usize),
    /// Some calls without mishaps.
    Work(usize, usize),
    Go(usize),
    Deliver(usize),
    Repeat(usize),
    Lose(usize),
    Crash(usize),
    Pass(i64),
    WriteInSource(usize),
    WriteInTarget(usize),
    ReadInSource,
    Cancel,
}

fn cell(name: &str) -> CellName {
    CellName::try_from(name.to_owned()).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

fn placement() -> Placement {
    Placement::try_from(vec![ShardId(0), ShardId(1)]).unwrap()
}

impl World {
    fn new() -> Self {
        let now = 1_790_000_000_000;
        let (id, tenant) = (RelocationId::new(at(now), &[1; 10]), TenantId::new(at(now), &[2; 10]));
        Self {
            now,
            job: Job::new(id, tenant, cell("eu"), cell("us"), 0, KEPT_MILLIS, at(now)),
            fence: 1,
            at_home: true,
            holds: [0; DATABASES],
            marks: [false; DATABASES],
            ended: [false; DATABASES],
            source: [3, 5],
            told: Told::Serving,
            isolate: (Told::Serving, now),
            arrival: None,
            target: [0; DATABASES],
            written_in_target: false,
            drivers: [None, None],
            flights: Vec::new(),
            next: 0,
        }
    }

    fn source_accepts(&self, database: usize) -> bool {
        self.at_home && self.holds[database] == 0
    }

    fn target_accepts(&self) -> bool {
        self.arrival.as_ref().is_some_and(Arrival::is_active)
    }

    fn check(&self) {
        let source = (0..DATABASES).any(|database| self.source_accepts(database));
        assert!(!(source && self.target_accepts()), "two cells accept writes");
        if self.target_accepts() {
            assert!((0..DATABASES).all(|nth| self.target[nth] >= self.source[nth]), "a write is lost");
        }
    }

    fn act(&mut self, action: &Action) {
        match *action {
            // A lease may end while its driver is slow, so it may be taken at any moment.
            Action::Lease(driver) if self.job.is_open() => {
                self.fence += 1;
                let (job, fence) = (self.job.clone(), self.fence);
                let (calls, waits_for) = (VecDeque::new(), None);
                self.drivers[driver % 2] = Some(Driver { job, fence, step: None, calls, waits_for, outcome: None });
            }
            Action::Go(driver) => self.go(driver % 2),
            Action::Work(driver, calls) => {
                for _ in 0..calls {
                    self.go(driver % 2);
                    let waits_for = self.drivers[driver % 2].as_ref().and_then(|driver| driver.waits_for);
                    let flight = self.flights.iter().position(|flight| Some(flight.number) == waits_for);
                    if let Some(flight) = flight {
                        self.act(&Action::Deliver(flight));
                    }
                }
            }
            Action::Deliver(flight) if !self.flights.is_empty() => {
                let flight = self.flights.remove(flight % self.flights.len());
                let reply = self.deliver(&flight.call);
                self.hear(&flight, Some(reply));
            }
            Action::Repeat(flight) if !self.flights.is_empty() => {
                let again = self.flights[flight % self.flights.len()].clone();
                self.flights.push(again);
            }
            Action::Lose(flight) if !self.flights.is_empty() => {
                let flight = self.flights[flight % self.flights.len()].clone();
                // The caller gives up; the call may still come.
                self.hear(&flight, None);
            }
            Action::Crash(driver) => self.drivers[driver % 2] = None,
            Action::Pass(millis) => self.now += millis,
            Action::WriteInSource(database) if self.source_accepts(database % DATABASES) => {
                self.source[database % DATABASES] += 1;
            }
            Action::WriteInTarget(database) if self.target_accepts() => {
                self.target[database % DATABASES] += 1;
                self.written_in_target = true;
            }
            Action::ReadInSource => {
                if self.isolate.0 == Told::Closed || self.isolate.1 + TRUST_MILLIS <= self.now {
                    self.isolate = (self.told, self.now);
                }
                assert!(self.isolate.0 != Told::Serving || !self.written_in_target, "the source answers what is old");
            }
            Action::Cancel => {
                if let Ok(cancelled) = self.job.clone().cancelled() {
                    self.job = cancelled;
                    self.fence += 1;
                }
            }
            _ => {}
        }
        self.check();
    }

    /// Has a driver make its next call, or write down what became of its step.
    fn go(&mut self, nth: usize) {
        let Some(mut driver) = self.drivers[nth].take() else { return };
        if driver.waits_for.is_some() {
            self.drivers[nth] = Some(driver);
            return;
        }
        if let Some(outcome) = driver.outcome.take() {
            if driver.fence != self.fence {
                return;
            }
            driver.job = driver.job.heard(outcome, at(self.now));
            self.job = driver.job.clone();
            driver.step = None;
        }
        if driver.step.is_none() {
            let step = driver.job.next(at(self.now));
            driver.calls = calls(step, &driver.job);
            if driver.calls.is_empty() {
                self.drivers[nth] = Some(driver);
                return;
            }
            driver.step = Some(step);
        }
        if let Some(call) = driver.calls.pop_front() {
            self.next += 1;
            driver.waits_for = Some(self.next);
            self.flights.push(Flight { driver: nth, number: self.next, call });
        }
        self.drivers[nth] = Some(driver);
    }

    /// A call does what it does, whoever has sent it and whenever.
    fn deliver(&mut self, call: &Call) -> Reply {
        let answer = |active: bool| Reply::Promised(if active { Answer::Active } else { Answer::Never });
        match *call {
            Call::Mark(database, attempt) => {
                self.marks[database] = !self.ended[database];
                self.release(database, attempt);
            }
            Call::Prepare => match &self.arrival {
                Some(arrival) if arrival.state != ArrivalState::Receiving => {
                    return Reply::Refused;
                }
                Some(_) => {}
                None => {
                    let (job, from) = (&self.job, cell("eu"));
                    self.arrival = Some(Arrival::new(job.id, job.tenant, from, placement()));
                }
            },
            Call::Read => return Reply::Found(self.source),
            Call::Ship(versions) => {
                let expected = self.arrival.as_ref().is_some_and(|arrival| arrival.state == ArrivalState::Receiving);
                if !expected {
                    return Reply::Refused;
                }
                for (there, sent) in self.target.iter_mut().zip(versions) {
                    *there = sent.max(*there);
                }
            }
            Call::Hold(database, attempt) if self.marks[database] => {
                self.holds[database] = self.holds[database].max(attempt);
            }
            Call::Hold(..) => return Reply::Refused,
            Call::Release(database, attempt) => self.release(database, attempt),
            Call::Unmark(database) => {
                self.marks[database] = false;
                self.ended[database] = true;
            }
            Call::Tell => {
                self.told = match (self.at_home, self.job.is_closed()) {
                    (false, _) => Told::Gone,
                    (true, true) => Told::Closed,
                    (true, false) => Told::Serving,
                }
            }
            Call::Compare => return Reply::Equal(self.source == self.target),
            Call::Activate(attempt) => {
                let Some(arrival) = self.arrival.clone() else { return Reply::Refused };
                let activated = arrival.activated(attempt);
                let active = activated.is_some();
                self.arrival = activated.or(self.arrival.take());
                return answer(active);
            }
            Call::Withdraw(attempt) => {
                let Some(arrival) = self.arrival.clone() else { return Reply::Refused };
                let withdrawn = arrival.withdrawn(attempt);
                let active = withdrawn.is_none();
                self.arrival = withdrawn.or(self.arrival.take());
                return answer(active);
            }
            Call::Depart => self.at_home = false,
            Call::HandOver => {
                let settled = self.arrival.clone().and_then(Arrival::settled);
                if settled.is_none() {
                    return Reply::Refused;
                }
                self.arrival = settled;
            }
            Call::Nothing => {}
            Call::Clear => {
                let (job, from) = (&self.job, cell("eu"));
                let known = self.arrival.clone().unwrap_or_else(|| Arrival::new(job.id, job.tenant, from, placement()));
                let closed = known.closed();
                if closed.is_none() {
                    return Reply::Refused;
                }
                self.arrival = closed;
                self.target = [0; DATABASES];
            }
        }
        Reply::Done
    }

    fn release(&mut self, database: usize, attempt: u64) {
        if self.holds[database] <= attempt {
            self.holds[database] = 0;
        }
    }

    /// The driver that waits for this very call hears what became of it.
    fn hear(&mut self, flight: &Flight, reply: Option<Reply>) {
        let Some(driver) = &mut self.drivers[flight.driver] else { return };
        if driver.waits_for != Some(flight.number) {
            return;
        }
        driver.waits_for = None;
        let step = driver.step.unwrap();
        let decision = driver.job.decision(at(self.now));
        match reply {
            None | Some(Reply::Refused) => driver.outcome = Some(Outcome::Failed("lost")),
            Some(Reply::Found(versions)) => driver.calls.push_front(Call::Ship(versions)),
            Some(Reply::Equal(equal)) => driver.outcome = Some(Outcome::Compared(equal)),
            Some(Reply::Promised(Answer::Active)) => driver.outcome = Some(Outcome::Active),
            Some(Reply::Promised(Answer::Never)) => driver.outcome = Some(Outcome::Refused),
            Some(Reply::Done) if step == Step::Decide => driver.outcome = Some(decision),
            Some(Reply::Done) if driver.calls.is_empty() => driver.outcome = Some(done(step)),
            Some(Reply::Done) => {}
        }
    }

    /// One driver without mishaps: to the end, in a bounded number of steps.
    fn finish(&mut self) {
        self.act(&Action::Lease(0));
        for _ in 0..400 {
            if !self.job.is_open() {
                break;
            }
            self.act(&Action::Go(0));
            while !self.flights.is_empty() {
                self.act(&Action::Deliver(0));
            }
            if let Some(until) = self.job.wait_until.filter(|until| until.unix_millis() > self.now) {
                self.now = until.unix_millis();
            }
        }
        assert!(!self.job.is_open(), "the end is not reached: {:?}", self.job);
        self.act(&Action::Pass(TRUST_MILLIS));
        self.act(&Action::ReadInSource);
        self.ended_well();
    }

    /// A move that is over has left what it should, also when more of it has come late.
    fn ended_well(&self) {
        let held = self.holds.iter().any(|hold| *hold > 0);
        let state = (self.job.phase(), self.target_accepts(), self.at_home, held, self.isolate.0);
        if self.job.stage == Stage::Done {
            assert_eq!(state, (Phase::Done, true, false, true, Told::Gone));
        } else {
            assert_eq!(state, (Phase::Cancelled, false, true, false, Told::Serving));
            assert_eq!(self.marks, [false; DATABASES], "bulk jobs wait for a move that is over");
        }
        assert!(self.job.paused_at.is_none() && self.job.finished_at.is_some());
    }
}

/// The calls of a step, in the order in which the driver makes them.
fn calls(step: Step, job: &Job) -> VecDeque<Call> {
    let each = |call: fn(usize, u64) -> Call| (0..DATABASES).map(move |database| call(database, job.attempt));
    match step {
        Step::Copy if job.paused_at.is_none() => {
            std::iter::once(Call::Prepare).chain(each(Call::Mark)).chain([Call::Read]).collect()
        }
        Step::Copy => [Call::Read].into(),
        Step::Hold => each(Call::Hold).collect(),
        Step::Compare => [Call::Compare].into(),
        Step::Close => [Call::Tell].into(),
        Step::Activate => [Call::Activate(job.attempt)].into(),
        Step::Withdraw => [Call::Withdraw(job.attempt)].into(),
        Step::Release => each(Call::Release).chain([Call::Tell]).collect(),
        Step::Depart => [Call::Depart, Call::Tell].into(),
        Step::HandOver => [Call::HandOver].into(),
        Step::Decide | Step::Purge => [Call::Nothing].into(),
        Step::Clear => std::iter::once(Call::Clear)
            .chain((0..DATABASES).map(Call::Unmark))
            .chain(each(Call::Release))
            .chain([Call::Tell])
            .collect(),
        Step::Wait | Step::Nothing => VecDeque::new(),
    }
}

fn done(step: Step) -> Outcome {
    let progress = |shard| Progress {
        shard: ShardId(shard),
        positions: [(shard, 1)].into(),
        number: 1,
        deliveries: 0,
        in_order: std::collections::BTreeMap::new(),
    };
    match step {
        Step::Copy => Outcome::Copied(Copied {
            placement: placement(),
            progress: vec![progress(0), progress(1)],
            new: 1,
            verified: 1,
            total: 1,
            complete: true,
        }),
        Step::Hold => Outcome::Held,
        Step::Close => Outcome::Closed,
        Step::Release => Outcome::Released,
        Step::Depart => Outcome::Departed,
        Step::HandOver => Outcome::HandedOver(true),
        Step::Purge => Outcome::Purged(true),
        Step::Clear => Outcome::Cleared(true),
        other => panic!("{other:?} answers something else"),
    }
}

fn action() -> impl Strategy<Value = Action> {
    let any = 0..64_usize;
    prop_oneof![
        6 => (0..2_usize).prop_map(Action::Lease),
        12 => (0..2_usize, 1..16_usize).prop_map(|(driver, calls)| Action::Work(driver, calls)),
        12 => (0..2_usize).prop_map(Action::Go),
        6 => any.clone().prop_map(Action::Deliver),
        3 => any.clone().prop_map(Action::Repeat),
        4 => any.clone().prop_map(Action::Lose),
        2 => (0..2_usize).prop_map(Action::Crash),
        8 => prop_oneof![1..100_i64, Just(TRUST_MILLIS), Just(CLOSING_MILLIS), Just(6_000), Just(PAUSE_MILLIS)]
            .prop_map(Action::Pass),
        4 => any.clone().prop_map(Action::WriteInSource),
        4 => any.prop_map(Action::WriteInTarget),
        6 => Just(Action::ReadInSource),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn two_cells_never_accept_writes_and_the_end_is_reached(
        actions in prop::collection::vec(action(), 0..200),
        given_up in prop::option::weighted(0.3, 0..200_usize),
    ) {
        let mut world = World::new();
        world.act(&Action::Lease(0));
        for (action, nth) in actions.iter().zip(0..) {
            world.act(action);
            if given_up == Some(nth) {
                world.act(&Action::Cancel);
            }
        }
        // What is late has come by now; whoever sent it is gone.
        world.drivers = [None, None];
        while !world.flights.is_empty() {
            world.act(&Action::Deliver(7));
        }
        world.finish();
    }
}

/// The property above is not true of nothing: most moves get somewhere.
#[test]
fn a_move_without_mishaps_pauses_writes_once() {
    let mut world = World::new();
    world.finish();
    assert_eq!((world.job.stage, world.target), (Stage::Done, world.source));
    assert!(world.job.longest_pause_millis >= CLOSING_MILLIS && world.job.longest_pause_millis < PAUSE_MILLIS);
}

#[test]
fn a_move_can_be_given_up_until_the_target_is_asked() {
    let mut world = World::new();
    world.act(&Action::Lease(0));
    let mut given_up = Vec::new();
    for _ in 0..60 {
        if world.job.clone().cancelled().is_ok() {
            given_up.push(world.job.phase());
        }
        world.act(&Action::Go(0));
        while !world.flights.is_empty() {
            world.act(&Action::Deliver(0));
        }
        world.act(&Action::Pass(500));
    }
    given_up.dedup();
    assert_eq!(given_up, [Phase::Copying, Phase::Paused]);
}

/// The calls of a driver that had lost its lease long ago arrive when the move is over.
#[test]
fn what_comes_late_of_a_move_that_was_given_up_marks_and_holds_nobody() {
    let mut world = World::new();
    world.act(&Action::Cancel);
    world.finish();
    for call in [Call::Mark(0, 0), Call::Hold(0, 1)] {
        world.deliver(&call);
    }
    world.ended_well();
}

/// A cell of another version reads what this one has written, also while a move is under way.
#[test]
fn the_formats_are_unchanged() {
    let world = World::new();
    let text = concat!(
        r#"{"id":"01a0c450-6c00-7101-8101-010101010101","tenant":"01a0c450-6c00-7202-8202-020202020202","from":"eu","#,
        r#""to":"us","stage":"copying","attempt":0,"started_at":"2026-09-21T14:13:20.000Z","paused_at":null,"#,
        r#""longest_pause_millis":0,"wait_until":null,"placement":null,"kept_millis":120000,"progress":[],"copied":0,"#,
        r#""verified":0,"total":0,"switched_at":null,"finished_at":null,"last_error":null}"#
    );
    assert_eq!(serde_json::to_string(&world.job).unwrap(), text);
    assert_eq!(serde_json::from_str::<Job>(text).unwrap(), world.job);
    let arrival = Arrival::new(world.job.id, world.job.tenant, cell("eu"), placement());
    let text = concat!(
        r#"{"job":"01a0c450-6c00-7101-8101-010101010101","tenant":"01a0c450-6c00-7202-8202-020202020202","from":"eu","#,
        r#""placement":[0,1],"state":"receiving","denied":0}"#
    );
    assert_eq!(serde_json::to_string(&arrival).unwrap(), text);
    assert_eq!(serde_json::from_str::<Arrival>(text).unwrap(), arrival);
}
