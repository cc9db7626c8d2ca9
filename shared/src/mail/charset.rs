//! Characters of mail: encoded words of headers (RFC 2047) and transfer encodings (RFC 2045 §6).
//!
//! What a charset means the caller knows: the runtime has the tables of the Encoding Standard, and carrying them here would cost a fifth
//! of what a Worker may weigh.

/// Reads bytes in a charset, by its label in the Encoding Standard, with U+FFFD for what it does not have. `None`: it knows no such.
pub type Decode<'d> = &'d dyn Fn(&str, &[u8]) -> Option<String>;

/// What bytes are read as that are said to be in no charset and are not UTF-8: whatever is, is a character of it.
const FALLBACK: &str = "windows-1252";

/// Bytes as text: in the charset that was said, if it is known; else as UTF-8 if they are that.
#[must_use]
pub fn text_of(bytes: &[u8], charset: &str, decode: Decode<'_>) -> String {
    let charset = charset.trim().to_ascii_lowercase();
    // Whatever says so may have eight bits all the same.
    let plain = matches!(charset.as_str(), "" | "utf-8" | "utf8" | "us-ascii" | "ascii" | "unknown-8bit");
    if !plain && let Some(text) = decode(&charset, bytes) {
        return text;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // Cut within a character, or with a few wrong bytes among many characters: it was meant as UTF-8.
        Err(_) if is_mostly_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => decode(FALLBACK, bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// Whether more of the bytes above ASCII belong to characters of UTF-8 than not.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    sound > 0 && sound >= broken
}

/// The value of a header as people read it: unfolded, its encoded words decoded. Adjacent words of one charset are read together, for
/// some senders cut within a character.
#[must_use]
pub fn header(raw: &[u8], decode: Decode<'_>) -> String {
    let unfolded: Vec<u8> = raw.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let (mut text, mut held) = (String::new(), Held::default());
    let mut rest = unfolded.as_slice();
    while let Some(at) = find(rest, b"=?") {
        let (before, from) = rest.split_at(at);
        let Some((charset, bytes, after)) = word(from) else {
            let (mark, after) = from.split_at(2);
            held.end(&mut text, decode);
            text.push_str(&text_of(before, "", decode));
            text.push_str(&text_of(mark, "", decode));
            rest = after;
            continue;
        };
        // White space between two encoded words is not shown (RFC 2047 §6.2).
        let joined = !held.charset.is_empty() && before.iter().all(u8::is_ascii_whitespace);
        if !(joined && held.charset == charset) {
            held.end(&mut text, decode);
        }
        if !joined {
            text.push_str(&text_of(before, "", decode));
        }
        held.charset = charset;
        held.bytes.extend_from_slice(&bytes);
        rest = after;
    }
    held.end(&mut text, decode);
    text.push_str(&text_of(rest, "", decode));
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shown.trim().to_owned()
}

#[derive(Default)]
struct Held {
    charset: String,
    bytes: Vec<u8>,
}

impl Held {
    fn end(&mut self, text: &mut String, decode: Decode<'_>) {
        if !self.charset.is_empty() {
            text.push_str(&text_of(&self.bytes, &self.charset, decode));
            *self = Self::default();
        }
    }
}

/// An encoded word at the beginning: its charset, its bytes, and what comes after it.
fn word(from: &[u8]) -> Option<(String, Vec<u8>, &[u8])> {
    let inner = from.get(2..)?;
    let (charset, inner) = cut(inner, b"?")?;
    let (encoding, inner) = cut(inner, b"?")?;
    let (encoded, after) = cut(inner, b"?=")?;
    let charset = std::str::from_utf8(charset).ok().filter(|charset| !charset.is_empty() && charset.len() < 50)?;
    // RFC 2231 §5 puts a language behind it.
    let charset = charset.split('*').next().unwrap_or_default().to_ascii_lowercase();
    let bytes = match encoding {
        b"B" | b"b" => base64(encoded),
        b"Q" | b"q" => {
            let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect();
            quoted_printable(&spaced)
        }
        _ => return None,
    };
    Some((charset, bytes, after))
}

fn cut<'b>(bytes: &'b [u8], mark: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let at = find(bytes, mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, mark)
}

/// Base 64; whatever else stands between its symbols is left out (RFC 2045 §6.8).
#[must_use]
pub fn base64(encoded: &[u8]) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(encoded.len() / 4 * 3), 0_u32, 0);
    for symbol in encoded {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            // Some senders join several, each with its own end.
            b'=' => {
                (held, bits) = (0, 0);
                continue;
            }
            _ => continue,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 255) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

/// Quoted-printable; what is no encoding stands for itself (RFC 2045 §6.7).
#[must_use]
pub fn quoted_printable(encoded: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut bytes, mut rest) = (Vec::with_capacity(encoded.len()), encoded);
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'=' {
            bytes.push(*first);
        } else if let (Some(high), Some(low)) = (digit(after.first()), digit(after.get(1))) {
            bytes.push((high << 4 | low) as u8);
            rest = after.get(2..).unwrap_or_default();
        } else if let Some(line) = soft_break(after) {
            rest = line;
        } else {
            bytes.push(b'=');
        }
    }
    bytes
}

/// What follows a line break behind `=`, with white space that was put in on the way.
fn soft_break(after: &[u8]) -> Option<&[u8]> {
    let trimmed = after.trim_ascii_start();
    let gap = after.get(..after.len() - trimmed.len())?;
    let end = gap.iter().position(|byte| *byte == b'\n').or_else(|| gap.iter().position(|byte| *byte == b'\r'))?;
    after.get(end + 1..)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The Encoding Standard, as the runtime has it.
    pub(crate) fn whatwg(label: &str, bytes: &[u8]) -> Option<String> {
        Some(encoding_rs::Encoding::for_label(label.as_bytes())?.decode_without_bom_handling(bytes).0.into_owned())
    }

    #[test]
    fn headers_are_read() {
        for (raw, text) in [
            (b"Plain".as_slice(), "Plain"),
            (b"folded\r\n twice\r\n\tover", "folded twice over"),
            // RFC 2047 §8.
            (b"=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld J\u{f8}rn Simonsen"),
            (b"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
                "If you can read this you understand the example."),
            (b"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
            (b"=?ISO-8859-1?Q?a_b?= c", "a b c"),
            // One character in two words.
            (b"=?utf-8?B?w6TD?= =?utf-8?B?tg==?=", "\u{e4}\u{f6}"),
            (b"=?utf-8?Q?=F0=9F=98?= =?UTF-8?Q?=80?=", "\u{1f600}"),
            (b"=?utf-8*en?Q?x?=", "x"),
            ("Beschwerde über Gebühr".as_bytes(), "Beschwerde über Gebühr"),
            (b"Beschwerde \xfcber", "Beschwerde über"),
            (b"=?broken", "=?broken"),
            (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
            (b"=?no-such-charset?Q?abc?=", "abc"),
            (b"a\0b\x07c", "a b c"),
            (b"", ""),
        ] {
            assert_eq!(header(raw, &whatwg), text, "{}", String::from_utf8_lossy(raw));
        }
        let japanese = b"=?ISO-2022-JP?B?GyRCNmw+cBsoQg==?=";
        assert_eq!(header(japanese, &whatwg), "苦情");
        assert_eq!(header(b"=?gb18030?B?zba439eo?=", &whatwg), whatwg("gb18030", &base64(b"zba439eo")).unwrap());
    }

    #[test]
    fn transfer_encodings_are_lenient() {
        assert_eq!(base64(b"aGVs\r\n!!bG8="), b"hello");
        assert_eq!(base64(b"aGVsbG8"), b"hello");
        assert_eq!(base64(b"aGk=aGk="), b"hihi");
        assert_eq!(quoted_printable(b"a=3Db=\r\nc= \n=zz="), b"a=bc=zz=");
        assert_eq!(text_of(b"\x80 5", "us-ascii", &whatwg), "\u{20ac} 5");
        assert_eq!(text_of("Zoë\u{20ac}".as_bytes(), "us-ascii", &whatwg), "Zoë\u{20ac}");
        assert_eq!(text_of(b"Zo\xc3\xab and Zo\xc3", "utf-8", &whatwg), "Zo\u{eb} and Zo\u{fffd}");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _text = header(&raw, &whatwg);
            let _bytes = (base64(&raw), quoted_printable(&raw));
        }

        #[test]
        fn what_was_encoded_is_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            use ::base64::{Engine as _, engine::general_purpose::STANDARD};
            prop_assert_eq!(&base64(STANDARD.encode(&bytes).as_bytes()), &bytes);
            let quoted: String = bytes.iter().map(|byte| format!("={byte:02X}")).collect();
            prop_assert_eq!(quoted_printable(quoted.as_bytes()), bytes);
        }
    }
}
