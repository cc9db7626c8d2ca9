//! Complaints that may be the same one told again, or of one campaign: found by the index, then compared in full.

use crate::store::{StoreError, TenantDb, complaints::Alike, together};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    complaint::{Complaint, Link, event::Received, intake::Complainant, projection::Summary},
    http::list_query::ListQuery,
    ids::ComplaintId,
    json,
    similarity::{Candidate, Profile, Shingles, compare, consumer_keys},
    text::Code,
    time::Timestamp,
};

/// How many complaints that share a token are compared, of each shard: the newest ones.
const COMPARED: u32 = 50;
/// How many characters of a description are compared.
const READ: u32 = 10_000;

/// A complaint that may be the same. Whether it is, a person decides, who then links the two.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Duplicate {
    /// It, as lists show it.
    #[schemars(with = "Summary<'_>")]
    complaint: Box<RawValue>,
    #[serde(flatten)]
    pub(crate) candidate: Candidate,
    #[serde(skip)]
    pub(crate) id: ComplaintId,
    /// What it is tied to.
    #[serde(skip)]
    pub(crate) links: Vec<Link>,
}

/// What is known of the complaint that others may be like.
#[derive(Clone, Copy)]
pub(crate) struct Told<'c> {
    /// If it is logged already.
    id: Option<ComplaintId>,
    description: &'c str,
    complainant: &'c Complainant,
    product: Option<&'c Code>,
    received_at: Timestamp,
}

impl<'c> From<&'c Complaint> for Told<'c> {
    fn from(complaint: &'c Complaint) -> Self {
        let Complaint { id, description, complainant, product, received_at, .. } = complaint;
        let (description, product, received_at) = (description.as_str(), product.as_ref(), *received_at);
        Self { id: Some(*id), description, complainant, product, received_at }
    }
}

impl<'c> From<&'c Received> for Told<'c> {
    fn from(received: &'c Received) -> Self {
        let Received { description, complainant, product, received_at, .. } = received;
        let (description, product, received_at) = (description.as_str(), product.as_ref(), *received_at);
        Self { id: None, description, complainant, product, received_at }
    }
}

impl Told<'_> {
    fn profile(self) -> Profile {
        let end = self.description.char_indices().nth(READ as usize).map_or(self.description.len(), |(end, _)| end);
        Profile {
            text: Shingles::of(self.description.get(..end).unwrap_or(self.description)),
            consumer: consumer_keys(self.complainant),
            product: self.product.cloned(),
            received_at: self.received_at,
        }
    }
}

/// Complaints that may be the same as this one, the most similar first, of those that filters find. `searched` as for lists.
pub(crate) async fn find(
    dbs: &[TenantDb],
    told: Told<'_>,
    filters: &ListQuery,
    searched: Option<&str>,
) -> Result<Vec<Duplicate>, StoreError> {
    let Some(tokens) = dbs.first().map(TenantDb::tokens) else { return Ok(Vec::new()) };
    let likeness = tokens.likeness_of(told.description, told.complainant);
    if likeness.is_empty() {
        return Ok(Vec::new());
    }
    let profile = told.profile();
    let id = told.id.map(|id| id.to_string()).unwrap_or_default();
    let mut found = Vec::new();
    let asked = dbs.iter().map(|db| db.alike(&likeness, &id, filters, searched, (COMPARED, READ)));
    for alike in together(asked).await {
        for alike in alike? {
            found.extend(compared(&profile, &alike)?);
        }
    }
    found.sort_by(|a: &Duplicate, b| b.candidate.similarity.total_cmp(&a.candidate.similarity));
    Ok(found)
}

fn compared(profile: &Profile, alike: &Alike) -> Result<Option<Duplicate>, StoreError> {
    let summary: Summary<'_> = json::from_str(&alike.summary).map_err(StoreError::unreadable)?;
    let complainant: Complainant = json::from_str(&alike.complainant).map_err(StoreError::unreadable)?;
    let other = Told {
        id: None,
        description: &alike.description,
        complainant: &complainant,
        product: summary.product.as_deref(),
        received_at: summary.received_at,
    };
    let Some(candidate) = compare(profile, &other.profile()) else { return Ok(None) };
    let complaint = RawValue::from_string(alike.summary.clone()).map_err(StoreError::unreadable)?;
    let links = json::from_str(&alike.links).map_err(StoreError::unreadable)?;
    Ok(Some(Duplicate { complaint, candidate, id: summary.id, links }))
}
