//! Submission of one mail to a server (RFC 5321, 6409), as a machine without a socket: it is told what the server says, and says what
//! to send. It goes STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4616, 4954) where it must, 8BITMIME and SMTPUTF8 where the mail needs them.

use super::is_address;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::fmt;

/// How the connection is kept from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// It is encrypted from its first byte (RFC 8314).
    Implicit,
    /// It is encrypted once the server has said that it can; if it cannot, nothing is sent.
    StartTls,
    /// Not at all: for a server on this machine.
    None,
}

/// Where mail is handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// `host:port`.
    pub address: String,
    /// See there.
    pub security: Security,
}

/// The text names no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be smtp://host:port or smtps://host:port")]
pub struct NoServer;

impl Server {
    /// Reads `smtps://host:port` (encrypted from the beginning) or `smtp://host:port` (STARTTLS, but to this machine).
    ///
    /// # Errors
    /// [`NoServer`].
    pub fn parse(url: &str) -> Result<Self, NoServer> {
        let (scheme, address) = url.split_once("://").ok_or(NoServer)?;
        let (host, port) = address.rsplit_once(':').ok_or(NoServer)?;
        port.parse::<u16>().map_err(|_| NoServer)?;
        if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.[]:".contains(&byte)) {
            return Err(NoServer);
        }
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let security = match scheme {
            "smtps" => Security::Implicit,
            "smtp" if is_here => Security::None,
            "smtp" => Security::StartTls,
            _ => return Err(NoServer),
        };
        Ok(Self { address: address.to_owned(), security })
    }
}

/// A name and a password. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

/// What is to be handed over.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'m> {
    /// Whom the server tells if it cannot deliver it.
    pub from: &'m str,
    /// Who gets it.
    pub to: &'m str,
    /// The mail.
    pub mail: &'m [u8],
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this, then listen.
    Say(Vec<u8>),
    /// Encrypt the connection, and tell [`Dialogue::secured`].
    Secure,
    /// It is over.
    Done(Outcome),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has taken the mail over, and said so with this code.
    Accepted(u16),
    /// Not now: the same may go well later. The code, if the server said one.
    Later(Option<u16>),
    /// It takes no mail for this address.
    NoSuchAddress(u16),
    /// It does not take this mail.
    Refused(u16),
    /// The server cannot what is needed, or says nothing that is an answer.
    Protocol,
    /// The address is none.
    NotAnAddress,
}

/// What the server is asked, and has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Greeting,
    Hello,
    Tls,
    HelloInSecret,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    End,
    Over,
}

/// The longest answer that is listened to, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// A conversation with a server.
#[derive(Debug)]
pub struct Dialogue<'m> {
    security: Security,
    login: Option<&'m Login>,
    envelope: Envelope<'m>,
    hello: &'m str,
    waiting: Waiting,
    heard: Vec<u8>,
    eight_bit: bool,
    utf8: bool,
    auth_plain: bool,
}

impl<'m> Dialogue<'m> {
    /// Begins: the server speaks first. `hello` is the name by which this side greets.
    #[must_use]
    pub const fn new(security: Security, login: Option<&'m Login>, hello: &'m str, envelope: Envelope<'m>) -> Self {
        Self {
            security,
            login,
            envelope,
            hello,
            waiting: Waiting::Greeting,
            heard: Vec::new(),
            eight_bit: false,
            utf8: false,
            auth_plain: false,
        }
    }

    /// The server has said something. `None` if its answer is not whole yet.
    pub fn heard(&mut self, bytes: &[u8]) -> Option<Step> {
        self.heard.extend_from_slice(bytes);
        if self.heard.len() > MAX_ANSWER {
            return Some(self.done(Outcome::Protocol));
        }
        match answer(&self.heard)? {
            Ok((code, lines)) => {
                // What came behind the answer was not asked for: over an open line somebody else may have put it there (RFC 3207 §6).
                self.heard.clear();
                Some(self.answered(code, &lines))
            }
            Err(NoAnswer) => Some(self.done(Outcome::Protocol)),
        }
    }

    /// The connection is encrypted.
    pub fn secured(&mut self) -> Step {
        self.heard.clear();
        self.say(Waiting::HelloInSecret, format!("EHLO {}", self.hello))
    }

    fn say(&mut self, waiting: Waiting, line: String) -> Step {
        self.waiting = waiting;
        Step::Say((line + "\r\n").into_bytes())
    }

    const fn done(&mut self, outcome: Outcome) -> Step {
        self.waiting = Waiting::Over;
        Step::Done(outcome)
    }

    fn answered(&mut self, code: u16, lines: &[String]) -> Step {
        let kind = code / 100;
        match self.waiting {
            Waiting::Greeting if kind == 2 => self.say(Waiting::Hello, format!("EHLO {}", self.hello)),
            Waiting::Hello | Waiting::HelloInSecret if kind == 2 => self.greeted(lines),
            Waiting::Tls if kind == 2 => Step::Secure,
            Waiting::Auth if kind == 2 => self.mail_from(),
            Waiting::MailFrom if kind == 2 => {
                let line = format!("RCPT TO:<{}>", self.envelope.to);
                self.say(Waiting::RcptTo, line)
            }
            Waiting::RcptTo if kind == 2 => self.say(Waiting::Data, "DATA".to_owned()),
            Waiting::Data if code == 354 => {
                self.waiting = Waiting::End;
                Step::Say(stuffed(self.envelope.mail))
            }
            Waiting::End if kind == 2 => self.done(Outcome::Accepted(code)),
            Waiting::RcptTo if kind == 5 => self.done(Outcome::NoSuchAddress(code)),
            Waiting::MailFrom | Waiting::Data | Waiting::End if kind == 5 => self.done(Outcome::Refused(code)),
            // A server that does not greet, or does not know us, is out of order; the mail is not.
            _ if kind == 4 || kind == 5 => self.done(Outcome::Later(Some(code))),
            _ => self.done(Outcome::Protocol),
        }
    }

    fn greeted(&mut self, lines: &[String]) -> Step {
        let keywords: Vec<Vec<String>> = lines
            .iter()
            .skip(1)
            .map(|line| line.split_ascii_whitespace().map(str::to_ascii_uppercase).collect())
            .collect();
        let has = |keyword: &str| keywords.iter().any(|words| words.first().is_some_and(|word| word == keyword));
        self.eight_bit = has("8BITMIME");
        self.utf8 = has("SMTPUTF8");
        self.auth_plain = keywords
            .iter()
            .any(|words| words.first().is_some_and(|word| word == "AUTH") && words.iter().any(|word| word == "PLAIN"));
        if self.security == Security::StartTls && self.waiting == Waiting::Hello {
            return if has("STARTTLS") {
                self.say(Waiting::Tls, "STARTTLS".to_owned())
            } else {
                self.done(Outcome::Protocol)
            };
        }
        match self.login {
            None => self.mail_from(),
            Some(_) if !self.auth_plain => self.done(Outcome::Protocol),
            Some(Login { user, password }) => {
                let line = format!("AUTH PLAIN {}", STANDARD.encode(format!("\0{user}\0{password}")));
                self.say(Waiting::Auth, line)
            }
        }
    }

    fn mail_from(&mut self) -> Step {
        let Envelope { from, to, mail } = self.envelope;
        if !is_address(from) || !is_address(to) {
            return self.done(Outcome::NotAnAddress);
        }
        let mut line = format!("MAIL FROM:<{from}>");
        if !mail.is_ascii() {
            if !self.eight_bit {
                return self.done(Outcome::Protocol);
            }
            line.push_str(" BODY=8BITMIME");
        }
        if !from.is_ascii() || !to.is_ascii() {
            if !self.utf8 {
                return self.done(Outcome::NoSuchAddress(553));
            }
            line.push_str(" SMTPUTF8");
        }
        self.say(Waiting::MailFrom, line)
    }
}

struct NoAnswer;

/// The code and the lines of an answer (RFC 5321 §4.2.1), once it is whole.
fn answer(heard: &[u8]) -> Option<Result<(u16, Vec<String>), NoAnswer>> {
    let mut lines = Vec::new();
    for line in heard.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n")?;
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        let (code, rest) = line.split_at_checked(3).unwrap_or(("", ""));
        let Some(code) = code.parse::<u16>().ok().filter(|code| (200..600).contains(code)) else {
            return Some(Err(NoAnswer));
        };
        let goes_on = rest.starts_with('-');
        if !goes_on && !rest.is_empty() && !rest.starts_with(' ') {
            return Some(Err(NoAnswer));
        }
        lines.push(rest.get(1..).unwrap_or_default().to_owned());
        if !goes_on {
            return Some(Ok((code, lines)));
        }
    }
    None
}

/// A mail as it follows `DATA`: every line ends with CR LF, one that begins with a dot has another before it, a dot alone ends it
/// (RFC 5321 §4.5.2). A CR or LF alone, which servers read differently, becomes an end of line.
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 50 + 8);
    let mut rest = mail;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = tail.strip_prefix(b"\r\n").or_else(|| tail.get(1..)).unwrap_or_default();
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENVELOPE: Envelope<'static> =
        Envelope { from: "complaints@example.com", to: "ada@example.com", mail: b"Subject: x\r\n\r\n.hidden\r\n" };

    /// Lets a server say these answers; what it was told, and how it ended.
    fn run(mut dialogue: Dialogue<'_>, answers: &[&str]) -> (Vec<String>, Option<Outcome>) {
        let (mut told, mut answers) = (Vec::new(), answers.iter());
        let mut step = None;
        loop {
            match step.take() {
                None => match answers.next() {
                    Some(said) => step = dialogue.heard(said.as_bytes()),
                    None => return (told, None),
                },
                Some(Step::Say(bytes)) => told.push(String::from_utf8(bytes).unwrap()),
                Some(Step::Secure) => {
                    told.push("(TLS)".to_owned());
                    step = Some(dialogue.secured());
                }
                Some(Step::Done(outcome)) => return (told, Some(outcome)),
            }
        }
    }

    fn open() -> Dialogue<'static> {
        Dialogue::new(Security::None, None, "redress", ENVELOPE)
    }

    #[test]
    fn a_mail_is_handed_over() {
        // Answers come in pieces, and of several lines.
        let answers = [
            "220 mail.exam",
            "ple.com ESMTP\r\n",
            "250-hi\r\n250-8BITMIME\r\n",
            "250 SIZE 1000\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            "354 go on\r\n",
            "250 2.0.0 queued\r\n",
        ];
        let (told, outcome) = run(open(), &answers);
        assert_eq!(outcome, Some(Outcome::Accepted(250)));
        assert_eq!(
            told,
            [
                "EHLO redress\r\n",
                "MAIL FROM:<complaints@example.com>\r\n",
                "RCPT TO:<ada@example.com>\r\n",
                "DATA\r\n",
                "Subject: x\r\n\r\n..hidden\r\n.\r\n"
            ]
        );
    }

    #[test]
    fn a_password_is_said_in_secret_alone() {
        let login = Login { user: "u".to_owned(), password: "p".to_owned() };
        let start = |security| Dialogue::new(security, Some(&login), "redress", ENVELOPE);
        let answers =
            ["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n", "250-x\r\n250 AUTH LOGIN PLAIN\r\n", "235 ok\r\n"];
        let (told, _) = run(start(Security::StartTls), &answers);
        assert_eq!(
            told[..5],
            ["EHLO redress\r\n", "STARTTLS\r\n", "(TLS)", "EHLO redress\r\n", "AUTH PLAIN AHUAcA==\r\n"]
        );
        // A server that cannot, or somebody between who says that it cannot.
        let (told, outcome) = run(start(Security::StartTls), &["220 x\r\n", "250-x\r\n250 AUTH PLAIN\r\n"]);
        assert_eq!((told.len(), outcome), (1, Some(Outcome::Protocol)));
        let (_, outcome) = run(start(Security::Implicit), &["220 x\r\n", "250 x\r\n"]);
        assert_eq!(outcome, Some(Outcome::Protocol));
        assert_eq!(format!("{login:?}"), "Login(…)");
    }

    #[test]
    fn what_somebody_puts_behind_an_answer_is_not_heard() {
        let dialogue = Dialogue::new(Security::StartTls, None, "redress", ENVELOPE);
        let (told, outcome) =
            run(dialogue, &["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n250 AUTH PLAIN\r\n"]);
        assert_eq!((told.last().map(String::as_str), outcome), (Some("EHLO redress\r\n"), None));
    }

    #[test]
    fn what_failed_is_told_apart() {
        let usual = ["220 x\r\n", "250 x\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n"];
        for (at, said, expected) in [
            (0, "421 busy\r\n", Outcome::Later(Some(421))),
            (0, "554 no\r\n", Outcome::Later(Some(554))),
            (0, "HTTP/1.1 400 Bad Request\r\n", Outcome::Protocol),
            (1, "502 what\r\n", Outcome::Later(Some(502))),
            (2, "451 later\r\n", Outcome::Later(Some(451))),
            (2, "550 you are nobody\r\n", Outcome::Refused(550)),
            (3, "550-no\r\n550 such user\r\n", Outcome::NoSuchAddress(550)),
            (3, "450 greylisted\r\n", Outcome::Later(Some(450))),
            (4, "250 what?\r\n", Outcome::Protocol),
            (5, "552 too large\r\n", Outcome::Refused(552)),
            (5, "451 later\r\n", Outcome::Later(Some(451))),
        ] {
            let mut answers = usual.to_vec();
            answers[at] = said;
            assert_eq!(run(open(), &answers).1, Some(expected), "{said}");
        }
    }

    #[test]
    fn what_needs_more_than_the_server_can_is_not_sent() {
        let plain = ["220 x\r\n", "250 x\r\n"];
        let eight = Envelope { mail: "é".as_bytes(), ..ENVELOPE };
        assert_eq!(run(Dialogue::new(Security::None, None, "r", eight), &plain).1, Some(Outcome::Protocol));
        let foreign = Envelope { to: "zoë@example.com", ..ENVELOPE };
        let to = |answers: &[&str]| run(Dialogue::new(Security::None, None, "r", foreign), answers);
        assert_eq!(to(&plain).1, Some(Outcome::NoSuchAddress(553)));
        let (told, _) = to(&["220 x\r\n", "250-x\r\n250 SMTPUTF8\r\n"]);
        assert_eq!(told[1], "MAIL FROM:<complaints@example.com> SMTPUTF8\r\n");
        let evil = Envelope { to: "a@example.com>\r\nRCPT TO:<b@example.com", ..ENVELOPE };
        assert_eq!(run(Dialogue::new(Security::None, None, "r", evil), &plain).1, Some(Outcome::NotAnAddress));
    }

    #[test]
    fn a_server_is_encrypted_unless_it_is_here() {
        let security = |url| Server::parse(url).map(|server| server.security);
        assert_eq!(security("smtps://smtp.example.com:465"), Ok(Security::Implicit));
        assert_eq!(security("smtp://smtp.example.com:587"), Ok(Security::StartTls));
        assert_eq!(security("smtp://127.0.0.1:1025"), Ok(Security::None));
        for other in ["", "smtp://x", "http://x:1", "smtp://:1", "smtp://a b:1", "smtp://x:99999"] {
            assert_eq!(security(other), Err(NoServer), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_mail_ends_early(mail in prop::collection::vec(prop_oneof![Just(b'.'), Just(b'\r'), Just(b'\n'), Just(b'x')], 0..200)) {
            let sent = stuffed(&mail);
            prop_assert!(sent.ends_with(b".\r\n"));
            let text = String::from_utf8(sent).unwrap();
            let lines: Vec<&str> = text.split("\r\n").collect();
            let end = lines.iter().position(|line| *line == ".");
            prop_assert_eq!(end, Some(lines.len() - 2), "the only dot alone is the last line");
            prop_assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])));
        }

        #[test]
        fn whatever_a_server_says_it_ends(said in prop::collection::vec("[0-9a-z \r\n-]{0,12}", 0..40)) {
            let said: Vec<&str> = said.iter().map(String::as_str).collect();
            run(open(), &said);
        }
    }
}
