//! Forms as browsers send them: `application/x-www-form-urlencoded` and `multipart/form-data` (RFC 7578), read whole.

use memchr::memchr_iter;

/// What was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Fields and what was typed, in the order they came. Line breaks are `\n`, and other control characters are not there.
    pub fields: Vec<(String, String)>,
    /// Files.
    pub files: Vec<SentFile>,
}

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// The field.
    pub field: String,
    /// What it was called.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// It is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no form")]
pub struct NoForm;

/// The most parts that are read.
const MAX_PARTS: usize = 100;

impl Sent {
    /// What was typed into a field, the first time that it comes; empty if it does not.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// All that was chosen, with a space between.
    #[must_use]
    pub fn values(&self, name: &str) -> String {
        let chosen = self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        chosen.collect::<Vec<_>>().join(" ")
    }

    /// Reads a body by its `Content-Type`.
    ///
    /// # Errors
    /// [`NoForm`].
    pub fn read(content_type: &str, body: &[u8]) -> Result<Self, NoForm> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/x-www-form-urlencoded" => {
                let pairs = form_urlencoded::parse(body).take(MAX_PARTS);
                let fields = pairs.map(|(name, value)| (name.into_owned(), plain(&value))).collect();
                Ok(Self { fields, files: Vec::new() })
            }
            "multipart/form-data" => multipart(boundary(content_type).ok_or(NoForm)?, body),
            _ => Err(NoForm),
        }
    }
}

/// A text as a field's answer: its line breaks are `\n`, and it has no other control characters but tabs.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The parameter `boundary`, quoted or not (RFC 2046 §5.1.1).
fn boundary(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut named = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let value = named.next()?.1.trim().trim_matches('"');
    (1..=70).contains(&value.len()).then_some(value)
}

fn multipart(boundary: &str, body: &[u8]) -> Result<Sent, NoForm> {
    let first = format!("--{boundary}");
    let between = format!("\r\n{first}");
    let mut rest = body.strip_prefix(first.as_bytes()).ok_or(NoForm)?;
    let mut sent = Sent::default();
    for _ in 0..=MAX_PARTS {
        if rest.starts_with(b"--") {
            return Ok(sent);
        }
        rest = rest.strip_prefix(b"\r\n").ok_or(NoForm)?;
        let end = find(rest, between.as_bytes()).ok_or(NoForm)?;
        let (part, after) = rest.split_at_checked(end).ok_or(NoForm)?;
        rest = after.strip_prefix(between.as_bytes()).ok_or(NoForm)?;
        let head_ends = find(part, b"\r\n\r\n").ok_or(NoForm)?;
        let (head, content) = part.split_at_checked(head_ends).ok_or(NoForm)?;
        let content = content.strip_prefix(b"\r\n\r\n").ok_or(NoForm)?;
        let head = String::from_utf8_lossy(head);
        let disposition = head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-disposition").then_some(value)
        });
        let disposition = disposition.ok_or(NoForm)?;
        let field = parameter(disposition, "name").ok_or(NoForm)?;
        match parameter(disposition, "filename") {
            // A field of files that was left empty.
            Some(name) if name.is_empty() && content.is_empty() => {}
            Some(name) => sent.files.push(SentFile { field, name, bytes: content.to_vec() }),
            None => sent.fields.push((field, plain(&String::from_utf8_lossy(content)))),
        }
    }
    Err(NoForm)
}

/// Where a mark that begins with a line break first stands. A searcher for any mark would weigh more than all else here.
fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    memchr_iter(b'\r', bytes).find(|at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark)))
}

/// A parameter of `Content-Disposition` as browsers write it (HTML, "Multipart form data"): quoted, with `%22`, `%0D` and `%0A` for what
/// would end it.
fn parameter(disposition: &str, wanted: &str) -> Option<String> {
    let mut rest = disposition;
    while let Some((_, after)) = rest.split_once(';') {
        let (name, after) = after.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(';').unwrap_or(after.len())),
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"));
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODY: &str = "--x\r\nContent-Disposition: form-data; name=\"words\"\r\n\r\nOne\r\ntwo\0\r\n--x\r\n\
        content-disposition: form-data; filename=\"a;%22b\\.pdf\"; name=\"files\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--y\r\n\r\n--x\r\n\
        Content-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\r\n\r\n--x--\r\n";

    #[test]
    fn a_form_with_files_is_read() {
        let sent = Sent::read("multipart/form-data; boundary=x", BODY.as_bytes()).unwrap();
        assert_eq!(sent.value("words"), "One\ntwo");
        let [file] = sent.files.as_slice() else { panic!("{:?}", sent.files) };
        assert_eq!((file.field.as_str(), file.name.as_str()), ("files", "a;\"b\\.pdf"));
        assert_eq!(file.bytes, b"%PDF\r\n--y\r\n");
    }

    #[test]
    fn an_ordinary_form_is_read() {
        let sent =
            Sent::read("application/x-www-form-urlencoded; charset=utf-8", b"a=1%0D%0A2&support=health&support=x")
                .unwrap();
        assert_eq!((sent.value("a"), sent.values("support").as_str(), sent.value("b")), ("1\n2", "health x", ""));
    }

    #[test]
    fn what_is_no_form() {
        for (content_type, body) in [
            ("application/json", "{}"),
            ("multipart/form-data", BODY),
            ("multipart/form-data; boundary=z", BODY),
            ("multipart/form-data; boundary=x", "--x\r\nno end"),
            ("multipart/form-data; boundary=x", "--x\r\n\r\n\r\n--x--"),
        ] {
            assert_eq!(Sent::read(content_type, body.as_bytes()), Err(NoForm), "{content_type}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(body in any::<Vec<u8>>(), tail in ".*") {
            _ = Sent::read("multipart/form-data; boundary=x", &body);
            _ = Sent::read(&format!("multipart/form-data; {tail}"), &body);
            let whole = format!("--x\r\nContent-Disposition: form-data; {tail}\r\n\r\n{tail}\r\n--x--");
            _ = Sent::read("multipart/form-data; boundary=x", whole.as_bytes());
        }
    }
}
