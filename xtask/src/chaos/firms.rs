//! The firms of a run: one over both databases, one on each, with what is counted for them and what is told to them.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::checker::Seen;
use super::ledger::Entry;
use super::receiver::Receiver;
use crate::api::Client;

/// A firm.
#[derive(Debug)]
pub struct Firm {
    /// Its id.
    pub id: String,
    /// A key that may do everything.
    pub key: String,
    /// Its endpoint.
    pub endpoint: String,
    /// What it hears of.
    pub events: Vec<String>,
    /// Its system.
    pub receiver: Receiver,
}

/// On which databases each lies, and which events it hears of: all, or some.
const FIRMS: [(&[u8], &[&str]); 3] =
    [(&[0, 1], &["received", "acknowledged", "attachment_added"]), (&[1], &["received"]), (&[0], &[])];
const VIEWS: [&str; 2] = ["state=received", "tag=storm"];

/// Makes the firms of a run.
pub fn found(operator: &Client, seed: u64) -> Result<Vec<Firm>> {
    (0..).zip(FIRMS).map(|(number, (shards, events))| firm(operator, seed, number, shards, events)).collect()
}

fn firm(operator: &Client, seed: u64, number: u64, shards: &[u8], events: &[&str]) -> Result<Firm> {
    let receiver = Receiver::start(seed, number)?;
    let body = json!({ "slug": format!("storm-{number}"), "display_name": format!("Storm {number}"), "sector": "bank",
        "jurisdiction": "england_and_wales", "reference_prefix": format!("ST{}", ["A", "B", "C"].get(number as usize).unwrap_or(&"X")),
        "plan": "enterprise", "shards": shards });
    let made = operator.post("/v1/tenants", &format!("storm-{number}"), &body)?.success().context("making a firm")?;
    let id = made.text("id")?.to_owned();
    let body = json!({ "name": "storm", "mode": "test", "scopes": ["complaints:read", "complaints:write", "complaints:lead"] });
    let issued = operator
        .post(&format!("/v1/tenants/{id}/keys"), &format!("storm-key-{number}"), &body)?
        .success()
        .context("issuing a key")?;
    let key = issued.text("token")?.to_owned();
    let client = operator.with_key(&key);
    let body = json!({ "url": receiver.url(), "events": events });
    let made =
        client.post("/v1/webhook-endpoints", "storm-endpoint", &body)?.success().context("making an endpoint")?;
    let endpoint = made.text("id")?.to_owned();
    for filter in VIEWS {
        let body = json!({ "name": filter, "filter": filter, "owner": "storm" });
        client.post("/v1/views", &format!("storm-{filter}"), &body)?.success().context("saving a view")?;
    }
    Ok(Firm { id, key, endpoint, events: events.iter().map(|&kind| kind.to_owned()).collect(), receiver })
}

impl Firm {
    /// As the ledger has it.
    pub fn entry(&self) -> Entry {
        Entry::Firm {
            tenant: self.id.clone(),
            endpoint: self.endpoint.clone(),
            events: self.events.clone(),
            views: VIEWS.map(str::to_owned).to_vec(),
        }
    }

    /// Enables its endpoint if that was disabled. Whether it was.
    pub fn mend(&self, client: &Client) -> Result<bool> {
        let path = format!("/v1/webhook-endpoints/{}", self.endpoint);
        let client = client.with_key(&self.key);
        let read = client.get(&path)?.success()?;
        let version = read.etag.as_deref().context("an endpoint without an ETag")?;
        let disabled = read.body["state"] != "enabled";
        if disabled {
            client.patch(&path, version, &json!({ "state": "enabled" }))?.success()?;
        }
        Ok(disabled)
    }

    /// Has everything told again that its system has not taken. `nth` is new for every call.
    pub fn catch_up(&self, client: &Client, nth: usize) -> Result<()> {
        let client = client.with_key(&self.key);
        let path = format!("/v1/webhook-endpoints/{}/replay", self.endpoint);
        let mut from = Value::Null;
        for part in 0.. {
            let mut body = json!({ "failed": true });
            if !from.is_null() {
                body["from"] = from;
                body["to"] = json!("9999-01-01T00:00:00Z");
            }
            from =
                client.post(&path, &format!("storm-replay-{nth}-{part}"), &body)?.success()?.body["rest_from"].take();
            if from.is_null() {
                break;
            }
        }
        Ok(())
    }

    /// Whether nothing of the newest is still to be told to it. Whoever was about to when the runtime died had a lease: a minute and a
    /// half, in which nobody else does.
    pub fn is_told(&self, client: &Client) -> Result<bool> {
        let path = format!("/v1/webhook-endpoints/{}/deliveries?limit=200", self.endpoint);
        let log = client.with_key(&self.key).get(&path)?.success()?.body;
        Ok(items(&log).all(|message| message["state"] != "pending"))
    }

    /// What it is shown.
    pub fn see(&self, client: &Client) -> Result<Seen> {
        let client = client.with_key(&self.key);
        let counts = client.get("/v1/complaints/counts")?.success()?.body;
        let views = client.get("/v1/views")?.success()?.body;
        let views = items(&views).map(|view| (text(view, "filter"), view["count"].clone())).collect();
        let (mut feed, mut path) = (Vec::new(), "/v1/changes?limit=200".to_owned());
        loop {
            let page = client.get(&path)?.success()?;
            feed.extend(items(&page.body).map(|change| {
                let event = &change["event"];
                let [number, seq] = [&change["number"], &event["seq"]].map(|n| n.as_u64().unwrap_or_default());
                (number, text(change, "complaint"), seq, text(event, "hash"))
            }));
            if page.body["has_more"] != true {
                break;
            }
            path = format!("/v1/changes?limit=200&since={}", page.text("next")?);
        }
        let (mut listed, mut path) = (Vec::new(), "/v1/complaints?limit=200".to_owned());
        loop {
            let page = client.get(&path)?.success()?;
            listed.extend(items(&page.body).map(|summary| text(summary, "id")));
            match page.body["next"].as_str() {
                Some(next) => path = format!("/v1/complaints?limit=200&cursor={next}"),
                None => break,
            }
        }
        let total = counts["total"].as_u64().unwrap_or_default();
        Ok(Seen { tenant: self.id.clone(), counts: counts["data"].clone(), total, views, feed, listed })
    }
}

fn items(body: &Value) -> impl Iterator<Item = &Value> {
    body["data"].as_array().into_iter().flatten()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}
