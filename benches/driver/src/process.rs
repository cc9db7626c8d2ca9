//! Memory and processor time of the `workerd` that listens on a port, from Linux's `/proc`.
//!
//! On another system nothing is found and the figures stay empty: the bench works without them.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

/// A running server process.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    /// Its folder below `/proc`.
    folder: PathBuf,
}

/// Resident memory in MiB.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) now_mib: f64,
    pub(crate) peak_mib: f64,
}

impl Process {
    /// The process with this id.
    pub(crate) fn with_id(pid: u32) -> Self {
        Self { folder: PathBuf::from(format!("/proc/{pid}")) }
    }

    /// The process that listens on this TCP port.
    pub(crate) fn listening_on(port: u16) -> Option<Self> {
        let folders = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
        folders.map(|folder| Self { folder }).find(|process| process.ports().contains(&port))
    }

    /// The TCP ports that the process listens on.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let descriptors = fs::read_dir(self.folder.join("fd")).into_iter().flatten().flatten();
        let sockets: HashSet<_> = descriptors.filter_map(|entry| fs::read_link(entry.path()).ok()).collect();
        let mut listeners = listeners();
        listeners.retain(|(_, inode)| sockets.contains(Path::new(&format!("socket:[{inode}]"))));
        listeners.into_iter().map(|(port, _)| port).collect()
    }

    /// Processor time used so far, in user and kernel mode.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        // The name in field 2 may hold spaces; user and system time are fields 14 and 15.
        let stat = fs::read_to_string(self.folder.join("stat")).ok()?;
        let (_, after_name) = stat.rsplit_once(')')?;
        let mut times = after_name.split_whitespace().skip(11).map(|ticks| ticks.parse::<u64>().ok());
        let ticks = times.next()?? + times.next()??;
        // Linux reports in hundredths of a second on every architecture that matters here.
        Some(Duration::from_millis(ticks * 10))
    }

    /// Resident memory, and the most it ever was.
    pub(crate) fn memory(&self) -> Option<Memory> {
        let status = fs::read_to_string(self.folder.join("status")).ok()?;
        let mib = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field))?;
            Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
        };
        Some(Memory { now_mib: mib("VmRSS:")?, peak_mib: mib("VmHWM:")? })
    }

    /// Waits until the process has done next to nothing for `quiet`, so that work left behind by
    /// one round (outbox, queue) neither slows the next one nor goes uncounted. Returns how long
    /// the work went on.
    pub(crate) async fn settle(&self, quiet: Duration) -> Duration {
        const PATIENCE: Duration = Duration::from_secs(60);
        const IDLE: Duration = Duration::from_millis(20);
        let start = Instant::now();
        let mut busy_until = start;
        let mut used = self.cpu_time();
        while busy_until.elapsed() < quiet && start.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self.cpu_time();
            if let (Some(before), Some(after)) = (used, now)
                && after.saturating_sub(before) >= IDLE
            {
                busy_until = Instant::now();
            }
            used = now;
        }
        busy_until - start
    }
}

/// Port and inode of every socket that listens over IPv4.
fn listeners() -> Vec<(u16, u64)> {
    const LISTEN: &str = "0A";
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let listener = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let (_, port) = local.split_once(':')?;
        (*state == LISTEN).then_some((u16::from_str_radix(port, 16).ok()?, inode.parse().ok()?))
    };
    table.lines().skip(1).filter_map(listener).collect()
}
