//! Typed identifiers, all UUIDv7 (RFC 9562 §5.7) in lower-case hyphenated text.
//!
//! Invariant: a bare `String` or `Uuid` never names an entity, and an id has exactly one spelling, so text
//! comparison in SQL and in cursors is comparison of ids.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::{Builder, Uuid};

/// Random bytes a UUIDv7 takes besides its timestamp. The caller draws them.
pub type Entropy = [u8; 10];

/// The text is not a lower-case hyphenated UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a lower-case UUIDv7 such as 01932f6e-7c1a-7b3e-8d5f-0123456789ab")]
pub struct InvalidId;

fn parse(text: &str) -> Result<Uuid, InvalidId> {
    let uuid = Uuid::try_parse(text).map_err(|_| InvalidId)?;
    let canonical = uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text;
    if canonical && uuid.get_version_num() == 7 { Ok(uuid) } else { Err(InvalidId) }
}

fn v7(at: Timestamp, entropy: &Entropy) -> Uuid {
    Builder::from_unix_timestamp_millis(at.unix_millis().unsigned_abs(), entropy).into_uuid()
}

/// The time of a UUIDv7: its first 48 bits.
fn made_at(uuid: Uuid) -> Timestamp {
    let millis = uuid.as_bytes().iter().take(6).fold(0, |millis, byte| millis << 8 | i64::from(*byte));
    Timestamp::from_unix_millis(millis)
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new id made at `at` from `entropy`.
            #[must_use]
            pub fn new(at: Timestamp, entropy: &Entropy) -> Self {
                Self(v7(at, entropy))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    };
}

typed_id!(
    /// A tenant: a firm whose complaints Redress keeps. It never changes, whatever the firm is called.
    TenantId
);
typed_id!(
    /// One complaint. Its lowest five bits are the [`Slot`](crate::tenant::placement::Slot) it is stored in.
    ComplaintId
);
typed_id!(
    /// One API key of a tenant: what logs and lists show, never the secret. `jti` in its token.
    KeyId
);
typed_id!(
    /// One row of the outbox, and the identity of the message made from it.
    OutboxId
);
typed_id!(
    /// One message that could not be delivered after all retries.
    DeadLetterId
);
typed_id!(
    /// One move of a tenant from a cell to another.
    RelocationId
);
typed_id!(
    /// One bulk job of a tenant.
    BulkId
);
typed_id!(
    /// One saved view.
    ViewId
);
typed_id!(
    /// One letter of a complaint.
    LetterId
);
typed_id!(
    /// One endpoint of a tenant: an address that webhooks are sent to.
    EndpointId
);
typed_id!(
    /// One attachment of a complaint.
    AttachmentId
);
typed_id!(
    /// One mail that came to a tenant.
    MailId
);
typed_id!(
    /// One member of a tenant's staff, for life: whatever they are called, and wherever they sign in.
    PersonId
);
typed_id!(
    /// One team of a tenant's staff: a group, to a directory that speaks SCIM.
    TeamId
);
typed_id!(
    /// One session: a browser in which a member of staff is signed in.
    SessionId
);
typed_id!(
    /// One request, as the caller and the log know it.
    RequestId
);

impl ComplaintId {
    /// The id (UUID version 7, RFC 9562 §5.7) that none is less than.
    pub const LEAST: Self = Self(Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0000));
    /// The id that none is greater than.
    pub const GREATEST: Self = Self(Uuid::from_u128(0xFFFF_FFFF_FFFF_7FFF_BFFF_FFFF_FFFF_FFFF));

    /// A new id whose lowest five bits are `slot`.
    #[must_use]
    pub fn in_slot(at: Timestamp, entropy: &Entropy, slot: u8) -> Self {
        let mut bytes = *v7(at, entropy).as_bytes();
        let [.., last] = &mut bytes;
        *last = (*last & !SLOT_MASK) | (slot & SLOT_MASK);
        Self(Uuid::from_bytes(bytes))
    }

    /// When it was made.
    #[must_use]
    pub fn made_at(self) -> Timestamp {
        made_at(self.0)
    }

    /// Its 16 bytes.
    #[must_use]
    pub fn bytes(self) -> [u8; 16] {
        *self.0.as_bytes()
    }

    /// The id of these bytes.
    ///
    /// # Errors
    /// They are no `UUIDv7`.
    pub fn from_bytes(bytes: [u8; 16]) -> Result<Self, InvalidId> {
        Uuid::from_bytes(bytes).to_string().parse()
    }

    /// The slot the id was made for.
    #[must_use]
    pub fn slot(self) -> u8 {
        let [.., last] = self.0.as_bytes();
        last & SLOT_MASK
    }
}

impl SessionId {
    /// Its 16 bytes.
    #[must_use]
    pub fn bytes(self) -> [u8; 16] {
        *self.0.as_bytes()
    }

    /// The id of these bytes.
    ///
    /// # Errors
    /// They are no `UUIDv7`.
    pub fn from_bytes(bytes: [u8; 16]) -> Result<Self, InvalidId> {
        Uuid::from_bytes(bytes).to_string().parse()
    }
}

impl OutboxId {
    /// The lowest id any row written at `at` or later can have: outbox rows older than `at` sort below it.
    #[must_use]
    pub fn floor(at: Timestamp) -> Self {
        Self::new(at, &[0; 10])
    }

    /// When the row was written.
    #[must_use]
    pub fn made_at(self) -> Timestamp {
        made_at(self.0)
    }
}

impl BulkId {
    /// The lowest id any job asked for at `at` or later can have.
    #[must_use]
    pub fn floor(at: Timestamp) -> Self {
        Self::new(at, &[0; 10])
    }
}

const SLOT_MASK: u8 = 0b1_1111;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = TenantId::new(Timestamp::from_unix_millis(1), &[0xAB; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            id.to_string().to_uppercase(),
            id.to_string().replace('-', ""),
            format!("{{{id}}}"),
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8".to_owned(),
        ] {
            assert_eq!(text.parse::<TenantId>(), Err(InvalidId), "{text}");
        }
    }

    #[test]
    fn ids_sort_as_text_in_the_order_they_were_made() {
        let early = OutboxId::new(Timestamp::from_unix_millis(1_700_000_000_000), &[255; 10]);
        let late = OutboxId::new(Timestamp::from_unix_millis(1_700_000_000_001), &[0; 10]);
        assert!(early.to_string() < late.to_string());
        assert!(early < OutboxId::floor(Timestamp::from_unix_millis(1_700_000_000_001)));
        assert!(late >= OutboxId::floor(Timestamp::from_unix_millis(1_700_000_000_001)));
    }

    #[test]
    fn a_complaint_id_tells_its_slot() {
        for slot in 0..32 {
            let id = ComplaintId::in_slot(Timestamp::from_unix_millis(1_700_000_000_000), &[0xA5; 10], slot);
            assert_eq!((id.slot(), id.made_at().unix_millis()), (slot, 1_700_000_000_000));
            assert_eq!(id.to_string().parse::<ComplaintId>().map(ComplaintId::slot), Ok(slot));
        }
    }
}
