//! `cargo xtask rehearse`: the acceptance run. Real complaints are imported into a fresh tenant, all of them worked to resolution, and
//! then everything is read back and compared with what was true: lists, past moments, chains.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::api::{Client, Reply};
use crate::cfpb;
use crate::firm::{self, Firm, Profile};
use crate::import::{Event, Import};
use crate::journey;
use crate::progress::{duration, step};
use crate::stack::{Options, Stack};
use crate::wasm;
use crate::workers;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// CFPB complaints: .csv or .jsonl, gzipped or not
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// How many of them
    #[arg(long, default_value_t = 5000, value_name = "N")]
    count: usize,
    /// Read every so manieth complaint back as of each moment of its life
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    sample: u32,
}

/// A complaint as this run left it, and, in the sample, as it was after each command.
struct Worked {
    last: Value,
    way: &'static str,
    moments: Vec<Value>,
}

/// Runs the rehearsal on a stack of its own; an error if anything was not as it should be.
pub fn run(args: &Args) -> Result<()> {
    wasm::build()?;
    let stack = step("Starting a stack with a fresh state", || Stack::start(Options::temporary()))?;
    let profile = Profile::american("rehearsal-bank", "Rehearsal Bank", "bank", "RHB");
    let firm = Firm::ensure(&stack.operator(), &profile)?;
    let client = Client::new(stack.inner_url(), &firm.key);
    let run = Rehearsal { client, sample: args.sample as usize, deviations: Mutex::new(Vec::new()) };

    let created = timed("Importing complaints through the API", "complaints", || run.import(args))?;
    let worked = timed("Working all of them to resolution", "commands", || run.work(created))?;
    timed("Reading the whole list back, page by page", "complaints", || run.check_list(&worked))?;
    timed("Reading the sample as of past moments", "reads", || run.check_moments(&worked))?;
    timed("Verifying every chain", "events", || run.check_chains(&worked))?;

    report(&worked);
    let deviations = run.deviations.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    for deviation in deviations.iter().take(20) {
        eprintln!("deviation: {deviation}");
    }
    if !deviations.is_empty() {
        bail!("{} deviations", deviations.len());
    }
    println!("No deviation.");
    Ok(())
}

struct Rehearsal {
    client: Client,
    sample: usize,
    deviations: Mutex<Vec<String>>,
}

/// A result and how many things it took.
type Counted<T> = Result<(T, usize)>;

impl Rehearsal {
    fn import(&self, args: &Args) -> Counted<Vec<Reply>> {
        let mut ids = Vec::new();
        let body = |row: cfpb::Row| cfpb::complaint(&row).map(|body| body.to_string());
        let mut rows = cfpb::read(&args.file)?.map(|(line, row)| (line, row.and_then(body))).peekable();
        let mut first_row = 1;
        // Rows that are not accepted (each is shown with its line and the reason) are made up for by later ones.
        while rows.peek().is_some() && ids.len() < args.count {
            let missing = args.count - ids.len();
            let import = Import {
                client: &self.client,
                name: "rehearsal",
                content_type: "application/x-ndjson",
                parameters: String::new(),
                preamble: String::new(),
                first_row,
            };
            import.send(rows.by_ref().take(missing), |_, event| match event {
                Event::Row(row) => ids.extend(row["id"].as_str().map(str::to_owned)),
                Event::Bad { line, reason } => eprintln!("    line {line}: {reason}"),
                Event::Again(reason) => eprintln!("    {reason}: sending it again"),
            })?;
            first_row += missing as u64;
        }
        if ids.len() < args.count {
            let file = args.file.display();
            bail!("{file} has {} acceptable complaints, {} are wanted", ids.len(), args.count);
        }
        let created = Mutex::new(Vec::with_capacity(ids.len()));
        workers::for_each(ids.into_iter(), |id| {
            let read = self.client.get(&format!("/v1/complaints/{id}"))?.success()?;
            lock(&created).push(read);
            Ok(())
        })?;
        let created = into_inner(created);
        let count = created.len();
        Ok((created, count))
    }

    fn work(&self, created: Vec<Reply>) -> Counted<Vec<Worked>> {
        let worked = Mutex::new(Vec::new());
        let commands = AtomicUsize::new(0);
        workers::for_each(created.into_iter().enumerate(), |(nth, complaint)| {
            let way = journey::RESOLUTIONS[nth % journey::RESOLUTIONS.len()];
            let (steps, end) = journey::resolution(way, nth);
            let sampled = nth.is_multiple_of(self.sample);
            let mut moments = Vec::new();
            let last = firm::work(&self.client, &format!("rehearse-{nth}"), complaint, &steps, |reply| {
                if sampled {
                    moments.push(reply.body.clone());
                }
            })?;
            commands.fetch_add(steps.len(), Ordering::Relaxed);
            self.expect(last.body["state"] == end, || {
                format!("{} ended as {} by the way \"{way}\", not as {end}", last.body["id"], last.body["state"])
            });
            lock(&worked).push(Worked { last: last.body, way, moments });
            Ok(())
        })?;
        Ok((into_inner(worked), commands.into_inner()))
    }

    /// Every complaint is listed once, in the state it was left in.
    fn check_list(&self, worked: &[Worked]) -> Counted<()> {
        let mut listed: BTreeMap<String, Value> = BTreeMap::new();
        let mut page = "/v1/complaints?limit=200".to_owned();
        let mut count = 0;
        loop {
            let reply = self.client.get(&page)?.success()?;
            for complaint in reply.body["data"].as_array().into_iter().flatten() {
                count += 1;
                let id = complaint["id"].as_str().context("a listed complaint without an id")?.to_owned();
                self.expect(listed.insert(id.clone(), complaint.clone()).is_none(), || format!("{id} is listed twice"));
            }
            match reply.body["next"].as_str() {
                Some(cursor) => page = format!("/v1/complaints?limit=200&cursor={cursor}"),
                None => break,
            }
        }
        self.expect(listed.len() == worked.len(), || {
            format!("{} complaints are listed, {} were created", listed.len(), worked.len())
        });
        for Worked { last, .. } in worked {
            let id = last["id"].as_str().unwrap_or_default();
            let as_listed = listed.get(id).unwrap_or(&Value::Null);
            for member in ["state", "version", "reference"] {
                self.expect(as_listed[member] == last[member], || {
                    format!("{id} is listed with {member} {}, and is {}", as_listed[member], last[member])
                });
            }
        }
        Ok(((), count))
    }

    /// As of the moment of each command, a sampled complaint reads exactly as that command had answered.
    fn check_moments(&self, worked: &[Worked]) -> Counted<()> {
        let reads = AtomicUsize::new(0);
        workers::for_each(
            worked.iter().filter(|worked| !worked.moments.is_empty()),
            |Worked { last, moments, .. }| {
                let id = last["id"].as_str().context("a complaint without an id")?;
                let mut questions: Vec<(&str, Option<&Value>)> =
                    vec![("2001-01-01T00:00:00Z", None), ("2999-12-31T23:59:59Z", moments.last())];
                for moment in moments {
                    let at = moment["updated_at"].as_str().context("a complaint without updated_at")?;
                    // Commands within one millisecond share a moment: the last of them is what was true at its end.
                    questions
                        .push((at, moments.iter().rev().find(|other| other["updated_at"] == moment["updated_at"])));
                }
                for (at, expected) in questions {
                    let reply = self.client.get(&format!("/v1/complaints/{id}?at={at}"))?;
                    reads.fetch_add(1, Ordering::Relaxed);
                    match expected {
                        Some(expected) => self.expect(reply.status == 200 && reply.body == *expected, || {
                            format!(
                                "{id} as of {at}: status {}, version {}, state {}; it was version {}, state {}",
                                reply.status,
                                reply.body["version"],
                                reply.body["state"],
                                expected["version"],
                                expected["state"]
                            )
                        }),
                        // Before it was logged it is not there; a moment to come is no past moment.
                        None => self.expect(reply.status == 404, || {
                            format!("{id} is there as of {at}: status {}", reply.status)
                        }),
                    }
                }
                Ok(())
            },
        )?;
        Ok(((), reads.into_inner()))
    }

    fn check_chains(&self, worked: &[Worked]) -> Counted<()> {
        let events = AtomicUsize::new(0);
        workers::for_each(worked.iter(), |Worked { last, .. }| {
            let id = last["id"].as_str().context("a complaint without an id")?;
            let verdict = self.client.get(&format!("/v1/complaints/{id}/verify"))?.success()?.body;
            let whole = verdict["valid"] == true && verdict["events"] == last["version"];
            self.expect(whole, || format!("the chain of {id} does not verify: {verdict}"));
            events.fetch_add(verdict["events"].as_u64().unwrap_or(0) as usize, Ordering::Relaxed);
            Ok(())
        })?;
        Ok(((), events.into_inner()))
    }

    fn expect(&self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            lock(&self.deviations).push(otherwise());
        }
    }
}

fn timed<T>(what: &str, unit: &str, work: impl FnOnce() -> Counted<T>) -> Result<T> {
    eprintln!("==> {what}");
    let started = Instant::now();
    let (result, count) = work()?;
    let elapsed = started.elapsed();
    println!("{what}: {count} {unit} in {} ({:.0} a second)", duration(elapsed), count as f64 / elapsed.as_secs_f64());
    Ok(result)
}

fn report(worked: &[Worked]) {
    let mut ways: BTreeMap<&str, usize> = BTreeMap::new();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for Worked { last, way, .. } in worked {
        *ways.entry(way).or_default() += 1;
        *states.entry(last["state"].as_str().unwrap_or_default()).or_default() += 1;
    }
    let shown = |counts: &BTreeMap<&str, usize>| {
        counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    println!("Ways: {}", shown(&ways));
    println!("States: {}", shown(&states));
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
