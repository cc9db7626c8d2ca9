//! Parts of a file (RFC 9110 §14): one range of bytes, as players and readers ask for it.

/// What of a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of it: there is no range, or one that is not understood, or several (RFC 9110 §14.2 lets a server pass over them).
    Whole,
    /// So many bytes from there on.
    Part {
        /// The first byte, from 0.
        from: u64,
        /// How many: at least one.
        bytes: u64,
    },
    /// Nothing that there is (416).
    Beyond,
}

/// Reads `Range` for a file of so many bytes.
#[must_use]
pub fn asked(header: &str, size: u64) -> Asked {
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let Some((first, last)) = header.trim().strip_prefix("bytes=").and_then(|set| set.split_once('-')) else {
        return Asked::Whole;
    };
    let part = match (number(first), number(last)) {
        (Some(first), None) if last.is_empty() => (first < size).then_some((first, size)),
        (Some(first), Some(last)) if first > last => return Asked::Whole,
        (Some(first), Some(last)) => (first < size).then_some((first, last.saturating_add(1).min(size))),
        (None, Some(suffix)) if first.is_empty() => {
            (suffix > 0 && size > 0).then_some((size.saturating_sub(suffix), size))
        }
        _ => return Asked::Whole,
    };
    part.map_or(Asked::Beyond, |(from, to)| Asked::Part { from, bytes: to - from })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood() {
        let part = |from, bytes| Asked::Part { from, bytes };
        for (header, expected) in [
            ("", Asked::Whole),
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-99", part(0, 10)),
            ("bytes=4-", part(4, 6)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-30", part(0, 10)),
            ("bytes=9-9", part(9, 1)),
            ("bytes=10-", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=5-4", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("bytes=99999999999999999999-", Asked::Whole),
        ] {
            assert_eq!(asked(header, 10), expected, "{header}");
        }
        assert_eq!(asked("bytes=0-", 0), Asked::Beyond);
    }
}
