//! What a run did and what was found, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::checker::{Claim, Evidence};
use super::ledger::Entry;
use crate::progress::duration;

/// A report.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the run followed from.
    pub seed: u64,
    /// How often the runtime was killed: while it worked, while it started.
    pub kills: [usize; 2],
    /// How long it took to start again, each time.
    pub starts: Vec<Duration>,
    /// How long clients worked and things failed; how long it then took until all was quiet.
    pub took: [Duration; 2],
    /// How often what was done to it.
    pub done: BTreeMap<String, u64>,
    /// What clients were answered, and how often.
    pub answers: BTreeMap<String, u64>,
    /// What was found.
    pub claims: Vec<Claim>,
}

/// Deviations of one claim that the text shows; the file has all.
const SHOWN: usize = 10;

impl Report {
    /// How many claims do not hold.
    pub fn broken(&self) -> usize {
        self.claims.iter().filter(|claim| !claim.broken.is_empty()).count()
    }

    /// For people.
    pub fn text(&self) -> String {
        let [at_work, starting] = self.kills;
        let [storm, calm] = self.took.map(duration);
        let longest = self.starts.iter().max().copied().unwrap_or_default();
        let mean = self.starts.iter().sum::<Duration>() / u32::try_from(self.starts.len().max(1)).unwrap_or(1);
        let mut text = format!(
            "Chaos, seed {}: {} kills ({at_work} at work, {starting} while starting) in {storm}; quiet after {calm} more.\n\
             Starts: {}, on average {}, at most {}.\n",
            self.seed,
            at_work + starting,
            self.starts.len(),
            duration(mean),
            duration(longest),
        );
        for (title, counts) in [("Done to it", &self.done), ("Clients", &self.answers)] {
            let counts: Vec<String> = counts.iter().map(|(what, n)| format!("{what} {n}")).collect();
            let _ = writeln!(text, "{title}: {}.", counts.join(", "));
        }
        text.push('\n');
        for Claim { says, checked, broken } in &self.claims {
            let verdict = if broken.is_empty() { "holds " } else { "BROKEN" };
            let _ = writeln!(text, "  {verdict}  {says}: {checked} checked, {} broken", broken.len());
            for one in broken.iter().take(SHOWN) {
                let _ = writeln!(text, "            {one}");
            }
            if broken.len() > SHOWN {
                let _ = writeln!(text, "            … and {} more", broken.len() - SHOWN);
            }
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let claims: Vec<Value> = self
            .claims
            .iter()
            .map(|claim| json!({ "says": claim.says, "checked": claim.checked, "broken": claim.broken }))
            .collect();
        let millis: Vec<u128> = self.starts.iter().map(Duration::as_millis).collect();
        json!({
            "seed": self.seed, "kills": { "at_work": self.kills[0], "starting": self.kills[1] },
            "starts_millis": millis, "storm_seconds": self.took[0].as_secs(), "calm_seconds": self.took[1].as_secs(),
            "done": self.done, "answers": self.answers, "claims": claims,
        })
    }

    /// Writes both into a folder.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).with_context(|| format!("writing {name} in {}", folder.display()))
        };
        write("report.txt", &self.text())?;
        write("report.json", &serde_json::to_string_pretty(&self.json())?)
    }
}

/// What clients were answered, by what they asked and by status.
pub fn answers(evidence: &Evidence) -> BTreeMap<String, u64> {
    let mut asked = BTreeMap::new();
    let mut counts = BTreeMap::<String, u64>::new();
    let mut count = |what: String| *counts.entry(what).or_default() += 1;
    for entry in &evidence.ledger {
        match entry {
            Entry::Asked { op, what, .. } => {
                asked.insert(*op, *what);
                count("requests".to_owned());
            }
            Entry::Answered { op, status, replayed, .. } => {
                if let Some(what) = asked.get(op) {
                    count(format!("{what:?} {status}"));
                }
                if *replayed {
                    count("answered by the kept answer".to_owned());
                }
            }
            Entry::Unsettled { .. } => count("attempts without an answer".to_owned()),
            Entry::Repeated { .. } => count("sent once more in the end".to_owned()),
            Entry::Firm { .. } | Entry::Poisoned { .. } => {}
        }
    }
    counts
}
