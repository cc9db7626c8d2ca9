//! Work spread over a few threads, because a request mostly waits.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;

/// Connections kept busy at the same time.
pub const CONNECTIONS: usize = 16;

/// Does `work` for every item on [`CONNECTIONS`] threads. The first error ends it and is returned.
pub fn for_each<T: Send>(items: impl Iterator<Item = T> + Send, work: impl Fn(T) -> Result<()> + Sync) -> Result<()> {
    let items = Mutex::new(items);
    let failed = AtomicBool::new(false);
    let next = || items.lock().ok().filter(|_| !failed.load(Ordering::Relaxed))?.next();
    let worker = || -> Result<()> {
        while let Some(item) = next() {
            work(item).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    };
    std::thread::scope(|threads| {
        let running: Vec<_> = (0..CONNECTIONS).map(|_| threads.spawn(worker)).collect();
        let ended: Vec<Result<()>> = running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        ended.into_iter().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn every_item_is_worked_once() -> Result<()> {
        let sum = AtomicU32::new(0);
        for_each(1..=100, |item| {
            sum.fetch_add(item, Ordering::Relaxed);
            Ok(())
        })?;
        assert_eq!(sum.into_inner(), 5050);
        Ok(())
    }

    #[test]
    fn an_error_ends_the_work() {
        let done = AtomicU32::new(0);
        let result = for_each(0.., |item: u32| {
            done.fetch_add(1, Ordering::Relaxed);
            anyhow::ensure!(item < 5, "item {item}");
            Ok(())
        });
        assert!(result.is_err());
        assert!(done.into_inner() < 1000);
    }
}
