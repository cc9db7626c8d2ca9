//! Opaque, signed cursors: a place in a list, bound to the tenant and to the list's filters.

use crate::{chain::Digest, ids::TenantId, search::place::Position};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq as _;

/// The secret that cursors are signed with.
#[derive(Clone)]
pub struct CursorKey(Vec<u8>);

impl CursorKey {
    /// From 32 secret bytes in unpadded base64url; `None` for anything else.
    #[must_use]
    pub fn from_base64url(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32).map(Self)
    }
}

impl CursorKey {
    /// What a link to a file is signed with: HMAC by a key that is derived from this one, so that no cursor is ever a link.
    #[must_use]
    pub fn file_tag(&self, said: &[u8]) -> [u8; 32] {
        hmac(&hmac(&self.0, OF_FILES), said)
    }

    /// What an address for answers by mail is signed with, by a key of its own likewise.
    #[must_use]
    pub fn mail_tag(&self, said: &[u8]) -> [u8; 32] {
        hmac(&hmac(&self.0, OF_MAIL), said)
    }

    /// Whether that is the tag of what is said, in constant time.
    #[must_use]
    pub fn is_file_tag(&self, said: &[u8], tag: &[u8]) -> bool {
        self.file_tag(said).ct_eq(tag).into()
    }

    /// The key from which all that signs staff in follows, by [`crate::identity::key::IdentityKey`]. Not for anything else.
    #[must_use]
    pub(crate) fn identity_key(&self) -> [u8; 32] {
        hmac(&self.0, OF_IDENTITY)
    }

    /// The key from which all that consumers are handed follows, by [`crate::portal::key::PortalKey`]. Not for anything else.
    #[must_use]
    pub(crate) fn portal_key(&self) -> [u8; 32] {
        hmac(&self.0, OF_PORTALS)
    }

    /// What a ticket for a socket is signed with, as for [`CursorKey::file_tag`].
    #[must_use]
    pub fn ticket_tag(&self, said: &[u8]) -> [u8; 32] {
        hmac(&hmac(&self.0, OF_TICKETS), said)
    }

    /// Whether that is the tag of what is said, in constant time.
    #[must_use]
    pub fn is_ticket_tag(&self, said: &[u8], tag: &[u8]) -> bool {
        self.ticket_tag(said).ct_eq(tag).into()
    }
}

/// Sets the key of links to files apart from whatever else is derived from the same secret.
const OF_FILES: &[u8] = b"redress links to files v1";
/// The same for signing staff in.
const OF_IDENTITY: &[u8] = b"redress identity v1";
/// The same for what consumers are handed by portals.
const OF_PORTALS: &[u8] = b"redress portals v1";
/// The same for tickets.
const OF_TICKETS: &[u8] = b"redress tickets for sockets v1";
/// The same for addresses to which complainants answer.
const OF_MAIL: &[u8] = b"redress addresses for answers v1";

/// HMAC takes keys of any length, so there is always a tag.
fn hmac(key: &[u8], said: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key).map(|mut mac| {
        mac.update(said);
        mac.finalize().into_bytes().into()
    });
    mac.unwrap_or_default()
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey(…)")
    }
}

/// Which way a list is walked from a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Towards older complaints: the next page.
    Forward,
    /// Towards newer complaints: the previous page.
    Backward,
}

/// A place in a list, and which way to go from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Which way.
    pub direction: Direction,
    /// From where, exclusive.
    pub from: Position,
}

/// The cursor was altered, or belongs to another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("was altered, or belongs to a list with other filters")]
pub struct InvalidCursor;

const TAG: usize = 16;
/// What every cursor begins with: base64url may begin with `-`, and in a table that would be a formula.
const FIRST: char = 'c';

impl Cursor {
    /// The cursor as the caller sees it.
    #[must_use]
    pub fn seal(&self, key: &CursorKey, tenant: TenantId, filters: Digest) -> String {
        let way = match self.direction {
            Direction::Forward => 'f',
            Direction::Backward => 'b',
        };
        let place = format!("{way}{}", self.from);
        let mut bytes = tag(key, tenant, filters, &place).to_vec();
        bytes.extend_from_slice(place.as_bytes());
        format!("{FIRST}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The place a cursor stands for.
    ///
    /// # Errors
    /// [`InvalidCursor`] if it was not made by [`Cursor::seal`] with the same key, tenant and filters.
    pub fn open(text: &str, key: &CursorKey, tenant: TenantId, filters: Digest) -> Result<Self, InvalidCursor> {
        let text = text.strip_prefix(FIRST).ok_or(InvalidCursor)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let (given, place) = bytes.split_at_checked(TAG).ok_or(InvalidCursor)?;
        let place = std::str::from_utf8(place).map_err(|_| InvalidCursor)?;
        if !bool::from(tag(key, tenant, filters, place).ct_eq(given)) {
            return Err(InvalidCursor);
        }
        let (direction, from) = match place.split_at_checked(1) {
            Some(("f", from)) => (Direction::Forward, from),
            Some(("b", from)) => (Direction::Backward, from),
            _ => return Err(InvalidCursor),
        };
        Ok(Self { direction, from: from.parse().map_err(|_| InvalidCursor)? })
    }
}

fn tag(key: &CursorKey, tenant: TenantId, filters: Digest, place: &str) -> [u8; TAG] {
    let mut tag = [0; TAG];
    // HMAC takes keys of any length, so there is always a tag.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) {
        mac.update(tenant.to_string().as_bytes());
        mac.update(filters.as_bytes());
        mac.update(place.as_bytes());
        tag.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(to, from)| *to = from);
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::ComplaintId, search::place::Place, time::Timestamp};

    #[test]
    fn a_cursor_works_only_where_it_was_made() {
        let key = CursorKey(vec![1; 32]);
        let tenant = TenantId::new(Timestamp::MIN, &[1; 10]);
        let filters = Digest::of(b"state=received");
        let from =
            Position { place: Place::last_of(Timestamp::MAX), id: ComplaintId::in_slot(Timestamp::MIN, &[2; 10], 3) };
        for direction in [Direction::Forward, Direction::Backward] {
            let cursor = Cursor { direction, from };
            let sealed = cursor.seal(&key, tenant, filters);
            assert_eq!(Cursor::open(&sealed, &key, tenant, filters), Ok(cursor));
            assert!(sealed.starts_with(FIRST), "never with what a spreadsheet computes");

            let other_tenant = TenantId::new(Timestamp::MIN, &[9; 10]);
            assert_eq!(Cursor::open(&sealed, &key, other_tenant, filters), Err(InvalidCursor));
            assert_eq!(Cursor::open(&sealed, &key, tenant, Digest::of(b"")), Err(InvalidCursor));
            assert_eq!(Cursor::open(&sealed, &CursorKey(vec![2; 32]), tenant, filters), Err(InvalidCursor));
            for at in 0..sealed.len() {
                let mut altered = sealed.clone().into_bytes();
                altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
                let altered = String::from_utf8(altered).unwrap();
                assert_eq!(Cursor::open(&altered, &key, tenant, filters), Err(InvalidCursor));
            }
        }
    }
}
