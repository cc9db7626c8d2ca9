//! What a provider tells of the mails that it has taken over, in the shape of Resend's webhooks, which are signed by Standard Webhooks.

use super::message::{MESSAGE_TAG, TENANT_TAG};
use crate::ids::TenantId;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a provider tells. It tells more, which nobody needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ProviderEvent {
    /// What has happened: `email.delivered`, `email.bounced`, `email.failed`, `email.complained`, or something else, which is not noted.
    #[serde(rename = "type")]
    pub kind: String,
    /// To which mail.
    pub data: ProviderMail,
}

/// A mail as a provider tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ProviderMail {
    /// What it was tagged with.
    #[serde(default)]
    pub tags: Tags,
}

/// Tags, in either of the ways in which providers write them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Tags {
    /// By name.
    Named(BTreeMap<String, String>),
    /// One after the other.
    Listed(Vec<Tag>),
}

impl Default for Tags {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "MailTag")]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What has happened to a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It is in the mailbox.
    Delivered,
    /// It could not be delivered.
    Bounced,
    /// Whoever got it calls it spam.
    Unwanted,
}

impl ProviderEvent {
    /// What has happened, if it is something to be noted.
    #[must_use]
    pub fn happened(&self) -> Option<Happened> {
        match self.kind.as_str() {
            "email.delivered" => Some(Happened::Delivered),
            "email.bounced" | "email.failed" => Some(Happened::Bounced),
            "email.complained" => Some(Happened::Unwanted),
            _ => None,
        }
    }

    /// The firm and the name of the message, as the mail was tagged.
    #[must_use]
    pub fn about(&self) -> Option<(TenantId, &str)> {
        Some((self.tag(TENANT_TAG)?.parse().ok()?, self.tag(MESSAGE_TAG)?))
    }

    fn tag(&self, name: &str) -> Option<&str> {
        match &self.data.tags {
            Tags::Named(tags) => tags.get(name).map(String::as_str),
            Tags::Listed(tags) => tags.iter().find(|tag| tag.name == name).map(|tag| tag.value.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_are_read_in_both_ways() {
        let tenant = "018bcfe5-6800-7202-8202-020202020202";
        let listed =
            json!([{ "name": "redress_tenant", "value": tenant }, { "name": "redress_message", "value": "abc-1-x" }]);
        let named = json!({ "redress_tenant": tenant, "redress_message": "abc-1-x" });
        for tags in [listed, named] {
            let told =
                json!({ "type": "email.delivered", "created_at": "x", "data": { "email_id": "1", "tags": tags } });
            let event: ProviderEvent = serde_json::from_value(told).unwrap();
            assert_eq!(event.happened(), Some(Happened::Delivered));
            assert_eq!(event.about(), Some((tenant.parse().unwrap(), "abc-1-x")));
        }
        let other: ProviderEvent = serde_json::from_value(json!({ "type": "contact.created", "data": {} })).unwrap();
        assert_eq!((other.happened(), other.about()), (None, None));
    }
}
