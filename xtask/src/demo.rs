//! Demo data: three invented firms with real complaints in every state, and one to try things out. Loading it twice changes nothing.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::Client;
use crate::checkout::root;
use crate::digest::sha256;
use crate::firm::{self, Firm, Profile};
use crate::journey;
use crate::progress::{note, step};
use crate::stack::Stack;
use crate::workers;

/// The firms; the file of each one's complaints is named after its sector. The one in a sandbox has none: its time can be set.
const FIRMS: [Profile<'_>; 4] = [
    Profile::american("northwind-bank", "Northwind Bank", "bank", "NWB"),
    Profile::american("halcyon-telecom", "Halcyon Telecom", "telecom", "HAL"),
    Profile::american("aurelia-air", "Aurelia Air", "airline", "AUR"),
    Profile {
        slug: "sandbox-bank",
        display_name: "Sandbox Bank",
        sector: "bank",
        prefix: "SBX",
        jurisdiction: "england_and_wales",
        plan: SANDBOX,
    },
];

const SANDBOX: &str = "sandbox";

/// The complaints that come with the repository.
pub fn fixtures() -> PathBuf {
    root().join("tests/fixtures/complaints")
}

/// The stack that is a firm's home: the first firm's is the first cell, and so on; the last cell has the rest.
pub fn home(stacks: &[Stack], nth_firm: usize) -> Result<&Stack> {
    stacks.get(nth_firm).or(stacks.last()).context("no stack is running")
}

/// Makes sure the firms are there, each in its home cell, with keys that work and complaints in every state.
pub fn load(stacks: &[Stack], state: &Path, data: &Path) -> Result<Vec<Firm>> {
    let marker = state.join("demo.json");
    let before: Value =
        std::fs::read(&marker).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    if let Some(firms) = loaded_before(stacks, &before, data) {
        note("the demo data is there already");
        return Ok(firms);
    }
    let firms = step("Creating four firms with a key each", || {
        let ensure = |(nth, profile)| {
            let stack = home(stacks, nth)?;
            let firm = Firm::ensure(&stack.operator(), profile)?;
            firm.enter_staff(&Client::new(stack.base_url(), &firm.key))?;
            Ok(firm)
        };
        FIRMS.iter().enumerate().map(ensure).collect::<Result<Vec<Firm>>>()
    })?;
    let with_complaints = FIRMS.iter().zip(&firms).enumerate().filter(|(_, (profile, _))| profile.plan != SANDBOX);
    for (nth, (profile, firm)) in with_complaints {
        let stack = home(stacks, nth)?;
        let file = data.join(format!("{}.ndjson", profile.sector));
        step(&format!("Loading complaints of {}", profile.display_name), || load_file(stack, firm, &file))?;
    }
    let firms_json: Vec<Value> = firms.iter().map(Firm::to_json).collect();
    let cells: Vec<&str> = stacks.iter().map(Stack::cell).collect();
    std::fs::write(&marker, json!({ "data": data, "cells": cells, "firms": firms_json, "staff": true }).to_string())?;
    Ok(firms)
}

/// The firms as a run before this one left them, if it loaded the same data into the same cells and its keys are still good.
fn loaded_before(stacks: &[Stack], before: &Value, data: &Path) -> Option<Vec<Firm>> {
    // Data of before there were people.
    before["staff"].as_bool().filter(|entered| *entered)?;
    let firms: Vec<Firm> = before["firms"].as_array()?.iter().map(Firm::from_json).collect::<Option<_>>()?;
    let good = |(nth, firm): (usize, &Firm)| {
        let stack = home(stacks, nth)?;
        Client::new(stack.base_url(), &firm.key).get("/v1/complaints?limit=1")?.success()
    };
    let cells: Vec<&str> = stacks.iter().map(Stack::cell).collect();
    let same = before["data"] == json!(data) && before["cells"] == json!(cells) && firms.len() == FIRMS.len();
    (same && firms.iter().enumerate().all(|firm| good(firm).is_ok())).then_some(firms)
}

fn load_file(stack: &Stack, firm: &Firm, file: &Path) -> Result<()> {
    // Wrangler's development proxy is for people; loading goes past it.
    let client = Client::new(stack.inner_url(), &firm.key);
    let lines =
        std::io::BufReader::new(std::fs::File::open(file).with_context(|| format!("opening {}", file.display()))?)
            .lines();
    let commands = AtomicUsize::new(0);
    let count = AtomicUsize::new(0);
    workers::for_each(lines.enumerate(), |(nth, line)| {
        let place = || format!("{}, line {}", file.display(), nth + 1);
        let line = line?;
        let body: Value = serde_json::from_str(&line).with_context(place)?;
        let name = format!("demo-{}", sha256(&line));
        let created = client.post("/v1/complaints", &name, &body)?.success().with_context(place)?;
        let steps = journey::to(journey::STATES[nth % journey::STATES.len()], nth / journey::STATES.len());
        firm::work(&client, &name, created, &steps, |_| ()).with_context(place)?;
        count.fetch_add(1, Ordering::Relaxed);
        commands.fetch_add(steps.len(), Ordering::Relaxed);
        Ok(())
    })?;
    if count.load(Ordering::Relaxed) == 0 {
        bail!("{} holds no complaints", file.display());
    }
    note(&format!("{} complaints, {} commands", count.into_inner(), commands.into_inner()));
    Ok(())
}
