//! An import's rows, read from its body as that comes in.

use super::{
    answer::Refused,
    mapping::{Cells, Fields, Mapping, Sources},
    source::{Content, Format, MAX_COLUMNS, MAX_ROW, Raw, Source},
};
use crate::{
    chain::{CASE_FILE_FORMAT, CaseFile, Digest},
    complaint::intake::NewComplaint,
    http::{
        body::{self, BodyError},
        idempotency::IdempotencyKey,
        problem::{Code, FieldError, Rule},
    },
    json,
    tenant::custom_field::CustomField,
};
use serde::Deserialize;
use serde_json::Value;

/// The `format` member of the last line of an export, which is no row.
pub const EXPORT_END_FORMAT: &str = "redress-export/1";

/// What a row says.
#[derive(Clone, Debug)]
pub enum Draft {
    /// A complaint to log.
    New(Box<NewComplaint>),
    /// A case file to take over.
    File(Box<CaseFile>),
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number.
    pub number: u64,
    /// The line of the body it begins on, from 1.
    pub line: u64,
    /// Its length in bytes, about.
    pub size: usize,
    /// What tells it from the import's other rows whenever it is sent: its number, the value of the mapping's `row_id`, or
    /// of a case file the complaint that it was of.
    pub identity: String,
    /// What it must agree in when it is sent again.
    pub fingerprint: Digest,
    /// What it says, or why that cannot be read.
    pub draft: Result<Draft, Refused>,
    /// Which columns its values came from.
    pub sources: Sources,
}

/// The idempotency key of a row. A caller's own keys have no spaces, so none of them is one.
#[must_use]
pub fn row_key(import: &IdempotencyKey, identity: &str) -> String {
    format!("import {} {identity}", import.as_str())
}

/// How columns become fields.
#[derive(Clone, Debug)]
pub enum Mapped {
    /// They are called so; lines of JSON are intakes or case files.
    Not,
    /// By this mapping.
    By(Box<Mapping>),
    /// By a mapping that stands in the body's first line.
    ByFirstLine,
}

/// Reads rows.
pub struct Importer {
    source: Source,
    format: Format,
    mapped: Mapped,
    custom: Vec<CustomField>,
    fields: Option<Fields>,
    columns: usize,
    columns_left_out: Vec<String>,
    /// The number of the next record; lines are numbered by where they stand.
    next: u64,
    first: u64,
    /// Lines before the first that can be a row.
    preamble: u64,
}

/// Of a line, what sort of thing it is.
#[derive(Deserialize)]
struct Sort {
    #[serde(default)]
    format: String,
}

impl Importer {
    /// Nothing has come yet. `first_row`: the number of the first row.
    #[must_use]
    pub fn new(format: Format, mapped: Mapped, custom: Vec<CustomField>, first_row: u64) -> Self {
        let source = Source::new(if matches!(mapped, Mapped::ByFirstLine) { Format::Ndjson } else { format });
        Self {
            source,
            format,
            mapped,
            custom,
            fields: None,
            columns: 0,
            columns_left_out: Vec::new(),
            next: first_row,
            first: first_row,
            preamble: 0,
        }
    }

    /// Takes the next piece of the body, once there is no row left.
    pub fn feed(&mut self, piece: &[u8]) {
        self.source.feed(piece);
    }

    /// Nothing more comes.
    pub const fn end(&mut self) {
        self.source.end();
    }

    /// Columns of the table that are left out.
    #[must_use]
    pub fn columns_left_out(&self) -> &[String] {
        &self.columns_left_out
    }

    /// The number of the row after the last that was read.
    #[must_use]
    pub const fn next_number(&self) -> u64 {
        self.next
    }

    /// Says with each error of a row which column its value has come from.
    pub fn name_columns(&self, sources: &Sources, errors: &mut [FieldError]) {
        if let Some(fields) = &self.fields {
            fields.name_columns(sources, errors);
        }
    }

    /// Reads what stands before the rows: a mapping, a table's header. False if more of the body has to come first.
    ///
    /// # Errors
    /// What is wrong with it; no row can be read then.
    pub fn begin(&mut self) -> Result<bool, Refused> {
        if matches!(self.mapped, Mapped::ByFirstLine) {
            let Some(Raw { content, line }) = self.source.next_row() else { return Ok(false) };
            let Content::Line(bytes) = content else { return Err(too_long()) };
            self.mapped = Mapped::By(Box::new(mapping(&bytes)?));
            self.preamble = line;
            self.source.go_on(self.format);
        }
        if self.fields.is_some() {
            return Ok(true);
        }
        let mapping = || match &self.mapped {
            Mapped::By(mapping) => Some(mapping.as_ref().clone()),
            _ => None,
        };
        if self.format == Format::Ndjson {
            self.fields = mapping().map(|mapping| Fields::of_objects(mapping, self.custom.clone()));
            return Ok(true);
        }
        let Some(Raw { content, .. }) = self.source.next_row() else { return Ok(false) };
        let header = match content {
            Content::Cells(cells) => cells,
            Content::NotText => return Err(not_text()),
            _ => return Err(too_long()),
        };
        let table = Fields::of_table(mapping(), &header, self.custom.clone()).map_err(Refused::invalid)?;
        (self.fields, self.columns, self.columns_left_out) = (Some(table.0), header.len(), table.1);
        Ok(true)
    }

    /// The next row. `None` until another piece comes; after the end, for good.
    pub fn next_row(&mut self) -> Option<Row> {
        loop {
            let Raw { line, content } = self.source.next_row()?;
            let number = match self.format {
                Format::Ndjson => self.first + line - 1 - self.preamble,
                Format::Csv(_) => self.next,
            };
            self.next = number + 1;
            if let Some(row) = self.row(number, line, content) {
                return Some(row);
            }
        }
    }

    /// `None` for what is no row.
    fn row(&self, number: u64, line: u64, content: Content) -> Option<Row> {
        let mut row = Row {
            number,
            line,
            size: content.size(),
            identity: number.to_string(),
            fingerprint: Digest::ZERO,
            draft: Err(too_long()),
            sources: Sources::new(),
        };
        match content {
            Content::TooLong => {}
            Content::NotText => row.draft = Err(not_text()),
            Content::Line(bytes) => match &self.fields {
                Some(fields) => match body::parse::<Value>(&bytes) {
                    Ok(Value::Object(members)) => row.read_mapped(fields, Cells::Object(&members)),
                    Ok(_) => {
                        let error = FieldError::at("", Rule::WrongType, "must be a JSON object");
                        row.draft = Err(Refused::invalid(vec![error]));
                    }
                    Err(error) => row.draft = Err(refused(error)),
                },
                None => row.read(&bytes)?,
            },
            Content::Cells(cells) if cells.len() != self.columns => {
                let detail = format!("has {} cells, and the header {}", cells.len(), self.columns);
                row.draft = Err(Refused::new(Code::Invalid, detail));
            }
            Content::Cells(cells) => {
                let fields = self.fields.as_ref()?;
                row.read_mapped(fields, Cells::Record(&cells));
            }
        }
        Some(row)
    }
}

impl Row {
    fn read_mapped(&mut self, fields: &Fields, cells: Cells<'_>) {
        match fields.row_id(cells) {
            Ok(Some(id)) => self.identity = id,
            Ok(None) => {}
            Err(error) => {
                self.draft = Err(Refused::invalid(vec![error]));
                return;
            }
        }
        match fields.intake(cells) {
            Ok((members, sources)) => {
                let text = Value::from(members).to_string();
                self.fingerprint = Digest::of(text.as_bytes());
                self.draft = body::parse(text.as_bytes()).map(Draft::New).map_err(|error| {
                    let mut refused = refused(error);
                    fields.name_columns(&sources, &mut refused.errors);
                    refused
                });
                self.sources = sources;
            }
            Err(errors) => self.draft = Err(Refused::invalid(errors)),
        }
    }

    /// An intake or a case file. `None` for the end of an export.
    fn read(&mut self, bytes: &[u8]) -> Option<()> {
        let text = String::from_utf8_lossy(bytes);
        let names = |format: &str| {
            text.contains(format) && json::from_str::<Sort>(&text).is_ok_and(|sort| sort.format == format)
        };
        if names(EXPORT_END_FORMAT) {
            return None;
        }
        if names(CASE_FILE_FORMAT) {
            self.draft = case_file(bytes).map(|file| Draft::File(Box::new(file)));
            if let Ok(Draft::File(file)) = &self.draft {
                self.identity = file.complaint.to_string();
                self.fingerprint = Digest::of(format!("{} {} {}", file.complaint, file.version, file.head).as_bytes());
            }
        } else {
            self.fingerprint = Digest::of(bytes);
            self.draft = body::parse(bytes).map(Draft::New).map_err(refused);
        }
        Some(())
    }
}

/// A case file; its events are looked at when they are checked.
fn case_file(bytes: &[u8]) -> Result<CaseFile, Refused> {
    let mut file: Value = body::parse(bytes).map_err(refused)?;
    let events = file.get_mut("events").map(Value::take);
    let text = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
    let read = || {
        Some(CaseFile {
            format: CASE_FILE_FORMAT.to_owned(),
            exported_at: text("exported_at").parse().ok()?,
            tenant: text("tenant").parse().ok()?,
            complaint: text("complaint").parse().ok()?,
            reference: text("reference").parse().ok()?,
            version: file.get("version").and_then(Value::as_u64).and_then(|version| version.try_into().ok())?,
            head: Digest::try_from(text("head").to_owned()).ok()?,
            events: match events {
                Some(Value::Array(events)) => events,
                _ => return None,
            },
        })
    };
    let rule = "must be a case file, with exported_at, tenant, complaint, reference, version, head and events";
    read().ok_or_else(|| Refused::invalid(vec![FieldError::at("", Rule::NotAllowed, rule)]))
}

/// Reads a mapping.
///
/// # Errors
/// What is wrong with it.
pub fn mapping(text: &[u8]) -> Result<Mapping, Refused> {
    body::parse(text)
        .map_err(|error| Refused { detail: Some("The mapping is not acceptable".into()), ..refused(error) })
}

fn refused(error: BodyError) -> Refused {
    match error {
        BodyError::Syntax { column, .. } => {
            Refused::new(Code::MalformedJson, format!("Syntax error at column {column}"))
        }
        BodyError::Rules(errors) => Refused::invalid(errors),
    }
}

fn too_long() -> Refused {
    Refused::new(Code::TooLarge, format!("A row has at most {MAX_ROW} bytes and {MAX_COLUMNS} cells"))
}

fn not_text() -> Refused {
    Refused::invalid(vec![FieldError::at("", Rule::NotAllowed, "must be UTF-8")])
}
