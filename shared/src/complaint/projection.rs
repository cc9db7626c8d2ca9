//! What lists and filters need of a complaint, derived from it at every write.

use super::{
    Complaint,
    intake::{Channel, Severity},
    state::State,
};
use crate::{
    clock::due::Due,
    identity::role::Clearance,
    ids::ComplaintId,
    reference::Reference,
    search::snippet::Snippet,
    text::{Code, Line},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeSet};

/// Characters of the description that a list shows.
pub const EXCERPT: usize = 160;

/// A complaint in a list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Summary<'c> {
    /// The id.
    pub id: ComplaintId,
    /// What a consumer quotes.
    pub reference: Cow<'c, Reference>,
    /// The version; `If-Match` for a command is `"v<version>"`.
    pub version: u32,
    /// Where it stands.
    pub state: State,
    /// Who complains.
    pub complainant: Cow<'c, Line<200>>,
    /// How it came in.
    pub channel: Channel,
    /// When the firm received it.
    pub received_at: Timestamp,
    /// When the newest event was recorded.
    pub updated_at: Timestamp,
    /// What it is about.
    pub product: Option<Cow<'c, Code>>,
    /// What went wrong.
    pub issue: Option<Cow<'c, Code>>,
    /// How bad it is for the consumer.
    pub severity: Severity,
    /// Who works on it.
    pub assignee: Option<Cow<'c, Line<100>>>,
    /// The tenant's own id for it.
    pub external_reference: Option<Cow<'c, Line<100>>>,
    /// Free labels.
    pub tags: Cow<'c, [Code]>,
    /// Why not everybody may see it. Absent: nothing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sensitivity: Cow<'c, BTreeSet<Clearance>>,
    /// The first [`EXCERPT`] characters of the description.
    pub excerpt: Cow<'c, str>,
    /// What the law wants next.
    #[serde(default)]
    pub due: Option<Due>,
    /// In answers to a search: where what was searched for stands in it.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matched: Option<Snippet>,
}

/// A property that lists filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// The complaint that this one is tied to.
    LinkedTo,
    /// Who works on it; nobody, under the empty name, as long as it is open.
    Assignee,
    /// The team that works on it.
    Team,
    /// A label.
    Tag,
    /// What went wrong.
    Issue,
    /// What it is about.
    Product,
    /// Where it stands.
    State,
    /// How bad it is.
    Severity,
    /// How it came in.
    Channel,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 9] = [
        Self::LinkedTo,
        Self::Assignee,
        Self::Team,
        Self::Tag,
        Self::Issue,
        Self::Product,
        Self::State,
        Self::Severity,
        Self::Channel,
    ];

    /// The facets whose values are counted; adding one takes a migration that counts what is there.
    pub const COUNTED: [Self; 4] = [Self::State, Self::Product, Self::Assignee, Self::Team];

    /// The name of the query parameter, and of the facet in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LinkedTo => "linked_to",
            Self::Assignee => "assignee",
            Self::Team => "team",
            Self::Tag => "tag",
            Self::Issue => "issue",
            Self::Product => "product",
            Self::State => "state",
            Self::Severity => "severity",
            Self::Channel => "channel",
        }
    }
}

impl Complaint {
    /// What a list shows. `due`: what the law wants next.
    #[must_use]
    pub fn summary(&self, due: Option<Due>) -> Summary<'_> {
        let description = self.description.as_str();
        let end = description.char_indices().nth(EXCERPT).map_or(description.len(), |(at, _)| at);
        Summary {
            id: self.id,
            reference: Cow::Borrowed(&self.reference),
            version: self.version,
            state: self.state,
            complainant: Cow::Borrowed(&self.complainant.name),
            channel: self.channel,
            received_at: self.received_at,
            updated_at: self.updated_at,
            product: self.product.as_ref().map(Cow::Borrowed),
            issue: self.issue.as_ref().map(Cow::Borrowed),
            severity: self.severity,
            assignee: self.assignee.as_ref().map(Cow::Borrowed),
            external_reference: self.external_reference.as_ref().map(Cow::Borrowed),
            tags: Cow::Borrowed(&self.tags),
            sensitivity: Cow::Borrowed(&self.sensitivity),
            excerpt: Cow::Borrowed(description.get(..end).unwrap_or(description)),
            due,
            matched: None,
        }
    }

    /// The values that filters find it by, each pair once.
    #[must_use]
    pub fn facets(&self) -> Vec<(Facet, Cow<'_, str>)> {
        let mut facets: Vec<(Facet, Cow<'_, str>)> = vec![
            (Facet::State, self.state.as_str().into()),
            (Facet::Channel, self.channel.as_str().into()),
            (Facet::Severity, self.severity.as_str().into()),
        ];
        facets.extend(self.product.iter().map(|code| (Facet::Product, code.as_str().into())));
        facets.extend(self.issue.iter().map(|code| (Facet::Issue, code.as_str().into())));
        facets.extend(self.assignee.iter().map(|who| (Facet::Assignee, who.as_str().into())));
        let waits = self.assignee.is_none() && self.state.is_open();
        facets.extend(waits.then(|| (Facet::Assignee, "".into())));
        facets.extend(self.team.iter().map(|team| (Facet::Team, team.as_str().into())));
        facets.extend(self.tags.iter().map(|tag| (Facet::Tag, tag.as_str().into())));
        facets.extend(self.links.iter().map(|link| (Facet::LinkedTo, link.complaint.to_string().into())));
        facets.sort();
        facets.dedup();
        facets
    }
}
