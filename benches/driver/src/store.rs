//! Fills a stack with complaints of the corpus, as fast as it takes them.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::corpus::Corpus;
use crate::target::{Target, connect, send};

/// Connections that log complaints where there is no import.
const CONNECTIONS: usize = 32;
/// Complaints in a request to the import.
const ROWS: u64 = 5_000;

/// How a stack was filled.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stored {
    pub(crate) stack: String,
    pub(crate) complaints: u64,
    pub(crate) seconds: f64,
    /// Whether through the import, and not one by one.
    pub(crate) imported: bool,
}

impl Stored {
    /// Complaints a second.
    pub(crate) fn rate(&self) -> f64 {
        self.complaints as f64 / self.seconds
    }
}

/// Stores the complaints of the corpus with these numbers.
pub(crate) async fn store(target: &Arc<Target>, corpus: &Arc<Corpus>, numbers: Range<u64>) -> Result<Stored> {
    let begun = Instant::now();
    let complaints = numbers.end - numbers.start;
    let imported = target.is_redress() && import(target, corpus, numbers.clone()).await?;
    if !imported {
        one_by_one(target, corpus, numbers).await?;
    }
    Ok(Stored { stack: target.name.clone(), complaints, seconds: begun.elapsed().as_secs_f64(), imported })
}

/// Imports them, some thousands a request. Returns whether there is an import.
async fn import(target: &Target, corpus: &Corpus, numbers: Range<u64>) -> Result<bool> {
    let connection = connect();
    let mut from = numbers.start;
    while from < numbers.end {
        let to = (from + ROWS).min(numbers.end);
        let (status, _, answer) = send(&connection, target.importing(corpus, from..to)?).await?;
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) && from == numbers.start {
            return Ok(false);
        }
        let answer = std::str::from_utf8(&answer)?;
        let last = answer.lines().last().unwrap_or_default();
        let ImportEnd { summary } =
            serde_json::from_str(last).with_context(|| format!("the import was answered {status}: {last}"))?;
        let failed = answer.lines().find(|line| line.contains(r#""status":"failed""#)).unwrap_or_default();
        ensure!(summary.failed == 0, "{} rows were not imported: {failed}", summary.failed);
        ensure!(summary.created + summary.already > 0, "the import goes no further: {last}");
        // What was left out is sent again with the same key, and what is there is skipped.
        if summary.complete {
            from = to;
        }
    }
    Ok(true)
}

/// The last line of an answer to an import.
#[derive(Deserialize)]
struct ImportEnd {
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    created: u64,
    already: u64,
    failed: u64,
    complete: bool,
}

async fn one_by_one(target: &Target, corpus: &Corpus, numbers: Range<u64>) -> Result<()> {
    let next = Cell::new(numbers.start);
    let load = || async {
        let connection = connect();
        while next.get() < numbers.end {
            let number = next.replace(next.get() + 1);
            let (status, _, answer) = send(&connection, target.storing(corpus, number)?).await?;
            let said = || String::from_utf8_lossy(&answer).into_owned();
            ensure!(status.is_success(), "{} answered complaint {number} with {status}: {}", target.name, said());
        }
        Ok(())
    };
    try_join_all(std::iter::repeat_with(load).take(CONNECTIONS)).await?;
    Ok(())
}
