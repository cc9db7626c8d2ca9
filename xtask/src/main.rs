//! `cargo xtask`: reads the command line, runs one command, and turns any failure into one line and exit code 1.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Build, run, test and deploy Redress.
///
/// New here? `cargo xtask dev` installs what is missing, starts everything on this machine with demo data and prints what to try.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the Worker for release (only what has changed) and check its size
    Build,
}

fn main() -> ExitCode {
    let stopped = ctrlc::set_handler(|| {
        xtask::process::stop_all();
        eprintln!("stopped");
        std::process::exit(130);
    });
    let result = stopped.map_err(Into::into).and_then(|()| run(Cli::parse()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Build => xtask::wasm::build(),
    }
}
