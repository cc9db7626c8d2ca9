//! Child processes that never outlive their purpose.
//!
//! Every child gets a process group of its own and is on a list until it has ended, so that Ctrl-C or a failure in the middle of
//! anything ends it together with all that it started. On Linux the family is read from `/proc`, which also finds descendants that
//! moved to another group (`cargo test` starting a stack); elsewhere the group has to do.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// Set by [`stop_all`].
static STOPPING: AtomicBool = AtomicBool::new(false);

/// Whether everything is being ended, so that a failure now is no news.
pub fn stopping() -> bool {
    STOPPING.load(Ordering::Relaxed)
}

/// Process groups that are running now.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn running() -> std::sync::MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A started process and everything it starts in turn. Dropping it ends them all.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
}

/// Starts a command in a process group of its own.
pub fn spawn(command: &mut Command) -> Result<Running> {
    use std::os::unix::process::CommandExt;
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.process_group(0).spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("`{name}` is missing on this machine or not in PATH"),
        _ => anyhow!("`{name}` did not start: {error}"),
    })?;
    running().push(child.id());
    Ok(Running { child, name })
}

/// Runs a command to its end with its output shown. Failure is an error that names the command.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = describe(command);
    let status = spawn(command.stdin(Stdio::null()))?.wait()?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command to its end with its output kept. Failure is an error that ends with the last of what it said.
pub fn output(command: &mut Command) -> Result<Output> {
    let shown = describe(command);
    let child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let output = child.into_output()?;
    if !output.status.success() {
        let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        bail!("`{shown}` failed ({}): {}", output.status, gist(&String::from_utf8_lossy(&said)));
    }
    Ok(output)
}

/// What a log says went wrong, on one line: its first errors, or else its last words.
pub fn gist(log: &str) -> String {
    let lines: Vec<&str> =
        log.lines().map(str::trim).filter(|line| line.chars().filter(|c| c.is_alphanumeric()).count() > 12).collect();
    let errors: Vec<&str> =
        lines.iter().copied().filter(|line| line.to_lowercase().contains("error")).take(3).collect();
    if errors.is_empty() { lines[lines.len().saturating_sub(3)..].join(" | ") } else { errors.join(" | ") }
}

/// Ends everything this process has started: for the signal handler.
pub fn stop_all() {
    STOPPING.store(true, Ordering::Relaxed);
    let groups: Vec<u32> = running().clone();
    let families: Vec<Family> = groups.into_iter().map(Family::of).collect();
    for family in &families {
        family.interrupt();
    }
    let deadline = Instant::now() + GRACE;
    for family in &families {
        family.wait_until(deadline);
        family.kill();
    }
}

/// How long a process may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(8);

impl Running {
    /// The process id, which is also its group's.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, or `None` while it runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait().with_context(|| format!("waiting for `{}`", self.name))?;
        if status.is_some() {
            self.forget();
        }
        Ok(status)
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().with_context(|| format!("waiting for `{}`", self.name))?;
        self.forget();
        Ok(status)
    }

    fn into_output(mut self) -> Result<Output> {
        // `wait_with_output` wants the child by value; reading the two pipes from two threads keeps either from filling up.
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        std::thread::scope(|threads| {
            threads.spawn(|| out.map(|mut pipe| std::io::Read::read_to_end(&mut pipe, &mut stdout)));
            err.map(|mut pipe| std::io::Read::read_to_end(&mut pipe, &mut stderr))
        });
        let status = self.wait()?;
        Ok(Output { status, stdout, stderr })
    }

    /// Asks it to end, waits, and kills what is left of it and of what it started.
    pub fn stop(&mut self) {
        let family = Family::of(self.id());
        family.interrupt();
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline && (matches!(self.child.try_wait(), Ok(None)) || family.alive()) {
            std::thread::sleep(Duration::from_millis(20));
        }
        family.kill();
        let _ = self.child.wait();
        self.forget();
    }

    /// Kills it and everything it started at once, as a power cut would.
    pub fn kill(&mut self) {
        Family::of(self.id()).kill();
        let _ = self.child.wait();
        self.forget();
    }

    fn forget(&self) {
        running().retain(|group| *group != self.id());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
        self.forget();
    }
}

/// A process, told apart from a later one with the same id by the moment it started.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Process id.
    pub pid: u32,
    /// Kernel ticks at its start.
    pub started: u64,
    parent: u32,
    group: u32,
}

/// A process, its descendants, and the process groups they are in, as of one moment.
#[derive(Debug)]
pub struct Family {
    root: u32,
    members: Vec<Member>,
}

impl Family {
    /// The family of a process that leads its own group.
    pub fn of(root: u32) -> Family {
        let everyone = everyone();
        let mut pids = HashSet::from([root]);
        let mut groups = HashSet::from([root]);
        loop {
            let before = pids.len();
            for process in &everyone {
                if pids.contains(&process.parent) || groups.contains(&process.group) {
                    pids.insert(process.pid);
                    // A group is the family's own only when a member leads it: children inherit their parent's group.
                    if process.group == process.pid {
                        groups.insert(process.group);
                    }
                }
            }
            if pids.len() == before {
                break;
            }
        }
        Family { root, members: everyone.into_iter().filter(|process| pids.contains(&process.pid)).collect() }
    }

    /// Its processes (on Linux).
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    fn interrupt(&self) {
        let groups: HashSet<u32> =
            self.members.iter().map(|m| m.group).filter(|group| self.members.iter().any(|m| m.pid == *group)).collect();
        for group in groups.into_iter().chain([self.root]) {
            let _ = killpg(pid(group), Signal::SIGINT);
        }
    }

    fn alive(&self) -> bool {
        let now: HashSet<(u32, u64)> = everyone().into_iter().map(|process| (process.pid, process.started)).collect();
        self.members.iter().any(|member| now.contains(&(member.pid, member.started)))
    }

    fn wait_until(&self, deadline: Instant) {
        while self.alive() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills whatever of it still runs.
    pub fn kill(&self) {
        let _ = killpg(pid(self.root), Signal::SIGKILL);
        let now: HashSet<(u32, u64)> = everyone().into_iter().map(|process| (process.pid, process.started)).collect();
        for member in self.members.iter().filter(|member| now.contains(&(member.pid, member.started))) {
            let _ = kill(pid(member.pid), Signal::SIGKILL);
        }
        self.wait_until(Instant::now() + Duration::from_secs(2));
    }
}

/// Stops a process where it is, without ending it.
pub fn halt(process: u32) {
    let _ = kill(pid(process), Signal::SIGSTOP);
}

/// Lets a halted process go on.
pub fn resume(process: u32) {
    let _ = kill(pid(process), Signal::SIGCONT);
}

fn pid(raw: u32) -> Pid {
    Pid::from_raw(raw.cast_signed())
}

/// When a running process was started, or `None` if there is none with this id.
pub fn started(pid: u32) -> Option<u64> {
    stat(pid).map(|process| process.started)
}

/// Every living process (empty where there is no `/proc`).
fn everyone() -> Vec<Member> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| stat(entry.file_name().to_str()?.parse().ok()?)).collect()
}

fn stat(pid: u32) -> Option<Member> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before the last parenthesis may itself hold spaces and parentheses.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let zombie = matches!(fields.first(), Some(&"Z" | &"X"));
    let number = |index: usize| fields.get(index)?.parse().ok();
    (!zombie).then_some(())?;
    Some(Member { pid, parent: number(1)?, group: number(2)?, started: fields.get(19)?.parse().ok()? })
}

fn describe(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    std::iter::once(name)
        .chain(command.get_args().take(3).map(|arg| arg.to_string_lossy().into_owned()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopping_ends_the_grandchildren_too() -> Result<()> {
        let mut parent = spawn(Command::new("sh").args(["-c", "trap '' INT; sleep 600 & sleep 600"]))?;
        while Family::of(parent.id()).members().len() < 3 {
            std::thread::sleep(Duration::from_millis(10));
        }
        let family = Family::of(parent.id());
        parent.kill();
        assert!(!family.alive());
        Ok(())
    }

    #[test]
    fn the_gist_is_the_first_errors_or_the_last_words() {
        assert_eq!(
            gist("Reading package lists\nE: error: no such package\nbye for now, everyone"),
            "E: error: no such package"
        );
        assert_eq!(
            gist("The first of the lines\n\n----\nThe second of the lines"),
            "The first of the lines | The second of the lines"
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program-here")).unwrap_err();
        assert_eq!(error.to_string(), "`no-such-program-here` is missing on this machine or not in PATH");
    }
}
