//! API keys as records: what lists show. The signed token itself is made by [`crate::sign::api_key`].

use crate::{
    access::Scope,
    complaint::intake::List,
    ids::{KeyId, TenantId},
    text::Line,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest life of a key, in days; also the default.
pub const MAX_LIFE_DAYS: i64 = 366;

/// The body of `POST /v1/tenants/{id}/keys`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What the key is for.
    pub name: Line<100>,
    /// What it may do.
    pub scopes: List<Scope, 16>,
    /// Which prefix it gets.
    #[serde(default)]
    pub mode: Mode,
    /// When it stops working: at most [`MAX_LIFE_DAYS`] from now, which is the default.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// Which prefix a key has, so that a test key in a production configuration is seen at a glance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// `rdr_live_`.
    #[default]
    Live,
    /// `rdr_test_`.
    Test,
}

impl Mode {
    /// What a token of this mode starts with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Live => "rdr_live_",
            Self::Test => "rdr_test_",
        }
    }
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    /// The id; events and logs name the key by it.
    pub id: KeyId,
    /// The tenant it acts for.
    pub tenant: TenantId,
    /// What it is for.
    pub name: Line<100>,
    /// What it may do.
    pub scopes: List<Scope, 16>,
    /// Which prefix it has.
    pub mode: Mode,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// A key with its secret: shown once, when it is issued.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IssuedKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The secret to send as `Authorization: Bearer …`; `null` when the request is repeated after a day.
    pub token: Option<String>,
}

/// The life that was asked for is over already, or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be in the future and at most {MAX_LIFE_DAYS} days from now")]
pub struct InvalidExpiry;

impl ApiKey {
    /// A key as it is issued.
    ///
    /// # Errors
    /// [`InvalidExpiry`] if it would not be valid for 0 to [`MAX_LIFE_DAYS`] days.
    pub fn issue(id: KeyId, tenant: TenantId, new: NewKey, now: Timestamp) -> Result<Self, InvalidExpiry> {
        let latest = now.plus_millis(MAX_LIFE_DAYS * 86_400_000);
        let expires_at = new.expires_at.unwrap_or(latest);
        if expires_at <= now || expires_at > latest {
            return Err(InvalidExpiry);
        }
        let NewKey { name, scopes, mode, .. } = new;
        Ok(Self { id, tenant, name, scopes, mode, created_at: now, expires_at, revoked_at: None })
    }
}
