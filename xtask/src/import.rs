//! `cargo xtask import`: a file of complaints from elsewhere, sent in slices to `POST /v1/complaints:import`. The import is known
//! by the file, so running it again, after Ctrl-C too, goes on and adds nothing twice.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::api::{Client, Reply};
use crate::cfpb;
use crate::dev;
use crate::digest::sha256;
use crate::progress::duration;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What kind of file it is
    #[arg(value_enum)]
    source: Source,
    /// The file, gzipped or not
    file: PathBuf,
    /// The tenant that gets the complaints
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// What the columns are: a JSON file, see docs/import-and-export.md
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// What stands between the columns of CSV
    #[arg(long, value_enum, default_value = "comma")]
    delimiter: Delimiter,
    /// Say what would happen, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// The name of the import; what it has brought before is not brought again [default: follows from the file]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Read at most this many rows
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Address of the API [default: that of a running `cargo xtask dev`]
    #[arg(long, requires = "key")]
    url: Option<String>,
    /// API key of the tenant with the scope complaints:write [default: the one that `cargo xtask dev` made]
    #[arg(long, env = "REDRESS_KEY", hide_env_values = true)]
    key: Option<String>,
}

/// Where complaints come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Source {
    /// The US CFPB's Consumer Complaint Database: CSV or JSON lines, with its own column names
    Cfpb,
    /// A table
    Csv,
    /// JSON lines: complaints as the API takes them, case files as it exports them, or with --mapping whatever
    Ndjson,
}

/// What stands between the columns.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
}

impl Delimiter {
    const fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
        }
    }

    const fn parameter(self) -> &'static str {
        match self {
            Delimiter::Comma => ",",
            Delimiter::Semicolon => ";",
            Delimiter::Tab => "tab",
        }
    }
}

/// A row as it is sent, with its line in the file; or why there is nothing to send.
pub type Line = (usize, Result<String>);

/// Where an import goes.
pub struct Import<'c> {
    /// Speaks to the tenant.
    pub client: &'c Client,
    /// What it is known by.
    pub name: &'c str,
    /// `csv` if it is not lines of JSON.
    pub content_type: &'c str,
    /// Further parameters, beginning with `&`.
    pub parameters: String,
    /// What every request begins with: a mapping, a header.
    pub preamble: String,
    /// The number of the first row.
    pub first_row: u64,
}

/// What became of a file's rows.
#[derive(Debug, Default)]
pub struct Tally {
    /// Complaints that are there now because of this run, or would be.
    pub imported: usize,
    /// Complaints that an earlier run had imported.
    pub known: usize,
    /// Rows that were not accepted.
    pub bad: usize,
}

/// The rows and bytes of a request: some seconds of work, well below what one may have.
const SLICE_ROWS: usize = 5_000;
const SLICE_BYTES: usize = 16_000_000;
/// How often a request that was not answered whole is sent again, and how long after: so long, then twice as long, …
const ATTEMPTS: u32 = 6;
const PAUSE: Duration = Duration::from_secs(1);

/// Imports the file and prints what became of it.
pub fn run(args: &Args) -> Result<()> {
    let started = Instant::now();
    let read = Arc::new(AtomicU64::new(0));
    let name = match &args.name {
        Some(name) => name.clone(),
        None => known_by(args)?,
    };
    let client = client(args)?;
    let (preamble, rows) = rows(args, &read)?;
    let mut parameters = String::new();
    if args.mapping.is_some() && args.source != Source::Cfpb {
        parameters.push_str("&mapping=first_line");
    }
    if args.source == Source::Csv {
        parameters.push_str(&format!("&delimiter={}", args.delimiter.parameter()));
    }
    if args.dry_run {
        parameters.push_str("&dry_run=true");
    }
    let content_type = if args.source == Source::Csv { "text/csv" } else { "application/x-ndjson" };
    let import = Import { client: &client, name: &name, content_type, parameters, preamble, first_row: 1 };
    let bar = ProgressBar::new(std::fs::metadata(&args.file)?.len());
    bar.set_style(ProgressStyle::with_template("    {bar:40} {percent:>3} %  {msg}  {eta} left")?);
    let tally = import.send(rows.take(args.limit.unwrap_or(usize::MAX)), |tally, event| {
        match event {
            Event::Bad { line, reason } => bar.suspend(|| eprintln!("    line {line}: {reason}")),
            Event::Again(reason) => bar.suspend(|| eprintln!("    {reason}: sending it again")),
            Event::Row(_) => {}
        }
        bar.set_position(read.load(Ordering::Relaxed));
        let rate = tally.rows() as f64 / started.elapsed().as_secs_f64();
        bar.set_message(format!("{} rows, {rate:.0} a second", tally.rows()));
    })?;
    bar.finish_and_clear();
    let rate = (tally.imported + tally.known) as f64 / started.elapsed().as_secs_f64();
    let took = duration(started.elapsed());
    let done = if args.dry_run { "would be imported" } else { "imported" };
    let Tally { imported, known, bad } = tally;
    println!("{imported} {done}, {known} were there already, {bad} not accepted, in {took} ({rate:.0} a second)");
    Ok(())
}

/// What happens on the way.
pub enum Event<'e> {
    /// The answer to a row that was accepted: `created`, `already` or `valid`.
    Row(&'e Value),
    /// A row that was not.
    Bad {
        /// Its line in the file.
        line: usize,
        /// Why.
        reason: &'e str,
    },
    /// A request was not answered whole.
    Again(&'e str),
}

impl Tally {
    fn rows(&self) -> usize {
        self.imported + self.known + self.bad
    }
}

/// Some rows.
struct Slice {
    first_row: u64,
    body: String,
    /// By row, the line in the file.
    lines: Vec<usize>,
    /// What of them is not worth sending.
    bad: Vec<(usize, String)>,
}

impl Import<'_> {
    /// Sends rows, a slice after the other; while one is sent the next is read. `seen` is told of everything.
    pub fn send(
        &self,
        rows: impl Iterator<Item = Line> + Send,
        mut seen: impl FnMut(&Tally, Event<'_>),
    ) -> Result<Tally> {
        let (give, take) = sync_channel(1);
        thread::scope(|threads| {
            threads.spawn(move || {
                for slice in self.slices(rows) {
                    // Whoever takes them may have given up.
                    if give.send(slice).is_err() {
                        break;
                    }
                }
            });
            let mut tally = Tally::default();
            for slice in take {
                for (line, reason) in &slice.bad {
                    tally.bad += 1;
                    seen(&tally, Event::Bad { line: *line, reason });
                }
                let mut attempt = 1;
                while let Err(error) = self.send_slice(&slice, &mut tally, &mut seen)? {
                    ensure!(attempt < ATTEMPTS, "{error}");
                    seen(&tally, Event::Again(&error));
                    thread::sleep(PAUSE * 2_u32.pow(attempt - 1));
                    attempt += 1;
                }
            }
            Ok(tally)
        })
    }

    fn slices(&self, rows: impl Iterator<Item = Line>) -> impl Iterator<Item = Slice> {
        let mut rows = rows.peekable();
        let mut first_row = self.first_row;
        std::iter::from_fn(move || {
            rows.peek()?;
            let mut slice = Slice { first_row, body: self.preamble.clone(), lines: Vec::new(), bad: Vec::new() };
            while slice.lines.len() < SLICE_ROWS && slice.body.len() < SLICE_BYTES {
                let Some((line, row)) = rows.next() else { break };
                match row {
                    Ok(text) => slice.body.push_str(&text),
                    // An empty line keeps its number.
                    Err(error) => slice.bad.push((line, format!("{error:#}"))),
                }
                slice.body.push('\n');
                slice.lines.push(line);
            }
            first_row += slice.lines.len() as u64;
            Some(slice)
        })
    }

    /// Sends a slice once. The inner error is one that another attempt may not meet.
    fn send_slice(
        &self,
        slice: &Slice,
        tally: &mut Tally,
        seen: &mut impl FnMut(&Tally, Event<'_>),
    ) -> Result<Result<(), String>> {
        let query = format!("first_row={}{}", slice.first_row, self.parameters);
        let answer = match self.client.import(&query, self.name, self.content_type, &slice.body) {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(format!("{error:#}"))),
        };
        let lines = match answer {
            Ok(lines) => lines,
            Err(reply) if matches!(reply.status, 429 | 502 | 503) => return Ok(Err(reply.complaint())),
            Err(reply) => bail!("POST /v1/complaints:import: {}", reply.complaint()),
        };
        // Counted once the whole answer is there: of one that was cut all comes again.
        let mut rows = Vec::with_capacity(slice.lines.len());
        for line in lines.lines() {
            let Ok(answer) = line.map_err(drop).and_then(|line| serde_json::from_str::<Value>(&line).map_err(drop))
            else {
                return Ok(Err("the answer was cut off".to_owned()));
            };
            let Some(summary) = answer.get("summary") else {
                rows.push(answer);
                continue;
            };
            if summary["complete"] != true {
                let stopped = &summary["stopped"];
                let reason = format!("{} {}", stopped["code"], stopped["detail"]).replace('"', "");
                return if stopped["code"] == "unavailable" {
                    Ok(Err(reason))
                } else {
                    bail!("the import has stopped: {reason}")
                };
            }
            for row in rows {
                self.count(slice, &row, tally, seen)?;
            }
            return Ok(Ok(()));
        }
        Ok(Err("the answer was cut off".to_owned()))
    }

    fn count(
        &self,
        slice: &Slice,
        row: &Value,
        tally: &mut Tally,
        seen: &mut impl FnMut(&Tally, Event<'_>),
    ) -> Result<()> {
        match row["status"].as_str() {
            Some("created" | "valid") => tally.imported += 1,
            Some("already") => tally.known += 1,
            _ => {
                tally.bad += 1;
                let number = row["row"].as_u64().context("an answer without its row")?;
                let line = usize::try_from(number - slice.first_row).ok().and_then(|nth| slice.lines.get(nth));
                let reason =
                    Reply { status: 0, etag: None, replayed: false, request_id: None, body: row.clone() }.complaint();
                let reason = reason.trim_start_matches("0 ");
                seen(tally, Event::Bad { line: *line.context("an answer to a row that was not sent")?, reason });
                return Ok(());
            }
        }
        seen(tally, Event::Row(row));
        Ok(())
    }
}

/// What a file is known by: its size and how it begins.
fn known_by(args: &Args) -> Result<String> {
    let mut beginning = Vec::new();
    let file = File::open(&args.file).with_context(|| format!("opening {}", args.file.display()))?;
    let size = file.metadata()?.len();
    file.take(1 << 20).read_to_end(&mut beginning)?;
    let beginning = sha256(&String::from_utf8_lossy(&beginning));
    Ok(format!("xtask-{}", &sha256(&format!("{size} {beginning}"))[..32]))
}

/// What every request begins with, and the rows of the file.
fn rows(args: &Args, read: &Arc<AtomicU64>) -> Result<(String, Box<dyn Iterator<Item = Line> + Send>)> {
    let mut preamble = String::new();
    if let Some(path) = &args.mapping {
        ensure!(args.source != Source::Cfpb, "the columns of the CFPB are known: --mapping is for csv and ndjson");
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let mapping: Value = serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
        preamble = format!("{mapping}\n");
    }
    let (plain, content) = open(&args.file, read)?;
    let rows: Box<dyn Iterator<Item = Line> + Send> = match args.source {
        Source::Cfpb => {
            let body = |row: cfpb::Row| cfpb::complaint(&row).map(|body| body.to_string());
            Box::new(cfpb::rows(&plain, content)?.map(move |(line, row)| (line, row.and_then(body))))
        }
        Source::Ndjson => {
            let lines = BufReader::with_capacity(1 << 16, content).lines().enumerate();
            Box::new(lines.map(|(nth, line)| (nth + 1, line.map_err(Into::into))))
        }
        Source::Csv => {
            let delimiter = args.delimiter.byte();
            let mut reader =
                csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(content);
            let mut header = csv::ByteRecord::new();
            ensure!(reader.read_byte_record(&mut header)?, "{} is empty", args.file.display());
            preamble.push_str(&record_text(&header, delimiter)?);
            preamble.push('\n');
            Box::new(reader.into_byte_records().enumerate().map(move |(nth, record)| match record {
                Ok(record) => {
                    let line = record.position().map_or(nth + 2, |position| position.line() as usize);
                    (line, record_text(&record, delimiter))
                }
                Err(error) => (nth + 2, Err(error.into())),
            }))
        }
    };
    Ok((preamble, rows))
}

fn record_text(record: &csv::ByteRecord, delimiter: u8) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    writer.write_byte_record(record)?;
    let text = String::from_utf8(writer.into_inner()?).context("not UTF-8")?;
    Ok(text.trim_end_matches('\n').to_owned())
}

/// Opens a file, gzipped or not. `read` counts its bytes as they are read. Gives the name without `.gz`, too.
pub fn open(path: &Path, read: &Arc<AtomicU64>) -> Result<(String, Box<dyn Read + Send>)> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let file = Counting { inner: file, read: Arc::clone(read) };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Ok(match name.strip_suffix(".gz") {
        Some(plain) => (plain.to_owned(), Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file)))),
        None => (name.to_owned(), Box::new(file)),
    })
}

struct Counting {
    inner: File,
    read: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

fn client(args: &Args) -> Result<Client> {
    if let (Some(url), Some(key)) = (&args.url, &args.key) {
        return Ok(Client::new(url, key));
    }
    let addresses =
        std::fs::read(dev::addresses()).context("no --url and --key given, and no `cargo xtask dev` has run here")?;
    let addresses: Value = serde_json::from_slice(&addresses)?;
    let tenant = addresses["tenants"].as_array().into_iter().flatten().find(|tenant| tenant["slug"] == args.tenant);
    let key = args.key.as_deref().or_else(|| tenant?["key"].as_str());
    let key = key.with_context(|| format!("`cargo xtask dev` made no tenant {}: give --url and --key", args.tenant))?;
    Ok(Client::new(addresses["inner_url"].as_str().context("target/dev.json has no address")?, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(rows: Vec<Line>, preamble: &str) -> Vec<(u64, String, Vec<usize>)> {
        let client = Client::new("http://127.0.0.1:9", "");
        let import = Import {
            client: &client,
            name: "x",
            content_type: "",
            parameters: String::new(),
            preamble: preamble.to_owned(),
            first_row: 1,
        };
        import.slices(rows.into_iter()).map(|slice| (slice.first_row, slice.body, slice.lines)).collect()
    }

    #[test]
    fn a_row_keeps_its_number_wherever_the_file_is_cut() {
        let rows = (0..SLICE_ROWS + 3).map(|nth| (nth + 2, if nth == 1 { bail_row() } else { Ok(format!("{nth}")) }));
        let slices = slices(rows.collect(), "header\n");
        let [(1, first, lines), (second_row, second, _)] = slices.as_slice() else { panic!("{}", slices.len()) };
        assert!(first.starts_with("header\n0\n\n2\n"));
        assert_eq!(
            (lines.len(), *second_row, second.as_str()),
            (SLICE_ROWS, SLICE_ROWS as u64 + 1, "header\n5000\n5001\n5002\n")
        );
    }

    fn bail_row() -> Result<String> {
        bail!("no row")
    }

    #[test]
    fn a_record_is_written_as_it_was_read() -> Result<()> {
        let record = csv::ByteRecord::from(vec!["a\n\"b\"", "", "c,d"]);
        assert_eq!(record_text(&record, b',')?, "\"a\n\"\"b\"\"\",,\"c,d\"");
        Ok(())
    }
}
