//! Reports of what became of a mail (RFC 3464, in a `multipart/report` of RFC 6522).

/// What a report says became of a mail (`Action`, RFC 3464 §2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the mailbox.
    Delivered,
    /// It could not be delivered, and will not be tried again.
    Failed,
}

/// What a report says, and of which mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// What became of it.
    pub fate: Fate,
    /// `Message-ID` of the mail, without angle brackets.
    pub message_id: String,
}

/// Bytes of a report that are looked at.
const LOOKED_AT: usize = 256 * 1024;

/// What a report says, if it says something that is final. Its fields are lines of ASCII (RFC 3464 §2.1), and the head of the mail that it
/// is about comes along behind them; so of its lines the first `Action` counts, and behind that the first `Message-ID`.
#[must_use]
pub fn reported(raw: &[u8]) -> Option<Reported> {
    let text = String::from_utf8_lossy(raw.get(..LOOKED_AT).unwrap_or(raw));
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    let is = |name: &'static str| move |field: &(&str, &str)| field.0.trim().eq_ignore_ascii_case(name);
    let (_, action) = fields.find(is("action"))?;
    let fate = match action.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "failed" => Fate::Failed,
        "delivered" => Fate::Delivered,
        _ => return None,
    };
    let (_, id) = fields.find(is("message-id"))?;
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    (!id.is_empty()).then(|| Reported { fate, message_id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report(action: &str) -> String {
        [
            "From: MAILER-DAEMON@mx.example.net",
            "Message-ID: <report@mx.example.net>",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
            "",
            "--x",
            "",
            "We could not deliver it.",
            "--x",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.net",
            "",
            "Final-Recipient: rfc822; nobody@example.net",
            &format!("Action: {action}"),
            "Status: 5.1.1",
            "--x",
            "Content-Type: text/rfc822-headers",
            "",
            "Message-Id:  <abc.1.received@redress.example>",
            "Subject: x",
            "--x--",
        ]
        .join("\r\n")
    }

    #[test]
    fn a_report_is_about_the_mail_that_comes_with_it() {
        let said = |action: &str| reported(report(action).as_bytes());
        let about = |fate| Some(Reported { fate, message_id: "abc.1.received@redress.example".to_owned() });
        assert_eq!(said("failed"), about(Fate::Failed));
        assert_eq!(said("Delivered (to mailbox)").map(|said| said.fate), None);
        assert_eq!(said("DELIVERED"), about(Fate::Delivered));
        for not_final in ["delayed", "relayed", "expanded", ""] {
            assert_eq!(said(not_final), None, "{not_final}");
        }
        let without = report("failed").replace("Message-Id:  <abc.1.received@redress.example>", "To: x");
        assert_eq!(reported(without.as_bytes()), None, "its own id is not that of the mail it is about");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _anything = reported(&bytes);
        }
    }
}
