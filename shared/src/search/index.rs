//! The tokens of the full-text index.
//!
//! A token is the tenant's code and a word, or the code, an underscore and a label; no word holds an underscore. Labels are
//! the values that lists filter by (ten letters and 2 to 7), and what complaints that are alike share (0 or 1 first). A complaint
//! that not everybody may see has one for each set of clearances that do not show it. The index
//! takes tokens at spaces and changes nothing, so these formats are for life, or until the index is built anew.

use crate::{
    chain::Digest,
    clock::due::Due,
    complaint::{
        Complaint, Response,
        event::{EventBody, Received},
        intake::Complainant,
        projection::Facet,
    },
    http::list_query::ListQuery,
    identity::role::Clearance,
    ids::TenantId,
    similarity::{Shingles, bands, consumer_keys},
    words::words,
};
use std::collections::BTreeSet;

/// Lower-case letters and digits: base 32 of RFC 4648 as the index shows it, without padding.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const CODE: usize = 4;
const LABEL: usize = 10;

/// A tenant's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    code: String,
}

impl Tokens {
    /// Of a tenant. Two tenants of a database may have the same code, one in a million pairs: what is found is also
    /// looked up as the tenant's own.
    #[must_use]
    pub fn of(tenant: TenantId) -> Self {
        Self { code: short(tenant.to_string().as_bytes(), CODE) }
    }

    /// Tokens without a code, which is put before each where they are written.
    #[must_use]
    pub const fn bare() -> Self {
        Self { code: String::new() }
    }

    /// What every token of the tenant begins with.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The token of a word as [`words`] gives it.
    #[must_use]
    pub fn word(&self, word: &str) -> String {
        format!("{}{word}", self.code)
    }

    /// The token that every complaint of the tenant has.
    #[must_use]
    pub fn all(&self) -> String {
        format!("{}_all", self.code)
    }

    /// The token that every complaint has of which something is due.
    #[must_use]
    pub fn due(&self) -> String {
        format!("{}_due", self.code)
    }

    /// The token of what whoever has these clearances, and no others, may not see.
    #[must_use]
    pub fn hidden_from(&self, clearances: &BTreeSet<Clearance>) -> String {
        self.hidden(Clearance::bits(clearances))
    }

    fn hidden(&self, cleared: u8) -> String {
        format!("{}_h{}", self.code, char::from(b'a' + cleared))
    }

    /// A token that no complaint has.
    #[must_use]
    pub fn none(&self) -> String {
        format!("{}_none", self.code)
    }

    /// The token of a value that lists filter by. Of the value only a hash shows.
    #[must_use]
    pub fn facet(&self, facet: Facet, value: &str) -> String {
        format!("{}_{}", self.code, short(format!("{}={value}", facet.as_str()).as_bytes(), LABEL))
    }

    /// The tokens that a complaint must all have to be in a list, but for what is searched for.
    #[must_use]
    pub fn wanted(&self, query: &ListQuery) -> Vec<String> {
        let filters = self.facets(query);
        if filters.is_empty() { vec![self.all()] } else { filters }
    }

    /// The tokens of a query's facets.
    #[must_use]
    pub fn facets(&self, query: &ListQuery) -> Vec<String> {
        query.facets.iter().map(|(facet, value)| self.facet(*facet, value)).collect()
    }

    /// The tokens of all that filters find a complaint by, of which `due` is due next.
    #[must_use]
    pub fn labels(&self, complaint: &Complaint, due: Option<Due>) -> String {
        let facets = complaint.facets().into_iter().map(|(facet, value)| self.facet(facet, &value));
        let always = std::iter::once(self.all()).chain(due.map(|_| self.due()));
        let labels = Clearance::bits(&complaint.sensitivity);
        let hidden = (0..Clearance::EVERY).filter(|cleared| labels & !cleared != 0).map(|cleared| self.hidden(cleared));
        always.chain(facets).chain(hidden).collect::<Vec<_>>().join(" ")
    }

    /// The tokens by which complaints that are like this one are found: of its text, and of its consumer.
    #[must_use]
    pub fn likeness(&self, complaint: &Complaint) -> String {
        self.likeness_of(complaint.description.as_str(), &complaint.complainant).join(" ")
    }

    /// The same, of what is said and of who says it.
    #[must_use]
    pub fn likeness_of(&self, description: &str, complainant: &Complainant) -> Vec<String> {
        let text = bands(&Shingles::of(description));
        let consumer = consumer_keys(complainant).into_iter().map(|key| key.token());
        text.into_iter().chain(consumer).map(|token| format!("{}_{token}", self.code)).collect()
    }

    /// The tokens of what has been said in these events, in order. Between two texts stands a token that no query has, so
    /// that no phrase goes from one into the next.
    pub fn texts<'e>(&self, events: impl Iterator<Item = &'e EventBody>) -> String {
        let mut tokens = String::new();
        for text in events.flat_map(said) {
            // Not by `word`, which would allocate for each of them.
            tokens.reserve(2 * text.len());
            for word in words(text) {
                tokens.push_str(&self.code);
                tokens.push_str(&word);
                tokens.push(' ');
            }
            tokens.push_str(&self.code);
            tokens.push_str("_ ");
        }
        tokens
    }
}

/// The first letters of a text's hash: lower-case letters and digits.
pub(super) fn short(bytes: &[u8], len: usize) -> String {
    let digest = Digest::of(bytes);
    let letters = digest.as_bytes().iter().take(len).filter_map(|byte| ALPHABET.get(usize::from(*byte & 31)));
    letters.map(|letter| char::from(*letter)).collect()
}

/// The texts of an event that people search for.
fn said(event: &EventBody) -> Vec<&str> {
    match event {
        EventBody::Received(received) => of_received(received),
        EventBody::Noted { text } => vec![text.as_str()],
        EventBody::ContactRecorded { summary, .. } => vec![summary.as_str()],
        EventBody::InformationRequested { question, .. } => vec![question.as_str()],
        EventBody::ResponseProposed(response) | EventBody::Resolved { response, .. } => of_response(response),
        EventBody::Closed { reason } => reason.iter().map(|reason| reason.as_str()).collect(),
        EventBody::Reopened { reason }
        | EventBody::Withdrawn { reason }
        | EventBody::Unlinked { reason, .. }
        | EventBody::MilestoneRetracted { reason, .. }
        | EventBody::ClocksMoved { reason, .. }
        | EventBody::Split { reason, .. }
        | EventBody::PartRejoined { reason, .. }
        | EventBody::Rejoined { reason, .. }
        | EventBody::AttachmentRemoved { reason, .. } => vec![reason.as_str()],
        EventBody::AttachmentAdded { name, .. } => vec![name.as_str()],
        EventBody::Referred { scheme, scheme_reference, reason } => {
            let mut texts = vec![scheme.as_str()];
            texts.extend(scheme_reference.iter().map(|reference| reference.as_str()));
            texts.extend(reason.iter().map(|reason| reason.as_str()));
            texts
        }
        EventBody::Corrected { reason, changes } => {
            let new = changes.values().filter_map(|change| change.now.as_str());
            std::iter::once(reason.as_str()).chain(new).collect()
        }
        EventBody::MilestoneRecorded { note, to, .. } => {
            note.iter().map(|note| note.as_str()).chain(to.iter().map(|to| to.as_str())).collect()
        }
        EventBody::RedressPaid(payment) => {
            let reference = payment.reference.iter().map(|reference| reference.as_str());
            reference.chain(payment.note.iter().map(|note| note.as_str())).collect()
        }
        EventBody::AdrOutcomeRecorded(outcome) => {
            let reference = outcome.reference.iter().map(|reference| reference.as_str());
            std::iter::once(outcome.scheme.as_str()).chain(reference).collect()
        }
        EventBody::LetterDrafted { document, .. } => {
            let blocks = document.blocks.iter().map(|block| block.text.as_str());
            std::iter::once(document.subject.as_str()).chain(blocks).collect()
        }
        EventBody::Acknowledged { .. }
        | EventBody::InvestigationStarted {}
        | EventBody::Assigned { .. }
        | EventBody::Classified(_)
        | EventBody::LetterApproved { .. }
        | EventBody::LetterSent { .. }
        | EventBody::AttachmentScanned { .. }
        | EventBody::DeadlineWarned { .. }
        | EventBody::DeadlineMissed { .. }
        | EventBody::SensitivitySet { .. }
        | EventBody::Linked(_) => Vec::new(),
    }
}

fn of_received(received: &Received) -> Vec<&str> {
    let complainant = &received.complainant;
    let mut texts = vec![received.description.as_str(), received.reference.as_str(), complainant.name.as_str()];
    texts.extend(received.desired_outcome.iter().map(|text| text.as_str()));
    texts.extend(received.external_reference.iter().map(|text| text.as_str()));
    texts.extend(complainant.customer_id.iter().map(|text| text.as_str()));
    texts.extend(complainant.contacts.iter().map(|contact| contact.value.as_str()));
    if let Some(by) = &received.representative {
        texts.push(by.name.as_str());
        texts.extend(by.reference.iter().chain(&by.authorisation).map(|text| text.as_str()));
        texts.extend(by.contacts.iter().map(|contact| contact.value.as_str()));
    }
    texts.extend(received.origins.iter().map(|origin| origin.reference.as_str()));
    texts
}

fn of_response(response: &Response) -> Vec<&str> {
    vec![response.summary.as_str()]
}
