//! Who calls, what they may do, and which complaints they see: one policy function, [`may`], for every way in.

pub mod staff;

use crate::{
    identity::role::{Clearance, Roles},
    ids::{BulkId, ComplaintId, KeyId, PersonId, SessionId, TeamId, TenantId},
    tenant::CellName,
    text::Line,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use staff::Action;
use std::collections::BTreeSet;

/// Who did something, as an event records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// Which one: the key's id for a key.
    pub id: Line<100>,
    /// The bulk job by which it was done, if it was by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<BulkId>,
    /// What sort of actor.
    pub kind: ActorKind,
}

/// What sort of actor did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A tenant's system, by its API key.
    Key,
    /// Redress itself, by a rule.
    System,
    /// A member of the tenant's staff, in a session.
    Staff,
    /// The complainant, or who acts for them, by the firm's portal.
    Consumer,
    /// An operator of the service: of a tenant's settings and keys, never of a complaint.
    Operator,
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    /// Read complaints, their events and deliveries.
    #[serde(rename = "complaints:read")]
    ComplaintsRead,
    /// Log complaints, give commands, lock cases.
    #[serde(rename = "complaints:write")]
    ComplaintsWrite,
    /// Take over a case that somebody else has locked.
    #[serde(rename = "complaints:lead")]
    ComplaintsLead,
    /// Read what the plan allows and how much of it is used.
    #[serde(rename = "usage:read")]
    UsageRead,
    /// Look after people, teams and how staff sign in.
    #[serde(rename = "staff:manage")]
    StaffManage,
    /// Keep people and teams as a directory does, by SCIM.
    #[serde(rename = "scim")]
    Scim,
    /// Read who of the staff has read which complaint.
    #[serde(rename = "access-log:read")]
    AccessLogRead,
    /// Look after the firm's own settings and keys.
    #[serde(rename = "tenant:manage")]
    TenantManage,
}

impl Scope {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ComplaintsRead => "complaints:read",
            Self::ComplaintsWrite => "complaints:write",
            Self::ComplaintsLead => "complaints:lead",
            Self::UsageRead => "usage:read",
            Self::StaffManage => "staff:manage",
            Self::Scim => "scim",
            Self::AccessLogRead => "access-log:read",
            Self::TenantManage => "tenant:manage",
        }
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody in particular.
    Anonymous,
    /// An operator of the service: tenants and cells, never a complaint.
    Operator,
    /// A tenant's system.
    Key {
        /// The tenant.
        tenant: TenantId,
        /// The key.
        key: KeyId,
        /// What the key may do.
        scopes: Vec<Scope>,
    },
    /// A member of a tenant's staff, signed in.
    Staff {
        /// The tenant.
        tenant: TenantId,
        /// Who.
        person: PersonId,
        /// What they are: [`staff`] says what each role may do.
        roles: Roles,
        /// The teams that they are in.
        teams: BTreeSet<TeamId>,
        /// The sensitive complaints that they may see.
        clearances: BTreeSet<Clearance>,
        /// Their session.
        session: SessionId,
    },
    /// Whoever has shown that a complaint is theirs.
    Consumer {
        /// The firm.
        tenant: TenantId,
        /// The complaint.
        complaint: ComplaintId,
    },
    /// Another cell, about one tenant that moves between the two.
    Cell {
        /// The cell.
        cell: CellName,
        /// The tenant.
        tenant: TenantId,
    },
}

/// What a route, or what is done there, asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access<'a> {
    /// Nothing.
    Public,
    /// To be an operator.
    Operator,
    /// To be a tenant's key with this scope.
    Tenant(Scope),
    /// To be another cell, speaking for this very tenant. Never described, never forwarded.
    Cell,
    /// Nothing, at a firm that has a portal. A page: never described.
    Page,
    /// To have shown that a complaint is theirs. A page likewise.
    Case,
    /// Of people, that one of their roles lets them do this. That they have proved lately who they are is asked beside it
    /// ([`crate::identity::session::fresh_enough`]).
    Act(Action),
    /// Of people, a clearance for each of these labels of a complaint. A firm's systems see all, and consumers what is theirs.
    See(&'a BTreeSet<Clearance>),
}

/// Why [`may`] said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// No credentials were given.
    Unauthenticated,
    /// The key, or the person's roles, lack this scope.
    MissingScope(Scope),
    /// None of the person's roles lets them do this.
    MissingRole(Action),
    /// The person lacks a clearance. Of a complaint that is all that they learn: that it is not there.
    MissingClearance,
    /// Operators see no complaints, tenants no operations, and cells speak to each other alone.
    WrongKind,
}

/// Whether `principal` may use a route, or do something, that asks for `access`.
///
/// # Errors
/// [`Denial`] says why not.
pub fn may(principal: &Principal, access: Access<'_>) -> Result<(), Denial> {
    match (access, principal) {
        (Access::Public | Access::Page, _)
        | (Access::Operator, Principal::Operator)
        | (Access::Cell, Principal::Cell { .. })
        | (Access::Case, Principal::Consumer { .. })
        | (Access::Act(_), Principal::Key { .. })
        | (Access::See(_), Principal::Key { .. } | Principal::Consumer { .. }) => Ok(()),
        (_, Principal::Anonymous) => Err(Denial::Unauthenticated),
        (Access::Tenant(scope), Principal::Key { scopes, .. }) => {
            if scopes.contains(&scope) {
                Ok(())
            } else {
                Err(Denial::MissingScope(scope))
            }
        }
        (Access::Tenant(scope), Principal::Staff { roles, .. }) => {
            if staff::has_scope(roles, scope) {
                Ok(())
            } else {
                Err(Denial::MissingScope(scope))
            }
        }
        (Access::Act(action), Principal::Staff { roles, .. }) => {
            if staff::may_act(roles, action) {
                Ok(())
            } else {
                Err(Denial::MissingRole(action))
            }
        }
        (Access::See(labels), Principal::Staff { clearances, .. }) => {
            if labels.is_subset(clearances) {
                Ok(())
            } else {
                Err(Denial::MissingClearance)
            }
        }
        (Access::Operator | Access::Tenant(_) | Access::Cell | Access::Case | Access::Act(_) | Access::See(_), _) => {
            Err(Denial::WrongKind)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::role::Role, time::Timestamp};

    #[test]
    fn nothing_is_allowed_that_is_not_written_down() {
        let key = |scopes: &[Scope]| Principal::Key {
            tenant: TenantId::new(Timestamp::MIN, &[0; 10]),
            key: KeyId::new(Timestamp::MIN, &[0; 10]),
            scopes: scopes.to_vec(),
        };
        let read = Access::Tenant(Scope::ComplaintsRead);
        let write = Access::Tenant(Scope::ComplaintsWrite);
        let reader = key(&[Scope::ComplaintsRead]);
        let none = key(&[]);
        let other_cell = Principal::Cell {
            cell: CellName::try_from("eu".to_owned()).unwrap(),
            tenant: TenantId::new(Timestamp::MIN, &[0; 10]),
        };
        let auditor = Principal::Staff {
            tenant: TenantId::new(Timestamp::MIN, &[0; 10]),
            person: PersonId::new(Timestamp::MIN, &[0; 10]),
            roles: [Role::Auditor].into_iter().collect(),
            teams: BTreeSet::new(),
            clearances: BTreeSet::from([Clearance::Vip]),
            session: SessionId::new(Timestamp::MIN, &[0; 10]),
        };
        let consumer = Principal::Consumer {
            tenant: TenantId::new(Timestamp::MIN, &[0; 10]),
            complaint: ComplaintId::in_slot(Timestamp::MIN, &[0; 10], 0),
        };
        let labels = |labels: &[Clearance]| labels.iter().copied().collect::<BTreeSet<_>>();
        let [plain, vip, both] = [labels(&[]), labels(&[Clearance::Vip]), labels(&[Clearance::Vip, Clearance::Staff])];
        let (see, act) = (Access::See(&both), Access::Act(Action::ReadAccessLog));
        let export = Access::Act(Action::Export);
        let table = [
            (&auditor, Access::See(&plain), Ok(())),
            (&auditor, Access::See(&vip), Ok(())),
            (&auditor, see, Err(Denial::MissingClearance)),
            (&reader, see, Ok(())),
            (&consumer, see, Ok(())),
            (&other_cell, see, Err(Denial::WrongKind)),
            (&Principal::Operator, see, Err(Denial::WrongKind)),
            (&Principal::Operator, Access::See(&plain), Err(Denial::WrongKind)),
            (&Principal::Anonymous, see, Err(Denial::Unauthenticated)),
            (&auditor, act, Ok(())),
            (&auditor, export, Err(Denial::MissingRole(Action::Export))),
            (&reader, export, Ok(())),
            (&consumer, export, Err(Denial::WrongKind)),
            (&other_cell, export, Err(Denial::WrongKind)),
            (&Principal::Operator, export, Err(Denial::WrongKind)),
            (&Principal::Anonymous, export, Err(Denial::Unauthenticated)),
            (&consumer, Access::Public, Ok(())),
            (&consumer, Access::Page, Ok(())),
            (&consumer, Access::Case, Ok(())),
            (&consumer, read, Err(Denial::WrongKind)),
            (&consumer, write, Err(Denial::WrongKind)),
            (&consumer, Access::Operator, Err(Denial::WrongKind)),
            (&consumer, Access::Cell, Err(Denial::WrongKind)),
            (&Principal::Anonymous, Access::Page, Ok(())),
            (&Principal::Anonymous, Access::Case, Err(Denial::Unauthenticated)),
            (&Principal::Operator, Access::Case, Err(Denial::WrongKind)),
            (&reader, Access::Case, Err(Denial::WrongKind)),
            (&auditor, Access::Case, Err(Denial::WrongKind)),
            (&other_cell, Access::Case, Err(Denial::WrongKind)),
            (&auditor, Access::Public, Ok(())),
            (&auditor, read, Ok(())),
            (&auditor, write, Err(Denial::MissingScope(Scope::ComplaintsWrite))),
            (&auditor, Access::Operator, Err(Denial::WrongKind)),
            (&auditor, Access::Cell, Err(Denial::WrongKind)),
            (&Principal::Anonymous, Access::Public, Ok(())),
            (&Principal::Anonymous, Access::Operator, Err(Denial::Unauthenticated)),
            (&Principal::Anonymous, read, Err(Denial::Unauthenticated)),
            (&Principal::Operator, Access::Public, Ok(())),
            (&Principal::Operator, Access::Operator, Ok(())),
            (&Principal::Operator, read, Err(Denial::WrongKind)),
            (&Principal::Operator, write, Err(Denial::WrongKind)),
            (&reader, Access::Public, Ok(())),
            (&reader, Access::Operator, Err(Denial::WrongKind)),
            (&reader, read, Ok(())),
            (&reader, write, Err(Denial::MissingScope(Scope::ComplaintsWrite))),
            (&other_cell, Access::Public, Ok(())),
            (&other_cell, Access::Cell, Ok(())),
            (&other_cell, Access::Operator, Err(Denial::WrongKind)),
            (&other_cell, read, Err(Denial::WrongKind)),
            (&other_cell, write, Err(Denial::WrongKind)),
            (&Principal::Anonymous, Access::Cell, Err(Denial::Unauthenticated)),
            (&Principal::Operator, Access::Cell, Err(Denial::WrongKind)),
            (&reader, Access::Cell, Err(Denial::WrongKind)),
            (&none, Access::Cell, Err(Denial::WrongKind)),
            (&none, read, Err(Denial::MissingScope(Scope::ComplaintsRead))),
        ];
        for (principal, access, expected) in table {
            assert_eq!(may(principal, access), expected, "{principal:?} {access:?}");
        }
    }
}
