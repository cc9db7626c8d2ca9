//! Demo data: three invented firms with real complaints in every state. Loading it twice changes nothing.

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

/// The firms; the file of each one's complaints is named after its sector.
const FIRMS: [Profile<'_>; 3] = [
    Profile { slug: "northwind-bank", display_name: "Northwind Bank", sector: "bank", prefix: "NWB" },
    Profile { slug: "halcyon-telecom", display_name: "Halcyon Telecom", sector: "telecom", prefix: "HAL" },
    Profile { slug: "aurelia-air", display_name: "Aurelia Air", sector: "airline", prefix: "AUR" },
];

/// The complaints that come with the repository.
pub fn fixtures() -> PathBuf {
    root().join("tests/fixtures/complaints")
}

/// Makes sure the firms are there with keys that work and complaints in every state.
pub fn load(stack: &Stack, state: &Path, data: &Path) -> Result<Vec<Firm>> {
    let marker = state.join("demo.json");
    let before: Value =
        std::fs::read(&marker).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    if let Some(firms) = loaded_before(stack, &before, data) {
        note("the demo data is there already");
        return Ok(firms);
    }
    let firms = step("Creating three firms with a key each", || {
        FIRMS.iter().map(|profile| Firm::ensure(&stack.operator(), profile)).collect::<Result<Vec<Firm>>>()
    })?;
    for (profile, firm) in FIRMS.iter().zip(&firms) {
        let file = data.join(format!("{}.ndjson", profile.sector));
        step(&format!("Loading complaints of {}", profile.display_name), || load_file(stack, firm, &file))?;
    }
    let firms_json: Vec<Value> = firms.iter().map(Firm::to_json).collect();
    std::fs::write(&marker, json!({ "data": data, "firms": firms_json }).to_string())?;
    Ok(firms)
}

/// The firms as a run before this one left them, if it loaded the same data and its keys are still good.
fn loaded_before(stack: &Stack, before: &Value, data: &Path) -> Option<Vec<Firm>> {
    let firms: Vec<Firm> = before["firms"].as_array()?.iter().map(Firm::from_json).collect::<Option<_>>()?;
    let good = |firm: &Firm| {
        let reply = Client::new(stack.base_url(), &firm.key).get("/v1/complaints?limit=1");
        reply.is_ok_and(|reply| reply.status == 200)
    };
    (before["data"] == json!(data) && firms.iter().all(good)).then_some(firms)
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
