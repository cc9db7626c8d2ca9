//! Electronic mail: a message as bytes, and the language in which it is handed to a server.

pub mod callback;
pub mod message;
pub mod smtp;

use email_address::{EmailAddress, Options};

/// Whether a text is an address that mail may be sent to: RFC 5321, with a domain of the public DNS, and no sign that could end it early.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let strict = Options::default().without_display_text().without_domain_literal().with_required_tld();
    let ends_early = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '"');
    text.len() <= 254 && !text.contains(ends_early) && EmailAddress::parse_with_options(text, strict).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_where_it_seems_to() {
        for good in ["ada@example.com", "ada+x@mail.example.co.uk", "zoë@exämple.com"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "ada@localhost",
            "ada@example.com\r\nRCPT TO:<eve@example.com>",
            "ada@example.com> SIZE=1",
            "\"a b\"@example.com",
            "ada@[127.0.0.1]",
            "Ada <ada@example.com>",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
        assert!(!is_address(&format!("{}@example.com", "x".repeat(300))));
    }
}
