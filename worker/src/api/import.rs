//! `POST /v1/complaints:import`: many complaints in one body, a row each; the answer has a line a row.
//!
//! 1. Read the parameters, and what stands before the rows: a mapping, a table's header (400, 413, 415, 422). From here on
//!    the answer is 200, and what goes wrong is said in its lines.
//! 2. *Gather* rows, *look* up what is known of them, *make* complaints of the others, *write* those: one batch after the
//!    other, and while one is written the next is prepared.
//! 3. Each row has an idempotency key of its own, made from the import's and from what tells the row from others. So a row
//!    that is sent again is answered with what it became, and a cut loses nothing but time.
//!
//! An import tells nobody: what it brings is history, and the change feed has it.

use super::intake::{self, Asked, Logged, Made, Maker};
use crate::{
    call::{Outcome, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
    gateway::{self, admission},
    live, log,
    platform::{self, Fault, Inlet, Outlet, Piece},
    store::{StoreError, TenantDb, commit::New, external_references::ExternalReference, intake::Found},
};
use futures_util::future::join;
use shared::{
    chain::Digest,
    exchange::{
        answer::{ImportLine, Refused, RowAnswer, RowStatus, Tally},
        import::{Draft, Importer, Mapped, Row, mapping, row_key},
        mapping::Sources,
        source::Format,
    },
    http::{
        idempotency::IdempotencyKey,
        problem::{Code, FieldError, Rule},
    },
    ids::ComplaintId,
    reference::Reference,
    tenant::placement::{Slot, hash_of},
    time::Timestamp,
};
use std::{borrow::Cow, collections::BTreeMap, mem, rc::Rc};

/// The most bytes that are read of a body, and of a signed one, which is checked as a whole before anything is written.
const MAX_BYTES: u64 = 32_000_000;
const MAX_SIGNED_BYTES: u32 = 8_000_000;
/// The most rows of a request. A larger file is sent in several.
const MAX_ROWS: u64 = 10_000;
/// The rows of a batch, and the bytes after which it has fewer.
const BATCH_ROWS: usize = 450;
const BATCH_BYTES: usize = 750_000;
/// How long rows wait for others to come, in milliseconds.
const PATIENCE_MILLIS: u32 = 100;
/// Bytes of answers that wait for a caller who sends all before reading any.
const ANSWERS_WAITING: u32 = 8 << 20;
/// Statements of D1 after which the rest is left to another request (Cloudflare D1, limits: 1,000 queries an invocation).
const MAX_STATEMENTS: u32 = 850;
/// How often a database that is busy is asked again.
const PATIENCE: u32 = 3;

/// See the module.
pub(crate) async fn import(call: TenantCall) -> Outcome {
    let key = call.call.idempotency_key()?;
    let Parameters { format, mapped, first_row, dry_run } = Parameters::read(&call)?;
    let declared = call.call.incoming.header("content-length").and_then(|length| length.parse::<u64>().ok());
    if declared.is_some_and(|declared| declared > MAX_BYTES) {
        return Err(Failure::new(Code::TooLarge).detail(format!("At most {MAX_BYTES} bytes a request: send several")));
    }
    let body = match &call.call.signed {
        Some(_) => Body::Whole(call.call.whole_body(MAX_SIGNED_BYTES).await?),
        None => Body::Pieces(call.call.incoming.inlet()),
    };
    let importer = Importer::new(format, mapped, call.standing.tenant.custom_fields.to_vec(), first_row);
    let mut rows = Rows { body, importer, seen: Seen::default(), bytes: 0, rows: 0, ended: false, stopped: None };
    rows.begin().await?;
    let outlet = Outlet::new(ANSWERS_WAITING);
    let reply = Reply::pieces("application/x-ndjson", &outlet);
    let home = call.home()?.patient(PATIENCE);
    let dbs = call.dbs().into_iter().map(|db| db.patient(PATIENCE)).collect();
    let desk = Rc::new(Desk { home, dbs, call, key, dry_run });
    let at_it = Rc::clone(&desk);
    desk.call.call.afterwards(async move { run(&at_it, rows, outlet).await });
    Ok(reply)
}

struct Parameters {
    format: Format,
    mapped: Mapped,
    first_row: u64,
    dry_run: bool,
}

impl Parameters {
    fn read(call: &TenantCall) -> Result<Self, Failure> {
        let (mut mapped, mut delimiter, mut first_row, mut dry_run) = (Mapped::Not, b',', 1, false);
        let bad = |name: &str, rule: &'static str| bad_parameter(FieldError::parameter(name, Rule::NotAllowed, rule));
        for (name, value) in call.call.parameters() {
            match (name.as_ref(), value.as_ref()) {
                ("mapping", "first_line") => mapped = Mapped::ByFirstLine,
                ("mapping", value) => mapped = Mapped::By(Box::new(mapping(value.as_bytes()).map_err(in_parameter)?)),
                ("delimiter", ",") => delimiter = b',',
                ("delimiter", ";") => delimiter = b';',
                ("delimiter", "tab") => delimiter = b'\t',
                ("delimiter", _) => return Err(bad("delimiter", "must be `,`, `;` or `tab`")),
                ("first_row", value) => {
                    let number = value.parse().ok().filter(|number| (1..=1 << 50).contains(number));
                    first_row = number.ok_or_else(|| bad("first_row", "must be the number of a row"))?;
                }
                ("dry_run", "true") => dry_run = true,
                ("dry_run", "false") => dry_run = false,
                ("dry_run", _) => return Err(bad("dry_run", "must be `true` or `false`")),
                (name, _) => return Err(unknown_parameter(name)),
            }
        }
        let format = match call.call.media_type().as_str() {
            "application/x-ndjson" => Format::Ndjson,
            "text/csv" => Format::Csv(delimiter),
            _ => {
                return Err(Failure::new(Code::UnsupportedMediaType)
                    .detail("Send Content-Type: application/x-ndjson or text/csv"));
            }
        };
        Ok(Self { format, mapped, first_row, dry_run })
    }
}

/// A mapping in a parameter that is not acceptable: each error says where in it.
fn in_parameter(refused: Refused) -> Failure {
    let Refused { detail, errors, .. } = refused;
    let named = |error: FieldError| FieldError { parameter: Some("mapping".to_owned()), ..error };
    let failure = Failure::errors(Code::InvalidParameter, errors.into_iter().map(named).collect());
    detail.into_iter().fold(failure, Failure::detail)
}

/// A body that is read piece by piece, or was read as a whole.
enum Body {
    Pieces(Inlet),
    Whole(Vec<u8>),
}

impl Body {
    async fn piece(&mut self, patience: u32) -> Result<Piece, Fault> {
        match self {
            Self::Pieces(inlet) => inlet.piece(patience).await,
            Self::Whole(bytes) if bytes.is_empty() => Ok(Piece::End),
            Self::Whole(bytes) => Ok(Piece::Bytes(mem::take(bytes))),
        }
    }
}

/// The rows that come.
struct Rows {
    body: Body,
    importer: Importer,
    seen: Seen,
    bytes: u64,
    rows: u64,
    ended: bool,
    /// Why no more are read, if not because there are none.
    stopped: Option<Refused>,
}

/// What rows before have wanted and the databases may not know yet: those of the same batch, and in a dry run all.
#[derive(Default)]
struct Seen {
    /// By key, the beginning of the fingerprint.
    keys: BTreeMap<String, u64>,
    /// By external reference, the row.
    names: BTreeMap<String, u64>,
}

impl Rows {
    /// Reads on until rows can be.
    async fn begin(&mut self) -> Result<(), Failure> {
        loop {
            if self.importer.begin()? {
                return Ok(());
            }
            if self.ended {
                let missing = FieldError::at("", Rule::Missing, "ends before the first row: its header is missing");
                return Err(Failure::errors(Code::Invalid, vec![missing]));
            }
            self.read(0).await;
        }
    }

    /// Takes the next piece in. False if none has come in time.
    async fn read(&mut self, patience: u32) -> bool {
        match self.body.piece(patience).await {
            Ok(Piece::Late) => return false,
            Ok(Piece::Bytes(bytes)) => {
                self.bytes += bytes.len() as u64;
                self.importer.feed(&bytes);
                if self.bytes > MAX_BYTES {
                    self.stop(Refused::new(Code::TooLarge, format!("At most {MAX_BYTES} bytes a request are read")));
                }
            }
            Ok(Piece::End) => {
                self.importer.end();
                self.ended = true;
            }
            // Of the row that was cut nobody knows the rest.
            Err(_) => self.stop(Refused::new(Code::MalformedJson, "The body has broken off")),
        }
        true
    }

    fn stop(&mut self, why: Refused) {
        self.stopped.get_or_insert(why);
        self.ended = true;
    }

    /// The rows of the next batch; none at the end.
    async fn gather(&mut self) -> Vec<Row> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            if self.rows >= MAX_ROWS {
                self.stop(Refused::new(Code::TooLarge, format!("At most {MAX_ROWS} rows a request are read")));
                break;
            }
            if let Some(row) = self.importer.next_row() {
                self.rows += 1;
                bytes += row.size;
                batch.push(row);
                continue;
            }
            let patience = if batch.is_empty() { 0 } else { PATIENCE_MILLIS };
            if self.ended || !self.read(patience).await {
                break;
            }
        }
        batch
    }
}

/// What an import works with.
struct Desk {
    call: TenantCall,
    key: IdempotencyKey,
    dry_run: bool,
    home: TenantDb,
    dbs: Vec<TenantDb>,
}

/// A row on its way.
struct Entry {
    number: u64,
    line: u64,
    key: String,
    /// Where the key falls among all keys.
    place: u64,
    fingerprint: Digest,
    draft: Option<Draft>,
    sources: Sources,
    state: State,
}

enum State {
    /// Nothing speaks against it yet.
    Open {
        id: ComplaintId,
        reference: Reference,
    },
    /// To be written along with others. `names_it`: with its external reference.
    Made {
        made: Made,
        names_it: bool,
    },
    /// To be logged by itself: somebody may be about to take what it wants.
    Alone,
    Decided(Fate),
}

/// What has become of a row.
enum Fate {
    Created(ComplaintId, Reference),
    Already(Option<ComplaintId>, Option<Reference>),
    Valid,
    Failed(Refused),
}

impl Entry {
    fn new(row: Row, maker: &Maker<'_>, import: &IdempotencyKey) -> Self {
        let Row { number, line, identity, fingerprint, draft, sources, .. } = row;
        let key = row_key(import, &identity);
        let place = hash_of(&key);
        let (draft, state) = match draft {
            Ok(draft) => {
                let id = maker.id(&draft, maker.slot(place));
                (Some(draft), State::Open { id, reference: maker.reference(id) })
            }
            Err(refused) => (None, State::Decided(Fate::Failed(refused))),
        };
        Self { number, line, key, place, fingerprint, draft, sources, state }
    }

    const fn is_undecided(&self) -> bool {
        !matches!(self.state, State::Decided(_))
    }

    fn decide(&mut self, fate: Fate) {
        self.state = State::Decided(fate);
    }

    fn fail(&mut self, failure: Failure) {
        if failure.code == Code::Internal {
            log::fault("row_not_imported", &failure.reason().unwrap_or_default());
        }
        self.decide(Fate::Failed(failure.refused()));
    }

    /// The beginning of the fingerprint.
    fn print(&self) -> u64 {
        self.fingerprint.as_bytes().iter().take(8).fold(0, |print, byte| print << 8 | u64::from(*byte))
    }

    fn external_reference(&self) -> Option<&ExternalReference> {
        self.made()?.complaint.external_reference.as_ref()
    }

    const fn made(&self) -> Option<&Made> {
        if let State::Made { made, .. } = &self.state { Some(made) } else { None }
    }

    fn new_complaint(&self) -> Option<New<'_>> {
        let State::Made { made, names_it } = &self.state else { return None };
        Some(made.to_log(&self.key, self.fingerprint, *names_it))
    }

    /// What the caller is told, once it is decided.
    fn answer(self) -> RowAnswer {
        let answer = |status| RowAnswer::new(self.number, self.line, status);
        match self.state {
            State::Decided(Fate::Created(id, reference)) => {
                RowAnswer { id: Some(id), reference: Some(reference), ..answer(RowStatus::Created) }
            }
            State::Decided(Fate::Already(id, reference)) => RowAnswer { id, reference, ..answer(RowStatus::Already) },
            State::Decided(Fate::Valid) => answer(RowStatus::Valid),
            State::Decided(Fate::Failed(Refused { code, detail, errors })) => {
                RowAnswer { code: Some(code), detail, errors, ..answer(RowStatus::Failed) }
            }
            State::Open { .. } | State::Made { .. } | State::Alone => {
                let detail = Some("The import has stopped: send the row again".into());
                RowAnswer { code: Some(Code::Unavailable), detail, ..answer(RowStatus::Failed) }
            }
        }
    }
}

/// Some rows, as far as they have come.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    /// Why there is no other after it, if something is wrong.
    stop: Option<Refused>,
}

impl Batch {
    fn new_complaints(&self, group: &[usize]) -> Vec<New<'_>> {
        group.iter().filter_map(|at| self.entries.get(*at)?.new_complaint()).collect()
    }

    /// How many may become complaints.
    fn hopeful(&self) -> u32 {
        let decided = self.entries.iter().filter(|entry| matches!(entry.state, State::Decided(_))).count();
        u32::try_from(self.entries.len() - decided).unwrap_or(u32::MAX)
    }

    fn created(&self) -> u32 {
        let created = |entry: &&Entry| matches!(entry.state, State::Decided(Fate::Created(..)));
        u32::try_from(self.entries.iter().filter(created).count()).unwrap_or(u32::MAX)
    }
}

/// Complaints that are taken from the quota at once: a hop for some batches.
const TAKEN_AT_ONCE: u32 = 1_000;

/// Complaints that the quota allows and that no row has yet.
#[derive(Default)]
struct Purse {
    left: u32,
    taken_at: Option<Timestamp>,
}

impl Purse {
    /// So many, or as many as there are.
    async fn take(&mut self, call: &TenantCall, wanted: u32) -> Result<u32, Failure> {
        if self.left < wanted {
            let more = wanted.max(TAKEN_AT_ONCE) - self.left;
            let taken = admission::complaints(call, more, 0, call.call.now).await?;
            self.left += taken.complaints.unwrap_or_default();
            self.taken_at = Some(taken.at);
        }
        let taken = wanted.min(self.left);
        self.left -= taken;
        Ok(taken)
    }

    /// What is left counts no longer.
    async fn give_back(self, call: &TenantCall) {
        let Some(taken_at) = self.taken_at.filter(|_| self.left > 0) else { return };
        if let Err(fault) = admission::complaints(call, 0, self.left, taken_at).await {
            log::fault("complaints_not_given_back", &fault);
        }
    }
}

/// What is answered, and what it comes to.
struct Answers {
    outlet: Outlet,
    tally: Tally,
    /// The first row that is not decided: from there on all is to be sent again.
    first_undecided: Option<u64>,
}

impl Answers {
    /// Tells what became of a batch.
    async fn tell(&mut self, batch: Batch) {
        let mut lines = String::new();
        for entry in batch.entries {
            if entry.is_undecided() {
                self.undecided(entry.number);
            }
            let answer = entry.answer();
            self.tally.count(answer.status);
            put(&mut lines, &ImportLine::Row(answer));
        }
        if let Some(why) = batch.stop {
            self.tally.stopped.get_or_insert(why);
        }
        if self.outlet.write(&lines).await.is_err() {
            self.tally.stopped = Some(Refused::new(Code::MalformedJson, "The caller has gone away"));
        }
    }

    fn undecided(&mut self, row: u64) {
        self.first_undecided.get_or_insert(row);
    }

    async fn end(self) {
        let mut last = String::new();
        put(&mut last, &ImportLine::Summary { summary: self.tally });
        if self.outlet.write(&last).await.is_ok() {
            self.outlet.end();
        }
    }
}

/// Runs an import to its end, or until the caller has gone away.
async fn run(desk: &Desk, mut rows: Rows, outlet: Outlet) {
    let begun = platform::now();
    let tally = Tally { columns_left_out: rows.importer.columns_left_out().to_vec(), ..Tally::default() };
    let mut answers = Answers { outlet, tally, first_undecided: None };
    let mut purse = Purse::default();
    let mut ready = Batch::default();
    loop {
        let ends = ready.stop.is_some();
        let next = async { if ends { None } else { desk.prepare(&mut rows, &mut purse).await } };
        // The next row may be long in coming: whoever sent these is told before.
        let written = async {
            let (hopeful, written) = (ready.hopeful(), desk.write(ready).await);
            let unspent = hopeful.saturating_sub(written.created());
            answers.tell(written).await;
            live::tell_later(&desk.call.call.runtime, |work| desk.call.call.context.wait_until(work));
            unspent
        };
        let (unspent, next) = join(written, next).await;
        purse.left += if desk.dry_run { 0 } else { unspent };
        match next {
            Some(next) if answers.tally.stopped.is_none() => ready = next,
            // What was prepared and is not written is sent again.
            next => {
                if let Some(batch) = next {
                    purse.left += if desk.dry_run { 0 } else { batch.hopeful() };
                    if let Some(entry) = batch.entries.first() {
                        answers.undecided(entry.number);
                    }
                }
                break;
            }
        }
    }
    let tally = &mut answers.tally;
    tally.stopped = tally.stopped.take().or(rows.stopped);
    tally.complete = tally.stopped.is_none();
    tally.next_row = answers.first_undecided.unwrap_or_else(|| rows.importer.next_number());
    tally.bookmark = desk.call.call.runtime.seen();
    purse.give_back(&desk.call).await;
    log::imported(&desk.call, &answers.tally, begun);
    answers.end().await;
}

fn put(lines: &mut String, line: &ImportLine) {
    // Of these types every value can be written.
    lines.push_str(&serde_json::to_string(line).unwrap_or_default());
    lines.push('\n');
}

impl Desk {
    /// The next rows: read, looked up, made. `None` if there are no more.
    async fn prepare(&self, rows: &mut Rows, purse: &mut Purse) -> Option<Batch> {
        if self.call.call.runtime.meter.statements.get() >= MAX_STATEMENTS {
            rows.stop(Refused::new(Code::TooLarge, "The request has used all that one may of the database"));
            return None;
        }
        let read = rows.gather().await;
        if read.is_empty() {
            return None;
        }
        if !self.dry_run {
            rows.seen = Seen::default();
        }
        let (mut batch, mut stop) = (Batch::default(), None);
        match Maker::new(&self.call, Some(&self.key), platform::now()) {
            Ok(maker) => {
                batch.entries = read.into_iter().map(|row| Entry::new(row, &maker, &self.key)).collect();
                if let Err(failure) = self.make(&maker, &mut batch, rows, purse).await {
                    stop = Some(failure);
                }
            }
            Err(failure) => stop = Some(failure),
        }
        batch.stop = stop.map(Failure::refused);
        Some(batch)
    }

    /// Decides what can be decided, and makes complaints of the others.
    ///
    /// 1. Whoever has waited may not be welcome any more by now.
    /// 2. What the rows' keys did before; references that are taken already are drawn anew.
    /// 3. Complaints, as many as the quota allows, that the tenant's rules allow.
    /// 4. Who has their external references; those of complaints outside the tenant's home are claimed.
    async fn make(
        &self,
        maker: &Maker<'_>,
        batch: &mut Batch,
        rows: &mut Rows,
        purse: &mut Purse,
    ) -> Result<(), Failure> {
        // (1)
        gateway::still_welcome(&self.call).await?;
        // (2)
        let all: Vec<usize> = (0..batch.entries.len()).collect();
        for nth in self.look(batch, &all).await? {
            if let Some(State::Open { id, reference }) = batch.entries.get_mut(nth).map(|entry| &mut entry.state) {
                *reference = maker.reference(*id);
            }
        }
        // (3)
        let wanted = batch.hopeful();
        let mut allowed = if self.dry_run { wanted } else { purse.take(&self.call, wanted).await? };
        let taken = allowed;
        for entry in &mut batch.entries {
            let State::Open { id, reference } = &entry.state else { continue };
            if allowed == 0 {
                entry.fail(Failure::new(Code::QuotaExceeded).detail("The plan allows no more complaints this month"));
                continue;
            }
            allowed -= 1;
            let Some(draft) = &entry.draft else { continue };
            let print = entry.print();
            if let Some(same) = rows.seen.keys.insert(entry.key.clone(), print) {
                match self.dry_run {
                    true if same == print => entry.decide(Fate::Already(None, None)),
                    true => entry.decide(Fate::Failed(reused("Another row has the same row_id"))),
                    false => entry.state = State::Alone,
                }
                continue;
            }
            match maker.make(draft, *id, reference.clone()) {
                Ok(made) => entry.state = State::Made { made, names_it: true },
                Err(failure) => {
                    entry.fail(failure);
                    if let State::Decided(Fate::Failed(refused)) = &mut entry.state {
                        rows.importer.name_columns(&entry.sources, &mut refused.errors);
                    }
                }
            }
        }
        // (4)
        self.name(maker, batch, &mut rows.seen.names).await?;
        if !self.dry_run {
            purse.left += taken.saturating_sub(batch.hopeful());
        }
        Ok(())
    }

    /// Decides those rows whose keys have logged something. Says which have drawn a reference that is somebody's already.
    async fn look(&self, batch: &mut Batch, rows: &[usize]) -> Result<Vec<usize>, Failure> {
        let tenant = &self.call.standing.tenant;
        let mut drawn_again = Vec::new();
        for (at, db) in self.dbs.iter().enumerate() {
            // Which rows have their keys here, or had, and which have their references here.
            let (mut keyed, mut named) = (Vec::new(), Vec::new());
            let (mut keys, mut references) = (Vec::new(), Vec::new());
            for nth in rows {
                let Some(entry) = batch.entries.get(*nth).filter(|entry| entry.is_undecided()) else { continue };
                let mut slots = tenant.shards.former_slots_for(entry.place, tenant.founded_with);
                slots.push(tenant.shards.slot_for(entry.place));
                if slots.into_iter().any(|slot| self.place_of(slot) == Some(at)) {
                    keyed.push(*nth);
                    keys.push(entry.key.as_str());
                }
                if let State::Open { id, reference } = &entry.state
                    && self.place_of(Slot(id.slot())) == Some(at)
                {
                    named.push(*nth);
                    references.push(reference);
                }
            }
            if keys.is_empty() {
                continue;
            }
            let (logged, taken) = db.known(&keys, &references).await?;
            drawn_again.extend(taken.into_iter().filter_map(|found| named.get(found.nth)));
            for Found { nth, complaint_id, fingerprint, name } in logged {
                let entry = keyed.get(nth).and_then(|nth| batch.entries.get_mut(*nth));
                if let (Some(entry), Some(id)) = (entry, complaint_id) {
                    let reference = name.and_then(|name| name.parse().ok());
                    entry.decide(before(fingerprint == Some(entry.fingerprint), id, reference));
                }
            }
        }
        Ok(drawn_again)
    }

    async fn name(
        &self,
        maker: &Maker<'_>,
        batch: &mut Batch,
        seen: &mut BTreeMap<String, u64>,
    ) -> Result<(), Failure> {
        for entry in &mut batch.entries {
            let Some(reference) = entry.external_reference().map(|reference| reference.as_str().to_owned()) else {
                continue;
            };
            match seen.get(&reference) {
                Some(first) => entry.decide(Fate::Failed(taken(format!("Row {first} has this external_reference")))),
                None => _ = seen.insert(reference, entry.number),
            }
        }
        let (mut claims, mut references, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for (nth, entry) in batch.entries.iter().enumerate() {
            let (Some(made), Some(reference)) = (entry.made(), entry.external_reference()) else { continue };
            if !self.dry_run && !self.is_at_home(made.complaint.id) {
                claims.push((reference, made.complaint.id, entry.key.as_str()));
            }
            references.push(reference);
            named.push(nth);
        }
        if references.is_empty() {
            return Ok(());
        }
        let found = self.home.claim_all(&claims, &references, maker.now).await?;
        let elsewhere = found.iter().filter(|found| found.name.is_none()).filter_map(|found| found.complaint_id);
        let mut elsewhere: Vec<_> = elsewhere.filter(|id| !self.is_at_home(*id)).collect();
        let mut holding = Vec::new();
        for (at, db) in self.dbs.iter().enumerate() {
            let (here, others) = elsewhere.into_iter().partition(|id| self.place_of(Slot(id.slot())) == Some(at));
            elsewhere = others;
            let here: Vec<ComplaintId> = here;
            if !here.is_empty() {
                let names = db.external_references_of(&here).await?;
                holding.extend(names.into_iter().filter_map(|found| Some((*here.get(found.nth)?, found.name?))));
            }
        }
        for Found { nth, complaint_id, name, .. } in found {
            let entry = named.get(nth).and_then(|nth| batch.entries.get_mut(*nth));
            let (Some(entry), Some(holder)) = (entry, complaint_id) else { continue };
            let wanted = entry.external_reference().map(|reference| reference.as_str());
            if name.is_some() || holding.iter().any(|(id, name)| *id == holder && Some(name.as_str()) == wanted) {
                entry.decide(Fate::Failed(taken(format!("Complaint {holder} has this external_reference"))));
            } else if entry.made().is_some_and(|made| made.complaint.id != holder) {
                entry.state = State::Alone;
            } else if let State::Made { names_it, .. } = &mut entry.state {
                *names_it = false;
            }
        }
        Ok(())
    }

    /// Writes what was made; a row that cannot be written stops no other.
    async fn write(&self, mut batch: Batch) -> Batch {
        if batch.stop.is_some() {
            return batch;
        }
        if self.dry_run {
            for entry in batch.entries.iter_mut().filter(|entry| entry.is_undecided()) {
                entry.decide(Fate::Valid);
            }
            return batch;
        }
        for (place, db) in self.dbs.iter().enumerate() {
            let is_here = |made: &Made| self.place_of(Slot(made.complaint.id.slot())) == Some(place);
            let entries = batch.entries.iter().enumerate();
            let group = entries.filter(|(_, entry)| entry.made().is_some_and(is_here)).map(|(nth, _)| nth).collect();
            self.write_group(db, &mut batch, group).await;
        }
        let entries = batch.entries.iter().enumerate();
        let alone: Vec<_> =
            entries.filter(|(_, entry)| matches!(entry.state, State::Alone)).map(|(nth, _)| nth).collect();
        self.settle(&mut batch, &alone).await;
        for entry in batch.entries.iter_mut().filter(|entry| matches!(entry.state, State::Alone)) {
            if batch.stop.is_none() {
                match self.write_one(entry).await {
                    Ok(fate) => entry.decide(fate),
                    Err(failure) if failure.code == Code::Unavailable => batch.stop = Some(failure.refused()),
                    Err(failure) => entry.fail(failure),
                }
            }
        }
        batch
    }

    /// Decides what another import of this name has logged meanwhile of these rows. If that cannot be asked, they find out
    /// by themselves.
    async fn settle(&self, batch: &mut Batch, rows: &[usize]) {
        if let Err(failure) = self.look(batch, rows).await {
            log::fault("rows_not_settled", &failure.reason().unwrap_or_default());
        }
    }

    /// Writes rows of one database together. If that fails, and not because they were logged meanwhile, in halves, until
    /// those are found that cannot be written: by itself each of them finds out why.
    async fn write_group(&self, db: &TenantDb, batch: &mut Batch, group: Vec<usize>) {
        let mut open = vec![group];
        while let Some(mut part) = open.pop().filter(|_| batch.stop.is_none()) {
            if part.is_empty() {
                continue;
            }
            let written = db.log(&batch.new_complaints(&part), platform::now()).await;
            if let Err(error @ (StoreError::Held | StoreError::Busy(_))) = written {
                batch.stop = Some(Failure::from(error).refused());
            } else if written.is_err() && part.len() > 1 {
                let tried = part.len();
                self.settle(batch, &part).await;
                part.retain(|nth| batch.entries.get(*nth).is_some_and(Entry::is_undecided));
                if part.len() == tried {
                    open.push(part.split_off(tried / 2));
                }
                open.push(part);
            } else {
                for nth in part {
                    let Some(entry) = batch.entries.get_mut(nth) else { continue };
                    let state = mem::replace(&mut entry.state, State::Alone);
                    if let (State::Made { made, .. }, true) = (state, written.is_ok()) {
                        entry.decide(Fate::Created(made.complaint.id, made.complaint.reference));
                    }
                }
            }
        }
    }

    /// Logs a row by itself.
    async fn write_one(&self, entry: &Entry) -> Result<Fate, Failure> {
        let Some(draft) = &entry.draft else { return Err(Failure::internal("a row without content")) };
        let asked =
            Asked { draft, key: &entry.key, fingerprint: entry.fingerprint, import: Some(&self.key), identity: None };
        let maker = Maker::new(&self.call, Some(&self.key), self.call.call.now)?;
        Ok(match intake::log(&maker, &asked).await? {
            Logged::Now { made, .. } => Fate::Created(made.complaint.id, made.complaint.reference),
            Logged::Before(_, done) => before(done.fingerprint == entry.fingerprint, done.complaint_id, None),
        })
    }

    /// The place of a slot's database among `dbs`.
    fn place_of(&self, slot: Slot) -> Option<usize> {
        let db = self.call.db_of_slot(slot)?;
        self.dbs.iter().position(|other| other.is(&db))
    }

    fn is_at_home(&self, id: ComplaintId) -> bool {
        self.call.db_of_slot(Slot(id.slot())).is_some_and(|db| db.is(&self.home))
    }
}

/// What a row is told whose key was used before.
fn before(same: bool, id: ComplaintId, reference: Option<Reference>) -> Fate {
    if same {
        return Fate::Already(Some(id), reference);
    }
    Fate::Failed(reused(format!("The row had other content when it became complaint {id}")))
}

fn reused(detail: impl Into<Cow<'static, str>>) -> Refused {
    Refused::new(Code::IdempotencyKeyReused, detail)
}

fn taken(detail: String) -> Refused {
    let errors = vec![FieldError::at("/external_reference", Rule::NotAllowed, "belongs to another complaint")];
    Refused { errors, ..Refused::new(Code::AlreadyTaken, detail) }
}
