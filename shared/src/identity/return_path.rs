//! Where a browser goes on once somebody is signed in.

/// The longest path, in bytes: it travels in a cookie.
pub const MAX_BYTES: usize = 512;
/// What every page of staff is under.
const ROOT: &str = "/app";

/// A path of this service's pages for staff, with its query: never another host's, whatever it looks like (RFC 9700 §4.11, open redirectors).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The path, if it is one; else the first page. A wrong one is no reason not to sign somebody in.
    #[must_use]
    pub fn or_root(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self(ROOT.to_owned()))
    }

    /// The path, if it is one: `/app`, or something under it or with a query, in printable ASCII, without `//`, `\`, `..` and fragment.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(ROOT)?;
        let under = rest.is_empty() || rest.starts_with(['/', '?']);
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#');
        let path = rest.split('?').next().unwrap_or_default();
        let steps_out = path.split('/').any(|step| matches!(step, "." | "..")) || path.contains('%');
        let fine = under && text.len() <= MAX_BYTES && text.bytes().all(plain) && !text.contains("//") && !steps_out;
        fine.then(|| Self(text.to_owned()))
    }

    /// The path, for `Location`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ReturnPath {
    fn default() -> Self {
        Self(ROOT.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_ones_own_is_returned_to() {
        for good in ["/app", "/app/", "/app/complaints/01a1?tab=letters&x=%20", "/app?q=a+b"] {
            assert_eq!(ReturnPath::or_root(good).as_str(), good);
        }
        for bad in [
            "",
            "/",
            "/apple",
            "/app@evil.example",
            "/app//evil.example",
            "//evil.example/app",
            "https://evil.example/app",
            "/app/../v1/complaints",
            "/app/%2e%2e/x",
            "/app/\\evil.example",
            "/app/x#y",
            "/app/a\r\nSet-Cookie: x=y",
            "/app?next=https://evil.example",
            "/app/é",
        ] {
            assert_eq!(ReturnPath::or_root(bad).as_str(), "/app", "{bad}");
        }
        assert!(ReturnPath::parse(&format!("/app/{}", "x".repeat(MAX_BYTES))).is_none());
    }
}
