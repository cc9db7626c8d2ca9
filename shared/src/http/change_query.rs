//! `GET /v1/changes?…`: where to begin, how much, and how long to wait, parsed from the query string.

use super::{
    cursor::InvalidCursor,
    list_query::{DEFAULT_LIMIT, MAX_LIMIT},
    problem::{FieldError, Rule},
};
use crate::{chain::Digest, ids::TenantId};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The longest that a request may wait for something new, in seconds.
pub const MAX_WAIT_SECONDS: u32 = 20;

/// Where to begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// With the first event.
    #[default]
    Beginning,
    /// After the newest.
    Latest,
    /// After the place of a cursor, still sealed.
    Cursor(String),
}

/// What a caller wants of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeQuery {
    /// Where to begin.
    pub since: Since,
    /// The most events on the page.
    pub limit: u32,
    /// How long to wait if there is nothing, in seconds.
    pub wait_seconds: u32,
}

impl ChangeQuery {
    /// Reads a query string (without `?`).
    ///
    /// # Errors
    /// The first parameter that is unknown, repeated or not acceptable.
    pub fn parse(query: &str) -> Result<Self, FieldError> {
        let (mut since, mut limit, mut wait) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let refused = |rule, detail: String| FieldError::parameter(&shown(&name), rule, detail);
            let number = |least, most| match value.parse() {
                Ok(number) if (least..=most).contains(&number) => Ok(number),
                _ => Err(refused(Rule::OutOfRange, format!("must be a whole number from {least} to {most}"))),
            };
            let before = match name.as_ref() {
                "since" => since
                    .replace(if value == LATEST { Since::Latest } else { Since::Cursor(value.to_string()) })
                    .is_some(),
                "limit" => limit.replace(number(1, MAX_LIMIT)?).is_some(),
                "wait" => wait.replace(number(0, MAX_WAIT_SECONDS)?).is_some(),
                _ => return Err(refused(Rule::UnknownField, "is not a known parameter".to_owned())),
            };
            if before {
                return Err(refused(Rule::NotAllowed, "may be given once".to_owned()));
            }
        }
        Ok(Self {
            since: since.unwrap_or_default(),
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            wait_seconds: wait.unwrap_or_default(),
        })
    }
}

const LATEST: &str = "latest";

fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

/// A place in a tenant's feed: after the event with this number.
///
/// As a caller sees it, it is bound to the tenant, so that a cursor that was cut or mixed up is refused. No key signs it,
/// unlike the cursors of lists: a reader keeps it for as long as it likes, while the secrets of a cell change and the
/// tenant moves to another cell. There is nothing to gain by making one up, for numbers are shown and pages are the
/// tenant's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub u64);

/// Bytes of the check value.
const CHECK: usize = 8;

impl Place {
    /// The cursor as the caller sees it.
    #[must_use]
    pub fn seal(self, tenant: TenantId) -> String {
        let number = self.0.to_string();
        let mut bytes = check(tenant, &number);
        bytes.extend_from_slice(number.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place a cursor stands for.
    ///
    /// # Errors
    /// [`InvalidCursor`] if it was not made by [`Place::seal`] for the same tenant.
    pub fn open(text: &str, tenant: TenantId) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let (_, number) = bytes.split_at_checked(CHECK).ok_or(InvalidCursor)?;
        let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok()).ok_or(InvalidCursor)?;
        // A place has one spelling.
        if Self(number).seal(tenant) == text { Ok(Self(number)) } else { Err(InvalidCursor) }
    }
}

fn check(tenant: TenantId, number: &str) -> Vec<u8> {
    let digest = Digest::of(format!("changes {tenant} {number}").as_bytes());
    digest.as_bytes().iter().copied().take(CHECK).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    fn tenant(number: u8) -> TenantId {
        TenantId::new(Timestamp::MIN, &[number; 10])
    }

    #[test]
    fn what_is_wanted_is_read() {
        let parsed = ChangeQuery::parse("since=abc&limit=7&wait=20").unwrap();
        assert_eq!(parsed, ChangeQuery { since: Since::Cursor("abc".to_owned()), limit: 7, wait_seconds: 20 });
        let usual = ChangeQuery::parse("").unwrap();
        assert_eq!(usual, ChangeQuery { since: Since::Beginning, limit: 50, wait_seconds: 0 });
        assert_eq!(ChangeQuery::parse("since=latest").unwrap().since, Since::Latest);
    }

    #[test]
    fn a_bad_parameter_is_named() {
        for (query, name) in [
            ("colour=red", "colour"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("wait=21", "wait"),
            ("wait=-1", "wait"),
            ("wait=", "wait"),
            ("since=a&since=b", "since"),
            ("wait=1&wait=1", "wait"),
        ] {
            let refused = ChangeQuery::parse(query).unwrap_err();
            assert_eq!(refused.parameter.as_deref(), Some(name), "{query}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_is_the_tenants_own(number: u64, at in 0_usize..40, other: u8) {
            let sealed = Place(number).seal(tenant(1));
            prop_assert_eq!(Place::open(&sealed, tenant(1)), Ok(Place(number)));
            prop_assert_eq!(Place::open(&sealed, tenant(2)), Err(InvalidCursor));
            let mut altered = sealed.clone().into_bytes();
            let at = at % altered.len();
            altered[at] = other;
            if let Ok(altered) = String::from_utf8(altered) {
                prop_assert!(altered == sealed || Place::open(&altered, tenant(1)).is_err());
            }
        }

        #[test]
        fn no_other_text_is_a_cursor(text in "[A-Za-z0-9_-]{0,40}") {
            prop_assert_eq!(Place::open(&text, tenant(1)), Err(InvalidCursor));
        }
    }
}
