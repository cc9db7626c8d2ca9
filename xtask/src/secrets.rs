//! The secrets of a local stack: `.dev.vars` at the root of the checkout, made when missing, never committed.

use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::checkout::root;
use crate::digest::sha256;

/// The comment line that keeps the operator key; the Worker is given its hash alone.
const OPERATOR_LINE: &str = "# Operator key: ";

/// What a client of the local stack must know.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The key that manages tenants.
    pub operator_key: String,
}

/// Where wrangler looks for secrets in development.
pub fn path() -> PathBuf {
    root().join(".dev.vars")
}

/// Reads the secrets, or makes them.
pub fn load_or_create() -> Result<Secrets> {
    if let Ok(text) = std::fs::read_to_string(path()) {
        let operator_key = text
            .lines()
            .find_map(|line| line.strip_prefix(OPERATOR_LINE))
            .map(str::trim)
            .unwrap_or_default()
            .to_owned();
        if text.contains(&sha256(&operator_key)) {
            return Ok(Secrets { operator_key });
        }
        anyhow::bail!(".dev.vars does not hold the operator key that its hash is of: delete the file to get a new one");
    }
    let operator_key = format!("rdr_op_{}", random()?);
    let text = format!(
        "# Secrets of the local stack, made by `cargo xtask`. Delete this file to get new ones.\n{OPERATOR_LINE}{operator_key}\n\
         OPERATOR_KEY_SHA256=\"{}\"\nAPI_KEY_SEED=\"{}\"\nCURSOR_KEY=\"{}\"\n",
        sha256(&operator_key),
        random()?,
        random()?,
    );
    write_private(&text)?;
    Ok(Secrets { operator_key })
}

fn write_private(text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path())
        .context("writing .dev.vars")?;
    Ok(file.write_all(text.as_bytes())?)
}

/// 32 random bytes as base64url.
fn random() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness from the system: {error}"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
