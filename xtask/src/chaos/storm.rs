//! Does what the plan says to a stack under load, then lets it come to rest, and has everything checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::checker::{self, Evidence, Seen};
use super::firms::{self, Firm};
use super::ledger::{Entry, Ledger, What};
use super::load::{Sent, World, Writer, is_settled};
use super::plan::{self, Death, Fault, Faults, Mood, Plan, Poison, Round};
use super::report::{self, Report};
use super::stored::{self, Stored, Waiting};
use crate::api::Client;
use crate::process::Family;
use crate::progress::note;
use crate::stack::{self, Options, Stack};

/// A run.
#[derive(Clone, Debug)]
pub struct Storm {
    /// What it follows from.
    pub seed: u64,
    /// How often the runtime is killed.
    pub kills: usize,
    /// Where its report and the clients' log go.
    pub folder: PathBuf,
}

/// Clients of each firm.
const CLIENTS: u64 = 2;
/// How often a stack may fail to start on what reached the disk.
const STARTS: usize = 3;
/// Cron comes more often than each minute, or a run would take days.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two looks at the endpoints.
const MENDED_EVERY: u64 = 5;
/// How long clients have to be answered once nothing fails any more.
const SETTLED_WITHIN: Duration = Duration::from_secs(180);
/// How long it may take until nothing is under way, between two looks at the disk, and how often it is looked at.
const QUIET_WITHIN: Duration = Duration::from_secs(300);
const LOOKS: usize = 6;
/// Writes that are sent once more in the end.
const REPEATED: usize = 300;

impl Storm {
    /// Runs it on a stack of its own. The report is written to the folder.
    pub fn run(&self) -> Result<Report> {
        std::fs::create_dir_all(&self.folder).with_context(|| format!("creating {}", self.folder.display()))?;
        let ledger = self.folder.join("clients.ndjson");
        let world = World::new(Ledger::create(&ledger)?);
        // The product's pauses between attempts are days.
        let options = Options::temporary().faulty().without_assets();
        let options = options.var("WEBHOOKS_TO_LOOPBACK", "1").var("WEBHOOKS_HURRY", "1000");
        let mut stack = Stack::start(options)?;
        let firms = firms::found(&stack.operator(), self.seed)?;
        for firm in &firms {
            world.ledger.add(&firm.entry())?;
        }
        let (operator_key, crons) = (stack.operator_key().to_owned(), stack.crons()?);
        let calm = AtomicBool::new(false);
        let (run, seen, stored, took) = thread::scope(|threads| {
            let closing = Closing(&world);
            let writers: Vec<_> = (1..)
                .zip(firms.iter().cycle().take(firms.len() * CLIENTS as usize))
                .map(|(number, firm)| Writer::new(&world, number, self.seed, &firm.id, &firm.key))
                .map(|writer| threads.spawn(move || writer.work()))
                .collect();
            let keeper = threads.spawn(|| keep(&world, &calm, &crons, &operator_key, &firms));
            let mut run = Run {
                world: &world,
                stack: &mut stack,
                firms: &firms,
                ledger: &ledger,
                kills: [0, 0],
                starts: Vec::new(),
                done: BTreeMap::new(),
            };
            let all = || -> Result<_> {
                let begun = Instant::now();
                run.rage(&Plan::new(self.seed, self.kills))?;
                let raged = begun.elapsed();
                calm.store(true, Ordering::SeqCst);
                run.poison_in_the_calm()?;
                let sent = run.settled(writers)?;
                run.catch_up()?;
                run.repeat(&sent)?;
                let (seen, stored) = run.quiet()?;
                Ok((seen, stored, [raged, begun.elapsed() - raged]))
            };
            let ended = all();
            drop(closing);
            let mended = keeper.join().unwrap_or_default();
            run.count("endpoints enabled again", mended);
            ended.map(|(seen, stored, took)| ((run.kills, run.starts, run.done), seen, stored, took))
        })?;
        let evidence = Evidence {
            ledger: Ledger::read(&ledger)?,
            stored,
            seen,
            heard: firms.iter().flat_map(|firm| firm.receiver.heard()).collect(),
        };
        let (kills, starts, mut done) = run;
        done.insert("dead letters".to_owned(), evidence.stored.dead_letters.len() as u64);
        done.insert("webhooks received".to_owned(), evidence.heard.len() as u64);
        let answers = report::answers(&evidence);
        let report = Report { seed: self.seed, kills, starts, took, done, answers, claims: checker::check(&evidence) };
        report.write(&self.folder)?;
        if report.broken() > 0 {
            // Whoever looks into it needs the whole of it.
            let _ = std::fs::copy(stack.log(), self.folder.join("wrangler.log"));
        }
        Ok(report)
    }
}

/// Sends everybody home in the end, also after a panic, or whoever waits for the others would wait for ever.
struct Closing<'w>(&'w World);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Fires cron for as long as the run goes on, and enables endpoints again. How often it has.
fn keep(world: &World, calm: &AtomicBool, crons: &[String], operator_key: &str, firms: &[Firm]) -> u64 {
    let (mut mended, mut ticks) = (0, 0_u64);
    while !world.closed.load(Ordering::SeqCst) {
        sleep(TICK);
        let Some(address) = world.address() else { continue };
        let patience = Duration::from_secs(if calm.load(Ordering::SeqCst) { 30 } else { 5 });
        let client = Client::waiting(patience, &address, operator_key);
        // What fails comes again.
        for worker in crons {
            let _ = client.tick(worker);
        }
        ticks += 1;
        if ticks.is_multiple_of(MENDED_EVERY) {
            mended += firms.iter().filter(|firm| firm.mend(&client).unwrap_or(false)).count() as u64;
        }
    }
    mended
}

struct Run<'r> {
    world: &'r World,
    stack: &'r mut Stack,
    firms: &'r [Firm],
    ledger: &'r Path,
    kills: [usize; 2],
    starts: Vec<Duration>,
    done: BTreeMap<String, u64>,
}

impl Run<'_> {
    fn count(&mut self, what: &str, n: u64) {
        *self.done.entry(what.to_owned()).or_default() += n;
    }

    /// All rounds; the stack runs before and after.
    fn rage(&mut self, plan: &Plan) -> Result<()> {
        self.world.moved(Some(self.stack.inner_url()));
        for (nth, round) in plan.rounds.iter().enumerate() {
            self.round(nth, round)?;
            if (nth + 1) % 10 == 0 {
                note(&format!("{} kills", nth + 1));
            }
        }
        self.start()
    }

    fn round(&mut self, nth: usize, round: &Round) -> Result<()> {
        for firm in self.firms {
            firm.receiver.is_now(round.mood);
        }
        if let Some(url) = self.world.address() {
            // The first life: it has begun before.
            return self.live(nth, round, &url);
        }
        for poison in &round.poisoned_rows {
            self.poison_row(nth, *poison)?;
        }
        match round.death {
            Death::Starting(millis) => self.die_starting(millis),
            Death::AtWork(_) => {
                self.start()?;
                let url = self.stack.inner_url().to_owned();
                self.live(nth, round, &url)
            }
        }
    }

    /// Starts the stack on what reached the disk.
    fn start(&mut self) -> Result<()> {
        for left in (0..STARTS).rev() {
            let begun = Instant::now();
            match self.stack.restart() {
                Ok(()) => {
                    self.starts.push(begun.elapsed());
                    self.world.moved(Some(self.stack.inner_url()));
                    return Ok(());
                }
                Err(error) if left == 0 => return Err(error.context("it does not start on what reached the disk")),
                Err(error) => {
                    self.count("starts that failed", 1);
                    note(&format!("it did not start: {error:#}"));
                }
            }
        }
        Ok(())
    }

    fn kill(&mut self) {
        self.stack.kill_now();
        self.world.moved(None);
        self.stack.kill();
    }

    fn live(&mut self, nth: usize, round: &Round, url: &str) -> Result<()> {
        let (Death::AtWork(life) | Death::Starting(life)) = round.death;
        let control = Client::waiting(Duration::from_secs(5), url, "");
        let begun = Instant::now();
        let at = |millis: u64| sleep(Duration::from_millis(millis).saturating_sub(begun.elapsed()));
        let mut steps: Vec<(u64, Option<&Faults>)> =
            round.faults.iter().map(|(at, faults)| (*at, Some(faults))).collect();
        if !round.poisoned_queues.is_empty() {
            steps.push((life / 2, None));
        }
        steps.sort_by_key(|(at, _)| *at);
        for (millis, faults) in steps.into_iter().filter(|(at, _)| *at < life) {
            at(millis);
            match faults {
                Some(faults) => self.fail(&control, faults)?,
                None => {
                    for queue in &round.poisoned_queues {
                        self.poison_queue(&control, queue, nth, false)?;
                    }
                }
            }
        }
        at(life);
        self.kill();
        self.kills[0] += 1;
        Ok(())
    }

    /// Kills a start at some moment, perhaps after it has come to answer.
    fn die_starting(&mut self, millis: u64) -> Result<()> {
        let state = self.stack.state().to_owned();
        let world = self.world;
        thread::scope(|threads| {
            let killer = threads.spawn(|| {
                let limit = Instant::now() + Duration::from_secs(60);
                while Instant::now() < limit {
                    if let Some(wrangler) = stack::runs_on(&state) {
                        sleep(Duration::from_millis(millis));
                        Family::of(wrangler).kill();
                        world.moved(None);
                        return;
                    }
                    sleep(Duration::from_millis(5));
                }
            });
            if self.stack.restart().is_ok() && !killer.is_finished() {
                world.moved(Some(self.stack.inner_url()));
            }
            let _ = killer.join();
        });
        self.kill();
        self.kills[1] += 1;
        Ok(())
    }

    /// Has bindings fail. A stack that is too busy to be told is told nothing.
    fn fail(&mut self, control: &Client, faults: &Faults) -> Result<()> {
        let told = control.post("/__faults", "-", &plan::told(faults)).is_ok_and(|reply| reply.status == 200);
        if !told {
            self.count("faults that did not get through", 1);
            return Ok(());
        }
        for (name, fault) in faults {
            let fault = match fault {
                Fault::Fail(_) => "fails",
                Fault::Lose(_) => "loses answers",
                Fault::Delay(_) => "dawdles",
            };
            self.count(&format!("{name} {fault}"), 1);
        }
        Ok(())
    }

    fn poison_row(&mut self, nth: usize, poison: Poison) -> Result<()> {
        let Some(firm) = self.firms.get(nth % self.firms.len()) else { return Ok(()) };
        // Long ago, so that it is taken for one that was not sent.
        let id = |kind: &str| format!("018bcfe5-6800-7{kind}-8101-{nth:012x}");
        let message = |v: u64, shard: u64| {
            let events = json!([{ "seq": 1, "kind": "received" }]);
            json!({ "v": v, "id": id("101"), "tenant": firm.id, "complaint": id("202"), "shard": shard, "events": events })
        };
        let message = match poison {
            Poison::Noise => format!("no message at all, {nth}"),
            Poison::Future => message(99, 0).to_string(),
            Poison::Misplaced => message(1, 7).to_string(),
        };
        stored::put_into_outbox(self.stack.state(), nth, &firm.id, &id("101"), &message)?;
        self.count("poisoned rows", 1);
        self.world.ledger.add(&Entry::Poisoned { place: "outbox".to_owned(), message, lasts: true })
    }

    fn poison_queue(&mut self, control: &Client, queue: &str, nth: usize, lasts: bool) -> Result<()> {
        let message = format!("poison for {queue}, {nth}");
        let sent = control.post("/__send", "-", &json!({ queue: [message] })).is_ok_and(|reply| reply.status == 200);
        if sent {
            self.count("poisoned messages", 1);
            self.world.ledger.add(&Entry::Poisoned { place: queue.to_owned(), message, lasts })?;
        }
        Ok(())
    }

    fn client(&self) -> Client {
        Client::new(self.stack.inner_url(), self.stack.operator_key())
    }

    /// Nobody dies any more, so that what is sent now has to be found.
    fn poison_in_the_calm(&mut self) -> Result<()> {
        for firm in self.firms {
            firm.receiver.is_now(Mood::Well);
        }
        let control = self.client();
        for queue in ["NOTIFY", "WEBHOOKS", "JOBS"] {
            self.poison_queue(&control, queue, usize::MAX, true)?;
        }
        Ok(())
    }

    /// Waits until clients have been answered whatever they had asked.
    fn settled(&mut self, writers: Vec<thread::ScopedJoinHandle<'_, Result<Vec<Sent>>>>) -> Result<Vec<Sent>> {
        self.world.ending.store(true, Ordering::SeqCst);
        let limit = Instant::now() + SETTLED_WITHIN;
        while Instant::now() < limit && !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
            sleep(Duration::from_millis(50));
        }
        if !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
            // The ledger has requests without an answer then, which the checker finds.
            note("clients are not answered");
            self.world.over.store(true, Ordering::SeqCst);
        }
        let mut sent = Vec::new();
        for writer in writers {
            sent.extend(writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(sent)
    }

    /// Does what operators and firms do after a storm: what was given up is tried again.
    fn catch_up(&mut self) -> Result<()> {
        self.rest()?;
        let client = self.client();
        let ours: BTreeSet<&str> = self.firms.iter().map(|firm| &*firm.id).collect();
        let mut replayed = 0;
        for letter in letters(&client)? {
            let (id, message) =
                (letter["id"].as_str().unwrap_or_default(), letter["message"].as_str().unwrap_or_default());
            let value: Value = serde_json::from_str(message).unwrap_or_default();
            let sound = value["v"] == 1 && value["shard"].as_u64().is_some_and(|shard| shard < 2);
            let sound = sound && value["tenant"].as_str().is_some_and(|tenant| ours.contains(tenant));
            if letter["replayed_at"].is_null() && (sound || message.starts_with("spool/1 ")) {
                client
                    .post(&format!("/v1/dead-letters/{id}/replay"), &format!("replay-{id}"), &json!({}))?
                    .success()?;
                replayed += 1;
            }
        }
        self.count("dead letters replayed", replayed);
        if replayed > 0 {
            self.rest()?;
        }
        Ok(())
    }

    /// Sends some of the writes once more.
    fn repeat(&mut self, sent: &[Sent]) -> Result<()> {
        let client = self.client();
        let step = sent.len().div_ceil(REPEATED).max(1);
        for sent in sent.iter().step_by(step) {
            let reply = sent.send(&client.with_key(&sent.token))?;
            let id = reply.body["id"].as_str().map(str::to_owned);
            let (op, status, replayed) = (sent.op, reply.status, reply.replayed && is_settled(&reply));
            let version = reply.body["version"].as_u64();
            self.world.ledger.add(&Entry::Repeated { op, status, replayed, id, version })?;
        }
        Ok(())
    }

    /// Waits until nothing is under way as far as can be seen from outside: what was accepted is logged, what nobody can read is given up,
    /// nobody is told anything any more.
    fn rest(&mut self) -> Result<()> {
        let client = self.client();
        let limit = Instant::now() + QUIET_WITHIN;
        let ledger = Ledger::read(self.ledger)?;
        let (mut accepted, mut poison) = (accepted(&ledger), poison(&ledger));
        let heard = || -> usize { self.firms.iter().map(|firm| firm.receiver.heard().len()).sum() };
        let (mut before, mut still) = (heard(), 0);
        while Instant::now() < limit && (still < 3 || !accepted.is_empty() || !poison.is_empty()) {
            sleep(Duration::from_secs(1));
            accepted.retain(|(tenant, id)| {
                let firm = self.firms.iter().find(|firm| firm.id == *tenant);
                let found = firm.map(|firm| client.with_key(&firm.key).get(&format!("/v1/complaints/{id}")));
                !found.is_some_and(|found| found.is_ok_and(|found| found.status == 200))
            });
            for letter in letters(&client).unwrap_or_default() {
                poison.remove(letter["message"].as_str().unwrap_or_default());
            }
            let told = self.firms.iter().all(|firm| firm.is_told(&client).unwrap_or(false));
            let busy = !told || client.text("/metrics").map_or(true, |text| under_way(&text) > 0.0);
            let now = heard();
            still = if busy || now != before { 0 } else { still + 1 };
            before = now;
        }
        if !accepted.is_empty() || !poison.is_empty() {
            note(&format!("accepted and not there: {accepted:?}; unreadable and not given up: {poison:?}"));
        }
        Ok(())
    }

    /// Comes to rest and looks at the disk whether it has. What firms were shown before, and what is on the disk of the stack, which
    /// does not run any more.
    fn quiet(&mut self) -> Result<(Vec<Seen>, Stored)> {
        for look in 0.. {
            let client = self.client();
            for firm in self.firms {
                firm.mend(&client)?;
                firm.catch_up(&client, look)?;
            }
            self.rest()?;
            let seen = self.firms.iter().map(|firm| firm.see(&client)).collect::<Result<Vec<_>>>()?;
            self.world.moved(None);
            self.stack.stop();
            let stored = Stored::read(self.stack.state())?;
            let waiting = stored.waiting();
            if waiting == Waiting::default() || look + 1 == LOOKS {
                return Ok((seen, stored));
            }
            note(&format!("not quiet yet: {waiting:?}"));
            self.start()?;
        }
        bail!("the stack did not come to rest")
    }
}

/// All dead letters.
fn letters(client: &Client) -> Result<Vec<Value>> {
    let (mut letters, mut path) = (Vec::new(), "/v1/dead-letters".to_owned());
    loop {
        let mut page = client.get(&path)?.success()?.body;
        letters.extend(page["data"].as_array_mut().map(std::mem::take).unwrap_or_default());
        match page["next_after"].as_str() {
            Some(after) => path = format!("/v1/dead-letters?after={after}"),
            None => return Ok(letters),
        }
    }
}

/// Messages that nobody can act on and that have to become dead letters.
fn poison(ledger: &[Entry]) -> BTreeSet<&str> {
    let lasting = ledger.iter().filter_map(|entry| match entry {
        Entry::Poisoned { message, lasts: true, .. } => Some(&**message),
        _ => None,
    });
    lasting.collect()
}

/// Complaints that were accepted and are not logged yet, as far as clients know.
fn accepted(ledger: &[Entry]) -> Vec<(String, String)> {
    let mut tenants = BTreeMap::new();
    let mut accepted = Vec::new();
    for entry in ledger {
        match entry {
            Entry::Asked { op, tenant, what: What::Log, .. } => _ = tenants.insert(op, tenant),
            Entry::Answered { op, status: 202, id: Some(id), .. } => {
                accepted.extend(tenants.get(op).map(|tenant| ((*tenant).clone(), id.clone())));
            }
            _ => {}
        }
    }
    accepted
}

/// Outbox rows and jobs, of what `/metrics` says.
fn under_way(metrics: &str) -> f64 {
    let lines = metrics
        .lines()
        .filter(|line| ["redress_outbox_rows", "redress_bulk_jobs_open"].iter().any(|name| line.starts_with(name)));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}
