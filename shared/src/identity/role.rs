//! What staff are, and which sensitive complaints they may see.

use crate::clock::named::named;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

named! {
/// What a member of staff is. What each may do is the table in [`crate::access::staff`].
pub enum Role {
    /// Works on complaints.
    Agent: "agent",
    /// Leads a team: assigns, takes over, approves within limits.
    Lead: "lead",
    /// Sees to it that the law is kept: approves, exports, answers regulators.
    Compliance: "compliance",
    /// Reads, and nothing else; what is read is logged.
    Auditor: "auditor",
    /// Looks after people, sign-in and settings. Sees no complaint by that.
    Admin: "admin",
}
}

named! {
/// Complaints that not everybody may see, by why.
pub enum Clearance {
    /// By the firm's own staff.
    Staff: "staff",
    /// By people who are known to the public.
    Vip: "vip",
    /// By those who report wrongdoing (Directive (EU) 2019/1937, Article 16: their identity is for authorised staff alone).
    WhistleBlower: "whistle_blower",
    /// By those who have lost somebody.
    Bereaved: "bereaved",
}
}

impl Clearance {
    /// All of them, as [`bits`](Self::bits) writes them.
    pub const EVERY: u8 = 0b1111;

    /// A number for each set of them: a bit for each.
    #[must_use]
    pub fn bits(clearances: &BTreeSet<Self>) -> u8 {
        clearances.iter().fold(0, |bits, clearance| bits | 1 << (*clearance as u8))
    }

    /// The sets of labels that whoever has these clearances may not see.
    #[must_use]
    pub fn hidden_from(clearances: &BTreeSet<Self>) -> Vec<BTreeSet<Self>> {
        let cleared = Self::bits(clearances);
        let of_bits = |bits: u8| Self::ALL.iter().copied().filter(|one| bits & 1 << (*one as u8) != 0).collect();
        (1..=Self::EVERY).filter(|labels| labels & !cleared != 0).map(of_bits).collect()
    }
}

/// The roles of a person; none: they may do nothing, and cannot sign in.
///
/// Whoever is an auditor is nothing else, however many roles are given: who checks the work does not do it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "BTreeSet<Role>", into = "BTreeSet<Role>")]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// Whether this is one of them.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }

    /// Whether what the person reads is logged.
    #[must_use]
    pub fn reads_are_logged(&self) -> bool {
        self.has(Role::Auditor)
    }
}

impl From<BTreeSet<Role>> for Roles {
    fn from(roles: BTreeSet<Role>) -> Self {
        if roles.contains(&Role::Auditor) { Self(BTreeSet::from([Role::Auditor])) } else { Self(roles) }
    }
}

impl From<Roles> for BTreeSet<Role> {
    fn from(roles: Roles) -> Self {
        roles.0
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self::from(roles.into_iter().collect::<BTreeSet<_>>())
    }
}

impl JsonSchema for Roles {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Roles".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array", "uniqueItems": true, "items": { "type": "string", "enum": Role::NAMES }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_auditor_is_nothing_else() {
        let roles: Roles = serde_json::from_value(json!(["admin", "auditor", "agent"])).unwrap();
        assert_eq!(serde_json::to_value(&roles).unwrap(), json!(["auditor"]));
        assert!(roles.reads_are_logged());
        let both: Roles = [Role::Lead, Role::Agent].into_iter().collect();
        assert!(both.has(Role::Agent) && both.has(Role::Lead) && !both.reads_are_logged());
        assert!(serde_json::from_value::<Roles>(json!(["root"])).is_err());
    }

    #[test]
    fn what_is_hidden_has_a_label_that_is_not_cleared() {
        let hidden = |cleared: &[Clearance]| Clearance::hidden_from(&cleared.iter().copied().collect());
        assert_eq!(Clearance::bits(&Clearance::ALL.iter().copied().collect()), Clearance::EVERY);
        assert_eq!((hidden(&[]).len(), hidden(Clearance::ALL).len()), (15, 0));
        let but_vip = hidden(&[Clearance::Staff, Clearance::WhistleBlower, Clearance::Bereaved]);
        assert!(but_vip.len() == 8 && but_vip.iter().all(|labels| labels.contains(&Clearance::Vip)), "{but_vip:?}");
    }

    #[test]
    fn the_names_are_for_life() {
        assert_eq!(Role::NAMES, ["agent", "lead", "compliance", "auditor", "admin"]);
        assert_eq!(Clearance::NAMES, ["staff", "vip", "whistle_blower", "bereaved"]);
    }
}
