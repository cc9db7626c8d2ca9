//! The ways by which a message leaves: mail by SMTP, by a provider's HTTP API or by Cloudflare's binding, and text messages by a
//! provider's HTTP API. Which it is, variables say: see `docs/notifications.md`.

use crate::platform::{
    self, Fault, Runtime,
    line::{Broken, Line},
};
use futures_util::future::LocalBoxFuture;
use serde_json::json;
use shared::{
    notification::Reason,
    outbound_mail::{
        is_address,
        message::Mail,
        smtp::{Dialogue, Envelope, Login, Outcome, Security, Server, Step},
    },
    webhook::attempt::{self, Answer},
};

/// How mail is sent: `smtp://host:port`, `smtps://host:port`, `https://…` of a provider, or `binding`. Empty: not at all.
const MAIL: &str = "MAIL";
/// A provider on this machine needs no encryption: for tests.
const HERE: &str = "http://127.0.0.1:";
/// The address that mail is from.
const MAIL_FROM: &str = "MAIL_FROM";
/// The name for the server; empty if it wants none.
const MAIL_USER: &str = "MAIL_USER";
/// A secret: the password for the server, or the provider's token.
const MAIL_PASSWORD: &str = "MAIL_PASSWORD";
/// The address of the provider of text messages. Empty: none are sent.
const SMS: &str = "SMS";
/// A secret: the provider's token.
const SMS_TOKEN: &str = "SMS_TOKEN";

/// How long one answer of a server is waited for, and a whole conversation, in milliseconds.
const ANSWER_MILLIS: u32 = 10_000;
const TALK_MILLIS: i64 = 40_000;

/// What sending came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// What the server answered, if it did.
    pub(crate) code: Option<u16>,
    pub(crate) verdict: Verdict,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Taken,
    /// Another attempt may do better.
    Later(Reason),
    /// Nobody is there.
    Bounced,
    /// No other attempt will do better.
    Failed(Reason),
}

/// A way to send mail.
pub(crate) trait MailTransport {
    /// Hands a mail over.
    fn send<'s>(&'s self, runtime: &'s Runtime, mail: &'s Mail<'s>) -> LocalBoxFuture<'s, Sent>;
}

/// Mail, if this cell sends any: the way, and the address it is from.
pub(crate) fn mail(runtime: &Runtime) -> Option<(Box<dyn MailTransport>, String)> {
    let variable = |name| runtime.variable(name).filter(|value| !value.is_empty());
    let (way, from) = (variable(MAIL)?, variable(MAIL_FROM).filter(|from| is_address(from))?);
    let password = variable(MAIL_PASSWORD);
    let transport: Box<dyn MailTransport> = if way == "binding" {
        Box::new(Binding)
    } else if way.starts_with("https://") || way.starts_with(HERE) {
        Box::new(Provider { url: way, token: password.unwrap_or_default() })
    } else {
        let login = variable(MAIL_USER).zip(password).map(|(user, password)| Login { user, password });
        Box::new(Smtp { server: Server::parse(&way).ok()?, login })
    };
    Some((transport, from))
}

/// Whether this cell sends text messages.
pub(super) fn has_sms(runtime: &Runtime) -> bool {
    runtime.variable(SMS).is_some_and(|url| !url.is_empty())
}

/// Sends a text message. `None` if this cell sends none.
pub(super) async fn sms(runtime: &Runtime, id: &str, to: &str, text: &str) -> Option<Sent> {
    let url = runtime.variable(SMS).filter(|url| !url.is_empty())?;
    let body = json!({ "to": to, "text": text, "reference": id }).to_string();
    Some(post(&url, &runtime.variable(SMS_TOKEN).unwrap_or_default(), id, &body).await)
}

/// Posts to a provider. The key has it send the same message once, if it knows such keys.
async fn post(url: &str, token: &str, id: &str, body: &str) -> Sent {
    let headers = format!(
        "content-type: application/json\nuser-agent: Redress/1\nauthorization: Bearer {token}\nidempotency-key: {id}"
    );
    answered(&platform::send_out(url, &headers, body, attempt::TIMEOUT_MILLIS).await)
}

fn answered(answer: &Answer) -> Sent {
    let verdict = match answer {
        Answer::Status(200..=299, _) => Verdict::Taken,
        // What is wrong with our account is nothing that is wrong with the message.
        Answer::Status(401 | 402 | 403 | 408 | 429 | 500.., _) => Verdict::Later(Reason::Refused),
        Answer::Status(..) => Verdict::Failed(Reason::Refused),
        Answer::None(attempt::Reason::Timeout) => Verdict::Later(Reason::Timeout),
        Answer::None(_) => Verdict::Later(Reason::Unreachable),
    };
    Sent { code: answer.status(), verdict }
}

/// A provider's HTTP API, in the shape that Resend's has (`POST /emails`).
struct Provider {
    url: String,
    token: String,
}

impl MailTransport for Provider {
    fn send<'s>(&'s self, _: &'s Runtime, mail: &'s Mail<'s>) -> LocalBoxFuture<'s, Sent> {
        Box::pin(async move { post(&self.url, &self.token, mail.id, &mail.json()).await })
    }
}

/// Cloudflare's binding.
struct Binding;

impl MailTransport for Binding {
    fn send<'s>(&'s self, runtime: &'s Runtime, mail: &'s Mail<'s>) -> LocalBoxFuture<'s, Sent> {
        Box::pin(async move {
            let text = String::from_utf8(mail.bytes()).unwrap_or_default();
            match runtime.mail(mail.from.1, mail.to, &text).await {
                Ok(()) => Sent { code: None, verdict: Verdict::Taken },
                Err(Fault { message, .. }) => {
                    // It says why in words alone.
                    crate::log::fault("mail_binding", &message);
                    Sent { code: None, verdict: Verdict::Later(Reason::Refused) }
                }
            }
        })
    }
}

/// A server that takes mail by SMTP.
struct Smtp {
    server: Server,
    login: Option<Login>,
}

impl MailTransport for Smtp {
    fn send<'s>(&'s self, _: &'s Runtime, mail: &'s Mail<'s>) -> LocalBoxFuture<'s, Sent> {
        Box::pin(async move {
            let bytes = mail.bytes();
            let (_, from) = mail.from;
            let hello = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
            let envelope = Envelope { from: mail.envelope_from(), to: mail.to, mail: &bytes };
            let mut dialogue = Dialogue::new(self.server.security, self.login.as_ref(), hello, envelope);
            let secure = match self.server.security {
                Security::Implicit => "on",
                Security::StartTls => "starttls",
                Security::None => "off",
            };
            let later = |reason| Sent { code: None, verdict: Verdict::Later(reason) };
            match talk(&self.server.address, secure, &mut dialogue).await {
                Ok(outcome) => judged(outcome),
                Err(Broken::Late) => later(Reason::Timeout),
                Err(Broken::Ended) => later(Reason::Unreachable),
            }
        })
    }
}

async fn talk(address: &str, secure: &str, dialogue: &mut Dialogue<'_>) -> Result<Outcome, Broken> {
    let until = platform::now().plus_millis(TALK_MILLIS);
    let mut line = Line::open(address, secure).await?;
    let mut said = line.say(&[], ANSWER_MILLIS).await;
    let outcome = loop {
        let step = match &said {
            Ok(bytes) => dialogue.heard(bytes),
            Err(broken) => break Err(*broken),
        };
        let next = match step {
            Some(Step::Done(outcome)) => break Ok(outcome),
            Some(Step::Secure) => match line.secure() {
                Ok(()) => Some(dialogue.secured()),
                Err(broken) => break Err(broken),
            },
            other => other,
        };
        if platform::now() > until {
            break Err(Broken::Late);
        }
        let bytes = if let Some(Step::Say(bytes)) = next { bytes } else { Vec::new() };
        said = line.say(&bytes, ANSWER_MILLIS).await;
    };
    line.close().await;
    outcome
}

const fn judged(outcome: Outcome) -> Sent {
    match outcome {
        Outcome::Accepted(code) => Sent { code: Some(code), verdict: Verdict::Taken },
        Outcome::Later(code) => Sent { code, verdict: Verdict::Later(Reason::Refused) },
        Outcome::NoSuchAddress(code) => Sent { code: Some(code), verdict: Verdict::Bounced },
        Outcome::Refused(code) => Sent { code: Some(code), verdict: Verdict::Failed(Reason::Refused) },
        Outcome::Protocol => Sent { code: None, verdict: Verdict::Later(Reason::Protocol) },
        Outcome::NotAnAddress => Sent { code: None, verdict: Verdict::Failed(Reason::NoAddress) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_is_for_ever_or_not() {
        let status = |status| answered(&Answer::Status(status, String::new())).verdict;
        assert_eq!(status(200), Verdict::Taken);
        assert_eq!(status(422), Verdict::Failed(Reason::Refused));
        for again in [401, 429, 500, 503] {
            assert_eq!(status(again), Verdict::Later(Reason::Refused), "{again}");
        }
        assert_eq!(answered(&Answer::None(attempt::Reason::Timeout)).verdict, Verdict::Later(Reason::Timeout));
    }
}
