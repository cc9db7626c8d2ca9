//! Where things are: the checkout itself and the tool cache outside it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the checkout this binary was built from.
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// The state of the development stack: data, log, generated configuration.
pub fn default_state() -> PathBuf {
    root().join(".redress")
}

/// Tools that outlive a checkout: `$REDRESS_CACHE`, or `redress` in the user's cache folder.
pub fn cache() -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os("REDRESS_CACHE") {
        return Ok(dir.into());
    }
    if let Some(dir) = std::env::var_os("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(dir).join("redress"));
    }
    let home =
        std::env::var_os("HOME").context("neither REDRESS_CACHE nor HOME is set: no place to keep the build tools")?;
    Ok(PathBuf::from(home).join(".cache/redress"))
}
