//! The mails of the portal, as plain text: the code, the way back to a draft, and that a complaint was received.

use crate::{law::Deadline, page::Page};

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: String,
    /// What is said.
    pub text: String,
}

/// The code that shows that an address is theirs, and the link that does the same. It is not in the subject: telephones show subjects while they are locked.
#[must_use]
pub fn code(page: &Page<'_>, code: &str, link: &str, minutes: u32) -> Mail {
    let minutes = minutes.to_string();
    let text = page.both("mail.code.text", &("code", code), &("minutes", &minutes));
    let link = page.with("mail.code.link", "link", link);
    Mail { subject: page.t("mail.code.subject").into_owned(), text: format!("{text}\n\n{link}") }
}

/// The way back to a draft.
#[must_use]
pub fn draft(page: &Page<'_>, link: &str, until: &str) -> Mail {
    Mail {
        subject: page.t("mail.draft.subject").into_owned(),
        text: page.both("mail.draft.text", &("link", link), &("day", until)),
    }
}

/// That a complaint was received: its reference, the law's dates, how to follow it.
#[must_use]
pub fn received(page: &Page<'_>, reference: &str, deadlines: &[Deadline], link: &str) -> Mail {
    let dates = deadlines.iter().map(|deadline| {
        let what = deadline.what(page);
        page.both("mail.received.date", &("what", &what), &("day", &page.day(&deadline.on)))
    });
    let dates = dates.collect::<Vec<_>>().join("\n");
    let opening = page.with("mail.received.opening", "reference", reference);
    let closing = page.with("mail.received.closing", "link", link);
    Mail {
        subject: page.with("mail.received.subject", "reference", reference),
        text: [opening, dates, closing].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n"),
    }
}
