//! Fills a stack with complaints of the corpus, as fast as it takes them.

use std::cell::Cell;
use std::sync::Arc;

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use serde::Serialize;
use tokio::time::Instant;

use crate::corpus::Corpus;
use crate::target::{Target, connect, send};

/// Connections that log complaints where there is no import.
const CONNECTIONS: usize = 32;

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
pub(crate) async fn store(target: &Arc<Target>, corpus: &Arc<Corpus>, numbers: std::ops::Range<u64>) -> Result<Stored> {
    let begun = Instant::now();
    let complaints = numbers.end - numbers.start;
    one_by_one(target, corpus, numbers).await?;
    Ok(Stored { stack: target.name.clone(), complaints, seconds: begun.elapsed().as_secs_f64(), imported: false })
}

async fn one_by_one(target: &Target, corpus: &Corpus, numbers: std::ops::Range<u64>) -> Result<()> {
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
