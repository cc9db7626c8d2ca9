//! What shows that a complaint is somebody's: the session in a cookie, and the link that begins one.

use super::key::{PortalKey, Purpose};
use crate::{
    ids::{ComplaintId, TenantId},
    reference::Reference,
    time::Timestamp,
};

/// How long a session lasts without a request, in milliseconds.
pub const IDLE_MILLIS: i64 = 30 * 60_000;
/// How long it lasts at most.
pub const LIFE_MILLIS: i64 = 12 * 3_600_000;
/// How long a code and a link are good.
pub const CODE_MILLIS: i64 = 15 * 60_000;
/// How long the page of what was just sent is shown to whoever sent it.
pub const RECEIVED_MILLIS: i64 = 24 * 3_600_000;
/// Digits of a code.
pub const DIGITS: usize = 8;

/// A session: that a complaint is the browser's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The complaint.
    pub complaint: ComplaintId,
    /// When it was shown.
    pub since: Timestamp,
    /// When this browser last asked for something.
    pub seen: Timestamp,
}

impl Session {
    /// As a cookie has it.
    #[must_use]
    pub fn seal(&self, tenant: TenantId, key: &PortalKey) -> String {
        let Self { complaint, since, seen } = self;
        let said = format!("{complaint} {} {}", since.unix_millis(), seen.unix_millis());
        key.seal(tenant, Purpose::Session, &said)
    }

    /// The session of a cookie, if it lasts still.
    #[must_use]
    pub fn open(sealed: &str, tenant: TenantId, key: &PortalKey, now: Timestamp) -> Option<Self> {
        let said = key.open(tenant, Purpose::Session, sealed)?;
        let mut parts = said.split(' ');
        let complaint = parts.next()?.parse().ok()?;
        let mut time = || parts.next()?.parse().ok().map(Timestamp::from_unix_millis);
        let (since, seen) = (time()?, time()?);
        let lasts = seen.plus_millis(IDLE_MILLIS) > now && since.plus_millis(LIFE_MILLIS) > now;
        lasts.then_some(Self { complaint, since, seen })
    }
}

/// The token of a link that begins a session.
#[must_use]
pub fn link(tenant: TenantId, complaint: ComplaintId, until: Timestamp, key: &PortalKey) -> String {
    key.seal(tenant, Purpose::Link, &format!("{complaint} {}", until.unix_millis()))
}

/// The complaint that a link is for, if it is good still.
#[must_use]
pub fn linked(token: &str, tenant: TenantId, key: &PortalKey, now: Timestamp) -> Option<ComplaintId> {
    let said = key.open(tenant, Purpose::Link, token)?;
    let (complaint, until) = said.split_once(' ')?;
    let until = until.parse().ok().map(Timestamp::from_unix_millis)?;
    if until > now { complaint.parse().ok() } else { None }
}

/// What was just sent, as a cookie has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The complaint.
    pub complaint: ComplaintId,
    /// What the consumer quotes.
    pub reference: Reference,
    /// Until when it is shown.
    pub until: Timestamp,
}

impl Receipt {
    /// As a cookie has it.
    #[must_use]
    pub fn seal(&self, tenant: TenantId, key: &PortalKey) -> String {
        let Self { complaint, reference, until } = self;
        let said = format!("{complaint} {} {}", reference.as_str(), until.unix_millis());
        key.seal(tenant, Purpose::Received, &said)
    }

    /// What a cookie says, if it is good still.
    #[must_use]
    pub fn open(sealed: &str, tenant: TenantId, key: &PortalKey, now: Timestamp) -> Option<Self> {
        let said = key.open(tenant, Purpose::Received, sealed)?;
        let mut parts = said.split(' ');
        let complaint = parts.next()?.parse().ok()?;
        let reference = Reference::try_from(parts.next()?.to_owned()).ok()?;
        let until = parts.next()?.parse().ok().map(Timestamp::from_unix_millis)?;
        (until > now).then_some(Self { complaint, reference, until })
    }
}

/// Random bytes as a code of [`DIGITS`] digits.
#[must_use]
pub fn code(random: [u8; 8]) -> String {
    // 2^64 is so much more than 10^8 that no code is likelier than another by more than 10^-11.
    format!("{:08}", u64::from_be_bytes(random) % 100_000_000)
}

/// A code without what people type between its digits; `None` if it is no code.
#[must_use]
pub fn typed(code: &str) -> Option<String> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    (digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::cursor::CursorKey;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    fn key() -> PortalKey {
        PortalKey::of(&CursorKey::from_base64url(&"A".repeat(43)).unwrap())
    }

    fn ids() -> (TenantId, ComplaintId) {
        (TenantId::new(NOW, &[1; 10]), ComplaintId::in_slot(NOW, &[2; 10], 0))
    }

    #[test]
    fn a_session_ends() {
        let (tenant, complaint) = ids();
        let session = Session { complaint, since: NOW, seen: NOW };
        let sealed = session.seal(tenant, &key());
        let open = |at| Session::open(&sealed, tenant, &key(), at);
        assert_eq!(open(NOW.plus_millis(IDLE_MILLIS - 1)), Some(session));
        assert_eq!(open(NOW.plus_millis(IDLE_MILLIS)), None);
        let long = Session { seen: NOW.plus_millis(LIFE_MILLIS), ..session }.seal(tenant, &key());
        assert_eq!(Session::open(&long, tenant, &key(), NOW.plus_millis(LIFE_MILLIS)), None);
        assert_eq!(Session::open(&link(tenant, complaint, NOW.plus_millis(1), &key()), tenant, &key(), NOW), None);
    }

    #[test]
    fn a_link_is_for_one_complaint_and_a_while() {
        let (tenant, complaint) = ids();
        let token = link(tenant, complaint, NOW.plus_millis(1), &key());
        assert_eq!(linked(&token, tenant, &key(), NOW), Some(complaint));
        assert_eq!(linked(&token, tenant, &key(), NOW.plus_millis(1)), None);
        assert_eq!(linked(&token, TenantId::new(NOW, &[9; 10]), &key(), NOW), None);
    }

    #[test]
    fn a_code_is_eight_digits() {
        assert_eq!(code([0; 8]), "00000000");
        assert_eq!(code([0xff; 8]).len(), DIGITS);
        assert_eq!(typed(" 1234-5678 ").as_deref(), Some("12345678"));
        for wrong in ["", "1234567", "123456789", "1234567x", "１２３４５６７８"] {
            assert_eq!(typed(wrong), None, "{wrong}");
        }
    }
}
