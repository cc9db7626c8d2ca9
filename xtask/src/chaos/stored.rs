//! What a stopped stack has on its disk, read from SQLite without the product: its databases and the keys of its bucket.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rusqlite::types::FromSql;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::Value;

/// Everything of it that the checker looks at.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The complaints as they are folded.
    pub complaints: Vec<Complaint>,
    /// What some were to be called by an answer 202, although they had been logged before: tenant, id, reference, the complaint.
    pub promised: Vec<[String; 4]>,
    /// Their events.
    pub events: Vec<Event>,
    /// Who is to be told of which event: tenant, complaint, number, audience.
    pub deliveries: Vec<(String, String, u64, String)>,
    /// What was not told yet.
    pub outbox: Vec<String>,
    /// What was given up, and whether it was tried again since.
    pub dead_letters: Vec<(String, bool)>,
    /// What is counted: tenant, facet, value, how many.
    pub counts: Vec<(String, String, String, i64)>,
    /// Messages to endpoints.
    pub messages: Vec<Message>,
    /// Jobs for many complaints.
    pub jobs: Vec<Job>,
    /// Files: tenant, bytes.
    pub files: Vec<(String, i64)>,
    /// What is counted of them: tenant, bytes.
    pub storage: Vec<(String, i64)>,
    /// The keys in the bucket.
    pub objects: Vec<String>,
}

/// A complaint as it is folded.
#[derive(Clone, Debug, Default)]
pub struct Complaint {
    /// The firm.
    pub tenant: String,
    /// Its id.
    pub id: String,
    /// Its reference.
    pub reference: String,
    /// Its version.
    pub version: u64,
    /// What a read answers.
    pub doc: Value,
    /// The day on which something is due.
    pub due_on: Option<String>,
}

/// An event.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// The firm.
    pub tenant: String,
    /// The complaint.
    pub complaint: String,
    /// Its number.
    pub seq: u64,
    /// The event without its hash, as it was hashed.
    pub body: String,
    /// Its hash.
    pub hash: String,
}

/// A message to an endpoint.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// The firm.
    pub tenant: String,
    /// The endpoint.
    pub endpoint: String,
    /// The complaint.
    pub complaint: String,
    /// The number of the event.
    pub seq: u64,
    /// How it stands.
    pub state: String,
}

/// A job for many complaints.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Whether it is not over.
    pub open: bool,
    /// Its rows.
    pub selected: u64,
    /// Those that changed a complaint.
    pub succeeded: u64,
    /// Those that were refused or had nothing to do.
    pub others: u64,
}

impl Stored {
    /// Reads what is below the state folder of a stack that does not run.
    pub fn read(state: &Path) -> Result<Stored> {
        let mut stored = Stored::default();
        let databases = databases(state)?;
        ensure!(!databases.is_empty(), "there is no database below {}", state.display());
        for path in &databases {
            stored.add(&open(path)?).with_context(|| format!("reading {}", path.display()))?;
        }
        for path in sqlite_files(state)? {
            let database = open(&path)?;
            if has(&database, "_mf_objects") {
                stored.objects.extend(rows(&database, "SELECT key FROM _mf_objects", |row| row.get(0))?);
            }
        }
        Ok(stored)
    }

    fn add(&mut self, database: &Connection) -> Result<()> {
        let complaints = "SELECT tenant_id, id, reference, version, doc, due_on FROM complaints";
        self.complaints.extend(rows(database, complaints, |row| {
            let doc: String = row.get(4)?;
            let doc = serde_json::from_str(&doc).unwrap_or_default();
            let [tenant, id, reference] = texts(row)?;
            Ok(Complaint { tenant, id, reference, version: number(row, 3)?, doc, due_on: row.get(5)? })
        })?);
        let promised = "SELECT tenant_id, id, reference, complaint_id FROM promised_complaints";
        self.promised.extend(rows(database, promised, texts)?);
        let events = "SELECT tenant_id, complaint_id, body, hash, seq FROM events";
        self.events.extend(rows(database, events, |row| {
            let [tenant, complaint, body, hash] = texts(row)?;
            Ok(Event { tenant, complaint, seq: number(row, 4)?, body, hash })
        })?);
        let deliveries = "SELECT tenant_id, complaint_id, audience, seq FROM deliveries";
        self.deliveries.extend(rows(database, deliveries, |row| {
            let [tenant, complaint, audience] = texts(row)?;
            Ok((tenant, complaint, number(row, 3)?, audience))
        })?);
        self.outbox.extend(rows(database, "SELECT message FROM outbox", |row| row.get(0))?);
        let letters = "SELECT message, replayed_at IS NOT NULL FROM dead_letters";
        self.dead_letters.extend(rows(database, letters, |row| Ok((row.get(0)?, row.get(1)?)))?);
        let counts = "SELECT tenant_id, facet, value, n FROM complaint_counts";
        self.counts.extend(rows(database, counts, |row| {
            let [tenant, facet, value] = texts(row)?;
            Ok((tenant, facet, value, row.get(3)?))
        })?);
        let messages = "SELECT tenant_id, endpoint_id, subject, state, seq FROM webhook_messages";
        self.messages.extend(rows(database, messages, |row| {
            let [tenant, endpoint, complaint, state] = texts(row)?;
            Ok(Message { tenant, endpoint, complaint, seq: number(row, 4)?, state })
        })?);
        let jobs = "SELECT id, open, selected, succeeded, skipped + failed FROM bulk_jobs";
        self.jobs.extend(rows(database, jobs, |row| {
            let [selected, succeeded, others] = [number(row, 2)?, number(row, 3)?, number(row, 4)?];
            Ok(Job { id: row.get(0)?, open: row.get(1)?, selected, succeeded, others })
        })?);
        let pairs = |sql| rows(database, sql, |row| Ok((row.get(0)?, row.get(1)?)));
        self.files.extend(pairs("SELECT tenant_id, bytes FROM stored_files")?);
        self.storage.extend(pairs("SELECT tenant_id, bytes FROM storage_used")?);
        Ok(())
    }
}

/// What is still under way on the disk of a stack that does not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Rows of outboxes.
    pub outbox: usize,
    /// Messages that endpoints are still to be told.
    pub messages: usize,
    /// Jobs that are not over.
    pub jobs: usize,
    /// Complaints that wait for their database.
    pub spooled: usize,
}

impl Stored {
    /// What of it is still under way.
    pub fn waiting(&self) -> Waiting {
        Waiting {
            outbox: self.outbox.len(),
            messages: self.messages.iter().filter(|message| message.state != "delivered").count(),
            jobs: self.jobs.iter().filter(|job| job.open).count(),
            spooled: self.objects.iter().filter(|key| key.starts_with("spool/")).count(),
        }
    }
}

/// Puts a row into the outbox of a stack that does not run: of one of its databases, chosen by a number.
pub fn put_into_outbox(state: &Path, nth: usize, tenant: &str, id: &str, message: &str) -> Result<()> {
    let databases = databases(state)?;
    let path = databases.get(nth % databases.len().max(1)).context("there is no database")?;
    let sql = "INSERT INTO outbox (id, tenant_id, message) VALUES (?1, ?2, ?3)";
    Connection::open(path)?.execute(sql, (id, tenant, message))?;
    Ok(())
}

/// The D1 databases of a stack.
fn databases(state: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in sqlite_files(state)? {
        if has(&open(&path)?, "outbox") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn sqlite_files(state: &Path) -> Result<Vec<PathBuf>> {
    let (mut folders, mut found) = (vec![state.join("state")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "sqlite") {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// To read: a log that a killed runtime has left is taken in all the same.
fn open(path: &Path) -> Result<Connection> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE);
    database.with_context(|| format!("opening {}", path.display()))
}

fn has(database: &Connection, table: &str) -> bool {
    database.prepare(&format!("SELECT 1 FROM {table}")).is_ok()
}

fn rows<T>(database: &Connection, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>> {
    let mut statement = database.prepare(sql)?;
    let found = statement.query_map([], read)?.collect::<rusqlite::Result<Vec<T>>>();
    found.with_context(|| sql.to_owned())
}

/// The first columns.
fn texts<const N: usize>(row: &Row<'_>) -> rusqlite::Result<[String; N]> {
    let mut texts = [const { String::new() }; N];
    for (place, text) in texts.iter_mut().enumerate() {
        *text = column(row, place)?;
    }
    Ok(texts)
}

fn column<T: FromSql>(row: &Row<'_>, place: usize) -> rusqlite::Result<T> {
    row.get(place)
}

fn number(row: &Row<'_>, place: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(place)?;
    Ok(number.unsigned_abs())
}
