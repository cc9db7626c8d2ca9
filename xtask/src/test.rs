//! `cargo xtask test`: everything that CI runs, in one go, with a summary.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::browser;
use crate::checkout::root;
use crate::clamav;
use crate::npm;
use crate::process;
use crate::progress::{duration, step};
use crate::stack::{Options, Stack};
use crate::wasm;

/// Runs every check, also after one has failed, so that one run shows all there is to repair. With `only`, nothing but the
/// integration tests whose names contain one of these.
pub fn run(only: &[String]) -> Result<()> {
    if !only.is_empty() {
        wasm::build()?;
        return integration(only);
    }
    let mut summary = Summary::default();
    summary.check("Formatting", || cargo(&["fmt", "--all", "--check"]));
    // The fonts of the print Worker are among them.
    summary.check("npm packages", npm::install);
    summary.check("Types of scripts", wasm::check_scripts);
    summary.check("Clippy", || {
        cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"])
    });
    summary.check("Native tests", || cargo(&["test", "--workspace", "--all-features", "--exclude", "integration"]));
    summary.check("Pages in a browser", browser::gallery);
    summary.check("SQL plans", || cargo(&["test", "--package", "integration", "--test", "sql"]));
    summary.check("Wasm build and its size budget", wasm::build);
    if summary.last_passed() {
        summary.check("Integration suite against the real runtime", || integration(only));
    }
    summary.print()
}

/// More than a small machine has processors: half of the time, tests wait for what the runtime does on its own.
const TESTS_AT_ONCE: &str = "4";

fn integration(only: &[String]) -> Result<()> {
    if let Err(error) = clamav::install() {
        eprintln!("    NOT TESTED: no scanner ({error:#}): files are not scanned in this run");
    }
    // As production has it; other stacks of tests run without.
    let options = Options::temporary().var("EXPOSE_COST", "1").var("READ_REPLICAS", "1");
    // Webhooks reach the tests, and are tried again soon.
    let options = options.var("WEBHOOKS_TO_LOOPBACK", "1").var("WEBHOOKS_HURRY", "1000");
    let stack = step("Starting a stack with a fresh state", || Stack::start(options))?;
    process::run(
        cargo_command(&["test", "--package", "integration", "--test", "it", "--", "--test-threads", TESTS_AT_ONCE])
            .args(only)
            .env("BASE_URL", stack.base_url())
            .env("INNER_URL", stack.inner_url())
            .env("OPERATOR_KEY", stack.operator_key()),
    )
}

fn cargo(args: &[&str]) -> Result<()> {
    process::run(&mut cargo_command(args))
}

fn cargo_command(args: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(args).current_dir(root());
    command
}

/// What was checked, how it ended, how long it took.
#[derive(Default)]
struct Summary(Vec<(&'static str, Result<()>, Duration)>);

impl Summary {
    fn check(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) {
        let started = Instant::now();
        let result = step(name, work);
        if let Err(error) = &result {
            eprintln!("    FAILED: {error:#}");
        }
        self.0.push((name, result, started.elapsed()));
    }

    fn last_passed(&self) -> bool {
        self.0.last().is_some_and(|(_, result, _)| result.is_ok())
    }

    fn print(self) -> Result<()> {
        println!();
        for (name, result, took) in &self.0 {
            let verdict = if result.is_ok() { "passed" } else { "FAILED" };
            println!("  {verdict}  {name} ({})", duration(*took));
        }
        let failed: Vec<&str> =
            self.0.iter().filter(|(_, result, _)| result.is_err()).map(|(name, _, _)| *name).collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        println!("\nEverything passed.");
        Ok(())
    }
}
