//! The pages by which a firm's staff sign in, in the console's looks.

use askama::Template;

/// Which firm? For whoever comes without its name.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "staff/firm.html")]
pub struct WhichFirm<'a> {
    /// Where to go on.
    pub return_to: &'a str,
}

/// How does one sign in at this firm?
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "staff/sign_in.html")]
pub struct SignIn<'a> {
    /// The firm's name.
    pub firm: &'a str,
    /// Its name in addresses.
    pub slug: &'a str,
    /// Where to go on.
    pub return_to: &'a str,
    /// Where one goes on to the firm's provider; `None`: a link is sent.
    pub provider: Option<&'a str>,
}

/// A link is on its way, perhaps.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "staff/link_sent.html")]
pub struct LinkSent<'a> {
    /// What is said to everybody.
    pub words: &'a str,
}

/// The page that a link opens: its button signs in.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "staff/link.html")]
pub struct Link<'a> {
    /// The firm's name in addresses.
    pub slug: &'a str,
    /// What stood in the link.
    pub token: &'a str,
    /// Where to go on.
    pub return_to: &'a str,
}

/// Something did not go as it should.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "staff/trouble.html")]
pub struct Trouble<'a> {
    /// What.
    pub title: &'a str,
    /// In words.
    pub words: &'a str,
    /// What whoever asks for help names.
    pub request: &'a str,
}
