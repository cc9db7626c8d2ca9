//! The request bodies: real complaint texts in complete, valid bodies, the same for both stacks.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use hyper::body::Bytes;
use serde_json::Value;

/// Stands in a prepared body where each request puts its own number.
const SLOT: &str = "@number@";

/// The bodies of the complaints to create, endless by repetition.
pub(crate) struct Complaints {
    /// Serialised once and cut at the slot, so that a request costs one copy and no JSON work.
    bodies: Vec<(String, Option<String>)>,
}

impl Complaints {
    /// Reads complete bodies from `bodies` (NDJSON), and puts the narratives of `narratives`
    /// (gzipped JSON lines of the CFPB's export) in place of their descriptions if that is given.
    pub(crate) fn read(bodies: &Path, narratives: Option<&Path>, limit: usize) -> Result<Self> {
        let templates = json_lines(File::open(bodies).with_context(|| format!("cannot open {}", bodies.display()))?)
            .take(limit)
            .collect::<Result<Vec<_>>>()?;
        ensure!(!templates.is_empty(), "{} holds no complaint", bodies.display());
        let bodies = match narratives {
            None => templates.iter().cloned().map(prepared).collect::<Result<_>>()?,
            Some(path) => {
                let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
                let texts = json_lines(GzDecoder::new(file)).take(limit);
                let with_text = templates.iter().cycle().zip(texts).map(|(template, line)| {
                    let mut line = line?;
                    let mut body = template.clone();
                    body["description"] = line["Consumer complaint narrative"].take();
                    ensure!(body["description"].is_string(), "a line of {} has no narrative", path.display());
                    prepared(body)
                });
                with_text.collect::<Result<_>>()?
            }
        };
        Ok(Self { bodies })
    }

    /// The body of the complaint with this number. The external reference is made unique by it,
    /// because a tenant may use each only once.
    pub(crate) fn body(&self, number: u64) -> Bytes {
        let (head, tail) = &self.bodies[(number % self.bodies.len() as u64) as usize];
        match tail {
            Some(tail) => format!("{head}{number}{tail}").into(),
            None => head.clone().into(),
        }
    }
}

/// Serialises a body, cut where the number of the external reference goes.
fn prepared(mut body: Value) -> Result<(String, Option<String>)> {
    if let Some(reference) = body.get_mut("external_reference") {
        *reference = Value::from(SLOT);
    }
    let text = serde_json::to_string(&body)?;
    Ok(match text.split_once(SLOT) {
        Some((head, tail)) => (head.to_owned(), Some(tail.to_owned())),
        None => (text, None),
    })
}

/// The JSON values of a text with one in each line.
fn json_lines(text: impl Read) -> impl Iterator<Item = Result<Value>> {
    BufReader::new(text).lines().map(|line| Ok(serde_json::from_str(&line?)?))
}
