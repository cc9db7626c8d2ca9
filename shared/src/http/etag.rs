//! `ETag` and `If-Match` (RFC 9110 §8.8.3, §13.1.1) of versioned records: `"v42"`.

/// The `ETag` of a version.
#[must_use]
pub fn of_version(version: u32) -> String {
    format!("\"v{version}\"")
}

/// What `If-Match` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Vec<u32>);

/// Not a list of this API's entity tags. `*` is refused: a write must say which version it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the ETag of the version you have read, such as \"v3\"; * and weak tags do not do")]
pub struct InvalidIfMatch;

impl IfMatch {
    /// Whether this version is one that the caller has seen.
    #[must_use]
    pub fn accepts(&self, version: u32) -> bool {
        self.0.contains(&version)
    }
}

impl std::str::FromStr for IfMatch {
    type Err = InvalidIfMatch;

    fn from_str(header: &str) -> Result<Self, InvalidIfMatch> {
        let version = |tag: &str| {
            let digits = tag.trim().strip_prefix("\"v")?.strip_suffix('"')?;
            digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))
        };
        header.split(',').map(version).collect::<Option<_>>().map(Self).ok_or(InvalidIfMatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_that_were_read_are_accepted() {
        let header: IfMatch = "\"v3\", \"v4\"".parse().unwrap();
        assert!(header.accepts(3) && header.accepts(4) && !header.accepts(5));
        assert_eq!(of_version(3).parse(), Ok(IfMatch(vec![3])));
        for wrong in ["", "*", "W/\"v3\"", "v3", "\"3\"", "\"v+3\"", "\"v3\",", "\"v99999999999\""] {
            assert_eq!(wrong.parse::<IfMatch>(), Err(InvalidIfMatch), "{wrong}");
        }
    }
}
