//! Addresses of staff.

use crate::{outbound_mail::is_address, text::Line};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The address of a member of staff (RFC 5321), in lower case: two that differ in case alone are one person's, as every provider of mail
/// has it, though RFC 5321 §2.4 leaves that to each. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(Line<254>);

/// The text is no address that mail may be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an email address (RFC 5321)")]
pub struct InvalidEmail;

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address, as any line.
    #[must_use]
    pub const fn line(&self) -> &Line<254> {
        &self.0
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.as_str().rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// What stands before it.
    #[must_use]
    pub fn local(&self) -> &str {
        self.as_str().rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        let text = text.trim().to_lowercase();
        if is_address(&text) { Line::try_from(text).map(Self).map_err(|_| InvalidEmail) } else { Err(InvalidEmail) }
    }
}

impl TryFrom<&str> for Email {
    type Error = InvalidEmail;

    fn try_from(text: &str) -> Result<Self, InvalidEmail> {
        Self::try_from(text.to_owned())
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0.into()
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({} bytes)", self.as_str().len())
    }
}

impl schemars::JsonSchema for Email {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Email".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "email", "maxLength": 254 })
    }
}

/// A domain of addresses, in lower case, such as `northwind.example.com`. Those below it are others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailDomain(String);

/// The text is no domain of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a domain such as example.com")]
pub struct InvalidDomain;

impl EmailDomain {
    /// Whether an address is of it.
    #[must_use]
    pub fn has(&self, email: &Email) -> bool {
        email.domain() == self.0
    }
}

impl TryFrom<String> for EmailDomain {
    type Error = InvalidDomain;

    fn try_from(text: String) -> Result<Self, InvalidDomain> {
        // A domain is what an address may have behind its `@`: one rule for both.
        match Email::try_from(format!("x@{text}")) {
            Ok(email) if email.local() == "x" => Ok(Self(email.domain().to_owned())),
            _ => Err(InvalidDomain),
        }
    }
}

impl From<EmailDomain> for String {
    fn from(domain: EmailDomain) -> Self {
        domain.0
    }
}

impl schemars::JsonSchema for EmailDomain {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EmailDomain".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "maxLength": 253 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        let email = Email::try_from(" Ada@Example.COM ").unwrap();
        assert_eq!((email.as_str(), email.domain(), email.local()), ("ada@example.com", "example.com", "ada"));
        assert_eq!(format!("{email:?}"), "Email(15 bytes)");
        for bad in ["", "ada", "ada@localhost", "Ada <ada@example.com>"] {
            assert_eq!(Email::try_from(bad), Err(InvalidEmail), "{bad}");
        }
    }

    #[test]
    fn a_domain_has_its_own_addresses_alone() {
        let domain = EmailDomain::try_from("Example.com".to_owned()).unwrap();
        let is = |email: &str| domain.has(&Email::try_from(email).unwrap());
        assert!(is("ada@example.com"));
        assert!(!is("ada@sub.example.com") && !is("ada@notexample.com") && !is("ada@example.com.evil.net"));
        for bad in ["", "localhost", "a@b.com", "exa mple.com"] {
            assert!(EmailDomain::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
