//! Tickets for sockets: a browser cannot send `Authorization` with a WebSocket, and a key is not for browsers anyway. A ticket opens one
//! socket within a minute, and gives no more than the key that got it. It travels in `Sec-WebSocket-Protocol`, for URLs are logged.

use crate::{
    http::cursor::CursorKey,
    ids::{ComplaintId, KeyId, TenantId},
    tenant::CellName,
    time::Timestamp,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long a ticket is good, in milliseconds.
pub const LIFE_MILLIS: i64 = 60_000;
/// The protocol that the server speaks and selects.
pub const PROTOCOL: &str = "redress.live";
/// What the other protocol that a client with a ticket offers begins with.
const OFFERED: &str = "redress.ticket.";
/// Bytes of the tag.
const TAG: usize = 32;

/// The body of `POST /v1/live-tickets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewTicket {
    /// The only complaint that the socket is to see. Default: all.
    pub complaint: Option<ComplaintId>,
    /// Whether the socket is to see what happened. `false`: only that something did, as is fit for eyes outside the firm. Default: `true`.
    pub events: bool,
}

impl Default for NewTicket {
    fn default() -> Self {
        Self { complaint: None, events: true }
    }
}

/// A ticket as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handed {
    /// What to offer as `Sec-WebSocket-Protocol`: the second argument of a browser's `new WebSocket`.
    pub protocols: [String; 2],
    /// Until when a socket can be opened with it. That stays open afterwards.
    pub expires_at: Timestamp,
}

/// What a ticket gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The firm.
    pub tenant: TenantId,
    /// The key that got it.
    pub key: KeyId,
    /// When that key expires.
    pub key_expires_at: Timestamp,
    /// The only complaint that is seen.
    pub complaint: Option<ComplaintId>,
    /// Whether it is seen what happened.
    pub events: bool,
    /// Until when a socket can be opened.
    pub expires_at: Timestamp,
    /// Which ticket it is: it is good once.
    pub nonce: [u8; 16],
}

/// The text is no ticket that was made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTicket;

/// What stands for no complaint.
const ALL: &str = "-";

impl Ticket {
    /// What a client offers to open a socket with it. `cell`: the one whose key signs it.
    #[must_use]
    pub fn seal(&self, cell: &CellName, key: &CursorKey) -> Handed {
        let said = self.said();
        let mut bytes = key.ticket_tag(said.as_bytes()).to_vec();
        bytes.extend_from_slice(said.as_bytes());
        let token = URL_SAFE_NO_PAD.encode(bytes);
        let protocols = [PROTOCOL.to_owned(), format!("{OFFERED}{}.{token}", cell.as_str())];
        Handed { protocols, expires_at: self.expires_at }
    }

    /// Of the protocols that a client offers, the cell that a ticket is of, and the ticket, sealed.
    #[must_use]
    pub fn offered(protocols: &str) -> Option<(CellName, &str)> {
        let offered = protocols.split(',').find_map(|protocol| protocol.trim().strip_prefix(OFFERED))?;
        let (cell, sealed) = offered.split_once('.')?;
        Some((CellName::try_from(cell.to_owned()).ok()?, sealed))
    }

    /// The ticket that a text is. It may have expired, or been used.
    ///
    /// # Errors
    /// [`NoTicket`] if it was not made by [`Ticket::seal`] with this key.
    pub fn open(sealed: &str, key: &CursorKey) -> Result<Self, NoTicket> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| NoTicket)?;
        let (tag, said) = bytes.split_at_checked(TAG).ok_or(NoTicket)?;
        if !key.is_ticket_tag(said, tag) {
            return Err(NoTicket);
        }
        let mut parts = std::str::from_utf8(said).map_err(|_| NoTicket)?.split(' ');
        let mut next = || parts.next().ok_or(NoTicket);
        let time = |text: &str| text.parse().map(Timestamp::from_unix_millis).map_err(|_| NoTicket);
        Ok(Self {
            tenant: next()?.parse().map_err(|_| NoTicket)?,
            key: next()?.parse().map_err(|_| NoTicket)?,
            key_expires_at: time(next()?)?,
            complaint: match next()? {
                ALL => None,
                id => Some(id.parse().map_err(|_| NoTicket)?),
            },
            events: next()? == "1",
            expires_at: time(next()?)?,
            nonce: {
                let bytes = URL_SAFE_NO_PAD.decode(next()?).map_err(|_| NoTicket)?;
                bytes.try_into().map_err(|_| NoTicket)?
            },
        })
    }

    /// By which it is remembered that it was used.
    #[must_use]
    pub fn nonce_text(&self) -> String {
        format!("ticket:{}", URL_SAFE_NO_PAD.encode(self.nonce))
    }

    fn said(&self) -> String {
        let Self { tenant, key, key_expires_at, complaint, events, expires_at, nonce } = self;
        let complaint = complaint.map_or_else(|| ALL.to_owned(), |id| id.to_string());
        let (until, expires) = (key_expires_at.unix_millis(), expires_at.unix_millis());
        let nonce = URL_SAFE_NO_PAD.encode(nonce);
        format!("{tenant} {key} {until} {complaint} {} {expires} {nonce}", u8::from(*events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_what_was_sealed() {
        let [key, other] = [1, 2].map(|byte| CursorKey::from_base64url(&URL_SAFE_NO_PAD.encode([byte; 32])).unwrap());
        let (at, cell) = (Timestamp::from_unix_millis(1_700_000_000_000), CellName::try_from("eu".to_owned()).unwrap());
        for complaint in [None, Some(ComplaintId::in_slot(at, &[2; 10], 3))] {
            let ticket = Ticket {
                tenant: TenantId::new(at, &[1; 10]),
                key: KeyId::new(at, &[3; 10]),
                key_expires_at: at.plus_millis(1),
                complaint,
                events: complaint.is_none(),
                expires_at: at.plus_millis(LIFE_MILLIS),
                nonce: [4; 16],
            };
            let handed = ticket.seal(&cell, &key);
            let header = handed.protocols.join(", ");
            let (of, sealed) = Ticket::offered(&header).unwrap();
            assert_eq!((of, Ticket::open(sealed, &key)), (cell.clone(), Ok(ticket)));
            assert_eq!(Ticket::open(sealed, &other), Err(NoTicket));
            for at in 0..sealed.len() {
                let mut altered = sealed.to_owned().into_bytes();
                altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
                assert_eq!(Ticket::open(&String::from_utf8(altered).unwrap(), &key), Err(NoTicket));
            }
            // Only what a header may have in a protocol (RFC 9110 §5.6.2, token).
            assert!(handed.protocols.iter().all(|protocol| {
                protocol.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
            }));
        }
        for wrong in ["", "A", "…"] {
            assert_eq!(Ticket::open(wrong, &key), Err(NoTicket));
        }
        for none in ["", "redress.live", "redress.ticket.", "redress.ticket.eu", "graphql-ws, redress.ticket.EU!.x"] {
            assert_eq!(Ticket::offered(none), None, "{none}");
        }
    }
}
