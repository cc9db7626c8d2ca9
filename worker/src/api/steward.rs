//! Whoever looks after a tenant's settings and keys: an operator, who names the tenant in the path, or the firm itself. There is one way to
//! do a thing, whoever does it.

use crate::{
    call::{Call, Caller, OperatorCall, TenantCall},
    failure::Failure,
    store::{
        TenantDb,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use shared::{
    access::{Actor, ActorKind, staff::Action},
    http::{idempotency::IdempotencyKey, problem::Code},
    identity::session::Sensitive,
    ids::{KeyId, TenantId},
    tenant::{
        Status, Tenant,
        event::{Done, TenantEvent},
    },
    text::Line,
};

/// What looks after tenants: a request that may.
pub(crate) struct Steward {
    pub(crate) call: Call,
    of: Of,
}

/// For whom.
enum Of {
    /// For the service.
    Service,
    /// For a firm, after itself.
    Firm {
        tenant: TenantId,
        actor: Actor,
        /// If no person calls.
        key: Option<KeyId>,
    },
}

impl From<OperatorCall> for Steward {
    fn from(call: OperatorCall) -> Self {
        Self { call: call.call, of: Of::Service }
    }
}

impl Steward {
    /// A firm that looks at what is its own.
    pub(crate) fn own(call: TenantCall) -> Result<Self, Failure> {
        let key = match &call.caller {
            Caller::Key(key) => Some(*key),
            Caller::Staff(_) => None,
        };
        let of = Of::Firm { tenant: call.standing.tenant.id, actor: call.actor()?, key };
        Ok(Self { call: call.call, of })
    }

    /// A firm that changes what is its own. A person has to have proved lately who they are.
    pub(crate) fn own_change(call: TenantCall) -> Result<Self, Failure> {
        call.must(Action::ManageTenant, Sensitive::ManageStaff)?;
        Self::own(call)
    }

    /// Where tenants' records are.
    pub(crate) fn db(&self) -> SystemDb {
        SystemDb::new(self.call.runtime.clone(), DIRECTORY_SHARD)
    }

    /// Where its keys are.
    pub(crate) fn db_of(&self, tenant: TenantId) -> TenantDb {
        TenantDb::new(self.call.runtime.clone(), DIRECTORY_SHARD, tenant)
    }

    /// The tenant as its record says it now. To itself a tenant that was deleted is not there.
    pub(crate) async fn tenant(&self) -> Result<Tenant, Failure> {
        let id = match &self.of {
            Of::Service => self.call.path_value("id")?,
            Of::Firm { tenant, .. } => *tenant,
        };
        let found = self.db().tenant(id).await?;
        let is_there = |tenant: &Tenant| !self.is_own() || tenant.status != Status::Deleted;
        found.filter(is_there).ok_or(Failure::new(Code::NotFound))
    }

    /// Whether it is the firm itself.
    pub(crate) const fn is_own(&self) -> bool {
        matches!(self.of, Of::Firm { .. })
    }

    /// The tenant's key that calls, if one does.
    pub(crate) const fn key(&self) -> Option<KeyId> {
        match &self.of {
            Of::Service => None,
            Of::Firm { key, .. } => *key,
        }
    }

    /// An idempotency key, as it is kept: what an operator's does is one thing, what a firm's does another.
    pub(super) fn kept(&self, key: &IdempotencyKey) -> String {
        match &self.of {
            Of::Service => key.as_str().to_owned(),
            // No key has a space.
            Of::Firm { tenant, .. } => format!("{tenant} {}", key.as_str()),
        }
    }

    /// What happens, as it is written down with it.
    pub(crate) fn does(&self, event: TenantEvent) -> Result<Done, Failure> {
        let by = match &self.of {
            Of::Service => {
                let id = Line::try_from("operator".to_owned()).map_err(Failure::internal)?;
                Actor { id, job: None, kind: ActorKind::Operator }
            }
            Of::Firm { actor, .. } => actor.clone(),
        };
        Ok(Done { at: self.call.now, by, event })
    }

    /// The same, if a change is one at all.
    pub(crate) fn makes(&self, before: &Tenant, after: &Tenant) -> Result<Option<Done>, Failure> {
        TenantEvent::between(before, after).map(|event| self.does(event)).transpose()
    }
}
