//! Where the processor time of an operation goes: the runtime's own sampling profiler, asked over its inspector port while the
//! operation runs. Not only our isolate is sampled, since locally D1 and queues are Workers in the same process.
//!
//! The inspector speaks the protocol of Chrome's developer tools (domain `Profiler`): JSON over a web socket for each isolate.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};
use xtask::api::Client;

use crate::process::Process;
use crate::round::Round;

/// Microseconds between samples: each is a signal to the runtime's thread.
const INTERVAL: u32 = 500;
/// The isolates that a request goes through besides the Workers, and what they are.
const ISOLATES: [(&str, &str); 4] =
    [("d1:db", "D1"), ("d1:db:entry", "D1"), ("queues:queue", "queues"), ("core:entry", "wrangler's entry")];
/// How long an isolate may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of each list, and how long they are.
const SHOWN: usize = 24;
const WIDTH: usize = 130;

/// Profilers of all isolates of a process.
pub(crate) struct Profilers(Vec<Profiler>);

struct Profiler {
    isolate: String,
    socket: WebSocket<TcpStream>,
    asked: u32,
}

#[derive(Deserialize)]
struct Inspected {
    id: String,
    #[serde(rename = "webSocketDebuggerUrl")]
    url: String,
}

/// What the inspector answers to `Profiler.stop`.
#[derive(Deserialize)]
struct Profile {
    nodes: Vec<Node>,
}

/// A function at one place in the tree of calls.
#[derive(Deserialize)]
struct Node {
    id: u32,
    #[serde(rename = "callFrame")]
    frame: Frame,
    #[serde(default, rename = "hitCount")]
    hits: u32,
    #[serde(default)]
    children: Vec<u32>,
}

#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "functionName")]
    function: String,
    url: String,
}

impl Profilers {
    /// Connects to the isolates of the process that listens on an inspector port. Ours is reached through wrangler's own
    /// connection at `debugger`: an isolate has one debugger, and wrangler comes back if it is pushed out.
    pub(crate) fn connect(process: &Process, debugger: &str) -> Result<Self> {
        let inspected = process.ports().into_iter().find_map(|port| {
            let client = Client::waiting(Duration::from_secs(2), &format!("http://127.0.0.1:{port}"), "");
            let list = client.get("/json").ok()?;
            serde_json::from_value::<Vec<Inspected>>(list.body).ok()
        });
        let isolates = inspected.context("the runtime listens on no inspector port")?;
        let known =
            |inspected: &Inspected| is_measured(&inspected.id) || ISOLATES.iter().any(|(id, _)| inspected.id == *id);
        let profilers = isolates.into_iter().filter(known).map(|Inspected { id, url }| {
            let url = if id == REDRESS || id == BASELINE { format!("ws://{debugger}/ws") } else { url };
            let socket = open(&url).with_context(|| format!("the debugger of {id}"))?;
            Ok(Profiler { isolate: id, socket, asked: 0 })
        });
        Ok(Self(profilers.collect::<Result<_>>()?))
    }

    /// Begins to sample.
    pub(crate) fn start(&mut self) -> Result<()> {
        for profiler in &mut self.0 {
            profiler.ask("Profiler.enable", json!({}))?;
            profiler.ask("Profiler.setSamplingInterval", json!({ "interval": INTERVAL }))?;
            profiler.ask("Profiler.start", json!({}))?;
        }
        Ok(())
    }

    /// Ends it, and writes a file for each isolate that has done something, for a browser's performance panel.
    pub(crate) fn stop(&mut self, operation: &str, folder: &Path) -> Result<Samples> {
        let mut samples = Samples::default();
        for profiler in &mut self.0 {
            let answer = profiler.ask("Profiler.stop", json!({}))?;
            let profile = Profile::deserialize(&answer["profile"])
                .with_context(|| format!("the profile of {}", profiler.isolate))?;
            if samples.add(&profiler.isolate, &profile) > 0 {
                let name = format!("{operation}-{}.cpuprofile", profiler.isolate.replace(':', "-"));
                std::fs::write(folder.join(name), answer["profile"].to_string())?;
            }
        }
        Ok(samples)
    }
}

fn open(url: &str) -> Result<WebSocket<TcpStream>> {
    let mut request = url.into_client_request()?;
    // wrangler lets in only what could be a developer's tool on this machine.
    request.headers_mut().insert("origin", "http://localhost".parse()?);
    let stream = TcpStream::connect(request.uri().authority().context("an address without a host")?.as_str())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // A profile is one message of many megabytes.
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let (socket, _) =
        tungstenite::client::client_with_config(request, stream, Some(config)).map_err(|error| anyhow!("{error}"))?;
    Ok(socket)
}

impl Profiler {
    fn ask(&mut self, method: &str, params: Value) -> Result<Value> {
        self.asked += 1;
        let question = json!({ "id": self.asked, "method": method, "params": params });
        self.socket.send(Message::text(question.to_string()))?;
        loop {
            let Message::Text(text) = self.socket.read().with_context(|| format!("{method} of {}", self.isolate))?
            else {
                continue;
            };
            let mut answer: Value = serde_json::from_str(&text)?;
            if answer["id"] == self.asked {
                ensure!(answer["error"].is_null(), "{method} of {}: {}", self.isolate, answer["error"]);
                return Ok(answer["result"].take());
            }
        }
    }
}

/// Samples by what they fell on.
#[derive(Default)]
pub(crate) struct Samples {
    groups: BTreeMap<&'static str, u32>,
    /// Where a sample fell: the group and the function.
    own: BTreeMap<(&'static str, String), u32>,
    /// A function of ours, with what it calls.
    whole: BTreeMap<String, u32>,
    all: u32,
}

impl Samples {
    /// Adds those of an isolate, and says how many.
    fn add(&mut self, isolate: &str, profile: &Profile) -> u32 {
        let before = self.all;
        let nodes: BTreeMap<u32, &Node> = profile.nodes.iter().map(|node| (node.id, node)).collect();
        let Some(root) = profile.nodes.first() else { return 0 };
        self.walk(isolate, &nodes, root, &mut Vec::new());
        self.all - before
    }

    /// Returns the samples below and in `node`. A function that calls itself is counted once.
    fn walk(&mut self, isolate: &str, nodes: &BTreeMap<u32, &Node>, node: &Node, callers: &mut Vec<String>) -> u32 {
        let Frame { function, url } = &node.frame;
        let function = plain_name(function);
        let mut below = 0;
        if function != "(idle)" {
            let group = group(isolate, &function, url);
            *self.groups.entry(group).or_default() += node.hits;
            *self.own.entry((group, function.clone())).or_default() += node.hits;
            self.all += node.hits;
            below = node.hits;
        }
        callers.push(function.clone());
        for child in node.children.iter().filter_map(|id| nodes.get(id)) {
            below += self.walk(isolate, nodes, child, callers);
        }
        callers.pop();
        if [WASM, JAVASCRIPT].contains(&group(isolate, &function, url))
            && is_telling(&function)
            && !callers.contains(&function)
        {
            *self.whole.entry(function).or_default() += below;
        }
        below
    }

    /// The groups, in microseconds of a request. `round` is what was sampled; `before` is the same without samples being taken,
    /// which cost some themselves.
    pub(crate) fn groups(&self, round: &Round, before: &Round) -> BTreeMap<&'static str, f64> {
        let micros = |samples: u32| f64::from(samples) * f64::from(INTERVAL) / round.requests.max(1) as f64;
        let mut groups: BTreeMap<_, _> =
            self.groups.iter().map(|(group, samples)| (*group, micros(*samples))).collect();
        let sampled = micros(self.all);
        let all = before.cpu_us.unwrap_or(sampled);
        groups.insert("outside isolates: HTTP, disk, the event loop", (all - sampled).max(0.0));
        groups.insert(ALL, all);
        groups
    }

    /// The functions that cost most, for a terminal.
    pub(crate) fn functions(&self, round: &Round) -> String {
        let line = |name: &str, samples: u32| {
            let micros = f64::from(samples) * f64::from(INTERVAL) / round.requests.max(1) as f64;
            let name: String = name.chars().take(WIDTH).collect();
            format!("{micros:>7.1} µs  {name}\n")
        };
        let mut text =
            format!("By function, without what it calls ({} samples of {} requests):\n", self.all, round.requests);
        let own = self.own.iter().map(|((group, function), samples)| (format!("{group}: {function}"), *samples));
        for (name, samples) in most(own).into_iter().take(SHOWN) {
            text.push_str(&line(&name, samples));
        }
        text.push_str("\nOf the Worker, with what it calls:\n");
        let whole = self.whole.iter().map(|(name, samples)| (name.clone(), *samples));
        for (name, samples) in most(whole).into_iter().take(2 * SHOWN) {
            text.push_str(&line(&name, samples));
        }
        text
    }
}

/// What the sum of all groups is called.
const ALL: &str = "in all";

/// The groups of both stacks beside each other, in microseconds of a request.
pub(crate) fn table(ours: &BTreeMap<&'static str, f64>, theirs: Option<&BTreeMap<&'static str, f64>>) -> String {
    let mut names: Vec<&str> = ours.keys().chain(theirs.into_iter().flat_map(BTreeMap::keys)).copied().collect();
    let of = |groups: &BTreeMap<&'static str, f64>, name: &str| groups.get(name).copied().unwrap_or_default();
    names.sort_by(|a, b| (*a == ALL).cmp(&(*b == ALL)).then(of(ours, b).total_cmp(&of(ours, a))));
    names.dedup();
    let mut text =
        format!("{:46} {:>9} {:>9}   µs a request\n", "", "redress", if theirs.is_some() { "baseline" } else { "" });
    for name in names {
        let theirs = theirs.map_or_else(String::new, |theirs| format!("{:.0}", of(theirs, name)));
        text.push_str(&format!("{name:46} {:>9.0} {theirs:>9}\n", of(ours, name)));
    }
    text
}

fn most<N: Ord>(samples: impl Iterator<Item = (N, u32)>) -> Vec<(N, u32)> {
    let mut samples: Vec<_> = samples.collect();
    samples.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then(a.cmp(b)));
    samples
}

const REDRESS: &str = "core:user:redress";
/// It serves imports.
const MIDDLE: &str = "core:user:redress-middle";
const BASELINE: &str = "core:user:redress-baseline";

/// Whether it is a Worker that serves what is measured.
fn is_measured(isolate: &str) -> bool {
    [REDRESS, MIDDLE, BASELINE].contains(&isolate)
}

/// What a frame belongs to.
fn group(isolate: &str, function: &str, url: &str) -> &'static str {
    let native = url.is_empty();
    match isolate {
        worker if is_measured(worker) => match url {
            _ if url.starts_with("wasm:") => WASM,
            _ if url.contains("d1-api") => "the Worker, D1's binding",
            _ if url.contains("internal:") => "the Worker, the runtime's JavaScript",
            _ if function == "(garbage collector)" => "the Worker, garbage collection",
            _ if native => "the Worker, native calls",
            _ => JAVASCRIPT,
        },
        _ if native && isolate.starts_with("d1") => "D1, native (SQLite)",
        other => ISOLATES.iter().find(|(id, _)| *id == other).map_or("others", |(_, name)| name),
    }
}

const WASM: &str = "the Worker, wasm";
const JAVASCRIPT: &str = "the Worker, JavaScript";

/// What every function of ours is called through: nothing is learnt from it.
const PLUMBING: [&str; 6] = ["wasm_bindgen", "js_sys", "core::panic", "std::panicking", "axum::", "worker::send"];

fn is_telling(function: &str) -> bool {
    !PLUMBING.iter().any(|part| function.contains(part)) && !function.starts_with("js-to-wasm")
}

/// A function's name without the hash of its crate.
fn plain_name(name: &str) -> String {
    let demangled = format!("{:#}", rustc_demangle::demangle(name));
    let mut text = String::new();
    let mut rest = demangled.as_str();
    while let Some((before, after)) = rest.split_once('[') {
        text.push_str(before);
        let (inside, beyond) = after.split_once(']').unwrap_or((after, ""));
        if inside.len() < 8 || !inside.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            text.push('[');
            text.push_str(inside);
            text.push(']');
        }
        rest = beyond;
    }
    text.push_str(rest);
    if text.is_empty() { "(anonymous)".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        let frame = |function: &str, url: &str| json!({ "functionName": function, "url": url });
        serde_json::from_value(json!({ "nodes": [
            { "id": 1, "callFrame": frame("(root)", ""), "children": [2, 3] },
            { "id": 2, "callFrame": frame("(idle)", ""), "hitCount": 90 },
            { "id": 3, "callFrame": frame("serve", "wasm://wasm/1"), "hitCount": 2, "children": [4, 5] },
            { "id": 4, "callFrame": frame("serve", "wasm://wasm/1"), "hitCount": 3 },
            { "id": 5, "callFrame": frame("d1", "file:///index.js"), "hitCount": 5 },
        ] }))
        .unwrap()
    }

    #[test]
    fn samples_fall_on_groups_and_functions_and_idle_ones_on_none() {
        let mut samples = Samples::default();
        assert_eq!(samples.add(REDRESS, &profile()), 10);
        assert_eq!(samples.groups[WASM], 5);
        assert_eq!(samples.groups[JAVASCRIPT], 5);
        assert_eq!(samples.whole["serve"], 10);
        assert_eq!(samples.whole["d1"], 5);
    }

    #[test]
    fn what_no_sample_fell_on_was_outside() {
        let mut samples = Samples::default();
        samples.add(REDRESS, &profile());
        let of = |cpu_us, requests| Round { requests, cpu_us: Some(cpu_us), ..Round::default() };
        let groups = samples.groups(&of(2_000.0, 10), &of(1_000.0, 20));
        assert_eq!((groups[WASM], groups[JAVASCRIPT], groups[ALL]), (250.0, 250.0, 1_000.0));
        let text = table(&groups, Some(&BTreeMap::from([(WASM, 0.0), (ALL, 700.0)])));
        assert!(text.contains("outside isolates: HTTP, disk, the event loop         500         0\n"), "{text}");
        assert!(text.ends_with("1000       700\n"), "{text}");
    }

    #[test]
    fn names_are_as_in_the_source() {
        assert_eq!(
            plain_name("<redress[9a664e141cc9317e]::store::Batch>::answer::{closure#0}"),
            "<redress::store::Batch>::answer::{closure#0}"
        );
        assert_eq!(plain_name("from_str::<[u8]>"), "from_str::<[u8]>");
        assert_eq!(plain_name(""), "(anonymous)");
    }
}
