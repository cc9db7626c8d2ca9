//! Text that people typed: bounded, storable, and otherwise kept exactly as it came, for it is evidence.

use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("must not be blank")]
    Blank,
    /// More characters (Unicode scalar values) than allowed.
    #[error("must have at most {max} characters, has {has}")]
    TooLong {
        /// The limit.
        max: usize,
        /// What was found.
        has: usize,
    },
    /// A control character other than tab and line breaks (and those only in prose).
    #[error("must not contain control characters (found U+{0:04X})")]
    Control(u32),
}

fn check(text: &str, max: usize, allow_breaks: bool) -> Result<(), InvalidText> {
    if text.trim().is_empty() {
        return Err(InvalidText::Blank);
    }
    let forbidden = |c: &char| c.is_control() && !(allow_breaks && matches!(c, '\n' | '\r' | '\t'));
    // The bytes of control characters (U+0000 to U+001F, U+007F to U+009F) are few, and most texts have none of them.
    let may_be =
        |b: u8| (b < 0x20 && !(allow_breaks && matches!(b, b'\n' | b'\r' | b'\t'))) || matches!(b, 0x7F | 0xC2);
    if text.bytes().any(may_be)
        && let Some(control) = text.chars().find(forbidden)
    {
        return Err(InvalidText::Control(control.into()));
    }
    // A text has at most as many characters as bytes, so most texts need no count.
    let has = if text.len() <= max { 0 } else { text.chars().count() };
    if has > max { Err(InvalidText::TooLong { max, has }) } else { Ok(()) }
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, breaks: $breaks:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name<const MAX: usize>(String);

        impl<const MAX: usize> $name<MAX> {
            /// The text, exactly as given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<const MAX: usize> TryFrom<String> for $name<MAX> {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                check(&text, MAX, $breaks).map(|()| Self(text))
            }
        }

        impl<const MAX: usize> TryFrom<&str> for $name<MAX> {
            type Error = InvalidText;

            fn try_from(text: &str) -> Result<Self, InvalidText> {
                Self::try_from(text.to_owned())
            }
        }

        impl<const MAX: usize> From<$name<MAX>> for String {
            fn from(text: $name<MAX>) -> Self {
                text.0
            }
        }

        impl<const MAX: usize> fmt::Debug for $name<MAX> {
            /// Not the text itself: it may be personal data, and `Debug` ends in logs.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({} bytes)", stringify!($name), self.0.len())
            }
        }

        impl<const MAX: usize> schemars::JsonSchema for $name<MAX> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                format!("{}{MAX}", stringify!($name)).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
            }
        }
    };
}

text_type!(
    /// One line: 1 to `MAX` characters, not blank, no control characters.
    Line, breaks: false
);
text_type!(
    /// Prose: 1 to `MAX` characters, not blank; tabs and line breaks are its only control characters.
    Prose, breaks: true
);

/// A name in a declared vocabulary: `a-z`, `0-9`, `_` and `-`, starting with a letter or digit, 1 to 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// The text is not a [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 of a-z, 0-9, _ and -, starting with a letter or digit")]
pub struct InvalidCode;

impl Code {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Code {
    type Error = InvalidCode;

    fn try_from(text: String) -> Result<Self, InvalidCode> {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let ok = text.len() <= 64
            && text.bytes().next().is_some_and(word)
            && text.bytes().all(|b| word(b) || b == b'_' || b == b'-');
        if ok { Ok(Self(text)) } else { Err(InvalidCode) }
    }
}

impl TryFrom<&str> for Code {
    type Error = InvalidCode;

    fn try_from(text: &str) -> Result<Self, InvalidCode> {
        Self::try_from(text.to_owned())
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl schemars::JsonSchema for Code {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept_as_it_came() {
        let odd = "  Ελληνικά \u{1F980}\r\n\tend ";
        assert_eq!(Prose::<40>::try_from(odd).unwrap().as_str(), odd);
        assert_eq!(Line::<40>::try_from(odd), Err(InvalidText::Control(13)));
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(Line::<3>::try_from("äöü").is_ok());
        assert_eq!(Line::<3>::try_from("äöüß"), Err(InvalidText::TooLong { max: 3, has: 4 }));
        assert_eq!(Line::<3>::try_from("\u{3000} "), Err(InvalidText::Blank));
        assert_eq!(Prose::<9>::try_from("a\0b"), Err(InvalidText::Control(0)));
    }

    #[test]
    fn text_never_shows_in_debug() {
        assert_eq!(format!("{:?}", Line::<9>::try_from("secret").unwrap()), "Line(6 bytes)");
    }

    #[test]
    fn a_code_is_plain_ascii() {
        assert!(Code::try_from("billing_error-2").is_ok());
        for text in ["", "_x", "Billing", "a b", "é", &"a".repeat(65)] {
            assert_eq!(Code::try_from(text), Err(InvalidCode), "{text}");
        }
    }
}
