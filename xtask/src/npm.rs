//! The npm packages of a `package.json`: installed when the lock file beside it has changed, found in `node_modules`.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::checkout::root;
use crate::process;
use crate::progress::step;

/// Installs the packages that builds and stacks need.
pub fn install() -> Result<()> {
    install_in(root(), "Installing npm packages (wrangler, node, esbuild, binaryen, htmx, redoc, maildev)")
}

/// Installs the packages of a folder unless the last installation was of this very lock file.
pub fn install_in(folder: &Path, title: &str) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let lock = std::fs::read(&lock).with_context(|| lock.display().to_string())?;
    let marker = folder.join("node_modules/.redress-lock");
    if std::fs::read(&marker).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    step(title, || {
        // From npm's own cache where it can; that may not have heard of a version yet, and the registry has.
        npm_ci(folder, "--prefer-offline")
            .or_else(|_| npm_ci(folder, "--prefer-online"))
            .context("npm packages could not be installed; this needs npm and its registry in reach")?;
        Ok(std::fs::write(&marker, &lock)?)
    })
}

/// Without a network it should say so at once, not after minutes of retries.
fn npm_ci(folder: &Path, from: &str) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["ci", from, "--no-audit", "--no-fund"]).current_dir(folder);
    npm.env("npm_config_fetch_retries", "1").env("npm_config_fetch_retry_mintimeout", "1000");
    process::output(&mut npm).map(drop)
}

/// An executable that a package brings.
pub fn bin(name: &str) -> PathBuf {
    root().join("node_modules/.bin").join(name)
}

/// `wrangler`, run by the pinned Node and quiet towards the network.
pub fn wrangler() -> Result<Command> {
    let mut command = Command::new(bin("node"));
    command
        .arg(root().join("node_modules/wrangler/bin/wrangler.js"))
        .current_dir(root())
        .env("PATH", path_with(root().join("node_modules/.bin"))?)
        .env("CI", "1")
        .env("NO_COLOR", "1")
        .env("REDRESS_BUILT", "1")
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_SEND_ERROR_REPORTS", "false")
        .env("WRANGLER_HIDE_BANNER", "true")
        // Wrangler keeps a second log, with several entries a request, that slows everything down.
        .env("WRANGLER_LOG_PATH", discarded_log()?)
        // A trace of every request would be kept in a database, at a third of all processor time.
        .env("X_LOCAL_OBSERVABILITY", "false")
        // The placeholder for `Request.cf` is otherwise fetched from the network.
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
    Ok(command)
}

/// A path that wrangler takes for a log file, as it ends in `.log`, and that keeps nothing.
fn discarded_log() -> Result<PathBuf> {
    let link = root().join("node_modules/.discarded.log");
    if let Err(error) = std::os::unix::fs::symlink("/dev/null", &link)
        && error.kind() != ErrorKind::AlreadyExists
    {
        bail!("linking {}: {error}", link.display());
    }
    Ok(link)
}

/// `PATH` with a folder put first.
pub fn path_with(first: PathBuf) -> Result<OsString> {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(std::iter::once(first).chain(std::env::split_paths(&rest)))?)
}
