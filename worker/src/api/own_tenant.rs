//! `/v1/tenant`: a firm's own settings, for its admins and its own systems; and what has happened to them and to its keys.

use super::{steward::Steward, tenants};
use crate::call::{Outcome, Reply, TenantCall};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    attachment::AttachmentSettings,
    clock::settings::ClockSettings,
    complaint::intake::{Jurisdiction, List},
    ids::TenantId,
    kept::Kept,
    letter::LetterSettings,
    portal::settings::PortalSettings,
    reference::ReferencePrefix,
    taxonomy::{Sector, choices::TaxonomyChoices},
    tenant::{CellName, Plan, Slug, Tenant, custom_field::CustomField, link_rule::LinkRule},
    text::Line,
    time::Timestamp,
};

/// A firm's own settings: its record, without what is of the service alone.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OwnTenant<'t> {
    /// The id, for life.
    id: TenantId,
    /// The name in addresses.
    slug: &'t Slug,
    /// The name people read.
    display_name: &'t Line<200>,
    /// The trade; it decides the taxonomy.
    sector: Sector,
    /// Whose law applies to its complaints unless they say otherwise.
    jurisdiction: Jurisdiction,
    /// What every reference starts with.
    reference_prefix: &'t ReferencePrefix,
    /// The cell that holds its data.
    home_cell: &'t CellName,
    /// The plan it is on.
    plan: Plan,
    /// Whether every write of its keys must be signed (RFC 9421).
    signed_writes: bool,
    /// The fields it declared for its complaints.
    custom_fields: &'t List<CustomField, 50>,
    /// When a new complaint is linked to one that it is like, without a person.
    link_duplicates: &'t LinkRule,
    /// What its complaints' clocks depend on.
    clocks: &'t ClockSettings,
    /// Who has to approve its letters, and under which names it writes.
    letters: &'t LetterSettings,
    /// What may be attached to its complaints.
    attachments: &'t AttachmentSettings,
    /// How it shows itself to consumers, if it has a portal.
    portal: &'t Kept<PortalSettings>,
    /// What it uses of its sector's taxonomy, and what it calls it.
    taxonomy: &'t Kept<TaxonomyChoices>,
    /// The parts of the service that it has switched off for itself.
    off: &'t [String],
    /// Grows with every change; the `ETag` is `"v<version>"`.
    version: u32,
    /// When it was created.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl<'t> From<&'t Tenant> for OwnTenant<'t> {
    fn from(tenant: &'t Tenant) -> Self {
        Self {
            id: tenant.id,
            slug: &tenant.slug,
            display_name: &tenant.display_name,
            sector: tenant.sector,
            jurisdiction: tenant.jurisdiction,
            reference_prefix: &tenant.reference_prefix,
            home_cell: &tenant.home_cell,
            plan: tenant.plan,
            signed_writes: tenant.signed_writes,
            custom_fields: &tenant.custom_fields,
            link_duplicates: &tenant.link_duplicates,
            clocks: &tenant.clocks,
            letters: &tenant.letters,
            attachments: &tenant.attachments,
            portal: &tenant.portal,
            taxonomy: &tenant.taxonomy,
            off: &tenant.off,
            version: tenant.version,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

fn shown(tenant: &Tenant) -> Outcome {
    Ok(Reply::json(200, &OwnTenant::from(tenant))?.version(tenant.version))
}

/// `GET /v1/tenant`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    shown(&Steward::own(call)?.tenant().await?)
}

/// `PATCH /v1/tenant`
pub(crate) async fn patch(call: TenantCall) -> Outcome {
    shown(&tenants::patched(&Steward::own_change(call)?).await?)
}

/// Events of a page.
const PAGE: u32 = 100;

/// `GET /v1/tenant/events?before=`
pub(crate) async fn events(call: TenantCall) -> Outcome {
    let before = call.call.before(&[])?;
    let rows = call.directory().tenant_events(before, PAGE).await?;
    Ok(Reply::json_text(200, format!(r#"{{"data":[{}]}}"#, rows.join(","))))
}
