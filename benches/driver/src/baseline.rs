//! Starts the bare Hono + D1 Worker of `benches/baseline` the way Redress's own stack is started: the same
//! wrangler, a fresh state, a port of its own. What it starts ends with it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use xtask::api::Client;
use xtask::checkout::root;
use xtask::process::{self, Family, Running};
use xtask::progress::step;

use crate::process::Process;

/// What a baseline that is ready answers with 200.
const PROBE: &str = "/v1/complaints?limit=1";
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// The running baseline.
pub(crate) struct Baseline {
    wrangler: Running,
    state: PathBuf,
    inner_url: String,
    inspector: String,
}

impl Baseline {
    /// Starts it on an empty database and waits until it answers.
    pub(crate) fn start() -> Result<Self> {
        install()?;
        let state = root().join("target/bench-baseline");
        if state.exists() {
            std::fs::remove_dir_all(&state)?;
        }
        std::fs::create_dir_all(&state)?;
        process::output(wrangler()?.args(["d1", "migrations", "apply", "DB", "--local", "--persist-to"]).arg(&state))
            .context("migrating the baseline")?;
        let (port, inspector_port) = (free_port()?, free_port()?);
        let log = std::fs::File::create(state.join("wrangler.log"))?;
        let running = process::spawn(
            wrangler()?
                .args(["dev", "--local", "--ip", "127.0.0.1", "--show-interactive-dev-session=false"])
                .args(["--port", &port.to_string(), "--inspector-port", &inspector_port.to_string()])
                .arg("--persist-to")
                .arg(&state)
                .env("WRANGLER_REGISTRY_PATH", state.join("registry"))
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log),
        )?;
        let inspector = format!("127.0.0.1:{inspector_port}");
        let mut baseline = Self { wrangler: running, state, inner_url: String::new(), inspector };
        baseline.wait_until_ready(&format!("http://127.0.0.1:{port}"))?;
        baseline.inner_url = baseline.find_inner_url(port).context("the baseline's workerd was not found")?;
        Ok(baseline)
    }

    /// The address of its workerd, without wrangler's development proxy.
    pub(crate) fn inner_url(&self) -> &str {
        &self.inner_url
    }

    /// Where its debugger listens, as host and port.
    pub(crate) fn inspector(&self) -> &str {
        &self.inspector
    }

    fn wait_until_ready(&mut self, url: &str) -> Result<()> {
        let client = Client::new(url, "");
        let start = Instant::now();
        while !client.get(PROBE).is_ok_and(|reply| reply.status == 200) {
            if self.wrangler.ended()?.is_some() || start.elapsed() > START_TIMEOUT {
                let log = std::fs::read_to_string(self.state.join("wrangler.log")).unwrap_or_default();
                bail!("the baseline did not start: {}", log.trim());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Of the ports that its processes listen on, the one besides the public port that serves the Worker.
    fn find_inner_url(&self, public: u16) -> Option<String> {
        let family = Family::of(self.wrangler.id());
        let ports = family.members().iter().flat_map(|member| Process::with_id(member.pid).ports());
        let urls = ports.filter(|port| *port != public).map(|port| format!("http://127.0.0.1:{port}"));
        urls.into_iter().find(|url| Client::new(url, "").get(PROBE).is_ok_and(|reply| reply.status == 200))
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        self.wrangler.stop();
    }
}

fn folder() -> PathBuf {
    root().join("benches/baseline")
}

/// Installs Hono, unless the lock file is the one it was installed from.
fn install() -> Result<()> {
    let lock = std::fs::read(folder().join("package-lock.json"))?;
    let marker = folder().join("node_modules/.installed-lock");
    if std::fs::read(&marker).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    step("Installing Hono for the baseline", || {
        process::output(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder()))?;
        Ok(std::fs::write(&marker, &lock)?)
    })
}

fn wrangler() -> Result<Command> {
    let mut command = xtask::npm::wrangler()?;
    command.current_dir(folder());
    Ok(command)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("no free port")?.local_addr()?.port())
}
