//! What a command tells its user: the step it is at and how long each one took.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Announces a step, does it, and says how long it took.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {what}");
    let started = Instant::now();
    let result = work()?;
    eprintln!("    done in {}", duration(started.elapsed()));
    Ok(result)
}

/// A remark under the step in progress.
pub fn note(text: &str) {
    eprintln!("    {text}");
}

/// `830 ms`, `12.4 s`, `2 min 45 s`.
pub fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0 => format!("{} ms", elapsed.as_millis()),
        1..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_naturally() {
        assert_eq!(duration(Duration::from_millis(830)), "830 ms");
        assert_eq!(duration(Duration::from_millis(12_430)), "12.4 s");
        assert_eq!(duration(Duration::from_secs(165)), "2 min 45 s");
    }
}
