//! `cargo xtask bench`: builds what is measured, then hands over to the load driver, which starts its stacks through this library.

use std::process::Command;

use anyhow::Result;

use crate::checkout::root;
use crate::process;
use crate::wasm;

/// Runs the load driver with these arguments.
pub fn run(args: &[String]) -> Result<()> {
    wasm::build()?;
    let driver = ["run", "--quiet", "--profile", "driver", "--package", "bench", "--"];
    process::run(Command::new("cargo").args(driver).args(args).current_dir(root()))
}
