//! `cargo xtask`: reads the command line, runs one command, and turns any failure into one line and exit code 1.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Build, run, test and deploy Redress.
///
/// New here? `cargo xtask dev` installs what is missing, starts everything on this machine with demo data and prints what to try.
/// It needs cargo (by rustup) and npm, nothing else.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine with demo data, until Ctrl-C; a second run is quick and keeps the data
    Dev(xtask::dev::Args),
    /// Run everything that CI runs: formatting, lints, tests, wasm build, integration suite
    Test {
        /// Only the integration tests whose names contain one of these, on a stack of their own
        #[arg(value_name = "FILTER")]
        only: Vec<String>,
    },
    /// Build the Worker for release (if something has changed) and check its size
    Build,
    /// Measure the Worker against a bare Hono + D1 Worker; arguments go to the load driver (try `bench -- --help`)
    Bench {
        /// Passed on to the load driver
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Deploy one cell: build, migrate its databases, upload the Worker
    Deploy(xtask::deploy::Args),
    /// Make a cell's signing key: the seed goes to standard output, its public half for `CELL_KEYS` to standard error
    Key,
    /// Import complaints from a file through the API; running it again adds nothing twice
    Import(xtask::import::Args),
    /// Check an exported case file offline and name the first broken event
    Verify {
        /// The case file: what `GET /v1/complaints/{id}/case-file` answered
        file: PathBuf,
    },
    /// Move a tenant to another cell; stopped at any moment, it goes on when it is run again
    Relocate(xtask::relocate::Args),
    /// Acceptance run: import real complaints, work them all to resolution, read them back, verify every chain
    Rehearse(xtask::rehearse::Args),
    /// Kill the runtime again and again under load, have everything else fail, and prove that nothing was lost or done twice
    Chaos(xtask::chaos::Args),
    /// Take the pictures of the README in a browser
    Screenshots,
    /// Measure the finding of near-duplicates on the CFPB's narratives and on pairs labelled by hand
    NearDuplicates(xtask::near_duplicates::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let watching = ctrlc::set_handler(|| {
        eprintln!("\nStopping.");
        xtask::process::stop_all();
        std::process::exit(130);
    });
    match watching.map_err(Into::into).and_then(|()| run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        // The signal handler ends the process once everything that was started has ended.
        Err(_) if xtask::process::stopping() => loop {
            std::thread::park();
        },
        Err(error) => {
            eprintln!("error: {}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Dev(args) => xtask::dev::run(args),
        Command::Test { only } => xtask::test::run(&only),
        Command::Build => xtask::wasm::build(),
        Command::Bench { args } => xtask::bench::run(&args),
        Command::Deploy(args) => xtask::deploy::run(&args),
        Command::Key => xtask::secrets::print_new_key(),
        Command::Import(args) => xtask::import::run(&args),
        Command::Verify { file } => xtask::verify::run(&file),
        Command::Relocate(args) => xtask::relocate::run(&args),
        Command::Rehearse(args) => xtask::rehearse::run(&args),
        Command::Chaos(args) => xtask::chaos::run(&args),
        Command::Screenshots => xtask::screenshots::run(),
        Command::NearDuplicates(args) => xtask::near_duplicates::run(&args),
    }
}
