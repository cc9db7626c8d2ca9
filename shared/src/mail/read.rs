//! What a mail says (RFC 5322, RFC 2045 to 2049), as far as a complaint needs it. Pure, and bounded whatever comes.

use super::charset::{self, Decode, header, text_of};
use crate::chain::Digest;
use mail_parser::{Encoding, MessageParser, MessagePart, MimeHeaders as _, PartType};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Lines of headers, of all parts together, that are read. Mails that people write have a hundred.
const MAX_HEADERS: usize = 20_000;
/// Lines that may begin or end a part, which the reader looks at one by one.
const MAX_PARTS: usize = 2_000;
/// Mails within mails, each of which costs the reader a level.
const MAX_NESTED: usize = 50;
/// Bytes of a text or an HTML page that are read.
const MAX_TEXT: usize = 2_000_000;
/// Characters of a subject and a name that are kept.
const MAX_LINE: usize = 500;
/// Messages that a mail may answer; more name no other complaint.
const MAX_ANSWERED: usize = 50;

/// A mail that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address of its author, in lower case, if it has one.
    pub from: Option<String>,
    /// What its author is called; empty if not told.
    pub name: String,
    /// What it is about; empty if not told.
    pub subject: String,
    /// What it says: its plain text, or else its HTML as text. Empty if it says nothing.
    pub text: String,
    /// What is attached, in its order.
    pub files: Vec<File>,
    /// Its own id, without angle brackets.
    pub message_id: Option<String>,
    /// The ids of those that it answers, the nearest first.
    pub answers: Vec<String>,
    /// What tells mails of people from others.
    pub marks: Marks,
    /// A fingerprint of what its author has sent: the same however often it was sent.
    pub content: Digest,
}

/// Something attached.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// What it is called; empty if not told.
    pub name: String,
    /// Its bytes; of text in UTF-8.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for File {
    /// Not what it says: `Debug` ends in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({} bytes)", self.bytes.len())
    }
}

/// Headers by which programs say that they are not people. Values in lower case, empty if absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// `Auto-Submitted` (RFC 3834 §5).
    pub auto_submitted: String,
    /// `Return-Path`, as the last host wrote it (RFC 5321 §4.4).
    pub return_path: String,
    /// `Precedence`.
    pub precedence: String,
    /// Whether it has `List-Id` (RFC 2919).
    pub list: bool,
    /// Whether it has one of the headers of automatic answers that older programs write.
    pub answered_by_program: bool,
    /// `X-Auto-Response-Suppress` (MS-OXCMAIL §2.2.3.2.14): it wants no automatic answer.
    pub suppress: bool,
    /// `report-type` of a `multipart/report` (RFC 6522).
    pub report: String,
    /// Hosts that it came through.
    pub hops: usize,
}

/// Why a mail cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It has no header.
    #[error("has no header that could be read")]
    Malformed,
    /// It has more parts, headers or levels than are read.
    #[error("has more parts, headers or levels than are read")]
    TooComplex,
    /// The reader has failed.
    #[error("could not be read")]
    Crashed,
}

/// Reads a mail.
///
/// # Errors
/// [`Unreadable`]; a person has to look at it.
pub fn read(raw: &[u8], decode: Decode<'_>) -> Result<Mail, Unreadable> {
    bounded(raw)?;
    // A mail that the reader fails on must not end the work on others.
    catch_unwind(AssertUnwindSafe(|| parse(raw, decode))).unwrap_or(Err(Unreadable::Crashed))
}

/// Refuses what would take too long or too many levels: by a look at its lines.
fn bounded(raw: &[u8]) -> Result<(), Unreadable> {
    let (mut headers, mut parts, mut nested) = (0, 0, 0);
    let mut in_header = true;
    for line in raw.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line {
            [] => in_header = false,
            [b'-', b'-', ..] => {
                parts += 1;
                in_header = true;
            }
            _ if in_header => {
                headers += 1;
                let says = |text: &[u8]| line.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text));
                nested += usize::from(line.len() < 1_000 && (says(b"message/rfc822") || says(b"message/global")));
                nested += usize::from(line.len() < 1_000 && says(b"multipart/digest")) * 2;
            }
            _ => {}
        }
        if headers > MAX_HEADERS || parts > MAX_PARTS || nested > MAX_NESTED {
            return Err(Unreadable::TooComplex);
        }
    }
    Ok(())
}

fn parse(raw: &[u8], decode: Decode<'_>) -> Result<Mail, Unreadable> {
    let parser = MessageParser::new().with_mime_headers().with_address_headers();
    let message = parser.parse(raw).ok_or(Unreadable::Malformed)?;
    let head = message.parts.first().ok_or(Unreadable::Malformed)?;
    let head = Head { raw, part: head, decode };
    let author = message.from().and_then(mail_parser::Address::first);
    let from = author.and_then(|author| author.address.as_deref()).map(|address| address.trim().to_ascii_lowercase());
    let from = from.filter(|address| address.contains('@'));
    let known = ["from", "to", "subject", "date", "message-id", "received", "content-type", "return-path"];
    if from.is_none() && !known.iter().any(|name| head.raw_value(name).is_some()) {
        return Err(Unreadable::Malformed);
    }
    let body = Body { raw, decode };
    let shown = |ids: &[u32]| -> Vec<u32> {
        let is_text = |id: &&u32| {
            message.part(**id).is_some_and(|part| matches!(part.body, PartType::Text(_) | PartType::Html(_)))
        };
        ids.iter().filter(is_text).copied().collect()
    };
    let says = |ids: &[u32]| {
        let texts = ids.iter().filter_map(|id| message.part(*id)).map(|part| body.shown(part));
        texts.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join("\n\n")
    };
    let mut used = shown(&message.text_body);
    let mut text = says(&used);
    // The other form of the same text.
    used.extend(shown(&message.html_body));
    if text.trim().is_empty() {
        text = says(&shown(&message.html_body));
    }
    // The reader takes a text that never ends for a file, and parts that nothing parts.
    if text.trim().is_empty() {
        let is_words = |part: &MessagePart<'_>| {
            let is_text = matches!(part.body, PartType::Text(_) | PartType::Html(_));
            let parted = part.content_type().is_some_and(|kind| kind.c_type.eq_ignore_ascii_case("multipart"));
            part.attachment_name().is_none() && (parted || is_text && part.is_encoding_problem)
        };
        let words = message.attachments.iter().filter(|id| message.part(**id).is_some_and(is_words));
        let words: Vec<u32> = words.copied().collect();
        text = says(&words);
        used.extend(words);
    }
    let attached = message.attachments.iter().filter(|id| !used.contains(id)).filter_map(|id| message.part(*id));
    let files = attached.filter_map(|part| body.file(part)).collect();
    let ids = |name: &str| head.text(name).map(|text| message_ids(&text)).unwrap_or_default();
    let mut answers = ids("in-reply-to");
    answers.extend(ids("references").into_iter().rev());
    answers.truncate(MAX_ANSWERED);
    let message_id = ids("message-id").into_iter().next();
    let content = content(&head, raw, message_id.as_deref());
    Ok(Mail {
        name: head.raw_value("from").map(|raw| name(raw, decode)).unwrap_or_default(),
        subject: cut(&head.text("subject").unwrap_or_default(), MAX_LINE),
        text: storable(&text),
        marks: head.marks(),
        from,
        files,
        message_id,
        answers,
        content,
    })
}

/// What an author has sent, without what hosts on the way have put before it.
fn content(head: &Head<'_>, raw: &[u8], message_id: Option<&str>) -> Digest {
    let mut said = Vec::from(message_id.unwrap_or_default());
    for name in ["from", "date", "subject"] {
        said.push(b'\n');
        said.extend_from_slice(head.raw_value(name).unwrap_or_default().trim_ascii());
    }
    let body = raw.get(head.part.offset_body as usize..).unwrap_or_default();
    said.push(b'\n');
    said.extend_from_slice(Digest::of(body.trim_ascii()).as_bytes());
    Digest::of(&said)
}

/// The headers of a mail.
struct Head<'m> {
    raw: &'m [u8],
    part: &'m MessagePart<'m>,
    decode: Decode<'m>,
}

impl Head<'_> {
    /// The first header of a name, as it came.
    fn raw_value(&self, name: &str) -> Option<&[u8]> {
        let found = self.part.headers.iter().find(|header| header.name.as_str().eq_ignore_ascii_case(name))?;
        self.raw.get(found.offset_start as usize..found.offset_end as usize)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.raw_value(name).map(|raw| header(raw, self.decode))
    }

    fn lower(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_ascii_lowercase()
    }

    fn marks(&self) -> Marks {
        let has = |name: &str| self.raw_value(name).is_some();
        let report = self.part.content_type().filter(|kind| kind.c_subtype.as_deref() == Some("report"));
        let report = report.and_then(|kind| kind.attribute("report-type")).unwrap_or_default().to_ascii_lowercase();
        let received = |header: &&mail_parser::Header<'_>| header.name.as_str().eq_ignore_ascii_case("received");
        Marks {
            auto_submitted: self.lower("auto-submitted"),
            return_path: self.lower("return-path"),
            precedence: self.lower("precedence"),
            list: has("list-id") || has("list-unsubscribe"),
            answered_by_program: has("x-autoreply") || has("x-autorespond") || has("x-autoresponder"),
            suppress: has("x-auto-response-suppress"),
            report,
            hops: self.part.headers.iter().filter(received).count(),
        }
    }
}

/// What a mail's author is called: what stands before the address.
fn name(raw: &[u8], decode: Decode<'_>) -> String {
    let before = raw.iter().position(|byte| *byte == b'<').and_then(|at| raw.get(..at)).unwrap_or_default();
    let name = header(before, decode);
    cut(name.trim_matches(|c: char| matches!(c, '"' | '\'') || c.is_whitespace()), MAX_LINE)
}

/// Ids of messages: what stands in angle brackets (RFC 5322 §3.6.4), or words if nothing does.
fn message_ids(text: &str) -> Vec<String> {
    let bracketed: Vec<_> =
        text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(id, _)| id.trim().to_owned()).collect();
    let ids = if bracketed.is_empty() { text.split_whitespace().map(str::to_owned).collect() } else { bracketed };
    ids.into_iter().filter(|id| id.contains('@') && id.len() <= 998).collect()
}

struct Body<'m> {
    raw: &'m [u8],
    decode: Decode<'m>,
}

impl Body<'_> {
    /// A part's bytes as they came.
    fn encoded(&self, part: &MessagePart<'_>) -> &[u8] {
        self.raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default()
    }

    /// A part's bytes, without their transfer encoding; what does not belong in there is left out.
    fn bytes(&self, part: &MessagePart<'_>) -> Vec<u8> {
        let encoded = self.encoded(part);
        let said = part.content_transfer_encoding().unwrap_or_default();
        match part.encoding {
            Encoding::Base64 => charset::base64(encoded),
            Encoding::QuotedPrintable => charset::quoted_printable(encoded),
            Encoding::None if said.eq_ignore_ascii_case("base64") => charset::base64(encoded),
            Encoding::None if said.eq_ignore_ascii_case("quoted-printable") => charset::quoted_printable(encoded),
            Encoding::None => encoded.to_vec(),
        }
    }

    /// A part as text, of at most so many bytes.
    fn text(&self, part: &MessagePart<'_>, most: usize) -> String {
        let mut bytes = self.bytes(part);
        // Of a part that never ends the reader does not say where it does.
        if bytes.is_empty()
            && let PartType::Text(text) | PartType::Html(text) = &part.body
        {
            return text.chars().take(most).collect();
        }
        bytes.truncate(most);
        let charset = part.content_type().and_then(|kind| kind.attribute("charset")).unwrap_or_default();
        text_of(&bytes, charset, self.decode)
    }

    /// A part as people read it.
    fn shown(&self, part: &MessagePart<'_>) -> String {
        let text = self.text(part, MAX_TEXT);
        let is_html = matches!(part.body, PartType::Html(_)) || part.is_content_type("text", "html");
        if is_html { super::html::text(&text) } else { text }
    }

    /// A part as a file, unless it is empty.
    fn file(&self, part: &MessagePart<'_>) -> Option<File> {
        let name = part.attachment_name().map(|name| header(name.as_bytes(), self.decode)).unwrap_or_default();
        let kind = part.content_type();
        let subtype = kind.and_then(|kind| kind.c_subtype.as_deref()).unwrap_or_default().to_ascii_lowercase();
        let bytes = match &part.body {
            PartType::Message(nested) if part.encoding != Encoding::None => nested.raw_message.to_vec(),
            PartType::Message(_) => self.encoded(part).to_vec(),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) if !part.is_encoding_problem => bytes.to_vec(),
            PartType::Text(_) | PartType::Html(_) => {
                let is_text = kind.is_none_or(|kind| kind.c_type.eq_ignore_ascii_case("text"));
                if is_text { self.text(part, usize::MAX).into_bytes() } else { self.bytes(part) }
            }
            _ => self.bytes(part),
        };
        let usual = match &part.body {
            PartType::Message(_) => "message.eml",
            _ if subtype == "calendar" => "invitation.ics",
            _ => "",
        };
        let name = if name.is_empty() { usual.to_owned() } else { name };
        (!bytes.is_empty() && !matches!(part.body, PartType::Multipart(_))).then_some(File { name, bytes })
    }
}

/// Text that may be stored: line breaks as one, and no control characters but those and tabs.
fn storable(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.trim().to_owned()
}

/// The first characters.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{
        Outcome,
        charset::tests::whatwg,
        filing, sort,
        sort::{may_answer, not_by_a_person},
    };
    use proptest::prelude::*;
    use std::path::PathBuf;

    fn folder() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/mails")
    }

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(folder().join(format!("{name}.eml"))).unwrap()
    }

    fn mail(name: &str) -> Mail {
        read(&fixture(name), &whatwg).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn files(mail: &Mail) -> Vec<(&str, usize)> {
        mail.files.iter().map(|file| (file.name.as_str(), file.bytes.len())).collect()
    }

    #[test]
    fn characters_are_what_was_written() {
        for (name, subject, text) in [
            ("windows-1252", "Gebühr von € 25", "Die Gebühr von € 25 – „versehentlich“ – wurde nicht erstattet."),
            ("latin1-unlabelled", "Beschwerde über Gebühren", "Die Gebühr wurde zweimal erhoben. Grüße"),
            ("iso-2022-jp", "苦情について", "二重に請求されました。返金をお願いします。"),
            ("gb18030", "投诉:重复收费", "我被重复收费两次,请退款。"),
            ("shift-jis", "A complaint", "返金してください。"),
            ("koi8-r", "A complaint", "Жалоба: комиссия списана дважды."),
            ("utf-16", "A complaint", "Zwei Gebühren"),
            ("raw-utf-8-headers", "Beschwerde über Gebühr 🙁", "Grüße 🙁"),
            ("split-encoded-words", "Gebühren 🙁", "See subject."),
            ("unknown-charset", "A complaint", "Grüße"),
            ("nul-bytes", "Fee s", "A fee was charged."),
            ("bare-cr", "A complaint", "first\nsecond\nthird"),
        ] {
            let mail = mail(name);
            assert_eq!((mail.subject.as_str(), mail.text.as_str()), (subject, text), "{name}");
        }
        assert_eq!(mail("iso-2022-jp").name, "山田太郎");
        assert_eq!(mail("raw-utf-8-headers").name, "Zoë Wïnter");
        assert_eq!(mail("plain").from.as_deref(), Some("zoe@example.com"));
        assert_eq!(mail("plain").message_id.as_deref(), Some("plain@example.com"));
        assert!(mail("plain").text.len() > 200);
    }

    #[test]
    fn what_it_says_is_told_from_what_is_attached() {
        assert_eq!(mail("alternative").text, "The plain words.");
        assert_eq!(files(&mail("alternative")), []);
        assert_eq!(mail("html-only").text, "You charged me £25 twice.\nGrüße");
        let nested = mail("nested");
        assert!(nested.text.len() > 200 && !nested.text.contains("Rich"), "{}", nested.text);
        let names: Vec<_> = files(&nested).into_iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["logo.png", "statement.pdf", "message.eml"]);
        assert!(nested.files[1].bytes.starts_with(b"%PDF-1.4") && nested.files[1].bytes.ends_with(b"%%EOF\n"));
        assert!(nested.files[2].bytes.starts_with(b"From: Zoe"), "{:?}", nested.files[2].bytes);
        let junk = mail("base64-with-junk");
        assert_eq!(junk.text, "A receipt.");
        assert!(junk.files[0].bytes.starts_with(b"%PDF-1.4"), "{junk:?}");
        assert_eq!(files(&mail("rfc-2231-name"))[0].0, "Rechnung für März.pdf");
        assert_eq!(mail("no-end").text, "Cut off on the way");
        assert!(mail("missing-boundary").text.contains("Still my words."));
        assert!(mail("boundary-never-comes").text.contains("Only these words."));
        assert_eq!((mail("empty-body").text.as_str(), mail("empty-body").subject.as_str()), ("", "Please call me"));
        assert_eq!(mail("no-from").from, None);
        assert_eq!(mail("long-line").text.len(), 200_000);
        assert_eq!(mail("smime-signed").text, "These words are signed.");
        assert_eq!(files(&mail("smime-signed")), [("smime.p7s", 80)]);
        assert_eq!((mail("smime").text.as_str(), files(&mail("smime"))), ("", vec![("smime.p7m", 160)]));
        assert_eq!(mail("pgp").text, "");
        assert_eq!(mail("calendar").text, "Let us meet.");
        assert_eq!(files(&mail("calendar"))[0].0, "invitation.ics");
        assert_eq!(files(&mail("winmail")), [("winmail.dat", 64)]);
        assert_eq!(mail("reply").answers, ["plain@example.com", "plain@example.com", "older@example.com"]);
    }

    #[test]
    fn what_people_write_is_told_from_what_programs_send() {
        let domain = "mail.redress.test";
        for (name, from, outcome) in [
            ("plain", "zoe@example.com", None),
            ("suppressed", "zoe@example.com", None),
            ("reply", "zoe@example.com", None),
            ("no-from", "zoe@example.com", None),
            ("bounce", "", Some(Outcome::Bounce)),
            ("bounce", "<>", Some(Outcome::Bounce)),
            ("out-of-office", "zoe@example.com", Some(Outcome::AutoReply)),
            ("read-receipt", "zoe@example.com", Some(Outcome::AutoReply)),
            ("plain", "<>", Some(Outcome::AutoReply)),
            ("plain", "", Some(Outcome::AutoReply)),
            ("mailing-list", "news@example.com", Some(Outcome::List)),
            ("plain", "northwind@mail.redress.test", Some(Outcome::Loop)),
            ("plain", "complaints@northwind.mail.redress.test", Some(Outcome::Loop)),
            ("plain", "zoe@notmail.redress.test", None),
        ] {
            assert_eq!(not_by_a_person(&mail(name), from, domain), outcome, "{name} {from}");
        }
        assert!(may_answer(&mail("plain")) && !may_answer(&mail("suppressed")) && !may_answer(&mail("no-from")));
        let hops: Vec<u8> = b"Received: from a by b; x\r\n".repeat(60).into_iter().chain(fixture("plain")).collect();
        assert_eq!(not_by_a_person(&read(&hops, &whatwg).unwrap(), "a@example.com", domain), Some(Outcome::Loop));
    }

    #[test]
    fn a_reference_is_found_where_people_write_it() {
        let mut named = mail("plain");
        let prefix = "NWB".to_owned().try_into().unwrap();
        let [one, other] = [1, 2].map(|random| crate::reference::Reference::new(&prefix, 3, random));
        named.subject = format!("Re: [{}] your answer", one.as_str());
        named.text = format!("About {}, ({}). Not NWB-0000-0001.", other.as_str().to_lowercase(), one.as_str());
        assert_eq!(sort::references(&named), [one, other]);
    }

    #[test]
    fn a_mail_that_comes_twice_says_the_same() {
        let again = [b"Received: from a by b; today\r\nDKIM-Signature: x\r\n".to_vec(), fixture("plain")].concat();
        assert_eq!(read(&again, &whatwg).unwrap().content, mail("plain").content);
        assert_ne!(mail("reply").content, mail("plain").content);
        let other = String::from_utf8(fixture("plain")).unwrap().replace("plain@example.com", "other@example.com");
        assert_ne!(read(other.as_bytes(), &whatwg).unwrap().content, mail("plain").content);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (raw, error) in [
            (fixture("empty"), Unreadable::Malformed),
            (fixture("no-headers"), Unreadable::Malformed),
            (fixture("binary-rubbish"), Unreadable::Malformed),
            (b"From: a@b.c\r\n".iter().copied().chain(b"X-A: b\r\n".repeat(30_000)).collect(), Unreadable::TooComplex),
            ([head("x").as_bytes(), b"--x\r\n\r\na\r\n".repeat(3_000).as_slice()].concat(), Unreadable::TooComplex),
            (b"Content-Type: message/rfc822\r\n\r\n--\r\n".repeat(60), Unreadable::TooComplex),
        ] {
            assert_eq!(read(&raw, &whatwg), Err(error));
        }
    }

    fn head(boundary: &str) -> String {
        format!("From: zoe@example.com\r\nContent-Type: multipart/mixed; boundary={boundary}\r\n\r\n")
    }

    #[test]
    fn large_mails_are_read() {
        // 20 MB attached.
        let encoded = [b"QUJD".repeat(19).as_slice(), b"\r\n"].concat().repeat(350_000);
        let part = b"--x\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        let large = read(&[head("x").as_bytes(), part, &encoded, b"\r\n--x--\r\n"].concat(), &whatwg).unwrap();
        assert_eq!((large.text.as_str(), files(&large)), ("See there.", vec![("a.pdf", 350_000 * 57)]));
        // A thousand parts.
        let parts = b"--x\r\nContent-Type: image/png; name=a.png\r\n\r\nabc\r\n".repeat(1_000);
        let many = read(&[head("x").as_bytes(), &parts, b"--x--\r\n"].concat(), &whatwg).unwrap();
        assert_eq!(many.files.len(), 1_000);
        // Ten thousand lines of headers.
        let lines = [b"X-Filler: y\r\n".repeat(10_000), fixture("plain")].concat();
        assert_eq!(read(&lines, &whatwg).unwrap().text, mail("plain").text);
        // Multiparts in multiparts.
        let levels: String =
            (0..900).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
        let _deep = read(format!("From: a@b.c\r\n{levels}\r\nHello").as_bytes(), &whatwg);
    }

    #[test]
    fn every_mail_can_be_put_on_file() {
        for entry in std::fs::read_dir(folder()).unwrap() {
            let path = entry.unwrap().path();
            let Ok(mail) = read(&std::fs::read(&path).unwrap(), &whatwg) else { continue };
            let author = mail.from.as_deref();
            let complaint =
                filing::complaint(&mail, author).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(complaint.complainant.name.as_str().len() > 2, "{}", path.display());
            for sender in [filing::Sender::OnFile, filing::Sender::Signed, filing::Sender::Stranger] {
                filing::about(&mail, author, sender).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
            for (number, file) in mail.files.iter().enumerate() {
                let _taken = filing::file(&file.name, number, &file.bytes, &Default::default());
            }
        }
        let taken = |name: &str| -> Vec<Result<String, String>> {
            let mail = mail(name);
            let file = |file: &File| filing::file(&file.name, 1, &file.bytes, &Default::default());
            mail.files.iter().map(|one| file(one).map(|(name, _)| name.as_str().to_owned())).collect()
        };
        assert_eq!(
            taken("nested").into_iter().map(Result::unwrap).collect::<Vec<_>>(),
            ["logo.png", "statement.pdf", "message.eml"]
        );
        let program = taken("program");
        assert!(program[0].is_err() && program[1] == Ok("photo.png".to_owned()), "{program:?}");
        assert!(taken("winmail")[0].is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        /// Cut, altered and shuffled mails: whatever comes is read or told to be unreadable, and never ends the work.
        #[test]
        fn nothing_that_comes_crashes(
            which in 0_usize..39, cut in 0.0_f64..1.0, edits in proptest::collection::vec((0.0_f64..1.0, any::<u8>()), 0..20),
            twice in any::<bool>(),
        ) {
            let mut paths: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            let mut raw = std::fs::read(&paths[which % paths.len()]).unwrap();
            raw.truncate(20_000);
            let place = |share: f64, len: usize| (share * len as f64) as usize;
            if twice {
                let at = place(cut, raw.len());
                let (before, after) = raw.split_at(at);
                raw = [after, before, after].concat();
            } else {
                raw.truncate(raw.len() - place(cut, raw.len()) / 2);
            }
            for (at, byte) in edits {
                let at = place(at, raw.len());
                if let Some(there) = raw.get_mut(at) { *there = byte; }
            }
            if let Ok(mail) = read(&raw, &whatwg) {
                prop_assert!(filing::complaint(&mail, mail.from.as_deref()).is_ok());
                prop_assert!(mail.text.len() <= 3 * raw.len() + 10);
                let _references = sort::references(&mail);
            }
        }
    }
}
