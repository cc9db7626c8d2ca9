//! A mail as bytes (RFC 5322 and MIME). The same content gives the same bytes.

use crate::{chain::Digest, ids::TenantId, notification::text::one_line, time::Timestamp};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, content_type::ContentType, date::Date, message_id::MessageId, raw::Raw, url::URL},
    mime::MimePart,
};
use serde_json::json;

/// A mail.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'m> {
    /// What makes it the same mail however often it is sent: `Message-ID` without its brackets.
    pub id: &'m str,
    /// The name and the address it is from.
    pub from: (&'m str, &'m str),
    /// The address it is to.
    pub to: &'m str,
    /// When it was written.
    pub at: Timestamp,
    /// One line.
    pub subject: &'m str,
    /// What it says, as plain text.
    pub text: &'m str,
    /// The same as a page, if there is one.
    pub html: Option<&'m str>,
    /// A PDF that goes along, and what it is called.
    pub pdf: Option<(&'m str, &'m [u8])>,
    /// The address by which whoever gets it opts out, if they may (RFC 8058).
    pub opt_out: Option<&'m str>,
    /// The address to which whoever gets it answers, if it is not the one it is from.
    pub reply_to: Option<&'m str>,
    /// By what a provider that tells what became of it names it: the firm, and the message in letters, digits, `_` and `-`.
    pub tags: (TenantId, &'m str),
}

/// The names of the tags.
pub(super) const TENANT_TAG: &str = "redress_tenant";
pub(super) const MESSAGE_TAG: &str = "redress_message";

/// What tells mailboxes that a mail was not written by a person, so that they send no notes of absence (RFC 3834 §5).
const AUTO: &str = "auto-generated";
/// What says that a POST to the address is enough (RFC 8058 §3.1).
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

impl Mail<'_> {
    /// The same as JSON, for a provider's HTTP API: the shape of Resend's `POST /emails`.
    #[must_use]
    pub fn json(&self) -> String {
        let mut headers = serde_json::Map::new();
        let mut header = |name: &str, value: String| headers.insert(name.to_owned(), value.into());
        header("Message-ID", format!("<{}>", self.id));
        header("Auto-Submitted", AUTO.to_owned());
        if let Some(url) = self.opt_out {
            header("List-Unsubscribe", format!("<{url}>"));
            header("List-Unsubscribe-Post", ONE_CLICK.to_owned());
        }
        let (name, address) = self.from;
        let name = one_line(name).replace(['"', '\\', '<', '>'], " ");
        let pdf = self.pdf.map(|(name, bytes)| json!([{ "filename": name, "content": STANDARD.encode(bytes) }]));
        json!({
            "from": format!("\"{name}\" <{address}>"),
            "to": [self.to],
            "subject": one_line(self.subject),
            "text": self.text,
            "html": self.html,
            "reply_to": self.reply_to,
            "headers": headers,
            "tags": [{ "name": TENANT_TAG, "value": self.tags.0 }, { "name": MESSAGE_TAG, "value": self.tags.1 }],
            "attachments": pdf.unwrap_or_else(|| json!([])),
        })
        .to_string()
    }

    /// The address to which a server reports that it cannot deliver it (RFC 5321 §4.4). It is the one to which whoever gets it answers, so
    /// that reports find the message; but only where that is of the domain that the mail is from, or it would be taken for forged (RFC
    /// 7208, RFC 7489 §3.1.2).
    #[must_use]
    pub fn envelope_from(&self) -> &str {
        let host = |address: &str| address.rsplit_once('@').map(|(_, host)| host.to_ascii_lowercase());
        let (_, from) = self.from;
        self.reply_to.filter(|address| host(address) == host(from)).unwrap_or(from)
    }

    /// The bytes, with lines that end as in mails.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let (name, address) = self.from;
        let boundary = |nth: u8| format!("redress-{nth}-{}", Digest::of(self.id.as_bytes()));
        let multipart = |kind: &'static str, nth: u8, parts: Vec<MimePart<'static>>| {
            MimePart::new(ContentType::new(kind).attribute("boundary", boundary(nth)), parts)
        };
        let mut body = MimePart::new("text/plain; charset=utf-8", self.text.to_owned());
        if let Some(html) = self.html {
            let html = MimePart::new("text/html; charset=utf-8", html.to_owned());
            body = multipart("multipart/alternative", 1, vec![body, html]);
        }
        if let Some((name, bytes)) = self.pdf {
            let pdf = MimePart::new("application/pdf", bytes.to_vec()).attachment(name.to_owned());
            body = multipart("multipart/mixed", 2, vec![body, pdf]);
        }
        let mut message = MessageBuilder::new()
            .message_id(MessageId::new(self.id))
            .from(Address::new_address(Some(one_line(name)), address))
            .to(Address::new_address(None::<&str>, self.to))
            .date(Date::new(self.at.unix_seconds()))
            .subject(one_line(self.subject))
            .header("Auto-Submitted", Raw::new(AUTO));
        if let Some(address) = self.reply_to {
            message = message.reply_to(Address::new_address(None::<&str>, address));
        }
        if let Some(url) = self.opt_out {
            message =
                message.header("List-Unsubscribe", URL::new(url)).header("List-Unsubscribe-Post", Raw::new(ONE_CLICK));
        }
        let mut bytes = Vec::new();
        message.body(body).serialize(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail<'static> {
        Mail {
            id: "a.1.received@redress.example",
            from: ("Northwind Bank", "complaints@example.com"),
            to: "ada@example.com",
            at: Timestamp::from_unix_millis(1_700_000_000_000),
            subject: "Your complaint",
            text: "Dear Ada,\n\nwe have it.\n",
            html: None,
            pdf: None,
            opt_out: None,
            reply_to: None,
            tags: (TenantId::new(Timestamp::MIN, &[1; 10]), "a-1-received"),
        }
    }

    fn said(mail: &Mail<'_>) -> String {
        String::from_utf8(mail.bytes()).unwrap()
    }

    #[test]
    fn a_mail_is_what_it_was() {
        let text = said(&mail());
        for line in [
            "Message-ID: <a.1.received@redress.example>\r\n",
            "<complaints@example.com>\r\n",
            "To: <ada@example.com>\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
            "Subject: Your complaint\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "we have it.",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("List-Unsubscribe") && !text.contains("Reply-To"));
        let answered = said(&Mail { reply_to: Some("northwind+abc@mail.example"), ..mail() });
        assert!(answered.contains("Reply-To: <northwind+abc@mail.example>\r\n"), "{answered}");
        let reports = |reply_to| Mail { reply_to, ..mail() }.envelope_from().to_owned();
        assert_eq!(reports(None), "complaints@example.com");
        assert_eq!(reports(Some("northwind+abc@mail.example")), "complaints@example.com");
        assert_eq!(reports(Some("northwind+abc@Example.com")), "northwind+abc@Example.com");
        assert_eq!(text, said(&mail()), "the same content gives the same bytes");
    }

    #[test]
    fn a_provider_gets_the_same() {
        let (evil, pdf) = ("x\" <eve@example.com>\r\nBcc: eve", [1, 2]);
        let mail = Mail { from: (evil, "complaints@example.com"), pdf: Some(("letter.pdf", &pdf)), ..mail() };
        let sent: serde_json::Value = serde_json::from_str(&mail.json()).unwrap();
        assert_eq!(sent["from"], "\"x   eve@example.com  Bcc: eve\" <complaints@example.com>");
        assert_eq!((&sent["to"], &sent["html"]), (&json!(["ada@example.com"]), &json!(null)));
        assert_eq!(sent["tags"][1], json!({ "name": "redress_message", "value": "a-1-received" }));
        assert_eq!(sent["headers"]["Message-ID"], "<a.1.received@redress.example>");
        assert_eq!(sent["attachments"], json!([{ "filename": "letter.pdf", "content": "AQI=" }]));
    }

    #[test]
    fn nothing_that_is_said_ends_a_header() {
        let evil = "x\r\nBcc: eve@example.com\r\n\r\nbody";
        let text = said(&Mail { subject: evil, from: (evil, "complaints@example.com"), ..mail() });
        assert!(!text.contains("\r\nBcc:"), "{text}");
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("To: <ada@example.com>"), "the head is whole: {head}");
    }

    #[test]
    fn every_line_is_short_ascii() {
        let (html, long) = (format!("<p>{}</p>", "ë".repeat(3_000)), "Zoë ".repeat(2_000));
        let pdf = [0_u8, 255, 13, 10].repeat(500);
        let mail = Mail {
            subject: "Zoë's complaint about ж and so much more that it goes over the end of a line",
            text: &long,
            html: Some(&html),
            pdf: Some(("letter.pdf", &pdf)),
            opt_out: Some("https://redress.example/opt-out/AAAA"),
            ..mail()
        };
        let bytes = mail.bytes();
        assert!(bytes.is_ascii());
        // RFC 5321 §4.5.3.1.6: a line has at most 1,000 bytes with its end.
        let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
        assert!(lines.iter().all(|line| line.len() < 999));
        assert!(lines.iter().rev().skip(1).all(|line| line.ends_with(b"\r")), "no line ends otherwise");
        let text = String::from_utf8(bytes).unwrap();
        for part in [
            "multipart/mixed",
            "multipart/alternative",
            "application/pdf",
            "letter.pdf",
            "List-Unsubscribe: <https://redress.example/opt-out/AAAA>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }
}
