//! What is known of a tenant away from D1: its [`Standing`] inside its cell, its [`Route`] everywhere.

use super::{CellName, Slug, Status, Tenant};
use crate::{
    identity::session_token::{Barred, SignedIn},
    ids::{KeyId, TenantId},
    limit::plan::{Limits, Resource},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// All that a cell must know to admit and serve a tenant's requests. Its `RateLimiter` keeps it and every lease brings
/// what is new, so that a change is in force everywhere within a lease's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Grows with every change of the tenant or its keys.
    pub seq: u32,
    /// The tenant.
    pub tenant: Tenant,
    /// Its keys that end before their tokens say so.
    pub ended: Vec<EndedKey>,
    /// Whether requests have to wait: another cell is about to take over.
    #[serde(default)]
    pub moving: bool,
    /// Sessions and people whose tokens are refused though they are genuine.
    #[serde(default)]
    pub barred: Vec<Barred>,
}

/// A key that was revoked or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedKey {
    /// The key.
    pub key: KeyId,
    /// Since when, or from when on, it opens nothing.
    pub at: Timestamp,
}

impl Standing {
    /// Whether a key whose token was signed for `cell` still opens this tenant's doors.
    #[must_use]
    pub fn accepts(&self, key: KeyId, cell: &CellName, now: Timestamp) -> bool {
        let ended = self.ended.iter().any(|ended| ended.key == key && ended.at <= now);
        !ended && self.tenant.status != Status::Deleted && self.tenant.lived_in(cell)
    }

    /// Whether a session's token opens this tenant's doors. Those of a cell that it has left do not: who moves signs in anew.
    #[must_use]
    pub fn admits(&self, token: &SignedIn) -> bool {
        let Self { tenant, barred, .. } = self;
        let theirs = tenant.id == token.tenant && tenant.home_cell == token.cell;
        theirs && tenant.status != Status::Deleted && !barred.iter().any(|barred| barred.refuses(token))
    }

    /// What the tenant is allowed; `None` if the shipped plans do not parse.
    #[must_use]
    pub fn limits(&self) -> Option<&Limits> {
        self.tenant.limits.as_ref().or_else(|| Limits::of(self.tenant.plan))
    }

    /// How much of a resource the tenant may have: its own limit, or else its plan's. `None` as for [`Standing::limits`].
    #[must_use]
    pub fn quota(&self, resource: Resource) -> Option<u64> {
        let own = self.limits().and_then(|limits| limits.quota(resource));
        let quota = own.or_else(|| Limits::of(self.tenant.plan).and_then(|limits| limits.quota(resource)));
        quota.map(|quota| quota.limit)
    }

    /// What every cell may know of it.
    #[must_use]
    pub fn route(&self) -> Route {
        let Tenant { id, slug, home_cell, status, .. } = &self.tenant;
        Route { seq: self.seq, tenant: *id, slug: slug.clone(), home_cell: home_cell.clone(), status: *status }
    }
}

/// A line of the tenant directory in KV, which all cells share: where to send a request. No personal data, no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The change that it shows.
    pub seq: u32,
    /// The tenant.
    pub tenant: TenantId,
    /// Its name in addresses.
    pub slug: Slug,
    /// The cell that holds its data.
    pub home_cell: CellName,
    /// Whether it is served.
    pub status: Status,
}
