//! `/v1/complaints/{id}/duplicates`: complaints that may be the same one told again, or of one campaign.

use crate::{
    call::{Outcome, Reply, TenantCall, unknown_parameter},
    failure::Failure,
    store::{StoreError, complaints::Alike, together},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    complaint::{Complaint, intake::Complainant, projection::Summary},
    http::problem::Code,
    json,
    similarity::{Candidate, Profile, Shingles, compare, consumer_keys},
};

/// How many complaints that share a token are compared, of each shard: the newest ones.
const COMPARED: u32 = 50;
/// How many characters of a description are compared.
const READ: u32 = 10_000;

/// Complaints that may be the same.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Duplicates {
    /// The most similar first; at most 50 of each of the tenant's shards are looked at.
    data: Vec<Duplicate>,
}

/// A complaint that may be the same. Whether it is, a person decides, who then links the two.
#[derive(Serialize, JsonSchema)]
struct Duplicate {
    /// It, as lists show it.
    #[schemars(with = "Summary<'_>")]
    complaint: Box<RawValue>,
    #[serde(flatten)]
    candidate: Candidate,
}

/// `GET /v1/complaints/{id}/duplicates`
pub(crate) async fn list(call: TenantCall) -> Outcome {
    if let Some((name, _)) = call.call.parameters().next() {
        return Err(unknown_parameter(&name));
    }
    let (id, db) = call.complaint()?;
    let document = db.read(id).await?.ok_or(Failure::new(Code::NotFound))?;
    let complaint: Complaint = json::from_str(&document.doc).map_err(StoreError::unreadable)?;
    let wanted = db.tokens().any_likeness(&complaint);
    let profile = profile(&complaint.complainant, complaint.description.as_str(), &complaint.summary());
    let dbs = call.dbs();
    let mut data = Vec::new();
    if let Some(wanted) = &wanted {
        for found in together(dbs.iter().map(|db| db.alike(wanted, id, COMPARED, READ))).await {
            for alike in found? {
                data.extend(compared(&profile, &alike)?);
            }
        }
    }
    data.sort_by(|a: &Duplicate, b| b.candidate.similarity.total_cmp(&a.candidate.similarity));
    Reply::json(200, &Duplicates { data })
}

fn compared(profile: &Profile, alike: &Alike) -> Result<Option<Duplicate>, StoreError> {
    let summary: Summary<'_> = json::from_str(&alike.summary).map_err(StoreError::unreadable)?;
    let complainant: Complainant = json::from_str(&alike.complainant).map_err(StoreError::unreadable)?;
    let other = self::profile(&complainant, &alike.description, &summary);
    let Some(candidate) = compare(profile, &other) else { return Ok(None) };
    let complaint = RawValue::from_string(alike.summary.clone()).map_err(StoreError::unreadable)?;
    Ok(Some(Duplicate { complaint, candidate }))
}

fn profile(complainant: &Complainant, description: &str, summary: &Summary<'_>) -> Profile {
    let end = description.char_indices().nth(READ as usize).map_or(description.len(), |(end, _)| end);
    Profile {
        text: Shingles::of(description.get(..end).unwrap_or(description)),
        consumer: consumer_keys(complainant),
        product: summary.product.as_deref().cloned(),
        received_at: summary.received_at,
    }
}
