//! Switches for the parts of the service that complaints can be taken in and worked without: for a cell, for some tenants, for a share
//! of them; and each firm's own for itself. What has no switch (intake, reading, commands, clocks) cannot be switched off.

use crate::{
    clock::named::named,
    complaint::intake::List,
    ids::TenantId,
    tenant::{Tenant, placement::hash_of},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

named! {
/// A part that can be switched off.
pub enum Part {
    /// Bulk jobs.
    Bulk: "bulk",
    /// The change feed.
    Changes: "changes",
    /// Near-duplicates, and tenants' rules that link them.
    Duplicates: "duplicates",
    /// Exports.
    Export: "export",
    /// What is due by day.
    Forecast: "forecast",
    /// Imports.
    Import: "import",
    /// Letters and templates.
    Letters: "letters",
    /// Sockets that are told of changes as they happen.
    Live: "live",
    /// Reading mail that came in. It is taken in and kept all the same, and read once this is on again.
    Mail: "mail",
    /// Sending of notifications, and what is set about them. Those that are due wait.
    Notifications: "notifications",
    /// The portal for consumers, all pages below `/{slug}/`. Other ways in stay.
    Portal: "portal",
    /// Searches by words. Lists by filters stay.
    Search: "search",
    /// Saved views.
    Views: "views",
}
}

/// For whom a part is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Switch {
    /// For this share of the tenants, in percent, always the same ones: 0 for none, 100 (the default) for all.
    pub share: Percent,
    /// Besides, for these.
    pub on_for: List<TenantId, 100>,
    /// And not for these, in any case.
    pub off_for: List<TenantId, 100>,
}

impl Default for Switch {
    fn default() -> Self {
        Self { share: Percent(100), on_for: List::default(), off_for: List::default() }
    }
}

/// 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

/// More than all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to 100")]
pub struct NoPercent;

impl TryFrom<u8> for Percent {
    type Error = NoPercent;

    fn try_from(percent: u8) -> Result<Self, NoPercent> {
        if percent <= 100 { Ok(Self(percent)) } else { Err(NoPercent) }
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl JsonSchema for Percent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": 100 })
    }
}

/// The switches of a cell. A part that is not named is on for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flags {
    /// By part.
    pub parts: BTreeMap<Part, Switch>,
}

/// Who has switched a part off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The operator of the service.
    Operator,
    /// The firm, for itself.
    Firm,
}

impl Flags {
    /// Whether a part is on for a tenant.
    #[must_use]
    pub fn is_on(&self, part: Part, tenant: &Tenant) -> bool {
        self.off(part, tenant).is_none()
    }

    /// Who has switched a part off for a tenant, if it is off.
    #[must_use]
    pub fn off(&self, part: Part, tenant: &Tenant) -> Option<By> {
        if !self.offer(part, tenant.id) {
            return Some(By::Operator);
        }
        let name: &str = part.into();
        tenant.off.iter().any(|off| off == name).then_some(By::Firm)
    }

    /// Whether the operator has a part on for a tenant.
    fn offer(&self, part: Part, tenant: TenantId) -> bool {
        let Some(Switch { share, on_for, off_for }) = self.parts.get(&part) else { return true };
        let name: &str = part.into();
        // Other parts, other tenants: else the same few would try everything new.
        let place = || hash_of(&format!("{name} {tenant}")) % 100;
        !off_for.contains(&tenant) && (on_for.contains(&tenant) || place() < u64::from(share.0))
    }
}

/// The beginnings of paths that belong to a part.
const BEGINNINGS: [(&str, Part); 9] = [
    ("/v1/bulk", Part::Bulk),
    ("/v1/changes", Part::Changes),
    ("/v1/complaints:export", Part::Export),
    ("/v1/complaints:import", Part::Import),
    ("/v1/deadlines/forecast", Part::Forecast),
    ("/v1/letters/", Part::Letters),
    ("/v1/live", Part::Live),
    ("/v1/notifications", Part::Notifications),
    ("/v1/views", Part::Views),
];

/// The part that a request is for, if it is for one.
#[must_use]
pub fn part_of(path: &str, query: &str) -> Option<Part> {
    if let Some((_, part)) = BEGINNINGS.iter().find(|(beginning, _)| path.starts_with(beginning)) {
        return Some(*part);
    }
    let searches = || query.split('&').any(|parameter| parameter.starts_with("q="));
    match path.strip_prefix("/v1/complaints") {
        Some(rest) if rest.ends_with("/duplicates") => Some(Part::Duplicates),
        Some(rest) if rest.contains("/letters") => Some(Part::Letters),
        Some("" | "/counts") if searches() => Some(Part::Search),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use serde_json::json;

    fn tenant(n: u8) -> TenantId {
        TenantId::new(Timestamp::MIN, &[n; 10])
    }

    fn flags(switch: serde_json::Value) -> Flags {
        serde_json::from_value(json!({ "parts": { "search": switch } })).unwrap()
    }

    #[test]
    fn a_part_is_on_unless_it_is_switched_off() {
        let (mine, other) = (tenant(1), tenant(2));
        let on = |flags: &Flags, part| [mine, other].map(|tenant| flags.offer(part, tenant));
        assert_eq!(on(&Flags::default(), Part::Search), [true, true]);
        assert_eq!(on(&flags(json!({})), Part::Search), [true, true]);
        assert_eq!(on(&flags(json!({ "share": 0 })), Part::Search), [false, false]);
        assert_eq!(on(&flags(json!({ "share": 0 })), Part::Bulk), [true, true]);
        assert_eq!(on(&flags(json!({ "share": 0, "on_for": [mine] })), Part::Search), [true, false]);
        assert_eq!(on(&flags(json!({ "off_for": [mine], "on_for": [mine] })), Part::Search), [false, true]);
        for wrong in [json!({ "parts": { "intake": {} } }), json!({ "parts": { "search": { "share": 101 } } })] {
            assert!(serde_json::from_value::<Flags>(wrong).is_err());
        }
    }

    #[test]
    fn a_share_is_of_the_same_tenants_always_and_of_others_for_other_parts() {
        let on = |part: &str, share: u8| -> Vec<u8> {
            let flags: Flags = serde_json::from_value(json!({ "parts": { part: { "share": share } } })).unwrap();
            let part = Part::try_from(part.to_owned()).unwrap();
            (0..=255).filter(|n| flags.offer(part, tenant(*n))).collect()
        };
        let (tenth, half) = (on("search", 10), on("search", 50));
        assert!((10..45).contains(&tenth.len()) && (100..156).contains(&half.len()), "{} {}", tenth.len(), half.len());
        assert!(tenth.iter().all(|n| half.contains(n)), "whoever has it keeps it");
        assert_ne!(on("bulk", 10), tenth);
    }

    #[test]
    fn a_firm_switches_off_for_itself_and_never_on() {
        let tenant = |off: serde_json::Value| -> Tenant {
            let shown = json!({
                "id": tenant(1), "slug": "northwind", "display_name": "Northwind", "sector": "bank", "jurisdiction": "eu",
                "reference_prefix": "NWB", "home_cell": "eu", "shards": [0], "plan": "standard", "status": "active",
                "custom_fields": [], "off": off, "version": 1, "created_at": Timestamp::MIN, "updated_at": Timestamp::MIN
            });
            serde_json::from_value(shown).unwrap()
        };
        let (usual, without) = (tenant(json!([])), tenant(json!(["search", "portal", "of_tomorrow"])));
        let off = flags(json!({ "share": 0 }));
        for (flags, tenant, part, by) in [
            (&Flags::default(), &usual, Part::Search, None),
            (&Flags::default(), &without, Part::Search, Some(By::Firm)),
            (&Flags::default(), &without, Part::Portal, Some(By::Firm)),
            (&Flags::default(), &without, Part::Bulk, None),
            (&off, &usual, Part::Search, Some(By::Operator)),
            (&off, &without, Part::Search, Some(By::Operator)),
        ] {
            assert_eq!(flags.off(part, tenant), by);
            assert_eq!(flags.is_on(part, tenant), by.is_none());
        }
    }

    #[test]
    fn what_complaints_need_belongs_to_no_part() {
        for (path, query, part) in [
            ("/v1/complaints", "", None),
            ("/v1/complaints", "state=closed&tag=q", None),
            ("/v1/complaints", "state=closed&q=refund", Some(Part::Search)),
            ("/v1/complaints/counts", "q=refund", Some(Part::Search)),
            ("/v1/complaints/x/acknowledge", "", None),
            ("/v1/complaints/x/clocks", "", None),
            ("/v1/complaints/duplicates", "", Some(Part::Duplicates)),
            ("/v1/complaints/x/letters/y/send", "", Some(Part::Letters)),
            ("/v1/complaints:export", "", Some(Part::Export)),
            ("/v1/bulk/x/rows", "", Some(Part::Bulk)),
            ("/v1/usage", "", None),
        ] {
            assert_eq!(part_of(path, query), part, "{path}?{query}");
        }
    }
}
