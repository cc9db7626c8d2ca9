//! API keys as records: what lists show. The signed token itself is made by [`crate::sign::api_key`].

use crate::{
    access::Scope,
    complaint::intake::List,
    http::problem::{FieldError, Rule},
    ids::{KeyId, TenantId},
    sign::request_key::SigningKey,
    tenant::ip_range::IpRange,
    text::Line,
    time::Timestamp,
};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest life of a key, in days; also the default.
pub const MAX_LIFE_DAYS: i64 = 366;

/// The body of `POST /v1/tenants/{id}/keys`, and of `POST /v1/keys`.
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
    /// When it begins to work. Default: at once.
    #[serde(default)]
    pub valid_from: Option<Timestamp>,
    /// When it stops working: at most [`MAX_LIFE_DAYS`] from now, which is the default.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// The addresses it may be used from. Default: any.
    #[serde(default)]
    pub ip_ranges: List<IpRange, 20>,
    /// How its writes are signed (RFC 9421); then every write must be. Default: they are not.
    #[serde(default)]
    pub signing: Option<SigningKey>,
}

/// The body of `POST /v1/tenants/{id}/keys/{key}/rotate`, and of `POST /v1/keys/{key}/rotate`: the new key is like the old one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// For how long the old key works on, in hours: 0 to [`MAX_OVERLAP_HOURS`]. Default: a day.
    #[serde(default = "a_day")]
    pub overlap_hours: u32,
    /// When the new key stops working: at most [`MAX_LIFE_DAYS`] from now, which is the default.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// How the new key's writes are signed. Default: as the old one's.
    #[serde(default)]
    pub signing: Option<SigningKey>,
}

/// The longest time that an old key works beside the new one, in hours.
pub const MAX_OVERLAP_HOURS: u32 = 30 * 24;

const fn a_day() -> u32 {
    24
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
    /// When it begins to work, if that was not at once.
    #[serde(default)]
    pub valid_from: Option<Timestamp>,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// The addresses it may be used from; none stands for any.
    #[serde(default)]
    pub ip_ranges: List<IpRange, 20>,
    /// How its writes are signed, if they must be.
    #[serde(default)]
    pub signing: Option<SigningKey>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The key that takes its place, if it was rotated.
    #[serde(default)]
    pub replaced_by: Option<KeyId>,
    /// The day (UTC) on which it was last used, if it was.
    #[serde(default)]
    pub last_used_on: Option<NaiveDate>,
}

/// A key with its secret: shown once, when it is issued.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IssuedKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The secret to send as `Authorization: Bearer …`; `null` when the request is repeated after a day.
    pub token: Option<String>,
    /// With `hmac-sha256`, the secret to sign writes with; `null` as the token is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<String>,
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
        let NewKey { name, scopes, mode, valid_from, ip_ranges, signing, .. } = new;
        if valid_from.is_some_and(|from| from >= expires_at) {
            return Err(InvalidExpiry);
        }
        Ok(Self {
            id,
            tenant,
            name,
            scopes,
            mode,
            created_at: now,
            valid_from,
            expires_at,
            ip_ranges,
            signing,
            revoked_at: None,
            replaced_by: None,
            last_used_on: None,
        })
    }

    /// What another key would have that this one cannot give, for it has not got it itself: scopes, the freedom to be used from
    /// anywhere, the freedom to write unsigned.
    #[must_use]
    pub fn cannot_give(&self, given: &Self) -> Vec<FieldError> {
        let error = |pointer: &str| FieldError::at(pointer, Rule::NotAllowed, "is more than the key that calls has");
        let lacking = given.scopes.iter().enumerate().filter(|(_, scope)| !self.scopes.contains(scope));
        let mut errors: Vec<_> = lacking.map(|(n, _)| error(&format!("/scopes/{n}"))).collect();
        let bound = !given.ip_ranges.is_empty() && given.ip_ranges.iter().all(|range| self.ip_ranges.contains(range));
        if !self.ip_ranges.is_empty() && !bound {
            errors.push(error("/ip_ranges"));
        }
        if self.signing.is_some() && given.signing.is_none() {
            errors.push(error("/signing"));
        }
        errors
    }

    /// A key to take this one's place, and when this one ends.
    ///
    /// # Errors
    /// [`InvalidExpiry`] as for [`ApiKey::issue`].
    pub fn rotated(&self, id: KeyId, rotation: Rotation, now: Timestamp) -> Result<(Self, Timestamp), InvalidExpiry> {
        let Self { name, scopes, mode, ip_ranges, signing, .. } = self.clone();
        let Rotation { overlap_hours, expires_at, signing: new_signing } = rotation;
        let signing = new_signing.or(signing);
        let new = NewKey { name, scopes, mode, valid_from: None, expires_at, ip_ranges, signing };
        let overlap = i64::from(overlap_hours.min(MAX_OVERLAP_HOURS)) * 3_600_000;
        Ok((Self::issue(id, self.tenant, new, now)?, now.plus_millis(overlap).min(self.expires_at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_no_more_than_it_has() {
        let now = Timestamp::MIN;
        let key = |scopes: &[Scope], ranges: &[&str], signing| {
            let ip_ranges = ranges.iter().map(|range| (*range).to_owned().try_into().unwrap()).collect::<Vec<_>>();
            let new = NewKey {
                name: "CRM".to_owned().try_into().unwrap(),
                scopes: scopes.to_vec().try_into().unwrap(),
                mode: Mode::Live,
                valid_from: None,
                expires_at: None,
                ip_ranges: ip_ranges.try_into().unwrap(),
                signing,
            };
            ApiKey::issue(KeyId::new(now, &[1; 10]), TenantId::new(now, &[2; 10]), new, now).unwrap()
        };
        let at = |giver: &ApiKey, given: &ApiKey| {
            giver.cannot_give(given).into_iter().filter_map(|error| error.pointer).collect::<Vec<_>>()
        };
        let own = [Scope::TenantManage, Scope::ComplaintsRead];
        let free = key(&own, &[], None);
        assert_eq!(at(&free, &key(&[], &["10.0.0.0/8"], Some(SigningKey::HmacSha256 {}))), [""; 0]);
        assert_eq!(at(&free, &key(&[Scope::ComplaintsRead, Scope::TenantManage], &[], None)), [""; 0]);
        let more = key(&[Scope::ComplaintsRead, Scope::StaffManage, Scope::Scim], &[], None);
        assert_eq!(at(&free, &more), ["/scopes/1", "/scopes/2"]);
        let bound = key(&own, &["10.0.0.0/8", "192.0.2.7/32"], Some(SigningKey::HmacSha256 {}));
        assert_eq!(at(&bound, &free), ["/ip_ranges", "/signing"]);
        let elsewhere = key(&own, &["10.0.0.0/8", "198.51.100.0/24"], Some(SigningKey::HmacSha256 {}));
        assert_eq!(at(&bound, &elsewhere), ["/ip_ranges"]);
        assert_eq!(at(&bound, &key(&own, &["192.0.2.7/32"], Some(SigningKey::HmacSha256 {}))), [""; 0]);
    }
}
