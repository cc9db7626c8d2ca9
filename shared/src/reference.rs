//! The reference a consumer reads out on the phone: `NWB-4K7Q-9M2X`.
//!
//! Eight symbols of Crockford's base32 after the tenant's prefix: one for the placement slot, six random, one
//! check symbol. The check symbol makes the weighted sum over GF(32) zero with a different non-zero weight for
//! each place, so every single wrong symbol and every swap of two symbols is caught, and it stays inside the
//! 32 symbols (Crockford's own modulus 37 would need `*~$=U`).

use serde::{Deserialize, Serialize};
use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// x⁵ + x² + 1, primitive over GF(2): x generates all 31 non-zero elements of GF(32).
const FIELD: u8 = 0b10_0101;
const SYMBOLS: usize = 8;

/// A complaint's reference, in canonical spelling: upper case, hyphens in place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// The text is not a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReference {
    /// Not the shape `PREFIX-XXXX-XXXX`.
    #[error("must look like NWB-4K7Q-9M2X")]
    Shape,
    /// The shape is right but a symbol is mistyped or two are swapped.
    #[error("has a typing error: the check symbol does not fit")]
    Check,
}

/// Two to four upper-case letters that start every reference of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReferencePrefix(String);

/// The text is not a [`ReferencePrefix`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 2 to 4 letters A to Z")]
pub struct InvalidPrefix;

impl TryFrom<String> for ReferencePrefix {
    type Error = InvalidPrefix;

    fn try_from(text: String) -> Result<Self, InvalidPrefix> {
        let ok = (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase());
        if ok { Ok(Self(text)) } else { Err(InvalidPrefix) }
    }
}

impl From<ReferencePrefix> for String {
    fn from(prefix: ReferencePrefix) -> Self {
        prefix.0
    }
}

impl schemars::JsonSchema for ReferencePrefix {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReferencePrefix".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z]{2,4}$" })
    }
}

impl Reference {
    /// The reference for a complaint in `slot` (0 to 31) made from 30 of the bits of `random`.
    #[must_use]
    pub fn new(prefix: &ReferencePrefix, slot: u8, random: u32) -> Self {
        let mut symbols = [0_u8; SYMBOLS];
        let mut rest = random;
        for (place, symbol) in symbols.iter_mut().enumerate().take(SYMBOLS - 1) {
            if place == 0 {
                *symbol = slot & 31;
            } else {
                *symbol = (rest & 31) as u8;
                rest >>= 5;
            }
        }
        // The last weight is x⁰ = 1, so the check symbol is the sum of the others.
        let check = weighted_sum(&symbols);
        let [.., last] = &mut symbols;
        *last = check;
        Self::spell(&prefix.0, &symbols)
    }

    /// The slot of the complaint it belongs to.
    #[must_use]
    pub fn slot(&self) -> u8 {
        let (_, symbols) = self.0.split_once('-').unwrap_or_default();
        symbols.bytes().next().and_then(value).unwrap_or_default()
    }

    /// The reference, in canonical spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn spell(prefix: &str, symbols: &[u8; SYMBOLS]) -> Self {
        let mut text = String::with_capacity(prefix.len() + 10);
        text.push_str(prefix);
        for (place, symbol) in symbols.iter().enumerate() {
            if place % 4 == 0 {
                text.push('-');
            }
            text.push(ALPHABET.get(usize::from(*symbol)).copied().map_or('0', char::from));
        }
        Self(text)
    }
}

/// Accepts what people type: any case, hyphens and spaces anywhere after the prefix, `O` for 0, `I` and `L` for 1.
impl std::str::FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let (prefix, rest) = text.trim().split_once(['-', ' ']).ok_or(InvalidReference::Shape)?;
        let prefix = ReferencePrefix::try_from(prefix.to_ascii_uppercase()).map_err(|_| InvalidReference::Shape)?;
        let mut symbols = [0_u8; SYMBOLS];
        let mut typed = rest.bytes().filter(|b| !matches!(b, b'-' | b' '));
        for symbol in &mut symbols {
            *symbol = typed.next().and_then(value).ok_or(InvalidReference::Shape)?;
        }
        if typed.next().is_some() {
            return Err(InvalidReference::Shape);
        }
        if weighted_sum(&symbols) != 0 {
            return Err(InvalidReference::Check);
        }
        Ok(Self::spell(&prefix.0, &symbols))
    }
}

impl TryFrom<String> for Reference {
    type Error = InvalidReference;

    fn try_from(text: String) -> Result<Self, InvalidReference> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl schemars::JsonSchema for Reference {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reference".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "pattern": "^[A-Z]{2,4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$"
        })
    }
}

/// Σ xᵖ·sₚ over GF(32), the last place having p = 0 (Horner's rule).
fn weighted_sum(symbols: &[u8; SYMBOLS]) -> u8 {
    symbols.iter().fold(0, |sum, symbol| {
        let doubled = sum << 1;
        let reduced = if doubled & 32 == 0 { doubled } else { doubled ^ FIELD };
        reduced ^ symbol
    })
}

fn value(typed: u8) -> Option<u8> {
    let upper = match typed.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|symbol| *symbol == upper).and_then(|at| u8::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(slot: u8, random: u32) -> Reference {
        Reference::new(&ReferencePrefix::try_from("NWB".to_owned()).unwrap(), slot, random)
    }

    proptest! {
        #[test]
        fn it_reads_back_however_it_is_typed(slot in 0_u8..32, random: u32) {
            let reference = sample(slot, random);
            prop_assert_eq!(reference.slot(), slot);
            let text = reference.as_str();
            for typed in [text.to_owned(), text.to_lowercase(), text.replace('0', "o").replace('1', "l"),
                          text.replace('-', " "), text.replacen("-", "~", 1).replace('-', "").replace('~', "-")] {
                prop_assert_eq!(typed.parse::<Reference>(), Ok(reference.clone()));
            }
        }

        #[test]
        fn one_wrong_symbol_is_always_caught(slot in 0_u8..32, random: u32, place in 0_usize..8) {
            let reference = sample(slot, random);
            let at = [4, 5, 6, 7, 9, 10, 11, 12][place];
            for wrong in ALPHABET {
                let mut typed = reference.as_str().as_bytes().to_vec();
                if typed[at] != *wrong {
                    typed[at] = *wrong;
                    let typed = String::from_utf8(typed).unwrap();
                    prop_assert_eq!(typed.parse::<Reference>(), Err(InvalidReference::Check));
                }
            }
        }

        #[test]
        fn two_swapped_symbols_are_always_caught(slot in 0_u8..32, random: u32, a in 0_usize..8, b in 0_usize..8) {
            let places = [4, 5, 6, 7, 9, 10, 11, 12];
            let reference = sample(slot, random);
            let mut typed = reference.as_str().as_bytes().to_vec();
            typed.swap(places[a], places[b]);
            let typed = String::from_utf8(typed).unwrap();
            let caught = typed.parse::<Reference>() == Err(InvalidReference::Check);
            prop_assert!(caught || typed == reference.as_str());
        }
    }

    #[test]
    fn what_is_not_a_reference_is_refused() {
        for text in ["", "NWB", "NWB-4K7Q", "N-4K7Q-9M2X", "NWB-4K7Q-9M2XX", "NWB-4K7Q-9M2U", "NWB-4K7Q-9M2é"] {
            assert_eq!(text.parse::<Reference>(), Err(InvalidReference::Shape), "{text}");
        }
    }
}
