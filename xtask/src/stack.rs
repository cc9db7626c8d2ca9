//! A running stack: one cell, which is its Workers as built, on workerd with its own D1, R2, KV, Queues and Durable Objects on disk,
//! started and stopped through `wrangler dev`.
//!
//! Everything of a stack lives in its state folder: data, a copy of the build, the configuration made from `wrangler.toml`, secrets,
//! log. Several stacks run side by side and a build does not disturb them. What a stack starts ends with it. Stacks of one group
//! (`cells.rs`) share the directory and reach each other; others do not.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::Client;
use crate::checkout::root;
use crate::digest::Fingerprint;
use crate::npm;
use crate::process::{self, Family, Running};
use crate::secrets::{self, Secrets};
use crate::wasm::{self, FRONT, WORKERS, Worker};
use crate::wrangler_toml::{self, LOCAL};

const START_TIMEOUT: Duration = Duration::from_secs(90);
/// How long an address may take to answer before it is asked again, or taken for another: some of the runtime's never do.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How to run a stack.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything of the stack is kept.
    pub state: PathBuf,
    /// Which cell of `wrangler.toml` it is.
    pub cell: String,
    /// The folder with what the cells of a group share; none for a stack by itself.
    pub group: Option<PathBuf>,
    /// Cells that get a second isolate.
    pub doubled: Vec<String>,
    /// The public port; a free one when not given.
    pub port: Option<u16>,
    /// Variables that differ from those in `wrangler.toml`.
    pub vars: BTreeMap<String, String>,
    /// Whether the state is deleted in the end.
    pub temporary: bool,
    /// Whether the docs page is served.
    pub assets: bool,
    /// Whether the Worker's functions keep their names.
    pub names: bool,
    /// Whether what the Workers are bound to can be made to fail.
    pub faulty: bool,
}

impl Options {
    /// A stack that keeps its data in `state`.
    pub fn in_state(state: PathBuf) -> Options {
        Options {
            state,
            cell: LOCAL.to_owned(),
            group: None,
            doubled: Vec::new(),
            port: None,
            vars: BTreeMap::new(),
            temporary: false,
            assets: true,
            names: false,
            faulty: false,
        }
    }

    /// A stack with a fresh state that is deleted in the end.
    pub fn temporary() -> Options {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        static ONCE: Once = Once::new();
        ONCE.call_once(delete_abandoned);
        let name = format!("{TEMPORARY}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Options { temporary: true, ..Options::in_state(std::env::temp_dir().join(name)) }
    }

    /// Chooses the cell: `local` if not called.
    #[must_use]
    pub fn cell(mut self, name: &str) -> Options {
        name.clone_into(&mut self.cell);
        self
    }

    /// Runs a cell's front Worker a second time, in an isolate of its own over the same data and the same Durable Objects, as production
    /// does with many: see [`Stack::second_isolate`].
    #[must_use]
    pub fn second_isolate_of(mut self, cell: &str) -> Options {
        self.doubled.push(cell.to_owned());
        self
    }

    fn is_doubled(&self) -> bool {
        self.doubled.contains(&self.cell)
    }

    /// Sets a variable of the Worker.
    #[must_use]
    pub fn var(mut self, name: &str, value: &str) -> Options {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Refuses what is certain to fail: a port in use, a state folder on which a stack is running.
    pub fn require_free(&self) -> Result<()> {
        end_leftovers(&self.state)?;
        match self.port {
            Some(port) if TcpListener::bind(("127.0.0.1", port)).is_err() => {
                bail!("port {port} is in use: stop what listens there, or choose another with --port")
            }
            _ => Ok(()),
        }
    }

    /// Without the docs page: for assets `wrangler dev` puts two more Workers before ours, which production does not,
    /// and a measurement would mostly measure them.
    #[must_use]
    pub fn without_assets(mut self) -> Options {
        self.assets = false;
        self
    }

    /// With the names of the Worker's functions, for profiles.
    #[must_use]
    pub fn with_names(mut self) -> Options {
        self.names = true;
        self
    }

    /// With bindings that fail when they are told to: see `tests/faulty.js`.
    #[must_use]
    pub fn faulty(mut self) -> Options {
        self.faulty = true;
        self
    }

    /// Chooses the public port.
    #[must_use]
    pub fn port(mut self, port: Option<u16>) -> Options {
        self.port = port;
        self
    }
}

/// A stack that answers. Dropping it stops it.
#[derive(Debug)]
pub struct Stack {
    options: Options,
    secrets: Secrets,
    main: Option<Served>,
    door: Option<Served>,
    base_url: String,
    inner_url: String,
    inspector: String,
}

/// A `wrangler dev` that answers.
#[derive(Debug)]
struct Served {
    wrangler: Running,
    base_url: String,
    inner_url: String,
    inspector: String,
}

impl Stack {
    /// Starts a stack of the Workers as built, with its migrations applied, and waits until it answers.
    pub fn start(options: Options) -> Result<Stack> {
        options.require_free()?;
        std::fs::create_dir_all(&options.state).with_context(|| format!("creating {}", options.state.display()))?;
        let secrets = secrets::load_or_create()?;
        wasm::copy_to(&options.state.join("worker"), options.names)?;
        secrets.write_for(&options.cell, &options.state.join(".dev.vars"))?;
        write_configuration(&options, &secrets)?;
        if let Some(group) = &options.group {
            share_directory(&options.state, group)?;
        }
        migrate(&options.state)?;
        let [base_url, inner_url, inspector] = [(); 3].map(|()| String::new());
        let mut stack = Stack { options, secrets, main: None, door: None, base_url, inner_url, inspector };
        stack.launch()?;
        Ok(stack)
    }

    /// The name of its cell.
    pub fn cell(&self) -> &str {
        &self.options.cell
    }

    /// Where everything of it is kept.
    pub fn state(&self) -> &Path {
        &self.options.state
    }

    /// The address that clients use (wrangler's development proxy).
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address of workerd itself, without wrangler's development proxy. Where it cannot be found, the public one.
    pub fn inner_url(&self) -> &str {
        &self.inner_url
    }

    /// Where the Worker's debugger listens, as host and port.
    pub fn inspector(&self) -> &str {
        &self.inspector
    }

    /// The address of the second isolate, if [`Options::second_isolate_of`] asked for one. It has the data, the queues and the Durable
    /// Objects of the first, and nothing of what the first keeps in memory.
    pub fn second_isolate(&self) -> Option<&str> {
        self.door.as_ref().map(|door| door.inner_url.as_str())
    }

    /// The operator key.
    pub fn operator_key(&self) -> &str {
        &self.secrets.operator_key
    }

    /// A client with the operator key.
    pub fn operator(&self) -> Client {
        Client::new(&self.base_url, self.operator_key())
    }

    /// What wrangler and the Worker have logged.
    pub fn log(&self) -> PathBuf {
        log(&self.options.state)
    }

    /// Fires the cron triggers once, as production does every minute; nothing fires them locally otherwise. Only workerd itself takes
    /// that for another Worker than the front; wrangler's proxy before it keeps the header.
    pub fn tick(&self) -> Result<()> {
        for worker in self.crons()? {
            match Client::new(&self.inner_url, "").tick(&worker)? {
                200 => {}
                status => bail!("the scheduled handler of {worker} answered {status}"),
            }
        }
        Ok(())
    }

    /// Has a mail come to the cell, with this envelope. Whether it was accepted, and else what its sender is told.
    pub fn mail(&self, from: &str, to: &str, raw: &[u8]) -> Result<Option<String>> {
        let config = std::fs::read(self.options.state.join(config_file(wasm::MIDDLE)))?;
        let config: Value = serde_json::from_slice(&config)?;
        Client::new(&self.inner_url, "").mail(text(&config["name"]), (from, to), raw)
    }

    /// The names of the Workers that have a cron trigger.
    pub fn crons(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for worker in WORKERS {
            let config: Value = serde_json::from_slice(&std::fs::read(self.options.state.join(config_file(worker)))?)?;
            if !config["triggers"]["crons"].is_null() {
                names.push(text(&config["name"]).to_owned());
            }
        }
        Ok(names)
    }

    /// Memory in use by the runtime's processes, in bytes (Linux; 0 elsewhere).
    pub fn memory(&self) -> u64 {
        self.runtimes().map(|pid| resident_bytes(pid).unwrap_or(0)).sum()
    }

    /// Processor time that the runtime's processes have taken (Linux; 0 elsewhere).
    pub fn processor_time(&self) -> Duration {
        self.runtimes().map(|pid| processor_time(pid).unwrap_or_default()).sum()
    }

    /// Kills every process of the stack at once, as a power cut would. [`Stack::restart`] starts it on what reached the disk.
    pub fn kill(&mut self) {
        for mut served in self.served() {
            served.wrangler.kill();
        }
    }

    /// Kills every process of the stack at once while others may still ask it. [`Stack::kill`] and [`Stack::restart`] come after it.
    pub fn kill_now(&self) {
        for served in [&self.door, &self.main].into_iter().flatten() {
            Family::of(served.wrangler.id()).kill();
        }
    }

    /// Stops the stack in good order and leaves no process behind.
    pub fn stop(&mut self) {
        for mut served in self.served() {
            served.wrangler.stop();
        }
    }

    /// Halts the runtime where it is, without ending it: connections are accepted and nothing is answered, until [`Stack::resume`].
    pub fn halt(&self) {
        self.runtimes().for_each(process::halt);
    }

    /// Lets a halted runtime go on.
    pub fn resume(&self) {
        self.runtimes().for_each(process::resume);
    }

    /// Starts again on the same state and, if it was chosen, the same port.
    pub fn restart(&mut self) -> Result<()> {
        self.stop();
        self.launch()
    }

    /// Whether the stack has ended by itself.
    pub fn ended(&mut self) -> Result<bool> {
        Ok(match &mut self.main {
            Some(main) => main.wrangler.ended()?.is_some(),
            None => true,
        })
    }

    /// What runs, in the order in which it is to be ended.
    fn served(&mut self) -> impl Iterator<Item = Served> + use<> {
        [self.door.take(), self.main.take()].into_iter().flatten()
    }

    fn launch(&mut self) -> Result<()> {
        forget_addresses(&self.options)?;
        let doubled = self.options.is_doubled();
        let second = doubled.then(|| SECOND_CONFIG.to_owned());
        let configs: Vec<String> = WORKERS.map(config_file).into_iter().chain(second).collect();
        let main = again_if_locked(|| serve(&self.options, &configs, self.options.port))?;
        self.base_url.clone_from(&main.base_url);
        self.inner_url.clone_from(&main.inner_url);
        self.inspector.clone_from(&main.inspector);
        self.main = Some(main);
        if doubled {
            self.door = Some(serve(&self.options, &[DOOR_CONFIG.to_owned()], None)?);
        }
        Ok(())
    }

    /// The workerd processes of this stack.
    fn runtimes(&self) -> impl Iterator<Item = u32> {
        let family = self.main.as_ref().map(|main| Family::of(main.wrangler.id()));
        let pids: Vec<u32> = family.iter().flat_map(Family::members).map(|member| member.pid).collect();
        pids.into_iter().filter(|pid| arguments(*pid).first().is_some_and(|program| program.ends_with("workerd")))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.stop();
        if self.options.temporary {
            let _ = std::fs::remove_dir_all(&self.options.state);
        }
    }
}

/// Starts `wrangler dev` on configurations of a state folder and waits until the first of them answers.
fn serve(options: &Options, configs: &[String], chosen: Option<u16>) -> Result<Served> {
    // A free port may be taken by another stack between being found and being used; a chosen one is simply busy.
    let mut attempts = if chosen.is_some() { 1 } else { 3 };
    loop {
        let port = chosen.map_or_else(free_port, Ok)?;
        attempts -= 1;
        match serve_on(port, options, configs) {
            Err(error) if attempts > 0 && error.to_string().contains("ddress already in use") => {}
            result => return result,
        }
    }
}

fn serve_on(port: u16, options: &Options, configs: &[String]) -> Result<Served> {
    let state = &options.state;
    let log_file = OpenOptions::new().create(true).append(true).open(log(state));
    let log_file = log_file.with_context(|| format!("opening {}", log(state).display()))?;
    let log_start = log_file.metadata()?.len();
    let inspector_port = free_port()?;
    let mut command = npm::wrangler()?;
    command
        .args(["dev", "--local", "--ip", "127.0.0.1", "--show-interactive-dev-session=false", "--log-level", "log"])
        .args(["--port", &port.to_string(), "--inspector-port", &inspector_port.to_string()])
        .args(configs.iter().flat_map(|config| [PathBuf::from("--config"), state.join(config)]))
        .arg("--persist-to")
        .arg(data(state))
        .env("WRANGLER_REGISTRY_PATH", registry(options))
        .stdin(Stdio::null())
        .stdout(log_file.try_clone()?)
        .stderr(log_file);
    let mut wrangler = process::spawn(&mut command)?;
    record(state, configs, wrangler.id())?;
    let base_url = format!("http://127.0.0.1:{port}");
    wait_until_healthy(&base_url, port, &mut wrangler, state, log_start)?;
    let inner_url = inner_url(wrangler.id()).unwrap_or_else(|| base_url.clone());
    Ok(Served { wrangler, base_url, inner_url, inspector: format!("127.0.0.1:{inspector_port}") })
}

/// How the folders of temporary stacks are called: this, the process that made it, a number.
const TEMPORARY: &str = "redress-";

/// Deletes the temporary folders of processes that were killed before they could, and ends stacks that still run there.
fn delete_abandoned() {
    // Where processes cannot be looked up, none can be known to be gone.
    if process::started(std::process::id()).is_none() {
        return;
    }
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(TEMPORARY)?.split_once('-')?.0.parse().ok());
        let stacks = stacks_in(&entry.path());
        if owner.is_some_and(|owner| process::started(owner).is_none())
            && !stacks.is_empty()
            && stacks.iter().all(|stack| end_leftovers(stack).is_ok())
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The state folders of the stacks in a folder: itself, or those of a group's cells.
pub fn stacks_in(folder: &Path) -> Vec<PathBuf> {
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    std::iter::once(folder.to_owned()).chain(below).filter(|state| state.join(config_file(FRONT)).exists()).collect()
}

/// Deletes what stacks have left in a state folder, and nothing else that may be there.
pub fn delete_state(state: &Path) -> Result<()> {
    end_leftovers(state)?;
    for entry in ["state", "worker", "registry", "directory", ".wrangler"] {
        let path = state.join(entry);
        if path.exists() {
            std::fs::remove_dir_all(&path).with_context(|| format!("deleting {}", path.display()))?;
        }
    }
    let configs = configs();
    let files = [DOOR, "wrangler.log", ".dev.vars", "migrations-applied", "demo.json"];
    for entry in files.into_iter().chain(RUNNING).chain(configs.iter().map(String::as_str)) {
        let path = state.join(entry);
        if path.exists() {
            std::fs::remove_file(&path).with_context(|| format!("deleting {}", path.display()))?;
        }
    }
    Ok(())
}

/// The name of the configuration made for a Worker of a stack, in its state folder.
fn config_file(worker: Worker) -> String {
    format!("wrangler-{}.json", worker.name)
}

/// The names of all configurations that a stack may have.
fn configs() -> Vec<String> {
    WORKERS.map(config_file).into_iter().chain([SECOND_CONFIG, DOOR_CONFIG].map(str::to_owned)).collect()
}

/// The name of that of the front Worker's second isolate.
const SECOND_CONFIG: &str = "wrangler-second.json";
/// That of the Worker through which the second isolate is reached: of several Workers in one process only the first has a port.
const DOOR_CONFIG: &str = "wrangler-door.json";
/// The code of that Worker.
const DOOR: &str = "door.js";
/// The module that is loaded: see there.
const WHOLE: &str = "whole.js";
/// The module that makes bindings fail.
const FAULTY: &str = "faulty.js";
/// Notes of who runs on a state folder.
const RUNNING: [&str; 2] = ["running.json", "running-door.json"];

/// Where Workers running on this machine find each other: a file for each, called after it.
fn registry(options: &Options) -> PathBuf {
    options.group.as_ref().unwrap_or(&options.state).join("registry")
}

/// A stack that was killed left its addresses behind; for a minute and more they would be taken for good.
fn forget_addresses(options: &Options) -> Result<()> {
    for config in configs() {
        let Ok(config) = std::fs::read(options.state.join(config)) else { continue };
        let config: Value = serde_json::from_slice(&config)?;
        let _ = std::fs::remove_file(registry(options).join(text(&config["name"])));
    }
    Ok(())
}

fn data(state: &Path) -> PathBuf {
    state.join("state")
}

fn log(state: &Path) -> PathBuf {
    state.join("wrangler.log")
}

/// Writes the configurations of a stack, and of what its second isolate needs.
fn write_configuration(options: &Options, secrets: &Secrets) -> Result<()> {
    let write = |name: &str, config: &Value| -> Result<()> {
        Ok(std::fs::write(options.state.join(name), serde_json::to_string_pretty(config)?)?)
    };
    for worker in WORKERS {
        write(&config_file(worker), &config(options, worker, secrets)?)?;
    }
    if !options.is_doubled() {
        return Ok(());
    }
    let front = config(options, FRONT, secrets)?;
    let second = second(&front)?;
    write(SECOND_CONFIG, &second)?;
    write(
        DOOR_CONFIG,
        &json!({
            "name": format!("{}-door", text(&second["name"])),
            "main": options.state.join(DOOR),
            "compatibility_date": front["compatibility_date"],
            "services": [{ "binding": "NEXT", "service": second["name"] }],
        }),
    )?;
    let door = "export default { fetch: (request, env) => env.NEXT.fetch(request) };\n";
    Ok(std::fs::write(options.state.join(DOOR), door)?)
}

/// A Worker's configuration for this stack: its cell, its own copy of the build, its own variables, absolute paths, no build step.
fn config(options: &Options, worker: Worker, secrets: &Secrets) -> Result<Value> {
    let mut config = wrangler_toml::flattened(&wrangler_toml::read(worker)?, &options.cell)?;
    wrangler_toml::name_placeholders(&mut config);
    let members = config.as_object_mut().context("the configuration is not a table")?;
    // The addresses of production would be taken for the request's.
    for unused in ["build", "routes"] {
        members.remove(unused);
    }
    let build = options.state.join("worker").join(worker.name);
    let module = if options.faulty { FAULTY } else { "entry.js" };
    if options.faulty {
        std::fs::copy(root().join("tests").join(FAULTY), build.join(FAULTY)).context(FAULTY)?;
    }
    std::fs::write(build.join(WHOLE), include_str!("whole.js").replace("entry.js", module)).context(WHOLE)?;
    members.insert("main".to_owned(), json!(build.join(WHOLE)));
    // Of each Worker, wrangler would make a bundle that is the same, and go on watching its files.
    members.insert("no_bundle".to_owned(), json!(true));
    members.insert("rules".to_owned(), json!([{ "type": "ESModule", "globs": ["**/*.js"] }]));
    if !options.assets {
        members.remove("assets");
    }
    // What binds no data is told nothing.
    if let Some(vars) = config.get_mut("vars").and_then(Value::as_object_mut) {
        vars.insert("CELL_KEYS".to_owned(), json!(secrets.cell_keys()?));
        // The local runtime knows none.
        vars.remove("JURISDICTION");
        vars.extend(options.vars.iter().map(|(name, value)| (name.clone(), json!(value))));
    }
    if let Some(assets) = config.pointer("/assets/directory").and_then(Value::as_str) {
        let assets = root().join(assets);
        std::fs::create_dir_all(&assets)?;
        config["assets"]["directory"] = json!(assets);
    }
    for database in config.get_mut("d1_databases").and_then(Value::as_array_mut).into_iter().flatten() {
        database["migrations_dir"] = json!(migrations());
    }
    Ok(config)
}

/// The same front Worker once more, over the same data and the same other Workers.
fn second(first: &Value) -> Result<Value> {
    let mut second = first.clone();
    second.as_object_mut().context("the configuration is not a table")?.remove("assets");
    second["name"] = json!(format!("{}-second", text(&first["name"])));
    Ok(second)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Puts the group's directory in the place where a stack keeps its KV. Everything else of it is in its own folder.
fn share_directory(state: &Path, group: &Path) -> Result<()> {
    let (shared, own) = (group.join("directory"), data(state).join("v3/kv"));
    std::fs::create_dir_all(&shared)?;
    std::fs::create_dir_all(data(state).join("v3"))?;
    match std::os::unix::fs::symlink(&shared, &own) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && own.is_symlink() => Ok(()),
        result => result.with_context(|| format!("linking {}", own.display())),
    }
}

fn migrations() -> PathBuf {
    root().join("d1-migrations")
}

/// Applies the migrations to every database of a state folder, unless these very migrations were applied to it before. What is new is a
/// copy of databases that were made once and are kept.
fn migrate(state: &Path) -> Result<()> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(migrations())
        .context("d1-migrations")?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "sql"))
        .collect();
    files.sort();
    let mut fingerprint = Fingerprint::default();
    for file in &files {
        fingerprint.add(file.to_string_lossy().as_bytes());
        fingerprint.add(&std::fs::read(file)?);
    }
    let fingerprint = fingerprint.finish();
    let marker = state.join("migrations-applied");
    if files.is_empty() || std::fs::read_to_string(&marker).is_ok_and(|applied| applied == fingerprint) {
        return Ok(());
    }
    let config = state.join(config_file(FRONT));
    let databases = serde_json::from_slice::<Value>(&std::fs::read(&config)?)?["d1_databases"].take();
    let own = data(state).join(DATABASES);
    if own.exists() {
        apply_migrations(&config, &databases, &data(state))?;
    } else {
        let mut kind = Fingerprint::default();
        kind.add(fingerprint.as_bytes());
        kind.add(databases.to_string().as_bytes());
        kind.add(&std::fs::read(root().join("package-lock.json"))?);
        let kept = root().join("target/migrated").join(kind.finish());
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.exists() {
            let made = kept.with_extension(std::process::id().to_string());
            apply_migrations(&config, &databases, &made)?;
            // Another process may have been first.
            if std::fs::rename(&made, &kept).is_err() {
                std::fs::remove_dir_all(&made)?;
            }
        }
        copy_folder(&kept.join(DATABASES), &own)?;
    }
    Ok(std::fs::write(marker, fingerprint)?)
}

/// Where the local runtime has its databases, below its data.
const DATABASES: &str = "v3/d1";

fn apply_migrations(config: &Path, databases: &Value, data: &Path) -> Result<()> {
    for database in databases.as_array().into_iter().flatten() {
        let binding = database["binding"].as_str().context("a database without a binding")?;
        let mut command = npm::wrangler()?;
        command.args(["d1", "migrations", "apply", binding, "--local", "--config"]).arg(config);
        process::output(command.arg("--persist-to").arg(data)).with_context(|| format!("migrating {binding}"))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("copying {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Notes who runs on a state folder, for [`end_leftovers`].
fn record(state: &Path, configs: &[String], wrangler: u32) -> Result<()> {
    let [main, door] = RUNNING;
    let note = if configs.iter().any(|config| config == DOOR_CONFIG) { door } else { main };
    let process = |pid| json!({ "pid": pid, "started": process::started(pid) });
    let record = json!({ "wrangler": process(wrangler), "owner": process(std::process::id()) });
    Ok(std::fs::write(state.join(note), record.to_string())?)
}

/// A process that a note names, if it still runs.
fn alive(record: &Value, who: &str) -> Option<u32> {
    let pid = u32::try_from(record[who]["pid"].as_u64()?).ok()?;
    (process::started(pid)? == record[who]["started"].as_u64()?).then_some(pid)
}

/// The `wrangler dev` that runs on a state folder, also one that is only starting.
pub fn runs_on(state: &Path) -> Option<u32> {
    let record = std::fs::read_to_string(state.join(RUNNING[0])).ok()?;
    alive(&serde_json::from_str(&record).ok()?, "wrangler")
}

/// Two stacks on one state would corrupt it: refuses if the other is in use, ends it if whoever started it was killed.
fn end_leftovers(state: &Path) -> Result<()> {
    for name in RUNNING {
        let Ok(text) = std::fs::read_to_string(state.join(name)) else { continue };
        let record: Value = serde_json::from_str(&text).unwrap_or_default();
        let alive = |who| alive(&record, who);
        match (alive("wrangler"), alive("owner")) {
            (Some(_), Some(owner)) => bail!(
                "a stack is running on {} (process {owner}): stop it first, or choose another with --state",
                state.display()
            ),
            (Some(wrangler), None) => Family::of(wrangler).kill(),
            _ => {}
        }
    }
    Ok(())
}

/// The cells of a group share one directory: of two runtimes that open it at the same moment, one may be locked out and end.
fn again_if_locked<T>(mut start: impl FnMut() -> Result<T>) -> Result<T> {
    const TRIES: usize = 3;
    for _ in 1..TRIES {
        match start() {
            Err(error) if error.to_string().contains("database is locked") => {
                std::thread::sleep(Duration::from_secs(1))
            }
            done => return done,
        }
    }
    start()
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("no free port")?.local_addr()?.port())
}

fn wait_until_healthy(base_url: &str, port: u16, wrangler: &mut Running, state: &Path, log_start: u64) -> Result<()> {
    let client = Client::waiting(PROBE_TIMEOUT, base_url, "");
    let started = Instant::now();
    loop {
        // Another stack may have got the port first, and is well: this one then ends, and is started on another.
        if client.get("/healthz").is_ok_and(|reply| reply.status == 200) && listens(wrangler.id(), port) {
            return Ok(());
        }
        let said = || {
            let whole = std::fs::read(log(state)).unwrap_or_default();
            let since_start = whole.get(log_start as usize..).unwrap_or_default();
            process::gist(&String::from_utf8_lossy(since_start))
        };
        if wrangler.ended()?.is_some() {
            bail!("wrangler dev ended at once ({}): {}", log(state).display(), said());
        }
        if started.elapsed() > START_TIMEOUT {
            bail!("{base_url}/healthz does not answer ({}): {}", log(state).display(), said());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Of the workerd processes below wrangler, one serves the Worker on a random port of its own. Which port is found by asking.
fn inner_url(wrangler: u32) -> Option<String> {
    let family = Family::of(wrangler);
    let entry = family
        .members()
        .iter()
        .find(|member| arguments(member.pid).iter().any(|arg| arg == "--socket-addr=entry=127.0.0.1:0"))?;
    listening_ports(entry.pid).into_iter().map(|port| format!("http://127.0.0.1:{port}")).find(|url| {
        let reply = Client::waiting(PROBE_TIMEOUT, url, "").get("/healthz");
        reply.is_ok_and(|reply| reply.status == 200)
    })
}

/// Whether a process or one below it accepts connections on a port.
fn listens(pid: u32, port: u16) -> bool {
    Family::of(pid).members().iter().any(|member| listening_ports(member.pid).contains(&port))
}

fn arguments(pid: u32) -> Vec<String> {
    let raw = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    raw.split(|byte| *byte == 0).map(|arg| String::from_utf8_lossy(arg).into_owned()).collect()
}

fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes: u64 =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}

/// In ticks of 10 ms (proc(5): `utime` and `stime`, the 14th and 15th field, behind the name in parentheses).
fn processor_time(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks * 10))
}

/// Ports on which a process accepts connections: its sockets, looked up among the listening ones of the system.
fn listening_ports(pid: u32) -> Vec<u16> {
    const LISTEN: &str = "0A";
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|fd| {
            Some(std::fs::read_link(fd.path()).ok()?.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    table
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (local, status, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
            let ours = *status == LISTEN && sockets.iter().any(|socket| socket == inode);
            ours.then(|| u16::from_str_radix(local.rsplit(':').next()?, 16).ok()).flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_port_is_of_who_accepts_connections_on_it() {
        let socket = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let mut other = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(listens(std::process::id(), port));
        assert!(!listens(other.id(), port), "it is another's");
        other.kill().unwrap();
        other.wait().unwrap();
        drop(socket);
        assert!(!listens(std::process::id(), port), "nobody's any more");
    }
}
