//! D1, seen by one tenant at a time.
//!
//! Invariant: SQL reaches D1 only from here, as `.sql` files; on a tenant's table only through [`TenantDb`], which
//! binds the tenant as `?1`. A native test plans every file and fails on one without that predicate.

/// The statement in a file, named after it.
macro_rules! sql {
    ($file:literal) => {
        $crate::store::Sql { name: $file, text: include_str!($file) }
    };
}

/// The same, on a tenant's table.
macro_rules! scoped {
    ($file:literal) => {
        $crate::store::Scoped::new(sql!($file))
    };
}

pub(crate) mod bulk;
pub(crate) mod case_codes;
pub(crate) mod changes;
pub(crate) mod clock_reviews;
pub(crate) mod commit;
pub(crate) mod complaints;
pub(crate) mod counters;
pub(crate) mod deliveries;
pub(crate) mod export;
pub(crate) mod external_references;
pub(crate) mod history;
pub(crate) mod inbound_mails;
pub(crate) mod intake;
pub(crate) mod keys;
pub(crate) mod letter_templates;
pub(crate) mod locks;
pub(crate) mod notifications;
pub(crate) mod people;
pub(crate) mod promised;
pub(crate) mod relocation;
pub(crate) mod sessions;
pub(crate) mod stored_files;
pub(crate) mod system;
pub(crate) mod teams;
pub(crate) mod tenant_events;
pub(crate) mod uploads;
pub(crate) mod views;
pub(crate) mod webhooks;

use crate::platform::{self, Fault, Freshness, Runtime, Statements};
use futures_util::{
    FutureExt as _,
    future::{LocalBoxFuture, join, ready},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{ids::TenantId, json, tenant::placement::ShardId};
use std::{cell::OnceCell, rc::Rc};

/// What D1 could not do.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// A unique value is taken; nothing was written.
    #[error("taken: {0:?}")]
    Taken(Unique),
    /// D1 does not answer, or not now. Repeating an idempotent call may succeed.
    #[error("busy: {0}")]
    Busy(Fault),
    /// The tenant is held; nothing was written. It will be let go.
    #[error("held")]
    Held,
    /// The case is locked by somebody else, or the lock that the request names has ended; nothing was written.
    #[error("locked")]
    Locked,
    /// There are as many as there may be; nothing was written.
    #[error("full: {0}")]
    Full(&'static str),
    /// Something is wrong on this side.
    #[error("broken: {0}")]
    Broken(Fault),
}

impl StoreError {
    /// What is stored cannot be read, or what is to be stored cannot be written, as what it should be.
    pub(crate) fn unreadable(error: impl std::fmt::Display) -> Self {
        Self::Broken(Fault { dependency: "d1", message: error.to_string() })
    }
}

/// Which unique value is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unique {
    /// The idempotency key: the request was served before.
    IdempotencyKey,
    /// The next version: another writer was first.
    Version,
    /// The drawn reference.
    Reference,
    /// The place in lists: the next draw gives another.
    Place,
    /// The tenant's own id for the complaint.
    ExternalReference,
    /// The tenant's slug.
    Slug,
    /// The name of an owner's view.
    ViewName,
    /// The user name, the address, the account at a provider, or the directory's id of somebody of the staff or of a team; a team's name.
    Person(&'static str),
}

/// How `SQLite` names what is taken, and what that means.
const UNIQUE: [(&str, Unique); 17] = [
    ("idempotency.key", Unique::IdempotencyKey),
    ("view_requests.key", Unique::IdempotencyKey),
    ("webhook_endpoints.key", Unique::IdempotencyKey),
    ("uploads.key", Unique::IdempotencyKey),
    ("events.seq", Unique::Version),
    ("letter_templates.version", Unique::Version),
    ("complaints.reference", Unique::Reference),
    ("complaints.place", Unique::Place),
    ("external_references.external_reference", Unique::ExternalReference),
    ("tenants.slug", Unique::Slug),
    ("views.name", Unique::ViewName),
    ("people.user_name", Unique::Person("user_name")),
    ("people.email", Unique::Person("email")),
    ("people.external_id", Unique::Person("external_id")),
    ("person_accounts.issuer", Unique::Person("account")),
    ("teams.name", Unique::Person("name")),
    ("teams.external_id", Unique::Person("external_id")),
];

/// How `SQLite` names what is NULL where the tenant is held: see `events/append.sql` and `external_references/`; and what
/// the triggers of a hold say.
const HELD: [&str; 3] = [
    "NOT NULL constraint failed: events.seq",
    "NOT NULL constraint failed: external_references.complaint_id",
    "the tenant is held",
];

/// How `SQLite` names what is NULL where a lock forbids the write: see `events/append.sql`.
const LOCKED: &str = "NOT NULL constraint failed: events.at";

/// How `SQLite` names what is NULL where there are enough, and what a tenant has then: see the `insert.sql` of each.
const FULL: [(&str, &str); 6] = [
    ("NOT NULL constraint failed: views.version", "at most 200 views: delete one first"),
    ("NOT NULL constraint failed: letter_templates.nr", "at most 2,000 versions of templates"),
    ("NOT NULL constraint failed: webhook_endpoints.version", "at most 20 endpoints of webhooks: delete one first"),
    ("NOT NULL constraint failed: people.version", NO_SEAT),
    ("NOT NULL constraint failed: teams.version", "at most 1,000 teams"),
    ("the last admin", LAST_ADMIN),
];

/// There is no seat for somebody.
pub(crate) const NO_SEAT: &str = "no seat left: deactivate somebody, or ask for a larger plan";
/// Nobody could let others in any more.
pub(crate) const LAST_ADMIN: &str = "at least one active admin: make somebody else one first";

/// D1 gives its reasons only as text.
impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        let has = |part: &&str| fault.message.contains(*part);
        if let Some((_, most)) = FULL.iter().find(|(column, _)| has(column)) {
            return Self::Full(most);
        }
        let taken = UNIQUE.iter().find(|(column, _)| has(column)).map(|(_, what)| *what);
        match taken {
            Some(what) if has(&"UNIQUE constraint failed") => Self::Taken(what),
            _ if HELD.iter().any(has) => Self::Held,
            _ if has(&LOCKED) => Self::Locked,
            _ if fault.is_transient() => Self::Busy(fault),
            _ => Self::Broken(fault),
        }
    }
}

/// SQL, and the file that it is in, by which the log names it.
#[derive(Clone, Copy)]
pub(crate) struct Sql {
    name: &'static str,
    text: &'static str,
}

/// SQL on a tenant's table. Looked at when the constant is compiled, planned by a test.
#[derive(Clone, Copy)]
pub(crate) struct Scoped(Sql);

impl Scoped {
    pub(crate) const fn new(sql: Sql) -> Self {
        assert!(contains(sql.text.as_bytes(), b"tenant_id"), "SQL on a tenant's table must name tenant_id");
        assert!(contains(sql.text.as_bytes(), b"?1"), "SQL on a tenant's table must bind the tenant as ?1");
        Self(sql)
    }
}

#[allow(clippy::indexing_slicing, reason = "runs at compile time only")]
const fn contains(text: &[u8], part: &[u8]) -> bool {
    let mut at = 0;
    while at + part.len() <= text.len() {
        let mut same = 0;
        while same < part.len() && text[at + same] == part[same] {
            same += 1;
        }
        if same == part.len() {
            return true;
        }
        at += 1;
    }
    false
}

/// How long it takes until a busy database is asked again, in milliseconds: so long, then twice as long, …
const BUSY_MILLIS: u32 = 250;

/// Statements that go to D1 together: one call, one transaction.
#[derive(Default)]
pub(crate) struct Batch {
    json: String,
    /// Parameters that are not written into the JSON: see [`TenantBatch::with_list`].
    lists: Vec<u8>,
    listed: u32,
    /// What each statement is called.
    names: Vec<&'static str>,
    /// Whether it is of one statement that gives one text, and the answer is that text and not JSON.
    plain: bool,
    fault: Option<serde_json::Error>,
}

impl Batch {
    /// Adds a statement. `parameters` is a tuple or `()`; they are bound in its order, after `first` if given.
    fn add(&mut self, sql: Sql, first: Option<TenantId>, parameters: impl Serialize) {
        self.add_written(sql, first, serde_json::to_string(&parameters));
    }

    fn add_written(&mut self, sql: Sql, first: Option<TenantId>, parameters: serde_json::Result<String>) {
        match parameters.and_then(|parameters| Ok((serde_json::to_string(sql.text)?, parameters))) {
            Ok((text, parameters)) => {
                self.names.push(sql.name);
                self.json.push_str(if self.json.is_empty() { "[[" } else { ",[" });
                self.json.push_str(&text);
                if let Some(tenant) = first {
                    self.json.push_str(&format!(",\"{tenant}\""));
                }
                // The parameters are a JSON list already (`null` for none): go on in this one with its items.
                if let Some(items) = parameters.strip_prefix('[') {
                    self.json.push(',');
                    self.json.push_str(items);
                } else {
                    self.json.push(']');
                }
            }
            Err(error) => self.fault = Some(error),
        }
    }

    const fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The rows of each statement, as JSON; or one text.
    async fn answer(
        mut self,
        runtime: &Runtime,
        shard: ShardId,
        freshness: Freshness,
        patience: u32,
    ) -> Result<String, StoreError> {
        if let Some(error) = self.fault {
            return Err(StoreError::unreadable(error));
        }
        self.json.push(']');
        let Self { json, lists, plain, names, .. } = &self;
        let statements = Statements { json, lists, plain: *plain, names };
        let count = u32::try_from(names.len()).unwrap_or_default();
        let mut tries = 0;
        loop {
            runtime.meter.statements.set(runtime.meter.statements.get() + count);
            let answer = runtime.d1(shard, freshness, &statements).await;
            match answer.map_err(StoreError::from) {
                Err(StoreError::Busy(_)) if tries < patience => tries += 1,
                answer => return answer,
            }
            platform::sleep(BUSY_MILLIS * tries).await;
        }
    }
}

/// Reads [`Batch::answer`] as a tuple with the rows of each statement.
fn rows_of<T: DeserializeOwned>(answer: &str) -> Result<T, StoreError> {
    json::from_str(answer).map_err(|error| StoreError::unreadable(format_args!("unexpected rows: {error}")))
}

/// One shard, as one tenant sees it.
#[derive(Clone)]
pub(crate) struct TenantDb {
    runtime: Runtime,
    shard: ShardId,
    tenant: TenantId,
    freshness: Freshness,
    patience: u32,
}

/// A row that is one text, mostly a document.
#[derive(Deserialize)]
pub(crate) struct DocRow {
    pub(crate) doc: String,
}

/// Statements of one tenant.
pub(crate) struct TenantBatch {
    batch: Batch,
    tenant: TenantId,
}

impl TenantDb {
    /// Called by the gateway, by operators' handlers for the tenant's own record, and by what goes on after a request that the
    /// gateway let in, which names its tenant: nobody else knows one.
    pub(crate) const fn new(runtime: Runtime, shard: ShardId, tenant: TenantId) -> Self {
        Self { runtime, shard, tenant, freshness: Freshness::Latest, patience: 0 }
    }

    /// The same, asked so many times more while the database is busy. A write whose answer was lost is then tried again, and
    /// finds itself done.
    pub(crate) fn patient(self, patience: u32) -> Self {
        Self { patience, ..self }
    }

    /// The same, for reading what is at least so fresh.
    pub(crate) fn at(self, freshness: Freshness) -> Self {
        Self { freshness, ..self }
    }

    /// Whether what is in `other` lies in the same database.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.shard == other.shard
    }

    fn batch(&self) -> TenantBatch {
        TenantBatch { batch: Batch::default(), tenant: self.tenant }
    }

    async fn run<T: DeserializeOwned>(&self, batch: TenantBatch) -> Result<T, StoreError> {
        rows_of(&batch.batch.answer(&self.runtime, self.shard, self.freshness, self.patience).await?)
    }

    /// All rows of one statement.
    async fn rows<R: DeserializeOwned>(&self, sql: Scoped, parameters: impl Serialize) -> Result<Vec<R>, StoreError> {
        let (rows,) = self.run::<(Vec<R>,)>(self.batch().with(sql, parameters)).await?;
        Ok(rows)
    }

    /// The one text that a statement gives, as it is: escaping a page of summaries as JSON and reading that again costs
    /// more than all the rest of a list. Empty if it gives none.
    async fn text(&self, sql: Scoped, parameters: impl Serialize) -> Result<String, StoreError> {
        let TenantBatch { mut batch, .. } = self.batch().with(sql, parameters);
        batch.plain = true;
        batch.answer(&self.runtime, self.shard, self.freshness, self.patience).await
    }

    /// The rows of each statement, each one text. (One shape of answer for many: another costs as much wasm as a function.)
    pub(crate) async fn texts(&self, batch: TenantBatch) -> Result<Vec<Vec<String>>, StoreError> {
        let answers: Vec<Vec<DocRow>> = self.run(batch).await?;
        Ok(answers.into_iter().map(|rows| rows.into_iter().map(|row| row.doc).collect()).collect())
    }

    /// The first row of one statement, if there is one.
    async fn row<R: DeserializeOwned>(&self, sql: Scoped, parameters: impl Serialize) -> Result<Option<R>, StoreError> {
        Ok(self.rows(sql, parameters).await?.into_iter().next())
    }
}

impl TenantBatch {
    /// Adds a statement whose `?1` is the tenant and whose `?2`, … are `parameters`.
    fn with(mut self, sql: Scoped, parameters: impl Serialize) -> Self {
        self.batch.add(sql.0, Some(self.tenant), parameters);
        self
    }

    /// Adds a statement whose `?1` is the tenant, whose `?2` is a long JSON list, and whose `?3`, … are `parameters`.
    fn with_list(mut self, sql: Scoped, list: &[u8], parameters: impl Serialize) -> Self {
        let batch = &mut self.batch;
        if batch.listed > 0 {
            // JSON has none of its own.
            batch.lists.push(b'\n');
        }
        batch.lists.extend_from_slice(list);
        let at = format!("[{{\"list\":{}}}", batch.listed);
        batch.listed += 1;
        let written = serde_json::to_string(&parameters).map(|rest| match rest.strip_prefix('[') {
            Some(items) => format!("{at},{items}"),
            None => format!("{at}]"),
        });
        self.batch.add_written(sql.0, Some(self.tenant), written);
        self
    }
}

/// Asks all at the same time; the answers come in the order of the questions. (`join_all` is made for thousands, and costs
/// as many bytes of wasm as a handler. Boxed, so that waiting is compiled once and not once a question.)
pub(crate) async fn together<'q, A: 'q>(questions: impl Iterator<Item = impl Future<Output = A> + 'q>) -> Vec<A> {
    let (asked, answers): (Vec<_>, Vec<_>) = questions
        .map(|question| {
            let answer = Rc::new(OnceCell::new());
            let told = Rc::clone(&answer);
            let asked: LocalBoxFuture<'q, ()> = Box::pin(async move { _ = told.set(question.await) });
            (asked, answer)
        })
        .unzip();
    all(asked).await;
    answers.into_iter().filter_map(|answer| Rc::into_inner(answer)?.into_inner()).collect()
}

fn all(asked: Vec<LocalBoxFuture<'_, ()>>) -> LocalBoxFuture<'_, ()> {
    let nothing: LocalBoxFuture<'_, ()> = Box::pin(ready(()));
    asked.into_iter().fold(nothing, |others, one| Box::pin(join(others, one).map(|_| ())))
}

/// Bytes after which a list is cut: no parameter of D1 may have more than two million.
const LIST_BYTES: usize = 1_000_000;

/// A cell of a row that is written.
enum Cell<'c> {
    /// Whatever it holds.
    Text(&'c str),
    /// It is JSON: of what has to be escaped it has quotation marks and backslashes alone.
    Json(&'c str),
    /// It has nothing that has to be escaped: names and tokens of our own.
    Plain(&'c str),
    Number(i64),
    Nothing,
}

/// Rows of cells, as JSON lists that are not too long.
#[derive(Default)]
struct Lists(Vec<Vec<u8>>);

impl Lists {
    fn row(&mut self, cells: &[Cell<'_>]) {
        let mut row = Vec::with_capacity(8_192);
        for cell in cells {
            row.push(if row.is_empty() { b'[' } else { b',' });
            match cell {
                // Texts can be written, and a vector takes all that is.
                Cell::Text(text) => _ = serde_json::to_writer(&mut row, text),
                Cell::Json(text) => {
                    row.push(b'"');
                    let mut rest = text.as_bytes();
                    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
                        let (plain, special) = rest.split_at(at);
                        row.extend_from_slice(plain);
                        row.push(b'\\');
                        row.extend(special.first());
                        rest = special.get(1..).unwrap_or_default();
                    }
                    row.extend_from_slice(rest);
                    row.push(b'"');
                }
                Cell::Plain(text) => {
                    row.push(b'"');
                    row.extend_from_slice(text.as_bytes());
                    row.push(b'"');
                }
                Cell::Number(number) => row.extend_from_slice(number.to_string().as_bytes()),
                Cell::Nothing => row.extend_from_slice(b"null"),
            }
        }
        row.push(b']');
        let row = narrow(row);
        match self.0.last_mut() {
            Some(list) if list.len() + row.len() < LIST_BYTES => list.push(b','),
            _ => self.0.push(vec![b'[']),
        }
        self.0.last_mut().into_iter().for_each(|list| list.extend_from_slice(&row));
    }

    /// The lists, whole.
    fn finish(mut self) -> Vec<Vec<u8>> {
        self.0.iter_mut().for_each(|list| list.push(b']'));
        self.0
    }
}

/// The same JSON with escapes for what is not ASCII, if that is little. JavaScript keeps a text that is ASCII alone in half the bytes,
/// and so reads and writes it, here and in D1, in half the time.
fn narrow(json: Vec<u8>) -> Vec<u8> {
    let Some(mut rest) = first_wide(&json).and_then(|_| str::from_utf8(&json).ok()) else { return json };
    let most = json.len() + json.len() / 8;
    let mut narrow = String::with_capacity(most);
    while let Some((ascii, wide)) = first_wide(rest.as_bytes()).and_then(|at| rest.split_at_checked(at)) {
        narrow.push_str(ascii);
        let mut letters = wide.chars();
        if let Some(letter) = letters.next() {
            letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| narrow.push_str(&format!("\\u{unit:04x}")));
        }
        rest = letters.as_str();
        if narrow.len() + rest.len() > most {
            return json;
        }
    }
    narrow.push_str(rest);
    narrow.into_bytes()
}

/// Where the first byte is that is not ASCII. Eight at a time: rows are long, and nearly all of them is.
fn first_wide(bytes: &[u8]) -> Option<usize> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (eights, _) = bytes.as_chunks::<8>();
    let ascii = 8 * eights.iter().take_while(|eight| u64::from_ne_bytes(**eight) & HIGH == 0).count();
    let wide = bytes.get(ascii..)?.iter().position(|byte| !byte.is_ascii())?;
    Some(ascii + wide)
}

/// Rows as JSON lists that are not too long.
fn parts<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Vec<String>, StoreError> {
    let mut lists: Vec<String> = Vec::new();
    for row in rows {
        let row = to_json(&row)?;
        match lists.last_mut() {
            Some(list) if list.len() + row.len() < LIST_BYTES => {
                list.push(',');
                list.push_str(&row);
            }
            _ => lists.push(format!("[{row}")),
        }
    }
    lists.iter_mut().for_each(|list| list.push(']'));
    Ok(lists)
}

/// A parameter that is a list or a document travels as JSON text.
fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::unreadable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn lists_are_cut_before_they_are_too_long() {
        let row = "x".repeat(300_000);
        let lists = parts(vec![&row; 7]).unwrap();
        assert_eq!(lists.len(), 3);
        let rows: Vec<Vec<String>> = lists.iter().map(|list| json::from_str(list).unwrap()).collect();
        assert_eq!(rows.concat(), vec![row; 7]);
        assert_eq!(parts(Vec::<u8>::new()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_ascii_is_escaped_where_it_is_little() {
        let english = format!("It’s late 😀. {}", "Nobody has called me back about the fee on my account. ".repeat(9));
        let (doc, cyrillic) = (r#"{"a":"it’s \"late\""}"#, "Никто не перезвонил");
        let mut lists = Lists::default();
        lists.row(&[Cell::Text(&english), Cell::Json(doc), Cell::Plain("x"), Cell::Number(7), Cell::Nothing]);
        lists.row(&[Cell::Text(cyrillic)]);
        let [list] = lists.finish().try_into().unwrap();
        let [escaped, kept]: [Value; 2] = serde_json::from_slice(&list).unwrap();
        assert_eq!((escaped, kept), (json!([english, doc, "x", 7, null]), json!([cyrillic])));
        let list = String::from_utf8(list).unwrap();
        assert!(list.contains(r"It\u2019s") && list.contains(r"\ud83d\ude00") && list.contains(cyrillic), "{list}");
    }
}
