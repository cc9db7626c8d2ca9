//! A tenant's rule that new complaints are linked to those they are like, without a person.

use crate::{
    complaint::{Link, Relation, intake::List},
    ids::ComplaintId,
    similarity::{Candidate, Reason},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// The most complaints that the rule links one to.
pub const MAX_LINKED: usize = 3;

/// For which reasons a new complaint is linked to earlier ones; for none unless the tenant says so.
///
/// It is linked once, soon after it was logged, to at most three: `duplicate_of` where the consumer is the same, else
/// `part_of`. Each link is an event of its own by the actor `system`, and is undone as any other; the rule does not come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRule {
    /// One of them is enough.
    pub reasons: List<Reason, 4>,
}

impl LinkRule {
    /// Whether there is anything that it links for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// What a complaint is linked to, of those that may be the same: the most similar first, of equals the oldest. Only
    /// complaints that were logged before it, so that no two are linked to each other.
    #[must_use]
    pub fn links(&self, id: ComplaintId, candidates: &[(ComplaintId, &Candidate)]) -> Vec<Link> {
        let meant = |candidate: &Candidate| candidate.reasons.iter().any(|reason| self.reasons.contains(reason));
        let mut meant: Vec<_> =
            candidates.iter().filter(|(other, candidate)| *other < id && meant(candidate)).collect();
        meant.sort_by_key(|(other, candidate)| (Reverse(thousandths(candidate.similarity)), *other));
        let link = |(complaint, candidate): &(ComplaintId, &Candidate)| {
            let same = candidate.reasons.iter().any(|reason| reason.is_of_one_consumer());
            Link { relation: if same { Relation::DuplicateOf } else { Relation::PartOf }, complaint: *complaint }
        };
        meant.into_iter().take(MAX_LINKED).map(link).collect()
    }
}

/// Similarities are told to three decimals.
#[allow(clippy::cast_possible_truncation, reason = "0 to 1000")]
fn thousandths(similarity: f64) -> i32 {
    (similarity * 1000.0).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn id(nth: u8) -> ComplaintId {
        ComplaintId::in_slot(Timestamp::from_unix_millis(1_790_000_000_000), &[nth; 10], 3)
    }

    fn candidate(similarity: f64, reasons: &[Reason]) -> Candidate {
        Candidate { similarity, reasons: reasons.to_vec() }
    }

    fn rule(reasons: &[Reason]) -> LinkRule {
        LinkRule { reasons: reasons.to_vec().try_into().unwrap() }
    }

    #[test]
    fn links_to_the_most_similar_and_oldest_for_the_reasons_that_were_named() {
        use Reason::{NearlySameText, SameConsumerSameProduct, SameConsumerSimilarText, SameText};
        let (same, near) = (candidate(1.0, &[SameText]), candidate(0.6, &[NearlySameText]));
        let own = candidate(1.0, &[SameText, SameConsumerSimilarText]);
        let call = candidate(0.0, &[SameConsumerSameProduct]);
        let found = [(id(5), &near), (id(4), &same), (id(3), &same), (id(2), &own), (id(1), &call), (id(9), &same)];
        let part_of = |nth| Link { relation: Relation::PartOf, complaint: id(nth) };
        let duplicate_of = |nth| Link { relation: Relation::DuplicateOf, complaint: id(nth) };
        let links = |reasons: &[Reason]| rule(reasons).links(id(7), &found);
        assert_eq!(links(&[]), []);
        assert_eq!(links(&[SameText]), [duplicate_of(2), part_of(3), part_of(4)]);
        assert_eq!(links(&[NearlySameText, SameConsumerSameProduct]), [part_of(5), duplicate_of(1)]);
        assert_eq!(links(&[SameConsumerSimilarText]), [duplicate_of(2)]);
        assert_eq!(rule(&[SameText]).links(id(1), &found), [], "those were logged later");
    }

    #[test]
    fn a_rule_is_off_unless_a_reason_is_named() {
        assert!(!LinkRule::default().is_on() && rule(&[Reason::SameText]).is_on());
        let read = |text| serde_json::from_str::<LinkRule>(text).map_err(|error| error.to_string());
        assert_eq!(read(r#"{"reasons":["same_text"]}"#), Ok(rule(&[Reason::SameText])));
        assert!(read(r#"{"reasons":["same_colour"]}"#).is_err());
    }
}
