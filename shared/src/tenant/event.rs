//! What happens to a tenant's settings and keys, and who did it: for the firm itself to read. Names of fields, never values.

use super::{
    Status, Tenant,
    api_key::ApiKey,
    placement::{ShardId, Slot},
};
use crate::{
    access::{Actor, Scope},
    complaint::intake::List,
    ids::KeyId,
    text::Line,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What has happened to a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TenantEvent {
    /// It was created.
    Created,
    /// Some of its settings are others.
    SettingsChanged {
        /// The members that changed, by their names.
        fields: Vec<String>,
    },
    /// It is served no more, for now.
    Suspended,
    /// It is served again.
    Resumed,
    /// It is served never again.
    Deleted,
    /// One more shard takes its share of its new complaints.
    ShardAdded {
        /// Which.
        shard: ShardId,
    },
    /// The time of its complaints was moved on.
    ClockSet,
    /// A key was issued.
    KeyIssued {
        /// The key.
        key: KeyId,
        /// What it is for.
        name: Line<100>,
        /// What it may do.
        scopes: List<Scope, 16>,
    },
    /// A key takes the place of another.
    KeyRotated {
        /// The one that ends.
        key: KeyId,
        /// The one that takes its place.
        replaced_by: KeyId,
    },
    /// A key was revoked.
    KeyRevoked {
        /// The key.
        key: KeyId,
    },
}

/// An event as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// What.
    pub event: TenantEvent,
}

impl TenantEvent {
    /// What has made `after` of `before`; nothing if they are alike.
    #[must_use]
    pub fn between(before: &Tenant, after: &Tenant) -> Option<Self> {
        if before.status != after.status {
            return Some(match after.status {
                Status::Active => Self::Resumed,
                Status::Suspended => Self::Suspended,
                Status::Deleted => Self::Deleted,
            });
        }
        if before.ahead_by != after.ahead_by {
            return Some(Self::ClockSet);
        }
        if before.shards != after.shards {
            let newest = Slot(after.shards.slots().saturating_sub(1));
            return after.shards.shard(newest).map(|shard| Self::ShardAdded { shard });
        }
        let changed = settings(before, after).into_iter().filter(|(_, changed)| *changed);
        let fields: Vec<_> = changed.map(|(name, _)| name.to_owned()).collect();
        if fields.is_empty() { None } else { Some(Self::SettingsChanged { fields }) }
    }

    /// That a key was issued.
    #[must_use]
    pub fn issued(key: &ApiKey) -> Self {
        Self::KeyIssued { key: key.id, name: key.name.clone(), scopes: key.scopes.clone() }
    }
}

/// Every member that a patch changes, and whether it is another.
fn settings(before: &Tenant, after: &Tenant) -> [(&'static str, bool); 13] {
    [
        ("slug", before.slug != after.slug),
        ("display_name", before.display_name != after.display_name),
        ("plan", before.plan != after.plan),
        ("limits", before.limits != after.limits),
        ("signed_writes", before.signed_writes != after.signed_writes),
        ("custom_fields", before.custom_fields != after.custom_fields),
        ("link_duplicates", before.link_duplicates != after.link_duplicates),
        ("clocks", before.clocks != after.clocks),
        ("letters", before.letters != after.letters),
        ("attachments", before.attachments != after.attachments),
        ("portal", before.portal != after.portal),
        ("taxonomy", before.taxonomy != after.taxonomy),
        ("off", before.off != after.off),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::TenantId,
        tenant::{CellName, TenantChange, api_key::NewKey},
    };
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp::MIN;

    fn tenant() -> Tenant {
        let body = json!({
            "slug": "northwind", "display_name": "Northwind", "sector": "bank", "jurisdiction": "eu",
            "reference_prefix": "NWB", "shards": [1]
        });
        let here = CellName::try_from("eu".to_owned()).unwrap();
        let new = serde_json::from_value(body).unwrap();
        Tenant::new(TenantId::new(NOW, &[7; 10]), new, &here, &[ShardId(0), ShardId(1)], NOW).unwrap()
    }

    fn made_by(before: &Tenant, change: TenantChange) -> Option<TenantEvent> {
        TenantEvent::between(before, &before.clone().changed(change, NOW).unwrap())
    }

    fn patched(patch: Value) -> Option<TenantEvent> {
        made_by(&tenant(), TenantChange::Patch(Box::new(serde_json::from_value(patch).unwrap())))
    }

    #[test]
    fn a_change_is_told_by_the_names_of_what_it_changes() {
        let fields = |names: &[&str]| {
            Some(TenantEvent::SettingsChanged { fields: names.iter().map(|name| (*name).to_owned()).collect() })
        };
        assert_eq!(patched(json!({})), None);
        assert_eq!(patched(json!({ "display_name": "Northwind" })), None, "it is called so");
        assert_eq!(patched(json!({ "slug": "other", "display_name": "Other" })), fields(&["slug", "display_name"]));
        assert_eq!(patched(json!({ "plan": "sandbox", "signed_writes": true })), fields(&["plan", "signed_writes"]));
        let custom = json!([{ "name": "branch", "label": "Branch", "type": "text" }]);
        let many = json!({ "display_name": "Northwind Direct", "limits": { "windows": [], "quotas": [] }, "custom_fields": custom });
        let told = patched(many);
        assert_eq!(told, fields(&["display_name", "limits", "custom_fields"]));
        assert!(!serde_json::to_string(&told).unwrap().contains("Direct"), "no values");
    }

    /// A member that is added and that a patch changes is in the list, or this fails.
    #[test]
    fn every_member_is_told_of_or_never_patched() {
        let told: Vec<_> = settings(&tenant(), &tenant()).iter().map(|(name, _)| *name).collect();
        let apart = [
            "id",
            "sector",
            "jurisdiction",
            "reference_prefix",
            "home_cell",
            "shards",
            "founded_with",
            "status",
            "former_cells",
            "version",
            "created_at",
            "updated_at",
        ];
        let document = serde_json::to_value(tenant()).unwrap();
        for name in document.as_object().unwrap().keys().map(String::as_str) {
            assert!(told.contains(&name) != apart.contains(&name), "{name}");
        }
        assert!(told.iter().all(|name| document.get(name).is_some()), "{told:?}");
    }

    #[test]
    fn a_tenant_is_suspended_resumed_enlarged_and_deleted() {
        let active = tenant();
        let suspended = active.clone().changed(TenantChange::Suspend, NOW).unwrap();
        assert_eq!(made_by(&active, TenantChange::Suspend), Some(TenantEvent::Suspended));
        assert_eq!(made_by(&suspended, TenantChange::Suspend), None);
        assert_eq!(made_by(&suspended, TenantChange::Resume), Some(TenantEvent::Resumed));
        assert_eq!(made_by(&suspended, TenantChange::Delete), Some(TenantEvent::Deleted));
        assert_eq!(made_by(&active, TenantChange::SetClock(1)), Some(TenantEvent::ClockSet));
        let added = made_by(&active, TenantChange::AddShard(ShardId(0)));
        assert_eq!(added, Some(TenantEvent::ShardAdded { shard: ShardId(0) }));
    }

    #[test]
    fn an_event_is_named_by_its_type() {
        let new: NewKey = serde_json::from_value(json!({ "name": "CRM", "scopes": ["complaints:read"] })).unwrap();
        let id = KeyId::new(NOW, &[3; 10]);
        let key = ApiKey::issue(id, tenant().id, new, NOW).unwrap();
        let told = |event: &TenantEvent| serde_json::to_value(event).unwrap();
        let issued = json!({ "type": "key_issued", "key": id, "name": "CRM", "scopes": ["complaints:read"] });
        assert_eq!(told(&TenantEvent::issued(&key)), issued);
        assert_eq!(told(&TenantEvent::Created), json!({ "type": "created" }));
        assert_eq!(told(&TenantEvent::KeyRevoked { key: id }), json!({ "type": "key_revoked", "key": id }));
    }
}
