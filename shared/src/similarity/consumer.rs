//! Who complains, as keys that are the same when the person is.

use super::{hash, token};
use crate::{
    complaint::intake::{Complainant, ContactKind, ContactPoint},
    words::words,
};
use std::fmt;

/// Fewer digits are an extension or a short code, not a person's number.
const SHORTEST_PHONE: usize = 7;
/// The end of a number that is the same with and without the codes before it: `+44 7700 900123`, `07700 900123`.
const PHONE_END: usize = 9;
/// Symbols in a token after the first: 40 bits, so that no two consumers of a tenant share one by chance.
const LENGTH: usize = 8;

/// One thing by which a consumer is known: an e-mail address, a telephone number or the tenant's customer id, normalised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerKey(String);

impl ConsumerKey {
    /// The token to index a complaint under and to look for others with: 9 characters. It is a hash without a secret, so it is personal
    /// data just as the address is.
    #[must_use]
    pub fn token(&self) -> String {
        token::<LENGTH>('1', hash(self.0.as_bytes()))
    }
}

impl fmt::Debug for ConsumerKey {
    /// Not the key itself: it is personal data, and `Debug` ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsumerKey")
    }
}

/// The keys of a complainant, each once. None for a person of whom only name, postal address or social handle is known.
#[must_use]
pub fn consumer_keys(complainant: &Complainant) -> Vec<ConsumerKey> {
    let customer = complainant.customer_id.as_ref().map(|id| format!("customer:{}", id.as_str().trim()));
    let mut keys: Vec<_> =
        complainant.contacts.iter().filter_map(contact_key).chain(customer).map(ConsumerKey).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn contact_key(contact: &ContactPoint) -> Option<String> {
    let value = contact.value.as_str();
    match contact.kind {
        // Domains ignore case (RFC 5321 §2.4), and so in practice does every mailbox. Nothing more: what a provider ignores is its own.
        ContactKind::Email => Some(format!("email:{}", value.trim().to_lowercase())),
        ContactKind::Phone => phone_end(value).map(|end| format!("phone:{end}")),
        ContactKind::Post | ContactKind::Social => None,
    }
}

/// The last digits of the first number in `value`; what follows a letter, such as an extension, is not part of it.
fn phone_end(value: &str) -> Option<String> {
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    let digits: String = words(value).skip_while(|word| !is_number(word)).take_while(|word| is_number(word)).collect();
    let national = digits.trim_start_matches('0');
    let end = national.len().saturating_sub(PHONE_END);
    (national.len() >= SHORTEST_PHONE).then(|| national.split_at(end).1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(json: &str) -> Vec<ConsumerKey> {
        consumer_keys(&serde_json::from_str(json).unwrap())
    }

    fn contact(kind: &str, value: &str) -> Vec<ConsumerKey> {
        keys(&serde_json::json!({ "name": "A", "contacts": [{ "kind": kind, "value": value }] }).to_string())
    }

    #[test]
    fn an_address_is_one_however_it_is_capitalised() {
        assert_eq!(contact("email", "Ada.Lark@Example.ORG"), contact("email", "ada.lark@example.org"));
        for other in ["adalark@example.org", "ada.lark+x@example.org", "ada.lark@example.com"] {
            assert_ne!(contact("email", "ada.lark@example.org"), contact("email", other));
        }
    }

    #[test]
    fn a_number_is_one_with_and_without_its_country() {
        let written = [
            "+44 7700 900123",
            "0044 7700 900123",
            "07700 900 123",
            "(07700) 900-123",
            "+44 (0)7700 900123",
            "tel. 07700/900123 ext. 12",
            "٠٧٧٠٠ ٩٠٠١٢٣",
        ];
        for number in written {
            assert_eq!(contact("phone", number), contact("phone", "07700900123"), "{number}");
        }
        assert_eq!(contact("phone", "+1 (202) 555-0100"), contact("phone", "202-555-0100"));
        assert_ne!(contact("phone", "202-555-0100"), contact("phone", "202-555-0101"));
    }

    #[test]
    fn what_is_not_a_persons_is_no_key() {
        for (kind, value) in [
            ("phone", "ext 4711"),
            ("phone", "unknown"),
            ("phone", "000000000"),
            ("post", "1 High St"),
            ("social", "@ada"),
        ] {
            assert_eq!(contact(kind, value), [], "{value}");
        }
        assert_eq!(keys(r#"{"name":"Ada"}"#), []);
    }

    #[test]
    fn each_key_comes_once_and_no_kind_is_another() {
        let twice = r#"{"name":"A","customer_id":"202-555-0100","contacts":[
            {"kind":"phone","value":"202-555-0100"},{"kind":"phone","value":"+1 202 555 0100"}]}"#;
        let keys = keys(twice);
        assert_eq!(keys.len(), 2);
        assert_ne!(keys[0].token(), keys[1].token());
        assert!(keys.iter().all(|key| key.token().len() == 1 + LENGTH && key.token().starts_with('1')));
    }

    #[test]
    fn a_key_never_shows_in_debug() {
        assert_eq!(format!("{:?}", contact("email", "ada@example.org")), "[ConsumerKey]");
    }
}
