//! Tenants as a client sees them: made through the operator API, worked with through a key of their own.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::api::{Client, Reply};
use crate::journey::Step;

/// A tenant and a key to it.
#[derive(Clone, Debug)]
pub struct Firm {
    /// The tenant's id.
    pub id: String,
    /// Its name in addresses.
    pub slug: String,
    /// A key that reads and writes complaints.
    pub key: String,
}

/// What to create a tenant with.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    /// Its name in addresses.
    pub slug: &'a str,
    /// Its name for people.
    pub display_name: &'a str,
    /// `bank`, `telecom` or `airline`.
    pub sector: &'a str,
    /// The first part of its complaint references.
    pub prefix: &'a str,
    /// Whose law applies to its complaints.
    pub jurisdiction: &'a str,
    /// `sandbox`, `standard` or `enterprise`.
    pub plan: &'a str,
}

impl<'a> Profile<'a> {
    /// A large firm under American law, from where the real complaints are.
    pub const fn american(slug: &'a str, display_name: &'a str, sector: &'a str, prefix: &'a str) -> Self {
        Self { slug, display_name, sector, prefix, jurisdiction: "us", plan: "enterprise" }
    }
}

/// Who works at a demo firm, and what they are.
pub const STAFF: [(&str, &[&str]); 3] =
    [("Anna Berg", &["lead", "compliance"]), ("Ben Okafor", &["agent"]), ("Carla Osei", &["admin"])];

impl Firm {
    /// Makes the tenant, or finds it if there is one of this name, and issues a new key.
    pub fn ensure(operator: &Client, profile: &Profile<'_>) -> Result<Firm> {
        let Profile { slug, display_name, sector, prefix, jurisdiction, plan } = profile;
        // One kind of letter goes out once somebody else has approved it, so that this can be seen.
        let letters = json!({ "approve": ["fca_eight_week_letter"] });
        let body = json!({ "slug": slug, "display_name": display_name, "sector": sector, "jurisdiction": jurisdiction, "letters": letters,
            "reference_prefix": prefix, "plan": plan, "shards": [0, 1], "portal": { "open": true } });
        let created = operator.post("/v1/tenants", &format!("tenant-{slug}-{}", once()?), &body)?;
        let id = match created.code() {
            "already_taken" => find(operator, slug)?,
            _ => created.success().with_context(|| format!("creating the tenant {slug}"))?.text("id")?.to_owned(),
        };
        let body = json!({ "name": "cargo xtask", "mode": "test",
            "scopes": ["complaints:read", "complaints:write", "complaints:lead", "usage:read", "staff:manage"] });
        let key = operator.post(&format!("/v1/tenants/{id}/keys"), &format!("key-{slug}-{}", once()?), &body)?;
        let key = key.success().with_context(|| format!("issuing a key to {slug}"))?.text("token")?.to_owned();
        Ok(Firm { id, slug: (*slug).to_owned(), key })
    }

    /// Enters people who sign in by a link that is mailed to them: whoever leads and answers for compliance, an agent, and who looks after
    /// people. Those that are there stay as they are.
    pub fn enter_staff(&self, client: &Client) -> Result<()> {
        for (name, roles) in STAFF {
            let email = self.email_of(name);
            let body = json!({ "display_name": name, "email": email, "roles": roles });
            let entered = client.post("/v1/people", &format!("person-{email}-{}", once()?), &body)?;
            if entered.status != 409 {
                entered.success().with_context(|| format!("entering {name} at {}", self.slug))?;
            }
        }
        Ok(())
    }

    /// The address of somebody of the staff.
    pub fn email_of(&self, name: &str) -> String {
        let first = name.split(' ').next().unwrap_or(name).to_lowercase();
        format!("{first}@{}", self.staff_at())
    }

    /// The domain of its staff's addresses.
    pub fn staff_at(&self) -> String {
        format!("{}.example", self.slug)
    }

    /// The tenant as it is written to `target/dev.json`.
    pub fn to_json(&self) -> Value {
        json!({ "slug": self.slug, "id": self.id, "key": self.key })
    }

    /// The reverse of [`Firm::to_json`].
    pub fn from_json(value: &Value) -> Option<Firm> {
        let text = |member: &str| value[member].as_str().map(str::to_owned);
        Some(Firm { id: text("id")?, slug: text("slug")?, key: text("key")? })
    }
}

/// Sends the steps one after the other, each on the version the one before left. `seen` is shown every answer.
///
/// The idempotency keys follow from `name` and the step's number, so that an interrupted run can be repeated.
pub fn work(
    client: &Client,
    name: &str,
    complaint: Reply,
    steps: &[Step],
    mut seen: impl FnMut(&Reply),
) -> Result<Reply> {
    seen(&complaint);
    let id = complaint.text("id")?.to_owned();
    steps.iter().enumerate().try_fold(complaint, |current, (number, step)| {
        let version = current.etag.as_deref().context("a complaint came without an ETag")?;
        let path = format!("/v1/complaints/{id}/{}", step.command);
        let answer = client.command(&path, &format!("{name}-{number}"), version, &step.body)?;
        let answer = answer.success().with_context(|| format!("{} on {id} at {version}", step.command))?;
        seen(&answer);
        Ok(answer)
    })
}

fn find(operator: &Client, slug: &str) -> Result<String> {
    let tenants = operator.get("/v1/tenants")?.success()?;
    let tenant = tenants.body["data"].as_array().into_iter().flatten().find(|tenant| tenant["slug"] == *slug);
    let id = tenant.and_then(|tenant| tenant["id"].as_str());
    id.map(str::to_owned).with_context(|| format!("the tenant {slug} exists and is not listed"))
}

/// A number for idempotency keys that are not meant to be repeated.
fn once() -> Result<u128> {
    Ok(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos())
}
