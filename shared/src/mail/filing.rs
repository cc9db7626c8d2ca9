//! How a mail is put on file: as a new complaint, or as what was said about one; and what is attached to it.

use super::read::Mail;
use crate::{
    attachment::{
        AttachmentSettings, FileName,
        media_type::{MediaType, NotTaken, taken},
    },
    complaint::{
        command::{Command, Contact, Direction, Note},
        intake::{Channel, Complainant, ContactPoint, Format, List, NewComplaint, Severity},
    },
    text::{InvalidText, Line, Prose},
    time::Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};

/// The most files of a mail that are kept as attachments.
pub const MAX_FILES: usize = 50;

/// What a mail says that says nothing.
const NO_TEXT: &str = "(The mail has no text.)";
/// What the end of a text that was cut says.
const CUT: &str = "\n\n(Cut here: the whole text is attached.)";
/// What the file with the whole text is called.
pub const WHOLE: &str = "mail.txt";
/// What somebody is called who says no name.
const NOBODY: &str = "Unknown";

/// A mail as a new complaint: its subject and text are the consumer's words, its author is who complains. What it is about, nobody has
/// said yet.
///
/// # Errors
/// Never, as long as the limits of texts are what they are.
pub fn complaint(mail: &Mail, author: Option<&str>) -> Result<NewComplaint, InvalidText> {
    let called = [Some(mail.name.as_str()), author, Some(NOBODY)];
    let name = called.into_iter().flatten().find_map(|name| line(name, 200)).unwrap_or_default();
    let contacts: Vec<_> = author.and_then(ContactPoint::email).into_iter().collect();
    Ok(NewComplaint {
        complainant: Complainant {
            contacts: List::try_from(contacts).unwrap_or_default(),
            customer_id: None,
            format: Format::default(),
            language: None,
            name: Line::try_from(name)?,
        },
        channel: Channel::Email,
        received_at: None,
        product: None,
        issue: None,
        description: said(mail, "")?,
        desired_outcome: None,
        severity: Severity::default(),
        vulnerability: List::default(),
        amounts: List::default(),
        jurisdiction: None,
        custom: BTreeMap::new(),
        external_reference: None,
        tags: List::default(),
        entity: None,
        made_on: None,
        eligible: None,
        representative: None,
        sensitivity: BTreeSet::default(),
    })
}

/// A mail about a complaint: a contact with the complainant; or, if nothing shows that it is from somebody on file, a note that says so,
/// for a stranger's words are not the complainant's.
///
/// # Errors
/// As for [`complaint`].
pub fn about(mail: &Mail, author: Option<&str>, standing: Sender) -> Result<Command, InvalidText> {
    let from = author.unwrap_or("an address that it does not name");
    let flag = match standing {
        Sender::OnFile => String::new(),
        Sender::Signed => {
            format!("From {from}, which is not on file; it answers what was sent about this complaint.\n\n")
        }
        Sender::Stranger => format!("A mail that names this complaint, from {from}, which is not on file.\n\n"),
    };
    Ok(match standing {
        Sender::Stranger => Command::Note(Note { text: said(mail, &flag)? }),
        Sender::OnFile | Sender::Signed => Command::Contact(Contact {
            direction: Direction::In,
            channel: Channel::Email,
            summary: said(mail, &flag)?,
            occurred_at: None,
        }),
    })
}

/// How whoever has written a mail stands to the complaint that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The address is on file.
    OnFile,
    /// It is not, and the mail answers to an address that was signed for this complaint.
    Signed,
    /// It is not, and anybody may know what the mail names.
    Stranger,
}

/// Whether a text of so many characters has less of it than it says.
#[must_use]
pub fn is_cut(mail: &Mail, most: usize) -> bool {
    // A flag, a subject and what says that it was cut stand there, too.
    mail.text.chars().count() + 2_000 > most
}

/// Subject and text, as many characters as there may be.
fn said<const MAX: usize>(mail: &Mail, flag: &str) -> Result<Prose<MAX>, InvalidText> {
    let text = if mail.text.trim().is_empty() { NO_TEXT } else { &mail.text };
    let mut said = flag.to_owned();
    if !mail.subject.trim().is_empty() {
        said.push_str(&mail.subject);
        said.push_str("\n\n");
    }
    if is_cut(mail, MAX) {
        said.extend(text.chars().take(MAX - 2_000));
        said.push_str(CUT);
    } else {
        said.push_str(text);
    }
    // An address of a sender may be of any length.
    Prose::try_from(said.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(MAX).collect::<String>())
}

/// What was not kept of a mail, as a note.
///
/// # Errors
/// As for [`complaint`].
pub fn refused(files: &[(String, String)]) -> Result<Command, InvalidText> {
    let mut text = "Of a mail these files were not kept with the complaint. They are in the mail itself.\n".to_owned();
    for (name, why) in files {
        text.push_str(&format!("\n{}: {why}", line(name, 200).unwrap_or_else(|| "a file without a name".to_owned())));
    }
    Ok(Command::Note(Note { text: Prose::try_from(text.chars().take(20_000).collect::<String>())? }))
}

/// What a file may be called and what it is, if the firm takes such. Its content decides; where its name does not agree, the ending that
/// does is put behind it.
///
/// # Errors
/// Why it is not taken.
pub fn file(
    name: &str,
    number: usize,
    bytes: &[u8],
    settings: &AttachmentSettings,
) -> Result<(FileName, MediaType), String> {
    if bytes.len() as u64 > settings.max_bytes {
        return Err(format!("has more than {} bytes", settings.max_bytes));
    }
    let name = line(name, 190).unwrap_or_else(|| format!("attachment-{number}"));
    let begins = bytes.get(..crate::attachment::media_type::LOOKED_AT).unwrap_or(bytes);
    let mut refused = String::new();
    let endings =
        ["", ".txt", ".pdf", ".jpg", ".png", ".gif", ".webp", ".heic", ".tif", ".docx", ".xlsx", ".odt", ".eml"];
    let more = [".csv", ".mp3", ".m4a", ".wav", ".ogg", ".mp4", ".mov", ".zip"];
    for ending in endings.into_iter().chain(more) {
        let called = FileName::try_from(format!("{name}{ending}")).map_err(|error| error.to_string())?;
        match taken(begins, &called, settings) {
            // What is said to be text has to be so to its end.
            Ok(kind) if kind.is_text() && (std::str::from_utf8(bytes).is_err() || bytes.contains(&0)) => {
                return Err("The content is no text in UTF-8".to_owned());
            }
            Ok(kind) => return Ok((called, kind)),
            Err(NotTaken::Type(rule)) => return Err(rule.to_owned()),
            Err(NotTaken::Name(error)) => refused = error.detail.to_string(),
        }
    }
    Err(refused)
}

/// The first characters of a text on one line. `None` if it has none.
fn line(text: &str, most: usize) -> Option<String> {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// When it was said: never later than now.
#[must_use]
pub fn earlier(at: Timestamp, now: Timestamp) -> Timestamp {
    at.min(now)
}
