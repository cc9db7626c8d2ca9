//! `GET /v1/complaints:export`: all complaints of a list, as lines of JSON or as a table, written while they are read.
//!
//! A page is read, written, and only then the next one: memory does not grow with the list. Each line has the cursor of
//! what follows it, so that an answer that was cut off goes on behind its last whole line. A complaint is as it was at one
//! version; what changes while the export runs, the change feed tells.

use super::{
    case_file,
    complaints::{open_cursor, searched},
    views,
};
use crate::{
    call::{Outcome, Reply, TenantCall, bad_parameter},
    failure::Failure,
    gateway::{
        self,
        staff::{Read, Sight},
    },
    log,
    platform::{Gone, Outlet},
    store::{StoreError, TenantDb, export::Exported, history::Span},
};
use serde_json::Value;
use shared::{
    access::{Scope, staff::Action},
    exchange::{import::EXPORT_END_FORMAT, table},
    http::{
        cursor::{Cursor, Direction},
        list_query::ListQuery,
        merge::Cut,
        problem::{Code, FieldError, Rule},
    },
    identity::session::Sensitive,
    ids::ComplaintId,
    json,
    search::place::Position,
    tenant::placement::Slot,
};
use std::{cell::Cell, rc::Rc};

/// Complaints that are read at once.
const PAGE: usize = 200;
/// Bytes that wait for the caller to take them.
const WAITING: u32 = 1 << 20;
/// Statements of D1 after which the rest is left to another request (Cloudflare D1, limits: 1,000 queries an invocation).
const MAX_STATEMENTS: u32 = 850;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// A complaint a line, as it is read.
    Ndjson,
    /// A case file a line.
    CaseFiles,
    /// A table.
    Csv,
}

/// What is wanted.
struct Export {
    call: TenantCall,
    format: Format,
    query: ListQuery,
    dbs: Vec<TenantDb>,
    searched: Option<String>,
    sight: Sight,
    /// How many complaints were written.
    count: Cell<usize>,
}

/// Why an answer ends before it is whole.
enum End {
    /// Nobody reads it any more.
    Gone,
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// See the module.
pub(crate) async fn export(call: TenantCall) -> Outcome {
    call.must(Action::Export, Sensitive::Export)?;
    let (format, query) = wanted(&call)?;
    let query = views::narrowed(&call, query).await?;
    let from = open_cursor(&call, &query)?;
    if from.is_some_and(|cursor| cursor.direction == Direction::Backward) {
        return Err(Failure::new(Code::InvalidCursor).detail("An export goes on towards older complaints alone"));
    }
    let dbs = call.dbs();
    let searched = searched(&query, &dbs).await?;
    let outlet = Outlet::new(WAITING);
    let (media_type, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "complaints.csv"),
        Format::Ndjson | Format::CaseFiles => ("application/x-ndjson", "complaints.ndjson"),
    };
    let reply = Reply::pieces(media_type, &outlet);
    let reply = reply.header("content-disposition", format!("attachment; filename=\"{name}\""));
    let (sight, count) = (Sight::of(&call), Cell::default());
    let export = Rc::new(Export { call, format, query, dbs, searched, sight, count });
    let writing = Rc::clone(&export);
    export.call.call.afterwards(async move {
        let written = writing.write(from.map(|cursor| cursor.from), &outlet).await;
        if let Some(read) = Read::of(&writing.call, Scope::ComplaintsRead) {
            read.write_rows(writing.count.get()).await;
        }
        match written {
            Ok(()) => outlet.end(),
            Err(End::Gone) => {}
            Err(End::Failed(failure)) => {
                log::fault("export_broken_off", &failure.reason().unwrap_or_default());
                outlet.break_off();
            }
        }
    });
    Ok(reply)
}

/// The parameters: those of lists but for its pages, and two of its own.
fn wanted(call: &TenantCall) -> Result<(Format, ListQuery), Failure> {
    let bad = |name: &str, rule: &'static str| bad_parameter(FieldError::parameter(name, Rule::NotAllowed, rule));
    let (mut format, mut with_events) = (Format::Ndjson, false);
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (name, value) in call.call.parameters() {
        match (name.as_ref(), value.as_ref()) {
            ("format", "ndjson") => format = Format::Ndjson,
            ("format", "csv") => format = Format::Csv,
            ("format", _) => return Err(bad("format", "must be `ndjson` or `csv`")),
            ("with", "events") => with_events = true,
            ("with", _) => return Err(bad("with", "must be `events`")),
            (name @ ("limit" | "order" | "reference" | "external_reference"), _) => {
                return Err(bad(name, "is not for exports, which have all of a list"));
            }
            _ => _ = rest.append_pair(&name, &value),
        }
    }
    if with_events {
        if format == Format::Csv {
            return Err(bad("with", "is not for tables: events are exported as `ndjson`"));
        }
        format = Format::CaseFiles;
    }
    let query = ListQuery::parse(&rest.finish()).map_err(|errors| Failure::errors(Code::InvalidParameter, errors))?;
    Ok((format, query))
}

impl Export {
    /// Writes page after page.
    async fn write(&self, mut from: Option<Position>, outlet: &Outlet) -> Result<(), End> {
        let custom = &self.call.standing.tenant.custom_fields;
        if self.format == Format::Csv {
            put(outlet, &table::header(custom)).await?;
        }
        let mut more = true;
        while more && self.call.call.runtime.meter.statements.get() < MAX_STATEMENTS {
            gateway::still_welcome(&self.call).await?;
            let mut pages = Vec::with_capacity(self.dbs.len());
            for db in &self.dbs {
                pages.push(db.export_page(&self.query, self.searched.as_deref(), from, PAGE).await?);
            }
            let mut page = Cut::complete(pages);
            more = page.more;
            // The next page is behind the last of this one, whether that is shown or not.
            from = page.items.last().map_or(from, |(position, _)| Some(*position));
            let ids: Vec<_> = page.items.iter().map(|(_, complaint)| complaint.id.to_string()).collect();
            let hidden = self.sight.hidden(&ids).await?;
            page.items.retain(|(_, complaint)| !hidden.contains(&complaint.id.to_string()));
            let events = self.events_of(&page.items).await?;
            let mut lines = String::new();
            for (position, complaint) in page.items {
                self.count.set(self.count.get() + 1);
                let cursor = self.cursor(position);
                let closing = format!(",\"cursor\":\"{cursor}\"}}\n");
                match self.format {
                    Format::Csv => lines.push_str(&table::row(&read(&complaint.doc)?, custom, &cursor)),
                    Format::Ndjson => {
                        lines.push_str(complaint.doc.strip_suffix('}').unwrap_or_default());
                        lines.push_str(&closing);
                    }
                    Format::CaseFiles => {
                        lines.push_str(&self.opening(&complaint)?);
                        let whole =
                            events.iter().find(|(id, _, count)| *id == complaint.id && *count == complaint.version);
                        match whole {
                            Some((_, text, _)) => lines.push_str(text),
                            None => self.put_long(&complaint, &mut lines, outlet).await?,
                        }
                        lines.push(']');
                        lines.push_str(&closing);
                    }
                }
            }
            put(outlet, &lines).await?;
        }
        if self.format != Format::Csv {
            let count = self.count.get();
            let next = from.filter(|_| more).map(|from| format!("\"{}\"", self.cursor(from)));
            let next = next.as_deref().unwrap_or("null");
            let complete = !more;
            let end = format!(
                "{{\"format\":\"{EXPORT_END_FORMAT}\",\"complaints\":{count},\"complete\":{complete},\"next\":{next}}}\n"
            );
            put(outlet, &end).await?;
        }
        Ok(())
    }

    fn cursor(&self, from: Position) -> String {
        let cursor = Cursor { direction: Direction::Forward, from };
        cursor.seal(&self.call.call.config.cursors, self.call.standing.tenant.id, self.query.filters())
    }

    /// The events of a page's complaints, as far as they fit in memory: by complaint, as items of a JSON list, those up to its
    /// version, and how many these are.
    async fn events_of(&self, page: &[(Position, Exported)]) -> Result<Vec<(ComplaintId, String, usize)>, End> {
        let mut events: Vec<(ComplaintId, String, usize)> = Vec::new();
        if self.format != Format::CaseFiles {
            return Ok(events);
        }
        for db in &self.dbs {
            let is_here = |id: &ComplaintId| self.call.db_of_slot(Slot(id.slot())).is_some_and(|own| own.is(db));
            let ids: Vec<_> = page.iter().map(|(_, complaint)| complaint.id).filter(is_here).collect();
            if ids.is_empty() {
                continue;
            }
            for row in db.first_events_of(&ids).await? {
                let wanted = page.iter().any(|(_, one)| one.id == row.complaint_id && row.seq as usize <= one.version);
                if !wanted {
                    continue;
                }
                match events.last_mut().filter(|(id, ..)| *id == row.complaint_id) {
                    Some((_, text, count)) => {
                        text.push(',');
                        text.push_str(&row.json());
                        *count += 1;
                    }
                    None => events.push((row.complaint_id, row.json(), 1)),
                }
            }
        }
        Ok(events)
    }

    /// A case file up to its events.
    fn opening(&self, complaint: &Exported) -> Result<String, End> {
        let doc = read(&complaint.doc)?;
        let text = |name: &str| doc.get(name).and_then(Value::as_str).unwrap_or_default();
        let (id, version) = (complaint.id, u32::try_from(complaint.version).unwrap_or(u32::MAX));
        Ok(case_file::opening(&self.call, id, text("reference"), version, text("head")))
    }

    /// Writes the events of a case file that is long, page by page, behind what is to come before it.
    async fn put_long(&self, complaint: &Exported, lines: &mut String, outlet: &Outlet) -> Result<(), End> {
        let db = self.call.db_of(complaint.id)?;
        let through = u32::try_from(complaint.version).unwrap_or(u32::MAX);
        let mut next = Some(0);
        while let Some(after) = next {
            let page = db.history(complaint.id, Span { after, through, ..Span::ALL }).await?;
            next = page.next.filter(|last| *last < through);
            for event in &page.events {
                lines.push_str(if lines.ends_with('[') { "" } else { "," });
                lines.push_str(&event.json());
            }
            put(outlet, lines).await?;
            lines.clear();
        }
        Ok(())
    }
}

fn read(doc: &str) -> Result<Value, StoreError> {
    json::from_str(doc).map_err(StoreError::unreadable)
}

async fn put(outlet: &Outlet, text: &str) -> Result<(), End> {
    outlet.write(text).await.map_err(|Gone| End::Gone)
}
