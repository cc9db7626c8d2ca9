//! `cargo xtask verify`: checks an exported case file without asking anyone.

use std::path::Path;

use anyhow::{Context, Result, bail};
use shared::chain::CaseFile;

/// Prints that the file is whole, or fails naming the first broken event.
pub fn run(file: &Path) -> Result<()> {
    let text = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let case: CaseFile =
        serde_json::from_slice(&text).with_context(|| format!("{} is not a case file", file.display()))?;
    let verdict = case.verify();
    if let Some(broken) = verdict.first_broken {
        bail!("{}: event {} {}", case.reference, broken.seq, broken.reason.explanation());
    }
    println!("{}: {} events, whole and unaltered; head {}", case.reference, verdict.events, verdict.head);
    Ok(())
}
