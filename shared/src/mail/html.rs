//! A mail that has only HTML, as text: for reading, never for showing as HTML. No more comes out than goes in.

/// Elements of which nothing is text that people read.
const HIDDEN: [&str; 6] = ["head", "script", "style", "template", "title", "svg"];
/// Elements that begin a line.
const BLOCKS: [&str; 17] = [
    "address",
    "blockquote",
    "br",
    "dd",
    "div",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "hr",
    "li",
    "p",
    "pre",
    "table",
    "td",
    "tr",
];
/// Names of characters that mail programs use; the rest come by number or as they are (HTML, "Named character references").
const ENTITIES: [(&str, &str); 20] = [
    ("amp", "&"),
    ("apos", "'"),
    ("auml", "ä"),
    ("bull", "•"),
    ("copy", "©"),
    ("eacute", "é"),
    ("euro", "€"),
    ("gt", ">"),
    ("hellip", "…"),
    ("ldquo", "“"),
    ("lsquo", "‘"),
    ("lt", "<"),
    ("mdash", "—"),
    ("nbsp", " "),
    ("ndash", "–"),
    ("ouml", "ö"),
    ("pound", "£"),
    ("quot", "\""),
    ("rdquo", "”"),
    ("rsquo", "’"),
];

/// The text of an HTML document.
#[must_use]
pub fn text(html: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(html.len() / 2), html);
    // The element of which nothing is shown until it ends.
    let mut hidden: Option<&str> = None;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if hidden.is_none() {
            add(&mut text, before);
        }
        let tag = tag.strip_prefix('<').unwrap_or_default();
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some((inner, after)) = tag.split_once('>') else {
            // No tag any more: a sign for "less than".
            if hidden.is_none() {
                add(&mut text, "<");
                add(&mut text, tag);
            }
            return finish(&text);
        };
        rest = after;
        let (ends, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        let name: String =
            inner.chars().take_while(char::is_ascii_alphanumeric).take(12).collect::<String>().to_ascii_lowercase();
        match hidden {
            Some(element) if ends && element == name => hidden = None,
            Some(_) => {}
            None => {
                hidden = HIDDEN.into_iter().find(|element| !ends && *element == name && !inner.ends_with('/'));
                if BLOCKS.contains(&name.as_str()) && !text.ends_with('\n') {
                    text.push('\n');
                }
            }
        }
    }
    if hidden.is_none() {
        add(&mut text, rest);
    }
    finish(&text)
}

/// Adds what stands between tags: white space is one space, names of characters are characters.
fn add(text: &mut String, piece: &str) {
    let mut rest = piece;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if c == '&'
            && let Some((known, after)) = entity(after)
        {
            text.push_str(&known);
            rest = after;
            continue;
        }
        match c {
            _ if !c.is_ascii_whitespace() => text.push(c),
            _ if text.is_empty() || text.ends_with([' ', '\n']) => {}
            _ => text.push(' '),
        }
        rest = after;
    }
}

/// A character by its name or number, and what follows it.
fn entity(after: &str) -> Option<(String, &str)> {
    let end = after.bytes().take(12).position(|byte| byte == b';')?;
    let (name, rest) = (after.get(..end)?, after.get(end + 1..)?);
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        let c = char::from_u32(code).filter(|c| !c.is_control()).unwrap_or(' ');
        return Some((c.to_string(), rest));
    }
    let (_, known) = ENTITIES.iter().find(|(known, _)| *known == name)?;
    Some(((*known).to_owned(), rest))
}

/// Without spaces at the ends of lines, and with at most one empty line at a time.
fn finish(text: &str) -> String {
    let (mut lines, mut empty) = (Vec::new(), true);
    for line in text.lines().map(str::trim) {
        if !(line.is_empty() && empty) {
            lines.push(line);
        }
        empty = line.is_empty();
    }
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_read_what_is_shown() {
        for (html, read) in [
            (
                "<p>Dear bank,</p><p>a fee of &pound;25&nbsp;was charged &amp; not refunded.</p>",
                "Dear bank,\na fee of £25 was charged & not refunded.",
            ),
            ("<html><head><title>x</title><style>p{}</style></head><body>Hello<br>there</body></html>", "Hello\nthere"),
            ("<script>alert('<p>no</p>')</script>yes", "yes"),
            ("a<!-- <p>hidden</p> -->b", "ab"),
            ("&#8364;5 &#x20AC;6 &unknown; &", "€5 €6 &unknown; &"),
            ("<a href='https://evil.example'>click</a>", "click"),
            ("5 < 6", "5 < 6"),
            ("<ul><li>one<li>two</ul>", "one\ntwo"),
            ("<style>never ends", ""),
            ("", ""),
        ] {
            assert_eq!(text(html), read, "{html}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_and_grows_little(html in "(<|>|/|&|;|!--|-->|p|br|script|style| |é|#x41){0,60}") {
            prop_assert!(text(&html).len() <= html.len() + 1);
        }
    }
}
