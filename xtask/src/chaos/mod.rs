//! `cargo xtask chaos`: under load the runtime is killed at random moments, what it is bound to fails and dawdles, messages that nobody can
//! read are sent; and in the end a checker that knows only what clients were answered proves that nothing was lost or done twice.
//!
//! What happens when follows from a seed (`plan`). Clients write down what they ask and are answered (`load`, `ledger`); `storm` does the
//! killing and waits until all is quiet; `checker` decides, from the ledger, what firms see (`firms`), what their systems heard
//! (`receiver`) and what is on the disk (`stored`).

pub mod checker;
pub mod firms;
pub mod ledger;
pub mod load;
pub mod plan;
pub mod receiver;
pub mod report;
pub mod stored;
pub mod storm;

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};

use crate::checkout::root;
use crate::wasm;
use storm::Storm;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often the runtime is killed
    #[arg(long, default_value_t = 200, value_name = "N")]
    kills: usize,
    /// What everything follows from; the same seed does the same again [default: drawn, and printed first]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where the report and the clients' log go
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Runs a storm and prints its report; an error if anything did not hold.
pub fn run(args: &Args) -> Result<()> {
    let seed = args.seed.map_or_else(drawn, Ok)?;
    println!("Seed {seed}: `cargo xtask chaos --kills {} --seed {seed}` does the same again.", args.kills);
    wasm::build()?;
    let folder = args.out.clone().unwrap_or_else(|| root().join("target/chaos").join(seed.to_string()));
    let report = Storm { seed, kills: args.kills, folder: folder.clone() }.run()?;
    println!("{}", report.text());
    println!("Report and clients' log: {}", folder.display());
    match report.broken() {
        0 => Ok(()),
        broken => bail!("{broken} of {} claims do not hold", report.claims.len()),
    }
}

/// Small enough to be typed.
fn drawn() -> Result<u64> {
    let number = getrandom::u32().map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(u64::from(number))
}
