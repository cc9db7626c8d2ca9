//! That a request with a session's cookies was meant by whoever sits before the browser (OWASP, "Cross-Site Request Forgery Prevention").
//!
//! Two checks, both needed for whatever may change something. Where the request comes from, by what the browser says itself; and a token
//! that pages of ours alone can have: the session is submitted twice, once by its cookie and once by the token that is bound to it.

use super::key::{IdentityKey, TAG};
use crate::ids::SessionId;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The header by which scripts send the token.
pub const HEADER: &str = "x-redress-csrf";
/// The member of forms by which pages without scripts send it.
pub const FIELD: &str = "csrf";

const PURPOSE: &str = "redress csrf v1";
/// Random bytes of a token. They make each one another, so that how well a page compresses tells nothing of it (BREACH).
const NONCE: usize = 16;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// It comes from another site, or does not say from where.
    #[error("the request must come from a page of this service")]
    Origin,
    /// It has no token of this session.
    #[error("the page is too old: load it again")]
    Token,
}

/// The token for a page or a script, of one session, good for as long as that is. `nonce`: 16 random bytes.
#[must_use]
pub fn token(key: &IdentityKey, session: SessionId, nonce: &[u8; NONCE]) -> String {
    let tag = key.tag(PURPOSE, &said(session, nonce));
    let bytes: Vec<u8> = nonce.iter().chain(&tag).copied().collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Checks the token that came with a request.
///
/// # Errors
/// [`Forged::Token`].
pub fn check_token(key: &IdentityKey, session: SessionId, token: &str) -> Result<(), Forged> {
    // Nothing longer is decoded.
    let bytes = URL_SAFE_NO_PAD.decode(token.get(..64).filter(|_| token.len() == 64).ok_or(Forged::Token)?);
    let bytes = bytes.map_err(|_| Forged::Token)?;
    let (nonce, tag) = bytes.split_at_checked(NONCE).ok_or(Forged::Token)?;
    if tag.len() == TAG && key.is_tag(PURPOSE, &said(session, nonce), tag) { Ok(()) } else { Err(Forged::Token) }
}

fn said(session: SessionId, nonce: &[u8]) -> Vec<u8> {
    session.bytes().iter().chain(nonce).copied().collect()
}

/// Whether a method may change something (RFC 9110 §9.2.1 lists those that may not).
#[must_use]
pub fn changes(method: &str) -> bool {
    !matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// Checks where a request comes from: `Sec-Fetch-Site` (W3C Fetch Metadata) and `Origin` (RFC 6454 §7), as they came. `own` is the
/// origin of this service, such as `https://eu.redress.example`. Every browser of today sends one of both with whatever changes something.
///
/// # Errors
/// [`Forged::Origin`]. What changes nothing is let through: it answers with data that other sites cannot read.
pub fn check_origin(method: &str, origin: Option<&str>, site: Option<&str>, own: &str) -> Result<(), Forged> {
    let from_here = match (origin, site) {
        (Some(origin), None) => origin == own,
        (Some(origin), Some(site)) => origin == own && site == "same-origin",
        (None, Some(site)) => site == "same-origin",
        (None, None) => false,
    };
    if from_here || !changes(method) { Ok(()) } else { Err(Forged::Origin) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::key::tests::key, time::Timestamp};

    fn session(fill: u8) -> SessionId {
        SessionId::new(Timestamp::from_unix_millis(1_700_000_000_000), &[fill; 10])
    }

    #[test]
    fn a_token_is_of_one_session() {
        let one = token(&key(1), session(1), &[7; 16]);
        assert_eq!(one.len(), 64);
        assert_eq!(check_token(&key(1), session(1), &one), Ok(()));
        assert_eq!(check_token(&key(1), session(2), &one), Err(Forged::Token));
        assert_eq!(check_token(&key(2), session(1), &one), Err(Forged::Token));
        assert_ne!(token(&key(1), session(1), &[8; 16]), one);
        let cut: String = one.chars().take(40).collect();
        for wrong in ["", "A", &cut, &format!("{one}A"), &"é".repeat(32)] {
            assert_eq!(check_token(&key(1), session(1), wrong), Err(Forged::Token), "{wrong}");
        }
    }

    #[test]
    fn what_changes_something_comes_from_here() {
        let own = "https://eu.redress.example";
        let other = Some("https://evil.example");
        for (method, origin, site, fine) in [
            ("POST", Some(own), Some("same-origin"), true),
            ("POST", Some(own), None, true),
            ("POST", None, Some("same-origin"), true),
            ("POST", None, None, false),
            ("POST", other, None, false),
            ("POST", Some("null"), Some("same-origin"), false),
            ("POST", Some(own), Some("same-site"), false),
            ("POST", None, Some("none"), false),
            ("DELETE", other, Some("cross-site"), false),
            ("GET", other, Some("cross-site"), true),
            ("get", other, Some("cross-site"), false),
            ("HEAD", None, None, true),
        ] {
            let outcome = check_origin(method, origin, site, own);
            assert_eq!(outcome.is_ok(), fine, "{method} {origin:?} {site:?}");
        }
    }
}
