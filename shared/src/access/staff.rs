//! What each role may do: one table. A route of the API asks for a [`Scope`], as it does of a key; what only people do is an [`Action`].

use super::Scope;
use crate::{
    clock::named::named,
    identity::role::{Role, Roles},
};

named! {
/// What people do, and no key.
pub enum Action {
    /// Approve what is paid to a complainant.
    ApproveRedress: "approve_redress",
    /// Take complaints out.
    Export: "export",
    /// Enter people, give them roles, end their sessions.
    ManageStaff: "manage_staff",
    /// Say how staff sign in.
    ManageSignIn: "manage_sign_in",
    /// Read who has read what.
    ReadAccessLog: "read_access_log",
    /// Change the firm's own settings, issue and end its keys.
    ManageTenant: "manage_tenant",
}
}

/// What a role may do. Somebody with several may do what any of them may.
struct Grant {
    role: Role,
    scopes: &'static [Scope],
    actions: &'static [Action],
}

const GRANTS: [Grant; 5] = [
    Grant { role: Role::Agent, scopes: &[Scope::ComplaintsRead, Scope::ComplaintsWrite], actions: &[] },
    Grant {
        role: Role::Lead,
        scopes: &[Scope::ComplaintsRead, Scope::ComplaintsWrite, Scope::ComplaintsLead],
        actions: &[Action::ApproveRedress, Action::Export],
    },
    Grant {
        role: Role::Compliance,
        scopes: &[
            Scope::ComplaintsRead,
            Scope::ComplaintsWrite,
            Scope::ComplaintsLead,
            Scope::UsageRead,
            Scope::AccessLogRead,
        ],
        actions: &[Action::ApproveRedress, Action::Export, Action::ReadAccessLog],
    },
    // Reads, and does not write: nor take out what it reads.
    Grant {
        role: Role::Auditor,
        scopes: &[Scope::ComplaintsRead, Scope::UsageRead, Scope::AccessLogRead],
        actions: &[Action::ReadAccessLog],
    },
    // Who gives roles may give themselves one, and that is logged; the role alone shows no complaint.
    Grant {
        role: Role::Admin,
        scopes: &[Scope::UsageRead, Scope::StaffManage, Scope::TenantManage],
        actions: &[Action::ManageStaff, Action::ManageSignIn, Action::ManageTenant],
    },
];

/// Whether one of the roles has a scope.
#[must_use]
pub fn has_scope(roles: &Roles, scope: Scope) -> bool {
    GRANTS.iter().any(|grant| roles.has(grant.role) && grant.scopes.contains(&scope))
}

/// Whether somebody with these roles may do this.
#[must_use]
pub fn may_act(roles: &Roles, action: Action) -> bool {
    GRANTS.iter().any(|grant| roles.has(grant.role) && grant.actions.contains(&action))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, as a firm's admin would read it: read, write, lead, usage, people, SCIM, log, tenant;
    /// approve, export, staff, sign-in, log, tenant.
    #[test]
    fn identity_roles_may_do_what_is_written_down_and_nothing_else() {
        let scopes = [
            Scope::ComplaintsRead,
            Scope::ComplaintsWrite,
            Scope::ComplaintsLead,
            Scope::UsageRead,
            Scope::StaffManage,
            Scope::Scim,
            Scope::AccessLogRead,
            Scope::TenantManage,
        ];
        let all: Vec<Role> = Role::NAMES.iter().map(|name| Role::try_from((*name).to_owned()).unwrap()).collect();
        let row = |roles: &Roles| -> String {
            let scopes = scopes.iter().map(|scope| has_scope(roles, *scope));
            let names = Action::NAMES.iter().map(|name| Action::try_from((*name).to_owned()).unwrap());
            let actions = names.map(|action| may_act(roles, action));
            scopes.chain(actions).map(|may| if may { 'x' } else { '.' }).collect()
        };
        let rows: Vec<_> = all.iter().map(|role| row(&[*role].into_iter().collect())).collect();
        assert_eq!(rows, ["xx............", "xxx.....xx....", "xxxx..x.xx..x.", "x..x..x.....x.", "...xx..x..xx.x"]);
        assert_eq!(row(&Roles::default()), "..............");
        assert_eq!(row(&all.into_iter().collect()), rows[3], "an auditor is nothing else");
    }
}
