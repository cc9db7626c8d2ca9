//! A tenant: a firm whose complaints Redress keeps, and what the directory says of it.

pub mod api_key;
pub mod custom_field;
pub mod event;
pub mod ip_range;
pub mod link_rule;
pub mod placement;
pub mod relocation;
pub mod standing;

use crate::{
    attachment::AttachmentSettings,
    clock::{Clock, due::Ahead, settings::ClockSettings, timeline::Timeline},
    complaint::{
        Complaint,
        intake::{Jurisdiction, List},
    },
    flags::Part,
    http::problem::{FieldError, Rule},
    ids::TenantId,
    kept::Kept,
    letter::LetterSettings,
    limit::plan::Limits,
    portal::{self, settings::PortalSettings},
    reference::ReferencePrefix,
    taxonomy::{
        Sector,
        choices::{FirmProduct, TaxonomyChoices},
    },
    text::Line,
    time::Timestamp,
};
use custom_field::CustomField;
use link_rule::LinkRule;
use placement::{Placement, ShardId, hash_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// A tenant. Its name and slug may change; its id, and so its data, never move for that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    /// The id, for life.
    pub id: TenantId,
    /// The name in addresses.
    pub slug: Slug,
    /// The name people read.
    pub display_name: Line<200>,
    /// The trade; it decides the taxonomy.
    pub sector: Sector,
    /// Whose law applies to its complaints unless they say otherwise.
    pub jurisdiction: Jurisdiction,
    /// What every reference starts with.
    pub reference_prefix: ReferencePrefix,
    /// The cell that holds its data.
    pub home_cell: CellName,
    /// The shards that hold its complaints, by slot.
    pub shards: Placement,
    /// How many shards it began with.
    #[serde(default = "one")]
    pub founded_with: u8,
    /// The plan it is on.
    pub plan: Plan,
    /// What it is allowed instead of what the plan says.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// Whether it is served.
    pub status: Status,
    /// Whether every write of its keys must be signed (RFC 9421).
    #[serde(default)]
    pub signed_writes: bool,
    /// Cells that held its data before; keys issued there keep working.
    #[serde(default)]
    pub former_cells: Vec<CellName>,
    /// The fields it declared for its complaints.
    pub custom_fields: List<CustomField, 50>,
    /// When a new complaint is linked to one that it is like, without a person.
    #[serde(default)]
    pub link_duplicates: LinkRule,
    /// What its complaints' clocks depend on.
    #[serde(default)]
    pub clocks: ClockSettings,
    /// Who has to approve its letters, and under which names it writes.
    #[serde(default)]
    pub letters: LetterSettings,
    /// What may be attached to its complaints.
    #[serde(default)]
    pub attachments: AttachmentSettings,
    /// How it shows itself to consumers, if it has a portal.
    #[serde(default)]
    pub portal: Kept<PortalSettings>,
    /// What it uses of its sector's taxonomy, and what it calls it.
    #[serde(default)]
    pub taxonomy: Kept<TaxonomyChoices>,
    /// Parts of the service that it has switched off for itself: their names, so that one that only a later release knows does no harm.
    #[serde(default)]
    #[schemars(with = "List<Part, 16>")]
    pub off: Vec<String>,
    /// How far the time of its complaints is ahead of the world's, in milliseconds: 0, unless it is on a sandbox and has moved on.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ahead_by: i64,
    /// Grows with every change; the `ETag` is `"v<version>"`.
    pub version: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Tenants that were written before they said so began with one shard: no more could be named.
const fn one() -> u8 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_zero(millis: &i64) -> bool {
    *millis == 0
}

/// Whether a tenant is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Yes.
    Active,
    /// No: every request with one of its keys is refused. Its data stays.
    Suspended,
    /// No, and never again: to its keys it does not exist. Its data stays until retention ends.
    Deleted,
}

/// What a tenant pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// For trying things out.
    Sandbox,
    /// The usual.
    #[default]
    Standard,
    /// For the largest firms.
    Enterprise,
}

/// The body of `POST /v1/tenants`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// The name in addresses, unique among all tenants.
    pub slug: Slug,
    /// The name people read.
    pub display_name: Line<200>,
    /// The trade.
    pub sector: Sector,
    /// Whose law applies unless a complaint says otherwise.
    pub jurisdiction: Jurisdiction,
    /// What every reference starts with. For life.
    pub reference_prefix: ReferencePrefix,
    /// The cell that is to hold its data. Default, and so far the only choice: the cell that is asked.
    #[serde(default)]
    pub home_cell: Option<CellName>,
    /// The shards of its cell that are to hold its complaints. Default: any one.
    #[serde(default)]
    pub shards: Option<Placement>,
    /// The plan. Default: standard.
    #[serde(default)]
    pub plan: Plan,
    /// What it is allowed instead of what the plan says.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// The fields it declares for its complaints.
    #[serde(default)]
    pub custom_fields: List<CustomField, 50>,
    /// What its complaints' clocks depend on.
    #[serde(default)]
    pub clocks: ClockSettings,
    /// Who has to approve its letters, and under which names it writes.
    #[serde(default)]
    pub letters: LetterSettings,
    /// What may be attached to its complaints.
    #[serde(default)]
    pub attachments: AttachmentSettings,
    /// How it shows itself to consumers, if it has a portal.
    #[serde(default)]
    pub portal: PortalSettings,
}

/// The body of `PATCH /v1/tenants/{id}`, and of `PATCH /v1/tenant`. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantPatch {
    /// A new name in addresses.
    #[serde(default)]
    pub slug: Option<Slug>,
    /// A new name for people.
    #[serde(default)]
    pub display_name: Option<Line<200>>,
    /// Another plan.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// What it is allowed instead of what the plan says; stays until it is replaced.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// Whether every write of its keys must be signed.
    #[serde(default)]
    pub signed_writes: Option<bool>,
    /// Replaces the declared fields. Values already on complaints stay.
    #[serde(default)]
    pub custom_fields: Option<List<CustomField, 50>>,
    /// When a new complaint is linked to one that it is like, without a person.
    #[serde(default)]
    pub link_duplicates: Option<LinkRule>,
    /// Replaces what its complaints' clocks depend on.
    #[serde(default)]
    pub clocks: Option<ClockSettings>,
    /// Replaces who has to approve its letters, and under which names it writes.
    #[serde(default)]
    pub letters: Option<LetterSettings>,
    /// Replaces what may be attached to its complaints.
    #[serde(default)]
    pub attachments: Option<AttachmentSettings>,
    /// Replaces how it shows itself to consumers.
    #[serde(default)]
    pub portal: Option<PortalSettings>,
    /// Replaces what it uses of its sector's taxonomy, and what it calls it. What complaints have already they keep.
    #[serde(default)]
    pub taxonomy: Option<TaxonomyChoices>,
    /// Replaces which parts of the service it has switched off for itself.
    #[serde(default)]
    pub off: Option<List<Part, 16>>,
}

impl TenantPatch {
    /// What of it is no firm's own to change.
    #[must_use]
    pub fn of_operators(&self) -> Vec<FieldError> {
        let named =
            [(self.slug.is_some(), "/slug"), (self.plan.is_some(), "/plan"), (self.limits.is_some(), "/limits")];
        let named = named.into_iter().filter(|(is_named, _)| *is_named);
        named.map(|(_, at)| FieldError::at(at, Rule::NotAllowed, "is changed by the operator of the service")).collect()
    }
}

/// The body of `POST /v1/tenants/{id}/shards`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShard {
    /// The shard of its cell that is to hold a share of its new complaints.
    pub shard: ShardId,
}

/// What is asked of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantChange {
    /// Change what the patch names.
    Patch(Box<TenantPatch>),
    /// Stop serving it.
    Suspend,
    /// Serve it again.
    Resume,
    /// Serve it never again.
    Delete,
    /// Put a share of its new complaints on one more shard.
    AddShard(ShardId),
    /// Have the time of its complaints so many milliseconds ahead of the world's.
    SetClock(i64),
}

/// The tenant is deleted, and nothing of it changes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant is deleted")]
pub struct Gone;

impl Tenant {
    /// A tenant as it begins, in the cell `here` that is asked and has `there` as its shards.
    ///
    /// # Errors
    /// What it asks for and the cell does not have.
    pub fn new(
        id: TenantId,
        new: NewTenant,
        here: &CellName,
        there: &[ShardId],
        now: Timestamp,
    ) -> Result<Self, Vec<FieldError>> {
        let NewTenant { slug, display_name, sector, jurisdiction, reference_prefix, .. } = new;
        let NewTenant { home_cell, shards, plan, limits, custom_fields, clocks, letters, attachments, portal, .. } =
            new;
        let home_cell = home_cell.unwrap_or_else(|| here.clone());
        let anywhere = || Placement::chosen(there, hash_of(&id.to_string()));
        let shards = shards.or_else(anywhere).unwrap_or_else(|| Placement::single(ShardId(0)));
        let mut errors = Vec::new();
        if home_cell != *here {
            let detail = format!("must be {here}: ask the other cell itself");
            errors.push(FieldError::at("/home_cell", Rule::NotAllowed, detail));
        }
        let lacking = shards.shards().into_iter().filter(|shard| !there.contains(shard));
        errors.extend(lacking.map(|shard| no_such_shard("/shards", shard)));
        errors.extend(clocks.errors("/clocks"));
        errors.extend(letters.errors("/letters", &custom_fields));
        errors.extend(attachments.errors("/attachments"));
        errors.extend(portal.errors("/portal"));
        errors.extend(reserved(&slug));
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            id,
            slug,
            display_name,
            sector,
            jurisdiction,
            reference_prefix,
            home_cell,
            founded_with: shards.slots(),
            shards,
            plan,
            limits,
            status: Status::Active,
            signed_writes: false,
            former_cells: Vec::new(),
            custom_fields,
            link_duplicates: LinkRule::default(),
            clocks,
            letters,
            attachments,
            portal: (&portal).into(),
            taxonomy: Kept::default(),
            off: Vec::new(),
            ahead_by: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Whether `change` can be made, in a cell that has `there` as its shards.
    ///
    /// # Errors
    /// What it asks for and there is not.
    pub fn allows(&self, change: &TenantChange, there: &[ShardId]) -> Result<(), FieldError> {
        match change {
            TenantChange::AddShard(shard) if !there.contains(shard) => Err(no_such_shard("/shard", *shard)),
            TenantChange::AddShard(shard) => match self.shards.with(*shard) {
                Ok(_) => Ok(()),
                Err(full) => Err(FieldError::at("/shard", Rule::OutOfRange, format!("a tenant {full}"))),
            },
            TenantChange::Patch(_)
            | TenantChange::Suspend
            | TenantChange::Resume
            | TenantChange::Delete
            | TenantChange::SetClock(_) => Ok(()),
        }
    }

    /// What a patch asks for and cannot be.
    #[must_use]
    pub fn refuses(&self, patch: &TenantPatch) -> Vec<FieldError> {
        let mut errors = patch.clocks.as_ref().map(|clocks| clocks.errors("/clocks")).unwrap_or_default();
        let fields = patch.custom_fields.as_ref().unwrap_or(&self.custom_fields);
        errors.extend(patch.letters.as_ref().unwrap_or(&self.letters).errors("/letters", fields));
        errors.extend(patch.attachments.iter().flat_map(|attachments| attachments.errors("/attachments")));
        errors.extend(patch.portal.iter().flat_map(|portal| portal.errors("/portal")));
        errors.extend(patch.taxonomy.iter().flat_map(|taxonomy| taxonomy.errors("/taxonomy", self.sector)));
        errors.extend(patch.slug.as_ref().and_then(reserved));
        if self.ahead_by != 0 && patch.plan.is_some_and(|plan| plan != Plan::Sandbox) {
            let rule = "must stay `sandbox`: the time of its complaints is not the world's";
            errors.push(FieldError::at("/plan", Rule::NotAllowed, rule));
        }
        errors
    }

    /// What time it is for its complaints when it is `now` in the world.
    #[must_use]
    pub const fn time(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(self.ahead_by)
    }

    /// What its complaints can be about, as it calls it, with what it has left out.
    #[must_use]
    pub fn products(&self) -> Vec<FirmProduct> {
        self.taxonomy.products(self.sector)
    }

    /// Every clock of a complaint as of `now`. What happens after that must not be in the timeline.
    #[must_use]
    pub fn clocks_of(&self, complaint: &Complaint, timeline: &Timeline, now: Timestamp) -> Vec<Clock> {
        self.clocks.clocks(complaint, self.sector, timeline, now)
    }

    /// What lies ahead of a complaint with all of its events in the timeline, as of the newest; when to look again is in the world's
    /// time.
    #[must_use]
    pub fn ahead_of(&self, complaint: &Complaint, timeline: &Timeline) -> Ahead {
        self.ahead_by_clocks(complaint, timeline, &self.clocks_of(complaint, timeline, complaint.updated_at))
    }

    /// The same, as of the moment of these clocks.
    #[must_use]
    pub fn ahead_by_clocks(&self, complaint: &Complaint, timeline: &Timeline, clocks: &[Clock]) -> Ahead {
        let Ahead { due, wake_at } = Ahead::of(clocks, timeline, complaint.here_since());
        Ahead { due, wake_at: wake_at.map(|at| at.plus_millis(-self.ahead_by)) }
    }

    /// Whether its data lie, or once lay, in `cell`.
    #[must_use]
    pub fn lived_in(&self, cell: &CellName) -> bool {
        self.home_cell == *cell || self.former_cells.contains(cell)
    }

    /// The tenant after `change`, which it [`allows`](Tenant::allows).
    ///
    /// # Errors
    /// [`Gone`] if it was deleted.
    pub fn changed(mut self, change: TenantChange, now: Timestamp) -> Result<Self, Gone> {
        if self.status == Status::Deleted {
            return Err(Gone);
        }
        match change {
            TenantChange::Patch(patch) => {
                let patch = *patch;
                let TenantPatch { slug, display_name, plan, limits, signed_writes, .. } = patch;
                let TenantPatch { custom_fields, link_duplicates, clocks, letters, attachments, .. } = patch;
                let TenantPatch { portal, taxonomy, off, .. } = patch;
                self.slug = slug.unwrap_or(self.slug);
                self.display_name = display_name.unwrap_or(self.display_name);
                self.plan = plan.unwrap_or(self.plan);
                self.limits = limits.or(self.limits);
                self.signed_writes = signed_writes.unwrap_or(self.signed_writes);
                self.custom_fields = custom_fields.unwrap_or(self.custom_fields);
                self.link_duplicates = link_duplicates.unwrap_or(self.link_duplicates);
                self.clocks = clocks.unwrap_or(self.clocks);
                self.letters = letters.unwrap_or(self.letters);
                self.attachments = attachments.unwrap_or(self.attachments);
                self.portal = portal.map_or(self.portal, |portal| (&portal).into());
                self.taxonomy = taxonomy.map_or(self.taxonomy, |taxonomy| (&taxonomy).into());
                let named = |off: List<Part, 16>| off.iter().map(|part| <&str>::from(*part).to_owned()).collect();
                self.off = off.map_or(self.off, named);
            }
            TenantChange::Suspend => self.status = Status::Suspended,
            TenantChange::Resume => self.status = Status::Active,
            TenantChange::Delete => self.status = Status::Deleted,
            TenantChange::SetClock(ahead_by) => self.ahead_by = ahead_by,
            TenantChange::AddShard(shard) => self.shards = self.shards.with(shard).unwrap_or(self.shards),
        }
        self.version += 1;
        self.updated_at = now.max(self.updated_at);
        Ok(self)
    }
}

/// What is wrong with a slug that is the beginning of the service's own addresses.
fn reserved(slug: &Slug) -> Option<FieldError> {
    let rule = "is the beginning of the service's own addresses";
    portal::is_reserved(slug.as_str()).then(|| FieldError::at("/slug", Rule::NotAllowed, rule))
}

fn no_such_shard(pointer: &str, shard: ShardId) -> FieldError {
    FieldError::at(pointer, Rule::Unknown, format!("the cell has no shard {}", shard.0))
}

/// A tenant's name in addresses: 3 to 40 of `a-z`, `0-9` and inner hyphens, starting with a letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// A cell's name, such as `eu`: 1 to 16 of `a-z` and `0-9`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CellName(String);

impl CellName {
    /// The name of the service binding to the cell's Worker in `wrangler.toml`.
    #[must_use]
    pub fn binding(&self) -> String {
        format!("CELL_{}", self.0.to_uppercase())
    }
}

/// The text does not fit the rule it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct InvalidName(&'static str);

impl TryFrom<String> for Slug {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let ok = (3..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if ok {
            Ok(Self(text))
        } else {
            Err(InvalidName("3 to 40 of a-z, 0-9 and inner hyphens, starting with a letter"))
        }
    }
}

impl TryFrom<String> for CellName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let ok = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if ok { Ok(Self(text)) } else { Err(InvalidName("1 to 16 of a-z and 0-9")) }
    }
}

macro_rules! name_type {
    ($name:ident, $pattern:literal) => {
        impl $name {
            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

name_type!(Slug, "^[a-z][a-z0-9-]{1,38}[a-z0-9]$");
name_type!(CellName, "^[a-z0-9]{1,16}$");

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::MIN;
    const THERE: [ShardId; 2] = [ShardId(0), ShardId(1)];

    fn new(shards: &str) -> Result<Tenant, Vec<FieldError>> {
        let body = format!(
            r#"{{"slug":"northwind","display_name":"Northwind","sector":"bank","jurisdiction":"eu","reference_prefix":"NWB"{shards}}}"#
        );
        let here = CellName::try_from("eu".to_owned()).unwrap();
        Tenant::new(TenantId::new(NOW, &[7; 10]), serde_json::from_str(&body).unwrap(), &here, &THERE, NOW)
    }

    #[test]
    fn a_tenant_lies_only_on_shards_of_its_cell() {
        assert_eq!(new(r#","shards":[1,0]"#).unwrap().shards.shards(), THERE);
        assert!(THERE.contains(&new("").unwrap().shards.home().unwrap()));
        assert_eq!(new(r#","shards":[0,2]"#).unwrap_err()[0].pointer.as_deref(), Some("/shards"));
        let tenant = new(r#","shards":[1]"#).unwrap();
        assert!(tenant.allows(&TenantChange::AddShard(ShardId(0)), &THERE).is_ok());
        assert!(tenant.allows(&TenantChange::AddShard(ShardId(2)), &THERE).is_err());
        let grown = tenant.changed(TenantChange::AddShard(ShardId(0)), NOW).unwrap();
        assert_eq!((grown.shards.slots(), grown.founded_with, grown.version), (2, 1, 2));
        let full = (2..32).fold(grown, |tenant, _| tenant.changed(TenantChange::AddShard(ShardId(0)), NOW).unwrap());
        assert_eq!(full.shards.slots(), 32);
        assert!(full.allows(&TenantChange::AddShard(ShardId(0)), &THERE).is_err());
        let deleted = full.changed(TenantChange::Delete, NOW).unwrap();
        assert_eq!(deleted.changed(TenantChange::Resume, NOW), Err(Gone));
    }

    #[test]
    fn what_operators_alone_change_is_named() {
        let of = |patch: &str| {
            let patch: TenantPatch = serde_json::from_str(patch).unwrap();
            patch.of_operators().into_iter().filter_map(|error| error.pointer).collect::<Vec<_>>()
        };
        assert_eq!(of(r#"{"display_name":"Northwind","signed_writes":true}"#), [""; 0]);
        assert_eq!(of(r#"{"plan":"sandbox","slug":"other"}"#), ["/slug", "/plan"]);
        assert_eq!(of(r#"{"limits":{"windows":[],"quotas":[]}}"#), ["/limits"]);
    }

    #[test]
    fn a_tenant_of_before_began_with_one_shard() {
        let mut doc = serde_json::to_value(new("").unwrap()).unwrap();
        doc.as_object_mut().unwrap().remove("founded_with");
        assert_eq!(serde_json::from_value::<Tenant>(doc).unwrap().founded_with, 1);
    }
}
