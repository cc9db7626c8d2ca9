//! Clients as they should be: each works on complaints of its own, and repeats a request with the same key until it is answered. What was
//! asked and answered goes to the ledger before the client goes on.

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::ledger::{Entry, Ledger, What, marker};
use super::plan::{self, Errand, Step};
use crate::api::{Client, Reply};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long it waits before it asks again.
const PAUSE: Duration = Duration::from_millis(100);
/// The complaints that a client goes on working with.
const OWN: usize = 60;
/// Numbers of requests are a client's own.
const OPS: u64 = 1_000_000;

/// What clients and the storm share.
#[derive(Debug)]
pub struct World {
    /// Where the stack is reached; nowhere while it is dead.
    address: Mutex<Option<String>>,
    /// Clients finish what they have begun.
    pub ending: AtomicBool,
    /// Clients leave also that.
    pub over: AtomicBool,
    /// Nobody keeps the stack going any more.
    pub closed: AtomicBool,
    /// The clients' log.
    pub ledger: Ledger,
}

impl World {
    /// A world in which nothing runs yet.
    pub fn new(ledger: Ledger) -> World {
        World {
            address: Mutex::new(None),
            ending: AtomicBool::new(false),
            over: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            ledger,
        }
    }

    /// Says where the stack is.
    pub fn moved(&self, address: Option<&str>) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address.map(str::to_owned);
    }

    /// Where it is.
    pub fn address(&self) -> Option<String> {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends everybody home.
    pub fn close(&self) {
        for flag in [&self.ending, &self.over, &self.closed] {
            flag.store(true, Ordering::SeqCst);
        }
    }

    /// Whether clients are to go home.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

/// A write as it was sent, to send it once more.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its number.
    pub op: u64,
    /// The key that it was sent with.
    pub token: String,
    /// Where to.
    pub path: String,
    /// Its idempotency key.
    pub key: String,
    /// The version that it was on.
    pub version: Option<String>,
    /// What it said.
    pub body: Value,
}

impl Sent {
    /// Sends it.
    pub fn send(&self, client: &Client) -> Result<Reply> {
        match &self.version {
            Some(version) => client.command(&self.path, &self.key, version, &self.body),
            None => client.post(&self.path, &self.key, &self.body),
        }
    }
}

/// A client of a firm.
pub struct Writer<'w> {
    world: &'w World,
    number: u64,
    tenant: String,
    key: String,
    seed: u64,
    client: Option<(String, Client)>,
    ops: u64,
    own: Vec<Own>,
    sent: Vec<Sent>,
}

/// A complaint that a client has logged.
struct Own {
    id: String,
    /// None where it has to be read first.
    version: Option<u64>,
    acknowledged: bool,
}

impl<'w> Writer<'w> {
    /// The client with this number, which works for a firm with a key.
    pub fn new(world: &'w World, number: u64, seed: u64, tenant: &str, key: &str) -> Writer<'w> {
        let (tenant, key) = (tenant.to_owned(), key.to_owned());
        Writer { world, number, tenant, key, seed, client: None, ops: 0, own: Vec::new(), sent: Vec::new() }
    }

    /// Works until the storm ends, and says which writes were done. What is not settled when all is over is left as it is.
    pub fn work(mut self) -> Result<Vec<Sent>> {
        for step in plan::steps(self.seed, self.number) {
            if self.world.ending.load(Ordering::SeqCst) || self.world.is_over() {
                break;
            }
            self.perform(step)?;
            sleep(Duration::from_millis(step.rest));
        }
        Ok(self.sent)
    }

    /// Sends a write until it is answered for good.
    fn write(&mut self, op: u64, path: String, version: Option<String>, body: Value) -> Result<Option<Reply>> {
        let sent = Sent { op, token: self.key.clone(), path, key: key_of(self.seed, op), version, body };
        let reply = self.settle(op, |client| sent.send(client))?;
        if reply.as_ref().is_some_and(|reply| reply.status < 300) {
            self.sent.push(sent);
        }
        Ok(reply)
    }

    fn perform(&mut self, Step { errand, pick, .. }: Step) -> Result<()> {
        match errand {
            Errand::Log { named } => return self.log(named),
            Errand::Import { rows } => return self.import(rows),
            Errand::Bulk { over } => return self.bulk(over),
            _ => {}
        }
        if self.own.is_empty() {
            return self.log(false);
        }
        let nth = (pick % self.own.len() as u64) as usize;
        match errand {
            Errand::Note => self.command(nth, What::Note, "note", |mark| json!({ "text": format!("Called. {mark}") })),
            Errand::Assign => self.command(nth, What::Assign, "assign", |mark| json!({ "assignee": mark })),
            Errand::Contact => self.command(
                nth,
                What::Contact,
                "contact",
                |mark| json!({ "direction": "out", "channel": "email", "summary": format!("We are on it. {mark}") }),
            ),
            Errand::Acknowledge if self.own.get(nth).is_some_and(|own| own.acknowledged) => self.read(nth).map(drop),
            Errand::Acknowledge => self.command(nth, What::Acknowledge, "acknowledge", |_| json!({})),
            Errand::Attach => self.attach(nth),
            _ => self.read(nth).map(drop),
        }
    }

    fn log(&mut self, named: bool) -> Result<()> {
        let op = self.ask(What::Log, None)?;
        let body = complaint(self.number, op, named);
        let Some(reply) = self.write(op, "/v1/complaints".to_owned(), None, body)? else { return Ok(()) };
        match (reply.status, reply.body["id"].as_str()) {
            (201, Some(id)) => self.owns(id, Some(1)),
            (202, Some(id)) => self.owns(id, None),
            _ => {}
        }
        Ok(())
    }

    fn owns(&mut self, id: &str, version: Option<u64>) {
        if self.own.len() >= OWN {
            self.own.remove(0);
        }
        self.own.push(Own { id: id.to_owned(), version, acknowledged: false });
    }

    /// The version of a complaint, read if it is not known. None: it is not there yet, or the storm is over.
    fn version_of(&mut self, nth: usize) -> Result<Option<u64>> {
        match self.own.get(nth).and_then(|own| own.version) {
            Some(version) => Ok(Some(version)),
            None => self.read(nth),
        }
    }

    fn read(&mut self, nth: usize) -> Result<Option<u64>> {
        let Some(id) = self.own.get(nth).map(|own| own.id.clone()) else { return Ok(None) };
        let op = self.ask(What::Read, Some(&id))?;
        let path = format!("/v1/complaints/{id}");
        let Some(reply) = self.settle(op, |client| client.get(&path))? else { return Ok(None) };
        let version = reply.body["version"].as_u64().filter(|_| reply.status == 200);
        if let Some(own) = self.own.get_mut(nth) {
            own.version = version;
            // It may have been promised under another.
            if let Some(id) = reply.body["id"].as_str().filter(|_| version.is_some()) {
                id.clone_into(&mut own.id);
            }
        }
        Ok(version)
    }

    fn command(&mut self, nth: usize, what: What, name: &str, body: impl Fn(&str) -> Value) -> Result<()> {
        let Some(version) = self.version_of(nth)? else { return Ok(()) };
        let Some(id) = self.own.get(nth).map(|own| own.id.clone()) else { return Ok(()) };
        let op = self.ask(what, Some(&id))?;
        let (path, version) = (format!("/v1/complaints/{id}/{name}"), format!("\"v{version}\""));
        let reply = self.write(op, path, Some(version), body(&marker(op)))?;
        self.goes_on(nth, what, reply);
        Ok(())
    }

    fn attach(&mut self, nth: usize) -> Result<()> {
        if self.version_of(nth)?.is_none() {
            return Ok(());
        }
        let Some(id) = self.own.get(nth).map(|own| own.id.clone()) else { return Ok(()) };
        let op = self.ask(What::Attach, Some(&id))?;
        let mark = marker(op);
        let (path, key) = (format!("/v1/complaints/{id}/attachments?name={mark}.txt"), key_of(self.seed, op));
        let reply = self.settle(op, |client| client.attach(&path, &key, format!("Evidence {mark}").as_bytes()))?;
        self.goes_on(nth, What::Attach, reply);
        Ok(())
    }

    /// Notes the version that a command has made; where it has made none, it is to be read.
    fn goes_on(&mut self, nth: usize, what: What, reply: Option<Reply>) {
        let Some(own) = self.own.get_mut(nth) else { return };
        own.version =
            reply.as_ref().filter(|reply| reply.status == 200).and_then(|reply| reply.body["version"].as_u64());
        own.acknowledged |= what == What::Acknowledge && own.version.is_some();
    }

    fn import(&mut self, rows: u64) -> Result<()> {
        let ops: Vec<u64> = (0..rows).map(|_| self.ask(What::Row, None)).collect::<Result<_>>()?;
        let Some(first) = ops.first().copied() else { return Ok(()) };
        let body: String = ops.iter().map(|op| format!("{}\n", complaint(self.number, *op, false))).collect();
        let key = key_of(self.seed, first);
        let mut attempts = 0;
        while let Some(client) = self.client() {
            attempts += 1;
            match import(&client, &key, &body) {
                Ok(lines) => {
                    for (op, line) in ops.iter().zip(lines) {
                        let status = if line["status"] == "failed" { 422 } else { 201 };
                        let text = |member: &str| line[member].as_str().map(str::to_owned);
                        let (id, reference, code) = (text("id"), text("reference"), text("code"));
                        let replayed = line["status"] == "already";
                        let version = Some(1);
                        let answer =
                            Entry::Answered { op: *op, attempts, status, replayed, id, reference, version, code };
                        self.world.ledger.add(&answer)?;
                    }
                    return Ok(());
                }
                Err(error) => self.unsettled(first, attempts, format!("{error:#}"))?,
            }
        }
        Ok(())
    }

    fn bulk(&mut self, over: u64) -> Result<()> {
        let sure = self.own.iter_mut().rev().filter(|own| own.version.is_some()).take(over as usize);
        // The job changes them.
        let ids: Vec<String> = sure
            .map(|own| {
                own.version = None;
                own.id.clone()
            })
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let op = self.ask(What::Bulk, None)?;
        let body = json!({ "action": { "tag": { "add": [marker(op)] } }, "over": { "complaints": ids } });
        self.write(op, "/v1/bulk".to_owned(), None, body).map(drop)
    }

    /// A new request, noted before it is sent.
    fn ask(&mut self, what: What, complaint: Option<&str>) -> Result<u64> {
        self.ops += 1;
        let op = self.number * OPS + self.ops;
        let (tenant, complaint) = (self.tenant.clone(), complaint.map(str::to_owned));
        self.world.ledger.add(&Entry::Asked { op, tenant, what, complaint })?;
        Ok(op)
    }

    /// Sends a request until it is answered for good; nothing if all is over before.
    fn settle(&mut self, op: u64, send: impl Fn(&Client) -> Result<Reply>) -> Result<Option<Reply>> {
        let mut attempts = 0;
        while let Some(client) = self.client() {
            attempts += 1;
            let why = match send(&client) {
                Ok(reply) if is_settled(&reply) => {
                    let text = |member: &str| reply.body[member].as_str().map(str::to_owned);
                    self.world.ledger.add(&Entry::Answered {
                        op,
                        attempts,
                        status: reply.status,
                        replayed: reply.replayed,
                        id: text("id"),
                        reference: text("reference"),
                        version: reply.body["version"].as_u64(),
                        code: text("code"),
                    })?;
                    return Ok(Some(reply));
                }
                Ok(reply) => reply.complaint(),
                Err(error) => format!("{error:#}"),
            };
            self.unsettled(op, attempts, why)?;
        }
        Ok(None)
    }

    fn unsettled(&self, op: u64, attempt: u64, why: String) -> Result<()> {
        self.world.ledger.add(&Entry::Unsettled { op, attempt, why })?;
        sleep(PAUSE);
        Ok(())
    }

    /// Speaks to the stack, wherever it is now; waits while it is dead.
    fn client(&mut self) -> Option<Client> {
        while !self.world.is_over() {
            if let Some(address) = self.world.address() {
                if self.client.as_ref().is_none_or(|(known, _)| *known != address) {
                    self.client = Some((address.clone(), Client::waiting(PATIENCE, &address, &self.key)));
                }
                return self.client.as_ref().map(|(_, client)| client.clone());
            }
            sleep(Duration::from_millis(10));
        }
        None
    }
}

/// Whether an answer is one for good: a Worker's own, and not one that says to come again.
pub fn is_settled(reply: &Reply) -> bool {
    reply.request_id.is_some() && reply.status < 500 && ![408, 425, 429].contains(&reply.status)
}

/// The idempotency key of a request.
pub fn key_of(seed: u64, op: u64) -> String {
    format!("chaos-{seed}-{op}")
}

/// What a client logs under the number of a request: always the same.
pub fn complaint(writer: u64, op: u64, named: bool) -> Value {
    let mark = marker(op);
    let mut body = json!({
        "complainant": { "name": format!("Client {writer}") },
        "channel": "web",
        "description": format!("A fee was charged twice. {mark}"),
        "tags": ["storm"],
    });
    if named {
        body["external_reference"] = json!(mark);
    }
    body
}

/// The rows of an import's answer, if it came whole.
fn import(client: &Client, key: &str, body: &str) -> Result<Vec<Value>> {
    let answer = match client.import("dry_run=false", key, "application/x-ndjson", body)? {
        Ok(answer) => answer,
        Err(refused) => bail!("{}", refused.complaint()),
    };
    let lines = answer.lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect::<Result<Vec<Value>>>();
    let mut rows = lines.context("the answer was cut")?;
    let summary = rows.pop().context("an answer without a summary")?;
    if summary["summary"]["complete"] != true {
        bail!("the import stopped: {summary}");
    }
    Ok(rows)
}
