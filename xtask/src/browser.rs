//! A real browser for tests: Debian's Chromium, driven by Playwright from `tests/browser/`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::checkout::root;
use crate::npm;
use crate::process;
use crate::toolchain::install_packages;

/// Where Debian puts it. `$CHROMIUM` says otherwise.
const CHROMIUM: &str = "/usr/bin/chromium";
/// The folder of the scripts, with npm packages of its own.
const SCRIPTS: &str = "tests/browser";

/// Installs what is missing: the browser, on Debian, and the packages that drive it.
pub fn install() -> Result<()> {
    npm::install_in(&root().join(SCRIPTS), "Installing npm packages of the browser tests (playwright-core, axe-core)")?;
    if std::env::var_os("CHROMIUM").is_some() || Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!(
            "{CHROMIUM} is missing, and this machine has no apt-get: install Chromium and set CHROMIUM to where it is"
        );
    }
    install_packages(&["chromium"]).context("Debian's Chromium could not be installed")
}

/// A script of `tests/browser/`, to be run.
pub fn script(name: &str) -> Command {
    let mut command = Command::new(npm::bin("node"));
    command.arg(name).current_dir(root().join(SCRIPTS));
    command
}

/// Whether there is a browser, by now. If not, whoever reads the run is told that nothing was looked at.
pub fn is_there() -> bool {
    install().inspect_err(|error| eprintln!("    NOT TESTED: no browser ({error:#}): pages are not looked at")).is_ok()
}

/// Draws every page with sample data and looks at each: see `tests/browser/gallery.mjs`.
pub fn gallery() -> Result<()> {
    if !is_there() {
        return Ok(());
    }
    let mut draw = Command::new("cargo");
    draw.args(["run", "--quiet", "--package", "pages", "--example", "gallery"]).current_dir(root());
    process::run(&mut draw)?;
    process::run(&mut script("gallery.mjs"))
}
